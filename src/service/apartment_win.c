/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Threads of the service on Windows.  The class of the service is registered as free-threaded, so
 * all its objects live in the multithreaded apartment, and its own threads enter it.  Any thread
 * may call it.
 */
#include "service/service_int.h"

#include <errno.h>

#include "base/thread.h"

struct start {
	void *(*run)(void *arg);
	void *arg;
};

/* A thread that runs keeps the DLL in memory. */
static void *
thread_main(void *arg)
{
	struct start start = *(struct start *)arg;

	mem_free(arg);
	CoInitializeEx(NULL, COINIT_MULTITHREADED);
	start.run(start.arg);
	CoUninitialize();
	com_keep(false);
	return NULL;
}

int
service_thread_start(const char *name, void *(*run)(void *arg), void *arg, pthread_t *ret_thread)
{
	struct start *start = mem_alloc(sizeof(*start));
	int rc;

	if (start == NULL)
		return -ENOMEM;
	start->run = run;
	start->arg = arg;
	com_keep(true);
	rc = thread_start(ret_thread, name, thread_main, start);
	if (rc == 0) {
		pthread_detach(*ret_thread);
		return 0;
	}
	com_keep(false);
	mem_free(start);
	return rc;
}

/* Only proxies have this interface. */
bool
service_is_proxy(void *pointer)
{
	IUnknown *security;

	if (FAILED(IUnknown_QueryInterface((IUnknown *)pointer, &IID_IClientSecurity,
					   (void **)&security)))
		return false;
	IUnknown_Release(security);
	return true;
}
