/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files of vds-conformance share: its options, the results, the providers that it has open
 * and the objects that it works on.  Private to src/conformance.
 *
 * Everything runs on the main thread but the races (races.c), whose threads only call methods and
 * conf_record.
 */
#ifndef VDS_CONFORMANCE_CONF_INT_H
#define VDS_CONFORMANCE_CONF_INT_H

#include <stdint.h>

#include "conformance/methods.h"
#include "conformance/platform.h"

struct conf_options {
	bool service;         /* reach the provider through the VDS service */
	const char *url;      /* NULL = the default array of libvds */
	const char *provider; /* a shared object with DllGetClassObject, or NULL */
	GUID clsid;           /* of the provider in that object */
	const char *hook;     /* the command that brings the array into a state, or NULL */
	bool table;           /* print the table of methods and states, too */
	bool strict;          /* what is skipped or not reached fails */
	const char *only;     /* run only the cases of these families, with commas, or NULL */
	unsigned deadline_ms; /* how long a change may take until another program sees it */
	/* not an option, but found out: the provider is in another apartment or process */
	bool remote;
};

extern struct conf_options conf_options;

/* ---- results (report.c) ---- */

/*
 * The families of cases.  A row of returns.tsv says in which of them its code is to be reached.
 */
enum conf_family {
	CONF_SOUND,    /* valid calls of a sound object */
	CONF_NULLS,    /* NULL pointers */
	CONF_TYPES,    /* values outside their types, ids that name nothing */
	CONF_EFFECT,   /* a change, read back by another provider */
	CONF_COUNTS,   /* references and task memory */
	CONF_IDENTITY, /* QueryInterface */
	CONF_NOTIFY,   /* notifications */
	CONF_RACE,     /* two programs at once */
	CONF_UNLOADED, /* before OnLoad and after OnUnload */
	CONF_DELETED,  /* the object was deleted */
	CONF_FAILED,   /* the object has failed */
	CONF_BUSY,     /* an operation holds the object */
	CONF_CORRUPT,  /* the array cannot be reached */
	CONF_ACCESS,   /* the caller may only look; runs only when --only names it */
	CONF_CODES,    /* what the others have returned */
	CONF_FAMILIES
};

extern const char *const conf_family_names[CONF_FAMILIES];

/* Returns false when --only names other families. */
bool conf_is_wanted(enum conf_family family);
/* Begins the cases of a family, if it is wanted.  Returns whether it is. */
bool conf_family_begin(enum conf_family family);
/* Reports a case.  The text is its name, which is the same in every run. */
bool conf_ok(bool ok, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Reports that a case could not be tried; under --strict it has failed. */
void conf_skip(const char *reason, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Says more about the case that is reported next. */
void conf_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Returns the name of a code, valid until this thread's fourth next call. */
const char *conf_code(HRESULT hr);
/*
 * Keeps that a method returned this code: conf_rows_report checks that VDS documents it.  Returns
 * the code.  Any thread.
 */
HRESULT conf_record(const struct conf_method *method, HRESULT hr);
#define CONF_RECORD(interface, method, call) \
	conf_record(conf_method_find(#interface, #method), (call))
/* Keeps the result of a method in the present family for the table. */
void conf_cell(const struct conf_method *method, bool ok);
/* Reports for every method that its codes are documented, and for every row whether it was reached.
 */
void conf_rows_report(void);
/* Prints the table of methods and families. */
void conf_table_print(void);
/* Prints the last line of TAP.  Returns the exit status. */
int conf_report_end(void);
/* Returns true when VDS documents this code for the method. */
bool conf_is_documented(const struct conf_method *method, HRESULT hr);
/*
 * Returns true for a code by which a proxy, without asking the provider, refuses a NULL pointer
 * where the IDL wants one, or an array with fewer than no elements.
 */
bool conf_is_proxy_refusal(HRESULT hr);

/* A row of returns.tsv, which awk has made C of. */
struct conf_row {
	const char *interface, *method, *code;
	HRESULT hr;
	const char *reach; /* the name of a family, or "unreachable: " and why */
};

extern const struct conf_row conf_rows[];
extern const unsigned conf_row_count;

/* ---- a sink of notifications (sink.c) ---- */

struct conf_sink;

/* Returns a sink with one reference, or NULL. */
struct conf_sink *conf_sink_new(void);
/* Returns the sink's IVdsAdviseSink, borrowed. */
IUnknown *conf_sink_unknown(struct conf_sink *sink);
/* Says that a stub calls the sink (conf_sink_unknown), which then owns the notifications. */
void conf_sink_set_remote(IUnknown *sink);
/* Drops the program's reference.  Returns how many are left. */
ULONG conf_sink_release(struct conf_sink *sink);
/* Returns how often an event of this object arrived. */
unsigned conf_sink_count(struct conf_sink *sink, ULONG event, const GUID *id);
/* Returns how many notifications arrived, and calls that had a wrong number of them. */
unsigned conf_sink_total(struct conf_sink *sink);
unsigned conf_sink_faults(struct conf_sink *sink);
void conf_sink_clear(struct conf_sink *sink);
/* true lets OnNotify wait until this is called with false; calls that were under way are over
   when it returns. */
void conf_sink_sleep(struct conf_sink *sink, bool asleep);

/* ---- providers and objects (world.c) ---- */

/* A provider that is open. */
struct conf_instance {
	IUnknown *provider;
	IVdsProviderPrivate *private; /* NULL when it has none, as through the VDS service */
	IVdsService *service;         /* the service that has the provider, or NULL */
	DWORD cookie;                 /* of the sink that the service has been given; 0 = none */
};

/* What the cases work on.  Objects are of the first provider; each has one reference. */
struct conf_world {
	struct conf_instance one, two;
	struct conf_sink *sink; /* of provider two */
	IUnknown *objects[CONF_KINDS];
	/* the same objects in a provider that was unloaded; only when the provider is remote */
	IUnknown *retired[CONF_KINDS];
	struct conf_args args;
	ULONG versions; /* VDS_VSF_* */
	VDS_HWPROVIDER_TYPE type;
	/* storage of what args points to */
	GUID controller_ids[16], port_ids[64];
	VDS_LUN_INFORMATION info;
	VDS_HINTS hints;
	VDS_HINTS2 hints2;
	VDS_IPADDRESS address;
	VDS_NOTIFICATION notification;
	unsigned made; /* number of the next name */
};

/* Opens a provider.  sink: for its notifications; may be NULL.  Returns the failed code or S_OK. */
HRESULT conf_instance_open(struct conf_instance *instance, IUnknown *sink);
/* Makes a provider that is not loaded; E_NOTIMPL where that is not possible. */
HRESULT conf_instance_unloaded(struct conf_instance *instance);
void conf_instance_close(struct conf_instance *instance);
/* Returns the object with this id in a provider, with one reference, or NULL. */
IUnknown *conf_instance_get(struct conf_instance *instance, enum conf_kind kind, const GUID *id);
/* Returns the object of the world in another provider, with one reference, or NULL. */
IUnknown *conf_twin(struct conf_world *world, struct conf_instance *instance, enum conf_kind kind);

/* Opens two providers and finds or makes an object of each kind.  Returns false after a report. */
bool conf_world_open(struct conf_world *world);
/* Deletes what was made. */
void conf_world_close(struct conf_world *world);
/*
 * Returns an object on which a method that makes changes can be tried with NULL as out-parameter,
 * with one reference.  NULL: the object itself will do.
 *
 * Some proxies look at out-parameters only after the call, so that the change would be made before
 * it is refused.  The object returned is of a provider that was unloaded, which changes nothing.
 */
void *conf_retired(struct conf_world *world, const struct conf_method *method, enum conf_kind kind);
/* Returns an interface of an object, with one reference, or NULL. */
void *conf_query(IUnknown *object, const IID *iid);
#define CONF_RELEASE(object) IUnknown_Release((IUnknown *)(void *)(object))

/*
 * Calls a method of an object with valid arguments and records the code.  Returns E_NOINTERFACE
 * when the object lacks the interface.  The caller frees the outs after a success.
 */
HRESULT conf_do(struct conf_world *world, IUnknown *object, const char *interface,
		const char *method, struct conf_outs *ret_outs);
/* Returns false when the object's properties cannot be read. */
bool conf_id(IUnknown *object, enum conf_kind kind, GUID *ret_id);
/* Returns which kind an object is, or CONF_KINDS. */
enum conf_kind conf_kind_of(IUnknown *object);
/* Reads the ids of an enumerator, sorted.  Returns their number; at most `max` are kept. */
unsigned conf_list_ids(IEnumVdsObject *list, GUID *ret_ids, unsigned max);
/*
 * Waits for an operation and releases it.  Returns its outcome, and the object that it made, with
 * one reference, or NULL.
 */
HRESULT conf_async_end(IVdsAsync *async, IUnknown **ret_made);
/* Makes objects; each returns one reference or NULL. */
IUnknown *conf_make_lun(struct conf_world *world, ULONGLONG size_bytes);
IUnknown *conf_make_target(struct conf_world *world);
IUnknown *conf_make_group(struct conf_world *world, IUnknown *target);
/*
 * Ends an operation that a call which succeeded began, and deletes what it made; the out-parameter
 * is then as before the call.
 */
void conf_undo(const struct conf_method *method, struct conf_outs *outs);
/* Deletes an object that was made, and releases it. */
HRESULT conf_unmake(IUnknown *object, enum conf_kind kind);
/* Returns a name that no object has; valid until the fourth next call. */
WCHAR *conf_name(struct conf_world *world);
/* Calls probe until it returns true.  Returns false when the deadline has passed. */
bool conf_eventually(bool (*probe)(void *arg), void *arg);
/*
 * Asks the hook for a state.  what: fail, heal, hold, release, cut, join, delete, restrict, permit,
 * same.  Returns 0, or
 * non-zero when there is no hook or it cannot do that.  ret_id: the id that the hook printed; may
 * be NULL.
 */
int conf_hook(const char *what, enum conf_kind kind, const GUID *id, GUID *ret_id);
void conf_guid_text(const GUID *guid, char text[40]);
bool conf_guid_read(const char *text, GUID *ret_guid);

/* ---- the cases ---- */

void conf_cases_calls(struct conf_world *world);    /* sound, nulls, types (calls.c) */
void conf_cases_counts(struct conf_world *world);   /* references, task memory (counts.c) */
void conf_cases_identity(struct conf_world *world); /* QueryInterface (identity.c) */
void conf_cases_list(struct conf_world *world);     /* enumerators and operations (lists.c) */
void conf_cases_effect(struct conf_world *world);   /* changes read back (effects.c) */
void conf_cases_facts(struct conf_world *world);    /* what objects say fits (facts.c) */
void conf_cases_notify(struct conf_world *world);   /* notifications (notify.c) */
void conf_cases_race(struct conf_world *world);     /* two programs (races.c) */
void conf_cases_unloaded(struct conf_world *world); /* (states.c) */
void conf_cases_deleted(struct conf_world *world);  /* (states.c) */
void conf_cases_failed(struct conf_world *world);   /* (states.c) */
void conf_cases_busy(struct conf_world *world);     /* (states.c) */
void conf_cases_corrupt(struct conf_world *world);  /* (states.c) */
void conf_cases_access(struct conf_world *world);   /* (states.c) */

#endif
