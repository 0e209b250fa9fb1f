/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Hosts, their initiators and host groups: look-ups and rules that vdsd, vdsctl and libvds share.
 * A host has any number of initiator names, and a name belongs to one host at most.  A host may be
 * in any number of groups.  Look-ups are borrowed from the state; any thread.
 */
#ifndef VDS_MODEL_HOST_H
#define VDS_MODEL_HOST_H

#include "base/str.h"
#include "model/state.h"

/* Returns the host or the host group with that name, or NULL.  Names are compared byte by byte. */
const struct row_host *state_host_by_name(const struct state *state, const char *name);
const struct row_host_group *state_host_group_by_name(const struct state *state, const char *name);
/*
 * Returns the row of an initiator name, in any case, or NULL when the name belongs to no host.
 */
const struct row_initiator *state_initiator_by_name(const struct state *state, const char *name);
/* Returns the host to which an initiator name belongs, or NULL. */
const struct row_host *state_host_of_initiator(const struct state *state, const char *name);
/* Returns the host's rows of struct row_initiator, in the order of names. */
struct row_slice state_host_initiators(const struct state *state, const struct guid *host_id);
/* Returns the host's rows of struct row_host_member, in the order of group ids. */
struct row_slice state_host_groups(const struct state *state, const struct guid *host_id);
/* Returns the group's rows of struct row_host_member, in the order of host ids. */
struct row_slice state_group_hosts(const struct state *state, const struct guid *group_id);

/* ---- unmasking lists with hosts ---- */

/*
 * Returns whether a canonical unmasking list admits the initiator: by "*", by its name, by its
 * host, or by a group of its host.  Takes no lock and allocates nothing.
 */
bool host_mask_admits(const struct state *state, const char *mask, const char *initiator);
/*
 * Makes the list of the initiator names that a canonical unmasking list admits: the flattened view,
 * which is VDS's unmasking list.  It has the names of all its hosts in their place, in canonical
 * form, and may be longer than ROW_MASK_MAX.  Returns 0 with a text that the caller frees
 * (mem_free), or -ENOMEM.
 */
int host_mask_flatten(const struct state *state, const char *mask, char **ret_list);
/*
 * Copies a list as a person wrote it with the ids of hosts and host groups in place of their names:
 * "host:db1" becomes "host:ID".  Returns 0 with a text that the caller frees (mem_free);
 * ERR_NOT_FOUND (there is no such host or host group; the text names it); -ENOMEM.
 */
int host_mask_resolve(const struct state *state, const char *text, char **ret_text);
/* Appends a canonical list with the names of hosts in place of their ids, for people. */
void host_mask_describe(const struct state *state, const char *mask, struct strbuf *out);
/*
 * Returns whether a canonical list has the host or the host group (prefix: MASK_HOST or
 * MASK_HOST_GROUP) as an entry of its own.
 */
bool host_mask_has(const char *mask, const char *prefix, const struct guid *id);

/*
 * Finds the next host or host group of a list, moves *rest on, and returns true with its id and its
 * family (ROW_HOST or ROW_HOST_GROUP).  Returns false at the end.  *rest is the list at first; NULL
 * is an empty list.
 */
bool host_mask_next(const char **rest, struct guid *ret_id, enum row_family *ret_family);
/*
 * Returns, of the LUNs whose unmasking lists have the host or the host group as an entry of its
 * own, the one whose id follows `after` (NULL: the first), or NULL.  Costs a few steps for each
 * such LUN, however many others there are.  Borrowed from the state.
 */
const struct row_lun *state_masked_next(const struct state *state, const struct guid *id,
					const struct guid *after);

/* Initiator names in canonical form, sorted, each once. */
struct host_names {
	char **names; /* owned, as each name is */
	size_t count, capacity;
};

/*
 * Reads initiator names joined by ';'; spaces around a name are ignored.  NULL and "" are no names.
 * Returns 0 with names that the caller frees with host_names_fini; ERR_INVALID (a text is no iSCSI
 * name: iscsi_name_normalize); -ENOMEM.
 */
int host_names_parse(const char *text, struct host_names *ret_names);
void host_names_fini(struct host_names *names);
/* Returns whether the list has that name, which is in canonical form. */
bool host_names_have(const struct host_names *names, const char *name);

#endif
