/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The LUNs of a plan.  What of a LUN cannot be changed while its data stay (its blocks, how its
 * space is allocated, whether its medium can be removed, its pool) makes a new LUN in its place.
 * The thread that asks.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "array/plan_int.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "model/hints.h"
#include "model/host.h"

/* ---- members ---- */

/* The size in bytes, in whole blocks; 0 = the file does not say it. */
static int
read_size(struct array_plan_build *b, const struct array_plan_entry *entry, uint32_t block_bytes,
	  uint64_t *ret_bytes)
{
	const json_t *value = json_object_get(entry->json, "size");
	struct array_plan_at at = array_plan_member(entry, "size");
	uint64_t bytes = (uint64_t)json_integer_value(value);
	int rc = json_is_string(value) ? str_parse_size(json_string_value(value), &bytes) : 0;

	if (rc < 0)
		return array_plan_explain(&b->plan->text, &at, rc);
	if (value != NULL && (bytes == 0 || bytes > LUN_BYTES_MAX))
		return array_plan_fail(&b->plan->text, &at, ERR_INVALID,
				       "the size of a LUN must be more than 0 and at most 8 PiB");
	*ret_bytes = (bytes + block_bytes - 1) / block_bytes * block_bytes;
	return 0;
}

/*
 * One entry of the mask: hosts by name become ids; what is no name is found here, with its place.
 */
static int
mask_entry(struct array_plan_build *b, const struct array_plan_at *at, const char *text,
	   struct strbuf *list)
{
	AUTO_FREE char *named = NULL, *one = NULL;
	int rc;

	if (strchr(text, ';') != NULL)
		return array_plan_fail(&b->plan->text, at, ERR_INVALID,
				       "a semicolon is part of no name: write each as a text of "
				       "its own");
	rc = host_mask_resolve(array_plan_view(b), text, &named);
	if (rc == 0)
		rc = mask_normalize(named, &one);
	if (rc < 0)
		return array_plan_explain(&b->plan->text, at, rc);
	strbuf_addf(list, "%s%s", list->len > 0 ? ";" : "", one);
	return 0;
}

static int
set_mask(struct array_plan_build *b, const struct array_plan_entry *entry, struct row_lun *row)
{
	const json_t *list = array_plan_list(entry, "mask");
	struct array_plan_at up = array_plan_member(entry, "mask");
	AUTO(strbuf_fini) struct strbuf text = { 0 };
	AUTO_FREE char *mask = NULL;
	int rc = 0;

	if (list == NULL)
		return 0;
	for (size_t i = 0; rc == 0 && i < json_array_size(list); i++) {
		const struct array_plan_at at = { .up = &up, .index = i };

		rc = mask_entry(b, &at, json_string_value(json_array_get(list, i)), &text);
	}
	if (rc < 0)
		return rc;
	if (text.failed)
		return -ENOMEM;
	rc = mask_normalize(text.text != NULL ? text.text : "", &mask);
	if (rc == 0)
		rc = row_set_string(&row->mask, mask);
	return rc < 0 ? array_plan_explain(&b->plan->text, &up, rc) : 0;
}

static int
set_hints(struct array_plan_build *b, const struct array_plan_entry *entry, struct row_lun *row)
{
	const char *text = array_plan_string(entry, "hints");
	struct array_plan_at at = array_plan_member(entry, "hints");
	AUTO_FREE char *hints = NULL;
	int rc;

	if (text == NULL)
		return 0;
	rc = hints_normalize(text, &hints);
	if (rc == 0)
		rc = row_set_string(&row->hints, hints);
	return rc < 0 ? array_plan_explain(&b->plan->text, &at, rc) : 0;
}

/* What can be changed at any time. */
static int
set_members(struct array_plan_build *b, const struct array_plan_entry *entry, struct row_lun *row)
{
	const char *name = array_plan_string(entry, "name");
	const char *status = array_plan_string(entry, "status");
	struct array_plan_at at = array_plan_member(entry, "name");
	bool read_only;
	int rc = name != NULL ? array_name_check_free("LUN", name) : 0;

	if (rc == 0 && name != NULL)
		rc = row_set_string(&row->name, name);
	if (rc < 0)
		return array_plan_explain(&b->plan->text, &at, rc);
	if (status != NULL)
		row->status = strcmp(status, "online") == 0 ? STATUS_ONLINE : STATUS_OFFLINE;
	if (array_plan_bool(entry, "read_only", &read_only))
		row->access = read_only ? LUN_READ_ONLY : LUN_READ_WRITE;
	if (array_plan_string(entry, "cache") != NULL)
		(void)lun_cache_parse(array_plan_string(entry, "cache"), &row->cache);
	rc = set_hints(b, entry, row);
	if (rc == 0)
		rc = array_plan_qos(b, entry, QOS_OF_LUN, &row->qos);
	return rc < 0 ? rc : set_mask(b, entry, row);
}

/* ---- new LUNs ---- */

static const struct row_pool *
pool_find(const struct state *view, const char *name)
{
	for (size_t i = 0; i < state_count(view, ROW_POOL); i++) {
		const struct row_pool *pool = state_at(view, ROW_POOL, i);

		if (strcmp(pool->name, name) == 0)
			return pool;
	}
	return NULL;
}

static int
choose_pool(struct array_plan_build *b, const struct array_plan_entry *entry,
	    struct guid *ret_pool_id)
{
	const char *name = array_plan_string(entry, "pool");
	const struct state *view = array_plan_view(b);
	const struct row_pool *pool = NULL;

	if (name != NULL)
		pool = pool_find(view, name);
	else if (state_count(view, ROW_POOL) == 1)
		pool = state_at(view, ROW_POOL, 0);
	if (pool == NULL && name != NULL)
		return ARRAY_PLAN_FAIL(b, entry, "pool", ERR_NOT_FOUND,
				       "there will be no pool named \"%s\": add it to \"pools\"",
				       name);
	if (pool == NULL)
		return array_plan_fail(&b->plan->text, &entry->at, ERR_INVALID,
				       "there is no LUN of this name, and there is not one pool "
				       "alone: a new LUN needs \"pool\"");
	*ret_pool_id = pool->id;
	return 0;
}

/* Numbers that no LUN has: what stands in a plan until the writer takes the next ones. */
static uint32_t
free_number(const struct state *view)
{
	uint32_t last = 0;

	for (size_t i = 0; i < state_count(view, ROW_LUN); i++)
		last = MAX(last, ((const struct row_lun *)state_at(view, ROW_LUN, i))->number);
	return last + 1;
}

/* like: the LUN in whose place the new one comes; NULL = in nobody's. */
static int
put_new(struct array_plan_build *b, const struct array_plan_entry *entry,
	const struct row_lun *like, uint32_t *number)
{
	const json_t *block = json_object_get(entry->json, "block_size");
	AUTO_ROW struct row_lun *row = row_new(ROW_LUN);
	bool thin = like == NULL || like->thin;
	int rc;

	if (row == NULL)
		return -ENOMEM;
	row->id = entry->id;
	row->number = (*number)++;
	row->created_ms = clock_utc_ms();
	row->identity = LUN_IDENTITY_NAA;
	row->block_bytes = block != NULL  ? (uint32_t)json_integer_value(block)
			   : like != NULL ? like->block_bytes
					  : 512;
	array_plan_bool(entry, "thin", &thin);
	row->thin = thin;
	row->removable = like != NULL && like->removable;
	row->cache = like != NULL ? like->cache : LUN_CACHE_AUTO;
	array_plan_bool(entry, "removable", &row->removable);
	rc = read_size(b, entry, row->block_bytes, &row->size_bytes);
	if (rc == 0 && row->size_bytes == 0 && like == NULL)
		return array_plan_fail(&b->plan->text, &entry->at, ERR_INVALID,
				       "there is no LUN of this name: a new one needs \"size\"");
	if (rc == 0 && row->size_bytes == 0)
		row->size_bytes = (like->size_bytes + row->block_bytes - 1) / row->block_bytes *
				  row->block_bytes;
	if (rc == 0)
		rc = array_lun_set_identity(row);
	if (rc == 0 && like != NULL &&
	    (row_set_string(&row->name, like->name) < 0 ||
	     row_set_string(&row->mask, like->mask) < 0 ||
	     row_set_string(&row->hints, like->hints) < 0 ||
	     row_set_string(&row->qos, like->qos) < 0))
		rc = -ENOMEM;
	if (rc == 0)
		rc = choose_pool(b, entry, &row->pool_id);
	if (rc == 0)
		rc = set_members(b, entry, row);
	return rc < 0 ? rc : state_edit_put(b->edit, TAKE(row));
}

/* ---- LUNs that there are ---- */

static bool
bool_differs(const struct array_plan_entry *entry, const char *name, bool now)
{
	bool wanted = now;

	array_plan_bool(entry, name, &wanted);
	return wanted != now;
}

/* Whether the file wants what only another LUN can be. */
static bool
must_be_new(struct array_plan_build *b, const struct array_plan_entry *entry,
	    const struct row_lun *lun)
{
	const json_t *block = json_object_get(entry->json, "block_size");
	const char *name = array_plan_string(entry, "pool");
	const struct row_pool *pool = name != NULL ? pool_find(array_plan_view(b), name) : NULL;

	return (block != NULL && (uint32_t)json_integer_value(block) != lun->block_bytes) ||
	       bool_differs(entry, "thin", lun->thin) ||
	       bool_differs(entry, "removable", lun->removable) ||
	       (pool != NULL && !guid_equal(&pool->id, &lun->pool_id));
}

/* A thick LUN gets its new size from a job; any other with the change. */
static int
set_size(struct array_plan_build *b, const struct array_plan_entry *entry, struct row_lun *row)
{
	struct array_plan *plan = b->plan;
	uint64_t bytes = 0;
	int rc = read_size(b, entry, row->block_bytes, &bytes);

	if (rc < 0 || bytes == 0 || bytes == row->size_bytes)
		return rc;
	if (row->thin || bytes < row->size_bytes) {
		row->size_bytes = bytes;
		return 0;
	}
	if (mem_grow(&plan->grows, &plan->grow_capacity, plan->grow_count + 1,
		     sizeof(plan->grows[0])) < 0)
		return -ENOMEM;
	plan->grows[plan->grow_count++] = (struct array_plan_grow){ row->id, row->size_bytes,
								    bytes };
	return 0;
}

static int
put_lun(struct array_plan_build *b, struct array_plan_entry *entry, uint32_t *number)
{
	const struct row_lun *lun = entry->row;
	AUTO_ROW struct row_lun *row = NULL;
	int rc;

	if (lun == NULL)
		return put_new(b, entry, NULL, number);
	if (array_plan_string(entry, "pool") != NULL) {
		struct guid unused;

		rc = choose_pool(b, entry, &unused);
		if (rc < 0)
			return rc;
	}
	if (must_be_new(b, entry, lun)) {
		if (array_plan_string(entry, "id") != NULL)
			return array_plan_fail(
				&b->plan->text, &entry->at, ERR_INVALID,
				"the pool, the block size, thin and removable of a LUN cannot be "
				"changed, and a new LUN cannot have the id of this one");
		rc = array_plan_delete_lun(b, &entry->id);
		guid_map_remove(&b->claimed, &entry->id);
		guid_make(&entry->id);
		if (rc == 0)
			rc = guid_map_put(&b->claimed, &entry->id, entry);
		return rc < 0 ? rc : put_new(b, entry, lun, number);
	}
	row = row_copy(lun);
	if (row == NULL)
		return -ENOMEM;
	rc = set_size(b, entry, row);
	if (rc == 0)
		rc = set_members(b, entry, row);
	return rc < 0 ? rc : state_edit_put(b->edit, TAKE(row));
}

int
array_plan_put_luns(struct array_plan_build *b)
{
	const struct array_plan_entries *entries = &b->sections[PLAN_LUNS];
	uint32_t number = free_number(b->plan->before);
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < entries->count; i++)
		if (!entries->list[i].absent)
			rc = put_lun(b, &entries->list[i], &number);
	return rc;
}
