/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Waiting for a lock for moments. Any thread. */
#include "base/spin.h"

#include <sched.h>
#include <time.h>

/*
 * The longer the wait, the more of the processor it leaves to others.  A thread with a real-time
 * priority must sleep in the end, or the one that has the lock may never run.
 */
static void
pause_for(unsigned turn)
{
	static const struct timespec moment = { .tv_nsec = 50000 };

	if (turn > 200)
		nanosleep(&moment, NULL);
	else if (turn > 100)
		sched_yield();
}

void
spin_wait(struct spin *spin)
{
	unsigned turn = 0;

	do {
		while (atomic_load_explicit(&spin->locked, memory_order_relaxed) != 0)
			pause_for(turn++);
	} while (atomic_exchange_explicit(&spin->locked, 1, memory_order_acquire) != 0);
}
