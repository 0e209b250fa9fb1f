/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Counts of references, in cells of the threads' slots: count_int.h. Any thread. */
#include "com/count_int.h"

#include "base/slot.h"
#include "base/spin.h"

/*
 * As many as fit.  Mostly one or two of them are used, since what a thread holds for long is in the
 * shared part as often as not; so the first cache line is all that a reference touches.
 */
#define CELL_ENTRIES 7u

struct entry {
	struct com_count *of;
	unsigned references; /* never 0 */
};

struct com_cell {
	_Alignas(SLOT_APART) struct spin lock;
	unsigned used; /* entries 0 ... used-1 have references, each of another count */
	struct entry entries[CELL_ENTRIES];
};

_Static_assert(sizeof(struct com_cell) == SLOT_APART, "a cell is no larger than it need be");

struct writer {
	_Alignas(SLOT_APART) pthread_mutex_t lock; /* taken before the shard's cells */
};

/*
 * The cells of a slot, in a page of their own: a processor fetches what lies further on in a page
 * ahead of its use, and would take cells from other processors.
 */
struct slot_cells {
	_Alignas(4096) struct com_cell of[COM_SHARDS];
};

static struct slot_cells cells[SLOT_COUNT];
static struct writer writers[COM_SHARDS] = {
	[0 ... COM_SHARDS - 1] = { .lock = PTHREAD_MUTEX_INITIALIZER },
};
/*
 * The slots that threads have used are below this.  It grows only under the locks of all writers.
 */
static _Atomic unsigned slots_used;

static _Thread_local unsigned long shared_writes;

unsigned long
com_count_writes(void)
{
	return shared_writes;
}

/* ---- cells ---- */

void
com_cell_leave(struct com_cell *cell)
{
	spin_unlock(&cell->lock);
}

/* Returns the entry with references of the count, or NULL. */
static inline struct entry *
entry_find(struct com_cell *cell, const struct com_count *count)
{
	for (unsigned i = 0; i < cell->used; i++) {
		if (cell->entries[i].of == count)
			return &cell->entries[i];
	}
	return NULL;
}

static inline void
entry_remove(struct com_cell *cell, struct entry *entry)
{
	*entry = cell->entries[--cell->used];
}

/* Moves the entry's references into the shared part. */
static void
entry_gather(struct com_cell *cell, struct entry *entry)
{
	shared_writes++;
	atomic_fetch_add_explicit(&entry->of->shared, entry->references, memory_order_relaxed);
	entry_remove(cell, entry);
}

unsigned
com_cell_add(struct com_cell *cell, struct com_count *count)
{
	struct entry *entry = entry_find(cell, count);
	unsigned shared = atomic_load_explicit(&count->shared, memory_order_relaxed);

	if (entry != NULL)
		return ++entry->references + shared;
	if (cell->used == CELL_ENTRIES)
		entry_gather(cell, &cell->entries[0]);
	cell->entries[cell->used++] = (struct entry){ count, 1 };
	return shared + 1;
}

/* ---- slots ---- */

/* The thread that has the slot ends: its references go where each thread sees them. */
static void
slot_clear(unsigned slot)
{
	for (size_t shard = 0; shard < COM_SHARDS; shard++) {
		struct com_cell *cell = &cells[slot].of[shard];

		spin_lock(&cell->lock);
		while (cell->used > 0)
			entry_gather(cell, &cell->entries[0]);
		com_cell_leave(cell);
	}
}

/* Lets those who take all cells of a shard take the slot's, too. */
static void
slot_begin(unsigned slot)
{
	slot_on_leave(slot_clear);
	for (size_t i = 0; i < COM_SHARDS; i++)
		pthread_mutex_lock(&writers[i].lock);
	if (slot >= atomic_load_explicit(&slots_used, memory_order_relaxed))
		atomic_store_explicit(&slots_used, slot + 1, memory_order_release);
	for (size_t i = 0; i < COM_SHARDS; i++)
		pthread_mutex_unlock(&writers[i].lock);
}

static inline struct com_cell *
cell_enter(unsigned shard)
{
	unsigned slot = slot_of_thread();
	struct com_cell *cell = &cells[slot].of[shard];

	if (__builtin_expect(slot >= atomic_load_explicit(&slots_used, memory_order_acquire), 0))
		slot_begin(slot);
	spin_lock(&cell->lock);
	return cell;
}

struct com_cell *
com_cell_enter(unsigned shard)
{
	return cell_enter(shard);
}

void
com_count_lock(unsigned shard)
{
	unsigned used;

	shared_writes++;
	pthread_mutex_lock(&writers[shard].lock);
	used = atomic_load_explicit(&slots_used, memory_order_relaxed);
	for (unsigned slot = 0; slot < used; slot++)
		spin_lock(&cells[slot].of[shard].lock);
}

void
com_count_unlock(unsigned shard)
{
	unsigned used = atomic_load_explicit(&slots_used, memory_order_relaxed);

	for (unsigned slot = 0; slot < used; slot++)
		com_cell_leave(&cells[slot].of[shard]);
	pthread_mutex_unlock(&writers[shard].lock);
}

/* ---- counts ---- */

void
com_count_init(struct com_count *count, unsigned shard)
{
	atomic_init(&count->shared, 1);
	count->shard = shard;
}

unsigned
com_count_add(struct com_count *count)
{
	struct com_cell *cell;
	unsigned total;

	if (count->shard == COM_COUNT_PLAIN)
		return com_count_add_shared(count);
	cell = cell_enter(count->shard);
	total = com_cell_add(cell, count);
	com_cell_leave(cell);
	return total;
}

/*
 * Drops a reference from the shared part, unless one or none is there.  Returns what is left, or 0.
 */
static unsigned
drop_shared_unless_last(struct com_count *count)
{
	unsigned shared = atomic_load_explicit(&count->shared, memory_order_relaxed);

	while (shared > 1) {
		shared_writes++;
		if (atomic_compare_exchange_weak_explicit(&count->shared, &shared, shared - 1,
							  memory_order_release,
							  memory_order_relaxed))
			return shared - 1;
	}
	return 0;
}

unsigned
com_count_drop(struct com_count *count)
{
	struct com_cell *cell;
	struct entry *entry;
	unsigned shared, left = 0;

	if (count->shard == COM_COUNT_PLAIN)
		return com_count_drop_shared(count);
	cell = cell_enter(count->shard);
	entry = entry_find(cell, count);
	shared = atomic_load_explicit(&count->shared, memory_order_relaxed);
	if (entry == NULL)
		left = drop_shared_unless_last(count);
	else if (entry->references > 1)
		left = --entry->references + shared;
	else if (shared > 0) {
		left = shared;
		entry_remove(cell, entry);
	}
	com_cell_leave(cell);
	return left;
}

unsigned
com_count_gather(struct com_count *count)
{
	unsigned used = atomic_load_explicit(&slots_used, memory_order_relaxed);

	for (unsigned slot = 0; slot < used; slot++) {
		struct com_cell *cell = &cells[slot].of[count->shard];
		struct entry *entry = entry_find(cell, count);

		if (entry != NULL)
			entry_gather(cell, entry);
	}
	return atomic_load_explicit(&count->shared, memory_order_acquire);
}

unsigned
com_count_add_shared(struct com_count *count)
{
	return atomic_fetch_add_explicit(&count->shared, 1, memory_order_relaxed) + 1;
}

unsigned
com_count_drop_shared(struct com_count *count)
{
	return atomic_fetch_sub_explicit(&count->shared, 1, memory_order_acq_rel) - 1;
}
