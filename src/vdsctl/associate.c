/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which LUN is behind which target. */
#include <errno.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "vdsctl/ctl_int.h"

/* An array of the ids of the targets named from args[first] on. */
static int
targets_resolve(struct ctl *ctl, size_t first, json_t **ret_ids)
{
	json_t *ids = json_array();
	int rc = 0;

	for (size_t i = first; i < ctl->arg_count && rc == 0; i++) {
		char text[GUID_TEXT_SIZE];
		struct guid id;

		rc = ctl_resolve(ctl, ROW_TARGET, ctl->args[i], &id);
		if (rc == 0)
			json_array_append_new(ids, json_string(guid_format(&id, text)));
	}
	if (rc < 0)
		json_decref(ids);
	else
		*ret_ids = ids;
	return rc;
}

/* Takes ids. */
static int
targets_change(struct ctl *ctl, const char *method, const char *member, json_t *ids,
	       const char *done)
{
	char path[64], id[GUID_TEXT_SIZE];
	struct guid lun;
	int rc = ctl_resolve(ctl, ROW_LUN, ctl->args[0], &lun);

	if (rc < 0) {
		json_decref(ids);
		return rc;
	}
	snprintf(path, sizeof(path), "/v1/luns/%s/targets", guid_format(&lun, id));
	return ctl_change(ctl, method, json_pack("{s:o}", member, ids), path, done);
}

int
ctl_run_lun_associate(struct ctl *ctl)
{
	json_t *ids = NULL;
	int rc = targets_resolve(ctl, 1, &ids);

	if (rc < 0)
		return rc;
	if (ctl->options[OPT_ADD] != NULL)
		return targets_change(ctl, "PATCH", "add", ids, "associated");
	return targets_change(ctl, "PUT", "targets", ids, "associated");
}

int
ctl_run_lun_dissociate(struct ctl *ctl)
{
	json_t *ids = NULL;
	int rc = targets_resolve(ctl, 1, &ids);

	if (rc < 0)
		return rc;
	if (ctl->arg_count > 1)
		return targets_change(ctl, "PATCH", "remove", ids, "dissociated");
	return targets_change(ctl, "PUT", "targets", ids, "dissociated");
}

/* ---- questions ---- */

static int
associations_json(struct ctl *ctl, const char *fmt, const struct guid *id)
{
	char text[GUID_TEXT_SIZE];
	json_t *json = NULL;
	int rc = ctl_call(ctl, "GET", NULL, &json, "/v1/%s/%s/%s", ctl_plural(ctl->command->family),
			  guid_format(id, text), fmt);

	if (rc == 0)
		rc = ctl_json_print(json_object_get(json, "items"), ctl->out);
	json_decref(json);
	return rc;
}

static int
targets_table(struct ctl *ctl, const struct guid *lun)
{
	static const struct ctl_column columns[] = {
		{ "ALIAS", false }, { "NAME", false }, { "LUN", true }, { "ID", false }
	};
	AUTO_CTL_VIEW struct ctl_view view = { NULL, NULL };
	struct ctl_table *table;
	struct row_slice slice;
	char id[GUID_TEXT_SIZE];
	int rc = ctl_view_load(ctl, &view);

	if (rc < 0)
		return rc;
	if (state_find(view.config, ROW_LUN, lun) == NULL)
		return err_set(ERR_NOT_FOUND, "there is no LUN %s", ctl->args[0]);
	table = ctl_table_new(columns, ARRAY_LEN(columns));
	if (table == NULL)
		return -ENOMEM;
	slice = state_lun_targets(view.config, lun);
	for (size_t i = 0; i < slice.count; i++) {
		const struct row_association *pair = slice.rows[i];
		const struct row_target *target = state_find(view.config, ROW_TARGET,
							     &pair->target_id);

		ctl_table_add(table, target != NULL ? target->alias : NULL);
		ctl_table_add(table, target != NULL ? target->iscsi_name : NULL);
		ctl_table_addf(table, "%u", pair->lun_number);
		ctl_table_add(table, guid_format(&pair->target_id, id));
	}
	rc = ctl_table_print(table, ctl->out);
	ctl_table_free(table);
	return rc;
}

static int
luns_table(struct ctl *ctl, const struct guid *target)
{
	static const struct ctl_column columns[] = {
		{ "LUN", true }, { "NAME", false }, { "SIZE", true }, { "ID", false }
	};
	AUTO_CTL_VIEW struct ctl_view view = { NULL, NULL };
	struct ctl_table *table;
	struct row_slice slice;
	char id[GUID_TEXT_SIZE], size[32];
	int rc = ctl_view_load(ctl, &view);

	if (rc < 0)
		return rc;
	if (state_find(view.config, ROW_TARGET, target) == NULL)
		return err_set(ERR_NOT_FOUND, "there is no target %s", ctl->args[0]);
	table = ctl_table_new(columns, ARRAY_LEN(columns));
	if (table == NULL)
		return -ENOMEM;
	slice = state_target_luns(view.config, target);
	for (size_t i = 0; i < slice.count; i++) {
		const struct row_association *pair = slice.rows[i];
		const struct row_lun *lun = state_find(view.config, ROW_LUN, &pair->lun_id);

		ctl_table_addf(table, "%u", pair->lun_number);
		ctl_table_add(table, lun != NULL ? lun->name : NULL);
		ctl_table_add(table, lun != NULL
					     ? str_format_size(lun->size_bytes, size, sizeof(size))
					     : NULL);
		ctl_table_add(table, guid_format(&pair->lun_id, id));
	}
	rc = ctl_table_print(table, ctl->out);
	ctl_table_free(table);
	return rc;
}

int
ctl_run_lun_targets(struct ctl *ctl)
{
	struct guid lun;
	int rc = ctl_resolve(ctl, ROW_LUN, ctl->args[0], &lun);

	if (rc < 0)
		return rc;
	return ctl->json ? associations_json(ctl, "targets", &lun) : targets_table(ctl, &lun);
}

int
ctl_run_target_luns(struct ctl *ctl)
{
	struct guid target;
	int rc = ctl_resolve(ctl, ROW_TARGET, ctl->args[0], &target);

	if (rc < 0)
		return rc;
	return ctl->json ? associations_json(ctl, "luns", &target) : luns_table(ctl, &target);
}
