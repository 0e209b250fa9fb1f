/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Changes the hints of LUNs (model/hints.h).  Callers: any thread except the writer; apply and
 * committed run on the writer thread.
 */
#include <errno.h>
#include <string.h>

#include "array/array_int.h"
#include "base/err.h"
#include "base/mem.h"
#include "model/hints.h"

struct set_hints {
	struct array_task task;
	const struct guid *lun_id;
	char *hints; /* canonical */
	bool cache_changes;
};

static int
apply(struct array *array, struct array_task *task)
{
	struct set_hints *s = container_of(task, struct set_hints, task);
	const struct row_lun *lun = NULL;
	AUTO_ROW struct row_lun *row = NULL;
	int rc = array_lun_find(state_edit_view(task->edit), s->lun_id, &lun);

	if (rc == 0) /* they are changed at any time that a name can be */
		rc = array_operation_check(array, s->lun_id, ASK_RENAME);
	if (rc < 0)
		return rc;
	s->cache_changes = hints_write_through(lun->hints) != hints_write_through(s->hints);
	row = row_copy(lun);
	if (row == NULL || row_set_string(&row->hints, s->hints) < 0)
		return -ENOMEM;
	task->answer.object_id = *s->lun_id;
	return state_edit_put(task->edit, TAKE(row));
}

/* The data path sets the cache of a LUN that it serves; it says so with the same call. */
static void
committed(struct array *array, struct array_task *task)
{
	struct set_hints *s = container_of(task, struct set_hints, task);

	if (s->cache_changes)
		array_lun_write_through(array, s->lun_id, hints_write_through(s->hints));
}

int
array_lun_set_hints(struct array *array, const struct array_request *request,
		    const struct guid *lun, const char *hints, struct array_answer *ret_answer)
{
	struct set_hints s = {
		.task = { .apply = apply, .committed = committed, .cause = "lun.hints" },
		.lun_id = lun,
	};
	int rc = hints_normalize(hints, &s.hints);

	if (rc == 0)
		rc = array_change_run(array, request, &s.task, ret_answer);
	mem_free(s.hints);
	return rc;
}
