/*
 * The webhooks API: `service`, with its hooks, triggers, deliveries and resources. Part of tieback.hpp.
 *
 * Each call has two forms: `create(..)` gives the value and throws a `tieback::error`; `try_create(..)` gives a
 * `tieback::result`. Threads: any number may call at once. Errors, for all: `not_found` for an id that is not there,
 * `invalid_argument` for a value that is wrong, `closed` when the engine behind it is, `storage`. tieback.h tells the
 * further ones of each call.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */

#ifndef TIEBACK_SERVICE_HPP
#define TIEBACK_SERVICE_HPP

#include "cancel.hpp"
#include "convert.hpp"
#include "lists.hpp"

#include <initializer_list>
#include <vector>

namespace tieback {
inline namespace TIEBACK_FORM {

/** Hooks. `service::hooks` gives it; it is valid as long as its service, and afterwards its calls fail. */
class hook_operations {
  public:
    explicit hook_operations(const tieback_service *of) noexcept : of_(of) {}

#if TIEBACK_EXCEPTIONS
    /** Creates a hook. Errors: `conflict` when the scope already has a hook of this namespace. */
    hook create(const scope &in, const hook_options &options) const { return try_create(in, options).value(); }
    /** Creates a hook from JSON. Errors: an unknown member is `invalid_argument`. */
    hook create_from_json(const scope &in, text json) const { return try_create_from_json(in, json).value(); }
    /** Shows one hook, with its trigger count. */
    hook show(const scope &in, text id) const { return try_show(in, id).value(); }
    /** Changes a hook, and gives it as it is then. Errors: `conflict` when the new namespace is taken. */
    hook update(const scope &in, text id, const hook_change &change) const {
        return try_update(in, id, change).value();
    }
    /** Changes a hook from JSON; what is left out stays. Errors: an unknown member is `invalid_argument`. */
    hook update_from_json(const scope &in, text id, text json) const {
        return try_update_from_json(in, id, json).value();
    }
    /** Deletes a hook and its triggers; what is queued for it is discarded. */
    void remove(const scope &in, text id) const { try_remove(in, id).value(); }
    /** One page, oldest first. */
    hooks list(const scope &in, const hook_query &query = {}) const { return try_list(in, query).value(); }
    /** All of them, over page borders. */
    hook_walk walk(const scope &in, const hook_query &query = {}) const { return try_walk(in, query).value(); }
#endif

    result<hook> try_create(const scope &in, const hook_options &options) const {
        const detail::raw_hook raw(options);
        return detail::made<hook, tieback_hook>(
            [&](auto out, auto error) { return tieback_hook_create(of_, in.get(), raw.get(), out, error); });
    }
    result<hook> try_create_from_json(const scope &in, text json) const {
        return detail::made<hook, tieback_hook>([&](auto out, auto error) {
            return tieback_hook_create_from_json(of_, in.get(), json.or_null(), out, error);
        });
    }
    result<hook> try_show(const scope &in, text id) const {
        return detail::made<hook, tieback_hook>(
            [&](auto out, auto error) { return tieback_hook_show(of_, in.get(), id.or_null(), out, error); });
    }
    result<hook> try_update(const scope &in, text id, const hook_change &change) const {
        const detail::raw_change raw(change);
        return detail::made<hook, tieback_hook>([&](auto out, auto error) {
            return tieback_hook_update(of_, in.get(), id.or_null(), raw.get(), out, error);
        });
    }
    result<hook> try_update_from_json(const scope &in, text id, text json) const {
        return detail::made<hook, tieback_hook>([&](auto out, auto error) {
            return tieback_hook_update_from_json(of_, in.get(), id.or_null(), json.or_null(), out, error);
        });
    }
    result<void> try_remove(const scope &in, text id) const {
        return detail::done([&](auto error) { return tieback_hook_delete(of_, in.get(), id.or_null(), error); });
    }
    result<hooks> try_list(const scope &in, const hook_query &query = {}) const {
        const auto raw = detail::raw(query);
        return detail::made<hooks, tieback_hooks>(
            [&](auto out, auto error) { return tieback_hook_list(of_, in.get(), &raw, out, error); });
    }
    result<hook_walk> try_walk(const scope &in, const hook_query &query = {}) const {
        const auto raw = detail::raw(query);
        return detail::made<hook_walk, tieback_hook_iter>(
            [&](auto out, auto error) { return tieback_hook_iter_new(of_, in.get(), &raw, out, error); });
    }

  private:
    const tieback_service *of_;
};

/** Triggers. `service::triggers` gives it; it is valid as long as its service, and afterwards its calls fail. */
class trigger_operations {
  public:
    explicit trigger_operations(const tieback_service *of) noexcept : of_(of) {}

#if TIEBACK_EXCEPTIONS
    /** Adds a trigger to a hook. Errors: `conflict` when the hook has it already; the nearest names are told. */
    trigger create(const scope &in, text hook_id, text resource_name, text event_type) const {
        return try_create(in, hook_id, resource_name, event_type).value();
    }
    /** Adds many, at most 500. What is wrong with one item is in that item's answer. */
    bulk<trigger_view> create_many(const scope &in, text hook_id, const std::vector<trigger_options> &items) const {
        return try_create_many(in, hook_id, items).value();
    }
    /** Adds many from a JSON list: `[{"resource_name": "RFIs", "event_type": "create"}, ...]`. */
    bulk<trigger_view> create_many_from_json(const scope &in, text hook_id, text json) const {
        return try_create_many_from_json(in, hook_id, json).value();
    }
    /** Removes a trigger. */
    void remove(const scope &in, text hook_id, text id) const { try_remove(in, hook_id, id).value(); }
    /**
     * Removes many, at most 500: a container of whatever a `text` takes, or `{first.id(), "17"}`. What is wrong with
     * one item is in that item's answer.
     */
    template <class Ids = std::initializer_list<text>>
    bulk<void> remove_many(const scope &in, text hook_id, const Ids &ids) const {
        return try_remove_many(in, hook_id, ids).value();
    }
    /** One page, oldest first. */
    triggers list(const scope &in, text hook_id, const page_request &page = {}) const {
        return try_list(in, hook_id, page).value();
    }
    /** All of them, over page borders. */
    trigger_walk walk(const scope &in, text hook_id, const page_request &page = {}) const {
        return try_walk(in, hook_id, page).value();
    }
#endif

    result<trigger> try_create(const scope &in, text hook_id, text resource_name, text event_type) const {
        return detail::made<trigger, tieback_trigger>([&](auto out, auto error) {
            return tieback_trigger_create(of_, in.get(), hook_id.or_null(), resource_name.or_null(),
                                          event_type.or_null(), out, error);
        });
    }
    result<bulk<trigger_view>> try_create_many(const scope &in, text hook_id,
                                               const std::vector<trigger_options> &items) const {
        const detail::pointers names(items, [](const trigger_options &item) { return item.resource_name.or_null(); });
        const detail::pointers types(items, [](const trigger_options &item) { return item.event_type.or_null(); });
        return detail::made<bulk<trigger_view>, tieback_bulk>([&](auto out, auto error) {
            return tieback_trigger_create_many(of_, in.get(), hook_id.or_null(), names.data(), types.data(),
                                               names.size(), out, error);
        });
    }
    result<bulk<trigger_view>> try_create_many_from_json(const scope &in, text hook_id, text json) const {
        return detail::made<bulk<trigger_view>, tieback_bulk>([&](auto out, auto error) {
            return tieback_trigger_create_many_from_json(of_, in.get(), hook_id.or_null(), json.or_null(), out, error);
        });
    }
    result<void> try_remove(const scope &in, text hook_id, text id) const {
        return detail::done([&](auto error) {
            return tieback_trigger_delete(of_, in.get(), hook_id.or_null(), id.or_null(), error);
        });
    }
    template <class Ids = std::initializer_list<text>>
    result<bulk<void>> try_remove_many(const scope &in, text hook_id, const Ids &ids) const {
        const detail::pointers raw(ids, [](const auto &id) { return text(id).or_null(); });
        return detail::made<bulk<void>, tieback_bulk>([&](auto out, auto error) {
            return tieback_trigger_delete_many(of_, in.get(), hook_id.or_null(), raw.data(), raw.size(), out, error);
        });
    }
    result<triggers> try_list(const scope &in, text hook_id, const page_request &page = {}) const {
        return detail::made<triggers, tieback_triggers>([&](auto out, auto error) {
            return tieback_trigger_list(of_, in.get(), hook_id.or_null(), page.limit, page.after.or_null(), out, error);
        });
    }
    result<trigger_walk> try_walk(const scope &in, text hook_id, const page_request &page = {}) const {
        return detail::made<trigger_walk, tieback_trigger_iter>([&](auto out, auto error) {
            return tieback_trigger_iter_new(of_, in.get(), hook_id.or_null(), page.limit, page.after.or_null(), out,
                                            error);
        });
    }

  private:
    const tieback_service *of_;
};

/** Deliveries. `service::deliveries` gives it; it is valid as long as its service, and afterwards its calls fail. */
class delivery_operations {
  public:
    explicit delivery_operations(const tieback_service *of) noexcept : of_(of) {}

#if TIEBACK_EXCEPTIONS
    /** One page of a hook's deliveries, newest first. */
    deliveries list(const scope &in, text hook_id, const delivery_query &query = {}) const {
        return try_list(in, hook_id, query).value();
    }
    /** All of them, over page borders. */
    delivery_walk walk(const scope &in, text hook_id, const delivery_query &query = {}) const {
        return try_walk(in, hook_id, query).value();
    }
#endif

    result<deliveries> try_list(const scope &in, text hook_id, const delivery_query &query = {}) const {
        const auto raw = detail::raw(query);
        return detail::made<deliveries, tieback_deliveries>([&](auto out, auto error) {
            return tieback_delivery_list(of_, in.get(), hook_id.or_null(), &raw, out, error);
        });
    }
    result<delivery_walk> try_walk(const scope &in, text hook_id, const delivery_query &query = {}) const {
        const auto raw = detail::raw(query);
        return detail::made<delivery_walk, tieback_delivery_iter>([&](auto out, auto error) {
            return tieback_delivery_iter_new(of_, in.get(), hook_id.or_null(), &raw, out, error);
        });
    }

  private:
    const tieback_service *of_;
};

/** What can be triggered on. `service::resources` gives it; it is valid as long as its service. */
class resource_operations {
  public:
    explicit resource_operations(const tieback_service *of) noexcept : of_(of) {}

#if TIEBACK_EXCEPTIONS
    /** One page of what there is at the scope's level, by name. */
    resources list(const scope &in, const resource_query &query = {}) const { return try_list(in, query).value(); }
    /** All of them, over page borders. */
    resource_walk walk(const scope &in, const resource_query &query = {}) const { return try_walk(in, query).value(); }
#endif

    result<resource_walk> try_walk(const scope &in, const resource_query &query = {}) const {
        return detail::made<resource_walk, tieback_resource_iter>([&](auto out, auto error) {
            return tieback_resource_iter_new(of_, in.get(), query.payload_version.or_null(), query.limit,
                                             query.after.or_null(), out, error);
        });
    }
    result<resources> try_list(const scope &in, const resource_query &query = {}) const {
        return detail::made<resources, tieback_resources>([&](auto out, auto error) {
            return tieback_resource_list(of_, in.get(), query.payload_version.or_null(), query.limit,
                                         query.after.or_null(), out, error);
        });
    }

  private:
    const tieback_service *of_;
};

/**
 * The webhooks API. `engine::service` gives one.
 *
 * Ownership: it owns its handle, and does not keep the engine open: once that is closed, calls fail with `closed`.
 * Threads: any number may use it; destroy it when none does.
 */
class service : public owned<tieback_service> {
  public:
    using owned::owned;

    hook_operations hooks() const noexcept TIEBACK_VIEWS_THIS { return hook_operations(get()); }
    trigger_operations triggers() const noexcept TIEBACK_VIEWS_THIS { return trigger_operations(get()); }
    delivery_operations deliveries() const noexcept TIEBACK_VIEWS_THIS { return delivery_operations(get()); }
    resource_operations resources() const noexcept TIEBACK_VIEWS_THIS { return resource_operations(get()); }

#if TIEBACK_EXCEPTIONS
    /** A second handle of this service, whose calls the token ends. It carries no other token. */
    service with_cancel(const cancel &token) const { return try_with_cancel(token).value(); }
#endif

    result<service> try_with_cancel(const cancel &token) const {
        return detail::made<service, tieback_service>([&](auto out, auto error) {
            return tieback_service_with_cancel(get(), token.get(), out, error);
        });
    }
};

} // namespace TIEBACK_FORM
} // namespace tieback

#endif
