/* Business functions over tieback's flat ABI, as JD Edwards and its like call them: one data structure of fixed fields
 * and 32-bit numbers, and a number back. Nothing is kept between calls but what the structure holds.
 *
 * Character fields end at a NUL or before the blanks at their end, and are UTF-8. A Unicode JD Edwards has JCHAR:
 * convert with jdeFromUnicode before and jdeToUnicode after the call. */
#ifndef TIEBACK_BUSINESS_FUNCTION_H
#define TIEBACK_BUSINESS_FUNCTION_H

#include <stdint.h>

/* As ER_SUCCESS and ER_ERROR of jde.h. */
#define TBF_SUCCESS 0
#define TBF_ERROR 2

typedef struct {
    char store[260];        /* in: the store's file */
    int32_t allow_http;     /* in: 1 for an endpoint of the own network without TLS */
    int32_t handle;         /* the open engine; 0 before tbf_open */
    char company_id[20];    /* in */
    char resource_name[80]; /* in: such as "Purchase Order Contracts" */
    char resource_id[40];   /* in */
    char event_type[8];     /* in: create, update or delete */
    char event_id[24];      /* out: the id of the published event */
    int32_t deliveries;     /* out: how many hooks get it */
    int32_t attempts;       /* out: how many attempts tbf_deliver has ended */
    int32_t status;         /* out: tieback_status of the latest call */
    char message[200];      /* out: why it failed, else empty */
} tbf_data;

/* Opens the engine of `store`. */
int32_t tbf_open(tbf_data *data);

/* Publishes one change. After success it is on disk and will be delivered, whatever happens to this process. */
int32_t tbf_publish(tbf_data *data);

/* Delivers for up to `milliseconds`, on the caller's thread: for a scheduled job. */
int32_t tbf_deliver(tbf_data *data, int32_t milliseconds);

/* Closes the engine. */
int32_t tbf_close(tbf_data *data);

#endif
