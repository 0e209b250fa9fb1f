/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * COM objects of another process on this computer, over a pair of sockets: proxies here call the
 * methods of objects there.  The service (src/service) and vds-host, in which one provider runs,
 * are the two ends; each may have objects of the other.
 *
 * The other end is not trusted: a message that is no message, that has lengths which do not fit or
 * names objects that are not there ends the connection or fails the call, and reaches no memory but
 * its own.  Nothing here knows what an interface does: the tables that gen-tables makes from the
 * IDL say what its parameters are.
 *
 * Every function may be called on any thread unless it says otherwise.  No lock is held while an
 * object is called.
 */
#ifndef VDS_REMOTE_REMOTE_H
#define VDS_REMOTE_REMOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vds/vds.h>

/* One end of a connection.  Counted: by its owner and by each proxy. */
struct remote;
struct remote_message;

struct remote_ops {
	/* Keeps a text for VdsLastErrorMessage on this thread. */
	void (*set_text)(const char *text);
	/*
	 * Returns the text of the failure with which the method that this thread called has just
	 * returned, or NULL; before_call is called before that method.  Both may be NULL.
	 */
	void (*before_call)(void);
	const char *(*text)(void);
	/* Data from the other end was not well-formed: what, for the log. May be NULL. */
	void (*bad)(void *arg, const char *what);
};

/* What the result of a call is when there is no answer. */
#define REMOTE_DIED    VDS_E_PROVIDER_FAILURE  /* the process ended during the call */
#define REMOTE_GONE    RPC_E_DISCONNECTED      /* it had ended before */
#define REMOTE_LATE    VDS_E_TIMEOUT           /* the answer did not come in time */
#define REMOTE_GARBAGE VDS_E_BAD_PROVIDER_DATA /* the answer was not well-formed */

/*
 * Makes an end; fd: a socket of the type SOCK_STREAM, which the end takes over.  Returns NULL when
 * out of memory or out of descriptors; fd is closed then.  ops must outlive the end.
 */
struct remote *remote_new(int fd, const struct remote_ops *ops, void *arg);
struct remote *remote_ref(struct remote *remote);
void remote_unref(struct remote *remote); /* accepts NULL */

/*
 * Sets how long calls of this end wait for their answers, in ms; 0 (as after remote_new): for ever.
 * When 32 calls were given up and have not been answered since, the connection is ended.
 * IVdsAsync::Wait goes on for as long as IVdsAsync::QueryStatus answers in time and says that the
 * operation goes on.
 */
void remote_set_timeout(struct remote *remote, unsigned timeout_ms);
/*
 * Lets the calls that this thread makes through any proxy end by a time (CLOCK_MONOTONIC) that is
 * earlier than that; 0: no longer.
 */
void remote_limit_thread(uint64_t deadline_ns);

/* ---- messages ---- */

/*
 * Waits for a message.  deadline_ns: CLOCK_MONOTONIC, 0 = none.  Only one thread may read at a
 * time.  Returns 0, -ETIMEDOUT, -EINTR (remote_interrupt was called); -ECONNRESET (the connection
 * has ended, or the other end sent what is no message) or -ENOMEM: the caller breaks the connection
 * then.
 */
int remote_read(struct remote *remote, uint64_t deadline_ns, struct remote_message **ret_message);
/* Lets the thread that is in remote_read, or enters it next, return -EINTR once. */
void remote_interrupt(struct remote *remote);
/* Returns whether handling the message may call an object of this process, and so may take long. */
bool remote_is_call(const struct remote_message *message);
/*
 * Handles a message and frees it: calls a method and sends its answer, wakes the thread that waits
 * for an answer, or drops references.
 */
void remote_handle(struct remote *remote, struct remote_message *message);
void remote_message_free(struct remote_message *message); /* accepts NULL */

/*
 * Ends the connection: calls that wait for an answer return REMOTE_DIED, later ones REMOTE_GONE,
 * and the references that the other end held are dropped.  May be called twice.
 */
void remote_break(struct remote *remote);

/* ---- the beginning and the end ---- */

/*
 * The first message of vds-host: "I am there"; the second: its provider's object, or (object NULL)
 * what is wrong with it.  Return 0, -ENOMEM or -EPIPE.
 */
int remote_send_started(struct remote *remote);
int remote_send_provider(struct remote *remote, IUnknown *object, const char *error);
/*
 * Reads these messages.  *ret_object gets a proxy, or NULL together with the text in error.
 * Returns 0 or as remote_read; -EPROTO: it was another message, or was sent by another version of
 * libvds.
 */
int remote_read_started(struct remote *remote, uint64_t deadline_ns);
int remote_read_provider(struct remote *remote, uint64_t deadline_ns, IUnknown **ret_object,
			 char *error, size_t size);
/* Tells the other end to drop all objects and to end.  Returns 0, -ENOMEM or -EPIPE. */
int remote_send_goodbye(struct remote *remote);
/* Returns whether the message is that. */
bool remote_is_goodbye(const struct remote_message *message);
/* Drops all references that the other end holds. */
void remote_drop_objects(struct remote *remote);
/* Waits until the calls that use objects of this process are done and the objects are released. */
void remote_wait_for_objects(struct remote *remote);

#endif
