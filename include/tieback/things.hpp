/*
 * What a service answers with: hooks, triggers, resources, and deliveries with their events and attempts. Part of
 * tieback.hpp.
 *
 * `hook`, `trigger`, `delivery`, `resource` and `event` own; `hook_view` and the like look into a list, a bulk answer
 * or a delivery; `attempt_view` is always inside of something. object.hpp tells how long each is valid. Threads: any
 * number may read one object.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */

#ifndef TIEBACK_THINGS_HPP
#define TIEBACK_THINGS_HPP

#include "object.hpp"
#include "options.hpp"

namespace tieback {
inline namespace TIEBACK_FORM {

/** A header as answers show it. */
struct header_view {
    text name;
    /** Masked on a hook: five asterisks and the last five characters. */
    text value;
};

/** A hook as the service answered it. Header values and signing secrets are masked. */
template <class Hold> class basic_hook : public Hold {
  public:
    using Hold::get;
    using Hold::Hold;
    using view = basic_hook<borrowed<tieback_hook>>;
    /** Looks at it. The view of a temporary would dangle: name the hook first. */
    operator view() const & noexcept TIEBACK_VIEWS_THIS { return view(get()); }
    operator view() const && = delete;

    text id() const & noexcept TIEBACK_VIEWS_THIS { return tieback_hook_id(get()); }
    auto id() const && { return Hold::keep(tieback_hook_id(get())); }

    /** Not there on a project's hook where the company is not known. */
    std::optional<text> company_id() const & noexcept TIEBACK_VIEWS_THIS {
        return detail::maybe(tieback_hook_company_id(get()));
    }
    auto company_id() const && { return Hold::keep_maybe(tieback_hook_company_id(get())); }

    /** Not there on a company's hook. */
    std::optional<text> project_id() const & noexcept TIEBACK_VIEWS_THIS {
        return detail::maybe(tieback_hook_project_id(get()));
    }
    auto project_id() const && { return Hold::keep_maybe(tieback_hook_project_id(get())); }

    text namespace_() const & noexcept TIEBACK_VIEWS_THIS { return tieback_hook_namespace(get()); }
    auto namespace_() const && { return Hold::keep(tieback_hook_namespace(get())); }

    /** "v2.0", "v3.0" or "v4.0". */
    text payload_version() const & noexcept TIEBACK_VIEWS_THIS { return tieback_hook_payload_version(get()); }
    auto payload_version() const && { return Hold::keep(tieback_hook_payload_version(get())); }

    text destination_url() const & noexcept TIEBACK_VIEWS_THIS { return tieback_hook_destination_url(get()); }
    auto destination_url() const && { return Hold::keep(tieback_hook_destination_url(get())); }

    /* What is inside of a view belongs to somebody else; what is inside of a temporary owner would dangle. */

    /** Names, and masked values. */
    range<header_view, tieback_hook> headers() const & noexcept TIEBACK_VIEWS_THIS { return all_headers(); }
    template <class H = Hold, detail::if_view<H> = 0>
    range<header_view, tieback_hook> headers() const && noexcept {
        return all_headers();
    }
    template <class H = Hold, detail::if_owner<H> = 0>
    range<header_view, tieback_hook> headers() const && = delete;

    /** Masked. With none, deliveries are not signed. */
    range<text, tieback_hook> signing_secrets() const & noexcept TIEBACK_VIEWS_THIS { return all_secrets(); }
    template <class H = Hold, detail::if_view<H> = 0>
    range<text, tieback_hook> signing_secrets() const && noexcept {
        return all_secrets();
    }
    template <class H = Hold, detail::if_owner<H> = 0>
    range<text, tieback_hook> signing_secrets() const && = delete;

    /** Not there when it has none. */
    std::optional<tieback::rate_limit> rate_limit() const noexcept {
        const std::int64_t attempts = tieback_hook_rate_limit_attempts(get());
        if (attempts == 0) {
            return std::nullopt;
        }
        return tieback::rate_limit{static_cast<std::int32_t>(attempts),
                                   std::chrono::milliseconds(tieback_hook_rate_limit_per_ms(get())),
                                   static_cast<std::int32_t>(tieback_hook_rate_limit_burst(get()))};
    }

    /** "active", "disabled", or "unreadable" when its stored secrets cannot be opened. */
    text status() const & noexcept TIEBACK_VIEWS_THIS { return tieback_hook_status(get()); }
    auto status() const && { return Hold::keep(tieback_hook_status(get())); }

    /** Not there where they were not counted. */
    std::optional<std::int64_t> trigger_count() const noexcept {
        const std::int64_t count = tieback_hook_trigger_count(get());
        return count < 0 ? std::nullopt : std::optional<std::int64_t>(count);
    }

    /** RFC 3339. Not there where the service does not say. */
    std::optional<text> created_at() const & noexcept TIEBACK_VIEWS_THIS {
        return detail::maybe(tieback_hook_created_at(get()));
    }
    auto created_at() const && { return Hold::keep_maybe(tieback_hook_created_at(get())); }

    /** RFC 3339. Not there where the service does not say. */
    std::optional<text> updated_at() const & noexcept TIEBACK_VIEWS_THIS {
        return detail::maybe(tieback_hook_updated_at(get()));
    }
    auto updated_at() const && { return Hold::keep_maybe(tieback_hook_updated_at(get())); }

    text to_json() const & noexcept TIEBACK_VIEWS_THIS { return tieback_hook_to_json(get()); }
    auto to_json() const && { return Hold::keep(tieback_hook_to_json(get())); }

  private:
    range<header_view, tieback_hook> all_headers() const noexcept {
        return {get(), tieback_hook_header_count(get()), [](const tieback_hook *hook, std::size_t index) {
                    return header_view{tieback_hook_header_name(hook, index), tieback_hook_header_value(hook, index)};
                }};
    }
    range<text, tieback_hook> all_secrets() const noexcept {
        return {get(), tieback_hook_signing_secret_count(get()), [](const tieback_hook *hook, std::size_t index) {
                    return text(tieback_hook_signing_secret(hook, index));
                }};
    }
};

using hook = basic_hook<owned<tieback_hook>>;
using hook_view = basic_hook<borrowed<tieback_hook>>;

/** A trigger as the service answered it. */
template <class Hold> class basic_trigger : public Hold {
  public:
    using Hold::get;
    using Hold::Hold;
    using view = basic_trigger<borrowed<tieback_trigger>>;
    /** Looks at it. The view of a temporary would dangle: name the trigger first. */
    operator view() const & noexcept TIEBACK_VIEWS_THIS { return view(get()); }
    operator view() const && = delete;

    text id() const & noexcept TIEBACK_VIEWS_THIS { return tieback_trigger_id(get()); }
    auto id() const && { return Hold::keep(tieback_trigger_id(get())); }

    text hook_id() const & noexcept TIEBACK_VIEWS_THIS { return tieback_trigger_hook_id(get()); }
    auto hook_id() const && { return Hold::keep(tieback_trigger_hook_id(get())); }

    /** Such as "RFIs". */
    text resource_name() const & noexcept TIEBACK_VIEWS_THIS { return tieback_trigger_resource_name(get()); }
    auto resource_name() const && { return Hold::keep(tieback_trigger_resource_name(get())); }

    /** Such as "create"; services differ in case. */
    text event_type() const & noexcept TIEBACK_VIEWS_THIS { return tieback_trigger_event_type(get()); }
    auto event_type() const && { return Hold::keep(tieback_trigger_event_type(get())); }

    text to_json() const & noexcept TIEBACK_VIEWS_THIS { return tieback_trigger_to_json(get()); }
    auto to_json() const && { return Hold::keep(tieback_trigger_to_json(get())); }
};

using trigger = basic_trigger<owned<tieback_trigger>>;
using trigger_view = basic_trigger<borrowed<tieback_trigger>>;

/** A resource of the catalogue. */
template <class Hold> class basic_resource : public Hold {
  public:
    using Hold::get;
    using Hold::Hold;
    using view = basic_resource<borrowed<tieback_resource>>;
    /** Looks at it. The view of a temporary would dangle: name the resource first. */
    operator view() const & noexcept TIEBACK_VIEWS_THIS { return view(get()); }
    operator view() const && = delete;

    /** As triggers and payloads spell it. */
    text name() const & noexcept TIEBACK_VIEWS_THIS { return tieback_resource_name(get()); }
    auto name() const && { return Hold::keep(tieback_resource_name(get())); }

    /** In lower case. */
    range<text, tieback_resource> event_types() const & noexcept TIEBACK_VIEWS_THIS { return all_event_types(); }
    template <class H = Hold, detail::if_view<H> = 0> range<text, tieback_resource> event_types() const && noexcept {
        return all_event_types();
    }
    template <class H = Hold, detail::if_owner<H> = 0> range<text, tieback_resource> event_types() const && = delete;

    /** Events that no longer fire and cannot be triggered on any more. */
    range<text, tieback_resource> deprecated() const & noexcept TIEBACK_VIEWS_THIS { return all_deprecated(); }
    template <class H = Hold, detail::if_view<H> = 0> range<text, tieback_resource> deprecated() const && noexcept {
        return all_deprecated();
    }
    template <class H = Hold, detail::if_owner<H> = 0> range<text, tieback_resource> deprecated() const && = delete;

    /** What the catalogue says about it, often "". */
    text note() const & noexcept TIEBACK_VIEWS_THIS { return tieback_resource_note(get()); }
    auto note() const && { return Hold::keep(tieback_resource_note(get())); }

    text to_json() const & noexcept TIEBACK_VIEWS_THIS { return tieback_resource_to_json(get()); }
    auto to_json() const && { return Hold::keep(tieback_resource_to_json(get())); }

  private:
    range<text, tieback_resource> all_event_types() const noexcept {
        return {get(), tieback_resource_event_type_count(get()), [](const tieback_resource *of, std::size_t at) {
                    return text(tieback_resource_event_type(of, at));
                }};
    }
    range<text, tieback_resource> all_deprecated() const noexcept {
        return {get(), tieback_resource_deprecated_count(get()), [](const tieback_resource *of, std::size_t at) {
                    return text(tieback_resource_deprecated(of, at));
                }};
    }
};

using resource = basic_resource<owned<tieback_resource>>;
using resource_view = basic_resource<borrowed<tieback_resource>>;

/** A parent that an event names. Valid as long as the event. */
struct related_view {
    text id;
    /** The name of its resource. */
    text name;
};

/** One change of one resource, as a payload says it: of a delivery, or read by `event::parse`. */
template <class Hold> class basic_event : public Hold {
  public:
    using Hold::get;
    using Hold::Hold;
    using view = basic_event<borrowed<tieback_event>>;
    /** Looks at it. The view of a temporary would dangle: name the event first. */
    operator view() const & noexcept TIEBACK_VIEWS_THIS { return view(get()); }
    operator view() const && = delete;

#if TIEBACK_EXCEPTIONS
    /** Reads the event in a payload, as `try_parse` does. */
    template <class H = Hold, detail::if_owner<H> = 0> static basic_event parse(std::string_view payload) {
        return try_parse(payload).value();
    }
#endif
    /**
     * Reads the event in a payload of any version, as an endpoint receives it: bytes, which need no NUL at the end and
     * are not kept. What it lacks is absent, except the resource's name and id and the type, which are "" then.
     * Threads: any. Errors: `protocol` when it is no JSON object, or nested too deep; `invalid_argument` when it has
     * more than a million bytes.
     */
    template <class H = Hold, detail::if_owner<H> = 0> static result<basic_event> try_parse(std::string_view payload) {
        const char *const bytes = payload.data() == nullptr ? "" : payload.data(); // empty is no mistake of a pointer
        return detail::made<basic_event, tieback_event>([&](auto out, auto error) {
            return tieback_event_parse(reinterpret_cast<const std::uint8_t *>(bytes), payload.size(), out, error);
        });
    }

    /** A number in payloads v2.0 and v3.0, a ULID in v4.0. */
    text id() const & noexcept TIEBACK_VIEWS_THIS { return tieback_event_id(get()); }
    auto id() const && { return Hold::keep(tieback_event_id(get())); }

    /** Not there in payload v4.0, where the id is one. */
    std::optional<text> ulid() const & noexcept TIEBACK_VIEWS_THIS {
        return detail::maybe(tieback_event_ulid(get()));
    }
    auto ulid() const && { return Hold::keep_maybe(tieback_event_ulid(get())); }

    /** RFC 3339. */
    text timestamp() const & noexcept TIEBACK_VIEWS_THIS { return tieback_event_timestamp(get()); }
    auto timestamp() const && { return Hold::keep(tieback_event_timestamp(get())); }

    /** The payload's own word for its version, such as "v2"; not there in payload v4.0. */
    std::optional<text> api_version() const & noexcept TIEBACK_VIEWS_THIS {
        return detail::maybe(tieback_event_api_version(get()));
    }
    auto api_version() const && { return Hold::keep_maybe(tieback_event_api_version(get())); }

    std::optional<text> company_id() const & noexcept TIEBACK_VIEWS_THIS {
        return detail::maybe(tieback_event_company_id(get()));
    }
    auto company_id() const && { return Hold::keep_maybe(tieback_event_company_id(get())); }

    /** Not there on company-level events. */
    std::optional<text> project_id() const & noexcept TIEBACK_VIEWS_THIS {
        return detail::maybe(tieback_event_project_id(get()));
    }
    auto project_id() const && { return Hold::keep_maybe(tieback_event_project_id(get())); }

    /** Who did it. */
    std::optional<text> user_id() const & noexcept TIEBACK_VIEWS_THIS {
        return detail::maybe(tieback_event_user_id(get()));
    }
    auto user_id() const && { return Hold::keep_maybe(tieback_event_user_id(get())); }

    /** Such as "RFIs". */
    text resource_name() const & noexcept TIEBACK_VIEWS_THIS { return tieback_event_resource_name(get()); }
    auto resource_name() const && { return Hold::keep(tieback_event_resource_name(get())); }

    text resource_id() const & noexcept TIEBACK_VIEWS_THIS { return tieback_event_resource_id(get()); }
    auto resource_id() const && { return Hold::keep(tieback_event_resource_id(get())); }

    /** "create", "update", "delete", or since payload v4.0 any word. */
    text type() const & noexcept TIEBACK_VIEWS_THIS { return tieback_event_type(get()); }
    auto type() const && { return Hold::keep(tieback_event_type(get())); }

    /** The user that caused it. No `source_` member is there in payload v4.0. */
    std::optional<text> source_user_id() const & noexcept TIEBACK_VIEWS_THIS {
        return detail::maybe(tieback_event_source_user_id(get()));
    }
    auto source_user_id() const && { return Hold::keep_maybe(tieback_event_source_user_id(get())); }

    /** The project that caused it. */
    std::optional<text> source_project_id() const & noexcept TIEBACK_VIEWS_THIS {
        return detail::maybe(tieback_event_source_project_id(get()));
    }
    auto source_project_id() const && { return Hold::keep_maybe(tieback_event_source_project_id(get())); }

    /** The company that caused it. */
    std::optional<text> source_company_id() const & noexcept TIEBACK_VIEWS_THIS {
        return detail::maybe(tieback_event_source_company_id(get()));
    }
    auto source_company_id() const && { return Hold::keep_maybe(tieback_event_source_company_id(get())); }

    /** The token that the caller of the API gave: to know your own writes again. */
    std::optional<text> source_operation_id() const & noexcept TIEBACK_VIEWS_THIS {
        return detail::maybe(tieback_event_source_operation_id(get()));
    }
    auto source_operation_id() const && { return Hold::keep_maybe(tieback_event_source_operation_id(get())); }

    /** The OAuth client id of the application that caused it. */
    std::optional<text> source_application_id() const & noexcept TIEBACK_VIEWS_THIS {
        return detail::maybe(tieback_event_source_application_id(get()));
    }
    auto source_application_id() const && { return Hold::keep_maybe(tieback_event_source_application_id(get())); }

    /** Parents; line items have some in payload v3.0. */
    range<related_view, tieback_event> related() const & noexcept TIEBACK_VIEWS_THIS { return all_related(); }
    template <class H = Hold, detail::if_view<H> = 0> range<related_view, tieback_event> related() const && noexcept {
        return all_related();
    }
    template <class H = Hold, detail::if_owner<H> = 0> range<related_view, tieback_event> related() const && = delete;

    /** Further facts as JSON, of any type (payload v4.0). */
    std::optional<text> data_json() const & noexcept TIEBACK_VIEWS_THIS {
        return detail::maybe(tieback_event_data_json(get()));
    }
    auto data_json() const && { return Hold::keep_maybe(tieback_event_data_json(get())); }

    /** The members of the payload that tieback does not know, as a JSON object; not there where there are none. */
    std::optional<text> unknown_json() const & noexcept TIEBACK_VIEWS_THIS {
        return detail::maybe(tieback_event_unknown_json(get()));
    }
    auto unknown_json() const && { return Hold::keep_maybe(tieback_event_unknown_json(get())); }

    /** With everything that it has. */
    text to_json() const & noexcept TIEBACK_VIEWS_THIS { return tieback_event_to_json(get()); }
    auto to_json() const && { return Hold::keep(tieback_event_to_json(get())); }

  private:
    range<related_view, tieback_event> all_related() const noexcept {
        return {get(), tieback_event_related_count(get()), [](const tieback_event *of, std::size_t at) {
                    return related_view{tieback_event_related_id(of, at), tieback_event_related_name(of, at)};
                }};
    }
};

using event = basic_event<owned<tieback_event>>;
using event_view = basic_event<borrowed<tieback_event>>;

/** One try at a delivery: what was answered, or why nothing was. Valid as long as its delivery. */
class attempt_view : public borrowed<tieback_attempt> {
  public:
    using borrowed::borrowed;

    /** RFC 3339. */
    text started_at() const noexcept { return tieback_attempt_started_at(get()); }
    /** RFC 3339. */
    text completed_at() const noexcept { return tieback_attempt_completed_at(get()); }
    /** Whether the answer was a 2xx, which makes the delivery. */
    bool success() const noexcept { return tieback_attempt_success(get()) == 1; }
    /** The HTTP status of the answer; not there when there was none. */
    std::optional<int> response_status() const noexcept {
        const int status = tieback_attempt_response_status(get());
        return status == 0 ? std::nullopt : std::optional<int>(status);
    }
    /** Why there was no answer, such as "connection refused"; not there when there was one. */
    std::optional<text> response_error() const noexcept { return detail::maybe(tieback_attempt_response_error(get())); }
    /** The headers of the answer. */
    range<header_view, tieback_attempt> response_headers() const noexcept {
        return {get(), tieback_attempt_response_header_count(get()), [](const tieback_attempt *of, std::size_t at) {
                    return header_view{tieback_attempt_response_header_name(of, at),
                                       tieback_attempt_response_header_value(of, at)};
                }};
    }
    /** The bytes of the answer's body, up to 65,536. Without a NUL at the end. */
    std::string_view response_body() const noexcept {
        return detail::bytes(tieback_attempt_response_body(get()), tieback_attempt_response_body_len(get()));
    }
    /** Whether the body was longer than what is kept, or ended early. */
    bool response_body_truncated() const noexcept { return tieback_attempt_response_body_truncated(get()) == 1; }
    /** What came of it in a few words: the HTTP status, or what went wrong. */
    text reason() const noexcept { return tieback_attempt_reason(get()); }
    /** The wait that the answer's `Retry-After` asks for; not there when it asks for none, or not in seconds. */
    std::optional<std::chrono::milliseconds> retry_after() const noexcept {
        const std::int64_t wait = tieback_attempt_retry_after_ms(get());
        return wait < 0 ? std::nullopt : std::optional<std::chrono::milliseconds>(wait);
    }
    text to_json() const noexcept { return tieback_attempt_to_json(get()); }
};

/** A delivery as the service answered it, with its event and its attempts. */
template <class Hold> class basic_delivery : public Hold {
  public:
    using Hold::get;
    using Hold::Hold;
    using view = basic_delivery<borrowed<tieback_delivery>>;
    /** Looks at it. The view of a temporary would dangle: name the delivery first. */
    operator view() const & noexcept TIEBACK_VIEWS_THIS { return view(get()); }
    operator view() const && = delete;

    text id() const & noexcept TIEBACK_VIEWS_THIS { return tieback_delivery_id(get()); }
    auto id() const && { return Hold::keep(tieback_delivery_id(get())); }

    text hook_id() const & noexcept TIEBACK_VIEWS_THIS { return tieback_delivery_hook_id(get()); }
    auto hook_id() const && { return Hold::keep(tieback_delivery_hook_id(get())); }

    /** "enqueued", "retrying", "delivered", "discarded" or "failed". */
    text status() const & noexcept TIEBACK_VIEWS_THIS { return tieback_delivery_status(get()); }
    auto status() const && { return Hold::keep(tieback_delivery_status(get())); }

    /** Why it was given up: "flushed", "operator", "hook_deleted" or "max_attempts"; not there when it was not. */
    std::optional<text> why() const & noexcept TIEBACK_VIEWS_THIS { return detail::maybe(tieback_delivery_why(get())); }
    auto why() const && { return Hold::keep_maybe(tieback_delivery_why(get())); }

    /** RFC 3339. Not there where the service does not say. */
    std::optional<text> created_at() const & noexcept TIEBACK_VIEWS_THIS {
        return detail::maybe(tieback_delivery_created_at(get()));
    }
    auto created_at() const && { return Hold::keep_maybe(tieback_delivery_created_at(get())); }

    /** The event that it carries. */
    event_view event() const & noexcept TIEBACK_VIEWS_THIS { return event_view(tieback_delivery_event(get())); }
    /* As with the headers of a hook: not of a temporary owner. */
    template <class H = Hold, detail::if_view<H> = 0> event_view event() const && noexcept {
        return event_view(tieback_delivery_event(get()));
    }
    template <class H = Hold, detail::if_owner<H> = 0> event_view event() const && = delete;

    /** The payload as sent, byte for byte. Without a NUL at the end. */
    std::string_view payload() const & noexcept TIEBACK_VIEWS_THIS {
        return detail::bytes(tieback_delivery_payload(get()), tieback_delivery_payload_len(get()));
    }
    auto payload() const && {
        return Hold::keep(detail::bytes(tieback_delivery_payload(get()), tieback_delivery_payload_len(get())));
    }

    /** Whether it was queued in a backup that was restored: it may have been sent before. */
    bool restored() const noexcept { return tieback_delivery_restored(get()) == 1; }

    /** Oldest first. */
    range<attempt_view, tieback_delivery> attempts() const & noexcept TIEBACK_VIEWS_THIS { return all_attempts(); }
    template <class H = Hold, detail::if_view<H> = 0>
    range<attempt_view, tieback_delivery> attempts() const && noexcept {
        return all_attempts();
    }
    template <class H = Hold, detail::if_owner<H> = 0>
    range<attempt_view, tieback_delivery> attempts() const && = delete;

    /** With its event and its attempts. */
    text to_json() const & noexcept TIEBACK_VIEWS_THIS { return tieback_delivery_to_json(get()); }
    auto to_json() const && { return Hold::keep(tieback_delivery_to_json(get())); }

  private:
    range<attempt_view, tieback_delivery> all_attempts() const noexcept {
        return {get(), tieback_delivery_attempt_count(get()), [](const tieback_delivery *delivery, std::size_t index) {
                    return attempt_view(tieback_delivery_attempt(delivery, index));
                }};
    }
};

using delivery = basic_delivery<owned<tieback_delivery>>;
using delivery_view = basic_delivery<borrowed<tieback_delivery>>;

/** What became of one published event. It is on disk. */
template <class Hold> class basic_published : public Hold {
  public:
    using Hold::get;
    using Hold::Hold;
    using view = basic_published<borrowed<tieback_published>>;
    /** Looks at it. The view of a temporary would dangle: name it first. */
    operator view() const & noexcept TIEBACK_VIEWS_THIS { return view(get()); }
    operator view() const && = delete;

    /** The event's number, given or made. */
    text id() const & noexcept TIEBACK_VIEWS_THIS { return tieback_published_id(get()); }
    auto id() const && { return Hold::keep(tieback_published_id(get())); }

    /** The event's ULID, given or made. */
    text ulid() const & noexcept TIEBACK_VIEWS_THIS { return tieback_published_ulid(get()); }
    auto ulid() const && { return Hold::keep(tieback_published_ulid(get())); }

    /** How many deliveries it made: one per hook in its scope with a trigger for it. */
    std::int64_t deliveries() const noexcept { return tieback_published_deliveries(get()); }
    /** Whether the event had been published before; then the deliveries are those of that time. */
    bool duplicate() const noexcept { return tieback_published_duplicate(get()) == 1; }

    /** Why there was no delivery, such as "no_trigger"; not there when there was one. */
    std::optional<text> no_delivery() const & noexcept TIEBACK_VIEWS_THIS {
        return detail::maybe(tieback_published_no_delivery(get()));
    }
    auto no_delivery() const && { return Hold::keep_maybe(tieback_published_no_delivery(get())); }

    /** The hooks that have new work by it; none with a duplicate. */
    range<text, tieback_published> hook_ids() const & noexcept TIEBACK_VIEWS_THIS { return all_hook_ids(); }
    template <class H = Hold, detail::if_view<H> = 0> range<text, tieback_published> hook_ids() const && noexcept {
        return all_hook_ids();
    }
    template <class H = Hold, detail::if_owner<H> = 0> range<text, tieback_published> hook_ids() const && = delete;

    text to_json() const & noexcept TIEBACK_VIEWS_THIS { return tieback_published_to_json(get()); }
    auto to_json() const && { return Hold::keep(tieback_published_to_json(get())); }

  private:
    range<text, tieback_published> all_hook_ids() const noexcept {
        return {get(), tieback_published_hook_count(get()), [](const tieback_published *of, std::size_t at) {
                    return text(tieback_published_hook_id(of, at));
                }};
    }
};

using published = basic_published<owned<tieback_published>>;
using published_view = basic_published<borrowed<tieback_published>>;

} // namespace TIEBACK_FORM
} // namespace tieback

#endif
