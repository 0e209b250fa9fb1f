/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Builds an order of many rows at once: sorts them, then fills one node after the other.  That
 * costs a few steps a row whatever the number of rows, where inserting the rows one by one costs a
 * way down the tree for each, most of whose steps miss the processor's caches once the array is
 * large.  The nodes come out full, so the order also takes less memory.  Called by state_edit.c on
 * the thread that loads a state.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/system.h"
#include "model/order_int.h"

/* ---- sorting ---- */

/*
 * A row and a number that agrees with the order of rows.  Rows are sorted by their numbers, which
 * lie together in memory; the rows themselves are read only where numbers are equal.
 */
struct sortable {
	uint64_t key;
	void *row;
	uint32_t prefix;
};

static int
compare_keys(const void *p, const void *q)
{
	const struct sortable *a = p, *b = q;

	return (a->key > b->key) - (a->key < b->key);
}

static int
compare_rows(const void *p, const void *q, void *type)
{
	const struct sortable *a = p, *b = q;

	order_work++;
	return ((const struct order_type *)type)->compare(a->row, b->row);
}

/* Call sort(type, run, length) for each run of items with equal keys. */
static void
each_run(const struct order_type *type, struct sortable *items, size_t count,
	 void (*sort)(const struct order_type *type, struct sortable *run, size_t length))
{
	size_t end;

	for (size_t first = 0; first < count; first = end) {
		for (end = first + 1; end < count && items[end].key == items[first].key;)
			end++;
		if (end - first > 1)
			sort(type, items + first, end - first);
	}
}

/* Rows often come in order already. */
static void
sort_by_keys(struct sortable *items, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		if (items[i - 1].key > items[i].key) {
			qsort(items, count, sizeof(items[0]), compare_keys);
			return;
		}
	}
}

static void
sort_by_rows(const struct order_type *type, struct sortable *items, size_t count)
{
	system_sort(items, count, sizeof(items[0]), compare_rows, (void *)(uintptr_t)type);
}

/* Returns how many bytes all texts of the items have in common at their beginning. */
static size_t
texts_common(const struct order_type *type, const struct sortable *items, size_t count)
{
	const char *first = type->text(items[0].row);
	size_t common = strlen(first);

	for (size_t i = 1; i < count; i++) {
		const char *text = type->text(items[i].row);
		size_t same = 0;

		order_work++;
		while (same < common && text[same] == first[same])
			same++;
		common = same;
	}
	return common;
}

/* The eight bytes of a text from there on; missing bytes count as NUL, as in strcmp. */
static uint64_t
text_key(const char *text)
{
	uint8_t bytes[8] = { 0 };

	memcpy(bytes, text, strnlen(text, sizeof(bytes)));
	return get_be64(bytes);
}

/*
 * Sort items whose texts begin alike, as those of names that were given by number ("volume-0017"):
 * by the first eight bytes that are not the same in all of them.
 */
static void
sort_by_texts(const struct order_type *type, struct sortable *items, size_t count)
{
	size_t common = texts_common(type, items, count);

	for (size_t i = 0; i < count; i++)
		items[i].key = text_key(type->text(items[i].row) + common);
	sort_by_keys(items, count);
	each_run(type, items, count, sort_by_rows);
}

/* The items' keys are their prefixes. */
static void
sort(const struct order_type *type, struct sortable *items, size_t count)
{
	sort_by_keys(items, count);
	each_run(type, items, count, type->text != NULL ? sort_by_texts : sort_by_rows);
	order_work += count;
}

/* ---- nodes ---- */

/* The nodes of one level, from left to right. */
struct build_level {
	struct order **nodes;
	size_t count, capacity;
};

static void
level_fini(struct build_level *level)
{
	for (size_t i = 0; i < level->count; i++)
		order_unref(level->nodes[i]);
	mem_free(level->nodes);
}

/* Append a node for `count` entries.  Returns it, or NULL when out of memory. */
static struct order *
level_add(struct build_level *level, unsigned height, size_t count, bool owns)
{
	struct order *node;

	if (mem_grow(&level->nodes, &level->capacity, level->count + 1, sizeof(level->nodes[0])) <
	    0)
		return NULL;
	node = order_node_new(height, (uint32_t)(count + 1) & ~1u, owns);
	if (node != NULL)
		level->nodes[level->count++] = node;
	return node;
}

/* Returns how many of the sorted rows the next leaf gets: it ends where a group ends. */
static size_t
leaf_length(const struct order_type *type, const struct sortable *items, size_t count)
{
	size_t end = MIN(count, (size_t)ORDER_LEAF_MAX);

	while (end < count && end > 0 && type->group(items[end - 1].row, items[end].row) == 0)
		end--;
	if (end > 0)
		return end;
	/* One group fills more than a leaf. */
	for (end = ORDER_LEAF_MAX; end < count; end++)
		if (type->group(items[end - 1].row, items[end].row) != 0)
			break;
	return end;
}

static int
fill_leaves(enum order_id id, const struct sortable *items, size_t count,
	    struct build_level *ret_leaves)
{
	const struct order_type *type = order_type(id);
	bool owns = order_is_primary(id);
	size_t length;

	for (; count > 0; items += length, count -= length) {
		struct order *leaf;

		length = leaf_length(type, items, count);
		leaf = level_add(ret_leaves, 0, length, owns);
		if (leaf == NULL)
			return -ENOMEM;
		for (size_t i = 0; i < length; i++) {
			leaf->entries[i].row = owns ? row_ref(items[i].row) : items[i].row;
			order_prefixes(leaf)[i] = items[i].prefix;
		}
		leaf->count = (uint32_t)length;
		leaf->rows = length;
		order_work += length;
	}
	return 0;
}

/* Put the nodes of a level below new nodes.  Those that have a parent leave the level. */
static int
fill_parents(struct build_level *level, unsigned height, bool owns, struct build_level *ret_parents)
{
	for (size_t first = 0; first < level->count; first += ORDER_INNER_MAX) {
		size_t length = MIN(level->count - first, (size_t)ORDER_INNER_MAX);
		struct order *parent = level_add(ret_parents, height, length, owns);

		if (parent == NULL)
			return -ENOMEM;
		for (size_t i = 0; i < length; i++) {
			struct order *child = order_ref(level->nodes[first + i]);

			parent->entries[i].child = child;
			order_prefixes(parent)[i] = order_prefixes(child)[0];
			parent->rows += child->rows;
			parent->count++;
		}
		order_work += length;
	}
	return 0;
}

/* Put level above level until there is one root. */
static int
fill_levels(struct build_level *leaves, struct order **ret_order)
{
	struct build_level level = *leaves;
	bool owns = level.nodes[0]->owns;
	int rc = 0;

	*leaves = (struct build_level){ 0 };
	for (unsigned height = 1; rc == 0 && level.count > 1; height++) {
		struct build_level parents = { 0 };

		rc = fill_parents(&level, height, owns, &parents);
		level_fini(&level);
		level = parents;
	}
	if (rc == 0)
		*ret_order = order_ref(level.nodes[0]);
	level_fini(&level);
	return rc;
}

/* ---- the whole ---- */

/* Returns whether two of the sorted items compare equal. */
static bool
has_twins(const struct order_type *type, const struct sortable *items, size_t count)
{
	for (size_t i = 1; i < count; i++)
		if (items[i - 1].prefix == items[i].prefix &&
		    type->compare(items[i - 1].row, items[i].row) == 0)
			return true;
	return false;
}

static struct sortable
sortable_of(const struct order_type *type, const void *row)
{
	uint32_t prefix = type->prefix(row);

	return (struct sortable){
		.key = prefix,
		.row = (void *)(uintptr_t)row,
		.prefix = prefix,
	};
}

int
order_build(enum order_id id, const struct order *rows, void *const *more, size_t more_count,
	    struct order **ret_order)
{
	const struct order_type *type = order_type(id);
	size_t count = order_count(rows) + more_count, filled = 0;
	AUTO_FREE struct sortable *items = NULL;
	AUTO(level_fini) struct build_level leaves = { 0 };
	struct order_walk walk;
	const void *row;

	if (count == 0) {
		*ret_order = NULL;
		return 0;
	}
	items = mem_alloc(count * sizeof(*items));
	if (items == NULL)
		return -ENOMEM;
	order_walk_begin(&walk, rows);
	while ((row = order_walk_next(&walk)) != NULL)
		items[filled++] = sortable_of(type, row);
	for (size_t i = 0; i < more_count; i++)
		items[filled++] = sortable_of(type, more[i]);
	sort(type, items, count);
	if (order_is_primary(id) && has_twins(type, items, count))
		return ERR_CORRUPT;
	if (fill_leaves(id, items, count, &leaves) < 0)
		return -ENOMEM;
	return fill_levels(&leaves, ret_order);
}
