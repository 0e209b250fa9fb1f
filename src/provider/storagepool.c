/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The class of storage pools, which are the array's pools, and IVdsHwProviderStoragePools of the
 * provider: enumerating pools and making LUNs in one.  Every pool is a concrete pool without pools
 * in it; the drives below are not a pool that programs could carve.  Any thread may call the
 * methods.
 */
#include "provider/provider_int.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"

struct storagepool {
	struct com_object com;
	IVdsStoragePool pool;
};

COM_THUNKS(storagepool, IVdsStoragePool, pool);

#define OBJECT(self) (&container_of(self, struct storagepool, pool)->com)

/* ---- what a pool is ---- */

static HRESULT STDMETHODCALLTYPE
pool_get_provider(IVdsStoragePool *self, IVdsProvider **ret_provider)
{
	AUTO_LOOK struct provider_look look = { 0 };
	HRESULT hr = provider_enter(OBJECT(self), 0, &look, COM_OUT(ret_provider, "ppProvider"));

	if (FAILED(hr))
		return hr;
	return com_give(OBJECT(self)->space->root, &provider_class, &provider_id, &IID_IVdsProvider,
			(void **)ret_provider);
}

/* Bytes of the drives that back the pool: more than its capacity where they keep data twice. */
static uint64_t
backing_bytes(const struct client_view *view, const struct guid *pool_id)
{
	struct row_slice pairs = state_pool_drives(view->live, pool_id);
	uint64_t bytes = 0;

	for (size_t i = 0; i < pairs.count; i++)
		bytes += ((const struct row_live_pool_drive *)pairs.rows[i])->size_bytes;
	return bytes;
}

static uint64_t
managed_bytes(const struct row_live_pool *live)
{
	return live != NULL ? live->allocated_bytes + live->free_bytes : 0;
}

static uint64_t
consumed_bytes(const struct client_view *view, const struct row_pool *pool)
{
	const struct row_live_pool *live = state_find(view->live, ROW_LIVE_POOL, &pool->id);

	return MAX(backing_bytes(view, &pool->id), managed_bytes(live));
}

static int
describe(const struct client_view *view, const struct row_pool *pool, LPWSTR *ret_string)
{
	static const char *const kinds[] = {
		[DRIVE_OTHER] = "",
		[DRIVE_DISK] = "",
		[DRIVE_MEMORY] = ", in memory: its contents are gone after a restart",
		[DRIVE_NETWORK] = ", on another host",
	};
	struct row_slice pairs = state_pool_drives(view->live, &pool->id);
	AUTO(strbuf_fini) struct strbuf text = { 0 };

	strbuf_init(&text);
	strbuf_addf(&text, "directory %s", pool->path);
	for (size_t i = 0; i < pairs.count; i++) {
		const struct row_live_pool_drive *pair = pairs.rows[i];
		const struct row_live_drive *drive = state_find(view->live, ROW_LIVE_DRIVE,
								&pair->drive_id);

		if (drive != NULL)
			strbuf_addf(&text, "%s%s%s", i == 0 ? " on " : ", ", drive->name,
				    drive->kind < ARRAY_LEN(kinds) ? kinds[drive->kind] : "");
	}
	return text.failed ? -ENOMEM : com_string_out(text.text, ret_string);
}

static HRESULT STDMETHODCALLTYPE
pool_get_properties(IVdsStoragePool *self, VDS_STORAGE_POOL_PROP *prop)
{
	AUTO_LOOK struct provider_look look = { 0 };
	const struct row_live_pool *live;
	const struct row_pool *row;
	HRESULT hr = provider_enter(OBJECT(self), 0, &look, COM_OUT(prop, "pStoragePoolProp"));
	bool ready;
	int rc;

	if (FAILED(hr))
		return hr;
	row = look.row;
	live = state_find(look.view.live, ROW_LIVE_POOL, &row->id);
	ready = live != NULL && live->ready;
	rc = com_string_out(row->name, &prop->pwszName);
	if (rc == 0)
		rc = describe(&look.view, row, &prop->pwszDescription);
	if (rc < 0) {
		CoTaskMemFree(prop->pwszName);
		memset(prop, 0, sizeof(*prop));
		return com_error(rc);
	}
	com_guid_out(&row->id, &prop->id);
	prop->status = ready ? VDS_SPS_ONLINE : VDS_SPS_NOT_READY;
	prop->health = ready ? VDS_H_HEALTHY : live != NULL ? VDS_H_DEGRADED : VDS_H_UNKNOWN;
	prop->type = VDS_SPT_CONCRETE;
	prop->ullTotalConsumedSpace = consumed_bytes(&look.view, row);
	prop->ullTotalManagedSpace = managed_bytes(live);
	prop->ullRemainingFreeSpace = live != NULL ? live->free_bytes : 0;
	return S_OK;
}

/* ---- attributes ---- */

static uint64_t
promised_bytes(const struct state *config, const struct guid *pool_id)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < state_count(config, ROW_LUN); i++) {
		const struct row_lun *lun = state_at(config, ROW_LUN, i);

		if (guid_equal(&lun->pool_id, pool_id))
			bytes += lun->size_bytes;
	}
	return bytes;
}

/*
 * What is known of the drives together: the bus when it is the same for all, and how many complete
 * copies of the data they keep.
 */
static void
drive_attributes(const struct client_view *view, const struct guid *pool_id,
		 VDS_POOL_ATTRIBUTES *attributes)
{
	struct row_slice pairs = state_pool_drives(view->live, pool_id);
	VDS_STORAGE_BUS_TYPE bus = VDSBusTypeUnknown;
	const struct row_live_pool_drive *pair = NULL;
	bool disks = pairs.count > 0, same = true;
	ULONG copies;

	for (size_t i = 0; i < pairs.count; i++) {
		const struct row_live_drive *drive;

		pair = pairs.rows[i];
		drive = state_find(view->live, ROW_LIVE_DRIVE, &pair->drive_id);
		disks = disks && drive != NULL && drive->kind == DRIVE_DISK;
		same = same && drive != NULL && (i == 0 || provider_drive_bus(drive) == bus);
		bus = drive != NULL ? provider_drive_bus(drive) : VDSBusTypeUnknown;
	}
	if (same && bus != VDSBusTypeUnknown) {
		attributes->ullAttributeMask |= VDS_POOL_ATTRIB_BUSTYPE;
		attributes->busType = bus;
	}
	if (!disks || pair->device_bytes == 0)
		return;
	copies = (ULONG)MAX(backing_bytes(view, pool_id) / pair->device_bytes, 1u);
	attributes->ullAttributeMask |= VDS_POOL_ATTRIB_DATA_RDNCY_MAX |
					VDS_POOL_ATTRIB_DATA_RDNCY_MIN |
					VDS_POOL_ATTRIB_DATA_RDNCY_DEF;
	attributes->ulDataRedundancyMax = copies;
	attributes->ulDataRedundancyMin = copies;
	attributes->ulDataRedundancyDefault = copies;
}

/*
 * The attributes of a pool.  LUNs are thin unless they ask for all their space, so every pool
 * provisions thinly; what it has provisioned is at least what backs it, as VDS demands.  The host
 * is a single point of failure whatever the drives are.
 */
static void
attributes_of(const struct client_view *view, const struct row_pool *pool,
	      VDS_POOL_ATTRIBUTES *attributes)
{
	*attributes = (VDS_POOL_ATTRIBUTES){ .bIsThinProvisioned = TRUE };
	attributes->ullAttributeMask = VDS_POOL_ATTRIB_THIN_PROVISION |
				       VDS_POOL_ATTRIB_ALLOW_SPINDOWN |
				       VDS_POOL_ATTRIB_NO_SINGLE_POF;
	attributes->ullProvisionedSpace = MAX(promised_bytes(view->config, &pool->id),
					      consumed_bytes(view, pool));
	drive_attributes(view, &pool->id, attributes);
}

static HRESULT STDMETHODCALLTYPE
pool_get_attributes(IVdsStoragePool *self, VDS_POOL_ATTRIBUTES *attributes)
{
	AUTO_LOOK struct provider_look look = { 0 };
	HRESULT hr = provider_enter(OBJECT(self), 0, &look,
				    COM_OUT(attributes, "pStoragePoolAttributes"));

	if (SUCCEEDED(hr))
		attributes_of(&look.view, look.row, attributes);
	return hr;
}

/* A member of VDS_POOL_ATTRIBUTES and the bit of the mask that says that it counts. */
#define ATTRIBUTE(bit, member)                                                \
	{                                                                     \
		VDS_POOL_ATTRIB_##bit, offsetof(VDS_POOL_ATTRIBUTES, member), \
			sizeof(((VDS_POOL_ATTRIBUTES *)0)->member)            \
	}

/*
 * Returns whether the pool has all attributes that are asked for.  Of those that a pool of this
 * array can have, none is a text.
 */
static bool
has_attributes(const VDS_POOL_ATTRIBUTES *pool, const VDS_POOL_ATTRIBUTES *asked)
{
	/* clang-format off */
	static const struct { ULONGLONG bit; size_t offset, size; } members[] = {
		ATTRIBUTE(BUSTYPE, busType),
		ATTRIBUTE(ALLOW_SPINDOWN, bSpinDown),
		ATTRIBUTE(THIN_PROVISION, bIsThinProvisioned),
		ATTRIBUTE(NO_SINGLE_POF, bNoSinglePointOfFailure),
		ATTRIBUTE(DATA_RDNCY_MAX, ulDataRedundancyMax),
		ATTRIBUTE(DATA_RDNCY_MIN, ulDataRedundancyMin),
		ATTRIBUTE(DATA_RDNCY_DEF, ulDataRedundancyDefault),
	};
	/* clang-format on */

	if ((asked->ullAttributeMask & ~pool->ullAttributeMask) != 0)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(members); i++)
		if ((asked->ullAttributeMask & members[i].bit) != 0 &&
		    memcmp((const char *)pool + members[i].offset,
			   (const char *)asked + members[i].offset, members[i].size) != 0)
			return false;
	return true;
}

/* ---- what is in a pool ---- */

static HRESULT STDMETHODCALLTYPE
pool_query_drive_extents(IVdsStoragePool *self, VDS_STORAGE_POOL_DRIVE_EXTENT **ret_extents,
			 LONG *ret_count)
{
	AUTO_LOOK struct provider_look look = { 0 };
	HRESULT hr = COM_OUT(ret_extents, "ppExtentArray");
	HRESULT also = COM_OUT(ret_count, "plNumberOfExtents");

	hr = provider_enter(OBJECT(self), 0, &look, FAILED(hr) ? hr : also);
	if (FAILED(hr))
		return hr;
	return provider_pool_extents(&look.view, &OBJECT(self)->id, ret_extents, ret_count);
}

static HRESULT STDMETHODCALLTYPE
pool_query_allocated_luns(IVdsStoragePool *self, IEnumVdsObject **ret_enum)
{
	struct com_object *object = OBJECT(self);
	AUTO_LOOK struct provider_look look = { 0 };
	HRESULT hr = provider_enter(object, 0, &look, COM_OUT(ret_enum, "ppEnum"));
	struct com_list *list;
	size_t count = 0, total;

	if (FAILED(hr))
		return hr;
	total = state_count(look.view.config, ROW_LUN);
	list = com_list_new(object->space, &provider_lun_class, total);
	for (size_t i = 0; list != NULL && i < total; i++) {
		const struct row_lun *lun = state_at(look.view.config, ROW_LUN, i);

		if (guid_equal(&lun->pool_id, &object->id))
			list->ids[count++] = lun->id;
	}
	if (list != NULL)
		list->count = count;
	return com_enum_new(list, ret_enum);
}

static HRESULT STDMETHODCALLTYPE
pool_query_allocated_pools(IVdsStoragePool *self, IEnumVdsObject **ret_enum)
{
	return provider_list_none(OBJECT(self), 0, ret_enum);
}

static const IVdsStoragePoolVtbl pool_vtable = {
	COM_UNKNOWN(pool),
	.GetProvider = pool_get_provider,
	.GetProperties = pool_get_properties,
	.GetAttributes = pool_get_attributes,
	.QueryDriveExtents = pool_query_drive_extents,
	.QueryAllocatedLuns = pool_query_allocated_luns,
	.QueryAllocatedStoragePools = pool_query_allocated_pools,
};

/* clang-format off */
static const struct com_interface interfaces[] = {
	COM_INTERFACE(storagepool, IVdsStoragePool, pool),
};
/* clang-format on */

const struct com_class provider_storagepool_class = {
	.name = "storage pool",
	.kind = ROW_POOL,
	.size_bytes = sizeof(struct storagepool),
	.interfaces = interfaces,
	.interface_count = ARRAY_LEN(interfaces),
};

/* ---- IVdsHwProviderStoragePools ---- */

/* What a program looks for. */
struct filter {
	ULONG flags;
	uint64_t free_bytes;
	const VDS_POOL_ATTRIBUTES *attributes; /* NULL = any */
};

static bool
matches(const struct client_view *view, const void *row, const void *arg)
{
	const struct filter *filter = arg;
	const struct row_pool *pool = row;
	const struct row_live_pool *live = state_find(view->live, ROW_LIVE_POOL, &pool->id);
	VDS_POOL_ATTRIBUTES attributes;

	if (filter->flags != 0 && (filter->flags & VDS_SPT_CONCRETE) == 0)
		return false;
	if ((live != NULL ? live->free_bytes : 0) < filter->free_bytes)
		return false;
	if (filter->attributes == NULL)
		return true;
	attributes_of(view, pool, &attributes);
	return has_attributes(&attributes, filter->attributes);
}

#define ATTRIBUTES_ALL ((VDS_POOL_ATTRIB_CUSTOM_ATTRIB << 1) - 1)

HRESULT
provider_list_pools(struct com_object *provider, ULONG flags, ULONGLONG free_bytes,
		    const VDS_POOL_ATTRIBUTES *attributes, IEnumVdsObject **ret_enum)
{
	const struct filter filter = { flags, free_bytes, attributes };
	HRESULT hr = COM_OUT(ret_enum, "ppEnum");

	if (SUCCEEDED(hr) && (flags & ~(ULONG)(VDS_SPT_PRIMORDIAL | VDS_SPT_CONCRETE)) != 0)
		hr = com_fail(E_INVALIDARG, "ulFlags has unknown flags");
	if (SUCCEEDED(hr) && attributes != NULL &&
	    (attributes->ullAttributeMask & ~(ULONGLONG)ATTRIBUTES_ALL) != 0)
		hr = com_fail(E_INVALIDARG, "the mask of pPoolAttributes has unknown bits");
	if (FAILED(hr))
		return hr;
	return provider_list_filtered(provider, &provider_storagepool_class, matches, &filter,
				      ret_enum);
}

/* As provider_enter_named.  VDS documents no other code for a pool that is not there. */
static HRESULT
enter_pool(struct com_object *provider, const struct guid *id, struct provider_look *look,
	   HRESULT arguments)
{
	HRESULT hr = provider_enter_named(provider, ROW_POOL, id, look, NULL, arguments);

	return hr != VDS_E_OBJECT_NOT_FOUND
		       ? hr
		       : com_fail(E_INVALIDARG, "there is no storage pool with this id");
}

static HRESULT
check_pool(const VDS_OBJECT_ID *pool_id, struct guid *ret_id)
{
	com_guid_in(pool_id, ret_id);
	return guid_is_zero(ret_id) ? com_fail(E_INVALIDARG, "StoragePoolId is GUID_NULL") : S_OK;
}

HRESULT
provider_create_lun_in_pool(struct com_object *provider, VDS_LUN_TYPE type, ULONGLONG size,
			    const VDS_OBJECT_ID *pool_id, const WCHAR *unmasking_list,
			    const VDS_HINTS2 *hints, IVdsAsync **ret_async)
{
	struct client_lun_spec spec = { .size_bytes = size, .fits = true };
	AUTO_LOOK struct provider_look look = { 0 };
	struct client_answer answer = { 0 };
	AUTO_FREE char *mask = NULL, *hint_text = NULL;
	struct hints wanted = { 0 };
	HRESULT hr = COM_OUT(ret_async, "ppAsync");
	int rc;

	if (SUCCEEDED(hr))
		hr = com_text(unmasking_list, "pwszUnmaskingList", &mask);
	if (SUCCEEDED(hr) && size == 0)
		hr = com_fail(E_INVALIDARG, "ullSizeInBytes is 0");
	if (SUCCEEDED(hr))
		hr = provider_hints2_in(hints, &wanted);
	if (SUCCEEDED(hr))
		hr = com_error(hints_format(&wanted, &hint_text));
	if (SUCCEEDED(hr))
		hr = check_pool(pool_id, &spec.pool_id);
	if (SUCCEEDED(hr))
		hr = provider_lun_type_check(type);
	hr = enter_pool(provider, &spec.pool_id, &look, hr);
	if (SUCCEEDED(hr))
		hr = com_error(com_async_reserve());
	if (FAILED(hr))
		return hr;
	if (size > PROVIDER_LUN_BYTES_MAX)
		return com_fail(VDS_E_NOT_ENOUGH_SPACE, "a LUN has at most 2^53 bytes");
	spec.mask = mask;
	spec.thick = hints_want_thick(&wanted);
	spec.hints = *hint_text != '\0' ? hint_text : NULL;
	rc = client_lun_create(look.client, &spec, &answer);
	if (rc < 0)
		return com_error(rc);
	return provider_async_new(provider, VDS_ASYNCOUT_CREATELUN, &provider_lun_class, &answer,
				  ret_async);
}

HRESULT
provider_max_size_in_pool(struct com_object *provider, VDS_LUN_TYPE type,
			  const VDS_OBJECT_ID *pool_id, const VDS_HINTS2 *hints,
			  ULONGLONG *ret_size)
{
	AUTO_LOOK struct provider_look look = { 0 };
	HRESULT hr = COM_OUT(ret_size, "pullMaxLunSize");
	struct hints wanted = { 0 };
	struct guid id;
	uint64_t size = 0;
	int rc;

	if (SUCCEEDED(hr))
		hr = provider_hints2_in(hints, &wanted);
	if (SUCCEEDED(hr))
		hr = check_pool(pool_id, &id);
	if (SUCCEEDED(hr))
		hr = provider_lun_type_check(type);
	hr = enter_pool(provider, &id, &look, hr);
	if (FAILED(hr))
		return hr;
	rc = client_max_lun_size(look.client, &id, hints_want_thick(&wanted), true, &size);
	if (rc == 0)
		*ret_size = size;
	return com_error(rc);
}
