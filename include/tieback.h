/*
 * tieback: manage, send and receive Procore webhooks.
 *
 * Generated from src/capi by `make header`; do not edit. This header is the manual of the C ABI.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */

#ifndef TIEBACK_H
#define TIEBACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * The version of this header, as text. `tieback_version()` gives the library's.
 */
#define TIEBACK_VERSION "0.1.0"

/**
 * The version's first number.
 */
#define TIEBACK_VERSION_MAJOR 0

/**
 * The version's second number.
 */
#define TIEBACK_VERSION_MINOR 1

/**
 * The version's third number.
 */
#define TIEBACK_VERSION_PATCH 0

/**
 * The version as one number that grows, 0xMMNNPP: for `#if TIEBACK_VERSION_NUMBER >= 0x000100`.
 */
#define TIEBACK_VERSION_NUMBER 0x000100

/**
 * The ABI that this header describes. A library fits when its `tieback_abi_version()` is the same.
 */
#define TIEBACK_ABI_VERSION 1

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * The version of the library as text, such as "0.1.0".
 *
 * Ownership: the text is static; never free it. Threads: any. Errors: none, it is never NULL.
 */
const char *tieback_version(void);

/**
 * The version of the library's ABI. A program and a library fit when this is the `TIEBACK_ABI_VERSION` that the
 * program was compiled with.
 *
 * Threads: any. Errors: none.
 */
int32_t tieback_abi_version(void);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* TIEBACK_H */
