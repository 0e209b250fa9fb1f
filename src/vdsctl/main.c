/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vdsctl, the command line of vdsd: runs one command and ends with its exit status.  vdsctl(1) is
 * its manual.
 */
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"
#include "base/system.h"
#include "vdsctl/ctl_int.h"

static volatile sig_atomic_t alarm_status = CTL_TIMEOUT;

/* A monitoring plug-in has exit statuses of its own, also for what went wrong before it ran. */
static bool
is_monitor(const struct ctl *ctl)
{
	return ctl->command != NULL && ctl->command->run == ctl_run_health;
}

/* So has a plan, so that a script can tell changes from errors. */
static bool
is_plan(const struct ctl *ctl)
{
	return ctl->command != NULL && ctl->command->run == ctl_run_plan;
}

static enum ctl_exit
exit_status(const struct ctl *ctl, int rc)
{
	if (is_monitor(ctl))
		return (enum ctl_exit)ctl->monitor_status;
	if (!is_plan(ctl))
		return ctl_exit_status(ctl, rc);
	return (enum ctl_exit)(rc < 0              ? CTL_PLAN_FAILED
			       : ctl->plan_changes ? CTL_PLAN_CHANGES
						   : CTL_PLAN_SAME);
}

/* --timeout bounds the whole command, whatever it waits for. */
static void
on_alarm(int signal_number)
{
	static const char text[] =
		"vdsctl: the command did not end within --timeout; the operation may still "
		"complete: `vdsctl job list` shows it\n";
	ssize_t ignored = write(STDERR_FILENO, text, sizeof(text) - 1);

	(void)signal_number;
	(void)ignored;
	_exit(alarm_status);
}

/* Widths of characters are known in UTF-8 only; a system without a locale still has C.UTF-8. */
static void
locale_set(void)
{
	if (setlocale(LC_CTYPE, "") == NULL || !str_equal(nl_langinfo(CODESET), "UTF-8"))
		setlocale(LC_CTYPE, "C.UTF-8");
}

static int
command_run(struct ctl *ctl)
{
	if (ctl->options[OPT_VERSION] != NULL) {
		fprintf(ctl->out, "vdsctl %s\n", VDS_VERSION);
		return 0;
	}
	if (ctl->options[OPT_HELP] != NULL && ctl->noun != NULL) {
		ctl_help_noun(ctl->out, ctl->noun);
		return 0;
	}
	if (ctl->options[OPT_HELP] != NULL) {
		ctl_help(ctl->out, ctl->command);
		return 0;
	}
	if (ctl->timeout_s > 0) {
		if (is_monitor(ctl))
			alarm_status = CTL_MONITOR_UNKNOWN;
		else if (is_plan(ctl))
			alarm_status = CTL_PLAN_FAILED;
		signal(SIGALRM, on_alarm);
		alarm((unsigned)ctl->timeout_s);
	}
	return ctl->command->run(ctl);
}

int
main(int argc, char **argv)
{
	struct ctl ctl = { .out = stdout, .monitor_status = CTL_MONITOR_UNKNOWN };
	enum ctl_exit status;
	int rc;

	system_streams_keep();
	signal(SIGPIPE, SIG_IGN);
	locale_set();
	if (argc > 1 && strcmp(argv[1], "__complete") == 0)
		return ctl_complete(stdout, argc - 2, argv + 2);
	rc = ctl_parse(&ctl, argc, argv);
	if (rc == 0)
		rc = command_run(&ctl);
	if ((fflush(stdout) != 0 || ferror(stdout)) && rc == 0)
		rc = errno == EPIPE ? -EPIPE
				    : err_set(ERR_INTERNAL, "the output could not be written");
	status = exit_status(&ctl, rc);
	if (rc < 0 && rc != -EPIPE) /* who closed the pipe has seen enough */
		ctl_error(stderr, &ctl, rc);
	ctl_fini(&ctl);
	return (int)status;
}
