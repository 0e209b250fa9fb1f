/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The LUN but for its association (test_association.c). */
#include "provider_test.h"

static IVdsHwProvider *provider;
static IVdsLun *lun;

static int
setup(void **state)
{
	(void)state;
	provider = open_provider();
	lun = GET_LUN(provider, 1, IVdsLun);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	RELEASE(lun);
	RELEASE(provider);
	assert_int_equal(fake_open_count, 0);
	return 0;
}

static VDS_LUN_PROP
properties(void)
{
	VDS_LUN_PROP prop;

	assert_int_equal(IVdsLun_GetProperties(lun, &prop), S_OK);
	return prop;
}

static void
properties_free(VDS_LUN_PROP *prop)
{
	CoTaskMemFree(prop->pwszFriendlyName);
	CoTaskMemFree(prop->pwszIdentification);
	CoTaskMemFree(prop->pwszUnmaskingList);
}

static void
test_properties_are_those_of_the_row(void **state)
{
	VDS_LUN_PROP prop = properties();

	(void)state;
	assert_true(same_guid(&prop.id, sample_id('l', 1)));
	assert_int_equal(prop.ullSize, 1048576);
	assert_u16(prop.pwszFriendlyName, "lun1");
	assert_u16(prop.pwszIdentification, "S00000001");
	assert_u16(prop.pwszUnmaskingList, "");
	assert_int_equal(prop.type, VDS_LT_SIMPLE);
	assert_int_equal(prop.status, VDS_LS_ONLINE);
	assert_int_equal(prop.health, VDS_H_HEALTHY);
	assert_int_equal(prop.TransitionState, VDS_TS_STABLE);
	properties_free(&prop);
	assert_int_equal(IVdsLun_GetProperties(lun, NULL), E_INVALIDARG);
}

static void
test_properties_show_health_and_operations_and_are_never_busy(void **state)
{
	static const struct {
		enum lun_health health;
		enum lun_operation operation;
		VDS_LUN_STATUS status;
		VDS_HEALTH vds_health;
		VDS_TRANSITION_STATE transition;
	} table[] = {
		{ HEALTH_UNKNOWN, OPERATION_NONE, VDS_LS_ONLINE, VDS_H_UNKNOWN, VDS_TS_STABLE },
		{ HEALTH_FAILED, OPERATION_NONE, VDS_LS_FAILED, VDS_H_FAILED, VDS_TS_STABLE },
		{ HEALTH_FAILING, OPERATION_NONE, VDS_LS_ONLINE, VDS_H_FAILING, VDS_TS_STABLE },
		{ HEALTH_OK, OPERATION_CREATE, VDS_LS_NOT_READY, VDS_H_HEALTHY, VDS_TS_STABLE },
		{ HEALTH_OK, OPERATION_EXTEND, VDS_LS_ONLINE, VDS_H_HEALTHY, VDS_TS_EXTENDING },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct row_live_lun *live = sample_live_lun(1, table[i].health);
		VDS_LUN_PROP prop;

		live->operation = table[i].operation;
		fake_put_live(live);
		prop = properties();
		assert_int_equal(prop.status, table[i].status);
		assert_int_equal(prop.health, table[i].vds_health);
		assert_int_equal(prop.TransitionState, table[i].transition);
		properties_free(&prop);
	}
}

static void
test_get_subsystem_gives_the_array(void **state)
{
	IVdsSubSystem *mine = NULL, *theirs = GET_SUBSYSTEM(provider, IVdsSubSystem);

	(void)state;
	assert_int_equal(IVdsLun_GetSubSystem(lun, &mine), S_OK);
	assert_ptr_equal(mine, theirs);
	RELEASE(mine);
	RELEASE(theirs);
	assert_int_equal(IVdsLun_GetSubSystem(lun, NULL), E_INVALIDARG);
}

static void
test_identification_is_what_inquiry_says(void **state)
{
	static const unsigned char naa[8] = { 0x30, 0, 0, 0, 0, 0, 0, 1 };
	VDS_STORAGE_IDENTIFIER *ids;
	VDS_LUN_INFORMATION info;

	(void)state;
	assert_int_equal(IVdsLun_GetIdentificationData(lun, &info), S_OK);
	assert_int_equal(info.m_version, VER_VDS_LUN_INFORMATION);
	assert_int_equal(info.m_DeviceType, 0);
	assert_int_equal(info.m_bCommandQueueing, TRUE);
	assert_int_equal(info.m_BusType, VDSBusTypeiScsi);
	assert_string_equal((char *)info.m_szSerialNumber, "S00000001");
	assert_int_equal(info.m_deviceIdDescriptor.m_cIdentifiers, 3);
	assert_int_equal(info.m_cInterconnects, 0);
	ids = info.m_deviceIdDescriptor.m_rgIdentifiers;
	assert_int_equal(ids[0].m_Type, VDSStorageIdTypeFCPHName);
	assert_int_equal(ids[0].m_cbIdentifier, 8);
	assert_memory_equal(ids[0].m_rgbIdentifier, naa, 8);
	assert_int_equal(ids[1].m_Type, VDSStorageIdTypeVendorId);
	assert_int_equal(ids[1].m_cbIdentifier, 8 + strlen("S00000001"));
	assert_memory_equal(ids[1].m_rgbIdentifier + 8, "S00000001", 9);
	provider_lun_information_free(&info);
}

static void
test_query_if_created_lun_knows_its_own(void **state)
{
	IVdsHwProviderPrivate *private = query(provider, &IID_IVdsHwProviderPrivate);
	WCHAR path[] = u"\\\\?\\disk";
	VDS_LUN_INFORMATION info;
	VDS_OBJECT_ID id;
	ULONG count;

	(void)state;
	assert_int_equal(IVdsLun_GetIdentificationData(lun, &info), S_OK);
	count = info.m_deviceIdDescriptor.m_cIdentifiers;
	assert_int_equal(IVdsHwProviderPrivate_QueryIfCreatedLun(private, path, &info, &id), S_OK);
	assert_true(same_guid(&id, sample_id('l', 1)));
	for (ULONG i = 0; i < count; i++) { /* by each designator alone */
		VDS_LUN_INFORMATION one = info;

		one.m_deviceIdDescriptor.m_rgIdentifiers += i;
		one.m_deviceIdDescriptor.m_cIdentifiers = 1;
		one.m_szSerialNumber = NULL;
		assert_int_equal(IVdsHwProviderPrivate_QueryIfCreatedLun(private, path, &one, &id),
				 S_OK);
		assert_true(same_guid(&id, sample_id('l', 1)));
	}
	info.m_deviceIdDescriptor.m_cIdentifiers = 0; /* by serial number alone */
	assert_int_equal(IVdsHwProviderPrivate_QueryIfCreatedLun(private, path, &info, &id), S_OK);
	assert_true(same_guid(&id, sample_id('l', 1)));
	info.m_szSerialNumber[1] = 'x';
	assert_int_equal(IVdsHwProviderPrivate_QueryIfCreatedLun(private, path, &info, &id),
			 S_FALSE);
	assert_true(IsEqualGUID(&id, &GUID_NULL));
	info.m_deviceIdDescriptor.m_cIdentifiers = count;
	provider_lun_information_free(&info);
	RELEASE(private);
}

static void
test_extend_grows_the_lun(void **state)
{
	IVdsAsync *async = NULL;
	VDS_ASYNC_OUTPUT out;
	HRESULT result;
	VDS_LUN_PROP prop;

	(void)state;
	assert_int_equal(IVdsLun_Extend(lun, 0, NULL, 0, &async), E_INVALIDARG);
	assert_int_equal(IVdsLun_Extend(lun, 4096, NULL, 0, NULL), E_INVALIDARG);
	assert_int_equal(IVdsLun_Extend(lun, UINT64_MAX, NULL, 0, &async), VDS_E_NOT_ENOUGH_SPACE);
	assert_int_equal(IVdsLun_Extend(lun, 1ull << 53, NULL, 0, &async), VDS_E_NOT_ENOUGH_SPACE);
	assert_null(async);
	assert_int_equal(IVdsLun_Extend(lun, 4096, NULL, 0, &async), S_OK);
	assert_int_equal(IVdsAsync_Wait(async, &result, &out), S_OK);
	assert_int_equal(result, S_OK);
	assert_int_equal(out.type, VDS_ASYNCOUT_EXTENDLUN);
	RELEASE(async);
	prop = properties();
	assert_int_equal(prop.ullSize, 1048576 + 4096);
	properties_free(&prop);
}

static void
test_set_mask_replaces_the_list(void **state)
{
	WCHAR mask[] = u"*";
	VDS_LUN_PROP prop;

	(void)state;
	assert_int_equal(IVdsLun_SetMask(lun, NULL), E_INVALIDARG);
	assert_int_equal(IVdsLun_SetMask(lun, mask), S_OK);
	prop = properties();
	assert_u16(prop.pwszUnmaskingList, "*");
	properties_free(&prop);
}

static void
test_set_status_offline_and_online(void **state)
{
	VDS_LUN_PROP prop;

	(void)state;
	assert_int_equal(IVdsLun_SetStatus(lun, VDS_LS_UNKNOWN), E_INVALIDARG);
	assert_int_equal(IVdsLun_SetStatus(lun, VDS_LS_NOT_READY), VDS_E_NOT_SUPPORTED);
	assert_int_equal(IVdsLun_SetStatus(lun, VDS_LS_OFFLINE), S_OK);
	prop = properties();
	assert_int_equal(prop.status, VDS_LS_OFFLINE);
	properties_free(&prop);
	assert_int_equal(IVdsLun_SetStatus(lun, VDS_LS_ONLINE), S_OK);
	prop = properties();
	assert_int_equal(prop.status, VDS_LS_ONLINE);
	properties_free(&prop);
}

static void
test_rename(void **state)
{
	IVdsLunNaming *naming = query(lun, &IID_IVdsLunNaming);
	WCHAR name[] = u"größer";
	VDS_LUN_PROP prop;

	(void)state;
	assert_int_equal(IVdsLunNaming_SetFriendlyName(naming, name), S_OK);
	prop = properties();
	assert_u16(prop.pwszFriendlyName, "größer");
	properties_free(&prop);
	fake_fail_next(ERR_NAME_IN_USE);
	assert_int_equal(IVdsLunNaming_SetFriendlyName(naming, name), VDS_E_NAME_NOT_UNIQUE);
	RELEASE(naming);
}

static void
test_lun_number_is_the_arrays(void **state)
{
	IVdsLunNumber *number = query(lun, &IID_IVdsLunNumber);
	ULONG n = 0;

	(void)state;
	assert_int_equal(IVdsLunNumber_GetLunNumber(number, &n), S_OK);
	assert_int_equal(n, 1);
	assert_int_equal(IVdsLunNumber_GetLunNumber(number, NULL), E_INVALIDARG);
	RELEASE(number);
}

static void
test_after_delete_every_method_says_deleted_and_iunknown_works(void **state)
{
	IVdsLunNumber *number = query(lun, &IID_IVdsLunNumber);
	VDS_LUN_INFORMATION info;
	IEnumVdsObject *list;
	IVdsSubSystem *subsystem;
	WCHAR mask[] = u"*";
	IVdsAsync *async;
	VDS_LUN_PROP prop;
	ULONGLONG bytes;
	ULONG n;

	(void)state;
	assert_int_equal(IVdsLun_Delete(lun), S_OK);
	assert_int_equal(IVdsLun_Delete(lun), VDS_E_OBJECT_DELETED);
	assert_int_equal(IVdsLun_GetProperties(lun, &prop), VDS_E_OBJECT_DELETED);
	assert_int_equal(IVdsLun_GetSubSystem(lun, &subsystem), VDS_E_OBJECT_DELETED);
	assert_int_equal(IVdsLun_GetIdentificationData(lun, &info), VDS_E_OBJECT_DELETED);
	assert_int_equal(IVdsLun_QueryActiveControllers(lun, &list), VDS_E_OBJECT_DELETED);
	assert_int_equal(IVdsLun_Extend(lun, 1, NULL, 0, &async), VDS_E_OBJECT_DELETED);
	assert_int_equal(IVdsLun_Recover(lun, &async), VDS_E_OBJECT_DELETED);
	assert_int_equal(IVdsLun_SetMask(lun, mask), VDS_E_OBJECT_DELETED);
	assert_int_equal(IVdsLun_SetStatus(lun, VDS_LS_ONLINE), VDS_E_OBJECT_DELETED);
	assert_int_equal(IVdsLun_QueryMaxLunExtendSize(lun, NULL, 0, &bytes), VDS_E_OBJECT_DELETED);
	assert_int_equal(IVdsLunNumber_GetLunNumber(number, &n), VDS_E_OBJECT_DELETED);
	assert_int_equal(IVdsLun_AddRef(lun), 3);
	assert_int_equal(IVdsLun_Release(lun), 2);
	RELEASE(number);
}

static void
test_what_this_array_has_not_answers_its_documented_code(void **state)
{
	VDS_OBJECT_ID id = { 0 };
	IEnumVdsObject *list = (IEnumVdsObject *)(void *)&list;
	IVdsAsync *async = (IVdsAsync *)(void *)&async;
	struct guid row = sample_id('l', 1);
	VDS_HINTS hints;

	(void)state;
	assert_int_equal(IVdsLun_QueryPlexes(lun, &list), E_NOTIMPL);
	assert_null(list);
	assert_int_equal(IVdsLun_Shrink(lun, 1, &async), VDS_E_NOT_SUPPORTED);
	assert_null(async);
	assert_int_equal(IVdsLun_AddPlex(lun, id, &async), VDS_E_NOT_SUPPORTED);
	assert_int_equal(IVdsLun_RemovePlex(lun, id, &async), VDS_E_NOT_SUPPORTED);
	assert_int_equal(IVdsLun_Recover(lun, &async), VDS_E_INVALID_OPERATION);
	assert_int_equal(IVdsLun_QueryHints(lun, &hints), VDS_E_NOT_SUPPORTED);
	assert_int_equal(IVdsLun_QueryHints(lun, NULL), E_INVALIDARG);
	assert_int_equal(IVdsLun_ApplyHints(lun, &hints), VDS_E_NOT_SUPPORTED);
	assert_int_equal(IVdsLun_ApplyHints(lun, NULL), E_INVALIDARG);
	assert_int_equal(IVdsLun_Shrink(lun, 1, NULL), E_INVALIDARG);
	fake_delete(ROW_LUN, &row, NULL);
	assert_int_equal(IVdsLun_Shrink(lun, 1, &async), VDS_E_OBJECT_DELETED);
	assert_int_equal(IVdsLun_QueryHints(lun, &hints), VDS_E_OBJECT_DELETED);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		EACH(test_properties_are_those_of_the_row),
		EACH(test_properties_show_health_and_operations_and_are_never_busy),
		EACH(test_get_subsystem_gives_the_array),
		EACH(test_identification_is_what_inquiry_says),
		EACH(test_query_if_created_lun_knows_its_own),
		EACH(test_extend_grows_the_lun),
		EACH(test_set_mask_replaces_the_list),
		EACH(test_set_status_offline_and_online),
		EACH(test_rename),
		EACH(test_lun_number_is_the_arrays),
		EACH(test_after_delete_every_method_says_deleted_and_iunknown_works),
		EACH(test_what_this_array_has_not_answers_its_documented_code),
	};
	/* clang-format on */

	return cmocka_run_group_tests(tests, NULL, NULL);
}
