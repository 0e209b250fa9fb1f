/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* UTF-8 to UTF-16 and back: UTF-8 inside, UTF-16 only on the VDS surface.  Any thread. */
#ifndef VDS_BASE_UTF_H
#define VDS_BASE_UTF_H

#include <stddef.h>
#include <stdint.h>
#include <uchar.h>

/* Units before the NUL. */
size_t utf16_len(const char16_t *s);
/* Code units needed for `s` (without a NUL); ERR_PARSE when it is not well-formed UTF-8. */
long utf8_to_utf16_len(const char *s);
/* Writes exactly utf8_to_utf16_len(s) units and a NUL; s is well-formed. */
void utf8_to_utf16(const char *s, char16_t *out);
/* New UTF-8 (mem_free).  0, -ENOMEM, or ERR_PARSE for a lone surrogate. */
int utf16_to_utf8(const char16_t *s, char **ret_text);

#endif
