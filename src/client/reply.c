/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an answer says: its JSON, and its error. */
#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "client/client_int.h"

int
client_json_parse(const char *text, size_t len, json_t **ret_json)
{
	json_error_t error;
	json_t *json = json_loadb(text, len, 0, &error);

	if (json == NULL && json_error_code(&error) == json_error_out_of_memory)
		return -ENOMEM;
	if (json == NULL)
		return err_set(ERR_PROTOCOL, "not JSON: %s", error.text);
	*ret_json = json;
	return 0;
}

int
client_reply_json(const struct client_reply *reply, json_t **ret_json)
{
	if (reply->body.len == 0) {
		*ret_json = NULL;
		return 0;
	}
	return client_json_parse(reply->body.text, reply->body.len, ret_json);
}

int
client_reply_code(const struct client_reply *reply)
{
	json_t *json = NULL;
	int rc;

	if (reply->status >= 200 && reply->status < 300)
		return 0;
	rc = client_reply_json(reply, &json);
	if (rc == -ENOMEM)
		return rc;
	if (json_object_get(json, "error") == NULL)
		rc = err_set(ERR_PROTOCOL, "an answer of status %ld without an error", reply->status);
	else
		rc = wire_error_decode(json);
	json_decref(json);
	return rc;
}
