/* Two processes share a file: the parent publishes, its child (this program, executed again) delivers. */
#define _POSIX_C_SOURCE 200809L
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "check.h"

/* The child: a worker, until its standard input ends. */
static void deliver(const char *path) {
    tieback_error *error = NULL;
    tieback_engine *engine = open_engine(path);
    char nothing;
    alarm(60);
    OK(tieback_engine_start(engine, &error));
    CHECK(write(STDOUT_FILENO, "+", 1) == 1);
    while (read(STDIN_FILENO, &nothing, 1) > 0) {
    }
    OK(tieback_engine_stop(engine, 10000, &error));
    tieback_engine_close(engine);
}

static pid_t begin(char **argv, int *to_child, int *from_child) {
    int in[2], out[2];
    pid_t child;
    CHECK(pipe(in) == 0 && pipe(out) == 0);
    child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        dup2(in[0], STDIN_FILENO);
        dup2(out[1], STDOUT_FILENO);
        close(in[0]);
        close(in[1]);
        close(out[0]);
        close(out[1]);
        execl(argv[0], argv[0], argv[1], argv[2], "deliver", (char *)NULL);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    *to_child = in[1];
    *from_child = out[0];
    return child;
}

/* Waits until nothing is queued. */
static void await_delivery(tieback_engine *engine) {
    const struct timespec pause = {0, 10 * 1000 * 1000};
    tieback_error *error = NULL;
    tieback_stats *stats = NULL;
    int tries;
    for (tries = 0; tries < 3000; tries++) {
        int64_t queued;
        OK(tieback_engine_stats(engine, &stats, &error));
        queued = tieback_stats_queued(stats);
        tieback_stats_free(stats);
        if (queued == 0) return;
        nanosleep(&pause, NULL);
    }
    CHECK(!"the other process delivers in time");
}

int main(int argc, char **argv) {
    tieback_scope scope = tieback_scope_company(1);
    tieback_event_options event = TIEBACK_EVENT_OPTIONS_INIT;
    tieback_error *error = NULL;
    tieback_service *service = NULL;
    tieback_trigger *trigger = NULL;
    tieback_published *published = NULL;
    tieback_deliveries *deliveries = NULL;
    tieback_engine *engine;
    tieback_hook *hook;
    int to_child = -1, from_child = -1, outcome = 0;
    size_t n;
    pid_t child;
    char ready;

    if (argc == 4) {
        deliver(argv[1]);
        return 0;
    }
    CHECK(argc == 3);
    alarm(60);
    engine = open_engine(argv[1]);
    OK(tieback_engine_service(engine, &service, &error));
    hook = create_hook(service, &scope, "share", argv[2]);
    OK(tieback_trigger_create(service, &scope, tieback_hook_id(hook), "Company Users", "update", &trigger, &error));
    tieback_trigger_free(trigger);

    child = begin(argv, &to_child, &from_child);
    CHECK(read(from_child, &ready, 1) == 1 && ready == '+');
    event.company_id = 1;
    event.resource_name = "Company Users";
    event.event_type = "update";
    for (n = 0; n < 3; n++) {
        event.resource_id = "42";
        OK(tieback_publish(engine, &event, &published, &error));
        CHECK(tieback_published_deliveries(published) == 1);
        tieback_published_free(published);
    }
    await_delivery(engine);
    close(to_child);
    CHECK(waitpid(child, &outcome, 0) == child);
    CHECK(WIFEXITED(outcome) && WEXITSTATUS(outcome) == 0);
    close(from_child);

    OK(tieback_delivery_list(service, &scope, tieback_hook_id(hook), NULL, &deliveries, &error));
    CHECK(tieback_deliveries_len(deliveries) == 3);
    for (n = 0; n < 3; n++) {
        SAME(tieback_delivery_status(tieback_deliveries_at(deliveries, n)), "delivered");
    }
    tieback_deliveries_free(deliveries);
    tieback_hook_free(hook);
    tieback_service_free(service);
    tieback_engine_close(engine);
    return 0;
}
