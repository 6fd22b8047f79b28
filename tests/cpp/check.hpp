// What the C++ test programs share: those checks of C, and calls that must fail in a certain way, in both forms.
#ifndef CHECK_HPP
#define CHECK_HPP

#include <string>
#include <string_view>
#include <tieback.hpp>

#include "check.h"

// A text, compared with what it should be.
inline void same(std::string_view text, std::string_view expected, const char *file, int line, const char *what) {
    check_same(std::string(text).c_str(), std::string(expected).c_str(), file, line, what);
}
#define EQUAL(text, expected) same((text), (expected), __FILE__, __LINE__, #text)

inline void has(std::string_view text, std::string_view part, const char *file, int line, const char *what) {
    check_has(std::string(text).c_str(), std::string(part).c_str(), file, line, what);
}
#define CONTAINS(text, part) has((text), (part), __FILE__, __LINE__, #text)

// A result that must be a failure of this kind, with a word in its message.
template <class T>
void failed(const tieback::result<T> &result, tieback::kind kind, const char *word, const char *file, int line) {
    check_that(!result && !result.has_value(), file, line, "the call fails");
    check_same(tieback::name(result.error().kind()).c_str(), tieback::name(kind).c_str(), file, line, "the kind");
    check_has(result.error().what(), word, file, line, "the message");
}
#define FAILED(result, what, word) failed((result), tieback::kind::what, (word), __FILE__, __LINE__)

#if TIEBACK_EXCEPTIONS
// A call that must throw an error of this kind, with a word in its message.
template <class Call> void throws(Call call, tieback::kind kind, const char *word, const char *file, int line) {
    bool thrown = false;
    try {
        call();
    } catch (const tieback::error &error) {
        thrown = true;
        check_same(tieback::name(error.kind()).c_str(), tieback::name(kind).c_str(), file, line, "the kind");
        check_has(error.what(), word, file, line, "the message");
    }
    check_that(thrown, file, line, "the call throws");
}
#define THROWS(call, what, word) throws([&] { (void)(call); }, tieback::kind::what, (word), __FILE__, __LINE__)
#endif

// Options of an engine that may deliver to a test's endpoint, and is quick to try again.
inline tieback::engine_options quick_options(const char *path) {
    tieback::engine_options options;
    options.path = path;
    options.danger_allow_http = true;
    options.danger_allow_private_addresses = true;
    options.backoff_min = std::chrono::milliseconds(20);
    return options;
}

// A hook of payload version v2.0.
inline tieback::hook_options plain_hook(const char *name, const char *url) {
    tieback::hook_options options;
    options.namespace_ = name;
    options.payload_version = "v2.0";
    options.destination_url = url;
    return options;
}

// An update of a company's user.
inline tieback::event_options update_of(const tieback::scope &scope, tieback::text resource_id) {
    tieback::event_options event;
    event.company_id = scope.company_id();
    event.resource_name = "Company Users";
    event.resource_id = resource_id;
    event.event_type = "update";
    return event;
}

#endif
