/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Walks every array that VDS knows, as a C program for Windows does: service, hardware providers,
 * subsystems, LUNs, and the targets through which each LUN is accessible.  The same source builds
 * on Windows and, with pkg-config vds-compat, on Linux.
 *
 *	cc walk.c $(pkg-config --cflags --libs vds-compat) -o walk && ./walk
 */
#define COBJMACROS
#include <initguid.h>
#include <windows.h>
#include <stdio.h>
#include <vds.h>

#define SAFE_RELEASE(x)                                    \
	if (NULL != (x)) {                                 \
		IUnknown_Release((IUnknown *)(void *)(x)); \
		(x) = NULL;                                \
	}

/* Calls Show for each object of an enumeration, which is released. */
static HRESULT
ForEach(IEnumVdsObject *pEnum, REFIID riid, HRESULT (*Show)(void *pObject))
{
	IUnknown *pUnknown = NULL;
	void *pObject = NULL;
	ULONG ulFetched = 0;
	HRESULT hResult = S_OK;

	while (SUCCEEDED(hResult) && S_OK == IEnumVdsObject_Next(pEnum, 1, &pUnknown, &ulFetched)) {
		hResult = IUnknown_QueryInterface(pUnknown, riid, &pObject);
		SAFE_RELEASE(pUnknown);
		if (FAILED(hResult))
			break;
		hResult = Show(pObject);
		SAFE_RELEASE(pObject);
	}
	SAFE_RELEASE(pEnum);
	return hResult;
}

static HRESULT
ShowTarget(void *pObject)
{
	IVdsIscsiTarget *pTarget = pObject;
	VDS_ISCSI_TARGET_PROP prop;
	HRESULT hResult;

	ZeroMemory(&prop, sizeof(prop));
	hResult = IVdsIscsiTarget_GetProperties(pTarget, &prop);
	if (FAILED(hResult))
		return hResult;
	wprintf(L"      target %s\n", prop.pwszIscsiName);
	CoTaskMemFree(prop.pwszIscsiName);
	CoTaskMemFree(prop.pwszFriendlyName);
	return S_OK;
}

static HRESULT
ShowLun(void *pObject)
{
	IVdsLun *pLun = pObject;
	IVdsLunIscsi *pLunIscsi = NULL;
	IEnumVdsObject *pEnum = NULL;
	VDS_LUN_PROP prop;
	HRESULT hResult;

	ZeroMemory(&prop, sizeof(prop));
	hResult = IVdsLun_GetProperties(pLun, &prop);
	if (FAILED(hResult))
		return hResult;
	wprintf(L"    LUN %s, %I64u bytes, unmasked to \"%s\"\n", prop.pwszFriendlyName,
		prop.ullSize, prop.pwszUnmaskingList);
	CoTaskMemFree(prop.pwszFriendlyName);
	CoTaskMemFree(prop.pwszIdentification);
	CoTaskMemFree(prop.pwszUnmaskingList);
	hResult = IVdsLun_QueryInterface(pLun, &IID_IVdsLunIscsi, (void **)&pLunIscsi);
	if (FAILED(hResult))
		return hResult;
	hResult = IVdsLunIscsi_QueryAssociatedTargets(pLunIscsi, &pEnum);
	SAFE_RELEASE(pLunIscsi);
	return SUCCEEDED(hResult) ? ForEach(pEnum, &IID_IVdsIscsiTarget, ShowTarget) : hResult;
}

static HRESULT
ShowSubSystem(void *pObject)
{
	IVdsSubSystem *pSubSystem = pObject;
	IEnumVdsObject *pEnum = NULL;
	VDS_SUB_SYSTEM_PROP prop;
	HRESULT hResult;

	ZeroMemory(&prop, sizeof(prop));
	hResult = IVdsSubSystem_GetProperties(pSubSystem, &prop);
	if (FAILED(hResult))
		return hResult;
	wprintf(L"  subsystem %s\n", prop.pwszFriendlyName);
	CoTaskMemFree(prop.pwszFriendlyName);
	CoTaskMemFree(prop.pwszIdentification);
	hResult = IVdsSubSystem_QueryLuns(pSubSystem, &pEnum);
	return SUCCEEDED(hResult) ? ForEach(pEnum, &IID_IVdsLun, ShowLun) : hResult;
}

static HRESULT
ShowProvider(void *pObject)
{
	IVdsHwProvider *pProvider = pObject;
	IEnumVdsObject *pEnum = NULL;
	HRESULT hResult = IVdsHwProvider_QuerySubSystems(pProvider, &pEnum);

	wprintf(L"provider\n");
	return SUCCEEDED(hResult) ? ForEach(pEnum, &IID_IVdsSubSystem, ShowSubSystem) : hResult;
}

int __cdecl main(void)
{
	IVdsService *pService = NULL;
	IVdsServiceLoader *pLoader = NULL;
	IEnumVdsObject *pEnum = NULL;
	HRESULT hResult = CoInitializeEx(NULL, COINIT_MULTITHREADED);

	if (FAILED(hResult))
		return 1;
	hResult = CoCreateInstance(&CLSID_VdsLoader, NULL, CLSCTX_LOCAL_SERVER,
				   &IID_IVdsServiceLoader, (void **)&pLoader);
	if (SUCCEEDED(hResult))
		hResult = IVdsServiceLoader_LoadService(pLoader, NULL, &pService);
	SAFE_RELEASE(pLoader);
	if (SUCCEEDED(hResult))
		hResult = IVdsService_WaitForServiceReady(pService);
	if (SUCCEEDED(hResult))
		hResult = IVdsService_QueryProviders(pService, VDS_QUERY_HARDWARE_PROVIDERS,
						     &pEnum);
	if (SUCCEEDED(hResult))
		hResult = ForEach(pEnum, &IID_IVdsHwProvider, ShowProvider);
	SAFE_RELEASE(pService);
	CoUninitialize();
	if (FAILED(hResult))
		wprintf(L"VDS failed: hr=%x\n", (unsigned)hResult);
	return FAILED(hResult) ? 1 : 0;
}
