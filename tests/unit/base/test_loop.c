/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of the event loop (base/loop.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/loop.h"
#include "fault.h"

#ifdef OLD_KERNEL
/*
 * This file is built a second time with the system call that Linux has only since 5.11 taken away.
 */
int
epoll_pwait2(int fd, struct epoll_event *events, int max, const struct timespec *timeout,
	     const sigset_t *mask)
{
	(void)fd, (void)events, (void)max, (void)timeout, (void)mask;
	errno = ENOSYS;
	return -1;
}
#endif

/* One loop and a pair of connected sockets for each test. */
struct bed {
	struct loop *loop;
	struct loop_fd lfd[2];
	int runs[2];
	uint32_t revents;
};

static struct bed bed;

static void
note_ready(struct loop_fd *lfd, uint32_t revents)
{
	bed.runs[lfd - bed.lfd]++;
	bed.revents = revents;
}

static int
bed_make(void **state)
{
	int pair[2];

	(void)state;
	memset(&bed, 0, sizeof(bed));
	if (loop_new(&bed.loop) < 0 ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) < 0)
		return -1;
	for (int i = 0; i < 2; i++)
		bed.lfd[i] =
			(struct loop_fd){ .fd = pair[i], .events = EPOLLIN, .ready = note_ready };
	return 0;
}

static int
bed_end(void **state)
{
	(void)state;
	close(bed.lfd[0].fd);
	close(bed.lfd[1].fd);
	loop_free(bed.loop);
	return 0;
}

static void
poke(int side)
{
	assert_int_equal(write(bed.lfd[side].fd, "x", 1), 1);
}

static void
test_a_ready_descriptor_is_called_as_long_as_it_is_ready(void **state)
{
	char byte;

	(void)state;
	assert_int_equal(loop_fd_add(bed.loop, &bed.lfd[0]), 0);
	loop_run_once(bed.loop, 0);
	assert_int_equal(bed.runs[0], 0);
	poke(1);
	loop_run_once(bed.loop, -1);
	loop_run_once(bed.loop, -1);
	assert_int_equal(bed.runs[0], 2);
	assert_int_equal(bed.revents, EPOLLIN);
	assert_int_equal(read(bed.lfd[0].fd, &byte, 1), 1);
	loop_run_once(bed.loop, 0);
	assert_int_equal(bed.runs[0], 2);
	loop_fd_del(bed.loop, &bed.lfd[0]);
}

static void
test_changed_events_count_from_the_next_round(void **state)
{
	(void)state;
	assert_int_equal(loop_fd_add(bed.loop, &bed.lfd[0]), 0);
	assert_int_equal(loop_fd_mod(bed.loop, &bed.lfd[0], EPOLLOUT), 0);
	loop_run_once(bed.loop, -1);
	assert_int_equal(bed.revents, EPOLLOUT);
	assert_int_equal(bed.lfd[0].events, EPOLLOUT);
	loop_fd_del(bed.loop, &bed.lfd[0]);
	loop_run_once(bed.loop, 0);
	assert_int_equal(bed.runs[0], 1);
}

static void
test_a_descriptor_that_cannot_be_watched_is_an_error(void **state)
{
	struct loop_fd bad = { .fd = -1, .events = EPOLLIN, .ready = note_ready };

	(void)state;
	assert_int_equal(loop_fd_add(bed.loop, &bad), -EBADF);
	assert_int_equal(loop_fd_mod(bed.loop, &bed.lfd[0], EPOLLIN), -ENOENT);
	assert_int_equal(loop_fd_add(bed.loop, &bed.lfd[0]), 0);
	assert_int_equal(loop_fd_add(bed.loop, &bed.lfd[0]), -EEXIST);
	loop_fd_del(bed.loop, &bed.lfd[0]);
}

/* Whichever comes first removes both. */
static void
remove_both(struct loop_fd *lfd, uint32_t revents)
{
	note_ready(lfd, revents);
	loop_fd_del(bed.loop, &bed.lfd[0]);
	loop_fd_del(bed.loop, &bed.lfd[1]);
}

static void
test_a_descriptor_removed_while_its_event_is_pending_is_not_called(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		bed.lfd[i].ready = remove_both;
		assert_int_equal(loop_fd_add(bed.loop, &bed.lfd[i]), 0);
		poke(1 - i);
	}
	loop_run_once(bed.loop, -1);
	assert_int_equal(bed.runs[0] + bed.runs[1], 1);
	loop_run_once(bed.loop, 0);
	assert_int_equal(bed.runs[0] + bed.runs[1], 1);
}

/* Timers. */

struct alarm {
	struct loop_timer timer;
	uint64_t fired_ns;
	int count;
};

static void
note_fire(struct loop_timer *timer)
{
	struct alarm *alarm = container_of(timer, struct alarm, timer);

	alarm->fired_ns = clock_mono_ns();
	alarm->count++;
}

static void
test_a_timer_wakes_the_loop_and_is_not_early(void **state)
{
	struct alarm a = { .timer.fire = note_fire };
	uint64_t begin_ns = clock_mono_ns();

	(void)state;
	loop_timer_set(bed.loop, &a.timer, 3 * NS_PER_MS);
	while (a.count == 0)
		loop_run_once(bed.loop, -1);
	assert_true(a.fired_ns - begin_ns >= 3 * NS_PER_MS);
	assert_true(loop_now_ns(bed.loop) >= begin_ns + 3 * NS_PER_MS);
	loop_run_once(bed.loop, 0);
	assert_int_equal(a.count, 1);
}

static void
test_a_cancelled_timer_does_not_fire(void **state)
{
	struct alarm a = { .timer.fire = note_fire }, b = { .timer.fire = note_fire };

	(void)state;
	loop_timer_cancel(bed.loop, &a.timer);
	loop_timer_set(bed.loop, &a.timer, NS_PER_MS);
	loop_timer_set(bed.loop, &b.timer, 2 * NS_PER_MS);
	loop_timer_cancel(bed.loop, &a.timer);
	while (b.count == 0)
		loop_run_once(bed.loop, -1);
	assert_int_equal(a.count, 0);
}

static void
test_timers_fire_in_the_order_of_their_times(void **state)
{
	struct alarm alarms[5] = { 0 };

	(void)state;
	for (int i = 0; i < 5; i++) {
		alarms[i].timer.fire = note_fire;
		loop_timer_set(bed.loop, &alarms[i].timer, (uint64_t)(5 - i) * NS_PER_MS);
	}
	for (int i = 0; i < 5; i++)
		while (alarms[i].count == 0)
			loop_run_once(bed.loop, -1);
	/*
	 * Between two calls of timer_set this thread may have stood still; and times within a tick
	 * of the wheel are the same to it.
	 */
	for (int i = 0; i < 5; i++)
		for (int j = 0; j < 5; j++)
			assert_true(alarms[i].timer.due_ns + NS_PER_MS / 2 >=
					    alarms[j].timer.due_ns ||
				    alarms[i].fired_ns <= alarms[j].fired_ns);
}

static void
test_the_endless_delay_is_no_wait_at_all_for_others(void **state)
{
	struct alarm never = { .timer.fire = note_fire }, soon = { .timer.fire = note_fire };

	(void)state;
	loop_timer_set(bed.loop, &never.timer, UINT64_MAX);
	loop_timer_set(bed.loop, &soon.timer, 0);
	while (soon.count == 0) /* a round may only move timers within the wheel */
		loop_run_once(bed.loop, -1);
	assert_int_equal(soon.count, 1);
	assert_int_equal(never.count, 0);
	loop_timer_cancel(bed.loop, &never.timer);
}

static void
test_run_once_waits_no_longer_than_it_may(void **state)
{
	uint64_t begin_ns = clock_mono_ns();

	(void)state;
	loop_run_once(bed.loop, 0);
	loop_run_once(bed.loop, 5);
	assert_true(clock_mono_ns() - begin_ns >= 5 * NS_PER_MS);
}

/* Messages. */

struct letter {
	struct loop_msg msg;
	unsigned sender, number;
};

#define SENDERS 4
#define LETTERS 5000

static struct letter letters[SENDERS][LETTERS];
static unsigned expected[SENDERS];
static unsigned delivered;

static void
deliver(struct loop_msg *msg)
{
	struct letter *letter = container_of(msg, struct letter, msg);

	assert_int_equal(letter->number, expected[letter->sender]);
	expected[letter->sender]++;
	if (++delivered == SENDERS * LETTERS)
		loop_stop(bed.loop);
}

static void *
send_letters(void *arg)
{
	struct letter *mine = arg;

	for (unsigned i = 0; i < LETTERS; i++)
		loop_post(bed.loop, &mine[i].msg);
	return NULL;
}

static void
exchange_letters(void)
{
	pthread_t threads[SENDERS];

	delivered = 0;
	memset(expected, 0, sizeof(expected));
	for (unsigned s = 0; s < SENDERS; s++) {
		for (unsigned i = 0; i < LETTERS; i++)
			letters[s][i] =
				(struct letter){ .msg.run = deliver, .sender = s, .number = i };
		assert_int_equal(pthread_create(&threads[s], NULL, send_letters, letters[s]), 0);
	}
	loop_run(bed.loop);
	for (unsigned s = 0; s < SENDERS; s++)
		pthread_join(threads[s], NULL);
	assert_int_equal(delivered, SENDERS * LETTERS);
}

static void
test_messages_of_many_threads_all_arrive_each_senders_in_order(void **state)
{
	(void)state;
	exchange_letters();
}

static void
test_messages_arrive_also_while_spinning(void **state)
{
	(void)state;
	loop_set_spin(bed.loop, 50000);
	exchange_letters();
}

/* Two loops that send one message to and fro: every step is a wake-up that must not be lost. */
struct ball {
	struct loop_msg msg;
	struct loop *loops[2];
	unsigned left;
};

static void
hit(struct loop_msg *msg)
{
	struct ball *ball = container_of(msg, struct ball, msg);

	if (--ball->left > 0) {
		loop_post(ball->loops[ball->left % 2], msg);
		return;
	}
	loop_stop(ball->loops[0]);
	loop_stop(ball->loops[1]);
}

static void *
run_loop(void *arg)
{
	loop_run(arg);
	return NULL;
}

static void
test_no_wake_up_is_lost_between_two_loops(void **state)
{
	struct ball ball = { .msg.run = hit, .loops = { bed.loop }, .left = 20000 };
	pthread_t thread;

	(void)state;
	assert_int_equal(loop_new(&ball.loops[1]), 0);
	assert_int_equal(pthread_create(&thread, NULL, run_loop, ball.loops[1]), 0);
	loop_post(bed.loop, &ball.msg);
	loop_run(bed.loop);
	pthread_join(thread, NULL);
	assert_int_equal(ball.left, 0);
	loop_free(ball.loops[1]);
}

/*
 * The other thread acts as soon as the loop has done what it asked last, that is, while the loop
 * goes to sleep; each time a little later than before.  An act that is not seen hangs the test.
 */
#define SNEAKS 30000

static atomic_uint sneaks_seen;

static void
see_sneak(struct loop_msg *msg)
{
	(void)msg;
	atomic_fetch_add(&sneaks_seen, 1);
}

static void
wait_until_seen(unsigned count)
{
	for (unsigned tries = 0; atomic_load(&sneaks_seen) < count; tries++)
		if (tries % 1024 == 1023)
			sched_yield(); /* there may be one processor only */
	for (volatile unsigned i = 0; i < count % 256; i++)
		;
}

static void *
post_sneakily(void *arg)
{
	struct loop_msg msg = { .run = see_sneak };

	(void)arg;
	for (unsigned i = 0; i < SNEAKS; i++) {
		wait_until_seen(i);
		loop_post(bed.loop, &msg);
	}
	wait_until_seen(SNEAKS);
	return NULL;
}

static void
test_a_message_that_comes_while_the_loop_falls_asleep_is_seen(void **state)
{
	pthread_t thread;

	(void)state;
	atomic_store(&sneaks_seen, 0);
	assert_int_equal(pthread_create(&thread, NULL, post_sneakily, NULL), 0);
	while (atomic_load(&sneaks_seen) < SNEAKS)
		loop_run_once(bed.loop, -1);
	pthread_join(thread, NULL);
}

static void *
stop_sneakily(void *arg)
{
	(void)arg;
	for (unsigned i = 0; i < SNEAKS; i++) {
		wait_until_seen(i);
		loop_stop(bed.loop);
	}
	return NULL;
}

static void
test_a_stop_that_comes_while_the_loop_falls_asleep_is_seen(void **state)
{
	pthread_t thread;

	(void)state;
	atomic_store(&sneaks_seen, 0);
	assert_int_equal(pthread_create(&thread, NULL, stop_sneakily, NULL), 0);
	for (unsigned i = 0; i < SNEAKS; i++) {
		loop_run(bed.loop);
		atomic_fetch_add(&sneaks_seen, 1);
	}
	pthread_join(thread, NULL);
}

struct farewell {
	struct loop_msg msg;
	struct loop *loop;
	bool said;
};

static void
hear_farewell(struct loop_msg *msg)
{
	container_of(msg, struct farewell, msg)->said = true;
}

static void *
say_farewell(void *arg)
{
	struct farewell *farewell = arg;

	loop_post(farewell->loop, &farewell->msg);
	return NULL;
}

/* Shown by the sanitizers: the poster must not look at the loop when it is gone. */
static void
test_a_loop_may_go_as_soon_as_the_last_message_has_run(void **state)
{
	(void)state;
	for (int i = 0; i < 500; i++) {
		struct farewell farewell = { .msg.run = hear_farewell };
		pthread_t thread;

		assert_int_equal(loop_new(&farewell.loop), 0);
		assert_int_equal(pthread_create(&thread, NULL, say_farewell, &farewell), 0);
		while (!farewell.said)
			loop_run_once(farewell.loop, -1);
		loop_free(farewell.loop);
		pthread_join(thread, NULL);
	}
}

struct echo {
	struct loop_msg msg;
	int left, runs;
};

static void
post_again(struct loop_msg *msg)
{
	struct echo *echo = container_of(msg, struct echo, msg);

	echo->runs++;
	if (--echo->left > 0)
		loop_post(bed.loop, msg);
}

static void
test_a_message_posted_again_in_its_run_comes_in_the_next_round(void **state)
{
	struct echo echo = { .msg.run = post_again, .left = 3 };

	(void)state;
	loop_post(bed.loop, &echo.msg);
	for (int round = 1; round <= 3; round++) {
		loop_run_once(bed.loop, -1);
		assert_int_equal(echo.runs, round);
	}
	loop_run_once(bed.loop, 0);
	assert_int_equal(echo.runs, 3);
}

static void
test_a_stop_before_the_run_is_not_lost_and_lets_messages_through(void **state)
{
	struct echo echo = { .msg.run = post_again, .left = 1 };

	(void)state;
	loop_post(bed.loop, &echo.msg);
	loop_stop(bed.loop);
	loop_run(bed.loop);
	assert_int_equal(echo.runs, 1);
}

/* Hooks. */

struct hook {
	struct loop_hook hook;
	struct loop_hook *victim;
	int runs, more;
};

static bool
note_hook(struct loop_hook *hook)
{
	struct hook *h = container_of(hook, struct hook, hook);

	h->runs++;
	if (h->victim != NULL)
		loop_hook_del(bed.loop, h->victim);
	return h->more-- > 0;
}

static void
test_hooks_run_after_rounds_that_did_something(void **state)
{
	struct hook h = { .hook.run = note_hook };
	struct echo echo = { .msg.run = post_again, .left = 1 };

	(void)state;
	loop_hook_add(bed.loop, &h.hook);
	loop_run_once(bed.loop, 0);
	assert_int_equal(h.runs, 0);
	loop_post(bed.loop, &echo.msg);
	loop_run_once(bed.loop, -1);
	assert_int_equal(h.runs, 1);
	loop_run_once(bed.loop, 0);
	assert_int_equal(h.runs, 1);
	loop_hook_del(bed.loop, &h.hook);
}

static void
test_a_hook_with_more_to_do_keeps_the_loop_from_waiting(void **state)
{
	struct hook h = { .hook.run = note_hook, .more = 3 };
	struct echo echo = { .msg.run = post_again, .left = 1 };

	(void)state;
	loop_hook_add(bed.loop, &h.hook);
	loop_post(bed.loop, &echo.msg);
	for (int round = 1; round <= 4; round++) {
		loop_run_once(bed.loop, -1); /* would hang if the hook's wish were not heard */
		assert_int_equal(h.runs, round);
	}
	loop_run_once(bed.loop, 0);
	assert_int_equal(h.runs, 4);
	loop_hook_del(bed.loop, &h.hook);
}

static void
test_a_kick_outside_of_a_round_runs_the_hooks_in_the_next(void **state)
{
	struct hook h = { .hook.run = note_hook };

	(void)state;
	loop_hook_add(bed.loop, &h.hook);
	loop_kick(bed.loop);
	loop_run_once(bed.loop, -1); /* would hang if the kick were not heard */
	assert_int_equal(h.runs, 1);
	loop_run_once(bed.loop, 0);
	assert_int_equal(h.runs, 1);
	loop_hook_del(bed.loop, &h.hook);
}

static void
test_a_hook_may_remove_itself_or_the_next(void **state)
{
	struct hook h[3] = { { .hook.run = note_hook },
			     { .hook.run = note_hook },
			     { .hook.run = note_hook } };
	struct echo echo = { .msg.run = post_again, .left = 1 };

	(void)state;
	for (int i = 0; i < 3; i++)
		loop_hook_add(bed.loop, &h[i].hook);
	h[0].victim = &h[1].hook;
	h[2].victim = &h[2].hook;
	loop_post(bed.loop, &echo.msg);
	loop_run_once(bed.loop, -1);
	assert_true(h[0].runs == 1 && h[1].runs == 0 && h[2].runs == 1);
	h[0].victim = NULL;
	echo.left = 1;
	loop_post(bed.loop, &echo.msg);
	loop_run_once(bed.loop, -1);
	assert_true(h[0].runs == 2 && h[1].runs == 0 && h[2].runs == 1);
	loop_hook_del(bed.loop, &h[0].hook);
}

static void
test_spinning_ends_and_then_sleeps_until_the_timer(void **state)
{
	struct alarm a = { .timer.fire = note_fire };
	uint64_t begin_ns = clock_mono_ns();

	(void)state;
	loop_set_spin(bed.loop, 100000);
	loop_timer_set(bed.loop, &a.timer, 5 * NS_PER_MS);
	while (a.count == 0)
		loop_run_once(bed.loop, -1);
	assert_true(a.fired_ns - begin_ns >= 5 * NS_PER_MS);
}

static void
do_nothing(struct loop_msg *msg)
{
	(void)msg;
}

static void
test_a_round_knows_whether_it_had_to_wait(void **state)
{
	struct loop_msg msg = { .run = do_nothing };

	(void)state;
	for (unsigned spin_ns = 0; spin_ns <= 100000; spin_ns += 100000) {
		loop_set_spin(bed.loop, spin_ns);
		loop_post(bed.loop, &msg);
		loop_run_once(bed.loop, -1);
		assert_false(loop_has_waited(bed.loop));
		loop_run_once(bed.loop, 1);
		assert_true(loop_has_waited(bed.loop));
	}
}

static uint64_t worked_ns;

static void
work(struct loop_msg *msg)
{
	uint64_t begin_ns = clock_mono_ns();

	(void)msg;
	while (clock_mono_ns() - begin_ns < NS_PER_MS)
		;
	worked_ns = clock_mono_ns() - begin_ns;
}

static void
test_busy_is_what_was_handled_and_neither_sleep_nor_poll(void **state)
{
	struct loop_msg msg = { .run = work };
	uint64_t begin_ns = clock_mono_ns(), busy_ns;

	(void)state;
	assert_int_equal(loop_busy_ns(bed.loop), 0);
	loop_post(bed.loop, &msg);
	loop_run_once(bed.loop, 0);
	loop_run_once(bed.loop, 0); /* a round counts when the next one begins */
	busy_ns = loop_busy_ns(bed.loop);
	assert_true(busy_ns >= worked_ns);
	assert_true(busy_ns <= clock_mono_ns() - begin_ns);
	loop_run_once(bed.loop, 5);
	loop_set_spin(bed.loop, NS_PER_MS);
	loop_run_once(bed.loop, 2);
	loop_run_once(bed.loop, 0);
	assert_int_equal(loop_busy_ns(bed.loop), busy_ns);
}

static void
test_making_one_without_memory_is_an_error(void **state)
{
	(void)state;
	loop_free(NULL);
	WITH_EVERY_FAULT
	{
		struct loop *loop = NULL;
		int rc = loop_new(&loop);

		assert_int_equal(rc, FAULT_HIT ? -ENOMEM : 0);
		assert_int_equal(loop == NULL, rc < 0);
		loop_free(loop);
	}
}

static void
test_making_one_without_descriptors_is_an_error(void **state)
{
	struct rlimit saved, limit;
	int lowest = dup(STDERR_FILENO);

	(void)state;
	assert_true(lowest >= 0);
	close(lowest);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &saved), 0);
	for (int more = 0; more <= 2; more++) {
		struct loop *loop = NULL;
		int rc;

		limit = (struct rlimit){ .rlim_cur = (rlim_t)(lowest + more),
					 .rlim_max = saved.rlim_max };
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
		rc = loop_new(&loop);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &saved), 0);
		assert_int_equal(rc, more < 2 ? -EMFILE : 0);
		loop_free(loop);
	}
	assert_int_equal(dup(STDERR_FILENO), lowest); /* nothing was left open */
	close(lowest);
}

#define bed_test(f) cmocka_unit_test_setup_teardown(f, bed_make, bed_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		bed_test(test_a_ready_descriptor_is_called_as_long_as_it_is_ready),
		bed_test(test_changed_events_count_from_the_next_round),
		bed_test(test_a_descriptor_that_cannot_be_watched_is_an_error),
		bed_test(test_a_descriptor_removed_while_its_event_is_pending_is_not_called),
		bed_test(test_a_timer_wakes_the_loop_and_is_not_early),
		bed_test(test_a_cancelled_timer_does_not_fire),
		bed_test(test_timers_fire_in_the_order_of_their_times),
		bed_test(test_the_endless_delay_is_no_wait_at_all_for_others),
		bed_test(test_run_once_waits_no_longer_than_it_may),
		bed_test(test_messages_of_many_threads_all_arrive_each_senders_in_order),
		bed_test(test_messages_arrive_also_while_spinning),
		bed_test(test_no_wake_up_is_lost_between_two_loops),
		bed_test(test_a_message_that_comes_while_the_loop_falls_asleep_is_seen),
		bed_test(test_a_stop_that_comes_while_the_loop_falls_asleep_is_seen),
		bed_test(test_a_loop_may_go_as_soon_as_the_last_message_has_run),
		bed_test(test_a_message_posted_again_in_its_run_comes_in_the_next_round),
		bed_test(test_a_stop_before_the_run_is_not_lost_and_lets_messages_through),
		bed_test(test_hooks_run_after_rounds_that_did_something),
		bed_test(test_a_hook_with_more_to_do_keeps_the_loop_from_waiting),
		bed_test(test_a_kick_outside_of_a_round_runs_the_hooks_in_the_next),
		bed_test(test_a_hook_may_remove_itself_or_the_next),
		bed_test(test_spinning_ends_and_then_sleeps_until_the_timer),
		bed_test(test_a_round_knows_whether_it_had_to_wait),
		bed_test(test_busy_is_what_was_handled_and_neither_sleep_nor_poll),
		cmocka_unit_test(test_making_one_without_memory_is_an_error),
		cmocka_unit_test(test_making_one_without_descriptors_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
