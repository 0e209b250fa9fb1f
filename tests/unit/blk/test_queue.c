/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of queues: many operations at the same time, more operations than the ring has room for,
 * a file that hangs, several threads that use one device, and draining.
 */
#include "blk/blk_int.h"
#include "blk_test.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"

#define SIZE (16u * TEST_MIB)
#define MANY 1000u /* more than a submission queue holds */

struct many {
	struct blk_io io[MANY];
	struct iovec iov[MANY];
	uint8_t bytes[MANY][512];
	unsigned left;
};

static void
count_down(struct blk_io *io)
{
	struct many *m = io->owner;

	assert_int_equal(io->result, 0);
	m->left--;
}

/* FUA, so that they all have to go through the queue. */
static void
submit_many(struct many *m, struct blk_dev *dev, struct blk_queue *queue)
{
	m->left = 0;
	for (unsigned i = 0; i < MANY; i++) {
		memset(m->bytes[i], (int)(i % 251), sizeof(m->bytes[i]));
		m->iov[i] = (struct iovec){ m->bytes[i], sizeof(m->bytes[i]) };
		m->io[i] = (struct blk_io){
			.op = BLK_WRITE,
			.flags = BLK_FUA,
			.offset_bytes = i * 512ull,
			.len_bytes = 512,
			.iov = &m->iov[i],
			.iov_count = 1,
			.done = count_down,
			.owner = m,
		};
		if (blk_submit(dev, queue, &m->io[i]) == BLK_PENDING)
			m->left++;
		else
			assert_int_equal(m->io[i].result, 0);
	}
}

static void
assert_many_written(struct blk_dev *dev)
{
	uint8_t buf[512];

	for (unsigned i = 0; i < MANY; i++) {
		assert_int_equal(blk_rw(dev, BLK_READ, i * 512ull, buf, sizeof(buf)), 0);
		assert_true(blk_test_all(buf, sizeof(buf), (uint8_t)(i % 251)));
	}
}

static void
check_many(struct blk_test *t, enum blk_queue_kind kind)
{
	struct blk_dev *dev = blk_test_file(t->dir, "f", SIZE, false);
	struct blk_queue *queue = NULL;
	AUTO_FREE struct many *m = mem_calloc(1, sizeof(*m));

	assert_int_equal(blk_queue_new(t->loop, kind, t->workers, &queue), 0);
	assert_int_equal(blk_queue_kind(queue), kind);
	submit_many(m, dev, queue);
	assert_true(m->left > 0);
	assert_int_equal(blk_queue_inflight(queue), m->left);
	assert_int_equal(blk_drain(dev, 0), ERR_TIMEOUT);
	while (m->left > 0)
		loop_run_once(t->loop, 1000);
	assert_int_equal(blk_queue_inflight(queue), 0);
	assert_int_equal(blk_drain(dev, 0), 0);
	assert_many_written(dev);
	blk_queue_free(queue);
	blk_dev_unref(dev);
}

static void
test_workers_complete_many_at_a_time(void **state)
{
	check_many(*state, BLK_QUEUE_WORKERS);
}

static void
test_a_ring_completes_more_than_it_has_room_for(void **state)
{
	if (blk_queue_probe(true) != BLK_QUEUE_URING) {
		print_message("# skipped: no io_uring here\n");
		return;
	}
	check_many(*state, BLK_QUEUE_URING);
}

static void
test_a_ring_without_workers_still_zeroes(void **state)
{
	struct blk_test *t = *state;
	struct blk_queue *queue = NULL;

	if (blk_queue_probe(false) != BLK_QUEUE_URING) {
		print_message("# skipped: no io_uring here\n");
		return;
	}
	struct blk_dev *dev = blk_test_file(t->dir, "f", SIZE, false);

	assert_int_equal(blk_queue_new(t->loop, BLK_QUEUE_URING, NULL, &queue), 0);
	assert_int_equal(blk_test_range(t, dev, queue, BLK_WRITE_ZEROES, 0, TEST_MIB), 0);
	blk_queue_free(queue);
	blk_dev_unref(dev);
}

static void
flushed(struct blk_io *io)
{
	*(bool *)io->owner = true;
}

/* The loop sleeps for ten seconds at a time: only a wake-up can end it in less. */
static void
test_a_flush_in_the_ring_wakes_a_loop_that_sleeps(void **state)
{
	struct blk_test *t = *state;
	struct blk_queue *queue = NULL;
	char buf[512] = "x";

	if (blk_queue_probe(false) != BLK_QUEUE_URING) {
		print_message("# skipped: no io_uring here\n");
		return;
	}
	struct blk_dev *dev = blk_test_file(t->dir, "f", SIZE, false);

	assert_int_equal(blk_queue_new(t->loop, BLK_QUEUE_URING, t->workers, &queue), 0);
	for (int i = 0; i < 5; i++) {
		bool done = false;
		struct blk_io io = { .op = BLK_FLUSH, .done = flushed, .owner = &done };
		uint64_t start_ns = clock_mono_ns();

		assert_int_equal(blk_rw(dev, BLK_WRITE, 0, buf, sizeof(buf)), 0);
		if (blk_submit(dev, queue, &io) != BLK_PENDING)
			continue;
		while (!done)
			loop_run_once(t->loop, 10000);
		assert_true(clock_mono_ns() - start_ns < 8 * NS_PER_S);
	}
	blk_queue_free(queue);
	blk_dev_unref(dev);
}

static void
test_workers_kind_needs_workers(void **state)
{
	struct blk_test *t = *state;
	struct blk_queue *queue = NULL;

	assert_int_equal(blk_queue_new(t->loop, BLK_QUEUE_WORKERS, NULL, &queue), -EINVAL);
}

static void
test_a_cold_read_goes_through_the_queue_and_is_right(void **state)
{
	struct blk_test *t = *state;
	static const enum blk_queue_kind kinds[] = { BLK_QUEUE_AUTO, BLK_QUEUE_WORKERS };
	AUTO_FREE uint8_t *buf = mem_alloc(2 * TEST_MIB);

	for (unsigned k = 0; k < ARRAY_LEN(kinds); k++) {
		struct blk_dev *dev = blk_test_file(t->dir, "f", SIZE, false);
		struct blk_queue *queue = NULL;

		assert_int_equal(blk_queue_new(t->loop, kinds[k], t->workers, &queue), 0);
		memset(buf, 0x77, 2 * TEST_MIB);
		assert_int_equal(blk_rw(dev, BLK_WRITE, TEST_MIB, buf, TEST_MIB), 0);
		/* half of it a hole, half data: whatever is cached, the bytes are right */
		assert_int_equal(blk_test_rw(t, dev, queue, BLK_READ, 0, 0, buf, 2 * TEST_MIB), 0);
		assert_true(blk_test_all(buf, TEST_MIB, 0) &&
			    blk_test_all(buf + TEST_MIB, TEST_MIB, 0x77));
		blk_queue_free(queue);
		blk_dev_unref(dev);
		assert_int_equal(blk_file_remove(blk_test_path(t->dir, "f")), 0);
	}
}

/* ---- A store that hangs ---- */

static pthread_mutex_t store_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t store_answers = PTHREAD_COND_INITIALIZER;
static ino_t hanging; /* the file on which fallocate hangs; 0 = none */
static unsigned held, most_held;

/* Takes the place of libc's; WRITE_ZEROES comes here. */
int
fallocate(int fd, int mode, off_t offset, off_t len)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -1;
	pthread_mutex_lock(&store_lock);
	if (hanging == st.st_ino)
		held++;
	most_held = MAX(most_held, held);
	while (hanging == st.st_ino)
		pthread_cond_wait(&store_answers, &store_lock);
	pthread_mutex_unlock(&store_lock);
	return (int)syscall(SYS_fallocate, fd, mode, offset, len);
}

static void
let_hang(ino_t inode)
{
	pthread_mutex_lock(&store_lock);
	hanging = inode;
	held = 0;
	pthread_cond_broadcast(&store_answers);
	pthread_mutex_unlock(&store_lock);
}

static bool
wait_for_all(struct blk_test *t, const unsigned *left)
{
	for (int i = 0; i < 1000 && *left > 0; i++)
		loop_run_once(t->loop, 10);
	return *left == 0;
}

static void
ended(struct blk_io *io)
{
	assert_int_equal(io->result, 0);
	--*(unsigned *)io->owner;
}

static void
zero_often(struct blk_dev *dev, struct blk_queue *queue, struct blk_io *ios, unsigned count,
	   unsigned *left)
{
	*left = count;
	for (unsigned i = 0; i < count; i++) {
		ios[i] = (struct blk_io){
			.op = BLK_WRITE_ZEROES,
			.offset_bytes = i * 4096ull,
			.len_bytes = 4096,
			.done = ended,
			.owner = left,
		};
		assert_int_equal(blk_submit(dev, queue, &ios[i]), BLK_PENDING);
	}
}

static void
test_a_file_that_hangs_leaves_workers_to_the_others(void **state)
{
	static const struct {
		enum blk_queue_kind kind;
		unsigned share;
	} kinds[] = { { BLK_QUEUE_URING, 2 }, { BLK_QUEUE_WORKERS, 8 } };
	struct blk_test *t = *state;
	static struct blk_io hang[20], go[20];

	for (unsigned k = 0; k < ARRAY_LEN(kinds); k++) {
		struct blk_dev *bad = blk_test_file(t->dir, "bad", SIZE, false);
		struct blk_dev *good = blk_test_file(t->dir, "good", SIZE, false);
		unsigned bad_left, good_left;
		struct workers *workers = NULL;
		struct blk_queue *queue = NULL;
		struct stat st;

		if (kinds[k].kind == BLK_QUEUE_URING && blk_queue_probe(false) != BLK_QUEUE_URING)
			continue;
		assert_int_equal(workers_new(kinds[k].share + 1, "blk-test", &workers), 0);
		assert_int_equal(blk_queue_new(t->loop, kinds[k].kind, workers, &queue), 0);
		assert_int_equal(stat(blk_test_path(t->dir, "bad"), &st), 0);
		most_held = 0;
		let_hang(st.st_ino);
		zero_often(bad, queue, hang, ARRAY_LEN(hang), &bad_left);
		zero_often(good, queue, go, ARRAY_LEN(go), &good_left);
		assert_true(wait_for_all(t, &good_left));
		assert_int_equal(bad_left, ARRAY_LEN(hang));
		let_hang(0);
		assert_true(wait_for_all(t, &bad_left));
		assert_in_range(most_held, 1, kinds[k].share);
		blk_queue_free(queue);
		workers_free(workers);
		blk_dev_unref(bad);
		blk_dev_unref(good);
		assert_int_equal(blk_file_remove(blk_test_path(t->dir, "bad")), 0);
		assert_int_equal(blk_file_remove(blk_test_path(t->dir, "good")), 0);
	}
}

static _Atomic(pthread_t) seeker;

/* Takes the place of libc's; MAP comes here. */
off_t
lseek(int fd, off_t offset, int whence)
{
	seeker = pthread_self();
	return (off_t)syscall(SYS_lseek, fd, offset, whence);
}

static void
one_less(struct blk_io *io)
{
	--*(unsigned *)io->owner;
}

/* A device whose data comes out of a pipe. */
static int pipe_fds[2];

static enum blk_submitted
pipe_submit(struct blk_dev *dev, struct blk_queue *queue, struct blk_io *io)
{
	(void)dev;
	io->fd = pipe_fds[0];
	blk_queue_submit_fd(queue, io);
	return BLK_PENDING;
}

static void
pipe_close(struct blk_dev *dev)
{
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	mem_free(dev);
}

static const struct blk_ops pipe_ops = { .name = "pipe",
					 .submit = pipe_submit,
					 .close = pipe_close };

static struct blk_dev *
pipe_dev_new(void)
{
	struct blk_dev *dev = mem_calloc(1, sizeof(*dev));

	assert_non_null(dev);
	assert_int_equal(pipe(pipe_fds), 0);
	assert_int_equal(blk_dev_init(dev, &pipe_ops, "pipe", SIZE), 0);
	return dev;
}

/* The kernel's word that work is left may stay set although nothing is left. */
static void
test_a_ring_does_not_wait_for_work_that_is_done(void **state)
{
	struct blk_test *t = *state;
	struct blk_queue *queue = NULL;

	if (blk_queue_probe(false) != BLK_QUEUE_URING) {
		print_message("# skipped: no io_uring here\n");
		return;
	}
	assert_int_equal(blk_queue_new(t->loop, BLK_QUEUE_URING, t->workers, &queue), 0);
	struct blk_dev *dev = blk_test_file(t->dir, "f", SIZE, false);

	for (unsigned i = 0; i < 10; i++) {
		blk_ring_disturb(queue);
		loop_run_once(t->loop, 0); /* ends */
		assert_int_equal(blk_test_range(t, dev, queue, BLK_FLUSH, 0, 0), 0);
	}
	blk_dev_unref(dev);
	blk_queue_free(queue);
}

/* Reads of a pipe without data do not end: as many reads of a file whose store hangs. */
static void
test_a_file_that_hangs_leaves_the_kernels_threads_to_the_others(void **state)
{
	enum { READS = 200, KERNEL_HAS = 64 };
	struct blk_test *t = *state;
	static struct blk_io reads[READS];
	static uint8_t bytes[READS];
	unsigned left = READS;
	struct iovec iov[READS];
	struct blk_queue *queue = NULL;

	if (blk_queue_probe(false) != BLK_QUEUE_URING) {
		print_message("# skipped: no io_uring here\n");
		return;
	}
	assert_int_equal(blk_queue_new(t->loop, BLK_QUEUE_URING, t->workers, &queue), 0);
	struct blk_dev *bad = pipe_dev_new();

	for (unsigned i = 0; i < READS; i++) {
		iov[i] = (struct iovec){ &bytes[i], 1 };
		reads[i] = (struct blk_io){
			.op = BLK_READ,
			.len_bytes = 1,
			.iov = &iov[i],
			.iov_count = 1,
			.done = one_less,
			.owner = &left,
		};
		assert_int_equal(blk_submit(bad, queue, &reads[i]), BLK_PENDING);
	}
	loop_run_once(t->loop, 0);
	assert_int_equal(blk_ring_running(queue, pipe_fds[0]), KERNEL_HAS);
	assert_int_equal(left, READS);
	/* another file goes on, and is not counted with this one */
	struct blk_dev *dev = blk_test_file(t->dir, "f", SIZE, false);

	assert_int_equal(blk_test_range(t, dev, queue, BLK_WRITE_ZEROES, 0, TEST_MIB), 0);
	blk_dev_unref(dev);
	/* one that comes back makes room for one that waits; all come back in the end */
	assert_int_equal(write(pipe_fds[1], bytes, READS), READS);
	while (left > 0) {
		loop_run_once(t->loop, 1000);
		assert_true(blk_ring_running(queue, pipe_fds[0]) <= KERNEL_HAS);
	}
	assert_int_equal(blk_ring_running(queue, pipe_fds[0]), 0);
	for (unsigned i = 0; i < READS; i++)
		assert_int_equal(reads[i].result, 0);
	blk_dev_unref(bad);
	blk_queue_free(queue);
}

/* lseek may wait for a lock of the file that a write has which hangs. */
static void
test_a_map_of_a_file_on_disk_is_not_made_on_the_loops_thread(void **state)
{
	struct blk_test *t = *state;
	struct blk_dev *dev = blk_test_file(t->dir, "f", SIZE, false);
	struct blk_queue *queue = NULL;

	if (blk_on_the_spot(dev)) {
		print_message("# skipped: %s is in memory\n", t->dir);
	} else {
		assert_int_equal(blk_queue_new(t->loop, BLK_QUEUE_AUTO, t->workers, &queue), 0);
		seeker = pthread_self();
		assert_int_equal(blk_test_range(t, dev, queue, BLK_MAP, 0, SIZE), 0);
		assert_false(pthread_equal(seeker, pthread_self()));
		blk_queue_free(queue);
	}
	blk_dev_unref(dev);
}

/* ---- Threads ---- */

struct thread_job {
	pthread_t thread;
	struct blk_dev *dev;
	struct workers *workers;
	enum blk_queue_kind kind;
	unsigned index;
};

static void *
write_own_part(void *arg)
{
	struct thread_job *job = arg;
	struct blk_test t = { .workers = job->workers };
	struct blk_queue *queue = NULL;
	static _Thread_local uint8_t buf[4096];

	assert_int_equal(loop_new(&t.loop), 0);
	assert_int_equal(blk_queue_new(t.loop, job->kind, job->workers, &queue), 0);
	memset(buf, (int)job->index + 1, sizeof(buf));
	for (unsigned i = 0; i < 50; i++) {
		uint64_t at = (job->index * 50ull + i) * sizeof(buf);

		assert_int_equal(blk_test_rw(&t, job->dev, queue, BLK_WRITE, i % 2 * BLK_FUA, at,
					     buf, sizeof(buf)),
				 0);
		assert_int_equal(
			blk_test_rw(&t, job->dev, queue, BLK_READ, 0, at, buf, sizeof(buf)), 0);
		assert_true(blk_test_all(buf, sizeof(buf), (uint8_t)(job->index + 1)));
	}
	blk_queue_free(queue);
	loop_free(t.loop);
	return NULL;
}

static void
test_threads_share_a_device(void **state)
{
	struct blk_test *t = *state;
	struct thread_job jobs[4];
	struct blk_dev *dev = blk_test_file(t->dir, "f", SIZE, false);

	for (unsigned i = 0; i < ARRAY_LEN(jobs); i++) {
		jobs[i] = (struct thread_job){
			.dev = dev,
			.workers = t->workers,
			.index = i,
			.kind = i % 2 == 0 ? BLK_QUEUE_AUTO : BLK_QUEUE_WORKERS,
		};
		assert_int_equal(pthread_create(&jobs[i].thread, NULL, write_own_part, &jobs[i]),
				 0);
	}
	for (unsigned i = 0; i < ARRAY_LEN(jobs); i++)
		pthread_join(jobs[i].thread, NULL);
	assert_int_equal(blk_drain(dev, 0), 0);
	blk_dev_unref(dev);
}

struct drainer {
	pthread_t thread;
	struct blk_dev *dev;
	int result;
};

static void *
drain_it(void *arg)
{
	struct drainer *d = arg;

	d->result = blk_drain(d->dev, 30000);
	return NULL;
}

static void
test_drain_waits_for_the_last_completion(void **state)
{
	struct blk_test *t = *state;
	struct drainer d = { .dev = blk_test_file(t->dir, "f", SIZE, false), .result = 1 };
	struct blk_queue *queue = NULL;
	AUTO_FREE struct many *m = mem_calloc(1, sizeof(*m));

	assert_int_equal(blk_queue_new(t->loop, BLK_QUEUE_WORKERS, t->workers, &queue), 0);
	submit_many(m, d.dev, queue);
	blk_stop(d.dev);
	assert_int_equal(pthread_create(&d.thread, NULL, drain_it, &d), 0);
	while (m->left > 0)
		loop_run_once(t->loop, 1000);
	pthread_join(d.thread, NULL);
	assert_int_equal(d.result, 0);
	blk_queue_free(queue);
	blk_dev_unref(d.dev);
}

#define QUEUE_TEST(name) cmocka_unit_test_setup_teardown(name, blk_test_setup, blk_test_teardown)

int
main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		QUEUE_TEST(test_workers_complete_many_at_a_time),
		QUEUE_TEST(test_a_ring_completes_more_than_it_has_room_for),
		QUEUE_TEST(test_a_ring_without_workers_still_zeroes),
		QUEUE_TEST(test_a_flush_in_the_ring_wakes_a_loop_that_sleeps),
		QUEUE_TEST(test_workers_kind_needs_workers),
		QUEUE_TEST(test_a_cold_read_goes_through_the_queue_and_is_right),
		QUEUE_TEST(test_a_file_that_hangs_leaves_workers_to_the_others),
		QUEUE_TEST(test_a_ring_does_not_wait_for_work_that_is_done),
		QUEUE_TEST(test_a_file_that_hangs_leaves_the_kernels_threads_to_the_others),
		QUEUE_TEST(test_a_map_of_a_file_on_disk_is_not_made_on_the_loops_thread),
		QUEUE_TEST(test_threads_share_a_device),
		QUEUE_TEST(test_drain_waits_for_the_last_completion),
	};
	/* clang-format on */

	return cmocka_run_group_tests_name("blk queues", tests, NULL, NULL);
}
