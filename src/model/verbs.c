/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of verbs, and the tables of their arguments.  Constant data; any thread. */
#include "model/verbs.h"

#include <string.h>

#include "base/cidr.h"
#include "base/mem.h"
#include "model/credential.h"
#include "model/hints.h"
#include "model/pool_options.h"
#include "model/qos.h"
#include "model/schedule.h"

#define AT(member)     offsetof(struct verb_args, member)
#define SIZE_MAX_BYTES (1ull << 53)

/* clang-format off */
#define SPEC(fields_, rule_) { .fields = fields_, .count = ARRAY_LEN(fields_), .rule = rule_ }
#define FIELD_AFTER { "after",	VERB_KEY,	false,	AT(after),	0,	0 }
#define FIELD_LIMIT { "limit",	VERB_U64,	false,	AT(limit),	1,	VERB_LIMIT_MAX }

/* name, type, required, place, least, most */
static const struct verb_field list_fields[] = { FIELD_AFTER, FIELD_LIMIT };
static const struct verb_field named_fields[] = {
	FIELD_AFTER, FIELD_LIMIT,
	{ "name",	VERB_TEXT,	false,	AT(name),	1,	ROW_ISCSI_NAME_MAX },
};
static const struct verb_field targeted_fields[] = {
	FIELD_AFTER, FIELD_LIMIT,
	{ "target_id",	VERB_GUID,	false,	AT(target_id),	0,	0 },
};
static const struct verb_field association_fields[] = {
	FIELD_AFTER, FIELD_LIMIT,
	{ "lun_id",	VERB_GUID,	false,	AT(lun_id),	0,	0 },
	{ "target_id",	VERB_GUID,	false,	AT(target_id),	0,	0 },
};
static const struct verb_field max_lun_size_fields[] = {
	{ "pool",	VERB_GUID,	false,	AT(pool_id),	0,	0 },
	{ "thick",	VERB_BOOL,	false,	AT(thick),	0,	0 },
	{ "fits",	VERB_BOOL,	false,	AT(fits),	0,	0 },
};
static const struct verb_field max_extend_fields[] = {
	{ "fits",	VERB_BOOL,	false,	AT(fits),	0,	0 },
};
static const struct verb_field group_delete_fields[] = {
	{ "with_portals", VERB_BOOL,	false,	AT(with_portals), 0,	0 },
};
static const struct verb_field restore_fields[] = {
	{ "name",	VERB_TEXT,	false,	AT(name),	1,	ROW_NAME_MAX },
	{ "unassociated", VERB_BOOL,	false,	AT(unassociated), 0,	0 },
};
static const struct verb_field lun_delete_fields[] = {
	{ "force",	VERB_BOOL,	false,	AT(force),	0,	0 },
	{ "now",	VERB_BOOL,	false,	AT(now),	0,	0 },
};
static const struct verb_field explain_fields[] = {
	{ "lun",	VERB_GUID,	true,	AT(lun_id),	0,	0 },
	{ "initiator",	VERB_TEXT,	true,	AT(initiator),	1,	ROW_ISCSI_NAME_MAX },
	{ "from",	VERB_TEXT,	false,	AT(from),	1,	64 },
};
static const struct verb_field trace_fields[] = {
	{ "cursor",	VERB_TEXT,	false,	AT(cursor),	1,	1400 },
	{ "lun",	VERB_GUID,	false,	AT(lun_id),	0,	0 },
	{ "initiator",	VERB_TEXT,	false,	AT(initiator),	1,	ROW_ISCSI_NAME_MAX },
	{ "min_us",	VERB_U64,	false,	AT(min_us),	0,	UINT32_MAX },
	{ "failed",	VERB_BOOL,	false,	AT(failed),	0,	0 },
};
static const struct verb_field events_fields[] = {
	{ "incarnation", VERB_U64,	false,	AT(incarnation), 0,	0 },
	{ "since",	VERB_U64,	false,	AT(since),	0,	0 },
};

static const struct verb_field apply_fields[] = {
	{ "revision",	VERB_TEXT,	false,	AT(revision),	1,	47 },
	{ "delete_luns", VERB_BOOL,	false,	AT(delete_luns), 0,	0 },
	{ "shrink_luns", VERB_BOOL,	false,	AT(shrink_luns), 0,	0 },
};
static const struct verb_field export_fields[] = {
	{ "lun",	VERB_GUID,	false,	AT(lun_id),	0,	0 },
	{ "target",	VERB_GUID,	false,	AT(target_id),	0,	0 },
	{ "host",	VERB_GUID,	false,	AT(object_id),	0,	0 },
	{ "ids",	VERB_BOOL,	false,	AT(ids),	0,	0 },
};
static const struct verb_field undo_plan_fields[] = {
	{ "change",	VERB_U64,	false,	AT(change),	1,	0 },
};
static const struct verb_field undo_fields[] = {
	{ "change",	VERB_U64,	false,	AT(change),	1,	INT64_MAX },
	{ "revision",	VERB_TEXT,	false,	AT(revision),	1,	47 },
};

static const struct verb_field array_fields[] = {
	{ "name",	VERB_TEXT,	false,	AT(name),	0,	ROW_NAME_MAX },
	{ "iqn_prefix",	VERB_TEXT,	false,	AT(iqn_prefix),	0,	ROW_ISCSI_NAME_MAX },
};
static const struct verb_field pool_fields[] = {
	{ "name",	VERB_TEXT,	true,	AT(name),	1,	ROW_NAME_MAX },
	{ "path",	VERB_TEXT,	true,	AT(path),	1,	4095 },
	{ "force",	VERB_BOOL,	false,	AT(force),	0,	0 },
};
static const struct verb_field adopt_fields[] = {
	{ "path",	VERB_TEXT,	true,	AT(path),	1,	4095 },
	{ "name",	VERB_TEXT,	false,	AT(name),	0,	ROW_NAME_MAX },
	{ "block_bytes", VERB_U64,	false,	AT(block_bytes), 512,	4096 },
	{ "mask",	VERB_TEXT,	false,	AT(mask),	0,	ROW_MASK_MAX },
	{ "hints",	VERB_TEXT,	false,	AT(hints),	0,	HINTS_TEXT_MAX },
	{ "removable",	VERB_BOOL,	false,	AT(removable),	0,	0 },
};
static const struct verb_field pool_patch_fields[] = {
	{ "name",	VERB_TEXT,	false,	AT(name),	1,	ROW_NAME_MAX },
	{ "low",	VERB_TEXT,	false,	AT(low),	0,	POOL_OPTION_MAX },
	{ "full",	VERB_TEXT,	false,	AT(full),	0,	POOL_OPTION_MAX },
	{ "overcommit",	VERB_TEXT,	false,	AT(overcommit),	0,	POOL_OPTION_MAX },
	{ "trash",	VERB_TEXT,	false,	AT(trash),	0,	POOL_OPTION_MAX },
	{ "trash_yields", VERB_FLAG,	false,	AT(trash_yields), 0,	0 },
	{ "qos",	VERB_TEXT,	false,	AT(qos),	1,	QOS_TEXT_MAX - 1 },
};
static const struct verb_field lun_fields[] = {
	{ "size_bytes",	VERB_U64,	true,	AT(size_bytes),	1,	SIZE_MAX_BYTES },
	{ "name",	VERB_TEXT,	false,	AT(name),	0,	ROW_NAME_MAX },
	{ "pool_id",	VERB_GUID,	false,	AT(pool_id),	0,	0 },
	{ "block_bytes", VERB_U64,	false,	AT(block_bytes), 512,	4096 },
	{ "thick",	VERB_BOOL,	false,	AT(thick),	0,	0 },
	{ "mask",	VERB_TEXT,	false,	AT(mask),	0,	ROW_MASK_MAX },
	{ "hints",	VERB_TEXT,	false,	AT(hints),	0,	HINTS_TEXT_MAX },
	{ "fits",	VERB_BOOL,	false,	AT(fits),	0,	0 },
	{ "removable",	VERB_BOOL,	false,	AT(removable),	0,	0 },
	{ "cache",	VERB_TEXT,	false,	AT(cache),	1,	ROW_NAME_MAX },
};
static const struct verb_field lun_patch_fields[] = {
	{ "name",	VERB_TEXT,	false,	AT(name),	0,	ROW_NAME_MAX },
	{ "mask",	VERB_TEXT,	false,	AT(mask),	0,	ROW_MASK_MAX },
	{ "mask_add",	VERB_TEXT,	false,	AT(mask_add),	1,	ROW_MASK_MAX },
	{ "mask_remove", VERB_TEXT,	false,	AT(mask_remove), 1,	ROW_MASK_MAX },
	{ "hints",	VERB_TEXT,	false,	AT(hints),	0,	HINTS_TEXT_MAX },
	{ "status",	VERB_STATUS,	false,	AT(status),	0,	0 },
	{ "access",	VERB_TEXT,	false,	AT(access),	1,	ROW_NAME_MAX },
	{ "qos",	VERB_TEXT,	false,	AT(qos),	1,	QOS_TEXT_MAX - 1 },
	{ "cache",	VERB_TEXT,	false,	AT(cache),	1,	ROW_NAME_MAX },
	{ "duplicate",	VERB_BOOL,	false,	AT(duplicate),	0,	0 },
	{ "flat",	VERB_BOOL,	false,	AT(flat),	0,	0 },
};
static const struct verb_field extend_fields[] = {
	{ "add_bytes",	VERB_U64,	true,	AT(add_bytes),	1,	SIZE_MAX_BYTES },
	{ "fits",	VERB_BOOL,	false,	AT(fits),	0,	0 },
};
static const struct verb_field shrink_fields[] = {
	{ "size_bytes",	VERB_U64,	false,	AT(size_bytes),	1,	SIZE_MAX_BYTES },
	{ "remove_bytes", VERB_U64,	false,	AT(remove_bytes), 1,	SIZE_MAX_BYTES },
	{ "force",	VERB_BOOL,	false,	AT(force),	0,	0 },
};
static const struct verb_field clone_fields[] = {
	{ "copy",	VERB_BOOL,	false,	AT(copy),	0,	0 },
	{ "name",	VERB_TEXT,	false,	AT(name),	0,	ROW_NAME_MAX },
	{ "mask",	VERB_TEXT,	false,	AT(mask),	0,	ROW_MASK_MAX },
	{ "hints",	VERB_TEXT,	false,	AT(hints),	0,	HINTS_TEXT_MAX },
};
static const struct verb_field move_fields[] = {
	{ "pool_id",	VERB_GUID,	true,	AT(pool_id),	0,	0 },
	{ "force",	VERB_BOOL,	false,	AT(force),	0,	0 },
};
static const struct verb_field owner_fields[] = {
	{ "controller_id", VERB_GUID,	false,	AT(controller_id), 0,	0 },
};
static const struct verb_field gateway_fields[] = {
	{ "name",	VERB_TEXT,	true,	AT(name),	1,	ROW_NAME_MAX },
	{ "address",	VERB_TEXT,	true,	AT(address),	1,	300 },
};
static const struct verb_field controller_patch_fields[] = {
	{ "status",	VERB_STATUS,	false,	AT(status),	0,	0 },
	{ "drains",	VERB_FLAG,	false,	AT(drains),	0,	0 },
	{ "address",	VERB_TEXT,	false,	AT(address),	1,	300 },
};
static const struct verb_field rollback_fields[] = {
	{ "snapshot_id", VERB_GUID,	true,	AT(snapshot_id), 0,	0 },
	{ "force",	VERB_BOOL,	false,	AT(force),	0,	0 },
};
static const struct verb_field schedule_fields[] = {
	{ "name",	VERB_TEXT,	true,	AT(name),	1,	ROW_NAME_MAX },
	{ "luns",	VERB_GUIDS,	true,	AT(luns),	0,	0 },
	{ "every",	VERB_TEXT,	true,	AT(every),	1,	SCHEDULE_TEXT_MAX - 1 },
	{ "at",		VERB_TEXT,	false,	AT(at),		0,	SCHEDULE_TEXT_MAX - 1 },
	{ "keep",	VERB_TEXT,	true,	AT(keep),	1,	SCHEDULE_TEXT_MAX - 1 },
	{ "enabled",	VERB_FLAG,	false,	AT(enabled),	0,	0 },
};
static const struct verb_field schedule_patch_fields[] = {
	{ "name",	VERB_TEXT,	false,	AT(name),	1,	ROW_NAME_MAX },
	{ "luns",	VERB_GUIDS,	false,	AT(luns),	0,	0 },
	{ "every",	VERB_TEXT,	false,	AT(every),	1,	SCHEDULE_TEXT_MAX - 1 },
	{ "at",		VERB_TEXT,	false,	AT(at),		0,	SCHEDULE_TEXT_MAX - 1 },
	{ "keep",	VERB_TEXT,	false,	AT(keep),	1,	SCHEDULE_TEXT_MAX - 1 },
	{ "enabled",	VERB_FLAG,	false,	AT(enabled),	0,	0 },
};
static const struct verb_field snapshot_list_fields[] = {
	FIELD_AFTER, FIELD_LIMIT,
	{ "name",	VERB_TEXT,	false,	AT(name),	1,	2 * ROW_NAME_MAX + 1 },
	{ "lun_id",	VERB_GUID,	false,	AT(lun_id),	0,	0 },
};
static const struct verb_field snapshot_fields[] = {
	{ "name",	VERB_TEXT,	true,	AT(name),	1,	ROW_NAME_MAX },
	{ "luns",	VERB_GUIDS,	true,	AT(luns),	0,	0 },
};
static const struct verb_field snapshot_patch_fields[] = {
	{ "name",	VERB_TEXT,	true,	AT(name),	1,	ROW_NAME_MAX },
};
static const struct verb_field targets_fields[] = {
	{ "targets",	VERB_GUIDS,	true,	AT(targets),	0,	0 },
};
static const struct verb_field targets_patch_fields[] = {
	{ "add",	VERB_GUIDS,	false,	AT(add),	0,	0 },
	{ "remove",	VERB_GUIDS,	false,	AT(remove),	0,	0 },
};
static const struct verb_field target_fields[] = {
	{ "iscsi_name",	VERB_TEXT,	false,	AT(iscsi_name),	0,	ROW_ISCSI_NAME_MAX },
	{ "alias",	VERB_TEXT,	false,	AT(alias),	0,	ROW_NAME_MAX },
	{ "with_group",	VERB_BOOL,	false,	AT(with_group),	0,	0 },
	{ "duplicate",	VERB_BOOL,	false,	AT(duplicate),	0,	0 },
};
static const struct verb_field target_patch_fields[] = {
	{ "redirect",	VERB_TEXT,	false,	AT(redirect),	0,	127 },
	{ "sources",	VERB_TEXT,	false,	AT(sources),	0,	CIDR_LIST_MAX },
	{ "alias",	VERB_TEXT,	false,	AT(alias),	0,	ROW_NAME_MAX },
	{ "duplicate",	VERB_BOOL,	false,	AT(duplicate),	0,	0 },
};
static const struct verb_field portal_fields[] = {
	{ "address",	VERB_TEXT,	true,	AT(address),	1,	64 },
	{ "port",	VERB_U64,	true,	AT(port),	0,	65535 },
	{ "all_targets", VERB_BOOL,	false,	AT(all_targets), 0,	0 },
};
static const struct verb_field portal_patch_fields[] = {
	{ "status",	VERB_STATUS,	true,	AT(status),	0,	0 },
	{ "drain_ms",	VERB_U64,	false,	AT(drain_ms),	1,	3600000 },
};
static const struct verb_field group_patch_fields[] = {
	{ "access_state", VERB_TEXT,	false,	AT(access_state), 1,	32 },
	{ "preferred",	VERB_FLAG,	false,	AT(preferred),	0,	0 },
	{ "explicit_allowed", VERB_FLAG, false,	AT(explicit_allowed), 0, 0 },
};
static const struct verb_field group_fields[] = {
	{ "target_id",	VERB_GUID,	true,	AT(target_id),	0,	0 },
};

static const struct verb_field host_fields[] = {
	{ "name",	VERB_TEXT,	true,	AT(name),	1,	ROW_NAME_MAX },
	{ "initiators",	VERB_TEXT,	false,	AT(initiators),	0,	ROW_MASK_MAX },
};
static const struct verb_field host_patch_fields[] = {
	{ "name",	VERB_TEXT,	false,	AT(name),	1,	ROW_NAME_MAX },
	{ "initiators",	VERB_TEXT,	false,	AT(initiators),	0,	ROW_MASK_MAX },
	{ "initiators_add", VERB_TEXT,	false,	AT(initiators_add), 1,	ROW_MASK_MAX },
	{ "initiators_remove", VERB_TEXT, false, AT(initiators_remove), 1, ROW_MASK_MAX },
	{ "qos",	VERB_TEXT,	false,	AT(qos),	1,	QOS_TEXT_MAX - 1 },
	{ "sources",	VERB_TEXT,	false,	AT(sources),	0,	CIDR_LIST_MAX },
};
static const struct verb_field host_group_delete_fields[] = {
	{ "force",	VERB_BOOL,	false,	AT(force),	0,	0 },
};
static const struct verb_field host_delete_fields[] = {
	{ "force",	VERB_BOOL,	false,	AT(force),	0,	0 },
};
static const struct verb_field host_group_fields[] = {
	{ "name",	VERB_TEXT,	true,	AT(name),	1,	ROW_NAME_MAX },
	{ "hosts",	VERB_GUIDS,	false,	AT(hosts),	0,	0 },
};
static const struct verb_field host_group_patch_fields[] = {
	{ "name",	VERB_TEXT,	false,	AT(name),	1,	ROW_NAME_MAX },
	{ "hosts",	VERB_GUIDS,	false,	AT(hosts),	0,	0 },
	{ "add",	VERB_GUIDS,	false,	AT(add),	0,	0 },
	{ "remove",	VERB_GUIDS,	false,	AT(remove),	0,	0 },
};

static const struct verb_field credential_list_fields[] = {
	FIELD_AFTER, FIELD_LIMIT,
	{ "owner_id",	VERB_GUID,	false,	AT(owner_id),	0,	0 },
};
static const struct verb_field credential_fields[] = {
	{ "side",	VERB_TEXT,	true,	AT(side),	1,	16 },
	{ "secret",	VERB_TEXT,	true,	AT(secret),	1,	2 + 2 * CREDENTIAL_SECRET_MAX },
	{ "owner_id",	VERB_GUID,	false,	AT(owner_id),	0,	0 },
	{ "discovery",	VERB_BOOL,	false,	AT(discovery),	0,	0 },
	{ "user",	VERB_TEXT,	false,	AT(user),	0,	CREDENTIAL_USER_MAX },
	{ "initiator",	VERB_TEXT,	false,	AT(initiator),	0,	ROW_ISCSI_NAME_MAX },
	{ "keep_old_s",	VERB_U64,	false,	AT(keep_old_s),	1,	CREDENTIAL_KEEP_OLD_MAX_S },
};

static const struct verb_field status_fields[] = {
	{ "status",	VERB_STATUS,	true,	AT(status),	0,	0 },
};
static const struct verb_field reset_fields[] = {
	{ "drain_ms",	VERB_U64,	false,	AT(drain_ms),	1,	3600000 },
};
static const struct verb_field maintenance_fields[] = {
	{ "object_id",	VERB_GUID,	true,	AT(object_id),	0,	0 },
	{ "operation",	VERB_TEXT,	true,	AT(operation),	1,	16 },
	{ "action",	VERB_TEXT,	true,	AT(action),	1,	16 },
	{ "count",	VERB_U64,	false,	AT(count),	0,	UINT32_MAX },
};

static const struct verb_field fault_fields[] = {
	{ "fault",	VERB_U64,	false,	AT(fault),	1,	UINT32_MAX },
};
static const struct verb_field inject_fields[] = {
	{ "operation",	VERB_TEXT,	false,	AT(operation),	1,	16 },
	{ "error",	VERB_TEXT,	false,	AT(error),	1,	15 },
	{ "delay_ms",	VERB_U64,	false,	AT(delay_ms),	1,	VERB_FAULT_MAX_MS },
	{ "hang",	VERB_BOOL,	false,	AT(hang),	0,	0 },
	{ "from_block",	VERB_U64,	false,	AT(from_block),	0,	SIZE_MAX_BYTES },
	{ "blocks",	VERB_U64,	false,	AT(blocks),	1,	SIZE_MAX_BYTES },
	{ "count",	VERB_U64,	false,	AT(count),	1,	UINT32_MAX },
	{ "ppm",	VERB_U64,	false,	AT(ppm),	1,	1000000 },
	{ "for_ms",	VERB_U64,	false,	AT(for_ms),	1,	VERB_FAULT_MAX_MS },
};

static const struct verb_field token_fields[] = {
	{ "name",	VERB_TEXT,	true,	AT(name),	1,	PRINCIPAL_NAME_SIZE - 1 },
	{ "role",	VERB_TEXT,	true,	AT(role),	1,	16 },
	{ "expires_ms",	VERB_U64,	false,	AT(expires_ms),	1,	VERB_TIME_MAX_MS },
};

const struct verb_spec verb_document = { .rule = VERB_AS_MARKED };
static const struct verb_spec query_apply = SPEC(apply_fields, VERB_AS_MARKED);
static const struct verb_spec query_export = SPEC(export_fields, VERB_AS_MARKED);
static const struct verb_spec query_undo = SPEC(undo_plan_fields, VERB_AS_MARKED);
static const struct verb_spec query_fault = SPEC(fault_fields, VERB_AS_MARKED);
static const struct verb_spec body_inject = SPEC(inject_fields, VERB_AT_LEAST_ONE);
static const struct verb_spec body_undo = SPEC(undo_fields, VERB_AS_MARKED);
static const struct verb_spec query_credentials = SPEC(credential_list_fields, VERB_AS_MARKED);
static const struct verb_spec body_credential = SPEC(credential_fields, VERB_AS_MARKED);
static const struct verb_field audit_fields[] = {
	{ "before",	VERB_U64,	false,	AT(before),	1,	SIZE_MAX_BYTES },
	{ "limit",	VERB_U64,	false,	AT(limit),	1,	VERB_LIMIT_MAX },
	{ "since_ms",	VERB_U64,	false,	AT(since_ms),	1,	VERB_TIME_MAX_MS },
	{ "object",	VERB_TEXT,	false,	AT(object),	1,	ROW_ISCSI_NAME_MAX },
	{ "who",	VERB_TEXT,	false,	AT(who),	1,	ROW_ISCSI_NAME_MAX },
};

static const struct verb_spec query_audit = SPEC(audit_fields, VERB_AS_MARKED);
static const struct verb_spec query_list = SPEC(list_fields, VERB_AS_MARKED);
static const struct verb_spec query_named = SPEC(named_fields, VERB_AS_MARKED);
static const struct verb_spec query_groups = SPEC(targeted_fields, VERB_AS_MARKED);
static const struct verb_spec query_sessions = SPEC(targeted_fields, VERB_AS_MARKED);
static const struct verb_spec query_associations = SPEC(association_fields, VERB_AS_MARKED);
static const struct verb_spec query_max_lun_size = SPEC(max_lun_size_fields, VERB_AS_MARKED);
static const struct verb_spec query_group_delete = SPEC(group_delete_fields, VERB_AS_MARKED);
static const struct verb_spec query_lun_delete = SPEC(lun_delete_fields, VERB_AS_MARKED);
static const struct verb_spec query_max_extend = SPEC(max_extend_fields, VERB_AS_MARKED);
static const struct verb_spec query_explain = SPEC(explain_fields, VERB_AS_MARKED);
static const struct verb_spec query_trace = SPEC(trace_fields, VERB_AS_MARKED);
static const struct verb_spec query_events = SPEC(events_fields, VERB_AS_MARKED);
static const struct verb_spec body_array = SPEC(array_fields, VERB_EXACTLY_ONE);
static const struct verb_spec body_restore = SPEC(restore_fields, VERB_AS_MARKED);
static const struct verb_spec body_pool = SPEC(pool_fields, VERB_AS_MARKED);
static const struct verb_spec body_adopt = SPEC(adopt_fields, VERB_AS_MARKED);
static const struct verb_spec body_pool_patch = SPEC(pool_patch_fields, VERB_AT_LEAST_ONE);
static const struct verb_spec body_lun = SPEC(lun_fields, VERB_AS_MARKED);
static const struct verb_spec body_lun_patch = SPEC(lun_patch_fields, VERB_EXACTLY_ONE);
static const struct verb_spec body_extend = SPEC(extend_fields, VERB_AS_MARKED);
static const struct verb_spec body_shrink = SPEC(shrink_fields, VERB_EXACTLY_ONE);
static const struct verb_spec body_clone = SPEC(clone_fields, VERB_AS_MARKED);
static const struct verb_spec body_move = SPEC(move_fields, VERB_AS_MARKED);
static const struct verb_spec body_owner = SPEC(owner_fields, VERB_AS_MARKED);
static const struct verb_spec body_gateway = SPEC(gateway_fields, VERB_AS_MARKED);
static const struct verb_spec body_controller_patch = SPEC(controller_patch_fields, VERB_EXACTLY_ONE);
static const struct verb_spec body_rollback = SPEC(rollback_fields, VERB_AS_MARKED);
static const struct verb_spec body_schedule = SPEC(schedule_fields, VERB_AS_MARKED);
static const struct verb_spec body_schedule_patch = SPEC(schedule_patch_fields, VERB_AT_LEAST_ONE);
static const struct verb_spec query_snapshots = SPEC(snapshot_list_fields, VERB_AS_MARKED);
static const struct verb_spec body_snapshot = SPEC(snapshot_fields, VERB_AS_MARKED);
static const struct verb_spec body_snapshot_patch = SPEC(snapshot_patch_fields, VERB_AS_MARKED);
static const struct verb_spec body_targets = SPEC(targets_fields, VERB_AS_MARKED);
static const struct verb_spec body_targets_patch = SPEC(targets_patch_fields, VERB_EXACTLY_ONE);
static const struct verb_spec body_target = SPEC(target_fields, VERB_AS_MARKED);
static const struct verb_spec body_target_patch = SPEC(target_patch_fields, VERB_EXACTLY_ONE);
static const struct verb_spec body_portal = SPEC(portal_fields, VERB_AS_MARKED);
static const struct verb_spec body_portal_patch = SPEC(portal_patch_fields, VERB_AS_MARKED);
static const struct verb_spec body_status = SPEC(status_fields, VERB_AS_MARKED);
static const struct verb_spec body_reset = SPEC(reset_fields, VERB_AS_MARKED);
static const struct verb_spec body_maintenance = SPEC(maintenance_fields, VERB_AS_MARKED);
static const struct verb_spec query_host_group_delete = SPEC(host_group_delete_fields, VERB_AS_MARKED);
static const struct verb_spec query_host_delete = SPEC(host_delete_fields, VERB_AS_MARKED);
static const struct verb_spec body_host = SPEC(host_fields, VERB_AS_MARKED);
static const struct verb_spec body_host_patch = SPEC(host_patch_fields, VERB_EXACTLY_ONE);
static const struct verb_spec body_host_group = SPEC(host_group_fields, VERB_AS_MARKED);
static const struct verb_spec body_host_group_patch = SPEC(host_group_patch_fields, VERB_EXACTLY_ONE);
static const struct verb_spec body_token = SPEC(token_fields, VERB_AS_MARKED);
static const struct verb_spec body_group_patch = SPEC(group_patch_fields, VERB_AT_LEAST_ONE);
static const struct verb_spec body_group = SPEC(group_fields, VERB_AS_MARKED);

const struct verb verb_table[VERB_COUNT] = {
	/* method, path, operationId, role, query, body, status */
	[VERB_METRICS] = { "GET", "/metrics", "metrics",
		ROLE_READER, NULL, NULL, 200 },
	[VERB_APPLY] = { "POST", "/v1/apply", "apply",
		ROLE_OPERATOR, &query_apply, &verb_document, 200 },
	[VERB_ARRAY_GET] = { "GET", "/v1/array", "arrayGet",
		ROLE_READER, NULL, NULL, 200 },
	[VERB_ARRAY_CHANGE] = { "PATCH", "/v1/array", "arrayChange",
		ROLE_ADMIN, NULL, &body_array, 200 },
	[VERB_ASSOCIATION_LIST] = { "GET", "/v1/associations", "associationList",
		ROLE_READER, &query_associations, NULL, 200 },
	[VERB_AUDIT_LIST] = { "GET", "/v1/audit", "auditList",
		ROLE_ADMIN, &query_audit, NULL, 200 },
	[VERB_BACKUP] = { "GET", "/v1/backup", "backup",
		ROLE_ADMIN, NULL, NULL, 200 },
	[VERB_CHECK] = { "POST", "/v1/check", "check",
		ROLE_OPERATOR, NULL, NULL, 200 },
	[VERB_CONTROLLER_LIST] = { "GET", "/v1/controllers", "controllerList",
		ROLE_READER, &query_named, NULL, 200 },
	[VERB_CONTROLLER_ADD] = { "POST", "/v1/controllers", "controllerAdd",
		ROLE_ADMIN, NULL, &body_gateway, 201 },
	[VERB_CONTROLLER_REMOVE] = { "DELETE", "/v1/controllers/{id}", "controllerRemove",
		ROLE_ADMIN, &query_host_delete, NULL, 200 },
	[VERB_CONTROLLER_GET] = { "GET", "/v1/controllers/{id}", "controllerGet",
		ROLE_READER, NULL, NULL, 200 },
	[VERB_CONTROLLER_CHANGE] = { "PATCH", "/v1/controllers/{id}", "controllerChange",
		ROLE_ADMIN, NULL, &body_controller_patch, 200 },
	[VERB_CONTROLLER_FLUSH] = { "POST", "/v1/controllers/{id}/flush", "controllerFlush",
		ROLE_OPERATOR, NULL, NULL, 200 },
	[VERB_CONTROLLER_INVALIDATE] = { "POST", "/v1/controllers/{id}/invalidate", "controllerInvalidate",
		ROLE_OPERATOR, NULL, NULL, 200 },
	[VERB_CONTROLLER_RESET] = { "POST", "/v1/controllers/{id}/reset", "controllerReset",
		ROLE_ADMIN, NULL, &body_reset, 200 },
	[VERB_CREDENTIAL_LIST] = { "GET", "/v1/credentials", "credentialList",
		ROLE_READER, &query_credentials, NULL, 200 },
	[VERB_CREDENTIAL_SET] = { "POST", "/v1/credentials", "credentialSet",
		ROLE_ADMIN, NULL, &body_credential, 201 },
	[VERB_CREDENTIAL_DELETE] = { "DELETE", "/v1/credentials/{id}", "credentialDelete",
		ROLE_ADMIN, NULL, NULL, 200 },
	[VERB_CREDENTIAL_GET] = { "GET", "/v1/credentials/{id}", "credentialGet",
		ROLE_READER, NULL, NULL, 200 },
	[VERB_DRIVE_LIST] = { "GET", "/v1/drives", "driveList",
		ROLE_READER, &query_named, NULL, 200 },
	[VERB_DRIVE_RESCAN] = { "POST", "/v1/drives/rescan", "driveRescan",
		ROLE_READER, NULL, NULL, 200 },
	[VERB_DRIVE_GET] = { "GET", "/v1/drives/{id}", "driveGet",
		ROLE_READER, NULL, NULL, 200 },
	[VERB_EVENTS] = { "GET", "/v1/events", "events",
		ROLE_READER, &query_events, NULL, 200 },
	[VERB_EXPLAIN] = { "GET", "/v1/explain", "explain",
		ROLE_READER, &query_explain, NULL, 200 },
	[VERB_EXPORT] = { "GET", "/v1/export", "export",
		ROLE_READER, &query_export, NULL, 200 },
	[VERB_HEALTH] = { "GET", "/v1/health", "health",
		ROLE_READER, NULL, NULL, 200 },
	[VERB_HOST_GROUP_LIST] = { "GET", "/v1/host-groups", "hostGroupList",
		ROLE_READER, &query_named, NULL, 200 },
	[VERB_HOST_GROUP_CREATE] = { "POST", "/v1/host-groups", "hostGroupCreate",
		ROLE_ADMIN, NULL, &body_host_group, 201 },
	[VERB_HOST_GROUP_DELETE] = { "DELETE", "/v1/host-groups/{id}", "hostGroupDelete",
		ROLE_ADMIN, &query_host_group_delete, NULL, 200 },
	[VERB_HOST_GROUP_GET] = { "GET", "/v1/host-groups/{id}", "hostGroupGet",
		ROLE_READER, NULL, NULL, 200 },
	[VERB_HOST_GROUP_CHANGE] = { "PATCH", "/v1/host-groups/{id}", "hostGroupChange",
		ROLE_ADMIN, NULL, &body_host_group_patch, 200 },
	[VERB_HOST_LIST] = { "GET", "/v1/hosts", "hostList",
		ROLE_READER, &query_named, NULL, 200 },
	[VERB_HOST_CREATE] = { "POST", "/v1/hosts", "hostCreate",
		ROLE_ADMIN, NULL, &body_host, 201 },
	[VERB_HOST_DELETE] = { "DELETE", "/v1/hosts/{id}", "hostDelete",
		ROLE_ADMIN, &query_host_delete, NULL, 200 },
	[VERB_HOST_GET] = { "GET", "/v1/hosts/{id}", "hostGet",
		ROLE_READER, NULL, NULL, 200 },
	[VERB_HOST_CHANGE] = { "PATCH", "/v1/hosts/{id}", "hostChange",
		ROLE_ADMIN, NULL, &body_host_patch, 200 },
	[VERB_JOB_LIST] = { "GET", "/v1/jobs", "jobList",
		ROLE_READER, &query_list, NULL, 200 },
	[VERB_JOB_GET] = { "GET", "/v1/jobs/{id}", "jobGet",
		ROLE_READER, NULL, NULL, 200 },
	[VERB_JOB_CANCEL] = { "POST", "/v1/jobs/{id}/cancel", "jobCancel",
		ROLE_OPERATOR, NULL, NULL, 200 },
	[VERB_JOB_PAUSE] = { "POST", "/v1/jobs/{id}/pause", "jobPause",
		ROLE_OPERATOR, NULL, NULL, 200 },
	[VERB_JOB_RESUME] = { "POST", "/v1/jobs/{id}/resume", "jobResume",
		ROLE_OPERATOR, NULL, NULL, 200 },
	[VERB_LUN_LIST] = { "GET", "/v1/luns", "lunList",
		ROLE_READER, &query_named, NULL, 200 },
	[VERB_LUN_CREATE] = { "POST", "/v1/luns", "lunCreate",
		ROLE_OPERATOR, NULL, &body_lun, 201 },
	[VERB_LUN_DELETE] = { "DELETE", "/v1/luns/{id}", "lunDelete",
		ROLE_ADMIN, &query_lun_delete, NULL, 200 },
	[VERB_LUN_GET] = { "GET", "/v1/luns/{id}", "lunGet",
		ROLE_READER, NULL, NULL, 200 },
	[VERB_LUN_CHANGE] = { "PATCH", "/v1/luns/{id}", "lunChange",
		ROLE_OPERATOR, NULL, &body_lun_patch, 200 },
	[VERB_LUN_CLONE] = { "POST", "/v1/luns/{id}/clone", "lunClone",
		ROLE_OPERATOR, NULL, &body_clone, 201 },
	[VERB_LUN_COUNTERS] = { "GET", "/v1/luns/{id}/counters", "lunCounters",
		ROLE_READER, NULL, NULL, 200 },
	[VERB_LUN_EXTEND] = { "POST", "/v1/luns/{id}/extend", "lunExtend",
		ROLE_OPERATOR, NULL, &body_extend, 200 },
	[VERB_LUN_FAULTS_CLEAR] = { "DELETE", "/v1/luns/{id}/faults", "lunFaultsClear",
		ROLE_ADMIN, &query_fault, NULL, 200 },
	[VERB_LUN_FAULTS] = { "GET", "/v1/luns/{id}/faults", "lunFaults",
		ROLE_READER, NULL, NULL, 200 },
	[VERB_LUN_INJECT] = { "POST", "/v1/luns/{id}/faults", "lunInject",
		ROLE_ADMIN, NULL, &body_inject, 201 },
	[VERB_LUN_HISTORY] = { "GET", "/v1/luns/{id}/history", "lunHistory",
		ROLE_READER, NULL, NULL, 200 },
	[VERB_LUN_MAX_EXTEND] = { "GET", "/v1/luns/{id}/max-extend", "lunMaxExtend",
		ROLE_READER, &query_max_extend, NULL, 200 },
	[VERB_LUN_MOVE] = { "POST", "/v1/luns/{id}/move", "lunMove",
		ROLE_ADMIN, NULL, &body_move, 202 },
	[VERB_LUN_MOVE_OWNER] = { "POST", "/v1/luns/{id}/owner", "lunMoveOwner",
		ROLE_ADMIN, NULL, &body_owner, 200 },
	[VERB_LUN_RESERVATIONS_CLEAR] = { "DELETE", "/v1/luns/{id}/reservations",
		"lunReservationsClear", ROLE_OPERATOR, NULL, NULL, 200 },
	[VERB_LUN_RESERVATIONS] = { "GET", "/v1/luns/{id}/reservations", "lunReservations",
		ROLE_READER, NULL, NULL, 200 },
	[VERB_LUN_ROLLBACK] = { "POST", "/v1/luns/{id}/rollback", "lunRollback",
		ROLE_ADMIN, NULL, &body_rollback, 200 },
	[VERB_LUN_SHRINK] = { "POST", "/v1/luns/{id}/shrink", "lunShrink",
		ROLE_ADMIN, NULL, &body_shrink, 200 },
	[VERB_LUN_TARGETS] = { "GET", "/v1/luns/{id}/targets", "lunTargets",
		ROLE_READER, NULL, NULL, 200 },
	[VERB_LUN_TARGETS_CHANGE] = { "PATCH", "/v1/luns/{id}/targets", "lunTargetsChange",
		ROLE_OPERATOR, NULL, &body_targets_patch, 200 },
	[VERB_LUN_ASSOCIATE] = { "PUT", "/v1/luns/{id}/targets", "lunAssociate",
		ROLE_OPERATOR, NULL, &body_targets, 200 },
	[VERB_MAINTENANCE_LIST] = { "GET", "/v1/maintenance", "maintenanceList",
		ROLE_READER, &query_list, NULL, 200 },
	[VERB_MAINTENANCE_ASK] = { "POST", "/v1/maintenance", "maintenanceAsk",
		ROLE_OPERATOR, NULL, &body_maintenance, 200 },
	[VERB_MAX_LUN_SIZE] = { "GET", "/v1/max-lun-size", "maxLunSize",
		ROLE_READER, &query_max_lun_size, NULL, 200 },
	[VERB_OPENAPI] = { "GET", "/v1/openapi.json", "openapi",
		ROLE_READER, NULL, NULL, 200 },
	[VERB_PLAN] = { "POST", "/v1/plan", "plan",
		ROLE_READER, NULL, &verb_document, 200 },
	[VERB_POOL_LIST] = { "GET", "/v1/pools", "poolList",
		ROLE_READER, &query_named, NULL, 200 },
	[VERB_POOL_CREATE] = { "POST", "/v1/pools", "poolCreate",
		ROLE_ADMIN, NULL, &body_pool, 201 },
	[VERB_POOL_DELETE] = { "DELETE", "/v1/pools/{id}", "poolDelete",
		ROLE_ADMIN, NULL, NULL, 200 },
	[VERB_POOL_GET] = { "GET", "/v1/pools/{id}", "poolGet",
		ROLE_READER, NULL, NULL, 200 },
	[VERB_POOL_CHANGE] = { "PATCH", "/v1/pools/{id}", "poolChange",
		ROLE_ADMIN, NULL, &body_pool_patch, 200 },
	[VERB_POOL_ADOPT] = { "POST", "/v1/pools/{id}/adopt", "poolAdopt",
		ROLE_ADMIN, NULL, &body_adopt, 201 },
	[VERB_POOL_HISTORY] = { "GET", "/v1/pools/{id}/history", "poolHistory",
		ROLE_READER, NULL, NULL, 200 },
	[VERB_GROUP_LIST] = { "GET", "/v1/portal-groups", "groupList",
		ROLE_READER, &query_groups, NULL, 200 },
	[VERB_GROUP_CREATE] = { "POST", "/v1/portal-groups", "groupCreate",
		ROLE_ADMIN, NULL, &body_group, 201 },
	[VERB_GROUP_DELETE] = { "DELETE", "/v1/portal-groups/{id}", "groupDelete",
		ROLE_ADMIN, &query_group_delete, NULL, 200 },
	[VERB_GROUP_GET] = { "GET", "/v1/portal-groups/{id}", "groupGet",
		ROLE_READER, NULL, NULL, 200 },
	[VERB_GROUP_CHANGE] = { "PATCH", "/v1/portal-groups/{id}", "groupChange",
		ROLE_ADMIN, NULL, &body_group_patch, 200 },
	[VERB_GROUP_REMOVE_PORTAL] = { "DELETE", "/v1/portal-groups/{id}/portals/{portal}", "groupRemovePortal",
		ROLE_ADMIN, NULL, NULL, 200 },
	[VERB_GROUP_ADD_PORTAL] = { "PUT", "/v1/portal-groups/{id}/portals/{portal}", "groupAddPortal",
		ROLE_ADMIN, NULL, NULL, 200 },
	[VERB_PORTAL_LIST] = { "GET", "/v1/portals", "portalList",
		ROLE_READER, &query_list, NULL, 200 },
	[VERB_PORTAL_CREATE] = { "POST", "/v1/portals", "portalCreate",
		ROLE_ADMIN, NULL, &body_portal, 201 },
	[VERB_PORTAL_DELETE] = { "DELETE", "/v1/portals/{id}", "portalDelete",
		ROLE_ADMIN, NULL, NULL, 200 },
	[VERB_PORTAL_GET] = { "GET", "/v1/portals/{id}", "portalGet",
		ROLE_READER, NULL, NULL, 200 },
	[VERB_PORTAL_CHANGE] = { "PATCH", "/v1/portals/{id}", "portalChange",
		ROLE_ADMIN, NULL, &body_portal_patch, 200 },
	[VERB_PORT_LIST] = { "GET", "/v1/ports", "portList",
		ROLE_READER, &query_named, NULL, 200 },
	[VERB_PORT_GET] = { "GET", "/v1/ports/{id}", "portGet",
		ROLE_READER, NULL, NULL, 200 },
	[VERB_PORT_CHANGE] = { "PATCH", "/v1/ports/{id}", "portChange",
		ROLE_ADMIN, NULL, &body_status, 200 },
	[VERB_PORT_COUNTERS] = { "GET", "/v1/ports/{id}/counters", "portCounters",
		ROLE_READER, NULL, NULL, 200 },
	[VERB_PORT_RESET] = { "POST", "/v1/ports/{id}/reset", "portReset",
		ROLE_ADMIN, NULL, &body_reset, 200 },
	[VERB_PRINCIPAL_GET] = { "GET", "/v1/principal", "principalGet",
		ROLE_READER, NULL, NULL, 200 },
	[VERB_SESSION_LIST] = { "GET", "/v1/sessions", "sessionList",
		ROLE_READER, &query_sessions, NULL, 200 },
	[VERB_SESSION_END] = { "DELETE", "/v1/sessions/{id}", "sessionEnd",
		ROLE_OPERATOR, NULL, NULL, 200 },
	[VERB_SNAPSHOT] = { "GET", "/v1/snapshot", "snapshot",
		ROLE_READER, NULL, NULL, 200 },
	[VERB_SCHEDULE_LIST] = { "GET", "/v1/snapshot-schedules", "snapshotScheduleList",
		ROLE_READER, &query_named, NULL, 200 },
	[VERB_SCHEDULE_CREATE] = { "POST", "/v1/snapshot-schedules", "snapshotScheduleCreate",
		ROLE_OPERATOR, NULL, &body_schedule, 201 },
	[VERB_SCHEDULE_DELETE] = { "DELETE", "/v1/snapshot-schedules/{id}", "snapshotScheduleDelete",
		ROLE_ADMIN, NULL, NULL, 200 },
	[VERB_SCHEDULE_GET] = { "GET", "/v1/snapshot-schedules/{id}", "snapshotScheduleGet",
		ROLE_READER, NULL, NULL, 200 },
	[VERB_SCHEDULE_CHANGE] = { "PATCH", "/v1/snapshot-schedules/{id}", "snapshotScheduleChange",
		ROLE_ADMIN, NULL, &body_schedule_patch, 200 },
	[VERB_SCHEDULE_RUN] = { "POST", "/v1/snapshot-schedules/{id}/run", "snapshotScheduleRun",
		ROLE_ADMIN, NULL, NULL, 201 },
	[VERB_SNAPSHOT_LIST] = { "GET", "/v1/snapshots", "snapshotList",
		ROLE_READER, &query_snapshots, NULL, 200 },
	[VERB_SNAPSHOT_CREATE] = { "POST", "/v1/snapshots", "snapshotCreate",
		ROLE_OPERATOR, NULL, &body_snapshot, 201 },
	[VERB_SNAPSHOT_DELETE] = { "DELETE", "/v1/snapshots/{id}", "snapshotDelete",
		ROLE_ADMIN, NULL, NULL, 200 },
	[VERB_SNAPSHOT_GET] = { "GET", "/v1/snapshots/{id}", "snapshotGet",
		ROLE_READER, NULL, NULL, 200 },
	[VERB_SNAPSHOT_CHANGE] = { "PATCH", "/v1/snapshots/{id}", "snapshotChange",
		ROLE_OPERATOR, NULL, &body_snapshot_patch, 200 },
	[VERB_SNAPSHOT_CLONE] = { "POST", "/v1/snapshots/{id}/clone", "snapshotClone",
		ROLE_OPERATOR, NULL, &body_clone, 201 },
	[VERB_STATS] = { "GET", "/v1/stats", "stats",
		ROLE_READER, NULL, NULL, 200 },
	[VERB_SYNC] = { "GET", "/v1/sync", "sync",
		ROLE_READER, NULL, NULL, 200 },
	[VERB_TARGET_LIST] = { "GET", "/v1/targets", "targetList",
		ROLE_READER, &query_named, NULL, 200 },
	[VERB_TARGET_CREATE] = { "POST", "/v1/targets", "targetCreate",
		ROLE_OPERATOR, NULL, &body_target, 201 },
	[VERB_TARGET_DELETE] = { "DELETE", "/v1/targets/{id}", "targetDelete",
		ROLE_ADMIN, NULL, NULL, 200 },
	[VERB_TARGET_GET] = { "GET", "/v1/targets/{id}", "targetGet",
		ROLE_READER, NULL, NULL, 200 },
	[VERB_TARGET_CHANGE] = { "PATCH", "/v1/targets/{id}", "targetChange",
		ROLE_OPERATOR, NULL, &body_target_patch, 200 },
	[VERB_TARGET_LUNS] = { "GET", "/v1/targets/{id}/luns", "targetLuns",
		ROLE_READER, NULL, NULL, 200 },
	[VERB_TOKEN_LIST] = { "GET", "/v1/tokens", "tokenList",
		ROLE_ADMIN, NULL, NULL, 200 },
	[VERB_TOKEN_CREATE] = { "POST", "/v1/tokens", "tokenCreate",
		ROLE_ADMIN, NULL, &body_token, 201 },
	[VERB_TOKEN_REVOKE] = { "DELETE", "/v1/tokens/{id}", "tokenRevoke",
		ROLE_ADMIN, NULL, NULL, 200 },
	[VERB_TRACE] = { "GET", "/v1/trace", "trace",
		ROLE_OPERATOR, &query_trace, NULL, 200 },
	[VERB_TRASH_LIST] = { "GET", "/v1/trash", "trashList",
		ROLE_READER, &query_named, NULL, 200 },
	[VERB_TRASH_EMPTY] = { "DELETE", "/v1/trash/{id}", "trashEmpty",
		ROLE_ADMIN, NULL, NULL, 200 },
	[VERB_TRASH_GET] = { "GET", "/v1/trash/{id}", "trashGet",
		ROLE_READER, NULL, NULL, 200 },
	[VERB_TRASH_RESTORE] = { "POST", "/v1/trash/{id}/restore", "trashRestore",
		ROLE_ADMIN, NULL, &body_restore, 200 },
	[VERB_UNDO_PLAN] = { "GET", "/v1/undo", "undoPlan",
		ROLE_READER, &query_undo, NULL, 200 },
	[VERB_UNDO] = { "POST", "/v1/undo", "undo",
		ROLE_ADMIN, NULL, &body_undo, 200 },
	[VERB_VERSION] = { "GET", "/v1/version", "version",
		ROLE_READER, NULL, NULL, 200 },
};
/* clang-format on */

bool
verb_is_change(enum verb_id verb)
{
	/* these look, and have no effect but to know more */
	return strcmp(verb_table[verb].method, "GET") != 0 && verb != VERB_CHECK &&
	       verb != VERB_DRIVE_RESCAN && verb != VERB_PLAN;
}

bool
verb_is_given(const struct verb_args *args, const struct verb_field *field)
{
	const void *value = verb_value(args, field);

	switch (field->type) {
	case VERB_TEXT:
		return *(const char *const *)value != NULL;
	case VERB_GUID:
		return !guid_is_zero(value);
	case VERB_GUIDS:
		return ((const struct verb_guids *)value)->given;
	case VERB_U64:
		return *(const uint64_t *)value != 0;
	case VERB_BOOL:
		return *(const bool *)value;
	case VERB_STATUS:
		return ((const struct verb_status *)value)->given;
	case VERB_FLAG:
		return ((const struct verb_flag *)value)->given;
	case VERB_KEY:
		return ((const struct verb_key *)value)->given;
	}
	return false;
}
