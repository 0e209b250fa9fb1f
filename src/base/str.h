/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Strings of UTF-8 that end with a NUL.  A function that returns a `char *` returns memory that the
 * caller frees with mem_free, or NULL when out of memory.  Any thread.
 */
#ifndef VDS_BASE_STR_H
#define VDS_BASE_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/format.h"

char *str_dup(const char *s);
char *str_ndup(const char *s, size_t len_bytes);
char *str_printf(const char *fmt, ...) FORMAT_ARGS(1, 2);
bool str_equal(const char *a, const char *b); /* NULL equals only NULL */
bool str_starts(const char *s, const char *prefix);
/* Returns true for well-formed UTF-8 without control characters (C0, DEL, C1). */
bool str_is_text(const char *s, size_t len_bytes);

/*
 * Reads a size: "4096", "512B", "64MiB", "100G", "1.5T".  The units K M G T P E, also written KiB
 * or KB, are powers of 1024; a fraction needs a unit, has at most six digits and is cut to whole
 * bytes. Returns 0, or ERR_PARSE (not a size, or more than 64 bits hold) with its text set;
 * *ret_bytes then stays as it was.
 */
int str_parse_size(const char *s, uint64_t *ret_bytes);
/*
 * Reads a decimal number that is the whole string, without sign or spaces.  Returns 0, or ERR_PARSE
 * (anything else).
 */
int str_parse_u64(const char *s, uint64_t *ret_value);
/*
 * Writes a size such as "100 GiB", "1.5 TiB" or "512 B" into buf (32 bytes are enough); returns
 * buf.
 */
char *str_format_size(uint64_t bytes, char *buf, size_t size);

/* A string that grows.  After a failed append `failed` is set and later appends do nothing. */
struct strbuf {
	char *text; /* NUL-terminated once anything was appended; else NULL */
	size_t len;
	size_t capacity;
	bool failed;
};

void strbuf_init(struct strbuf *b);
void strbuf_fini(struct strbuf *b);
void strbuf_add(struct strbuf *b, const char *s);
void strbuf_add_bytes(struct strbuf *b, const void *bytes, size_t len);
void strbuf_addf(struct strbuf *b, const char *fmt, ...) FORMAT_ARGS(2, 3);
/*
 * Returns the text, which the caller frees with mem_free ("" when nothing was appended), and
 * empties the buffer; returns NULL when an append has failed.
 */
char *strbuf_take(struct strbuf *b);

#endif
