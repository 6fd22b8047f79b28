/*
 * What an engine tells about itself: reports, figures, findings. Part of tieback.hpp.
 *
 * Each owns what it tells, and moves. Threads: any number may read one.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */

#ifndef TIEBACK_REPORTS_HPP
#define TIEBACK_REPORTS_HPP

#include "object.hpp"

#include <chrono>

namespace tieback {
inline namespace TIEBACK_FORM {

/** How `engine::pump` or `engine::run_until_idle` ended. */
class idle_report : public owned<tieback_idle_report> {
  public:
    using owned::owned;

    /** Whether nothing is in flight or due; else the time ran out first. */
    bool idle() const noexcept { return tieback_idle_report_idle(get()) == 1; }
    /** How many lanes wait for the end of their back-off. */
    std::int64_t paused_lanes() const noexcept { return tieback_idle_report_paused_lanes(get()); }
    /** How many attempts ended meanwhile. */
    std::int64_t attempts() const noexcept { return tieback_idle_report_attempts(get()); }

    text to_json() const & noexcept TIEBACK_VIEWS_THIS { return tieback_idle_report_to_json(get()); }
    std::string to_json() const && { return keep(tieback_idle_report_to_json(get())); }
};

/** How much an engine has to do, what it keeps, and what that takes on the disk, at one moment. */
class stats : public owned<tieback_stats> {
  public:
    using owned::owned;

    /** Deliveries without an outcome, including those in flight. */
    std::int64_t queued() const noexcept { return tieback_stats_queued(get()); }
    /** Attempts that are on the wire. */
    std::int64_t in_flight() const noexcept { return tieback_stats_in_flight(get()); }
    /** Lanes that wait after a failure, and lanes that an operator paused. */
    std::int64_t paused_lanes() const noexcept { return tieback_stats_paused_lanes(get()); }
    /** How long the oldest queued delivery has waited; zero when none is queued. */
    std::chrono::milliseconds oldest_queued_age() const noexcept {
        return std::chrono::milliseconds(tieback_stats_oldest_queued_age_ms(get()));
    }
    /** Hooks that are not deleted. */
    std::int64_t hooks() const noexcept { return tieback_stats_hooks(get()); }
    /** Deliveries in the log that were delivered. */
    std::int64_t delivered() const noexcept { return tieback_stats_delivered(get()); }
    /** Deliveries in the log that were given up, for whatever reason. */
    std::int64_t discarded() const noexcept { return tieback_stats_discarded(get()); }
    /** When the oldest delivery of the log got its outcome, as RFC 3339; not there when none has one. */
    std::optional<text> oldest_kept_at() const & noexcept TIEBACK_VIEWS_THIS {
        return detail::maybe(tieback_stats_oldest_kept_at(get()));
    }
    std::optional<std::string> oldest_kept_at() const && { return keep_maybe(tieback_stats_oldest_kept_at(get())); }
    /** How long the database file is. */
    std::int64_t database_bytes() const noexcept { return tieback_stats_database_bytes(get()); }
    /** How much of it is free, and used again before it grows. */
    std::int64_t reusable_bytes() const noexcept { return tieback_stats_reusable_bytes(get()); }
    /** How long the write-ahead log beside it is. */
    std::int64_t wal_bytes() const noexcept { return tieback_stats_wal_bytes(get()); }

    text to_json() const & noexcept TIEBACK_VIEWS_THIS { return tieback_stats_to_json(get()); }
    std::string to_json() const && { return keep(tieback_stats_to_json(get())); }
};

/** What `engine::purge` removed. */
class purged : public owned<tieback_purged> {
  public:
    using owned::owned;

    /** Deliveries with an outcome, each with its attempts. */
    std::int64_t deliveries() const noexcept { return tieback_purged_deliveries(get()); }
    /** Events that no delivery needed any more. */
    std::int64_t events() const noexcept { return tieback_purged_events(get()); }
    /** Deleted hooks that nothing in the log belonged to any more. */
    std::int64_t hooks() const noexcept { return tieback_purged_hooks(get()); }

    text to_json() const & noexcept TIEBACK_VIEWS_THIS { return tieback_purged_to_json(get()); }
    std::string to_json() const && { return keep(tieback_purged_to_json(get())); }
};

/** One finding of an integrity report. Valid as long as the report. */
struct finding {
    /** The rule that it breaks: "file", "references", "lanes", "counts", "outcomes", "ids" or "content". */
    text check;
    /** What was found and where; no content of any row. */
    text message;
};

/** What `engine::check_integrity` found. */
class integrity_report : public owned<tieback_integrity_report> {
  public:
    using owned::owned;

    /** Whether nothing was found. */
    bool sound() const noexcept { return tieback_integrity_report_sound(get()) == 1; }
    /** At most 100. */
    range<finding, tieback_integrity_report> findings() const & noexcept TIEBACK_VIEWS_THIS {
        return {get(), tieback_integrity_report_len(get()), [](const tieback_integrity_report *report, std::size_t at) {
                    return finding{tieback_integrity_report_check(report, at),
                                   tieback_integrity_report_message(report, at)};
                }};
    }
    range<finding, tieback_integrity_report> findings() const && = delete;
    /** Whether there are more findings than the report has. */
    bool more() const noexcept { return tieback_integrity_report_more(get()) == 1; }

    text to_json() const & noexcept TIEBACK_VIEWS_THIS { return tieback_integrity_report_to_json(get()); }
    std::string to_json() const && { return keep(tieback_integrity_report_to_json(get())); }
};

/** A hook with deliveries that a restored store still has to send. Valid as long as the answer. */
struct restored_lane {
    text hook_id;
    std::int64_t queued;
};

/** A store that `restore` has made. */
class restored : public owned<tieback_restored> {
  public:
    using owned::owned;

    /** When the backup was taken, as RFC 3339; not there for the file of a closed store. */
    std::optional<text> backed_up_at() const & noexcept TIEBACK_VIEWS_THIS {
        return detail::maybe(tieback_restored_backed_up_at(get()));
    }
    std::optional<std::string> backed_up_at() const && { return keep_maybe(tieback_restored_backed_up_at(get())); }
    /** How many deliveries were queued in the backup. They are sent, and may have been sent before. */
    std::int64_t queued() const noexcept { return tieback_restored_queued(get()); }
    /** The hooks that have any of them. */
    range<restored_lane, tieback_restored> lanes() const & noexcept TIEBACK_VIEWS_THIS {
        return {get(), tieback_restored_lane_count(get()), [](const tieback_restored *answer, std::size_t at) {
                    return restored_lane{tieback_restored_lane_hook_id(answer, at),
                                         tieback_restored_lane_queued(answer, at)};
                }};
    }
    range<restored_lane, tieback_restored> lanes() const && = delete;
    /** Where the store is now that was there before; not there when there was none. */
    std::optional<text> replaced() const & noexcept TIEBACK_VIEWS_THIS {
        return detail::maybe(tieback_restored_replaced(get()));
    }
    std::optional<std::string> replaced() const && { return keep_maybe(tieback_restored_replaced(get())); }

    text to_json() const & noexcept TIEBACK_VIEWS_THIS { return tieback_restored_to_json(get()); }
    std::string to_json() const && { return keep(tieback_restored_to_json(get())); }
};

/**
 * One happening on a hook's lane, or to the store under all of them. Valid as long as its list, or until the callback
 * that is told it returns.
 */
class notice_view : public borrowed<tieback_notice> {
  public:
    using borrowed::borrowed;

    /** Not there when it concerns all hooks. */
    std::optional<text> hook_id() const noexcept { return detail::maybe(tieback_notice_hook_id(get())); }
    /** When it happened, as RFC 3339. */
    text at() const noexcept { return tieback_notice_at(get()); }
    /** "paused", "resumed", "flushed", "store_failed", "out_of_descriptors" or "restored". */
    text kind() const noexcept { return tieback_notice_kind(get()); }
    /** Why the lane was paused, or what the store's error says; not there for other kinds. */
    std::optional<text> reason() const noexcept { return detail::maybe(tieback_notice_reason(get())); }
    /** How many deliveries a flush discarded; 0 for other kinds. */
    std::int64_t discarded() const noexcept { return tieback_notice_discarded(get()); }
    /** How many deliveries of a restored backup are still queued; 0 for other kinds. */
    std::int64_t queued() const noexcept { return tieback_notice_queued(get()); }
    text to_json() const noexcept { return tieback_notice_to_json(get()); }
};

/** How much a line for a log matters; larger ones are more talkative. */
enum class log_level : std::int32_t {
    /** Something is lost or stands still: a queue was discarded, the store fails. */
    error = TIEBACK_LOG_ERROR,
    /** Something is in the way and is tried again: a lane is paused. */
    warn = TIEBACK_LOG_WARN,
    /** What an operator wants to have read afterwards: opened, started, hooks created, lanes that go on. */
    info = TIEBACK_LOG_INFO,
    /** Each publish and each attempt. */
    debug = TIEBACK_LOG_DEBUG,
};

/** One line for the host's log. Valid until the callback that is told it returns. */
class log_line_view : public borrowed<tieback_log_line> {
  public:
    using borrowed::borrowed;

    log_level level() const noexcept { return static_cast<log_level>(tieback_log_line_level(get())); }
    /** When it happened, as RFC 3339. */
    text at() const noexcept { return tieback_log_line_at(get()); }
    /** Not there when it concerns all hooks. */
    std::optional<text> hook_id() const noexcept { return detail::maybe(tieback_log_line_hook_id(get())); }
    /** What happened, in one line without secrets. */
    text message() const noexcept { return tieback_log_line_message(get()); }
    text to_json() const noexcept { return tieback_log_line_to_json(get()); }
};

} // namespace TIEBACK_FORM
} // namespace tieback

#endif
