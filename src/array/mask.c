/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Unmasking lists: which initiators may use a LUN.  A change that takes the LUN away from an
 * initiator drains that initiator's paths first, outside the writer, as association.c does for
 * targets:
 *
 *	apply --nobody loses the LUN--> done
 *	      --somebody loses it, not drained--> (nothing happened) quiesce the paths of those that
 *					  the new list does not admit, apply again, resume
 *	      --drained, but the list was changed meanwhile--> from the start, a few times
 *
 * Callers: any thread but the writer; apply runs on the writer thread.
 */
#include <errno.h>
#include <string.h>

#include "array/array_int.h"
#include "base/mem.h"
#include "base/str.h"
#include "model/host.h"

#define ATTEMPTS_MAX 5

struct set_mask {
	struct array_task task;
	const struct guid *lun_id;
	const char *names;
	/* makes the new list from the row's list and these names, whose hosts are ids */
	int (*combine)(const char *mask, const char *names, char **ret_mask);
	bool is_flat; /* the names are a flattened view, as VDS knows it */
	/* owned; the row's list that the drain was made for, NULL = not drained */
	char *mask_before;
	char *names_after; /* owned; the initiators that the last apply wanted to admit */
	bool must_drain;   /* out: nothing happened, paths must be drained first */
};

/* For array_lun_set_mask: the names are the new list. */
static int
replace(const char *mask, const char *names, char **ret_mask)
{
	(void)mask;
	return mask_normalize(names, ret_mask);
}

/* Is the LUN behind a target, and does the new list admit fewer initiators than the old one? */
static bool
takes_away(const struct state *view, const struct row_lun *lun, const char *mask)
{
	return state_lun_targets(view, &lun->id).count > 0 && !mask_includes(mask, lun->mask);
}

static bool
is_drained_for(const struct set_mask *m, const char *mask)
{
	return m->mask_before != NULL && str_equal(m->mask_before, mask);
}

static int
remember(struct set_mask *m, const struct state *view, const char *before, const char *after)
{
	mem_free(m->mask_before);
	mem_free(m->names_after);
	m->mask_before = m->names_after = NULL;
	if (host_mask_flatten(view, after, &m->names_after) < 0)
		return -ENOMEM;
	m->mask_before = str_dup(before);
	return m->mask_before == NULL ? -ENOMEM : 0;
}

/*
 * Makes the LUN's new list.  A flattened list that equals the LUN's leaves it as it is, hosts
 * included: a VDS program may write back what it has read.  Any other takes the hosts' place.
 */
static int
make_list(const struct set_mask *m, const struct state *view, const char *mask, char **ret_mask)
{
	AUTO_FREE char *names = NULL, *wanted = NULL, *flat = NULL;
	int rc = host_mask_resolve(view, m->names, &names);

	if (rc == 0)
		rc = m->combine(mask, names, &wanted);
	if (rc == 0 && m->is_flat)
		rc = host_mask_flatten(view, mask, &flat);
	if (rc == 0 && flat != NULL && str_equal(flat, wanted)) {
		mem_free(wanted);
		wanted = str_dup(mask);
	}
	if (rc == 0 && wanted == NULL)
		rc = -ENOMEM;
	if (rc == 0)
		*ret_mask = TAKE(wanted);
	return rc;
}

static int
apply(struct array *array, struct array_task *task)
{
	struct set_mask *m = container_of(task, struct set_mask, task);
	const struct state *view = state_edit_view(task->edit);
	const struct row_lun *lun;
	AUTO_ROW struct row_lun *row = NULL;
	AUTO_FREE char *mask = NULL;
	int rc = array_lun_find(view, m->lun_id, &lun);

	m->must_drain = false;
	if (rc == 0)
		rc = array_operation_check(array, m->lun_id, ASK_MASK);
	if (rc == 0)
		rc = make_list(m, view, lun->mask, &mask);
	if (rc < 0)
		return rc;
	if (takes_away(view, lun, mask) && !is_drained_for(m, lun->mask) &&
	    array_runtime_is_there(array)) {
		rc = remember(m, view, lun->mask, mask);
		m->must_drain = rc == 0;
		return rc < 0 ? rc
			      : err_set(ERR_BUSY, "another change of the LUN's unmasking list is "
						  "under way: try again");
	}
	row = row_copy(lun);
	if (row == NULL || row_set_string(&row->mask, mask) < 0)
		return -ENOMEM;
	task->answer.object_id = *m->lun_id;
	return state_edit_put(task->edit, TAKE(row));
}

/* The paths are drained through every target: also through one that is added meanwhile. */
static int
drain_and_apply(struct array *array, struct set_mask *m)
{
	struct array_mapping paths = { .lun_id = *m->lun_id, .except_mask = m->names_after };
	void *drain = NULL;
	int rc;

	m->must_drain = false; /* a drain that does not end is not tried again */
	rc = array_runtime_quiesce(array, &paths, 1, &drain);
	if (rc < 0)
		return rc;
	rc = array_writer_submit(array, &m->task);
	array_runtime_resume(array, drain);
	return rc;
}

static int
change_mask(struct array *array, const struct array_request *request, struct set_mask *m,
	    struct array_answer *ret_answer)
{
	int rc = array_request_begin(array, request, ret_answer);

	if (rc != 0)
		return MIN(rc, 0);
	m->task = (struct array_task){ .apply = apply,
				       .cause = "lun.mask",
				       .request_id = array_request_id(request),
				       .principal = array_request_principal(request),
				       .audit = array_request_audit(request) };
	rc = array_writer_submit(array, &m->task);
	for (unsigned i = 0; rc < 0 && m->must_drain && i < ATTEMPTS_MAX; i++)
		rc = drain_and_apply(array, m);
	mem_free(m->mask_before);
	mem_free(m->names_after);
	return array_request_end(array, request, rc, &m->task.answer, ret_answer);
}

int
array_lun_set_mask(struct array *array, const struct array_request *request, const struct guid *lun,
		   const char *mask, struct array_answer *ret_answer)
{
	struct set_mask m = { .lun_id = lun, .names = mask, .combine = replace };

	return change_mask(array, request, &m, ret_answer);
}

int
array_lun_set_flat_mask(struct array *array, const struct array_request *request,
			const struct guid *lun, const char *mask, struct array_answer *ret_answer)
{
	struct set_mask m = {
		.lun_id = lun,
		.names = mask,
		.combine = replace,
		.is_flat = true,
	};

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
