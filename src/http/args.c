/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What each route takes: the tables that spec.c reads and that the test of docs/openapi.json
 * compares.
 */
#include "base/mem.h"
#include "http/http_int.h"

#define AT(member)     offsetof(struct http_args, member)
/* clang-format off */
#define SPEC(fields_, rule_) \
	{ \
		.fields = fields_, .count = ARRAY_LEN(fields_), .rule = rule_ \
	}
/* clang-format on */
#define SIZE_MAX_BYTES (1ull << 53)

#define FIELD_AFTER                                       \
	{                                                 \
		"after", HTTP_KEY, false, AT(after), 0, 0 \
	}
#define FIELD_LIMIT                                                    \
	{                                                              \
		"limit", HTTP_U64, false, AT(limit), 1, HTTP_LIMIT_MAX \
	}

/* clang-format off */
static const struct http_field list_fields[] = { FIELD_AFTER, FIELD_LIMIT };
static const struct http_field named_fields[] = {
	FIELD_AFTER, FIELD_LIMIT,
	{ "name",	HTTP_TEXT,	false,	AT(name),	1,	ROW_ISCSI_NAME_MAX },
};
static const struct http_field targeted_fields[] = {
	FIELD_AFTER, FIELD_LIMIT,
	{ "target_id",	HTTP_GUID,	false,	AT(target_id),	0,	0 },
};
static const struct http_field association_fields[] = {
	FIELD_AFTER, FIELD_LIMIT,
	{ "lun_id",	HTTP_GUID,	false,	AT(lun_id),	0,	0 },
	{ "target_id",	HTTP_GUID,	false,	AT(target_id),	0,	0 },
};
static const struct http_field max_lun_size_fields[] = {
	{ "pool",	HTTP_GUID,	false,	AT(pool_id),	0,	0 },
	{ "thick",	HTTP_BOOL,	false,	AT(thick),	0,	0 },
};
static const struct http_field group_delete_fields[] = {
	{ "with_portals", HTTP_BOOL,	false,	AT(with_portals), 0,	0 },
};
static const struct http_field explain_fields[] = {
	{ "lun",	HTTP_GUID,	true,	AT(lun_id),	0,	0 },
	{ "initiator",	HTTP_TEXT,	true,	AT(initiator),	1,	ROW_ISCSI_NAME_MAX },
};
static const struct http_field events_fields[] = {
	{ "incarnation", HTTP_U64,	false,	AT(incarnation), 0,	0 },
	{ "since",	HTTP_U64,	false,	AT(since),	0,	0 },
};

static const struct http_field array_fields[] = {
	{ "name",	HTTP_TEXT,	false,	AT(name),	1,	ROW_NAME_MAX },
	{ "iqn_prefix",	HTTP_TEXT,	false,	AT(iqn_prefix),	0,	ROW_ISCSI_NAME_MAX },
};
static const struct http_field pool_fields[] = {
	{ "name",	HTTP_TEXT,	true,	AT(name),	1,	ROW_NAME_MAX },
	{ "path",	HTTP_TEXT,	true,	AT(path),	1,	4095 },
};
static const struct http_field pool_patch_fields[] = {
	{ "name",	HTTP_TEXT,	true,	AT(name),	1,	ROW_NAME_MAX },
};
static const struct http_field lun_fields[] = {
	{ "size_bytes",	HTTP_U64,	true,	AT(size_bytes),	1,	SIZE_MAX_BYTES },
	{ "name",	HTTP_TEXT,	false,	AT(name),	0,	ROW_NAME_MAX },
	{ "pool_id",	HTTP_GUID,	false,	AT(pool_id),	0,	0 },
	{ "block_bytes", HTTP_U64,	false,	AT(block_bytes), 512,	4096 },
	{ "thick",	HTTP_BOOL,	false,	AT(thick),	0,	0 },
	{ "mask",	HTTP_TEXT,	false,	AT(mask),	0,	ROW_MASK_MAX },
};
static const struct http_field lun_patch_fields[] = {
	{ "name",	HTTP_TEXT,	false,	AT(name),	1,	ROW_NAME_MAX },
	{ "mask",	HTTP_TEXT,	false,	AT(mask),	0,	ROW_MASK_MAX },
	{ "mask_add",	HTTP_TEXT,	false,	AT(mask_add),	1,	ROW_MASK_MAX },
	{ "mask_remove", HTTP_TEXT,	false,	AT(mask_remove), 1,	ROW_MASK_MAX },
	{ "status",	HTTP_STATUS,	false,	AT(status),	0,	0 },
};
static const struct http_field extend_fields[] = {
	{ "add_bytes",	HTTP_U64,	true,	AT(add_bytes),	1,	SIZE_MAX_BYTES },
};
static const struct http_field targets_fields[] = {
	{ "targets",	HTTP_GUIDS,	true,	AT(targets),	0,	0 },
};
static const struct http_field targets_patch_fields[] = {
	{ "add",	HTTP_GUIDS,	false,	AT(add),	0,	0 },
	{ "remove",	HTTP_GUIDS,	false,	AT(remove),	0,	0 },
};
static const struct http_field target_fields[] = {
	{ "iscsi_name",	HTTP_TEXT,	false,	AT(iscsi_name),	0,	ROW_ISCSI_NAME_MAX },
	{ "alias",	HTTP_TEXT,	false,	AT(alias),	0,	ROW_NAME_MAX },
	{ "with_group",	HTTP_BOOL,	false,	AT(with_group),	0,	0 },
};
static const struct http_field target_patch_fields[] = {
	{ "alias",	HTTP_TEXT,	true,	AT(alias),	0,	ROW_NAME_MAX },
};
static const struct http_field portal_fields[] = {
	{ "address",	HTTP_TEXT,	true,	AT(address),	1,	64 },
	{ "port",	HTTP_U64,	true,	AT(port),	0,	65535 },
};
static const struct http_field portal_patch_fields[] = {
	{ "status",	HTTP_STATUS,	true,	AT(status),	0,	0 },
};
static const struct http_field group_fields[] = {
	{ "target_id",	HTTP_GUID,	true,	AT(target_id),	0,	0 },
};
/* clang-format on */

const struct http_spec http_query_list = SPEC(list_fields, HTTP_AS_MARKED);
const struct http_spec http_query_named = SPEC(named_fields, HTTP_AS_MARKED);
const struct http_spec http_query_groups = SPEC(targeted_fields, HTTP_AS_MARKED);
const struct http_spec http_query_sessions = SPEC(targeted_fields, HTTP_AS_MARKED);
const struct http_spec http_query_associations = SPEC(association_fields, HTTP_AS_MARKED);
const struct http_spec http_query_max_lun_size = SPEC(max_lun_size_fields, HTTP_AS_MARKED);
const struct http_spec http_query_group_delete = SPEC(group_delete_fields, HTTP_AS_MARKED);
const struct http_spec http_query_explain = SPEC(explain_fields, HTTP_AS_MARKED);
const struct http_spec http_query_events = SPEC(events_fields, HTTP_AS_MARKED);
const struct http_spec http_body_array = SPEC(array_fields, HTTP_EXACTLY_ONE);
const struct http_spec http_body_pool = SPEC(pool_fields, HTTP_AS_MARKED);
const struct http_spec http_body_pool_patch = SPEC(pool_patch_fields, HTTP_AS_MARKED);
const struct http_spec http_body_lun = SPEC(lun_fields, HTTP_AS_MARKED);
const struct http_spec http_body_lun_patch = SPEC(lun_patch_fields, HTTP_EXACTLY_ONE);
const struct http_spec http_body_extend = SPEC(extend_fields, HTTP_AS_MARKED);
const struct http_spec http_body_targets = SPEC(targets_fields, HTTP_AS_MARKED);
const struct http_spec http_body_targets_patch = SPEC(targets_patch_fields, HTTP_EXACTLY_ONE);
const struct http_spec http_body_target = SPEC(target_fields, HTTP_AS_MARKED);
const struct http_spec http_body_target_patch = SPEC(target_patch_fields, HTTP_AS_MARKED);
const struct http_spec http_body_portal = SPEC(portal_fields, HTTP_AS_MARKED);
const struct http_spec http_body_portal_patch = SPEC(portal_patch_fields, HTTP_AS_MARKED);
const struct http_spec http_body_group = SPEC(group_fields, HTTP_AS_MARKED);
