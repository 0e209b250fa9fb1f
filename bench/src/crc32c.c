/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "crc32c.h"

#include <string.h>

#if HAVE_ISAL
#include <isa-l/crc.h>

uint32_t
crc32c(uint32_t crc, const void *p, size_t n)
{
	/* ISA-L only reads, but does not say const */
	return ~crc32_iscsi((unsigned char *)(uintptr_t)p, (int)n, ~crc);
}
#else
#if defined(__x86_64__)
#include <nmmintrin.h>

__attribute__((target("sse4.2"))) static uint32_t
crc_hw(uint32_t c, const uint8_t *p, size_t n)
{
	uint64_t c64 = c;

	for (; n >= 8; n -= 8, p += 8) {
		uint64_t v;

		memcpy(&v, p, 8);
		c64 = _mm_crc32_u64(c64, v);
	}
	for (c = (uint32_t)c64; n; n--)
		c = _mm_crc32_u8(c, *p++);
	return c;
}
#endif

static uint32_t
crc_sw(uint32_t c, const uint8_t *p, size_t n)
{
	while (n--) {
		c ^= *p++;
		for (int k = 0; k < 8; k++)
			c = c >> 1 ^ (c & 1 ? 0x82f63b78u : 0);
	}
	return c;
}

uint32_t
crc32c(uint32_t crc, const void *p, size_t n)
{
#if defined(__x86_64__)
	if (__builtin_cpu_supports("sse4.2"))
		return ~crc_hw(~crc, p, n);
#endif
	return ~crc_sw(~crc, p, n);
}
#endif
