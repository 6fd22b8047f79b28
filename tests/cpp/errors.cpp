// tieback.hpp: what an error says, how it is thrown and kept, and that the errors of items outlive their answers.
#include <chrono>
#include <exception>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "check.hpp"

namespace {

using namespace std::chrono_literals;

static_assert(std::is_nothrow_copy_constructible_v<tieback::error>, "as what is thrown has to be");
static_assert(std::is_base_of_v<std::exception, tieback::error>);

void check_fields(const tieback::error &error) {
    CHECK(error.kind() == tieback::kind::not_found);
    EQUAL(tieback::name(error.kind()), "not_found");
    EQUAL(error.operation(), "hook_show");
    CONTAINS(error.message(), "404404");
    EQUAL(error.message(), error.what());
    CHECK(!error.http_status() && !error.request_id());
    CHECK(error.retry() == tieback::retry::never && !error.retry_after());
    CONTAINS(error.to_json(), "\"kind\":\"not_found\"");
}

void throwing(const tieback::service &service, const tieback::scope &scope) {
    std::exception_ptr kept;
    try {
        service.hooks().show(scope, "404404");
    } catch (const std::exception &standard) {
        HAS(standard.what(), "404404");
        kept = std::current_exception();
    }
    CHECK(kept != nullptr);
    tieback::error copied;
    CHECK(copied.kind() == tieback::kind::none && copied.message() == "" && !copied.retry_after());
    try {
        std::rethrow_exception(kept);
    } catch (const tieback::error &error) {
        check_fields(error);
        copied = error;
        CHECK(copied.what() == error.what()); // copies share what they say
    }
    kept = nullptr;
    check_fields(copied);
}

void returning(const tieback::service &service, const tieback::scope &scope) {
    tieback::result<tieback::hook> shown = service.hooks().try_show(scope, "404404");
    CHECK(!shown);
    check_fields(shown.error());
    THROWS(shown.value(), not_found, "404404");
    THROWS(*shown, not_found, "404404");
    THROWS(shown->id(), not_found, "404404");
    CHECK(!std::move(shown).value_or(tieback::hook()));
    const tieback::error kept = std::move(shown).error();
    check_fields(kept);

    const tieback::result<void> done = service.hooks().try_remove(scope, "404404");
    CHECK(!done && done.error().kind() == tieback::kind::not_found);
    THROWS(done.value(), not_found, "404404");

    tieback::result<tieback::hooks> listed = service.hooks().try_list(scope);
    CHECK(listed && listed.has_value() && listed->empty() && listed.error().kind() == tieback::kind::none);
    const tieback::hooks hooks = std::move(listed).value();
    CHECK(hooks && !*listed); // moved out
}

// A queue that is full is unavailable, and says when to come again.
void retrying(const tieback::engine &engine, const tieback::service &service, const char *url) {
    const auto scope = tieback::scope::company(2);
    const tieback::hook hook = service.hooks().create(scope, plain_hook("full", url));
    service.triggers().create(scope, hook.id(), "Company Users", "update");
    engine.publish(update_of(scope, "1"));
    const auto full = engine.try_publish(update_of(scope, "2"));
    FAILED(full, unavailable, "max_queued_per_hook");
    CHECK(full.error().retry() == tieback::retry::after && full.error().retry_after() > 0ms);

    tieback::error kept;
    {
        const auto answers = engine.publish_many({update_of(scope, "3"), tieback::event_options()});
        const auto shared = answers;
        CHECK(answers.failed() == 2 && shared.get() == answers.get());
        for (const tieback::result<tieback::published_view> &answer : answers) {
            kept = answer.error();
        }
    }
    // The answers are gone, their error is not.
    CHECK(kept.kind() == tieback::kind::invalid_argument && !kept.message().empty());
    CHECK(tieback::bulk<void>().empty() && tieback::bulk<void>().all_succeeded());
}

} // namespace

int main(int argc, char **argv) {
    CHECK(argc == 3);
    tieback::engine_options options = quick_options(argv[1]);
    options.max_queued_per_hook = 1;
    const tieback::engine engine(options);
    const tieback::service service = engine.service();
    const auto scope = tieback::scope::company(1);
    throwing(service, scope);
    returning(service, scope);
    retrying(engine, service, argv[2]);
    THROWS(tieback::engine(tieback::engine_options()), invalid_argument, "path");
    options.connect_timeout = -1ms;
    THROWS(tieback::engine::open(options), invalid_argument, "connect_timeout");
    // Beyond what C's field takes it is the longest that fits, and not what is left of it in 32 bits.
    options.connect_timeout = std::chrono::milliseconds((std::int64_t(1) << 32) + 5000);
    THROWS(tieback::engine::open(options), invalid_argument, "connect_timeout");
    return 0;
}
