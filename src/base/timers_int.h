/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The loop's timers: a hierarchical wheel of 8 levels with 64 slots each.  Setting and cancelling
 * cost the same for one timer as for a million, and nothing is allocated.  A tick is 2^16 ns (65.5
 * µs), so the levels together hold every 64-bit time; a timer never fires early and at most one
 * tick late.  One thread.
 */
#ifndef VDS_BASE_TIMERS_INT_H
#define VDS_BASE_TIMERS_INT_H

#include <stdint.h>

#include "base/list.h"

#define TIMERS_LEVELS     8
#define TIMERS_SLOTS      64
#define TIMERS_TICK_SHIFT 16
#define TIMERS_NEVER      UINT64_MAX

struct loop_timer;

struct timers {
	uint64_t tick;                /* the time up to which all timers were taken out, in ticks */
	uint64_t used[TIMERS_LEVELS]; /* a bit for each slot that may contain a timer */
	struct list slots[TIMERS_LEVELS][TIMERS_SLOTS];
	struct list expired; /* timers that are due and have not fired yet */
};

void timers_init(struct timers *t, uint64_t now_ns);
/* Adds a timer, which is in no list, to fire at timer->due_ns. */
void timers_add(struct timers *t, struct loop_timer *timer);
/*
 * Fires the timers that are due at now_ns; a timer that a callback sets waits for the next call.
 * Returns how many fired.
 */
unsigned timers_run(struct timers *t, uint64_t now_ns);
/*
 * Returns when timers_run is to be called next: 0 = at once, TIMERS_NEVER = there is no timer.
 * This may be earlier than the first timer is due (at most once for each level), never later.
 */
uint64_t timers_next_ns(struct timers *t);

#endif
