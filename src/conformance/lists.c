/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Enumerators and operations: their cursors, clones, edges and outcomes. The cases count as
 * effects. Main thread.
 */
#include "conformance/conf_int.h"

#include <string.h>

#define LIST(method, call) CONF_RECORD(IEnumVdsObject, method, IEnumVdsObject_##call)

/* Returns an enumerator of the LUNs, of which there are at least three, or NULL. */
static IEnumVdsObject *
luns_of(struct conf_world *world)
{
	struct conf_outs outs;

	if (FAILED(conf_do(world, world->objects[CONF_SUBSYSTEM], "IVdsSubSystem", "QueryLuns",
			   &outs)))
		return NULL;
	return conf_out_pointer(&outs, 0);
}

static void
release_all(IUnknown **objects, ULONG count)
{
	for (ULONG i = 0; i < count; i++) {
		if (objects[i] != NULL)
			IUnknown_Release(objects[i]);
	}
}

/* Counts what is left, and checks the last answer. */
static void
try_end(IEnumVdsObject *list, ULONG count)
{
	IUnknown *objects[64] = { NULL };
	ULONG fetched = 99, taken = 0;
	HRESULT hr;

	while ((hr = LIST(Next, Next(list, 2, objects, &fetched))) == S_OK && fetched == 2) {
		taken += fetched;
		release_all(objects, fetched);
	}
	release_all(objects, fetched < 2 ? fetched : 0);
	taken += fetched < 2 ? fetched : 0;
	conf_ok(hr == S_FALSE && taken == count, "Next of two at a time ends with S_FALSE");
	fetched = 99;
	hr = LIST(Next, Next(list, 1, objects, &fetched));
	conf_ok(hr == S_FALSE && fetched == 0, "Next at the end returns S_FALSE and none");
	hr = LIST(Skip, Skip(list, 1));
	conf_ok(hr == S_FALSE, "Skip at the end returns S_FALSE");
}

static void
try_cursor(IEnumVdsObject *list, ULONG count)
{
	IUnknown *first = NULL, *again = NULL, *second = NULL, *cloned = NULL;
	IEnumVdsObject *clone = NULL;
	ULONG fetched = 0;
	HRESULT hr;

	conf_ok(LIST(Reset, Reset(list)) == S_OK && LIST(Skip, Skip(list, count)) == S_OK,
		"Skip over all elements returns S_OK");
	LIST(Reset, Reset(list));
	LIST(Next, Next(list, 1, &first, &fetched));
	hr = LIST(Clone, Clone(list, &clone));
	LIST(Next, Next(list, 1, &second, &fetched));
	conf_ok(first != NULL && second != NULL && first != second,
		"Next returns one object after the other");
	if (conf_ok(hr == S_OK && clone != NULL, "Clone returns an enumerator")) {
		LIST(Next, Next(clone, 1, &cloned, &fetched));
		conf_ok(cloned != NULL && cloned == second, "a clone begins at the cursor");
		IEnumVdsObject_Release(clone);
	}
	LIST(Reset, Reset(list));
	LIST(Next, Next(list, 1, &again, &fetched));
	conf_ok(again != NULL && again == first, "Reset goes back to the first element");
	release_all((IUnknown *[]){ first, second, again, cloned }, 4);
}

/* An enumerator keeps the objects that there were when it was made. */
static void
try_snapshot(struct conf_world *world)
{
	static GUID before[1024], after[1024];
	IEnumVdsObject *list = luns_of(world);
	IUnknown *lun;
	unsigned count;

	if (list == NULL)
		return;
	count = conf_list_ids(list, before, 1024);
	lun = conf_make_lun(world, world->args.size);
	LIST(Reset, Reset(list));
	conf_ok(conf_list_ids(list, after, 1024) == count, "an enumerator does not follow changes");
	IEnumVdsObject_Release(list);
	list = luns_of(world);
	conf_ok(list != NULL && conf_list_ids(list, after, 1024) == count + 1,
		"a new enumerator has what was created");
	if (list != NULL)
		IEnumVdsObject_Release(list);
	conf_unmake(lun, CONF_LUN);
	list = luns_of(world);
	conf_ok(list != NULL && conf_list_ids(list, after, 1024) == count,
		"a new enumerator lacks what was deleted");
	if (list != NULL)
		IEnumVdsObject_Release(list);
}

/* An operation that is done: Wait and QueryStatus say so as often as they are asked. */
static void
try_done(struct conf_world *world)
{
	IVdsAsync *async = conf_query(world->objects[CONF_ASYNC], &IID_IVdsAsync);
	VDS_ASYNC_OUTPUT output;
	HRESULT result = E_FAIL, hr;
	ULONG percent = 999;

	if (async == NULL)
		return;
	for (unsigned i = 0; i < 2; i++) {
		memset(&output, CONF_POISON, sizeof(output));
		hr = CONF_RECORD(IVdsAsync, Wait, IVdsAsync_Wait(async, &result, &output));
		conf_ok(hr == S_OK && result == S_OK && output.type == VDS_ASYNCOUT_EXTENDLUN,
			"Wait returns the outcome and the kind of the operation, time %u", i + 1);
	}
	hr = CONF_RECORD(IVdsAsync, QueryStatus, IVdsAsync_QueryStatus(async, &result, &percent));
	conf_ok(hr == S_OK && result == S_OK && percent == 100,
		"QueryStatus of an operation that is done says 100 percent");
	hr = CONF_RECORD(IVdsAsync, Cancel, IVdsAsync_Cancel(async));
	conf_ok(hr == VDS_E_CANCEL_TOO_LATE || hr == VDS_E_NOT_SUPPORTED,
		"an operation that is done cannot be cancelled");
	IVdsAsync_Release(async);
}

void
conf_cases_list(struct conf_world *world)
{
	static GUID ids[1024];
	IUnknown *made[2];
	IEnumVdsObject *list;
	ULONG count;

	if (!conf_family_begin(CONF_EFFECT))
		return;
	made[0] = conf_make_lun(world, world->args.size);
	made[1] = conf_make_lun(world, world->args.size);
	list = luns_of(world);
	if (conf_ok(list != NULL, "there is an enumerator of LUNs")) {
		count = conf_list_ids(list, ids, 1024);
		LIST(Reset, Reset(list));
		try_end(list, count);
		try_cursor(list, count);
		IEnumVdsObject_Release(list);
	}
	conf_unmake(made[0], CONF_LUN);
	conf_unmake(made[1], CONF_LUN);
	try_snapshot(world);
	try_done(world);
}
