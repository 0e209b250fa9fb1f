/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Private to model: an order, that is rows sorted in one way.  An order is a tree whose nodes are
 * counted and shared between states (a B+ tree with copy on write).  An edit changes in place the
 * nodes that only this edit holds, and copies the others first.  A change to one row of n therefore
 * costs the path from the root to one leaf, which grows with log n.
 *
 * An order that other threads can see is immutable.  An order that is being edited belongs to one
 * thread.
 *
 * Invariants:
 * 1. Nodes are never empty, except the root of an order that is being filled.
 * 2. A leaf never begins or ends within a group (rows that the group comparison calls equal), so a
 *    group is one slice of one leaf.  A large group makes a large leaf.
 * 3. Primary orders, and ORDER_MASKED, hold a reference to each row.  Secondary orders borrow the
 *    rows: the primary order of the same state has all of them, and two states share a leaf only
 *    while none of its rows has changed.
 * 4. Beside each entry stands its prefix (of a child: that of its first row), a number whose order
 *    agrees with that of the rows.  A search compares prefixes, which lie together in memory, and
 *    reads a row only where prefixes are equal.  That saves a cache miss for each step.
 */
#ifndef VDS_MODEL_ORDER_INT_H
#define VDS_MODEL_ORDER_INT_H

#include <stdatomic.h>

#include "model/state.h"

union order_entry {
	struct order *child; /* in an inner node */
	void *row;           /* in a leaf */
};

/* A node of an order.  The root stands for the order; NULL is the empty order everywhere. */
struct order {
	atomic_uint refs;
	uint16_t
		/* 0 = a leaf, whose entries are rows; else the entries are nodes of level - 1 */
		level;
	bool owns;                /* a node of a primary order, which holds references to rows */
	uint32_t count, capacity; /* number of entries in use, and room for entries */
	size_t rows;              /* number of rows in this node and below it */
	/* [capacity]; behind them stand the prefixes: uint32_t [capacity] */
	union order_entry entries[];
};

static inline uint32_t *
order_prefixes(const struct order *node)
{
	return (uint32_t *)(uintptr_t)(node->entries + node->capacity);
}

typedef int order_compare(const void *row, const void *other);

/* How an order sorts the rows of a family. */
struct order_type {
	enum row_family family;
	order_compare *compare; /* compares two rows; equal only for the same key */
	order_compare *group;
	uint32_t (*prefix)(const void *row); /* a number that agrees with compare and group */
	/* the text by which rows are sorted before all else; NULL when it is no text */
	const char *(*text)(const void *row);
};

enum order_id {
	/* the ids below this one are the primary orders: one for each family, sorted by key */
	ORDER_PRIMARY_COUNT = ROW_FAMILY_COUNT,
	ORDER_TARGET_LUNS = ORDER_PRIMARY_COUNT, /* associations, sorted by (target, number, lun) */
	ORDER_TARGET_GROUPS,                     /* portal groups, sorted by (target, tag) */
	ORDER_PORTAL_GROUPS,                     /* group portals, sorted by (portal, group) */
	ORDER_DRIVE_POOLS,                       /* pools on drives, sorted by (drive, pool) */
	ORDER_HOST_INITIATORS,                   /* initiators, sorted by (host, name) */
	ORDER_HOST_GROUPS,                       /* host members, sorted by (host, group) */
	ORDER_OWNER_CREDENTIALS,                 /* credentials, sorted by (owner, id) */
	ORDER_LUN_SNAPSHOTS,                     /* snapshots, sorted by (LUN, id) */
	ORDER_SCHEDULE_SNAPSHOTS,                /* snapshots, sorted by (schedule, moment, id) */
	ORDER_CONTROLLER_LUNS,                   /* owners of LUNs, sorted by (controller, LUN) */
	ORDER_TARGET_NAMES,
	ORDER_TARGET_ALIASES,
	ORDER_LUN_NAMES,
	ORDER_LUN_SERIALS,
	ORDER_LUN_NAAS,
	ORDER_HOST_NAMES,
	ORDER_HOST_GROUP_NAMES,
	ORDER_INITIATOR_NAMES,
	ORDER_COUNT,
	/*
	 * state->masked (masked.c): rows that stand for entries of unmasking lists, sorted by (host
	 * or host group, LUN).  It sorts no family's rows, so that loops over the orders end
	 * before.
	 */
	ORDER_MASKED = ORDER_COUNT,
	ORDER_ALL_COUNT
};

/*
 * The family as which the rows of ORDER_MASKED are made: it is a pair of ids, too.  No state has
 * such a row among those of the family.
 */
#define MASKED_FAMILY ROW_HOST_MEMBER

const struct order_type *order_type(enum order_id id);
static inline bool
order_is_primary(enum order_id id)
{
	return id < (enum order_id)ORDER_PRIMARY_COUNT;
}
/* Returns whether the nodes of the order hold references to its rows. */
static inline bool
order_owns_rows(enum order_id id)
{
	return order_is_primary(id) || id == ORDER_MASKED;
}

struct order *order_ref(struct order *order);
void order_unref(struct order *order); /* accepts NULL */
static inline size_t
order_count(const struct order *order)
{
	return order != NULL ? order->rows : 0;
}

/* Returns the row at that index, or NULL behind the end. */
const void *order_at(const struct order *order, size_t index);
/* Returns the row that compares equal to the probe, or NULL. */
const void *order_find(const struct order *order, const struct order_type *type, const void *probe);
/*
 * Returns the index of the first row that is greater than the probe; with by_group, the first row
 * behind the probe's group.
 */
size_t order_after(const struct order *order, const struct order_type *type, bool by_group,
		   const void *probe);
/* Returns all rows of the probe's group.  The slice is valid as long as the order. */
struct row_slice order_group(const struct order *order, const struct order_type *type,
			     const void *probe);

#define ORDER_DEPTH_MAX 16
#define ORDER_LEAF_MAX  64 /* rows of a leaf; a larger group stands alone in a larger leaf */
/*
 * Children of an inner node.  A copy of a node touches each of its entries, and those of a large
 * order are in no cache: small inner nodes cost a level more and far fewer misses.
 */
#define ORDER_INNER_MAX 32

static inline uint32_t
order_node_max(const struct order *node)
{
	return node->level > 0 ? ORDER_INNER_MAX : ORDER_LEAF_MAX;
}

/*
 * Asks for the reference counts of a node's entries, which are about to be changed one after the
 * other: the misses then happen at the same time.
 */
static inline void
order_prefetch(const struct order *node)
{
	for (uint32_t i = 0; i < node->count; i++) {
		if (node->level > 0)
			__builtin_prefetch(&node->entries[i].child->refs, 1);
		else if (node->owns)
			__builtin_prefetch(&((const struct row *)node->entries[i].row)->refs, 1);
	}
}

/*
 * Returns a node without entries that has room for `capacity` of them, an even number, or NULL when
 * out of memory.
 */
struct order *order_node_new(unsigned level, uint32_t capacity, bool owns);

/* The way from the root of an order to a row: node[0] is the root, node[depth - 1] a leaf. */
struct order_path {
	const struct order *node[ORDER_DEPTH_MAX];
	uint32_t at[ORDER_DEPTH_MAX]; /* the index of the entry in that node */
	unsigned depth;
};

/* A walk over the rows of an order.  It costs one step per row, where order_at costs log n. */
struct order_walk {
	struct order_path path;
};

void order_walk_begin(struct order_walk *walk, const struct order *order);
/* Returns the next row, or NULL at the end. */
const void *order_walk_next(struct order_walk *walk);

/* Returns the entry (a child or a row) under which the probe belongs: order_edit.c shares it. */
uint32_t order_child_of(const struct order *node, const struct order_type *type, const void *probe);
/* Returns the index of the first row of the leaf that is not less than the probe. */
uint32_t order_leaf_bound(const struct order *leaf, const struct order_type *type,
			  const void *probe);

/*
 * The two halves of a change to one order: order_prepare may fail (-ENOMEM) and changes nothing
 * that can be seen, order_commit cannot fail.  old or row may be NULL (insert, delete).
 * order_commit takes a reference to `row` and drops that to `old` in primary orders.
 */
int order_prepare(struct order **order, enum order_id id, const void *old, const void *row);
void order_commit(struct order **order, enum order_id id, const void *old, void *row);

/*
 * Builds an order of all rows that another order of their family has, and of more rows in any
 * sequence.  A primary order takes a reference to each.  Costs a few steps a row.  Returns 0 with
 * one reference for the caller (NULL when there are no rows), ERR_CORRUPT (two rows have the same
 * key; only a primary order) or -ENOMEM.
 */
int order_build(enum order_id id, const struct order *rows, void *const *more, size_t more_count,
		struct order **ret_order);

/*
 * Calls each(arg, old, now) for every key whose row differs between two primary orders, in the
 * order of keys; old or now is NULL when the key is only in the other order.  Stops when each
 * returns non-zero and returns that.  Nodes that both orders share are skipped, so that the cost
 * grows with the difference and the depth, not with the number of rows.
 */
int order_diff(const struct order *before, const struct order *after,
	       int (*each)(void *arg, const void *old, const void *now), void *arg);

/*
 * What this thread has done to orders since it began: entries copied or moved, nodes and rows
 * visited in differences, rows visited by state_check, rows looked up by their index.  Tests
 * compare it at several sizes (state_work).
 */
extern _Thread_local uint64_t order_work;

#endif
