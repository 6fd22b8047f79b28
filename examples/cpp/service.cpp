// A service: reads events from standard input, one JSON object a line, and has them delivered while it reads; tells its
// log on standard error and its figures on standard output. It ends when the input does and everything is delivered, or
// on SIGTERM or SIGINT: then it lets attempts in flight end, and what is queued stays in the file for the next start.
//
//   c++ -std=c++17 service.cpp -ltieback -pthread -o service
//   ./service hooks.db http://127.0.0.1:8099/events < events.jsonl
#include <sys/select.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <iostream>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <tieback.hpp>

namespace {

using namespace std::chrono_literals;

volatile std::sig_atomic_t told_to_end = 0;

void note_signal(int) { told_to_end = 1; }

// Says once a second how much there is to do, on a thread of its own, until it is destroyed.
class Reporter {
  public:
    explicit Reporter(const tieback::engine &engine) : engine_(engine), thread_([this] { run(); }) {}
    Reporter(const Reporter &) = delete;
    Reporter &operator=(const Reporter &) = delete;
    ~Reporter() {
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            ends_ = true;
        }
        changed_.notify_one();
        thread_.join();
    }

  private:
    void run() {
        std::unique_lock<std::mutex> lock(mutex_);
        while (!changed_.wait_for(lock, 1s, [this] { return ends_; })) {
            // A report that fails is no reason to end a thread, and so the program.
            const tieback::result<tieback::stats> stats = engine_.try_stats();
            if (stats) {
                std::cerr << "queued " << stats->queued() << ", delivered " << stats->delivered() << '\n';
            } else {
                std::cerr << "no figures: " << stats.error().what() << '\n';
            }
        }
    }

    const tieback::engine &engine_;
    std::mutex mutex_;
    std::condition_variable changed_;
    bool ends_ = false;
    std::thread thread_;
};

// Publishes the lines of standard input until it ends. False when a signal came first.
bool publish_input(const tieback::engine &engine, const sigset_t &while_waiting) {
    std::string unread;
    char buffer[4096];
    while (told_to_end == 0) {
        fd_set readable;
        FD_ZERO(&readable);
        FD_SET(STDIN_FILENO, &readable);
        // Signals are let in here and nowhere else, so none can come between the question and the wait.
        if (pselect(STDIN_FILENO + 1, &readable, nullptr, nullptr, nullptr, &while_waiting) < 0) {
            if (errno == EINTR) continue;
            throw std::system_error(errno, std::generic_category(), "waiting for standard input");
        }
        const ssize_t length = read(STDIN_FILENO, buffer, sizeof buffer);
        if (length < 0) throw std::system_error(errno, std::generic_category(), "reading standard input");
        if (length == 0) return true;
        unread.append(buffer, static_cast<std::size_t>(length));
        for (std::size_t end = 0; (end = unread.find('\n')) != std::string::npos; unread.erase(0, end + 1)) {
            // What is wrong with one event does not keep the others from being published.
            const auto published = engine.try_publish_from_json(unread.substr(0, end));
            if (published) {
                std::cout << "event " << published->id() << ": " << published->deliveries() << " deliveries\n";
            } else if (published.error().kind() == tieback::kind::invalid_argument) {
                std::cout << "refused: " << published.error().what() << '\n';
            } else {
                published.value(); // the store: nothing can be published any more
            }
        }
        std::cout.flush();
    }
    return false;
}

// The hook of this service; created when it is not there.
void set_up(const tieback::service &service, const tieback::scope &scope, const char *url) {
    tieback::hook_query query;
    query.namespace_ = "example-service";
    if (!service.hooks().list(scope, query).empty()) return;
    tieback::hook_options options;
    options.namespace_ = "example-service";
    options.payload_version = "v4.0";
    options.destination_url = url;
    const tieback::hook hook = service.hooks().create(scope, options);
    service.triggers().create_many(scope, hook.id(), {{"Company Users", "create"}, {"Company Users", "update"}});
}

} // namespace

int main(int argc, char **argv) try {
    if (argc != 3) {
        std::cerr << "usage: service STORE URL < EVENTS\n";
        return 2;
    }
    // Before any thread is there: they inherit that these signals are not theirs.
    sigset_t ending, before;
    sigemptyset(&ending);
    sigaddset(&ending, SIGTERM);
    sigaddset(&ending, SIGINT);
    pthread_sigmask(SIG_BLOCK, &ending, &before);
    struct sigaction action = {};
    action.sa_handler = note_signal;
    sigaction(SIGTERM, &action, nullptr);
    sigaction(SIGINT, &action, nullptr);

    tieback::engine_options options;
    options.path = argv[1];
    options.danger_allow_http = options.danger_allow_private_addresses = true; // the endpoint is on this machine
    options.backoff_min = 100ms;
    options.on_log = [](tieback::log_line_view line) {
        const std::string whole = line.at().str() + ' ' + line.message().str() + '\n';
        std::cerr << whole; // in one piece: several threads may be told at once
    };
    const tieback::engine engine(options);
    set_up(engine.service(), tieback::scope::company(5358233), argv[2]);

    engine.start();
    {
        const Reporter reporter(engine);
        if (publish_input(engine, before)) {
            engine.run_until_idle(1min, true);
        }
    }
    engine.stop(10s);
    const tieback::stats stats = engine.stats();
    std::cout << "ended: " << stats.delivered() << " delivered, " << stats.queued() << " queued" << std::endl;
} catch (const tieback::error &error) {
    std::cerr << tieback::name(error.kind()) << ": " << error.what() << '\n';
    return 1;
} catch (const std::exception &error) {
    std::cerr << error.what() << '\n';
    return 1;
}
