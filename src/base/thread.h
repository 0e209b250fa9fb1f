/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a library needs of threads besides pthreads itself: a thread that stays out of its program's
 * signals, and waits by the monotonic clock.  Implemented by thread.c (Linux) and thread_win.c
 * (Windows, on winpthreads).  Any thread.
 */
#ifndef VDS_BASE_THREAD_H
#define VDS_BASE_THREAD_H

#include <pthread.h>
#include <stdint.h>

/*
 * Starts a thread that blocks all signals: they are for the program's own threads.  name: at most
 * 15 bytes, for debuggers.  The caller joins or detaches the thread.  Returns 0, or -errno (no
 * thread could be started).
 */
int thread_start(pthread_t *ret_thread, const char *name, void *(*run)(void *arg), void *arg);

/* Makes a condition variable for thread_cond_wait. */
void thread_cond_init(pthread_cond_t *cond);
/*
 * Waits as pthread_cond_timedwait does, until a time of the monotonic clock (clock_mono_ns).
 * Returns 0 or ETIMEDOUT.
 */
int thread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *lock, uint64_t until_ns);

#endif
