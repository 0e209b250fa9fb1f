/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reads vdsd.conf, which says what vdsd must know before it has a catalog: `key = value` lines, and
 * comments that begin with '#'.  Called by main at the start, and by the main thread on SIGHUP.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "vdsd/vdsd_int.h"

static char *
trim(char *text)
{
	size_t len;

	text += strspn(text, " \t");
	len = strlen(text);
	while (len > 0 && strchr(" \t\r\n", text[len - 1]) != NULL)
		text[--len] = '\0';
	return text;
}

int
vdsd_conf_line(struct vdsd_options *options, char *line)
{
	char *key = trim(line), *value;

	if (key[0] == '\0' || key[0] == '#')
		return 0;
	value = strchr(key, '=');
	if (value == NULL)
		return err_set(ERR_INVALID, "`%s` is not of the form key = value", key);
	*value++ = '\0';
	key = trim(key);
	value = trim(value);
	for (size_t i = 0; i < vdsd_key_count; i++) {
		int rc;

		if (!vdsd_keys[i].in_conf || strcmp(vdsd_keys[i].name, key) != 0)
			continue;
		rc = vdsd_key_once(&vdsd_keys[i], &options->in_conf);
		return rc < 0 ? rc : vdsd_keys[i].set(options, value);
	}
	return err_set(ERR_INVALID, "there is no key `%s`", key);
}

static int
lines_read(struct vdsd_options *options, FILE *file, const char *path)
{
	char *line = NULL;
	size_t size = 0;
	int rc = 0, number = 0;

	while (rc == 0 && getline(&line, &size, file) >= 0) {
		number++;
		rc = vdsd_conf_line(options, line);
	}
	free(line);
	if (rc == 0 && ferror(file)) /* a directory, for one */
		return err_set(-EIO, "cannot read %s", path);
	if (rc < 0) {
		char text[256];

		snprintf(text, sizeof(text), "%s", err_text(rc));
		rc = err_set(rc, "%s, line %d: %s", path, number, text);
	}
	return rc;
}

int
vdsd_conf_load(struct vdsd_options *options)
{
	const char *path = options->conf != NULL ? options->conf : VDSD_DEFAULT_CONF;
	FILE *file;
	int rc;

	if (options->conf == NULL && access(VDSD_FORMER_CONF, F_OK) == 0)
		return err_set(ERR_INVALID,
			       "%s is now %s: move it there, so that one file says what holds",
			       VDSD_FORMER_CONF, VDSD_DEFAULT_CONF);
	file = fopen(path, "re");
	if (file == NULL) {
		if (errno == ENOENT && options->conf == NULL)
			return 0;
		return err_set(-errno, "cannot read %s: %s", path, strerror(errno));
	}
	options->https.complete = options->https.count > 0;
	options->https_names.complete = options->https_names.count > 0;
	rc = lines_read(options, file, path);
	fclose(file);
	return rc;
}
