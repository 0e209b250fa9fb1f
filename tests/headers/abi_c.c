/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The C half of the ABI test: a provider made of a vtable, and a caller of a sink. */
#include "abi.h"

static struct abi_call last;

static HRESULT
query_interface(IVdsProviderPrivate *self, REFIID riid, void **ppv)
{
	if (!IsEqualIID(riid, &IID_IUnknown) && !IsEqualIID(riid, &IID_IVdsProviderPrivate)) {
		*ppv = NULL;
		return E_NOINTERFACE;
	}
	IVdsProviderPrivate_AddRef(self);
	*ppv = self;
	return S_OK;
}

static ULONG
add_ref(IVdsProviderPrivate *self)
{
	(void)self;
	return ++last.add_refs;
}

static ULONG
release(IVdsProviderPrivate *self)
{
	(void)self;
	return --last.add_refs;
}

static HRESULT
get_object(IVdsProviderPrivate *self, VDS_OBJECT_ID id, VDS_OBJECT_TYPE type, IUnknown **ret_object)
{
	last.id = id;
	last.type = type;
	*ret_object = (IUnknown *)(void *)self;
	return S_OK;
}

static HRESULT
on_load(IVdsProviderPrivate *self, LPWSTR machine, IUnknown *callback)
{
	(void)self;
	return machine[0] == u'm' && callback == NULL ? S_OK : E_INVALIDARG;
}

static HRESULT
on_unload(IVdsProviderPrivate *self, BOOL force)
{
	(void)self;
	last.force = force;
	return S_FALSE;
}

static const IVdsProviderPrivateVtbl vtable = {
	query_interface, add_ref, release, get_object, on_load, on_unload,
};
static IVdsProviderPrivate provider = {&vtable};

IVdsProviderPrivate *
abi_c_provider(void)
{
	return &provider;
}

const struct abi_call *
abi_c_last_call(void)
{
	return &last;
}

HRESULT
abi_c_notify(IVdsAdviseSink *sink, const VDS_OBJECT_ID *lun_id)
{
	VDS_NOTIFICATION notes[2] = {
		{.objectType = VDS_NTT_LUN,
		 .Lun = {.ulEvent = VDS_NF_LUN_ARRIVE, .LunId = *lun_id}},
		{.objectType = VDS_NTT_SERVICE,
		 .Service = {VDS_NF_SERVICE_OUT_OF_SYNC, VDS_RA_REFRESH}},
	};
	return IVdsAdviseSink_OnNotify(sink, 2, notes);
}
