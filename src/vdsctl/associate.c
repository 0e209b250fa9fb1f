/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The commands that set and show which LUN is behind which target. */
#include <errno.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "vdsctl/ctl_int.h"

/* Makes the array of the ids of the targets named from the second argument on (mem_free). */
static int
targets_resolve(struct ctl *ctl, struct guid **ret_ids)
{
	AUTO_FREE struct guid *ids = mem_calloc(ctl->arg_count, sizeof(*ids));
	int rc = ids != NULL ? 0 : -ENOMEM;

	for (size_t i = 1; i < ctl->arg_count && rc == 0; i++)
		rc = ctl_resolve(ctl, ROW_TARGET, ctl->args[i], &ids[i - 1]);
	if (rc == 0)
		*ret_ids = TAKE(ids);
	return rc;
}

/* Says behind how many targets the LUN is now. */
static int
targets_print(struct ctl *ctl, const struct guid *lun)
{
	json_t *json = NULL;
	int rc = ctl_ask(ctl, VERB_LUN_TARGETS, lun, NULL, &json);
	size_t count = json_array_size(json_object_get(json, "items"));

	if (rc == 0 && count == 0)
		fprintf(ctl->out, "LUN %s is behind no target now\n", ctl->args[0]);
	else if (rc == 0)
		fprintf(ctl->out, "LUN %s is behind %zu target%s now\n", ctl->args[0], count,
			count > 1 ? "s" : "");
	json_decref(json);
	return rc;
}

typedef int targets_call(struct client *client, const struct guid *lun, const struct guid *targets,
			 size_t count, struct client_answer *ret_answer);

/* Makes the call for the LUN of the first argument and the targets of the others. */
static int
targets_change(struct ctl *ctl, targets_call *call)
{
	AUTO_FREE struct guid *targets = NULL;
	struct client_answer answer;
	struct guid lun;
	int rc = targets_resolve(ctl, &targets);

	if (rc == 0)
		rc = ctl_resolve(ctl, ROW_LUN, ctl->args[0], &lun);
	if (rc == 0)
		rc = call(ctl->client, &lun, targets, ctl->arg_count - 1, &answer);
	if (rc < 0 || ctl->json || ctl->quiet)
		return ctl_done(ctl, rc, &answer, "%s", "");
	return targets_print(ctl, &lun);
}

int
ctl_run_lun_associate(struct ctl *ctl)
{
	bool add = ctl->options[OPT_ADD] != NULL;

	return targets_change(ctl, add ? client_lun_add_targets : client_lun_associate);
}

int
ctl_run_lun_dissociate(struct ctl *ctl)
{
	bool all = ctl->arg_count == 1;

	return targets_change(ctl, all ? client_lun_associate : client_lun_remove_targets);
}

/* ---- questions ---- */

static int
associations_json(struct ctl *ctl, enum verb_id verb, const struct guid *id)
{
	json_t *json = NULL;
	int rc = ctl_ask(ctl, verb, id, NULL, &json);

	if (rc == 0)
		rc = ctl_json_print(json_object_get(json, "items"), ctl->out);
	json_decref(json);
	return rc;
}

static int
targets_table(struct ctl *ctl, const struct guid *lun)
{
	static const char columns[] = "ALIAS|NAME|>LUN|ID";
	AUTO_CTL_VIEW struct ctl_view view = { NULL, NULL };
	struct table *table;
	struct row_slice slice;
	char id[GUID_TEXT_SIZE];
	int rc = ctl_view_load(ctl, &view);

	if (rc < 0)
		return rc;
	if (state_find(view.config, ROW_LUN, lun) == NULL)
		return err_set(ERR_NOT_FOUND, "there is no LUN %s", ctl->args[0]);
	table = table_new(columns);
	if (table == NULL)
		return -ENOMEM;
	slice = state_lun_targets(view.config, lun);
	for (size_t i = 0; i < slice.count; i++) {
		const struct row_association *pair = slice.rows[i];
		const struct row_target *target = state_find(view.config, ROW_TARGET,
							     &pair->target_id);

		table_add(table, target != NULL ? target->alias : NULL);
		table_add(table, target != NULL ? target->iscsi_name : NULL);
		table_addf(table, "%u", pair->lun_number);
		table_add(table, guid_format(&pair->target_id, id));
	}
	rc = table_print(table, ctl->out);
	table_free(table);
	return rc;
}

static int
luns_table(struct ctl *ctl, const struct guid *target)
{
	static const char columns[] = ">LUN|NAME|>SIZE|ID";
	AUTO_CTL_VIEW struct ctl_view view = { NULL, NULL };
	struct table *table;
	struct row_slice slice;
	char id[GUID_TEXT_SIZE], size[32];
	int rc = ctl_view_load(ctl, &view);

	if (rc < 0)
		return rc;
	if (state_find(view.config, ROW_TARGET, target) == NULL)
		return err_set(ERR_NOT_FOUND, "there is no target %s", ctl->args[0]);
	table = table_new(columns);
	if (table == NULL)
		return -ENOMEM;
	slice = state_target_luns(view.config, target);
	for (size_t i = 0; i < slice.count; i++) {
		const struct row_association *pair = slice.rows[i];
		const struct row_lun *lun = state_find(view.config, ROW_LUN, &pair->lun_id);

		table_addf(table, "%u", pair->lun_number);
		table_add(table, ctl_lun_name(&view, &pair->lun_id));
		table_add(table, lun != NULL ? str_format_size(lun->size_bytes, size, sizeof(size))
					     : NULL);
		table_add(table, guid_format(&pair->lun_id, id));
	}
	rc = table_print(table, ctl->out);
	table_free(table);
	return rc;
}

int
ctl_run_lun_targets(struct ctl *ctl)
{
	struct guid lun;
	int rc = ctl_resolve(ctl, ROW_LUN, ctl->args[0], &lun);

	if (rc < 0)
		return rc;
	return ctl->json ? associations_json(ctl, VERB_LUN_TARGETS, &lun)
			 : targets_table(ctl, &lun);
}

int
ctl_run_target_luns(struct ctl *ctl)
{
	struct guid target;
	int rc = ctl_resolve(ctl, ROW_TARGET, ctl->args[0], &target);

	if (rc < 0)
		return rc;
	return ctl->json ? associations_json(ctl, VERB_TARGET_LUNS, &target)
			 : luns_table(ctl, &target);
}
