/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The handlers that read rows: a single row, or a page of a list sorted by key.  Each row is merged
 * with its live row.  The connection's thread.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "http/http_int.h"
#include "model/host.h"
#include "model/schedule.h"
#include "model/snapshot.h"

/* The two states from which a handler reads, with one reference each. */
struct view {
	struct state *config, *live;
};

static void
view_fini(struct view *view)
{
	state_unref(view->config);
	state_unref(view->live);
}

static const struct state *
view_of(const struct view *view, enum row_family family)
{
	return family < ROW_CONFIG_COUNT ? view->config : view->live;
}

/*
 * Returns the family of the live row that belongs to a row of `family`, or ROW_FAMILY_COUNT when
 * there is none.
 */
static enum row_family
live_family(enum row_family family)
{
	switch (family) {
	case ROW_POOL:
		return ROW_LIVE_POOL;
	case ROW_LUN:
		return ROW_LIVE_LUN;
	case ROW_PORTAL:
		return ROW_LIVE_PORTAL;
	case ROW_JOB:
		return ROW_LIVE_JOB;
	case ROW_SNAPSHOT:
		return ROW_LIVE_SNAPSHOT;
	case ROW_SNAPSHOT_SCHEDULE:
		return ROW_LIVE_SNAPSHOT_SCHEDULE;
	default:
		return ROW_FAMILY_COUNT;
	}
}

/*
 * Appends item to *items and consumes item.  On failure *items becomes NULL, so that no incomplete
 * list is sent.
 */
static void
items_add(json_t **items, json_t *item)
{
	if (json_array_append_new(*items, item) == 0)
		return;
	json_decref(*items);
	*items = NULL;
}

static json_t *
group_portals(const struct state *config, const struct guid *group)
{
	struct row_slice slice = state_group_portals(config, group);
	json_t *portals = json_array();

	for (size_t i = 0; i < slice.count; i++) {
		const struct row_group_portal *member = slice.rows[i];
		char text[GUID_TEXT_SIZE];

		items_add(&portals, json_string(guid_format(&member->portal_id, text)));
	}
	return portals;
}

static json_t *
host_initiators(const struct state *config, const struct guid *host)
{
	struct row_slice slice = state_host_initiators(config, host);
	json_t *names = json_array();

	for (size_t i = 0; i < slice.count; i++) {
		const struct row_initiator *initiator = slice.rows[i];

		items_add(&names, json_string(initiator->iscsi_name));
	}
	return names;
}

/* The LUNs of a schedule, those that are deleted too. */
static json_t *
schedule_luns(const struct row_snapshot_schedule *schedule)
{
	const char *rest = schedule->lun_ids;
	json_t *ids = json_array();
	struct guid id;
	char text[GUID_TEXT_SIZE];

	while (schedule_lun_next(&rest, &id))
		items_add(&ids, json_string(guid_format(&id, text)));
	return ids;
}

/* The host of a session: {"id","name"}, or null. */
static json_t *
session_host(const struct state *config, const struct row_live_session *session)
{
	const struct row_host *host = state_host_of_initiator(config, session->initiator);
	char text[GUID_TEXT_SIZE];

	if (host == NULL)
		return json_null();
	return json_pack("{s:s, s:s}", "id", guid_format(&host->id, text), "name", host->name);
}

/* The groups of a host, or the hosts of a group. */
static json_t *
host_members(struct row_slice slice, bool groups)
{
	json_t *ids = json_array();

	for (size_t i = 0; i < slice.count; i++) {
		const struct row_host_member *member = slice.rows[i];
		char text[GUID_TEXT_SIZE];

		items_add(&ids, json_string(guid_format(
					groups ? &member->group_id : &member->host_id, text)));
	}
	return ids;
}

/* The pools that lie on a drive, as their rows of live_pool_drive. */
static json_t *
drive_pools(const struct state *live, const struct guid *drive)
{
	struct row_slice slice = state_drive_pools(live, drive);
	json_t *pools = json_array();

	for (size_t i = 0; i < slice.count; i++)
		items_add(&pools, wire_row_encode(slice.rows[i]));
	return pools;
}

static json_t *
row_of(const struct state *state, enum row_family family, const struct guid *id)
{
	const void *row = state_find(state, family, id);

	return row != NULL ? wire_row_encode(row) : json_null();
}

json_t *
http_row(const struct state *config, const struct state *live, const void *row)
{
	enum row_family family = ((const struct row *)row)->family;
	enum row_family other = live_family(family);
	json_t *json = wire_row_encode(row);
	struct row_key key;
	int rc = json != NULL ? 0 : -1;

	row_key(row, &key);
	if (rc == 0 && other != ROW_FAMILY_COUNT)
		rc = json_object_set_new(json, "live", row_of(live, other, &key.a));
	if (rc == 0 && family == ROW_LUN)
		rc = json_object_set_new(json, "job", row_of(live, ROW_LIVE_LUN_JOB, &key.a));
	if (rc == 0 && family == ROW_LUN)
		rc = json_object_set_new(json, "owner", row_of(config, ROW_LUN_OWNER, &key.a));
	if (rc == 0 && family == ROW_PORTAL_GROUP)
		rc = json_object_set_new(json, "portals", group_portals(config, &key.a));
	if (rc == 0 && family == ROW_LIVE_DRIVE)
		rc = json_object_set_new(json, "pools", drive_pools(live, &key.a));
	if (rc == 0 && family == ROW_LIVE_SESSION)
		rc = json_object_set_new(json, "host", session_host(config, row));
	if (rc == 0 && family == ROW_SNAPSHOT_SCHEDULE)
		rc = json_object_set_new(json, "luns", schedule_luns(row));
	if (rc == 0 && family == ROW_HOST)
		rc = json_object_set_new(json, "initiators", host_initiators(config, &key.a));
	if (rc == 0 && family == ROW_HOST)
		rc = json_object_set_new(json, "host_groups",
					 host_members(state_host_groups(config, &key.a), true));
	if (rc == 0 && family == ROW_HOST_GROUP)
		rc = json_object_set_new(json, "hosts",
					 host_members(state_group_hosts(config, &key.a), false));
	if (rc == 0)
		return json;
	json_decref(json);
	return NULL;
}

int
http_get(struct http_call *call, struct http_reply *reply)
{
	AUTO(view_fini) struct view view = { array_state(call->array), array_live(call->array) };
	enum row_family family = call->route->family;
	const void *row = state_find(view_of(&view, family), family, &call->ids[0]);
	char text[GUID_TEXT_SIZE];

	if (row == NULL)
		return err_set(ERR_NOT_FOUND, "there is no %s with the id %s", row_noun(family),
			       guid_format(&call->ids[0], text));
	return http_reply_json(reply, http_row(view.config, view.live, row));
}

/* ---- lists ---- */

static const void *
field_of(const void *row, const char *name, enum field_type type)
{
	const struct row_type *rt = row_type(((const struct row *)row)->family);

	for (size_t i = 0; i < rt->field_count; i++)
		if (rt->fields[i].type == type && strcmp(rt->fields[i].name, name) == 0)
			return (const char *)row + rt->fields[i].offset;
	return NULL;
}

static bool
text_is(const void *row, const char *field, const char *wanted)
{
	const char *const *text = field_of(row, field, FIELD_STRING);

	return text != NULL && *text != NULL && strcmp(*text, wanted) == 0;
}

static bool
guid_is(const void *row, const char *field, const struct guid *wanted)
{
	const struct guid *id = field_of(row, field, FIELD_GUID);

	return id != NULL && guid_equal(id, wanted);
}

static bool
wanted(const struct verb_args *args, const void *row)
{
	enum row_family family = ((const struct row *)row)->family;

	if (family == ROW_HOST)
		return true;        /* rows_find has found those of the name */
	if (family == ROW_SNAPSHOT) /* so here */
		return guid_is_zero(&args->lun_id) || guid_is(row, "lun_id", &args->lun_id);
	if (args->name != NULL && !text_is(row, "name", args->name) &&
	    !text_is(row, "iscsi_name", args->name) && !text_is(row, "alias", args->name))
		return false;
	if (!guid_is_zero(&args->lun_id) && !guid_is(row, "lun_id", &args->lun_id))
		return false;
	if (!guid_is_zero(&args->owner_id) && !guid_is(row, "owner_id", &args->owner_id))
		return false;
	return guid_is_zero(&args->target_id) || guid_is(row, "target_id", &args->target_id);
}

/* ---- which rows a list has to look at ---- */

/*
 * The rows of a family that a list contains, sorted by key: all rows, or those that an index
 * selects.
 */
struct rows {
	const struct state *state;
	enum row_family family;
	const void **few; /* owned; what an index has found; NULL = all rows of the family */
	size_t count;
};

static void
rows_fini(struct rows *rows)
{
	mem_free(rows->few);
}

static const void *
rows_at(const struct rows *rows, size_t index)
{
	return rows->few != NULL ? rows->few[index] : state_at(rows->state, rows->family, index);
}

static int
compare_keys(const void *p, const void *q)
{
	struct row_key a, b;

	row_key(*(const void *const *)p, &a);
	row_key(*(const void *const *)q, &b);
	return row_key_compare(&a, &b);
}

/* Collects the rows of a slice and one more row (or NULL), each once, sorted by key. */
static int
rows_of_slice(struct rows *rows, struct row_slice slice, const void *more)
{
	size_t count = 0;

	rows->few = mem_calloc(slice.count + 2, sizeof(rows->few[0]));
	if (rows->few == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < slice.count; i++)
		if (slice.rows[i] != more)
			rows->few[count++] = slice.rows[i];
	if (more != NULL)
		rows->few[count++] = more;
	if (count > 1)
		qsort(rows->few, count, sizeof(rows->few[0]), compare_keys);
	rows->count = count;
	return 0;
}

/* Collects up to two rows (each may be NULL), each once, sorted by key. */
static int
rows_of_pair(struct rows *rows, const void *row, const void *more)
{
	const struct row_slice slice = { .rows = &row, .count = row != NULL ? 1 : 0 };

	return rows_of_slice(rows, slice, more);
}

/* Collects the snapshots that are called so: NAME, or LUN@NAME. */
static int
rows_of_snapshots(struct rows *rows, const char *name)
{
	size_t total = state_count(rows->state, ROW_SNAPSHOT);

	rows->few = mem_calloc(total + 1, sizeof(rows->few[0]));
	if (rows->few == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < total; i++) {
		const struct row_snapshot *row = state_at(rows->state, ROW_SNAPSHOT, i);

		if (snapshot_is_called(rows->state, row, name))
			rows->few[rows->count++] = row;
	}
	return 0;
}

/* Chooses the index that answers the filters.  Without such an index all rows are examined. */
static int
rows_find(struct rows *rows, const struct verb_args *args)
{
	const struct state *state = rows->state;

	switch (rows->family) {
	case ROW_LUN:
		if (args->name != NULL)
			return rows_of_slice(rows, state_luns_by_name(state, args->name), NULL);
		break;
	case ROW_TARGET:
		if (args->name != NULL)
			return rows_of_slice(rows, state_targets_by_alias(state, args->name),
					     state_target_by_name(state, args->name));
		break;
	case ROW_HOST:
		if (args->name != NULL)
			return rows_of_pair(rows, state_host_by_name(state, args->name),
					    state_host_of_initiator(state, args->name));
		break;
	case ROW_HOST_GROUP:
		if (args->name != NULL)
			return rows_of_pair(rows, state_host_group_by_name(state, args->name),
					    NULL);
		break;
	case ROW_ASSOCIATION:
		if (!guid_is_zero(&args->lun_id))
			return rows_of_slice(rows, state_lun_targets(state, &args->lun_id), NULL);
		if (!guid_is_zero(&args->target_id))
			return rows_of_slice(rows, state_target_luns(state, &args->target_id),
					     NULL);
		break;
	case ROW_CREDENTIAL:
		if (!guid_is_zero(&args->owner_id))
			return rows_of_slice(rows, state_owner_credentials(state, &args->owner_id),
					     NULL);
		break;
	case ROW_SNAPSHOT:
		if (args->name != NULL)
			return rows_of_snapshots(rows, args->name);
		if (!guid_is_zero(&args->lun_id))
			return rows_of_slice(rows, state_lun_snapshots(state, &args->lun_id), NULL);
		break;
	case ROW_PORTAL_GROUP:
		if (!guid_is_zero(&args->target_id))
			return rows_of_slice(rows, state_target_groups(state, &args->target_id),
					     NULL);
		break;
	default:
		break;
	}
	rows->count = state_count(state, rows->family);
	return 0;
}

/* Returns the index of the first row behind the key. */
static size_t
index_after(const struct rows *rows, const struct verb_key *after)
{
	size_t low = 0, high = rows->count;

	if (!after->given)
		return 0;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		struct row_key key;

		row_key(rows_at(rows, middle), &key);
		if (row_key_compare(&key, &after->key) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Returns the key of the last row of a page as `after` takes it: "ID" or "ID,ID". */
static json_t *
cursor_of(const void *row)
{
	char a[GUID_TEXT_SIZE], b[GUID_TEXT_SIZE];
	struct row_key key;

	row_key(row, &key);
	guid_format(&key.a, a);
	if (row_type(((const struct row *)row)->family)->key_fields == 1)
		return json_string(a);
	return json_sprintf("%s,%s", a, guid_format(&key.b, b));
}

/* items, next: taken; NULL = out of memory. */
static int
list_reply(struct http_reply *reply, json_t *items, json_t *next, const struct state *config)
{
	return http_reply_json(reply,
			       json_pack("{s:o, s:o, s:I}", "items", items, "next", next,
					 "sequence", (json_int_t)state_position(config)->sequence));
}

int
http_list(struct http_call *call, struct http_reply *reply)
{
	AUTO(view_fini) struct view view = { array_state(call->array), array_live(call->array) };
	AUTO(rows_fini)
	struct rows rows = { .state = view_of(&view, call->route->family),
			     .family = call->route->family };
	size_t limit = call->args.limit != 0 ? call->args.limit : VERB_LIMIT_DEFAULT, taken = 0;
	json_t *items, *next = json_null();
	const void *last = NULL;
	int rc = rows_find(&rows, &call->args);

	if (rc < 0)
		return rc;
	items = json_array();
	for (size_t i = index_after(&rows, &call->args.after); i < rows.count; i++) {
		const void *row = rows_at(&rows, i);

		if (!wanted(&call->args, row))
			continue;
		if (taken++ == limit) {
			next = cursor_of(last);
			break;
		}
		items_add(&items, http_row(view.config, view.live, row));
		last = row;
	}
	return list_reply(reply, items, next, view.config);
}

/* Lists all rows of a slice of associations.  The object itself must exist. */
static int
slice_reply(struct http_call *call, struct http_reply *reply,
	    struct row_slice (*slice_of)(const struct state *, const struct guid *))
{
	AUTO_STATE struct state *config = array_state(call->array);
	enum row_family family = call->route->family;
	struct row_slice slice;
	json_t *items;
	char text[GUID_TEXT_SIZE];

	if (state_find(config, family, &call->ids[0]) == NULL)
		return err_set(ERR_NOT_FOUND, "there is no %s with the id %s", row_noun(family),
			       guid_format(&call->ids[0], text));
	items = json_array();
	slice = slice_of(config, &call->ids[0]);
	for (size_t i = 0; i < slice.count; i++)
		items_add(&items, wire_row_encode(slice.rows[i]));
	return list_reply(reply, items, json_null(), config);
}

int
http_lun_targets(struct http_call *call, struct http_reply *reply)
{
	return slice_reply(call, reply, state_lun_targets);
}

int
http_target_luns(struct http_call *call, struct http_reply *reply)
{
	return slice_reply(call, reply, state_target_luns);
}
