/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The end of forwarded commands (forward.c) that are not simply answered: they are aborted, their
 * connection breaks, or nobody takes them.
 *
 * A command that was sent may still be carried out by the owner after the connection has broken.
 * Whoever takes a LUN over has fenced the old owner before, and an owner that is logged in to anew
 * ends the session of before first, with its I/O (session reinstatement).  So a command that is
 * given up is answered when either has happened: nothing of it reaches the medium after that.  When
 * neither happens for long, nothing is answered, and the session ends.
 */
#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "target/target_int.h"

/*
 * Commands that may be carried out twice: they read, or set blocks to a given content.  What
 * compares, reserves, or tells something only once is not among them.
 */
static bool
may_repeat(const uint8_t *cdb)
{
	switch (cdb[0]) {
	case 0x00: /* TEST UNIT READY */
	case 0x08: /* READ(6) */
	case 0x0a: /* WRITE(6) */
	case 0x12: /* INQUIRY */
	case 0x1a: /* MODE SENSE(6) */
	case 0x25: /* READ CAPACITY(10) */
	case 0x28: /* READ(10) */
	case 0x2a: /* WRITE(10) */
	case 0x2e: /* WRITE AND VERIFY(10) */
	case 0x2f: /* VERIFY(10) */
	case 0x34: /* PRE-FETCH(10) */
	case 0x35: /* SYNCHRONIZE CACHE(10) */
	case 0x41: /* WRITE SAME(10) */
	case 0x42: /* UNMAP */
	case 0x4d: /* LOG SENSE */
	case 0x5a: /* MODE SENSE(10) */
	case 0x5e: /* PERSISTENT RESERVE IN */
	case 0x88: /* READ(16) */
	case 0x8a: /* WRITE(16) */
	case 0x8e: /* WRITE AND VERIFY(16) */
	case 0x8f: /* VERIFY(16) */
	case 0x90: /* PRE-FETCH(16) */
	case 0x91: /* SYNCHRONIZE CACHE(16) */
	case 0x93: /* WRITE SAME(16) */
	case 0x9e: /* SERVICE ACTION IN(16): READ CAPACITY, GET LBA STATUS */
	case 0xa3: /* MAINTENANCE IN */
	case 0xa8: /* READ(12) */
	case 0xaa: /* WRITE(12) */
	case 0xae: /* WRITE AND VERIFY(12) */
	case 0xaf: /* VERIFY(12) */
		return true;
	default:
		return false;
	}
}

/* The session of the task ends. */
static bool
is_ending(const struct target_task *t)
{
	return t->conn->state == TARGET_CONN_CLOSING || t->conn->session->broken;
}

/* ---- Giving up ---- */

void
target_forward_conclude(struct target_task *t)
{
	enum target_verdict verdict = t->fwd->verdict;

	target_forward_release(t);
	switch (verdict) {
	case VERDICT_DROP:
		target_task_leave(t);
		iscsi_task_drop(t->it);
		break;
	case VERDICT_BUSY:
		target_task_answer(t, SCSI_STATUS_BUSY);
		break;
	case VERDICT_NO_UNIT:
		target_task_answer_no_unit(t);
		break;
	case VERDICT_NONE:
	case VERDICT_ABORTED_COMMAND:
		target_task_answer_sense(t, 0x0b, 0x00, 0x00);
		break;
	}
}

void
target_forward_give_up(struct target_forward *fwd, enum target_verdict verdict)
{
	fwd->verdict = verdict;
	if (!fwd->unsettled) {
		target_forward_conclude(fwd->task);
		return;
	}
	target_forward_forgo_turn(fwd);
	fwd->state = FORWARD_SETTLES;
	fwd->since_ns = 0;
	target_forward_park(fwd);
}

void
target_forward_lost(struct target_forward *fwd)
{
	struct target_task *t = fwd->task;

	fwd->unsettled = fwd->request.sent;
	if (fwd->unsettled)
		fwd->since_ns = 0;
	if (fwd->verdict == VERDICT_NONE && !is_ending(t) &&
	    (!fwd->unsettled || may_repeat(t->it->cdb)))
		target_forward_send_again(fwd);
	else
		target_forward_give_up(fwd, fwd->verdict != VERDICT_NONE ? fwd->verdict
									 : VERDICT_ABORTED_COMMAND);
}

/* ---- Aborts ---- */

/* The engine of the link has answered ABORT TASK: the owner does nothing for the task any more. */
static void
abort_done(struct target_forward *fwd, int error)
{
	struct target_task *t = fwd->task;

	fwd->aborting = false;
	target_announce_answered(t->conn->thread, fwd);
	target_conn_mark(t->conn);
	if (fwd->link != NULL)
		return; /* target_forward_done follows */
	if (error != 0 && fwd->request.error != 0 && fwd->request.sent)
		target_forward_lost(fwd);
	else
		target_forward_conclude(t);
}

void
target_forward_tmf_done(void *user, struct iscsi_request_tmf *tmf)
{
	struct target_forward *fwd = tmf->owner;

	(void)user;
	if (tmf->function == ISCSI_TMF_ABORT_TASK)
		abort_done(fwd, tmf->error);
	else
		target_forward_tmf_answered(tmf);
}

void
target_forward_abort(struct target_task *t)
{
	struct target_forward *fwd = t->fwd;

	list_remove(&t->node);
	t->state = TARGET_TASK_NEW;
	fwd->verdict = VERDICT_DROP;
	if (fwd->state == FORWARD_SETTLES)
		return;
	if (fwd->state != FORWARD_SENT) {
		target_forward_give_up(fwd, VERDICT_DROP);
		return;
	}
	fwd->abort.function = ISCSI_TMF_ABORT_TASK;
	memcpy(fwd->abort.lun, t->it->lun, sizeof(fwd->abort.lun));
	fwd->abort.request = &fwd->request;
	fwd->aborting = true;
	target_announce_asked(t->conn->thread, fwd);
	struct target_link *link = fwd->link;

	/* what cannot be asked for ends with the link */
	if (iscsi_initiator_tmf(link->ini, &fwd->abort) < 0) {
		fwd->aborting = false;
		target_announce_answered(t->conn->thread, fwd);
		link->broken = true;
	}
	target_link_mark(link);
}

void
target_forward_end_unstarted(struct target_path *path)
{
	for (struct list *node; (node = list_first(&path->forwards)) != NULL;) {
		struct target_forward *fwd = list_entry(node, struct target_forward, order_node);
		struct target_task *t = fwd->task;

		list_remove(&t->node);
		t->state = TARGET_TASK_NEW;
		target_conn_mark(t->conn);
		target_forward_give_up(fwd, VERDICT_NO_UNIT);
	}
}

/* ---- Waiting for the end of what was sent ---- */

/* Is over what the gateway may still do that had the command when its connection broke? */
static bool
is_settled(const struct target_forward *fwd)
{
	const struct target_task *t = fwd->task;
	const struct state *state = t->conn->thread->view->state;
	const struct row_controller *owner;
	enum target_whose whose = target_forward_whose(t->conn->thread, &t->path->lun_id, &owner);

	if (whose == TARGET_OWN || state_find(state, ROW_LUN, &t->path->lun_id) == NULL)
		return true;
	if (whose != TARGET_OTHERS)
		return false;
	if (!guid_equal(&owner->id, &fwd->owner_id))
		return true;
	struct target_link *link = target_link_get(t->conn->session, owner);

	return link != NULL && target_link_is_ready(link);
}

void
target_forward_settle(struct target_forward *fwd)
{
	struct target_task *t = fwd->task;
	uint32_t wait_ms = t->conn->thread->target->options.forward_wait_ms;
	uint32_t end_ms = MIN(wait_ms, TARGET_FORWARD_END_MS);

	if (is_settled(fwd) || (is_ending(t) && target_forward_has_waited(fwd, end_ms))) {
		target_forward_conclude(t);
		return;
	}
	if (target_forward_has_waited(fwd, wait_ms) && !is_ending(t)) {
		fwd->since_ns = 0;
		target_conn_close(t->conn, ERR_UNREACHABLE);
	}
	target_forward_park(fwd);
}
