/* A host that lives long: it opens engines, makes and frees objects and closes everything, again and again, and takes
 * no more memory, file descriptors or threads for it. Prints what it took. Linux: it asks /proc. */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <unistd.h>

#include "check.h"

/* How much more memory may be resident at the end than after the warm-up, in KiB: what allocators take now and
 * then, and far less than one object for each cycle. */
#define MOST_KIB 1024

struct taken {
    long kib, descriptors, threads;
};

static long entries(const char *path) {
    DIR *folder = opendir(path);
    long count = 0;
    CHECK(folder != NULL);
    while (readdir(folder) != NULL) count++;
    closedir(folder);
    return count - 2;
}

static struct taken measure(void) {
    struct taken taken;
    long pages = 0, resident = 0;
    FILE *statm = fopen("/proc/self/statm", "r");
    CHECK(statm != NULL && fscanf(statm, "%ld %ld", &pages, &resident) == 2);
    fclose(statm);
    taken.kib = resident * (sysconf(_SC_PAGESIZE) / 1024);
    /* Without the descriptor that looks. */
    taken.descriptors = entries("/proc/self/fd") - 1;
    taken.threads = entries("/proc/self/task");
    return taken;
}

static void print(long cycles, struct taken taken) {
    printf("%ld cycles: %ld KiB resident, %ld descriptors, %ld threads\n", cycles, taken.kib, taken.descriptors,
           taken.threads);
    fflush(stdout);
}

static void publish(tieback_engine *engine, const tieback_scope *scope) {
    tieback_event_options event = TIEBACK_EVENT_OPTIONS_INIT;
    const tieback_event_options *events[3];
    tieback_published *published = NULL;
    tieback_bulk *bulk = NULL;
    tieback_error *error = NULL;
    event.company_id = scope->company_id;
    event.resource_name = "Company Users";
    event.resource_id = "42";
    event.event_type = "update";
    OK(tieback_publish(engine, &event, &published, &error));
    CHECK(tieback_published_to_json(published) != NULL);
    tieback_published_free(published);
    events[0] = events[2] = &event;
    events[1] = NULL;
    OK(tieback_publish_many(engine, events, 3, &bulk, &error));
    HAS(tieback_error_to_json(tieback_bulk_error(bulk, 1)), "NULL");
    tieback_bulk_free(bulk);
}

static void look(tieback_service *service, const tieback_scope *scope, const tieback_hook *hook) {
    tieback_delivery_query query = TIEBACK_DELIVERY_QUERY_INIT;
    tieback_deliveries *deliveries = NULL;
    tieback_delivery_iter *walk = NULL;
    tieback_delivery *delivery = NULL;
    tieback_hook *none = NULL;
    tieback_error *error = NULL;
    int n;
    query.limit = 2;
    OK(tieback_delivery_list(service, scope, tieback_hook_id(hook), &query, &deliveries, &error));
    CHECK(tieback_deliveries_len(deliveries) == 2);
    CHECK(tieback_delivery_to_json(tieback_deliveries_at(deliveries, 1)) != NULL);
    tieback_deliveries_free(deliveries);
    OK(tieback_delivery_iter_new(service, scope, tieback_hook_id(hook), &query, &walk, &error));
    for (n = 0; n < 3; n++) {
        OK(tieback_delivery_iter_next(walk, &delivery, &error));
        CHECK(delivery != NULL);
        tieback_delivery_free(delivery);
    }
    /* In the middle of a page. */
    tieback_delivery_iter_free(walk);
    FAILS(tieback_hook_show(service, scope, "999999", &none, &error), TIEBACK_NOT_FOUND, "999999");
}

/* The flat ABI beside it: a handle of its own, and rests that nobody reads on. */
static void be_flat(const char *path) {
    char json[2048], answer[64];
    int32_t needed = 0, rest = 0, handle;
    CHECK(snprintf(json, sizeof json, "{\"path\": \"%s\"}", path) < (int)sizeof json);
    CHECK(tieback_call(0, "engine_open", json, answer, sizeof answer, &needed, &rest) == TIEBACK_OK && rest == 0);
    CHECK(sscanf(answer, "{\"handle\":%d}", &handle) == 1);
    CHECK(tieback_call(handle, "stats", NULL, answer, sizeof answer, &needed, &rest) == TIEBACK_OK && rest != 0);
    CHECK(tieback_call(handle, "nothing", NULL, NULL, 0, &needed, &rest) == TIEBACK_INVALID_ARGUMENT && rest != 0);
    CHECK(tieback_call(handle, "engine_close", NULL, answer, sizeof answer, &needed, &rest) == TIEBACK_OK);
}

static void remove_store(const char *path) {
    static const char *const ends[] = {"", "-wal", "-shm", "-lock"};
    char name[1200];
    size_t n;
    for (n = 0; n < sizeof ends / sizeof *ends; n++) {
        CHECK(snprintf(name, sizeof name, "%s%s", path, ends[n]) < (int)sizeof name);
        (void)unlink(name);
    }
}

static void cycle(long number, const char *shared, const char *url) {
    tieback_scope scope = tieback_scope_company(1);
    tieback_error *error = NULL;
    tieback_service *service = NULL;
    tieback_trigger *trigger = NULL;
    tieback_stats *stats = NULL;
    tieback_engine *engine;
    tieback_hook *hook;
    /* Every tenth has a file of its own, which goes with it, and delivers; else the file grows and grows. */
    const int is_own = number % 10 == 0;
    char own[1100];

    CHECK(snprintf(own, sizeof own, "%s-own", shared) < (int)sizeof own);
    engine = open_engine(is_own ? own : shared);
    OK(tieback_engine_service(engine, &service, &error));
    if (is_own || number == 1) {
        hook = create_hook(service, &scope, "cycle", url);
        OK(tieback_trigger_create(service, &scope, tieback_hook_id(hook), "Company Users", "update", &trigger,
                                  &error));
        tieback_trigger_free(trigger);
    } else {
        hook = NULL;
        OK(tieback_hook_show(service, &scope, "1", &hook, &error));
    }
    CHECK(tieback_hook_to_json(hook) != NULL);
    publish(engine, &scope);
    look(service, &scope, hook);
    if (is_own && number % 20 == 0) {
        OK(tieback_engine_start(engine, &error));
        OK(tieback_engine_run_until_idle(engine, 30000, 1, NULL, &error));
    } else if (is_own) {
        OK(tieback_engine_run_until_idle(engine, 30000, 1, NULL, &error));
    }
    OK(tieback_engine_stats(engine, &stats, &error));
    CHECK(tieback_stats_queued(stats) >= (is_own ? 0 : 3));
    tieback_stats_free(stats);
    if (number % 7 == 0) {
        be_flat(is_own ? own : shared);
    }
    tieback_hook_free(hook);
    /* In either order. */
    if (number % 2 == 0) tieback_service_free(service);
    tieback_engine_close(engine);
    if (number % 2 != 0) tieback_service_free(service);
    FAILS(tieback_engine_stats(engine, &stats, &error), TIEBACK_CLOSED, "closed");
    if (is_own) {
        remove_store(own);
    }
}

int main(int argc, char **argv) {
    struct taken before, after;
    long cycles, warm_up, number;
    CHECK(argc == 4);
    cycles = strtol(argv[3], NULL, 10);
    warm_up = cycles / 4 < 2000 ? cycles / 4 : 2000;
    CHECK(warm_up > 0);
    for (number = 1; number <= warm_up; number++) {
        cycle(number, argv[1], argv[2]);
    }
    before = measure();
    print(warm_up, before);
    for (; number <= cycles; number++) {
        cycle(number, argv[1], argv[2]);
        if (number % 10000 == 0) print(number, measure());
    }
    after = measure();
    print(cycles, after);
    CHECK(after.kib <= before.kib + MOST_KIB);
    CHECK(after.descriptors <= before.descriptors);
    CHECK(after.threads <= before.threads);
    return 0;
}
