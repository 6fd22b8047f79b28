/*
 * Every operation by name, with JSON in and out: `call`; values of JSON texts. Part of tieback.hpp.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */

#ifndef TIEBACK_FLAT_HPP
#define TIEBACK_FLAT_HPP

#include "error.hpp"

#include <string>
#include <utility>

namespace tieback {
inline namespace TIEBACK_FORM {

/** What an operation answered. */
struct answer {
    /** `none` when it succeeded. */
    tieback::kind kind = tieback::kind::none;
    /** The whole answer; after a failure `{"error": {"kind": .., "message": ..}}`. */
    std::string json = {};

    /** Whether it succeeded. */
    explicit operator bool() const noexcept { return kind == tieback::kind::none; }
};

/**
 * Does an operation, by its name (docs/operations.md has them all), with JSON in and out. `engine_open` takes an
 * engine's options and answers `{"handle": n}`; every other operation takes that number, up to `engine_close`. These
 * handles are not those of `tieback::engine`.
 *
 * The answer is whole, however long. An operation that fails is an answer too: nothing is thrown for it. Threads: any.
 * NULL: `json` may be left out, meaning `{}`.
 */
inline answer call(std::int32_t handle, text operation, text json = {}) {
    constexpr std::size_t room = 1024; // for most answers enough, so that nothing has to be kept for us
    answer given;
    given.json.resize(room);
    std::int32_t needed = 0;
    std::int32_t rest = 0;
    // A string has a place for the NUL behind its end.
    const std::int32_t status = tieback_call(handle, operation.or_null(), json.or_null(), given.json.data(),
                                             static_cast<std::int32_t>(room + 1), &needed, &rest);
    given.kind = static_cast<tieback::kind>(status);
    if (rest == 0) {
        given.json.resize(static_cast<std::size_t>(needed));
        return given;
    }
    // What came is cut before a character that did not fit whole, so its length is where the NUL is.
    std::size_t length = std::char_traits<char>::length(given.json.c_str());
    given.json.resize(static_cast<std::size_t>(needed));
    while (length < given.json.size()) {
        const std::int32_t read = tieback_read(rest, static_cast<std::int32_t>(length), given.json.data() + length,
                                               static_cast<std::int32_t>(given.json.size() - length) + 1, &needed);
        if (read != TIEBACK_OK) {
            // Another 64 answers came between: the operation is done, and what it answered is lost.
            given.kind = static_cast<tieback::kind>(read);
            given.json.clear();
            return given;
        }
        length += static_cast<std::size_t>(needed);
    }
    return given;
}

/**
 * One value of a JSON text, such as an answer, by its place: "/items/0/id" (a JSON pointer). A text is given as it is,
 * anything else as JSON; it is in the `json` of what this gives. Errors: `not_found` when there is nothing at this
 * place, or null; `invalid_argument` for what is not JSON. Threads: any.
 */
inline answer json_text(text json, text pointer) {
    answer value;
    std::int32_t needed = 0;
    for (value.json.resize(64);; value.json.resize(static_cast<std::size_t>(needed))) {
        const auto room = static_cast<std::int32_t>(value.json.size()) + 1;
        const std::int32_t status =
            tieback_json_text(json.or_null(), pointer.or_null(), value.json.data(), room, &needed);
        value.kind = static_cast<tieback::kind>(status);
        if (status != TIEBACK_OK || needed < room) {
            value.json.resize(status == TIEBACK_OK ? static_cast<std::size_t>(needed) : 0);
            return value;
        }
    }
}

/**
 * Puts one value into a JSON text, and gives the new one in the `json` of what this gives: into "{}", "42" at
 * "/event/resource_id" makes `{"event":{"resource_id":"42"}}`. With `is_json` the value is JSON itself. Errors:
 * `invalid_argument` for a place that cannot be, and for what is not JSON; then `json` is as it was. Threads: any.
 */
inline answer json_put(std::string json, text pointer, text value, bool is_json = false) {
    answer put;
    put.json = std::move(json);
    const std::size_t length = put.json.size();
    std::int32_t needed = 0;
    for (;;) {
        const auto room = static_cast<std::int32_t>(put.json.size()) + 1;
        const std::int32_t status = tieback_json_put(put.json.data(), room, pointer.or_null(), value.or_null(),
                                                     is_json ? 1 : 0, &needed);
        put.kind = static_cast<tieback::kind>(status);
        if (status == TIEBACK_OK || needed < room) {
            put.json.resize(status == TIEBACK_OK ? static_cast<std::size_t>(needed) : length);
            return put;
        }
        put.json.resize(static_cast<std::size_t>(needed)); // it did not fit; NULs behind the text are its end for C
    }
}

} // namespace TIEBACK_FORM
} // namespace tieback

#endif
