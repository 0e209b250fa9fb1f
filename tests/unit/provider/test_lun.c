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

/* What needs no memory. */
static VDS_LUN_PROP
numbers(void)
{
	VDS_LUN_PROP prop = properties();

	properties_free(&prop);
	return prop;
}

static void
set_live(enum lun_health health, enum lun_operation operation)
{
	struct row_live_lun *row = sample_live_lun(1, health);

	row->operation = operation;
	fake_put_live(row);
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
	assert_int_equal(info.m_deviceIdDescriptor.m_cIdentifiers, 2); /* VDS has no UUIDs */
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

/*
 * What the array lacks is said of an object that is there; a wrong argument is wrong in any state.
 */
static void
test_a_deleted_lun_is_deleted_before_it_lacks_anything(void **state)
{
	VDS_HINTS strange = { .ullHintMask = 1ull << 63 };

	(void)state;
	assert_int_equal(IVdsLun_ApplyHints(lun, &strange), VDS_E_NOT_SUPPORTED);
	fake_set_view_code(ERR_CACHE_CORRUPT);
	assert_int_equal(IVdsLun_ApplyHints(lun, &strange), VDS_E_PROVIDER_CACHE_CORRUPT);
	assert_int_equal(IVdsLun_SetStatus(lun, VDS_LS_FAILED), VDS_E_PROVIDER_CACHE_CORRUPT);
	fake_set_view_code(0);
	assert_int_equal(IVdsLun_Delete(lun), S_OK);
	assert_int_equal(IVdsLun_ApplyHints(lun, &strange), VDS_E_OBJECT_DELETED);
	assert_int_equal(IVdsLun_SetStatus(lun, VDS_LS_NOT_READY), VDS_E_OBJECT_DELETED);
	assert_int_equal(IVdsLun_SetStatus(lun, VDS_LS_UNKNOWN), E_INVALIDARG);
	assert_int_equal(IVdsLun_ApplyHints(lun, NULL), E_INVALIDARG);
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
	IVdsAsync *async = (IVdsAsync *)(void *)&async;
	struct guid row = sample_id('l', 1);

	(void)state;
	assert_int_equal(IVdsLun_Recover(lun, &async), VDS_E_INVALID_OPERATION);
	assert_null(async);
	assert_int_equal(IVdsLun_Recover(lun, NULL), E_INVALIDARG);
	fake_delete(ROW_LUN, &row, NULL);
	assert_int_equal(IVdsLun_Recover(lun, &async), VDS_E_OBJECT_DELETED);
}

static void
test_shrink_cuts_bytes_off_the_end(void **state)
{
	IVdsAsync *async = (IVdsAsync *)(void *)&async;
	struct guid row = sample_id('l', 1);
	VDS_ASYNC_OUTPUT out;
	HRESULT result = E_FAIL;

	(void)state;
	assert_int_equal(IVdsLun_Shrink(lun, 4096, NULL), E_INVALIDARG);
	assert_int_equal(IVdsLun_Shrink(lun, 0, &async), E_INVALIDARG);
	assert_null(async);
	assert_int_equal(IVdsLun_Shrink(lun, 1048576, &async), E_INVALIDARG);
	assert_int_equal(IVdsLun_Shrink(lun, UINT64_MAX, &async), E_INVALIDARG);
	assert_int_equal(IVdsLun_Shrink(lun, 4096, &async), S_OK);
	assert_int_equal(IVdsAsync_Wait(async, &result, &out), S_OK);
	assert_int_equal(result, S_OK);
	assert_int_equal(out.type, VDS_ASYNCOUT_SHRINKLUN);
	RELEASE(async);
	assert_int_equal(numbers().ullSize, 1048576 - 4096);
	fake_fail_next(ERR_BUSY);
	assert_int_equal(IVdsLun_Shrink(lun, 4096, &async), VDS_E_ANOTHER_CALL_IN_PROGRESS);
	set_live(HEALTH_FAILED, OPERATION_NONE);
	assert_int_equal(IVdsLun_Shrink(lun, 4096, &async), VDS_E_OBJECT_STATUS_FAILED);
	set_live(HEALTH_OK, OPERATION_SHRINK);
	assert_int_equal(numbers().TransitionState, VDS_TS_SHRINKING);
	fake_set_view_code(ERR_CACHE_CORRUPT);
	assert_int_equal(IVdsLun_Shrink(lun, 4096, &async), VDS_E_PROVIDER_CACHE_CORRUPT);
	fake_set_view_code(0);
	fake_delete(ROW_LUN, &row, NULL);
	assert_int_equal(IVdsLun_Shrink(lun, 4096, &async), VDS_E_OBJECT_DELETED);
}

/* Every hint comes back with its mask, and the two structures are views of the same hints. */
static void
test_hints_are_kept_and_returned_with_their_masks(void **state)
{
	IVdsLun2 *lun2 = query(lun, &IID_IVdsLun2);
	VDS_HINTS2 wide = {
		.ullHintMask = 0xffff,
		.ullExpectedMaximumSize = 1ull << 40,
		.ulOptimalReadSize = 1,
		.ulOptimalReadAlignment = 2,
		.ulOptimalWriteSize = 3,
		.ulOptimalWriteAlignment = 4,
		.ulMaximumDriveCount = 5,
		.ulStripeSize = 65536,
		.bFastCrashRecoveryRequired = TRUE,
		.bOptimizeForSequentialWrites = TRUE,
		.bIsYankable = TRUE,
		.bUseMirroredCache = TRUE,
		.bConsistencyCheckEnabled = TRUE,
		.BusType = VDSBusTypeSas,
		.sRebuildPriority = 15,
	};
	VDS_HINTS2 again;
	VDS_HINTS old;

	(void)state;
	assert_int_equal(IVdsLun_QueryHints(lun, &old), S_OK);
	assert_int_equal(old.ullHintMask, 0); /* none yet */
	assert_int_equal(IVdsLun2_ApplyHints2(lun2, &wide), S_OK);
	assert_int_equal(IVdsLun2_QueryHints2(lun2, &again), S_OK);
	assert_memory_equal(&again, &wide, sizeof(wide));
	assert_int_equal(numbers().sRebuildPriority, 15);
	assert_int_equal(IVdsLun_QueryHints(lun, &old), S_OK);
	assert_int_equal(old.ullHintMask, 0x1ff);
	assert_int_equal(old.ulStripeSize, 65536);
	assert_true(old.bFastCrashRecoveryRequired);
	assert_false(old.bMostlyReads);
	assert_int_equal(old.sRebuildPriority, 15);
	/* The older structure says nothing about what it has no members for. */
	old = (VDS_HINTS){ .ullHintMask = VDS_HINT_MOSTLYREADS, .bMostlyReads = 7 };
	assert_int_equal(IVdsLun_ApplyHints(lun, &old), S_OK);
	assert_int_equal(IVdsLun2_QueryHints2(lun2, &again), S_OK);
	assert_int_equal(again.ullHintMask, 0xfe00 | VDS_HINT_MOSTLYREADS);
	assert_int_equal(again.bMostlyReads, TRUE);
	assert_int_equal(again.ullExpectedMaximumSize, 0);
	assert_true(again.bUseMirroredCache);
	RELEASE(lun2);
}

static void
test_hints_out_of_range_are_refused(void **state)
{
	IVdsLun2 *lun2 = query(lun, &IID_IVdsLun2);
	struct guid row = sample_id('l', 1);
	VDS_HINTS2 wide = { .sRebuildPriority = 16 };
	VDS_HINTS old = { .ullHintMask = VDS_HINT_BUSTYPE };

	(void)state;
	assert_int_equal(IVdsLun_QueryHints(lun, NULL), E_INVALIDARG);
	assert_int_equal(IVdsLun_ApplyHints(lun, NULL), E_INVALIDARG);
	assert_int_equal(IVdsLun2_QueryHints2(lun2, NULL), E_INVALIDARG);
	assert_int_equal(IVdsLun2_ApplyHints2(lun2, NULL), E_INVALIDARG);
	assert_int_equal(IVdsLun_ApplyHints(lun, &old), VDS_E_NOT_SUPPORTED);
	assert_int_equal(IVdsLun2_ApplyHints2(lun2, &wide), E_INVALIDARG);
	wide = (VDS_HINTS2){ .ullHintMask = 1u << 16 };
	assert_int_equal(IVdsLun2_ApplyHints2(lun2, &wide), VDS_E_NOT_SUPPORTED);
	wide = (VDS_HINTS2){ .sRebuildPriority = -1 };
	assert_int_equal(IVdsLun2_ApplyHints2(lun2, &wide), E_INVALIDARG);
	wide = (VDS_HINTS2){ 0 };
	set_live(HEALTH_FAILED, OPERATION_NONE);
	assert_int_equal(IVdsLun2_ApplyHints2(lun2, &wide), VDS_E_OBJECT_STATUS_FAILED);
	assert_int_equal(IVdsLun2_QueryHints2(lun2, &wide), VDS_E_OBJECT_STATUS_FAILED);
	set_live(HEALTH_OK, OPERATION_CREATE);
	assert_int_equal(IVdsLun2_ApplyHints2(lun2, &wide), VDS_E_ANOTHER_CALL_IN_PROGRESS);
	assert_int_equal(IVdsLun_QueryHints(lun, &old), VDS_E_ANOTHER_CALL_IN_PROGRESS);
	set_live(HEALTH_OK, OPERATION_NONE);
	fake_set_view_code(ERR_CACHE_CORRUPT);
	assert_int_equal(IVdsLun2_QueryHints2(lun2, &wide), VDS_E_PROVIDER_CACHE_CORRUPT);
	fake_set_view_code(0);
	fake_delete(ROW_LUN, &row, NULL);
	assert_int_equal(IVdsLun_QueryHints(lun, &old), VDS_E_OBJECT_DELETED);
	assert_int_equal(IVdsLun2_ApplyHints2(lun2, &wide), VDS_E_OBJECT_DELETED);
	RELEASE(lun2);
}

/* What an initiator did with MODE SELECT is what counts, not what the hints ask for. */
static void
test_flags_show_the_write_cache_as_it_is(void **state)
{
	VDS_HINTS hints = { .ullHintMask = VDS_HINT_WRITETHROUGHCACHINGENABLED,
			    .bWriteThroughCachingEnabled = TRUE };
	struct row_live_lun *row = sample_live_lun(1, HEALTH_OK);

	(void)state;
	assert_int_equal(numbers().ulFlags, VDS_LF_READ_CACHE_ENABLED | VDS_LF_WRITE_CACHE_ENABLED);
	assert_int_equal(IVdsLun_ApplyHints(lun, &hints), S_OK);
	row->write_through = true;
	fake_put_live(row);
	assert_int_equal(numbers().ulFlags,
			 VDS_LF_READ_CACHE_ENABLED | VDS_LF_WRITE_THROUGH_CACHING_ENABLED);
	set_live(HEALTH_OK, OPERATION_NONE);
	assert_int_equal(numbers().ulFlags, VDS_LF_READ_CACHE_ENABLED | VDS_LF_WRITE_CACHE_ENABLED);
}

static void
test_a_name_can_be_removed_and_shared(void **state)
{
	IVdsLunNaming *naming = query(lun, &IID_IVdsLunNaming);
	WCHAR none[] = u"", other[] = u"lun2";
	VDS_LUN_PROP prop;

	(void)state;
	assert_int_equal(IVdsLunNaming_SetFriendlyName(naming, none), S_OK);
	assert_int_equal(IVdsLun_GetProperties(lun, &prop), S_OK);
	assert_u16(prop.pwszFriendlyName, "");
	CoTaskMemFree(prop.pwszFriendlyName);
	CoTaskMemFree(prop.pwszIdentification);
	CoTaskMemFree(prop.pwszUnmaskingList);
	assert_int_equal(IVdsLunNaming_SetFriendlyName(naming, other), S_OK);
	RELEASE(naming);
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
		EACH(test_shrink_cuts_bytes_off_the_end),
		EACH(test_hints_are_kept_and_returned_with_their_masks),
		EACH(test_hints_out_of_range_are_refused),
		EACH(test_flags_show_the_write_cache_as_it_is),
		EACH(test_a_name_can_be_removed_and_shared),
		EACH(test_set_mask_replaces_the_list),
		EACH(test_set_status_offline_and_online),
		EACH(test_rename),
		EACH(test_lun_number_is_the_arrays),
		EACH(test_a_deleted_lun_is_deleted_before_it_lacks_anything),
		EACH(test_after_delete_every_method_says_deleted_and_iunknown_works),
		EACH(test_what_this_array_has_not_answers_its_documented_code),
	};
	/* clang-format on */

	return cmocka_run_group_tests(tests, NULL, NULL);
}
