/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The handlers of snapshots, clones and rollbacks: /v1/snapshots.  The connection's thread. */
#include "base/err.h"
#include "http/http_int.h"

int
http_snapshot_create(struct http_call *call, struct http_reply *reply)
{
	const struct verb_guids *luns = &call->args.luns;
	struct array_answer answer;
	int rc = array_snapshot_create(call->array, &call->request, call->args.name, luns->ids,
				       luns->count, &answer);

	return http_answer(call, reply, rc, &answer);
}

int
http_snapshot_patch(struct http_call *call, struct http_reply *reply)
{
	struct array_answer answer;
	int rc = array_snapshot_rename(call->array, &call->request, &call->ids[0], call->args.name,
				       &answer);

	return http_answer(call, reply, rc, &answer);
}

int
http_snapshot_delete(struct http_call *call, struct http_reply *reply)
{
	struct array_answer answer;
	int rc = array_snapshot_delete(call->array, &call->request, &call->ids[0], &answer);

	return http_answer(call, reply, rc, &answer);
}

/* Of a LUN or of a snapshot: the path says of which, and another object is not found there. */
int
http_clone(struct http_call *call, struct http_reply *reply)
{
	AUTO_STATE struct state *state = array_state(call->array);
	const struct array_lun_spec spec = { .name = call->args.name,
					     .mask = call->args.mask,
					     .hints = call->args.hints,
					     .origin_id = call->ids[0] };
	enum row_family family = call->route->family;
	struct array_answer answer;
	char text[GUID_TEXT_SIZE];
	int rc;

	if (state_find(state, family, &call->ids[0]) == NULL)
		return err_set(ERR_NOT_FOUND, "there is no %s with the id %s", row_noun(family),
			       guid_format(&call->ids[0], text));
	rc = array_lun_create(call->array, &call->request, &spec, &answer);
	return http_answer(call, reply, rc, &answer);
}

int
http_lun_rollback(struct http_call *call, struct http_reply *reply)
{
	const struct verb_args *args = &call->args;
	struct array_answer answer;
	int rc = array_lun_rollback(call->array, &call->request, &call->ids[0], &args->snapshot_id,
				    args->force, &answer);

	return http_answer(call, reply, rc, &answer);
}
