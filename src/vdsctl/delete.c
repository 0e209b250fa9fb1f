/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `vdsctl NOUN delete`, for every noun.  The array refuses to delete a LUN in use without --force,
 * and its answer says what would be lost.
 */
#include "vdsctl/ctl_int.h"

int
ctl_run_delete(struct ctl *ctl)
{
	enum row_family family = ctl->command->family;
	const struct verb_args args = {
		.with_portals = family == ROW_PORTAL_GROUP,
		.force = ctl->options[OPT_FORCE] != NULL,
		.now = ctl->options[OPT_NOW] != NULL,
	};
	struct client_answer answer;
	struct guid object;
	int rc = ctl_resolve(ctl, family, ctl->args[0], &object);

	if (rc == 0)
		rc = client_change(ctl->client, ctl_verbs(family)->delete, &object, &args, &answer);
	return ctl_done(ctl, rc, &answer, "%s %s %s", ctl_noun(family), ctl->args[0],
			family == ROW_LIVE_SESSION ? "ended" : "deleted");
}
