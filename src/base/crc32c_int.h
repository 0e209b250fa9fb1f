/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The ways to compute a CRC32C, each as a function of its own, so that a test can compare their
 * results.  Private to crc32c.c and its test.  Any thread.
 */
#ifndef VDS_BASE_CRC32C_INT_H
#define VDS_BASE_CRC32C_INT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Does what crc32c_update does, by tables. */
uint32_t crc32c_update_table(uint32_t state, const void *bytes, size_t len_bytes);
/* Returns true when this CPU has the crc32 instruction (SSE4.2). */
bool crc32c_have_cpu(void);
/*
 * Does what crc32c_update does, by the CPU's instruction.  To be called only when crc32c_have_cpu
 * returns true.
 */
uint32_t crc32c_update_cpu(uint32_t state, const void *bytes, size_t len_bytes);

#endif
