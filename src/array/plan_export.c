/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writes the configuration as a file for a plan: all of it, or one object with what belongs to it
 * (plan_export_choose.c).  Objects (plan_export_objects.c) are in the order of their names, so that
 * equal configurations give equal files.  Any thread.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "array/plan_export_int.h"
#include "base/err.h"
#include "base/mem.h"
#include "model/credential.h"

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
add_section(struct array_exporting *e, const char *name, enum row_family family,
	    json_t *(*object_of)(struct array_exporting *e, const void *row))
{
	size_t rows = state_count(e->state, family), count = 0;
	AUTO_FREE json_t **objects = mem_calloc(rows + 1, sizeof(objects[0]));
	json_t *list = json_array();
	bool failed = objects == NULL || list == NULL;

	for (size_t i = 0; !failed && i < rows; i++) {
		const void *row = state_at(e->state, family, i);
		struct row_key key;

		row_key(row, &key);
		if (!array_export_wants(e, &key.a) ||
		    (row_type(family)->key_fields > 1 && !array_export_wants(e, &key.b)))
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
add_array(struct array_exporting *e)
{
	const struct row_array *array = state_array(e->state);

	return json_object_set_new(e->file, "array",
				   json_pack("{s:s, s:s}", "name",
					     array->name != NULL ? array->name : "", "iqn_prefix",
					     array->iqn_prefix != NULL ? array->iqn_prefix : ""));
}

static int
add_all(struct array_exporting *e)
{
	int rc = 0;

	array_export_set(e, e->file, "format", json_integer(1));
	array_export_set(e, e->file, "scope", json_string(e->all ? "array" : "named"));
	if (e->all)
		rc = add_array(e);
	if (rc == 0)
		rc = add_section(e, "pools", ROW_POOL, array_export_pool);
	if (rc == 0)
		rc = add_section(e, "portals", ROW_PORTAL, array_export_portal);
	if (rc == 0)
		rc = add_section(e, "hosts", ROW_HOST, array_export_host);
	if (rc == 0)
		rc = add_section(e, "host_groups", ROW_HOST_GROUP, array_export_host_group);
	if (rc == 0)
		rc = add_section(e, "luns", ROW_LUN, array_export_lun);
	if (rc == 0)
		rc = add_section(e, "targets", ROW_TARGET, array_export_target);
	if (rc == 0)
		rc = add_section(e, "associations", ROW_ASSOCIATION, array_export_association);
	if (rc == 0)
		rc = add_section(e, "snapshot_schedules", ROW_SNAPSHOT_SCHEDULE,
				 array_export_schedule);
	if (rc == 0 && e->all)
		rc = json_object_set_new(e->file, "discovery_chap",
					 array_export_chap(e, &credential_discovery));
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
	struct array_exporting e = {
		.state = state,
		.all = options->family == ROW_ARRAY,
		.ids = options->ids,
		.file = json_object(),
	};
	int rc = e.file != NULL ? 0 : -ENOMEM;

	guid_map_init(&e.wanted);
	if (rc == 0 && !e.all)
		rc = array_export_choose(&e, options->family, &options->id);
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
