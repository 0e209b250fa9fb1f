/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One code point of UTF-8, for str, log and utf. */
#ifndef VDS_BASE_UTF_INT_H
#define VDS_BASE_UTF_INT_H

#include <stddef.h>
#include <stdint.h>

/*
 * Read the code point at `s`, of which len_bytes (> 0) may be read.  Bytes it takes, or 0 when they
 * are not well-formed (The Unicode Standard, table 3-7: no overlong forms, no surrogates, nothing
 * above U+10FFFF).
 */
size_t utf8_decode(const char *s, size_t len_bytes, uint32_t *ret_point);

#endif
