/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A gateway that was fenced begins anew: this program stands for vdsd, and executes itself. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "vdsd/vdsd_int.h"

#define BEGUN 77 /* exit status of what was executed */

static char words[3][8] = { "vdsd", "--dir", "/there" };
static char *again_argv[] = { words[0], words[1], words[2], NULL };

/* In the process that was executed: it has its arguments, and no descriptor of the one before. */
static int
begun(int argc, char **argv)
{
	struct vdsd_options options = { .ready_fd = 5 };

	if (argc != 3 || strcmp(argv[2], "/there") != 0)
		return 1;
	for (int fd = 3; fd < 64; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			return 2;
	vdsd_again_prepare(argv, &options);
	return options.ready_fd == -1 ? BEGUN : 3;
}

static void
goes_on(void)
{
}

static void
is_to_end(void)
{
	vdsd_again_end(VDSD_OK);
}

static void
could_not_start(void)
{
	vdsd_again_end(VDSD_LOCKED);
}

/* The guard of the start has taken the signal, and the start goes on for a moment. */
static void
is_stopped_at_its_start(void)
{
	struct vdsd_start_guard guard;
	sigset_t signals, pending;

	if (vdsd_process_prepare(&signals) < 0 || vdsd_start_guard(&guard) < 0)
		_exit(4);
	kill(getpid(), SIGTERM);
	do
		sigpending(&pending);
	while (sigismember(&pending, SIGTERM));
	if (vdsd_start_end(&guard) != SIGTERM)
		_exit(5);
}

/* Returns with what the process ends that is fenced when this has been called. */
static int
status_of(const char *notify_socket, void (*before)(void))
{
	pid_t child = fork();
	int status = 0;

	if (child == 0) {
		struct vdsd_options options = { .ready_fd = 5 };

		if (notify_socket != NULL)
			setenv("NOTIFY_SOCKET", notify_socket, 1);
		else
			unsetenv("NOTIFY_SOCKET");
		(void)dup2(0, 20); /* without O_CLOEXEC */
		vdsd_again_prepare(again_argv, &options);
		before();
		vdsd_again(NULL, "a test");
	}
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
test_it_executes_itself_without_its_descriptors(void **state)
{
	(void)state;
	assert_int_equal(status_of(NULL, goes_on), BEGUN);
}

static void
test_under_a_service_manager_it_ends(void **state)
{
	(void)state;
	assert_int_equal(status_of("/nowhere", goes_on), VDSD_FAILED);
}

static void
test_what_is_to_end_does_not_begin_anew(void **state)
{
	static const char *const managers[] = { NULL, "/nowhere" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(status_of(managers[i], is_to_end), VDSD_OK);
		assert_int_equal(status_of(managers[i], could_not_start), VDSD_LOCKED);
		assert_int_equal(status_of(managers[i], is_stopped_at_its_start), VDSD_OK);
	}
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_it_executes_itself_without_its_descriptors),
		cmocka_unit_test(test_under_a_service_manager_it_ends),
		cmocka_unit_test(test_what_is_to_end_does_not_begin_anew),
	};

	if (getenv("VDSD_AGAIN") != NULL)
		return begun(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
