/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * References that many threads take and drop at the same time without competing for one counter.
 * Private to src/com.  Any thread.
 *
 * A count has a shared part, in the object, and for each slot of threads (base/slot.h) a part in a
 * cell, a small table of that slot.  The number of references is the sum.  A thread takes a
 * reference in the cell of its slot, and drops it there if the cell has one.  While the shared part
 * is not zero, such a drop cannot be the last one, so threads only read the line of an object that
 * somebody holds.
 *
 * Invariant: the shared part becomes zero only under com_count_lock, which holds the cells of all
 * slots.  So whoever holds one cell and finds the shared part positive knows that the object lives
 * on until the cell is left; and whoever holds them all and finds the sum zero has the object for
 * itself.  Cells also guard the maps of spaces: one is enough to read, all are needed to write.
 */
#ifndef VDS_COM_COUNT_INT_H
#define VDS_COM_COUNT_INT_H

#include "com/com.h"

/* A count that is never in cells: one for objects that a single thread uses most of the time. */
#define COM_COUNT_PLAIN COM_SHARDS

struct com_cell;

/* Makes a count of one reference.  shard: less than COM_SHARDS, or COM_COUNT_PLAIN. */
void com_count_init(struct com_count *count, unsigned shard);
/*
 * Takes a reference.  The caller has one.  Returns the number of references afterwards, without
 * those that other threads have in their cells.
 */
unsigned com_count_add(struct com_count *count);
/*
 * Drops a reference, unless it may be the last one.  Returns the number of references afterwards,
 * as com_count_add does; or 0: nothing was dropped, and the caller goes on under com_count_lock.
 * Of a plain count 0 means that the last one was dropped.
 */
unsigned com_count_drop(struct com_count *count);

/* Takes the cell of this thread's slot, and leaves it.  Nothing that waits is called in it. */
struct com_cell *com_cell_enter(unsigned shard);
void com_cell_leave(struct com_cell *cell);
/* Takes a reference; the caller is in a cell of the count's shard.  Returns as com_count_add. */
unsigned com_cell_add(struct com_cell *cell, struct com_count *count);

/* Takes the cells of all slots; the caller is in no cell. */
void com_count_lock(unsigned shard);
void com_count_unlock(unsigned shard);
/* Moves all references into the shared part.  Under the lock.  Returns their exact number. */
unsigned com_count_gather(struct com_count *count);
/* Takes or drops a reference in the shared part.  Under the lock.  Returns what is there then. */
unsigned com_count_add_shared(struct com_count *count);
unsigned com_count_drop_shared(struct com_count *count);

/* For tests: how often this thread has written what other slots' threads may write, too. */
unsigned long com_count_writes(void);

#endif
