/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The invariants between rows, each checked by a function of its own.  The array runs the checks
 * before it opens and in its checker; tests run them after every test case.  Any thread that holds
 * a reference to the state.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/utf.h"
#include "model/credential.h"
#include "model/fields.h"
#include "model/hints.h"
#include "model/qos.h"
#include "model/host.h"
#include "model/schedule.h"
#include "model/snapshot.h"
#include "model/state_int.h"

#define BREACH(...) err_set(ERR_CORRUPT, __VA_ARGS__)

/* ---- uniqueness ---- */

/*
 * Texts that have an order of their own: rows with the same text are neighbours there, since the
 * order compares them as one group.
 */
static const struct {
	enum order_id order;
	const char *what;
	/* clang-format off */
} unique_texts[] = {
	{ ORDER_LUN_NAAS,	"naa designator" },
	{ ORDER_LUN_SERIALS,	"serial" },
	{ ORDER_TARGET_NAMES,	"iscsi_name" },
	{ ORDER_HOST_NAMES,	"name" },
	{ ORDER_HOST_GROUP_NAMES, "name" },
	{ ORDER_INITIATOR_NAMES, "iscsi_name" },
};
/* clang-format on */

static int
check_unique_text(const struct state *state, enum order_id id, const char *what)
{
	const struct order_type *type = order_type(id);
	const void *before, *row;
	struct order_walk walk;

	order_walk_begin(&walk, state->orders[id]);
	for (before = NULL; (row = order_walk_next(&walk)) != NULL; before = row)
		if (before != NULL && type->group(before, row) == 0)
			return BREACH("two %s have the same %s", row_type(type->family)->plural,
				      what);
	return 0;
}

static uint64_t
lun_number(const void *row)
{
	return ((const struct row_lun *)row)->number;
}

static uint64_t
relative_port(const void *row)
{
	return ((const struct row_portal_group *)row)->relative_port;
}

static int
compare_u64(const void *p, const void *q)
{
	const uint64_t *a = p, *b = q;

	return (*a > *b) - (*a < *b);
}

static int
check_unique_number(const struct state *state, enum row_family family,
		    uint64_t (*number_of)(const void *row), const char *what)
{
	size_t count = 0;
	AUTO_FREE uint64_t *numbers = mem_calloc(state_count(state, family) + 1,
						 sizeof(numbers[0]));
	struct order_walk walk;
	const void *row;

	if (numbers == NULL)
		return -ENOMEM;
	order_walk_begin(&walk, state->orders[family]);
	while ((row = order_walk_next(&walk)) != NULL)
		numbers[count++] = number_of(row);
	if (count > 0)
		qsort(numbers, count, sizeof(numbers[0]), compare_u64);
	for (size_t i = 1; i < count; i++)
		if (numbers[i - 1] == numbers[i])
			return BREACH("two %s have the same %s", row_type(family)->plural, what);
	return 0;
}

typedef int row_compare(const void *pointer_to_row, const void *pointer_to_other);

/* For families of few rows, which have no order of their own by that member. */
static int
check_unique_few(const struct state *state, enum row_family family, row_compare *compare,
		 const char *what)
{
	size_t count = state_count(state, family);
	AUTO_FREE const void **rows = mem_calloc(count, sizeof(rows[0]));
	int rc = 0;

	if (rows == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		rows[i] = state_at(state, family, i);
	if (count > 0)
		qsort(rows, count, sizeof(rows[0]), compare);
	for (size_t i = 1; i < count && rc == 0; i++)
		if (compare(&rows[i - 1], &rows[i]) == 0)
			rc = BREACH("two %s have the same %s", row_type(family)->plural, what);
	return rc;
}

static int
by_pool_name(const void *p, const void *q)
{
	const struct row_pool *const *a = p, *const *b = q;

	return strcmp((*a)->name, (*b)->name);
}

static int
by_pool_path(const void *p, const void *q)
{
	const struct row_pool *const *a = p, *const *b = q;

	return strcmp((*a)->path, (*b)->path);
}

static int
by_schedule_name(const void *p, const void *q)
{
	const struct row_snapshot_schedule *const *a = p, *const *b = q;

	return strcmp((*a)->name, (*b)->name);
}

static int
by_endpoint(const void *p, const void *q)
{
	const struct row_portal *a = *(const struct row_portal *const *)p,
				*b = *(const struct row_portal *const *)q;
	int order = strcmp(a->address, b->address);

	return order != 0 ? order : (a->port > b->port) - (a->port < b->port);
}

static int
check_uniques(const struct state *state)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(unique_texts); i++)
		rc = check_unique_text(state, unique_texts[i].order, unique_texts[i].what);
	if (rc == 0)
		rc = check_unique_number(state, ROW_LUN, lun_number, "number");
	if (rc == 0)
		rc = check_unique_number(state, ROW_PORTAL_GROUP, relative_port, "relative port");
	if (rc == 0)
		rc = check_unique_few(state, ROW_POOL, by_pool_name, "name");
	if (rc == 0)
		rc = check_unique_few(state, ROW_POOL, by_pool_path, "path");
	if (rc == 0)
		rc = check_unique_few(state, ROW_SNAPSHOT_SCHEDULE, by_schedule_name, "name");
	return rc < 0 ? rc : check_unique_few(state, ROW_PORTAL, by_endpoint, "address and port");
}

/* ---- one row ---- */

static int
check_array(const struct state *state, const void *row)
{
	const struct row_array *array = row;

	if (state_count(state, ROW_ARRAY) != 1)
		return BREACH("there are %zu arrays", state_count(state, ROW_ARRAY));
	if (!guid_equal(&array->id, &state->position.array_id))
		return BREACH("the array has another id than its position");
	return *array->serial != '\0' ? 0 : BREACH("the array has no serial");
}

/* Whether the text may be a friendly name; "" may. */
static bool
is_name(const char *text)
{
	long units = utf8_to_utf16_len(text);

	return units >= 0 && units <= ROW_NAME_UNITS;
}

static bool
is_qos(enum qos_owner owner, const char *text)
{
	char canonical[QOS_TEXT_MAX];
	struct qos qos;

	if (text == NULL || *text == '\0')
		return true;
	if (qos_parse(text, &qos) < 0 || qos_check(owner, &qos) < 0)
		return false;
	qos_format(&qos, canonical);
	return strcmp(canonical, text) == 0;
}

static int
check_pool(const struct state *state, const void *row)
{
	const struct row_pool *pool = row;

	(void)state;
	if (*pool->name == '\0' || !is_name(pool->name))
		return BREACH("a pool's name has 0 or more than %d characters", ROW_NAME_UNITS);
	if (*pool->path != '/' && !str_starts(pool->path, "ram:") &&
	    !str_starts(pool->path, "bdev:/") && !str_starts(pool->path, "raw:/"))
		return BREACH("pool %s: its path is not absolute", pool->name);
	if (!is_qos(QOS_OF_POOL, pool->qos))
		return BREACH("pool %s: its limits are not in canonical form", pool->name);
	if (pool->qos != NULL && *pool->qos != '\0' && qos_check_pool(state, &pool->id) < 0)
		return BREACH("pool %s: its LUNs keep more than nine tenths of its limits",
			      pool->name);
	return 0;
}

static int
check_mask(const struct state *state, const struct row_lun *lun)
{
	AUTO_FREE char *mask = NULL, *known = NULL;
	int rc;

	if (*lun->mask == '\0' || strcmp(lun->mask, "*") == 0)
		return 0;
	rc = mask_normalize(lun->mask, &mask);

	if (rc == ERR_INVALID || (rc == 0 && strcmp(mask, lun->mask) != 0))
		return BREACH("LUN %s: its unmasking list is not in canonical form",
			      ROW_LUN_CALLED(lun));
	if (rc == 0 && host_mask_resolve(state, mask, &known) == ERR_NOT_FOUND)
		return BREACH("LUN %s: its unmasking list has a host that is not there",
			      ROW_LUN_CALLED(lun));
	return rc;
}

static int
check_hints(const struct row_lun *lun)
{
	AUTO_FREE char *hints = NULL;

	if (lun->hints == NULL || *lun->hints == '\0')
		return 0;
	if (hints_normalize(lun->hints, &hints) == ERR_INVALID ||
	    (hints != NULL && strcmp(hints, lun->hints) != 0))
		return BREACH("LUN %s: its hints are not in canonical form", ROW_LUN_CALLED(lun));
	return 0;
}

/* What LUNs keep of a pool that has limits is looked at with the pool. */
static int
check_lun_qos(const struct state *state, const struct row_lun *lun)
{
	const struct row_pool *pool = state_find(state, ROW_POOL, &lun->pool_id);
	struct qos qos;

	if (lun->qos == NULL || *lun->qos == '\0')
		return 0;
	if (!is_qos(QOS_OF_LUN, lun->qos))
		return BREACH("LUN %s: its limits are not in canonical form", ROW_LUN_CALLED(lun));
	if (qos_parse(lun->qos, &qos) == 0 &&
	    (qos.values[QOS_MIN_IOPS] != 0 || qos.values[QOS_MIN_BANDWIDTH] != 0) &&
	    (pool->qos == NULL || *pool->qos == '\0'))
		return BREACH("LUN %s: it has a minimum, and its pool has no limit",
			      ROW_LUN_CALLED(lun));
	return 0;
}

static int
check_lun(const struct state *state, const void *row)
{
	const struct row_lun *lun = row;

	if (!is_name(ROW_LUN_CALLED(lun)))
		return BREACH("a LUN's name has more than %d characters", ROW_NAME_UNITS);
	if (state_find(state, ROW_POOL, &lun->pool_id) == NULL)
		return BREACH("LUN %s: its pool is not there", ROW_LUN_CALLED(lun));
	if (lun->block_bytes != 512 && lun->block_bytes != 4096)
		return BREACH("LUN %s: blocks of %u bytes", ROW_LUN_CALLED(lun), lun->block_bytes);
	if (lun->size_bytes == 0 || lun->size_bytes % lun->block_bytes != 0)
		return BREACH("LUN %s: its size is no multiple of its blocks", ROW_LUN_CALLED(lun));
	if (*lun->serial == '\0')
		return BREACH("LUN %s: it has no serial", ROW_LUN_CALLED(lun));
	if (strlen(lun->naa) != 16 || strspn(lun->naa, "0123456789abcdef") != 16 ||
	    lun->naa[0] != '3')
		return BREACH("LUN %s: its designator is no NAA 3", ROW_LUN_CALLED(lun));
	if (check_hints(lun) < 0)
		return ERR_CORRUPT;
	if (check_lun_qos(state, lun) < 0)
		return ERR_CORRUPT;
	return check_mask(state, lun);
}

static int
check_target(const struct state *state, const void *row)
{
	const struct row_target *target = row;
	AUTO_FREE char *name = NULL;
	int rc = iscsi_name_normalize(target->iscsi_name, &name);

	(void)state;
	if (rc == ERR_INVALID || (rc == 0 && strcmp(name, target->iscsi_name) != 0))
		return BREACH("target %s: its name is not in canonical form", target->iscsi_name);
	return rc;
}

static bool
is_16_bits(uint32_t number)
{
	return number >= 1 && number <= UINT16_MAX;
}

static int
check_portal(const struct state *state, const void *row)
{
	const struct row_portal *portal = row;

	(void)state;
	if (*portal->address == '\0')
		return BREACH("a portal has no address");
	return is_16_bits(portal->port)
		       ? 0
		       : BREACH("portal %s: port %u", portal->address, portal->port);
}

static int
check_group(const struct state *state, const void *row)
{
	const struct row_portal_group *group = row;

	if (state_find(state, ROW_TARGET, &group->target_id) == NULL)
		return BREACH("a portal group's target is not there");
	return is_16_bits(group->tag) && is_16_bits(group->relative_port)
		       ? 0
		       : BREACH("a portal group has tag %u, relative port %u", group->tag,
				group->relative_port);
}

static int
check_group_portal(const struct state *state, const void *row)
{
	const struct row_group_portal *member = row;

	if (state_find(state, ROW_PORTAL_GROUP, &member->group_id) == NULL)
		return BREACH("a portal is in a group that is not there");
	return state_find(state, ROW_PORTAL, &member->portal_id) != NULL
		       ? 0
		       : BREACH("a portal group has a portal that is not there");
}

/*
 * before: the association before it, which is in order; NULL for the first.  A LUN's associations
 * stand together, so its row is looked up once.
 */
static int
check_association(const struct state *state, const struct row_association *association,
		  const struct row_association *before)
{
	if ((before == NULL || !guid_equal(&before->lun_id, &association->lun_id)) &&
	    state_find(state, ROW_LUN, &association->lun_id) == NULL)
		return BREACH("an association's LUN is not there");
	if (state_find(state, ROW_TARGET, &association->target_id) == NULL)
		return BREACH("an association's target is not there");
	if (association->lun_number > ROW_LUN_NUMBER_MAX)
		return BREACH("an association has LUN number %u", association->lun_number);
	return 0;
}

static int
check_associations(const struct state *state)
{
	const struct row_association *row, *before = NULL;
	struct order_walk walk;
	int rc = 0;

	order_walk_begin(&walk, state->orders[ROW_ASSOCIATION]);
	for (; rc == 0 && (row = order_walk_next(&walk)) != NULL; before = row) {
		rc = check_association(state, row, before);
		order_work++;
	}
	return rc;
}

static int
check_job(const struct state *state, const void *row)
{
	const struct row_job *job = row;

	(void)state;
	if ((job->state == JOB_RUNNING) != (job->ended_ms == 0))
		return BREACH("a job is %s but its end says otherwise",
			      job->state == JOB_RUNNING ? "running" : "over");
	return 0;
}

static int
check_controller(const struct state *state, const void *row)
{
	const struct row_controller *controller = row;

	return state_count(state, ROW_CONTROLLER) > 1 ? BREACH("there is more than one controller")
	       : controller->name == NULL             ? BREACH("a controller has no name")
						      : 0;
}

static int
check_host(const struct state *state, const void *row)
{
	const struct row_host *host = row;

	(void)state;
	if (!is_qos(QOS_OF_HOST, host->qos))
		return BREACH("host %s: its limits are not in canonical form", host->name);
	return *host->name != '\0' && is_name(host->name)
		       ? 0
		       : BREACH("a host's name has 0 or more than %d characters", ROW_NAME_UNITS);
}

static int
check_initiator(const struct state *state, const void *row)
{
	const struct row_initiator *initiator = row;
	AUTO_FREE char *name = NULL;
	int rc = iscsi_name_normalize(initiator->iscsi_name, &name);

	if (rc == ERR_INVALID || (rc == 0 && strcmp(name, initiator->iscsi_name) != 0))
		return BREACH("initiator %s: its name is not in canonical form",
			      initiator->iscsi_name);
	if (rc < 0)
		return rc;
	return state_find(state, ROW_HOST, &initiator->host_id) != NULL
		       ? 0
		       : BREACH("initiator %s: its host is not there", initiator->iscsi_name);
}

static int
check_host_group(const struct state *state, const void *row)
{
	const struct row_host_group *group = row;

	(void)state;
	return *group->name != '\0' && is_name(group->name)
		       ? 0
		       : BREACH("a host group's name has 0 or more than %d characters",
				ROW_NAME_UNITS);
}

static int
check_host_member(const struct state *state, const void *row)
{
	const struct row_host_member *member = row;

	if (state_find(state, ROW_HOST_GROUP, &member->group_id) == NULL)
		return BREACH("a host is in a host group that is not there");
	return state_find(state, ROW_HOST, &member->host_id) != NULL
		       ? 0
		       : BREACH("a host group has a host that is not there");
}

static int
check_credential(const struct state *state, const void *row)
{
	const struct row_credential *credential = row;
	AUTO_FREE char *name = NULL;
	int rc;

	if (!credential_owner_is_there(state, &credential->owner_id))
		return BREACH("a CHAP secret belongs to a target or host that is not there");
	if (credential->initiator[0] == '\0')
		return 0;
	rc = iscsi_name_normalize(credential->initiator, &name);
	if (rc == ERR_INVALID || (rc == 0 && strcmp(name, credential->initiator) != 0))
		return BREACH("a CHAP secret is for an initiator whose name is not canonical");
	return rc;
}

static int
check_trashed_lun(const struct state *state, const void *row)
{
	const struct row_trashed_lun *lun = row;
	const char *name = lun->name[0] != '\0' ? lun->name : lun->serial;

	if (state_find(state, ROW_POOL, &lun->pool_id) == NULL)
		return BREACH("deleted LUN %s: its pool is not there", name);
	if (state_find(state, ROW_LUN, &lun->id) != NULL)
		return BREACH("LUN %s is in the trash, and is there", name);
	if (lun->size_bytes == 0 || (lun->block_bytes != 512 && lun->block_bytes != 4096) ||
	    lun->size_bytes % lun->block_bytes != 0)
		return BREACH("deleted LUN %s: its size is no multiple of its blocks", name);
	if (lun->expires_ms < lun->deleted_ms)
		return BREACH("deleted LUN %s: it expires before it was deleted", name);
	return 0;
}

static int
check_snapshot(const struct state *state, const void *row)
{
	const struct row_snapshot *snapshot = row;
	struct row_slice slice = state_lun_snapshots(state, &snapshot->lun_id);

	if (state_find(state, ROW_POOL, &snapshot->pool_id) == NULL)
		return BREACH("snapshot %s: its pool is not there", snapshot->name);
	if (state_find(state, ROW_LUN, &snapshot->id) != NULL)
		return BREACH("snapshot %s has the id of a LUN", snapshot->name);
	if (snapshot->name[0] == '\0' || strchr(snapshot->name, '@') != NULL)
		return BREACH("a snapshot has no name, or one with \"@\": \"%s\"", snapshot->name);
	if (snapshot->size_bytes == 0 ||
	    (snapshot->block_bytes != 512 && snapshot->block_bytes != 4096) ||
	    snapshot->size_bytes % snapshot->block_bytes != 0)
		return BREACH("snapshot %s: its size is no multiple of its blocks", snapshot->name);
	order_work += slice.count;
	for (size_t i = 0; i < slice.count; i++)
		if (slice.rows[i] != row &&
		    strcmp(((const struct row_snapshot *)slice.rows[i])->name, snapshot->name) == 0)
			return BREACH("a LUN has two snapshots named %s", snapshot->name);
	return 0;
}

/* Whether the list is as schedule_luns_format writes it; *ret_count is how many LUNs it has. */
static bool
is_lun_list(const char *text, size_t *ret_count)
{
	struct guid id, before = { { 0 } };
	bool sorted = true;

	*ret_count = 0;
	while (schedule_lun_next(&text, &id)) {
		sorted = sorted && (*ret_count == 0 || guid_compare(&before, &id) < 0);
		before = id;
		++*ret_count;
	}
	return sorted && *text == '\0';
}

static int
check_schedule(const struct state *state, const void *row)
{
	const struct row_snapshot_schedule *schedule = row;
	struct schedule_rule rule;
	size_t count;
	long units = utf8_to_utf16_len(schedule->name);

	(void)state;
	if (units < 1 || units > SCHEDULE_NAME_UNITS || strchr(schedule->name, '@') != NULL)
		return BREACH("a schedule has no name, or one that is none: \"%s\"",
			      schedule->name);
	if (!is_lun_list(schedule->lun_ids, &count) || count < 1 || count > SCHEDULE_LUNS_MAX)
		return BREACH("schedule %s: its list of LUNs is none", schedule->name);
	if (schedule_rule_read(schedule, &rule) < 0)
		return BREACH("schedule %s: when it runs and what it keeps cannot be read",
			      schedule->name);
	return 0;
}

/* Nothing is known of it, so nothing can be wrong. */
static int
check_other(const struct state *state, const void *row)
{
	(void)state;
	(void)row;
	return 0;
}

/*
 * Live rows are not checked: they may be older or newer than the configuration.  Associations have
 * a walk of their own.
 */
static int (*const row_checks[ROW_CONFIG_COUNT])(const struct state *state, const void *row) = {
	[ROW_ARRAY] = check_array,
	[ROW_POOL] = check_pool,
	[ROW_LUN] = check_lun,
	[ROW_TARGET] = check_target,
	[ROW_PORTAL] = check_portal,
	[ROW_PORTAL_GROUP] = check_group,
	[ROW_GROUP_PORTAL] = check_group_portal,
	[ROW_JOB] = check_job,
	[ROW_CONTROLLER] = check_controller,
	[ROW_HOST] = check_host,
	[ROW_INITIATOR] = check_initiator,
	[ROW_HOST_GROUP] = check_host_group,
	[ROW_HOST_MEMBER] = check_host_member,
	[ROW_CREDENTIAL] = check_credential,
	[ROW_TRASHED_LUN] = check_trashed_lun,
	[ROW_SNAPSHOT] = check_snapshot,
	[ROW_SNAPSHOT_SCHEDULE] = check_schedule,
	[ROW_OTHER] = check_other,
};

/* ---- what belongs to one target ---- */

/* Equal LUN numbers would be neighbours: the slice is sorted by them. */
static int
check_target_luns(const struct state *state, const struct row_target *target)
{
	struct row_slice luns = state_target_luns(state, &target->id);

	order_work += luns.count;
	for (size_t i = 1; i < luns.count; i++) {
		const struct row_association *a = luns.rows[i - 1], *b = luns.rows[i];

		if (a->lun_number == b->lun_number)
			return BREACH("target %s has LUN number %u twice", target->iscsi_name,
				      a->lun_number);
	}
	return 0;
}

static int
compare_guids(const void *p, const void *q)
{
	return guid_compare(p, q);
}

/* A portal is in at most one group of the target.  The cost grows with the target's own groups. */
static int
check_target_portals(const struct state *state, struct row_slice groups)
{
	AUTO_FREE struct guid *portals = NULL;
	size_t count = 0, capacity = 0;

	for (size_t g = 0; g < groups.count; g++) {
		const struct row_portal_group *group = groups.rows[g];
		struct row_slice members = state_group_portals(state, &group->id);

		if (mem_grow(&portals, &capacity, count + members.count, sizeof(portals[0])) < 0)
			return -ENOMEM;
		order_work += members.count;
		for (size_t i = 0; i < members.count; i++)
			portals[count++] =
				((const struct row_group_portal *)members.rows[i])->portal_id;
	}
	if (count > 1)
		qsort(portals, count, sizeof(portals[0]), compare_guids);
	for (size_t i = 1; i < count; i++)
		if (guid_equal(&portals[i - 1], &portals[i]))
			return BREACH("a portal is in two groups of one target");
	return 0;
}

static int
check_target_groups(const struct state *state, const struct row_target *target)
{
	struct row_slice groups = state_target_groups(state, &target->id);

	order_work += groups.count;
	for (size_t i = 1; i < groups.count; i++) {
		const struct row_portal_group *a = groups.rows[i - 1], *b = groups.rows[i];

		if (a->tag == b->tag)
			return BREACH("a target has two portal groups of tag %u", a->tag);
	}
	return groups.count > 1 ? check_target_portals(state, groups) : 0;
}

static int
check_targets(const struct state *state)
{
	const struct row_target *target;
	struct order_walk walk;
	int rc = 0;

	order_walk_begin(&walk, state->orders[ROW_TARGET]);
	while (rc == 0 && (target = order_walk_next(&walk)) != NULL) {
		rc = check_target_luns(state, target);
		if (rc == 0)
			rc = check_target_groups(state, target);
	}
	return rc;
}

/* ---- the whole ---- */

static int
check_order(const struct state *state, enum order_id id)
{
	const struct order_type *type = order_type(id);
	const struct order *order = state->orders[id];
	const void *before, *row;
	struct order_walk walk;

	if (order_count(order) != state_count(state, type->family))
		return BREACH("an order of %s has %zu of %zu rows", row_type(type->family)->plural,
			      order_count(order), state_count(state, type->family));
	order_walk_begin(&walk, order);
	for (before = NULL; (row = order_walk_next(&walk)) != NULL; before = row)
		if (before != NULL && type->compare(before, row) >= 0)
			return BREACH("an order of %s is not sorted",
				      row_type(type->family)->plural);
	return 0;
}

static int
check_digest(const struct state *state)
{
	struct hash128 sum = { 0, 0 };
	struct order_walk walk;
	const struct row *row;

	for (int family = 0; family < ROW_CONFIG_COUNT; family++) {
		order_walk_begin(&walk, state->orders[family]);
		while ((row = order_walk_next(&walk)) != NULL)
			hash128_add(&sum, &row->hash);
	}
	return hash128_equal(&sum, &state->position.digest)
		       ? 0
		       : BREACH("the digest is not that of the rows");
}

static int
check_rows(const struct state *state)
{
	struct order_walk walk;
	const void *row;
	size_t rows = 0;
	int rc = 0;

	for (int family = 0; family < ROW_CONFIG_COUNT; family++) {
		rows += state_count(state, family);
		order_walk_begin(&walk, state->orders[family]);
		while (rc == 0 && row_checks[family] != NULL &&
		       (row = order_walk_next(&walk)) != NULL) {
			rc = row_checks[family](state, row);
			order_work++;
		}
	}
	if (rc == 0 && rows > 0 && state_count(state, ROW_ARRAY) == 0)
		rc = BREACH("there are rows but no array");
	return rc;
}

int
state_check(const struct state *state)
{
	int rc = 0;

	for (int id = 0; rc == 0 && id < ORDER_COUNT; id++)
		rc = check_order(state, (enum order_id)id);
	if (rc == 0)
		rc = check_digest(state);
	if (rc == 0)
		rc = check_uniques(state);
	if (rc == 0)
		rc = check_rows(state);
	if (rc == 0)
		rc = check_associations(state);
	if (rc == 0)
		rc = state_masked_check(state);
	return rc < 0 ? rc : check_targets(state);
}
