/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the classes of our hardware provider share.  Private to src/provider, which is libvds on top
 * of the COM framework (com/com.h) and the client (client/client.h).
 *
 * An object is a view of the client's replica with no state of its own.  Every method begins with
 * provider_enter or provider_change, which check its arguments and look the object's row up by its
 * id; it answers from that row.  A change is a call of the client, which returns when the replica
 * has it.  Every function may be called on any thread.
 *
 * core->lock is held before a space's locks (com/com.h); neither is held while the client or a
 * callback runs.
 */
#ifndef VDS_PROVIDER_PROVIDER_INT_H
#define VDS_PROVIDER_PROVIDER_INT_H

#include <pthread.h>

#include <vds/libvds.h>

#include "client/client.h"
#include "com/com.h"

/* ---- what the objects of one provider share (core.c) ---- */

struct provider_advise;

struct provider_core {
	struct com_space space;
	pthread_mutex_t lock;          /* guards loading (the making of `client`) and `advise` */
	struct client *_Atomic client; /* made by the first load; lives as long as the core */
	_Atomic bool loaded;
	struct provider_advise *advise;
};

static inline struct provider_core *
provider_core_of(const struct com_object *object)
{
	return container_of(object->space, struct provider_core, space);
}

/* Makes a core with one reference: com_space_unref(&core->space) ends it.  Returns 0 or -ENOMEM. */
int provider_core_new(struct provider_core **ret_core);
/*
 * Connect to the array and load the replica, unless that was done before.  url: UTF-8, NULL = the
 * default.  Returns 0 or a code of client_open.
 */
int provider_core_load(struct provider_core *core, const char *url);
/*
 * Send notifications to this sink from now on; NULL = to none.  Takes a reference of its own.
 * Returns 0, -ENOMEM or -errno (no thread).
 */
int provider_core_advise(struct provider_core *core, IVdsAdviseSink *sink);
/* Ends notifications; every method that needs the array answers as before the load. */
void provider_core_unload(struct provider_core *core);
/* Returns the client, borrowed, or NULL when the provider is not loaded. */
struct client *provider_core_client(struct provider_core *core);

/* Apply the environment variable VDS_DEBUG, once. (debug.c) */
void provider_debug_begin(void);

/* ---- the prologue of every method: arguments, state, failure (enter.c) ---- */

/* What a method does not tolerate in its LUN, as flags; each flag has its own result. */
enum provider_guard {
	PROVIDER_FAILED = 1, /* the LUN has failed: VDS_E_OBJECT_STATUS_FAILED */
	/* An operation under way makes the answer uncertain: VDS_E_ANOTHER_CALL_IN_PROGRESS. */
	PROVIDER_BUSY = 2,         /* uncertain whether the LUN exists */
	PROVIDER_BUSY_TARGETS = 4, /* uncertain through which targets the LUN is accessible */
	PROVIDER_BUSY_SIZE = 8,    /* uncertain how large the LUN is */
};

/* What a method that reads works on: a view of the replica, and the object's row in it. */
struct provider_look {
	struct client *client; /* borrowed */
	struct client_view view;
	const void *row; /* the object's row in view.config; NULL for the provider itself */
};

void provider_look_fini(struct provider_look *look);
#define AUTO_LOOK __attribute__((cleanup(provider_look_fini)))

/*
 * Begin a method that reads: look the object's row up in the replica's newest view.
 *
 * arguments: what the checks of the method's arguments came to (COM_OUT and its own); a failure is
 * returned as it is, and nothing is looked at.  guards: of enum provider_guard.
 *
 * Returns S_OK or, in this order: arguments, VDS_E_INITIALIZE_NOT_CALLED (the provider is not
 * loaded), VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED and, as far as guards ask for it,
 * VDS_E_OBJECT_STATUS_FAILED and VDS_E_ANOTHER_CALL_IN_PROGRESS (docs/design/operations.md).  look
 * is initialised in any case.
 */
HRESULT provider_enter(struct com_object *object, unsigned guards, struct provider_look *look,
		       HRESULT arguments);
/*
 * Begin a method that changes the object.  Checks what provider_enter checks and returns the same
 * codes, but returns the client (borrowed) and keeps no view.
 */
HRESULT provider_change(struct com_object *object, unsigned guards, struct client **ret_client,
			HRESULT arguments);
/*
 * Begin a method that belongs to no single object: check only that the provider is loaded and that
 * its replica can be trusted.  Returns S_OK, VDS_E_INITIALIZE_NOT_CALLED or
 * VDS_E_PROVIDER_CACHE_CORRUPT.
 */
HRESULT provider_enter_core(struct provider_core *core, struct provider_look *look);
/* Returns the LUN's live row, borrowed from the look, or NULL. */
const struct row_live_lun *provider_look_live_lun(const struct provider_look *look,
						  const struct guid *lun_id);
/*
 * Returns the HRESULT for a code with which a change of `object` ended; 0 becomes S_OK.
 * ERR_NOT_FOUND becomes VDS_E_OBJECT_DELETED when the object itself was deleted.  May wait until
 * the replica has what the array knew when it answered.
 */
HRESULT provider_change_error(struct com_object *object, int code);

/*
 * The method SetFriendlyName of an object's class: stores the name by `rename`, cut to ROW_NAME_MAX
 * bytes.  Returns S_OK, VDS_S_NAME_TRUNCATED, E_INVALIDARG (friendly_name is NULL), or as
 * provider_change and provider_change_error.
 */
HRESULT provider_rename(struct com_object *object, unsigned guards, const WCHAR *friendly_name,
			int (*rename)(struct client *client, const struct guid *id,
				      const char *name, struct client_answer *ret_answer));

/* ---- enumerations (list.c) ---- */

/*
 * Body of a method that enumerates all objects of the class's family.  Returns S_OK, the errors of
 * provider_enter, E_INVALIDARG (ret_enum is NULL) or E_OUTOFMEMORY.
 */
HRESULT provider_list_family(struct com_object *object, unsigned guards,
			     const struct com_class *class, IEnumVdsObject **ret_enum);
/*
 * Body of a method that enumerates objects of a kind that this array does not have: returns an
 * empty enumeration.  Errors of provider_list_family.
 */
HRESULT provider_list_none(struct com_object *object, unsigned guards, IEnumVdsObject **ret_enum);
/*
 * Body of a method that enumerates the objects that are related to this one.  slice_of returns the
 * rows of the relation; the id of the other object stands at id_offset in each row.  Errors of
 * provider_list_family.
 */
HRESULT provider_list_slice(struct com_object *object, unsigned guards,
			    const struct com_class *class,
			    struct row_slice (*slice_of)(const struct state *, const struct guid *),
			    size_t id_offset, IEnumVdsObject **ret_enum);

/* ---- jobs of the array as asynchronous operations (operation.c) ---- */

/*
 * Make an IVdsAsync for an operation that the array has accepted: the operation is done, or the job
 * answer->job_id carries it out.  made: class of the object that IVdsAsync::Wait returns
 * (answer->object_id), or NULL. Returns S_OK, or E_OUTOFMEMORY with *ret_async = NULL.
 */
HRESULT provider_async_new(struct com_object *object, VDS_ASYNC_OUTPUT_TYPE type,
			   const struct com_class *made, const struct client_answer *answer,
			   IVdsAsync **ret_async);

/* ---- notifications (advise.c) ---- */

/* Start the sink's thread and listen to the client. Returns 0, -ENOMEM or -errno (no thread). */
int provider_advise_new(struct client *client, IVdsAdviseSink *sink,
			struct provider_advise **ret_advise);
/*
 * Stop sending.  When this returns, nothing is sent any more.  May be called from within OnNotify.
 * Accepts NULL.
 */
void provider_advise_free(struct provider_advise *advise);

/* ---- the classes ---- */

/*
 * Bytes of the largest LUN. The array refuses a larger size as a wrong argument; in VDS every
 * ULONGLONG is a valid size, so the provider answers that there is not enough space.
 */
#define PROVIDER_LUN_BYTES_MAX (1ull << 53)

extern const struct com_class provider_class;
extern const struct com_class provider_subsystem_class;
extern const struct com_class provider_lun_class;
extern const struct com_class provider_target_class;
extern const struct com_class provider_portal_class;
extern const struct com_class provider_portalgroup_class;

/*
 * The id that every provider object of this library reports, as a setup program would have
 * registered it.
 */
extern const struct guid provider_id;

/* Returns true when any part of the array has failed, which VDS_SUB_SYSTEM_PROP shows. */
bool provider_is_degraded(const struct state *live);
/* The method GetSubSystem of an object's class. */
HRESULT provider_give_subsystem(struct com_object *object, IVdsSubSystem **ret_subsystem);

/*
 * Return the SCSI identity of a LUN in task memory; after a failure nothing stays allocated.
 * Returns 0 or -ENOMEM. (identity.c)
 */
int provider_lun_information(const struct row_lun *lun, VDS_LUN_INFORMATION *ret_info);
void provider_lun_information_free(VDS_LUN_INFORMATION *info);
/*
 * Returns the LUN that has this identity (by its NAA or UUID designator, else by vendor, product
 * and serial number), or NULL.  Borrowed from the state, whose indexes answer: the cost does not
 * grow with the number of LUNs.
 */
const struct row_lun *provider_lun_find(const struct state *state, const VDS_LUN_INFORMATION *info);

#endif
