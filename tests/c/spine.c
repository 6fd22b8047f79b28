/* The whole way of an event: hook, triggers, publishing, a refused and a taken attempt, the log; every getter. */
#include "check.h"

static const char *const HEADER_NAMES[] = {"Authorization", "X-Tenant"};
static const char *const HEADER_VALUES[] = {"Bearer a-long-secret", "acme"};

static void check_hook(const tieback_hook *hook, const char *url) {
    CHECK(tieback_hook_id(hook) != NULL);
    SAME(tieback_hook_company_id(hook), "5358233");
    CHECK(tieback_hook_project_id(hook) == NULL);
    SAME(tieback_hook_namespace(hook), "acme-invoice-sync");
    SAME(tieback_hook_payload_version(hook), "v2.0");
    SAME(tieback_hook_destination_url(hook), url);
    SAME(tieback_hook_status(hook), "active");
    CHECK(tieback_hook_header_count(hook) == 2);
    SAME(tieback_hook_header_name(hook, 0), "Authorization");
    SAME(tieback_hook_header_value(hook, 0), "*****ecret");
    SAME(tieback_hook_header_name(hook, 1), "X-Tenant");
    SAME(tieback_hook_header_value(hook, 1), "*****");
    CHECK(tieback_hook_header_name(hook, 2) == NULL);
    CHECK(tieback_hook_header_value(hook, 2) == NULL);
    HAS(tieback_hook_created_at(hook), "Z");
    HAS(tieback_hook_updated_at(hook), "Z");
    HAS(tieback_hook_to_json(hook), "\"namespace\":\"acme-invoice-sync\"");
    CHECK(strstr(tieback_hook_to_json(hook), "a-long-secret") == NULL);
    CHECK(tieback_hook_to_json(hook) == tieback_hook_to_json(hook));
}

static void manage_hooks(const tieback_service *service, const tieback_scope *scope, const char *id, const char *url) {
    tieback_error *error = NULL;
    tieback_hook *other = create_hook(service, scope, "other", "http://127.0.0.1:9/other");
    tieback_hook *shown = NULL, *changed = NULL, *from_json = NULL, *walked = NULL;
    tieback_hook_change change = TIEBACK_HOOK_CHANGE_INIT;
    tieback_hook_query query = TIEBACK_HOOK_QUERY_INIT;
    tieback_hooks *first = NULL, *second = NULL;
    tieback_hook_iter *iter = NULL;
    int count = 0;

    OK(tieback_hook_show(service, scope, id, &shown, &error));
    check_hook(shown, url);
    CHECK(tieback_hook_trigger_count(shown) == 0);
    tieback_hook_free(shown);

    change.namespace_ = "another";
    change.payload_version = "v4";
    change.destination_url = "http://127.0.0.1:9/another";
    change.header_names = HEADER_NAMES;
    change.header_values = HEADER_VALUES;
    change.header_count = 1;
    change.status = TIEBACK_HOOK_DISABLED;
    OK(tieback_hook_update(service, scope, tieback_hook_id(other), &change, &changed, &error));
    SAME(tieback_hook_namespace(changed), "another");
    SAME(tieback_hook_payload_version(changed), "v4.0");
    SAME(tieback_hook_destination_url(changed), "http://127.0.0.1:9/another");
    SAME(tieback_hook_status(changed), "disabled");
    CHECK(tieback_hook_header_count(changed) == 1);
    tieback_hook_free(changed);
    /* What is not given stays. */
    tieback_hook_change_init(&change, sizeof change);
    change.clear_headers = 1;
    change.status = TIEBACK_HOOK_ACTIVE;
    OK(tieback_hook_update(service, scope, tieback_hook_id(other), &change, &changed, &error));
    SAME(tieback_hook_namespace(changed), "another");
    SAME(tieback_hook_status(changed), "active");
    CHECK(tieback_hook_header_count(changed) == 0);
    tieback_hook_free(changed);

    OK(tieback_hook_create_from_json(service, scope,
                                     "{\"namespace\": \"from-json\", \"payload_version\": \"v3.0\","
                                     " \"destination_url\": \"http://127.0.0.1:9/json\"}",
                                     &from_json, &error));
    SAME(tieback_hook_namespace(from_json), "from-json");

    query.limit = 2;
    query.include_trigger_count = 1;
    OK(tieback_hook_list(service, scope, &query, &first, &error));
    CHECK(tieback_hooks_len(first) == 2);
    check_hook(tieback_hooks_at(first, 0), url);
    CHECK(tieback_hook_trigger_count(tieback_hooks_at(first, 1)) == 0);
    CHECK(tieback_hooks_at(first, 2) == NULL);
    CHECK(tieback_hooks_next_page(first) != NULL);
    query.after = tieback_hooks_next_page(first);
    OK(tieback_hook_list(service, scope, &query, &second, &error));
    CHECK(tieback_hooks_len(second) == 1);
    SAME(tieback_hook_id(tieback_hooks_at(second, 0)), tieback_hook_id(from_json));
    CHECK(tieback_hooks_next_page(second) == NULL);
    tieback_hooks_free(second);
    tieback_hooks_free(first);

    tieback_hook_query_init(&query, sizeof query);
    query.namespace_ = "from-json";
    OK(tieback_hook_list(service, scope, &query, &first, &error));
    CHECK(tieback_hooks_len(first) == 1);
    CHECK(tieback_hook_trigger_count(tieback_hooks_at(first, 0)) == -1);
    tieback_hooks_free(first);

    tieback_hook_query_init(&query, sizeof query);
    query.limit = 1;
    OK(tieback_hook_iter_new(service, scope, &query, &iter, &error));
    do {
        OK(tieback_hook_iter_next(iter, &walked, &error));
        count += walked != NULL;
        tieback_hook_free(walked);
    } while (walked != NULL);
    CHECK(count == 3);
    OK(tieback_hook_iter_next(iter, &walked, &error));
    CHECK(walked == NULL);
    tieback_hook_iter_free(iter);

    OK(tieback_hook_delete(service, scope, tieback_hook_id(other), &error));
    OK(tieback_hook_delete(service, scope, tieback_hook_id(from_json), &error));
    tieback_hook_free(other);
    tieback_hook_free(from_json);
}

static void manage_triggers(const tieback_service *service, const tieback_scope *scope, const char *hook_id) {
    static const char *const names[] = {"Company Users", "Company Users", "Compny Users", "Company Users", "\xff"};
    static const char *const events[] = {"create", "Update", "update", "update", "update"};
    tieback_error *error = NULL;
    tieback_trigger *trigger = NULL;
    tieback_triggers *triggers = NULL;
    tieback_trigger_iter *iter = NULL;
    tieback_bulk *bulk = NULL;
    const char *ids[3];
    int count = 0;

    OK(tieback_trigger_create(service, scope, hook_id, "Departments", "delete", &trigger, &error));
    CHECK(tieback_trigger_id(trigger) != NULL);
    SAME(tieback_trigger_hook_id(trigger), hook_id);
    SAME(tieback_trigger_resource_name(trigger), "Departments");
    SAME(tieback_trigger_event_type(trigger), "delete");
    HAS(tieback_trigger_to_json(trigger), "\"event_type\":\"delete\"");

    OK(tieback_trigger_create_many(service, scope, hook_id, names, events, 5, &bulk, &error));
    CHECK(tieback_bulk_len(bulk) == 5);
    CHECK(tieback_bulk_status(bulk, 0) == TIEBACK_OK);
    CHECK(tieback_bulk_error(bulk, 0) == NULL);
    CHECK(tieback_bulk_published(bulk, 0) == NULL);
    SAME(tieback_trigger_event_type(tieback_bulk_trigger(bulk, 0)), "create");
    SAME(tieback_trigger_event_type(tieback_bulk_trigger(bulk, 1)), "update");
    CHECK(tieback_bulk_status(bulk, 2) == TIEBACK_INVALID_ARGUMENT);
    CHECK(tieback_bulk_trigger(bulk, 2) == NULL);
    HAS(tieback_error_message(tieback_bulk_error(bulk, 2)), "did you mean `Company Users`");
    CHECK(tieback_bulk_status(bulk, 3) == TIEBACK_CONFLICT);
    CHECK(tieback_error_status(tieback_bulk_error(bulk, 3)) == TIEBACK_CONFLICT);
    CHECK(tieback_bulk_status(bulk, 4) == TIEBACK_INVALID_ARGUMENT);
    HAS(tieback_error_message(tieback_bulk_error(bulk, 4)), "not UTF-8");
    CHECK(tieback_bulk_status(bulk, 5) == TIEBACK_INVALID_ARGUMENT);
    CHECK(tieback_bulk_error(bulk, 5) == NULL);
    tieback_bulk_free(bulk);

    OK(tieback_trigger_list(service, scope, hook_id, 2, NULL, &triggers, &error));
    CHECK(tieback_triggers_len(triggers) == 2);
    SAME(tieback_trigger_id(tieback_triggers_at(triggers, 0)), tieback_trigger_id(trigger));
    CHECK(tieback_triggers_at(triggers, 2) == NULL);
    CHECK(tieback_triggers_next_page(triggers) != NULL);
    OK(tieback_trigger_iter_new(service, scope, hook_id, 1, tieback_triggers_next_page(triggers), &iter, &error));
    tieback_triggers_free(triggers);
    tieback_trigger_free(trigger);
    do {
        OK(tieback_trigger_iter_next(iter, &trigger, &error));
        count += trigger != NULL;
        tieback_trigger_free(trigger);
    } while (trigger != NULL);
    CHECK(count == 1);
    tieback_trigger_iter_free(iter);

    /* One is deleted alone, and two in bulk with one that is not there. */
    OK(tieback_trigger_list(service, scope, hook_id, 0, NULL, &triggers, &error));
    CHECK(tieback_triggers_len(triggers) == 3);
    CHECK(tieback_triggers_next_page(triggers) == NULL);
    ids[0] = tieback_trigger_id(tieback_triggers_at(triggers, 0));
    ids[1] = "999999";
    ids[2] = tieback_trigger_id(tieback_triggers_at(triggers, 1));
    OK(tieback_trigger_delete_many(service, scope, hook_id, ids, 2, &bulk, &error));
    CHECK(tieback_bulk_len(bulk) == 2);
    CHECK(tieback_bulk_status(bulk, 0) == TIEBACK_OK);
    CHECK(tieback_bulk_trigger(bulk, 0) == NULL);
    CHECK(tieback_bulk_status(bulk, 1) == TIEBACK_NOT_FOUND);
    tieback_bulk_free(bulk);
    OK(tieback_trigger_delete(service, scope, hook_id, ids[2], &error));
    FAILS(tieback_trigger_delete(service, scope, hook_id, ids[2], &error), TIEBACK_NOT_FOUND, "trigger");
    tieback_triggers_free(triggers);
}

static void list_resources(const tieback_service *service, const tieback_scope *scope) {
    tieback_error *error = NULL;
    tieback_resources *resources = NULL, *rest = NULL;
    size_t i, deprecated = 0;
    int is_there = 0;

    OK(tieback_resource_list(service, scope, NULL, 0, NULL, &resources, &error));
    CHECK(tieback_resources_len(resources) > 0);
    for (i = 0; i < tieback_resources_len(resources); i++) {
        const tieback_resource *resource = tieback_resources_at(resources, i);
        CHECK(tieback_resource_event_type_count(resource) > 0);
        CHECK(tieback_resource_event_type(resource, 0) != NULL);
        CHECK(tieback_resource_event_type(resource, 99) == NULL);
        CHECK(tieback_resource_note(resource) != NULL);
        HAS(tieback_resource_to_json(resource), tieback_resource_name(resource));
        deprecated += tieback_resource_deprecated_count(resource);
        is_there += strcmp(tieback_resource_name(resource), "Company Users") == 0;
        CHECK((tieback_resource_deprecated(resource, 0) != NULL) == (tieback_resource_deprecated_count(resource) > 0));
    }
    CHECK(is_there == 1);
    tieback_resources_free(resources);

    OK(tieback_resource_list(service, scope, "v4.0", 1, NULL, &resources, &error));
    CHECK(tieback_resources_len(resources) == 1);
    CHECK(tieback_resources_at(resources, 1) == NULL);
    CHECK(tieback_resources_next_page(resources) != NULL);
    OK(tieback_resource_list(service, scope, NULL, 0, tieback_resources_next_page(resources), &rest, &error));
    CHECK(tieback_resources_len(rest) > 1);
    tieback_resources_free(rest);
    tieback_resources_free(resources);
}

/* Four events, of which one is a duplicate and one cannot be published. */
static void publish(const tieback_engine *engine) {
    static const char *const related_ids[] = {"77"};
    static const char *const related_names[] = {"Change Orders"};
    tieback_error *error = NULL;
    tieback_published *published = NULL;
    tieback_bulk *bulk = NULL;
    tieback_event_options event = TIEBACK_EVENT_OPTIONS_INIT, wrong = TIEBACK_EVENT_OPTIONS_INIT;
    const tieback_event_options *events[3];

    event.company_id = 5358233;
    event.user_id = 7;
    event.resource_name = "Company Users";
    event.resource_id = "42";
    event.event_type = "update";
    event.ulid = "01JMYXMZRBVKK0PC6XS8SA4QRE";
    event.timestamp = "2025-02-06T23:34:12.246562Z";
    event.source_user_id = 7;
    event.source_company_id = 5358233;
    event.source_operation_id = "an-operation";
    event.source_application_id = "an-application";
    event.related_ids = related_ids;
    event.related_names = related_names;
    event.related_count = 1;
    event.data_json = "{\"total\": 12345678901234567890}";
    OK(tieback_publish(engine, &event, &published, &error));
    CHECK(tieback_published_id(published) != NULL);
    SAME(tieback_published_ulid(published), "01JMYXMZRBVKK0PC6XS8SA4QRE");
    CHECK(tieback_published_deliveries(published) == 1);
    CHECK(tieback_published_duplicate(published) == 0);
    CHECK(tieback_published_no_delivery(published) == NULL);
    HAS(tieback_published_to_json(published), "\"deliveries\":1");
    tieback_published_free(published);

    wrong = event;
    wrong.resource_name = NULL;
    wrong.ulid = NULL;
    events[0] = &event;
    events[1] = &wrong;
    events[2] = NULL;
    OK(tieback_publish_many(engine, events, 3, &bulk, &error));
    CHECK(tieback_bulk_len(bulk) == 3);
    CHECK(tieback_bulk_status(bulk, 0) == TIEBACK_OK);
    CHECK(tieback_published_duplicate(tieback_bulk_published(bulk, 0)) == 1);
    CHECK(tieback_bulk_trigger(bulk, 0) == NULL);
    CHECK(tieback_bulk_status(bulk, 1) == TIEBACK_INVALID_ARGUMENT);
    CHECK(tieback_bulk_published(bulk, 1) == NULL);
    HAS(tieback_error_message(tieback_bulk_error(bulk, 1)), "resource_name");
    CHECK(tieback_bulk_status(bulk, 2) == TIEBACK_INVALID_ARGUMENT);
    tieback_bulk_free(bulk);

    OK(tieback_publish_from_json(engine,
                                 "{\"company_id\": 5358233, \"resource_name\": \"Company Users\","
                                 " \"resource_id\": 43, \"event_type\": \"update\"}",
                                 &published, &error));
    CHECK(tieback_published_deliveries(published) == 1);
    tieback_published_free(published);

    event.event_type = "create";
    event.ulid = NULL;
    OK(tieback_publish(engine, &event, &published, &error));
    CHECK(tieback_published_deliveries(published) == 0);
    SAME(tieback_published_no_delivery(published), "no_trigger");
    tieback_published_free(published);
}

static void deliver(const tieback_engine *engine, const char *hook_id) {
    tieback_error *error = NULL;
    tieback_idle_report *report = NULL;
    tieback_stats *stats = NULL;
    tieback_notices *notices = NULL;
    const tieback_notice *notice;

    OK(tieback_engine_stats(engine, &stats, &error));
    CHECK(tieback_stats_queued(stats) == 2);
    CHECK(tieback_stats_in_flight(stats) == 0);
    CHECK(tieback_stats_paused_lanes(stats) == 0);
    CHECK(tieback_stats_oldest_queued_age_ms(stats) >= 0);
    HAS(tieback_stats_to_json(stats), "\"queued\":2");
    tieback_stats_free(stats);

    OK(tieback_engine_run_until_idle(engine, 60000, 1, &report, &error));
    CHECK(tieback_idle_report_idle(report) == 1);
    CHECK(tieback_idle_report_paused_lanes(report) == 0);
    CHECK(tieback_idle_report_attempts(report) == 3);
    HAS(tieback_idle_report_to_json(report), "\"attempts\":3");
    tieback_idle_report_free(report);

    OK(tieback_engine_notices(engine, &notices, &error));
    CHECK(tieback_notices_len(notices) == 2);
    CHECK(tieback_notices_at(notices, 2) == NULL);
    notice = tieback_notices_at(notices, 0);
    SAME(tieback_notice_kind(notice), "paused");
    SAME(tieback_notice_hook_id(notice), hook_id);
    HAS(tieback_notice_at(notice), "Z");
    HAS(tieback_notice_reason(notice), "503");
    CHECK(tieback_notice_discarded(notice) == 0);
    HAS(tieback_notice_to_json(notice), "\"kind\":\"paused\"");
    SAME(tieback_notice_kind(tieback_notices_at(notices, 1)), "resumed");
    CHECK(tieback_notice_reason(tieback_notices_at(notices, 1)) == NULL);
    tieback_notices_free(notices);
}

static void check_delivery(const tieback_delivery *delivery, const char *hook_id) {
    const tieback_event *event = tieback_delivery_event(delivery);
    const tieback_attempt *refused = tieback_delivery_attempt(delivery, 0);
    const tieback_attempt *taken = tieback_delivery_attempt(delivery, 1);
    const uint8_t *payload = tieback_delivery_payload(delivery);
    size_t i;
    int is_asked_to_wait = 0;

    CHECK(tieback_delivery_id(delivery) != NULL);
    SAME(tieback_delivery_hook_id(delivery), hook_id);
    SAME(tieback_delivery_status(delivery), "delivered");
    CHECK(tieback_delivery_why(delivery) == NULL);
    HAS(tieback_delivery_created_at(delivery), "Z");
    CHECK(payload[0] == '{' && payload[tieback_delivery_payload_len(delivery) - 1] == '}');
    HAS(tieback_delivery_to_json(delivery), "\"attempts\"");

    CHECK(tieback_event_id(event) != NULL);
    SAME(tieback_event_ulid(event), "01JMYXMZRBVKK0PC6XS8SA4QRE");
    SAME(tieback_event_timestamp(event), "2025-02-06T23:34:12.246562Z");
    SAME(tieback_event_company_id(event), "5358233");
    CHECK(tieback_event_project_id(event) == NULL);
    SAME(tieback_event_user_id(event), "7");
    SAME(tieback_event_resource_name(event), "Company Users");
    SAME(tieback_event_resource_id(event), "42");
    SAME(tieback_event_type(event), "update");
    HAS(tieback_event_to_json(event), "\"source_operation_id\":\"an-operation\"");

    CHECK(tieback_delivery_attempt_count(delivery) == 2);
    CHECK(tieback_delivery_attempt(delivery, 2) == NULL);
    CHECK(tieback_attempt_success(refused) == 0);
    CHECK(tieback_attempt_response_status(refused) == 503);
    CHECK(tieback_attempt_response_error(refused) == NULL);
    CHECK(tieback_attempt_response_body_len(refused) == strlen("come back later"));
    CHECK(memcmp(tieback_attempt_response_body(refused), "come back later", strlen("come back later")) == 0);
    CHECK(tieback_attempt_response_body_truncated(refused) == 0);
    for (i = 0; i < tieback_attempt_response_header_count(refused); i++) {
        const char *name = tieback_attempt_response_header_name(refused, i);
        if (name[0] == 'r' || name[0] == 'R') {
            SAME(tieback_attempt_response_header_value(refused, i), "1");
            is_asked_to_wait = 1;
        }
    }
    CHECK(is_asked_to_wait);
    CHECK(tieback_attempt_response_header_name(refused, i) == NULL);
    CHECK(tieback_attempt_response_header_value(refused, i) == NULL);
    CHECK(tieback_attempt_success(taken) == 1);
    CHECK(tieback_attempt_response_status(taken) == 204);
    CHECK(tieback_attempt_response_body(taken) == NULL);
    HAS(tieback_attempt_started_at(taken), "Z");
    HAS(tieback_attempt_completed_at(taken), "Z");
    CHECK(strcmp(tieback_attempt_completed_at(refused), tieback_attempt_started_at(taken)) <= 0);
}

static void list_deliveries(const tieback_service *service, const tieback_scope *scope, const char *hook_id) {
    tieback_error *error = NULL;
    tieback_delivery_query query = TIEBACK_DELIVERY_QUERY_INIT;
    tieback_deliveries *deliveries = NULL;
    tieback_delivery_iter *iter = NULL;
    tieback_delivery *delivery = NULL;
    int count = 0;

    query.limit = 1;
    OK(tieback_delivery_list(service, scope, hook_id, &query, &deliveries, &error));
    CHECK(tieback_deliveries_len(deliveries) == 1);
    SAME(tieback_event_resource_id(tieback_delivery_event(tieback_deliveries_at(deliveries, 0))), "43");
    query.after = tieback_deliveries_next_page(deliveries);
    query.status = "succeeded";
    query.resource_name = "company users";
    query.event_type = "update";
    query.start = "2025-01-01";
    query.end = "2999-12-31T00:00:00Z";
    OK(tieback_delivery_iter_new(service, scope, hook_id, &query, &iter, &error));
    tieback_deliveries_free(deliveries);
    OK(tieback_delivery_iter_next(iter, &delivery, &error));
    check_delivery(delivery, hook_id);
    tieback_delivery_free(delivery);
    OK(tieback_delivery_iter_next(iter, &delivery, &error));
    CHECK(delivery == NULL);
    tieback_delivery_iter_free(iter);

    OK(tieback_delivery_iter_new(service, scope, hook_id, NULL, &iter, &error));
    do {
        OK(tieback_delivery_iter_next(iter, &delivery, &error));
        count += delivery != NULL;
        tieback_delivery_free(delivery);
    } while (delivery != NULL);
    CHECK(count == 2);
    tieback_delivery_iter_free(iter);

    tieback_delivery_query_init(&query, sizeof query);
    query.status = "discarded";
    OK(tieback_delivery_list(service, scope, hook_id, &query, &deliveries, &error));
    CHECK(tieback_deliveries_len(deliveries) == 0);
    CHECK(tieback_deliveries_at(deliveries, 0) == NULL);
    CHECK(tieback_deliveries_next_page(deliveries) == NULL);
    tieback_deliveries_free(deliveries);
}

static void operate(const tieback_engine *engine, const tieback_service *service, const tieback_scope *scope,
                    const char *hook_id) {
    tieback_error *error = NULL;
    tieback_deliveries *deliveries = NULL;
    tieback_published *published = NULL;
    tieback_stats *stats = NULL;
    tieback_idle_report *report = NULL;
    const char *poison;
    char *again = NULL;

    OK(tieback_engine_pause(engine, scope, hook_id, &error));
    OK(tieback_engine_send_test(engine, scope, hook_id, &published, &error));
    CHECK(tieback_published_deliveries(published) == 1);
    tieback_published_free(published);
    OK(tieback_engine_run_until_idle(engine, 60000, 0, NULL, &error));
    OK(tieback_engine_stats(engine, &stats, &error));
    CHECK(tieback_stats_queued(stats) == 1);
    CHECK(tieback_stats_paused_lanes(stats) == 1);
    tieback_stats_free(stats);

    OK(tieback_delivery_list(service, scope, hook_id, NULL, &deliveries, &error));
    CHECK(tieback_deliveries_len(deliveries) == 3);
    poison = tieback_delivery_id(tieback_deliveries_at(deliveries, 0));
    OK(tieback_engine_skip(engine, scope, hook_id, poison, &error));
    FAILS(tieback_engine_skip(engine, scope, hook_id, poison, &error), TIEBACK_CONFLICT, poison);
    OK(tieback_engine_redeliver(engine, scope, hook_id, tieback_delivery_id(tieback_deliveries_at(deliveries, 2)),
                                &again, &error));
    CHECK(strcmp(again, poison) != 0);
    tieback_deliveries_free(deliveries);

    OK(tieback_engine_resume(engine, scope, hook_id, &error));
    OK(tieback_engine_retry_now(engine, scope, hook_id, &error));
    OK(tieback_engine_start(engine, &error));
    OK(tieback_engine_run_until_idle(engine, 60000, 1, &report, &error));
    CHECK(tieback_idle_report_idle(report) == 1);
    tieback_idle_report_free(report);
    FAILS(tieback_engine_pump(engine, 10, NULL, &error), TIEBACK_CONFLICT, "started");
    OK(tieback_engine_stop(engine, 1000, &error));
    OK(tieback_engine_pump(engine, 10, &report, &error));
    CHECK(tieback_idle_report_idle(report) == 1);
    tieback_idle_report_free(report);

    OK(tieback_delivery_list(service, scope, hook_id, NULL, &deliveries, &error));
    CHECK(tieback_deliveries_len(deliveries) == 4);
    SAME(tieback_delivery_id(tieback_deliveries_at(deliveries, 0)), again);
    SAME(tieback_delivery_status(tieback_deliveries_at(deliveries, 0)), "delivered");
    SAME(tieback_delivery_status(tieback_deliveries_at(deliveries, 1)), "discarded");
    SAME(tieback_delivery_why(tieback_deliveries_at(deliveries, 1)), "operator");
    tieback_deliveries_free(deliveries);
    tieback_string_free(again);
}

/* Everything here happened longer than a millisecond ago. */
static void purge(const char *path) {
    tieback_engine_options options = TIEBACK_ENGINE_OPTIONS_INIT;
    tieback_engine *engine = open_engine(path);
    tieback_purged *purged = NULL;
    tieback_error *error = NULL;
    int64_t removed;

    OK(tieback_engine_purge(engine, &purged, &error));
    CHECK(tieback_purged_deliveries(purged) == 0);
    CHECK(tieback_purged_events(purged) == 0);
    tieback_purged_free(purged);
    tieback_engine_close(engine);

    options.path = path;
    options.retention_ms = 1;
    OK(tieback_engine_open(&options, &engine, &error));
    OK(tieback_engine_purge(engine, &purged, &error));
    removed = tieback_purged_deliveries(purged);
    CHECK(removed > 0 && tieback_purged_events(purged) > 0);
    CHECK(tieback_purged_hooks(purged) >= 0);
    HAS(tieback_purged_to_json(purged), "\"deliveries\":");
    tieback_purged_free(purged);
    tieback_engine_close(engine);
}

static void check_figures(const tieback_engine *engine) {
    tieback_stats *stats = NULL;
    tieback_error *error = NULL;

    OK(tieback_engine_stats(engine, &stats, &error));
    CHECK(tieback_stats_hooks(stats) > 0);
    CHECK(tieback_stats_delivered(stats) > 0);
    CHECK(tieback_stats_discarded(stats) > 0);
    HAS(tieback_stats_oldest_kept_at(stats), "Z");
    CHECK(tieback_stats_database_bytes(stats) > 0);
    CHECK(tieback_stats_reusable_bytes(stats) >= 0);
    CHECK(tieback_stats_wal_bytes(stats) >= 0);
    HAS(tieback_stats_to_json(stats), "\"database_bytes\":");
    tieback_stats_free(stats);
}

/* A backup while the engine is open, a look for damage, and a restore over the store. */
static void upkeep(const char *path, const tieback_scope *scope, const char *url) {
    tieback_engine *engine = open_engine(path);
    tieback_service *service = NULL;
    tieback_hook *hook;
    tieback_trigger *trigger = NULL;
    tieback_event_options event = TIEBACK_EVENT_OPTIONS_INIT;
    tieback_published *published = NULL;
    tieback_integrity_report *report = NULL;
    tieback_restored *restored = NULL;
    tieback_notices *notices = NULL;
    tieback_deliveries *deliveries = NULL;
    tieback_error *error = NULL;
    char backup[512], replaced[512];

    CHECK(strlen(path) < 400);
    sprintf(backup, "%s.backup", path);
    sprintf(replaced, "%s-replaced", path);
    check_figures(engine);
    OK(tieback_engine_service(engine, &service, &error));
    hook = create_hook(service, scope, "upkeep", url);
    OK(tieback_trigger_create(service, scope, tieback_hook_id(hook), "Projects", "update", &trigger, &error));
    event.company_id = 5358233;
    event.resource_name = "Projects";
    event.resource_id = "7";
    event.event_type = "update";
    OK(tieback_publish(engine, &event, &published, &error));
    CHECK(tieback_published_deliveries(published) == 1);
    tieback_published_free(published);

    OK(tieback_engine_backup(engine, backup, 0, &error));
    FAILS(tieback_engine_backup(engine, backup, 0, &error), TIEBACK_CONFLICT, ".backup");
    OK(tieback_engine_backup(engine, backup, 1, &error));
    FAILS(tieback_engine_backup(engine, path, 1, &error), TIEBACK_INVALID_ARGUMENT, "another file");
    OK(tieback_engine_check_integrity(engine, 0, &report, &error));
    CHECK(tieback_integrity_report_sound(report) == 1);
    CHECK(tieback_integrity_report_len(report) == 0 && tieback_integrity_report_more(report) == 0);
    CHECK(tieback_integrity_report_check(report, 0) == NULL && tieback_integrity_report_message(report, 0) == NULL);
    HAS(tieback_integrity_report_to_json(report), "\"sound\":true");
    tieback_integrity_report_free(report);
    OK(tieback_engine_compact(engine, &error));
    FAILS(tieback_restore(backup, path, 1, &restored, &error), TIEBACK_UNAVAILABLE, "open in another");
    tieback_engine_close(engine);

    FAILS(tieback_restore(backup, path, 0, &restored, &error), TIEBACK_CONFLICT, "there already");
    OK(tieback_restore(backup, path, 1, &restored, &error));
    HAS(tieback_restored_backed_up_at(restored), "Z");
    CHECK(tieback_restored_queued(restored) == 1 && tieback_restored_lane_count(restored) == 1);
    SAME(tieback_restored_lane_hook_id(restored, 0), tieback_hook_id(hook));
    CHECK(tieback_restored_lane_queued(restored, 0) == 1 && tieback_restored_lane_queued(restored, 1) == 0);
    CHECK(tieback_restored_lane_hook_id(restored, 1) == NULL);
    HAS(tieback_restored_replaced(restored), replaced);
    HAS(tieback_restored_to_json(restored), "\"queued\":1");
    tieback_restored_free(restored);

    tieback_service_free(service);
    engine = open_engine(path);
    OK(tieback_engine_service(engine, &service, &error));
    OK(tieback_engine_notices(engine, &notices, &error));
    CHECK(tieback_notices_len(notices) == 1);
    SAME(tieback_notice_kind(tieback_notices_at(notices, 0)), "restored");
    CHECK(tieback_notice_queued(tieback_notices_at(notices, 0)) == 1);
    CHECK(tieback_notice_discarded(tieback_notices_at(notices, 0)) == 0);
    tieback_notices_free(notices);
    OK(tieback_delivery_list(service, scope, tieback_hook_id(hook), NULL, &deliveries, &error));
    CHECK(tieback_delivery_restored(tieback_deliveries_at(deliveries, 0)) == 1);
    tieback_deliveries_free(deliveries);
    tieback_trigger_free(trigger);
    tieback_hook_free(hook);
    tieback_service_free(service);
    tieback_engine_close(engine);
    remove(backup);
    remove(replaced);
}

int main(int argc, char **argv) {
    tieback_scope scope = tieback_scope_company(5358233);
    tieback_hook_options options = TIEBACK_HOOK_OPTIONS_INIT;
    tieback_engine *engine;
    tieback_service *service = NULL;
    tieback_hook *hook = NULL;
    tieback_trigger *trigger = NULL;
    tieback_error *error = NULL;

    CHECK(argc == 3);
    SAME(tieback_version(), TIEBACK_VERSION);
    CHECK(tieback_abi_version() == TIEBACK_ABI_VERSION);

    engine = open_engine(argv[1]);
    OK(tieback_engine_service(engine, &service, &error));
    options.namespace_ = "acme-invoice-sync";
    options.payload_version = "v2.0";
    options.destination_url = argv[2];
    options.header_names = HEADER_NAMES;
    options.header_values = HEADER_VALUES;
    options.header_count = 2;
    OK(tieback_hook_create(service, &scope, &options, &hook, &error));
    check_hook(hook, argv[2]);

    manage_hooks(service, &scope, tieback_hook_id(hook), argv[2]);
    manage_triggers(service, &scope, tieback_hook_id(hook));
    list_resources(service, &scope);

    /* What is left is the trigger of "update". */
    FAILS(tieback_trigger_create(service, &scope, tieback_hook_id(hook), "Company Users", "UPDATE", &trigger, &error),
          TIEBACK_CONFLICT, "");
    publish(engine);
    deliver(engine, tieback_hook_id(hook));
    list_deliveries(service, &scope, tieback_hook_id(hook));
    operate(engine, service, &scope, tieback_hook_id(hook));

    tieback_hook_free(hook);
    tieback_service_free(service);
    tieback_engine_close(engine);
    upkeep(argv[1], &scope, argv[2]);
    purge(argv[1]);
    return 0;
}
