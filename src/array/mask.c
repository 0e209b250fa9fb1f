/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Unmasking lists: which initiators may use a LUN. */
#include <errno.h>

#include "array/array_int.h"
#include "base/mem.h"

struct set_mask {
	struct array_task task;
	const struct guid *lun_id;
	const char *names;
	/* the row's list and these names make the new one */
	int (*combine)(const char *mask, const char *names, char **ret_mask);
};

static int
replace(const char *mask, const char *names, char **ret_mask)
{
	(void)mask;
	return mask_normalize(names, ret_mask);
}

static int
apply(struct array *array, struct array_task *task)
{
	struct set_mask *m = container_of(task, struct set_mask, task);
	const struct row_lun *lun;
	AUTO_ROW struct row_lun *row = NULL;
	AUTO_FREE char *mask = NULL;
	int rc = array_lun_find(state_edit_view(task->edit), m->lun_id, &lun);

	if (rc == 0)
		rc = array_operation_check(array, m->lun_id, ASK_MASK);
	if (rc == 0)
		rc = m->combine(lun->mask, m->names, &mask);
	if (rc < 0)
		return rc;
	row = row_copy(lun);
	if (row == NULL || row_set_string(&row->mask, mask) < 0)
		return -ENOMEM;
	task->answer.object_id = *m->lun_id;
	return state_edit_put(task->edit, TAKE(row));
}

static int
change_mask(struct array *array, const struct array_request *request, struct set_mask *m,
	    struct array_answer *ret_answer)
{
	m->task = (struct array_task){ .apply = apply, .cause = "lun.mask" };
	return array_change_run(array, request, &m->task, ret_answer);
}

int
array_lun_set_mask(struct array *array, const struct array_request *request, const struct guid *lun,
		   const char *mask, struct array_answer *ret_answer)
{
	struct set_mask m = { .lun_id = lun, .names = mask, .combine = replace };

	return change_mask(array, request, &m, ret_answer);
}

int
array_lun_add_mask(struct array *array, const struct array_request *request, const struct guid *lun,
		   const char *names, struct array_answer *ret_answer)
{
	struct set_mask m = { .lun_id = lun, .names = names, .combine = mask_add };

	return change_mask(array, request, &m, ret_answer);
}

int
array_lun_remove_mask(struct array *array, const struct array_request *request,
		      const struct guid *lun, const char *names, struct array_answer *ret_answer)
{
	struct set_mask m = { .lun_id = lun, .names = names, .combine = mask_remove };

	return change_mask(array, request, &m, ret_answer);
}
