/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of every method that a VDS hardware provider can offer: how to call it with valid
 * arguments, with a NULL pointer, with a value outside its type and with an id that names nothing,
 * and what its out-parameters are.  vds-conformance walks it, and so do the unit tests of
 * src/provider that fail the nth allocation and the campaign with many threads.
 *
 * The table speaks only include/vds.  Every function may be called on any thread.
 */
#ifndef VDS_CONFORMANCE_METHODS_H
#define VDS_CONFORMANCE_METHODS_H

#include <stdbool.h>
#include <stddef.h>

#include <vds/vds.h>
#include <vds/vdserr.h>

#undef interface /* a macro of Windows' headers, and here a member */

/* The kinds of objects. */
enum conf_kind {
	CONF_ENUM,
	CONF_ASYNC,
	CONF_SINK,    /* the program offers these objects, not the provider */
	CONF_SERVICE, /* only the VDS service offers these objects */
	CONF_PROVIDER,
	CONF_SUBSYSTEM,
	CONF_CONTROLLER,
	CONF_PORT,
	CONF_DRIVE,
	CONF_LUN,
	CONF_PLEX,
	CONF_PORTAL,
	CONF_TARGET,
	CONF_GROUP,
	CONF_POOL,
	CONF_KINDS
};

#define CONF_BIT(kind) (1u << (kind))

extern const char *const conf_kind_names[CONF_KINDS];
/* The VDS_OT_* by which GetObject finds an object of the kind; VDS_OT_UNKNOWN = it cannot. */
extern const VDS_OBJECT_TYPE conf_kind_types[CONF_KINDS];

/* Valid arguments for every method, and what is wrong with them in the present call. */
struct conf_args {
	/* Each is 1 for the first such argument of the method, and so on; 0 = none is wrong. */
	unsigned null_in;    /* this pointer is NULL although it must not be */
	unsigned bad_in;     /* this value is outside its type */
	unsigned unknown_in; /* this id names no object */

	GUID lun, other_lun, target, portal, group, controller, port, drive, plex, pool;
	GUID unknown; /* the id of no object */
	/* Lists of ids: all controllers, all ports, the target, the unknown id. */
	GUID *controller_ids, *port_ids, *target_ids, *unknown_ids;
	LONG controller_count, port_count;
	SHORT bus, slot;
	ULONG enclosure;
	ULONGLONG size, grow; /* bytes */
	WCHAR *name;
	WCHAR *mask;
	WCHAR *initiator;
	WCHAR *device_path;
	IUnknown *sink;
	VDS_LUN_INFORMATION *info;
	VDS_HINTS *hints;
	VDS_HINTS2 *hints2;
	VDS_ISCSI_SHARED_SECRET *secret;
	VDS_ISCSI_IPSEC_KEY *key;
	VDS_IPADDRESS *address;
	VDS_NOTIFICATION *notification;
};

enum conf_out_kind {
	CONF_OUT_VALUE,   /* a number, a GUID or a structure */
	CONF_OUT_OBJECT,  /* an interface pointer with one reference */
	CONF_OUT_ASYNC,   /* an IVdsAsync with one reference */
	CONF_OUT_LIST,    /* an IEnumVdsObject with one reference */
	CONF_OUT_ARRAY,   /* a pointer to an array in task memory; the next out is its length */
	CONF_OUT_STRINGS, /* as CONF_OUT_ARRAY, of strings in task memory */
	CONF_OUT_RESULT,  /* VDS_ASYNC_OUTPUT */
	CONF_OUT_IDENTITY /* VDS_LUN_INFORMATION */
};

#define CONF_POINTERS_MAX 3
#define CONF_OUTS_MAX     3
#define CONF_OUT_BYTES    1024

/* The type of what an out-parameter points to. */
struct conf_type {
	const char *name;
	size_t size_bytes;
	enum conf_out_kind kind;
	size_t element_bytes; /* of CONF_OUT_ARRAY */
	unsigned pointer_count;
	size_t pointers[CONF_POINTERS_MAX]; /* offsets of strings in task memory */
};

enum conf_flag {
	CONF_CHANGES = 1,   /* changes something or makes an object */
	CONF_DESTROYS = 2,  /* ends the object itself */
	CONF_LOADS = 4,     /* loads or unloads the provider */
	CONF_ANYTIME = 8,   /* works without an array, before OnLoad and after OnUnload */
	CONF_REFUSED = 16,  /* VDS documents that no release supports it */
	CONF_REPAIRS = 32,  /* also for an object that has failed */
	CONF_VOLATILE = 64, /* two calls need not return the same */
};

struct conf_method {
	const char *interface;
	const char *name;
	const IID *iid;
	unsigned kinds; /* CONF_BIT of the kinds of objects that can have the interface */
	unsigned flags; /* of enum conf_flag */
	unsigned nulls; /* pointers that must not be NULL, beside the out-parameters */
	unsigned bads;  /* values that have one outside their type */
	unsigned ids;   /* ids that can name nothing */
	unsigned out_count;
	const struct conf_type *outs[CONF_OUTS_MAX];
	/* out: where each out-parameter points to; NULL passes NULL. */
	HRESULT (*call)(void *self, struct conf_args *args, void *const *out);
};

extern const struct conf_method conf_methods[];
extern const unsigned conf_method_count;

/* Returns the row of a method, or NULL. */
const struct conf_method *conf_method_find(const char *interface, const char *name);

/* What a call of a method returned. */
struct conf_outs {
	_Alignas(16) unsigned char bytes[CONF_OUTS_MAX][CONF_OUT_BYTES];
};

/* The byte with which every out-parameter is filled before a call. */
#define CONF_POISON 0xa5
/*
 * Calls a method with filled out-parameters.  null_out: 1 passes NULL as the first of them, and so
 * on; 0 = none is NULL.
 */
HRESULT conf_call(const struct conf_method *method, void *self, struct conf_args *args,
		  unsigned null_out, struct conf_outs *ret_outs);
/* Returns true while the out-parameter still has the bytes of before the call. */
bool conf_out_is_poisoned(const struct conf_method *method, const struct conf_outs *outs,
			  unsigned out);
/* Returns the interface pointer or array in an out-parameter that has one. */
void *conf_out_pointer(const struct conf_outs *outs, unsigned out);
/*
 * Releases what a call returned, which succeeded.  An out-parameter that is still filled or NULL is
 * passed over.
 */
void conf_outs_free(const struct conf_method *method, struct conf_outs *outs);
void conf_identity_free(VDS_LUN_INFORMATION *info);

#endif
