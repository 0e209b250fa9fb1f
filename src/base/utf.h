/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* UTF-8 to UTF-16 and back: UTF-8 inside, UTF-16 only on the VDS surface.  Any thread. */
#ifndef VDS_BASE_UTF_H
#define VDS_BASE_UTF_H

#include <stddef.h>
#include <stdint.h>
#include <uchar.h>

/* Returns the number of UTF-16 code units before the NUL. */
size_t utf16_len(const char16_t *s);
/*
 * Returns the number of UTF-16 code units that s needs without a NUL, or ERR_PARSE (s is not
 * well-formed UTF-8).
 */
long utf8_to_utf16_len(const char *s);
/* Writes s as utf8_to_utf16_len(s) code units and a NUL.  s must be well-formed. */
void utf8_to_utf16(const char *s, char16_t *out);
/*
 * Converts to UTF-8, which the caller frees with mem_free.  Returns 0, -ENOMEM, or ERR_PARSE (a
 * surrogate stands alone).
 */
int utf16_to_utf8(const char16_t *s, char **ret_text);

#endif
