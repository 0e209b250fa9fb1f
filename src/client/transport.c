/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * HTTP/1.1 to vdsd, over a unix socket, loopback TCP or TLS. Connections (conn.c) are kept and used
 * again; each is used by one thread at a time.  Closing the transport wakes every wait, so that
 * calls end at once.  Of several gateways one is the current one (client_int.h); a request that
 * cannot be sent there is sent to the next.
 *
 * This file does not use libcurl, because libcurl would load some thirty shared libraries into
 * every program that uses libvds, only to send one request on a socket.  The parser of answers
 * (wire/wire_http.c) is shared with the server.
 *
 * Any thread.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/system.h"
#include "client/client_int.h"
#include "wire/wire_http.h"

#define CONNECT_NS     (5 * NS_PER_S)
#define CONNECT_ONE_NS (2 * NS_PER_S) /* where there is another gateway */
#define READ_BLOCK     65536
#define BODY_MAX_BYTES (1u << 30)
#define IDLE_MAX       16

LOG_AREA(area, "client.transport");

/* One request and its answer, which goes into a body, or to a sink once the status is 200. */
struct exchange {
	struct client_transport *transport;
	const struct client_request *request;
	struct client_reply *reply;
	struct client_sink *sink; /* NULL = everything goes into the reply */
	struct wire_http http;
	const struct client_peer *peer; /* whom the last attempt went to */
	uint64_t deadline_ns;           /* 0 = none */
	bool connected;                 /* the last attempt had a connection */
	bool heard;                     /* a byte of an answer has come */
	bool sent;                      /* the request may have arrived */
};

/* ---- the transport ---- */

int
client_transport_init(struct client_transport *t, const struct client_options *options)
{
	int rc;

	*t = (struct client_transport){ 0 };
	list_init(&t->idle);
	list_init(&t->busy);
	pthread_mutex_init(&t->lock, NULL);
	thread_cond_init(&t->changed);
	rc = client_token_init(t, options->token_file);
	return rc < 0 ? rc : client_peers_init(options, &t->peers, &t->peer_count);
}

void
client_transport_wake(struct client_transport *t)
{
	pthread_mutex_lock(&t->lock);
	list_for_each(node, &t->busy)
		client_conn_wake(list_entry(node, struct client_conn, node));
	pthread_mutex_unlock(&t->lock);
}

void
client_transport_close(struct client_transport *t)
{
	pthread_mutex_lock(&t->lock);
	t->closing = true;
	pthread_cond_broadcast(&t->changed);
	pthread_mutex_unlock(&t->lock);
	client_transport_wake(t);
}

void
client_transport_drain(struct client_transport *t)
{
	struct list *node;

	pthread_mutex_lock(&t->lock);
	while (!list_empty(&t->busy))
		pthread_cond_wait(&t->changed, &t->lock);
	pthread_mutex_unlock(&t->lock);
	while ((node = list_pop(&t->idle)) != NULL)
		client_conn_free(list_entry(node, struct client_conn, node));
}

void
client_transport_reopen(struct client_transport *t)
{
	pthread_mutex_lock(&t->lock);
	t->closing = false;
	pthread_mutex_unlock(&t->lock);
}

void
client_transport_fini(struct client_transport *t)
{
	client_transport_drain(t);
	pthread_cond_destroy(&t->changed);
	pthread_mutex_destroy(&t->lock);
	client_peers_fini(t->peers, t->peer_count);
	client_token_fini(t);
}

static bool
is_closing(struct client_transport *t)
{
	bool closing;

	pthread_mutex_lock(&t->lock);
	closing = t->closing;
	pthread_mutex_unlock(&t->lock);
	return closing;
}

/* ---- the current peer ---- */

static const struct client_peer *
current_peer(struct client_transport *t)
{
	return &t->peers[atomic_load_explicit(&t->current, memory_order_acquire)];
}

void
client_transport_leave(struct client_transport *t, const struct client_peer *peer)
{
	size_t index, next;

	if (peer == NULL)
		peer = current_peer(t);
	index = (size_t)(peer - t->peers);
	next = (index + 1) % t->peer_count;
	if (t->peer_count < 2 || !atomic_compare_exchange_strong(&t->current, &index, next))
		return;
	log_debug(&area, "client.gateway", "from=%s to=%s", client_peer_text(peer),
		  client_peer_text(&t->peers[next]));
	client_transport_wake(t);
}

int
client_transport_pause(struct client_transport *t, uint64_t ns)
{
	uint64_t until = clock_mono_ns() + ns;
	bool closing;

	pthread_mutex_lock(&t->lock);
	while (!t->closing && thread_cond_wait(&t->changed, &t->lock, until) == 0)
		;
	closing = t->closing;
	pthread_mutex_unlock(&t->lock);
	return closing ? ERR_CLOSED : 0;
}

/* ---- connections ---- */

/* Shall a wait of this connection end? */
static bool
conn_stop(struct client_conn *conn)
{
	struct exchange *x = conn->owner;

	return is_closing(x->transport) || conn->peer != current_peer(x->transport) ||
	       (x->sink != NULL && x->sink->stop(x->sink));
}

/* An idle connection to this peer, which is still there, or NULL. Those to others are closed. */
static struct client_conn *
idle_take(struct client_transport *t, const struct client_peer *peer)
{
	struct client_conn *conn;
	struct list *node;

	for (;;) {
		pthread_mutex_lock(&t->lock);
		node = list_pop(&t->idle);
		pthread_mutex_unlock(&t->lock);
		if (node == NULL)
			return NULL;
		conn = list_entry(node, struct client_conn, node);
		if (conn->peer == peer && !client_conn_is_dead(conn))
			return conn;
		client_conn_free(conn);
	}
}

/* An idle connection or a new, unconnected one, now busy.  Returns 0, ERR_CLOSED or -ENOMEM. */
static int
conn_get(struct exchange *x, struct client_conn **ret_conn)
{
	struct client_transport *t = x->transport;
	struct client_conn *conn;
	int rc = 0;

	x->peer = current_peer(t);
	conn = idle_take(t, x->peer);
	if (conn == NULL && (conn = client_conn_new()) == NULL)
		return -ENOMEM;
	conn->peer = x->peer;
	conn->owner = x;
	conn->stop = conn_stop;
	pthread_mutex_lock(&t->lock);
	if (t->closing)
		rc = ERR_CLOSED;
	else
		list_append(&t->busy, &conn->node);
	pthread_mutex_unlock(&t->lock);
	if (rc < 0)
		client_conn_free(conn);
	else
		*ret_conn = conn;
	return rc;
}

/* keep: the answer is complete, and the peer goes on with the connection. */
static void
conn_put(struct client_transport *t, struct client_conn *conn, bool keep)
{
	size_t idle = 0;

	pthread_mutex_lock(&t->lock);
	list_remove(&conn->node);
	list_for_each(node, &t->idle)
		idle++;
	if (keep && !t->closing && idle < IDLE_MAX) {
		list_prepend(&t->idle, &conn->node);
		conn = NULL;
	}
	pthread_cond_broadcast(&t->changed);
	pthread_mutex_unlock(&t->lock);
	client_conn_free(conn);
}

/* ---- one exchange ---- */

/* What ended a wait, in the words of this header. */
static int
wait_code(struct exchange *x, int rc)
{
	const struct client_peer *peer = x->peer;
	char text[128];

	if (rc == ERR_CANCELLED && is_closing(x->transport))
		return ERR_CLOSED;
	if (rc == ERR_CANCELLED && peer != current_peer(x->transport))
		return err_set(ERR_UNREACHABLE, "%s was left for another gateway",
			       client_peer_text(peer));
	if (rc == ERR_TIMEOUT && x->sink != NULL)
		return err_set(ERR_TIMEOUT,
			       "the array sent nothing on the event stream for too long");
	if (rc == ERR_TIMEOUT)
		return err_set(ERR_TIMEOUT, "%s did not answer in time", client_peer_text(peer));
	if (rc == -EACCES || rc == -EPERM)
		return err_set(ERR_ACCESS, "%s: you may not use this socket (%s)",
			       client_peer_text(peer), strerror(-rc));
	if (rc < 0 && rc > -4096)
		return err_set(ERR_UNREACHABLE, "%s: %s", client_peer_text(peer),
			       system_error_text(-rc, text, sizeof(text)));
	return rc;
}

const char *
client_peer_text(const struct client_peer *peer)
{
	return peer->socket_path != NULL ? peer->socket_path : peer->name;
}

static int
request_text(const struct exchange *x, struct strbuf *text)
{
	const struct client_request *r = x->request;
	bool with_body = strcmp(r->method, "GET") != 0 && strcmp(r->method, "DELETE") != 0;
	size_t len = r->body != NULL ? strlen(r->body) : 0;
	char id[GUID_TEXT_SIZE];

	strbuf_addf(text, "%s %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: libvds/" VDS_VERSION "\r\n",
		    r->method, r->path, x->peer->name);
	if (r->id != NULL)
		strbuf_addf(text, "X-Request-Id: %s\r\n", guid_format(r->id, id));
	if (r->body != NULL)
		strbuf_add(text, "Content-Type: application/json\r\n");
	if (with_body || r->body != NULL)
		strbuf_addf(text, "Content-Length: %zu\r\n", len);
	if (client_token_header(x->transport, text) < 0)
		return -ENOMEM;
	strbuf_add(text, "\r\n");
	strbuf_add_bytes(text, r->body != NULL ? r->body : "", len);
	return text->failed ? -ENOMEM : 0;
}

static int
on_body(void *arg, const char *bytes, size_t len)
{
	struct exchange *x = arg;

	if (x->sink != NULL && x->http.status == 200)
		return x->sink->bytes(x->sink, bytes, len);
	if (len > BODY_MAX_BYTES - x->reply->body.len)
		return err_set(ERR_LIMIT, "the answer is longer than 1 GiB");
	strbuf_add_bytes(&x->reply->body, bytes, len);
	return x->reply->body.failed ? -ENOMEM : 0;
}

/*
 * Feeds what was read; an interim answer (1xx) is skipped.  *ret_used < len: more than one answer
 * came.
 */
static int
answer_feed(struct exchange *x, const char *bytes, size_t len, size_t *ret_used)
{
	size_t at = 0;
	int rc = 0;

	while (rc == 0 && at < len && x->http.state != WIRE_HTTP_DONE) {
		size_t used = 0;

		rc = wire_http_feed(&x->http, bytes + at, len - at, on_body, x, &used);
		at += used;
		if (rc == 0 && x->http.state == WIRE_HTTP_DONE && x->http.status < 200)
			wire_http_reset(&x->http);
	}
	*ret_used = at;
	if (x->http.refusal != 0 && (rc == ERR_PROTOCOL || rc == ERR_LIMIT))
		return err_set(ERR_PROTOCOL, "%s does not speak HTTP", client_peer_text(x->peer));
	return rc;
}

/* Reads until the answer is complete.  *ret_keep: the connection can be used again. */
static int
answer_read(struct exchange *x, struct client_conn *conn, char *block, bool *ret_keep)
{
	uint64_t deadline_ns = x->deadline_ns;

	for (;;) {
		size_t used = 0;
		ssize_t n;
		int rc;

		if (x->sink != NULL)
			deadline_ns = clock_mono_ns() + x->sink->silence_ns;
		n = client_conn_recv(conn, block, READ_BLOCK, deadline_ns);
		if (n < 0)
			return wait_code(x, (int)n);
		if (n == 0)
			return wire_http_end(&x->http) == 0
				       ? 0
				       : err_set(ERR_UNREACHABLE,
						 "%s closed the connection without an answer",
						 client_peer_text(x->peer));
		x->heard = true;
		rc = answer_feed(x, block, (size_t)n, &used);
		if (rc != 0)
			return rc;
		if (x->http.state == WIRE_HTTP_DONE) {
			*ret_keep = x->http.keep_alive && used == (size_t)n;
			return 0;
		}
	}
}

static int
conn_exchange(struct exchange *x, struct client_conn *conn, bool *ret_keep)
{
	AUTO(strbuf_fini) struct strbuf text = { 0 };
	AUTO_FREE char *block = mem_alloc(READ_BLOCK);
	uint64_t connect_ns = clock_mono_ns() +
			      (x->transport->peer_count > 1 ? CONNECT_ONE_NS : CONNECT_NS);
	int rc = request_text(x, &text);

	if (rc < 0 || block == NULL)
		return -ENOMEM;
	if (!sock_is_open(&conn->sock)) {
		if (x->deadline_ns != 0)
			connect_ns = MIN(connect_ns, x->deadline_ns);
		rc = client_conn_connect(conn, x->peer, connect_ns);
		if (rc < 0)
			return is_closing(x->transport) ? ERR_CLOSED : wait_code(x, rc);
	}
	x->sent = x->connected = true;
	rc = client_conn_send(conn, text.text, text.len, x->deadline_ns);
	if (rc < 0)
		return wait_code(x, rc);
	return answer_read(x, conn, block, ret_keep);
}

/* Makes one attempt on one connection.  *ret_kept: it was an idle one. */
static int
attempt(struct exchange *x, bool *ret_kept)
{
	struct client_conn *conn = NULL;
	bool keep = false;
	int rc;

	x->connected = *ret_kept = false;
	rc = conn_get(x, &conn);
	if (rc < 0)
		return rc;
	*ret_kept = sock_is_open(&conn->sock);
	wire_http_reset(&x->http);
	rc = conn_exchange(x, conn, &keep);
	conn_put(x->transport, conn, rc == 0 && keep);
	return rc;
}

/*
 * Returns whether an attempt that ended so speaks against its peer: no connection, whatever the
 * reason, or one that broke or was silent for too long.
 */
static bool
is_peer_failure(struct exchange *x, int rc)
{
	if (is_closing(x->transport) || (x->sink != NULL && x->sink->stop(x->sink)))
		return false;
	return rc == ERR_UNREACHABLE || rc == ERR_TIMEOUT ||
	       (!x->connected && (rc == ERR_ACCESS || rc == ERR_UNTRUSTED || rc == ERR_PROTOCOL));
}

/*
 * Runs the exchange.  A connection that was kept may have been closed by the peer at this very
 * moment: then no byte of an answer comes, and what may be asked twice is asked again on another
 * one.  When there is no connection, the other gateways are tried.
 */
static int
exchange_run(struct exchange *x)
{
	bool safe = x->request->id != NULL || strcmp(x->request->method, "GET") == 0;
	bool again, kept;
	size_t tried = 0;
	int rc;

	do {
		rc = attempt(x, &kept);
		again = rc == ERR_UNREACHABLE && kept && safe && !x->heard;
		if (!again && is_peer_failure(x, rc)) {
			client_transport_leave(x->transport, x->peer);
			again = !x->connected && ++tried < x->transport->peer_count;
		}
	} while (again);
	if (rc == 0)
		atomic_store_explicit(&x->transport->reached, true, memory_order_relaxed);
	x->reply->status = x->http.status;
	return rc;
}

static int
exchange(struct client_transport *t, const struct client_request *request, struct client_sink *sink,
	 struct client_reply *reply, bool *ret_sent)
{
	struct exchange x = { .transport = t, .request = request, .reply = reply, .sink = sink };
	int rc;

	if (request->timeout_ms > 0)
		x.deadline_ns = clock_mono_ns() + (uint64_t)request->timeout_ms * NS_PER_MS;
	wire_http_init(&x.http, WIRE_HTTP_RESPONSE, 0);
	rc = exchange_run(&x);
	if (rc == 0 && reply->status == 401 && client_token_renew(t)) {
		reply->body.len = 0;
		x.heard = false;
		rc = exchange_run(&x);
	}
	wire_http_fini(&x.http);
	*ret_sent = x.sent;
	reply->peer = x.peer;
	return rc;
}

int
client_transport_call(struct client_transport *t, const struct client_request *request,
		      struct client_reply *ret_reply, bool *ret_sent)
{
	struct client_reply reply = { 0 };
	int rc;

	*ret_sent = false;
	strbuf_init(&reply.body);
	rc = exchange(t, request, NULL, &reply, ret_sent);
	if (rc < 0) {
		strbuf_fini(&reply.body);
		return rc;
	}
	*ret_reply = reply;
	return 0;
}

int
client_transport_stream(struct client_transport *t, const char *path, struct client_sink *sink)
{
	const struct client_request request = { .method = "GET", .path = path };
	struct client_reply reply = { 0 };
	bool sent;
	int rc;

	strbuf_init(&reply.body);
	rc = exchange(t, &request, sink, &reply, &sent);
	if (rc == 0)
		rc = client_reply_code(&reply);
	/* it stops, or has no lease */
	if ((rc == ERR_CLOSED || rc == ERR_UNREACHABLE) && reply.status == 503)
		client_transport_leave(t, reply.peer);
	strbuf_fini(&reply.body);
	return rc;
}
