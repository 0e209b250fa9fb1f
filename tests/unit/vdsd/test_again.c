/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A gateway that was fenced begins anew: this program stands for vdsd, and executes itself. */
#include <fcntl.h>
#include <setjmp.h>
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

static int
status_of(const char *notify_socket)
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
	assert_int_equal(status_of(NULL), BEGUN);
}

static void
test_under_a_service_manager_it_ends(void **state)
{
	(void)state;
	assert_int_equal(status_of("/nowhere"), VDSD_FAILED);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_it_executes_itself_without_its_descriptors),
		cmocka_unit_test(test_under_a_service_manager_it_ends),
	};

	if (getenv("VDSD_AGAIN") != NULL)
		return begun(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
