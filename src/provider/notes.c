/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Translates changes into VDS notifications. One change has one cause, so it makes one batch, which
 * names each object once; an object that came or went is not reported as modified, too. VDS has no
 * event for associations, for portals in groups, for pools and for jobs: an association counts as a
 * modification of its LUN and of its target, a portal in a group as one of the group, and a LUN
 * that comes, goes or grows as one of the drives below its pool. Called on the
 * replica's event thread.
 */
#include "provider/notes_int.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "model/credential.h"
#include "model/port.h"

void
provider_notes_init(struct provider_notes *notes)
{
	*notes = (struct provider_notes){ 0 };
}

void
provider_notes_fini(struct provider_notes *notes)
{
	mem_free(notes->items);
}

/* ---- VDS_NOTIFICATION of a note ---- */

/* The events of a family, in the order of enum provider_note_event. */
/* clang-format off */
static const ULONG events[][4] = {
#define EVENTS(noun) {VDS_NF_##noun##_ARRIVE, VDS_NF_##noun##_DEPART, 0, VDS_NF_##noun##_MODIFY}
#define EVENTS_REMOVED(noun) {VDS_NF_##noun##_ARRIVE, VDS_NF_##noun##_DEPART, VDS_NF_##noun##_REMOVED, VDS_NF_##noun##_MODIFY}
	[ROW_ARRAY] = EVENTS(SUB_SYSTEM),
	[ROW_LUN] = EVENTS(LUN),
	[ROW_TARGET] = EVENTS(TARGET),
	[ROW_PORTAL] = EVENTS(PORTAL),
	[ROW_PORTAL_GROUP] = EVENTS(PORTAL_GROUP),
	[ROW_LIVE_DRIVE] = EVENTS(DRIVE),
	[ROW_CONTROLLER] = EVENTS_REMOVED(CONTROLLER),
	[ROW_LIVE_PORT] = EVENTS_REMOVED(PORT),
#undef EVENTS
#undef EVENTS_REMOVED
};
/* clang-format on */

void
provider_note_out(const struct provider_note *note, VDS_NOTIFICATION *out)
{
	ULONG event = events[note->family][note->event];

	memset(out, 0, sizeof(*out));
	switch (note->family) {
	case ROW_ARRAY:
		out->objectType = VDS_NTT_SUB_SYSTEM;
		out->SubSystem.ulEvent = event;
		com_guid_out(&note->id, &out->SubSystem.subSystemId);
		break;
	case ROW_LUN:
		out->objectType = VDS_NTT_LUN;
		out->Lun.ulEvent = event;
		com_guid_out(&note->id, &out->Lun.LunId);
		break;
	case ROW_LIVE_DRIVE:
		out->objectType = VDS_NTT_DRIVE;
		out->Drive.ulEvent = event;
		com_guid_out(&note->id, &out->Drive.driveId);
		break;
	case ROW_CONTROLLER:
		out->objectType = VDS_NTT_CONTROLLER;
		out->Controller.ulEvent = event;
		com_guid_out(&note->id, &out->Controller.controllerId);
		break;
	case ROW_LIVE_PORT:
		out->objectType = VDS_NTT_PORT;
		out->Port.ulEvent = event;
		com_guid_out(&note->id, &out->Port.portId);
		break;
	case ROW_TARGET:
		out->objectType = VDS_NTT_TARGET;
		out->Target.ulEvent = event;
		com_guid_out(&note->id, &out->Target.targetId);
		break;
	case ROW_PORTAL:
		out->objectType = VDS_NTT_PORTAL;
		out->Portal.ulEvent = event;
		com_guid_out(&note->id, &out->Portal.portalId);
		break;
	default:
		out->objectType = VDS_NTT_PORTAL_GROUP;
		out->PortalGroup.ulEvent = event;
		com_guid_out(&note->id, &out->PortalGroup.portalGroupId);
		break;
	}
}

/* ---- collecting ---- */

int
provider_notes_add(struct provider_notes *notes, enum row_family family,
		   enum provider_note_event event, const struct guid *id)
{
	int rc = mem_grow(&notes->items, &notes->capacity, notes->count + 1,
			  sizeof(notes->items[0]));

	if (rc < 0)
		return rc;
	notes->items[notes->count] = (struct provider_note){
		.family = family,
		.event = event,
		.order = notes->count,
		.id = *id,
	};
	notes->count++;
	return 0;
}

/*
 * Orders notes by object, then arrivals and departures before modifications, then as they were
 * found.
 */
static int
compare_objects(const void *a, const void *b)
{
	const struct provider_note *x = a, *y = b;
	int c = guid_compare(&x->id, &y->id);

	if (c != 0)
		return c;
	if (x->event != y->event)
		return x->event < y->event ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

static int
compare_order(const void *a, const void *b)
{
	const struct provider_note *x = a, *y = b;

	return x->order < y->order ? -1 : x->order > y->order;
}

/* Keeps one note for each object, in the order in which the objects were first found. */
static void
unique(struct provider_notes *notes)
{
	size_t kept = 0;

	if (notes->count < 2)
		return;
	qsort(notes->items, notes->count, sizeof(notes->items[0]), compare_objects);
	for (size_t i = 0; i < notes->count; i++) {
		if (kept == 0 || !guid_equal(&notes->items[kept - 1].id, &notes->items[i].id))
			notes->items[kept++] = notes->items[i];
	}
	notes->count = kept;
	qsort(notes->items, notes->count, sizeof(notes->items[0]), compare_order);
}

static bool
is_object(enum row_family family)
{
	return family == ROW_ARRAY || family == ROW_LUN || family == ROW_TARGET ||
	       family == ROW_PORTAL || family == ROW_PORTAL_GROUP || family == ROW_LIVE_DRIVE;
}

/* The drives on which a LUN comes, goes or grows have other extents. */
static int
add_drives(struct provider_notes *notes, const struct client_view *before,
	   const struct change_op *op)
{
	const struct row_lun *old = state_find(before->config, ROW_LUN, &op->key.a);
	const struct row_lun *new = (const void *)op->row;
	struct row_slice pairs = { NULL, 0 };
	int rc = 0;

	if (old == NULL || new == NULL || old->size_bytes != new->size_bytes)
		pairs = state_pool_drives(before->live, &(new != NULL ? new : old)->pool_id);
	for (size_t i = 0; rc == 0 && i < pairs.count; i++)
		rc = provider_notes_add(
			notes, ROW_LIVE_DRIVE, PROVIDER_NOTE_MODIFY,
			&((const struct row_live_pool_drive *)pairs.rows[i])->drive_id);
	return rc;
}

static int
add_object(struct provider_notes *notes, const struct client_view *before,
	   const struct change_op *op)
{
	const struct state *state = provider_view_state(before, op->family);
	bool was_there = state_find(state, op->family, &op->key.a) != NULL;
	enum provider_note_event event = op->row == NULL ? PROVIDER_NOTE_DEPART
					 : was_there     ? PROVIDER_NOTE_MODIFY
							 : PROVIDER_NOTE_ARRIVE;
	int rc = provider_notes_add(notes, op->family, event, &op->key.a);

	return rc == 0 && op->family == ROW_LUN ? add_drives(notes, before, op) : rc;
}

/*
 * Returns what VDS_LUN_PROP shows of an operation: not ready (CREATE), extending (EXTEND), or
 * nothing.
 */
static enum lun_operation
shown(enum lun_operation operation)
{
	switch (operation) {
	case OPERATION_CREATE:
	case OPERATION_DELETE:
		return OPERATION_CREATE;
	case OPERATION_EXTEND:
		return OPERATION_EXTEND;
	case OPERATION_NONE:
	case OPERATION_ASSOCIATE:
	case OPERATION_STATUS:
	case OPERATION_SHRINK:
	case OPERATION_SNAPSHOT:
	case OPERATION_ROLLBACK:
	case OPERATION_MOVE:
		break;
	}
	return OPERATION_NONE;
}

/*
 * VDS_LUN_PROP shows the LUN's health and the operation that holds it, so a change of them is a
 * modification.
 */
static int
add_live_lun(struct provider_notes *notes, const struct state *before, const struct change_op *op)
{
	const struct row_live_lun *old = state_find(before, ROW_LIVE_LUN, &op->key.a);
	const struct row_live_lun *new = (const void *)op->row;

	if (old == NULL || new == NULL)
		return 0; /* it comes or goes with its LUN, which has a note of its own */
	if (old->health == new->health && shown(old->operation) == shown(new->operation))
		return 0;
	return provider_notes_add(notes, ROW_LUN, PROVIDER_NOTE_MODIFY, &op->key.a);
}

static int
add_live_portal(struct provider_notes *notes, const struct state *before,
		const struct change_op *op)
{
	const struct row_live_portal *old = state_find(before, ROW_LIVE_PORTAL, &op->key.a);
	const struct row_live_portal *new = (const void *)op->row;

	if (new == NULL || (old != NULL && old->ready == new->ready))
		return 0;
	return provider_notes_add(notes, ROW_PORTAL, PROVIDER_NOTE_MODIFY, &op->key.a);
}

/*
 * VDS_ISCSI_TARGET_PROP shows whether initiators need a secret, so the first one that a target gets
 * and the last one that it loses are modifications of the target.
 */
static int
add_credential(struct provider_notes *notes, const struct state *before, const struct change_op *op)
{
	const struct row_credential *old = state_find(before, ROW_CREDENTIAL, &op->key.a);
	const struct row_credential *row = op->row != NULL ? (const void *)op->row : old;
	struct row_slice slice;
	size_t others = 0;

	if (row == NULL || row->side != CREDENTIAL_INITIATOR || (old != NULL && op->row != NULL))
		return 0;
	slice = state_owner_credentials(before, &row->owner_id);
	for (size_t i = 0; i < slice.count; i++) {
		const struct row_credential *other = slice.rows[i];

		others += other->side == CREDENTIAL_INITIATOR && other != old;
	}
	if (others > 0 || state_find(before, ROW_TARGET, &row->owner_id) == NULL)
		return 0;
	return provider_notes_add(notes, ROW_TARGET, PROVIDER_NOTE_MODIFY, &row->owner_id);
}

static int
add_op(struct provider_notes *notes, const struct client_view *before, const struct change_op *op)
{
	int rc;

	if (is_object(op->family))
		return add_object(notes, before, op);
	switch (op->family) {
	case ROW_ASSOCIATION:
		rc = provider_notes_add(notes, ROW_LUN, PROVIDER_NOTE_MODIFY, &op->key.a);
		return rc < 0 ? rc
			      : provider_notes_add(notes, ROW_TARGET, PROVIDER_NOTE_MODIFY,
						   &op->key.b);
	case ROW_LUN_OWNER: /* other controllers are active for the LUN */
		return provider_notes_add(notes, ROW_LUN, PROVIDER_NOTE_MODIFY, &op->key.a);
	case ROW_GROUP_PORTAL:
		return provider_notes_add(notes, ROW_PORTAL_GROUP, PROVIDER_NOTE_MODIFY,
					  &op->key.a);
	case ROW_CREDENTIAL:
		return add_credential(notes, before->config, op);
	case ROW_LIVE_LUN:
		return add_live_lun(notes, before->live, op);
	case ROW_LIVE_PORTAL:
		return add_live_portal(notes, before->live, op);
	case ROW_LIVE_POOL_DRIVE: /* the drive has other extents */
		return provider_notes_add(notes, ROW_LIVE_DRIVE, PROVIDER_NOTE_MODIFY, &op->key.b);
	default:
		return 0;
	}
}

/* ---- controllers and ports: what VDS shows of them follows from several families ---- */

static bool
is_of_ports(enum row_family family)
{
	return family == ROW_PORTAL || family == ROW_LIVE_PORTAL || family == ROW_CONTROLLER ||
	       family == ROW_LIVE_PORT;
}

static bool
port_looks_alike(const struct row_live_port *a, const struct row_live_port *b)
{
	return str_equal(a->name, b->name) && str_equal(a->hardware_address, b->hardware_address);
}

static int
add_port(struct provider_notes *notes, const struct client_view *before,
	 const struct client_view *after, const struct row_live_port *port)
{
	const struct row_live_port *old = state_find(before->live, ROW_LIVE_PORT, &port->id);
	VDS_PORT_STATUS now = provider_port_status(after, port);

	if (old == NULL)
		return provider_notes_add(notes, ROW_LIVE_PORT, PROVIDER_NOTE_ARRIVE, &port->id);
	if (provider_port_status(before, old) == now && port_looks_alike(old, port))
		return 0;
	return provider_notes_add(
		notes, ROW_LIVE_PORT,
		now == VDS_PRS_OFFLINE ? PROVIDER_NOTE_REMOVED : PROVIDER_NOTE_MODIFY, &port->id);
}

static int
add_controller(struct provider_notes *notes, const struct client_view *before,
	       const struct client_view *after, const struct row_controller *new)
{
	const struct row_controller *old = state_find(before->config, ROW_CONTROLLER, &new->id);
	bool status_differs;

	if (old == NULL)
		return provider_notes_add(notes, ROW_CONTROLLER, PROVIDER_NOTE_ARRIVE, &new->id);
	status_differs = old->status != new->status;
	if (!status_differs && str_equal(old->name, new->name) &&
	    provider_controller_health(before, old) == provider_controller_health(after, new) &&
	    provider_controller_ports(before, &old->id) ==
		    provider_controller_ports(after, &new->id))
		return 0;
	return provider_notes_add(notes, ROW_CONTROLLER,
				  status_differs && new->status == STATUS_OFFLINE
					  ? PROVIDER_NOTE_REMOVED
					  : PROVIDER_NOTE_MODIFY,
				  &new->id);
}

static int
add_controllers(struct provider_notes *notes, const struct client_view *before,
		const struct client_view *after)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < state_count(after->config, ROW_CONTROLLER); i++)
		rc = add_controller(notes, before, after,
				    state_at(after->config, ROW_CONTROLLER, i));
	for (size_t i = 0; rc == 0 && i < state_count(before->config, ROW_CONTROLLER); i++) {
		const struct row_controller *old = state_at(before->config, ROW_CONTROLLER, i);

		if (state_find(after->config, ROW_CONTROLLER, &old->id) == NULL)
			rc = provider_notes_add(notes, ROW_CONTROLLER, PROVIDER_NOTE_DEPART,
						&old->id);
	}
	return rc;
}

static int
add_ports(struct provider_notes *notes, const struct client_view *before,
	  const struct client_view *after)
{
	int rc = add_controllers(notes, before, after);

	for (size_t i = 0; rc == 0 && i < state_count(after->live, ROW_LIVE_PORT); i++)
		rc = add_port(notes, before, after, state_at(after->live, ROW_LIVE_PORT, i));
	for (size_t i = 0; rc == 0 && i < state_count(before->live, ROW_LIVE_PORT); i++) {
		const struct row_live_port *old = state_at(before->live, ROW_LIVE_PORT, i);

		if (state_find(after->live, ROW_LIVE_PORT, &old->id) == NULL)
			rc = provider_notes_add(notes, ROW_LIVE_PORT, PROVIDER_NOTE_DEPART,
						&old->id);
	}
	return rc;
}

/* Drops modifications of objects that no longer exist. */
static void
drop_strangers(struct provider_notes *notes, const struct client_view *after)
{
	size_t kept = 0;

	for (size_t i = 0; i < notes->count; i++) {
		const struct provider_note *note = &notes->items[i];

		if (note->event != PROVIDER_NOTE_MODIFY ||
		    state_find(provider_view_state(after, note->family), note->family, &note->id) !=
			    NULL)
			notes->items[kept++] = *note;
	}
	notes->count = kept;
}

/*
 * Adds a note when VDS_SUB_SYSTEM_PROP shows something else, namely whether a part of the array has
 * failed.
 */
static int
add_degraded(struct provider_notes *notes, const struct client_view *before,
	     const struct client_view *after)
{
	const struct row_array *array = state_array(after->config);

	if (array == NULL ||
	    provider_is_degraded(before->live) == provider_is_degraded(after->live))
		return 0;
	return provider_notes_add(notes, ROW_ARRAY, PROVIDER_NOTE_MODIFY, &array->id);
}

/* Worth the look at all LUNs that add_degraded takes? */
static bool
may_degrade(const struct client_view *before, const struct change_op *op)
{
	const struct row_live_lun *old, *new = (const void *)op->row;

	if (op->family != ROW_LIVE_LUN)
		return op->family == ROW_LIVE_POOL || op->family == ROW_LIVE_ARRAY;
	old = state_find(before->live, ROW_LIVE_LUN, &op->key.a);
	return (old != NULL && old->health == HEALTH_FAILED) !=
	       (new != NULL &&new->health == HEALTH_FAILED);
}

int
provider_notes_of_change(struct provider_notes *notes, const struct client_view *before,
			 const struct client_view *after, const struct change *change)
{
	bool degrade = false, ports = false;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < change->op_count; i++) {
		rc = add_op(notes, before, &change->ops[i]);
		degrade = degrade || may_degrade(before, &change->ops[i]);
		ports = ports || is_of_ports(change->ops[i].family);
	}
	if (rc == 0 && ports)
		rc = add_ports(notes, before, after);
	if (rc == 0 && degrade)
		rc = add_degraded(notes, before, after);
	if (rc < 0)
		return rc;
	unique(notes);
	drop_strangers(notes, after);
	return 0;
}

/* ---- a replica that was loaded anew: the difference ---- */

/*
 * Adds the note for one key of both states: old is NULL when the row is new, new is NULL when it is
 * gone.
 */
static int
diff_row(struct provider_notes *notes, const struct client_view *before, enum row_family family,
	 const void *old, const void *new)
{
	struct change_op op = { .family = family };

	if (old != NULL && new != NULL && row_equal(old, new))
		return 0;
	row_key(new != NULL ? new : old, &op.key);
	memcpy(&op.row, &new, sizeof(op.row));
	return add_op(notes, before, &op);
}

static int
diff_family(struct provider_notes *notes, const struct client_view *before,
	    const struct state *old_state, const struct state *new_state, enum row_family family)
{
	size_t i = 0, j = 0, old_count = state_count(old_state, family),
	       new_count = state_count(new_state, family);
	int rc = 0;

	while (rc == 0 && (i < old_count || j < new_count)) {
		const void *old = i < old_count ? state_at(old_state, family, i) : NULL;
		const void *new = j < new_count ? state_at(new_state, family, j) : NULL;
		struct row_key old_key, new_key;
		int c = old == NULL ? 1 : -1;

		if (old != NULL && new != NULL) {
			row_key(old, &old_key);
			row_key(new, &new_key);
			c = row_key_compare(&old_key, &new_key);
		}
		rc = diff_row(notes, before, family, c <= 0 ? old : NULL, c >= 0 ? new : NULL);
		i += c <= 0;
		j += c >= 0;
	}
	return rc;
}

int
provider_notes_of_reload(struct provider_notes *notes, const struct client_view *before,
			 const struct client_view *after)
{
	int rc = 0;

	for (enum row_family f = 0; rc == 0 && f < ROW_FAMILY_COUNT; f++) {
		bool config = f < ROW_CONFIG_COUNT;

		rc = diff_family(notes, before, config ? before->config : before->live,
				 config ? after->config : after->live, f);
	}
	if (rc == 0)
		rc = add_ports(notes, before, after);
	if (rc == 0)
		rc = add_degraded(notes, before, after);
	if (rc < 0)
		return rc;
	unique(notes);
	drop_strangers(notes, after);
	return 0;
}
