/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Turns a request into a reply: finds the verb, checks the role, reads the arguments and calls the
 * handler.  The connection's thread.
 */
#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "http/http_int.h"

static void
call_fini(struct http_call *call)
{
	http_args_fini(&call->args);
	json_decref(call->body);
	mem_free(call->target);
}

/*
 * Reads JSON (RFC 8259).  A member that appears twice is refused, since two readers could read
 * different values.
 */
static int
body_parse(struct http_call *call, const struct http_request *request)
{
	json_error_t error;

	if (request->body_len > HTTP_BODY_MAX)
		return err_set(ERR_INVALID, "the body is larger than 1 MiB");
	if (request->body_len > 0) {
		call->body = json_loadb(request->body, request->body_len, JSON_REJECT_DUPLICATES,
					&error);
		if (call->body == NULL)
			return err_set(ERR_INVALID, "the body is not JSON: line %d: %s", error.line,
				       error.text);
	}
	return http_spec_body(call->verb->body, call->body, &call->args);
}

static int
request_id_parse(const char *text, struct guid *ret_id)
{
	if (text == NULL)
		return 0;
	if (guid_parse(text, ret_id) < 0 || guid_is_zero(ret_id))
		return err_set(ERR_INVALID, "X-Request-Id must be a GUID");
	return 0;
}

static int
role_check(const struct http_call *call)
{
	const struct principal *who = call->request.principal;
	char text[PRINCIPAL_TEXT_SIZE];

	if (who->role >= call->verb->role)
		return 0;
	return err_set(ERR_ACCESS, "%s %s needs the role %s, but %s has the role %s",
		       call->verb->method, call->verb->path, principal_role_name(call->verb->role),
		       principal_format(who, text), principal_role_name(who->role));
}

static int
call_run(struct http_call *call, const struct http_request *request, struct http_reply *reply)
{
	enum verb_id id = VERB_COUNT;
	char *query;
	int rc;

	call->target = str_dup(request->target);
	if (call->target == NULL)
		return -ENOMEM;
	query = strchr(call->target, '?');
	if (query != NULL)
		*query++ = '\0';
	rc = http_unescape(call->target, false);
	if (rc == 0)
		rc = http_route_find(request->method, call->target, &id, call->ids, reply->allow,
				     sizeof(reply->allow));
	if (rc < 0)
		return rc;
	call->verb = &verb_table[id];
	call->route = &http_routes[id];
	rc = role_check(call);
	if (rc == 0)
		rc = request_id_parse(request->request_id, &call->request.id);
	if (rc == 0)
		rc = http_spec_query(call->verb->query, query, &call->args);
	if (rc == 0)
		rc = body_parse(call, request);
	return rc < 0 ? rc : call->route->handler(call, reply);
}

void
http_dispatch(struct http *http, const struct http_request *request, struct http_reply *ret_reply)
{
	struct http_call call = {
		.http = http,
		.array = http->array,
		.request.principal = &request->principal,
		.streams = request->streams != NULL ? request->streams : &http->sockets[0].streams,
	};
	int rc;

	memset(ret_reply, 0, sizeof(*ret_reply));
	err_clear();
	rc = call_run(&call, request, ret_reply);
	if (rc < 0) {
		http_reply_error(ret_reply, rc);
		if (call.verb == NULL && ret_reply->allow[0] != '\0')
			ret_reply->status = 405;
		if (request->body_len > HTTP_BODY_MAX && rc == ERR_INVALID)
			ret_reply->status = 413;
	} else {
		ret_reply->allow[0] = '\0';
		if (ret_reply->status == 0)
			ret_reply->status = call.verb->status;
	}
	call_fini(&call);
}
