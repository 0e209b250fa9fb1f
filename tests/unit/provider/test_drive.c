/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Drives and plexes: what they say, and that drives choose the pool of a LUN.  The array is that of
 * drive_test.h.
 */
#include "drive_test.h"

#include "fault.h"

static void
set_drive_failed(unsigned n)
{
	struct row_live_drive *row = sample_live_drive(n);

	row->ready = false;
	assert_int_equal(row_set_string(&row->reason, "broken"), 0);
	fake_put_live(row);
}

static void
delete_drive(unsigned n)
{
	struct guid id = sample_id('d', n);

	fake_delete_live(ROW_LIVE_DRIVE, &id, NULL);
}

/* ---- drives ---- */

static void
test_query_drives_lists_them_all(void **state)
{
	IEnumVdsObject *list = NULL;

	(void)state;
	assert_int_equal(IVdsSubSystem_QueryDrives(subsystem, &list), S_OK);
	assert_int_equal(drain(list), 3);
	RELEASE(list);
	assert_int_equal(IVdsSubSystem_QueryDrives(subsystem, NULL), E_INVALIDARG);
}

/* A program that knows only the numbers of buses and slots finds each drive, and no other. */
static void
test_counting_buses_and_slots_meets_every_drive(void **state)
{
	VDS_SUB_SYSTEM_PROP prop;
	unsigned found = 0;

	(void)state;
	assert_int_equal(IVdsSubSystem_GetProperties(subsystem, &prop), S_OK);
	CoTaskMemFree(prop.pwszFriendlyName);
	CoTaskMemFree(prop.pwszIdentification);
	assert_true((prop.ulFlags & VDS_SF_DRIVE_EXTENT_CAPABLE) != 0);
	assert_int_equal(prop.sMaxNumberOfControllers, 1);
	for (SHORT bus = 0; bus < prop.sNumberOfInternalBuses; bus++) {
		for (SHORT slot = 0; slot < prop.sMaxNumberOfSlotsEachBus; slot++) {
			IVdsDrive *drive = NULL;

			if (IVdsSubSystem_GetDrive(subsystem, bus, slot, &drive) != S_OK)
				continue;
			found++;
			RELEASE(drive);
		}
	}
	assert_int_equal(found, 3);
	for (unsigned n = 1; n <= 3; n++)
		delete_drive(n);
	assert_int_equal(IVdsSubSystem_GetProperties(subsystem, &prop), S_OK);
	CoTaskMemFree(prop.pwszFriendlyName);
	CoTaskMemFree(prop.pwszIdentification);
	assert_int_equal(prop.sMaxNumberOfSlotsEachBus, 0);
}

static void
test_reenumerate_asks_the_array_for_its_drives(void **state)
{
	(void)state;
	assert_int_equal(IVdsSubSystem_Reenumerate(subsystem), S_OK);
	assert_int_equal(fake_asked.rescans, 1);
	fake_fail_next(ERR_UNREACHABLE);
	assert_int_equal(IVdsSubSystem_Reenumerate(subsystem), VDS_E_PROVIDER_CACHE_CORRUPT);
	fake_fail_next(ERR_NOT_FOUND); /* a vdsd that does not know the verb */
	assert_int_equal(IVdsSubSystem_Reenumerate(subsystem), S_OK);
}

static void
test_drive_properties_are_those_of_the_row(void **state)
{
	IVdsDrive *drive = drive_at(1);
	IVdsDrive2 *drive2 = query(drive, &IID_IVdsDrive2);
	VDS_DRIVE_PROP prop;
	VDS_DRIVE_PROP2 prop2;

	(void)state;
	assert_int_equal(IVdsDrive_GetProperties(drive, &prop), S_OK);
	assert_true(same_guid(&prop.id, sample_id('d', 1)));
	assert_int_equal(prop.ullSize, 1 << 30);
	assert_u16(prop.pwszFriendlyName, "disk1");
	assert_u16(prop.pwszIdentification, "model1 D00001");
	assert_int_equal(prop.ulFlags, VDS_DRF_ASSIGNED);
	assert_int_equal(prop.status, VDS_DRS_ONLINE);
	assert_int_equal(prop.health, VDS_H_HEALTHY);
	assert_int_equal(prop.sInternalBusNumber, 0);
	assert_int_equal(prop.sSlotNumber, 1);
	CoTaskMemFree(prop.pwszFriendlyName);
	CoTaskMemFree(prop.pwszIdentification);
	assert_int_equal(IVdsDrive2_GetProperties2(drive2, &prop2), S_OK);
	assert_int_equal(prop2.busType, VDSBusTypeSata);
	assert_int_equal(prop2.ulSpindleSpeed, 0); /* it rotates; how fast is not known */
	assert_int_equal(prop2.ulEnclosureNumber, 0xffffffff);
	assert_int_equal(prop2.sSlotNumber, 1);
	CoTaskMemFree(prop2.pwszFriendlyName);
	CoTaskMemFree(prop2.pwszIdentification);
	assert_int_equal(IVdsDrive_GetProperties(drive, NULL), E_INVALIDARG);
	assert_int_equal(IVdsDrive2_GetProperties2(drive2, NULL), E_INVALIDARG);
	RELEASE(drive2);
	RELEASE(drive);
}

static void
test_buses_and_speeds(void **state)
{
	static const struct {
		enum drive_kind kind;
		enum drive_bus bus;
		bool rotational;
		VDS_STORAGE_BUS_TYPE type;
		ULONG speed;
	} kinds[] = {
		{ DRIVE_DISK, DRIVE_BUS_NVME, false, VDSBusTypeNVMe, 1 },
		{ DRIVE_DISK, DRIVE_BUS_SAS, true, VDSBusTypeSas, 0 },
		{ DRIVE_DISK, DRIVE_BUS_ISCSI, false, VDSBusTypeiScsi, 1 },
		{ DRIVE_DISK, DRIVE_BUS_VIRTUAL, false, VDSBusTypeVirtual, 0 },
		{ DRIVE_MEMORY, DRIVE_BUS_UNKNOWN, false, VDSBusTypeUnknown, 1 },
		{ DRIVE_NETWORK, DRIVE_BUS_UNKNOWN, false, VDSBusTypeUnknown, 0 },
	};
	IVdsDrive *drive = drive_at(1);
	IVdsDrive2 *drive2 = query(drive, &IID_IVdsDrive2);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		struct row_live_drive *row = sample_live_drive(1);
		VDS_DRIVE_PROP2 prop;

		row->kind = kinds[i].kind;
		row->bus = kinds[i].bus;
		row->rotational = kinds[i].rotational;
		fake_put_live(row);
		assert_int_equal(IVdsDrive2_GetProperties2(drive2, &prop), S_OK);
		assert_int_equal(prop.busType, kinds[i].type);
		assert_int_equal(prop.ulSpindleSpeed, kinds[i].speed);
		CoTaskMemFree(prop.pwszFriendlyName);
		CoTaskMemFree(prop.pwszIdentification);
	}
	RELEASE(drive2);
	RELEASE(drive);
}

static void
test_get_drive_finds_the_slot(void **state)
{
	IVdsDrive *second = drive_at(2), *found = NULL;
	IVdsSubSystem *owner = NULL;

	(void)state;
	assert_int_equal(IVdsSubSystem_GetDrive(subsystem, 0, 2, &found), S_OK);
	assert_ptr_equal(found, second);
	assert_int_equal(IVdsDrive_GetSubSystem(found, &owner), S_OK);
	assert_ptr_equal(owner, subsystem);
	RELEASE(owner);
	RELEASE(found);
	RELEASE(second);
	assert_int_equal(IVdsSubSystem_GetDrive(subsystem, 1, 2, &found), VDS_E_OBJECT_NOT_FOUND);
	assert_null(found);
	assert_int_equal(IVdsSubSystem_GetDrive(subsystem, 0, 9, &found), VDS_E_OBJECT_NOT_FOUND);
	assert_int_equal(IVdsSubSystem_GetDrive(subsystem, 0, -1, &found), VDS_E_OBJECT_NOT_FOUND);
	assert_int_equal(IVdsSubSystem_GetDrive(subsystem, 0, 2, NULL), E_INVALIDARG);
}

static const VDS_DRIVE_EXTENT *
find_extent(const VDS_DRIVE_EXTENT *extents, LONG count, unsigned lun)
{
	for (LONG i = 0; i < count; i++)
		if (extents[i].bUsed ? lun > 0 && same_guid(&extents[i].LunId, sample_id('l', lun))
				     : lun == 0)
			return &extents[i];
	return NULL;
}

static void
test_extents_are_what_luns_take_and_what_is_free_once(void **state)
{
	IVdsDrive *drive = drive_at(1), *mirror = drive_at(3);
	VDS_DRIVE_EXTENT *extents = NULL;
	LONG count = -1;

	(void)state;
	assert_int_equal(IVdsDrive_QueryExtents(drive, &extents, &count), S_OK);
	assert_int_equal(count, 3); /* pools 1 and 3 share their free space */
	assert_true(same_guid(&extents[0].id, sample_id('d', 1)));
	assert_int_equal(find_extent(extents, count, 1)->ullSize, 100);
	assert_int_equal(find_extent(extents, count, 2)->ullSize, 0);
	assert_int_equal(find_extent(extents, count, 0)->ullSize, 700);
	CoTaskMemFree(extents);
	assert_int_equal(IVdsDrive_QueryExtents(mirror, &extents, &count), S_OK);
	assert_int_equal(count, 2);
	assert_int_equal(find_extent(extents, count, 3)->ullSize, 300);
	assert_int_equal(find_extent(extents, count, 0)->ullSize, 600);
	CoTaskMemFree(extents);
	/* stripes: a half of the bytes on each */
	fake_put_live(sample_live_pool_drive(2, 3, 9, 1000, 500));
	assert_int_equal(IVdsDrive_QueryExtents(mirror, &extents, &count), S_OK);
	assert_int_equal(find_extent(extents, count, 3)->ullSize, 150);
	CoTaskMemFree(extents);
	assert_int_equal(IVdsDrive_QueryExtents(mirror, NULL, &count), E_INVALIDARG);
	assert_int_equal(IVdsDrive_QueryExtents(mirror, &extents, NULL), E_INVALIDARG);
	RELEASE(mirror);
	RELEASE(drive);
}

static void
test_flags_and_status_answer_their_documented_codes(void **state)
{
	IVdsDrive *drive = drive_at(1);

	(void)state;
	assert_int_equal(IVdsDrive_SetFlags(drive, 0), S_OK);
	assert_int_equal(IVdsDrive_SetFlags(drive, VDS_DRF_HOTSPARE), VDS_E_NOT_SUPPORTED);
	assert_int_equal(IVdsDrive_SetFlags(drive, VDS_DRF_ASSIGNED), VDS_E_NOT_SUPPORTED);
	assert_int_equal(IVdsDrive_SetFlags(drive, 0x100), E_INVALIDARG);
	assert_int_equal(IVdsDrive_ClearFlags(drive, 0), S_OK);
	assert_int_equal(IVdsDrive_ClearFlags(drive, VDS_DRF_HOTSPARE), VDS_E_NOT_SUPPORTED);
	assert_int_equal(IVdsDrive_ClearFlags(drive, VDS_DRF_ASSIGNED), VDS_E_NOT_SUPPORTED);
	assert_int_equal(IVdsDrive_ClearFlags(drive, 0x100), E_INVALIDARG);
	assert_int_equal(IVdsDrive_SetStatus(drive, VDS_DRS_ONLINE), S_OK);
	assert_int_equal(IVdsDrive_SetStatus(drive, VDS_DRS_OFFLINE), VDS_E_NOT_SUPPORTED);
	assert_int_equal(IVdsDrive_SetStatus(drive, VDS_DRS_REMOVED), VDS_E_NOT_SUPPORTED);
	assert_int_equal(IVdsDrive_SetStatus(drive, VDS_DRS_UNKNOWN), E_INVALIDARG);
	assert_int_equal(IVdsDrive_SetStatus(drive, (VDS_DRIVE_STATUS)77), E_INVALIDARG);
	RELEASE(drive);
}

static void
test_replace_drive_looks_for_both(void **state)
{
	VDS_OBJECT_ID one = guid_of(sample_id('d', 1)), two = guid_of(sample_id('d', 2));
	VDS_OBJECT_ID none = guid_of(sample_id('d', 9));

	(void)state;
	assert_int_equal(IVdsSubSystem_ReplaceDrive(subsystem, one, none), VDS_E_OBJECT_NOT_FOUND);
	assert_int_equal(IVdsSubSystem_ReplaceDrive(subsystem, none, one), VDS_E_OBJECT_NOT_FOUND);
	assert_int_equal(IVdsSubSystem_ReplaceDrive(subsystem, one, two), VDS_E_NOT_SUPPORTED);
}

/* Every method of a drive, in the state in which the drive is. */
static void
assert_drive_answers(IVdsDrive *drive, HRESULT properties, HRESULT others)
{
	IVdsDrive2 *drive2 = query(drive, &IID_IVdsDrive2);
	IVdsMaintenance *maintenance = query(drive, &IID_IVdsMaintenance);
	VDS_DRIVE_EXTENT *extents = (VDS_DRIVE_EXTENT *)(void *)&extents;
	IVdsSubSystem *owner = (IVdsSubSystem *)(void *)&owner;
	LONG count = 7;
	VDS_DRIVE_PROP prop;
	VDS_DRIVE_PROP2 prop2;

	assert_int_equal(IVdsDrive_GetProperties(drive, &prop), properties);
	CoTaskMemFree(prop.pwszFriendlyName);
	CoTaskMemFree(prop.pwszIdentification);
	assert_int_equal(IVdsDrive2_GetProperties2(drive2, &prop2), properties);
	CoTaskMemFree(prop2.pwszFriendlyName);
	CoTaskMemFree(prop2.pwszIdentification);
	assert_int_equal(IVdsDrive_GetSubSystem(drive, &owner), properties);
	if (owner != NULL)
		RELEASE(owner);
	assert_int_equal(IVdsDrive_QueryExtents(drive, &extents, &count), others);
	assert_null(extents);
	assert_int_equal(count, 0);
	assert_int_equal(IVdsDrive_SetFlags(drive, VDS_DRF_HOTSPARE), others);
	assert_int_equal(IVdsDrive_ClearFlags(drive, VDS_DRF_HOTSPARE), others);
	assert_int_equal(IVdsDrive_SetStatus(drive, VDS_DRS_ONLINE), others);
	assert_int_equal(IVdsMaintenance_StartMaintenance(maintenance, BlinkLight), others);
	RELEASE(maintenance);
	RELEASE(drive2);
}

static void
test_a_drive_that_failed_is_gone_or_unknown_says_so(void **state)
{
	IVdsDrive *drive = drive_at(1);
	VDS_DRIVE_PROP prop;

	(void)state;
	set_drive_failed(1);
	assert_int_equal(IVdsDrive_GetProperties(drive, &prop), S_OK);
	assert_int_equal(prop.status, VDS_DRS_FAILED);
	assert_int_equal(prop.health, VDS_H_FAILED);
	CoTaskMemFree(prop.pwszFriendlyName);
	CoTaskMemFree(prop.pwszIdentification);
	assert_drive_answers(drive, S_OK, VDS_E_OBJECT_STATUS_FAILED);
	assert_string_equal(VdsLastErrorMessage(), "broken");
	fake_set_view_code(ERR_CACHE_CORRUPT);
	assert_drive_answers(drive, VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_PROVIDER_CACHE_CORRUPT);
	fake_set_view_code(0);
	delete_drive(1);
	assert_drive_answers(drive, VDS_E_OBJECT_DELETED, VDS_E_OBJECT_DELETED);
	assert_int_equal(IVdsDrive_AddRef(drive), 2);
	assert_int_equal(IVdsDrive_Release(drive), 1);
	RELEASE(drive);
}

/* ---- drives choose the pool ---- */

static VDS_OBJECT_ID drives[4];

/* Creates a LUN on the drives whose numbers are given, "1 2"; returns the pool it is in, or 0. */
static unsigned
create_on(const char *numbers, HRESULT expected)
{
	WCHAR none[] = u"";
	IVdsAsync *async = (IVdsAsync *)(void *)&async;
	VDS_ASYNC_OUTPUT out;
	VDS_LUN_PROP prop;
	HRESULT result = E_FAIL;
	const struct row_lun *row;
	struct guid id;
	IVdsLun *lun;
	LONG count = 0;

	for (const char *c = numbers; *c != '\0'; c++)
		if (*c != ' ')
			drives[count++] = guid_of(sample_id('d', (unsigned)(*c - '0')));
	assert_int_equal(IVdsSubSystem_CreateLun(subsystem, VDS_LT_SIMPLE, 512,
						 count > 0 ? drives : NULL, count, none, NULL,
						 &async),
			 expected);
	if (FAILED(expected)) {
		assert_null(async);
		return 0;
	}
	assert_int_equal(IVdsAsync_Wait(async, &result, &out), S_OK);
	assert_int_equal(result, S_OK);
	lun = query(out.cl.pLunUnk, &IID_IVdsLun);
	assert_int_equal(IVdsLun_GetProperties(lun, &prop), S_OK);
	com_guid_in(&prop.id, &id);
	row = state_find(fake_client_config(), ROW_LUN, &id);
	CoTaskMemFree(prop.pwszFriendlyName);
	CoTaskMemFree(prop.pwszIdentification);
	CoTaskMemFree(prop.pwszUnmaskingList);
	RELEASE(lun);
	RELEASE(out.cl.pLunUnk);
	RELEASE(async);
	return row->pool_id.bytes[3];
}

static void
test_drives_choose_the_pool_of_a_new_lun(void **state)
{
	struct row_live_pool *full = sample_live_pool(1, 790, 10);

	(void)state;
	assert_int_equal(create_on("2 3", S_OK), 2);
	assert_int_equal(create_on("3 2 3", S_OK), 2); /* twice counts once */
	assert_int_equal(create_on("1", S_OK), 1);
	fake_put_live(full);
	assert_int_equal(create_on("1", S_OK), 3); /* of two pools the one with more space */
	full = sample_live_pool(3, 0, 700);
	full->ready = false;
	fake_put_live(full);
	assert_int_equal(create_on("1", S_OK), 1); /* and first of all one that is ready */
}

static void
test_drives_that_choose_no_pool_are_refused(void **state)
{
	IVdsAsync *async = NULL;
	WCHAR none[] = u"";

	(void)state;
	create_on("9", VDS_E_OBJECT_NOT_FOUND);
	create_on("2 9", VDS_E_OBJECT_NOT_FOUND);
	create_on("2", VDS_E_NOT_ENOUGH_DRIVE);
	create_on("1 2", VDS_E_NOT_SUPPORTED);
	create_on("1 2 3", VDS_E_NOT_SUPPORTED);
	assert_int_equal(IVdsSubSystem_CreateLun(subsystem, VDS_LT_SIMPLE, 512, drives, -1, none,
						 NULL, &async),
			 E_INVALIDARG);
	assert_int_equal(IVdsSubSystem_CreateLun(subsystem, VDS_LT_SIMPLE, 512, drives, 0, none,
						 NULL, &async),
			 E_INVALIDARG);
}

static void
test_drives_choose_the_pool_of_the_largest_lun(void **state)
{
	VDS_OBJECT_ID two[] = { guid_of(sample_id('d', 2)), guid_of(sample_id('d', 3)) };
	VDS_OBJECT_ID mixed[] = { guid_of(sample_id('d', 1)), guid_of(sample_id('d', 3)) };
	ULONGLONG size = 0;

	(void)state;
	assert_int_equal(
		IVdsSubSystem_QueryMaxLunCreateSize(subsystem, VDS_LT_SIMPLE, two, 2, NULL, &size),
		S_OK);
	assert_int_equal(size, 3 << 20); /* what the fake says of pool 2 */
	assert_int_equal(
		IVdsSubSystem_QueryMaxLunCreateSize(subsystem, VDS_LT_SIMPLE, two, 1, NULL, &size),
		S_OK);
	assert_int_equal(size, 0); /* no LUN lies on one half of a mirror */
	assert_int_equal(IVdsSubSystem_QueryMaxLunCreateSize(subsystem, VDS_LT_SIMPLE, mixed, 2,
							     NULL, &size),
			 VDS_E_NOT_SUPPORTED);
}

static void
test_a_lun_is_extended_on_its_own_drives(void **state)
{
	IVdsLun *lun = GET_LUN(provider, 3, IVdsLun);
	VDS_OBJECT_ID own[] = { guid_of(sample_id('d', 1)), guid_of(sample_id('d', 2)) };
	VDS_OBJECT_ID none = guid_of(sample_id('d', 9));
	IVdsAsync *async = NULL;
	ULONGLONG bytes = 0;

	(void)state;
	/* one drive of the pool is enough: VDS goes on with others when it is too small */
	assert_int_equal(IVdsLun_Extend(lun, 512, own, 2, &async), S_OK);
	RELEASE(async);
	assert_int_equal(IVdsLun_Extend(lun, 512, own, 1, &async), VDS_E_NOT_SUPPORTED);
	assert_null(async);
	assert_int_equal(IVdsLun_Extend(lun, 512, &none, 1, &async), VDS_E_OBJECT_NOT_FOUND);
	assert_int_equal(IVdsLun_Extend(lun, 512, NULL, 1, &async), E_INVALIDARG);
	assert_int_equal(IVdsLun_QueryMaxLunExtendSize(lun, own + 1, 1, &bytes), S_OK);
	assert_int_equal(IVdsLun_QueryMaxLunExtendSize(lun, own, 1, &bytes), VDS_E_NOT_SUPPORTED);
	assert_int_equal(bytes, 0);
	RELEASE(lun);
}

/* ---- plexes ---- */

/* Returns the plex of LUN n, as the enumeration gives it. */
static IVdsLunPlex *
plex_of(unsigned n)
{
	IVdsLun *lun = GET_LUN(provider, n, IVdsLun);
	IEnumVdsObject *list = NULL;
	IUnknown *object = NULL;
	IVdsLunPlex *plex;
	ULONG fetched;

	assert_int_equal(IVdsLun_QueryPlexes(lun, &list), S_OK);
	assert_int_equal(IEnumVdsObject_Next(list, 1, &object, &fetched), S_OK);
	assert_int_equal(drain(list), 0);
	plex = query(object, &IID_IVdsLunPlex);
	RELEASE(object);
	RELEASE(list);
	RELEASE(lun);
	return plex;
}

static void
test_a_lun_has_one_simple_plex(void **state)
{
	IVdsLun *lun = GET_LUN(provider, 3, IVdsLun), *owner = NULL;
	IVdsLunPlex *plex = plex_of(3), *again;
	VDS_HINTS hints = { .ullHintMask = VDS_HINT_MOSTLYREADS,
			    .bMostlyReads = TRUE,
			    .sRebuildPriority = 7 };
	VDS_LUN_PLEX_PROP prop;
	struct guid id;

	(void)state;
	assert_int_equal(IVdsLunPlex_GetProperties(plex, &prop), S_OK);
	assert_int_equal(prop.ullSize, 1048576);
	assert_int_equal(prop.type, VDS_LPT_SIMPLE);
	assert_int_equal(prop.status, VDS_LPS_ONLINE);
	assert_int_equal(prop.health, VDS_H_HEALTHY);
	assert_int_equal(prop.TransitionState, VDS_TS_STABLE);
	assert_int_equal(prop.ulStripeSize, 0);
	assert_false(same_guid(&prop.id, sample_id('l', 3)));
	assert_int_equal(IVdsLunPlex_GetLun(plex, &owner), S_OK);
	assert_ptr_equal(owner, lun);
	com_guid_in(&prop.id, &id);
	again = get_object(provider, id, VDS_OT_LUN_PLEX, &IID_IVdsLunPlex);
	assert_ptr_equal(again, plex);
	assert_int_equal(IVdsLun_ApplyHints(lun, &hints), S_OK);
	hints = (VDS_HINTS){ 0 };
	assert_int_equal(IVdsLunPlex_QueryHints(plex, &hints), S_OK); /* those of the LUN */
	assert_int_equal(hints.ullHintMask, VDS_HINT_MOSTLYREADS);
	assert_true(hints.bMostlyReads);
	assert_int_equal(IVdsLunPlex_GetProperties(plex, &prop), S_OK);
	assert_int_equal(prop.sRebuildPriority, 7);
	assert_int_equal(IVdsLunPlex_ApplyHints(plex, &hints), VDS_E_NOT_SUPPORTED);
	assert_int_equal(IVdsLunPlex_QueryHints(plex, NULL), E_INVALIDARG);
	assert_int_equal(IVdsLunPlex_ApplyHints(plex, NULL), E_INVALIDARG);
	assert_int_equal(IVdsLunPlex_GetProperties(plex, NULL), E_INVALIDARG);
	assert_int_equal(IVdsLunPlex_GetLun(plex, NULL), E_INVALIDARG);
	assert_int_equal(IVdsLun_QueryPlexes(lun, NULL), E_INVALIDARG);
	RELEASE(again);
	RELEASE(owner);
	RELEASE(plex);
	RELEASE(lun);
}

static void
test_a_plex_has_an_extent_on_each_drive(void **state)
{
	IVdsLunPlex *plex = plex_of(3);
	VDS_DRIVE_EXTENT *extents = NULL;
	LONG count = 0;

	(void)state;
	assert_int_equal(IVdsLunPlex_QueryExtents(plex, &extents, &count), S_OK);
	assert_int_equal(count, 2);
	for (unsigned i = 0; i < 2; i++) {
		assert_true(same_guid(&extents[i].id, sample_id('d', 2 + i)));
		assert_true(same_guid(&extents[i].LunId, sample_id('l', 3)));
		assert_int_equal(extents[i].ullSize, 300);
		assert_true(extents[i].bUsed);
	}
	CoTaskMemFree(extents);
	assert_int_equal(IVdsLunPlex_QueryExtents(plex, NULL, &count), E_INVALIDARG);
	assert_int_equal(IVdsLunPlex_QueryExtents(plex, &extents, NULL), E_INVALIDARG);
	RELEASE(plex);
}

static void
test_the_only_plex_stays_and_none_is_added(void **state)
{
	IVdsLun *lun = GET_LUN(provider, 1, IVdsLun);
	struct guid own = sample_id('l', 1);
	GUID plex = guid_of(provider_plex_swap(&own)), other = guid_of(sample_id('l', 2));
	GUID none = guid_of(sample_id('l', 99));
	IVdsAsync *async = (IVdsAsync *)(void *)&async;

	(void)state;
	assert_int_equal(IVdsLun_AddPlex(lun, other, &async), VDS_E_INVALID_OPERATION);
	assert_null(async);
	assert_int_equal(IVdsLun_AddPlex(lun, none, &async), VDS_E_OBJECT_NOT_FOUND);
	assert_int_equal(IVdsLun_AddPlex(lun, other, NULL), E_INVALIDARG);
	assert_int_equal(IVdsLun_RemovePlex(lun, plex, &async), VDS_E_OBJECT_NOT_FOUND);
	assert_int_equal(IVdsLun_RemovePlex(lun, none, &async), VDS_E_OBJECT_NOT_FOUND);
	assert_int_equal(IVdsLun_RemovePlex(lun, plex, NULL), E_INVALIDARG);
	RELEASE(lun);
}

static void
assert_plex_answers(IVdsLunPlex *plex, HRESULT properties, HRESULT extents_hr)
{
	VDS_LUN_PLEX_PROP prop;
	VDS_DRIVE_EXTENT *extents = NULL;
	IVdsLun *lun = NULL;
	VDS_HINTS hints = { 0 };
	LONG count = 0;

	assert_int_equal(IVdsLunPlex_GetProperties(plex, &prop), properties);
	assert_int_equal(IVdsLunPlex_GetLun(plex, &lun), properties);
	if (lun != NULL)
		RELEASE(lun);
	assert_int_equal(IVdsLunPlex_QueryExtents(plex, &extents, &count), extents_hr);
	assert_null(extents);
	if (extents_hr != VDS_E_ANOTHER_CALL_IN_PROGRESS) {
		assert_int_equal(IVdsLunPlex_QueryHints(plex, &hints), extents_hr);
		assert_int_equal(IVdsLunPlex_ApplyHints(plex, &hints), extents_hr);
	}
}

static void
test_a_plex_is_in_the_state_of_its_lun(void **state)
{
	IVdsLunPlex *plex = plex_of(1);
	struct row_live_lun *busy = sample_live_lun(1, HEALTH_OK);
	struct guid id = sample_id('l', 1);
	VDS_LUN_PLEX_PROP prop;

	(void)state;
	busy->operation = OPERATION_EXTEND;
	fake_put_live(busy);
	assert_plex_answers(plex, S_OK, VDS_E_ANOTHER_CALL_IN_PROGRESS);
	assert_int_equal(IVdsLunPlex_GetProperties(plex, &prop), S_OK);
	assert_int_equal(prop.TransitionState, VDS_TS_EXTENDING);
	fake_put_live(sample_live_lun(1, HEALTH_FAILED));
	assert_plex_answers(plex, S_OK, VDS_E_OBJECT_STATUS_FAILED);
	assert_int_equal(IVdsLunPlex_GetProperties(plex, &prop), S_OK);
	assert_int_equal(prop.status, VDS_LPS_FAILED);
	assert_int_equal(prop.health, VDS_H_FAILED);
	fake_set_view_code(ERR_CACHE_CORRUPT);
	assert_plex_answers(plex, VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_PROVIDER_CACHE_CORRUPT);
	fake_set_view_code(0);
	fake_delete(ROW_LUN, &id, NULL);
	assert_plex_answers(plex, VDS_E_OBJECT_DELETED, VDS_E_OBJECT_DELETED);
	RELEASE(plex);
}

/* ---- out of memory ---- */

static void
test_memory_that_is_out_leaves_nothing_behind(void **state)
{
	IVdsDrive *drive = drive_at(1);
	IVdsStoragePool *pool = pool_at(2);
	IVdsLunPlex *plex = plex_of(3);
	IVdsHwProviderStoragePools *pools = query(provider, &IID_IVdsHwProviderStoragePools);

	(void)state;
	WITH_EVERY_FAULT
	{
		VDS_DRIVE_EXTENT *extents = NULL, *more = NULL;
		VDS_STORAGE_POOL_DRIVE_EXTENT *parts = NULL;
		VDS_DRIVE_PROP prop = { 0 };
		VDS_STORAGE_POOL_PROP pool_prop = { 0 };
		IEnumVdsObject *list = NULL, *luns = NULL;
		LONG count;
		HRESULT hr = IVdsDrive_GetProperties(drive, &prop);

		if (hr == S_OK)
			hr = IVdsDrive_QueryExtents(drive, &extents, &count);
		if (hr == S_OK)
			hr = IVdsLunPlex_QueryExtents(plex, &more, &count);
		if (hr == S_OK)
			hr = IVdsStoragePool_GetProperties(pool, &pool_prop);
		if (hr == S_OK)
			hr = IVdsStoragePool_QueryDriveExtents(pool, &parts, &count);
		if (hr == S_OK)
			hr = IVdsStoragePool_QueryAllocatedLuns(pool, &luns);
		if (hr == S_OK)
			hr = IVdsHwProviderStoragePools_QueryStoragePools(pools, 0, 0, NULL, &list);
		assert_int_equal(hr, FAULT_HIT ? E_OUTOFMEMORY : S_OK);
		CoTaskMemFree(prop.pwszFriendlyName);
		CoTaskMemFree(prop.pwszIdentification);
		CoTaskMemFree(pool_prop.pwszName);
		CoTaskMemFree(pool_prop.pwszDescription);
		CoTaskMemFree(extents);
		CoTaskMemFree(more);
		CoTaskMemFree(parts);
		if (list != NULL)
			RELEASE(list);
		if (luns != NULL)
			RELEASE(luns);
	}
	RELEASE(pools);
	RELEASE(plex);
	RELEASE(pool);
	RELEASE(drive);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(test_query_drives_lists_them_all),
		EACH(test_counting_buses_and_slots_meets_every_drive),
		EACH(test_reenumerate_asks_the_array_for_its_drives),
		EACH(test_drive_properties_are_those_of_the_row),
		EACH(test_buses_and_speeds),
		EACH(test_get_drive_finds_the_slot),
		EACH(test_extents_are_what_luns_take_and_what_is_free_once),
		EACH(test_flags_and_status_answer_their_documented_codes),
		EACH(test_replace_drive_looks_for_both),
		EACH(test_a_drive_that_failed_is_gone_or_unknown_says_so),
		EACH(test_drives_choose_the_pool_of_a_new_lun),
		EACH(test_drives_that_choose_no_pool_are_refused),
		EACH(test_drives_choose_the_pool_of_the_largest_lun),
		EACH(test_a_lun_is_extended_on_its_own_drives),
		EACH(test_a_lun_has_one_simple_plex),
		EACH(test_a_plex_has_an_extent_on_each_drive),
		EACH(test_the_only_plex_stays_and_none_is_added),
		EACH(test_a_plex_is_in_the_state_of_its_lun),
		EACH(test_memory_that_is_out_leaves_nothing_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
