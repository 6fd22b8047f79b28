/* An event becomes a delivery: cc quickstart.c -ltieback && ./a.out hooks.db http://127.0.0.1:8099/events */
#include <stdio.h>
#include <stdlib.h>
#include <tieback.h>

static void check(tieback_status status, tieback_error **error) {
    if (status != TIEBACK_OK) {
        fprintf(stderr, "%s: %s\n", tieback_status_name(status), tieback_error_message(*error));
        exit(1);
    }
}

int main(int argc, char **argv) {
    tieback_engine_options options = TIEBACK_ENGINE_OPTIONS_INIT;
    tieback_hook_options hook_options = TIEBACK_HOOK_OPTIONS_INIT;
    tieback_event_options event = TIEBACK_EVENT_OPTIONS_INIT;
    tieback_scope scope = tieback_scope_company(5358233);
    tieback_engine *engine;
    tieback_service *service;
    tieback_hook *hook;
    tieback_trigger *trigger;
    tieback_published *published;
    tieback_deliveries *deliveries;
    tieback_error *error;

    if (argc != 3) return 2;
    options.path = argv[1];
    options.danger_allow_http = options.danger_allow_private_addresses = 1; /* the endpoint is on this machine */
    check(tieback_engine_open(&options, &engine, &error), &error);
    check(tieback_engine_service(engine, &service, &error), &error);

    hook_options.namespace_ = "acme-invoice-sync";
    hook_options.payload_version = "v2.0";
    hook_options.destination_url = argv[2];
    check(tieback_hook_create(service, &scope, &hook_options, &hook, &error), &error);
    check(tieback_trigger_create(service, &scope, tieback_hook_id(hook), "Company Users", "update", &trigger, &error),
          &error);

    event.company_id = 5358233;
    event.resource_name = "Company Users";
    event.resource_id = "42";
    event.event_type = "update";
    check(tieback_publish(engine, &event, &published, &error), &error); /* now it is on disk */
    check(tieback_engine_run_until_idle(engine, 30000, 1, NULL, &error), &error);

    check(tieback_delivery_list(service, &scope, tieback_hook_id(hook), NULL, &deliveries, &error), &error);
    for (size_t i = 0; i < tieback_deliveries_len(deliveries); i++) {
        const tieback_delivery *delivery = tieback_deliveries_at(deliveries, i);
        printf("%s:", tieback_delivery_status(delivery));
        for (size_t n = 0; n < tieback_delivery_attempt_count(delivery); n++)
            printf(" %s", tieback_attempt_reason(tieback_delivery_attempt(delivery, n)));
        printf("\n");
    }

    tieback_deliveries_free(deliveries);
    tieback_published_free(published);
    tieback_trigger_free(trigger);
    tieback_hook_free(hook);
    tieback_service_free(service);
    tieback_engine_close(engine);
    return 0;
}
