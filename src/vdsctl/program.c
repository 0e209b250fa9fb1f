/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs commands that are programs of their own, because they need libraries that vdsctl does not:
 * vds-diskraid needs libvds and libedit.  The program takes the place of vdsctl.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "vdsctl/ctl_int.h"

/* The directory of vdsctl itself, without a slash at its end; NULL when it is not known. */
static char *
own_directory(void)
{
	char path[2048];
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);
	char *slash;

	if (len <= 0 || (size_t)len == sizeof(path) - 1)
		return NULL;
	path[len] = '\0';
	slash = strrchr(path, '/');
	if (slash == NULL)
		return NULL;
	*slash = '\0';
	return str_dup(path);
}

/*
 * Executes a program that was installed with this vdsctl, wherever that is, or lies in the same
 * build directory.  Returns only when there is none: -errno of the last attempt, or -ENOMEM.
 */
static int
program_exec(const char *name, char *const *argv)
{
	AUTO_FREE char *own = own_directory();
	const char *const places[] = { "/../libexec/", "/diskraid/" };
	AUTO_FREE char *path = NULL;

	for (size_t i = 0; own != NULL && i < ARRAY_LEN(places); i++) {
		AUTO_FREE char *near = str_printf("%s%s%s", own, places[i], name);

		if (near == NULL)
			return -ENOMEM;
		execv(near, argv);
	}
	path = str_printf("%s/%s", CTL_LIBEXECDIR, name);
	if (path == NULL)
		return -ENOMEM;
	execv(path, argv);
	return -errno;
}

/* The program reads from its environment what our options say. */
static bool
environment_set(const struct ctl *ctl)
{
	static const struct {
		enum ctl_option_id id;
		const char *name;
	} settings[] = {
		{ OPT_URL, "VDS_URL" },
		{ OPT_CA, "VDS_CA" },
		{ OPT_FINGERPRINT, "VDS_FINGERPRINT" },
		{ OPT_CERT, "VDS_CERT" },
		{ OPT_KEY, "VDS_KEY" },
		{ OPT_TOKEN_FILE, "VDS_TOKEN_FILE" },
	};

	for (size_t i = 0; i < ARRAY_LEN(settings); i++)
		if (ctl->options[settings[i].id] != NULL &&
		    setenv(settings[i].name, ctl->options[settings[i].id], 1) != 0)
			return false;
	return true;
}

int
ctl_run_diskraid(struct ctl *ctl)
{
	AUTO_FREE char **argv = mem_calloc(ctl->arg_count + 2, sizeof(*argv));
	static char name[] = "vds-diskraid";
	int rc = argv != NULL ? ctl_context_apply(ctl) : -ENOMEM;

	if (rc < 0)
		return rc;
	if (!environment_set(ctl))
		return -ENOMEM;
	argv[0] = name;
	for (size_t i = 0; i < ctl->arg_count; i++)
		argv[i + 1] = (char *)(uintptr_t)ctl->args[i]; /* execv does not write */
	fflush(ctl->out);
	rc = program_exec(name, argv);
	return err_set(rc, "the program vds-diskraid cannot be run: %s; it belongs into %s",
		       strerror(-rc), CTL_LIBEXECDIR);
}
