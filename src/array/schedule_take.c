/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What one run of a schedule does: takes snapshots of its LUNs at one moment, and removes those
 * that it keeps no longer.  schedule_run.c says when.  Any thread except the writer.
 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "array/array_int.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "model/snapshot.h"

size_t
array_schedule_luns(const struct state *state, const struct row_snapshot_schedule *schedule,
		    struct guid luns[SCHEDULE_LUNS_MAX])
{
	const char *rest = schedule->lun_ids;
	size_t count = 0;
	struct guid id;

	while (count < SCHEDULE_LUNS_MAX && schedule_lun_next(&rest, &id))
		if (state_find(state, ROW_LUN, &id) != NULL)
			luns[count++] = id;
	return count;
}

/* "NAME-20261129T023000Z" */
static int
name_of(const struct row_snapshot_schedule *schedule, int64_t now_ms, char **ret_name)
{
	time_t seconds = (time_t)(now_ms / 1000);
	struct tm tm;
	char when[32];

	if (gmtime_r(&seconds, &tm) == NULL ||
	    strftime(when, sizeof(when), "%Y%m%dT%H%M%SZ", &tm) == 0)
		return err_set(ERR_INVALID, "the clock shows a time that has no name");
	*ret_name = str_printf("%s-%s", schedule->name, when);
	return *ret_name != NULL ? 0 : -ENOMEM;
}

/*
 * As name_of, for a name that no snapshot of these LUNs has.  When a clock that was wrong has been
 * set right, snapshots may have the names of times that are still to come: then the next second
 * that is free gives the name.
 */
static int
free_name_of(const struct state *state, const struct row_snapshot_schedule *schedule,
	     int64_t now_ms, const struct guid *luns, size_t count, char **ret_name)
{
	int rc = name_of(schedule, now_ms, ret_name);

	for (size_t i = 0, free = 0; rc == 0 && free < count; i = (i + 1) % count) {
		if (snapshot_by_name(state, &luns[i], *ret_name) == NULL) {
			free++;
			continue;
		}
		free = 0;
		mem_free(TAKE(*ret_name));
		now_ms += 1000;
		rc = name_of(schedule, now_ms, ret_name);
	}
	return rc;
}

int
array_schedule_take(struct array *array, const struct array_request *request,
		    const struct state *state, const struct row_snapshot_schedule *schedule,
		    int64_t known_ms, int64_t slot_ms, int64_t now_ms,
		    struct array_answer *ret_answer)
{
	const struct catalog_schedule_run run = { schedule->id, slot_ms, now_ms };
	struct guid luns[SCHEDULE_LUNS_MAX];
	AUTO_FREE char *name = NULL;
	size_t count = array_schedule_luns(state, schedule, luns);
	int rc = free_name_of(state, schedule, now_ms, luns, count, &name);

	if (rc == 0 && count == 0)
		rc = err_set(ERR_NOT_FOUND, "none of its LUNs is there any more");
	if (rc == 0 && array_is_read_only(array))
		rc = err_set(ERR_READ_ONLY, "the array is read-only");
	return rc < 0 ? rc
		      : array_snapshot_run(array, request, &run, known_ms, name, luns, count,
					   ret_answer);
}

/* Collects when the schedule's snapshots were taken, each moment once. */
static size_t
moments_of(struct row_slice snapshots, struct schedule_moment *moments)
{
	size_t count = 0;

	for (size_t i = 0; i < snapshots.count; i++) {
		const struct row_snapshot *row = snapshots.rows[i];

		if (count == 0 || moments[count - 1].taken_ms != row->created_ms)
			moments[count++].taken_ms = row->created_ms;
	}
	return count;
}

void
array_schedule_expire(struct array *array, const struct row_snapshot_schedule *schedule,
		      const struct schedule_rule *rule, int64_t now_ms)
{
	AUTO_STATE struct state *state = array_state(array);
	struct row_slice snapshots = state_schedule_snapshots(state, &schedule->id);
	AUTO_FREE struct schedule_moment *moments = mem_calloc(snapshots.count + 1,
							       sizeof(moments[0]));
	size_t count, expired = 0;
	int rc;

	if (moments == NULL)
		return; /* the next run removes them */
	count = moments_of(snapshots, moments);
	schedule_keep(rule, now_ms, moments, count);
	for (size_t i = 0; i < count; i++)
		if (!moments[i].keep)
			moments[expired++] = moments[i];
	if (expired == 0)
		return;
	rc = array_snapshot_expire(array, &schedule->id, moments, expired);
	if (rc < 0)
		log_warning("schedule.expire", "schedule=%s error=%s reason=\"%s\"", schedule->name,
			    err_name(rc), err_text(rc));
}
