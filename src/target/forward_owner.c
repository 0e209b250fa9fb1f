/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which gateway carries out the commands of a LUN, and what becomes of the paths of a LUN that has
 * another owner now.  Everything runs on the thread of the paths, with its view.
 */
#include "model/port.h"
#include "target/target_int.h"

enum target_whose
target_forward_whose(const struct target_thread *thread, const struct guid *lun_id,
		     const struct row_controller **ret_owner)
{
	const struct state *state = thread->view->state;
	const struct row_lun_owner *owner = state_lun_owner(state, lun_id);
	const struct row_controller *controller;

	*ret_owner = NULL;
	if (owner == NULL)
		return state_has_gateways(state) ? TARGET_NOBODYS : TARGET_OWN;
	if (guid_equal(&owner->controller_id, array_controller_id(thread->target->array)))
		return TARGET_OWN;
	controller = state_find(state, ROW_CONTROLLER, &owner->controller_id);
	if (controller == NULL)
		return TARGET_NOBODYS;
	*ret_owner = controller;
	return TARGET_OTHERS;
}

/* ---- Another owner ---- */

static void
take_way(struct target_session *session, struct target_path *path)
{
	const struct row_controller *owner;
	bool own = target_forward_whose(session->thread, &path->lun_id, &owner) == TARGET_OWN;

	if (own == path->own)
		return;
	path->own = own;
	if (!own) {
		session->known = true;
		target_session_leave_unit(path);
	} else if (path->unit == NULL) {
		/* the nexus was in use at the owner of before */
		scsi_itl_fini(&path->itl);
		scsi_itl_init(&path->itl, &session->nexus, NULL,
			      1u << SCSI_UA_ACCESS | (uint32_t)path->nexus_lost
							     << SCSI_UA_NEXUS_LOSS);
		path->nexus_lost = false;
	}
}

static void
sync_lun(struct target_thread *thread, const struct guid *lun_id)
{
	struct row_slice targets = state_lun_targets(thread->view->state, lun_id);

	for (size_t i = 0; i < targets.count; i++) {
		const struct row_association *row = targets.rows[i];
		struct target_session_set *set = guid_map_find(&thread->by_target, &row->target_id);

		if (set == NULL)
			continue;
		list_for_each(node, &set->sessions) {
			struct target_session *session = list_entry(node, struct target_session,
								    set_node);
			struct target_path *path = target_session_path(session,
								       (int)row->lun_number);

			if (path != NULL && guid_equal(&path->lun_id, lun_id))
				take_way(session, path);
		}
	}
}

void
target_forward_sync(struct target_thread *thread, const struct target_delta *delta)
{
	if (delta->portals_changed)
		target_inside_sync(thread);
	for (size_t i = 0; i < delta->owned_count; i++)
		sync_lun(thread, &delta->owned[i]);
	if (delta->portals_changed)
		target_link_sync(thread);
	if (delta->owned_count > 0 || delta->portals_changed) {
		target_barrier_look(thread);
		target_forward_retry(thread);
	}
}
