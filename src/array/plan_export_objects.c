/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writes the objects of an export from their rows, which have no secrets.  Any thread.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array/plan_export_int.h"
#include "base/mem.h"
#include "model/host.h"
#include "model/port.h"
#include "model/schedule.h"

/* ---- values ---- */

/* Add to an object or a list, and note when memory is out. */
void
array_export_set(struct array_exporting *e, json_t *object, const char *name, json_t *value)
{
	e->failed |= json_object_set_new(object, name, value) < 0;
}

static void
append(struct array_exporting *e, json_t *list, json_t *value)
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
list_of(struct array_exporting *e, const char *joined)
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
sorted(struct array_exporting *e, json_t *list)
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

/* The name of the gateway that has the portal, or NULL where there are no gateways. */
static const char *
gateway_of(const struct array_exporting *e, const struct row_portal *portal)
{
	const struct row_controller *gateway = state_has_gateways(e->state)
						       ? portal_controller(e->state, portal)
						       : NULL;

	return gateway != NULL ? gateway->name : NULL;
}

static json_t *
endpoint_of(const struct array_exporting *e, const struct row_portal *portal)
{
	bool six = strchr(portal->address, ':') != NULL;
	const char *gateway = gateway_of(e, portal);

	return json_sprintf("%s%s%s%.60s%s:%u", gateway != NULL ? gateway : "",
			    gateway != NULL ? "/" : "", six ? "[" : "", portal->address,
			    six ? "]" : "", portal->port);
}

static void
id_set(struct array_exporting *e, json_t *object, const struct guid *id, bool needed)
{
	char text[GUID_TEXT_SIZE];

	if (needed || e->ids)
		array_export_set(e, object, "id", json_string(guid_format(id, text)));
}

static bool
needs_id(struct array_exporting *e, const struct row_lun *lun)
{
	struct guid unused;

	return lun->name == NULL || lun->name[0] == '\0' || guid_parse(lun->name, &unused) == 0 ||
	       state_luns_by_name(e->state, lun->name).count > 1;
}

/* For whom there are secrets of an owner. */
json_t *
array_export_chap(struct array_exporting *e, const struct guid *owner_id)
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

		array_export_set(e, one, "side",
				 json_stringn(side, (size_t)(initiator - side) - 1));
		if (*user != '\0')
			array_export_set(e, one, "user", json_string(user));
		if (user - initiator > 1)
			array_export_set(e, one, "initiator",
					 json_stringn(initiator, (size_t)(user - initiator) - 1));
		append(e, out, one);
	}
	json_decref(list);
	return out;
}

/* ---- objects ---- */

json_t *
array_export_pool(struct array_exporting *e, const void *row)
{
	const struct row_pool *pool = row;
	json_t *object = json_object();

	array_export_set(e, object, "name", text_or_empty(pool->name));
	id_set(e, object, &pool->id, false);
	array_export_set(e, object, "path", text_or_empty(pool->path));
	array_export_set(e, object, "low", text_or_empty(pool->low));
	array_export_set(e, object, "full", text_or_empty(pool->full));
	array_export_set(e, object, "overcommit", text_or_empty(pool->overcommit));
	array_export_set(e, object, "trash", text_or_empty(pool->trash));
	array_export_set(e, object, "trash_yields", json_boolean(pool->trash_yields));
	array_export_set(e, object, "qos", text_or_empty(pool->qos));
	return object;
}

json_t *
array_export_portal(struct array_exporting *e, const void *row)
{
	const struct row_portal *portal = row;
	const char *gateway = gateway_of(e, portal);
	json_t *object = json_pack("{s:s, s:I, s:s}", "address", portal->address, "port",
				   (json_int_t)portal->port, "status",
				   portal->status == STATUS_ONLINE ? "online" : "offline");

	if (gateway != NULL)
		array_export_set(e, object, "gateway", json_string(gateway));
	return object;
}

json_t *
array_export_host(struct array_exporting *e, const void *row)
{
	const struct row_host *host = row;
	struct row_slice names = state_host_initiators(e->state, &host->id);
	json_t *object = json_object(), *list = json_array();

	for (size_t i = 0; i < names.count; i++)
		append(e, list,
		       text_or_empty(((const struct row_initiator *)names.rows[i])->iscsi_name));
	array_export_set(e, object, "name", text_or_empty(host->name));
	id_set(e, object, &host->id, false);
	array_export_set(e, object, "initiators", list);
	array_export_set(e, object, "sources", list_of(e, host->sources));
	array_export_set(e, object, "qos", text_or_empty(host->qos));
	array_export_set(e, object, "chap", array_export_chap(e, &host->id));
	return object;
}

json_t *
array_export_host_group(struct array_exporting *e, const void *row)
{
	const struct row_host_group *group = row;
	struct row_slice hosts = state_group_hosts(e->state, &group->id);
	json_t *object = json_object(), *list = json_array();

	for (size_t i = 0; i < hosts.count; i++) {
		const struct row_host_member *member = hosts.rows[i];
		const struct row_host *host = state_find(e->state, ROW_HOST, &member->host_id);

		append(e, list, text_or_empty(host->name));
	}
	array_export_set(e, object, "name", text_or_empty(group->name));
	id_set(e, object, &group->id, false);
	array_export_set(e, object, "hosts", sorted(e, list));
	return object;
}

json_t *
array_export_lun(struct array_exporting *e, const void *row)
{
	const struct row_lun *lun = row;
	const struct row_pool *pool = state_find(e->state, ROW_POOL, &lun->pool_id);
	AUTO(strbuf_fini) struct strbuf mask = { 0 };
	json_t *object = json_object();

	host_mask_describe(e->state, lun->mask, &mask);
	array_export_set(e, object, "name", text_or_empty(lun->name));
	id_set(e, object, &lun->id, needs_id(e, lun));
	array_export_set(e, object, "pool", text_or_empty(pool->name));
	array_export_set(e, object, "size", size_of(lun->size_bytes));
	array_export_set(e, object, "block_size", json_integer(lun->block_bytes));
	array_export_set(e, object, "thin", json_boolean(lun->thin));
	array_export_set(e, object, "removable", json_boolean(lun->removable));
	array_export_set(e, object, "read_only", json_boolean(lun->access == LUN_READ_ONLY));
	array_export_set(e, object, "cache", json_string(lun_cache_name(lun->cache)));
	array_export_set(e, object, "status",
			 json_string(lun->status == STATUS_ONLINE ? "online" : "offline"));
	array_export_set(e, object, "hints", text_or_empty(lun->hints));
	array_export_set(e, object, "qos", text_or_empty(lun->qos));
	array_export_set(e, object, "mask", mask.failed ? NULL : sorted(e, list_of(e, mask.text)));
	return object;
}

static json_t *
group_object(struct array_exporting *e, const struct row_portal_group *group)
{
	struct row_slice members = state_group_portals(e->state, &group->id);
	json_t *list = json_array();

	for (size_t i = 0; i < members.count; i++) {
		const struct row_group_portal *member = members.rows[i];

		append(e, list,
		       endpoint_of(e, state_find(e->state, ROW_PORTAL, &member->portal_id)));
	}
	return json_pack("{s:I, s:o, s:s, s:b, s:b}", "tag", (json_int_t)group->tag, "portals",
			 sorted(e, list), "state", port_access_name(group->access_state),
			 "preferred", group->preferred, "explicit", group->explicit_allowed);
}

json_t *
array_export_target(struct array_exporting *e, const void *row)
{
	const struct row_target *target = row;
	struct row_slice groups = state_target_groups(e->state, &target->id);
	json_t *object = json_object(), *list = json_array();

	for (size_t i = 0; i < groups.count; i++)
		append(e, list, group_object(e, groups.rows[i]));
	array_export_set(e, object, "name", text_or_empty(target->iscsi_name));
	array_export_set(e, object, "alias", text_or_empty(target->alias));
	id_set(e, object, &target->id, false);
	array_export_set(e, object, "sources", list_of(e, target->sources));
	array_export_set(e, object, "redirect", text_or_empty(target->redirect));
	array_export_set(e, object, "portal_groups", list);
	array_export_set(e, object, "chap", array_export_chap(e, &target->id));
	return object;
}

json_t *
array_export_association(struct array_exporting *e, const void *row)
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
json_t *
array_export_schedule(struct array_exporting *e, const void *row)
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
	array_export_set(e, object, "name", text_or_empty(schedule->name));
	id_set(e, object, &schedule->id, false);
	array_export_set(e, object, "luns", sorted(e, list));
	array_export_set(e, object, "every", text_or_empty(schedule->every));
	array_export_set(e, object, "at", text_or_empty(schedule->at));
	array_export_set(e, object, "keep", text_or_empty(schedule->keep));
	array_export_set(e, object, "enabled", json_boolean(schedule->enabled));
	return object;
}
