/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Follows the pool in the array's own directory when that directory was moved or copied while vdsd
 * did not serve it.  Rows contain absolute paths, so the row of DIR/luns then names another place:
 * one where nothing is, or, after a copy, the files of the original, which must not be touched.
 * Runs on the opening thread, before the writer starts.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "array/array_int.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

#define HOME "/luns"

/* Syncs the array's directory, so that the new entry survives a power cut. */
static int
sync_dir(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc = fd < 0 || fsync(fd) < 0
			 ? err_set(-errno, "%s: cannot sync: %s", dir, strerror(errno))
			 : 0;

	if (fd >= 0)
		close(fd);
	return rc;
}

int
array_pool_make_home(struct array *array, char **ret_path)
{
	char *dir = realpath(array->dir, NULL); /* of libc's heap */
	AUTO_FREE char *path = dir != NULL ? str_printf("%s" HOME, dir) : NULL;
	int rc = dir == NULL ? -errno : path == NULL ? -ENOMEM : 0;

	if (rc == 0 && mkdir(path, 0700) < 0 && errno != EEXIST)
		rc = err_set(-errno, "%s: cannot make it: %s", path, strerror(errno));
	if (rc == 0)
		rc = sync_dir(dir);
	free(dir);
	if (rc == 0)
		*ret_path = TAKE(path);
	return rc;
}

static bool
is_named_home(const char *path)
{
	size_t len = strlen(path);

	return len >= strlen(HOME) && strcmp(path + len - strlen(HOME), HOME) == 0;
}

/*
 * Returns the only pool that can have been DIR/luns; among several, the one whose directory is
 * missing.
 */
static const struct row_pool *
candidate(const struct state *state)
{
	const struct row_pool *found[2] = { NULL, NULL }; /* any; one that is missing */
	size_t count[2] = { 0, 0 };

	for (size_t i = 0; i < state_count(state, ROW_POOL); i++) {
		const struct row_pool *pool = state_at(state, ROW_POOL, i);

		if (!is_named_home(pool->path))
			continue;
		found[0] = pool;
		count[0]++;
		if (access(pool->path, F_OK) < 0) {
			found[1] = pool;
			count[1]++;
		}
	}
	return count[0] == 1 ? found[0] : count[1] == 1 ? found[1] : NULL;
}

static bool
is_a_pool(const struct state *state, const char *path)
{
	for (size_t i = 0; i < state_count(state, ROW_POOL); i++)
		if (strcmp(((const struct row_pool *)state_at(state, ROW_POOL, i))->path, path) ==
		    0)
			return true;
	return false;
}

int
array_pool_find_moved(struct array *array, const struct row_pool **ret_pool, char **ret_path)
{
	char *dir = realpath(array->dir, NULL); /* of libc's heap */
	AUTO_FREE char *home = dir != NULL ? str_printf("%s" HOME, dir) : NULL;
	const struct state *state = array->state;

	free(dir);
	*ret_pool = NULL;
	if (home == NULL)
		return -ENOMEM;
	if (is_a_pool(state, home) ||
	    !array_pool_dir_is_marked(home, &state_position(state)->array_id))
		return 0;
	*ret_pool = candidate(state);
	if (*ret_pool != NULL)
		*ret_path = TAKE(home);
	return 0;
}

/* Commits a change as the writer does, but before the writer runs. */
int
array_pool_set_path(struct array *array, const struct row_pool *pool, const char *path)
{
	static const struct guid no_request;
	AUTO_ROW struct row_pool *row = row_copy(pool);
	AUTO_STATE struct state *state = NULL;
	struct array_task task = { .cause = "pool.move", .answer.object_id = pool->id };
	struct state_edit *edit;
	int rc;

	if (row == NULL || row_set_string(&row->path, path) < 0)
		return -ENOMEM;
	edit = state_edit_new(array->state);
	if (edit == NULL)
		return -ENOMEM;
	rc = state_edit_put(edit, TAKE(row));
	if (rc < 0) {
		state_edit_free(edit);
		return rc;
	}
	log_warning("pool.moved", "from=%s to=%s", pool->path, path);
	rc = state_edit_finish(edit, "pool.move", &no_request, clock_utc_ms(), &state,
			       &task.change);
	if (rc == 0)
		rc = catalog_begin(array->catalog);
	if (rc == 0)
		rc = catalog_apply(array->catalog, array->state, task.change);
	if (rc == 0)
		rc = array_audit_task(array, &task, array->state, state);
	if (rc == 0)
		rc = catalog_commit(array->catalog);
	if (rc < 0)
		catalog_rollback(array->catalog);
	change_unref(task.change);
	if (rc < 0)
		return rc;
	state_unref(array->state);
	array->state = TAKE(state);
	return 0;
}
