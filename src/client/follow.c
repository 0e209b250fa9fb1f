/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The event thread of a client.  It loads the snapshot, follows the event stream, resumes the
 * stream where it was cut, and stops when what comes contradicts what is known.  Only this thread
 * makes new views, and all functions of this file run on it.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "client/client_int.h"
#include "model/state_build.h"

#define BACKOFF_FIRST_NS (10 * NS_PER_MS)

#define AUTO_JSON __attribute__((cleanup(json_cleanup)))

static void
json_cleanup(json_t **json)
{
	json_decref(*json);
}

static void
change_cleanup(struct change **change)
{
	change_unref(*change);
}

static int breach(const char *fmt, ...) FORMAT_ARGS(1, 2);

/* Sets the text and returns the code that stands for "what came contradicts what is known". */
static int
breach(const char *fmt, ...)
{
	char text[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return err_set(ERR_CACHE_CORRUPT, "%s", text);
}

static bool
is_same_array(const struct position *a, const struct position *b)
{
	return guid_equal(&a->array_id, &b->array_id) && a->incarnation == b->incarnation;
}

/*
 * The array is behind the replica.  Where it has several gateways, this one may be about to learn
 * what another one has shown: that is waited for, and the next one is asked when it takes long.
 * Returns ERR_BUSY then, else a breach.
 */
static int
behind(struct client_replica *r)
{
	uint64_t now = clock_mono_ns();

	if (r->behind_ns == 0)
		r->behind_ns = now;
	if (r->transport->peer_count < 2 || now - r->behind_ns > r->tuning->wait_ns)
		return breach("the array is behind the replica");
	if (now - r->behind_ns > MIN(NS_PER_S, r->tuning->wait_ns / 4))
		client_transport_leave(r->transport, NULL);
	return err_set(ERR_BUSY, "the gateway is behind what another one has shown");
}

/* Tells the listeners when the array is lost, and when it is back. */
static void
contact_tell(struct client_replica *r)
{
	enum client_contact contact = client_replica_contact(r);
	bool lost = contact == CLIENT_LOST;

	if (contact == CLIENT_BROKEN || lost == r->told_lost)
		return;
	r->told_lost = lost;
	client_listeners_contact(r, lost);
}

/* ---- views ---- */

/*
 * The view becomes these (references taken over; NULL = that half stays), is shown, and the
 * listeners hear of it.
 */
static void
view_move(struct client_replica *r, struct state *config, struct state *live,
	  const struct change *change)
{
	struct client_view before = r->view;

	client_board_publish(&r->board, config, live);
	r->view.config = config != NULL ? config : state_ref(before.config);
	r->view.live = live != NULL ? live : state_ref(before.live);
	pthread_mutex_lock(&r->lock);
	r->position = *state_position(r->view.config);
	r->live = *state_position(r->view.live);
	pthread_cond_broadcast(&r->moved);
	pthread_mutex_unlock(&r->lock);
	if (before.config != NULL)
		client_listeners_call(r, &before, &r->view, change);
	client_view_fini(&before);
}

/* ---- loading ---- */

/*
 * The snapshot is decoded piece by piece as it arrives, so that its text is never in memory as a
 * whole.
 */
struct snapshot_sink {
	struct client_sink sink;
	struct client_replica *replica;
	struct wire_snapshot_reader *reader;
};

static int
on_snapshot_bytes(struct client_sink *sink, const char *bytes, size_t len)
{
	return wire_snapshot_read(container_of(sink, struct snapshot_sink, sink)->reader, bytes,
				  len);
}

static bool
on_snapshot_stop(struct client_sink *sink)
{
	struct client_replica *r = container_of(sink, struct snapshot_sink, sink)->replica;
	bool closing;

	pthread_mutex_lock(&r->lock);
	closing = r->closing;
	pthread_mutex_unlock(&r->lock);
	return closing;
}

static void
reader_cleanup(struct wire_snapshot_reader **reader)
{
	wire_snapshot_reader_free(*reader);
}

static int
snapshot_get(struct client_replica *r, struct wire_format *ret_format, struct client_view *ret_view)
{
	AUTO(reader_cleanup) struct wire_snapshot_reader *reader = wire_snapshot_reader_new();
	struct snapshot_sink sink = {
		.sink = { .bytes = on_snapshot_bytes,
			  .stop = on_snapshot_stop,
			  .silence_ns = (uint64_t)r->tuning->look_ms * NS_PER_MS },
		.replica = r,
		.reader = reader,
	};
	int rc;

	if (reader == NULL)
		return -ENOMEM;
	rc = client_transport_stream(r->transport, "/v1/snapshot", &sink.sink);
	if (rc == 0)
		rc = wire_snapshot_read_end(reader, ret_format, &ret_view->config, &ret_view->live);
	if (rc == ERR_PARSE || rc == ERR_CORRUPT)
		rc = err_set(ERR_PROTOCOL, "the snapshot from vdsd is not valid: %s", err_text(rc));
	return rc;
}

/* Returns 0 when this snapshot may take the place of what is known, else a breach. */
static int
snapshot_check(struct client_replica *r, const struct position *at)
{
	struct position identity;
	bool identified;
	enum client_replica_state state;

	pthread_mutex_lock(&r->lock);
	state = r->state;
	identified = r->identified;
	identity = r->identity;
	pthread_mutex_unlock(&r->lock);
	if (state == REPLICA_LOADING)
		return 0;
	if (identified)
		return is_same_array(&identity, at)
			       ? 0
			       : breach("the array has changed again since it was asked who it is");
	if (!is_same_array(&r->position, at))
		return breach("the array is another, or has another incarnation");
	return at->sequence >= r->position.sequence ? 0 : behind(r);
}

static int
load_try(struct client_replica *r)
{
	struct wire_format format;
	struct client_view view;
	int rc = snapshot_get(r, &format, &view);

	if (rc < 0)
		return rc;
	rc = snapshot_check(r, state_position(view.config));
	if (rc < 0) {
		client_view_fini(&view);
		return rc;
	}
	view_move(r, view.config, view.live, NULL);
	client_replica_touch(r);
	r->format = format;
	r->outdated = false;
	r->behind_ns = 0;
	return 0;
}

/*
 * Loads the snapshot from one gateway after the other, while they break off, and again from one
 * that is behind.
 */
static int
load_any(struct client_replica *r)
{
	for (size_t tried = 0;;) {
		int rc = load_try(r);

		if (rc == ERR_UNREACHABLE || rc == ERR_TIMEOUT)
			tried++;
		else if (rc != ERR_BUSY)
			return rc;
		if (tried >= r->transport->peer_count ||
		    client_transport_pause(r->transport, BACKOFF_FIRST_NS) < 0)
			return rc;
	}
}

static void
load(struct client_replica *r)
{
	uint64_t ticket;
	int rc;

	pthread_mutex_lock(&r->lock);
	ticket = r->loads_asked;
	pthread_mutex_unlock(&r->lock);
	rc = load_any(r);
	if (rc == 0) {
		client_replica_step(r, REPLICA_LOADED, NULL);
		contact_tell(r);
	} else if (rc == ERR_CACHE_CORRUPT) {
		client_replica_step(r, REPLICA_BREACH, err_text(rc));
	}
	pthread_mutex_lock(&r->lock);
	if (rc < 0)
		snprintf(r->why, sizeof(r->why), "%s", err_text(rc));
	if (rc == 0 || rc == ERR_CACHE_CORRUPT)
		r->identified = false; /* it was for one load */
	r->load_rc = rc;
	r->loads_done = ticket;
	pthread_cond_broadcast(&r->moved);
	pthread_mutex_unlock(&r->lock);
}

/* ---- following: one event ---- */

/* Verifies the stream when it has shown all changes that the array had at the hello. */
static int
verify(struct client_replica *r)
{
	const struct position *at = state_position(r->view.config);

	if (r->verified || at->sequence < r->goal.sequence)
		return 0;
	if (at->sequence == r->goal.sequence && !hash128_equal(&at->digest, &r->goal.digest))
		return breach("the digest at %" PRIu64 " is not the array's", at->sequence);
	r->verified = true;
	r->behind_ns = 0;
	client_replica_touch(r);
	client_replica_step(r, REPLICA_VERIFIED, NULL);
	contact_tell(r);
	return 0;
}

/*
 * vdsd was replaced by a release with another minor version of the format.  Its rows have other
 * texts, hence other digests, so they cannot be compared with what is known: the stream ends and
 * the snapshot is loaded anew.
 */
static int
outdate(struct client_replica *r)
{
	r->outdated = true;
	return err_set(ERR_CANCELLED, "the array now has another minor version of the wire format: "
				      "the snapshot is loaded again");
}

static int
on_hello(struct client_replica *r, const json_t *json)
{
	struct wire_format format;
	struct position live;
	int rc = wire_format_decode(json, &format);

	if (rc == ERR_VERSION)
		return breach("%s", err_text(rc));
	if (rc == 0)
		rc = wire_position_decode(json_object_get(json, "position"), &r->goal);
	if (rc == 0)
		rc = wire_position_decode(json_object_get(json, "live"), &live);
	if (rc < 0)
		return rc;
	if (!is_same_array(&r->goal, &r->position))
		return breach("the array is another, or has another incarnation");
	if (r->goal.sequence < r->position.sequence)
		return behind(r);
	if (format.minor != r->format.minor)
		return outdate(r);
	r->live_start = state_new(&live);
	if (r->live_start == NULL)
		return -ENOMEM;
	r->greeted = true;
	return verify(r);
}

static int
on_change(struct client_replica *r, const json_t *json)
{
	AUTO(change_cleanup) struct change *change = NULL;
	struct state *next = NULL;
	int rc = wire_change_decode(json, &change);

	if (rc == 0)
		rc = state_apply(r->view.config, change, &next);
	if (rc == ERR_GONE)
		return breach("a gap: change %" PRIu64 " came after %" PRIu64, change->sequence,
			      r->position.sequence);
	if (rc == ERR_CORRUPT)
		return breach("%s", err_text(ERR_CORRUPT));
	if (rc < 0)
		return rc;
	view_move(r, next, NULL, change);
	return verify(r);
}

/*
 * After a hello come the live rows of that moment: `live_rows` events and a last `live` event,
 * whose sequence is that of the hello.  They are collected in live_start, which nobody sees until
 * then.
 */
static int
live_collect(struct client_replica *r, const struct change *change)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < change->op_count; i++)
		if (change->ops[i].row != NULL)
			rc = state_put(r->live_start, change->ops[i].row);
	return rc;
}

static int
on_live_rows(struct client_replica *r, const json_t *json)
{
	AUTO(change_cleanup) struct change *change = NULL;
	int rc = wire_change_decode(json, &change);

	if (rc < 0)
		return rc;
	if (r->live_start == NULL || change->sequence != state_position(r->live_start)->sequence)
		return err_set(ERR_CANCELLED,
			       "the array sent live rows before the event hello"); /* sent anew */
	return live_collect(r, change);
}

/* All live rows of the hello are there, or none came because there were none. */
static void
live_settle(struct client_replica *r)
{
	if (r->live_start != NULL)
		view_move(r, NULL, TAKE(r->live_start), NULL);
}

static int
on_live(struct client_replica *r, const json_t *json)
{
	AUTO(change_cleanup) struct change *change = NULL;
	struct state *next = NULL;
	int rc = wire_change_decode(json, &change);

	if (rc < 0)
		return rc;
	if (r->live_start != NULL && change->sequence == state_position(r->live_start)->sequence) {
		rc = live_collect(r, change);
		if (rc == 0)
			live_settle(r);
		return rc;
	}
	live_settle(r);
	rc = state_apply(r->view.live, change, &next);
	if (rc == ERR_GONE || rc == ERR_CORRUPT)
		return err_set(ERR_CANCELLED,
			       "the array skipped a version of its live rows"); /* sent anew */
	if (rc == 0)
		view_move(r, NULL, next, change);
	return rc;
}

/* A heartbeat is sent when nothing else was, so it names exactly the position of the replica. */
static int
on_heartbeat(struct client_replica *r, const json_t *json)
{
	struct position at;
	int rc = wire_position_decode(json_object_get(json, "position"), &at);

	if (rc < 0)
		return rc;
	if (!is_same_array(&at, &r->position))
		return breach("the array is another, or has another incarnation");
	if (at.sequence != r->position.sequence)
		return breach("a gap: the array is at %" PRIu64 ", the replica at %" PRIu64,
			      at.sequence, r->position.sequence);
	if (!hash128_equal(&at.digest, &r->position.digest))
		return breach("the digest at %" PRIu64 " is not the array's", at.sequence);
	return 0;
}

static int
on_lost(struct client_replica *r, const json_t *json)
{
	(void)r;
	(void)json;
	return err_set(ERR_CANCELLED, "the array ended the event stream");
}

static const struct {
	const char *name;
	bool is_greeting;
	int (*handle)(struct client_replica *r, const json_t *json);
	/* clang-format off */
} events[] = {
	{ "hello",	true,	on_hello },
	{ "change",	false,	on_change },
	{ "live_rows",	false,	on_live_rows },
	{ "live",	false,	on_live },
	{ "heartbeat",	false,	on_heartbeat },
	{ "lost",	false,	on_lost },
};
/* clang-format on */

static int
event_handle(struct client_replica *r, size_t i, const char *data)
{
	AUTO_JSON json_t *json = NULL;
	int rc = client_json_parse(data, strlen(data), &json);

	if (rc < 0)
		return rc; /* it was damaged on its way: asked for again */
	if (events[i].is_greeting == r->greeted)
		return breach("the event '%s' out of order", events[i].name);
	if (events[i].handle != on_live && events[i].handle != on_live_rows &&
	    events[i].handle != on_hello)
		live_settle(r);
	rc = events[i].handle(r, json);
	if (rc == ERR_PARSE)
		return breach("the event '%s' makes no sense: %s", events[i].name, err_text(rc));
	if (rc == 0 && r->verified)
		client_replica_touch(r);
	return rc;
}

/* Events of other names are ignored: a later version of the array may send more. */
static int
on_event(void *arg, const char *name, const char *data)
{
	for (size_t i = 0; i < ARRAY_LEN(events); i++)
		if (strcmp(events[i].name, name) == 0)
			return event_handle(arg, i, data);
	return 0;
}

/* ---- following: the stream ---- */

struct follower {
	struct client_sink sink;
	struct client_replica *replica;
	struct wire_sse sse;
};

static int
on_bytes(struct client_sink *sink, const char *bytes, size_t len)
{
	struct follower *f = container_of(sink, struct follower, sink);
	int rc = wire_sse_feed(&f->sse, bytes, len, on_event, f->replica);

	return rc == ERR_LIMIT ? breach("an event is too long") : rc;
}

/* Under the lock. */
static bool
is_wanted(const struct client_replica *r)
{
	return r->closing || r->loads_asked != r->loads_done;
}

static bool
wanted_now(struct client_replica *r)
{
	bool wanted;

	pthread_mutex_lock(&r->lock);
	wanted = is_wanted(r);
	pthread_mutex_unlock(&r->lock);
	return wanted;
}

static bool
on_stop(struct client_sink *sink)
{
	return wanted_now(container_of(sink, struct follower, sink)->replica);
}

/* Follows one stream until it ends.  Returns the reason, which is never 0. */
static int
stream_run(struct client_replica *r)
{
	struct follower f = {
		.sink = { .bytes = on_bytes, .stop = on_stop, .silence_ns = r->tuning->silence_ns },
		.replica = r,
	};
	AUTO_FREE char *path = str_printf("/v1/events?incarnation=%" PRIu64 "&since=%" PRIu64,
					  r->position.incarnation, r->position.sequence);
	int rc;

	if (path == NULL)
		return -ENOMEM;
	wire_sse_init(&f.sse);
	r->greeted = r->verified = false;
	rc = client_transport_stream(r->transport, path, &f.sink);
	wire_sse_fini(&f.sse);
	state_unref(TAKE(r->live_start));
	return rc != 0 ? rc : err_set(ERR_UNREACHABLE, "the event stream ended");
}

/* Waits until the time is over or something else is to be done. */
static void
pause_for(struct client_replica *r, uint64_t ns)
{
	uint64_t until = clock_mono_ns() + ns;

	pthread_mutex_lock(&r->lock);
	while (!is_wanted(r) && thread_cond_wait(&r->moved, &r->lock, until) == 0)
		;
	pthread_mutex_unlock(&r->lock);
}

/*
 * Loads the snapshot anew, because the stream cannot go on from what is known: the array's format
 * has changed, or the changes in between are no longer kept.  What is known stays when that fails.
 */
static void
renew(struct client_replica *r)
{
	int rc = load_try(r);

	if (rc == 0)
		client_replica_step(r, REPLICA_LOADED, NULL);
	else if (rc == ERR_CACHE_CORRUPT || rc == ERR_VERSION)
		client_replica_step(r, REPLICA_BREACH, err_text(rc));
	else
		client_replica_step(r, REPLICA_CUT, err_text(rc));
}

/* Follows one stream, then pauses.  The pause grows while no stream is verified. */
static void
follow(struct client_replica *r, uint64_t *backoff_ns)
{
	int rc = stream_run(r);

	/*
	 * The array does not keep the changes since then any more.  The replica is only old: the
	 * snapshot tells whether the array contradicts it.
	 */
	if (rc == ERR_GONE)
		r->outdated = true;
	if (rc == ERR_CACHE_CORRUPT) {
		client_replica_step(r, REPLICA_BREACH, err_text(rc));
		return;
	}
	client_replica_step(r, REPLICA_CUT, wanted_now(r) ? NULL : err_text(rc));
	if (r->outdated && !wanted_now(r)) {
		renew(r);
		if (!r->outdated)
			return;
	}
	*backoff_ns = r->verified ? BACKOFF_FIRST_NS
				  : MIN(*backoff_ns * 2, r->tuning->backoff_max_ns);
	contact_tell(r);
	pause_for(r, *backoff_ns);
}

/* Waits until a load is asked for, or the client closes. */
static void
idle(struct client_replica *r)
{
	pthread_mutex_lock(&r->lock);
	while (!is_wanted(r))
		pthread_cond_wait(&r->moved, &r->lock);
	pthread_mutex_unlock(&r->lock);
}

void *
client_follow_main(void *replica)
{
	struct client_replica *r = replica;
	uint64_t backoff_ns = BACKOFF_FIRST_NS;

	for (;;) {
		bool closing, wanted;
		enum client_replica_state state;

		pthread_mutex_lock(&r->lock);
		closing = r->closing;
		wanted = r->loads_asked != r->loads_done;
		state = r->state;
		pthread_mutex_unlock(&r->lock);
		if (closing)
			break;
		if (wanted)
			load(r);
		else if (state == REPLICA_LOADING || state == REPLICA_BROKEN)
			idle(r);
		else
			follow(r, &backoff_ns);
	}
	client_view_fini(&r->view);
	return NULL;
}
