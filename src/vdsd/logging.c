/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What vdsd logs, and how that is changed while it runs: an administrator edits vdsd.conf and sends
 * SIGHUP (`systemctl reload vdsd`).  Main thread.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "vdsd/vdsd_int.h"

bool
vdsd_log_area_exists(const char *name)
{
	size_t len = strlen(name);

	if (str_equal(name, "all"))
		return true;
	for (const struct log_area *area = log_area_next(NULL); area != NULL;
	     area = log_area_next(area))
		if (strncmp(area->name, name, len) == 0 &&
		    (area->name[len] == '\0' || area->name[len] == '.'))
			return true;
	return false;
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void
vdsd_log_areas_print(void)
{
	const char *names[64] = { NULL };
	size_t count = 0;

	for (const struct log_area *area = log_area_next(NULL);
	     area != NULL && count < ARRAY_LEN(names); area = log_area_next(area))
		names[count++] = area->name;
	qsort(names, count, sizeof(names[0]), compare_names);
	for (size_t i = 0; i < count; i++)
		printf("%s\n", names[i]);
}

void
vdsd_log_apply(const struct vdsd_options *options)
{
	enum log_level level = LOG_LEVEL_INFO;
	AUTO_FREE char *areas = options->debug != NULL ? str_dup(options->debug) : NULL;
	char *rest = areas;

	if (options->log_level != NULL)
		log_level_parse(options->log_level, &level);
	log_set_level(level);
	log_area_disable("all");
	for (const char *area; areas != NULL && (area = strtok_r(rest, " ", &rest)) != NULL;)
		log_area_enable(area);
}
