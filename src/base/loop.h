/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An event loop for one thread: descriptors (epoll), timers, messages from other threads, and hooks
 * that run at the end of each round so that work is sent in batches.  It may spin for a while
 * before it sleeps, since a wake-up costs some 30 µs (docs/design/performance.md).
 *
 * All functions are for the loop's own thread unless they say otherwise.  Objects are the caller's
 * memory and must stay until they are removed; nothing here allocates after loop_new.
 */
#ifndef VDS_BASE_LOOP_H
#define VDS_BASE_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"

struct loop;

int loop_new(struct loop **ret_loop);
/*
 * Accepts NULL; nothing may be registered any more.  Waits for threads that are just coming back
 * from loop_post or loop_stop, so a loop may go as soon as the last message has run.
 */
void loop_free(struct loop *loop);
/*
 * Runs rounds until loop_stop.  A round: wait, messages, descriptors, timers, hooks.  A stop that
 * came before is not lost, and what a thread posted before its loop_stop runs before this returns.
 */
void loop_run(struct loop *loop);
/* One round; waits at most timeout_ms (-1 = for ever).  For tests and for draining. */
void loop_run_once(struct loop *loop, int timeout_ms);
/* Any thread. */
void loop_stop(struct loop *loop);
/* Time at the start of the round, monotonic; saves clock calls. */
uint64_t loop_now_ns(const struct loop *loop);
/*
 * Did this round have to wait for its work?  Then the thread has time to spare, and what is done
 * early is worth more than what is done in one go.  The loop's thread.
 */
bool loop_has_waited(const struct loop *loop);
/*
 * Before it sleeps, the loop looks for work again for up to spin_ns since the last work (0 = never,
 * the default).
 */
void loop_set_spin(struct loop *loop, uint64_t spin_ns);

/* A descriptor. events and revents are EPOLL* bits, level-triggered unless EPOLLET is asked for. */
struct loop_fd {
	int fd;
	uint32_t events;
	void (*ready)(struct loop_fd *lfd, uint32_t revents);
};

int loop_fd_add(struct loop *loop, struct loop_fd *lfd); /* 0 or -errno */
int loop_fd_mod(struct loop *loop, struct loop_fd *lfd, uint32_t events);
/*
 * Safe inside a callback, also for another descriptor whose event is pending in this round. Does
 * not close.
 */
void loop_fd_del(struct loop *loop, struct loop_fd *lfd);

/*
 * A timer; fires once, never early, at most 66 µs late by itself.  Setting it again moves it.
 * Zero-initialise it.
 */
struct loop_timer {
	struct list node;
	uint64_t due_ns;
	void (*fire)(struct loop_timer *timer);
};

void loop_timer_set(struct loop *loop, struct loop_timer *timer, uint64_t delay_ns);
void loop_timer_cancel(struct loop *loop, struct loop_timer *timer);

/*
 * A message: runs once on the loop's thread, in the order posted by one thread.  May be posted
 * again from its run.
 */
struct loop_msg {
	struct loop_msg *next;
	void (*run)(struct loop_msg *msg);
};

/* Any thread; never blocks, never fails.  The message belongs to the loop until it runs. */
void loop_post(struct loop *loop, struct loop_msg *msg);

/*
 * Runs at the end of each round that did something, in the order added.  Returns true when it has
 * more work to do at once: the next round then does not wait.
 */
struct loop_hook {
	struct list node;
	bool (*run)(struct loop_hook *hook);
};

/*
 * Let the next round run the hooks and not wait: for work that was given to a hook outside of a
 * round (before loop_run, say).  Within a round it costs a store, for the hooks are still to come.
 */
void loop_kick(struct loop *loop);

void loop_hook_add(struct loop *loop, struct loop_hook *hook);
void loop_hook_del(struct loop *loop, struct loop_hook *hook);

#endif
