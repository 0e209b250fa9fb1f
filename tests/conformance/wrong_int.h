/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the parts of the wrong provider share (wrong.c says what it is for). */
#ifndef VDS_TESTS_CONFORMANCE_WRONG_INT_H
#define VDS_TESTS_CONFORMANCE_WRONG_INT_H

#include <stddef.h>

#include <vds/libvds.h>

typedef void (*any_function)(void);

/* Returns the function that an error has replaced. */
any_function wrong_original_of(const char *error);
/* That of the error that is running, cast to its type. */
#define CALL(type) ((type)(void (*)(void))wrong_original_of(__func__))
typedef HRESULT (*unary)(void *self);
typedef HRESULT (*with_ulong)(void *self, ULONG);
typedef HRESULT (*with_pointer)(void *self, void *);
typedef HRESULT (*query_function)(void *self, REFIID riid, void **ppv);

/* The classes of objects, of each of which one is made. */
enum wrong_object {
	OF_PROVIDER,
	OF_SUBSYSTEM,
	OF_LUN,
	OF_TARGET,
	OF_GROUP,
	OF_PORTAL,
	OF_DRIVE,
	OF_POOL,
	OF_PLEX,
	OF_LIST,
	OF_ASYNC,
	OBJECTS
};

#define SLOT(interface, method) offsetof(interface##Vtbl, method) / sizeof(void *)
/* One error: the function that takes the place of a slot. */
struct wrong_error {
	const char *name;
	enum wrong_object object;
	const IID *iid;
	size_t slot;
	any_function function;
};

#define WRONG(name, object, interface, method)                                                 \
	{                                                                                      \
#name, object, &IID_##interface, SLOT(interface, method), (any_function)(name) \
	}

/* Errors that a provider makes in two programs in the same way, and others (wrong_more.c). */
extern const struct wrong_error wrong_more[];
extern const size_t wrong_more_count;

#endif
