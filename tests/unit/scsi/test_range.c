/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of the range lock from several threads. The data shows whether the lock holds: no
 * increment by COMPARE AND WRITE may be lost, and WRITE AND VERIFY must read what it wrote though
 * other tasks write the same block. Under TSan an overlap is also a data race of the memory
 * device.
 */
#include "scsi_test.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#define THREADS 4
#define ROUNDS  300

/* A device that gives the other threads a chance in the midst of everything. */
static enum blk_submitted
yield_submit(struct blk_dev *dev, struct blk_queue *queue, struct blk_io *io)
{
	sched_yield();
	enum blk_submitted submitted = blk_submit(dev->below, queue, io);

	sched_yield();
	return submitted;
}

static void
yield_close(struct blk_dev *dev)
{
	mem_free(dev);
}

static const struct blk_ops yield_ops = { .name = "yield",
					  .submit = yield_submit,
					  .close = yield_close };

/* One thread with a nexus; it waits in `wait` until its task may go on. */
struct worker {
	pthread_t thread;
	struct scsi_nexus nexus;
	struct scsi_itl itl;
	pthread_mutex_t mutex;
	pthread_cond_t cond;
	bool resumed, done;
	struct scsi_task task;
	uint8_t in[512];
	struct iovec in_iov;
	unsigned index;
	unsigned waits, miscompares;
};

static int
worker_data_in(struct scsi_task *task, uint32_t len_bytes)
{
	struct worker *w = container_of(task, struct worker, task);

	assert_true(len_bytes <= sizeof(w->in));
	w->in_iov = (struct iovec){ w->in, len_bytes };
	task->in_iov = &w->in_iov;
	task->in_iov_count = 1;
	return 0;
}

static void
worker_done(struct scsi_task *task)
{
	container_of(task, struct worker, task)->done = true;
}

static void
worker_resume(struct scsi_task *task)
{
	struct worker *w = container_of(task, struct worker, task);

	pthread_mutex_lock(&w->mutex);
	w->resumed = true;
	pthread_cond_signal(&w->cond);
	pthread_mutex_unlock(&w->mutex);
}

static const struct scsi_host_ops worker_ops = {
	.data_in = worker_data_in,
	.done = worker_done,
	.resume = worker_resume,
};

static void
worker_wait(struct worker *w)
{
	pthread_mutex_lock(&w->mutex);
	while (!w->resumed)
		pthread_cond_wait(&w->cond, &w->mutex);
	w->resumed = false;
	pthread_mutex_unlock(&w->mutex);
}

static void
worker_run(struct worker *w, const uint8_t *cdb, size_t cdb_len, struct iovec *out,
	   unsigned out_count)
{
	struct scsi_task *task = &w->task;
	size_t out_bytes = 0;

	for (unsigned i = 0; i < out_count; i++)
		out_bytes += out[i].iov_len;
	scsi_task_init(task, &w->nexus, &w->itl, NULL);
	memcpy(task->cdb, cdb, cdb_len);
	task->expected_in_bytes = sizeof(w->in);
	task->expected_out_bytes = (uint32_t)out_bytes;
	assert_int_equal(scsi_task_parse(task), SCSI_GO);
	task->out_iov = out;
	task->out_iov_count = out_count;
	task->out_bytes = task->out_needed_bytes;
	w->done = false;
	if (scsi_task_execute(task) == SCSI_PENDING) {
		w->waits++;
		worker_wait(w);
		scsi_task_resume(task);
		assert_true(w->done);
	}
	scsi_task_fini(task);
}

/*
 * Block 0 holds a number in its first bytes: read it, swap in one more, again when another was
 * faster.
 */
static void *
count_up(void *arg)
{
	static const uint8_t read_cdb[10] = { 0x28, [8] = 1 }, caw_cdb[16] = { 0x89, [13] = 1 };
	struct worker *w = arg;
	uint8_t next[512];

	for (unsigned i = 0; i < ROUNDS;) {
		struct iovec out[2] = { { w->in, 512 }, { next, 512 } };

		worker_run(w, read_cdb, sizeof(read_cdb), NULL, 0);
		memcpy(next, w->in, 512);
		put_be32(next, get_be32(next) + 1);
		worker_run(w, caw_cdb, sizeof(caw_cdb), out, 2);
		if (w->task.status == SCSI_STATUS_GOOD)
			i++;
		else
			w->miscompares++;
	}
	return NULL;
}

/* Thread 0 writes plainly, the others WRITE AND VERIFY, all of them block 3. */
static void *
write_over(void *arg)
{
	static const uint8_t write_cdb[10] = { 0x2a, [5] = 3, [8] = 1 },
			     verify_cdb[10] = { 0x2e, 0x02, [5] = 3, [8] = 1 };
	struct worker *w = arg;
	uint8_t bytes[512];
	struct iovec out = { bytes, sizeof(bytes) };

	for (unsigned i = 0; i < ROUNDS; i++) {
		memset(bytes, (int)(w->index * 64 + i % 64), sizeof(bytes));
		worker_run(w, w->index == 0 ? write_cdb : verify_cdb, 10, &out, 1);
		assert_int_equal(w->task.status, SCSI_STATUS_GOOD);
	}
	return NULL;
}

static void
workers_start(struct worker *workers, struct scsi_lu *lu, void *(*run)(void *))
{
	for (unsigned i = 0; i < THREADS; i++) {
		struct worker *w = &workers[i];

		w->nexus = (struct scsi_nexus){ .ops = &worker_ops,
						.shard = (uint16_t)(i + RANGE_SHARDS - 1) };
		w->index = i;
		pthread_mutex_init(&w->mutex, NULL);
		pthread_cond_init(&w->cond, NULL);
		scsi_itl_init(&w->itl, &w->nexus, lu, 0);
		assert_int_equal(pthread_create(&w->thread, NULL, run, w), 0);
	}
}

static void
workers_join(struct worker *workers)
{
	for (unsigned i = 0; i < THREADS; i++) {
		struct worker *w = &workers[i];

		pthread_join(w->thread, NULL);
		scsi_itl_fini(&w->itl);
		pthread_mutex_destroy(&w->mutex);
		pthread_cond_destroy(&w->cond);
	}
}

/*
 * Runs them on a unit straight on the yielding device (the layer of scsi_test is not for threads).
 */
static void
run_threads(struct worker *workers, void *(*run)(void *), uint8_t ret_first_block[512])
{
	struct blk_dev *mem, *yield = mem_calloc(1, sizeof(*yield));
	struct scsi_lu_desc desc;
	struct scsi_lu *lu;

	assert_non_null(yield);
	assert_int_equal(blk_mem_new("mem", TEST_BLOCKS * 512, TEST_BLOCKS * 512, &mem), 0);
	assert_int_equal(blk_dev_init_above(yield, &yield_ops, mem), 0);
	scsi_test_desc(&desc, yield, 512, true);
	assert_int_equal(scsi_lu_new(&desc, &lu), 0);
	workers_start(workers, lu, run);
	workers_join(workers);
	assert_int_equal(atomic_load(&lu->ranges.exclusive), 0);
	assert_int_equal(blk_rw(yield, BLK_READ, 0, ret_first_block, 512), 0);
	scsi_lu_unref(lu);
	blk_dev_unref(yield);
}

static void
test_increments_are_not_lost(void **state)
{
	static struct worker workers[THREADS];
	uint8_t block[512];

	(void)state;
	run_threads(workers, count_up, block);
	assert_int_equal(get_be32(block), THREADS * ROUNDS);
}

static void
test_what_is_verified_is_what_was_written(void **state)
{
	static struct worker workers[THREADS];
	unsigned waits = 0;
	uint8_t block[512];

	(void)state;
	run_threads(workers, write_over, block);
	for (unsigned i = 0; i < THREADS; i++)
		waits += workers[i].waits;
	assert_true(waits > 0); /* else this test has tested nothing */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_increments_are_not_lost),
		cmocka_unit_test(test_what_is_verified_is_what_was_written),
	};

	return cmocka_run_group_tests_name("scsi range lock", tests, NULL, NULL);
}
