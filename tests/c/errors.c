/* Bad input: each is a clear error of the right kind, and changes nothing. */
#include "check.h"

#define COMPANY 5358233

static tieback_engine *engine;
static tieback_service *service;
static tieback_scope company;
static tieback_error *error;

static size_t hooks_there(void) {
    tieback_hooks *hooks = NULL;
    size_t count;
    OK(tieback_hook_list(service, &company, NULL, &hooks, &error));
    count = tieback_hooks_len(hooks);
    tieback_hooks_free(hooks);
    return count;
}

/* Each call of a kind that needs a handle. */
static void check_handles(const tieback_engine *bad_engine, const tieback_service *bad_service, tieback_status status) {
    tieback_service *made = (tieback_service *)&company;
    tieback_hook *hook = (tieback_hook *)&company;
    FAILS(tieback_engine_service(bad_engine, &made, &error), status, "handle");
    CHECK(made == NULL);
    FAILS(tieback_engine_start(bad_engine, &error), status, "handle");
    FAILS(tieback_engine_run_until_idle(bad_engine, 0, 0, NULL, &error), status, "handle");
    FAILS(tieback_hook_show(bad_service, &company, "1", &hook, &error), status, "handle");
    CHECK(hook == NULL);
    FAILS(tieback_hook_delete(bad_service, &company, "1", &error), status, "handle");
}

static void bad_handles(const char *path) {
    tieback_engine *freed_engine = open_engine(path);
    tieback_service *freed_service = NULL;
    tieback_hook_iter *iter = NULL;
    tieback_hook *hook = NULL;
    int on_the_stack = 0;

    check_handles(NULL, NULL, TIEBACK_INVALID_ARGUMENT);
    check_handles((tieback_engine *)&on_the_stack, (tieback_service *)&on_the_stack, TIEBACK_INVALID_ARGUMENT);
    check_handles((tieback_engine *)service, (tieback_service *)engine, TIEBACK_INVALID_ARGUMENT);
    check_handles((tieback_engine *)(size_t)-1, (tieback_service *)(size_t)-1, TIEBACK_INVALID_ARGUMENT);
    /* Ending what is none, or another kind, ends nothing. */
    tieback_engine_close((tieback_engine *)service);
    tieback_service_free((tieback_service *)engine);
    tieback_engine_close((tieback_engine *)&on_the_stack);
    CHECK(hooks_there() == 0);

    OK(tieback_engine_service(freed_engine, &freed_service, &error));
    OK(tieback_hook_iter_new(freed_service, &company, NULL, &iter, &error));
    tieback_service_free(freed_service);
    FAILS(tieback_hook_iter_next(iter, &hook, &error), TIEBACK_CLOSED, "handle");
    tieback_hook_iter_free(iter);
    tieback_engine_close(freed_engine);
    check_handles(freed_engine, freed_service, TIEBACK_CLOSED);
    tieback_engine_close(freed_engine);
    tieback_service_free(freed_service);

    /* A service does not outlive its engine. */
    freed_engine = open_engine(path);
    OK(tieback_engine_service(freed_engine, &freed_service, &error));
    tieback_engine_close(freed_engine);
    FAILS(tieback_hook_show(freed_service, &company, "1", &hook, &error), TIEBACK_CLOSED, "closed");
    tieback_service_free(freed_service);
}

static void bad_scopes(void) {
    tieback_scope scope = TIEBACK_SCOPE_INIT;
    tieback_hooks *hooks = NULL;
    FAILS(tieback_hook_list(service, NULL, NULL, &hooks, &error), TIEBACK_INVALID_ARGUMENT, "scope is NULL");
    FAILS(tieback_hook_list(service, &scope, NULL, &hooks, &error), TIEBACK_INVALID_ARGUMENT, "scope is missing");
    scope.company_id = COMPANY;
    scope.project_id = 9;
    FAILS(tieback_hook_list(service, &scope, NULL, &hooks, &error), TIEBACK_INVALID_ARGUMENT, "both");
    scope.level = TIEBACK_LEVEL_COMPANY;
    FAILS(tieback_hook_list(service, &scope, NULL, &hooks, &error), TIEBACK_INVALID_ARGUMENT, "project_id 9");
    scope.level = TIEBACK_LEVEL_PROJECT;
    OK(tieback_hook_list(service, &scope, NULL, &hooks, &error));
    tieback_hooks_free(hooks);
    scope.level = 3;
    FAILS(tieback_hook_list(service, &scope, NULL, &hooks, &error), TIEBACK_INVALID_ARGUMENT, "level 3");
    scope = tieback_scope_company(-5);
    FAILS(tieback_hook_list(service, &scope, NULL, &hooks, &error), TIEBACK_INVALID_ARGUMENT, "company_id -5");
    scope = tieback_scope_project(-6, COMPANY);
    FAILS(tieback_hook_list(service, &scope, NULL, &hooks, &error), TIEBACK_INVALID_ARGUMENT, "project_id -6");
    scope = tieback_scope_project(0, COMPANY);
    FAILS(tieback_hook_list(service, &scope, NULL, &hooks, &error), TIEBACK_INVALID_ARGUMENT, "project_id 0");
    tieback_scope_init(&scope, sizeof scope);
    scope.project_id = 9;
    OK(tieback_hook_list(service, &scope, NULL, &hooks, &error));
    tieback_hooks_free(hooks);
}

static void bad_sizes(const char *path) {
    struct {
        tieback_engine_options known;
        int64_t beyond;
    } newer;
    tieback_engine *opened = NULL;
    tieback_scope scope = company;
    tieback_hooks *hooks = NULL;

    memset(&newer, 0, sizeof newer);
    newer.known.path = path;
    FAILS(tieback_engine_open(NULL, &opened, &error), TIEBACK_INVALID_ARGUMENT, "NULL");
    FAILS(tieback_engine_open(&newer.known, &opened, &error), TIEBACK_INVALID_ARGUMENT, "TIEBACK_ENGINE_OPTIONS_INIT");
    newer.known.struct_size = sizeof newer.known - 1;
    FAILS(tieback_engine_open(&newer.known, &opened, &error), TIEBACK_INVALID_ARGUMENT, "struct_size");
    newer.known.struct_size = sizeof newer;
    newer.beyond = 1;
    FAILS(tieback_engine_open(&newer.known, &opened, &error), TIEBACK_INVALID_ARGUMENT, "does not have");
    newer.beyond = 0;
    OK(tieback_engine_open(&newer.known, &opened, &error));
    tieback_engine_close(opened);
    scope.struct_size = 7;
    FAILS(tieback_hook_list(service, &scope, NULL, &hooks, &error), TIEBACK_INVALID_ARGUMENT, "TIEBACK_SCOPE_INIT");
}

static void bad_engine_options(const char *path) {
    tieback_engine_options options;
    tieback_engine *opened = NULL;
#define REFUSED(field, value, word)                                                              \
    do {                                                                                         \
        tieback_engine_options_init(&options, sizeof options);                                   \
        options.path = path;                                                                     \
        options.field = value;                                                                   \
        FAILS(tieback_engine_open(&options, &opened, &error), TIEBACK_INVALID_ARGUMENT, word);   \
    } while (0)
    REFUSED(path, NULL, "path is NULL");
    REFUSED(path, "\xc3(", "path is not UTF-8");
    REFUSED(danger_allow_http, 2, "danger_allow_http is 2");
    REFUSED(connect_timeout_ms, -1, "connect_timeout_ms -1");
    REFUSED(backoff_min_ms, 2000000000, "backoff_min");
    REFUSED(give_up_after_ms, -1, "give_up_after_ms -1");
    REFUSED(max_attempts, -1, "max_attempts -1");
    REFUSED(max_in_flight, 257, "max_in_flight 257");
    REFUSED(jitter_percent, 101, "jitter");
    REFUSED(honor_retry_after, -1, "honor_retry_after");
    REFUSED(max_queued_per_hook, -1, "max_queued_per_hook -1");
    REFUSED(max_queued, -1, "max_queued -1");
    REFUSED(max_attempts_in_flight, -1, "max_attempts_in_flight -1");
    REFUSED(max_attempts_in_flight, 65536, "max_attempts_in_flight 65536");
    REFUSED(max_idle_connections, -1, "max_idle_connections -1");
    REFUSED(max_idle_connections, 65536, "max_idle_connections 65536");
    REFUSED(retention_ms, -1, "retention_ms -1");
    REFUSED(catalogue_csv, "no,table", "");
    REFUSED(allow_networks, "10.20.0.0/16, inside", "`inside`");
    REFUSED(extra_ca_pem, "sesame", "holds no certificate");
    REFUSED(extra_ca_file, "no/such/ca.pem", "`no/such/ca.pem` cannot be read");
    REFUSED(client_certificate_pem, "sesame", "needs client_key_pem");
    REFUSED(client_key_pem, "sesame", "needs client_certificate_pem");
    REFUSED(proxy_url, "http://user:sesame@127.0.0.1:3128", "danger_proxy_resolves");
    REFUSED(no_proxy, "intranet", "without a proxy");
    REFUSED(proxy_from_environment, 1, "danger_proxy_resolves");
    REFUSED(danger_proxy_resolves, 2, "danger_proxy_resolves is 2");
    REFUSED(catalogue_accept_any, 5, "catalogue_accept_any is 5");
#undef REFUSED
    options.catalogue_csv = "level,resource_name,create,update,delete,deprecated_events,note\n";
    options.catalogue_accept_any = 1;
    FAILS(tieback_engine_open(&options, &opened, &error), TIEBACK_INVALID_ARGUMENT, "one of them");
    FAILS(tieback_engine_open_from_json("{", &opened, &error), TIEBACK_INVALID_ARGUMENT, "JSON");
    FAILS(tieback_engine_open_from_json("{}", &opened, &error), TIEBACK_INVALID_ARGUMENT, "`path` is missing");
    FAILS(tieback_engine_open_from_json("{\"path\": \"x\", \"pth\": 1}", &opened, &error), TIEBACK_INVALID_ARGUMENT,
          "`pth` is unknown");
    FAILS(tieback_engine_open_from_json("{\"path\": \"x\", \"retention_ms\": 0}", &opened, &error),
          TIEBACK_INVALID_ARGUMENT, "retention 0");
    CHECK(opened == NULL);
}

static void bad_hooks(void) {
    static const char *const no_names[] = {NULL}, *const no_values[] = {NULL};
    static const char *const names[] = {"Content-Length"}, *const values[] = {"12\r\nX-More: 1"};
    tieback_hook_options options;
    tieback_hook_change change = TIEBACK_HOOK_CHANGE_INIT;
    tieback_hook_query query = TIEBACK_HOOK_QUERY_INIT;
    tieback_hooks *hooks = NULL;
    tieback_hook *hook = NULL, *same = NULL;
#define REFUSED(field, value, word)                                                                       \
    do {                                                                                                  \
        tieback_hook_options_init(&options, sizeof options);                                              \
        options.namespace_ = "acme";                                                                      \
        options.payload_version = "v2.0";                                                                 \
        options.destination_url = "http://127.0.0.1:9/";                                                  \
        options.field = value;                                                                            \
        FAILS(tieback_hook_create(service, &company, &options, &hook, &error), TIEBACK_INVALID_ARGUMENT, word); \
        CHECK(hook == NULL);                                                                              \
    } while (0)
    REFUSED(namespace_, NULL, "namespace_ is NULL");
    REFUSED(namespace_, "", "namespace");
    REFUSED(namespace_, "Acme", "`A`");
    REFUSED(namespace_, "a\xff", "not UTF-8 (byte 1)");
    REFUSED(payload_version, "v9", "v9");
    REFUSED(destination_url, NULL, "destination_url is NULL");
    REFUSED(destination_url, "not a url", "does not parse");
    REFUSED(destination_url, "ftp://example.com/", "ftp");
    REFUSED(destination_url, "https://ann:secret@example.com/", "credentials");
    REFUSED(header_count, 1, "header_names is NULL");
    REFUSED(header_count, (size_t)-1, "header_names is NULL");
    REFUSED(struct_size, 0, "TIEBACK_HOOK_OPTIONS_INIT");
#undef REFUSED
    tieback_hook_options_init(&options, sizeof options);
    options.namespace_ = "acme";
    options.payload_version = "v2.0";
    options.destination_url = "http://127.0.0.1:9/";
    options.header_count = 1;
    options.header_names = no_names;
    options.header_values = no_values;
    FAILS(tieback_hook_create(service, &company, &options, &hook, &error), TIEBACK_INVALID_ARGUMENT, "name is NULL");
    options.header_names = names;
    options.header_values = values;
    FAILS(tieback_hook_create(service, &company, &options, &hook, &error), TIEBACK_INVALID_ARGUMENT, "Content-Length");
    options.header_count = (size_t)-1;
    FAILS(tieback_hook_create(service, &company, &options, &hook, &error), TIEBACK_INVALID_ARGUMENT, "too long");
    options.header_count = 0;
    /* Without a place for the result there is no call. */
    FAILS(tieback_hook_create(service, &company, &options, NULL, &error), TIEBACK_INVALID_ARGUMENT, "result is NULL");
    CHECK(hooks_there() == 0);

    OK(tieback_hook_create(service, &company, &options, &hook, &error));
    FAILS(tieback_hook_create(service, &company, &options, &same, &error), TIEBACK_CONFLICT, "acme");
    CHECK(tieback_hook_create(service, &company, &options, &same, NULL) == TIEBACK_CONFLICT);

    change.header_names = names;
    change.header_values = no_values;
    change.header_count = 1;
    FAILS(tieback_hook_update(service, &company, tieback_hook_id(hook), &change, &same, &error),
          TIEBACK_INVALID_ARGUMENT, "value is NULL");
    tieback_hook_change_init(&change, sizeof change);
    change.status = 3;
    FAILS(tieback_hook_update(service, &company, tieback_hook_id(hook), &change, &same, &error),
          TIEBACK_INVALID_ARGUMENT, "status 3");
    FAILS(tieback_hook_update(service, &company, "404404", NULL, &same, &error), TIEBACK_INVALID_ARGUMENT, "NULL");
    FAILS(tieback_hook_show(service, &company, "404404", &same, &error), TIEBACK_NOT_FOUND, "404404");
    FAILS(tieback_hook_show(service, &company, "", &same, &error), TIEBACK_INVALID_ARGUMENT, "hook_id");
    FAILS(tieback_hook_show(service, &company, "-1", &same, &error), TIEBACK_INVALID_ARGUMENT, "-1");
    FAILS(tieback_hook_show(service, &company, "9223372036854775808", &same, &error), TIEBACK_INVALID_ARGUMENT,
          "2^63-1");
    query.limit = -1;
    FAILS(tieback_hook_list(service, &company, &query, &hooks, &error), TIEBACK_INVALID_ARGUMENT, "limit -1");
    tieback_hook_free(hook);
}

static void bad_triggers(void) {
    static const char *names[501], *events[501];
    tieback_hook *hook = create_hook(service, &company, "triggers", "http://127.0.0.1:9/");
    const char *hook_id = tieback_hook_id(hook);
    tieback_trigger *trigger = NULL;
    tieback_triggers *triggers = NULL;
    tieback_bulk *bulk = NULL;
    int i;

    FAILS(tieback_trigger_create(service, &company, hook_id, "Compny Users", "create", &trigger, &error),
          TIEBACK_INVALID_ARGUMENT, "did you mean `Company Users`");
    FAILS(tieback_trigger_create(service, &company, hook_id, "RFIs", "create", &trigger, &error),
          TIEBACK_INVALID_ARGUMENT, "project-level");
    FAILS(tieback_trigger_create(service, &company, hook_id, "Company Users", "explode", &trigger, &error),
          TIEBACK_INVALID_ARGUMENT, "create, update");
    FAILS(tieback_trigger_create(service, &company, hook_id, "Company Users", NULL, &trigger, &error),
          TIEBACK_INVALID_ARGUMENT, "event_type is NULL");
    /* A wrong item among them does not make 501 to 500. */
    for (i = 0; i < 501; i++) {
        names[i] = i == 7 ? NULL : "Company Users";
        events[i] = "create";
    }
    FAILS(tieback_trigger_create_many(service, &company, hook_id, names, events, 501, &bulk, &error),
          TIEBACK_INVALID_ARGUMENT, "at most 500");
    FAILS(tieback_trigger_delete_many(service, &company, hook_id, names, 501, &bulk, &error),
          TIEBACK_INVALID_ARGUMENT, "at most 500");
    FAILS(tieback_trigger_create_many(service, &company, "404404", names, events, 1, &bulk, &error),
          TIEBACK_NOT_FOUND, "404404");
    OK(tieback_trigger_create_many(service, &company, hook_id, NULL, NULL, 0, &bulk, &error));
    CHECK(tieback_bulk_len(bulk) == 0);
    tieback_bulk_free(bulk);
    OK(tieback_trigger_list(service, &company, hook_id, 0, NULL, &triggers, &error));
    CHECK(tieback_triggers_len(triggers) == 0);
    tieback_triggers_free(triggers);
    tieback_hook_free(hook);
}

static void bad_events(void) {
    tieback_event_options event;
    tieback_published *published = NULL;
    tieback_bulk *bulk = NULL;
    static const tieback_event_options *events[1001];
    char *large = (char *)malloc(300000);
#define REFUSED(field, value, word)                                                                    \
    do {                                                                                               \
        tieback_event_options_init(&event, sizeof event);                                              \
        event.company_id = COMPANY;                                                                    \
        event.resource_name = "Company Users";                                                         \
        event.resource_id = "42";                                                                      \
        event.event_type = "update";                                                                   \
        event.field = value;                                                                           \
        FAILS(tieback_publish(engine, &event, &published, &error), TIEBACK_INVALID_ARGUMENT, word);    \
        CHECK(published == NULL);                                                                      \
    } while (0)
    CHECK(large != NULL);
    memset(large, 'x', 299999);
    large[0] = large[299998] = '"';
    large[299999] = '\0';
    REFUSED(company_id, 0, "company_id");
    REFUSED(company_id, -3, "-3");
    REFUSED(project_id, -4, "-4");
    REFUSED(user_id, -5, "-5");
    REFUSED(source_user_id, INT64_MIN, "source_user_id");
    REFUSED(project_id, 9, "company-level");
    REFUSED(resource_name, "Compny Users", "did you mean `Company Users`");
    REFUSED(resource_name, "\xff\xff", "not UTF-8");
    REFUSED(resource_id, "9223372036854775808", "2^63-1");
    REFUSED(resource_id, "0", "resource_id");
    REFUSED(event_type, "UPDATE", "capitals");
    REFUSED(id, "a-word", "a-word");
    REFUSED(ulid, "not a ulid", "ulid");
    REFUSED(timestamp, "yesterday", "timestamp `yesterday`");
    REFUSED(timestamp, "-000001-01-01T00:00:00Z", "year 1");
    REFUSED(related_count, 1, "related_ids is NULL");
    REFUSED(data_json, "{", "data_json: the input is not JSON");
    REFUSED(data_json, large, "262144");
    REFUSED(struct_size, 8, "TIEBACK_EVENT_OPTIONS_INIT");
#undef REFUSED
    free(large);
    FAILS(tieback_publish_many(engine, events, 1001, &bulk, &error), TIEBACK_INVALID_ARGUMENT, "at most 1000");
    FAILS(tieback_publish_from_json(engine, "{\"company_id\": 1, \"colour\": 2}", &published, &error),
          TIEBACK_INVALID_ARGUMENT, "");

    /* The same ulid twice is one event, with other content a conflict. */
    tieback_event_options_init(&event, sizeof event);
    event.company_id = COMPANY;
    event.resource_name = "Company Users";
    event.resource_id = "42";
    event.event_type = "update";
    event.ulid = "01JMYXMZRBVKK0PC6XS8SA4QRE";
    OK(tieback_publish(engine, &event, &published, &error));
    tieback_published_free(published);
    event.resource_id = "43";
    FAILS(tieback_publish(engine, &event, &published, &error), TIEBACK_CONFLICT, "01JMYXMZRBVKK0PC6XS8SA4QRE");
}

static void bad_operating(void) {
    tieback_idle_report *report = NULL;
    tieback_deliveries *deliveries = NULL;
    tieback_delivery_query query = TIEBACK_DELIVERY_QUERY_INIT;
    char *id = (char *)engine;
    FAILS(tieback_engine_run_until_idle(engine, -1, 0, &report, &error), TIEBACK_INVALID_ARGUMENT, "timeout_ms -1");
    FAILS(tieback_engine_run_until_idle(engine, 1, 2, &report, &error), TIEBACK_INVALID_ARGUMENT, "wait_paused is 2");
    FAILS(tieback_engine_pump(engine, INT64_MIN, &report, &error), TIEBACK_INVALID_ARGUMENT, "budget_ms");
    FAILS(tieback_engine_stop(engine, -1, &error), TIEBACK_INVALID_ARGUMENT, "grace_ms -1");
    OK(tieback_engine_run_until_idle(engine, INT64_MAX, 0, NULL, &error));
    FAILS(tieback_engine_redeliver(engine, &company, "404404", "1", &id, &error), TIEBACK_NOT_FOUND, "404404");
    CHECK(id == NULL);
    FAILS(tieback_engine_skip(engine, &company, "1", "404404", &error), TIEBACK_NOT_FOUND, "404404");
    FAILS(tieback_engine_pause(engine, &company, "404404", &error), TIEBACK_NOT_FOUND, "404404");
    FAILS(tieback_engine_send_test(engine, &company, "a b", NULL, &error), TIEBACK_INVALID_ARGUMENT, "NULL");
    query.status = "lost";
    FAILS(tieback_delivery_list(service, &company, "1", &query, &deliveries, &error), TIEBACK_INVALID_ARGUMENT, "lost");
    query.status = NULL;
    query.start = "soon";
    FAILS(tieback_delivery_list(service, &company, "1", &query, &deliveries, &error), TIEBACK_INVALID_ARGUMENT,
          "start `soon`");
    query.start = NULL;
    query.end = "2025-02-30";
    FAILS(tieback_delivery_list(service, &company, "1", &query, &deliveries, &error), TIEBACK_INVALID_ARGUMENT,
          "end `2025-02-30`");
}

/* Each wrong item is that item's answer, which says the operation; the right ones are done. */
static void bad_items(void) {
    static const char *const names[] = {"Company Users", "", NULL, "\xff", "Company Users"};
    static const char *const words[] = {"create", "create", "create", "create", "CREATE"};
    static const char *const ids[] = {"-1", "9223372036854775808", "", NULL, "word", "404404"};
    tieback_hook *hook = create_hook(service, &company, "items", "http://127.0.0.1:9/");
    tieback_bulk *bulk = NULL;
    size_t i;
    OK(tieback_trigger_create_many(service, &company, tieback_hook_id(hook), names, words, 5, &bulk, &error));
    CHECK(tieback_bulk_status(bulk, 0) == TIEBACK_OK);
    for (i = 1; i < 4; i++) {
        CHECK(tieback_bulk_status(bulk, i) == TIEBACK_INVALID_ARGUMENT);
        SAME(tieback_error_operation(tieback_bulk_error(bulk, i)), "trigger_create_many");
    }
    CHECK(tieback_bulk_status(bulk, 4) == TIEBACK_CONFLICT);
    SAME(tieback_error_operation(tieback_bulk_error(bulk, 4)), "trigger_create_many");
    tieback_bulk_free(bulk);
    OK(tieback_trigger_delete_many(service, &company, tieback_hook_id(hook), ids, 6, &bulk, &error));
    for (i = 0; i < 6; i++) {
        CHECK(tieback_bulk_status(bulk, i) == (i < 4 ? TIEBACK_INVALID_ARGUMENT : TIEBACK_NOT_FOUND));
        SAME(tieback_error_operation(tieback_bulk_error(bulk, i)), "trigger_delete_many");
    }
    tieback_bulk_free(bulk);
    tieback_hook_free(hook);
}

/* Writes bytes into a file; without any, cuts it short there. */
static void spoil(const char *path, long at, const char *bytes, size_t count) {
    char kept[4096];
    FILE *file = fopen(path, count > 0 ? "r+b" : "rb");
    CHECK(file != NULL);
    if (count > 0) {
        CHECK(fseek(file, at, SEEK_SET) == 0 && fwrite(bytes, 1, count, file) == count);
    } else {
        CHECK(at <= (long)sizeof kept && fread(kept, 1, (size_t)at, file) == (size_t)at);
        CHECK(fclose(file) == 0);
        file = fopen(path, "wb");
        CHECK(file != NULL && fwrite(kept, 1, (size_t)at, file) == (size_t)at);
    }
    CHECK(fclose(file) == 0);
}

/* Files that are no store: the error names the file and the reason. */
static void bad_stores(const char *path) {
    static const char user_version[] = {0, 0, 0, 99};
    char name[1100];
    tieback_engine_options options = TIEBACK_ENGINE_OPTIONS_INIT;
    tieback_engine *opened = NULL;
#define REFUSED(status, word)                                                 \
    do {                                                                      \
        FAILS(tieback_engine_open(&options, &opened, &error), status, word);  \
        CHECK(opened == NULL);                                                \
    } while (0)
    /* One that is open already is none of them. */
    options.path = path;
    OK(tieback_engine_open(&options, &opened, &error));
    tieback_engine_close(opened);
    opened = NULL;
    options.path = name;
    CHECK(snprintf(name, sizeof name, "%s/below.db", path) < (int)sizeof name);
    REFUSED(TIEBACK_STORAGE, "below.db");
    CHECK(snprintf(name, sizeof name, "%s-newer", path) < (int)sizeof name);
    tieback_engine_close(open_engine(name));
    /* Where SQLite keeps a file's user_version, in which the schema is. */
    spoil(name, 60, user_version, sizeof user_version);
    REFUSED(TIEBACK_STORAGE, "schema 99");
    CHECK(snprintf(name, sizeof name, "%s-short", path) < (int)sizeof name);
    tieback_engine_close(open_engine(name));
    spoil(name, 4096, NULL, 0);
    REFUSED(TIEBACK_STORAGE, "cut short");
    spoil(name, 0, "no database is this", 19);
    REFUSED(TIEBACK_STORAGE, "not a database");
#undef REFUSED
}

/* What an error object tells beside its message. */
static void error_getters(void) {
    tieback_hook *hook = NULL;
    tieback_error *kept = NULL;
    CHECK(tieback_hook_show(service, &company, "404404", &hook, &kept) == TIEBACK_NOT_FOUND);
    CHECK(tieback_error_status(kept) == TIEBACK_NOT_FOUND);
    SAME(tieback_status_name(tieback_error_status(kept)), "not_found");
    SAME(tieback_error_operation(kept), "hook_show");
    CHECK(tieback_error_http_status(kept) == 0);
    CHECK(tieback_error_request_id(kept) == NULL);
    CHECK(tieback_error_retry(kept) == TIEBACK_RETRY_NEVER);
    CHECK(tieback_error_retry_after_ms(kept) == 0);
    HAS(tieback_error_to_json(kept), "\"kind\":\"not_found\"");
    tieback_error_free(kept);
    SAME(tieback_error_message(NULL), "");
    SAME(tieback_status_name(12345), "unknown");
}

int main(int argc, char **argv) {
    CHECK(argc == 3);
    company = tieback_scope_company(COMPANY);
    engine = open_engine(argv[1]);
    OK(tieback_engine_service(engine, &service, &error));

    {
        char path[1024];
        CHECK(snprintf(path, sizeof path, "%s-other", argv[1]) < (int)sizeof path);
        bad_handles(path);
        bad_sizes(path);
        bad_engine_options(path);
    }
    bad_scopes();
    bad_hooks();
    bad_triggers();
    bad_events();
    bad_operating();
    bad_items();
    bad_stores(argv[1]);
    error_getters();

    tieback_service_free(service);
    tieback_engine_close(engine);
    return 0;
}
