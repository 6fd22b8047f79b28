// tieback.hpp without exceptions and without run-time types: each call once, in the form that gives a result.
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "check.hpp"

#if TIEBACK_EXCEPTIONS
#error "this program is to be compiled with -fno-exceptions"
#endif

namespace {

using namespace std::chrono_literals;

// The value of a call that must succeed.
template <class T> T sure(tieback::result<T> result, int line) {
    if (!result) {
        std::fprintf(stderr, "%s:%d: %s\n", __FILE__, line, result.error().what());
        std::exit(1);
    }
    return std::move(result).value();
}
#define SURE(call) sure((call), __LINE__)

// As one writes it: what fails is handed on.
tieback::result<std::int64_t> count_hooks(const tieback::service &service, const tieback::scope &scope) {
    tieback::result<tieback::hook_walk> walk = service.hooks().try_walk(scope, {{}, {}, false, 1, {}});
    if (!walk) return walk.error();
    for (std::int64_t count = 0;; ++count) {
        tieback::result<std::optional<tieback::hook>> next = walk->try_next();
        if (!next) return std::move(next).error();
        if (!*next) return count;
    }
}

void manage(const tieback::service &service, const tieback::scope &scope, const char *url) {
    const tieback::hook hook = SURE(service.hooks().try_create(scope, plain_hook("results", url)));
    FAILED(service.hooks().try_create(scope, plain_hook("results", url)), conflict, "results");
    const tieback::hook other = SURE(service.hooks().try_create_from_json(
        scope, R"({"namespace": "other", "payload_version": "v2.0", "destination_url": "http://127.0.0.1:9/other"})"));
    CHECK(SURE(count_hooks(service, scope)) == 2);
    tieback::hook_change change;
    change.active = false;
    EQUAL(SURE(service.hooks().try_update(scope, other.id(), change)).status(), "disabled");
    CHECK(service.hooks().try_remove(scope, other.id()).has_value());
    FAILED(service.hooks().try_remove(scope, other.id()), not_found, other.id().c_str());
    EQUAL(SURE(service.hooks().try_show(scope, hook.id())).id(), hook.id());
    CHECK(SURE(service.hooks().try_list(scope)).size() == 1);

    const tieback::trigger trigger =
        SURE(service.triggers().try_create(scope, hook.id(), "Company Users", "update"));
    const auto more = SURE(service.triggers().try_create_many(
        scope, hook.id(), {{"Company Users", "create"}, {"Company Users", "update"}}));
    CHECK(more.size() == 2 && more[0].has_value());
    FAILED(more[1], conflict, "Company Users");
    CHECK(SURE(service.triggers().try_list(scope, hook.id())).size() == 2);
    auto walk = SURE(service.triggers().try_walk(scope, hook.id(), {1, {}}));
    EQUAL(SURE(walk.try_next()).value().id(), trigger.id());
    CHECK(SURE(service.triggers().try_remove_many(scope, hook.id(), {more[0]->id()})).all_succeeded());
    CHECK(service.triggers().try_remove(scope, hook.id(), trigger.id()).has_value());
    CHECK(SURE(service.triggers().try_list(scope, hook.id())).empty());
    CHECK(service.triggers().try_create(scope, hook.id(), "Company Users", "update").has_value());
    CHECK(SURE(service.resources().try_list(scope)).size() > 10);
}

void deliver(const tieback::engine &engine, const tieback::service &service, const tieback::scope &scope) {
    const tieback::hooks hooks = SURE(service.hooks().try_list(scope));
    const tieback::text id = hooks[0].id();
    CHECK(SURE(engine.try_publish(update_of(scope, "1"))).deliveries() == 1);
    CHECK(SURE(engine.try_publish_many({update_of(scope, "2")})).all_succeeded());
    CHECK(SURE(engine.try_publish_from_json(R"({"company_id": 1, "resource_name": "Company Users", "resource_id": 3,
                                                "event_type": "update"})")).deliveries() == 1);
    CHECK(engine.try_pause(scope, id).has_value());
    CHECK(SURE(engine.try_pump(0ms)).attempts() == 0);
    CHECK(engine.try_resume(scope, id).has_value());
    CHECK(SURE(engine.try_run_until_idle(60s, true)).idle());
    const tieback::deliveries page = SURE(service.deliveries().try_list(scope, id));
    CHECK(page.size() == 3);
    auto walk = SURE(service.deliveries().try_walk(scope, id, {{}, {}, {}, {}, {}, {}, 2}));
    int delivered = 0;
    for (;;) {
        auto next = walk.try_next();
        CHECK(next.has_value());
        if (!*next) break;
        delivered += (*next)->status() == "delivered" ? 1 : 0;
    }
    CHECK(delivered == 3);
    FAILED(engine.try_skip(scope, id, page[0].id()), conflict, page[0].id().c_str());
    CHECK(engine.try_retry_now(scope, id).has_value());
    CHECK(!SURE(engine.try_redeliver(scope, id, page[0].id())).empty());
    FAILED(engine.try_redeliver(scope, id, "404404"), not_found, "404404");
    CHECK(SURE(engine.try_send_test(scope, id)).deliveries() == 1);
    CHECK(engine.try_start().has_value());
    FAILED(engine.try_pump(0ms), conflict, "started");
    CHECK(SURE(engine.try_run_until_idle(60s)).idle());
    CHECK(engine.try_stop(10s).has_value());
    FAILED(engine.try_stop(-1ms), invalid_argument, "grace_ms");
    CHECK(SURE(engine.try_stats()).delivered() == 5);
    CHECK(!SURE(engine.try_notices()).empty());
    CHECK(SURE(engine.try_purge()).deliveries() == 0);
}

void keep(const tieback::engine &engine, const std::string &path) {
    CHECK(SURE(engine.try_check_integrity()).sound());
    CHECK(engine.try_compact().has_value());
    CHECK(engine.try_backup(path + "-backup").has_value());
    FAILED(engine.try_backup(path + "-backup"), conflict, "-backup");
    CHECK(SURE(tieback::try_restore(path + "-backup", path + "-again")).queued() == 0);
    FAILED(tieback::try_restore(path + "-backup", path + "-again"), conflict, "-again");
}

void end_calls(const tieback::engine &engine, const tieback::service &service, const tieback::scope &scope) {
    const tieback::cancel token = SURE(tieback::cancel::try_create());
    const tieback::engine cancellable = SURE(engine.try_with_cancel(token));
    const tieback::service managing = SURE(service.try_with_cancel(token));
    CHECK(managing.hooks().try_list(scope).has_value() && !token.requested());
    CHECK(token.try_request().has_value() && token.requested());
    FAILED(cancellable.try_stats(), cancelled, "");
    FAILED(managing.hooks().try_list(scope), cancelled, "");
    CHECK(engine.try_stats().has_value());
}

} // namespace

int main(int argc, char **argv) {
    CHECK(argc == 3);
    const auto scope = tieback::scope::company(1);
    int notices = 0;
    tieback::engine_options options = quick_options(argv[1]);
    options.on_notice = [&notices](tieback::notice_view notice) { notices += notice.kind() == "paused" ? 1 : 0; };
    tieback::engine engine = SURE(tieback::engine::try_open(options));
    const tieback::service service = SURE(engine.try_service());
    manage(service, scope, argv[2]);
    deliver(engine, service, scope);
    CHECK(notices == 1);
    keep(engine, argv[1]);
    end_calls(engine, service, scope);
    engine.close();
    FAILED(engine.try_service(), closed, "closed");
    CHECK(tieback::engine::try_open_from_json("{\"path\": \"" + std::string(argv[1]) + "\"}").has_value());
    FAILED(tieback::engine::try_open(tieback::engine_options()), invalid_argument, "path");
    return 0;
}
