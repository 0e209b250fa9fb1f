/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Backups of the catalog: one is made while the array goes on, and is put back into a directory
 * that nobody serves.  LUNs' data are in no backup, and a restore touches no file of a LUN.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "array/array_int.h"
#include "array/cluster.h"
#include "array/member_int.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "catalog/shared.h"
#include "model/port.h"

/* ---- making one ---- */

/* The file has no name any more when it is read, so that nobody has to remove it. */
static int
save(struct array *array, struct array_copy *copy, int *ret_fd)
{
	AUTO_FREE char *path = str_printf("%s/backup.tmp", array->dir);
	int rc, fd;

	if (path == NULL)
		return -ENOMEM;
	(void)unlink(path); /* of a vdsd that was killed meanwhile */
	rc = catalog_copy_save(copy->catalog, path);
	if (rc < 0)
		return rc;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	rc = fd < 0 ? err_set(-errno, "%s: cannot open: %s", path, strerror(errno)) : 0;
	(void)unlink(path);
	if (rc == 0)
		*ret_fd = fd;
	return rc;
}

/* A catalog that is damaged, or lacks changes, makes no backup that somebody would rely on. */
int
array_backup(struct array *array, int *ret_fd)
{
	struct array_copy copy = { .catalog = NULL };
	int rc;

	pthread_mutex_lock(&array->check_lock);
	rc = array_copy_take(array, &copy);
	if (rc == 0)
		rc = catalog_copy_check(copy.catalog);
	if (rc == 0)
		rc = save(array, &copy, ret_fd);
	array_copy_fini(&copy);
	pthread_mutex_unlock(&array->check_lock);
	return rc;
}

/* ---- putting one back ---- */

static int
forget_unlink(void *arg, const struct catalog_unlink *entry)
{
	return catalog_unlink_delete(arg, &entry->lun_id, &entry->pool_id);
}

/*
 * The job went on, or ended, after the backup: what it did to the LUN's file since is not known, so
 * it is not done again.
 */
static int
end_job(struct state_edit *edit, struct catalog *catalog, const struct row_job *job)
{
	AUTO_ROW struct row_job *row = row_copy(job);
	struct guid id = job->id;
	int rc;

	if (row == NULL)
		return -ENOMEM;
	row->state = JOB_CANCELLED;
	row->paused = false;
	row->ended_ms = clock_utc_ms();
	if (row_set_string(&row->error, err_name(ERR_CANCELLED)) < 0 ||
	    row_set_string(&row->message, "the catalog was restored from a backup that was made "
					  "while the job was running") < 0)
		return -ENOMEM;
	rc = state_edit_put(edit, TAKE(row));
	return rc < 0 ? rc : catalog_job_delete(catalog, &id);
}

static int
end_jobs(struct state_edit *edit, struct catalog *catalog, const struct state *state)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < state_count(state, ROW_JOB); i++) {
		const struct row_job *job = state_at(state, ROW_JOB, i);

		if (job->state == JOB_RUNNING)
			rc = end_job(edit, catalog, job);
	}
	return rc;
}

/* No vdsd runs as any of the gateways: those that did are fenced. */
static int
end_gateways(struct state_edit *edit, const struct state *state)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < state_count(state, ROW_CONTROLLER); i++) {
		const struct row_controller *old = state_at(state, ROW_CONTROLLER, i);
		AUTO_ROW struct row_controller *row = NULL;

		if (!array_member_lives(old))
			continue;
		row = row_copy(old);
		rc = row == NULL || row_set_string(&row->instance, "") < 0
			     ? -ENOMEM
			     : state_edit_put(edit, TAKE(row));
	}
	return rc;
}

/* Takes edit. */
static int
edit_apply(struct state_edit *edit, struct catalog *catalog, const struct state *state)
{
	static const struct guid no_request;
	AUTO_STATE struct state *after = NULL;
	AUTO_FREE struct array *array = mem_calloc(1, sizeof(*array)); /* for the record alone */
	struct array_task task = { .cause = "catalog.restore" };
	int rc = state_edit_is_empty(edit) ? 1 : 0;

	if (rc == 1) {
		state_edit_free(edit);
		return 0;
	}
	if (array == NULL) {
		state_edit_free(edit);
		return -ENOMEM;
	}
	array->catalog = catalog;
	task.answer.object_id = state_array(state)->id;
	rc = state_edit_finish(edit, "catalog.restore", &no_request, clock_utc_ms(), &after,
			       &task.change);
	if (rc == 0)
		rc = catalog_apply(catalog, state, task.change);
	if (rc == 0)
		rc = array_audit_task(array, &task, state, after);
	change_unref(task.change);
	return rc;
}

/*
 * Lets nothing go on that was going on when the backup was made.  A FORMAT UNIT or SANITIZE least
 * of all: what the LUN holds by now is other data.
 */
static int
settle(struct catalog *catalog, const struct state *state, bool shared)
{
	struct state_edit *edit = state_edit_new(state);
	int rc = edit != NULL ? catalog_begin(catalog) : -ENOMEM;

	if (rc == 0)
		rc = catalog_unlinks(catalog, forget_unlink, catalog);
	if (rc == 0)
		rc = end_jobs(edit, catalog, state);
	if (rc == 0 && shared)
		rc = end_gateways(edit, state);
	if (rc == 0)
		rc = catalog_kept_drop(catalog, ARRAY_KEEP_JOB);
	if (rc == 0)
		rc = edit_apply(TAKE(edit), catalog, state);
	if (rc == 0)
		rc = catalog_commit(catalog);
	if (rc < 0)
		catalog_rollback(catalog);
	state_edit_free(edit);
	return rc;
}

static void
describe(const struct state *state, struct strbuf *text)
{
	const struct position *at = state_position(state);
	const struct row_array *array = state_array(state);
	char id[GUID_TEXT_SIZE];

	strbuf_addf(
		text,
		"array \"%s\" (%s) after change %" PRIu64 ": LUNs %zu, targets %zu, pools %zu\n",
		array->name, guid_format(&array->id, id), at->sequence, state_count(state, ROW_LUN),
		state_count(state, ROW_TARGET), state_count(state, ROW_POOL));
}

/* Takes `restore`.  shared: into the catalog of several gateways. */
static int
carry_out(struct catalog_restore *restore, const char *dir, bool shared, char **ret_text)
{
	AUTO_STATE struct state *state = NULL;
	AUTO(strbuf_fini) struct strbuf text = { 0 };
	struct catalog *catalog = catalog_restore_catalog(restore);
	const char *aside = "";
	int rc = catalog_load(catalog, &state);

	if (rc == 0)
		rc = settle(catalog, state, shared);
	state_unref(TAKE(state));
	if (rc == 0)
		rc = catalog_load(catalog, &state);
	if (rc == 0)
		rc = catalog_check(catalog);
	if (rc == 0)
		rc = catalog_restore_commit(restore, &aside);
	if (rc == 0)
		describe(state, &text);
	if (rc == 0 && aside[0] != '\0')
		strbuf_addf(&text, "the catalog that was there is kept in %s/%s\n", dir, aside);
	catalog_restore_free(restore);
	if (rc == 0 && (*ret_text = strbuf_take(&text)) == NULL)
		rc = -ENOMEM;
	return rc;
}

int
array_restore(const char *dir, const char *file, bool replace, char **ret_text)
{
	struct catalog_restore *restore = NULL;
	int rc = catalog_restore_begin(dir, file, replace, &restore);

	return rc < 0 ? rc : carry_out(restore, dir, false, ret_text);
}

/* ---- into the catalog of several gateways ---- */

/*
 * Calls a function for each gateway of the catalog that is there, if it can be read, and of the
 * backup.
 */
static int
each_gateway(struct catalog_restore *restore, const struct array_options *options,
	     int (*function)(const struct array_options *options, const struct row_controller *row))
{
	struct catalog *const catalogs[] = { catalog_restore_former(restore),
					     catalog_restore_catalog(restore) };
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(catalogs); i++) {
		AUTO_STATE struct state *state = NULL;

		if (catalogs[i] == NULL || (rc = catalog_load(catalogs[i], &state)) < 0)
			rc = i == 0 && rc == ERR_CORRUPT ? 0 : rc; /* it is to be replaced */
		for (size_t k = 0;
		     state != NULL && rc == 0 && k < state_count(state, ROW_CONTROLLER); k++)
			rc = function(options, state_at(state, ROW_CONTROLLER, k));
	}
	return rc;
}

/* Whom to ask, for a function that gets ids only. */
struct asking {
	const struct array_options *options;
};

static int
check_lease(const struct array_options *options, const struct guid *id, const char *name)
{
	bool held = false;
	int rc = options->cluster_ops->lease_of(options->cluster, id, &held);

	if (rc == 0 && held)
		rc = err_set(
			ERR_LOCKED,
			"gateway \"%s\" still has its lease: stop it first (one that was killed "
			"has it for some seconds)",
			name);
	return rc;
}

/* Also of one that had stopped when the backup was made: it may run again since. */
static int
check_dead(const struct array_options *options, const struct row_controller *row)
{
	return check_lease(options, &row->id, row->name);
}

/* One that was added after the backup, when the catalog that had it is lost: it has no name. */
static int
check_unknown_dead(void *arg, const struct guid *id)
{
	const struct asking *asking = arg;
	char text[GUID_TEXT_SIZE];

	return check_lease(asking->options, id, guid_format(id, text));
}

/* It may only be stopped, and go on at any time. */
static int
fence(const struct array_options *options, const struct row_controller *row)
{
	return array_member_lives(row)
		       ? options->cluster_ops->fence(options->cluster, row->instance)
		       : 0;
}

/*
 * A gateway serves on when the catalog's object is gone, and watches nothing then; nor need the
 * backup know it, or know that it runs.  So all that have ever joined are asked for their leases.
 */
static int
check_all_dead(struct catalog_restore *restore, const struct array_options *options)
{
	struct asking asking = { options };
	int rc = each_gateway(restore, options, check_dead);

	return rc < 0 ? rc
		      : options->cluster_ops->gateways(options->cluster, check_unknown_dead,
						       &asking);
}

/* No vdsd could start from it: each says as which gateway it serves a catalog that is shared. */
static int
check_has_gateways(struct catalog_restore *restore, const char *file)
{
	AUTO_STATE struct state *state = NULL;
	int rc = catalog_load(catalog_restore_catalog(restore), &state);

	if (rc < 0 || state_has_gateways(state))
		return rc;
	return err_set(ERR_INVALID,
		       "%s is the backup of an array without gateways: it can be restored into a "
		       "directory, without --catalog",
		       file);
}

int
array_restore_shared(const struct array_options *options, const char *file, bool replace,
		     char **ret_text)
{
	struct catalog_restore *restore = NULL;
	int rc = catalog_restore_begin_shared(options->dir, file, replace, options->shared,
					      &restore);

	if (rc == 0)
		rc = check_has_gateways(restore, file);
	if (rc == 0)
		rc = check_all_dead(restore, options);
	if (rc == 0)
		rc = each_gateway(restore, options, fence);
	if (rc < 0) {
		catalog_restore_free(restore);
		return rc;
	}
	return carry_out(restore, options->dir, true, ret_text);
}

/* ---- looking into one ---- */

static void
list(const struct state *state, struct strbuf *text)
{
	char size[32], id[GUID_TEXT_SIZE];

	for (size_t i = 0; i < state_count(state, ROW_POOL); i++) {
		const struct row_pool *pool = state_at(state, ROW_POOL, i);

		strbuf_addf(text, "pool \"%s\" in %s\n", pool->name, pool->path);
	}
	for (size_t i = 0; i < state_count(state, ROW_LUN); i++) {
		const struct row_lun *lun = state_at(state, ROW_LUN, i);

		strbuf_addf(text, "LUN \"%s\" (%s): %s in the file %s.img\n", ROW_LUN_CALLED(lun),
			    lun->serial, str_format_size(lun->size_bytes, size, sizeof(size)),
			    guid_format(&lun->id, id));
	}
	for (size_t i = 0; i < state_count(state, ROW_TARGET); i++)
		strbuf_addf(
			text, "target %s\n",
			((const struct row_target *)state_at(state, ROW_TARGET, i))->iscsi_name);
}

static int
read_backup(const char *dir, const char *file, struct strbuf *text)
{
	AUTO_STATE struct state *state = NULL;
	struct catalog_restore *restore = NULL;
	int rc = catalog_restore_begin(dir, file, false, &restore);

	if (rc == 0)
		rc = catalog_load(catalog_restore_catalog(restore), &state);
	if (rc == 0) {
		describe(state, text);
		list(state, text);
	}
	catalog_restore_free(restore);
	return rc;
}

int
array_list_backup(const char *file, char **ret_text)
{
	const char *tmp = getenv("TMPDIR"); /* NOLINT: nobody changes the environment */
	AUTO_FREE char *dir = str_printf("%s/vdsd-backup.XXXXXX", tmp != NULL ? tmp : "/tmp");
	AUTO_FREE char *lock = NULL;
	AUTO(strbuf_fini) struct strbuf text = { 0 };
	int rc;

	if (dir == NULL)
		return -ENOMEM;
	if (mkdtemp(dir) == NULL)
		return err_set(-errno, "%s: cannot make a directory: %s", dir, strerror(errno));
	rc = read_backup(dir, file, &text);
	lock = str_printf("%s/lock", dir);
	if (lock != NULL)
		(void)unlink(lock);
	(void)rmdir(dir);
	if (rc == 0 && (*ret_text = strbuf_take(&text)) == NULL)
		rc = -ENOMEM;
	return rc;
}
