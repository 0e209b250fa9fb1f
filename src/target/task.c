/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The way of a command from the iSCSI engine through src/scsi to src/blk and back.  Everything runs
 * on the thread of the task's connection; the engine and src/scsi call the functions of this file
 * there.  What happens to aborted tasks whose I/O is in flight is in task_abort.c, what becomes of
 * tasks that have not started in task_wait.c.
 *
 *	state		event				next
 *	NEW		parse ends it			ended (sense, unit attention)
 *			no data-out			start
 *			data-out here, device on spot	start from the receive buffer
 *			data-out			COLLECTS
 *	COLLECTS	write_ready			start
 *			data fault, path gone		ended, the rest of its data is discarded
 *	start		path held, not its turn		WAITS
 *			a limit does not let it		LIMITED, or ended: too many wait
 *			its connection had its turn	READY, until the next round
 *			no buffers for what it reads	READY, until some come back
 *			path gone			ended
 *			executed			ended, or RUNS
 *	WAITS		path released			start
 *			its turn has come		READY
 *	READY		end of the round		start
 *	LIMITED		its time has come		start
 *	RUNS		host_done			ended
 *	NEW … LIMITED	abort				dropped
 *	RUNS		abort				dropped, or ABORTED: I/O in flight
 *	ABORTED		host_done			dropped
 *			grace is over, unit has a fence	ABANDONED
 *	ABANDONED	host_done			dropped
 *
 * A task that has ended no longer refers to its path (leave_path), so an answer that the peer does
 * not read, or data that the peer still owes, keeps no unit alive.  Every way ends in the engine,
 * which calls target_task_done when nothing of the task's memory is referenced any more.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/probe.h"
#include "target/target_int.h"

#define REPORT_LUNS 0xa0 /* operation code */

static struct target_thread *
thread_of(const struct target_task *t)
{
	return t->conn->thread;
}

/* ---- Finish ---- */

static void
count(const struct target_task *t)
{
	struct target_unit_share *c;

	if (t->path == NULL)
		return;
	c = &t->path->unit->shares[thread_of(t)->index];
	if (t->scsi.status != SCSI_STATUS_GOOD)
		target_traffic_add(&c->failed_commands, 1);
	switch (scsi_task_kind(&t->scsi)) {
	case SCSI_KIND_READ:
		target_traffic_add(&c->read_commands, 1);
		target_traffic_add(&c->read_bytes, t->scsi.in_bytes);
		break;
	case SCSI_KIND_WRITE:
		target_traffic_add(&c->write_commands, 1);
		target_traffic_add(&c->write_bytes, t->scsi.out_bytes);
		break;
	case SCSI_KIND_OTHER:
		target_traffic_add(&c->other_commands, 1);
		break;
	}
	target_meter_note(t);
}

/*
 * Answers without data-in.  When a command ends with another status than GOOD, the residual count
 * is all that the initiator expected (RFC 7143 §11.4.5.2).
 */
static void
respond(struct target_task *t)
{
	const struct scsi_task *s = &t->scsi;
	uint64_t in_bytes = s->status == SCSI_STATUS_GOOD ? s->in_total_bytes : 0;
	struct iscsi_result result = {
		.status = s->status,
		.length = t->it->writes ? s->out_total_bytes : in_bytes,
		.read_length = in_bytes,
		.sense = s->sense_bytes > 0 ? s->sense : NULL,
		.sense_len = s->sense_bytes,
	};

	iscsi_task_respond(t->it, &result);
}

static void
finish_read(struct target_task *t)
{
	const struct scsi_task *s = &t->scsi;
	struct target_conn *conn = t->conn;
	uint32_t len = s->in_bytes;

	iscsi_task_finish_read(t->it, s->in_iov, (int)s->in_iov_count, len, s->in_total_bytes);
	target_conn_queued(conn, len);
}

/* The task has ended and refers to its path no longer.  The path may be freed by this. */
static void
leave_path(struct target_task *t)
{
	struct target_path *path = t->path;

	t->path = NULL;
	if (path == NULL)
		return;
	if (__builtin_expect(t->others != NULL, false))
		target_copy_close(t);
	path->tasks--;
	if (__builtin_expect(path->gone, false))
		target_session_path_idle(path);
}

/* Gives a task that scsi has ended back to the engine.  Its memory may be used again after this. */
static void
finish(struct target_task *t)
{
	const struct scsi_task *s = &t->scsi;

	if (t->it->aborted || s->aborted) {
		iscsi_task_drop(t->it);
		return;
	}
	PROBE4(task_end, s, s->cdb, s->lun, s->status);
	count(t);
	leave_path(t);
	if (s->status != SCSI_STATUS_GOOD) {
		respond(t);
	} else if (s->in_bytes > 0 && !t->it->writes) {
		finish_read(t);
	} else if (t->it->reads || s->in_bytes > 0) {
		respond(t);
	} else {
		/* sent with neither R nor W: all that it would have moved is too much */
		iscsi_task_good(t->it, t->it->writes ? s->out_total_bytes
						     : MAX(s->out_total_bytes, s->in_total_bytes));
	}
}

/* ---- Start ---- */

static enum scsi_progress
execute(struct target_task *t)
{
	PROBE4(task_start, &t->scsi, t->scsi.cdb, t->scsi.lun, t->it->itt);
	return scsi_task_execute(&t->scsi);
}

static void
count_buffers(struct target_task *t, uint32_t len_bytes)
{
	uint32_t cost = target_buf_cost(len_bytes);

	if (t->conn->buffered_bytes == 0)
		target_conn_progress(t->conn, loop_now_ns(thread_of(t)->loop));
	t->buf_bytes = len_bytes;
	t->conn->buffered_bytes += cost;
	thread_of(t)->buffered_bytes += cost;
}

/*
 * Copies the data out of the receive buffer, which is about to be used again, because the device
 * did not take the data at once.  Returns false when there is no buffer.
 */
static bool
keep_direct_data(struct target_task *t)
{
	int n = target_buf_get(&thread_of(t)->bufs, (uint32_t)t->direct.iov_len, t->iov);

	if (n != 1) { /* direct data is at most one piece */
		if (n > 0)
			target_buf_put(&thread_of(t)->bufs, t->iov, (uint32_t)t->direct.iov_len);
		return false;
	}
	memcpy(t->iov[0].iov_base, t->direct.iov_base, t->direct.iov_len);
	t->direct.iov_base = t->iov[0].iov_base;
	count_buffers(t, (uint32_t)t->direct.iov_len);
	return true;
}

static void answer_task_set_full(struct target_task *t);

static void
move_to(struct target_task *t, enum target_task_state state, struct list *list)
{
	t->state = state;
	list_append(list, &t->node);
}

/*
 * Returns true when the buffers for a read are to be waited for: the connection has its share of
 * them already, and they come back as its peer takes the data.  A connection that has none does not
 * wait: it is refused, since nothing of its own would wake it.
 */
static bool
is_to_wait_for_buffers(const struct target_task *t)
{
	uint32_t most = t->scsi.in_needed_bytes;

	return most > 0 && t->conn->buffered_bytes > 0 && t->buf_bytes == 0 &&
	       !target_conn_may_have(t->conn, target_buf_cost(most));
}

/* Returns false when the limits of the task's LUN, host or pool do not let it start yet. */
static inline bool
is_let(struct target_task *t)
{
	const atomic_uint *limited = &thread_of(t)->target->limits.count;

	return __builtin_expect(atomic_load_explicit(limited, memory_order_relaxed) == 0, true) ||
	       target_limits_let(t);
}

static void
start(struct target_task *t)
{
	struct target_path *path = t->path;

	if (path != NULL && path->gone) {
		target_task_answer_no_unit(t);
		return;
	}
	if (path != NULL && (path->held || path->resets > 0 || !scsi_task_may_start(&t->scsi) ||
			     __builtin_expect(thread_of(t)->muted, false))) {
		move_to(t, TARGET_TASK_WAITS, &path->held_tasks);
		return;
	}
	if (__builtin_expect(!is_let(t), false)) {
		if (!target_limits_wait(t))
			answer_task_set_full(t);
		return;
	}
	if (t->scsi.in_needed_bytes > 0 && t->scsi.attr != SCSI_ATTR_HEAD_OF_QUEUE &&
	    target_turn_is_over(t->conn, t->scsi.in_needed_bytes)) {
		move_to(t, TARGET_TASK_READY, &t->conn->later);
		target_turn_wait(t->conn);
		return;
	}
	if (is_to_wait_for_buffers(t)) {
		move_to(t, TARGET_TASK_READY, &t->conn->short_of_buffers);
		return;
	}
	if (execute(t) == SCSI_DONE) {
		finish(t);
		return;
	}
	assert(path != NULL);
	t->state = TARGET_TASK_RUNS;
	path->inflight++;
}

void
target_task_start_late(struct target_task *t)
{
	t->state = TARGET_TASK_NEW;
	t->began_ns = clock_mono_ns();
	if (__builtin_expect(t->fwd != NULL, false))
		target_forward_start(t);
	else
		start(t);
}

static void
no_longer_pending(struct target_task *t)
{
	struct target_thread *thread = thread_of(t);
	struct target_path *path = t->path;

	if (__builtin_expect(t->state != TARGET_TASK_RUNS, false))
		target_task_abort_back(t);
	if (__builtin_expect(t->others != NULL, false))
		target_copy_close(t);
	t->state = TARGET_TASK_NEW;
	path->inflight--;
	if (!list_empty(&thread->waits) && (path->inflight == 0 || path->aborting == 0))
		target_hold_check(thread);
}

static void
host_done(struct scsi_task *s)
{
	struct target_task *t = container_of(s, struct target_task, scsi);
	struct target_conn *conn = t->conn;

	t->done_ns = clock_mono_ns();
	no_longer_pending(t);
	finish(t);
	target_conn_mark(conn);
}

static void
run_resume(struct loop_msg *msg)
{
	scsi_task_resume(&container_of(msg, struct target_task, resume)->scsi);
}

static void
host_resume(struct scsi_task *s)
{
	struct target_task *t = container_of(s, struct target_task, scsi);

	t->resume.run = run_resume;
	loop_post(thread_of(t)->loop, &t->resume);
}

/*
 * ops->turn.  A task that still collects its data-out starts when that is here, and a task on a
 * held path starts when the path is released; any other starts at the end of this round.
 */
static void
host_turn(struct scsi_task *s)
{
	struct target_task *t = container_of(s, struct target_task, scsi);

	if (t->state != TARGET_TASK_WAITS || t->path->held || t->path->resets > 0)
		return;
	list_remove(&t->node);
	move_to(t, TARGET_TASK_READY, &t->conn->turns);
	target_conn_mark(t->conn);
}

/* A task that ends here may give another one its turn: the loop ends when none is left. */
void
target_task_take_turns(struct target_conn *conn)
{
	for (struct list *node; (node = list_pop(&conn->turns)) != NULL;) {
		struct target_task *t = list_entry(node, struct target_task, node);

		target_task_start_late(t);
	}
	for (struct list *node; (node = list_first(&conn->short_of_buffers)) != NULL;) {
		struct target_task *t = list_entry(node, struct target_task, node);

		if (is_to_wait_for_buffers(t))
			break;
		list_remove(node);
		scsi_task_recheck(&t->scsi);
		target_task_start_late(t);
	}
}

/* ---- Data ---- */

static void
forget_pieces(struct target_task *t)
{
	if (t->iov != t->few)
		mem_free(t->iov);
	t->iov = t->few;
}

/*
 * Takes buffers for len_bytes, within what a connection may have.  Returns the number of pieces in
 * t->iov, ERR_LIMIT (the connection has its share already) or -ENOMEM.
 */
static int
take_buffers(struct target_task *t, uint32_t len_bytes)
{
	size_t pieces = (len_bytes + BUF_PIECE_MAX - 1) / BUF_PIECE_MAX;
	int n;

	if (!target_conn_may_have(t->conn, target_buf_cost(len_bytes)))
		return ERR_LIMIT;
	if (pieces > BUF_PIECES_FEW) {
		struct iovec *many = mem_alloc(pieces * sizeof(*many));

		if (many == NULL)
			return -ENOMEM;
		t->iov = many;
	}
	n = target_buf_get(&thread_of(t)->bufs, len_bytes, t->iov);
	if (n < 0) {
		forget_pieces(t);
		return n;
	}
	count_buffers(t, len_bytes);
	return n;
}

static int
host_data_in(struct scsi_task *s, uint32_t len_bytes)
{
	struct target_task *t = container_of(s, struct target_task, scsi);
	int n = take_buffers(t, len_bytes);

	if (n < 0)
		return n;
	s->in_iov = t->iov;
	s->in_iov_count = (unsigned)n;
	return 0;
}

/* Refuses a task that is not executing, since there are no buffers for it. */
static void
answer_task_set_full(struct target_task *t)
{
	target_limits_forgo(t);
	scsi_task_abort(&t->scsi); /* the task leaves the order of its nexus */
	t->scsi.aborted = false;
	t->scsi.status = SCSI_STATUS_TASK_SET_FULL;
	t->scsi.sense_bytes = 0;
	t->scsi.in_bytes = 0;
	leave_path(t);
	respond(t);
}

/*
 * Returns true when all the data is in the receive buffer, and the device most likely takes it
 * before that buffer is used again.
 */
static bool
can_go_direct(const struct target_task *t)
{
	return t->it->data_len >= t->scsi.out_needed_bytes &&
	       t->scsi.out_needed_bytes <= BUF_PIECE_MAX && t->path != NULL && !t->path->held &&
	       t->path->resets == 0 && scsi_task_may_start(&t->scsi) &&
	       blk_on_the_spot(scsi_lu_device(t->path->unit->lu));
}

static void
start_direct(struct target_task *t)
{
	t->direct = (struct iovec){ (void *)(uintptr_t)t->it->data, t->scsi.out_needed_bytes };
	t->scsi.out_iov = &t->direct;
	t->scsi.out_iov_count = 1;
	t->scsi.out_bytes = t->scsi.out_needed_bytes;
	if (execute(t) == SCSI_DONE) {
		finish(t);
		return;
	}
	t->state = TARGET_TASK_RUNS;
	t->path->inflight++;
	/*
	 * The task waits for its range, or a fault layer holds it: its vector is read again when
	 * it goes on.
	 */
	if (!keep_direct_data(t) && scsi_task_abort(&t->scsi) == SCSI_DONE) {
		no_longer_pending(t);
		answer_task_set_full(t);
	}
}

static void
collect(struct target_task *t)
{
	int n = take_buffers(t, t->scsi.out_needed_bytes);

	if (n < 0) {
		answer_task_set_full(t);
		return;
	}
	t->scsi.out_iov = t->iov;
	t->scsi.out_iov_count = (unsigned)n;
	t->scsi.out_bytes = t->scsi.out_needed_bytes;
	if (iscsi_task_accept_write(t->it, t->iov, n, t->scsi.out_needed_bytes) == 1)
		start(t);
	else if (t->path != NULL)
		move_to(t, TARGET_TASK_COLLECTS, &t->path->collecting);
}

/* ---- What the engine calls ---- */

static uint8_t
attr_of(uint8_t attr)
{
	switch (attr) {
	case ISCSI_ATTR_ORDERED:
		return SCSI_ATTR_ORDERED;
	case ISCSI_ATTR_HEAD:
		return SCSI_ATTR_HEAD_OF_QUEUE;
	case ISCSI_ATTR_ACA:
		return SCSI_ATTR_ACA;
	default:
		return SCSI_ATTR_SIMPLE;
	}
}

#define FORWARDED 1 /* from open_path and init: the task is forward.c's */

/*
 * The first command that comes through a path makes the LUN's unit.  REPORT LUNS needs none: it
 * tells of every LUN.
 */
static int
open_path(struct target_task *t, const struct iscsi_task *it)
{
	int rc;

	if (it->cdb_len > 0 && it->cdb[0] == REPORT_LUNS)
		rc = ERR_NOT_FOUND;
	else if (!t->path->own || !guid_is_zero(&t->path->at_id)) /* another one has the nexus */
		return FORWARDED;
	else
		rc = target_session_open_path(t->path);
	if (rc == ERR_BUSY) /* another gateway gives it to this one at this moment */
		return FORWARDED;
	if (rc < 0)
		t->path = NULL;
	return rc == ERR_NOT_FOUND ? 0 : rc;
}

/* Returns 0, FORWARDED, or -ENOMEM: there is a LUN but no memory for its unit. */
static int
init(struct target_task *t, struct target_conn *conn, struct iscsi_task *it)
{
	int number = scsi_lun_decode(it->lun);
	int rc = 0;

	t->it = it;
	t->iov = t->few;
	t->conn = conn;
	t->path = target_session_path(conn->session, number);
	if (__builtin_expect(t->path != NULL && t->path->unit == NULL, false))
		rc = open_path(t, it);
	t->state = TARGET_TASK_NEW;
	t->start_ns = conn->thread->meter.received_ns;
	t->ready_ns = t->began_ns = t->done_ns = 0;
	t->charge.taken = false;
	t->limited_ns = 0;
	t->buf_bytes = 0;
	t->gave_up_share = false;
	t->node = (struct list){ 0 };
	t->others = NULL;
	t->fwd = NULL;
	memset(&t->scsi.io, 0, sizeof(t->scsi.io));
	scsi_task_init(&t->scsi, &conn->session->nexus,
		       t->path != NULL && rc == 0 ? &t->path->itl : NULL, conn->thread->queue);
	if (number >= 0)
		t->scsi.lun = (uint16_t)number;
	if (t->path != NULL)
		t->path->tasks++;
	return rc;
}

/* Refuses a task that was not parsed, since there is no memory for its unit. */
static void
answer_busy(struct target_task *t)
{
	t->scsi.status = SCSI_STATUS_BUSY;
	respond(t);
}

static inline void
take_command(struct target_task *t)
{
	const struct iscsi_task *it = t->it;

	t->scsi.cdb_bytes = (uint8_t)MIN(it->cdb_len, (uint16_t)SCSI_CDB_BYTES);
	memcpy(t->scsi.cdb, it->cdb, t->scsi.cdb_bytes);
	t->scsi.attr = attr_of(it->attr);
	t->scsi.expected_in_bytes = it->read_expected;
	t->scsi.expected_out_bytes = it->write_expected;
}

void
target_task_command(void *user, struct iscsi_task *it)
{
	struct target_conn *conn = user;
	struct target_task *t = it->extra;
	int rc;

	assert(conn->session != NULL); /* the engine takes no commands in discovery sessions */
	it->owner = t;
	target_traffic_add(&target_conn_traffic(conn)->commands, 1);
	rc = init(t, conn, it);
	if (__builtin_expect(rc < 0, false)) {
		answer_busy(t);
		return;
	}
	take_command(t);
	if (__builtin_expect(rc == FORWARDED, false)) {
		target_forward_command(t);
		return;
	}
	if (scsi_task_parse(&t->scsi) == SCSI_DONE)
		finish(t);
	else if (t->scsi.out_needed_bytes == 0)
		start(t);
	else if (can_go_direct(t) && is_let(t))
		start_direct(t);
	else
		collect(t);
}

void
target_task_soon(void *user, const uint8_t *lun, const uint8_t *cdb)
{
	const struct target_conn *conn = user;
	const struct target_path *path = conn->session != NULL
						 ? target_session_path(conn->session,
								       scsi_lun_decode(lun))
						 : NULL;

	if (path != NULL && path->unit != NULL)
		scsi_lu_soon(path->unit->lu, cdb);
}

void
target_task_write_ready(void *user, struct iscsi_task *it)
{
	struct target_task *t = it->owner;

	(void)user;
	target_conn_progress(t->conn, loop_now_ns(thread_of(t)->loop));
	list_remove(&t->node);
	t->state = TARGET_TASK_NEW;
	t->ready_ns = thread_of(t)->meter.received_ns;
	if (__builtin_expect(t->fwd != NULL, false))
		target_forward_start(t);
	else
		start(t);
}

/*
 * it->owner is NULL when target_task_command was not called, since the data within the command is
 * wrong.
 */
void
target_task_data_fault(void *user, struct iscsi_task *it, enum iscsi_data_fault fault)
{
	struct target_task *t = it->extra;

	if (it->owner == NULL) {
		it->owner = t;
		(void)init(t, user, it); /* what it is answered with needs no unit */
	}
	list_remove(&t->node);
	target_limits_forgo(t);
	t->state = TARGET_TASK_NEW;
	switch (fault) {
	case ISCSI_FAULT_UNEXPECTED_UNSOLICITED:
		scsi_task_fail_unsolicited(&t->scsi);
		break;
	case ISCSI_FAULT_INCORRECT_AMOUNT:
		scsi_task_fail_short_data(&t->scsi);
		break;
	case ISCSI_FAULT_CRC:
		scsi_task_fail_crc(&t->scsi);
		break;
	}
	target_forward_release(t);
	t->scsi.out_total_bytes = 0; /* nothing was transferred */
	leave_path(t);
	respond(t);
}

void
target_task_abort(void *user, struct iscsi_task *it)
{
	struct target_task *t = it->owner;

	(void)user;
	if (__builtin_expect(t->fwd != NULL, false)) {
		target_forward_abort(t);
		return;
	}
	list_remove(&t->node);
	target_limits_forgo(t);
	if (scsi_task_abort(&t->scsi) == SCSI_PENDING) {
		target_task_abort_later(t);
		return;
	}
	if (t->state == TARGET_TASK_RUNS)
		no_longer_pending(t);
	t->state = TARGET_TASK_NEW;
	iscsi_task_drop(it);
}

static void
put_buffers(struct target_task *t)
{
	uint32_t cost = target_buf_cost(t->buf_bytes);

	target_buf_put(&thread_of(t)->bufs, t->iov, t->buf_bytes);
	if (!t->gave_up_share) {
		t->conn->buffered_bytes -= cost;
		t->conn->credit_bytes = MIN(t->conn->credit_bytes + cost, CONN_BUFFER_MAX);
	}
	thread_of(t)->buffered_bytes -= cost;
	t->buf_bytes = 0;
	forget_pieces(t);
}

void
target_task_done(void *user, struct iscsi_task *it)
{
	struct target_conn *conn = user;
	struct target_task *t = it->owner;

	list_remove(&t->node);
	target_forward_release(t);
	scsi_task_fini(&t->scsi);
	leave_path(t);
	put_buffers(t);
	if (conn->state == TARGET_CONN_CLOSING || !list_empty(&conn->short_of_buffers))
		target_conn_mark(conn);
}

/* It ends in the way in which a command to no unit ends. */
void
target_task_answer_no_unit(struct target_task *t)
{
	struct scsi_task *s = &t->scsi;
	uint8_t cdb[SCSI_CDB_BYTES];
	uint16_t lun = t->path->number;
	uint32_t in = s->expected_in_bytes, out = s->expected_out_bytes;

	memcpy(cdb, s->cdb, sizeof(cdb));
	target_forward_release(t);
	target_limits_forgo(t);
	scsi_task_abort(s); /* the task is not executing: it leaves the order of its nexus */
	scsi_task_init(s, s->nexus, NULL, s->queue);
	memcpy(s->cdb, cdb, sizeof(cdb));
	s->lun = lun;
	s->expected_in_bytes = in;
	s->expected_out_bytes = out;
	leave_path(t);
	put_buffers(t);
	if (scsi_task_parse(s) == SCSI_DONE || execute(t) == SCSI_DONE)
		finish(t);
}

/* ---- What tasks that wait (task_wait.c) and forwarded ones (forward.c) share with others ---- */

enum target_buffers
target_task_take_in_buffers(struct target_task *t, uint32_t in_bytes)
{
	t->scsi.in_needed_bytes = in_bytes;
	if (t->it->attr != ISCSI_ATTR_HEAD && target_turn_is_over(t->conn, in_bytes)) {
		move_to(t, TARGET_TASK_READY, &t->conn->later);
		target_turn_wait(t->conn);
		return TARGET_BUFFERS_LATER;
	}
	if (is_to_wait_for_buffers(t)) {
		move_to(t, TARGET_TASK_READY, &t->conn->short_of_buffers);
		return TARGET_BUFFERS_LATER;
	}
	return take_buffers(t, in_bytes) < 0 ? TARGET_BUFFERS_REFUSED : TARGET_BUFFERS_TAKEN;
}

int
target_task_take_out_buffers(struct target_task *t, uint32_t out_bytes)
{
	return take_buffers(t, out_bytes);
}

void
target_task_answer(struct target_task *t, uint8_t status)
{
	t->scsi.status = status;
	t->scsi.sense_bytes = 0;
	t->scsi.in_bytes = 0;
	leave_path(t);
	respond(t);
}

void
target_task_answer_sense(struct target_task *t, uint8_t key, uint8_t asc, uint8_t ascq)
{
	const uint8_t sense[18] = { 0x70, [2] = key, [7] = 10, [12] = asc, [13] = ascq };
	struct iscsi_result result = {
		.status = SCSI_STATUS_CHECK_CONDITION,
		.sense = sense,
		.sense_len = sizeof(sense),
	};

	leave_path(t);
	iscsi_task_respond(t->it, &result);
}

void
target_task_leave(struct target_task *t)
{
	leave_path(t);
}

/* Data-out that was collected for a forwarded task may be more than the command takes. */
static unsigned
trim_data_out(struct target_task *t)
{
	uint32_t left = t->scsi.out_needed_bytes;
	unsigned count = 0;

	for (; left > 0; count++) {
		t->iov[count].iov_len = MIN(left, (uint32_t)BUF_PIECE_MAX);
		left -= (uint32_t)t->iov[count].iov_len;
	}
	return count;
}

void
target_task_init_anew(struct target_task *t, struct scsi_itl *itl)
{
	scsi_task_fini(&t->scsi);
	scsi_task_init(&t->scsi, &t->conn->session->nexus, itl, thread_of(t)->queue);
	t->scsi.lun = t->path->number;
	take_command(t);
}

void
target_task_run_here(struct target_task *t)
{
	t->state = TARGET_TASK_NEW;
	if (!t->it->writes)
		put_buffers(t);
	target_task_init_anew(t, &t->path->itl);
	t->scsi.expected_out_bytes = MIN(t->it->write_expected, t->buf_bytes);
	if (scsi_task_parse(&t->scsi) == SCSI_DONE) {
		finish(t);
		return;
	}
	t->scsi.out_iov = t->iov;
	t->scsi.out_iov_count = trim_data_out(t);
	t->scsi.out_bytes = t->scsi.out_needed_bytes;
	start(t);
}

const struct scsi_host_ops target_task_host_ops = {
	.data_in = host_data_in,
	.done = host_done,
	.resume = host_resume,
	.turn = host_turn,
	.luns = target_session_luns,
	.open_unit = target_copy_open,
	.copy_may_go_on = target_copy_may_go_on,
	.ports = target_preempt_ports,
	.port_name = target_preempt_port_name,
	.abort_prepare = target_preempt_prepare,
	.abort_run = target_preempt_run,
	.abort_cancel = target_preempt_cancel,
	.port_groups = target_access_groups,
	.set_access = target_access_set,
	.now_ns = target_access_now_ns,
};
