/* Hooks, triggers, events and deliveries on an embedded store, from C.
 *
 *     demo STORE ENDPOINT_URL EVENTS_JSONL
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tieback.h>

#define TOKEN "Bearer demo-endpoint-token"
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

typedef struct demo_hook {
    int64_t project_id; /* 0 for a hook of the company */
    int64_t company_id;
    const char *name;
    const char *payload_version;
    const char *path;
    size_t trigger_count;
    const char *resource_names[4];
    const char *event_types[4];
} demo_hook;

#define LINE_ITEMS "Direct Cost Line Items"
#define ORDER_ITEMS "Purchase Order Contract Line Items"

static const demo_hook HOOKS[] = {
    {2468013579, 1357908642, "demo-v2", "v2.0", "/v2", 4,
     {"RFIs", "RFIs", LINE_ITEMS, ORDER_ITEMS}, {"update", "delete", "update", "create"}},
    {2468013579, 1357908642, "demo-v3", "v3.0", "/v3", 4,
     {"RFIs", "RFIs", LINE_ITEMS, ORDER_ITEMS}, {"update", "delete", "update", "create"}},
    {6778, 8, "demo-v4", "v4.0", "/v4", 2, {LINE_ITEMS, LINE_ITEMS}, {"create", "update"}},
    {0, 1357908642, "demo-users", "v4.0", "/users", 2, {"Company Users", "Company Vendors"}, {"update", "create"}},
};

static void check(tieback_status status, tieback_error **error) {
    if (status != TIEBACK_OK) {
        fprintf(stderr, "%s: %s\n", tieback_status_name(status), tieback_error_message(*error));
        exit(1);
    }
}

static tieback_scope scope_of(const demo_hook *wanted) {
    return wanted->project_id != 0 ? tieback_scope_project(wanted->project_id, wanted->company_id)
                                   : tieback_scope_company(wanted->company_id);
}

/* Creates a hook with its triggers. */
static tieback_hook *create(const tieback_service *service, const demo_hook *wanted, const char *endpoint) {
    const char *header_names[] = {"Authorization"};
    const char *header_values[] = {TOKEN};
    tieback_hook_options options = TIEBACK_HOOK_OPTIONS_INIT;
    tieback_scope scope = scope_of(wanted);
    tieback_hook *hook;
    tieback_bulk *triggers;
    tieback_error *error;
    char url[256];

    snprintf(url, sizeof url, "%s%s", endpoint, wanted->path);
    options.namespace_ = wanted->name;
    options.payload_version = wanted->payload_version;
    options.destination_url = url;
    options.header_names = header_names;
    options.header_values = header_values;
    options.header_count = 1;
    check(tieback_hook_create(service, &scope, &options, &hook, &error), &error);
    check(tieback_trigger_create_many(service, &scope, tieback_hook_id(hook), wanted->resource_names,
                                      wanted->event_types, wanted->trigger_count, &triggers, &error),
          &error);
    printf("  %4s  %-10s  %-7s  %-6s  %-13s  %8d\n", tieback_hook_id(hook), tieback_hook_namespace(hook),
           tieback_hook_payload_version(hook), wanted->path, tieback_hook_header_value(hook, 0),
           (int)tieback_bulk_len(triggers));
    tieback_bulk_free(triggers);
    return hook;
}

/* Publishes one event a line. When a call has returned, its event is on disk. */
static void publish(const tieback_engine *engine, const char *path) {
    FILE *lines = fopen(path, "r");
    char line[4096];

    if (lines == NULL) {
        perror(path);
        exit(1);
    }
    while (fgets(line, sizeof line, lines) != NULL) {
        tieback_published *published;
        tieback_error *error;
        const char *why;

        check(tieback_publish_from_json(engine, line, &published, &error), &error);
        why = tieback_published_no_delivery(published);
        if (tieback_published_duplicate(published)) why = "published before";
        printf("  %-26s  %10d  %s\n", tieback_published_ulid(published),
               (int)tieback_published_deliveries(published), why != NULL ? why : "");
        tieback_published_free(published);
    }
    fclose(lines);
}

static void print_notices(const tieback_engine *engine) {
    tieback_notices *notices;
    tieback_error *error;

    check(tieback_engine_notices(engine, &notices, &error), &error);
    for (size_t i = 0; i < tieback_notices_len(notices); i++) {
        const tieback_notice *notice = tieback_notices_at(notices, i);
        const char *reason = tieback_notice_reason(notice);

        printf("  %4s  %-8s  %s\n", tieback_notice_hook_id(notice), tieback_notice_kind(notice),
               reason != NULL ? reason : "");
    }
    tieback_notices_free(notices);
}

static void print_deliveries(const tieback_service *service, const tieback_scope *scope, const char *hook_id) {
    tieback_deliveries *deliveries;
    tieback_error *error;

    check(tieback_delivery_list(service, scope, hook_id, NULL, &deliveries, &error), &error);
    for (size_t i = 0; i < tieback_deliveries_len(deliveries); i++) {
        const tieback_delivery *delivery = tieback_deliveries_at(deliveries, i);
        const tieback_event *event = tieback_delivery_event(delivery);

        printf("  %4s  %8s  %-9s  %-34s  %-6s ", hook_id, tieback_delivery_id(delivery),
               tieback_delivery_status(delivery), tieback_event_resource_name(event),
               tieback_event_type(event));
        for (size_t n = 0; n < tieback_delivery_attempt_count(delivery); n++) {
            const tieback_attempt *attempt = tieback_delivery_attempt(delivery, n);
            const char *failure = tieback_attempt_response_error(attempt);

            if (failure != NULL) printf(" %s", failure);
            else printf(" %d", (int)tieback_attempt_response_status(attempt));
        }
        printf("\n");
    }
    tieback_deliveries_free(deliveries);
}

int main(int argc, char **argv) {
    tieback_engine_options options = TIEBACK_ENGINE_OPTIONS_INIT;
    tieback_hook *hooks[COUNT(HOOKS)];
    tieback_engine *engine;
    tieback_service *service;
    tieback_idle_report *report;
    tieback_stats *stats;
    tieback_error *error;

    if (argc != 4) {
        fprintf(stderr, "usage: %s STORE ENDPOINT_URL EVENTS_JSONL\n", argv[0]);
        return 2;
    }
    options.path = argv[1];
    options.danger_allow_http = 1; /* the endpoint is on this machine */
    options.danger_allow_private_addresses = 1;
    check(tieback_engine_open(&options, &engine, &error), &error);
    check(tieback_engine_service(engine, &service, &error), &error);

    printf("hooks\n  %4s  %-10s  %-7s  %-6s  %-13s  %8s\n", "hook", "namespace", "payload", "path", "Authorization",
           "triggers");
    for (size_t i = 0; i < COUNT(HOOKS); i++) hooks[i] = create(service, &HOOKS[i], argv[2]);
    printf("events\n  %-26s  %10s\n", "ulid", "deliveries");
    publish(engine, argv[3]);

    check(tieback_engine_run_until_idle(engine, 60000, 1, &report, &error), &error);
    printf("delivered: %d attempts, idle: %s\n", (int)tieback_idle_report_attempts(report),
           tieback_idle_report_idle(report) ? "yes" : "no");
    printf("notices\n  %4s  %-8s  %s\n", "hook", "lane", "reason");
    print_notices(engine);
    printf("deliveries, newest first\n  %4s  %8s  %-9s  %-34s  %-6s  %s\n", "hook", "delivery", "status", "resource",
           "event", "answers");
    for (size_t i = 0; i < COUNT(HOOKS); i++) {
        tieback_scope scope = scope_of(&HOOKS[i]);

        print_deliveries(service, &scope, tieback_hook_id(hooks[i]));
        tieback_hook_free(hooks[i]);
    }
    check(tieback_engine_stats(engine, &stats, &error), &error);
    printf("still queued: %d\n", (int)tieback_stats_queued(stats));

    tieback_stats_free(stats);
    tieback_idle_report_free(report);
    tieback_service_free(service);
    tieback_engine_close(engine);
    return 0;
}
