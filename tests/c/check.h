/* What the test programs share: a check that fails aloud, and calls that must succeed or fail in a certain way. */
#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tieback.h>

#define CHECK(claim) check_that((claim) ? 1 : 0, __FILE__, __LINE__, #claim)

/* Both want a variable `tieback_error *error`, whose address is the call's last argument. */
#define OK(call) check_status((call), TIEBACK_OK, &error, NULL, __FILE__, __LINE__, #call)
#define FAILS(call, status, word) check_status((call), (status), &error, (word), __FILE__, __LINE__, #call)

#define SAME(text, expected) check_same((text), (expected), __FILE__, __LINE__, #text)
#define HAS(text, part) check_has((text), (part), __FILE__, __LINE__, #text)

static inline void check_that(int is_so, const char *file, int line, const char *claim) {
    if (!is_so) {
        fprintf(stderr, "%s:%d: not so: %s\n", file, line, claim);
        exit(1);
    }
}

static inline void check_same(const char *text, const char *expected, const char *file, int line, const char *what) {
    if (text == NULL || strcmp(text, expected) != 0) {
        fprintf(stderr, "%s:%d: %s is %s, and not %s\n", file, line, what, text == NULL ? "NULL" : text, expected);
        exit(1);
    }
}

static inline void check_has(const char *text, const char *part, const char *file, int line, const char *what) {
    if (text == NULL || strstr(text, part) == NULL) {
        fprintf(stderr, "%s:%d: %s has no `%s`: %s\n", file, line, what, part, text == NULL ? "NULL" : text);
        exit(1);
    }
}

/* The status, an error object exactly when it failed, and a word in its message. */
static inline void check_status(tieback_status status, tieback_status expected, tieback_error **error, const char *word,
                                const char *file, int line, const char *call) {
    const char *message = tieback_error_message(*error);
    if (status != expected) {
        fprintf(stderr, "%s:%d: %s gave %s (%s)\n", file, line, call, tieback_status_name(status), message);
        exit(1);
    }
    check_that((*error == NULL) == (expected == TIEBACK_OK), file, line, "an error object exactly after a failure");
    check_that(tieback_error_status(*error) == expected, file, line, "the error has the status");
    if (word != NULL) {
        check_has(message, word, file, line, "the message");
    }
    tieback_error_free(*error);
    *error = NULL;
}

/* An engine that may deliver to a test's endpoint, and is quick to try again. */
static inline tieback_engine *open_engine(const char *path) {
    tieback_engine_options options = TIEBACK_ENGINE_OPTIONS_INIT;
    tieback_engine *engine = NULL;
    tieback_error *error = NULL;
    options.path = path;
    options.danger_allow_http = 1;
    options.danger_allow_private_addresses = 1;
    options.backoff_min_ms = 20;
    OK(tieback_engine_open(&options, &engine, &error));
    return engine;
}

/* A hook of payload version v2.0 without headers. */
static inline tieback_hook *create_hook(const tieback_service *service, const tieback_scope *scope,
                                        const char *name, const char *url) {
    tieback_hook_options options = TIEBACK_HOOK_OPTIONS_INIT;
    tieback_hook *hook = NULL;
    tieback_error *error = NULL;
    options.namespace_ = name;
    options.payload_version = "v2.0";
    options.destination_url = url;
    OK(tieback_hook_create(service, scope, &options, &hook, &error));
    return hook;
}

#endif
