/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Server-Sent Events: WHATWG HTML §9.2.5 (grammar), §9.2.6 (interpretation).  The id and retry
 * fields are ignored.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/err.h"
#include "wire/wire.h"

#define LIMIT_DEFAULT_BYTES (64u << 20)

void
wire_sse_encode(struct strbuf *out, const char *name, uint64_t sequence, const char *json_text)
{
	strbuf_add(out, "event: ");
	strbuf_add(out, name);
	if (sequence > 0)
		strbuf_addf(out, "\nid: %" PRIu64, sequence);
	strbuf_add(out, "\ndata: ");
	strbuf_add(out, json_text);
	strbuf_add(out, "\n\n");
}

void
wire_sse_init(struct wire_sse *sse)
{
	*sse = (struct wire_sse){ .limit_bytes = 0 };
}

void
wire_sse_fini(struct wire_sse *sse)
{
	strbuf_fini(&sse->line);
	strbuf_fini(&sse->name);
	strbuf_fini(&sse->data);
}

/* Empties the buffers but keeps their memory for the next event. */
static void
buffer_empty(struct strbuf *b)
{
	b->len = 0;
	if (b->text != NULL)
		b->text[0] = '\0';
}

static const char *
buffer_text(const struct strbuf *b)
{
	return b->text != NULL ? b->text : "";
}

typedef int sse_event(void *arg, const char *name, const char *data);

/* Handles an empty line: it completes an event, unless the event has no data. */
static int
event_end(struct wire_sse *sse, sse_event *event, void *arg)
{
	int rc = 0;

	if (sse->has_data)
		rc = event(arg, sse->name.len > 0 ? sse->name.text : "message",
			   buffer_text(&sse->data));
	buffer_empty(&sse->name);
	buffer_empty(&sse->data);
	sse->has_data = false;
	return rc;
}

/* "field: value" or "field:value"; a line that begins with a colon is a comment. */
static void
line_take(struct wire_sse *sse)
{
	const char *line = buffer_text(&sse->line), *end = line + sse->line.len;
	const char *colon = memchr(line, ':', sse->line.len),
		   *value = colon != NULL ? colon + 1 : end;
	size_t field = (size_t)((colon != NULL ? colon : end) - line);

	if (value < end && *value == ' ')
		value++;
	if (field == 5 && memcmp(line, "event", 5) == 0) {
		buffer_empty(&sse->name);
		strbuf_add_bytes(&sse->name, value, (size_t)(end - value));
	} else if (field == 4 && memcmp(line, "data", 4) == 0) {
		if (sse->has_data)
			strbuf_add_bytes(&sse->data, "\n", 1);
		strbuf_add_bytes(&sse->data, value, (size_t)(end - value));
		sse->has_data = true;
	}
}

static int
line_end(struct wire_sse *sse, sse_event *event, void *arg)
{
	int rc = 0;

	if (sse->line.len == 0)
		rc = event_end(sse, event, arg);
	else
		line_take(sse);
	buffer_empty(&sse->line);
	return sse->name.failed || sse->data.failed ? -ENOMEM : rc;
}

int
wire_sse_feed(struct wire_sse *sse, const char *bytes, size_t len,
	      int (*event)(void *arg, const char *name, const char *data), void *arg)
{
	size_t limit = sse->limit_bytes != 0 ? sse->limit_bytes : LIMIT_DEFAULT_BYTES;
	int rc = 0;

	while (len > 0 && rc == 0) {
		size_t run = 0;

		if (sse->after_cr && *bytes == '\n') {
			sse->after_cr = false;
			bytes++;
			len--;
			continue;
		}
		while (run < len && bytes[run] != '\n' && bytes[run] != '\r')
			run++;
		if (run + sse->line.len + sse->data.len > limit)
			return ERR_LIMIT;
		strbuf_add_bytes(&sse->line, bytes, run);
		if (sse->line.failed)
			return -ENOMEM;
		sse->after_cr = run < len && bytes[run] == '\r';
		if (run < len)
			rc = line_end(sse, event, arg);
		run += run < len;
		bytes += run;
		len -= run;
	}
	return rc;
}
