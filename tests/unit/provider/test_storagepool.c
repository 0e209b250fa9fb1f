/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Storage pools: what they say, and LUNs that are made in them.  The array is that of drive_test.h.
 */
#include "drive_test.h"

static void
test_pool_properties_add_up(void **state)
{
	IVdsStoragePool *pool = pool_at(2);
	IVdsProvider *p = query(provider, &IID_IVdsProvider), *owner = NULL;
	struct row_live_pool *row = sample_live_pool(2, 300, 600);
	VDS_STORAGE_POOL_PROP prop;

	(void)state;
	assert_int_equal(IVdsStoragePool_GetProperties(pool, &prop), S_OK);
	assert_true(same_guid(&prop.id, sample_id('p', 2)));
	assert_u16(prop.pwszName, "pool2");
	assert_u16(prop.pwszDescription, "directory /srv/pool2 on disk2, disk3");
	assert_int_equal(prop.type, VDS_SPT_CONCRETE);
	assert_int_equal(prop.status, VDS_SPS_ONLINE);
	assert_int_equal(prop.health, VDS_H_HEALTHY);
	assert_int_equal(prop.ullTotalConsumedSpace, 2000); /* on both halves of the mirror */
	assert_int_equal(prop.ullTotalManagedSpace, 900);
	assert_int_equal(prop.ullRemainingFreeSpace, 600);
	CoTaskMemFree(prop.pwszName);
	CoTaskMemFree(prop.pwszDescription);
	row->ready = false;
	fake_put_live(row);
	assert_int_equal(IVdsStoragePool_GetProperties(pool, &prop), S_OK);
	assert_int_equal(prop.status, VDS_SPS_NOT_READY);
	assert_int_equal(prop.health, VDS_H_DEGRADED);
	CoTaskMemFree(prop.pwszName);
	CoTaskMemFree(prop.pwszDescription);
	assert_int_equal(IVdsStoragePool_GetProvider(pool, &owner), S_OK);
	assert_ptr_equal(owner, p);
	RELEASE(owner);
	RELEASE(p);
	RELEASE(pool);
}

static void
test_a_pool_in_memory_says_so(void **state)
{
	IVdsStoragePool *pool = pool_at(1);
	struct row_live_drive *drive = sample_live_drive(1);
	VDS_STORAGE_POOL_PROP prop;
	VDS_POOL_ATTRIBUTES attributes;

	(void)state;
	drive->kind = DRIVE_MEMORY;
	drive->bus = DRIVE_BUS_UNKNOWN;
	fake_put_live(drive);
	assert_int_equal(IVdsStoragePool_GetProperties(pool, &prop), S_OK);
	assert_u16(prop.pwszDescription, "directory /srv/pool1 on disk1, in memory: its contents "
					 "are gone after a restart");
	CoTaskMemFree(prop.pwszName);
	CoTaskMemFree(prop.pwszDescription);
	assert_int_equal(IVdsStoragePool_GetAttributes(pool, &attributes), S_OK);
	assert_int_equal(attributes.ullAttributeMask &
				 (VDS_POOL_ATTRIB_BUSTYPE | VDS_POOL_ATTRIB_DATA_RDNCY_DEF),
			 0);
	RELEASE(pool);
}

static void
test_pool_attributes(void **state)
{
	IVdsStoragePool *pool = pool_at(2);
	VDS_POOL_ATTRIBUTES a;

	(void)state;
	assert_int_equal(IVdsStoragePool_GetAttributes(pool, &a), S_OK);
	assert_true(a.bIsThinProvisioned);
	assert_int_equal(a.ullProvisionedSpace, 1048576); /* what LUN 3 was promised */
	assert_int_equal(a.busType, VDSBusTypeSata);
	assert_int_equal(a.ulDataRedundancyDefault, 2);
	assert_false(a.bNoSinglePointOfFailure);
	assert_int_equal(a.ullAttributeMask,
			 VDS_POOL_ATTRIB_THIN_PROVISION | VDS_POOL_ATTRIB_ALLOW_SPINDOWN |
				 VDS_POOL_ATTRIB_NO_SINGLE_POF | VDS_POOL_ATTRIB_BUSTYPE |
				 VDS_POOL_ATTRIB_DATA_RDNCY_MAX | VDS_POOL_ATTRIB_DATA_RDNCY_MIN |
				 VDS_POOL_ATTRIB_DATA_RDNCY_DEF);
	assert_int_equal(IVdsStoragePool_GetAttributes(pool, NULL), E_INVALIDARG);
	RELEASE(pool);
}

static void
test_what_is_in_a_pool(void **state)
{
	IVdsStoragePool *pool = pool_at(1), *mirror = pool_at(2);
	VDS_STORAGE_POOL_DRIVE_EXTENT *extents = NULL;
	IEnumVdsObject *list = NULL;
	LONG count = 0;

	(void)state;
	assert_int_equal(IVdsStoragePool_QueryAllocatedLuns(pool, &list), S_OK);
	assert_int_equal(drain(list), 2);
	RELEASE(list);
	assert_int_equal(IVdsStoragePool_QueryAllocatedStoragePools(pool, &list), S_OK);
	assert_int_equal(drain(list), 0);
	RELEASE(list);
	assert_int_equal(IVdsStoragePool_QueryDriveExtents(mirror, &extents, &count), S_OK);
	assert_int_equal(count, 4); /* what is used and what is free, on each drive */
	assert_int_equal(extents[0].ullSize, 300);
	assert_true(extents[0].bUsed);
	assert_int_equal(extents[1].ullSize, 600);
	assert_false(extents[1].bUsed);
	assert_true(same_guid(&extents[2].id, sample_id('d', 3)));
	CoTaskMemFree(extents);
	RELEASE(mirror);
	RELEASE(pool);
}

static void
test_query_storage_pools_filters(void **state)
{
	IVdsHwProviderStoragePools *pools = query(provider, &IID_IVdsHwProviderStoragePools);
	struct row_live_drive *nvme = sample_live_drive(1);
	const struct {
		ULONG flags;
		ULONGLONG free;
		VDS_POOL_ATTRIBUTES attributes;
		ULONG count;
	} asks[] = {
		{ 0, 0, { .ullAttributeMask = 0 }, 3 },
		{ VDS_SPT_CONCRETE, 0, { .ullAttributeMask = 0 }, 3 },
		{ VDS_SPT_PRIMORDIAL, 0, { .ullAttributeMask = 0 }, 0 },
		{ VDS_SPT_PRIMORDIAL | VDS_SPT_CONCRETE, 0, { .ullAttributeMask = 0 }, 3 },
		{ 0, 650, { .ullAttributeMask = 0 }, 2 },
		{ 0, 701, { .ullAttributeMask = 0 }, 0 },
		{ 0,
		  0,
		  { .ullAttributeMask = VDS_POOL_ATTRIB_BUSTYPE, .busType = VDSBusTypeNVMe },
		  2 },
		{ 0,
		  0,
		  { .ullAttributeMask = VDS_POOL_ATTRIB_DATA_RDNCY_MIN, .ulDataRedundancyMin = 2 },
		  1 },
		{ 0,
		  650,
		  { .ullAttributeMask = VDS_POOL_ATTRIB_DATA_RDNCY_MIN, .ulDataRedundancyMin = 2 },
		  0 },
		{ 0,
		  0,
		  { .ullAttributeMask = VDS_POOL_ATTRIB_THIN_PROVISION,
		    .bIsThinProvisioned = FALSE },
		  0 },
		{ 0, 0, { .ullAttributeMask = VDS_POOL_ATTRIB_STOR_COST_HINT }, 0 },
	};
	VDS_POOL_ATTRIBUTES unknown = { .ullAttributeMask = 1ull << 40 };
	IEnumVdsObject *list = NULL;

	(void)state;
	nvme->bus = DRIVE_BUS_NVME;
	fake_put_live(nvme);
	for (size_t i = 0; i < ARRAY_LEN(asks); i++) {
		VDS_POOL_ATTRIBUTES attributes = asks[i].attributes;

		assert_int_equal(IVdsHwProviderStoragePools_QueryStoragePools(
					 pools, asks[i].flags, asks[i].free, &attributes, &list),
				 S_OK);
		assert_int_equal(drain(list), asks[i].count);
		RELEASE(list);
	}
	assert_int_equal(IVdsHwProviderStoragePools_QueryStoragePools(pools, 0, 0, NULL, &list),
			 S_OK);
	assert_int_equal(drain(list), 3);
	RELEASE(list);
	assert_int_equal(IVdsHwProviderStoragePools_QueryStoragePools(pools, 0, 0, &unknown, &list),
			 E_INVALIDARG);
	assert_null(list);
	assert_int_equal(IVdsHwProviderStoragePools_QueryStoragePools(pools, 8, 0, NULL, &list),
			 E_INVALIDARG);
	assert_int_equal(IVdsHwProviderStoragePools_QueryStoragePools(pools, 0, 0, NULL, NULL),
			 E_INVALIDARG);
	RELEASE(pools);
}

static void
test_luns_are_made_in_a_pool_thin_and_thick(void **state)
{
	IVdsHwProviderStoragePools *pools = query(provider, &IID_IVdsHwProviderStoragePools);
	VDS_HINTS2 sequential = { .ullHintMask = VDS_HINT_OPTIMIZEFORSEQUENTIALWRITES,
				  .bOptimizeForSequentialWrites = TRUE };
	GUID id = guid_of(sample_id('p', 2));
	WCHAR none[] = u"";

	(void)state;
	for (int thick = 0; thick < 2; thick++) {
		IVdsAsync *async = NULL;
		VDS_ASYNC_OUTPUT out;
		const struct row_lun *row;
		struct guid lun_id = sample_id('l', 1001 + (unsigned)thick);
		HRESULT result = E_FAIL;

		assert_int_equal(IVdsHwProviderStoragePools_CreateLunInStoragePool(
					 pools, VDS_LT_DEFAULT, 4096, id, none,
					 thick ? &sequential : NULL, &async),
				 S_OK);
		assert_int_equal(IVdsAsync_Wait(async, &result, &out), S_OK);
		assert_int_equal(result, S_OK);
		assert_int_equal(out.type, VDS_ASYNCOUT_CREATELUN);
		row = state_find(fake_client_config(), ROW_LUN, &lun_id);
		assert_non_null(row);
		assert_int_equal(row->pool_id.bytes[3], 2);
		assert_int_equal(row->thin, !thick);
		RELEASE(out.cl.pLunUnk);
		RELEASE(async);
	}
	RELEASE(pools);
}

static void
test_wrong_arguments_about_a_pool(void **state)
{
	IVdsHwProviderStoragePools *pools = query(provider, &IID_IVdsHwProviderStoragePools);
	GUID id = guid_of(sample_id('p', 2)), unknown = guid_of(sample_id('p', 9));
	WCHAR none[] = u"";
	const struct {
		VDS_LUN_TYPE type;
		ULONGLONG size;
		const GUID *pool;
		LPWSTR mask;
		HRESULT hr;
	} asks[] = {
		{ VDS_LT_UNKNOWN, 512, &id, none, E_INVALIDARG },
		{ (VDS_LUN_TYPE)99, 512, &id, none, E_INVALIDARG },
		{ VDS_LT_PARITY, 512, &id, none, VDS_E_NOT_SUPPORTED },
		{ VDS_LT_SIMPLE, 0, &id, none, E_INVALIDARG },
		{ VDS_LT_SIMPLE, UINT64_MAX, &id, none, VDS_E_NOT_ENOUGH_SPACE },
		{ VDS_LT_SIMPLE, 512, &GUID_NULL, none, E_INVALIDARG },
		{ VDS_LT_SIMPLE, 512, &unknown, none, E_INVALIDARG },
		{ VDS_LT_SIMPLE, 512, &id, NULL, E_INVALIDARG },
	};
	ULONGLONG size = 7;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(asks); i++) {
		IVdsAsync *async = (IVdsAsync *)(void *)&async;

		assert_int_equal(IVdsHwProviderStoragePools_CreateLunInStoragePool(
					 pools, asks[i].type, asks[i].size, *asks[i].pool,
					 asks[i].mask, NULL, &async),
				 asks[i].hr);
		assert_null(async);
	}
	assert_int_equal(IVdsHwProviderStoragePools_CreateLunInStoragePool(
				 pools, VDS_LT_SIMPLE, 512, id, none, NULL, NULL),
			 E_INVALIDARG);
	assert_int_equal(IVdsHwProviderStoragePools_QueryMaxLunCreateSizeInStoragePool(
				 pools, VDS_LT_SIMPLE, id, NULL, &size),
			 S_OK);
	assert_int_equal(size, 3 << 20);
	assert_int_equal(IVdsHwProviderStoragePools_QueryMaxLunCreateSizeInStoragePool(
				 pools, VDS_LT_SIMPLE, unknown, NULL, &size),
			 E_INVALIDARG);
	assert_int_equal(size, 0);
	assert_int_equal(IVdsHwProviderStoragePools_QueryMaxLunCreateSizeInStoragePool(
				 pools, VDS_LT_SIMPLE, id, NULL, NULL),
			 E_INVALIDARG);
	assert_int_equal(IVdsHwProviderStoragePools_QueryMaxLunCreateSizeInStoragePool(
				 pools, VDS_LT_RAID6, id, NULL, &size),
			 VDS_E_NOT_SUPPORTED);
	RELEASE(pools);
}

static void
assert_pool_answers(IVdsStoragePool *pool, HRESULT expected)
{
	VDS_STORAGE_POOL_DRIVE_EXTENT *extents = NULL;
	VDS_STORAGE_POOL_PROP prop;
	VDS_POOL_ATTRIBUTES attributes;
	IEnumVdsObject *list = NULL;
	IVdsProvider *owner = NULL;
	LONG count = 0;

	assert_int_equal(IVdsStoragePool_GetProvider(pool, &owner), expected);
	assert_int_equal(IVdsStoragePool_GetProperties(pool, &prop), expected);
	assert_int_equal(IVdsStoragePool_GetAttributes(pool, &attributes), expected);
	assert_int_equal(IVdsStoragePool_QueryDriveExtents(pool, &extents, &count), expected);
	assert_int_equal(IVdsStoragePool_QueryAllocatedLuns(pool, &list), expected);
	assert_int_equal(IVdsStoragePool_QueryAllocatedStoragePools(pool, &list), expected);
	assert_null(owner);
	assert_null(list);
	assert_null(extents);
}

static void
test_a_pool_that_is_gone_or_unknown_says_so(void **state)
{
	IVdsStoragePool *pool = pool_at(3);
	struct guid id = sample_id('p', 3);

	(void)state;
	fake_set_view_code(ERR_CACHE_CORRUPT);
	assert_pool_answers(pool, VDS_E_PROVIDER_CACHE_CORRUPT);
	fake_set_view_code(0);
	fake_delete(ROW_POOL, &id, NULL);
	assert_pool_answers(pool, VDS_E_OBJECT_DELETED);
	RELEASE(pool);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(test_pool_properties_add_up),
		EACH(test_a_pool_in_memory_says_so),
		EACH(test_pool_attributes),
		EACH(test_what_is_in_a_pool),
		EACH(test_query_storage_pools_filters),
		EACH(test_luns_are_made_in_a_pool_thin_and_thick),
		EACH(test_wrong_arguments_about_a_pool),
		EACH(test_a_pool_that_is_gone_or_unknown_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
