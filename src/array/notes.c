/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What breaks no invariant but whoever checks an array should know: sentences, collected from all
 * parts of the array.  Any thread.
 */
#include <errno.h>
#include <inttypes.h>

#include "array/array_int.h"
#include "base/err.h"
#include "base/str.h"

static void
note_catalog(struct array *array, struct strbuf *text)
{
	uint64_t missing = catalog_reserve_missing(array->catalog);

	if (array_read_only_reason(array) != NULL)
		strbuf_addf(text, "The array is read-only: %s\n", array_read_only_reason(array));
	if (missing > 0)
		strbuf_addf(
			text,
			"The file system of %s is full: %" PRIu64 " of %u KiB of the catalog's "
			"reserve are used up. Until it is whole again nothing can be created.\n",
			array->dir, missing >> 10, CATALOG_RESERVE_BYTES >> 10);
}

static void
note_space(const struct state *state, const struct row_pool *pool, const struct row_live_pool *live,
	   struct strbuf *text)
{
	uint64_t provisioned = array_space_provisioned(state, &pool->id);

	strbuf_addf(text, "Pool %s is %s: %" PRIu64 " of %" PRIu64 " MiB are free", pool->name,
		    live->space == POOL_SPACE_FULL ? "full" : "low on space",
		    live->free_bytes >> 20, live->capacity_bytes >> 20);
	if (provisioned > live->allocated_bytes + live->free_bytes)
		strbuf_addf(text, "; its LUNs take %" PRIu64 " MiB and may grow to %" PRIu64 " MiB",
			    live->allocated_bytes >> 20, provisioned >> 20);
	strbuf_add(text, ".\n");
}

static void
note_pools(struct array *array, struct strbuf *text)
{
	AUTO_STATE struct state *state = array_state(array);
	AUTO_STATE struct state *live = array_live(array);

	for (size_t i = 0; i < state_count(state, ROW_POOL); i++) {
		const struct row_pool *pool = state_at(state, ROW_POOL, i);
		const struct row_live_pool *row = state_find(live, ROW_LIVE_POOL, &pool->id);

		if (row != NULL && !row->ready)
			strbuf_addf(text, "Pool %s is not ready: %s\n", pool->name, row->reason);
		else if (row != NULL && row->space != POOL_SPACE_OK)
			note_space(state, pool, row, text);
	}
}

static void
note_drives(struct array *array, struct strbuf *text)
{
	AUTO_STATE struct state *live = array_live(array);

	for (size_t i = 0; i < state_count(live, ROW_LIVE_DRIVE); i++) {
		const struct row_live_drive *row = state_at(live, ROW_LIVE_DRIVE, i);

		if (!row->ready)
			strbuf_addf(text, "Drive %s cannot be used: %s\n", row->name, row->reason);
	}
}

static void
note_luns(struct array *array, struct strbuf *text)
{
	AUTO_STATE struct state *state = array_state(array);
	AUTO_STATE struct state *live = array_live(array);

	for (size_t i = 0; i < state_count(live, ROW_LIVE_LUN); i++) {
		const struct row_live_lun *row = state_at(live, ROW_LIVE_LUN, i);
		const struct row_lun *lun = state_find(state, ROW_LUN, &row->id);

		if (row->health == HEALTH_FAILING && lun != NULL)
			strbuf_addf(text, "LUN %s: %s\n", ROW_LUN_CALLED(lun), row->reason);
	}
}

int
array_notes(struct array *array, char **ret_text)
{
	struct strbuf text;

	strbuf_init(&text);
	note_catalog(array, &text);
	note_pools(array, &text);
	note_drives(array, &text);
	note_luns(array, &text);
	*ret_text = strbuf_take(&text);
	return *ret_text == NULL ? -ENOMEM : 0;
}
