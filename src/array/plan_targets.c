/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The targets of a plan, with their portal groups.  The thread that asks. */
#include <errno.h>
#include <string.h>

#include "array/plan_int.h"
#include "base/err.h"
#include "base/mem.h"
#include "model/port.h"

/* ---- portal groups ---- */

static const struct row_portal_group *
group_find(const struct state *view, const struct guid *target_id, uint32_t tag)
{
	struct row_slice groups = state_target_groups(view, target_id);

	for (size_t i = 0; i < groups.count; i++)
		if (((const struct row_portal_group *)groups.rows[i])->tag == tag)
			return groups.rows[i];
	return NULL;
}

/*
 * Returns a number that no group has, which stands in a plan until the writer chooses one; 0 =
 * memory is out.
 */
static uint32_t
free_port(struct array_plan_build *b)
{
	const struct state *view = array_plan_view(b);
	size_t count = state_count(view, ROW_PORTAL_GROUP);

	if (b->ports == NULL) {
		b->ports = mem_calloc(UINT16_MAX + 2, sizeof(b->ports[0]));
		for (size_t i = 0; b->ports != NULL && i < count; i++)
			b->ports[((const struct row_portal_group *)state_at(view, ROW_PORTAL_GROUP,
									    i))
					 ->relative_port] = true;
		b->next_port = 1;
	}
	while (b->ports != NULL && b->next_port <= UINT16_MAX && b->ports[b->next_port])
		b->next_port++;
	return b->ports != NULL ? b->next_port++ : 0;
}

static int
group_new(struct array_plan_build *b, const struct guid *target_id, uint32_t tag,
	  struct row_portal_group **ret_row)
{
	AUTO_ROW struct row_portal_group *row = row_new(ROW_PORTAL_GROUP);

	if (row == NULL)
		return -ENOMEM;
	guid_make(&row->id);
	row->target_id = *target_id;
	row->tag = tag;
	row->relative_port = free_port(b);
	if (row->relative_port == 0)
		return -ENOMEM;
	if (row->relative_port > UINT16_MAX)
		return err_set(ERR_LIMIT, "the array has %d portal groups, and cannot have more",
			       UINT16_MAX);
	if (array_plan_keys_add(&b->plan->new_groups, &row->id, NULL) < 0)
		return -ENOMEM;
	*ret_row = TAKE(row);
	return 0;
}

static int
put_member(struct array_plan_build *b, const struct guid *group_id, const struct guid *portal_id)
{
	struct row_group_portal *row = row_new(ROW_GROUP_PORTAL);

	if (row == NULL)
		return -ENOMEM;
	row->group_id = *group_id;
	row->portal_id = *portal_id;
	return state_edit_put(b->edit, row);
}

/* Puts a group with all portals of a controller. */
static int
put_group_of(struct array_plan_build *b, const struct array_plan_entry *entry, uint32_t tag,
	     const struct guid *controller_id)
{
	struct row_portal_group *row = NULL;
	struct guid group_id;
	int rc = group_new(b, &entry->id, tag, &row);

	if (rc < 0 || row == NULL)
		return array_plan_explain(&b->plan->text, &entry->at, rc);
	group_id = row->id;
	rc = state_edit_put(b->edit, row);
	for (size_t i = 0; rc == 0 && i < state_count(array_plan_view(b), ROW_PORTAL); i++) {
		const struct row_portal *portal = state_at(array_plan_view(b), ROW_PORTAL, i);
		struct guid portal_id = portal->id;

		if (guid_equal(&portal->controller_id, controller_id))
			rc = put_member(b, &group_id, &portal_id);
	}
	return rc;
}

/*
 * What a new target has when the file says nothing: one group with all portals, or one for each
 * gateway.
 */
static int
put_default_group(struct array_plan_build *b, const struct array_plan_entry *entry)
{
	const struct state *view = b->plan->before;
	const struct guid none = { { 0 } };
	int rc = 0;

	if (!state_has_gateways(view))
		return put_group_of(b, entry, 1, &none);
	for (size_t i = 0; rc == 0 && i < state_count(view, ROW_CONTROLLER); i++) {
		const struct row_controller *gateway = state_at(view, ROW_CONTROLLER, i);

		rc = put_group_of(b, entry, (uint32_t)i + 1, &gateway->id);
	}
	return rc;
}

/* Reads the portals of a group; *ret_portals are their ids. */
static int
read_portals(struct array_plan_build *b, const struct array_plan_entry *group,
	     struct array_plan_keys *ret_portals)
{
	const json_t *list = array_plan_list(group, "portals");
	struct array_plan_at up = array_plan_member(group, "portals");
	const struct row_portal *first = NULL;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < json_array_size(list); i++) {
		const struct array_plan_at at = { .up = &up, .index = i };
		const char *text = json_string_value(json_array_get(list, i));
		const struct row_portal *portal = NULL;

		rc = array_plan_endpoint(b, array_plan_view(b), text, &portal);
		if (rc < 0)
			return array_plan_explain(&b->plan->text, &at, rc);
		if (portal == NULL)
			return array_plan_fail(&b->plan->text, &at, ERR_NOT_FOUND,
					       "there will be no portal %s: add it to \"portals\"",
					       text);
		first = i == 0 ? portal : first;
		if (!guid_equal(&first->controller_id, &portal->controller_id))
			return array_plan_fail(&b->plan->text, &at, ERR_INVALID,
					       "the portal is that of another gateway than the "
					       "first one: write a group for each gateway");
		rc = array_plan_keys_add(ret_portals, &portal->id, NULL);
	}
	return rc;
}

static int
set_portals(struct array_plan_build *b, const struct guid *group_id,
	    const struct array_plan_keys *portals)
{
	struct row_slice slice;
	size_t kept = 0;
	int rc = 0;

	while (rc == 0 &&
	       (slice = state_group_portals(array_plan_view(b), group_id)).count > kept) {
		struct row_key portal = {
			.a = ((const struct row_group_portal *)slice.rows[kept])->portal_id,
		};

		if (array_plan_keys_have(portals, &portal))
			kept++;
		else
			rc = state_edit_delete(b->edit, ROW_GROUP_PORTAL, group_id, &portal.a);
	}
	for (size_t i = 0; rc == 0 && i < portals->count; i++)
		rc = put_member(b, group_id, &portals->keys[i].a);
	return rc;
}

static int
set_access(const struct array_plan_entry *group, struct row_portal_group *row)
{
	const char *word = array_plan_string(group, "state");
	enum port_access state = row->access_state;
	bool value;
	int rc = word != NULL ? port_access_parse(word, &state) : 0;

	if (rc < 0)
		return rc;
	if (state != row->access_state) {
		row->access_state = state;
		row->access_set_by = ACCESS_SET_BY_ADMINISTRATOR;
	}
	if (array_plan_bool(group, "preferred", &value))
		row->preferred = value;
	if (array_plan_bool(group, "explicit", &value))
		row->explicit_allowed = value;
	return 0;
}

static int
put_group(struct array_plan_build *b, const struct array_plan_entry *entry,
	  const struct array_plan_entry *group)
{
	uint32_t tag = (uint32_t)json_integer_value(json_object_get(group->json, "tag"));
	const struct row_portal_group *there = group_find(array_plan_view(b), &entry->id, tag);
	AUTO_ROW struct row_portal_group *row = NULL;
	struct array_plan_keys portals = { 0 };
	struct guid group_id;
	int rc = 0;

	if (there != NULL)
		row = row_copy(there);
	else
		rc = group_new(b, &entry->id, tag, &row);
	if (rc == 0 && row == NULL)
		rc = -ENOMEM;
	if (rc == 0)
		rc = set_access(group, row);
	if (rc < 0 || row == NULL)
		return array_plan_explain(&b->plan->text, &group->at, rc);
	group_id = row->id;
	rc = state_edit_put(b->edit, TAKE(row));
	if (rc == 0)
		rc = read_portals(b, group, &portals);
	if (rc == 0)
		rc = set_portals(b, &group_id, &portals);
	mem_free(portals.keys);
	return rc;
}

static bool
tag_is_listed(const json_t *list, uint32_t tag, size_t before)
{
	for (size_t i = 0; i < MIN(json_array_size(list), before); i++)
		if (json_integer_value(json_object_get(json_array_get(list, i), "tag")) == tag)
			return true;
	return false;
}

static int
drop_groups(struct array_plan_build *b, const struct guid *target_id, const json_t *list)
{
	struct row_slice slice;
	size_t kept = 0;
	int rc = 0;

	while (rc == 0 &&
	       (slice = state_target_groups(array_plan_view(b), target_id)).count > kept) {
		const struct row_portal_group *group = slice.rows[kept];
		struct guid id = group->id;

		if (tag_is_listed(list, group->tag, SIZE_MAX))
			kept++;
		else
			rc = array_plan_delete_group(b, &id);
	}
	return rc;
}

static int
put_groups(struct array_plan_build *b, const struct array_plan_entry *entry)
{
	const json_t *list = array_plan_list(entry, "portal_groups");
	struct array_plan_at up = array_plan_member(entry, "portal_groups");
	int rc;

	if (list == NULL)
		return entry->row == NULL ? put_default_group(b, entry) : 0;
	rc = drop_groups(b, &entry->id, list);
	for (size_t i = 0; rc == 0 && i < json_array_size(list); i++) {
		const struct array_plan_entry group = {
			.json = json_array_get(list, i),
			.at = { .up = &up, .index = i },
		};
		json_int_t tag = json_integer_value(json_object_get(group.json, "tag"));

		if (tag_is_listed(list, (uint32_t)tag, i))
			return ARRAY_PLAN_FAIL(b, &group, "tag", ERR_INVALID,
					       "the target has another portal group with this tag");
		rc = put_group(b, entry, &group);
	}
	return rc;
}

/* ---- targets ---- */

static int
set_name(struct array_plan_build *b, const struct array_plan_entry *entry, struct row_target *row)
{
	const char *name = array_plan_string(entry, "name");
	const char *alias = array_plan_string(entry, "alias");
	struct array_plan_at at = array_plan_member(entry, "name");
	AUTO_FREE char *normal = NULL;
	int rc = name != NULL ? iscsi_name_normalize(name, &normal) : 0;

	if (rc < 0)
		return array_plan_explain(&b->plan->text, &at, rc);
	if (entry->row != NULL && normal != NULL && strcmp(normal, row->iscsi_name) != 0)
		return array_plan_fail(&b->plan->text, &at, ERR_INVALID,
				       "the target's name is %s, and cannot be changed: make "
				       "another target",
				       row->iscsi_name);
	if (entry->row != NULL)
		return 0;
	if (name == NULL)
		rc = array_name_make_target(array_plan_view(b), alias != NULL ? alias : "",
					    &normal);
	return rc < 0 ? rc : row_set_string(&row->iscsi_name, normal);
}

static int
set_redirect(struct array_plan_build *b, const struct array_plan_entry *entry,
	     struct row_target *row)
{
	const char *redirect = array_plan_string(entry, "redirect");
	struct array_plan_at at = array_plan_member(entry, "redirect");
	char text[REDIRECT_TEXT_SIZE];
	int rc;

	if (redirect == NULL)
		return 0;
	rc = array_redirect_normalize(redirect, text);
	if (rc == 0)
		rc = row_set_string(&row->redirect, text);
	return rc < 0 ? array_plan_explain(&b->plan->text, &at, rc) : 0;
}

/* The groups of the target are known by now. */
static int
check_redirect(struct array_plan_build *b, const struct array_plan_entry *entry)
{
	struct array_plan_at at = array_plan_member(entry, "redirect");
	int rc = 0;

	if (array_plan_string(entry, "redirect") != NULL)
		rc = array_redirect_check(array_plan_view(b),
					  state_find(array_plan_view(b), ROW_TARGET, &entry->id));
	return rc < 0 ? array_plan_explain(&b->plan->text, &at, rc) : 0;
}

static int
put_target(struct array_plan_build *b, const struct array_plan_entry *entry)
{
	const char *alias = array_plan_string(entry, "alias");
	struct array_plan_at at = array_plan_member(entry, "alias");
	AUTO_ROW struct row_target *row = entry->row != NULL ? row_copy(entry->row)
							     : row_new(ROW_TARGET);
	int rc = alias != NULL ? array_name_check_free("target", alias) : 0;

	if (row == NULL)
		return -ENOMEM;
	row->id = entry->id;
	if (rc == 0 && alias != NULL)
		rc = row_set_string(&row->alias, alias);
	if (rc < 0)
		return array_plan_explain(&b->plan->text, &at, rc);
	rc = set_name(b, entry, row);
	if (rc == 0)
		rc = array_plan_sources(b, entry, &row->sources);
	if (rc == 0)
		rc = set_redirect(b, entry, row);
	if (rc == 0)
		rc = state_edit_put(b->edit, TAKE(row));
	if (rc == 0)
		rc = put_groups(b, entry);
	return rc < 0 ? rc : check_redirect(b, entry);
}

int
array_plan_put_targets(struct array_plan_build *b)
{
	const struct array_plan_entries *entries = &b->sections[PLAN_TARGETS];
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < entries->count; i++)
		if (!entries->list[i].absent)
			rc = put_target(b, &entries->list[i]);
	return rc;
}
