/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The slots of threads. Any thread. */
#include "base/slot.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

_Thread_local unsigned slot_own;

static pthread_mutex_t slots_lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned users[SLOT_COUNT]; /* threads that have the slot; guarded by slots_lock */

static pthread_once_t key_once = PTHREAD_ONCE_INIT;
static pthread_key_t key; /* each thread's slot_own, so that its end is noticed */
static bool key_works;

static void (*_Atomic on_leave)(unsigned slot);

void
slot_on_leave(void (*leave)(unsigned slot))
{
	atomic_store_explicit(&on_leave, leave, memory_order_release);
}

/* What ends later in this thread may still use the slot: it is shared then, at worst. */
static void
slot_leave(void *own)
{
	unsigned slot = (unsigned)(uintptr_t)own - 1;
	void (*leave)(unsigned slot) = atomic_load_explicit(&on_leave, memory_order_acquire);

	if (leave != NULL)
		leave(slot);
	pthread_mutex_lock(&slots_lock);
	users[slot]--;
	pthread_mutex_unlock(&slots_lock);
}

static void
key_begin(void)
{
	key_works = pthread_key_create(&key, slot_leave) == 0;
}

/* A library that is unloaded must not be called by threads that end afterwards. */
__attribute__((destructor)) static void
key_end(void)
{
	if (key_works)
		pthread_key_delete(key);
}

unsigned
slot_take(void)
{
	unsigned slot = 0;

	pthread_once(&key_once, key_begin);
	pthread_mutex_lock(&slots_lock);
	for (unsigned i = 1; i < SLOT_COUNT; i++) {
		if (users[i] < users[slot])
			slot = i;
	}
	users[slot]++;
	pthread_mutex_unlock(&slots_lock);
	slot_own = slot + 1;
	/* When this fails, the slot counts as used for ever, and is shared a little earlier. */
	if (key_works)
		(void)pthread_setspecific(key, (void *)(uintptr_t)slot_own);
	return slot;
}
