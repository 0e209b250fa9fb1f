/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Orders: counting, look-ups, walks and comparisons.  order_edit.c changes orders, and
 * order_table.c lists them.  Any thread may read an order that it holds.
 */
#include "model/order_int.h"

#include <assert.h>

#include "base/mem.h"
#include "model/fields.h"

_Thread_local uint64_t order_work;

struct order *
order_ref(struct order *order)
{
	if (order != NULL)
		atomic_fetch_add_explicit(&order->refs, 1, memory_order_relaxed);
	return order;
}

void
order_unref(struct order *order)
{
	if (order == NULL || atomic_fetch_sub_explicit(&order->refs, 1, memory_order_acq_rel) > 1)
		return;
	order_prefetch(order);
	for (uint32_t i = 0; i < order->count; i++)
		if (order->level > 0)
			order_unref(order->entries[i].child);
		else if (order->owns)
			row_unref(order->entries[i].row);
	mem_free(order);
}

/* ---- searching ---- */

/* A row that is looked for, and the comparison by which it is looked for. */
struct probe {
	const void *row;
	uint32_t prefix;
	order_compare *compare;
};

static struct probe
probe_of(const struct order_type *type, bool by_group, const void *row)
{
	return (struct probe){ row, type->prefix(row), by_group ? type->group : type->compare };
}

static int
compare_at(const struct probe *probe, uint32_t prefix, const void *row)
{
	if (prefix != probe->prefix)
		return prefix < probe->prefix ? -1 : 1;
	return probe->compare(row, probe->row);
}

static const void *
first_row(const struct order *node)
{
	while (node->level > 0)
		node = node->entries[0].child;
	return node->entries[0].row;
}

/*
 * Returns the index of the first row of the leaf that is not less than the probe (past: that is
 * greater).
 */
static uint32_t
leaf_bound(const struct order *leaf, const struct probe *probe, bool past)
{
	const uint32_t *prefixes = order_prefixes(leaf);
	uint32_t low = 0, high = leaf->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		int order = compare_at(probe, prefixes[middle], leaf->entries[middle].row);

		if (order < 0 || (past && order == 0))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/*
 * The last child whose first row is not greater than the probe, else the first child.  The probe
 * compares by group: a child that begins with the probe's group has all of that group (invariant
 * 2), so that is where the probe belongs also when the child's first row is greater.
 */
static uint32_t
child_of(const struct order *node, const struct probe *probe)
{
	const uint32_t *prefixes = order_prefixes(node);
	uint32_t low = 0, high = node->count;

	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (prefixes[middle] < probe->prefix ||
		    (prefixes[middle] == probe->prefix &&
		     probe->compare(first_row(node->entries[middle].child), probe->row) <= 0))
			low = middle;
		else
			high = middle;
	}
	return low;
}

uint32_t
order_child_of(const struct order *node, const struct order_type *type, const void *row)
{
	struct probe probe = probe_of(type, true, row);

	return child_of(node, &probe);
}

uint32_t
order_leaf_bound(const struct order *leaf, const struct order_type *type, const void *row)
{
	struct probe probe = probe_of(type, false, row);

	return leaf_bound(leaf, &probe, false);
}

/* The leaf under which the probe's group belongs.  The order is not NULL. */
static const struct order *
leaf_of(const struct order *order, const struct order_type *type, const void *row)
{
	struct probe probe = probe_of(type, true, row);

	while (order->level > 0)
		order = order->entries[child_of(order, &probe)].child;
	return order;
}

const void *
order_at(const struct order *order, size_t index)
{
	if (index >= order_count(order))
		return NULL;
	order_work++;
	while (order->level > 0) {
		const union order_entry *entry = order->entries;

		for (; index >= entry->child->rows; entry++)
			index -= entry->child->rows;
		order = entry->child;
	}
	return order->entries[index].row;
}

const void *
order_find(const struct order *order, const struct order_type *type, const void *row)
{
	const struct order *leaf;
	uint32_t at;

	if (order_count(order) == 0)
		return NULL;
	leaf = leaf_of(order, type, row);
	at = order_leaf_bound(leaf, type, row);
	if (at == leaf->count || type->compare(leaf->entries[at].row, row) != 0)
		return NULL;
	return leaf->entries[at].row;
}

size_t
order_after(const struct order *order, const struct order_type *type, bool by_group,
	    const void *row)
{
	struct probe group = probe_of(type, true, row), probe = probe_of(type, by_group, row);
	size_t before = 0;

	if (order_count(order) == 0)
		return 0;
	while (order->level > 0) {
		uint32_t at = child_of(order, &group);

		for (uint32_t i = 0; i < at; i++)
			before += order->entries[i].child->rows;
		order = order->entries[at].child;
	}
	return before + leaf_bound(order, &probe, true);
}

struct row_slice
order_group(const struct order *order, const struct order_type *type, const void *row)
{
	struct probe probe = probe_of(type, true, row);
	uint32_t first, end;

	if (order_count(order) == 0)
		return (struct row_slice){ NULL, 0 };
	order = leaf_of(order, type, row);
	first = leaf_bound(order, &probe, false);
	/* Groups are short, mostly: look at the next few before halving the rest. */
	for (end = first; end < order->count && end < first + 8; end++)
		if (compare_at(&probe, order_prefixes(order)[end], order->entries[end].row) != 0)
			break;
	if (end == first + 8)
		end = leaf_bound(order, &probe, true);
	return (struct row_slice){ (const void *const *)&order->entries[first].row, end - first };
}

/* ---- walking ---- */

/* Extends the path to the first row of its last node. */
static void
path_descend(struct order_path *path, const struct order *node)
{
	for (;;) {
		assert(path->depth < ORDER_DEPTH_MAX);
		path->node[path->depth] = node;
		path->at[path->depth++] = 0;
		if (node->level == 0)
			return;
		node = node->entries[0].child;
	}
}

static void
path_begin(struct order_path *path, const struct order *order)
{
	path->depth = 0;
	if (order_count(order) > 0)
		path_descend(path, order);
}

/* Steps over the node (or row) at depth `at` of the path; the path becomes empty at the end. */
static void
path_step(struct order_path *path, unsigned at)
{
	path->depth = at + 1;
	while (path->depth > 0) {
		const struct order *node = path->node[path->depth - 1];
		uint32_t next = ++path->at[path->depth - 1];

		if (next < node->count) {
			if (node->level > 0)
				path_descend(path, node->entries[next].child);
			return;
		}
		path->depth--;
	}
}

static const void *
path_row(const struct order_path *path)
{
	return path->depth > 0 ? path->node[path->depth - 1]->entries[path->at[path->depth - 1]].row
			       : NULL;
}

void
order_walk_begin(struct order_walk *walk, const struct order *order)
{
	path_begin(&walk->path, order);
}

const void *
order_walk_next(struct order_walk *walk)
{
	const void *row = path_row(&walk->path);

	if (row != NULL)
		path_step(&walk->path, walk->path.depth - 1);
	return row;
}

/* ---- differences ---- */

/*
 * The node of that level which begins at the path's row, as the depth at which it stands; -1 when
 * there is none.
 */
static int
path_begins(const struct order_path *path, unsigned level)
{
	int at = (int)path->depth - 1 - (int)level;

	if (at < 0)
		return -1;
	for (unsigned i = (unsigned)at; i < path->depth; i++)
		if (path->at[i] != 0)
			return -1;
	return at;
}

/* Steps over the largest node that both orders share here.  False when there is none. */
static bool
paths_skip(struct order_path *a, struct order_path *b)
{
	for (unsigned level = MIN(a->depth, b->depth); level-- > 0;) {
		int at_a = path_begins(a, level), at_b = path_begins(b, level);

		if (at_a < 0 || at_b < 0 || a->node[at_a] != b->node[at_b])
			continue;
		order_work++;
		if (at_a == 0)
			a->depth = 0;
		else
			path_step(a, (unsigned)at_a - 1);
		if (at_b == 0)
			b->depth = 0;
		else
			path_step(b, (unsigned)at_b - 1);
		return true;
	}
	return false;
}

static int
compare_keys(const void *old, const void *now)
{
	struct row_key p, q;

	if (old == NULL || now == NULL)
		return old == NULL ? 1 : -1;
	row_key(old, &p);
	row_key(now, &q);
	return row_key_compare(&p, &q);
}

int
order_diff(const struct order *before, const struct order *after,
	   int (*each)(void *arg, const void *old, const void *now), void *arg)
{
	struct order_path a, b;
	int rc = 0;

	if (before == after)
		return 0;
	path_begin(&a, before);
	path_begin(&b, after);
	while (rc == 0 && (a.depth > 0 || b.depth > 0)) {
		const void *old, *now;
		int order;

		if (paths_skip(&a, &b))
			continue;
		order_work++;
		old = path_row(&a);
		now = path_row(&b);
		order = compare_keys(old, now);
		if (order != 0)
			rc = each(arg, order < 0 ? old : NULL, order < 0 ? NULL : now);
		else if (old != now && !hash128_equal(&((const struct row *)old)->hash,
						      &((const struct row *)now)->hash))
			rc = each(arg, old, now);
		if (order <= 0)
			path_step(&a, a.depth - 1);
		if (order >= 0)
			path_step(&b, b.depth - 1);
	}
	return rc;
}
