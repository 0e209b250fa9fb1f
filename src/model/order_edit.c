/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Changing an order: own (copy what others hold too), then put rows in and take them out.  Whatever
 * may fail comes first, in order_prepare; splitting and merging chunks afterwards is done when
 * memory allows and is no matter when not.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "model/order_int.h"
#include "model/fields.h"

#define CHUNK_MAX   128 /* rows; a larger group may stand alone in a larger chunk */
#define CHUNK_SLACK 8   /* room in a new chunk, since edits come in runs */

static bool
is_shared(const unsigned *refs)
{
	return __atomic_load_n(refs, __ATOMIC_ACQUIRE) > 1;
}

/* ---- owning ---- */

static size_t
chunk_size(size_t capacity)
{
	return sizeof(struct order_chunk) + capacity * (sizeof(void *) + sizeof(uint64_t));
}

static struct order_chunk *
chunk_new(size_t capacity, bool owns)
{
	struct order_chunk *chunk = mem_alloc(chunk_size(capacity));

	if (chunk != NULL)
		*chunk = (struct order_chunk){ .refs = 1, .owns = owns, .capacity = capacity };
	return chunk;
}

static void
chunk_append(struct order_chunk *to, const struct order_chunk *from, size_t first, size_t count)
{
	for (size_t i = first; from->owns && i < first + count; i++)
		row_ref(from->rows[i]);
	memcpy(to->rows + to->count, from->rows + first, count * sizeof(to->rows[0]));
	memcpy(chunk_prefixes(to) + to->count, chunk_prefixes(from) + first,
	       count * sizeof(uint64_t));
	to->count += count;
}

/* A chunk of which nobody else knows, with more room.  NULL: none, and it is as it was. */
static struct order_chunk *
chunk_grow(struct order_chunk *old, size_t capacity)
{
	struct order_chunk *chunk = mem_realloc(old, chunk_size(capacity));
	const uint64_t *prefixes;

	if (chunk == NULL)
		return NULL;
	prefixes = chunk_prefixes(chunk);
	chunk->capacity = capacity;
	memmove(chunk_prefixes(chunk), prefixes, chunk->count * sizeof(*prefixes));
	return chunk;
}

/*
 * Make the chunk in that slot this order's alone, with room for `more` rows.  The order is owned.
 */
static int
chunk_own(struct order *order, size_t slot, size_t more)
{
	struct order_chunk *old = order->slots[slot].chunk, *chunk;
	bool shared = is_shared(&old->refs);
	size_t capacity = old->count + more + CHUNK_SLACK + old->count / 8;

	if (!shared && old->capacity - old->count >= more)
		return 0;
	chunk = shared ? chunk_new(capacity, old->owns) : chunk_grow(old, capacity);
	if (chunk == NULL)
		return -ENOMEM;
	if (shared) {
		chunk_append(chunk, old, 0, old->count);
		order_chunk_unref(old);
	}
	order->slots[slot].chunk = chunk;
	return 0;
}

static struct order *
order_copy(const struct order *order)
{
	struct order *copy = mem_calloc(1, sizeof(*copy));

	if (copy == NULL)
		return NULL;
	copy->refs = 1;
	if (order == NULL)
		return copy;
	if (mem_grow(&copy->slots, &copy->capacity, order->chunks + 1, sizeof(copy->slots[0])) <
	    0) {
		order_unref(copy);
		return NULL;
	}
	for (size_t i = 0; i < order->chunks; i++) {
		copy->slots[i] = order->slots[i];
		__atomic_add_fetch(&copy->slots[i].chunk->refs, 1, __ATOMIC_RELAXED);
	}
	copy->chunks = order->chunks;
	copy->count = order->count;
	return copy;
}

/* Make *order this edit's alone, with at least one chunk. */
static int
order_own(struct order **order, bool owns)
{
	struct order *own = *order;

	if (own == NULL || is_shared(&own->refs)) {
		own = order_copy(*order);
		if (own == NULL)
			return -ENOMEM;
		order_unref(*order);
		*order = own;
	}
	if (own->chunks > 0)
		return 0;
	if (mem_grow(&own->slots, &own->capacity, 1, sizeof(own->slots[0])) < 0)
		return -ENOMEM;
	own->slots[0] = (struct order_slot){ .chunk = chunk_new(CHUNK_SLACK, owns) };
	own->chunks = own->slots[0].chunk != NULL;
	return own->chunks > 0 ? 0 : -ENOMEM;
}

/* ---- slots ---- */

static void
starts_renew(struct order *order, size_t from)
{
	for (size_t i = from; i < order->chunks; i++)
		order->slots[i].start =
			i == 0 ? 0 : order->slots[i - 1].start + order->slots[i - 1].chunk->count;
}

/* The chunk has another first row now. */
static void
slot_renew(struct order *order, size_t slot)
{
	order->slots[slot].prefix = chunk_prefixes(order->slots[slot].chunk)[0];
}

static void
slot_remove(struct order *order, size_t slot)
{
	order_chunk_unref(order->slots[slot].chunk);
	order->chunks--;
	memmove(order->slots + slot, order->slots + slot + 1,
		(order->chunks - slot) * sizeof(order->slots[0]));
	starts_renew(order, slot);
}

/* The border between two groups nearest to the middle of the chunk; 0 when it is one group. */
static size_t
chunk_border(const struct order_chunk *chunk, order_compare *group)
{
	size_t middle = chunk->count / 2;

	if (group(chunk->rows[0], chunk->rows[chunk->count - 1]) == 0)
		return 0;
	for (size_t away = 0; away < middle; away++) {
		if (group(chunk->rows[middle - away - 1], chunk->rows[middle - away]) != 0)
			return middle - away;
		if (middle + away + 1 < chunk->count &&
		    group(chunk->rows[middle + away], chunk->rows[middle + away + 1]) != 0)
			return middle + away + 1;
	}
	return 0;
}

/* Split a chunk that has become too large, when that is possible. */
static void
chunk_split(struct order *order, size_t slot, order_compare *group)
{
	struct order_chunk *left = order->slots[slot].chunk, *right;
	size_t border;

	if (left->count <= CHUNK_MAX || (border = chunk_border(left, group)) == 0)
		return;
	if (mem_grow(&order->slots, &order->capacity, order->chunks + 1, sizeof(order->slots[0])) <
	    0)
		return;
	right = chunk_new(left->count - border + CHUNK_SLACK, left->owns);
	if (right == NULL)
		return;
	right->count = left->count - border;
	memcpy(right->rows, left->rows + border, right->count * sizeof(right->rows[0]));
	memcpy(chunk_prefixes(right), chunk_prefixes(left) + border,
	       right->count * sizeof(uint64_t));
	left->count = border;
	memmove(order->slots + slot + 2, order->slots + slot + 1,
		(order->chunks - slot - 1) * sizeof(order->slots[0]));
	order->slots[slot + 1] = (struct order_slot){ .chunk = right };
	order->chunks++;
	slot_renew(order, slot + 1);
	starts_renew(order, slot + 1);
}

/* Join a chunk that has become small with its neighbour to the right, when that is small too. */
static void
chunk_join(struct order *order, size_t slot)
{
	struct order_chunk *next;

	if (slot + 1 >= order->chunks || order->slots[slot].chunk->count > CHUNK_MAX / 8)
		return;
	next = order->slots[slot + 1].chunk;
	if (next->count > CHUNK_MAX / 2 || chunk_own(order, slot, next->count) < 0)
		return;
	chunk_append(order->slots[slot].chunk, next, 0, next->count);
	slot_remove(order, slot + 1);
}

/* ---- rows ---- */

/* Where `row` goes: never before rows of its group that stand in the next chunk. */
static struct order_place
insert_place(const struct order *order, const struct order_type *type, const void *row)
{
	struct order_place place = order_locate(order, type, row);

	if (order->count > 0 && place.row == order->slots[place.chunk].chunk->count &&
	    place.chunk + 1 < order->chunks &&
	    type->group(order->slots[place.chunk + 1].chunk->rows[0], row) == 0)
		place = (struct order_place){ place.chunk + 1, 0 };
	return place;
}

static void
row_insert(struct order *order, const struct order_type *type, void *row)
{
	struct order_place at = insert_place(order, type, row);
	struct order_chunk *chunk = order->slots[at.chunk].chunk;
	uint64_t *prefixes = chunk_prefixes(chunk);
	size_t after = chunk->count - at.row;

	assert(chunk->count < chunk->capacity);
	memmove(chunk->rows + at.row + 1, chunk->rows + at.row, after * sizeof(chunk->rows[0]));
	memmove(prefixes + at.row + 1, prefixes + at.row, after * sizeof(prefixes[0]));
	chunk->rows[at.row] = chunk->owns ? row_ref(row) : row;
	prefixes[at.row] = type->prefix(row);
	chunk->count++;
	order->count++;
	slot_renew(order, at.chunk);
	starts_renew(order, at.chunk + 1);
}

static void
row_remove(struct order *order, const struct order_type *type, const void *row)
{
	struct order_place at = order_locate(order, type, row);
	struct order_chunk *chunk = order->slots[at.chunk].chunk;
	uint64_t *prefixes = chunk_prefixes(chunk);
	void *gone = chunk->rows[at.row];
	bool owns = chunk->owns;
	size_t after = chunk->count - at.row - 1;

	assert(at.row < chunk->count && gone == row);
	memmove(chunk->rows + at.row, chunk->rows + at.row + 1, after * sizeof(chunk->rows[0]));
	memmove(prefixes + at.row, prefixes + at.row + 1, after * sizeof(prefixes[0]));
	chunk->count--;
	order->count--;
	starts_renew(order, at.chunk + 1);
	if (chunk->count == 0) {
		slot_remove(order, at.chunk);
	} else {
		slot_renew(order, at.chunk);
		chunk_join(order, at.chunk);
	}
	if (owns)
		row_unref(gone);
}

static void
row_replace(struct order *order, const struct order_type *type, const void *old, void *row)
{
	struct order_place at = order_locate(order, type, row);
	struct order_chunk *chunk = order->slots[at.chunk].chunk;
	void *gone = chunk->rows[at.row];

	assert(gone == old);
	chunk->rows[at.row] = chunk->owns ? row_ref(row) : row;
	if (chunk->owns)
		row_unref(gone);
}

int
order_prepare(struct order **order, enum order_id id, const void *old, const void *row)
{
	const struct order_type *type = order_type(id);

	if (order_own(order, order_is_primary(id)) < 0)
		return -ENOMEM;
	if (row != NULL && (old == NULL || type->compare(old, row) != 0) &&
	    chunk_own(*order, insert_place(*order, type, row).chunk, 1) < 0)
		return -ENOMEM;
	if (old != NULL && chunk_own(*order, order_locate(*order, type, old).chunk, 0) < 0)
		return -ENOMEM;
	return 0;
}

void
order_commit(struct order *order, enum order_id id, const void *old, void *row)
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
	if (row != NULL)
		chunk_split(order, order_locate(order, type, row).chunk, type->group);
}
