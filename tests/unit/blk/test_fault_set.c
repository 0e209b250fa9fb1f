/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of faults that are injected while a device is in use: what they strike, and when they end.
 */
#include "blk_test.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"

#define SIZE   TEST_MIB
#define BLOCK  512u
#define OP(op) (1u << (op))

struct fixture {
	struct blk_test *t;
	struct blk_dev *dev, *mem; /* mem: below the layer, borrowed */
	struct blk_faults *faults;
	struct blk_queue *queue;
	struct blk_test_listener listener;
	unsigned ended;
};

static void
count_ended(void *arg)
{
	((struct fixture *)arg)->ended++;
}

static void
fixture_init(struct fixture *f, void **state)
{
	*f = (struct fixture){ .t = *state };
	f->faults = blk_faults_new(count_ended, f);
	assert_non_null(f->faults);
	assert_int_equal(blk_mem_new("vol1", SIZE, SIZE, &f->mem), 0);
	assert_int_equal(blk_faults_layer_new(f->mem, f->faults, &f->dev), 0);
	assert_int_equal(blk_queue_new(f->t->loop, BLK_QUEUE_AUTO, f->t->workers, &f->queue), 0);
	blk_test_listen(&f->listener, f->dev);
}

static void
fixture_fini(struct fixture *f)
{
	blk_queue_free(f->queue);
	blk_dev_unref(f->dev);
	blk_faults_unref(f->faults);
}

static uint32_t
add(struct fixture *f, struct blk_fault fault)
{
	uint32_t id = 0;

	assert_int_equal(blk_faults_add(f->faults, &fault, &id), 0);
	assert_true(id > 0);
	return id;
}

static int
rw(struct fixture *f, enum blk_op op, uint64_t block)
{
	uint8_t buf[BLOCK] = { 0 };

	return blk_test_rw(f->t, f->dev, f->queue, op, 0, block * BLOCK, buf, sizeof(buf));
}

static void
test_a_fault_strikes_its_operations_only(void **state)
{
	struct fixture f;

	fixture_init(&f, state);
	add(&f, (struct blk_fault){ .ops = OP(BLK_READ), .answers = true });
	assert_int_equal(rw(&f, BLK_READ, 0), ERR_INJECTED);
	assert_int_equal(rw(&f, BLK_WRITE, 0), 0);
	assert_int_equal(blk_test_range(f.t, f.dev, f.queue, BLK_FLUSH, 0, 0), 0);
	assert_int_equal(blk_test_range(f.t, f.dev, f.queue, BLK_UNMAP, 0, BLOCK), 0);
	assert_int_equal(blk_faults_remove(f.faults, 0), 1);
	assert_int_equal(rw(&f, BLK_READ, 0), 0);
	fixture_fini(&f);
}

/* An injected flush error is no failure of the store, which stays as it is. */
static void
test_an_injected_error_is_none_of_the_store(void **state)
{
	struct fixture f;

	fixture_init(&f, state);
	add(&f, (struct blk_fault){ .ops = OP(BLK_FLUSH) | OP(BLK_WRITE), .answers = true });
	assert_int_equal(blk_test_range(f.t, f.dev, f.queue, BLK_FLUSH, 0, 0), ERR_INJECTED);
	assert_int_equal(rw(&f, BLK_WRITE, 0), ERR_INJECTED);
	assert_int_equal(f.listener.single + f.listener.sticky, 0);
	assert_int_equal(blk_failed(f.dev, NULL, 0), 0);
	fixture_fini(&f);
}

static void
test_the_answer_reaches_the_caller(void **state)
{
	const struct blk_answer answer = { 2, 3, 0x11, 0x01 };
	uint8_t buf[BLOCK];
	struct iovec iov = { buf, sizeof(buf) };
	struct blk_io io = { .op = BLK_READ, .len_bytes = BLOCK, .iov = &iov, .iov_count = 1 };
	struct fixture f;
	bool pending = false;

	fixture_init(&f, state);
	add(&f, (struct blk_fault){ .ops = OP(BLK_READ), .answers = true, .answer = answer });
	assert_int_equal(blk_test_io(f.t, f.dev, f.queue, &io, &pending), ERR_INJECTED);
	assert_memory_equal(&io.answer, &answer, sizeof(answer));
	fixture_fini(&f);
}

static void
test_a_range_is_struck_at_its_edges(void **state)
{
	struct fixture f;
	uint8_t buf[3 * BLOCK] = { 0 };

	fixture_init(&f, state);
	add(&f, (struct blk_fault){ .ops = OP(BLK_OPS_) - 1,
				    .from_bytes = 8 * BLOCK,
				    .len_bytes = 2 * BLOCK,
				    .answers = true });
	assert_int_equal(rw(&f, BLK_READ, 7), 0);
	assert_int_equal(rw(&f, BLK_READ, 8), ERR_INJECTED);
	assert_int_equal(rw(&f, BLK_READ, 9), ERR_INJECTED);
	assert_int_equal(rw(&f, BLK_READ, 10), 0);
	assert_int_equal(
		blk_test_rw(f.t, f.dev, f.queue, BLK_WRITE, 0, 6 * BLOCK, buf, sizeof(buf)),
		ERR_INJECTED);
	assert_int_equal(blk_test_range(f.t, f.dev, f.queue, BLK_FLUSH, 0, 0), 0);
	fixture_fini(&f);
}

static void
test_a_count_ends_a_fault(void **state)
{
	static struct blk_fault list[BLK_FAULTS_MAX];
	struct fixture f;
	uint64_t next_ns;
	size_t left;

	fixture_init(&f, state);
	add(&f, (struct blk_fault){ .ops = OP(BLK_READ), .answers = true, .count = 2 });
	assert_int_equal(rw(&f, BLK_READ, 0), ERR_INJECTED);
	assert_int_equal(f.ended, 0);
	assert_int_equal(blk_faults_list(f.faults, list), 1);
	assert_int_equal(list[0].struck, 1);
	assert_int_equal(rw(&f, BLK_READ, 0), ERR_INJECTED);
	assert_int_equal(f.ended, 1);
	assert_int_equal(rw(&f, BLK_READ, 0), 0);
	assert_int_equal(blk_faults_list(f.faults, list), 0);
	assert_int_equal(blk_faults_reap(f.faults, list, &left, &next_ns), 1);
	assert_int_equal(list[0].struck, 2);
	assert_int_equal(left, 0);
	assert_true(next_ns == UINT64_MAX);
	fixture_fini(&f);
}

static void
test_a_time_ends_a_fault(void **state)
{
	static struct blk_fault list[BLK_FAULTS_MAX];
	struct fixture f;
	uint64_t next_ns, ends_ns = clock_mono_ns() + 3600 * NS_PER_S;
	size_t left;

	fixture_init(&f, state);
	add(&f, (struct blk_fault){ .ops = OP(BLK_READ), .answers = true, .ends_ns = 1 });
	add(&f, (struct blk_fault){ .ops = OP(BLK_WRITE), .answers = true, .ends_ns = ends_ns });
	assert_int_equal(rw(&f, BLK_READ, 0), 0);
	assert_int_equal(rw(&f, BLK_WRITE, 0), ERR_INJECTED);
	assert_int_equal(blk_faults_reap(f.faults, list, &left, &next_ns), 1);
	assert_int_equal(left, 1);
	assert_true(next_ns == ends_ns);
	fixture_fini(&f);
}

static void
test_chance_strikes_some(void **state)
{
	struct fixture f;
	unsigned struck = 0;

	fixture_init(&f, state);
	add(&f, (struct blk_fault){ .ops = OP(BLK_READ), .answers = true, .ppm = 250000 });
	for (unsigned i = 0; i < 4000; i++)
		struck += rw(&f, BLK_READ, 0) == ERR_INJECTED;
	assert_in_range(struck, 700, 1300); /* 1000, and more than ten standard deviations */
	fixture_fini(&f);
}

static void
test_the_first_of_two_strikes(void **state)
{
	static struct blk_fault list[BLK_FAULTS_MAX];
	struct fixture f;
	uint32_t first;

	fixture_init(&f, state);
	first = add(&f, (struct blk_fault){ .ops = OP(BLK_READ), .answers = true });
	add(&f, (struct blk_fault){ .ops = OP(BLK_READ), .answers = true });
	assert_int_equal(rw(&f, BLK_READ, 0), ERR_INJECTED);
	assert_int_equal(blk_faults_list(f.faults, list), 2);
	assert_int_equal(list[0].struck, 1);
	assert_int_equal(list[1].struck, 0);
	assert_int_equal(blk_faults_remove(f.faults, first), 1);
	assert_int_equal(blk_faults_remove(f.faults, first), 0);
	assert_int_equal(rw(&f, BLK_READ, 0), ERR_INJECTED);
	fixture_fini(&f);
}

static void
test_a_set_has_an_end(void **state)
{
	const struct blk_fault fault = { .ops = OP(BLK_READ), .answers = true };
	struct fixture f;
	uint32_t id;

	fixture_init(&f, state);
	for (unsigned i = 0; i < BLK_FAULTS_MAX; i++)
		assert_int_equal(blk_faults_add(f.faults, &fault, &id), 0);
	assert_int_equal(blk_faults_add(f.faults, &fault, &id), ERR_LIMIT);
	assert_int_equal(blk_faults_remove(f.faults, 0), BLK_FAULTS_MAX);
	fixture_fini(&f);
}

/* Whoever waits for the end of an operation works for the array: nothing happens to it. */
static void
test_workers_pass_by(void **state)
{
	struct fixture f;
	uint8_t buf[BLOCK];

	fixture_init(&f, state);
	add(&f, (struct blk_fault){ .ops = OP(BLK_OPS_) - 1, .hangs = true });
	assert_int_equal(blk_rw(f.dev, BLK_READ, 0, buf, sizeof(buf)), 0);
	assert_int_equal(blk_flush(f.dev), 0);
	fixture_fini(&f);
}

/* ---- held operations ---- */

struct held_read {
	struct blk_io io;
	struct iovec iov;
	uint8_t buf[BLOCK];
	unsigned done;
};

static void
count_done(struct blk_io *io)
{
	((struct held_read *)io->owner)->done++;
}

static void
submit_held(struct fixture *f, struct held_read *r, enum blk_op op)
{
	*r = (struct held_read){ .done = 0 };
	r->iov = (struct iovec){ r->buf, sizeof(r->buf) };
	r->io = (struct blk_io){ .op = op,
				 .len_bytes = BLOCK,
				 .iov = &r->iov,
				 .iov_count = 1,
				 .done = count_done,
				 .owner = r };
	assert_int_equal(blk_submit(f->dev, f->queue, &r->io), BLK_PENDING);
}

static void
wait_done(struct fixture *f, struct held_read *r)
{
	while (r->done == 0)
		loop_run_once(f->t->loop, 100);
}

static void
test_what_hangs_goes_on_when_the_fault_is_removed(void **state)
{
	struct fixture f;
	struct held_read r;

	fixture_init(&f, state);
	add(&f, (struct blk_fault){ .ops = OP(BLK_READ), .hangs = true, .count = 1 });
	submit_held(&f, &r, BLK_READ);
	for (unsigned i = 0; i < 4; i++)
		loop_run_once(f.t->loop, 6);
	assert_int_equal(r.done, 0);
	assert_int_equal(f.ended, 0); /* it has struck as often as it may, and still holds one */
	assert_int_equal(rw(&f, BLK_READ, 0), 0);
	assert_int_equal(blk_faults_remove(f.faults, 0), 1);
	wait_done(&f, &r);
	assert_int_equal(r.io.result, 0);
	assert_int_equal(blk_drain(f.dev, 0), 0);
	fixture_fini(&f);
}

static void
test_what_hangs_goes_on_when_the_time_is_over(void **state)
{
	struct fixture f;
	struct held_read r;

	fixture_init(&f, state);
	add(&f, (struct blk_fault){ .ops = OP(BLK_READ),
				    .hangs = true,
				    .ends_ns = clock_mono_ns() + 500 * NS_PER_MS });
	submit_held(&f, &r, BLK_READ);
	wait_done(&f, &r);
	assert_int_equal(r.io.result, 0);
	fixture_fini(&f);
}

static void
test_an_error_comes_after_its_delay(void **state)
{
	struct fixture f;
	struct held_read r;
	uint64_t begun_ns = clock_mono_ns();

	fixture_init(&f, state);
	add(&f,
	    (struct blk_fault){
		    .ops = OP(BLK_READ), .delay_ns = 30 * NS_PER_MS, .answers = true, .count = 1 });
	submit_held(&f, &r, BLK_READ);
	assert_int_equal(f.ended, 0);
	wait_done(&f, &r);
	assert_int_equal(r.io.result, ERR_INJECTED);
	assert_true(clock_mono_ns() - begun_ns >= 30 * NS_PER_MS);
	assert_int_equal(f.ended, 1);
	fixture_fini(&f);
}

/* A write that has an error was not done; one that was only delayed was. */
static void
test_data_are_never_changed(void **state)
{
	struct fixture f;
	struct held_read w;
	uint8_t buf[BLOCK], old[BLOCK];

	fixture_init(&f, state);
	memset(old, 1, sizeof(old));
	assert_int_equal(blk_rw(f.mem, BLK_WRITE, 0, old, sizeof(old)), 0);
	add(&f, (struct blk_fault){ .ops = OP(BLK_WRITE), .answers = true, .count = 1 });
	assert_int_equal(rw(&f, BLK_WRITE, 0), ERR_INJECTED);
	assert_int_equal(blk_rw(f.mem, BLK_READ, 0, buf, sizeof(buf)), 0);
	assert_memory_equal(buf, old, sizeof(buf));
	add(&f, (struct blk_fault){ .ops = OP(BLK_WRITE), .delay_ns = NS_PER_MS });
	submit_held(&f, &w, BLK_WRITE);
	wait_done(&f, &w);
	assert_int_equal(blk_rw(f.mem, BLK_READ, 0, buf, sizeof(buf)), 0);
	assert_true(blk_test_all(buf, sizeof(buf), 0));
	fixture_fini(&f);
}

/* ---- threads ---- */

static void *
add_and_remove(void *arg)
{
	struct fixture *f = arg;

	for (unsigned i = 0; i < 2000; i++) {
		static struct blk_fault list[BLK_FAULTS_MAX];
		uint64_t next_ns;
		uint32_t id;
		size_t left;

		assert_int_equal(blk_faults_add(f->faults,
						&(struct blk_fault){ .ops = OP(BLK_READ),
								     .answers = i % 2 == 0,
								     .delay_ns = i % 2,
								     .count = 1 + i % 3 },
						&id),
				 0);
		(void)blk_faults_list(f->faults, list);
		(void)blk_faults_reap(f->faults, list, &left, &next_ns);
		(void)blk_faults_remove(f->faults, id);
	}
	return NULL;
}

static void
test_faults_come_and_go_under_load(void **state)
{
	struct fixture f;
	pthread_t thread;
	unsigned done = 0;

	fixture_init(&f, state);
	assert_int_equal(pthread_create(&thread, NULL, add_and_remove, &f), 0);
	for (; done < 5000; done++) {
		int result = rw(&f, BLK_READ, done % 100);

		assert_true(result == 0 || result == ERR_INJECTED);
	}
	pthread_join(thread, NULL);
	assert_int_equal(blk_faults_remove(f.faults, 0), 0);
	assert_int_equal(rw(&f, BLK_READ, 0), 0);
	fixture_fini(&f);
}

#define FAULT_TEST(name) cmocka_unit_test_setup_teardown(name, blk_test_setup, blk_test_teardown)

int
main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		FAULT_TEST(test_a_fault_strikes_its_operations_only),
		FAULT_TEST(test_an_injected_error_is_none_of_the_store),
		FAULT_TEST(test_the_answer_reaches_the_caller),
		FAULT_TEST(test_a_range_is_struck_at_its_edges),
		FAULT_TEST(test_a_count_ends_a_fault),
		FAULT_TEST(test_a_time_ends_a_fault),
		FAULT_TEST(test_chance_strikes_some),
		FAULT_TEST(test_the_first_of_two_strikes),
		FAULT_TEST(test_a_set_has_an_end),
		FAULT_TEST(test_workers_pass_by),
		FAULT_TEST(test_what_hangs_goes_on_when_the_fault_is_removed),
		FAULT_TEST(test_what_hangs_goes_on_when_the_time_is_over),
		FAULT_TEST(test_an_error_comes_after_its_delay),
		FAULT_TEST(test_data_are_never_changed),
		FAULT_TEST(test_faults_come_and_go_under_load),
	};
	/* clang-format on */

	return cmocka_run_group_tests_name("blk fault sets", tests, NULL, NULL);
}
