/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The index from a host or a host group to the LUNs whose unmasking lists name it, so that whoever
 * deletes a host need not read every list.  An unmasking list is a text in the LUN's row; the index
 * has a row of its own for each host in it.  These rows are derived: no change, snapshot or digest
 * has them.
 *
 * The index has every entry of every list.  When memory was short it may have more, so whoever
 * finds a LUN in it reads the LUN's list.  Entries are not grouped by host, because a group is one
 * leaf (order_int.h), and a host that many lists name would make each change of one of them costly.
 */
#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "model/fields.h"
#include "model/host.h"
#include "model/state_int.h"

static const void *
find(const struct state *state, const struct guid *id, const struct guid *lun_id)
{
	const struct row_head probe = { .a = *id, .b = *lun_id };

	return order_find(state->masked, order_type(ORDER_MASKED), &probe);
}

static bool
list_has(const char *mask, const struct guid *id, enum row_family family)
{
	return host_mask_has(mask, family == ROW_HOST ? MASK_HOST : MASK_HOST_GROUP, id);
}

static int
add(struct state *work, const struct guid *id, const struct guid *lun_id)
{
	AUTO_ROW struct row_head *row = NULL;

	if (find(work, id, lun_id) != NULL)
		return 0;
	row = row_new(MASKED_FAMILY);
	if (row == NULL)
		return -ENOMEM;
	row->a = *id;
	row->b = *lun_id;
	if (order_prepare(&work->masked, ORDER_MASKED, NULL, row) < 0)
		return -ENOMEM;
	order_commit(&work->masked, ORDER_MASKED, NULL, row);
	return 0;
}

static void
remove_entry(struct state *work, const struct guid *id, const struct guid *lun_id)
{
	const void *row = find(work, id, lun_id);

	if (row != NULL && order_prepare(&work->masked, ORDER_MASKED, row, NULL) == 0)
		order_commit(&work->masked, ORDER_MASKED, row, NULL);
}

int
state_masked_add(struct state *work, const struct guid *lun_id, const char *old, const char *now)
{
	enum row_family family;
	struct guid id;
	int rc = 0;

	if (old != NULL && now != NULL && strcmp(old, now) == 0)
		return 0;
	while (rc == 0 && host_mask_next(&now, &id, &family))
		rc = add(work, &id, lun_id);
	return rc;
}

void
state_masked_remove(struct state *work, const struct guid *lun_id, const char *old, const char *now)
{
	enum row_family family;
	struct guid id;

	if (old != NULL && now != NULL && strcmp(old, now) == 0)
		return;
	while (host_mask_next(&old, &id, &family))
		if (!list_has(now, &id, family))
			remove_entry(work, &id, lun_id);
}

int
state_masked_load(struct state *work)
{
	struct order_walk walk;
	const struct row_lun *lun;
	int rc = 0;

	order_walk_begin(&walk, work->orders[ROW_LUN]);
	while (rc == 0 && (lun = order_walk_next(&walk)) != NULL)
		rc = state_masked_add(work, &lun->id, NULL, lun->mask);
	return rc;
}

int
state_masked_check(const struct state *state)
{
	struct order_walk walk;
	const struct row_lun *lun;

	order_walk_begin(&walk, state->orders[ROW_LUN]);
	while ((lun = order_walk_next(&walk)) != NULL) {
		const char *rest = lun->mask;
		enum row_family family;
		struct guid id;

		while (host_mask_next(&rest, &id, &family))
			if (find(state, &id, &lun->id) == NULL)
				return err_set(ERR_CORRUPT,
					       "the index of unmasking lists lacks a host of the "
					       "LUN \"%s\"",
					       ROW_LUN_CALLED(lun));
	}
	return 0;
}

const struct row_lun *
state_masked_next(const struct state *state, const struct guid *id, const struct guid *after)
{
	const struct order_type *type = order_type(ORDER_MASKED);
	const struct row_head probe = { .a = *id,
					.b = after != NULL ? *after : (struct guid){ { 0 } } };
	size_t at = order_after(state->masked, type, false, &probe);
	const struct row_head *row;

	for (; (row = order_at(state->masked, at)) != NULL && guid_equal(&row->a, id); at++) {
		const struct row_lun *lun = state_find(state, ROW_LUN, &row->b);

		order_work++;
		if (lun != NULL &&
		    (list_has(lun->mask, id, ROW_HOST) || list_has(lun->mask, id, ROW_HOST_GROUP)))
			return lun;
	}
	return NULL;
}
