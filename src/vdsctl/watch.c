/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `vdsctl watch`: what the replica learns, as it learns it.  One line for each row that came, went
 * or changed, with the names that people know, the values that are new, and who made the change; or
 * one JSON object for each change.  The lines are printed by the client's event thread, while the
 * main thread waits.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "vdsctl/ctl_int.h"
#include "wire/wire.h"

#define NAME_SIZE 300 /* an iSCSI name and a tag */

struct watch {
	struct client_listener listener;
	struct ctl *ctl;
};

static const char *
group_name(const struct client_view *view, const struct row_portal_group *group,
	   char buf[NAME_SIZE])
{
	const struct row_target *target = state_find(view->config, ROW_TARGET, &group->target_id);
	bool alias = target != NULL && target->alias != NULL && target->alias[0] != '\0';

	if (target == NULL)
		return NULL;
	snprintf(buf, NAME_SIZE, "%s:%u", alias ? target->alias : target->iscsi_name, group->tag);
	return buf;
}

/*
 * What a person calls the row: its name, a portal's address, TARGET:TAG of a group; its id when it
 * has no name.
 */
static const char *
name_in(const struct client_view *view, enum row_family family, const struct guid *id,
	char buf[NAME_SIZE])
{
	const struct row *row = state_find(family < ROW_CONFIG_COUNT ? view->config : view->live,
					   family, id);
	const char *name = NULL;

	if (row != NULL && family == ROW_LUN)
		name = ((const struct row_lun *)(const void *)row)->name;
	else if (row != NULL && family == ROW_POOL)
		name = ((const struct row_pool *)(const void *)row)->name;
	else if (row != NULL && family == ROW_TARGET)
		name = ((const struct row_target *)(const void *)row)->iscsi_name;
	else if (row != NULL && family == ROW_PORTAL)
		name = ctl_address_text((const void *)row, buf, NAME_SIZE);
	else if (row != NULL && family == ROW_PORTAL_GROUP)
		name = group_name(view, (const void *)row, buf);
	else if (row != NULL && family == ROW_LIVE_SESSION)
		name = ((const struct row_live_session *)(const void *)row)->initiator;
	else if (row != NULL && family == ROW_LIVE_DRIVE)
		name = ((const struct row_live_drive *)(const void *)row)->name;
	else if (row != NULL && family == ROW_SNAPSHOT)
		name = ((const struct row_snapshot *)(const void *)row)->name;
	else if (row != NULL && family == ROW_SNAPSHOT_SCHEDULE)
		name = ((const struct row_snapshot_schedule *)(const void *)row)->name;
	else if (row != NULL && family == ROW_HOST)
		name = ((const struct row_host *)(const void *)row)->name;
	else if (row != NULL && family == ROW_HOST_GROUP)
		name = ((const struct row_host_group *)(const void *)row)->name;
	else if (row != NULL && family == ROW_INITIATOR)
		name = ((const struct row_initiator *)(const void *)row)->iscsi_name;
	else if (row != NULL && family == ROW_LIVE_PORT)
		name = ((const struct row_live_port *)(const void *)row)->name;
	return name != NULL && name[0] != '\0' ? name : guid_format(id, buf);
}

/* The family whose id the parts of a key are. */
static enum row_family
part_family(enum row_family family, bool second)
{
	switch (family) {
	case ROW_ASSOCIATION:
		return second ? ROW_TARGET : ROW_LUN;
	case ROW_GROUP_PORTAL:
		return second ? ROW_PORTAL : ROW_PORTAL_GROUP;
	case ROW_HOST_MEMBER:
		return second ? ROW_HOST : ROW_HOST_GROUP;
	case ROW_LIVE_LUN:
	case ROW_LIVE_LUN_JOB:
		return ROW_LUN;
	case ROW_LIVE_POOL:
		return ROW_POOL;
	case ROW_LIVE_POOL_DRIVE:
		return second ? ROW_LIVE_DRIVE : ROW_POOL;
	case ROW_LIVE_PORTAL:
		return ROW_PORTAL;
	case ROW_LIVE_JOB:
		return ROW_JOB;
	case ROW_LIVE_SNAPSHOT:
		return ROW_SNAPSHOT;
	case ROW_LIVE_SNAPSHOT_SCHEDULE:
		return ROW_SNAPSHOT_SCHEDULE;
	default:
		return family;
	}
}

static const void *
row_before(const struct client_view *view, const struct change_op *op)
{
	const struct state *state = op->family < ROW_CONFIG_COUNT ? view->config : view->live;

	if (row_type(op->family)->key_fields == 2)
		return state_find_pair(state, op->family, &op->key.a, &op->key.b);
	return state_find(state, op->family, &op->key.a);
}

/* ---- what nobody wants to be told ---- */

/* Frees and used space move all the time; that a pool becomes low or full is another matter. */
static bool
only_free_space_differs(const struct row_live_pool *a, const struct row_live_pool *b)
{
	return guid_equal(&a->id, &b->id) && a->capacity_bytes == b->capacity_bytes &&
	       a->ready == b->ready && a->space == b->space && str_equal(a->reason, b->reason);
}

static bool
only_used_space_differs(const struct row_live_lun *a, const struct row_live_lun *b)
{
	return guid_equal(&a->id, &b->id) && a->health == b->health &&
	       a->operation == b->operation && a->faults == b->faults &&
	       str_equal(a->reason, b->reason) && str_equal(a->cache_used, b->cache_used) &&
	       str_equal(a->cache_reason, b->cache_reason);
}

/* a, b: rows of one live family. */
static bool
only_space_differs(enum row_family family, const void *a, const void *b)
{
	return (family == ROW_LIVE_POOL && only_free_space_differs(a, b)) ||
	       (family == ROW_LIVE_LUN && only_used_space_differs(a, b));
}

static bool
is_drift(const struct client_view *before, const struct change_op *op)
{
	const void *old = op->family == ROW_LIVE_POOL || op->family == ROW_LIVE_LUN
				  ? state_find(before->live, op->family, &op->key.a)
				  : NULL;

	return old != NULL && op->row != NULL && only_space_differs(op->family, old, op->row);
}

/* ---- lines ---- */

/* Made once and of no interest to somebody who watches. */
static bool
is_dull(const char *field)
{
	static const char *const fields[] = {
		"id",         "serial",   "naa",           "number",
		"created_ms", "ended_ms", "relative_port", "version"
	};

	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		if (strcmp(fields[i], field) == 0)
			return true;
	return false;
}

/* The family that a field of a row points to: "pool_id"; ROW_FAMILY_COUNT = it is no id. */
static enum row_family
field_family(const char *field)
{
	static const struct {
		const char *field;
		enum row_family family;
	} fields[] = { { "pool_id", ROW_POOL },
		       { "lun_id", ROW_LUN },
		       { "target_id", ROW_TARGET },
		       { "portal_id", ROW_PORTAL },
		       { "group_id", ROW_PORTAL_GROUP } };

	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		if (strcmp(fields[i].field, field) == 0)
			return fields[i].family;
	return ROW_FAMILY_COUNT;
}

static void
value_print(const struct client_view *view, const char *field, const json_t *value, FILE *out)
{
	size_t len = strlen(field);
	char text[64], id_text[NAME_SIZE];
	struct guid id;

	if (json_is_integer(value) && len > 6 && strcmp(field + len - 6, "_bytes") == 0) {
		fputs(str_format_size((uint64_t)json_integer_value(value), text, sizeof(text)),
		      out);
	} else if (json_is_string(value) && field_family(field) != ROW_FAMILY_COUNT &&
		   guid_parse(json_string_value(value), &id) == 0) {
		fputs(name_in(view, field_family(field), &id, id_text), out);
	} else {
		char *dumped = json_dumps(value, JSON_ENCODE_ANY); /* quoted and escaped */

		fputs(dumped != NULL ? dumped : "?", out);
		free(dumped);
	}
}

/*
 * How much of a field's name is shown: "size" of "size_bytes", "pool" of "pool_id"; all of
 * "capacity".
 */
static size_t
label_len(const char *field, size_t len)
{
	static const char *const ends[] = { "_bytes", "_id" };

	for (size_t i = 0; i < ARRAY_LEN(ends); i++)
		if (len > strlen(ends[i]) && strcmp(field + len - strlen(ends[i]), ends[i]) == 0)
			return len - strlen(ends[i]);
	return len;
}

/*
 * " size=1 GiB thin=true" of a new row, " name="a" -> "b"" of one that changed.  old: NULL when
 * there was none.
 */
static void
values_print(const struct client_view *before, const struct client_view *after, const void *old,
	     const struct row *row, FILE *out)
{
	const struct row_type *type = row_type(row->family);
	json_t *now = wire_row_encode(row), *was = old != NULL ? wire_row_encode(old) : NULL;

	for (size_t i = type->key_fields; i < type->field_count; i++) {
		const char *field = type->fields[i].name;
		const json_t *value = json_object_get(now, field);
		const json_t *value_was = json_object_get(was, field);
		size_t name_len = strlen(field), len = label_len(field, name_len);

		if (value == NULL || is_dull(field) ||
		    (was != NULL && json_equal(value, value_was)) ||
		    (was == NULL && (str_equal(json_string_value(value), "") ||
				     str_equal(field, "name") || str_equal(field, "iscsi_name"))))
			continue;
		fprintf(out, " %.*s=", (int)len, field);
		if (was != NULL) {
			value_print(before, field, value_was, out);
			fputs(" -> ", out);
		}
		value_print(after, field, value, out);
	}
	json_decref(now);
	json_decref(was);
}

static void
op_print(const struct client_view *before, const struct client_view *after,
	 const struct change *change, const struct change_op *op, FILE *out)
{
	char time[CLOCK_TEXT_SIZE], a[NAME_SIZE], b[NAME_SIZE], who[PRINCIPAL_TEXT_SIZE];
	const struct client_view *view = op->row != NULL ? after : before;
	const char *what = op->row == NULL ? "-" : row_before(before, op) != NULL ? "~" : "+";

	fprintf(out, "%s %s %-14s %s", clock_format_utc(change->utc_ms, time), what,
		row_type(op->family)->name,
		name_in(view, part_family(op->family, false), &op->key.a, a));
	if (row_type(op->family)->key_fields == 2)
		fprintf(out, " %s", name_in(view, part_family(op->family, true), &op->key.b, b));
	if (op->row != NULL)
		values_print(before, after, row_before(before, op), op->row, out);
	if (change->cause != NULL && op->family < ROW_CONFIG_COUNT)
		fprintf(out, " (%s by %s)", change->cause,
			principal_format(change->principal, who));
	fputc('\n', out);
}

static void
change_json(const struct change *change, FILE *out)
{
	json_t *json = wire_change_encode(change);

	(void)ctl_json_line_print(json, out);
	json_decref(json);
}

/*
 * The replica was loaded anew, or had its live rows sent anew, as it has after its first load.
 * When the configuration is as before, what differs between the live rows is all that was missed.
 */
static void
on_reload(struct watch *watch, const struct client_view *before, const struct client_view *after)
{
	struct change *change = NULL;
	const struct position *was = state_position(before->config),
			      *is = state_position(after->config);
	FILE *out = watch->ctl->out;
	bool known = was->incarnation == is->incarnation && was->sequence == is->sequence &&
		     state_difference(before->live, after->live, "live", &change) == 0;
	bool is_new = !known;

	for (size_t i = 0; known && i < change->op_count; i++) {
		change->utc_ms = clock_utc_ms();
		if (is_drift(before, &change->ops[i]))
			continue;
		is_new = true;
		if (!watch->ctl->json)
			op_print(before, after, change, &change->ops[i], out);
	}
	if (is_new && watch->ctl->json)
		fputs("{\"reloaded\":true}\n", out);
	else if (!known)
		fputs("reloaded: something may have been missed\n", out);
	change_unref(change);
}

/* The client's event thread. */
static void
on_change(struct client_listener *listener, const struct client_view *before,
	  const struct client_view *after, const struct change *change)
{
	struct watch *watch = container_of(listener, struct watch, listener);
	FILE *out = watch->ctl->out;

	if (change == NULL)
		on_reload(watch, before, after);
	else if (watch->ctl->json)
		change_json(change, out);
	else
		for (size_t i = 0; i < change->op_count; i++)
			if (!is_drift(before, &change->ops[i]))
				op_print(before, after, change, &change->ops[i], out);
	fflush(out);
}

/* Until interrupted, or until vdsd cannot be followed any more. */
static int
follow(struct ctl *ctl)
{
	const struct timespec second = { .tv_sec = 1 };

	for (;;) {
		AUTO_VIEW struct client_view view = { NULL, NULL };
		int rc = client_view(ctl->client, &view);

		if (rc == ERR_CACHE_CORRUPT)
			rc = client_reenumerate(ctl->client);
		if (rc == 0 && view.config == NULL)
			rc = client_refresh(ctl->client);
		if (rc < 0)
			return rc;
		if (ferror(ctl->out))
			return 0;
		nanosleep(&second, NULL);
	}
}

int
ctl_run_watch(struct ctl *ctl)
{
	struct watch watch = { .listener = { .changed = on_change }, .ctl = ctl };
	int rc = ctl_open_replica(ctl);

	if (rc < 0)
		return rc;
	/* who reads the first line knows that nothing is missed from here on */
	flockfile(ctl->out);
	client_listen(ctl->client, &watch.listener);
	if (!ctl->json && !ctl->quiet)
		fprintf(ctl->out, "watching; interrupt to end\n");
	fflush(ctl->out);
	funlockfile(ctl->out);
	rc = follow(ctl);
	client_unlisten(ctl->client, &watch.listener);
	return rc;
}
