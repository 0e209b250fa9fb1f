/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writes the configuration as a file for a plan: all of it, or one object with what belongs to it.
 * Objects are in the order of their names, so that equal configurations give equal files.  Only rows
 * are read, which have no secrets.  Any thread.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array/plan_int.h"
#include "base/err.h"
#include "base/mem.h"
#include "model/credential.h"
#include "model/host.h"
#include "model/schedule.h"

struct exporting {
	const struct state *state;
	bool all, ids;
	struct guid_map wanted; /* without `all`: the ids of the objects */
	json_t *file;
	bool failed; /* memory was out */
};

/* ---- which objects ---- */

static bool
is_wanted(struct exporting *e, const struct guid *id)
{
	return e->all || guid_map_find(&e->wanted, id) != NULL;
}

static int
want(struct exporting *e, const struct guid *id)
{
	return guid_map_put(&e->wanted, id, e);
}

static int
want_portals(struct exporting *e, const struct guid *target_id)
{
	struct row_slice groups = state_target_groups(e->state, target_id);
	int rc = want(e, target_id);

	for (size_t g = 0; g < groups.count; g++) {
		const struct row_portal_group *group = groups.rows[g];
		struct row_slice portals = state_group_portals(e->state, &group->id);

		for (size_t i = 0; rc == 0 && i < portals.count; i++)
			rc = want(e,
				  &((const struct row_group_portal *)portals.rows[i])->portal_id);
	}
	return rc;
}

static int
want_group(struct exporting *e, const struct guid *group_id)
{
	struct row_slice hosts = state_group_hosts(e->state, group_id);
	int rc = want(e, group_id);

	for (size_t i = 0; rc == 0 && i < hosts.count; i++)
		rc = want(e, &((const struct row_host_member *)hosts.rows[i])->host_id);
	return rc;
}

/* The LUN, its pool, and the hosts and groups that its list names. */
static int
want_lun(struct exporting *e, const struct row_lun *lun)
{
	int rc = want(e, &lun->id);

	if (rc == 0)
		rc = want(e, &lun->pool_id);
	for (size_t i = 0; rc == 0 && i < state_count(e->state, ROW_HOST); i++) {
		const struct row_host *host = state_at(e->state, ROW_HOST, i);

		if (host_mask_has(lun->mask, MASK_HOST, &host->id))
			rc = want(e, &host->id);
	}
	for (size_t i = 0; rc == 0 && i < state_count(e->state, ROW_HOST_GROUP); i++) {
		const struct row_host_group *group = state_at(e->state, ROW_HOST_GROUP, i);

		if (host_mask_has(lun->mask, MASK_HOST_GROUP, &group->id))
			rc = want_group(e, &group->id);
	}
	return rc;
}

static int
want_lun_with_targets(struct exporting *e, const struct row_lun *lun)
{
	struct row_slice targets = state_lun_targets(e->state, &lun->id);
	int rc = want_lun(e, lun);

	for (size_t i = 0; rc == 0 && i < targets.count; i++)
		rc = want_portals(e, &((const struct row_association *)targets.rows[i])->target_id);
	return rc;
}

static int
want_target_with_luns(struct exporting *e, const struct guid *target_id)
{
	struct row_slice luns = state_target_luns(e->state, target_id);
	int rc = want_portals(e, target_id);

	for (size_t i = 0; rc == 0 && i < luns.count; i++) {
		const struct row_association *a = luns.rows[i];

		rc = want_lun(e, state_find(e->state, ROW_LUN, &a->lun_id));
	}
	return rc;
}

/* The host, its groups, and the LUNs that name it or them. */
static int
want_host_with_luns(struct exporting *e, const struct guid *host_id)
{
	struct row_slice groups = state_host_groups(e->state, host_id);
	int rc = want(e, host_id);

	for (size_t i = 0; rc == 0 && i < groups.count; i++)
		rc = want_group(e, &((const struct row_host_member *)groups.rows[i])->group_id);
	for (size_t i = 0; rc == 0 && i < state_count(e->state, ROW_LUN); i++) {
		const struct row_lun *lun = state_at(e->state, ROW_LUN, i);
		bool names = host_mask_has(lun->mask, MASK_HOST, host_id);

		for (size_t g = 0; !names && g < groups.count; g++)
			names = host_mask_has(
				lun->mask, MASK_HOST_GROUP,
				&((const struct row_host_member *)groups.rows[g])->group_id);
		if (names)
			rc = want_lun_with_targets(e, lun);
	}
	return rc;
}

/* The schedules that name the LUN, with their other LUNs. */
static int
want_schedules(struct exporting *e, const struct guid *lun_id)
{
	int rc = 0;

	for (size_t i = 0; i < state_count(e->state, ROW_SNAPSHOT_SCHEDULE); i++) {
		const struct row_snapshot_schedule *schedule = state_at(e->state,
									ROW_SNAPSHOT_SCHEDULE, i);
		const char *rest = schedule->lun_ids;
		bool names = false;
		struct guid id;

		while (schedule_lun_next(&rest, &id))
			names |= guid_equal(&id, lun_id);
		if (rc == 0 && names)
			rc = want(e, &schedule->id);
		for (rest = schedule->lun_ids; names && rc == 0 && schedule_lun_next(&rest, &id);) {
			const struct row_lun *lun = state_find(e->state, ROW_LUN, &id);

			rc = lun != NULL ? want_lun(e, lun) : 0;
		}
	}
	return rc;
}

static int
choose(struct exporting *e, enum row_family family, const struct guid *id)
{
	const void *row = state_find(e->state, family, id);

	if (row == NULL)
		return array_name_no_such(family, id);
	if (family == ROW_LUN) {
		int rc = want_lun_with_targets(e, row);

		return rc < 0 ? rc : want_schedules(e, id);
	}
	return family == ROW_TARGET ? want_target_with_luns(e, id) : want_host_with_luns(e, id);
}

/* ---- values ---- */

/* Add to an object or a list, and note when memory is out. */
static void
set(struct exporting *e, json_t *object, const char *name, json_t *value)
{
	e->failed |= json_object_set_new(object, name, value) < 0;
}

static void
append(struct exporting *e, json_t *list, json_t *value)
{
	e->failed |= json_array_append_new(list, value) < 0;
}

static json_t *
text_or_empty(const char *text)
{
	return json_string(text != NULL ? text : "");
}

/* The entries of a list that is joined by ';', in order. */
static json_t *
list_of(struct exporting *e, const char *joined)
{
	json_t *list = json_array();

	for (const char *p = joined != NULL ? joined : ""; *p != '\0';) {
		size_t len = strcspn(p, ";");

		append(e, list, json_stringn(p, len));
		p += len + (p[len] == ';');
	}
	return list;
}

static int
compare_texts(const void *a, const void *b)
{
	return strcmp(json_string_value(*(json_t *const *)a),
		      json_string_value(*(json_t *const *)b));
}

/* Consumes the list, and gives one in the order of the texts. */
static json_t *
sorted(struct exporting *e, json_t *list)
{
	size_t count = json_array_size(list);
	AUTO_FREE json_t **items = mem_calloc(count + 1, sizeof(items[0]));
	json_t *out = items != NULL ? json_array() : NULL;

	for (size_t i = 0; out != NULL && i < count; i++)
		items[i] = json_array_get(list, i);
	if (out != NULL && count > 0)
		qsort(items, count, sizeof(items[0]), compare_texts);
	for (size_t i = 0; out != NULL && i < count; i++)
		e->failed |= json_array_append(out, items[i]) < 0;
	json_decref(list);
	return out;
}

/* Bytes as the largest unit in which they are a whole number. */
static json_t *
size_of(uint64_t bytes)
{
	static const char units[] = "KMGTPE";
	unsigned unit = 0;

	while (unit < 6 && bytes >> (unit * 10) != 0 && (bytes >> (unit * 10)) % 1024 == 0)
		unit++;
	return unit == 0 ? json_integer((json_int_t)bytes)
			 : json_sprintf("%" PRIu64 "%ciB", bytes >> (unit * 10), units[unit - 1]);
}

static void
endpoint_of(const struct row_portal *portal, char text[80])
{
	bool six = strchr(portal->address, ':') != NULL;

	snprintf(text, 80, "%s%.60s%s:%u", six ? "[" : "", portal->address, six ? "]" : "",
		 portal->port);
}

static void
id_set(struct exporting *e, json_t *object, const struct guid *id, bool needed)
{
	char text[GUID_TEXT_SIZE];

	if (needed || e->ids)
		set(e, object, "id", json_string(guid_format(id, text)));
}

static bool
needs_id(struct exporting *e, const struct row_lun *lun)
{
	struct guid unused;

	return lun->name == NULL || lun->name[0] == '\0' || guid_parse(lun->name, &unused) == 0 ||
	       state_luns_by_name(e->state, lun->name).count > 1;
}

/* For whom there are secrets of an owner. */
static json_t *
chap_of(struct exporting *e, const struct guid *owner_id)
{
	struct row_slice slice = state_owner_credentials(e->state, owner_id);
	json_t *list = json_array(), *out;

	/* sorted by their own texts, since their ids are random */
	for (size_t i = 0; i < slice.count; i++) {
		const struct row_credential *row = slice.rows[i];

		append(e, list,
		       json_sprintf("%s\n%s\n%s",
				    row->side == CREDENTIAL_TARGET ? "target" : "initiator",
				    row->initiator != NULL ? row->initiator : "",
				    row->user != NULL ? row->user : ""));
	}
	list = sorted(e, list);
	out = json_array();
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *side = json_string_value(json_array_get(list, i));
		const char *initiator = strchr(side, '\n') + 1, *user = strchr(initiator, '\n') + 1;
		json_t *one = json_object();

		set(e, one, "side", json_stringn(side, (size_t)(initiator - side) - 1));
		if (*user != '\0')
			set(e, one, "user", json_string(user));
		if (user - initiator > 1)
			set(e, one, "initiator",
			    json_stringn(initiator, (size_t)(user - initiator) - 1));
		append(e, out, one);
	}
	json_decref(list);
	return out;
}

/* ---- objects ---- */

static json_t *
pool_object(struct exporting *e, const void *row)
{
	const struct row_pool *pool = row;
	json_t *object = json_object();

	set(e, object, "name", text_or_empty(pool->name));
	id_set(e, object, &pool->id, false);
	set(e, object, "path", text_or_empty(pool->path));
	set(e, object, "low", text_or_empty(pool->low));
	set(e, object, "full", text_or_empty(pool->full));
	set(e, object, "overcommit", text_or_empty(pool->overcommit));
	set(e, object, "trash", text_or_empty(pool->trash));
	set(e, object, "trash_yields", json_boolean(pool->trash_yields));
	set(e, object, "qos", text_or_empty(pool->qos));
	return object;
}

static json_t *
portal_object(struct exporting *e, const void *row)
{
	const struct row_portal *portal = row;

	(void)e;
	return json_pack("{s:s, s:I, s:s}", "address", portal->address, "port",
			 (json_int_t)portal->port, "status",
			 portal->status == STATUS_ONLINE ? "online" : "offline");
}

static json_t *
host_object(struct exporting *e, const void *row)
{
	const struct row_host *host = row;
	struct row_slice names = state_host_initiators(e->state, &host->id);
	json_t *object = json_object(), *list = json_array();

	for (size_t i = 0; i < names.count; i++)
		append(e, list,
		       text_or_empty(((const struct row_initiator *)names.rows[i])->iscsi_name));
	set(e, object, "name", text_or_empty(host->name));
	id_set(e, object, &host->id, false);
	set(e, object, "initiators", list);
	set(e, object, "sources", list_of(e, host->sources));
	set(e, object, "qos", text_or_empty(host->qos));
	set(e, object, "chap", chap_of(e, &host->id));
	return object;
}

static json_t *
host_group_object(struct exporting *e, const void *row)
{
	const struct row_host_group *group = row;
	struct row_slice hosts = state_group_hosts(e->state, &group->id);
	json_t *object = json_object(), *list = json_array();

	for (size_t i = 0; i < hosts.count; i++) {
		const struct row_host_member *member = hosts.rows[i];
		const struct row_host *host = state_find(e->state, ROW_HOST, &member->host_id);

		append(e, list, text_or_empty(host->name));
	}
	set(e, object, "name", text_or_empty(group->name));
	id_set(e, object, &group->id, false);
	set(e, object, "hosts", sorted(e, list));
	return object;
}

static json_t *
lun_object(struct exporting *e, const void *row)
{
	const struct row_lun *lun = row;
	const struct row_pool *pool = state_find(e->state, ROW_POOL, &lun->pool_id);
	AUTO(strbuf_fini) struct strbuf mask = { 0 };
	json_t *object = json_object();

	host_mask_describe(e->state, lun->mask, &mask);
	set(e, object, "name", text_or_empty(lun->name));
	id_set(e, object, &lun->id, needs_id(e, lun));
	set(e, object, "pool", text_or_empty(pool->name));
	set(e, object, "size", size_of(lun->size_bytes));
	set(e, object, "block_size", json_integer(lun->block_bytes));
	set(e, object, "thin", json_boolean(lun->thin));
	set(e, object, "removable", json_boolean(lun->removable));
	set(e, object, "read_only", json_boolean(lun->access == LUN_READ_ONLY));
	set(e, object, "status", json_string(lun->status == STATUS_ONLINE ? "online" : "offline"));
	set(e, object, "hints", text_or_empty(lun->hints));
	set(e, object, "qos", text_or_empty(lun->qos));
	set(e, object, "mask", mask.failed ? NULL : sorted(e, list_of(e, mask.text)));
	return object;
}

static json_t *
group_object(struct exporting *e, const struct row_portal_group *group)
{
	struct row_slice members = state_group_portals(e->state, &group->id);
	json_t *list = json_array();

	for (size_t i = 0; i < members.count; i++) {
		const struct row_group_portal *member = members.rows[i];
		char text[80];

		endpoint_of(state_find(e->state, ROW_PORTAL, &member->portal_id), text);
		append(e, list, json_string(text));
	}
	return json_pack("{s:I, s:o, s:s, s:b, s:b}", "tag", (json_int_t)group->tag, "portals",
			 sorted(e, list), "state", port_access_name(group->access_state),
			 "preferred", group->preferred, "explicit", group->explicit_allowed);
}

static json_t *
target_object(struct exporting *e, const void *row)
{
	const struct row_target *target = row;
	struct row_slice groups = state_target_groups(e->state, &target->id);
	json_t *object = json_object(), *list = json_array();

	for (size_t i = 0; i < groups.count; i++)
		append(e, list, group_object(e, groups.rows[i]));
	set(e, object, "name", text_or_empty(target->iscsi_name));
	set(e, object, "alias", text_or_empty(target->alias));
	id_set(e, object, &target->id, false);
	set(e, object, "sources", list_of(e, target->sources));
	set(e, object, "portal_groups", list);
	set(e, object, "chap", chap_of(e, &target->id));
	return object;
}

static json_t *
association_object(struct exporting *e, const void *row)
{
	const struct row_association *a = row;
	const struct row_lun *lun = state_find(e->state, ROW_LUN, &a->lun_id);
	const struct row_target *target = state_find(e->state, ROW_TARGET, &a->target_id);
	char id[GUID_TEXT_SIZE];

	return json_pack("{s:s, s:s, s:I}", "lun",
			 needs_id(e, lun) ? guid_format(&lun->id, id) : lun->name, "target",
			 target->iscsi_name, "number", (json_int_t)a->lun_number);
}

/* LUNs of the schedule that are deleted are left out. */
static json_t *
schedule_object(struct exporting *e, const void *row)
{
	const struct row_snapshot_schedule *schedule = row;
	json_t *object = json_object(), *list = json_array();
	const char *rest = schedule->lun_ids;
	char text[GUID_TEXT_SIZE];
	struct guid id;

	while (schedule_lun_next(&rest, &id)) {
		const struct row_lun *lun = state_find(e->state, ROW_LUN, &id);

		if (lun != NULL)
			append(e, list,
			       json_string(needs_id(e, lun) ? guid_format(&id, text) : lun->name));
	}
	set(e, object, "name", text_or_empty(schedule->name));
	id_set(e, object, &schedule->id, false);
	set(e, object, "luns", sorted(e, list));
	set(e, object, "every", text_or_empty(schedule->every));
	set(e, object, "at", text_or_empty(schedule->at));
	set(e, object, "keep", text_or_empty(schedule->keep));
	set(e, object, "enabled", json_boolean(schedule->enabled));
	return object;
}

/* ---- sections ---- */

static int
compare_members(const json_t *a, const json_t *b, const char *name)
{
	const json_t *x = json_object_get(a, name), *y = json_object_get(b, name);

	if (json_is_integer(x) && json_is_integer(y))
		return (json_integer_value(x) > json_integer_value(y)) -
		       (json_integer_value(x) < json_integer_value(y));
	return x != NULL && y != NULL ? strcmp(json_string_value(x), json_string_value(y)) : 0;
}

/* By what tells the objects of each section apart. */
static int
compare_objects(const void *p, const void *q)
{
	static const char *const members[] = { "name", "id",     "address", "port",
					       "lun",  "target", NULL };
	const json_t *a = *(json_t *const *)p, *b = *(json_t *const *)q;
	int order = 0;

	for (size_t i = 0; order == 0 && members[i] != NULL; i++)
		order = compare_members(a, b, members[i]);
	return order;
}

static int
add_section(struct exporting *e, const char *name, enum row_family family,
	    json_t *(*object_of)(struct exporting *e, const void *row))
{
	size_t rows = state_count(e->state, family), count = 0;
	AUTO_FREE json_t **objects = mem_calloc(rows + 1, sizeof(objects[0]));
	json_t *list = json_array();
	bool failed = objects == NULL || list == NULL;

	for (size_t i = 0; !failed && i < rows; i++) {
		const void *row = state_at(e->state, family, i);
		struct row_key key;

		row_key(row, &key);
		if (!is_wanted(e, &key.a) ||
		    (row_type(family)->key_fields > 1 && !is_wanted(e, &key.b)))
			continue;
		objects[count] = object_of(e, row);
		failed = objects[count++] == NULL;
	}
	if (!failed && count > 0)
		qsort(objects, count, sizeof(objects[0]), compare_objects);
	for (size_t i = 0; i < count; i++)
		failed |= json_array_append_new(list, objects[i]) < 0;
	return json_object_set_new(e->file, name, list) < 0 || failed ? -ENOMEM : 0;
}

static int
add_array(struct exporting *e)
{
	const struct row_array *array = state_array(e->state);

	return json_object_set_new(e->file, "array",
				   json_pack("{s:s, s:s}", "name",
					     array->name != NULL ? array->name : "", "iqn_prefix",
					     array->iqn_prefix != NULL ? array->iqn_prefix : ""));
}

static int
add_all(struct exporting *e)
{
	int rc = 0;

	set(e, e->file, "format", json_integer(1));
	set(e, e->file, "scope", json_string(e->all ? "array" : "named"));
	if (e->all)
		rc = add_array(e);
	if (rc == 0)
		rc = add_section(e, "pools", ROW_POOL, pool_object);
	if (rc == 0)
		rc = add_section(e, "portals", ROW_PORTAL, portal_object);
	if (rc == 0)
		rc = add_section(e, "hosts", ROW_HOST, host_object);
	if (rc == 0)
		rc = add_section(e, "host_groups", ROW_HOST_GROUP, host_group_object);
	if (rc == 0)
		rc = add_section(e, "luns", ROW_LUN, lun_object);
	if (rc == 0)
		rc = add_section(e, "targets", ROW_TARGET, target_object);
	if (rc == 0)
		rc = add_section(e, "associations", ROW_ASSOCIATION, association_object);
	if (rc == 0)
		rc = add_section(e, "snapshot_schedules", ROW_SNAPSHOT_SCHEDULE, schedule_object);
	if (rc == 0 && e->all)
		rc = json_object_set_new(e->file, "discovery_chap",
					 chap_of(e, &credential_discovery));
	return rc < 0 || e->failed ? -ENOMEM : 0;
}

/* ---- as a text ---- */

/* One object of a section on a line, so that `diff` shows which objects differ. */
static int
write_text(const json_t *file, struct strbuf *out)
{
	const char *name;
	json_t *value;
	bool first = true;

	strbuf_add(out, "{");
	json_object_foreach((json_t *)(uintptr_t)file, name, value)
	{
		bool is_list = json_is_array(value) && json_array_size(value) > 0;

		strbuf_addf(out, "%s\n  \"%s\": %s", first ? "" : ",", name, is_list ? "[" : "");
		for (size_t i = 0; is_list && i < json_array_size(value); i++) {
			char *one = json_dumps(json_array_get(value, i), JSON_ENCODE_ANY);

			if (one == NULL)
				return -ENOMEM;
			strbuf_addf(out, "%s\n    ", i > 0 ? "," : "");
			strbuf_add(out, one);
			free(one);
		}
		if (!is_list) {
			char *one = json_dumps(value, JSON_ENCODE_ANY);

			if (one == NULL)
				return -ENOMEM;
			strbuf_add(out, one);
			free(one);
		}
		strbuf_add(out, is_list ? "\n  ]" : "");
		first = false;
	}
	strbuf_add(out, "\n}\n");
	return out->failed ? -ENOMEM : 0;
}

int
array_export(struct array *array, const struct array_export_options *options, char **ret_text)
{
	AUTO_STATE struct state *state = array_state(array);
	AUTO(strbuf_fini) struct strbuf text = { 0 };
	struct exporting e = {
		.state = state,
		.all = options->family == ROW_ARRAY,
		.ids = options->ids,
		.file = json_object(),
	};
	int rc = e.file != NULL ? 0 : -ENOMEM;

	guid_map_init(&e.wanted);
	if (rc == 0 && !e.all)
		rc = choose(&e, options->family, &options->id);
	if (rc == 0)
		rc = add_all(&e);
	if (rc == 0)
		rc = write_text(e.file, &text);
	if (rc == 0) {
		*ret_text = strbuf_take(&text);
		rc = *ret_text != NULL ? 0 : -ENOMEM;
	}
	guid_map_fini(&e.wanted);
	json_decref(e.file);
	return rc;
}
