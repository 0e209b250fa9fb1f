/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The event stream: sends the events of a listener of the array as Server-Sent Events
 * (docs/design/api.md).  Runs on the thread of the stream's connection.
 *
 * Order of the events: `hello` with the positions at which the listener began; all live rows of
 * that moment, in `live_rows` events of at most LIVE_ROWS rows each and a last `live` event with
 * the rest; then changes without a gap.  The states come from array_listen itself, so no change is
 * missed in between.
 */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "http/http_int.h"

#define LIVE_ROWS    1000       /* rows in one event: some 100 KB, however many there are */
#define PENDING_KEEP (1u << 20) /* a larger buffer is given back once it is sent */

struct http_stream {
	struct http *http;
	struct http_conn *conn; /* NULL = none: a test */
	atomic_uint *streams;   /* of its socket: it counts as one there */
	struct array_listener *listener;
	struct strbuf pending; /* encoded, of which `sent` bytes are out */
	size_t sent;
	struct state *live; /* of the hello, while rows of it are still to be sent; one reference */
	int live_family;    /* of the next row */
	size_t live_index;
	bool ended; /* `lost` is in pending, nothing follows */
};

/* Appends an event to the bytes to be sent.  Consumes json; NULL means that memory is out. */
static int
event_add(struct http_stream *stream, const char *name, uint64_t sequence, json_t *json)
{
	char *text = json != NULL ? json_dumps(json, JSON_COMPACT) : NULL;

	json_decref(json);
	if (text == NULL)
		return -ENOMEM;
	wire_sse_encode(&stream->pending, name, sequence, text);
	free(text);
	return stream->pending.failed ? -ENOMEM : 0;
}

static int
hello_add(struct http_stream *stream, const struct state *config, const struct state *live)
{
	return event_add(stream, "hello", 0,
			 json_pack("{s:o, s:o, s:o, s:s}", "format", wire_format_encode(),
				   "position", wire_position_encode(state_position(config)), "live",
				   wire_position_encode(state_position(live)), "version",
				   VDS_VERSION));
}

/* Returns the next live row to be sent, or NULL. */
static const void *
live_row_next(struct http_stream *stream)
{
	const void *row = NULL;

	while (stream->live_family < ROW_FAMILY_COUNT && row == NULL) {
		row = state_at(stream->live, (enum row_family)stream->live_family,
			       stream->live_index++);
		if (row == NULL) {
			stream->live_family++;
			stream->live_index = 0;
		}
	}
	return row;
}

/*
 * Makes an event of the next live rows, as a change with the sequence that `hello` names.  The last
 * of these events is called `live` and has the remaining rows, so an array with few rows sends only
 * that one.
 */
static int
live_add(struct http_stream *stream)
{
	char cause[] = "live";
	AUTO_FREE struct change_op *ops = mem_calloc(LIVE_ROWS, sizeof(*ops));
	struct change change = {
		.sequence = state_position(stream->live)->sequence,
		.digest = state_position(stream->live)->digest,
		.utc_ms = clock_utc_ms(),
		.cause = cause,
		.ops = ops,
	};
	AUTO(strbuf_fini) struct strbuf text = { 0 };
	const void *row = NULL;
	bool last;

	if (ops == NULL)
		return -ENOMEM;
	strbuf_init(&text);
	while (change.op_count < LIVE_ROWS && (row = live_row_next(stream)) != NULL) {
		struct change_op *op = &ops[change.op_count++];

		op->family = ((const struct row *)row)->family;
		op->row = (struct row *)(uintptr_t)row; /* borrowed from stream->live */
		row_key(row, &op->key);
	}
	last = row == NULL;
	wire_change_text(&change, &text);
	if (text.failed)
		return -ENOMEM;
	wire_sse_encode(&stream->pending, last ? "live" : "live_rows", change.sequence, text.text);
	if (last)
		state_unref(TAKE(stream->live));
	return stream->pending.failed ? -ENOMEM : 0;
}

static int
change_add(struct http_stream *stream, const char *name, const struct change *change)
{
	struct http_text *text = http_texts_get(&stream->http->texts, change);

	if (text == NULL)
		return -ENOMEM;
	wire_sse_encode(&stream->pending, name, change->sequence, text->text);
	http_text_unref(text);
	return stream->pending.failed ? -ENOMEM : 0;
}

/* reason: for people; NULL = the listener was too slow, or vdsd stops. */
static int
lost_add(struct http_stream *stream, const char *reason)
{
	stream->ended = true;
	return event_add(stream, "lost", 0, json_pack("{s:s*}", "reason", reason));
}

static int
array_event_add(struct http_stream *stream, const struct array_event *event)
{
	switch (event->kind) {
	case ARRAY_EVENT_CHANGE:
		return change_add(stream, "change", event->change);
	case ARRAY_EVENT_LIVE:
		return change_add(stream, "live", event->change);
	case ARRAY_EVENT_HEARTBEAT:
		return event_add(
			stream, "heartbeat", 0,
			json_pack("{s:o}", "position", wire_position_encode(&event->position)));
	case ARRAY_EVENT_LOST:
		break;
	}
	return lost_add(stream, NULL);
}

/*
 * Without its lease a gateway may not know any more what others change: who listens goes to another
 * one, instead of taking its heartbeats for news.
 */
static const char no_lease[] = "this gateway has lost its lease: it does not reach the cluster";

/* Encodes the next events to be sent.  Waits up to a second for an event. */
static int
pending_fill(struct http_stream *stream)
{
	struct array_event event = { .kind = ARRAY_EVENT_LOST };
	int rc;

	const char *reason = stream->conn != NULL ? http_auth_lost(stream->conn) : NULL;

	stream->pending.len = 0;
	stream->sent = 0;
	if (stream->pending.capacity > PENDING_KEEP)
		strbuf_fini(&stream->pending);
	if (reason != NULL || atomic_load(&stream->http->stopping))
		return lost_add(stream, reason);
	if (!array_lease_ok(stream->http->array))
		return lost_add(stream, no_lease);
	if (stream->live != NULL)
		return live_add(stream);
	rc = array_listener_next(stream->listener, &event);
	if (rc < 0)
		return lost_add(stream, NULL);
	rc = array_event_add(stream, &event);
	change_unref(event.change);
	return rc;
}

size_t
http_stream_read(struct http_stream *stream, char *buf, size_t size)
{
	size_t len;

	if (stream->sent == stream->pending.len && (stream->ended || pending_fill(stream) < 0))
		return 0;
	len = MIN(size, stream->pending.len - stream->sent);
	memcpy(buf, stream->pending.text + stream->sent, len);
	stream->sent += len;
	return len;
}

void
http_stream_free(struct http_stream *stream)
{
	if (stream == NULL)
		return;
	if (stream->listener != NULL)
		array_listener_free(stream->listener);
	strbuf_fini(&stream->pending);
	state_unref(stream->live);
	atomic_fetch_sub(stream->streams, 1);
	mem_free(stream);
}

/*
 * Makes a stream, if the socket may have one more.  Returns NULL with a text when it may not, or
 * when memory is out.
 */
static struct http_stream *
stream_new(struct http_call *call, int *ret_rc)
{
	struct http *http = call->http;
	atomic_uint *streams = call->streams;
	struct http_stream *stream;

	*ret_rc = call->conn != NULL ? http_conn_stream(call->conn) : 0;
	if (*ret_rc < 0)
		return NULL;
	if (atomic_fetch_add(streams, 1) >= http->max_streams) {
		atomic_fetch_sub(streams, 1);
		*ret_rc = err_set(ERR_LIMIT, "there are %u event streams on this socket already",
				  http->max_streams);
		return NULL;
	}
	stream = mem_calloc(1, sizeof(*stream));
	if (stream == NULL) {
		atomic_fetch_sub(streams, 1);
		*ret_rc = -ENOMEM;
		return NULL;
	}
	stream->http = http;
	stream->streams = streams;
	strbuf_init(&stream->pending);
	return stream;
}

int
http_events(struct http_call *call, struct http_reply *reply)
{
	AUTO_STATE struct state *config = NULL;
	AUTO_STATE struct state *live = NULL;
	int rc = 0;

	if (call->args.since != 0 && call->args.incarnation == 0)
		return err_set(ERR_INVALID,
			       "the parameter since is allowed only together with incarnation");
	if (!array_lease_ok(call->array))
		return err_set(ERR_CLOSED, "%s", no_lease);
	reply->stream = stream_new(call, &rc);
	if (reply->stream == NULL)
		return rc;
	rc = array_listen(call->array, call->args.incarnation, call->args.since,
			  &reply->stream->listener, &config, &live);
	if (rc == 0)
		rc = hello_add(reply->stream, config, live);
	if (rc == 0) {
		reply->stream->conn = call->conn;
		reply->stream->live = TAKE(live);
		reply->stream->live_family = ROW_CONFIG_COUNT;
	}
	if (rc < 0) {
		http_stream_free(reply->stream);
		reply->stream = NULL;
	}
	return rc;
}
