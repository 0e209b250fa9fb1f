/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Changes the limits of LUNs and hosts (model/qos.h); those of pools are options of a pool
 * (pool.c).  The data path takes them from the published rows.  Callers: any thread except the
 * writer; apply functions run on the writer thread.
 */
#include <errno.h>

#include "array/array_int.h"
#include "base/err.h"
#include "base/mem.h"
#include "model/qos.h"

struct set_qos {
	struct array_task task;
	const struct guid *id;
	const char *change;
};

bool
array_qos_has_minimum(const char *text)
{
	struct qos qos;

	return qos_parse(text, &qos) == 0 &&
	       (qos.values[QOS_MIN_IOPS] != 0 || qos.values[QOS_MIN_BANDWIDTH] != 0);
}

static int
lun_apply(struct array *array, struct array_task *task)
{
	struct set_qos *s = container_of(task, struct set_qos, task);
	const struct row_lun *lun = NULL;
	AUTO_ROW struct row_lun *row = NULL;
	struct guid pool_id;
	char text[QOS_TEXT_MAX];
	int rc = array_lun_find(state_edit_view(task->edit), s->id, &lun);

	if (rc == 0) /* they are changed at any time that a name can be */
		rc = array_operation_check(array, s->id, ASK_RENAME);
	if (rc == 0)
		rc = qos_change(QOS_OF_LUN, lun->qos, s->change, text);
	if (rc < 0)
		return rc;
	row = row_copy(lun);
	if (row == NULL || row_set_string(&row->qos, text) < 0)
		return -ENOMEM;
	task->answer.object_id = *s->id;
	pool_id = row->pool_id;
	rc = state_edit_put(task->edit, TAKE(row));
	return rc == 0 && array_qos_has_minimum(text)
		       ? qos_check_pool(state_edit_view(task->edit), &pool_id)
		       : rc;
}

int
array_lun_set_qos(struct array *array, const struct array_request *request, const struct guid *lun,
		  const char *change, struct array_answer *ret_answer)
{
	struct set_qos s = {
		.task = { .apply = lun_apply, .cause = "lun.qos" },
		.id = lun,
		.change = change,
	};

	return array_change_run(array, request, &s.task, ret_answer);
}

static int
host_apply(struct array *array, struct array_task *task)
{
	struct set_qos *s = container_of(task, struct set_qos, task);
	const struct row_host *host = state_find(state_edit_view(task->edit), ROW_HOST, s->id);
	AUTO_ROW struct row_host *row = NULL;
	char text[QOS_TEXT_MAX];
	int rc = host != NULL ? qos_change(QOS_OF_HOST, host->qos, s->change, text)
			      : array_name_no_such(ROW_HOST, s->id);

	(void)array;
	if (rc < 0)
		return rc;
	row = row_copy(host);
	if (row == NULL || row_set_string(&row->qos, text) < 0)
		return -ENOMEM;
	task->answer.object_id = *s->id;
	return state_edit_put(task->edit, TAKE(row));
}

int
array_host_set_qos(struct array *array, const struct array_request *request,
		   const struct guid *host, const char *change, struct array_answer *ret_answer)
{
	struct set_qos s = {
		.task = { .apply = host_apply, .cause = "host.qos" },
		.id = host,
		.change = change,
	};

	return array_change_run(array, request, &s.task, ret_answer);
}

int
array_qos_put_moved(struct state_edit *edit, struct row_lun *row)
{
	struct guid id = row->id, pool_id = row->pool_id;
	bool keeps = array_qos_has_minimum(row->qos);
	AUTO_ROW struct row_lun *without = NULL;
	char text[QOS_TEXT_MAX];
	int rc = state_edit_put(edit, row);

	if (rc < 0 || !keeps || qos_check_pool(state_edit_view(edit), &pool_id) == 0)
		return rc;
	without = row_copy(state_find(state_edit_view(edit), ROW_LUN, &id));
	if (without == NULL)
		return -ENOMEM;
	qos_without_minimum(without->qos, text);
	return row_set_string(&without->qos, text) < 0 ? -ENOMEM
						       : state_edit_put(edit, TAKE(without));
}

/* ---- plans ---- */

int
array_qos_check_pools(const struct state *view)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < state_count(view, ROW_POOL); i++)
		rc = qos_check_pool(view,
				    &((const struct row_pool *)state_at(view, ROW_POOL, i))->id);
	return rc;
}

/* Returns what an operation makes of the limits of a pool or a LUN; NULL = nothing. */
static const char *
text_of(const struct change_op *op)
{
	if (op->row == NULL)
		return NULL;
	if (op->family == ROW_POOL)
		return ((const struct row_pool *)(const void *)op->row)->qos;
	return op->family == ROW_LUN ? ((const struct row_lun *)(const void *)op->row)->qos : NULL;
}

int
array_qos_check_change(const struct state *before, const struct state *after,
		       const struct change *change)
{
	for (size_t i = 0; i < change->op_count; i++) {
		const struct change_op *op = &change->ops[i];
		const struct row_pool *pool = op->family == ROW_POOL
						      ? state_find(before, ROW_POOL, &op->key.a)
						      : NULL;

		if (array_qos_has_minimum(text_of(op)) ||
		    (pool != NULL && pool->qos != NULL && *pool->qos != '\0'))
			return array_qos_check_pools(after);
	}
	return 0;
}
