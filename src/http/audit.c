/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The handler of the audit log: /v1/audit.  The connection's thread. */
#include <errno.h>

#include "base/err.h"
#include "http/http_int.h"

/* vdsd itself is null. */
static json_t *
who_json(const struct principal *who)
{
	return who->kind == PRINCIPAL_SYSTEM ? json_null() : wire_principal_encode(who);
}

static json_t *
record_json(const struct audit_record *r)
{
	char id[GUID_TEXT_SIZE];

	return json_pack("{s:I, s:I, s:o, s:s, s:s, s:s, s:o, s:I, s:s, s:s, s:o}", "number",
			 (json_int_t)r->number, "utc_ms", (json_int_t)r->utc_ms, "principal",
			 who_json(&r->principal), "verb", r->verb, "cause", r->cause, "object",
			 r->object, "object_id",
			 guid_is_zero(&r->object_id) ? json_null()
						     : json_string(guid_format(&r->object_id, id)),
			 "sequence", (json_int_t)r->sequence, "outcome", r->outcome, "text",
			 r->text, "changes", json_loads(r->changes, 0, NULL));
}

int
http_audit_list(struct http_call *call, struct http_reply *reply)
{
	const struct verb_args *args = &call->args;
	const struct array_audit_query query = {
		.before = args->before,
		.since_ms = (int64_t)args->since_ms,
		.object = args->object,
		.who = args->who,
		.limit = args->limit != 0 ? args->limit : VERB_LIMIT_DEFAULT,
	};
	struct audit_record *records = NULL;
	json_t *items = json_array();
	size_t count = 0;
	int rc = items != NULL ? array_audit_list(call->array, &query, &records, &count) : -ENOMEM;

	for (size_t i = 0; rc == 0 && i < count; i++)
		if (json_array_append_new(items, record_json(&records[i])) < 0)
			rc = -ENOMEM;
	if (rc == 0)
		rc = http_reply_json(
			reply,
			json_pack("{s:O, s:o}", "items", items, "next",
				  count < query.limit
					  ? json_null()
					  : json_integer((json_int_t)records[count - 1].number)));
	json_decref(items);
	array_audit_free(records, count);
	return rc;
}
