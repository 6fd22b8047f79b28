/* A host without threads delivers in its own loop: cc poll_only.c -ltieback && ./a.out hooks.db URL
 *
 * Each turn of the loop does some of the host's own work and then lends the engine a few milliseconds. Nothing runs in
 * between: attempts in flight go on at the next tieback_engine_pump, so the loop has to come round every second. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <tieback.h>
#include <time.h>

#define ORDERS 5

static void check(tieback_status status, tieback_error **error) {
    if (status != TIEBACK_OK) {
        fprintf(stderr, "%s: %s\n", tieback_status_name(status), tieback_error_message(*error));
        exit(1);
    }
}

static void create_hook(const tieback_engine *engine, const tieback_scope *scope, const char *url) {
    tieback_hook_options options = TIEBACK_HOOK_OPTIONS_INIT;
    tieback_service *service = NULL;
    tieback_hook *hook = NULL;
    tieback_trigger *trigger = NULL;
    tieback_error *error = NULL;
    tieback_status status;
    check(tieback_engine_service(engine, &service, &error), &error);
    options.namespace_ = "acme-orders";
    options.payload_version = "v2.0";
    options.destination_url = url;
    check(tieback_hook_create(service, scope, &options, &hook, &error), &error);
    status = tieback_trigger_create(service, scope, tieback_hook_id(hook), "Company Users", "update", &trigger,
                                    &error);
    check(status, &error);
    tieback_trigger_free(trigger);
    tieback_hook_free(hook);
    tieback_service_free(service);
}

/* The host's own work: posts an order, and publishes that it did. */
static void post_order(const tieback_engine *engine, const tieback_scope *scope, int number) {
    tieback_event_options event = TIEBACK_EVENT_OPTIONS_INIT;
    tieback_published *published = NULL;
    tieback_error *error = NULL;
    char resource_id[16];
    sprintf(resource_id, "%d", number);
    event.company_id = scope->company_id;
    event.resource_name = "Company Users";
    event.resource_id = resource_id;
    event.event_type = "update";
    check(tieback_publish(engine, &event, &published, &error), &error);
    tieback_published_free(published);
    printf("posted %d\n", number);
}

/* Lends the engine this thread; gives whether there is anything left to do, now or when a lane has waited. */
static int lend(const tieback_engine *engine, int budget_ms) {
    tieback_idle_report *report = NULL;
    tieback_error *error = NULL;
    int is_busy;
    check(tieback_engine_pump(engine, budget_ms, &report, &error), &error);
    if (tieback_idle_report_attempts(report) > 0) {
        printf("attempts %lld\n", (long long)tieback_idle_report_attempts(report));
    }
    is_busy = !tieback_idle_report_idle(report) || tieback_idle_report_paused_lanes(report) > 0;
    tieback_idle_report_free(report);
    return is_busy;
}

int main(int argc, char **argv) {
    tieback_engine_options options = TIEBACK_ENGINE_OPTIONS_INIT;
    tieback_scope scope = tieback_scope_company(5358233);
    const struct timespec pause = {0, 20000000};
    tieback_engine *engine = NULL;
    tieback_error *error = NULL;
    int posted = 0, turns = 0, is_busy = 1;

    if (argc != 3) {
        fprintf(stderr, "usage: poll_only STORE URL\n");
        return 2;
    }
    options.path = argv[1];
    options.danger_allow_http = options.danger_allow_private_addresses = 1; /* the endpoint is on this machine */
    check(tieback_engine_open(&options, &engine, &error), &error);
    create_hook(engine, &scope, argv[2]);

    while (posted < ORDERS || is_busy) {
        if (posted < ORDERS) {
            post_order(engine, &scope, ++posted);
        }
        is_busy = lend(engine, 5);
        nanosleep(&pause, NULL); /* a real host has something better to do, or waits for its next message here */
        turns++;
    }
    printf("idle after %d turns\n", turns);
    tieback_engine_close(engine);
    return 0;
}
