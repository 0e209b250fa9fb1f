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
 * Locks: core->lock may be held while a client connects, stops or is asked.  The others (sink_lock,
 * a place's jobs_lock, a space's shards) are held for moments, and nothing is called under them.
 * No lock is held while a callback of the program runs.
 */
#ifndef VDS_PROVIDER_PROVIDER_INT_H
#define VDS_PROVIDER_PROVIDER_INT_H

#include <pthread.h>

#include <vds/libvds.h>

#include "client/client.h"
#include "com/com.h"
#include "model/hints.h"

/* ---- what the objects of one provider share (core.c) ---- */

struct provider_advise;
struct provider_notes;

/*
 * A place where an array may be: one URL of the list.  Its space holds the objects of the array, so
 * an object knows its array.  A place stays as long as the core, also when the URL has left the
 * list; its client is stopped while no array is known there.
 */
struct provider_place {
	struct com_space space; /* a part of the core's space */
	struct provider_core *core;
	struct provider_place *_Atomic next; /* set once */
	char *url;                           /* for messages */
	char *spec; /* as the list has it: the URL and its options (spec.c) */
	struct client *client;
	/*
	 * An array has been reached here since the provider was loaded: it is a subsystem, even
	 * while it is lost.
	 */
	atomic_bool known;
	atomic_bool listed; /* the URL is in the list of arrays */
	int why;            /* the last code with which no array was found; core->lock guards it */
	/* told on the client's event thread (core.c) */
	struct client_listener listener;
	pthread_mutex_t jobs_lock; /* a leaf */
	struct list jobs;          /* struct com_pending: objects that wait for a job's outcome */
};

/* ---- spec.c ---- */

/* Returns whether a word of the list belongs to the URL before it: "ca=/etc/ca.pem". */
bool provider_spec_is_option(const char *word);
/*
 * Reads a URL and its options, with one blank between them.  *ret_options points into spec, which
 * is cut into pieces.  Returns 0 or ERR_INVALID with a text.
 */
int provider_spec_parse(char *spec, struct client_options *ret_options);

/* The thread that looks for missing arrays (watch.c). */
struct provider_watch {
	pthread_mutex_t life; /* held while the thread is started and joined; guards started */
	bool started;         /* the thread must be joined */
	pthread_t thread;
	pthread_mutex_t lock; /* a leaf; guards what follows */
	pthread_cond_t wake;
	bool stopping, ended;
};

struct provider_core {
	/*
	 * the provider object and what belongs to no single array; the root of all places' spaces
	 */
	struct com_space space;
	/*
	 * Held while arrays are connected and disconnected, which may take seconds.  Guards url and
	 * what changes the members of places.
	 */
	pthread_mutex_t lock;
	char *url; /* the URLs that the program gave, or NULL: where they come from is in core.c */
	/* The places; the list only grows. */
	struct provider_place *_Atomic places;
	atomic_bool loaded;
	struct state *nothing;     /* without rows: what is known while there is no array */
	pthread_mutex_t sink_lock; /* guards advise; a leaf but for the locks of advise.c */
	struct provider_advise *advise;
	struct provider_watch watch;
};

static inline struct provider_core *
provider_core_of(const struct com_object *object)
{
	return container_of(object->space->root, struct provider_core, space);
}

/* Returns the place whose space this is, or NULL for the core's own space. */
static inline struct provider_place *
provider_place_of(struct com_space *space)
{
	return space == space->root ? NULL : container_of(space, struct provider_place, space);
}

/* Walks all places that have a known array; any thread. */
struct provider_place *provider_place_first(struct provider_core *core);
struct provider_place *provider_place_next(struct provider_place *place);
#define provider_for_each_place(place, core)                                           \
	for (struct provider_place *place = provider_place_first(core); place != NULL; \
	     place = provider_place_next(place))
/*
 * Returns the place of the known array that has this row, by what was last known of it, or NULL.
 */
struct provider_place *provider_place_with(struct provider_core *core, enum row_family family,
					   const struct guid *id);

/* Makes a core with one reference: com_space_unref(&core->space) ends it.  Returns 0 or -ENOMEM. */
int provider_core_new(struct provider_core **ret_core);
/*
 * Connects to the arrays of a list and loads their replicas, unless that was done before.  urls:
 * UTF-8, with blanks between them; NULL: $VDS_URL, or the file $VDS_ARRAYS (/etc/vds/arrays), or
 * CLIENT_DEFAULT_URL.  An array that does not answer is left out until provider_core_reenumerate.
 * Returns 0; ERR_INVALID (the list); -ENOMEM or -errno (no thread); and, when wanted is true and no
 * array has answered, the code of client_ready for the first one.
 */
int provider_core_load(struct provider_core *core, const char *urls, bool wanted);
/*
 * Reads the list again, connects to arrays that have come, and lets those go whose URL has left the
 * list; the sink learns of both.  Asks the others who they are (client_reenumerate).  Returns 0;
 * ERR_INVALID (the list; the arrays are as before); -ENOMEM; or why an array with a corrupt cache
 * could not be asked.
 */
int provider_core_reenumerate(struct provider_core *core);
/* Loads all replicas anew.  Returns 0 or the first code of client_refresh. */
int provider_core_refresh(struct provider_core *core);
/*
 * Sends notifications to this sink from now on; NULL = to none.  Takes a reference of its own.
 * Returns 0, -ENOMEM or -errno (no thread).
 */
int provider_core_advise(struct provider_core *core, IVdsAdviseSink *sink);
/*
 * Ends notifications and all connections; every method that needs an array answers as before the
 * load.  Without force, returns ERR_BUSY and does nothing while a call waits for an array; with
 * force, such a call ends.  Else returns 0.
 */
int provider_core_unload(struct provider_core *core, bool force);
/* Sends notes to the sink, if there is one.  Any thread. */
void provider_core_notify(struct provider_core *core, const struct provider_notes *notes);
/* Returns the client of the object's array, borrowed, or NULL when there is none. */
struct client *provider_client_of(const struct com_object *object);

/*
 * Connects to the arrays of the list that are missing, unless another call loads, unloads or
 * reenumerates now; the sink learns of those that have come.  Returns whether some may come still.
 * For the watch.
 */
bool provider_core_look(struct provider_core *core);

/* ---- the watch (watch.c) ---- */

void provider_watch_init(struct provider_watch *watch);
void provider_watch_fini(struct provider_watch *watch);
/*
 * Starts the thread unless it runs.  Called under core->lock when an array of the list is missing.
 */
void provider_watch_start(struct provider_core *core);
/*
 * Ends the thread and waits for it, perhaps until an array that it asks has answered.  Any thread
 * but the watch's own.
 */
void provider_watch_stop(struct provider_watch *watch);
/*
 * The time before the thread looks for the first time (0: it never does), and the longest time
 * between two looks, to which the time doubles.  Tests set them.
 */
extern _Atomic uint64_t provider_watch_first_ns, provider_watch_longest_ns;

/* ---- the prologue of every method: arguments, state, failure (enter.c) ---- */

/* What a method does not tolerate in its object, as flags; each flag has its own result. */
enum provider_guard {
	/* the LUN has failed, or the drive cannot be used: VDS_E_OBJECT_STATUS_FAILED */
	PROVIDER_FAILED = 1,
	/* An operation under way makes the answer uncertain: VDS_E_ANOTHER_CALL_IN_PROGRESS. */
	PROVIDER_BUSY = 2,         /* uncertain whether the LUN exists */
	PROVIDER_BUSY_TARGETS = 4, /* uncertain through which targets the LUN is accessible */
	PROVIDER_BUSY_SIZE = 8,    /* uncertain how large the LUN is */
};

/* What a method that reads works on: a view of the replica, and the object's row in it. */
struct provider_look {
	/* borrowed; NULL for a method of the provider itself while no array is known */
	struct client *client;
	struct client_view view;
	const void *row; /* the object's row in view.config; NULL for the provider itself */
	/* the array is lost, and the view is what was last known: provider_enter_lost only */
	bool lost;
};

void provider_look_fini(struct provider_look *look);
#define AUTO_LOOK __attribute__((cleanup(provider_look_fini)))

/*
 * Begins a method that reads: look the object's row up in the replica's newest view.
 *
 * arguments: what the checks of the method's arguments came to (COM_OUT and its own).  A failure
 * that is no code of VDS (E_INVALIDARG, E_OUTOFMEMORY) is returned as it is, and nothing is looked
 * at.  A code of VDS says what this array lacks (VDS_E_NOT_SUPPORTED): it is returned only when the
 * object is there and usable.  guards: of enum provider_guard.
 *
 * Returns S_OK or, in this order: arguments that are wrong, VDS_E_INITIALIZE_NOT_CALLED (the
 * provider is not loaded), VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED, as far as guards ask
 * for it VDS_E_OBJECT_STATUS_FAILED and VDS_E_ANOTHER_CALL_IN_PROGRESS
 * (docs/design/operations.md), and arguments that the array does not support.  look is initialised
 * in any case.
 *
 * For a method of the provider itself the view is that of the first array, or one without rows; a
 * method about all arrays walks them (provider_for_each_place, provider_list_family).
 */
HRESULT provider_enter(struct com_object *object, unsigned guards, struct provider_look *look,
		       HRESULT arguments);
/* A function of model/state.h that returns the rows which name an object of the configuration. */
typedef struct row_slice provider_slice_of(const struct state *state, const struct guid *id);
/*
 * The prologue of a method that only wants such rows: as provider_enter, but look->row is not set,
 * because an object that a row names is there, and need not be looked up.
 */
HRESULT provider_enter_slice(struct com_object *object, unsigned guards,
			     provider_slice_of *slice_of, struct provider_look *look,
			     struct row_slice *ret_slice, HRESULT arguments);
/*
 * As provider_enter without guards, for the few methods that answer for an array that is lost: they
 * get what was last known, and look->lost is true.
 */
HRESULT provider_enter_lost(struct com_object *object, struct provider_look *look,
			    HRESULT arguments);
/*
 * Begins a method of the provider that names an object: as provider_enter, in the array that has
 * the row.  Returns also VDS_E_OBJECT_NOT_FOUND (no array has it).  *ret_place: the place of that
 * array, whose space is the one for objects of the array (may be NULL).
 */
HRESULT provider_enter_named(struct com_object *provider, enum row_family family,
			     const struct guid *id, struct provider_look *look,
			     struct provider_place **ret_place, HRESULT arguments);
/*
 * Begins a method that changes the object.  Checks what provider_enter checks and returns the same
 * codes, but returns the client (borrowed) and keeps no view.  For the provider itself
 * VDS_E_OBJECT_NOT_FOUND says that no array is known.  Puts memory for the method's IVdsAsync aside
 * (com_async_reserve), and returns E_OUTOFMEMORY when there is none.
 */
HRESULT provider_change(struct com_object *object, unsigned guards, struct client **ret_client,
			HRESULT arguments);
/* Returns the state of the view that has the rows of the family. */
static inline const struct state *
provider_view_state(const struct client_view *view, enum row_family family)
{
	return family < ROW_CONFIG_COUNT ? view->config : view->live;
}
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
 * The method SetFriendlyName of an object's class: stores the name by `rename`, cut to
 * ROW_NAME_UNITS; "" removes the name.  Returns S_OK, VDS_S_NAME_TRUNCATED, E_INVALIDARG
 * (friendly_name is NULL), or as provider_change and provider_change_error.
 */
HRESULT provider_rename(struct com_object *object, unsigned guards, const WCHAR *friendly_name,
			int (*rename)(struct client *client, const struct guid *id,
				      const char *name, struct client_answer *ret_answer));

/* ---- enumerations (list.c) ---- */

/*
 * Body of a method that enumerates all objects of the class's family: those of the object's array,
 * or of all arrays when the object is the provider.  Returns S_OK, the errors of provider_enter,
 * E_INVALIDARG (ret_enum is NULL) or E_OUTOFMEMORY.
 */
HRESULT provider_list_family(struct com_object *object, unsigned guards,
			     const struct com_class *class, IEnumVdsObject **ret_enum);
/*
 * Body of a method of the provider that enumerates the objects of all arrays for whose rows matches
 * returns true.  Errors of provider_list_family.
 */
HRESULT provider_list_filtered(struct com_object *provider, const struct com_class *class,
			       bool (*matches)(const struct client_view *view, const void *row,
					       const void *arg),
			       const void *arg, IEnumVdsObject **ret_enum);
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
			    const struct com_class *class, provider_slice_of *slice_of,
			    size_t id_offset, IEnumVdsObject **ret_enum);

/* ---- jobs of the array as asynchronous operations (operation.c) ---- */

/*
 * Makes an IVdsAsync for an operation that the array has accepted: the operation is done, or the
 * job answer->job_id carries it out.  made: class of the object that IVdsAsync::Wait returns
 * (answer->object_id), or NULL. Returns S_OK; or E_OUTOFMEMORY with *ret_async = NULL, which cannot
 * be when the method has begun with provider_change on this thread.
 */
HRESULT provider_async_new(struct com_object *object, VDS_ASYNC_OUTPUT_TYPE type,
			   const struct com_class *made, const struct client_answer *answer,
			   IVdsAsync **ret_async);

/*
 * Sets the outcome of every object that waits for a job of the place which has ended.  change: only
 * look at the jobs in it; NULL: at all.  view: as it is now. Event thread. (operation.c)
 */
void provider_jobs_settle(struct provider_place *place, const struct client_view *view,
			  const struct change *change);

/* ---- notifications (advise.c) ---- */

/* Starts the sink's thread. Returns 0, -ENOMEM or -errno (no thread). */
int provider_advise_new(IVdsAdviseSink *sink, struct provider_advise **ret_advise);
/* Queues notes for the sink, as one batch; NULL: notes were lost. Never waits for the sink. */
void provider_advise_push(struct provider_advise *advise, const struct provider_notes *notes);
/*
 * Stops sending.  When this returns, nothing is sent any more.  May be called from within OnNotify.
 * Accepts NULL.
 */
void provider_advise_free(struct provider_advise *advise);

/*
 * ---- the receiver of notifications as the sink's thread sees it (sink.c, windows/sink.c) ----
 *
 * On Windows the receiver may live in another apartment or process, which COM reaches through a
 * proxy of the thread that calls; on Linux it is called as it is.
 */
struct provider_sink {
	IVdsAdviseSink
		*sink; /* one reference; NULL: not to be called (Windows: yet, or any more) */
#ifdef _WIN32
	struct IStream *packed; /* the receiver, for the sink's thread; NULL = sink is it, or was */
	bool is_proxy;          /* the receiver is in another process or apartment */
	void *done; /* an event: provider_sink_leave was called; NULL before provider_sink_init */
#endif
};

/* Takes a reference to a sink. On a thread of the caller. Returns 0 or -ENOMEM. */
int provider_sink_init(struct provider_sink *ret_sink, IVdsAdviseSink *sink);
/* Drops the reference for good.  On the sink's thread. */
void provider_sink_drop(struct provider_sink *sink);
/*
 * Drops the reference, unless that was done, and frees the rest; zeroed memory is allowed.  After
 * the sink's thread has called provider_sink_leave.
 */
void provider_sink_fini(struct provider_sink *sink);
/* Called by the sink's thread before its first and after its last call of provider_sink_notify. */
void provider_sink_enter(struct provider_sink *sink);
void provider_sink_leave(struct provider_sink *sink);
/*
 * Waits until the sink's thread has called provider_sink_leave; on Windows COM calls go on
 * meanwhile.
 */
void provider_sink_await(struct provider_sink *sink);
/*
 * Passes an array of notifications, from CoTaskMemAlloc, to the receiver, who frees it.  Returns
 * what OnNotify returns; S_OK when there is no receiver any more.
 */
HRESULT provider_sink_notify(struct provider_sink *sink, VDS_NOTIFICATION *notes, size_t count);
/* The sink's thread will end by itself: the library stays in memory for good. */
void provider_sink_abandon(void);

/* ---- the classes ---- */

/*
 * Bytes of the largest LUN. The array refuses a larger size as a wrong argument; in VDS every
 * ULONGLONG is a valid size, so the provider answers that there is not enough space.
 */
#define PROVIDER_LUN_BYTES_MAX (1ull << 53)

extern const struct com_class provider_class;
extern const struct com_class provider_subsystem_class;
extern const struct com_class provider_controller_class;
extern const struct com_class provider_port_class;
extern const struct com_class provider_drive_class;
extern const struct com_class provider_lun_class;
extern const struct com_class provider_plex_class;
extern const struct com_class provider_storagepool_class;
extern const struct com_class provider_target_class;
extern const struct com_class provider_portal_class;
extern const struct com_class provider_portalgroup_class;

/*
 * The id that every provider object of this library reports, as a setup program would have
 * registered it.
 */
extern const struct guid provider_id;

/* Returns the class of an object type, or NULL when this provider has no such objects. */
const struct com_class *provider_class_of(VDS_OBJECT_TYPE type);

/* ---- controllers and ports (controller.c, port.c) ---- */

/* Two arrays of ids that a program gives, which together name all objects of a kind. */
struct provider_pair {
	const VDS_OBJECT_ID *yes; /* those that are to be online, or active */
	LONG yes_count;
	const VDS_OBJECT_ID *no;
	LONG no_count;
};

/* Returns S_OK, or E_INVALIDARG (an array does not match its count). */
HRESULT provider_pair_check(const struct provider_pair *pair);
/*
 * Returns S_OK when the pair names each row of the family exactly once, VDS_E_OBJECT_NOT_FOUND (an
 * id names none) or E_INVALIDARG.
 */
HRESULT provider_pair_covers(const struct state *state, enum row_family family,
			     const struct provider_pair *pair);
VDS_CONTROLLER_STATUS provider_controller_status(const struct row_controller *row);
/* Returns VDS_H_DEGRADED while a port has no link, or a portal that should listen does not. */
VDS_HEALTH provider_controller_health(const struct client_view *view,
				      const struct row_controller *row);
/* Returns how many ports of the controller are known. */
size_t provider_controller_ports(const struct client_view *view, const struct guid *controller_id);
VDS_PORT_STATUS provider_port_status(const struct client_view *view,
				     const struct row_live_port *port);
/* Fills the properties of a port.  Returns S_OK, or E_OUTOFMEMORY with *prop zeroed. */
HRESULT provider_port_out(const struct client_view *view, const struct row_live_port *port,
			  VDS_PORT_PROP *prop);
/*
 * Returns whether the port, or the controller, is active for the LUN: it is online, a portal group
 * of one of the LUN's targets has a portal of it, and where there are gateways, it is that of the
 * LUN's owner.  Other gateways reach the LUN too, but through the owner.
 */
bool provider_port_serves(const struct client_view *view, const struct row_live_port *port,
			  const struct guid *lun_id);
bool provider_controller_serves(const struct client_view *view, const struct guid *controller_id,
				const struct guid *lun_id);
/* A port, or (NULL) a controller. */
struct provider_server {
	const struct row_live_port *port;
	const struct guid *controller_id;
};
/* Makes an enumerator of the LUNs for which the port or the controller is active. */
HRESULT provider_list_served_luns(struct com_space *space, const struct client_view *view,
				  const struct provider_server *server, IEnumVdsObject **ret_enum);
/* The method SetControllerStatus of a subsystem; yes: the controllers to be online. */
HRESULT provider_set_controller_status(struct com_object *subsystem,
				       const struct provider_pair *pair);
/*
 * The methods QueryActiveControllers, AssociateControllers, QueryActiveControllerPorts and
 * AssociateControllerPorts of a LUN.  What is active follows from the portals: another set than the
 * present one is VDS_E_NOT_SUPPORTED.  Only where there are gateways may a program choose the one
 * controller that is active: it becomes the LUN's owner.
 */
HRESULT provider_lun_query_controllers(struct com_object *lun, IEnumVdsObject **ret_enum);
HRESULT provider_lun_associate_controllers(struct com_object *lun,
					   const struct provider_pair *pair);
HRESULT provider_lun_query_ports(struct com_object *lun, IEnumVdsObject **ret_enum);
HRESULT provider_lun_associate_ports(struct com_object *lun, const struct provider_pair *pair);

/* Returns true when any part of the array has failed, which VDS_SUB_SYSTEM_PROP shows. */
bool provider_is_degraded(const struct state *live);
/* The method GetSubSystem of an object's class. */
HRESULT provider_give_subsystem(struct com_object *object, IVdsSubSystem **ret_subsystem);

/* What the properties of a LUN and of its plex say; live may be NULL. (lun.c) */
VDS_LUN_STATUS provider_lun_status(const struct row_lun *row, const struct row_live_lun *live);
VDS_HEALTH provider_lun_health(const struct row_live_lun *live);
VDS_TRANSITION_STATE provider_lun_transition(const struct row_live_lun *live);
/* From the LUN's hints, 0 to 15: a plex has the one of its LUN. */
SHORT provider_lun_rebuild_priority(const struct row_lun *row);
/*
 * Checks the type of a new LUN.  Returns S_OK, E_INVALIDARG (type is not a VDS_LUN_TYPE) or
 * VDS_E_NOT_SUPPORTED (the array has no LUNs of this type). (create.c)
 */
HRESULT provider_lun_type_check(VDS_LUN_TYPE type);

/* ---- new LUNs (create.c) ---- */

struct provider_new_lun {
	VDS_LUN_TYPE type;
	ULONGLONG size;
	const VDS_OBJECT_ID *drives;
	LONG drive_count;
	const WCHAR *unmasking_list;
	struct hints hints;
};

/*
 * Bodies of IVdsSubSystem::CreateLun and QueryMaxLunCreateSize, and of those of IVdsSubSystem2.
 * arguments: what the checks of the caller came to.  The hints OSR and OSW make a thick LUN, other
 * LUNs are thin; neither may be larger than what is free in its pool.  Return the errors of
 * provider_change, E_INVALIDARG, VDS_E_NOT_SUPPORTED (the type, the drives), VDS_E_OBJECT_NOT_FOUND
 * (a drive), VDS_E_NOT_ENOUGH_DRIVE and VDS_E_NOT_ENOUGH_SPACE.
 */
HRESULT provider_create_lun(struct com_object *subsystem, const struct provider_new_lun *new_lun,
			    HRESULT arguments, IVdsAsync **ret_async);
HRESULT provider_max_lun_size(struct com_object *subsystem, const struct provider_new_lun *new_lun,
			      HRESULT arguments, ULONGLONG *ret_size);

/* ---- hints (hints.c) ---- */

/*
 * Translate the hints of VDS and put them over those in *hints; NULL says nothing.  Hints for which
 * the structure has no member stay.  Return S_OK, E_INVALIDARG (sRebuildPriority or BusType is out
 * of range) or VDS_E_NOT_SUPPORTED (ullHintMask has a bit without a member).
 */
HRESULT provider_hints_in(const VDS_HINTS *from, struct hints *hints);
HRESULT provider_hints2_in(const VDS_HINTS2 *from, struct hints *hints);
/* Bodies of QueryHints and ApplyHints of IVdsLun, and of those of IVdsLun2. */
HRESULT provider_query_hints(struct com_object *lun, VDS_HINTS *ret_hints);
HRESULT provider_apply_hints(struct com_object *lun, const VDS_HINTS *wanted);
HRESULT provider_query_hints2(struct com_object *lun, VDS_HINTS2 *ret_hints);
HRESULT provider_apply_hints2(struct com_object *lun, const VDS_HINTS2 *wanted);

/* ---- drives (drive.c, extent.c) ---- */

#define PROVIDER_NO_ENCLOSURE 0xffffffffu /* the enclosure of a drive is not known */

/* Returns the bus by which the drive is connected to the host. */
VDS_STORAGE_BUS_TYPE provider_drive_bus(const struct row_live_drive *drive);
/*
 * Bodies of IVdsSubSystem::GetDrive and IVdsSubSystem2::GetDrive2 (enclosure is
 * PROVIDER_NO_ENCLOSURE for the former).  Drives stand on bus 0, and in no enclosure that the array
 * knows.  Returns S_OK with one reference, the errors of provider_enter, VDS_E_OBJECT_NOT_FOUND or
 * E_OUTOFMEMORY.
 */
HRESULT provider_give_drive(struct com_object *subsystem, SHORT bus, SHORT slot, ULONG enclosure,
			    IVdsDrive **ret_drive);
/*
 * Body of IVdsSubSystem::ReplaceDrive: returns VDS_E_NOT_SUPPORTED, VDS_E_OBJECT_NOT_FOUND or the
 * errors of provider_enter.
 */
HRESULT provider_replace_drive(struct com_object *subsystem, const VDS_OBJECT_ID *drive,
			       const VDS_OBJECT_ID *replacement);
/*
 * Gives the extents of a drive, of a LUN, or of a pool, in task memory; none = NULL and 0, as the
 * caller has set.  A LUN has an extent on each drive of its pool, also while it takes no space.
 * Returns S_OK or E_OUTOFMEMORY.
 */
HRESULT provider_drive_extents(const struct client_view *view, const struct guid *drive_id,
			       VDS_DRIVE_EXTENT **ret_extents, LONG *ret_count);
HRESULT provider_lun_extents(const struct client_view *view, const struct guid *lun_id,
			     VDS_DRIVE_EXTENT **ret_extents, LONG *ret_count);
HRESULT provider_pool_extents(const struct client_view *view, const struct guid *pool_id,
			      VDS_STORAGE_POOL_DRIVE_EXTENT **ret_extents, LONG *ret_count);
/*
 * Checks the parameters that name drives: NULL and 0, or an array and its length.  Returns S_OK or
 * E_INVALIDARG.
 */
HRESULT provider_drives_check(const VDS_OBJECT_ID *drives, LONG count);
/*
 * Finds the pool of a new LUN that the named drives choose: the one that lies on exactly these
 * drives; of several, one that is ready, then the one with most free space.  No drives: the id is
 * zero, any pool.  Returns S_OK, VDS_E_OBJECT_NOT_FOUND (there is no such drive),
 * VDS_E_NOT_ENOUGH_DRIVE (the pool lies on more drives), or VDS_E_NOT_SUPPORTED (no pool lies on
 * all of them).
 */
HRESULT provider_drives_pool(const struct client_view *view, const VDS_OBJECT_ID *drives,
			     LONG count, struct guid *ret_pool_id);
/*
 * Checks the drives that are named to extend a LUN.  One of them must be a drive of the LUN's pool;
 * the others may be used, too, as VDS has it.  Returns S_OK, VDS_E_OBJECT_NOT_FOUND or
 * VDS_E_NOT_SUPPORTED.
 */
HRESULT provider_drives_extend(const struct client_view *view, const struct row_lun *lun,
			       const VDS_OBJECT_ID *drives, LONG count);

/* ---- plexes (plex.c) ---- */

/* Returns the id of a LUN's plex, and the id of a plex's LUN: the same function turns both ways. */
struct guid provider_plex_swap(const struct guid *id);
/* Bodies of IVdsLun::QueryPlexes, AddPlex and RemovePlex. */
HRESULT provider_list_plexes(struct com_object *lun, IEnumVdsObject **ret_enum);
HRESULT provider_add_plex(struct com_object *lun, const VDS_OBJECT_ID *other_id,
			  IVdsAsync **ret_async);
HRESULT provider_remove_plex(struct com_object *lun, const VDS_OBJECT_ID *plex_id,
			     IVdsAsync **ret_async);

/* ---- storage pools (storagepool.c): bodies of IVdsHwProviderStoragePools ---- */

HRESULT provider_list_pools(struct com_object *provider, ULONG flags, ULONGLONG free_bytes,
			    const VDS_POOL_ATTRIBUTES *attributes, IEnumVdsObject **ret_enum);
HRESULT provider_create_lun_in_pool(struct com_object *provider, VDS_LUN_TYPE type, ULONGLONG size,
				    const VDS_OBJECT_ID *pool_id, const WCHAR *unmasking_list,
				    const VDS_HINTS2 *hints, IVdsAsync **ret_async);
HRESULT provider_max_size_in_pool(struct com_object *provider, VDS_LUN_TYPE type,
				  const VDS_OBJECT_ID *pool_id, const VDS_HINTS2 *hints,
				  ULONGLONG *ret_size);

/*
 * Returns the SCSI identity of a LUN in task memory; after a failure nothing stays allocated.
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
