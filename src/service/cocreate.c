/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The functions of COM that VDS programs call before they have an object.  Windows
 * has these functions; this file is for other systems.  Any thread may call them.
 *
 * There are no apartments here: every object may be called on any thread, whatever the thread
 * passed to CoInitializeEx.  The functions keep the counts that programs rely on, so that a program
 * that forgets CoInitializeEx, or calls CoInitializeSecurity too late, fails here as it does on
 * Windows.
 */
#include "service/service_int.h"

#include <errno.h>

#include <vds/vdscom.h>

/* ---- initialisation ---- */

struct apartment {
	unsigned count; /* calls of CoInitializeEx without CoUninitialize */
	bool threaded;  /* COINIT_APARTMENTTHREADED */
};

static _Thread_local struct apartment apartment;
static _Atomic unsigned initialized_threads;
static _Atomic bool security_is_set;

HRESULT STDAPICALLTYPE
CoInitializeEx(void *reserved, DWORD flags)
{
	const DWORD known = COINIT_APARTMENTTHREADED | COINIT_DISABLE_OLE1DDE |
			    COINIT_SPEED_OVER_MEMORY;
	bool threaded = (flags & COINIT_APARTMENTTHREADED) != 0;

	if (reserved != NULL || (flags & ~known) != 0)
		return com_fail(E_INVALIDARG,
				"pvReserved is not NULL, or dwCoInit has unknown bits");
	if (apartment.count > 0 && apartment.threaded != threaded)
		return com_fail(RPC_E_CHANGED_MODE,
				"this thread has called CoInitializeEx with another model");
	apartment.threaded = threaded;
	if (apartment.count++ > 0)
		return S_FALSE;
	atomic_fetch_add_explicit(&initialized_threads, 1, memory_order_relaxed);
	return S_OK;
}

HRESULT STDAPICALLTYPE
CoInitialize(void *reserved)
{
	return CoInitializeEx(reserved, COINIT_APARTMENTTHREADED);
}

void STDAPICALLTYPE
CoUninitialize(void)
{
	if (apartment.count == 0 || --apartment.count > 0)
		return;
	if (atomic_fetch_sub_explicit(&initialized_threads, 1, memory_order_relaxed) == 1)
		atomic_store_explicit(&security_is_set, false, memory_order_relaxed);
}

/*
 * A thread may rely on another one that has called CoInitializeEx, as in the multithreaded
 * apartment.
 */
static HRESULT
check_initialized(void)
{
	if (atomic_load_explicit(&initialized_threads, memory_order_relaxed) > 0)
		return S_OK;
	return com_fail(CO_E_NOTINITIALIZED, "call CoInitializeEx first");
}

/*
 * The calls stay in the process, so there is nobody to authenticate: only the order of the calls is
 * checked.
 */
HRESULT STDAPICALLTYPE
CoInitializeSecurity(void *descriptor, LONG service_count, void *services, void *reserved1,
		     DWORD authentication_level, DWORD impersonation_level,
		     void *authentication_list, DWORD capabilities, void *reserved3)
{
	HRESULT hr = check_initialized();

	(void)descriptor;
	(void)authentication_level;
	(void)impersonation_level;
	(void)authentication_list;
	(void)capabilities;
	if (FAILED(hr))
		return hr;
	if (reserved1 != NULL || reserved3 != NULL || (service_count > 0 && services == NULL))
		return com_fail(E_INVALIDARG, "a reserved argument is not NULL");
	if (atomic_exchange_explicit(&security_is_set, true, memory_order_relaxed))
		return com_fail(RPC_E_TOO_LATE, "CoInitializeSecurity has been called");
	return S_OK;
}

/* ---- creating objects ---- */

static HRESULT
create_built_in(REFCLSID rclsid, REFIID riid, void **ppv)
{
	IClassFactory *factory;
	HRESULT hr = VdsGetClassObject(rclsid, &IID_IClassFactory, (void **)&factory);

	if (FAILED(hr))
		return hr;
	hr = IClassFactory_CreateInstance(factory, NULL, riid, ppv);
	IClassFactory_Release(factory);
	return hr;
}

HRESULT STDAPICALLTYPE
CoCreateInstance(REFCLSID rclsid, IUnknown *outer, DWORD context, REFIID riid, void **ppv)
{
	HRESULT hr;

	if (ppv == NULL)
		return com_fail(E_POINTER, "ppv is NULL");
	*ppv = NULL;
	if (rclsid == NULL || riid == NULL)
		return COM_NULL_ARGUMENT("rclsid or riid");
	if ((context & CLSCTX_ALL) == 0)
		return com_fail(E_INVALIDARG, "dwClsContext names no place for the object");
	hr = check_initialized();
	if (FAILED(hr))
		return hr;
	if (outer != NULL)
		return com_fail(CLASS_E_NOAGGREGATION, "objects of VDS cannot be aggregated");
	if (IsEqualCLSID(rclsid, &CLSID_VdsLoader))
		return service_loader_create(riid, ppv);
	if (IsEqualCLSID(rclsid, &CLSID_VdsService))
		return service_open(riid, ppv);
	if (IsEqualCLSID(rclsid, &CLSID_VdsHwProvider))
		return create_built_in(rclsid, riid, ppv);
	return com_fail(REGDB_E_CLASSNOTREG, "the library has no such class");
}
