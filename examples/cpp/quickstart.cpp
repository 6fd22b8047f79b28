// An event becomes a delivery, in C++17; the same program stands in tieback.hpp.
#include <tieback.hpp>

#include <chrono>
#include <iostream>
#include <string>

int main(int, char **argv) try {
    tieback::engine_options options;
    options.path = argv[1];
    options.danger_allow_http = options.danger_allow_private_addresses = true; // the endpoint is on this machine
    const tieback::engine engine(options);
    const tieback::service service = engine.service();

    tieback::hook_options wanted;
    wanted.namespace_ = "acme-invoice-sync";
    wanted.payload_version = "v4.0";
    wanted.destination_url = argv[2];
    const auto scope = tieback::scope::company(5358233);
    const tieback::hook hook = service.hooks().create(scope, wanted);
    service.triggers().create(scope, hook.id(), "Company Users", "update");

    tieback::event_options event;
    event.company_id = scope.company_id();
    event.resource_name = "Company Users";
    event.resource_id = std::to_string(42);
    event.event_type = "update";
    engine.publish(event); // now it is on disk
    engine.run_until_idle(std::chrono::seconds(30), true);

    for (const tieback::delivery &delivery : service.deliveries().walk(scope, hook.id()))
        std::cout << delivery.event().resource_name() << ": " << delivery.status() << '\n';
} catch (const tieback::error &error) {
    std::cerr << tieback::name(error.kind()) << ": " << error.what() << '\n';
    return 1;
}
