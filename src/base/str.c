/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Strings: copies, comparisons, and parsing and printing of numbers and sizes. Any thread. */
#include "base/str.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/utf_int.h"

char *
str_dup(const char *s)
{
	return mem_dup(s, strlen(s) + 1);
}

char *
str_ndup(const char *s, size_t len_bytes)
{
	size_t len = strnlen(s, len_bytes);
	char *copy = mem_alloc(len + 1);

	if (copy != NULL) {
		memcpy(copy, s, len);
		copy[len] = '\0';
	}
	return copy;
}

char *
str_printf(const char *fmt, ...)
{
	va_list args, again;
	char *text = NULL;
	int len;

	va_start(args, fmt);
	va_copy(again, args);
	len = vsnprintf(NULL, 0, fmt, args);
	if (len >= 0)
		text = mem_alloc((size_t)len + 1);
	if (text != NULL)
		vsnprintf(text, (size_t)len + 1, fmt, again);
	va_end(again);
	va_end(args);
	return text;
}

bool
str_equal(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

bool
str_starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool
str_is_text(const char *s, size_t len_bytes)
{
	while (len_bytes > 0) {
		uint32_t point;
		size_t took = utf8_decode(s, len_bytes, &point);

		if (took == 0 || point < 0x20 || (point >= 0x7f && point <= 0x9f))
			return false;
		s += took;
		len_bytes -= took;
	}
	return true;
}

/* The digits at the start of `s`; where they end, or NULL when there are none or they overflow. */
static const char *
digits_parse(const char *s, uint64_t *ret_value)
{
	uint64_t v = 0;
	const char *p = s;

	for (; *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(v, 10u, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(*p - '0'), &v))
			return NULL;
	*ret_value = v;
	return p != s ? p : NULL;
}

int
str_parse_u64(const char *s, uint64_t *ret_value)
{
	uint64_t v;
	const char *end = digits_parse(s, &v);

	if (end == NULL || *end != '\0')
		return ERR_PARSE;
	*ret_value = v;
	return 0;
}

static const char unit_letters[] = "BKMGTPE";

/* The exponent of 1024 that a suffix stands for ("", "K", "KB", "KiB", "B"), or -1. */
static int
unit_parse(const char *s)
{
	const char *letter;
	char c = *s;

	if (c == '\0')
		return 0;
	if (c >= 'a' && c <= 'z')
		c = (char)(c - 'a' + 'A');
	letter = strchr(unit_letters, c);
	if (letter == NULL)
		return -1;
	s++;
	if (c != 'B' && s[0] == 'i' && (s[1] == 'B' || s[1] == 'b'))
		s += 2;
	else if (c != 'B' && (s[0] == 'B' || s[0] == 'b'))
		s++;
	return *s == '\0' ? (int)(letter - unit_letters) : -1;
}

/*
 * Digits behind a point, as millionths: "5" is 500000; what is finer than that is refused.  NULL:
 * no digits, too many.
 */
static const char *
millionths_parse(const char *s, uint64_t *ret_value)
{
	uint64_t v = 0;
	int count = 0;

	for (; *s >= '0' && *s <= '9' && count < 6; s++, count++)
		v = v * 10 + (uint64_t)(*s - '0');
	if (count == 0)
		return NULL;
	for (; count < 6; count++)
		v *= 10;
	*ret_value = v;
	return s;
}

int
str_parse_size(const char *s, uint64_t *ret_bytes)
{
	uint64_t v = 0, part = 0;
	const char *end = digits_parse(s, &v);
	bool fraction = end != NULL && *end == '.';
	int unit;

	if (fraction)
		end = millionths_parse(end + 1, &part);
	unit = end != NULL ? unit_parse(end) : -1;
	if (unit < 0 || (fraction && unit == 0))
		return err_set(ERR_PARSE, "'%s' is not a size; write 512B, 64M, 100G or 1.5T", s);
	if (v > UINT64_MAX >> (unit * 10))
		return err_set(ERR_PARSE, "'%s' is larger than the largest size, which is 16 EiB",
			       s);
	/* a long division: in one step it would need 80 bits, and 32-bit compilers have only 64 */
	for (int i = 0; i < unit; i++) {
		v = (v << 10) + (part << 10) / 1000000;
		part = (part << 10) % 1000000;
	}
	*ret_bytes = v;
	return 0;
}

/* Cut, not rounded: what is shown is there. */
char *
str_format_size(uint64_t bytes, char *buf, size_t size)
{
	unsigned unit = 0;
	uint64_t whole, tenths;

	while (unit < 6 && bytes >> (unit * 10) >= 1024)
		unit++;
	whole = bytes >> (unit * 10);
	tenths = unit == 0 ? 0 : ((bytes >> ((unit - 1) * 10) & 1023) * 10) >> 10;
	if (tenths > 0)
		snprintf(buf, size, "%u.%u %ciB", (unsigned)whole, (unsigned)tenths,
			 unit_letters[unit]);
	else if (unit > 0)
		snprintf(buf, size, "%u %ciB", (unsigned)whole, unit_letters[unit]);
	else
		snprintf(buf, size, "%u B", (unsigned)whole);
	return buf;
}
