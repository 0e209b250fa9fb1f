/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Snapshots of LUNs: how they are found and called.  Any thread. */
#ifndef VDS_MODEL_SNAPSHOT_H
#define VDS_MODEL_SNAPSHOT_H

#include "model/state.h"

/* Returns the snapshots of a LUN, sorted by id; the slice is valid as long as the state. */
struct row_slice state_lun_snapshots(const struct state *state, const struct guid *lun_id);
/*
 * Returns the snapshots that a schedule has taken and may remove, sorted by their moments; the
 * slice is valid as long as the state.
 */
struct row_slice state_schedule_snapshots(const struct state *state,
					  const struct guid *schedule_id);
/* Returns the snapshot of a LUN that has this name, borrowed from the state, or NULL. */
const struct row_snapshot *snapshot_by_name(const struct state *state, const struct guid *lun_id,
					    const char *name);
/* Returns what the LUN of a snapshot is called: now or, when it is deleted, at its moment. */
const char *snapshot_lun_name(const struct state *state, const struct row_snapshot *snapshot);
/*
 * Returns whether people may call the snapshot so: by its name, or by that of its LUN and its own,
 * "LUN@NAME".
 */
bool snapshot_is_called(const struct state *state, const struct row_snapshot *snapshot,
			const char *text);

#endif
