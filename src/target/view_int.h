/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A part of target_int.h, which says what threads and locks there are: what a state of the array
 * means for initiators.
 */
#ifndef VDS_TARGET_VIEW_INT_H
#define VDS_TARGET_VIEW_INT_H

#include "iscsi/iscsi.h"
#include "model/state.h"
#include "target/traffic_int.h"

struct target_conn;

/* ---- shown.c: which initiators see a LUN of which targets ---- */

/*
 * The root of an index of the targets that each initiator sees.  NULL is the empty index.
 * Immutable once a view has it; counted.
 */
struct target_shown;

/* An index while one thread changes it. `steps` counts the nodes that were visited. */
struct target_shown_edit {
	struct target_shown *root; /* a reference */
	uint64_t steps;
};

struct target_shown *target_shown_ref(struct target_shown *root); /* accepts NULL */
void target_shown_unref(struct target_shown *root);               /* accepts NULL; any thread */
/*
 * Changes the index after a LUN behind the target got the mask `after` in place of `before`. ""
 * stands for a LUN that was not, or is no longer, behind the target.  Takes time in proportion to
 * the lengths of the masks and to the logarithm of the index.  Returns 0 or -ENOMEM (the edit can
 * then only be dropped).
 */
int target_shown_change(struct target_shown_edit *edit, const char *before, const char *after,
			const char *target);
/*
 * Returns the name of the first target behind `after` (NULL = the first of all) of which this
 * initiator sees a LUN, or NULL. The text belongs to the index.
 */
const char *target_shown_next(const struct target_shown *root, const char *initiator,
			      const char *after);
/* Returns true when this initiator sees a LUN of this target. */
bool target_shown_has(const struct target_shown *root, const char *initiator, const char *target);

/* ---- view.c: what a state means for initiators; immutable, counted --------------------------- */

/* The portals of a view. */
struct target_portals {
	atomic_uint refs; /* views that refer to this struct */
	size_t count;
	struct target_portal *list[]; /* sorted by id; one reference to each */
};

/* The state of the array as data-path threads see it. Immutable; counted. */
struct target_view {
	atomic_uint refs;
	struct state *state; /* a reference */
	/* shared by successive views as long as no portal changes */
	struct target_portals *portals;
	/* which initiators see LUNs of which targets */
	struct target_shown *shown;
	struct array_secrets *secrets; /* a reference; NULL = the empty set */
	bool offline; /* the controller is offline: no portal listens, and there are no sessions */
};

/* A place: a LUN number of a target, and the LUN that has this number now. */
struct target_place {
	struct guid target_id;
	uint16_t number;
	const struct row_lun *lun; /* belongs to the view's state; NULL = no LUN has the number */
};

/* A portal group whose row has changed. */
struct target_access_delta {
	struct guid target_id;
	uint16_t tag;
	enum port_access state;
	/* the state, or whether the path is preferred: what REPORT TARGET PORT GROUPS shows */
	bool access_changed;
	bool explicit_changed; /* whether initiators may set the state: what INQUIRY shows */
};

/* A delta: what running sessions must do because of a change. */
struct target_delta {
	/* places to look at again, sorted by target id and number, each once */
	struct target_place *places;
	size_t place_count;
	struct guid *ended; /* targets that were deleted, whose sessions must end */
	size_t ended_count;
	/* portal groups whose sessions have another access state, or whose paths look different */
	struct target_access_delta *access;
	size_t access_count;
	/*
	 * initiators that are of another host or of other host groups now, sorted, each once;
	 * borrowed from the states before and after
	 */
	const char **initiators;
	size_t initiator_count;
	struct guid *owned; /* LUNs that have another owner */
	size_t owned_count;
	struct guid *ruled; /* targets whose rules of sources or redirects have changed */
	size_t ruled_count;
	bool portals_changed; /* or the controller's status */
	/*
	 * No thread needs this view: it differs from the one before only in what initiators are not
	 * shown, such as the name of a LUN.  The threads keep an older view until they need
	 * another.
	 */
	bool quiet;
	uint64_t steps; /* how many rows, places and nodes were visited to make the delta */
};

/*
 * Makes the view of a state, and the delta from the old view.  old and change are NULL only for the
 * first view.  Takes time in proportion to the change.  Returns 0 or -ENOMEM.  Publisher.
 */
int target_view_new(struct target *target, const struct target_view *old, const struct state *state,
		    const struct change *change, struct target_view **ret_view,
		    struct target_delta *ret_delta);
void target_delta_fini(struct target_delta *delta);
struct target_view *target_view_ref(struct target_view *view);
void target_view_unref(struct target_view *view); /* accepts NULL; any thread */
/*
 * Finds a target by its iSCSI name, or a portal by its id.  The result belongs to the view; NULL
 * when there is none.
 */
const struct row_target *target_view_find_target(const struct target_view *view,
						 const char *iscsi_name);
struct target_portal *target_view_find_portal(const struct target_view *view,
					      const struct guid *id);
/* Returns the portal group of this target that has the portal, or NULL. */
const struct row_portal_group *target_view_find_group(const struct target_view *view,
						      const struct guid *target_id,
						      const struct target_portal *portal);

/* ---- auth.c: who must authenticate, and by which secret ---- */

/*
 * Returns whether the initiator must prove itself by CHAP.  target: NULL = in a discovery session.
 * Any thread that has the view.
 */
bool target_auth_needed(const struct target_view *view, const struct row_target *target,
			const struct iscsi_login *login);
/*
 * Fills in the credentials of the name by which the initiator wants to be known.  What they point
 * to is valid until the thread takes another view.  The connection's thread.
 */
void target_auth_find(const struct target_conn *conn, const struct iscsi_login *login,
		      struct iscsi_login_reply *reply);

/* ---- publish.c ------------------------------------------------------------------------------- */

/* Publishes a state: the function publish of struct array_runtime_ops. Publisher. */
void target_publish_state(void *runtime, const struct state *state, const struct change *change);
/*
 * Keeps the set of secrets for the next view: the function secrets of the same struct.  Publisher.
 */
void target_publish_secrets(void *runtime, const struct array_secrets *secrets);

#endif
