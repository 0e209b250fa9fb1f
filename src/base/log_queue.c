/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The writer thread of the log and its queue: a ring of lines that any thread may put into without
 * a lock, and that only the writer thread takes from.  A slot's turn says who may touch it: turn ==
 * position: free for the line of that position; turn == position + 1: holds that line.
 *
 * The writer calls poll() before each write, so that a reader that has stopped reading cannot block
 * a thread that waits in log_stop or log_flush.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log_int.h"
#include "base/mem.h"

#define POLL_MS        100
#define STOP_MS        1000u
#define REPORT_WAIT_NS NS_PER_S

struct slot {
	_Atomic uint64_t turn;
	size_t len;
	char line[LOG_LINE_SIZE];
};

static struct {
	struct slot *slots;    /* LOG_QUEUE_LINES; kept for good once log_start made them */
	_Atomic uint64_t tail; /* the next position to put at; any thread */
	_Atomic uint64_t head; /* the next position to take; moved by the writer */
	_Atomic uint64_t dropped;
	uint64_t dropped_told; /* the writer's */
	atomic_bool running, stop;
	atomic_bool timed; /* the writer wakes by itself to look at the limits */
	sem_t wake;
	pthread_t thread;
} queue;

/* --- any thread --- */

bool
log_queue_put(const char *line, size_t len)
{
	if (!atomic_load(&queue.running))
		return false;
	uint64_t at = atomic_load(&queue.tail);

	for (;;) {
		struct slot *slot = &queue.slots[at % LOG_QUEUE_LINES];
		uint64_t turn = atomic_load(&slot->turn);

		if (turn < at) { /* the line of the round before is still there */
			atomic_fetch_add(&queue.dropped, 1);
			return true;
		}
		if (turn > at) {
			at = atomic_load(&queue.tail);
			continue;
		}
		if (!atomic_compare_exchange_weak(&queue.tail, &at, at + 1))
			continue;
		memcpy(slot->line, line, len);
		slot->len = len;
		atomic_store(&slot->turn, at + 1);
		sem_post(&queue.wake);
		return true;
	}
}

void
log_queue_wake(void)
{
	if (atomic_load(&queue.running) && !atomic_load(&queue.timed))
		sem_post(&queue.wake);
}

uint64_t
log_queue_dropped(void)
{
	return atomic_load(&queue.dropped);
}

/* --- the writer --- */

/* Waits for room; false when give_up_ns (0 = the log is not stopping) has passed. */
static bool
wait_for_room(uint64_t *give_up_ns)
{
	struct pollfd fd = { .fd = STDERR_FILENO, .events = POLLOUT };

	for (;;) {
		if (atomic_load(&queue.stop) && *give_up_ns == 0)
			*give_up_ns = clock_mono_ns() + STOP_MS * NS_PER_MS;
		int n = poll(&fd, 1, POLL_MS);

		if (n > 0)
			return true; /* also on an error: write then fails and does not block */
		if (n < 0 && errno != EINTR)
			return true;
		if (*give_up_ns != 0 && clock_mono_ns() >= *give_up_ns)
			return false;
	}
}

static bool
write_line(const char *line, size_t len, uint64_t *give_up_ns)
{
	while (len > 0) {
		if (!wait_for_room(give_up_ns))
			return false;
		ssize_t n = write(STDERR_FILENO, line, len);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (n < 0)
			return true; /* nobody reads, and there is nowhere to report that */
		line += n;
		len -= (size_t)n;
	}
	return true;
}

/* The line at head, written.  False: there is none, or the log stops and nobody reads. */
static bool
write_next(uint64_t *give_up_ns)
{
	uint64_t at = atomic_load(&queue.head);
	struct slot *slot = &queue.slots[at % LOG_QUEUE_LINES];

	if (atomic_load(&slot->turn) != at + 1 || !write_line(slot->line, slot->len, give_up_ns))
		return false;
	atomic_store(&slot->turn, at + LOG_QUEUE_LINES);
	atomic_store(&queue.head, at + 1);
	return true;
}

/* These lines go through the queue as all others do. */
static void
write_strict(uint64_t now_ns)
{
	struct log_strict_line line;

	while (log_strict_due(now_ns, &line))
		log_strict_write(&line);
}

/* So do these. */
static void
report_losses(void)
{
	uint64_t dropped = atomic_load(&queue.dropped), now_ns = clock_mono_ns();
	struct log_suppressed report;

	if (dropped != queue.dropped_told) {
		uint64_t lines = dropped - queue.dropped_told;

		queue.dropped_told = dropped;
		log_warning("log.dropped", "lines=%llu reason=\"nobody reads the log fast enough\"",
			    (unsigned long long)lines);
	}
	while (log_limit_report(now_ns, &report))
		log_suppressed_write(&report);
	write_strict(now_ns);
}

static void
wait_for_lines(void)
{
	struct timespec until;

	atomic_store(&queue.timed, false);
	if (!log_limit_pending() && !log_strict_waits()) {
		sem_wait(&queue.wake);
		return;
	}
	atomic_store(&queue.timed, true);
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += REPORT_WAIT_NS / NS_PER_S;
	sem_clockwait(&queue.wake, CLOCK_MONOTONIC, &until);
}

static void *
writer_main(void *arg)
{
	uint64_t give_up_ns = 0;

	(void)arg;
	while (!atomic_load(&queue.stop)) {
		wait_for_lines();
		while (write_next(&give_up_ns)) {
		}
		if (give_up_ns == 0)
			report_losses();
	}
	while (write_next(&give_up_ns)) {
	}
	return NULL;
}

/* --- start and stop --- */

int
log_start(void)
{
	sigset_t all, old;

	if (atomic_load(&queue.running))
		return 0;
	if (queue.slots == NULL) {
		queue.slots = mem_calloc(LOG_QUEUE_LINES, sizeof(*queue.slots));
		if (queue.slots == NULL)
			return -ENOMEM;
		for (uint64_t i = 0; i < LOG_QUEUE_LINES; i++)
			atomic_init(&queue.slots[i].turn, i);
		sem_init(&queue.wake, 0, 0);
	}
	atomic_store(&queue.stop, false);
	sigfillset(&all); /* signals are for other threads */
	pthread_sigmask(SIG_SETMASK, &all, &old);
	int rc = -pthread_create(&queue.thread, NULL, writer_main, NULL);

	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (rc < 0)
		return rc;
	pthread_setname_np(queue.thread, "log");
	atomic_store(&queue.running, true);
	return 0;
}

void
log_stop(void)
{
	if (!atomic_exchange(&queue.running, false))
		return;
	atomic_store(&queue.stop, true);
	sem_post(&queue.wake);
	pthread_join(queue.thread, NULL);
	write_strict(UINT64_MAX);
}

int
log_flush(unsigned timeout_ms)
{
	uint64_t end = atomic_load(&queue.tail);
	uint64_t give_up_ns = clock_mono_ns() + timeout_ms * NS_PER_MS;

	while (atomic_load(&queue.running) && atomic_load(&queue.head) < end) {
		if (clock_mono_ns() >= give_up_ns)
			return ERR_TIMEOUT;
		poll(NULL, 0, 1);
	}
	return 0;
}
