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
 * The only locks are those of the counts (count_int.h), which also guard the maps of spaces.  They
 * are leaves: nothing is called and nothing else is locked under them.
 */
#ifndef VDS_COM_COM_H
#define VDS_COM_COM_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include <vds/vds.h>
#include <vds/vdserr.h>

#include "base/guid.h"
#include "base/list.h"
#include "base/map.h"
#include "base/mem.h"

/* ---- counts of references (count.c) ---- */

#define COM_SHARDS 16u

/*
 * How many references something has: those in `shared`, and those in the cells of the threads that
 * use it.  The functions are in count_int.h.
 */
struct com_count {
	_Atomic unsigned shared;
	unsigned shard; /* whose cells are used; COM_SHARDS: none, all references are in `shared` */
};

/* ---- objects and classes (object.c) ---- */

struct com_space;

struct com_object {
	struct com_count count;
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
	bool is_part; /* objects lie in memory that fini frees: mem_free is not called for them */
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
/*
 * Takes or drops a reference. Returns the number of references after that: the exact one while one
 * thread uses the object, and 0 only for the last one.
 */
ULONG com_add_ref(struct com_object *object);
ULONG com_release(struct com_object *object);
/*
 * Takes a reference, unless the last one was dropped.  Returns whether it did.  The object is in no
 * space's map, and the caller holds a lock without which it cannot be freed.
 */
bool com_ref_unless_zero(struct com_object *object);
/* Returns the object's IUnknown, borrowed. */
IUnknown *com_unknown(struct com_object *object);
/*
 * Returns an object with one reference, zeroed but for its head and its interface pointers, or NULL
 * when out of memory. It is not in the space's map.
 */
void *com_object_new(struct com_space *space, const struct com_class *class);
/* Makes an object in zeroed memory of class->size_bytes from mem_alloc, as com_object_new does. */
void com_object_init(struct com_object *object, struct com_space *space,
		     const struct com_class *class);

/*
 * QueryInterface with this IID returns the struct com_object itself, with one reference.  Only
 * objects of this library have this interface, so it tells them from foreign ones.
 */
extern const IID com_iid_object;

/* ---- spaces (space.c) ---- */

/*
 * The set of objects that belong together, embedded in a struct that they share.  A space may be a
 * part of another one, its root: the parts live and end with their root, and a reference to a part
 * is one to the root.
 */
struct com_space {
	struct com_count count; /* of a root */
	struct com_space *root; /* the space itself, or the space of which this one is a part */
	void (*free)(struct com_space *space);
	/*
	 * From the id to the living object, borrowed: an object leaves the map with its last
	 * reference.  The id says in which map it is.
	 */
	struct guid_map maps[COM_SHARDS];
};

/*
 * Makes a space with one reference.  free: called when the last reference is dropped; it calls
 * com_space_fini.
 */
void com_space_init(struct com_space *space, void (*free)(struct com_space *space));
/* Makes a space that is a part of `root`, which must be a root.  The root's `free` ends it. */
void com_space_init_part(struct com_space *space, struct com_space *root);
void com_space_fini(struct com_space *space);
struct com_space *com_space_ref(struct com_space *space);
void com_space_unref(struct com_space *space); /* accepts NULL */
/*
 * Takes a reference to a root, unless the last one was dropped.  Returns whether it did.  The
 * caller holds a lock without which the space cannot be freed.
 */
bool com_space_ref_unless_zero(struct com_space *space);
/*
 * Returns the object of (class, id) with a new reference: the living one, or a new one.  NULL when
 * out of memory.  Does not check whether the array has an object with this id.
 */
struct com_object *com_space_object(struct com_space *space, const struct com_class *class,
				    const struct guid *id);
/*
 * Drops a reference that may be the last one of an object in the map.  With the last one the object
 * leaves the map, unless a newer object has its place there.  Returns how many are left.
 */
unsigned com_space_drop(struct com_space *space, struct com_object *object);
/*
 * Returns an interface of the object of (class, id), with one reference.  Returns S_OK,
 * E_OUTOFMEMORY, or E_NOINTERFACE (the class has no such interface); *ret_interface is NULL unless
 * the result is S_OK.
 */
HRESULT com_give(struct com_space *space, const struct com_class *class, const struct guid *id,
		 REFIID riid, void **ret_interface);

/*
 * Returns true while something keeps the library in memory: a space (some object of this library
 * lives), or com_keep.  DllCanUnloadNow on Windows.
 */
bool com_is_kept(void);
/* Keeps the library in memory until it is called with false as often. */
void com_keep(bool keep);

/* ---- the log (debug.c) ---- */

/* Applies the environment variable VDS_DEBUG, once.  Any thread. */
void com_debug_begin(void);

/* ---- results (hresult.c, errtext.c) ---- */

/* Returns the HRESULT for a code of base/err.def or -errno; S_OK for 0 and for counts. */
HRESULT com_hresult(int code);
/*
 * Returns the HRESULT for a code as com_hresult does, and keeps this thread's text of the code for
 * VdsLastErrorMessage.
 */
HRESULT com_error(int code);
/* Keeps a text for VdsLastErrorMessage, and returns hr. */
HRESULT com_fail(HRESULT hr, const char *text);
#define COM_NULL_ARGUMENT(name) com_fail(E_INVALIDARG, name " is NULL")
/*
 * Checks an [out] parameter and clears what it points to, as COM requires even for a call that
 * fails. Returns S_OK, or E_INVALIDARG (the pointer is NULL).
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
/*
 * Begins a method: no text that was kept by err_set for a code before this belongs to a code that
 * the method returns.
 */
void com_begin(void);
/* Returns how many texts this thread has kept so far. */
unsigned com_message_count(void);
/*
 * Returns hr.  When it is a failure, and no text has been kept since com_message_count returned
 * `count`, the text for VdsLastErrorMessage becomes "": for calls of objects that we did not write.
 */
HRESULT com_message_since(HRESULT hr, unsigned count);

/* ---- values (value.c) ---- */

void com_guid_out(const struct guid *id, GUID *ret_guid);
void com_guid_in(const GUID *guid, struct guid *ret_id);
/* Copies UTF-8 text (NULL = "") into task memory as UTF-16.  Returns 0 or -ENOMEM. */
int com_string_out(const char *text, LPWSTR *ret_string);
/* Copies bytes into task memory.  Returns 0 or -ENOMEM. */
int com_bytes_out(const void *bytes, size_t size, unsigned char **ret_bytes);
/*
 * Converts a string to UTF-8 text, which the caller frees with mem_free.  Returns 0, -ENOMEM, or
 * ERR_PARSE (the string is not well-formed UTF-16).
 */
int com_string_in(const WCHAR *string, char **ret_text);
/*
 * Checks a string parameter and converts it to UTF-8 text, which the caller frees with mem_free.
 * Returns S_OK, E_INVALIDARG (string is NULL or not well-formed) or E_OUTOFMEMORY.
 */
HRESULT com_text(const WCHAR *string, const char *name, char **ret_text);
/*
 * Converts a string as com_string_in does, and cuts it to max_units UTF-16 units, between two
 * characters.  *ret_cut says whether it was cut.  Returns the codes of com_string_in.
 */
int com_name_in(const WCHAR *string, size_t max_units, char **ret_name, bool *ret_cut);

/* ---- enumerators (enum.c) ---- */

/*
 * What an enumerator and its clones go through, as it was when the enumerator was made: ids, whose
 * objects are made when they are asked for, or objects.
 */
struct com_list {
	_Atomic unsigned refs;
	/* borrowed: each enumerator with this list holds a reference to the space */
	struct com_space *space;
	const struct com_class *class; /* of every element */
	size_t count;
	/* the space of each element, all with the same root; NULL: all are in `space` */
	struct com_space **spaces;
	IUnknown *
		*objects; /* the elements, with one reference each, in the place of ids; or NULL */
	struct guid ids[];
};

/* Returns a list whose ids the caller fills, or NULL when out of memory. */
struct com_list *com_list_new(struct com_space *space, const struct com_class *class, size_t count);
/* As com_list_new, for elements of several spaces: the caller fills list->spaces, too. */
struct com_list *com_list_new_mixed(struct com_space *root, const struct com_class *class,
				    size_t count);
/*
 * Returns an empty list for objects, at most `capacity`, or NULL when out of memory.  com_list_add
 * takes over a reference.
 */
struct com_list *com_list_new_held(struct com_space *space, size_t capacity);
void com_list_add(struct com_list *list, IUnknown *object);
void com_list_unref(struct com_list *list); /* accepts NULL */
/*
 * Makes an enumerator; consumes the list, which com_list_new has returned.  Returns S_OK, or
 * E_OUTOFMEMORY (the list is NULL) with *ret_enum = NULL.
 */
HRESULT com_enum_new(struct com_list *list, IEnumVdsObject **ret_enum);
extern const struct com_class com_enum_class;

/* ---- asynchronous operations (async.c) ---- */

/*
 * An operation that has not ended, as its owner knows it; a part of the IVdsAsync object.  The
 * outcome is set once, and stays for as long as the object lives, whatever the owner forgets.
 */
struct com_pending {
	struct list node; /* for the use of the owner */
	struct guid id;
	atomic_bool ended; /* the outcome is set */
	HRESULT result;
	char text[256]; /* of the outcome, for VdsLastErrorMessage */
};

/*
 * Sets the outcome, unless it is set.  The caller holds a lock of the owner.  text: NULL = "".
 */
void com_pending_end(struct com_pending *pending, HRESULT result, const char *text);

/* How the owner of an operation is asked about it, as long as the outcome is not known. */
struct com_async_ops {
	/* The owner learns of an object that waits for the outcome, and later of its end. */
	void (*begin)(struct com_space *space, struct com_pending *pending);
	void (*end)(struct com_space *space, struct com_pending *pending);
	/*
	 * Waits until the operation ends.  Returns S_OK when the outcome is set, or why waiting was
	 * not possible.
	 */
	HRESULT (*wait)(struct com_space *space, struct com_pending *pending);
	/*
	 * Returns S_OK when the outcome is set or the operation runs, with the percentage (0 to 99)
	 * of one that runs; or why that is not known.
	 */
	HRESULT (*status)(struct com_space *space, struct com_pending *pending, ULONG *ret_percent);
	/* Cancels the operation.  Returns S_OK when it will end cancelled. */
	HRESULT (*cancel)(struct com_space *space, struct com_pending *pending);
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
 * Puts memory for one IVdsAsync aside for this thread, so that the thread's next com_async_new
 * cannot fail: a change that was made must not look failed because its IVdsAsync could not be made.
 * Returns 0 or -ENOMEM.
 */
int com_async_reserve(void);
/*
 * Makes an IVdsAsync for an operation, with one reference.  Returns S_OK, or E_OUTOFMEMORY with
 * *ret_async = NULL (never after com_async_reserve on this thread).
 */
HRESULT com_async_new(struct com_space *space, const struct com_operation *operation,
		      IVdsAsync **ret_async);
extern const struct com_class com_async_class;

#endif
