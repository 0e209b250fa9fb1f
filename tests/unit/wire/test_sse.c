/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of the framing of the event stream (Server-Sent Events). */
#include <errno.h>

#include "base/str.h"
#include "fault.h"
#include "sample.h"
#include "wire/wire.h"

/* Writes each event down as "name=data|". */
static int
note(void *arg, const char *name, const char *data)
{
	struct strbuf *notes = arg;

	strbuf_addf(notes, "%s=%s|", name, data);
	return strcmp(name, "stop") == 0 ? ERR_CANCELLED : 0;
}

static int
feed(struct wire_sse *sse, struct strbuf *notes, const char *text, size_t len)
{
	return wire_sse_feed(sse, text, len, note, notes);
}

static void
assert_events(const char *stream, const char *expected)
{
	size_t len = strlen(stream);

	for (size_t cut = 0; cut <= len; cut++) {
		AUTO(strbuf_fini) struct strbuf notes = { 0 };
		AUTO(wire_sse_fini) struct wire_sse sse;

		wire_sse_init(&sse);
		strbuf_add(&notes, "");
		assert_int_equal(feed(&sse, &notes, stream, cut), 0);
		assert_int_equal(feed(&sse, &notes, stream + cut, len - cut), 0);
		assert_string_equal(notes.text, expected);
	}
}

static void
test_events_are_the_same_wherever_the_bytes_are_cut(void **unused)
{
	(void)unused;
	assert_events("event: change\nid: 12\ndata: {\"a\":1}\n\nevent:x\ndata:y\n\n",
		      "change={\"a\":1}|x=y|");
	assert_events("event: a\r\ndata: 1\r\n\r\ndata: 2\r\n\r\n", "a=1|message=2|");
	assert_events("event: a\rdata: 1\r\revent: b\rdata: 2\r\r", "a=1|b=2|");
	assert_events(": comment\n\ndata: one\ndata:two\ndata\n\n", "message=one\ntwo\n|");
	assert_events("event: none\n\nunknown: x\ndata: \n\n", "message=|");
	assert_events("data: not ended\n", "");
}

static void
test_bytes_one_by_one_give_the_same_events(void **unused)
{
	static const char stream[] =
		"event: a\r\ndata: 1\r\n\r\n: c\n\nevent: b\ndata: 2\ndata: 3\n\n";
	AUTO(strbuf_fini) struct strbuf notes = { 0 };
	AUTO(wire_sse_fini) struct wire_sse sse;

	(void)unused;
	wire_sse_init(&sse);
	for (size_t i = 0; i < sizeof(stream) - 1; i++)
		assert_int_equal(feed(&sse, &notes, stream + i, 1), 0);
	assert_string_equal(notes.text, "a=1|b=2\n3|");
}

static void
test_what_is_written_is_read(void **unused)
{
	AUTO(strbuf_fini) struct strbuf out = { 0 };

	(void)unused;
	wire_sse_encode(&out, "change", 7, "{}");
	wire_sse_encode(&out, "heartbeat", 0, "[1]");
	assert_string_equal(out.text,
			    "event: change\nid: 7\ndata: {}\n\nevent: heartbeat\ndata: [1]\n\n");
	assert_events(out.text, "change={}|heartbeat=[1]|");
}

static void
test_a_long_event_is_refused(void **unused)
{
	AUTO(strbuf_fini) struct strbuf notes = { 0 };
	AUTO(wire_sse_fini) struct wire_sse sse;

	(void)unused;
	wire_sse_init(&sse);
	sse.limit_bytes = 16;
	assert_int_equal(feed(&sse, &notes, "data: 1\n\n", 9), 0);
	assert_int_equal(feed(&sse, &notes, "data: 12345\n", 12), 0);
	assert_int_equal(feed(&sse, &notes, "data: 123456\n", 13), ERR_LIMIT);
}

static void
test_a_listener_can_stop_the_reading(void **unused)
{
	AUTO(strbuf_fini) struct strbuf notes = { 0 };
	AUTO(wire_sse_fini) struct wire_sse sse;

	(void)unused;
	wire_sse_init(&sse);
	assert_int_equal(feed(&sse, &notes, "event: stop\ndata: 1\n\ndata: 2\n\n", 30),
			 ERR_CANCELLED);
	assert_string_equal(notes.text, "stop=1|");
}

static void
test_out_of_memory_is_told(void **unused)
{
	(void)unused;
	WITH_EVERY_FAULT
	{
		AUTO(strbuf_fini) struct strbuf notes = { 0 };
		AUTO(wire_sse_fini) struct wire_sse sse;
		int rc;

		wire_sse_init(&sse);
		rc = feed(&sse, &notes, "event: a\ndata: 1\n\n", 18);
		assert_int_equal(rc, FAULT_HIT && !notes.failed ? -ENOMEM : 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_events_are_the_same_wherever_the_bytes_are_cut),
		cmocka_unit_test(test_bytes_one_by_one_give_the_same_events),
		cmocka_unit_test(test_what_is_written_is_read),
		cmocka_unit_test(test_a_long_event_is_refused),
		cmocka_unit_test(test_a_listener_can_stop_the_reading),
		cmocka_unit_test(test_out_of_memory_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
