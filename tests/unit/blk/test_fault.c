/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of injected faults, and of what a failure of the backing store does to a device. */
#include "blk_test.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"

#define SIZE TEST_MIB

struct fixture {
	struct blk_test *t;
	struct blk_dev *dev;
	struct blk_queue *queue;
	struct blk_test_listener listener;
};

static void
fixture_init(struct fixture *f, void **state)
{
	struct blk_dev *below = NULL;

	*f = (struct fixture){ .t = *state };
	assert_int_equal(blk_mem_new("vol1", SIZE, 2 * SIZE, &below), 0);
	assert_int_equal(blk_fault_new(below, f->t->dir, &f->dev), 0);
	assert_int_equal(blk_queue_new(f->t->loop, BLK_QUEUE_AUTO, f->t->workers, &f->queue), 0);
	blk_test_listen(&f->listener, f->dev);
}

static void
fixture_fini(struct fixture *f)
{
	blk_queue_free(f->queue);
	blk_dev_unref(f->dev);
}

static void
inject(struct fixture *f, const char *file, const char *what)
{
	blk_test_write_file(blk_test_path(f->t->dir, file), what);
}

static void
lift(struct fixture *f, const char *file)
{
	assert_int_equal(unlink(blk_test_path(f->t->dir, file)), 0);
}

static void
test_a_fault_fails_its_operation_only(void **state)
{
	struct fixture f;
	uint8_t buf[512] = { 0 };

	fixture_init(&f, state);
	inject(&f, "vol1.read", "EIO\n");
	assert_int_equal(blk_test_rw(f.t, f.dev, f.queue, BLK_READ, 0, 0, buf, sizeof(buf)), -EIO);
	assert_int_equal(blk_test_rw(f.t, f.dev, f.queue, BLK_WRITE, 0, 0, buf, sizeof(buf)), 0);
	lift(&f, "vol1.read");
	assert_int_equal(blk_test_rw(f.t, f.dev, f.queue, BLK_READ, 0, 0, buf, sizeof(buf)), 0);
	fixture_fini(&f);
}

static void
test_a_fault_for_all_names_every_device(void **state)
{
	struct fixture f;
	uint8_t buf[512] = { 0 };

	fixture_init(&f, state);
	inject(&f, "other.write", "EIO");
	assert_int_equal(blk_rw(f.dev, BLK_WRITE, 0, buf, sizeof(buf)), 0);
	inject(&f, "all.write", "ENOSPC");
	assert_int_equal(blk_rw(f.dev, BLK_WRITE, 0, buf, sizeof(buf)), -ENOSPC);
	fixture_fini(&f);
}

static void
test_a_failed_read_is_told_but_not_sticky(void **state)
{
	struct fixture f;
	uint8_t buf[512];

	fixture_init(&f, state);
	inject(&f, "vol1.read", "EIO");
	assert_int_equal(blk_rw(f.dev, BLK_READ, 0, buf, sizeof(buf)), -EIO);
	assert_int_equal(f.listener.single, 1);
	assert_int_equal(f.listener.sticky, 0);
	assert_int_equal(blk_failed(f.dev, NULL, 0), 0);
	fixture_fini(&f);
}

static void
test_a_full_pool_is_told_but_no_failure(void **state)
{
	struct fixture f;
	uint8_t buf[512] = { 0 };

	fixture_init(&f, state);
	inject(&f, "vol1.write", "ENOSPC");
	assert_int_equal(blk_rw(f.dev, BLK_WRITE, 0, buf, sizeof(buf)), -ENOSPC);
	assert_int_equal(f.listener.single, 1);
	assert_int_equal(f.listener.sticky, 0);
	assert_int_equal(blk_failed(f.dev, NULL, 0), 0);
	/* a shortage of this process says nothing of the store */
	inject(&f, "vol1.write", "EMFILE");
	assert_int_equal(blk_rw(f.dev, BLK_WRITE, 0, buf, sizeof(buf)), -EMFILE);
	assert_int_equal(f.listener.single, 1);
	fixture_fini(&f);
}

static void
test_a_failed_flush_is_sticky_until_reopen(void **state)
{
	struct fixture f;
	uint8_t buf[512];
	char reason[160];

	fixture_init(&f, state);
	inject(&f, "vol1.flush", "EIO");
	assert_int_equal(blk_flush(f.dev), -EIO);
	lift(&f, "vol1.flush");
	assert_int_equal(f.listener.sticky, 1);
	assert_int_equal(blk_flush(f.dev), ERR_FAILED);
	assert_int_equal(blk_rw(f.dev, BLK_READ, 0, buf, sizeof(buf)), ERR_FAILED);
	assert_int_equal(blk_failed(f.dev, reason, sizeof(reason)), -EIO);
	assert_non_null(strstr(reason, "flush"));
	assert_int_equal(blk_reopen(f.dev), 0);
	assert_int_equal(blk_flush(f.dev), 0);
	fixture_fini(&f);
}

static void
test_a_failed_fua_write_is_sticky(void **state)
{
	struct fixture f;
	uint8_t buf[512] = { 0 };

	fixture_init(&f, state);
	inject(&f, "vol1.write", "EIO");
	assert_int_equal(blk_test_rw(f.t, f.dev, f.queue, BLK_WRITE, BLK_FUA, 0, buf, sizeof(buf)),
			 -EIO);
	assert_int_equal(f.listener.sticky, 1);
	assert_int_equal(blk_failed(f.dev, NULL, 0), -EIO);
	fixture_fini(&f);
}

static void
test_reopen_fails_while_the_open_fault_is_there(void **state)
{
	struct fixture f;

	fixture_init(&f, state);
	inject(&f, "vol1.open", "EIO");
	assert_int_equal(blk_verify(f.dev), -EIO);
	assert_int_equal(f.listener.sticky, 1);
	assert_int_equal(blk_reopen(f.dev), -EIO);
	assert_int_equal(blk_failed(f.dev, NULL, 0), -EIO);
	lift(&f, "vol1.open");
	assert_int_equal(blk_reopen(f.dev), 0);
	fixture_fini(&f);
}

static void
count_done(struct blk_io *io)
{
	++*(unsigned *)io->owner;
}

static void
test_a_held_read_is_pending_until_lifted(void **state)
{
	struct fixture f;
	uint8_t buf[512];
	unsigned done = 0;
	struct iovec iov = { buf, sizeof(buf) };
	struct blk_io io = {
		.op = BLK_READ,
		.len_bytes = sizeof(buf),
		.iov = &iov,
		.iov_count = 1,
		.done = count_done,
		.owner = &done,
	};

	fixture_init(&f, state);
	inject(&f, "vol1.read", "hold");
	assert_int_equal(blk_submit(f.dev, f.queue, &io), BLK_PENDING);
	for (unsigned i = 0; i < 4; i++)
		loop_run_once(f.t->loop, 6);
	assert_int_equal(done, 0);
	assert_int_equal(blk_drain(f.dev, 0), ERR_TIMEOUT);
	assert_int_equal(blk_reopen(f.dev), ERR_BUSY);
	blk_start(f.dev);
	lift(&f, "vol1.read");
	while (done == 0)
		loop_run_once(f.t->loop, 100);
	assert_int_equal(io.result, 0);
	assert_int_equal(blk_drain(f.dev, 0), 0);
	fixture_fini(&f);
}

static void
test_a_held_write_can_turn_into_an_error(void **state)
{
	struct fixture f;
	uint8_t buf[512] = { 0 };
	unsigned done = 0;
	struct iovec iov = { buf, sizeof(buf) };
	struct blk_io io = {
		.op = BLK_WRITE,
		.len_bytes = sizeof(buf),
		.iov = &iov,
		.iov_count = 1,
		.done = count_done,
		.owner = &done,
	};

	fixture_init(&f, state);
	inject(&f, "vol1.write", "hold");
	assert_int_equal(blk_submit(f.dev, f.queue, &io), BLK_PENDING);
	inject(&f, "vol1.write", "EIO");
	while (done == 0)
		loop_run_once(f.t->loop, 100);
	assert_int_equal(io.result, -EIO);
	fixture_fini(&f);
}

struct canceller {
	struct blk_progress progress;
	unsigned steps, cancel_at;
	struct fixture *lift;
};

static int
step(struct blk_progress *progress, uint64_t done_bytes, uint64_t total_bytes)
{
	struct canceller *c = container_of(progress, struct canceller, progress);

	(void)done_bytes;
	(void)total_bytes;
	if (++c->steps == 3 && c->lift != NULL)
		lift(c->lift, "vol1.allocate");
	return c->steps == c->cancel_at;
}

static void
test_a_held_allocation_goes_on_when_lifted(void **state)
{
	struct fixture f;
	struct canceller c = { .progress.step = step, .lift = &f };

	fixture_init(&f, state);
	inject(&f, "vol1.allocate", "hold");
	assert_int_equal(blk_allocate(f.dev, SIZE, SIZE, &c.progress), 0);
	assert_true(c.steps > 3);
	fixture_fini(&f);
}

static void
test_a_held_allocation_can_be_cancelled(void **state)
{
	struct fixture f;
	struct canceller c = { .progress.step = step, .cancel_at = 2 };

	fixture_init(&f, state);
	inject(&f, "vol1.allocate", "hold");
	assert_int_equal(blk_allocate(f.dev, SIZE, SIZE, &c.progress), ERR_CANCELLED);
	assert_int_equal(c.steps, 2);
	fixture_fini(&f);
}

static void
test_a_resize_fault_changes_nothing(void **state)
{
	struct fixture f;

	fixture_init(&f, state);
	inject(&f, "vol1.resize", "ENOSPC");
	assert_int_equal(blk_resize(f.dev, 2 * SIZE), -ENOSPC);
	assert_int_equal(blk_size_bytes(f.dev), SIZE);
	fixture_fini(&f);
}

static void
test_a_check_outside_a_device_reads_the_same_files(void **state)
{
	struct fixture f;

	fixture_init(&f, state);
	assert_int_equal(blk_fault_check(NULL, "vol1", "create", NULL), 0);
	assert_int_equal(blk_fault_check(f.t->dir, "vol1", "create", NULL), 0);
	inject(&f, "all.create", "ENOSPC");
	assert_int_equal(blk_fault_check(f.t->dir, "vol1", "create", NULL), -ENOSPC);
	inject(&f, "all.create", "no such errno");
	assert_int_equal(blk_fault_check(f.t->dir, "vol1", "create", NULL), -EIO);
	fixture_fini(&f);
}

#define FAULT_TEST(name) cmocka_unit_test_setup_teardown(name, blk_test_setup, blk_test_teardown)

int
main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		FAULT_TEST(test_a_fault_fails_its_operation_only),
		FAULT_TEST(test_a_fault_for_all_names_every_device),
		FAULT_TEST(test_a_failed_read_is_told_but_not_sticky),
		FAULT_TEST(test_a_full_pool_is_told_but_no_failure),
		FAULT_TEST(test_a_failed_flush_is_sticky_until_reopen),
		FAULT_TEST(test_a_failed_fua_write_is_sticky),
		FAULT_TEST(test_reopen_fails_while_the_open_fault_is_there),
		FAULT_TEST(test_a_held_read_is_pending_until_lifted),
		FAULT_TEST(test_a_held_write_can_turn_into_an_error),
		FAULT_TEST(test_a_held_allocation_goes_on_when_lifted),
		FAULT_TEST(test_a_held_allocation_can_be_cancelled),
		FAULT_TEST(test_a_resize_fault_changes_nothing),
		FAULT_TEST(test_a_check_outside_a_device_reads_the_same_files),
	};
	/* clang-format on */

	return cmocka_run_group_tests_name("blk faults", tests, NULL, NULL);
}
