/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What cores cost each other on this machine, as one JSON line: the input of bench/sim.py.
 *
 *	line_ns		a cache line goes from one core to another
 *	add_ns		an atomic addition to a line that no other core uses
 *	shared_add_ns	the same, while another core adds to the same line all the time
 *	wake_us		from the write to an eventfd until the thread that slept in epoll_wait runs
 *	post_us		what that write costs the writer
 *	copy_gb_s	memcpy of what no cache holds, one core alone, and both at once (sum)
 *
 * Two threads, each on a processor of its own. Medians of several tries; nothing else should run.
 */
#include "now.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define TRIES      7
#define HANDOVERS  200000
#define ADDS       2000000
#define WAKES      300
#define COPY_BYTES (256u << 20)

static struct {
	_Alignas(128) atomic_uint turn;
	_Alignas(128) atomic_ulong count;
	_Alignas(128) atomic_ulong mine;
	_Alignas(128) atomic_bool stop;
	atomic_int ready;
	int event, epoll;
	_Atomic uint64_t woken_ns;
} shared;

static void
on_core(int core)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(core, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
median(double *values)
{
	qsort(values, TRIES, sizeof(*values), by_value);
	return values[TRIES / 2];
}

static void *
hand_back(void *arg)
{
	(void)arg;
	on_core(1);
	for (unsigned i = 0; i < HANDOVERS; i++) {
		while (atomic_load(&shared.turn) != 2 * i + 1)
			;
		atomic_store(&shared.turn, 2 * i + 2);
	}
	return NULL;
}

static double
line_ns(void)
{
	pthread_t thread;

	atomic_store(&shared.turn, 0);
	pthread_create(&thread, NULL, hand_back, NULL);
	uint64_t begin = 0;

	for (unsigned i = 0; i < HANDOVERS; i++) {
		if (i == HANDOVERS / 10) /* the other thread is there by then */
			begin = now_ns();
		atomic_store(&shared.turn, 2 * i + 1);
		while (atomic_load(&shared.turn) != 2 * i + 2)
			;
	}
	uint64_t end = now_ns();

	pthread_join(thread, NULL);
	return (double)(end - begin) / (HANDOVERS - HANDOVERS / 10) / 2;
}

static void *
add_until_stopped(void *arg)
{
	(void)arg;
	on_core(1);
	atomic_store(&shared.ready, 1);
	while (!atomic_load_explicit(&shared.stop, memory_order_relaxed))
		atomic_fetch_add(&shared.count, 1);
	return NULL;
}

static double
add_ns(atomic_ulong *to)
{
	uint64_t begin = now_ns();

	for (unsigned i = 0; i < ADDS; i++)
		atomic_fetch_add(to, 1);
	return (double)(now_ns() - begin) / ADDS;
}

static double
shared_add_ns(void)
{
	pthread_t thread;

	atomic_store(&shared.stop, false);
	atomic_store(&shared.ready, 0);
	pthread_create(&thread, NULL, add_until_stopped, NULL);
	while (atomic_load(&shared.ready) == 0)
		;
	double ns = add_ns(&shared.count);

	atomic_store(&shared.stop, true);
	pthread_join(thread, NULL);
	return ns;
}

static void *
sleeper(void *arg)
{
	struct epoll_event event;
	uint64_t value;

	(void)arg;
	on_core(1);
	for (unsigned i = 0; i < WAKES; i++) {
		if (epoll_wait(shared.epoll, &event, 1, -1) != 1 ||
		    read(shared.event, &value, sizeof(value)) != sizeof(value))
			abort();
		atomic_store(&shared.woken_ns, now_ns());
	}
	return NULL;
}

/* Sets the medians over WAKES wake-ups. */
static void
wakes(double *wake_us, double *post_us)
{
	struct epoll_event event = { .events = EPOLLIN };
	double late[TRIES] = { 0 }, cost[TRIES] = { 0 };
	uint64_t one = 1;
	pthread_t thread;

	shared.event = eventfd(0, EFD_NONBLOCK);
	shared.epoll = epoll_create1(0);
	epoll_ctl(shared.epoll, EPOLL_CTL_ADD, shared.event, &event);
	pthread_create(&thread, NULL, sleeper, NULL);
	for (unsigned i = 0; i < WAKES; i++) {
		usleep(1000); /* so that the other one sleeps */
		atomic_store(&shared.woken_ns, 0);
		uint64_t begin = now_ns();

		if (write(shared.event, &one, sizeof(one)) != sizeof(one))
			abort();
		uint64_t written = now_ns();

		while (atomic_load(&shared.woken_ns) == 0)
			;
		late[i % TRIES] = (double)(atomic_load(&shared.woken_ns) - begin) / 1e3;
		cost[i % TRIES] = (double)(written - begin) / 1e3;
	}
	pthread_join(thread, NULL);
	*wake_us = median(late);
	*post_us = median(cost);
}

struct copy {
	int core;
	double gb_s;
};

static void *
copy(void *arg)
{
	struct copy *c = arg;
	char *from = malloc(COPY_BYTES), *to = malloc(COPY_BYTES);
	double rates[TRIES];

	on_core(c->core);
	if (from == NULL || to == NULL)
		abort();
	memset(from, 1, COPY_BYTES);
	memset(to, 2, COPY_BYTES);
	atomic_fetch_add(&shared.ready, 1);
	while (atomic_load(&shared.ready) < 0)
		;
	for (unsigned i = 0; i < TRIES; i++) {
		uint64_t begin = now_ns();

		memcpy(to, from, COPY_BYTES);
		__asm__ volatile("" : : "r"(to) : "memory");
		rates[i] = (double)COPY_BYTES / (double)(now_ns() - begin);
	}
	c->gb_s = median(rates);
	free(from);
	free(to);
	return NULL;
}

static double
copies(int threads)
{
	struct copy copies[2] = { { .core = 0 }, { .core = 1 } };
	pthread_t ids[2];
	double sum = 0;

	atomic_store(&shared.ready, -threads);
	for (int i = 0; i < threads; i++)
		pthread_create(&ids[i], NULL, copy, &copies[i]);
	for (int i = 0; i < threads; i++) {
		pthread_join(ids[i], NULL);
		sum += copies[i].gb_s;
	}
	return sum;
}

int
main(void)
{
	double line[TRIES], own[TRIES], both[TRIES], wake_us, post_us;

	on_core(0);
	for (unsigned i = 0; i < TRIES; i++) {
		line[i] = line_ns();
		own[i] = add_ns(&shared.mine);
		both[i] = shared_add_ns();
	}
	wakes(&wake_us, &post_us);
	printf("{\"line_ns\":%.1f,\"add_ns\":%.1f,\"shared_add_ns\":%.1f,\"wake_us\":%.1f,"
	       "\"post_us\":%.2f,\"copy_gb_s\":[%.1f,%.1f]}\n",
	       median(line), median(own), median(both), wake_us, post_us, copies(1), copies(2));
	return 0;
}
