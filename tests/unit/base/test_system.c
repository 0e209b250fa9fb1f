/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What each operating system does in its own way (system.h), and threads (thread.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#ifndef _WIN32
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>
#endif

#include "base/clock.h"
#include "base/system.h"
#include "base/thread.h"

static void
test_random_bytes_fill_the_whole_block(void **state)
{
	unsigned char all[2048] = { 0 }, last = 0;

	(void)state;
	for (int i = 0; i < 8; i++) { /* one zero byte is chance, eight are not */
		assert_int_equal(system_random(all, sizeof(all)), 0);
		last |= all[sizeof(all) - 1];
	}
	assert_int_not_equal(last, 0);
}

static void
test_errors_have_names_and_texts(void **state)
{
	char buf[128];

	(void)state;
	assert_string_equal(system_error_name(ECONNREFUSED), "ECONNREFUSED");
	assert_null(system_error_name(100000));
	assert_string_equal(system_error_text(ECONNREFUSED, buf, sizeof(buf)),
			    "Connection refused");
}

static void
test_a_setting_is_the_environment(void **state)
{
	(void)state;
	unsetenv("VDS_TEST_SETTING");
	assert_null(system_setting("VDS_TEST_SETTING"));
	setenv("VDS_TEST_SETTING", "x", 1);
	assert_string_equal(system_setting("VDS_TEST_SETTING"), "x");
}

static int
compare_by(const void *a, const void *b, void *arg)
{
	int sign = *(int *)arg;

	return sign * (*(const int *)a - *(const int *)b);
}

static void
test_sorting_passes_its_argument(void **state)
{
	int numbers[] = { 3, 1, 2 }, sign = -1;

	(void)state;
	system_sort(numbers, 3, sizeof(numbers[0]), compare_by, &sign);
	assert_int_equal(numbers[0], 3);
	assert_int_equal(numbers[1], 2);
	assert_int_equal(numbers[2], 1);
}

static void *
signals_main(void *arg)
{
	sigset_t *blocked = arg;

	pthread_sigmask(SIG_SETMASK, NULL, blocked);
	return NULL;
}

static void
test_a_thread_takes_no_signals_and_its_maker_still_does(void **state)
{
	sigset_t in_thread, here;
	pthread_t thread;

	(void)state;
	sigemptyset(&in_thread);
	assert_int_equal(thread_start(&thread, "name", signals_main, &in_thread), 0);
	pthread_join(thread, NULL);
	pthread_sigmask(SIG_SETMASK, NULL, &here);
	assert_true(sigismember(&in_thread, SIGUSR1));
	assert_false(sigismember(&here, SIGUSR1));
}

static void
test_a_wait_ends_at_a_time_of_the_monotonic_clock(void **state)
{
	pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	uint64_t until = clock_mono_ns() + NS_PER_MS;
	pthread_cond_t cond;
	int rc;

	(void)state;
	thread_cond_init(&cond);
	pthread_mutex_lock(&lock);
	do
		rc = thread_cond_wait(&cond, &lock, until);
	while (rc == 0);
	pthread_mutex_unlock(&lock);
	assert_int_equal(rc, ETIMEDOUT);
	assert_true(clock_mono_ns() >= until);
	pthread_cond_destroy(&cond);
}

#ifndef _WIN32
/* In a child without standard streams: a file that is opened gets no number below 3. */
static int
streams_child(int closed)
{
	char byte = 0;
	int fd;

	close(closed);
	system_streams_keep();
	fd = open("/dev/zero", O_RDWR);
	if (fd <= STDERR_FILENO)
		return 1;
	if (closed == STDIN_FILENO)
		return read(closed, &byte, 1) == -1 && errno == EBADF ? 0 : 2;
	return write(closed, &byte, 1) == -1 && errno == EBADF ? 0 : 3;
}

static void
test_no_file_takes_the_number_of_a_closed_stream(void **state)
{
	(void)state;
	for (int closed = STDIN_FILENO; closed <= STDERR_FILENO; closed++) {
		pid_t child = fork();
		int status;

		if (child == 0)
			_exit(streams_child(closed));
		assert_true(child > 0);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_int_equal(status, 0);
	}
}
#endif

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_bytes_fill_the_whole_block),
		cmocka_unit_test(test_errors_have_names_and_texts),
		cmocka_unit_test(test_a_setting_is_the_environment),
		cmocka_unit_test(test_sorting_passes_its_argument),
		cmocka_unit_test(test_a_thread_takes_no_signals_and_its_maker_still_does),
#ifndef _WIN32
		cmocka_unit_test(test_no_file_takes_the_number_of_a_closed_stream),
#endif
		cmocka_unit_test(test_a_wait_ends_at_a_time_of_the_monotonic_clock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
