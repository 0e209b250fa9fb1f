/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Third-party providers: registered, tried, loaded, and kept apart from one another. */
#include "service_test.h"

#include <sched.h>

/*
 * Loads the service with a bad provider beside a good one, and checks that only the good one and
 * that of libvds are there.
 */
static void
check_that_the_others_are_there(void)
{
	IVdsService *service;
	IVdsHwProvider *good;
	unsigned count;

	service_register(FAKE_GOOD);
	service = service_load();
	good = service_find(service, "fake", &count);
	assert_non_null(good);
	assert_int_equal(count, 2);
	RELEASE(good);
	assert_int_equal(RELEASE(service), 0);
}

static void
check_mode(unsigned mode)
{
	service_register(mode);
	check_that_the_others_are_there();
}

static void
test_a_library_that_crashes_when_loaded(void **test_state)
{
	(void)test_state;
	check_mode(FAKE_CRASHES_WHEN_LOADED);
}

static void
test_a_library_that_crashes_when_asked(void **test_state)
{
	(void)test_state;
	check_mode(FAKE_CRASHES_WHEN_ASKED);
}

static void
test_a_library_that_hangs_when_loaded(void **test_state)
{
	(void)test_state;
	setenv("VDS_HOST_TIMEOUT", "1", 1);
	check_mode(FAKE_HANGS_WHEN_LOADED);
}

static void
test_a_library_that_hangs_when_asked(void **test_state)
{
	(void)test_state;
	setenv("VDS_HOST_TIMEOUT", "1", 1);
	check_mode(FAKE_HANGS_WHEN_ASKED);
}

static void
test_a_library_that_succeeds_without_a_factory(void **test_state)
{
	(void)test_state;
	check_mode(FAKE_WITHOUT_FACTORY);
}

static void
test_a_factory_that_succeeds_without_an_object(void **test_state)
{
	(void)test_state;
	check_mode(FAKE_WITHOUT_OBJECT);
}

static void
test_an_object_that_is_no_provider(void **test_state)
{
	(void)test_state;
	check_mode(FAKE_WITHOUT_PRIVATE);
}

static void
test_a_provider_that_fails_in_onload_is_not_unloaded(void **test_state)
{
	struct fake_state *fake;

	(void)test_state;
	check_mode(FAKE_FAILS_IN_ONLOAD);
	fake = service_fake(FAKE_FAILS_IN_ONLOAD);
	service_wait_gone(fake->pid);
	assert_int_equal(fake->loads, 1);
	assert_int_equal(fake->unloads, 0);
	assert_int_equal(fake->living, 0);
}

static void
test_a_provider_that_never_returns_from_onload(void **test_state)
{
	struct fake_state *fake;

	(void)test_state;
	setenv("VDS_LOAD_TIMEOUT", "1", 1);
	check_mode(FAKE_HANGS_IN_ONLOAD);
	fake = service_fake(FAKE_HANGS_IN_ONLOAD);
	assert_int_equal(fake->unloads, 0);
	service_wait_gone(fake->pid);
}

static void
test_the_service_may_end_while_a_provider_loads(void **test_state)
{
	IVdsServiceLoader *loader = NULL;
	IVdsService *service = NULL;
	struct fake_state *fake;

	(void)test_state;
	service_register(FAKE_HANGS_IN_ONLOAD);
	fake = service_fake(FAKE_HANGS_IN_ONLOAD);
	assert_int_equal(CoCreateInstance(&CLSID_VdsLoader, NULL, CLSCTX_LOCAL_SERVER,
					  &IID_IVdsServiceLoader, (void **)&loader),
			 S_OK);
	assert_int_equal(IVdsServiceLoader_LoadService(loader, NULL, &service), S_OK);
	RELEASE(loader);
	assert_int_equal(IVdsService_IsServiceReady(service), S_FALSE);
	while (fake->loads < 1)
		sched_yield();
	assert_int_equal(RELEASE(service), 0); /* returns although OnLoad does not */
	service_wait_gone(fake->pid);
	assert_int_equal(fake->unloads, 0);
}

/* ---- the register ---- */

static void
test_files_with_errors_are_left_out(void **test_state)
{
	static const char *const texts[] = {
		"",
		"id = 1\n",
		"no equal sign\n",
		"colour = red\n",
		"id = 00000000-0000-0000-0000-000000000009\n"
		"clsid = fa4e0001-0000-0000-0000-000000000000\nname = x\ntype = hardware\n",
		"id = 00000000-0000-0000-0000-000000000009\n"
		"clsid = fa4e0001-0000-0000-0000-000000000000\nname = x\ntype = magic\n"
		"library = /lib/none.so\n",
		"id = 00000000-0000-0000-0000-000000000009\n"
		"clsid = fa4e0001-0000-0000-0000-000000000000\nname = x\ntype = hardware\n"
		"library = relative.so\n",
		"id = 00000000-0000-0000-0000-000000000009\n"
		"clsid = fa4e0001-0000-0000-0000-000000000000\nname = x\ntype = hardware\n"
		"library = /nonexistent/x.so\n",
	};
	char name[16];

	(void)test_state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		snprintf(name, sizeof(name), "%zu.conf", i);
		service_write(name, texts[i]);
	}
	service_write(".hidden.conf", texts[1]);
	service_write("readme.txt", texts[2]);
	check_that_the_others_are_there();
}

static void
test_a_file_or_library_that_others_may_write_is_left_out(void **test_state)
{
	char path[128];
	IVdsService *service;
	unsigned count;

	(void)test_state;
	service_register(FAKE_GOOD);
	snprintf(path, sizeof(path), "%s/01.conf", service_directory);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(chmod(path, 0666), 0);
		service = service_load();
		assert_null(service_find(service, "fake", &count));
		assert_int_equal(count, 1);
		RELEASE(service);
		assert_int_equal(chmod(path, 0755), 0);
		snprintf(path, sizeof(path), "%s/fake1.so", service_directory);
	}
	service = service_load();
	assert_int_equal(RELEASE(service_find(service, "fake", &count)), 0);
	RELEASE(service);
}

static HRESULT
register_from_library(IVdsAdmin *admin, const WCHAR *name, VDS_OBJECT_ID id)
{
	HRESULT (*function)(IVdsAdmin *, const WCHAR *, VDS_OBJECT_ID);
	char path[128];
	void *handle, *symbol;
	HRESULT hr;

	snprintf(path, sizeof(path), "%s/fake1.so", service_directory);
	handle = dlopen(path, RTLD_NOW);
	assert_non_null(handle);
	symbol = dlsym(handle, "DllRegisterServer");
	memcpy(&function, &symbol, sizeof(function));
	hr = function(admin, name, id);
	dlclose(handle);
	return hr;
}

static void
test_a_library_can_register_itself(void **test_state)
{
	const VDS_OBJECT_ID id = { 9, 9, 9, { 9 } };
	WCHAR too_long[202] = { 0 };
	IVdsService *service;
	IVdsAdmin *admin = NULL;
	IVdsHwProvider *provider;
	char path[128];

	(void)test_state;
	service_register(FAKE_GOOD);
	snprintf(path, sizeof(path), "%s/01.conf", service_directory);
	assert_int_equal(unlink(path), 0); /* the library stays */
	for (int i = 0; i < 201; i++)
		too_long[i] = u'x';
	assert_int_equal(CoCreateInstance(&CLSID_VdsService, NULL, CLSCTX_LOCAL_SERVER,
					  &IID_IVdsAdmin, (void **)&admin),
			 S_OK);
	assert_int_equal(register_from_library(admin, too_long, id), VDS_E_INVALID_PROVIDER_NAME);
	assert_int_equal(register_from_library(admin, u"a\nb", id), VDS_E_INVALID_PROVIDER_NAME);
	assert_int_equal(register_from_library(admin, u"mine", GUID_NULL),
			 VDS_E_INVALID_PROVIDER_ID);
	/* a register that cannot be written, and one whose directory is not there yet */
	setenv("VDS_PROVIDERS", "/proc/vds", 1);
	assert_true(FAILED(register_from_library(admin, u"mine", id)));
	snprintf(path, sizeof(path), "%s/new/providers.d", service_directory);
	setenv("VDS_PROVIDERS", path, 1);
	assert_int_equal(register_from_library(admin, u"mine", id), S_OK);
	assert_int_equal(IVdsAdmin_UnregisterProvider(admin, id), S_OK);
	setenv("VDS_PROVIDERS", service_directory, 1);
	assert_int_equal(register_from_library(admin, u"mine", id), S_OK);
	assert_int_equal(register_from_library(admin, u"mine", id), VDS_E_ALREADY_REGISTERED);
	RELEASE(admin);
	service = service_load();
	provider = service_find(service, "fake", NULL);
	assert_non_null(provider);
	RELEASE(provider);
	admin = query(service, &IID_IVdsAdmin);
	assert_int_equal(IVdsAdmin_UnregisterProvider(admin, id), S_OK);
	assert_int_equal(IVdsAdmin_UnregisterProvider(admin, id), VDS_E_OBJECT_NOT_FOUND);
	assert_int_equal(IVdsAdmin_UnregisterProvider(admin, GUID_NULL), VDS_E_INVALID_PROVIDER_ID);
	RELEASE(admin);
	provider = service_find(service, "fake", NULL); /* until the service is loaded anew */
	assert_non_null(provider);
	RELEASE(provider);
	RELEASE(service);
	service = service_load();
	assert_null(service_find(service, "fake", NULL));
	RELEASE(service);
}

static void
test_who_is_no_library_cannot_register(void **test_state)
{
	const VDS_OBJECT_ID id = { 9, 9, 9, { 9 } };
	const CLSID clsid = { FAKE_CLSID, 0, 0, { 0 } };
	WCHAR name[] = u"x", version[] = u"1";
	IVdsAdmin *admin = NULL;

	(void)test_state;
	assert_int_equal(CoCreateInstance(&CLSID_VdsService, NULL, CLSCTX_LOCAL_SERVER,
					  &IID_IVdsAdmin, (void **)&admin),
			 S_OK);
	assert_int_equal(IVdsAdmin_RegisterProvider(admin, id, clsid, name, VDS_PT_HARDWARE, NULL,
						    version, id),
			 VDS_E_INVALID_PROVIDER_CLSID);
	assert_int_equal(
		IVdsAdmin_RegisterProvider(admin, id, clsid, name, VDS_PT_MAX, NULL, version, id),
		VDS_E_INVALID_PROVIDER_TYPE);
	assert_int_equal(IVdsAdmin_RegisterProvider(admin, id, clsid, name, VDS_PT_HARDWARE, NULL,
						    version, GUID_NULL),
			 VDS_E_INVALID_PROVIDER_VERSION_GUID);
	assert_int_equal(
		IVdsAdmin_RegisterProvider(admin, id, clsid, name, VDS_PT_HARDWARE, NULL, NULL, id),
		VDS_E_INVALID_PROVIDER_VERSION_STRING);
	assert_int_equal(IVdsAdmin_RegisterProvider(admin, id, clsid, NULL, VDS_PT_HARDWARE, NULL,
						    version, id),
			 VDS_E_INVALID_PROVIDER_NAME);
	RELEASE(admin);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, service_setup, service_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_library_that_crashes_when_loaded),
		TEST(test_a_library_that_crashes_when_asked),
		TEST(test_a_library_that_hangs_when_loaded),
		TEST(test_a_library_that_hangs_when_asked),
		TEST(test_a_library_that_succeeds_without_a_factory),
		TEST(test_a_factory_that_succeeds_without_an_object),
		TEST(test_an_object_that_is_no_provider),
		TEST(test_a_provider_that_fails_in_onload_is_not_unloaded),
		TEST(test_a_provider_that_never_returns_from_onload),
		TEST(test_the_service_may_end_while_a_provider_loads),
		TEST(test_files_with_errors_are_left_out),
		TEST(test_a_file_or_library_that_others_may_write_is_left_out),
		TEST(test_a_library_can_register_itself),
		TEST(test_who_is_no_library_cannot_register),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
