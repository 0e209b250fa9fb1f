/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `vdsctl NOUN delete`.  Deleting a LUN takes its data away, so a LUN that somebody may be using is
 * deleted with --force only; the refusal says what would be lost.
 */
#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "vdsctl/ctl_int.h"

int
ctl_run_delete(struct ctl *ctl)
{
	enum row_family family = ctl->command->family;
	const struct verb_args args = {
		.with_portals = family == ROW_PORTAL_GROUP,
		.force = ctl->options[OPT_FORCE] != NULL,
	};
	struct client_answer answer;
	struct guid object;
	int rc = ctl_resolve(ctl, family, ctl->args[0], &object);

	if (rc == 0)
		rc = client_change(ctl->client, ctl_verbs(family)->delete, &object, &args, &answer);
	return ctl_done(ctl, rc, &answer, family == ROW_LIVE_SESSION ? "ended" : "deleted");
}

/* ---- LUNs ---- */

/* Sessions that see the LUN through this target now. */
static size_t
sessions_through(const struct ctl_view *view, const struct row_lun *lun, const struct guid *target)
{
	size_t count = 0;

	for (size_t i = 0; i < state_count(view->live, ROW_LIVE_SESSION); i++) {
		const struct row_live_session *session = state_at(view->live, ROW_LIVE_SESSION, i);

		count += guid_equal(&session->target_id, target) &&
			 mask_admits(lun->mask != NULL ? lun->mask : "", session->initiator);
	}
	return count;
}

/*
 * Refuses when the LUN is behind a target: "LUN vol1 (10 GiB) is behind the targets web, db and 2
 * sessions can use it".
 */
static int
use_check(const struct ctl_view *view, const struct row_lun *lun)
{
	struct row_slice targets = state_lun_targets(view->config, &lun->id);
	struct strbuf names;
	AUTO_FREE char *list = NULL;
	size_t sessions = 0;
	char size[32];

	if (targets.count == 0)
		return 0;
	strbuf_init(&names);
	for (size_t i = 0; i < targets.count; i++) {
		const struct row_association *pair = targets.rows[i];
		const char *name = ctl_target_name(view, &pair->target_id);

		sessions += sessions_through(view, lun, &pair->target_id);
		strbuf_addf(&names, "%s%s", i > 0 ? ", " : "", name != NULL ? name : "?");
	}
	list = strbuf_take(&names);
	if (list == NULL)
		return -ENOMEM;
	return err_set(ERR_IN_USE,
		       "LUN %s is in use: it is behind the target%s %s, and %zu session%s can use "
		       "it; --force deletes "
		       "it all the same, and its %s of data are lost",
		       lun->name, targets.count > 1 ? "s" : "", list, sessions,
		       sessions == 1 ? "" : "s",
		       str_format_size(lun->size_bytes, size, sizeof(size)));
}

/* The array has the last word; this check is for a text that names everything. */
int
ctl_run_lun_delete(struct ctl *ctl)
{
	AUTO_CTL_VIEW struct ctl_view view = { NULL, NULL };
	const struct row_lun *lun;
	struct guid id;
	int rc;

	if (ctl->options[OPT_FORCE] != NULL)
		return ctl_run_delete(ctl);
	rc = ctl_resolve(ctl, ROW_LUN, ctl->args[0], &id);
	if (rc == 0)
		rc = ctl_view_load(ctl, &view);
	if (rc < 0)
		return rc;
	lun = state_find(view.config, ROW_LUN, &id);
	rc = lun != NULL ? use_check(&view, lun) : 0;
	return rc < 0 ? rc : ctl_run_delete(ctl);
}
