/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Requests for a LUN that another gateway owns: this gateway passes them to the owner, as JSON with
 * who asks, and gives the owner's reply.  The owner carries them out as if they had come to itself,
 * roles and the audit log included.  A request that has been passed is not passed again: when the
 * LUN has moved meanwhile, it fails with ERR_BUSY.  The connection's thread; at the owner a thread
 * of the array.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "http/http_int.h"

/* ---- whose request it is ---- */

/* Requests that change nothing, but tell what only the owner of the LUN knows. */
static bool
asks_owner(enum verb_id verb)
{
	return verb == VERB_LUN_COUNTERS || verb == VERB_LUN_FAULTS || verb == VERB_LUN_HISTORY ||
	       verb == VERB_LUN_RESERVATIONS;
}

/* Returns whether requests of a verb are passed between gateways. */
static bool
is_of_lun(const struct http_call *call, enum verb_id verb)
{
	const char *path = call->verb->path;

	return (verb_is_change(verb) || asks_owner(verb)) &&
	       (verb == VERB_SNAPSHOT_CREATE || str_starts(path, "/v1/luns/{id}") ||
		str_starts(path, "/v1/snapshots/{id}") || str_starts(path, "/v1/jobs/{id}"));
}

/* The LUN of a request; false = it is of none, or of something that is not there. */
static bool
lun_of(const struct http_call *call, enum verb_id verb, struct guid *ret_lun)
{
	AUTO_STATE struct state *state = NULL;
	const char *path = call->verb->path;

	if (!is_of_lun(call, verb))
		return false;
	if (str_starts(path, "/v1/luns/{id}")) {
		*ret_lun = call->ids[0];
		return true;
	}
	if (verb == VERB_SNAPSHOT_CREATE && call->args.luns.count > 0) {
		*ret_lun = call->args.luns.ids[0];
		return true;
	}
	state = array_state(call->array);
	if (str_starts(path, "/v1/snapshots/{id}")) {
		const struct row_snapshot *row = state_find(state, ROW_SNAPSHOT, &call->ids[0]);

		*ret_lun = row != NULL ? row->lun_id : (struct guid){ { 0 } };
		return row != NULL;
	}
	if (str_starts(path, "/v1/jobs/{id}")) {
		const struct row_job *row = state_find(state, ROW_JOB, &call->ids[0]);

		*ret_lun = row != NULL ? row->lun_id : (struct guid){ { 0 } };
		return row != NULL;
	}
	return false;
}

/* Checks that all LUNs of a request have one owner.  Returns 0, or ERR_BUSY with what to do. */
static int
check_one_owner(const struct http_call *call, const struct guid *owner)
{
	const struct verb_guids *luns = &call->args.luns;
	struct guid other;

	for (size_t i = 1; i < luns->count; i++) {
		if (!array_lun_is_elsewhere(call->array, &luns->ids[i], &other))
			other = *array_controller_id(call->array);
		if (!guid_equal(&other, owner))
			return err_set(
				ERR_BUSY,
				"the LUNs have several owners, and one gateway must hold all "
				"of them for a moment: move them to one with `vdsctl lun "
				"move-owner`, or take a snapshot of each");
	}
	return 0;
}

/* ---- requests as JSON ---- */

static json_t *
text_or_null(const char *text)
{
	return text != NULL ? json_string(text) : json_null();
}

static char *
request_text(const struct http_request *request)
{
	const struct principal *who = &request->principal;
	json_t *json = json_pack(
		"{s:s, s:s, s:o, s:o, s:o, s:{s:i, s:s, s:I, s:s, s:s}}", "method", request->method,
		"target", request->target, "request_id", text_or_null(request->request_id),
		"accept", text_or_null(request->accept), "body",
		request->body != NULL ? json_stringn(request->body, request->body_len)
				      : json_null(),
		"principal", "kind", (int)who->kind, "role", principal_role_name(who->role), "uid",
		(json_int_t)who->uid, "name", who->name, "from", who->from);
	char *text = json != NULL ? json_dumps(json, JSON_COMPACT) : NULL;

	json_decref(json);
	return text;
}

static int
principal_read(json_t *json, struct principal *ret_who)
{
	int kind = 0;
	json_int_t uid = 0;
	const char *role = NULL, *name = NULL, *from = NULL;

	if (json_unpack(json, "{s:i, s:s, s:I, s:s, s:s}", "kind", &kind, "role", &role, "uid",
			&uid, "name", &name, "from", &from) < 0 ||
	    kind < 0 || kind >= PRINCIPAL_COUNT)
		return ERR_PARSE;
	ret_who->kind = (enum principal_kind)kind;
	ret_who->role = principal_role_parse(role);
	ret_who->uid = (uint32_t)uid;
	snprintf(ret_who->name, sizeof(ret_who->name), "%s", name);
	snprintf(ret_who->from, sizeof(ret_who->from), "%s", from);
	return 0;
}

/* The texts of the request are borrowed from the JSON. */
static int
request_read(json_t *json, struct http_request *ret_request)
{
	json_t *body = json_object_get(json, "body");

	ret_request->method = json_string_value(json_object_get(json, "method"));
	ret_request->target = json_string_value(json_object_get(json, "target"));
	ret_request->request_id = json_string_value(json_object_get(json, "request_id"));
	ret_request->accept = json_string_value(json_object_get(json, "accept"));
	ret_request->body = json_string_value(body);
	ret_request->body_len = json_string_length(body);
	ret_request->is_passed = true;
	if (ret_request->method == NULL || ret_request->target == NULL)
		return ERR_PARSE;
	return principal_read(json_object_get(json, "principal"), &ret_request->principal);
}

/* ---- replies as JSON ---- */

/*
 * Live rows are those of one gateway: which of them show the change (their `boot` and `version`) is
 * of no use at another one, where a client would wait for them in vain.
 *
 * The body of a reply; NULL = it is of a kind that is not passed, or memory is out.  free().
 */
static char *
body_text(const struct http_reply *reply)
{
	if (reply->stream != NULL || reply->snapshot != NULL || reply->file > 0)
		return NULL;
	if (reply->json != NULL) {
		(void)json_object_del(reply->json, "live");
		return json_dumps(reply->json, JSON_COMPACT);
	}
	return strndup(reply->text != NULL ? reply->text : "", reply->text_len);
}

static char *
reply_text(const struct http_reply *reply)
{
	char *body = body_text(reply), *text = NULL;
	json_t *json = body != NULL
			       ? json_pack("{s:i, s:s}", "status", (int)reply->status, "body", body)
			       : NULL;

	if (json != NULL)
		text = json_dumps(json, JSON_COMPACT);
	json_decref(json);
	free(body);
	return text;
}

static int
reply_read(const void *bytes, size_t count, struct http_reply *reply)
{
	json_t *json = json_loadb(bytes, count, 0, NULL);
	int status = 0, rc = ERR_UNREACHABLE;
	const char *body = NULL;

	if (json != NULL &&
	    json_unpack(json, "{s:i, s:s}", "status", &status, "body", &body) == 0) {
		reply->status = (unsigned)status;
		reply->owned_text = str_dup(body);
		reply->text = reply->owned_text;
		reply->text_len = strlen(body);
		rc = reply->owned_text != NULL ? 0 : -ENOMEM;
	}
	json_decref(json);
	return rc == ERR_UNREACHABLE
		       ? err_set(rc, "the reply of the gateway that owns the LUN cannot be read")
		       : rc;
}

/* ---- passing ---- */

int
http_pass(struct http_call *call, enum verb_id verb, const struct http_request *request,
	  struct http_reply *reply)
{
	AUTO_FREE void *answer = NULL;
	size_t bytes = 0;
	struct guid lun, owner;
	char *text;
	int rc;

	if (request->is_passed && !is_of_lun(call, verb))
		return err_set(ERR_ACCESS,
			       "a gateway passes only requests for LUNs to another one");
	if (request->is_passed || !lun_of(call, verb, &lun))
		return 1;
	if (!array_lun_is_elsewhere(call->array, &lun, &owner)) {
		owner = *array_controller_id(call->array);
		rc = check_one_owner(call, &owner);
		return rc < 0 ? rc : 1;
	}
	rc = check_one_owner(call, &owner);
	if (rc < 0)
		return rc;
	text = request_text(request);
	if (text == NULL)
		return -ENOMEM;
	rc = array_gateway_pass(call->array, &owner, text, strlen(text), &answer, &bytes);
	free(text);
	if (rc == 0)
		rc = reply_read(answer, bytes, reply);
	if (rc == 0)
		call->audit.recorded = true; /* there */
	return rc;
}

void
http_serve_passed(void *arg, const void *bytes, size_t count, void **ret_reply, size_t *ret_bytes)
{
	struct http *http = arg;
	struct http_request request = { 0 };
	struct http_reply reply;
	json_t *json = json_loadb(bytes, count, 0, NULL);
	char *text = NULL;

	if (json != NULL && request_read(json, &request) == 0) {
		http_dispatch(http, &request, &reply);
		text = reply_text(&reply);
		http_reply_fini(&reply);
	}
	json_decref(json);
	if (text != NULL)
		*ret_reply = str_dup(text);
	*ret_bytes = *ret_reply != NULL ? strlen(text) : 0;
	free(text);
}
