/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Views: what a state means for initiators, and the delta between two views: which places (a LUN
 * number of a target) are to be looked at again by the sessions of that target.  A view is the
 * state itself, the portals that listen, and the index of who is shown what; all three are shared
 * by successive views except for what a change touches.
 *
 * The publisher makes views and deltas, in time proportional to the change; any thread reads them.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/host.h"
#include "model/port.h"
#include "target/target_int.h"

/* ---- Counting ---- */

static void
portals_unref(struct target_portals *portals)
{
	if (portals == NULL ||
	    atomic_fetch_sub_explicit(&portals->refs, 1, memory_order_acq_rel) != 1)
		return;
	for (size_t i = 0; i < portals->count; i++)
		target_portal_unref(portals->list[i]);
	mem_free(portals);
}

struct target_view *
target_view_ref(struct target_view *view)
{
	atomic_fetch_add_explicit(&view->refs, 1, memory_order_relaxed);
	return view;
}

void
target_view_unref(struct target_view *view)
{
	if (view == NULL || atomic_fetch_sub_explicit(&view->refs, 1, memory_order_acq_rel) != 1)
		return;
	target_shown_unref(view->shown);
	portals_unref(view->portals);
	array_secrets_unref(view->secrets);
	state_unref(view->state);
	mem_free(view);
}

/* ---- Looking up ---- */

const struct row_target *
target_view_find_target(const struct target_view *view, const char *iscsi_name)
{
	return state_target_by_name(view->state, iscsi_name);
}

struct target_portal *
target_view_find_portal(const struct target_view *view, const struct guid *id)
{
	const struct target_portals *portals = view->portals;
	size_t low = 0, high = portals->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = guid_compare(id, &portals->list[middle]->row->id);

		if (order == 0)
			return portals->list[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

/* By id: the connection may have come through an earlier form of the same portal. */
const struct row_portal_group *
target_view_find_group(const struct target_view *view, const struct guid *target_id,
		       const struct target_portal *portal)
{
	struct row_slice groups = state_target_groups(view->state, target_id);

	for (size_t i = 0; i < groups.count; i++) {
		const struct row_portal_group *group = groups.rows[i];

		if (state_find_pair(view->state, ROW_GROUP_PORTAL, &group->id, &portal->row->id) !=
		    NULL)
			return group;
	}
	return NULL;
}

/* ---- Making ---- */

struct maker {
	struct target *target;
	const struct target_view *old; /* NULL = the first */
	const struct state *state;
	const struct change *change;
	struct target_view *view;
	struct target_shown_edit shown;
	struct target_delta *delta;
	size_t place_capacity, ended_capacity, access_capacity, initiator_capacity, ruled_capacity;
	size_t owned_capacity;
	const struct row_lun *lun; /* found last: a LUN's associations stand together */
};

static const void *
old_row(const struct maker *m, enum row_family family, const struct guid *id)
{
	return m->old != NULL ? state_find(m->old->state, family, id) : NULL;
}

static const struct row_association *
old_association(const struct maker *m, const struct row_key *key)
{
	return m->old != NULL ? state_find_pair(m->old->state, ROW_ASSOCIATION, &key->a, &key->b)
			      : NULL;
}

/* Sessions of the target look again at what is at this number. */
static int
touch(struct maker *m, const struct guid *target_id, uint32_t number)
{
	struct target_delta *delta = m->delta;

	if (mem_grow(&delta->places, &m->place_capacity, delta->place_count + 1,
		     sizeof(delta->places[0])) < 0)
		return -ENOMEM;
	delta->places[delta->place_count++] = (struct target_place){
		.target_id = *target_id,
		.number = (uint16_t)number,
	};
	return 0;
}

/* The LUN's mask behind this target has changed; "" before or after: there was, or is, no LUN. */
static int
show(struct maker *m, const struct row_target *target, const char *before, const char *after)
{
	return target_shown_change(&m->shown, before, after, target->iscsi_name);
}

static const struct row_lun *
lun_of(struct maker *m, const struct guid *id)
{
	if (m->lun == NULL || !guid_equal(&m->lun->id, id))
		m->lun = state_find(m->state, ROW_LUN, id);
	return m->lun;
}

static int
association_put(struct maker *m, const struct row_association *row,
		const struct row_association *old)
{
	const struct row_lun *lun = lun_of(m, &row->lun_id);
	const struct row_target *target = state_find(m->state, ROW_TARGET, &row->target_id);
	int rc = 0;

	array_lun_look(m->target->array, &row->lun_id);
	if (old == NULL)
		rc = show(m, target, "", lun->mask);
	if (rc == 0 && old != NULL && old->lun_number != row->lun_number)
		rc = touch(m, &row->target_id, old->lun_number);
	return rc < 0 ? rc : touch(m, &row->target_id, row->lun_number);
}

static int
association_deleted(struct maker *m, const struct row_association *old)
{
	const struct row_lun *lun = old_row(m, ROW_LUN, &old->lun_id);
	const struct row_target *target = old_row(m, ROW_TARGET, &old->target_id);
	int rc = show(m, target, lun->mask, "");

	return rc < 0 ? rc : touch(m, &old->target_id, old->lun_number);
}

static int
mask_changed(struct maker *m, const struct row_lun *old, const struct row_lun *row)
{
	struct row_slice slice = state_lun_targets(m->state, &row->id);
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < slice.count; i++) {
		const struct row_association *a = slice.rows[i];
		const struct row_key key = { .a = a->lun_id, .b = a->target_id };

		/* one that this change makes has the new mask from the start */
		if (old_association(m, &key) == NULL)
			continue;
		rc = show(m, state_find(m->state, ROW_TARGET, &a->target_id), old->mask, row->mask);
		if (rc == 0)
			rc = touch(m, &a->target_id, a->lun_number);
	}
	return rc;
}

static int
lun_put(struct maker *m, const struct row_lun *row)
{
	const struct row_lun *old = old_row(m, ROW_LUN, &row->id);

	if (old == NULL || strcmp(old->mask, row->mask) == 0)
		return 0;
	return mask_changed(m, old, row);
}

static int
target_deleted(struct maker *m, const struct guid *id)
{
	struct target_delta *delta = m->delta;

	if (mem_grow(&delta->ended, &m->ended_capacity, delta->ended_count + 1,
		     sizeof(delta->ended[0])) < 0)
		return -ENOMEM;
	delta->ended[delta->ended_count++] = *id;
	return 0;
}

/* A group that is new has no sessions; those of one that is gone keep the state that they have. */
static int
group_put(struct maker *m, const struct row_portal_group *row)
{
	const struct row_portal_group *old = old_row(m, ROW_PORTAL_GROUP, &row->id);
	struct target_delta *delta = m->delta;
	struct target_access_delta access = {
		.target_id = row->target_id,
		.tag = (uint16_t)row->tag,
		.state = row->access_state,
	};

	if (old == NULL)
		return 0;
	access.access_changed = old->access_state != row->access_state ||
				old->preferred != row->preferred;
	access.explicit_changed = old->explicit_allowed != row->explicit_allowed;
	if (!access.access_changed && !access.explicit_changed)
		return 0;
	if (mem_grow(&delta->access, &m->access_capacity, delta->access_count + 1,
		     sizeof(delta->access[0])) < 0)
		return -ENOMEM;
	delta->access[delta->access_count++] = access;
	return 0;
}

/* NULL is an empty text. */
static bool
same_text(const char *a, const char *b)
{
	return strcmp(a != NULL ? a : "", b != NULL ? b : "") == 0;
}

/*
 * Returns whether the threads may go on with an older row: what they take from it is the same.  A
 * LUN without an association is not reached, and the change that makes one is not quiet.
 */
static bool
is_quiet_lun(const struct row_lun *row, const struct row_lun *old)
{
	if (row == NULL)
		return false;
	return old == NULL ||
	       (row->status == old->status && row->size_bytes == old->size_bytes &&
		row->block_bytes == old->block_bytes && row->thin == old->thin &&
		row->identity == old->identity && row->access == old->access &&
		row->removable == old->removable && guid_equal(&row->pool_id, &old->pool_id) &&
		same_text(row->mask, old->mask) && same_text(row->serial, old->serial) &&
		same_text(row->naa, old->naa) && same_text(row->hints, old->hints) &&
		same_text(row->qos, old->qos));
}

static bool
is_quiet(const struct maker *m, const struct change_op *op)
{
	return op->family == ROW_JOB ||
	       (op->family == ROW_LUN &&
		is_quiet_lun((const void *)op->row, old_row(m, ROW_LUN, &op->key.a)));
}

/* The sessions of this initiator look again at what they see. */
static int
look_again(struct maker *m, const char *name)
{
	struct target_delta *delta = m->delta;

	if (mem_grow(&delta->initiators, &m->initiator_capacity, delta->initiator_count + 1,
		     sizeof(delta->initiators[0])) < 0)
		return -ENOMEM;
	delta->initiators[delta->initiator_count++] = name;
	return 0;
}

static int
initiator_changed(struct maker *m, const struct change_op *op)
{
	const struct row_initiator *row = (const void *)op->row;
	const struct row_initiator *old = old_row(m, ROW_INITIATOR, &op->key.a);
	int rc = row != NULL ? look_again(m, row->iscsi_name) : 0;

	return rc == 0 && old != NULL ? look_again(m, old->iscsi_name) : rc;
}

/* All initiators that the host had or has. */
static int
member_changed(struct maker *m, const struct change_op *op)
{
	const struct state *states[] = { m->state, m->old != NULL ? m->old->state : NULL };
	int rc = 0;

	for (size_t s = 0; s < ARRAY_LEN(states) && states[s] != NULL; s++) {
		struct row_slice names = state_host_initiators(states[s], &op->key.b);

		for (size_t i = 0; rc == 0 && i < names.count; i++)
			rc = look_again(m,
					((const struct row_initiator *)names.rows[i])->iscsi_name);
	}
	return rc;
}

/* The sessions of all initiators of the host are looked at: they may come from elsewhere. */
static int
host_put(struct maker *m, const struct row_host *row)
{
	const struct row_host *old = old_row(m, ROW_HOST, &row->id);
	struct row_slice names;
	int rc = 0;

	if (old == NULL || same_text(old->sources, row->sources))
		return 0;
	names = state_host_initiators(m->state, &row->id);
	for (size_t i = 0; rc == 0 && i < names.count; i++)
		rc = look_again(m, ((const struct row_initiator *)names.rows[i])->iscsi_name);
	return rc;
}

static int
target_put(struct maker *m, const struct row_target *row)
{
	const struct row_target *old = old_row(m, ROW_TARGET, &row->id);
	struct target_delta *delta = m->delta;

	if (old == NULL ||
	    (same_text(old->sources, row->sources) && same_text(old->redirect, row->redirect)))
		return 0;
	if (mem_grow(&delta->ruled, &m->ruled_capacity, delta->ruled_count + 1,
		     sizeof(delta->ruled[0])) < 0)
		return -ENOMEM;
	delta->ruled[delta->ruled_count++] = row->id;
	return 0;
}

/* The commands of the LUN go to another gateway now. */
static int
owner_changed(struct maker *m, const struct guid *lun_id)
{
	struct target_delta *delta = m->delta;

	if (mem_grow(&delta->owned, &m->owned_capacity, delta->owned_count + 1,
		     sizeof(delta->owned[0])) < 0)
		return -ENOMEM;
	delta->owned[delta->owned_count++] = *lun_id;
	return 0;
}

static int
take_op(struct maker *m, const struct change_op *op)
{
	const struct row_association *old;

	m->delta->steps++;
	m->delta->quiet &= is_quiet(m, op);
	switch (op->family) {
	case ROW_ASSOCIATION:
		old = old_association(m, &op->key);
		if (op->row != NULL)
			return association_put(m, (const void *)op->row, old);
		return old != NULL ? association_deleted(m, old) : 0;
	case ROW_LUN:
		return op->row != NULL ? lun_put(m, (const void *)op->row) : 0;
	case ROW_TARGET:
		return op->row == NULL ? target_deleted(m, &op->key.a)
				       : target_put(m, (const void *)op->row);
	case ROW_HOST:
		return op->row != NULL ? host_put(m, (const void *)op->row) : 0;
	case ROW_PORTAL_GROUP:
		return op->row != NULL ? group_put(m, (const void *)op->row) : 0;
	case ROW_INITIATOR:
		return initiator_changed(m, op);
	case ROW_HOST_MEMBER:
		return member_changed(m, op);
	case ROW_LUN_OWNER:
		return owner_changed(m, &op->key.a);
	case ROW_PORTAL:
	case ROW_CONTROLLER:
		m->delta->portals_changed = true;
		return 0;
	default:
		return 0;
	}
}

/* The first view: there is no session yet that would have to look again. */
static int
take_all(struct maker *m)
{
	size_t count = state_count(m->state, ROW_ASSOCIATION);
	int rc = 0;

	assert(m->old == NULL);
	m->delta->portals_changed = true;
	for (size_t i = 0; rc == 0 && i < count; i++)
		rc = association_put(m, state_at(m->state, ROW_ASSOCIATION, i), NULL);
	m->delta->place_count = 0;
	return rc;
}

static int
take_change(struct maker *m)
{
	int rc = 0;

	if (m->change == NULL)
		return take_all(m);
	m->delta->quiet = true;
	for (size_t i = 0; rc == 0 && i < m->change->op_count; i++)
		rc = take_op(m, &m->change->ops[i]);
	return rc;
}

/* ---- Places ---- */

static int
compare_places(const void *a, const void *b)
{
	const struct target_place *x = a, *y = b;
	int order = guid_compare(&x->target_id, &y->target_id);

	return order != 0 ? order : (x->number > y->number) - (x->number < y->number);
}

/* What is at this number now, or NULL. */
static const struct row_association *
find_number(const struct state *state, const struct target_place *place)
{
	struct row_slice slice = state_target_luns(state, &place->target_id);
	size_t low = 0, high = slice.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct row_association *row = slice.rows[middle];

		if (row->lun_number == place->number)
			return row;
		if (row->lun_number > place->number)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

/* Each place once, with the LUN that is there now. */
static void
settle_places(struct maker *m)
{
	struct target_delta *delta = m->delta;
	size_t kept = 0;

	if (delta->place_count > 1)
		qsort(delta->places, delta->place_count, sizeof(delta->places[0]), compare_places);
	for (size_t i = 0; i < delta->place_count; i++) {
		struct target_place *place = &delta->places[kept];
		const struct row_association *row;

		if (i > 0 && compare_places(&delta->places[i], &delta->places[i - 1]) == 0)
			continue;
		*place = delta->places[i];
		kept++;
		row = find_number(m->state, place);
		if (row != NULL)
			place->lun = state_find(m->state, ROW_LUN, &row->lun_id);
	}
	delta->place_count = kept;
}

static int
compare_initiators(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Each initiator once. */
static void
settle_initiators(struct target_delta *delta)
{
	size_t kept = 0;

	if (delta->initiator_count > 1)
		qsort(delta->initiators, delta->initiator_count, sizeof(delta->initiators[0]),
		      compare_initiators);
	for (size_t i = 0; i < delta->initiator_count; i++)
		if (kept == 0 || strcmp(delta->initiators[kept - 1], delta->initiators[i]) != 0)
			delta->initiators[kept++] = delta->initiators[i];
	delta->initiator_count = kept;
}

void
target_delta_fini(struct target_delta *delta)
{
	mem_free(delta->initiators);
	mem_free(delta->ruled);
	mem_free(delta->owned);
	mem_free(delta->places);
	mem_free(delta->ended);
	mem_free(delta->access);
}

/* ---- Portals ---- */

/*
 * Makes the portal of a row, or takes that of the view before, which goes on listening: its threads
 * and its connections use it, so nothing of it is written here.
 */
static int
make_portal(struct maker *m, const struct row_portal *row, bool inside,
	    struct target_portal **ret_portal)
{
	struct target_portal *portal = m->old != NULL ? target_view_find_portal(m->old, &row->id)
						      : NULL;

	if (portal == NULL || !row_equal(portal->row, row))
		return target_portal_new(m->target, row, inside, ret_portal);
	*ret_portal = target_portal_ref(portal);
	return 0;
}

/* The row of the listener for other gateways; NULL = there is none, or no memory. */
static struct row_portal *
make_inside_row(const struct row_controller *own, int *ret_rc)
{
	char host[ADDRESS_TEXT_SIZE];
	struct row_portal *row;
	uint16_t port;

	*ret_rc = 0;
	if (own == NULL || own->address == NULL ||
	    target_inside_address(own->address, host, &port) < 0)
		return NULL;
	row = row_new(ROW_PORTAL);
	if (row == NULL || row_set_string(&row->address, host) < 0) {
		row_unref(row);
		*ret_rc = -ENOMEM;
		return NULL;
	}
	row->id = own->id;
	row->port = port;
	row->status = STATUS_ONLINE;
	return row;
}

/* Adds the listener for other gateways, whose id is that of the controller. */
static int
add_inside(struct maker *m, struct target_portals *portals)
{
	const struct row_controller *own = state_find(m->state, ROW_CONTROLLER,
						      array_controller_id(m->target->array));
	struct target_portal *portal;
	size_t at = 0;
	int rc;
	struct row_portal *row = make_inside_row(own, &rc);

	if (row == NULL)
		return rc;
	rc = make_portal(m, row, true, &portal);
	row_unref(row);
	if (rc < 0)
		return rc;
	while (at < portals->count &&
	       guid_compare(&portals->list[at]->row->id, &portal->row->id) < 0)
		at++;
	memmove(&portals->list[at + 1], &portals->list[at],
		(portals->count - at) * sizeof(portals->list[0]));
	portals->list[at] = portal;
	portals->count++;
	return 0;
}

/* Those of the own controller.  A portal whose row is the same goes on listening. */
static int
make_portals(struct maker *m)
{
	size_t count = state_count(m->state, ROW_PORTAL);
	struct target_portals *portals;

	if (!m->delta->portals_changed) {
		m->view->portals = m->old->portals;
		atomic_fetch_add_explicit(&m->view->portals->refs, 1, memory_order_relaxed);
		return 0;
	}
	m->delta->steps += count;
	portals = mem_calloc(1, sizeof(*portals) + (count + 1) * sizeof(portals->list[0]));
	if (portals == NULL)
		return -ENOMEM;
	atomic_init(&portals->refs, 1);
	m->view->portals = portals;
	if (array_is_held(m->target->array))
		return 0; /* initiators are to use other gateways, and not to wait for this one */
	for (size_t i = 0; i < count; i++) {
		const struct row_portal *row = state_at(m->state, ROW_PORTAL, i);
		int rc;

		if (!controller_has_portal(array_controller_id(m->target->array), row))
			continue;
		rc = make_portal(m, row, false, &portals->list[portals->count]);
		if (rc < 0)
			return rc;
		portals->count++;
	}
	return add_inside(m, portals);
}

static bool
is_offline(const struct target *target, const struct state *state)
{
	const struct row_controller *controller = state_find(state, ROW_CONTROLLER,
							     array_controller_id(target->array));

	return controller != NULL && controller->status == STATUS_OFFLINE;
}

int
target_view_new(struct target *target, const struct target_view *old, const struct state *state,
		const struct change *change, struct target_view **ret_view,
		struct target_delta *ret_delta)
{
	struct target_delta delta = { 0 };
	struct maker m = {
		.target = target,
		.old = old,
		.state = state,
		.change = change,
		.view = mem_calloc(1, sizeof(struct target_view)),
		.shown.root = old != NULL ? target_shown_ref(old->shown) : NULL,
		.delta = &delta,
	};
	int rc = m.view == NULL ? -ENOMEM : 0;

	if (rc == 0) {
		atomic_init(&m.view->refs, 1);
		m.view->state = state_ref(state);
		m.view->secrets = array_secrets_ref(target->secrets);
		m.view->offline = is_offline(target, state);
		rc = take_change(&m);
	}
	if (rc == 0) {
		settle_places(&m);
		settle_initiators(&delta);
		rc = make_portals(&m);
	}
	if (rc < 0) {
		target_shown_unref(m.shown.root);
		target_delta_fini(&delta);
		target_view_unref(m.view);
		return rc;
	}
	m.view->shown = m.shown.root;
	delta.steps += delta.place_count + delta.initiator_count + m.shown.steps;
	*ret_view = m.view;
	*ret_delta = delta;
	return 0;
}
