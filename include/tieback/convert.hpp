/*
 * Options as C takes them: a struct of pointers into yours, on the stack. Only lists (headers, secrets, parents) need
 * memory for their pointers. Part of tieback.hpp.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */

#ifndef TIEBACK_CONVERT_HPP
#define TIEBACK_CONVERT_HPP

#include "options.hpp"

#include <functional>
#include <limits>
#include <memory>

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

/*
 * A function of the program for C to call. It is C's once an engine has been opened with it, which then drops it; until
 * then it is ours. Nothing that it throws may pass through C.
 */
template <class View> class callback {
  public:
    using function = std::function<void(View)>;

    explicit callback(const function &given) : kept_(given ? std::make_unique<function>(given) : nullptr) {}

    template <class Raw> Raw raw() const noexcept {
        Raw raw{nullptr, nullptr, nullptr};
        if (kept_) {
            raw.call = [](void *user_data, const typename View::raw_type *told) { tell(user_data, View(told)); };
            raw.user_data = kept_.get();
            raw.drop = [](void *user_data) { delete static_cast<function *>(user_data); };
        }
        return raw;
    }
    /* An engine has taken it over. */
    void hand_over() noexcept { static_cast<void>(kept_.release()); }

  private:
    static void tell(void *user_data, View told) noexcept {
#if TIEBACK_EXCEPTIONS
        try {
            (*static_cast<function *>(user_data))(told);
        } catch (...) { // options.hpp says so
        }
#else
        (*static_cast<function *>(user_data))(told);
#endif
    }

    std::unique_ptr<function> kept_;
};

/* How an engine is opened, with the functions that it is to call. */
class raw_engine {
  public:
    explicit raw_engine(const engine_options &given) : on_notice_(given.on_notice), on_log_(given.on_log) {
        tieback_engine_options_init(&raw_, sizeof raw_);
        raw_.path = given.path.or_null();
        raw_.danger_allow_http = flag(given.danger_allow_http);
        raw_.danger_allow_private_addresses = flag(given.danger_allow_private_addresses);
        raw_.connect_timeout_ms = milliseconds32(given.connect_timeout);
        raw_.response_timeout_ms = milliseconds32(given.response_timeout);
        raw_.backoff_min_ms = milliseconds32(given.backoff_min);
        raw_.backoff_max_ms = milliseconds32(given.backoff_max);
        raw_.give_up_after_ms = milliseconds64(given.give_up_after);
        raw_.max_attempts = given.max_attempts;
        raw_.max_in_flight = given.max_in_flight;
        raw_.jitter_percent = given.jitter_percent;
        raw_.honor_retry_after = flag(given.honor_retry_after);
        raw_.catalogue_csv = given.catalogue_csv.or_null();
        raw_.catalogue_accept_any = flag(given.catalogue_accept_any);
        raw_.allow_networks = given.allow_networks.or_null();
        raw_.extra_ca_pem = given.extra_ca_pem.or_null();
        raw_.extra_ca_file = given.extra_ca_file.or_null();
        raw_.client_certificate_pem = given.client_certificate_pem.or_null();
        raw_.client_key_pem = given.client_key_pem.or_null();
        raw_.proxy_url = given.proxy_url.or_null();
        raw_.no_proxy = given.no_proxy.or_null();
        raw_.proxy_from_environment = flag(given.proxy_from_environment);
        raw_.danger_proxy_resolves = flag(given.danger_proxy_resolves);
        raw_.retention_ms = milliseconds64(given.retention);
        raw_.max_queued_per_hook = given.max_queued_per_hook;
        raw_.max_queued = given.max_queued;
        raw_.store_key = given.store_key.or_null();
        raw_.store_key_old = given.store_key_old.or_null();
        raw_.max_attempts_in_flight = given.max_attempts_in_flight;
        raw_.max_idle_connections = given.max_idle_connections;
        raw_.on_notice = on_notice_.raw<tieback_notice_callback>();
        raw_.on_log = on_log_.raw<tieback_log_callback>();
        raw_.log_level = given.log_level ? static_cast<std::int32_t>(*given.log_level) : 0;
    }
    raw_engine(const raw_engine &) = delete;
    raw_engine &operator=(const raw_engine &) = delete;
    const tieback_engine_options *get() const noexcept { return &raw_; }
    /* An engine is open with them. */
    void hand_over() noexcept {
        on_notice_.hand_over();
        on_log_.hand_over();
    }

  private:
    callback<notice_view> on_notice_;
    callback<log_line_view> on_log_;
    tieback_engine_options raw_;
};

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
