/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Puts the rows of a plan into the writer's edit, as they were computed, and writes what the single
 * operations write beside them into the catalog: numbers that initiators remember, files to be
 * unlinked, secrets, jobs.  What only the writer may choose is chosen here.  Writer thread.
 */
#include <errno.h>
#include <stdlib.h>

#include "array/plan_int.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/system.h"
#include "model/credential.h"

#define SECRET_BYTES 32

struct plan_rows {
	struct array *array;
	struct array_plan_rows *out;
	const struct array_plan *plan;
	struct state_edit *edit;
};

/* ---- what is noted before the rows change: `before` has all that goes ---- */

static int
note_association(struct plan_rows *r, const struct change_op *op)
{
	const struct row_association *old, *new = (const void *)op->row;

	old = state_find_pair(r->plan->before, ROW_ASSOCIATION, &op->key.a, &op->key.b);
	if (old == NULL || (new != NULL &&new->lun_number == old->lun_number))
		return 0;
	return array_number_retire(r->array, r->plan->before, old);
}

static int
note_target(struct plan_rows *r, const struct change_op *op)
{
	const struct row_target *old = state_find(r->plan->before, ROW_TARGET, &op->key.a);

	if (op->row == NULL)
		return catalog_retired_target_deleted(r->array->catalog, old->iscsi_name);
	if (old != NULL)
		return 0;
	return catalog_retired_target_created(
		r->array->catalog, ((const struct row_target *)(const void *)op->row)->iscsi_name);
}

static int
is_unlinked(void *arg, const struct catalog_unlink *entry)
{
	return guid_equal(&entry->lun_id, arg) ? 1 : 0;
}

/* Returns whether a LUN that the plan deletes goes to the trash: not when its pool goes, too. */
static bool
is_kept(const struct plan_rows *r, const struct row_lun *lun)
{
	const struct change *change = r->plan->change;

	for (size_t i = 0; i < change->op_count; i++)
		if (change->ops[i].family == ROW_POOL && change->ops[i].row == NULL &&
		    guid_equal(&change->ops[i].key.a, &lun->pool_id))
			return false;
	return array_trash_keep_ms(r->plan->before, lun) > 0;
}

/* The file of a new LUN must not be that of a deleted one, which is still to be removed. */
static int
note_lun(struct plan_rows *r, const struct change_op *op)
{
	const struct row_lun *old = state_find(r->plan->before, ROW_LUN, &op->key.a);
	struct guid id = op->key.a;
	int rc;

	if (op->row == NULL && is_kept(r, old))
		return catalog_kept_forget(r->array->catalog, &id);
	if (op->row == NULL)
		return array_lun_note_removal(r->array, r->plan->before, old);
	if (old != NULL)
		return 0;
	if (state_find(state_edit_view(r->edit), ROW_TRASHED_LUN, &id) != NULL)
		return err_set(ERR_IN_USE,
			       "a deleted LUN with the same id is in the trash: restore it "
			       "(`vdsctl lun restore`), or remove it (`vdsctl trash "
			       "empty`)");
	rc = catalog_unlinks(r->array->catalog, is_unlinked, &id);
	return rc <= 0 ? rc
		       : err_set(ERR_BUSY, "the file of a deleted LUN with the same id is still "
					   "being removed: try again in a moment");
}

struct pool_search {
	const struct guid *pool_id;
	bool unknown; /* the place of a volume cannot be told without the pool */
};

static int
check_unlink(void *arg, const struct catalog_unlink *entry)
{
	struct pool_search *search = arg;
	AUTO_FREE char *place = NULL;
	int rc = 0;

	if (!guid_equal(&entry->pool_id, search->pool_id))
		return 0;
	rc = array_pool_place_of(entry->path, &entry->lun_id, &place);
	search->unknown = rc == ERR_CORRUPT;
	return search->unknown ? 1 : rc;
}

/* Files of deleted LUNs may outlive their pool when their names tell where they are. */
static int
note_pool(struct plan_rows *r, const struct change_op *op)
{
	struct pool_search search = { .pool_id = &op->key.a };
	int rc;

	if (op->row != NULL)
		return 0;
	if (array_trash_has(state_edit_view(r->edit), &op->key.a))
		return err_set(ERR_IN_USE,
			       "a pool that is to be deleted has deleted LUNs in its trash: "
			       "restore them, or remove them (`vdsctl trash empty`)");
	rc = array_move_check_pool(state_edit_view(r->edit), &op->key.a);
	if (rc == 0)
		rc = catalog_pool_space_delete(r->array->catalog, &op->key.a);
	if (rc == 0)
		rc = catalog_unlinks(r->array->catalog, check_unlink, &search);
	return search.unknown
		       ? err_set(ERR_BUSY,
				 "volumes of deleted LUNs are still being removed from a "
				 "pool that is to be deleted: delete its LUNs first, and the "
				 "pool a moment later")
		       : rc;
}

/* Associations first: a target's numbers are retired while the target is there. */
static int
note_all(struct plan_rows *r)
{
	const struct change *change = r->plan->change;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < change->op_count; i++)
		if (change->ops[i].family == ROW_ASSOCIATION)
			rc = note_association(r, &change->ops[i]);
	for (size_t i = 0; rc == 0 && i < change->op_count; i++) {
		if (change->ops[i].family == ROW_TARGET)
			rc = note_target(r, &change->ops[i]);
		else if (change->ops[i].family == ROW_LUN)
			rc = note_lun(r, &change->ops[i]);
	}
	for (size_t i = 0; rc == 0 && i < change->op_count; i++)
		if (change->ops[i].family == ROW_POOL)
			rc = note_pool(r, &change->ops[i]);
	return rc;
}

/* ---- the rows ---- */

/* Another operation that has begun since may exclude the change of a LUN that is not held. */
static int
check_lun(struct plan_rows *r, const struct guid *id, enum array_ask ask)
{
	const struct array_plan_lun *lun = array_plan_work_find(r->out->work, id);

	if (lun != NULL && (lun->held || lun->before == NULL))
		return 0;
	return array_operation_check(r->array, id, ask);
}

static int
put_lun(struct plan_rows *r, const struct change_op *op)
{
	AUTO_ROW struct row_lun *row = NULL;
	int rc;

	if (state_find(r->plan->before, ROW_LUN, &op->key.a) != NULL) {
		rc = check_lun(r, &op->key.a, ASK_MASK);
		return rc < 0 ? rc : state_edit_put(r->edit, row_ref(op->row));
	}
	row = row_copy(op->row);
	if (row == NULL)
		return -ENOMEM;
	rc = array_lun_take_number(r->array, &row->number);
	if (rc == 0)
		rc = state_edit_put(r->edit, TAKE(row));
	return rc < 0 ? rc : array_owner_edit_add(r->array, r->edit, &op->key.a, true);
}

static int
put_group(struct plan_rows *r, const struct change_op *op)
{
	AUTO_ROW struct row_portal_group *row = NULL;
	int rc;

	if (!array_plan_keys_have(&r->plan->new_groups, &op->key))
		return state_edit_put(r->edit, row_ref(op->row));
	row = row_copy(op->row);
	if (row == NULL)
		return -ENOMEM;
	rc = array_group_take_port(r->array, state_edit_view(r->edit), &row->relative_port);
	return rc < 0 ? rc : state_edit_put(r->edit, TAKE(row));
}

static int
put_secret(struct plan_rows *r, const struct row_credential *row)
{
	struct array_plan_secret *made = &r->out->secrets[r->out->secret_count];
	uint8_t bytes[SECRET_BYTES];
	struct catalog_secret secret = { .credential_id = row->id, .bytes = bytes };
	int rc;

	made->id = row->id;
	made->entry = array_secret_entry_new(r->array->vault, &row->id, row->side);
	if (made->entry == NULL)
		return -ENOMEM;
	r->out->secret_count++;
	rc = system_random(bytes, sizeof(bytes));
	if (rc == 0) {
		secret.len = sizeof(bytes);
		array_secret_entry_set(made->entry, bytes, sizeof(bytes));
		rc = catalog_secret_put(r->array->catalog, &secret);
	}
	secret_wipe(bytes, sizeof(bytes));
	return rc;
}

/* Sets since when a new schedule, or one that has other times or is enabled, runs at its times. */
static int
put_schedule(struct plan_rows *r, const struct row_snapshot_schedule *schedule)
{
	AUTO_ROW struct row_snapshot_schedule *row = row_copy(schedule);

	if (row == NULL)
		return -ENOMEM;
	if (row->set_ms == 0)
		row->set_ms = array_utc_ms(r->array);
	return state_edit_put(r->edit, TAKE(row));
}

/* A LUN that a plan deletes goes to the trash of its pool, if that has one. */
static int
put_trash(struct plan_rows *r, const struct change_op *op)
{
	const struct row_lun *lun = state_find(r->plan->before, ROW_LUN, &op->key.a);

	return is_kept(r, lun) ? array_trash_put(r->array, r->edit, r->plan->before, lun) : 0;
}

static int
put_op(struct plan_rows *r, const struct change_op *op)
{
	int rc = 0;

	if (op->row == NULL && op->family == ROW_LUN)
		rc = put_trash(r, op);
	if (op->row == NULL)
		return rc < 0 ? rc
			      : state_edit_delete(r->edit, op->family, &op->key.a,
						  row_type(op->family)->key_fields > 1 ? &op->key.b
										       : NULL);
	if (op->family == ROW_LUN)
		return put_lun(r, op);
	if (op->family == ROW_PORTAL_GROUP)
		return put_group(r, op);
	if (op->family == ROW_SNAPSHOT_SCHEDULE)
		return put_schedule(r, (const void *)op->row);
	if (op->family == ROW_ASSOCIATION)
		rc = check_lun(r, &op->key.a, ASK_ASSOCIATE);
	else if (op->family == ROW_CREDENTIAL &&
		 array_plan_keys_have(&r->plan->new_secrets, &op->key))
		rc = put_secret(r, (const void *)op->row);
	return rc < 0 ? rc : state_edit_put(r->edit, row_ref(op->row));
}

/* The number of the LUN's other paths, as association.c gives it. */
static int
put_chosen(struct plan_rows *r, const struct change_op *op)
{
	const struct state *view = state_edit_view(r->edit);
	struct row_slice others = state_lun_targets(view, &op->key.a);
	AUTO_ROW struct row_association *row = row_copy(op->row);
	uint32_t preferred = UINT32_MAX, number = 0;
	int rc;

	if (row == NULL)
		return -ENOMEM;
	if (others.count > 0)
		preferred = ((const struct row_association *)others.rows[0])->lun_number;
	rc = check_lun(r, &op->key.a, ASK_ASSOCIATE);
	if (rc == 0)
		rc = array_number_choose(r->array, view, &op->key.a, &op->key.b, 1, preferred,
					 &number);
	if (rc < 0)
		return rc;
	row->lun_number = (uint16_t)number;
	return state_edit_put(r->edit, TAKE(row));
}

static bool
is_chosen(const struct array_plan *plan, const struct change_op *op)
{
	return op->family == ROW_ASSOCIATION && op->row != NULL &&
	       array_plan_keys_have(&plan->chosen, &op->key);
}

static int
compare_numbers(const void *a, const void *b)
{
	const struct change_op *x = *(const struct change_op *const *)a;
	const struct change_op *y = *(const struct change_op *const *)b;
	const struct row_association *p = (const void *)x->row, *q = (const void *)y->row;

	return (p->lun_number > q->lun_number) - (p->lun_number < q->lun_number);
}

/* In the order of the numbers that the plan has shown, so that they come true where they can. */
static int
put_all_chosen(struct plan_rows *r)
{
	const struct change *change = r->plan->change;
	size_t count = 0;
	AUTO_FREE const struct change_op **ops = mem_calloc(r->plan->chosen.count + 1,
							    sizeof(ops[0]));
	int rc = 0;

	if (ops == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < change->op_count; i++)
		if (is_chosen(r->plan, &change->ops[i]))
			ops[count++] = &change->ops[i];
	if (count > 0)
		qsort(ops, count, sizeof(ops[0]), compare_numbers);
	for (size_t i = 0; rc == 0 && i < count; i++)
		rc = put_chosen(r, ops[i]);
	return rc;
}

/* What goes, then what comes, then what gets the numbers that are left. */
static int
put_all(struct plan_rows *r)
{
	const struct change *change = r->plan->change;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < change->op_count; i++)
		if (change->ops[i].row == NULL)
			rc = put_op(r, &change->ops[i]);
	for (size_t i = 0; rc == 0 && i < change->op_count; i++)
		if (change->ops[i].row != NULL && !is_chosen(r->plan, &change->ops[i]))
			rc = put_op(r, &change->ops[i]);
	return rc < 0 ? rc : put_all_chosen(r);
}

static int
start_jobs(struct plan_rows *r)
{
	const struct array_plan_work *work = r->out->work;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < work->lun_count; i++)
		if (work->luns[i].job != NULL)
			rc = array_job_edit_start(r->array, r->edit, work->luns[i].job);
	return rc;
}

int
array_plan_rows_apply(struct array *array, struct array_plan_rows *rows, struct state_edit *edit)
{
	struct plan_rows r = { array, rows, rows->plan, edit };
	int rc = 0;

	array_plan_rows_fini(rows); /* of an application to an older state */
	rows->secrets = mem_calloc(rows->plan->new_secrets.count + 1, sizeof(rows->secrets[0]));
	if (rows->secrets == NULL)
		return -ENOMEM;
	if (rows->plan->change != NULL)
		rc = note_all(&r);
	if (rc == 0 && rows->plan->change != NULL)
		rc = put_all(&r);
	if (rc == 0 && rows->plan->change != NULL)
		rc = array_qos_check_change(rows->plan->before, state_edit_view(edit),
					    rows->plan->change);
	return rc < 0 ? rc : start_jobs(&r);
}

void
array_plan_rows_fini(struct array_plan_rows *rows)
{
	for (size_t i = 0; i < rows->secret_count; i++)
		array_secret_entry_unref(rows->secrets[i].entry);
	mem_free(rows->secrets);
	rows->secrets = NULL;
	rows->secret_count = 0;
}
