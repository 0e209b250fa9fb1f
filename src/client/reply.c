/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Decodes an answer of vdsd: its JSON, or the error in it. Any thread. */
#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "client/client_int.h"

int
client_json_parse(const char *text, size_t len, json_t **ret_json)
{
	json_error_t error;
	json_t *json = json_loadb(text, len, 0, &error);

	/*
	 * Where jansson finds no memory it says so, or nothing, or that a token is invalid: that
	 * cannot be told apart.
	 */
	if (json == NULL &&
	    (*error.text == '\0' || json_error_code(&error) == json_error_out_of_memory))
		return -ENOMEM;
	if (json == NULL)
		return err_set(ERR_PROTOCOL, "vdsd's answer is not JSON: %s", error.text);
	*ret_json = json;
	return 0;
}

static int
text_add(const char *bytes, size_t len, void *text)
{
	strbuf_add_bytes(text, bytes, len);
	return ((const struct strbuf *)text)->failed ? -1 : 0;
}

int
client_json_text(const json_t *json, struct strbuf *text)
{
	return json_dump_callback(json, text_add, text, JSON_COMPACT) == 0 ? 0 : -ENOMEM;
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
		rc = err_set(ERR_PROTOCOL, "vdsd answered with status %ld and no error object",
			     reply->status);
	else
		rc = wire_error_decode(json);
	json_decref(json);
	return rc;
}
