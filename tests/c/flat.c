/* The flat ABI: everything by name with texts and 32-bit integers, in buffers that are too small as well. */
#include "flat.h"

#define SMALL 40

#define SCOPE "\"scope\": {\"company_id\": 5358233}"
#define HOOK "{" SCOPE ", \"hook_id\": \"1\"}"
#define TRIGGER \
    "{" SCOPE ", \"hook_id\": 1, \"trigger\": {\"resource_name\": \"Company Users\", \"event_type\": \"update\"}}"
#define EVENT \
    "{\"event\": {\"company_id\": 5358233, \"resource_name\": \"Company Users\", \"resource_id\": 42, " \
    "\"event_type\": \"update\"}}"

/* A call with a small buffer, and the rest read on in small pieces. */
static int32_t call_in_pieces(int32_t handle, const char *operation, const char *json) {
    char piece[SMALL];
    int32_t needed = -1, rest = -1, left = -1;
    int32_t status = tieback_call(handle, operation, json, piece, SMALL, &needed, &rest);
    size_t length = strlen(piece);
    memcpy(answer, piece, length + 1);
    while (rest != 0 && (int32_t)length < needed) {
        CHECK(tieback_read(rest, (int32_t)length, piece, SMALL, &left) == TIEBACK_OK);
        CHECK(left == needed - (int32_t)length && strlen(piece) > 0 && strlen(piece) < SMALL);
        memcpy(answer + length, piece, strlen(piece) + 1);
        length += strlen(piece);
    }
    CHECK((int32_t)length == needed);
    if (rest != 0) {
        CHECK(tieback_read(rest, 0, piece, SMALL, &left) == TIEBACK_NOT_FOUND);
    }
    return status;
}

static int32_t number_after(const char *name) {
    const char *at = strstr(answer, name);
    CHECK(at != NULL);
    return (int32_t)strtol(at + strlen(name), NULL, 10);
}

static void check_edges(int32_t handle) {
    char none = 'x';
    int32_t needed = -1, rest = -1;
    /* No room at all: the answer waits. */
    CHECK(tieback_call(handle, "stats", NULL, NULL, 0, &needed, &rest) == TIEBACK_OK && needed > 0 && rest > 0);
    CHECK(tieback_read(rest, needed, NULL, 0, &needed) == TIEBACK_OK && needed == 0);
    CHECK(tieback_call(handle, "stats", "{}", &none, 1, &needed, &rest) == TIEBACK_OK && none == '\0' && rest > 0);
    CHECK(tieback_read(rest, needed + 1, answer, sizeof answer, &needed) == TIEBACK_INVALID_ARGUMENT);
    CHECK(tieback_read(rest, -1, answer, sizeof answer, &needed) == TIEBACK_INVALID_ARGUMENT);
    CHECK(tieback_read(rest, 0, answer, sizeof answer, &needed) == TIEBACK_OK && needed == (int32_t)strlen(answer));
    CHECK(tieback_read(rest, 0, answer, sizeof answer, NULL) == TIEBACK_INVALID_ARGUMENT);
    CHECK(tieback_call(handle, "stats", "{}", answer, sizeof answer, NULL, &rest) == TIEBACK_INVALID_ARGUMENT);
    CHECK(tieback_call(handle, "stats", "{}", answer, sizeof answer, &needed, NULL) == TIEBACK_INVALID_ARGUMENT);
    /* Errors are answers too. */
    CHECK(call(handle, "hook_lst", "{}") == TIEBACK_INVALID_ARGUMENT);
    HAS(answer, "did you mean hook_list?");
    CHECK(call(handle, NULL, "{}") == TIEBACK_INVALID_ARGUMENT);
    CHECK(call(handle, "stats", "{") == TIEBACK_INVALID_ARGUMENT);
    CHECK(call(0, "stats", "{}") == TIEBACK_INVALID_ARGUMENT && call(-1, "stats", "{}") == TIEBACK_INVALID_ARGUMENT);
    CHECK(call(2147483647, "stats", "{}") == TIEBACK_INVALID_ARGUMENT);
    CHECK(call(handle, "hook_show", "{\"scope\": {\"company_id\": 5358233}, \"hook_id\": 99}") == TIEBACK_NOT_FOUND);
    HAS(answer, "\"kind\":\"not_found\"");
    HAS(answer, "\"operation\":\"hook_show\"");
}

int main(int argc, char **argv) {
    char json[4096];
    int32_t handle;
    CHECK(argc == 3);

    sprintf(json, "{\"path\": \"%s\", \"danger_allow_http\": true, \"danger_allow_private_addresses\": true, "
                  "\"retry\": {\"backoff_min_ms\": 1}}", argv[1]);
    CHECK(call(0, "engine_open", json) == TIEBACK_OK);
    handle = number_after("\"handle\":");
    CHECK(handle > 0);

    /* Blanks around, as COBOL pads its fields. */
    sprintf(json, "  {\"scope\": {\"company_id\": 5358233}, \"hook\": {\"namespace\": \"acme-sync\", "
                  "\"payload_version\": \"v2.0\", \"destination_url\": \"%s\"}}   ", argv[2]);
    CHECK(call_in_pieces(handle, "hook_create     ", json) == TIEBACK_OK);
    HAS(answer, "\"namespace\":\"acme-sync\"");
    CHECK(call(handle, "trigger_create", TRIGGER) == TIEBACK_OK);
    CHECK(call(handle, "publish", EVENT) == TIEBACK_OK);
    CHECK(number_after("\"deliveries\":") == 1);
    CHECK(call(handle, "run_until_idle", "{\"timeout_ms\": 30000, \"wait_paused\": true}") == TIEBACK_OK);
    HAS(answer, "\"idle\":true");

    CHECK(call_in_pieces(handle, "delivery_list", HOOK) == TIEBACK_OK);
    HAS(answer, "\"status\":\"delivered\"");
    HAS(answer, "\"response_status\":204");
    HAS(answer, "\"resource_id\":\"42\"");
    check_edges(handle);

    CHECK(call(handle, "engine_close", "") == TIEBACK_OK);
    CHECK(call(handle, "engine_close", "") == TIEBACK_CLOSED);
    CHECK(call(handle, "stats", NULL) == TIEBACK_CLOSED);
    return 0;
}
