/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A connection's socket: receives bytes, passes them to the iSCSI engine, and sends what the engine
 * returns.  Everything runs on the thread that has the connection; the files of src/target call it.
 *
 *	ready -> receive: one recv for as many PDUs as are there; commands run inside the engine's
 *		 input call
 *	      -> settle: one sendmsg for all answers; ask for room or input as needed; close, or
 *		 free, when due
 *
 * An event outside of an input (a completion, a message from another thread) marks the connection,
 * and the hook at the end of the round calls target_conn_settle for it.
 */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "target/target_int.h"

#define RX_PIECES        16
#define SEND_ROUNDS      8 /* then others have their turn */
#define QUEUE_DEPTH      128
#define SEND_EARLY_BYTES (768u * 1024) /* measured: less costs wake-ups, more costs overlap */
#define SEND_EARLY_READS 12            /* the same, for small ones */

/* ---- Ending ---- */

void
target_conn_count_down(struct target *target)
{
	if (atomic_fetch_sub(&target->conn_count, 1) == 1)
		target_ack_one(&target->no_conns);
}

/* After every message that may still have been on its way to it. */
static void
free_at_last(struct loop_msg *msg)
{
	struct target_conn *conn = container_of(msg, struct target_conn, gone);
	struct target *target = conn->thread->target;

	target_limit_unref(conn->limit);
	mem_free(conn);
	target_conn_count_down(target);
}

static void
log_end(const struct target_conn *conn, bool session_ended)
{
	const struct iscsi_login *login = iscsi_conn_login(conn->iscsi);
	char name[2 * ISCSI_NAME_MAX];

	log_info_from(conn->host, session_ended ? "session.end" : "connection.end",
		      "peer=%s portal=%s initiator=%s target=%s cid=%u reason=%s", conn->peer,
		      conn->local, log_quote(login->initiator_name, name, sizeof(name)),
		      login->target_name, login->cid,
		      conn->close_reason == 0 ? "CLOSED" : err_name(conn->close_reason));
}

/*
 * The connection has ended for everybody else, and with the last one its session: another login of
 * its initiator need not wait for it.  Its memory stays while abandoned tasks are in the backing
 * store; their units have fences.
 */
static void
leave(struct target_conn *conn)
{
	struct target *target = conn->thread->target;
	struct guid session_id;

	if (conn->has_left)
		return;
	conn->has_left = true;
	if (conn->session != NULL) /* so that its host has all that it did */
		target_meter_flush(conn->thread);
	bool ended = target_registry_leave(&target->registry, &conn->entry, &session_id);

	if (ended && !conn->portal->inside)
		target_report_delete(target, ROW_LIVE_SESSION, &session_id);
	if (conn->session != NULL)
		log_end(conn, ended);
}

/* Nothing is in flight any more: give everything back. */
static void
reap(struct target_conn *conn)
{
	target_meter_flush(conn->thread);
	leave(conn);
	iscsi_conn_free(conn->iscsi);
	conn->iscsi = NULL;
	target_session_remove(conn);
	target_conn_to(conn, TARGET_CONN_COMES_BACK);
	target_portal_unref(conn->portal);
	list_remove(&conn->node);
	list_remove(&conn->dirty);
	list_remove(&conn->later_node);
	conn->gone.run = free_at_last;
	loop_post(conn->thread->loop, &conn->gone);
}

/*
 * A socket that is closed with input that nobody took is reset, and the peer may lose what was sent
 * last: the refusal of its login, or why its session ends.  So some input is thrown away first.
 */
static void
discard_input(struct target_conn *conn)
{
	for (unsigned i = 0; i < 8; i++)
		if (recv(conn->fd, conn->thread->rx, THREAD_RX_BYTES, MSG_DONTWAIT) <= 0)
			break;
}

static void
close_socket(struct target_conn *conn)
{
	target_stranger_remove(conn);
	loop_timer_cancel(conn->thread->loop, &conn->timer);
	loop_timer_cancel(conn->thread->loop, &conn->drain_timer);
	loop_timer_cancel(conn->thread->loop, &conn->recover_timer);
	target_life_end(conn);
	target_barrier_end(conn);
	target_conn_detach(conn);
	discard_input(conn);
	close(conn->fd);
	conn->fd = -1;
	target_conn_to(conn, TARGET_CONN_CLOSES);
	if (target_recover_retain(conn))
		return;
	iscsi_conn_stop(conn->iscsi);
	/*
	 * Below ErrorRecoveryLevel 2 a connection that fails is recovered from with its session
	 * (RFC 7143 §7.1.5): the initiator cannot know what has become of its tasks.
	 */
	if (conn->session != NULL && !conn->ends_alone &&
	    iscsi_conn_logged_out(conn->iscsi) != ISCSI_LOGOUT_CONNECTION)
		target_session_close(conn->session, conn->close_reason);
}

void
target_conn_close(struct target_conn *conn, int reason)
{
	if (conn->retained)
		target_recover_give_up(conn);
	if (conn->close_asked)
		return;
	if (conn->state == TARGET_CONN_LOGIN && !conn->refused && reason != ERR_CLOSED &&
	    reason != ERR_OFFLINE) {
		target_refusal_count_dropped(conn);
		log_warning_from(conn->host, "login.dropped", "peer=%s portal=%s reason=%s",
				 conn->peer, conn->local, err_name(reason));
	}
	conn->close_asked = true;
	conn->close_reason = reason == ERR_CLOSED ? 0 : reason;
	target_conn_mark(conn);
}

/* ---- Loop ---- */

void
target_conn_output(void *user)
{
	struct target_conn *conn = user;

	if (iscsi_conn_logged_out(conn->iscsi) == ISCSI_LOGOUT_CONNECTION ||
	    iscsi_conn_logged_out(conn->iscsi) == ISCSI_LOGOUT_RECOVERY)
		target_registry_logged_out(&conn->thread->target->registry, &conn->entry);
	target_conn_mark(conn);
}

void
target_conn_mark(struct target_conn *conn)
{
	if (conn->is_dirty)
		return;
	conn->is_dirty = true;
	list_append(&conn->thread->dirty, &conn->dirty);
}

void
target_conn_detach(struct target_conn *conn)
{
	if (conn->in_loop)
		loop_fd_del(conn->thread->loop, &conn->lfd);
	conn->in_loop = false;
}

static void
want(struct target_conn *conn)
{
	bool room = conn->blocked && !target_sender_is_sending(conn);
	uint32_t events = (conn->paused ? 0 : (uint32_t)EPOLLIN) | (room ? (uint32_t)EPOLLOUT : 0);

	/* A stranger's input waits for its turn, and is not to wake the loop meanwhile. */
	if (conn->stranger != STRANGER_NONE)
		events = (uint32_t)EPOLLIN | (uint32_t)EPOLLET |
			 (conn->blocked ? (uint32_t)EPOLLOUT : 0);

	if (conn->in_loop && conn->lfd.events != events)
		loop_fd_mod(conn->thread->loop, &conn->lfd, events);
}

/* ---- Sending ---- */

static ssize_t
send_pieces(struct target_conn *conn, struct iovec *iov, int count)
{
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = (size_t)count };
	ssize_t n;

	do
		n = sendmsg(conn->fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	return n;
}

void
target_conn_sent(struct target_conn *conn, size_t len)
{
	iscsi_conn_output_advance(conn->iscsi, len);
	target_traffic_add(&target_conn_traffic(conn)->sent_bytes, len);
	target_conn_progress(conn, loop_now_ns(conn->thread->loop));
}

/* The fewest pieces that have so many bytes; all of them when they have less. */
static int
pieces_within(const struct iovec *iov, int count, uint64_t bytes)
{
	int n = 0;

	for (uint64_t sum = 0; n < count && sum < bytes; n++)
		sum += iov[n].iov_len;
	return n;
}

/*
 * All that there is to send, or until the socket is full or the connection has had its turn.  0 or
 * -errno.
 */
static int
flush(struct target_conn *conn)
{
	/* a connection that is about to end has no later turn */
	bool ends = conn->close_asked || iscsi_conn_error(conn->iscsi) < 0;
	uint64_t left = ends ? UINT64_MAX : target_turn_bytes(conn->thread);
	struct iovec *iov = conn->thread->tx;

	conn->blocked = false;
	conn->unsent_bytes = 0;
	conn->unsent_reads = 0;
	if (__builtin_expect(!target_thread_may_answer(conn->thread), false))
		return 0;
	if (conn->sender != NULL && target_sender_send(conn)) {
		conn->blocked = true;
		return 0;
	}
	for (int round = 0; round < SEND_ROUNDS; round++) {
		int count = iscsi_conn_output(conn->iscsi, iov, THREAD_TX_PIECES);

		if (count == 0)
			return 0;
		if (left == 0) {
			target_turn_wait(conn);
			return 0;
		}
		count = pieces_within(iov, count, left);
		ssize_t n = send_pieces(conn, iov, count);

		if (n < 0 && errno != EAGAIN)
			return -errno;
		if (n < 0)
			break;
		target_conn_sent(conn, (size_t)n);
		left -= MIN(left, (uint64_t)n);
	}
	conn->blocked = iscsi_conn_has_output(conn->iscsi);
	return 0;
}

/* While there are more commands to run.  With time to spare the peer is given work meanwhile. */
static bool
is_worth_sending(const struct target_conn *conn)
{
	return conn->unsent_bytes >= SEND_EARLY_BYTES ||
	       (conn->unsent_reads >= SEND_EARLY_READS && loop_has_waited(conn->thread->loop));
}

void
target_conn_queued(struct target_conn *conn, uint32_t len_bytes)
{
	conn->unsent_bytes += len_bytes;
	conn->unsent_reads++;
	if (!is_worth_sending(conn) || conn->blocked || conn->state != TARGET_CONN_FULL)
		return;
	int rc = flush(conn);

	if (rc < 0)
		target_conn_close(conn, rc);
}

/* Tells the initiator that the array ends its session, or this connection. RFC 7143 §11.9. */
static void
say_goodbye(struct target_conn *conn)
{
	bool alone = conn->session != NULL && conn->ends_alone && target_session_has_other(conn);
	struct iscsi_async goodbye = {
		.event = alone ? ISCSI_ASYNC_DROP_CONNECTION : ISCSI_ASYNC_DROP_SESSION,
		.param1 = alone ? iscsi_conn_login(conn->iscsi)->cid : 0,
		.param2 = iscsi_conn_params(conn->iscsi)->time2wait_s,
	};

	conn->said_goodbye = true;
	switch (conn->close_reason) {
	case ERR_CANCELLED:
	case ERR_LIMIT:
	case ERR_OFFLINE:
	case ERR_TIMEOUT:
		iscsi_conn_async_message(conn->iscsi,
					 &goodbye); /* a broken one answers with an error */
	}
}

void
target_conn_settle(struct target_conn *conn)
{
	conn->is_dirty = false;
	list_remove(&conn->dirty);
	target_task_take_turns(conn);
	if (__builtin_expect(!list_empty(&conn->later), false))
		target_turn_take(conn);
	/* What is under way refers to what an end would free; afterwards this is called again. */
	if (conn->close_asked && !target_sender_stop(conn)) {
		target_conn_detach(conn);
		return;
	}
	if (conn->close_asked && !conn->said_goodbye && conn->state == TARGET_CONN_FULL)
		say_goodbye(conn);
	if (conn->state != TARGET_CONN_CLOSING) {
		int rc = flush(conn);

		target_meter_flush(conn->thread);
		if (rc < 0 && !conn->close_asked) {
			conn->close_asked = true;
			conn->close_reason = rc;
		}
		/*
		 * The engine may have failed outside of an input: an answer that it could not make.
		 */
		if (rc == 0 && iscsi_conn_error(conn->iscsi) < 0 && !conn->close_asked) {
			conn->close_asked = true;
			conn->close_reason = iscsi_conn_error(conn->iscsi);
		}
		bool was_paused = conn->paused;

		conn->paused = !iscsi_conn_wants_input(conn->iscsi) || conn->thread->muted;
		if (was_paused && !conn->paused && conn->stranger != STRANGER_NONE)
			target_stranger_turn(conn->thread, &conn->turn);
		if (__builtin_expect(conn->recovers, false))
			target_recover_settle(conn);
		if (!conn->close_asked)
			want(conn);
		else if (target_sender_stop(conn))
			close_socket(conn);
	}
	if (conn->state != TARGET_CONN_CLOSING || target_recover_is_waiting(conn))
		return;
	unsigned tasks = iscsi_conn_tasks(conn->iscsi);

	if (tasks == 0)
		reap(conn);
	else if (tasks == iscsi_conn_abandoned(conn->iscsi))
		leave(conn);
}

/* ---- Buffers ---- */

#define RELIEVE_EACH_NS (10 * NS_PER_MS) /* look for a stuck connection no more often */

/* How long a connection may be without progress, while its data waits for the peer. */
static uint64_t
stuck_ns(const struct target_thread *thread)
{
	return thread->target->options.stuck_ms * NS_PER_MS;
}

/* All its buffers wait for the peer: to take what is queued, or to send what was asked for. */
static bool
is_stuck(const struct target_conn *conn, uint64_t now_ns)
{
	return conn->buffered_bytes > 0 && now_ns - conn->progress_ns > stuck_ns(conn->thread) &&
	       (conn->blocked || iscsi_conn_tasks(conn->iscsi) == 0);
}

/*
 * Buffers are short: those that are kept only for error recovery come back, and then true is
 * returned; or the stuck connection that has most of them is ended, if there is one.
 */
static bool
relieve(struct target_thread *thread)
{
	uint64_t now_ns = loop_now_ns(thread->loop);
	struct target_conn *worst = NULL;

	if (now_ns - thread->relieved_ns < RELIEVE_EACH_NS)
		return false;
	thread->relieved_ns = now_ns;
	if (target_recover_forget_all(thread) > 0)
		return true;
	target_recover_make_room(thread);
	list_for_each(node, &thread->conns) {
		struct target_conn *conn = list_entry(node, struct target_conn, node);

		if (!conn->close_asked && is_stuck(conn, now_ns) &&
		    (worst == NULL || conn->buffered_bytes > worst->buffered_bytes))
			worst = conn;
	}
	if (worst == NULL)
		return false;
	log_warning_from(
		worst->host, "session.stuck",
		"peer=%s bytes=%llu reason=\"it takes no data, and others need the buffers\"",
		worst->peer, (unsigned long long)worst->buffered_bytes);
	target_conn_close(worst, ERR_LIMIT);
	return false;
}

/* target_buf_share says how much; peers that do not read find less and less. */
bool
target_conn_may_have(struct target_conn *conn, uint32_t cost_bytes)
{
	struct target_thread *thread = conn->thread;
	uint64_t max = thread->buffer_max_bytes;
	uint64_t left = max - MIN(thread->buffered_bytes, max);

	if (conn->blocked && loop_now_ns(thread->loop) - conn->progress_ns > stuck_ns(thread))
		conn->credit_bytes = 0;
	if (target_buf_is_short(max, left) && relieve(thread))
		return target_conn_may_have(conn, cost_bytes);
	if (conn->buffered_bytes + cost_bytes <= target_buf_share(max, left, conn->credit_bytes) ||
	    (conn->buffered_bytes == 0 && cost_bytes <= target_buf_first(max, left)))
		return true;
	/* Of its own it gives up what was sent, before it waits for what is to be sent. */
	if (conn->recovers && iscsi_conn_forget(conn->iscsi) > 0)
		return target_conn_may_have(conn, cost_bytes);
	return relieve(thread) && target_conn_may_have(conn, cost_bytes);
}

/* ---- Receiving ---- */

/* The engine's pieces come first, our buffer behind them. */
static int
take(struct target_conn *conn, size_t got, size_t in_pieces)
{
	size_t direct = MIN(got, in_pieces);
	int rc = 0;

	conn->last_heard_ns = loop_now_ns(conn->thread->loop);
	/* An answer to a ping announces nothing for which the thread should spin. */
	if (conn->session != NULL && !conn->pinged) {
		target_stranger_note_session(conn->thread, conn->last_heard_ns);
		target_turn_heard(conn);
	}
	conn->pinged = false;
	if (direct > 0)
		target_conn_progress(conn, conn->last_heard_ns);
	if (direct > 0)
		rc = iscsi_conn_rx_advance(conn->iscsi, direct);
	if (rc == 0 && got > direct)
		rc = iscsi_conn_input(conn->iscsi, conn->thread->rx, got - direct);
	if (__builtin_expect(conn->life_moment != 0, false) && rc == 0)
		target_life_look(conn);
	return rc;
}

/*
 * Receives up to max_bytes beyond what the engine wants in place.  1: it took bytes; 0: there are
 * none; negative.
 */
static int
receive_once(struct target_conn *conn, size_t max_bytes)
{
	struct iovec iov[RX_PIECES + 1];
	int count = iscsi_conn_rx_iov(conn->iscsi, iov, RX_PIECES);
	size_t in_pieces = 0;
	ssize_t n;

	if (__builtin_expect(!target_thread_may_answer(conn->thread), false))
		return 0;
	for (int i = 0; i < count; i++)
		in_pieces += iov[i].iov_len;
	iov[count] = (struct iovec){ conn->thread->rx, max_bytes };
	do
		n = readv(conn->fd, iov, count + 1);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN ? 0 : -errno;
	if (n == 0)
		return ERR_CLOSED;
	conn->thread->meter.received_ns = clock_mono_ns();
	target_trace_look(conn->thread);
	target_traffic_add(&target_conn_traffic(conn)->received_bytes, (uint64_t)n);
	int rc = take(conn, (size_t)n, in_pieces);

	return rc < 0 ? rc : 1;
}

/* No more than belongs to one PDU, so that each stranger has one PDU a turn. */
static int
receive_pdu(struct target_conn *conn)
{
	int rc = 0;

	for (int i = 0; i < 2; i++) { /* the header, then what belongs to it */
		size_t need = iscsi_conn_rx_need(conn->iscsi), in_pieces = 0;
		struct iovec iov[RX_PIECES];
		int count = iscsi_conn_rx_iov(conn->iscsi, iov, RX_PIECES);

		for (int k = 0; k < count; k++)
			in_pieces += iov[k].iov_len;
		rc = receive_once(conn, need - MIN(need, in_pieces));
		if (rc <= 0 || !iscsi_conn_rx_in_pdu(conn->iscsi))
			break;
	}
	return rc;
}

static void
stranger_turn(struct target_turn *turn)
{
	struct target_conn *conn = container_of(turn, struct target_conn, turn);

	if (conn->paused || conn->close_asked || conn->stranger == STRANGER_NONE)
		return;
	int rc = receive_pdu(conn);

	if (rc > 0 && !iscsi_conn_rx_in_pdu(conn->iscsi))
		target_stranger_progressed(conn);
	if (rc < 0 && target_stranger_refused(conn))
		return;
	if (rc < 0)
		target_conn_close(conn, rc);
	else if (conn->wants_session && !target_login_continue(conn))
		return; /* its session's thread has it now */
	else if (conn->state == TARGET_CONN_LOGIN && iscsi_conn_is_established(conn->iscsi)) {
		target_stranger_discovers(conn);
		target_conn_watch(conn);
	}
	target_conn_settle(conn);
	/* Only an empty socket makes a new event. */
	if (rc > 0 && !conn->paused && conn->stranger != STRANGER_NONE)
		target_stranger_turn(conn->thread, &conn->turn);
}

static void
ready(struct loop_fd *lfd, uint32_t revents)
{
	struct target_conn *conn = container_of(lfd, struct target_conn, lfd);

	if (conn->stranger != STRANGER_NONE && (revents & EPOLLIN) != 0) {
		target_stranger_turn(conn->thread, &conn->turn);
		if ((revents & EPOLLOUT) != 0)
			target_conn_mark(conn);
		return;
	}
	if ((revents & EPOLLIN) != 0) {
		int rc = receive_once(conn, THREAD_RX_BYTES);

		if (rc < 0)
			target_conn_close(conn, rc);
	} else if ((revents & (EPOLLERR | EPOLLHUP)) != 0) {
		target_conn_close(conn, -ECONNRESET);
	}
	target_conn_settle(conn);
}

int
target_conn_attach(struct target_conn *conn)
{
	uint32_t edge = conn->stranger != STRANGER_NONE ? (uint32_t)EPOLLET : 0;

	conn->lfd = (struct loop_fd){ .fd = conn->fd, .events = EPOLLIN | edge, .ready = ready };
	int rc = loop_fd_add(conn->thread->loop, &conn->lfd);

	conn->in_loop = rc == 0;
	return rc;
}

/* ---- Signs of life ---- */

#define LOOK_TOGETHER_NS  NS_PER_S
#define LOOK_TOGETHER_MIN (5 * NS_PER_S) /* shorter intervals are kept exactly */

/*
 * Sets the timer for the next look.  Looks of all connections fall on the same moments, so that a
 * thread with a thousand idle sessions wakes once a second and not for each of them.
 */
static void
look_again(struct target_conn *conn, uint64_t delay_ns)
{
	if (delay_ns >= LOOK_TOGETHER_MIN)
		delay_ns += LOOK_TOGETHER_NS - (clock_mono_ns() + delay_ns) % LOOK_TOGETHER_NS;
	loop_timer_set(conn->thread->loop, &conn->timer, delay_ns);
}

static void
look_for_life(struct loop_timer *timer)
{
	struct target_conn *conn = container_of(timer, struct target_conn, timer);
	const struct target_options *options = &conn->thread->target->options;
	uint64_t interval_ns = options->nop_interval_ms * NS_PER_MS;
	uint64_t idle_ns = clock_mono_ns() - conn->last_heard_ns;
	uint64_t next_ns = interval_ns;

	if (conn->pinged) {
		target_conn_close(conn, -ETIMEDOUT);
		return;
	}
	if (conn->stranger == STRANGER_DISCOVERY &&
	    clock_mono_ns() - conn->asked_ns >= options->discovery_idle_ms * NS_PER_MS) {
		target_conn_close(conn, ERR_TIMEOUT);
		return;
	}
	if (idle_ns < interval_ns) {
		next_ns = interval_ns - idle_ns;
	} else {
		int rc = iscsi_conn_ping(conn->iscsi);

		/*
		 * ERR_BUSY: it sent other things since, but still owes the answer to the last one
		 */
		if (rc == 0 || rc == ERR_BUSY) {
			conn->pinged = true;
			next_ns = options->nop_timeout_ms * NS_PER_MS;
			target_conn_mark(conn);
		}
	}
	look_again(conn, next_ns);
}

void
target_conn_watch(struct target_conn *conn)
{
	target_conn_to(conn, conn->adopted ? TARGET_CONN_ADOPTS : TARGET_CONN_DISCOVERS);
	conn->last_heard_ns = loop_now_ns(conn->thread->loop);
	conn->timer.fire = look_for_life;
	look_again(conn, conn->thread->target->options.nop_interval_ms * NS_PER_MS);
}

/* ---- Beginning ---- */

static const struct iscsi_conn_ops engine_ops = {
	.login = target_login_step,
	.refused = target_login_refused,
	.command = target_task_command,
	.soon = target_task_soon,
	.write_ready = target_task_write_ready,
	.data_fault = target_task_data_fault,
	.task_abort = target_task_abort,
	.task_done = target_task_done,
	.tmf = target_tmf_request,
	.task_moved = target_recover_task_moved,
	.output = target_conn_output,
	.same_lun = target_tmf_same_lun,
	.send_targets = target_login_send_targets,
};

static void
login_too_slow(struct loop_timer *timer)
{
	struct target_conn *conn = container_of(timer, struct target_conn, timer);

	conn->refused = true;
	log_warning_from(conn->host, "login.timeout", "peer=%s portal=%s", conn->peer, conn->local);
	target_conn_close(conn, -ETIMEDOUT);
}

static int
conn_new(struct target_thread *thread, struct target_portal *portal, int fd,
	 struct target_conn **ret_conn)
{
	struct target_conn *conn = mem_calloc(1, sizeof(*conn));
	struct iscsi_params inside;
	struct iscsi_conn_config config = {
		.ops = &engine_ops,
		.user = conn,
		.queue_depth = QUEUE_DEPTH,
		.task_extra_bytes = sizeof(struct target_task),
		.budget = &thread->target->stranger_budget,
	};

	if (conn == NULL)
		return -ENOMEM;
	if (portal->inside) { /* a write is to need no R2T */
		iscsi_params_default(&inside);
		inside.max_burst_len = inside.first_burst_len = 0xffffff;
		config.limits = &inside;
	}
	list_init(&conn->turns);
	list_init(&conn->short_of_buffers);
	list_init(&conn->later);
	conn->thread = thread;
	conn->fd = fd;
	conn->timer.fire = login_too_slow;
	conn->turn.run = stranger_turn;
	conn->stranger = STRANGER_LOGIN; /* events as a stranger's */
	int rc = iscsi_conn_new(&config, &conn->iscsi);

	if (rc == 0)
		rc = target_conn_attach(conn);
	if (rc < 0) {
		iscsi_conn_free(conn->iscsi);
		mem_free(conn);
		return rc;
	}
	conn->portal = target_portal_ref(portal);
	target_socket_set_up(conn);
	*ret_conn = conn;
	return 0;
}

void
target_conn_accept(struct target_thread *thread, struct target_portal *portal, int fd)
{
	struct target *target = thread->target;
	struct target_conn *conn = NULL;
	int rc = ERR_LIMIT;

	if (atomic_fetch_add(&target->conn_count, 1) <= target->options.max_connections ||
	    target_stranger_make_room(thread))
		rc = conn_new(thread, portal, fd, &conn);
	if (rc < 0) {
		log_warning_from(portal->row->address, "portal.refuse", "portal=%s error=%s",
				 portal->row->address, err_name(rc));
		close(fd);
		target_conn_count_down(target);
		return;
	}
	list_append(&thread->conns, &conn->node);
	target_stranger_add(conn);
	loop_timer_set(thread->loop, &conn->timer, target->options.login_timeout_ms * NS_PER_MS);
}
