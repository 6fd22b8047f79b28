/* Calls that are ended from another thread, and handles that carry a token. */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <time.h>

#include "check.h"

static tieback_cancel *token(void) {
    tieback_cancel *cancel = NULL;
    tieback_error *error = NULL;
    OK(tieback_cancel_new(&cancel, &error));
    CHECK(tieback_cancel_requested(cancel) == 0);
    return cancel;
}

static tieback_engine *carrying(const tieback_engine *engine, const tieback_cancel *cancel) {
    tieback_engine *carries = NULL;
    tieback_error *error = NULL;
    OK(tieback_engine_with_cancel(engine, cancel, &carries, &error));
    return carries;
}

/* Waits for a lane in back-off, which takes an hour, unless it is cancelled. */
static void *wait_for_the_lane(void *engine) {
    tieback_error *error = NULL;
    FAILS(tieback_engine_run_until_idle(engine, 3600000, 1, NULL, &error), TIEBACK_CANCELLED, "cancelled");
    return NULL;
}

static void run_is_ended(tieback_engine *engine, int is_started) {
    tieback_cancel *cancel = token();
    tieback_engine *carries = carrying(engine, cancel);
    tieback_idle_report *report = NULL;
    tieback_error *error = NULL;
    pthread_t waiting;
    struct timespec a_moment = {0, 20000000};

    CHECK(pthread_create(&waiting, NULL, wait_for_the_lane, carries) == 0);
    /* Whether it waits already or not yet: it ends either way. */
    if (is_started) {
        nanosleep(&a_moment, NULL);
    }
    OK(tieback_cancel_request(cancel, &error));
    CHECK(pthread_join(waiting, NULL) == 0);
    CHECK(tieback_cancel_requested(cancel) == 1);

    /* It stays requested; the other handle is not concerned. */
    FAILS(tieback_engine_run_until_idle(carries, 0, 0, NULL, &error), TIEBACK_CANCELLED, "new one");
    OK(tieback_engine_run_until_idle(engine, 0, 0, &report, &error));
    tieback_idle_report_free(report);
    tieback_engine_close(carries);
    FAILS(tieback_engine_start(carries, &error), TIEBACK_CLOSED, "closed");
    tieback_cancel_free(cancel);
}

/* With a token that is requested nothing is done. */
static void nothing_is_done_once_it_is_requested(tieback_engine *engine, const char *path) {
    tieback_scope scope = tieback_scope_company(1);
    tieback_event_options event = TIEBACK_EVENT_OPTIONS_INIT;
    tieback_cancel *cancel = token();
    tieback_engine *carries = carrying(engine, cancel);
    tieback_service *plain = NULL, *service = NULL, *derived = NULL, *other = NULL;
    tieback_cancel *unused = token();
    tieback_hooks *hooks = NULL;
    tieback_published *published = NULL;
    tieback_integrity_report *found = NULL;
    tieback_purged *purged = NULL;
    tieback_stats *before = NULL, *after = NULL;
    tieback_error *error = NULL;
    char backup[1000];

    sprintf(backup, "%s-backup", path);
    OK(tieback_engine_service(engine, &plain, &error));
    OK(tieback_engine_service(carries, &derived, &error));
    OK(tieback_service_with_cancel(plain, cancel, &service, &error));
    OK(tieback_service_with_cancel(derived, unused, &other, &error));
    OK(tieback_engine_stats(engine, &before, &error));
    OK(tieback_cancel_request(cancel, &error));
    /* The handle of the token may go; those that carry it keep it. */
    tieback_cancel_free(cancel);
    CHECK(tieback_cancel_requested(cancel) == 0);
    FAILS(tieback_cancel_request(cancel, &error), TIEBACK_CLOSED, "token");
    FAILS(tieback_engine_with_cancel(engine, cancel, &carries, &error), TIEBACK_CLOSED, "token");
    CHECK(carries == NULL);
    carries = carrying(engine, unused);
    OK(tieback_cancel_request(unused, &error));

    event.company_id = 1;
    event.resource_name = "Company Users";
    event.resource_id = "42";
    event.event_type = "update";
    FAILS(tieback_publish(carries, &event, &published, &error), TIEBACK_CANCELLED, NULL);
    FAILS(tieback_engine_pump(carries, 0, NULL, &error), TIEBACK_CANCELLED, NULL);
    FAILS(tieback_engine_backup(carries, backup, 0, &error), TIEBACK_CANCELLED, NULL);
    FAILS(tieback_engine_check_integrity(carries, 0, &found, &error), TIEBACK_CANCELLED, NULL);
    FAILS(tieback_engine_compact(carries, &error), TIEBACK_CANCELLED, NULL);
    FAILS(tieback_engine_purge(carries, &purged, &error), TIEBACK_CANCELLED, NULL);
    FAILS(tieback_hook_list(service, &scope, NULL, &hooks, &error), TIEBACK_CANCELLED, NULL);
    FAILS(tieback_hook_list(derived, &scope, NULL, &hooks, &error), TIEBACK_CANCELLED, NULL);
    FAILS(tieback_hook_list(other, &scope, NULL, &hooks, &error), TIEBACK_CANCELLED, NULL);
    CHECK(fopen(backup, "rb") == NULL);
    OK(tieback_hook_list(plain, &scope, NULL, &hooks, &error));
    tieback_hooks_free(hooks);
    OK(tieback_engine_stats(engine, &after, &error));
    CHECK(tieback_stats_queued(before) == tieback_stats_queued(after));

    tieback_stats_free(before);
    tieback_stats_free(after);
    tieback_service_free(plain);
    tieback_service_free(service);
    tieback_service_free(derived);
    tieback_service_free(other);
    tieback_engine_close(carries);
    tieback_cancel_free(unused);
}

static void handles_of_other_kinds_are_no_tokens(tieback_engine *engine) {
    tieback_cancel *cancel = token();
    tieback_engine *out = NULL;
    tieback_error *error = NULL;
    int on_the_stack = 0;

    FAILS(tieback_cancel_request((tieback_cancel *)engine, &error), TIEBACK_INVALID_ARGUMENT, "a cancel token");
    FAILS(tieback_cancel_request((tieback_cancel *)&on_the_stack, &error), TIEBACK_INVALID_ARGUMENT, "none");
    FAILS(tieback_engine_with_cancel((tieback_engine *)cancel, cancel, &out, &error), TIEBACK_INVALID_ARGUMENT,
          "a cancel token");
    /* To end it as something else ends nothing. */
    tieback_engine_close((tieback_engine *)cancel);
    tieback_service_free((tieback_service *)cancel);
    tieback_cancel_free((tieback_cancel *)engine);
    OK(tieback_cancel_request(cancel, &error));
    tieback_cancel_free(cancel);
    tieback_cancel_free(cancel);
}

int main(int argc, char **argv) {
    tieback_scope scope = tieback_scope_company(1);
    tieback_engine_options options = TIEBACK_ENGINE_OPTIONS_INIT;
    tieback_engine *engine = NULL, *carries;
    tieback_service *service = NULL;
    tieback_cancel *cancel;
    tieback_hook *hook;
    tieback_published *published = NULL;
    tieback_error *error = NULL;

    CHECK(argc == 3);
    options.path = argv[1];
    options.danger_allow_http = 1;
    options.danger_allow_private_addresses = 1;
    options.backoff_min_ms = 3600000;
    OK(tieback_engine_open(&options, &engine, &error));
    OK(tieback_engine_service(engine, &service, &error));
    hook = create_hook(service, &scope, "cancelled", "http://127.0.0.1:1/nobody");
    OK(tieback_engine_send_test(engine, &scope, tieback_hook_id(hook), &published, &error));
    OK(tieback_engine_run_until_idle(engine, 60000, 0, NULL, &error));

    run_is_ended(engine, 0);
    OK(tieback_engine_start(engine, &error));
    run_is_ended(engine, 1);
    nothing_is_done_once_it_is_requested(engine, argv[1]);
    handles_of_other_kinds_are_no_tokens(engine);

    /* A second handle does not keep the engine open. */
    cancel = token();
    carries = carrying(engine, cancel);
    tieback_engine_close(engine);
    FAILS(tieback_engine_start(carries, &error), TIEBACK_CLOSED, "closed");
    tieback_engine_close(carries);
    tieback_cancel_free(cancel);
    tieback_published_free(published);
    tieback_hook_free(hook);
    tieback_service_free(service);
    return 0;
}
