/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checks UTF-8 and UTF-16 and converts between them. Any thread. */
#include "base/utf.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/utf_int.h"

/* How a first byte goes on. */
struct lead {
	size_t len;
	uint32_t bits;  /* the first byte's part of the code point */
	uint32_t least; /* anything below is an overlong form */
};

static struct lead
lead_of(uint8_t c)
{
	if (c < 0x80)
		return (struct lead){ 1, c, 0 };
	if (c >= 0xc2 && c <= 0xdf)
		return (struct lead){ 2, c & 0x1fu, 0x80 };
	if (c >= 0xe0 && c <= 0xef)
		return (struct lead){ 3, c & 0x0fu, 0x800 };
	if (c >= 0xf0 && c <= 0xf4)
		return (struct lead){ 4, c & 0x07u, 0x10000 };
	return (struct lead){ 0, 0, 0 };
}

size_t
utf8_decode(const char *s, size_t len_bytes, uint32_t *ret_point)
{
	struct lead lead = lead_of((uint8_t)s[0]);
	uint32_t point = lead.bits;

	if (lead.len == 0 || lead.len > len_bytes)
		return 0;
	for (size_t i = 1; i < lead.len; i++) {
		uint8_t c = (uint8_t)s[i];

		if ((c & 0xc0) != 0x80)
			return 0;
		point = point << 6 | (c & 0x3fu);
	}
	if (point < lead.least || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
		return 0;
	*ret_point = point;
	return lead.len;
}

static size_t
utf8_encode(uint32_t point, char *out)
{
	if (point < 0x80) {
		out[0] = (char)point;
		return 1;
	}
	if (point < 0x800) {
		out[0] = (char)(0xc0 | point >> 6);
		out[1] = (char)(0x80 | (point & 0x3f));
		return 2;
	}
	if (point < 0x10000) {
		out[0] = (char)(0xe0 | point >> 12);
		out[1] = (char)(0x80 | (point >> 6 & 0x3f));
		out[2] = (char)(0x80 | (point & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | point >> 18);
	out[1] = (char)(0x80 | (point >> 12 & 0x3f));
	out[2] = (char)(0x80 | (point >> 6 & 0x3f));
	out[3] = (char)(0x80 | (point & 0x3f));
	return 4;
}

size_t
utf16_len(const char16_t *s)
{
	size_t n = 0;

	while (s[n] != 0)
		n++;
	return n;
}

long
utf8_to_utf16_len(const char *s)
{
	size_t left = strlen(s);
	long units = 0;

	while (left > 0) {
		uint32_t point;
		size_t took = utf8_decode(s, left, &point);

		if (took == 0)
			return ERR_PARSE;
		units += point >= 0x10000 ? 2 : 1;
		s += took;
		left -= took;
	}
	return units;
}

void
utf8_to_utf16(const char *s, char16_t *out)
{
	size_t left = strlen(s);

	while (left > 0) {
		uint32_t point = 0;
		size_t took = utf8_decode(s, left, &point);

		if (took == 0)
			break;
		if (point >= 0x10000) {
			*out++ = (char16_t)(0xd7c0 + (point >> 10));
			*out++ = (char16_t)(0xdc00 | (point & 0x3ff));
		} else {
			*out++ = (char16_t)point;
		}
		s += took;
		left -= took;
	}
	*out = 0;
}

/*
 * One code point of UTF-16; units taken, 0 for a lone surrogate.  A NUL ends the text, so s[1] may
 * be read.
 */
static size_t
utf16_decode(const char16_t *s, uint32_t *ret_point)
{
	if (s[0] < 0xd800 || s[0] > 0xdfff) {
		*ret_point = s[0];
		return 1;
	}
	if (s[0] > 0xdbff || s[1] < 0xdc00 || s[1] > 0xdfff)
		return 0;
	*ret_point = 0x10000 + ((uint32_t)(s[0] & 0x3ff) << 10 | (s[1] & 0x3ffu));
	return 2;
}

int
utf16_to_utf8(const char16_t *s, char **ret_text)
{
	/* One unit makes at most three bytes: a pair of them makes four. */
	AUTO_FREE char *text = mem_alloc(utf16_len(s) * 3 + 1);
	char *out = text;

	if (text == NULL)
		return -ENOMEM;
	while (*s != 0) {
		uint32_t point;
		size_t took = utf16_decode(s, &point);

		if (took == 0)
			return ERR_PARSE;
		out += utf8_encode(point, out);
		s += took;
	}
	*out = '\0';
	*ret_text = TAKE(text);
	return 0;
}
