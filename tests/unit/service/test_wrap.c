/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Wrappers: what programs hold in place of the objects of a provider. */
#include "service_test.h"

static int
setup(void **test_state)
{
	int rc = service_setup(test_state);

	if (rc == 0)
		service_register(FAKE_GOOD);
	return rc;
}

static IVdsLun *
first_lun(IVdsSubSystem *subsystem)
{
	IEnumVdsObject *list = NULL;
	IVdsLun *lun;

	assert_int_equal(IVdsSubSystem_QueryLuns(subsystem, &list), S_OK);
	lun = service_next(list, &IID_IVdsLun);
	assert_non_null(lun);
	RELEASE(list);
	return lun;
}

static void
test_private_interfaces_are_hidden(void **test_state)
{
	IVdsService *service = service_load();
	IVdsHwProvider *provider = service_find(service, "fake", NULL);

	(void)test_state;
	assert_non_null(provider);
	assert_int_equal(try_query(provider, &IID_IVdsProviderPrivate), E_NOINTERFACE);
	assert_int_equal(try_query(provider, &IID_IVdsHwProviderPrivate), E_NOINTERFACE);
	assert_int_equal(try_query(provider, &IID_IVdsProvider), S_OK);
	/* what the provider does not offer, the wrapper does not offer */
	assert_int_equal(try_query(provider, &IID_IVdsHwProviderStoragePools), E_NOINTERFACE);
	assert_int_equal(try_query(provider, &IID_IVdsSwProvider), E_NOINTERFACE);
	RELEASE(provider);
	RELEASE(service);
}

/* Whichever interface is asked for whichever other one, the answers agree. */
static void
test_query_interface_is_an_equivalence(void **test_state)
{
	static const IID *const iids[] = { &IID_IUnknown, &IID_IVdsLun, &IID_IVdsLunNaming };
	IVdsService *service = service_load();
	IVdsSubSystem *subsystem = service_subsystem(service);
	IVdsLun *lun = first_lun(subsystem);

	(void)test_state;
	for (size_t i = 0; i < ARRAY_LEN(iids); i++) {
		void *from = query(lun, iids[i]);

		for (size_t j = 0; j < ARRAY_LEN(iids); j++) {
			void *a = query(from, iids[j]), *b = query(lun, iids[j]);

			assert_ptr_equal(a, b);
			RELEASE(a);
			RELEASE(b);
		}
		assert_int_equal(try_query(from, &IID_IVdsLun2), E_NOINTERFACE);
		assert_int_equal(try_query(from, &IID_IVdsMaintenance), E_NOINTERFACE);
		assert_int_equal(IUnknown_QueryInterface((IUnknown *)from, iids[i], NULL),
				 E_POINTER);
		assert_int_equal(try_query(from, NULL), E_INVALIDARG);
		RELEASE(from);
	}
	assert_int_equal(RELEASE(lun), 0);
	RELEASE(subsystem);
	RELEASE(service);
}

static void
test_an_object_has_one_wrapper(void **test_state)
{
	IVdsService *service = service_load();
	IVdsSubSystem *subsystem = service_subsystem(service), *of_lun = NULL;
	IVdsLun *a = first_lun(subsystem), *b = first_lun(subsystem);
	IVdsProvider *provider = NULL;
	IVdsHwProvider *listed = service_find(service, "fake", NULL);
	IUnknown *unknown, *other;

	(void)test_state;
	assert_ptr_equal(a, b);
	assert_int_equal(IVdsLun_GetSubSystem(a, &of_lun), S_OK);
	assert_ptr_equal(of_lun, subsystem);
	assert_int_equal(IVdsSubSystem_GetProvider(subsystem, &provider), S_OK);
	unknown = query(provider, &IID_IUnknown);
	other = query(listed, &IID_IUnknown);
	assert_ptr_equal(unknown, other);
	RELEASE(unknown);
	RELEASE(other);
	RELEASE(provider);
	RELEASE(listed);
	RELEASE(of_lun);
	RELEASE(a);
	RELEASE(b);
	RELEASE(subsystem);
	RELEASE(service);
}

/* The wrappers keep the provider loaded, and the last of them unloads it. */
static void
test_the_last_object_unloads_the_providers(void **test_state)
{
	IVdsService *service = service_load();
	IVdsSubSystem *subsystem = service_subsystem(service);
	IVdsLun *lun = first_lun(subsystem);
	struct fake_state *fake = service_fake(FAKE_GOOD);
	unsigned unloads = fake->unloads;
	VDS_LUN_PROP prop;

	(void)test_state;
	RELEASE(service);
	RELEASE(subsystem);
	assert_int_equal(fake->living, 1);
	assert_int_equal(IVdsLun_GetProperties(lun, &prop), S_OK);
	assert_int_equal(prop.ullSize, 1024);
	CoTaskMemFree(prop.pwszFriendlyName);
	RELEASE(lun);
	service_wait_gone(fake->pid);
	assert_int_equal(fake->living, 0);
	assert_int_equal(fake->unloads, unloads + 1); /* also after OnUnload asked for more time */
}

static void
test_success_without_an_object_is_unexpected(void **test_state)
{
	IVdsService *service = service_load();
	IVdsSubSystem *subsystem = service_subsystem(service);
	IVdsLun *lun = first_lun(subsystem);
	IEnumVdsObject *list = (void *)(uintptr_t)1;
	IVdsAsync *async = (void *)(uintptr_t)1;
	IVdsDrive *drive = (void *)(uintptr_t)1;

	(void)test_state;
	assert_int_equal(IVdsLun_QueryPlexes(lun, &list), E_UNEXPECTED);
	assert_null(list);
	assert_int_equal(IVdsLun_Recover(lun, &async), E_UNEXPECTED);
	assert_null(async);
	assert_int_equal(IVdsSubSystem_GetDrive(subsystem, 0, 0, &drive), E_UNEXPECTED);
	assert_null(drive);
	drive = (void *)(uintptr_t)1;
	assert_int_equal(IVdsSubSystem_GetDrive(subsystem, 0, 1, &drive), VDS_E_OBJECT_NOT_FOUND);
	assert_null(drive);
	RELEASE(lun);
	RELEASE(subsystem);
	RELEASE(service);
}

static void
test_missing_out_parameters_do_not_reach_the_provider(void **test_state)
{
	IVdsService *service = service_load();
	IVdsSubSystem *subsystem = service_subsystem(service);
	IVdsLun *lun = first_lun(subsystem);

	(void)test_state;
	/* the fake provider would crash */
	assert_int_equal(IVdsLun_GetProperties(lun, NULL), E_INVALIDARG);
	assert_int_equal(IVdsLun_GetSubSystem(lun, NULL), E_INVALIDARG);
	assert_int_equal(IVdsSubSystem_QueryLuns(subsystem, NULL), E_INVALIDARG);
	assert_int_equal(
		IVdsSubSystem_CreateLun(subsystem, VDS_LT_SIMPLE, 1, NULL, 0, NULL, NULL, NULL),
		E_INVALIDARG);
	RELEASE(lun);
	RELEASE(subsystem);
	RELEASE(service);
}

static void
test_codes_of_the_provider_pass(void **test_state)
{
	IVdsService *service = service_load();
	IVdsSubSystem *subsystem = service_subsystem(service);
	IVdsLun *lun = first_lun(subsystem);
	IVdsLunNaming *naming = query(lun, &IID_IVdsLunNaming);
	struct fake_state *fake = service_fake(FAKE_GOOD);
	VDS_LUN_PROP prop;

	(void)test_state;
	assert_int_equal(IVdsLunNaming_SetFriendlyName(naming, (WCHAR[]){ u'x', 0 }),
			 VDS_S_NAME_TRUNCATED);
	assert_int_equal(IVdsLunNaming_SetFriendlyName(naming, NULL), E_INVALIDARG);
	fake->deleted_lun = 1;
	memset(&prop, 0xee, sizeof(prop));
	assert_int_equal(IVdsLun_GetProperties(lun, &prop), VDS_E_OBJECT_DELETED);
	assert_null(prop.pwszFriendlyName);
	assert_int_equal(try_query(lun, &IID_IVdsLunNaming), S_OK); /* IUnknown works still */
	fake->deleted_lun = 0;
	RELEASE(naming);
	RELEASE(lun);
	RELEASE(subsystem);
	RELEASE(service);
}

/* A provider that we did not write keeps no text: none is better than that of an older call. */
static void
test_no_text_of_an_older_call_explains_a_code_of_the_provider(void **test_state)
{
	IVdsService *service = service_load();
	IVdsSubSystem *subsystem = service_subsystem(service);
	IVdsLun *lun = first_lun(subsystem);
	VDS_LUN_PROP prop;

	(void)test_state;
	service_fake(FAKE_GOOD)->deleted_lun = 1;
	com_message_set("the text of an older call");
	assert_int_equal(IVdsLun_GetProperties(lun, &prop), VDS_E_OBJECT_DELETED);
	assert_string_equal(VdsLastErrorMessage(), "");
	assert_int_equal(IVdsLun_GetProperties(lun, NULL), E_INVALIDARG);
	assert_string_equal(VdsLastErrorMessage(), "pLunProp is NULL");
	service_fake(FAKE_GOOD)->deleted_lun = 0;
	RELEASE(lun);
	RELEASE(subsystem);
	RELEASE(service);
}

static void
test_operations_return_wrappers(void **test_state)
{
	IVdsService *service = service_load();
	IVdsSubSystem *subsystem = service_subsystem(service);
	IVdsLun *lun = first_lun(subsystem), *made;
	IVdsAsync *async = NULL;
	VDS_ASYNC_OUTPUT out;
	HRESULT result = 1;
	ULONG percent = 0;

	(void)test_state;
	assert_int_equal(
		IVdsSubSystem_CreateLun(subsystem, VDS_LT_SIMPLE, 1, NULL, 0, NULL, NULL, &async),
		S_OK);
	assert_int_equal(IVdsAsync_QueryStatus(async, &result, &percent), S_OK);
	assert_int_equal(percent, 100);
	assert_int_equal(IVdsAsync_Cancel(async), VDS_E_CANCEL_TOO_LATE);
	assert_int_equal(IVdsAsync_Wait(async, &result, NULL), E_INVALIDARG);
	assert_int_equal(IVdsAsync_Wait(async, &result, &out), S_OK);
	assert_int_equal(result, S_OK);
	assert_int_equal(out.type, VDS_ASYNCOUT_CREATELUN);
	made = query(out.cl.pLunUnk, &IID_IVdsLun);
	assert_ptr_equal(made, lun);
	RELEASE(made);
	RELEASE(out.cl.pLunUnk);
	RELEASE(async);
	RELEASE(lun);
	RELEASE(subsystem);
	RELEASE(service);
}

static void
test_an_operation_that_succeeds_without_its_object_is_unexpected(void **test_state)
{
	IVdsService *service = service_load();
	IVdsSubSystem *subsystem = service_subsystem(service);
	IVdsAsync *async = NULL;
	VDS_ASYNC_OUTPUT out;
	HRESULT result = S_OK;

	(void)test_state;
	assert_int_equal(
		IVdsSubSystem_CreateLun(subsystem, VDS_LT_PARITY, 1, NULL, 0, NULL, NULL, &async),
		S_OK);
	assert_int_equal(IVdsAsync_Wait(async, &result, &out), E_UNEXPECTED);
	assert_int_equal(result, E_UNEXPECTED);
	assert_null(out.cl.pLunUnk);
	RELEASE(async);
	RELEASE(subsystem);
	RELEASE(service);
}

static void
test_enumerators_go_on_where_the_providers_do(void **test_state)
{
	IVdsService *service = service_load();
	IVdsSubSystem *subsystem = service_subsystem(service);
	IEnumVdsObject *list = NULL, *clone = NULL;
	IUnknown *objects[3] = { NULL };
	ULONG fetched = 0;

	(void)test_state;
	assert_int_equal(IVdsSubSystem_QueryLuns(subsystem, &list), S_OK);
	assert_int_equal(IEnumVdsObject_Next(list, 1, objects, NULL), E_INVALIDARG);
	assert_int_equal(IEnumVdsObject_Next(list, 1, NULL, &fetched), E_INVALIDARG);
	assert_int_equal(IEnumVdsObject_Skip(list, 1), S_OK);
	assert_int_equal(IEnumVdsObject_Clone(list, &clone), S_OK);
	assert_int_equal(IEnumVdsObject_Next(list, 3, objects, &fetched), S_FALSE);
	assert_int_equal(fetched, 1);
	RELEASE(objects[0]);
	assert_int_equal(IEnumVdsObject_Next(list, 1, objects, &fetched), S_FALSE);
	assert_int_equal(IEnumVdsObject_Reset(list), S_OK);
	assert_int_equal(IEnumVdsObject_Next(list, 2, objects, &fetched), S_OK);
	RELEASE(objects[1]);
	RELEASE(objects[0]);
	assert_int_equal(IEnumVdsObject_Skip(clone, 2), S_FALSE);
	assert_int_equal(try_query(clone, &IID_IVdsAsync), E_NOINTERFACE);
	assert_int_equal(RELEASE(clone), 0);
	assert_int_equal(RELEASE(list), 0);
	RELEASE(subsystem);
	RELEASE(service);
}

static void
test_the_import_target_is_kept(void **test_state)
{
	IVdsService *service = service_load();
	IVdsSubSystem *subsystem = service_subsystem(service);
	IVdsSubSystemImportTarget *import = query(subsystem, &IID_IVdsSubSystemImportTarget);
	WCHAR name[] = u"iqn.2026-11.org.example:t", bad[] = u"../../etc/passwd";
	LPWSTR kept = NULL;

	(void)test_state;
	assert_int_equal(IVdsSubSystemImportTarget_GetImportTarget(import, NULL), E_INVALIDARG);
	assert_int_equal(IVdsSubSystemImportTarget_GetImportTarget(import, &kept),
			 VDS_E_NO_IMPORT_TARGET);
	assert_int_equal(IVdsSubSystemImportTarget_SetImportTarget(import, bad), E_INVALIDARG);
	assert_int_equal(IVdsSubSystemImportTarget_SetImportTarget(import, name), S_OK);
	RELEASE(import);
	RELEASE(subsystem);
	RELEASE(service); /* the end of the service, which another one follows */
	service = service_load();
	subsystem = service_subsystem(service);
	import = query(subsystem, &IID_IVdsSubSystemImportTarget);
	assert_int_equal(IVdsSubSystemImportTarget_GetImportTarget(import, &kept), S_OK);
	assert_memory_equal(kept, name, sizeof(name));
	CoTaskMemFree(kept);
	assert_int_equal(IVdsSubSystemImportTarget_SetImportTarget(import, NULL), S_OK);
	assert_int_equal(IVdsSubSystemImportTarget_GetImportTarget(import, &kept),
			 VDS_E_NO_IMPORT_TARGET);
	RELEASE(import);
	RELEASE(subsystem);
	RELEASE(service);
}

static void
walk_all(IVdsService *service)
{
	IVdsHwProvider *provider = service_find(service, "vdsd iSCSI provider", NULL);
	IEnumVdsObject *list = NULL;
	IVdsSubSystem *subsystem;
	IVdsLun *lun;

	assert_non_null(provider);
	assert_int_equal(IVdsHwProvider_QuerySubSystems(provider, &list), S_OK);
	subsystem = service_next(list, &IID_IVdsSubSystem);
	RELEASE(list);
	assert_int_equal(IVdsSubSystem_QueryLuns(subsystem, &list), S_OK);
	while ((lun = service_next(list, &IID_IVdsLun)) != NULL)
		RELEASE(lun);
	RELEASE(list);
	RELEASE(subsystem);
	RELEASE(provider);
}

/* Through the wrappers of libvds's own provider, too, nothing is left behind. */
static void
test_the_built_in_provider_is_wrapped(void **test_state)
{
	IVdsService *service = service_load();

	(void)test_state;
	walk_all(service);
	assert_int_equal(fake_open_count, 1);
	RELEASE(service);
	assert_int_equal(fake_open_count, 0);
}

static void
query_with_fault(IVdsSubSystem *subsystem, bool *ret_good)
{
	IEnumVdsObject *list = NULL;
	IUnknown *objects[2] = { NULL };
	ULONG fetched = 0;
	HRESULT hr = IVdsSubSystem_QueryLuns(subsystem, &list);

	*ret_good = SUCCEEDED(hr);
	if (FAILED(hr)) {
		assert_int_equal(hr, E_OUTOFMEMORY);
		assert_null(list);
		return;
	}
	hr = IEnumVdsObject_Next(list, 2, objects, &fetched);
	*ret_good = hr == S_OK;
	if (FAILED(hr)) {
		assert_int_equal(hr, E_OUTOFMEMORY);
		assert_int_equal(fetched, 0);
		assert_null(objects[0]);
		assert_null(objects[1]);
	}
	for (ULONG i = 0; i < fetched; i++)
		RELEASE(objects[i]);
	RELEASE(list);
}

/* Walks to the LUNs again and again; counts the answers that are wrong. */
static void *
walk_often(void *arg)
{
	IVdsService *service = arg;
	uintptr_t wrong = 0;

	for (int i = 0; i < 200; i++) {
		IVdsSubSystem *subsystem = service_subsystem(service), *back = NULL;
		IVdsLun *a = first_lun(subsystem), *b = first_lun(subsystem);

		wrong += a != b;
		wrong += IVdsLun_GetSubSystem(a, &back) != S_OK || back != subsystem;
		if (back != NULL)
			RELEASE(back);
		RELEASE(a);
		RELEASE(b);
		RELEASE(subsystem);
	}
	return (void *)wrong;
}

/* Wrappers are made, shared and freed by several threads at the same time. */
static void
test_threads_share_wrappers(void **test_state)
{
	IVdsService *service = service_load();
	struct fake_state *fake = service_fake(FAKE_GOOD);
	pthread_t threads[8];
	void *wrong;

	(void)test_state;
	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, walk_often, service), 0);
	for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
		assert_int_equal(pthread_join(threads[i], &wrong), 0);
		assert_null(wrong);
	}
	assert_int_equal(RELEASE(service), 0);
	service_wait_gone(fake->pid);
	assert_int_equal(fake->living, 0);
}

static void
test_every_allocation_may_fail(void **test_state)
{
	IVdsService *service = service_load();
	IVdsSubSystem *subsystem = service_subsystem(service);
	struct fake_state *fake = service_fake(FAKE_GOOD);
	bool good;

	(void)test_state;
	WITH_EVERY_FAULT
	{
		query_with_fault(subsystem, &good);
		assert_int_equal(good, !FAULT_HIT);
	}
	WITH_EVERY_FAULT
	{
		IEnumVdsObject *list = NULL;
		HRESULT hr = IVdsService_QueryProviders(service, VDS_QUERY_HARDWARE_PROVIDERS,
							&list);

		assert_int_equal(hr, FAULT_HIT ? E_OUTOFMEMORY : S_OK);
		if (SUCCEEDED(hr))
			RELEASE(list);
		else
			assert_null(list);
	}
	RELEASE(subsystem);
	assert_int_equal(RELEASE(service), 0);
	service_wait_gone(fake->pid);
	assert_int_equal(fake->living, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_private_interfaces_are_hidden, setup,
						service_teardown),
		cmocka_unit_test_setup_teardown(test_query_interface_is_an_equivalence, setup,
						service_teardown),
		cmocka_unit_test_setup_teardown(test_an_object_has_one_wrapper, setup,
						service_teardown),
		cmocka_unit_test_setup_teardown(test_the_last_object_unloads_the_providers, setup,
						service_teardown),
		cmocka_unit_test_setup_teardown(test_success_without_an_object_is_unexpected, setup,
						service_teardown),
		cmocka_unit_test_setup_teardown(
			test_missing_out_parameters_do_not_reach_the_provider, setup,
			service_teardown),
		cmocka_unit_test_setup_teardown(test_codes_of_the_provider_pass, setup,
						service_teardown),
		cmocka_unit_test_setup_teardown(
			test_no_text_of_an_older_call_explains_a_code_of_the_provider, setup,
			service_teardown),
		cmocka_unit_test_setup_teardown(test_operations_return_wrappers, setup,
						service_teardown),
		cmocka_unit_test_setup_teardown(
			test_an_operation_that_succeeds_without_its_object_is_unexpected, setup,
			service_teardown),
		cmocka_unit_test_setup_teardown(test_enumerators_go_on_where_the_providers_do,
						setup, service_teardown),
		cmocka_unit_test_setup_teardown(test_the_import_target_is_kept, setup,
						service_teardown),
		cmocka_unit_test_setup_teardown(test_the_built_in_provider_is_wrapped, setup,
						service_teardown),
		cmocka_unit_test_setup_teardown(test_threads_share_wrappers, setup,
						service_teardown),
		cmocka_unit_test_setup_teardown(test_every_allocation_may_fail, setup,
						service_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
