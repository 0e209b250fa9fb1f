/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a provider in another process keeps, and what is left when a process dies, as TAP:
 *
 *	remote.exe DLL	the test, which starts the other two
 *	remote.exe DLL host	offers the class of vdsprov.dll to other processes, until it is ended
 *	remote.exe DLL hold	loads the provider there with a sink, and waits until it is ended
 *
 * The host is our own, since it counts: the blocks of task memory that are allocated (IMallocSpy)
 * and the bytes of all heaps.  It counts when the event "ask" is set, and then sets "told".
 */
#define INITGUID
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vds/libvds.h>

#define WAIT_MS     60000
#define CALLS       1000
/* What may stay behind after so many calls: threads that come and go, and the heap's own. */
#define SLACK_BYTES 16000

struct counted {
	LONG task_blocks, task_made; /* there are, there have ever been */
	LONG kept;                   /* the DLL's DllCanUnloadNow says no */
	LONG64 heap_bytes;
};

static struct counted *shared; /* the host writes it */
static HANDLE ask, told, held;
static int number;

static void
ok(bool good, const char *what, long long said)
{
	printf("%s %d - %s", good ? "ok" : "not ok", ++number, what);
	if (!good)
		printf(" (%lld, 0x%08llx)", said, said & 0xffffffff);
	printf("\n");
	fflush(stdout);
}

/* ---- the host ---- */

static LONG task_blocks, task_made;

static HRESULT STDMETHODCALLTYPE
spy_query(IMallocSpy *spy, REFIID riid, void **ppv)
{
	*ppv = IsEqualIID(riid, &IID_IUnknown) || IsEqualIID(riid, &IID_IMallocSpy) ? spy : NULL;
	return *ppv != NULL ? S_OK : E_NOINTERFACE;
}

static ULONG STDMETHODCALLTYPE
spy_ref(IMallocSpy *spy)
{
	(void)spy;
	return 2;
}

static SIZE_T STDMETHODCALLTYPE
spy_pre_alloc(IMallocSpy *spy, SIZE_T size)
{
	(void)spy;
	return size;
}

static void *STDMETHODCALLTYPE
spy_post_alloc(IMallocSpy *spy, void *block)
{
	(void)spy;
	if (block != NULL)
		InterlockedIncrement(&task_blocks);
	InterlockedIncrement(&task_made);
	return block;
}

static void *STDMETHODCALLTYPE
spy_pre_free(IMallocSpy *spy, void *block, BOOL spied)
{
	(void)spy;
	if (block != NULL && spied)
		InterlockedDecrement(&task_blocks);
	return block;
}

static void STDMETHODCALLTYPE
spy_post_free(IMallocSpy *spy, BOOL spied)
{
	(void)spy;
	(void)spied;
}

static SIZE_T STDMETHODCALLTYPE
spy_pre_realloc(IMallocSpy *spy, void *block, SIZE_T size, void **ret_block, BOOL spied)
{
	(void)spy;
	(void)spied;
	*ret_block = block;
	return size;
}

static void *STDMETHODCALLTYPE
spy_block(IMallocSpy *spy, void *block, BOOL spied)
{
	(void)spy;
	(void)spied;
	return block;
}

static SIZE_T STDMETHODCALLTYPE
spy_size(IMallocSpy *spy, SIZE_T size, BOOL spied)
{
	(void)spy;
	(void)spied;
	return size;
}

static int STDMETHODCALLTYPE
spy_did(IMallocSpy *spy, void *block, BOOL spied, int actual)
{
	(void)spy;
	(void)block;
	(void)spied;
	return actual;
}

static void STDMETHODCALLTYPE
spy_minimize(IMallocSpy *spy)
{
	(void)spy;
}

static LONG64
heap_bytes(void)
{
	HANDLE heaps[64];
	DWORD count = GetProcessHeaps(64, heaps);
	LONG64 bytes = 0;

	for (DWORD i = 0; i < count && i < 64; i++) {
		PROCESS_HEAP_ENTRY entry = { .lpData = NULL };

		HeapLock(heaps[i]);
		while (HeapWalk(heaps[i], &entry)) {
			if ((entry.wFlags & PROCESS_HEAP_ENTRY_BUSY) != 0)
				bytes += entry.cbData;
		}
		HeapUnlock(heaps[i]);
	}
	return bytes;
}

static int
host(const char *dll)
{
	static IMallocSpyVtbl vtable = {
		spy_query,    spy_ref,       spy_ref,         spy_pre_alloc, spy_post_alloc,
		spy_pre_free, spy_post_free, spy_pre_realloc, spy_block,     spy_block,
		spy_size,     spy_block,     spy_did,         spy_minimize,  spy_minimize,
	};
	static IMallocSpy spy = { &vtable };
	HRESULT(STDAPICALLTYPE * get)(REFCLSID rclsid, REFIID riid, void **ppv);
	HRESULT(STDAPICALLTYPE * can_unload)(void);
	HMODULE library = LoadLibraryA(dll);
	FARPROC symbol = library != NULL ? GetProcAddress(library, "DllGetClassObject") : NULL;
	IUnknown *factory = NULL;
	DWORD cookie;

	if (symbol == NULL)
		return 1;
	memcpy(&get, &symbol, sizeof(get));
	symbol = GetProcAddress(library, "DllCanUnloadNow");
	memcpy(&can_unload, &symbol, sizeof(can_unload));
	CoRegisterMallocSpy(&spy);
	if (FAILED(get(&CLSID_VdsHwProvider, &IID_IClassFactory, (void **)&factory)) ||
	    FAILED(CoRegisterClassObject(&CLSID_VdsHwProvider, factory, CLSCTX_LOCAL_SERVER,
					 REGCLS_MULTIPLEUSE, &cookie)))
		return 1;
	for (;;) {
		SetEvent(told);
		WaitForSingleObject(ask, INFINITE);
		shared->task_blocks = task_blocks;
		shared->task_made = task_made;
		shared->kept = can_unload() != S_OK;
		shared->heap_bytes = heap_bytes();
	}
}

/* ---- a client ---- */

static HRESULT STDMETHODCALLTYPE
sink_query(IVdsAdviseSink *sink, REFIID riid, void **ppv)
{
	bool known = IsEqualIID(riid, &IID_IUnknown) || IsEqualIID(riid, &IID_IVdsAdviseSink);

	*ppv = known ? sink : NULL;
	return known ? S_OK : E_NOINTERFACE;
}

static ULONG STDMETHODCALLTYPE
sink_ref(IVdsAdviseSink *sink)
{
	(void)sink;
	return 2;
}

static HRESULT STDMETHODCALLTYPE
sink_notify(IVdsAdviseSink *sink, LONG count, VDS_NOTIFICATION *notes)
{
	(void)sink;
	(void)count;
	(void)notes;
	return S_OK;
}

/* Loads a provider in the host. */
static IVdsHwProvider *
load(void)
{
	static IVdsAdviseSinkVtbl vtable = { sink_query, sink_ref, sink_ref, sink_notify };
	static IVdsAdviseSink sink = { &vtable };
	static WCHAR machine[] = L"here";
	IVdsProviderPrivate *private = NULL;
	IVdsHwProvider *provider = NULL;
	HRESULT hr = CoCreateInstance(&CLSID_VdsHwProvider, NULL, CLSCTX_LOCAL_SERVER,
				      &IID_IVdsHwProvider, (void **)&provider);

	if (SUCCEEDED(hr))
		hr = IVdsHwProvider_QueryInterface(provider, &IID_IVdsProviderPrivate,
						   (void **)&private);
	if (SUCCEEDED(hr))
		hr = IVdsProviderPrivate_OnLoad(private, machine, (IUnknown *)&sink);
	if (private != NULL)
		IVdsProviderPrivate_Release(private);
	if (SUCCEEDED(hr))
		return provider;
	printf("# load: 0x%08lx\n", (unsigned long)hr);
	return NULL;
}

static IVdsSubSystem *
subsystem_of(IVdsHwProvider *provider)
{
	IEnumVdsObject *list = NULL;
	IVdsSubSystem *subsystem = NULL;
	IUnknown *object = NULL;
	ULONG fetched;

	if (FAILED(IVdsHwProvider_QuerySubSystems(provider, &list)))
		return NULL;
	if (IEnumVdsObject_Next(list, 1, &object, &fetched) == S_OK) {
		IUnknown_QueryInterface(object, &IID_IVdsSubSystem, (void **)&subsystem);
		IUnknown_Release(object);
	}
	IEnumVdsObject_Release(list);
	return subsystem;
}

static int
hold(void)
{
	IVdsHwProvider *provider = load();
	IVdsSubSystem *subsystem = provider != NULL ? subsystem_of(provider) : NULL;

	if (subsystem == NULL)
		return 1;
	SetEvent(held);
	Sleep(INFINITE);
	return 0;
}

/* ---- the test ---- */

static HANDLE
start(const char *self, const char *dll, const char *mode)
{
	STARTUPINFOA startup = { .cb = sizeof(startup) };
	PROCESS_INFORMATION process;
	char command[1024];

	snprintf(command, sizeof(command), "\"%s\" \"%s\" %s", self, dll, mode);
	if (!CreateProcessA(NULL, command, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &process))
		return NULL;
	CloseHandle(process.hThread);
	return process.hProcess;
}

static struct counted
count(void)
{
	SetEvent(ask);
	WaitForSingleObject(told, WAIT_MS);
	return *shared;
}

/* Calls that return objects, structures with strings, and refusals. */
static bool
call(IVdsHwProvider *provider, IVdsSubSystem *subsystem)
{
	VDS_SUB_SYSTEM_PROP prop;
	VDS_PROVIDER_PROP own;
	IVdsProvider *plain;
	IEnumVdsObject *list;
	IUnknown *drive;
	HRESULT hr;

	if (FAILED(IVdsSubSystem_GetProperties(subsystem, &prop)))
		return false;
	CoTaskMemFree(prop.pwszFriendlyName);
	CoTaskMemFree(prop.pwszIdentification);
	if (FAILED(IVdsSubSystem_QueryControllers(subsystem, &list)))
		return false;
	IEnumVdsObject_Release(list);
	hr = IVdsSubSystem_GetDrive(subsystem, -1, -1, (IVdsDrive **)&drive);
	if (FAILED(IVdsHwProvider_QueryInterface(provider, &IID_IVdsProvider, (void **)&plain)))
		return false;
	if (SUCCEEDED(IVdsProvider_GetProperties(plain, &own))) {
		CoTaskMemFree(own.pwszName);
		CoTaskMemFree(own.pwszVersion);
	}
	IVdsProvider_Release(plain);
	return FAILED(hr);
}

static void
try_memory(IVdsHwProvider *provider, IVdsSubSystem *subsystem)
{
	struct counted before, after;
	bool good = true;

	for (int i = 0; i < CALLS / 4; i++) /* until caches and threads are there */
		good = good && call(provider, subsystem);
	before = count();
	for (int i = 0; i < CALLS / 4; i++)
		good = good && call(provider, subsystem);
	after = count();
	ok(good, "calls through proxies succeed and are refused as they must", 0);
	ok(after.task_made - before.task_made >= CALLS, "strings and structures are counted",
	   after.task_made - before.task_made);
	ok(after.task_blocks <= before.task_blocks,
	   "after 1,000 calls the host has as many blocks of task memory as before",
	   (long long)after.task_blocks - before.task_blocks);
	ok(after.heap_bytes - before.heap_bytes < SLACK_BYTES,
	   "after 1,000 calls the host's heaps are as large as before",
	   after.heap_bytes - before.heap_bytes);
}

static void
try_dead_client(const char *self, const char *dll, IVdsSubSystem *subsystem)
{
	HANDLE client = start(self, dll, "hold");
	VDS_SUB_SYSTEM_PROP prop;
	HRESULT hr;

	ok(WaitForSingleObject(held, WAIT_MS) == WAIT_OBJECT_0, "a second client loads a provider",
	   0);
	TerminateProcess(client, 1);
	WaitForSingleObject(client, WAIT_MS);
	for (int i = 0; i < 2; i++) { /* its sink is called, which is gone */
		IVdsSubSystemNaming *naming;
		static WCHAR names[2][8] = { L"first", L"second" };

		hr = IVdsSubSystem_QueryInterface(subsystem, &IID_IVdsSubSystemNaming,
						  (void **)&naming);
		if (SUCCEEDED(hr)) {
			hr = IVdsSubSystemNaming_SetFriendlyName(naming, names[i]);
			IVdsSubSystemNaming_Release(naming);
		}
		ok(hr == S_OK, "after a client has died others make changes", hr);
	}
	hr = IVdsSubSystem_GetProperties(subsystem, &prop);
	ok(hr == S_OK && wcscmp(prop.pwszFriendlyName, L"second") == 0, "and read them", hr);
	if (SUCCEEDED(hr)) {
		CoTaskMemFree(prop.pwszFriendlyName);
		CoTaskMemFree(prop.pwszIdentification);
	}
}

/* A client that lets go of all that it has leaves nothing behind. */
static void
try_release(IVdsHwProvider *provider, IVdsSubSystem *subsystem)
{
	struct counted had = count(), has;

	ok(had.kept, "the DLL is in use while a client has objects", 0);
	IVdsSubSystem_Release(subsystem);
	ok(IVdsHwProvider_Release(provider) == 0, "the client lets go of what it has", 0);
	has = count();
	ok(!has.kept, "the DLL can be unloaded then", 0);
	ok(has.task_blocks < had.task_blocks || has.heap_bytes < had.heap_bytes,
	   "and the host has less than before", has.heap_bytes - had.heap_bytes);
}

static bool
is_gone(HRESULT hr)
{
	return hr == HRESULT_FROM_WIN32(RPC_S_SERVER_UNAVAILABLE) ||
	       hr == HRESULT_FROM_WIN32(RPC_S_CALL_FAILED) || hr == RPC_E_DISCONNECTED ||
	       hr == RPC_E_SERVER_DIED || hr == RPC_E_SERVER_DIED_DNE;
}

static void
try_dead_host(HANDLE server, IVdsHwProvider *provider, IVdsSubSystem *subsystem)
{
	IEnumVdsObject *list = (IEnumVdsObject *)&list;
	VDS_SUB_SYSTEM_PROP prop;
	HRESULT hr;

	TerminateProcess(server, 1);
	WaitForSingleObject(server, WAIT_MS);
	for (int i = 0; i < 2; i++) {
		hr = IVdsSubSystem_GetProperties(subsystem, &prop);
		ok(is_gone(hr), "after the host has died a method answers that it is gone", hr);
	}
	hr = IVdsHwProvider_QuerySubSystems(provider, &list);
	ok(is_gone(hr) && list == NULL, "and clears what it was to return", hr);
	IVdsSubSystem_Release(subsystem);
	ok(IVdsHwProvider_Release(provider) == 0, "what it had can be let go of", 0);
}

static int
test(const char *self, const char *dll)
{
	HANDLE server = start(self, dll, "host");
	IVdsSubSystem *subsystem = NULL;
	IVdsHwProvider *provider = NULL;

	ok(WaitForSingleObject(told, WAIT_MS) == WAIT_OBJECT_0, "a host offers the class", 0);
	provider = load();
	if (provider != NULL)
		subsystem = subsystem_of(provider);
	ok(subsystem != NULL, "a provider in the host is loaded", 0);
	if (subsystem != NULL) {
		try_memory(provider, subsystem);
		try_release(provider, subsystem);
		provider = load();
		subsystem = provider != NULL ? subsystem_of(provider) : NULL;
		ok(subsystem != NULL, "and a provider can be loaded again", 0);
	}
	if (subsystem != NULL) {
		try_dead_client(self, dll, subsystem);
		try_dead_host(server, provider, subsystem);
	}
	TerminateProcess(server, 1);
	printf("1..%d\n", number);
	return 0;
}

int
main(int argc, char **argv)
{
	HANDLE mapping = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0,
					    sizeof(*shared), "vds-remote-counted");

	if (argc < 2 || mapping == NULL)
		return 2;
	shared = MapViewOfFile(mapping, FILE_MAP_ALL_ACCESS, 0, 0, sizeof(*shared));
	ask = CreateEventA(NULL, FALSE, FALSE, "vds-remote-ask");
	told = CreateEventA(NULL, FALSE, FALSE, "vds-remote-told");
	held = CreateEventA(NULL, FALSE, FALSE, "vds-remote-held");
	CoInitializeEx(NULL, COINIT_MULTITHREADED);
	if (argc > 2 && strcmp(argv[2], "host") == 0)
		return host(argv[1]);
	if (argc > 2 && strcmp(argv[2], "hold") == 0)
		return hold();
	return test(argv[0], argv[1]);
}
