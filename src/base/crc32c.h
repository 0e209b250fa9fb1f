/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * CRC32C (Castagnoli) as iSCSI digests use it: RFC 7143 §13.1. The computation is done by ISA-L
 * where that library is built in, else by the CPU's crc32 instruction (chosen at run time), else by
 * a table.  Any thread.
 */
#ifndef VDS_BASE_CRC32C_H
#define VDS_BASE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

#define CRC32C_INIT 0xffffffffu

/* Returns the state after len_bytes more bytes.  The first call takes CRC32C_INIT as state. */
uint32_t crc32c_update(uint32_t state, const void *bytes, size_t len_bytes);
/* Returns the digest of a state, to be sent as four bytes, the least significant one first. */
static inline uint32_t
crc32c_final(uint32_t state)
{
	return ~state;
}

#endif
