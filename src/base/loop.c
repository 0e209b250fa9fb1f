/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The event loop.  Messages are in a lock-free stack: other threads push to it, and the loop takes
 * the whole stack and reverses it, so the messages of one thread keep their order.  loop_post and
 * loop_stop may be called by any thread, everything else runs on the loop's thread.
 *
 * Waking: the loop says `asleep`, looks at the stack once more, and waits.  A poster pushes, then
 * looks at `asleep`, and writes to the eventfd when it was set.  Both orders are sequentially
 * consistent, so at least one of them sees the other, and no message stays unnoticed.  The eventfd
 * is edge-triggered and never read: each write is an edge.
 */
#include "base/loop.h"

#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/timers_int.h"

#define EVENTS_MAX 128

struct loop {
	/* Any thread. */
	_Atomic(struct loop_msg *) posted;
	atomic_bool asleep;
	atomic_bool stop;
	atomic_uint posters; /* within loop_post or loop_stop: they still look at the loop */

	/* The loop's thread. */
	int epoll_fd;
	int wake_fd;
	bool no_pwait2; /* the kernel has no epoll_pwait2: milliseconds must do */
	bool waited;    /* this round found nothing to do at once */
	bool worked;    /* the last round had something to do */
	bool more;      /* the hooks are to run at once */
	uint64_t now_ns;
	uint64_t spin_ns;
	uint64_t last_work_ns;
	_Atomic uint64_t busy_ns; /* the loop's thread writes, any thread reads */
	struct timers timers;
	struct list hooks;
	struct list *hook_next;    /* the hook to run next; NULL outside the walk */
	int event_at, event_count; /* the events of this round still to be handled */
	struct epoll_event events[EVENTS_MAX];
};

static int
loop_open(struct loop *loop)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET, .data.ptr = loop };

	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll_fd < 0)
		return -errno;
	loop->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (loop->wake_fd < 0)
		return -errno;
	if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, loop->wake_fd, &event) < 0)
		return -errno;
	return 0;
}

int
loop_new(struct loop **ret_loop)
{
	struct loop *loop = mem_calloc(1, sizeof(*loop));
	int rc;

	if (loop == NULL)
		return -ENOMEM;
	loop->epoll_fd = loop->wake_fd = -1;
	loop->now_ns = loop->last_work_ns = clock_mono_ns();
	timers_init(&loop->timers, loop->now_ns);
	list_init(&loop->hooks);
	rc = loop_open(loop);
	if (rc < 0) {
		loop_free(loop);
		return rc;
	}
	*ret_loop = loop;
	return 0;
}

void
loop_free(struct loop *loop)
{
	if (loop == NULL)
		return;
	/* a message may have run before its poster came back from posting it */
	while (atomic_load(&loop->posters) > 0)
		sched_yield();
	if (loop->wake_fd >= 0)
		close(loop->wake_fd);
	if (loop->epoll_fd >= 0)
		close(loop->epoll_fd);
	mem_free(loop);
}

bool
loop_has_waited(const struct loop *loop)
{
	return loop->waited;
}

uint64_t
loop_now_ns(const struct loop *loop)
{
	return loop->now_ns;
}

uint64_t
loop_busy_ns(const struct loop *loop)
{
	return atomic_load_explicit(&loop->busy_ns, memory_order_relaxed);
}

void
loop_set_spin(struct loop *loop, uint64_t spin_ns)
{
	loop->spin_ns = spin_ns;
}

/* Messages. */

static void
wake(struct loop *loop)
{
	uint64_t one = 1;
	ssize_t done;

	if (!atomic_load(&loop->asleep) || !atomic_exchange(&loop->asleep, false))
		return;
	done = write(loop->wake_fd, &one, sizeof(one));
	(void)done; /* EAGAIN only at 2^64 - 2 */
}

void
loop_post(struct loop *loop, struct loop_msg *msg)
{
	struct loop_msg *top;

	atomic_fetch_add_explicit(&loop->posters, 1, memory_order_relaxed);
	top = atomic_load_explicit(&loop->posted, memory_order_relaxed);
	do
		msg->next = top;
	while (!atomic_compare_exchange_weak(&loop->posted, &top, msg));
	wake(loop);
	atomic_fetch_sub_explicit(&loop->posters, 1, memory_order_release);
}

void
loop_stop(struct loop *loop)
{
	atomic_fetch_add_explicit(&loop->posters, 1, memory_order_relaxed);
	atomic_store(&loop->stop, true);
	wake(loop);
	atomic_fetch_sub_explicit(&loop->posters, 1, memory_order_release);
}

static unsigned
messages_run(struct loop *loop)
{
	struct loop_msg *stack, *queue = NULL;
	unsigned count = 0;

	if (atomic_load_explicit(&loop->posted, memory_order_relaxed) == NULL)
		return 0;
	stack = atomic_exchange(&loop->posted, NULL);
	while (stack != NULL) {
		struct loop_msg *msg = stack;

		stack = msg->next;
		msg->next = queue;
		queue = msg;
	}
	while (queue != NULL) {
		struct loop_msg *msg = queue;

		queue = msg->next; /* its run may free it or post it again */
		msg->run(msg);
		count++;
	}
	return count;
}

/* Descriptors. */

int
loop_fd_add(struct loop *loop, struct loop_fd *lfd)
{
	struct epoll_event event = { .events = lfd->events, .data.ptr = lfd };

	return epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, lfd->fd, &event) < 0 ? -errno : 0;
}

int
loop_fd_mod(struct loop *loop, struct loop_fd *lfd, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = lfd };

	if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_MOD, lfd->fd, &event) < 0)
		return -errno;
	lfd->events = events;
	return 0;
}

void
loop_fd_del(struct loop *loop, struct loop_fd *lfd)
{
	epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, lfd->fd, NULL);
	for (int i = loop->event_at; i < loop->event_count; i++)
		if (loop->events[i].data.ptr == lfd)
			loop->events[i].data.ptr = NULL;
}

static unsigned
events_run(struct loop *loop)
{
	unsigned count = 0;

	while (loop->event_at < loop->event_count) {
		const struct epoll_event *event = &loop->events[loop->event_at++];
		struct loop_fd *lfd = event->data.ptr;

		if (lfd == NULL || event->data.ptr == loop)
			continue;
		lfd->ready(lfd, event->events);
		count++;
	}
	return count;
}

/* Timers. */

void
loop_timer_set(struct loop *loop, struct loop_timer *timer, uint64_t delay_ns)
{
	uint64_t now_ns = clock_mono_ns(); /* the round may have begun long ago */

	list_remove(&timer->node);
	timer->due_ns = delay_ns < UINT64_MAX - now_ns ? now_ns + delay_ns : UINT64_MAX;
	timers_add(&loop->timers, timer);
}

void
loop_timer_cancel(struct loop *loop, struct loop_timer *timer)
{
	(void)loop;
	list_remove(&timer->node);
}

/* Hooks. */

void
loop_hook_add(struct loop *loop, struct loop_hook *hook)
{
	list_append(&loop->hooks, &hook->node);
}

void
loop_hook_del(struct loop *loop, struct loop_hook *hook)
{
	if (loop->hook_next == &hook->node)
		loop->hook_next = hook->node.next;
	list_remove(&hook->node);
}

void
loop_kick(struct loop *loop)
{
	loop->more = true;
}

static void
hooks_run(struct loop *loop)
{
	loop->more = false;
	loop->hook_next = loop->hooks.next;
	while (loop->hook_next != &loop->hooks) {
		struct loop_hook *hook = list_entry(loop->hook_next, struct loop_hook, node);

		loop->hook_next = hook->node.next;
		if (hook->run(hook))
			loop->more = true;
	}
	loop->hook_next = NULL;
}

/* Rounds. */

#define FOR_EVER    UINT64_MAX
#define WAIT_MS_MAX 60000u

static int
events_wait(struct loop *loop, uint64_t wait_ns)
{
	struct timespec ts = { .tv_sec = (time_t)(wait_ns / NS_PER_S),
			       .tv_nsec = (long)(wait_ns % NS_PER_S) };
	uint64_t wait_ms = wait_ns / NS_PER_MS + (wait_ns % NS_PER_MS != 0);

	if (wait_ns == 0)
		return epoll_wait(loop->epoll_fd, loop->events, EVENTS_MAX, 0);
	if (!loop->no_pwait2) {
		int n = epoll_pwait2(loop->epoll_fd, loop->events, EVENTS_MAX,
				     wait_ns == FOR_EVER ? NULL : &ts, NULL);

		if (n >= 0 || (errno != ENOSYS && errno != EPERM))
			return n;
		loop->no_pwait2 = true;
	}
	/* a longer wait is cut: a round with nothing does no harm */
	return epoll_wait(loop->epoll_fd, loop->events, EVENTS_MAX, (int)MIN(wait_ms, WAIT_MS_MAX));
}

static bool
posted_any(struct loop *loop)
{
	return atomic_load(&loop->posted) != NULL || atomic_load(&loop->stop);
}

/*
 * How long this round may wait: as the caller says, not beyond the next timer, not at all when
 * there is work.
 */
static uint64_t
wait_limit(struct loop *loop, uint64_t caller_ns)
{
	uint64_t next_ns = timers_next_ns(&loop->timers), until_timer;

	if (loop->more || caller_ns == 0 || posted_any(loop))
		return 0;
	if (next_ns == TIMERS_NEVER)
		return caller_ns;
	until_timer = next_ns > loop->now_ns ? next_ns - loop->now_ns : 0;
	return MIN(caller_ns, until_timer);
}

/*
 * Looks for work without sleeping until spin_ns have passed since the last was done.  Whoever else
 * wants this core has it meanwhile.  Events found, or 0.
 */
static int
spin(struct loop *loop, uint64_t wait_ns)
{
	uint64_t begin_ns = loop->now_ns, until_ns = loop->last_work_ns + loop->spin_ns;
	int n = 0;

	while (loop->now_ns < until_ns && loop->now_ns - begin_ns < wait_ns && n == 0 &&
	       !posted_any(loop)) {
		sched_yield();
		n = events_wait(loop, 0);
		loop->now_ns = clock_mono_ns();
		loop->waited |= n == 0;
	}
	return n;
}

static int
sleep_for_events(struct loop *loop, uint64_t wait_ns)
{
	int n;

	loop->waited = true;
	atomic_store(&loop->asleep, true);
	n = events_wait(loop, posted_any(loop) ? 0 : wait_ns);
	atomic_store(&loop->asleep, false);
	return n;
}

/* Counts the round that has ended: its work began when its wait was over. */
static void
count_busy(struct loop *loop, uint64_t end_ns)
{
	uint64_t busy_ns = atomic_load_explicit(&loop->busy_ns, memory_order_relaxed);

	atomic_store_explicit(&loop->busy_ns, busy_ns + (end_ns - loop->now_ns),
			      memory_order_relaxed);
}

static void
round_wait(struct loop *loop, uint64_t caller_ns)
{
	uint64_t begin_ns, wait_ns;
	int n = 0;

	loop->waited = false;
	begin_ns = clock_mono_ns();
	if (loop->worked) {
		count_busy(loop, begin_ns);
		loop->last_work_ns = begin_ns;
	}
	loop->now_ns = begin_ns;
	wait_ns = wait_limit(loop, caller_ns);
	if (wait_ns > 0 && loop->spin_ns > 0)
		n = spin(loop, wait_ns);
	if (n == 0 && wait_ns != FOR_EVER)
		wait_ns -= MIN(wait_ns, loop->now_ns - begin_ns);
	if (n == 0)
		n = wait_ns > 0 ? sleep_for_events(loop, wait_ns) : events_wait(loop, 0);
	loop->event_at = 0;
	loop->event_count = MAX(n, 0); /* EINTR: a round with nothing */
	loop->now_ns = clock_mono_ns();
}

static void
loop_round(struct loop *loop, uint64_t caller_ns)
{
	bool worked;

	round_wait(loop, caller_ns);
	worked = loop->more;
	worked |= messages_run(loop) > 0;
	worked |= events_run(loop) > 0;
	worked |= timers_run(&loop->timers, loop->now_ns) > 0;
	loop->worked = worked;
	if (worked)
		hooks_run(loop);
}

void
loop_run_once(struct loop *loop, int timeout_ms)
{
	loop_round(loop, timeout_ms < 0 ? FOR_EVER : (uint64_t)timeout_ms * NS_PER_MS);
}

void
loop_run(struct loop *loop)
{
	while (!atomic_exchange(&loop->stop, false))
		loop_round(loop, FOR_EVER);
	if (messages_run(loop) > 0)
		hooks_run(loop);
}
