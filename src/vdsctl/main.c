/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vdsctl: the command line of vdsd.  vdsctl(1). */
#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "vdsctl/ctl_int.h"

/* --timeout: nothing waits longer, whatever it waits for. */
static void
on_alarm(int signal_number)
{
	static const char text[] =
		"vdsctl: the time is up\nvdsctl: the operation may still end: `vdsctl list jobs`\n";
	ssize_t ignored = write(STDERR_FILENO, text, sizeof(text) - 1);

	(void)signal_number;
	(void)ignored;
	_exit(CTL_TIMEOUT);
}

static int
command_run(struct ctl *ctl)
{
	if (ctl->options[OPT_VERSION] != NULL) {
		fprintf(ctl->out, "vdsctl %s\n", VDS_VERSION);
		return 0;
	}
	if (ctl->options[OPT_HELP] != NULL) {
		ctl_help(ctl->out, ctl->command);
		return 0;
	}
	if (ctl->timeout_s > 0) {
		signal(SIGALRM, on_alarm);
		alarm((unsigned)ctl->timeout_s);
	}
	return ctl->command->run(ctl);
}

int
main(int argc, char **argv)
{
	struct ctl ctl = { .out = stdout };
	enum ctl_exit status;
	int rc;

	signal(SIGPIPE, SIG_IGN);
	setlocale(LC_CTYPE, "");
	rc = ctl_parse(&ctl, argc, argv);
	if (rc == 0)
		rc = command_run(&ctl);
	if ((fflush(stdout) != 0 || ferror(stdout)) && rc == 0)
		rc = errno == EPIPE ? -EPIPE
				    : err_set(ERR_INTERNAL, "the output could not be written");
	status = ctl_exit_status(rc);
	if (rc < 0 && rc != -EPIPE) /* who closed the pipe has seen enough */
		ctl_error(stderr, &ctl, rc);
	ctl_fini(&ctl);
	return (int)status;
}
