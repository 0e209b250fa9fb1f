/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Values as a person reads them: names instead of ids, sizes with units, times in UTC.  Used by the
 * tables of list.c and the pages of show.c.  Texts that are returned are borrowed from the view, or
 * static.
 */
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "model/host.h"
#include "model/port.h"
#include "vdsctl/ctl_int.h"

void
ctl_cell_id(struct table *table, const struct guid *id)
{
	char text[GUID_TEXT_SIZE];

	table_add(table, guid_format(id, text));
}

void
ctl_cell_size(struct table *table, uint64_t bytes)
{
	char text[32];

	table_add(table, str_format_size(bytes, text, sizeof(text)));
}

void
ctl_cell_time(struct table *table, int64_t utc_ms)
{
	char text[CLOCK_TEXT_SIZE];

	table_add(table, clock_format_utc(utc_ms, text));
}

char *
ctl_address_text(const struct row_portal *portal, char *buf, size_t size)
{
	bool six = strchr(portal->address, ':') != NULL;

	snprintf(buf, size, "%s%s%s:%u", six ? "[" : "", portal->address, six ? "]" : "",
		 portal->port);
	return buf;
}

void
ctl_cell_address(struct table *table, const struct row_portal *portal)
{
	char text[80];

	table_add(table, ctl_address_text(portal, text, sizeof(text)));
}

const char *
ctl_target_name(const struct ctl_view *view, const struct guid *id)
{
	const struct row_target *target = state_find(view->config, ROW_TARGET, id);

	if (target == NULL)
		return NULL;
	return target->alias != NULL && target->alias[0] != '\0' ? target->alias
								 : target->iscsi_name;
}

const char *
ctl_credential_owner(const struct ctl_view *view, const struct row_credential *row)
{
	static char text[ROW_ISCSI_NAME_MAX + 16]; /* vdsctl has one thread */
	const char *target = ctl_target_name(view, &row->owner_id);
	const struct row_host *host = state_find(view->config, ROW_HOST, &row->owner_id);

	if (guid_is_zero(&row->owner_id))
		return "discovery";
	if (host != NULL) {
		snprintf(text, sizeof(text), "host %s", host->name);
		return text;
	}
	snprintf(text, sizeof(text), "target %s", target != NULL ? target : "?");
	return text;
}

const char *
ctl_lun_name(const struct ctl_view *view, const struct guid *id)
{
	static char number[16]; /* vdsctl has one thread */
	const struct row_lun *lun = state_find(view->config, ROW_LUN, id);

	if (lun == NULL || lun->name[0] != '\0')
		return lun != NULL ? lun->name : NULL;
	snprintf(number, sizeof(number), "#%u", lun->number);
	return number;
}

const char *
ctl_status_name(enum row_status status)
{
	return status == STATUS_ONLINE ? "online" : "offline";
}

/* What initiators find instead of the medium. */
static const char *
job_name(const struct row_live_lun_job *job)
{
	bool formats = job->kind == LUN_JOB_FORMAT;

	if (job->failed)
		return formats ? "format failed" : "sanitize failed";
	return formats ? "formatting" : "sanitizing";
}

const char *
ctl_health_name(const struct ctl_view *view, const struct guid *id)
{
	static const char *const operations[] = { "",         "creating",    "extending",
						  "deleting", "associating", "opening" };
	const struct row_live_lun_job *job = state_find(view->live, ROW_LIVE_LUN_JOB, id);
	const struct row_live_lun *live = state_find(view->live, ROW_LIVE_LUN, id);

	if (live == NULL)
		return "unknown";
	if (live->operation != OPERATION_NONE && (size_t)live->operation < ARRAY_LEN(operations))
		return operations[live->operation];
	if (live->health == HEALTH_OK && job != NULL)
		return job_name(job);
	return live->health == HEALTH_OK        ? "ok"
	       : live->health == HEALTH_FAILED  ? "failed"
	       : live->health == HEALTH_FAILING ? "failing"
						: "unknown";
}

const char *
ctl_listens_text(const struct row_live_portal *live)
{
	static char text[256]; /* one thread */

	if (live == NULL)
		return "unknown";
	if (live->ready)
		return "yes";
	snprintf(text, sizeof(text), "no%s%s",
		 live->reason != NULL && live->reason[0] != '\0' ? ": " : "",
		 live->reason != NULL ? live->reason : "");
	return text;
}

const char *
ctl_owner_name(const struct ctl_view *view, const struct guid *lun_id)
{
	const struct row_lun_owner *owner = state_lun_owner(view->config, lun_id);
	const struct row_controller *gateway;

	if (owner == NULL)
		return state_has_gateways(view->config) ? "nobody" : "";
	gateway = state_find(view->config, ROW_CONTROLLER, &owner->controller_id);
	return gateway != NULL ? gateway->name : "?";
}

const char *
ctl_gateway_state(const struct ctl_view *view, const struct row_controller *gateway)
{
	if (state_has_gateways(view->config) &&
	    (gateway->instance == NULL || gateway->instance[0] == '\0'))
		return "down";
	if (gateway->status == STATUS_OFFLINE)
		return "offline";
	return gateway->drains ? "draining" : "online";
}

size_t
ctl_gateway_luns(const struct ctl_view *view, const struct row_controller *gateway)
{
	return state_has_gateways(view->config)
		       ? state_controller_lun_count(view->config, &gateway->id)
		       : state_count(view->config, ROW_LUN);
}

const char *
ctl_job_kind_name(enum job_kind kind)
{
	static const char *const kinds[] = { "create-lun", "extend-lun", "delete-lun", "move-lun" };

	return (size_t)kind < ARRAY_LEN(kinds) ? kinds[kind] : "?";
}

const char *
ctl_job_state_name(const struct row_job *job)
{
	static const char *const states[] = { "running", "done", "failed", "cancelled" };

	if (job->state == JOB_RUNNING && job->paused)
		return "paused";
	return (size_t)job->state < ARRAY_LEN(states) ? states[job->state] : "?";
}

const char *
ctl_link_name(enum port_link link)
{
	return link == PORT_LINK_UP ? "up" : link == PORT_LINK_DOWN ? "down" : "unknown";
}

/* ---- drives ---- */

const char *
ctl_drive_kind_name(enum drive_kind kind)
{
	static const char *const kinds[] = { "other", "disk", "memory", "network" };

	return (size_t)kind < ARRAY_LEN(kinds) ? kinds[kind] : "?";
}

const char *
ctl_drive_bus_name(enum drive_bus bus)
{
	static const char *const buses[] = { "",      "SCSI", "ATA",    "SATA",
					     "SAS",   "NVMe", "USB",    "Fibre Channel",
					     "iSCSI", "MMC",  "virtual" };

	return (size_t)bus < ARRAY_LEN(buses) ? buses[bus] : "?";
}

/* Adds a name to a list with ", " between the names. */
static void
add_name(char *buf, size_t size, const char *name)
{
	size_t len = strlen(buf);

	snprintf(buf + len, size - len, "%s%s", len > 0 ? ", " : "", name);
}

const char *
ctl_drive_pools_text(const struct ctl_view *view, const struct guid *drive, char *buf, size_t size)
{
	struct row_slice pairs = state_drive_pools(view->live, drive);

	buf[0] = '\0';
	for (size_t i = 0; i < pairs.count; i++) {
		const struct row_live_pool_drive *pair = pairs.rows[i];
		const struct row_pool *pool = state_find(view->config, ROW_POOL, &pair->pool_id);

		if (pool != NULL)
			add_name(buf, size, pool->name);
	}
	return buf;
}

const char *
ctl_pool_drives_text(const struct ctl_view *view, const struct guid *pool, char *buf, size_t size)
{
	struct row_slice pairs = state_pool_drives(view->live, pool);

	buf[0] = '\0';
	for (size_t i = 0; i < pairs.count; i++) {
		const struct row_live_pool_drive *pair = pairs.rows[i];
		const struct row_live_drive *drive = state_find(view->live, ROW_LIVE_DRIVE,
								&pair->drive_id);
		char text[400];

		if (drive == NULL)
			continue;
		snprintf(text, sizeof(text), "%s%s%s%s", drive->name,
			 drive->kind != DRIVE_DISK ? " (" : "",
			 drive->kind != DRIVE_DISK ? drive->model : "",
			 drive->kind != DRIVE_DISK ? ")" : "");
		add_name(buf, size, text);
	}
	return buf;
}

size_t
ctl_session_count(const struct ctl_view *view, const struct guid *target)
{
	size_t count = 0;

	for (size_t i = 0; i < state_count(view->live, ROW_LIVE_SESSION); i++) {
		const struct row_live_session *session = state_at(view->live, ROW_LIVE_SESSION, i);

		count += guid_equal(&session->target_id, target);
	}
	return count;
}

size_t
ctl_mask_hosts(const char *mask)
{
	size_t count = 0;

	while (mask != NULL) {
		count += str_starts(mask, MASK_HOST) || str_starts(mask, MASK_HOST_GROUP);
		mask = strchr(mask, ';');
		if (mask != NULL)
			mask++;
	}
	return count;
}

size_t
ctl_host_sessions(const struct ctl_view *view, const struct guid *host)
{
	struct row_slice names = state_host_initiators(view->config, host);
	size_t count = 0;

	for (size_t i = 0; i < state_count(view->live, ROW_LIVE_SESSION); i++) {
		const struct row_live_session *session = state_at(view->live, ROW_LIVE_SESSION, i);

		for (size_t j = 0; j < names.count; j++)
			count += strcasecmp(session->initiator,
					    ((const struct row_initiator *)names.rows[j])
						    ->iscsi_name) == 0;
	}
	return count;
}

/* ---- space ---- */

void
ctl_cell_used(struct table *table, const struct ctl_view *view, const struct guid *lun)
{
	const struct row_live_lun *live = state_find(view->live, ROW_LIVE_LUN, lun);

	if (live != NULL)
		ctl_cell_size(table, live->allocated_bytes);
	else
		table_add(table, NULL);
}

size_t
ctl_pool_luns(const struct ctl_view *view, const struct guid *pool, uint64_t *ret_promised_bytes)
{
	size_t count = 0;

	*ret_promised_bytes = 0;
	for (size_t i = 0; i < state_count(view->config, ROW_LUN); i++) {
		const struct row_lun *lun = state_at(view->config, ROW_LUN, i);

		if (!guid_equal(&lun->pool_id, pool))
			continue;
		count++;
		*ret_promised_bytes += lun->size_bytes;
	}
	return count;
}

const char *
ctl_space_text(const struct row_live_pool *live)
{
	if (live == NULL)
		return "unknown";
	switch (live->space) {
	case POOL_SPACE_OK:
		return "ok";
	case POOL_SPACE_LOW:
		return "low";
	case POOL_SPACE_FULL:
		return "full";
	}
	return "unknown";
}

/* ---- can anybody get there? ---- */

static bool
is_loopback(const char *address)
{
	return str_starts(address, "127.") || str_equal(address, "::1");
}

enum ctl_reach
ctl_target_reach(const struct ctl_view *view, const struct guid *target)
{
	struct row_slice groups = state_target_groups(view->config, target);
	enum ctl_reach best = CTL_REACH_NONE;

	for (size_t i = 0; i < groups.count; i++) {
		const struct row_portal_group *group = groups.rows[i];
		struct row_slice members = state_group_portals(view->config, &group->id);

		for (size_t j = 0; j < members.count; j++) {
			const struct row_group_portal *member = members.rows[j];
			const struct row_portal *portal = state_find(view->config, ROW_PORTAL,
								     &member->portal_id);
			const struct row_live_portal *live = state_find(view->live, ROW_LIVE_PORTAL,
									&member->portal_id);

			if (portal == NULL || live == NULL || !live->ready)
				continue;
			if (!is_loopback(portal->address))
				return CTL_REACH_NETWORK;
			best = CTL_REACH_LOCAL;
		}
	}
	return best;
}
