/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of the event stream of a real array: its order, its positions, resuming it, and losing it.
 */
#include "fixture.h"

/* What was read from a stream; the JSON of the last event. */
struct reader {
	struct http_stream *stream;
	struct wire_sse sse;
	char names[512][16];
	json_t *data[512];
	size_t count, taken;
};

static int
on_event(void *arg, const char *name, const char *data)
{
	struct reader *r = arg;

	assert_true(r->count < ARRAY_LEN(r->names));
	assert_true(strlen(name) < sizeof(r->names[0]));
	strcpy(r->names[r->count], name);
	r->data[r->count] = json_loads(data, 0, NULL);
	assert_non_null(r->data[r->count]);
	r->count++;
	return 0;
}

static void
reader_open(struct fixture *fx, const char *target, struct reader *r)
{
	struct http_reply reply = call_with_id(fx, "GET", target, NULL, NULL);

	memset(r, 0, sizeof(*r));
	assert_int_equal(reply.status, 200);
	assert_non_null(reply.stream);
	r->stream = reply.stream;
	wire_sse_init(&r->sse);
}

static void
reader_close(struct reader *r)
{
	for (size_t i = 0; i < r->count; i++)
		json_decref(r->data[i]);
	wire_sse_fini(&r->sse);
	http_stream_free(r->stream);
}

/*
 * The next event that is no heartbeat or of live rows unless they are asked for; it must have that
 * name.
 */
static json_t *
expect(struct reader *r, const char *name)
{
	for (;;) {
		char buf[7]; /* any cut gives the same events */
		size_t len;

		while (r->taken == r->count) {
			len = http_stream_read(r->stream, buf, sizeof(buf));
			assert_true(len > 0);
			assert_int_equal(wire_sse_feed(&r->sse, buf, len, on_event, r), 0);
		}
		r->taken++;
		if (strcmp(r->names[r->taken - 1], name) == 0)
			return r->data[r->taken - 1];
		if (strcmp(r->names[r->taken - 1], "heartbeat") != 0 &&
		    strcmp(r->names[r->taken - 1], "live") != 0)
			fail_msg("%s instead of %s", r->names[r->taken - 1], name);
	}
}

static void
position_is_of(json_t *json, const struct state *state)
{
	struct position position;

	assert_int_equal(wire_position_decode(json, &position), 0);
	assert_true(guid_equal(&position.array_id, &state_position(state)->array_id));
	assert_int_equal(position.incarnation, state_position(state)->incarnation);
	assert_int_equal(position.sequence, state_position(state)->sequence);
	assert_true(hash128_equal(&position.digest, &state_position(state)->digest));
}

static void
test_hello_then_live_then_changes(void **state)
{
	struct fixture *fx = *state;
	AUTO_STATE struct state *before = array_state(fx->http.array);
	char id[GUID_TEXT_SIZE];
	static struct reader r;
	struct wire_format format = { 0, 0 };
	json_t *hello, *live, *change;

	reader_open(fx, "/v1/events", &r);
	make(fx, "/v1/targets", "{\"alias\":\"web\"}", id);
	hello = expect(&r, "hello");
	position_is_of(json_object_get(hello, "position"), before);
	assert_string_equal(text_of(hello, "version"), VDS_VERSION);
	assert_int_equal(wire_format_decode(hello, &format), 0);
	assert_int_equal(format.minor, WIRE_FORMAT_MINOR);
	live = expect(&r, "live");
	assert_int_equal(number_of(live, "sequence"),
			 number_of(json_object_get(hello, "live"), "sequence"));
	change = expect(&r, "change");
	assert_int_equal(number_of(change, "sequence"), state_position(before)->sequence + 1);
	assert_string_equal(text_of(change, "cause"), "target.create");
	reader_close(&r);
}

/* However many rows there are, no event has more than a thousand. */
static void
test_many_live_rows_come_in_several_events(void **state)
{
	struct fixture *fx = *state;
	static struct reader r;
	size_t rows = 0;

	for (unsigned i = 0; i < 2500; i++) {
		struct row_live_session *row = row_new(ROW_LIVE_SESSION);

		assert_non_null(row);
		guid_make(&row->id);
		array_live_put(fx->http.array, row);
	}
	reader_open(fx, "/v1/events", &r);
	expect(&r, "hello");
	for (;;) {
		json_t *json, *sessions;
		bool last;

		while (r.taken == r.count) {
			char buf[1024];
			size_t len = http_stream_read(r.stream, buf, sizeof(buf));

			assert_true(len > 0);
			assert_int_equal(wire_sse_feed(&r.sse, buf, len, on_event, &r), 0);
		}
		json = r.data[r.taken];
		last = strcmp(r.names[r.taken], "live") == 0;
		assert_true(last || strcmp(r.names[r.taken], "live_rows") == 0);
		sessions = json_object_get(json_object_get(json, "put"), "live_session");
		assert_true(json_array_size(sessions) <= 1000);
		rows += json_array_size(sessions);
		r.taken++;
		if (last)
			break;
	}
	assert_int_equal(rows, 2500);
	assert_true(r.taken >= 4);
	reader_close(&r);
}

/* A replica that follows the stream comes to the same state. */
static void
test_changes_lead_to_the_state_with_its_digest(void **state)
{
	struct fixture *fx = *state;
	AUTO_STATE struct state *here = array_state(fx->http.array);
	AUTO_STATE struct state *there = NULL;
	char id[GUID_TEXT_SIZE];
	static struct reader r;

	reader_open(fx, "/v1/events", &r);
	make(fx, "/v1/targets", "{\"with_group\":true}", id);
	make(fx, "/v1/luns", "{\"size_bytes\":4096,\"mask\":\"*\"}", id);
	there = array_state(fx->http.array);
	expect(&r, "hello");
	while (state_position(here)->sequence < state_position(there)->sequence) {
		struct change *change = NULL;
		struct state *next = NULL;

		assert_int_equal(wire_change_decode(expect(&r, "change"), &change), 0);
		assert_int_equal(state_apply(here, change, &next), 0);
		change_unref(change);
		state_unref(here);
		here = next;
	}
	assert_true(hash128_equal(&state_position(here)->digest, &state_position(there)->digest));
	reader_close(&r);
}

static void
test_the_live_rows_are_all_of_them(void **state)
{
	struct fixture *fx = *state;
	AUTO_STATE struct state *live = NULL;
	char id[GUID_TEXT_SIZE];
	static struct reader r;
	json_t *put, *luns;

	make(fx, "/v1/luns", "{\"size_bytes\":4096}", id);
	reader_open(fx, "/v1/events", &r);
	live = array_live(fx->http.array);
	expect(&r, "hello");
	put = json_object_get(expect(&r, "live"), "put");
	luns = json_object_get(put, "live_lun");
	assert_int_equal(json_array_size(luns), state_count(live, ROW_LIVE_LUN));
	assert_string_equal(text_of(json_array_get(luns, 0), "id"), id);
	reader_close(&r);
}

static void
test_a_stream_goes_on_after_since(void **state)
{
	struct fixture *fx = *state;
	AUTO_STATE struct state *before = array_state(fx->http.array);
	char id[GUID_TEXT_SIZE], target[128];
	static struct reader r;

	make(fx, "/v1/targets", "{}", id);
	make(fx, "/v1/targets", "{}", id);
	snprintf(target, sizeof(target), "/v1/events?incarnation=%llu&since=%llu",
		 (unsigned long long)state_position(before)->incarnation,
		 (unsigned long long)state_position(before)->sequence);
	reader_open(fx, target, &r);
	expect(&r, "hello");
	assert_int_equal(number_of(expect(&r, "change"), "sequence"),
			 state_position(before)->sequence + 1);
	assert_int_equal(number_of(expect(&r, "change"), "sequence"),
			 state_position(before)->sequence + 2);
	reader_close(&r);
}

/* More changes than texts are kept: what one stream has pushed out, another still gets. */
static void
test_a_stream_that_lags_gets_every_change(void **state)
{
	struct fixture *fx = *state;
	uint64_t sequence;
	static struct reader ahead, behind;

	reader_open(fx, "/v1/events", &behind);
	reader_open(fx, "/v1/events", &ahead);
	expect(&ahead, "hello");
	sequence = (uint64_t)number_of(json_object_get(expect(&behind, "hello"), "position"),
				       "sequence");
	for (unsigned i = 1; i <= HTTP_TEXT_SLOTS + 3; i++) {
		char id[GUID_TEXT_SIZE];

		make(fx, "/v1/targets", "{}", id);
		assert_int_equal(number_of(expect(&ahead, "change"), "sequence"), sequence + i);
	}
	for (unsigned i = 1; i <= HTTP_TEXT_SLOTS + 3; i++)
		assert_int_equal(number_of(expect(&behind, "change"), "sequence"), sequence + i);
	reader_close(&ahead);
	reader_close(&behind);
}

static void
test_another_incarnation_is_gone(void **state)
{
	call_fails(*state, 410, "GONE", "GET", "/v1/events?incarnation=77777&since=1", NULL);
}

static void
test_since_needs_its_incarnation(void **state)
{
	call_fails(*state, 400, "INVALID", "GET", "/v1/events?since=1", NULL);
}

static void
test_heartbeats_carry_the_position(void **state)
{
	struct fixture *fx = *state;
	AUTO_STATE struct state *now = array_state(fx->http.array);
	static struct reader r;

	reader_open(fx, "/v1/events", &r);
	expect(&r, "hello");
	position_is_of(json_object_get(expect(&r, "heartbeat"), "position"), now);
	reader_close(&r);
}

static void
test_a_stopping_server_says_lost(void **state)
{
	struct fixture *fx = *state;
	static struct reader r;
	char buf[16];

	reader_open(fx, "/v1/events", &r);
	expect(&r, "hello");
	atomic_store(&fx->http.stopping, true);
	expect(&r, "lost");
	assert_int_equal(http_stream_read(r.stream, buf, sizeof(buf)), 0);
	reader_close(&r);
}

static void
test_streams_are_bounded(void **state)
{
	struct fixture *fx = *state;
	static struct reader readers[4];

	for (size_t i = 0; i < ARRAY_LEN(readers); i++)
		reader_open(fx, "/v1/events", &readers[i]);
	call_fails(fx, 409, "LIMIT", "GET", "/v1/events", NULL);
	reader_close(&readers[3]);
	reader_open(fx, "/v1/events", &readers[3]);
	for (size_t i = 0; i < ARRAY_LEN(readers); i++)
		reader_close(&readers[i]);
	assert_int_equal(atomic_load(&fx->http.sockets[0].streams), 0);
}

#define WITH_ARRAY(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int
main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		WITH_ARRAY(test_hello_then_live_then_changes),
		WITH_ARRAY(test_many_live_rows_come_in_several_events),
		WITH_ARRAY(test_changes_lead_to_the_state_with_its_digest),
		WITH_ARRAY(test_the_live_rows_are_all_of_them),
		WITH_ARRAY(test_a_stream_goes_on_after_since),
		WITH_ARRAY(test_a_stream_that_lags_gets_every_change),
		WITH_ARRAY(test_another_incarnation_is_gone),
		WITH_ARRAY(test_since_needs_its_incarnation),
		WITH_ARRAY(test_heartbeats_carry_the_position),
		WITH_ARRAY(test_a_stopping_server_says_lost),
		WITH_ARRAY(test_streams_are_bounded),
	};
	/* clang-format on */

	return cmocka_run_group_tests(tests, NULL, NULL);
}
