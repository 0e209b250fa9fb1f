/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Decoding of one code point of UTF-8, for str.c, log.c and utf.c.  Private to src/base.  Any
 * thread.
 */
#ifndef VDS_BASE_UTF_INT_H
#define VDS_BASE_UTF_INT_H

#include <stddef.h>
#include <stdint.h>

/*
 * Reads the code point at `s`, of which len_bytes (> 0) may be read.  Returns the number of bytes
 * of the code point, or 0 when they are not well-formed (The Unicode Standard, table 3-7: no
 * overlong forms, no surrogates, nothing above U+10FFFF).
 */
size_t utf8_decode(const char *s, size_t len_bytes, uint32_t *ret_point);

#endif
