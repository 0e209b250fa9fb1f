// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Creates a LUN and a target on the first array that VDS knows, associates them and shows the
// notifications that arrive meanwhile, as a program for Windows does: CreateLun, CreateTarget,
// CreatePortalGroup, AddPortal, SetMask, AssociateTargets, Advise.  The same source builds on Windows
// and, with pkg-config vds-compat, on Linux.
//
//	c++ expose.cpp $(pkg-config --cflags --libs vds-compat) -o expose && ./expose
//
#include "initguid.h"
#include <windows.h>
#include <stdio.h>
#include <vds.h>
#include <vdserr.h>

#define SAFE_RELEASE(x)             \
	if (NULL != (x)) {          \
		(x)->Release();     \
		(x) = NULL;         \
	}

class CAdviseSink final : public IVdsAdviseSink
{
public:
	CAdviseSink() : m_cRef(1), m_cNotifications(0)
	{
	}

	STDMETHODIMP QueryInterface(REFIID riid, void **ppvObject)
	{
		if (NULL == ppvObject)
			return E_POINTER;
		*ppvObject = NULL;
		if (!IsEqualIID(riid, IID_IUnknown) && !IsEqualIID(riid, IID_IVdsAdviseSink))
			return E_NOINTERFACE;
		*ppvObject = static_cast<IVdsAdviseSink *>(this);
		AddRef();
		return S_OK;
	}

	STDMETHODIMP_(ULONG) AddRef()
	{
		return (ULONG)InterlockedIncrement(&m_cRef);
	}

	STDMETHODIMP_(ULONG) Release()
	{
		LONG cRef = InterlockedDecrement(&m_cRef);

		if (0 == cRef)
			delete this;
		return (ULONG)cRef;
	}

	STDMETHODIMP OnNotify(LONG lNumberOfNotifications, VDS_NOTIFICATION *pNotificationArray)
	{
		for (LONG i = 0; i < lNumberOfNotifications; i++) {
			if (VDS_NTT_LUN == pNotificationArray[i].objectType ||
			    VDS_NTT_TARGET == pNotificationArray[i].objectType)
				InterlockedIncrement(&m_cNotifications);
		}
		CoTaskMemFree(pNotificationArray);
		return S_OK;
	}

	// Waits for a notification, at most ten seconds: they arrive a moment after the change.
	bool WaitForOne()
	{
		LONG cNotifications = 0;

		for (int i = 0; i < 1000 && 0 == cNotifications; i++) {
			cNotifications = InterlockedExchange(&m_cNotifications, 0);
			if (0 == cNotifications)
				Sleep(10);
		}
		return cNotifications > 0;
	}

private:
	LONG m_cRef;
	LONG m_cNotifications;

	// Only Release deletes the object.
	~CAdviseSink()
	{
	}
};

// Waits for an operation; the interface of what it made, or the failure of either result.
static HRESULT
WaitFor(IVdsAsync *pAsync, VDS_ASYNC_OUTPUT_TYPE type, VDS_ASYNC_OUTPUT *pOutput)
{
	HRESULT hrOperation = E_FAIL;
	HRESULT hResult = pAsync->Wait(&hrOperation, pOutput);

	if (SUCCEEDED(hResult))
		hResult = hrOperation;
	if (SUCCEEDED(hResult) && type != pOutput->type)
		hResult = E_UNEXPECTED;
	return hResult;
}

static HRESULT
FirstOf(IEnumVdsObject *pEnum, REFIID riid, void **ppObject)
{
	IUnknown *pUnknown = NULL;
	ULONG ulFetched = 0;
	HRESULT hResult = pEnum->Next(1, &pUnknown, &ulFetched);

	if (S_OK != hResult)
		return FAILED(hResult) ? hResult : VDS_E_OBJECT_NOT_FOUND;
	hResult = pUnknown->QueryInterface(riid, ppObject);
	SAFE_RELEASE(pUnknown);
	return hResult;
}

static HRESULT
FirstSubSystem(IVdsService *pService, IVdsSubSystem **ppSubSystem)
{
	IVdsHwProvider *pProvider = NULL;
	IEnumVdsObject *pEnum = NULL;
	HRESULT hResult = pService->QueryProviders(VDS_QUERY_HARDWARE_PROVIDERS, &pEnum);

	if (SUCCEEDED(hResult))
		hResult = FirstOf(pEnum, IID_IVdsHwProvider, (void **)&pProvider);
	SAFE_RELEASE(pEnum);
	if (SUCCEEDED(hResult))
		hResult = pProvider->QuerySubSystems(&pEnum);
	SAFE_RELEASE(pProvider);
	if (SUCCEEDED(hResult))
		hResult = FirstOf(pEnum, IID_IVdsSubSystem, (void **)ppSubSystem);
	SAFE_RELEASE(pEnum);
	return hResult;
}

static HRESULT
CreateLun(IVdsSubSystem *pSubSystem, IVdsLun **ppLun)
{
	WCHAR wszNobody[] = L"";
	IVdsAsync *pAsync = NULL;
	VDS_ASYNC_OUTPUT output;
	HRESULT hResult = pSubSystem->CreateLun(VDS_LT_SIMPLE, 16 * 1024 * 1024, NULL, 0, wszNobody,
						NULL, &pAsync);

	if (SUCCEEDED(hResult))
		hResult = WaitFor(pAsync, VDS_ASYNCOUT_CREATELUN, &output);
	SAFE_RELEASE(pAsync);
	if (FAILED(hResult))
		return hResult;
	hResult = output.cl.pLunUnk->QueryInterface(IID_IVdsLun, (void **)ppLun);
	output.cl.pLunUnk->Release();
	return hResult;
}

static HRESULT
CreateTarget(IVdsSubSystemIscsi *pIscsi, IVdsIscsiTarget **ppTarget)
{
	WCHAR wszFriendlyName[] = L"sample target";
	IVdsAsync *pAsync = NULL;
	VDS_ASYNC_OUTPUT output;
	HRESULT hResult = pIscsi->CreateTarget(NULL, wszFriendlyName, &pAsync);

	if (SUCCEEDED(hResult))
		hResult = WaitFor(pAsync, VDS_ASYNCOUT_CREATETARGET, &output);
	SAFE_RELEASE(pAsync);
	if (FAILED(hResult))
		return hResult;
	hResult = output.ct.pTargetUnk->QueryInterface(IID_IVdsIscsiTarget, (void **)ppTarget);
	output.ct.pTargetUnk->Release();
	return hResult;
}

// Puts the first portal into a portal group of the target: the one that the target came with, or a
// new one.
static HRESULT
OpenTarget(IVdsSubSystemIscsi *pIscsi, IVdsIscsiTarget *pTarget)
{
	IVdsIscsiPortalGroup *pGroup = NULL;
	IVdsIscsiPortal *pPortal = NULL;
	IEnumVdsObject *pEnum = NULL;
	IVdsAsync *pAsync = NULL;
	VDS_ISCSI_PORTAL_PROP prop;
	VDS_ASYNC_OUTPUT output;
	HRESULT hResult = pTarget->QueryPortalGroups(&pEnum);

	if (SUCCEEDED(hResult))
		hResult = FirstOf(pEnum, IID_IVdsIscsiPortalGroup, (void **)&pGroup);
	SAFE_RELEASE(pEnum);
	if (SUCCEEDED(hResult)) { // the array gives each target a group that has its portals
		SAFE_RELEASE(pGroup);
		return hResult;
	}
	hResult = pTarget->CreatePortalGroup(&pAsync);
	if (SUCCEEDED(hResult))
		hResult = WaitFor(pAsync, VDS_ASYNCOUT_CREATEPORTALGROUP, &output);
	SAFE_RELEASE(pAsync);
	if (FAILED(hResult))
		return hResult;
	hResult = output.cpg.pPortalGroupUnk->QueryInterface(IID_IVdsIscsiPortalGroup,
							     (void **)&pGroup);
	output.cpg.pPortalGroupUnk->Release();
	if (SUCCEEDED(hResult))
		hResult = pIscsi->QueryPortals(&pEnum);
	if (SUCCEEDED(hResult))
		hResult = FirstOf(pEnum, IID_IVdsIscsiPortal, (void **)&pPortal);
	SAFE_RELEASE(pEnum);
	if (SUCCEEDED(hResult))
		hResult = pPortal->GetProperties(&prop);
	if (SUCCEEDED(hResult))
		hResult = pGroup->AddPortal(prop.id, &pAsync);
	if (SUCCEEDED(hResult))
		hResult = WaitFor(pAsync, VDS_ASYNCOUT_ADDPORTAL, &output);
	SAFE_RELEASE(pAsync);
	SAFE_RELEASE(pPortal);
	SAFE_RELEASE(pGroup);
	return hResult;
}

static HRESULT
Associate(IVdsLun *pLun, IVdsIscsiTarget *pTarget)
{
	WCHAR wszEverybody[] = L"*";
	IVdsLunIscsi *pLunIscsi = NULL;
	IEnumVdsObject *pEnum = NULL;
	IVdsIscsiTarget *pAssociated = NULL;
	VDS_ISCSI_TARGET_PROP prop;
	HRESULT hResult;

	ZeroMemory(&prop, sizeof(prop));
	hResult = pTarget->GetProperties(&prop);
	if (FAILED(hResult))
		return hResult;
	CoTaskMemFree(prop.pwszFriendlyName);
	CoTaskMemFree(prop.pwszIscsiName);
	hResult = pLun->SetMask(wszEverybody);
	if (SUCCEEDED(hResult))
		hResult = pLun->QueryInterface(IID_IVdsLunIscsi, (void **)&pLunIscsi);
	if (SUCCEEDED(hResult))
		hResult = pLunIscsi->AssociateTargets(&prop.id, 1);
	if (SUCCEEDED(hResult))
		hResult = pLunIscsi->QueryAssociatedTargets(&pEnum);
	if (SUCCEEDED(hResult))
		hResult = FirstOf(pEnum, IID_IVdsIscsiTarget, (void **)&pAssociated);
	SAFE_RELEASE(pEnum);
	if (SUCCEEDED(hResult)) {
		hResult = pAssociated->GetProperties(&prop);
		if (SUCCEEDED(hResult)) {
			wprintf(L"LUN is accessible through %s\n", prop.pwszFriendlyName);
			CoTaskMemFree(prop.pwszFriendlyName);
			CoTaskMemFree(prop.pwszIscsiName);
		}
	}
	SAFE_RELEASE(pAssociated);
	SAFE_RELEASE(pLunIscsi);
	return hResult;
}

static HRESULT
Expose(IVdsService *pService)
{
	IVdsSubSystem *pSubSystem = NULL;
	IVdsSubSystemIscsi *pIscsi = NULL;
	IVdsLun *pLun = NULL;
	IVdsIscsiTarget *pTarget = NULL;
	HRESULT hResult = FirstSubSystem(pService, &pSubSystem);

	if (SUCCEEDED(hResult))
		hResult = pSubSystem->QueryInterface(IID_IVdsSubSystemIscsi, (void **)&pIscsi);
	if (SUCCEEDED(hResult))
		hResult = CreateLun(pSubSystem, &pLun);
	if (SUCCEEDED(hResult))
		hResult = CreateTarget(pIscsi, &pTarget);
	if (SUCCEEDED(hResult))
		hResult = OpenTarget(pIscsi, pTarget);
	if (SUCCEEDED(hResult))
		hResult = Associate(pLun, pTarget);
	SAFE_RELEASE(pTarget);
	SAFE_RELEASE(pLun);
	SAFE_RELEASE(pIscsi);
	SAFE_RELEASE(pSubSystem);
	return hResult;
}

int __cdecl
main(void)
{
	IVdsServiceLoader *pLoader = NULL;
	IVdsService *pService = NULL;
	CAdviseSink *pSink = NULL;
	DWORD dwCookie = 0;
	HRESULT hResult = CoInitializeEx(NULL, COINIT_MULTITHREADED);

	if (FAILED(hResult))
		return 1;
	hResult = CoCreateInstance(CLSID_VdsLoader, NULL, CLSCTX_LOCAL_SERVER, IID_IVdsServiceLoader,
				   (void **)&pLoader);
	if (SUCCEEDED(hResult))
		hResult = pLoader->LoadService(NULL, &pService);
	SAFE_RELEASE(pLoader);
	if (SUCCEEDED(hResult))
		hResult = pService->WaitForServiceReady();
	pSink = new CAdviseSink;
	if (SUCCEEDED(hResult))
		hResult = pService->Advise(pSink, &dwCookie);
	if (SUCCEEDED(hResult))
		hResult = Expose(pService);
	if (SUCCEEDED(hResult))
		wprintf(L"%s notifications\n", pSink->WaitForOne() ? L"some" : L"no");
	if (0 != dwCookie)
		pService->Unadvise(dwCookie);
	SAFE_RELEASE(pSink);
	SAFE_RELEASE(pService);
	CoUninitialize();
	if (FAILED(hResult))
		wprintf(L"VDS failed: hr=%x\n", (unsigned)hResult);
	return FAILED(hResult) ? 1 : 0;
}
