// tieback.hpp with exceptions: each call once, in the form that throws, and each getter of what it gives.
#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "check.hpp"

namespace {

using namespace std::chrono_literals;

void check_hook(tieback::hook_view hook, const char *url) {
    CHECK(!hook.id().empty());
    EQUAL(hook.company_id().value(), "5358233");
    CHECK(!hook.project_id());
    EQUAL(hook.namespace_(), "acme-invoice-sync");
    EQUAL(hook.payload_version(), "v2.0");
    EQUAL(hook.destination_url(), url);
    EQUAL(hook.status(), "active");
    EQUAL(hook.headers()[0].name, "Authorization");
    EQUAL(hook.headers()[0].value, "*****ecret");
    EQUAL(hook.headers().back().name, "X-Tenant");
    CHECK(hook.headers().size() == 2 && !hook.headers()[2].name.is_given());
    CHECK(hook.signing_secrets().size() == 1);
    CONTAINS(hook.signing_secrets().front(), "*****");
    CHECK(hook.rate_limit().value().attempts == 1000);
    CHECK(hook.rate_limit()->per == 1s);
    CHECK(hook.rate_limit()->burst == 5);
    CONTAINS(hook.created_at().value(), "Z");
    CONTAINS(hook.updated_at().value(), "Z");
    CONTAINS(hook.to_json(), "\"namespace\":\"acme-invoice-sync\"");
    CHECK(hook.to_json().view().find("a-long-secret") == std::string_view::npos);
}

tieback::hook manage_hooks(const tieback::service &service, const tieback::scope &scope, const char *url) {
    tieback::hook_options wanted = plain_hook("acme-invoice-sync", url);
    wanted.headers = {{"Authorization", std::string("Bearer a-long-secret")}, {"X-Tenant", "acme"}};
    wanted.signing_secrets = {"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"};
    wanted.rate_limit = tieback::rate_limit{1000, 1s, 5};
    tieback::hook hook = service.hooks().create(scope, wanted);
    check_hook(hook, url);
    CHECK(!service.hooks().list(scope).begin()->trigger_count());
    CHECK(service.hooks().show(scope, hook.id()).trigger_count() == 0);

    const tieback::hook other = service.hooks().create_from_json(
        scope, R"({"namespace": "other", "payload_version": "v3.0", "destination_url": "http://127.0.0.1:9/other",
                   "destination_headers": {"X-Tenant": "b"}, "signing_secrets":
                   ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"], "rate_limit": {"attempts": 1, "per_ms": 10}})");
    tieback::hook_change change;
    change.namespace_ = "another";
    change.payload_version = "v4.0";
    change.destination_url = "http://127.0.0.1:9/another";
    change.headers = std::vector<tieback::header>{{"X-Other", "c"}};
    change.signing_secrets = std::vector<tieback::option_text>{"whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"};
    change.rate_limit = tieback::rate_limit{2, 1min, 0};
    change.active = false;
    tieback::hook changed = service.hooks().update(scope, other.id(), change);
    EQUAL(changed.namespace_(), "another");
    EQUAL(changed.payload_version(), "v4.0");
    EQUAL(changed.destination_url(), "http://127.0.0.1:9/another");
    EQUAL(changed.headers()[0].name, "X-Other");
    CHECK(changed.headers().size() == 1);
    CHECK(changed.rate_limit()->attempts == 2 && changed.rate_limit()->per == 1min);
    EQUAL(changed.status(), "disabled");
    // What is left out stays as it is.
    changed = service.hooks().update(scope, other.id(), tieback::hook_change());
    EQUAL(changed.namespace_(), "another");
    EQUAL(changed.status(), "disabled");
    CHECK(changed.headers().size() == 1 && changed.signing_secrets().size() == 1 && changed.rate_limit());
    // Headers move to another host only when that is said.
    tieback::hook_change move;
    move.destination_url = "http://127.0.0.2:9/moved";
    THROWS(service.hooks().update(scope, other.id(), move), invalid_argument, "headers");
    move.danger_keep_headers = true;
    changed = service.hooks().update(scope, other.id(), move);
    CHECK(changed.headers().begin()->name == "X-Other");
    // An empty list takes away what there is.
    tieback::hook_change clear;
    clear.headers.emplace();
    clear.signing_secrets.emplace();
    clear.clear_rate_limit = true;
    clear.active = true;
    changed = service.hooks().update(scope, other.id(), clear);
    CHECK(changed.headers().empty() && changed.signing_secrets().empty() && !changed.rate_limit());
    EQUAL(changed.status(), "active");

    tieback::hook_query query;
    query.limit = 1;
    query.include_trigger_count = true;
    const tieback::hooks first = service.hooks().list(scope, query);
    CHECK(first.size() == 1 && first[0].trigger_count() == 0);
    check_hook(first.front(), url);
    query.after = first.next_page();
    const tieback::hooks second = service.hooks().list(scope, query);
    EQUAL(second.back().id(), other.id());
    CHECK(!second.next_page());
    query = {};
    query.namespace_ = "another";
    query.payload_version = "v4.0";
    CHECK(service.hooks().list(scope, query).size() == 1);
    int walked = 0;
    for (const tieback::hook &each : service.hooks().walk(scope)) {
        walked += each ? 1 : 0;
    }
    CHECK(walked == 2);

    service.hooks().remove(scope, other.id());
    THROWS(service.hooks().show(scope, other.id()), not_found, other.id().c_str());
    return hook;
}

void manage_triggers(const tieback::service &service, const tieback::scope &scope, tieback::hook_view hook) {
    const tieback::trigger trigger = service.triggers().create(scope, hook.id(), "Company Users", "update");
    CHECK(!trigger.id().empty());
    EQUAL(trigger.hook_id(), hook.id());
    EQUAL(trigger.resource_name(), "Company Users");
    EQUAL(trigger.event_type(), "update");
    CONTAINS(trigger.to_json(), "Company Users");

    const auto made = service.triggers().create_many(
        scope, hook.id(), {{"Company Users", "create"}, {"Company Uzers", "create"}, {"Departments", "delete"}});
    CHECK(made.size() == 3 && made.failed() == 1 && !made.all_succeeded());
    EQUAL(made[0]->event_type(), "create");
    FAILED(made[1], invalid_argument, "Company Users");
    FAILED(made[3], invalid_argument, "");
    THROWS(made[1].value(), invalid_argument, "Company Uzers");

    const tieback::triggers page = service.triggers().list(scope, hook.id(), {2, {}});
    CHECK(page.size() == 2);
    const tieback::triggers rest = service.triggers().list(scope, hook.id(), {2, page.next_page()});
    CHECK(rest.size() == 1 && !rest.next_page());
    std::vector<tieback::trigger> all;
    for (tieback::trigger &each : service.triggers().walk(scope, hook.id(), {2, {}})) {
        all.push_back(std::move(each));
    }
    CHECK(all.size() == 3);
    EQUAL(all[2].id(), rest[0].id());

    const auto removed = service.triggers().remove_many(scope, hook.id(), {made[0]->id(), "404404"});
    CHECK(removed.size() == 2 && removed[0].has_value());
    FAILED(removed[1], not_found, "404404");
    const std::vector<std::string> ids = {made[2]->id().str()};
    CHECK(service.triggers().remove_many(scope, hook.id(), ids).all_succeeded());
    CHECK(service.triggers().list(scope, hook.id()).size() == 1);
    service.triggers().remove(scope, hook.id(), trigger.id());
    CHECK(service.triggers().list(scope, hook.id()).empty());
    service.triggers().create(scope, hook.id(), "Company Users", "update");
}

void list_resources(const tieback::service &service, const tieback::scope &scope) {
    tieback::resource_query query;
    query.limit = 3;
    query.payload_version = "v4.0";
    const tieback::resources page = service.resources().list(scope, query);
    CHECK(page.size() == 3);
    query.after = page.next_page();
    CHECK(service.resources().list(scope, query).begin()->name() != page.front().name());
    const tieback::resources all = service.resources().list(scope, {{}, 1000, {}});
    const auto users = std::find_if(all.begin(), all.end(), [](auto each) { return each.name() == "Company Users"; });
    CHECK(users != all.end());
    const auto types = users->event_types();
    CHECK(std::find(types.begin(), types.end(), "update") != types.end());
    CONTAINS(users->to_json(), "Company Users");
    CHECK(users->note().is_given());
    CHECK(users->deprecated().empty());
    const tieback::resources of_project = service.resources().list(tieback::scope::project(1), {{}, 1000, {}});
    const auto old = std::find_if(of_project.begin(), of_project.end(),
                                  [](auto each) { return each.name() == "Project Users"; });
    CHECK(old != of_project.end() && old->deprecated().size() == 1);
    EQUAL(old->deprecated().front(), "update");
    CONTAINS(old->note(), "removed");
}

void publish(const tieback::engine &engine, const tieback::scope &scope) {
    tieback::event_options event = update_of(scope, "42");
    event.user_id = 7;
    event.id = "9001";
    event.ulid = "01JBX4Z8QH5M2N3P4R5S6T7V8W";
    event.timestamp = "2026-01-02T03:04:05Z";
    event.source_user_id = 1;
    event.source_project_id = 2;
    event.source_company_id = 3;
    event.source_operation_id = "operation";
    event.source_application_id = "application";
    const tieback::published done = engine.publish(event);
    EQUAL(done.id(), "9001");
    EQUAL(done.ulid(), "01JBX4Z8QH5M2N3P4R5S6T7V8W");
    CHECK(done.deliveries() == 1 && !done.duplicate() && !done.no_delivery());
    CONTAINS(done.to_json(), "9001");
    CHECK(engine.publish(event).duplicate());
    EQUAL(engine.publish(update_of(tieback::scope::company(1), "1")).no_delivery().value(), "no_hook_in_scope");

    event = update_of(scope, "43");
    event.related = {{"1", "RFIs"}};
    event.data_json = R"({"a": 1})";
    const auto many = engine.publish_many({event, update_of(scope, tieback::text()), update_of(scope, "44")});
    CHECK(many.size() == 3 && many.failed() == 1);
    CHECK(many[0]->deliveries() == 1 && many[2].value().deliveries() == 1);
    FAILED(many[1], invalid_argument, "resource_id");
    const auto from_json = engine.publish_from_json(R"({"company_id": 5358233, "resource_name": "Company Users",
                                                        "resource_id": 45, "event_type": "update"})");
    CHECK(from_json.deliveries() == 1);
}

void read_log(const tieback::service &service, const tieback::scope &scope, tieback::hook_view hook) {
    tieback::delivery_query query;
    query.status = "succeeded";
    query.resource_name = "company users";
    query.event_type = "UPDATE";
    query.start = "2020-01-01";
    query.end = "2999-01-01";
    query.limit = 2;
    const tieback::deliveries page = service.deliveries().list(scope, hook.id(), query);
    CHECK(page.size() == 2 && page.next_page());
    std::vector<tieback::delivery> all;
    for (tieback::delivery &each : service.deliveries().walk(scope, hook.id(), query)) {
        all.push_back(std::move(each));
    }
    CHECK(all.size() == 4);
    const tieback::delivery &oldest = all.back();
    EQUAL(oldest.hook_id(), hook.id());
    EQUAL(oldest.status(), "delivered");
    CHECK(!oldest.why() && !oldest.restored());
    CONTAINS(oldest.created_at().value(), "Z");
    CONTAINS(oldest.payload(), "\"resource_id\":42");
    CONTAINS(oldest.to_json(), "attempts");
    const tieback::event_view event = oldest.event();
    EQUAL(event.id(), "9001");
    EQUAL(event.ulid().value(), "01JBX4Z8QH5M2N3P4R5S6T7V8W");
    CONTAINS(event.timestamp(), "2026-01-02T03:04:05");
    EQUAL(event.company_id().value(), "5358233");
    CHECK(!event.project_id());
    EQUAL(event.user_id().value(), "7");
    EQUAL(event.resource_name(), "Company Users");
    EQUAL(event.resource_id(), "42");
    EQUAL(event.type(), "update");
    CONTAINS(event.to_json(), "operation");

    // The first delivery that the endpoint saw was refused once, whichever of the resources it was of.
    const auto refused = std::find_if(all.begin(), all.end(), [](auto &each) { return each.attempts().size() == 2; });
    CHECK(refused != all.end());
    const auto attempts = refused->attempts();
    CHECK(!attempts[0].success() && attempts[0].response_status() == 503);
    EQUAL(attempts[0].response_body(), "come back later");
    CHECK(!attempts[0].response_body_truncated() && !attempts[0].response_error());
    const auto headers = attempts.front().response_headers();
    CHECK(std::any_of(headers.begin(), headers.end(),
                      [](auto each) { return each.name == "retry-after" && each.value == "1"; }));
    CHECK(attempts.back().success() && attempts.back().response_status() == 204);
    CHECK(attempts.front().started_at() < attempts.back().completed_at());
}

void operate(const tieback::engine &engine, const tieback::service &service, const tieback::scope &scope,
             tieback::hook_view hook) {
    const tieback::stats stats = engine.stats();
    CHECK(stats.queued() == 0 && stats.in_flight() == 0 && stats.paused_lanes() == 0 && stats.hooks() == 1);
    CHECK(stats.delivered() == 4 && stats.discarded() == 0 && stats.oldest_queued_age() == 0ms);
    CONTAINS(stats.oldest_kept_at().value(), "Z");
    CHECK(stats.database_bytes() > 0 && stats.reusable_bytes() >= 0 && stats.wal_bytes() >= 0);
    CONTAINS(engine.stats().to_json(), "delivered");

    bool paused = false;
    for (const tieback::notice_view notice : engine.notices()) {
        CONTAINS(notice.at(), "Z");
        CONTAINS(notice.to_json(), "kind");
        if (notice.kind() == "paused") {
            paused = true;
            EQUAL(notice.hook_id().value(), hook.id());
            EQUAL(notice.reason().value(), "503");
            CHECK(notice.discarded() == 0 && notice.queued() == 0);
        }
    }
    CHECK(paused);
    CHECK(engine.notices().empty());

    engine.pause(scope, hook.id());
    engine.publish(update_of(scope, "50"));
    CHECK(engine.pump(10ms).attempts() == 0);
    CHECK(engine.stats().paused_lanes() == 1 && engine.stats().queued() == 1);
    const tieback::deliveries queued = service.deliveries().list(scope, hook.id(), {"enqueued", {}, {}, {}, {}, {}, 1});
    engine.skip(scope, hook.id(), queued.front().id());
    THROWS(engine.skip(scope, hook.id(), queued[0].id()), conflict, queued[0].id().c_str());
    const tieback::deliveries skipped = service.deliveries().list(scope, hook.id());
    EQUAL(skipped.front().why().value(), "operator");
    engine.resume(scope, hook.id());
    engine.retry_now(scope, hook.id());
    const std::string again = engine.redeliver(scope, hook.id(), queued.front().id());
    CHECK(again != queued.front().id() && !again.empty());
    CHECK(engine.send_test(scope, hook.id()).deliveries() == 1);
    const tieback::idle_report report = engine.run_until_idle(60s);
    CHECK(report.idle() && report.attempts() == 2 && report.paused_lanes() == 0);
    CONTAINS(report.to_json(), "idle");

    engine.start();
    THROWS(engine.pump(0ms), conflict, "started");
    engine.publish(update_of(scope, "51"));
    CHECK(engine.run_until_idle(60s, true).idle());
    engine.stop(10s);
    CHECK(engine.purge().deliveries() == 0 && engine.purge().events() == 0 && engine.purge().hooks() == 0);
    CONTAINS(engine.purge().to_json(), "deliveries");
    engine.compact();
}

void keep(const tieback::engine &engine, const tieback::scope &scope, const std::string &path) {
    CHECK(engine.check_integrity().sound());
    const tieback::integrity_report report = engine.check_integrity(true);
    CHECK(report.findings().empty() && !report.more());
    CONTAINS(report.to_json(), "sound");

    engine.publish(update_of(scope, "60"));
    engine.backup(path + "-backup");
    THROWS(engine.backup(path + "-backup"), conflict, "-backup");
    engine.backup(path + "-backup", true);
    const tieback::restored restored = tieback::restore(path + "-backup", path + "-again");
    CONTAINS(restored.backed_up_at().value(), "Z");
    CHECK(restored.queued() == 1 && restored.lanes().size() == 1 && restored.lanes().front().queued == 1);
    CHECK(!restored.lanes()[0].hook_id.empty() && !restored.replaced());
    CONTAINS(restored.to_json(), "queued");
    CONTAINS(tieback::restore(path + "-backup", path + "-again", true).replaced().value(), "-again");
    tieback::engine again(quick_options((path + "-again").c_str()));
    const tieback::notices notices = again.notices();
    EQUAL(notices[0].kind(), "restored");
    CHECK(notices[0].queued() == 1 && again.notices().empty());
}

} // namespace

int main(int argc, char **argv) {
    CHECK(argc == 3);
    CHECK(tieback::library_fits());
    EQUAL(tieback::version(), TIEBACK_VERSION);
    const auto scope = tieback::scope::company(5358233);
    const tieback::engine engine = tieback::engine::open(quick_options(argv[1]));
    const tieback::service service = engine.service();
    const tieback::hook hook = manage_hooks(service, scope, argv[2]);
    manage_triggers(service, scope, hook);
    list_resources(service, scope);
    publish(engine, scope);
    CHECK(engine.run_until_idle(60s, true).idle());
    read_log(service, scope, hook);
    operate(engine, service, scope, hook);
    keep(engine, scope, argv[1]);
    engine.close();
    THROWS(engine.stats(), closed, "closed");
    THROWS(service.hooks().show(scope, hook.id()), closed, "closed");
    const auto from_json =
        tieback::engine::open_from_json("{\"path\": \"" + std::string(argv[1]) + "\", \"danger_allow_http\": true}");
    CHECK(from_json.service().hooks().list(scope).size() == 1);
    return 0;
}
