/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files of the service share.  Private to src/service, which is the side of VDS that
 * programs see: the COM functions of Windows, the loader, IVdsService, and the wrappers of the
 * objects of all providers.  It knows providers only by the interfaces of include/vds.
 *
 * There is one service in a process (service.c).  It is the space of all its objects and is freed
 * with the last of them; the providers are unloaded then.  Every function may be called on any
 * thread.
 *
 * No lock is held while a provider or a program's sink is called.  Each lock is a leaf: nothing
 * else is locked under it.
 */
#ifndef VDS_SERVICE_SERVICE_INT_H
#define VDS_SERVICE_SERVICE_INT_H

#include <pthread.h>
#include <stdint.h>

#include <vds/libvds.h>

#include "com/com.h"

/* ---- threads and COM's apartments (apartment.c, apartment_win.c) ---- */

/*
 * Starts a thread that ends by itself and blocks all signals; on Windows it is in the multithreaded
 * apartment.  name: at most 15 bytes.  Returns 0, -ENOMEM or -errno (no thread).
 */
int service_thread_start(const char *name, void *(*run)(void *arg), void *arg,
			 pthread_t *ret_thread);
/*
 * Returns true when the object behind an interface is in another process or apartment, so that it
 * gets copies of what it is passed (Windows only).
 */
bool service_is_proxy(void *pointer);

/* ---- notifications from providers to programs (fanout.c) ---- */

/*
 * Passes each notification of every provider to every sink that programs have given to
 * IVdsService::Advise.  Counted: providers may keep its sink longer than the service lives.
 */
struct service_fanout;

/* Returns a fan-out with one reference, or NULL when out of memory. */
struct service_fanout *service_fanout_new(void);
/* Returns the object that providers are given in OnLoad; borrowed. */
IUnknown *service_fanout_unknown(struct service_fanout *fanout);
/*
 * Returns the object for a provider in another process or apartment, whose stub frees the arrays of
 * notifications that it passes on; borrowed.  unknown: what service_fanout_unknown returned.
 */
IUnknown *service_fanout_for_stub(IUnknown *unknown);
/* Lets notifications pass from now on; before this they are answered with S_FALSE and dropped. */
void service_fanout_open(struct service_fanout *fanout);
/*
 * Ends all registrations and drops the caller's reference.  Does not wait: a sink that is being
 * called meanwhile is released when the call returns.  Accepts NULL.
 */
void service_fanout_close(struct service_fanout *fanout);
/*
 * Registers a sink, to which a thread of its own passes notifications.  Takes a reference of its
 * own.  Returns 0, -ENOMEM or -errno (no thread).
 */
int service_fanout_advise(struct service_fanout *fanout, IVdsAdviseSink *sink, DWORD *ret_cookie);
/*
 * Ends a registration: delivers what is queued and waits for that, unless it is called from within
 * OnNotify of this sink.  Returns 0, or ERR_NOT_FOUND (no such cookie).
 */
int service_fanout_unadvise(struct service_fanout *fanout, DWORD cookie);

/* ---- providers (provider.c, isolate.c) ---- */

enum service_provider_state {
	SERVICE_PROVIDER_LOADING,   /* its thread has not finished yet */
	SERVICE_PROVIDER_LOADED,    /* OnLoad has succeeded */
	SERVICE_PROVIDER_FAILED,    /* it cannot be used; the log says why */
	SERVICE_PROVIDER_ABANDONED, /* too slow; its thread unloads it should it ever finish */
	SERVICE_PROVIDER_GONE,      /* it was loaded, and its process has ended */
};

/* What is known of a provider before it is loaded: what RegisterProvider was told. */
struct service_registration {
	struct guid id;
	GUID clsid;
	VDS_PROVIDER_TYPE type;
	char *name;    /* UTF-8 */
	char *version; /* UTF-8 */
	GUID version_id;
	char *library; /* path of the shared object; NULL: libvds itself */
};

void service_registration_fini(struct service_registration *registration);

/* How long providers may take, in milliseconds. */
struct service_limits {
	unsigned
		start_ms; /* for the process of a provider, until it has made the provider's object */
	unsigned load_ms; /* for all providers together */
	unsigned call_ms; /* for a call of an object in another process */
};

struct service_isolate; /* isolate_int.h */

/*
 * A provider of the service.  What loading it found out is constant once its state is LOADED.
 * Counted: by the service, by its loading thread and by each wrapper.
 */
struct service_provider {
	_Atomic unsigned refs;
	struct service_registration registration;
	IUnknown *callback; /* what OnLoad is given; one reference */
	struct service_limits limits;
	/* how often it was started anew since started_ns (CLOCK_MONOTONIC) */
	unsigned restarts;
	uint64_t started_ns;

	pthread_mutex_t lock; /* guards state and isolate */
	pthread_cond_t done;
	enum service_provider_state state;
	struct service_isolate *isolate; /* its process; NULL: it runs in this one */

	IUnknown *object; /* one reference each; NULL = the provider has no such interface */
	IVdsProviderPrivate *private;
	IVdsHwProviderPrivate *hw_private;
	IVdsHwProvider *hw;
};

/*
 * Begins to load a provider on a thread of its own; consumes *registration.  callback: what OnLoad
 * is given.  Returns 0, -ENOMEM or -errno (no thread).
 */
int service_provider_start(struct service_registration *registration, IUnknown *callback,
			   const struct service_limits *limits,
			   struct service_provider **ret_provider);
/*
 * Begins to load a provider anew whose process has ended.  Returns 0 with a new provider in the
 * place of that; ERR_LIMIT (its process has ended five times within ten minutes), -ENOMEM or
 * -errno.
 */
int service_provider_restart(const struct service_provider *gone,
			     struct service_provider **ret_provider);
/*
 * Lets the calls of this provider that the calling thread makes from now on, for the service
 * itself, end within half a minute; then ends that, and kills the process of a provider that was
 * too slow.  hr: what the last of the calls has returned.  Returns hr.
 */
void service_provider_begin_calls(const struct service_provider *provider);
HRESULT service_provider_end_calls(struct service_provider *provider, HRESULT hr);
/*
 * Waits until the provider is loaded or has failed.  deadline_ns: CLOCK_MONOTONIC; a provider that
 * is still loading then is abandoned.  Returns the state.
 */
enum service_provider_state service_provider_wait(struct service_provider *provider,
						  uint64_t deadline_ns);
/* Returns the state without waiting. */
enum service_provider_state service_provider_state(struct service_provider *provider);
/* Unloads the provider, or lets its thread do so when it is still loading. Drops a reference. */
void service_provider_end(struct service_provider *provider);
struct service_provider *service_provider_ref(struct service_provider *provider);
void service_provider_unref(struct service_provider *provider);

/* ---- the service itself (service.c) ---- */

struct service {
	struct com_space space;
	pthread_mutex_t wraps_lock; /* guards wraps */
	/*
	 * from the identity of a provider's object to its living wrapper, borrowed: a wrapper
	 * removes itself before it is freed
	 */
	struct guid_map wraps;
	struct service_fanout *fanout;

	pthread_mutex_t lock; /* guards all below but `ready` */
	/*
	 * the providers, in the order of loading; their number is constant once `initialized` is
	 * set, and one that is gone may be replaced
	 */
	struct service_provider **providers;
	size_t provider_count;
	bool initialized;
	uint64_t load_deadline_ns;
	ULONG flags; /* VDS_SVF_* */

	pthread_mutex_t tasks_lock; /* guards tasks and what task.c says */
	pthread_cond_t task_ended;
	struct list tasks;

	_Atomic bool ready;
};

static inline struct service *
service_of(const struct com_object *object)
{
	return container_of(object->space, struct service, space);
}

/*
 * Returns an interface of the object of the process's service, which is made when there is none.
 * Returns S_OK, E_OUTOFMEMORY or E_NOINTERFACE; *ppv is NULL unless the result is S_OK.
 */
HRESULT service_open(REFIID riid, void **ppv);
/*
 * Begins to load the providers, unless that was done before.  Returns S_OK, E_INVALIDARG
 * (machine_name is not NULL: other machines cannot be reached) or E_OUTOFMEMORY.
 */
HRESULT service_initialize(struct service *service, LPCWSTR machine_name);
/*
 * Begins a method of the service: waits until the service is ready.  arguments: what the checks of
 * the method's arguments came to; a failure is returned as it is.  Returns S_OK or
 * VDS_E_INITIALIZED_FAILED (IVdsServiceInitialization::Initialize was not called).
 */
HRESULT service_enter(struct service *service, HRESULT arguments);

/*
 * Waits until every provider is loaded or given up, no longer than the deadline for loading.
 * Returns S_OK or VDS_E_INITIALIZED_FAILED (the service was not initialised).
 */
HRESULT service_wait_until_ready(struct service *service);
bool service_is_initialized(struct service *service);
/* Returns a provider by its place, with a new reference, or NULL: there are no more. */
struct service_provider *service_provider_at(struct service *service, size_t place);
/*
 * Begins to load the providers anew whose processes have ended; the service is not ready until
 * then.
 */
void service_revive(struct service *service);

/* ---- operations of the service itself (task.c) ---- */

/*
 * Runs run(arg) on a thread of its own, and makes an IVdsAsync for it, whose result is what run
 * returns.  The service lives until run has returned.  free_arg is called once, also after a
 * failure.  Returns S_OK, or E_OUTOFMEMORY or another code (no thread) with *ret_async = NULL.
 */
HRESULT service_task_start(struct service *service, VDS_ASYNC_OUTPUT_TYPE type,
			   HRESULT (*run)(void *arg), void *arg, void (*free_arg)(void *arg),
			   IVdsAsync **ret_async);

/*
 * Finds an object of any provider by its id and type, as IVdsService::GetObject does.  Returns
 * S_OK, E_OUTOFMEMORY or VDS_E_OBJECT_NOT_FOUND.  (object.c)
 */
HRESULT service_get_object(struct service *service, VDS_OBJECT_ID id, VDS_OBJECT_TYPE type,
			   IUnknown **ret_object);

/* ---- the object of the service (object.c), by whose class its interfaces are found ---- */

struct service_object {
	struct com_object com;
	IVdsService service;
	IVdsServiceInitialization initialization;
	IVdsServiceUninstallDisk uninstall;
	IVdsServiceHba hba;
	IVdsServiceIscsi iscsi;
	IVdsServiceSAN san;
	IVdsServiceSw sw;
	IVdsAdmin admin;
};

/* The service behind the interface pointer `member` of its object. */
#define SERVICE_OBJECT(self, member) \
	(service_of(&container_of(self, struct service_object, member)->com))

extern const struct com_class service_object_class;

/* The interfaces with a file of their own. */
extern const IVdsServiceInitializationVtbl service_initialization_vtable; /* host.c */
extern const IVdsServiceUninstallDiskVtbl service_uninstall_vtable;       /* host.c */
extern const IVdsServiceSANVtbl service_san_vtable;                       /* host.c */
extern const IVdsServiceSwVtbl service_sw_vtable;                         /* host.c */
extern const IVdsServiceHbaVtbl service_hba_vtable;                       /* initiator.c */
extern const IVdsServiceIscsiVtbl service_iscsi_vtable;                   /* initiator.c */
extern const IVdsAdminVtbl service_admin_vtable;                          /* admin.c */

/*
 * Finds an object of this computer: an initiator adapter or portal.  Returns S_OK,
 * VDS_E_OBJECT_NOT_FOUND or E_OUTOFMEMORY.
 */
HRESULT service_initiator_get(struct service *service, const VDS_OBJECT_ID *id,
			      VDS_OBJECT_TYPE type, IUnknown **ret_object);
/*
 * Lets this computer look for disks that came or went: a rescan of its iSCSI sessions, which goes
 * on when the function returns.  Returns S_OK, E_OUTOFMEMORY or another code (no thread).
 */
HRESULT service_rescan(struct service *service);

/* ---- the loader (loader.c) ---- */

/*
 * Makes a loader and returns its interface riid.  Returns S_OK, E_OUTOFMEMORY or E_NOINTERFACE;
 * *ppv is NULL unless the result is S_OK.
 */
HRESULT service_loader_create(REFIID riid, void **ppv);

/* ---- wrappers (wrap.c; wraps.c, which gen-wraps makes from idl/vds.idl) ---- */

struct service_wrap;

/* One interface of a wrapper; what programs hold is the address of a slot. */
struct service_slot {
	const void *vtable;
	struct service_wrap *wrap;
	/*
	 * the provider's interface, one reference; NULL = the provider's object does not offer it,
	 * and so the wrapper does not; interfaces that the service adds have a mark here (wrap.c)
	 */
	void *inner;
};

/*
 * The object that programs hold in place of an object of a provider.  A class of wrappers lists the
 * interfaces that the service passes on for one type of objects; the slots are in that order.
 */
struct service_wrap {
	struct com_object com;
	struct service_provider *provider; /* one reference */
	IUnknown *identity;                /* the provider's object; one reference */
	const struct com_class *element;   /* for enumerators: the class of the elements */
	bool mapped;                       /* is in service->wraps, or was */
	struct service_slot slots[];
};

/* clang-format off */
#define SERVICE_SLOT(index, interface, vtable) \
	{ &IID_##interface, offsetof(struct service_wrap, slots) + (index) * sizeof(struct service_slot), vtable }
/* clang-format on */

static inline struct service_slot *
service_slot_of(void *pointer)
{
	return pointer; /* the vtable pointer is the slot's first member */
}

HRESULT service_wrap_query(struct service_slot *slot, REFIID riid, void **ppv);
ULONG service_wrap_add_ref(struct service_slot *slot);
ULONG service_wrap_release(struct service_slot *slot);
void service_wrap_fini(struct com_object *object);

/* Defines the methods of IUnknown for an interface of a wrapper. */
#define SERVICE_THUNKS(interface)                                                         \
	static HRESULT STDMETHODCALLTYPE interface##_query_(interface *self, REFIID riid, \
							    void **ppv)                   \
	{                                                                                 \
		return service_wrap_query(service_slot_of(self), riid, ppv);              \
	}                                                                                 \
	static ULONG STDMETHODCALLTYPE interface##_add_ref_(interface *self)              \
	{                                                                                 \
		return service_wrap_add_ref(service_slot_of(self));                       \
	}                                                                                 \
	static ULONG STDMETHODCALLTYPE interface##_release_(interface *self)              \
	{                                                                                 \
		return service_wrap_release(service_slot_of(self));                       \
	}                                                                                 \
	struct service_thunks_end

#define SERVICE_UNKNOWN(interface)                                            \
	.QueryInterface = interface##_query_, .AddRef = interface##_add_ref_, \
	.Release = interface##_release_

/*
 * Returns an interface of the wrapper of a provider's object.  inner: any interface of that object;
 * its reference is consumed.  Returns S_OK, E_OUTOFMEMORY, E_NOINTERFACE (the object does not offer
 * riid) or E_UNEXPECTED (inner is NULL or no COM object); *ppv is NULL unless the result is S_OK.
 */
HRESULT service_wrap_give(struct com_space *space, struct service_provider *provider,
			  const struct com_class *class, void *inner, REFIID riid, void **ppv);
/*
 * Ends a method that returns an object of a provider: replaces *ret_object, which the provider set,
 * by its wrapper.  Returns hr when that is a failure (*ret_object is NULL then), E_UNEXPECTED when
 * the provider succeeded with NULL, or as service_wrap_give.
 */
HRESULT service_wrap_out(struct service_slot *slot, HRESULT hr, const struct com_class *class,
			 REFIID riid, void *ret_object);
/* Does what service_wrap_out does for an enumerator with elements of the class. */
HRESULT service_wrap_out_enum(struct service_slot *slot, HRESULT hr,
			      const struct com_class *element, IEnumVdsObject **ret_enum);
/*
 * Finds the provider's interface behind a wrapper that a program passes as an argument.  Returns
 * S_OK with a new reference, or E_INVALIDARG (NULL, or no wrapper of an object of this provider).
 */
HRESULT service_unwrap(struct service_slot *slot, void *object, REFIID riid, void **ret_inner);

/* The classes of wrappers. */
extern const struct com_class service_provider_class;
extern const struct com_class service_subsystem_class;
extern const struct com_class service_controller_class;
extern const struct com_class service_port_class;
extern const struct com_class service_drive_class;
extern const struct com_class service_lun_class;
extern const struct com_class service_plex_class;
extern const struct com_class service_portal_class;
extern const struct com_class service_target_class;
extern const struct com_class service_portal_group_class;
extern const struct com_class service_pool_class;
extern const struct com_class service_pack_class;
extern const struct com_class service_volume_class;
extern const struct com_class service_volume_plex_class;
extern const struct com_class service_disk_class;
extern const struct com_class service_vdisk_class;
extern const struct com_class service_open_vdisk_class;
extern const struct com_class service_async_class;
extern const struct com_class service_enum_class;

/* Interfaces that the service adds to the objects of providers (added.c). */
extern const IVdsSubSystemImportTargetVtbl service_import_target_vtable;
extern const IVdsIscsiPortalLocalVtbl service_portal_local_vtable;

#endif
