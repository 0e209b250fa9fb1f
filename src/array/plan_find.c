/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which objects of the array a file names: by id where the file gives one, else by what tells
 * objects of their kind apart.  The thread that asks.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array/plan_int.h"
#include "base/err.h"
#include "base/mem.h"
#include "model/host.h"
#include "model/port.h"
#include "model/schedule.h"

#define PORTAL_PORT 3260 /* RFC 7143 §14 */

struct section {
	const char *name, *noun; /* member of the file; one of its objects */
	enum row_family family;
	/*
	 * Finds the object that the entry names without an id, and the text by which it is told
	 * apart, which the caller frees.  Returns 0 (*ret_row is NULL: it is new) or an error.
	 */
	int (*find)(struct array_plan_build *b, const struct array_plan_entry *entry,
		    const void **ret_row, char **ret_key);
};

/* ---- addresses ---- */

int
array_plan_address(const char *text, char ret_text[64])
{
	static const int families[] = { AF_INET, AF_INET6 };
	struct in6_addr bytes;

	for (size_t i = 0; i < ARRAY_LEN(families); i++) {
		if (inet_pton(families[i], text, &bytes) != 1)
			continue;
		inet_ntop(families[i], &bytes, ret_text, 64);
		if (strcmp(ret_text, "0.0.0.0") == 0 || strcmp(ret_text, "::") == 0)
			return err_set(ERR_INVALID,
				       "a portal has one address: write one portal for each "
				       "address of the host in the place of %s",
				       ret_text);
		return 0;
	}
	return err_set(ERR_INVALID, "%.64s is not a numeric IPv4 or IPv6 address", text);
}

static const struct row_portal *
portal_find(const struct state *view, const struct guid *controller_id, const char *address,
	    uint32_t port)
{
	for (size_t i = 0; i < state_count(view, ROW_PORTAL); i++) {
		const struct row_portal *portal = state_at(view, ROW_PORTAL, i);

		if (portal->port == port && strcmp(portal->address, address) == 0 &&
		    guid_equal(&portal->controller_id, controller_id))
			return portal;
	}
	return NULL;
}

int
array_plan_gateway(const struct array_plan_build *b, const char *name, struct guid *ret_id)
{
	const struct row_controller *gateway;
	bool gateways = state_has_gateways(b->plan->before);

	*ret_id = gateways ? b->array->controller_id : (struct guid){ { 0 } };
	if (name == NULL)
		return 0;
	gateway = controller_by_name(b->plan->before, name);
	if (gateway == NULL)
		return err_set(ERR_NOT_FOUND, "there is no gateway \"%.64s\"", name);
	if (gateways)
		*ret_id = gateway->id;
	return 0;
}

int
array_plan_endpoint_read(const char *text, char ret_address[64], uint32_t *ret_port)
{
	const char *colon = strrchr(text, ':');
	bool bracket = text[0] == '[';
	char address[80];
	unsigned long port = PORTAL_PORT;
	size_t len;
	char *end;

	if (bracket ? strchr(text, ']') == NULL : colon != NULL && strchr(text, ':') != colon)
		return err_set(ERR_INVALID,
			       "%.80s is not ADDRESS:PORT: an IPv6 address stands in brackets, as "
			       "[2001:db8::1]:3260",
			       text);
	len = bracket ? strcspn(text, "]") - 1 : strcspn(text, ":");
	colon = text + len + (bracket ? 2 : 0);
	if (*colon == ':') {
		port = strtoul(colon + 1, &end, 10);
		if (colon[1] < '0' || colon[1] > '9' || *end != '\0' || port < 1 || port > 65535)
			return err_set(ERR_INVALID, "%.80s has no port from 1 to 65535", text);
	} else if (*colon != '\0') {
		return err_set(ERR_INVALID, "%.80s is not ADDRESS:PORT", text);
	}
	if (len >= sizeof(address))
		return err_set(ERR_INVALID, "%.80s is not ADDRESS:PORT", text);
	memcpy(address, text + bracket, len);
	address[len] = '\0';
	if (array_plan_address(address, ret_address) < 0)
		return ERR_INVALID;
	*ret_port = (uint32_t)port;
	return 0;
}

int
array_plan_endpoint(const struct array_plan_build *b, const struct state *view, const char *text,
		    const struct row_portal **ret_portal)
{
	const char *slash = strchr(text, '/');
	AUTO_FREE char *gateway = slash != NULL ? str_ndup(text, (size_t)(slash - text)) : NULL;
	struct guid controller_id;
	char address[64];
	uint32_t port;
	int rc;

	if (slash != NULL && gateway == NULL)
		return -ENOMEM;
	rc = array_plan_gateway(b, gateway, &controller_id);
	if (rc == 0)
		rc = array_plan_endpoint_read(slash != NULL ? slash + 1 : text, address, &port);
	if (rc == 0)
		*ret_portal = portal_find(view, &controller_id, address, port);
	return rc;
}

int
array_plan_lun_find(struct array_plan_build *b, const struct array_plan_at *at, const char *text,
		    struct guid *ret_id)
{
	const struct state *view = array_plan_view(b);
	struct row_slice luns;
	struct guid id;

	if (guid_parse(text, &id) == 0 && state_find(view, ROW_LUN, &id) != NULL) {
		*ret_id = id;
		return 0;
	}
	luns = state_luns_by_name(view, text);
	if (luns.count > 1)
		return array_plan_fail(&b->plan->text, at, ERR_INVALID,
				       "%zu LUNs have the name \"%s\": write the id of the one "
				       "that is meant",
				       luns.count, text);
	if (luns.count == 0)
		return array_plan_fail(&b->plan->text, at, ERR_NOT_FOUND,
				       "there will be no LUN named \"%s\": add it to \"luns\"",
				       text);
	*ret_id = ((const struct row_lun *)luns.rows[0])->id;
	return 0;
}

/* ---- by name ---- */

static int
key_of_name(const struct array_plan_entry *entry, char **ret_key)
{
	const char *name = array_plan_string(entry, "name");

	*ret_key = str_dup(name != NULL ? name : "");
	return *ret_key != NULL ? 0 : -ENOMEM;
}

static int
find_pool(struct array_plan_build *b, const struct array_plan_entry *entry, const void **ret_row,
	  char **ret_key)
{
	const char *name = array_plan_string(entry, "name");

	for (size_t i = 0; i < state_count(b->plan->before, ROW_POOL); i++) {
		const struct row_pool *pool = state_at(b->plan->before, ROW_POOL, i);

		if (strcmp(pool->name, name) == 0)
			*ret_row = pool;
	}
	return key_of_name(entry, ret_key);
}

static int
find_portal(struct array_plan_build *b, const struct array_plan_entry *entry, const void **ret_row,
	    char **ret_key)
{
	const json_t *port = json_object_get(entry->json, "port");
	unsigned number = port != NULL ? (unsigned)json_integer_value(port) : PORTAL_PORT;
	struct array_plan_at at = array_plan_member(entry, "address");
	struct array_plan_at gateway_at = array_plan_member(entry, "gateway");
	struct guid controller_id;
	char address[64] = "", id[GUID_TEXT_SIZE];
	int rc = array_plan_address(array_plan_string(entry, "address"), address);

	if (rc < 0)
		return array_plan_explain(&b->plan->text, &at, rc);
	rc = array_plan_gateway(b, array_plan_string(entry, "gateway"), &controller_id);
	if (rc < 0)
		return array_plan_explain(&b->plan->text, &gateway_at, rc);
	*ret_row = portal_find(b->plan->before, &controller_id, address, number);
	*ret_key = str_printf("%s/%s/%u", guid_format(&controller_id, id), address, number);
	return *ret_key != NULL ? 0 : -ENOMEM;
}

static int
find_host(struct array_plan_build *b, const struct array_plan_entry *entry, const void **ret_row,
	  char **ret_key)
{
	*ret_row = state_host_by_name(b->plan->before, array_plan_string(entry, "name"));
	return key_of_name(entry, ret_key);
}

static int
find_host_group(struct array_plan_build *b, const struct array_plan_entry *entry,
		const void **ret_row, char **ret_key)
{
	*ret_row = state_host_group_by_name(b->plan->before, array_plan_string(entry, "name"));
	return key_of_name(entry, ret_key);
}

static int
find_lun(struct array_plan_build *b, const struct array_plan_entry *entry, const void **ret_row,
	 char **ret_key)
{
	const char *name = array_plan_string(entry, "name");
	struct row_slice luns;

	if (name[0] == '\0')
		return ARRAY_PLAN_FAIL(b, entry, "name", ERR_INVALID,
				       "a LUN without a name needs its \"id\"");
	luns = state_luns_by_name(b->plan->before, name);
	if (luns.count > 1)
		return ARRAY_PLAN_FAIL(b, entry, "name", ERR_INVALID,
				       "%zu LUNs have this name: say by \"id\" which is meant",
				       luns.count);
	*ret_row = luns.count > 0 ? luns.rows[0] : NULL;
	return key_of_name(entry, ret_key);
}

static int
find_target(struct array_plan_build *b, const struct array_plan_entry *entry, const void **ret_row,
	    char **ret_key)
{
	const char *name = array_plan_string(entry, "name");
	const char *alias = array_plan_string(entry, "alias");
	struct array_plan_at at = array_plan_member(entry, "name");
	struct row_slice same;
	int rc;

	if (name != NULL) {
		rc = iscsi_name_normalize(name, ret_key);
		if (rc < 0)
			return array_plan_explain(&b->plan->text, &at, rc);
		*ret_row = state_target_by_name(b->plan->before, *ret_key);
		return 0;
	}
	if (alias[0] == '\0')
		return ARRAY_PLAN_FAIL(b, entry, "alias", ERR_INVALID,
				       "a target without an alias needs its \"name\"");
	same = state_targets_by_alias(b->plan->before, alias);
	if (same.count > 1)
		return ARRAY_PLAN_FAIL(
			b, entry, "alias", ERR_INVALID,
			"%zu targets have this alias: say by \"name\" which is meant", same.count);
	*ret_row = same.count > 0 ? same.rows[0] : NULL;
	*ret_key = str_printf("alias/%s", alias);
	return *ret_key != NULL ? 0 : -ENOMEM;
}

static int
find_schedule(struct array_plan_build *b, const struct array_plan_entry *entry,
	      const void **ret_row, char **ret_key)
{
	*ret_row = schedule_by_name(b->plan->before, array_plan_string(entry, "name"));
	return key_of_name(entry, ret_key);
}

/* clang-format off */
static const struct section sections[PLAN_SECTIONS] = {
	[PLAN_POOLS]	   = { "pools",		     "pool",	   ROW_POOL,		  find_pool },
	[PLAN_PORTALS]	   = { "portals",	     "portal",	   ROW_PORTAL,		  find_portal },
	[PLAN_HOSTS]	   = { "hosts",		     "host",	   ROW_HOST,		  find_host },
	[PLAN_HOST_GROUPS] = { "host_groups",	     "host group", ROW_HOST_GROUP,	  find_host_group },
	[PLAN_LUNS]	   = { "luns",		     "LUN",	   ROW_LUN,		  find_lun },
	[PLAN_TARGETS]	   = { "targets",	     "target",	   ROW_TARGET,		  find_target },
	[PLAN_SCHEDULES]   = { "snapshot_schedules", "schedule",   ROW_SNAPSHOT_SCHEDULE, find_schedule },
};
/* clang-format on */

/* ---- claims ---- */

/* Two entries of the file are the same object. */
static int
fail_twice(struct array_plan_build *b, enum array_plan_section id,
	   const struct array_plan_entry *entry, const struct array_plan_entry *other)
{
	unsigned line, column;

	array_plan_locate(&b->plan->text, &other->at, &line, &column);
	return array_plan_fail(&b->plan->text, &entry->at, ERR_INVALID,
			       "this %s is named twice: also in line %u", sections[id].noun, line);
}

static int
claim(struct array_plan_build *b, enum array_plan_section id, struct array_plan_entry *entry)
{
	const struct array_plan_entry *other = guid_map_find(&b->claimed, &entry->id);

	return other != NULL ? fail_twice(b, id, entry, other)
			     : guid_map_put(&b->claimed, &entry->id, entry);
}

static int
claim_by_id(struct array_plan_build *b, enum array_plan_section id, struct array_plan_entry *entry)
{
	int rc = guid_parse(array_plan_string(entry, "id"), &entry->id);

	if (rc < 0 || guid_is_zero(&entry->id))
		return ARRAY_PLAN_FAIL(b, entry, "id", ERR_INVALID, "this is not an id");
	entry->row = state_find(b->plan->before, sections[id].family, &entry->id);
	return claim(b, id, entry);
}

static int
claim_by_name(struct array_plan_build *b, enum array_plan_section id,
	      struct array_plan_entry *entry)
{
	AUTO_FREE char *key = NULL;
	const void *row = NULL;
	struct row_key id_of;
	const struct array_plan_entry *other;
	int rc = sections[id].find(b, entry, &row, &key);

	if (rc < 0)
		return rc;
	if (row == NULL) {
		guid_make(&entry->id);
		return claim(b, id, entry);
	}
	row_key(row, &id_of);
	other = guid_map_find(&b->claimed, &id_of.a);
	if (other != NULL && array_plan_string(other, "id") == NULL)
		return fail_twice(b, id, entry, other);
	if (other != NULL) { /* that one is renamed, or this name is its own, too */
		guid_make(&entry->id);
		return claim(b, id, entry);
	}
	entry->id = id_of.a;
	entry->row = row;
	return claim(b, id, entry);
}

/*
 * A LUN with an id may have a name that another LUN of the file with an id has, too, as VDS allows;
 * but none is given the name of a LUN that stays as it is, or that has no id in the file.
 */
static int
check_lun_name(struct array_plan_build *b, size_t index, json_t *names)
{
	const struct array_plan_entry *entries = b->sections[PLAN_LUNS].list;
	const struct array_plan_entry *entry = &entries[index];
	const struct row_lun *row = entry->row;
	const char *name = array_plan_string(entry, "name");
	const json_t *before = name != NULL ? json_object_get(names, name) : NULL;
	struct row_slice luns = { 0 };

	if (before != NULL && array_plan_string(&entries[json_integer_value(before)], "id") == NULL)
		return fail_twice(b, PLAN_LUNS, entry, &entries[json_integer_value(before)]);
	if (name != NULL && name[0] != '\0' &&
	    json_object_set_new(names, name, json_integer((json_int_t)index)) < 0)
		return -ENOMEM;

	if (name != NULL && name[0] != '\0' && (row == NULL || strcmp(row->name, name) != 0))
		luns = state_luns_by_name(b->plan->before, name);
	for (size_t i = 0; !b->whole && i < luns.count; i++)
		if (guid_map_find(&b->claimed, &((const struct row_lun *)luns.rows[i])->id) == NULL)
			return ARRAY_PLAN_FAIL(b, entry, "name", ERR_NAME_IN_USE,
					       "another LUN of the array has this name");
	return 0;
}

/* Is the entry one of two with its name, or has it the name of an object that stays? */
static int
check_name(struct array_plan_build *b, enum array_plan_section id, size_t index, json_t *names)
{
	const struct array_plan_entry *entries = b->sections[id].list, *entry = &entries[index];
	AUTO_FREE char *key = NULL;
	const json_t *before;
	const void *row = NULL;
	struct row_key other = { 0 };
	int rc = sections[id].find(b, entry, &row, &key);

	if (rc < 0)
		return rc;
	before = json_object_get(names, key);
	if (before != NULL)
		return fail_twice(b, id, entry, &entries[json_integer_value(before)]);
	if (json_object_set_new(names, key, json_integer((json_int_t)index)) < 0)
		return -ENOMEM;
	if (row == NULL || row == entry->row || b->whole)
		return 0;
	row_key(row, &other);
	return guid_map_find(&b->claimed, &other.a) != NULL
		       ? 0
		       : array_plan_fail(&b->plan->text, &entry->at, ERR_NAME_IN_USE,
					 "another %s of the array has this name",
					 sections[id].noun);
}

static int
check_names(struct array_plan_build *b, enum array_plan_section id)
{
	struct array_plan_entries *entries = &b->sections[id];
	json_t *names = json_object();
	int rc = names != NULL ? 0 : -ENOMEM;

	for (size_t i = 0; rc == 0 && i < entries->count; i++) {
		const struct array_plan_entry *entry = &entries->list[i];
		bool has_id = array_plan_string(entry, "id") != NULL;

		if (entry->absent)
			continue;
		if (has_id && id == PLAN_LUNS)
			rc = check_lun_name(b, i, names);
		else if (!has_id || array_plan_string(entry, "name") != NULL)
			rc = check_name(b, id, i, names);
	}
	json_decref(names);
	return rc;
}

static int
fill(struct array_plan_build *b, enum array_plan_section id)
{
	const json_t *list = json_object_get(b->plan->text.json, sections[id].name);
	struct array_plan_entries *entries = &b->sections[id];
	int rc = 0;

	entries->given = list != NULL;
	entries->list = mem_calloc(json_array_size(list) + 1, sizeof(entries->list[0]));
	if (entries->list == NULL)
		return -ENOMEM;
	for (; entries->count < json_array_size(list); entries->count++) {
		struct array_plan_entry *entry = &entries->list[entries->count];

		entry->json = json_array_get(list, entries->count);
		entry->list = (struct array_plan_at){ .member = sections[id].name };
		entry->at = (struct array_plan_at){ .up = &entry->list, .index = entries->count };
		array_plan_bool(entry, "absent", &entry->absent);
	}
	for (size_t i = 0; rc == 0 && i < entries->count; i++)
		if (array_plan_string(&entries->list[i], "id") != NULL)
			rc = claim_by_id(b, id, &entries->list[i]);
	for (size_t i = 0; rc == 0 && i < entries->count; i++)
		if (array_plan_string(&entries->list[i], "id") == NULL)
			rc = claim_by_name(b, id, &entries->list[i]);
	return rc < 0 ? rc : check_names(b, id);
}

int
array_plan_claim(struct array_plan_build *b)
{
	int rc = 0;

	for (int id = 0; rc == 0 && id < PLAN_SECTIONS; id++)
		rc = fill(b, id);
	return rc;
}
