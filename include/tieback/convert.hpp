/*
 * Options as C takes them: a struct of pointers into yours, on the stack. Only lists (headers, secrets, parents) need
 * memory for their pointers. Part of tieback.hpp.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */

#ifndef TIEBACK_CONVERT_HPP
#define TIEBACK_CONVERT_HPP

#include "options.hpp"

#include <limits>

namespace tieback {
inline namespace TIEBACK_FORM {
namespace detail {

/* What is too long for C's field is the longest that fits: it is longer than any limit or wait can be. */
inline std::int32_t milliseconds32(std::chrono::milliseconds span) noexcept {
    using limits = std::numeric_limits<std::int32_t>;
    const auto count = span.count();
    return count > limits::max()   ? limits::max()
           : count < limits::min() ? limits::min()
                                   : static_cast<std::int32_t>(count);
}

inline std::int64_t milliseconds64(std::chrono::milliseconds span) noexcept {
    return static_cast<std::int64_t>(span.count());
}

inline std::int32_t flag(bool is_so) noexcept { return is_so ? 1 : 0; }

/* Pointers to texts, as arrays of C. */
class pointers {
  public:
    pointers() = default;
    template <class Items, class Pick> pointers(const Items &items, Pick pick) {
        texts_.reserve(items.size());
        for (const auto &item : items) {
            texts_.push_back(pick(item));
        }
    }
    const char *const *data() const noexcept { return texts_.empty() ? nullptr : texts_.data(); }
    std::size_t size() const noexcept { return texts_.size(); }

  private:
    std::vector<const char *> texts_;
};

inline const char *raw_text(const option_text &item) noexcept { return item.or_null(); }

inline tieback_engine_options raw(const engine_options &given) noexcept {
    tieback_engine_options raw;
    tieback_engine_options_init(&raw, sizeof raw);
    raw.path = given.path.or_null();
    raw.danger_allow_http = flag(given.danger_allow_http);
    raw.danger_allow_private_addresses = flag(given.danger_allow_private_addresses);
    raw.connect_timeout_ms = milliseconds32(given.connect_timeout);
    raw.response_timeout_ms = milliseconds32(given.response_timeout);
    raw.backoff_min_ms = milliseconds32(given.backoff_min);
    raw.backoff_max_ms = milliseconds32(given.backoff_max);
    raw.give_up_after_ms = milliseconds64(given.give_up_after);
    raw.max_attempts = given.max_attempts;
    raw.max_in_flight = given.max_in_flight;
    raw.jitter_percent = given.jitter_percent;
    raw.honor_retry_after = flag(given.honor_retry_after);
    raw.catalogue_csv = given.catalogue_csv.or_null();
    raw.catalogue_accept_any = flag(given.catalogue_accept_any);
    raw.allow_networks = given.allow_networks.or_null();
    raw.extra_ca_pem = given.extra_ca_pem.or_null();
    raw.extra_ca_file = given.extra_ca_file.or_null();
    raw.client_certificate_pem = given.client_certificate_pem.or_null();
    raw.client_key_pem = given.client_key_pem.or_null();
    raw.proxy_url = given.proxy_url.or_null();
    raw.no_proxy = given.no_proxy.or_null();
    raw.proxy_from_environment = flag(given.proxy_from_environment);
    raw.danger_proxy_resolves = flag(given.danger_proxy_resolves);
    raw.retention_ms = milliseconds64(given.retention);
    raw.max_queued_per_hook = given.max_queued_per_hook;
    raw.max_queued = given.max_queued;
    raw.store_key = given.store_key.or_null();
    raw.store_key_old = given.store_key_old.or_null();
    raw.max_attempts_in_flight = given.max_attempts_in_flight;
    raw.max_idle_connections = given.max_idle_connections;
    return raw;
}

template <class Raw> void set_rate_limit(Raw &raw, const std::optional<rate_limit> &given) noexcept {
    if (given) {
        raw.rate_limit_attempts = given->attempts;
        raw.rate_limit_per_ms = milliseconds64(given->per);
        raw.rate_limit_burst = given->burst;
    }
}

/* A hook to create, with the arrays that its lists need. It stays where it is: C has pointers into it. */
class raw_hook {
  public:
    explicit raw_hook(const hook_options &given)
        : names_(given.headers, [](const header &item) { return item.name.or_null(); }),
          values_(given.headers, [](const header &item) { return item.value.or_null(); }),
          secrets_(given.signing_secrets, raw_text) {
        tieback_hook_options_init(&raw_, sizeof raw_);
        raw_.namespace_ = given.namespace_.or_null();
        raw_.payload_version = given.payload_version.or_null();
        raw_.destination_url = given.destination_url.or_null();
        raw_.header_names = names_.data();
        raw_.header_values = values_.data();
        raw_.header_count = names_.size();
        raw_.signing_secrets = secrets_.data();
        raw_.signing_secret_count = secrets_.size();
        set_rate_limit(raw_, given.rate_limit);
    }
    raw_hook(const raw_hook &) = delete;
    raw_hook &operator=(const raw_hook &) = delete;
    const tieback_hook_options *get() const noexcept { return &raw_; }

  private:
    pointers names_, values_, secrets_;
    tieback_hook_options raw_;
};

/* What to change on a hook. C says by a flag of its own that a list is to become empty. */
class raw_change {
  public:
    explicit raw_change(const hook_change &given) {
        tieback_hook_change_init(&raw_, sizeof raw_);
        raw_.namespace_ = given.namespace_.or_null();
        raw_.payload_version = given.payload_version.or_null();
        raw_.destination_url = given.destination_url.or_null();
        if (given.headers) {
            names_ = pointers(*given.headers, [](const header &item) { return item.name.or_null(); });
            values_ = pointers(*given.headers, [](const header &item) { return item.value.or_null(); });
            raw_.clear_headers = flag(given.headers->empty());
        }
        raw_.header_names = names_.data();
        raw_.header_values = values_.data();
        raw_.header_count = names_.size();
        if (given.active) {
            raw_.status = *given.active ? TIEBACK_HOOK_ACTIVE : TIEBACK_HOOK_DISABLED;
        }
        raw_.danger_keep_headers = flag(given.danger_keep_headers);
        if (given.signing_secrets) {
            secrets_ = pointers(*given.signing_secrets, raw_text);
            raw_.clear_signing_secrets = flag(given.signing_secrets->empty());
        }
        raw_.signing_secrets = secrets_.data();
        raw_.signing_secret_count = secrets_.size();
        set_rate_limit(raw_, given.rate_limit);
        raw_.clear_rate_limit = flag(given.clear_rate_limit);
    }
    raw_change(const raw_change &) = delete;
    raw_change &operator=(const raw_change &) = delete;
    const tieback_hook_change *get() const noexcept { return &raw_; }

  private:
    pointers names_, values_, secrets_;
    tieback_hook_change raw_;
};

inline tieback_hook_query raw(const hook_query &given) noexcept {
    tieback_hook_query raw;
    tieback_hook_query_init(&raw, sizeof raw);
    raw.namespace_ = given.namespace_.or_null();
    raw.payload_version = given.payload_version.or_null();
    raw.include_trigger_count = flag(given.include_trigger_count);
    raw.limit = given.limit;
    raw.after = given.after.or_null();
    return raw;
}

inline tieback_delivery_query raw(const delivery_query &given) noexcept {
    tieback_delivery_query raw;
    tieback_delivery_query_init(&raw, sizeof raw);
    raw.status = given.status.or_null();
    raw.resource_name = given.resource_name.or_null();
    raw.event_type = given.event_type.or_null();
    raw.start = given.start.or_null();
    raw.end = given.end.or_null();
    raw.after = given.after.or_null();
    raw.limit = given.limit;
    return raw;
}

/* An event to publish, with the arrays of its parents. Moving it keeps them where they are. */
class raw_event {
  public:
    explicit raw_event(const event_options &given)
        : ids_(given.related, [](const related_resource &item) { return item.id.or_null(); }),
          names_(given.related, [](const related_resource &item) { return item.name.or_null(); }) {
        tieback_event_options_init(&raw_, sizeof raw_);
        raw_.company_id = given.company_id;
        raw_.project_id = given.project_id;
        raw_.user_id = given.user_id;
        raw_.resource_name = given.resource_name.or_null();
        raw_.resource_id = given.resource_id.or_null();
        raw_.event_type = given.event_type.or_null();
        raw_.id = given.id.or_null();
        raw_.ulid = given.ulid.or_null();
        raw_.timestamp = given.timestamp.or_null();
        raw_.source_user_id = given.source_user_id;
        raw_.source_project_id = given.source_project_id;
        raw_.source_company_id = given.source_company_id;
        raw_.source_operation_id = given.source_operation_id.or_null();
        raw_.source_application_id = given.source_application_id.or_null();
        raw_.related_ids = ids_.data();
        raw_.related_names = names_.data();
        raw_.related_count = ids_.size();
        raw_.data_json = given.data_json.or_null();
    }
    raw_event(const raw_event &) = delete;
    raw_event &operator=(const raw_event &) = delete;
    raw_event(raw_event &&) noexcept = default;
    raw_event &operator=(raw_event &&) noexcept = default;
    const tieback_event_options *get() const noexcept { return &raw_; }

  private:
    pointers ids_, names_;
    tieback_event_options raw_;
};

} // namespace detail
} // namespace TIEBACK_FORM
} // namespace tieback

#endif
