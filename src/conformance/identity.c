/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The algebra of QueryInterface, which COM requires of every object: reflexive, symmetric,
 * transitive, one IUnknown for an object, and the same set of interfaces over time. Main thread.
 */
#include "conformance/conf_int.h"

#include <string.h>

/* The interfaces of the table, each once, and IUnknown. */
struct interfaces {
	const IID *iids[64];
	const char *names[64];
	unsigned count;
};

static void
interfaces_init(struct interfaces *all)
{
	all->iids[0] = &IID_IUnknown;
	all->names[0] = "IUnknown";
	all->count = 1;
	for (unsigned i = 0; i < conf_method_count; i++) {
		const struct conf_method *method = &conf_methods[i];

		if (strcmp(all->names[all->count - 1], method->interface) == 0)
			continue;
		all->iids[all->count] = method->iid;
		all->names[all->count++] = method->interface;
	}
}

/* Returns which interfaces an interface pointer leads to, as bits. */
static uint64_t
set_of(IUnknown *from, const struct interfaces *all)
{
	uint64_t set = 0;

	for (unsigned i = 0; i < all->count; i++) {
		void *found = conf_query(from, all->iids[i]);

		if (found == NULL)
			continue;
		set |= (uint64_t)1 << i;
		CONF_RELEASE(found);
	}
	return set;
}

/* Each interface of the object must lead to all of them, and to the same IUnknown. */
static bool
is_closed(IUnknown *object, const struct interfaces *all, uint64_t set)
{
	void *identity = conf_query(object, &IID_IUnknown);
	bool ok = identity != NULL;

	for (unsigned i = 0; i < all->count && ok; i++) {
		IUnknown *from, *unknown;

		if ((set & ((uint64_t)1 << i)) == 0)
			continue;
		from = conf_query(object, all->iids[i]);
		unknown = conf_query(from, &IID_IUnknown);
		ok = from != NULL && unknown == identity && set_of(from, all) == set;
		if (!ok)
			conf_note("%s", all->names[i]);
		if (unknown != NULL)
			CONF_RELEASE(unknown);
		if (from != NULL)
			CONF_RELEASE(from);
	}
	if (identity != NULL)
		CONF_RELEASE(identity);
	return ok;
}

static void
try_refusals(IUnknown *object, const char *kind)
{
	void *found = &found;
	HRESULT hr = IUnknown_QueryInterface(object, &CLSID_VdsService, &found);

	conf_ok(hr == E_NOINTERFACE && found == NULL,
		"a %s has no interface by the id of a class, and clears the pointer", kind);
	if (conf_options.remote)
		return; /* it is the proxy whom the NULL below would reach, and Wine's crashes */
	hr = IUnknown_QueryInterface(object, &IID_IUnknown, NULL);
	conf_ok(hr == E_POINTER || hr == E_INVALIDARG, "a %s refuses NULL for an interface", kind);
}

/* The same object must be found by its id, as long as it lives. */
static void
try_same_object(struct conf_world *world, enum conf_kind kind, IUnknown *object)
{
	IUnknown *again = conf_twin(world, &world->one, kind);
	IUnknown *a = conf_query(object, &IID_IUnknown), *b = conf_query(again, &IID_IUnknown);

	conf_ok(a != NULL && a == b, "GetObject returns the %s that is already held",
		conf_kind_names[kind]);
	if (a != NULL)
		CONF_RELEASE(a);
	if (b != NULL)
		CONF_RELEASE(b);
	if (again != NULL)
		CONF_RELEASE(again);
}

/* What an iSCSI provider must not offer. */
static void
try_absent(struct conf_world *world)
{
	void *found;

	if (world->type != VDS_HWT_ISCSI)
		return;
	found = conf_query(world->objects[CONF_LUN], &IID_IVdsLunMpio);
	conf_ok(found == NULL, "a lun of an iSCSI provider has no IVdsLunMpio");
	if (found != NULL)
		CONF_RELEASE(found);
	found = conf_query(world->objects[CONF_PROVIDER], &IID_IVdsHwProviderPrivateMpio);
	conf_ok(found == NULL, "an iSCSI provider has no IVdsHwProviderPrivateMpio");
	if (found != NULL)
		CONF_RELEASE(found);
}

static void
try_object(struct conf_world *world, const struct interfaces *all, enum conf_kind kind)
{
	const char *name = conf_kind_names[kind];
	IUnknown *object = world->objects[kind];
	uint64_t set = set_of(object, all), later;

	conf_ok((set & 1) != 0, "a %s has IUnknown", name);
	conf_ok(is_closed(object, all, set), "every interface of a %s leads to all the others",
		name);
	later = set_of(object, all);
	conf_ok(set == later, "a %s has the same interfaces over time", name);
	try_refusals(object, name);
	if (conf_kind_types[kind] != VDS_OT_UNKNOWN)
		try_same_object(world, kind, object);
}

void
conf_cases_identity(struct conf_world *world)
{
	struct interfaces all;

	if (!conf_family_begin(CONF_IDENTITY))
		return;
	interfaces_init(&all);
	for (unsigned kind = 0; kind < CONF_KINDS; kind++) {
		if (world->objects[kind] != NULL)
			try_object(world, &all, (enum conf_kind)kind);
	}
	if (conf_options.remote)
		conf_skip("the proxy answers QueryInterface",
			  "objects refuse NULL for an interface");
	try_absent(world);
}
