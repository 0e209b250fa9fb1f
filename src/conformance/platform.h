/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What vds-conformance needs of the platform: shared objects, threads, time, commands, and the
 * count of task memory.  platform.c is for Linux, platform_win.c for Windows.
 */
#ifndef VDS_CONFORMANCE_PLATFORM_H
#define VDS_CONFORMANCE_PLATFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vds/vds.h>

/*
 * Keeps the numbers of standard streams that are closed from the files and sockets of providers,
 * into which the results would be printed otherwise.
 */
void platform_streams_keep(void);

/*
 * Opens a provider of the array at a url (VdsOpenHwProvider).  url: NULL = the default.  Returns
 * what that returned, or E_NOTIMPL where the platform has no such function.
 */
HRESULT platform_open_url(const char *url, REFIID riid, void **ret_object);
/* Returns the class factory of that library's provider, or E_NOTIMPL. */
HRESULT platform_url_factory(void **ret_factory);
/* Sets the array that a provider connects to in OnLoad, where a variable can say it. */
void platform_default_url(const char *url);
/*
 * Loads a provider's shared object and returns a class object from its DllGetClassObject.  Returns
 * E_FAIL (the file cannot be loaded or has no such function; a message went to standard error) or
 * what the function returned.
 */
HRESULT platform_provider_factory(const char *file, REFCLSID clsid, void **ret_factory);

/*
 * Returns true when methods of the object, or of objects that this thread offers, are called
 * through a proxy: the object lives in another apartment or process.
 */
bool platform_is_remote(IUnknown *object);
/* Returns true when objects that this thread offers are called through its message loop. */
bool platform_is_apartment(void);

/* Returns the loader of the VDS service, from CoCreateInstance. */
HRESULT platform_service_loader(IVdsServiceLoader **ret_loader);

/* Waits for this many milliseconds. */
void platform_sleep_ms(unsigned ms);
/* Returns a clock that never goes back, in milliseconds. */
uint64_t platform_now_ms(void);

struct platform_thread;
/* Returns a thread that runs `run`, or NULL. */
struct platform_thread *platform_thread_start(void (*run)(void *arg), void *arg);
void platform_thread_join(struct platform_thread *thread);

/*
 * Runs a command by the shell, and keeps the first line of its standard output.  Returns its exit
 * status, or -1 when it could not be run.
 */
int platform_run(const char *command, char *ret_line, size_t size_bytes);

/*
 * Returns the number of blocks of task memory that are allocated in this process, or -1 where that
 * cannot be counted.
 */
long platform_task_blocks(void);

#endif
