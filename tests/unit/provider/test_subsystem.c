/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Provider and subsystem: properties, what they hold, creating LUNs and targets. */
#include "provider_test.h"

static IVdsHwProvider *provider;
static IVdsSubSystem *subsystem;

static int
setup(void **state)
{
	(void)state;
	provider = open_provider();
	subsystem = GET_SUBSYSTEM(provider, IVdsSubSystem);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	RELEASE(subsystem);
	RELEASE(provider);
	assert_int_equal(fake_open_count, 0);
	return 0;
}

/* Waits and gives the object that was made. */
static IUnknown *
made(IVdsAsync *async, VDS_ASYNC_OUTPUT_TYPE type)
{
	VDS_ASYNC_OUTPUT out;
	HRESULT result = E_FAIL;
	IUnknown *object;

	assert_non_null(async);
	assert_int_equal(IVdsAsync_Wait(async, &result, &out), S_OK);
	assert_int_equal(result, S_OK);
	assert_int_equal(out.type, type);
	object = type == VDS_ASYNCOUT_CREATELUN ? out.cl.pLunUnk : out.ct.pTargetUnk;
	assert_non_null(object);
	RELEASE(async);
	return object;
}

static void
test_provider_properties_name_a_hardware_provider(void **state)
{
	IVdsProvider *p = query(provider, &IID_IVdsProvider);
	VDS_PROVIDER_PROP prop, again;

	(void)state;
	assert_int_equal(IVdsProvider_GetProperties(p, NULL), E_INVALIDARG);
	assert_int_equal(IVdsProvider_GetProperties(p, &prop), S_OK);
	assert_int_equal(IVdsProvider_GetProperties(p, &again), S_OK);
	assert_true(same_guid(&prop.id, provider_id));
	assert_true(IsEqualGUID(&prop.guidVersionId, &again.guidVersionId));
	assert_false(IsEqualGUID(&prop.guidVersionId, &GUID_NULL));
	assert_int_equal(prop.type, VDS_PT_HARDWARE);
	assert_u16(prop.pwszVersion, VDS_VERSION);
	CoTaskMemFree(prop.pwszName);
	CoTaskMemFree(prop.pwszVersion);
	CoTaskMemFree(again.pwszName);
	CoTaskMemFree(again.pwszVersion);
	RELEASE(p);
}

static void
test_provider_says_iscsi_and_versions_to_3_0(void **state)
{
	IVdsHwProviderType *type = query(provider, &IID_IVdsHwProviderType);
	IVdsProviderSupport *support = query(provider, &IID_IVdsProviderSupport);
	VDS_HWPROVIDER_TYPE kind = VDS_HWT_UNKNOWN;
	ULONG versions = 0;

	(void)state;
	assert_int_equal(IVdsHwProviderType_GetProviderType(type, &kind), S_OK);
	assert_int_equal(kind, VDS_HWT_ISCSI);
	assert_int_equal(IVdsProviderSupport_GetVersionSupport(support, &versions), S_OK);
	assert_int_equal(versions, VDS_VSF_1_0 | VDS_VSF_1_1 | VDS_VSF_3_0);
	RELEASE(type);
	RELEASE(support);
}

static void
test_there_is_one_subsystem_the_array(void **state)
{
	IUnknown *unknown = query(subsystem, &IID_IUnknown), *object = NULL;
	IEnumVdsObject *list = NULL;
	ULONG fetched;

	(void)state;
	assert_int_equal(IVdsHwProvider_QuerySubSystems(provider, &list), S_OK);
	assert_int_equal(IEnumVdsObject_Next(list, 1, &object, &fetched), S_OK);
	assert_ptr_equal(object, unknown);
	RELEASE(object);
	assert_int_equal(drain(list), 0);
	RELEASE(list);
	RELEASE(unknown);
}

/* A program that asks for each bus and each slot of the properties finds every drive. */
static void
test_buses_and_slots_lead_to_every_drive(void **state)
{
	IEnumVdsObject *list = NULL;
	VDS_SUB_SYSTEM_PROP prop;
	unsigned found = 0;

	(void)state;
	for (unsigned i = 1; i <= 3; i++)
		fake_put_live(sample_live_drive(i));
	assert_int_equal(IVdsSubSystem_GetProperties(subsystem, &prop), S_OK);
	CoTaskMemFree(prop.pwszFriendlyName);
	CoTaskMemFree(prop.pwszIdentification);
	assert_int_equal(prop.sNumberOfInternalBuses, 1);
	for (SHORT slot = 0; slot <= prop.sMaxNumberOfSlotsEachBus; slot++) {
		IVdsDrive *drive = NULL;

		if (IVdsSubSystem_GetDrive(subsystem, 0, slot, &drive) == S_OK) {
			found++;
			RELEASE(drive);
		}
	}
	assert_int_equal(IVdsSubSystem_QueryDrives(subsystem, &list), S_OK);
	assert_int_equal(found, drain(list));
	assert_int_equal(found, 3);
	RELEASE(list);
}

static void
test_subsystem_properties_are_those_of_the_array(void **state)
{
	VDS_SUB_SYSTEM_PROP prop;

	(void)state;
	assert_int_equal(IVdsSubSystem_GetProperties(subsystem, NULL), E_INVALIDARG);
	assert_int_equal(IVdsSubSystem_GetProperties(subsystem, &prop), S_OK);
	assert_true(same_guid(&prop.id, sample_id('a', 1)));
	assert_u16(prop.pwszFriendlyName, "array 1");
	assert_u16(prop.pwszIdentification, "SER1");
	assert_int_equal(prop.status, VDS_SSS_ONLINE);
	assert_int_equal(prop.health, VDS_H_HEALTHY);
	assert_true((prop.ulFlags & VDS_SF_LUN_MASKING_CAPABLE) != 0);
	assert_true((prop.ulFlags & VDS_SF_SUPPORTS_LUN_NUMBER) != 0);
	CoTaskMemFree(prop.pwszFriendlyName);
	CoTaskMemFree(prop.pwszIdentification);
}

static void
test_a_failed_lun_degrades_the_subsystem(void **state)
{
	VDS_SUB_SYSTEM_PROP prop;

	(void)state;
	fake_put_live(sample_live_lun(2, HEALTH_FAILED));
	assert_int_equal(IVdsSubSystem_GetProperties(subsystem, &prop), S_OK);
	assert_int_equal(prop.status, VDS_SSS_PARTIALLY_MANAGED);
	assert_int_equal(prop.health, VDS_H_DEGRADED);
	CoTaskMemFree(prop.pwszFriendlyName);
	CoTaskMemFree(prop.pwszIdentification);
}

static void
test_what_there_is_none_of_is_an_empty_enumerator(void **state)
{
	IEnumVdsObject *list = NULL;
	IVdsDrive *drive = (IVdsDrive *)(void *)&drive;

	(void)state;
	assert_int_equal(IVdsSubSystem_QueryControllers(subsystem, &list), S_OK);
	assert_int_equal(drain(list), 0);
	RELEASE(list);
	assert_int_equal(IVdsSubSystem_QueryDrives(subsystem, &list), S_OK);
	assert_int_equal(drain(list), 0);
	RELEASE(list);
	assert_int_equal(IVdsSubSystem_GetDrive(subsystem, 0, 0, &drive), VDS_E_OBJECT_NOT_FOUND);
	assert_null(drive);
}

static void
test_query_luns_lists_them_all(void **state)
{
	IEnumVdsObject *list = NULL;

	(void)state;
	assert_int_equal(IVdsSubSystem_QueryLuns(subsystem, &list), S_OK);
	assert_int_equal(drain(list), 2);
	RELEASE(list);
}

static void
test_create_lun_gives_an_async_object_and_the_lun(void **state)
{
	WCHAR mask[] = u"iqn.a;iqn.b";
	IVdsAsync *async = NULL;
	VDS_LUN_PROP prop;
	IUnknown *object;
	IVdsLun *lun;

	(void)state;
	assert_int_equal(IVdsSubSystem_CreateLun(subsystem, VDS_LT_DEFAULT, 1 << 20, NULL, 0, mask,
						 NULL, &async),
			 S_OK);
	object = made(async, VDS_ASYNCOUT_CREATELUN);
	lun = query(object, &IID_IVdsLun);
	assert_int_equal(IVdsLun_GetProperties(lun, &prop), S_OK);
	assert_int_equal(prop.ullSize, 1 << 20);
	assert_u16(prop.pwszUnmaskingList, "iqn.a;iqn.b");
	CoTaskMemFree(prop.pwszFriendlyName);
	CoTaskMemFree(prop.pwszIdentification);
	CoTaskMemFree(prop.pwszUnmaskingList);
	RELEASE(lun);
	RELEASE(object);
}

static void
test_create_lun_tells_wrong_arguments_from_what_is_not_offered(void **state)
{
	static const struct {
		VDS_LUN_TYPE type;
		HRESULT hr;
	} types[] = {
		{ VDS_LT_UNKNOWN, E_INVALIDARG },
		{ (VDS_LUN_TYPE)9, E_INVALIDARG },
		{ (VDS_LUN_TYPE)31, E_INVALIDARG },
		{ VDS_LT_FAULT_TOLERANT, VDS_E_NOT_SUPPORTED },
		{ VDS_LT_MIRROR, VDS_E_NOT_SUPPORTED },
		{ VDS_LT_RAID61, VDS_E_NOT_SUPPORTED },
	};
	IVdsAsync *async = (IVdsAsync *)(void *)&async;
	VDS_OBJECT_ID drive = { 0 };
	WCHAR none[] = u"";

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		assert_int_equal(IVdsSubSystem_CreateLun(subsystem, types[i].type, 512, NULL, 0,
							 none, NULL, &async),
				 types[i].hr);
		assert_null(async);
	}
	assert_int_equal(
		IVdsSubSystem_CreateLun(subsystem, VDS_LT_SIMPLE, 0, NULL, 0, none, NULL, &async),
		E_INVALIDARG);
	assert_int_equal(IVdsSubSystem_CreateLun(subsystem, VDS_LT_SIMPLE, UINT64_MAX, NULL, 0,
						 none, NULL, &async),
			 VDS_E_NOT_ENOUGH_SPACE);
	assert_null(async);
	assert_int_equal(
		IVdsSubSystem_CreateLun(subsystem, VDS_LT_SIMPLE, 1, NULL, 0, NULL, NULL, &async),
		E_INVALIDARG);
	assert_int_equal(
		IVdsSubSystem_CreateLun(subsystem, VDS_LT_SIMPLE, 1, NULL, 1, none, NULL, &async),
		E_INVALIDARG);
	assert_int_equal(
		IVdsSubSystem_CreateLun(subsystem, VDS_LT_SIMPLE, 1, &drive, 1, none, NULL, &async),
		VDS_E_OBJECT_NOT_FOUND);
	assert_int_equal(
		IVdsSubSystem_CreateLun(subsystem, VDS_LT_SIMPLE, 1, NULL, 0, none, NULL, NULL),
		E_INVALIDARG);
}

static void
test_create_lun_without_space_says_so(void **state)
{
	IVdsAsync *async = NULL;
	WCHAR none[] = u"";

	(void)state;
	fake_fail_next(ERR_NO_SPACE);
	assert_int_equal(
		IVdsSubSystem_CreateLun(subsystem, VDS_LT_SIMPLE, 1, NULL, 0, none, NULL, &async),
		VDS_E_NOT_ENOUGH_SPACE);
	assert_null(async);
}

static void
test_create_target_with_a_name_and_without(void **state)
{
	IVdsSubSystemIscsi *iscsi = query(subsystem, &IID_IVdsSubSystemIscsi);
	WCHAR name[] = u"iqn.2026-11.org.example:new", alias[] = u"new", empty[] = u"";
	WCHAR *names[] = { name, empty, NULL };
	VDS_ISCSI_TARGET_PROP prop;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		IVdsAsync *async = NULL;
		IVdsIscsiTarget *target;
		IUnknown *object;

		assert_int_equal(IVdsSubSystemIscsi_CreateTarget(iscsi, names[i], alias, &async),
				 S_OK);
		object = made(async, VDS_ASYNCOUT_CREATETARGET);
		target = query(object, &IID_IVdsIscsiTarget);
		assert_int_equal(IVdsIscsiTarget_GetProperties(target, &prop), S_OK);
		if (i == 0)
			assert_u16(prop.pwszIscsiName, "iqn.2026-11.org.example:new");
		assert_u16(prop.pwszFriendlyName, "new");
		CoTaskMemFree(prop.pwszIscsiName);
		CoTaskMemFree(prop.pwszFriendlyName);
		RELEASE(target);
		RELEASE(object);
	}
	RELEASE(iscsi);
}

static void
test_a_long_alias_of_a_new_target_is_cut(void **state)
{
	IVdsSubSystemIscsi *iscsi = query(subsystem, &IID_IVdsSubSystemIscsi);
	WCHAR alias[] = u"1234567890123456789012345678901234567890123456789012345678汉汉汉汉😀x";
	VDS_ISCSI_TARGET_PROP prop;
	IVdsAsync *async = NULL;
	IVdsIscsiTarget *target;
	IUnknown *object;

	(void)state;
	assert_int_equal(IVdsSubSystemIscsi_CreateTarget(iscsi, NULL, alias, &async), S_OK);
	object = made(async, VDS_ASYNCOUT_CREATETARGET);
	target = query(object, &IID_IVdsIscsiTarget);
	assert_int_equal(IVdsIscsiTarget_GetProperties(target, &prop), S_OK);
	assert_u16(prop.pwszFriendlyName,
		   "1234567890123456789012345678901234567890123456789012345678汉汉汉汉");
	CoTaskMemFree(prop.pwszIscsiName);
	CoTaskMemFree(prop.pwszFriendlyName);
	RELEASE(target);
	RELEASE(object);
	RELEASE(iscsi);
}

static void
test_a_target_name_in_use_is_not_unique(void **state)
{
	IVdsSubSystemIscsi *iscsi = query(subsystem, &IID_IVdsSubSystemIscsi);
	WCHAR name[] = u"iqn.2026-11.org.example:t1", alias[] = u"";
	IVdsAsync *async = NULL;

	(void)state;
	assert_int_equal(IVdsSubSystemIscsi_CreateTarget(iscsi, name, alias, &async),
			 VDS_E_NAME_NOT_UNIQUE);
	assert_null(async);
	assert_string_equal(VdsLastErrorMessage(),
			    "target iqn.2026-11.org.example:t1 exists already");
	assert_int_equal(IVdsSubSystemIscsi_CreateTarget(iscsi, name, NULL, &async), E_INVALIDARG);
	RELEASE(iscsi);
}

static void
test_a_long_name_is_cut_between_characters(void **state)
{
	/* 62 UTF-16 units, of which some take three bytes, then a character of 2 units. */
	WCHAR name[] = u"1234567890123456789012345678901234567890123456789012345678汉汉汉汉😀x";
	IVdsSubSystemNaming *naming = query(subsystem, &IID_IVdsSubSystemNaming);
	VDS_SUB_SYSTEM_PROP prop;

	(void)state;
	assert_int_equal(IVdsSubSystemNaming_SetFriendlyName(naming, name), VDS_S_NAME_TRUNCATED);
	assert_int_equal(IVdsSubSystem_GetProperties(subsystem, &prop), S_OK);
	assert_u16(prop.pwszFriendlyName,
		   "1234567890123456789012345678901234567890123456789012345678汉汉汉汉");
	CoTaskMemFree(prop.pwszFriendlyName);
	CoTaskMemFree(prop.pwszIdentification);
	name[3] = 0;
	assert_int_equal(IVdsSubSystemNaming_SetFriendlyName(naming, name), S_OK);
	assert_int_equal(IVdsSubSystemNaming_SetFriendlyName(naming, NULL), E_INVALIDARG);
	RELEASE(naming);
}

static void
test_a_lone_surrogate_is_refused(void **state)
{
	IVdsSubSystemNaming *naming = query(subsystem, &IID_IVdsSubSystemNaming);
	WCHAR name[] = { 0xd800, 'x', 0 };

	(void)state;
	assert_int_equal(IVdsSubSystemNaming_SetFriendlyName(naming, name), E_INVALIDARG);
	RELEASE(naming);
}

static void
test_interconnect_is_iscsi_and_ipsec_is_reserved(void **state)
{
	IVdsSubSystemInterconnect *interconnect = query(subsystem, &IID_IVdsSubSystemInterconnect);
	IVdsSubSystemIscsi *iscsi = query(subsystem, &IID_IVdsSubSystemIscsi);
	ULONG flags = 0;

	(void)state;
	assert_int_equal(IVdsSubSystemInterconnect_GetSupportedInterconnects(interconnect, &flags),
			 S_OK);
	assert_int_equal(flags, VDS_ITF_ISCSI);
	assert_int_equal(IVdsSubSystemIscsi_SetIpsecGroupPresharedKey(iscsi, NULL),
			 VDS_E_NOT_SUPPORTED);
	RELEASE(iscsi);
	RELEASE(interconnect);
}

static void
test_set_status_tells_undefined_from_unsupported(void **state)
{
	(void)state;
	assert_int_equal(IVdsSubSystem_SetStatus(subsystem, VDS_SSS_UNKNOWN), E_INVALIDARG);
	assert_int_equal(IVdsSubSystem_SetStatus(subsystem, (VDS_SUB_SYSTEM_STATUS)77),
			 E_INVALIDARG);
	assert_int_equal(IVdsSubSystem_SetStatus(subsystem, VDS_SSS_OFFLINE), VDS_E_NOT_SUPPORTED);
	assert_int_equal(IVdsSubSystem_SetStatus(subsystem, VDS_SSS_ONLINE), S_OK);
}

static void
test_max_lun_size_is_asked_of_the_array(void **state)
{
	ULONGLONG size = 0;

	(void)state;
	assert_int_equal(IVdsSubSystem_QueryMaxLunCreateSize(subsystem, VDS_LT_DEFAULT, NULL, 0,
							     NULL, &size),
			 S_OK);
	assert_int_equal(size, 1 << 20);
}

/* Large sequential transfers get their space at once; other LUNs are thin. */
static void
test_hints_choose_thick_and_limit_the_size(void **state)
{
	IVdsSubSystem2 *two = query(subsystem, &IID_IVdsSubSystem2);
	VDS_HINTS hints = { .ullHintMask = VDS_HINT_OPTIMIZEFORSEQUENTIALREADS,
			    .bOptimizeForSequentialReads = TRUE };
	VDS_HINTS2 wide = { .ullHintMask = VDS_HINT_OPTIMIZEFORSEQUENTIALWRITES | VDS_HINT_BUSTYPE,
			    .bOptimizeForSequentialWrites = TRUE,
			    .BusType = VDSBusTypeSas };
	WCHAR mask[] = u"*";
	IVdsAsync *async = NULL;
	IVdsLun2 *lun;
	VDS_HINTS2 kept;
	IUnknown *object;
	ULONGLONG size = 0;

	(void)state;
	assert_int_equal(IVdsSubSystem_QueryMaxLunCreateSize(subsystem, VDS_LT_DEFAULT, NULL, 0,
							     &hints, &size),
			 S_OK);
	assert_int_equal(size, 1 << 19);
	assert_int_equal(
		IVdsSubSystem2_QueryMaxLunCreateSize2(two, VDS_LT_SIMPLE, NULL, 0, &wide, &size),
		S_OK);
	assert_int_equal(size, 1 << 19);
	wide.bOptimizeForSequentialWrites = FALSE;
	assert_int_equal(
		IVdsSubSystem2_QueryMaxLunCreateSize2(two, VDS_LT_SIMPLE, NULL, 0, &wide, &size),
		S_OK);
	assert_int_equal(size, 1 << 20);
	assert_int_equal(
		IVdsSubSystem2_CreateLun2(two, VDS_LT_SIMPLE, 4096, NULL, 0, mask, &wide, &async),
		S_OK);
	object = made(async, VDS_ASYNCOUT_CREATELUN);
	lun = query(object, &IID_IVdsLun2);
	assert_int_equal(IVdsLun2_QueryHints2(lun, &kept), S_OK);
	assert_memory_equal(&kept, &wide, sizeof(wide));
	RELEASE(lun);
	RELEASE(object);
	hints.ullHintMask = VDS_HINT_BUSTYPE; /* VDS_HINTS has no bus */
	assert_int_equal(IVdsSubSystem_CreateLun(subsystem, VDS_LT_SIMPLE, 4096, NULL, 0, mask,
						 &hints, &async),
			 VDS_E_NOT_SUPPORTED);
	assert_null(async);
	wide.sRebuildPriority = 16;
	assert_int_equal(
		IVdsSubSystem2_CreateLun2(two, VDS_LT_SIMPLE, 4096, NULL, 0, mask, &wide, &async),
		E_INVALIDARG);
	RELEASE(two);
}

static void
test_the_second_properties_are_the_first_and_more(void **state)
{
	IVdsSubSystem2 *two = query(subsystem, &IID_IVdsSubSystem2);
	VDS_SUB_SYSTEM_PROP first;
	VDS_SUB_SYSTEM_PROP2 second;
	IVdsDrive *drive = (IVdsDrive *)(void *)&drive;

	(void)state;
	assert_int_equal(IVdsSubSystem2_GetProperties2(two, NULL), E_INVALIDARG);
	assert_int_equal(IVdsSubSystem_GetProperties(subsystem, &first), S_OK);
	assert_int_equal(IVdsSubSystem2_GetProperties2(two, &second), S_OK);
	assert_true(IsEqualGUID(&first.id, &second.id));
	assert_int_equal(first.ulFlags, second.ulFlags);
	assert_int_equal(first.status, second.status);
	assert_int_equal(first.health, second.health);
	assert_int_equal(second.ulSupportedRaidTypeFlags, 0);
	assert_int_equal(second.ulNumberOfEnclosures, 0);
	CoTaskMemFree(first.pwszFriendlyName);
	CoTaskMemFree(first.pwszIdentification);
	CoTaskMemFree(second.pwszFriendlyName);
	CoTaskMemFree(second.pwszIdentification);
	assert_int_equal(IVdsSubSystem2_GetDrive2(two, 7, 7, 0, &drive), VDS_E_OBJECT_NOT_FOUND);
	assert_null(drive);
	RELEASE(two);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		EACH(test_provider_properties_name_a_hardware_provider),
		EACH(test_provider_says_iscsi_and_versions_to_3_0),
		EACH(test_there_is_one_subsystem_the_array),
		EACH(test_subsystem_properties_are_those_of_the_array),
		EACH(test_buses_and_slots_lead_to_every_drive),
		EACH(test_a_failed_lun_degrades_the_subsystem),
		EACH(test_what_there_is_none_of_is_an_empty_enumerator),
		EACH(test_query_luns_lists_them_all),
		EACH(test_create_lun_gives_an_async_object_and_the_lun),
		EACH(test_create_lun_tells_wrong_arguments_from_what_is_not_offered),
		EACH(test_create_lun_without_space_says_so),
		EACH(test_create_target_with_a_name_and_without),
		EACH(test_a_long_alias_of_a_new_target_is_cut),
		EACH(test_a_target_name_in_use_is_not_unique),
		EACH(test_a_long_name_is_cut_between_characters),
		EACH(test_a_lone_surrogate_is_refused),
		EACH(test_interconnect_is_iscsi_and_ipsec_is_reserved),
		EACH(test_set_status_tells_undefined_from_unsupported),
		EACH(test_max_lun_size_is_asked_of_the_array),
		EACH(test_hints_choose_thick_and_limit_the_size),
		EACH(test_the_second_properties_are_the_first_and_more),
	};
	/* clang-format on */

	return cmocka_run_group_tests(tests, NULL, NULL);
}
