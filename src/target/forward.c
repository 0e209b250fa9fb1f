/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Commands of LUNs that another gateway owns: they go to the owner as they came, over the session's
 * link to it (link.c), and are not interpreted here, but REPORT LUNS (task.c).  What is given up is
 * in forward_end.c, who owns a LUN in forward_owner.c.  Everything runs on the thread of the task's
 * session.
 *
 *	COLLECTS --data-out and buffers are here, its order has come--> READY
 *	READY	--the owner is reached--> SENT
 *		--nobody, or nobody that is reached, owns the LUN--> READY, in thread->parked
 *		--this gateway owns the LUN--> carried out here (target_task_run_here)
 *		--nobody did for TARGET_FORWARD_WAIT_MS--> BUSY
 *		--it is given up, and was sent before--> SETTLES
 *	SENT	--answered--> ended
 *		--"not the owner"--> READY, in thread->parked unless another owner is known
 *		--its connection broke--> READY if it may be sent again, else SETTLES
 *	SETTLES	--the LUN has another owner, or its old one was logged in to anew--> ended
 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "target/target_int.h"

#define LOOK_EACH_NS       (100 * NS_PER_MS) /* for an owner that may be reached */
/*
 * Qualifiers of 02h, 04h, on sessions of gateways.  LOST: and what the nexus had here, beside the
 * unit's own state, is lost.
 */
#define NOT_THE_OWNER      0x81
#define NOT_THE_OWNER_LOST 0x82

static struct target_thread *
thread_of(const struct target_task *t)
{
	return t->conn->thread;
}

/* ---- Memory ---- */

static struct target_forward *
forward_new(struct target_task *t)
{
	struct target_thread *thread = thread_of(t);
	struct list *node = list_pop(&thread->spare_forwards);
	struct target_forward *fwd = node != NULL ? list_entry(node, struct target_forward, node)
						  : mem_alloc(sizeof(*fwd));

	if (fwd == NULL)
		return NULL;
	memset(fwd, 0, sizeof(*fwd));
	fwd->task = t;
	fwd->arrival = ++thread->arrivals;
	fwd->request.owner = fwd->abort.owner = fwd;
	return fwd;
}

void
target_forward_fini(struct target_thread *thread)
{
	for (struct list *node; (node = list_pop(&thread->spare_forwards)) != NULL;)
		mem_free(list_entry(node, struct target_forward, node));
}

/* ---- Order ---- */

static bool
is_ordered(const struct target_forward *fwd)
{
	return fwd->task->it->attr == ISCSI_ATTR_ORDERED;
}

/* Enters a task that is not sent, by its arrival. */
static void
enter(struct target_forward *fwd)
{
	struct target_path *path = fwd->task->path;
	struct list *at = &path->forwards;

	while (at->prev != &path->forwards &&
	       list_entry(at->prev, struct target_forward, order_node)->arrival > fwd->arrival)
		at = at->prev;
	list_insert_before(at, &fwd->order_node);
	path->forwards_ordered += is_ordered(fwd);
}

static bool
is_unsent(const struct target_forward *fwd)
{
	return fwd->order_node.next != NULL && !list_empty(&fwd->order_node);
}

static void
leave(struct target_forward *fwd)
{
	if (!is_unsent(fwd))
		return;
	list_remove(&fwd->order_node);
	fwd->task->path->forwards_ordered -= is_ordered(fwd);
}

/*
 * The owner keeps the order of what it has taken; this keeps an ORDERED command behind what came
 * before it, and before what came after it, also where an owner refuses one of them and takes the
 * next: it is sent alone.
 */
static bool
is_in_order(const struct target_forward *fwd)
{
	const struct target_path *path = fwd->task->path;

	if (fwd->task->it->attr == ISCSI_ATTR_HEAD)
		return true;
	if (path->sent_ordered > 0 || (is_ordered(fwd) && path->sent > 0))
		return false;
	if (path->forwards_ordered == 0)
		return true;
	list_for_each(node, &path->forwards) {
		const struct target_forward *other = list_entry(node, struct target_forward,
								order_node);

		if (other == fwd)
			return true;
		if (is_ordered(fwd) || is_ordered(other))
			return false;
	}
	return true;
}

/* ---- Waiting for an owner ---- */

static void
look(struct loop_timer *timer)
{
	target_forward_retry(container_of(timer, struct target_thread, parked_timer));
}

/* Before something comes into one of the lists. */
void
target_forward_watch(struct target_thread *thread)
{
	if (!list_empty(&thread->parked) || !list_empty(&thread->parked_functions))
		return;
	thread->parked_timer.fire = look;
	loop_timer_set(thread->loop, &thread->parked_timer, LOOK_EACH_NS);
}

void
target_forward_park(struct target_forward *fwd)
{
	struct target_thread *thread = thread_of(fwd->task);
	struct list *at = &thread->parked;

	if (fwd->since_ns == 0)
		fwd->since_ns = loop_now_ns(thread->loop);
	target_forward_watch(thread);
	list_remove(&fwd->node);
	while (at->prev != &thread->parked &&
	       list_entry(at->prev, struct target_forward, node)->arrival > fwd->arrival)
		at = at->prev;
	list_insert_before(at, &fwd->node);
}

static bool
is_parked(const struct target_forward *fwd)
{
	return fwd->node.next != NULL && !list_empty(&fwd->node);
}

/* A task ends without having been sent: what waited for its turn behind it goes on by itself. */
static void
wake_behind(struct target_path *path)
{
	list_for_each(node, &path->forwards) {
		struct target_forward *fwd = list_entry(node, struct target_forward, order_node);

		if (fwd->state == FORWARD_READY && !is_parked(fwd))
			target_forward_park(fwd);
	}
}

void
target_forward_forgo_turn(struct target_forward *fwd)
{
	struct target_path *path = fwd->task->path;
	bool held = path->forwards_ordered > 0;

	leave(fwd);
	if (held)
		wake_behind(path);
}

void
target_forward_release(struct target_task *t)
{
	struct target_forward *fwd = t->fwd;
	struct target_path *path = t->path;
	bool held;

	if (fwd == NULL)
		return;
	assert(fwd->link == NULL && !fwd->aborting);
	held = is_unsent(fwd) && path->forwards_ordered > 0;
	leave(fwd);
	list_remove(&fwd->node);
	t->fwd = NULL;
	list_append(&thread_of(t)->spare_forwards, &fwd->node);
	if (held)
		wake_behind(path);
}

bool
target_forward_has_waited(const struct target_forward *fwd, uint64_t ms)
{
	return fwd->since_ns != 0 &&
	       loop_now_ns(thread_of(fwd->task)->loop) - fwd->since_ns >= ms * NS_PER_MS;
}

static bool
has_waited_long(const struct target_forward *fwd)
{
	return target_forward_has_waited(fwd,
					 thread_of(fwd->task)->target->options.forward_wait_ms);
}

/* ---- Sending ---- */

static bool
is_inside(const struct target_task *t)
{
	return t->conn->session->inside;
}

/* The sense that tells another gateway that it has asked the wrong one. */
static void
answer_not_the_owner(struct target_task *t)
{
	bool lost = t->path->nexus_lost;

	t->path->nexus_lost = false;
	target_forward_release(t);
	target_task_answer_sense(t, 0x02, 0x04, lost ? NOT_THE_OWNER_LOST : NOT_THE_OWNER);
}

static void
fill_request(struct target_forward *fwd)
{
	const struct target_task *t = fwd->task;
	const struct iscsi_task *it = t->it;
	struct iscsi_request *r = &fwd->request;

	memcpy(r->lun, it->lun, sizeof(r->lun));
	r->cdb = it->cdb;
	r->cdb_len = (uint16_t)MIN((uint32_t)it->cdb_len, ISCSI_REQUEST_CDB_MAX);
	r->attr = it->attr;
	r->writes = it->writes;
	r->reads = it->reads && !it->writes;
	r->write_expected = r->writes ? t->buf_bytes : 0;
	r->read_expected = r->reads ? t->buf_bytes : 0;
	r->out = r->in = t->iov;
	r->out_count = r->in_count = (int)((t->buf_bytes + BUF_PIECE_MAX - 1) / BUF_PIECE_MAX);
}

/*
 * The nexus has lost what an owner had for it, and that is told before another command is carried
 * out.  SAM-6: these three take no unit attention.  Returns whether the task was answered.
 */
static bool
tell_loss(struct target_task *t)
{
	uint8_t code = t->it->cdb[0];

	if (!t->path->nexus_lost || code == 0x12 || code == 0xa0 || code == 0x03)
		return false;
	t->path->nexus_lost = false;
	target_forward_release(t);
	target_conn_mark(t->conn);
	target_task_answer_sense(t, 0x06, 0x29, 0x07); /* I_T NEXUS LOSS OCCURRED */
	return true;
}

/* Returns false when the link does not take it now. */
static bool
send_to(struct target_forward *fwd, struct target_link *link)
{
	struct target_path *path = fwd->task->path;

	if (link == NULL || !target_link_is_ready(link))
		return false;
	if (__builtin_expect(path->nexus_lost, false) && tell_loss(fwd->task))
		return true;
	fill_request(fwd);
	if (iscsi_initiator_send(link->ini, &fwd->request) < 0)
		return false;
	list_remove(&fwd->node);
	leave(fwd);
	fwd->state = FORWARD_SENT;
	fwd->unsettled = false; /* a ready link: what an owner had before is over */
	fwd->link = link;
	fwd->owner_id = path->at_id = link->controller_id;
	path->sent++;
	path->sent_ordered += is_ordered(fwd);
	target_link_mark(link);
	return true;
}

static void
run_here(struct target_task *t)
{
	int rc;

	if (__builtin_expect(t->path->nexus_lost, false) && !is_inside(t) && tell_loss(t))
		return;
	rc = target_session_open_path(t->path);
	if (rc == ERR_BUSY) { /* it is not opened yet */
		if (is_inside(t))
			answer_not_the_owner(t);
		else
			target_forward_park(t->fwd);
		return;
	}
	target_forward_release(t);
	if (rc < 0)
		target_task_answer(t, SCSI_STATUS_BUSY);
	else
		target_task_run_here(t);
}

/*
 * Returns the link to the gateway that has the nexus, when that is not the owner any more: a
 * command goes there first.  That gateway carries nothing out, and its answer says whether the
 * nexus had something there that is lost (NOT_THE_OWNER_LOST), which the initiator is told before
 * anything is carried out elsewhere.
 */
static struct target_link *
link_to_former(struct target_path *path, const struct row_controller *owner)
{
	struct target_link *link;

	if (guid_is_zero(&path->at_id) || (owner != NULL && guid_equal(&path->at_id, &owner->id)))
		return NULL;
	link = target_link_find(path->session, &path->at_id);
	if (link != NULL && target_link_is_ready(link))
		return link;
	memset(&path->at_id, 0, sizeof(path->at_id)); /* its end was noted (link.c) */
	return NULL;
}

/* Sends a task that is READY to whoever owns its LUN, or has it wait. */
static void
go(struct target_forward *fwd)
{
	struct target_task *t = fwd->task;
	const struct row_controller *owner;
	enum target_whose whose = target_forward_whose(thread_of(t), &t->path->lun_id, &owner);
	struct target_link *former = NULL;

	if (whose != TARGET_NOBODYS && t->path->unit == NULL)
		former = link_to_former(t->path, owner);
	if (__builtin_expect(former != NULL, false)) {
		if (!send_to(fwd, former))
			target_forward_park(fwd);
	} else if (whose == TARGET_OWN || t->path->unit != NULL)
		run_here(t);
	else if (is_inside(t))
		answer_not_the_owner(t);
	else if (whose != TARGET_OTHERS || t->conn->session->broken ||
		 !send_to(fwd, target_link_get(t->conn->session, owner)))
		target_forward_park(fwd);
}

/*
 * Sends what may be sent now that an ORDERED task, or what was before one, was.  held: there was an
 * ORDERED task before (it may have been the last one).
 */
static void
pump(struct target_path *path, bool held)
{
	bool again = held;

	while (again) {
		again = false;
		list_for_each(node, &path->forwards) {
			struct target_forward *fwd = list_entry(node, struct target_forward,
								order_node);

			if (fwd->state != FORWARD_READY || is_parked(fwd) || !is_in_order(fwd))
				continue;
			go(fwd);
			again = true;
			break;
		}
	}
}

void
target_forward_start(struct target_task *t)
{
	struct target_forward *fwd = t->fwd;
	struct target_path *path = t->path;
	uint32_t in_bytes = t->it->reads && !t->it->writes
				    ? MIN(t->it->read_expected, TARGET_FORWARD_BYTES_MAX)
				    : 0;
	bool held;

	if (path->gone) {
		target_forward_release(t);
		target_task_answer_no_unit(t);
		return;
	}
	switch (in_bytes > 0 && t->buf_bytes == 0 ? target_task_take_in_buffers(t, in_bytes)
						  : TARGET_BUFFERS_TAKEN) {
	case TARGET_BUFFERS_LATER:
		return;
	case TARGET_BUFFERS_REFUSED:
		target_forward_release(t);
		target_task_answer(t, SCSI_STATUS_TASK_SET_FULL);
		return;
	case TARGET_BUFFERS_TAKEN:
		break;
	}
	fwd->state = FORWARD_READY;
	held = path->forwards_ordered > 0;
	path->tasks++; /* keeps it */
	if (is_in_order(fwd))
		go(fwd);
	pump(path, held);
	path->tasks--;
	target_session_path_idle(path);
}

void
target_forward_command(struct target_task *t)
{
	struct iscsi_task *it = t->it;
	uint32_t out_bytes = it->writes ? MIN(it->write_expected, TARGET_FORWARD_BYTES_MAX) : 0;
	int n;

	t->fwd = forward_new(t);
	if (t->fwd == NULL) {
		target_task_answer(t, SCSI_STATUS_BUSY);
		return;
	}
	enter(t->fwd);
	if (out_bytes == 0) {
		target_forward_start(t);
		return;
	}
	n = target_task_take_out_buffers(t, out_bytes);
	if (n < 0) {
		target_forward_release(t);
		target_task_answer(t, SCSI_STATUS_TASK_SET_FULL);
	} else if (iscsi_task_accept_write(it, t->iov, n, out_bytes) == 1) {
		target_forward_start(t);
	} else if (t->fwd != NULL) {
		t->state = TARGET_TASK_COLLECTS;
		list_append(&t->path->collecting, &t->node);
	}
}

void
target_forward_enter(struct target_task *t, bool collects)
{
	t->fwd = forward_new(t);
	if (t->fwd == NULL) {
		target_task_answer(t, SCSI_STATUS_BUSY);
		return;
	}
	enter(t->fwd);
	if (collects) {
		t->state = TARGET_TASK_COLLECTS;
		list_append(&t->path->collecting, &t->node);
		return;
	}
	/* the thread may not have its new view's links yet: it goes on with all that waits */
	t->fwd->state = FORWARD_COLLECTS;
	list_append(&t->conn->turns, &t->node);
	t->state = TARGET_TASK_READY;
}

/* ---- The answer ---- */

/* What the command would transfer, of which so much was expected at the owner. */
static uint64_t
total_of(uint32_t expected, uint8_t kind, uint32_t residual)
{
	switch (kind) {
	case ISCSI_RESIDUAL_OVERFLOW:
		return (uint64_t)expected + residual;
	case ISCSI_RESIDUAL_UNDERFLOW:
		return expected - MIN(expected, residual);
	default:
		return expected;
	}
}

static void
answer(struct target_task *t, const struct iscsi_request *r)
{
	uint32_t expected = r->writes ? r->write_expected : r->read_expected;
	uint64_t total = total_of(expected, r->residual_kind, r->residual);
	struct target_conn *conn = t->conn;
	struct iscsi_task *it = t->it;
	uint32_t received = r->received;
	struct iscsi_result result = {
		.status = r->status,
		.target_failure = r->response != 0,
		.length = total,
		.sense = r->sense_len > 0 ? r->sense : NULL,
		.sense_len = r->sense_len,
	};

	/* the memory of the request is spare now, and nobody takes it before it was copied */
	target_forward_release(t);
	target_task_leave(t);
	if (result.target_failure || result.status != SCSI_STATUS_GOOD || received == 0) {
		iscsi_task_respond(it, &result);
		return;
	}
	iscsi_task_finish_read(it, t->iov, (int)((received + BUF_PIECE_MAX - 1) / BUF_PIECE_MAX),
			       received, total);
	target_conn_queued(conn, received);
}

static bool
is_not_the_owner(const struct iscsi_request *r)
{
	return r->response == 0 && r->status == SCSI_STATUS_CHECK_CONDITION && r->sense_len >= 14 &&
	       (r->sense[0] & 0x7e) == 0x70 && (r->sense[2] & 0x0f) == 0x02 &&
	       r->sense[12] == 0x04 &&
	       (r->sense[13] == NOT_THE_OWNER || r->sense[13] == NOT_THE_OWNER_LOST);
}

void
target_forward_send_again(struct target_forward *fwd)
{
	fwd->state = FORWARD_READY;
	enter(fwd);
	target_forward_park(fwd);
}

/*
 * A gateway has refused the command, since it is not the LUN's owner, and has told what the nexus
 * had there.  Where this gateway knows of another owner the command goes on at once.
 */
static void
refused(struct target_forward *fwd, bool lost)
{
	struct target_path *path = fwd->task->path;
	const struct row_controller *owner;

	path->nexus_lost |= lost;
	if (guid_equal(&path->at_id, &fwd->owner_id))
		memset(&path->at_id, 0, sizeof(path->at_id));
	if (target_forward_whose(thread_of(fwd->task), &path->lun_id, &owner) == TARGET_OTHERS &&
	    guid_equal(&owner->id, &fwd->owner_id)) {
		target_forward_send_again(fwd);
		return;
	}
	fwd->state = FORWARD_READY;
	enter(fwd);
	if (is_in_order(fwd))
		go(fwd);
	else
		target_forward_park(fwd);
}

static void
came_back(struct target_forward *fwd, const struct iscsi_request *request)
{
	struct target_task *t = fwd->task;

	if (fwd->aborting)
		fwd->state = FORWARD_SETTLES; /* target_forward_tmf_done goes on */
	else if (request->error != 0 && request->error != ERR_CANCELLED)
		target_forward_lost(fwd);
	else if (request->error == ERR_CANCELLED) {
		fwd->verdict = VERDICT_DROP; /* a reset has ended it without an answer */
		target_forward_conclude(t);
	} else if (fwd->verdict != VERDICT_NONE)
		target_forward_conclude(t);
	else if (is_not_the_owner(request))
		refused(fwd, request->sense[13] == NOT_THE_OWNER_LOST);
	else
		answer(t, request);
}

void
target_forward_done(void *user, struct iscsi_request *request)
{
	struct target_forward *fwd = request->owner;
	struct target_task *t = fwd->task;
	struct target_path *path = t->path;

	(void)user;
	target_owner_count(fwd->link->owner, request);
	fwd->link = NULL;
	path->sent--;
	path->sent_ordered -= is_ordered(fwd);
	t->done_ns = clock_mono_ns();
	target_conn_mark(t->conn);
	if (__builtin_expect(path->forwards_ordered == 0 && !is_ordered(fwd), true)) {
		came_back(fwd, request);
		return;
	}
	path->tasks++; /* keeps it */
	came_back(fwd, request);
	pump(path, true);
	path->tasks--;
	target_session_path_idle(path);
}

/* ---- Going on ---- */

static void
go_on(struct target_forward *fwd)
{
	struct target_task *t = fwd->task;

	target_conn_mark(t->conn);
	if (fwd->state == FORWARD_SETTLES) {
		target_forward_settle(fwd);
	} else if (has_waited_long(fwd)) {
		target_forward_give_up(fwd, VERDICT_BUSY);
	} else {
		struct target_path *path = t->path;
		bool held = path->forwards_ordered > 0;

		path->tasks++;
		if (is_in_order(fwd))
			go(fwd);
		else
			target_forward_park(fwd);
		pump(path, held);
		path->tasks--;
		target_session_path_idle(path);
	}
}

void
target_forward_retry(struct target_thread *thread)
{
	struct list todo;

	if (list_empty(&thread->parked) && list_empty(&thread->parked_functions))
		return;
	list_init(&todo);
	for (struct list *node; (node = list_pop(&thread->parked)) != NULL;)
		list_append(&todo, node);
	loop_timer_cancel(thread->loop, &thread->parked_timer);
	target_forward_tmf_retry(thread);
	for (struct list *node; (node = list_pop(&todo)) != NULL;)
		go_on(list_entry(node, struct target_forward, node));
}
