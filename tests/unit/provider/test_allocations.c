/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every method of every object while the 1st, 2nd, … allocation of the library fails: the answer is
 * E_OUTOFMEMORY, the out-parameters are cleared, the text for VdsLastErrorMessage is not that of an
 * older call, the array is as before, and nothing is lost (LeakSanitizer).  The rows are those of
 * the conformance suite.
 */
#include "provider_test.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"

#include "conformance/methods.h"

#define ROUNDS_MAX 1000
#define OLDER      "the text of an older call"

static IVdsHwProvider *provider;
static IUnknown *objects[CONF_KINDS];
static struct conf_args args;
static VDS_LUN_INFORMATION info;
static VDS_HINTS hints;
static VDS_HINTS2 hints2;
static GUID unknown, controller_ids[4], port_ids[4];
static unsigned methods_tried, faults_tried;

/* Returns the first object of an enumeration, or NULL. */
static IUnknown *
first_of(IUnknown *of, const char *interface, const char *name)
{
	const struct conf_method *method = conf_method_find(interface, name);
	IUnknown *object = NULL;
	struct conf_outs outs;
	void *self = NULL;
	ULONG fetched;

	if (of == NULL || IUnknown_QueryInterface(of, method->iid, &self) != S_OK)
		return NULL;
	if (conf_call(method, self, &args, 0, &outs) == S_OK) {
		if (IEnumVdsObject_Next((IEnumVdsObject *)conf_out_pointer(&outs, 0), 1, &object,
					&fetched) != S_OK)
			object = NULL;
		conf_outs_free(method, &outs);
	}
	RELEASE(self);
	return object;
}

static void
find_objects(void)
{
	IVdsLun *lun = GET_LUN(provider, 1, IVdsLun);
	IVdsSubSystem *subsystem = GET_SUBSYSTEM(provider, IVdsSubSystem);

	objects[CONF_PROVIDER] = query(provider, &IID_IUnknown);
	objects[CONF_SUBSYSTEM] = (IUnknown *)subsystem;
	objects[CONF_LUN] = (IUnknown *)lun;
	objects[CONF_TARGET] = (IUnknown *)GET_TARGET(provider, 1);
	objects[CONF_PORTAL] = (IUnknown *)GET_PORTAL(provider, 1);
	objects[CONF_GROUP] = (IUnknown *)GET_GROUP(provider, 1);
	objects[CONF_CONTROLLER] = first_of((IUnknown *)subsystem, "IVdsSubSystem",
					    "QueryControllers");
	objects[CONF_PORT] = first_of(objects[CONF_CONTROLLER], "IVdsControllerControllerPort",
				      "QueryControllerPorts");
	objects[CONF_DRIVE] = first_of((IUnknown *)subsystem, "IVdsSubSystem", "QueryDrives");
	objects[CONF_PLEX] = first_of((IUnknown *)lun, "IVdsLun", "QueryPlexes");
	objects[CONF_POOL] = first_of(objects[CONF_PROVIDER], "IVdsHwProviderStoragePools",
				      "QueryStoragePools");
	assert_int_equal(IVdsSubSystem_QueryLuns(subsystem, (IEnumVdsObject **)&objects[CONF_ENUM]),
			 S_OK);
	assert_int_equal(IVdsLun_Extend(lun, 1 << 20, NULL, 0, (IVdsAsync **)&objects[CONF_ASYNC]),
			 S_OK);
	assert_int_equal(IVdsLun_GetIdentificationData(lun, &info), S_OK);
}

static int
setup(void **state)
{
	static WCHAR name[] = u"name", mask[] = u"*", initiator[] = u"iqn.2001-01.org.example:i";

	(void)state;
	provider = open_provider();
	args = (struct conf_args){
		.name = name,
		.mask = mask,
		.initiator = initiator,
		.device_path = initiator,
		.size = 1 << 20,
		.grow = 1 << 20,
		.hints = &hints,
		.hints2 = &hints2,
		.info = &info,
		.lun = guid_of(sample_id('l', 1)),
		.other_lun = guid_of(sample_id('l', 2)),
		.target = guid_of(sample_id('t', 1)),
		.portal = guid_of(sample_id('o', 1)),
		.group = guid_of(sample_id('g', 1)),
		.unknown_ids = &unknown,
		.controller_ids = controller_ids,
		.port_ids = port_ids,
		.target_ids = &args.target,
	};
	unknown.Data1 = 0xffffffff;
	args.unknown = unknown;
	find_objects();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	for (unsigned kind = 0; kind < CONF_KINDS; kind++) {
		if (objects[kind] != NULL)
			RELEASE(objects[kind]);
		objects[kind] = NULL;
	}
	conf_identity_free(&info);
	RELEASE(provider);
	assert_int_equal(fake_open_count, 0);
	return 0;
}

/* After a failure no out-parameter holds a pointer that its caller would free. */
static void
assert_cleared(const struct conf_method *method, const struct conf_outs *outs)
{
	for (unsigned i = 0; i < method->out_count; i++) {
		const struct conf_type *type = method->outs[i];
		void *pointer = conf_out_pointer(outs, i);

		if (type->kind != CONF_OUT_VALUE && type->kind != CONF_OUT_RESULT &&
		    type->kind != CONF_OUT_IDENTITY)
			assert_null(pointer);
		for (unsigned p = 0; p < type->pointer_count; p++) {
			memcpy(&pointer, outs->bytes[i] + type->pointers[p], sizeof(pointer));
			assert_null(pointer);
		}
	}
}

static void
try_method(const struct conf_method *method, void *self)
{
	bool was_hit = true;

	methods_tried++;
	for (unsigned nth = 1; was_hit; nth++) {
		const struct state *before = fake_client_config();
		struct conf_outs outs;
		HRESULT hr;

		assert_true(nth < ROUNDS_MAX);
		err_set(-ENOMEM, OLDER);
		com_message_set(OLDER);
		mem_fault_at(nth);
		hr = conf_call(method, self, &args, 0, &outs);
		was_hit = mem_fault_hit() != 0;
		mem_fault_at(0);
		if (FAILED(hr) && strcmp(VdsLastErrorMessage(), OLDER) == 0)
			fail_msg("%s::%s returned %s with the text of an older call",
				 method->interface, method->name, VdsErrorText(hr));
		if (was_hit && hr != E_OUTOFMEMORY) {
			fail_msg("%s::%s returned %s without its allocation %u", method->interface,
				 method->name, VdsErrorText(hr), nth);
		} else if (was_hit) {
			faults_tried++;
			assert_cleared(method, &outs);
			assert_ptr_equal(fake_client_config(), before); /* nothing changed */
		} else {
			assert_int_not_equal(hr, E_OUTOFMEMORY);
			if (SUCCEEDED(hr))
				conf_outs_free(method, &outs);
		}
	}
}

/* Tries the methods that have all of `with` and none of `without` among their flags. */
static void
walk(unsigned with, unsigned without)
{
	for (unsigned i = 0; i < conf_method_count; i++) {
		const struct conf_method *method = &conf_methods[i];

		if ((method->flags & with) != with || (method->flags & without) != 0)
			continue;
		for (unsigned kind = 0; kind < CONF_KINDS; kind++) {
			void *self = NULL;

			if ((method->kinds & CONF_BIT(kind)) == 0 || objects[kind] == NULL ||
			    IUnknown_QueryInterface(objects[kind], method->iid, &self) != S_OK)
				continue;
			try_method(method, self);
			RELEASE(self);
		}
	}
}

static void
test_queries(void **state)
{
	(void)state;
	walk(0, CONF_CHANGES | CONF_DESTROYS | CONF_LOADS);
	assert_true(methods_tried > 40);
	assert_true(faults_tried > 40); /* else no allocation was ever made to fail */
}

static void
test_changes(void **state)
{
	(void)state;
	faults_tried = 0;
	walk(CONF_CHANGES, CONF_DESTROYS | CONF_LOADS);
	assert_true(faults_tried > 10);
}

/* The group first, then its target and the LUN: each without what keeps it from being deleted. */
static void
test_deletions(void **state)
{
	IVdsLunIscsi *iscsi = query(objects[CONF_LUN], &IID_IVdsLunIscsi);

	(void)state;
	assert_int_equal(IVdsLunIscsi_AssociateTargets(iscsi, NULL, 0), S_OK);
	RELEASE(iscsi);
	walk(CONF_DESTROYS, CONF_LOADS);
}

static void
test_loading(void **state)
{
	(void)state;
	walk(CONF_LOADS, 0);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		EACH(test_queries),
		EACH(test_changes),
		EACH(test_deletions),
		EACH(test_loading),
	};
	/* clang-format on */

	return cmocka_run_group_tests(tests, NULL, NULL);
}
