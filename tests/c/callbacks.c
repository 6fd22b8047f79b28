/* Functions of the host that the engine calls: notices and lines for a log, and what may be done inside of them. */
#include "check.h"

/* What the functions have seen. They are called by this thread alone: it delivers itself. */
typedef struct {
    tieback_engine *engine;
    int notices, lines, debug_lines, dropped;
    char kinds[200];
    char last_line[500];
} diary;

static void on_notice(void *user_data, const tieback_notice *notice) {
    diary *seen = user_data;
    tieback_stats *stats = NULL;
    tieback_error *error = NULL;

    seen->notices++;
    strcat(seen->kinds, tieback_notice_kind(notice));
    strcat(seen->kinds, " ");
    CHECK(tieback_notice_hook_id(notice) != NULL);
    HAS(tieback_notice_to_json(notice), "\"kind\"");
    /* The engine may be read here, but not be run. */
    OK(tieback_engine_stats(seen->engine, &stats, &error));
    tieback_stats_free(stats);
    FAILS(tieback_engine_start(seen->engine, &error), TIEBACK_CONFLICT, "inside");
    FAILS(tieback_engine_stop(seen->engine, 0, &error), TIEBACK_CONFLICT, "inside");
    FAILS(tieback_engine_pump(seen->engine, 10, NULL, &error), TIEBACK_CONFLICT, "inside");
    FAILS(tieback_engine_run_until_idle(seen->engine, 10, 1, NULL, &error), TIEBACK_CONFLICT, "inside");
}

static void on_log(void *user_data, const tieback_log_line *line) {
    diary *seen = user_data;
    seen->lines++;
    CHECK(tieback_log_line_level(line) >= TIEBACK_LOG_ERROR && tieback_log_line_level(line) <= TIEBACK_LOG_DEBUG);
    seen->debug_lines += tieback_log_line_level(line) == TIEBACK_LOG_DEBUG;
    CHECK(strlen(tieback_log_line_at(line)) == strlen("2025-02-06T23:34:12.246562Z"));
    HAS(tieback_log_line_to_json(line), tieback_log_line_hook_id(line) != NULL ? "\"hook_id\":\"1\"" : "\"level\"");
    strncpy(seen->last_line, tieback_log_line_message(line), sizeof seen->last_line - 1);
    CHECK(strstr(seen->last_line, "very-secret") == NULL);
}

static void dropped(void *user_data) {
    ((diary *)user_data)->dropped++;
}

static tieback_engine_options options_for(const char *path, diary *seen, int32_t level) {
    tieback_engine_options options = TIEBACK_ENGINE_OPTIONS_INIT;
    options.path = path;
    options.danger_allow_http = 1;
    options.danger_allow_private_addresses = 1;
    options.backoff_min_ms = 20;
    options.on_notice.call = on_notice;
    options.on_notice.user_data = seen;
    options.on_notice.drop = dropped;
    options.on_log.call = on_log;
    options.on_log.user_data = seen;
    options.on_log.drop = dropped;
    options.log_level = level;
    return options;
}

static void what_happens_is_told(const char *path, const char *url) {
    static const char *const names[] = {"Authorization"}, *const values[] = {"very-secret"};
    static diary seen;
    tieback_engine_options options = options_for(path, &seen, TIEBACK_LOG_DEBUG);
    tieback_scope scope = tieback_scope_company(1);
    tieback_event_options event = TIEBACK_EVENT_OPTIONS_INIT;
    tieback_hook_options hook_options = TIEBACK_HOOK_OPTIONS_INIT;
    tieback_service *service = NULL;
    tieback_hook *hook = NULL;
    tieback_trigger *trigger = NULL;
    tieback_published *published = NULL;
    tieback_notices *notices = NULL;
    tieback_error *error = NULL;

    OK(tieback_engine_open(&options, &seen.engine, &error));
    HAS(seen.last_line, path);
    OK(tieback_engine_service(seen.engine, &service, &error));
    hook_options.namespace_ = "callbacks";
    hook_options.payload_version = "v2.0";
    hook_options.destination_url = url;
    hook_options.header_names = names;
    hook_options.header_values = values;
    hook_options.header_count = 1;
    OK(tieback_hook_create(service, &scope, &hook_options, &hook, &error));
    HAS(seen.last_line, "callbacks");
    OK(tieback_trigger_create(service, &scope, tieback_hook_id(hook), "Company Users", "update", &trigger, &error));
    event.company_id = 1;
    event.resource_name = "Company Users";
    event.resource_id = "42";
    event.event_type = "update";
    OK(tieback_publish(seen.engine, &event, &published, &error));
    tieback_published_free(published);
    OK(tieback_engine_run_until_idle(seen.engine, 60000, 1, NULL, &error));

    /* The endpoint refuses once: the lane pauses and goes on. */
    SAME(seen.kinds, "paused resumed ");
    /* One published, two attempts. */
    CHECK(seen.debug_lines == 3);
    /* Who polls is told the same. */
    OK(tieback_engine_notices(seen.engine, &notices, &error));
    CHECK(tieback_notices_len(notices) == 2);
    tieback_notices_free(notices);

    CHECK(seen.dropped == 0);
    tieback_hook_free(hook);
    tieback_trigger_free(trigger);
    tieback_service_free(service);
    tieback_engine_close(seen.engine);
    CHECK(seen.dropped == 2);
}

static void levels_are_kept_to(const char *path) {
    static diary seen;
    tieback_engine_options options = options_for(path, &seen, 0);
    tieback_engine *engine = NULL;
    tieback_event_options event = TIEBACK_EVENT_OPTIONS_INIT;
    tieback_published *published = NULL;
    tieback_error *error = NULL;

    event.company_id = 1;
    event.resource_name = "Company Users";
    event.resource_id = "42";
    event.event_type = "update";
    OK(tieback_engine_open(&options, &engine, &error));
    CHECK(seen.lines == 1);
    OK(tieback_publish(engine, &event, &published, &error));
    tieback_published_free(published);
    CHECK(seen.lines == 1);
    tieback_engine_close(engine);
    CHECK(seen.lines == 2 && seen.debug_lines == 0);

    options.log_level = TIEBACK_LOG_ERROR;
    OK(tieback_engine_open(&options, &engine, &error));
    tieback_engine_close(engine);
    CHECK(seen.lines == 2);
}

static void options_that_are_refused_leave_user_data_alone(const char *path) {
    static diary seen;
    tieback_engine_options options = options_for("/nowhere/at/all.db", &seen, 0);
    tieback_engine *engine = NULL;
    tieback_error *error = NULL;

    FAILS(tieback_engine_open(&options, &engine, &error), TIEBACK_STORAGE, "/nowhere");
    options.path = path;
    options.log_level = 5;
    FAILS(tieback_engine_open(&options, &engine, &error), TIEBACK_INVALID_ARGUMENT, "log_level 5");
    options.log_level = -1;
    FAILS(tieback_engine_open(&options, &engine, &error), TIEBACK_INVALID_ARGUMENT, "log_level -1");
    options.log_level = 0;
    options.on_log.call = NULL;
    FAILS(tieback_engine_open(&options, &engine, &error), TIEBACK_INVALID_ARGUMENT, "on_log has no `call`");
    CHECK(seen.dropped == 0);
}

/* The engine is closed by its own notice, on its own thread. */
static void close_it(void *user_data, const tieback_notice *notice) {
    (void)notice;
    tieback_engine_close(*(tieback_engine **)user_data);
}

static void engine_may_be_closed_inside_of_a_callback(const char *path, const char *url) {
    static tieback_engine *engine;
    tieback_engine_options options = TIEBACK_ENGINE_OPTIONS_INIT;
    tieback_scope scope = tieback_scope_company(1);
    tieback_service *service = NULL;
    tieback_hook *hook;
    tieback_published *published = NULL;
    tieback_status status;
    tieback_error *error = NULL;

    options.path = path;
    options.danger_allow_http = 1;
    options.danger_allow_private_addresses = 1;
    options.connect_timeout_ms = 200;
    options.on_notice.call = close_it;
    options.on_notice.user_data = &engine;
    OK(tieback_engine_open(&options, &engine, &error));
    OK(tieback_engine_service(engine, &service, &error));
    hook = create_hook(service, &scope, "closing", url);
    OK(tieback_engine_start(engine, &error));
    OK(tieback_engine_send_test(engine, &scope, tieback_hook_id(hook), &published, &error));
    /* Nobody listens there: the lane pauses, and that is told. */
    status = tieback_engine_run_until_idle(engine, 60000, 1, NULL, &error);
    CHECK(status == TIEBACK_CLOSED);
    tieback_error_free(error);
    tieback_published_free(published);
    tieback_hook_free(hook);
    tieback_service_free(service);
}

int main(int argc, char **argv) {
    char path[1000];
    CHECK(argc == 3);
    what_happens_is_told(argv[1], argv[2]);
    sprintf(path, "%s-levels", argv[1]);
    levels_are_kept_to(path);
    options_that_are_refused_leave_user_data_alone(path);
    sprintf(path, "%s-closing", argv[1]);
    engine_may_be_closed_inside_of_a_callback(path, "http://127.0.0.1:1/nobody");
    return 0;
}
