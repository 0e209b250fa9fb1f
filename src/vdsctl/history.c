/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* `vdsctl history`: the changes that people and programs have made, for `vdsctl undo`. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "vdsctl/ctl_int.h"
#include "wire/wire.h"

#define CHANGES_DEFAULT 20
#define CHANGES_MAX     100000

static const char *
text_of(const json_t *json, const char *member)
{
	const char *text = json_string_value(json_object_get(json, member));

	return text != NULL ? text : "";
}

/* Was a row changed, and did somebody ask for it? */
static bool
is_change(const json_t *record)
{
	return json_integer_value(json_object_get(record, "sequence")) > 0 &&
	       text_of(record, "verb")[0] != '\0';
}

/*
 * Notes which change an undo has taken back, unless that undo was taken back later.  `undone` has
 * the numbers of changes, with that of the undo.
 */
static int
note_undone(json_t *undone, const json_t *record)
{
	json_int_t sequence = json_integer_value(json_object_get(record, "sequence"));
	const char *object = text_of(record, "object");
	char self[32];

	snprintf(self, sizeof(self), "change %lld", (long long)sequence);
	if (!str_equal(text_of(record, "cause"), "undo") || strncmp(object, "change ", 7) != 0 ||
	    json_object_get(undone, self) != NULL)
		return 0;
	return json_object_set_new(undone, object, json_integer(sequence)) < 0 ? -ENOMEM : 0;
}

/* Reads pages until there are `limit` changes, or no more records. */
static int
changes_get(struct ctl *ctl, uint64_t limit, json_t *changes, json_t *undone)
{
	struct verb_args args = { .limit = VERB_LIMIT_DEFAULT };
	int rc = 0;

	do {
		json_t *page = NULL, *items;

		rc = ctl_ask(ctl, VERB_AUDIT_LIST, NULL, &args, &page);
		items = json_object_get(page, "items");
		for (size_t i = 0; rc == 0 && i < json_array_size(items); i++) {
			json_t *record = json_array_get(items, i);

			if (json_array_size(changes) == limit)
				break;
			if (is_change(record))
				rc = json_array_append(changes, record) < 0
					     ? -ENOMEM
					     : note_undone(undone, record);
		}
		args.before = (uint64_t)json_integer_value(json_object_get(page, "next"));
		json_decref(page);
	} while (rc == 0 && args.before != 0 && json_array_size(changes) < limit);
	return rc;
}

static void
row_add(struct table *table, const json_t *record, const json_t *undone)
{
	json_int_t sequence = json_integer_value(json_object_get(record, "sequence"));
	struct principal who = { 0 };
	char text[PRINCIPAL_TEXT_SIZE], self[32], by[32] = "";
	const json_t *undo;

	snprintf(self, sizeof(self), "change %lld", (long long)sequence);
	undo = json_object_get(undone, self);
	if (undo != NULL)
		snprintf(by, sizeof(by), "by %lld", (long long)json_integer_value(undo));
	(void)wire_principal_decode(json_object_get(record, "principal"), &who);
	table_add(table, self + 7);
	ctl_cell_time(table, json_integer_value(json_object_get(record, "utc_ms")));
	table_add(table, principal_format(&who, text));
	table_add(table, text_of(record, "verb"));
	table_add(table, by);
	table_add(table, text_of(record, "text"));
}

static int
history_print(struct ctl *ctl, const json_t *changes, const json_t *undone)
{
	AUTO_TABLE struct table *table = table_new("CHANGE|TIME|WHO|ASKED FOR|UNDONE|WHAT");

	if (table == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < json_array_size(changes); i++)
		row_add(table, json_array_get(changes, i), undone);
	return table_print(table, ctl->out);
}

int
ctl_run_history(struct ctl *ctl)
{
	const char *most = ctl->options[OPT_LIMIT];
	json_t *changes = json_array(), *undone = json_object();
	uint64_t limit = CHANGES_DEFAULT;
	int rc = changes != NULL && undone != NULL ? 0 : -ENOMEM;

	if (rc == 0 && most != NULL &&
	    (str_parse_u64(most, &limit) < 0 || limit == 0 || limit > CHANGES_MAX))
		rc = err_set(ERR_INVALID, "--limit takes a number from 1 to %d, not %s",
			     CHANGES_MAX, most);
	if (rc == 0)
		rc = changes_get(ctl, limit, changes, undone);
	if (rc == 0)
		rc = ctl->json ? ctl_json_print(changes, ctl->out)
			       : history_print(ctl, changes, undone);
	json_decref(changes);
	json_decref(undone);
	return rc;
}
