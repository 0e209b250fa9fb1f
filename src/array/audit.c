/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The audit log: who has asked for which change, from where, on which object, what was there before
 * and after, and what became of it.  The record of a change is committed with it, so that neither
 * is there without the other.  What committed no change (a session that was ended, a request that
 * was refused or has failed) is recorded afterwards, by whoever asked (array_audit_put).
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "array/array_int.h"
#include "base/clock.h"
#include "base/mem.h"

#define EXPIRE_NS (60 * NS_PER_S) /* between two looks at the oldest records */
#define SCAN_MOST 2000            /* records that the writer reads at once */
#define TEXT_DONE "done; no row was changed"

/* ---- writing ---- */

int
array_audit_task(struct array *array, const struct array_task *task, const struct state *before,
		 const struct state *after)
{
	AUTO(strbuf_fini) struct strbuf text = { 0 };
	AUTO(strbuf_fini) struct strbuf object = { 0 };
	struct audit_record record = {
		.utc_ms = clock_utc_ms(),
		.principal = task->principal,
		.verb = task->audit != NULL ? task->audit->verb : "",
		.cause = task->cause != NULL ? task->cause : "",
		.object_id = task->answer.object_id,
		.sequence = task->change != NULL ? task->change->sequence : 0,
		.outcome = task->audit_code < 0 ? err_name(task->audit_code) : "OK",
	};

	if (task->change == NULL && (task->said == NULL || task->audit == NULL))
		return 0;
	if (task->audit == NULL && strcmp(task->cause, "job.expire") == 0)
		return 0; /* housekeeping, as in the change log */
	if (guid_is_zero(&record.object_id) && task->audit != NULL)
		record.object_id = task->audit->object_id;
	if (task->object != NULL)
		strbuf_add(&object, task->object);
	else
		array_changelog_object(task->change, before, after, &record.object_id, &object);
	if (task->change != NULL)
		array_changelog_text(task->change, before, after,
				     task->clauses != 0 ? task->clauses : ARRAY_CHANGELOG_CLAUSES,
				     &text);
	else
		strbuf_add(&text, task->said);
	if (text.failed || object.failed)
		return -ENOMEM;
	record.text = text.text != NULL ? text.text : "";
	record.object = object.text != NULL ? object.text : "";
	return catalog_audit_put(array->catalog, &record, before, task->change);
}

static int
put_apply(struct array *array, struct array_task *task)
{
	(void)array;
	(void)task; /* the record is all */
	return 0;
}

int
array_audit_put(struct array *array, const struct array_request *request, int code,
		const char *text)
{
	struct array_task task = {
		.apply = put_apply,
		.principal = array_request_principal(request),
		.audit = array_request_audit(request),
		.said = code == 0 && text == NULL ? TEXT_DONE : text,
		.audit_code = code,
		.use = CATALOG_MAKES,
	};

	return array_writer_submit(array, &task);
}

static int
expire_apply(struct array *array, struct array_task *task)
{
	(void)task;
	return catalog_audit_prune(array->catalog);
}

void
array_audit_expire(struct array *array)
{
	struct array_task task = { .apply = expire_apply, .use = CATALOG_FREES };
	uint64_t now = clock_mono_ns();

	if (array->audited_ns == 0)
		array->audited_ns = now; /* each new record removes two old ones, too */
	if (array_is_read_only(array) || now - array->audited_ns < EXPIRE_NS)
		return;
	array->audited_ns = now;
	(void)array_writer_submit(array, &task);
}

/* ---- reading ---- */

struct scan {
	struct array_task task;
	const struct array_audit_query *query;
	struct audit_record *records; /* owned, with their texts */
	size_t count, capacity;
	uint64_t before; /* of the next scan */
	size_t seen;     /* in this scan */
	bool end;        /* the rest is too old */
};

/* `lun "vol1"` is called vol1, or by its id. */
static bool
object_is(const struct audit_record *record, const char *name)
{
	const char *quote = strchr(record->object, '"');
	char id[GUID_TEXT_SIZE];
	size_t len = strlen(name);

	if (strcmp(record->object, name) == 0 ||
	    strcasecmp(guid_format(&record->object_id, id), name) == 0)
		return true;
	return quote != NULL && strncmp(quote + 1, name, len) == 0 &&
	       strcmp(quote + 1 + len, "\"") == 0;
}

static bool
who_is(const struct principal *who, const char *name)
{
	char uid[16];

	snprintf(uid, sizeof(uid), "%u", who->uid);
	if (who->kind == PRINCIPAL_SYSTEM)
		return strcmp(name, "vdsd") == 0;
	return strcmp(who->name, name) == 0 || strcmp(who->from, name) == 0 ||
	       (who->kind == PRINCIPAL_UNIX && strcmp(uid, name) == 0);
}

/* Copies a record; its texts get one block, that of `verb`. */
static int
record_copy(const struct audit_record *record, struct audit_record *ret_copy)
{
	const char *const texts[] = { record->verb,    record->cause, record->object,
				      record->outcome, record->text,  record->changes };
	struct audit_record copy = *record;
	const char **to[] = { &copy.verb,    &copy.cause, &copy.object,
			      &copy.outcome, &copy.text,  &copy.changes };
	size_t size = 0;
	char *at;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		size += strlen(texts[i]) + 1;
	at = mem_alloc(size);
	if (at == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		*to[i] = at;
		at = stpcpy(at, texts[i]) + 1;
	}
	*ret_copy = copy;
	return 0;
}

static int
scan_one(void *arg, const struct audit_record *record)
{
	struct scan *scan = arg;
	const struct array_audit_query *q = scan->query;
	int rc;

	scan->seen++;
	scan->before = record->number;
	if (record->utc_ms < q->since_ms) {
		scan->end = true;
		return 1;
	}
	if ((q->object != NULL && !object_is(record, q->object)) ||
	    (q->who != NULL && !who_is(&record->principal, q->who)))
		return 0;
	rc = mem_grow(&scan->records, &scan->capacity, scan->count + 1, sizeof(*scan->records));
	if (rc == 0)
		rc = record_copy(record, &scan->records[scan->count]);
	if (rc < 0)
		return rc;
	scan->count++;
	return scan->count == q->limit; /* 1 = enough */
}

static int
scan_run(struct array *array, struct array_task *task)
{
	struct scan *scan = container_of(task, struct scan, task);
	int rc;

	scan->seen = 0;
	rc = catalog_audit_list(array->catalog, scan->before, SCAN_MOST, scan_one, scan);
	return MIN(rc, 0);
}

int
array_audit_list(struct array *array, const struct array_audit_query *query,
		 struct audit_record **ret_records, size_t *ret_count)
{
	struct scan scan = { .task.run = scan_run, .query = query, .before = query->before };
	int rc;

	/* The writer does other things between two scans, however long the log is. */
	do {
		rc = array_writer_submit(array, &scan.task);
	} while (rc == 0 && scan.count < query->limit && scan.seen == SCAN_MOST && !scan.end);
	if (rc < 0) {
		array_audit_free(scan.records, scan.count);
		return rc;
	}
	*ret_records = scan.records;
	*ret_count = scan.count;
	return 0;
}

void
array_audit_free(struct audit_record *records, size_t count)
{
	for (size_t i = 0; i < count; i++)
		mem_free((char *)(uintptr_t)records[i].verb);
	mem_free(records);
}
