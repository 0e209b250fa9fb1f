/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `vdsctl NOUN maintain` and `vdsctl maintenance list`: operations by which a person finds or tries
 * a part of the array (blink, beep, ping, spin-up), and where they go on.
 */
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "vdsctl/ctl_int.h"

/* The array is the only one of its noun, so no argument names it. */
static int
object_resolve(struct ctl *ctl, struct guid *ret_id, const char *const **ret_rest)
{
	json_t *json = NULL;
	const char *text;
	int rc;

	*ret_rest = ctl->args + (ctl->command->family != ROW_ARRAY);
	if (ctl->command->family != ROW_ARRAY)
		return ctl_resolve(ctl, ctl->command->family, ctl->args[0], ret_id);
	rc = ctl_ask(ctl, VERB_ARRAY_GET, NULL, NULL, &json);
	text = json_string_value(json_object_get(json, "id"));
	if (rc == 0 && (text == NULL || guid_parse(text, ret_id) < 0))
		rc = err_set(ERR_PROTOCOL, "vdsd names no array");
	json_decref(json);
	return rc;
}

/* The number of pulses beyond the first; only `pulse` has one. */
static int
count_parse(const char *text, uint64_t *ret_count)
{
	*ret_count = 0;
	if (text != NULL && (str_parse_u64(text, ret_count) < 0 || *ret_count > UINT32_MAX))
		return err_set(ERR_INVALID, "%s is not a number of pulses", text);
	return 0;
}

int
ctl_run_maintain(struct ctl *ctl)
{
	const char *const *rest;
	struct client_answer answer = { 0 };
	const char *operation = NULL, *action = NULL;
	uint64_t count = 0;
	struct guid id;
	int rc = object_resolve(ctl, &id, &rest);

	if (rc == 0) {
		operation = rest[0];
		action = rest[1];
		rc = count_parse(rest + 2 < ctl->args + ctl->arg_count ? rest[2] : NULL, &count);
	}
	if (rc == 0)
		rc = client_maintain(ctl->client, &id, operation, action, count, &answer);
	return ctl_done(ctl, rc, &answer, "%s: %s done%s", operation, action,
			answer.existed ? "; it went on before" : "");
}

/* ---- maintenance list ---- */

/* Returns the family with this name, or ROW_FAMILY_COUNT. */
static enum row_family
family_named(const char *name)
{
	for (int family = 0; family < ROW_FAMILY_COUNT; family++)
		if (strcmp(row_type((enum row_family)family)->name, name) == 0)
			return (enum row_family)family;
	return ROW_FAMILY_COUNT;
}

/* The name of an object that can be maintained; NULL when it has gone. */
static const char *
name_of(const struct ctl_view *view, enum row_family family, const struct guid *id)
{
	const struct state *state = family < ROW_CONFIG_COUNT ? view->config : view->live;
	const void *row = state_find(state, family, id);

	if (row == NULL)
		return NULL;
	switch (family) {
	case ROW_ARRAY:
		return ((const struct row_array *)row)->name;
	case ROW_CONTROLLER:
		return ((const struct row_controller *)row)->name;
	case ROW_LIVE_PORT:
		return ((const struct row_live_port *)row)->name;
	case ROW_LIVE_DRIVE:
		return ((const struct row_live_drive *)row)->name;
	default:
		return ctl_lun_name(view, id);
	}
}

void
ctl_maintenance_row(struct table *table, const struct ctl_view *view, const void *row)
{
	const struct row_live_maintenance *maintenance = row;
	enum row_family family = family_named(maintenance->kind);

	table_add(table, family < ROW_FAMILY_COUNT ? ctl_command_noun(family) : maintenance->kind);
	table_add(table,
		  family < ROW_FAMILY_COUNT ? name_of(view, family, &maintenance->id) : NULL);
	table_add(table, maintenance->operations);
	ctl_cell_id(table, &maintenance->id);
}
