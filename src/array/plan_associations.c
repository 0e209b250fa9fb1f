/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The associations of a plan.  A number that the file does not name stays; a new association
 * without one gets a number when the plan is applied, since only the writer knows which numbers
 * initiators remember.  The thread that asks.
 */
#include <errno.h>
#include <string.h>

#include "array/plan_int.h"
#include "base/err.h"
#include "base/mem.h"

struct plan_pair {
	struct array_plan_entry entry;
	struct guid lun_id, target_id;
	json_int_t number; /* -1 = it is not named */
};

/* ---- which objects are meant ---- */

static int
find_lun(struct array_plan_build *b, struct plan_pair *pair)
{
	struct array_plan_at at = array_plan_member(&pair->entry, "lun");

	return array_plan_lun_find(b, &at, array_plan_string(&pair->entry, "lun"), &pair->lun_id);
}

static int
find_target(struct array_plan_build *b, struct plan_pair *pair)
{
	const char *text = array_plan_string(&pair->entry, "target");
	const struct state *view = array_plan_view(b);
	AUTO_FREE char *name = NULL;
	const struct row_target *target = NULL;
	struct row_slice same;
	int rc = iscsi_name_normalize(text, &name);

	if (rc == -ENOMEM)
		return rc;
	if (rc == 0)
		target = state_target_by_name(view, name);
	if (target == NULL) {
		same = state_targets_by_alias(view, text);
		if (same.count > 1)
			return ARRAY_PLAN_FAIL(b, &pair->entry, "target", ERR_INVALID,
					       "%zu targets have the alias \"%s\": write the "
					       "iSCSI name of the one that is meant",
					       same.count, text);
		target = same.count > 0 ? same.rows[0] : NULL;
	}
	if (target == NULL)
		return ARRAY_PLAN_FAIL(b, &pair->entry, "target", ERR_NOT_FOUND,
				       "there will be no target \"%s\": add it to \"targets\"",
				       text);
	pair->target_id = target->id;
	return 0;
}

static int
read_pair(struct array_plan_build *b, const struct array_plan_at *list, size_t index,
	  struct plan_pair *ret_pair)
{
	const json_t *json = json_array_get(json_object_get(b->plan->text.json, list->member),
					    index);
	const json_t *number = json_object_get(json, "number");
	int rc;

	*ret_pair = (struct plan_pair){
		.entry = { .json = json, .at = { .up = list, .index = index } },
		.number = number != NULL ? json_integer_value(number) : -1,
	};
	array_plan_bool(&ret_pair->entry, "absent", &ret_pair->entry.absent);
	rc = find_lun(b, ret_pair);
	return rc < 0 ? rc : find_target(b, ret_pair);
}

/* ---- putting ---- */

static int
put_row(struct array_plan_build *b, const struct plan_pair *pair, uint32_t number)
{
	struct row_association *row = row_new(ROW_ASSOCIATION);

	if (row == NULL)
		return -ENOMEM;
	row->lun_id = pair->lun_id;
	row->target_id = pair->target_id;
	row->lun_number = (uint16_t)number;
	return state_edit_put(b->edit, row);
}

static const struct row_association *
row_of(struct array_plan_build *b, const struct plan_pair *pair)
{
	return state_find_pair(array_plan_view(b), ROW_ASSOCIATION, &pair->lun_id,
			       &pair->target_id);
}

static int
put_named(struct array_plan_build *b, const struct plan_pair *pair)
{
	int rc;

	if (pair->entry.absent) {
		rc = state_edit_delete(b->edit, ROW_ASSOCIATION, &pair->lun_id, &pair->target_id);
		return rc == ERR_NOT_FOUND ? 0 : rc;
	}
	return pair->number >= 0 ? put_row(b, pair, (uint32_t)pair->number) : 0;
}

/* Numbers are in the order of the slice. */
static bool
number_is_taken(const struct state *view, const struct plan_pair *pair, uint32_t number)
{
	struct row_slice luns = state_target_luns(view, &pair->target_id);
	size_t from = 0, to = luns.count;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (((const struct row_association *)luns.rows[middle])->lun_number < number)
			from = middle + 1;
		else
			to = middle;
	}
	for (; from < luns.count; from++) {
		const struct row_association *row = luns.rows[from];

		if (row->lun_number != number)
			return false;
		if (!guid_equal(&row->lun_id, &pair->lun_id))
			return true;
	}
	return false;
}

static int
check_number(struct array_plan_build *b, const struct plan_pair *pair)
{
	if (pair->number < 0 || pair->entry.absent ||
	    !number_is_taken(array_plan_view(b), pair, (uint32_t)pair->number))
		return 0;
	return ARRAY_PLAN_FAIL(b, &pair->entry, "number", ERR_NAME_IN_USE,
			       "another LUN has this number behind the target: choose another, or "
			       "leave the number away");
}

/* Where the lowest free number of a target is looked for next. */
struct plan_hint {
	struct guid target_id;
	uint32_t number;
};

/* The number of the LUN's other paths, or else the lowest that is free. */
static int
put_chosen(struct array_plan_build *b, const struct plan_pair *pair, struct plan_hint *hint)
{
	const struct state *view = array_plan_view(b);
	struct row_slice others = state_lun_targets(view, &pair->lun_id);
	uint32_t number = 0;

	if (pair->number >= 0 || pair->entry.absent || row_of(b, pair) != NULL)
		return 0;
	if (others.count > 0)
		number = ((const struct row_association *)others.rows[0])->lun_number;
	if (!guid_equal(&hint->target_id, &pair->target_id))
		*hint = (struct plan_hint){ .target_id = pair->target_id };
	if (others.count == 0 || number_is_taken(view, pair, number)) {
		while (number_is_taken(view, pair, hint->number))
			hint->number++;
		number = hint->number;
	}
	if (number > ROW_LUN_NUMBER_MAX)
		return array_plan_fail(&b->plan->text, &pair->entry.at, ERR_LIMIT,
				       "the target has 16384 LUNs, and cannot have more");
	if (array_plan_keys_add(&b->plan->chosen, &pair->lun_id, &pair->target_id) < 0)
		return -ENOMEM;
	return put_row(b, pair, number);
}

/* In a file that says everything: those that it does not have. */
static int
drop_others(struct array_plan_build *b, const struct plan_pair *pairs, size_t count)
{
	struct array_plan_keys named = { 0 };
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < count; i++)
		rc = array_plan_keys_add(&named, &pairs[i].lun_id, &pairs[i].target_id);
	array_plan_keys_sort(&named);
	for (size_t i = 0; rc == 0 && i < state_count(array_plan_view(b), ROW_ASSOCIATION);) {
		struct row_key key;

		row_key(state_at(array_plan_view(b), ROW_ASSOCIATION, i), &key);
		if (array_plan_keys_have(&named, &key))
			i++;
		else
			rc = state_edit_delete(b->edit, ROW_ASSOCIATION, &key.a, &key.b);
	}
	mem_free(named.keys);
	return rc;
}

/* Names the second of two entries for one pair. */
static int
fail_twice(struct array_plan_build *b, const struct plan_pair *pairs, const struct row_key *key)
{
	size_t seen = 0, i = 0;

	for (;; i++) {
		seen += guid_equal(&pairs[i].lun_id, &key->a) &&
			guid_equal(&pairs[i].target_id, &key->b);
		if (seen == 2)
			return array_plan_fail(&b->plan->text, &pairs[i].entry.at, ERR_INVALID,
					       "this association is named twice");
	}
}

static int
check_twice(struct array_plan_build *b, const struct plan_pair *pairs, size_t count)
{
	struct array_plan_keys keys = { 0 };
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < count; i++)
		rc = array_plan_keys_add(&keys, &pairs[i].lun_id, &pairs[i].target_id);
	array_plan_keys_sort(&keys);
	for (size_t i = 1; rc == 0 && i < count; i++)
		if (row_key_compare(&keys.keys[i - 1], &keys.keys[i]) == 0)
			rc = fail_twice(b, pairs, &keys.keys[i]);
	mem_free(keys.keys);
	return rc;
}

int
array_plan_put_associations(struct array_plan_build *b)
{
	const struct array_plan_at list = { .member = "associations" };
	size_t count = json_array_size(json_object_get(b->plan->text.json, list.member));
	AUTO_FREE struct plan_pair *pairs = mem_calloc(count + 1, sizeof(pairs[0]));
	struct plan_hint hint = { 0 };
	int rc = pairs != NULL ? 0 : -ENOMEM;

	for (size_t i = 0; rc == 0 && i < count; i++)
		rc = read_pair(b, &list, i, &pairs[i]);
	if (rc == 0)
		rc = check_twice(b, pairs, count);
	if (rc == 0 && b->whole)
		rc = drop_others(b, pairs, count);
	for (size_t i = 0; rc == 0 && i < count; i++)
		rc = put_named(b, &pairs[i]);
	for (size_t i = 0; rc == 0 && i < count; i++)
		rc = check_number(b, &pairs[i]);
	for (size_t i = 0; rc == 0 && i < count; i++)
		rc = put_chosen(b, &pairs[i], &hint);
	return rc;
}
