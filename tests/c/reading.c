/* What can be read of events, attempts, answers and the library itself, and the calls that take JSON. */
#include "check.h"

#define COMPANY 5358233

static tieback_error *error;

static tieback_event *parsed(const char *payload) {
    tieback_event *event = NULL;
    OK(tieback_event_parse((const uint8_t *)payload, strlen(payload), &event, &error));
    return event;
}

/* Payloads as an endpoint receives them, of each version. */
static void read_payloads(void) {
    tieback_event *event = parsed("{\"id\": 5982324300946918154, \"ulid\": \"01JMYXMZRBVKK0PC6XS8SA4QRE\","
                                  " \"timestamp\": \"2025-02-06T23:34:12.246562Z\", \"metadata\": {"
                                  "\"source_user_id\": 7, \"source_project_id\": 9, \"source_operation_id\": \"op\","
                                  " \"source_company_id\": 8, \"source_application_id\": \"app\"},"
                                  " \"user_id\": 6, \"company_id\": 8, \"project_id\": 9, \"api_version\": \"v3\","
                                  " \"event_type\": \"update\", \"resource_name\": \"Direct Cost Line Items\","
                                  " \"resource_id\": 42, \"related_resources\": ["
                                  "{\"id\": 77, \"name\": \"Direct Costs\"}, {\"id\": 78, \"name\": \"RFIs\"}],"
                                  " \"delivered_by\": {\"half\": 0.5}}");
    SAME(tieback_event_id(event), "5982324300946918154");
    SAME(tieback_event_ulid(event), "01JMYXMZRBVKK0PC6XS8SA4QRE");
    SAME(tieback_event_timestamp(event), "2025-02-06T23:34:12.246562Z");
    SAME(tieback_event_user_id(event), "6");
    SAME(tieback_event_company_id(event), "8");
    SAME(tieback_event_project_id(event), "9");
    SAME(tieback_event_api_version(event), "v3");
    SAME(tieback_event_source_user_id(event), "7");
    SAME(tieback_event_source_project_id(event), "9");
    SAME(tieback_event_source_company_id(event), "8");
    SAME(tieback_event_source_operation_id(event), "op");
    SAME(tieback_event_source_application_id(event), "app");
    CHECK(tieback_event_related_count(event) == 2);
    SAME(tieback_event_related_id(event, 0), "77");
    SAME(tieback_event_related_name(event, 0), "Direct Costs");
    SAME(tieback_event_related_id(event, 1), "78");
    SAME(tieback_event_related_name(event, 1), "RFIs");
    CHECK(tieback_event_related_id(event, 2) == NULL && tieback_event_related_name(event, 2) == NULL);
    CHECK(tieback_event_data_json(event) == NULL);
    SAME(tieback_event_unknown_json(event), "{\"delivered_by\":{\"half\":0.5}}");
    CHECK(tieback_event_unknown_json(event) == tieback_event_unknown_json(event));
    tieback_event_free(event);

    event = parsed("{\"id\": \"01JMYXMZRBVKK0PC6XS8SA4QRE\", \"reason\": \"archived\", \"resource_type\": \"RFIs\","
                   " \"resource_id\": \"ab-c\", \"company_id\": \"8\", \"data\": {\"total\": 12345678901234567890}}");
    SAME(tieback_event_type(event), "archived");
    SAME(tieback_event_resource_name(event), "RFIs");
    SAME(tieback_event_resource_id(event), "ab-c");
    SAME(tieback_event_data_json(event), "{\"total\":12345678901234567890}");
    CHECK(tieback_event_ulid(event) == NULL && tieback_event_timestamp(event) == NULL);
    CHECK(tieback_event_api_version(event) == NULL && tieback_event_source_user_id(event) == NULL);
    CHECK(tieback_event_source_project_id(event) == NULL && tieback_event_source_company_id(event) == NULL);
    CHECK(tieback_event_source_operation_id(event) == NULL && tieback_event_source_application_id(event) == NULL);
    CHECK(tieback_event_related_count(event) == 0 && tieback_event_unknown_json(event) == NULL);
    tieback_event_free(event);

    event = parsed("{}");
    SAME(tieback_event_type(event), "");
    SAME(tieback_event_resource_name(event), "");
    SAME(tieback_event_resource_id(event), "");
    tieback_event_free(event);

    FAILS(tieback_event_parse((const uint8_t *)"[]", 2, &event, &error), TIEBACK_PROTOCOL, "no JSON object");
    FAILS(tieback_event_parse((const uint8_t *)"", 0, &event, &error), TIEBACK_PROTOCOL, "no JSON object");
    FAILS(tieback_event_parse((const uint8_t *)"\xff", 1, &event, &error), TIEBACK_PROTOCOL, "no JSON object");
    FAILS(tieback_event_parse(NULL, 0, &event, &error), TIEBACK_INVALID_ARGUMENT, "payload is NULL");
    CHECK(event == NULL);
}

static void read_the_library(void) {
    tieback_engine_options options, zero;
    char expected[64];

    CHECK(tieback_version_number() == TIEBACK_VERSION_NUMBER);
    CHECK(TIEBACK_VERSION_AT_LEAST(TIEBACK_VERSION_MAJOR, TIEBACK_VERSION_MINOR, TIEBACK_VERSION_PATCH));
    CHECK(TIEBACK_VERSION_AT_LEAST(0, 0, 255) && !TIEBACK_VERSION_AT_LEAST(TIEBACK_VERSION_MAJOR + 1, 0, 0));
    sprintf(expected, "\"version\":\"%s\"", tieback_version());
    HAS(tieback_build_info(), expected);
    HAS(tieback_build_info(), "\"abi_version\":1");
    HAS(tieback_build_info(), "\"sqlite\":\"3.");
    HAS(tieback_build_info(), "\"tls\":\"rustls");
    HAS(tieback_build_info(), "\"features\":[\"capi\"");
    HAS(tieback_build_info(), "\"payload_versions\":[\"v2.0\",\"v3.0\",\"v4.0\"]");
    CHECK(tieback_build_info() == tieback_build_info());
    CHECK(tieback_payload_version_count() == 3);
    SAME(tieback_payload_version(0), "v2.0");
    SAME(tieback_payload_version(1), "v3.0");
    SAME(tieback_payload_version(2), "v4.0");
    CHECK(tieback_payload_version(3) == NULL);

    memset(&options, 0xff, sizeof options);
    tieback_engine_options_defaults(&options, sizeof options);
    CHECK(options.struct_size == sizeof options && options.path == NULL && options.danger_allow_http == 0);
    CHECK(options.connect_timeout_ms == 5000 && options.response_timeout_ms == 5000);
    CHECK(options.backoff_min_ms == 1000 && options.backoff_max_ms == 3600000);
    CHECK(options.give_up_after_ms == 43200000 && options.retention_ms == INT64_C(2419200000));
    CHECK(options.max_attempts == 0 && options.max_in_flight == 8 && options.jitter_percent == 0);
    CHECK(options.max_queued == 0 && options.max_queued_per_hook == 0);
    CHECK(options.max_attempts_in_flight == 256 && options.max_idle_connections == 256);
    /* A struct of which the program knows less is not written beyond its end. */
    memset(&options, 0, sizeof options);
    memset(&zero, 0, sizeof zero);
    tieback_engine_options_defaults(&options, offsetof(tieback_engine_options, give_up_after_ms));
    CHECK(options.struct_size == offsetof(tieback_engine_options, give_up_after_ms));
    CHECK(options.backoff_max_ms == 3600000 && options.give_up_after_ms == 0 && options.max_in_flight == 0);
    CHECK(memcmp((char *)&options + options.struct_size, &zero, sizeof options - options.struct_size) == 0);
}

static void read_moments(void) {
    int64_t microseconds = 1;
    char *text = NULL;

    OK(tieback_time_parse("2025-02-06T23:34:12.246562Z", &microseconds, &error));
    CHECK(microseconds == INT64_C(1738884852246562));
    OK(tieback_time_format(microseconds, &text, &error));
    SAME(text, "2025-02-06T23:34:12.246562Z");
    tieback_string_free(text);
    OK(tieback_time_parse("1969-12-31T23:59:59-01:00", &microseconds, &error));
    CHECK(microseconds == INT64_C(3599000000));
    OK(tieback_time_format(-1, &text, &error));
    SAME(text, "1969-12-31T23:59:59.999999Z");
    tieback_string_free(text);
    FAILS(tieback_time_parse("yesterday", &microseconds, &error), TIEBACK_INVALID_ARGUMENT, "`yesterday`");
    CHECK(microseconds == 0);
    FAILS(tieback_time_format(INT64_MAX, &text, &error), TIEBACK_INVALID_ARGUMENT, "9223372036854775807");
    FAILS(tieback_time_format(INT64_MIN, &text, &error), TIEBACK_INVALID_ARGUMENT, "microseconds");
    CHECK(text == NULL);
}

static void walk_resources(const tieback_service *service, const tieback_scope *scope) {
    tieback_resource_iter *iter = NULL;
    tieback_resource *resource = NULL;
    tieback_resources *page = NULL;
    size_t count = 0, on_a_page;

    OK(tieback_resource_list(service, scope, NULL, TIEBACK_PAGE_MAX, NULL, &page, &error));
    on_a_page = tieback_resources_len(page);
    HAS(tieback_resources_to_json(page), "{\"items\":[{\"name\":");
    OK(tieback_resource_iter_new(service, scope, "v4.0", 7, NULL, &iter, &error));
    for (;;) {
        OK(tieback_resource_iter_next(iter, &resource, &error));
        if (resource == NULL) break;
        SAME(tieback_resource_name(resource), tieback_resource_name(tieback_resources_at(page, count)));
        tieback_resource_free(resource);
        count++;
    }
    CHECK(count == on_a_page && count > 7);
    tieback_resource_iter_free(iter);
    tieback_resources_free(page);
    FAILS(tieback_resource_iter_new(service, scope, "v9", 0, NULL, &iter, &error), TIEBACK_INVALID_ARGUMENT, "v9");
    CHECK(iter == NULL);
}

/* A hook, its triggers and its events, all from JSON. */
static tieback_hook *manage_with_json(const tieback_engine *engine, const tieback_service *service,
                                      const tieback_scope *scope, const char *url) {
    tieback_hook *hook = create_hook(service, scope, "reading", url), *changed = NULL;
    tieback_hooks *hooks = NULL;
    tieback_triggers *triggers = NULL;
    tieback_bulk *bulk = NULL;
    tieback_published *published = NULL;
    const char *id = tieback_hook_id(hook);

    OK(tieback_hook_update_from_json(service, scope, id,
                                     "{\"payload_version\": \"v3.0\", \"destination_headers\": {\"X-A\": \"b\"}}",
                                     &changed, &error));
    SAME(tieback_hook_payload_version(changed), "v3.0");
    SAME(tieback_hook_namespace(changed), "reading");
    SAME(tieback_hook_header_name(changed, 0), "X-A");
    tieback_hook_free(changed);
    OK(tieback_hook_update_from_json(service, scope, id, "{\"destination_headers\": {}}", &changed, &error));
    CHECK(tieback_hook_header_count(changed) == 0);
    tieback_hook_free(changed);
    FAILS(tieback_hook_update_from_json(service, scope, id, "{\"statos\": 1}", &changed, &error),
          TIEBACK_INVALID_ARGUMENT, "`statos`");
    CHECK(changed == NULL);
    OK(tieback_hook_list(service, scope, NULL, &hooks, &error));
    HAS(tieback_hooks_to_json(hooks), "{\"items\":[{\"id\":");
    HAS(tieback_hooks_to_json(hooks), "\"namespace\":\"reading\"");
    CHECK(strstr(tieback_hooks_to_json(hooks), "\"next\"") == NULL);
    tieback_hooks_free(hooks);

    OK(tieback_trigger_create_many_from_json(
        service, scope, id,
        "[{\"resource_name\": \"Company Users\", \"event_type\": \"update\"}, {\"resource_nam\": \"RFIs\"},"
        " {\"resource_name\": \"Departments\", \"event_type\": \"create\"}]",
        &bulk, &error));
    CHECK(tieback_bulk_len(bulk) == 3);
    SAME(tieback_trigger_resource_name(tieback_bulk_trigger(bulk, 0)), "Company Users");
    CHECK(tieback_bulk_status(bulk, 1) == TIEBACK_INVALID_ARGUMENT);
    SAME(tieback_trigger_event_type(tieback_bulk_trigger(bulk, 2)), "create");
    HAS(tieback_bulk_to_json(bulk), "[{\"trigger\":{\"id\":");
    HAS(tieback_bulk_to_json(bulk), "{\"error\":{\"kind\":\"invalid_argument\"");
    tieback_bulk_free(bulk);
    FAILS(tieback_trigger_create_many_from_json(service, scope, id, "{}", &bulk, &error), TIEBACK_INVALID_ARGUMENT,
          "a list");
    CHECK(bulk == NULL);
    OK(tieback_trigger_list(service, scope, id, 1, NULL, &triggers, &error));
    HAS(tieback_triggers_to_json(triggers), "\"resource_name\":\"Company Users\"");
    HAS(tieback_triggers_to_json(triggers), "\"next\":\"");
    tieback_triggers_free(triggers);

    OK(tieback_publish_many_from_json(engine,
                                      "[{\"company_id\": 5358233, \"resource_name\": \"Company Users\","
                                      " \"resource_id\": 1, \"event_type\": \"update\"}, {\"company\": 1}]",
                                      &bulk, &error));
    CHECK(tieback_bulk_len(bulk) == 2);
    CHECK(tieback_published_deliveries(tieback_bulk_published(bulk, 0)) == 1);
    CHECK(tieback_published_hook_count(tieback_bulk_published(bulk, 0)) == 1);
    SAME(tieback_published_hook_id(tieback_bulk_published(bulk, 0), 0), id);
    CHECK(tieback_published_hook_id(tieback_bulk_published(bulk, 0), 1) == NULL);
    CHECK(tieback_bulk_status(bulk, 1) == TIEBACK_INVALID_ARGUMENT);
    HAS(tieback_bulk_to_json(bulk), "[{\"published\":{\"id\":");
    tieback_bulk_free(bulk);
    FAILS(tieback_publish_many_from_json(engine, "1", &bulk, &error), TIEBACK_INVALID_ARGUMENT, "a list");
    OK(tieback_publish_from_json(engine,
                                 "{\"company_id\": 5358233, \"resource_name\": \"Projects\", \"resource_id\": 1,"
                                 " \"event_type\": \"update\"}",
                                 &published, &error));
    CHECK(tieback_published_hook_count(published) == 0 && tieback_published_hook_id(published, 0) == NULL);
    tieback_published_free(published);
    return hook;
}

static void read_attempts(const tieback_engine *engine, const tieback_service *service, const tieback_scope *scope,
                          const char *hook_id) {
    const tieback_attempt *refused, *taken;
    tieback_deliveries *deliveries = NULL;
    tieback_notices *notices = NULL;
    int64_t limit_ms = 0;

    OK(tieback_engine_attempt_limit_ms(engine, &limit_ms, &error));
    CHECK(limit_ms >= 10000);
    OK(tieback_engine_run_until_idle(engine, 60000, 1, NULL, &error));
    OK(tieback_engine_notices(engine, &notices, &error));
    HAS(tieback_notices_to_json(notices), "{\"items\":[{\"at\":");
    tieback_notices_free(notices);
    OK(tieback_delivery_list(service, scope, hook_id, NULL, &deliveries, &error));
    CHECK(tieback_deliveries_len(deliveries) == 1);
    HAS(tieback_deliveries_to_json(deliveries), "\"attempts\":[{\"started_at\":");
    refused = tieback_delivery_attempt(tieback_deliveries_at(deliveries, 0), 0);
    taken = tieback_delivery_attempt(tieback_deliveries_at(deliveries, 0), 1);
    SAME(tieback_attempt_reason(refused), "503");
    CHECK(tieback_attempt_retry_after_ms(refused) == 1000);
    HAS(tieback_attempt_to_json(refused), "\"response_status\":503");
    SAME(tieback_attempt_reason(taken), "204");
    CHECK(tieback_attempt_retry_after_ms(taken) == -1);
    tieback_deliveries_free(deliveries);
}

int main(int argc, char **argv) {
    tieback_scope scope = tieback_scope_company(COMPANY);
    tieback_engine *engine;
    tieback_service *service = NULL;
    tieback_hook *hook;

    CHECK(argc == 3);
    read_payloads();
    read_the_library();
    read_moments();
    engine = open_engine(argv[1]);
    OK(tieback_engine_service(engine, &service, &error));
    walk_resources(service, &scope);
    hook = manage_with_json(engine, service, &scope, argv[2]);
    read_attempts(engine, service, &scope, tieback_hook_id(hook));
    tieback_hook_free(hook);
    tieback_service_free(service);
    tieback_engine_close(engine);
    return 0;
}
