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

int
array_clone_volume(struct array *array, const struct array_place *place, const struct guid *from_id,
		   const struct guid *to_id, uint64_t size_bytes)
{
	char id[GUID_TEXT_SIZE];
	int rc = blk_fault_check(array->inject_dir, guid_format(from_id, id), "clone", NULL);

	if (rc < 0)
		return rc;
	if (place->driver->volume_clone == NULL)
		return err_set(
			ERR_NOT_SUPPORTED,
			"the volumes of a pool of the kind \"%s\" cannot share space: snapshots "
			"and clones need a pool in a directory, on XFS (with reflink) or btrfs; "
			"`vdsctl lun clone --copy` copies a LUN that is offline",
			place->driver->kind);
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

/* Holds the LUN, so that it stays offline. */
static int
hold_offline(struct array *array, const struct guid *lun_id, struct array_job *job)
{
	AUTO_STATE struct state *state = NULL;
	const struct row_lun *lun = NULL;
	int rc = array_operation_begin(array, lun_id, ASK_EXTEND, OPERATION_SNAPSHOT, true);

	if (rc < 0)
		return rc;
	job->held_id = *lun_id;
	state = array_state(array);
	rc = array_lun_find(state, lun_id, &lun);
	if (rc == 0 && lun->status != STATUS_OFFLINE)
		rc = err_set(ERR_IN_USE,
			     "LUN \"%s\" is online, and a copy would mix what it has held at "
			     "different moments: set it offline until the copy is complete "
			     "(`vdsctl lun offline`)",
			     ROW_LUN_CALLED(lun));
	if (rc == 0 && lun->size_bytes != job->to_bytes)
		rc = err_set(ERR_BUSY, "the size of the LUN was changed meanwhile: try again");
	return rc;
}

int
array_clone_copy_from(struct array *array, const struct guid *origin_id, struct array_job *job)
{
	AUTO_STATE struct state *before = array_state(array), *state = NULL;
	struct row_lun row = { .id = *origin_id, .size_bytes = job->to_bytes, .thin = true };
	const struct row_snapshot *snapshot;
	const struct row_lun *lun;
	AUTO_FREE char *place = NULL;
	int rc = 0;

	if (state_find(before, ROW_LUN, origin_id) != NULL)
		rc = hold_offline(array, origin_id, job);
	if (rc < 0)
		return rc;
	state = array_state(array); /* the LUN is held now, and stays in its pool */
	lun = state_find(state, ROW_LUN, origin_id);
	snapshot = state_find(state, ROW_SNAPSHOT, origin_id);
	if (lun == NULL && snapshot == NULL)
		return array_name_no_such(ROW_LUN, origin_id);
	row.pool_id = lun != NULL ? lun->pool_id : snapshot->pool_id;
	rc = array_pool_place(array, &row.pool_id, &place);
	/* a store of its own, since that of a LUN that is offline refuses I/O */
	return rc < 0 ? rc : array_store_new(array, &row, place, &job->origin);
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

/* So that little is left to be written to the disks while commands wait. */
static void
flush_ahead(struct array_moment *moment)
{
	for (size_t i = 0; i < moment->count; i++)
		(void)array_store_flush(moment->clones[i].store);
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

int
array_moment_take(struct array *array, struct array_moment *moment)
{
	char text[TASK_TEXT_SIZE];
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < moment->count; i++)
		rc = begin_one(array, &moment->clones[i]);
	if (rc == 0) {
		flush_ahead(moment);
		rc = clone_drained(array, moment);
	}
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
