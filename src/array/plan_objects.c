/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The array itself, pools, portals, hosts and host groups of a plan.  The thread that asks. */
#include <errno.h>
#include <string.h>

#include "array/plan_int.h"
#include "base/cidr.h"
#include "base/err.h"
#include "base/mem.h"
#include "model/host.h"

/* Returns a row to fill: a copy of the object's, or a new one.  NULL = memory is out. */
static void *
row_begin(struct array_plan_build *b, const struct array_plan_entry *entry, enum row_family family)
{
	const void *row = entry->row != NULL ? state_find(array_plan_view(b), family, &entry->id)
					     : NULL;

	return row != NULL ? row_copy(row) : row_new(family);
}

/* ---- the array ---- */

static int
array_fill(struct array_plan_build *b, const struct array_plan_entry *entry, struct row_array *row)
{
	const char *name = array_plan_string(entry, "name");
	const char *prefix = array_plan_string(entry, "iqn_prefix");
	struct array_plan_at at = array_plan_member(entry, "name");
	AUTO_FREE char *normal = NULL;
	int rc = name != NULL ? array_name_check_free("array", name) : 0;

	if (rc == 0 && name != NULL)
		rc = row_set_string(&row->name, name);
	if (rc == 0 && prefix != NULL) {
		at.member = "iqn_prefix";
		rc = array_iqn_prefix_normalize(prefix, &normal);
	}
	if (rc == 0 && prefix != NULL)
		rc = row_set_string(&row->iqn_prefix, normal);
	return rc < 0 ? array_plan_explain(&b->plan->text, &at, rc) : 0;
}

int
array_plan_put_array(struct array_plan_build *b)
{
	const struct array_plan_entry entry = {
		.json = json_object_get(b->plan->text.json, "array"),
		.at = { .member = "array" },
	};
	AUTO_ROW struct row_array *row = NULL;
	int rc;

	if (entry.json == NULL)
		return 0;
	row = row_copy(state_array(array_plan_view(b)));
	if (row == NULL)
		return -ENOMEM;
	rc = array_fill(b, &entry, row);
	return rc < 0 ? rc : state_edit_put(b->edit, TAKE(row));
}

/* ---- limits ---- */

int
array_plan_qos(struct array_plan_build *b, const struct array_plan_entry *entry,
	       enum qos_owner owner, char **field)
{
	const char *wanted = array_plan_string(entry, "qos");
	struct array_plan_at at = array_plan_member(entry, "qos");
	char text[QOS_TEXT_MAX];
	int rc;

	if (wanted == NULL)
		return 0;
	rc = qos_change(owner, "", wanted, text);
	if (rc == 0)
		rc = row_set_string(field, text);
	return rc < 0 ? array_plan_explain(&b->plan->text, &at, rc) : 0;
}

/* What the LUNs keep of their pools depends on all pools and LUNs of the file. */
int
array_plan_check_qos(struct array_plan_build *b)
{
	static const enum array_plan_section sections[] = { PLAN_POOLS, PLAN_LUNS };

	for (size_t s = 0; s < ARRAY_LEN(sections); s++) {
		const struct array_plan_entries *entries = &b->sections[sections[s]];

		for (size_t i = 0; i < entries->count; i++)
			if (array_plan_string(&entries->list[i], "qos") != NULL) {
				int rc = array_qos_check_pools(array_plan_view(b));

				return rc < 0 ? array_plan_explain(&b->plan->text,
								   &entries->list[i].at, rc)
					      : 0;
			}
	}
	return 0;
}

/* ---- pools ---- */

/* A new pool's directory in the one way to write it. */
static int
pool_path(struct array_plan_build *b, const struct array_plan_entry *entry, char **ret_path)
{
	const char *path = array_plan_string(entry, "path");
	struct array_plan_at at = array_plan_member(entry, "path");
	int rc;

	if (path == NULL)
		return array_plan_fail(&b->plan->text, &entry->at, ERR_INVALID,
				       "there is no pool of this name: a new one needs \"path\", "
				       "its directory");
	rc = array_pool_place_typed(path, ret_path);
	return rc < 0 ? array_plan_explain(&b->plan->text, &at, rc) : 0;
}

/* Which of the options is wrong is in the text of the error. */
static int
set_options(struct array_plan_build *b, const struct array_plan_entry *entry, struct row_pool *row)
{
	const struct array_pool_options options = {
		.low = array_plan_string(entry, "low"),
		.full = array_plan_string(entry, "full"),
		.overcommit = array_plan_string(entry, "overcommit"),
		.trash = array_plan_string(entry, "trash"),
	};
	int rc = 0;

	(void)array_plan_bool(entry, "trash_yields", &row->trash_yields);
	if (options.low != NULL || options.full != NULL || options.overcommit != NULL ||
	    options.trash != NULL)
		rc = array_pool_options_fill(row, &options);
	return rc < 0 ? array_plan_explain(&b->plan->text, &entry->at, rc)
		      : array_plan_qos(b, entry, QOS_OF_POOL, &row->qos);
}

static int
put_pool(struct array_plan_build *b, const struct array_plan_entry *entry)
{
	const struct row_pool *before = entry->row;
	const char *name = array_plan_string(entry, "name");
	const char *path = array_plan_string(entry, "path");
	struct array_plan_at at = array_plan_member(entry, "name");
	AUTO_ROW struct row_pool *row = row_begin(b, entry, ROW_POOL);
	AUTO_FREE char *place = NULL;
	int rc = row != NULL ? array_name_check("pool", name) : -ENOMEM;

	if (rc == 0)
		rc = row_set_string(&row->name, name);
	if (rc < 0)
		return array_plan_explain(&b->plan->text, &at, rc);
	row->id = entry->id;
	if (before != NULL && path != NULL && strcmp(path, before->path) != 0)
		return ARRAY_PLAN_FAIL(b, entry, "path", ERR_INVALID,
				       "the pool is in %s, and its directory cannot be changed: "
				       "make another pool",
				       before->path);
	if (before == NULL)
		rc = pool_path(b, entry, &place);
	if (rc == 0 && before == NULL)
		rc = row_set_string(&row->path, place);
	if (rc == 0)
		rc = set_options(b, entry, row);
	return rc < 0 ? rc : state_edit_put(b->edit, TAKE(row));
}

int
array_plan_put_pools(struct array_plan_build *b)
{
	const struct array_plan_entries *entries = &b->sections[PLAN_POOLS];
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < entries->count; i++)
		if (!entries->list[i].absent)
			rc = put_pool(b, &entries->list[i]);
	return rc;
}

/* ---- portals ---- */

static int
put_portal(struct array_plan_build *b, const struct array_plan_entry *entry)
{
	const char *status = array_plan_string(entry, "status");
	const json_t *port = json_object_get(entry->json, "port");
	AUTO_ROW struct row_portal *row = row_begin(b, entry, ROW_PORTAL);
	char address[64];
	int rc;

	if (row == NULL)
		return -ENOMEM;
	if (entry->row == NULL) {
		row->id = entry->id;
		row->port = port != NULL ? (uint32_t)json_integer_value(port) : 3260;
		rc = array_plan_address(array_plan_string(entry, "address"), address);
		if (rc == 0)
			rc = row_set_string(&row->address, address);
		if (rc == 0)
			rc = array_plan_gateway(b, array_plan_string(entry, "gateway"),
						&row->controller_id);
		if (rc < 0)
			return rc;
	}
	if (status != NULL)
		row->status = strcmp(status, "online") == 0 ? STATUS_ONLINE : STATUS_OFFLINE;
	return state_edit_put(b->edit, TAKE(row));
}

int
array_plan_put_portals(struct array_plan_build *b)
{
	const struct array_plan_entries *entries = &b->sections[PLAN_PORTALS];
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < entries->count; i++)
		if (!entries->list[i].absent)
			rc = put_portal(b, &entries->list[i]);
	return rc;
}

/* ---- hosts ---- */

int
array_plan_sources(struct array_plan_build *b, const struct array_plan_entry *entry, char **field)
{
	struct array_plan_at at = array_plan_member(entry, "sources");
	AUTO_FREE char *text = NULL, *sources = NULL;
	int rc;

	if (array_plan_list(entry, "sources") == NULL)
		return 0;
	rc = array_plan_join(b, entry, "sources", &text);
	if (rc < 0)
		return rc;
	rc = cidr_list_normalize(text, &sources);
	if (rc == 0)
		rc = row_set_string(field, sources);
	return rc < 0 ? array_plan_explain(&b->plan->text, &at, rc) : 0;
}

static int
put_host(struct array_plan_build *b, const struct array_plan_entry *entry)
{
	const char *name = array_plan_string(entry, "name");
	struct array_plan_at at = array_plan_member(entry, "name");
	AUTO_ROW struct row_host *row = row_begin(b, entry, ROW_HOST);
	int rc = row != NULL ? array_host_name_check("host", name) : -ENOMEM;

	if (rc == 0)
		rc = row_set_string(&row->name, name);
	if (rc < 0)
		return array_plan_explain(&b->plan->text, &at, rc);
	row->id = entry->id;
	rc = array_plan_sources(b, entry, &row->sources);
	if (rc == 0)
		rc = array_plan_qos(b, entry, QOS_OF_HOST, &row->qos);
	return rc < 0 ? rc : state_edit_put(b->edit, TAKE(row));
}

/* Deletes the host's initiators that the list does not have. */
static int
drop_initiators(struct array_plan_build *b, const struct guid *host_id,
		const struct host_names *names)
{
	struct row_slice slice;
	size_t kept = 0;
	int rc = 0;

	while (rc == 0 &&
	       (slice = state_host_initiators(array_plan_view(b), host_id)).count > kept) {
		const struct row_initiator *initiator = slice.rows[kept];
		struct guid id = initiator->id;

		if (host_names_have(names, initiator->iscsi_name))
			kept++;
		else
			rc = state_edit_delete(b->edit, ROW_INITIATOR, &id, NULL);
	}
	return rc;
}

static int
host_names_of(struct array_plan_build *b, const struct array_plan_entry *entry,
	      struct host_names *ret_names)
{
	struct array_plan_at at = array_plan_member(entry, "initiators");
	AUTO_FREE char *text = NULL;
	int rc = array_plan_join(b, entry, "initiators", &text);

	if (rc < 0)
		return rc;
	rc = host_names_parse(text, ret_names);
	return rc < 0 ? array_plan_explain(&b->plan->text, &at, rc) : 0;
}

static int
put_initiator(struct array_plan_build *b, const struct array_plan_entry *entry, const char *name)
{
	const struct row_initiator *there = state_initiator_by_name(array_plan_view(b), name);
	AUTO_ROW struct row_initiator *row = NULL;
	const struct row_host *other;

	if (there != NULL && guid_equal(&there->host_id, &entry->id))
		return 0;
	if (there != NULL) {
		other = state_find(array_plan_view(b), ROW_HOST, &there->host_id);
		return ARRAY_PLAN_FAIL(b, entry, "initiators", ERR_NAME_IN_USE,
				       "the initiator %s belongs to the host \"%s\", and to one "
				       "host only: take it away there",
				       name, other != NULL ? other->name : "");
	}
	row = row_new(ROW_INITIATOR);
	if (row == NULL)
		return -ENOMEM;
	guid_make(&row->id);
	row->host_id = entry->id;
	if (row_set_string(&row->iscsi_name, name) < 0)
		return -ENOMEM;
	return state_edit_put(b->edit, TAKE(row));
}

/* First what goes, from every host, then what comes: a name may move from one host to another. */
static int
initiators(struct array_plan_build *b, const struct array_plan_entry *entry, bool comes)
{
	struct host_names names = { 0 };
	int rc;

	if (array_plan_list(entry, "initiators") == NULL)
		return 0;
	rc = host_names_of(b, entry, &names);
	if (rc == 0 && !comes)
		rc = drop_initiators(b, &entry->id, &names);
	for (size_t i = 0; rc == 0 && comes && i < names.count; i++)
		rc = put_initiator(b, entry, names.names[i]);
	host_names_fini(&names);
	return rc;
}

int
array_plan_put_hosts(struct array_plan_build *b)
{
	const struct array_plan_entries *entries = &b->sections[PLAN_HOSTS];
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < entries->count; i++)
		if (!entries->list[i].absent)
			rc = put_host(b, &entries->list[i]);
	for (size_t pass = 0; pass < 2; pass++)
		for (size_t i = 0; rc == 0 && i < entries->count; i++)
			if (!entries->list[i].absent)
				rc = initiators(b, &entries->list[i], pass == 1);
	return rc;
}

/* ---- host groups ---- */

/* Puts the members that the file lists; *ret_hosts are their ids, as keys. */
static int
put_members(struct array_plan_build *b, const struct array_plan_entry *entry, const json_t *list,
	    struct array_plan_keys *ret_hosts)
{
	struct array_plan_at up = array_plan_member(entry, "hosts");
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < json_array_size(list); i++) {
		const struct array_plan_at at = { .up = &up, .index = i };
		const char *name = json_string_value(json_array_get(list, i));
		const struct row_host *host = state_host_by_name(array_plan_view(b), name);
		AUTO_ROW struct row_host_member *row = row_new(ROW_HOST_MEMBER);

		if (row == NULL)
			return -ENOMEM;
		if (host == NULL)
			return array_plan_fail(&b->plan->text, &at, ERR_NOT_FOUND,
					       "there will be no host named \"%s\": add it to "
					       "\"hosts\"",
					       name);
		row->group_id = entry->id;
		row->host_id = host->id;
		rc = array_plan_keys_add(ret_hosts, &host->id, NULL);
		if (rc == 0)
			rc = state_edit_put(b->edit, TAKE(row));
	}
	return rc;
}

static int
drop_members(struct array_plan_build *b, const struct guid *group_id,
	     const struct array_plan_keys *hosts)
{
	struct row_slice slice;
	size_t kept = 0;
	int rc = 0;

	while (rc == 0 && (slice = state_group_hosts(array_plan_view(b), group_id)).count > kept) {
		struct row_key host = {
			.a = ((const struct row_host_member *)slice.rows[kept])->host_id,
		};

		if (array_plan_keys_have(hosts, &host))
			kept++;
		else
			rc = state_edit_delete(b->edit, ROW_HOST_MEMBER, group_id, &host.a);
	}
	return rc;
}

static int
put_host_group(struct array_plan_build *b, const struct array_plan_entry *entry)
{
	const char *name = array_plan_string(entry, "name");
	const json_t *list = array_plan_list(entry, "hosts");
	struct array_plan_at at = array_plan_member(entry, "name");
	AUTO_ROW struct row_host_group *row = row_begin(b, entry, ROW_HOST_GROUP);
	struct array_plan_keys hosts = { 0 };
	int rc = row != NULL ? array_host_name_check("host group", name) : -ENOMEM;

	if (rc == 0)
		rc = row_set_string(&row->name, name);
	if (rc < 0)
		return array_plan_explain(&b->plan->text, &at, rc);
	row->id = entry->id;
	rc = state_edit_put(b->edit, TAKE(row));
	if (rc == 0 && list != NULL)
		rc = put_members(b, entry, list, &hosts);
	if (rc == 0 && list != NULL)
		rc = drop_members(b, &entry->id, &hosts);
	mem_free(hosts.keys);
	return rc;
}

int
array_plan_put_host_groups(struct array_plan_build *b)
{
	const struct array_plan_entries *entries = &b->sections[PLAN_HOST_GROUPS];
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < entries->count; i++)
		if (!entries->list[i].absent)
			rc = put_host_group(b, &entries->list[i]);
	return rc;
}
