/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What libvds.h promises: opening, the class factory, the barrier, task memory, names of codes; and
 * the map of codes.
 */
#include <unistd.h>

#include "provider_test.h"

#include <errno.h>

static void
test_open_gives_the_interface_asked_for(void **state)
{
	IVdsProvider *provider = NULL;

	(void)state;
	assert_int_equal(VdsOpenHwProvider(u"fake:", &IID_IVdsProvider, (void **)&provider), S_OK);
	assert_int_equal(IVdsProvider_Release(provider), 0);
	assert_int_equal(fake_open_count, 0);
}

static void
test_open_of_something_else_connects_to_nothing(void **state)
{
	void *object = &object;

	(void)state;
	assert_int_equal(VdsOpenHwProvider(u"fake:", &IID_IVdsLun, &object), E_NOINTERFACE);
	assert_null(object);
	assert_int_equal(fake_open_count, 0);
	assert_int_equal(VdsOpenHwProvider(u"fake:", &IID_IVdsProvider, NULL), E_POINTER);
}

static void
test_open_without_an_array_says_initialized_failed(void **state)
{
	void *object = &object;

	(void)state;
	assert_int_equal(VdsOpenHwProvider(u"unix:/nowhere", &IID_IVdsProvider, &object),
			 VDS_E_INITIALIZED_FAILED);
	assert_null(object);
	assert_string_equal(VdsLastErrorMessage(), "unix:/nowhere: connection refused");
}

static void
test_the_factory_makes_a_provider_that_wants_loading(void **state)
{
	IClassFactory *factory = NULL;
	IVdsHwProvider *provider = NULL;
	IVdsProviderPrivate *private;
	IEnumVdsObject *list = NULL;

	(void)state;
	assert_int_equal(
		VdsGetClassObject(&CLSID_VdsHwProvider, &IID_IClassFactory, (void **)&factory),
		S_OK);
	assert_int_equal(IClassFactory_CreateInstance(factory, NULL, &IID_IVdsHwProvider,
						      (void **)&provider),
			 S_OK);
	assert_int_equal(IVdsHwProvider_QuerySubSystems(provider, &list),
			 VDS_E_INITIALIZE_NOT_CALLED);
	assert_null(list);
	assert_int_equal(IVdsHwProvider_Reenumerate(provider), VDS_E_INITIALIZE_NOT_CALLED);
	assert_int_equal(IVdsHwProvider_Refresh(provider), VDS_E_INITIALIZE_NOT_CALLED);
	assert_int_equal(VdsSync((IUnknown *)provider), VDS_E_INITIALIZE_NOT_CALLED);
	private = query(provider, &IID_IVdsProviderPrivate);
	/* A callback object without a sink: a failed OnLoad leaves nothing loaded. */
	assert_int_equal(IVdsProviderPrivate_OnLoad(private, NULL, (IUnknown *)factory),
			 VDS_E_INITIALIZED_FAILED);
	assert_int_equal(IVdsHwProvider_QuerySubSystems(provider, &list),
			 VDS_E_INITIALIZE_NOT_CALLED);
	assert_int_equal(IVdsProviderPrivate_OnLoad(private, NULL, NULL), S_OK);
	assert_int_equal(IVdsHwProvider_QuerySubSystems(provider, &list), S_OK);
	RELEASE(list);
	RELEASE(private);
	RELEASE(provider);
	IClassFactory_Release(factory);
	assert_int_equal(fake_open_count, 0);
}

static void
test_the_factory_refuses_what_it_is_not(void **state)
{
	IClassFactory *factory = NULL;
	void *object = &object;

	(void)state;
	assert_int_equal(VdsGetClassObject(&CLSID_VdsLoader, &IID_IClassFactory, &object),
			 CLASS_E_CLASSNOTAVAILABLE);
	assert_null(object);
	assert_int_equal(VdsGetClassObject(&CLSID_VdsHwProvider, &IID_IVdsLun, &object),
			 E_NOINTERFACE);
	assert_int_equal(VdsGetClassObject(&CLSID_VdsHwProvider, &IID_IUnknown, NULL), E_POINTER);
	assert_int_equal(
		VdsGetClassObject(&CLSID_VdsHwProvider, &IID_IClassFactory, (void **)&factory),
		S_OK);
	object = &object;
	assert_int_equal(
		IClassFactory_CreateInstance(factory, (IUnknown *)factory, &IID_IUnknown, &object),
		CLASS_E_NOAGGREGATION);
	assert_null(object);
	assert_int_equal(IClassFactory_LockServer(factory, TRUE), S_OK);
	assert_int_equal(IClassFactory_LockServer(factory, FALSE), S_OK);
}

static void
test_sync_wants_an_object_of_ours(void **state)
{
	IVdsHwProvider *provider = open_provider();
	IVdsLun *lun = GET_LUN(provider, 1, IVdsLun);
	IClassFactory *foreign = NULL;

	(void)state;
	assert_int_equal(
		VdsGetClassObject(&CLSID_VdsHwProvider, &IID_IClassFactory, (void **)&foreign),
		S_OK);
	assert_int_equal(VdsSync((IUnknown *)provider), S_OK);
	assert_int_equal(VdsSync((IUnknown *)lun), S_OK);
	assert_int_equal(fake_sync_count(), 2);
	assert_int_equal(VdsSync(NULL), E_INVALIDARG);
	assert_int_equal(VdsSync((IUnknown *)foreign), E_INVALIDARG);
	fake_set_view_code(ERR_UNREACHABLE);
	assert_int_equal(VdsSync((IUnknown *)lun), VDS_E_PROVIDER_CACHE_CORRUPT);
	fake_set_view_code(ERR_TIMEOUT);
	assert_int_equal(VdsSync((IUnknown *)lun), VDS_E_TIMEOUT);
	assert_int_equal(IVdsLun_Release(lun), 0);
	assert_int_equal(IVdsHwProvider_Release(provider), 0);
}

static void
test_task_memory(void **state)
{
	char *p = CoTaskMemAlloc(0);

	(void)state;
	assert_non_null(p);
	p = CoTaskMemRealloc(p, 100);
	assert_non_null(p);
	memset(p, 'x', 100);
	p = CoTaskMemRealloc(p, 200);
	assert_int_equal(p[99], 'x');
	assert_null(CoTaskMemRealloc(p, 0));
	p = CoTaskMemRealloc(NULL, 8);
	assert_non_null(p);
	CoTaskMemFree(p);
	CoTaskMemFree(NULL);
	mem_fault_at(1);
	assert_null(CoTaskMemAlloc(1));
	mem_fault_at(0);
}

static void
test_codes_have_names(void **state)
{
	(void)state;
	assert_string_equal(VdsErrorText(S_OK), "S_OK");
	assert_string_equal(VdsErrorText(VDS_E_OBJECT_DELETED), "VDS_E_OBJECT_DELETED");
	assert_string_equal(VdsErrorText(VDS_S_ALREADY_EXISTS), "VDS_S_ALREADY_EXISTS");
	assert_string_equal(VdsErrorText(E_NOINTERFACE), "E_NOINTERFACE");
	assert_string_equal(VdsErrorText(VDS_E_SHRINK_EXTEND_UNALIGNED),
			    "VDS_E_SHRINK_EXTEND_UNALIGNED");
	assert_string_equal(VdsErrorText((HRESULT)0x80070013), "HRESULT 0x80070013");
}

static void *
message_of_thread(void *arg)
{
	(void)arg;
	return (void *)(uintptr_t)(VdsLastErrorMessage()[0] == '\0');
}

static void
test_messages_are_each_threads_own(void **state)
{
	pthread_t thread;
	void *empty;

	(void)state;
	assert_int_equal(VdsSync(NULL), E_INVALIDARG);
	assert_string_equal(VdsLastErrorMessage(), "object is NULL");
	assert_int_equal(pthread_create(&thread, NULL, message_of_thread, NULL), 0);
	pthread_join(thread, &empty);
	assert_non_null(empty);
}

/* ---- the map of codes ---- */

static void
test_every_code_has_an_hresult(void **state)
{
	(void)state;
	for (int code = ERR_FIRST_ + 1; code < ERR_END_; code++)
		assert_true(FAILED(com_hresult(code)));
	assert_int_equal(com_hresult(0), S_OK);
	assert_int_equal(com_hresult(7), S_OK);
}

static void
test_the_codes_that_vds_names(void **state)
{
	static const struct {
		int code;
		HRESULT hr;
	} table[] = {
		{ ERR_CACHE_CORRUPT, VDS_E_PROVIDER_CACHE_CORRUPT },
		{ ERR_NOT_FOUND, VDS_E_OBJECT_NOT_FOUND },
		{ ERR_FAILED, VDS_E_OBJECT_STATUS_FAILED },
		{ ERR_BUSY, VDS_E_ANOTHER_CALL_IN_PROGRESS },
		{ ERR_NO_SPACE, VDS_E_NOT_ENOUGH_SPACE },
		{ ERR_NAME_IN_USE, VDS_E_NAME_NOT_UNIQUE },
		{ ERR_LUNS_ASSOCIATED, VDS_E_ASSOCIATED_LUNS_EXIST },
		{ ERR_PORTALS_ASSOCIATED, VDS_E_ASSOCIATED_PORTALS_EXIST },
		{ ERR_NOT_SUPPORTED, VDS_E_NOT_SUPPORTED },
		{ ERR_CANCELLED, VDS_E_OPERATION_CANCELED },
		{ ERR_TOO_LATE, VDS_E_CANCEL_TOO_LATE },
		{ ERR_INVALID, E_INVALIDARG },
		{ ERR_UNREACHABLE, VDS_E_PROVIDER_CACHE_CORRUPT },
		{ ERR_UNTRUSTED, VDS_E_PROVIDER_CACHE_CORRUPT },
		{ -ENOMEM, E_OUTOFMEMORY },
		{ -EACCES, VDS_E_ACCESS_DENIED },
		{ ERR_ACCESS, VDS_E_ACCESS_DENIED },
		{ ERR_PROTOCOL, VDS_E_PROVIDER_CACHE_CORRUPT },
		{ ERR_VERSION, VDS_E_PROVIDER_CACHE_CORRUPT },
		{ ERR_CLOSED, VDS_E_PROVIDER_CACHE_CORRUPT },
		{ -ENOSPC, VDS_E_NOT_ENOUGH_SPACE },
		{ -ETIMEDOUT, VDS_E_PROVIDER_CACHE_CORRUPT },
		{ ERR_TIMEOUT, VDS_E_PROVIDER_CACHE_CORRUPT },
		{ -EIO, VDS_E_OBJECT_STATUS_FAILED },
		{ -EROFS, VDS_E_OBJECT_STATUS_FAILED },
		{ -EMLINK, E_FAIL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		assert_int_equal(com_hresult(table[i].code), table[i].hr);
}

/* ---- what goes to standard error ---- */

/* What `act` writes there. */
static size_t
written_by(void (*act)(void), char *buf, size_t size)
{
	int ends[2], saved = dup(STDERR_FILENO);
	ssize_t len;

	assert_int_equal(pipe(ends), 0);
	assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
	act();
	assert_true(dup2(saved, STDERR_FILENO) >= 0);
	close(saved);
	close(ends[1]);
	len = read(ends[0], buf, size - 1);
	close(ends[0]);
	assert_true(len >= 0);
	buf[len] = '\0';
	return (size_t)len;
}

static void
ask_for_plexes(void)
{
	static _Atomic bool said;

	atomic_store(&said, false);
	(void)com_not_implemented("IVdsLun::QueryPlexes", &said);
}

static void
test_the_library_is_silent_unless_it_is_asked(void **state)
{
	char text[512];

	(void)state;
	assert_int_equal(written_by(ask_for_plexes, text, sizeof(text)), 0);
	assert_int_equal(VdsSetDebug(""), S_OK);
	assert_true(written_by(ask_for_plexes, text, sizeof(text)) > 0);
	assert_non_null(strstr(text, "IVdsLun::QueryPlexes"));
	assert_int_equal(VdsSetDebug("no.such"), E_INVALIDARG);
	assert_non_null(strstr(VdsLastErrorMessage(), "no.such"));
	assert_int_equal(VdsSetDebug(NULL), S_OK);
	assert_int_equal(written_by(ask_for_plexes, text, sizeof(text)), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_open_gives_the_interface_asked_for),
		cmocka_unit_test(test_open_of_something_else_connects_to_nothing),
		cmocka_unit_test(test_open_without_an_array_says_initialized_failed),
		cmocka_unit_test(test_the_factory_makes_a_provider_that_wants_loading),
		cmocka_unit_test(test_the_factory_refuses_what_it_is_not),
		cmocka_unit_test(test_sync_wants_an_object_of_ours),
		cmocka_unit_test(test_task_memory),
		cmocka_unit_test(test_codes_have_names),
		cmocka_unit_test(test_messages_are_each_threads_own),
		cmocka_unit_test(test_every_code_has_an_hresult),
		cmocka_unit_test(test_the_codes_that_vds_names),
		cmocka_unit_test(test_the_library_is_silent_unless_it_is_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
