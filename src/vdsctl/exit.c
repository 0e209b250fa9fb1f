/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an error means to the shell, and to the person in front of it. */
#include <errno.h>

#include "base/err.h"
#include "vdsctl/ctl_int.h"

static enum ctl_exit
errno_exit(int error)
{
	switch (error) {
	case ENOENT:
		return CTL_NOT_FOUND;
	case EBUSY:
	case EAGAIN:
		return CTL_BUSY;
	case EEXIST:
		return CTL_CONFLICT;
	case ENOSPC:
	case EDQUOT:
		return CTL_NO_SPACE;
	default:
		return CTL_FAILED;
	}
}

enum ctl_exit
ctl_exit_status(int code)
{
	if (code < 0 && code > -4096)
		return errno_exit(-code);
	switch ((enum err)code) {
	case ERR_OK:
		return CTL_OK;
	case ERR_INVALID:
	case ERR_PARSE:
		return CTL_USAGE;
	case ERR_NOT_FOUND:
		return CTL_NOT_FOUND;
	case ERR_BUSY:
		return CTL_BUSY;
	case ERR_UNREACHABLE:
	case ERR_CLOSED:
		return CTL_UNREACHABLE;
	case ERR_NAME_IN_USE:
	case ERR_IN_USE:
	case ERR_LUNS_ASSOCIATED:
	case ERR_PORTALS_ASSOCIATED:
	case ERR_OFFLINE:
	case ERR_LOCKED:
	case ERR_CANCELLED:
	case ERR_TOO_LATE:
		return CTL_CONFLICT;
	case ERR_NO_SPACE:
	case ERR_LIMIT:
		return CTL_NO_SPACE;
	case ERR_TIMEOUT:
		return CTL_TIMEOUT;
	case ERR_FIRST_:
	case ERR_NOT_SUPPORTED:
	case ERR_FAILED:
	case ERR_READ_ONLY:
	case ERR_GONE:
	case ERR_CACHE_CORRUPT:
	case ERR_CORRUPT:
	case ERR_VERSION:
	case ERR_ACCESS:
	case ERR_PROTOCOL:
	case ERR_INTERNAL:
	case ERR_END_:
		break;
	}
	return CTL_FAILED;
}

/* What to do next; NULL = the text says it all. */
static const char *
advice(int code)
{
	switch (code) {
	case ERR_UNREACHABLE:
		return "is it running? start it with `vdsd --dir DIRECTORY`, or give --url (or "
		       "$VDS_URL)";
	case ERR_BUSY:
		return "try again; `vdsctl list jobs` shows what is going on";
	case ERR_LUNS_ASSOCIATED:
		return "`vdsctl target luns TARGET` lists them, `vdsctl lun dissociate LUN TARGET` "
		       "takes them away";
	case ERR_NO_SPACE:
		return "`vdsctl list pools` shows the space there is";
	case ERR_FAILED:
		return "`vdsctl lun show LUN` says why; when it is repaired: `vdsctl lun online "
		       "LUN`";
	case ERR_READ_ONLY:
		return "vdsd cannot write its catalog: its log says why";
	case ERR_TIMEOUT:
		return "the operation may still end: `vdsctl list jobs`";
	default:
		return NULL;
	}
}

void
ctl_error(FILE *err, const struct ctl *ctl, int code)
{
	const char *next = advice(code);

	fprintf(err, "vdsctl: %s\n", err_text(code));
	if (next != NULL)
		fprintf(err, "vdsctl: %s\n", next);
	else if (code == ERR_INVALID && ctl->command != NULL)
		fprintf(err, "vdsctl: `vdsctl %s --help` explains it\n", ctl->command->words);
}
