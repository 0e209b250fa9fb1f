/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A lock for moments, of one atomic operation: for data that almost always belongs to one thread.
 * Whoever holds it neither waits nor calls what may wait.  Any thread.
 */
#ifndef VDS_BASE_SPIN_H
#define VDS_BASE_SPIN_H

#include <stdatomic.h>

struct spin {
	_Atomic unsigned locked; /* zeroed memory is a lock that is free */
};

/* Waits until the lock is free, and takes it.  For spin_lock. */
void spin_wait(struct spin *spin);

static inline void
spin_lock(struct spin *spin)
{
	if (__builtin_expect(atomic_exchange_explicit(&spin->locked, 1, memory_order_acquire) != 0,
			     0))
		spin_wait(spin);
}

static inline void
spin_unlock(struct spin *spin)
{
	atomic_store_explicit(&spin->locked, 0, memory_order_release);
}

#endif
