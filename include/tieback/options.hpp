/*
 * What calls take: scopes, options, changes, queries, events. Part of tieback.hpp.
 *
 * Each is an ordinary struct: set what you want, with `=` or, from C++20 on, with designated initializers. What you
 * leave alone has its default, which tieback.h tells field by field; the names are the same, spans are `std::chrono`
 * durations without the unit in the name. A struct can be used for many calls, and by several threads at once.
 *
 * A span or a number that is beyond what the library takes is taken as the largest that it does.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */

#ifndef TIEBACK_OPTIONS_HPP
#define TIEBACK_OPTIONS_HPP

#include "reports.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace tieback {
inline namespace TIEBACK_FORM {

/** One company or one project: whose hooks a call is about. A value. */
class scope {
  public:
    /** A company. */
    static scope company(std::int64_t company_id) noexcept { return scope(tieback_scope_company(company_id)); }
    /** A project. The company may be left out where only the project is known; publishing needs it. */
    static scope project(std::int64_t project_id, std::int64_t company_id = 0) noexcept {
        return scope(tieback_scope_project(project_id, company_id));
    }
    /** As the C ABI has it; no level, company or project that makes no sense is refused here, but by the call. */
    explicit scope(const tieback_scope &given) noexcept {
        tieback_scope_init(&raw_, sizeof raw_);
        raw_.level = given.level;
        raw_.company_id = given.company_id;
        raw_.project_id = given.project_id;
    }

    bool is_project() const noexcept { return raw_.level == TIEBACK_LEVEL_PROJECT; }
    /** 0 where it is not known. */
    std::int64_t company_id() const noexcept { return raw_.company_id; }
    /** 0 in a company's scope. */
    std::int64_t project_id() const noexcept { return raw_.project_id; }
    /** For calls of the C ABI. */
    const tieback_scope *get() const noexcept { return &raw_; }

    friend bool operator==(const scope &left, const scope &right) noexcept {
        return left.raw_.level == right.raw_.level && left.raw_.company_id == right.raw_.company_id &&
               left.raw_.project_id == right.raw_.project_id;
    }
    friend bool operator!=(const scope &left, const scope &right) noexcept { return !(left == right); }

  private:
    tieback_scope raw_;
};

/** How an engine is opened. `path` must be given; a span or number of 0 means its default. */
struct engine_options {
    /** With the default of each number and span in place of 0: to show them, or to set one relative to its default. */
    static engine_options defaults() {
        tieback_engine_options raw;
        tieback_engine_options_defaults(&raw, sizeof raw);
        engine_options options;
        options.connect_timeout = std::chrono::milliseconds(raw.connect_timeout_ms);
        options.response_timeout = std::chrono::milliseconds(raw.response_timeout_ms);
        options.backoff_min = std::chrono::milliseconds(raw.backoff_min_ms);
        options.backoff_max = std::chrono::milliseconds(raw.backoff_max_ms);
        options.give_up_after = std::chrono::milliseconds(raw.give_up_after_ms);
        options.max_attempts = raw.max_attempts;
        options.max_in_flight = raw.max_in_flight;
        options.jitter_percent = raw.jitter_percent;
        options.retention = std::chrono::milliseconds(raw.retention_ms);
        options.max_queued_per_hook = raw.max_queued_per_hook;
        options.max_queued = raw.max_queued;
        options.max_attempts_in_flight = raw.max_attempts_in_flight;
        options.max_idle_connections = raw.max_idle_connections;
        return options;
    }

    /** The SQLite file, which is created when it is not there. */
    option_text path = {};
    /** Sends over plain http too. */
    bool danger_allow_http = false;
    /** Sends to loopback and private addresses too. */
    bool danger_allow_private_addresses = false;
    /** Default 5 s. */
    std::chrono::milliseconds connect_timeout = {};
    /** Default 5 s. */
    std::chrono::milliseconds response_timeout = {};
    /** Default 1 s. */
    std::chrono::milliseconds backoff_min = {};
    /** Default 1 h. */
    std::chrono::milliseconds backoff_max = {};
    /** Default 12 h. */
    std::chrono::milliseconds give_up_after = {};
    /** Default: no limit. */
    std::int32_t max_attempts = 0;
    /** Per hook. Default 8. */
    std::int32_t max_in_flight = 0;
    /** Default 0; at most 100. */
    std::int32_t jitter_percent = 0;
    /** Waits at least as long as the endpoint's `Retry-After` asks. */
    bool honor_retry_after = false;
    /** A CSV table, not the name of a file. Default: the built-in catalogue. */
    option_text catalogue_csv = {};
    /** Accepts every resource and event. */
    bool catalogue_accept_any = false;
    /** `10.20.0.0/16, fd00::/8` */
    option_text allow_networks = {};
    option_text extra_ca_pem = {};
    option_text extra_ca_file = {};
    option_text client_certificate_pem = {};
    /** A secret. */
    option_text client_key_pem = {};
    /** Needs `danger_proxy_resolves`. */
    option_text proxy_url = {};
    option_text no_proxy = {};
    /** Takes the proxy from the environment. Needs `danger_proxy_resolves`. */
    bool proxy_from_environment = false;
    bool danger_proxy_resolves = false;
    /** Default 28 days. */
    std::chrono::milliseconds retention = {};
    /** Default: no limit. */
    std::int32_t max_queued_per_hook = 0;
    /** Default: no limit. */
    std::int32_t max_queued = 0;
    /** 44 characters of base64 or 64 hex digits. A secret. */
    option_text store_key = {};
    /** Separated by commas. */
    option_text store_key_old = {};
    /** Over all hooks. Default 256. */
    std::int32_t max_attempts_in_flight = 0;
    /** Default 256. */
    std::int32_t max_idle_connections = 0;
    /**
     * Is told each notice as it happens, on whichever thread that is, by several at once. Inside of it you may read,
     * manage, publish and cancel; starting, stopping and pumping are `conflict` there. What it throws ends at its
     * border and goes nowhere: catch it yourself if you want to know. The engine keeps a copy until it is closed.
     */
    std::function<void(notice_view)> on_notice = {};
    /** Is told each line for your log, by the same rules. */
    std::function<void(log_line_view)> on_log = {};
    /** The most talkative level that `on_log` is told. Default: info. */
    std::optional<tieback::log_level> log_level = {};
};

/** A header that deliveries carry. Answers show its value masked. */
struct header {
    option_text name = {};
    option_text value = {};
};

/** At most so many attempts in so long, spaced evenly. */
struct rate_limit {
    std::int32_t attempts = 0;
    /** Up to a day. */
    std::chrono::milliseconds per = {};
    /** How many may go at once after a quiet time: 0 means 1. */
    std::int32_t burst = 0;
};

/** A hook to create. The first three must be given. */
struct hook_options {
    /** Lower-case a-z, digits and dashes; one hook per scope and namespace. */
    option_text namespace_ = {};
    /** "v2.0", "v3.0" or "v4.0". */
    option_text payload_version = {};
    /** An https URL without credentials. */
    option_text destination_url = {};
    std::vector<header> headers = {};
    /** By Standard Webhooks: "whsec_...", at most 8. */
    std::vector<option_text> signing_secrets = {};
    std::optional<tieback::rate_limit> rate_limit = {};
};

/** What to change on a hook. What is left out stays as it is. */
struct hook_change {
    option_text namespace_ = {};
    option_text payload_version = {};
    option_text destination_url = {};
    /** In place of all present ones; an empty list takes them away. */
    std::optional<std::vector<header>> headers = {};
    /** Whether it delivers. */
    std::optional<bool> active = {};
    /** Sends the present headers to another scheme, host or port than they were given for. */
    bool danger_keep_headers = false;
    /** In place of all present ones; an empty list takes them away. */
    std::optional<std::vector<option_text>> signing_secrets = {};
    std::optional<tieback::rate_limit> rate_limit = {};
    bool clear_rate_limit = false;
};

/** Which part of a list is wanted. */
struct page_request {
    /** How many items a page has at the most: default 100, at most 1,000. */
    std::int32_t limit = 0;
    /** The page before's `next_page()`. Left out: the first page. */
    option_text after = {};
};

/** Which hooks to list. Left alone: all. */
struct hook_query {
    option_text namespace_ = {};
    option_text payload_version = {};
    /** Counts each hook's triggers. */
    bool include_trigger_count = false;
    std::int32_t limit = 0;
    option_text after = {};
};

/** Which resources to list. Left alone: all. */
struct resource_query {
    /** Only what this version can carry. */
    option_text payload_version = {};
    std::int32_t limit = 0;
    option_text after = {};
};

/** Which deliveries to list. Left alone: all. */
struct delivery_query {
    /** "any", "successful", "failing", "discarded"; "succeeded", "failed", "enqueued", "retrying". */
    option_text status = {};
    option_text resource_name = {};
    option_text event_type = {};
    /** RFC 3339, or a day. */
    option_text start = {};
    option_text end = {};
    option_text after = {};
    std::int32_t limit = 0;
};

/** What a hook is triggered by. */
struct trigger_options {
    /** Such as "RFIs". */
    option_text resource_name = {};
    /** "create", "update" or "delete". */
    option_text event_type = {};
};

/** A parent of a line item. */
struct related_resource {
    option_text id = {};
    option_text name = {};
};

/** An event to publish. `company_id`, resource and type must be given; what is 0 or left out is not there. */
struct event_options {
    std::int64_t company_id = 0;
    std::int64_t project_id = 0;
    /** Who did it. */
    std::int64_t user_id = 0;
    /** Exactly as in the catalogue, such as "RFIs". */
    option_text resource_name = {};
    /** A number, or for hooks of payload version v4.0 any word. */
    option_text resource_id = {};
    /** "create", "update", "delete", or another word for v4.0. */
    option_text event_type = {};
    /** Left out, one is made. */
    option_text id = {};
    /** Publishing the same one twice is one event. Left out, one is made. */
    option_text ulid = {};
    /** RFC 3339. Left out, now. */
    option_text timestamp = {};
    std::int64_t source_user_id = 0;
    std::int64_t source_project_id = 0;
    std::int64_t source_company_id = 0;
    option_text source_operation_id = {};
    option_text source_application_id = {};
    /** Payload v3.0. */
    std::vector<related_resource> related = {};
    /** A JSON value. Payload v4.0. */
    option_text data_json = {};
};

} // namespace TIEBACK_FORM
} // namespace tieback

#endif
