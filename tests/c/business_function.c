/* The business functions of bindings/c, called with blank-padded and with NUL-terminated fields. */
#include "business_function.h"

#include "flat.h"

/* Blank-padded to its end, without a NUL, as from a database's CHAR column. */
static void pad(char *field, size_t size, const char *text) {
    memset(field, ' ', size);
    memcpy(field, text, strlen(text));
}

static void create_hook_by(int32_t handle, const char *url) {
    char json[1024];
    sprintf(json, "{\"scope\": {\"company_id\": 5358233}, \"hook\": {\"namespace\": \"acme-orders\", "
                  "\"payload_version\": \"v2.0\", \"destination_url\": \"%s\"}}", url);
    GIVES(TIEBACK_OK, call(handle, "hook_create", json));
    GIVES(TIEBACK_OK, call(handle, "trigger_create",
                           "{\"scope\": {\"company_id\": 5358233}, \"hook_id\": 1, \"trigger\": "
                           "{\"resource_name\": \"Company Users\", \"event_type\": \"update\"}}"));
}

int main(int argc, char **argv) {
    tbf_data data;
    CHECK(argc == 3);
    memset(&data, 0, sizeof data);
    CHECK(tbf_publish(&data) == TBF_ERROR && data.status == TIEBACK_INVALID_ARGUMENT);
    HAS(data.message, "handle 0 is none");

    CHECK(strlen(argv[1]) < sizeof data.store);
    pad(data.store, sizeof data.store, argv[1]);
    data.allow_http = 1;
    CHECK(tbf_open(&data) == TBF_SUCCESS && data.handle > 0 && data.message[0] == '\0');
    create_hook_by(data.handle, argv[2]);

    pad(data.company_id, sizeof data.company_id, "5358233");
    pad(data.resource_name, sizeof data.resource_name, "Company Users");
    strcpy(data.resource_id, "42");
    strcpy(data.event_type, "update");
    CHECK(tbf_publish(&data) == TBF_SUCCESS && data.deliveries == 1);
    CHECK(strlen(data.event_id) > 10 && data.message[0] == '\0');

    pad(data.event_type, sizeof data.event_type, "");
    CHECK(tbf_publish(&data) == TBF_ERROR && data.status == TIEBACK_INVALID_ARGUMENT);
    CHECK(data.deliveries == 0 && data.event_id[0] == '\0');
    HAS(data.message, "event_type");
    strcpy(data.event_type, "\xff");
    CHECK(tbf_publish(&data) == TBF_ERROR && data.status == TIEBACK_INVALID_ARGUMENT);
    HAS(data.message, "UTF-8");

    /* The endpoint refuses the first attempt; the lane is in back-off for a second then. */
    CHECK(tbf_deliver(&data, 30000) == TBF_SUCCESS && data.attempts == 1);
    while (data.attempts < 2) {
        int32_t before = data.attempts;
        CHECK(tbf_deliver(&data, 1000) == TBF_SUCCESS);
        data.attempts += before;
    }
    CHECK(tbf_deliver(&data, -1) == TBF_ERROR && data.status == TIEBACK_INVALID_ARGUMENT);

    CHECK(tbf_close(&data) == TBF_SUCCESS && data.handle == 0);
    CHECK(tbf_close(&data) == TBF_ERROR && data.status == TIEBACK_INVALID_ARGUMENT);
    return 0;
}
