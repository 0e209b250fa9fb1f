/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every method of an object that is not sound: the provider is not loaded, the object was deleted,
 * it has failed, an operation holds it, or the array cannot be reached. The hook brings about what
 * a program cannot. Main thread.
 */
#include "conformance/conf_int.h"

#include <string.h>

/* A state, and what its methods answer. */
struct conf_state {
	const char *name;
	HRESULT wanted;
	/* Returns false when the method need not answer `wanted`. */
	bool (*applies)(const struct conf_method *method);
};

static bool
is_listed(const struct conf_method *method, HRESULT hr)
{
	for (unsigned i = 0; i < conf_row_count; i++) {
		if (conf_rows[i].hr == hr &&
		    strcmp(conf_rows[i].interface, method->interface) == 0 &&
		    strcmp(conf_rows[i].method, method->name) == 0)
			return true;
	}
	return false;
}

static bool
needs_array(const struct conf_method *method)
{
	return (method->flags & (CONF_ANYTIME | CONF_LOADS | CONF_REFUSED)) == 0;
}

/*
 * A provider that knows that its array is lost may still list it, look for it, and say of it that
 * it is offline.
 */
static bool
may_live_without(const struct conf_method *method)
{
	return strcmp(method->interface, "IVdsHwProvider") == 0 ||
	       (strcmp(method->interface, "IVdsSubSystem") == 0 &&
		strcmp(method->name, "GetProperties") == 0) ||
	       (strcmp(method->interface, "IVdsSubSystem2") == 0 &&
		strcmp(method->name, "GetProperties2") == 0);
}

/* Only methods for which VDS lists the code, and that do not end or repair the object. */
static bool
minds_failure(const struct conf_method *method)
{
	return (method->flags & (CONF_REPAIRS | CONF_DESTROYS)) == 0 &&
	       is_listed(method, VDS_E_OBJECT_STATUS_FAILED);
}

static bool
minds_operations(const struct conf_method *method)
{
	return is_listed(method, VDS_E_ANOTHER_CALL_IN_PROGRESS);
}

/* Methods that change the array; what the provider does by itself (Refresh) needs no right. */
static bool
needs_right(const struct conf_method *method)
{
	return needs_array(method) && (method->flags & (CONF_CHANGES | CONF_DESTROYS)) != 0;
}

/* clang-format off */
static const struct conf_state conf_state_unloaded = { "that is not loaded", VDS_E_INITIALIZE_NOT_CALLED, needs_array };
static const struct conf_state conf_state_deleted = { "that was deleted", VDS_E_OBJECT_DELETED, needs_array };
static const struct conf_state conf_state_failed = { "that has failed", VDS_E_OBJECT_STATUS_FAILED, minds_failure };
static const struct conf_state conf_state_busy = { "that an operation holds", VDS_E_ANOTHER_CALL_IN_PROGRESS, minds_operations };
static const struct conf_state conf_state_corrupt = { "without its array", VDS_E_PROVIDER_CACHE_CORRUPT, needs_array };
/* clang-format on */

/*
 * Calls a method with valid arguments in this state: it must return the state's code and clear what
 * it was to return.
 */
static void
try_state(struct conf_world *world, const struct conf_state *state,
	  const struct conf_method *method, enum conf_kind kind, void *self)
{
	struct conf_outs outs;
	HRESULT hr = conf_record(method, conf_call(method, self, &world->args, 0, &outs));
	bool ok = hr == state->wanted ||
		  (state == &conf_state_corrupt && SUCCEEDED(hr) && may_live_without(method));

	for (unsigned i = 0; i < method->out_count && FAILED(hr); i++) {
		enum conf_out_kind out = method->outs[i]->kind;

		if ((out == CONF_OUT_OBJECT || out == CONF_OUT_ASYNC || out == CONF_OUT_LIST ||
		     out == CONF_OUT_ARRAY || out == CONF_OUT_STRINGS) &&
		    conf_out_pointer(&outs, i) != NULL)
			ok = false;
	}
	if (!conf_ok(ok, "%s::%s of a %s %s", method->interface, method->name,
		     conf_kind_names[kind], state->name))
		conf_note("it returned %s", conf_code(hr));
	conf_cell(method, ok);
	if (SUCCEEDED(hr))
		conf_outs_free(method, &outs);
}

/* Calls every method of an object that minds the state. */
static void
walk_object(struct conf_world *world, const struct conf_state *state, enum conf_kind kind,
	    IUnknown *object)
{
	for (unsigned i = 0; i < conf_method_count; i++) {
		const struct conf_method *method = &conf_methods[i];
		void *self;

		if ((method->kinds & CONF_BIT(kind)) == 0 || !state->applies(method))
			continue;
		self = conf_query(object, method->iid);
		if (self == NULL)
			continue;
		try_state(world, state, method, kind, self);
		CONF_RELEASE(self);
	}
}

/* ---- not loaded ---- */

void
conf_cases_unloaded(struct conf_world *world)
{
	struct conf_instance fresh, third;
	IUnknown *objects[CONF_KINDS] = { NULL };
	HRESULT hr;

	if (!conf_family_begin(CONF_UNLOADED))
		return;
	hr = conf_instance_unloaded(&fresh);
	if (FAILED(hr)) {
		conf_skip("there is no class factory", "before OnLoad");
	} else {
		walk_object(world, &conf_state_unloaded, CONF_PROVIDER, fresh.provider);
		conf_instance_close(&fresh);
	}
	if (FAILED(conf_instance_open(&third, NULL)) || third.private == NULL) {
		conf_skip("a provider without IVdsProviderPrivate", "after OnUnload");
		return;
	}
	for (unsigned kind = CONF_PROVIDER; kind < CONF_KINDS; kind++)
		objects[kind] = conf_twin(world, &third, (enum conf_kind)kind);
	hr = CONF_RECORD(IVdsProviderPrivate, OnUnload,
			 IVdsProviderPrivate_OnUnload(third.private, TRUE));
	conf_ok(hr == S_OK, "OnUnload by force");
	for (unsigned kind = CONF_PROVIDER; kind < CONF_KINDS; kind++) {
		if (objects[kind] == NULL)
			continue;
		walk_object(world, &conf_state_unloaded, (enum conf_kind)kind, objects[kind]);
		CONF_RELEASE(objects[kind]);
	}
	conf_instance_close(&third);
}

/* ---- deleted ---- */

struct deleted {
	IUnknown *object;
	enum conf_kind kind;
};

static bool
is_deleted(void *arg)
{
	struct deleted *deleted = arg;
	GUID id;

	return !conf_id(deleted->object, deleted->kind, &id);
}

/* Waits until the first provider knows of a deletion, then calls every method. */
static void
walk_deleted(struct conf_world *world, IUnknown *object, enum conf_kind kind)
{
	struct deleted deleted = { object, kind };

	if (!conf_ok(conf_eventually(is_deleted, &deleted), "a %s that another program deleted",
		     conf_kind_names[kind]))
		return;
	walk_object(world, &conf_state_deleted, kind, object);
}

struct sought {
	struct conf_instance *instance;
	enum conf_kind kind;
	GUID id;
	IUnknown *found;
};

static bool
is_found(void *arg)
{
	struct sought *sought = arg;

	sought->found = conf_instance_get(sought->instance, sought->kind, &sought->id);
	return sought->found != NULL;
}

/*
 * Returns an object of the first provider that another program made, with one reference, or NULL:
 * the provider may hear of it a little later.
 */
static IUnknown *
found_in_time(struct conf_world *world, enum conf_kind kind, const GUID *id)
{
	struct sought sought = { .instance = &world->one, .kind = kind, .id = *id };

	return conf_eventually(is_found, &sought) ? sought.found : NULL;
}

/* Deletes through the second provider what the first one has made. */
static void
delete_underneath(struct conf_world *world, IUnknown *object, enum conf_kind kind)
{
	struct sought sought = { .instance = &world->two, .kind = kind };

	if (object == NULL || !conf_id(object, kind, &sought.id) ||
	    !conf_eventually(is_found, &sought)) {
		conf_skip("the object could not be made", "a deleted %s", conf_kind_names[kind]);
	} else {
		conf_unmake(sought.found, kind);
		walk_deleted(world, object, kind);
	}
	if (object != NULL)
		CONF_RELEASE(object);
}

/* Lets the hook make and delete an object of a kind that VDS cannot delete. */
static void
delete_by_hook(struct conf_world *world, enum conf_kind kind)
{
	GUID id;
	IUnknown *object = NULL;

	if (conf_hook("make", kind, NULL, &id) == 0)
		object = found_in_time(world, kind, &id);
	if (object == NULL || conf_hook("delete", kind, &id, NULL) != 0)
		conf_skip("no hook for it", "a deleted %s", conf_kind_names[kind]);
	else
		walk_deleted(world, object, kind);
	if (object != NULL)
		CONF_RELEASE(object);
}

void
conf_cases_deleted(struct conf_world *world)
{
	IUnknown *lun, *plex = NULL;
	IEnumVdsObject *plexes;
	struct conf_outs outs;
	ULONG fetched;

	if (!conf_family_begin(CONF_DELETED))
		return;
	lun = conf_make_lun(world, world->args.size);
	if (lun != NULL && SUCCEEDED(conf_do(world, lun, "IVdsLun", "QueryPlexes", &outs))) {
		plexes = conf_out_pointer(&outs, 0);
		if (IEnumVdsObject_Next(plexes, 1, &plex, &fetched) != S_OK)
			plex = NULL;
		IEnumVdsObject_Release(plexes);
	}
	delete_underneath(world, lun, CONF_LUN);
	if (plex != NULL) {
		walk_deleted(world, plex, CONF_PLEX);
		CONF_RELEASE(plex);
	}
	if (world->objects[CONF_GROUP] != NULL)
		delete_underneath(world, conf_make_group(world, world->objects[CONF_TARGET]),
				  CONF_GROUP);
	if (world->objects[CONF_TARGET] != NULL)
		delete_underneath(world, conf_make_target(world), CONF_TARGET);
	if (world->objects[CONF_PORTAL] != NULL)
		delete_by_hook(world, CONF_PORTAL);
	if (world->objects[CONF_POOL] != NULL)
		delete_by_hook(world, CONF_POOL);
	if (world->objects[CONF_DRIVE] != NULL)
		delete_by_hook(world, CONF_DRIVE);
}

/* ---- failed, busy ---- */

struct awaited {
	IUnknown *object;
	const char *interface, *method;
	HRESULT hr;
};

/* Returns true when the method of the object answers the awaited code. */
static bool
answers(void *arg)
{
	struct awaited *awaited = arg;
	struct conf_outs outs;
	HRESULT hr = conf_do(NULL, awaited->object, awaited->interface, awaited->method, &outs);

	if (SUCCEEDED(hr))
		conf_outs_free(conf_method_find(awaited->interface, awaited->method), &outs);
	return hr == awaited->hr;
}

static IUnknown *
plex_of(struct conf_world *world, IUnknown *lun)
{
	struct conf_outs outs;
	IEnumVdsObject *list;
	IUnknown *plex = NULL;
	ULONG fetched;

	if (FAILED(conf_do(world, lun, "IVdsLun", "QueryPlexes", &outs)))
		return NULL;
	list = conf_out_pointer(&outs, 0);
	if (IEnumVdsObject_Next(list, 1, &plex, &fetched) != S_OK)
		plex = NULL;
	IEnumVdsObject_Release(list);
	return plex;
}

static void
walk_lun(struct conf_world *world, const struct conf_state *state, IUnknown *lun)
{
	IUnknown *plex = plex_of(world, lun);

	walk_object(world, state, CONF_LUN, lun);
	if (plex != NULL) {
		walk_object(world, state, CONF_PLEX, plex);
		CONF_RELEASE(plex);
	}
}

static void
failed_drive(struct conf_world *world)
{
	struct awaited awaited = { world->objects[CONF_DRIVE], "IVdsDrive", "QueryExtents",
				   VDS_E_OBJECT_STATUS_FAILED };
	GUID id;

	if (awaited.object == NULL)
		return;
	if (!conf_id(awaited.object, CONF_DRIVE, &id) ||
	    conf_hook("fail", CONF_DRIVE, &id, NULL) != 0) {
		conf_skip("no hook for it", "a drive that has failed");
		return;
	}
	if (conf_ok(conf_eventually(answers, &awaited), "a drive that cannot be used fails"))
		walk_object(world, &conf_state_failed, CONF_DRIVE, awaited.object);
	conf_hook("heal", CONF_DRIVE, &id, NULL);
	awaited.hr = S_OK;
	conf_ok(conf_eventually(answers, &awaited), "a drive that can be used again is sound");
}

void
conf_cases_failed(struct conf_world *world)
{
	struct awaited awaited = { NULL, "IVdsLun", "GetIdentificationData",
				   VDS_E_OBJECT_STATUS_FAILED };
	struct conf_outs outs;
	GUID id;

	if (!conf_family_begin(CONF_FAILED))
		return;
	awaited.object = conf_make_lun(world, world->args.size);
	if (awaited.object == NULL || !conf_id(awaited.object, CONF_LUN, &id) ||
	    conf_hook("fail", CONF_LUN, &id, NULL) != 0) {
		conf_skip("no hook for it", "a LUN that has failed");
	} else if (conf_ok(conf_eventually(answers, &awaited), "a LUN whose store is lost fails")) {
		walk_lun(world, &conf_state_failed, awaited.object);
		conf_hook("heal", CONF_LUN, &id, NULL);
		awaited.hr = S_OK;
		/* Recover or a new status tells the array to look again. */
		if (SUCCEEDED(conf_do(world, awaited.object, "IVdsLun", "Recover", &outs)))
			conf_async_end(conf_out_pointer(&outs, 0), NULL);
		conf_do(world, awaited.object, "IVdsLun", "SetStatus", &outs);
		conf_ok(conf_eventually(answers, &awaited), "a LUN whose store is back is sound");
	}
	conf_unmake(awaited.object, CONF_LUN);
	failed_drive(world);
}

/* An operation that waits: it is pending, and can be cancelled once. */
static void
try_pending(struct conf_world *world, IUnknown *lun, const GUID *id)
{
	HRESULT hr, result = S_OK;
	struct conf_outs outs;
	ULONG percent = 999;
	IVdsAsync *async;
	bool cancelled;

	if (conf_hook("slow", CONF_LUN, id, NULL) != 0) {
		conf_skip("no hook for it", "an operation that waits");
		return;
	}
	hr = conf_do(world, lun, "IVdsLun", "Extend", &outs);
	if (!conf_ok(SUCCEEDED(hr), "an operation that waits")) {
		conf_hook("release", CONF_LUN, id, NULL);
		return;
	}
	async = conf_out_pointer(&outs, 0);
	hr = CONF_RECORD(IVdsAsync, QueryStatus, IVdsAsync_QueryStatus(async, &result, &percent));
	conf_ok((hr == S_OK || hr == VDS_E_OPERATION_PENDING) &&
			result == VDS_E_OPERATION_PENDING && percent < 100,
		"QueryStatus of an operation that waits");
	hr = CONF_RECORD(IVdsAsync, Cancel, IVdsAsync_Cancel(async));
	conf_ok(hr == S_OK || hr == VDS_E_NOT_SUPPORTED, "Cancel of an operation that waits");
	cancelled = hr == S_OK;
	if (cancelled) {
		hr = CONF_RECORD(IVdsAsync, Cancel, IVdsAsync_Cancel(async));
		if (!conf_ok(hr == VDS_E_OPERATION_CANCELED, "Cancel of a cancelled operation"))
			conf_note("it returned %s", conf_code(hr));
	}
	conf_hook("release", CONF_LUN, id, NULL);
	hr = conf_async_end(async, NULL);
	/* Who was told that it is cancelled must not find it done. */
	if (!conf_ok(hr == (cancelled ? VDS_E_OPERATION_CANCELED : S_OK),
		     "Wait for an operation that was cancelled"))
		conf_note("it returned %s", conf_code(hr));
}

void
conf_cases_busy(struct conf_world *world)
{
	struct awaited awaited = { NULL, "IVdsLun", "GetIdentificationData",
				   VDS_E_ANOTHER_CALL_IN_PROGRESS };
	GUID id;

	if (!conf_family_begin(CONF_BUSY))
		return;
	/* The hook prints the id of a LUN that an operation holds. */
	if (conf_hook("hold", CONF_LUN, NULL, &id) != 0) {
		conf_skip("no hook for it", "a LUN that an operation holds");
		return;
	}
	awaited.object = found_in_time(world, CONF_LUN, &id);
	if (conf_ok(awaited.object != NULL && conf_eventually(answers, &awaited),
		    "a LUN that an operation holds is busy"))
		walk_lun(world, &conf_state_busy, awaited.object);
	conf_hook("release", CONF_LUN, &id, NULL);
	awaited.hr = S_OK;
	if (awaited.object != NULL) {
		conf_ok(conf_eventually(answers, &awaited),
			"a LUN that its operation has left is sound");
		try_pending(world, awaited.object, &id);
		conf_unmake(awaited.object, CONF_LUN);
	}
}

/* ---- without the array ---- */

/* Calls a method for its result alone.  Its own frame: the out-parameters are large. */
static __attribute__((noinline)) HRESULT
result_of(struct conf_world *world, IUnknown *object, const char *interface, const char *method)
{
	struct conf_outs outs;
	HRESULT hr = conf_do(world, object, interface, method, &outs);

	if (SUCCEEDED(hr))
		conf_outs_free(conf_method_find(interface, method), &outs);
	return hr;
}

static bool
is_cut(void *arg)
{
	struct conf_world *world = arg;

	return result_of(NULL, world->objects[CONF_LUN], "IVdsLun", "GetProperties") ==
	       VDS_E_PROVIDER_CACHE_CORRUPT;
}

static bool
is_cured(void *arg)
{
	struct conf_world *world = arg;
	HRESULT hr = result_of(world, world->one.provider, "IVdsHwProvider", "Reenumerate");

	if (SUCCEEDED(hr))
		hr = result_of(world, world->one.provider, "IVdsHwProvider", "Refresh");
	return SUCCEEDED(hr) && !is_cut(arg);
}

/* Whatever still answers for a lost array must not say that it is there. */
static void
try_offline(struct conf_world *world)
{
	VDS_SUB_SYSTEM_PROP prop = { 0 };
	struct conf_outs outs;
	HRESULT hr = conf_do(world, world->objects[CONF_SUBSYSTEM], "IVdsSubSystem",
			     "GetProperties", &outs);

	if (SUCCEEDED(hr)) {
		memcpy(&prop, outs.bytes[0], sizeof(prop));
		conf_outs_free(conf_method_find("IVdsSubSystem", "GetProperties"), &outs);
	}
	conf_ok(hr == VDS_E_PROVIDER_CACHE_CORRUPT ||
			(SUCCEEDED(hr) && prop.status == VDS_SSS_OFFLINE),
		"a subsystem without its array is offline");
}

void
conf_cases_corrupt(struct conf_world *world)
{
	if (!conf_family_begin(CONF_CORRUPT))
		return;
	if (conf_hook("cut", CONF_KINDS, NULL, NULL) != 0) {
		conf_skip("no hook for it", "a provider without its array");
		return;
	}
	if (conf_ok(conf_eventually(is_cut, world), "a provider without its array says so")) {
		for (unsigned kind = CONF_PROVIDER; kind < CONF_KINDS; kind++) {
			if (world->objects[kind] != NULL)
				walk_object(world, &conf_state_corrupt, (enum conf_kind)kind,
					    world->objects[kind]);
		}
		try_offline(world);
	}
	conf_hook("join", CONF_KINDS, NULL, NULL);
	conf_ok(conf_eventually(is_cured, world), "Reenumerate and then Refresh cure the cache");
}

/* ---- without the right to change anything ---- */

/*
 * Begins an operation that waits, for a caller who loses the right to cancel it.  Returns NULL when
 * there is no hook for it.  *ret_lun: the LUN, with one reference, or NULL.
 */
static IVdsAsync *
pending_begin(struct conf_world *world, IUnknown **ret_lun, GUID *ret_id)
{
	struct awaited awaited = { NULL, "IVdsLun", "GetIdentificationData", S_OK };
	struct conf_outs outs;

	if (conf_hook("hold", CONF_LUN, NULL, ret_id) != 0)
		return NULL;
	*ret_lun = awaited.object = found_in_time(world, CONF_LUN, ret_id);
	conf_hook("release", CONF_LUN, ret_id, NULL);
	if (*ret_lun == NULL || !conf_eventually(answers, &awaited) ||
	    conf_hook("slow", CONF_LUN, ret_id, NULL) != 0)
		return NULL;
	if (SUCCEEDED(conf_do(world, *ret_lun, "IVdsLun", "Extend", &outs)))
		return conf_out_pointer(&outs, 0);
	conf_hook("release", CONF_LUN, ret_id, NULL);
	return NULL;
}

/* A method that did not say that the caller lacks the right, and what it said instead. */
struct unrefused {
	const struct conf_method *method;
	enum conf_kind kind;
	HRESULT hr;
};

struct restricted {
	struct conf_world *world;
	struct unrefused unrefused[64];
	unsigned count;
};

/* Calls a method of an object of the world.  Its own frame: the out-parameters are large. */
static __attribute__((noinline)) HRESULT
call_again(struct conf_world *world, const struct conf_method *method, enum conf_kind kind)
{
	void *self = conf_query(world->objects[kind], method->iid);
	struct conf_outs outs;
	HRESULT hr = E_NOINTERFACE;

	if (self == NULL)
		return hr;
	hr = conf_record(method, conf_call(method, self, &world->args, 0, &outs));
	if (SUCCEEDED(hr))
		conf_outs_free(method, &outs);
	CONF_RELEASE(self);
	return hr;
}

/*
 * Calls every method that makes changes, and keeps those that did not refuse it for lack of a
 * right.
 */
static void
walk_restricted(struct restricted *r, IVdsAsync *async)
{
	BYTE bytes[] = "sixteen bytes...";
	VDS_ISCSI_SHARED_SECRET secret = { bytes, sizeof(bytes) - 1 };

	r->world->args.secret = &secret; /* NULL takes a secret away, and there is none */
	for (unsigned kind = CONF_PROVIDER; kind < CONF_KINDS; kind++) {
		for (unsigned i = 0; i < conf_method_count; i++) {
			const struct conf_method *method = &conf_methods[i];
			HRESULT hr;

			if (r->world->objects[kind] == NULL || !needs_right(method) ||
			    (method->kinds & CONF_BIT(kind)) == 0)
				continue;
			hr = call_again(r->world, method, (enum conf_kind)kind);
			if (hr == VDS_E_ACCESS_DENIED) {
				conf_ok(true, "%s::%s of a %s is refused to who may only look",
					method->interface, method->name, conf_kind_names[kind]);
				conf_cell(method, true);
			} else if (hr != E_NOINTERFACE && r->count < 64) {
				r->unrefused[r->count++] =
					(struct unrefused){ method, (enum conf_kind)kind, hr };
			}
		}
	}
	r->world->args.secret = NULL;
	if (async != NULL) {
		HRESULT hr = CONF_RECORD(IVdsAsync, Cancel, IVdsAsync_Cancel(async));

		if (!conf_ok(hr == VDS_E_ACCESS_DENIED,
			     "IVdsAsync::Cancel is refused to who may only look"))
			conf_note("it returned %s", conf_code(hr));
	}
}

/*
 * What was not refused for lack of a right must be what the provider answers to everybody: it
 * cannot do that at all, or there is nothing to change.  The hook finds out whether that is so:
 * neither call may have changed anything.
 */
static void
walk_unrefused(struct restricted *r)
{
	for (unsigned i = 0; i < r->count; i++) {
		const struct unrefused *u = &r->unrefused[i];
		HRESULT hr = call_again(r->world, u->method, u->kind);

		if (!conf_ok(hr == u->hr && conf_is_documented(u->method, hr),
			     "%s::%s of a %s answers everybody the same", u->method->interface,
			     u->method->name, conf_kind_names[u->kind]))
			conf_note("it returned %s, and %s to who may only look", conf_code(hr),
				  conf_code(u->hr));
		conf_cell(u->method, hr == u->hr);
	}
	conf_ok(conf_hook("same", CONF_KINDS, NULL, NULL) == 0,
		"a caller who may only look changes nothing");
}

/*
 * The caller loses the right to change anything while it has objects, and an operation is under
 * way.  The hook keeps what the array looks like, and finds out at the end whether anything has
 * changed.
 */
void
conf_cases_access(struct conf_world *world)
{
	struct awaited awaited = { NULL, "IVdsLun", "GetIdentificationData", S_OK };
	static struct restricted restricted;
	IUnknown *lun = NULL;
	IVdsAsync *async;
	GUID id;

	if (!conf_family_begin(CONF_ACCESS))
		return;
	restricted.world = world;
	async = pending_begin(world, &lun, &id);
	if (async == NULL)
		conf_skip("no hook for it", "an operation that waits");
	awaited.object = world->objects[CONF_LUN];
	if (conf_hook("restrict", CONF_KINDS, NULL, NULL) != 0) {
		conf_skip("no hook for it", "a caller who may only look");
	} else {
		if (conf_ok(conf_eventually(answers, &awaited), "a caller who may only look looks"))
			walk_restricted(&restricted, async);
		if (conf_ok(conf_hook("permit", CONF_KINDS, NULL, NULL) == 0 &&
				    conf_eventually(answers, &awaited),
			    "a caller who may do more looks, too"))
			walk_unrefused(&restricted);
	}
	if (async != NULL) {
		conf_hook("release", CONF_LUN, &id, NULL);
		conf_ok(conf_async_end(async, NULL) == S_OK,
			"an operation that was not cancelled ends");
	}
	conf_unmake(lun, CONF_LUN);
}
