/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Credentials: what everybody may know of CHAP secrets, and the rule by which a login finds the one
 * that counts.  vdsd, vdsctl and libvds share this, so that all say the same of who must
 * authenticate.  Look-ups are borrowed from the state; any thread.
 */
#ifndef VDS_MODEL_CREDENTIAL_H
#define VDS_MODEL_CREDENTIAL_H

#include "model/state.h"

#define CREDENTIAL_SECRET_MIN     12  /* bytes: RFC 7143 §9.2.1 wants 96 random bits */
#define CREDENTIAL_SECRET_MAX     255 /* bytes */
#define CREDENTIAL_USER_MAX       255 /* bytes of a CHAP name */
/* the secret that a new one replaces stays valid for so long at most: 31 days */
#define CREDENTIAL_KEEP_OLD_MAX_S (31u * 24 * 3600)

/* The owner of the credentials for discovery sessions: the zero id. */
extern const struct guid credential_discovery;
/*
 * The id under which the secret is kept by which gateways of the array know each other.  There is
 * no row of a credential with it.
 */
extern const struct guid credential_gateways;

/* Whether the owner of a credential exists: a target, a host, or discovery. */
bool credential_owner_is_there(const struct state *state, const struct guid *owner_id);
/* Returns the owner's rows of struct row_credential, in the order of ids. */
struct row_slice state_owner_credentials(const struct state *state, const struct guid *owner_id);
/*
 * Returns the credential that a new secret for this user and initiator replaces, or NULL.  For one
 * initiator or for all there is one secret of a target, whatever its user.
 */
const struct row_credential *credential_same(const struct state *state,
					     const struct row_credential *like);
/*
 * Returns whose secrets count when the initiator logs in to the target (NULL = discovery), as the
 * owner's id: those of its host if that has any for initiators, else those of the target.
 */
struct guid credential_owner_for(const struct state *state, const struct guid *target_id,
				 const char *initiator);
/*
 * Returns whether the initiator must prove itself when it logs in to the target (NULL = when it
 * discovers targets).
 */
bool credential_needed(const struct state *state, const struct guid *target_id,
		       const char *initiator);
/*
 * Returns the credential of an owner by which the initiator proves itself under that user name, or
 * NULL.  One for this initiator alone comes first, and one with a user name before one for any.
 */
const struct row_credential *credential_find(const struct state *state, const struct guid *owner_id,
					     const char *initiator, const char *user);
/*
 * Returns the credential by which the target (NULL = discovery) proves itself to the initiator, or
 * NULL: one that its host has comes first.
 */
const struct row_credential *credential_mutual(const struct state *state,
					       const struct guid *target_id, const char *initiator);
/* Whether the owner has a credential of this side. */
bool credential_has(const struct state *state, const struct guid *owner_id,
		    enum credential_side side);

#endif
