/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The handlers of /v1/luns/{id}/faults: faults for tests.  The connection's thread. */
#include <errno.h>
#include <stdio.h>

#include "base/err.h"
#include "base/mem.h"
#include "http/http_int.h"

/* A number that is 0 where there is none. */
static json_t *
number_or_null(uint64_t number)
{
	return number != 0 ? json_integer((json_int_t)number) : json_null();
}

static json_t *
fault_json(const struct array_fault *f)
{
	bool ranged = f->blocks != 0;

	return json_pack("{s:I, s:s, s:s?, s:o, s:b, s:o, s:o, s:o, s:o, s:o, s:I}", "id",
			 (json_int_t)f->id, "operation", f->operation, "error",
			 f->error[0] != '\0' ? f->error : NULL, "delay_ms",
			 number_or_null(f->delay_ms), "hang", (int)f->hangs, "from_block",
			 ranged ? json_integer((json_int_t)f->from_block) : json_null(), "blocks",
			 number_or_null(f->blocks), "count", number_or_null(f->count), "ppm",
			 number_or_null(f->ppm), "for_ms", number_or_null(f->for_ms), "struck",
			 (json_int_t)f->struck);
}

int
http_lun_faults(struct http_call *call, struct http_reply *reply)
{
	AUTO_FREE struct array_fault *faults = NULL;
	json_t *list;
	int count = array_lun_faults(call->array, &call->ids[0], &faults);

	if (count < 0)
		return count;
	list = json_array();
	for (int i = 0; list != NULL && i < count; i++)
		if (json_array_append_new(list, fault_json(&faults[i])) < 0) {
			json_decref(list);
			list = NULL;
		}
	if (list == NULL)
		return -ENOMEM;
	return http_reply_json(reply, json_pack("{s:o}", "items", list));
}

int
http_lun_inject(struct http_call *call, struct http_reply *reply)
{
	const struct verb_args *args = &call->args;
	struct array_fault fault = {
		.operation = args->operation,
		.from_block = args->from_block,
		.blocks = args->blocks,
		.delay_ms = args->delay_ms,
		.hangs = args->hang,
		.count = args->count,
		.ppm = (uint32_t)args->ppm,
		.for_ms = args->for_ms,
	};
	struct array_answer answer;
	uint32_t id = 0;
	int rc;

	if (args->error != NULL)
		snprintf(fault.error, sizeof(fault.error), "%s", args->error);
	rc = array_lun_inject(call->array, &call->request, &call->ids[0], &fault, &id, &answer);
	rc = http_answer(call, reply, rc, &answer);
	if (rc == 0 && json_object_set_new(reply->json, "fault", number_or_null(id)) < 0)
		rc = -ENOMEM;
	return rc;
}

int
http_lun_faults_clear(struct http_call *call, struct http_reply *reply)
{
	struct array_answer answer;
	int rc = array_lun_faults_clear(call->array, &call->request, &call->ids[0],
					(uint32_t)call->args.fault, &answer);

	return http_answer(call, reply, rc, &answer);
}
