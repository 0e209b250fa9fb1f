/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The handlers of hosts and host groups: /v1/hosts, /v1/host-groups.  The connection's thread. */
#include "http/http_int.h"

int
http_host_create(struct http_call *call, struct http_reply *reply)
{
	struct array_answer answer;
	int rc = array_host_create(call->array, &call->request, call->args.name,
				   call->args.initiators, &answer);

	return http_answer(call, reply, rc, &answer);
}

/* The table lets exactly one member through. */
int
http_host_patch(struct http_call *call, struct http_reply *reply)
{
	const struct verb_args *args = &call->args;
	struct array_answer answer;
	int rc;

	if (args->name != NULL)
		rc = array_host_rename(call->array, &call->request, &call->ids[0], args->name,
				       &answer);
	else if (args->initiators != NULL)
		rc = array_host_set_initiators(call->array, &call->request, &call->ids[0],
					       args->initiators, &answer);
	else if (args->sources != NULL)
		rc = array_host_set_sources(call->array, &call->request, &call->ids[0],
					    args->sources, &answer);
	else if (args->qos != NULL)
		rc = array_host_set_qos(call->array, &call->request, &call->ids[0], args->qos,
					&answer);
	else if (args->initiators_add != NULL)
		rc = array_host_add_initiators(call->array, &call->request, &call->ids[0],
					       args->initiators_add, &answer);
	else
		rc = array_host_remove_initiators(call->array, &call->request, &call->ids[0],
						  args->initiators_remove, &answer);
	return http_answer(call, reply, rc, &answer);
}

int
http_host_delete(struct http_call *call, struct http_reply *reply)
{
	struct array_answer answer;
	int rc = array_host_delete(call->array, &call->request, &call->ids[0], call->args.force,
				   &answer);

	return http_answer(call, reply, rc, &answer);
}

int
http_host_group_create(struct http_call *call, struct http_reply *reply)
{
	struct array_answer answer;
	int rc = array_host_group_create(call->array, &call->request, call->args.name,
					 call->args.hosts.ids, call->args.hosts.count, &answer);

	return http_answer(call, reply, rc, &answer);
}

/* The table lets exactly one member through. */
int
http_host_group_patch(struct http_call *call, struct http_reply *reply)
{
	const struct verb_args *args = &call->args;
	struct array_answer answer;
	int rc;

	if (args->name != NULL)
		rc = array_host_group_rename(call->array, &call->request, &call->ids[0], args->name,
					     &answer);
	else if (args->hosts.given)
		rc = array_host_group_set_hosts(call->array, &call->request, &call->ids[0],
						args->hosts.ids, args->hosts.count, &answer);
	else if (args->add.given)
		rc = array_host_group_add_hosts(call->array, &call->request, &call->ids[0],
						args->add.ids, args->add.count, &answer);
	else
		rc = array_host_group_remove_hosts(call->array, &call->request, &call->ids[0],
						   args->remove.ids, args->remove.count, &answer);
	return http_answer(call, reply, rc, &answer);
}

int
http_host_group_delete(struct http_call *call, struct http_reply *reply)
{
	struct array_answer answer;
	int rc = array_host_group_delete(call->array, &call->request, &call->ids[0],
					 call->args.force, &answer);

	return http_answer(call, reply, rc, &answer);
}
