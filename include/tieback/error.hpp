/*
 * Failures: `error`, which is thrown or returned, and `result`, which has a value or an error. Part of tieback.hpp.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */

#ifndef TIEBACK_ERROR_HPP
#define TIEBACK_ERROR_HPP

#include "text.hpp"

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace tieback {
inline namespace TIEBACK_FORM {

/**
 * Why a call failed. A newer library may have further kinds: treat a number that you do not know by its group, as
 * `tieback_status` tells them.
 */
enum class kind : std::int32_t {
    /** It did not fail. */
    none = TIEBACK_OK,
    invalid_argument = TIEBACK_INVALID_ARGUMENT,
    unauthorized = TIEBACK_UNAUTHORIZED,
    forbidden = TIEBACK_FORBIDDEN,
    not_found = TIEBACK_NOT_FOUND,
    conflict = TIEBACK_CONFLICT,
    rate_limited = TIEBACK_RATE_LIMITED,
    timeout = TIEBACK_TIMEOUT,
    unavailable = TIEBACK_UNAVAILABLE,
    network = TIEBACK_NETWORK,
    tls = TIEBACK_TLS,
    protocol = TIEBACK_PROTOCOL,
    storage = TIEBACK_STORAGE,
    closed = TIEBACK_CLOSED,
    cancelled = TIEBACK_CANCELLED,
    internal = TIEBACK_INTERNAL,
};

/** The word for a kind: "not_found"; "unknown" for a number that the library does not have. */
inline text name(kind which) noexcept { return tieback_status_name(static_cast<std::int32_t>(which)); }

/** Whether the same call, made again, can be expected to succeed. */
enum class retry : std::int32_t {
    /** Not without changing something first. */
    never = TIEBACK_RETRY_NEVER,
    /** After some time. */
    after = TIEBACK_RETRY_AFTER,
    /** At once. */
    now = TIEBACK_RETRY_NOW,
};

/**
 * Why a call failed: what was wrong, with which value, what to do. It holds no secret. Made empty, it is no failure.
 *
 * Ownership: copies share what they say, and cost no memory. Its texts live as long as one of the copies.
 * Threads: any number may read it.
 */
class TIEBACK_VISIBLE error : public std::exception {
  public:
    error() noexcept = default;
    /** What the C ABI says. `raised` may be shared with other owners; NULL when only the status is known. */
    error(tieback_status status, std::shared_ptr<const tieback_error> raised) noexcept
        : status_(status), raised_(std::move(raised)) {}

    /** What went wrong, as a kind. */
    tieback::kind kind() const noexcept { return static_cast<tieback::kind>(status_); }
    /** One line: what was wrong, with which value, what to do next. */
    const char *what() const noexcept override { return tieback_error_message(raised_.get()); }
    /** The same. */
    text message() const noexcept TIEBACK_VIEWS_THIS { return what(); }
    /** The operation that failed, such as "hook_create". */
    text operation() const noexcept TIEBACK_VIEWS_THIS { return tieback_error_operation(raised_.get()); }
    /** The HTTP status of a server's answer that caused this. */
    std::optional<int> http_status() const noexcept {
        const int status = tieback_error_http_status(raised_.get());
        return status == 0 ? std::nullopt : std::optional<int>(status);
    }
    /** The server's id of the request. */
    std::optional<text> request_id() const noexcept TIEBACK_VIEWS_THIS {
        return detail::maybe(tieback_error_request_id(raised_.get()));
    }
    /** Whether the same call can be expected to succeed later. */
    tieback::retry retry() const noexcept { return static_cast<tieback::retry>(tieback_error_retry(raised_.get())); }
    /** How long to wait before the same call is made again: zero when it may be at once, nothing when it is no use. */
    std::optional<std::chrono::milliseconds> retry_after() const noexcept {
        if (retry() == tieback::retry::never) {
            return std::nullopt;
        }
        return std::chrono::milliseconds(tieback_error_retry_after_ms(raised_.get()));
    }
    /** All of it as JSON; absent when only the kind is known. */
    text to_json() const noexcept TIEBACK_VIEWS_THIS { return tieback_error_to_json(raised_.get()); }

  private:
    tieback_status status_ = TIEBACK_OK;
    std::shared_ptr<const tieback_error> raised_;
};

namespace detail {

/** A result was asked for a value that it does not have. */
[[noreturn]] inline void fail(const error &cause) {
#if TIEBACK_EXCEPTIONS
    throw cause;
#else
    std::fprintf(stderr, "tieback: the value of a failed call was taken: %s\n", cause.what());
    std::abort();
#endif
}

/** The error that a call has written, now owned. */
inline error taken(tieback_status status, tieback_error *raised) {
    // As C does it: the status stands in where the status of the object cannot be asked.
    return error(raised == nullptr ? status : tieback_error_status(raised),
                 std::shared_ptr<const tieback_error>(raised, [](const tieback_error *ended) {
                     tieback_error_free(const_cast<tieback_error *>(ended));
                 }));
}

} // namespace detail

/**
 * The value of a call, or why it failed.
 *
 *     tieback::result<tieback::hook> shown = service.hooks().try_show(scope, id);
 *     if (!shown) return shown.error().kind() == tieback::kind::not_found ? 1 : 2;
 *     use(*shown);
 *
 * Asked for a value that is not there, it throws the error; in a program without exceptions it says so on the standard
 * error output and aborts. Ownership: the value is the result's, until you move it out.
 */
template <class T> class [[nodiscard]] result {
  public:
    result(T value) noexcept(std::is_nothrow_move_constructible_v<T>) : value_(std::move(value)) {}
    result(tieback::error cause) noexcept : error_(std::move(cause)) {}

    bool has_value() const noexcept { return value_.has_value(); }
    explicit operator bool() const noexcept { return has_value(); }

    T &value() & { return expect(), *value_; }
    const T &value() const & { return expect(), *value_; }
    /** By value: it outlives the result. */
    T value() && { return expect(), std::move(*value_); }
    T &operator*() & { return value(); }
    const T &operator*() const & { return value(); }
    T operator*() && { return std::move(*this).value(); }
    T *operator->() { return &value(); }
    const T *operator->() const { return &value(); }
    /** The value, or another one in its place. */
    template <class Other> T value_or(Other &&other) && {
        return has_value() ? std::move(*value_) : static_cast<T>(std::forward<Other>(other));
    }

    /** Why it failed; of kind `none` when it did not. */
    const tieback::error &error() const & noexcept { return error_; }
    tieback::error error() && noexcept { return std::move(error_); }

  private:
    void expect() const {
        if (!value_) {
            detail::fail(error_);
        }
    }

    std::optional<T> value_;
    tieback::error error_;
};

/** The outcome of a call that gives nothing. */
template <> class [[nodiscard]] result<void> {
  public:
    result() noexcept = default;
    result(tieback::error cause) noexcept : failed_(true), error_(std::move(cause)) {}

    bool has_value() const noexcept { return !failed_; }
    explicit operator bool() const noexcept { return has_value(); }
    /** Fails when the call has. */
    void value() const {
        if (failed_) {
            detail::fail(error_);
        }
    }
    /** Why it failed; of kind `none` when it did not. */
    const tieback::error &error() const & noexcept { return error_; }
    tieback::error error() && noexcept { return std::move(error_); }

  private:
    bool failed_ = false;
    tieback::error error_;
};

/** Calls that a result holds. */
namespace detail {

/** A call that gives nothing: `call(&error)`. */
template <class Call> result<void> done(Call call) {
    tieback_error *raised = nullptr;
    const tieback_status status = call(&raised);
    if (status != TIEBACK_OK) {
        return taken(status, raised);
    }
    return {};
}

/** A call that gives a pointer, which `T` takes over: `call(&out, &error)`. */
template <class T, class Raw, class Call> result<T> made(Call call) {
    Raw *out = nullptr;
    tieback_error *raised = nullptr;
    const tieback_status status = call(&out, &raised);
    if (status != TIEBACK_OK) {
        return taken(status, raised);
    }
    return T(out);
}

} // namespace detail

} // namespace TIEBACK_FORM
} // namespace tieback

#endif
