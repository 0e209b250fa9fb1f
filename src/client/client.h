/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The client: REST calls to vdsd, and a replica of the array's state that its event stream keeps up
 * to date. src/provider (libvds) and src/vdsctl are built on it. See docs/design/replica.md and
 * docs/design/api.md.
 *
 * Any number of threads may use one client. Besides the codes of the array its functions return
 * ERR_UNREACHABLE (no answer came), ERR_TIMEOUT, ERR_CLOSED (client_close was called),
 * ERR_CACHE_CORRUPT (the replica cannot be trusted), ERR_PROTOCOL (an answer makes no sense),
 * ERR_UNTRUSTED (over TLS: the certificate of the array is not to be trusted),
 * ERR_VERSION (the array speaks another major version of the wire format).
 */
#ifndef VDS_CLIENT_CLIENT_H
#define VDS_CLIENT_CLIENT_H

#include <jansson.h>

#include "model/state.h"
#include "model/verbs.h"

#define CLIENT_DEFAULT_URL "unix:/run/vdsd/vdsd.sock"

struct client;

enum client_mode {
	CLIENT_CALLS, /* the client makes REST calls only */
	/*
	 * the client also has a replica and an event thread; client_open waits until the replica is
	 * loaded
	 */
	CLIENT_REPLICA,
};

/*
 * What the replica knows at one moment: the configuration rows and the live rows.  Both states are
 * immutable and counted.
 */
struct client_view {
	struct state *config;
	struct state *live;
};

/* Where an array is, and over TLS whom to trust.  All strings are borrowed for the call. */
struct client_options {
	/*
	 * "unix:/path", "http://127.0.0.1:port" or "https://host:port", or the URLs of several
	 * gateways of one array with commas between them: when one fails, the client goes on with
	 * the next one.  NULL = as in client_open, where that is allowed
	 */
	const char *url;
	/*
	 * struct tls_client_options says what these are; NULL = the environment variables VDS_CA,
	 * VDS_FINGERPRINT, VDS_CERT and VDS_KEY; "" = none
	 */
	const char *ca, *fingerprint, *cert, *key;
	/*
	 * a file with the token to send; NULL = the environment variable VDS_TOKEN_FILE, "" = none
	 */
	const char *token_file;
};

/*
 * Opens a client. url: as in struct client_options; NULL is the first word in $VDS_URL or, without
 * that, CLIENT_DEFAULT_URL. With CLIENT_REPLICA it returns when the replica is loaded. Returns 0;
 * ERR_INVALID (the url); ERR_UNREACHABLE, ERR_ACCESS (the user may not use the socket), ERR_VERSION
 * or ERR_PROTOCOL (the replica could not be loaded); -ENOMEM. The caller closes the client.
 */
int client_open(const char *url, enum client_mode mode, struct client **ret_client);
/*
 * Opens a client as client_open does, with options beyond the URL.  Returns the codes of
 * client_open, ERR_ACCESS (others may read the key), ERR_NOT_SUPPORTED (TLS on Windows),
 * ERR_UNTRUSTED (the certificate of the array is not trusted) or -errno (a file cannot be read).
 */
int client_open_with(const struct client_options *options, enum client_mode mode,
		     struct client **ret_client);
/*
 * The parts of client_open with CLIENT_REPLICA, for a client that outlives its connection.
 *
 * client_new makes a client that is stopped.  Returns 0, ERR_INVALID (the url) or -ENOMEM.
 * client_start lets the event thread begin to load the replica and returns at once: 0, -ENOMEM or
 * -errno (no thread).  client_ready waits until the replica is loaded, and returns the codes of
 * client_open; after an error the caller stops the client.
 * client_stop ends the calls under way with ERR_CLOSED, the event thread and all connections, and
 * forgets the replica.  Every call returns ERR_CLOSED then, until client_start.  Listeners stay,
 * and hear nothing of the load that follows.
 *
 * One thread at a time starts, awaits and stops a client; any thread may use it meanwhile.
 */
int client_new(const char *url, struct client **ret_client);
/* Makes a client as client_new does, with options.  Returns also the codes of client_open_with. */
int client_new_with(const struct client_options *options, struct client **ret_client);
int client_start(struct client *client);
int client_ready(struct client *client);
void client_stop(struct client *client);
/* Returns how many calls of this client are under way and wait for the array or the replica. */
unsigned client_calls_under_way(struct client *client);
/*
 * Sets how long a call waits for its answer before it ends with ERR_TIMEOUT.  Without this it is 60
 * s.  To be called before the first call.
 */
void client_set_call_timeout(struct client *client, unsigned timeout_ms);
/*
 * Ends the event thread and frees the client. Calls under way end with ERR_CLOSED first. Accepts
 * NULL.
 */
void client_close(struct client *client);

/*
 * Returns the replica as it is now: two references that the caller drops with client_view_fini.
 * Takes nanoseconds and no round trip. Returns 0, or ERR_CACHE_CORRUPT (there has been no contact
 * for more than 5 s, or what came does not fit what is known).
 */
int client_view(struct client *client, struct client_view *ret_view);
/*
 * Returns the replica as it is now even when it cannot be trusted, for callers that must not fail.
 * Both states are NULL while nothing was loaded.  The caller drops the references with
 * client_view_fini.
 */
void client_view_last(struct client *client, struct client_view *ret_view);
void client_view_fini(struct client_view *view);
#define AUTO_VIEW __attribute__((cleanup(client_view_fini)))

/*
 * What a replica is worth, for callers that tell an array that is lost from a replica that is
 * wrong.
 */
enum client_contact {
	CLIENT_TRUSTED, /* client_view succeeds */
	CLIENT_LOST, /* what is known was right, but there has been no contact for more than 5 s */
	CLIENT_BROKEN, /* nothing is loaded, or what came contradicts what is known */
};

enum client_contact client_contact(struct client *client);

/*
 * Waits until the replica shows all that the array had committed when this was called. Returns 0,
 * ERR_CACHE_CORRUPT, ERR_UNREACHABLE or ERR_TIMEOUT (the array answered, but its changes did not
 * arrive).
 */
int client_sync(struct client *client);
/*
 * The two halves of curing a corrupt replica: IVdsHwProvider::Reenumerate and Refresh.
 * client_reenumerate asks the array who it is (array id and incarnation). client_refresh loads the
 * snapshot anew and follows the stream from there; after a gap, a wrong digest or another
 * incarnation it works only when client_reenumerate was called before. Both return 0, or why they
 * failed: ERR_TIMEOUT when the array is silent for 10 s. client_refresh returns ERR_BUSY on the
 * event thread.
 */
int client_reenumerate(struct client *client);
int client_refresh(struct client *client);

/*
 * A listener to what the replica learns. `changed` is called on the event thread with no lock held,
 * for one change after the other, when the view shows the change already. change is of
 * configuration or of live rows: the family of its ops says which. When change is NULL, the replica
 * was loaded anew: compare before and after.  `contact` (may be NULL) is called on the same thread
 * when the array counts as lost (CLIENT_LOST), at most a second late, and when it is back.
 */
struct client_listener {
	struct client_listener *next;
	void (*changed)(struct client_listener *listener, const struct client_view *before,
			const struct client_view *after, const struct change *change);
	void (*contact)(struct client_listener *listener, bool lost);
};

/*
 * Adds a listener, which the caller owns and which must stay in memory until client_unlisten has
 * returned.
 */
void client_listen(struct client *client, struct client_listener *listener);
/*
 * Removes a listener.  When this returns, the listener does not run and will not run again.  A call
 * from the listener's own callback does not wait for that callback.
 */
void client_unlisten(struct client *client, struct client_listener *listener);

/* ---- calls ---- */

/* What the array answers to a change. */
struct client_answer {
	/* the sequence of the array's state that has the change */
	uint64_t sequence;
	struct guid object_id;
	struct guid job_id; /* the job that carries the change out; zero = the change is done */
	bool existed;       /* nothing was created: object_id names an object that existed before */
	bool replayed; /* the answer was given before, to an earlier request with the same id */
};

/*
 * Makes one REST call. method: "GET", "POST", …; path: "/v1/…", already escaped; body: borrowed,
 * may be NULL. A change carries a request id that is made here.  When its answer is lost (the
 * connection breaks, the answer does not come in time, it cannot be read, memory runs out), the
 * same request is sent again with the same id, so that it happens once and its outcome is known:
 * for 60 s with a replica, else for 5 s.  *ret_json is the answer (a new reference; NULL when there
 * was none); ret_json itself may be NULL.
 *
 * With a replica the function waits until the replica shows what the answer names.  A change that
 * was made succeeds also when the replica does not show it in time or breaks meanwhile; only a call
 * without a request id fails then.
 *
 * Returns 0, or the array's code with its text.  Only after ERR_UNREACHABLE, ERR_TIMEOUT,
 * ERR_CLOSED, ERR_PROTOCOL and -ENOMEM a change may have been made all the same; the text says so
 * then.  Every other code means that nothing was changed.
 */
int client_call(struct client *client, const char *method, const char *path, json_t *body,
		json_t **ret_json);
/* Makes one REST call with a request id that the caller chose, for example to try again later. */
int client_call_with_id(struct client *client, const char *method, const char *path, json_t *body,
			const struct guid *request_id, json_t **ret_json);

/*
 * Asks for a verb of the table (model/verbs.h). ids: the ids of the path, NULL when it has none.
 * args: the values for the query and the body, NULL = none.  *ret_json and the return values are
 * those of client_call, and ERR_INVALID (an argument cannot be sent; the error's text names it).
 */
int client_ask(struct client *client, enum verb_id verb, const struct guid *ids,
	       const struct verb_args *args, json_t **ret_json);
/*
 * Asks for a verb that answers GET with a whole file, and calls bytes() with its pieces, in order.
 * Returns 0 when the file is complete; the first non-zero result of bytes(); or as client_ask.
 */
int client_download(struct client *client, enum verb_id verb, const struct verb_args *args,
		    int (*bytes)(void *arg, const char *bytes, size_t len), void *arg);
/*
 * Asks for a verb that changes something, and decodes its answer.  ret_answer may be NULL. Returns
 * the codes of client_ask, and ERR_PROTOCOL (the answer makes no sense).
 */
int client_change(struct client *client, enum verb_id verb, const struct guid *ids,
		  const struct verb_args *args, struct client_answer *ret_answer);
/*
 * Asks for a backup of the array's catalog and calls bytes() with its pieces, in order.  Returns 0
 * when the backup is complete; the first non-zero result of bytes(); ERR_ACCESS, ERR_CORRUPT (the
 * array's catalog is damaged), ERR_NOT_SUPPORTED (vdsd is too old), or as client_call.
 */
int client_backup(struct client *client, int (*bytes)(void *arg, const char *bytes, size_t len),
		  void *arg);
/*
 * Reads all pages of a list (args->limit and args->after are not used) into a new JSON array of its
 * items, which the caller owns.  Returns the codes of client_ask, and ERR_PROTOCOL (the answer is
 * no list).
 */
int client_list(struct client *client, enum verb_id verb, const struct guid *ids,
		const struct verb_args *args, json_t **ret_items);

/*
 * Typed changes: each asks for one verb with its arguments as parameters, as client_change does.
 * array/array.h says at the function of the same name what each change does and which errors it
 * has.  ret_answer may be NULL.
 */
struct client_lun_spec {
	const char *name;    /* NULL = the array makes a name */
	struct guid pool_id; /* zero = the array chooses */
	uint64_t size_bytes;
	uint32_t block_bytes; /* 0 = 512 */
	bool thick;
	const char *mask;  /* unmasking list; NULL = no initiator may use the LUN */
	const char *hints; /* model/hints.h; NULL = none */
	bool removable;    /* initiators may eject its medium */
	const char *cache; /* how its file is read and written: enum lun_cache; NULL = auto */
	bool fits;         /* also a thin LUN must fit into what is free */
};

int client_array_rename(struct client *client, const char *name, struct client_answer *ret_answer);
int client_array_set_iqn_prefix(struct client *client, const char *prefix,
				struct client_answer *ret_answer);
/* force: destroys what a block device holds. */
int client_pool_create(struct client *client, const char *name, const char *path, bool force,
		       struct client_answer *ret_answer);
/*
 * Options of a pool, as texts (model/pool_options.h, model/qos.h); NULL = it stays.  Borrowed for
 * the call.
 */
struct client_pool_options {
	const char *low, *full, *overcommit, *trash, *qos;
	struct verb_flag trash_yields;
};

int client_pool_set(struct client *client, const struct guid *pool,
		    const struct client_pool_options *options, struct client_answer *ret_answer);
/* Restores a LUN from the trash.  name: its new name, or NULL. */
int client_trash_restore(struct client *client, const struct guid *lun, const char *name,
			 bool unassociated, struct client_answer *ret_answer);
int client_trash_empty(struct client *client, const struct guid *lun,
		       struct client_answer *ret_answer);
int client_pool_rename(struct client *client, const struct guid *pool, const char *name,
		       struct client_answer *ret_answer);
int client_lun_create(struct client *client, const struct client_lun_spec *spec,
		      struct client_answer *ret_answer);
/*
 * force: delete the LUN even while it is associated with a target; without force that is
 * ERR_IN_USE.
 */
int client_lun_delete(struct client *client, const struct guid *lun, bool force,
		      struct client_answer *ret_answer);
int client_lun_extend(struct client *client, const struct guid *lun, uint64_t add_bytes, bool fits,
		      struct client_answer *ret_answer);
/* One of size_bytes and remove_bytes is 0.  force: also while initiators use the LUN. */
int client_lun_shrink(struct client *client, const struct guid *lun, uint64_t size_bytes,
		      uint64_t remove_bytes, bool force, struct client_answer *ret_answer);
int client_lun_set_hints(struct client *client, const struct guid *lun, const char *hints,
			 struct client_answer *ret_answer);
/* Another LUN may have the name. */
int client_lun_rename(struct client *client, const struct guid *lun, const char *name,
		      struct client_answer *ret_answer);
int client_lun_set_mask(struct client *client, const struct guid *lun, const char *mask,
			struct client_answer *ret_answer);
int client_lun_set_status(struct client *client, const struct guid *lun, enum row_status status,
			  struct client_answer *ret_answer);
int client_lun_associate(struct client *client, const struct guid *lun, const struct guid *targets,
			 size_t count, struct client_answer *ret_answer);
int client_lun_add_targets(struct client *client, const struct guid *lun,
			   const struct guid *targets, size_t count,
			   struct client_answer *ret_answer);
int client_lun_remove_targets(struct client *client, const struct guid *lun,
			      const struct guid *targets, size_t count,
			      struct client_answer *ret_answer);
int client_lun_max_extend(struct client *client, const struct guid *lun, bool fits,
			  uint64_t *ret_bytes);
int client_max_lun_size(struct client *client, const struct guid *pool, bool thick, bool fits,
			uint64_t *ret_bytes);
/*
 * Sets a secret of a target for one initiator, by its iSCSI name, or (NULL or "") for all without
 * one of their own: CHAP.  secret: as the API takes it, hexadecimal digits behind 0x or a text.
 * Errors:  also ERR_INVALID (array_credential_set), ERR_NOT_SUPPORTED (this vdsd is too old).
 */
int client_credential_set(struct client *client, const struct guid *target,
			  enum credential_side side, const char *initiator, const char *secret,
			  struct client_answer *ret_answer);
int client_credential_delete(struct client *client, const struct guid *credential,
			     struct client_answer *ret_answer);
/* Another target may have the alias, in this call and the next. */
int client_target_create(struct client *client, const char *iscsi_name, const char *alias,
			 bool with_group, struct client_answer *ret_answer);
int client_target_set_alias(struct client *client, const struct guid *target, const char *alias,
			    struct client_answer *ret_answer);
int client_target_delete(struct client *client, const struct guid *target,
			 struct client_answer *ret_answer);
int client_portal_create(struct client *client, const char *address, uint16_t port,
			 bool all_targets, struct client_answer *ret_answer);
int client_portal_set_status(struct client *client, const struct guid *portal,
			     enum row_status status, struct client_answer *ret_answer);
/*
 * Sets a portal offline and asks the initiators of its sessions to log out; after drain_ms (1 to
 * 3,600,000) the array ends the sessions that are left.  Returns at once, with the codes of
 * client_portal_set_status.
 */
int client_portal_drain(struct client *client, const struct guid *portal, uint64_t drain_ms,
			struct client_answer *ret_answer);
/* Asks the array to look for drives that came or went; the replica shows them on return. */
int client_drive_rescan(struct client *client, struct client_answer *ret_answer);
int client_controller_set_status(struct client *client, const struct guid *controller,
				 enum row_status status, struct client_answer *ret_answer);
/*
 * Adds a gateway; changes where others reach it; makes it give its LUNs to others, or take LUNs
 * again; removes it (force: also one that runs or owns LUNs, which is fenced).
 */
int client_gateway_add(struct client *client, const char *name, const char *address,
		       struct client_answer *ret_answer);
int client_gateway_set_address(struct client *client, const struct guid *controller,
			       const char *address, struct client_answer *ret_answer);
int client_gateway_drain(struct client *client, const struct guid *controller, bool drains,
			 struct client_answer *ret_answer);
int client_gateway_remove(struct client *client, const struct guid *controller, bool force,
			  struct client_answer *ret_answer);
/* Gives a LUN to another owner; zero = the array chooses one. */
int client_lun_move_owner(struct client *client, const struct guid *lun,
			  const struct guid *controller, struct client_answer *ret_answer);
int client_controller_flush(struct client *client, const struct guid *controller,
			    struct client_answer *ret_answer);
int client_controller_invalidate(struct client *client, const struct guid *controller,
				 struct client_answer *ret_answer);
/* drain_ms: 1 to 3,600,000; 0 = vdsd chooses. */
int client_controller_reset(struct client *client, const struct guid *controller, uint64_t drain_ms,
			    struct client_answer *ret_answer);
int client_port_set_status(struct client *client, const struct guid *port, enum row_status status,
			   struct client_answer *ret_answer);
int client_port_reset(struct client *client, const struct guid *port, uint64_t drain_ms,
		      struct client_answer *ret_answer);
/*
 * operation: "beep", "blink", "ping", "spin-up" or "spin-down"; action: "start", "stop" or "pulse";
 * count: number of pulses.  ret_answer->existed: the operation went on before.
 */
int client_maintain(struct client *client, const struct guid *object, const char *operation,
		    const char *action, uint64_t count, struct client_answer *ret_answer);
int client_group_create(struct client *client, const struct guid *target,
			struct client_answer *ret_answer);
int client_group_delete(struct client *client, const struct guid *group,
			struct client_answer *ret_answer);
/* What is to change of a portal group's asymmetric access; NULL and not given: it stays. */
struct client_group_access {
	const char *state; /* a word of port_access_name */
	struct verb_flag preferred, explicit_allowed;
};
int client_group_set_access(struct client *client, const struct guid *group,
			    const struct client_group_access *access,
			    struct client_answer *ret_answer);
int client_group_add_portal(struct client *client, const struct guid *group,
			    const struct guid *portal, struct client_answer *ret_answer);
int client_group_remove_portal(struct client *client, const struct guid *group,
			       const struct guid *portal, struct client_answer *ret_answer);
int client_job_cancel(struct client *client, const struct guid *job,
		      struct client_answer *ret_answer);
int client_job_pause(struct client *client, const struct guid *job,
		     struct client_answer *ret_answer);
int client_job_resume(struct client *client, const struct guid *job,
		      struct client_answer *ret_answer);
/*
 * Waits until a job has ended: on the event stream when the client has a replica, else by asking
 * repeatedly.  timeout_ms < 0 = without a limit.  Returns 0 with the job's row, which the caller
 * drops with row_unref; ERR_TIMEOUT (the job did not end in time); or the codes of client_call.
 */
int client_job_wait(struct client *client, const struct guid *job, int timeout_ms,
		    struct row_job **ret_job);

#endif
