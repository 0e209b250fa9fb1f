/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The invariants between rows, each checked by a function of its own.  The array runs them before
 * it opens and in its checker; tests run them after everything.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "model/fields.h"
#include "model/state_int.h"

#define BREACH(...) err_set(ERR_CORRUPT, __VA_ARGS__)

/* ---- uniqueness ---- */

typedef int row_compare(const void *pointer_to_row, const void *pointer_to_other);

/* No two rows of the family compare equal. */
static int
check_unique(const struct state *state, enum row_family family, row_compare *compare,
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

#define COMPARE_TEXT(name, type, member)                        \
	static int name(const void *p, const void *q)           \
	{                                                       \
		const struct type *const *a = p, *const *b = q; \
		return strcmp((*a)->member, (*b)->member);      \
	}
#define COMPARE_NUMBER(name, type, member)                                            \
	static int name(const void *p, const void *q)                                 \
	{                                                                             \
		const struct type *const *a = p, *const *b = q;                       \
		return ((*a)->member > (*b)->member) - ((*a)->member < (*b)->member); \
	}

COMPARE_TEXT(by_pool_name, row_pool, name)
COMPARE_TEXT(by_pool_path, row_pool, path)
COMPARE_TEXT(by_lun_name, row_lun, name)
COMPARE_TEXT(by_lun_naa, row_lun, naa)
COMPARE_TEXT(by_lun_serial, row_lun, serial)
COMPARE_NUMBER(by_lun_number, row_lun, number)
COMPARE_TEXT(by_target_name, row_target, iscsi_name)
COMPARE_NUMBER(by_relative_port, row_portal_group, relative_port)

static int
by_endpoint(const void *p, const void *q)
{
	const struct row_portal *a = *(const struct row_portal *const *)p,
				*b = *(const struct row_portal *const *)q;
	int order = strcmp(a->address, b->address);

	return order != 0 ? order : (a->port > b->port) - (a->port < b->port);
}

static const struct {
	enum row_family family;
	row_compare *compare;
	const char *what;
	/* clang-format off */
} uniques[] = {
	{ ROW_POOL,		by_pool_name,		"name" },
	{ ROW_POOL,		by_pool_path,		"path" },
	{ ROW_LUN,		by_lun_name,		"name" },
	{ ROW_LUN,		by_lun_naa,		"naa designator" },
	{ ROW_LUN,		by_lun_serial,		"serial" },
	{ ROW_LUN,		by_lun_number,		"number" },
	{ ROW_TARGET,		by_target_name,		"iscsi_name" },
	{ ROW_PORTAL,		by_endpoint,		"address and port" },
	{ ROW_PORTAL_GROUP,	by_relative_port,	"relative port" },
};
/* clang-format on */

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

static int
check_pool(const struct state *state, const void *row)
{
	const struct row_pool *pool = row;

	(void)state;
	if (*pool->name == '\0' || strlen(pool->name) > ROW_NAME_MAX)
		return BREACH("a pool's name has 0 or more than %d bytes", ROW_NAME_MAX);
	return *pool->path == '/' ? 0 : BREACH("pool %s: its path is not absolute", pool->name);
}

static int
check_mask(const struct row_lun *lun)
{
	AUTO_FREE char *mask = NULL;
	int rc = mask_normalize(lun->mask, &mask);

	if (rc == ERR_INVALID || (rc == 0 && strcmp(mask, lun->mask) != 0))
		return BREACH("LUN %s: its unmasking list is not in canonical form", lun->name);
	return rc;
}

static int
check_lun(const struct state *state, const void *row)
{
	const struct row_lun *lun = row;

	if (*lun->name == '\0' || strlen(lun->name) > ROW_NAME_MAX)
		return BREACH("a LUN's name has 0 or more than %d bytes", ROW_NAME_MAX);
	if (state_find(state, ROW_POOL, &lun->pool_id) == NULL)
		return BREACH("LUN %s: its pool is not there", lun->name);
	if (lun->block_bytes != 512 && lun->block_bytes != 4096)
		return BREACH("LUN %s: blocks of %u bytes", lun->name, lun->block_bytes);
	if (lun->size_bytes == 0 || lun->size_bytes % lun->block_bytes != 0)
		return BREACH("LUN %s: its size is no multiple of its blocks", lun->name);
	if (*lun->serial == '\0')
		return BREACH("LUN %s: it has no serial", lun->name);
	if (strlen(lun->naa) != 16 || strspn(lun->naa, "0123456789abcdef") != 16 ||
	    lun->naa[0] != '3')
		return BREACH("LUN %s: its designator is no NAA 3", lun->name);
	return check_mask(lun);
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

/*
 * The slice that a row stands in is sorted: equal neighbours are found by comparing with the next.
 */
static const void *
next_of(struct row_slice slice, const void *row)
{
	for (size_t i = 0; i + 1 < slice.count; i++)
		if (slice.rows[i] == row)
			return slice.rows[i + 1];
	return NULL;
}

static int
check_group(const struct state *state, const void *row)
{
	const struct row_portal_group *group = row;
	const struct row_portal_group *next = next_of(state_target_groups(state, &group->target_id),
						      row);

	if (state_find(state, ROW_TARGET, &group->target_id) == NULL)
		return BREACH("a portal group's target is not there");
	if (!is_16_bits(group->tag) || !is_16_bits(group->relative_port))
		return BREACH("a portal group has tag %u, relative port %u", group->tag,
			      group->relative_port);
	return next == NULL || next->tag != group->tag
		       ? 0
		       : BREACH("a target has two portal groups of tag %u", group->tag);
}

static int
check_group_portal(const struct state *state, const void *row)
{
	const struct row_group_portal *member = row;
	const struct row_portal_group *group = state_find(state, ROW_PORTAL_GROUP,
							  &member->group_id),
				      *other;
	struct row_slice groups = state_portal_groups(state, &member->portal_id);

	if (group == NULL)
		return BREACH("a portal is in a group that is not there");
	if (state_find(state, ROW_PORTAL, &member->portal_id) == NULL)
		return BREACH("a portal group has a portal that is not there");
	for (size_t i = 0; i < groups.count; i++) {
		const struct row_group_portal *also = groups.rows[i];

		other = state_find(state, ROW_PORTAL_GROUP, &also->group_id);
		if (other != NULL && other != group &&
		    guid_equal(&other->target_id, &group->target_id))
			return BREACH("a portal is in two groups of one target");
	}
	return 0;
}

static int
check_association(const struct state *state, const void *row)
{
	const struct row_association *association = row;

	if (state_find(state, ROW_LUN, &association->lun_id) == NULL)
		return BREACH("an association's LUN is not there");
	if (state_find(state, ROW_TARGET, &association->target_id) == NULL)
		return BREACH("an association's target is not there");
	if (association->lun_number > ROW_LUN_NUMBER_MAX)
		return BREACH("an association has LUN number %u", association->lun_number);
	return 0;
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

/* Live rows say what they like: they may be older or newer than the configuration. */
static int (*const row_checks[ROW_CONFIG_COUNT])(const struct state *state, const void *row) = {
	[ROW_ARRAY] = check_array,
	[ROW_POOL] = check_pool,
	[ROW_LUN] = check_lun,
	[ROW_TARGET] = check_target,
	[ROW_PORTAL] = check_portal,
	[ROW_PORTAL_GROUP] = check_group,
	[ROW_GROUP_PORTAL] = check_group_portal,
	[ROW_ASSOCIATION] = check_association,
	[ROW_JOB] = check_job,
};

/* ---- the whole ---- */

/*
 * LUN numbers are unique in each target: equal ones would be neighbours in the order by (target,
 * number).
 */
static int
check_lun_numbers(const struct state *state)
{
	for (size_t t = 0; t < state_count(state, ROW_TARGET); t++) {
		const struct row_target *target = state_at(state, ROW_TARGET, t);
		struct row_slice luns = state_target_luns(state, &target->id);

		for (size_t i = 1; i < luns.count; i++) {
			const struct row_association *a = luns.rows[i - 1], *b = luns.rows[i];

			if (a->lun_number == b->lun_number)
				return BREACH("target %s has LUN number %u twice",
					      target->iscsi_name, a->lun_number);
		}
	}
	return 0;
}

static int
check_orders(const struct state *state)
{
	for (int id = 0; id < ORDER_COUNT; id++) {
		const struct order_type *type = order_type(id);
		const struct order *order = state->orders[id];

		if (order_count(order) != state_count(state, type->family))
			return BREACH("an order of %s has %zu of %zu rows",
				      row_type(type->family)->plural, order_count(order),
				      state_count(state, type->family));
		for (size_t i = 1; i < order_count(order); i++)
			if (type->compare(order_at(order, i - 1), order_at(order, i)) >= 0)
				return BREACH("an order of %s is not sorted",
					      row_type(type->family)->plural);
	}
	return 0;
}

static int
check_digest(const struct state *state)
{
	struct hash128 sum = { 0, 0 };

	for (int family = 0; family < ROW_CONFIG_COUNT; family++)
		for (size_t i = 0; i < state_count(state, family); i++)
			hash128_add(&sum, &((const struct row *)state_at(state, family, i))->hash);
	return hash128_equal(&sum, &state->position.digest)
		       ? 0
		       : BREACH("the digest is not that of the rows");
}

static int
check_rows(const struct state *state)
{
	size_t rows = 0;
	int rc = 0;

	for (int family = 0; family < ROW_CONFIG_COUNT; family++) {
		rows += state_count(state, family);
		for (size_t i = 0; rc == 0 && i < state_count(state, family); i++)
			rc = row_checks[family](state, state_at(state, family, i));
	}
	if (rc == 0 && rows > 0 && state_count(state, ROW_ARRAY) == 0)
		rc = BREACH("there are rows but no array");
	return rc;
}

int
state_check(const struct state *state)
{
	int rc = check_orders(state);

	if (rc == 0)
		rc = check_digest(state);
	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(uniques); i++)
		rc = check_unique(state, uniques[i].family, uniques[i].compare, uniques[i].what);
	if (rc == 0)
		rc = check_rows(state);
	return rc == 0 ? check_lun_numbers(state) : rc;
}
