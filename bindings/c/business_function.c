/* Business functions over the flat ABI (business_function.h): fixed fields in, fixed fields out, no pointer kept. */
#include "business_function.h"

#include <stdio.h>
#include <string.h>
#include <tieback.h>

/* The longest input and answer of the operations that are used here, several times over. */
#define ROOM 4096

typedef struct {
    char json[ROOM];
    int32_t status;
} input;

typedef struct {
    char json[ROOM];
} output;

/* Puts a fixed field; after a failure nothing more is put. */
static void put(input *in, const char *pointer, const char *field, size_t size, int32_t is_json) {
    int32_t needed;
    if (in->status == TIEBACK_OK) {
        in->status = tieback_json_put_padded(in->json, ROOM, pointer, (int32_t)strlen(pointer), field, (int32_t)size,
                                             is_json, &needed);
    }
}

static void begin(input *in) {
    memset(in->json, ' ', ROOM);
    in->status = TIEBACK_OK;
}

/* A value of an answer, into a field that ends in a NUL; empty when it is not there. */
static void take(const output *out, const char *pointer, char *field, size_t size) {
    int32_t needed;
    (void)tieback_json_text_padded(out->json, ROOM, pointer, (int32_t)strlen(pointer), NULL, 0, &needed);
    memset(field, 0, size);
    if (needed > 0) {
        (void)tieback_json_text_padded(out->json, ROOM, pointer, (int32_t)strlen(pointer), field, (int32_t)size - 1,
                                       &needed);
    }
}

static int32_t take_number(const output *out, const char *pointer) {
    char text[16];
    int number = 0;
    take(out, pointer, text, sizeof text);
    return sscanf(text, "%d", &number) == 1 ? number : 0;
}

static int32_t call(tbf_data *data, const char *operation, const input *in, output *out) {
    int32_t written, needed, rest;
    memset(data->message, 0, sizeof data->message);
    memset(out->json, ' ', ROOM);
    if (in->status != TIEBACK_OK) {
        data->status = in->status;
        strcpy(data->message, "a field is not UTF-8, or too long");
        return TBF_ERROR;
    }
    data->status = tieback_call_padded(data->handle, operation, (int32_t)strlen(operation), in->json, ROOM, out->json,
                                       ROOM, &written, &needed, &rest);
    if (data->status == TIEBACK_OK) {
        return TBF_SUCCESS;
    }
    take(out, "/error/message", data->message, sizeof data->message);
    return TBF_ERROR;
}

int32_t tbf_open(tbf_data *data) {
    input in;
    output out;
    begin(&in);
    put(&in, "/path", data->store, sizeof data->store, 0);
    if (data->allow_http == 1) {
        put(&in, "/danger_allow_http", "true", 4, 1);
        put(&in, "/danger_allow_private_addresses", "true", 4, 1);
    }
    data->handle = 0;
    if (call(data, "engine_open", &in, &out) != TBF_SUCCESS) {
        return TBF_ERROR;
    }
    data->handle = take_number(&out, "/handle");
    return TBF_SUCCESS;
}

int32_t tbf_publish(tbf_data *data) {
    input in;
    output out;
    int32_t outcome;
    begin(&in);
    put(&in, "/event/company_id", data->company_id, sizeof data->company_id, 0);
    put(&in, "/event/resource_name", data->resource_name, sizeof data->resource_name, 0);
    put(&in, "/event/resource_id", data->resource_id, sizeof data->resource_id, 0);
    put(&in, "/event/event_type", data->event_type, sizeof data->event_type, 0);
    outcome = call(data, "publish", &in, &out);
    take(&out, "/id", data->event_id, sizeof data->event_id);
    data->deliveries = take_number(&out, "/deliveries");
    return outcome;
}

int32_t tbf_deliver(tbf_data *data, int32_t milliseconds) {
    input in;
    output out;
    char number[16];
    int32_t outcome;
    sprintf(number, "%d", (int)milliseconds);
    begin(&in);
    put(&in, "/timeout_ms", number, strlen(number), 1);
    outcome = call(data, "run_until_idle", &in, &out);
    data->attempts = take_number(&out, "/attempts");
    return outcome;
}

int32_t tbf_close(tbf_data *data) {
    input in;
    output out;
    int32_t outcome;
    begin(&in);
    outcome = call(data, "engine_close", &in, &out);
    data->handle = 0;
    return outcome;
}
