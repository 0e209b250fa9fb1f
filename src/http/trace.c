/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The handler of /v1/trace: commands of initiators one by one.  A client asks again and again, each
 * time with the cursor of the answer before; the data path notes commands as long as somebody asks.
 * The connection's thread.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "http/http_int.h"

#define NS_PER_US 1000u

/* ---- the cursor: the number for each thread, "17-4" ---- */

static int
cursor_parse(const char *text, struct array_trace_place *place)
{
	*place = (struct array_trace_place){ 0 };
	while (text != NULL && *text != '\0') {
		char digits[24];
		size_t len = strcspn(text, "-");

		if (len >= sizeof(digits) || place->threads == ARRAY_TRACE_THREADS)
			return ERR_INVALID;
		memcpy(digits, text, len);
		digits[len] = '\0';
		if (str_parse_u64(digits, &place->at[place->threads++]) < 0)
			return ERR_INVALID;
		text += len;
		text += *text == '-';
	}
	return 0;
}

static json_t *
cursor_json(const struct array_trace_place *place)
{
	AUTO(strbuf_fini) struct strbuf text = { 0 };

	for (unsigned i = 0; i < place->threads; i++)
		strbuf_addf(&text, "%s%" PRIu64, i > 0 ? "-" : "", place->at[i]);
	return text.failed || text.len == 0 ? NULL : json_string(text.text);
}

/* ---- records ---- */

struct traced {
	const struct verb_args *args;
	struct array_trace_record *records; /* room for one answer */
	size_t count;
};

static void
take(void *arg, const struct array_trace_record *record)
{
	struct traced *traced = arg;
	const struct verb_args *args = traced->args;

	if ((!guid_is_zero(&args->lun_id) && !guid_equal(&args->lun_id, &record->lun_id)) ||
	    (args->failed && record->status == 0) || record->total_ns / NS_PER_US < args->min_us ||
	    (args->initiator != NULL && !str_equal(args->initiator, record->initiator)))
		return;
	traced->records[traced->count++] = *record;
}

static int
by_time(const void *a, const void *b)
{
	const struct array_trace_record *x = a, *y = b;

	return (x->utc_us > y->utc_us) - (x->utc_us < y->utc_us);
}

static json_t *
phases_json(const struct array_trace_record *r)
{
	return json_pack("{s:I, s:I, s:I, s:I}", "data_us", (json_int_t)r->data_us, "limit_us",
			 (json_int_t)r->limit_us, "wait_us", (json_int_t)r->wait_us, "store_us",
			 (json_int_t)r->store_us);
}

static json_t *
record_json(const struct array_trace_record *r)
{
	char lun[GUID_TEXT_SIZE], session[GUID_TEXT_SIZE];
	json_t *json = json_pack(
		"{s:I, s:s, s:s, s:s, s:i, s:I, s:i, s:i, s:s, s:I, s:I, s:i, s:I, s:o}", "utc_us",
		(json_int_t)r->utc_us, "lun_id", guid_format(&r->lun_id, lun), "session_id",
		guid_format(&r->session_id, session), "initiator", r->initiator, "number",
		(int)r->number, "tag", (json_int_t)r->tag, "opcode", (int)r->opcode,
		"service_action", (int)r->service_action, "command",
		http_scsi_name(r->opcode, r->service_action), "lba", (json_int_t)r->lba, "bytes",
		(json_int_t)r->bytes, "status", (int)r->status, "total_ns", (json_int_t)r->total_ns,
		"phases", phases_json(r));

	if (r->sense_key != 0 || r->sense_asc != 0)
		json_object_set_new(json, "sense",
				    json_pack("[i, i, i]", (int)r->sense_key, (int)r->sense_asc,
					      (int)r->sense_ascq));
	return json;
}

static int
answer(struct http_reply *reply, struct traced *traced, const struct array_trace_place *place,
       uint64_t lost)
{
	json_t *items = json_array();

	qsort(traced->records, traced->count, sizeof(traced->records[0]), by_time);
	for (size_t i = 0; i < traced->count; i++)
		if (json_array_append_new(items, record_json(&traced->records[i])) < 0) {
			json_decref(items);
			return -ENOMEM;
		}
	return http_reply_json(reply, json_pack("{s:o, s:I, s:o}", "cursor", cursor_json(place),
						"lost", (json_int_t)lost, "items", items));
}

int
http_trace(struct http_call *call, struct http_reply *reply)
{
	AUTO_FREE struct array_trace_record *records = mem_calloc(ARRAY_TRACE_MAX,
								  sizeof(*records));
	struct traced traced = { .args = &call->args, .records = records };
	struct array_trace_place place;
	uint64_t lost = 0;
	int rc;

	if (records == NULL)
		return -ENOMEM;
	if (cursor_parse(call->args.cursor, &place) < 0)
		return err_set(ERR_INVALID, "cursor: not the cursor of an answer of /v1/trace");
	rc = array_trace(call->array, &place, take, &traced, &lost);
	return rc < 0 ? rc : answer(reply, &traced, &place, lost);
}
