/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The handlers of portals and portal groups: /v1/portals, /v1/portal-groups.  The connection's
 * thread.
 */
#include <errno.h>

#include "base/err.h"
#include "http/http_int.h"

/* Adds whether the portal listens, and why not. */
static int
listening_add(struct http_call *call, struct http_reply *reply, const struct guid *id)
{
	AUTO_STATE struct state *live = array_live(call->array);
	const struct row_live_portal *row = state_find(live, ROW_LIVE_PORTAL, id);
	const char *reason = row == NULL           ? "vdsd has not opened it yet"
			     : row->reason != NULL ? row->reason
						   : "";
	int rc = json_object_set_new(reply->json, "ready", json_boolean(row != NULL && row->ready));

	if (rc == 0)
		rc = json_object_set_new(reply->json, "reason", json_string(reason));
	return rc == 0 ? 0 : -ENOMEM;
}

int
http_portal_create(struct http_call *call, struct http_reply *reply)
{
	struct array_answer answer;
	int rc = array_portal_create(call->array, &call->request, call->args.address,
				     (uint16_t)call->args.port, call->args.all_targets, &answer);

	rc = http_answer(call, reply, rc, &answer);
	return rc < 0 ? rc : listening_add(call, reply, &answer.object_id);
}

int
http_portal_patch(struct http_call *call, struct http_reply *reply)
{
	struct array_answer answer;
	const struct verb_args *args = &call->args;
	int rc;

	if (args->drain_ms != 0 && args->status.status != STATUS_OFFLINE)
		rc = err_set(ERR_INVALID,
			     "drain_ms is allowed only together with the status offline");
	else
		rc = array_portal_set_status(call->array, &call->request, &call->ids[0],
					     args->status.status, &answer);
	if (rc == 0 && args->drain_ms != 0)
		array_portal_drain(call->array, &call->ids[0], (uint32_t)args->drain_ms);
	return http_answer(call, reply, rc, &answer);
}

int
http_portal_delete(struct http_call *call, struct http_reply *reply)
{
	struct array_answer answer;
	int rc = array_portal_delete(call->array, &call->request, &call->ids[0], &answer);

	return http_answer(call, reply, rc, &answer);
}

int
http_group_create(struct http_call *call, struct http_reply *reply)
{
	struct array_answer answer;
	int rc = array_group_create(call->array, &call->request, &call->args.target_id, &answer);

	return http_answer(call, reply, rc, &answer);
}

int
http_group_patch(struct http_call *call, struct http_reply *reply)
{
	const struct verb_args *args = &call->args;
	struct array_group_access access = {
		.set_state = args->access_state != NULL,
		.set_preferred = args->preferred.given,
		.preferred = args->preferred.value,
		.set_explicit = args->explicit_allowed.given,
		.explicit_allowed = args->explicit_allowed.value,
	};
	struct array_answer answer;
	int rc = 0;

	if (access.set_state)
		rc = port_access_parse(args->access_state, &access.state);
	if (rc == 0)
		rc = array_group_set_access(call->array, &call->request, &call->ids[0], &access,
					    &answer);
	return http_answer(call, reply, rc, &answer);
}

int
http_group_delete(struct http_call *call, struct http_reply *reply)
{
	struct array_answer answer;
	int rc = array_group_delete(call->array, &call->request, &call->ids[0],
				    call->args.with_portals, &answer);

	return http_answer(call, reply, rc, &answer);
}

int
http_group_add(struct http_call *call, struct http_reply *reply)
{
	struct array_answer answer;
	int rc = array_group_add_portal(call->array, &call->request, &call->ids[0], &call->ids[1],
					&answer);

	return http_answer(call, reply, rc, &answer);
}

int
http_group_remove(struct http_call *call, struct http_reply *reply)
{
	struct array_answer answer;
	int rc = array_group_remove_portal(call->array, &call->request, &call->ids[0],
					   &call->ids[1], &answer);

	return http_answer(call, reply, rc, &answer);
}
