/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Shrinks LUNs.  The row changes first, then the file is cut, while the LUN is held and no command
 * is in flight; so initiators' commands find either the old size with all its data or the new size.
 * A crash in between leaves a file that is longer than its row says: nobody reads its end, and an
 * extend cuts it off before it grows the file (extend.c).  Callers: any thread except the writer;
 * apply functions run on the writer thread.
 */
#include <errno.h>

#include "array/array_int.h"
#include "base/err.h"
#include "base/log.h"
#include "base/str.h"

struct shrink {
	struct array_task task;
	const struct guid *lun_id;
	uint64_t size_bytes, remove_bytes; /* one of them is given; as asked for */
	bool force;
	uint64_t to_bytes;
	struct array_store *store;
};

/*
 * Returns 0 when no initiator sees the LUN, or ERR_IN_USE with a text that says what it would lose.
 */
static int
check_unseen(struct array *array, const struct state *view, const struct row_lun *lun)
{
	AUTO_STATE struct state *live = array_live(array);
	size_t sessions = array_lun_sessions(view, live, lun, NULL);

	if (lun->status == STATUS_OFFLINE || sessions == 0)
		return 0;
	return err_set(ERR_IN_USE,
		       "LUN \"%s\" is in use: %zu session%s can use it; --force (in the API "
		       "\"force\":true) cuts off its end all the same",
		       ROW_LUN_CALLED(lun), sessions, sessions == 1 ? "" : "s");
}

/* Finds the new size, now that the LUN is held and its size cannot change. */
static int
measure(struct array *array, struct shrink *s, const struct row_lun *lun)
{
	uint64_t wanted = s->size_bytes, block = lun->block_bytes;
	char size[32];

	if (array_unit_health(array, s->lun_id) == HEALTH_FAILED)
		return err_set(
			ERR_FAILED,
			"the store of LUN \"%s\" has failed: repair it, then set the LUN online",
			ROW_LUN_CALLED(lun));
	if (s->remove_bytes != 0)
		wanted = s->remove_bytes < lun->size_bytes ? lun->size_bytes - s->remove_bytes : 0;
	s->to_bytes = wanted < lun->size_bytes ? (wanted + block - 1) / block * block : wanted;
	if (wanted == 0)
		return err_set(ERR_INVALID, "LUN \"%s\" has only %s: nothing would be left",
			       ROW_LUN_CALLED(lun),
			       str_format_size(lun->size_bytes, size, sizeof(size)));
	if (s->to_bytes >= lun->size_bytes)
		return err_set(ERR_INVALID,
			       "LUN \"%s\" has %s, in blocks of %u bytes: it would not get smaller",
			       ROW_LUN_CALLED(lun),
			       str_format_size(lun->size_bytes, size, sizeof(size)),
			       lun->block_bytes);
	return 0;
}

static int
apply(struct array *array, struct array_task *task)
{
	struct shrink *s = container_of(task, struct shrink, task);

	(void)array;
	task->answer.object_id = *s->lun_id;
	return array_lun_edit_resize(task->edit, s->lun_id, s->to_bytes);
}

/*
 * The change is made and stays made, so an error here is only noted: the space is given back when
 * the LUN is extended or deleted.
 */
void
array_lun_cut(struct array_store *store, uint64_t to_bytes)
{
	char id[GUID_TEXT_SIZE];
	int rc;

	array_store_manage(store);
	rc = array_store_resize(store, to_bytes);
	if (rc == 0)
		(void)array_store_verify(store); /* notes the space that it takes now */
	array_store_unmanage(store);
	if (rc < 0)
		log_warning("lun.shrink", "lun=%s error=%s reason=\"the file keeps its length\"",
			    guid_format(&store->lun_id, id), err_name(rc));
}

static int
commit_and_cut(struct array *array, struct shrink *s)
{
	struct array_mapping paths = { .lun_id = *s->lun_id };
	void *drain = NULL;
	int rc = array_runtime_quiesce(array, &paths, 1, &drain);

	if (rc < 0)
		return rc;
	rc = array_writer_submit(array, &s->task);
	if (rc == 0)
		array_lun_cut(s->store, s->to_bytes);
	array_runtime_resume(array, drain);
	return rc;
}

static int
shrink_held(struct array *array, struct shrink *s)
{
	AUTO_STATE struct state *state = array_state(array);
	const struct row_lun *lun = NULL;
	int rc = array_lun_find(state, s->lun_id, &lun);

	if (rc == 0)
		rc = measure(array, s, lun);
	if (rc == 0)
		rc = array_adopt_check_size(state, lun);
	if (rc == 0)
		rc = array_pool_ready(array, &lun->pool_id);
	if (rc == 0 && !s->force)
		rc = check_unseen(array, state, lun);
	if (rc < 0)
		return rc;
	s->store = array_unit_store(array, s->lun_id);
	rc = s->store != NULL ? commit_and_cut(array, s) : array_name_no_such(ROW_LUN, s->lun_id);
	array_store_unref(s->store);
	return rc;
}

int
array_lun_shrink(struct array *array, const struct array_request *request, const struct guid *lun,
		 uint64_t size_bytes, uint64_t remove_bytes, bool force,
		 struct array_answer *ret_answer)
{
	struct shrink s = {
		.task = { .apply = apply,
			  .cause = "lun.shrink",
			  .request_id = array_request_id(request),
			  .principal = array_request_principal(request),
			  .audit = array_request_audit(request) },
		.lun_id = lun,
		.size_bytes = size_bytes,
		.remove_bytes = remove_bytes,
		.force = force,
	};
	int rc;

	if ((size_bytes == 0) == (remove_bytes == 0))
		return err_set(ERR_INVALID, "give the new size of the LUN, or what is cut off it");
	rc = array_request_begin(array, request, ret_answer);
	if (rc != 0)
		return MIN(rc, 0);
	rc = array_operation_begin(array, lun, ASK_EXTEND, OPERATION_SHRINK, true);
	if (rc == 0) {
		rc = shrink_held(array, &s);
		array_operation_end(array, lun);
	}
	return array_request_end(array, request, rc, &s.task.answer, ret_answer);
}
