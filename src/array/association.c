/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The association of LUNs with targets, n:m.  AssociateTargets replaces the whole set of a LUN's
 * targets in one change; targets can also be added to the set or removed from it.
 * Source: vdshwprv IVdsLunIscsi::AssociateTargets.
 *
 * When paths go away they are drained first, outside the writer and with the LUN held:
 *
 *	apply --no path goes away--> done
 *	      --paths go, LUN not held--> nothing happened; hold the LUN, quiesce its paths, apply
 *					  again, resume, release the LUN
 *
 * Callers: any thread but the writer; apply runs on the writer thread.
 */
#include <errno.h>
#include <stdlib.h>

#include "array/array_int.h"
#include "base/err.h"
#include "base/mem.h"

/* What the targets of a request do to the set. */
enum set_how { SET_REPLACE, SET_ADD, SET_REMOVE };

struct associate {
	struct array_task task;
	const struct guid *lun_id;
	enum set_how how;
	struct guid *targets; /* owned; sorted, each once */
	size_t count;
	bool held;       /* the LUN is held, and the paths that go away are quiesced */
	bool must_drain; /* out: nothing happened, paths must be drained first */
};

static int
compare(const void *a, const void *b)
{
	return guid_compare(a, b);
}

static int
copy_targets(struct associate *a, const struct guid *targets, size_t count)
{
	a->targets = mem_calloc(count + 1, sizeof(targets[0]));
	if (a->targets == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		a->targets[i] = targets[i];
	qsort(a->targets, count, sizeof(targets[0]), compare);
	for (size_t i = 0; i < count; i++)
		if (i == 0 || !guid_equal(&a->targets[i], &a->targets[a->count - 1]))
			a->targets[a->count++] = a->targets[i];
	return 0;
}

static bool
is_named(const struct associate *a, const struct guid *target_id)
{
	return bsearch(target_id, a->targets, a->count, sizeof(a->targets[0]), compare) != NULL;
}

/* Does the LUN leave this target, which it is behind now? */
static bool
goes_away(const struct associate *a, const struct guid *target_id)
{
	switch (a->how) {
	case SET_REPLACE:
		return !is_named(a, target_id);
	case SET_REMOVE:
		return is_named(a, target_id);
	case SET_ADD:
		break;
	}
	return false;
}

/* Finds the paths that go away: *ret_removed (mem_free).  Returns their number or -ENOMEM. */
static int
find_removed(const struct associate *a, const struct state *state,
	     struct array_mapping **ret_removed)
{
	AUTO_FREE struct array_mapping *all = NULL;
	int count = array_lun_mappings(state, a->lun_id, &all), kept = 0;

	for (int i = 0; i < count; i++)
		if (goes_away(a, &all[i].target_id))
			all[kept++] = all[i];
	if (count < 0)
		return count;
	*ret_removed = TAKE(all);
	return kept;
}

static int
check_targets(const struct associate *a, const struct state *view)
{
	for (size_t i = 0; i < a->count; i++)
		if (state_find(view, ROW_TARGET, &a->targets[i]) == NULL)
			return array_name_no_such(ROW_TARGET, &a->targets[i]);
	return 0;
}

static int
remove_all(struct array *array, struct state_edit *edit, const struct array_mapping *removed,
	   int count)
{
	const struct state *view = state_edit_view(edit);
	int rc = 0;

	for (int i = 0; rc == 0 && i < count; i++) {
		const struct row_association *row = state_find_pair(
			view, ROW_ASSOCIATION, &removed[i].lun_id, &removed[i].target_id);

		rc = array_number_retire(array, view, row);
		if (rc == 0)
			rc = state_edit_delete(edit, ROW_ASSOCIATION, &removed[i].lun_id,
					       &removed[i].target_id);
	}
	return rc;
}

static int
put_one(struct state_edit *edit, const struct guid *lun_id, const struct guid *target_id,
	uint32_t number)
{
	struct row_association *row = row_new(ROW_ASSOCIATION);

	if (row == NULL)
		return -ENOMEM;
	row->lun_id = *lun_id;
	row->target_id = *target_id;
	row->lun_number = number;
	return state_edit_put(edit, row);
}

/* New targets get the LUN number of the paths that stay, where that number is free. */
static int
add_new(struct array *array, struct state_edit *edit, const struct associate *a)
{
	const struct state *view = state_edit_view(edit);
	struct row_slice kept = state_lun_targets(view, a->lun_id);
	uint32_t preferred = kept.count > 0
				     ? ((const struct row_association *)kept.rows[0])->lun_number
				     : UINT32_MAX;
	AUTO_FREE struct guid *added = mem_calloc(a->count + 1, sizeof(added[0]));
	AUTO_FREE uint32_t *numbers = mem_calloc(a->count + 1, sizeof(numbers[0]));
	size_t count = 0;
	int rc;

	if (added == NULL || numbers == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < a->count; i++)
		if (state_find_pair(view, ROW_ASSOCIATION, a->lun_id, &a->targets[i]) == NULL)
			added[count++] = a->targets[i];
	rc = count > 0
		     ? array_number_choose(array, view, a->lun_id, added, count, preferred, numbers)
		     : 0;
	for (size_t i = 0; rc == 0 && i < count; i++)
		rc = put_one(edit, a->lun_id, &added[i], numbers[i]);
	return rc;
}

static int
apply(struct array *array, struct array_task *task)
{
	struct associate *a = container_of(task, struct associate, task);
	const struct state *view = state_edit_view(task->edit);
	AUTO_FREE struct array_mapping *removed = NULL;
	const struct row_lun *lun;
	int count, rc = array_lun_find(view, a->lun_id, &lun);

	if (rc == 0 && !a->held)
		rc = array_operation_check(array, a->lun_id, ASK_ASSOCIATE);
	if (rc == 0)
		rc = check_targets(a, view);
	if (rc < 0)
		return rc;
	count = find_removed(a, view, &removed);
	if (count < 0)
		return count;
	if (count > 0 && !a->held && array_runtime_is_there(array)) {
		a->must_drain = true;
		return ERR_BUSY;
	}
	task->answer.object_id = *a->lun_id;
	rc = remove_all(array, task->edit, removed, count);
	return rc < 0 || a->how == SET_REMOVE ? rc : add_new(array, task->edit, a);
}

static int
drain_and_apply(struct array *array, struct associate *a)
{
	AUTO_STATE struct state *state = array_state(array);
	AUTO_FREE struct array_mapping *removed = NULL;
	void *drain = NULL;
	int count = find_removed(a, state, &removed);
	int rc = count < 0 ? count : array_runtime_quiesce(array, removed, (size_t)count, &drain);

	if (rc < 0)
		return rc;
	a->held = true;
	rc = array_writer_submit(array, &a->task);
	array_runtime_resume(array, drain);
	return rc;
}

static int
associate(struct array *array, struct associate *a)
{
	int rc = array_writer_submit(array, &a->task);

	if (rc == 0 || !a->must_drain)
		return rc;
	rc = array_operation_begin(array, a->lun_id, ASK_ASSOCIATE, OPERATION_ASSOCIATE, true);
	if (rc < 0)
		return rc;
	rc = drain_and_apply(array, a);
	array_operation_end(array, a->lun_id);
	return rc;
}

static int
change_set(struct array *array, const struct array_request *request, const struct guid *lun,
	   enum set_how how, const struct guid *targets, size_t count,
	   struct array_answer *ret_answer)
{
	struct associate a = {
		.task = { .apply = apply,
			  .cause = "lun.associate",
			  .use = CATALOG_FREES,
			  .request_id = array_request_id(request),
			  .principal = array_request_principal(request),
			  .audit = array_request_audit(request) },
		.lun_id = lun,
		.how = how,
	};
	int rc;

	if (how != SET_REMOVE && count > 0)
		a.task.use = CATALOG_ASSOCIATES;
	if (targets == NULL && count > 0)
		return err_set(ERR_INVALID, "targets is NULL but count is %zu", count);
	rc = copy_targets(&a, targets, count);
	if (rc == 0)
		rc = array_request_begin(array, request, ret_answer);
	if (rc == 0) {
		rc = associate(array, &a);
		rc = array_request_end(array, request, rc, &a.task.answer, ret_answer);
	}
	mem_free(a.targets);
	return MIN(rc, 0);
}

int
array_lun_associate(struct array *array, const struct array_request *request,
		    const struct guid *lun, const struct guid *targets, size_t count,
		    struct array_answer *ret_answer)
{
	return change_set(array, request, lun, SET_REPLACE, targets, count, ret_answer);
}

int
array_lun_add_targets(struct array *array, const struct array_request *request,
		      const struct guid *lun, const struct guid *targets, size_t count,
		      struct array_answer *ret_answer)
{
	return change_set(array, request, lun, SET_ADD, targets, count, ret_answer);
}

int
array_lun_remove_targets(struct array *array, const struct array_request *request,
			 const struct guid *lun, const struct guid *targets, size_t count,
			 struct array_answer *ret_answer)
{
	return change_set(array, request, lun, SET_REMOVE, targets, count, ret_answer);
}
