/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How snapshots are found and called.  Any thread. */
#include "model/snapshot.h"

#include <string.h>

#include "model/fields.h"
#include "model/state_int.h"

struct row_slice
state_lun_snapshots(const struct state *state, const struct guid *lun_id)
{
	const struct row_head probe = { .b = *lun_id };

	return order_group(state->orders[ORDER_LUN_SNAPSHOTS], order_type(ORDER_LUN_SNAPSHOTS),
			   &probe);
}

struct row_slice
state_schedule_snapshots(const struct state *state, const struct guid *schedule_id)
{
	const struct row_snapshot probe = { .schedule_id = *schedule_id };

	return order_group(state->orders[ORDER_SCHEDULE_SNAPSHOTS],
			   order_type(ORDER_SCHEDULE_SNAPSHOTS), &probe);
}

const struct row_snapshot *
snapshot_by_name(const struct state *state, const struct guid *lun_id, const char *name)
{
	struct row_slice slice = state_lun_snapshots(state, lun_id);

	for (size_t i = 0; i < slice.count; i++) {
		const struct row_snapshot *snapshot = slice.rows[i];

		if (strcmp(snapshot->name, name) == 0)
			return snapshot;
	}
	return NULL;
}

const char *
snapshot_lun_name(const struct state *state, const struct row_snapshot *snapshot)
{
	const struct row_lun *lun = state_find(state, ROW_LUN, &snapshot->lun_id);

	return lun != NULL ? ROW_LUN_CALLED(lun) : snapshot->lun_name;
}

bool
snapshot_is_called(const struct state *state, const struct row_snapshot *snapshot, const char *text)
{
	/* a snapshot's own name has no "@", so the last one divides the two names */
	const char *at = strrchr(text, '@'), *lun = snapshot_lun_name(state, snapshot);

	if (at == NULL)
		return strcmp(text, snapshot->name) == 0;
	return strcmp(at + 1, snapshot->name) == 0 && strlen(lun) == (size_t)(at - text) &&
	       memcmp(lun, text, (size_t)(at - text)) == 0;
}
