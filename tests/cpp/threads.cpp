// tieback.hpp from several threads: sharing, callbacks, cancelling, closing under others, and catching at the border.
#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "check.hpp"

namespace {

using namespace std::chrono_literals;

// Two threads manage and publish with one engine and one service, while the engine delivers on its own.
void share(const tieback::engine &engine, const tieback::service &service, const char *url) {
    engine.start();
    std::vector<std::future<std::int64_t>> threads;
    for (std::int64_t company = 1; company <= 2; ++company) {
        threads.push_back(std::async(std::launch::async, [&, company] {
            const auto scope = tieback::scope::company(company);
            const tieback::hook hook = service.hooks().create(scope, plain_hook("threads", url));
            service.triggers().create(scope, hook.id(), "Company Users", "update");
            std::int64_t made = 0;
            for (int n = 1; n <= 8; ++n) {
                made += engine.publish(update_of(scope, std::to_string(n))).deliveries();
                CHECK(service.hooks().show(scope, hook.id()).id() == hook.id().str());
            }
            return made;
        }));
    }
    for (auto &thread : threads) {
        CHECK(thread.get() == 8);
    }
    CHECK(engine.run_until_idle(60s, true).idle());
    engine.stop(10s);
    CHECK(engine.stats().delivered() == 16);
}

// An exception of one thread is caught by another, with all that it says.
void hand_over(const tieback::service &service) {
    std::future<tieback::hook> thread = std::async(
        std::launch::async, [&] { return service.hooks().show(tieback::scope::company(1), "404404"); });
    THROWS(thread.get(), not_found, "404404");
}

// A long call ends when another thread asks for it; the engine is as before.
void end_calls(const tieback::engine &engine, const tieback::service &service) {
    tieback::cancel token = tieback::cancel::create();
    tieback::engine waiting = engine.with_cancel(token);
    const tieback::service managing = service.with_cancel(token);
    const auto scope = tieback::scope::company(5);
    const tieback::hook hook = managing.hooks().create(scope, plain_hook("nobody", "http://127.0.0.1:9/nobody"));
    managing.triggers().create(scope, hook.id(), "Company Users", "update");
    waiting.publish(update_of(scope, "1")); // nobody takes it, so there is no end of trying
    std::future<void> thread = std::async(std::launch::async, [&] { token.request(); });
    THROWS(waiting.run_until_idle(10min, true), cancelled, "");
    thread.get();
    CHECK(token.requested());
    THROWS(managing.hooks().list(scope), cancelled, "");
    THROWS(waiting.service().hooks().list(scope), cancelled, "");
    service.hooks().remove(scope, hook.id());
    CHECK(engine.run_until_idle(60s, true).idle());
    waiting.close(); // ends this handle alone
    CHECK(engine.stats().queued() == 0);
    tieback::cancel moved = std::move(token);
    CHECK(!token.requested() && moved.requested());
    THROWS(token.request(), invalid_argument, "NULL");
}

// Counts what it is told, counts its copies, and throws each time.
struct Listener {
    std::shared_ptr<std::atomic<int>> told = std::make_shared<std::atomic<int>>(0);

    template <class View> void operator()(View view) const {
        CONTAINS(view.at(), "Z");
        CONTAINS(view.to_json(), "{");
        ++*told;
        throw std::runtime_error("what a callback throws ends at its border");
    }
};

void listen(const char *path, const char *url) {
    const Listener notices, lines, debug;
    tieback::engine_options options = quick_options(path);
    options.on_notice = notices;
    options.on_log = lines;
    const long before = notices.told.use_count();
    {
        // When opening fails, the functions are not kept.
        tieback::engine_options wrong = options;
        wrong.path = std::string(path) + "/nowhere/hooks.db";
        CHECK(!tieback::engine::try_open(wrong));
    }
    CHECK(notices.told.use_count() == before && lines.told.use_count() == before);
    {
        const tieback::engine engine(options);
        CHECK(notices.told.use_count() == before + 1 && lines.told.use_count() == before + 1);
        const tieback::service service = engine.service();
        const auto scope = tieback::scope::company(3);
        const tieback::hook hook = service.hooks().create(scope, plain_hook("listen", url));
        service.triggers().create(scope, hook.id(), "Company Users", "update");
        engine.publish(update_of(scope, "1"));
        CHECK(engine.run_until_idle(60s, true).idle());
        CHECK(*notices.told >= 2 && *lines.told >= 3); // paused, resumed; opened, created, and those
    }
    CHECK(notices.told.use_count() == before && lines.told.use_count() == before); // dropped, once

    // What is told is in the view; the level bounds it.
    std::vector<std::string> seen;
    options.on_notice = nullptr;
    options.on_log = [&seen](tieback::log_line_view line) {
        CHECK(line.level() == tieback::log_level::error || line.level() == tieback::log_level::warn);
        seen.push_back(line.hook_id() ? line.hook_id()->str() : "");
        CHECK(!line.message().empty());
    };
    options.log_level = tieback::log_level::warn;
    const tieback::engine engine(options);
    const auto scope = tieback::scope::company(4);
    const tieback::service service = engine.service();
    const tieback::hook hook = service.hooks().create(scope, plain_hook("nobody", "http://127.0.0.1:9/nobody"));
    service.triggers().create(scope, hook.id(), "Company Users", "update");
    engine.publish(update_of(scope, "1"));
    engine.run_until_idle(60s);
    CHECK(!seen.empty());
    EQUAL(seen.front(), hook.id());
}

// One thread closes the engine while another calls: it is told so, and what it has stays.
void close_under(const tieback::engine &engine, const tieback::service &service) {
    const tieback::hooks page = service.hooks().list(tieback::scope::company(1));
    std::promise<void> begun;
    std::future<void> thread = std::async(std::launch::async, [&] {
        begun.set_value();
        for (;;) {
            const auto listed = service.hooks().try_list(tieback::scope::company(1));
            if (!listed) {
                CHECK(listed.error().kind() == tieback::kind::closed);
                return;
            }
        }
    });
    begun.get_future().get();
    engine.close();
    thread.get();
    engine.close(); // nothing happens
    EQUAL(page[0].namespace_(), "threads");
}

} // namespace

int main(int argc, char **argv) {
    CHECK(argc == 3);
    listen((std::string(argv[1]) + "-listen").c_str(), argv[2]);
    const tieback::engine engine(quick_options(argv[1]));
    const tieback::service service = engine.service();
    share(engine, service, argv[2]);
    hand_over(service);
    end_calls(engine, service);
    close_under(engine, service);
    return 0;
}
