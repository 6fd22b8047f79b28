/* The numbers of the ABI: what a program was compiled with must mean the same to every later library. */
#include <stddef.h>

#include "check.h"

#define NUMBER(name, number, word)               \
    do {                                         \
        CHECK((name) == (number));               \
        SAME(tieback_status_name(name), (word)); \
    } while (0)

int main(void) {
    NUMBER(TIEBACK_OK, 0, "ok");
    NUMBER(TIEBACK_INVALID_ARGUMENT, 1, "invalid_argument");
    NUMBER(TIEBACK_UNAUTHORIZED, 20, "unauthorized");
    NUMBER(TIEBACK_FORBIDDEN, 21, "forbidden");
    NUMBER(TIEBACK_NOT_FOUND, 40, "not_found");
    NUMBER(TIEBACK_CONFLICT, 41, "conflict");
    NUMBER(TIEBACK_RATE_LIMITED, 60, "rate_limited");
    NUMBER(TIEBACK_TIMEOUT, 61, "timeout");
    NUMBER(TIEBACK_UNAVAILABLE, 62, "unavailable");
    NUMBER(TIEBACK_NETWORK, 80, "network");
    NUMBER(TIEBACK_TLS, 81, "tls");
    NUMBER(TIEBACK_PROTOCOL, 82, "protocol");
    NUMBER(TIEBACK_STORAGE, 100, "storage");
    NUMBER(TIEBACK_CLOSED, 120, "closed");
    NUMBER(TIEBACK_CANCELLED, 121, "cancelled");
    NUMBER(TIEBACK_INTERNAL, 200, "internal");
    CHECK(TIEBACK_RETRY_NEVER == 0 && TIEBACK_RETRY_AFTER == 1 && TIEBACK_RETRY_NOW == 2);
    CHECK(TIEBACK_LEVEL_COMPANY == 1 && TIEBACK_LEVEL_PROJECT == 2);
    CHECK(TIEBACK_HOOK_ACTIVE == 1 && TIEBACK_HOOK_DISABLED == 2);
    CHECK(TIEBACK_LOG_ERROR == 1 && TIEBACK_LOG_WARN == 2 && TIEBACK_LOG_INFO == 3 && TIEBACK_LOG_DEBUG == 4);
    CHECK(sizeof(tieback_status) == 4 && sizeof(tieback_retry) == 4);

    if (sizeof(void *) == 8) {
        CHECK(sizeof(tieback_scope) == 32);
        CHECK(offsetof(tieback_scope, company_id) == 16);
        CHECK(sizeof(tieback_engine_options) == 240);
        CHECK(offsetof(tieback_engine_options, give_up_after_ms) == 40);
        CHECK(offsetof(tieback_engine_options, catalogue_csv) == 64);
        CHECK(offsetof(tieback_engine_options, allow_networks) == 80);
        CHECK(offsetof(tieback_engine_options, danger_proxy_resolves) == 140);
        CHECK(offsetof(tieback_engine_options, retention_ms) == 144);
        CHECK(offsetof(tieback_engine_options, store_key) == 160);
        CHECK(offsetof(tieback_engine_options, store_key_old) == 168);
        CHECK(offsetof(tieback_engine_options, max_attempts_in_flight) == 176);
        CHECK(offsetof(tieback_engine_options, on_notice) == 184);
        CHECK(offsetof(tieback_engine_options, on_log) == 208);
        CHECK(offsetof(tieback_engine_options, log_level) == 232);
        CHECK(sizeof(tieback_notice_callback) == 24 && sizeof(tieback_log_callback) == 24);
        CHECK(offsetof(tieback_log_callback, user_data) == 8 && offsetof(tieback_log_callback, drop) == 16);
        CHECK(sizeof(tieback_hook_options) == 88);
        CHECK(offsetof(tieback_hook_options, signing_secrets) == 56);
        CHECK(offsetof(tieback_hook_options, rate_limit_per_ms) == 80);
        CHECK(sizeof(tieback_hook_change) == 112);
        CHECK(offsetof(tieback_hook_change, status) == 60);
        CHECK(offsetof(tieback_hook_change, danger_keep_headers) == 64);
        CHECK(offsetof(tieback_hook_change, clear_signing_secrets) == 88);
        CHECK(offsetof(tieback_hook_change, clear_rate_limit) == 108);
        CHECK(sizeof(tieback_hook_query) == 40);
        CHECK(offsetof(tieback_hook_query, after) == 32);
        CHECK(sizeof(tieback_delivery_query) == 64);
        CHECK(offsetof(tieback_delivery_query, limit) == 56);
        CHECK(sizeof(tieback_event_options) == 152);
        CHECK(offsetof(tieback_event_options, related_ids) == 120);
        CHECK(offsetof(tieback_event_options, data_json) == 144);
    }
    return 0;
}
