// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Loads VDS and lists its hardware providers with their subsystems, as a program for Windows does:
// the same source builds there and, with pkg-config vds-compat, on Linux.
//
//	c++ load.cpp $(pkg-config --cflags --libs vds-compat) -o load && ./load
//
#include "initguid.h"
#include <windows.h>
#include <stdio.h>
#include <vds.h>

#define SAFE_RELEASE(x)             \
	if (NULL != (x)) {          \
		(x)->Release();     \
		(x) = NULL;         \
	}

static HRESULT
ShowSubSystem(IUnknown *pUnknown)
{
	IVdsSubSystem *pSubSystem = NULL;
	VDS_SUB_SYSTEM_PROP prop;
	HRESULT hResult = pUnknown->QueryInterface(IID_IVdsSubSystem, (void **)&pSubSystem);

	if (FAILED(hResult))
		return hResult;
	ZeroMemory(&prop, sizeof(prop));
	hResult = pSubSystem->GetProperties(&prop);
	if (SUCCEEDED(hResult)) {
		wprintf(L"  subsystem %s, serial %s\n", prop.pwszFriendlyName,
			prop.pwszIdentification);
		CoTaskMemFree(prop.pwszFriendlyName);
		CoTaskMemFree(prop.pwszIdentification);
	}
	SAFE_RELEASE(pSubSystem);
	return hResult;
}

static HRESULT
ShowProvider(IUnknown *pUnknown)
{
	IVdsHwProvider *pHwProvider = NULL;
	IVdsProvider *pProvider = NULL;
	IEnumVdsObject *pEnum = NULL;
	IUnknown *pSubSystem = NULL;
	VDS_PROVIDER_PROP prop;
	ULONG ulFetched = 0;
	HRESULT hResult = pUnknown->QueryInterface(IID_IVdsProvider, (void **)&pProvider);

	if (FAILED(hResult))
		return hResult;
	ZeroMemory(&prop, sizeof(prop));
	hResult = pProvider->GetProperties(&prop);
	if (SUCCEEDED(hResult)) {
		wprintf(L"provider %s, version %s\n", prop.pwszName, prop.pwszVersion);
		CoTaskMemFree(prop.pwszName);
		CoTaskMemFree(prop.pwszVersion);
		hResult = pProvider->QueryInterface(IID_IVdsHwProvider, (void **)&pHwProvider);
	}
	SAFE_RELEASE(pProvider);
	if (SUCCEEDED(hResult))
		hResult = pHwProvider->QuerySubSystems(&pEnum);
	while (SUCCEEDED(hResult) && S_OK == pEnum->Next(1, &pSubSystem, &ulFetched)) {
		hResult = ShowSubSystem(pSubSystem);
		SAFE_RELEASE(pSubSystem);
	}
	SAFE_RELEASE(pEnum);
	SAFE_RELEASE(pHwProvider);
	return hResult;
}

int __cdecl
main(void)
{
	IVdsService *pService = NULL;
	IVdsServiceLoader *pLoader = NULL;
	IEnumVdsObject *pEnum = NULL;
	IUnknown *pUnknown = NULL;
	ULONG ulFetched = 0;
	HRESULT hResult;

	hResult = CoInitialize(NULL);
	if (FAILED(hResult))
		return 1;
	hResult = CoInitializeSecurity(NULL, -1, NULL, NULL, RPC_C_AUTHN_LEVEL_CONNECT,
				       RPC_C_IMP_LEVEL_IMPERSONATE, NULL, EOAC_NONE, NULL);
	if (SUCCEEDED(hResult))
		hResult = CoCreateInstance(CLSID_VdsLoader, NULL, CLSCTX_LOCAL_SERVER,
					   IID_IVdsServiceLoader, (void **)&pLoader);
	if (SUCCEEDED(hResult))
		hResult = pLoader->LoadService(NULL, &pService);
	SAFE_RELEASE(pLoader);
	if (SUCCEEDED(hResult))
		hResult = pService->WaitForServiceReady();
	if (SUCCEEDED(hResult)) {
		wprintf(L"VDS Service Loaded\n");
		hResult = pService->QueryProviders(VDS_QUERY_HARDWARE_PROVIDERS, &pEnum);
	}
	while (SUCCEEDED(hResult) && S_OK == pEnum->Next(1, &pUnknown, &ulFetched)) {
		hResult = ShowProvider(pUnknown);
		SAFE_RELEASE(pUnknown);
	}
	SAFE_RELEASE(pEnum);
	SAFE_RELEASE(pService);
	CoUninitialize();
	if (FAILED(hResult)) {
		wprintf(L"VDS failed: hr=%x\n", (unsigned)hResult);
		return 1;
	}
	return 0;
}
