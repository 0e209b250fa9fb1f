/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The handlers of histories: how much space pools and LUNs took.  The connection's thread. */
#include <errno.h>

#include "base/mem.h"
#include "http/http_int.h"

static json_t *
sample_json(enum row_family family, const struct array_sample *sample)
{
	if (family == ROW_LUN)
		return json_pack("{s:I, s:I}", "time_ms", (json_int_t)sample->time_ms,
				 "allocated_bytes", (json_int_t)sample->allocated_bytes);
	return json_pack("{s:I, s:I, s:I, s:I, s:I}", "time_ms", (json_int_t)sample->time_ms,
			 "capacity_bytes", (json_int_t)sample->capacity_bytes, "free_bytes",
			 (json_int_t)sample->free_bytes, "allocated_bytes",
			 (json_int_t)sample->allocated_bytes, "trash_bytes",
			 (json_int_t)sample->trash_bytes);
}

static int
history(struct http_call *call, struct http_reply *reply, enum row_family family)
{
	AUTO_FREE struct array_sample *samples = NULL;
	json_t *items;
	size_t count = 0;
	int rc = array_history(call->array, family, &call->ids[0], &samples, &count);

	if (rc < 0)
		return rc;
	items = json_array();
	for (size_t i = 0; i < count && rc == 0; i++)
		if (json_array_append_new(items, sample_json(family, &samples[i])) < 0)
			rc = -ENOMEM;
	if (rc < 0) {
		json_decref(items);
		return rc;
	}
	return http_reply_json(reply, json_pack("{s:o}", "items", items));
}

int
http_pool_history(struct http_call *call, struct http_reply *reply)
{
	return history(call, reply, ROW_POOL);
}

int
http_lun_history(struct http_call *call, struct http_reply *reply)
{
	return history(call, reply, ROW_LUN);
}
