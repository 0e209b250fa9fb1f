/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The tables that gen-tables makes from idl/vds.idl: what the parameters of each method are, and
 * where the pointers in each struct are.  Private to src/remote.  All tables are constant.
 */
#ifndef VDS_REMOTE_TABLES_INT_H
#define VDS_REMOTE_TABLES_INT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vds/vds.h>
#include <vds/vdserr.h>

#include "base/mem.h"

/* ---- types ---- */

/* What a pointer in a struct points to. */
enum remote_kind {
	REMOTE_STRING, /* WCHARs up to a NUL */
	REMOTE_TEXT,   /* bytes up to a NUL */
	REMOTE_OBJECT, /* an interface of an object */
	REMOTE_ARRAY,  /* as many elements as a 32-bit member says */
	REMOTE_ONE,    /* one element */
	REMOTE_INSIDE, /* no pointer: a struct that has pointers itself */
	REMOTE_ROOM,   /* no pointer: an array of WCHARs with a NUL in it */
};

/* The index that stands for IUnknown, which has no table. */
#define REMOTE_UNKNOWN 0xffffu

struct remote_type;

struct remote_field {
	enum remote_kind kind;
	uint32_t offset;
	/*
	 * REMOTE_ARRAY: offset of the member with the number of elements; REMOTE_ROOM: how many
	 * WCHARs there are
	 */
	uint32_t count_offset;
	uint32_t interface;             /* REMOTE_OBJECT */
	const struct remote_type *type; /* of the elements */
	/* An arm of a union: it is there when the member at switch_offset has one of the cases. */
	uint32_t switch_offset;
	uint32_t case_count; /* 0: always there */
	int cases[2];
};

/* A value is copied byte by byte, but for what its fields say. */
struct remote_type {
	const char *name;
	size_t size_bytes;
	size_t field_count;
	const struct remote_field *fields;
};

/* ---- methods ---- */

enum remote_param_kind {
	REMOTE_IN_NUMBER,
	REMOTE_IN_VALUE,  /* a struct, of which the argument is the address */
	REMOTE_IN_STRING, /* NULL is passed on, as for all pointers below */
	REMOTE_IN_OBJECT,
	REMOTE_IN_ARRAY, /* as many elements as another argument says */
	REMOTE_IN_ONE,
	REMOTE_OUT_ONE,   /* memory of the caller for one element */
	REMOTE_OUT_FILL,  /* memory of the caller for as many elements as another argument says */
	REMOTE_OUT_ARRAY, /* the method allocates the elements, and another one gets their number */
};

#define REMOTE_NO_COUNT 0xffu

struct remote_param {
	enum remote_param_kind kind;
	uint8_t count;   /* the parameter with the number of elements */
	uint8_t fetched; /* REMOTE_OUT_FILL: the one that gets how many were filled */
	bool always;     /* says something also when the method fails */
	bool given;      /* the called method frees the array */
	uint32_t interface;
	const struct remote_type *type;
};

union remote_value {
	uint64_t number;
	void *pointer;
};

struct remote_method {
	const char *name;
	uint16_t interface, number;
	size_t param_count;
	const struct remote_param *params;
	HRESULT (*call)(void *object, const union remote_value *args);
};

#define REMOTE_PARAMS_MAX 16u

struct remote_interface {
	const IID *iid;
	const void *vtable; /* of its proxies */
	size_t method_count;
	const struct remote_method *methods;
};

#define REMOTE_INTERFACES_MAX 127u /* bits of struct remote_mask but one */

extern const struct remote_interface remote_interfaces[REMOTE_INTERFACES_MAX];
extern const size_t remote_interface_count;
/* Differs between libraries whose IDL differs. */
extern const char remote_tables_id[33];

/* ---- what the proxies in the tables call (proxy.c) ---- */

/* Calls a method of an object of the other process.  self: the proxy's interface. */
HRESULT remote_invoke(void *self, const struct remote_method *method,
		      const union remote_value *args);
HRESULT remote_query(void *self, REFIID riid, void **ppv);
ULONG remote_add_ref(void *self);
ULONG remote_release(void *self);
HRESULT STDMETHODCALLTYPE remote_enum_next(IEnumVdsObject *self, ULONG celt, IUnknown **objects,
					   ULONG *ret_fetched);
HRESULT STDMETHODCALLTYPE remote_async_wait(IVdsAsync *self, HRESULT *ret_result,
					    VDS_ASYNC_OUTPUT *out);

/* Defines the methods of IUnknown for an interface of a proxy. */
#define REMOTE_THUNKS(interface)                                                                \
	static HRESULT STDMETHODCALLTYPE interface##_remote_query(interface *self, REFIID riid, \
								  void **ppv)                   \
	{                                                                                       \
		return remote_query(self, riid, ppv);                                           \
	}                                                                                       \
	static ULONG STDMETHODCALLTYPE interface##_remote_add_ref(interface *self)              \
	{                                                                                       \
		return remote_add_ref(self);                                                    \
	}                                                                                       \
	static ULONG STDMETHODCALLTYPE interface##_remote_release(interface *self)              \
	{                                                                                       \
		return remote_release(self);                                                    \
	}                                                                                       \
	struct remote_thunks_end

#define REMOTE_UNKNOWN_METHODS(interface)                                                 \
	.QueryInterface = interface##_remote_query, .AddRef = interface##_remote_add_ref, \
	.Release = interface##_remote_release

#endif
