/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The tests of src/service share these helpers: a directory of registrations, the service over the
 * fake client and the fake providers, and sinks.
 */
#ifndef VDS_TESTS_SERVICE_TEST_H
#define VDS_TESTS_SERVICE_TEST_H

#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../provider/fake_client.h"
#include "fake_provider.h"
#include "fault.h"

#include <vds/vdscom.h>

#include "com/com.h"

/* The directory of the register; made and removed by the tests' set-up and end. */
extern char service_directory[64];

int service_setup(void **test_state);
int service_teardown(void **test_state);

/* Registers the fake provider of a mode, whose library is copied into the directory. */
void service_register(unsigned mode);
/* Writes a file of the register. */
void service_write(const char *name, const char *text);
/* Returns what the registered library of a mode shares with the test; it is zeroed at first. */
struct fake_state *service_fake(unsigned mode);
/* Waits until a process has ended. */
void service_wait_gone(pid_t pid);

/* Loads the service, and waits until it is ready. */
IVdsService *service_load(void);
/* Returns the hardware provider with this name, or NULL; *ret_count is how many there are. */
IVdsHwProvider *service_find(IVdsService *service, const char *name, unsigned *ret_count);
/* Returns the fake provider's subsystem. */
IVdsSubSystem *service_subsystem(IVdsService *service);
/* Returns the next object of an enumerator, as the interface, or NULL. */
void *service_next(IEnumVdsObject *list, const IID *iid);

static inline void *
query(void *object, const IID *iid)
{
	void *other = NULL;

	assert_int_equal(IUnknown_QueryInterface((IUnknown *)object, iid, &other), S_OK);
	assert_non_null(other);
	return other;
}

static inline HRESULT
try_query(void *object, const IID *iid)
{
	void *other = (void *)(uintptr_t)1;
	HRESULT hr = IUnknown_QueryInterface((IUnknown *)object, iid, &other);

	if (SUCCEEDED(hr))
		IUnknown_Release((IUnknown *)other);
	else
		assert_null(other);
	return hr;
}

#define RELEASE(object) IUnknown_Release((IUnknown *)(void *)(object))

#endif
