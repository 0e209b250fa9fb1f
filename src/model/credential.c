/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whose CHAP secret counts for a login.  Any thread. */
#include "model/credential.h"

#include <string.h>

#include "model/fields.h"
#include "model/host.h"
#include "model/state_int.h"

const struct guid credential_discovery;
const struct guid credential_gateways = { .bytes = "vds-gateways-key" };

bool
credential_owner_is_there(const struct state *state, const struct guid *owner_id)
{
	return guid_is_zero(owner_id) || state_find(state, ROW_TARGET, owner_id) != NULL ||
	       state_find(state, ROW_HOST, owner_id) != NULL;
}

struct row_slice
state_owner_credentials(const struct state *state, const struct guid *owner_id)
{
	const struct row_head probe = { .b = *owner_id };

	return order_group(state->orders[ORDER_OWNER_CREDENTIALS],
			   order_type(ORDER_OWNER_CREDENTIALS), &probe);
}

static const char *
text(const char *value)
{
	return value != NULL ? value : "";
}

const struct row_credential *
credential_same(const struct state *state, const struct row_credential *like)
{
	struct row_slice slice = state_owner_credentials(state, &like->owner_id);

	for (size_t i = 0; i < slice.count; i++) {
		const struct row_credential *row = slice.rows[i];

		if (row->side == like->side &&
		    strcmp(text(row->initiator), text(like->initiator)) == 0 &&
		    (row->side == CREDENTIAL_TARGET ||
		     strcmp(text(row->user), text(like->user)) == 0))
			return row;
	}
	return NULL;
}

bool
credential_has(const struct state *state, const struct guid *owner_id, enum credential_side side)
{
	struct row_slice slice = state_owner_credentials(state, owner_id);

	for (size_t i = 0; i < slice.count; i++)
		if (((const struct row_credential *)slice.rows[i])->side == side)
			return true;
	return false;
}

struct guid
credential_owner_for(const struct state *state, const struct guid *target_id, const char *initiator)
{
	const struct row_host *host = target_id != NULL ? state_host_of_initiator(state, initiator)
							: NULL;

	if (host != NULL && credential_has(state, &host->id, CREDENTIAL_INITIATOR))
		return host->id;
	return target_id != NULL ? *target_id : credential_discovery;
}

/* Whether the credential is for this initiator, among others or alone. */
static bool
is_for(const struct row_credential *row, const char *initiator)
{
	return text(row->initiator)[0] == '\0' || strcmp(row->initiator, initiator) == 0;
}

/* One that is for somebody else locks everybody else out, too: who has no secret cannot log in. */
bool
credential_needed(const struct state *state, const struct guid *target_id, const char *initiator)
{
	const struct guid owner = credential_owner_for(state, target_id, initiator);

	return credential_has(state, &owner, CREDENTIAL_INITIATOR);
}

const struct row_credential *
credential_find(const struct state *state, const struct guid *owner_id, const char *initiator,
		const char *user)
{
	struct row_slice slice = state_owner_credentials(state, owner_id);
	const struct row_credential *best = NULL;
	unsigned best_rank = 0;

	for (size_t i = 0; i < slice.count; i++) {
		const struct row_credential *row = slice.rows[i];
		bool own = text(row->initiator)[0] != '\0', named = text(row->user)[0] != '\0';
		unsigned rank = 1 + 2 * own + named;

		if (row->side != CREDENTIAL_INITIATOR || !is_for(row, initiator) ||
		    (named && strcmp(row->user, user) != 0) || rank <= best_rank)
			continue;
		best = row;
		best_rank = rank;
	}
	return best;
}

static const struct row_credential *
mutual_of(const struct state *state, const struct guid *owner_id, const char *initiator)
{
	struct row_slice slice = state_owner_credentials(state, owner_id);
	const struct row_credential *best = NULL;

	for (size_t i = 0; i < slice.count; i++) {
		const struct row_credential *row = slice.rows[i];

		if (row->side == CREDENTIAL_TARGET && is_for(row, initiator) &&
		    (best == NULL || text(best->initiator)[0] == '\0'))
			best = row;
	}
	return best;
}

const struct row_credential *
credential_mutual(const struct state *state, const struct guid *target_id, const char *initiator)
{
	const struct row_credential *own = NULL;
	const struct row_host *host = target_id != NULL ? state_host_of_initiator(state, initiator)
							: NULL;

	if (host != NULL)
		own = mutual_of(state, &host->id, initiator);
	if (own != NULL)
		return own;
	return mutual_of(state, target_id != NULL ? target_id : &credential_discovery, initiator);
}
