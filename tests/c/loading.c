/* A host that takes the library in and out again, as one with plugins does: loaded, used and unloaded a hundred times,
 * nothing is left behind. Always a thread uses it that ends: every other time after the unloading, which is when what
 * the library keeps for each thread ends. Linked without the library. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <limits.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tieback.h>
#include <unistd.h>

#define TIMES 100
/* By then what is made once has been made: what the library keeps for good, and the allocator's arenas. */
#define SETTLED 20
/* How much the heap may have grown since: 100 bytes left behind each time are more. */
#define HEAP_MAX (8 * 1024)

/* The functions that are used, found by their names. */
#define FUNCTIONS(X)                                                                                              \
    X(engine_open) X(engine_service) X(engine_start) X(engine_run_until_idle) X(engine_stop) X(engine_close)      \
    X(service_free) X(scope_company) X(hook_create) X(hook_id) X(hook_delete) X(hook_free) X(trigger_create)      \
    X(trigger_free) X(publish) X(published_deliveries) X(published_free) X(error_message) X(error_free)
#define MEMBER(name) __typeof__(&tieback_##name) name;
#define FIND(name) find(library, "tieback_" #name, &found->name);

typedef struct {
    FUNCTIONS(MEMBER)
} functions;

/* What a time leaves behind, if it does. */
typedef struct {
    int threads, descriptors, mappings, free_keys;
    unsigned long long signal_handlers;
    size_t heap;
} traces;

#define CHECK(claim) check((claim) ? 1 : 0, __LINE__, #claim)
#define OK(call) ok(&tb, (call), &error, __LINE__, #call)

static const char *library_path, *store_path, *url;

static void check(int is_so, int line, const char *claim) {
    if (!is_so) {
        fprintf(stderr, "tests/c/loading.c:%d: not so: %s\n", line, claim);
        exit(1);
    }
}

static void ok(const functions *tb, tieback_status status, tieback_error **error, int line, const char *call) {
    if (status != TIEBACK_OK) {
        fprintf(stderr, "tests/c/loading.c:%d: %s: %s\n", line, call, tb->error_message(*error));
        exit(1);
    }
}

/* ISO C knows no way from a pointer to an object to one to a function; POSIX says that their bytes are the same. */
static void find(void *library, const char *name, void *function) {
    void *symbol = dlsym(library, name);
    check(symbol != NULL, __LINE__, name);
    memcpy(function, &symbol, sizeof symbol);
}

static void find_all(void *library, functions *found) {
    FUNCTIONS(FIND)
}

/* An engine that is opened, delivers on threads of its own, is stopped and closed. */
static void use(void *library) {
    tieback_engine_options options = TIEBACK_ENGINE_OPTIONS_INIT;
    tieback_hook_options wanted = TIEBACK_HOOK_OPTIONS_INIT;
    tieback_event_options event = TIEBACK_EVENT_OPTIONS_INIT;
    tieback_error *error = NULL;
    tieback_engine *engine = NULL;
    tieback_service *service = NULL;
    tieback_hook *hook = NULL;
    tieback_trigger *trigger = NULL;
    tieback_published *published = NULL;
    tieback_scope scope;
    functions tb;

    find_all(library, &tb);
    options.path = store_path;
    options.danger_allow_http = 1;
    options.danger_allow_private_addresses = 1;
    options.backoff_min_ms = 20;
    OK(tb.engine_open(&options, &engine, &error));
    OK(tb.engine_service(engine, &service, &error));
    scope = tb.scope_company(1);
    wanted.namespace_ = "loading";
    wanted.payload_version = "v2.0";
    wanted.destination_url = url;
    OK(tb.hook_create(service, &scope, &wanted, &hook, &error));
    OK(tb.trigger_create(service, &scope, tb.hook_id(hook), "Company Users", "update", &trigger, &error));
    tb.trigger_free(trigger);
    OK(tb.engine_start(engine, &error));
    event.company_id = 1;
    event.resource_name = "Company Users";
    event.resource_id = "42";
    event.event_type = "update";
    OK(tb.publish(engine, &event, &published, &error));
    CHECK(tb.published_deliveries(published) == 1);
    tb.published_free(published);
    OK(tb.engine_run_until_idle(engine, 60000, 1, NULL, &error));
    /* An error is made and freed too. */
    CHECK(tb.hook_delete(service, &scope, "0", &error) == TIEBACK_NOT_FOUND);
    tb.error_free(error);
    error = NULL;
    OK(tb.hook_delete(service, &scope, tb.hook_id(hook), &error));
    tb.hook_free(hook);
    tb.service_free(service);
    OK(tb.engine_stop(engine, 10000, &error));
    tb.engine_close(engine);
}

static void *use_in_thread(void *library) {
    use(library);
    return NULL;
}

static void *load(void) {
    void *library = dlopen(library_path, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        exit(1);
    }
    return library;
}

static void *load_use_unload(void *unused) {
    void *library = load();
    (void)unused;
    use(library);
    CHECK(dlclose(library) == 0);
    return NULL;
}

static void run_thread(void *(*body)(void *), void *argument) {
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, body, argument) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
}

static int entries(const char *path) {
    DIR *folder = opendir(path);
    int count = 0;
    CHECK(folder != NULL);
    while (readdir(folder) != NULL) {
        count++;
    }
    closedir(folder);
    return count;
}

/* The parts of the library that are mapped. */
static int mappings(void) {
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[4096];
    int count = 0;
    CHECK(maps != NULL);
    while (fgets(line, sizeof line, maps) != NULL) {
        count += strstr(line, "libtieback") != NULL;
    }
    fclose(maps);
    return count;
}

/* The signals that have a handler, one bit each; without those that the C library uses among its threads. */
static unsigned long long signal_handlers(void) {
    FILE *status = fopen("/proc/self/status", "r");
    unsigned long long caught = 0;
    char line[4096];
    int found = 0;
    CHECK(status != NULL);
    while (fgets(line, sizeof line, status) != NULL) {
        found += sscanf(line, "SigCgt: %llx", &caught) == 1;
    }
    fclose(status);
    CHECK(found == 1);
    return caught & 0x7fffffff;
}

/* How many keys for thread-local values the process can still make. */
static int free_keys(void) {
    static pthread_key_t keys[PTHREAD_KEYS_MAX];
    int count = 0, n;
    while (count < PTHREAD_KEYS_MAX && pthread_key_create(&keys[count], NULL) == 0) {
        count++;
    }
    for (n = 0; n < count; n++) {
        CHECK(pthread_key_delete(keys[n]) == 0);
    }
    return count;
}

static traces look(void) {
    traces seen;
    seen.threads = entries("/proc/self/task");
    seen.descriptors = entries("/proc/self/fd");
    seen.mappings = mappings();
    seen.free_keys = free_keys();
    seen.signal_handlers = signal_handlers();
    seen.heap = mallinfo2().uordblks;
    return seen;
}

int main(int argc, char **argv) {
    traces first, loaded, settled = {0, 0, 0, 0, 0, 0}, last = {0, 0, 0, 0, 0, 0};
    int time;

    CHECK(argc == 4);
    library_path = argv[1];
    store_path = argv[2];
    url = argv[3];
    alarm(300);
    first = look();
    CHECK(first.mappings == 0);
    for (time = 1; time <= TIMES; time++) {
        if (time % 2 == 0) {
            void *library = load();
            loaded = look();
            CHECK(loaded.threads == first.threads && loaded.descriptors == first.descriptors);
            CHECK(loaded.signal_handlers == first.signal_handlers);
            run_thread(use_in_thread, library);
            CHECK(dlclose(library) == 0);
        } else {
            run_thread(load_use_unload, NULL);
        }
        last = look();
        if (time == SETTLED) {
            settled = last;
        }
    }
    printf("threads %d and %d, descriptors %d and %d, mappings %d and %d, free keys %d and %d, heap %zu and %zu\n",
           first.threads, last.threads, first.descriptors, last.descriptors, settled.mappings, last.mappings,
           settled.free_keys, last.free_keys, settled.heap, last.heap);
    CHECK(last.threads == first.threads);
    CHECK(last.descriptors == first.descriptors);
    CHECK(last.signal_handlers == first.signal_handlers);
    CHECK(last.free_keys == settled.free_keys);
    CHECK(last.heap <= settled.heap + HEAP_MAX);
    /* As the header says under Loading: it stays, once. */
    CHECK(settled.mappings > 0 && last.mappings == settled.mappings);
    return 0;
}
