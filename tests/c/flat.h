/* What the programs for the flat ABI share: calls whose answers fit, and the check of a status. */
#ifndef FLAT_H
#define FLAT_H

#include <stdint.h>

#include "check.h"

static char answer[262144];

#define GIVES(status, call) gives((call), (status), __FILE__, __LINE__, #call)

static inline void gives(int32_t status, int32_t expected, const char *file, int line, const char *call) {
    if (status != expected) {
        fprintf(stderr, "%s:%d: %s gave %s: %s\n", file, line, call, tieback_status_name(status), answer);
        exit(1);
    }
}

/* A call whose answer fits into `answer`; gives the status. */
static inline int32_t call(int32_t handle, const char *operation, const char *json) {
    int32_t needed = -1, rest = -1;
    int32_t status = tieback_call(handle, operation, json, answer, (int32_t)sizeof answer, &needed, &rest);
    CHECK(rest == 0 && needed == (int32_t)strlen(answer));
    return status;
}

/* A member of the latest answer, which must be there. */
static inline const char *member(const char *pointer) {
    static char value[65536];
    int32_t needed = -1;
    GIVES(TIEBACK_OK, tieback_json_text(answer, pointer, value, (int32_t)sizeof value, &needed));
    CHECK(needed == (int32_t)strlen(value));
    return value;
}

/* An engine that may deliver to a test's endpoint. */
static inline int32_t open_flat(const char *path) {
    static char json[4096];
    int32_t needed = -1;
    json[0] = '\0';
    GIVES(TIEBACK_OK, tieback_json_put(json, sizeof json, "/path", path, 0, &needed));
    GIVES(TIEBACK_OK, tieback_json_put(json, sizeof json, "/danger_allow_http", "true", 1, &needed));
    GIVES(TIEBACK_OK, tieback_json_put(json, sizeof json, "/danger_allow_private_addresses", "true", 1, &needed));
    GIVES(TIEBACK_OK, call(0, "engine_open", json));
    return (int32_t)strtol(member("/handle"), NULL, 10);
}

#endif
