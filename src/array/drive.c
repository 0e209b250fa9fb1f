/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The drives of the array: what its pools lie on, as live rows.  host_disk.c finds them; this file
 * gives them their ids and slots, and replaces the rows when something has changed.  A rescan costs
 * a few files of the kernel for each pool and disk.  The verifier rescans in each round, the
 * thread that makes or deletes a pool before it answers, and whoever asks for it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "array/array_int.h"
#include "array/drive_int.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/sha.h"
#include "base/str.h"

/* The rows that a rescan wants; it holds a reference to each. */
struct rescan {
	const struct guid *array_id;
	const struct state *config, *live; /* as the rescan began */
	struct row_live_drive **drives;
	size_t drive_count, drive_capacity;
	struct row_live_pool_drive **pairs;
	size_t pair_count, pair_capacity;
	struct array_host_place place;
};

static void
rescan_free(struct rescan *scan)
{
	if (scan == NULL)
		return;
	for (size_t i = 0; i < scan->drive_count; i++)
		row_unref(scan->drives[i]);
	for (size_t i = 0; i < scan->pair_count; i++)
		row_unref(scan->pairs[i]);
	mem_free(scan->drives);
	mem_free(scan->pairs);
	mem_free(scan);
}

static void
rescan_free_cleanup(void *pointer_to_scan)
{
	rescan_free(*(struct rescan **)pointer_to_scan);
}

/*
 * The id of a drive: a hash of the array's id and what identifies the drive, so that it is the same
 * after a restart, and that two arrays which share a disk have two drives.
 */
static int
drive_id(const struct rescan *scan, const struct array_host_disk *disk, struct guid *ret_id)
{
	AUTO_FREE char *text = NULL;
	char array_text[GUID_TEXT_SIZE];
	struct hash128 hash;
	int rc;

	guid_format(scan->array_id, array_text);
	if (disk->wwid[0] != '\0')
		text = str_printf("%s drive wwid %s", array_text, disk->wwid);
	else if (disk->kind == DRIVE_DISK && disk->serial[0] != '\0')
		text = str_printf("%s drive serial %s %s %s", array_text, disk->vendor, disk->model,
				  disk->serial);
	else
		text = str_printf("%s drive name %u %s %s", array_text, (unsigned)disk->kind,
				  disk->model, disk->name);
	if (text == NULL)
		return -ENOMEM;
	rc = hash128_of(text, strlen(text), &hash);
	if (rc < 0)
		return rc;
	memcpy(ret_id->bytes, &hash.lo, 8);
	memcpy(ret_id->bytes + 8, &hash.hi, 8);
	/* RFC 9562 §5.8: version 8, a guid made in a way of one's own */
	ret_id->bytes[6] = (uint8_t)((ret_id->bytes[6] & 0x0f) | 0x80);
	ret_id->bytes[8] = (uint8_t)((ret_id->bytes[8] & 0x3f) | 0x80);
	return 0;
}

static struct row_live_drive *
find_drive(const struct rescan *scan, const struct guid *id)
{
	for (size_t i = 0; i < scan->drive_count; i++)
		if (guid_equal(&scan->drives[i]->id, id))
			return scan->drives[i];
	return NULL;
}

static bool
slot_is_taken(const struct rescan *scan, uint32_t slot)
{
	for (size_t i = 0; i < scan->drive_count; i++)
		if (scan->drives[i]->slot == slot)
			return true;
	for (size_t i = 0; i < state_count(scan->live, ROW_LIVE_DRIVE); i++)
		if (((const struct row_live_drive *)state_at(scan->live, ROW_LIVE_DRIVE, i))
			    ->slot == slot)
			return true;
	return false;
}

/* The slot that the drive has, or the lowest free one. */
static uint32_t
slot_of(const struct rescan *scan, const struct guid *id)
{
	const struct row_live_drive *known = state_find(scan->live, ROW_LIVE_DRIVE, id);
	uint32_t slot = 1;

	if (known != NULL)
		return known->slot;
	while (slot_is_taken(scan, slot))
		slot++;
	return slot;
}

static int
set_strings(struct row_live_drive *row, const struct array_host_disk *disk)
{
	int rc = row_set_string(&row->name, disk->name);

	if (rc == 0)
		rc = row_set_string(&row->vendor, disk->vendor);
	if (rc == 0)
		rc = row_set_string(&row->model, disk->model);
	if (rc == 0)
		rc = row_set_string(&row->serial, disk->serial);
	if (rc == 0)
		rc = row_set_string(&row->firmware, disk->firmware);
	if (rc == 0)
		rc = row_set_string(&row->wwid, disk->wwid);
	return rc == 0 ? row_set_string(&row->reason, disk->reason) : rc;
}

static int
add_drive(struct rescan *scan, const struct array_host_disk *disk, const struct guid *id,
	  uint64_t size_bytes)
{
	AUTO_ROW struct row_live_drive *row = NULL;
	int rc;

	if (find_drive(scan, id) != NULL)
		return 0;
	rc = mem_grow(&scan->drives, &scan->drive_capacity, scan->drive_count + 1,
		      sizeof(scan->drives[0]));
	if (rc < 0)
		return rc;
	row = row_new(ROW_LIVE_DRIVE);
	if (row == NULL)
		return -ENOMEM;
	row->id = *id;
	row->kind = disk->kind;
	row->bus = disk->bus;
	row->size_bytes = size_bytes;
	row->block_bytes = disk->block_bytes;
	row->rotational = disk->rotational;
	row->removable = disk->removable;
	row->slot = slot_of(scan, id);
	row->ready = disk->reason[0] == '\0';
	rc = set_strings(row, disk);
	if (rc == 0)
		scan->drives[scan->drive_count++] = TAKE(row);
	return rc;
}

static int
add_pair(struct rescan *scan, const struct guid *pool_id, const struct guid *drive,
	 const char *device, uint64_t device_bytes, uint64_t size_bytes)
{
	AUTO_ROW struct row_live_pool_drive *row = NULL;
	int rc = mem_grow(&scan->pairs, &scan->pair_capacity, scan->pair_count + 1,
			  sizeof(scan->pairs[0]));

	if (rc < 0)
		return rc;
	row = row_new(ROW_LIVE_POOL_DRIVE);
	if (row == NULL)
		return -ENOMEM;
	row->pool_id = *pool_id;
	row->drive_id = *drive;
	row->device_bytes = device_bytes;
	row->size_bytes = size_bytes;
	rc = row_set_string(&row->device, device);
	if (rc == 0)
		scan->pairs[scan->pair_count++] = TAKE(row);
	return rc;
}

/*
 * What is found where a pool should be counts only when the pool is there, or when it is still the
 * device that the pool was last seen on: in the place of a file system that was unmounted lies
 * another one, which is not the pool's.
 */
static bool
is_its_device(const struct rescan *scan, const struct row_pool *pool,
	      const struct row_live_pool *live)
{
	struct row_slice old = state_pool_drives(scan->live, &pool->id);

	if (live != NULL && live->ready)
		return true;
	return old.count > 0 && strcmp(((const struct row_live_pool_drive *)old.rows[0])->device,
				       scan->place.device) == 0;
}

/* A pool in memory is a drive of its own. */
static void
memory_place(const char *path, struct array_host_place *ret_place)
{
	struct array_host_disk *disk = &ret_place->disks[0];

	memset(ret_place, 0, sizeof(*ret_place));
	ret_place->count = 1;
	disk->kind = DRIVE_MEMORY;
	snprintf(disk->name, sizeof(disk->name), "%.255s", path);
	snprintf(disk->model, sizeof(disk->model), "memory of vdsd");
}

static int
add_pool(struct array *array, struct rescan *scan, const struct row_pool *pool)
{
	const struct row_live_pool *live = state_find(scan->live, ROW_LIVE_POOL, &pool->id);
	uint64_t capacity = live != NULL ? live->capacity_bytes : 0;
	int rc = 0;

	if (*pool->path == '/')
		rc = array_host_find(array->host_root, pool->path, &scan->place);
	else if (str_starts(pool->path, "bdev:") || str_starts(pool->path, "raw:"))
		rc = array_host_find_device(array->host_root, strchr(pool->path, ':') + 1,
					    &scan->place);
	else if (str_starts(pool->path, "rbd:"))
		return 0; /* its disks are those of other computers */
	else
		memory_place(pool->path, &scan->place);

	if (rc == -ENOMEM)
		return rc;
	if (rc < 0 || !is_its_device(scan, pool, live))
		return 0;
	for (size_t i = 0; rc == 0 && i < scan->place.count; i++) {
		const struct array_host_disk *disk = &scan->place.disks[i];
		bool whole = disk->kind != DRIVE_DISK; /* the file system itself is the drive */
		struct guid id;

		rc = drive_id(scan, disk, &id);
		if (rc == 0)
			rc = add_drive(scan, disk, &id, whole ? capacity : disk->size_bytes);
		if (rc == 0)
			rc = add_pair(scan, &pool->id, &id, scan->place.device,
				      whole ? capacity : scan->place.device_bytes,
				      whole ? capacity : disk->taken_bytes);
	}
	return rc;
}

/* ---- replacing the rows ---- */

static bool
is_wanted(const struct rescan *scan, enum row_family family, const struct row_key *key)
{
	struct row_key have;

	if (family == ROW_LIVE_DRIVE)
		return find_drive(scan, &key->a) != NULL;
	for (size_t i = 0; i < scan->pair_count; i++) {
		row_key(scan->pairs[i], &have);
		if (row_key_compare(&have, key) == 0)
			return true;
	}
	return false;
}

static int
delete_others(const struct rescan *scan, struct state_edit *edit, enum row_family family)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < state_count(scan->live, family); i++) {
		struct row_key key;

		row_key(state_at(scan->live, family, i), &key);
		if (is_wanted(scan, family, &key))
			continue;
		rc = state_edit_delete(edit, family, &key.a,
				       family == ROW_LIVE_DRIVE ? NULL : &key.b);
		if (rc == 0 && family == ROW_LIVE_DRIVE) /* its maintenance ends with it */
			rc = state_edit_delete(edit, ROW_LIVE_MAINTENANCE, &key.a, NULL);
		rc = rc == ERR_NOT_FOUND ? 0 : rc;
	}
	return rc;
}

static int
fill(struct state_edit *edit, void *arg)
{
	const struct rescan *scan = arg;
	int rc = delete_others(scan, edit, ROW_LIVE_POOL_DRIVE);

	if (rc == 0)
		rc = delete_others(scan, edit, ROW_LIVE_DRIVE);
	for (size_t i = 0; rc == 0 && i < scan->drive_count; i++)
		rc = state_edit_put(edit, row_ref(scan->drives[i]));
	for (size_t i = 0; rc == 0 && i < scan->pair_count; i++)
		rc = state_edit_put(edit, row_ref(scan->pairs[i]));
	return rc;
}

static void
log_drive(const char *event, const struct row_live_drive *drive)
{
	char size[32];

	log_info(event, "drive=%s model=%s serial=%s size=%s", drive->name, drive->model,
		 drive->serial, str_format_size(drive->size_bytes, size, sizeof(size)));
}

static void
log_changes(const struct rescan *scan)
{
	for (size_t i = 0; i < scan->drive_count; i++) {
		const struct row_live_drive *now = scan->drives[i];
		const struct row_live_drive *old = state_find(scan->live, ROW_LIVE_DRIVE, &now->id);

		if (old == NULL)
			log_drive("drive.found", now);
		if (!now->ready && (old == NULL || old->ready))
			log_error("drive.not_ready", "drive=%s reason=%s", now->name, now->reason);
	}
	for (size_t i = 0; i < state_count(scan->live, ROW_LIVE_DRIVE); i++) {
		const struct row_live_drive *old = state_at(scan->live, ROW_LIVE_DRIVE, i);

		if (find_drive(scan, &old->id) == NULL)
			log_drive("drive.gone", old);
	}
}

void
array_drive_rescan(struct array *array)
{
	AUTO_STATE struct state *config = NULL;
	AUTO_STATE struct state *live = NULL;
	__attribute__((cleanup(rescan_free_cleanup))) struct rescan *scan = NULL;
	int rc = 0;

	if (array->look)
		return;
	scan = mem_calloc(1, sizeof(*scan));
	if (scan == NULL)
		return;
	/* One rescan at a time, so that an older one does not undo what a newer one has found. */
	pthread_mutex_lock(&array->drives_lock);
	scan->config = config = array_state(array);
	live = array_live(array);
	scan->live = live;
	scan->array_id = &state_position(config)->array_id;
	for (size_t i = 0; rc == 0 && i < state_count(config, ROW_POOL); i++)
		rc = add_pool(array, scan, state_at(config, ROW_POOL, i));
	if (rc == 0 && array_live_edit(array, fill, scan) == 0)
		log_changes(scan);
	pthread_mutex_unlock(&array->drives_lock);
}
