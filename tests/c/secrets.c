/* A store key: sealing, refusals that name the key's id and no key, a change of keys; headers that stay with their
 * receiver. */
#include "check.h"

#define FIRST "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define SECOND "0001020304050607080910111213141516171819202122232425262728293031"

static const char *const NAMES[] = {"Authorization"};
static const char *const VALUES[] = {"Bearer a-long-secret"};

static tieback_status open_with(const char *path, const char *key, const char *old, tieback_engine **engine,
                                tieback_error **error) {
    tieback_engine_options options = TIEBACK_ENGINE_OPTIONS_INIT;
    options.path = path;
    options.store_key = key;
    options.store_key_old = old;
    return tieback_engine_open(&options, engine, error);
}

static void reopen(const char *path, const char *key, const char *old) {
    tieback_engine *engine = NULL;
    tieback_error *error = NULL;
    OK(open_with(path, key, old, &engine, &error));
    tieback_engine_close(engine);
}

/* Whether the file has these characters in it. */
static int is_in_file(const char *path, const char *text) {
    size_t length = strlen(text), have = 0;
    int found = 0, next;
    char window[64];
    FILE *file = fopen(path, "rb");
    CHECK(file != NULL && length < sizeof window);
    while (!found && (next = fgetc(file)) != EOF) {
        if (have == length) {
            memmove(window, window + 1, --have);
        }
        window[have++] = (char)next;
        found = have == length && memcmp(window, text, length) == 0;
    }
    fclose(file);
    return found;
}

static void create(const char *path) {
    tieback_engine *engine = open_engine(path);
    tieback_scope scope = tieback_scope_company(5358233);
    tieback_hook_options options = TIEBACK_HOOK_OPTIONS_INIT;
    tieback_service *service = NULL;
    tieback_hook *hook = NULL;
    tieback_error *error = NULL;
    OK(tieback_engine_service(engine, &service, &error));
    options.namespace_ = "acme";
    options.payload_version = "v2.0";
    options.destination_url = "http://127.0.0.1:9/events";
    options.header_names = NAMES;
    options.header_values = VALUES;
    options.header_count = 1;
    OK(tieback_hook_create(service, &scope, &options, &hook, &error));
    tieback_hook_free(hook);
    tieback_service_free(service);
    tieback_engine_close(engine);
}

static void refuse_keys(const char *path) {
    tieback_engine *engine = NULL;
    tieback_error *error = NULL;
    char message[512];
    FAILS(open_with(path, "sesame", NULL, &engine, &error), TIEBACK_INVALID_ARGUMENT, "store_key: the key has 6");
    FAILS(open_with(path, FIRST, FIRST ",sesame", &engine, &error), TIEBACK_INVALID_ARGUMENT, "store_key_old: the key");
    FAILS(open_with(path, NULL, FIRST, &engine, &error), TIEBACK_INVALID_ARGUMENT, "without store_key");
    FAILS(open_with(path, NULL, NULL, &engine, &error), TIEBACK_INVALID_ARGUMENT, "no store_key was given");
    CHECK(open_with(path, SECOND, NULL, &engine, &error) == TIEBACK_INVALID_ARGUMENT);
    CHECK(snprintf(message, sizeof message, "%s", tieback_error_message(error)) > 0);
    tieback_error_free(error);
    error = NULL;
    HAS(message, "sealed with a key of the id ");
    CHECK(strstr(message, FIRST) == NULL && strstr(message, SECOND) == NULL);
    CHECK(engine == NULL);
}

static void move_hook(const char *path) {
    tieback_scope scope = tieback_scope_company(5358233);
    tieback_hook_change change = TIEBACK_HOOK_CHANGE_INIT;
    tieback_engine_options options = TIEBACK_ENGINE_OPTIONS_INIT;
    tieback_engine *engine = NULL;
    tieback_service *service = NULL;
    tieback_hook *hook = NULL;
    tieback_error *error = NULL;
    options.path = path;
    options.store_key = FIRST;
    OK(tieback_engine_open(&options, &engine, &error));
    OK(tieback_engine_service(engine, &service, &error));
    change.destination_url = "https://elsewhere.example.com/events";
    FAILS(tieback_hook_update(service, &scope, "1", &change, &hook, &error), TIEBACK_INVALID_ARGUMENT,
          "danger_keep_headers");
    change.danger_keep_headers = 2;
    FAILS(tieback_hook_update(service, &scope, "1", &change, &hook, &error), TIEBACK_INVALID_ARGUMENT,
          "danger_keep_headers");
    change.danger_keep_headers = 1;
    OK(tieback_hook_update(service, &scope, "1", &change, &hook, &error));
    SAME(tieback_hook_destination_url(hook), "https://elsewhere.example.com/events");
    SAME(tieback_hook_header_value(hook, 0), "*****ecret");
    tieback_hook_free(hook);
    tieback_service_free(service);
    tieback_engine_close(engine);
}

int main(int argc, char **argv) {
    const char *path = argv[1];
    CHECK(argc == 3);
    create(path);
    CHECK(is_in_file(path, "a-long-secret"));
    reopen(path, FIRST, NULL);
    CHECK(!is_in_file(path, "a-long-secret"));
    refuse_keys(path);
    move_hook(path);
    reopen(path, SECOND, FIRST "," FIRST);
    reopen(path, SECOND, NULL);
    CHECK(!is_in_file(path, "a-long-secret"));
    return 0;
}
