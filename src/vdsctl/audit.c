/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* `vdsctl audit`: who has asked for which change, and what became of it. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "vdsctl/ctl_int.h"
#include "wire/wire.h"

#define RECORDS_DEFAULT 50
#define RECORDS_MAX     1000000

static const char *
text_of(const json_t *json, const char *member)
{
	const char *text = json_string_value(json_object_get(json, member));

	return text != NULL ? text : "";
}

static int
args_parse(const struct ctl *ctl, struct verb_args *ret_args, uint64_t *ret_limit)
{
	const char *since = ctl->options[OPT_SINCE], *limit = ctl->options[OPT_LIMIT];
	uint64_t ms = 0;
	int rc = 0;

	*ret_args = (struct verb_args){ .object = ctl->options[OPT_OBJECT],
					.who = ctl->options[OPT_WHO] };
	*ret_limit = since != NULL ? RECORDS_MAX : RECORDS_DEFAULT;
	if (limit != NULL &&
	    (str_parse_u64(limit, ret_limit) < 0 || *ret_limit == 0 || *ret_limit > RECORDS_MAX))
		return err_set(ERR_INVALID, "--limit takes a number from 1 to %d, not %s",
			       RECORDS_MAX, limit);
	if (since != NULL)
		rc = ctl_duration_parse("--since", since, &ms);
	if (ms != 0)
		ret_args->since_ms = (uint64_t)MAX(clock_utc_ms() - (int64_t)ms, 1);
	return rc;
}

/* Reads pages until there are `limit` records, or no more. */
static int
records_get(struct ctl *ctl, struct verb_args *args, uint64_t limit, json_t *records)
{
	json_t *page = NULL, *next;
	int rc = 0;

	do {
		args->limit = MIN(limit - json_array_size(records), (uint64_t)VERB_LIMIT_MAX);
		rc = ctl_ask(ctl, VERB_AUDIT_LIST, NULL, args, &page);
		if (rc < 0)
			return rc;
		if (json_array_extend(records, json_object_get(page, "items")) < 0)
			rc = err_set(ERR_PROTOCOL, "vdsd's answer is not a list");
		next = json_object_get(page, "next");
		args->before = (uint64_t)json_integer_value(next);
		json_decref(page);
	} while (rc == 0 && args->before != 0 && json_array_size(records) < limit);
	return rc;
}

/* Table of one record: who is as the change log writes it. */
static void
row_add(struct table *table, const json_t *record)
{
	struct principal who = { 0 };
	char text[PRINCIPAL_TEXT_SIZE];

	ctl_cell_time(table, json_integer_value(json_object_get(record, "utc_ms")));
	(void)wire_principal_decode(json_object_get(record, "principal"), &who);
	table_add(table, principal_format(&who, text));
	table_add(table, who.from);
	table_add(table, text_of(record, "verb"));
	table_add(table, text_of(record, "outcome"));
	table_add(table, text_of(record, "text"));
}

int
ctl_run_audit(struct ctl *ctl)
{
	AUTO_TABLE struct table *table = table_new("TIME|WHO|FROM|ASKED FOR|OUTCOME|WHAT");
	json_t *records = json_array();
	struct verb_args args;
	uint64_t limit;
	int rc = args_parse(ctl, &args, &limit);

	if (rc == 0 && (table == NULL || records == NULL))
		rc = -ENOMEM;
	if (rc == 0)
		rc = records_get(ctl, &args, limit, records);
	if (rc == 0 && ctl->json) {
		rc = ctl_json_print(records, ctl->out);
	} else if (rc == 0) {
		for (size_t i = 0; i < json_array_size(records); i++)
			row_add(table, json_array_get(records, i));
		rc = table_print(table, ctl->out);
	}
	json_decref(records);
	return rc;
}
