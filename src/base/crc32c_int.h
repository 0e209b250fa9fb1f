/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The ways to reckon a CRC32C, each on its own, so that a test can hold them to each other.  Any
 * thread.
 */
#ifndef VDS_BASE_CRC32C_INT_H
#define VDS_BASE_CRC32C_INT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As crc32c_update, by tables. */
uint32_t crc32c_update_table(uint32_t state, const void *bytes, size_t len_bytes);
/* Has this CPU the crc32 instruction (SSE4.2)? */
bool crc32c_have_cpu(void);
/* As crc32c_update, by the CPU's instruction; only when crc32c_have_cpu(). */
uint32_t crc32c_update_cpu(uint32_t state, const void *bytes, size_t len_bytes);

#endif
