/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Orders: counting and looking up.  order_edit.c changes them, order_table.c says which there are.
 */
#include "model/order_int.h"

#include "base/mem.h"
#include "model/fields.h"

struct order *
order_ref(struct order *order)
{
	if (order != NULL)
		__atomic_add_fetch(&order->refs, 1, __ATOMIC_RELAXED);
	return order;
}

void
order_chunk_unref(struct order_chunk *chunk)
{
	if (__atomic_sub_fetch(&chunk->refs, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	for (size_t i = 0; chunk->owns && i < chunk->count; i++)
		row_unref(chunk->rows[i]);
	mem_free(chunk);
}

void
order_unref(struct order *order)
{
	if (order == NULL || __atomic_sub_fetch(&order->refs, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	for (size_t i = 0; i < order->chunks; i++)
		order_chunk_unref(order->slots[i].chunk);
	mem_free(order->slots);
	mem_free(order);
}

/* What is looked for, and how. */
struct probe {
	const void *row;
	uint64_t prefix;
	order_compare *compare;
};

static struct probe
probe_of(const struct order_type *type, bool by_group, const void *row)
{
	return (struct probe){ row, type->prefix(row), by_group ? type->group : type->compare };
}

static int
compare_at(const struct probe *probe, uint64_t prefix, const void *row)
{
	if (prefix != probe->prefix)
		return prefix < probe->prefix ? -1 : 1;
	return probe->compare(row, probe->row);
}

/* The first row of the chunk that is not less than (or, with `past`, greater than) the probe. */
static size_t
chunk_bound(const struct order_chunk *chunk, const struct probe *probe, bool past)
{
	const uint64_t *prefixes = chunk_prefixes(chunk);
	size_t low = 0, high = chunk->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = compare_at(probe, prefixes[middle], chunk->rows[middle]);

		if (order < 0 || (past && order == 0))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/*
 * The last chunk whose first row is not greater than the probe, else the first.  The order is not
 * empty.
 */
static size_t
chunk_of(const struct order *order, const struct probe *probe)
{
	size_t low = 0, high = order->chunks;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		const struct order_slot *slot = &order->slots[middle];

		if (slot->prefix < probe->prefix ||
		    (slot->prefix == probe->prefix &&
		     probe->compare(slot->chunk->rows[0], probe->row) <= 0))
			low = middle;
		else
			high = middle;
	}
	return low;
}

static struct order_place
locate(const struct order *order, const struct probe *probe)
{
	struct order_place place = { 0, 0 };

	if (order_count(order) == 0)
		return place;
	place.chunk = chunk_of(order, probe);
	place.row = chunk_bound(order->slots[place.chunk].chunk, probe, false);
	return place;
}

struct order_place
order_locate(const struct order *order, const struct order_type *type, const void *row)
{
	struct probe probe = probe_of(type, false, row);

	return locate(order, &probe);
}

const void *
order_at(const struct order *order, size_t index)
{
	size_t low = 0, high;

	if (index >= order_count(order))
		return NULL;
	for (high = order->chunks; high - low > 1;) {
		size_t middle = low + (high - low) / 2;

		if (order->slots[middle].start <= index)
			low = middle;
		else
			high = middle;
	}
	return order->slots[low].chunk->rows[index - order->slots[low].start];
}

const void *
order_find(const struct order *order, const struct order_type *type, const void *row)
{
	struct probe probe = probe_of(type, false, row);
	struct order_place place = locate(order, &probe);
	const struct order_chunk *chunk;

	if (order_count(order) == 0)
		return NULL;
	chunk = order->slots[place.chunk].chunk;
	if (place.row == chunk->count || type->compare(chunk->rows[place.row], row) != 0)
		return NULL;
	return chunk->rows[place.row];
}

size_t
order_after(const struct order *order, const struct order_type *type, bool by_group,
	    const void *row)
{
	struct probe probe = probe_of(type, by_group, row);
	const struct order_slot *slot;

	if (order_count(order) == 0)
		return 0;
	slot = &order->slots[chunk_of(order, &probe)];
	return slot->start + chunk_bound(slot->chunk, &probe, true);
}

struct row_slice
order_group(const struct order *order, const struct order_type *type, const void *row)
{
	struct probe probe = probe_of(type, true, row);
	struct order_place place = locate(order, &probe);
	const struct order_chunk *chunk;
	size_t end;

	if (order_count(order) == 0)
		return (struct row_slice){ NULL, 0 };
	chunk = order->slots[place.chunk].chunk;
	/* Groups are short, mostly: look at the next few before halving the rest. */
	for (end = place.row; end < chunk->count && end < place.row + 8; end++)
		if (chunk_prefixes(chunk)[end] != probe.prefix ||
		    type->group(chunk->rows[end], row) != 0)
			return (struct row_slice){ (const void *const *)chunk->rows + place.row,
						   end - place.row };
	end = chunk_bound(chunk, &probe, true);
	return (struct row_slice){ (const void *const *)chunk->rows + place.row, end - place.row };
}

/* ---- differences ---- */

/* A walk over an order's rows. */
struct cursor {
	const struct order *order;
	struct order_place at;
};

static const struct order_chunk *
cursor_chunk(const struct cursor *c)
{
	return c->order != NULL && c->at.chunk < c->order->chunks
		       ? c->order->slots[c->at.chunk].chunk
		       : NULL;
}

static const void *
cursor_row(struct cursor *c)
{
	const struct order_chunk *chunk = cursor_chunk(c);

	while (chunk != NULL && c->at.row == chunk->count) {
		c->at = (struct order_place){ c->at.chunk + 1, 0 };
		chunk = cursor_chunk(c);
	}
	return chunk != NULL ? chunk->rows[c->at.row] : NULL;
}

/* Step over chunks that both orders share. */
static void
cursors_skip(struct cursor *a, struct cursor *b)
{
	while (a->at.row == 0 && b->at.row == 0 && cursor_chunk(a) != NULL &&
	       cursor_chunk(a) == cursor_chunk(b)) {
		a->at.chunk++;
		b->at.chunk++;
		cursor_row(a);
		cursor_row(b);
	}
}

int
order_diff(const struct order *before, const struct order *after,
	   int (*each)(void *arg, const void *old, const void *now), void *arg)
{
	struct cursor a = { before, { 0, 0 } }, b = { after, { 0, 0 } };
	int rc = 0;

	while (rc == 0 && before != after) {
		const void *old, *now;
		struct row_key p, q;
		int order;

		cursors_skip(&a, &b);
		old = cursor_row(&a);
		now = cursor_row(&b);
		if (old == NULL && now == NULL)
			break;
		if (old != NULL)
			row_key(old, &p);
		if (now != NULL)
			row_key(now, &q);
		order = old == NULL ? 1 : now == NULL ? -1 : row_key_compare(&p, &q);
		if (order != 0)
			rc = each(arg, order < 0 ? old : NULL, order < 0 ? NULL : now);
		else if (old != now && !hash128_equal(&((const struct row *)old)->hash,
						      &((const struct row *)now)->hash))
			rc = each(arg, old, now);
		a.at.row += order <= 0;
		b.at.row += order >= 0;
	}
	return rc;
}
