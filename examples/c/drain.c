/* Delivers what other programs publish (publish.c), until it is told to end: cc drain.c -ltieback && ./a.out hooks.db
 *
 * The engine works on threads of its own and sees within a quarter of a second what another process has published. A
 * second drain on the same store is a standby: the two share the hooks, and each takes over when the other dies. */
#define _POSIX_C_SOURCE 200809L
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tieback.h>
#include <time.h>

static volatile sig_atomic_t told_to_end;

static void on_signal(int number) {
    (void)number;
    told_to_end = 1;
}

static void check(tieback_status status, tieback_error **error) {
    if (status != TIEBACK_OK) {
        fprintf(stderr, "%s: %s\n", tieback_status_name(status), tieback_error_message(*error));
        exit(1);
    }
}

/* Lanes that paused or resumed, and the like. */
static void print_notices(const tieback_engine *engine) {
    tieback_notices *notices = NULL;
    tieback_error *error = NULL;
    size_t i;
    check(tieback_engine_notices(engine, &notices, &error), &error);
    for (i = 0; i < tieback_notices_len(notices); i++) {
        const tieback_notice *notice = tieback_notices_at(notices, i);
        const char *hook_id = tieback_notice_hook_id(notice);
        printf("hook %s: %s\n", hook_id == NULL ? "-" : hook_id, tieback_notice_kind(notice));
    }
    fflush(stdout);
    tieback_notices_free(notices);
}

int main(int argc, char **argv) {
    tieback_engine_options options = TIEBACK_ENGINE_OPTIONS_INIT;
    const struct timespec tenth = {0, 100000000};
    struct sigaction action;
    tieback_engine *engine = NULL;
    tieback_stats *stats = NULL;
    tieback_error *error = NULL;

    if (argc != 2) {
        fprintf(stderr, "usage: drain STORE\n");
        return 2;
    }
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);

    options.path = argv[1];
    options.danger_allow_http = options.danger_allow_private_addresses = 1; /* the endpoint is on this machine */
    check(tieback_engine_open(&options, &engine, &error), &error);
    check(tieback_engine_start(engine, &error), &error);
    printf("delivering\n");
    while (!told_to_end) {
        print_notices(engine);
        nanosleep(&tenth, NULL);
    }

    /* Attempts in flight get ten seconds; what has not ended by then is sent again after the next start. */
    check(tieback_engine_stop(engine, 10000, &error), &error);
    print_notices(engine);
    check(tieback_engine_stats(engine, &stats, &error), &error);
    printf("delivered %lld, queued %lld\n", (long long)tieback_stats_delivered(stats),
           (long long)tieback_stats_queued(stats));
    tieback_stats_free(stats);
    tieback_engine_close(engine);
    return 0;
}
