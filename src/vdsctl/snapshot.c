/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The commands on snapshots, clones and rollbacks, but for list, show and delete. */
#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "vdsctl/ctl_int.h"

int
ctl_run_snapshot_create(struct ctl *ctl)
{
	size_t count = ctl->arg_count - 1;
	AUTO_FREE struct guid *luns = mem_calloc(count, sizeof(luns[0]));
	struct verb_args args = { .name = ctl->args[0], .luns = { luns, count, true } };
	struct client_answer answer;
	int rc = luns == NULL ? -ENOMEM : 0;

	for (size_t i = 0; rc == 0 && i < count; i++)
		rc = ctl_resolve(ctl, ROW_LUN, ctl->args[i + 1], &luns[i]);
	if (rc == 0)
		rc = client_change(ctl->client, VERB_SNAPSHOT_CREATE, NULL, &args, &answer);
	if (rc == 0 && count == 1)
		return ctl_done(ctl, rc, &answer, "snapshot %s of LUN %s taken", ctl->args[0],
				ctl->args[1]);
	return ctl_done(ctl, rc, &answer, "snapshot %s of %zu LUNs taken", ctl->args[0], count);
}

int
ctl_run_snapshot_rename(struct ctl *ctl)
{
	const struct verb_args args = { .name = ctl->args[1] };
	struct client_answer answer;
	struct guid snapshot;
	int rc = ctl_resolve(ctl, ROW_SNAPSHOT, ctl->args[0], &snapshot);

	if (rc == 0)
		rc = client_change(ctl->client, VERB_SNAPSHOT_CHANGE, &snapshot, &args, &answer);
	return ctl_done(ctl, rc, &answer, "snapshot %s renamed to %s", ctl->args[0], ctl->args[1]);
}

/* Finds the snapshot that the person means for this LUN: its name, LUN@NAME or an id. */
static int
snapshot_of_lun(struct ctl *ctl, const struct guid *lun, const char *text, struct guid *ret_id)
{
	const struct verb_args args = { .name = text, .lun_id = *lun };
	json_t *items = NULL;
	const char *id;
	int rc;

	if (guid_parse(text, ret_id) == 0)
		return 0;
	rc = ctl_list(ctl, VERB_SNAPSHOT_LIST, &args, &items);
	if (rc < 0)
		return rc;
	id = json_string_value(json_object_get(json_array_get(items, 0), "id"));
	rc = id != NULL && guid_parse(id, ret_id) == 0 ? 0 : ERR_NOT_FOUND;
	json_decref(items);
	/* perhaps the beginning of an id, or the name of a snapshot of another LUN */
	return rc < 0 ? ctl_resolve(ctl, ROW_SNAPSHOT, text, ret_id) : 0;
}

int
ctl_run_lun_rollback(struct ctl *ctl)
{
	struct verb_args args = { .force = ctl->options[OPT_FORCE] != NULL };
	struct client_answer answer;
	struct guid lun;
	int rc = ctl_resolve(ctl, ROW_LUN, ctl->args[0], &lun);

	if (rc == 0)
		rc = snapshot_of_lun(ctl, &lun, ctl->args[1], &args.snapshot_id);
	if (rc == 0)
		rc = client_change(ctl->client, VERB_LUN_ROLLBACK, &lun, &args, &answer);
	return ctl_done(ctl, rc, &answer, "LUN %s rolled back to snapshot %s", ctl->args[0],
			ctl->args[1]);
}

/* A LUN of that name comes before a snapshot. */
static int
origin_resolve(struct ctl *ctl, struct guid *ret_id, enum verb_id *ret_verb)
{
	json_t *row = NULL;
	int rc = ctl_resolve(ctl, ROW_LUN, ctl->args[0], ret_id);

	/* an id resolves to itself, whatever it is of */
	if (rc == 0)
		rc = ctl_ask(ctl, VERB_LUN_GET, ret_id, NULL, &row);
	json_decref(row);
	*ret_verb = VERB_LUN_CLONE;
	if (rc != ERR_NOT_FOUND)
		return rc;
	*ret_verb = VERB_SNAPSHOT_CLONE;
	rc = ctl_resolve(ctl, ROW_SNAPSHOT, ctl->args[0], ret_id);
	return rc == ERR_NOT_FOUND
		       ? err_set(rc, "there is no LUN and no snapshot `%s`", ctl->args[0])
		       : rc;
}

int
ctl_run_lun_clone(struct ctl *ctl)
{
	AUTO_FREE char *list = ctl_mask_option(ctl);
	const struct verb_args args = { .name = ctl->args[1],
					.mask = list,
					.copy = ctl->options[OPT_COPY] != NULL };
	enum verb_id verb = VERB_LUN_CLONE;
	struct client_answer answer;
	struct guid origin;
	int rc;

	if (list == NULL)
		return -ENOMEM;
	if (ctl->args[1][0] == '\0')
		return err_set(ERR_INVALID, "the name of the new LUN is empty");
	rc = origin_resolve(ctl, &origin, &verb);
	if (rc == 0)
		rc = client_change(ctl->client, verb, &origin, &args, &answer);
	return ctl_done(ctl, rc, &answer, "LUN %s created from %s", ctl->args[1], ctl->args[0]);
}
