/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `vdsctl backup`: writes a backup of the catalog to a file.  The file has its name only when it is
 * whole and on disk, and nobody but its owner may read it: it holds the array's secrets.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "vdsctl/ctl_int.h"

struct backup_output {
	int fd;
	uint64_t bytes;
};

static int
write_bytes(void *arg, const char *bytes, size_t len)
{
	struct backup_output *out = arg;

	out->bytes += len;
	while (len > 0) {
		ssize_t n = write(out->fd, bytes, len);

		if (n < 0 && errno != EINTR)
			return err_set(-errno, "cannot write the backup: %s", strerror(errno));
		if (n > 0) {
			bytes += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

/*
 * DIR/NAME-20261129T101500Z.vds for a directory; NAME is the array's, as far as files may have it.
 */
static int
name_in(struct ctl *ctl, const char *dir, char **ret_path)
{
	char name[64] = "array", when[32] = "";
	time_t now = time(NULL);
	json_t *json = NULL;
	struct tm tm;
	int rc = ctl_ask(ctl, VERB_ARRAY_GET, NULL, NULL, &json);

	if (rc < 0)
		return rc;
	if (json_string_length(json_object_get(json, "name")) > 0)
		snprintf(name, sizeof(name), "%s",
			 json_string_value(json_object_get(json, "name")));
	json_decref(json);
	for (char *c = name; *c != '\0'; c++)
		if (strchr("/ \t", *c) != NULL || (unsigned char)*c < 0x20 ||
		    (c == name && *c == '.'))
			*c = '-';
	if (gmtime_r(&now, &tm) != NULL)
		strftime(when, sizeof(when), "%Y%m%dT%H%M%SZ", &tm);
	*ret_path = str_printf("%s/%s-%s.vds", dir, name, when);
	return *ret_path != NULL ? 0 : -ENOMEM;
}

/* Syncs the entry in the directory: a name that a power cut takes away is no backup. */
static int
sync_parent(const char *path)
{
	const char *slash = strrchr(path, '/');
	AUTO_FREE char *dir = slash == NULL ? str_dup(".")
					    : str_ndup(path, (size_t)(slash - path) + 1);
	int fd = dir != NULL ? open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	int rc = fd < 0 || fsync(fd) < 0 ? -errno : 0;

	if (fd >= 0)
		close(fd);
	return rc < 0 ? err_set(rc, "%s: cannot sync its directory: %s", path, strerror(-rc)) : 0;
}

/* Without a replacement: a backup that is there stays. */
static int
publish(const char *temporary, const char *path, int fd)
{
	if (fsync(fd) < 0)
		return err_set(-errno, "%s: cannot sync: %s", path, strerror(errno));
	if (link(temporary, path) < 0)
		return errno == EEXIST
			       ? err_set(ERR_NAME_IN_USE,
					 "%s exists: a backup takes no other file's place", path)
			       : err_set(-errno, "%s: cannot make it: %s", path, strerror(errno));
	return sync_parent(path);
}

static int
backup_to(struct ctl *ctl, const char *path, uint64_t *ret_bytes)
{
	AUTO_FREE char *temporary = str_printf("%s.%d.part", path, (int)getpid());
	struct backup_output out = { .fd = -1 };
	int rc;

	if (temporary == NULL)
		return -ENOMEM;
	if (access(path, F_OK) == 0)
		return err_set(ERR_NAME_IN_USE, "%s exists: a backup takes no other file's place",
			       path);
	out.fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (out.fd < 0)
		return err_set(-errno, "%s: cannot make it: %s", path, strerror(errno));
	rc = client_backup(ctl->client, write_bytes, &out);
	if (rc == 0)
		rc = publish(temporary, path, out.fd);
	close(out.fd);
	(void)unlink(temporary);
	if (rc == 0)
		*ret_bytes = out.bytes;
	return rc;
}

static int
backup_to_stdout(struct ctl *ctl)
{
	struct backup_output out = { .fd = STDOUT_FILENO };

	if (isatty(STDOUT_FILENO))
		return err_set(ERR_INVALID, "a backup is no text for a terminal: name a FILE");
	return client_backup(ctl->client, write_bytes, &out);
}

int
ctl_run_backup(struct ctl *ctl)
{
	AUTO_FREE char *named = NULL;
	const char *path = ctl->args[0];
	uint64_t bytes = 0;
	struct stat st;
	int rc = ctl_client(ctl);

	if (rc == 0 && str_equal(path, "-"))
		return backup_to_stdout(ctl);
	if (rc == 0 && stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
		rc = name_in(ctl, path, &named);
		path = named;
	}
	if (rc == 0)
		rc = backup_to(ctl, path, &bytes);
	if (rc < 0)
		return rc;
	if (ctl->json) {
		json_t *json = json_pack("{s:s, s:I}", "file", path, "bytes", (json_int_t)bytes);

		rc = json != NULL ? ctl_json_print(json, ctl->out) : -ENOMEM;
		json_decref(json);
		return rc;
	}
	fprintf(ctl->out,
		ctl->quiet ? "%s\n" : "backup written to %s; it holds the array's secrets\n", path);
	return 0;
}
