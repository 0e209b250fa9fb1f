/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Links: the connection of a session to the gateway that owns some of its LUNs.  A link is made
 * when the session begins (barrier.c) or when a command for the gateway comes and there is none, on
 * the thread of its session and in the loop of that thread; it ends with the session, or when it is
 * broken, and the next command makes another one.
 *
 *	target_link_get --> connecting --connected--> login --the owner has let it in--> ready
 *	any --error, silence, the gateway does not run any more, the session ends--> ended
 *
 * A gateway that answers nothing, though it is asked for something, for SILENCE_NS is taken for
 * broken, and the array is told of it: it calls the gateway, and fences it if need be.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "target/target_int.h"

#define RX_PIECES   16
#define SEND_ROUNDS 8
#define LOOK_NS     (1 * NS_PER_S)
#define LOGIN_NS    (5 * NS_PER_S) /* until it is ready */
#define SILENCE_NS  (3 * NS_PER_S) /* with requests, after a ping */

static struct target_thread *
thread_of(const struct target_link *link)
{
	return link->session->thread;
}

static void
tell(const struct target_link *link, const char *event, const char *reason)
{
	char id[GUID_TEXT_SIZE], name[2 * ISCSI_NAME_MAX];

	log_warning_from(guid_format(&link->controller_id, id), event,
			 "gateway=%s initiator=%s reason=\"%s\"", id,
			 log_quote(link->session->initiator, name, sizeof(name)), reason);
}

/* ---- The end ---- */

/* The nexus ends at that gateway, and what it had there with it. */
static void
note_loss(const struct target_link *link)
{
	const struct target_session *session = link->session;

	for (size_t i = 0; i < session->path_count; i++) {
		struct target_path *path = session->paths[i];

		if (!guid_equal(&path->at_id, &link->controller_id))
			continue;
		path->nexus_lost = true;
		memset(&path->at_id, 0, sizeof(path->at_id));
	}
}

/* Every request of the link comes back by target_forward_done. */
static void
link_end(struct target_link *link, int reason)
{
	struct target_thread *thread = thread_of(link);

	note_loss(link);
	loop_timer_cancel(thread->loop, &link->timer);
	if (link->in_loop)
		loop_fd_del(thread->loop, &link->lfd);
	close(link->fd);
	list_remove(&link->node);
	list_remove(&link->dirty);
	iscsi_initiator_stop(link->ini, reason);
	iscsi_initiator_free(link->ini);
	mem_free(link);
}

/* The gateway does not do what it should. */
static void
link_broke(struct target_link *link, int reason)
{
	struct target *target = thread_of(link)->target;
	const struct guid id = link->controller_id;
	bool refused = iscsi_initiator_login_status(link->ini) != 0;

	atomic_fetch_add_explicit(&link->owner->broken, 1, memory_order_relaxed);
	if (refused) /* it lives, and may only not have the newest rows yet */
		tell(link, "link.refused", "the gateway has refused the login of this one");
	else
		tell(link, "link.broken", err_text(reason));
	link_end(link, reason);
	if (!refused)
		array_gateway_suspect(target->array, &id);
}

void
target_link_end_all(struct target_session *session, int reason)
{
	for (struct list *node; (node = list_first(&session->links)) != NULL;)
		link_end(list_entry(node, struct target_link, node), reason);
}

void
target_link_end_idle(struct target_session *session, int reason)
{
	list_for_each_safe(node, &session->links) {
		struct target_link *link = list_entry(node, struct target_link, node);

		if (iscsi_initiator_requests(link->ini) == 0)
			link_end(link, reason);
	}
}

void
target_link_unmute(struct target_thread *thread)
{
	list_for_each(node, &thread->sessions) {
		struct target_session *session = list_entry(node, struct target_session, node);

		list_for_each(l, &session->links)
			target_link_mark(list_entry(l, struct target_link, node));
	}
}

void
target_link_sync(struct target_thread *thread)
{
	list_for_each(node, &thread->sessions) {
		struct target_session *session = list_entry(node, struct target_session, node);

		list_for_each_safe(l, &session->links) {
			struct target_link *link = list_entry(l, struct target_link, node);
			const struct row_controller *owner = state_find(
				thread->view->state, ROW_CONTROLLER, &link->controller_id);

			if (owner == NULL || owner->instance == NULL || owner->instance[0] == '\0')
				link_end(link, ERR_UNREACHABLE);
		}
	}
}

/* ---- Sending and receiving ---- */

static void look(struct loop_timer *timer);

static void
watch(struct target_link *link)
{
	if (link->watched)
		return;
	link->watched = true;
	link->timer.fire = look;
	loop_timer_set(thread_of(link)->loop, &link->timer, LOOK_NS);
}

void
target_link_mark(struct target_link *link)
{
	if (link->dirty.next == NULL || list_empty(&link->dirty))
		list_append(&thread_of(link)->dirty_links, &link->dirty);
	watch(link);
}

bool
target_link_is_ready(const struct target_link *link)
{
	return !link->broken && iscsi_initiator_is_ready(link->ini);
}

static void
want(struct target_link *link)
{
	uint32_t events = (uint32_t)EPOLLIN |
			  (link->blocked || !link->connected ? (uint32_t)EPOLLOUT : 0);

	if (link->lfd.events != events)
		loop_fd_mod(thread_of(link)->loop, &link->lfd, events);
}

/*
 * Without its lease the gateway may have been replaced, and what it has here may be old: an
 * initiator has sent it again by another way, and has written the same blocks anew since.  Returns
 * 0 or -errno.
 */
static int
flush(struct target_link *link)
{
	struct iovec *iov = thread_of(link)->tx;

	link->blocked = false;
	if (__builtin_expect(!target_thread_may_answer(thread_of(link)), false))
		return 0;
	for (int round = 0; round < SEND_ROUNDS; round++) {
		int count = iscsi_initiator_output(link->ini, iov, THREAD_TX_PIECES);
		struct msghdr msg = { .msg_iov = iov, .msg_iovlen = (size_t)count };
		ssize_t n;

		if (count == 0)
			return 0;
		do
			n = sendmsg(link->fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
		while (n < 0 && errno == EINTR);
		if (n < 0 && errno != EAGAIN)
			return -errno;
		if (n < 0)
			break;
		iscsi_initiator_output_advance(link->ini, (size_t)n);
	}
	link->blocked = true;
	return 0;
}

void
target_link_settle(struct target_link *link)
{
	int rc = link->connected ? flush(link) : 0;

	list_remove(&link->dirty);
	if (rc == 0)
		rc = iscsi_initiator_error(link->ini);
	if (rc == 0 && link->broken)
		rc = ERR_LIMIT;
	if (rc < 0)
		link_broke(link, rc);
	else
		want(link);
}

bool
target_link_settle_all(struct target_thread *thread)
{
	bool any = false;

	for (struct list *node; (node = list_pop(&thread->dirty_links)) != NULL; any = true)
		target_link_settle(list_entry(node, struct target_link, dirty));
	return any;
}

/* Returns 0, ERR_CLOSED (the gateway has closed the connection) or another negative code. */
static int
receive(struct target_link *link)
{
	struct target_thread *thread = thread_of(link);
	struct iovec iov[RX_PIECES + 1];
	int count = iscsi_initiator_rx_iov(link->ini, iov, RX_PIECES), rc = 0;
	size_t in_pieces = 0, direct;
	ssize_t n;

	for (int i = 0; i < count; i++)
		in_pieces += iov[i].iov_len;
	iov[count] = (struct iovec){ thread->rx, THREAD_RX_BYTES };
	do
		n = readv(link->fd, iov, count + 1);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN ? 0 : -errno;
	if (n == 0)
		return ERR_CLOSED;
	link->heard_ns = loop_now_ns(thread->loop);
	link->pinged_ns = 0;
	direct = MIN((size_t)n, in_pieces);
	if (direct > 0)
		rc = iscsi_initiator_rx_advance(link->ini, direct);
	if (rc == 0 && (size_t)n > direct)
		rc = iscsi_initiator_input(link->ini, thread->rx, (size_t)n - direct);
	return rc;
}

static int
connected(struct target_link *link)
{
	int error = 0;
	socklen_t len = sizeof(error);

	if (getsockopt(link->fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		return -errno;
	link->connected = error == 0;
	return -error;
}

static void
ready(struct loop_fd *lfd, uint32_t revents)
{
	struct target_link *link = container_of(lfd, struct target_link, lfd);
	int rc = 0;

	if (!link->connected && (revents & ((uint32_t)EPOLLOUT | EPOLLERR | EPOLLHUP)) != 0)
		rc = connected(link);
	if (rc == 0 && (revents & (uint32_t)EPOLLIN) != 0)
		rc = receive(link);
	else if (rc == 0 && (revents & ((uint32_t)EPOLLERR | EPOLLHUP)) != 0)
		rc = -ECONNRESET;
	if (rc < 0)
		link_broke(link, rc);
	else
		target_link_mark(link);
}

/* ---- Signs of life ---- */

/* Returns 0, or why the link is to end. */
static int
check_life(struct target_link *link, uint64_t now_ns)
{
	if (thread_of(link)->muted) { /* its silence is this gateway's own */
		link->began_ns = link->heard_ns = now_ns;
		link->pinged_ns = 0;
		return 0;
	}
	if (!target_link_is_ready(link))
		return now_ns - link->began_ns > LOGIN_NS ? -ETIMEDOUT : 0;
	if (iscsi_initiator_requests(link->ini) == 0 || now_ns - link->heard_ns < LOOK_NS)
		return 0;
	if (link->pinged_ns == 0) {
		link->pinged_ns = now_ns;
		(void)iscsi_initiator_ping(link->ini);
		target_link_mark(link);
		return 0;
	}
	return now_ns - link->pinged_ns > SILENCE_NS ? -ETIMEDOUT : 0;
}

static void
look(struct loop_timer *timer)
{
	struct target_link *link = container_of(timer, struct target_link, timer);
	struct target_thread *thread = thread_of(link);
	int rc = check_life(link, loop_now_ns(thread->loop));

	link->watched = false;
	if (rc < 0)
		link_broke(link, rc);
	else if (!target_link_is_ready(link) || iscsi_initiator_requests(link->ini) > 0)
		watch(link);
}

/* ---- What the engine calls ---- */

/* What waited for the link goes on, in its order, before what comes. */
static void
on_ready(void *user)
{
	struct target_link *link = user;

	link->session->known = true;
	target_barrier_look(thread_of(link));
	target_forward_retry(thread_of(link));
	target_link_mark(link);
}

/* A gateway that stops says so; what was asked of it is sent again. */
static void
on_async(void *user, const struct iscsi_async *message)
{
	struct target_link *link = user;

	if (message->event == ISCSI_ASYNC_DROP_SESSION ||
	    message->event == ISCSI_ASYNC_LOGOUT_REQUEST) {
		link->broken = true;
		target_link_mark(link);
	}
}

static const struct iscsi_initiator_ops ops = {
	.ready = on_ready,
	.done = target_forward_done,
	.tmf_done = target_forward_tmf_done,
	.async = on_async,
};

/* ---- Beginning ---- */

static int
make_engine(struct target_link *link)
{
	struct target_session *session = link->session;
	const struct target_view *view = session->thread->view;
	const struct guid *own = array_controller_id(session->thread->target->array);
	const struct target_inside inside = {
		.controller_id = *own,
		.tag = session->nexus.portal_group_tag,
		.known = session->known,
		.instance = target_inside_instance(state_find(view->state, ROW_CONTROLLER, own)),
	};
	struct target_inside_secrets secrets;
	char alias[TARGET_INSIDE_ALIAS_SIZE];
	struct iscsi_initiator_config config = {
		.ops = &ops,
		.user = link,
		.initiator_name = session->initiator,
		.initiator_alias = alias,
		.target_name = session->shared->target,
		.chap_name = TARGET_INSIDE_NAME,
	};
	int rc = target_inside_secrets(view, &secrets);

	if (rc < 0)
		return rc;
	target_inside_format(&inside, alias);
	memcpy(config.isid, session->nexus.isid, ISCSI_ISID_SIZE);
	config.secret = (struct iscsi_secret){ secrets.initiator, secrets.len };
	config.target_secret = (struct iscsi_secret){ secrets.target, secrets.len };
	rc = iscsi_initiator_new(&config, &link->ini);
	explicit_bzero(&secrets, sizeof(secrets));
	return rc;
}

/* Returns the socket, on which the connection is under way, or a negative code. */
static int
begin_connect(const char *address)
{
	struct sockaddr_storage sa;
	char host[ADDRESS_TEXT_SIZE];
	socklen_t len;
	uint16_t port;
	int one = 1, fd, rc = target_inside_address(address, host, &port);

	if (rc == 0)
		rc = target_portal_address(host, port, &sa, &len);
	if (rc < 0)
		return rc;
	fd = socket(sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(fd, (struct sockaddr *)&sa, len) < 0 && errno != EINPROGRESS) {
		rc = -errno;
		close(fd);
		return rc;
	}
	return fd;
}

static int
link_begin(struct target_link *link, const char *address)
{
	struct target_thread *thread = thread_of(link);
	int rc;

	link->fd = begin_connect(address);
	if (link->fd < 0)
		return link->fd;
	link->lfd = (struct loop_fd){
		.fd = link->fd,
		.events = (uint32_t)EPOLLIN | (uint32_t)EPOLLOUT,
		.ready = ready,
	};
	rc = loop_fd_add(thread->loop, &link->lfd);
	if (rc < 0) {
		close(link->fd);
		return rc;
	}
	link->in_loop = true;
	link->began_ns = link->heard_ns = loop_now_ns(thread->loop);
	watch(link);
	list_append(&link->session->links, &link->node);
	return 0;
}

struct target_link *
target_link_find(const struct target_session *session, const struct guid *controller)
{
	list_for_each(node, &session->links) {
		struct target_link *link = list_entry(node, struct target_link, node);

		if (guid_equal(&link->controller_id, controller))
			return link;
	}
	return NULL;
}

struct target_link *
target_link_get(struct target_session *session, const struct row_controller *owner)
{
	struct target_link *link = target_link_find(session, &owner->id);
	int rc;

	if (link != NULL)
		return link;
	if (owner->instance == NULL || owner->instance[0] == '\0')
		return NULL;
	link = mem_calloc(1, sizeof(*link));
	if (link == NULL)
		return NULL;
	link->session = session;
	link->controller_id = owner->id;
	link->owner = target_owner_get(session->thread->target, &owner->id);
	rc = make_engine(link);
	if (rc == 0)
		rc = link_begin(link, owner->address);
	if (rc < 0) {
		tell(link, "link.not-begun", err_text(rc));
		iscsi_initiator_free(link->ini);
		mem_free(link);
		return NULL;
	}
	atomic_fetch_add_explicit(&link->owner->links, 1, memory_order_relaxed);
	return link;
}
