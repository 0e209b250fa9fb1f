/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The functions of COM: initialisation, creation, GUIDs as text, and wprintf. */
#include "service_test.h"

#include <pthread.h>

#include <vds/vdscom.h>

static void
test_calls_of_coinitialize_are_counted(void **test_state)
{
	(void)test_state;
	assert_int_equal(CoInitializeEx(NULL, COINIT_MULTITHREADED), S_OK);
	assert_int_equal(CoInitializeEx(NULL, COINIT_MULTITHREADED), S_FALSE);
	assert_int_equal(CoInitialize(NULL), RPC_E_CHANGED_MODE);
	CoUninitialize();
	assert_int_equal(CoInitialize(NULL), RPC_E_CHANGED_MODE);
	CoUninitialize();
	assert_int_equal(CoInitialize(NULL), S_OK);
	CoUninitialize();
	CoUninitialize(); /* one too many does nothing */
	assert_int_equal(CoInitializeEx(&test_state, 0), E_INVALIDARG);
	assert_int_equal(CoInitializeEx(NULL, 0x100), E_INVALIDARG);
}

static HRESULT
create(const CLSID *clsid, IUnknown *outer, DWORD context, const IID *iid)
{
	void *object = (void *)(uintptr_t)1;
	HRESULT hr = CoCreateInstance(clsid, outer, context, iid, &object);

	if (SUCCEEDED(hr))
		IUnknown_Release((IUnknown *)object);
	else
		assert_null(object);
	return hr;
}

static void *
other_thread(void *arg)
{
	(void)arg;
	assert_int_equal(create(&CLSID_VdsLoader, NULL, CLSCTX_ALL, &IID_IVdsServiceLoader), S_OK);
	return NULL;
}

static void
test_objects_are_created_by_class(void **test_state)
{
	pthread_t thread;

	(void)test_state;
	assert_int_equal(create(&CLSID_VdsLoader, NULL, CLSCTX_LOCAL_SERVER, &IID_IUnknown),
			 CO_E_NOTINITIALIZED);
	assert_int_equal(CoInitializeEx(NULL, 0), S_OK);
	assert_int_equal(create(&CLSID_VdsLoader, NULL, CLSCTX_LOCAL_SERVER, &IID_IUnknown), S_OK);
	assert_int_equal(create(&CLSID_VdsLoader, NULL, CLSCTX_LOCAL_SERVER, &IID_IVdsLun),
			 E_NOINTERFACE);
	assert_int_equal(create(&CLSID_VdsService, NULL, CLSCTX_LOCAL_SERVER, &IID_IVdsService),
			 S_OK);
	assert_int_equal(create(&CLSID_VdsService, NULL, CLSCTX_LOCAL_SERVER, &IID_IVdsLun),
			 E_NOINTERFACE);
	assert_int_equal(create(&CLSID_VdsHwProvider, NULL, CLSCTX_ALL, &IID_IVdsHwProvider), S_OK);
	assert_int_equal(create(&IID_IVdsLun, NULL, CLSCTX_ALL, &IID_IUnknown),
			 REGDB_E_CLASSNOTREG);
	assert_int_equal(
		create(&CLSID_VdsLoader, (IUnknown *)(uintptr_t)8, CLSCTX_ALL, &IID_IUnknown),
		CLASS_E_NOAGGREGATION);
	assert_int_equal(create(&CLSID_VdsLoader, NULL, 0, &IID_IUnknown), E_INVALIDARG);
	assert_int_equal(create(NULL, NULL, CLSCTX_ALL, &IID_IUnknown), E_INVALIDARG);
	assert_int_equal(create(&CLSID_VdsLoader, NULL, CLSCTX_ALL, NULL), E_INVALIDARG);
	assert_int_equal(CoCreateInstance(&CLSID_VdsLoader, NULL, CLSCTX_ALL, &IID_IUnknown, NULL),
			 E_POINTER);
	/* a thread may rely on another one's CoInitializeEx */
	assert_int_equal(pthread_create(&thread, NULL, other_thread, NULL), 0);
	pthread_join(thread, NULL);
	CoUninitialize();
}

static void
test_security_is_set_once(void **test_state)
{
	(void)test_state;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(CoInitializeSecurity(NULL, -1, NULL, NULL, 2, 3, NULL, 0, NULL),
				 CO_E_NOTINITIALIZED);
		assert_int_equal(CoInitializeEx(NULL, 0), S_OK);
		assert_int_equal(CoInitializeSecurity(NULL, 1, NULL, NULL, 2, 3, NULL, 0, NULL),
				 E_INVALIDARG);
		assert_int_equal(CoInitializeSecurity(NULL, -1, NULL, NULL, 2, 3, NULL, 0, NULL),
				 S_OK);
		assert_int_equal(CoInitializeSecurity(NULL, -1, NULL, NULL, 2, 3, NULL, 0, NULL),
				 RPC_E_TOO_LATE);
		CoUninitialize();
	}
}

static void
test_the_loader_checks_its_arguments(void **test_state)
{
	IVdsServiceLoader *loader = NULL;
	IVdsService *service = (void *)(uintptr_t)1;
	WCHAR machine[] = u"other";

	(void)test_state;
	assert_int_equal(CoInitializeEx(NULL, 0), S_OK);
	assert_int_equal(CoCreateInstance(&CLSID_VdsLoader, NULL, CLSCTX_ALL,
					  &IID_IVdsServiceLoader, (void **)&loader),
			 S_OK);
	assert_int_equal(IVdsServiceLoader_LoadService(loader, NULL, NULL), E_INVALIDARG);
	assert_int_equal(IVdsServiceLoader_LoadService(loader, machine, &service), E_INVALIDARG);
	assert_null(service);
	assert_int_equal(RELEASE(loader), 0);
	CoUninitialize();
}

static void
test_guids_are_written_and_read(void **test_state)
{
	static const WCHAR text[] = u"{5C69C549-3F24-4261-9996-4E590CA0B7E6}";
	WCHAR buffer[39];
	CLSID clsid;
	GUID guid;

	(void)test_state;
	assert_int_equal(StringFromGUID2(&CLSID_VdsHwProvider, buffer, 39), 39);
	assert_memory_equal(buffer, text, sizeof(text));
	assert_int_equal(StringFromGUID2(&CLSID_VdsHwProvider, buffer, 38), 0);
	assert_int_equal(CLSIDFromString(text, &clsid), S_OK);
	assert_true(IsEqualGUID(&clsid, &CLSID_VdsHwProvider));
	assert_int_equal(CLSIDFromString(u"5C69C549-3F24-4261-9996-4E590CA0B7E6", &clsid),
			 CO_E_CLASSSTRING);
	assert_true(IsEqualGUID(&clsid, &GUID_NULL));
	assert_int_equal(CLSIDFromString(u"{5C69C549-3F24-4261-9996-4E590CA0B7E6}x", &clsid),
			 CO_E_CLASSSTRING);
	assert_int_equal(CLSIDFromString(u"{}", &clsid), CO_E_CLASSSTRING);
	assert_int_equal(CLSIDFromString(NULL, &clsid), S_OK);
	assert_int_equal(CLSIDFromString(text, NULL), E_INVALIDARG);
	assert_int_equal(CoCreateGuid(&guid), S_OK);
	assert_false(IsEqualGUID(&guid, &GUID_NULL));
	assert_int_equal(CoCreateGuid(NULL), E_INVALIDARG);
}

/* Prints into a file in place of standard output, and compares what arrived. */
#define ASSERT_PRINTS(want, ...)                           \
	do {                                               \
		char have_[256] = "";                      \
		int saved_ = begin_capture();              \
		int n_ = VdsWprintf(__VA_ARGS__);          \
		end_capture(saved_, have_, sizeof(have_)); \
		assert_string_equal(have_, want);          \
		assert_int_equal(n_, (int)strlen(want));   \
	} while (0)

static FILE *captured;

static int
begin_capture(void)
{
	int saved = dup(STDOUT_FILENO);

	fflush(stdout);
	captured = tmpfile();
	assert_non_null(captured);
	dup2(fileno(captured), STDOUT_FILENO);
	return saved;
}

static void
end_capture(int saved, char *text, size_t size)
{
	fflush(stdout);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	rewind(captured);
	text[fread(text, 1, size - 1, captured)] = '\0';
	fclose(captured);
}

static void
test_wprintf_prints_what_windows_prints(void **test_state)
{
	(void)test_state;
	ASSERT_PRINTS("plain 100%\n", u"plain %d%%\n", 100);
	ASSERT_PRINTS("déjà narrow", u"%s %hs", u"déjà", "narrow");
	ASSERT_PRINTS("wide narrow wide", u"%ls %S %ws", u"wide", "narrow", u"wide");
	ASSERT_PRINTS("(null)", u"%s", (WCHAR *)NULL);
	ASSERT_PRINTS("[   ab][ab   ][a]", u"[%5s][%-5s][%.1s]", u"ab", u"ab", u"ab");
	ASSERT_PRINTS("[  ab]", u"[%*s]", 4, u"ab");
	ASSERT_PRINTS("ä", u"%c", u'ä');
	ASSERT_PRINTS("80042405 -5 5", u"%x %ld %lu", 0x80042405u, -5L, 5ul);
	ASSERT_PRINTS("18446744073709551615 -1", u"%I64u %lld", ~0ull, -1ll);
	ASSERT_PRINTS("000a 1.5 7", u"%04x %g %hu", 10, 1.5, 7);
	ASSERT_PRINTS("-1 255", u"%hhd %hhu", -1, 255);
	assert_int_equal(VdsWprintf(NULL), -1);
	assert_int_equal(VdsWprintf(u"%y", 1), -1);
	assert_int_equal(VdsWprintf(u"%"), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_calls_of_coinitialize_are_counted),
		cmocka_unit_test(test_objects_are_created_by_class),
		cmocka_unit_test(test_security_is_set_once),
		cmocka_unit_test(test_the_loader_checks_its_arguments),
		cmocka_unit_test(test_guids_are_written_and_read),
		cmocka_unit_test(test_wprintf_prints_what_windows_prints),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
