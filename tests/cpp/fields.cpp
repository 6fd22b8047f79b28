// tieback.hpp reads each field of an error, and frees it once: these functions of the C ABI are the program's own,
// since not every field can be had from a real call of today.
#include <chrono>
#include <exception>
#include <vector>

#include "check.hpp"

namespace {

int freed = 0;
tieback_retry advised = TIEBACK_RETRY_AFTER;

// What the hpp takes for the error: it only hands the pointer on.
tieback_error *an_error() { return reinterpret_cast<tieback_error *>(&freed); }

} // namespace

extern "C" {
void tieback_error_free(tieback_error *error) { freed += error == an_error() ? 1 : 0; }
tieback_status tieback_error_status(const tieback_error *) { return TIEBACK_RATE_LIMITED; }
const char *tieback_error_message(const tieback_error *) { return "wait a while"; }
const char *tieback_error_operation(const tieback_error *) { return "hook_list"; }
int32_t tieback_error_http_status(const tieback_error *) { return 429; }
const char *tieback_error_request_id(const tieback_error *) { return "request-1"; }
tieback_retry tieback_error_retry(const tieback_error *) { return advised; }
int64_t tieback_error_retry_after_ms(const tieback_error *) { return advised == TIEBACK_RETRY_AFTER ? 1500 : 0; }
const char *tieback_error_to_json(const tieback_error *) { return "{\"kind\":\"rate_limited\"}"; }
tieback_status tieback_cancel_new(tieback_cancel **, tieback_error **error) {
    *error = an_error();
    return TIEBACK_RATE_LIMITED;
}
}

int main() {
    using namespace std::chrono_literals;
    std::vector<tieback::error> kept;
    try {
        tieback::cancel::create();
    } catch (const tieback::error &error) {
        kept.assign(3, error);
    }
    const tieback::error error = kept.at(2);
    kept.clear();
    CHECK(freed == 0);
    CHECK(error.kind() == tieback::kind::rate_limited);
    EQUAL(error.message(), "wait a while");
    SAME(error.what(), "wait a while");
    EQUAL(error.operation(), "hook_list");
    CHECK(error.http_status() == 429);
    EQUAL(error.request_id().value(), "request-1");
    EQUAL(error.to_json(), "{\"kind\":\"rate_limited\"}");
    CHECK(error.retry() == tieback::retry::after && error.retry_after() == 1500ms);
    advised = TIEBACK_RETRY_NOW;
    CHECK(error.retry() == tieback::retry::now && error.retry_after() == 0ms);
    advised = TIEBACK_RETRY_NEVER;
    CHECK(error.retry() == tieback::retry::never && !error.retry_after());
    {
        const auto made = tieback::cancel::try_create();
        CHECK(!made && freed == 0);
    }
    CHECK(freed == 1);
    {
        tieback::error last = error;
        const tieback::error moved = std::move(last);
    }
    CHECK(freed == 1);
    return 0;
}
