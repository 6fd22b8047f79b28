/* Every operation there is, from the list that the library gives: with nothing, with what is no object, with members
   of a wrong type, without an engine and on a closed one; then two threads on one engine. */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>

#include "flat.h"

#define MANY 64

static char names[MANY][64], inputs[MANY][1024];
static int on_engine[MANY];
static int32_t count;
static int32_t handle;

static int32_t to_call(const char *operation, const char *json) {
    int32_t status = call(handle, operation, json);
    if (status == TIEBACK_INTERNAL) {
        fprintf(stderr, "%s %s: %s\n", operation, json == NULL ? "NULL" : json, answer);
        exit(1);
    }
    return status;
}

static void text_at(const char *from, char *out, size_t capacity, const char *format, int32_t one, int32_t other) {
    char pointer[128];
    int32_t needed = -1, status;
    sprintf(pointer, format, (int)one, (int)other);
    status = tieback_json_text(from, pointer, out, (int32_t)capacity, &needed);
    CHECK((status == TIEBACK_OK || status == TIEBACK_NOT_FOUND) && needed < (int32_t)capacity);
}

/* Each member in turn with a value that no member takes. */
static void spoil_members(const char *list, int32_t at) {
    static const char *const wrong[] = {"1.5", "{\"surplus\": 1}"};
    char name[64], pointer[80], json[2048], message[128];
    int32_t place, needed;
    size_t i;
    for (place = 0;; place++) {
        text_at(list, name, sizeof name, "/operations/%d/takes/%d/name", at, place);
        if (name[0] == '\0') {
            return;
        }
        for (i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
            strcpy(json, inputs[at]);
            sprintf(pointer, "/%s", name);
            GIVES(TIEBACK_OK, tieback_json_put(json, sizeof json, pointer, wrong[i], 1, &needed));
            GIVES(TIEBACK_INVALID_ARGUMENT, to_call(names[at], json));
            sprintf(message, "`%s%s", name, i == 0 ? "`" : "");
            HAS(answer, message);
            SAME(member("/error/operation"), names[at]);
        }
    }
}

static void check_all(void) {
    static char list[sizeof answer];
    char flag[8];
    static const char *const no_objects[] = {"[]", "null", "7", "\"text\"", "{", "{}{}", "\xff", "{\"surplus\": 1}"};
    int32_t at;
    size_t i;
    GIVES(TIEBACK_OK, call(0, "operations", ""));
    SAME(member("/version"), tieback_version());
    strcpy(list, answer);
    for (count = 0; count < MANY; count++) {
        text_at(list, names[count], sizeof names[count], "/operations/%d/name", count, 0);
        if (names[count][0] == '\0') {
            break;
        }
        text_at(list, inputs[count], sizeof inputs[count], "/operations/%d/example", count, 0);
        text_at(list, flag, sizeof flag, "/operations/%d/on_engine", count, 0);
        on_engine[count] = strcmp(flag, "true") == 0;
    }
    CHECK(count > 30 && count < MANY);
    for (at = 0; at < count; at++) {
        if (strcmp(names[at], "engine_close") == 0) {
            continue;
        }
        for (i = 0; i < sizeof no_objects / sizeof no_objects[0]; i++) {
            GIVES(TIEBACK_INVALID_ARGUMENT, to_call(names[at], no_objects[i]));
            SAME(member("/error/kind"), "invalid_argument");
        }
        to_call(names[at], "{}");
        to_call(names[at], NULL);
        if (strcmp(names[at], "start") == 0) {
            GIVES(TIEBACK_OK, call(handle, "stop", NULL));
        }
        spoil_members(list, at);
    }
    /* Nothing was made by all that. */
    GIVES(TIEBACK_OK, call(handle, "hook_list", "{\"scope\": {\"company_id\": 5358233}}"));
    SAME(answer, "{\"items\":[]}");
}

/* Numbers of the typed ABI's handles that are no engines; ending them by the wrong call ends nothing. */
static void check_foreign_handles(const char *path) {
    tieback_engine *engine = open_engine(path);
    tieback_service *service = NULL;
    tieback_hooks *hooks = NULL;
    tieback_cancel *cancel = NULL;
    tieback_error *error = NULL;
    tieback_scope scope = tieback_scope_company(1);
    int32_t number;
    OK(tieback_engine_service(engine, &service, &error));
    OK(tieback_cancel_new(&cancel, &error));
    /* The engine's number is the next one after `handle`, then come those of the service and the token. */
    GIVES(TIEBACK_OK, call(handle + 1, "stats", NULL));
    for (number = handle + 2; number <= handle + 3; number++) {
        GIVES(TIEBACK_INVALID_ARGUMENT, call(number, "stats", NULL));
        HAS(answer, "give an engine");
        GIVES(TIEBACK_INVALID_ARGUMENT, call(number, "engine_close", NULL));
    }
    OK(tieback_hook_list(service, &scope, NULL, &hooks, &error));
    tieback_hooks_free(hooks);
    tieback_cancel_free(cancel);
    tieback_service_free(service);
    tieback_engine_close(engine);
    GIVES(TIEBACK_CLOSED, call(handle + 1, "stats", NULL));
}

static void check_handles(void) {
    static const int32_t none[] = {0, -1, INT32_MIN, INT32_MAX, 1000000};
    size_t i;
    int32_t at;
    for (at = 0; at < count; at++) {
        for (i = 0; on_engine[at] && i < sizeof none / sizeof none[0]; i++) {
            GIVES(TIEBACK_INVALID_ARGUMENT, call(none[i], names[at], inputs[at]));
            HAS(answer, "handle");
        }
    }
    for (i = 0; i < sizeof none / sizeof none[0]; i++) {
        GIVES(TIEBACK_INVALID_ARGUMENT, call(none[i], "engine_close", NULL));
    }
    /* What is no operation is said first. */
    GIVES(TIEBACK_INVALID_ARGUMENT, call(0, "engine_opn", NULL));
    HAS(answer, "did you mean engine_open?");
    GIVES(TIEBACK_INVALID_ARGUMENT, call(handle, "", NULL));
    GIVES(TIEBACK_INVALID_ARGUMENT, call(handle, "   ", NULL));
    GIVES(TIEBACK_INVALID_ARGUMENT, call(handle, "stats\n{}", NULL));
}

/* The same store twice in one process: two engines, and what one does the other sees. */
static void check_opening_twice(const char *path) {
    static const char hook[] =
        "{\"scope\": {\"company_id\": 5358233}, \"hook\": {\"namespace\": \"twice\", \"payload_version\": \"v4.0\", "
        "\"destination_url\": \"http://127.0.0.1:9/\"}}";
    int32_t other = open_flat(path);
    CHECK(other != handle);
    GIVES(TIEBACK_OK, call(other, "hook_create", hook));
    GIVES(TIEBACK_CONFLICT, call(handle, "hook_create", hook));
    GIVES(TIEBACK_OK, call(other, "engine_close", NULL));
    GIVES(TIEBACK_CLOSED, call(other, "stats", NULL));
    GIVES(TIEBACK_OK, call(handle, "stats", NULL));
    SAME(member("/hooks"), "1");
}

/* In a buffer of its own, too small, with the rest read on. */
static void *use(void *company) {
    char json[256], piece[48], joined[2048];
    int round;
    for (round = 0; round < 15; round++) {
        int32_t needed = -1, left = -1, rest = -1, have;
        sprintf(json, "{\"scope\": {\"company_id\": %d}, \"hook_id\": \"%d\"}", *(const int *)company, 7000 + round);
        CHECK(tieback_call(handle, "hook_show", json, piece, sizeof piece, &needed, &rest) == TIEBACK_NOT_FOUND);
        CHECK(rest > 0 && needed < (int32_t)sizeof joined);
        strcpy(joined, piece);
        for (have = (int32_t)strlen(joined); have < needed; have = (int32_t)strlen(joined)) {
            CHECK(tieback_read(rest, have, piece, sizeof piece, &left) == TIEBACK_OK);
            strcat(joined, piece);
        }
        sprintf(json, "hook %d is not there", 7000 + round);
        HAS(joined, json);
        CHECK(joined[needed - 1] == '}');
    }
    return NULL;
}

int main(int argc, char **argv) {
    pthread_t threads[2];
    int companies[2] = {11, 12}, i;
    CHECK(argc == 3);
    handle = open_flat(argv[1]);
    check_foreign_handles(argv[1]);
    check_all();
    check_handles();
    check_opening_twice(argv[1]);
    for (i = 0; i < 2; i++) {
        CHECK(pthread_create(&threads[i], NULL, use, &companies[i]) == 0);
    }
    for (i = 0; i < 2; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
    }
    GIVES(TIEBACK_OK, call(handle, "engine_close", NULL));
    for (i = 0; i < count; i++) {
        if (on_engine[i]) {
            GIVES(TIEBACK_CLOSED, call(handle, names[i], inputs[i]));
        }
    }
    return 0;
}
