// tieback.hpp: what moves, what is left behind, what views see, texts, ranges, and walks over several pages.
#include <algorithm>
#include <chrono>
#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "check.hpp"

namespace {

using namespace std::chrono_literals;

template <class T> constexpr bool moves_only() {
    return std::is_nothrow_move_constructible_v<T> && std::is_nothrow_move_assignable_v<T> &&
           !std::is_copy_constructible_v<T> && !std::is_copy_assignable_v<T> && std::is_default_constructible_v<T>;
}
static_assert(moves_only<tieback::engine>() && moves_only<tieback::service>() && moves_only<tieback::restored>());
static_assert(moves_only<tieback::hook>() && moves_only<tieback::trigger>() && moves_only<tieback::delivery>());
static_assert(moves_only<tieback::hooks>() && moves_only<tieback::notices>() && moves_only<tieback::published>());
static_assert(std::is_move_constructible_v<tieback::hook_walk> && !std::is_copy_constructible_v<tieback::hook_walk>);

// A view is a pointer, and nothing else.
template <class T> constexpr bool is_pointer_like() {
    return std::is_trivially_copyable_v<T> && sizeof(T) == sizeof(void *) && std::is_default_constructible_v<T>;
}
static_assert(is_pointer_like<tieback::hook_view>() && is_pointer_like<tieback::delivery_view>());
static_assert(is_pointer_like<tieback::event_view>() && is_pointer_like<tieback::attempt_view>());
static_assert(sizeof(tieback::engine) == sizeof(void *) && sizeof(tieback::hook) == sizeof(void *));

// An owner converts to its view, a temporary does not; a view never becomes an owner.
static_assert(std::is_convertible_v<const tieback::hook &, tieback::hook_view>);
static_assert(!std::is_convertible_v<tieback::hook, tieback::hook_view>);
static_assert(!std::is_constructible_v<tieback::hook, tieback::hook_view>);

// The texts of an owner are views, those of a temporary owner are copies, those of a view are views anyhow.
template <class T> using id_of = decltype(std::declval<T>().id());
static_assert(std::is_same_v<id_of<const tieback::hook &>, tieback::text>);
static_assert(std::is_same_v<id_of<tieback::hook>, std::string>);
static_assert(std::is_same_v<id_of<tieback::hook_view>, tieback::text>);
static_assert(std::is_same_v<decltype(std::declval<tieback::delivery>().why()), std::optional<std::string>>);
static_assert(std::is_same_v<decltype(std::declval<tieback::delivery>().payload()), std::string>);

// A string is a text, also a temporary one for the length of a call; a view of characters is none.
static_assert(std::is_convertible_v<const char *, tieback::text> && std::is_convertible_v<std::string, tieback::text>);
static_assert(!std::is_constructible_v<tieback::text, std::string_view>);
static_assert(std::is_convertible_v<std::string_view, tieback::option_text>);

using hook_iterator = tieback::hooks::iterator;
static_assert(std::is_same_v<std::iterator_traits<hook_iterator>::iterator_category, std::random_access_iterator_tag>);
using walk_iterator = tieback::hook_walk::iterator;
static_assert(std::is_same_v<std::iterator_traits<walk_iterator>::iterator_category, std::input_iterator_tag>);
#if __cplusplus >= 202002L
static_assert(std::random_access_iterator<hook_iterator> && std::input_iterator<walk_iterator>);
static_assert(std::sentinel_for<walk_iterator, walk_iterator>);
#endif

void check_texts() {
    constexpr tieback::text literal = "abc";
    static_assert(literal.size() == 3 && !literal.empty() && literal.is_given());
    const std::string string = "abc";
    const tieback::text seen = string;
    CHECK(seen.c_str() == string.c_str() && seen.data() == string.data()); // no copy
    CHECK(seen == literal && seen == "abc" && "abc" == seen && seen == string && string == seen);
    CHECK(seen == std::string_view("abc") && seen != "abd" && std::string("abd") != seen && seen < tieback::text("b"));
    std::ostringstream printed;
    printed << seen;
    CHECK(printed.str() == "abc" && seen.str() == "abc" && std::string(seen.begin(), seen.end()) == "abc");
    std::string assigned;
    assigned = seen;
    assigned += seen;
    CHECK(assigned == "abcabc");
    CHECK(std::unordered_set<tieback::text>{seen}.count("abc") == 1 && std::set<tieback::text>{seen}.count("abc") == 1);

    const tieback::text absent;
    CHECK(!absent.is_given() && absent.empty() && absent == "" && absent.or_null() == nullptr);
    SAME(absent.c_str(), "");

    // A NUL inside would cut the text short unseen: what C gets is refused instead.
    const std::string cut("hooks.db\0.backup", 16);
    tieback::engine_options options;
    options.path = cut;
    FAILED(tieback::engine::try_open(options), invalid_argument, "path is not UTF-8");
    FAILED(tieback::engine::try_open_from_json(cut), invalid_argument, "not UTF-8");
}

void check_option_texts() {
    tieback::option_text option = "literal";
    const char *const literal = option.or_null();
    tieback::option_text moved = std::move(option);
    CHECK(moved.or_null() == literal); // no copy
    {
        char buffer[] = "a buffer that is used again";
        moved = buffer;
        buffer[0] = 'A';
        EQUAL(moved.view(), "a buffer that is used again");
        const char *pointer = buffer;
        moved = pointer;
        buffer[0] = 'B';
    }
    EQUAL(moved.view(), "A buffer that is used again");
    moved = std::string_view("not ended by a NUL").substr(0, 9);
    SAME(moved.or_null(), "not ended");
    std::string string(100, 's');
    const char *const place = string.c_str();
    const tieback::option_text copied = string;
    CHECK(copied.or_null() != place && copied.view() == string);
    const tieback::option_text lent = tieback::borrow(string);
    CHECK(lent.or_null() == place);
    const tieback::option_text taken = std::move(string);
    CHECK(taken.or_null() == place);
    const tieback::option_text left_out, null(nullptr), none(std::nullopt), nothing(tieback::text{});
    for (const auto *each : {&left_out, &null, &none, &nothing}) {
        CHECK(!each->is_given() && each->or_null() == nullptr && each->view().empty());
    }
    CHECK(tieback::option_text("").is_given());
}

void check_scopes() {
    const auto company = tieback::scope::company(1), project = tieback::scope::project(2, 1);
    CHECK(!company.is_project() && company.company_id() == 1 && company.project_id() == 0);
    CHECK(project.is_project() && project.project_id() == 2 && project.company_id() == 1);
    CHECK(company == tieback::scope::company(1) && company != project && project != tieback::scope::project(2));
}

void check_moves(tieback::engine &engine, const char *url) {
    const auto scope = tieback::scope::company(1);
    tieback::engine moved = std::move(engine);
    CHECK(!engine && moved);
    THROWS(engine.stats(), invalid_argument, "NULL");
    FAILED(engine.try_start(), invalid_argument, "NULL");
    engine.close(); // nothing happens
    engine = std::move(moved);
    CHECK(engine && engine.stats().hooks() == 0);

    tieback::service service = engine.service();
    tieback::hook hook = service.hooks().create(scope, plain_hook("moves", url));
    const tieback::text id = hook.id();
    const tieback::hook_view view = hook;
    tieback::hook other = std::move(hook);
    CHECK(id == other.id() && view.id() == id && view.get() == other.get()); // views stay where they were

    // What was moved from is empty.
    CHECK(!hook && hook.id() == "" && !hook.company_id() && !hook.rate_limit() && !hook.trigger_count());
    CHECK(hook.headers().empty() && hook.signing_secrets().empty() && !hook.to_json().is_given());
    tieback::delivery delivery;
    CHECK(!delivery && delivery.attempts().empty() && delivery.payload().empty() && !delivery.event());
    CHECK(delivery.event().id() == "" && !delivery.attempts()[0].response_status());
    CHECK(tieback::stats().queued() == 0 && tieback::hooks().empty() && !tieback::hooks().next_page());
    const tieback::restored restored;
    CHECK(restored.lanes().empty() && !restored.replaced() && restored.queued() == 0);
    const tieback::hook_view nothing;
    CHECK(!nothing && nothing.id() == "" && nothing.headers().empty());
    hook = std::move(other);
    EQUAL(hook.namespace_(), "moves");

    // A handle of C goes in and out.
    tieback_hook *raw = hook.release();
    CHECK(!hook && raw != nullptr);
    hook = tieback::hook(raw);
    EQUAL(hook.id(), std::string(tieback_hook_id(hook.get())));

    // Of a temporary, a text is a copy.
    const auto kept = service.hooks().show(scope, hook.id()).id();
    EQUAL(kept, hook.id());

    tieback::service elsewhere = std::move(service);
    THROWS(service.hooks().show(scope, hook.id()), invalid_argument, "NULL");
    const auto group = elsewhere.hooks();
    group.remove(scope, hook.id());
    elsewhere = tieback::service();
    THROWS(group.list(scope), closed, "service"); // a freed handle is an error, and not undefined
}

void check_ranges(const tieback::engine &engine, const char *url) {
    const tieback::service service = engine.service();
    const auto scope = tieback::scope::project(7, 1);
    for (int n = 0; n < 5; ++n) {
        const std::string name = "n" + std::to_string(n);
        service.hooks().create(scope, plain_hook(name.c_str(), url));
    }
    tieback::hooks page = service.hooks().list(scope);
    const auto begin = page.begin(), end = page.end();
    CHECK(end - begin == 5 && begin[4].namespace_() == "n4" && (end - 1)->namespace_() == "n4");
    CHECK(begin < end && end > begin && begin <= begin && end >= begin && begin + 5 == end && 5 + begin == end);
    auto walked = begin;
    CHECK((walked++)->namespace_() == "n0" && (++walked)->namespace_() == "n2" && (walked--)->namespace_() == "n2");
    CHECK((--walked)->namespace_() == "n0" && (walked += 3)[0].namespace_() == "n3" && (walked -= 2) == begin + 1);
    const auto is_before = [](tieback::hook_view hook, tieback::text name) { return hook.namespace_() < name; };
    const auto found = std::lower_bound(begin, end, "n3", is_before);
    CHECK(found - begin == 3);
    CHECK(std::make_reverse_iterator(end)->namespace_() == "n4");
    CHECK(!page[5] && page[5].id() == "" && !page[static_cast<std::size_t>(-1)]);
    const tieback::hook_view first = page.front();
    const tieback::hooks moved = std::move(page);
    CHECK(first.namespace_() == "n0" && begin->namespace_() == "n0" && moved.size() == 5); // they stay where they were
    CHECK(page.empty() && page.begin() == page.end());
}

void check_walks(const tieback::engine &engine) {
    const tieback::service service = engine.service();
    const auto scope = tieback::scope::project(7, 1);
    tieback::hook_query pages_of_two;
    pages_of_two.limit = 2;

    tieback::hook_walk walk = service.hooks().walk(scope, pages_of_two);
    std::vector<tieback::hook> kept(std::make_move_iterator(walk.begin()), std::make_move_iterator(walk.end()));
    CHECK(kept.size() == 5);
    for (std::size_t n = 0; n < kept.size(); ++n) {
        EQUAL(kept[n].namespace_(), "n" + std::to_string(n));
    }
    CHECK(!walk.next() && walk.begin() == walk.end()); // the end stays

    // A second loop goes on behind the item where the first one stopped.
    walk = service.hooks().walk(scope, pages_of_two);
    for (const tieback::hook &hook : walk) {
        if (hook.namespace_() == "n1") break;
    }
    EQUAL(walk.begin()->namespace_(), "n2");
    EQUAL(walk.next().value().namespace_(), "n3");
    tieback::hook_walk moved = std::move(walk);
    EQUAL(moved.next()->namespace_(), "n4");
    THROWS(walk.next(), invalid_argument, "NULL");

    // An error in the midst of a loop ends the loop; what it had given stays.
    auto interrupted = service.hooks().walk(scope, pages_of_two);
    auto at = interrupted.begin();
    const tieback::hook before = std::move(*++at);
    engine.close(); // the next page cannot be fetched any more
    THROWS(++at, closed, "closed");
    CHECK(at == interrupted.end());
    EQUAL(before.namespace_(), "n1");
    THROWS(interrupted.next(), closed, "closed");
}

int open_flat(const std::string &options) {
    const tieback::answer opened = tieback::call(0, "engine_open", options);
    CHECK(opened && opened.kind == tieback::kind::none);
    return std::stoi(opened.json.substr(opened.json.find(':') + 1));
}

// Answers are whole, however long, also where a buffer ended inside of a character.
void check_calls(const std::string &path) {
    for (std::size_t shift = 0; shift < 2; ++shift) {
        std::string note(shift, 'a');
        while (note.size() < 5000) {
            note += "\u00e9";
        }
        const std::string store = path + "-flat" + std::to_string(shift);
        const int handle = open_flat("{\"path\": \"" + store + "\", \"catalogue_csv\": \"level,resource_name,create," +
                                     "update,delete,deprecated_events,note\\ncompany,Things,true,true,true,," + note +
                                     "\"}");
        const tieback::answer resources = tieback::call(handle, "resource_list", R"({"scope": {"company_id": 1}})");
        CHECK(resources && resources.json.front() == '{' && resources.json.back() == '}');
        CHECK(resources.json.find("\"" + note + "\"") != std::string::npos);
        CHECK(tieback::call(handle, "stats").json.find("queued") != std::string::npos);
        const tieback::answer refused = tieback::call(handle, "stats", std::string("{\"member\": 1}"));
        CHECK(!refused && refused.kind == tieback::kind::invalid_argument);
        CHECK(refused.json.compare(0, 9, "{\"error\":") == 0 && refused.json.back() == '}');
        CHECK(tieback::call(handle, "engine_close"));
        CHECK(tieback::call(handle, "stats").kind != tieback::kind::none);
    }
    CHECK(tieback::call(0, tieback::text()).kind == tieback::kind::invalid_argument);
}

void check_json() {
    const std::string longer(500, 'x');
    const tieback::answer put = tieback::json_put("{}", "/event/resource_id", longer);
    EQUAL(put.json, "{\"event\":{\"resource_id\":\"" + longer + "\"}}");
    CHECK(put && tieback::json_text(put.json, "/event/resource_id").json == longer);
    EQUAL(tieback::json_put("{\"a\":\"long enough to shrink\"}", "/a", "7", true).json, "{\"a\":7}");
    CHECK(tieback::json_text(put.json, "/nothing").kind == tieback::kind::not_found);
    const tieback::answer refused = tieback::json_put("{\"a\":1}", "/a/b", "c");
    CHECK(refused.kind == tieback::kind::invalid_argument);
    EQUAL(refused.json, "{\"a\":1}");
}

} // namespace

int main(int argc, char **argv) {
    CHECK(argc == 3);
    check_texts();
    check_option_texts();
    check_scopes();
    tieback::engine engine(quick_options(argv[1]));
    check_moves(engine, argv[2]);
    check_ranges(engine, argv[2]);
    check_walks(engine);
    check_calls(argv[1]);
    check_json();
    return 0;
}
