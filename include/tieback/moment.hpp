/*
 * Moments, between RFC 3339 and `std::chrono`. Part of tieback.hpp.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */

#ifndef TIEBACK_MOMENT_HPP
#define TIEBACK_MOMENT_HPP

#include "object.hpp"

#include <chrono>
#include <string>

namespace tieback {
inline namespace TIEBACK_FORM {

/** A moment, as exactly as the library keeps it. */
using moment = std::chrono::time_point<std::chrono::system_clock, std::chrono::microseconds>;

/** Reads a moment; see `time_parse`. */
inline result<moment> try_time_parse(text rfc3339) {
    std::int64_t read = 0;
    auto done = detail::done([&](auto error) { return tieback_time_parse(rfc3339.or_null(), &read, error); });
    if (!done) {
        return std::move(done).error();
    }
    return moment(std::chrono::microseconds(read));
}

/** Writes a moment; see `time_format`. */
inline result<std::string> try_time_format(moment written) {
    const auto microseconds = static_cast<std::int64_t>(written.time_since_epoch().count());
    auto given = detail::made<detail::holder<char>, char>(
        [&](auto out, auto error) { return tieback_time_format(microseconds, out, error); });
    if (!given) {
        return std::move(given).error();
    }
    return std::string(given->get());
}

#if TIEBACK_EXCEPTIONS
/** Reads a moment in RFC 3339 with any offset, as answers have them. Errors: `invalid_argument` for what is none. */
inline moment time_parse(text rfc3339) { return try_time_parse(rfc3339).value(); }
/**
 * Writes a moment as RFC 3339 in UTC; one of the system's clock by
 * `std::chrono::floor<std::chrono::microseconds>(now)`. Errors: `invalid_argument` outside of the years 1 to 9999.
 */
inline std::string time_format(moment written) { return try_time_format(written).value(); }
#endif

} // namespace TIEBACK_FORM
} // namespace tieback

#endif
