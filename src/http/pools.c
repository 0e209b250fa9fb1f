/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The handlers of pools: /v1/pools.  The connection's thread. */
#include "http/http_int.h"

int
http_pool_create(struct http_call *call, struct http_reply *reply)
{
	struct array_answer answer;
	const char *name = call->args.name, *path = call->args.path;
	int rc = call->args.force
			 ? array_pool_create_forced(call->array, &call->request, name, path,
						    &answer)
			 : array_pool_create(call->array, &call->request, name, path, &answer);

	return http_answer(call, reply, rc, &answer);
}

int
http_pool_patch(struct http_call *call, struct http_reply *reply)
{
	struct array_answer answer;
	const struct array_pool_options options = {
		.name = call->args.name,
		.low = call->args.low,
		.full = call->args.full,
		.overcommit = call->args.overcommit,
		.trash = call->args.trash,
		.qos = call->args.qos,
		.set_trash_yields = call->args.trash_yields.given,
		.trash_yields = call->args.trash_yields.value,
	};
	int rc = array_pool_change(call->array, &call->request, &call->ids[0], &options, &answer);

	return http_answer(call, reply, rc, &answer);
}

int
http_pool_delete(struct http_call *call, struct http_reply *reply)
{
	struct array_answer answer;
	int rc = array_pool_delete(call->array, &call->request, &call->ids[0], &answer);

	return http_answer(call, reply, rc, &answer);
}

int
http_pool_adopt(struct http_call *call, struct http_reply *reply)
{
	const struct verb_args *args = &call->args;
	const struct array_lun_spec spec = {
		.name = args->name,
		.pool_id = call->ids[0],
		.block_bytes = (uint32_t)args->block_bytes,
		.mask = args->mask,
		.hints = args->hints,
		.removable = args->removable,
	};
	struct array_answer answer;

	return http_answer(call, reply,
			   array_lun_adopt(call->array, &call->request, &spec, args->path, &answer),
			   &answer);
}
