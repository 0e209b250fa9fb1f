/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What LUNs and pools take of drives, as VDS's extents; and the drives that a program names when it
 * makes or extends a LUN, which choose the pool.  docs/design/drives.md says how bytes of a pool
 * become bytes of its drives.  Any thread may call it.
 */
#include "provider/provider_int.h"

#include <errno.h>
#include <string.h>

/* ---- bytes of a pool as bytes of one of its drives ---- */

static uint64_t
share(const struct row_live_pool_drive *pair, uint64_t bytes)
{
	uint64_t whole = pair->device_bytes;

	if (whole == 0 || pair->size_bytes == whole)
		return bytes;
	return bytes / whole * pair->size_bytes +
	       (uint64_t)((double)(bytes % whole) * ((double)pair->size_bytes / (double)whole));
}

static uint64_t
allocated_of(const struct state *live, const struct guid *lun_id)
{
	const struct row_live_lun *row = state_find(live, ROW_LIVE_LUN, lun_id);

	return row != NULL ? row->allocated_bytes : 0;
}

/* ---- drive extents ---- */

/* Extents that are counted first (items is NULL), then written. */
struct extents {
	VDS_DRIVE_EXTENT *items;
	LONG count;
};

static void
add(struct extents *extents, const struct guid *drive_id, const struct guid *lun_id, uint64_t bytes)
{
	VDS_DRIVE_EXTENT *extent = extents->items != NULL ? &extents->items[extents->count] : NULL;

	extents->count++;
	if (extent == NULL)
		return;
	memset(extent, 0, sizeof(*extent));
	com_guid_out(drive_id, &extent->id);
	if (lun_id != NULL)
		com_guid_out(lun_id, &extent->LunId);
	extent->ullSize = bytes;
	extent->bUsed = lun_id != NULL;
}

/* One extent for each LUN of the pool. */
static void
add_luns(struct extents *extents, const struct client_view *view,
	 const struct row_live_pool_drive *pair)
{
	for (size_t i = 0; i < state_count(view->config, ROW_LUN); i++) {
		const struct row_lun *lun = state_at(view->config, ROW_LUN, i);

		if (guid_equal(&lun->pool_id, &pair->pool_id))
			add(extents, &pair->drive_id, &lun->id,
			    share(pair, allocated_of(view->live, &lun->id)));
	}
}

/* Pools on the same device share its free space, so the first one stands for all. */
static bool
is_first_of_device(struct row_slice pairs, size_t index)
{
	const struct row_live_pool_drive *pair = pairs.rows[index];

	for (size_t i = 0; i < index; i++)
		if (strcmp(((const struct row_live_pool_drive *)pairs.rows[i])->device,
			   pair->device) == 0)
			return false;
	return true;
}

static void
add_all_of_drive(struct extents *extents, const struct client_view *view,
		 const struct guid *drive_id)
{
	struct row_slice pairs = state_drive_pools(view->live, drive_id);

	for (size_t i = 0; i < pairs.count; i++) {
		const struct row_live_pool_drive *pair = pairs.rows[i];
		const struct row_live_pool *pool = state_find(view->live, ROW_LIVE_POOL,
							      &pair->pool_id);

		add_luns(extents, view, pair);
		if (pool != NULL && pool->ready && is_first_of_device(pairs, i) &&
		    share(pair, pool->free_bytes) > 0)
			add(extents, drive_id, NULL, share(pair, pool->free_bytes));
	}
}

static void
add_all_of_lun(struct extents *extents, const struct client_view *view, const struct guid *lun_id)
{
	const struct row_lun *lun = state_find(view->config, ROW_LUN, lun_id);
	struct row_slice pairs = { NULL, 0 };

	if (lun != NULL)
		pairs = state_pool_drives(view->live, &lun->pool_id);
	for (size_t i = 0; i < pairs.count; i++) {
		const struct row_live_pool_drive *pair = pairs.rows[i];

		add(extents, &pair->drive_id, lun_id,
		    share(pair, allocated_of(view->live, lun_id)));
	}
}

static HRESULT
give_extents(const struct client_view *view, const struct guid *id,
	     void (*add_all)(struct extents *extents, const struct client_view *view,
			     const struct guid *id),
	     VDS_DRIVE_EXTENT **ret_extents, LONG *ret_count)
{
	struct extents extents = { NULL, 0 };

	add_all(&extents, view, id);
	if (extents.count == 0)
		return S_OK;
	extents.items = CoTaskMemAlloc((size_t)extents.count * sizeof(extents.items[0]));
	if (extents.items == NULL)
		return com_error(-ENOMEM);
	extents.count = 0;
	add_all(&extents, view, id);
	*ret_extents = extents.items;
	*ret_count = extents.count;
	return S_OK;
}

HRESULT
provider_drive_extents(const struct client_view *view, const struct guid *drive_id,
		       VDS_DRIVE_EXTENT **ret_extents, LONG *ret_count)
{
	return give_extents(view, drive_id, add_all_of_drive, ret_extents, ret_count);
}

HRESULT
provider_lun_extents(const struct client_view *view, const struct guid *lun_id,
		     VDS_DRIVE_EXTENT **ret_extents, LONG *ret_count)
{
	return give_extents(view, lun_id, add_all_of_lun, ret_extents, ret_count);
}

/* ---- extents of a pool ---- */

HRESULT
provider_pool_extents(const struct client_view *view, const struct guid *pool_id,
		      VDS_STORAGE_POOL_DRIVE_EXTENT **ret_extents, LONG *ret_count)
{
	const struct row_live_pool *pool = state_find(view->live, ROW_LIVE_POOL, pool_id);
	struct row_slice pairs = state_pool_drives(view->live, pool_id);
	VDS_STORAGE_POOL_DRIVE_EXTENT *items;

	if (pool == NULL || pairs.count == 0)
		return S_OK;
	items = CoTaskMemAlloc(2 * pairs.count * sizeof(items[0]));
	if (items == NULL)
		return com_error(-ENOMEM);
	memset(items, 0, 2 * pairs.count * sizeof(items[0]));
	for (size_t i = 0; i < 2 * pairs.count; i++) {
		const struct row_live_pool_drive *pair = pairs.rows[i / 2];

		com_guid_out(&pair->drive_id, &items[i].id);
		items[i].bUsed = i % 2 == 0;
		items[i].ullSize = share(pair,
					 i % 2 == 0 ? pool->allocated_bytes : pool->free_bytes);
	}
	*ret_extents = items;
	*ret_count = (LONG)(2 * pairs.count);
	return S_OK;
}

/* ---- the drives that a program names ---- */

HRESULT
provider_drives_check(const VDS_OBJECT_ID *drives, LONG count)
{
	if (count < 0 || (drives == NULL) != (count == 0))
		return com_fail(E_INVALIDARG, "pDriveIdArray does not match lNumberOfDrives");
	return S_OK;
}

static bool
is_named(const struct guid *id, const VDS_OBJECT_ID *drives, LONG count)
{
	for (LONG i = 0; i < count; i++) {
		struct guid named;

		com_guid_in(&drives[i], &named);
		if (guid_equal(&named, id))
			return true;
	}
	return false;
}

static HRESULT
all_exist(const struct client_view *view, const VDS_OBJECT_ID *drives, LONG count)
{
	for (LONG i = 0; i < count; i++) {
		struct guid id;

		com_guid_in(&drives[i], &id);
		if (state_find(view->live, ROW_LIVE_DRIVE, &id) == NULL)
			return com_fail(VDS_E_OBJECT_NOT_FOUND,
					"the array has no drive with this id");
	}
	return S_OK;
}

/* How many drives of the pool are named. */
static size_t
count_named(struct row_slice pairs, const VDS_OBJECT_ID *drives, LONG count)
{
	size_t named = 0;

	for (size_t i = 0; i < pairs.count; i++)
		named += is_named(&((const struct row_live_pool_drive *)pairs.rows[i])->drive_id,
				  drives, count);
	return named;
}

/* The same id twice counts once. */
static size_t
count_distinct(const VDS_OBJECT_ID *drives, LONG count)
{
	size_t distinct = 0;

	for (LONG i = 0; i < count; i++) {
		struct guid id;

		com_guid_in(&drives[i], &id);
		distinct += !is_named(&id, drives, i);
	}
	return distinct;
}

/* Returns whether a pool is the better choice: one that is ready, then the one with more space. */
static bool
is_better(const struct row_live_pool *pool, const struct row_live_pool *than)
{
	if (than == NULL || pool == NULL)
		return than == NULL;
	if (pool->ready != than->ready)
		return pool->ready;
	return pool->free_bytes > than->free_bytes;
}

HRESULT
provider_drives_pool(const struct client_view *view, const VDS_OBJECT_ID *drives, LONG count,
		     struct guid *ret_pool_id)
{
	const struct row_live_pool *best = NULL;
	bool too_few = false, found = false;
	size_t distinct;
	HRESULT hr;

	*ret_pool_id = (struct guid){ 0 };
	if (count == 0)
		return S_OK;
	hr = all_exist(view, drives, count);
	if (FAILED(hr))
		return hr;
	distinct = count_distinct(drives, count);
	for (size_t i = 0; i < state_count(view->config, ROW_POOL); i++) {
		const struct row_pool *pool = state_at(view->config, ROW_POOL, i);
		const struct row_live_pool *live = state_find(view->live, ROW_LIVE_POOL, &pool->id);
		struct row_slice pairs = state_pool_drives(view->live, &pool->id);

		if (pairs.count == 0 || count_named(pairs, drives, count) < distinct)
			continue;
		too_few = too_few || distinct < pairs.count;
		if (distinct == pairs.count && (!found || is_better(live, best))) {
			*ret_pool_id = pool->id;
			best = live;
			found = true;
		}
	}
	if (found)
		return S_OK;
	return too_few ? com_fail(VDS_E_NOT_ENOUGH_DRIVE,
				  "the pool on these drives lies on more drives: name all of them")
		       : com_fail(VDS_E_NOT_SUPPORTED, "the drives belong to different pools, and "
						       "a LUN lies in one pool");
}

HRESULT
provider_drives_extend(const struct client_view *view, const struct row_lun *lun,
		       const VDS_OBJECT_ID *drives, LONG count)
{
	HRESULT hr = all_exist(view, drives, count);

	if (FAILED(hr) || count == 0)
		return hr;
	if (count_named(state_pool_drives(view->live, &lun->pool_id), drives, count) == 0)
		return com_fail(VDS_E_NOT_SUPPORTED,
				"the LUN's pool lies on none of these drives, and a LUN cannot "
				"leave its pool");
	return S_OK;
}
