/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The invariants of what only one row may have.  Any thread that holds a reference to the state. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "model/state_int.h"

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
by_controller_name(const void *p, const void *q)
{
	const struct row_controller *const *a = p, *const *b = q;

	return strcmp((*a)->name, (*b)->name);
}

static int
by_endpoint(const void *p, const void *q)
{
	const struct row_portal *a = *(const struct row_portal *const *)p,
				*b = *(const struct row_portal *const *)q;
	int order = guid_compare(&a->controller_id, &b->controller_id);

	if (order == 0)
		order = strcmp(a->address, b->address);
	return order != 0 ? order : (a->port > b->port) - (a->port < b->port);
}

int
state_check_uniques(const struct state *state)
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
	if (rc == 0)
		rc = check_unique_few(state, ROW_CONTROLLER, by_controller_name, "name");
	return rc < 0 ? rc : check_unique_few(state, ROW_PORTAL, by_endpoint, "address and port");
}
