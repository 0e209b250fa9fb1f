/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * login_driver login|logout TARGET...: logs this computer's initiator in to targets, or out,
 * through the service of libvds, as a program for VDS does.  Prints the result of each operation.
 */
#include <stdio.h>
#include <string.h>

#include <vds/libvds.h>
#include <vds/vdscom.h>

#define RELEASE(object) IUnknown_Release((IUnknown *)(void *)(object))

/*
 * For LeakSanitizer: OpenSSL frees what it keeps for a thread when the thread ends, and forgets it
 * when the program ends before the thread.
 */
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void);
const char *
__lsan_default_suppressions(void)
{
	return "leak:CRYPTO_zalloc\n";
}

static int
fail(const char *what, HRESULT hr)
{
	printf("%s: %s: %s\n", what, VdsErrorText(hr), VdsLastErrorMessage());
	return 1;
}

static HRESULT
first_of(IEnumVdsObject *list, const IID *iid, void **ret_object)
{
	IUnknown *unknown = NULL;
	ULONG fetched = 0;
	HRESULT hr = IEnumVdsObject_Next(list, 1, &unknown, &fetched);

	RELEASE(list);
	if (hr != S_OK)
		return FAILED(hr) ? hr : VDS_E_OBJECT_NOT_FOUND;
	hr = IUnknown_QueryInterface(unknown, iid, ret_object);
	RELEASE(unknown);
	return hr;
}

static HRESULT
find_subsystem(IVdsService *service, IVdsSubSystemIscsi **ret_subsystem)
{
	IVdsHwProvider *provider = NULL;
	IEnumVdsObject *list = NULL;
	HRESULT hr = IVdsService_QueryProviders(service, VDS_QUERY_HARDWARE_PROVIDERS, &list);

	if (SUCCEEDED(hr))
		hr = first_of(list, &IID_IVdsHwProvider, (void **)&provider);
	if (FAILED(hr))
		return hr;
	hr = IVdsHwProvider_QuerySubSystems(provider, &list);
	RELEASE(provider);
	return SUCCEEDED(hr) ? first_of(list, &IID_IVdsSubSystemIscsi, (void **)ret_subsystem) : hr;
}

static HRESULT
find_adapter(IVdsService *service, IVdsIscsiInitiatorAdapter **ret_adapter)
{
	IVdsServiceIscsi *iscsi = NULL;
	IEnumVdsObject *list = NULL;
	HRESULT hr = IVdsService_QueryInterface(service, &IID_IVdsServiceIscsi, (void **)&iscsi);

	if (FAILED(hr))
		return hr;
	hr = IVdsServiceIscsi_QueryInitiatorAdapters(iscsi, &list);
	RELEASE(iscsi);
	return SUCCEEDED(hr) ? first_of(list, &IID_IVdsIscsiInitiatorAdapter, (void **)ret_adapter)
			     : hr;
}

/* Returns whether an object is the target with this iSCSI name; consumes the object. */
static int
is_target(IUnknown *unknown, const char *name, VDS_OBJECT_ID *ret_id)
{
	IVdsIscsiTarget *target = NULL;
	VDS_ISCSI_TARGET_PROP prop;
	char *text = NULL;
	int same = 0;

	if (SUCCEEDED(IUnknown_QueryInterface(unknown, &IID_IVdsIscsiTarget, (void **)&target)) &&
	    SUCCEEDED(IVdsIscsiTarget_GetProperties(target, &prop))) {
		same = SUCCEEDED(VdsUtf8FromString(prop.pwszIscsiName, &text)) &&
		       strcmp(text, name) == 0;
		*ret_id = prop.id;
		CoTaskMemFree(text);
		CoTaskMemFree(prop.pwszIscsiName);
		CoTaskMemFree(prop.pwszFriendlyName);
	}
	if (target != NULL)
		RELEASE(target);
	RELEASE(unknown);
	return same;
}

static HRESULT
find_target(IVdsSubSystemIscsi *subsystem, const char *name, VDS_OBJECT_ID *ret_id)
{
	IEnumVdsObject *list = NULL;
	IUnknown *unknown = NULL;
	ULONG fetched = 0;
	HRESULT hr = IVdsSubSystemIscsi_QueryTargets(subsystem, &list);

	if (FAILED(hr))
		return hr;
	hr = VDS_E_OBJECT_NOT_FOUND;
	while (hr != S_OK && IEnumVdsObject_Next(list, 1, &unknown, &fetched) == S_OK) {
		if (is_target(unknown, name, ret_id))
			hr = S_OK;
	}
	RELEASE(list);
	return hr;
}

static HRESULT
operate(IVdsIscsiInitiatorAdapter *adapter, int login, VDS_OBJECT_ID target)
{
	IVdsAsync *async = NULL;
	VDS_ASYNC_OUTPUT out;
	HRESULT result = E_FAIL, hr;

	if (login)
		hr = IVdsIscsiInitiatorAdapter_LoginToTarget(adapter, VDS_ILT_MANUAL, target,
							     GUID_NULL, GUID_NULL, 0, TRUE, TRUE,
							     VDS_IAT_NONE, &async);
	else
		hr = IVdsIscsiInitiatorAdapter_LogoutFromTarget(adapter, target, &async);
	if (FAILED(hr))
		return hr;
	hr = IVdsAsync_Wait(async, &result, &out);
	RELEASE(async);
	return FAILED(hr) ? hr : result;
}

static int
operate_all(IVdsService *service, int login, char **names)
{
	IVdsSubSystemIscsi *subsystem = NULL;
	IVdsIscsiInitiatorAdapter *adapter = NULL;
	HRESULT hr = find_subsystem(service, &subsystem);

	if (SUCCEEDED(hr))
		hr = find_adapter(service, &adapter);
	if (FAILED(hr))
		return fail("find", hr);
	for (; *names != NULL; names++) {
		VDS_OBJECT_ID id;

		hr = find_target(subsystem, *names, &id);
		if (SUCCEEDED(hr))
			hr = operate(adapter, login, id);
		if (FAILED(hr))
			fail(*names, hr);
		else
			printf("%s: %s\n", *names, VdsErrorText(hr));
	}
	RELEASE(adapter);
	RELEASE(subsystem);
	return 0;
}

int
main(int argc, char **argv)
{
	IVdsServiceLoader *loader = NULL;
	IVdsService *service = NULL;
	HRESULT hr = CoInitializeEx(NULL, COINIT_MULTITHREADED);
	int status;

	if (argc < 3)
		return 2;
	if (SUCCEEDED(hr))
		hr = CoCreateInstance(&CLSID_VdsLoader, NULL, CLSCTX_LOCAL_SERVER,
				      &IID_IVdsServiceLoader, (void **)&loader);
	if (SUCCEEDED(hr))
		hr = IVdsServiceLoader_LoadService(loader, NULL, &service);
	if (SUCCEEDED(hr))
		hr = IVdsService_WaitForServiceReady(service);
	if (FAILED(hr))
		return fail("load", hr);
	RELEASE(loader);
	status = operate_all(service, strcmp(argv[1], "login") == 0, argv + 2);
	RELEASE(service);
	CoUninitialize();
	return status;
}
