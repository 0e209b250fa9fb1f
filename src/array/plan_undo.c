/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Undoing a change: the audit log has each row of it before and after.  What the change left must
 * still be so; then the rows are put as they were.  Refuses what would need data or secrets that
 * are gone, and what would delete data.  The thread that asks.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "array/plan_int.h"
#include "base/err.h"
#include "base/mem.h"
#include "model/fields.h"

#define PAGE         200   /* records that are read at once */
#define RECORDS_MOST 20000 /* records that are looked at */

/* ---- which change ---- */

struct search {
	uint64_t wanted;  /* sequence; 0 = the newest that can be meant */
	uint64_t *undone; /* owned; sequences that later records have undone */
	size_t undone_count, undone_capacity;
	uint64_t sequence;
	char *changes, *text, *cause; /* of the record that was found; owned */
};

static void
search_fini(struct search *s)
{
	mem_free(s->undone);
	mem_free(s->changes);
	mem_free(s->text);
	mem_free(s->cause);
}

static bool
is_undone(const struct search *s, uint64_t sequence)
{
	for (size_t i = 0; i < s->undone_count; i++)
		if (s->undone[i] == sequence)
			return true;
	return false;
}

static int
note_undone(struct search *s, const struct audit_record *record)
{
	uint64_t sequence = 0;

	if (strncmp(record->object, "change ", 7) != 0 ||
	    str_parse_u64(record->object + 7, &sequence) < 0)
		return 0;
	if (mem_grow(&s->undone, &s->undone_capacity, s->undone_count + 1, sizeof(s->undone[0])) <
	    0)
		return -ENOMEM;
	s->undone[s->undone_count++] = sequence;
	return 0;
}

static int
take_record(struct search *s, const struct audit_record *record)
{
	s->sequence = record->sequence;
	s->changes = str_dup(record->changes);
	s->text = str_dup(record->text);
	s->cause = str_dup(record->cause);
	return s->changes != NULL && s->text != NULL && s->cause != NULL ? 1 : -ENOMEM;
}

/* Looks at records, the newest first.  Returns 1 when the change is found. */
static int
look_at(struct search *s, const struct audit_record *record)
{
	bool is_undo = strcmp(record->cause, "undo") == 0;

	if (record->sequence == 0)
		return 0;
	if (s->wanted != 0) {
		if (record->sequence != s->wanted)
			return is_undo && !is_undone(s, record->sequence) ? note_undone(s, record)
									  : 0;
		return take_record(s, record);
	}
	if (is_undone(s, record->sequence))
		return 0;
	if (is_undo)
		return note_undone(s, record);
	/* what vdsd itself has changed is the end of a job, or housekeeping */
	return record->principal.kind == PRINCIPAL_SYSTEM && record->verb[0] == '\0'
		       ? 0
		       : take_record(s, record);
}

static int
search(struct array *array, struct search *s)
{
	struct array_audit_query query = { .limit = PAGE };
	size_t count = PAGE, seen = 0;
	int rc = 0;

	while (rc == 0 && count == PAGE && seen < RECORDS_MOST) {
		struct audit_record *records = NULL;

		rc = array_audit_list(array, &query, &records, &count);
		if (rc < 0)
			return rc;
		for (size_t i = 0; rc == 0 && i < count; i++)
			rc = look_at(s, &records[i]);
		if (count > 0)
			query.before = records[count - 1].number;
		seen += count;
		array_audit_free(records, count);
	}
	if (rc == 0 && s->wanted != 0)
		return err_set(ERR_NOT_FOUND,
			       "there is no change %" PRIu64 " among those that are kept: "
			       "`vdsctl history` lists them",
			       s->wanted);
	if (rc == 0)
		return err_set(ERR_NOT_FOUND, "there is no change that could be undone");
	if (rc == 1 && is_undone(s, s->sequence))
		return err_set(ERR_IN_USE, "change %" PRIu64 " is undone already", s->sequence);
	return MIN(rc, 0);
}

/* ---- rows as JSON, as the audit log has them ---- */

static bool
field_is(const void *row, const struct row_field *field, const json_t *value)
{
	const char *text = json_string_value(value);
	struct guid id;

	switch (field->type) {
	case FIELD_GUID:
		return text != NULL && guid_parse(text, &id) == 0 &&
		       guid_equal(&id, row_field_at(row, field));
	case FIELD_STRING:
		return text != NULL && strcmp(text, row_field_text(row, field)) == 0;
	case FIELD_ENUM:
		return text != NULL &&
		       strcmp(text, field->names[row_field_number(row, field)]) == 0;
	case FIELD_BOOL:
		return json_is_boolean(value) &&
		       json_is_true(value) == (row_field_number(row, field) != 0);
	case FIELD_U32:
	case FIELD_U64:
	case FIELD_I64:
		return json_is_integer(value) &&
		       (uint64_t)json_integer_value(value) == row_field_number(row, field);
	}
	return false;
}

static int
enum_set(void *row, const struct row_field *field, const char *word)
{
	for (unsigned i = 0; word != NULL && field->names[i] != NULL; i++)
		if (strcmp(field->names[i], word) == 0)
			return row_field_set_number(row, field, i) ? 0 : ERR_CORRUPT;
	return ERR_CORRUPT;
}

static int
field_set(void *row, const struct row_field *field, const json_t *value)
{
	const char *text = json_string_value(value);

	switch (field->type) {
	case FIELD_GUID:
		return text != NULL ? guid_parse(text, row_field_to(row, field)) : ERR_CORRUPT;
	case FIELD_STRING:
		return text != NULL ? row_set_string(row_field_to(row, field), text) : ERR_CORRUPT;
	case FIELD_ENUM:
		return enum_set(row, field, text);
	case FIELD_BOOL:
		return row_field_set_number(row, field, json_is_true(value)) ? 0 : ERR_CORRUPT;
	case FIELD_U32:
	case FIELD_U64:
	case FIELD_I64:
		return row_field_set_number(row, field, (uint64_t)json_integer_value(value))
			       ? 0
			       : ERR_CORRUPT;
	}
	return ERR_CORRUPT;
}

/* Since when a schedule runs is no setting: an undo before this one has set it anew. */
static bool
is_compared(enum row_family family, const struct row_field *field)
{
	return family != ROW_SNAPSHOT_SCHEDULE || strcmp(field->name, "set_ms") != 0;
}

static bool
row_is(const void *row, const json_t *members)
{
	enum row_family family = ((const struct row *)row)->family;
	const struct row_type *type = row_type(family);

	for (size_t i = 0; i < type->field_count; i++) {
		const json_t *value = json_object_get(members, type->fields[i].name);

		if (value != NULL && is_compared(family, &type->fields[i]) &&
		    !field_is(row, &type->fields[i], value))
			return false;
	}
	return true;
}

static int
row_fill(void *row, const json_t *members)
{
	const struct row_type *type = row_type(((const struct row *)row)->family);
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < type->field_count; i++) {
		const json_t *value = json_object_get(members, type->fields[i].name);

		if (value != NULL)
			rc = field_set(row, &type->fields[i], value);
	}
	return rc;
}

/* ---- one row of the change ---- */

struct undoing {
	struct array_plan *plan;
	struct state_edit *edit;
	uint64_t sequence;
};

struct undone_row {
	enum row_family family;
	struct row_key key;
	const json_t *before, *after; /* NULL = there is none */
};

#define CANNOT(u, ...) cannot((u)->sequence, __VA_ARGS__)

static int FORMAT_ARGS(2, 3) cannot(uint64_t sequence, const char *format, ...)
{
	char why[400];
	va_list args;

	va_start(args, format);
	vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	return err_set(ERR_IN_USE, "change %" PRIu64 " cannot be undone: %s", sequence, why);
}

static const void *
now(const struct undoing *u, const struct undone_row *r)
{
	return row_type(r->family)->key_fields > 1
		       ? state_find_pair(u->plan->before, r->family, &r->key.a, &r->key.b)
		       : state_find(u->plan->before, r->family, &r->key.a);
}

/* What would need data or secrets that are gone, or would delete data. */
static int
check_data(const struct undoing *u, const struct undone_row *r)
{
	const char *name = json_string_value(
		json_object_get(r->before != NULL ? r->before : r->after, "name"));

	if (name == NULL)
		name = "";
	if (r->family == ROW_JOB)
		return CANNOT(u, "it started a job, paused or resumed one, or ended one");
	if (r->family == ROW_CREDENTIAL && r->before != NULL)
		return CANNOT(u,
			      "the CHAP secret that it deleted or replaced is gone: set it anew");
	if (r->family == ROW_LUN_OWNER)
		return CANNOT(u, "it gave a LUN another owner: use `vdsctl lun move-owner`");
	if (r->family == ROW_CONTROLLER && r->before != NULL &&
	    json_object_get(r->after, "instance") != NULL)
		return CANNOT(u, "it says that a gateway has started or ended");
	if (r->family == ROW_SNAPSHOT && r->before == NULL)
		return CANNOT(u,
			      "it took the snapshot \"%s\": delete that with `vdsctl snapshot "
			      "delete`",
			      name);
	if (r->family == ROW_SNAPSHOT && r->after == NULL)
		return CANNOT(u, "the data of the snapshot \"%s\", which it deleted, are gone",
			      name);
	if (r->family == ROW_TRASHED_LUN && r->after == NULL)
		return CANNOT(u, "it took the LUN \"%s\" out of the trash, with its data", name);
	if (r->family != ROW_LUN)
		return 0;
	if (r->before == NULL)
		return CANNOT(u,
			      "it created the LUN \"%s\", which may have data: delete it with "
			      "`vdsctl lun delete`",
			      name);
	if (r->after == NULL && state_find(u->plan->before, ROW_TRASHED_LUN, &r->key.a) != NULL)
		return CANNOT(u,
			      "the LUN \"%s\", which it deleted, is in the trash: bring it back "
			      "with `vdsctl lun restore`",
			      name);
	if (r->after == NULL)
		return CANNOT(u, "the data of the LUN \"%s\", which it deleted, are gone", name);
	if (json_object_get(r->after, "size_bytes") != NULL)
		return CANNOT(u,
			      "it changed the size of a LUN, whose end has data: use `vdsctl lun "
			      "extend` or `shrink`");
	if (json_object_get(r->after, "pool_id") != NULL)
		return CANNOT(u, "it moved the data of a LUN to another pool");
	return 0;
}

static int
check_unchanged(const struct undoing *u, const struct undone_row *r)
{
	const void *row = now(u, r);

	if (r->after == NULL)
		return row == NULL ? 0
				   : CANNOT(u, "the %s that it deleted is there again",
					    row_noun(r->family));
	if (row == NULL)
		return CANNOT(u, "a %s that it changed is not there any more", row_noun(r->family));
	return row_is(row, r->after) ? 0
				     : CANNOT(u, "a %s that it changed was changed again since",
					      row_noun(r->family));
}

/*
 * A schedule that comes back, gets other times or is enabled runs at its next time, as after any
 * other change: the set_ms of the audit log would make up for what was due meanwhile.
 */
static void
schedule_put_back(const struct row_snapshot_schedule *before, struct row_snapshot_schedule *row)
{
	bool anew = before == NULL || strcmp(before->every, row->every) != 0 ||
		    strcmp(before->at, row->at) != 0 || (row->enabled && !before->enabled);

	row->set_ms = anew ? 0 : before->set_ms; /* 0: plan_rows.c sets it */
}

static int
put_back(const struct undoing *u, const struct undone_row *r)
{
	const void *before = now(u, r);
	AUTO_ROW void *row = before != NULL ? row_copy(before) : row_new(r->family);
	int rc = row != NULL ? row_fill(row, r->before) : -ENOMEM;

	if (rc == ERR_CORRUPT)
		return CANNOT(u, "its record in the audit log is of another version of vdsd");
	if (rc == 0 && r->family == ROW_SNAPSHOT_SCHEDULE)
		schedule_put_back(before, row);
	return rc < 0 ? rc : state_edit_put(u->edit, TAKE(row));
}

static const json_t *
object_or_null(const json_t *json, const char *name)
{
	const json_t *value = json_object_get(json, name);

	return json_is_object(value) ? value : NULL;
}

static int
read_row(const struct undoing *u, const json_t *json, struct undone_row *ret_row)
{
	const char *family = json_string_value(json_object_get(json, "family"));
	const json_t *key = json_object_get(json, "key");
	const char *a = json_string_value(json_array_get(key, 0));
	const char *b = json_string_value(json_array_get(key, 1));
	int found = family != NULL ? row_family_find(family) : ERR_NOT_FOUND;

	if (json_object_get(json, "omitted") != NULL)
		return CANNOT(u, "it was too large for the audit log to keep all of it");
	if (found < 0 || found >= ROW_STORED_COUNT || a == NULL ||
	    guid_parse(a, &ret_row->key.a) < 0 || (b != NULL && guid_parse(b, &ret_row->key.b) < 0))
		return CANNOT(u, "its record in the audit log is of another version of vdsd");
	ret_row->family = (enum row_family)found;
	ret_row->before = object_or_null(json, "before");
	ret_row->after = object_or_null(json, "after");
	return 0;
}

/* First what goes, then what comes back: names may have moved from one row to another. */
static int
undo_row(const struct undoing *u, const json_t *json, bool comes)
{
	struct undone_row r = { 0 };
	int rc = read_row(u, json, &r);

	if (rc == 0)
		rc = check_data(u, &r);
	if (rc == 0)
		rc = check_unchanged(u, &r);
	if (rc < 0)
		return rc;
	if (r.before == NULL && !comes)
		return state_edit_delete(u->edit, r.family, &r.key.a,
					 row_type(r.family)->key_fields > 1 ? &r.key.b : NULL);
	return r.before != NULL && comes ? put_back(u, &r) : 0;
}

/* ---- the whole ---- */

static int
undo(struct undoing *u, const json_t *changes)
{
	int rc = 0;

	for (size_t pass = 0; pass < 2; pass++)
		for (size_t i = 0; rc == 0 && i < json_array_size(changes); i++)
			rc = undo_row(u, json_array_get(changes, i), pass == 1);
	return rc;
}

static int
finish(struct undoing *u)
{
	char text[300];
	int rc = array_plan_finish(u->plan, TAKE(u->edit));

	if (rc != ERR_INVALID)
		return rc;
	snprintf(text, sizeof(text), "%s", err_text(rc));
	return CANNOT(u, "other changes have built upon it since: %s", text);
}

int
array_plan_undo(struct array *array, struct array_plan *plan)
{
	struct search s = { .wanted = plan->undoes };
	struct undoing u = { .plan = plan };
	json_t *changes = NULL;
	int rc = search(array, &s);

	if (rc == 0) {
		changes = json_loads(s.changes, 0, NULL);
		plan->undoes = u.sequence = s.sequence;
		state_unref(plan->before);
		plan->before = array_state(array);
		u.edit = state_edit_new(plan->before);
		rc = u.edit != NULL && changes != NULL ? undo(&u, changes) : -ENOMEM;
	}
	if (rc == 0)
		rc = finish(&u);
	state_edit_free(u.edit);
	json_decref(changes);
	search_fini(&s);
	return rc;
}
