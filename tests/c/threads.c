/* Eight threads share one engine and one service, while a ninth delivers; then the engine closes under them. */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>

#include "check.h"

#define THREADS 8
#define ROUNDS 8

static tieback_engine *engine;
static tieback_service *service;
static const char *url;

static void *use(void *which) {
    const int number = *(const int *)which;
    tieback_scope scope = tieback_scope_company(1000 + number);
    tieback_event_options event = TIEBACK_EVENT_OPTIONS_INIT;
    tieback_error *error = NULL;
    tieback_hook *hook = create_hook(service, &scope, "threads", url);
    tieback_trigger *trigger = NULL;
    tieback_stats *stats = NULL;
    int round;

    OK(tieback_trigger_create(service, &scope, tieback_hook_id(hook), "Company Users", "update", &trigger, &error));
    tieback_trigger_free(trigger);
    event.company_id = scope.company_id;
    event.resource_name = "Company Users";
    event.resource_id = "42";
    event.event_type = "update";
    for (round = 0; round < ROUNDS; round++) {
        tieback_published *published = NULL;
        tieback_hook *shown = NULL;
        OK(tieback_publish(engine, &event, &published, &error));
        CHECK(tieback_published_deliveries(published) == 1);
        tieback_published_free(published);
        OK(tieback_hook_show(service, &scope, tieback_hook_id(hook), &shown, &error));
        SAME(tieback_hook_id(shown), tieback_hook_id(hook));
        tieback_hook_free(shown);
        OK(tieback_engine_stats(engine, &stats, &error));
        tieback_stats_free(stats);
    }
    tieback_hook_free(hook);
    return NULL;
}

/* Calls until it is told that the engine is closed; any other answer is wrong. */
static void *use_until_closed(void *unused) {
    tieback_scope scope = tieback_scope_company(1);
    for (;;) {
        tieback_hooks *hooks = NULL;
        tieback_status status = tieback_hook_list(service, &scope, NULL, &hooks, NULL);
        CHECK((hooks != NULL) == (status == TIEBACK_OK));
        tieback_hooks_free(hooks);
        if (status != TIEBACK_OK) {
            CHECK(status == TIEBACK_CLOSED);
            return unused;
        }
    }
}

static void *wait_until_closed(void *unused) {
    tieback_status status = tieback_engine_run_until_idle(engine, 600000, 1, NULL, NULL);
    CHECK(status == TIEBACK_OK || status == TIEBACK_CLOSED);
    return unused;
}

int main(int argc, char **argv) {
    tieback_scope scope = tieback_scope_company(1000);
    pthread_t threads[THREADS];
    int numbers[THREADS];
    tieback_error *error = NULL;
    tieback_idle_report *report = NULL;
    tieback_stats *stats = NULL;
    tieback_hooks *hooks = NULL;
    int i;

    CHECK(argc == 3);
    url = argv[2];
    engine = open_engine(argv[1]);
    OK(tieback_engine_service(engine, &service, &error));
    OK(tieback_engine_start(engine, &error));
    for (i = 0; i < THREADS; i++) {
        numbers[i] = i;
        CHECK(pthread_create(&threads[i], NULL, use, &numbers[i]) == 0);
    }
    for (i = 0; i < THREADS; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
    }
    OK(tieback_engine_run_until_idle(engine, 60000, 1, &report, &error));
    CHECK(tieback_idle_report_idle(report) == 1);
    tieback_idle_report_free(report);
    OK(tieback_engine_stats(engine, &stats, &error));
    CHECK(tieback_stats_queued(stats) == 0);
    tieback_stats_free(stats);
    OK(tieback_hook_list(service, &scope, NULL, &hooks, &error));
    CHECK(tieback_hooks_len(hooks) == 1);

    for (i = 0; i < THREADS; i++) {
        void *(*body)(void *) = i % 2 == 0 ? use_until_closed : wait_until_closed;
        CHECK(pthread_create(&threads[i], NULL, body, NULL) == 0);
    }
    tieback_engine_close(engine);
    for (i = 0; i < THREADS; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
    }
    /* An object outlives its engine. */
    SAME(tieback_hook_namespace(tieback_hooks_at(hooks, 0)), "threads");
    tieback_hooks_free(hooks);
    tieback_service_free(service);
    return 0;
}
