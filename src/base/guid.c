/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Makes, prints and parses guids. Any thread. */
#include "base/guid.h"

#include <stdlib.h>

#include "base/err.h"
#include "base/system.h"

void
guid_make(struct guid *ret_guid)
{
	if (system_random(ret_guid->bytes, sizeof(ret_guid->bytes)) < 0)
		abort(); /* an identity that is not random would be given twice */
	/* version 4 (RFC 9562 §5.4), and the variant (§4.1) */
	ret_guid->bytes[6] = (uint8_t)((ret_guid->bytes[6] & 0x0f) | 0x40);
	ret_guid->bytes[8] = (uint8_t)((ret_guid->bytes[8] & 0x3f) | 0x80);
}

/* A hyphen stands before the bytes 4, 6, 8 and 10. */
static bool
hyphen_before(size_t byte)
{
	return byte >= 4 && byte <= 10 && byte % 2 == 0;
}

char *
guid_format(const struct guid *g, char buf[GUID_TEXT_SIZE])
{
	static const char hex[] = "0123456789abcdef";
	char *out = buf;

	for (size_t i = 0; i < sizeof(g->bytes); i++) {
		if (hyphen_before(i))
			*out++ = '-';
		*out++ = hex[g->bytes[i] >> 4];
		*out++ = hex[g->bytes[i] & 15];
	}
	*out = '\0';
	return buf;
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int
guid_parse(const char *text, struct guid *ret_guid)
{
	bool braces = text[0] == '{';
	const char *p = text + braces;
	struct guid g;

	for (size_t i = 0; i < sizeof(g.bytes); i++) {
		int high, low;

		if (hyphen_before(i) && *p++ != '-')
			return ERR_PARSE;
		high = hex_value(p[0]);
		low = high < 0 ? -1 : hex_value(p[1]);
		if (low < 0)
			return ERR_PARSE;
		g.bytes[i] = (uint8_t)(high << 4 | low);
		p += 2;
	}
	if (braces && *p++ != '}')
		return ERR_PARSE;
	if (*p != '\0')
		return ERR_PARSE;
	*ret_guid = g;
	return 0;
}

bool
guid_is_zero(const struct guid *g)
{
	static const struct guid zero;

	return guid_equal(g, &zero);
}
