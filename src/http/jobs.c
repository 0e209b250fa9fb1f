/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The handlers of jobs and sessions: /v1/jobs, /v1/sessions.  The connection's thread. */
#include "base/log.h"
#include "http/http_int.h"

/*
 * Logs what was done to a job or a session: that is no change of configuration, so
 * array/changelog.c does not see it.
 */
static void
done_log(const struct http_call *call, const char *noun, const char *done)
{
	char id[GUID_TEXT_SIZE], who[PRINCIPAL_TEXT_SIZE];

	log_info("array.change", "%s %s: %s by %s", noun, guid_format(&call->ids[0], id), done,
		 principal_format(call->request.principal, who));
}

int
http_job_cancel(struct http_call *call, struct http_reply *reply)
{
	struct array_answer answer;
	int rc = array_job_cancel(call->array, &call->request, &call->ids[0], &answer);

	/* the answer names the cancelled job; without this it would be taken for a new one (202) */
	if (rc == 0) {
		answer.job_id = (struct guid){ { 0 } };
		done_log(call, "job", "cancelled");
	}
	return http_answer(call, reply, rc, &answer);
}

int
http_job_pause(struct http_call *call, struct http_reply *reply)
{
	struct array_answer answer;
	int rc = array_job_pause(call->array, &call->request, &call->ids[0], &answer);

	return http_answer(call, reply, rc, &answer);
}

int
http_job_resume(struct http_call *call, struct http_reply *reply)
{
	struct array_answer answer;
	int rc = array_job_resume(call->array, &call->request, &call->ids[0], &answer);

	return http_answer(call, reply, rc, &answer);
}

/*
 * Ends a session.  That changes no configuration, so the answer has the sequence at the time of the
 * request.
 */
int
http_session_end(struct http_call *call, struct http_reply *reply)
{
	AUTO_STATE struct state *config = array_state(call->array);
	struct array_answer answer = {
		.sequence = state_position(config)->sequence,
		.object_id = call->ids[0],
	};
	int rc = array_session_end(call->array, &call->ids[0]);

	if (rc == 0)
		done_log(call, "session", "ended");
	return http_answer(call, reply, rc, &answer);
}
