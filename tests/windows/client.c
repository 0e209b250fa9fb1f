/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A client of the provider on Windows, as TAP: it activates the registered class, loads it, creates
 * a LUN and targets, associates them, watches the notifications, deletes everything and lets go.
 *
 *	client.exe in|out|sta
 *
 * in: the provider's DLL in this process.  out: in a process of its own, with everything through
 * proxies.  sta: in this process, but the sink lives in a single-threaded apartment, so it is
 * called through the message loop.
 */
#define INITGUID
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vds/libvds.h>

#define WAIT_MS  30000
#define NOTE_MAX 256
#define LUN_SIZE (64ull << 20)

static int number;
static bool is_sta;

static void
ok(bool good, const char *what, HRESULT hr)
{
	printf("%s %d - %s", good ? "ok" : "not ok", ++number, what);
	if (!good)
		printf(" (0x%08lx)", (unsigned long)hr);
	printf("\n");
	fflush(stdout);
	if (!good) { /* what follows builds on it */
		printf("1..%d\n", number);
		fflush(stdout);
		exit(1);
	}
}

static void
is(HRESULT got, HRESULT wanted, const char *what)
{
	ok(got == wanted, what, got);
}

/* ---- the sink ---- */

static struct {
	IVdsAdviseSink sink;
	LONG refs;
	HANDLE arrived; /* a notification came */
	CRITICAL_SECTION lock;
	VDS_NOTIFICATION notes[NOTE_MAX]; /* guarded by lock */
	int count;
	DWORD thread; /* that called last */
} self;

static HRESULT STDMETHODCALLTYPE
sink_query(IVdsAdviseSink *sink, REFIID riid, void **ppv)
{
	if (!IsEqualIID(riid, &IID_IUnknown) && !IsEqualIID(riid, &IID_IVdsAdviseSink)) {
		*ppv = NULL;
		return E_NOINTERFACE;
	}
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
	extern bool is_out;

	(void)sink;
	EnterCriticalSection(&self.lock);
	for (LONG i = 0; i < count && self.count < NOTE_MAX; i++)
		self.notes[self.count++] = notes[i];
	self.thread = GetCurrentThreadId();
	LeaveCriticalSection(&self.lock);
	if (!is_out && !is_sta)
		CoTaskMemFree(notes); /* through a proxy the stub owns it */
	SetEvent(self.arrived);
	return S_OK;
}

static IVdsAdviseSinkVtbl sink_vtable = { sink_query, sink_add_ref, sink_release, sink_notify };

bool is_out;

static bool
note_came(ULONG event, const GUID *id)
{
	bool came = false;

	EnterCriticalSection(&self.lock);
	for (int i = 0; i < self.count && !came; i++) {
		const VDS_NOTIFICATION *note = &self.notes[i];

		if (note->objectType == VDS_NTT_LUN)
			came = note->Lun.ulEvent == event && IsEqualGUID(&note->Lun.LunId, id);
		else if (note->objectType == VDS_NTT_TARGET)
			came = note->Target.ulEvent == event &&
			       IsEqualGUID(&note->Target.targetId, id);
	}
	LeaveCriticalSection(&self.lock);
	return came;
}

/* Waits for a notification; an apartment with one thread must fetch its messages meanwhile. */
static void
expect_note(ULONG event, const GUID *id, const char *what)
{
	DWORD begin = GetTickCount();

	while (!note_came(event, id) && GetTickCount() - begin < WAIT_MS) {
		DWORD index;

		CoWaitForMultipleHandles(0, 1000, 1, &self.arrived, &index);
	}
	ok(note_came(event, id), what, E_FAIL);
}

/* ---- the steps ---- */

static HRESULT
wait_for(IVdsAsync *async, VDS_ASYNC_OUTPUT *out)
{
	HRESULT hr, result = E_UNEXPECTED;
	ULONG percent = 0;

	memset(out, 0, sizeof(*out));
	hr = IVdsAsync_Wait(async, &result, out);
	if (SUCCEEDED(hr))
		hr = result;
	if (SUCCEEDED(hr) &&
	    (IVdsAsync_QueryStatus(async, &result, &percent) != S_OK || percent != 100))
		hr = E_UNEXPECTED;
	IVdsAsync_Release(async);
	return hr;
}

static IVdsHwProvider *
activate(DWORD context)
{
	IVdsHwProvider *provider = NULL;
	IEnumVdsObject *list = (IEnumVdsObject *)&self;
	HRESULT hr = CoCreateInstance(&CLSID_VdsHwProvider, NULL, context, &IID_IVdsHwProvider,
				      (void **)&provider);

	is(hr, S_OK, "CoCreateInstance activates the registered class");
	is(IVdsHwProvider_QuerySubSystems(provider, &list), VDS_E_INITIALIZE_NOT_CALLED,
	   "before OnLoad a method answers VDS_E_INITIALIZE_NOT_CALLED");
	return provider;
}

static void
load(IVdsHwProvider *provider)
{
	static WCHAR machine[] = L"here";
	IVdsProviderPrivate *private = NULL;
	IVdsProvider *plain = NULL;
	VDS_PROVIDER_PROP prop;
	HRESULT hr;

	hr = IVdsHwProvider_QueryInterface(provider, &IID_IVdsProviderPrivate, (void **)&private);
	is(hr, S_OK, "the provider has IVdsProviderPrivate");
	is(IVdsProviderPrivate_OnLoad(private, machine, (IUnknown *)&self.sink), S_OK,
	   "OnLoad with a sink connects to the array");
	IVdsProviderPrivate_Release(private);
	hr = IVdsHwProvider_QueryInterface(provider, &IID_IVdsProvider, (void **)&plain);
	if (SUCCEEDED(hr))
		hr = IVdsProvider_GetProperties(plain, &prop);
	ok(hr == S_OK && prop.type == VDS_PT_HARDWARE && prop.pwszName != NULL &&
		   prop.pwszVersion != NULL && wcslen(prop.pwszName) > 0,
	   "the provider's properties carry its type and strings", hr);
	CoTaskMemFree(prop.pwszName);
	CoTaskMemFree(prop.pwszVersion);
	IVdsProvider_Release(plain);
}

static IVdsSubSystem *
subsystem_of(IVdsHwProvider *provider)
{
	IVdsSubSystem *subsystem = NULL;
	IUnknown *objects[3] = { NULL, NULL, NULL };
	IEnumVdsObject *list = NULL, *clone = NULL;
	VDS_SUB_SYSTEM_PROP prop;
	ULONG fetched = 9;
	HRESULT hr;

	hr = IVdsHwProvider_QuerySubSystems(provider, &list);
	is(hr, S_OK, "QuerySubSystems after the load");
	hr = IEnumVdsObject_Next(list, 3, objects, &fetched);
	ok(hr == S_FALSE && fetched == 1 && objects[0] != NULL, "Next(3) gives the one subsystem",
	   hr);
	hr = IEnumVdsObject_Clone(list, &clone);
	ok(hr == S_OK && IEnumVdsObject_Reset(clone) == S_OK &&
		   IEnumVdsObject_Skip(clone, 1) == S_OK &&
		   IEnumVdsObject_Skip(clone, 1) == S_FALSE,
	   "an enumerator can be cloned, reset and skipped", hr);
	IEnumVdsObject_Release(clone);
	IEnumVdsObject_Release(list);
	hr = IUnknown_QueryInterface(objects[0], &IID_IVdsSubSystem, (void **)&subsystem);
	is(hr, S_OK, "the object is a subsystem");
	IUnknown_Release(objects[0]);
	hr = IVdsSubSystem_GetProperties(subsystem, &prop);
	ok(hr == S_OK && prop.pwszFriendlyName != NULL && prop.pwszIdentification != NULL &&
		   prop.status == VDS_SSS_ONLINE,
	   "the subsystem's properties come through", hr);
	CoTaskMemFree(prop.pwszFriendlyName);
	CoTaskMemFree(prop.pwszIdentification);
	return subsystem;
}

static IVdsLun *
create_lun(IVdsSubSystem *subsystem, VDS_LUN_PROP *ret_prop)
{
	static WCHAR mask[] = L"*";
	IVdsAsync *async = NULL;
	IVdsLun *lun = NULL;
	VDS_ASYNC_OUTPUT out;
	HRESULT hr;

	hr = IVdsSubSystem_CreateLun(subsystem, VDS_LT_DEFAULT, LUN_SIZE, NULL, 0, mask, NULL,
				     &async);
	is(hr, S_OK, "CreateLun begins");
	hr = wait_for(async, &out);
	ok(hr == S_OK && out.type == VDS_ASYNCOUT_CREATELUN && out.cl.pLunUnk != NULL,
	   "IVdsAsync::Wait gives the LUN", hr);
	hr = IUnknown_QueryInterface(out.cl.pLunUnk, &IID_IVdsLun, (void **)&lun);
	is(hr, S_OK, "the object is a LUN");
	IUnknown_Release(out.cl.pLunUnk);
	hr = IVdsLun_GetProperties(lun, ret_prop);
	ok(hr == S_OK && ret_prop->ullSize == LUN_SIZE && ret_prop->pwszUnmaskingList != NULL &&
		   wcscmp(ret_prop->pwszUnmaskingList, L"*") == 0,
	   "the LUN has the size and the unmasking list that were asked for", hr);
	CoTaskMemFree(ret_prop->pwszFriendlyName);
	CoTaskMemFree(ret_prop->pwszIdentification);
	CoTaskMemFree(ret_prop->pwszUnmaskingList);
	return lun;
}

/* Arrays in arrays: what proxies must copy piece by piece. */
static void
identify(IVdsLun *lun)
{
	VDS_LUN_INFORMATION info;
	HRESULT hr;
	ULONG i;

	memset(&info, 0, sizeof(info));
	hr = IVdsLun_GetIdentificationData(lun, &info);
	ok(hr == S_OK && info.m_szVendorId != NULL && info.m_szSerialNumber != NULL &&
		   strlen((const char *)info.m_szSerialNumber) > 0 &&
		   info.m_deviceIdDescriptor.m_cIdentifiers > 0,
	   "the LUN's identification comes with its designators", hr);
	for (i = 0; i < info.m_deviceIdDescriptor.m_cIdentifiers; i++) {
		VDS_STORAGE_IDENTIFIER *one = &info.m_deviceIdDescriptor.m_rgIdentifiers[i];

		if (one->m_cbIdentifier == 0 || one->m_rgbIdentifier == NULL)
			break;
		CoTaskMemFree(one->m_rgbIdentifier);
	}
	ok(i == info.m_deviceIdDescriptor.m_cIdentifiers, "every designator has its bytes", E_FAIL);
	CoTaskMemFree(info.m_deviceIdDescriptor.m_rgIdentifiers);
	CoTaskMemFree(info.m_szVendorId);
	CoTaskMemFree(info.m_szProductId);
	CoTaskMemFree(info.m_szProductRevision);
	CoTaskMemFree(info.m_szSerialNumber);
	for (i = 0; i < info.m_cInterconnects; i++) {
		CoTaskMemFree(info.m_rgInterconnects[i].m_pbPort);
		CoTaskMemFree(info.m_rgInterconnects[i].m_pbAddress);
	}
	CoTaskMemFree(info.m_rgInterconnects);
}

static IVdsIscsiTarget *
create_target(IVdsSubSystem *subsystem, WCHAR *name, GUID *ret_id)
{
	IVdsSubSystemIscsi *iscsi = NULL;
	IVdsIscsiTarget *target = NULL;
	VDS_ISCSI_TARGET_PROP prop;
	IVdsAsync *async = NULL;
	VDS_ASYNC_OUTPUT out;
	HRESULT hr;

	hr = IVdsSubSystem_QueryInterface(subsystem, &IID_IVdsSubSystemIscsi, (void **)&iscsi);
	is(hr, S_OK, "the subsystem has IVdsSubSystemIscsi");
	hr = IVdsSubSystemIscsi_CreateTarget(iscsi, NULL, name, &async);
	if (SUCCEEDED(hr))
		hr = wait_for(async, &out);
	is(hr, S_OK, "CreateTarget makes a target");
	IVdsSubSystemIscsi_Release(iscsi);
	hr = IUnknown_QueryInterface(out.ct.pTargetUnk, &IID_IVdsIscsiTarget, (void **)&target);
	is(hr, S_OK, "the object is a target");
	IUnknown_Release(out.ct.pTargetUnk);
	hr = IVdsIscsiTarget_GetProperties(target, &prop);
	ok(hr == S_OK && prop.pwszFriendlyName != NULL &&
		   wcscmp(prop.pwszFriendlyName, name) == 0 && prop.pwszIscsiName != NULL &&
		   wcslen(prop.pwszIscsiName) > 4,
	   "the target has its name, whatever letters it has", hr);
	*ret_id = prop.id;
	CoTaskMemFree(prop.pwszFriendlyName);
	CoTaskMemFree(prop.pwszIscsiName);
	return target;
}

static void
associate(IVdsLun *lun, const GUID targets[2], IVdsIscsiTarget *second)
{
	IUnknown *objects[4] = { NULL };
	GUID copy[2] = { targets[0], targets[1] };
	IEnumVdsObject *list = NULL;
	IVdsLunIscsi *iscsi = NULL;
	ULONG fetched = 0;
	HRESULT hr;

	hr = IVdsLun_QueryInterface(lun, &IID_IVdsLunIscsi, (void **)&iscsi);
	is(hr, S_OK, "the LUN has IVdsLunIscsi");
	is(IVdsLunIscsi_AssociateTargets(iscsi, copy, 2), S_OK,
	   "AssociateTargets with two targets");
	hr = IVdsLunIscsi_QueryAssociatedTargets(iscsi, &list);
	if (SUCCEEDED(hr))
		hr = IEnumVdsObject_Next(list, 4, objects, &fetched);
	ok(hr == S_FALSE && fetched == 2, "QueryAssociatedTargets tells both at once", hr);
	for (ULONG i = 0; i < fetched; i++)
		IUnknown_Release(objects[i]);
	IEnumVdsObject_Release(list);
	hr = IVdsIscsiTarget_QueryAssociatedLuns(second, &list);
	if (SUCCEEDED(hr))
		hr = IEnumVdsObject_Next(list, 1, objects, &fetched);
	ok(hr == S_OK && fetched == 1, "QueryAssociatedLuns of a target tells the LUN", hr);
	IUnknown_Release(objects[0]);
	IEnumVdsObject_Release(list);
	hr = IVdsLunIscsi_AssociateTargets(iscsi, NULL, 0);
	if (SUCCEEDED(hr))
		hr = IVdsLunIscsi_QueryAssociatedTargets(iscsi, &list);
	if (SUCCEEDED(hr))
		hr = IEnumVdsObject_Next(list, 1, objects, &fetched);
	ok(hr == S_FALSE && fetched == 0, "AssociateTargets with none takes all away", hr);
	IEnumVdsObject_Release(list);
	IVdsLunIscsi_Release(iscsi);
}

static void
delete_target(IVdsIscsiTarget *target)
{
	IVdsAsync *async = NULL;
	VDS_ASYNC_OUTPUT out;
	HRESULT hr = IVdsIscsiTarget_Delete(target, &async);

	if (SUCCEEDED(hr))
		hr = wait_for(async, &out);
	is(hr, S_OK, "a target is deleted");
	IVdsIscsiTarget_Release(target);
}

static void
delete_lun(IVdsLun *lun)
{
	VDS_LUN_PROP prop;

	is(IVdsLun_Delete(lun), S_OK, "the LUN is deleted");
	memset(&prop, 0xee, sizeof(prop));
	is(IVdsLun_GetProperties(lun, &prop), VDS_E_OBJECT_DELETED,
	   "the pointer to the deleted LUN answers VDS_E_OBJECT_DELETED");
	IVdsLun_Release(lun);
}

static void
unload(IVdsHwProvider *provider)
{
	IVdsProviderPrivate *private = NULL;

	IVdsHwProvider_QueryInterface(provider, &IID_IVdsProviderPrivate, (void **)&private);
	is(IVdsProviderPrivate_OnUnload(private, FALSE), S_OK, "OnUnload");
	IVdsProviderPrivate_Release(private);
	ok(IVdsHwProvider_Release(provider) == 0 || is_out, "the last Release ends the provider",
	   0);
}

/* COM asks this before it unloads a DLL. */
static void
can_unload(void)
{
	HMODULE dll = GetModuleHandleW(L"vdsprov.dll");
	HRESULT(STDAPICALLTYPE * can)(void);

	ok(dll != NULL, "the DLL is in this process", 0);
	can = (HRESULT(STDAPICALLTYPE *)(void))(void *)GetProcAddress(dll, "DllCanUnloadNow");
	is(can(), S_OK, "nothing is left: DllCanUnloadNow says so");
}

static void
run(DWORD context, const wchar_t *mode)
{
	static WCHAR names[2][64];
	IVdsHwProvider *provider = activate(context);
	IVdsIscsiTarget *first, *second;
	IVdsSubSystem *subsystem;
	VDS_LUN_PROP prop;
	GUID targets[2];
	IVdsLun *lun;

	swprintf(names[0], 64, L"%ls on Windows \x00e4\x00f6\x00fc \xd83d\xde80", mode);
	swprintf(names[1], 64, L"%ls", mode);
	load(provider);
	subsystem = subsystem_of(provider);
	lun = create_lun(subsystem, &prop);
	identify(lun);
	first = create_target(subsystem, names[0], &targets[0]);
	second = create_target(subsystem, names[1], &targets[1]);
	associate(lun, targets, second);
	expect_note(VDS_NF_LUN_ARRIVE, &prop.id, "the sink heard of the new LUN");
	expect_note(VDS_NF_TARGET_ARRIVE, &targets[1], "the sink heard of the new target");
	expect_note(VDS_NF_LUN_MODIFY, &prop.id, "the sink heard of the association");
	ok(!is_sta || self.thread == GetCurrentThreadId(),
	   "the sink was called in its own apartment", 0);
	delete_target(first);
	delete_target(second);
	delete_lun(lun);
	expect_note(VDS_NF_LUN_DEPART, &prop.id, "the sink heard of the LUN's end");
	IVdsSubSystem_Release(subsystem);
	unload(provider);
	ok(self.refs == 1, "nobody holds the sink any more", (HRESULT)self.refs);
	if (!is_out)
		can_unload();
}

int
main(int argc, char **argv)
{
	is_out = argc > 1 && strcmp(argv[1], "out") == 0;
	is_sta = argc > 1 && strcmp(argv[1], "sta") == 0;
	self.sink.lpVtbl = &sink_vtable;
	self.refs = 1;
	self.arrived = CreateEventW(NULL, FALSE, FALSE, NULL);
	InitializeCriticalSection(&self.lock);
	CoInitializeEx(NULL, is_sta ? COINIT_APARTMENTTHREADED : COINIT_MULTITHREADED);
	run(is_out ? CLSCTX_LOCAL_SERVER : CLSCTX_INPROC_SERVER, is_out   ? L"out"
								 : is_sta ? L"sta"
									  : L"in");
	CoUninitialize();
	printf("1..%d\n", number);
	return 0;
}
