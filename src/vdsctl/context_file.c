/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The file of contexts, ~/.config/vds/contexts.json: {"use": NAME, "contexts": {NAME: {"url": …}}}.
 * Who can write it can send the user's commands, and the token, to another array, and who can read
 * it learns where the tokens and keys are; so nobody but its owner may do either.  One thread.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/str.h"
#include "base/system.h"
#include "vdsctl/context_int.h"

#define FILE_NAME      "contexts.json"
#define FILE_BYTES_MAX (1u << 20)

const char *const ctl_context_members[CTL_CONTEXT_MEMBERS] = { "url",  "ca",  "fingerprint",
							       "cert", "key", "token_file" };

/* ---- where it is ---- */

/* The directory of the user's settings; NULL in *ret_path: the user has none. */
static int
settings_directory(char **ret_path)
{
	const char *config = system_setting("XDG_CONFIG_HOME"), *home = system_setting("HOME");

	*ret_path = NULL;
	/* The XDG Base Directory Specification ignores relative paths. */
	if (config != NULL && config[0] == '/')
		*ret_path = str_dup(config);
	else if (home != NULL && home[0] == '/')
		*ret_path = str_printf("%s/.config", home);
	else
		return 0;
	return *ret_path != NULL ? 0 : -ENOMEM;
}

/* ---- what may be in it ---- */

static bool
is_member(const char *name)
{
	for (size_t i = 0; i < CTL_CONTEXT_MEMBERS; i++)
		if (strcmp(ctl_context_members[i], name) == 0)
			return true;
	return false;
}

/*
 * A member that is not known is refused: it may be a fingerprint with a typing error, without which
 * another array would be trusted.
 */
static int
context_check(const char *path, const char *name, json_t *context)
{
	const char *member;
	json_t *value;

	if (!json_is_object(context) || !json_is_string(json_object_get(context, "url")))
		return err_set(ERR_PARSE, "the contexts in %s: \"%s\" has no \"url\"", path, name);
	json_object_foreach(context, member, value)
	{
		if (is_member(member) && json_is_string(value))
			continue;
		return err_set(ERR_PARSE,
			       "the contexts in %s: \"%s\" of \"%s\" is not known, or not a text",
			       path, member, name);
	}
	return 0;
}

static int
root_check(const char *path, const json_t *root)
{
	json_t *use = json_object_get(root, "use"), *contexts = json_object_get(root, "contexts");
	json_t *context;
	const char *name;
	int rc = 0;

	if (!json_is_object(contexts) || (use != NULL && !json_is_string(use)))
		return err_set(ERR_PARSE, "the contexts in %s cannot be read: %s", path,
			       "it needs \"contexts\", an object, and may have \"use\", a name");
	json_object_foreach(contexts, name, context)
	{
		rc = context_check(path, name, context);
		if (rc < 0)
			break;
	}
	return rc;
}

/* ---- reading ---- */

/* secret_read lets the group read a file; here nobody else may. */
static int
mode_check(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return err_set(-errno, "cannot read the contexts in %s: %s", path, strerror(errno));
	if ((st.st_mode & 0077u) == 0)
		return 0;
	return err_set(ERR_ACCESS,
		       "the contexts in %s may be read or changed by others (mode %04o): chmod 600 "
		       "%s",
		       path, (unsigned)st.st_mode & 07777u, path);
}

static int
root_parse(const char *path, const char *text, size_t len, json_t **ret_root)
{
	json_error_t error;
	json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
	int rc = 0;

	if (root == NULL)
		return err_set(ERR_PARSE, "the contexts in %s cannot be read: line %d: %s", path,
			       error.line, error.text);
	rc = root_check(path, root);
	if (rc < 0)
		json_decref(root);
	else
		*ret_root = root;
	return rc;
}

static int
root_read(const char *path, json_t **ret_root)
{
	size_t len = 0;
	char *text = NULL;
	int rc;

	if (access(path, F_OK) < 0 && (errno == ENOENT || errno == ENOTDIR)) {
		*ret_root = json_pack("{s:{}}", "contexts");
		return *ret_root != NULL ? 0 : -ENOMEM;
	}
	rc = secret_read("the file of contexts", path, FILE_BYTES_MAX, &text, &len);
	if (rc == 0)
		rc = mode_check(path);
	if (rc == 0)
		rc = root_parse(path, text, len, ret_root);
	secret_free(text, len);
	return rc;
}

int
ctl_context_read(json_t **ret_root)
{
	AUTO_FREE char *directory = NULL, *path = NULL;
	int rc = settings_directory(&directory);

	if (rc == 0 && directory == NULL) {
		*ret_root = json_pack("{s:{}}", "contexts");
		return *ret_root != NULL ? 0 : -ENOMEM;
	}
	if (rc == 0)
		path = str_printf("%s/vds/" FILE_NAME, directory);
	return path != NULL ? root_read(path, ret_root) : -ENOMEM;
}

/* ---- changing ---- */

/* Makes a directory, and those above it that are missing, for their owner only. */
static int
directory_make(const char *path)
{
	AUTO_FREE char *part = str_dup(path);

	if (part == NULL)
		return -ENOMEM;
	for (char *slash = part; slash != NULL;) {
		slash = strchr(slash + 1, '/');
		if (slash != NULL)
			*slash = '\0';
		if (mkdir(part, 0700) < 0 && errno != EEXIST)
			return err_set(-errno, "cannot make the directory %s: %s", part,
				       strerror(errno));
		if (slash != NULL)
			*slash = '/';
	}
	return 0;
}

static int
bytes_write(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		text += n;
		len -= (size_t)n;
	}
	return fsync(fd) < 0 ? -errno : 0;
}

/* Replaces the file as a whole, so that a crash leaves the old one or the new one. */
static int
root_write(const char *path, const json_t *root)
{
	AUTO_FREE char *fresh = str_printf("%s.new", path);
	char *text = json_dumps(root, JSON_INDENT(2) | JSON_SORT_KEYS);
	int fd, rc = -ENOMEM;

	if (fresh == NULL || text == NULL)
		goto out;
	(void)unlink(fresh); /* of a change that was killed; the lock is ours */
	fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	rc = fd < 0 ? -errno : bytes_write(fd, text, strlen(text));
	if (fd >= 0)
		close(fd);
	if (rc == 0 && rename(fresh, path) < 0)
		rc = -errno;
	if (rc < 0)
		(void)unlink(fresh);
out:
	free(text);
	return rc == 0 || rc == -ENOMEM ? rc
					: err_set(rc, "cannot write %s: %s", path, strerror(-rc));
}

/* Opens the directory and keeps other vdsctl from changing what is in it until it is closed. */
static int
directory_lock(const char *directory, int *ret_fd)
{
	int fd, rc = directory_make(directory);

	if (rc < 0)
		return rc;
	fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || flock(fd, LOCK_EX) < 0) {
		rc = err_set(-errno, "cannot lock the directory %s: %s", directory,
			     strerror(errno));
		if (fd >= 0)
			close(fd);
		return rc;
	}
	*ret_fd = fd;
	return 0;
}

int
ctl_context_change(int (*change)(json_t *root, void *arg), void *arg)
{
	AUTO_FREE char *settings = NULL, *directory = NULL, *path = NULL;
	json_t *root = NULL;
	int fd = -1, rc = settings_directory(&settings);

	if (rc == 0 && settings == NULL)
		return err_set(ERR_INVALID,
			       "contexts are kept in $HOME/.config/vds: HOME must be set");
	if (rc == 0)
		directory = str_printf("%s/vds", settings);
	if (directory != NULL)
		path = str_printf("%s/" FILE_NAME, directory);
	if (path == NULL)
		return -ENOMEM;
	rc = directory_lock(directory, &fd);
	if (rc == 0)
		rc = root_read(path, &root);
	if (rc == 0)
		rc = change(root, arg);
	if (rc == 0)
		rc = root_write(path, root);
	if (fd >= 0)
		close(fd);
	json_decref(root);
	return rc;
}
