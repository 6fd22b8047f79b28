/*! @file
 *
 * tieback: manage, send and receive Procore webhooks.
 *
 * Generated from src/capi by `make header`; do not edit. This header is the manual of the C ABI: how to use it first,
 * then constants and types, then the functions in groups, each with an example. The examples are compiled and run by
 * the tests.
 *
 * ## The smallest program
 *
 * It keeps hooks in a file, publishes an event, and delivers it: `./program hooks.db http://127.0.0.1:8099/events`.
 *
 * ```c
 * #include <stdio.h>
 * #include <stdlib.h>
 * #include <string.h>
 * #include <tieback.h>
 *
 * static void check(tieback_status status, tieback_error **error) {
 *     if (status != TIEBACK_OK) {
 *         fprintf(stderr, "%s: %s\n", tieback_status_name(status), tieback_error_message(*error));
 *         exit(1);
 *     }
 * }
 *
 * int main(int argc, char **argv) {
 *     tieback_engine_options options = TIEBACK_ENGINE_OPTIONS_INIT;
 *     tieback_hook_options endpoint = TIEBACK_HOOK_OPTIONS_INIT;
 *     tieback_event_options event = TIEBACK_EVENT_OPTIONS_INIT;
 *     tieback_scope scope = tieback_scope_company(5358233);
 *     tieback_engine *engine;
 *     tieback_service *service;
 *     tieback_hook *hook;
 *     tieback_trigger *trigger;
 *     tieback_published *published;
 *     tieback_error *error;
 *
 *     if (argc != 3) return 2;
 *     options.path = argv[1];
 *     options.danger_allow_http = 1;              // this endpoint is on this machine:
 *     options.danger_allow_private_addresses = 1; // leave both out for https on the Internet
 *     check(tieback_engine_open(&options, &engine, &error), &error);
 *     check(tieback_engine_service(engine, &service, &error), &error);
 *
 *     endpoint.namespace_ = "acme-invoice-sync";
 *     endpoint.payload_version = "v4.0";
 *     endpoint.destination_url = argv[2];
 *     check(tieback_hook_create(service, &scope, &endpoint, &hook, &error), &error);
 *     check(tieback_trigger_create(service, &scope, tieback_hook_id(hook), "Company Users", "update", &trigger,
 *                                  &error), &error);
 *
 *     event.company_id = 5358233;
 *     event.resource_name = "Company Users";
 *     event.resource_id = "42";
 *     event.event_type = "update";
 *     check(tieback_publish(engine, &event, &published, &error), &error); // now it is on disk
 *     check(tieback_engine_run_until_idle(engine, 30000, 1, NULL, &error), &error);
 *     printf("%d delivery\n", (int)tieback_published_deliveries(published));
 *
 *     tieback_published_free(published);
 *     tieback_trigger_free(trigger);
 *     tieback_hook_free(hook);
 *     tieback_service_free(service);
 *     tieback_engine_close(engine);
 *     return 0;
 * }
 * ```
 *
 * The examples of the groups are functions behind the `check` of this program. Their arguments are what its variables
 * of the same names are: an open `engine`, its `service`, a `scope`; `hook_id` and `url` are those of a hook, `path` is
 * a file.
 *
 * ## Linking
 *
 * C99 and later, C++11 and later.
 *
 *     cc program.c $(pkg-config --cflags --libs tieback) -o program            shared, by pkg-config
 *     cc program.c -ltieback -o program                                        shared, from a folder the linker knows
 *     cc program.c libtieback.a -lgcc_s -lutil -lrt -lpthread -lm -ldl -lc     static, on Linux
 *     cc program.c libtieback.a -framework Security -framework CoreFoundation -liconv -lSystem -lc -lm     on macOS
 *
 * With CMake, `find_package(tieback)` and `target_link_libraries(program PRIVATE tieback::tieback)`, or
 * `tieback::static`.
 *
 * ## Versions
 *
 * The shared library's name ends in the ABI's version, so a program never loads one that does not fit. Who loads it by
 * another name compares himself. `TIEBACK_VERSION_AT_LEAST` is for what a newer header has.
 *
 * ```c
 * #if !TIEBACK_VERSION_AT_LEAST(0, 1, 0)
 * #error "this program needs tieback 0.1.0 or later"
 * #endif
 *
 * static void expect_a_library_that_fits(void) {
 *     if (tieback_abi_version() != TIEBACK_ABI_VERSION) {
 *         fprintf(stderr, "tieback %s does not fit: compiled with %s\n", tieback_version(), TIEBACK_VERSION);
 *         exit(1);
 *     }
 * }
 * ```
 *
 * ## Errors
 *
 * Whatever can fail returns a `tieback_status` and has `tieback_error **error` last. Pass NULL when the status is
 * enough. Else it is NULL after success, and after a failure an object that you free. There are no errors kept per
 * thread. Do not read `error` in the same expression as the call: `check(tieback_x(.., &error), error)` may pass its
 * value from before.
 *
 * ```c
 * static int is_there(const tieback_service *service, const tieback_scope *scope, const char *hook_id) {
 *     tieback_hook *hook;
 *     tieback_error *error;
 *     tieback_status status = tieback_hook_show(service, scope, hook_id, &hook, &error);
 *     tieback_hook_free(hook); // NULL after a failure, and then nothing happens
 *     if (status != TIEBACK_OK && status != TIEBACK_NOT_FOUND) {
 *         fprintf(stderr, "%s\n", tieback_error_message(error));
 *     }
 *     tieback_error_free(error); // NULL after success
 *     return status == TIEBACK_OK;
 * }
 * ```
 *
 * A comment lists the errors that belong to its function. Three more are possible: TIEBACK_UNAVAILABLE wherever
 * TIEBACK_STORAGE is listed, when another program holds the file; TIEBACK_CANCELLED wherever you may cancel; and
 * TIEBACK_INTERNAL, a defect in tieback. No panic leaves the library and none prints: the error says where it was, and
 * its handle can only be closed.
 *
 * ## Ownership
 *
 * What is written through a `**` is yours: end it with the function that its comment names. What is returned directly
 * is borrowed from the object that you asked, and ends with it. Never `free()` either. Out-parameters are NULL first
 * and written only on success; give each a variable of its own. To end NULL does nothing. What you pass in is copied:
 * free it after the call, when you like.
 *
 * ```c
 * static void first_namespace(const tieback_service *service, const tieback_scope *scope) {
 *     tieback_hooks *page;
 *     tieback_error *error;
 *     const tieback_hook *first;
 *
 *     check(tieback_hook_list(service, scope, NULL, &page, &error), &error);
 *     first = tieback_hooks_at(page, 0);                     // the page's: not freed by you
 *     if (first != NULL) puts(tieback_hook_namespace(first)); // the hook's: not freed by you
 *     tieback_hooks_free(page);                              // yours; first and its texts end here
 * }
 * ```
 *
 * ## Handles
 *
 * `tieback_engine` and `tieback_service` are checked: a closed one is TIEBACK_CLOSED, one that is none is
 * TIEBACK_INVALID_ARGUMENT, both without looking where they point to. A service does not keep its engine open. All
 * other objects are plain memory: using one after its end is undefined, as with any other.
 *
 * ## Texts
 *
 * UTF-8 with a NUL at the end, both ways; other bytes are TIEBACK_INVALID_ARGUMENT. Bodies are a pointer and a length.
 * Ids are texts, since newer ones are words; `strtoll` makes numbers of those that are. What an event or a scope is of,
 * its company, project and user, you give as numbers. Moments are RFC 3339 in UTC with microseconds;
 * `tieback_time_parse` makes numbers of them. A name that ends in `_ms` counts milliseconds, one in `_bytes` bytes.
 * Counts and sizes of memory are `size_t`, all other numbers signed.
 *
 * ## Structs
 *
 * Begin each struct that you fill with its `_INIT` macro, or its `_init` function. A field that is 0 or NULL means its
 * default. Structs only grow, at their end: `struct_size` says how much of it your program knows, and a newer library
 * takes the rest as 0. A newer program's struct is accepted while what the library does not know is 0, and else
 * refused.
 *
 * ```c
 * static void options_of_any_version(const char *path) {
 *     tieback_engine_options options = TIEBACK_ENGINE_OPTIONS_INIT; // struct_size is sizeof(options), all else is 0
 *     tieback_engine *engine;
 *     tieback_error *error;
 *
 *     options.path = path;
 *     options.max_in_flight = 1;
 *     check(tieback_engine_open(&options, &engine, &error), &error);
 *     tieback_engine_close(engine);
 * }
 * ```
 *
 * ## Threads
 *
 * What is `const` may be used by several threads at once; what is not, by one at a time. That goes for objects; the
 * checked handles may be used and ended by any thread at any moment. Loading and opening start no thread;
 * `tieback_engine_start` does, and so may the first attempt. Closing an engine ends its threads. The library sets no
 * signal handler, no locale and no `atexit`, and prints nothing.
 *
 * ## Forks
 *
 * A child process cannot use its parent's handles: calls give TIEBACK_CLOSED, and closing them does nothing. Open an
 * engine in the child. Fork while started engines are idle: what their threads hold locked at that moment, inside
 * SQLite or the allocator, stays locked in the child.
 *
 * ## Loading and unloading
 *
 * `dlopen` makes nothing: no thread, no file, no signal handler. On Linux the library stays mapped after `dlclose`
 * (it is linked with `-z nodelete`): what the system keeps for the library's threads and thread-local values could
 * not be taken back. So `dlclose` gives back no memory, and the next `dlopen` finds the same library; a hundred of
 * them leave no more behind than one. Close every engine before: one that is open stays open, and delivers on if it
 * was started. A plugin that has the static library in it must itself be linked with `-Wl,-z,nodelete`. Elsewhere
 * load the library once and keep it.
 *
 * ## Comments
 *
 * Each says, in this order: what the function does; who owns what it gives; which threads may call it; what NULL means;
 * which errors there are. A NULL that is not mentioned is TIEBACK_INVALID_ARGUMENT. "From 0" counts an index from 0.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */

#ifndef TIEBACK_H
#define TIEBACK_H

#include <stddef.h>
#include <stdint.h>

/**
 * The version of this header, as text. `tieback_version()` gives the library's.
 */
#define TIEBACK_VERSION "0.1.0"

/**
 * The version's first number.
 */
#define TIEBACK_VERSION_MAJOR 0

/**
 * The version's second number.
 */
#define TIEBACK_VERSION_MINOR 1

/**
 * The version's third number.
 */
#define TIEBACK_VERSION_PATCH 0

/**
 * The version as one number that grows, 0xMMNNPP: for `#if TIEBACK_VERSION_NUMBER >= 0x000100`.
 */
#define TIEBACK_VERSION_NUMBER 0x000100

/**
 * Whether this header is of version a.b.c or a later one: for `#if`.
 */
#define TIEBACK_VERSION_AT_LEAST(a, b, c) (TIEBACK_VERSION_NUMBER >= (((a) << 16) | ((b) << 8) | (c)))

/**
 * The ABI that this header describes. A library fits when its `tieback_abi_version()` is the same.
 */
#define TIEBACK_ABI_VERSION 1

/**
 * Begins a `tieback_scope`.
 */
#define TIEBACK_SCOPE_INIT { sizeof(tieback_scope), 0, 0, 0 }

/**
 * Begins `tieback_engine_options`.
 */
#define TIEBACK_ENGINE_OPTIONS_INIT \
    { sizeof(tieback_engine_options), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, \
      0, 0, 0, 0, 0, { 0, 0, 0 }, { 0, 0, 0 }, 0, 0 }

/**
 * Begins `tieback_hook_options`.
 */
#define TIEBACK_HOOK_OPTIONS_INIT { sizeof(tieback_hook_options), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }

/**
 * Begins a `tieback_hook_change`.
 */
#define TIEBACK_HOOK_CHANGE_INIT { sizeof(tieback_hook_change), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }

/**
 * Begins a `tieback_hook_query`.
 */
#define TIEBACK_HOOK_QUERY_INIT { sizeof(tieback_hook_query), 0, 0, 0, 0, 0 }

/**
 * Begins a `tieback_delivery_query`.
 */
#define TIEBACK_DELIVERY_QUERY_INIT { sizeof(tieback_delivery_query), 0, 0, 0, 0, 0, 0, 0, 0 }

/**
 * Begins `tieback_event_options`.
 */
#define TIEBACK_EVENT_OPTIONS_INIT \
    { sizeof(tieback_event_options), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }

/**
 * The level of a company's scope.
 */
#define TIEBACK_LEVEL_COMPANY 1

/**
 * The level of a project's scope.
 */
#define TIEBACK_LEVEL_PROJECT 2

/**
 * The status of a hook that delivers, in a `tieback_hook_change`.
 */
#define TIEBACK_HOOK_ACTIVE 1

/**
 * The status of a hook that is kept but delivers nothing, in a `tieback_hook_change`.
 */
#define TIEBACK_HOOK_DISABLED 2

/**
 * How many items a page has when its `limit` is 0.
 */
#define TIEBACK_PAGE_DEFAULT 100

/**
 * The most items that a page has; a larger `limit` is cut to it.
 */
#define TIEBACK_PAGE_MAX 1000

/**
 * The most triggers that one call of `tieback_trigger_create_many` or `tieback_trigger_delete_many` takes.
 */
#define TIEBACK_TRIGGERS_MAX 500

/**
 * The largest payload in bytes: an event whose payload would be larger cannot be published.
 */
#define TIEBACK_PAYLOAD_MAX_BYTES 262144

/**
 * The most events that one call of `tieback_publish_many` takes.
 */
#define TIEBACK_PUBLISH_MAX 1000

/**
 * The most bytes of an answer's body that are kept.
 */
#define TIEBACK_RESPONSE_BODY_MAX_BYTES 65536

/**
 * Something is lost or stands still: a queue was discarded, the store fails.
 */
#define TIEBACK_LOG_ERROR 1

/**
 * Something is in the way and is tried again: a lane is paused.
 */
#define TIEBACK_LOG_WARN 2

/**
 * What an operator wants to have read afterwards: opened, started, hooks created, lanes that go on.
 */
#define TIEBACK_LOG_INFO 3

/**
 * Each publish and each attempt.
 */
#define TIEBACK_LOG_DEBUG 4

/**
 * What came of a call. The numbers are permanent; a newer library may have more of them, so treat one that you do not
 * know by its group: 1-19 your call, 20-39 permission, 40-59 what is there, 60-79 try again later, 80-99 the network,
 * 100-119 the store, 120-139 ended, 200 and up a defect in tieback.
 */
enum tieback_status
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * All is well.
     */
    TIEBACK_OK = 0,
    /**
     * A value that you gave is wrong; nothing was changed.
     */
    TIEBACK_INVALID_ARGUMENT = 1,
    /**
     * The server does not accept the credentials.
     */
    TIEBACK_UNAUTHORIZED = 20,
    /**
     * The credentials are good but do not permit this.
     */
    TIEBACK_FORBIDDEN = 21,
    /**
     * There is no such hook, trigger or delivery in this scope.
     */
    TIEBACK_NOT_FOUND = 40,
    /**
     * What is there already stands in the way.
     */
    TIEBACK_CONFLICT = 41,
    /**
     * The server's rate limit is used up.
     */
    TIEBACK_RATE_LIMITED = 60,
    /**
     * A time limit that you set has passed.
     */
    TIEBACK_TIMEOUT = 61,
    /**
     * What is needed is busy or full at the moment.
     */
    TIEBACK_UNAVAILABLE = 62,
    /**
     * No connection, or one that broke.
     */
    TIEBACK_NETWORK = 80,
    /**
     * The TLS handshake failed.
     */
    TIEBACK_TLS = 81,
    /**
     * A peer answered with something that is not of the protocol.
     */
    TIEBACK_PROTOCOL = 82,
    /**
     * The store (its file, its disk, its content) failed.
     */
    TIEBACK_STORAGE = 100,
    /**
     * The handle is closed, freed, or belongs to a parent process.
     */
    TIEBACK_CLOSED = 120,
    /**
     * You cancelled the call.
     */
    TIEBACK_CANCELLED = 121,
    /**
     * A defect in tieback. Only closing is possible with the handle that met it.
     */
    TIEBACK_INTERNAL = 200,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum tieback_status tieback_status;
#else
typedef int32_t tieback_status;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Whether the same call, made again, can be expected to succeed.
 */
enum tieback_retry
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * Not without changing something first.
     */
    TIEBACK_RETRY_NEVER = 0,
    /**
     * Yes, after `tieback_error_retry_after_ms`.
     */
    TIEBACK_RETRY_AFTER = 1,
    /**
     * Yes, at once.
     */
    TIEBACK_RETRY_NOW = 2,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum tieback_retry tieback_retry;
#else
typedef int32_t tieback_retry;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * One try at a delivery: what was answered, or why nothing was.
 */
typedef struct tieback_attempt tieback_attempt;

/**
 * The answers of a call on many items, in the order of the items. An item that failed does not touch the others.
 */
typedef struct tieback_bulk tieback_bulk;

/**
 * A token that ends the calls which carry it. A checked handle, for any number of threads.
 *
 * Calls carry a token through their handle: `tieback_engine_with_cancel` makes a second handle of an engine, and
 * `tieback_service_with_cancel` one of a service, whose calls the token ends with TIEBACK_CANCELLED. A call that has
 * not begun does nothing then. Of those under way, the long ones end soon (`tieback_engine_run_until_idle`, `_pump`,
 * `_purge`, `_backup`, `_check_integrity`, `_compact`); the others run to their end, so that nobody has to guess what
 * became of them. `tieback_engine_stop` has its own `grace_ms` and does not look at the token once it has begun.
 */
typedef struct tieback_cancel tieback_cancel;

/**
 * A page of deliveries.
 */
typedef struct tieback_deliveries tieback_deliveries;

/**
 * A delivery as the service answered it, with its event and its attempts.
 */
typedef struct tieback_delivery tieback_delivery;

/**
 * A walk through deliveries, which fetches pages as it goes.
 */
typedef struct tieback_delivery_iter tieback_delivery_iter;

/**
 * An embedded webhook engine on one SQLite file: it keeps hooks and triggers, matches published events to them, and
 * delivers. A checked handle: one that is closed or foreign is an error.
 */
typedef struct tieback_engine tieback_engine;

/**
 * Why a call failed: what was wrong, with which value, what to do. It holds no secret.
 */
typedef struct tieback_error tieback_error;

/**
 * One change of one resource, as a payload says it. What the payload's version lacks is NULL. It belongs to its
 * delivery, or is yours from `tieback_event_parse`.
 */
typedef struct tieback_event tieback_event;

/**
 * A hook as the service answered it. Header values and signing secrets are masked: five asterisks and the last five
 * characters.
 */
typedef struct tieback_hook tieback_hook;

/**
 * A walk through hooks, which fetches pages as it goes.
 */
typedef struct tieback_hook_iter tieback_hook_iter;

/**
 * A page of hooks.
 */
typedef struct tieback_hooks tieback_hooks;

/**
 * How `tieback_engine_pump` or `tieback_engine_run_until_idle` ended.
 */
typedef struct tieback_idle_report tieback_idle_report;

/**
 * What `tieback_engine_check_integrity` found.
 */
typedef struct tieback_integrity_report tieback_integrity_report;

/**
 * One line for the host's log. It is there during the call that tells it.
 */
typedef struct tieback_log_line tieback_log_line;

/**
 * One happening on a hook's lane, or to the store under all of them.
 */
typedef struct tieback_notice tieback_notice;

/**
 * Notices, oldest first.
 */
typedef struct tieback_notices tieback_notices;

/**
 * What became of one published event. It is on disk.
 */
typedef struct tieback_published tieback_published;

/**
 * What `tieback_engine_purge` removed.
 */
typedef struct tieback_purged tieback_purged;

/**
 * A resource of the catalogue.
 */
typedef struct tieback_resource tieback_resource;

/**
 * A walk through resources, which fetches pages as it goes.
 */
typedef struct tieback_resource_iter tieback_resource_iter;

/**
 * A page of resources.
 */
typedef struct tieback_resources tieback_resources;

/**
 * A store that `tieback_restore` has made.
 */
typedef struct tieback_restored tieback_restored;

/**
 * The webhooks API: hooks, triggers, resources, deliveries. A checked handle: one that is freed or foreign is an
 * error.
 */
typedef struct tieback_service tieback_service;

/**
 * How much an engine has to do, what it keeps, and what that takes on the disk, at one moment.
 */
typedef struct tieback_stats tieback_stats;

/**
 * A trigger as the service answered it.
 */
typedef struct tieback_trigger tieback_trigger;

/**
 * A walk through triggers, which fetches pages as it goes.
 */
typedef struct tieback_trigger_iter tieback_trigger_iter;

/**
 * A page of triggers.
 */
typedef struct tieback_triggers tieback_triggers;

/**
 * A function that is told each notice as it happens. All zero: nobody is told; `tieback_engine_notices` has them too.
 *
 * It is called on whichever thread something happens: one of the engine's, or yours inside of a call; by several
 * threads at once. It must return, and not by `longjmp` or a C++ exception. Inside of it you may read, manage, publish
 * and cancel, of which no line is told; `tieback_engine_start`, `_stop`, `_pump` and `_run_until_idle` are
 * TIEBACK_CONFLICT there.
 */
typedef struct {
    /**
     * The function. The notice is there until it returns.
     */
    void (*call)(void *user_data, const tieback_notice *notice);
    /**
     * What it gets first. Several threads may get it at once.
     */
    void *user_data;
    /**
     * Called once with `user_data`, when the engine is closed and calls it no more; it may be NULL. When opening fails
     * it is not called: `user_data` is still yours then.
     */
    void (*drop)(void *user_data);
} tieback_notice_callback;

/**
 * A function that is told each line for a log. All zero: nobody is told. The rules are those of
 * `tieback_notice_callback`.
 */
typedef struct {
    /**
     * The function. The line is there until it returns.
     */
    void (*call)(void *user_data, const tieback_log_line *line);
    /**
     * What it gets first. Several threads may get it at once.
     */
    void *user_data;
    /**
     * Called once with `user_data`, when the engine is closed and calls it no more; it may be NULL. When opening fails
     * it is not called: `user_data` is still yours then.
     */
    void (*drop)(void *user_data);
} tieback_log_callback;

/**
 * How an engine is opened. Begin with TIEBACK_ENGINE_OPTIONS_INIT; a field that is 0 or NULL means its default.
 */
typedef struct {
    /**
     * The size of this struct.
     */
    size_t struct_size;
    /**
     * The SQLite file, which is created when it is not there. Must be given.
     */
    const char *path;
    /**
     * 1 sends over plain http too. For tests and closed networks: what is sent can be read and changed on the way.
     */
    int32_t danger_allow_http;
    /**
     * 1 sends to loopback and private addresses too. Whoever may create hooks then reaches your own network.
     */
    int32_t danger_allow_private_addresses;
    /**
     * Time to connect, TLS included. Default 5,000.
     */
    int32_t connect_timeout_ms;
    /**
     * Time from connected to the answer's headers. Default 5,000, as with Procore.
     */
    int32_t response_timeout_ms;
    /**
     * The first wait after a failure; it doubles with every further one. Default 1,000, as with Procore.
     */
    int32_t backoff_min_ms;
    /**
     * The longest wait. Default 3,600,000, as with Procore.
     */
    int32_t backoff_max_ms;
    /**
     * How long an endpoint may fail before its queue is discarded. Default 43,200,000 (12 h), as with Procore.
     */
    int64_t give_up_after_ms;
    /**
     * The most attempts of one delivery. Default: no limit, as with Procore.
     */
    int32_t max_attempts;
    /**
     * The most attempts in flight per hook. Default 8; 1 sends a hook's deliveries strictly in order.
     */
    int32_t max_in_flight;
    /**
     * Lengthens every wait by up to this many percent of itself, at random. Default 0, as with Procore; at most 100.
     */
    int32_t jitter_percent;
    /**
     * 1 waits at least as long as the endpoint's `Retry-After` asks. Default 0, as with Procore.
     */
    int32_t honor_retry_after;
    /**
     * Which resources and events exist, as a CSV table (not the name of a file). Default: the built-in catalogue.
     */
    const char *catalogue_csv;
    /**
     * 1 accepts every resource and event. Default 0.
     */
    int32_t catalogue_accept_any;
    /**
     * Networks to which deliveries may go although they are not public, separated by commas: `10.20.0.0/16, fd00::/8`.
     * Narrower than `danger_allow_private_addresses`. Default: none.
     */
    const char *allow_networks;
    /**
     * Certificates in PEM that are trusted beside the machine's roots: of authorities, or of single servers.
     */
    const char *extra_ca_pem;
    /**
     * The same, as the name of a file.
     */
    const char *extra_ca_file;
    /**
     * The certificate in PEM that is shown to servers that ask for one, with its chain behind it.
     */
    const char *client_certificate_pem;
    /**
     * Its private key in PEM, not encrypted. A secret: no error and no answer repeats it.
     */
    const char *client_key_pem;
    /**
     * The forward proxy: `http://host:3128` or `http://user:password@host:3128`; `https` when the way to it is
     * encrypted too. Needs `danger_proxy_resolves`. Default: none. No error and no answer repeats its credentials.
     */
    const char *proxy_url;
    /**
     * What is reached without the proxy: hosts, with all names under them, and networks, separated by commas.
     */
    const char *no_proxy;
    /**
     * 1 takes the proxy from the variables HTTPS_PROXY, http_proxy, ALL_PROXY and NO_PROXY instead. Needs
     * `danger_proxy_resolves`. Default 0: the environment is not read.
     */
    int32_t proxy_from_environment;
    /**
     * 1 says that the proxy resolves the names of destinations, unseen by the rule for addresses, and is itself set up
     * to keep them out of your network. No proxy is used without.
     */
    int32_t danger_proxy_resolves;
    /**
     * How long deliveries, their attempts and their events are kept after the outcome. Default 2,419,200,000 (28
     * days), as with Procore. What is queued is kept however old it is.
     */
    int64_t retention_ms;
    /**
     * The most deliveries that may be queued for one hook; an event that would make more is TIEBACK_UNAVAILABLE and
     * nothing of it is kept. Default: as many as the disk holds.
     */
    int32_t max_queued_per_hook;
    /**
     * The same for all hooks together. Default: as many as the disk holds.
     */
    int32_t max_queued;
    /**
     * The key that seals the secrets in the file: 32 random bytes as 44 characters of base64 or 64 hex digits, such as
     * `openssl rand -base64 32` prints. A store that is in clear text is sealed by opening it, for good. A store that
     * is sealed with another key is TIEBACK_INVALID_ARGUMENT. Default: secrets are kept in clear text. A secret: no
     * error and no answer repeats it.
     */
    const char *store_key;
    /**
     * Keys of before, separated by commas. What they have sealed is sealed anew with `store_key` by opening; then they
     * are needed no longer.
     */
    const char *store_key_old;
    /**
     * The most attempts in flight, over all hooks. Default 256.
     */
    int32_t max_attempts_in_flight;
    /**
     * The most connections that are kept open for the next delivery to the same host, over all hosts. Default 256.
     * With those of the attempts in flight, that is all the connections there are.
     */
    int32_t max_idle_connections;
    /**
     * A function that is told each notice as it happens. Default: none.
     */
    tieback_notice_callback on_notice;
    /**
     * A function that is told each line for your log. Default: none.
     */
    tieback_log_callback on_log;
    /**
     * The most talkative level that `on_log` is told, TIEBACK_LOG_ERROR to TIEBACK_LOG_DEBUG. Default
     * TIEBACK_LOG_INFO.
     */
    int32_t log_level;
    /**
     * Not used by this version: 0.
     */
    int32_t reserved;
} tieback_engine_options;

/**
 * One company or one project: whose hooks a call is about. Begin with TIEBACK_SCOPE_INIT, or take
 * `tieback_scope_company` or `tieback_scope_project`.
 */
typedef struct {
    /**
     * The size of this struct.
     */
    size_t struct_size;
    /**
     * TIEBACK_LEVEL_COMPANY or TIEBACK_LEVEL_PROJECT; 0 when exactly one of the ids is given and says it.
     */
    int32_t level;
    /**
     * The company, 1 to 2^63-1. In a project's scope 0 leaves it out; publishing needs it.
     */
    int64_t company_id;
    /**
     * The project, 1 to 2^63-1; 0 in a company's scope.
     */
    int64_t project_id;
} tieback_scope;

/**
 * A hook to create. Begin with TIEBACK_HOOK_OPTIONS_INIT.
 */
typedef struct {
    /**
     * The size of this struct.
     */
    size_t struct_size;
    /**
     * Lower-case a-z, digits and dashes; one hook per scope and namespace. Must be given.
     */
    const char *namespace_;
    /**
     * "v2.0", "v3.0" or "v4.0". Must be given.
     */
    const char *payload_version;
    /**
     * Where it delivers: an https URL without credentials. Must be given.
     */
    const char *destination_url;
    /**
     * The names of the headers that every delivery carries; NULL when there are none.
     */
    const char *const *header_names;
    /**
     * Their values, in the same order. Answers show them masked.
     */
    const char *const *header_values;
    /**
     * How many headers there are.
     */
    size_t header_count;
    /**
     * The secrets with which every delivery is signed, as Standard Webhooks has it: each "whsec_" and 24 to 64 bytes
     * in base64, at most 8. NULL when deliveries are not signed. Answers show them masked.
     */
    const char *const *signing_secrets;
    /**
     * How many secrets there are.
     */
    size_t signing_secret_count;
    /**
     * The most attempts in `rate_limit_per_ms`, spaced evenly; 0 for no limit.
     */
    int32_t rate_limit_attempts;
    /**
     * How many may go at once after a quiet time: 0 means 1.
     */
    int32_t rate_limit_burst;
    /**
     * The span of the rate limit: 1 to 86,400,000 (a day).
     */
    int64_t rate_limit_per_ms;
} tieback_hook_options;

/**
 * What to change on a hook. Begin with TIEBACK_HOOK_CHANGE_INIT; what is NULL or 0 stays as it is.
 */
typedef struct {
    /**
     * The size of this struct.
     */
    size_t struct_size;
    /**
     * Another namespace.
     */
    const char *namespace_;
    /**
     * Another payload version, for events published from now on.
     */
    const char *payload_version;
    /**
     * Another URL, used from the next attempt on.
     */
    const char *destination_url;
    /**
     * The names of other headers, in place of all present ones.
     */
    const char *const *header_names;
    /**
     * Their values, in the same order.
     */
    const char *const *header_values;
    /**
     * How many headers there are.
     */
    size_t header_count;
    /**
     * 1 takes all headers away.
     */
    int32_t clear_headers;
    /**
     * TIEBACK_HOOK_ACTIVE or TIEBACK_HOOK_DISABLED.
     */
    int32_t status;
    /**
     * 1 sends the present headers to another scheme, host or port than they were given for. Without it, a change that
     * moves the URL there and gives no headers is TIEBACK_INVALID_ARGUMENT: who sees only their masks could have them
     * sent to a server of his own.
     */
    int32_t danger_keep_headers;
    /**
     * Other signing secrets, in place of all present ones. To change one without a gap: first the old and the new,
     * then, when the endpoint has the new one, the new one alone.
     */
    const char *const *signing_secrets;
    /**
     * How many secrets there are.
     */
    size_t signing_secret_count;
    /**
     * 1 takes all secrets away: deliveries are not signed any more.
     */
    int32_t clear_signing_secrets;
    /**
     * Another rate limit, in force at once: the most attempts in `rate_limit_per_ms`.
     */
    int32_t rate_limit_attempts;
    /**
     * The span of the rate limit.
     */
    int64_t rate_limit_per_ms;
    /**
     * How many may go at once after a quiet time: 0 means 1.
     */
    int32_t rate_limit_burst;
    /**
     * 1 takes the rate limit away.
     */
    int32_t clear_rate_limit;
} tieback_hook_change;

/**
 * Which hooks to list. Begin with TIEBACK_HOOK_QUERY_INIT; what is NULL or 0 does not narrow the list.
 */
typedef struct {
    /**
     * The size of this struct.
     */
    size_t struct_size;
    /**
     * Only the hook of this namespace.
     */
    const char *namespace_;
    /**
     * Only hooks of this payload version.
     */
    const char *payload_version;
    /**
     * 1 counts each hook's triggers.
     */
    int32_t include_trigger_count;
    /**
     * How many items a page has at the most: default 100, at most 1,000.
     */
    int32_t limit;
    /**
     * Where to go on: the page before's `_next_page`. NULL for the first page.
     */
    const char *after;
} tieback_hook_query;

/**
 * An event to publish. Begin with TIEBACK_EVENT_OPTIONS_INIT; what is NULL or 0 is left out.
 */
typedef struct {
    /**
     * The size of this struct.
     */
    size_t struct_size;
    /**
     * The company. Must be given.
     */
    int64_t company_id;
    /**
     * The project, for an event of a project.
     */
    int64_t project_id;
    /**
     * Who did it.
     */
    int64_t user_id;
    /**
     * The resource's name, exactly as in the catalogue, such as "RFIs". Must be given.
     */
    const char *resource_name;
    /**
     * The resource's id: a number, or for hooks of payload version v4.0 any word. Must be given.
     */
    const char *resource_id;
    /**
     * "create", "update", "delete", or another word for v4.0. Must be given.
     */
    const char *event_type;
    /**
     * The event's own number. Left out, one is made.
     */
    const char *id;
    /**
     * The event's own ULID: publishing the same one twice is one event. Left out, one is made.
     */
    const char *ulid;
    /**
     * When it happened, as RFC 3339. Left out, now.
     */
    const char *timestamp;
    /**
     * The user that caused it (payload v2.0 and v3.0, as all `source_` fields).
     */
    int64_t source_user_id;
    /**
     * The project that caused it.
     */
    int64_t source_project_id;
    /**
     * The company that caused it.
     */
    int64_t source_company_id;
    /**
     * A token that the caller of the API gave for the operation, such as a UUID.
     */
    const char *source_operation_id;
    /**
     * The OAuth client id of the application that caused it.
     */
    const char *source_application_id;
    /**
     * The ids of the parents of a line item (payload v3.0).
     */
    const char *const *related_ids;
    /**
     * Their resource names, in the same order.
     */
    const char *const *related_names;
    /**
     * How many parents there are.
     */
    size_t related_count;
    /**
     * Further facts, as a JSON value (payload v4.0). A number that neither 64 bits nor a double hold exactly is sent
     * as a text with its digits.
     */
    const char *data_json;
} tieback_event_options;

/**
 * Which deliveries to list. Begin with TIEBACK_DELIVERY_QUERY_INIT; what is NULL or 0 does not narrow the list.
 */
typedef struct {
    /**
     * The size of this struct.
     */
    size_t struct_size;
    /**
     * A status word of either generation of the API: "any", "successful", "failing", "discarded" (v1.0), "succeeded",
     * "failed", "enqueued", "retrying" (v2.0).
     */
    const char *status;
    /**
     * Only those of this resource, compared without case.
     */
    const char *resource_name;
    /**
     * Only those of this event, compared without case.
     */
    const char *event_type;
    /**
     * Only those queued at or after this moment: RFC 3339, or a day such as "2025-02-06", from its first instant.
     */
    const char *start;
    /**
     * Only those queued before this moment; a day counts up to its last instant.
     */
    const char *end;
    /**
     * Where to go on: the page before's `tieback_deliveries_next_page`. NULL for the first page.
     */
    const char *after;
    /**
     * How many items a page has at the most: default 100, at most 1,000.
     */
    int32_t limit;
    /**
     * Not used by this version: 0.
     */
    int32_t reserved;
} tieback_delivery_query;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/*! @defgroup versions Versions
 *
 * Which library a program has loaded, and what it is made of.
 *
 * ```c
 * static void print_versions(void) {
 *     size_t i;
 *
 *     printf("tieback %s, compiled with %s\n", tieback_version(), TIEBACK_VERSION);
 *     printf("made of %s\n", tieback_build_info());
 *     for (i = 0; i < tieback_payload_version_count(); i++) puts(tieback_payload_version(i));
 * }
 * ```
 * @{
 */

/**
 * The version of the library as text, such as "0.1.0".
 *
 * Ownership: static, never freed. Threads: any. NULL: never given. Errors: none.
 */
const char *tieback_version(void);

/**
 * The version of the library as a number that grows, 0xMMNNPP, as `TIEBACK_VERSION_NUMBER` is the header's.
 *
 * Ownership: a number. Threads: any. NULL: takes none. Errors: none.
 */
int32_t tieback_version_number(void);

/**
 * The version of the library's ABI. A program and a library fit when this is the `TIEBACK_ABI_VERSION` that the
 * program was compiled with.
 *
 * Ownership: a number. Threads: any. NULL: takes none. Errors: none.
 */
int32_t tieback_abi_version(void);

/**
 * What the library is made of, as JSON: `version`, `abi_version`, `sqlite` (its version), `tls`, `target`, `debug`,
 * `features` and `payload_versions`. For logs and reports.
 *
 * Ownership: static, never freed. Threads: any. NULL: never given. Errors: none.
 */
const char *tieback_build_info(void);

/**
 * How many payload versions there are.
 *
 * Ownership: a number. Threads: any. NULL: takes none. Errors: none.
 */
size_t tieback_payload_version_count(void);

/**
 * A payload version, from 0, oldest first: "v2.0", "v3.0", "v4.0". Procore recommends the last one for new hooks.
 *
 * Ownership: static, never freed. Threads: any. NULL: takes none; an index past the end gives NULL. Errors: none.
 */
const char *tieback_payload_version(size_t index);

/*! @} */

/*! @defgroup engine Engine
 *
 * Opening, running and closing. An engine delivers in one of three ways: on threads of its own after
 * `tieback_engine_start`; on yours, as long as it takes, in `tieback_engine_run_until_idle`; on yours, a little at a
 * time, in `tieback_engine_pump`.
 *
 * ```c
 * static void deliver_in_the_background(const char *path) {
 *     tieback_engine_options options = TIEBACK_ENGINE_OPTIONS_INIT;
 *     tieback_engine *engine;
 *     tieback_error *error;
 *     int64_t limit_ms;
 *
 *     options.path = path;
 *     check(tieback_engine_open(&options, &engine, &error), &error);
 *     check(tieback_engine_start(engine, &error), &error);
 *     // ... publish, from any thread ...
 *     check(tieback_engine_attempt_limit_ms(engine, &limit_ms, &error), &error);
 *     check(tieback_engine_stop(engine, limit_ms, &error), &error); // attempts in flight may end
 *     tieback_engine_close(engine);
 * }
 *
 * // For hosts without threads: once in each turn of the program's own loop.
 * static int a_turn(const tieback_engine *engine) {
 *     tieback_idle_report *report;
 *     tieback_error *error;
 *     int is_idle;
 *
 *     check(tieback_engine_pump(engine, 20, &report, &error), &error);
 *     is_idle = tieback_idle_report_idle(report);
 *     tieback_idle_report_free(report);
 *     return is_idle;
 * }
 * ```
 * @{
 */

/**
 * Zeroes options of `struct_size` bytes and writes the size into them: TIEBACK_ENGINE_OPTIONS_INIT for languages
 * without macros.
 *
 * Ownership: the options stay yours. Threads: one. NULL: nothing happens. Errors: none.
 */
void tieback_engine_options_init(tieback_engine_options *options, size_t struct_size);

/**
 * Like `tieback_engine_options_init`, with the default of each number in place of 0: to show them, or to set one
 * relative to its default. A limit that there is none of by default stays 0, and so does what is not a number.
 *
 * Ownership: the options stay yours. Threads: one. NULL: nothing happens. Errors: none.
 */
void tieback_engine_options_defaults(tieback_engine_options *options, size_t struct_size);

/**
 * Opens an engine on its file, which is created when it is not there. Starts no thread. Any number of engines may have
 * one file open, in this process and in others (docs/processes.md).
 *
 * Ownership: `*out` is yours; end it with `tieback_engine_close`. Threads: any. NULL: `error` may be.
 * Errors: TIEBACK_INVALID_ARGUMENT for options that make no sense, and for a store that is sealed with a key that is
 * not given (the message has the key's id); TIEBACK_UNAVAILABLE when the file is of an earlier version, or to be
 * sealed, and another engine has it open; TIEBACK_STORAGE when the file is no tieback store, is newer than this
 * library, read-only or damaged.
 */
tieback_status tieback_engine_open(const tieback_engine_options *options, tieback_engine **out, tieback_error **error);

/**
 * Opens an engine from options in JSON: `{"path": "hooks.db", "danger_allow_http": true, "retry": {"backoff_min_ms":
 * 500}}`; the members have the names of `tieback_engine_options`, those of the retry policy inside `retry`, where
 * `jitter` is a fraction; `allow_networks` and `store_key_old` are lists of texts.
 *
 * Ownership: `*out` is yours; end it with `tieback_engine_close`. Threads: any. NULL: `error` may be.
 * Errors: those of `tieback_engine_open`; an unknown member is TIEBACK_INVALID_ARGUMENT.
 */
tieback_status tieback_engine_open_from_json(const char *json, tieback_engine **out, tieback_error **error);

/**
 * Closes an engine and ends its handle. Attempts in flight are abandoned and queued again; call `tieback_engine_stop`
 * first to let them end. Calls on other threads return, most of them with TIEBACK_CLOSED, and so does every later one,
 * also through its services.
 *
 * Ownership: ends the handle. Threads: any; calls may be under way. NULL: nothing happens, nor with a handle that is
 * closed already or belongs to a parent process. Errors: none; what was not finished is kept in the file.
 */
void tieback_engine_close(tieback_engine *engine);

/**
 * Starts delivering on threads of the engine's own. Starting a started engine changes nothing. While another thread
 * delivers in `tieback_engine_run_until_idle` or `tieback_engine_pump`, it waits for that.
 *
 * Ownership: nothing is given. Threads: any. NULL: `error` may be.
 * Errors: TIEBACK_CLOSED; TIEBACK_STORAGE when the queue cannot be read; TIEBACK_UNAVAILABLE when the system gives no
 * threads; TIEBACK_CONFLICT inside of a callback.
 */
tieback_status tieback_engine_start(const tieback_engine *engine, tieback_error **error);

/**
 * Stops delivering: nothing starts any more, and attempts in flight get `grace_ms` to end and be recorded. What has
 * not ended by then is queued again. Whoever runs the engine on another thread returns. Stopping a stopped engine
 * changes nothing.
 *
 * Ownership: nothing is given. Threads: any. NULL: `error` may be.
 * Errors: TIEBACK_CLOSED; TIEBACK_INVALID_ARGUMENT for a negative time; TIEBACK_CONFLICT inside of a callback.
 */
tieback_status tieback_engine_stop(const tieback_engine *engine, int64_t grace_ms, tieback_error **error);

/**
 * How long an attempt can take at the most, in milliseconds: the time limits of the options together. As the
 * `grace_ms` of `tieback_engine_stop` it lets every attempt end.
 *
 * Ownership: `*out` is a number, 0 after an error. Threads: any. NULL: `error` may be.
 * Errors: TIEBACK_CLOSED.
 */
tieback_status tieback_engine_attempt_limit_ms(const tieback_engine *engine, int64_t *out, tieback_error **error);

/**
 * Delivers on your thread what is due, for about `budget_ms`; returns early when nothing is in flight or due. For
 * hosts without threads: call it often, at least every second while the report says that the engine is not idle, since
 * the time limits of attempts in flight run on between calls.
 *
 * Ownership: `*out` is yours; free it with `tieback_idle_report_free`. Threads: any; one at a time runs, others wait
 * for it. NULL: `out` and `error` may be.
 * Errors: TIEBACK_CLOSED; TIEBACK_CONFLICT when the engine is started, and inside of a callback; TIEBACK_STORAGE;
 * TIEBACK_INVALID_ARGUMENT for a negative time.
 */
tieback_status tieback_engine_pump(const tieback_engine *engine,
                                   int64_t budget_ms,
                                   tieback_idle_report **out,
                                   tieback_error **error);

/**
 * Delivers until nothing is in flight or due, or `timeout_ms` has passed. A started engine is waited for; else the
 * work is done on your thread. Lanes that wait after a failure are waited for only when `wait_paused` is 1; else the
 * report says how many there are. That the time ran out is no error: the report says it.
 *
 * Ownership: `*out` is yours; free it with `tieback_idle_report_free`. Threads: any. NULL: `out` and `error` may be.
 * Errors: TIEBACK_CLOSED; TIEBACK_CONFLICT inside of a callback; TIEBACK_STORAGE; TIEBACK_INVALID_ARGUMENT for a
 * negative time.
 */
tieback_status tieback_engine_run_until_idle(const tieback_engine *engine,
                                             int64_t timeout_ms,
                                             int32_t wait_paused,
                                             tieback_idle_report **out,
                                             tieback_error **error);

/**
 * Frees a report.
 *
 * Ownership: ends the report. Threads: one. NULL: nothing happens. Errors: none.
 */
void tieback_idle_report_free(tieback_idle_report *report);

/**
 * 1 when nothing is in flight or due; 0 when the time ran out first.
 *
 * Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
 */
int32_t tieback_idle_report_idle(const tieback_idle_report *report);

/**
 * How many lanes wait for the end of their back-off.
 *
 * Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
 */
int64_t tieback_idle_report_paused_lanes(const tieback_idle_report *report);

/**
 * How many attempts ended meanwhile.
 *
 * Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
 */
int64_t tieback_idle_report_attempts(const tieback_idle_report *report);

/**
 * The report as JSON.
 *
 * Ownership: the report's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_idle_report_to_json(const tieback_idle_report *report);

/*! @} */

/*! @defgroup cancelling Cancelling
 *
 * A token ends calls from another thread. Calls carry it through their handle: a second one of the engine, or of the
 * service, made with the token. A cancelled call gives TIEBACK_CANCELLED.
 *
 * ```c
 * // What a thread of yours does; another one calls `tieback_cancel_request(cancel, NULL)` to end it.
 * static void deliver_until_told(const tieback_engine *engine, const tieback_cancel *cancel) {
 *     tieback_engine *mine;
 *     tieback_status status;
 *     tieback_error *error;
 *
 *     check(tieback_engine_with_cancel(engine, cancel, &mine, &error), &error);
 *     status = tieback_engine_run_until_idle(mine, 60000, 1, NULL, &error);
 *     if (status == TIEBACK_CANCELLED) {
 *         puts("told to end");
 *         tieback_error_free(error);
 *     } else {
 *         check(status, &error);
 *     }
 *     tieback_engine_close(mine); // ends this handle alone
 * }
 *
 * static void cancel_from_elsewhere(const tieback_engine *engine) {
 *     tieback_cancel *cancel;
 *     tieback_error *error;
 *
 *     check(tieback_cancel_new(&cancel, &error), &error);
 *     check(tieback_cancel_request(cancel, &error), &error); // on any thread, at any moment
 *     deliver_until_told(engine, cancel);
 *     tieback_cancel_free(cancel);
 * }
 * ```
 * @{
 */

/**
 * Makes a token.
 *
 * Ownership: `*out` is yours; end it with `tieback_cancel_free`. Threads: any. NULL: `error` may be.
 * Errors: TIEBACK_INVALID_ARGUMENT without `out`.
 */
tieback_status tieback_cancel_new(tieback_cancel **out, tieback_error **error);

/**
 * Ends the calls that carry this token: those under way as soon as they can, and every later one at once. Returns
 * without waiting for them. It stays requested; for further calls use another token.
 *
 * Ownership: nothing is given. Threads: any, also inside of a callback; it is not for signal handlers. NULL: `error`
 * may be. Errors: TIEBACK_CLOSED for a token that is freed.
 */
tieback_status tieback_cancel_request(const tieback_cancel *cancel, tieback_error **error);

/**
 * Whether the token was requested: 1 or 0.
 *
 * Ownership: a number. Threads: any. NULL: gives 0, as does a token that is freed. Errors: none.
 */
int32_t tieback_cancel_requested(const tieback_cancel *cancel);

/**
 * Frees the handle of a token. Calls and handles that carry the token keep it; nobody can request it any more.
 *
 * Ownership: ends the handle. Threads: any. NULL: nothing happens, nor with a handle that is freed already or belongs
 * to a parent process. Errors: none.
 */
void tieback_cancel_free(tieback_cancel *cancel);

/**
 * Makes a second handle of an engine, whose calls `cancel` ends. `tieback_engine_close` on it ends this handle alone;
 * the engine stays open, and the handle is TIEBACK_CLOSED once the engine is closed. Services that are made from it
 * carry the token too. Made from a handle with a token, it carries the new one alone.
 *
 * Ownership: `*out` is yours; end it with `tieback_engine_close`. Threads: any. NULL: `error` may be.
 * Errors: TIEBACK_CLOSED for an engine that is closed or a token that is freed.
 */
tieback_status tieback_engine_with_cancel(const tieback_engine *engine,
                                          const tieback_cancel *cancel,
                                          tieback_engine **out,
                                          tieback_error **error);

/**
 * Makes a second handle of a service, whose calls `cancel` ends. Made from a handle with a token, it carries the new
 * one alone.
 *
 * Ownership: `*out` is yours; end it with `tieback_service_free`. Threads: any. NULL: `error` may be.
 * Errors: TIEBACK_CLOSED for a service that is freed or whose engine is closed, and for a token that is freed.
 */
tieback_status tieback_service_with_cancel(const tieback_service *service,
                                           const tieback_cancel *cancel,
                                           tieback_service **out,
                                           tieback_error **error);

/*! @} */

/*! @defgroup service Service
 *
 * The handle by which hooks, triggers, resources and deliveries are managed, and the scope that each of these calls
 * names. A call sees nothing outside of its scope: a project's hook is not there in its company's.
 *
 * ```c
 * static size_t count_hooks(const tieback_engine *engine, int64_t company_id, int64_t project_id) {
 *     tieback_scope scope = project_id != 0 ? tieback_scope_project(project_id, company_id)
 *                                           : tieback_scope_company(company_id);
 *     tieback_service *service;
 *     tieback_hooks *page;
 *     tieback_error *error;
 *     size_t count;
 *
 *     check(tieback_engine_service(engine, &service, &error), &error);
 *     check(tieback_hook_list(service, &scope, NULL, &page, &error), &error);
 *     count = tieback_hooks_len(page);
 *     tieback_hooks_free(page);
 *     tieback_service_free(service);
 *     return count;
 * }
 * ```
 * @{
 */

/**
 * Zeroes a scope of `struct_size` bytes and writes the size into it: TIEBACK_SCOPE_INIT for languages without macros.
 *
 * Ownership: the scope stays yours. Threads: one. NULL: nothing happens. Errors: none.
 */
void tieback_scope_init(tieback_scope *scope, size_t struct_size);

/**
 * A company's scope.
 *
 * Ownership: a value. Threads: any. NULL: takes none. Errors: none here; the call that uses it checks the id.
 */
tieback_scope tieback_scope_company(int64_t company_id);

/**
 * A project's scope. The company may be 0 where only the project is known.
 *
 * Ownership: a value. Threads: any. NULL: takes none. Errors: none here; the call that uses it checks the ids.
 */
tieback_scope tieback_scope_project(int64_t project_id, int64_t company_id);

/**
 * Makes a handle of the engine's service, which manages hooks and triggers and lists deliveries. It does not keep the
 * engine open.
 *
 * Ownership: `*out` is yours; end it with `tieback_service_free`. Threads: any. NULL: `error` may be.
 * Errors: TIEBACK_CLOSED.
 */
tieback_status tieback_engine_service(const tieback_engine *engine, tieback_service **out, tieback_error **error);

/**
 * Frees the handle of a service. The engine behind it stays open.
 *
 * Ownership: ends the handle. Threads: any; calls under way end as usual. NULL: nothing happens, nor with a handle
 * that is freed already or belongs to a parent process. Errors: none.
 */
void tieback_service_free(tieback_service *service);

/*! @} */

/*! @defgroup hooks Hooks
 *
 * A hook is an endpoint in a scope, under a namespace. Its header values and signing secrets go in and never come out:
 * answers show masks of them.
 *
 * ```c
 * static void create_and_move(const tieback_service *service, const tieback_scope *scope, const char *url) {
 *     static const char *const names[] = {"Authorization", "X-Tenant"};
 *     static const char *const values[] = {"Bearer a-long-secret", "acme"};
 *     tieback_hook_options options = TIEBACK_HOOK_OPTIONS_INIT;
 *     tieback_hook_change change = TIEBACK_HOOK_CHANGE_INIT;
 *     tieback_hook *hook, *changed;
 *     tieback_error *error;
 *
 *     options.namespace_ = "acme-orders";
 *     options.payload_version = "v4.0";
 *     options.destination_url = url;
 *     options.header_names = names;
 *     options.header_values = values;
 *     options.header_count = 2;
 *     check(tieback_hook_create(service, scope, &options, &hook, &error), &error);
 *     printf("%s: %s\n", tieback_hook_header_name(hook, 0), tieback_hook_header_value(hook, 0)); // *****ecret
 *
 *     change.namespace_ = "acme-purchases"; // what is not given stays
 *     change.status = TIEBACK_HOOK_DISABLED;
 *     check(tieback_hook_update(service, scope, tieback_hook_id(hook), &change, &changed, &error), &error);
 *     tieback_hook_free(changed);
 *     check(tieback_hook_delete(service, scope, tieback_hook_id(hook), &error), &error);
 *     tieback_hook_free(hook);
 * }
 *
 * // Pages are fetched as the walk needs them. A NULL with TIEBACK_OK is the end.
 * static void walk(const tieback_service *service, const tieback_scope *scope) {
 *     tieback_hook_iter *hooks;
 *     tieback_hook *hook;
 *     tieback_error *error;
 *
 *     check(tieback_hook_iter_new(service, scope, NULL, &hooks, &error), &error);
 *     for (;;) {
 *         check(tieback_hook_iter_next(hooks, &hook, &error), &error);
 *         if (hook == NULL) break;
 *         printf("%s %s\n", tieback_hook_id(hook), tieback_hook_destination_url(hook));
 *         tieback_hook_free(hook);
 *     }
 *     tieback_hook_iter_free(hooks);
 * }
 * ```
 * @{
 */

/**
 * Zeroes options of `struct_size` bytes and writes the size into them: TIEBACK_HOOK_OPTIONS_INIT for languages without
 * macros.
 *
 * Ownership: the options stay yours. Threads: one. NULL: nothing happens. Errors: none.
 */
void tieback_hook_options_init(tieback_hook_options *options, size_t struct_size);

/**
 * Zeroes a change of `struct_size` bytes and writes the size into it: TIEBACK_HOOK_CHANGE_INIT for languages without
 * macros.
 *
 * Ownership: the change stays yours. Threads: one. NULL: nothing happens. Errors: none.
 */
void tieback_hook_change_init(tieback_hook_change *change, size_t struct_size);

/**
 * Zeroes a query of `struct_size` bytes and writes the size into it: TIEBACK_HOOK_QUERY_INIT for languages without
 * macros.
 *
 * Ownership: the query stays yours. Threads: one. NULL: nothing happens. Errors: none.
 */
void tieback_hook_query_init(tieback_hook_query *query, size_t struct_size);

/**
 * Creates a hook.
 *
 * Ownership: `*out` is yours; free it with `tieback_hook_free`. Threads: any. NULL: `error` may be.
 * Errors: TIEBACK_CONFLICT when the scope already has a hook of this namespace; TIEBACK_INVALID_ARGUMENT for a value
 * that is missing or wrong, and for a URL that the engine's options do not allow; TIEBACK_CLOSED, TIEBACK_STORAGE.
 */
tieback_status tieback_hook_create(const tieback_service *service,
                                   const tieback_scope *scope,
                                   const tieback_hook_options *options,
                                   tieback_hook **out,
                                   tieback_error **error);

/**
 * Creates a hook from JSON: `{"namespace": "acme-invoice-sync", "payload_version": "v4.0", "destination_url":
 * "https://...", "destination_headers": {"Authorization": "Bearer ..."}, "signing_secrets": ["whsec_..."],
 * "rate_limit": {"attempts": 10, "per_ms": 1000}}`. All but the first three may be left out.
 *
 * Ownership: `*out` is yours; free it with `tieback_hook_free`. Threads: any. NULL: `error` may be.
 * Errors: those of `tieback_hook_create`; an unknown member is TIEBACK_INVALID_ARGUMENT.
 */
tieback_status tieback_hook_create_from_json(const tieback_service *service,
                                             const tieback_scope *scope,
                                             const char *json,
                                             tieback_hook **out,
                                             tieback_error **error);

/**
 * Shows one hook, with its trigger count.
 *
 * Ownership: `*out` is yours; free it with `tieback_hook_free`. Threads: any. NULL: `error` may be.
 * Errors: TIEBACK_NOT_FOUND, TIEBACK_INVALID_ARGUMENT, TIEBACK_CLOSED, TIEBACK_STORAGE.
 */
tieback_status tieback_hook_show(const tieback_service *service,
                                 const tieback_scope *scope,
                                 const char *hook_id,
                                 tieback_hook **out,
                                 tieback_error **error);

/**
 * Changes a hook, and gives it as it is then.
 *
 * Ownership: `*out` is yours; free it with `tieback_hook_free`. Threads: any. NULL: `error` may be.
 * Errors: TIEBACK_NOT_FOUND; TIEBACK_CONFLICT when the new namespace is taken; TIEBACK_INVALID_ARGUMENT as with
 * `tieback_hook_create`, also for a header value or signing secret that is a mask which an answer showed, and for a
 * URL of another receiver (`danger_keep_headers`); TIEBACK_CLOSED, TIEBACK_STORAGE.
 */
tieback_status tieback_hook_update(const tieback_service *service,
                                   const tieback_scope *scope,
                                   const char *hook_id,
                                   const tieback_hook_change *change,
                                   tieback_hook **out,
                                   tieback_error **error);

/**
 * Changes a hook from JSON: the members of `tieback_hook_create_from_json`, and `status` ("active" or "disabled") and
 * `danger_keep_headers`; what is left out stays as it is. `{"destination_headers": {}}` takes all headers away,
 * `{"signing_secrets": []}` all secrets, `{"clear_rate_limit": true}` the rate limit.
 *
 * Ownership: `*out` is yours; free it with `tieback_hook_free`. Threads: any. NULL: `error` may be.
 * Errors: those of `tieback_hook_update`; an unknown member is TIEBACK_INVALID_ARGUMENT.
 */
tieback_status tieback_hook_update_from_json(const tieback_service *service,
                                             const tieback_scope *scope,
                                             const char *hook_id,
                                             const char *json,
                                             tieback_hook **out,
                                             tieback_error **error);

/**
 * Deletes a hook and its triggers; what is queued for it is discarded.
 *
 * Ownership: nothing is given. Threads: any. NULL: `error` may be.
 * Errors: TIEBACK_NOT_FOUND, TIEBACK_INVALID_ARGUMENT, TIEBACK_CLOSED, TIEBACK_STORAGE.
 */
tieback_status tieback_hook_delete(const tieback_service *service,
                                   const tieback_scope *scope,
                                   const char *hook_id,
                                   tieback_error **error);

/**
 * Frees a hook that was given to you; those of a list belong to the list.
 *
 * Ownership: ends the hook. Threads: one. NULL: nothing happens. Errors: none.
 */
void tieback_hook_free(tieback_hook *hook);

/**
 * The hook's id.
 *
 * Ownership: the hook's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_hook_id(const tieback_hook *hook);

/**
 * The company; NULL on a project's hook where it is not known.
 *
 * Ownership: the hook's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_hook_company_id(const tieback_hook *hook);

/**
 * The project; NULL on a company's hook.
 *
 * Ownership: the hook's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_hook_project_id(const tieback_hook *hook);

/**
 * The namespace.
 *
 * Ownership: the hook's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_hook_namespace(const tieback_hook *hook);

/**
 * The version of its payloads: "v2.0", "v3.0" or "v4.0".
 *
 * Ownership: the hook's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_hook_payload_version(const tieback_hook *hook);

/**
 * Where it delivers.
 *
 * Ownership: the hook's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_hook_destination_url(const tieback_hook *hook);

/**
 * How many destination headers it has.
 *
 * Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
 */
size_t tieback_hook_header_count(const tieback_hook *hook);

/**
 * The name of a destination header, from 0.
 *
 * Ownership: the hook's, until it is freed. Threads: any. NULL: gives NULL, and so does an index past the end.
 * Errors: none.
 */
const char *tieback_hook_header_name(const tieback_hook *hook, size_t index);

/**
 * The masked value of a destination header, from 0.
 *
 * Ownership: the hook's, until it is freed. Threads: any. NULL: gives NULL, and so does an index past the end.
 * Errors: none.
 */
const char *tieback_hook_header_value(const tieback_hook *hook, size_t index);

/**
 * How many secrets sign its deliveries; with none they are not signed.
 *
 * Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
 */
size_t tieback_hook_signing_secret_count(const tieback_hook *hook);

/**
 * A signing secret, masked, from 0.
 *
 * Ownership: the hook's, until it is freed. Threads: any. NULL: gives NULL, and so does an index past the end.
 * Errors: none.
 */
const char *tieback_hook_signing_secret(const tieback_hook *hook, size_t index);

/**
 * The most attempts in the span of its rate limit; 0 where it has none.
 *
 * Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
 */
int64_t tieback_hook_rate_limit_attempts(const tieback_hook *hook);

/**
 * The span of its rate limit in milliseconds; 0 where it has none.
 *
 * Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
 */
int64_t tieback_hook_rate_limit_per_ms(const tieback_hook *hook);

/**
 * How many attempts may go at once after a quiet time; 0 where it has no rate limit.
 *
 * Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
 */
int64_t tieback_hook_rate_limit_burst(const tieback_hook *hook);

/**
 * "active", "disabled", or "unreadable" when its stored secrets cannot be opened.
 *
 * Ownership: the hook's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_hook_status(const tieback_hook *hook);

/**
 * How many triggers it has; -1 where they were not counted.
 *
 * Ownership: a number. Threads: any. NULL: gives -1. Errors: none.
 */
int64_t tieback_hook_trigger_count(const tieback_hook *hook);

/**
 * When it was created, as RFC 3339; NULL where the service does not say.
 *
 * Ownership: the hook's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_hook_created_at(const tieback_hook *hook);

/**
 * When it was last changed, as RFC 3339; NULL where the service does not say.
 *
 * Ownership: the hook's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_hook_updated_at(const tieback_hook *hook);

/**
 * The hook as JSON, header values and signing secrets masked.
 *
 * Ownership: the hook's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_hook_to_json(const tieback_hook *hook);

/**
 * Lists one page of hooks, oldest first.
 *
 * Ownership: `*out` is yours; free it with `tieback_hooks_free`. Threads: any. NULL: `query` may be, meaning all; so
 * may `error`.
 * Errors: TIEBACK_INVALID_ARGUMENT, TIEBACK_CLOSED, TIEBACK_STORAGE.
 */
tieback_status tieback_hook_list(const tieback_service *service,
                                 const tieback_scope *scope,
                                 const tieback_hook_query *query,
                                 tieback_hooks **out,
                                 tieback_error **error);

/**
 * Frees a page and its hooks.
 *
 * Ownership: ends the page. Threads: one. NULL: nothing happens. Errors: none.
 */
void tieback_hooks_free(tieback_hooks *hooks);

/**
 * How many hooks the page has.
 *
 * Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
 */
size_t tieback_hooks_len(const tieback_hooks *hooks);

/**
 * One hook of the page, from 0.
 *
 * Ownership: the page's, until it is freed. Threads: any. NULL: gives NULL, and so does an index past the end.
 * Errors: none.
 */
const tieback_hook *tieback_hooks_at(const tieback_hooks *hooks, size_t index);

/**
 * Where the next page begins, for `after`; NULL on the last page.
 *
 * Ownership: the page's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_hooks_next_page(const tieback_hooks *hooks);

/**
 * The page as JSON: `items`, and `next` unless it is the last one.
 *
 * Ownership: the page's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_hooks_to_json(const tieback_hooks *hooks);

/**
 * Begins a walk through all hooks of a list, over page borders. Nothing is fetched yet; the query's `limit` is the
 * size of the pages that will be.
 *
 * Ownership: `*out` is yours; free it with `tieback_hook_iter_free`. Threads: any. NULL: `query` may be, meaning all;
 * so may `error`.
 * Errors: TIEBACK_INVALID_ARGUMENT, TIEBACK_CLOSED.
 */
tieback_status tieback_hook_iter_new(const tieback_service *service,
                                     const tieback_scope *scope,
                                     const tieback_hook_query *query,
                                     tieback_hook_iter **out,
                                     tieback_error **error);

/**
 * Gives the next hook; NULL, with TIEBACK_OK, at the end. After an error the walk can go on where it was.
 *
 * Ownership: `*out` is yours; free it with `tieback_hook_free`. Threads: one at a time. NULL: `error` may be.
 * Errors: TIEBACK_CLOSED, TIEBACK_STORAGE; TIEBACK_INVALID_ARGUMENT for a place that is none of this list.
 */
tieback_status tieback_hook_iter_next(tieback_hook_iter *iter, tieback_hook **out, tieback_error **error);

/**
 * Frees a walk. The hooks that it gave stay yours.
 *
 * Ownership: ends the walk. Threads: one. NULL: nothing happens. Errors: none.
 */
void tieback_hook_iter_free(tieback_hook_iter *iter);

/*! @} */

/*! @defgroup triggers Triggers
 *
 * A trigger says which event of which resource a hook wants. The resources are those of a catalogue. A call on many
 * items answers each for itself: that one is wrong does not touch the others.
 *
 * ```c
 * static void add_triggers(const tieback_service *service, const tieback_scope *scope, const char *hook_id) {
 *     static const char *const resources[] = {"Company Vendors", "Departments", "Deprtments"};
 *     static const char *const events[] = {"create", "update", "update"};
 *     tieback_bulk *answers;
 *     tieback_error *error;
 *     size_t i;
 *
 *     check(tieback_trigger_create_many(service, scope, hook_id, resources, events, 3, &answers, &error), &error);
 *     for (i = 0; i < tieback_bulk_len(answers); i++) {
 *         if (tieback_bulk_status(answers, i) == TIEBACK_OK) {
 *             printf("trigger %s\n", tieback_trigger_id(tieback_bulk_trigger(answers, i)));
 *         } else {
 *             puts(tieback_error_message(tieback_bulk_error(answers, i))); // ... did you mean `Departments`?
 *         }
 *     }
 *     tieback_bulk_free(answers);
 * }
 *
 * static void print_resources(const tieback_service *service, const tieback_scope *scope) {
 *     tieback_resource_iter *resources;
 *     tieback_resource *resource;
 *     tieback_error *error;
 *     size_t i;
 *
 *     check(tieback_resource_iter_new(service, scope, NULL, 0, NULL, &resources, &error), &error);
 *     for (;;) {
 *         check(tieback_resource_iter_next(resources, &resource, &error), &error);
 *         if (resource == NULL) break;
 *         printf("%s:", tieback_resource_name(resource));
 *         for (i = 0; i < tieback_resource_event_type_count(resource); i++) {
 *             printf(" %s", tieback_resource_event_type(resource, i));
 *         }
 *         printf("\n");
 *         tieback_resource_free(resource);
 *     }
 *     tieback_resource_iter_free(resources);
 * }
 * ```
 * @{
 */

/**
 * Adds a trigger to a hook. The event type is "create", "update" or "delete", in any case.
 *
 * Ownership: `*out` is yours; free it with `tieback_trigger_free`. Threads: any. NULL: `error` may be.
 * Errors: TIEBACK_NOT_FOUND; TIEBACK_CONFLICT when the hook has it already; TIEBACK_INVALID_ARGUMENT when there is no
 * such resource at this level or no such event, with the nearest names; TIEBACK_CLOSED, TIEBACK_STORAGE.
 */
tieback_status tieback_trigger_create(const tieback_service *service,
                                      const tieback_scope *scope,
                                      const char *hook_id,
                                      const char *resource_name,
                                      const char *event_type,
                                      tieback_trigger **out,
                                      tieback_error **error);

/**
 * Removes a trigger.
 *
 * Ownership: nothing is given. Threads: any. NULL: `error` may be.
 * Errors: TIEBACK_NOT_FOUND, TIEBACK_INVALID_ARGUMENT, TIEBACK_CLOSED, TIEBACK_STORAGE.
 */
tieback_status tieback_trigger_delete(const tieback_service *service,
                                      const tieback_scope *scope,
                                      const char *hook_id,
                                      const char *trigger_id,
                                      tieback_error **error);

/**
 * Frees a trigger that was given to you; those of a list or a bulk answer belong to it.
 *
 * Ownership: ends the trigger. Threads: one. NULL: nothing happens. Errors: none.
 */
void tieback_trigger_free(tieback_trigger *trigger);

/**
 * The trigger's id.
 *
 * Ownership: the trigger's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_trigger_id(const tieback_trigger *trigger);

/**
 * The id of its hook.
 *
 * Ownership: the trigger's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_trigger_hook_id(const tieback_trigger *trigger);

/**
 * The resource, such as "RFIs".
 *
 * Ownership: the trigger's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_trigger_resource_name(const tieback_trigger *trigger);

/**
 * The event, such as "create"; services differ in case.
 *
 * Ownership: the trigger's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_trigger_event_type(const tieback_trigger *trigger);

/**
 * The trigger as JSON.
 *
 * Ownership: the trigger's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_trigger_to_json(const tieback_trigger *trigger);

/**
 * Lists one page of a hook's triggers, oldest first. A `limit` of 0 means 100; at most 1,000 come. `after` is the page
 * before's `tieback_triggers_next_page`.
 *
 * Ownership: `*out` is yours; free it with `tieback_triggers_free`. Threads: any. NULL: `after` may be, meaning the
 * first page; so may `error`.
 * Errors: TIEBACK_NOT_FOUND, TIEBACK_INVALID_ARGUMENT, TIEBACK_CLOSED, TIEBACK_STORAGE.
 */
tieback_status tieback_trigger_list(const tieback_service *service,
                                    const tieback_scope *scope,
                                    const char *hook_id,
                                    int32_t limit,
                                    const char *after,
                                    tieback_triggers **out,
                                    tieback_error **error);

/**
 * Frees a page and its triggers.
 *
 * Ownership: ends the page. Threads: one. NULL: nothing happens. Errors: none.
 */
void tieback_triggers_free(tieback_triggers *triggers);

/**
 * How many triggers the page has.
 *
 * Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
 */
size_t tieback_triggers_len(const tieback_triggers *triggers);

/**
 * One trigger of the page, from 0.
 *
 * Ownership: the page's, until it is freed. Threads: any. NULL: gives NULL, and so does an index past the end.
 * Errors: none.
 */
const tieback_trigger *tieback_triggers_at(const tieback_triggers *triggers, size_t index);

/**
 * Where the next page begins, for `after`; NULL on the last page.
 *
 * Ownership: the page's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_triggers_next_page(const tieback_triggers *triggers);

/**
 * The page as JSON: `items`, and `next` unless it is the last one.
 *
 * Ownership: the page's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_triggers_to_json(const tieback_triggers *triggers);

/**
 * Begins a walk through all triggers of a hook, over page borders. Nothing is fetched yet; `limit` is the size of the
 * pages that will be.
 *
 * Ownership: `*out` is yours; free it with `tieback_trigger_iter_free`. Threads: any. NULL: `after` may be,
 * meaning the first page; so may `error`.
 * Errors: TIEBACK_INVALID_ARGUMENT, TIEBACK_CLOSED.
 */
tieback_status tieback_trigger_iter_new(const tieback_service *service,
                                        const tieback_scope *scope,
                                        const char *hook_id,
                                        int32_t limit,
                                        const char *after,
                                        tieback_trigger_iter **out,
                                        tieback_error **error);

/**
 * Gives the next trigger; NULL, with TIEBACK_OK, at the end. After an error the walk can go on where it was.
 *
 * Ownership: `*out` is yours; free it with `tieback_trigger_free`. Threads: one at a time. NULL: `error` may be.
 * Errors: TIEBACK_NOT_FOUND, TIEBACK_CLOSED, TIEBACK_STORAGE; TIEBACK_INVALID_ARGUMENT for a place that is none of
 * this list.
 */
tieback_status tieback_trigger_iter_next(tieback_trigger_iter *iter, tieback_trigger **out, tieback_error **error);

/**
 * Frees a walk. The triggers that it gave stay yours.
 *
 * Ownership: ends the walk. Threads: one. NULL: nothing happens. Errors: none.
 */
void tieback_trigger_iter_free(tieback_trigger_iter *iter);

/**
 * Frees a resource that was given to you; those of a list belong to the list.
 *
 * Ownership: ends the resource. Threads: one. NULL: nothing happens. Errors: none.
 */
void tieback_resource_free(tieback_resource *resource);

/**
 * Its name, as triggers and payloads spell it.
 *
 * Ownership: the resource's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_resource_name(const tieback_resource *resource);

/**
 * How many events it has.
 *
 * Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
 */
size_t tieback_resource_event_type_count(const tieback_resource *resource);

/**
 * One of its events, from 0, in lower case.
 *
 * Ownership: the resource's, until it is freed. Threads: any. NULL: gives NULL, and so does an index past the end.
 * Errors: none.
 */
const char *tieback_resource_event_type(const tieback_resource *resource, size_t index);

/**
 * How many of its events no longer fire and cannot be triggered on any more.
 *
 * Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
 */
size_t tieback_resource_deprecated_count(const tieback_resource *resource);

/**
 * One of the events that no longer fire, from 0.
 *
 * Ownership: the resource's, until it is freed. Threads: any. NULL: gives NULL, and so does an index past the end.
 * Errors: none.
 */
const char *tieback_resource_deprecated(const tieback_resource *resource, size_t index);

/**
 * What the catalogue says about it, often "".
 *
 * Ownership: the resource's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_resource_note(const tieback_resource *resource);

/**
 * The resource as JSON.
 *
 * Ownership: the resource's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_resource_to_json(const tieback_resource *resource);

/**
 * Lists one page of what can be triggered on at the scope's level, by name. With a payload version, only what that can
 * carry. A `limit` of 0 means 100; at most 1,000 come. `after` is the page before's `tieback_resources_next_page`.
 *
 * Ownership: `*out` is yours; free it with `tieback_resources_free`. Threads: any. NULL: `payload_version` may be,
 * meaning any, and `after`, meaning the first page; so may `error`.
 * Errors: TIEBACK_INVALID_ARGUMENT, TIEBACK_CLOSED.
 */
tieback_status tieback_resource_list(const tieback_service *service,
                                     const tieback_scope *scope,
                                     const char *payload_version,
                                     int32_t limit,
                                     const char *after,
                                     tieback_resources **out,
                                     tieback_error **error);

/**
 * Frees a page and its resources.
 *
 * Ownership: ends the page. Threads: one. NULL: nothing happens. Errors: none.
 */
void tieback_resources_free(tieback_resources *resources);

/**
 * How many resources the page has.
 *
 * Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
 */
size_t tieback_resources_len(const tieback_resources *resources);

/**
 * One resource of the page, from 0.
 *
 * Ownership: the page's, until it is freed. Threads: any. NULL: gives NULL, and so does an index past the end.
 * Errors: none.
 */
const tieback_resource *tieback_resources_at(const tieback_resources *resources, size_t index);

/**
 * Where the next page begins, for `after`; NULL on the last page.
 *
 * Ownership: the page's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_resources_next_page(const tieback_resources *resources);

/**
 * The page as JSON: `items`, and `next` unless it is the last one.
 *
 * Ownership: the page's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_resources_to_json(const tieback_resources *resources);

/**
 * Begins a walk through all resources of the scope's level, over page borders. Nothing is fetched yet; `limit` is the
 * size of the pages that will be.
 *
 * Ownership: `*out` is yours; free it with `tieback_resource_iter_free`. Threads: any. NULL: `payload_version` may be,
 * meaning any, and `after`, meaning the first page; so may `error`.
 * Errors: TIEBACK_INVALID_ARGUMENT, TIEBACK_CLOSED.
 */
tieback_status tieback_resource_iter_new(const tieback_service *service,
                                         const tieback_scope *scope,
                                         const char *payload_version,
                                         int32_t limit,
                                         const char *after,
                                         tieback_resource_iter **out,
                                         tieback_error **error);

/**
 * Gives the next resource; NULL, with TIEBACK_OK, at the end. After an error the walk can go on where it was.
 *
 * Ownership: `*out` is yours; free it with `tieback_resource_free`. Threads: one at a time. NULL: `error` may be.
 * Errors: TIEBACK_CLOSED; TIEBACK_INVALID_ARGUMENT for a place that is none of this list.
 */
tieback_status tieback_resource_iter_next(tieback_resource_iter *iter, tieback_resource **out, tieback_error **error);

/**
 * Frees a walk. The resources that it gave stay yours.
 *
 * Ownership: ends the walk. Threads: one. NULL: nothing happens. Errors: none.
 */
void tieback_resource_iter_free(tieback_resource_iter *iter);

/**
 * Adds many triggers to a hook, at most TIEBACK_TRIGGERS_MAX: item i is `resource_names[i]` with `event_types[i]`.
 *
 * Ownership: `*out` is yours; free it with `tieback_bulk_free`. Threads: any. NULL: `error` may be, and both arrays
 * with a `count` of 0.
 * Errors: TIEBACK_NOT_FOUND for the hook; TIEBACK_INVALID_ARGUMENT with too many; TIEBACK_CLOSED, TIEBACK_STORAGE.
 * What is wrong with one item is in that item's answer.
 */
tieback_status tieback_trigger_create_many(const tieback_service *service,
                                           const tieback_scope *scope,
                                           const char *hook_id,
                                           const char *const *resource_names,
                                           const char *const *event_types,
                                           size_t count,
                                           tieback_bulk **out,
                                           tieback_error **error);

/**
 * Adds many triggers to a hook from a JSON list, at most TIEBACK_TRIGGERS_MAX:
 * `[{"resource_name": "RFIs", "event_type": "create"}, ...]`.
 *
 * Ownership: `*out` is yours; free it with `tieback_bulk_free`. Threads: any. NULL: `error` may be.
 * Errors: those of `tieback_trigger_create_many`; TIEBACK_INVALID_ARGUMENT for a text that is no JSON list. What is
 * wrong with one item, an unknown member too, is in that item's answer.
 */
tieback_status tieback_trigger_create_many_from_json(const tieback_service *service,
                                                     const tieback_scope *scope,
                                                     const char *hook_id,
                                                     const char *json,
                                                     tieback_bulk **out,
                                                     tieback_error **error);

/**
 * Removes many triggers of a hook, at most TIEBACK_TRIGGERS_MAX.
 *
 * Ownership: `*out` is yours; free it with `tieback_bulk_free`. Threads: any. NULL: `error` may be, and the array
 * with a `count` of 0.
 * Errors: TIEBACK_NOT_FOUND for the hook; TIEBACK_INVALID_ARGUMENT with too many; TIEBACK_CLOSED, TIEBACK_STORAGE.
 * What is wrong with one item is in that item's answer.
 */
tieback_status tieback_trigger_delete_many(const tieback_service *service,
                                           const tieback_scope *scope,
                                           const char *hook_id,
                                           const char *const *trigger_ids,
                                           size_t count,
                                           tieback_bulk **out,
                                           tieback_error **error);

/**
 * Frees the answers and what is in them.
 *
 * Ownership: ends the answers. Threads: one. NULL: nothing happens. Errors: none.
 */
void tieback_bulk_free(tieback_bulk *bulk);

/**
 * How many answers there are: one for each item.
 *
 * Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
 */
size_t tieback_bulk_len(const tieback_bulk *bulk);

/**
 * What came of an item, from 0.
 *
 * Ownership: a number. Threads: any. NULL: gives TIEBACK_INVALID_ARGUMENT, and so does an index past the end.
 * Errors: none of its own.
 */
tieback_status tieback_bulk_status(const tieback_bulk *bulk, size_t index);

/**
 * Why an item failed, from 0; NULL when it did not.
 *
 * Ownership: the answers', until they are freed. Threads: any. NULL: gives NULL, and so does an index past the end.
 * Errors: none.
 */
const tieback_error *tieback_bulk_error(const tieback_bulk *bulk, size_t index);

/**
 * The trigger that an item of `tieback_trigger_create_many` became, from 0; NULL when it failed, and for other calls.
 *
 * Ownership: the answers', until they are freed. Threads: any. NULL: gives NULL, and so does an index past the end.
 * Errors: none.
 */
const tieback_trigger *tieback_bulk_trigger(const tieback_bulk *bulk, size_t index);

/**
 * What became of an event of `tieback_publish_many`, from 0; NULL when it failed, and for other calls.
 *
 * Ownership: the answers', until they are freed. Threads: any. NULL: gives NULL, and so does an index past the end.
 * Errors: none.
 */
const tieback_published *tieback_bulk_published(const tieback_bulk *bulk, size_t index);

/**
 * The answers as a JSON list, in the order of the items: each `{"trigger": {...}}`, `{"published": {...}}`,
 * `{"deleted": true}` or `{"error": {...}}`.
 *
 * Ownership: the answers', until they are freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_bulk_to_json(const tieback_bulk *bulk);

/*! @} */

/*! @defgroup events Events and publishing
 *
 * What happened is published once; each hook of its scope with a trigger for it gets a delivery. After TIEBACK_OK the
 * event and its deliveries are on disk. An event with a ULID of your own can be published again without harm: it is one
 * event.
 *
 * ```c
 * static void publish_an_update(const tieback_engine *engine) {
 *     tieback_event_options event = TIEBACK_EVENT_OPTIONS_INIT;
 *     tieback_published *published;
 *     tieback_error *error;
 *
 *     event.company_id = 5358233;
 *     event.resource_name = "Company Users";
 *     event.resource_id = "42";
 *     event.event_type = "update";
 *     event.ulid = "01JMYXMZRBVKK0PC6XS8SA4QRE";
 *     check(tieback_publish(engine, &event, &published, &error), &error);
 *     if (tieback_published_no_delivery(published) != NULL) {
 *         printf("nobody gets it: %s\n", tieback_published_no_delivery(published)); // no_trigger, ...
 *     }
 *     tieback_published_free(published);
 *
 *     // The same from JSON, for hosts that have it as a text.
 *     check(tieback_publish_from_json(engine,
 *                                     "{\"company_id\": 5358233, \"resource_name\": \"Company Users\","
 *                                     " \"resource_id\": 43, \"event_type\": \"update\"}",
 *                                     &published, &error),
 *           &error);
 *     tieback_published_free(published);
 * }
 * ```
 * @{
 */

/**
 * Zeroes options of `struct_size` bytes and writes the size into them: TIEBACK_EVENT_OPTIONS_INIT for languages
 * without macros.
 *
 * Ownership: the options stay yours. Threads: one. NULL: nothing happens. Errors: none.
 */
void tieback_event_options_init(tieback_event_options *options, size_t struct_size);

/**
 * Publishes one event. After TIEBACK_OK, the event and its deliveries are on disk.
 *
 * Ownership: `*out` is yours; free it with `tieback_published_free`. Threads: any. NULL: `error` may be.
 * Errors: TIEBACK_INVALID_ARGUMENT for an event that cannot be published; TIEBACK_CONFLICT when its ulid or id was
 * published before with other content; TIEBACK_UNAVAILABLE when a queue is full (`max_queued`, `max_queued_per_hook`);
 * TIEBACK_CLOSED, TIEBACK_STORAGE. Nothing of the event is kept then.
 */
tieback_status tieback_publish(const tieback_engine *engine,
                               const tieback_event_options *event,
                               tieback_published **out,
                               tieback_error **error);

/**
 * Publishes one event from JSON: `{"company_id": 1, "resource_name": "Company Users", "resource_id": 42, "event_type":
 * "update"}`, with the members that `tieback_event_to_json` gives.
 *
 * Ownership: `*out` is yours; free it with `tieback_published_free`. Threads: any. NULL: `error` may be.
 * Errors: those of `tieback_publish`; an unknown member is TIEBACK_INVALID_ARGUMENT.
 */
tieback_status tieback_publish_from_json(const tieback_engine *engine,
                                         const char *json,
                                         tieback_published **out,
                                         tieback_error **error);

/**
 * Publishes many events in one transaction, at most TIEBACK_PUBLISH_MAX; `events` is an array of pointers. After
 * TIEBACK_OK, every event whose answer is TIEBACK_OK is on disk.
 *
 * Ownership: `*out` is yours; free it with `tieback_bulk_free`. Threads: any. NULL: `error` may be, and the array
 * with a `count` of 0.
 * Errors: TIEBACK_INVALID_ARGUMENT with too many; TIEBACK_CLOSED, TIEBACK_STORAGE: none is published then. What is
 * wrong with one event, a full queue too, is in that event's answer.
 */
tieback_status tieback_publish_many(const tieback_engine *engine,
                                    const tieback_event_options *const *events,
                                    size_t count,
                                    tieback_bulk **out,
                                    tieback_error **error);

/**
 * Publishes many events from a JSON list, at most TIEBACK_PUBLISH_MAX: `[{"company_id": 1, ...}, ...]`, each as in
 * `tieback_publish_from_json`.
 *
 * Ownership: `*out` is yours; free it with `tieback_bulk_free`. Threads: any. NULL: `error` may be.
 * Errors: those of `tieback_publish_many`; TIEBACK_INVALID_ARGUMENT for a text that is no JSON list. What is wrong
 * with one event, an unknown member too, is in that event's answer.
 */
tieback_status tieback_publish_many_from_json(const tieback_engine *engine,
                                              const char *json,
                                              tieback_bulk **out,
                                              tieback_error **error);

/**
 * Frees what a call gave; those of a bulk answer belong to it.
 *
 * Ownership: ends the object. Threads: one. NULL: nothing happens. Errors: none.
 */
void tieback_published_free(tieback_published *published);

/**
 * The event's number, given or made.
 *
 * Ownership: the object's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_published_id(const tieback_published *published);

/**
 * The event's ULID, given or made.
 *
 * Ownership: the object's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_published_ulid(const tieback_published *published);

/**
 * How many deliveries it made: one per hook in its scope with a trigger for it.
 *
 * Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
 */
int64_t tieback_published_deliveries(const tieback_published *published);

/**
 * 1 when the event had been published before; then the deliveries are those of that time.
 *
 * Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
 */
int32_t tieback_published_duplicate(const tieback_published *published);

/**
 * Why there was no delivery: "no_hook_in_scope", "no_trigger", "hook_disabled", "version_cannot_carry_id" or
 * "event_deprecated"; NULL when there was one.
 *
 * Ownership: the object's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_published_no_delivery(const tieback_published *published);

/**
 * How many hooks have new work by it. With a duplicate there are none.
 *
 * Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
 */
size_t tieback_published_hook_count(const tieback_published *published);

/**
 * The id of a hook that has new work by it, from 0.
 *
 * Ownership: the object's, until it is freed. Threads: any. NULL: gives NULL, and so does an index past the end.
 * Errors: none.
 */
const char *tieback_published_hook_id(const tieback_published *published, size_t index);

/**
 * The object as JSON.
 *
 * Ownership: the object's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_published_to_json(const tieback_published *published);

/*! @} */

/*! @defgroup deliveries Deliveries
 *
 * A delivery is the sending of one event to one hook, with all its attempts. What has an outcome is kept for 28 days,
 * unless the options say otherwise. An endpoint reads the payload that it was sent by `tieback_event_parse`.
 *
 * ```c
 * static void print_failures(const tieback_service *service, const tieback_scope *scope, const char *hook_id) {
 *     tieback_delivery_query query = TIEBACK_DELIVERY_QUERY_INIT;
 *     tieback_delivery_iter *deliveries;
 *     tieback_delivery *delivery;
 *     tieback_error *error;
 *     size_t i;
 *
 *     query.status = "failing";
 *     query.start = "2025-02-06"; // a day, from its first instant
 *     check(tieback_delivery_iter_new(service, scope, hook_id, &query, &deliveries, &error), &error);
 *     for (;;) {
 *         const tieback_event *event;
 *
 *         check(tieback_delivery_iter_next(deliveries, &delivery, &error), &error);
 *         if (delivery == NULL) break;
 *         event = tieback_delivery_event(delivery);
 *         printf("%s %s:", tieback_event_resource_name(event), tieback_event_resource_id(event));
 *         for (i = 0; i < tieback_delivery_attempt_count(delivery); i++) {
 *             printf(" %s", tieback_attempt_reason(tieback_delivery_attempt(delivery, i))); // 503, connection refused
 *         }
 *         printf("\n");
 *         tieback_delivery_free(delivery);
 *     }
 *     tieback_delivery_iter_free(deliveries);
 * }
 *
 * // In an endpoint: what its HTTP server has read.
 * static void receive(const unsigned char *body, size_t length) {
 *     tieback_event *event;
 *     tieback_error *error;
 *
 *     check(tieback_event_parse(body, length, &event, &error), &error);
 *     printf("%s of %s %s\n", tieback_event_type(event), tieback_event_resource_name(event),
 *            tieback_event_resource_id(event));
 *     tieback_event_free(event);
 * }
 * ```
 * @{
 */

/**
 * Zeroes a query of `struct_size` bytes and writes the size into it: TIEBACK_DELIVERY_QUERY_INIT for languages without
 * macros.
 *
 * Ownership: the query stays yours. Threads: one. NULL: nothing happens. Errors: none.
 */
void tieback_delivery_query_init(tieback_delivery_query *query, size_t struct_size);

/**
 * Lists one page of a hook's deliveries, newest first.
 *
 * Ownership: `*out` is yours; free it with `tieback_deliveries_free`. Threads: any. NULL: `query` may be, meaning all;
 * so may `error`.
 * Errors: TIEBACK_NOT_FOUND, TIEBACK_INVALID_ARGUMENT, TIEBACK_CLOSED, TIEBACK_STORAGE.
 */
tieback_status tieback_delivery_list(const tieback_service *service,
                                     const tieback_scope *scope,
                                     const char *hook_id,
                                     const tieback_delivery_query *query,
                                     tieback_deliveries **out,
                                     tieback_error **error);

/**
 * Frees a page and its deliveries.
 *
 * Ownership: ends the page. Threads: one. NULL: nothing happens. Errors: none.
 */
void tieback_deliveries_free(tieback_deliveries *deliveries);

/**
 * How many deliveries the page has.
 *
 * Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
 */
size_t tieback_deliveries_len(const tieback_deliveries *deliveries);

/**
 * One delivery of the page, from 0.
 *
 * Ownership: the page's, until it is freed. Threads: any. NULL: gives NULL, and so does an index past the end.
 * Errors: none.
 */
const tieback_delivery *tieback_deliveries_at(const tieback_deliveries *deliveries, size_t index);

/**
 * Where the next page begins, for `after`; NULL on the last page.
 *
 * Ownership: the page's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_deliveries_next_page(const tieback_deliveries *deliveries);

/**
 * The page as JSON: `items`, and `next` unless it is the last one.
 *
 * Ownership: the page's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_deliveries_to_json(const tieback_deliveries *deliveries);

/**
 * Begins a walk through all deliveries of a hook, over page borders. Nothing is fetched yet; the query's `limit` is
 * the size of the pages that will be.
 *
 * Ownership: `*out` is yours; free it with `tieback_delivery_iter_free`. Threads: any. NULL: `query` may be, meaning
 * all; so may `error`.
 * Errors: TIEBACK_INVALID_ARGUMENT, TIEBACK_CLOSED.
 */
tieback_status tieback_delivery_iter_new(const tieback_service *service,
                                         const tieback_scope *scope,
                                         const char *hook_id,
                                         const tieback_delivery_query *query,
                                         tieback_delivery_iter **out,
                                         tieback_error **error);

/**
 * Gives the next delivery; NULL, with TIEBACK_OK, at the end. After an error the walk can go on where it was.
 *
 * Ownership: `*out` is yours; free it with `tieback_delivery_free`. Threads: one at a time. NULL: `error` may be.
 * Errors: TIEBACK_NOT_FOUND, TIEBACK_CLOSED, TIEBACK_STORAGE; TIEBACK_INVALID_ARGUMENT for a place that is none of
 * this list.
 */
tieback_status tieback_delivery_iter_next(tieback_delivery_iter *iter, tieback_delivery **out, tieback_error **error);

/**
 * Frees a walk. The deliveries that it gave stay yours.
 *
 * Ownership: ends the walk. Threads: one. NULL: nothing happens. Errors: none.
 */
void tieback_delivery_iter_free(tieback_delivery_iter *iter);

/**
 * Frees a delivery that was given to you; those of a list belong to the list.
 *
 * Ownership: ends the delivery. Threads: one. NULL: nothing happens. Errors: none.
 */
void tieback_delivery_free(tieback_delivery *delivery);

/**
 * The delivery's id.
 *
 * Ownership: the delivery's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_delivery_id(const tieback_delivery *delivery);

/**
 * The id of its hook.
 *
 * Ownership: the delivery's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_delivery_hook_id(const tieback_delivery *delivery);

/**
 * Where it stands: "enqueued", "retrying", "delivered", "discarded" or "failed".
 *
 * Ownership: the delivery's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_delivery_status(const tieback_delivery *delivery);

/**
 * Why it was given up: "flushed", "operator", "hook_deleted" or "max_attempts"; NULL when it was not.
 *
 * Ownership: the delivery's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_delivery_why(const tieback_delivery *delivery);

/**
 * When it was queued, as RFC 3339; NULL where the service does not say.
 *
 * Ownership: the delivery's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_delivery_created_at(const tieback_delivery *delivery);

/**
 * The event that it carries.
 *
 * Ownership: the delivery's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const tieback_event *tieback_delivery_event(const tieback_delivery *delivery);

/**
 * The payload as sent, byte for byte: `tieback_delivery_payload_len` bytes, not NUL-terminated.
 *
 * Ownership: the delivery's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const uint8_t *tieback_delivery_payload(const tieback_delivery *delivery);

/**
 * How many bytes the payload has.
 *
 * Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
 */
size_t tieback_delivery_payload_len(const tieback_delivery *delivery);

/**
 * 1 when it was queued in a backup that was restored: it may have been sent before, by attempts that are not in the
 * log.
 *
 * Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
 */
int32_t tieback_delivery_restored(const tieback_delivery *delivery);

/**
 * How many attempts there were.
 *
 * Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
 */
size_t tieback_delivery_attempt_count(const tieback_delivery *delivery);

/**
 * One attempt, from 0, oldest first.
 *
 * Ownership: the delivery's, until it is freed. Threads: any. NULL: gives NULL, and so does an index past the end.
 * Errors: none.
 */
const tieback_attempt *tieback_delivery_attempt(const tieback_delivery *delivery, size_t index);

/**
 * The delivery as JSON, with its event and its attempts.
 *
 * Ownership: the delivery's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_delivery_to_json(const tieback_delivery *delivery);

/**
 * Reads the event in a payload of any version, `len` bytes, as an endpoint receives it. What it lacks is NULL, except
 * the resource's name and id and the event's type, which are "" then.
 *
 * Ownership: `*out` is yours; free it with `tieback_event_free`. The payload stays yours. Threads: any. NULL: `error`
 * may be.
 * Errors: TIEBACK_PROTOCOL when it is no JSON object, or is nested more than 128 levels deep; TIEBACK_INVALID_ARGUMENT
 * with more than a million bytes.
 */
tieback_status tieback_event_parse(const uint8_t *payload, size_t len, tieback_event **out, tieback_error **error);

/**
 * Frees an event that was given to you; that of a delivery belongs to the delivery.
 *
 * Ownership: ends the event. Threads: one. NULL: nothing happens. Errors: none.
 */
void tieback_event_free(tieback_event *event);

/**
 * The event's id: a number in payloads v2.0 and v3.0, a ULID in v4.0.
 *
 * Ownership: the event's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_event_id(const tieback_event *event);

/**
 * The event's ULID; NULL in payload v4.0, where the id is one.
 *
 * Ownership: the event's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_event_ulid(const tieback_event *event);

/**
 * When it happened, as RFC 3339.
 *
 * Ownership: the event's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_event_timestamp(const tieback_event *event);

/**
 * The company.
 *
 * Ownership: the event's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_event_company_id(const tieback_event *event);

/**
 * The project; NULL on company-level events.
 *
 * Ownership: the event's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_event_project_id(const tieback_event *event);

/**
 * Who did it.
 *
 * Ownership: the event's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_event_user_id(const tieback_event *event);

/**
 * The resource's name, such as "RFIs".
 *
 * Ownership: the event's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_event_resource_name(const tieback_event *event);

/**
 * The resource's id.
 *
 * Ownership: the event's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_event_resource_id(const tieback_event *event);

/**
 * "create", "update", "delete", or since payload v4.0 any word.
 *
 * Ownership: the event's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_event_type(const tieback_event *event);

/**
 * The payload's own word for its version, such as "v2"; NULL in payload v4.0, which has none.
 *
 * Ownership: the event's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_event_api_version(const tieback_event *event);

/**
 * The user that caused it; NULL where the payload does not say, as with all `source_` members in v4.0.
 *
 * Ownership: the event's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_event_source_user_id(const tieback_event *event);

/**
 * The project that caused it; NULL where the payload does not say, as with all `source_` members in v4.0.
 *
 * Ownership: the event's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_event_source_project_id(const tieback_event *event);

/**
 * The company that caused it; NULL where the payload does not say, as with all `source_` members in v4.0.
 *
 * Ownership: the event's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_event_source_company_id(const tieback_event *event);

/**
 * The token that the caller of the API gave for the operation, such as a UUID: to know your own writes again. NULL
 * where the payload does not say.
 *
 * Ownership: the event's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_event_source_operation_id(const tieback_event *event);

/**
 * The OAuth client id of the application that caused it; NULL where the payload does not say.
 *
 * Ownership: the event's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_event_source_application_id(const tieback_event *event);

/**
 * How many parents it names; line items have some in payload v3.0.
 *
 * Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
 */
size_t tieback_event_related_count(const tieback_event *event);

/**
 * The id of a parent, from 0.
 *
 * Ownership: the event's, until it is freed. Threads: any. NULL: gives NULL, and so does an index past the end.
 * Errors: none.
 */
const char *tieback_event_related_id(const tieback_event *event, size_t index);

/**
 * The resource name of a parent, from 0.
 *
 * Ownership: the event's, until it is freed. Threads: any. NULL: gives NULL, and so does an index past the end.
 * Errors: none.
 */
const char *tieback_event_related_name(const tieback_event *event, size_t index);

/**
 * Further facts as JSON, of any type (payload v4.0); NULL where there are none.
 *
 * Ownership: the event's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_event_data_json(const tieback_event *event);

/**
 * The members of the payload that tieback does not know, as a JSON object; NULL where there are none.
 *
 * Ownership: the event's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_event_unknown_json(const tieback_event *event);

/**
 * The event as JSON, with everything that it has.
 *
 * Ownership: the event's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_event_to_json(const tieback_event *event);

/**
 * When it began, as RFC 3339.
 *
 * Ownership: the attempt's, until its delivery is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_attempt_started_at(const tieback_attempt *attempt);

/**
 * When it ended, as RFC 3339.
 *
 * Ownership: the attempt's, until its delivery is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_attempt_completed_at(const tieback_attempt *attempt);

/**
 * 1 when the answer was a 2xx, which makes the delivery.
 *
 * Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
 */
int32_t tieback_attempt_success(const tieback_attempt *attempt);

/**
 * The HTTP status of the answer; 0 when there was none.
 *
 * Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
 */
int32_t tieback_attempt_response_status(const tieback_attempt *attempt);

/**
 * What went wrong when there was no answer, such as "connection refused"; else NULL.
 *
 * Ownership: the attempt's, until its delivery is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_attempt_response_error(const tieback_attempt *attempt);

/**
 * How many headers the answer had.
 *
 * Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
 */
size_t tieback_attempt_response_header_count(const tieback_attempt *attempt);

/**
 * The name of a header of the answer, from 0.
 *
 * Ownership: the attempt's, until its delivery is freed. Threads: any. NULL: gives NULL, and so does an index past the
 * end. Errors: none.
 */
const char *tieback_attempt_response_header_name(const tieback_attempt *attempt, size_t index);

/**
 * The value of a header of the answer, from 0.
 *
 * Ownership: the attempt's, until its delivery is freed. Threads: any. NULL: gives NULL, and so does an index past the
 * end. Errors: none.
 */
const char *tieback_attempt_response_header_value(const tieback_attempt *attempt, size_t index);

/**
 * The bytes of the answer's body, `tieback_attempt_response_body_len` of them, not NUL-terminated; NULL when there are
 * none.
 *
 * Ownership: the attempt's, until its delivery is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const uint8_t *tieback_attempt_response_body(const tieback_attempt *attempt);

/**
 * How many bytes of the answer's body are kept, up to TIEBACK_RESPONSE_BODY_MAX_BYTES.
 *
 * Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
 */
size_t tieback_attempt_response_body_len(const tieback_attempt *attempt);

/**
 * 1 when the body was longer than what is kept, or ended early.
 *
 * Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
 */
int32_t tieback_attempt_response_body_truncated(const tieback_attempt *attempt);

/**
 * What came of it in a few words: the HTTP status, or what went wrong.
 *
 * Ownership: the attempt's, until its delivery is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_attempt_reason(const tieback_attempt *attempt);

/**
 * The wait that the answer's `Retry-After` asks for, in milliseconds; -1 when it asks for none, or not in seconds.
 *
 * Ownership: a number. Threads: any. NULL: gives -1. Errors: none.
 */
int64_t tieback_attempt_retry_after_ms(const tieback_attempt *attempt);

/**
 * The attempt as JSON.
 *
 * Ownership: the attempt's, until its delivery is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_attempt_to_json(const tieback_attempt *attempt);

/*! @} */

/*! @defgroup operating Operating
 *
 * What an operator does to a hook's queue, and how much there is to do.
 *
 * ```c
 * static void mend(const tieback_engine *engine, const tieback_scope *scope, const char *hook_id) {
 *     tieback_stats *stats;
 *     tieback_published *test;
 *     tieback_error *error;
 *
 *     check(tieback_engine_pause(engine, scope, hook_id, &error), &error);     // new events still queue
 *     // ... the endpoint is repaired ...
 *     check(tieback_engine_resume(engine, scope, hook_id, &error), &error);
 *     check(tieback_engine_retry_now(engine, scope, hook_id, &error), &error); // without waiting for the back-off
 *     check(tieback_engine_send_test(engine, scope, hook_id, &test, &error), &error);
 *     tieback_published_free(test);
 *
 *     check(tieback_engine_stats(engine, &stats, &error), &error);
 *     printf("%d queued, the oldest for %d s\n", (int)tieback_stats_queued(stats),
 *            (int)(tieback_stats_oldest_queued_age_ms(stats) / 1000));
 *     tieback_stats_free(stats);
 * }
 * ```
 * @{
 */

/**
 * Starts nothing on a hook's lane until `tieback_engine_resume`; new events still queue.
 *
 * Ownership: nothing is given. Threads: any. NULL: `error` may be.
 * Errors: TIEBACK_NOT_FOUND, TIEBACK_INVALID_ARGUMENT, TIEBACK_CLOSED, TIEBACK_STORAGE.
 */
tieback_status tieback_engine_pause(const tieback_engine *engine,
                                    const tieback_scope *scope,
                                    const char *hook_id,
                                    tieback_error **error);

/**
 * Lets a lane go on that `tieback_engine_pause` holds. A back-off that was under way goes on too.
 *
 * Ownership: nothing is given. Threads: any. NULL: `error` may be.
 * Errors: TIEBACK_NOT_FOUND, TIEBACK_INVALID_ARGUMENT, TIEBACK_CLOSED, TIEBACK_STORAGE.
 */
tieback_status tieback_engine_resume(const tieback_engine *engine,
                                     const tieback_scope *scope,
                                     const char *hook_id,
                                     tieback_error **error);

/**
 * Ends the present wait of a lane in back-off: it tries again at once. The time it has failed still counts.
 *
 * Ownership: nothing is given. Threads: any. NULL: `error` may be.
 * Errors: TIEBACK_NOT_FOUND, TIEBACK_INVALID_ARGUMENT, TIEBACK_CLOSED, TIEBACK_STORAGE.
 */
tieback_status tieback_engine_retry_now(const tieback_engine *engine,
                                        const tieback_scope *scope,
                                        const char *hook_id,
                                        tieback_error **error);

/**
 * Gives one queued delivery up, so that an event which its endpoint cannot take does not hold up the rest. If the lane
 * was waiting to try it again, the next one is tried at once. An attempt that is on the wire already is not called
 * back.
 *
 * Ownership: nothing is given. Threads: any. NULL: `error` may be.
 * Errors: TIEBACK_NOT_FOUND; TIEBACK_CONFLICT when it has an outcome already; TIEBACK_INVALID_ARGUMENT,
 * TIEBACK_CLOSED, TIEBACK_STORAGE.
 */
tieback_status tieback_engine_skip(const tieback_engine *engine,
                                   const tieback_scope *scope,
                                   const char *hook_id,
                                   const char *delivery_id,
                                   tieback_error **error);

/**
 * Sends the event of a delivery that has an outcome again, as a new delivery in the hook's present payload version,
 * and gives the new one's id. On a disabled hook it is queued until the hook is active.
 *
 * Ownership: `*out` is yours; free it with `tieback_string_free`. Threads: any. NULL: `error` may be.
 * Errors: TIEBACK_NOT_FOUND; TIEBACK_CONFLICT while the old one is still queued; TIEBACK_INVALID_ARGUMENT, also when
 * the payload version cannot carry the event's ids; TIEBACK_CLOSED, TIEBACK_STORAGE.
 */
tieback_status tieback_engine_redeliver(const tieback_engine *engine,
                                        const tieback_scope *scope,
                                        const char *hook_id,
                                        const char *delivery_id,
                                        char **out,
                                        tieback_error **error);

/**
 * Sends a made-up event to one hook, whatever its triggers are: to see whether its endpoint answers. It is of the
 * hook's first trigger (without one, of the catalogue's first resource), with resource id 1; in payload v2.0 and v3.0
 * its source_operation_id is "tieback-test". A disabled hook gets none, as the answer says.
 *
 * Ownership: `*out` is yours; free it with `tieback_published_free`. Threads: any. NULL: `error` may be.
 * Errors: TIEBACK_NOT_FOUND; TIEBACK_INVALID_ARGUMENT when neither the scope nor the hook says which company a project
 * is of; TIEBACK_UNAVAILABLE when a queue is full; TIEBACK_CLOSED, TIEBACK_STORAGE.
 */
tieback_status tieback_engine_send_test(const tieback_engine *engine,
                                        const tieback_scope *scope,
                                        const char *hook_id,
                                        tieback_published **out,
                                        tieback_error **error);

/**
 * How much there is to do, what is kept, and what that takes on the disk. Cheap, however much there is.
 *
 * Ownership: `*out` is yours; free it with `tieback_stats_free`. Threads: any. NULL: `error` may be.
 * Errors: TIEBACK_CLOSED, TIEBACK_STORAGE.
 */
tieback_status tieback_engine_stats(const tieback_engine *engine, tieback_stats **out, tieback_error **error);

/**
 * Frees the figures.
 *
 * Ownership: ends the object. Threads: one. NULL: nothing happens. Errors: none.
 */
void tieback_stats_free(tieback_stats *stats);

/**
 * Deliveries without an outcome, including those in flight.
 *
 * Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
 */
int64_t tieback_stats_queued(const tieback_stats *stats);

/**
 * Attempts that are on the wire.
 *
 * Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
 */
int64_t tieback_stats_in_flight(const tieback_stats *stats);

/**
 * Lanes that wait after a failure, and lanes that an operator paused.
 *
 * Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
 */
int64_t tieback_stats_paused_lanes(const tieback_stats *stats);

/**
 * How long the oldest queued delivery has waited, in milliseconds; 0 when none is queued.
 *
 * Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
 */
int64_t tieback_stats_oldest_queued_age_ms(const tieback_stats *stats);

/**
 * Hooks that are not deleted.
 *
 * Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
 */
int64_t tieback_stats_hooks(const tieback_stats *stats);

/**
 * Deliveries in the log that were delivered.
 *
 * Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
 */
int64_t tieback_stats_delivered(const tieback_stats *stats);

/**
 * Deliveries in the log that were given up, for whatever reason.
 *
 * Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
 */
int64_t tieback_stats_discarded(const tieback_stats *stats);

/**
 * When the oldest delivery of the log got its outcome, as RFC 3339; NULL when none has one.
 *
 * Ownership: the object's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_stats_oldest_kept_at(const tieback_stats *stats);

/**
 * How long the database file is.
 *
 * Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
 */
int64_t tieback_stats_database_bytes(const tieback_stats *stats);

/**
 * How much of the database file is free, and used again before it grows.
 *
 * Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
 */
int64_t tieback_stats_reusable_bytes(const tieback_stats *stats);

/**
 * How long the write-ahead log beside the database is. It is moved into the file every 16 MiB or so; one that grows
 * far beyond that tells of a reader that holds it back, or of a disk that fails.
 *
 * Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
 */
int64_t tieback_stats_wal_bytes(const tieback_stats *stats);

/**
 * The figures as JSON.
 *
 * Ownership: the object's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_stats_to_json(const tieback_stats *stats);

/*! @} */

/*! @defgroup upkeep Upkeep
 *
 * What keeps a store in good order over a long life. All of it but `tieback_restore` works while the engine is open.
 *
 * ```c
 * static void keep_in_order(const tieback_engine *engine, const char *path) {
 *     tieback_integrity_report *report;
 *     tieback_purged *purged;
 *     tieback_error *error;
 *     size_t i;
 *
 *     check(tieback_engine_backup(engine, path, 1, &error), &error); // one file, which replaces the last one
 *     check(tieback_engine_check_integrity(engine, 0, &report, &error), &error);
 *     for (i = 0; i < tieback_integrity_report_len(report); i++) {
 *         printf("%s: %s\n", tieback_integrity_report_check(report, i), tieback_integrity_report_message(report, i));
 *     }
 *     tieback_integrity_report_free(report);
 *     check(tieback_engine_purge(engine, &purged, &error), &error);
 *     printf("%d deliveries removed\n", (int)tieback_purged_deliveries(purged));
 *     tieback_purged_free(purged);
 *     check(tieback_engine_compact(engine, &error), &error);
 * }
 * ```
 * @{
 */

/**
 * Writes a backup: one file with everything as it is at one moment, for this user alone. Publishing and delivering go
 * on. The file gets its name when it is whole, checked and on disk; one that is there already is a conflict, or is
 * replaced when `replace` is 1.
 *
 * Ownership: nothing is given. Threads: any. NULL: `error` may be.
 * Errors: TIEBACK_CONFLICT; TIEBACK_INVALID_ARGUMENT when the path names no file or one of the store's own;
 * TIEBACK_UNAVAILABLE while another backup to it is under way, or an engine has it open; TIEBACK_STORAGE when the disk
 * fails or is full, or the store is damaged; TIEBACK_CLOSED. Nothing is left then.
 */
tieback_status tieback_engine_backup(const tieback_engine *engine,
                                     const char *path,
                                     int32_t replace,
                                     tieback_error **error);

/**
 * Makes the store of an engine at `path` from a backup, or from the file of a closed store. No engine may have either
 * open. A store that is there already is a conflict, or is moved aside when `replace` is 1 (`hooks.db-replaced`).
 *
 * What was queued in the backup is sent, and may have been sent before, after the backup was taken: the answer says
 * how much that is. Ids that the lost store gave out after the backup was taken are not given out again.
 *
 * Ownership: `*out` is yours; free it with `tieback_restored_free`. Threads: any. NULL: `error` may be.
 * Errors: TIEBACK_CONFLICT; TIEBACK_INVALID_ARGUMENT when both paths are one file or name none; TIEBACK_UNAVAILABLE
 * while an engine has one of them open; TIEBACK_STORAGE when the backup is no tieback store, is newer than this
 * library or damaged, or the disk fails or is full. What was there is as it was then.
 */
tieback_status tieback_restore(const char *backup,
                               const char *path,
                               int32_t replace,
                               tieback_restored **out,
                               tieback_error **error);

/**
 * Looks for damage in the store, and says what it found: pages and indexes that contradict each other, rows that refer
 * to nothing, counts that are wrong, content that cannot be read. It changes nothing; publishing and delivering go on.
 * `quick` 1 leaves out what compares every row of the log. Damage is no error, but a finding.
 *
 * Ownership: `*out` is yours; free it with `tieback_integrity_report_free`. Threads: any. NULL: `error` may be.
 * Errors: TIEBACK_CLOSED; TIEBACK_STORAGE when the file cannot be read at all.
 */
tieback_status tieback_engine_check_integrity(const tieback_engine *engine,
                                              int32_t quick,
                                              tieback_integrity_report **out,
                                              tieback_error **error);

/**
 * Gives the space of what was removed back to the file system; `tieback_stats_reusable_bytes` says how much that is.
 * It takes as long as writing what is kept, and room for that twice, in the temporary folder and beside the store;
 * publishing waits meanwhile, and so does whatever else writes. Without it the space is used again.
 *
 * Ownership: nothing is given. Threads: any. NULL: `error` may be.
 * Errors: TIEBACK_CLOSED; TIEBACK_STORAGE when the disk fails or is full: nothing was changed then.
 */
tieback_status tieback_engine_compact(const tieback_engine *engine, tieback_error **error);

/**
 * Removes at once what has been kept for longer than the options' `retention_ms`, and says what went. A worker does
 * the same when it starts and every hour, so this is for hosts that have none, or that want the space now. It works in
 * small transactions; publishing and delivering go on beside it. What is queued is never removed.
 *
 * Ownership: `*out` is yours; free it with `tieback_purged_free`. Threads: any. NULL: `error` may be.
 * Errors: TIEBACK_CLOSED, TIEBACK_STORAGE; what was removed until then stays removed.
 */
tieback_status tieback_engine_purge(const tieback_engine *engine, tieback_purged **out, tieback_error **error);

/**
 * Frees the figures.
 *
 * Ownership: ends the object. Threads: one. NULL: nothing happens. Errors: none.
 */
void tieback_purged_free(tieback_purged *purged);

/**
 * Deliveries with an outcome, each with its attempts.
 *
 * Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
 */
int64_t tieback_purged_deliveries(const tieback_purged *purged);

/**
 * Events that no delivery needed any more.
 *
 * Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
 */
int64_t tieback_purged_events(const tieback_purged *purged);

/**
 * Deleted hooks that nothing in the log belonged to any more.
 *
 * Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
 */
int64_t tieback_purged_hooks(const tieback_purged *purged);

/**
 * The figures as JSON.
 *
 * Ownership: the object's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_purged_to_json(const tieback_purged *purged);

/**
 * Frees the report.
 *
 * Ownership: ends the report. Threads: one. NULL: nothing happens. Errors: none.
 */
void tieback_integrity_report_free(tieback_integrity_report *report);

/**
 * 1 when nothing was found.
 *
 * Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
 */
int32_t tieback_integrity_report_sound(const tieback_integrity_report *report);

/**
 * How many findings the report has, at most 100.
 *
 * Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
 */
size_t tieback_integrity_report_len(const tieback_integrity_report *report);

/**
 * 1 when there are more findings than the report has.
 *
 * Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
 */
int32_t tieback_integrity_report_more(const tieback_integrity_report *report);

/**
 * Which rule a finding breaks, from 0: "file", "references", "lanes", "counts", "outcomes", "ids" or "content".
 *
 * Ownership: the report's, until it is freed. Threads: any. NULL: gives NULL, and so does an index past the end.
 * Errors: none.
 */
const char *tieback_integrity_report_check(const tieback_integrity_report *report, size_t index);

/**
 * What was found and where, from 0; no content of any row.
 *
 * Ownership: the report's, until it is freed. Threads: any. NULL: gives NULL, and so does an index past the end.
 * Errors: none.
 */
const char *tieback_integrity_report_message(const tieback_integrity_report *report, size_t index);

/**
 * The report as JSON.
 *
 * Ownership: the report's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_integrity_report_to_json(const tieback_integrity_report *report);

/**
 * Frees the answer.
 *
 * Ownership: ends the object. Threads: one. NULL: nothing happens. Errors: none.
 */
void tieback_restored_free(tieback_restored *restored);

/**
 * When the backup was taken, as RFC 3339; NULL for the file of a closed store, which does not say it.
 *
 * Ownership: the object's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_restored_backed_up_at(const tieback_restored *restored);

/**
 * How many deliveries were queued in the backup. They are sent, and may have been sent before.
 *
 * Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
 */
int64_t tieback_restored_queued(const tieback_restored *restored);

/**
 * How many hooks have any of them.
 *
 * Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
 */
size_t tieback_restored_lane_count(const tieback_restored *restored);

/**
 * The id of one of these hooks, from 0.
 *
 * Ownership: the object's, until it is freed. Threads: any. NULL: gives NULL, and so does an index past the end.
 * Errors: none.
 */
const char *tieback_restored_lane_hook_id(const tieback_restored *restored, size_t index);

/**
 * How many of these deliveries one of these hooks has, from 0.
 *
 * Ownership: a number. Threads: any. NULL: gives 0, and so does an index past the end. Errors: none.
 */
int64_t tieback_restored_lane_queued(const tieback_restored *restored, size_t index);

/**
 * Where the store is now that was there before; NULL when there was none.
 *
 * Ownership: the object's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_restored_replaced(const tieback_restored *restored);

/**
 * The answer as JSON.
 *
 * Ownership: the object's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_restored_to_json(const tieback_restored *restored);

/*! @} */

/*! @defgroup notices Notices and the log
 *
 * What an operator should know of and no call answers: lanes that pause, resume or are flushed, a store that fails. It
 * is asked for, or told as it happens by `on_notice` in the engine's options. `on_log` tells lines for your own log
 * beside them.
 *
 * ```c
 * static void print_notices(const tieback_engine *engine) {
 *     tieback_notices *notices;
 *     tieback_error *error;
 *     size_t i;
 *
 *     check(tieback_engine_notices(engine, &notices, &error), &error);
 *     for (i = 0; i < tieback_notices_len(notices); i++) {
 *         const tieback_notice *notice = tieback_notices_at(notices, i);
 *         const char *hook_id = tieback_notice_hook_id(notice), *reason = tieback_notice_reason(notice);
 *
 *         printf("%s: hook %s %s %s\n", tieback_notice_at(notice), hook_id != NULL ? hook_id : "(all)",
 *                tieback_notice_kind(notice), reason != NULL ? reason : "");
 *     }
 *     tieback_notices_free(notices);
 * }
 *
 * // Called on any thread, by several at once: what it uses must be fit for that, as stdio is.
 * static void log_to(void *stream, const tieback_log_line *line) {
 *     fprintf((FILE *)stream, "log %d: %s\n", (int)tieback_log_line_level(line), tieback_log_line_message(line));
 * }
 *
 * static void open_with_a_log(const char *path) {
 *     tieback_engine_options options = TIEBACK_ENGINE_OPTIONS_INIT;
 *     tieback_engine *engine;
 *     tieback_error *error;
 *
 *     options.path = path;
 *     options.on_log.call = log_to;
 *     options.on_log.user_data = stdout;
 *     options.log_level = TIEBACK_LOG_DEBUG;
 *     check(tieback_engine_open(&options, &engine, &error), &error);
 *     tieback_engine_close(engine);
 * }
 * ```
 * @{
 */

/**
 * What happened since the last call: lanes that paused, resumed or were flushed, a store that failed or was restored.
 * At most 1,024 are kept; the oldest go first.
 *
 * Ownership: `*out` is yours; free it with `tieback_notices_free`. Threads: any. NULL: `error` may be.
 * Errors: TIEBACK_CLOSED.
 */
tieback_status tieback_engine_notices(const tieback_engine *engine, tieback_notices **out, tieback_error **error);

/**
 * Frees a list and its notices.
 *
 * Ownership: ends the list. Threads: one. NULL: nothing happens. Errors: none.
 */
void tieback_notices_free(tieback_notices *list);

/**
 * How many notices the list has.
 *
 * Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
 */
size_t tieback_notices_len(const tieback_notices *list);

/**
 * One notice of the list, from 0.
 *
 * Ownership: the list's, until it is freed. Threads: any. NULL: gives NULL, and so does an index past the end.
 * Errors: none.
 */
const tieback_notice *tieback_notices_at(const tieback_notices *list, size_t index);

/**
 * The list as JSON: `{"items": [...]}`.
 *
 * Ownership: the list's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_notices_to_json(const tieback_notices *list);

/**
 * The hook's id; NULL when the notice concerns all hooks.
 *
 * Ownership: the notice's, until its list is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_notice_hook_id(const tieback_notice *notice);

/**
 * When it happened, as RFC 3339.
 *
 * Ownership: the notice's, until its list is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_notice_at(const tieback_notice *notice);

/**
 * What happened: "paused", "resumed", "flushed"; "store_failed" while the store cannot keep what was delivered (such
 * as on a full disk): then nothing starts, and it is tried again every second; "out_of_descriptors" while this process
 * may open no more files: then attempts wait, and no endpoint is taken to have failed; or "restored" when the engine
 * opened a store that was restored from a backup and still has what was queued in it, which may have been sent before.
 *
 * Ownership: the notice's, until its list is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_notice_kind(const tieback_notice *notice);

/**
 * Why the lane was paused, such as "503", what the store's error says, or what to do about file
 * descriptors; NULL for other kinds.
 *
 * Ownership: the notice's, until its list is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_notice_reason(const tieback_notice *notice);

/**
 * How many deliveries a flush discarded; 0 for other kinds.
 *
 * Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
 */
int64_t tieback_notice_discarded(const tieback_notice *notice);

/**
 * How many deliveries were queued in the backup that the store was restored from, and are still; 0 for other kinds.
 *
 * Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
 */
int64_t tieback_notice_queued(const tieback_notice *notice);

/**
 * The notice as JSON.
 *
 * Ownership: the notice's, until its list is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_notice_to_json(const tieback_notice *notice);

/**
 * How much the line matters: TIEBACK_LOG_ERROR to TIEBACK_LOG_DEBUG; larger numbers are more talkative.
 *
 * Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
 */
int32_t tieback_log_line_level(const tieback_log_line *line);

/**
 * When it happened, RFC 3339 in UTC.
 *
 * Ownership: the line's, until the callback returns. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_log_line_at(const tieback_log_line *line);

/**
 * The hook that it is about; NULL when it concerns all.
 *
 * Ownership: the line's, until the callback returns. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_log_line_hook_id(const tieback_log_line *line);

/**
 * What happened, in one line without secrets.
 *
 * Ownership: the line's, until the callback returns. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_log_line_message(const tieback_log_line *line);

/**
 * The line as JSON.
 *
 * Ownership: the line's, until the callback returns. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_log_line_to_json(const tieback_log_line *line);

/*! @} */

/*! @defgroup errors Errors
 *
 * What a call that failed says: which kind of thing went wrong, in words too, and whether trying again is sensible.
 *
 * ```c
 * // 1 when the call is worth making again, after the wait that the error asks for.
 * static int is_worth_another_try(const tieback_error *error, int64_t *wait_ms) {
 *     *wait_ms = tieback_error_retry_after_ms(error);
 *     return tieback_error_retry(error) != TIEBACK_RETRY_NEVER;
 * }
 *
 * static void open_patiently(const char *path) {
 *     tieback_engine_options options = TIEBACK_ENGINE_OPTIONS_INIT;
 *     tieback_engine *engine;
 *     tieback_error *error;
 *     int64_t wait_ms;
 *
 *     options.path = path;
 *     if (tieback_engine_open(&options, &engine, &error) != TIEBACK_OK) {
 *         fprintf(stderr, "%s: %s: %s\n", tieback_error_operation(error),
 *                 tieback_status_name(tieback_error_status(error)), tieback_error_message(error));
 *         if (is_worth_another_try(error, &wait_ms)) fprintf(stderr, "again in %d ms\n", (int)wait_ms);
 *         tieback_error_free(error);
 *     }
 *     tieback_engine_close(engine); // NULL when it was not opened
 * }
 * ```
 * @{
 */

/**
 * The word for a status: "ok", "invalid_argument", "not_found", ...; "unknown" for a number that this library does not
 * have.
 *
 * Ownership: static, never freed. Threads: any. NULL: never given. Errors: none.
 */
const char *tieback_status_name(int32_t status);

/**
 * Frees an error.
 *
 * Ownership: ends the error. Threads: one. NULL: nothing happens. Errors: none.
 */
void tieback_error_free(tieback_error *error);

/**
 * The status that the call answered.
 *
 * Ownership: a number. Threads: any. NULL: gives TIEBACK_OK. Errors: none.
 */
tieback_status tieback_error_status(const tieback_error *error);

/**
 * One line: what was wrong, with which value, what to do next.
 *
 * Ownership: the error's, until it is freed. Threads: any. NULL: gives "", so that it can always be printed.
 * Errors: none.
 */
const char *tieback_error_message(const tieback_error *error);

/**
 * The operation that failed, such as "hook_create".
 *
 * Ownership: the error's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_error_operation(const tieback_error *error);

/**
 * The HTTP status of a server's answer that caused this; 0 when there was none.
 *
 * Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
 */
int32_t tieback_error_http_status(const tieback_error *error);

/**
 * The server's id of the request; NULL when it gave none.
 *
 * Ownership: the error's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_error_request_id(const tieback_error *error);

/**
 * Whether the same call can be expected to succeed later.
 *
 * Ownership: a number. Threads: any. NULL: gives TIEBACK_RETRY_NEVER. Errors: none.
 */
tieback_retry tieback_error_retry(const tieback_error *error);

/**
 * How long to wait before the same call is made again, in milliseconds; 0 unless the retry is TIEBACK_RETRY_AFTER.
 *
 * Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
 */
int64_t tieback_error_retry_after_ms(const tieback_error *error);

/**
 * The error as JSON.
 *
 * Ownership: the error's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_error_to_json(const tieback_error *error);

/*! @} */

/*! @defgroup texts Texts and moments
 *
 * ```c
 * static void tomorrow(const char *moment) {
 *     const int64_t day = (int64_t)24 * 60 * 60 * 1000000;
 *     int64_t microseconds;
 *     char *text;
 *     tieback_error *error;
 *
 *     check(tieback_time_parse(moment, &microseconds, &error), &error);
 *     check(tieback_time_format(microseconds + day, &text, &error), &error);
 *     puts(text);
 *     tieback_string_free(text); // not free(): the text came through a char **
 * }
 * ```
 * @{
 */

/**
 * Frees a text that was given through a `char **`. Texts that are returned directly belong to their objects: never
 * free those.
 *
 * Ownership: ends the text. Threads: one. NULL: nothing happens. Errors: none.
 */
void tieback_string_free(char *text);

/**
 * Reads a moment in RFC 3339 with any offset, as all functions give and take them, as microseconds since
 * 1970-01-01T00:00:00Z; negative before.
 *
 * Ownership: `*out` is a number, 0 after an error. Threads: any. NULL: `error` may be.
 * Errors: TIEBACK_INVALID_ARGUMENT when the text is no moment from the year 1 to 9999-12-30.
 */
tieback_status tieback_time_parse(const char *text, int64_t *out, tieback_error **error);

/**
 * Writes a moment, in microseconds since 1970-01-01T00:00:00Z, as RFC 3339 in UTC.
 *
 * Ownership: `*out` is yours; free it with `tieback_string_free`. Threads: any. NULL: `error` may be.
 * Errors: TIEBACK_INVALID_ARGUMENT outside of the year 1 to 9999-12-30.
 */
tieback_status tieback_time_format(int64_t microseconds, char **out, tieback_error **error);

/*! @} */

/*! @defgroup flat Flat
 *
 * Every operation by its name, with JSON in and out, for languages that can pass texts and 32-bit integers and little
 * more. `docs/operations.md` has the operations. An answer that does not fit is read on: a call is never made twice for
 * want of space.
 *
 * ```c
 * // Prints an answer however long it is, through a small buffer.
 * static void call(int32_t handle, const char *operation, const char *json) {
 *     char piece[16];
 *     int32_t needed, rest, offset, left;
 *
 *     if (tieback_call(handle, operation, json, piece, (int32_t)sizeof piece, &needed, &rest) != TIEBACK_OK) exit(1);
 *     fputs(piece, stdout);
 *     for (offset = (int32_t)strlen(piece); rest != 0 && offset < needed; offset += (int32_t)strlen(piece)) {
 *         if (tieback_read(rest, offset, piece, (int32_t)sizeof piece, &left) != TIEBACK_OK) exit(1);
 *         fputs(piece, stdout);
 *     }
 *     printf("\n");
 * }
 *
 * static void list_hooks_flat(const char *path) {
 *     char input[1200], answer[64];
 *     int32_t handle, needed, rest;
 *
 *     snprintf(input, sizeof input, "{\"path\": \"%s\"}", path);
 *     if (tieback_call(0, "engine_open", input, answer, (int32_t)sizeof answer, &needed, &rest) != TIEBACK_OK) exit(1);
 *     handle = (int32_t)strtol(strchr(answer, ':') + 1, NULL, 10); // {"handle":1}
 *     call(handle, "hook_list", "{\"scope\": {\"company_id\": 5358233}}");
 *     call(handle, "engine_close", NULL);
 * }
 * ```
 * @{
 */

/**
 * Does an operation, by its name (`docs/operations.md` has them all), with JSON in and out.
 *
 * `engine_open` takes an engine's options and answers `{"handle": n}`; every other operation takes that number as
 * `handle`, up to `engine_close`. `engine_restore` takes none; nor does `operations`, which lists them. Blanks at the
 * ends of `operation` and `json` do not count. A `json` that is NULL or blank is `{}`.
 *
 * `out` may be where `operation` or `json` is: both are read to their ends before anything is written.
 *
 * The answer goes into `out` with a NUL behind it; an error too: `{"error": {"kind": "not_found", "message": ...}}`.
 * `*needed` is its length in bytes, without the NUL. If it is longer than `capacity - 1`, `out` has its beginning,
 * cut before a character that would not fit whole, and `*rest` is a number for `tieback_read`; else `*rest` is 0.
 *
 * Ownership: everything stays yours. Threads: any. NULL: `json` may be, and `out`, which is then not written, as with
 * a `capacity` of 0. Errors: the status is the error's; TIEBACK_INVALID_ARGUMENT for an unknown operation, handle or
 * member, and without `needed` and `rest`, when nothing is done and nothing written.
 */
int32_t tieback_call(int32_t handle,
                     const char *operation,
                     const char *json,
                     char *out,
                     int32_t capacity,
                     int32_t *needed,
                     int32_t *rest);

/**
 * Reads on in an answer that did not fit: from byte `offset` (counted from its beginning) as much as `out` takes, with
 * a NUL behind it. `*needed` is how many bytes there were from `offset` on. Once all were given the answer is
 * forgotten; so are the oldest when more than 64 wait to be read.
 *
 * Ownership: everything stays yours. Threads: any. NULL: `out` may be, which is then not written.
 * Errors: the status, and an empty `out`; TIEBACK_INVALID_ARGUMENT without `needed`, and for an `offset` that is not
 * in the answer or inside of a character; TIEBACK_NOT_FOUND when there is no such rest (any more).
 */
int32_t tieback_read(int32_t rest, int32_t offset, char *out, int32_t capacity, int32_t *needed);

/**
 * Reads one value of a JSON text, such as the answer of `tieback_call`, by its place: "/items/0/id" is the member `id`
 * of the first of `items` (a JSON pointer, RFC 6901; a `/` in a name is written `~1`, a `~` is `~0`). Texts are given
 * as they are; numbers, `true`, `false`, lists and objects as JSON; an empty `pointer` gives the whole.
 *
 * The value goes into `out` with a NUL behind it. `*needed` is its length in bytes, without the NUL: if it is longer
 * than `capacity - 1`, `out` has its beginning, cut before a character that would not fit whole.
 *
 * Ownership: everything stays yours. Threads: any. NULL: `pointer` may be, which is the empty one; and `out`, which is
 * then not written, as with a `capacity` of 0. Errors: the status, and an empty `out`; TIEBACK_NOT_FOUND when there is
 * nothing at this place, or null; TIEBACK_INVALID_ARGUMENT for what is not JSON, for a pointer without a `/` at its
 * beginning, and without `needed`.
 */
int32_t tieback_json_text(const char *json, const char *pointer, char *out, int32_t capacity, int32_t *needed);

/**
 * Puts one value into a JSON text, in place: into "{}", or an empty text, "42" at "/event/resource_id" makes
 * `{"event":{"resource_id":"42"}}`. What is there already is replaced; objects on the way are made, and lists, whose
 * places are 0, 1, 2, ... up to their length, or `-` for their end.
 *
 * `value` is put as a text, with whatever it has (quotes, backslashes, line ends) written as JSON wants it. With
 * `is_json` 1 it is JSON itself: a number, `true`, `false`, `null`, a list, an object.
 *
 * `json` has room for `capacity` bytes, the NUL included. `*needed` is the length of the new text without the NUL. If
 * that does not fit, `json` stays as it was.
 *
 * Ownership: everything stays yours. Threads: any. NULL: `value` may be, which is an empty text, or `null`.
 * Errors: the status, and an unchanged `json`; TIEBACK_INVALID_ARGUMENT when the new text does not fit (`*needed` says
 * so), for what is not JSON or UTF-8, for a place that cannot be (inside of a text or a number, beyond the end of a
 * list), for an `is_json` other than 0 and 1, and without `needed`.
 */
int32_t tieback_json_put(char *json,
                         int32_t capacity,
                         const char *pointer,
                         const char *value,
                         int32_t is_json,
                         int32_t *needed);

/**
 * `tieback_call` for fixed fields. `operation` and `json` are followed by their lengths in bytes; a text in them ends
 * before the blanks at its end, or at a NUL. `out` is filled with blanks behind the answer, and has no NUL.
 *
 * `*written` is how many bytes of the answer are in `out`, `*needed` how long it is. If that is more, `out` has its
 * beginning, cut before a character that would not fit whole, and `*rest` is a number for `tieback_read_padded`; else
 * `*rest` is 0.
 *
 * Ownership: everything stays yours. Threads: any. NULL: `json` may be, and `out`, which is then not written, as with
 * a `capacity` of 0. Errors: the status is the error's; TIEBACK_INVALID_ARGUMENT for an unknown operation, handle or
 * member, a negative length, and without `written`, `needed` and `rest`, when nothing is done and nothing written.
 */
int32_t tieback_call_padded(int32_t handle,
                            const char *operation,
                            int32_t operation_length,
                            const char *json,
                            int32_t json_length,
                            char *out,
                            int32_t capacity,
                            int32_t *written,
                            int32_t *needed,
                            int32_t *rest);

/**
 * `tieback_read` for fixed fields: reads on in an answer that did not fit, from byte `offset` of it. `out` is filled
 * with blanks behind what is given. `*written` is how many bytes those are, `*needed` how many there were from
 * `offset` on; while that is more, the next offset is this one plus `*written`.
 *
 * Ownership: everything stays yours. Threads: any. NULL: `out` may be, which is then not written.
 * Errors: the status, and a blank `out`; TIEBACK_INVALID_ARGUMENT without `written` and `needed`, and for an `offset`
 * that is not in the answer or inside of a character; TIEBACK_NOT_FOUND when there is no such rest (any more).
 */
int32_t tieback_read_padded(int32_t rest,
                            int32_t offset,
                            char *out,
                            int32_t capacity,
                            int32_t *written,
                            int32_t *needed);

/**
 * `tieback_json_text` for fixed fields. `out` is filled with blanks behind the value; `*needed` is the value's length,
 * which is more than `capacity` when it was cut.
 *
 * Ownership: everything stays yours. Threads: any. NULL: `pointer` may be, and `out`, which is then not written.
 * Errors: the status, and a blank `out`; TIEBACK_NOT_FOUND when there is nothing at this place, or null;
 * TIEBACK_INVALID_ARGUMENT for what is not JSON, for a pointer without a `/` at its beginning, for a negative length,
 * and without `needed`.
 */
int32_t tieback_json_text_padded(const char *json,
                                 int32_t json_length,
                                 const char *pointer,
                                 int32_t pointer_length,
                                 char *out,
                                 int32_t capacity,
                                 int32_t *needed);

/**
 * `tieback_json_put` for fixed fields: puts one value into the JSON in a field of `capacity` bytes, which may be blank
 * at first, and fills it with blanks behind the new text. Blanks at the end of `value` do not count.
 *
 * Ownership: everything stays yours. Threads: any. NULL: `value` may be, which is an empty text, or `null`.
 * Errors: as for `tieback_json_put`, and an unchanged `json`; TIEBACK_INVALID_ARGUMENT also for a negative length.
 */
int32_t tieback_json_put_padded(char *json,
                                int32_t capacity,
                                const char *pointer,
                                int32_t pointer_length,
                                const char *value,
                                int32_t value_length,
                                int32_t is_json,
                                int32_t *needed);

/*! @} */

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* TIEBACK_H */
