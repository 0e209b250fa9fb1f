/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Wrappers: the objects that programs hold in place of the objects of providers, by containment.
 * gen-wraps makes their methods from idl/vds.idl; this file makes the wrappers, finds them again,
 * and has the two classes whose methods pass on more than one object: enumerators and asynchronous
 * operations.  Any thread may call it.
 *
 * Invariants:
 * 1. The same object of a provider has at most one living wrapper of a class, so that programs can
 *    compare objects by their IUnknown.
 * 2. A wrapper asks for the provider's interfaces once, when it is made, so its set of interfaces
 *    never changes, whatever the provider does later.
 */
#include "service/service_int.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"

#define WRAPS_KEY_CLASS 8 /* offset of the class in the key, behind the object's address */

/* Stands in a slot for "the service itself has this interface". */
static char added;

/* ---- IUnknown ---- */

static void *
find_interface(struct service_wrap *wrap, REFIID riid)
{
	const struct com_class *class = wrap->com.class;

	if (IsEqualIID(riid, &IID_IUnknown))
		return com_unknown(&wrap->com);
	for (size_t i = 0; i < class->interface_count; i++) {
		if (IsEqualIID(riid, class->interfaces[i].iid))
			return wrap->slots[i].inner != NULL ? &wrap->slots[i] : NULL;
	}
	return NULL;
}

HRESULT
service_wrap_query(struct service_slot *slot, REFIID riid, void **ppv)
{
	struct service_wrap *wrap = slot->wrap;

	if (ppv == NULL)
		return com_fail(E_POINTER, "ppvObject is NULL");
	*ppv = NULL;
	if (riid == NULL)
		return COM_NULL_ARGUMENT("riid");
	if (IsEqualIID(riid, &com_iid_object)) /* VdsSync, which no program gets this from */
		return IUnknown_QueryInterface(wrap->identity, riid, ppv);
	*ppv = find_interface(wrap, riid);
	if (*ppv == NULL)
		return com_fail(E_NOINTERFACE, "the object does not offer this interface");
	com_add_ref(&wrap->com);
	return S_OK;
}

ULONG
service_wrap_add_ref(struct service_slot *slot)
{
	return com_add_ref(&slot->wrap->com);
}

ULONG
service_wrap_release(struct service_slot *slot)
{
	return com_release(&slot->wrap->com);
}

/* ---- life ---- */

static struct guid
key_of(const IUnknown *identity, const struct com_class *class)
{
	struct guid key = { { 0 } };

	memcpy(key.bytes, &identity, sizeof(identity));
	memcpy(key.bytes + WRAPS_KEY_CLASS, &class, sizeof(class));
	return key;
}

static void
forget(struct service_wrap *wrap)
{
	struct service *service = service_of(&wrap->com);
	struct guid key = key_of(wrap->identity, wrap->com.class);

	pthread_mutex_lock(&service->wraps_lock);
	if (guid_map_find(&service->wraps, &key) == wrap)
		guid_map_remove(&service->wraps, &key);
	pthread_mutex_unlock(&service->wraps_lock);
}

void
service_wrap_fini(struct com_object *object)
{
	struct service_wrap *wrap = container_of(object, struct service_wrap, com);

	if (wrap->mapped)
		forget(wrap);
	for (size_t i = 0; i < object->class->interface_count; i++) {
		if (wrap->slots[i].inner != NULL && wrap->slots[i].inner != &added)
			IUnknown_Release((IUnknown *)wrap->slots[i].inner);
	}
	if (wrap->identity != NULL)
		IUnknown_Release(wrap->identity);
	if (wrap->provider != NULL)
		service_provider_unref(wrap->provider);
}

/*
 * Returns the provider's interface for a slot with a new reference, NULL when the object does not
 * offer it, or &added for an interface that the service adds.
 */
static void *
inner_of(IUnknown *identity, const IID *iid)
{
	void *inner = NULL;

	if (IsEqualIID(iid, &IID_IVdsIscsiPortalLocal))
		return &added;
	if (IsEqualIID(iid, &IID_IVdsSubSystemImportTarget)) { /* of iSCSI subsystems only */
		inner = inner_of(identity, &IID_IVdsSubSystemIscsi);
		if (inner != NULL)
			IUnknown_Release((IUnknown *)inner);
		return inner != NULL ? &added : NULL;
	}
	if (FAILED(IUnknown_QueryInterface(identity, iid, &inner)))
		return NULL;
	return inner;
}

/* Makes a wrapper, which takes over the reference to identity. Returns NULL when out of memory. */
static struct service_wrap *
wrap_new(struct com_space *space, struct service_provider *provider, const struct com_class *class,
	 IUnknown *identity)
{
	struct service_wrap *wrap = com_object_new(space, class);

	if (wrap == NULL) {
		IUnknown_Release(identity);
		return NULL;
	}
	wrap->identity = identity;
	wrap->provider = service_provider_ref(provider);
	for (size_t i = 0; i < class->interface_count; i++) {
		wrap->slots[i].wrap = wrap;
		wrap->slots[i].inner = inner_of(identity, class->interfaces[i].iid);
	}
	return wrap;
}

/*
 * Returns the living wrapper for a key, with a new reference.  When there is none, puts `made` into
 * the map and returns it, or returns NULL when made is NULL or memory is short.
 */
static struct service_wrap *
find_or_put(struct service *service, const struct guid *key, struct service_wrap *made)
{
	struct service_wrap *wrap;

	pthread_mutex_lock(&service->wraps_lock);
	wrap = guid_map_find(&service->wraps, key);
	if (wrap != NULL && !com_ref_unless_zero(&wrap->com))
		wrap = NULL;
	if (wrap == NULL && made != NULL && guid_map_put(&service->wraps, key, made) == 0) {
		made->mapped = true;
		wrap = made;
	}
	pthread_mutex_unlock(&service->wraps_lock);
	return wrap;
}

/* Returns the wrapper of an object with one reference; consumes identity. NULL: out of memory. */
static struct service_wrap *
wrap_of(struct com_space *space, struct service_provider *provider, const struct com_class *class,
	IUnknown *identity)
{
	struct service *service = container_of(space, struct service, space);
	struct guid key = key_of(identity, class);
	struct service_wrap *wrap = find_or_put(service, &key, NULL);
	struct service_wrap *made;

	if (wrap != NULL) {
		IUnknown_Release(identity);
		return wrap;
	}
	made = wrap_new(space, provider, class, identity);
	if (made == NULL)
		return NULL;
	wrap = find_or_put(service, &key, made);
	if (wrap != made)
		com_release(&made->com);
	return wrap;
}

/* Replaces an interface of a provider's object by the object's IUnknown. Consumes inner. */
static IUnknown *
identity_of(void *inner)
{
	IUnknown *identity = NULL;

	if (FAILED(IUnknown_QueryInterface((IUnknown *)inner, &IID_IUnknown, (void **)&identity)))
		identity = NULL;
	IUnknown_Release((IUnknown *)inner);
	return identity;
}

/* Returns E_UNEXPECTED for a provider that breaks the rules of COM, and says so in the log. */
static HRESULT
broken(const struct service_provider *provider, const char *what)
{
	const char *name = provider->registration.name;
	char quoted[128];

	log_warning_from(name, "service.provider_broken", "provider=%s error=\"%s\"",
			 log_quote(name, quoted, sizeof(quoted)), what);
	return com_fail(E_UNEXPECTED, what);
}

HRESULT
service_wrap_give(struct com_space *space, struct service_provider *provider,
		  const struct com_class *class, void *inner, REFIID riid, void **ppv)
{
	struct service_wrap *wrap;
	IUnknown *identity;
	HRESULT hr;

	*ppv = NULL;
	if (inner == NULL)
		return broken(provider, "the provider succeeded without an object");
	identity = identity_of(inner);
	if (identity == NULL)
		return broken(provider, "the provider's object has no IUnknown");
	wrap = wrap_of(space, provider, class, identity);
	if (wrap == NULL)
		return com_error(-ENOMEM);
	hr = service_wrap_query(&wrap->slots[0], riid, ppv);
	com_release(&wrap->com);
	return hr;
}

HRESULT
service_wrap_out(struct service_slot *slot, HRESULT hr, const struct com_class *class, REFIID riid,
		 void *ret_object)
{
	struct service_wrap *wrap = slot->wrap;
	void **place = ret_object;
	HRESULT given;

	if (place == NULL) /* an out-parameter that may be NULL */
		return hr;
	if (FAILED(hr)) {
		*place = NULL;
		return hr;
	}
	given = service_wrap_give(wrap->com.space, wrap->provider, class, *place, riid, place);
	return FAILED(given) ? given : hr;
}

/* Returns whether a table of methods is one of a class of wrappers. */
static bool
is_of_class(const void *vtable, const struct com_class *class)
{
	for (size_t i = 0; i < class->interface_count; i++) {
		if (class->interfaces[i].vtable == vtable)
			return true;
	}
	return false;
}

/*
 * Returns the slot behind an interface that a program passed, or NULL when the object is none of
 * ours: only wrappers have these tables of methods.
 */
static struct service_slot *
slot_behind(void *pointer)
{
	const void *vtable = *(const void *const *)pointer;

	if (is_of_class(vtable, &service_disk_class) || is_of_class(vtable, &service_vdisk_class))
		return service_slot_of(pointer);
	return NULL;
}

HRESULT
service_unwrap(struct service_slot *slot, void *object, REFIID riid, void **ret_inner)
{
	struct service_slot *other;
	HRESULT hr = E_INVALIDARG;
	void *pointer = NULL;

	*ret_inner = NULL;
	if (object == NULL)
		return com_fail(E_INVALIDARG, "an object argument is NULL");
	if (FAILED(IUnknown_QueryInterface((IUnknown *)object, riid, &pointer)))
		return com_fail(E_INVALIDARG, "an object argument has the wrong type");
	other = slot_behind(pointer);
	if (other != NULL && other->wrap->provider == slot->wrap->provider)
		hr = IUnknown_QueryInterface(other->wrap->identity, riid, ret_inner);
	IUnknown_Release((IUnknown *)pointer);
	return FAILED(hr) ? com_fail(E_INVALIDARG, "the object is not one of this provider") : S_OK;
}

/* ---- enumerators ---- */

SERVICE_THUNKS(IEnumVdsObject);

static IEnumVdsObject *
inner_enum(IEnumVdsObject *self)
{
	return service_slot_of(self)->inner;
}

/*
 * Replaces `count` objects of the provider by their wrappers; all of them are released after a
 * failure.
 */
static HRESULT
wrap_elements(struct service_wrap *wrap, IUnknown **objects, ULONG count)
{
	HRESULT hr = S_OK;

	for (ULONG i = 0; i < count; i++) {
		IUnknown *inner = objects[i];

		objects[i] = NULL;
		if (SUCCEEDED(hr))
			hr = service_wrap_give(wrap->com.space, wrap->provider, wrap->element,
					       inner, &IID_IUnknown, (void **)&objects[i]);
		else if (inner != NULL)
			IUnknown_Release(inner);
	}
	for (ULONG i = 0; FAILED(hr) && i < count; i++) {
		if (objects[i] != NULL)
			IUnknown_Release(objects[i]);
		objects[i] = NULL;
	}
	return hr;
}

static HRESULT STDMETHODCALLTYPE
enum_next(IEnumVdsObject *self, ULONG celt, IUnknown **objects, ULONG *ret_fetched)
{
	struct service_slot *slot = service_slot_of(self);
	HRESULT hr = COM_OUT(ret_fetched, "pcFetched");
	HRESULT wrapped;

	if (SUCCEEDED(hr) && objects == NULL && celt != 0)
		hr = COM_NULL_ARGUMENT("ppObjectArray");
	if (FAILED(hr))
		return hr;
	hr = IEnumVdsObject_Next(inner_enum(self), celt, objects, ret_fetched);
	if (FAILED(hr) || *ret_fetched > celt) {
		*ret_fetched = 0;
		return FAILED(hr)
			       ? hr
			       : com_fail(E_UNEXPECTED, "the provider returned too many objects");
	}
	wrapped = wrap_elements(slot->wrap, objects, *ret_fetched);
	if (SUCCEEDED(wrapped))
		return hr;
	*ret_fetched = 0;
	return wrapped;
}

static HRESULT STDMETHODCALLTYPE
enum_skip(IEnumVdsObject *self, ULONG celt)
{
	return IEnumVdsObject_Skip(inner_enum(self), celt);
}

static HRESULT STDMETHODCALLTYPE
enum_reset(IEnumVdsObject *self)
{
	return IEnumVdsObject_Reset(inner_enum(self));
}

static HRESULT STDMETHODCALLTYPE
enum_clone(IEnumVdsObject *self, IEnumVdsObject **ret_enum)
{
	struct service_slot *slot = service_slot_of(self);
	HRESULT hr = COM_OUT(ret_enum, "ppEnum");

	if (FAILED(hr))
		return hr;
	hr = IEnumVdsObject_Clone(inner_enum(self), ret_enum);
	return service_wrap_out_enum(slot, hr, slot->wrap->element, ret_enum);
}

static const IEnumVdsObjectVtbl enum_vtable = {
	SERVICE_UNKNOWN(IEnumVdsObject),
	.Next = enum_next,
	.Skip = enum_skip,
	.Reset = enum_reset,
	.Clone = enum_clone,
};

static const struct com_interface enum_interfaces[] = {
	SERVICE_SLOT(0, IEnumVdsObject, &enum_vtable),
};

const struct com_class service_enum_class = {
	.name = "enum",
	.size_bytes = sizeof(struct service_wrap) + sizeof(struct service_slot),
	.interfaces = enum_interfaces,
	.interface_count = ARRAY_LEN(enum_interfaces),
	.fini = service_wrap_fini,
};

HRESULT
service_wrap_out_enum(struct service_slot *slot, HRESULT hr, const struct com_class *element,
		      IEnumVdsObject **ret_enum)
{
	struct service_wrap *wrap = slot->wrap;
	struct service_wrap *made;
	IUnknown *identity;

	if (FAILED(hr)) {
		*ret_enum = NULL;
		return hr;
	}
	if (*ret_enum == NULL)
		return broken(wrap->provider, "the provider succeeded without an enumerator");
	identity = identity_of(*ret_enum);
	*ret_enum = NULL;
	if (identity == NULL)
		return broken(wrap->provider, "the provider's enumerator has no IUnknown");
	made = wrap_new(wrap->com.space, wrap->provider, &service_enum_class, identity);
	if (made == NULL)
		return com_error(-ENOMEM);
	if (made->slots[0].inner == NULL) {
		com_release(&made->com);
		return broken(wrap->provider, "the provider's enumerator is none");
	}
	made->element = element;
	*ret_enum = (IEnumVdsObject *)(void *)&made->slots[0];
	return hr;
}

/* ---- asynchronous operations ---- */

SERVICE_THUNKS(IVdsAsync);

static IVdsAsync *
inner_async(IVdsAsync *self)
{
	return service_slot_of(self)->inner;
}

/* Where the output of an operation holds an object, and of which class. */
struct output {
	VDS_ASYNC_OUTPUT_TYPE type;
	size_t offset;
	const struct com_class *class;
};

/* clang-format off */
static const struct output outputs[] = {
	{ VDS_ASYNCOUT_CREATELUN, offsetof(VDS_ASYNC_OUTPUT, cl.pLunUnk), &service_lun_class },
	{ VDS_ASYNCOUT_CREATETARGET, offsetof(VDS_ASYNC_OUTPUT, ct.pTargetUnk), &service_target_class },
	{ VDS_ASYNCOUT_CREATEPORTALGROUP, offsetof(VDS_ASYNC_OUTPUT, cpg.pPortalGroupUnk),
	  &service_portal_group_class },
	{ VDS_ASYNCOUT_CREATEVOLUME, offsetof(VDS_ASYNC_OUTPUT, cv.pVolumeUnk), &service_volume_class },
	{ VDS_ASYNCOUT_BREAKVOLUMEPLEX, offsetof(VDS_ASYNC_OUTPUT, bvp.pVolumeUnk), &service_volume_class },
	{ VDS_ASYNCOUT_CREATE_VDISK, offsetof(VDS_ASYNC_OUTPUT, cvd.pVDiskUnk), &service_vdisk_class },
};
/* clang-format on */

/* Replaces the object in the output of a successful operation by its wrapper. */
static HRESULT
wrap_output(struct service_wrap *wrap, VDS_ASYNC_OUTPUT *out)
{
	for (size_t i = 0; i < ARRAY_LEN(outputs); i++) {
		void **place = (void **)(void *)((char *)out + outputs[i].offset);

		if (outputs[i].type == out->type)
			return service_wrap_give(wrap->com.space, wrap->provider, outputs[i].class,
						 *place, &IID_IUnknown, place);
	}
	return S_OK;
}

static HRESULT STDMETHODCALLTYPE
async_cancel(IVdsAsync *self)
{
	return IVdsAsync_Cancel(inner_async(self));
}

static HRESULT STDMETHODCALLTYPE
async_wait(IVdsAsync *self, HRESULT *ret_result, VDS_ASYNC_OUTPUT *out)
{
	HRESULT hr = COM_OUT(ret_result, "pHrResult");
	HRESULT wrapped;

	if (SUCCEEDED(hr))
		hr = COM_OUT(out, "pAsyncOut");
	if (FAILED(hr))
		return hr;
	hr = IVdsAsync_Wait(inner_async(self), ret_result, out);
	if (FAILED(hr) || FAILED(*ret_result))
		return hr;
	wrapped = wrap_output(service_slot_of(self)->wrap, out);
	if (FAILED(wrapped))
		*ret_result = hr = wrapped;
	return hr;
}

static HRESULT STDMETHODCALLTYPE
async_query_status(IVdsAsync *self, HRESULT *ret_result, ULONG *ret_percent)
{
	HRESULT hr = COM_OUT(ret_result, "pHrResult");

	if (SUCCEEDED(hr))
		hr = COM_OUT(ret_percent, "pulPercentCompleted");
	if (FAILED(hr))
		return hr;
	return IVdsAsync_QueryStatus(inner_async(self), ret_result, ret_percent);
}

static const IVdsAsyncVtbl async_vtable = {
	SERVICE_UNKNOWN(IVdsAsync),
	.Cancel = async_cancel,
	.Wait = async_wait,
	.QueryStatus = async_query_status,
};

static const struct com_interface async_interfaces[] = {
	SERVICE_SLOT(0, IVdsAsync, &async_vtable),
};

const struct com_class service_async_class = {
	.name = "async",
	.size_bytes = sizeof(struct service_wrap) + sizeof(struct service_slot),
	.interfaces = async_interfaces,
	.interface_count = ARRAY_LEN(async_interfaces),
	.fini = service_wrap_fini,
};
