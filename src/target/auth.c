/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Authentication: whose CHAP secrets count for a login, from the rows and the set of secrets of one
 * view.  Nothing here waits or takes a lock, and no secret is copied.
 */
#include "base/clock.h"
#include "model/credential.h"
#include "target/target_int.h"

_Static_assert(CREDENTIAL_USER_MAX == ISCSI_CHAP_NAME_MAX, "every user name can be a CHAP_N");

bool
target_auth_needed(const struct target_view *view, const struct row_target *target,
		   const struct iscsi_login *login)
{
	return credential_needed(view->state, target != NULL ? &target->id : NULL,
				 login->initiator_name);
}

static struct iscsi_secret
secret_of(const struct array_secret *secret)
{
	return (struct iscsi_secret){ secret->bytes, secret->len };
}

void
target_auth_find(const struct target_conn *conn, const struct iscsi_login *login,
		 struct iscsi_login_reply *reply)
{
	const struct target_view *view = conn->thread->view;
	const struct guid *target_id = login->type == ISCSI_SESSION_NORMAL ? &conn->target_id
									   : NULL;
	const struct guid owner = credential_owner_for(view->state, target_id,
						       login->initiator_name);
	const struct row_credential *theirs = credential_find(
		view->state, &owner, login->initiator_name, login->chap_name);
	const struct row_credential *ours = credential_mutual(view->state, target_id,
							      login->initiator_name);
	struct iscsi_credentials *c = &reply->credentials;
	struct array_secret found[2];
	int64_t now_ms = clock_utc_ms();
	unsigned count = theirs != NULL
				 ? array_secrets_find(view->secrets, &theirs->id, now_ms, found)
				 : 0;

	for (unsigned i = 0; i < count; i++)
		c->initiator[i] = secret_of(&found[i]);
	/*
	 * initiators have one secret to check our answer with, so it is made with the present one
	 */
	if (ours == NULL || array_secrets_find(view->secrets, &ours->id, now_ms, found) == 0)
		return;
	c->target = secret_of(&found[0]);
	c->target_name = ours->user != NULL && ours->user[0] != '\0' ? ours->user
								     : login->target_name;
}
