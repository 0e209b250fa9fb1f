/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Unmasking lists: which initiators may use a LUN. */
#include <errno.h>

#include "array/array_int.h"
#include "base/mem.h"

struct set_mask {
	struct task task;
	const struct guid *lun_id;
	char *mask;			/* normalised */
};

static int
apply(struct array *array, struct task *task)
{
	struct set_mask *m = container_of(task, struct set_mask, task);
	const struct row_lun *lun;
	AUTO_ROW struct row_lun *row = NULL;
	int rc = lun_find(state_edit_view(task->edit), m->lun_id, &lun);

	if (rc == 0)
		rc = operation_check(array, m->lun_id, ASK_MASK);
	if (rc < 0)
		return rc;
	row = row_copy(lun);
	if (row == NULL || row_set_string(&row->mask, m->mask) < 0)
		return -ENOMEM;
	task->answer.object_id = *m->lun_id;
	return state_edit_put(task->edit, TAKE(row));
}

int
array_lun_set_mask(struct array *array, const struct array_request *request, const struct guid *lun,
		   const char *mask, struct array_answer *ret_answer)
{
	struct set_mask m = {
		.task = { .apply = apply, .cause = "lun.mask" },
		.lun_id = lun,
	};
	int rc = mask_normalize(mask != NULL ? mask : "", &m.mask);

	if (rc == 0)
		rc = change_run(array, request, &m.task, ret_answer);
	mem_free(m.mask);
	return rc;
}
