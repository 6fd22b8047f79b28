// The examples of docs/cpp.md, line for line, in a program that makes them do what the document says.
#include <chrono>
#include <cstdio>
#include <iostream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "check.hpp"

namespace {

using namespace std::chrono_literals;

tieback::published publish_patiently(const tieback::engine &engine, const tieback::event_options &event) {
    for (int tries = 1;; ++tries) {
        try {
            return engine.publish(event);
        } catch (const tieback::error &error) {
            const auto wait = error.retry_after(); // zero: at once; nothing: it is no use
            if (!wait || tries == 3) throw;
            std::this_thread::sleep_for(*wait);
        }
    }
}

tieback::result<std::string> url_of(const tieback::service &service, const tieback::scope &scope, tieback::text id) {
    tieback::result<tieback::hook> shown = service.hooks().try_show(scope, id);
    if (!shown) return std::move(shown).error();
    return shown->destination_url().str();
}

int count(tieback::hook_walk &walk) {
    int hooks = 0;
    for (;;) {
        auto next = walk.try_next();
        if (!next) break;  // next.error() says why
        if (!*next) break; // the end
        ++hooks;
    }
    return hooks;
}

void lists(const tieback::service &service, const tieback::scope &scope) {
    // One page: views, which are valid as long as the page.
    const tieback::hooks page = service.hooks().list(scope);
    for (const tieback::hook_view hook : page) {
        std::cout << hook.namespace_() << ' ' << hook.status() << '\n';
    }

    // All, over page borders: owners, which may be moved out.
    std::vector<tieback::hook> disabled;
    for (tieback::hook &hook : service.hooks().walk(scope)) {
        if (hook.status() == "disabled") disabled.push_back(std::move(hook));
    }

    CHECK(page.size() == 2 && disabled.size() == 1);
    tieback::hook_walk walk = service.hooks().walk(scope);
    CHECK(count(walk) == 2);
}

void publish_many(const tieback::engine &engine, const std::vector<tieback::event_options> &events) {
    const auto answers = engine.publish_many(events);
    for (std::size_t n = 0; n < answers.size(); ++n) {
        const tieback::result<tieback::published_view> answer = answers[n];
        if (!answer) std::cerr << "event " << n << ": " << answer.error().what() << '\n';
    }
    CHECK(answers.failed() == 1);
}

void texts(std::string_view view) {
    tieback::event_options event;
    event.resource_name = "Company Users";    // a literal: no copy
    event.resource_id = std::to_string(42);   // moved in
    event.id = view;                          // copied, and ended with a NUL
    const std::string type = "update";
    event.event_type = tieback::borrow(type); // no copy: `type` has to stay until the call
    CHECK(event.event_type.or_null() == type.c_str() && event.id.view() == view);
}

void receive(std::string_view body) {
    const tieback::event event = tieback::event::parse(body);
    const bool is_mine = event.source_application_id() == tieback::text("my-client-id");
    CHECK(is_mine);
    EQUAL(event.resource_id(), "42");
}

void end_calls(const tieback::engine &engine) {
    const tieback::cancel token = tieback::cancel::create();
    const tieback::engine worker = engine.with_cancel(token);
    std::thread thread([&worker] {
        try {
            worker.run_until_idle(10min, true);
        } catch (const tieback::error &error) {
            if (error.kind() != tieback::kind::cancelled) std::cerr << error.what() << '\n';
        }
    });
    token.request();
    thread.join();
}

} // namespace

int main(int argc, char **argv) {
    CHECK(argc == 3);
    tieback::engine_options options = quick_options(argv[1]);
    options.on_log = [](tieback::log_line_view line) { std::fprintf(stderr, "%s\n", line.message().c_str()); };
    options.log_level = tieback::log_level::warn;
    const tieback::engine engine(options);
    const tieback::service service = engine.service();
    const auto scope = tieback::scope::company(1);
    const tieback::hook hook = service.hooks().create(scope, plain_hook("document", argv[2]));
    service.triggers().create(scope, hook.id(), "Company Users", "update");
    tieback::hook_change disable;
    disable.active = false;
    service.hooks().update(scope, service.hooks().create(scope, plain_hook("another", argv[2])).id(), disable);
    CHECK(publish_patiently(engine, update_of(scope, "1")).deliveries() == 1);
    THROWS(publish_patiently(engine, tieback::event_options()), invalid_argument, "");
    EQUAL(url_of(service, scope, hook.id()).value(), argv[2]);
    FAILED(url_of(service, scope, "404404"), not_found, "404404");
    lists(service, scope);
    publish_many(engine, {update_of(scope, "2"), tieback::event_options()});
    texts("9001");
    receive(R"({"resource_id": 42, "metadata": {"source_application_id": "my-client-id"}})");
    end_calls(engine);
    return 0;
}
