/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An order: rows sorted in one way, as a list of chunks of sorted pointers.  Orders and chunks are
 * counted and shared between states; what only one edit holds is changed in place, the rest is
 * copied first (copy on write).  A change to one row of n therefore costs one chunk and the list of
 * chunks: some n/128 + 128 words, not n.
 *
 * 1. Chunks are never empty, except the only chunk of an order being filled.
 * 2. A chunk never ends within a group (rows that the group comparison calls equal): a group is one
 * slice.
 * 3. Primary orders hold a reference to each row; secondary ones borrow, since a state's primary
 * order has all of its
 *    rows, and a chunk is shared by two states only while none of its rows has changed.
 * 4. Beside each row stands its prefix, a number whose order agrees with that of the rows.  A search
 *    compares these, which lie together, and looks at a row only where prefixes are equal: that
 *    saves a cache miss for each step.
 */
#ifndef VDS_MODEL_ORDER_INT_H
#define VDS_MODEL_ORDER_INT_H

#include "model/state.h"

struct order_chunk {
	unsigned refs; /* atomic */
	bool owns;     /* holds references to its rows */
	size_t count, capacity;
	void *rows[]; /* [capacity], then their prefixes: uint64_t [capacity] */
};

static inline uint64_t *
chunk_prefixes(const struct order_chunk *chunk)
{
	return (uint64_t *)(uintptr_t)(chunk->rows + chunk->capacity);
}

struct order_slot {
	struct order_chunk *chunk;
	uint64_t prefix; /* of its first row */
	size_t start;    /* index of its first row in the order */
};

struct order {
	unsigned refs; /* atomic */
	size_t count;  /* rows */
	size_t chunks, capacity;
	struct order_slot *slots;
};

typedef int order_compare(const void *row, const void *other);

struct order_type {
	enum row_family family;
	order_compare *compare; /* total: ties are broken by the key */
	order_compare *group;
	uint64_t (*prefix)(const void *row); /* of what compare and group look at first */
};

enum order_id {
	ORDER_PRIMARY_COUNT = ROW_FAMILY_COUNT,  /* below: by family, in the order of keys */
	ORDER_TARGET_LUNS = ORDER_PRIMARY_COUNT, /* associations by (target, number, lun) */
	ORDER_TARGET_GROUPS,                     /* portal groups by (target, tag) */
	ORDER_PORTAL_GROUPS,                     /* group portals by (portal, group) */
	ORDER_TARGET_NAMES,
	ORDER_LUN_NAMES,
	ORDER_COUNT
};

const struct order_type *order_type(enum order_id id);
static inline bool
order_is_primary(enum order_id id)
{
	return id < (enum order_id)ORDER_PRIMARY_COUNT;
}

/* NULL is the empty order everywhere. */
struct order *order_ref(struct order *order);
void order_unref(struct order *order);
void order_chunk_unref(struct order_chunk *chunk);
static inline size_t
order_count(const struct order *order)
{
	return order != NULL ? order->count : 0;
}

const void *order_at(const struct order *order, size_t index);
/* The row that compares equal to the probe, or NULL. */
const void *order_find(const struct order *order, const struct order_type *type, const void *probe);
/* Index of the first row greater than the probe; with by_group, than all of its group. */
size_t order_after(const struct order *order, const struct order_type *type, bool by_group,
		   const void *probe);
/* All rows of the probe's group. */
struct row_slice order_group(const struct order *order, const struct order_type *type,
			     const void *probe);

/* Where the first row stands that is not less than the probe; may be the end of a chunk. */
struct order_place {
	size_t chunk, row;
};

struct order_place order_locate(const struct order *order, const struct order_type *type,
				const void *probe);

/*
 * The two halves of a change to one order: prepare may fail and changes nothing that can be seen,
 * commit cannot fail. old or row may be NULL (insert, delete).  Commit takes a reference to `row`
 * and drops that to `old` in primary orders.
 */
int order_prepare(struct order **order, enum order_id id, const void *old, const void *row);
void order_commit(struct order *order, enum order_id id, const void *old, void *row);

/*
 * Calls each(arg, old, now) for every key whose row differs between two primary orders, in the
 * order of keys; old or now is NULL when it is only in the other.  Stops at non-zero and returns
 * that.
 */
int order_diff(const struct order *before, const struct order *after,
	       int (*each)(void *arg, const void *old, const void *now), void *arg);

#endif
