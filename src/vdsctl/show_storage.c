/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The pages of what keeps data: LUNs, pools, drives, jobs, snapshots and schedules. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "model/host.h"
#include "model/schedule.h"
#include "model/snapshot.h"
#include "vdsctl/page_int.h"

/* ---- LUN ---- */

static void
mask_lines(const struct ctl_view *view, FILE *out, const char *mask)
{
	AUTO(strbuf_fini) struct strbuf text = { 0 };
	const char *label = "Unmasked for";
	char *copy, *rest;

	strbuf_add(&text, "");
	host_mask_describe(view->config, mask, &text);
	copy = rest = text.text;

	if (copy == NULL || copy[0] == '\0' || str_equal(copy, "*")) {
		ctl_page_line(out, label, copy != NULL && copy[0] == '*' ? "everybody" : "nobody");
		return;
	}
	for (const char *name; (name = strtok_r(rest, ";", &rest)) != NULL; label = "")
		ctl_page_line(out, label, "%s", name);
}

static int
lun_targets(const struct ctl_view *view, const struct guid *lun, FILE *out)
{
	static const char columns[] = "TARGET|ISCSI NAME|>LUN|>SESSIONS";
	struct table *table = table_new(columns);
	struct row_slice slice = state_lun_targets(view->config, lun);

	for (size_t i = 0; table != NULL && i < slice.count; i++) {
		const struct row_association *pair = slice.rows[i];
		const struct row_target *target = state_find(view->config, ROW_TARGET,
							     &pair->target_id);

		table_add(table, target != NULL ? target->alias : NULL);
		table_add(table, target != NULL ? target->iscsi_name : NULL);
		table_addf(table, "%u", pair->lun_number);
		table_addf(table, "%zu", ctl_session_count(view, &pair->target_id));
	}
	return ctl_page_section(out, "Targets", table);
}

/* Where the LUN is moving to, and how far it is. */
static void
lun_move_line(const struct ctl_view *view, FILE *out, const struct guid *lun_id)
{
	for (size_t i = 0; i < state_count(view->config, ROW_JOB); i++) {
		const struct row_job *job = state_at(view->config, ROW_JOB, i);
		const struct row_pool *pool = state_find(view->config, ROW_POOL, &job->pool_id);
		const struct row_live_job *live = state_find(view->live, ROW_LIVE_JOB, &job->id);

		if (job->kind == JOB_MOVE_LUN && job->state == JOB_RUNNING &&
		    guid_equal(&job->lun_id, lun_id))
			ctl_page_line(
				out, "Moving to", "%s, %u %%%s", pool != NULL ? pool->name : "?",
				live != NULL ? live->percent : 0, job->paused ? ", paused" : "");
	}
}

/* FORMAT UNIT or SANITIZE, with which an initiator has begun. */
static void
lun_job_line(const struct ctl_view *view, FILE *out, const struct row_lun *lun)
{
	static const char *const names[] = { [LUN_JOB_FORMAT] = "FORMAT UNIT",
					     [LUN_JOB_OVERWRITE] = "SANITIZE (overwrite)",
					     [LUN_JOB_ERASE] = "SANITIZE (block erase)",
					     [LUN_JOB_OTHER] = "a command" };
	const struct row_live_lun_job *job = state_find(view->live, ROW_LIVE_LUN_JOB, &lun->id);

	if (job == NULL)
		return;
	if (job->failed)
		ctl_page_line(out, "Medium",
			      "%s has failed; initiators cannot use it until one sends the command "
			      "again and it succeeds",
			      names[job->kind]);
	else
		ctl_page_line(out, "Medium", "%s, %u %%%s; it cannot be stopped", names[job->kind],
			      job->percent,
			      lun->status == STATUS_OFFLINE ? ", rests while the LUN is offline"
							    : "");
}

/* "auto: page (the pool is in memory)", or "direct" while nothing is known of it. */
static void
lun_cache_line(FILE *out, const struct row_lun *lun, const struct row_live_lun *live)
{
	const char *set = lun_cache_name(lun->cache);
	const char *used = live != NULL && live->cache_used != NULL ? live->cache_used : "";

	if (used[0] == '\0')
		ctl_page_line(out, "Cache", "%s", set);
	else
		ctl_page_line(out, "Cache", "%s: %s (%s)", set, used, live->cache_reason);
}

int
ctl_page_lun(const struct ctl_view *view, const void *row, FILE *out)
{
	const struct row_lun *lun = row;
	const struct row_pool *pool = state_find(view->config, ROW_POOL, &lun->pool_id);
	const struct row_live_lun *live = state_find(view->live, ROW_LIVE_LUN, &lun->id);

	ctl_page_line(out, "Name", "%s", lun->name);
	ctl_page_line_size(out, "Size", lun->size_bytes);
	if (live != NULL)
		ctl_page_line_size(out, "Space used", live->allocated_bytes);
	ctl_page_line(out, "Blocks", "%u bytes", lun->block_bytes);
	ctl_page_line(out, "Kind", "%s%s", lun->thin ? "thin" : "thick",
		      lun->removable ? ", removable" : "");
	ctl_page_line(out, "Access", "%s",
		      lun->access == LUN_READ_ONLY ? "read-only" : "read and write");
	ctl_page_line(out, "Pool", "%s", pool != NULL ? pool->name : "");
	lun_move_line(view, out, &lun->id);
	lun_cache_line(out, lun, live);
	ctl_page_line(out, "Status", "%s", ctl_status_name(lun->status));
	ctl_page_line(out, "Health", "%s%s%s", ctl_health_name(view, &lun->id),
		      live != NULL && live->reason != NULL && live->reason[0] != '\0' ? ": " : "",
		      live != NULL && live->reason != NULL ? live->reason : "");
	ctl_page_line_known(out, "Owner", ctl_owner_name(view, &lun->id));
	lun_job_line(view, out, lun);
	if (live != NULL && live->faults > 0)
		ctl_page_line(out, "Faults", "%u injected: vdsctl lun inject %s",
			      (unsigned)live->faults, ROW_LUN_CALLED(lun));
	ctl_page_line_qos(out, lun->qos);
	mask_lines(view, out, lun->mask);
	ctl_page_line(out, "Serial", "%s", lun->serial);
	ctl_page_line(out, "NAA", "%s", lun->naa);
	ctl_page_line_time(out, "Created", lun->created_ms);
	ctl_page_line_id(out, &lun->id);
	return lun_targets(view, &lun->id, out);
}

/* ---- pool ---- */

/* What a thin pool has given away, and whether that can go wrong. */
static void
pool_space(const struct ctl_view *view, const struct row_pool *pool, FILE *out)
{
	const struct row_live_pool *live = state_find(view->live, ROW_LIVE_POOL, &pool->id);
	uint64_t promised;

	ctl_pool_luns(view, &pool->id, &promised);
	if (live != NULL) {
		ctl_page_line_size(out, "Capacity", live->capacity_bytes);
		ctl_page_line_size(out, "Free", live->free_bytes);
		ctl_page_line_size(out, "Used by LUNs", live->allocated_bytes);
		if (live->trash_bytes > 0 || (pool->trash != NULL && pool->trash[0] != '\0'))
			ctl_page_line_size(out, "Used by trash", live->trash_bytes);
	}
	if (live != NULL && live->snapshot_bytes > 0)
		ctl_page_line_size(out, "In snapshots", live->snapshot_bytes);
	ctl_page_line(out, "Space", "%s", ctl_space_text(live));
	if (pool->trash != NULL && pool->trash[0] != '\0')
		ctl_page_line(out, "Trash", "keeps deleted LUNs for %s%s", pool->trash,
			      pool->trash_yields ? ", or until the pool is full" : "");
	if (live != NULL && live->low_bytes > 0) {
		ctl_page_line_size(out, "Low below", live->low_bytes);
		ctl_page_line_size(out, "Full below", live->full_bytes);
	}
	ctl_page_line_size(out, "Promised", promised);
	/* On a device all that is promised is taken from the beginning, and measured later. */
	if (live != NULL && promised > live->allocated_bytes + live->free_bytes &&
	    !str_starts(pool->path, "bdev:") && !str_starts(pool->path, "raw:"))
		ctl_page_line(
			out, "",
			"more than there is: thin LUNs can fill the pool before they are full");
	if (pool->overcommit != NULL && pool->overcommit[0] != '\0')
		ctl_page_line(out, "Overcommit", "at most %s of the capacity", pool->overcommit);
	ctl_page_line_qos(out, pool->qos);
}

int
ctl_page_pool(const struct ctl_view *view, const void *row, FILE *out)
{
	static const char columns[] = "LUN|>SIZE|>USED|KIND|HEALTH";
	const struct row_pool *pool = row;
	const struct row_live_pool *live = state_find(view->live, ROW_LIVE_POOL, &pool->id);
	struct table *table = table_new(columns);
	char drives[1024];

	for (size_t i = 0; table != NULL && i < state_count(view->config, ROW_LUN); i++) {
		const struct row_lun *lun = state_at(view->config, ROW_LUN, i);

		if (!guid_equal(&lun->pool_id, &pool->id))
			continue;
		table_add(table, ctl_lun_name(view, &lun->id));
		ctl_cell_size(table, lun->size_bytes);
		ctl_cell_used(table, view, &lun->id);
		table_add(table, lun->thin ? "thin" : "thick");
		table_add(table, ctl_health_name(view, &lun->id));
	}
	ctl_page_line(out, "Name", "%s", pool->name);
	ctl_page_line(out,
		      *pool->path == '/'               ? "Directory"
		      : str_starts(pool->path, "ram:") ? "Memory"
		      : str_starts(pool->path, "rbd:") ? "Ceph"
						       : "Device",
		      "%s", pool->path);
	ctl_page_line_known(out, "Drives",
			    ctl_pool_drives_text(view, &pool->id, drives, sizeof(drives)));
	ctl_page_line(out, "Ready", "%s",
		      live == NULL  ? "unknown"
		      : live->ready ? "yes"
				    : live->reason);
	pool_space(view, pool, out);
	ctl_page_line_id(out, &pool->id);
	return ctl_page_section(out, "LUNs", table);
}

/* ---- drive ---- */

static int
drive_pools(const struct ctl_view *view, const struct guid *drive, FILE *out)
{
	static const char columns[] = "POOL|DEVICE|>TAKES|DIRECTORY";
	struct table *table = table_new(columns);
	struct row_slice pairs = state_drive_pools(view->live, drive);

	for (size_t i = 0; table != NULL && i < pairs.count; i++) {
		const struct row_live_pool_drive *pair = pairs.rows[i];
		const struct row_pool *pool = state_find(view->config, ROW_POOL, &pair->pool_id);

		table_add(table, pool != NULL ? pool->name : NULL);
		table_add(table, pair->device);
		ctl_cell_size(table, pair->size_bytes);
		table_add(table, pool != NULL ? pool->path : NULL);
	}
	return ctl_page_section(out, "Pools", table);
}

static const char *
medium_text(const struct row_live_drive *drive)
{
	switch (drive->kind) {
	case DRIVE_MEMORY:
		return "memory: everything on it is gone after a restart of the host";
	case DRIVE_NETWORK:
		return "a file system of another host";
	case DRIVE_DISK:
		if (drive->bus == DRIVE_BUS_VIRTUAL)
			return "a disk that another system makes up";
		return drive->rotational ? "rotating" : "not rotating";
	case DRIVE_OTHER:
		break;
	}
	return "a file system whose disks are not known";
}

int
ctl_page_drive(const struct ctl_view *view, const void *row, FILE *out)
{
	const struct row_live_drive *drive = row;

	ctl_page_line(out, "Name", "%s", drive->name);
	ctl_page_line_size(out, "Size", drive->size_bytes);
	ctl_page_line(out, "Medium", "%s", medium_text(drive));
	ctl_page_line_known(out, "Bus", ctl_drive_bus_name(drive->bus));
	ctl_page_line_known(out, "Vendor", drive->vendor);
	ctl_page_line_known(out, "Model", drive->model);
	ctl_page_line_known(out, "Serial", drive->serial);
	ctl_page_line_known(out, "Firmware", drive->firmware);
	ctl_page_line_known(out, "WWID", drive->wwid);
	if (drive->block_bytes > 0)
		ctl_page_line(out, "Blocks", "%u bytes", drive->block_bytes);
	if (drive->kind == DRIVE_DISK)
		ctl_page_line(out, "Removable", "%s", drive->removable ? "yes" : "no");
	ctl_page_line(out, "Slot", "%u", drive->slot);
	ctl_page_line(out, "Ready", "%s", drive->ready ? "yes" : drive->reason);
	ctl_page_line_id(out, &drive->id);
	return drive_pools(view, &drive->id, out);
}

int
ctl_page_job(const struct ctl_view *view, const void *row, FILE *out)
{
	const struct row_job *job = row;
	const struct row_live_job *live = state_find(view->live, ROW_LIVE_JOB, &job->id);
	const struct row_pool *pool = state_find(view->config, ROW_POOL, &job->pool_id);
	const char *lun = ctl_lun_name(view, &job->lun_id);
	char id[GUID_TEXT_SIZE];

	ctl_page_line(out, "Kind", "%s", ctl_job_kind_name(job->kind));
	if (lun == NULL) /* the job outlives its LUN */
		lun = job->lun_name;
	ctl_page_line(out, "LUN", "%s",
		      lun != NULL && lun[0] != '\0' ? lun : guid_format(&job->lun_id, id));
	if (job->kind == JOB_MOVE_LUN)
		ctl_page_line(out, "To pool", "%s",
			      pool != NULL ? pool->name : guid_format(&job->pool_id, id));
	ctl_page_line(out, "State", "%s", ctl_job_state_name(job));
	if (live != NULL)
		ctl_page_line(out, "Done", "%u %%", live->percent);
	if (job->message != NULL && job->message[0] != '\0')
		ctl_page_line(out, "Error", "%s", job->message);
	ctl_page_line_time(out, "Started", job->created_ms);
	if (job->ended_ms != 0)
		ctl_page_line_time(out, "Ended", job->ended_ms);
	ctl_page_line_id(out, &job->id);
	return 0;
}

int
ctl_page_snapshot(const struct ctl_view *view, const void *row, FILE *out)
{
	const struct row_snapshot *snapshot = row;
	const struct row_pool *pool = state_find(view->config, ROW_POOL, &snapshot->pool_id);
	const struct row_live_snapshot *live = state_find(view->live, ROW_LIVE_SNAPSHOT,
							  &snapshot->id);
	bool there = state_find(view->config, ROW_LUN, &snapshot->lun_id) != NULL;
	char size[32], id[GUID_TEXT_SIZE];

	ctl_page_line(out, "Name", "%s", snapshot->name);
	ctl_page_line(out, "LUN", "%s%s", snapshot_lun_name(view->config, snapshot),
		      there ? "" : " (deleted)");
	ctl_page_line_time(out, "Taken", snapshot->created_ms);
	ctl_page_line(out, "Size", "%s (%" PRIu64 " bytes)",
		      str_format_size(snapshot->size_bytes, size, sizeof(size)),
		      snapshot->size_bytes);
	if (live != NULL) {
		ctl_page_line_size(out, "Used", live->used_bytes);
		ctl_page_line_size(out, "Of its own", live->own_bytes);
	}
	ctl_page_line(out, "Blocks", "%u bytes", snapshot->block_bytes);
	ctl_page_line(out, "Pool", "%s", pool != NULL ? pool->name : "");
	if (!guid_is_zero(&snapshot->group_id))
		ctl_page_line(out, "Group", "%s", guid_format(&snapshot->group_id, id));
	ctl_page_line_id(out, &snapshot->id);
	return 0;
}

int
ctl_page_schedule(const struct ctl_view *view, const void *row, FILE *out)
{
	const struct row_snapshot_schedule *schedule = row;
	const struct row_live_snapshot_schedule *live = state_find(
		view->live, ROW_LIVE_SNAPSHOT_SCHEDULE, &schedule->id);
	const char *label = "LUNs", *rest = schedule->lun_ids;
	char text[GUID_TEXT_SIZE];
	struct guid id;
	size_t kept = 0;

	for (size_t i = 0; i < state_count(view->config, ROW_SNAPSHOT); i++) {
		const struct row_snapshot *snapshot = state_at(view->config, ROW_SNAPSHOT, i);

		kept += guid_equal(&snapshot->schedule_id, &schedule->id);
	}
	ctl_page_line(out, "Name", "%s", schedule->name);
	ctl_page_line(out, "Every", "%s, at %s UTC", schedule->every, schedule->at);
	ctl_page_line(out, "Keep", "%s", schedule->keep);
	for (; schedule_lun_next(&rest, &id); label = "") {
		const char *name = ctl_lun_name(view, &id);

		ctl_page_line(out, label, "%s%s", name != NULL ? name : guid_format(&id, text),
			      state_find(view->config, ROW_LUN, &id) != NULL ? "" : " (deleted)");
	}
	ctl_page_line(out, "Enabled", "%s", schedule->enabled ? "yes" : "no");
	if (live != NULL && live->next_ms != 0)
		ctl_page_line_time(out, "Next", live->next_ms);
	if (live != NULL && live->last_ms != 0)
		ctl_page_line_time(out, "Last", live->last_ms);
	if (live != NULL && live->failed)
		ctl_page_line(out, "Failed", "%s", live->reason);
	ctl_page_line(out, "Snapshots", "%zu", kept);
	ctl_page_line_id(out, &schedule->id);
	return 0;
}
