// The header as C++17 uses it: owning pointers over the ABI, one event delivered.
#include <memory>
#include <stdexcept>
#include <string>

#include "check.h"

namespace {

struct Frees {
    void operator()(tieback_engine *engine) const { tieback_engine_close(engine); }
    void operator()(tieback_service *service) const { tieback_service_free(service); }
    void operator()(tieback_hook *hook) const { tieback_hook_free(hook); }
    void operator()(tieback_trigger *trigger) const { tieback_trigger_free(trigger); }
    void operator()(tieback_published *published) const { tieback_published_free(published); }
    void operator()(tieback_deliveries *deliveries) const { tieback_deliveries_free(deliveries); }
    void operator()(tieback_error *error) const { tieback_error_free(error); }
};

template <typename T> using Owned = std::unique_ptr<T, Frees>;

// Makes a call whose last arguments are the places for its result and its error.
template <typename T, typename Call> Owned<T> made(Call call) {
    T *out = nullptr;
    tieback_error *raised = nullptr;
    const tieback_status status = call(&out, &raised);
    const Owned<tieback_error> error(raised);
    if (status != TIEBACK_OK) {
        throw std::runtime_error(tieback_error_message(error.get()));
    }
    return Owned<T>(out);
}

void run(const char *path, const char *url) {
    const Owned<tieback_engine> engine(open_engine(path));
    const auto service = made<tieback_service>(
        [&](auto out, auto error) { return tieback_engine_service(engine.get(), out, error); });
    const tieback_scope scope = tieback_scope_company(5358233);
    const Owned<tieback_hook> hook(create_hook(service.get(), &scope, "cxx", url));
    const std::string id = tieback_hook_id(hook.get());
    made<tieback_trigger>([&](auto out, auto error) {
        return tieback_trigger_create(service.get(), &scope, id.c_str(), "Company Users", "update", out, error);
    });
    tieback_event_options event = TIEBACK_EVENT_OPTIONS_INIT;
    event.company_id = scope.company_id;
    event.resource_name = "Company Users";
    event.resource_id = "42";
    event.event_type = "update";
    const auto published = made<tieback_published>(
        [&](auto out, auto error) { return tieback_publish(engine.get(), &event, out, error); });
    CHECK(tieback_published_deliveries(published.get()) == 1);
    CHECK(tieback_engine_run_until_idle(engine.get(), 60000, 1, nullptr, nullptr) == TIEBACK_OK);
    const auto deliveries = made<tieback_deliveries>([&](auto out, auto error) {
        return tieback_delivery_list(service.get(), &scope, id.c_str(), nullptr, out, error);
    });
    CHECK(tieback_deliveries_len(deliveries.get()) == 1);
    SAME(tieback_delivery_status(tieback_deliveries_at(deliveries.get(), 0)), "delivered");

    try {
        made<tieback_hook>([&](auto out, auto error) {
            return tieback_hook_show(service.get(), &scope, "404404", out, error);
        });
        CHECK(!"a hook that is not there was shown");
    } catch (const std::runtime_error &error) {
        HAS(error.what(), "404404");
    }
}

} // namespace

int main(int argc, char **argv) {
    CHECK(argc == 3);
    run(argv[1], argv[2]);
    return 0;
}
