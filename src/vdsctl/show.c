/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `vdsctl NOUN show OBJECT`: one object with everything that belongs to it, by names.  A page is
 * made from one snapshot; with -o json the API's object is printed as it is.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "model/host.h"
#include "model/port.h"
#include "model/schedule.h"
#include "model/snapshot.h"
#include "vdsctl/ctl_int.h"

#define LABEL_COLUMNS 14

/* ---- parts of a page ---- */

static void __attribute__((format(printf, 3, 4)))
line(FILE *out, const char *label, const char *fmt, ...)
{
	char text[2048];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fprintf(out, "%-*s ", LABEL_COLUMNS, label);
	ctl_text_print(text, out);
}

static void
line_size(FILE *out, const char *label, uint64_t bytes)
{
	char text[32];

	if (bytes < 1024)
		line(out, label, "%" PRIu64 " bytes", bytes);
	else
		line(out, label, "%s (%" PRIu64 " bytes)",
		     str_format_size(bytes, text, sizeof(text)), bytes);
}

/* A line for what is known. */
static void
line_known(FILE *out, const char *label, const char *text)
{
	if (text != NULL && text[0] != '\0')
		line(out, label, "%s", text);
}

/* The limits of a LUN, a host or a pool, when it has some. */
static void
line_qos(FILE *out, const char *qos)
{
	AUTO(strbuf_fini) struct strbuf text = { 0 };

	ctl_qos_describe(qos, &text);
	line_known(out, "Limits", text.text);
}

static void
line_time(FILE *out, const char *label, int64_t utc_ms)
{
	char text[CLOCK_TEXT_SIZE];

	line(out, label, "%s", clock_format_utc(utc_ms, text));
}

static void
line_id(FILE *out, const struct guid *id)
{
	char text[GUID_TEXT_SIZE];

	line(out, "ID", "%s", guid_format(id, text));
}

/* A titled table, or "TITLE: none". */
static int
section(FILE *out, const char *title, struct table *table)
{
	int rc = 0;

	if (table == NULL)
		return -ENOMEM;
	if (table_is_empty(table)) {
		fprintf(out, "\n%s: none\n", title);
	} else {
		fprintf(out, "\n%s:\n", title);
		rc = table_print(table, out);
	}
	table_free(table);
	return rc;
}

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
		line(out, label, copy != NULL && copy[0] == '*' ? "everybody" : "nobody");
		return;
	}
	for (const char *name; (name = strtok_r(rest, ";", &rest)) != NULL; label = "")
		line(out, label, "%s", name);
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
	return section(out, "Targets", table);
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
			line(out, "Moving to", "%s, %u %%", pool != NULL ? pool->name : "?",
			     live != NULL ? live->percent : 0);
	}
}

static int
lun_page(const struct ctl_view *view, const void *row, FILE *out)
{
	const struct row_lun *lun = row;
	const struct row_pool *pool = state_find(view->config, ROW_POOL, &lun->pool_id);
	const struct row_live_lun *live = state_find(view->live, ROW_LIVE_LUN, &lun->id);

	line(out, "Name", "%s", lun->name);
	line_size(out, "Size", lun->size_bytes);
	if (live != NULL)
		line_size(out, "Space used", live->allocated_bytes);
	line(out, "Blocks", "%u bytes", lun->block_bytes);
	line(out, "Kind", "%s%s", lun->thin ? "thin" : "thick",
	     lun->removable ? ", removable" : "");
	line(out, "Access", "%s", lun->access == LUN_READ_ONLY ? "read-only" : "read and write");
	line(out, "Pool", "%s", pool != NULL ? pool->name : "");
	lun_move_line(view, out, &lun->id);
	line(out, "Status", "%s", ctl_status_name(lun->status));
	line(out, "Health", "%s%s%s", ctl_health_name(view, &lun->id),
	     live != NULL && live->reason != NULL && live->reason[0] != '\0' ? ": " : "",
	     live != NULL && live->reason != NULL ? live->reason : "");
	line_qos(out, lun->qos);
	mask_lines(view, out, lun->mask);
	line(out, "Serial", "%s", lun->serial);
	line(out, "NAA", "%s", lun->naa);
	line_time(out, "Created", lun->created_ms);
	line_id(out, &lun->id);
	return lun_targets(view, &lun->id, out);
}

/* ---- target ---- */

static int
target_luns(const struct ctl_view *view, const struct guid *target, FILE *out)
{
	static const char columns[] = ">LUN|NAME|>SIZE|STATUS|HEALTH";
	struct table *table = table_new(columns);
	struct row_slice slice = state_target_luns(view->config, target);

	for (size_t i = 0; table != NULL && i < slice.count; i++) {
		const struct row_association *pair = slice.rows[i];
		const struct row_lun *lun = state_find(view->config, ROW_LUN, &pair->lun_id);

		if (lun == NULL)
			continue;
		table_addf(table, "%u", pair->lun_number);
		table_add(table, ctl_lun_name(view, &lun->id));
		ctl_cell_size(table, lun->size_bytes);
		table_add(table, ctl_status_name(lun->status));
		table_add(table, ctl_health_name(view, &lun->id));
	}
	return section(out, "LUNs", table);
}

static void
portal_cells(struct table *table, const struct ctl_view *view, const struct guid *id)
{
	const struct row_portal *portal = state_find(view->config, ROW_PORTAL, id);
	const struct row_live_portal *live = state_find(view->live, ROW_LIVE_PORTAL, id);

	if (portal == NULL)
		return;
	ctl_cell_address(table, portal);
	table_add(table, ctl_status_name(portal->status));
	table_add(table, ctl_listens_text(live));
}

static int
target_portals(const struct ctl_view *view, const struct guid *target, FILE *out)
{
	static const char columns[] = ">TAG|ADDRESS|STATUS|LISTENS";
	struct table *table = table_new(columns);
	struct row_slice groups = state_target_groups(view->config, target);

	for (size_t i = 0; table != NULL && i < groups.count; i++) {
		const struct row_portal_group *group = groups.rows[i];
		struct row_slice members = state_group_portals(view->config, &group->id);

		for (size_t j = 0; j < members.count; j++) {
			const struct row_group_portal *member = members.rows[j];

			table_addf(table, "%u", group->tag);
			portal_cells(table, view, &member->portal_id);
		}
	}
	return section(out, "Portals", table);
}

static int
target_sessions(const struct ctl_view *view, const struct guid *target, FILE *out)
{
	static const char columns[] = "INITIATOR|HOST|FROM|PORTAL|SINCE";
	struct table *table = table_new(columns);

	for (size_t i = 0; table != NULL && i < state_count(view->live, ROW_LIVE_SESSION); i++) {
		const struct row_live_session *session = state_at(view->live, ROW_LIVE_SESSION, i);
		const struct row_host *host;

		if (!guid_equal(&session->target_id, target))
			continue;
		host = state_host_of_initiator(view->config, session->initiator);
		table_add(table, session->initiator);
		table_add(table, host != NULL ? host->name : "");
		table_add(table, session->initiator_address);
		table_add(table, session->portal_address);
		ctl_cell_time(table, session->created_ms);
	}
	return section(out, "Sessions", table);
}

static int
target_page(const struct ctl_view *view, const void *row, FILE *out)
{
	static const char *const reaches[] = {
		[CTL_REACH_NONE] = "no: none of its portals listens; `vdsctl portal create ADDRESS "
				   "--all-targets` makes one",
		[CTL_REACH_LOCAL] =
			"from this machine only; `vdsctl portal create ADDRESS --all-targets` "
			"opens it to a network",
		[CTL_REACH_NETWORK] = "yes",
	};
	const struct row_target *target = row;
	int rc;

	line(out, "Alias", "%s", target->alias != NULL ? target->alias : "");
	line(out, "iSCSI name", "%s", target->iscsi_name);
	line(out, "Logins from", "%s",
	     target->sources != NULL && target->sources[0] != '\0' ? target->sources
								   : "everywhere");
	line(out, "Reachable", "%s", reaches[ctl_target_reach(view, &target->id)]);
	line_id(out, &target->id);
	rc = target_luns(view, &target->id, out);
	if (rc == 0)
		rc = target_portals(view, &target->id, out);
	return rc == 0 ? target_sessions(view, &target->id, out) : rc;
}

/* ---- portal, portal group ---- */

static int
portal_page(const struct ctl_view *view, const void *row, FILE *out)
{
	static const char columns[] = "TARGET|>TAG";
	const struct row_portal *portal = row;
	struct table *table = table_new(columns);
	struct row_slice groups = state_portal_groups(view->config, &portal->id);
	char address[80];

	line(out, "Address", "%s", ctl_address_text(portal, address, sizeof(address)));
	line(out, "Status", "%s", ctl_status_name(portal->status));
	line(out, "Listens", "%s",
	     ctl_listens_text(state_find(view->live, ROW_LIVE_PORTAL, &portal->id)));
	line_id(out, &portal->id);
	for (size_t i = 0; table != NULL && i < groups.count; i++) {
		const struct row_group_portal *member = groups.rows[i];
		const struct row_portal_group *group = state_find(view->config, ROW_PORTAL_GROUP,
								  &member->group_id);

		if (group == NULL)
			continue;
		table_add(table, ctl_target_name(view, &group->target_id));
		table_addf(table, "%u", group->tag);
	}
	return section(out, "Targets that are reachable here", table);
}

static int
group_page(const struct ctl_view *view, const void *row, FILE *out)
{
	static const char columns[] = "ADDRESS|STATUS|LISTENS";
	static const char *const set_by[] = {
		[ACCESS_SET_BY_NOBODY] = "",
		[ACCESS_SET_BY_INITIATOR] = "; set by an initiator",
		[ACCESS_SET_BY_ADMINISTRATOR] = "; set by an administrator",
	};
	const struct row_portal_group *group = row;
	struct table *table = table_new(columns);
	struct row_slice members = state_group_portals(view->config, &group->id);

	line(out, "Target", "%s", ctl_target_name(view, &group->target_id));
	line(out, "Tag", "%u", group->tag);
	line(out, "Relative port", "%u", group->relative_port);
	line(out, "Access state", "%s%s%s", port_access_name(group->access_state),
	     group->preferred ? ", preferred" : "", set_by[group->access_set_by]);
	line(out, "Set by initiators", "%s",
	     group->explicit_allowed ? "allowed (implicit and explicit ALUA)"
				     : "not allowed (implicit ALUA)");
	line_id(out, &group->id);
	for (size_t i = 0; table != NULL && i < members.count; i++) {
		const struct row_group_portal *member = members.rows[i];

		portal_cells(table, view, &member->portal_id);
	}
	return section(out, "Portals", table);
}

/* ---- pool, job ---- */

/* What a thin pool has given away, and whether that can go wrong. */
static void
pool_space(const struct ctl_view *view, const struct row_pool *pool, FILE *out)
{
	const struct row_live_pool *live = state_find(view->live, ROW_LIVE_POOL, &pool->id);
	uint64_t promised;

	ctl_pool_luns(view, &pool->id, &promised);
	if (live != NULL) {
		line_size(out, "Capacity", live->capacity_bytes);
		line_size(out, "Free", live->free_bytes);
		line_size(out, "Used by LUNs", live->allocated_bytes);
		if (live->trash_bytes > 0 || (pool->trash != NULL && pool->trash[0] != '\0'))
			line_size(out, "Used by trash", live->trash_bytes);
	}
	line(out, "Space", "%s", ctl_space_text(live));
	if (pool->trash != NULL && pool->trash[0] != '\0')
		line(out, "Trash", "keeps deleted LUNs for %s%s", pool->trash,
		     pool->trash_yields ? ", or until the pool is full" : "");
	if (live != NULL && live->low_bytes > 0) {
		line_size(out, "Low below", live->low_bytes);
		line_size(out, "Full below", live->full_bytes);
	}
	line_size(out, "Promised", promised);
	/* On a device all that is promised is taken from the beginning, and measured later. */
	if (live != NULL && promised > live->allocated_bytes + live->free_bytes &&
	    !str_starts(pool->path, "bdev:") && !str_starts(pool->path, "raw:"))
		line(out, "",
		     "more than there is: thin LUNs can fill the pool before they are full");
	if (pool->overcommit != NULL && pool->overcommit[0] != '\0')
		line(out, "Overcommit", "at most %s of the capacity", pool->overcommit);
	line_qos(out, pool->qos);
}

static int
pool_page(const struct ctl_view *view, const void *row, FILE *out)
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
	line(out, "Name", "%s", pool->name);
	line(out,
	     *pool->path == '/'               ? "Directory"
	     : str_starts(pool->path, "ram:") ? "Memory"
					      : "Device",
	     "%s", pool->path);
	line_known(out, "Drives", ctl_pool_drives_text(view, &pool->id, drives, sizeof(drives)));
	line(out, "Ready", "%s", live == NULL ? "unknown" : live->ready ? "yes" : live->reason);
	pool_space(view, pool, out);
	line_id(out, &pool->id);
	return section(out, "LUNs", table);
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
	return section(out, "Pools", table);
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

static int
drive_page(const struct ctl_view *view, const void *row, FILE *out)
{
	const struct row_live_drive *drive = row;

	line(out, "Name", "%s", drive->name);
	line_size(out, "Size", drive->size_bytes);
	line(out, "Medium", "%s", medium_text(drive));
	line_known(out, "Bus", ctl_drive_bus_name(drive->bus));
	line_known(out, "Vendor", drive->vendor);
	line_known(out, "Model", drive->model);
	line_known(out, "Serial", drive->serial);
	line_known(out, "Firmware", drive->firmware);
	line_known(out, "WWID", drive->wwid);
	if (drive->block_bytes > 0)
		line(out, "Blocks", "%u bytes", drive->block_bytes);
	if (drive->kind == DRIVE_DISK)
		line(out, "Removable", "%s", drive->removable ? "yes" : "no");
	line(out, "Slot", "%u", drive->slot);
	line(out, "Ready", "%s", drive->ready ? "yes" : drive->reason);
	line_id(out, &drive->id);
	return drive_pools(view, &drive->id, out);
}

/* ---- controller, port ---- */

static int
controller_page(const struct ctl_view *view, const void *row, FILE *out)
{
	static const char columns[] = "PORT|LINK|ADDRESSES";
	const struct row_controller *controller = row;
	struct table *table = table_new(columns);

	line(out, "Host", "%s", controller->name);
	line(out, "Status", "%s", ctl_status_name(controller->status));
	line(out, "Sessions", "%zu", state_count(view->live, ROW_LIVE_SESSION));
	line_id(out, &controller->id);
	for (size_t i = 0; table != NULL && i < state_count(view->live, ROW_LIVE_PORT); i++) {
		const struct row_live_port *port = state_at(view->live, ROW_LIVE_PORT, i);

		table_add(table, port->name);
		table_add(table, ctl_link_name(port->link));
		table_add(table, port->addresses);
	}
	return section(out, "Ports", table);
}

static int
port_page(const struct ctl_view *view, const void *row, FILE *out)
{
	static const char columns[] = "PORTAL|STATUS|LISTENS";
	const struct row_live_port *port = row;
	struct table *table = table_new(columns);

	line(out, "Interface", "%s", port->name);
	line(out, "Status", "%s", ctl_status_name(port_status(view->config, port)));
	line(out, "Link", "%s", ctl_link_name(port->link));
	if (port->speed_mbps > 0)
		line(out, "Speed", "%u Mbit/s", port->speed_mbps);
	if (port->mtu_bytes > 0)
		line(out, "MTU", "%u bytes", port->mtu_bytes);
	line_known(out, "Hardware", port->hardware_address);
	line(out, "Addresses", "%s", port->addresses);
	line_id(out, &port->id);
	for (size_t i = 0; table != NULL && i < state_count(view->config, ROW_PORTAL); i++) {
		const struct row_portal *portal = state_at(view->config, ROW_PORTAL, i);

		if (port_has_portal(port, portal))
			portal_cells(table, view, &portal->id);
	}
	return section(out, "Portals", table);
}

/* ---- host, host group ---- */

static int
host_sessions(const struct ctl_view *view, const struct guid *host, FILE *out)
{
	static const char columns[] = "TARGET|INITIATOR|FROM|SINCE";
	struct table *table = table_new(columns);

	for (size_t i = 0; table != NULL && i < state_count(view->live, ROW_LIVE_SESSION); i++) {
		const struct row_live_session *session = state_at(view->live, ROW_LIVE_SESSION, i);
		const struct row_host *owner = state_host_of_initiator(view->config,
								       session->initiator);

		if (owner == NULL || !guid_equal(&owner->id, host))
			continue;
		table_add(table, ctl_target_name(view, &session->target_id));
		table_add(table, session->initiator);
		table_add(table, session->initiator_address);
		ctl_cell_time(table, session->created_ms);
	}
	return section(out, "Sessions", table);
}

static int
host_page(const struct ctl_view *view, const void *row, FILE *out)
{
	const struct row_host *host = row;
	struct row_slice names = state_host_initiators(view->config, &host->id);
	struct row_slice members = state_host_groups(view->config, &host->id);

	line(out, "Name", "%s", host->name);
	line_qos(out, host->qos);
	line(out, "Logins from", "%s",
	     host->sources != NULL && host->sources[0] != '\0' ? host->sources : "everywhere");
	for (size_t i = 0; i < names.count; i++)
		line(out, i == 0 ? "Initiators" : "", "%s",
		     ((const struct row_initiator *)names.rows[i])->iscsi_name);
	for (size_t i = 0; i < members.count; i++) {
		const struct row_host_member *member = members.rows[i];
		const struct row_host_group *group = state_find(view->config, ROW_HOST_GROUP,
								&member->group_id);

		line(out, i == 0 ? "Host groups" : "", "%s", group != NULL ? group->name : "");
	}
	line_id(out, &host->id);
	return host_sessions(view, &host->id, out);
}

static int
host_group_page(const struct ctl_view *view, const void *row, FILE *out)
{
	static const char columns[] = "HOST|>INITIATORS|>SESSIONS";
	const struct row_host_group *group = row;
	struct row_slice members = state_group_hosts(view->config, &group->id);
	struct table *table = table_new(columns);

	line(out, "Name", "%s", group->name);
	line_id(out, &group->id);
	for (size_t i = 0; table != NULL && i < members.count; i++) {
		const struct row_host_member *member = members.rows[i];
		const struct row_host *host = state_find(view->config, ROW_HOST, &member->host_id);

		table_add(table, host != NULL ? host->name : NULL);
		table_addf(table, "%zu",
			   state_host_initiators(view->config, &member->host_id).count);
		table_addf(table, "%zu", ctl_host_sessions(view, &member->host_id));
	}
	return section(out, "Hosts", table);
}

static int
job_page(const struct ctl_view *view, const void *row, FILE *out)
{
	const struct row_job *job = row;
	const struct row_live_job *live = state_find(view->live, ROW_LIVE_JOB, &job->id);
	const struct row_pool *pool = state_find(view->config, ROW_POOL, &job->pool_id);
	const char *lun = ctl_lun_name(view, &job->lun_id);
	char id[GUID_TEXT_SIZE];

	line(out, "Kind", "%s", ctl_job_kind_name(job->kind));
	if (lun == NULL) /* the job outlives its LUN */
		lun = job->lun_name;
	line(out, "LUN", "%s", lun != NULL && lun[0] != '\0' ? lun : guid_format(&job->lun_id, id));
	if (job->kind == JOB_MOVE_LUN)
		line(out, "To pool", "%s",
		     pool != NULL ? pool->name : guid_format(&job->pool_id, id));
	line(out, "State", "%s", ctl_job_state_name(job->state));
	if (live != NULL)
		line(out, "Done", "%u %%", live->percent);
	if (job->message != NULL && job->message[0] != '\0')
		line(out, "Error", "%s", job->message);
	line_time(out, "Started", job->created_ms);
	if (job->ended_ms != 0)
		line_time(out, "Ended", job->ended_ms);
	line_id(out, &job->id);
	return 0;
}

static int
snapshot_page(const struct ctl_view *view, const void *row, FILE *out)
{
	const struct row_snapshot *snapshot = row;
	const struct row_pool *pool = state_find(view->config, ROW_POOL, &snapshot->pool_id);
	const struct row_live_snapshot *live = state_find(view->live, ROW_LIVE_SNAPSHOT,
							  &snapshot->id);
	bool there = state_find(view->config, ROW_LUN, &snapshot->lun_id) != NULL;
	char size[32], id[GUID_TEXT_SIZE];

	line(out, "Name", "%s", snapshot->name);
	line(out, "LUN", "%s%s", snapshot_lun_name(view->config, snapshot),
	     there ? "" : " (deleted)");
	line_time(out, "Taken", snapshot->created_ms);
	line(out, "Size", "%s (%" PRIu64 " bytes)",
	     str_format_size(snapshot->size_bytes, size, sizeof(size)), snapshot->size_bytes);
	if (live != NULL) {
		line_size(out, "Used", live->used_bytes);
		line_size(out, "Of its own", live->own_bytes);
	}
	line(out, "Blocks", "%u bytes", snapshot->block_bytes);
	line(out, "Pool", "%s", pool != NULL ? pool->name : "");
	if (!guid_is_zero(&snapshot->group_id))
		line(out, "Group", "%s", guid_format(&snapshot->group_id, id));
	line_id(out, &snapshot->id);
	return 0;
}

static int
schedule_page(const struct ctl_view *view, const void *row, FILE *out)
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
	line(out, "Name", "%s", schedule->name);
	line(out, "Every", "%s, at %s UTC", schedule->every, schedule->at);
	line(out, "Keep", "%s", schedule->keep);
	for (; schedule_lun_next(&rest, &id); label = "") {
		const char *name = ctl_lun_name(view, &id);

		line(out, label, "%s%s", name != NULL ? name : guid_format(&id, text),
		     state_find(view->config, ROW_LUN, &id) != NULL ? "" : " (deleted)");
	}
	line(out, "Enabled", "%s", schedule->enabled ? "yes" : "no");
	if (live != NULL && live->next_ms != 0)
		line_time(out, "Next", live->next_ms);
	if (live != NULL && live->last_ms != 0)
		line_time(out, "Last", live->last_ms);
	if (live != NULL && live->failed)
		line(out, "Failed", "%s", live->reason);
	line(out, "Snapshots", "%zu", kept);
	line_id(out, &schedule->id);
	return 0;
}

/* ---- the command ---- */

static const struct page {
	enum row_family family;
	int (*print)(const struct ctl_view *view, const void *row, FILE *out);
} pages[] = {
	{ ROW_LUN, lun_page },
	{ ROW_TARGET, target_page },
	{ ROW_PORTAL, portal_page },
	{ ROW_PORTAL_GROUP, group_page },
	{ ROW_POOL, pool_page },
	{ ROW_JOB, job_page },
	{ ROW_LIVE_DRIVE, drive_page },
	{ ROW_CONTROLLER, controller_page },
	{ ROW_LIVE_PORT, port_page },
	{ ROW_HOST, host_page },
	{ ROW_HOST_GROUP, host_group_page },
	{ ROW_SNAPSHOT, snapshot_page },
	{ ROW_SNAPSHOT_SCHEDULE, schedule_page },
};

static int
page_show(struct ctl *ctl, const struct page *page, const struct guid *object)
{
	AUTO_CTL_VIEW struct ctl_view view = { NULL, NULL };
	const void *row;
	int rc = ctl_view_load(ctl, &view);

	if (rc < 0)
		return rc;
	row = state_find(page->family < ROW_CONFIG_COUNT ? view.config : view.live, page->family,
			 object);
	if (row == NULL)
		return err_set(ERR_NOT_FOUND, "there is no %s `%s`", ctl_noun(page->family),
			       ctl->arg_count > 0 ? ctl->args[0] : "");
	return page->print(&view, row, ctl->out);
}

static int
json_show(struct ctl *ctl, const struct guid *object)
{
	json_t *json = NULL;
	int rc = ctl_ask(ctl, ctl_verbs(ctl->command->family)->get, object, NULL, &json);

	if (rc == 0)
		rc = ctl_json_print(json, ctl->out);
	json_decref(json);
	return rc;
}

int
ctl_show_object(struct ctl *ctl, const struct guid *object)
{
	for (size_t i = 0; !ctl->json && i < ARRAY_LEN(pages); i++)
		if (pages[i].family == ctl->command->family)
			return page_show(ctl, &pages[i], object);
	return json_show(ctl, object);
}

int
ctl_run_show(struct ctl *ctl)
{
	struct guid object;
	int rc = ctl_resolve(ctl, ctl->command->family, ctl->args[0], &object);

	return rc < 0 ? rc : ctl_show_object(ctl, &object);
}
