/* A host with threads that forks while an engine delivers: its children, whichever way they end, open their own engines
 * on the same file and publish, and the parent delivers on as if nothing had been. The flat ABI too. */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "check.h"

#define CHILDREN 4

static char answer[4096];

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t over = PTHREAD_COND_INITIALIZER;
static int is_over;

/* A thread of the host's own, which no child has. */
static void *be_there(void *unused) {
    pthread_mutex_lock(&lock);
    while (!is_over) {
        pthread_cond_wait(&over, &lock);
    }
    pthread_mutex_unlock(&lock);
    return unused;
}

static void publish(tieback_engine *engine) {
    tieback_event_options event = TIEBACK_EVENT_OPTIONS_INIT;
    tieback_published *published = NULL;
    tieback_error *error = NULL;
    event.company_id = 1;
    event.resource_name = "Company Users";
    event.resource_id = "42";
    event.event_type = "update";
    OK(tieback_publish(engine, &event, &published, &error));
    CHECK(tieback_published_deliveries(published) == 1);
    tieback_published_free(published);
}

static int32_t call(int32_t handle, const char *operation, const char *json, int32_t capacity, int32_t *rest) {
    int32_t needed = -1;
    return tieback_call(handle, operation, json, answer, capacity, &needed, rest);
}

static void be_the_child(const char *path, tieback_engine *engine, tieback_service *service, int32_t flat, int32_t rest,
                         int which) {
    tieback_engine *own;
    tieback_error *error = NULL;
    tieback_stats *stats = NULL;
    int32_t needed = -1, none = -1;

    /* A child that hangs is ended, and the parent says so. */
    alarm(60);
    FAILS(tieback_engine_stats(engine, &stats, &error), TIEBACK_CLOSED, "forked");
    CHECK(call(flat, "stats", NULL, sizeof answer, &none) == TIEBACK_CLOSED);
    HAS(answer, "forked");
    CHECK(call(flat, "engine_close", NULL, sizeof answer, &none) == TIEBACK_CLOSED);
    CHECK(tieback_read(rest, 0, answer, sizeof answer, &needed) == TIEBACK_NOT_FOUND);
    if (which % 2 == 0) {
        tieback_service_free(service);
        tieback_engine_close(engine);
    }

    own = open_engine(path);
    publish(own);
    /* Its own rests are its own. */
    CHECK(call(flat, "nothing", NULL, 8, &none) != TIEBACK_OK && none != 0 && none != rest);
    CHECK(tieback_read(none, 0, answer, sizeof answer, &needed) == TIEBACK_OK);
    if (which < 2) {
        tieback_engine_close(own);
        exit(0);
    }
    /* As a crash would: nothing is closed. */
    _exit(0);
}

static void await_delivery(tieback_engine *engine) {
    const struct timespec pause = {0, 10 * 1000 * 1000};
    tieback_error *error = NULL;
    tieback_stats *stats = NULL;
    int64_t queued = 1;
    int tries;
    for (tries = 0; queued > 0; tries++) {
        CHECK(tries < 3000);
        OK(tieback_engine_stats(engine, &stats, &error));
        queued = tieback_stats_queued(stats);
        tieback_stats_free(stats);
        if (queued > 0) nanosleep(&pause, NULL);
    }
}

int main(int argc, char **argv) {
    tieback_scope scope = tieback_scope_company(1);
    tieback_error *error = NULL;
    tieback_service *service = NULL;
    tieback_trigger *trigger = NULL;
    tieback_deliveries *deliveries = NULL;
    tieback_engine *engine;
    tieback_hook *hook;
    char json[2048];
    int32_t flat, rest = 0, needed = 0;
    pthread_t thread;
    int which;
    size_t n;

    CHECK(argc == 3);
    CHECK(pthread_create(&thread, NULL, be_there, NULL) == 0);
    engine = open_engine(argv[1]);
    OK(tieback_engine_service(engine, &service, &error));
    hook = create_hook(service, &scope, "fork", argv[2]);
    OK(tieback_trigger_create(service, &scope, tieback_hook_id(hook), "Company Users", "update", &trigger, &error));
    tieback_trigger_free(trigger);
    CHECK(snprintf(json, sizeof json, "{\"path\": \"%s-flat\"}", argv[1]) < (int)sizeof json);
    CHECK(call(0, "engine_open", json, sizeof answer, &rest) == TIEBACK_OK);
    CHECK(sscanf(answer, "{\"handle\":%d}", &flat) == 1);
    CHECK(call(flat, "stats", NULL, 8, &rest) == TIEBACK_OK && rest != 0);
    OK(tieback_engine_start(engine, &error));

    for (which = 0; which < CHILDREN; which++) {
        int outcome = 0;
        pid_t child;
        publish(engine);
        /* Nothing under way: a lock inside SQLite that a thread held now would stay locked in the child. */
        OK(tieback_engine_run_until_idle(engine, 60000, 1, NULL, &error));
        child = fork();
        CHECK(child >= 0);
        if (child == 0) {
            be_the_child(argv[1], engine, service, flat, rest, which);
        }
        /* While the child is at work. */
        publish(engine);
        CHECK(waitpid(child, &outcome, 0) == child);
        CHECK(WIFEXITED(outcome) && WEXITSTATUS(outcome) == 0);
    }
    await_delivery(engine);
    OK(tieback_delivery_list(service, &scope, tieback_hook_id(hook), NULL, &deliveries, &error));
    CHECK(tieback_deliveries_len(deliveries) == 3 * CHILDREN);
    for (n = 0; n < 3 * CHILDREN; n++) {
        SAME(tieback_delivery_status(tieback_deliveries_at(deliveries, n)), "delivered");
    }
    tieback_deliveries_free(deliveries);

    CHECK(tieback_read(rest, 0, answer, sizeof answer, &needed) == TIEBACK_OK);
    HAS(answer, "\"queued\":0");
    CHECK(call(flat, "engine_close", NULL, sizeof answer, &rest) == TIEBACK_OK);
    tieback_hook_free(hook);
    tieback_service_free(service);
    tieback_engine_close(engine);
    pthread_mutex_lock(&lock);
    is_over = 1;
    pthread_cond_signal(&over);
    pthread_mutex_unlock(&lock);
    CHECK(pthread_join(thread, NULL) == 0);
    return 0;
}
