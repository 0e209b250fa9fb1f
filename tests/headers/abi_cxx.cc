// SPDX-License-Identifier: LGPL-2.1-or-later
// The C++ half of the ABI test: C++ calls an object written in C, C calls an object written in C++,
// and both see the same slots, the same GUIDs by value and the same unions.
#define INITGUID
#include <stdio.h>

#include "abi.h"

static int failures;

#define CHECK(condition)                                                        \
	do {                                                                    \
		if (!(condition)) {                                             \
			printf("%s:%d: not %s\n", __FILE__, __LINE__, #condition); \
			failures++;                                             \
		}                                                               \
	} while (0)

static const GUID lun_id = {0x12345678, 0x9abc, 0xdef0, {1, 2, 3, 4, 5, 6, 7, 8}};

class Sink final : public IVdsAdviseSink {
public:
	ULONG refs = 1;
	LONG notifications = 0;
	VDS_NOTIFICATION last[2] = {};

	HRESULT STDMETHODCALLTYPE
	QueryInterface(REFIID riid, void **ppv) override
	{
		if (riid == IID_IUnknown || riid == IID_IVdsAdviseSink) {
			AddRef();
			*ppv = this;
			return S_OK;
		}
		*ppv = nullptr;
		return E_NOINTERFACE;
	}

	ULONG STDMETHODCALLTYPE
	AddRef() override
	{
		return ++refs;
	}

	ULONG STDMETHODCALLTYPE
	Release() override
	{
		return --refs;
	}

	HRESULT STDMETHODCALLTYPE
	OnNotify(LONG count, VDS_NOTIFICATION *array) override
	{
		notifications += count;
		last[0] = array[0];
		last[1] = array[1];
		return S_FALSE;
	}
};

static void
cxx_calls_c()
{
	IVdsProviderPrivate *provider = abi_c_provider();
	IUnknown *object = nullptr;
	void *other = &object;
	char16_t machine[] = u"machine";

	CHECK(provider->GetObject(lun_id, VDS_OT_LUN, &object) == S_OK);
	CHECK(object == provider);
	CHECK(abi_c_last_call()->id == lun_id);
	CHECK(abi_c_last_call()->type == VDS_OT_LUN);
	CHECK(provider->OnLoad(machine, nullptr) == S_OK);
	CHECK(provider->OnUnload(TRUE) == S_FALSE);
	CHECK(abi_c_last_call()->force == TRUE);
	CHECK(provider->QueryInterface(IID_IVdsLun, &other) == E_NOINTERFACE);
	CHECK(other == nullptr);
	CHECK(provider->QueryInterface(IID_IUnknown, &other) == S_OK);
	CHECK(other == provider);
	CHECK(provider->AddRef() == 2);
	CHECK(provider->Release() == 1);
}

static void
c_calls_cxx()
{
	Sink sink;

	CHECK(abi_c_notify(&sink, &lun_id) == S_FALSE);
	CHECK(sink.notifications == 2);
	CHECK(sink.last[0].objectType == VDS_NTT_LUN);
	CHECK(sink.last[0].Lun.ulEvent == VDS_NF_LUN_ARRIVE);
	CHECK(sink.last[0].Lun.LunId == lun_id);
	CHECK(sink.last[1].objectType == VDS_NTT_SERVICE);
	CHECK(sink.last[1].Service.action == VDS_RA_REFRESH);
}

int
main()
{
	cxx_calls_c();
	c_calls_cxx();
	return failures != 0;
}
