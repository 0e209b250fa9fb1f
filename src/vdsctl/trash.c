/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The commands of the trash: deleted LUNs that their pools keep for a time. */
#include <errno.h>

#include "base/err.h"
#include "base/mem.h"
#include "vdsctl/ctl_int.h"

int
ctl_run_lun_restore(struct ctl *ctl)
{
	const char *name = ctl->options[OPT_NAME];
	struct client_answer answer;
	struct guid lun;
	int rc = ctl_resolve(ctl, ROW_TRASHED_LUN, ctl->args[0], &lun);

	if (rc == 0)
		rc = client_trash_restore(ctl->client, &lun, name,
					  ctl->options[OPT_UNASSOCIATED] != NULL, &answer);
	return ctl_done(ctl, rc, &answer, "LUN %s restored", name != NULL ? name : ctl->args[0]);
}

/* Removes every LUN that is in the trash when the command begins. */
static int
empty_all(struct ctl *ctl)
{
	struct client_answer answer = { 0 };
	json_t *items = NULL;
	size_t count = 0;
	int rc = ctl_list(ctl, VERB_TRASH_LIST, NULL, &items);

	for (size_t i = 0; rc == 0 && i < json_array_size(items); i++) {
		const json_t *item = json_array_get(items, i);
		const char *id = json_string_value(json_object_get(item, "id"));
		struct guid lun;

		if (id == NULL || guid_parse(id, &lun) < 0)
			rc = err_set(ERR_PROTOCOL, "vdsd's list has an object without an id");
		else
			rc = client_trash_empty(ctl->client, &lun, &answer);
		if (rc == ERR_NOT_FOUND) /* its time was over meanwhile */
			rc = 0;
		else
			count += rc == 0;
	}
	json_decref(items);
	if (rc == 0 && !ctl->quiet && !ctl->json)
		fprintf(ctl->out, "%zu deleted LUN%s removed for good\n", count,
			count == 1 ? "" : "s");
	return rc;
}

int
ctl_run_trash_empty(struct ctl *ctl)
{
	int rc = 0;

	if (ctl->arg_count == 0)
		return empty_all(ctl);
	for (size_t i = 0; rc == 0 && i < ctl->arg_count; i++) {
		struct client_answer answer;
		struct guid lun;

		rc = ctl_resolve(ctl, ROW_TRASHED_LUN, ctl->args[i], &lun);
		if (rc == 0)
			rc = client_trash_empty(ctl->client, &lun, &answer);
		rc = ctl_done(ctl, rc, &answer, "deleted LUN %s removed for good", ctl->args[i]);
	}
	return rc;
}
