/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs a program with a time limit, and reads what it writes: iscsiadm.  Any thread may call it; it
 * waits for the program's end.
 */
#include "service/run_int.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"

/* Starts the program in a process group of its own. Returns 0 or -errno. */
static int
spawn(const char *const argv[], bool errors_too, int write_fd, pid_t *ret_pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none;
	int rc;

	sigemptyset(&none);
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, write_fd, STDOUT_FILENO);
	if (errors_too)
		posix_spawn_file_actions_adddup2(&actions, write_fd, STDERR_FILENO);
	posix_spawnattr_setpgroup(&attributes, 0);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
	/* posix_spawn does not change the words; its type is older than const */
	rc = posix_spawn(ret_pid, argv[0], &actions, &attributes, (char *const *)(uintptr_t)argv,
			 environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return -rc;
}

/*
 * Reads what the program writes until it closes the pipe; what has no room is read and dropped.
 * Returns true in time, with the text; false when the time was up.
 */
static bool
read_output(int fd, uint64_t deadline_ns, char *text, size_t size)
{
	char rest[512] = ""; /* what does not fit is read and thrown away */
	size_t len = 0;

	for (;;) {
		uint64_t now = clock_mono_ns();
		struct pollfd ready = { .fd = fd, .events = POLLIN };
		bool full = len == size - 1;
		ssize_t n;

		text[len] = '\0';
		if (now >= deadline_ns)
			return false;
		if (poll(&ready, 1, (int)((deadline_ns - now) / NS_PER_MS) + 1) <= 0)
			continue;
		n = read(fd, full ? rest : text + len, full ? sizeof(rest) : size - 1 - len);
		if (n == 0 || (n < 0 && errno != EINTR))
			return true;
		if (n > 0 && !full)
			len += (size_t)n;
	}
}

/*
 * Waits for the program, and ends what it has started.  Returns the exit status; -ECHILD when the
 * system does not tell (SIGCHLD is ignored), or -ECANCELED when a signal has ended the program.
 */
static int
reap(pid_t pid, bool in_time)
{
	int status = 0, rc;

	if (!in_time)
		kill(-pid, SIGKILL);
	do
		rc = waitpid(pid, &status, 0);
	while (rc < 0 && errno == EINTR);
	if (rc < 0)
		return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -ECANCELED;
}

int
service_run(const char *const argv[], unsigned timeout_ms, bool errors_too, char *text, size_t size)
{
	bool in_time;
	int fds[2], rc;
	pid_t pid;

	text[0] = '\0';
	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	rc = spawn(argv, errors_too, fds[1], &pid);
	close(fds[1]);
	if (rc < 0) {
		close(fds[0]);
		return err_set(rc, "%s cannot be started: %s", argv[0], strerror(-rc));
	}
	in_time = read_output(fds[0], clock_mono_ns() + timeout_ms * NS_PER_MS, text, size);
	close(fds[0]);
	rc = reap(pid, in_time);
	return in_time ? rc
		       : err_set(ERR_TIMEOUT, "%s did not end within %u s", argv[0],
				 timeout_ms / 1000u);
}
