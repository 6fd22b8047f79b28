// tieback.hpp: what is read of a library, of payloads and of answers, and what is given as JSON; in both forms.
#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "check.hpp"

namespace {

using namespace std::chrono_literals;

// A payload v3.0 with everything that one can have, and a member that nobody knows.
constexpr const char *PAYLOAD = R"({"id": 5982324300946918154, "ulid": "01JMYXMZRBVKK0PC6XS8SA4QRE",
    "timestamp": "2025-02-06T23:34:12.246562Z", "user_id": 7, "company_id": 5358233, "project_id": 9876543,
    "metadata": {"source_user_id": 71, "source_project_id": 72, "source_company_id": 73,
                 "source_application_id": "app", "source_operation_id": "op"},
    "api_version": "v3.0", "event_type": "update", "resource_name": "RFIs", "resource_id": 42,
    "related_resources": [{"id": 8, "name": "Prime Contracts"}], "color": "red"})";

void check_library() {
    CHECK(tieback::version_number() == TIEBACK_VERSION_NUMBER);
    CONTAINS(tieback::build_info(), "\"sqlite\"");
    const auto versions = tieback::payload_versions();
    CHECK(versions.size() == 3);
    EQUAL(versions[0], "v2.0");
    EQUAL(versions[2], "v4.0");
}

void check_moments() {
    const tieback::moment read = tieback::time_parse("2025-02-06T23:34:12.246562Z");
    CHECK(read.time_since_epoch() == 1738884852246562us);
    CHECK(tieback::try_time_parse("2025-02-07T00:34:12.246562+01:00").value() == read);
    EQUAL(tieback::time_format(read), "2025-02-06T23:34:12.246562Z");
    EQUAL(tieback::try_time_format(read).value(), "2025-02-06T23:34:12.246562Z");
    FAILED(tieback::try_time_parse("yesterday"), invalid_argument, "yesterday");
    THROWS(tieback::time_parse("yesterday"), invalid_argument, "yesterday");
}

void check_event() {
    const tieback::event event = tieback::event::parse(PAYLOAD);
    EQUAL(event.id(), "5982324300946918154");
    EQUAL(event.api_version().value(), "v3.0");
    EQUAL(event.source_user_id().value(), "71");
    EQUAL(event.source_project_id().value(), "72");
    EQUAL(event.source_company_id().value(), "73");
    EQUAL(event.source_application_id().value(), "app");
    EQUAL(event.source_operation_id().value(), "op");
    CHECK(event.related().size() == 1);
    EQUAL(event.related()[0].id, "8");
    EQUAL(event.related()[0].name, "Prime Contracts");
    EQUAL(event.unknown_json().value(), R"({"color":"red"})");
    CHECK(!event.data_json());
    const tieback::event_view view = event;
    EQUAL(view.type(), "update");

    const auto newest = tieback::event::try_parse(R"({"id": "u", "reason": "create", "data": [1]})");
    EQUAL(newest.value().data_json().value(), "[1]");
    CHECK(!newest.value().source_user_id() && !newest.value().api_version() && newest.value().related().empty());
    // A temporary gives copies.
    EQUAL(tieback::event::parse(PAYLOAD).source_operation_id().value(), "op");
    FAILED(tieback::event::try_parse("[]"), protocol, "JSON object");
    THROWS(tieback::event::parse(""), protocol, "JSON object");
}

void check_defaults() {
    const tieback::engine_options options = tieback::engine_options::defaults();
    CHECK(options.connect_timeout == 5s && options.response_timeout == 5s && options.give_up_after == 12h);
    CHECK(options.max_in_flight == 8 && options.max_attempts == 0 && options.max_attempts_in_flight == 256);
}

void check_answers(const char *store, const char *url) {
    const tieback::engine engine = tieback::engine::open(quick_options(store));
    const tieback::service service = engine.service();
    const tieback::scope company = tieback::scope::company(5358233);
    CHECK(engine.attempt_limit() == 10s && engine.try_attempt_limit().value() == 10s);

    tieback::hook hook = service.hooks().create(company, plain_hook("reading", url));
    hook = service.hooks().update_from_json(company, hook.id(), R"({"payload_version": "v3.0"})");
    EQUAL(hook.payload_version(), "v3.0");
    EQUAL(service.hooks().try_update_from_json(company, hook.id(), "{}").value().payload_version(), "v3.0");
    FAILED(service.hooks().try_update_from_json(company, hook.id(), R"({"color": 1})"), invalid_argument, "color");

    const char *const triggers = R"([{"resource_name": "Company Users", "event_type": "update"}, {}])";
    const auto made = service.triggers().create_many_from_json(company, hook.id(), triggers);
    CHECK(made.size() == 2 && made[0] && !made[1]);
    CONTAINS(made.to_json(), "\"error\"");
    const auto again = service.triggers().try_create_many_from_json(company, hook.id(), triggers).value();
    CHECK(!again[0] && again[0].error().kind() == tieback::kind::conflict);

    const char *const events =
        R"([{"company_id": 5358233, "resource_name": "Company Users", "resource_id": 42, "event_type": "update"}])";
    const auto published = engine.publish_many_from_json(events);
    CHECK(published.size() == 1 && published[0]);
    const auto hook_ids = published[0].value().hook_ids();
    CHECK(hook_ids.size() == 1);
    EQUAL(hook_ids[0], hook.id());
    CHECK(engine.try_publish_many_from_json(events).value().size() == 1);

    engine.run_until_idle(60s, true);
    const auto deliveries = service.deliveries().list(company, hook.id());
    CHECK(deliveries.size() == 2);
    const auto refused = std::find_if(deliveries.begin(), deliveries.end(),
                                      [](tieback::delivery_view each) { return each.attempts().size() == 2; });
    CHECK(refused != deliveries.end());
    const tieback::attempt_view first = (*refused).attempts()[0];
    const tieback::attempt_view last = (*refused).attempts()[1];
    EQUAL(first.reason(), "503");
    CHECK(first.retry_after() == std::optional<std::chrono::milliseconds>(1s) && !last.retry_after());
    CONTAINS(first.to_json(), "\"response_status\":503");

    // Pages as JSON, and the resources over page borders.
    CONTAINS(deliveries.to_json(), "\"items\"");
    CONTAINS(service.hooks().list(company).to_json(), "\"reading\"");
    CONTAINS(service.triggers().list(company, hook.id()).to_json(), "Company Users");
    CONTAINS(engine.notices().to_json(), "\"paused\"");
    tieback::resource_query few;
    few.limit = 7;
    const auto page = service.resources().list(company, few);
    CONTAINS(page.to_json(), "\"next\"");
    std::vector<std::string> names;
    for (const tieback::resource &resource : service.resources().walk(company, few)) {
        names.push_back(resource.name().str());
        CHECK(!resource.event_types().empty() || !resource.deprecated().empty());
    }
    CHECK(names.size() > 7 && std::count(names.begin(), names.end(), "Company Users") == 1);
    EQUAL(names[0], page[0].name());
}

} // namespace

int main(int argc, char **argv) {
    CHECK(argc == 3);
    check_library();
    check_moments();
    check_event();
    check_defaults();
    check_answers(argv[1], argv[2]);
    return 0;
}
