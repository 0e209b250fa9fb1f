/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The register of providers: what the registry key of the VDS service is on Windows.  A file is
 * named by the provider's id and ".conf", and holds lines `key = value`; libvds(3) describes it.
 *
 * A registered library runs in the process of every program that uses the service.  So a file is
 * used only when it, its directory and the library belong to root or to the program's user and
 * nobody else may write to them.
 */
#include "service/registry_int.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "base/str.h"

#define FILE_SIZE_MAX 16384
#define SUFFIX        ".conf"

static const char *
directory(void)
{
	const char *path = secure_getenv("VDS_PROVIDERS");

	return path != NULL && path[0] != '\0' ? path : "/etc/vds/providers.d";
}

/* ---- reading a file ---- */

/* Returns 0, or ERR_ACCESS (somebody who is neither root nor the program's user may change it). */
static int
check_owner(const char *path, const struct stat *st)
{
	if (st->st_uid != 0 && st->st_uid != geteuid())
		return err_set(ERR_ACCESS, "%s belongs to neither root nor you", path);
	if ((st->st_mode & (S_IWGRP | S_IWOTH)) != 0 && (st->st_mode & S_ISVTX) == 0)
		return err_set(ERR_ACCESS, "others may write to %s: chmod go-w %s", path, path);
	return 0;
}

static int
check_path_owner(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return err_set(-errno, "%s: %s", path, strerror(errno));
	return check_owner(path, &st);
}

/* Reads a whole file, which must be a trusted regular file. The caller frees *ret_text. */
static int
read_file(const char *path, char **ret_text)
{
	AUTO_FREE char *text = mem_alloc(FILE_SIZE_MAX + 1);
	struct stat st;
	ssize_t n;
	int fd, rc;

	if (text == NULL)
		return -ENOMEM;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) < 0) {
		rc = -errno;
		if (fd >= 0)
			close(fd);
		return err_set(rc, "%s: %s", path, strerror(-rc));
	}
	rc = check_owner(path, &st);
	n = rc < 0 || !S_ISREG(st.st_mode) ? -1 : read(fd, text, FILE_SIZE_MAX + 1);
	close(fd);
	if (rc < 0)
		return rc;
	if (n < 0 || n > FILE_SIZE_MAX)
		return err_set(ERR_PARSE, "%s is not a file of at most %d bytes", path,
			       FILE_SIZE_MAX);
	text[n] = '\0';
	*ret_text = TAKE(text);
	return 0;
}

static char *
trim(char *s)
{
	size_t len;

	s += strspn(s, " \t\r");
	len = strlen(s);
	while (len > 0 && strchr(" \t\r", s[len - 1]) != NULL)
		s[--len] = '\0';
	return s;
}

/* Reads one line, which it changes.  Returns 0, ERR_PARSE or -ENOMEM. */
static int
parse_line(struct service_registration *r, char *line, unsigned *seen)
{
	char *value;

	line = trim(line);
	if (line[0] == '\0' || line[0] == '#')
		return 0;
	value = strchr(line, '=');
	if (value == NULL)
		return ERR_PARSE;
	*value++ = '\0';
	return service_registration_set(r, trim(line), trim(value), seen);
}

static int
parse(const char *path, char *text, struct service_registration *r)
{
	unsigned seen = 0, number = 0;
	const char *missing;
	char *line;

	while ((line = strsep(&text, "\n")) != NULL) {
		int rc = parse_line(r, line, &seen);

		number++;
		if (rc == -ENOMEM)
			return rc;
		if (rc < 0)
			return err_set(ERR_PARSE,
				       "%s: line %u is not `key = value` with a known "
				       "key and a valid value",
				       path, number);
	}
	missing = service_registration_missing(seen);
	if (missing == NULL && r->library == NULL)
		missing = "library";
	if (missing != NULL)
		return err_set(ERR_PARSE, "%s: the key %s is missing", path, missing);
	return check_path_owner(r->library);
}

/* Reads one file and adds what it registers. Returns 0, -ENOMEM, or why the file is left out. */
static int
read_registration(struct service_registrations *list, const char *path)
{
	AUTO(service_registration_fini) struct service_registration registration = { 0 };
	AUTO_FREE char *text = NULL;
	int rc = read_file(path, &text);

	if (rc == 0)
		rc = parse(path, text, &registration);
	if (rc == 0)
		rc = service_registrations_add(list, &registration);
	if (rc == ERR_NAME_IN_USE)
		return err_set(rc, "%s: another provider is registered with this id", path);
	return rc;
}

static int
is_registration(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return entry->d_name[0] != '.' && len > strlen(SUFFIX) &&
	       str_equal(entry->d_name + len - strlen(SUFFIX), SUFFIX);
}

/* Reads the files in the order of their names. */
int
service_registry_scan(struct service_registrations *list)
{
	const char *path = directory();
	struct dirent **entries = NULL;
	int count, rc = 0;

	count = scandir(path, &entries, is_registration, alphasort);
	if (count < 0)
		return errno == ENOMEM ? -ENOMEM : 0;
	if (count > 0 && check_path_owner(path) < 0) {
		log_warning("service.register_ignored", "error=\"%s\"", err_text(ERR_ACCESS));
		rc = ERR_ACCESS;
	}
	for (int i = 0; i < count; i++) {
		AUTO_FREE char *file = str_printf("%s/%s", path, entries[i]->d_name);

		if (rc == 0) {
			int one = file == NULL ? -ENOMEM : read_registration(list, file);

			if (one == -ENOMEM)
				rc = one;
			else if (one < 0)
				log_warning("service.registration_ignored", "error=\"%s\"",
					    err_text(one));
		}
		free(entries[i]);
	}
	free(entries);
	return rc == -ENOMEM ? rc : 0;
}

/* ---- writing a file ---- */

static char *
path_of(const struct guid *id)
{
	char text[GUID_TEXT_SIZE];

	return str_printf("%s/%s%s", directory(), guid_format(id, text), SUFFIX);
}

static char *
text_of(const struct service_registration *r)
{
	char id[GUID_TEXT_SIZE], clsid[GUID_TEXT_SIZE], version_id[GUID_TEXT_SIZE];
	struct guid guid;

	com_guid_in(&r->clsid, &guid);
	guid_format(&guid, clsid);
	com_guid_in(&r->version_id, &guid);
	guid_format(&guid, version_id);
	return str_printf("# Written by IVdsAdmin::RegisterProvider.\n"
			  "id = %s\nclsid = %s\nname = %s\ntype = %s\nversion = %s\n"
			  "version_id = %s\nlibrary = %s\n",
			  guid_format(&r->id, id), clsid, r->name, service_registration_type(r),
			  r->version, version_id, r->library);
}

static int
write_all(int fd, const char *text)
{
	size_t left = strlen(text);

	while (left > 0) {
		ssize_t n = write(fd, text, left);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			text += n;
			left -= (size_t)n;
		}
	}
	return fsync(fd) < 0 ? -errno : 0;
}

/* Makes the directory of the register and the one above it, when they are missing. */
static void
make_directory(void)
{
	AUTO_FREE char *parent = str_dup(directory());
	char *slash = parent != NULL ? strrchr(parent, '/') : NULL;

	if (slash != NULL && slash != parent) {
		*slash = '\0';
		(void)mkdir(parent, 0755);
	}
	(void)mkdir(directory(), 0755); /* the file cannot be made when this fails */
}

/* Writes a file that must not exist yet: under another name first, so that no reader sees half. */
static int
write_file(const char *path, const char *text)
{
	AUTO_FREE char *temporary = str_printf("%s.new-%ld", path, (long)getpid());
	int fd, rc;

	if (temporary == NULL)
		return -ENOMEM;
	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return err_set(-errno, "%s: %s", temporary, strerror(errno));
	rc = write_all(fd, text);
	close(fd);
	if (rc == 0 && link(temporary, path) < 0)
		rc = errno == EEXIST ? ERR_NAME_IN_USE : -errno;
	unlink(temporary);
	if (rc == ERR_NAME_IN_USE)
		return err_set(rc, "a provider is registered in %s", path);
	return rc < 0 ? err_set(rc, "%s: %s", path, strerror(-rc)) : 0;
}

int
service_registry_add(const struct service_registration *registration)
{
	AUTO_FREE char *path = path_of(&registration->id);
	AUTO_FREE char *text = text_of(registration);

	if (path == NULL || text == NULL)
		return -ENOMEM;
	make_directory();
	return write_file(path, text);
}

int
service_registry_remove(const struct guid *id)
{
	AUTO_FREE char *path = path_of(id);

	if (path == NULL)
		return -ENOMEM;
	if (unlink(path) == 0)
		return 0;
	if (errno == ENOENT)
		return err_set(ERR_NOT_FOUND, "no provider is registered in %s", path);
	return err_set(-errno, "%s: %s", path, strerror(errno));
}
