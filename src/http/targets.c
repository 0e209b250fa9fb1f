/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The handlers of targets: /v1/targets.  The connection's thread. */
#include "http/http_int.h"

int
http_target_create(struct http_call *call, struct http_reply *reply)
{
	const struct verb_args *args = &call->args;
	struct array_answer answer;
	int rc = array_target_create(call->array, &call->request, args->iscsi_name,
				     args->alias != NULL ? args->alias : "", args->with_group,
				     args->duplicate, &answer);

	return http_answer(call, reply, rc, &answer);
}

int
http_target_patch(struct http_call *call, struct http_reply *reply)
{
	struct array_answer answer;
	int rc;

	/* the table lets exactly one of the three through */
	if (call->args.redirect != NULL)
		rc = array_target_set_redirect(call->array, &call->request, &call->ids[0],
					       call->args.redirect, &answer);
	else if (call->args.sources != NULL)
		rc = array_target_set_sources(call->array, &call->request, &call->ids[0],
					      call->args.sources, &answer);
	else
		rc = array_target_set_alias(call->array, &call->request, &call->ids[0],
					    call->args.alias, call->args.duplicate, &answer);

	return http_answer(call, reply, rc, &answer);
}

int
http_target_delete(struct http_call *call, struct http_reply *reply)
{
	struct array_answer answer;
	int rc = array_target_delete(call->array, &call->request, &call->ids[0], &answer);

	return http_answer(call, reply, rc, &answer);
}
