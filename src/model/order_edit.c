/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Changes an order: first makes the nodes on the path to a row its own (copying those that other
 * orders share), then puts the row in or takes it out.  Everything that may fail is done in
 * order_prepare.  Splitting and joining nodes afterwards happens only when memory allows; an order
 * stays correct without it.  Called by state_edit.c; an order that is being edited belongs to one
 * thread.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "model/fields.h"
#include "model/order_int.h"

#define NODE_SLACK 4 /* room in a new node, since edits come in runs */

static bool
is_shared(const struct order *node)
{
	return atomic_load_explicit(&node->refs, memory_order_acquire) > 1;
}

/* ---- owning ---- */

static size_t
node_size(uint32_t capacity)
{
	return sizeof(struct order) + capacity * (sizeof(union order_entry) + sizeof(uint32_t));
}

/* A multiple of two, so that no padding follows the prefixes. */
static uint32_t
capacity_for(uint32_t count)
{
	return (count + count / 16 + NODE_SLACK + 1) & ~1u;
}

struct order *
order_node_new(unsigned level, uint32_t capacity, bool owns)
{
	struct order *node = mem_alloc(node_size(capacity));

	if (node == NULL)
		return NULL;
	*node = (struct order){
		.level = (uint16_t)level,
		.owns = owns,
		.capacity = capacity,
	};
	atomic_init(&node->refs, 1);
	return node;
}

static size_t
entry_rows(const struct order *node, uint32_t at)
{
	return node->level > 0 ? node->entries[at].child->rows : 1;
}

static void
entry_ref(const struct order *node, uint32_t at)
{
	if (node->level > 0)
		order_ref(node->entries[at].child);
	else if (node->owns)
		row_ref(node->entries[at].row);
}

/* Appends entries of another node, without references of their own. */
static void
entries_append(struct order *to, const struct order *from, uint32_t first, uint32_t count)
{
	memcpy(to->entries + to->count, from->entries + first, count * sizeof(to->entries[0]));
	memcpy(order_prefixes(to) + to->count, order_prefixes(from) + first,
	       count * sizeof(uint32_t));
	for (uint32_t i = first; i < first + count; i++)
		to->rows += entry_rows(from, i);
	to->count += count;
	order_work += count;
}

static struct order *
node_copy(const struct order *node, uint32_t capacity)
{
	struct order *copy = order_node_new(node->level, capacity, node->owns);

	if (copy == NULL)
		return NULL;
	order_prefetch(node);
	entries_append(copy, node, 0, node->count);
	for (uint32_t i = 0; i < node->count; i++)
		entry_ref(node, i);
	return copy;
}

/*
 * Gives a node that only this edit holds another capacity.  Returns the node, which may have moved,
 * or NULL when out of memory (the node is as it was).
 */
static struct order *
node_resize(struct order *old, uint32_t capacity)
{
	uint32_t before = old->capacity;
	struct order *node;

	if (capacity < before) { /* the prefixes move down before the block ends there */
		uint32_t *from = order_prefixes(old);

		old->capacity = capacity;
		memmove(order_prefixes(old), from, old->count * sizeof(*from));
	}
	node = mem_realloc(old, node_size(capacity));
	if (node == NULL)
		return capacity <= before ? old : NULL;
	if (capacity > before) {
		const uint32_t *from = order_prefixes(node);

		node->capacity = capacity;
		memmove(order_prefixes(node), from, node->count * sizeof(*from));
	}
	order_work += node->count;
	return node;
}

/* Makes the node in *slot this edit's alone, with room for `more` entries.  0 or -ENOMEM. */
static int
node_own(struct order **slot, uint32_t more)
{
	struct order *old = *slot, *node;
	bool shared = is_shared(old);

	if (!shared && old->capacity - old->count >= more)
		return 0;
	node = shared ? node_copy(old, capacity_for(old->count + more))
		      : node_resize(old, capacity_for(old->count + more));
	if (node == NULL)
		return -ENOMEM;
	if (shared)
		order_unref(old);
	*slot = node;
	return 0;
}

/* Own all nodes from the root to the leaf under which the row belongs; room in the leaf. */
static int
path_own(struct order **slot, const struct order_type *type, const void *row, uint32_t more)
{
	for (;;) {
		if (node_own(slot, (*slot)->level == 0 ? more : 0) < 0)
			return -ENOMEM;
		if ((*slot)->level == 0)
			return 0;
		slot = &(*slot)->entries[order_child_of(*slot, type, row)].child;
	}
}

int
order_prepare(struct order **order, enum order_id id, const void *old, const void *row)
{
	const struct order_type *type = order_type(id);

	if (*order == NULL) {
		*order = order_node_new(0, NODE_SLACK, order_owns_rows(id));
		if (*order == NULL)
			return -ENOMEM;
	}
	if (row != NULL && (old == NULL || type->compare(old, row) != 0) &&
	    path_own(order, type, row, 1) < 0)
		return -ENOMEM;
	return old != NULL ? path_own(order, type, old, 0) : 0;
}

/* ---- a way down, all of whose nodes are owned ---- */

struct way {
	struct order **slot[ORDER_DEPTH_MAX];
	uint32_t at[ORDER_DEPTH_MAX]; /* index in that node */
	unsigned depth;
};

static void
way_find(struct way *way, struct order **slot, const struct order_type *type, const void *row)
{
	for (way->depth = 0;; slot = &(*slot)->entries[way->at[way->depth - 1]].child) {
		assert(way->depth < ORDER_DEPTH_MAX && !is_shared(*slot));
		way->slot[way->depth] = slot;
		way->at[way->depth++] = (*slot)->level > 0 ? order_child_of(*slot, type, row)
							   : order_leaf_bound(*slot, type, row);
		if ((*slot)->level == 0)
			return;
	}
}

/* The first row below the node at that depth has changed: its parents' prefixes follow. */
static void
way_renew_prefixes(struct way *way, unsigned depth)
{
	for (; depth > 0; depth--) {
		struct order *parent = *way->slot[depth - 1];
		uint32_t at = way->at[depth - 1];

		order_prefixes(parent)[at] = order_prefixes(*way->slot[depth])[0];
		if (at > 0)
			return;
	}
}

static void
entry_insert(struct order *node, uint32_t at, union order_entry entry, uint32_t prefix)
{
	uint32_t *prefixes = order_prefixes(node);
	uint32_t after = node->count - at;

	assert(node->count < node->capacity);
	memmove(node->entries + at + 1, node->entries + at, after * sizeof(node->entries[0]));
	memmove(prefixes + at + 1, prefixes + at, after * sizeof(prefixes[0]));
	node->entries[at] = entry;
	prefixes[at] = prefix;
	node->count++;
	order_work += after + 1;
}

static void
entry_remove(struct order *node, uint32_t at)
{
	uint32_t *prefixes = order_prefixes(node);
	uint32_t after = node->count - at - 1;

	memmove(node->entries + at, node->entries + at + 1, after * sizeof(node->entries[0]));
	memmove(prefixes + at, prefixes + at + 1, after * sizeof(prefixes[0]));
	node->count--;
	order_work += after + 1;
}

/* ---- splitting ---- */

/*
 * Returns whether a border between two groups (or between two children) stands before that entry.
 */
static bool
is_border(const struct order *node, uint32_t at, const struct order_type *type)
{
	return at > 0 && at < node->count &&
	       (node->level > 0 ||
		type->group(node->entries[at - 1].row, node->entries[at].row) != 0);
}

/* Returns the border nearest to `wanted`, or 0 when the node is one group. */
static uint32_t
node_border(const struct order *node, uint32_t wanted, const struct order_type *type)
{
	if (node->level == 0 &&
	    type->group(node->entries[0].row, node->entries[node->count - 1].row) == 0)
		return 0;
	for (uint32_t away = 0; away < node->count; away++) {
		if (away < wanted && is_border(node, wanted - away, type))
			return wanted - away;
		if (is_border(node, wanted + away, type))
			return wanted + away;
	}
	return 0;
}

/* Puts a new root above the root. */
static int
root_raise(struct order **order)
{
	struct order *root = order_node_new((*order)->level + 1u, NODE_SLACK, (*order)->owns);

	if (root == NULL)
		return -ENOMEM;
	root->rows = (*order)->rows;
	entry_insert(root, 0, (union order_entry){ .child = *order }, order_prefixes(*order)[0]);
	*order = root;
	return 0;
}

/* The node *slot becomes two; its sibling goes behind it into the parent, which has room. */
static void
node_split(struct order *parent, uint32_t at, uint32_t border, bool last)
{
	struct order *left = parent->entries[at].child, *right;
	uint32_t capacity = last ? (border + 1) & ~1u : capacity_for(border);

	right = order_node_new(left->level, capacity_for(left->count - border), left->owns);
	if (right == NULL)
		return;
	entries_append(right, left, border, left->count - border);
	left->count = border;
	left->rows -= right->rows;
	parent->entries[at].child = node_resize(left, MIN(capacity, left->capacity));
	entry_insert(parent, at + 1, (union order_entry){ .child = right },
		     order_prefixes(right)[0]);
}

/*
 * Splits the nodes of the way that have become too large, from the leaf up.  `last`: the row stands
 * at the very end.  Then rows come sorted, so the left node stays full and is not touched again.
 */
static void
way_split(struct way *way, struct order **root, const struct order_type *type, bool last)
{
	for (unsigned depth = way->depth; depth-- > 0;) {
		struct order *node = *way->slot[depth];
		uint32_t border;

		if (node->count <= order_node_max(node))
			return;
		border = node_border(node, last ? node->count - 1 : node->count / 2, type);
		if (border == 0)
			return;
		if (depth == 0) {
			if (root_raise(root) == 0)
				node_split(*root, 0, border, last);
			return;
		}
		if (node_own(way->slot[depth - 1], 1) < 0)
			return;
		node_split(*way->slot[depth - 1], way->at[depth - 1], border, last);
	}
}

/* ---- joining ---- */

/*
 * Joins the child with its neighbour to the right when both are small.  The parent is owned, the
 * child too.
 */
static void
child_join(struct order *parent, uint32_t at)
{
	struct order *child = parent->entries[at].child, *next;

	if (at + 1 >= parent->count || child->count > order_node_max(child) / 8)
		return;
	next = parent->entries[at + 1].child;
	if (next->count > order_node_max(next) / 2 ||
	    node_own(&parent->entries[at].child, next->count) < 0)
		return;
	child = parent->entries[at].child;
	entries_append(child, next, 0, next->count);
	for (uint32_t i = 0; i < next->count; i++)
		entry_ref(next, i);
	entry_remove(parent, at + 1);
	order_unref(next);
}

/* Removes what has become empty, joins what has become small, from the leaf up. */
static void
way_join(struct way *way, struct order **root)
{
	for (unsigned depth = way->depth - 1; depth > 0; depth--) {
		struct order *parent = *way->slot[depth - 1], *node = *way->slot[depth];
		uint32_t at = way->at[depth - 1];

		if (node->count == 0) {
			entry_remove(parent, at);
			order_unref(node);
			if (at == 0 && parent->count > 0)
				way_renew_prefixes(way, depth - 1);
		} else {
			child_join(parent, at);
		}
	}
	while ((*root)->level > 0 && (*root)->count == 1) {
		struct order *child = order_ref((*root)->entries[0].child);

		order_unref(*root);
		*root = child;
	}
}

/* ---- rows ---- */

static void
row_insert(struct order **order, const struct order_type *type, void *row)
{
	struct order *leaf;
	struct way way;
	bool last = true;

	way_find(&way, order, type, row);
	leaf = *way.slot[way.depth - 1];
	for (unsigned i = 0; i < way.depth; i++) {
		last = last && way.at[i] + (i + 1 < way.depth) >= (*way.slot[i])->count;
		(*way.slot[i])->rows++;
	}
	entry_insert(leaf, way.at[way.depth - 1],
		     (union order_entry){ .row = leaf->owns ? row_ref(row) : row },
		     type->prefix(row));
	if (way.at[way.depth - 1] == 0)
		way_renew_prefixes(&way, way.depth - 1);
	way_split(&way, order, type, last);
}

static void
row_remove(struct order **order, const struct order_type *type, const void *row)
{
	struct order *leaf;
	struct way way;
	uint32_t at;
	void *gone;
	bool owns;

	way_find(&way, order, type, row);
	leaf = *way.slot[way.depth - 1];
	at = way.at[way.depth - 1];
	gone = leaf->entries[at].row;
	owns = leaf->owns;
	assert(at < leaf->count && gone == row);
	for (unsigned i = 0; i < way.depth; i++)
		(*way.slot[i])->rows--;
	entry_remove(leaf, at);
	if (at == 0 && leaf->count > 0)
		way_renew_prefixes(&way, way.depth - 1);
	way_join(&way, order);
	if (owns)
		row_unref(gone);
}

static void
row_replace(struct order **order, const struct order_type *type, const void *old, void *row)
{
	struct order *leaf;
	struct way way;
	void **entry; /* in the leaf */

	way_find(&way, order, type, row);
	leaf = *way.slot[way.depth - 1];
	entry = &leaf->entries[way.at[way.depth - 1]].row;
	assert(*entry == old);
	*entry = leaf->owns ? row_ref(row) : row;
	if (leaf->owns)
		row_unref((void *)(uintptr_t)old);
}

void
order_commit(struct order **order, enum order_id id, const void *old, void *row)
{
	const struct order_type *type = order_type(id);

	if (old != NULL && row != NULL && type->compare(old, row) == 0) {
		row_replace(order, type, old, row);
		return;
	}
	if (row != NULL)
		row_insert(order, type, row);
	if (old != NULL)
		row_remove(order, type, old);
}
