/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What calls leave behind: the number of references of an object, and task memory. Main thread.
 */
#include "conformance/conf_int.h"

/* Returns the number of references of an object: what Release returns after AddRef. */
static ULONG
refs_of(IUnknown *object)
{
	IUnknown_AddRef(object);
	return IUnknown_Release(object);
}

/*
 * Calls a method ten times and frees what it returned: the object has as many references as before,
 * and no more task memory is in use.
 */
static void
try_counts(struct conf_world *world, const struct conf_method *method, enum conf_kind kind,
	   IUnknown *object, void *self)
{
	struct conf_outs outs;
	long blocks = platform_task_blocks();
	ULONG refs = refs_of(object);
	bool ok;

	for (unsigned i = 0; i < 10; i++) {
		if (SUCCEEDED(conf_record(method, conf_call(method, self, &world->args, 0, &outs))))
			conf_outs_free(method, &outs);
	}
	ok = refs_of(object) == refs;
	if (!conf_ok(ok, "%s::%s of a %s keeps its references", method->interface, method->name,
		     conf_kind_names[kind]))
		conf_note("there were %lu, now there are %lu", (unsigned long)refs,
			  (unsigned long)refs_of(object));
	conf_cell(method, ok);
	if (blocks < 0)
		return;
	ok = platform_task_blocks() == blocks;
	if (!conf_ok(ok, "%s::%s of a %s keeps no task memory", method->interface, method->name,
		     conf_kind_names[kind]))
		conf_note("there were %ld blocks, now there are %ld", blocks,
			  platform_task_blocks());
	conf_cell(method, ok);
}

static void
call_once(struct conf_world *world, const struct conf_method *method, void *self, unsigned null_out)
{
	struct conf_outs outs;

	if (SUCCEEDED(
		    conf_record(method, conf_call(method, self, &world->args, null_out, &outs)))) {
		conf_undo(method, &outs);
		conf_outs_free(method, &outs);
	}
}

/* Calls with one wrong argument after the other: NULL, a bad value, an unknown id. */
static void
call_wrongly(struct conf_world *world, const struct conf_method *method, void *self)
{
	struct conf_args *args = &world->args;

	for (unsigned i = 1; i <= method->out_count; i++)
		call_once(world, method, self, i);
	for (args->null_in = 1; args->null_in <= method->nulls; args->null_in++)
		call_once(world, method, self, 0);
	args->null_in = 0;
	for (args->bad_in = 1; args->bad_in <= method->bads; args->bad_in++)
		call_once(world, method, self, 0);
	args->bad_in = 0;
	for (args->unknown_in = 1; args->unknown_in <= method->ids; args->unknown_in++)
		call_once(world, method, self, 0);
	args->unknown_in = 0;
}

/* A failed call must keep nothing either. */
static void
try_counts_failed(struct conf_world *world, const struct conf_method *method, enum conf_kind kind,
		  IUnknown *object, void *self)
{
	long blocks = platform_task_blocks();
	ULONG refs = refs_of(object);
	bool ok;

	call_wrongly(world, method, self);
	ok = refs_of(object) == refs && platform_task_blocks() == blocks;
	conf_ok(ok, "%s::%s of a %s keeps nothing after it was refused", method->interface,
		method->name, conf_kind_names[kind]);
	conf_cell(method, ok);
}

static void
try_method(struct conf_world *world, const struct conf_method *method, enum conf_kind kind)
{
	IUnknown *object = world->objects[kind];
	void *self = conf_query(object, method->iid);

	if (self == NULL)
		return;
	if ((method->flags & (CONF_CHANGES | CONF_DESTROYS | CONF_LOADS)) == 0)
		try_counts(world, method, kind, object, self);
	if (method->out_count + method->nulls + method->bads + method->ids > 0 &&
	    kind != CONF_ENUM) {
		void *other = conf_retired(world, method, kind);

		if (other != NULL)
			try_counts_failed(world, method, kind, world->retired[kind], other);
		else
			try_counts_failed(world, method, kind, object, self);
		if (other != NULL)
			CONF_RELEASE(other);
	}
	CONF_RELEASE(self);
}

/* Asking for an interface that an object lacks must not keep a reference to it. */
static void
try_query_refused(IUnknown *object, enum conf_kind kind)
{
	ULONG refs = refs_of(object);

	for (unsigned i = 0; i < 10; i++) {
		void *found = conf_query(object, &CLSID_VdsService);

		if (found != NULL)
			CONF_RELEASE(found);
	}
	conf_ok(refs_of(object) == refs, "a %s keeps no reference for an interface that it lacks",
		conf_kind_names[kind]);
}

/* The references of all objects of the world together. */
static ULONG
refs_of_all(struct conf_world *world)
{
	ULONG refs = 0;

	for (unsigned kind = CONF_PROVIDER; kind < CONF_KINDS; kind++)
		refs += world->objects[kind] != NULL ? refs_of(world->objects[kind]) : 0;
	return refs;
}

/* Reads an enumerator of the LUNs to its end and releases it. */
static void
luns_walk(struct conf_world *world)
{
	static GUID ids[1024];
	struct conf_outs outs;
	IEnumVdsObject *list;

	if (FAILED(conf_do(world, world->objects[CONF_SUBSYSTEM], "IVdsSubSystem", "QueryLuns",
			   &outs)))
		return;
	list = conf_out_pointer(&outs, 0);
	conf_list_ids(list, ids, 1024);
	IEnumVdsObject_Release(list);
}

/* What enumerators and operations return has one reference, which is the caller's. */
static void
try_returned(struct conf_world *world)
{
	ULONG refs, left;
	IUnknown *lun;

	luns_walk(world);
	refs = refs_of_all(world);
	luns_walk(world);
	conf_ok(refs_of_all(world) == refs, "an enumerator keeps no reference to what it returned");
	lun = conf_options.service ? NULL : conf_make_lun(world, world->args.size);
	if (lun == NULL)
		return;
	IUnknown_AddRef(lun);
	conf_unmake(lun, CONF_LUN);
	left = IUnknown_Release(lun);
	conf_ok(left == 0, "the last Release of a LUN that an operation made returns 0");
}

/* The last Release of a provider whose objects are all gone must return 0. */
static void
try_last_release(struct conf_world *world)
{
	struct conf_instance third;
	IUnknown *lun;
	ULONG left;

	if (conf_options.service || FAILED(conf_instance_open(&third, NULL)))
		return; /* the service keeps its provider */
	lun = conf_twin(world, &third, CONF_LUN);
	if (lun != NULL)
		conf_ok(IUnknown_Release(lun) == 0, "the last Release of a lun returns 0");
	if (third.private != NULL)
		IVdsProviderPrivate_Release(third.private);
	left = IUnknown_Release(third.provider);
	conf_ok(left == 0, "the last Release of a provider returns 0");
}

void
conf_cases_counts(struct conf_world *world)
{
	if (!conf_family_begin(CONF_COUNTS))
		return;
	for (unsigned i = 0; i < conf_method_count; i++) {
		for (unsigned kind = 0; kind < CONF_KINDS; kind++) {
			if ((conf_methods[i].kinds & CONF_BIT(kind)) != 0 &&
			    world->objects[kind] != NULL)
				try_method(world, &conf_methods[i], (enum conf_kind)kind);
		}
	}
	for (unsigned kind = 0; kind < CONF_KINDS; kind++) {
		if (world->objects[kind] != NULL)
			try_query_refused(world->objects[kind], (enum conf_kind)kind);
	}
	try_returned(world);
	try_last_release(world);
}
