/* What a hook may have beside its destination: secrets that sign its deliveries, and a rate limit. */
#include "check.h"

#define OLD "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define NEW "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"

static const char *const BOTH[] = {NEW, OLD};
static const char *const TWICE[] = {OLD, OLD};
static const char *const WRONG[] = {"whsec_sesame"};
static const char *const NONE[] = {NULL};
static const char *const OWN_NAMES[] = {"Webhook-Id"};
static const char *const OWN_VALUES[] = {"mine-0123456789"};

static tieback_service *service;
static tieback_scope scope;
static tieback_error *error;

static tieback_hook *change_hook(const char *id, const tieback_hook_change *change) {
    tieback_hook *changed = NULL;
    OK(tieback_hook_update(service, &scope, id, change, &changed, &error));
    return changed;
}

static tieback_hook *create(const char *url) {
    tieback_hook_options options = TIEBACK_HOOK_OPTIONS_INIT;
    tieback_hook *hook = NULL;
    options.namespace_ = "signed";
    options.payload_version = "v2.0";
    options.destination_url = url;
    options.signing_secrets = BOTH;
    options.signing_secret_count = 2;
    options.rate_limit_attempts = 100;
    options.rate_limit_per_ms = 1000;
    options.rate_limit_burst = 7;
    OK(tieback_hook_create(service, &scope, &options, &hook, &error));
    return hook;
}

static void check_options(const char *id) {
    tieback_hook *hook = NULL;
    OK(tieback_hook_show(service, &scope, id, &hook, &error));
    CHECK(tieback_hook_signing_secret_count(hook) == 2);
    SAME(tieback_hook_signing_secret(hook, 0), "*****ob7oD");
    SAME(tieback_hook_signing_secret(hook, 1), "*****aLaSw");
    CHECK(tieback_hook_signing_secret(hook, 2) == NULL);
    CHECK(tieback_hook_rate_limit_attempts(hook) == 100);
    CHECK(tieback_hook_rate_limit_per_ms(hook) == 1000);
    CHECK(tieback_hook_rate_limit_burst(hook) == 7);
    HAS(tieback_hook_to_json(hook), "\"rate_limit\":{\"attempts\":100,\"per_ms\":1000,\"burst\":7}");
    CHECK(strstr(tieback_hook_to_json(hook), "MfKQ") == NULL);
    tieback_hook_free(hook);
}

static void refuse(const char *id) {
    tieback_hook_change change;
    tieback_hook *hook = NULL;
#define REFUSED(set, word)                                                                                         \
    do {                                                                                                           \
        tieback_hook_change_init(&change, sizeof change);                                                          \
        set;                                                                                                       \
        FAILS(tieback_hook_update(service, &scope, id, &change, &hook, &error), TIEBACK_INVALID_ARGUMENT, word);   \
        CHECK(hook == NULL);                                                                                       \
    } while (0)
    REFUSED((change.signing_secrets = TWICE, change.signing_secret_count = 2), "1 and 2 are the same");
    REFUSED((change.signing_secrets = WRONG, change.signing_secret_count = 1), "secret 1");
    REFUSED((change.signing_secrets = NONE, change.signing_secret_count = 1), "a signing secret is NULL");
    REFUSED(change.signing_secret_count = 1, "signing_secrets is NULL");
    REFUSED((change.signing_secrets = BOTH, change.signing_secret_count = 2, change.clear_signing_secrets = 1),
            "one of the two");
    REFUSED(change.clear_signing_secrets = 2, "clear_signing_secrets is 2");
    REFUSED(change.rate_limit_attempts = 1, "per 0ns");
    REFUSED(change.rate_limit_per_ms = 1000, "0 attempts");
    REFUSED(change.rate_limit_burst = 1, "0 attempts");
    REFUSED((change.rate_limit_attempts = 1, change.rate_limit_per_ms = -1), "rate_limit_per_ms -1");
    REFUSED((change.rate_limit_attempts = -1, change.rate_limit_per_ms = 1), "rate_limit_attempts -1");
    REFUSED((change.rate_limit_attempts = 1, change.rate_limit_per_ms = 1, change.clear_rate_limit = 1),
            "one of the two");
    REFUSED((change.header_names = OWN_NAMES, change.header_values = OWN_VALUES, change.header_count = 1),
            "`Webhook-Id`");
#undef REFUSED
    check_options(id);
}

static void take_away(const char *id) {
    tieback_hook_change change = TIEBACK_HOOK_CHANGE_INIT;
    tieback_hook *hook;

    change.rate_limit_attempts = 1;
    change.rate_limit_per_ms = 86400000;
    change.signing_secrets = BOTH;
    change.signing_secret_count = 1;
    hook = change_hook(id, &change);
    CHECK(tieback_hook_rate_limit_burst(hook) == 1);
    CHECK(tieback_hook_rate_limit_per_ms(hook) == 86400000);
    CHECK(tieback_hook_signing_secret_count(hook) == 1);
    tieback_hook_free(hook);

    tieback_hook_change_init(&change, sizeof change);
    change.clear_signing_secrets = 1;
    hook = change_hook(id, &change);
    CHECK(tieback_hook_signing_secret_count(hook) == 0);
    CHECK(tieback_hook_rate_limit_attempts(hook) == 1);
    tieback_hook_free(hook);

    tieback_hook_change_init(&change, sizeof change);
    change.clear_rate_limit = 1;
    hook = change_hook(id, &change);
    CHECK(tieback_hook_rate_limit_attempts(hook) == 0);
    CHECK(tieback_hook_rate_limit_per_ms(hook) == 0);
    CHECK(tieback_hook_rate_limit_burst(hook) == 0);
    tieback_hook_free(hook);
}

static void from_json(void) {
    tieback_hook *hook = NULL;
    OK(tieback_hook_create_from_json(service, &scope,
                                     "{\"namespace\": \"from-json\", \"payload_version\": \"v3.0\","
                                     " \"destination_url\": \"http://127.0.0.1:9/\","
                                     " \"signing_secrets\": [\"" OLD "\"],"
                                     " \"rate_limit\": {\"attempts\": 1, \"per_ms\": 10000}}",
                                     &hook, &error));
    SAME(tieback_hook_signing_secret(hook, 0), "*****aLaSw");
    CHECK(tieback_hook_rate_limit_per_ms(hook) == 10000);
    tieback_hook_free(hook);
}

int main(int argc, char **argv) {
    tieback_event_options event = TIEBACK_EVENT_OPTIONS_INIT;
    tieback_trigger *trigger = NULL;
    tieback_published *published = NULL;
    tieback_engine *engine;
    tieback_hook *hook;

    CHECK(argc == 3);
    engine = open_engine(argv[1]);
    scope = tieback_scope_company(5358233);
    OK(tieback_engine_service(engine, &service, &error));
    hook = create(argv[2]);
    check_options(tieback_hook_id(hook));
    refuse(tieback_hook_id(hook));

    OK(tieback_trigger_create(service, &scope, tieback_hook_id(hook), "Company Users", "update", &trigger, &error));
    tieback_trigger_free(trigger);
    event.company_id = 5358233;
    event.resource_name = "Company Users";
    event.resource_id = "42";
    event.event_type = "update";
    OK(tieback_publish(engine, &event, &published, &error));
    tieback_published_free(published);
    OK(tieback_engine_run_until_idle(engine, 30000, 1, NULL, &error));

    take_away(tieback_hook_id(hook));
    from_json();
    tieback_hook_free(hook);
    tieback_service_free(service);
    tieback_engine_close(engine);
    return 0;
}
