/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `vdsctl health`: what is wrong with the array, for people and for monitoring systems.  The exit
 * status is that of a monitoring plug-in: 0 ok, 1 warning, 2 critical, 3 when that cannot be told,
 * whatever the reason.
 */
#include <errno.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/table.h"
#include "vdsctl/ctl_int.h"

static const char *
member(const json_t *json, const char *name)
{
	return json_string_value(json_object_get(json, name));
}

static int
problems_print(const struct ctl *ctl, const json_t *problems)
{
	AUTO_TABLE struct table *table = table_new("LEVEL|WHAT|TO DO");

	if (table == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < json_array_size(problems); i++) {
		const json_t *problem = json_array_get(problems, i);

		table_add(table, member(problem, "level"));
		table_add(table, member(problem, "text"));
		table_add(table, member(problem, "hint"));
	}
	return table_print(table, ctl->out);
}

static int
health_print(const struct ctl *ctl, const json_t *json)
{
	const json_t *problems = json_object_get(json, "problems");

	if (ctl->json)
		return ctl_json_print(json, ctl->out);
	if (!ctl->quiet && json_array_size(problems) == 0)
		fprintf(ctl->out, "ok\n");
	else if (!ctl->quiet)
		return problems_print(ctl, problems);
	return 0;
}

static enum ctl_monitor
status_of(const json_t *json)
{
	const char *status = member(json, "status");

	if (str_equal(status, "ok"))
		return CTL_MONITOR_OK;
	if (str_equal(status, "warning"))
		return CTL_MONITOR_WARNING;
	if (str_equal(status, "critical"))
		return CTL_MONITOR_CRITICAL;
	return CTL_MONITOR_UNKNOWN;
}

int
ctl_run_health(struct ctl *ctl)
{
	json_t *json = NULL;
	int rc = ctl_ask(ctl, VERB_HEALTH, NULL, NULL, &json);
	if (rc == 0)
		rc = health_print(ctl, json);
	if (rc == 0)
		ctl->monitor_status = status_of(json);
	json_decref(json);
	return rc;
}
