/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The client of an iSNS server, on a thread of its own.
 *
 *	connect --registered--> serve: each second it compares the array with what is registered;
 *				each PERIOD / 3 it asks whether the entity is still there
 *	any failure, a silent server, a wrong answer --> close, wait, connect
 *
 * There is no queue: what is registered is made of the array's state whenever that differs, and all
 * of it is registered anew, in place of what there was.  Waits end when the client stops.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/thread.h"
#include "isns/isns_int.h"
#include "model/rows.h"
#include "model/state.h"

#define CONNECT_NS  (5 * NS_PER_S)
#define ANSWER_NS   (10 * NS_PER_S)
#define GOODBYE_NS  (1 * NS_PER_S)
#define LOOK_NS     (1 * NS_PER_S)
#define KEEP_MAX_S  30u
#define WAIT_MIN_NS (1 * NS_PER_S)
#define WAIT_MAX_NS (60 * NS_PER_S)
#define NOTHING     0u /* the hash of no registration */

struct isns {
	struct array *array;
	pthread_t thread;
	atomic_bool stop;
	int wake_fd;                   /* readable when stop is set */
	char server[80];               /* as it was given */
	struct sockaddr_storage where; /* its address */
	socklen_t where_len;
	bool loopback; /* it is on this host */
	/* the rest belongs to the thread */
	int fd;         /* -1 = not connected */
	bool goodbye;   /* waits do not end because of stop */
	bool said_lost; /* the log says that the server cannot be used */
	uint16_t transaction;
	uint32_t keep_s;
	uint64_t keep_due_ns, wait_ns;
	uint64_t hash;            /* of what is registered; NOTHING = nothing is */
	uint64_t seen, seen_live; /* the states that were compared last */
	char source[ROW_ISCSI_NAME_MAX + 1], entity[48]; /* as they are registered */
	struct isns_message out;
	uint8_t in[ISNS_PAYLOAD_MAX + 4];
	uint8_t reply[ISNS_HEADER_SIZE + ISNS_PAYLOAD_MAX + 8];
};

/* ---- bytes ---- */

/* Returns 0 when the socket is ready; ERR_TIMEOUT; ERR_CANCELLED (the client stops); -errno. */
static int
wait_ready(struct isns *isns, short events, uint64_t until_ns)
{
	for (;;) {
		struct pollfd fds[2] = { { .fd = isns->wake_fd, .events = POLLIN },
					 { .fd = isns->fd, .events = events } };
		uint64_t now_ns = clock_mono_ns();
		int wait_ms = until_ns > now_ns ? (int)((until_ns - now_ns) / NS_PER_MS) + 1 : 0;

		if (isns->goodbye)
			fds[0].fd = -1;
		if (poll(fds, 2, wait_ms) < 0 && errno != EINTR)
			return -errno;
		if (!isns->goodbye && atomic_load(&isns->stop))
			return ERR_CANCELLED;
		if (fds[1].revents != 0)
			return 0;
		if (clock_mono_ns() >= until_ns)
			return ERR_TIMEOUT;
	}
}

static int
send_all(struct isns *isns, const uint8_t *bytes, size_t len, uint64_t until_ns)
{
	while (len > 0) {
		ssize_t n = send(isns->fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);
		int rc = n < 0 && errno != EAGAIN && errno != EINTR ? -errno : 0;

		if (rc == 0 && n < 0)
			rc = wait_ready(isns, POLLOUT, until_ns);
		if (rc < 0)
			return rc;
		bytes += MAX(n, 0);
		len -= (size_t)MAX(n, 0);
	}
	return 0;
}

static int
recv_all(struct isns *isns, uint8_t *bytes, size_t len, uint64_t until_ns)
{
	while (len > 0) {
		ssize_t n = recv(isns->fd, bytes, len, MSG_DONTWAIT);
		int rc = n < 0 && errno != EAGAIN && errno != EINTR ? -errno : 0;

		if (n == 0)
			return ERR_CLOSED;
		if (rc == 0 && n < 0)
			rc = wait_ready(isns, POLLIN, until_ns);
		if (rc < 0)
			return rc;
		bytes += MAX(n, 0);
		len -= (size_t)MAX(n, 0);
	}
	return 0;
}

/* Receives a PDU; what the server asks on its own is answered. */
static int
recv_pdu(struct isns *isns, uint64_t until_ns, struct isns_header *ret_header)
{
	uint8_t head[ISNS_HEADER_SIZE];
	int rc = recv_all(isns, head, sizeof(head), until_ns);
	size_t len;

	if (rc == 0)
		rc = isns_header_read(head, ret_header);
	if (rc == 0)
		rc = recv_all(isns, isns->in, ret_header->len, until_ns);
	if (rc < 0)
		return rc;
	len = isns_reply(ret_header, isns->in, isns->reply);
	return len > 0 ? send_all(isns, isns->reply, len, until_ns) : 0;
}

/*
 * Sends isns->out and waits for the answer, of which only the first PDU is read.  Returns 0, or
 * ERR_PROTOCOL, ERR_TIMEOUT, ERR_CLOSED, ERR_CANCELLED or -errno.
 */
static int
request(struct isns *isns, uint64_t within_ns, struct isns_answer *ret_answer)
{
	struct isns_message *out = &isns->out;
	uint64_t until_ns = clock_mono_ns() + within_ns;
	struct isns_header header = {
		.function = out->function,
		.len = (uint16_t)out->len,
		.flags = out->flags,
		.transaction = ++isns->transaction,
	};
	bool answered = false;
	int rc;

	isns_header_write(out->bytes, &header);
	rc = send_all(isns, out->bytes, ISNS_HEADER_SIZE + out->len, until_ns);
	while (rc == 0) {
		rc = recv_pdu(isns, until_ns, &header);
		if (rc < 0 || header.transaction != isns->transaction ||
		    header.function != (out->function | ISNS_ANSWER))
			continue;
		if (!answered)
			rc = isns_answer_read(isns->in, header.len, ret_answer);
		answered = true;
		if ((header.flags & ISNS_LAST) != 0)
			break;
	}
	return rc;
}

/* ---- what is said of it ---- */

static const char *
reason_of(int rc)
{
	switch (rc) {
	case ERR_CLOSED:
		return "it closed the connection";
	case ERR_TIMEOUT:
		return "it does not answer";
	case ERR_PROTOCOL:
		return "its answer is no iSNS";
	case ERR_ACCESS:
		return err_text(rc);
	default:
		return rc < 0 && rc > -4096 ? strerror(-rc) : err_text(rc);
	}
}

static void
say_lost(struct isns *isns, int rc)
{
	AUTO_FREE char *text = str_printf("the iSNS server %s cannot be used: %s", isns->server,
					  reason_of(rc));

	array_isns_report(isns->array, text);
	if (!isns->said_lost)
		log_warning("isns.lost", "server=%s reason=\"%s\"", isns->server, reason_of(rc));
	isns->said_lost = true;
}

/* ---- registrations ---- */

static int
deregister(struct isns *isns, uint64_t within_ns)
{
	struct isns_answer answer;
	int rc;

	isns_message_begin(&isns->out, ISNS_DEV_DEREG, 0);
	isns_put_text(&isns->out, ISNS_NODE, isns->source);
	isns_put_empty(&isns->out, ISNS_DELIMITER);
	isns_put_text(&isns->out, ISNS_ENTITY, isns->entity);
	rc = request(isns, within_ns, &answer);
	if (rc == 0) {
		isns->hash = NOTHING;
		log_info("isns.deregistered", "server=%s status=\"%s\"", isns->server,
			 isns_status_text(answer.status));
	}
	return rc;
}

static int
register_all(struct isns *isns, const struct isns_content *content)
{
	struct isns_answer answer;
	size_t next = 0;

	isns->keep_s = KEEP_MAX_S;
	while (isns_content_message(content, &next, &isns->out)) {
		int rc = request(isns, ANSWER_NS, &answer);

		if (rc < 0)
			return rc;
		if (answer.status != 0)
			return err_set(ERR_ACCESS, "it refused the registration: %s",
				       isns_status_text(answer.status));
		if (answer.period_s > 0)
			isns->keep_s = MAX(1u, MIN(isns->keep_s, answer.period_s / 3));
	}
	snprintf(isns->source, sizeof(isns->source), "%s", content->targets[0]);
	snprintf(isns->entity, sizeof(isns->entity), "%s", content->entity);
	isns->keep_due_ns = clock_mono_ns() + isns->keep_s * NS_PER_S;
	log_info("isns.registered", "server=%s targets=%zu portals=%zu", isns->server,
		 content->target_count, content->portal_count);
	return 0;
}

/* Registers what the array serves now, when that differs from what is registered. */
static int
bring_up_to_date(struct isns *isns)
{
	AUTO_STATE struct state *state = array_state(isns->array), *live = array_live(isns->array);
	uint64_t sequence = state_position(state)->sequence;
	uint64_t version = state_position(live)->sequence;
	struct isns_content content;
	uint64_t hash;
	int rc;

	if (isns->seen == sequence && isns->seen_live == version)
		return 0;
	rc = isns_content_load(isns->array, isns->loopback, &content);
	if (rc < 0)
		return rc;
	hash = content.target_count > 0 ? isns_content_hash(&content) : NOTHING;
	if (hash != isns->hash) {
		rc = content.target_count > 0 ? register_all(isns, &content)
					      : deregister(isns, ANSWER_NS);
		if (rc == 0)
			isns->hash = hash;
	}
	if (rc == 0) {
		isns->seen = sequence;
		isns->seen_live = version;
	}
	isns_content_fini(&content);
	return rc;
}

/* Asks for our entity: that keeps it registered, and shows when the server has forgotten it. */
static int
keep_alive(struct isns *isns)
{
	struct isns_answer answer;
	int rc;

	isns_message_begin(&isns->out, ISNS_DEV_ATTR_QRY, 0);
	isns_put_text(&isns->out, ISNS_NODE, isns->source);
	isns_put_text(&isns->out, ISNS_ENTITY, isns->entity);
	isns_put_empty(&isns->out, ISNS_DELIMITER);
	isns_put_empty(&isns->out, ISNS_ENTITY);
	rc = request(isns, ANSWER_NS, &answer);
	if (rc < 0)
		return rc;
	isns->keep_due_ns = clock_mono_ns() + isns->keep_s * NS_PER_S;
	if (answer.status == 0 && answer.has_entity)
		return 0;
	log_warning("isns.forgotten", "server=%s status=\"%s\"", isns->server,
		    isns_status_text(answer.status));
	isns->hash = NOTHING;
	isns->seen = isns->seen_live = UINT64_MAX;
	return 0;
}

/* ---- the thread ---- */

static int
open_connection(struct isns *isns)
{
	int rc, error = 0;
	socklen_t len = sizeof(error);

	isns->fd = socket(isns->where.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (isns->fd < 0)
		return -errno;
	if (connect(isns->fd, (const struct sockaddr *)&isns->where, isns->where_len) == 0)
		return 0;
	if (errno != EINPROGRESS)
		return -errno;
	rc = wait_ready(isns, POLLOUT, clock_mono_ns() + CONNECT_NS);
	if (rc == 0 && getsockopt(isns->fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		rc = -errno;
	return rc == 0 ? -error : rc;
}

static int
serve(struct isns *isns)
{
	struct isns_header header;
	int rc = open_connection(isns);

	isns->hash = NOTHING;
	isns->seen = isns->seen_live = UINT64_MAX;
	while (rc == 0) {
		rc = bring_up_to_date(isns);
		if (rc == 0 && isns->hash != NOTHING && clock_mono_ns() >= isns->keep_due_ns)
			rc = keep_alive(isns);
		if (rc < 0)
			break;
		array_isns_report(isns->array, NULL);
		isns->said_lost = false;
		isns->wait_ns = WAIT_MIN_NS;
		rc = wait_ready(isns, POLLIN, clock_mono_ns() + LOOK_NS);
		if (rc == 0)
			rc = recv_pdu(isns, clock_mono_ns() + ANSWER_NS, &header);
		else if (rc == ERR_TIMEOUT)
			rc = 0;
	}
	return rc;
}

static void
close_connection(struct isns *isns)
{
	if (isns->fd >= 0)
		close(isns->fd);
	isns->fd = -1;
}

static void *
run(void *arg)
{
	struct isns *isns = arg;

	while (!atomic_load(&isns->stop)) {
		int rc = serve(isns);

		if (rc == ERR_CANCELLED)
			break;
		close_connection(isns);
		say_lost(isns, rc);
		wait_ready(isns, 0, clock_mono_ns() + isns->wait_ns);
		isns->wait_ns = MIN(2 * isns->wait_ns, WAIT_MAX_NS);
	}
	isns->goodbye = true;
	if (isns->fd >= 0 && isns->hash != NOTHING)
		deregister(isns, GOODBYE_NS);
	close_connection(isns);
	return NULL;
}

/* ---- from outside ---- */

static int
read_server(struct isns *isns, const char *server)
{
	const char *colon = strrchr(server, ':');
	bool bracket = server[0] == '[',
	     six = !bracket && colon != NULL && strchr(server, ':') != colon;
	size_t len = bracket ? strcspn(server, "]") : six ? strlen(server) : strcspn(server, ":");
	const char *rest = server + len + (bracket && server[len] == ']');
	uint64_t port = ISNS_PORT;
	char address[64] = "";
	struct sockaddr_in *in = (struct sockaddr_in *)&isns->where;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&isns->where;

	if (len < sizeof(address))
		memcpy(address, server + bracket, len - bracket);
	if (*rest != '\0' &&
	    (*rest != ':' || str_parse_u64(rest + 1, &port) < 0 || port < 1 || port > UINT16_MAX))
		address[0] = '\0';
	if (inet_pton(AF_INET, address, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		in->sin_port = htons((uint16_t)port);
		isns->where_len = sizeof(*in);
		isns->loopback = address[0] == '1' && strncmp(address, "127.", 4) == 0;
	} else if (inet_pton(AF_INET6, address, &in6->sin6_addr) == 1) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons((uint16_t)port);
		isns->where_len = sizeof(*in6);
		isns->loopback = isns_is_loopback(in6->sin6_addr.s6_addr);
	} else {
		return err_set(ERR_INVALID,
			       "%.80s is no address of an iSNS server: write a numeric ADDRESS or "
			       "ADDRESS:PORT, as 192.0.2.5 or [2001:db8::5]:3205",
			       server);
	}
	snprintf(isns->server, sizeof(isns->server), "%s", server);
	return 0;
}

int
isns_start(struct array *array, const char *server, struct isns **ret_isns)
{
	struct isns *isns = mem_calloc(1, sizeof(*isns));
	int rc;

	if (isns == NULL)
		return -ENOMEM;
	isns->array = array;
	isns->fd = -1;
	isns->wait_ns = WAIT_MIN_NS;
	rc = read_server(isns, server);
	isns->wake_fd = rc == 0 ? eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) : -1;
	if (rc == 0 && isns->wake_fd < 0)
		rc = -errno;
	if (rc == 0)
		rc = thread_start(&isns->thread, "isns", run, isns);
	if (rc < 0) {
		if (isns->wake_fd >= 0)
			close(isns->wake_fd);
		mem_free(isns);
		return rc;
	}
	*ret_isns = isns;
	return 0;
}

void
isns_stop(struct isns *isns)
{
	uint64_t one = 1;

	if (isns == NULL)
		return;
	atomic_store(&isns->stop, true);
	while (write(isns->wake_fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
	pthread_join(isns->thread, NULL);
	array_isns_report(isns->array, NULL);
	close(isns->wake_fd);
	mem_free(isns);
}
