/* An engine is closed, by two threads at once, while calls of every kind run on others: each of them answers as usual
 * or TIEBACK_CLOSED, and after that TIEBACK_CLOSED for ever. */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <time.h>

#include "check.h"

#define ROUNDS 6

static tieback_engine *engine;
static tieback_service *service;
static tieback_hook *hook;
static const char *url;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int begun;

typedef tieback_status kind_of_call(void);

static tieback_scope scope(void) {
    return tieback_scope_company(1);
}

static tieback_event_options event(void) {
    tieback_event_options event = TIEBACK_EVENT_OPTIONS_INIT;
    event.company_id = 1;
    event.resource_name = "Company Users";
    event.resource_id = "42";
    event.event_type = "update";
    return event;
}

static tieback_status publish(void) {
    tieback_event_options given = event();
    tieback_published *published = NULL;
    tieback_status status = tieback_publish(engine, &given, &published, NULL);
    CHECK((published != NULL) == (status == TIEBACK_OK));
    tieback_published_free(published);
    return status;
}

static tieback_status publish_many(void) {
    tieback_event_options given = event();
    const tieback_event_options *events[2];
    tieback_bulk *bulk = NULL;
    tieback_status status;
    events[0] = events[1] = &given;
    status = tieback_publish_many(engine, events, 2, &bulk, NULL);
    CHECK(tieback_bulk_len(bulk) == (status == TIEBACK_OK ? 2u : 0u));
    tieback_bulk_free(bulk);
    return status;
}

static tieback_status manage(void) {
    tieback_hook_options options = TIEBACK_HOOK_OPTIONS_INIT;
    tieback_scope company = scope();
    tieback_hook *made = NULL;
    tieback_status status;
    options.namespace_ = "other";
    options.payload_version = "v2.0";
    options.destination_url = url;
    status = tieback_hook_create(service, &company, &options, &made, NULL);
    if (status == TIEBACK_OK) {
        status = tieback_hook_delete(service, &company, tieback_hook_id(made), NULL);
    }
    tieback_hook_free(made);
    return status;
}

static tieback_status walk(void) {
    tieback_scope company = scope();
    tieback_delivery_iter *iter = NULL;
    tieback_delivery *delivery = NULL;
    tieback_status status = tieback_delivery_iter_new(service, &company, tieback_hook_id(hook), NULL, &iter, NULL);
    while (status == TIEBACK_OK) {
        status = tieback_delivery_iter_next(iter, &delivery, NULL);
        CHECK(status == TIEBACK_OK || delivery == NULL);
        if (delivery == NULL) break;
        CHECK(tieback_delivery_to_json(delivery) != NULL);
        tieback_delivery_free(delivery);
    }
    tieback_delivery_iter_free(iter);
    return status;
}

static tieback_status look(void) {
    tieback_stats *stats = NULL;
    tieback_status status = tieback_engine_stats(engine, &stats, NULL);
    tieback_stats_free(stats);
    return status;
}

static tieback_status operate(void) {
    tieback_scope company = scope();
    tieback_status status = tieback_engine_pause(engine, &company, tieback_hook_id(hook), NULL);
    return status != TIEBACK_OK ? status : tieback_engine_resume(engine, &company, tieback_hook_id(hook), NULL);
}

static tieback_status open_service(void) {
    tieback_service *other = NULL;
    tieback_status status = tieback_engine_service(engine, &other, NULL);
    tieback_service_free(other);
    return status;
}

static tieback_status start_and_stop(void) {
    tieback_status status = tieback_engine_start(engine, NULL);
    return status != TIEBACK_OK ? status : tieback_engine_stop(engine, 50, NULL);
}

static tieback_status run(void) {
    tieback_idle_report *report = NULL;
    tieback_status status = tieback_engine_run_until_idle(engine, 600000, 1, &report, NULL);
    tieback_idle_report_free(report);
    return status;
}

static tieback_status check(void) {
    tieback_integrity_report *report = NULL;
    tieback_status status = tieback_engine_check_integrity(engine, 1, &report, NULL);
    tieback_integrity_report_free(report);
    return status;
}

static kind_of_call *const kinds[] = {
    publish, publish_many, manage, walk, look, operate, open_service, start_and_stop, run, check,
};

#define KINDS (sizeof kinds / sizeof *kinds)

static void *call_until_closed(void *which) {
    kind_of_call *const call = *(kind_of_call *const *)which;
    tieback_status status;
    int count = 0, n;
    do {
        status = call();
        /* Two of a kind may meet: a namespace is taken, a worker is someone else's. */
        CHECK(status == TIEBACK_OK || status == TIEBACK_CONFLICT || status == TIEBACK_CLOSED);
        if (++count == 2) {
            pthread_mutex_lock(&lock);
            begun++;
            pthread_cond_signal(&changed);
            pthread_mutex_unlock(&lock);
        }
    } while (status != TIEBACK_CLOSED);
    for (n = 0; n < 3; n++) {
        CHECK(call() == TIEBACK_CLOSED);
    }
    return NULL;
}

static void *close_it(void *unused) {
    tieback_engine_close(engine);
    return unused;
}

static void round_of(const char *path) {
    tieback_scope company = scope();
    pthread_t threads[KINDS], closers[2];
    tieback_error *error = NULL;
    tieback_trigger *trigger = NULL;
    size_t n;

    engine = open_engine(path);
    OK(tieback_engine_service(engine, &service, &error));
    if (tieback_hook_show(service, &company, "1", &hook, NULL) != TIEBACK_OK) {
        hook = create_hook(service, &company, "closing", url);
        OK(tieback_trigger_create(service, &company, tieback_hook_id(hook), "Company Users", "update", &trigger,
                                  &error));
        tieback_trigger_free(trigger);
    }
    begun = 0;
    for (n = 0; n < KINDS; n++) {
        CHECK(pthread_create(&threads[n], NULL, call_until_closed, (void *)&kinds[n]) == 0);
    }
    /* All but the one that waits for an idle engine, which may never come. */
    pthread_mutex_lock(&lock);
    while (begun < (int)KINDS - 1) {
        pthread_cond_wait(&changed, &lock);
    }
    pthread_mutex_unlock(&lock);
    for (n = 0; n < 2; n++) {
        CHECK(pthread_create(&closers[n], NULL, close_it, NULL) == 0);
    }
    for (n = 0; n < 2; n++) {
        CHECK(pthread_join(closers[n], NULL) == 0);
    }
    for (n = 0; n < KINDS; n++) {
        CHECK(pthread_join(threads[n], NULL) == 0);
    }
    /* What was given outlives the engine. */
    SAME(tieback_hook_namespace(hook), "closing");
    tieback_hook_free(hook);
    tieback_service_free(service);
}

int main(int argc, char **argv) {
    int n;
    CHECK(argc == 3);
    url = argv[2];
    for (n = 0; n < ROUNDS; n++) {
        round_of(argv[1]);
    }
    return 0;
}
