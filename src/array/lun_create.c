/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Creates LUNs, also as clones and of files that are adopted.  Callers: any thread except the
 * writer; apply functions run on the writer thread.
 *
 * The file is created before the row.  <id>.new is made durable, then the row is committed, then
 * the file is renamed to <id>.img.  A crash in between leaves a .new file, which the next start
 * renames (if the row exists) or removes (if it does not).
 */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "array/array_int.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "model/hints.h"
#include "model/host.h"

struct create {
	struct array_task task;
	struct array_lun_spec spec; /* checked and completed */
	char *mask, *hints;         /* normalised */
	struct guid id;
	struct array_store *store;
	struct array_job *job;   /* thick */
	uint64_t capacity_bytes; /* of the pool, when it has an overcommit limit; else 0 */
	bool origin_is_lun;      /* spec.origin_id is a LUN, not a snapshot */
	const char *adopt_path;  /* of the file that becomes the LUN's; NULL = none */
	int adopt_fd;            /* of that file; -1 = none */
};

static void
create_fini(struct create *c)
{
	if (c->adopt_fd >= 0)
		close(c->adopt_fd);
	array_store_unref(c->store);
	array_job_free(c->job);
	mem_free(c->mask);
	mem_free(c->hints);
}

/* Takes over what a clone has from its origin. */
static int
take_origin(const struct state *view, struct create *c)
{
	const struct row_lun *lun = state_find(view, ROW_LUN, &c->spec.origin_id);
	const struct row_snapshot *snapshot = state_find(view, ROW_SNAPSHOT, &c->spec.origin_id);

	c->origin_is_lun = lun != NULL;
	c->spec.thick = false;
	if (lun != NULL) {
		c->spec.pool_id = lun->pool_id;
		c->spec.size_bytes = lun->size_bytes;
		c->spec.block_bytes = lun->block_bytes;
	} else if (snapshot != NULL) {
		c->spec.pool_id = snapshot->pool_id;
		c->spec.size_bytes = snapshot->size_bytes;
		c->spec.block_bytes = snapshot->block_bytes;
	} else {
		return array_name_no_such(ROW_LUN, &c->spec.origin_id);
	}
	return 0;
}

static int
check_spec(struct array *array, struct create *c)
{
	AUTO_STATE struct state *view = array_state(array);
	AUTO_FREE char *named = NULL;
	struct array_lun_spec *spec = &c->spec;
	int rc = guid_is_zero(&spec->origin_id) ? 0 : take_origin(view, c);

	if (rc == 0 && guid_is_zero(&spec->origin_id))
		spec->copy = false;

	if (rc < 0)
		return rc;
	if (spec->name == NULL)
		spec->name = "";
	if (spec->block_bytes == 0)
		spec->block_bytes = 512;
	if (*spec->name != '\0' && array_name_check("LUN", spec->name) < 0)
		return ERR_INVALID;
	if (spec->block_bytes != 512 && spec->block_bytes != 4096)
		return err_set(ERR_INVALID, "the block size of a LUN must be 512 or 4096 bytes");
	if (spec->size_bytes == 0 || spec->size_bytes > LUN_BYTES_MAX)
		return err_set(ERR_INVALID,
			       "the size of a LUN must be more than 0 and at most 8 PiB");
	spec->size_bytes = (spec->size_bytes + spec->block_bytes - 1) / spec->block_bytes *
			   spec->block_bytes;
	rc = host_mask_resolve(view, spec->mask != NULL ? spec->mask : "", &named);
	if (rc == 0)
		rc = mask_normalize(named, &c->mask);
	if (rc == 0)
		rc = hints_normalize(spec->hints != NULL ? spec->hints : "", &c->hints);
	return rc;
}

/* Makes a row without number, serial and designator. */
static int
make_row(const struct create *c, const char *name, struct row_lun **ret_row)
{
	AUTO_ROW struct row_lun *row = row_new(ROW_LUN);

	if (row == NULL)
		return -ENOMEM;
	row->id = c->id;
	row->pool_id = c->spec.pool_id;
	row->size_bytes = c->spec.size_bytes;
	row->block_bytes = c->spec.block_bytes;
	row->thin = !c->spec.thick;
	row->created_ms = clock_utc_ms();
	row->removable = c->spec.removable;
	row->cache = c->spec.cache;
	row->identity = LUN_IDENTITY_NAA;
	if (row_set_string(&row->name, name) < 0 || row_set_string(&row->mask, c->mask) < 0 ||
	    row_set_string(&row->hints, c->hints) < 0)
		return -ENOMEM;
	*ret_row = TAKE(row);
	return 0;
}

int
array_lun_set_identity(struct row_lun *row)
{
	char serial[17], naa[17];

	snprintf(serial, sizeof(serial), "%016" PRIx64, array_name_random64());
	snprintf(naa, sizeof(naa), "3%015" PRIx64, array_name_random64() >> 4);
	return row_set_string(&row->serial, serial) < 0 || row_set_string(&row->naa, naa) < 0
		       ? -ENOMEM
		       : 0;
}

int
array_lun_take_number(struct array *array, uint32_t *ret_number)
{
	uint64_t last = 0;
	int rc = catalog_counter_get(array->catalog, CATALOG_LUN_NUMBER, &last);

	if (rc < 0)
		return rc;
	if (last >= UINT32_MAX)
		return err_set(
			ERR_LIMIT,
			"the array has created 4,294,967,295 LUNs in its life, which is the limit");
	*ret_number = (uint32_t)(last + 1);
	return catalog_counter_set(array->catalog, CATALOG_LUN_NUMBER, last + 1);
}

static int
create_apply(struct array *array, struct array_task *task)
{
	struct create *c = container_of(task, struct create, task);
	const struct state *view = state_edit_view(task->edit);
	AUTO_FREE char *made = NULL, *mask = NULL;
	AUTO_ROW struct row_lun *row = NULL;
	uint32_t number = 0;
	int rc = array_lun_take_number(array, &number);

	if (rc < 0)
		return rc;
	if (state_find(view, ROW_POOL, &c->spec.pool_id) == NULL)
		return array_name_no_such(ROW_POOL, &c->spec.pool_id);
	if (*c->spec.name != '\0' && state_luns_by_name(view, c->spec.name).count > 0)
		return err_set(ERR_NAME_IN_USE,
			       "there is already a LUN named \"%s\": choose another name",
			       c->spec.name);
	rc = c->adopt_path != NULL ? array_adopt_check_pool(view, &c->spec.pool_id) : 0;
	if (rc == 0)
		rc = array_space_check_promise(view, &c->spec.pool_id, c->capacity_bytes,
					       c->spec.size_bytes);
	if (rc == 0)
		rc = host_mask_resolve(view, c->mask, &mask); /* its hosts are still there */
	if (rc == 0 && *c->spec.name == '\0')
		rc = array_name_make_lun(view, number, &made);
	if (rc == 0)
		rc = make_row(c, made != NULL ? made : c->spec.name, &row);
	if (rc == 0)
		rc = array_lun_set_identity(row);
	if (rc < 0)
		return rc;
	row->number = number;
	task->answer.object_id = c->id;
	rc = state_edit_put(task->edit, TAKE(row));
	if (rc == 0) /* what a job copies is copied here */
		rc = array_owner_edit_add(array, task->edit, &c->id, c->job != NULL);
	if (rc == 0 && c->job != NULL) {
		task->answer.job_id = c->job->id;
		rc = array_job_edit_start(array, task->edit, c->job);
	}
	return rc;
}

static void
create_committed(struct array *array, struct array_task *task)
{
	struct create *c = container_of(task, struct create, task);
	char id[GUID_TEXT_SIZE];
	int rc = blk_fault_check(array->inject_dir, guid_format(&c->id, id), "commit", NULL);

	if (rc == 0)
		rc = array_place_commit(c->store->place, &c->id);
	if (rc < 0)
		array_store_fail(c->store, rc, err_text(rc));
	array_unit_show(array, &c->id);
	if (c->job != NULL)
		array_job_queue(TAKE(c->job));
}

/* The LUN is held now; what was read of it before may be another. */
static int
check_origin(const struct create *c, const struct array_clone *clone)
{
	if (clone->size_bytes != c->spec.size_bytes)
		return err_set(ERR_BUSY, "the size of the LUN was changed meanwhile: try again");
	if (clone->store->place != c->store->place)
		return err_set(ERR_BUSY, "the LUN was moved to another pool meanwhile: try again");
	return 0;
}

/* Makes the volume of a clone of a LUN: what the LUN holds at one moment. */
static int
clone_lun(struct array *array, const struct create *c)
{
	struct array_clone clone = { .lun_id = c->spec.origin_id, .to_id = c->id };
	struct array_moment moment = { .clones = &clone, .count = 1 };
	int rc = array_moment_take(array, &moment);

	if (rc == 0) {
		rc = check_origin(c, &clone);
		if (rc < 0)
			array_moment_undo(&moment);
	}
	array_moment_end(array, &moment);
	return rc;
}

static int
adopt_file(const struct create *c)
{
	const struct array_place *place = c->store->place;
	int rc;

	if (place->driver->volume_adopt == NULL)
		return err_set(ERR_NOT_SUPPORTED,
			       "the pool %s is not in a directory: a file can be adopted only by a "
			       "pool in a directory on its file system",
			       place->text);
	rc = place->driver->volume_adopt(place->text, &c->id, c->adopt_fd);
	if (rc == -EXDEV)
		return err_set(ERR_INVALID,
			       "%s is not on the file system of the pool %s: adopt it into a pool "
			       "there (vdsctl pool create), or move it first",
			       c->adopt_path, place->text);
	if (rc == -EPERM)
		return err_set(ERR_ACCESS,
			       "vdsd may not link %s: give the file to the user of vdsd (chown)",
			       c->adopt_path);
	return rc < 0 ? err_set(rc, "%s cannot be linked into the pool %s: %s", c->adopt_path,
				place->text, err_text(rc))
		      : 0;
}

static int
make_file(struct array *array, const struct create *c)
{
	char id[GUID_TEXT_SIZE];
	const struct array_place *place = c->store->place;
	int rc = blk_fault_check(array->inject_dir, guid_format(&c->id, id), "create", NULL);

	if (rc == 0 && c->adopt_fd >= 0)
		return adopt_file(c);
	if (rc == 0 && place->driver->is_single)
		return err_set(ERR_NOT_SUPPORTED,
			       "the pool %s is a device that is served with the data that it has, "
			       "as one LUN: `vdsctl lun adopt` makes that LUN of it",
			       place->text);
	if (rc == 0 && (c->spec.copy || guid_is_zero(&c->spec.origin_id)))
		rc = place->driver->volume_make(place->text, &c->id, c->spec.size_bytes);
	else if (rc == 0 && !c->origin_is_lun)
		return array_clone_snapshot(array, place, &c->spec.origin_id, &c->id,
					    c->spec.size_bytes);
	else if (rc == 0)
		return clone_lun(array, c);
	return array_store_file_error(c->store, rc);
}

static int
prepare(struct array *array, struct create *c)
{
	struct row_lun row = { .id = c->id,
			       .pool_id = c->spec.pool_id,
			       .size_bytes = c->spec.size_bytes,
			       .thin = !c->spec.thick,
			       .cache = c->spec.cache };
	AUTO_FREE char *place = NULL;
	struct array_pool_space space = { 0 };
	char want[32], have[32];
	uint64_t needed;
	int rc = array_pool_place(array, &c->spec.pool_id, &place);

	if (rc == 0)
		rc = array_space_promise_capacity(array, &c->spec.pool_id, &c->capacity_bytes);
	if (rc == 0 && (c->spec.thick || c->spec.fits || c->spec.copy))
		rc = array_pool_space(array, &c->spec.pool_id, &space);
	if (rc < 0)
		return rc;
	if ((c->spec.thick || c->spec.fits) && c->spec.size_bytes > space.free_bytes)
		return err_set(ERR_NO_SPACE,
			       "a LUN of %s does not fit into the pool %s, which has %s "
			       "free: choose a smaller size or another pool",
			       str_format_size(c->spec.size_bytes, want, sizeof(want)), place,
			       str_format_size(space.free_bytes, have, sizeof(have)));
	needed = array_pool_needed(array_pool_driver_find(place), true, c->spec.size_bytes,
				   array_unit_allocated(array, &c->spec.origin_id));
	if (c->spec.copy && needed > space.free_bytes)
		return err_set(ERR_NO_SPACE,
			       "the copy needs %s, and the pool %s has %s free: make room there",
			       str_format_size(needed, want, sizeof(want)), place,
			       str_format_size(space.free_bytes, have, sizeof(have)));
	rc = array_store_new(array, &row, place, &c->store);
	if (rc == 0 && (c->spec.thick || c->spec.copy)) {
		c->job = array_job_new(array, JOB_CREATE_LUN, &c->id,
				       c->spec.copy ? c->spec.size_bytes : 0, c->spec.size_bytes,
				       c->store);
		rc = c->job == NULL ? -ENOMEM : 0;
	}
	if (rc == 0 && c->spec.copy)
		rc = array_clone_copy_from(array, &c->spec.origin_id, c->job);
	return rc;
}

static int
create(struct array *array, struct create *c)
{
	int rc = guid_is_zero(&c->spec.pool_id) ? array_pool_choose(array, &c->spec.pool_id) : 0;

	if (rc == 0 && c->adopt_path != NULL)
		rc = c->adopt_fd = array_adopt_open(array, c->adopt_path, &c->spec.pool_id,
						    c->spec.block_bytes, &c->spec.size_bytes);
	rc = MIN(rc, 0);
	if (rc == 0)
		rc = prepare(array, c);
	if (rc == 0)
		rc = make_file(array, c);
	if (rc < 0)
		return rc;
	rc = array_unit_add(array, &c->id, c->store,
			    c->job != NULL ? OPERATION_CREATE : OPERATION_NONE, HEALTH_OK,
			    hints_write_through(c->hints));
	if (rc == 0)
		rc = array_writer_submit(array, &c->task);
	if (rc < 0) {
		/* Keep the text of the failure. */
		char text[TASK_TEXT_SIZE];

		snprintf(text, sizeof(text), "%s", err_text(rc));
		array_unit_remove(array, &c->id, false);
		if (array_writer_outcome_is_known(rc))
			(void)c->store->place->driver->volume_remove(c->store->place->text, &c->id,
								     false);
		err_set(rc, "%s", text);
	}
	return rc;
}

static int
create_lun(struct array *array, const struct array_request *request,
	   const struct array_lun_spec *spec, const char *adopt_path,
	   struct array_answer *ret_answer)
{
	struct create c = {
		.task = { .apply = create_apply,
			  .committed = create_committed,
			  .cause = "lun.create",
			  .use = CATALOG_MAKES,
			  .request_id = array_request_id(request),
			  .principal = array_request_principal(request),
			  .audit = array_request_audit(request) },
		.spec = *spec,
		.adopt_path = adopt_path,
		.adopt_fd = -1,
	};
	int rc;

	if (adopt_path != NULL) /* it has the size of the file, which is not known yet */
		c.spec.size_bytes = 1;
	rc = check_spec(array, &c);
	if (rc == 0)
		rc = array_request_begin(array, request, ret_answer);
	if (rc == 0) {
		guid_make(&c.id);
		rc = create(array, &c);
		rc = array_request_end(array, request, rc, &c.task.answer, ret_answer);
	}
	create_fini(&c);
	return MIN(rc, 0);
}

int
array_lun_create(struct array *array, const struct array_request *request,
		 const struct array_lun_spec *spec, struct array_answer *ret_answer)
{
	return create_lun(array, request, spec, NULL, ret_answer);
}

int
array_lun_adopt(struct array *array, const struct array_request *request,
		const struct array_lun_spec *spec, const char *path,
		struct array_answer *ret_answer)
{
	/* One at a time, until its LUN is in the state: two LUNs must not get one file. */
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	int rc;

	pthread_mutex_lock(&lock);
	rc = create_lun(array, request, spec, path, ret_answer);
	pthread_mutex_unlock(&lock);
	return rc;
}
