/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The VDS surface of libvds, private half: what its classes share.
 *
 * A COM object is { reference count, id, interface pointers }: a view of the client's replica with
 * no state of its own.  Every method takes a view, looks its row up by id and answers from it; a
 * change is a call of the client, which returns when the replica has it.  All functions: any
 * thread.
 *
 * Locks, in this order, none held while a client call or a callback runs: core->lock, a shard's
 * lock.
 */
#ifndef VDS_COM_COM_INT_H
#define VDS_COM_COM_INT_H

#include <pthread.h>
#include <stdatomic.h>

#include <vds/libvds.h>

#include "base/map.h"
#include "base/mem.h"
#include "client/client.h"

/* ---- objects and classes (com.c) ---- */

struct com_core;

struct com_object {
	_Atomic unsigned refs;
	const struct com_class *class;
	struct com_core *core; /* one reference */
	struct guid id;        /* of the row; zero: enumerators, async objects */
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
	enum row_family family; /* ROW_FAMILY_COUNT: no row stands behind it */
	size_t size_bytes;
	const struct com_interface *interfaces;
	size_t interface_count;
	void (*fini)(struct com_object *object); /* may be NULL */
};

/* clang-format off */
#define COM_INTERFACE(type, interface, member) \
	{ &IID_##interface, offsetof(struct type, member), &member##_vtable }
/* clang-format on */

/* The three typed methods of IUnknown for the interface pointer `member` of struct `type`. */
#define COM_THUNKS(type, interface, member)                                                 \
	static HRESULT member##_query_interface(interface *self, REFIID riid, void **ppv)   \
	{                                                                                   \
		return com_query(&container_of(self, struct type, member)->com, riid, ppv); \
	}                                                                                   \
	static ULONG member##_add_ref(interface *self)                                      \
	{                                                                                   \
		return com_add_ref(&container_of(self, struct type, member)->com);          \
	}                                                                                   \
	static ULONG member##_release(interface *self)                                      \
	{                                                                                   \
		return com_release(&container_of(self, struct type, member)->com);          \
	}                                                                                   \
	struct com_thunks_end

#define COM_UNKNOWN(member)                                                     \
	.QueryInterface = member##_query_interface, .AddRef = member##_add_ref, \
	.Release = member##_release

/* The one QueryInterface.  E_POINTER, E_NOINTERFACE (then *ppv = NULL). */
HRESULT com_query(struct com_object *object, REFIID riid, void **ppv);
ULONG com_add_ref(struct com_object *object);
ULONG com_release(struct com_object *object);
/* Its IUnknown, borrowed. */
IUnknown *com_unknown(struct com_object *object);
/*
 * Zeroed but for the header and the interface pointers, one reference; NULL when out of memory.  In
 * no map.
 */
void *com_object_new(struct com_core *core, const struct com_class *class);

/*
 * QueryInterface for this IID gives the struct com_object itself (one reference): is an IUnknown
 * one of ours?
 */
extern const IID com_iid_object;

/* ---- what the objects of one provider share (core.c) ---- */

#define COM_SHARDS 16u

/* id → the living object, borrowed: an object takes itself out before it goes. */
struct com_shard {
	pthread_mutex_t lock;
	struct guid_map map;
};

struct com_advise;

struct com_core {
	_Atomic unsigned refs;
	pthread_mutex_t lock;          /* loading: client (its making), advise */
	struct client *_Atomic client; /* made by the first load, lives as long as the core */
	_Atomic bool loaded;
	struct com_advise *advise;
	struct com_shard shards[COM_SHARDS];
};

/* 0 or -ENOMEM. */
int com_core_new(struct com_core **ret_core);
struct com_core *com_core_ref(struct com_core *core);
void com_core_unref(struct com_core *core); /* accepts NULL */
/*
 * Connect (url UTF-8, NULL = default) and load the replica, unless that is done.  Codes of
 * client_open.
 */
int com_core_load(struct com_core *core, const char *url);
/*
 * Send notifications to this sink from now on; NULL = to none.  Takes a reference of its own.  0,
 * -ENOMEM, -errno.
 */
int com_core_advise(struct com_core *core, IVdsAdviseSink *sink);
/*
 * Ends notifications; every method that needs the array answers as before the load.
 */
void com_core_unload(struct com_core *core);
/* NULL: not loaded. */
struct client *com_core_client(struct com_core *core);

/*
 * The one object for (class, id) with a new reference: the one that lives, else a new one.  NULL
 * when out of memory.  Nobody asks here whether there is such a row.
 */
struct com_object *com_core_object(struct com_core *core, const struct com_class *class,
				   const struct guid *id);
/* The last reference has gone: out of the map, unless another object has taken its place. */
void com_core_forget(struct com_core *core, struct com_object *object);

/* ---- a method's look at the replica (look.c) ---- */

enum com_guard {
	COM_FAILED = 1, /* answer VDS_E_OBJECT_STATUS_FAILED where it applies */
	COM_BUSY = 2,   /* answer VDS_E_ANOTHER_CALL_IN_PROGRESS where it applies */
};

struct com_look {
	struct client *client; /* borrowed */
	struct client_view view;
	const void *row; /* the object's, in view.config */
};

void com_look_fini(struct com_look *look);
#define AUTO_LOOK __attribute__((cleanup(com_look_fini)))

/*
 * The view and the object's row in it.  In this order: VDS_E_INITIALIZE_NOT_CALLED,
 * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED, and as far as `guards` asks for it
 * VDS_E_OBJECT_STATUS_FAILED and VDS_E_ANOTHER_CALL_IN_PROGRESS (docs/design/operations.md, column
 * "query").  look is initialised in any case.
 */
HRESULT com_look(struct com_object *object, unsigned guards, struct com_look *look);
/* For a change of the object: its client.  The same answers instead. */
HRESULT com_change(struct com_object *object, unsigned guards, struct client **ret_client);
/* The LUN's live row, or NULL. */
const struct row_live_lun *com_look_live_lun(const struct com_look *look,
					     const struct guid *lun_id);

/* ---- results (hresult.c, errtext.c) ---- */

/* The HRESULT for a code (positive counts are S_OK), and its text for VdsLastErrorMessage. */
HRESULT com_error(int code);
/*
 * As com_error for a change of `object`: NOT_FOUND is VDS_E_OBJECT_DELETED when it is the object
 * itself that has gone.  May wait for the replica to hold what the array knew when it answered.
 */
HRESULT com_change_error(struct com_object *object, int code);
/* Remember the text, return hr. */
HRESULT com_fail(HRESULT hr, const char *text);
#define COM_NULL_ARGUMENT(name) com_fail(E_INVALIDARG, name " is NULL")
/* E_NOTIMPL; logged once for each place. */
#define COM_NOT_IMPLEMENTED(method)                  \
	({                                           \
		static _Atomic bool said_;           \
		com_not_implemented(method, &said_); \
	})
HRESULT com_not_implemented(const char *method, _Atomic bool *said);
/* Just the map, without a text. */
HRESULT com_hresult(int code);
void com_message_set(const char *text);

/* ---- values (value.c) ---- */

void com_guid_out(const struct guid *id, GUID *ret_guid);
void com_guid_in(const GUID *guid, struct guid *ret_id);
/* A task memory copy as UTF-16 (NULL = "").  0 or -ENOMEM. */
int com_string_out(const char *text, LPWSTR *ret_string);
/* The same as bytes: ASCII for VDS_LUN_INFORMATION. */
int com_bytes_out(const void *bytes, size_t size, unsigned char **ret_bytes);
/* UTF-8 (mem_free).  0, -ENOMEM, ERR_PARSE. */
int com_string_in(const WCHAR *string, char **ret_text);
/* As com_string_in, cut to ROW_NAME_MAX bytes between characters; *ret_cut says whether. */
int com_name_in(const WCHAR *string, char **ret_name, bool *ret_cut);

/* ---- enumerators (enum.c) ---- */

/* What an enumerator and its clones go through: ids, taken when it was made. */
struct com_list {
	_Atomic unsigned refs;
	struct com_core *core; /* borrowed: each enumerator that holds the list holds the core */
	const struct com_class *class; /* of every element */
	size_t count;
	struct guid ids[];
};

/* ids are for the caller to fill.  NULL when out of memory. */
struct com_list *com_list_new(struct com_core *core, const struct com_class *class, size_t count);
/* All rows of a family, in the order of ids. */
struct com_list *com_list_family(struct com_core *core, const struct com_class *class,
				 const struct state *state);
void com_list_unref(struct com_list *list); /* accepts NULL */
/* Consumes the list; NULL is E_OUTOFMEMORY.  *ret_enum is NULL on failure. */
HRESULT com_enum_new(struct com_list *list, IEnumVdsObject **ret_enum);

/*
 * For methods that enumerate: look at `object` first, then all rows of the class's family.
 * E_INVALIDARG for NULL.
 */
HRESULT com_enum_family(struct com_object *object, unsigned guards, const struct com_class *class,
			IEnumVdsObject **ret_enum);
/* The same for a kind of object that this array has none of. */
HRESULT com_enum_none(struct com_object *object, unsigned guards, IEnumVdsObject **ret_enum);
/* One element for each row of the slice: the struct guid at id_offset in the row. */
HRESULT com_enum_slice(struct com_core *core, const struct com_class *class, struct row_slice slice,
		       size_t id_offset, IEnumVdsObject **ret_enum);

/* ---- async objects (async.c) ---- */

/*
 * For an operation that the array has taken: done already, or the job answer->job_id.  made: class
 * of the object that Wait gives (answer->object_id), or NULL.  S_OK, or E_OUTOFMEMORY with
 * *ret_async = NULL.
 */
HRESULT com_async_new(struct com_core *core, VDS_ASYNC_OUTPUT_TYPE type,
		      const struct com_class *made, const struct client_answer *answer,
		      IVdsAsync **ret_async);

/* ---- notifications (advise.c) ---- */

/* Starts the sink's thread and listens.  0, -ENOMEM, -errno. */
int com_advise_new(struct client *client, IVdsAdviseSink *sink, struct com_advise **ret_advise);
/* Nothing is sent any more when it returns; may be called from within OnNotify.  Accepts NULL. */
void com_advise_free(struct com_advise *advise);

/* ---- the classes ---- */

/*
 * The array calls a LUN of more a wrong argument.  VDS does not: every ULONGLONG is a size, and for
 * this one there is no space.
 */
#define COM_LUN_BYTES_MAX (1ull << 53)

extern const struct com_class com_provider_class;
extern const struct com_class com_subsystem_class;
extern const struct com_class com_lun_class;
extern const struct com_class com_target_class;
extern const struct com_class com_portal_class;
extern const struct com_class com_portalgroup_class;
extern const struct com_class com_enum_class;
extern const struct com_class com_async_class;

/* The id of every provider of this library, as a setup program would register it. */
extern const struct guid com_provider_id;

/* Has any part of the array failed?  It shows in VDS_SUB_SYSTEM_PROP. */
bool com_is_degraded(const struct state *live);
/* The subsystem of an object: NULL argument, look, interface. */
HRESULT com_give_subsystem(struct com_object *object, IVdsSubSystem **ret_subsystem);
/*
 * *ret_interface: NULL first; then the interface of the object (class, id), one reference.
 * E_OUTOFMEMORY.
 */
HRESULT com_give(struct com_core *core, const struct com_class *class, const struct guid *id,
		 REFIID riid, void **ret_interface);

/*
 * SCSI identity of a LUN, all in task memory; nothing is left behind on failure.  0 or -ENOMEM.
 * (identity.c)
 */
int com_lun_information(const struct row_lun *lun, VDS_LUN_INFORMATION *ret_info);
void com_lun_information_free(VDS_LUN_INFORMATION *info);
/*
 * Is the identity that of this LUN?  By its NAA or UUID designator, else by vendor, product and
 * serial number.
 */
bool com_lun_matches(const struct row_lun *lun, const VDS_LUN_INFORMATION *info);

#endif
