/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The service actions of PERSISTENT RESERVE OUT: what each makes of the present set, and which
 * nexuses must hear of it.  Nothing here has an effect on the unit; reserve.c commits the result.
 * Source: SPC-5, the model of persistent reservations and the command's service actions.
 *
 * `after` begins as a copy of `before`, so a registration has the same index in both until
 * drop_gone removes those that are marked.  marks[] goes with the indexes before that.
 */
#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "scsi/scsi_int.h"

void
scsi_change_fini(struct scsi_change *change)
{
	mem_free(TAKE(change->ports));
	mem_free(TAKE(change->target_ports));
	mem_free(TAKE(change->marks));
	mem_free(TAKE(change->data));
	scsi_reservations_unref(TAKE(change->before));
	scsi_reservations_unref(TAKE(change->after));
}

static enum scsi_verdict
bad_parameter(struct scsi_change *c, unsigned byte, int bit)
{
	c->bad_byte = byte;
	c->bad_bit = bit;
	return VERDICT_BAD_PARAMETER;
}

/* ---- The working copy ---- */

/* Copies the present set, with room for `more` registrations. */
static int
begin(struct scsi_change *c, size_t more)
{
	const struct scsi_reservations *before = c->before;
	size_t count = before != NULL ? before->count : 0;

	c->after = scsi_reservations_new(count + more);
	c->marks = mem_calloc(count + more + 1, 1);
	if (c->after == NULL || c->marks == NULL)
		return -ENOMEM;
	if (before == NULL)
		return 0;
	c->after->generation = before->generation;
	c->after->persists = before->persists;
	c->after->type = before->type;
	c->after->holder = before->holder;
	c->after->count = before->count;
	memcpy(c->after->list, before->list, count * sizeof(before->list[0]));
	return 0;
}

static int
find_name(const struct scsi_reservations *set, const struct scsi_nexus_name *name)
{
	return name->initiator == NULL
		       ? -1
		       : scsi_reservations_find(set, name->initiator, name->isid, name->port);
}

/* Adds a registration; begin has made room for it. */
static void
add(struct scsi_change *c, const struct scsi_nexus_name *name, uint64_t key)
{
	struct scsi_registration *r = &c->after->list[c->after->count++];

	*r = (struct scsi_registration){ .key = key, .port = name->port };
	memcpy(r->isid, name->isid, sizeof(r->isid));
	memcpy(r->initiator, name->initiator, strlen(name->initiator) + 1);
}

static void
release(struct scsi_change *c)
{
	c->after->type = SCSI_RESERVE_NONE;
	c->after->holder = SCSI_HOLDER_NONE;
}

/* Marks every registration from before that is neither gone nor the i-th; own -1 = every one. */
static void
mark_others(struct scsi_change *c, int own, uint8_t mark)
{
	for (uint32_t i = 0; c->before != NULL && i < c->before->count; i++)
		if ((int)i != own && (c->marks[i] & MARK_GONE) == 0)
			c->marks[i] |= mark;
}

/* Removes what is marked as gone.  A reservation that nobody holds any more ends. */
static void
drop_gone(struct scsi_change *c)
{
	struct scsi_reservations *after = c->after;
	uint32_t kept = 0, holder = after->holder;

	after->holder = SCSI_HOLDER_NONE;
	for (uint32_t i = 0; i < after->count; i++) {
		if ((c->marks[i] & MARK_GONE) != 0)
			continue;
		if (i == holder)
			after->holder = kept;
		if (kept != i)
			after->list[kept] = after->list[i];
		kept++;
	}
	after->count = kept;
	if (after->type != SCSI_RESERVE_NONE &&
	    (scsi_reserve_type_is_all(after->type) ? kept == 0 : after->holder == SCSI_HOLDER_NONE))
		release(c);
}

/* The nexus that asks has registered, with the key that it names: its index, or -1. */
static int
registered(const struct scsi_change *c)
{
	int own = find_name(c->before, &c->by);

	return own >= 0 && c->before->list[own].key == c->key ? own : -1;
}

/* ---- REGISTER, REGISTER AND IGNORE EXISTING KEY ---- */

/*
 * A registration ends.  When its nexus alone holds a reservation for registrants, the others hear
 * that the reservation is released.
 */
static void
unregister(struct scsi_change *c, int i)
{
	bool alone = scsi_reservations_holds(c->before, i) &&
		     !scsi_reserve_type_is_all(c->before->type);

	c->marks[i] |= MARK_GONE;
	if (alone && scsi_reserve_type_is_shared(c->before->type))
		mark_others(c, find_name(c->before, &c->by), MARK_RESERVATIONS_RELEASED);
}

/* The request as if it had come through this target port. */
static enum scsi_verdict
register_port(struct scsi_change *c, uint16_t port)
{
	struct scsi_nexus_name name = { c->by.initiator, c->by.isid, port };
	int i = find_name(c->after, &name);

	if (i < 0) {
		if (c->action_key != 0)
			add(c, &name, c->action_key);
		return VERDICT_GOOD;
	}
	if (c->action == PROUT_REGISTER && c->after->list[i].key != c->key)
		return VERDICT_CONFLICT;
	if (c->action_key == 0)
		unregister(c, i);
	else
		c->after->list[i].key = c->action_key;
	return VERDICT_GOOD;
}

struct known {
	struct scsi_change *change;
	size_t room;
};

static int
count_known(void *arg, const struct scsi_nexus *nexus)
{
	size_t *count = arg;

	(void)nexus;
	(*count)++;
	return 0;
}

/* TransportIDs: a port that has registered already keeps its key. */
static void
register_name(struct scsi_change *c, const char *initiator, const uint8_t *isid, uint16_t port)
{
	struct scsi_nexus_name name = { initiator, isid, port };

	if (find_name(c->after, &name) < 0)
		add(c, &name, c->action_key);
}

static int
register_known(void *arg, const struct scsi_nexus *nexus)
{
	struct known *known = arg;
	struct scsi_change *c = known->change;

	if (known->room == 0)
		return 1; /* it has come since they were counted */
	known->room--;
	register_name(c, nexus->initiator_name, nexus->isid, nexus->relative_port_id);
	return 0;
}

/*
 * SPEC_I_PT.  A TransportID that names a device stands for all of its nexuses that are known to the
 * unit (SPC-5, TransportIDs for iSCSI).
 */
static void
register_specified(struct scsi_change *c, size_t room_of_known)
{
	struct known known = { c, room_of_known };

	for (size_t i = 0; i < c->port_count; i++) {
		const struct scsi_initiator_port *port = &c->ports[i];

		if (port->any_port) {
			scsi_reserve_each_nexus(c->lu, port->initiator, register_known, &known);
			continue;
		}
		for (size_t k = 0; k < c->target_port_count; k++)
			register_name(c, port->initiator, port->isid, c->target_ports[k]);
	}
}

static size_t
count_specified(const struct scsi_change *c)
{
	size_t known = 0;

	for (size_t i = 0; i < c->port_count; i++)
		if (c->ports[i].any_port)
			scsi_reserve_each_nexus(c->lu, c->ports[i].initiator, count_known, &known);
	return known;
}

/* What SPC-5's table of "register behaviors" refuses. */
static enum scsi_verdict
check_register(struct scsi_change *c)
{
	int own = find_name(c->before, &c->by);

	if (c->action == PROUT_REGISTER && c->key != (own >= 0 ? c->before->list[own].key : 0))
		return VERDICT_CONFLICT;
	if (c->aptpl && c->lu->desc.store == NULL)
		return bad_parameter(c, 20, 0);
	if (c->spec_i_pt && own >= 0)
		return bad_parameter(c, 20, 3);
	return own < 0 && c->action_key == 0 ? VERDICT_NOTHING : VERDICT_GOOD;
}

static enum scsi_verdict
register_(struct scsi_change *c)
{
	enum scsi_verdict verdict = check_register(c);
	size_t known;

	if (verdict != VERDICT_GOOD)
		return verdict;
	known = count_specified(c);
	if (begin(c, (c->port_count + 1) * c->target_port_count + known) < 0)
		return VERDICT_NO_MEMORY;
	for (size_t i = 0; i < c->target_port_count; i++) {
		verdict = register_port(c, c->target_ports[i]);
		if (verdict != VERDICT_GOOD)
			return verdict;
	}
	register_specified(c, known);
	drop_gone(c);
	c->after->persists = c->aptpl;
	c->after->generation++;
	return c->after->count <= SCSI_REGISTRATIONS_MAX ? VERDICT_GOOD : VERDICT_NO_RESOURCES;
}

/* ---- RESERVE, RELEASE, CLEAR ---- */

static enum scsi_verdict
reserve(struct scsi_change *c)
{
	int own = registered(c);

	if (own < 0)
		return VERDICT_CONFLICT;
	if (c->scope != 0 || !scsi_reserve_type_is_valid(c->type))
		return VERDICT_BAD_TYPE;
	if (c->before->type != SCSI_RESERVE_NONE)
		return scsi_reservations_holds(c->before, own) && c->before->type == c->type
			       ? VERDICT_NOTHING
			       : VERDICT_CONFLICT;
	if (begin(c, 0) < 0)
		return VERDICT_NO_MEMORY;
	c->after->type = c->type;
	if (!scsi_reserve_type_is_all(c->type))
		c->after->holder = (uint32_t)own;
	return VERDICT_GOOD;
}

static enum scsi_verdict
release_(struct scsi_change *c)
{
	int own = registered(c);

	if (own < 0)
		return VERDICT_CONFLICT;
	if (!scsi_reservations_holds(c->before, own))
		return VERDICT_NOTHING;
	if (c->scope != 0 || c->type != c->before->type)
		return VERDICT_BAD_RELEASE;
	if (begin(c, 0) < 0)
		return VERDICT_NO_MEMORY;
	release(c);
	if (scsi_reserve_type_is_shared(c->before->type))
		mark_others(c, own, MARK_RESERVATIONS_RELEASED);
	return VERDICT_GOOD;
}

/* An administrator needs no registration. */
static enum scsi_verdict
clear(struct scsi_change *c)
{
	int own = registered(c);

	if (own < 0 && c->by.initiator != NULL)
		return VERDICT_CONFLICT;
	if (begin(c, 0) < 0)
		return VERDICT_NO_MEMORY;
	mark_others(c, own, MARK_RESERVATIONS_PREEMPTED);
	for (uint32_t i = 0; i < c->after->count; i++)
		c->marks[i] |= MARK_GONE;
	drop_gone(c);
	c->after->generation++;
	return VERDICT_GOOD;
}

/* ---- PREEMPT, PREEMPT AND ABORT ---- */

/* Marks the registrations with the key of the request; every == true: all.  Returns how many. */
static unsigned
preempt_keys(struct scsi_change *c, int own, bool every, bool spare_own)
{
	unsigned count = 0;

	for (uint32_t i = 0; i < c->before->count; i++) {
		if (!every && c->before->list[i].key != c->action_key)
			continue;
		count++;
		if ((int)i == own && spare_own)
			continue;
		c->marks[i] |= MARK_GONE;
		if ((int)i == own)
			continue;
		c->marks[i] |= MARK_REGISTRATIONS_PREEMPTED;
		if (c->action == PROUT_PREEMPT_AND_ABORT)
			c->marks[i] |= MARK_ABORTED;
	}
	return count;
}

/*
 * The reservation is preempted: those that held it lose their registrations, and the nexus that
 * asks holds a new one.  Registrants that stay hear of it when the type is another one.
 */
static enum scsi_verdict
preempt_reservation(struct scsi_change *c, int own, bool every)
{
	if (c->scope != 0 || !scsi_reserve_type_is_valid(c->type))
		return VERDICT_BAD_TYPE;
	preempt_keys(c, own, every, true);
	if (c->type != c->before->type)
		mark_others(c, own, MARK_RESERVATIONS_RELEASED);
	c->after->type = c->type;
	c->after->holder = scsi_reserve_type_is_all(c->type) ? SCSI_HOLDER_NONE : (uint32_t)own;
	return VERDICT_GOOD;
}

static enum scsi_verdict
preempt(struct scsi_change *c)
{
	enum scsi_verdict verdict = VERDICT_GOOD;
	int own = registered(c);
	bool all;

	if (own < 0)
		return VERDICT_CONFLICT;
	if (begin(c, 0) < 0)
		return VERDICT_NO_MEMORY;
	all = scsi_reserve_type_is_all(c->before->type);
	if (c->action_key == 0 && !all)
		return bad_parameter(c, 8, -1);
	if (c->before->type != SCSI_RESERVE_NONE &&
	    (all ? c->action_key == 0 : c->before->list[c->before->holder].key == c->action_key))
		verdict = preempt_reservation(c, own, all);
	else if (preempt_keys(c, own, false, false) == 0)
		verdict = VERDICT_CONFLICT;
	drop_gone(c);
	c->after->generation++;
	return verdict;
}

/* ---- REGISTER AND MOVE ---- */

static bool
is_target_port(const struct scsi_change *c, uint16_t port)
{
	for (size_t i = 0; i < c->target_port_count; i++)
		if (c->target_ports[i] == port)
			return true;
	return false;
}

static enum scsi_verdict
check_move(struct scsi_change *c, int own)
{
	const struct scsi_initiator_port *to = c->ports;

	if (own < 0)
		return VERDICT_CONFLICT;
	if (c->before->type == SCSI_RESERVE_NONE)
		return VERDICT_BAD_MOVE;
	if (!scsi_reservations_holds(c->before, own) || scsi_reserve_type_is_all(c->before->type))
		return VERDICT_CONFLICT;
	if (c->action_key == 0)
		return bad_parameter(c, 8, -1);
	if (c->aptpl && c->lu->desc.store == NULL)
		return bad_parameter(c, 17, 0);
	if (!is_target_port(c, c->move_port))
		return bad_parameter(c, 18, -1);
	if (c->port_count != 1 || to->any_port)
		return bad_parameter(c, 24, -1);
	if (c->move_port == c->by.port && strcmp(to->initiator, c->by.initiator) == 0 &&
	    memcmp(to->isid, c->by.isid, sizeof(to->isid)) == 0)
		return bad_parameter(c, 24, -1);
	return VERDICT_GOOD;
}

static enum scsi_verdict
move(struct scsi_change *c)
{
	int own = registered(c), to;
	enum scsi_verdict verdict = check_move(c, own);
	struct scsi_nexus_name name;

	if (verdict != VERDICT_GOOD)
		return verdict;
	if (begin(c, 1) < 0)
		return VERDICT_NO_MEMORY;
	name = (struct scsi_nexus_name){ c->ports->initiator, c->ports->isid, c->move_port };
	to = find_name(c->after, &name);
	if (to < 0) {
		to = (int)c->after->count;
		add(c, &name, c->action_key);
	}
	c->after->list[to].key = c->action_key;
	c->after->holder = (uint32_t)to;
	if (c->unreg)
		c->marks[own] |= MARK_GONE;
	drop_gone(c);
	c->after->persists = c->aptpl;
	c->after->generation++;
	return c->after->count <= SCSI_REGISTRATIONS_MAX ? VERDICT_GOOD : VERDICT_NO_RESOURCES;
}

/* ---- The table ---- */

static enum scsi_verdict (*const actions[])(struct scsi_change *c) = {
	[PROUT_REGISTER] = register_,
	[PROUT_RESERVE] = reserve,
	[PROUT_RELEASE] = release_,
	[PROUT_CLEAR] = clear,
	[PROUT_PREEMPT] = preempt,
	[PROUT_PREEMPT_AND_ABORT] = preempt,
	[PROUT_REGISTER_AND_IGNORE] = register_,
	[PROUT_REGISTER_AND_MOVE] = move,
};

enum scsi_verdict
scsi_change_make(struct scsi_change *change)
{
	change->before = scsi_reserve_now(change->lu);
	return actions[change->action](change);
}
