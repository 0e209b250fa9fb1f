/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What comes and goes: jobs and sessions. */
#include "http/http_int.h"

int
http_job_cancel(struct http_call *call, struct http_reply *reply)
{
	struct array_answer answer;
	int rc = array_job_cancel(call->array, &call->request, &call->ids[0], &answer);

	/* the job named in the answer would make it 202: it is the one cancelled, not a new one */
	if (rc == 0)
		answer.job_id = (struct guid){ { 0 } };
	return http_answer(call, reply, rc, &answer);
}

/* Not a change of configuration: the answer names the sequence at which it was asked. */
int
http_session_end(struct http_call *call, struct http_reply *reply)
{
	AUTO_STATE struct state *config = array_state(call->array);
	struct array_answer answer = {
		.sequence = state_position(config)->sequence,
		.object_id = call->ids[0],
	};

	return http_answer(call, reply, array_session_end(call->array, &call->ids[0]), &answer);
}
