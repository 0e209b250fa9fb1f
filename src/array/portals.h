/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A part of array.h, which says what all of its functions have in common: portals, their groups,
 * controllers and ports.
 */
#ifndef VDS_ARRAY_PORTALS_H
#define VDS_ARRAY_PORTALS_H

#include "model/state.h"

struct array;
struct array_answer;
struct array_port_counters;
struct array_request;

/*
 * Creates a portal.  address: a numeric address; a wildcard (0.0.0.0, ::) creates one portal for
 * each address of the host, and the answer names the first.  port 0 chooses a free port, which is
 * kept.  A portal that exists is left as it is (`existed`).  all_targets: in the same change, also
 * puts the portals, existing ones included, into a portal group of every target; a target without a
 * group gets one.  Further errors: ERR_INVALID (not a numeric address), ERR_NOT_FOUND (the host has
 * no address of that family).  Whether a portal listens is not known on return; its live row says
 * it.
 */
int array_portal_create(struct array *array, const struct array_request *request,
			const char *address, uint16_t port, bool all_targets,
			struct array_answer *ret_answer);
/* Sets a portal online or offline.  An offline portal does not listen. */
int array_portal_set_status(struct array *array, const struct array_request *request,
			    const struct guid *portal, enum row_status status,
			    struct array_answer *ret_answer);
/*
 * Asks the initiators of all sessions that came through this portal to log out (iSCSI asynchronous
 * message), and ends the sessions that are left after drain_ms.  Returns at once; does nothing when
 * the portal is unknown or has no sessions.  Nothing is stored in the catalog.  Any thread.
 */
void array_portal_drain(struct array *array, const struct guid *portal, uint32_t drain_ms);
/* Deletes a portal.  Further errors: ERR_IN_USE (a portal group contains the portal). */
int array_portal_delete(struct array *array, const struct array_request *request,
			const struct guid *portal, struct array_answer *ret_answer);

/*
 * Sets a controller online or offline.  While it is offline, no portal listens and there are no
 * sessions, whatever the status of the portals, also after a restart.  When the call returns, the
 * sessions have ended, except those whose I/O in flight does not return from the store.
 */
int array_controller_set_status(struct array *array, const struct array_request *request,
				const struct guid *controller, enum row_status status,
				struct array_answer *ret_answer);
#define ARRAY_GATEWAYS_MAX 64u
/*
 * Adds a gateway, as which no vdsd runs yet.  name: unique, without "/"; address: "ADDRESS:PORT",
 * where other gateways will reach it.  Further errors: ERR_NOT_SUPPORTED (the array is on one
 * machine).
 */
int array_gateway_add(struct array *array, const struct array_request *request, const char *name,
		      const char *address, struct array_answer *ret_answer);
/*
 * Changes where other gateways reach a gateway; one that runs listens there at once, and sessions
 * of before go on.  `existed`: it was so already.  Further errors: ERR_NOT_SUPPORTED, ERR_INVALID
 * (it is no address, or that of another gateway).
 */
int array_gateway_set_address(struct array *array, const struct array_request *request,
			      const struct guid *controller, const char *address,
			      struct array_answer *ret_answer);
/*
 * Says whether a gateway gives its LUNs to others, one after the other, and gets none.  `existed`:
 * it was so already.  Further errors: ERR_NOT_SUPPORTED.
 */
int array_gateway_set_drains(struct array *array, const struct array_request *request,
			     const struct guid *controller, bool drains,
			     struct array_answer *ret_answer);
/*
 * Removes a gateway with its portals, and the portal groups that have no others.  force: also one
 * as which a vdsd runs, which is fenced first, and whose LUNs are given to others.  Further errors:
 * ERR_NOT_SUPPORTED, ERR_IN_USE (a vdsd runs as it, or it owns LUNs), ERR_INVALID (it is this one).
 */
int array_gateway_remove(struct array *array, const struct array_request *request,
			 const struct guid *controller, bool force,
			 struct array_answer *ret_answer);
/*
 * Finds out on which drives the pools lie, and replaces the live rows where that has changed; they
 * show it when the call returns.  When memory is out, the rows stay as they were.  Reads files of
 * the kernel.  Any thread except the writer; the caller holds no lock.
 */
void array_drive_rescan(struct array *array);
/*
 * array_controller_flush makes everything durable that was acknowledged before the call.
 * array_controller_invalidate does so, and then takes the LUNs' data out of the page cache of this
 * host.  array_controller_reset asks the initiators of all sessions to log out, ends the sessions
 * that are left after drain_ms, opens the listeners anew, and then does what
 * array_controller_invalidate does; no data is lost.  Nothing is stored in the catalog.  Each
 * returns when all of this is done.  Returns 0, ERR_NOT_FOUND (no such controller), ERR_BUSY
 * (reset: a session did not end in time), -errno (a store cannot be flushed; the text names it) or
 * -ENOMEM.  LUNs that have failed are left out.
 */
int array_controller_flush(struct array *array, const struct guid *controller);
int array_controller_invalidate(struct array *array, const struct guid *controller);
int array_controller_reset(struct array *array, const struct guid *controller, uint32_t drain_ms);
/*
 * Sets all portals of a port online or offline, in one change.  When the call returns, the sessions
 * through a port that is offline now have ended.
 */
int array_port_set_status(struct array *array, const struct array_request *request,
			  const struct guid *port, enum row_status status,
			  struct array_answer *ret_answer);
/*
 * Resets a port: asks the initiators of all sessions through its portals to log out, ends the
 * sessions that are left after drain_ms, and opens the listeners of these portals anew.  Returns 0,
 * ERR_NOT_FOUND (no such port), ERR_BUSY (a session did not end in time) or -ENOMEM.
 */
int array_port_reset(struct array *array, const struct guid *port, uint32_t drain_ms);
/* Reads the counters of a port.  Returns 0, ERR_NOT_FOUND (no such port) or -ENOMEM. */
int array_port_counters(struct array *array, const struct guid *port,
			struct array_port_counters *ret_counters);

enum array_maintenance_action {
	ARRAY_MAINTENANCE_START, /* the operation goes on until it is stopped */
	ARRAY_MAINTENANCE_STOP,
	/* an operation that goes on makes `count` more pulses and then stops */
	ARRAY_MAINTENANCE_PULSE,
};

struct array_maintenance {
	struct guid object_id; /* an array, a controller, a port, a drive or a LUN */
	const char *operation; /* "beep", "blink", "ping", "spin-up"; borrowed */
	enum array_maintenance_action action;
	uint64_t count; /* ARRAY_MAINTENANCE_PULSE */
};

/*
 * Starts, stops or pulses an operation of maintenance on an object: a line in the log, and a live
 * row while the operation goes on.  *ret_was_running: whether the operation went on before the
 * call; a stop or pulse of one that did not has no effect.  Returns 0, ERR_NOT_FOUND (no such
 * object), ERR_INVALID (no such operation), ERR_NOT_SUPPORTED ("spin-down"; pulses of "spin-up") or
 * -ENOMEM.
 */
int array_maintain(struct array *array, const struct array_maintenance *ask, bool *ret_was_running);

/* Creates an empty portal group of a target. */
int array_group_create(struct array *array, const struct array_request *request,
		       const struct guid *target, struct array_answer *ret_answer);
/*
 * Deletes a portal group.  with_portals: takes the group's portals out of it in the same change.
 * Further errors: ERR_PORTALS_ASSOCIATED (the group contains portals and with_portals is not set).
 */
int array_group_delete(struct array *array, const struct array_request *request,
		       const struct guid *group, bool with_portals,
		       struct array_answer *ret_answer);
/*
 * Adds a portal to a portal group.  A portal that the group contains already is left there
 * (`existed`).  Further errors: ERR_IN_USE (another group of the same target contains the portal).
 */
int array_group_add_portal(struct array *array, const struct array_request *request,
			   const struct guid *group, const struct guid *portal,
			   struct array_answer *ret_answer);
/* What is to change of a portal group's asymmetric access; what is not set stays. */
struct array_group_access {
	enum port_access state;
	bool set_state, set_preferred, preferred, set_explicit, explicit_allowed;
};

/*
 * Changes how initiators may use the LUNs through a portal group.  A change of the state is the
 * administrator's (ACCESS_SET_BY_ADMINISTRATOR).  `existed`: everything was so already.  When it
 * returns, commands that come through the group are answered as the new state wants it, and the
 * initiators of all paths to its LUNs have the unit attention.
 */
int array_group_set_access(struct array *array, const struct array_request *request,
			   const struct guid *group, const struct array_group_access *access,
			   struct array_answer *ret_answer);
/* The access state that an initiator asks for a portal group. */
struct array_access_set {
	struct guid group_id;
	enum port_access state;
};

/*
 * Sets the access states of portal groups as an initiator asks (ACCESS_SET_BY_INITIATOR), all in
 * one change.  `existed`: everything was so already.  Further errors: ERR_ACCESS (initiators may
 * not set the state of one of the groups).
 */
int array_group_set_states(struct array *array, const struct array_request *request,
			   const struct array_access_set *sets, size_t count,
			   struct array_answer *ret_answer);
/*
 * Removes a portal from a portal group.  Further errors: ERR_NOT_FOUND (the group does not contain
 * the portal).
 */
int array_group_remove_portal(struct array *array, const struct array_request *request,
			      const struct guid *group, const struct guid *portal,
			      struct array_answer *ret_answer);

#endif
