/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lets one thread wait until each of n threads has done something.  A thread of the management
 * waits (the publisher, or the thread that ends the data path); data-path threads only call
 * target_ack_one and never wait.
 */
#include <errno.h>
#include <time.h>

#include "base/clock.h"
#include "base/err.h"
#include "target/target_int.h"

void
target_ack_init(struct target_ack *ack, unsigned count)
{
	pthread_condattr_t attr;

	pthread_mutex_init(&ack->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&ack->cond, &attr);
	pthread_condattr_destroy(&attr);
	ack->left = count;
}

void
target_ack_fini(struct target_ack *ack)
{
	pthread_cond_destroy(&ack->cond);
	pthread_mutex_destroy(&ack->lock);
}

/* Signals inside the lock: the waiter may free the ack as soon as it has it. */
void
target_ack_one(struct target_ack *ack)
{
	pthread_mutex_lock(&ack->lock);
	if (--ack->left == 0)
		pthread_cond_signal(&ack->cond);
	pthread_mutex_unlock(&ack->lock);
}

int
target_ack_wait(struct target_ack *ack, uint32_t timeout_ms)
{
	uint64_t end_ns = clock_mono_ns() + timeout_ms * NS_PER_MS;
	struct timespec end = { .tv_sec = (time_t)(end_ns / NS_PER_S),
				.tv_nsec = (long)(end_ns % NS_PER_S) };
	int r = 0;

	pthread_mutex_lock(&ack->lock);
	while (ack->left > 0 && r != ETIMEDOUT) {
		if (timeout_ms == UINT32_MAX)
			r = pthread_cond_wait(&ack->cond, &ack->lock);
		else
			r = pthread_cond_timedwait(&ack->cond, &ack->lock, &end);
	}
	r = ack->left > 0 ? ERR_TIMEOUT : 0;
	pthread_mutex_unlock(&ack->lock);
	return r;
}
