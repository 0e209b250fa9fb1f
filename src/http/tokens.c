/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The handlers of tokens, and of who asks: /v1/tokens, /v1/principal.  The connection's thread. */
#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "http/http_int.h"

static json_t *
token_json(const struct array_token *token)
{
	char id[GUID_TEXT_SIZE];

	return json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:I}", "id", guid_format(&token->id, id),
			 "name", token->name, "role", principal_role_name(token->role), "creator",
			 token->creator, "created_ms", (json_int_t)token->created_ms, "expires_ms",
			 (json_int_t)token->expires_ms, "used_ms", (json_int_t)token->used_ms);
}

/* There are few of them, so that the list has no pages. */
int
http_token_list(struct http_call *call, struct http_reply *reply)
{
	AUTO_FREE struct array_token *tokens = NULL;
	json_t *items = json_array();
	size_t count = 0;
	int rc = items != NULL ? array_tokens(call->array, &tokens, &count) : -ENOMEM;

	for (size_t i = 0; rc == 0 && i < count; i++)
		if (json_array_append_new(items, token_json(&tokens[i])) < 0)
			rc = -ENOMEM;
	if (rc == 0)
		return http_reply_json(reply, json_pack("{s:o}", "items", items));
	json_decref(items);
	return rc;
}

int
http_token_create(struct http_call *call, struct http_reply *reply)
{
	const struct verb_args *args = &call->args;
	enum principal_role role = principal_role_parse(args->role);
	char secret[ARRAY_TOKEN_SIZE];
	struct array_answer answer;
	int rc;

	if (role == ROLE_NONE)
		return err_set(ERR_INVALID, "role must be reader, operator or admin");
	rc = array_token_create(call->array, &call->request, args->name, role,
				(int64_t)args->expires_ms, secret, &answer);
	rc = http_answer(call, reply, rc, &answer);
	if (rc == 0 &&
	    json_object_set_new(reply->json, "token",
				secret[0] != '\0' ? json_string(secret) : json_null()) < 0)
		rc = -ENOMEM;
	explicit_bzero(secret, sizeof(secret));
	return rc;
}

int
http_token_revoke(struct http_call *call, struct http_reply *reply)
{
	struct array_answer answer;
	int rc = array_token_revoke(call->array, &call->request, &call->ids[0], &answer);

	return http_answer(call, reply, rc, &answer);
}

int
http_principal_get(struct http_call *call, struct http_reply *reply)
{
	struct principal who = *call->request.principal;

	http_principal_name(&call->http->names, &who);
	return http_reply_json(reply, wire_principal_encode(&who));
}
