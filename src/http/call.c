/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Turns a request into a reply: finds the verb, checks the role, reads the arguments and calls the
 * handler.  The connection's thread.
 */
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/secret.h"
#include "http/http_int.h"

#define LEASE_WAIT_MS 3000u
#define LEASE_POLL_MS 20u

/* ---- what a body leaves in memory ---- */

/*
 * Set while jansson reads or frees a body, which may hold a secret.  To overwrite all JSON that is
 * freed would make lists slower by a third.
 */
static _Thread_local bool wiping;

static void
json_block_free(void *block)
{
	if (wiping && block != NULL)
		secret_wipe(block, malloc_usable_size(block));
	free(block);
}

void
http_memory_protect(void)
{
	json_set_alloc_funcs(malloc, json_block_free);
}

static json_t *
body_load(const char *body, size_t len, json_error_t *error)
{
	json_t *json;

	wiping = true;
	json = json_loadb(body, len, JSON_REJECT_DUPLICATES, error);
	wiping = false;
	return json;
}

static void
body_free(json_t *body)
{
	wiping = true;
	json_decref(body);
	wiping = false;
}

/* The text is a string of the body, which is freed next. */
static void
secret_forget(struct http_call *call)
{
	char *secret = (char *)(uintptr_t)call->args.secret;

	if (secret != NULL)
		secret_wipe(secret, strlen(secret));
}

static void
call_fini(struct http_call *call)
{
	secret_forget(call);
	http_args_fini(&call->args);
	body_free(call->body);
	mem_free(call->target);
}

/*
 * The length of what jansson says without the piece of the body that it quotes ("invalid token near
 * '…'"): that may be a secret.
 */
static size_t
what_is_wrong(const char *text)
{
	const char *near = strstr(text, " near ");

	return near != NULL ? (size_t)(near - text) : strlen(text);
}

/* Where a secret belongs, a parameter that does not is not repeated in the error. */
static int
query_parse(struct http_call *call, char *query)
{
	if (call->verb->query == NULL && query != NULL && *query != '\0' &&
	    http_spec_has_secret(call->verb->body))
		return err_set(ERR_INVALID,
			       "%s %s takes no parameters in its address: secrets belong in the "
			       "body only",
			       call->verb->method, call->verb->path);
	return http_spec_query(call->verb->query, query, &call->args);
}

/*
 * Reads JSON (RFC 8259).  A member that appears twice is refused, since two readers could read
 * different values.
 */
static int
body_parse(struct http_call *call, const struct http_request *request)
{
	json_error_t error;

	if (call->verb->body == &verb_document) {
		call->document = request->body != NULL ? request->body : "";
		call->document_len = request->body_len;
		return 0;
	}
	if (request->body_len > HTTP_BODY_MAX)
		return err_set(ERR_INVALID, "the body is larger than 1 MiB");
	if (request->body_len > 0) {
		call->body = body_load(request->body, request->body_len, &error);
		if (call->body == NULL)
			return err_set(ERR_INVALID,
				       "the body is not JSON: line %d, column %d: %.*s", error.line,
				       error.column, (int)what_is_wrong(error.text), error.text);
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
	if (who->role == ROLE_NONE)
		return err_set(ERR_ACCESS,
			       "%s has no role here: the keys admin, operator and reader of "
			       "vdsd.conf give one, or use a token",
			       principal_format(who, text));
	return err_set(ERR_ACCESS, "%s %s needs the role %s, but %s has the role %s",
		       call->verb->method, call->verb->path, principal_role_name(call->verb->role),
		       principal_format(who, text), principal_role_name(who->role));
}

/* Begins the record of a request that may change something. */
static void
audit_begin(struct http_call *call, enum verb_id verb)
{
	if (!verb_is_change(verb))
		return;
	call->audit.verb = call->verb->operation;
	call->audit.object_id = call->ids[0];
	call->request.audit = &call->audit;
}

/*
 * Records what no change has recorded: what was refused, what has failed, and what changes no row.
 * unread: the body is not JSON; then the text is not kept, since the body may hold a secret.
 */
static void
audit_end(struct http_call *call, int rc, bool unread)
{
	AUTO_FREE char *text = rc < 0 ? str_dup(err_text(rc)) : NULL;

	if (call->request.audit == NULL || call->audit.recorded)
		return;
	(void)array_audit_put(call->array, &call->request, rc,
			      unread                   ? "the body is not JSON"
			      : rc < 0 && text == NULL ? ""
						       : text);
	if (text != NULL)
		err_set(rc, "%s", text);
}

/*
 * A gateway without its lease may have been replaced, and know nothing of what others have changed:
 * it tells nobody what the array is like.  One that was only slow has the lease again in a moment,
 * which is waited for.  Changes are checked against the newest catalog anyway.
 */
static int
lease_check(struct http_call *call, enum verb_id verb)
{
	const struct timespec poll = { .tv_nsec = LEASE_POLL_MS * 1000000 };

	if (verb_is_change(verb) || verb == VERB_METRICS || verb == VERB_HEALTH ||
	    verb == VERB_VERSION || verb == VERB_OPENAPI)
		return 0;
	call->lacks_lease = array_is_held(call->array);
	if (call->lacks_lease)
		return err_set(ERR_READ_ONLY, "this gateway serves nothing: %s",
			       array_read_only_reason(call->array));
	for (unsigned ms = 0; ms < LEASE_WAIT_MS; ms += LEASE_POLL_MS) {
		if (array_lease_ok(call->array))
			return 0;
		nanosleep(&poll, NULL);
	}
	call->lacks_lease = true;
	return err_set(
		ERR_UNREACHABLE,
		"this gateway has not reached the cluster for some seconds, so others may have "
		"changed the array meanwhile: ask another gateway, or try again when the "
		"cluster answers");
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
	if (id == VERB_COUNT)
		return rc;
	call->verb = &verb_table[id];
	call->route = &http_routes[id];
	audit_begin(call, id);
	if (rc == 0) /* else a part of the path is not an id */
		rc = role_check(call);
	if (rc == 0)
		rc = lease_check(call, id);
	if (rc == 0)
		rc = request_id_parse(request->request_id, &call->request.id);
	if (rc == 0)
		rc = query_parse(call, query);
	if (rc == 0)
		rc = body_parse(call, request);
	if (rc < 0)
		return rc;
	rc = http_pass(call, id, request, reply);
	return rc == 1 ? call->route->handler(call, reply) : rc;
}

void
http_audit_refused(struct http *http, const struct http_request *request, int rc)
{
	struct http_call call = { .array = http->array, .request.principal = &request->principal };
	AUTO_FREE char *text = str_dup(err_text(rc));
	enum verb_id id = VERB_COUNT;
	char allow[64];

	call.target = request->target != NULL ? str_dup(request->target) : NULL;
	if (call.target != NULL && text != NULL) {
		call.target[strcspn(call.target, "?")] = '\0';
		if (http_unescape(call.target, false) == 0)
			(void)http_route_find(request->method, call.target, &id, call.ids, allow,
					      sizeof(allow));
		if (id != VERB_COUNT) {
			call.verb = &verb_table[id];
			audit_begin(&call, id);
			err_set(rc, "%s", text);
			audit_end(&call, rc, false);
		}
		err_set(rc, "%s", text);
	}
	mem_free(call.target);
}

void
http_dispatch(struct http *http, const struct http_request *request, struct http_reply *ret_reply)
{
	struct http_call call = {
		.http = http,
		.array = http->array,
		.request.principal = &request->principal,
		.conn = request->conn,
		.accept = request->accept,
		.streams = request->streams != NULL ? request->streams : &http->sockets[0].streams,
	};
	int rc;

	memset(ret_reply, 0, sizeof(*ret_reply));
	err_clear();
	rc = call_run(&call, request, ret_reply);
	audit_end(&call, rc,
		  rc == ERR_INVALID && request->body_len > 0 && call.body == NULL &&
			  call.document == NULL);
	if (rc < 0) {
		http_reply_error(ret_reply, rc);
		if (call.verb == NULL && ret_reply->allow[0] != '\0')
			ret_reply->status = 405;
		else
			ret_reply->allow[0] = '\0';
		if (call.lacks_lease)
			ret_reply->status = 503;
		if (request->body_len > HTTP_BODY_MAX && rc == ERR_INVALID && call.document == NULL)
			ret_reply->status = 413;
	} else {
		ret_reply->allow[0] = '\0';
		if (ret_reply->status == 0)
			ret_reply->status = call.verb->status;
	}
	call_fini(&call);
}
