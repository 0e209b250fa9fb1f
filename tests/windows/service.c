/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A client of the service on Windows, as TAP: it registers a second provider (third.dll), which the
 * service runs in a process of its own, sees the objects and notifications of both, and lets that
 * process die.
 *
 *	service.exe in|out DLLHOST
 *
 * in: the service in this process.  out: in a process of its own.  DLLHOST: the surrogate for
 * third.dll.
 */
#define INITGUID
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vds/libvds.h>

#define WAIT_MS 60000

DEFINE_GUID(third_class, 0x2d3bb3e8, 0x59d2, 0x4a0e, 0x8d, 0x3c, 0x1b, 0x2f, 0x6f, 0x0e, 0x7a,
	    0x41);
DEFINE_GUID(third_id, 0x6c1a1b0e, 0x0b5f, 0x4c43, 0x9a, 0x5e, 0x7d, 0x51, 0x0a, 0x44, 0x20, 0x17);

static int number;
static DWORD context = CLSCTX_INPROC_SERVER;

static void
ok(bool good, const char *what, HRESULT hr)
{
	printf("%s %d - %s", good ? "ok" : "not ok", ++number, what);
	if (!good)
		printf(" (0x%08lx)\n1..%d", (unsigned long)hr, number);
	printf("\n");
	fflush(stdout);
	if (!good) /* what follows builds on it */
		exit(1);
}

/* ---- the sink ---- */

static struct {
	IVdsAdviseSink sink;
	LONG refs;
	LONG targets; /* events of new targets */
} self;

static HRESULT STDMETHODCALLTYPE
sink_query(IVdsAdviseSink *sink, REFIID riid, void **ppv)
{
	*ppv = NULL;
	if (!IsEqualIID(riid, &IID_IUnknown) && !IsEqualIID(riid, &IID_IVdsAdviseSink))
		return E_NOINTERFACE;
	*ppv = sink;
	InterlockedIncrement(&self.refs);
	return S_OK;
}

static ULONG STDMETHODCALLTYPE
sink_add_ref(IVdsAdviseSink *sink)
{
	(void)sink;
	return (ULONG)InterlockedIncrement(&self.refs);
}

static ULONG STDMETHODCALLTYPE
sink_release(IVdsAdviseSink *sink)
{
	(void)sink;
	return (ULONG)InterlockedDecrement(&self.refs);
}

static HRESULT STDMETHODCALLTYPE
sink_notify(IVdsAdviseSink *sink, LONG count, VDS_NOTIFICATION *notes)
{
	(void)sink;
	for (LONG i = 0; i < count; i++)
		if (notes[i].objectType == VDS_NTT_TARGET &&
		    notes[i].Target.ulEvent == VDS_NF_TARGET_ARRIVE)
			InterlockedIncrement(&self.targets);
	if (context == CLSCTX_INPROC_SERVER) /* else a stub owns it */
		CoTaskMemFree(notes);
	return S_OK;
}

static IVdsAdviseSinkVtbl sink_vtable = { sink_query, sink_add_ref, sink_release, sink_notify };

/* ---- steps ---- */

/* Writes a text below HKLM\SOFTWARE\Classes\KIND\{third_class}.  name NULL: the key's own value. */
static void
set_text(const wchar_t *kind, const wchar_t *subkey, const wchar_t *name, const wchar_t *text)
{
	wchar_t path[128], id[40];

	StringFromGUID2(&third_class, id, 40);
	_snwprintf(path, 128, L"SOFTWARE\\Classes\\%ls\\%ls%ls", kind, id, subkey);
	RegSetKeyValueW(HKEY_LOCAL_MACHINE, path, name, REG_SZ, text,
			(DWORD)((wcslen(text) + 1) * sizeof(*text)));
}

/* What third.dll's setup would do: its class, with a surrogate. */
static void
install_third(const char *surrogate)
{
	wchar_t path[MAX_PATH], id[40], host[MAX_PATH];

	StringFromGUID2(&third_class, id, 40);
	GetModuleFileNameW(NULL, path, MAX_PATH);
	wcscpy(wcsrchr(path, L'\\') + 1, L"third.dll");
	mbstowcs(host, surrogate, MAX_PATH);
	set_text(L"CLSID", L"", L"AppID", id);
	set_text(L"CLSID", L"\\InprocServer32", NULL, path);
	set_text(L"CLSID", L"\\InprocServer32", L"ThreadingModel", L"Both");
	set_text(L"AppID", L"", L"DllSurrogate", host);
}

static IVdsService *
load_service(void)
{
	IVdsServiceLoader *loader = NULL;
	IVdsService *service = NULL;
	HRESULT hr = CoCreateInstance(&CLSID_VdsLoader, NULL, context, &IID_IVdsServiceLoader,
				      (void **)&loader);

	if (SUCCEEDED(hr))
		hr = IVdsServiceLoader_LoadService(loader, NULL, &service);
	if (loader != NULL)
		IVdsServiceLoader_Release(loader);
	if (SUCCEEDED(hr))
		hr = IVdsService_WaitForServiceReady(service);
	ok(hr == S_OK, "the service is loaded and ready", hr);
	return service;
}

static IVdsAdmin *
admin_of(IVdsService *service)
{
	IVdsAdmin *admin = NULL;
	HRESULT hr = IVdsService_QueryInterface(service, &IID_IVdsAdmin, (void **)&admin);

	ok(hr == S_OK, "the service has IVdsAdmin", hr);
	return admin;
}

static HRESULT
register_third(IVdsAdmin *admin)
{
	static WCHAR name[] = L"third \x00e9", version[] = L"1.0";

	return IVdsAdmin_RegisterProvider(admin, third_id, third_class, name, VDS_PT_HARDWARE, NULL,
					  version, third_class);
}

/* Gets the hardware providers, at most 4. */
static ULONG
providers_of(IVdsService *service, IUnknown *providers[4])
{
	IEnumVdsObject *list = NULL;
	ULONG count = 0;
	HRESULT hr = IVdsService_QueryProviders(service, VDS_QUERY_HARDWARE_PROVIDERS, &list);

	ok(hr == S_OK, "QueryProviders", hr);
	hr = IEnumVdsObject_Next(list, 4, providers, &count);
	ok(SUCCEEDED(hr), "its enumerator", hr);
	IEnumVdsObject_Release(list);
	return count;
}

static IVdsSubSystemIscsi *
subsystem_of(IUnknown *provider)
{
	IVdsSubSystemIscsi *iscsi = NULL;
	IVdsHwProvider *hardware = NULL;
	IEnumVdsObject *list = NULL;
	IUnknown *object = NULL;
	ULONG count;
	HRESULT hr = IUnknown_QueryInterface(provider, &IID_IVdsHwProvider, (void **)&hardware);

	if (SUCCEEDED(hr))
		hr = IVdsHwProvider_QuerySubSystems(hardware, &list);
	if (SUCCEEDED(hr))
		hr = IEnumVdsObject_Next(list, 1, &object, &count);
	if (hr == S_OK)
		hr = IUnknown_QueryInterface(object, &IID_IVdsSubSystemIscsi, (void **)&iscsi);
	ok(hr == S_OK, "a provider shows its array", hr);
	IUnknown_Release(object);
	IEnumVdsObject_Release(list);
	IVdsHwProvider_Release(hardware);
	return iscsi;
}

/* Keeps an import target, which the service does by itself. */
static void
import_target(IVdsSubSystemIscsi *iscsi)
{
	static WCHAR name[] = L"iqn.2026-11.org.example:t";
	IVdsSubSystemImportTarget *import = NULL;
	LPWSTR got = NULL;
	HRESULT hr;

	hr = IVdsSubSystemIscsi_QueryInterface(iscsi, &IID_IVdsSubSystemImportTarget,
					       (void **)&import);
	ok(hr == S_OK, "a subsystem has IVdsSubSystemImportTarget", hr);
	hr = IVdsSubSystemImportTarget_SetImportTarget(import, name);
	ok(hr == S_OK, "SetImportTarget", hr);
	hr = IVdsSubSystemImportTarget_GetImportTarget(import, &got);
	ok(hr == S_OK && got != NULL && wcscmp(got, name) == 0, "GetImportTarget gives it back",
	   hr);
	CoTaskMemFree(got);
	hr = IVdsSubSystemImportTarget_SetImportTarget(import, NULL);
	ok(hr == S_OK, "NULL clears it", hr);
	hr = IVdsSubSystemImportTarget_GetImportTarget(import, &got);
	ok(hr == VDS_E_NO_IMPORT_TARGET, "and then there is none", hr);
	IVdsSubSystemImportTarget_Release(import);
}

/* Makes a target through one provider, of which both send a notification. */
static void
make_target(IVdsService *service, IVdsSubSystemIscsi *iscsi)
{
	static WCHAR name[] = L"made by a third";
	DWORD begin = GetTickCount(), cookie = 0;
	VDS_ASYNC_OUTPUT out;
	IVdsAsync *async = NULL;
	HRESULT hr, result = E_FAIL;

	hr = IVdsService_Advise(service, &self.sink, &cookie);
	ok(hr == S_OK, "Advise", hr);
	hr = IVdsSubSystemIscsi_CreateTarget(iscsi, NULL, name, &async);
	ok(hr == S_OK, "CreateTarget through the third provider", hr);
	hr = IVdsAsync_Wait(async, &result, &out);
	ok(hr == S_OK && result == S_OK && out.type == VDS_ASYNCOUT_CREATETARGET, "it is made",
	   FAILED(hr) ? hr : result);
	IUnknown_Release(out.ct.pTargetUnk);
	IVdsAsync_Release(async);
	while (self.targets < 2 && GetTickCount() - begin < WAIT_MS)
		Sleep(10);
	ok(self.targets == 2, "the sink hears of the target from both providers", E_FAIL);
	hr = IVdsService_Unadvise(service, cookie);
	ok(hr == S_OK && self.refs == 1, "Unadvise lets the sink go", hr);
}

/* COM asks this before it unloads the DLL; the threads of the service end a moment later. */
static void
can_unload(void)
{
	HMODULE dll = GetModuleHandleW(L"vdssvc.dll");
	HRESULT(STDAPICALLTYPE * can)(void);
	DWORD begin = GetTickCount();

	ok(dll != NULL, "the service is in this process", 0);
	can = (HRESULT(STDAPICALLTYPE *)(void))(void *)GetProcAddress(dll, "DllCanUnloadNow");
	while (can() != S_OK && GetTickCount() - begin < WAIT_MS)
		Sleep(10);
	ok(can() == S_OK, "nothing is left: DllCanUnloadNow says so", can());
}

static void
with_third(void)
{
	IVdsService *service = load_service();
	IUnknown *providers[4] = { NULL };
	IVdsSubSystemIscsi *iscsi;
	ULONG count = providers_of(service, providers);

	ok(count == 2, "the registered provider is the second one", (HRESULT)count);
	iscsi = subsystem_of(providers[1]);
	import_target(iscsi);
	make_target(service, iscsi);
	IVdsSubSystemIscsi_Release(iscsi);
	for (ULONG i = 0; i < count; i++)
		IUnknown_Release(providers[i]);
	IVdsService_Release(service);
}

/* Its process ends while its object is made; the other provider is there all the same. */
static void
with_crash(void)
{
	IVdsService *service = load_service();
	IUnknown *providers[4] = { NULL };
	IVdsSubSystemIscsi *iscsi;
	ULONG count = providers_of(service, providers);

	ok(count == 1, "a provider whose process dies does not stop the other", (HRESULT)count);
	iscsi = subsystem_of(providers[0]);
	IVdsSubSystemIscsi_Release(iscsi);
	IUnknown_Release(providers[0]);
	IVdsService_Release(service);
}

static void
run(bool crash)
{
	IVdsService *service = load_service();
	IVdsAdmin *admin = admin_of(service);
	HRESULT hr = register_third(admin);

	ok(hr == S_OK, "RegisterProvider", hr);
	hr = register_third(admin);
	ok(hr == VDS_E_ALREADY_REGISTERED, "RegisterProvider a second time is refused", hr);
	IVdsAdmin_Release(admin);
	IVdsService_Release(service); /* the register is read when the service is loaded anew */
	if (crash)
		with_crash();
	else
		with_third();
	service = load_service();
	admin = admin_of(service);
	hr = IVdsAdmin_UnregisterProvider(admin, third_id);
	ok(hr == S_OK, "UnregisterProvider", hr);
	hr = IVdsAdmin_UnregisterProvider(admin, third_id);
	ok(FAILED(hr), "and then there is none", hr);
	IVdsAdmin_Release(admin);
	IVdsService_Release(service);
}

int
main(int argc, char **argv)
{
	char third[16] = "";

	if (argc != 3)
		return 2;
	if (strcmp(argv[1], "out") == 0)
		context = CLSCTX_LOCAL_SERVER;
	self.sink.lpVtbl = &sink_vtable;
	self.refs = 1;
	CoInitializeEx(NULL, COINIT_MULTITHREADED);
	install_third(argv[2]);
	GetEnvironmentVariableA("THIRD", third, sizeof(third));
	run(strcmp(third, "crash") == 0);
	if (context == CLSCTX_INPROC_SERVER)
		can_unload();
	CoUninitialize();
	printf("1..%d\n", number);
	return 0;
}
