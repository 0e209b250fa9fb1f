/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Files that hold secrets, on Windows.  Permissions are not checked: a file inherits those of its
 * folder, and folders of users are closed to other users by default.
 */
#include "base/secret.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <windows.h>

#include "base/err.h"
#include "base/mem.h"

void
secret_wipe(void *bytes, size_t len)
{
	SecureZeroMemory(bytes, len);
}

void
secret_free(char *text, size_t len)
{
	if (text != NULL)
		secret_wipe(text, len);
	mem_free(text);
}

int
secret_read(const char *what, const char *path, size_t max_bytes, char **ret_text, size_t *ret_len)
{
	FILE *file = fopen(path, "rb");
	char *text;
	size_t len;

	if (file == NULL)
		return err_set(-errno, "cannot read %s %s: %s", what, path, strerror(errno));
	text = mem_calloc(1, max_bytes + 2);
	if (text == NULL) {
		fclose(file);
		return -ENOMEM;
	}
	len = fread(text, 1, max_bytes + 1, file);
	fclose(file);
	if (len == 0 || len > max_bytes) {
		secret_free(text, max_bytes + 2);
		return err_set(ERR_INVALID, "%s %s is empty or longer than %zu bytes", what, path,
			       max_bytes);
	}
	text[len] = '\0';
	*ret_text = text;
	*ret_len = len;
	return 0;
}
