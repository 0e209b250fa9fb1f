/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* States: references and look-ups.  Any thread that holds a reference may look up. */
#include "model/state.h"

#include <string.h>

#include "base/mem.h"
#include "model/fields.h"
#include "model/state_int.h"

struct state *
state_new(const struct position *at)
{
	struct state *state = mem_calloc(1, sizeof(*state));

	if (state == NULL)
		return NULL;
	atomic_init(&state->refs, 1);
	state->position = (struct position){
		.array_id = at->array_id,
		.incarnation = at->incarnation,
		.sequence = at->sequence,
	};
	return state;
}

void
state_place(struct state *work, const struct position *at)
{
	work->position.array_id = at->array_id;
	work->position.incarnation = at->incarnation;
	work->position.sequence = at->sequence;
}

bool
state_is_alone(const struct state *state)
{
	return atomic_load_explicit(&state->refs, memory_order_acquire) == 1;
}

struct state *
state_alias(const struct state *state)
{
	struct state *alias = state_new(&state->position);

	if (alias == NULL)
		return NULL;
	alias->position.digest = state->position.digest;
	alias->ailing = state->ailing;
	alias->guarded = state->guarded;
	for (int i = 0; i < ORDER_COUNT; i++)
		alias->orders[i] = order_ref(state->orders[i]);
	alias->masked = order_ref(state->masked);
	return alias;
}

struct state *
state_ref(const struct state *state)
{
	struct state *counted = (struct state *)(uintptr_t)state;

	atomic_fetch_add_explicit(&counted->refs, 1, memory_order_relaxed);
	return counted;
}

void
state_unref(struct state *state)
{
	if (state == NULL || atomic_fetch_sub_explicit(&state->refs, 1, memory_order_acq_rel) > 1)
		return;
	for (int i = 0; i < ORDER_COUNT; i++)
		order_unref(state->orders[i]);
	order_unref(state->masked);
	state_rows_free(state->loading);
	mem_free(state);
}

void
state_unref_cleanup(void *pointer_to_state)
{
	state_unref(*(struct state **)pointer_to_state);
}

const struct position *
state_position(const struct state *state)
{
	return &state->position;
}

/* ---- by key ---- */

size_t
state_count(const struct state *state, enum row_family family)
{
	return order_count(state->orders[family]);
}

const void *
state_at(const struct state *state, enum row_family family, size_t index)
{
	return order_at(state->orders[family], index);
}

const void *
state_find_key(const struct state *state, enum row_family family, const struct row_key *key)
{
	const struct row_head probe = { .row.family = family, .a = key->a, .b = key->b };

	return order_find(state->orders[family], order_type((enum order_id)family), &probe);
}

const void *
state_find(const struct state *state, enum row_family family, const struct guid *id)
{
	const struct row_key key = { .a = *id };

	return state_find_key(state, family, &key);
}

const void *
state_find_pair(const struct state *state, enum row_family family, const struct guid *a,
		const struct guid *b)
{
	const struct row_key key = { .a = *a, .b = *b };

	return state_find_key(state, family, &key);
}

size_t
state_after(const struct state *state, enum row_family family, const struct guid *id)
{
	const struct row_head probe = { .row.family = family,
					.a = id != NULL ? *id : (struct guid){ { 0 } } };

	/* By group: for a relation, after all pairs that begin with the id. */
	return id == NULL ? 0
			  : order_after(state->orders[family], order_type((enum order_id)family),
					true, &probe);
}

size_t
state_after_pair(const struct state *state, enum row_family family, const struct guid *a,
		 const struct guid *b)
{
	const struct row_head probe = { .row.family = family, .a = *a, .b = *b };

	return order_after(state->orders[family], order_type((enum order_id)family), false, &probe);
}

const struct row_array *
state_array(const struct state *state)
{
	return state_at(state, ROW_ARRAY, 0);
}

/* ---- by name ---- */

static const void *
first_of(struct row_slice slice)
{
	return slice.count > 0 ? slice.rows[0] : NULL;
}

const struct row_target *
state_target_by_name(const struct state *state, const char *iscsi_name)
{
	const struct row_target probe = { .iscsi_name = (char *)(uintptr_t)iscsi_name };

	return first_of(order_group(state->orders[ORDER_TARGET_NAMES],
				    order_type(ORDER_TARGET_NAMES), &probe));
}

struct row_slice
state_luns_by_name(const struct state *state, const char *name)
{
	const struct row_lun probe = { .name = (char *)(uintptr_t)name };

	return order_group(state->orders[ORDER_LUN_NAMES], order_type(ORDER_LUN_NAMES), &probe);
}

const struct row_lun *
state_lun_by_serial(const struct state *state, const char *serial)
{
	const struct row_lun probe = { .serial = (char *)(uintptr_t)serial };

	return first_of(order_group(state->orders[ORDER_LUN_SERIALS], order_type(ORDER_LUN_SERIALS),
				    &probe));
}

const struct row_lun *
state_lun_by_naa(const struct state *state, const char *naa)
{
	const struct row_lun probe = { .naa = (char *)(uintptr_t)naa };

	return first_of(
		order_group(state->orders[ORDER_LUN_NAAS], order_type(ORDER_LUN_NAAS), &probe));
}

/* ---- counters ---- */

size_t
state_ailing(const struct state *live)
{
	return live->ailing;
}

size_t
state_guarded(const struct state *live)
{
	return live->guarded;
}

uint64_t
state_work(void)
{
	return order_work;
}

/* ---- relations ---- */

static struct row_slice
slice_of(const struct state *state, enum order_id id, const void *probe)
{
	return order_group(state->orders[id], order_type(id), probe);
}

struct row_slice
state_lun_targets(const struct state *state, const struct guid *lun_id)
{
	const struct row_head probe = { .a = *lun_id };

	return slice_of(state, (enum order_id)ROW_ASSOCIATION, &probe);
}

const struct row_lun_owner *
state_lun_owner(const struct state *state, const struct guid *lun_id)
{
	return state_find(state, ROW_LUN_OWNER, lun_id);
}

/* Where the controller's LUNs begin, or (end) end, in their order.  No LUN has the id zero. */
static size_t
controller_luns(const struct state *state, const struct guid *controller_id, bool end)
{
	struct row_head probe = { .b = *controller_id };

	if (end)
		memset(&probe.a, 0xff, sizeof(probe.a));
	return order_after(state->orders[ORDER_CONTROLLER_LUNS], order_type(ORDER_CONTROLLER_LUNS),
			   false, &probe);
}

size_t
state_controller_lun_count(const struct state *state, const struct guid *controller_id)
{
	return controller_luns(state, controller_id, true) -
	       controller_luns(state, controller_id, false);
}

const struct row_lun_owner *
state_controller_lun(const struct state *state, const struct guid *controller_id, size_t index)
{
	const struct row_lun_owner *owner = order_at(state->orders[ORDER_CONTROLLER_LUNS],
						     controller_luns(state, controller_id, false) +
							     index);

	return owner != NULL && guid_equal(&owner->controller_id, controller_id) ? owner : NULL;
}

struct row_slice
state_target_luns(const struct state *state, const struct guid *target_id)
{
	const struct row_head probe = { .b = *target_id };

	return slice_of(state, ORDER_TARGET_LUNS, &probe);
}

struct row_slice
state_targets_by_alias(const struct state *state, const char *alias)
{
	const struct row_target probe = { .alias = (char *)(uintptr_t)alias };

	return slice_of(state, ORDER_TARGET_ALIASES, &probe);
}

struct row_slice
state_target_groups(const struct state *state, const struct guid *target_id)
{
	const struct row_portal_group probe = { .target_id = *target_id };

	return slice_of(state, ORDER_TARGET_GROUPS, &probe);
}

struct row_slice
state_group_portals(const struct state *state, const struct guid *group_id)
{
	const struct row_head probe = { .a = *group_id };

	return slice_of(state, (enum order_id)ROW_GROUP_PORTAL, &probe);
}

struct row_slice
state_portal_groups(const struct state *state, const struct guid *portal_id)
{
	const struct row_head probe = { .b = *portal_id };

	return slice_of(state, ORDER_PORTAL_GROUPS, &probe);
}

struct row_slice
state_pool_drives(const struct state *live, const struct guid *pool_id)
{
	const struct row_head probe = { .a = *pool_id };

	return slice_of(live, (enum order_id)ROW_LIVE_POOL_DRIVE, &probe);
}

struct row_slice
state_drive_pools(const struct state *live, const struct guid *drive_id)
{
	const struct row_head probe = { .b = *drive_id };

	return slice_of(live, ORDER_DRIVE_POOLS, &probe);
}
