/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Pools on disk: directories in which LUNs are files.  Each holds a marker, .vds-pool, with the
 * array's id and the format of the directory; the array keeps it locked, so that no second one uses
 * the directory.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "array/array_int.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

#define MARKER        ".vds-pool"
#define MARKER_FORMAT "vds-pool 1 %s\n"

struct array_pool_entry {
	struct guid id, array_id;
	char *path;            /* owned */
	int dir_fd, marker_fd; /* -1 = not ready */
	char *reason;          /* owned; why it is not ready, NULL = it is */
};

/* ---- markers ---- */

static int
marker_write(int fd, const struct guid *array_id)
{
	char text[80], id[GUID_TEXT_SIZE];
	int len = snprintf(text, sizeof(text), MARKER_FORMAT, guid_format(array_id, id));

	if (pwrite(fd, text, (size_t)len, 0) != len || fsync(fd) < 0)
		return errno != 0 ? -errno : -EIO;
	return 0;
}

static int
marker_check(int fd, const char *path, const struct guid *array_id)
{
	char text[81] = "", want[80], id[GUID_TEXT_SIZE];

	snprintf(want, sizeof(want), MARKER_FORMAT, guid_format(array_id, id));
	if (pread(fd, text, sizeof(text) - 1, 0) < 0)
		return err_set(-errno, "%s/" MARKER ": %s", path, strerror(errno));
	if (strncmp(text, "vds-pool ", 9) == 0 && strncmp(text, "vds-pool 1 ", 11) != 0)
		return err_set(ERR_VERSION, "%s: the pool's format is newer than this program",
			       path);
	if (strcmp(text, want) != 0)
		return err_set(ERR_IN_USE,
			       "%s: the directory belongs to another array (" MARKER ")", path);
	return 0;
}

bool
array_pool_is_marked(const char *path, const struct guid *array_id)
{
	AUTO_FREE char *marker = str_printf("%s/" MARKER, path);
	int fd = marker != NULL ? open(marker, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
	bool ours = fd >= 0 && marker_check(fd, path, array_id) == 0;

	if (fd >= 0)
		close(fd);
	return ours;
}

static bool
has_luns(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *d;
	bool any = false;

	while (dir != NULL && (d = readdir(dir)) != NULL) {
		size_t len = strlen(d->d_name);

		any = any || (len > 4 && strcmp(d->d_name + len - 4, ".img") == 0);
	}
	if (dir != NULL)
		closedir(dir);
	return any;
}

/* Opens and locks.  The descriptor or an error. */
static int
marker_open(int dir_fd, const char *path, const struct guid *array_id, enum array_pool_mode mode)
{
	bool create = mode != POOL_OPEN;
	int fd = openat(dir_fd, MARKER, O_RDWR | O_CLOEXEC | O_NOFOLLOW | (create ? O_CREAT : 0),
			0600);
	struct stat st;
	int rc;

	if (fd < 0)
		return err_set(-errno, "%s/" MARKER ": %s", path, strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		rc = errno == EWOULDBLOCK
			     ? err_set(ERR_LOCKED, "%s: another process or pool uses it", path)
			     : -errno;
	else if (fstat(fd, &st) < 0)
		rc = -errno;
	else if (st.st_size == 0 && create)
		rc = marker_write(fd, array_id) < 0 || fsync(dir_fd) < 0 ? -EIO : 0;
	else
		rc = marker_check(fd, path, array_id);
	if (rc == ERR_IN_USE && mode == POOL_BEGIN && !has_luns(path))
		rc = marker_write(fd, array_id);
	if (rc < 0) {
		close(fd);
		return rc;
	}
	return fd;
}

/* ---- entries ---- */

static void
entry_close(struct array_pool_entry *entry)
{
	if (entry->marker_fd >= 0)
		close(entry->marker_fd);
	if (entry->dir_fd >= 0)
		close(entry->dir_fd);
	entry->dir_fd = entry->marker_fd = -1;
}

static void
entry_free(struct array_pool_entry *entry)
{
	if (entry == NULL)
		return;
	entry_close(entry);
	mem_free(entry->path);
	mem_free(entry->reason);
	mem_free(entry);
}

static int
entry_open(struct array_pool_entry *entry, enum array_pool_mode mode)
{
	int rc;

	entry->dir_fd = open(entry->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (entry->dir_fd < 0)
		return err_set(-errno, "%s: %s", entry->path, strerror(errno));
	rc = catalog_refuse_network(entry->dir_fd, entry->path);
	if (rc == 0)
		rc = entry->marker_fd = marker_open(entry->dir_fd, entry->path, &entry->array_id,
						    mode);
	if (rc < 0)
		entry_close(entry);
	return MIN(rc, 0);
}

/* Best effort, with what the file system says now.  pools_lock. */
static void
show(struct array *array, const struct array_pool_entry *entry)
{
	struct row_live_pool *row = row_new(ROW_LIVE_POOL);
	struct statvfs fs;

	if (row == NULL)
		return;
	row->id = entry->id;
	row->ready = entry->reason == NULL;
	if (row->ready && fstatvfs(entry->dir_fd, &fs) == 0) {
		row->capacity_bytes = (uint64_t)fs.f_blocks * fs.f_frsize;
		row->free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
	}
	if (row_set_string(&row->reason, entry->reason) < 0)
		row_unref(row);
	else
		array_live_put(array, row);
}

static struct array_pool_entry *
entry_new(const struct guid *array_id, const struct row_pool *pool)
{
	struct array_pool_entry *entry = mem_calloc(1, sizeof(*entry));

	if (entry == NULL)
		return NULL;
	entry->id = pool->id;
	entry->array_id = *array_id;
	entry->dir_fd = entry->marker_fd = -1;
	entry->path = str_dup(pool->path);
	if (entry->path == NULL) {
		entry_free(entry);
		return NULL;
	}
	return entry;
}

int
array_pool_add(struct array *array, const struct guid *array_id, const struct row_pool *pool,
	       enum array_pool_mode mode)
{
	struct array_pool_entry *entry = entry_new(array_id, pool);
	int rc;

	if (entry == NULL)
		return -ENOMEM;
	rc = entry_open(entry, mode);
	if (rc < 0 && mode == POOL_OPEN) {
		/* The array starts all the same: this pool's LUNs fail, the others are served. */
		entry->reason = str_dup(err_text(rc));
		log_error("pool.not_ready", "path=%s reason=%s", entry->path, err_text(rc));
		rc = entry->reason == NULL ? -ENOMEM : 0;
	}
	pthread_mutex_lock(&array->pools_lock);
	if (rc == 0)
		rc = guid_map_put(&array->pools, &entry->id, entry);
	if (rc == 0 && mode == POOL_OPEN)
		show(array, entry);
	pthread_mutex_unlock(&array->pools_lock);
	if (rc < 0)
		entry_free(entry);
	return rc;
}

void
array_pool_remove(struct array *array, const struct guid *pool_id, bool delete_marker)
{
	struct array_pool_entry *entry;

	pthread_mutex_lock(&array->pools_lock);
	entry = guid_map_remove(&array->pools, pool_id);
	if (entry != NULL)
		array_live_delete(array, ROW_LIVE_POOL, pool_id);
	pthread_mutex_unlock(&array->pools_lock);
	if (entry != NULL && delete_marker && entry->marker_fd >= 0)
		(void)unlinkat(entry->dir_fd, MARKER, 0);
	entry_free(entry);
}

void
array_pool_fini(struct array *array)
{
	struct array_pool_entry *entry;

	for (size_t i = 0; (entry = guid_map_next(&array->pools, &i)) != NULL;)
		entry_free(entry);
	guid_map_fini(&array->pools);
}

/* The directory still there, with our marker in it?  pools_lock. */
static int
look(struct array_pool_entry *entry)
{
	struct stat ours, named;
	AUTO_FREE char *path = NULL;

	if (entry->marker_fd < 0)
		return entry_open(entry, POOL_OPEN);
	path = str_printf("%s/" MARKER, entry->path);
	if (path == NULL)
		return -ENOMEM;
	if (stat(path, &named) < 0)
		return err_set(-errno, "%s: %s", path, strerror(errno));
	if (fstat(entry->marker_fd, &ours) < 0 || ours.st_ino != named.st_ino ||
	    ours.st_dev != named.st_dev)
		return err_set(-ESTALE, "%s: another directory is in its place", entry->path);
	return 0;
}

void
array_pool_verify(struct array *array)
{
	struct array_pool_entry *entry;

	pthread_mutex_lock(&array->pools_lock);
	for (size_t i = 0; (entry = guid_map_next(&array->pools, &i)) != NULL;) {
		int rc = look(entry);

		if (rc == -ENOMEM)
			continue;
		if (rc < 0)
			entry_close(entry);
		mem_free(entry->reason);
		entry->reason = rc < 0 ? str_dup(err_text(rc)) : NULL;
		show(array, entry);
	}
	pthread_mutex_unlock(&array->pools_lock);
}

/* ---- questions ---- */

/* Under pools_lock. */
static int
find_ready(struct array *array, const struct guid *pool_id, struct array_pool_entry **ret_entry)
{
	struct array_pool_entry *entry = guid_map_find(&array->pools, pool_id);

	if (entry == NULL)
		return array_name_no_such(ROW_POOL, pool_id);
	if (entry->marker_fd < 0)
		return err_set(ERR_FAILED, "pool is not ready: %s",
			       entry->reason != NULL ? entry->reason : "");
	*ret_entry = entry;
	return 0;
}

int
array_pool_path(struct array *array, const struct guid *pool_id, char **ret_path)
{
	struct array_pool_entry *entry = NULL;
	char *path = NULL;
	int rc;

	pthread_mutex_lock(&array->pools_lock);
	rc = find_ready(array, pool_id, &entry);
	if (rc == 0) {
		path = str_dup(entry->path);
		rc = path == NULL ? -ENOMEM : 0;
	}
	pthread_mutex_unlock(&array->pools_lock);
	if (rc == 0)
		*ret_path = path;
	return rc;
}

int
array_pool_space(struct array *array, const struct guid *pool_id, uint64_t *ret_capacity,
		 uint64_t *ret_free)
{
	struct array_pool_entry *entry = NULL;
	struct statvfs fs;
	int rc;

	pthread_mutex_lock(&array->pools_lock);
	rc = find_ready(array, pool_id, &entry);
	if (rc == 0 && fstatvfs(entry->dir_fd, &fs) < 0)
		rc = err_set(-errno, "%s: %s", entry->path, strerror(errno));
	pthread_mutex_unlock(&array->pools_lock);
	if (rc < 0)
		return rc;
	*ret_capacity = (uint64_t)fs.f_blocks * fs.f_frsize;
	*ret_free = (uint64_t)fs.f_bavail * fs.f_frsize;
	return 0;
}

int
array_pool_choose(struct array *array, struct guid *ret_pool_id)
{
	AUTO_STATE struct state *state = array_state(array);
	uint64_t capacity, space, most = 0;
	const struct row_pool *best = NULL;

	for (size_t i = 0; i < state_count(state, ROW_POOL); i++) {
		const struct row_pool *pool = state_at(state, ROW_POOL, i);

		if (array_pool_space(array, &pool->id, &capacity, &space) < 0)
			continue;
		if (best == NULL || space > most) {
			best = pool;
			most = space;
		}
	}
	if (best == NULL)
		return err_set(ERR_NOT_FOUND, "there is no pool that is ready: create one");
	*ret_pool_id = best->id;
	return 0;
}

void
array_pool_show(struct array *array, const struct guid *pool_id)
{
	struct array_pool_entry *entry;

	pthread_mutex_lock(&array->pools_lock);
	entry = guid_map_find(&array->pools, pool_id);
	if (entry != NULL)
		show(array, entry);
	pthread_mutex_unlock(&array->pools_lock);
}

/* ---- sweeping, at start ---- */

/* <lun id>.new: committed, then its rename was lost; or not, then nobody knows it. */
static void
sweep_new(const struct array_pool_entry *entry, const char *name, bool known)
{
	char committed[GUID_TEXT_SIZE + 4];

	if (!known) {
		(void)unlinkat(entry->dir_fd, name, 0);
	} else {
		snprintf(committed, sizeof(committed), "%.36s.img", name);
		if (faccessat(entry->dir_fd, committed, F_OK, 0) < 0)
			(void)renameat(entry->dir_fd, name, entry->dir_fd, committed);
	}
	log_info("pool.sweep", "path=%s file=%s", entry->path, name);
}

static void
sweep_file(struct array *array, const struct array_pool_entry *entry, const char *name,
	   const struct state *state)
{
	char id[GUID_TEXT_SIZE];
	struct guid lun_id;
	bool known;

	if (strlen(name) != GUID_TEXT_SIZE - 1 + 4)
		return;
	snprintf(id, sizeof(id), "%.36s", name);
	if (guid_parse(id, &lun_id) < 0)
		return;
	known = state_find(state, ROW_LUN, &lun_id) != NULL;
	if (strcmp(name + GUID_TEXT_SIZE - 1, ".new") == 0)
		sweep_new(entry, name, known);
	else if (strcmp(name + GUID_TEXT_SIZE - 1, ".img") == 0 && !known &&
		 !array_store_is_dying(array, &lun_id))
		log_warning("pool.unknown_file", "path=%s file=%s", entry->path, name);
}

static void
sweep(struct array *array, const struct array_pool_entry *entry, const struct state *state)
{
	DIR *dir = opendir(entry->path);
	struct dirent *d;

	if (dir == NULL)
		return;
	while ((d = readdir(dir)) != NULL)
		sweep_file(array, entry, d->d_name, state);
	closedir(dir);
}

void
array_pool_sweep(struct array *array, const struct state *state)
{
	struct array_pool_entry *entry;

	pthread_mutex_lock(&array->pools_lock);
	for (size_t i = 0; (entry = guid_map_next(&array->pools, &i)) != NULL;)
		if (entry->marker_fd >= 0)
			sweep(array, entry, state);
	pthread_mutex_unlock(&array->pools_lock);
}
