/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Two programs that make changes at once, of which each can be right only without the other: for
 * every code of a precondition, one of the documented outcomes, and an array that agrees with it.
 * Each program is a thread with a provider of its own.
 */
#include "conformance/conf_int.h"

#include <stdatomic.h>
#include <string.h>

#define ROUNDS        20
#define ROUNDS_REMOTE 4 /* through proxies each round takes many times as long */

/* One program: the call that it makes when both are ready, and what came of that. */
struct racer {
	HRESULT (*call)(struct racer *racer);
	IUnknown *object; /* of its provider */
	GUID id;          /* the argument of the call */
	struct conf_args args;
	_Atomic unsigned *ready;
	HRESULT hr;
};

static void
race_main(void *arg)
{
	struct racer *racer = arg;

	atomic_fetch_add(racer->ready, 1);
	while (atomic_load(racer->ready) < 2)
		continue;
	racer->hr = racer->call(racer);
}

/* Runs both calls at the same time. */
static void
race(struct racer *a, struct racer *b)
{
	_Atomic unsigned ready = 0;
	struct platform_thread *thread;

	a->ready = b->ready = &ready;
	thread = platform_thread_start(race_main, a);
	if (thread == NULL) { /* one after the other, then */
		atomic_store(&ready, 2);
		race_main(a);
	}
	race_main(b);
	if (thread != NULL)
		platform_thread_join(thread);
}

/* ---- the calls ---- */

static HRESULT
call(struct racer *racer, const char *interface, const char *method)
{
	const struct conf_method *row = conf_method_find(interface, method);
	void *self = conf_query(racer->object, row->iid);
	struct conf_outs outs;
	HRESULT hr;

	if (self == NULL)
		return E_NOINTERFACE;
	hr = conf_record(row, conf_call(row, self, &racer->args, 0, &outs));
	CONF_RELEASE(self);
	if (SUCCEEDED(hr) && row->out_count > 0)
		hr = conf_async_end(conf_out_pointer(&outs, 0), NULL);
	return hr;
}

static HRESULT
call_delete_lun(struct racer *racer)
{
	return call(racer, "IVdsLun", "Delete");
}

static HRESULT
call_extend(struct racer *racer)
{
	return call(racer, "IVdsLun", "Extend");
}

static HRESULT
call_associate(struct racer *racer)
{
	racer->args.target_ids = &racer->args.target;
	return call(racer, "IVdsLunIscsi", "AssociateTargets");
}

static HRESULT
call_delete_target(struct racer *racer)
{
	return call(racer, "IVdsIscsiTarget", "Delete");
}

static HRESULT
call_create_group(struct racer *racer)
{
	return call(racer, "IVdsIscsiTarget", "CreatePortalGroup");
}

static HRESULT
call_add_portal(struct racer *racer)
{
	return call(racer, "IVdsIscsiPortalGroup", "AddPortal");
}

static HRESULT
call_delete_group(struct racer *racer)
{
	return call(racer, "IVdsIscsiPortalGroup", "Delete");
}

static HRESULT
call_create_named(struct racer *racer)
{
	static WCHAR iqn[] = { 'i', 'q', 'n', '.', '2', '0', '0', '1', '-', '0',
			       '1', '.', 'o', 'r', 'g', '.', 'e', 'x', 'a', 'm',
			       'p', 'l', 'e', ':', 'r', 'a', 'c', 'e', 0 };
	IVdsSubSystemIscsi *iscsi = conf_query(racer->object, &IID_IVdsSubSystemIscsi);
	IVdsAsync *async = NULL;
	HRESULT hr;

	if (iscsi == NULL)
		return E_NOINTERFACE;
	hr = CONF_RECORD(IVdsSubSystemIscsi, CreateTarget,
			 IVdsSubSystemIscsi_CreateTarget(iscsi, iqn, iqn, &async));
	IVdsSubSystemIscsi_Release(iscsi);
	if (FAILED(hr))
		return hr;
	/* The id of what was made is kept, so that it can be deleted again. */
	IUnknown *made = NULL;

	hr = conf_async_end(async, &made);
	if (made != NULL && conf_id(made, CONF_TARGET, &racer->id))
		CONF_RELEASE(made);
	return hr;
}

/* ---- the races ---- */

/* What two calls may come to: each code of the two, in the order in which they are listed. */
struct outcome {
	HRESULT a, b;
};

struct contest {
	const char *name;
	enum conf_kind kind_a, kind_b; /* of the objects; a LUN, a target, a group, the subsystem */
	HRESULT (*call_a)(struct racer *racer);
	HRESULT (*call_b)(struct racer *racer);
	struct outcome outcomes[4];
	unsigned outcome_count;
};

/* What one round works on. */
struct field {
	IUnknown *lun, *target, *group;
};

static IUnknown *
object_for(struct conf_world *world, struct conf_instance *instance, const struct field *field,
	   enum conf_kind kind)
{
	IUnknown *object = kind == CONF_LUN      ? field->lun
			   : kind == CONF_TARGET ? field->target
			   : kind == CONF_GROUP  ? field->group
						 : world->objects[kind];
	GUID id;

	if (object == NULL || !conf_id(object, kind, &id))
		return NULL;
	return conf_instance_get(instance, kind, &id);
}

static bool
is_allowed(const struct contest *contest, HRESULT a, HRESULT b)
{
	for (unsigned i = 0; i < contest->outcome_count; i++) {
		if (contest->outcomes[i].a == a && contest->outcomes[i].b == b)
			return true;
	}
	conf_note("%s and %s", conf_code(a), conf_code(b));
	return false;
}

/* Deletes what the round has left. */
static void
clear(struct conf_world *world, struct field *field, struct racer *racers)
{
	IVdsLunIscsi *iscsi = conf_query(field->lun, &IID_IVdsLunIscsi);
	IVdsIscsiPortalGroup *group = conf_query(field->group, &IID_IVdsIscsiPortalGroup);
	IVdsAsync *async = NULL;

	if (iscsi != NULL) {
		CONF_RECORD(IVdsLunIscsi, AssociateTargets,
			    IVdsLunIscsi_AssociateTargets(iscsi, NULL, 0));
		IVdsLunIscsi_Release(iscsi);
	}
	if (group != NULL) {
		if (SUCCEEDED(CONF_RECORD(
			    IVdsIscsiPortalGroup, RemovePortal,
			    IVdsIscsiPortalGroup_RemovePortal(group, world->args.portal, &async))))
			conf_async_end(async, NULL);
		IVdsIscsiPortalGroup_Release(group);
	}
	conf_unmake(field->group, CONF_GROUP);
	conf_unmake(field->target, CONF_TARGET);
	conf_unmake(field->lun, CONF_LUN);
	for (unsigned i = 0; i < 2; i++) {
		IUnknown *made = NULL;

		if (racers[i].call == call_create_named)
			made = conf_instance_get(&world->one, CONF_TARGET, &racers[i].id);
		conf_unmake(made, CONF_TARGET);
		if (racers[i].object != NULL)
			CONF_RELEASE(racers[i].object);
	}
}

static bool
run_round(struct conf_world *world, const struct contest *contest)
{
	struct field field = { NULL, NULL, NULL };
	struct racer racers[2];
	bool ok = false;

	memset(racers, 0, sizeof(racers));
	field.lun = conf_make_lun(world, world->args.size);
	field.target = conf_make_target(world);
	field.group = conf_make_group(world, field.target);
	racers[0].args = racers[1].args = world->args;
	conf_id(field.target, CONF_TARGET, &racers[0].args.target);
	racers[1].args.target = racers[0].args.target;
	racers[0].call = contest->call_a;
	racers[1].call = contest->call_b;
	/* The second provider need not know the new objects yet when the first one has them. */
	for (unsigned i = 0; i < 1000 && racers[1].object == NULL; i++) {
		racers[1].object = object_for(world, &world->two, &field, contest->kind_b);
		if (racers[1].object == NULL)
			platform_sleep_ms(1);
	}
	racers[0].object = object_for(world, &world->one, &field, contest->kind_a);
	if (racers[0].object != NULL && racers[1].object != NULL) {
		race(&racers[0], &racers[1]);
		ok = is_allowed(contest, racers[0].hr, racers[1].hr);
	}
	clear(world, &field, racers);
	return ok;
}

/* clang-format off */
#define OK      S_OK
#define DELETED VDS_E_OBJECT_DELETED
#define BUSY    VDS_E_ANOTHER_CALL_IN_PROGRESS
static const struct contest contests[] = {
	{ "two delete a LUN", CONF_LUN, CONF_LUN, call_delete_lun, call_delete_lun,
	  { { OK, DELETED }, { DELETED, OK }, { OK, BUSY }, { BUSY, OK } }, 4 },
	{ "two extend a LUN", CONF_LUN, CONF_LUN, call_extend, call_extend,
	  { { OK, OK }, { OK, BUSY }, { BUSY, OK } }, 3 },
	{ "one extends a LUN, another deletes it", CONF_LUN, CONF_LUN, call_extend, call_delete_lun,
	  { { OK, OK }, { DELETED, OK }, { BUSY, OK }, { OK, BUSY } }, 4 },
	{ "one associates a target, another deletes it", CONF_LUN, CONF_TARGET, call_associate, call_delete_target,
	  { { OK, VDS_E_ASSOCIATED_LUNS_EXIST }, { VDS_E_OBJECT_NOT_FOUND, OK } }, 2 },
	{ "one associates a LUN, another deletes it", CONF_LUN, CONF_LUN, call_associate, call_delete_lun,
	  { { OK, OK }, { DELETED, OK }, { BUSY, OK }, { OK, BUSY } }, 4 },
	{ "two delete a target", CONF_TARGET, CONF_TARGET, call_delete_target, call_delete_target,
	  { { OK, DELETED }, { DELETED, OK } }, 2 },
	{ "one makes a portal group, another deletes its target", CONF_TARGET, CONF_TARGET, call_create_group, call_delete_target,
	  { { OK, OK }, { DELETED, OK } }, 2 },
	{ "one adds a portal, another deletes the group", CONF_GROUP, CONF_GROUP, call_add_portal, call_delete_group,
	  { { OK, VDS_E_ASSOCIATED_PORTALS_EXIST }, { DELETED, OK } }, 2 },
	{ "two create a target of one name", CONF_SUBSYSTEM, CONF_SUBSYSTEM, call_create_named, call_create_named,
	  { { OK, VDS_E_NAME_NOT_UNIQUE }, { VDS_E_NAME_NOT_UNIQUE, OK } }, 2 },
};
/* clang-format on */

void
conf_cases_race(struct conf_world *world)
{
	unsigned rounds = conf_options.remote ? ROUNDS_REMOTE : ROUNDS;

	if (!conf_family_begin(CONF_RACE))
		return;
	if (world->objects[CONF_TARGET] == NULL || world->objects[CONF_PORTAL] == NULL) {
		conf_skip("no iSCSI targets", "races");
		return;
	}
	for (size_t i = 0; i < sizeof(contests) / sizeof(contests[0]); i++) {
		bool ok = true;

		for (unsigned round = 0; round < rounds && ok; round++)
			ok = run_round(world, &contests[i]);
		conf_ok(ok, "%s, %u times", contests[i].name, rounds);
	}
}
