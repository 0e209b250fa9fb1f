/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The handlers of snapshots, clones, rollbacks and schedules: /v1/snapshots,
 * /v1/snapshot-schedules. The connection's thread.
 */
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
					     .origin_id = call->ids[0],
					     .copy = call->args.copy };
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

/* ---- schedules ---- */

static struct array_schedule_spec
schedule_spec(const struct verb_args *args)
{
	return (struct array_schedule_spec){
		.name = args->name,
		.every = args->every,
		.at = args->at,
		.keep = args->keep,
		.luns = args->luns.ids,
		.lun_count = args->luns.count,
		.luns_given = args->luns.given,
		.enabled = args->enabled.value,
		.enabled_given = args->enabled.given,
	};
}

int
http_schedule_create(struct http_call *call, struct http_reply *reply)
{
	const struct array_schedule_spec spec = schedule_spec(&call->args);
	struct array_answer answer;
	int rc = array_schedule_create(call->array, &call->request, &spec, &answer);

	return http_answer(call, reply, rc, &answer);
}

int
http_schedule_patch(struct http_call *call, struct http_reply *reply)
{
	const struct array_schedule_spec spec = schedule_spec(&call->args);
	struct array_answer answer;
	int rc = array_schedule_change(call->array, &call->request, &call->ids[0], &spec, &answer);

	return http_answer(call, reply, rc, &answer);
}

int
http_schedule_run(struct http_call *call, struct http_reply *reply)
{
	struct array_answer answer;
	int rc = array_schedule_run(call->array, &call->request, &call->ids[0], &answer);

	return http_answer(call, reply, rc, &answer);
}

int
http_schedule_delete(struct http_call *call, struct http_reply *reply)
{
	struct array_answer answer;
	int rc = array_schedule_delete(call->array, &call->request, &call->ids[0], &answer);

	return http_answer(call, reply, rc, &answer);
}
