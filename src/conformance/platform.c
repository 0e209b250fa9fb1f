/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The platform's part of vds-conformance on Linux. Task memory is counted by functions of the
 * program itself, which take the place of those of libvds. Any thread may call it.
 */
#include "conformance/platform.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <vds/libvds.h>
#include <vds/vdscom.h>

/* ---- task memory ---- */

static _Atomic long task_blocks;

VDS_EXPORT void *
CoTaskMemAlloc(size_t size_bytes)
{
	void *block = malloc(size_bytes != 0 ? size_bytes : 1);

	if (block != NULL)
		atomic_fetch_add_explicit(&task_blocks, 1, memory_order_relaxed);
	return block;
}

VDS_EXPORT void *
CoTaskMemRealloc(void *block, size_t size_bytes)
{
	if (block == NULL)
		return CoTaskMemAlloc(size_bytes);
	if (size_bytes != 0)
		return realloc(block, size_bytes);
	CoTaskMemFree(block);
	return NULL;
}

VDS_EXPORT void
CoTaskMemFree(void *block)
{
	if (block != NULL)
		atomic_fetch_sub_explicit(&task_blocks, 1, memory_order_relaxed);
	free(block);
}

long
platform_task_blocks(void)
{
	return atomic_load_explicit(&task_blocks, memory_order_relaxed);
}

/* ---- providers ---- */

void
platform_streams_keep(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		int mode = fd == STDIN_FILENO ? O_WRONLY : O_RDONLY; /* the wrong one: it fails */

		/* open returns the lowest number that is free, which is this one */
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", mode) < 0)
			return;
	}
}

HRESULT
platform_open_url(const char *url, REFIID riid, void **ret_object)
{
	LPWSTR wide = NULL;
	HRESULT hr = url != NULL ? VdsStringFromUtf8(url, &wide) : S_OK;

	*ret_object = NULL;
	if (SUCCEEDED(hr))
		hr = VdsOpenHwProvider(wide, riid, ret_object);
	if (FAILED(hr))
		fprintf(stderr, "%s: %s\n", url != NULL ? url : "the default url",
			VdsLastErrorMessage());
	CoTaskMemFree(wide);
	return hr;
}

HRESULT
platform_url_factory(void **ret_factory)
{
	return VdsGetClassObject(&CLSID_VdsHwProvider, &IID_IClassFactory, ret_factory);
}

void
platform_default_url(const char *url)
{
	setenv("VDS_URL", url, 1);
}

HRESULT
platform_provider_factory(const char *file, REFCLSID clsid, void **ret_factory)
{
	void *library = dlopen(file, RTLD_NOW | RTLD_LOCAL); /* it stays until the program ends */
	HRESULT(STDAPICALLTYPE * get)(REFCLSID rclsid, REFIID riid, void **ppv);
	void *symbol = library != NULL ? dlsym(library, "DllGetClassObject") : NULL;

	*ret_factory = NULL;
	if (symbol == NULL) {
		fprintf(stderr, "%s\n", dlerror());
		return E_FAIL;
	}
	memcpy(&get, &symbol, sizeof(get));
	return get(clsid, &IID_IClassFactory, ret_factory);
}

bool
platform_is_remote(IUnknown *object)
{
	(void)object;
	return false; /* there are no proxies */
}

bool
platform_is_apartment(void)
{
	return false;
}

HRESULT
platform_service_loader(IVdsServiceLoader **ret_loader)
{
	HRESULT hr = CoInitializeEx(NULL, COINIT_MULTITHREADED);

	*ret_loader = NULL;
	if (FAILED(hr))
		return hr;
	return CoCreateInstance(&CLSID_VdsLoader, NULL, CLSCTX_LOCAL_SERVER, &IID_IVdsServiceLoader,
				(void **)ret_loader);
}

/* ---- time, threads, commands ---- */

void
platform_sleep_ms(unsigned ms)
{
	struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };

	while (nanosleep(&time, &time) != 0 && errno == EINTR)
		continue;
}

uint64_t
platform_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

struct platform_thread {
	pthread_t thread;
	void (*run)(void *arg);
	void *arg;
};

static void *
thread_main(void *arg)
{
	struct platform_thread *thread = arg;

	thread->run(thread->arg);
	return NULL;
}

struct platform_thread *
platform_thread_start(void (*run)(void *arg), void *arg)
{
	struct platform_thread *thread = malloc(sizeof(*thread));

	if (thread == NULL)
		return NULL;
	thread->run = run;
	thread->arg = arg;
	if (pthread_create(&thread->thread, NULL, thread_main, thread) == 0)
		return thread;
	free(thread);
	return NULL;
}

void
platform_thread_join(struct platform_thread *thread)
{
	pthread_join(thread->thread, NULL);
	free(thread);
}

int
platform_run(const char *command, char *ret_line, size_t size_bytes)
{
	char rest[256];
	FILE *pipe = popen(command, "re");
	int status;

	ret_line[0] = '\0';
	if (pipe == NULL)
		return -1;
	if (fgets(ret_line, (int)size_bytes, pipe) != NULL) {
		ret_line[strcspn(ret_line, "\r\n")] = '\0';
		while (fgets(rest, sizeof(rest), pipe) != NULL)
			continue;
	}
	status = pclose(pipe);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
