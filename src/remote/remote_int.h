/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files of src/remote share: the form of messages, values on their way (value.c), objects
 * on both sides (object.c) and the connection (conn.c).
 *
 * A message is { head, objects, rest }, in the byte order of this computer: both ends are programs
 * of the same library on it.  Objects that a message names stand in its list of objects, so that
 * they can be counted and dropped without understanding the rest.
 */
#ifndef VDS_REMOTE_REMOTE_INT_H
#define VDS_REMOTE_REMOTE_INT_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/guid.h"
#include "base/list.h"
#include "base/map.h"
#include "remote/remote.h"
#include "remote/tables_int.h"

#define REMOTE_MESSAGE_MAX (16u << 20) /* bytes */
#define REMOTE_ARRAY_MAX   (1u << 20)  /* bytes of an array in an argument */
#define REMOTE_STRING_MAX  (1u << 20)  /* WCHARs or bytes of a string */
#define REMOTE_OBJECTS_MAX 65535u      /* in a message */
#define REMOTE_TEXT_MAX    512u        /* bytes of the text of a failure */
#define REMOTE_ABSENT      UINT32_MAX  /* in place of a length: the pointer is NULL */

/* ---- messages ---- */

enum remote_message_kind {
	REMOTE_STARTED,  /* rest: remote_tables_id */
	REMOTE_PROVIDER, /* rest: an object, or why there is none */
	REMOTE_CALL,     /* rest: struct remote_call_head, the parameters */
	REMOTE_ANSWER,   /* rest: struct remote_answer_head, a text, the out-parameters */
	REMOTE_RELEASE,  /* rest: struct remote_release */
	REMOTE_GOODBYE,
	REMOTE_KINDS,
};

struct remote_head {
	uint32_t size_bytes; /* of the whole message */
	uint16_t kind;
	uint16_t object_count;
	uint64_t call; /* of REMOTE_CALL and REMOTE_ANSWER: the sender's number for the call */
};

struct remote_mask { /* which interfaces an object has, by their index */
	uint64_t bits[2];
};

struct remote_wire_object {
	uint64_t id;
	struct remote_mask mask;
	uint64_t is_receivers; /* 1: an object of the process that gets the message */
};

struct remote_call_head {
	uint64_t object; /* of the receiver's */
	uint16_t interface, method;
	uint32_t unused;
};

struct remote_answer_head {
	uint32_t result;
	uint32_t text_size; /* bytes */
};

struct remote_release {
	uint64_t object; /* of the receiver's */
	uint64_t count;  /* how often the sender has got it */
};

struct remote_message {
	struct remote_head head;
	size_t filled; /* bytes behind the head, while it is read */
	uint8_t bytes[];
};

static inline bool
remote_mask_has(const struct remote_mask *mask, uint32_t interface)
{
	return interface < REMOTE_INTERFACES_MAX &&
	       (mask->bits[interface / 64] >> interface % 64 & 1) != 0;
}

/* ---- values on their way (value.c) ---- */

/* A message that is being written.  After a failure rc is negative, and no more is written. */
struct remote_out {
	struct remote *remote;
	uint8_t *bytes;
	size_t size, capacity;
	struct remote_wire_object *objects;
	size_t object_count, object_capacity;
	int rc; /* 0, -ENOMEM, -EMSGSIZE (an argument is too long) or -EPROTO (it makes no sense) */
};

/* An object that a message names, with a reference; one of the two is NULL. */
struct remote_named {
	struct remote_proxy *proxy;
	struct remote_export *export;
};

/* A message that is being read.  After a failure rc is negative, and nothing more is read. */
struct remote_in {
	struct remote *remote;
	const uint8_t *at, *end;
	struct remote_named *named;
	size_t named_count;
	/* what was allocated for the values, and the references that are in them */
	void **memory;
	size_t memory_count, memory_capacity;
	IUnknown **objects;
	size_t object_count, object_capacity;
	/* refuse arrays that are NULL but have a number of elements */
	bool strict;
	int rc; /* 0, -ENOMEM or -EPROTO */
};

void remote_out_fini(struct remote_out *out); /* takes back the objects unless they were sent */
void remote_put(struct remote_out *out, const void *bytes, size_t size);
void remote_put_object(struct remote_out *out, void *object, uint32_t interface);

/* Begins to read what stands behind the head. */
void remote_in_init(struct remote_in *in, struct remote *remote,
		    const struct remote_message *message);
/* Ends reading.  keep: the values stay, and with them their memory and references. */
void remote_in_fini(struct remote_in *in, bool keep);
bool remote_get(struct remote_in *in, void *bytes, size_t size);
/* Returns an interface of an object with a new reference, or NULL. */
void *remote_get_object(struct remote_in *in, uint32_t interface);
/* Takes over a block that was allocated for the values, so that remote_in_fini leaves it alone. */
void remote_in_give(struct remote_in *in, const void *block);

void remote_put_values(struct remote_out *out, const struct remote_type *type, const void *values,
		       size_t count);
void remote_get_values(struct remote_in *in, const struct remote_type *type, void *values,
		       size_t count);
/* Frees what values point to, and drops the references in them. */
void remote_free_values(const struct remote_type *type, const void *values, size_t count);

/* ---- the parameters of a method (param.c) ---- */

/* Clears what the out-parameters point to. */
void remote_clear_out(const struct remote_method *method, const union remote_value *args);
/* The caller's side. */
void remote_put_in(struct remote_out *out, const struct remote_method *method,
		   const union remote_value *args);
/* Sets the caller's out-parameters, all or none.  Returns whether the answer made sense. */
bool remote_get_out(struct remote_in *in, const struct remote_method *method,
		    const union remote_value *args);
/* The side of the object.  args: REMOTE_PARAMS_MAX values, zeroed. */
void remote_get_in(struct remote_in *in, const struct remote_method *method,
		   union remote_value *args);
void remote_put_out(struct remote_out *out, const struct remote_method *method,
		    const union remote_value *args, HRESULT hr);
/* Frees what a successful method has returned. */
void remote_free_out(const struct remote_method *method, const union remote_value *args);

/* ---- objects (object.c) ---- */

/* An object of this process that the other one knows.  remote->objects_lock guards the counts. */
struct remote_export {
	uint64_t id;
	IUnknown *identity;
	uint64_t sent;              /* how often it was sent, less what was released */
	unsigned active;            /* calls and messages that use it just now */
	struct remote_export *next; /* while all are dropped */
	struct remote_mask mask;
	void *interfaces[]; /* one reference each, in the order of the mask's bits */
};

struct remote_proxy;

/* One interface of a proxy; what callers hold is the address of a slot. */
struct remote_slot {
	const void *vtable;
	struct remote_proxy *proxy;
	uint32_t interface;
};

/* An object of the other process, as this one sees it. */
struct remote_proxy {
	_Atomic unsigned refs;
	struct remote *remote; /* one reference */
	uint64_t id;
	uint64_t received; /* how often it came; guarded by remote->objects_lock */
	struct remote_mask mask;
	size_t slot_count;
	struct remote_slot slots[]; /* IUnknown, then in the order of the mask's bits */
};

static inline struct remote_slot *
remote_slot_of(void *interface)
{
	return interface; /* the vtable pointer is the slot's first member */
}

/*
 * Names an object in a message: one of the other process when it is a proxy of this connection, or
 * else one of this process.  Returns 0 or -ENOMEM, -EPROTO (the object has no IUnknown).
 */
int remote_name(struct remote *remote, void *object, struct remote_wire_object *ret_named);
/* Finds an object that a message names.  Returns 0, -ENOMEM, or -EPROTO (there is no such one). */
int remote_find(struct remote *remote, const struct remote_wire_object *wire,
		struct remote_named *ret_named);
void remote_named_drop(struct remote *remote, const struct remote_named *named);
/* Returns an interface of a named object with a new reference, or NULL: it has no such one. */
void *remote_named_interface(const struct remote_named *named, uint32_t interface);

/* Returns an object of this process, which stays until remote_unhold; NULL: there is none. */
struct remote_export *remote_hold(struct remote *remote, uint64_t id);
void remote_unhold(struct remote *remote, struct remote_export *export);
/* Returns an interface of the object, borrowed, or NULL. */
void *remote_export_interface(const struct remote_export *export, uint32_t interface);
/* The other process has dropped an object as often as it had got it. */
void remote_released(struct remote *remote, uint64_t id, uint64_t count);

void remote_proxy_unref(struct remote_proxy *proxy);

/* ---- the connection (conn.c) ---- */

/* A call that waits for its answer; in the frame of its thread. */
struct remote_pending {
	struct list node; /* in remote->calls */
	uint64_t id;
	pthread_cond_t done;
	struct remote_message *answer;
	bool ended; /* the answer is there, or there will be none */
};

struct remote {
	_Atomic unsigned refs;
	int fd, wake_fd; /* wake_fd: the reading thread is to write what is left */
	const struct remote_ops *ops;
	void *arg;
	_Atomic unsigned timeout_ms;
	_Atomic bool broken;
	_Atomic bool interrupted; /* remote_read is to return */

	pthread_mutex_t out_lock; /* guards what could not be written at once */
	uint8_t *rest;
	size_t rest_at, rest_size, rest_capacity;

	struct remote_message *partial; /* of the reading thread, as is the buffer */
	uint8_t *buffer;
	size_t buffer_at, buffer_size;

	pthread_mutex_t calls_lock; /* guards the calls */
	struct list calls;
	uint64_t last_call;
	unsigned abandoned; /* calls that were given up, and whose answers have not come */

	pthread_mutex_t objects_lock; /* guards the rest */
	struct guid_map exports;      /* from the id */
	struct guid_map identities;   /* from the address of the IUnknown to the export */
	struct guid_map proxies;      /* from the id; borrowed */
	uint64_t last_id;
	unsigned leaving;    /* exports that are being freed */
	pthread_cond_t left; /* one of them is */
};

/*
 * Sends a message; after success its objects are the receiver's.  Never waits: what the socket does
 * not take is sent by the reading thread.  Returns 0, out->rc, -ENOMEM or -EPIPE.
 */
int remote_send(struct remote *remote, enum remote_message_kind kind, uint64_t call,
		struct remote_out *out);
/*
 * Sends a call and waits for its answer.  waits: called when it does not come in time; returns
 * whether to go on waiting; NULL: no.  Returns S_OK or REMOTE_…, E_OUTOFMEMORY, E_INVALIDARG (an
 * argument is too long).
 */
HRESULT remote_ask(struct remote *remote, struct remote_out *out, bool (*waits)(void *arg),
		   void *arg, struct remote_message **ret_answer);

/* The answer to a call (call.c). */
void remote_serve(struct remote *remote, const struct remote_message *message);

#endif
