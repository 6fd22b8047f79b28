/* The flat ABI's JSON: putting values into a text and reading them out of it, in place, in fixed fields too. */
#include "flat.h"

#define PUT(status, pointer, value, is_json) \
    GIVES(status, tieback_json_put(json, (int32_t)sizeof json, (pointer), (value), (is_json), &needed))

#define READS(text, pointer, expected) reads((text), (pointer), (expected), __LINE__)
#define LACKS(text, pointer, status) lacks((text), (pointer), (status), __LINE__)

static char json[512];
static int32_t needed;

static void reads(const char *text, const char *pointer, const char *expected, int line) {
    char out[256] = "before";
    int32_t status = tieback_json_text(text, pointer, out, sizeof out, &needed);
    if (status != TIEBACK_OK || strcmp(out, expected) != 0 || needed != (int32_t)strlen(expected)) {
        fprintf(stderr, "line %d: %s gave %d, `%s` (%d)\n", line, pointer, status, out, needed);
        exit(1);
    }
}

static void lacks(const char *text, const char *pointer, int32_t expected, int line) {
    char out[16] = "before";
    int32_t status = tieback_json_text(text, pointer, out, sizeof out, &needed);
    if (status != expected || out[0] != '\0' || needed != 0) {
        fprintf(stderr, "line %d: %s gave %d, `%s` (%d)\n", line, pointer, status, out, needed);
        exit(1);
    }
}

static void check_reading(void) {
    static const char text[] =
        "{\"items\": [{\"id\": \"7\", \"n\": 12345678901234567890123, \"f\": 1.50, \"t\": true, \"no\": null, "
        "\"e\": \"\"}, {\"a/b\": {\"m~n\": \"q\\\"\\u20ac\\n\"}, \"\": \"nameless\"}]}";
    READS(text, "/items/0/id", "7");
    READS(text, "/items/0/n", "12345678901234567890123");
    READS(text, "/items/0/f", "1.5");
    READS(text, "/items/0/t", "true");
    READS(text, "/items/0/e", "");
    READS(text, "/items/1/a~1b/m~0n", "q\"\xe2\x82\xac\n");
    READS(text, "/items/1/", "nameless");
    READS(text, "/items/1/a~1b", "{\"m~n\":\"q\\\"\xe2\x82\xac\\n\"}");
    READS(text, "   /items/0/id   ", "7");
    READS("[1, [2, 3]]", "/1/0", "2");
    READS("  \"alone\"  ", "", "alone");
    READS("7", NULL, "7");
    LACKS(text, "/items/0/no", TIEBACK_NOT_FOUND);
    LACKS(text, "/items/2", TIEBACK_NOT_FOUND);
    LACKS(text, "/items/-", TIEBACK_NOT_FOUND);
    LACKS(text, "/items/01", TIEBACK_NOT_FOUND);
    LACKS(text, "/items/0/id/x", TIEBACK_NOT_FOUND);
    LACKS(text, "/nothing/there", TIEBACK_NOT_FOUND);
    LACKS(text, "items/0/id", TIEBACK_INVALID_ARGUMENT);
    LACKS("{\"a\":", "/a", TIEBACK_INVALID_ARGUMENT);
    LACKS("", "", TIEBACK_INVALID_ARGUMENT);
    LACKS(NULL, "/a", TIEBACK_INVALID_ARGUMENT);
    LACKS("{\"a\": \"\xff\"}", "/a", TIEBACK_INVALID_ARGUMENT);
}

/* A value is cut before the character that does not fit; `needed` says so. */
static void check_room_for_values(void) {
    static const char text[] = "{\"v\": \"a\xe2\x82\xac\"}";
    static const int32_t fits[] = {-1, 0, 1, 1, 1, 4};
    int32_t capacity;
    for (capacity = 0; capacity <= 5; capacity++) {
        char out[8] = "#######";
        GIVES(TIEBACK_OK, tieback_json_text(text, "/v", out, capacity, &needed));
        CHECK(needed == 4 && out[capacity] == '#');
        CHECK(capacity == 0 || (int32_t)strlen(out) == fits[capacity]);
    }
    GIVES(TIEBACK_OK, tieback_json_text(text, "/v", NULL, 100, &needed));
    CHECK(needed == 4);
    GIVES(TIEBACK_INVALID_ARGUMENT, tieback_json_text(text, "/v", NULL, 0, NULL));
}

static void check_putting(void) {
    json[0] = '\0';
    PUT(TIEBACK_OK, "/event/company_id", "5358233", 1);
    PUT(TIEBACK_OK, "/event/resource_id", "say \"hi\" \\ \n\x01", 0);
    SAME(json, "{\"event\":{\"company_id\":5358233,\"resource_id\":\"say \\\"hi\\\" \\\\ \\n\\u0001\"}}");
    CHECK(needed == (int32_t)strlen(json));
    PUT(TIEBACK_OK, "/event/company_id", " true ", 1);
    PUT(TIEBACK_OK, "/event/resource_id", "{\"a\": [1.25]}", 1);
    SAME(json, "{\"event\":{\"company_id\":true,\"resource_id\":{\"a\":[1.25]}}}");
    PUT(TIEBACK_OK, "/event", NULL, 1);
    SAME(json, "{\"event\":null}");
    /* Null is nothing: something may be made there. */
    PUT(TIEBACK_OK, "/event/x~1y/z~0", NULL, 0);
    SAME(json, "{\"event\":{\"x/y\":{\"z~\":\"\"}}}");

    strcpy(json, "  ");
    PUT(TIEBACK_OK, "/triggers/0/resource_name", "RFIs", 0);
    PUT(TIEBACK_OK, "/triggers/0/event_type", "create", 0);
    PUT(TIEBACK_OK, "/triggers/1", "{}", 1);
    PUT(TIEBACK_OK, "/triggers/-", "7", 1);
    SAME(json, "{\"triggers\":[{\"resource_name\":\"RFIs\",\"event_type\":\"create\"},{},7]}");
    PUT(TIEBACK_INVALID_ARGUMENT, "/triggers/4", "7", 1);
    PUT(TIEBACK_INVALID_ARGUMENT, "/triggers/01", "7", 1);
    PUT(TIEBACK_INVALID_ARGUMENT, "/triggers/+1", "7", 1);
    PUT(TIEBACK_INVALID_ARGUMENT, "/triggers/x", "7", 1);
    PUT(TIEBACK_INVALID_ARGUMENT, "/triggers/2/x", "7", 1);
    PUT(TIEBACK_INVALID_ARGUMENT, "/triggers/0/event_type/x", "7", 1);
    PUT(TIEBACK_INVALID_ARGUMENT, "", "7", 1);
    PUT(TIEBACK_INVALID_ARGUMENT, "a", "7", 1);
    PUT(TIEBACK_INVALID_ARGUMENT, NULL, "7", 1);
    PUT(TIEBACK_INVALID_ARGUMENT, "/a", "7 7", 1);
    PUT(TIEBACK_INVALID_ARGUMENT, "/a", "", 1);
    PUT(TIEBACK_INVALID_ARGUMENT, "/a", "7", 2);
    PUT(TIEBACK_INVALID_ARGUMENT, "/a", "\xc3", 0);
    CHECK(needed == 0);
    SAME(json, "{\"triggers\":[{\"resource_name\":\"RFIs\",\"event_type\":\"create\"},{},7]}");
    strcpy(json, "{\"a\"");
    PUT(TIEBACK_INVALID_ARGUMENT, "/a", "7", 1);
    SAME(json, "{\"a\"");
    GIVES(TIEBACK_INVALID_ARGUMENT, tieback_json_put(json, sizeof json, "/a", "7", 1, NULL));
    GIVES(TIEBACK_INVALID_ARGUMENT, tieback_json_put(NULL, 0, "/a", "7", 1, &needed));
    CHECK(needed == 7);
    GIVES(TIEBACK_INVALID_ARGUMENT, tieback_json_put(json, -1, "/a", "7", 1, &needed));
}

/* {"a":"xy"} has ten bytes: it fits into eleven, and into ten of a fixed field. */
static void check_room_for_putting(void) {
    int32_t capacity;
    for (capacity = 1; capacity <= 12; capacity++) {
        char text[16] = "\0##############";
        char field[16] = "               ";
        int fits = capacity >= 11, fits_field = capacity >= 10;
        GIVES(fits ? TIEBACK_OK : TIEBACK_INVALID_ARGUMENT,
              tieback_json_put(text, capacity, "/a", "xy", 0, &needed));
        CHECK(needed == 10 && text[capacity] == '#');
        SAME(text, fits ? "{\"a\":\"xy\"}" : "");
        field[capacity] = '#';
        GIVES(fits_field ? TIEBACK_OK : TIEBACK_INVALID_ARGUMENT,
              tieback_json_put_padded(field, capacity, "/a   ", 5, "xy    ", 6, 0, &needed));
        CHECK(needed == 10 && field[capacity] == '#');
        CHECK(memcmp(field, fits_field ? "{\"a\":\"xy\"}" : "          ", capacity < 10 ? (size_t)capacity : 10) == 0);
    }
}

static void check_fields(void) {
    char field[64], value[12], low[8];
    int32_t length;
    memset(field, ' ', sizeof field);
    memset(low, 0, sizeof low);
    memcpy(low, "ab", 2);
    GIVES(TIEBACK_OK, tieback_json_put_padded(field, sizeof field, "/t", 2, "  x ", 4, 0, &needed));
    GIVES(TIEBACK_OK, tieback_json_put_padded(field, sizeof field, "/n", 2, "0.5 ", 4, 1, &needed));
    GIVES(TIEBACK_OK, tieback_json_put_padded(field, sizeof field, "/l", 2, low, sizeof low, 0, &needed));
    GIVES(TIEBACK_OK, tieback_json_put_padded(field, sizeof field, "/e", 2, "    ", 4, 0, &needed));
    length = (int32_t)strlen("{\"t\":\"  x\",\"n\":0.5,\"l\":\"ab\",\"e\":\"\"}");
    CHECK(needed == length && memcmp(field, "{\"t\":\"  x\",\"n\":0.5,\"l\":\"ab\",\"e\":\"\"}", (size_t)length) == 0);
    CHECK(field[length] == ' ' && field[sizeof field - 1] == ' ');
    memset(value, '#', sizeof value);
    GIVES(TIEBACK_OK, tieback_json_text_padded(field, sizeof field, "/t  ", 4, value, 11, &needed));
    CHECK(needed == 3 && memcmp(value, "  x        #", 12) == 0);
    GIVES(TIEBACK_OK, tieback_json_text_padded(field, sizeof field, "/t", 2, value, 2, &needed));
    CHECK(needed == 3 && memcmp(value, "  x", 3) == 0);
    GIVES(TIEBACK_NOT_FOUND, tieback_json_text_padded(field, sizeof field, "/x", 2, value, 11, &needed));
    CHECK(needed == 0 && memcmp(value, "           #", 12) == 0);
    GIVES(TIEBACK_INVALID_ARGUMENT, tieback_json_text_padded(field, -1, "/t", 2, value, 11, &needed));
    GIVES(TIEBACK_INVALID_ARGUMENT, tieback_json_text_padded(field, sizeof field, "/t", -2, value, 11, &needed));
    GIVES(TIEBACK_OK, tieback_json_text_padded(field, sizeof field, "/t", 2, value, -1, &needed));
    GIVES(TIEBACK_INVALID_ARGUMENT, tieback_json_put_padded(field, sizeof field, "/t", 2, value, -1, 0, &needed));
    GIVES(TIEBACK_INVALID_ARGUMENT, tieback_json_put_padded(field, sizeof field, NULL, 2, "x", 1, 0, &needed));
}

int main(int argc, char **argv) {
    CHECK(argc == 3 && argv[1] != NULL);
    check_reading();
    check_room_for_values();
    check_putting();
    check_room_for_putting();
    check_fields();
    return 0;
}
