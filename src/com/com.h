/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A COM framework in C: objects with reference counts and interface tables, the thunks of IUnknown,
 * enumerators, asynchronous operations, values in task memory, and HRESULTs with texts.  It knows
 * no client and no class of VDS: src/provider builds the classes of our provider on it.  Every
 * function may be called on any thread.
 *
 * An object is { reference count, class, space, id, interface pointers }.  A space is the set of
 * objects that belong together; in a space the same class and id always give the same living
 * object.
 *
 * The only locks are those of a space's shards.  They are leaves: nothing is called and nothing
 * else is locked under them.
 */
#ifndef VDS_COM_COM_H
#define VDS_COM_COM_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include <vds/vds.h>
#include <vds/vdserr.h>

#include "base/guid.h"
#include "base/map.h"
#include "base/mem.h"

/* ---- objects and classes (object.c) ---- */

struct com_space;

struct com_object {
	_Atomic unsigned refs;
	const struct com_class *class;
	struct com_space *space; /* one reference */
	struct guid id;          /* zero: enumerators, async objects */
};

struct com_interface {
	const IID *iid;
	size_t offset; /* of the interface pointer in the object */
	const void *vtable;
};

/*
 * The first member of an object's struct is `struct com_object com`; the first interface is its
 * IUnknown.
 */
struct com_class {
	const char *name;
	int kind; /* whatever the owner of the class keeps here; src/provider: enum row_family */
	size_t size_bytes;
	const struct com_interface *interfaces;
	size_t interface_count;
	void (*fini)(struct com_object *object); /* called after the last release; may be NULL */
};

/* clang-format off */
#define COM_INTERFACE(type, interface, member) \
	{ &IID_##interface, offsetof(struct type, member), &member##_vtable }
/* clang-format on */

/*
 * Defines the three typed methods of IUnknown for the interface pointer `member` of struct `type`.
 */
#define COM_THUNKS(type, interface, member)                                                     \
	static HRESULT STDMETHODCALLTYPE member##_query_interface(interface *self, REFIID riid, \
								  void **ppv)                   \
	{                                                                                       \
		return com_query(&container_of(self, struct type, member)->com, riid, ppv);     \
	}                                                                                       \
	static ULONG STDMETHODCALLTYPE member##_add_ref(interface *self)                        \
	{                                                                                       \
		return com_add_ref(&container_of(self, struct type, member)->com);              \
	}                                                                                       \
	static ULONG STDMETHODCALLTYPE member##_release(interface *self)                        \
	{                                                                                       \
		return com_release(&container_of(self, struct type, member)->com);              \
	}                                                                                       \
	struct com_thunks_end

#define COM_UNKNOWN(member)                                                     \
	.QueryInterface = member##_query_interface, .AddRef = member##_add_ref, \
	.Release = member##_release

/*
 * The one QueryInterface.  Returns S_OK, E_POINTER (ppv is NULL), E_INVALIDARG (riid is NULL) or
 * E_NOINTERFACE; *ppv is NULL unless S_OK.
 */
HRESULT com_query(struct com_object *object, REFIID riid, void **ppv);
/* Each returns the number of references that there are then. */
ULONG com_add_ref(struct com_object *object);
ULONG com_release(struct com_object *object);
/* Returns the object's IUnknown, borrowed. */
IUnknown *com_unknown(struct com_object *object);
/*
 * Returns an object with one reference, zeroed but for its head and its interface pointers, or NULL
 * when out of memory. It is not in the space's map.
 */
void *com_object_new(struct com_space *space, const struct com_class *class);

/*
 * QueryInterface for this IID gives the struct com_object itself (one reference): so an object of
 * ours is known.
 */
extern const IID com_iid_object;

/* ---- spaces (space.c) ---- */

#define COM_SHARDS 16u

struct com_shard {
	pthread_mutex_t lock;
	struct guid_map
		/* id → the living object, borrowed: an object takes itself out before it goes */
		map;
};

/* Embedded in what the objects of a space share. */
struct com_space {
	_Atomic unsigned refs;
	void (*free)(struct com_space *space);
	struct com_shard shards[COM_SHARDS];
};

/* Begins with one reference.  free: called when the last one has gone; calls com_space_fini. */
void com_space_init(struct com_space *space, void (*free)(struct com_space *space));
void com_space_fini(struct com_space *space);
struct com_space *com_space_ref(struct com_space *space);
void com_space_unref(struct com_space *space); /* accepts NULL */
/*
 * Returns the object of (class, id) with a new reference: the one that lives, else a new one.  NULL
 * when out of memory. Whether there is anything behind the id is not asked.
 */
struct com_object *com_space_object(struct com_space *space, const struct com_class *class,
				    const struct guid *id);
/*
 * The object's last reference has gone: takes it out of the map, unless another one has its place.
 */
void com_space_forget(struct com_space *space, struct com_object *object);
/*
 * Gives an interface of the object of (class, id), with one reference.  Returns S_OK,
 * E_OUTOFMEMORY, E_NOINTERFACE; *ret_interface is NULL unless S_OK.
 */
HRESULT com_give(struct com_space *space, const struct com_class *class, const struct guid *id,
		 REFIID riid, void **ret_interface);

/* ---- results (hresult.c, errtext.c) ---- */

/* Returns the HRESULT for a code of base/err.def or -errno; S_OK for 0 and for counts. */
HRESULT com_hresult(int code);
/* The same, and keeps the code's text of this thread for VdsLastErrorMessage. */
HRESULT com_error(int code);
/* Keeps the text for VdsLastErrorMessage and returns hr. */
HRESULT com_fail(HRESULT hr, const char *text);
#define COM_NULL_ARGUMENT(name) com_fail(E_INVALIDARG, name " is NULL")
/*
 * Checks an [out] parameter and clears what it points to, as COM wants it whatever happens.
 * Returns S_OK, or E_INVALIDARG (the pointer is NULL).
 */
HRESULT com_out(void *pointer, size_t size_bytes, const char *name);
#define COM_OUT(pointer, name) com_out(pointer, sizeof(*(pointer)), name)
/* Returns E_NOTIMPL; logged once for each place. */
#define COM_NOT_IMPLEMENTED(method)                  \
	({                                           \
		static _Atomic bool said_;           \
		com_not_implemented(method, &said_); \
	})
HRESULT com_not_implemented(const char *method, _Atomic bool *said);
/* Keeps the text for VdsLastErrorMessage; NULL = "". */
void com_message_set(const char *text);

/* ---- values (value.c) ---- */

void com_guid_out(const struct guid *id, GUID *ret_guid);
void com_guid_in(const GUID *guid, struct guid *ret_id);
/* Copies UTF-8 text (NULL = "") into task memory as UTF-16.  Returns 0 or -ENOMEM. */
int com_string_out(const char *text, LPWSTR *ret_string);
/* Copies bytes into task memory.  Returns 0 or -ENOMEM. */
int com_bytes_out(const void *bytes, size_t size, unsigned char **ret_bytes);
/* Makes UTF-8 text of UTF-16 (mem_free).  Returns 0, -ENOMEM, or ERR_PARSE (not well-formed). */
int com_string_in(const WCHAR *string, char **ret_text);
/*
 * Checks and takes a string parameter: UTF-8 text of it (mem_free).  Returns S_OK, E_INVALIDARG
 * (NULL, or not well-formed), E_OUTOFMEMORY.
 */
HRESULT com_text(const WCHAR *string, const char *name, char **ret_text);
/* As com_string_in, cut to max_bytes between characters; *ret_cut says whether it was. */
int com_name_in(const WCHAR *string, size_t max_bytes, char **ret_name, bool *ret_cut);

/* ---- enumerators (enum.c) ---- */

/* What an enumerator and its clones go through: ids, taken when it was made. */
struct com_list {
	_Atomic unsigned refs;
	struct com_space *space; /* borrowed: each enumerator that holds the list holds the space */
	const struct com_class *class; /* of every element */
	size_t count;
	struct guid ids[];
};

/* Returns a list whose ids the caller fills, or NULL when out of memory. */
struct com_list *com_list_new(struct com_space *space, const struct com_class *class, size_t count);
void com_list_unref(struct com_list *list); /* accepts NULL */
/*
 * Makes an enumerator; consumes the list.  Returns S_OK, or E_OUTOFMEMORY (also when list is NULL)
 * with *ret_enum = NULL.
 */
HRESULT com_enum_new(struct com_list *list, IEnumVdsObject **ret_enum);
extern const struct com_class com_enum_class;

/* ---- asynchronous operations (async.c) ---- */

/*
 * How the owner of an operation is asked about it.  id: the operation's, as com_async_new was given
 * it.
 */
struct com_async_ops {
	/* Waits for the end.  Returns S_OK and the outcome, or why there was no waiting. */
	HRESULT (*wait)(struct com_space *space, const struct guid *id, HRESULT *ret_result);
	/*
	 * Returns S_OK with the outcome (VDS_E_OPERATION_PENDING while it runs) and the percentage.
	 */
	HRESULT(*status)
	(struct com_space *space, const struct guid *id, HRESULT *ret_result, ULONG *ret_percent);
	HRESULT (*cancel)(struct com_space *space, const struct guid *id);
};

struct com_operation {
	VDS_ASYNC_OUTPUT_TYPE type;
	const struct com_class *made; /* of the object that Wait gives, or NULL */
	struct guid made_id;
	struct guid id; /* zero: it is done already, and ops are not asked */
	const struct com_async_ops *ops;
};

/* Returns S_OK, or E_OUTOFMEMORY with *ret_async = NULL. */
HRESULT com_async_new(struct com_space *space, const struct com_operation *operation,
		      IVdsAsync **ret_async);
extern const struct com_class com_async_class;

#endif
