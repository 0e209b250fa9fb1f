/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Changes of hosts and host groups that take LUNs away from initiators.  They drain the paths
 * first, outside the writer, as mask.c does for a change of one LUN's list:
 *
 *	apply --no session loses a LUN--> done
 *	      --paths are lost, not drained--> (nothing happened) quiesce these paths, apply again,
 *					  resume
 *	      --other paths are lost than were drained--> from the start, a few times
 *
 * Which paths are lost is found out from the sessions that there are: what their initiators see by
 * the state that is published, and by the state after the change.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "array/array_int.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "model/host.h"

#define ATTEMPTS_MAX 5

static void
lost_clear(struct array_host_paths *paths)
{
	for (size_t i = 0; i < paths->lost_count; i++)
		mem_free((void *)(uintptr_t)paths->lost[i].initiator);
	paths->lost_count = 0;
}

static int
lost_add(struct array_host_paths *paths, const struct guid *lun_id, const struct guid *target_id,
	 const char *initiator)
{
	struct array_mapping *mapping;
	char *name;

	if (mem_grow(&paths->lost, &paths->lost_capacity, paths->lost_count + 1,
		     sizeof(paths->lost[0])) < 0)
		return -ENOMEM;
	name = str_dup(initiator);
	if (name == NULL)
		return -ENOMEM;
	mapping = &paths->lost[paths->lost_count++];
	*mapping = (struct array_mapping){
		.lun_id = *lun_id,
		.target_id = *target_id,
		.initiator = name,
	};
	return 0;
}

/* Is the initiator of another host now, or its host in other groups? */
static bool
is_concerned(const struct state *before, const struct state *after, const char *initiator)
{
	const struct row_initiator *old = state_initiator_by_name(before, initiator);
	const struct row_initiator *new = state_initiator_by_name(after, initiator);
	struct row_slice a, b;

	if (old == NULL)
		return false; /* it had nothing from a host that it could lose */
	if (new == NULL || !guid_equal(&old->host_id, &new->host_id))
		return true;
	a = state_host_groups(before, &old->host_id);
	b = state_host_groups(after, &new->host_id);
	if (a.count != b.count)
		return true;
	for (size_t i = 0; i < a.count; i++)
		if (!guid_equal(&((const struct row_host_member *)a.rows[i])->group_id,
				&((const struct row_host_member *)b.rows[i])->group_id))
			return true;
	return false;
}

static int
session_losses(struct array_host_paths *paths, const struct state *before,
	       const struct state *after, const struct row_live_session *session)
{
	struct row_slice luns = state_target_luns(before, &session->target_id);
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < luns.count; i++) {
		const struct row_association *a = luns.rows[i];
		const struct row_lun *old = state_find(before, ROW_LUN, &a->lun_id);
		const struct row_lun *new = state_find(after, ROW_LUN, &a->lun_id);

		if (old == NULL || new == NULL ||
		    !host_mask_admits(before, old->mask, session->initiator) ||
		    host_mask_admits(after, new->mask, session->initiator))
			continue;
		rc = lost_add(paths, &a->lun_id, &session->target_id, session->initiator);
	}
	return rc;
}

static int
find_losses(struct array *array, struct array_host_paths *paths, const struct state *after)
{
	AUTO_STATE struct state *before = array_state(array);
	AUTO_STATE struct state *live = array_live(array);
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < state_count(live, ROW_LIVE_SESSION); i++) {
		const struct row_live_session *session = state_at(live, ROW_LIVE_SESSION, i);

		if (is_concerned(before, after, session->initiator))
			rc = session_losses(paths, before, after, session);
	}
	return rc;
}

static bool
is_same(const struct array_mapping *a, const struct array_mapping *b)
{
	return guid_equal(&a->lun_id, &b->lun_id) && guid_equal(&a->target_id, &b->target_id) &&
	       strcmp(a->initiator, b->initiator) == 0;
}

/* Both lists are in the order of sessions, then of LUN numbers. */
static bool
are_drained(const struct array_host_paths *drained, const struct array_host_paths *lost)
{
	size_t at = 0;

	for (size_t i = 0; i < lost->lost_count; i++, at++) {
		while (at < drained->lost_count && !is_same(&drained->lost[at], &lost->lost[i]))
			at++;
		if (at == drained->lost_count)
			return false;
	}
	return true;
}

int
array_host_paths_check(struct array *array, struct array_host_paths *paths,
		       const struct state *after)
{
	struct array_host_paths found = { 0 };
	int rc = 0;

	paths->must_drain = false;
	if (array_runtime_is_there(array))
		rc = find_losses(array, &found, after);
	if (rc == 0 && !are_drained(paths, &found)) {
		lost_clear(paths);
		mem_free(paths->lost);
		paths->lost = TAKE(found.lost);
		paths->lost_count = found.lost_count;
		paths->lost_capacity = found.lost_capacity;
		paths->must_drain = true;
		return err_set(ERR_BUSY,
			       "sessions of the host come and go, or another change of it "
			       "is under way: try again");
	}
	lost_clear(&found);
	mem_free(found.lost);
	return rc;
}

static int
drain_and_apply(struct array *array, struct array_host_paths *paths)
{
	void *drain = NULL;
	int rc;

	paths->must_drain = false; /* a drain that does not end is not tried again */
	rc = array_runtime_quiesce(array, paths->lost, paths->lost_count, &drain);
	if (rc < 0)
		return rc;
	rc = array_writer_submit(array, &paths->task);
	array_runtime_resume(array, drain);
	return rc;
}

int
array_host_paths_run(struct array *array, const struct array_request *request,
		     struct array_host_paths *paths, struct array_answer *ret_answer)
{
	int rc = array_request_begin(array, request, ret_answer);

	if (rc != 0)
		return MIN(rc, 0);
	paths->task.request_id = array_request_id(request);
	paths->task.principal = array_request_principal(request);
	paths->task.audit = array_request_audit(request);
	rc = array_writer_submit(array, &paths->task);
	for (unsigned i = 0; rc < 0 && paths->must_drain && i < ATTEMPTS_MAX; i++)
		rc = drain_and_apply(array, paths);
	lost_clear(paths);
	mem_free(paths->lost);
	return array_request_end(array, request, rc, &paths->task.answer, ret_answer);
}

/* ---- unmasking lists that name a host ---- */

static int
mask_without(struct state_edit *edit, const struct row_lun *lun, const char *entry)
{
	AUTO_ROW struct row_lun *row = row_copy(lun);
	AUTO_FREE char *mask = NULL;
	int rc = row != NULL ? mask_remove(lun->mask, entry, &mask) : -ENOMEM;

	if (rc == 0)
		rc = row_set_string(&row->mask, mask);
	return rc < 0 ? rc : state_edit_put(edit, TAKE(row));
}

int
array_host_leave_masks(struct state_edit *edit, const char *prefix, const struct guid *id,
		       const char *name, bool force)
{
	char entry[64], text[GUID_TEXT_SIZE];
	struct guid after = { { 0 } };
	const struct row_lun *lun;
	int rc = 0;

	snprintf(entry, sizeof(entry), "%s%s", prefix, guid_format(id, text));
	while (rc == 0 && (lun = state_masked_next(state_edit_view(edit), id, &after)) != NULL) {
		after = lun->id;
		if (!force)
			return err_set(
				ERR_IN_USE,
				"%s%s is in the unmasking list of the LUN \"%s\": remove it "
				"there first (`vdsctl lun unmask --remove`), or give --force",
				prefix, name, ROW_LUN_CALLED(lun));
		rc = mask_without(edit, lun, entry);
	}
	return rc;
}
