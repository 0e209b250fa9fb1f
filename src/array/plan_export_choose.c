/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finds which objects belong to an export of one object.  Any thread. */
#include "array/plan_export_int.h"
#include "model/host.h"
#include "model/schedule.h"

bool
array_export_wants(struct array_exporting *e, const struct guid *id)
{
	return e->all || guid_map_find(&e->wanted, id) != NULL;
}

static int
want(struct array_exporting *e, const struct guid *id)
{
	return guid_map_put(&e->wanted, id, e);
}

static int
want_portals(struct array_exporting *e, const struct guid *target_id)
{
	struct row_slice groups = state_target_groups(e->state, target_id);
	int rc = want(e, target_id);

	for (size_t g = 0; g < groups.count; g++) {
		const struct row_portal_group *group = groups.rows[g];
		struct row_slice portals = state_group_portals(e->state, &group->id);

		for (size_t i = 0; rc == 0 && i < portals.count; i++)
			rc = want(e,
				  &((const struct row_group_portal *)portals.rows[i])->portal_id);
	}
	return rc;
}

static int
want_group(struct array_exporting *e, const struct guid *group_id)
{
	struct row_slice hosts = state_group_hosts(e->state, group_id);
	int rc = want(e, group_id);

	for (size_t i = 0; rc == 0 && i < hosts.count; i++)
		rc = want(e, &((const struct row_host_member *)hosts.rows[i])->host_id);
	return rc;
}

/* The LUN, its pool, and the hosts and groups that its list names. */
static int
want_lun(struct array_exporting *e, const struct row_lun *lun)
{
	int rc = want(e, &lun->id);

	if (rc == 0)
		rc = want(e, &lun->pool_id);
	for (size_t i = 0; rc == 0 && i < state_count(e->state, ROW_HOST); i++) {
		const struct row_host *host = state_at(e->state, ROW_HOST, i);

		if (host_mask_has(lun->mask, MASK_HOST, &host->id))
			rc = want(e, &host->id);
	}
	for (size_t i = 0; rc == 0 && i < state_count(e->state, ROW_HOST_GROUP); i++) {
		const struct row_host_group *group = state_at(e->state, ROW_HOST_GROUP, i);

		if (host_mask_has(lun->mask, MASK_HOST_GROUP, &group->id))
			rc = want_group(e, &group->id);
	}
	return rc;
}

static int
want_lun_with_targets(struct array_exporting *e, const struct row_lun *lun)
{
	struct row_slice targets = state_lun_targets(e->state, &lun->id);
	int rc = want_lun(e, lun);

	for (size_t i = 0; rc == 0 && i < targets.count; i++)
		rc = want_portals(e, &((const struct row_association *)targets.rows[i])->target_id);
	return rc;
}

static int
want_target_with_luns(struct array_exporting *e, const struct guid *target_id)
{
	struct row_slice luns = state_target_luns(e->state, target_id);
	int rc = want_portals(e, target_id);

	for (size_t i = 0; rc == 0 && i < luns.count; i++) {
		const struct row_association *a = luns.rows[i];

		rc = want_lun(e, state_find(e->state, ROW_LUN, &a->lun_id));
	}
	return rc;
}

/* The host, its groups, and the LUNs that name it or them. */
static int
want_host_with_luns(struct array_exporting *e, const struct guid *host_id)
{
	struct row_slice groups = state_host_groups(e->state, host_id);
	int rc = want(e, host_id);

	for (size_t i = 0; rc == 0 && i < groups.count; i++)
		rc = want_group(e, &((const struct row_host_member *)groups.rows[i])->group_id);
	for (size_t i = 0; rc == 0 && i < state_count(e->state, ROW_LUN); i++) {
		const struct row_lun *lun = state_at(e->state, ROW_LUN, i);
		bool names = host_mask_has(lun->mask, MASK_HOST, host_id);

		for (size_t g = 0; !names && g < groups.count; g++)
			names = host_mask_has(
				lun->mask, MASK_HOST_GROUP,
				&((const struct row_host_member *)groups.rows[g])->group_id);
		if (names)
			rc = want_lun_with_targets(e, lun);
	}
	return rc;
}

/* The schedules that name the LUN, with their other LUNs. */
static int
want_schedules(struct array_exporting *e, const struct guid *lun_id)
{
	int rc = 0;

	for (size_t i = 0; i < state_count(e->state, ROW_SNAPSHOT_SCHEDULE); i++) {
		const struct row_snapshot_schedule *schedule = state_at(e->state,
									ROW_SNAPSHOT_SCHEDULE, i);
		const char *rest = schedule->lun_ids;
		bool names = false;
		struct guid id;

		while (schedule_lun_next(&rest, &id))
			names |= guid_equal(&id, lun_id);
		if (rc == 0 && names)
			rc = want(e, &schedule->id);
		for (rest = schedule->lun_ids; names && rc == 0 && schedule_lun_next(&rest, &id);) {
			const struct row_lun *lun = state_find(e->state, ROW_LUN, &id);

			rc = lun != NULL ? want_lun(e, lun) : 0;
		}
	}
	return rc;
}

int
array_export_choose(struct array_exporting *e, enum row_family family, const struct guid *id)
{
	const void *row = state_find(e->state, family, id);

	if (row == NULL)
		return array_name_no_such(family, id);
	if (family == ROW_LUN) {
		int rc = want_lun_with_targets(e, row);

		return rc < 0 ? rc : want_schedules(e, id);
	}
	return family == ROW_TARGET ? want_target_with_luns(e, id) : want_host_with_luns(e, id);
}
