/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Fuzz target for the event stream: bytes fed at once and bytes fed one by one must lead to the
 * same events.
 */
#include <assert.h>
#include <string.h>

#include "wire/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
note(void *arg, const char *name, const char *data)
{
	strbuf_add(arg, name);
	strbuf_add(arg, "\x01");
	strbuf_add(arg, data);
	strbuf_add(arg, "\x02");
	return 0;
}

static int
feed(const char *bytes, size_t size, size_t step, struct strbuf *notes)
{
	struct wire_sse sse;
	int rc = 0;

	wire_sse_init(&sse);
	sse.limit_bytes = 4096;
	for (size_t at = 0; rc == 0 && at < size; at += step)
		rc = wire_sse_feed(&sse, bytes + at, step < size - at ? step : size - at, note,
				   notes);
	wire_sse_fini(&sse);
	return rc;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct strbuf whole, single;
	int a, b;

	strbuf_init(&whole);
	strbuf_init(&single);
	a = feed((const char *)data, size, size > 0 ? size : 1, &whole);
	b = feed((const char *)data, size, 1, &single);
	/* Only where the limit is met may the two differ: in how many events came before. */
	assert((a < 0) == (b < 0));
	assert(a < 0 || (whole.len == single.len &&
			 (whole.len == 0 || memcmp(whole.text, single.text, whole.len) == 0)));
	strbuf_fini(&whole);
	strbuf_fini(&single);
	return 0;
}
