/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Aborted tasks whose backing I/O is in flight: the states ABORTED and ABANDONED of task.c.
 *
 * Backing I/O cannot be taken back.  A task that is aborted and whose I/O hangs is abandoned after
 * a grace: task management is answered and the session may end, but the unit gets a fence (BUSY for
 * all that reaches the medium, through whichever path) until that I/O is back.  Thus what the task
 * still writes never comes after what an initiator writes once the abort was acknowledged.
 */
#include "base/clock.h"
#include "base/log.h"
#include "target/target_int.h"

static void
tell_fence(struct target_unit *unit, bool begins)
{
	char id[GUID_TEXT_SIZE];

	if (atomic_exchange(&unit->hangs, begins) == begins)
		return;
	target_report_hang(unit->target, &unit->lun_id, begins);
	if (begins)
		log_warning("lun.hung",
			    "lun=%s reason=\"aborted I/O does not come back from the store; "
			    "commands are answered BUSY until it does\"",
			    guid_format(&unit->lun_id, id));
	else
		log_info("lun.back", "lun=%s", guid_format(&unit->lun_id, id));
}

void
target_task_tell_hang(struct target_unit *unit)
{
	tell_fence(unit, true);
}

void
target_task_unfence(struct target_unit *unit)
{
	if (scsi_lu_unfence(unit->lu))
		tell_fence(unit, false);
}

/* Stops waiting for the task: the unit gets a fence, and whoever waited for the task goes on. */
static void
abandon(struct target_task *t)
{
	struct target_unit *unit = t->path->unit;

	list_remove(&t->node);
	t->state = TARGET_TASK_ABANDONED;
	t->path->aborting--;
	scsi_lu_fence(unit->lu);
	tell_fence(unit, true);
	target_copy_abandon(t);
	/* the thread's buffers stay in use, but the session may have others */
	t->conn->buffered_bytes -= target_buf_cost(t->buf_bytes);
	t->gave_up_share = true;
	scsi_task_abandon(&t->scsi);
	iscsi_task_abandon(t->it);
	target_conn_mark(t->conn);
}

void
target_task_give_up(struct loop_timer *timer)
{
	struct target_thread *thread = container_of(timer, struct target_thread, aborted_timer);
	uint64_t now_ns = loop_now_ns(thread->loop), grace_ns = TASK_ABORT_GRACE_MS * NS_PER_MS;

	for (struct list *node; (node = list_first(&thread->aborted)) != NULL;) {
		struct target_task *t = list_entry(node, struct target_task, node);
		uint64_t age_ns = now_ns - t->aborted_ns;

		if (age_ns < grace_ns) {
			loop_timer_set(thread->loop, timer, grace_ns - age_ns);
			break;
		}
		abandon(t);
	}
	target_hold_check(thread);
}

void
target_task_abort_later(struct target_task *t)
{
	struct target_thread *thread = t->conn->thread;

	t->path->aborting++;
	t->aborted_ns = loop_now_ns(thread->loop);
	if (list_empty(&thread->aborted))
		loop_timer_set(thread->loop, &thread->aborted_timer,
			       TASK_ABORT_GRACE_MS * NS_PER_MS);
	t->state = TARGET_TASK_ABORTED;
	list_append(&thread->aborted, &t->node);
	/* On a unit that hangs already there is no use in waiting. */
	if (scsi_lu_is_fenced(t->path->unit->lu))
		abandon(t);
}

void
target_task_abort_back(struct target_task *t)
{
	struct target_unit *unit = t->path->unit;

	list_remove(&t->node);
	if (t->state == TARGET_TASK_ABORTED)
		t->path->aborting--;
	else
		target_task_unfence(unit);
}
