/*
 * tieback: manage, send and receive Procore webhooks.
 *
 * Generated from src/capi by `make header`; do not edit. This header is the manual of the C ABI.
 *
 * Linking     C99 and later, C++11 and later. Shared: `cc program.c -ltieback`. Static: the path of libtieback.a, and
 *             after it `-lgcc_s -lutil -lrt -lpthread -lm -ldl -lc`. A program fits the library that it runs with when
 *             `tieback_abi_version()` is `TIEBACK_ABI_VERSION`.
 *
 * Calls       Whatever can fail returns a `tieback_status` and has `tieback_error **error` last. Pass NULL when the
 *             status is enough. Else it is NULL after success, and after a failure an object that you free with
 *             `tieback_error_free`. There are no errors kept per thread. Do not read `error` in the same
 *             expression as the call: `check(tieback_x(.., &error), error)` may pass its value from before.
 *
 * Ownership   What is written through a `**` is yours: end it with the function that its comment names. What is
 *             returned directly is borrowed from the object that you asked, and ends with it. Never `free()` either.
 *             Out-parameters are NULL first and written only on success. To end NULL does nothing.
 *
 * Handles     `tieback_engine` and `tieback_service` are checked: a closed one is TIEBACK_CLOSED, one that is none is
 *             TIEBACK_INVALID_ARGUMENT. All other objects are plain memory: using one after its end is undefined.
 *
 * Texts       UTF-8 with a NUL at the end, both ways; other bytes are TIEBACK_INVALID_ARGUMENT. Bodies are a pointer
 *             and a length. Ids are texts, except those of companies, projects and users. Times are RFC 3339.
 *
 * Structs     Begin each struct that you fill with its `_INIT` macro, or its `_init` function. A field that is 0 or
 *             NULL means its default. A newer header's struct is accepted while its further fields are zero.
 *
 * Threads     What is `const` may be used by several threads at once; what is not, by one at a time. Opening starts no
 *             thread; `tieback_engine_start` does.
 *
 * Forks       A child process cannot use its parent's handles: calls give TIEBACK_CLOSED, closing them does nothing.
 *             Open an engine in the child. Fork while started engines are idle: what their threads hold locked at
 *             that moment, inside SQLite or the allocator, stays locked in the child.
 *
 * Defects     No panic leaves the library. A call that meets one prints nothing, gives TIEBACK_INTERNAL and says in its
 *             error where it was; then its handle can only be closed.
 *
 * Each comment says, in this order: what the function does; who owns what it gives; which threads may call it; what
 * NULL means; which errors there are. A NULL that is not mentioned is TIEBACK_INVALID_ARGUMENT.
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
      0, 0, 0, 0, 0, { 0, 0, 0 }, { 0, 0, 0 }, 0 }

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
#define TIEBACK_DELIVERY_QUERY_INIT { sizeof(tieback_delivery_query), 0, 0, 0, 0, 0, 0, 0 }

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
 * The status of a hook that delivers, in a `tieback_hook_change`.
 */
#define TIEBACK_HOOK_ACTIVE 1

/**
 * The status of a hook that is kept but delivers nothing, in a `tieback_hook_change`.
 */
#define TIEBACK_HOOK_DISABLED 2

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
 * One change of one resource, as a payload says it. What the payload's version lacks is NULL.
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
 * A function that is told each notice as it happens. All zero: nobody is told; `tieback_engine_notices` has them too.
 *
 * It is called on whichever thread something happens: one of the engine's, or yours inside of a call; by several
 * threads at once. It must return, and not by `longjmp` or a C++ exception. Inside of it you may read, manage, publish
 * and cancel; `tieback_engine_start`, `_stop`, `_pump` and `_run_until_idle` are TIEBACK_CONFLICT there.
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
     * The most talkative level that `on_log` is told, TIEBACK_LOG_ERROR to TIEBACK_LOG_DEBUG. Default TIEBACK_LOG_INFO.
     */
    int32_t log_level;
} tieback_engine_options;

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
} tieback_delivery_query;

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

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * The version of the library as text, such as "0.1.0".
 *
 * Ownership: static, never freed. Threads: any. NULL: never given. Errors: none.
 */
const char *tieback_version(void);

/**
 * The version of the library's ABI. A program and a library fit when this is the `TIEBACK_ABI_VERSION` that the
 * program was compiled with.
 *
 * Ownership: a number. Threads: any. NULL: takes none. Errors: none.
 */
int32_t tieback_abi_version(void);

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

/**
 * Frees a text that was given through a `char **`. Texts that are returned directly belong to their objects: never
 * free those.
 *
 * Ownership: ends the text. Threads: one. NULL: nothing happens. Errors: none.
 */
void tieback_string_free(char *text);

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
 * Zeroes options of `struct_size` bytes and writes the size into them: TIEBACK_ENGINE_OPTIONS_INIT for languages
 * without macros.
 *
 * Ownership: the options stay yours. Threads: one. NULL: nothing happens. Errors: none.
 */
void tieback_engine_options_init(tieback_engine_options *options, size_t struct_size);

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
 * Makes a handle of the engine's service, which manages hooks and triggers and lists deliveries. It does not keep the
 * engine open.
 *
 * Ownership: `*out` is yours; end it with `tieback_service_free`. Threads: any. NULL: `error` may be.
 * Errors: TIEBACK_CLOSED.
 */
tieback_status tieback_engine_service(const tieback_engine *engine, tieback_service **out, tieback_error **error);

/**
 * Starts delivering on threads of the engine's own. Starting a started engine changes nothing.
 *
 * Ownership: nothing is given. Threads: any. NULL: `error` may be.
 * Errors: TIEBACK_CLOSED; TIEBACK_STORAGE when the queue cannot be read; TIEBACK_UNAVAILABLE when the system gives no
 * threads.
 */
tieback_status tieback_engine_start(const tieback_engine *engine, tieback_error **error);

/**
 * Stops delivering: nothing starts any more, and attempts in flight get `grace_ms` to end and be recorded. What has
 * not ended by then is queued again. Stopping a stopped engine changes nothing.
 *
 * Ownership: nothing is given. Threads: any. NULL: `error` may be.
 * Errors: TIEBACK_CLOSED; TIEBACK_INVALID_ARGUMENT for a negative time.
 */
tieback_status tieback_engine_stop(const tieback_engine *engine, int64_t grace_ms, tieback_error **error);

/**
 * Delivers on your thread what is due, for about `budget_ms`; returns early when nothing is in flight or due. For
 * hosts without threads: call it often, at least every second while the report says that the engine is not idle, since
 * the time limits of attempts in flight run on between calls.
 *
 * Ownership: `*out` is yours; free it with `tieback_idle_report_free`. Threads: any; one at a time runs, others wait
 * for it. NULL: `out` and `error` may be.
 * Errors: TIEBACK_CLOSED; TIEBACK_CONFLICT when the engine is started; TIEBACK_STORAGE; TIEBACK_INVALID_ARGUMENT for a
 * negative time.
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
 * Errors: TIEBACK_CLOSED; TIEBACK_STORAGE; TIEBACK_INVALID_ARGUMENT for a negative time.
 */
tieback_status tieback_engine_run_until_idle(const tieback_engine *engine,
                                             int64_t timeout_ms,
                                             int32_t wait_paused,
                                             tieback_idle_report **out,
                                             tieback_error **error);

/**
 * How much there is to do, what is kept, and what that takes on the disk. Cheap, however much there is.
 *
 * Ownership: `*out` is yours; free it with `tieback_stats_free`. Threads: any. NULL: `error` may be.
 * Errors: TIEBACK_CLOSED, TIEBACK_STORAGE.
 */
tieback_status tieback_engine_stats(const tieback_engine *engine, tieback_stats **out, tieback_error **error);

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
 * Errors: TIEBACK_CLOSED for a service that is freed or a token that is.
 */
tieback_status tieback_service_with_cancel(const tieback_service *service,
                                           const tieback_cancel *cancel,
                                           tieback_service **out,
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
 * Gives one queued delivery up, so that an event which its endpoint cannot take does not hold up the rest.
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
 * hook's first trigger, with resource id 1; in payload v2.0 and v3.0 its source_operation_id is "tieback-test". A
 * disabled hook gets none, as the answer says.
 *
 * Ownership: `*out` is yours; free it with `tieback_published_free`. Threads: any. NULL: `error` may be.
 * Errors: TIEBACK_NOT_FOUND; TIEBACK_INVALID_ARGUMENT when neither the scope nor the hook says which company a project
 * is of; TIEBACK_CLOSED, TIEBACK_STORAGE.
 */
tieback_status tieback_engine_send_test(const tieback_engine *engine,
                                        const tieback_scope *scope,
                                        const char *hook_id,
                                        tieback_published **out,
                                        tieback_error **error);

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

/**
 * Frees the handle of a service. The engine behind it stays open.
 *
 * Ownership: ends the handle. Threads: any; calls under way end as usual. NULL: nothing happens, nor with a handle
 * that is freed already or belongs to a parent process. Errors: none.
 */
void tieback_service_free(tieback_service *service);

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
 * Errors: TIEBACK_CONFLICT when the scope already has a hook of this namespace; TIEBACK_INVALID_ARGUMENT;
 * TIEBACK_CLOSED, TIEBACK_STORAGE.
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
 * Errors: TIEBACK_NOT_FOUND; TIEBACK_CONFLICT when the new namespace is taken; TIEBACK_INVALID_ARGUMENT, also for a
 * header value or signing secret that is a mask which an answer showed; TIEBACK_CLOSED, TIEBACK_STORAGE.
 */
tieback_status tieback_hook_update(const tieback_service *service,
                                   const tieback_scope *scope,
                                   const char *hook_id,
                                   const tieback_hook_change *change,
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
 * Adds many triggers to a hook, at most 500: item i is `resource_names[i]` with `event_types[i]`.
 *
 * Ownership: `*out` is yours; free it with `tieback_bulk_free`. Threads: any. NULL: `error` may be, and both arrays
 * with a `count` of 0.
 * Errors: TIEBACK_NOT_FOUND for the hook; TIEBACK_INVALID_ARGUMENT with more than 500; TIEBACK_CLOSED,
 * TIEBACK_STORAGE. What is wrong with one item is in that item's answer.
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
 * Removes many triggers of a hook, at most 500.
 *
 * Ownership: `*out` is yours; free it with `tieback_bulk_free`. Threads: any. NULL: `error` may be, and the array
 * with a `count` of 0.
 * Errors: TIEBACK_NOT_FOUND for the hook; TIEBACK_INVALID_ARGUMENT with more than 500; TIEBACK_CLOSED,
 * TIEBACK_STORAGE. What is wrong with one item is in that item's answer.
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
 * Its name, as triggers and payloads spell it.
 *
 * Ownership: the resource's, until its page is freed. Threads: any. NULL: gives NULL. Errors: none.
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
 * Ownership: the resource's, until its page is freed. Threads: any. NULL: gives NULL, and so does an index past the
 * end. Errors: none.
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
 * Ownership: the resource's, until its page is freed. Threads: any. NULL: gives NULL, and so does an index past the
 * end. Errors: none.
 */
const char *tieback_resource_deprecated(const tieback_resource *resource, size_t index);

/**
 * What the catalogue says about it, often "".
 *
 * Ownership: the resource's, until its page is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_resource_note(const tieback_resource *resource);

/**
 * The resource as JSON.
 *
 * Ownership: the resource's, until its page is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_resource_to_json(const tieback_resource *resource);

/**
 * The event's id: a number in payloads v2.0 and v3.0, a ULID in v4.0.
 *
 * Ownership: the event's, until its delivery is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_event_id(const tieback_event *event);

/**
 * The event's ULID; NULL in payload v4.0, where the id is one.
 *
 * Ownership: the event's, until its delivery is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_event_ulid(const tieback_event *event);

/**
 * When it happened, as RFC 3339.
 *
 * Ownership: the event's, until its delivery is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_event_timestamp(const tieback_event *event);

/**
 * The company.
 *
 * Ownership: the event's, until its delivery is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_event_company_id(const tieback_event *event);

/**
 * The project; NULL on company-level events.
 *
 * Ownership: the event's, until its delivery is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_event_project_id(const tieback_event *event);

/**
 * Who did it.
 *
 * Ownership: the event's, until its delivery is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_event_user_id(const tieback_event *event);

/**
 * The resource's name, such as "RFIs".
 *
 * Ownership: the event's, until its delivery is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_event_resource_name(const tieback_event *event);

/**
 * The resource's id.
 *
 * Ownership: the event's, until its delivery is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_event_resource_id(const tieback_event *event);

/**
 * "create", "update", "delete", or since payload v4.0 any word.
 *
 * Ownership: the event's, until its delivery is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_event_type(const tieback_event *event);

/**
 * The event as JSON, with everything that it has.
 *
 * Ownership: the event's, until its delivery is freed. Threads: any. NULL: gives NULL. Errors: none.
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
 * How many bytes of the answer's body are kept, up to 65,536.
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
 * published before with other content; TIEBACK_CLOSED, TIEBACK_STORAGE.
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
 * Publishes many events in one transaction, at most 1,000; `events` is an array of pointers. After TIEBACK_OK, every
 * event whose answer is TIEBACK_OK is on disk.
 *
 * Ownership: `*out` is yours; free it with `tieback_bulk_free`. Threads: any. NULL: `error` may be, and the array
 * with a `count` of 0.
 * Errors: TIEBACK_INVALID_ARGUMENT with more than 1,000; TIEBACK_CLOSED, TIEBACK_STORAGE. What is wrong with one event
 * is in that event's answer.
 */
tieback_status tieback_publish_many(const tieback_engine *engine,
                                    const tieback_event_options *const *events,
                                    size_t count,
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
 * The object as JSON.
 *
 * Ownership: the object's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
 */
const char *tieback_published_to_json(const tieback_published *published);

/**
 * Does an operation, by its name (`docs/operations.md` has them all), with JSON in and out.
 *
 * `engine_open` takes an engine's options and answers `{"handle": n}`; every other operation takes that number as
 * `handle`, up to `engine_close`. `engine_restore` takes none; nor does `operations`, which lists them. Blanks at the
 * ends of `operation` and `json` do not count. A `json` that is NULL or blank is `{}`.
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

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* TIEBACK_H */
