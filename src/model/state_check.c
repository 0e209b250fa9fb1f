/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The invariants of a state: its orders and its digest, its rows (state_check_rows.c), what only
 * one row may have (state_check_unique.c), and what belongs to one target.  The array runs the
 * checks before it opens and in its checker; tests run them after every test case.  Any thread that
 * holds a reference to the state.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/mem.h"
#include "model/state_int.h"

/* ---- what belongs to one target ---- */

/* Equal LUN numbers would be neighbours: the slice is sorted by them. */
static int
check_target_luns(const struct state *state, const struct row_target *target)
{
	struct row_slice luns = state_target_luns(state, &target->id);

	order_work += luns.count;
	for (size_t i = 1; i < luns.count; i++) {
		const struct row_association *a = luns.rows[i - 1], *b = luns.rows[i];

		if (a->lun_number == b->lun_number)
			return BREACH("target %s has LUN number %u twice", target->iscsi_name,
				      a->lun_number);
	}
	return 0;
}

static int
compare_guids(const void *p, const void *q)
{
	return guid_compare(p, q);
}

/* A portal is in at most one group of the target.  The cost grows with the target's own groups. */
static int
check_target_portals(const struct state *state, struct row_slice groups)
{
	AUTO_FREE struct guid *portals = NULL;
	size_t count = 0, capacity = 0;

	for (size_t g = 0; g < groups.count; g++) {
		const struct row_portal_group *group = groups.rows[g];
		struct row_slice members = state_group_portals(state, &group->id);

		if (mem_grow(&portals, &capacity, count + members.count, sizeof(portals[0])) < 0)
			return -ENOMEM;
		order_work += members.count;
		for (size_t i = 0; i < members.count; i++)
			portals[count++] =
				((const struct row_group_portal *)members.rows[i])->portal_id;
	}
	if (count > 1)
		qsort(portals, count, sizeof(portals[0]), compare_guids);
	for (size_t i = 1; i < count; i++)
		if (guid_equal(&portals[i - 1], &portals[i]))
			return BREACH("a portal is in two groups of one target");
	return 0;
}

static int
check_target_groups(const struct state *state, const struct row_target *target)
{
	struct row_slice groups = state_target_groups(state, &target->id);

	order_work += groups.count;
	for (size_t i = 1; i < groups.count; i++) {
		const struct row_portal_group *a = groups.rows[i - 1], *b = groups.rows[i];

		if (a->tag == b->tag)
			return BREACH("a target has two portal groups of tag %u", a->tag);
	}
	return groups.count > 1 ? check_target_portals(state, groups) : 0;
}

static int
check_targets(const struct state *state)
{
	const struct row_target *target;
	struct order_walk walk;
	int rc = 0;

	order_walk_begin(&walk, state->orders[ROW_TARGET]);
	while (rc == 0 && (target = order_walk_next(&walk)) != NULL) {
		rc = check_target_luns(state, target);
		if (rc == 0)
			rc = check_target_groups(state, target);
	}
	return rc;
}

/* ---- the whole ---- */

static int
check_order(const struct state *state, enum order_id id)
{
	const struct order_type *type = order_type(id);
	const struct order *order = state->orders[id];
	const void *before, *row;
	struct order_walk walk;

	if (order_count(order) != state_count(state, type->family))
		return BREACH("an order of %s has %zu of %zu rows", row_type(type->family)->plural,
			      order_count(order), state_count(state, type->family));
	order_walk_begin(&walk, order);
	for (before = NULL; (row = order_walk_next(&walk)) != NULL; before = row)
		if (before != NULL && type->compare(before, row) >= 0)
			return BREACH("an order of %s is not sorted",
				      row_type(type->family)->plural);
	return 0;
}

static int
check_digest(const struct state *state)
{
	struct hash128 sum = { 0, 0 };
	struct order_walk walk;
	const struct row *row;

	for (int family = 0; family < ROW_CONFIG_COUNT; family++) {
		order_walk_begin(&walk, state->orders[family]);
		while ((row = order_walk_next(&walk)) != NULL)
			hash128_add(&sum, &row->hash);
	}
	return hash128_equal(&sum, &state->position.digest)
		       ? 0
		       : BREACH("the digest is not that of the rows");
}

static int
check_rows(const struct state *state)
{
	struct order_walk walk;
	const void *row;
	size_t rows = 0;
	int rc = 0;

	for (int family = 0; family < ROW_CONFIG_COUNT; family++) {
		rows += state_count(state, family);
		order_walk_begin(&walk, state->orders[family]);
		while (rc == 0 && (row = order_walk_next(&walk)) != NULL) {
			rc = state_check_row(state, (enum row_family)family, row);
			order_work++;
		}
	}
	if (rc == 0 && rows > 0 && state_count(state, ROW_ARRAY) == 0)
		rc = BREACH("there are rows but no array");
	return rc;
}

int
state_check(const struct state *state)
{
	int rc = 0;

	for (int id = 0; rc == 0 && id < ORDER_COUNT; id++)
		rc = check_order(state, (enum order_id)id);
	if (rc == 0)
		rc = check_digest(state);
	if (rc == 0)
		rc = state_check_uniques(state);
	if (rc == 0)
		rc = check_rows(state);
	if (rc == 0)
		rc = state_check_associations(state);
	if (rc == 0)
		rc = state_masked_check(state);
	return rc < 0 ? rc : check_targets(state);
}
