/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The platform's part of vds-conformance on Windows: a provider comes from a DLL, or from COM when
 * instead of a file a way to it is named:
 *
 *	inproc	in this process
 *	local	in another process
 *	both	the first provider in another process, all others in this one
 *	sta	in this process, and this program in a single-threaded apartment
 *	stream	in a single-threaded apartment of this process, this program in the multithreaded one;
 *		the class object comes by CoMarshalInterThreadInterfaceInStream
 *	git	the other way round, by the global interface table
 *
 * Any thread may call it.
 */
#include "conformance/platform.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- task memory ---- */

long
platform_task_blocks(void)
{
	return -1; /* the allocator belongs to the system, whose own blocks would count as well */
}

/* ---- providers ---- */

/* A file of Windows has no small number that a stream could have had. */
void
platform_streams_keep(void)
{
}

HRESULT
platform_open_url(const char *url, REFIID riid, void **ret_object)
{
	(void)url;
	(void)riid;
	*ret_object = NULL;
	fprintf(stderr, "on Windows a provider is named by --provider and --clsid\n");
	return E_NOTIMPL;
}

HRESULT
platform_url_factory(void **ret_factory)
{
	*ret_factory = NULL;
	return E_NOTIMPL;
}

void
platform_default_url(const char *url)
{
	_putenv_s("VDS_URL", url);
	SetEnvironmentVariableA("VDS_URL", url);
}

/*
 * A thread that holds a class object for the program, which lives in another apartment: single or
 * multithreaded.
 */
struct keeper {
	const CLSID *clsid;
	DWORD apartment; /* COINIT_*: of the keeper */
	IStream *stream; /* in which the class object comes over */
	DWORD cookie;    /* or, with a stream of NULL, by which it is found in the table */
	IGlobalInterfaceTable *table;
	HRESULT hr;
	HANDLE ready;
};

static void
keeper_offer(struct keeper *keeper, IUnknown *factory)
{
	if (keeper->apartment == COINIT_APARTMENTTHREADED)
		keeper->hr = CoMarshalInterThreadInterfaceInStream(&IID_IClassFactory, factory,
								   &keeper->stream);
	else
		keeper->hr = IGlobalInterfaceTable_RegisterInterfaceInGlobal(
			keeper->table, factory, &IID_IClassFactory, &keeper->cookie);
}

/* Lives as long as the program, and serves the calls that come for its apartment. */
static DWORD WINAPI
keeper_main(void *arg)
{
	struct keeper *keeper = arg;
	IUnknown *factory;
	MSG message;

	CoInitializeEx(NULL, keeper->apartment);
	keeper->hr = CoGetClassObject(keeper->clsid, CLSCTX_INPROC_SERVER, NULL, &IID_IClassFactory,
				      (void **)&factory);
	if (SUCCEEDED(keeper->hr)) {
		keeper_offer(keeper, factory);
		IUnknown_Release(factory);
	}
	SetEvent(keeper->ready);
	while (GetMessageW(&message, NULL, 0, 0) > 0)
		DispatchMessageW(&message);
	return 0;
}

/*
 * Gets the class object of a provider in another apartment.  apartment: COINIT_*, the other one; it
 * comes in a stream from a single-threaded one, and by the global table to one.
 */
static HRESULT
factory_from(DWORD apartment, REFCLSID clsid, void **ret_factory)
{
	static struct keeper keeper; /* the class object is kept for the next call */
	HANDLE thread;
	HRESULT hr;

	if (keeper.table == NULL) {
		hr = CoCreateInstance(&CLSID_StdGlobalInterfaceTable, NULL, CLSCTX_INPROC_SERVER,
				      &IID_IGlobalInterfaceTable, (void **)&keeper.table);
		if (FAILED(hr))
			return hr;
		keeper.ready = CreateEventW(NULL, FALSE, FALSE, NULL);
	}
	keeper.clsid = clsid;
	keeper.apartment = apartment;
	thread = CreateThread(NULL, 0, keeper_main, &keeper, 0, NULL);
	if (thread == NULL)
		return E_OUTOFMEMORY;
	CloseHandle(thread);
	WaitForSingleObject(keeper.ready, INFINITE);
	if (FAILED(keeper.hr))
		return keeper.hr;
	if (apartment == COINIT_APARTMENTTHREADED)
		return CoGetInterfaceAndReleaseStream(keeper.stream, &IID_IClassFactory,
						      ret_factory);
	hr = IGlobalInterfaceTable_GetInterfaceFromGlobal(keeper.table, keeper.cookie,
							  &IID_IClassFactory, ret_factory);
	IGlobalInterfaceTable_RevokeInterfaceFromGlobal(keeper.table, keeper.cookie);
	return hr;
}

HRESULT
platform_provider_factory(const char *file, REFCLSID clsid, void **ret_factory)
{
	HRESULT(STDAPICALLTYPE * get)(REFCLSID rclsid, REFIID riid, void **ppv);
	static bool asked;
	bool first = !asked, single = strcmp(file, "sta") == 0 || strcmp(file, "git") == 0;
	DWORD context = 0;
	HMODULE library; /* it stays until the program ends */
	FARPROC symbol;

	asked = true;
	*ret_factory = NULL;
	CoInitializeEx(NULL, single ? COINIT_APARTMENTTHREADED : COINIT_MULTITHREADED);
	if (strcmp(file, "stream") == 0)
		return factory_from(COINIT_APARTMENTTHREADED, clsid, ret_factory);
	if (strcmp(file, "git") == 0)
		return factory_from(COINIT_MULTITHREADED, clsid, ret_factory);
	if (strcmp(file, "inproc") == 0 || strcmp(file, "sta") == 0)
		context = CLSCTX_INPROC_SERVER;
	else if (strcmp(file, "local") == 0)
		context = CLSCTX_LOCAL_SERVER;
	else if (strcmp(file, "both") == 0)
		context = first ? CLSCTX_LOCAL_SERVER : CLSCTX_INPROC_SERVER;
	if (context != 0)
		return CoGetClassObject(clsid, context, NULL, &IID_IClassFactory, ret_factory);
	library = LoadLibraryA(file);
	symbol = library != NULL ? GetProcAddress(library, "DllGetClassObject") : NULL;
	if (symbol == NULL) {
		fprintf(stderr, "%s: error %lu\n", file, (unsigned long)GetLastError());
		return E_FAIL;
	}
	memcpy(&get, &symbol, sizeof(get));
	return get(clsid, &IID_IClassFactory, ret_factory);
}

bool
platform_is_remote(IUnknown *object)
{
	IUnknown *security; /* only proxies have this interface */

	if (FAILED(IUnknown_QueryInterface(object, &IID_IClientSecurity, (void **)&security)))
		return false;
	IUnknown_Release(security);
	return true;
}

bool
platform_is_apartment(void)
{
	APTTYPEQUALIFIER qualifier;
	APTTYPE type;

	return SUCCEEDED(CoGetApartmentType(&type, &qualifier)) &&
	       (type == APTTYPE_STA || type == APTTYPE_MAINSTA);
}

HRESULT
platform_service_loader(IVdsServiceLoader **ret_loader)
{
	*ret_loader = NULL;
	CoInitializeEx(NULL, COINIT_MULTITHREADED);
	return CoCreateInstance(&CLSID_VdsLoader, NULL, CLSCTX_ALL, &IID_IVdsServiceLoader,
				(void **)ret_loader);
}

/* ---- time, threads, commands ---- */

void
platform_sleep_ms(unsigned ms)
{
	static HANDLE never; /* threads that make one each at first only waste one */
	DWORD index;

	if (!platform_is_apartment()) {
		Sleep(ms);
		return;
	}
	if (never == NULL)
		never = CreateEventW(NULL, TRUE, FALSE, NULL);
	/* the calls that come for the thread's apartment meanwhile are served */
	CoWaitForMultipleHandles(0, ms, 1, &never, &index);
}

uint64_t
platform_now_ms(void)
{
	return GetTickCount64();
}

struct platform_thread {
	HANDLE thread;
	void (*run)(void *arg);
	void *arg;
};

static DWORD WINAPI
thread_main(void *arg)
{
	struct platform_thread *thread = arg;

	CoInitializeEx(NULL, COINIT_MULTITHREADED);
	thread->run(thread->arg);
	CoUninitialize();
	return 0;
}

struct platform_thread *
platform_thread_start(void (*run)(void *arg), void *arg)
{
	struct platform_thread *thread = malloc(sizeof(*thread));

	if (thread == NULL)
		return NULL;
	thread->run = run;
	thread->arg = arg;
	thread->thread = CreateThread(NULL, 0, thread_main, thread, 0, NULL);
	if (thread->thread != NULL)
		return thread;
	free(thread);
	return NULL;
}

void
platform_thread_join(struct platform_thread *thread)
{
	WaitForSingleObject(thread->thread, INFINITE);
	CloseHandle(thread->thread);
	free(thread);
}

int
platform_run(const char *command, char *ret_line, size_t size_bytes)
{
	char rest[256];
	FILE *pipe = _popen(command, "r");

	ret_line[0] = '\0';
	if (pipe == NULL)
		return -1;
	if (fgets(ret_line, (int)size_bytes, pipe) != NULL) {
		ret_line[strcspn(ret_line, "\r\n")] = '\0';
		while (fgets(rest, sizeof(rest), pipe) != NULL)
			continue;
	}
	return _pclose(pipe);
}
