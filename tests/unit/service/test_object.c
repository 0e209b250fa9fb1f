/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The service's object: IVdsService and the interfaces beside it. */
#include "service_test.h"

static int
setup(void **test_state)
{
	int rc = service_setup(test_state);

	if (rc == 0)
		service_register(FAKE_GOOD);
	return rc;
}

static void
test_there_is_one_service_in_a_process(void **test_state)
{
	IVdsService *a = service_load(), *b = service_load();
	IVdsServiceIscsi *iscsi = query(a, &IID_IVdsServiceIscsi);
	IVdsService *back = query(iscsi, &IID_IVdsService);

	(void)test_state;
	assert_ptr_equal(a, b);
	assert_ptr_equal(a, back);
	RELEASE(back);
	RELEASE(iscsi);
	RELEASE(b);
	assert_int_equal(RELEASE(a), 0);
}

static void
test_a_service_that_is_not_initialised(void **test_state)
{
	IVdsService *service = NULL;
	IVdsServiceInitialization *initialization;
	IEnumVdsObject *list = NULL;
	VDS_SERVICE_PROP prop;
	WCHAR machine[] = u"other";

	(void)test_state;
	assert_int_equal(CoCreateInstance(&CLSID_VdsService, NULL, CLSCTX_LOCAL_SERVER,
					  &IID_IVdsService, (void **)&service),
			 S_OK);
	assert_int_equal(IVdsService_IsServiceReady(service), S_FALSE);
	assert_int_equal(IVdsService_WaitForServiceReady(service), VDS_E_INITIALIZED_FAILED);
	assert_int_equal(IVdsService_QueryProviders(service, 2, &list), VDS_E_INITIALIZED_FAILED);
	assert_int_equal(IVdsService_GetProperties(service, &prop), S_OK);
	CoTaskMemFree(prop.pwszVersion);
	initialization = query(service, &IID_IVdsServiceInitialization);
	assert_int_equal(IVdsServiceInitialization_Initialize(initialization, machine),
			 E_INVALIDARG);
	assert_int_equal(IVdsServiceInitialization_Initialize(initialization, NULL), S_OK);
	assert_int_equal(IVdsServiceInitialization_Initialize(initialization, NULL), S_OK);
	assert_int_equal(IVdsService_WaitForServiceReady(service), S_OK);
	assert_int_equal(IVdsService_IsServiceReady(service), S_OK);
	RELEASE(initialization);
	RELEASE(service);
}

static unsigned
count_of(IVdsService *service, DWORD masks)
{
	IEnumVdsObject *list = NULL;
	IUnknown *object;
	unsigned count = 0;

	assert_int_equal(IVdsService_QueryProviders(service, masks, &list), S_OK);
	while ((object = service_next(list, &IID_IUnknown)) != NULL) {
		count++;
		RELEASE(object);
	}
	RELEASE(list);
	return count;
}

static void
test_query_providers_by_masks(void **test_state)
{
	IVdsService *service = service_load();
	IEnumVdsObject *list = (void *)(uintptr_t)1, *clone = NULL;
	IUnknown *objects[2];
	ULONG fetched;

	(void)test_state;
	assert_int_equal(count_of(service, VDS_QUERY_HARDWARE_PROVIDERS), 2);
	assert_int_equal(count_of(service, VDS_QUERY_SOFTWARE_PROVIDERS), 0);
	assert_int_equal(count_of(service, VDS_QUERY_VIRTUALDISK_PROVIDERS), 0);
	assert_int_equal(count_of(service, 7), 2);
	assert_int_equal(IVdsService_QueryProviders(service, 0, &list), E_INVALIDARG);
	assert_null(list);
	assert_int_equal(IVdsService_QueryProviders(service, 8, &list), E_INVALIDARG);
	assert_int_equal(IVdsService_QueryProviders(service, 2, NULL), E_INVALIDARG);
	assert_int_equal(IVdsService_QueryProviders(service, 2, &list), S_OK);
	assert_int_equal(IEnumVdsObject_Skip(list, 1), S_OK);
	assert_int_equal(IEnumVdsObject_Clone(list, &clone), S_OK);
	assert_int_equal(IEnumVdsObject_Next(clone, 2, objects, &fetched), S_FALSE);
	assert_int_equal(fetched, 1);
	RELEASE(objects[0]);
	assert_int_equal(IEnumVdsObject_Skip(clone, 1), S_FALSE);
	assert_int_equal(IEnumVdsObject_Reset(clone), S_OK);
	assert_int_equal(IEnumVdsObject_Next(clone, 2, objects, &fetched), S_OK);
	RELEASE(objects[0]);
	RELEASE(objects[1]);
	assert_int_equal(IEnumVdsObject_Next(clone, 1, NULL, &fetched), E_INVALIDARG);
	assert_int_equal(IEnumVdsObject_Next(clone, 1, objects, NULL), E_INVALIDARG);
	assert_int_equal(IEnumVdsObject_Clone(clone, NULL), E_INVALIDARG);
	RELEASE(clone);
	RELEASE(list);
	RELEASE(service);
}

static void
test_get_object_finds_objects_of_every_provider(void **test_state)
{
	IVdsService *service = service_load();
	IVdsSubSystem *subsystem = service_subsystem(service);
	IEnumVdsObject *list = NULL;
	IUnknown *found = NULL;
	IVdsLun *lun, *same;
	VDS_LUN_PROP prop;

	(void)test_state;
	assert_int_equal(IVdsSubSystem_QueryLuns(subsystem, &list), S_OK);
	lun = service_next(list, &IID_IVdsLun);
	RELEASE(list);
	assert_int_equal(IVdsLun_GetProperties(lun, &prop), S_OK);
	CoTaskMemFree(prop.pwszFriendlyName);
	assert_int_equal(IVdsService_GetObject(service, prop.id, VDS_OT_LUN, &found), S_OK);
	same = query(found, &IID_IVdsLun);
	assert_ptr_equal(same, lun);
	assert_int_equal(try_query(found, &IID_IVdsLun2), E_NOINTERFACE);
	RELEASE(same);
	RELEASE(found);
	/* the id with another type, and one that nobody knows */
	assert_int_equal(IVdsService_GetObject(service, prop.id, VDS_OT_TARGET, &found),
			 VDS_E_OBJECT_NOT_FOUND);
	assert_null(found);
	assert_int_equal(IVdsService_GetObject(service, GUID_NULL, VDS_OT_LUN, &found),
			 VDS_E_OBJECT_NOT_FOUND);
	/* nobody knows whether this one is gone */
	assert_int_equal(IVdsService_GetObject(service, prop.id, VDS_OT_DRIVE, &found),
			 VDS_E_PROVIDER_CACHE_CORRUPT);
	assert_null(found);
	assert_int_equal(IVdsService_GetObject(service, prop.id, VDS_OT_PROVIDER, &found),
			 E_INVALIDARG);
	assert_int_equal(IVdsService_GetObject(service, prop.id, (VDS_OBJECT_TYPE)9999, &found),
			 E_INVALIDARG);
	assert_int_equal(IVdsService_GetObject(service, prop.id, VDS_OT_HBAPORT, &found),
			 VDS_E_OBJECT_NOT_FOUND);
	assert_int_equal(IVdsService_GetObject(service, prop.id, VDS_OT_LUN, NULL), E_INVALIDARG);
	RELEASE(lun);
	RELEASE(subsystem);
	RELEASE(service);
}

static void
assert_empty(IEnumVdsObject *list)
{
	assert_non_null(list);
	assert_null(service_next(list, &IID_IUnknown));
	RELEASE(list);
}

static void
test_what_the_computer_does_not_have(void **test_state)
{
	IVdsService *service = service_load();
	IVdsServiceHba *hba = query(service, &IID_IVdsServiceHba);
	IEnumVdsObject *list = NULL;
	VDS_DRIVE_LETTER_PROP letters[26];
	VDS_FILE_SYSTEM_TYPE_PROP *types = (void *)(uintptr_t)1;
	LONG count = 7;

	(void)test_state;
	assert_int_equal(IVdsService_QueryMaskedDisks(service, &list), E_NOTIMPL);
	assert_int_equal(IVdsService_QueryMaskedDisks(service, NULL), E_INVALIDARG);
	assert_int_equal(IVdsService_QueryUnallocatedDisks(service, &list), S_OK);
	assert_empty(list);
	assert_int_equal(IVdsService_QueryUnallocatedDisks(service, NULL), E_INVALIDARG);
	assert_int_equal(IVdsServiceHba_QueryHbaPorts(hba, &list), S_OK);
	assert_empty(list);
	assert_int_equal(IVdsServiceHba_QueryHbaPorts(hba, NULL), E_INVALIDARG);
	assert_int_equal(IVdsService_QueryFileSystemTypes(service, &types, &count), S_OK);
	assert_null(types);
	assert_int_equal(count, 0);
	assert_int_equal(IVdsService_QueryFileSystemTypes(service, NULL, &count), E_INVALIDARG);
	assert_int_equal(IVdsService_QueryFileSystemTypes(service, &types, NULL), E_INVALIDARG);
	assert_int_equal(IVdsService_QueryDriveLetters(service, u'A', 26, letters), S_OK);
	assert_int_equal(letters[25].wcLetter, u'Z');
	assert_int_equal(letters[25].bUsed, FALSE);
	assert_int_equal(IVdsService_QueryDriveLetters(service, u'B', 26, letters), E_INVALIDARG);
	assert_int_equal(IVdsService_QueryDriveLetters(service, u'a', 1, letters), E_INVALIDARG);
	assert_int_equal(IVdsService_QueryDriveLetters(service, u'A', 0, letters), E_INVALIDARG);
	assert_int_equal(IVdsService_QueryDriveLetters(service, u'A', 1, NULL), E_INVALIDARG);
	assert_int_equal(IVdsService_CleanupObsoleteMountPoints(service), S_OK);
	assert_int_equal(IVdsService_Reenumerate(service), S_OK);
	assert_int_equal(IVdsService_Reboot(service), VDS_E_ACCESS_DENIED);
	RELEASE(hba);
	RELEASE(service);
}

static void
test_refresh_says_whether_every_provider_did(void **test_state)
{
	IVdsService *service = service_load();
	struct fake_state *fake = service_fake(FAKE_GOOD);

	(void)test_state;
	assert_int_equal(IVdsService_Refresh(service), S_OK);
	fake->refresh_result = VDS_E_PROVIDER_CACHE_CORRUPT;
	assert_int_equal(IVdsService_Refresh(service), S_FALSE);
	fake->refresh_result = S_OK;
	RELEASE(service);
}

static ULONG
flags_of(IVdsService *service)
{
	VDS_SERVICE_PROP prop;

	assert_int_equal(IVdsService_GetProperties(service, &prop), S_OK);
	assert_non_null(prop.pwszVersion);
	CoTaskMemFree(prop.pwszVersion);
	return prop.ulFlags;
}

static void
test_flags_and_policies(void **test_state)
{
	IVdsService *service = service_load();
	IVdsServiceSAN *san = query(service, &IID_IVdsServiceSAN);
	VDS_SAN_POLICY policy = VDS_SP_UNKNOWN;

	(void)test_state;
	assert_int_equal(IVdsService_SetFlags(service, VDS_SVF_AUTO_MOUNT_OFF), S_OK);
	assert_int_equal(flags_of(service), VDS_SVF_AUTO_MOUNT_OFF);
	assert_int_equal(IVdsService_SetFlags(service, VDS_SVF_EFI), VDS_E_NOT_SUPPORTED);
	assert_int_equal(IVdsService_SetFlags(service, 0x80000000u), E_INVALIDARG);
	assert_int_equal(IVdsService_ClearFlags(service, VDS_SVF_AUTO_MOUNT_OFF), S_OK);
	assert_int_equal(IVdsService_ClearFlags(service, VDS_SVF_EFI), VDS_E_NOT_SUPPORTED);
	assert_int_equal(flags_of(service), 0);
	assert_int_equal(IVdsService_GetProperties(service, NULL), E_INVALIDARG);
	assert_int_equal(IVdsServiceSAN_GetSANPolicy(san, &policy), S_OK);
	assert_int_equal(policy, VDS_SP_ONLINE);
	assert_int_equal(IVdsServiceSAN_GetSANPolicy(san, NULL), E_INVALIDARG);
	assert_int_equal(IVdsServiceSAN_SetSANPolicy(san, VDS_SP_ONLINE), S_OK);
	assert_int_equal(IVdsServiceSAN_SetSANPolicy(san, VDS_SP_OFFLINE), VDS_E_NOT_SUPPORTED);
	assert_int_equal(IVdsServiceSAN_SetSANPolicy(san, VDS_SP_UNKNOWN), E_INVALIDARG);
	assert_int_equal(IVdsServiceSAN_SetSANPolicy(san, VDS_SP_MAX), E_INVALIDARG);
	RELEASE(san);
	RELEASE(service);
}

static void
test_disks_that_no_provider_has(void **test_state)
{
	IVdsService *service = service_load();
	IVdsServiceUninstallDisk *uninstall = query(service, &IID_IVdsServiceUninstallDisk);
	IVdsServiceSw *sw = query(service, &IID_IVdsServiceSw);
	VDS_OBJECT_ID ids[2] = { { 1, 0, 0, { 0 } }, { 1, 0, 0, { 0 } } }, disk;
	HRESULT results[2] = { 1, 1 };
	IUnknown *object = (void *)(uintptr_t)1;
	VDS_LUN_INFORMATION info;
	BOOLEAN reboot = TRUE;

	(void)test_state;
	memset(&info, 0, sizeof(info));
	assert_int_equal(IVdsServiceUninstallDisk_GetDiskIdFromLunInfo(uninstall, &info, &disk),
			 VDS_E_OBJECT_NOT_FOUND);
	assert_int_equal(IVdsServiceUninstallDisk_GetDiskIdFromLunInfo(uninstall, NULL, &disk),
			 E_INVALIDARG);
	assert_int_equal(
		IVdsServiceUninstallDisk_UninstallDisks(uninstall, ids, 2, FALSE, &reboot, results),
		E_INVALIDARG); /* twice the same id */
	ids[1].Data1 = 2;
	assert_int_equal(
		IVdsServiceUninstallDisk_UninstallDisks(uninstall, ids, 2, FALSE, &reboot, results),
		VDS_E_OBJECT_NOT_FOUND);
	assert_int_equal(results[1], VDS_E_OBJECT_NOT_FOUND);
	assert_int_equal(reboot, FALSE);
	assert_int_equal(IVdsServiceUninstallDisk_UninstallDisks(uninstall, NULL, 2, FALSE, &reboot,
								 results),
			 E_INVALIDARG);
	assert_int_equal(IVdsServiceSw_GetDiskObject(sw, u"/dev/sda", &object),
			 VDS_E_OBJECT_NOT_FOUND);
	assert_null(object);
	assert_int_equal(IVdsServiceSw_GetDiskObject(sw, NULL, &object), E_INVALIDARG);
	RELEASE(sw);
	RELEASE(uninstall);
	RELEASE(service);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, service_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_there_is_one_service_in_a_process),
		TEST(test_a_service_that_is_not_initialised),
		TEST(test_query_providers_by_masks),
		TEST(test_get_object_finds_objects_of_every_provider),
		TEST(test_what_the_computer_does_not_have),
		TEST(test_refresh_says_whether_every_provider_did),
		TEST(test_flags_and_policies),
		TEST(test_disks_that_no_provider_has),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
