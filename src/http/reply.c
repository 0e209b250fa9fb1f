/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Replies: JSON, answers to changes, errors.  The connection's thread. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "http/http_int.h"

int
http_reply_json(struct http_reply *reply, json_t *json)
{
	if (json == NULL)
		return -ENOMEM;
	reply->json = json;
	return 0;
}

/* Returns NULL when the change affects configuration alone; then the member is omitted. */
static json_t *
live_json(const struct array_answer *answer)
{
	char boot[GUID_TEXT_SIZE];

	if (guid_is_zero(&answer->live_boot))
		return NULL;
	return json_pack("{s:s, s:I}", "boot", guid_format(&answer->live_boot, boot), "version",
			 (json_int_t)answer->live_version);
}

int
http_answer(struct http_call *call, struct http_reply *reply, int rc,
	    const struct array_answer *answer)
{
	char id[GUID_TEXT_SIZE], job[GUID_TEXT_SIZE];
	bool has_job;

	if (rc < 0)
		return rc;
	has_job = !guid_is_zero(&answer->job_id);
	reply->status = has_job ? 202 : answer->existed ? 200 : call->verb->status;
	return http_reply_json(reply, json_pack("{s:I, s:s, s:s?, s:b, s:b, s:o*}", "sequence",
						(json_int_t)answer->sequence, "id",
						guid_format(&answer->object_id, id), "job",
						has_job ? guid_format(&answer->job_id, job) : NULL,
						"existed", answer->existed, "replayed",
						answer->replayed, "live", live_json(answer)));
}

void
http_reply_error(struct http_reply *reply, int code)
{
	static const char no_memory[] =
		"{\"error\":{\"code\":\"ENOMEM\",\"message\":\"out of memory\"}}";

	json_decref(reply->json);
	reply->json = wire_error_encode(code);
	reply->status = http_status(code);
	reply->code = code;
	if (reply->json == NULL) {
		reply->text = no_memory;
		reply->text_len = sizeof(no_memory) - 1;
	}
}

void
http_reply_fini(struct http_reply *reply)
{
	json_decref(reply->json);
	mem_free(reply->owned_text);
	mem_free(reply->owned_header);
	wire_snapshot_writer_free(reply->snapshot);
	if (reply->stream != NULL)
		http_stream_free(reply->stream);
	if (reply->file > 0)
		close(reply->file);
	memset(reply, 0, sizeof(*reply));
}
