/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Objects on both sides of a connection.  Any thread may call it.
 *
 * An object of this process that was sent is an export, which holds one reference to each interface
 * that it has; these are asked for once, when it is sent first, so that QueryInterface needs no
 * call.  An object of the other process is a proxy; the same object has one proxy at a time.
 *
 * Each side counts how often an object was sent and received.  When the last reference to a proxy
 * goes, its process says how often it had got it; the export ends when all that was sent is dropped
 * so.  A message that is still under way thus keeps the object, whatever crosses it.
 */
#include "remote/remote_int.h"

#include <errno.h>
#include <string.h>

static struct guid
key_of(const void *bytes, size_t size)
{
	struct guid key = { { 0 } };

	memcpy(key.bytes, bytes, size);
	return key;
}

static struct guid
key_of_id(uint64_t id)
{
	return key_of(&id, sizeof(id));
}

static struct guid
key_of_identity(const IUnknown *identity)
{
	return key_of(&identity, sizeof(identity));
}

/* Returns how many interfaces of a mask come before one. */
static size_t
place_of(const struct remote_mask *mask, uint32_t interface)
{
	size_t place = 0;

	for (uint32_t i = 0; i < interface; i++)
		place += remote_mask_has(mask, i) ? 1 : 0;
	return place;
}

/* ---- objects of this process ---- */

void *
remote_export_interface(const struct remote_export *export, uint32_t interface)
{
	if (interface == REMOTE_UNKNOWN)
		return export->identity;
	if (!remote_mask_has(&export->mask, interface))
		return NULL;
	return export->interfaces[place_of(&export->mask, interface)];
}

static void
export_free(struct remote_export *export)
{
	const size_t count = place_of(&export->mask, REMOTE_INTERFACES_MAX);

	for (size_t i = 0; i < count; i++)
		IUnknown_Release((IUnknown *)export->interfaces[i]);
	IUnknown_Release(export->identity);
	mem_free(export);
}

/* Makes an export; takes over the reference to identity. Returns NULL when out of memory. */
static struct remote_export *
export_new(IUnknown *identity)
{
	void *found[REMOTE_INTERFACES_MAX];
	struct remote_mask mask = { { 0 } };
	struct remote_export *export;
	size_t count = 0;

	for (size_t i = 0; i < remote_interface_count; i++) {
		found[count] = NULL;
		if (FAILED(IUnknown_QueryInterface(identity, remote_interfaces[i].iid,
						   &found[count])) ||
		    found[count] == NULL)
			continue;
		mask.bits[i / 64] |= (uint64_t)1 << i % 64;
		count++;
	}
	export = mem_calloc(1, sizeof(*export) + count * sizeof(found[0]));
	if (export == NULL) {
		for (size_t i = 0; i < count; i++)
			IUnknown_Release((IUnknown *)found[i]);
		IUnknown_Release(identity);
		return NULL;
	}
	export->identity = identity;
	export->mask = mask;
	if (count > 0)
		memcpy(export->interfaces, found, count * sizeof(found[0]));
	return export;
}

/* Puts a new export into the maps.  Called under objects_lock.  Returns 0 or -ENOMEM. */
static int
export_add(struct remote *remote, struct remote_export *export)
{
	const struct guid identity = key_of_identity(export->identity);
	struct guid id;

	export->id = ++remote->last_id;
	id = key_of_id(export->id);
	if (guid_map_put(&remote->exports, &id, export) < 0)
		return -ENOMEM;
	if (guid_map_put(&remote->identities, &identity, export) == 0)
		return 0;
	guid_map_remove(&remote->exports, &id);
	return -ENOMEM;
}

/* Takes an export out of the maps when nobody needs it.  Called under objects_lock. */
static struct remote_export *
export_take_unused(struct remote *remote, struct remote_export *export)
{
	const struct guid id = key_of_id(export->id);
	const struct guid identity = key_of_identity(export->identity);

	if (export->sent > 0 || export->active > 0)
		return NULL;
	guid_map_remove(&remote->exports, &id);
	guid_map_remove(&remote->identities, &identity);
	remote->leaving++;
	return export;
}

/* Frees an export that was taken out of the maps; accepts NULL. */
static void
export_end(struct remote *remote, struct remote_export *export)
{
	if (export == NULL)
		return;
	export_free(export);
	pthread_mutex_lock(&remote->objects_lock);
	remote->leaving--;
	pthread_cond_broadcast(&remote->left);
	pthread_mutex_unlock(&remote->objects_lock);
}

/* Counts one more sending of an object that is known. Returns it, or NULL. */
static struct remote_export *
export_again(struct remote *remote, const IUnknown *identity)
{
	const struct guid key = key_of_identity(identity);
	struct remote_export *export = guid_map_find(&remote->identities, &key);

	if (export != NULL)
		export->sent++;
	return export;
}

/* Finds or makes the export of an object; consumes identity. Returns 0 or -ENOMEM. */
static int
export_of(struct remote *remote, IUnknown *identity, struct remote_wire_object *ret_named)
{
	struct remote_export *export, *made = NULL;
	int rc = 0;

	pthread_mutex_lock(&remote->objects_lock);
	export = export_again(remote, identity);
	if (export == NULL) {
		pthread_mutex_unlock(&remote->objects_lock);
		made = export_new(identity);
		if (made == NULL)
			return -ENOMEM;
		pthread_mutex_lock(&remote->objects_lock);
		export = export_again(remote, made->identity);
		if (export == NULL) {
			rc = export_add(remote, made);
			export = made;
			export->sent = 1;
		}
	}
	if (rc == 0)
		*ret_named = (struct remote_wire_object){ .id = export->id, .mask = export->mask };
	pthread_mutex_unlock(&remote->objects_lock);
	if (made == NULL)
		IUnknown_Release(identity);
	else if (rc < 0 || made != export)
		export_free(made);
	return rc;
}

struct remote_export *
remote_hold(struct remote *remote, uint64_t id)
{
	const struct guid key = key_of_id(id);
	struct remote_export *export;

	pthread_mutex_lock(&remote->objects_lock);
	export = guid_map_find(&remote->exports, &key);
	if (export != NULL)
		export->active++;
	pthread_mutex_unlock(&remote->objects_lock);
	return export;
}

void
remote_unhold(struct remote *remote, struct remote_export *export)
{
	struct remote_export *unused;

	pthread_mutex_lock(&remote->objects_lock);
	export->active--;
	unused = export_take_unused(remote, export);
	pthread_mutex_unlock(&remote->objects_lock);
	export_end(remote, unused);
}

void
remote_released(struct remote *remote, uint64_t id, uint64_t count)
{
	const struct guid key = key_of_id(id);
	struct remote_export *export, *unused = NULL;

	pthread_mutex_lock(&remote->objects_lock);
	export = guid_map_find(&remote->exports, &key);
	if (export != NULL) {
		export->sent -= MIN(count, export->sent);
		unused = export_take_unused(remote, export);
	}
	pthread_mutex_unlock(&remote->objects_lock);
	export_end(remote, unused);
}

void
remote_drop_objects(struct remote *remote)
{
	struct remote_export *export, *unused = NULL, *next;
	size_t cursor = 0;

	pthread_mutex_lock(&remote->objects_lock);
	while ((export = guid_map_next(&remote->exports, &cursor)) != NULL) {
		export->sent = 0;
		export->next = unused;
		unused = export;
	}
	export = unused;
	unused = NULL;
	for (; export != NULL; export = next) {
		next = export->next;
		if (export_take_unused(remote, export) != NULL) {
			export->next = unused;
			unused = export;
		}
	}
	pthread_mutex_unlock(&remote->objects_lock);
	for (; unused != NULL; unused = next) {
		next = unused->next;
		export_end(remote, unused);
	}
}

void
remote_wait_for_objects(struct remote *remote)
{
	pthread_mutex_lock(&remote->objects_lock);
	while (remote->exports.count > 0 || remote->leaving > 0)
		pthread_cond_wait(&remote->left, &remote->objects_lock);
	pthread_mutex_unlock(&remote->objects_lock);
}

/* ---- objects of the other process ---- */

static HRESULT STDMETHODCALLTYPE
unknown_query(IUnknown *self, REFIID riid, void **ppv)
{
	return remote_query(self, riid, ppv);
}

static ULONG STDMETHODCALLTYPE
unknown_add_ref(IUnknown *self)
{
	return remote_add_ref(self);
}

static ULONG STDMETHODCALLTYPE
unknown_release(IUnknown *self)
{
	return remote_release(self);
}

static const IUnknownVtbl unknown_vtable = {
	.QueryInterface = unknown_query,
	.AddRef = unknown_add_ref,
	.Release = unknown_release,
};

static void *
proxy_interface(struct remote_proxy *proxy, uint32_t interface)
{
	if (interface == REMOTE_UNKNOWN)
		return &proxy->slots[0];
	if (!remote_mask_has(&proxy->mask, interface))
		return NULL;
	return &proxy->slots[1 + place_of(&proxy->mask, interface)];
}

HRESULT
remote_query(void *self, REFIID riid, void **ppv)
{
	struct remote_proxy *proxy = remote_slot_of(self)->proxy;

	if (ppv == NULL)
		return E_POINTER;
	*ppv = NULL;
	if (riid == NULL)
		return E_INVALIDARG;
	if (IsEqualIID(riid, &IID_IUnknown))
		*ppv = &proxy->slots[0];
	for (size_t i = 1; *ppv == NULL && i < proxy->slot_count; i++) {
		if (IsEqualIID(riid, remote_interfaces[proxy->slots[i].interface].iid))
			*ppv = &proxy->slots[i];
	}
	if (*ppv == NULL)
		return E_NOINTERFACE;
	remote_add_ref(*ppv);
	return S_OK;
}

ULONG
remote_add_ref(void *self)
{
	struct remote_proxy *proxy = remote_slot_of(self)->proxy;

	return atomic_fetch_add_explicit(&proxy->refs, 1, memory_order_relaxed) + 1;
}

/*
 * Tells the other process that an object is no longer needed here.  Needs no memory, as long as the
 * socket takes what is sent; what fails otherwise keeps the object until the connection ends.
 */
static void
send_release(struct remote *remote, uint64_t id, uint64_t count)
{
	struct remote_release release = { .object = id, .count = count };
	struct remote_out out = {
		.remote = remote,
		.bytes = (uint8_t *)&release,
		.size = sizeof(release),
	};

	remote_send(remote, REMOTE_RELEASE, 0, &out);
}

ULONG
remote_release(void *self)
{
	struct remote_proxy *proxy = remote_slot_of(self)->proxy;
	ULONG left = atomic_fetch_sub_explicit(&proxy->refs, 1, memory_order_acq_rel) - 1;
	struct remote *remote = proxy->remote;
	const struct guid key = key_of_id(proxy->id);
	uint64_t received;

	if (left > 0)
		return left;
	pthread_mutex_lock(&remote->objects_lock);
	if (guid_map_find(&remote->proxies, &key) == proxy)
		guid_map_remove(&remote->proxies, &key);
	received = proxy->received;
	pthread_mutex_unlock(&remote->objects_lock);
	send_release(remote, proxy->id, received);
	mem_free(proxy);
	remote_unref(remote);
	return 0;
}

void
remote_proxy_unref(struct remote_proxy *proxy)
{
	remote_release(&proxy->slots[0]);
}

static struct remote_proxy *
proxy_new(struct remote *remote, uint64_t id, const struct remote_mask *mask)
{
	const size_t count = 1 + place_of(mask, (uint32_t)remote_interface_count);
	struct remote_proxy *proxy;
	size_t at = 1;

	proxy = mem_calloc(1, sizeof(*proxy) + count * sizeof(proxy->slots[0]));
	if (proxy == NULL)
		return NULL;
	atomic_init(&proxy->refs, 1);
	proxy->remote = remote_ref(remote);
	proxy->id = id;
	proxy->received = 1;
	proxy->slot_count = count;
	proxy->slots[0] = (struct remote_slot){ &unknown_vtable, proxy, REMOTE_UNKNOWN };
	for (uint32_t i = 0; i < remote_interface_count; i++) {
		if (!remote_mask_has(mask, i))
			continue;
		proxy->mask.bits[i / 64] |= (uint64_t)1 << i % 64;
		proxy->slots[at++] = (struct remote_slot){ remote_interfaces[i].vtable, proxy, i };
	}
	return proxy;
}

/* Takes a reference, unless the last one was released already. Returns whether it did. */
static bool
ref_unless_zero(struct remote_proxy *proxy)
{
	unsigned refs = atomic_load_explicit(&proxy->refs, memory_order_relaxed);

	while (refs != 0) {
		if (atomic_compare_exchange_weak_explicit(&proxy->refs, &refs, refs + 1,
							  memory_order_acquire,
							  memory_order_relaxed))
			return true;
	}
	return false;
}

/* Returns the proxy of an object that has come, with one reference; NULL: out of memory. */
static struct remote_proxy *
proxy_of(struct remote *remote, const struct remote_wire_object *wire)
{
	const struct guid key = key_of_id(wire->id);
	struct remote_proxy *proxy;

	pthread_mutex_lock(&remote->objects_lock);
	proxy = guid_map_find(&remote->proxies, &key);
	if (proxy != NULL && ref_unless_zero(proxy)) {
		proxy->received++;
	} else {
		proxy = proxy_new(remote, wire->id, &wire->mask);
		if (proxy != NULL && guid_map_put(&remote->proxies, &key, proxy) < 0) {
			mem_free(proxy);
			remote_unref(remote); /* not the last one: the caller has one */
			proxy = NULL;
		}
	}
	pthread_mutex_unlock(&remote->objects_lock);
	if (proxy == NULL)
		send_release(remote, wire->id, 1);
	return proxy;
}

/* ---- objects in messages ---- */

/* Returns the proxy behind an interface when it is one of this connection, or NULL. */
static struct remote_proxy *
proxy_behind(struct remote *remote, void *object)
{
	const void *vtable = *(const void *const *)object;
	bool is_proxy = vtable == &unknown_vtable;

	for (size_t i = 0; !is_proxy && i < remote_interface_count; i++)
		is_proxy = vtable == remote_interfaces[i].vtable;
	if (!is_proxy || remote_slot_of(object)->proxy->remote != remote)
		return NULL;
	return remote_slot_of(object)->proxy;
}

int
remote_name(struct remote *remote, void *object, struct remote_wire_object *ret_named)
{
	struct remote_proxy *proxy = proxy_behind(remote, object);
	IUnknown *identity = NULL;

	if (proxy != NULL) {
		*ret_named = (struct remote_wire_object){ .id = proxy->id, .is_receivers = 1 };
		return 0;
	}
	if (FAILED(IUnknown_QueryInterface((IUnknown *)object, &IID_IUnknown,
					   (void **)&identity)) ||
	    identity == NULL)
		return -EPROTO;
	return export_of(remote, identity, ret_named);
}

int
remote_find(struct remote *remote, const struct remote_wire_object *wire,
	    struct remote_named *ret_named)
{
	*ret_named = (struct remote_named){ 0 };
	if (wire->is_receivers != 0) {
		ret_named->export = remote_hold(remote, wire->id);
		return ret_named->export != NULL ? 0 : -EPROTO;
	}
	ret_named->proxy = proxy_of(remote, wire);
	return ret_named->proxy != NULL ? 0 : -ENOMEM;
}

void
remote_named_drop(struct remote *remote, const struct remote_named *named)
{
	if (named->proxy != NULL)
		remote_proxy_unref(named->proxy);
	if (named->export != NULL)
		remote_unhold(remote, named->export);
}

void *
remote_named_interface(const struct remote_named *named, uint32_t interface)
{
	void *object = named->proxy != NULL ? proxy_interface(named->proxy, interface)
					    : remote_export_interface(named->export, interface);

	if (object != NULL)
		IUnknown_AddRef((IUnknown *)object);
	return object;
}
