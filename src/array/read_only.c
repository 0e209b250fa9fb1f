/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Makes LUNs read-only for initiators, or writable again.  A LUN that becomes read-only is drained
 * first, outside the writer: what writes to it has ended when the change is answered, and commands
 * that come meanwhile wait and find it read-only.  Callers: any thread but the writer; apply runs
 * on the writer thread.
 */
#include <errno.h>

#include "array/array_int.h"
#include "base/err.h"
#include "base/mem.h"

struct set_access {
	struct array_task task;
	const struct guid *lun_id;
	enum lun_access access;
};

static int
apply(struct array *array, struct array_task *task)
{
	struct set_access *s = container_of(task, struct set_access, task);
	const struct row_lun *lun;
	struct row_lun *row;
	int rc = array_lun_find(state_edit_view(task->edit), s->lun_id, &lun);

	if (rc == 0) /* it is changed at any time that a name can be */
		rc = array_operation_check(array, s->lun_id, ASK_RENAME);
	if (rc < 0)
		return rc;
	row = row_copy(lun);
	if (row == NULL)
		return -ENOMEM;
	row->access = s->access;
	task->answer.object_id = *s->lun_id;
	return state_edit_put(task->edit, row);
}

/* The paths are drained through every target: also through one that is added meanwhile. */
static int
drain_and_apply(struct array *array, struct set_access *s)
{
	const struct array_mapping paths = { .lun_id = *s->lun_id };
	void *drain = NULL;
	int rc = array_runtime_quiesce(array, &paths, 1, &drain);

	if (rc < 0)
		return rc;
	rc = array_writer_submit(array, &s->task);
	array_runtime_resume(array, drain);
	return rc;
}

int
array_lun_set_access(struct array *array, const struct array_request *request,
		     const struct guid *lun, enum lun_access access,
		     struct array_answer *ret_answer)
{
	struct set_access s = {
		.task = { .apply = apply,
			  .cause = "lun.access",
			  .request_id = array_request_id(request),
			  .principal = array_request_principal(request),
			  .audit = array_request_audit(request) },
		.lun_id = lun,
		.access = access,
	};
	int rc = array_request_begin(array, request, ret_answer);

	if (rc != 0)
		return MIN(rc, 0);
	if (access == LUN_READ_ONLY && array_runtime_is_there(array))
		rc = drain_and_apply(array, &s);
	else
		rc = array_writer_submit(array, &s.task);
	return array_request_end(array, request, rc, &s.task.answer, ret_answer);
}
