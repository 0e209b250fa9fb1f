/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What an EXTENDED COPY uses beside the unit that it was sent to.  The units that it may name are
 * those of its session's map: an initiator copies between the LUNs that it sees through this
 * target, and one that is masked from it is not found.  The task counts as a task of each path that
 * it uses.  So drains wait for it, and a path lives until it has ended.
 *
 * Everything runs on the thread of the task's connection, to which all paths of its session belong.
 */
#include <errno.h>

#include "base/err.h"
#include "model/state.h"
#include "target/target_int.h"

static bool
is_named(const struct target_path *path, const uint8_t *designator)
{
	struct scsi_identity id;
	const struct row_lun *row;

	if (path->unit != NULL)
		return scsi_identity_has(scsi_lu_identity(path->unit->lu), designator);
	row = state_find(path->session->thread->view->state, ROW_LUN, &path->lun_id);
	if (row == NULL)
		return false;
	target_unit_identity(&id, row);
	return scsi_identity_has(&id, designator);
}

static struct target_path *
path_find(const struct target_session *session, const uint8_t *designator)
{
	for (size_t i = 0; i < session->path_count; i++)
		if (is_named(session->paths[i], designator))
			return session->paths[i];
	return NULL;
}

/* Enters the task as one of the path.  Returns 0 or -ENOMEM. */
static int
join(struct target_task *t, struct target_path *path)
{
	struct target_other *other;

	if (t->others == NULL)
		t->others = mem_calloc(1, sizeof(*t->others));
	if (t->others == NULL || t->others->count == TARGET_OTHERS_MAX)
		return -ENOMEM;
	other = &t->others->list[t->others->count++];
	other->task = t;
	other->path = path;
	list_append(&path->others, &other->node);
	path->tasks++;
	path->inflight++;
	return 0;
}

int
target_copy_open(struct scsi_task *task, const uint8_t *designator, struct scsi_itl **ret_itl)
{
	struct target_task *t = container_of(task, struct target_task, scsi);
	struct target_path *path = path_find(t->conn->session, designator);
	int rc = path == NULL ? ERR_NOT_FOUND : 0;

	if (rc == 0 && path->unit == NULL)
		rc = target_session_open_path(path);
	if (rc == 0 && (path->held || path->resets > 0))
		rc = ERR_BUSY;
	if (rc == 0)
		rc = join(t, path);
	if (rc == 0)
		*ret_itl = &path->itl;
	return rc;
}

static void
leave(struct target_other *other)
{
	struct target_path *path = other->path;
	struct target_thread *thread = path->session->thread;

	list_remove(&other->node);
	if (other->fenced)
		target_task_unfence(path->unit);
	path->inflight--;
	path->tasks--;
	if (!list_empty(&thread->waits) && path->inflight == 0)
		target_hold_check(thread);
	target_session_path_idle(path);
}

void
target_copy_close(struct target_task *t)
{
	struct target_others *others = t->others;

	t->others = NULL;
	for (unsigned i = 0; i < others->count; i++)
		leave(&others->list[i]);
	mem_free(others);
}

static void
fence(struct target_other *other)
{
	if (other->fenced)
		return;
	other->fenced = true;
	scsi_lu_fence(other->path->unit->lu);
}

void
target_copy_abandon(struct target_task *t)
{
	for (unsigned i = 0; t->others != NULL && i < t->others->count; i++) {
		fence(&t->others->list[i]);
		target_task_tell_hang(t->others->list[i].path->unit);
	}
}

void
target_copy_stop(struct target_path *path)
{
	list_for_each(node, &path->others) {
		struct target_other *other = list_entry(node, struct target_other, node);

		scsi_task_stop_copy(&other->task->scsi);
		fence(other);
	}
}

bool
target_copy_may_go_on(struct scsi_task *task)
{
	const struct target_task *t = container_of(task, struct target_task, scsi);

	if (t->path->held || t->path->gone)
		return false;
	for (unsigned i = 0; t->others != NULL && i < t->others->count; i++)
		if (t->others->list[i].path->held || t->others->list[i].path->gone)
			return false;
	return true;
}
