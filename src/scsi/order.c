/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The order in which the tasks of one I_T nexus start at one unit (SAM-6: task set management).
 * A task enters the order when its command arrives, before its data-out is here.  It leaves the
 * order when it has ended or was dropped.
 *
 *	SIMPLE		starts when no older ORDERED or HEAD OF QUEUE task is left
 *	ORDERED		starts when no older task is left
 *	HEAD OF QUEUE	starts at once
 *
 * Commands that answer without a unit (INQUIRY, REPORT LUNS, REQUEST SENSE) take no part.
 *
 * Each nexus has a task set of its own: the control mode page says so (TST 001b, mode.c).  So tasks
 * of other nexuses, with which these have no CmdSN in common, are neither waited for nor held up.
 * The order needs no lock, because an itl belongs to one thread.
 *
 * Invariants:
 *  1. `enabled` counts the tasks that may start and have not ended; `barriers` counts those of them
 *     that are ORDERED or HEAD OF QUEUE.
 *  2. `dormant` holds the others, oldest first.  The first of them cannot start yet.
 *
 * Called by task.c, on the thread of the itl.
 */
#include <assert.h>

#include "scsi/scsi_int.h"

static bool
is_barrier(const struct scsi_task *task)
{
	return task->attr == SCSI_ATTR_ORDERED || task->attr == SCSI_ATTR_HEAD_OF_QUEUE;
}

static void
enable(struct scsi_task *task)
{
	task->order = SCSI_ORDER_ENABLED;
	task->itl->enabled++;
	if (is_barrier(task))
		task->itl->barriers++;
}

/* May this task start, when no dormant task is older? */
static bool
may_start(const struct scsi_task *task)
{
	return task->attr == SCSI_ATTR_ORDERED ? task->itl->enabled == 0 : task->itl->barriers == 0;
}

void
scsi_order_enter_slow(struct scsi_task *task)
{
	struct scsi_itl *itl = task->itl;

	if (task->attr == SCSI_ATTR_HEAD_OF_QUEUE ||
	    (list_empty(&itl->dormant) && may_start(task))) {
		enable(task);
		return;
	}
	task->order = SCSI_ORDER_DORMANT;
	list_append(&itl->dormant, &task->order_node);
}

void
scsi_order_leave_slow(struct scsi_task *task)
{
	struct scsi_itl *itl = task->itl;

	if (task->order == SCSI_ORDER_DORMANT) {
		list_remove(&task->order_node);
	} else {
		assert(itl->enabled > 0);
		itl->enabled--;
		if (is_barrier(task))
			itl->barriers--;
	}
	task->order = SCSI_ORDER_NONE;
	for (struct list *node; (node = list_first(&itl->dormant)) != NULL;) {
		struct scsi_task *next = list_entry(node, struct scsi_task, order_node);

		if (!may_start(next))
			break;
		list_remove(node);
		enable(next);
		next->waited = true;
		itl->nexus->ops->turn(next);
	}
}
