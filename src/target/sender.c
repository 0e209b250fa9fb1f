/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Senders: the data that one session's connections send, sent by several threads.  All commands of
 * a session run on its thread, without locks; but most of what a read costs is its share of
 * sendmsg.  So what a further connection of a session (MC/S) has to send is handed to another
 * thread, when it is much:
 *
 *	session's thread			helper
 *	target_sender_send: the pieces of
 *	  what is queued ------------------->	send_now: one sendmsg, when the socket has room
 *	sent: the engine advances; settle <--
 *	target_sender_stop ----------------->	stop: waits for room no longer
 *	stopped: settle <--------------------
 *
 * Each message belongs to one thread at a time, and with it the pieces that it is about; everything
 * else in struct target_sender belongs to one of the two, as said there.  While a send is under way
 * nobody else sends, and the engine keeps what the pieces refer to: what is in its ring of output
 * does not change, and is freed when it was sent, or after the sender has stopped.  With
 * ErrorRecoveryLevel 2 that does not hold: a logout through another connection takes the tasks of
 * this one at once, with their output.  Such sessions have no senders.
 *
 * Input stays with the session's thread.  What another thread receives lies in the caches of
 * another processor: writes were a fifth slower with that (docs/design/performance.md).
 */
#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "target/target_int.h"

#define WORTH_BYTES (16u * 1024) /* less is sent by the session's thread */

struct target_sender {
	struct target_conn *conn;
	struct target_thread *helper;

	/* the helper's */
	struct loop_fd lfd;
	bool waits; /* for room in the socket; `lfd` is in the helper's loop */

	/* the session's thread's */
	bool is_sending; /* `send` is under way */
	bool is_stopping;

	struct loop_msg send, stop;
	struct msghdr pieces; /* with `send` */
	ssize_t sent;         /* the answer: bytes, or -errno */
	struct iovec iov[THREAD_TX_PIECES];
};

/* ---- On the helper ---- */

static void sent(struct loop_msg *msg);
static void stopped(struct loop_msg *msg);

static void
wait_for_room(struct target_sender *sender, bool waits)
{
	struct loop *loop = sender->helper->loop;

	if (waits == sender->waits)
		return;
	if (!waits)
		loop_fd_del(loop, &sender->lfd);
	else if (loop_fd_add(loop, &sender->lfd) < 0)
		return;
	sender->waits = waits;
}

static void
send_some(struct target_sender *sender)
{
	ssize_t n;

	do
		n = sendmsg(sender->lfd.fd, &sender->pieces, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	sender->sent = n < 0 ? -errno : n;
	wait_for_room(sender, sender->sent == -EAGAIN);
	if (sender->waits)
		return;
	sender->send.run = sent;
	loop_post(sender->conn->thread->loop, &sender->send);
}

static void
ready(struct loop_fd *lfd, uint32_t revents)
{
	struct target_sender *sender = container_of(lfd, struct target_sender, lfd);

	(void)revents;
	send_some(sender);
}

static void
send_now(struct loop_msg *msg)
{
	struct target_sender *sender = container_of(msg, struct target_sender, send);

	/* more of its kind follows: worth spinning for */
	target_stranger_note_session(sender->helper, loop_now_ns(sender->helper->loop));
	send_some(sender);
}

/* What waits to be sent is sent by the session's thread. */
static void
stop(struct loop_msg *msg)
{
	struct target_sender *sender = container_of(msg, struct target_sender, stop);

	wait_for_room(sender, false);
	sender->stop.run = stopped;
	loop_post(sender->conn->thread->loop, &sender->stop);
}

/* ---- On the session's thread ---- */

/* The thread that sends for the connection that has just joined its session. */
static struct target_thread *
helper_of(const struct target_conn *conn)
{
	struct target *target = conn->thread->target;
	unsigned before = 0;

	list_for_each(node, &conn->session->conns)
		before += list_entry(node, struct target_conn, session_node) != conn;
	return &target->threads[(conn->thread->index + before) % target->thread_count];
}

void
target_sender_start(struct target_conn *conn)
{
	struct target_thread *helper = helper_of(conn);
	struct target_sender *sender;

	if (helper == conn->thread || iscsi_conn_params(conn->iscsi)->error_recovery_level == 2)
		return;
	sender = mem_alloc(sizeof(*sender));
	if (sender == NULL) /* its own thread sends, which is right, too */
		return;
	sender->conn = conn;
	sender->helper = helper;
	sender->lfd = (struct loop_fd){ .fd = conn->fd, .events = EPOLLOUT, .ready = ready };
	sender->waits = sender->is_sending = sender->is_stopping = false;
	conn->sender = sender;
	atomic_fetch_add(&conn->thread->target->senders, 1);
}

static void
sender_free(struct target_conn *conn)
{
	atomic_fetch_sub(&conn->thread->target->senders, 1);
	mem_free(TAKE(conn->sender));
}

static bool
is_worth_it(const struct iovec *iov, int count)
{
	size_t bytes = 0;

	for (int i = 0; i < count && bytes < WORTH_BYTES; i++)
		bytes += iov[i].iov_len;
	return bytes >= WORTH_BYTES;
}

bool
target_sender_send(struct target_conn *conn)
{
	struct target_sender *sender = conn->sender;
	int count;

	if (sender->is_sending)
		return true;
	count = iscsi_conn_output(conn->iscsi, sender->iov, THREAD_TX_PIECES);
	if (!is_worth_it(sender->iov, count))
		return false;
	sender->pieces = (struct msghdr){ .msg_iov = sender->iov, .msg_iovlen = (size_t)count };
	sender->is_sending = true;
	sender->send.run = send_now;
	atomic_fetch_add_explicit(&conn->thread->target->handed_over, 1, memory_order_relaxed);
	loop_post(sender->helper->loop, &sender->send);
	return true;
}

bool
target_sender_is_sending(const struct target_conn *conn)
{
	return conn->sender != NULL && conn->sender->is_sending;
}

static void
sent(struct loop_msg *msg)
{
	struct target_sender *sender = container_of(msg, struct target_sender, send);
	struct target_conn *conn = sender->conn;

	bool is_stopping = sender->is_stopping;

	sender->is_sending = false;
	if (sender->sent >= 0)
		target_conn_sent(conn, (size_t)sender->sent);
	else if (sender->sent != -EAGAIN)
		target_conn_close(conn, (int)sender->sent);
	else if (!is_stopping) /* it could not wait for room: this thread can */
		sender_free(conn);
	if (!is_stopping)
		target_conn_settle(conn);
}

bool
target_sender_stop(struct target_conn *conn)
{
	struct target_sender *sender = conn->sender;

	if (sender == NULL)
		return true;
	if (!sender->is_sending && !sender->is_stopping) {
		sender_free(conn);
		return true;
	}
	if (!sender->is_stopping) {
		sender->is_stopping = true;
		sender->stop.run = stop;
		loop_post(sender->helper->loop, &sender->stop);
	}
	return false;
}

/* Messages of one thread run in order: none of the helper's is under way any more. */
static void
stopped(struct loop_msg *msg)
{
	struct target_conn *conn = container_of(msg, struct target_sender, stop)->conn;

	sender_free(conn);
	target_conn_settle(conn);
}

/* ---- Any thread ---- */

unsigned
target_senders(const struct target *target, uint64_t *ret_handed_over)
{
	*ret_handed_over = atomic_load_explicit(&target->handed_over, memory_order_relaxed);
	return atomic_load(&target->senders);
}
