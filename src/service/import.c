/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Import targets in files, for Linux.  Any thread may call it. */
#include "service/import_int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"

static const char *
directory(void)
{
	const char *path = secure_getenv("VDS_IMPORT_TARGETS");

	return path != NULL && path[0] != '\0' ? path : "/var/lib/vds/import-targets";
}

static char *
path_of(const char *id)
{
	return str_printf("%s/%s", directory(), id);
}

/* Returns the HRESULT for the errno of a system call about a path. */
static HRESULT
system_error(const char *path, int error)
{
	char text[512];

	snprintf(text, sizeof(text), "%s: %s", path, strerror(error));
	return com_fail(error == EACCES || error == EPERM || error == EROFS ? VDS_E_ACCESS_DENIED
									    : com_hresult(-error),
			text);
}

HRESULT
service_import_read(const char *id, LPWSTR *ret_name)
{
	AUTO_FREE char *path = path_of(id);
	char name[SERVICE_IMPORT_NAME_MAX + 2];
	FILE *file;
	bool got;

	if (path == NULL)
		return com_error(-ENOMEM);
	file = fopen(path, "re");
	if (file == NULL && errno == ENOENT)
		return com_fail(VDS_E_NO_IMPORT_TARGET, "no import target is set");
	if (file == NULL)
		return system_error(path, errno);
	got = fgets(name, sizeof(name), file) != NULL;
	fclose(file);
	if (!got)
		return com_fail(VDS_E_NO_IMPORT_TARGET, "no import target is set");
	name[strcspn(name, "\n")] = '\0';
	return com_error(com_string_out(name, ret_name));
}

/*
 * Makes the directory, and the one above it: nobody else makes /var/lib/vds.  Returns 0 or errno.
 */
static int
directory_make(void)
{
	AUTO_FREE char *parent = str_dup(directory());
	char *slash = parent != NULL ? strrchr(parent, '/') : NULL;

	if (parent == NULL)
		return ENOMEM;
	if (slash != NULL && slash > parent) {
		*slash = '\0';
		if (mkdir(parent, 0755) < 0 && errno != EEXIST)
			return errno;
	}
	return mkdir(directory(), 0755) < 0 && errno != EEXIST ? errno : 0;
}

/*
 * Writes the file under another name first, so that no reader sees half of it.  Returns 0 or errno.
 */
static int
write_target(const char *path, const char *name)
{
	AUTO_FREE char *temporary = str_printf("%s.new-%ld", path, (long)getpid());
	int error = temporary != NULL ? directory_make() : ENOMEM;
	FILE *file;

	if (error != 0)
		return error;
	file = fopen(temporary, "we");
	if (file == NULL)
		return errno;
	if (fprintf(file, "%s\n", name) < 0 || fflush(file) != 0 || fsync(fileno(file)) != 0)
		error = errno;
	if (fclose(file) != 0 && error == 0)
		error = errno;
	if (error == 0 && rename(temporary, path) < 0)
		error = errno;
	if (error != 0)
		unlink(temporary);
	return error;
}

HRESULT
service_import_write(const char *id, const char *name)
{
	AUTO_FREE char *path = path_of(id);
	int error = path != NULL ? write_target(path, name) : ENOMEM;

	if (error == 0)
		return S_OK;
	return path != NULL ? system_error(path, error) : com_error(-ENOMEM);
}

HRESULT
service_import_clear(const char *id)
{
	AUTO_FREE char *path = path_of(id);

	if (path == NULL)
		return com_error(-ENOMEM);
	return unlink(path) == 0 || errno == ENOENT ? S_OK : system_error(path, errno);
}
