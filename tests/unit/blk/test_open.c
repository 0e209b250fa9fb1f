/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * More file devices than descriptors: idle files are closed for those that are needed, least
 * recently used first, and nothing is lost by it.
 */
#include "blk_test.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "blk/blk_int.h"

#define SIZE  (1u * TEST_MIB)
#define MANY  12u
#define LIMIT 3u

static void
make_devices(struct blk_test *t, struct blk_dev **devs, unsigned count)
{
	char name[16];

	for (unsigned i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "f%u", i);
		devs[i] = blk_test_file(t->dir, name, SIZE, false);
	}
}

static void
free_devices(struct blk_dev **devs, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		blk_dev_unref(devs[i]);
	assert_int_equal(blk_file_open_count(), 0);
	blk_file_set_limit(UINT_MAX);
}

/* Whether this process has a descriptor on the file of that number. */
static bool
is_open(unsigned number)
{
	char link[64], to[256], end[16];

	snprintf(end, sizeof(end), "/f%u", number);
	for (int fd = 0; fd < 256; fd++) {
		ssize_t len;

		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		len = readlink(link, to, sizeof(to) - 1);
		if (len < (ssize_t)strlen(end))
			continue;
		to[len] = '\0';
		if (strcmp(to + len - (ssize_t)strlen(end), end) == 0)
			return true;
	}
	return false;
}

static void
test_the_least_recently_used_file_is_closed_first(void **state)
{
	struct blk_test *t = *state;
	struct blk_dev *devs[MANY];
	uint8_t buf[512];

	make_devices(t, devs, MANY);
	blk_file_set_limit(LIMIT);
	for (unsigned i = 0; i < MANY; i++) {
		assert_int_equal(blk_rw(devs[i], BLK_READ, 0, buf, sizeof(buf)), 0);
		/* this one is used all the time */
		assert_int_equal(blk_rw(devs[0], BLK_READ, 0, buf, sizeof(buf)), 0);
		assert_true(blk_file_open_count() <= LIMIT);
		assert_true(is_open(0) && is_open(i));
		assert_false(i >= LIMIT && is_open(i - LIMIT + 1));
	}
	free_devices(devs, MANY);
}

static void
test_a_file_with_io_in_flight_is_not_closed(void **state)
{
	struct blk_test *t = *state;
	struct blk_dev *devs[2];
	uint8_t buf[512];

	make_devices(t, devs, 2);
	blk_file_set_limit(1);
	assert_int_equal(blk_rw(devs[0], BLK_READ, 0, buf, sizeof(buf)), 0);
	atomic_fetch_add(&devs[0]->inflight, 1); /* as an operation has it that is under way */
	assert_int_equal(blk_rw(devs[1], BLK_READ, 0, buf, sizeof(buf)), -EMFILE);
	assert_int_equal(blk_failed(devs[1], NULL, 0), 0);
	assert_true(is_open(0));
	atomic_fetch_sub(&devs[0]->inflight, 1);
	assert_int_equal(blk_rw(devs[1], BLK_READ, 0, buf, sizeof(buf)), 0);
	assert_false(is_open(0));
	free_devices(devs, 2);
}

/* On the loop of a queue nothing is synced: a worker makes room when every file was written to. */
static void
test_queues_use_more_files_than_may_be_open(void **state)
{
	static const enum blk_queue_kind kinds[] = { BLK_QUEUE_AUTO, BLK_QUEUE_WORKERS };
	struct blk_test *t = *state;
	struct blk_dev *devs[MANY];
	static uint8_t buf[4096];

	make_devices(t, devs, MANY);
	blk_file_set_limit(LIMIT);
	for (unsigned k = 0; k < ARRAY_LEN(kinds); k++) {
		struct blk_queue *queue = NULL;

		assert_int_equal(blk_queue_new(t->loop, kinds[k], t->workers, &queue), 0);
		for (unsigned i = 0; i < 3 * MANY; i++) {
			memset(buf, (int)(k * 100 + i), sizeof(buf));
			assert_int_equal(blk_test_rw(t, devs[i % MANY], queue, BLK_WRITE, 0,
						     i / MANY * sizeof(buf), buf, sizeof(buf)),
					 0);
			assert_true(blk_file_open_count() <= LIMIT);
		}
		for (unsigned i = 0; i < 3 * MANY; i++) {
			assert_int_equal(blk_test_rw(t, devs[i % MANY], queue, BLK_READ, 0,
						     i / MANY * sizeof(buf), buf, sizeof(buf)),
					 0);
			assert_true(blk_test_all(buf, sizeof(buf), (uint8_t)(k * 100 + i)));
		}
		blk_queue_free(queue);
	}
	free_devices(devs, MANY);
}

static void
test_a_file_that_was_replaced_while_it_was_closed_is_noticed(void **state)
{
	struct blk_test *t = *state;
	struct blk_dev *devs[2];
	uint8_t buf[512] = { 1 };

	make_devices(t, devs, 2);
	blk_file_set_limit(1);
	assert_int_equal(blk_rw(devs[0], BLK_WRITE, 0, buf, sizeof(buf)), 0);
	assert_int_equal(blk_rw(devs[1], BLK_READ, 0, buf, sizeof(buf)), 0);
	assert_false(is_open(0));
	assert_int_equal(blk_file_create(blk_test_path(t->dir, "other"), SIZE), 0);
	assert_int_equal(rename(blk_test_path(t->dir, "other"), blk_test_path(t->dir, "f0")), 0);
	assert_int_equal(blk_rw(devs[0], BLK_READ, 0, buf, sizeof(buf)), ERR_FAILED);
	assert_int_equal(blk_failed(devs[0], NULL, 0), -ESTALE);
	free_devices(devs, 2);
}

struct user {
	pthread_t thread;
	struct blk_dev **devs;
	unsigned number, errors;
};

/* Each user has a block of its own in every file. */
static void *
use_all(void *arg)
{
	struct user *user = arg;
	uint8_t buf[512];

	for (unsigned i = 0; i < 400; i++) {
		struct blk_dev *dev = user->devs[(i * 7 + user->number) % MANY];
		uint64_t at = user->number * sizeof(buf);
		uint8_t value = (uint8_t)(i + user->number);

		memset(buf, value, sizeof(buf));
		/* -EMFILE: the others have all files in use at this moment */
		while (blk_rw(dev, BLK_WRITE, at, buf, sizeof(buf)) == -EMFILE)
			continue;
		memset(buf, 0, sizeof(buf));
		while (blk_rw(dev, BLK_READ, at, buf, sizeof(buf)) == -EMFILE)
			continue;
		user->errors += !blk_test_all(buf, sizeof(buf), value);
		user->errors += blk_file_open_count() >
				LIMIT + 4; /* counted before it is refused */
	}
	return NULL;
}

static void
test_threads_take_files_from_each_other(void **state)
{
	struct blk_test *t = *state;
	struct blk_dev *devs[MANY];
	struct user users[4];

	make_devices(t, devs, MANY);
	blk_file_set_limit(LIMIT);
	for (unsigned i = 0; i < ARRAY_LEN(users); i++) {
		users[i] = (struct user){ .devs = devs, .number = i };
		assert_int_equal(pthread_create(&users[i].thread, NULL, use_all, &users[i]), 0);
	}
	for (unsigned i = 0; i < ARRAY_LEN(users); i++) {
		pthread_join(users[i].thread, NULL);
		assert_int_equal(users[i].errors, 0);
	}
	free_devices(devs, MANY);
}

#define OPEN_TEST(name) cmocka_unit_test_setup_teardown(name, blk_test_setup, blk_test_teardown)

static int
teardown(void **state)
{
	assert_int_equal(blk_map_count(), 0);
	return blk_test_teardown(state);
}

#define MAPPED_TEST(name)                                                         \
	{                                                                         \
#name " (mapped)", name, blk_test_setup_in_memory, teardown, NULL \
	}

int
main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		OPEN_TEST(test_the_least_recently_used_file_is_closed_first),
		OPEN_TEST(test_a_file_with_io_in_flight_is_not_closed),
		OPEN_TEST(test_queues_use_more_files_than_may_be_open),
		OPEN_TEST(test_a_file_that_was_replaced_while_it_was_closed_is_noticed),
		OPEN_TEST(test_threads_take_files_from_each_other),
		MAPPED_TEST(test_the_least_recently_used_file_is_closed_first),
		MAPPED_TEST(test_queues_use_more_files_than_may_be_open),
		MAPPED_TEST(test_a_file_that_was_replaced_while_it_was_closed_is_noticed),
		MAPPED_TEST(test_threads_take_files_from_each_other),
	};
	/* clang-format on */

	return cmocka_run_group_tests(tests, NULL, NULL);
}
