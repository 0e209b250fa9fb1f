/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A fake array for the tests of src/client: one thread accepts connections, and each connection
 * has a thread of its own. See fake.h.
 */
#include "fake.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"

#define CHANGES_MAX  4096
#define CONNS_MAX    256
#define REQUESTS_MAX 256
#define HEARTBEAT_MS 20

struct sent {
	char *text; /* of the change, as a stream sends it; NULL = it is left out */
	const char *event;
};

struct conn {
	struct fake *fake;
	pthread_t thread;
	int fd;
	bool used, ended;
};

struct fake {
	char dir[64], url[128], socket_path[96];
	int listener;
	pthread_t acceptor;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool stopping, down, mute, hold;
	unsigned break_calls;
	enum fake_fault fault;
	int answer_status;
	char *answer_body;
	struct state *config, *live, *earlier;
	struct sent sent[CHANGES_MAX]; /* of configuration and live rows, in order */
	uint64_t sequences[CHANGES_MAX];
	size_t sent_count, forgotten;
	size_t garbage; /* 1 + the index of what is sent as garbage once; 0 = none */
	unsigned epoch; /* of the streams: they end when it moves */
	struct fake_seen seen;
	struct {
		char id[64];
		uint64_t sequence;
	} requests[REQUESTS_MAX];
	unsigned next_lun;
	struct wire_format format;
	char *replay_snapshot, *replay_events, *replay_position; /* NULL: no recording */
	struct conn conns[CONNS_MAX];
};

/* ---- bytes ---- */

static bool
write_all(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		bytes += n;
		len -= (size_t)n;
	}
	return true;
}

static bool
answer(int fd, int status, const char *body)
{
	struct strbuf out;
	bool ok;

	strbuf_init(&out);
	strbuf_addf(
		&out,
		"HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
		status, strlen(body), body);
	ok = write_all(fd, out.text, out.len);
	strbuf_fini(&out);
	return ok;
}

/* A header's value into buf, "" when it is not there. */
static void
header_get(const char *head, const char *name, char *buf, size_t size)
{
	const char *at = strcasestr(head, name);
	size_t len;

	buf[0] = '\0';
	if (at == NULL)
		return;
	at += strlen(name);
	at += strspn(at, ": ");
	len = strcspn(at, "\r\n");
	snprintf(buf, size, "%.*s", (int)len, at);
}

/* One request: its head and body; false at the end of the connection. */
static bool
request_read(int fd, char *buf, size_t size, char **ret_body)
{
	size_t have = 0, need = 0;
	char *end = NULL, length[32];

	while (end == NULL || have < need) {
		ssize_t n = have < size - 1 ? recv(fd, buf + have, size - 1 - have, 0) : 0;

		if (n <= 0)
			return false;
		have += (size_t)n;
		buf[have] = '\0';
		if (end == NULL && (end = strstr(buf, "\r\n\r\n")) != NULL) {
			end += 4;
			header_get(buf, "\nContent-Length", length, sizeof(length));
			need = (size_t)(end - buf) + strtoul(length, NULL, 10);
		}
	}
	*ret_body = end;
	return true;
}

/* ---- changes, under the lock ---- */

static char *
dump(json_t *json)
{
	char *text = json_dumps(json, JSON_COMPACT);

	json_decref(json);
	assert(text != NULL);
	return text;
}

/* What the streams see of it, with the fault that is due. */
static char *
change_text(struct fake *f, struct change *change)
{
	enum fake_fault fault = f->fault;

	f->fault = FAKE_NONE;
	switch (fault) {
	case FAKE_NONE:
		break;
	case FAKE_SKIP:
		return NULL;
	case FAKE_DIGEST:
		change->digest.lo ^= 1;
		break;
	case FAKE_ROW:
		change->op_count--;
		row_unref(change->ops[change->op_count].row);
		break;
	case FAKE_GARBAGE:
		f->garbage = f->sent_count + 1;
		break;
	case FAKE_NONSENSE:
		return strdup("{\"sequence\":\"one\"}");
	}
	return dump(wire_change_encode(change));
}

static void
remember(struct fake *f, const char *event, uint64_t sequence, char *text)
{
	assert(f->sent_count < CHANGES_MAX);
	f->sequences[f->sent_count] = sequence;
	f->sent[f->sent_count++] = (struct sent){ text, event };
	pthread_cond_broadcast(&f->changed);
}

static uint64_t
commit_locked(struct fake *f, struct state_edit *edit)
{
	struct state *next;
	struct change *change;
	uint64_t sequence;

	assert(state_edit_finish(edit, "test", NULL, 0, &next, &change) == 0);
	state_unref(f->earlier);
	f->earlier = f->config;
	f->config = next;
	sequence = change->sequence;
	remember(f, "change", sequence, change_text(f, change));
	change_unref(change);
	return sequence;
}

/* ---- answers ---- */

static json_t *
format_encode(const struct fake *f)
{
	return json_pack("{s:i, s:i}", "major", (int)f->format.major, "minor",
			 (int)f->format.minor);
}

static char *
snapshot_text(struct fake *f)
{
	json_t *json;

	if (f->replay_snapshot != NULL)
		return strdup(f->replay_snapshot);
	json = wire_snapshot_encode(f->config, f->live);
	json_object_set_new(json, "format", format_encode(f));
	return dump(json);
}

static char *
position_text(struct fake *f)
{
	if (f->replay_position != NULL)
		return strdup(f->replay_position);
	return dump(
		json_pack("{s:o}", "position", wire_position_encode(state_position(f->config))));
}

/* Any change adds a LUN: once for each request id. */
static char *
change_answer(struct fake *f, const char *id)
{
	uint64_t sequence = 0;
	char lun[GUID_TEXT_SIZE];
	size_t i = 0;

	while (i < REQUESTS_MAX && f->requests[i].id[0] != '\0' &&
	       strcmp(f->requests[i].id, id) != 0)
		i++;
	assert(i < REQUESTS_MAX);
	if (f->requests[i].id[0] == '\0') {
		struct state_edit *edit = state_edit_new(f->config);

		sample_put(edit, sample_lun(f->next_lun++), NULL);
		f->requests[i].sequence = commit_locked(f, edit);
		snprintf(f->requests[i].id, sizeof(f->requests[i].id), "%s", id);
		snprintf(f->seen.change_id, sizeof(f->seen.change_id), "%s", id);
		f->seen.changes++;
	}
	sequence = f->requests[i].sequence;
	return dump(json_pack("{s:I, s:s, s:n, s:b}", "sequence", (json_int_t)sequence, "id",
			      guid_format(&(struct guid){ { 1 } }, lun), "job", "existed", false));
}

static char *
answer_text(struct fake *f, const char *method, const char *path, const char *id, int *ret_status)
{
	*ret_status = 200;
	if (f->answer_body != NULL && strcmp(path, "/v1/snapshot") != 0) {
		char *text = f->answer_body;

		*ret_status = f->answer_status;
		f->answer_body = NULL;
		return text;
	}
	if (strcmp(path, "/v1/snapshot") == 0)
		return snapshot_text(f);
	if (strcmp(method, "GET") != 0)
		return change_answer(f, id);
	if (strcmp(path, "/v1/sync") == 0 || strcmp(path, "/v1/array") == 0)
		return position_text(f);
	if (strcmp(path, "/v1/version") == 0)
		return dump(json_pack("{s:s, s:s, s:o}", "version", "fake", "api", "v1", "format",
				      format_encode(f)));
	if (strncmp(path, "/v1/jobs/", 9) == 0) {
		const void *job = state_at(f->config, ROW_JOB, 0);
		json_t *json = wire_row_encode(job);

		json_object_set_new(json, "live", json_null());
		return dump(json);
	}
	if (strstr(path, "/max-") != NULL)
		return strdup("{\"bytes\":4096}");
	*ret_status = 404;
	return strdup(
		"{\"error\":{\"code\":\"NOT_FOUND\",\"message\":\"there is no such thing here\"}}");
}

/* ---- the stream ---- */

static bool
event_write(int fd, const char *name, char *text)
{
	struct strbuf out;
	bool ok;

	strbuf_init(&out);
	wire_sse_encode(&out, name, 0, text);
	free(text);
	ok = write_all(fd, out.text, out.len);
	strbuf_fini(&out);
	return ok;
}

static char *
hello_text(struct fake *f)
{
	return dump(json_pack("{s:o, s:o, s:o, s:s}", "format", format_encode(f), "position",
			      wire_position_encode(state_position(f->config)), "live",
			      wire_position_encode(state_position(f->live)), "version", "fake"));
}

/* The live rows first … end-1 as a change. */
static char *
live_text(struct fake *f, size_t first, size_t end)
{
	json_t *luns = json_array();

	for (size_t i = first; i < end; i++)
		json_array_append_new(luns, wire_row_encode(state_at(f->live, ROW_LIVE_LUN, i)));
	return dump(json_pack("{s:I, s:s, s:n, s:i, s:s, s:{s:o}, s:{}}", "sequence",
			      (json_int_t)state_position(f->live)->sequence, "digest",
			      "00000000000000000000000000000000", "request", "time", 0, "cause",
			      "live", "put", "live_lun", luns, "delete"));
}

/*
 * Where in `sent` a stream goes on that has seen `since`; live changes before now are in its live
 * event.
 */
static size_t
resume_at(const struct fake *f, uint64_t since)
{
	size_t at = 0;

	while (at < f->sent_count &&
	       (strcmp(f->sent[at].event, "live") == 0 || f->sequences[at] <= since))
		at++;
	return at;
}

static void
heartbeat_wait(struct fake *f)
{
	thread_cond_wait(&f->changed, &f->lock, clock_mono_ns() + HEARTBEAT_MS * NS_PER_MS);
}

/* Events until the epoch moves or the peer goes.  Under the lock, which is left for each write. */
static void
stream_serve(struct fake *f, int fd, uint64_t since)
{
	unsigned epoch = f->epoch;
	size_t at = resume_at(f, since), live_from = f->sent_count;
	size_t count = state_count(f->live, ROW_LIVE_LUN), half = count / 2;
	char *hello = hello_text(f), *some = live_text(f, 0, half),
	     *live = live_text(f, half, count);
	bool ok;

	f->seen.streams++;
	pthread_cond_broadcast(&f->changed);
	pthread_mutex_unlock(&f->lock);
	ok = write_all(fd, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n", 52);
	ok = event_write(fd, "hello", hello) && ok;
	/* An array sends many rows in several events. */
	if (half > 0)
		ok = event_write(fd, "live_rows", some) && ok;
	else
		free(some);
	ok = event_write(fd, "live", live) && ok;
	pthread_mutex_lock(&f->lock);
	while (ok && !f->stopping && f->epoch == epoch) {
		const char *event = "heartbeat";
		char *text = NULL;

		if (f->mute || at == f->sent_count)
			heartbeat_wait(f);
		if (f->mute)
			continue;
		if (at < f->sent_count) {
			event = f->sent[at].event;
			if (f->sent[at].text != NULL &&
			    (at >= live_from || strcmp(event, "change") == 0))
				text = strdup(f->garbage == at + 1 ? "{\"sequence\":"
								   : f->sent[at].text);
			f->garbage = f->garbage == at + 1 ? 0 : f->garbage;
			at++;
		} else if (f->epoch == epoch) {
			text = position_text(f);
		}
		pthread_mutex_unlock(&f->lock);
		ok = text == NULL || event_write(fd, event, text);
		pthread_mutex_lock(&f->lock);
	}
}

/*
 * The recording, and then nothing until the epoch moves.  Under the lock, which is left for the
 * write.
 */
static void
replay_serve(struct fake *f, int fd)
{
	unsigned epoch = f->epoch;
	bool ok;

	f->seen.streams++;
	pthread_cond_broadcast(&f->changed);
	pthread_mutex_unlock(&f->lock);
	ok = write_all(fd, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n", 52) &&
	     write_all(fd, f->replay_events, strlen(f->replay_events));
	pthread_mutex_lock(&f->lock);
	while (ok && !f->stopping && f->epoch == epoch)
		pthread_cond_wait(&f->changed, &f->lock);
}

static void
events_serve(struct fake *f, int fd, const char *path)
{
	const char *incarnation = strstr(path, "incarnation="), *since = strstr(path, "since=");
	uint64_t i = incarnation != NULL ? strtoull(incarnation + 12, NULL, 10) : 0;
	uint64_t s = since != NULL ? strtoull(since + 6, NULL, 10) : 0;
	const struct position *at = state_position(f->config);

	if (f->replay_events != NULL)
		replay_serve(f, fd);
	else if (i != at->incarnation || s > at->sequence || s < f->forgotten)
		answer(fd, 410,
		       "{\"error\":{\"code\":\"GONE\",\"message\":\"not kept any more\"}}");
	else
		stream_serve(f, fd, s);
}

/* ---- connections ---- */

static void
seen_note(struct fake *f, const char *method, const char *path, const char *id, const char *body)
{
	snprintf(f->seen.method, sizeof(f->seen.method), "%s", method);
	snprintf(f->seen.path, sizeof(f->seen.path), "%s", path);
	snprintf(f->seen.id, sizeof(f->seen.id), "%s", id);
	snprintf(f->seen.body, sizeof(f->seen.body), "%s", body);
	f->seen.calls++;
	pthread_cond_broadcast(&f->changed);
}

/* One request under the lock; false: the connection ends. */
static bool
request_serve(struct fake *f, int fd, const char *head, const char *body)
{
	char method[16], path[512], id[64], *text;
	int status;
	bool ok;

	if (sscanf(head, "%15s %511s", method, path) != 2)
		return false;
	header_get(head, "\nX-Request-Id", id, sizeof(id));
	if (strncmp(path, "/v1/events", 10) == 0) {
		events_serve(f, fd, path);
		return false;
	}
	seen_note(f, method, path, id, body);
	while (f->hold && !f->stopping)
		pthread_cond_wait(&f->changed, &f->lock);
	if (f->down)
		return false;
	text = answer_text(f, method, path, id, &status);
	if (f->break_calls > 0) {
		f->break_calls--;
		free(text);
		return false;
	}
	pthread_mutex_unlock(&f->lock);
	ok = answer(fd, status, text);
	free(text);
	pthread_mutex_lock(&f->lock);
	return ok;
}

static void *
conn_main(void *arg)
{
	struct conn *c = arg;
	struct fake *f = c->fake;
	char *buf = malloc(1 << 20), *body;

	while (buf != NULL && request_read(c->fd, buf, 1 << 20, &body)) {
		bool go_on;

		pthread_mutex_lock(&f->lock);
		go_on = !f->stopping && !f->down && request_serve(f, c->fd, buf, body);
		pthread_mutex_unlock(&f->lock);
		if (!go_on)
			break;
	}
	free(buf);
	pthread_mutex_lock(&f->lock);
	close(c->fd);
	c->fd = -1;
	c->ended = true;
	pthread_mutex_unlock(&f->lock);
	return NULL;
}

static void *
accept_main(void *arg)
{
	struct fake *f = arg;
	int fd;

	while ((fd = accept(f->listener, NULL, NULL)) >= 0) {
		size_t i = 0;

		pthread_mutex_lock(&f->lock);
		f->seen.connections++;
		if (f->stopping || f->down) {
			close(fd);
			pthread_mutex_unlock(&f->lock);
			continue;
		}
		while (i < CONNS_MAX && f->conns[i].used && !f->conns[i].ended)
			i++;
		assert(i < CONNS_MAX);
		if (f->conns[i].used)
			pthread_join(f->conns[i].thread, NULL);
		f->conns[i] = (struct conn){ .fake = f, .fd = fd, .used = true };
		assert(pthread_create(&f->conns[i].thread, NULL, conn_main, &f->conns[i]) == 0);
		pthread_mutex_unlock(&f->lock);
	}
	return NULL;
}

/* ---- life ---- */

struct client_tuning
fake_tuning(void)
{
	return (struct client_tuning){
		.stale_ns = NS_PER_S,
		.backoff_max_ns = 20 * NS_PER_MS,
		.silence_ns = 10 * NS_PER_S,
		.retry_ns = 10 * NS_PER_S,
		.resolve_ns = 10 * NS_PER_S,
		.wait_ns = 10 * NS_PER_S,
		.call_ms = 10000,
		.look_ms = 10000,
	};
}

static void
live_start(struct fake *f, char boot)
{
	const struct position at = { .array_id = sample_id(boot, 1) };

	state_unref(f->live);
	f->live = state_new(&at);
}

struct fake *
fake_start(void)
{
	struct fake *f = calloc(1, sizeof(*f));
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	assert(f != NULL);
	snprintf(f->dir, sizeof(f->dir), "/tmp/vds-fake-XXXXXX");
	assert(mkdtemp(f->dir) != NULL);
	snprintf(f->socket_path, sizeof(f->socket_path), "%s/s", f->dir);
	snprintf(f->url, sizeof(f->url), "unix:%s", f->socket_path);
	strcpy(address.sun_path, f->socket_path);
	pthread_mutex_init(&f->lock, NULL);
	thread_cond_init(&f->changed);
	f->config = sample_state();
	live_start(f, 'b');
	f->next_lun = 1000;
	f->format = (struct wire_format){ WIRE_FORMAT_MAJOR, WIRE_FORMAT_MINOR };
	f->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert(bind(f->listener, (struct sockaddr *)&address, sizeof(address)) == 0 &&
	       listen(f->listener, 64) == 0);
	assert(pthread_create(&f->acceptor, NULL, accept_main, f) == 0);
	return f;
}

static void
conns_shut(struct fake *f)
{
	for (size_t i = 0; i < CONNS_MAX; i++)
		if (f->conns[i].used && !f->conns[i].ended)
			shutdown(f->conns[i].fd, SHUT_RDWR);
}

void
fake_stop(struct fake *f)
{
	pthread_mutex_lock(&f->lock);
	f->stopping = true;
	conns_shut(f);
	pthread_cond_broadcast(&f->changed);
	pthread_mutex_unlock(&f->lock);
	shutdown(f->listener, SHUT_RDWR);
	pthread_join(f->acceptor, NULL);
	for (size_t i = 0; i < CONNS_MAX; i++)
		if (f->conns[i].used)
			pthread_join(f->conns[i].thread, NULL);
	close(f->listener);
	unlink(f->socket_path);
	rmdir(f->dir);
	for (size_t i = 0; i < f->sent_count; i++)
		free(f->sent[i].text);
	free(f->answer_body);
	free(f->replay_snapshot);
	free(f->replay_events);
	free(f->replay_position);
	state_unref(f->config);
	state_unref(f->earlier);
	state_unref(f->live);
	pthread_cond_destroy(&f->changed);
	pthread_mutex_destroy(&f->lock);
	free(f);
}

const char *
fake_url(const struct fake *f)
{
	return f->url;
}

/* ---- doings ---- */

#define LOCKED(f, statements)                          \
	do {                                           \
		pthread_mutex_lock(&(f)->lock);        \
		statements;                            \
		pthread_cond_broadcast(&(f)->changed); \
		pthread_mutex_unlock(&(f)->lock);      \
	} while (0)

struct state_edit *
fake_edit(struct fake *f)
{
	struct state_edit *edit;

	LOCKED(f, edit = state_edit_new(f->config));
	return edit;
}

uint64_t
fake_commit(struct fake *f, struct state_edit *edit)
{
	uint64_t sequence;

	LOCKED(f, sequence = commit_locked(f, edit));
	return sequence;
}

uint64_t
fake_add_lun(struct fake *f, unsigned n)
{
	struct state_edit *edit = fake_edit(f);

	sample_put(edit, sample_lun(n), NULL);
	return fake_commit(f, edit);
}

void
fake_live(struct fake *f, void *row)
{
	struct state_edit *edit;
	struct state *next;
	struct change *change;

	pthread_mutex_lock(&f->lock);
	edit = state_edit_new(f->live);
	sample_put(edit, row, NULL);
	assert(state_edit_finish(edit, "live", NULL, 0, &next, &change) == 0);
	state_unref(f->live);
	f->live = next;
	remember(f, "live", change->sequence, change_text(f, change));
	change_unref(change);
	pthread_mutex_unlock(&f->lock);
}

struct position
fake_position(struct fake *f)
{
	struct position at;

	LOCKED(f, at = *state_position(f->config));
	return at;
}

void
fake_fault(struct fake *f, enum fake_fault fault)
{
	LOCKED(f, f->fault = fault);
}

void
fake_cut(struct fake *f)
{
	LOCKED(f, f->epoch++);
}

void
fake_down(struct fake *f, bool down)
{
	LOCKED(f, {
		f->down = down;
		f->epoch++;
		if (down)
			conns_shut(f);
		if (!down)
			live_start(f, 'c'); /* another boot */
	});
}

void
fake_mute(struct fake *f, bool mute)
{
	LOCKED(f, f->mute = mute);
}

/* The same rows from another position. */
static void
config_move(struct fake *f, const struct position *at)
{
	AUTO_STATE struct state *empty = state_new(at);
	struct state_edit *edit = state_edit_new(empty);
	struct state *moved;

	for (int family = 0; family < ROW_CONFIG_COUNT; family++)
		for (size_t i = 0; i < state_count(f->config, family); i++)
			sample_put(edit, row_ref(state_at(f->config, family, i)), NULL);
	assert(state_edit_load(edit, &moved) == 0);
	state_unref(f->config);
	f->config = moved;
}

void
fake_restore(struct fake *f)
{
	struct position at;

	pthread_mutex_lock(&f->lock);
	at = *state_position(f->config);
	at.incarnation++;
	config_move(f, &at);
	f->epoch++;
	pthread_cond_broadcast(&f->changed);
	pthread_mutex_unlock(&f->lock);
}

void
fake_rewind(struct fake *f)
{
	pthread_mutex_lock(&f->lock);
	assert(f->earlier != NULL);
	state_unref(f->config);
	f->config = state_ref(f->earlier);
	for (size_t i = 0; i < f->sent_count; i++) {
		if (strcmp(f->sent[i].event, "change") == 0 &&
		    f->sequences[i] > state_position(f->config)->sequence) {
			free(f->sent[i].text);
			f->sent[i].text = NULL;
		}
	}
	f->epoch++;
	pthread_cond_broadcast(&f->changed);
	pthread_mutex_unlock(&f->lock);
}

void
fake_break_calls(struct fake *f, unsigned n)
{
	LOCKED(f, f->break_calls = n);
}

void
fake_hold_calls(struct fake *f, bool hold)
{
	LOCKED(f, f->hold = hold);
}

void
fake_answer(struct fake *f, int status, const char *body)
{
	LOCKED(f, {
		f->answer_status = status;
		free(f->answer_body);
		f->answer_body = strdup(body);
	});
}

static char *
file_text(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = calloc(1, 1 << 16);
	size_t len;

	assert(file != NULL && text != NULL);
	len = fread(text, 1, (1 << 16) - 1, file);
	assert(len < (1 << 16) - 1);
	fclose(file);
	return text;
}

void
fake_replay(struct fake *f, const char *snapshot_path, const char *events_path)
{
	char *events = file_text(events_path), *heartbeat = NULL, *next = events;

	while ((next = strstr(next, "event: heartbeat\ndata: ")) != NULL)
		heartbeat = next += strlen("event: heartbeat\ndata: ");
	assert(heartbeat != NULL);
	LOCKED(f, {
		f->replay_snapshot = file_text(snapshot_path);
		f->replay_events = events;
		f->replay_position = strndup(heartbeat, strcspn(heartbeat, "\n"));
	});
}

void
fake_format(struct fake *f, unsigned major, unsigned minor)
{
	LOCKED(f, {
		f->format.major = major;
		f->format.minor = minor;
		f->epoch++;
	});
}

/* The row as a later version would send it. */
static void *
row_later(const void *row)
{
	enum row_family family = ((const struct row *)row)->family;
	json_t *json = wire_row_encode(row);
	void *later;

	json_object_set_new(json, "later", json_true());
	assert(wire_row_decode(family, json, &later) == 0);
	json_decref(json);
	return later;
}

void
fake_upgrade(struct fake *f)
{
	struct state_edit *edit;
	struct state *later;

	pthread_mutex_lock(&f->lock);
	edit = state_edit_new(f->config);
	for (int family = 0; family < ROW_CONFIG_COUNT; family++)
		for (size_t i = 0; i < state_count(f->config, family); i++)
			sample_put(edit, row_later(state_at(f->config, family, i)), NULL);
	assert(state_edit_load(edit, &later) == 0);
	state_unref(f->config);
	f->config = later;
	f->format.minor++;
	f->epoch++;
	pthread_cond_broadcast(&f->changed);
	pthread_mutex_unlock(&f->lock);
}

void
fake_forget(struct fake *f)
{
	LOCKED(f, f->forgotten = state_position(f->config)->sequence);
}

void
fake_seen(struct fake *f, struct fake_seen *ret_seen)
{
	LOCKED(f, *ret_seen = f->seen);
}

void
fake_await_streams(struct fake *f, unsigned count)
{
	pthread_mutex_lock(&f->lock);
	while (f->seen.streams < count)
		pthread_cond_wait(&f->changed, &f->lock);
	pthread_mutex_unlock(&f->lock);
}

void
fake_await_calls(struct fake *f, unsigned count)
{
	pthread_mutex_lock(&f->lock);
	while (f->seen.calls < count)
		pthread_cond_wait(&f->changed, &f->lock);
	pthread_mutex_unlock(&f->lock);
}
