/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The fields of every family: their names and their order in JSON, in SQL and in the text that is
 * hashed.  Constant tables, for any thread.
 *
 * A new field, family or enumerator needs a new minor version of the wire format (wire/wire.h),
 * unless the present one is not released yet: docs/design/api.md, "The format and its versions".  A
 * new field goes to the end of its table and names that minor version (ADDED).  A field that exists
 * is never renamed, retyped, moved or removed within a major version.
 */
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "model/fields.h"

static const char *const status_names[] = { "online", "offline", NULL };
static const char *const job_kind_names[] = { "create-lun", "extend-lun", "delete-lun",
					      "move-lun",   "other",      NULL };
static const char *const job_state_names[] = { "running", "done", "failed", "cancelled", NULL };
static const char *const identity_names[] = { "naa-t10", "naa", NULL };
static const char *const lun_access_names[] = { "read-write", "read-only", NULL };
static const char *const lun_cache_names[] = { "auto", "page", "direct", NULL };
static const char *const space_names[] = { "ok", "low", "full", NULL };
static const char *const health_names[] = { "unknown", "ok", "failed", "failing", NULL };
static const char *const lun_job_kind_names[] = { "format", "overwrite", "erase", "other", NULL };
static const char *const drive_kind_names[] = { "other", "disk", "memory", "network", NULL };
static const char *const drive_bus_names[] = { "unknown", "scsi", "ata",     "sata",
					       "sas",     "nvme", "usb",     "fibre",
					       "iscsi",   "mmc",  "virtual", NULL };
static const char *const operation_names[] = { "none",      "create", "extend", "delete",
					       "associate", "status", "shrink", "snapshot",
					       "rollback",  "move",   NULL };

static const char *const side_names[] = { "initiator", "target", NULL };
static const char *const access_names[] = { "active-optimized", "active-non-optimized",
					    "standby",          "unavailable",
					    "offline",          NULL };
static const char *const access_set_by_names[] = { "nobody", "initiator", "administrator", NULL };
static const char *const link_names[] = { "unknown", "up", "down", NULL };

/* clang-format off */
#define FIELD(type, member, kind) #member, kind, offsetof(struct type, member), sizeof(((struct type *)0)->member)
#define GUID(type, member) { FIELD(type, member, FIELD_GUID), NULL, 0, 0 }
#define TEXT(type, member) { FIELD(type, member, FIELD_STRING), NULL, 0, 0 }
#define U32(type, member)  { FIELD(type, member, FIELD_U32), NULL, 0, 0 }
#define U64(type, member)  { FIELD(type, member, FIELD_U64), NULL, 0, 0 }
#define I64(type, member)  { FIELD(type, member, FIELD_I64), NULL, 0, 0 }
#define BOOL(type, member) { FIELD(type, member, FIELD_BOOL), NULL, 0, 0 }
#define ENUM(type, member, names, unknown) { FIELD(type, member, FIELD_ENUM), names, unknown, 0 }
/* A field that minor version `since` of the format has added. */
#define ADDED(since, type, member, kind) { FIELD(type, member, kind), NULL, 0, since }
#define ADDED_ENUM(since, type, member, names, unknown) { FIELD(type, member, FIELD_ENUM), names, unknown, since }
/* clang-format on */

/* clang-format off */
static const struct row_field array_fields[] = {
	GUID(row_array, id),
	TEXT(row_array, name),
	TEXT(row_array, iqn_prefix),
	TEXT(row_array, serial),
	TEXT(row_array, version),
};
/* clang-format on */

/* clang-format off */
static const struct row_field pool_fields[] = {
	GUID(row_pool, id),
	TEXT(row_pool, name),
	TEXT(row_pool, path),
	ADDED(3, row_pool, low, FIELD_STRING),
	ADDED(3, row_pool, full, FIELD_STRING),
	ADDED(3, row_pool, overcommit, FIELD_STRING),
	ADDED(3, row_pool, trash, FIELD_STRING),
	ADDED(3, row_pool, trash_yields, FIELD_BOOL),
	ADDED(3, row_pool, qos, FIELD_STRING),
};
/* clang-format on */

const char *
lun_cache_name(enum lun_cache cache)
{
	return lun_cache_names[cache];
}

int
lun_cache_parse(const char *text, enum lun_cache *ret_cache)
{
	for (unsigned i = 0; lun_cache_names[i] != NULL; i++)
		if (strcmp(text, lun_cache_names[i]) == 0) {
			*ret_cache = (enum lun_cache)i;
			return 0;
		}
	return err_set(ERR_INVALID, "the cache of a LUN is auto, page or direct, not \"%s\"", text);
}

/* clang-format off */
static const struct row_field lun_fields[] = {
	GUID(row_lun, id),
	TEXT(row_lun, name),
	U32(row_lun, number),
	GUID(row_lun, pool_id),
	U64(row_lun, size_bytes),
	U32(row_lun, block_bytes),
	BOOL(row_lun, thin),
	TEXT(row_lun, mask),
	TEXT(row_lun, serial),
	TEXT(row_lun, naa),
	ENUM(row_lun, status, status_names, STATUS_OFFLINE),
	I64(row_lun, created_ms),
	ADDED_ENUM(1, row_lun, identity, identity_names, LUN_IDENTITY_NAA),
	ADDED(2, row_lun, hints, FIELD_STRING),
	ADDED_ENUM(3, row_lun, access, lun_access_names, LUN_READ_ONLY),
	ADDED(3, row_lun, removable, FIELD_BOOL),
	ADDED(3, row_lun, qos, FIELD_STRING),
	ADDED_ENUM(3, row_lun, cache, lun_cache_names, LUN_CACHE_AUTO),
};
/* clang-format on */

/* clang-format off */
static const struct row_field trashed_lun_fields[] = {
	GUID(row_trashed_lun, id),
	TEXT(row_trashed_lun, name),
	U32(row_trashed_lun, number),
	GUID(row_trashed_lun, pool_id),
	U64(row_trashed_lun, size_bytes),
	U32(row_trashed_lun, block_bytes),
	BOOL(row_trashed_lun, thin),
	TEXT(row_trashed_lun, mask),
	TEXT(row_trashed_lun, serial),
	TEXT(row_trashed_lun, naa),
	ENUM(row_trashed_lun, status, status_names, STATUS_OFFLINE),
	I64(row_trashed_lun, created_ms),
	ENUM(row_trashed_lun, identity, identity_names, LUN_IDENTITY_NAA),
	TEXT(row_trashed_lun, hints),
	ENUM(row_trashed_lun, access, lun_access_names, LUN_READ_ONLY),
	BOOL(row_trashed_lun, removable),
	TEXT(row_trashed_lun, targets),
	U64(row_trashed_lun, allocated_bytes),
	I64(row_trashed_lun, deleted_ms),
	I64(row_trashed_lun, expires_ms),
	TEXT(row_trashed_lun, qos),
	ENUM(row_trashed_lun, cache, lun_cache_names, LUN_CACHE_AUTO),
};
/* clang-format on */

/* clang-format off */
static const struct row_field target_fields[] = {
	GUID(row_target, id),
	TEXT(row_target, iscsi_name),
	TEXT(row_target, alias),
	ADDED(3, row_target, sources, FIELD_STRING),
	ADDED(3, row_target, redirect, FIELD_STRING),
};
/* clang-format on */

/* clang-format off */
static const struct row_field portal_fields[] = {
	GUID(row_portal, id),
	TEXT(row_portal, address),
	U32(row_portal, port),
	ENUM(row_portal, status, status_names, STATUS_OFFLINE),
	ADDED(3, row_portal, controller_id, FIELD_GUID),
};
/* clang-format on */

/* clang-format off */
static const struct row_field portal_group_fields[] = {
	GUID(row_portal_group, id),
	GUID(row_portal_group, target_id),
	U32(row_portal_group, tag),
	U32(row_portal_group, relative_port),
	ADDED_ENUM(3, row_portal_group, access_state, access_names, ACCESS_UNAVAILABLE),
	ADDED_ENUM(3, row_portal_group, access_set_by, access_set_by_names, ACCESS_SET_BY_NOBODY),
	ADDED(3, row_portal_group, preferred, FIELD_BOOL),
	ADDED(3, row_portal_group, explicit_allowed, FIELD_BOOL),
};
/* clang-format on */

static const struct row_field group_portal_fields[] = {
	GUID(row_group_portal, group_id),
	GUID(row_group_portal, portal_id),
};

/* clang-format off */
static const struct row_field association_fields[] = {
	GUID(row_association, lun_id),
	GUID(row_association, target_id),
	U32(row_association, lun_number),
};
/* clang-format on */

/* clang-format off */
static const struct row_field job_fields[] = {
	GUID(row_job, id),
	ENUM(row_job, kind, job_kind_names, JOB_OTHER),
	GUID(row_job, lun_id),
	ENUM(row_job, state, job_state_names, JOB_RUNNING),
	TEXT(row_job, error),
	TEXT(row_job, message),
	I64(row_job, created_ms),
	I64(row_job, ended_ms),
	ADDED(1, row_job, lun_name, FIELD_STRING),
	ADDED(3, row_job, pool_id, FIELD_GUID),
	ADDED(3, row_job, to_bytes, FIELD_U64),
	ADDED(3, row_job, paused, FIELD_BOOL),
};
/* clang-format on */

/* clang-format off */
static const struct row_field controller_fields[] = {
	GUID(row_controller, id),
	TEXT(row_controller, name),
	ENUM(row_controller, status, status_names, STATUS_OFFLINE),
	ADDED(3, row_controller, address, FIELD_STRING),
	ADDED(3, row_controller, instance, FIELD_STRING),
	ADDED(3, row_controller, drains, FIELD_BOOL),
};
/* clang-format on */

/* clang-format off */
static const struct row_field lun_owner_fields[] = {
	GUID(row_lun_owner, id),
	GUID(row_lun_owner, controller_id),
	U64(row_lun_owner, epoch),
};
/* clang-format on */

static const struct row_field host_fields[] = {
	GUID(row_host, id),
	TEXT(row_host, name),
	ADDED(3, row_host, sources, FIELD_STRING),
	ADDED(3, row_host, qos, FIELD_STRING),
};

/* clang-format off */
static const struct row_field initiator_fields[] = {
	GUID(row_initiator, id),
	GUID(row_initiator, host_id),
	TEXT(row_initiator, iscsi_name),
};
/* clang-format on */

static const struct row_field host_group_fields[] = {
	GUID(row_host_group, id),
	TEXT(row_host_group, name),
};

static const struct row_field host_member_fields[] = {
	GUID(row_host_member, group_id),
	GUID(row_host_member, host_id),
};

/* clang-format off */
static const struct row_field credential_fields[] = {
	GUID(row_credential, id),
	GUID(row_credential, owner_id),
	ENUM(row_credential, side, side_names, CREDENTIAL_TARGET),
	TEXT(row_credential, user),
	TEXT(row_credential, initiator),
	I64(row_credential, set_ms),
	I64(row_credential, old_until_ms),
};
/* clang-format on */

/* clang-format off */
static const struct row_field snapshot_fields[] = {
	GUID(row_snapshot, id),
	GUID(row_snapshot, lun_id),
	GUID(row_snapshot, pool_id),
	GUID(row_snapshot, group_id),
	TEXT(row_snapshot, name),
	TEXT(row_snapshot, lun_name),
	U64(row_snapshot, size_bytes),
	U32(row_snapshot, block_bytes),
	I64(row_snapshot, created_ms),
	GUID(row_snapshot, schedule_id),
};
/* clang-format on */

/* clang-format off */
static const struct row_field snapshot_schedule_fields[] = {
	GUID(row_snapshot_schedule, id),
	TEXT(row_snapshot_schedule, name),
	TEXT(row_snapshot_schedule, lun_ids),
	TEXT(row_snapshot_schedule, every),
	TEXT(row_snapshot_schedule, at),
	TEXT(row_snapshot_schedule, keep),
	BOOL(row_snapshot_schedule, enabled),
	I64(row_snapshot_schedule, set_ms),
};
/* clang-format on */

static const struct row_field other_fields[] = {
	GUID(row_other, id),
};

/* clang-format off */
static const struct row_field live_lun_fields[] = {
	GUID(row_live_lun, id),
	ENUM(row_live_lun, health, health_names, HEALTH_UNKNOWN),
	ENUM(row_live_lun, operation, operation_names, OPERATION_STATUS),
	TEXT(row_live_lun, reason),
	ADDED(1, row_live_lun, allocated_bytes, FIELD_U64),
	ADDED(2, row_live_lun, write_through, FIELD_BOOL),
	ADDED(3, row_live_lun, faults, FIELD_U64),
	ADDED(3, row_live_lun, cache_used, FIELD_STRING),
	ADDED(3, row_live_lun, cache_reason, FIELD_STRING),
};
/* clang-format on */

static const struct row_field live_lun_job_fields[] = {
	GUID(row_live_lun_job, id),
	ENUM(row_live_lun_job, kind, lun_job_kind_names, LUN_JOB_OTHER),
	BOOL(row_live_lun_job, failed),
	U32(row_live_lun_job, percent),
};

static const struct row_field live_snapshot_fields[] = {
	GUID(row_live_snapshot, id),
	U64(row_live_snapshot, used_bytes),
	U64(row_live_snapshot, own_bytes),
};

/* clang-format off */
static const struct row_field live_snapshot_schedule_fields[] = {
	GUID(row_live_snapshot_schedule, id),
	I64(row_live_snapshot_schedule, next_ms),
	I64(row_live_snapshot_schedule, last_ms),
	BOOL(row_live_snapshot_schedule, failed),
	TEXT(row_live_snapshot_schedule, reason),
	U64(row_live_snapshot_schedule, runs),
	U64(row_live_snapshot_schedule, failures),
};
/* clang-format on */

/* clang-format off */
static const struct row_field live_portal_fields[] = {
	GUID(row_live_portal, id),
	BOOL(row_live_portal, ready),
	TEXT(row_live_portal, reason),
	ADDED(2, row_live_portal, failed, FIELD_BOOL),
};
/* clang-format on */

/* clang-format off */
static const struct row_field live_pool_fields[] = {
	GUID(row_live_pool, id),
	U64(row_live_pool, capacity_bytes),
	U64(row_live_pool, free_bytes),
	BOOL(row_live_pool, ready),
	TEXT(row_live_pool, reason),
	ADDED(1, row_live_pool, allocated_bytes, FIELD_U64),
	ADDED_ENUM(1, row_live_pool, space, space_names, POOL_SPACE_OK),
	ADDED(3, row_live_pool, low_bytes, FIELD_U64),
	ADDED(3, row_live_pool, full_bytes, FIELD_U64),
	ADDED(3, row_live_pool, crossings, FIELD_U64),
	ADDED(3, row_live_pool, trash_bytes, FIELD_U64),
	ADDED(3, row_live_pool, snapshot_bytes, FIELD_U64),
};
/* clang-format on */

static const struct row_field live_array_fields[] = {
	GUID(row_live_array, id),
	BOOL(row_live_array, read_only),
	TEXT(row_live_array, reason),
};

static const struct row_field live_job_fields[] = {
	GUID(row_live_job, id),
	U32(row_live_job, percent),
};

/* clang-format off */
static const struct row_field live_session_fields[] = {
	GUID(row_live_session, id),
	GUID(row_live_session, target_id),
	TEXT(row_live_session, initiator),
	TEXT(row_live_session, initiator_alias),
	TEXT(row_live_session, initiator_address),
	TEXT(row_live_session, portal_address),
	U32(row_live_session, tag),
	TEXT(row_live_session, isid),
	U32(row_live_session, tsih),
	TEXT(row_live_session, parameters),
	I64(row_live_session, created_ms),
};
/* clang-format on */

/* clang-format off */
static const struct row_field live_drive_fields[] = {
	GUID(row_live_drive, id),
	TEXT(row_live_drive, name),
	ENUM(row_live_drive, kind, drive_kind_names, DRIVE_OTHER),
	ENUM(row_live_drive, bus, drive_bus_names, DRIVE_BUS_UNKNOWN),
	TEXT(row_live_drive, vendor),
	TEXT(row_live_drive, model),
	TEXT(row_live_drive, serial),
	TEXT(row_live_drive, firmware),
	TEXT(row_live_drive, wwid),
	U64(row_live_drive, size_bytes),
	U32(row_live_drive, block_bytes),
	BOOL(row_live_drive, rotational),
	BOOL(row_live_drive, removable),
	U32(row_live_drive, slot),
	BOOL(row_live_drive, ready),
	TEXT(row_live_drive, reason),
};
/* clang-format on */

/* clang-format off */
static const struct row_field live_pool_drive_fields[] = {
	GUID(row_live_pool_drive, pool_id),
	GUID(row_live_pool_drive, drive_id),
	TEXT(row_live_pool_drive, device),
	U64(row_live_pool_drive, device_bytes),
	U64(row_live_pool_drive, size_bytes),
};
/* clang-format on */

/* clang-format off */
static const struct row_field live_port_fields[] = {
	GUID(row_live_port, id),
	GUID(row_live_port, controller_id),
	TEXT(row_live_port, name),
	TEXT(row_live_port, hardware_address),
	TEXT(row_live_port, addresses),
	ENUM(row_live_port, link, link_names, PORT_LINK_UNKNOWN),
	U32(row_live_port, speed_mbps),
	U32(row_live_port, mtu_bytes),
};
/* clang-format on */

static const struct row_field live_maintenance_fields[] = {
	GUID(row_live_maintenance, id),
	TEXT(row_live_maintenance, kind),
	TEXT(row_live_maintenance, operations),
};

_Static_assert(offsetof(struct row, own) == 5 && sizeof(struct row) == 24, "struct row is small");

/* The key stands first, where struct row_head has it. */
#define KEYED(type, member)                                                           \
	_Static_assert(offsetof(struct type, member) == offsetof(struct row_head, a), \
		       #type " begins with its key")
#define KEYED2(type, member)                                                          \
	_Static_assert(offsetof(struct type, member) == offsetof(struct row_head, b), \
		       #type " is keyed by a pair")
KEYED(row_array, id);
KEYED(row_pool, id);
KEYED(row_lun, id);
KEYED(row_target, id);
KEYED(row_portal, id);
KEYED(row_portal_group, id);
KEYED(row_group_portal, group_id);
KEYED2(row_group_portal, portal_id);
KEYED(row_association, lun_id);
KEYED2(row_association, target_id);
KEYED(row_job, id);
KEYED(row_controller, id);
KEYED(row_host, id);
KEYED(row_initiator, id);
KEYED(row_host_group, id);
KEYED(row_host_member, group_id);
KEYED2(row_host_member, host_id);
KEYED(row_credential, id);
KEYED(row_trashed_lun, id);
KEYED(row_snapshot, id);
KEYED(row_snapshot_schedule, id);
KEYED(row_lun_owner, id);
KEYED(row_other, id);
KEYED(row_live_lun, id);
KEYED(row_live_portal, id);
KEYED(row_live_pool, id);
KEYED(row_live_job, id);
KEYED(row_live_session, id);
KEYED(row_live_drive, id);
KEYED(row_live_array, id);
KEYED(row_live_snapshot, id);
KEYED(row_live_snapshot_schedule, id);
KEYED(row_live_lun_job, id);
KEYED(row_live_pool_drive, pool_id);
KEYED2(row_live_pool_drive, drive_id);
KEYED(row_live_port, id);
KEYED(row_live_maintenance, id);

/* clang-format off */
#define FAMILY(noun, plural, keys) FAMILY_ADDED(0, noun, plural, keys)
/* A family that minor version `since` of the format has added. */
#define FAMILY_ADDED(since, noun, plural, keys) \
	{ #noun, plural, sizeof(struct row_##noun), keys, noun##_fields, ARRAY_LEN(noun##_fields), since }
/* clang-format on */

/* clang-format off */
static const struct row_type types[ROW_FAMILY_COUNT] = {
	[ROW_ARRAY]		= FAMILY(array,		"arrays",		1),
	[ROW_POOL]		= FAMILY(pool,		"pools",		1),
	[ROW_LUN]		= FAMILY(lun,		"luns",			1),
	[ROW_TARGET]		= FAMILY(target,	"targets",		1),
	[ROW_PORTAL]		= FAMILY(portal,	"portals",		1),
	[ROW_PORTAL_GROUP]	= FAMILY(portal_group,	"portal_groups",	1),
	[ROW_GROUP_PORTAL]	= FAMILY(group_portal,	"group_portals",	2),
	[ROW_ASSOCIATION]	= FAMILY(association,	"associations",		2),
	[ROW_JOB]		= FAMILY(job,		"jobs",			1),
	[ROW_CONTROLLER]	= FAMILY_ADDED(2, controller, "controllers",	1),
	[ROW_HOST]		= FAMILY_ADDED(3, host, "hosts",		1),
	[ROW_INITIATOR]		= FAMILY_ADDED(3, initiator, "initiators",	1),
	[ROW_HOST_GROUP]	= FAMILY_ADDED(3, host_group, "host_groups",	1),
	[ROW_HOST_MEMBER]	= FAMILY_ADDED(3, host_member, "host_members",	2),
	[ROW_CREDENTIAL]	= FAMILY_ADDED(3, credential, "credentials",	1),
	[ROW_TRASHED_LUN]	= FAMILY_ADDED(3, trashed_lun, "trashed_luns",	1),
	[ROW_SNAPSHOT]		= FAMILY_ADDED(3, snapshot, "snapshots",	1),
	[ROW_SNAPSHOT_SCHEDULE]	= FAMILY_ADDED(3, snapshot_schedule, "snapshot_schedules", 1),
	[ROW_LUN_OWNER]		= FAMILY_ADDED(3, lun_owner, "lun_owners",	1),
	[ROW_OTHER]		= { "", "", sizeof(struct row_other), 1, other_fields, ARRAY_LEN(other_fields), 0 },
	[ROW_LIVE_LUN]		= FAMILY(live_lun,	"live_luns",		1),
	[ROW_LIVE_PORTAL]	= FAMILY(live_portal,	"live_portals",		1),
	[ROW_LIVE_POOL]		= FAMILY(live_pool,	"live_pools",		1),
	[ROW_LIVE_JOB]		= FAMILY(live_job,	"live_jobs",		1),
	[ROW_LIVE_SESSION]	= FAMILY(live_session,	"live_sessions",	1),
	[ROW_LIVE_DRIVE]	= FAMILY_ADDED(2, live_drive,		"live_drives",		1),
	[ROW_LIVE_POOL_DRIVE]	= FAMILY_ADDED(2, live_pool_drive,	"live_pool_drives",	2),
	[ROW_LIVE_PORT]		= FAMILY_ADDED(2, live_port, "live_ports",	1),
	[ROW_LIVE_MAINTENANCE]	= FAMILY_ADDED(2, live_maintenance, "live_maintenances", 1),
	[ROW_LIVE_ARRAY]	= FAMILY_ADDED(2, live_array,		"live_arrays",		1),
	[ROW_LIVE_SNAPSHOT]	= FAMILY_ADDED(3, live_snapshot,	"live_snapshots",	1),
	[ROW_LIVE_SNAPSHOT_SCHEDULE] = FAMILY_ADDED(3, live_snapshot_schedule, "live_snapshot_schedules", 1),
	[ROW_LIVE_LUN_JOB]	= FAMILY_ADDED(3, live_lun_job,		"live_lun_jobs",	1),
};
/* clang-format on */

const struct row_type *
row_type(enum row_family family)
{
	return &types[family];
}

const char *
row_noun(enum row_family family)
{
	switch (family) {
	case ROW_LUN:
		return "LUN";
	case ROW_PORTAL_GROUP:
		return "portal group";
	case ROW_HOST_GROUP:
		return "host group";
	case ROW_CREDENTIAL:
		return "CHAP secret";
	case ROW_TRASHED_LUN:
		return "deleted LUN";
	case ROW_SNAPSHOT_SCHEDULE:
		return "snapshot schedule";
	case ROW_LUN_OWNER:
		return "owner of a LUN";
	case ROW_LIVE_SESSION:
		return "session";
	case ROW_LIVE_DRIVE:
		return "drive";
	case ROW_LIVE_PORT:
		return "port";
	case ROW_LIVE_MAINTENANCE:
		return "maintenance";
	default:
		return row_type(family)->name;
	}
}

int
row_family_find(const char *name)
{
	for (int i = 0; i < ROW_FAMILY_COUNT; i++)
		if (i != ROW_OTHER && strcmp(types[i].name, name) == 0)
			return i;
	return ERR_NOT_FOUND;
}

unsigned
row_names_count(const char *const *names)
{
	unsigned n = 0;

	while (names[n] != NULL)
		n++;
	return n;
}

const char *
port_access_name(enum port_access state)
{
	return access_names[state];
}

int
port_access_parse(const char *word, enum port_access *ret_state)
{
	for (unsigned i = 0; access_names[i] != NULL; i++)
		if (strcmp(access_names[i], word) == 0) {
			*ret_state = (enum port_access)i;
			return 0;
		}
	return err_set(ERR_INVALID,
		       "\"%.32s\" is no access state: active-optimized, active-non-optimized, "
		       "standby, unavailable or offline",
		       word);
}
