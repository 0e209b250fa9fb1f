/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The server: its listening sockets (unix, loopback TCP, and any number for TLS), one thread that
 * accepts connections, and a thread for each connection (conn.c).  vdsd's main thread starts and
 * stops it.
 *
 * Each way in (unix, TCP, TLS) has its own limit of connections.  At the limit, a new connection
 * replaces the one that has been without a complete request for longest, so that peers that send
 * slowly or nothing cannot keep others out; over TLS, strangers make place before those who have
 * said who they are.  A connection that was refused waits, too, until its peer has read that.  When
 * all connections are being served, the new one is answered with 503 (refuse.c).
 *
 * One principal (a user, a token, a certificate, an address that says nothing) may use three
 * quarters of the connections at once, and three quarters of the event streams, so that one whose
 * program is wrong, or whose token was stolen, does not push out all others.
 *
 * http->lock guards the list of connections, the counts, and the fields of struct http_conn that
 * name it.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "http/http_int.h"

#define STOP_GRACE_NS (2 * NS_PER_S)

static const struct http_limits default_limits = { .request_ms = 30000,
						   .idle_ms = 60000,
						   .handshake_ms = 10000 };

/* ---- connections ---- */

void
http_conn_wait(struct http_conn *conn)
{
	pthread_mutex_lock(&conn->http->lock);
	conn->serving = conn->ending = conn->streaming = false;
	conn->since_ns = clock_mono_ns();
	pthread_mutex_unlock(&conn->http->lock);
}

/* Three quarters: one principal, however many connections it opens, leaves a quarter to others. */
static unsigned
share_of(unsigned limit)
{
	return limit - limit / 4;
}

/*
 * Counts the connections of this way in that serve requests of the same principal, or event streams
 * of it.  The caller holds lock.
 */
static unsigned
owned_count(const struct http_conn *conn, bool streams)
{
	unsigned count = 0;

	list_for_each(node, &conn->http->conns) {
		const struct http_conn *other = list_entry(node, struct http_conn, node);

		count += other != conn && other->way == conn->way && other->serving &&
			 !other->ending && (other->streaming || !streams) &&
			 strcmp(other->owner, conn->owner) == 0;
	}
	return count;
}

int
http_conn_serve(struct http_conn *conn)
{
	unsigned share = share_of(conn->http->max_connections);
	char owner[HTTP_OWNER_SIZE];

	http_principal_owner(conn, owner);
	pthread_mutex_lock(&conn->http->lock);
	memcpy(conn->owner, owner, sizeof(owner));
	conn->serving = owned_count(conn, false) < share;
	conn->since_ns = clock_mono_ns();
	pthread_mutex_unlock(&conn->http->lock);
	if (conn->serving) /* only this thread writes it */
		return 0;
	return err_set(ERR_LIMIT,
		       "%s has %u requests and event streams under way here, which is the share of "
		       "one principal: end some, or wait",
		       owner, share);
}

static void
set_ending(struct http_conn *conn, bool ending)
{
	if (conn->ending == ending) /* only this thread writes it */
		return;
	pthread_mutex_lock(&conn->http->lock);
	conn->ending = ending;
	pthread_mutex_unlock(&conn->http->lock);
}

void
http_conn_ends_reply(struct http_conn *conn)
{
	set_ending(conn, true);
}

void
http_conn_goes_on(struct http_conn *conn)
{
	set_ending(conn, false);
}

int
http_conn_stream(struct http_conn *conn)
{
	unsigned share = share_of(conn->http->max_streams);

	pthread_mutex_lock(&conn->http->lock);
	conn->streaming = owned_count(conn, true) < share;
	pthread_mutex_unlock(&conn->http->lock);
	if (conn->streaming)
		return 0;
	return err_set(ERR_LIMIT,
		       "%s has %u event streams here already, which is the share of one principal: "
		       "end some",
		       conn->owner, share);
}

void
http_conn_known(struct http_conn *conn)
{
	if (conn->known) /* only this thread writes it */
		return;
	pthread_mutex_lock(&conn->http->lock);
	conn->known = true;
	pthread_mutex_unlock(&conn->http->lock);
}

/* Logs that a client's certificate is not trusted any more. */
static void
distrust_log(const struct http_conn *conn, int rc)
{
	const struct principal *who = &conn->peer.principal;
	char name[2 * PRINCIPAL_NAME_SIZE], quoted[512];

	log_info_from(who->from, "http.distrusted", "from=%s certificate=%s error=%s", who->from,
		      log_quote(who->name, name, sizeof(name)),
		      log_quote(err_text(rc), quoted, sizeof(quoted)));
}

/*
 * Serving a request ends as usual: its answer says whether a change was made, and the next request
 * of the connection is refused.
 */
void
http_conns_distrust(struct http *http, const struct tls_context *context, bool expired_only)
{
	int64_t now_s = clock_utc_ms() / 1000;

	pthread_mutex_lock(&http->lock);
	list_for_each(node, &http->conns) {
		struct http_conn *conn = list_entry(node, struct http_conn, node);
		int rc = 0;

		if (conn->tls_peer == NULL || conn->evicted ||
		    (expired_only && now_s < tls_peer_until(conn->tls_peer, context)))
			continue;
		rc = tls_peer_check(conn->tls_peer, context);
		if (rc != ERR_UNTRUSTED)
			continue;
		distrust_log(conn, rc);
		if (!conn->serving) {
			conn->evicted = true;
			shutdown(conn->fd, SHUT_RD);
		}
	}
	pthread_mutex_unlock(&http->lock);
	if (!expired_only)
		array_event_wake(http->array);
}

static void *
conn_main(void *arg)
{
	struct http_conn *conn = arg;
	struct http *http = conn->http;

	pthread_setname_np(pthread_self(), "http");
	http_conn_run(conn);
	pthread_mutex_lock(&http->lock);
	list_remove(&conn->node);
	http->sockets[conn->way].connections--;
	close(conn->fd);
	tls_peer_free(conn->tls_peer);
	mem_free(conn);
	pthread_cond_broadcast(&http->left);
	pthread_mutex_unlock(&http->lock);
	return NULL;
}

/* Returns whether `a` makes place before `b`.  The caller holds lock. */
static bool
goes_first(const struct http_conn *a, const struct http_conn *b)
{
	if (a->way == HTTP_TLS && a->known != b->known)
		return b->known;
	return a->since_ns < b->since_ns;
}

/*
 * Returns the connection that makes place for a new one of its way in; NULL = all are being served.
 * The caller holds lock.
 */
static struct http_conn *
idlest(struct http *http, enum http_way way)
{
	struct http_conn *found = NULL;

	list_for_each(node, &http->conns) {
		struct http_conn *conn = list_entry(node, struct http_conn, node);

		if (conn->way == way && !conn->serving && !conn->evicted &&
		    (found == NULL || goes_first(conn, found)))
			found = conn;
	}
	return found;
}

/*
 * Makes room for one more connection.  Returns false when every connection of this way in is being
 * served.  The caller holds lock.
 */
static bool
room_make(struct http *http, enum http_way way)
{
	struct http_conn *conn;

	if (http->sockets[way].connections < http->max_connections)
		return true;
	conn = idlest(http, way);
	if (conn == NULL)
		return false;
	conn->evicted = true;
	shutdown(conn->fd, SHUT_RDWR);
	return true;
}

/* Takes fd.  lock. */
static int
conn_start(struct http *http, int fd, enum http_way way)
{
	struct http_conn *conn = mem_calloc(1, sizeof(*conn));
	pthread_attr_t attr;
	pthread_t thread;
	int rc;

	if (conn == NULL)
		return -ENOMEM;
	conn->http = http;
	conn->limits = &http->limits;
	conn->fd = fd;
	conn->way = way;
	conn->tcp = way != HTTP_UNIX;
	conn->streams = &http->sockets[way].streams;
	conn->since_ns = clock_mono_ns();
	list_append(&http->conns, &conn->node);
	http->sockets[way].connections++;
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	rc = pthread_create(&thread, &attr, conn_main, conn);
	pthread_attr_destroy(&attr);
	if (rc != 0) {
		list_remove(&conn->node);
		http->sockets[way].connections--;
		mem_free(conn);
	}
	return -rc;
}

/* ---- accepting ---- */

static void
accept_one(struct http *http, int listener, enum http_way way)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC), rc = 0, one = 1;
	bool room;

	if (fd < 0) {
		/*
		 * no descriptor is free: the peer waits in the queue, and this thread must not spin
		 */
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
			struct pollfd wake = { .fd = http->wake_fd, .events = POLLIN };

			log_warning_from("http", "http.accept", "error=\"%s\"", strerror(errno));
			http_refused_close(&http->refused); /* they have had their answer */
			poll(&wake, 1, 100);
		}
		return;
	}
	if (way != HTTP_UNIX)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	pthread_mutex_lock(&http->lock);
	room = room_make(http, way);
	if (room)
		rc = conn_start(http, fd, way);
	pthread_mutex_unlock(&http->lock);
	if (rc < 0 || (!room && way == HTTP_TLS)) /* without a handshake nothing can be said */
		close(fd);
	else if (!room)
		http_refuse(&http->refused, fd);
}

static void *
accept_main(void *arg)
{
	struct http *http = arg;

	pthread_setname_np(pthread_self(), "http-accept");
	while (!atomic_load(&http->stopping)) {
		struct pollfd fds[3 + HTTP_TLS_LISTEN_MAX + HTTP_REFUSED_MAX] = {
			{ .fd = http->wake_fd, .events = POLLIN },
			{ .fd = http->sockets[HTTP_UNIX].fd, .events = POLLIN },
			{ .fd = http->sockets[HTTP_TCP].fd, .events = POLLIN },
		};
		size_t refused;
		nfds_t count = 3;

		for (size_t i = 0; i < http->tls_count; i++, count++)
			fds[count] = (struct pollfd){ .fd = http->tls[i].fd, .events = POLLIN };
		refused = http_refused_poll(&http->refused, fds + count);
		if (poll(fds, count + refused, http_refused_timeout(&http->refused)) < 0)
			continue;
		http_refused_serve(&http->refused, fds + count, refused);
		for (nfds_t i = 1; i < count; i++)
			if ((fds[i].revents & POLLIN) != 0)
				accept_one(http, fds[i].fd,
					   i == 1   ? HTTP_UNIX
					   : i == 2 ? HTTP_TCP
						    : HTTP_TLS);
	}
	http_refused_close(&http->refused);
	return NULL;
}

/* ---- life ---- */

static int
tls_open(struct http *http, const struct http_tls_options *options)
{
	int rc;

	if (options->listen_count == 0)
		return 0;
	if (options->listen_count > HTTP_TLS_LISTEN_MAX)
		return err_set(ERR_INVALID, "there are %zu addresses for TLS; %d are possible",
			       options->listen_count, HTTP_TLS_LISTEN_MAX);
	rc = http_certs_open(http, options);
	if (rc < 0)
		return rc;
	http->tls = mem_calloc(options->listen_count, sizeof(*http->tls));
	if (http->tls == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < options->listen_count; i++, http->tls_count++) {
		http->tls[i].fd = http_listen_tls(options->listen[i], http->tls[i].address);
		if (http->tls[i].fd < 0)
			return http->tls[i].fd;
		log_info("http.tls", "address=%s", http->tls[i].address);
	}
	return 0;
}

static int
sockets_open(struct http *http, const struct http_options *options)
{
	struct http_socket *s = http->sockets;

	if (options->socket_path != NULL) {
		s[0].fd = http_listen_unix(options->socket_path);
		if (s[0].fd < 0)
			return s[0].fd;
		http->socket_path = str_dup(options->socket_path);
		if (http->socket_path == NULL) {
			unlink(options->socket_path);
			return -ENOMEM;
		}
	} else if (options->socket_fd > 0) {
		s[0].fd = options->socket_fd;
		if (fcntl(s[0].fd, F_SETFL, O_NONBLOCK) < 0)
			return -errno;
	}
	if (options->listen != NULL) {
		s[1].fd = http_listen_tcp(options->listen, &http->tcp_port);
		if (s[1].fd < 0)
			return s[1].fd;
	}
	http->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return http->wake_fd >= 0 ? tls_open(http, &options->tls) : -errno;
}

int
http_start(const struct http_options *options, struct http **ret_http)
{
	struct http *http = mem_calloc(1, sizeof(*http));
	int rc;

	if (http == NULL)
		return -ENOMEM;
	http->array = options->array;
	http->limits = options->limits != NULL ? *options->limits : default_limits;
	http->max_connections = options->max_connections != 0 ? options->max_connections
							      : HTTP_CONNECTIONS_DEFAULT;
	http->max_streams = http->max_connections - http->max_connections / 4;
	for (int way = 0; way < HTTP_WAYS; way++)
		http->sockets[way].fd = -1;
	http->wake_fd = -1;
	list_init(&http->conns);
	pthread_mutex_init(&http->certs.lock, NULL);
	pthread_mutex_init(&http->certs.loading, NULL);
	pthread_mutex_init(&http->lock, NULL);
	pthread_mutex_init(&http->scrape_lock, NULL);
	pthread_cond_init(&http->left, NULL);
	http_texts_init(&http->texts);
	http_names_init(&http->names);
	http_roles_init(http);
	pthread_mutex_init(&http->wrong.lock, NULL);
	rc = http_roles_set(http, &options->roles);
	if (rc == 0)
		rc = sockets_open(http, options);
	if (rc == 0) {
		rc = -pthread_create(&http->acceptor, NULL, accept_main, http);
		http->accepts = rc == 0;
	}
	if (rc < 0) {
		http_stop(http);
		return rc;
	}
	array_gateway_serve(http->array, http_serve_passed, http);
	*ret_http = http;
	return 0;
}

/* lock. */
static void
conns_shutdown(struct http *http, int how)
{
	list_for_each(node, &http->conns)
		shutdown(list_entry(node, struct http_conn, node)->fd, how);
}

/*
 * Waits until all connections have ended.  Those that wait for a request end at once, and those
 * that serve one end when it is done.
 */
static void
conns_end(struct http *http)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += (time_t)(STOP_GRACE_NS / NS_PER_S);
	pthread_mutex_lock(&http->lock);
	conns_shutdown(http, SHUT_RD);
	while (!list_empty(&http->conns))
		if (pthread_cond_timedwait(&http->left, &http->lock, &until) == ETIMEDOUT)
			break;
	/* peers that do not read their replies */
	conns_shutdown(http, SHUT_RDWR);
	while (!list_empty(&http->conns))
		pthread_cond_wait(&http->left, &http->lock);
	pthread_mutex_unlock(&http->lock);
}

void
http_stop(struct http *http)
{
	uint64_t one = 1;

	if (http == NULL)
		return;
	array_gateway_serve(http->array, NULL, NULL);
	atomic_store(&http->stopping, true);
	if (http->socket_path != NULL)
		unlink(http->socket_path);
	if (http->wake_fd >= 0)
		(void)!write(http->wake_fd, &one, sizeof(one));
	if (http->accepts)
		pthread_join(http->acceptor, NULL);
	conns_end(http);
	http_certs_close(http);
	for (int i = 0; i < HTTP_WAYS; i++)
		if (http->sockets[i].fd >= 0)
			close(http->sockets[i].fd);
	for (size_t i = 0; i < http->tls_count; i++)
		close(http->tls[i].fd);
	if (http->wake_fd >= 0)
		close(http->wake_fd);
	http_texts_fini(&http->texts);
	http_names_fini(&http->names);
	http_roles_fini(http);
	pthread_mutex_destroy(&http->wrong.lock);
	pthread_cond_destroy(&http->left);
	pthread_mutex_destroy(&http->scrape_lock);
	pthread_mutex_destroy(&http->lock);
	pthread_mutex_destroy(&http->certs.loading);
	pthread_mutex_destroy(&http->certs.lock);
	mem_free(http->tls);
	mem_free(http->socket_path);
	mem_free(http);
}

uint16_t
http_tcp_port(const struct http *http)
{
	return http->tcp_port;
}

const char *
http_tls_address(const struct http *http, size_t i)
{
	return i < http->tls_count ? http->tls[i].address : NULL;
}
