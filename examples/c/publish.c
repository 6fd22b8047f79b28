/* Publishes and ends; another program delivers (drain.c): cc publish.c -ltieback && ./a.out hooks.db URL 3
 *
 * For a batch job or a form's button: nothing here waits for an endpoint. When tieback_publish has returned, the event
 * is on disk, and whichever process delivers from this store takes it from there, at once or after its next start. */
#include <stdio.h>
#include <stdlib.h>
#include <tieback.h>

static void check(tieback_status status, tieback_error **error) {
    if (status != TIEBACK_OK) {
        fprintf(stderr, "%s: %s\n", tieback_status_name(status), tieback_error_message(*error));
        exit(1);
    }
}

/* The hook and its trigger, when they are not there yet. */
static void create_hook(const tieback_engine *engine, const tieback_scope *scope, const char *url) {
    tieback_hook_options options = TIEBACK_HOOK_OPTIONS_INIT;
    tieback_service *service = NULL;
    tieback_hook *hook = NULL;
    tieback_trigger *trigger = NULL;
    tieback_error *error = NULL;
    tieback_status status;

    check(tieback_engine_service(engine, &service, &error), &error);
    options.namespace_ = "acme-orders";
    options.payload_version = "v2.0";
    options.destination_url = url;
    status = tieback_hook_create(service, scope, &options, &hook, &error);
    if (status == TIEBACK_CONFLICT) {
        tieback_error_free(error); /* an earlier run has made it */
    } else {
        check(status, &error);
        status = tieback_trigger_create(service, scope, tieback_hook_id(hook), "Company Users", "update", &trigger,
                                        &error);
        check(status, &error);
    }
    tieback_trigger_free(trigger);
    tieback_hook_free(hook);
    tieback_service_free(service);
}

int main(int argc, char **argv) {
    tieback_engine_options options = TIEBACK_ENGINE_OPTIONS_INIT;
    tieback_event_options event = TIEBACK_EVENT_OPTIONS_INIT;
    tieback_scope scope = tieback_scope_company(5358233);
    tieback_engine *engine = NULL;
    tieback_error *error = NULL;
    int count, number;

    if (argc != 4 || (count = atoi(argv[3])) < 1) {
        fprintf(stderr, "usage: publish STORE URL COUNT\n");
        return 2;
    }
    options.path = argv[1];
    options.danger_allow_http = options.danger_allow_private_addresses = 1; /* the endpoint is on this machine */
    check(tieback_engine_open(&options, &engine, &error), &error);
    create_hook(engine, &scope, argv[2]);

    event.company_id = scope.company_id;
    event.resource_name = "Company Users";
    event.event_type = "update";
    for (number = 1; number <= count; number++) {
        tieback_published *published = NULL;
        char resource_id[16];
        sprintf(resource_id, "%d", number);
        event.resource_id = resource_id;
        check(tieback_publish(engine, &event, &published, &error), &error);
        printf("published %s\n", tieback_published_id(published));
        tieback_published_free(published);
    }
    tieback_engine_close(engine);
    return 0;
}
