/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A command's way through: engine -> scsi -> blk and back.
 *
 *	command --parse--> done at once (sense, unit attention)
 *	        --no data-out--> start
 *	        --data-out--> all of it is here and the device answers on the spot: start from the
 *	                      receive buffer
 *	                      else collect it in buffers --write_ready--> start
 *	start   --path held--> waits in path->held_tasks --released--> start
 *	        --execute--> finish, or in scsi's hands --host_done--> finish
 *
 * Every way ends in finish (which gives the task back to the engine) and then target_task_done
 * (which frees what it held).
 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "target/target_int.h"

static struct target_thread *
thread_of(const struct target_task *t)
{
	return t->conn->thread;
}

/* ---- Finish ---- */

static void
add(_Atomic uint64_t *counter, uint64_t n)
{
	/* one writer: no need for a locked addition */
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n,
			      memory_order_relaxed);
}

static void
count(const struct target_task *t)
{
	struct target_unit_counters *c;

	if (t->path == NULL)
		return;
	c = &t->path->unit->counters[thread_of(t)->index];
	switch (t->scsi.cdb[0]) {
	case 0x08: /* READ(6), (10), (12), (16) */
	case 0x28:
	case 0xa8:
	case 0x88:
		add(&c->read_commands, 1);
		add(&c->read_bytes, t->scsi.in_bytes);
		break;
	case 0x0a: /* WRITE(6), (10), (12), (16) */
	case 0x2a:
	case 0xaa:
	case 0x8a:
		add(&c->write_commands, 1);
		add(&c->write_bytes, t->scsi.out_bytes);
		break;
	default:
		add(&c->other_commands, 1);
	}
}

/*
 * Of a command that ended badly no data-in is sent, so all that the initiator expected is missing
 * (RFC 7143 §11.4.5.2).
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

/* The engine has the task again after this, and it may be gone. */
static void
finish(struct target_task *t)
{
	const struct scsi_task *s = &t->scsi;

	if (t->it->aborted || s->aborted) {
		iscsi_task_drop(t->it);
		return;
	}
	count(t);
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

static void
count_buffers(struct target_task *t, uint32_t len_bytes)
{
	t->buf_bytes = len_bytes;
	t->conn->buffered_bytes += len_bytes;
	thread_of(t)->buffered_bytes += len_bytes;
}

/* It was not done on the spot after all, and the receive buffer is about to be used again. */
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

static void
start(struct target_task *t)
{
	struct target_path *path = t->path;

	if (path != NULL && path->held) {
		t->is_held = true;
		list_append(&path->held_tasks, &t->node);
		return;
	}
	if (scsi_task_execute(&t->scsi) == SCSI_DONE) {
		finish(t);
		return;
	}
	assert(path != NULL);
	t->pending = true;
	path->inflight++;
}

static void
no_longer_pending(struct target_task *t)
{
	struct target_thread *thread = thread_of(t);

	t->pending = false;
	t->path->inflight--;
	if (t->path->inflight == 0 && !list_empty(&thread->waits))
		target_hold_check(thread);
}

static void
host_done(struct scsi_task *s)
{
	struct target_task *t = container_of(s, struct target_task, scsi);
	struct target_conn *conn = t->conn;

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

/* ---- Data ---- */

static bool
may_have(const struct target_task *t, uint32_t len_bytes)
{
	const struct target_thread *thread = thread_of(t);
	uint64_t left = thread->buffer_max_bytes -
			MIN(thread->buffered_bytes, thread->buffer_max_bytes);

	return t->conn->buffered_bytes + len_bytes <= MIN(left, CONN_BUFFER_MAX);
}

/*
 * Buffers for len_bytes within what a connection may have.  The number of pieces in t->iov, or
 * negative.
 */
static int
take_buffers(struct target_task *t, uint32_t len_bytes)
{
	if (!may_have(t, len_bytes))
		return ERR_LIMIT;
	int n = target_buf_get(&thread_of(t)->bufs, len_bytes, t->iov);

	if (n < 0)
		return n;
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

static void
answer_task_set_full(struct target_task *t)
{
	t->scsi.status = SCSI_STATUS_TASK_SET_FULL;
	t->scsi.sense_bytes = 0;
	t->scsi.in_bytes = 0;
	respond(t);
}

/*
 * All the data is in the receive buffer, and the device most likely takes it before that is used
 * again.
 */
static bool
can_go_direct(const struct target_task *t)
{
	return t->it->data_len >= t->scsi.out_needed_bytes &&
	       t->scsi.out_needed_bytes <= BUF_PIECE_MAX && t->path != NULL && !t->path->held &&
	       blk_on_the_spot(t->path->unit->dev);
}

static void
start_direct(struct target_task *t)
{
	t->direct = (struct iovec){ (void *)(uintptr_t)t->it->data, t->scsi.out_needed_bytes };
	t->scsi.out_iov = &t->direct;
	t->scsi.out_iov_count = 1;
	t->scsi.out_bytes = t->scsi.out_needed_bytes;
	if (scsi_task_execute(&t->scsi) == SCSI_DONE) {
		finish(t);
		return;
	}
	t->pending = true;
	t->path->inflight++;
	/*
	 * It waits for its range, or a fault layer holds it: the vector is looked at again when
	 * it goes on.
	 */
	if (!keep_direct_data(t) && scsi_task_abort(&t->scsi) == SCSI_DONE) {
		no_longer_pending(t);
		t->scsi.aborted = false;
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

static void
init(struct target_task *t, struct target_conn *conn, struct iscsi_task *it)
{
	int number = scsi_lun_decode(it->lun);

	t->it = it;
	t->conn = conn;
	t->path = target_session_path(conn->session, number);
	t->pending = t->is_held = false;
	t->buf_bytes = 0;
	t->node = (struct list){ 0 };
	memset(&t->scsi.io, 0, sizeof(t->scsi.io));
	scsi_task_init(&t->scsi, &conn->session->nexus, t->path != NULL ? &t->path->itl : NULL,
		       conn->thread->queue);
	if (number >= 0)
		t->scsi.lun = (uint16_t)number;
	if (t->path != NULL)
		t->path->tasks++;
}

void
target_task_command(void *user, struct iscsi_task *it)
{
	struct target_conn *conn = user;
	struct target_task *t = it->extra;

	assert(conn->session != NULL); /* the engine takes no commands in discovery sessions */
	it->owner = t;
	init(t, conn, it);
	memcpy(t->scsi.cdb, it->cdb, MIN(it->cdb_len, (uint16_t)SCSI_CDB_BYTES));
	t->scsi.attr = attr_of(it->attr);
	t->scsi.expected_in_bytes = it->read_expected;
	t->scsi.expected_out_bytes = it->write_expected;
	if (scsi_task_parse(&t->scsi) == SCSI_DONE)
		finish(t);
	else if (t->scsi.out_needed_bytes == 0)
		start(t);
	else if (can_go_direct(t))
		start_direct(t);
	else
		collect(t);
}

void
target_task_write_ready(void *user, struct iscsi_task *it)
{
	(void)user;
	start(it->owner);
}

void
target_task_abort(void *user, struct iscsi_task *it)
{
	struct target_task *t = it->owner;

	(void)user;
	if (t->is_held) {
		t->is_held = false;
		list_remove(&t->node);
	} else if (t->pending) {
		if (scsi_task_abort(&t->scsi) == SCSI_PENDING)
			return; /* host_done comes */
		no_longer_pending(t);
	}
	iscsi_task_drop(it);
}

void
target_task_done(void *user, struct iscsi_task *it)
{
	struct target_conn *conn = user;
	struct target_task *t = it->owner;
	struct target_path *path = t->path;

	scsi_task_fini(&t->scsi);
	target_buf_put(&conn->thread->bufs, t->iov, t->buf_bytes);
	conn->buffered_bytes -= t->buf_bytes;
	conn->thread->buffered_bytes -= t->buf_bytes;
	if (conn->state == CONN_CLOSING)
		target_conn_mark(conn);
	if (path == NULL)
		return;
	path->tasks--;
	if (__builtin_expect(path->gone, false))
		target_session_path_idle(path);
}

/* ---- Held tasks ---- */

static void
tell_no_unit(struct target_task *t)
{
	struct scsi_task *s = &t->scsi;
	uint8_t cdb[SCSI_CDB_BYTES];
	uint16_t lun = (uint16_t)t->path->number;
	uint32_t in = s->expected_in_bytes, out = s->expected_out_bytes;

	memcpy(cdb, s->cdb, sizeof(cdb));
	scsi_task_init(s, s->nexus, NULL, s->queue);
	memcpy(s->cdb, cdb, sizeof(cdb));
	s->lun = lun;
	s->expected_in_bytes = in;
	s->expected_out_bytes = out;
	if (scsi_task_parse(s) == SCSI_DONE || scsi_task_execute(s) == SCSI_DONE)
		finish(t);
}

void
target_task_release_held(struct target_path *path)
{
	struct list todo;

	list_init(&todo);
	for (struct list *node; (node = list_pop(&path->held_tasks)) != NULL;)
		list_append(&todo, node);
	for (struct list *node; (node = list_pop(&todo)) != NULL;) {
		struct target_task *t = list_entry(node, struct target_task, node);
		struct target_conn *conn = t->conn;

		t->is_held = false;
		if (path->gone)
			tell_no_unit(t);
		else
			start(t);
		target_conn_mark(conn);
	}
}

const struct scsi_host_ops target_task_host_ops = {
	.data_in = host_data_in,
	.done = host_done,
	.resume = host_resume,
	.luns = target_session_luns,
};
