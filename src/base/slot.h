/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A small number for each thread, its slot, for data of which each thread has a copy of its own, so
 * that processors do not compete for its cache lines.  Threads that live at the same time have
 * different slots as long as they are at most SLOT_COUNT; more of them share slots, so what lies in
 * a slot still needs a lock or atomic operations.  Any thread.
 */
#ifndef VDS_BASE_SLOT_H
#define VDS_BASE_SLOT_H

#define SLOT_COUNT 16u

/* Bytes between what different slots write: two cache lines, since processors fetch pairs. */
#define SLOT_APART 128

/* Returns the slot of this thread, always the same one: less than SLOT_COUNT. */
static inline unsigned slot_of_thread(void);
/*
 * Sets the function that each thread with a slot calls when it ends, with the slot.  There is one
 * for the process; to set it again changes nothing when it is the same.
 */
void slot_on_leave(void (*leave)(unsigned slot));

/* ---- private ---- */

extern _Thread_local unsigned slot_own; /* the slot and 1; 0 = none yet */
unsigned slot_take(void);

static inline unsigned
slot_of_thread(void)
{
	unsigned own = slot_own;

	return __builtin_expect(own != 0, 1) ? own - 1 : slot_take();
}

#endif
