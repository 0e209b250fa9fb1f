/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The array of test_drive.c and test_storagepool.c, which drive_test.h describes. */
#include "drive_test.h"

IVdsHwProvider *provider;
IVdsSubSystem *subsystem;

static void *
live_lun(unsigned n, uint64_t allocated_bytes)
{
	struct row_live_lun *row = sample_live_lun(n, HEALTH_OK);

	row->allocated_bytes = allocated_bytes;
	return row;
}

int
drive_setup(void **state)
{
	struct row_lun *lun = sample_lun(3);

	(void)state;
	provider = open_provider();
	subsystem = GET_SUBSYSTEM(provider, IVdsSubSystem);
	fake_put(sample_pool(2));
	fake_put(sample_pool(3));
	lun->pool_id = sample_id('p', 2);
	fake_put(lun);
	fake_put_live(live_lun(1, 100));
	fake_put_live(live_lun(2, 0));
	fake_put_live(live_lun(3, 300));
	fake_put_live(sample_live_pool(1, 100, 700));
	fake_put_live(sample_live_pool(2, 300, 600));
	fake_put_live(sample_live_pool(3, 0, 700));
	for (unsigned i = 1; i <= 3; i++)
		fake_put_live(sample_live_drive(i));
	fake_put_live(sample_live_pool_drive(1, 1, 1, 1000, 1000));
	fake_put_live(sample_live_pool_drive(3, 1, 1, 1000, 1000));
	fake_put_live(sample_live_pool_drive(2, 2, 9, 1000, 1000));
	fake_put_live(sample_live_pool_drive(2, 3, 9, 1000, 1000));
	return 0;
}

int
drive_teardown(void **state)
{
	(void)state;
	RELEASE(subsystem);
	RELEASE(provider);
	assert_int_equal(fake_open_count, 0);
	return 0;
}

IVdsDrive *
drive_at(unsigned n)
{
	return get_object(provider, sample_id('d', n), VDS_OT_DRIVE, &IID_IVdsDrive);
}

IVdsStoragePool *
pool_at(unsigned n)
{
	return get_object(provider, sample_id('p', n), VDS_OT_STORAGE_POOL, &IID_IVdsStoragePool);
}
