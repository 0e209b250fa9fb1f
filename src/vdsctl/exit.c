/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What an error means to the shell (exit status, vdsctl(1)) and to the person in front of it (what
 * to do next).  Called by main, and by batch for each line that fails.
 */
#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "vdsctl/ctl_int.h"
#include "wire/wire.h"

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

/* Returns the URL that the command speaks to; behind it may stand others. */
static const char *
url_of(const struct ctl *ctl)
{
	const char *url = ctl->options[OPT_URL];

	if (url == NULL)
		url = getenv("VDS_URL"); /* NOLINT: nobody changes the environment */
	return url != NULL && url[0] != '\0' ? url : CLIENT_DEFAULT_URL;
}

/* Returns the path of the socket that the command speaks to when we may not use it, else NULL. */
static const char *
refused_socket(const struct ctl *ctl)
{
	const char *url = url_of(ctl);

	if (str_starts(url, "unix:") && access(url + 5, R_OK | W_OK) < 0 && errno == EACCES)
		return url + 5;
	return NULL;
}

enum ctl_exit
ctl_exit_status(const struct ctl *ctl, int code)
{
	if (code == ERR_ACCESS && refused_socket(ctl) != NULL)
		return CTL_UNREACHABLE;
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
	case ERR_UNTRUSTED:
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
	case ERR_INJECTED:
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

/* ---- what to do next ---- */

/*
 * The group that owns the socket, or the first directory above it that may not be entered; -1 when
 * that cannot be told.
 */
static gid_t
socket_group(const char *path)
{
	AUTO_FREE char *at = str_dup(path);
	struct stat st;

	while (at != NULL && stat(at, &st) < 0) {
		char *slash = strrchr(at, '/');

		if (slash == NULL || slash == at)
			return (gid_t)-1;
		*slash = '\0';
	}
	return at != NULL ? st.st_gid : (gid_t)-1;
}

/* The socket is there, but it is not for us. */
static void
advise_group(const char *path, char *buf, size_t size)
{
	gid_t gid = socket_group(path);
	struct group *group = gid != (gid_t)-1 ? getgrgid(gid) : NULL; /* NOLINT: one thread */

	if (group == NULL)
		snprintf(buf, size,
			 "only its owner and its group may use it: run vdsctl with sudo");
	else
		snprintf(buf, size,
			 "only members of the group %s may use it: `sudo usermod -aG %s $USER`, "
			 "then log in "
			 "again; or run vdsctl with sudo",
			 group->gr_name, group->gr_name);
}

static void
advise_unreachable(const struct ctl *ctl, char *buf, size_t size)
{
	const char *path = refused_socket(ctl);

	if (path != NULL)
		advise_group(path, buf, size);
	else if (str_starts(url_of(ctl), "https://"))
		snprintf(buf, size,
			 "is vdsd running there, with `https` in its vdsd.conf, and do the "
			 "firewalls "
			 "let this port through?");
	else
		snprintf(buf, size,
			 "is vdsd running? start it with `systemctl start vdsd` or `vdsd --dir "
			 "DIRECTORY`; when it "
			 "listens elsewhere, give --url or set VDS_URL");
}

static const char *
advice(int code)
{
	switch (code) {
	case ERR_BUSY:
		return "try again; `vdsctl job list` shows what is going on";
	case ERR_LUNS_ASSOCIATED:
		return "`vdsctl target luns TARGET` lists them, `vdsctl lun dissociate LUN TARGET` "
		       "takes one away";
	case ERR_NO_SPACE:
		return "`vdsctl pool list` shows the space that is left";
	case ERR_FAILED:
		return "`vdsctl lun show LUN` says why; once that is repaired, `vdsctl lun online "
		       "LUN` opens it again";
	case ERR_READ_ONLY:
		return "vdsd cannot write its catalog; its log says why";
	case ERR_TIMEOUT:
		return "the operation may still complete: `vdsctl job list` shows it; if no "
		       "command is answered, vdsd "
		       "hangs or is stopped";
	default:
		return "";
	}
}

/* What is in the way of a deletion. */
static const char *
advice_in_use(const struct ctl *ctl)
{
	size_t len = strlen(ctl->command->words);

	if (len < 6 || !str_equal(ctl->command->words + len - 6, "delete"))
		return "";
	switch (ctl->command->family) {
	case ROW_PORTAL:
		return "`vdsctl portal show PORTAL` lists the targets that are reachable there, "
		       "`vdsctl group "
		       "remove TARGET:TAG PORTAL` takes it from one";
	case ROW_POOL:
		return "`vdsctl pool show POOL` lists its LUNs";
	default:
		return "";
	}
}

static void
advise(const struct ctl *ctl, int code, char *buf, size_t size)
{
	if (code == ERR_IN_USE && ctl->command != NULL)
		snprintf(buf, size, "%s", advice_in_use(ctl));
	else if (code == ERR_UNREACHABLE || (code == ERR_ACCESS && refused_socket(ctl) != NULL))
		advise_unreachable(ctl, buf, size);
	else if (code == ERR_INVALID && ctl->command != NULL)
		snprintf(buf, size, "`vdsctl %s --help` explains it", ctl->command->words);
	else
		snprintf(buf, size, "%s", advice(code));
}

/* The API's form of an error, and "next" when there is advice. */
static void
error_json(FILE *err, int code, const char *next)
{
	json_t *json = wire_error_encode(code);

	if (json != NULL && next[0] != '\0')
		json_object_set_new(json_object_get(json, "error"), "next", json_string(next));
	if (json == NULL || ctl_json_print(json, err) < 0)
		fprintf(err, "{\"error\":{\"code\":\"ENOMEM\",\"message\":\"out of memory\"}}\n");
	json_decref(json);
}

void
ctl_error(FILE *err, const struct ctl *ctl, int code)
{
	AUTO_FREE char *text = str_dup(err_text(code)); /* advice may set another */
	char next[512];

	advise(ctl, code, next, sizeof(next));
	if (text != NULL)
		err_set(code, "%s", text);
	if (ctl->json) {
		error_json(err, code, next);
		return;
	}
	fprintf(err, "vdsctl: %s\n", text != NULL ? text : "out of memory");
	if (next[0] != '\0')
		fprintf(err, "vdsctl: %s\n", next);
	if (code == ERR_INVALID && ctl->command == NULL && ctl->noun != NULL && ctl->arg_count == 1)
		ctl_help_noun(err, ctl->noun);
}
