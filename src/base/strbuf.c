/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A string that grows.  A failed append is remembered, and strbuf_take reports it.  One thread for
 * each string.
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

void
strbuf_init(struct strbuf *b)
{
	*b = (struct strbuf){ 0 };
}

void
strbuf_fini(struct strbuf *b)
{
	mem_free(b->text);
	*b = (struct strbuf){ 0 };
}

/* Room for `more` bytes and a NUL. */
static bool
strbuf_reserve(struct strbuf *b, size_t more)
{
	if (b->failed)
		return false;
	if (more >= SIZE_MAX - b->len || mem_grow(&b->text, &b->capacity, b->len + more + 1, 1) < 0)
		b->failed = true;
	return !b->failed;
}

void
strbuf_add(struct strbuf *b, const char *s)
{
	strbuf_add_bytes(b, s, strlen(s));
}

void
strbuf_add_bytes(struct strbuf *b, const void *bytes, size_t len)
{
	if (!strbuf_reserve(b, len))
		return;
	if (len > 0)
		memcpy(b->text + b->len, bytes, len);
	b->len += len;
	b->text[b->len] = '\0';
}

void
strbuf_addf(struct strbuf *b, const char *fmt, ...)
{
	va_list args, again;
	int len;

	va_start(args, fmt);
	va_copy(again, args);
	len = vsnprintf(NULL, 0, fmt, args);
	if (len < 0)
		b->failed = true;
	else if (strbuf_reserve(b, (size_t)len)) {
		vsnprintf(b->text + b->len, (size_t)len + 1, fmt, again);
		b->len += (size_t)len;
	}
	va_end(again);
	va_end(args);
}

char *
strbuf_take(struct strbuf *b)
{
	char *text;

	strbuf_add_bytes(b, "", 0);
	text = b->failed ? NULL : TAKE(b->text);
	strbuf_fini(b);
	return text;
}
