/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of orders: which orders there are, which rows each one sorts, and how it compares rows.
 * Pure functions; any thread.
 */
#include <string.h>

#include "base/bytes.h"
#include "model/order_int.h"
#include "model/fields.h"

static int
compare_id(const void *row, const void *other)
{
	return guid_compare(&((const struct row_head *)row)->a,
			    &((const struct row_head *)other)->a);
}

static int
compare_pair(const void *row, const void *other)
{
	const struct row_head *p = row, *q = other;

	_Static_assert(offsetof(struct row_head, b) ==
			       offsetof(struct row_head, a) + sizeof(struct guid),
		       "no gap");
	return memcmp(&p->a, &q->a, 2 * sizeof(struct guid));
}

static int
compare_second(const void *row, const void *other)
{
	return guid_compare(&((const struct row_head *)row)->b,
			    &((const struct row_head *)other)->b);
}

static int
compare_second_first(const void *row, const void *other)
{
	int order = compare_second(row, other);

	return order != 0 ? order : compare_id(row, other);
}

static int
compare_u32(uint32_t a, uint32_t b)
{
	return (a > b) - (a < b);
}

static int
compare_target_lun(const void *row, const void *other)
{
	const struct row_association *p = row, *q = other;
	int order = guid_compare(&p->target_id, &q->target_id);

	if (order == 0)
		order = compare_u32(p->lun_number, q->lun_number);
	return order != 0 ? order : compare_id(row, other);
}

static int
compare_group_target(const void *row, const void *other)
{
	const struct row_portal_group *p = row, *q = other;

	return guid_compare(&p->target_id, &q->target_id);
}

static int
compare_group_tag(const void *row, const void *other)
{
	const struct row_portal_group *p = row, *q = other;
	int order = compare_group_target(row, other);

	if (order == 0)
		order = compare_u32(p->tag, q->tag);
	return order != 0 ? order : compare_id(row, other);
}

static int
compare_target_name(const void *row, const void *other)
{
	return strcmp(((const struct row_target *)row)->iscsi_name,
		      ((const struct row_target *)other)->iscsi_name);
}

static int
compare_target_name_id(const void *row, const void *other)
{
	int order = compare_target_name(row, other);

	return order != 0 ? order : compare_id(row, other);
}

static int
compare_lun_name(const void *row, const void *other)
{
	return strcmp(((const struct row_lun *)row)->name, ((const struct row_lun *)other)->name);
}

static int
compare_lun_name_id(const void *row, const void *other)
{
	int order = compare_lun_name(row, other);

	return order != 0 ? order : compare_id(row, other);
}

static int
compare_target_alias(const void *row, const void *other)
{
	return strcmp(((const struct row_target *)row)->alias,
		      ((const struct row_target *)other)->alias);
}

static int
compare_target_alias_id(const void *row, const void *other)
{
	int order = compare_target_alias(row, other);

	return order != 0 ? order : compare_id(row, other);
}

static int
compare_lun_serial(const void *row, const void *other)
{
	return strcmp(((const struct row_lun *)row)->serial,
		      ((const struct row_lun *)other)->serial);
}

static int
compare_lun_serial_id(const void *row, const void *other)
{
	int order = compare_lun_serial(row, other);

	return order != 0 ? order : compare_id(row, other);
}

static int
compare_lun_naa(const void *row, const void *other)
{
	return strcmp(((const struct row_lun *)row)->naa, ((const struct row_lun *)other)->naa);
}

static int
compare_lun_naa_id(const void *row, const void *other)
{
	int order = compare_lun_naa(row, other);

	return order != 0 ? order : compare_id(row, other);
}

static int
compare_host_name(const void *row, const void *other)
{
	return strcmp(((const struct row_host *)row)->name, ((const struct row_host *)other)->name);
}

static int
compare_host_name_id(const void *row, const void *other)
{
	int order = compare_host_name(row, other);

	return order != 0 ? order : compare_id(row, other);
}

static int
compare_host_group_name(const void *row, const void *other)
{
	return strcmp(((const struct row_host_group *)row)->name,
		      ((const struct row_host_group *)other)->name);
}

static int
compare_host_group_name_id(const void *row, const void *other)
{
	int order = compare_host_group_name(row, other);

	return order != 0 ? order : compare_id(row, other);
}

static int
compare_initiator_name(const void *row, const void *other)
{
	return strcmp(((const struct row_initiator *)row)->iscsi_name,
		      ((const struct row_initiator *)other)->iscsi_name);
}

static int
compare_initiator_name_id(const void *row, const void *other)
{
	int order = compare_initiator_name(row, other);

	return order != 0 ? order : compare_id(row, other);
}

/* An initiator's host stands where a pair has its second id. */
_Static_assert(offsetof(struct row_initiator, host_id) == offsetof(struct row_head, b),
	       "the host follows the id");

static int
compare_host_initiator(const void *row, const void *other)
{
	int order = compare_second(row, other);

	return order != 0 ? order : compare_initiator_name_id(row, other);
}

/* A credential's owner stands where a pair has its second id. */
_Static_assert(offsetof(struct row_credential, owner_id) == offsetof(struct row_head, b),
	       "the owner follows the id");

/* A LUN's owner stands where a pair has its second id. */
_Static_assert(offsetof(struct row_lun_owner, controller_id) == offsetof(struct row_head, b),
	       "the owner follows the LUN");

/* A snapshot's LUN stands where a pair has its second id. */
_Static_assert(offsetof(struct row_snapshot, lun_id) == offsetof(struct row_head, b),
	       "the LUN follows the id");

/* Those that people take are groups of one, since a group is never divided. */
static const struct guid *
schedule_of(const void *row)
{
	const struct row_snapshot *snapshot = row;

	return guid_is_zero(&snapshot->schedule_id) ? &snapshot->id : &snapshot->schedule_id;
}

static int
compare_schedule(const void *row, const void *other)
{
	return guid_compare(schedule_of(row), schedule_of(other));
}

static int
compare_schedule_moment(const void *row, const void *other)
{
	const struct row_snapshot *p = row, *q = other;
	int order = compare_schedule(row, other);

	if (order == 0)
		order = (p->created_ms > q->created_ms) - (p->created_ms < q->created_ms);
	return order != 0 ? order : compare_id(row, other);
}

/* ---- prefixes ---- */

static uint32_t
prefix_of_bytes(const void *bytes)
{
	return get_be32(bytes);
}

static uint32_t
prefix_id(const void *row)
{
	return prefix_of_bytes(&((const struct row_head *)row)->a);
}

static uint32_t
prefix_second(const void *row)
{
	return prefix_of_bytes(&((const struct row_head *)row)->b);
}

static uint32_t
prefix_schedule(const void *row)
{
	return prefix_of_bytes(schedule_of(row));
}

static uint32_t
prefix_group_target(const void *row)
{
	return prefix_of_bytes(&((const struct row_portal_group *)row)->target_id);
}

/* The first four bytes of a text; missing bytes count as NUL, as in strcmp. */
static uint32_t
prefix_of_text(const char *text)
{
	uint8_t bytes[4] = { 0 };

	memcpy(bytes, text, strnlen(text, sizeof(bytes)));
	return prefix_of_bytes(bytes);
}

static const char *
text_target_name(const void *row)
{
	return ((const struct row_target *)row)->iscsi_name;
}

static uint32_t
prefix_target_name(const void *row)
{
	return prefix_of_text(text_target_name(row));
}

static const char *
text_lun_name(const void *row)
{
	return ((const struct row_lun *)row)->name;
}

static uint32_t
prefix_lun_name(const void *row)
{
	return prefix_of_text(text_lun_name(row));
}

static const char *
text_target_alias(const void *row)
{
	return ((const struct row_target *)row)->alias;
}

static uint32_t
prefix_target_alias(const void *row)
{
	return prefix_of_text(text_target_alias(row));
}

static const char *
text_lun_serial(const void *row)
{
	return ((const struct row_lun *)row)->serial;
}

static uint32_t
prefix_lun_serial(const void *row)
{
	return prefix_of_text(text_lun_serial(row));
}

static const char *
text_lun_naa(const void *row)
{
	return ((const struct row_lun *)row)->naa;
}

static uint32_t
prefix_lun_naa(const void *row)
{
	return prefix_of_text(text_lun_naa(row));
}

static const char *
text_host_name(const void *row)
{
	return ((const struct row_host *)row)->name;
}

static uint32_t
prefix_host_name(const void *row)
{
	return prefix_of_text(text_host_name(row));
}

static const char *
text_host_group_name(const void *row)
{
	return ((const struct row_host_group *)row)->name;
}

static uint32_t
prefix_host_group_name(const void *row)
{
	return prefix_of_text(text_host_group_name(row));
}

static const char *
text_initiator_name(const void *row)
{
	return ((const struct row_initiator *)row)->iscsi_name;
}

static uint32_t
prefix_initiator_name(const void *row)
{
	return prefix_of_text(text_initiator_name(row));
}

/* clang-format off */
static const struct order_type types[ORDER_ALL_COUNT] = {
	[ROW_ARRAY]		= { ROW_ARRAY,		compare_id,		compare_id,	prefix_id, NULL },
	[ROW_POOL]		= { ROW_POOL,		compare_id,		compare_id,	prefix_id, NULL },
	[ROW_LUN]		= { ROW_LUN,		compare_id,		compare_id,	prefix_id, NULL },
	[ROW_TARGET]		= { ROW_TARGET,		compare_id,		compare_id,	prefix_id, NULL },
	[ROW_PORTAL]		= { ROW_PORTAL,		compare_id,		compare_id,	prefix_id, NULL },
	[ROW_PORTAL_GROUP]	= { ROW_PORTAL_GROUP,	compare_id,		compare_id,	prefix_id, NULL },
	[ROW_GROUP_PORTAL]	= { ROW_GROUP_PORTAL,	compare_pair,		compare_id,	prefix_id, NULL },
	[ROW_ASSOCIATION]	= { ROW_ASSOCIATION,	compare_pair,		compare_id,	prefix_id, NULL },
	[ROW_JOB]		= { ROW_JOB,		compare_id,		compare_id,	prefix_id, NULL },
	[ROW_CONTROLLER]	= { ROW_CONTROLLER,	compare_id,		compare_id,	prefix_id, NULL },
	[ROW_HOST]		= { ROW_HOST,		compare_id,		compare_id,	prefix_id, NULL },
	[ROW_INITIATOR]		= { ROW_INITIATOR,	compare_id,		compare_id,	prefix_id, NULL },
	[ROW_HOST_GROUP]	= { ROW_HOST_GROUP,	compare_id,		compare_id,	prefix_id, NULL },
	[ROW_HOST_MEMBER]	= { ROW_HOST_MEMBER,	compare_pair,		compare_id,	prefix_id, NULL },
	[ROW_CREDENTIAL]	= { ROW_CREDENTIAL,	compare_id,		compare_id,	prefix_id, NULL },
	[ROW_TRASHED_LUN]	= { ROW_TRASHED_LUN,	compare_id,		compare_id,	prefix_id, NULL },
	[ROW_SNAPSHOT]		= { ROW_SNAPSHOT,	compare_id,		compare_id,	prefix_id, NULL },
	[ROW_SNAPSHOT_SCHEDULE]	= { ROW_SNAPSHOT_SCHEDULE, compare_id,		compare_id,	prefix_id, NULL },
	[ROW_LUN_OWNER]		= { ROW_LUN_OWNER,	compare_id,		compare_id,	prefix_id, NULL },
	[ROW_OTHER]		= { ROW_OTHER,		compare_id,		compare_id,	prefix_id, NULL },
	[ROW_LIVE_LUN]		= { ROW_LIVE_LUN,	compare_id,		compare_id,	prefix_id, NULL },
	[ROW_LIVE_PORTAL]	= { ROW_LIVE_PORTAL,	compare_id,		compare_id,	prefix_id, NULL },
	[ROW_LIVE_POOL]		= { ROW_LIVE_POOL,	compare_id,		compare_id,	prefix_id, NULL },
	[ROW_LIVE_JOB]		= { ROW_LIVE_JOB,	compare_id,		compare_id,	prefix_id, NULL },
	[ROW_LIVE_SESSION]	= { ROW_LIVE_SESSION,	compare_id,		compare_id,	prefix_id, NULL },
	[ROW_LIVE_DRIVE]	= { ROW_LIVE_DRIVE,	compare_id,		compare_id,	prefix_id, NULL },
	[ROW_LIVE_POOL_DRIVE]	= { ROW_LIVE_POOL_DRIVE,	compare_pair,	compare_id,	prefix_id, NULL },
	[ROW_LIVE_PORT]		= { ROW_LIVE_PORT,	compare_id,		compare_id,	prefix_id, NULL },
	[ROW_LIVE_MAINTENANCE]	= { ROW_LIVE_MAINTENANCE, compare_id,		compare_id,	prefix_id, NULL },
	[ROW_LIVE_ARRAY]	= { ROW_LIVE_ARRAY,	compare_id,		compare_id,	prefix_id, NULL },
	[ROW_LIVE_SNAPSHOT]	= { ROW_LIVE_SNAPSHOT,	compare_id,		compare_id,	prefix_id, NULL },
	[ROW_LIVE_SNAPSHOT_SCHEDULE] = { ROW_LIVE_SNAPSHOT_SCHEDULE, compare_id,	compare_id,	prefix_id, NULL },
	[ROW_LIVE_LUN_JOB]	= { ROW_LIVE_LUN_JOB,	compare_id,		compare_id,	prefix_id, NULL },
	[ORDER_TARGET_LUNS]	= { ROW_ASSOCIATION,	compare_target_lun,	compare_second,	prefix_second, NULL },
	[ORDER_TARGET_GROUPS]	= { ROW_PORTAL_GROUP,	compare_group_tag,	compare_group_target,	prefix_group_target, NULL },
	[ORDER_PORTAL_GROUPS]	= { ROW_GROUP_PORTAL,	compare_second_first,	compare_second,	prefix_second, NULL },
	[ORDER_DRIVE_POOLS]	= { ROW_LIVE_POOL_DRIVE,	compare_second_first,	compare_second,	prefix_second, NULL },
	[ORDER_HOST_INITIATORS]	= { ROW_INITIATOR,	compare_host_initiator,	compare_second,	prefix_second, NULL },
	[ORDER_HOST_GROUPS]	= { ROW_HOST_MEMBER,	compare_second_first,	compare_second,	prefix_second, NULL },
	[ORDER_OWNER_CREDENTIALS] = { ROW_CREDENTIAL,	compare_second_first,	compare_second,	prefix_second, NULL },
	[ORDER_LUN_SNAPSHOTS]	= { ROW_SNAPSHOT,	compare_second_first,	compare_second,	prefix_second, NULL },
	[ORDER_SCHEDULE_SNAPSHOTS] = { ROW_SNAPSHOT,	compare_schedule_moment,	compare_schedule,	prefix_schedule, NULL },
	/* a group of its own for each row: an owner has many LUNs, and a group lies in one leaf */
	[ORDER_CONTROLLER_LUNS]	= { ROW_LUN_OWNER,	compare_second_first,	compare_second_first,	prefix_second, NULL },
	[ORDER_TARGET_NAMES]	= { ROW_TARGET,		compare_target_name_id,	compare_target_name,	prefix_target_name, text_target_name },
	[ORDER_LUN_NAMES]	= { ROW_LUN,		compare_lun_name_id,	compare_lun_name,	prefix_lun_name, text_lun_name },
	[ORDER_TARGET_ALIASES]	= { ROW_TARGET,		compare_target_alias_id,	compare_target_alias,	prefix_target_alias, text_target_alias },
	[ORDER_LUN_SERIALS]	= { ROW_LUN,		compare_lun_serial_id,	compare_lun_serial,	prefix_lun_serial, text_lun_serial },
	[ORDER_HOST_NAMES]	= { ROW_HOST,		compare_host_name_id,	compare_host_name,	prefix_host_name, text_host_name },
	[ORDER_HOST_GROUP_NAMES] = { ROW_HOST_GROUP,	compare_host_group_name_id,	compare_host_group_name,	prefix_host_group_name, text_host_group_name },
	[ORDER_INITIATOR_NAMES]	= { ROW_INITIATOR,	compare_initiator_name_id,	compare_initiator_name,	prefix_initiator_name, text_initiator_name },
	[ORDER_LUN_NAAS]	= { ROW_LUN,		compare_lun_naa_id,	compare_lun_naa,	prefix_lun_naa, text_lun_naa },
	[ORDER_MASKED]		= { MASKED_FAMILY,	compare_pair,		compare_pair,	prefix_id, NULL },
};
/* clang-format on */

const struct order_type *
order_type(enum order_id id)
{
	return &types[id];
}
