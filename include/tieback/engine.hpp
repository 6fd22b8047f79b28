/*
 * `engine`: publishing, delivering, operating; and `restore`. Part of tieback.hpp.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */

#ifndef TIEBACK_ENGINE_HPP
#define TIEBACK_ENGINE_HPP

#include "service.hpp"

#include <chrono>
#include <initializer_list>
#include <string>
#include <vector>

namespace tieback {
inline namespace TIEBACK_FORM {

/**
 * An embedded webhook engine on one SQLite file: it keeps hooks and triggers, matches published events to them, and
 * delivers.
 *
 * Each call has two forms: `publish(..)` gives the value and throws a `tieback::error`; `try_publish(..)` gives a
 * `tieback::result`.
 *
 * Ownership: it owns its handle; destroying it closes the engine. Attempts in flight are then abandoned and queued
 * again: `stop` first to let them end. What the engine gave stays valid after it. Threads: any number may call at
 * once, and one may `close` meanwhile; move and destroy it when no other uses it. Errors, for all: `closed`,
 * `storage`, `invalid_argument`; `not_found` for an id that is not there. tieback.h tells the further ones of each
 * call. Forks: a child process opens an engine of its own; one of its parent's is `closed` there.
 */
class engine : public owned<tieback_engine> {
  public:
    using owned::owned;

#if TIEBACK_EXCEPTIONS
    /** Opens an engine on its file, which is created when it is not there. Starts no thread. */
    explicit engine(const engine_options &options) : engine(open(options)) {}
    /** The same. */
    static engine open(const engine_options &options) { return try_open(options).value(); }
    /** Opens an engine from options in JSON. */
    static engine open_from_json(text json) { return try_open_from_json(json).value(); }

    /** The webhooks API of this engine: hooks, triggers, deliveries, resources. */
    tieback::service service() const { return try_service().value(); }
    /**
     * A second handle of this engine, whose calls and services the token ends. It carries no other token. Closing it
     * ends it alone; once the engine is closed it is `closed` too.
     */
    engine with_cancel(const cancel &token) const { return try_with_cancel(token).value(); }

    /** Publishes one event. When it returns, the event and its deliveries are on disk. */
    published publish(const event_options &options) const { return try_publish(options).value(); }
    /** Publishes one event from JSON, with the members that `event_view::to_json` gives. */
    published publish_from_json(text json) const { return try_publish_from_json(json).value(); }
    /** Publishes many in one transaction, at most 1,000. What is wrong with one event is in that event's answer. */
    bulk<published_view> publish_many(const std::vector<event_options> &events) const {
        return try_publish_many(events).value();
    }

    /** Publishes many from a JSON list of what `publish_from_json` takes. */
    bulk<published_view> publish_many_from_json(text json) const { return try_publish_many_from_json(json).value(); }

    /** Starts delivering on threads of the engine's own. Starting a started engine changes nothing. */
    void start() const { try_start().value(); }
    /** Stops delivering: attempts in flight get `grace` to end and be recorded. What has not ended is queued again. */
    void stop(std::chrono::milliseconds grace) const { try_stop(grace).value(); }
    /** How long an attempt can take at the most: as the `grace` of `stop` it lets every attempt end. */
    std::chrono::milliseconds attempt_limit() const { return try_attempt_limit().value(); }
    /** Delivers on your thread what is due, for about `budget`. Errors: `conflict` when the engine is started. */
    idle_report pump(std::chrono::milliseconds budget) const { return try_pump(budget).value(); }
    /** Delivers until nothing is in flight or due, or `timeout` has passed, which is no error. */
    idle_report run_until_idle(std::chrono::milliseconds timeout, bool wait_paused = false) const {
        return try_run_until_idle(timeout, wait_paused).value();
    }

    /** How much there is to do, what is kept, and what that takes on the disk. */
    tieback::stats stats() const { return try_stats().value(); }
    /** What happened since the last call. */
    tieback::notices notices() const { return try_notices().value(); }

    /** Starts nothing on a hook's lane until `resume`; new events still queue. */
    void pause(const scope &in, text hook_id) const { try_pause(in, hook_id).value(); }
    /** Lets a lane go on that `pause` holds. */
    void resume(const scope &in, text hook_id) const { try_resume(in, hook_id).value(); }
    /** Ends the present wait of a lane in back-off: it tries again at once. */
    void retry_now(const scope &in, text hook_id) const { try_retry_now(in, hook_id).value(); }
    /** Gives one queued delivery up. Errors: `conflict` when it has an outcome already. */
    void skip(const scope &in, text hook_id, text delivery_id) const { try_skip(in, hook_id, delivery_id).value(); }
    /** Sends the event of a delivery that has an outcome again; gives the new one's id. */
    std::string redeliver(const scope &in, text hook_id, text delivery_id) const {
        return try_redeliver(in, hook_id, delivery_id).value();
    }
    /** Sends a made-up event to one hook, to see whether its endpoint answers. */
    published send_test(const scope &in, text hook_id) const { return try_send_test(in, hook_id).value(); }

    /** Removes at once what has been kept for longer than the options' `retention`. */
    tieback::purged purge() const { return try_purge().value(); }
    /** Writes a backup while the engine runs. Errors: `conflict` when the file is there and not to be replaced. */
    void backup(text path, bool replace = false) const { try_backup(path, replace).value(); }
    /** Looks for damage in the store. `quick` leaves out what compares every row of the log. */
    integrity_report check_integrity(bool quick = false) const { return try_check_integrity(quick).value(); }
    /** Gives the space of what was removed back to the file system. Publishing waits meanwhile. */
    void compact() const { try_compact().value(); }
#endif

    /**
     * Closes the engine before it is destroyed. Calls on other threads return, most of them with `closed`, and so does
     * every later one. Threads: any. Errors: none.
     */
    void close() const noexcept { tieback_engine_close(get()); }

    static result<engine> try_open(const engine_options &options) {
        detail::raw_engine raw(options);
        auto opened = detail::made<engine, tieback_engine>(
            [&](auto out, auto error) { return tieback_engine_open(raw.get(), out, error); });
        if (opened) {
            raw.hand_over();
        }
        return opened;
    }
    static result<engine> try_open_from_json(text json) {
        return detail::made<engine, tieback_engine>(
            [&](auto out, auto error) { return tieback_engine_open_from_json(json.or_null(), out, error); });
    }

    result<tieback::service> try_service() const {
        return detail::made<tieback::service, tieback_service>(
            [&](auto out, auto error) { return tieback_engine_service(get(), out, error); });
    }

    result<engine> try_with_cancel(const cancel &token) const {
        return detail::made<engine, tieback_engine>([&](auto out, auto error) {
            return tieback_engine_with_cancel(get(), token.get(), out, error);
        });
    }

    result<published> try_publish(const event_options &options) const {
        const detail::raw_event raw(options);
        return detail::made<published, tieback_published>(
            [&](auto out, auto error) { return tieback_publish(get(), raw.get(), out, error); });
    }
    result<published> try_publish_from_json(text json) const {
        return detail::made<published, tieback_published>(
            [&](auto out, auto error) { return tieback_publish_from_json(get(), json.or_null(), out, error); });
    }
    result<bulk<published_view>> try_publish_many(const std::vector<event_options> &events) const {
        std::vector<detail::raw_event> raw;
        std::vector<const tieback_event_options *> pointers;
        raw.reserve(events.size()); // so that the pointers stay good
        pointers.reserve(events.size());
        for (const event_options &each : events) {
            raw.emplace_back(each);
            pointers.push_back(raw.back().get());
        }
        return detail::made<bulk<published_view>, tieback_bulk>([&](auto out, auto error) {
            return tieback_publish_many(get(), pointers.data(), pointers.size(), out, error);
        });
    }

    result<bulk<published_view>> try_publish_many_from_json(text json) const {
        return detail::made<bulk<published_view>, tieback_bulk>(
            [&](auto out, auto error) { return tieback_publish_many_from_json(get(), json.or_null(), out, error); });
    }

    result<void> try_start() const {
        return detail::done([&](auto error) { return tieback_engine_start(get(), error); });
    }
    result<void> try_stop(std::chrono::milliseconds grace) const {
        return detail::done(
            [&](auto error) { return tieback_engine_stop(get(), detail::milliseconds64(grace), error); });
    }
    result<std::chrono::milliseconds> try_attempt_limit() const {
        std::int64_t limit = 0;
        auto asked = detail::done([&](auto error) { return tieback_engine_attempt_limit_ms(get(), &limit, error); });
        if (!asked) {
            return std::move(asked).error();
        }
        return std::chrono::milliseconds(limit);
    }
    result<idle_report> try_pump(std::chrono::milliseconds budget) const {
        return detail::made<idle_report, tieback_idle_report>([&](auto out, auto error) {
            return tieback_engine_pump(get(), detail::milliseconds64(budget), out, error);
        });
    }
    result<idle_report> try_run_until_idle(std::chrono::milliseconds timeout, bool wait_paused = false) const {
        return detail::made<idle_report, tieback_idle_report>([&](auto out, auto error) {
            return tieback_engine_run_until_idle(get(), detail::milliseconds64(timeout), detail::flag(wait_paused), out,
                                                 error);
        });
    }

    result<tieback::stats> try_stats() const {
        return detail::made<tieback::stats, tieback_stats>(
            [&](auto out, auto error) { return tieback_engine_stats(get(), out, error); });
    }
    result<tieback::notices> try_notices() const {
        return detail::made<tieback::notices, tieback_notices>(
            [&](auto out, auto error) { return tieback_engine_notices(get(), out, error); });
    }

    result<void> try_pause(const scope &in, text hook_id) const {
        return detail::done(
            [&](auto error) { return tieback_engine_pause(get(), in.get(), hook_id.or_null(), error); });
    }
    result<void> try_resume(const scope &in, text hook_id) const {
        return detail::done(
            [&](auto error) { return tieback_engine_resume(get(), in.get(), hook_id.or_null(), error); });
    }
    result<void> try_retry_now(const scope &in, text hook_id) const {
        return detail::done(
            [&](auto error) { return tieback_engine_retry_now(get(), in.get(), hook_id.or_null(), error); });
    }
    result<void> try_skip(const scope &in, text hook_id, text delivery_id) const {
        return detail::done([&](auto error) {
            return tieback_engine_skip(get(), in.get(), hook_id.or_null(), delivery_id.or_null(), error);
        });
    }
    result<std::string> try_redeliver(const scope &in, text hook_id, text delivery_id) const {
        auto given = detail::made<detail::holder<char>, char>([&](auto out, auto error) {
            return tieback_engine_redeliver(get(), in.get(), hook_id.or_null(), delivery_id.or_null(), out, error);
        });
        if (!given) {
            return std::move(given).error();
        }
        return std::string(given->get());
    }
    result<published> try_send_test(const scope &in, text hook_id) const {
        return detail::made<published, tieback_published>([&](auto out, auto error) {
            return tieback_engine_send_test(get(), in.get(), hook_id.or_null(), out, error);
        });
    }

    result<tieback::purged> try_purge() const {
        return detail::made<tieback::purged, tieback_purged>(
            [&](auto out, auto error) { return tieback_engine_purge(get(), out, error); });
    }
    result<void> try_backup(text path, bool replace = false) const {
        return detail::done([&](auto error) {
            return tieback_engine_backup(get(), path.or_null(), detail::flag(replace), error);
        });
    }
    result<integrity_report> try_check_integrity(bool quick = false) const {
        return detail::made<integrity_report, tieback_integrity_report>([&](auto out, auto error) {
            return tieback_engine_check_integrity(get(), detail::flag(quick), out, error);
        });
    }
    result<void> try_compact() const {
        return detail::done([&](auto error) { return tieback_engine_compact(get(), error); });
    }
};

/** Makes the store of an engine at `path` from a backup; see `restore`. */
inline result<restored> try_restore(text backup, text path, bool replace = false) {
    return detail::made<restored, tieback_restored>([&](auto out, auto error) {
        return tieback_restore(backup.or_null(), path.or_null(), detail::flag(replace), out, error);
    });
}

#if TIEBACK_EXCEPTIONS
/**
 * Makes the store of an engine at `path` from a backup, or from the file of a closed store. No engine may have either
 * open. Errors: `conflict` when a store is there, unless it is to be replaced: then it is moved aside.
 */
inline restored restore(text backup, text path, bool replace = false) {
    return try_restore(backup, path, replace).value();
}
#endif

} // namespace TIEBACK_FORM
} // namespace tieback

#endif
