/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CRC32C (Castagnoli) as iSCSI digests use it. Start with crc 0 and feed the
 * result of one call into the next. */
#ifndef CRC32C_H
#define CRC32C_H

#include <stddef.h>
#include <stdint.h>

uint32_t crc32c(uint32_t crc, const void *p, size_t n);

/* Digests go on the wire least significant byte first. */
static inline void
crc32c_put(uint8_t *p, uint32_t c)
{
	p[0] = (uint8_t)c;
	p[1] = (uint8_t)(c >> 8);
	p[2] = (uint8_t)(c >> 16);
	p[3] = (uint8_t)(c >> 24);
}

#endif
