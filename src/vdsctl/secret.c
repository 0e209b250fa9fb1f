/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The commands that set CHAP secrets.  A secret comes from the terminal, without an echo and twice,
 * or from a file; never from the command line, which every user of the host can read.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/str.h"
#include "model/credential.h"
#include "vdsctl/ctl_int.h"

/* Hexadecimal digits behind 0x, or a text; and the end of the line. */
#define LINE_MAX_BYTES (2 + 2 * CREDENTIAL_SECRET_MAX + 2)

#define CONTROL_C         '\x03'
#define CONTROL_BACKSLASH '\x1c'

/* ---- reading ---- */

/* Cuts a line at its end.  Returns 0, or ERR_INVALID (it is empty). */
static int
line_end(char *line)
{
	line[strcspn(line, "\r\n")] = '\0';
	return line[0] != '\0' ? 0 : err_set(ERR_INVALID, "the secret is empty");
}

/*
 * Waits for input.  Returns 0, or ERR_CANCELLED when a signal came first (signal_fd -1 = none can).
 */
static int
input_wait(int fd, int signal_fd)
{
	struct pollfd fds[] = {
		{ .fd = fd, .events = POLLIN },
		{ .fd = signal_fd, .events = POLLIN },
	};

	while (signal_fd >= 0 && poll(fds, ARRAY_LEN(fds), -1) < 0 && errno == EINTR)
		;
	return fds[1].revents != 0 ? err_set(ERR_CANCELLED, "nothing was changed") : 0;
}

/*
 * Reads a line byte by byte, so that nothing behind it is taken.  signal_fd: a descriptor that is
 * readable when a signal ends the program; -1 = none.  Returns 0 or an error.
 */
static int
line_read(int fd, int signal_fd, const char *what, char line[LINE_MAX_BYTES + 1])
{
	size_t len = 0;

	while (len < LINE_MAX_BYTES) {
		int rc = input_wait(fd, signal_fd);
		ssize_t n = rc == 0 ? read(fd, line + len, 1) : 0;

		if (rc < 0)
			return rc;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(-errno, "cannot read the secret from %s: %s", what,
				       strerror(errno));
		if (n == 0 || line[len] == '\n')
			break;
		if (signal_fd >= 0 && (line[len] == CONTROL_C || line[len] == CONTROL_BACKSLASH))
			return err_set(ERR_CANCELLED, "nothing was changed");
		len++;
	}
	line[len] = '\0';
	if (len == LINE_MAX_BYTES)
		return err_set(ERR_INVALID, "the secret is longer than %d bytes",
			       CREDENTIAL_SECRET_MAX);
	return line_end(line);
}

static int
file_read(const char *path, char line[LINE_MAX_BYTES + 1])
{
	char *text = NULL;
	size_t len = 0, first;
	int rc;

	if (strcmp(path, "-") == 0)
		return line_read(STDIN_FILENO, -1, "standard input", line);
	rc = secret_read("the file", path, 64 * 1024, &text, &len);
	if (rc < 0)
		return rc;
	first = strcspn(text, "\r\n");
	if (first > LINE_MAX_BYTES)
		rc = err_set(ERR_INVALID, "the first line of %s is longer than a secret can be",
			     path);
	else
		snprintf(line, LINE_MAX_BYTES + 1, "%.*s", (int)first, text);
	secret_free(text, len);
	return rc < 0 ? rc : line_end(line);
}

/*
 * Switches the echo off before the prompt is written, so that nothing that is typed after it is
 * shown.  The keys that would end the program end the line instead, since the terminal must get its
 * echo back.
 */
static int
echo_off(int fd, struct termios *ret_before)
{
	struct termios quiet;

	if (tcgetattr(fd, ret_before) < 0)
		return err_set(-errno, "cannot use the terminal: %s", strerror(errno));
	quiet = *ret_before;
	quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ISIG);
	quiet.c_lflag |= ICANON | IEXTEN;
	quiet.c_cc[VEOL] = CONTROL_C;
	quiet.c_cc[VEOL2] = CONTROL_BACKSLASH;
	if (tcsetattr(fd, TCSAFLUSH, &quiet) < 0)
		return err_set(-errno, "cannot switch the terminal's echo off: %s",
			       strerror(errno));
	return 0;
}

/* Asks once, on the terminal, without an echo. */
static int
terminal_ask(int fd, int signal_fd, const char *prompt, char line[LINE_MAX_BYTES + 1])
{
	struct termios before;
	int rc = echo_off(fd, &before);

	if (rc < 0)
		return rc;
	dprintf(fd, "%s", prompt);
	rc = line_read(fd, signal_fd, "the terminal", line);
	tcsetattr(fd, TCSAFLUSH, &before);
	dprintf(fd, "\n");
	return rc;
}

static int
ask_twice(int fd, int signal_fd, char line[LINE_MAX_BYTES + 1])
{
	char again[LINE_MAX_BYTES + 1];
	int rc = terminal_ask(fd, signal_fd, "CHAP secret: ", line);

	if (rc == 0)
		rc = terminal_ask(fd, signal_fd, "Once more: ", again);
	if (rc == 0 && strcmp(line, again) != 0)
		rc = err_set(ERR_INVALID, "the two secrets differ: nothing was changed");
	secret_wipe(again, sizeof(again));
	return rc;
}

/*
 * A signal that ends the program is held back while the echo is off.  It is not taken from
 * signal_fd, so it ends the program when it is let through again.
 */
static int
terminal_read(char line[LINE_MAX_BYTES + 1])
{
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC), signal_fd, rc;
	sigset_t ends, before;

	if (fd < 0)
		return err_set(ERR_INVALID,
			       "there is no terminal to ask for the secret: use --file "
			       "FILE, or --file - for standard input");
	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGHUP);
	signal_fd = signalfd(-1, &ends, SFD_CLOEXEC);
	if (signal_fd < 0) {
		close(fd);
		return err_set(-errno, "cannot wait for signals: %s", strerror(errno));
	}
	sigprocmask(SIG_BLOCK, &ends, &before);
	rc = ask_twice(fd, signal_fd, line);
	close(signal_fd);
	close(fd);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return rc;
}

/* ---- commands ---- */

/* "90", "30m", "12h", "7d": seconds. */
static int
time_parse(const char *text, uint64_t *ret_s)
{
	static const struct {
		char letter;
		unsigned seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
	AUTO_FREE char *digits = str_dup(text);
	size_t len = strlen(text);
	uint64_t number, unit = 1;

	if (digits == NULL)
		return -ENOMEM;
	for (size_t i = 0; len > 1 && i < ARRAY_LEN(units); i++)
		if (text[len - 1] == units[i].letter) {
			unit = units[i].seconds;
			digits[len - 1] = '\0';
		}
	if (str_parse_u64(digits, &number) < 0 || number == 0 ||
	    number > CREDENTIAL_KEEP_OLD_MAX_S / unit)
		return err_set(ERR_INVALID,
			       "--keep-old %s: give a time such as 30m, 12h or 7d, at most 31d",
			       text);
	*ret_s = number * unit;
	return 0;
}

static int
secret_set(struct ctl *ctl, struct verb_args *args, struct client_answer *ret_answer)
{
	char line[LINE_MAX_BYTES + 1] = "";
	const char *file = ctl->options[OPT_FILE], *keep = ctl->options[OPT_KEEP_OLD];
	int rc = keep != NULL ? time_parse(keep, &args->keep_old_s) : 0;

	args->side = ctl->options[OPT_MUTUAL] != NULL ? "target" : "initiator";
	args->user = ctl->options[OPT_USER];
	args->initiator = ctl->options[OPT_INITIATOR];
	args->secret = line;
	if (rc == 0)
		rc = file != NULL ? file_read(file, line) : terminal_read(line);
	if (rc == 0)
		rc = ctl_client(ctl);
	if (rc == 0)
		rc = client_change(ctl->client, VERB_CREDENTIAL_SET, NULL, args, ret_answer);
	secret_wipe(line, sizeof(line));
	args->secret = NULL;
	return rc;
}

static int
secret_run(struct ctl *ctl, enum row_family family)
{
	struct verb_args args = { 0 };
	struct client_answer answer;
	int rc = ctl_resolve(ctl, family, ctl->args[0], &args.owner_id);

	if (rc == 0)
		rc = secret_set(ctl, &args, &answer);
	return ctl_done(ctl, rc, &answer, "%s %s %s %s",
			args.side != NULL && args.side[0] == 't' ? "mutual secret of" : "secret of",
			ctl_noun(family), ctl->args[0],
			rc == 0 && answer.existed ? "replaced" : "set");
}

int
ctl_run_target_secret(struct ctl *ctl)
{
	return secret_run(ctl, ROW_TARGET);
}

int
ctl_run_host_secret(struct ctl *ctl)
{
	return secret_run(ctl, ROW_HOST);
}

int
ctl_run_discovery_secret(struct ctl *ctl)
{
	struct verb_args args = { .discovery = true };
	struct client_answer answer;
	int rc = secret_set(ctl, &args, &answer);

	return ctl_done(ctl, rc, &answer, "secret for discovery %s",
			rc == 0 && answer.existed ? "replaced" : "set");
}
