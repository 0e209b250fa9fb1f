/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From the file to a change: edits the state until it is as the file says.  First the objects that
 * the file names are found (plan_find.c), then what is to go is deleted (plan_delete.c), then what
 * is to be is put, in the order in which objects need one another.  The thread that asks; nothing
 * is changed but the edit.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array/plan_int.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"

/* ---- values ---- */

const char *
array_plan_string(const struct array_plan_entry *entry, const char *name)
{
	return json_string_value(json_object_get(entry->json, name));
}

bool
array_plan_bool(const struct array_plan_entry *entry, const char *name, bool *ret_value)
{
	const json_t *value = json_object_get(entry->json, name);

	if (!json_is_boolean(value))
		return false;
	*ret_value = json_is_true(value);
	return true;
}

const json_t *
array_plan_list(const struct array_plan_entry *entry, const char *name)
{
	const json_t *value = json_object_get(entry->json, name);

	return json_is_array(value) ? value : NULL;
}

int
array_plan_join(struct array_plan_build *b, const struct array_plan_entry *entry, const char *name,
		char **ret_text)
{
	const json_t *list = array_plan_list(entry, name);
	struct array_plan_at up = array_plan_member(entry, name);
	AUTO(strbuf_fini) struct strbuf text = { 0 };

	for (size_t i = 0; i < json_array_size(list); i++) {
		const struct array_plan_at at = { .up = &up, .index = i };
		const char *one = json_string_value(json_array_get(list, i));

		if (strpbrk(one, ";,") != NULL)
			return array_plan_fail(&b->plan->text, &at, ERR_INVALID,
					       "a comma or a semicolon is part of no name: write "
					       "each as a text of its own");
		strbuf_addf(&text, "%s%s", i > 0 ? ";" : "", one);
	}
	*ret_text = strbuf_take(&text);
	return *ret_text != NULL ? 0 : -ENOMEM;
}

/* ---- the plan ---- */

void
array_plan_fini(struct array_plan *plan)
{
	array_plan_text_fini(&plan->text);
	state_unref(plan->before);
	state_unref(plan->after);
	change_unref(plan->change);
	mem_free(plan->chosen.keys);
	mem_free(plan->new_groups.keys);
	mem_free(plan->new_secrets.keys);
	mem_free(plan->grows);
	memset(plan, 0, sizeof(*plan));
}

int
array_plan_keys_add(struct array_plan_keys *keys, const struct guid *a, const struct guid *b)
{
	if (mem_grow(&keys->keys, &keys->capacity, keys->count + 1, sizeof(keys->keys[0])) < 0)
		return -ENOMEM;
	keys->keys[keys->count] = (struct row_key){ .a = *a };
	if (b != NULL)
		keys->keys[keys->count].b = *b;
	keys->count++;
	keys->sorted = false;
	return 0;
}

static int
compare_keys(const void *a, const void *b)
{
	return row_key_compare(a, b);
}

void
array_plan_keys_sort(struct array_plan_keys *keys)
{
	if (keys->count > 0)
		qsort(keys->keys, keys->count, sizeof(keys->keys[0]), compare_keys);
	keys->sorted = true;
}

bool
array_plan_keys_have(const struct array_plan_keys *keys, const struct row_key *key)
{
	if (keys->sorted)
		return keys->count > 0 && bsearch(key, keys->keys, keys->count,
						  sizeof(keys->keys[0]), compare_keys) != NULL;
	for (size_t i = 0; i < keys->count; i++)
		if (row_key_compare(&keys->keys[i], key) == 0)
			return true;
	return false;
}

int
array_plan_finish(struct array_plan *plan, struct state_edit *edit)
{
	static const struct guid none;
	char text[512];
	int rc;

	array_plan_keys_sort(&plan->chosen);
	array_plan_keys_sort(&plan->new_groups);
	array_plan_keys_sort(&plan->new_secrets);
	if (state_edit_is_empty(edit)) {
		state_edit_free(edit);
		plan->after = state_ref(plan->before);
		return 0;
	}
	rc = state_edit_finish(edit, "plan.apply", &none, clock_utc_ms(), &plan->after,
			       &plan->change);
	if (rc == 0)
		rc = state_check(plan->after);
	if (rc == ERR_CORRUPT) {
		snprintf(text, sizeof(text), "%s", err_text(rc));
		rc = err_set(ERR_INVALID, "it does not fit together: %s", text);
	}
	return rc;
}

/* ---- all of it ---- */

static void
build_fini(struct array_plan_build *b)
{
	for (size_t i = 0; i < PLAN_SECTIONS; i++)
		mem_free(b->sections[i].list);
	guid_map_fini(&b->claimed);
	mem_free(b->ports);
	state_edit_free(b->edit);
}

static int
run(struct array_plan_build *b)
{
	static int (*const steps[])(struct array_plan_build * b) = {
		array_plan_claim,           array_plan_delete_all,
		array_plan_put_array,       array_plan_put_pools,
		array_plan_put_portals,     array_plan_put_hosts,
		array_plan_put_host_groups, array_plan_put_targets,
		array_plan_put_luns,        array_plan_put_associations,
		array_plan_put_schedules,   array_plan_put_chap,
		array_plan_check_qos,
	};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(steps); i++)
		rc = steps[i](b);
	return rc;
}

int
array_plan_build(struct array *array, struct array_plan *plan)
{
	struct array_plan_build b = { .array = array, .plan = plan };
	const char *scope = json_string_value(json_object_get(plan->text.json, "scope"));
	int rc;

	b.whole = scope != NULL && strcmp(scope, "array") == 0;
	b.edit = state_edit_new(plan->before);
	if (b.edit == NULL)
		return -ENOMEM;
	guid_map_init(&b.claimed);
	rc = run(&b);
	if (rc == 0)
		rc = array_plan_finish(plan, TAKE(b.edit));
	build_fini(&b);
	return rc;
}
