/*
 * Ending calls from another thread: `cancel`. Part of tieback.hpp.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */

#ifndef TIEBACK_CANCEL_HPP
#define TIEBACK_CANCEL_HPP

#include "object.hpp"

namespace tieback {
inline namespace TIEBACK_FORM {

/**
 * A token that ends the calls which carry it, with `cancelled`. Calls carry a token through their handle:
 * `engine::with_cancel` and `service::with_cancel` make one.
 *
 *     const auto token = tieback::cancel::create();
 *     const auto worker = engine.with_cancel(token);   // on one thread: worker.run_until_idle(10min)
 *     token.request();                                 // on another
 *
 * A call that has not begun does nothing then. Of those under way the long ones end soon (`run_until_idle`, `pump`,
 * `purge`, `backup`, `check_integrity`, `compact`); the others run to their end.
 *
 * Ownership: it owns its handle. Calls and handles that carry the token keep it when this is destroyed; then nobody can
 * request it any more. Threads: any number may use it, also inside of a callback, but not in signal handlers; destroy
 * it when none does. Errors: `closed` for a token that is freed, `invalid_argument` for one that was moved from.
 */
class cancel : public owned<tieback_cancel> {
  public:
    using owned::owned;

#if TIEBACK_EXCEPTIONS
    /** Makes a token. One that is merely declared is empty. */
    static cancel create() { return try_create().value(); }
    /** Ends the calls that carry this token, and every later one. Returns without waiting for them. */
    void request() const { try_request().value(); }
#endif

    static result<cancel> try_create() {
        return detail::made<cancel, tieback_cancel>(
            [](auto out, auto error) { return tieback_cancel_new(out, error); });
    }
    result<void> try_request() const {
        return detail::done([&](auto error) { return tieback_cancel_request(get(), error); });
    }
    /** Whether it was requested. It stays so. */
    bool requested() const noexcept { return tieback_cancel_requested(get()) == 1; }
};

} // namespace TIEBACK_FORM
} // namespace tieback

#endif
