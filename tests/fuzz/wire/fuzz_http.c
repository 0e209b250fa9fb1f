/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Fuzz target for the HTTP reader, as a server and as a client use it: bytes fed at once and bytes
 * fed one by one must lead to the same messages and to the same refusal, and nothing may be held
 * beyond the limits.
 */
#include <assert.h>
#include <string.h>

#include "wire/wire_http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
note(void *arg, const char *bytes, size_t len)
{
	strbuf_add_bytes(arg, bytes, len);
	return 0;
}

static void
head_note(const struct wire_http *http, struct strbuf *notes)
{
	strbuf_addf(notes, "[%s %s %u %d %zu]", http->method != NULL ? http->method : "-",
		    http->target != NULL ? http->target : "-", http->status, http->keep_alive,
		    http->header_count);
}

static int
feed(enum wire_http_kind kind, const char *bytes, size_t size, size_t step, struct strbuf *notes)
{
	struct wire_http http;
	size_t at = 0;
	int rc = 0;

	wire_http_init(&http, kind, 4096);
	while (rc == 0 && at < size) {
		bool in_head = http.state == WIRE_HTTP_HEAD;
		size_t used = 0;

		rc = wire_http_feed(&http, bytes + at, step < size - at ? step : size - at, note,
				    notes, &used);
		assert(http.head.len <= WIRE_HTTP_HEAD_MAX + 1);
		assert(http.line.len <= WIRE_HTTP_HEAD_MAX + 1);
		if (rc == 0 && in_head && http.state != WIRE_HTTP_HEAD)
			head_note(&http, notes);
		if (rc == 0 && http.state == WIRE_HTTP_DONE) {
			strbuf_add(notes, "|");
			wire_http_reset(&http);
		}
		at += used;
		assert(rc < 0 || used > 0);
	}
	strbuf_addf(notes, "%d %u %d", rc, http.refusal, http.state);
	wire_http_fini(&http);
	return rc;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (int kind = WIRE_HTTP_REQUEST; kind <= WIRE_HTTP_RESPONSE; kind++) {
		struct strbuf whole, single;
		int a, b;

		strbuf_init(&whole);
		strbuf_init(&single);
		a = feed(kind, (const char *)data, size, size > 0 ? size : 1, &whole);
		b = feed(kind, (const char *)data, size, 1, &single);
		assert(a == b);
		/* a refused body may have been handed on in part */
		assert(a < 0 || strcmp(whole.text, single.text) == 0);
		strbuf_fini(&whole);
		strbuf_fini(&single);
	}
	return 0;
}
