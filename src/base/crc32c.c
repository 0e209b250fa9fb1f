/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * CRC32C three ways: ISA-L where it was built in, the SSE4.2 crc32 instruction where the CPU has it
 * (also for what is short, such as headers), else eight tables of 256 entries ("slicing by 8").
 * All three use the reflected polynomial 0x82f63b78 and take and return the raw state, so that a
 * digest can be computed in pieces.  Any thread.
 */
#include "base/crc32c.h"

#include <string.h>

#include "base/crc32c_int.h"

#if HAVE_ISAL
#include <isa-l/crc.h>
#endif

#define POLYNOMIAL 0x82f63b78u

static uint32_t tables[8][256];

__attribute__((constructor)) static void
tables_fill(void)
{
	for (unsigned i = 0; i < 256; i++) {
		uint32_t v = i;

		for (int bit = 0; bit < 8; bit++)
			v = v >> 1 ^ (v & 1 ? POLYNOMIAL : 0);
		tables[0][i] = v;
	}
	for (unsigned i = 0; i < 256; i++)
		for (unsigned t = 1; t < 8; t++)
			tables[t][i] = tables[t - 1][i] >> 8 ^ tables[0][tables[t - 1][i] & 0xff];
}

uint32_t
crc32c_update_table(uint32_t state, const void *bytes, size_t len_bytes)
{
	const uint8_t *p = bytes;

	for (; len_bytes >= 8; p += 8, len_bytes -= 8) {
		uint64_t v;

		memcpy(&v, p, sizeof(v));
		v ^= state;
		state = tables[7][v & 0xff] ^ tables[6][v >> 8 & 0xff] ^ tables[5][v >> 16 & 0xff] ^
			tables[4][v >> 24 & 0xff] ^ tables[3][v >> 32 & 0xff] ^
			tables[2][v >> 40 & 0xff] ^ tables[1][v >> 48 & 0xff] ^ tables[0][v >> 56];
	}
	while (len_bytes-- > 0)
		state = state >> 8 ^ tables[0][(state ^ *p++) & 0xff];
	return state;
}

#if defined(__x86_64__)
bool
crc32c_have_cpu(void)
{
	return __builtin_cpu_supports("sse4.2") != 0;
}

__attribute__((target("sse4.2"))) uint32_t
crc32c_update_cpu(uint32_t state, const void *bytes, size_t len_bytes)
{
	const uint8_t *p = bytes;
	uint64_t wide = state;

	for (; len_bytes >= 8; p += 8, len_bytes -= 8) {
		uint64_t v;

		memcpy(&v, p, sizeof(v));
		wide = __builtin_ia32_crc32di(wide, v);
	}
	state = (uint32_t)wide;
	while (len_bytes-- > 0)
		state = __builtin_ia32_crc32qi(state, *p++);
	return state;
}
#else
bool
crc32c_have_cpu(void)
{
	return false;
}

uint32_t
crc32c_update_cpu(uint32_t state, const void *bytes, size_t len_bytes)
{
	return crc32c_update_table(state, bytes, len_bytes);
}
#endif

#if HAVE_ISAL
/* Its length is an int: larger buffers go in pieces. */
#define ISAL_MAX_BYTES ((size_t)1 << 30)
/* Below, the instruction alone is faster: a header takes 4 ns instead of 15. */
#define SHORT_BYTES    256

uint32_t
crc32c_update(uint32_t state, const void *bytes, size_t len_bytes)
{
	uintptr_t at = (uintptr_t)bytes; /* ISA-L only reads, but does not say const */

	if (len_bytes < SHORT_BYTES && crc32c_have_cpu())
		return crc32c_update_cpu(state, bytes, len_bytes);
	while (len_bytes > 0) {
		size_t part = len_bytes < ISAL_MAX_BYTES ? len_bytes : ISAL_MAX_BYTES;

		state = crc32_iscsi((unsigned char *)at, (int)part, state);
		at += part;
		len_bytes -= part;
	}
	return state;
}
#else
uint32_t
crc32c_update(uint32_t state, const void *bytes, size_t len_bytes)
{
	return crc32c_have_cpu() ? crc32c_update_cpu(state, bytes, len_bytes)
				 : crc32c_update_table(state, bytes, len_bytes);
}
#endif
