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
	struct com_space *space; /* the object's space; one reference */
	struct guid id;          /* zero for enumerators and asynchronous operations */
};

struct com_interface {
	const IID *iid;
	size_t offset; /* offset of the interface pointer in the object */
	const void *vtable;
};

/*
 * The first member of an object's struct is `struct com_object com`; the first interface is its
 * IUnknown.
 */
struct com_class {
	const char *name;
	int kind; /* for the use of the class's owner; in src/provider an enum row_family */
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
 * The QueryInterface method of every object.  Returns S_OK, E_POINTER (ppv is NULL), E_INVALIDARG
 * (riid is NULL) or E_NOINTERFACE (the object has no such interface); *ppv is NULL unless the
 * result is S_OK.
 */
HRESULT com_query(struct com_object *object, REFIID riid, void **ppv);
/* Take or drop a reference. Return the number of references after that. */
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
 * QueryInterface with this IID returns the struct com_object itself, with one reference.  Only
 * objects of this library have this interface, so it tells them from foreign ones.
 */
extern const IID com_iid_object;

/* ---- spaces (space.c) ---- */

#define COM_SHARDS 16u

struct com_shard {
	pthread_mutex_t lock;
	struct guid_map
		/*
		 * from the id to the living object, borrowed: an object removes itself from the map
		 * before it is freed
		 */
		map;
};

/* The set of objects that belong together, embedded in a struct that they share. */
struct com_space {
	_Atomic unsigned refs;
	void (*free)(struct com_space *space);
	struct com_shard shards[COM_SHARDS];
};

/*
 * Make a space with one reference.  free: called when the last reference is dropped; it calls
 * com_space_fini.
 */
void com_space_init(struct com_space *space, void (*free)(struct com_space *space));
void com_space_fini(struct com_space *space);
struct com_space *com_space_ref(struct com_space *space);
void com_space_unref(struct com_space *space); /* accepts NULL */
/*
 * Returns the object of (class, id) with a new reference: the living one, or a new one.  NULL when
 * out of memory.  Does not check whether the array has an object with this id.
 */
struct com_object *com_space_object(struct com_space *space, const struct com_class *class,
				    const struct guid *id);
/*
 * Called when the object's last reference is dropped: remove the object from the map, unless a
 * newer object has its place there.
 */
void com_space_forget(struct com_space *space, struct com_object *object);
/*
 * Return an interface of the object of (class, id), with one reference.  Returns S_OK,
 * E_OUTOFMEMORY, or E_NOINTERFACE (the class has no such interface); *ret_interface is NULL unless
 * the result is S_OK.
 */
HRESULT com_give(struct com_space *space, const struct com_class *class, const struct guid *id,
		 REFIID riid, void **ret_interface);

/* ---- results (hresult.c, errtext.c) ---- */

/* Returns the HRESULT for a code of base/err.def or -errno; S_OK for 0 and for counts. */
HRESULT com_hresult(int code);
/*
 * Returns the HRESULT for a code as com_hresult does, and keeps this thread's text of the code for
 * VdsLastErrorMessage.
 */
HRESULT com_error(int code);
/* Keep a text for VdsLastErrorMessage, and return hr. */
HRESULT com_fail(HRESULT hr, const char *text);
#define COM_NULL_ARGUMENT(name) com_fail(E_INVALIDARG, name " is NULL")
/*
 * Check an [out] parameter and clear what it points to, as COM requires even for a call that fails.
 * Returns S_OK, or E_INVALIDARG (the pointer is NULL).
 */
HRESULT com_out(void *pointer, size_t size_bytes, const char *name);
#define COM_OUT(pointer, name) com_out(pointer, sizeof(*(pointer)), name)
/* Returns E_NOTIMPL; a log line says so once for each place in the code. */
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
/*
 * Convert a string to UTF-8 text, which the caller frees with mem_free.  Returns 0, -ENOMEM, or
 * ERR_PARSE (the string is not well-formed UTF-16).
 */
int com_string_in(const WCHAR *string, char **ret_text);
/*
 * Check a string parameter and convert it to UTF-8 text, which the caller frees with mem_free.
 * Returns S_OK, E_INVALIDARG (string is NULL or not well-formed) or E_OUTOFMEMORY.
 */
HRESULT com_text(const WCHAR *string, const char *name, char **ret_text);
/*
 * Convert a string as com_string_in does, and cut the text to max_bytes between two characters.
 * *ret_cut says whether it was cut.  Returns the codes of com_string_in.
 */
int com_name_in(const WCHAR *string, size_t max_bytes, char **ret_name, bool *ret_cut);

/* ---- enumerators (enum.c) ---- */

/*
 * The ids that an enumerator and its clones go through, as they were when the enumerator was made.
 */
struct com_list {
	_Atomic unsigned refs;
	/* borrowed: each enumerator with this list holds a reference to the space */
	struct com_space *space;
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

/* How the owner of an operation is asked about it. id: the id in struct com_operation. */
struct com_async_ops {
	/*
	 * Wait until the operation ends.  Returns S_OK with the outcome, or why waiting was not
	 * possible.
	 */
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
	/* class of the object that IVdsAsync::Wait returns, or NULL */
	const struct com_class *made;
	struct guid made_id;
	struct guid id; /* zero: the operation is done, and ops are not called */
	const struct com_async_ops *ops;
};

/*
 * Make an IVdsAsync for an operation, with one reference.  Returns S_OK, or E_OUTOFMEMORY with
 * *ret_async = NULL.
 */
HRESULT com_async_new(struct com_space *space, const struct com_operation *operation,
		      IVdsAsync **ret_async);
extern const struct com_class com_async_class;

#endif
