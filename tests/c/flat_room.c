/* The flat ABI and room: buffers of every size, characters of several bytes at the cut, answers that are read on. */
#include "flat.h"

/* Of one, two, three and four bytes. */
#define NAME "a\xc3\xa9\xe2\x82\xac\xf0\x9d\x84\x9e"

static char whole[4096], joined[4096], buffer[4096];

/* No byte but those of the buffer may be written. */
static void fill_with_marks(void) {
    memset(buffer, '#', sizeof buffer);
}

static void check_marks_from(int32_t capacity) {
    size_t at;
    for (at = capacity > 0 ? (size_t)capacity : 0; at < sizeof buffer; at++) {
        CHECK(buffer[at] == '#');
    }
}

static int begins_a_character(char byte) {
    return ((unsigned char)byte & 0xc0) != 0x80;
}

/* An answer into a buffer of this size, and the rest in pieces of the same size, is the whole answer. */
static void check_capacity(int32_t capacity, int32_t length) {
    int32_t needed = -1, rest = -1, left = -1, have;
    fill_with_marks();
    GIVES(TIEBACK_INVALID_ARGUMENT, tieback_call(0, NAME NAME, "{}", buffer, capacity, &needed, &rest));
    check_marks_from(capacity);
    CHECK(needed == length);
    if (capacity <= 0) {
        CHECK(rest > 0);
        GIVES(TIEBACK_OK, tieback_read(rest, 0, joined, sizeof joined, &left));
        CHECK(left == length && strcmp(joined, whole) == 0);
        return;
    }
    have = (int32_t)strlen(buffer);
    CHECK(have < capacity && have >= (capacity - 4 < length ? capacity - 4 : length));
    CHECK(begins_a_character(whole[have]));
    CHECK((rest == 0) == (length <= capacity - 1));
    memcpy(joined, buffer, (size_t)have + 1);
    /* Four bytes and the NUL: every piece has a character then. */
    while (rest != 0 && have < length) {
        int32_t room = capacity < 5 ? 5 : capacity;
        fill_with_marks();
        GIVES(TIEBACK_OK, tieback_read(rest, have, buffer, room, &left));
        check_marks_from(room);
        CHECK(left == length - have && strlen(buffer) > 0);
        memcpy(joined + have, buffer, strlen(buffer) + 1);
        have += (int32_t)strlen(buffer);
    }
    CHECK(strcmp(joined, whole) == 0);
    if (rest != 0) {
        GIVES(TIEBACK_NOT_FOUND, tieback_read(rest, 0, buffer, sizeof buffer, &left));
        CHECK(left == 0 && buffer[0] == '\0');
    }
}

static void check_padding(int32_t from, int32_t capacity) {
    for (; from < capacity; from++) {
        CHECK(buffer[from] == ' ');
    }
}

/* The same in fixed fields: all of the capacity is used, and what is left over is blank. */
static void check_field(int32_t capacity, int32_t length) {
    int32_t written = -1, needed = -1, rest = -1, have;
    char name[32] = NAME NAME;
    memset(name + 2 * strlen(NAME), ' ', sizeof name - 2 * strlen(NAME));
    fill_with_marks();
    GIVES(TIEBACK_INVALID_ARGUMENT,
          tieback_call_padded(0, name, sizeof name, NULL, 0, buffer, capacity, &written, &needed, &rest));
    check_marks_from(capacity);
    check_padding(written, capacity);
    CHECK(needed == length && (rest == 0) == (length <= capacity));
    CHECK(written <= capacity && written >= (capacity - 3 < length ? capacity - 3 : length));
    CHECK(memcmp(buffer, whole, (size_t)written) == 0 && begins_a_character(whole[written]));
    have = written;
    while (rest != 0 && have < length) {
        int32_t room = capacity < 4 ? 4 : capacity;
        fill_with_marks();
        GIVES(TIEBACK_OK, tieback_read_padded(rest, have, buffer, room, &written, &needed));
        check_marks_from(room);
        check_padding(written, room);
        CHECK(needed == length - have && written > 0 && memcmp(buffer, whole + have, (size_t)written) == 0);
        have += written;
    }
    CHECK(have == length);
    if (rest != 0) {
        GIVES(TIEBACK_NOT_FOUND, tieback_read_padded(rest, 0, buffer, 8, &written, &needed));
        CHECK(written == 0 && needed == 0 && memcmp(buffer, "        ", 8) == 0);
    }
}

/* Only the newest 64 answers that nobody has read wait. */
static void check_that_old_rests_are_forgotten(void) {
    int32_t rests[66], needed = -1, i;
    for (i = 0; i < 66; i++) {
        GIVES(TIEBACK_OK, tieback_call(0, "operations", NULL, NULL, 0, &needed, &rests[i]));
        CHECK(rests[i] > 0 && (i == 0 || rests[i] != rests[i - 1]));
    }
    for (i = 0; i < 66; i++) {
        int32_t expected = i < 2 ? TIEBACK_NOT_FOUND : TIEBACK_OK;
        GIVES(expected, tieback_read(rests[i], 0, answer, sizeof answer, &needed));
        CHECK((needed > 0) == (expected == TIEBACK_OK));
    }
}

/* What was read halfway can be read again from any place; what was read to its end is gone. */
static void check_reading(void) {
    int32_t needed = -1, rest = -1, length;
    GIVES(TIEBACK_INVALID_ARGUMENT, tieback_call(0, NAME, NULL, NULL, 0, &length, &rest));
    GIVES(TIEBACK_OK, tieback_read(rest, 5, buffer, 6, &needed));
    GIVES(TIEBACK_OK, tieback_read(rest, 0, buffer, 6, &needed));
    CHECK(strncmp(buffer, "{\"err", 6) == 0);
    GIVES(TIEBACK_INVALID_ARGUMENT, tieback_read(rest, -1, buffer, sizeof buffer, &needed));
    GIVES(TIEBACK_INVALID_ARGUMENT, tieback_read(rest, length + 1, buffer, sizeof buffer, &needed));
    GIVES(TIEBACK_INVALID_ARGUMENT, tieback_read(rest, 2147483647, buffer, sizeof buffer, &needed));
    GIVES(TIEBACK_OK, tieback_read(rest, 0, NULL, sizeof buffer, &needed));
    GIVES(TIEBACK_OK, tieback_read(rest, 0, buffer, -1, &needed));
    GIVES(TIEBACK_OK, tieback_read(rest, 0, buffer, sizeof buffer, &needed));
    CHECK(needed == length && (int32_t)strlen(buffer) == length);
    GIVES(TIEBACK_NOT_FOUND, tieback_read(rest, 0, buffer, sizeof buffer, &needed));
    GIVES(TIEBACK_NOT_FOUND, tieback_read(0, 0, buffer, sizeof buffer, &needed));
    GIVES(TIEBACK_NOT_FOUND, tieback_read(-5, 0, buffer, sizeof buffer, &needed));
}

int main(int argc, char **argv) {
    int32_t length, capacity;
    CHECK(argc == 3 && argv[1] != NULL);
    GIVES(TIEBACK_INVALID_ARGUMENT, call(0, NAME NAME, "{}"));
    CHECK(strlen(answer) < sizeof whole);
    strcpy(whole, answer);
    HAS(whole, NAME NAME);
    length = (int32_t)strlen(whole);
    for (capacity = -2; capacity <= length + 3; capacity++) {
        check_capacity(capacity, length);
    }
    check_capacity(INT32_MIN, length);
    for (capacity = 1; capacity <= length + 3; capacity++) {
        check_field(capacity, length);
    }
    check_reading();
    check_that_old_rests_are_forgotten();
    return 0;
}
