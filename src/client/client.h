/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The client: REST calls to vdsd, and a replica of the array's state that its event stream keeps up
 * to date. src/provider (libvds) and src/vdsctl are built on it. See docs/design/replica.md and
 * docs/design/api.md.
 *
 * Any number of threads may use one client. Besides the codes of the array its functions return
 * ERR_UNREACHABLE (no answer came), ERR_TIMEOUT, ERR_CLOSED (client_close was called),
 * ERR_CACHE_CORRUPT (the replica cannot be trusted), ERR_PROTOCOL (an answer makes no sense),
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

/*
 * Open a client. url: "unix:/path" or "http://127.0.0.1:port"; NULL is $VDS_URL or, without that,
 * CLIENT_DEFAULT_URL. With CLIENT_REPLICA it returns when the replica is loaded. Returns 0;
 * ERR_INVALID (the url); ERR_UNREACHABLE, ERR_VERSION or ERR_PROTOCOL (the replica could not be
 * loaded); -ENOMEM. The caller closes the client.
 */
int client_open(const char *url, enum client_mode mode, struct client **ret_client);
/*
 * Set how long a call waits for its answer before it ends with ERR_TIMEOUT.  Without this it is 60
 * s.  To be called before the first call.
 */
void client_set_call_timeout(struct client *client, unsigned timeout_ms);
/*
 * End the event thread and free the client. Calls under way end with ERR_CLOSED first. Accepts
 * NULL.
 */
void client_close(struct client *client);

/*
 * Return the replica as it is now: two references that the caller drops with client_view_fini.
 * Takes nanoseconds and no round trip. Returns 0, or ERR_CACHE_CORRUPT (there has been no contact
 * for more than 5 s, or what came does not fit what is known).
 */
int client_view(struct client *client, struct client_view *ret_view);
/*
 * Return the replica as it is now even when it cannot be trusted, for callers that must not fail.
 * The caller drops the references with client_view_fini.
 */
void client_view_last(struct client *client, struct client_view *ret_view);
void client_view_fini(struct client_view *view);
#define AUTO_VIEW __attribute__((cleanup(client_view_fini)))

/*
 * Wait until the replica shows all that the array had committed when this was called. Returns 0,
 * ERR_CACHE_CORRUPT, ERR_UNREACHABLE or ERR_TIMEOUT (the array answered, but its changes did not
 * arrive).
 */
int client_sync(struct client *client);
/*
 * The two halves of curing a corrupt replica: IVdsHwProvider::Reenumerate and Refresh.
 * client_reenumerate asks the array who it is (array id and incarnation). client_refresh loads the
 * snapshot anew and follows the stream from there; after a gap, a wrong digest or another
 * incarnation it works only when client_reenumerate was called before. Both return 0, or why they
 * failed; client_refresh returns ERR_BUSY on the event thread.
 */
int client_reenumerate(struct client *client);
int client_refresh(struct client *client);

/*
 * A listener to what the replica learns. `changed` is called on the event thread with no lock held,
 * for one change after the other, when the view shows the change already. change is of
 * configuration or of live rows: the family of its ops says which. When change is NULL, the replica
 * was loaded anew: compare before and after.
 */
struct client_listener {
	struct client_listener *next;
	void (*changed)(struct client_listener *listener, const struct client_view *before,
			const struct client_view *after, const struct change *change);
};

/*
 * Add a listener, which the caller owns and which must stay in memory until client_unlisten has
 * returned.
 */
void client_listen(struct client *client, struct client_listener *listener);
/*
 * Remove a listener.  When this returns, the listener does not run and will not run again.  A call
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
 * Make one REST call. method: "GET", "POST", …; path: "/v1/…", already escaped; body: borrowed, may
 * be NULL. A change carries a request id that is made here, and is tried again with it when the
 * connection breaks, so that it happens once. *ret_json is the answer (a new reference; NULL when
 * there was none); ret_json itself may be NULL. With a replica the function waits until the replica
 * shows what the answer names. Returns 0, or the array's code with its text.
 */
int client_call(struct client *client, const char *method, const char *path, json_t *body,
		json_t **ret_json);
/* Make one REST call with a request id that the caller chose, for example to try again later. */
int client_call_with_id(struct client *client, const char *method, const char *path, json_t *body,
			const struct guid *request_id, json_t **ret_json);

/*
 * Ask for a verb of the table (model/verbs.h). ids: the ids of the path, NULL when it has none.
 * args: the values for the query and the body, NULL = none.  *ret_json and the return values are
 * those of client_call, and ERR_INVALID (an argument cannot be sent; the error's text names it).
 */
int client_ask(struct client *client, enum verb_id verb, const struct guid *ids,
	       const struct verb_args *args, json_t **ret_json);
/*
 * Ask for a verb that changes something, and decode its answer.  ret_answer may be NULL. Returns
 * the codes of client_ask, and ERR_PROTOCOL (the answer makes no sense).
 */
int client_change(struct client *client, enum verb_id verb, const struct guid *ids,
		  const struct verb_args *args, struct client_answer *ret_answer);
/*
 * Read all pages of a list (args->limit and args->after are not used) into a new JSON array of its
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
	const char *mask; /* unmasking list; NULL = no initiator may use the LUN */
};

int client_array_rename(struct client *client, const char *name, struct client_answer *ret_answer);
int client_array_set_iqn_prefix(struct client *client, const char *prefix,
				struct client_answer *ret_answer);
int client_pool_create(struct client *client, const char *name, const char *path,
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
int client_lun_extend(struct client *client, const struct guid *lun, uint64_t add_bytes,
		      struct client_answer *ret_answer);
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
int client_lun_max_extend(struct client *client, const struct guid *lun, uint64_t *ret_bytes);
int client_max_lun_size(struct client *client, const struct guid *pool, bool thick,
			uint64_t *ret_bytes);
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
 * Set a portal offline and ask the initiators of its sessions to log out; after drain_ms (1 to
 * 3,600,000) the array ends the sessions that are left.  Returns at once, with the codes of
 * client_portal_set_status.
 */
int client_portal_drain(struct client *client, const struct guid *portal, uint64_t drain_ms,
			struct client_answer *ret_answer);
int client_group_create(struct client *client, const struct guid *target,
			struct client_answer *ret_answer);
int client_group_delete(struct client *client, const struct guid *group,
			struct client_answer *ret_answer);
int client_group_add_portal(struct client *client, const struct guid *group,
			    const struct guid *portal, struct client_answer *ret_answer);
int client_group_remove_portal(struct client *client, const struct guid *group,
			       const struct guid *portal, struct client_answer *ret_answer);
int client_job_cancel(struct client *client, const struct guid *job,
		      struct client_answer *ret_answer);
/*
 * Wait until a job has ended: on the event stream when the client has a replica, else by asking
 * repeatedly.  timeout_ms < 0 = without a limit.  Returns 0 with the job's row, which the caller
 * drops with row_unref; ERR_TIMEOUT (the job did not end in time); or the codes of client_call.
 */
int client_job_wait(struct client *client, const struct guid *job, int timeout_ms,
		    struct row_job **ret_job);

#endif
