/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A part of array.h, which says what all of its functions have in common: targets, their secrets,
 * hosts and groups of hosts.
 */
#ifndef VDS_ARRAY_HOSTS_H
#define VDS_ARRAY_HOSTS_H

#include "model/credential.h"

struct array;
struct array_answer;
struct array_request;

/*
 * Creates a target.  iscsi_name: NULL or "" lets the array choose a name.  alias: may be "".
 * with_group: also creates a portal group that contains all portals, as vdsctl wants it; VDS
 * creates targets without portal groups.  duplicate: the alias may be that of another target.
 */
int array_target_create(struct array *array, const struct array_request *request,
			const char *iscsi_name, const char *alias, bool with_group, bool duplicate,
			struct array_answer *ret_answer);
/* Sets the alias of a target; "" removes it.  duplicate: as array_target_create takes it. */
int array_target_set_alias(struct array *array, const struct array_request *request,
			   const struct guid *target, const char *alias, bool duplicate,
			   struct array_answer *ret_answer);
/*
 * Deletes a target with its portal groups, and ends its sessions.  Further errors:
 * ERR_LUNS_ASSOCIATED (a LUN is associated with the target).
 */
int array_target_delete(struct array *array, const struct array_request *request,
			const struct guid *target, struct array_answer *ret_answer);

/* A CHAP secret to set. */
struct array_credential_spec {
	struct guid owner_id; /* a target or a host; zero = discovery sessions */
	enum credential_side side;
	const char *user;      /* CHAP name; NULL or "" = as struct row_credential says */
	const char *initiator; /* only for this initiator; NULL or "" = for all */
	const uint8_t *secret; /* borrowed; CREDENTIAL_SECRET_MIN to CREDENTIAL_SECRET_MAX bytes */
	size_t secret_len;
	uint64_t keep_old_s; /* the secret that this one replaces stays valid for so long */
};

/*
 * Reads a secret as people write it: hexadecimal digits behind 0x, else the text itself.  The
 * caller wipes the bytes.  Returns 0, or ERR_INVALID with a text, which does not show the secret.
 */
int array_credential_parse(const char *text, uint8_t bytes[CREDENTIAL_SECRET_MAX], size_t *ret_len);
/*
 * Sets a CHAP secret.  One of the same owner, side and initiator, and for side CREDENTIAL_INITIATOR
 * of the same user, is replaced (`existed`).  From the answer on logins need the secret; sessions
 * go on.  Further errors: ERR_INVALID also when the secret is set for the other direction.
 */
int array_credential_set(struct array *array, const struct array_request *request,
			 const struct array_credential_spec *spec, struct array_answer *ret_answer);
/* Deletes a CHAP secret. */
int array_credential_delete(struct array *array, const struct array_request *request,
			    const struct guid *credential, struct array_answer *ret_answer);

/*
 * Creates a host.  name: at most 63 UTF-16 units, unique among hosts, without comma and semicolon.
 * initiators: iSCSI names joined by ';'; NULL or "" = none.  An initiator name belongs to one host
 * at most: ERR_NAME_IN_USE names the host to which it belongs.
 */
int array_host_create(struct array *array, const struct array_request *request, const char *name,
		      const char *initiators, struct array_answer *ret_answer);
int array_host_rename(struct array *array, const struct array_request *request,
		      const struct guid *host, const char *name, struct array_answer *ret_answer);
/*
 * Sets the networks from which the host's initiators may log in, or those from which any initiator
 * may log in to the target: any text that cidr_list_normalize accepts; "" = from everywhere.
 * Sessions from elsewhere are asked to log out, and end some seconds later.
 */
int array_host_set_sources(struct array *array, const struct array_request *request,
			   const struct guid *host, const char *sources,
			   struct array_answer *ret_answer);
int array_target_set_sources(struct array *array, const struct array_request *request,
			     const struct guid *target, const char *sources,
			     struct array_answer *ret_answer);
/*
 * Sets where the target sends logins: "ADDRESS[:PORT]" with the words "permanent" and "move", or ""
 * or "none" (model/redirect.h).  Sessions that are there stay, unless "move" asks them to log out.
 * Further errors: ERR_INVALID (no such text, or a portal of this array at which the target is not
 * served).
 */
int array_target_set_redirect(struct array *array, const struct array_request *request,
			      const struct guid *target, const char *redirect,
			      struct array_answer *ret_answer);
/*
 * Replaces the initiator names of a host; adds names to, or removes them from, its names as they
 * are when the change is applied.  Adding a name that the host has or removing one that it does not
 * have has no effect.  Waits for I/O in flight of initiators that lose a LUN.  Further errors:
 * ERR_BUSY (that I/O did not end in time; nothing has changed).
 */
int array_host_set_initiators(struct array *array, const struct array_request *request,
			      const struct guid *host, const char *initiators,
			      struct array_answer *ret_answer);
int array_host_add_initiators(struct array *array, const struct array_request *request,
			      const struct guid *host, const char *initiators,
			      struct array_answer *ret_answer);
int array_host_remove_initiators(struct array *array, const struct array_request *request,
				 const struct guid *host, const char *initiators,
				 struct array_answer *ret_answer);
/*
 * Deletes a host with its initiator names.  force: also takes it out of its host groups and of the
 * unmasking lists that name it.  Further errors: ERR_IN_USE (the host is in a host group or in an
 * unmasking list, and force is not set).
 */
int array_host_delete(struct array *array, const struct array_request *request,
		      const struct guid *host, bool force, struct array_answer *ret_answer);

/* Creates a host group of these hosts.  name: as array_host_create takes it. */
int array_host_group_create(struct array *array, const struct array_request *request,
			    const char *name, const struct guid *hosts, size_t count,
			    struct array_answer *ret_answer);
int array_host_group_rename(struct array *array, const struct array_request *request,
			    const struct guid *group, const char *name,
			    struct array_answer *ret_answer);
/*
 * Replaces the hosts of a host group; adds hosts to, or removes them from, the group as it is when
 * the change is applied.  Adding a member or removing a host that is no member has no effect.
 */
int array_host_group_set_hosts(struct array *array, const struct array_request *request,
			       const struct guid *group, const struct guid *hosts, size_t count,
			       struct array_answer *ret_answer);
int array_host_group_add_hosts(struct array *array, const struct array_request *request,
			       const struct guid *group, const struct guid *hosts, size_t count,
			       struct array_answer *ret_answer);
int array_host_group_remove_hosts(struct array *array, const struct array_request *request,
				  const struct guid *group, const struct guid *hosts, size_t count,
				  struct array_answer *ret_answer);
/*
 * Deletes a host group; its hosts stay.  force: also takes it out of the unmasking lists that name
 * it.  Further errors: ERR_IN_USE (an unmasking list names it, and force is not set).
 */
int array_host_group_delete(struct array *array, const struct array_request *request,
			    const struct guid *group, bool force, struct array_answer *ret_answer);

#endif
