/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Fuzz target for plans: the input is a file, which is read, checked by the schema and turned into
 * a change of a small array.  What results keeps the invariants (array_plan_finish checks them); an
 * error is one line of text, whatever the file has.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "array/plan_int.h"
#include "base/err.h"
#include "base/mem.h"
#include "model/schedule.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct guid
id_of(uint8_t number)
{
	struct guid id = { { 0 } };

	id.bytes[0] = 0xaa;
	id.bytes[15] = number;
	return id;
}

static void
put(struct state_edit *edit, void *row)
{
	if (row == NULL || state_edit_put(edit, row) < 0)
		abort();
}

static void
put_lun(struct state_edit *edit, uint8_t number, const char *name)
{
	struct row_lun *lun = row_new(ROW_LUN);

	if (lun == NULL || array_lun_set_identity(lun) < 0)
		abort();
	lun->id = id_of(number);
	lun->number = number;
	lun->pool_id = id_of(2);
	lun->size_bytes = 1 << 20;
	lun->block_bytes = 512;
	lun->thin = true;
	if (row_set_string(&lun->name, name) < 0)
		abort();
	put(edit, lun);
}

static void
put_schedule(struct state_edit *edit)
{
	struct row_snapshot_schedule *schedule = row_new(ROW_SNAPSHOT_SCHEDULE);
	const struct guid luns[] = { id_of(5), id_of(9) }; /* one is deleted */
	char *text = NULL;

	if (schedule == NULL || schedule_luns_format(luns, ARRAY_LEN(luns), &text) < 0)
		abort();
	schedule->id = id_of(7);
	schedule->set_ms = 1;
	if (row_set_string(&schedule->name, "s") < 0 ||
	    row_set_string(&schedule->lun_ids, text) < 0 ||
	    row_set_string(&schedule->every, "1d") < 0 ||
	    row_set_string(&schedule->at, "02:30") < 0 ||
	    row_set_string(&schedule->keep, "daily=7") < 0)
		abort();
	mem_free(text);
	put(edit, schedule);
}

static void
put_others(struct state_edit *edit)
{
	struct row_pool *pool = row_new(ROW_POOL);
	struct row_target *target = row_new(ROW_TARGET);
	struct row_host *host = row_new(ROW_HOST);
	struct row_association *pair = row_new(ROW_ASSOCIATION);

	if (pool == NULL || target == NULL || host == NULL || pair == NULL)
		abort();
	pool->id = id_of(2);
	target->id = id_of(3);
	host->id = id_of(4);
	pair->lun_id = id_of(5);
	pair->target_id = id_of(3);
	if (row_set_string(&pool->name, "default") < 0 || row_set_string(&pool->path, "/a") < 0 ||
	    row_set_string(&target->iscsi_name, "iqn.2026-11.org.example:t") < 0 ||
	    row_set_string(&target->alias, "t") < 0 || row_set_string(&host->name, "h") < 0)
		abort();
	put(edit, pool);
	put(edit, target);
	put(edit, host);
	put_lun(edit, 5, "l");
	put_lun(edit, 6, "");
	put(edit, pair);
	put_schedule(edit);
}

static struct state *
state_make(void)
{
	const struct position at = { .array_id = id_of(1), .incarnation = 1, .sequence = 1 };
	struct state_edit *edit = state_edit_new_load(&at);
	struct row_array *array = row_new(ROW_ARRAY);
	struct state *state = NULL;

	if (edit == NULL || array == NULL)
		abort();
	array->id = id_of(1);
	if (row_set_string(&array->serial, "1") < 0)
		abort();
	put(edit, array);
	put_others(edit);
	if (state_edit_load(edit, &state) < 0 || state_check(state) < 0)
		abort();
	return state;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct array_plan plan = { .text = { .text = (const char *)data, .len = size } };
	int rc = array_plan_text_read(&plan.text);

	if (rc == 0)
		rc = array_plan_schema_check(&plan.text);
	if (rc == 0) {
		plan.before = state_make();
		rc = array_plan_build(NULL, &plan);
	}
	if (rc < 0 && !str_is_text(err_text(rc), strlen(err_text(rc))))
		abort();
	array_plan_fini(&plan);
	return 0;
}
