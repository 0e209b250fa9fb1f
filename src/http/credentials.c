/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The handlers of CHAP secrets: /v1/credentials.  A secret goes in and never comes out: no answer,
 * no error and no log line shows it, and what memory it had is overwritten.  The connection's
 * thread.
 */
#include <string.h>

#include "base/err.h"
#include "base/secret.h"
#include "base/str.h"
#include "http/http_int.h"
#include "model/credential.h"

static int
side_parse(const char *text, enum credential_side *ret_side)
{
	if (str_equal(text, "initiator"))
		*ret_side = CREDENTIAL_INITIATOR;
	else if (str_equal(text, "target"))
		*ret_side = CREDENTIAL_TARGET;
	else
		return err_set(ERR_INVALID,
			       "side must be \"initiator\" (who logs in proves itself) or "
			       "\"target\" (the target does, too)");
	return 0;
}

static int
set(struct http_call *call, const uint8_t *secret, size_t len, struct array_answer *ret_answer)
{
	const struct verb_args *args = &call->args;
	struct array_credential_spec spec = {
		.owner_id = args->owner_id,
		.user = args->user,
		.initiator = args->initiator,
		.secret = secret,
		.secret_len = len,
		.keep_old_s = args->keep_old_s,
	};
	int rc = side_parse(args->side, &spec.side);

	if (rc == 0 && args->discovery != guid_is_zero(&args->owner_id))
		rc = err_set(ERR_INVALID,
			     "exactly one of owner_id and discovery must say whose secret it is");
	return rc < 0 ? rc : array_credential_set(call->array, &call->request, &spec, ret_answer);
}

int
http_credential_set(struct http_call *call, struct http_reply *reply)
{
	uint8_t secret[CREDENTIAL_SECRET_MAX];
	struct array_answer answer;
	size_t len = 0;
	int rc = array_credential_parse(call->args.secret, secret, &len);

	if (rc == 0)
		rc = set(call, secret, len, &answer);
	secret_wipe(secret, sizeof(secret));
	return http_answer(call, reply, rc, &answer);
}

int
http_credential_delete(struct http_call *call, struct http_reply *reply)
{
	struct array_answer answer;
	int rc = array_credential_delete(call->array, &call->request, &call->ids[0], &answer);

	return http_answer(call, reply, rc, &answer);
}
