/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What looks at the array in the background: the verifier in bounded rounds and by watching the
 * directories of pools, and checks beside changes.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "array/array_int.h"
#include "array_test.h"
#include "base/log.h"

enum { LUNS = 30, SOME = 10 };

static size_t
failed_luns(struct array *array)
{
	AUTO_STATE struct state *live = array_live(array);
	size_t failed = 0;

	for (size_t i = 0; i < state_count(live, ROW_LIVE_LUN); i++) {
		const struct row_live_lun *lun = state_at(live, ROW_LIVE_LUN, i);

		failed += lun->health == HEALTH_FAILED;
	}
	return failed;
}

static void
test_a_round_of_the_verifier_looks_at_a_bounded_number_of_luns(void **state)
{
	struct fixture *f = *state;
	struct guid luns[LUNS];
	char path[256];

	for (int i = 0; i < LUNS; i++)
		luns[i] = make_lun(f->array, NULL);
	array_verify_stop(f->array);
	for (int i = 0; i < LUNS; i += 7) {
		lun_file(f, luns[i], path);
		assert_int_equal(unlink(path), 0);
	}
	/* Whatever was looked at before: after as many rounds as it takes, every LUN was. */
	for (int round = 0; round < LUNS / SOME; round++)
		assert_int_equal(array_verify_some(f->array, SOME), SOME);
	assert_int_equal(failed_luns(f->array), (LUNS + 6) / 7);
	assert_int_equal(array_verify_some(f->array, 10 * LUNS), LUNS);
	for (int i = 0; i < LUNS; i += 7)
		assert_ok(array_lun_delete(f->array, NULL, &luns[i], false, NULL));
}

/* ---- watches ---- */

static int watch_error; /* what inotify_init1 fails with; 0 = it works */

/* Takes the place of libc's: a system whose limit of watches is reached. */
int
inotify_init1(int flags)
{
	if (watch_error != 0) {
		errno = watch_error;
		return -1;
	}
	return (int)syscall(SYS_inotify_init1, flags);
}

/* From now on the verifier does not look at anything without a cause. */
static void
reopen_without_rounds(struct fixture *f)
{
	f->options.verify_interval_ms = 1000 * 1000;
	fixture_reopen(f);
}

static void
remove_file(const char *path)
{
	assert_int_equal(unlink(path), 0);
}

static void
rename_file(const char *path)
{
	char away[264];

	snprintf(away, sizeof(away), "%s.away", path);
	assert_int_equal(rename(path, away), 0);
}

static void
replace_file(const char *path)
{
	char other[264];
	int fd;

	snprintf(other, sizeof(other), "%s.other", path);
	fd = open(other, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, MIB), 0);
	close(fd);
	assert_int_equal(rename(other, path), 0);
}

static void
cut_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);

	assert_true(fd >= 0);
	close(fd);
}

static void
test_what_others_do_to_a_file_is_noticed_without_a_round(void **state)
{
	static void (*const deeds[])(const char *path) = { remove_file, rename_file, replace_file,
							   cut_file };
	struct fixture *f = *state;
	struct guid luns[ARRAY_LEN(deeds)], well = make_lun(f->array, "well");
	struct blk_dev *devs[ARRAY_LEN(deeds)];
	char path[256], byte[1];

	for (size_t i = 0; i < ARRAY_LEN(deeds); i++)
		luns[i] = make_lun(f->array, NULL);
	reopen_without_rounds(f);
	for (size_t i = 0; i < ARRAY_LEN(deeds); i++) { /* in use, so that it is known */
		assert_ok(array_lun_device(f->array, &luns[i], &devs[i]));
		assert_ok(blk_rw(devs[i], BLK_READ, 0, byte, sizeof(byte)));
	}
	for (size_t i = 0; i < ARRAY_LEN(deeds); i++) {
		lun_file(f, luns[i], path);
		deeds[i](path);
		assert_true(wait_health(f->array, luns[i], HEALTH_FAILED));
		array_device_release(f->array, devs[i]);
	}
	assert_int_equal(failed_luns(f->array), ARRAY_LEN(deeds));
	for (size_t i = 0; i < ARRAY_LEN(deeds); i++)
		assert_ok(array_lun_delete(f->array, NULL, &luns[i], false, NULL));
	assert_ok(array_lun_delete(f->array, NULL, &well, false, NULL));
}

static void
test_a_directory_that_vanishes_fails_all_its_luns_without_a_round(void **state)
{
	struct fixture *f = *state;
	char luns[160], away[170];

	for (int i = 0; i < LUNS; i++)
		make_lun(f->array, NULL);
	reopen_without_rounds(f);
	snprintf(luns, sizeof(luns), "%s/luns", f->array_dir);
	snprintf(away, sizeof(away), "%s.away", luns);
	assert_int_equal(rename(luns, away), 0);
	AUTO_STATE struct state *now = array_state(f->array);

	for (size_t i = 0; i < LUNS; i++) {
		const struct row_lun *lun = state_at(now, ROW_LUN, i);

		assert_true(wait_health(f->array, lun->id, HEALTH_FAILED));
	}
	fixture_close(f);
	assert_int_equal(rename(away, luns), 0);
	fixture_open(f);
}

static void
test_without_watches_rounds_notice(void **state)
{
	static const int errors[] = { EMFILE, ENFILE, ENOSYS };
	struct fixture *f = *state;
	char path[256];

	for (size_t i = 0; i < ARRAY_LEN(errors); i++) {
		struct guid lun = make_lun(f->array, NULL);

		watch_error = errors[i];
		fixture_reopen(f);
		watch_error = 0;
		lun_file(f, lun, path);
		remove_file(path);
		assert_true(wait_health(f->array, lun, HEALTH_FAILED));
		assert_ok(array_lun_delete(f->array, NULL, &lun, false, NULL));
	}
}

/* I/O raises nothing: the epoll of the watches has nothing to say after it. */
static void
test_io_does_not_wake_the_verifier(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, NULL);
	struct pollfd watch = { .events = POLLIN };
	struct blk_dev *dev = NULL;
	char data[512] = "x", path[256];

	reopen_without_rounds(f);
	array_verify_stop(f->array);
	watch.fd = f->array->watch_fd;
	assert_ok(array_lun_device(f->array, &lun, &dev));
	for (int i = 0; i < 10; i++) {
		assert_ok(blk_rw(dev, BLK_WRITE, 0, data, sizeof(data)));
		assert_ok(blk_rw(dev, BLK_READ, 0, data, sizeof(data)));
		assert_ok(blk_flush(dev));
	}
	assert_int_equal(poll(&watch, 1, 0), 0);
	lun_file(f, lun, path);
	assert_int_equal(chmod(path, 0640), 0); /* the control */
	assert_int_equal(poll(&watch, 1, 0), 1);
	array_device_release(f->array, dev);
}

struct heard {
	struct array_pool_watcher watcher;
	bool all;
};

static void
hear_volume(struct array_pool_watcher *watcher, const struct guid *lun_id)
{
	(void)watcher;
	(void)lun_id;
}

static void
hear_all(struct array_pool_watcher *watcher)
{
	container_of(watcher, struct heard, watcher)->all = true;
}

static unsigned
system_limit(void)
{
	FILE *file = fopen("/proc/sys/fs/inotify/max_queued_events", "r");
	unsigned limit = 0;

	if (file == NULL)
		return 0;
	if (fscanf(file, "%u", &limit) != 1)
		limit = 0;
	fclose(file);
	return limit;
}

static void
test_lost_notifications_concern_everything(void **state)
{
	struct fixture *f = *state;
	struct guid luns[2] = { make_lun(f->array, NULL), make_lun(f->array, NULL) };
	struct heard heard = { { hear_volume, hear_all }, false };
	unsigned limit = system_limit();
	char paths[2][256];

	if (limit == 0 || limit > 100000) {
		print_message("# skipped: this system queues %u notifications\n", limit);
		return;
	}
	reopen_without_rounds(f);
	array_verify_stop(f->array);
	for (int i = 0; i < 2; i++)
		lun_file(f, luns[i], paths[i]);
	for (unsigned i = 0; i < limit; i++) /* by turns: equal ones in a row count as one */
		assert_int_equal(chmod(paths[i % 2], 0600), 0);
	array_pool_watch_read(f->array, &heard.watcher);
	assert_false(heard.all);
	for (unsigned i = 0; i <= limit; i++)
		assert_int_equal(chmod(paths[i % 2], 0600), 0);
	array_pool_watch_read(f->array, &heard.watcher);
	assert_true(heard.all);
}

struct checker {
	struct array *array;
	atomic_bool stop;
	unsigned checks;
	int rc;
};

static void *
check_again_and_again(void *arg)
{
	struct checker *checker = arg;

	do {
		checker->rc = array_check(checker->array);
		checker->checks++;
	} while (checker->rc == 0 && !atomic_load(&checker->stop));
	return NULL;
}

static void
test_checks_beside_changes_find_nothing_wrong(void **state)
{
	struct fixture *f = *state;
	struct checker checker = { .array = f->array };
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, check_again_and_again, &checker), 0);
	for (int i = 0; i < 200; i++) {
		struct guid lun = make_lun(f->array, NULL), other = make_lun(f->array, NULL);

		assert_ok(array_lun_delete(f->array, NULL, &lun, false, NULL));
		if (i % 2 == 0)
			assert_ok(array_lun_delete(f->array, NULL, &other, false, NULL));
	}
	atomic_store(&checker.stop, true);
	pthread_join(thread, NULL);
	assert_int_equal(checker.rc, 0);
	assert_true(checker.checks > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_a_round_of_the_verifier_looks_at_a_bounded_number_of_luns,
			fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			test_what_others_do_to_a_file_is_noticed_without_a_round, fixture_setup,
			fixture_teardown),
		cmocka_unit_test_setup_teardown(
			test_a_directory_that_vanishes_fails_all_its_luns_without_a_round,
			fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_without_watches_rounds_notice, fixture_setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(test_lost_notifications_concern_everything,
						fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_io_does_not_wake_the_verifier, fixture_setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(test_checks_beside_changes_find_nothing_wrong,
						fixture_setup, fixture_teardown),
	};

	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
