/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Why an initiator can, or cannot, see a LUN: each condition that the data path applies, in the
 * words of the person who has to do something about it.
 */
#include <errno.h>
#include <string.h>

#include "array/array_int.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

struct explanation {
	const struct state *state, *live;
	const struct row_lun *lun;
	struct strbuf text;
};

/* ---- the LUN ---- */

static void
explain_lun(struct explanation *e)
{
	const struct row_live_lun *live = state_find(e->live, ROW_LIVE_LUN, &e->lun->id);

	if (e->lun->status == STATUS_OFFLINE)
		strbuf_addf(&e->text, "LUN %s is offline: it is listed, but its I/O is refused.\n",
			    e->lun->name);
	if (live != NULL && live->health == HEALTH_FAILED)
		strbuf_addf(&e->text,
			    "LUN %s has failed (%s): it is listed, but its I/O is refused until "
			    "its status is set to online again.\n",
			    e->lun->name, live->reason);
	if (live != NULL && live->operation == OPERATION_CREATE)
		strbuf_addf(&e->text, "LUN %s is still being created.\n", e->lun->name);
}

static bool
explain_mask(struct explanation *e, const char *initiator)
{
	AUTO_FREE char *name = NULL;
	int rc = iscsi_name_normalize(initiator, &name);

	if (rc < 0) {
		strbuf_addf(&e->text,
			    "%s is no iSCSI name (iqn., eui. or naa.): it cannot log in.\n",
			    initiator);
		return false;
	}
	if (strcmp(name, initiator) != 0)
		strbuf_addf(&e->text, "The initiator's name is compared as %s.\n", name);
	if (mask_admits(e->lun->mask, name))
		return true;
	if (*e->lun->mask == '\0')
		strbuf_addf(&e->text, "LUN %s is unmasked to nobody: unmask it to %s.\n",
			    e->lun->name, name);
	else
		strbuf_addf(&e->text, "LUN %s is unmasked to other initiators, not to %s.\n",
			    e->lun->name, name);
	return false;
}

/* ---- a path ---- */

/* Does it listen?  Says so when it does not. */
static bool
explain_portal(struct explanation *e, const struct row_portal *portal)
{
	const struct row_live_portal *live = state_find(e->live, ROW_LIVE_PORTAL, &portal->id);

	if (portal->status == STATUS_OFFLINE)
		strbuf_addf(&e->text, "  portal %s port %u is offline.\n", portal->address,
			    portal->port);
	else if (live == NULL)
		strbuf_addf(&e->text, "  portal %s port %u does not listen yet.\n", portal->address,
			    portal->port);
	else if (!live->ready)
		strbuf_addf(&e->text, "  portal %s port %u is not ready: %s.\n", portal->address,
			    portal->port, live->reason);
	else
		return true;
	return false;
}

static bool
explain_groups(struct explanation *e, const struct row_target *target)
{
	struct row_slice groups = state_target_groups(e->state, &target->id);
	size_t portals = 0;
	bool any = false;

	if (groups.count == 0)
		strbuf_addf(&e->text, "  target %s has no portal group: it cannot be reached.\n",
			    target->iscsi_name);
	for (size_t g = 0; g < groups.count; g++) {
		const struct row_portal_group *group = groups.rows[g];
		struct row_slice members = state_group_portals(e->state, &group->id);

		portals += members.count;
		for (size_t i = 0; i < members.count; i++) {
			const struct row_group_portal *member = members.rows[i];
			const struct row_portal *portal = state_find(e->state, ROW_PORTAL,
								     &member->portal_id);

			any = explain_portal(e, portal) || any;
		}
	}
	if (groups.count > 0 && portals == 0)
		strbuf_addf(&e->text, "  target %s has no portal in its portal groups.\n",
			    target->iscsi_name);
	return any;
}

static bool
explain_paths(struct explanation *e)
{
	struct row_slice paths = state_lun_targets(e->state, &e->lun->id);
	bool any = false;

	if (paths.count == 0)
		strbuf_addf(&e->text, "LUN %s is associated with no target.\n", e->lun->name);
	for (size_t i = 0; i < paths.count; i++) {
		const struct row_association *path = paths.rows[i];
		const struct row_target *target = state_find(e->state, ROW_TARGET,
							     &path->target_id);

		if (explain_groups(e, target)) {
			strbuf_addf(&e->text, "Through target %s it is LUN number %u.\n",
				    target->iscsi_name, path->lun_number);
			any = true;
		} else {
			strbuf_addf(&e->text, "Through target %s it cannot be reached.\n",
				    target->iscsi_name);
		}
	}
	return any;
}

int
array_explain(struct array *array, const struct guid *lun, const char *initiator, bool *ret_visible,
	      char **ret_text)
{
	AUTO_STATE struct state *state = array_state(array), *live = array_live(array);
	struct explanation e = { .state = state, .live = live };
	bool admitted, reachable;
	char *text;
	int rc = array_lun_find(state, lun, &e.lun);

	if (rc < 0)
		return rc;
	strbuf_init(&e.text);
	admitted = explain_mask(&e, initiator);
	reachable = explain_paths(&e);
	explain_lun(&e);
	text = strbuf_take(&e.text);
	if (text == NULL)
		return -ENOMEM;
	*ret_visible = admitted && reachable;
	*ret_text = text;
	return 0;
}
