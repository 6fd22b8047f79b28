/*
 * tieback for C++17: manage, send and receive Procore webhooks. Header only, over the C ABI of tieback.h.
 *
 * A whole program: `c++ -std=c++17 program.cpp -ltieback && ./a.out hooks.db http://127.0.0.1:8099/events`
 *
 *     #include <tieback.hpp>
 *
 *     #include <chrono>
 *     #include <iostream>
 *     #include <string>
 *
 *     int main(int, char **argv) try {
 *         tieback::engine_options options;
 *         options.path = argv[1];
 *         options.danger_allow_http = options.danger_allow_private_addresses = true; // the endpoint is on this machine
 *         const tieback::engine engine(options);
 *         const tieback::service service = engine.service();
 *
 *         tieback::hook_options wanted;
 *         wanted.namespace_ = "acme-invoice-sync";
 *         wanted.payload_version = "v4.0";
 *         wanted.destination_url = argv[2];
 *         const auto scope = tieback::scope::company(5358233);
 *         const tieback::hook hook = service.hooks().create(scope, wanted);
 *         service.triggers().create(scope, hook.id(), "Company Users", "update");
 *
 *         tieback::event_options event;
 *         event.company_id = scope.company_id();
 *         event.resource_name = "Company Users";
 *         event.resource_id = std::to_string(42);
 *         event.event_type = "update";
 *         engine.publish(event); // now it is on disk
 *         engine.run_until_idle(std::chrono::seconds(30), true);
 *
 *         for (const tieback::delivery &delivery : service.deliveries().walk(scope, hook.id()))
 *             std::cout << delivery.event().resource_name() << ": " << delivery.status() << '\n';
 *     } catch (const tieback::error &error) {
 *         std::cerr << tieback::name(error.kind()) << ": " << error.what() << '\n';
 *         return 1;
 *     }
 *
 * Two forms   Whatever can fail has two: `show(..)` gives its value and throws a `tieback::error`; `try_show(..)` gives
 *             a `tieback::result`, which has the value or the error. A program without exceptions (`-fno-exceptions`,
 *             also with `-fno-rtti`) has the second form alone; so has one that defines `TIEBACK_EXCEPTIONS` as 0
 *             before the include. Memory that runs out is a `std::bad_alloc` in both.
 *
 * Errors      `kind()`, `message()`, `operation()`, `http_status()`, `request_id()`, `retry()`, `retry_after()`: see
 *             error.hpp.
 *
 * Ownership   What you get is yours and moves: `hook`, `hooks`, `engine`. A `.._view` looks into an owner and is valid
 *             as long as that. Texts are views too, `tieback::text`: no copy is made, unless the owner is a temporary,
 *             when you get a `std::string`. What would dangle at once does not compile: see object.hpp.
 *
 * Texts       Parameters take `const char *` and `std::string` as they are. A `std::string_view` may have no NUL at its
 *             end: write `std::string(view)`. The fields of options copy, except from literals and what you `borrow`:
 *             see text.hpp. UTF-8 throughout; a NUL inside is refused.
 *
 * Empty       What was moved from is empty: it may be asked (0, absent, ""), assigned to and destroyed; calls on it
 *             fail with `invalid_argument`.
 *
 * Threads     `const` may be used by several threads at once, what is not by one at a time, as in the standard library.
 *
 * Callbacks   `engine_options::on_notice` and `on_log` take any callable. What it throws ends at its border.
 *
 * Manual      tieback.h says of each function what it does, and which errors it has. The calls here have its names:
 *             `tieback_hook_create` is `service.hooks().create`, `tieback_engine_stop` is `engine.stop`. `_delete`,
 *             which C++ keeps for itself, is `remove`; `_iter_new` is `walk`. Whatever is here has `get()`, for calls
 *             of the C ABI.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */

#ifndef TIEBACK_HPP
#define TIEBACK_HPP

#include "tieback/cancel.hpp"
#include "tieback/engine.hpp"
#include "tieback/error.hpp"
#include "tieback/flat.hpp"
#include "tieback/form.hpp"
#include "tieback/lists.hpp"
#include "tieback/moment.hpp"
#include "tieback/object.hpp"
#include "tieback/options.hpp"
#include "tieback/reports.hpp"
#include "tieback/service.hpp"
#include "tieback/text.hpp"
#include "tieback/things.hpp"

namespace tieback {
inline namespace TIEBACK_FORM {

/** The version of the library that the program runs with, such as "0.1.0"; `TIEBACK_VERSION` is the header's. */
inline text version() noexcept { return tieback_version(); }

/** The same as a number that grows, 0xMMNNPP; `TIEBACK_VERSION_NUMBER` is the header's. */
inline std::int32_t version_number() noexcept { return tieback_version_number(); }

/** What the library is made of, as JSON: for logs and reports. */
inline text build_info() noexcept { return tieback_build_info(); }

/** The payload versions that there are, oldest first. Procore recommends the last one for new hooks. */
inline range<text, void> payload_versions() noexcept {
    return {nullptr, tieback_payload_version_count(),
            [](const void *, std::size_t at) { return text(tieback_payload_version(at)); }};
}

/** Whether that library has the ABI which this header was made for. */
inline bool library_fits() noexcept { return tieback_abi_version() == TIEBACK_ABI_VERSION; }

} // namespace TIEBACK_FORM
} // namespace tieback

#endif
