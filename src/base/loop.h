/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An event loop for one thread: descriptors (epoll), timers, messages from other threads, and hooks
 * that run at the end of each round so that work is sent in batches.  It may spin for a while
 * before it sleeps, since a wake-up costs some 30 µs (docs/design/performance.md).
 *
 * All functions are for the loop's own thread unless they say otherwise.  The caller owns the
 * memory of descriptors, timers, messages and hooks, and keeps it until they are removed.  Nothing
 * here allocates memory after loop_new.
 */
#ifndef VDS_BASE_LOOP_H
#define VDS_BASE_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"

struct loop;

/* Makes a loop; the thread that runs it may be another one.  Returns 0, -errno or -ENOMEM. */
int loop_new(struct loop **ret_loop);
/*
 * Frees a loop in which nothing is registered any more; accepts NULL.  Waits for threads that are
 * just returning from loop_post or loop_stop, so a loop may be freed as soon as its last message
 * has run.
 */
void loop_free(struct loop *loop);
/*
 * Runs rounds until loop_stop.  A round waits, then runs messages, descriptors, timers and hooks.
 * A loop_stop that came before is not lost, and what a thread posted before its loop_stop runs
 * before this returns.
 */
void loop_run(struct loop *loop);
/*
 * Runs one round, which waits at most timeout_ms (-1 = without a limit).  For tests and for
 * draining.
 */
void loop_run_once(struct loop *loop, int timeout_ms);
/* Makes loop_run return.  Any thread. */
void loop_stop(struct loop *loop);
/* Returns the monotonic time at which the round began; this costs no call of the clock. */
uint64_t loop_now_ns(const struct loop *loop);
/*
 * Returns true when this round had to wait for its work: then the thread has time to spare, and
 * sending early is worth more than sending in one go.  The loop's thread.
 */
bool loop_has_waited(const struct loop *loop);
/*
 * Returns how long the loop has been handling events, messages, timers and hooks since it was made.
 * Time in which it slept, or polled and found nothing, is not counted.  Any thread.
 */
uint64_t loop_busy_ns(const struct loop *loop);
/*
 * Sets how long after its last work the loop goes on looking for more before it sleeps (0 = not at
 * all, the default).  May be called in a round.
 */
void loop_set_spin(struct loop *loop, uint64_t spin_ns);

/* A descriptor. events and revents are EPOLL* bits, level-triggered unless EPOLLET is asked for. */
struct loop_fd {
	int fd;
	uint32_t events;
	void (*ready)(struct loop_fd *lfd, uint32_t revents);
};

int loop_fd_add(struct loop *loop, struct loop_fd *lfd); /* returns 0 or -errno */
int loop_fd_mod(struct loop *loop, struct loop_fd *lfd, uint32_t events);
/*
 * Stops watching a descriptor; does not close it.  Safe inside a callback, also for another
 * descriptor whose event is pending in this round.
 */
void loop_fd_del(struct loop *loop, struct loop_fd *lfd);

/*
 * A timer fires once, never early, and the wheel makes it at most 66 µs late.  Setting it again
 * moves it.  Zero it before its first use.
 */
struct loop_timer {
	struct list node;
	uint64_t due_ns;
	void (*fire)(struct loop_timer *timer);
};

/*
 * loop_timer_set makes a timer fire after delay_ns.  loop_timer_cancel prevents that; cancelling a
 * timer that is not set has no effect.  The loop's thread.
 */
void loop_timer_set(struct loop *loop, struct loop_timer *timer, uint64_t delay_ns);
void loop_timer_cancel(struct loop *loop, struct loop_timer *timer);

/*
 * A message runs once on the loop's thread; messages of one thread run in the order in which it
 * posted them.  A message may be posted again from its run.
 */
struct loop_msg {
	struct loop_msg *next;
	void (*run)(struct loop_msg *msg);
};

/*
 * Posts a message.  Any thread; never blocks, never fails.  The message belongs to the loop until
 * it runs.
 */
void loop_post(struct loop *loop, struct loop_msg *msg);

/*
 * A hook runs at the end of each round that did something; hooks run in the order in which they
 * were added.  run returns true when it has more work to do at once: the next round then does not
 * wait.
 */
struct loop_hook {
	struct list node;
	bool (*run)(struct loop_hook *hook);
};

/*
 * Makes the next round run the hooks without waiting before.  For work that was given to a hook
 * outside of a round, for example before loop_run.
 */
void loop_kick(struct loop *loop);

void loop_hook_add(struct loop *loop, struct loop_hook *hook);
void loop_hook_del(struct loop *loop, struct loop_hook *hook);

#endif
