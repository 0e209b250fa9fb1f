/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Makes volumes that hold what LUNs held at one moment: the common part of snapshots and clones.
 * New commands of all the LUNs are held, those in flight end, each volume is cloned, and the
 * commands go on; the rest, with all that waits for a disk, is done outside that time.  So what a
 * volume holds is every command that was answered before the moment, and none that was begun after
 * it, on all of the LUNs.  Nothing is in the catalog yet: until its row is committed a volume is
 * one that a sweep removes.  Any thread except the writer.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "array/array_int.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

/* A file of this name in the directory of faults lets tests clone where no file system can. */
#define CLONE_BY_COPY "clone-by-copy"

static bool
copies_instead(const struct array *array)
{
	AUTO_FREE char *path = array->inject_dir != NULL
				       ? str_printf("%s/" CLONE_BY_COPY, array->inject_dir)
				       : NULL;

	return path != NULL && access(path, F_OK) == 0;
}

static int
never_clones(const struct array_pool_driver *driver)
{
	return err_set(ERR_NOT_SUPPORTED,
		       "the volumes of a pool of the kind \"%s\" cannot share space: snapshots "
		       "and clones need a pool in a directory, on XFS (with reflink) or btrfs; "
		       "`vdsctl lun clone --copy` copies the data instead",
		       driver->kind);
}

int
array_clone_check_pool(struct array *array, const struct row_pool *pool)
{
	const struct array_pool_driver *driver = array_pool_driver_find(pool->path);
	int rc;

	if (driver == NULL)
		return 0;
	if (driver->volume_clone == NULL)
		return never_clones(driver);
	/* what is in the place of a pool that is not ready is not the pool */
	if (copies_instead(array) || array_pool_ready(array, &pool->id) < 0)
		return 0;
	rc = driver->volume_can_clone(pool->path);
	return rc == ERR_NOT_SUPPORTED ? rc : 0;
}

int
array_clone_volume(struct array *array, const struct array_place *place, const struct guid *from_id,
		   const struct guid *to_id, uint64_t size_bytes)
{
	char id[GUID_TEXT_SIZE];
	int rc = blk_fault_check(array->inject_dir, guid_format(from_id, id), "clone", NULL);

	if (rc < 0)
		return rc;
	if (place->driver->volume_clone == NULL)
		return never_clones(place->driver);
	if (copies_instead(array))
		return place->driver->volume_copy(place->text, from_id, to_id, size_bytes, NULL);
	return place->driver->volume_clone(place->text, from_id, to_id, size_bytes);
}

/* Says which volume an error is about, unless there is a text that says what the pool cannot do. */
static int
clone_error(const struct array_place *place, const struct guid *from_id, int rc)
{
	AUTO_FREE char *name = NULL;

	if (rc >= 0 || rc == ERR_NOT_SUPPORTED)
		return rc;
	name = place->driver->volume_name(place->text, from_id);
	return array_lun_file_error(rc, name != NULL ? name : place->text);
}

int
array_clone_snapshot(struct array *array, const struct array_place *place,
		     const struct guid *from_id, const struct guid *to_id, uint64_t size_bytes)
{
	int rc = array_clone_volume(array, place, from_id, to_id, size_bytes);

	if (rc == 0) {
		rc = place->driver->volume_settle(place->text, to_id, false);
		if (rc < 0)
			(void)place->driver->volume_remove(place->text, to_id, false);
	}
	return clone_error(place, from_id, rc);
}

/* ---- full copies ---- */

/* Holds the LUN until the job has ended.  In its unit there may be another store by now. */
static int
hold_origin(struct array *array, const struct guid *lun_id, struct array_job *job)
{
	AUTO_STATE struct state *state = NULL;
	const struct row_lun *lun = NULL;
	int rc = array_operation_begin(array, lun_id, ASK_EXTEND, OPERATION_SNAPSHOT, true);

	if (rc < 0)
		return rc;
	job->held_id = *lun_id;
	state = array_state(array);
	rc = array_lun_find(state, lun_id, &lun);
	if (rc < 0)
		return rc;
	if (lun->size_bytes != job->to_bytes)
		return err_set(ERR_BUSY, "the size of the LUN was changed meanwhile: try again");
	if (array_unit_health(array, lun_id) == HEALTH_FAILED)
		return err_set(
			ERR_FAILED,
			"the store of LUN \"%s\" has failed: repair it, then set the LUN online",
			ROW_LUN_CALLED(lun));
	job->origin = array_unit_store(array, lun_id);
	if (job->origin == NULL)
		return array_name_no_such(ROW_LUN, lun_id);
	if (array_trouble_hangs(job->origin))
		return err_set(ERR_BUSY, ARRAY_RUNTIME_HANGS);
	return array_pool_ready(array, &lun->pool_id);
}

int
array_clone_copy_from(struct array *array, const struct guid *origin_id, struct array_job *job)
{
	AUTO_STATE struct state *state = array_state(array);
	struct row_lun row = { .id = *origin_id, .size_bytes = job->to_bytes, .thin = true };
	const struct row_snapshot *snapshot;
	AUTO_FREE char *place = NULL;
	int rc;

	if (state_find(state, ROW_LUN, origin_id) != NULL)
		return hold_origin(array, origin_id, job);
	snapshot = state_find(state, ROW_SNAPSHOT, origin_id);
	if (snapshot == NULL)
		return array_name_no_such(ROW_LUN, origin_id);
	row.pool_id = snapshot->pool_id;
	rc = array_pool_place(array, &row.pool_id, &place);
	return rc < 0 ? rc : array_store_new(array, &row, place, &job->origin);
}

/* A full copy; it stays while its job is paused. */
struct array_copying {
	struct array_follow follow;
	bool complete; /* it holds what the LUN held at one moment */
};

/*
 * The moment of the copy: it has every command that was answered, and no command runs.  The layer
 * goes with it, so that what is written from now on is in the LUN alone.
 */
static int
reach_moment(struct array_follow *f)
{
	int rc = array_follow_fault(f, "copy-end");

	if (rc < 0)
		return rc == ERR_CANCELLED ? rc : array_store_file_error(f->to, rc);
	if (f->alone && array_runtime_is_there(f->array))
		return ARRAY_FOLLOW_AGAIN; /* nothing was drained */
	array_follow_detach_held(f);
	container_of(f, struct array_copying, follow)->complete = true;
	return 0;
}

static int
copy_lun(struct array_follow *f)
{
	char from[GUID_TEXT_SIZE], to[GUID_TEXT_SIZE];
	int rc = 0;

	if (container_of(f, struct array_copying, follow)->complete)
		return array_follow_flush(f);
	rc = array_follow_attach(f);
	if (rc == 0)
		rc = array_follow_copy(f);
	if (rc == 0)
		rc = array_follow_finish(f, reach_moment);
	if (rc == 0)
		rc = array_follow_flush(f);
	if (rc == 0)
		log_info("lun.copy", "lun=%s from=%s copied_bytes=%" PRIu64 " held_us=%" PRIu64,
			 guid_format(&f->job->lun_id, to), guid_format(f->lun_id, from),
			 f->copier.copied_bytes, f->held_ns / 1000);
	return rc;
}

static int
copy_snapshot(struct array_follow *f)
{
	int rc = array_store_open_aside(f->from, &f->copier.from);

	if (rc < 0)
		return rc;
	rc = array_follow_copy(f);
	array_store_close_aside(f->from);
	return rc;
}

static int
copy_checked(struct array_follow *f)
{
	bool of_lun = !guid_is_zero(&f->job->held_id);
	int rc;

	array_store_manage(f->from);
	rc = array_store_verify(f->from);
	array_store_unmanage(f->from);
	if (rc == 0)
		rc = array_store_open_aside(f->to, &f->copier.to);
	if (rc < 0)
		return rc;
	rc = of_lun ? copy_lun(f) : copy_snapshot(f);
	array_store_close_aside(f->to);
	return rc;
}

static int
copying_new(struct array_job *job)
{
	struct array_copying *c = mem_calloc(1, sizeof(*c));

	if (c == NULL)
		return -ENOMEM;
	job->copying = c;
	array_follow_init(&c->follow, job, &job->held_id, "copy");
	c->follow.from = job->origin;
	c->follow.to = job->store;
	return 0;
}

int
array_clone_copy(struct array_job *job)
{
	int rc = job->copying == NULL ? copying_new(job) : 0;

	return rc < 0 ? rc : copy_checked(&job->copying->follow);
}

void
array_clone_copy_end(struct array_job *job)
{
	struct array_copying *c = TAKE(job->copying);

	if (c == NULL)
		return;
	array_follow_detach(&c->follow);
	array_follow_fini(&c->follow);
	mem_free(c);
}

/* ---- moments of LUNs ---- */

/* Holds a LUN and finds what is needed of it; its size cannot change from now on. */
static int
begin_one(struct array *array, struct array_clone *clone)
{
	AUTO_STATE struct state *state = NULL;
	const struct row_lun *lun = NULL;
	int rc = array_operation_begin(array, &clone->lun_id, ASK_EXTEND, OPERATION_SNAPSHOT,
				       false);

	if (rc < 0)
		return rc;
	clone->held = true;
	state = array_state(array);
	rc = array_lun_find(state, &clone->lun_id, &lun);
	if (rc < 0)
		return rc;
	if (array_unit_health(array, &clone->lun_id) == HEALTH_FAILED)
		return err_set(
			ERR_FAILED,
			"the store of LUN \"%s\" has failed: repair it, then set the LUN online",
			ROW_LUN_CALLED(lun));
	clone->size_bytes = lun->size_bytes;
	clone->store = array_unit_store(array, &clone->lun_id);
	if (clone->store == NULL)
		return array_name_no_such(ROW_LUN, &clone->lun_id);
	if (array_trouble_hangs(clone->store)) /* a flush would not come back either */
		return err_set(ERR_BUSY, ARRAY_RUNTIME_HANGS);
	return array_pool_ready(array, &lun->pool_id);
}

static int
clone_all(struct array *array, struct array_moment *moment)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < moment->count; i++) {
		struct array_clone *clone = &moment->clones[i];

		rc = array_clone_volume(array, clone->store->place, &clone->lun_id, &clone->to_id,
					clone->size_bytes);
		clone->made = rc == 0;
		if (rc < 0)
			rc = clone_error(clone->store->place, &clone->lun_id, rc);
	}
	return rc;
}

/* The moment itself: while the drain lasts, no command of any of the LUNs runs. */
static int
clone_drained(struct array *array, struct array_moment *moment)
{
	AUTO_FREE struct array_mapping *paths = mem_calloc(moment->count, sizeof(paths[0]));
	uint64_t begun_ns = clock_mono_ns();
	void *drain = NULL;
	int rc;

	if (paths == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < moment->count; i++)
		paths[i].lun_id = moment->clones[i].lun_id;
	rc = array_runtime_quiesce(array, paths, moment->count, &drain);
	if (rc < 0)
		return rc;
	moment->utc_ms = array_utc_ms(array);
	rc = clone_all(array, moment);
	array_runtime_resume(array, drain);
	moment->held_us = (clock_mono_ns() - begun_ns) / 1000;
	return rc;
}

static int
settle_all(struct array_moment *moment)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < moment->count; i++) {
		const struct array_clone *clone = &moment->clones[i];
		const struct array_place *place = clone->store->place;

		rc = clone_error(place, &clone->lun_id,
				 place->driver->volume_settle(place->text, &clone->to_id, false));
	}
	return rc;
}

static int
flush_all(struct array *array, const struct array_moment *moment)
{
	AUTO_FREE struct array_store **stores = mem_calloc(moment->count + 1, sizeof(stores[0]));

	if (stores == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < moment->count; i++)
		stores[i] = moment->clones[i].store;
	return array_flush_ahead(array, stores, moment->count);
}

int
array_moment_take(struct array *array, struct array_moment *moment)
{
	char text[TASK_TEXT_SIZE];
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < moment->count; i++)
		rc = begin_one(array, &moment->clones[i]);
	if (rc == 0)
		rc = flush_all(array, moment);
	if (rc == 0)
		rc = clone_drained(array, moment);
	if (rc == 0)
		rc = settle_all(moment);
	if (rc == 0) {
		log_info("clone.moment", "luns=%zu held_us=%" PRIu64, moment->count,
			 moment->held_us);
		return 0;
	}
	snprintf(text, sizeof(text), "%s", err_text(rc));
	array_moment_undo(moment);
	return err_set(rc, "%s", text);
}

void
array_moment_undo(struct array_moment *moment)
{
	for (size_t i = 0; i < moment->count; i++) {
		struct array_clone *clone = &moment->clones[i];

		if (clone->made)
			(void)clone->store->place->driver->volume_remove(clone->store->place->text,
									 &clone->to_id, false);
		clone->made = false;
	}
}

void
array_moment_end(struct array *array, struct array_moment *moment)
{
	for (size_t i = 0; i < moment->count; i++) {
		struct array_clone *clone = &moment->clones[i];

		if (clone->held)
			array_operation_end(array, &clone->lun_id);
		clone->held = false;
		array_store_unref(clone->store);
		clone->store = NULL;
	}
}
