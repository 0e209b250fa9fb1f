/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The volumes of a pool on Ceph: images of RBD, and the rows of the table by which LUNs have them.
 * The functions are those of struct array_pool_driver; they need a pool that is open.  Any thread
 * except those of the data path.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "ceph/ceph_int.h"

#define COPY_STEP   (4u << 20)     /* an object */
#define SPACE_BYTES (256ull << 30) /* larger images are not measured: each object is asked for */

char *
ceph_volume_name(const char *place, const struct guid *lun_id)
{
	char id[GUID_TEXT_SIZE];

	return str_printf("%s/" ARRAY_POOL_RBD_IMAGE "%s", place, guid_format(lun_id, id));
}

/*
 * Makes up a name for the image of a LUN: that of its id, or where that one may be in use, by the
 * image that shall be replaced or by one that is going, one with a suffix by chance.
 */
static void
choose_name(struct ceph_pool *pool, const char *id, bool plain, char name[CEPH_IMAGE_MAX])
{
	char used[CEPH_KEY_MAX], chance[GUID_TEXT_SIZE];
	struct guid random;

	snprintf(name, CEPH_IMAGE_MAX, ARRAY_POOL_RBD_IMAGE "%s", id);
	if (plain && ceph_table_get(pool, CEPH_LUN, id, used) == -ENOENT &&
	    ceph_table_get(pool, CEPH_GONE, name, used) == -ENOENT)
		return;
	guid_make(&random);
	snprintf(name, CEPH_IMAGE_MAX, ARRAY_POOL_RBD_IMAGE "%s-%.8s", id,
		 guid_format(&random, chance));
}

/* Drops a new volume, of which there may be an image. */
static int
drop(struct ceph_pool *pool, enum ceph_row row, const char *id, const char *name)
{
	const struct ceph_change changes[] = { { row, id, NULL }, { CEPH_GONE, name, "" } };
	int rc = ceph_table_change(pool, changes, ARRAY_LEN(changes));

	atomic_store(&pool->has_gone, true);
	ceph_gone_wake();
	return rc;
}

/* How the image of a new volume comes to be. */
typedef int (*making)(struct ceph_pool *pool, const char *name, void *arg);

/* Notes that there is, or will be, such an image, and where others may ask for it, who makes it. */
static int
note_new(struct ceph_pool *pool, const char *id, const char *name)
{
	char value[CEPH_KEY_MAX];
	const struct ceph_change change = { CEPH_NEW, id, value };
	char *maker = NULL;
	int rc = 0, len;

	if (pool->shared)
		rc = rados_getaddrs(ceph_cluster_rados(atomic_load(&pool->cluster)), &maker);
	if (rc < 0)
		return rc;
	len = snprintf(value, sizeof(value), "%s%s%s", name, maker != NULL ? " " : "",
		       maker != NULL ? maker : "");
	free(maker);                   /* librados has allocated it */
	if (len >= (int)sizeof(value)) /* cut off, it would be somebody's who does not live */
		return -ENAMETOOLONG;
	return ceph_table_change(pool, &change, 1);
}

/*
 * Notes the new volume and has its image made.  A name that an image has already, which no row
 * knows, is not taken.
 */
static int
make_volume(struct ceph_pool *pool, const struct guid *lun_id, making make, void *arg)
{
	char id[GUID_TEXT_SIZE], name[CEPH_IMAGE_MAX], used[CEPH_KEY_MAX];
	int rc = ceph_table_get(pool, CEPH_NEW, guid_format(lun_id, id), used);

	if (rc != -ENOENT)
		return rc < 0 ? rc : -EEXIST;
	choose_name(pool, id, true, name);
	rc = note_new(pool, id, name);
	if (rc == 0)
		rc = make(pool, name, arg);
	if (rc == -EEXIST) {
		choose_name(pool, id, false, name);
		rc = note_new(pool, id, name);
		if (rc == 0)
			rc = make(pool, name, arg);
	}
	if (rc < 0)
		(void)drop(pool, CEPH_NEW, id, name);
	return rc;
}

static int
make_empty(struct ceph_pool *pool, const char *name, void *arg)
{
	const uint64_t *size_bytes = arg;

	return ceph_image_make(pool, name, *size_bytes);
}

int
ceph_volume_make(const char *place, const struct guid *lun_id, uint64_t size_bytes)
{
	struct ceph_pool *pool;
	int rc = ceph_pool_use(place, &pool);

	if (rc < 0)
		return rc;
	rc = make_volume(pool, lun_id, make_empty, &size_bytes);
	ceph_pool_unref(pool);
	return rc < 0 ? ceph_explain(rc, "%s: an image for a LUN cannot be made", place) : 0;
}

/* ---- clones ---- */

struct origin {
	struct ceph_image *from;
	uint64_t size_bytes;
	struct blk_progress *copy;
};

static int
set_size(struct ceph_pool *pool, const char *name, uint64_t size_bytes)
{
	struct ceph_image *image;
	uint64_t now_bytes;
	int rc = ceph_image_get(pool, name, &image);

	if (rc < 0)
		return rc;
	rc = rbd_get_size(image->image, &now_bytes);
	if (rc == 0 && now_bytes != size_bytes)
		rc = rbd_resize(image->image, size_bytes);
	ceph_image_put(image);
	return rc;
}

static int
clone_of_snapshot(struct ceph_pool *pool, const struct ceph_image *from, const char *name)
{
	rbd_image_options_t options;
	int rc;

	rbd_image_options_create(&options);
	rc = rbd_image_options_set_uint64(options, RBD_IMAGE_OPTION_FEATURES, RBD_FEATURE_LAYERING);
	if (rc == 0) /* the second format needs no protected snapshots */
		rc = rbd_image_options_set_uint64(options, RBD_IMAGE_OPTION_CLONE_FORMAT, 2);
	if (rc == 0)
		rc = rbd_clone3(pool->io, from->name, name, pool->io, name, options);
	rbd_image_options_destroy(options);
	return rc;
}

/*
 * The snapshot has the name of the new image, and goes at once to Ceph's trash, from where Ceph
 * removes it with its last clone.
 */
static int
make_clone(struct ceph_pool *pool, const char *name, void *arg)
{
	const struct origin *origin = arg;
	int rc = rbd_snap_create(origin->from->image, name), removed;

	if (rc < 0)
		return rc;
	rc = clone_of_snapshot(pool, origin->from, name);
	removed = rbd_snap_remove(origin->from->image, name);
	if (rc == 0)
		rc = removed;
	return rc < 0 ? rc : set_size(pool, name, origin->size_bytes);
}

/* ---- copies ---- */

/* Copies the beginning of a range.  Returns 0 with how much of it is done, or -errno. */
static int
copy_step(struct ceph_image *from, struct ceph_image *to, uint64_t at, uint64_t len, void *buf,
	  uint64_t *ret_done)
{
	struct blk_extent extent;
	uint64_t part;
	ssize_t n;
	int rc = ceph_image_map(from, at, len, &extent);

	if (rc < 0)
		return rc;
	*ret_done = extent.len_bytes;
	if (!extent.mapped)
		return 0;
	part = MIN(extent.len_bytes, (uint64_t)COPY_STEP);
	n = rbd_read(from->image, at, part, buf);
	if (n >= 0)
		n = rbd_write(to->image, at, part, buf);
	*ret_done = part;
	return n < 0 ? (int)n : 0;
}

static int
copy_data(struct ceph_image *from, struct ceph_image *to, uint64_t len, struct blk_progress *copy)
{
	AUTO_FREE void *buf = mem_alloc(COPY_STEP);
	uint64_t done = 0;
	int rc = buf == NULL ? -ENOMEM : 0;

	for (uint64_t at = 0; rc == 0 && at < len; at += done) {
		if (copy != NULL && copy->step(copy, at, len) != 0)
			rc = ERR_CANCELLED;
		else
			rc = copy_step(from, to, at, len - at, buf, &done);
	}
	return rc;
}

static int
make_copy(struct ceph_pool *pool, const char *name, void *arg)
{
	const struct origin *origin = arg;
	struct ceph_image *to;
	uint64_t from_bytes = 0;
	int rc = ceph_image_make(pool, name, origin->size_bytes);

	if (rc == 0)
		rc = ceph_image_get(pool, name, &to);
	if (rc < 0)
		return rc;
	rc = rbd_get_size(origin->from->image, &from_bytes);
	if (rc == 0)
		rc = copy_data(origin->from, to, MIN(from_bytes, origin->size_bytes), origin->copy);
	ceph_image_put(to);
	return rc;
}

static int
make_from(const char *place, const struct guid *from_id, const struct guid *to_id, making make,
	  struct origin *origin)
{
	struct ceph_pool *pool;
	int rc = ceph_pool_use(place, &pool);

	if (rc < 0)
		return rc;
	rc = ceph_image_get_lun(pool, from_id, &origin->from);
	if (rc == 0) {
		rc = make_volume(pool, to_id, make, origin);
		ceph_image_put(origin->from);
	}
	ceph_pool_unref(pool);
	return rc < 0 && rc != ERR_CANCELLED
		       ? ceph_explain(rc, "%s: an image cannot be copied", place)
		       : rc;
}

int
ceph_volume_clone(const char *place, const struct guid *from_id, const struct guid *to_id,
		  uint64_t size_bytes)
{
	struct origin origin = { .size_bytes = size_bytes };

	return make_from(place, from_id, to_id, make_clone, &origin);
}

int
ceph_volume_copy(const char *place, const struct guid *from_id, const struct guid *to_id,
		 uint64_t size_bytes, struct blk_progress *copy)
{
	struct origin origin = { .size_bytes = size_bytes, .copy = copy };

	return make_from(place, from_id, to_id, make_copy, &origin);
}

int
ceph_volume_can_clone(const char *place)
{
	struct ceph_pool *pool;
	int rc = ceph_pool_use(place, &pool);

	if (rc == 0)
		ceph_pool_unref(pool);
	return rc;
}

/* ---- the rest of a volume's life ---- */

int
ceph_volume_commit(const char *place, const struct guid *lun_id)
{
	char id[GUID_TEXT_SIZE], old[CEPH_KEY_MAX];
	struct ceph_new row;
	struct ceph_change changes[3] = { { CEPH_LUN, guid_format(lun_id, id), row.name },
					  { CEPH_NEW, id, NULL },
					  { CEPH_GONE, old, "" } };
	struct ceph_pool *pool;
	int rc = ceph_pool_use(place, &pool), replaces;

	if (rc < 0)
		return rc;
	rc = ceph_table_get_new(pool, id, &row);
	replaces = rc == 0 ? ceph_table_get(pool, CEPH_LUN, id, old) : rc;
	if (rc == 0 && replaces < 0 && replaces != -ENOENT)
		rc = replaces;
	if (rc == 0)
		rc = ceph_table_change_new(pool, id, &row, replaces == 0 ? old : "", changes,
					   replaces == 0 ? 3 : 2);
	if (rc == -ENOENT || rc == -ECANCELED) /* the owner of its LUN has come first */
		rc = ceph_table_get(pool, CEPH_LUN, id, old);
	else if (rc == 0 && replaces == 0) {
		atomic_store(&pool->has_gone, true);
		ceph_gone_wake();
	}
	ceph_pool_unref(pool);
	return rc < 0 ? ceph_explain(rc, "%s: the image of a LUN cannot be committed", place) : 0;
}

int
ceph_volume_remove(const char *place, const struct guid *lun_id, bool committed)
{
	char id[GUID_TEXT_SIZE], name[CEPH_KEY_MAX];
	struct ceph_new row;
	struct ceph_pool *pool;
	int rc = ceph_pool_use(place, &pool);

	if (rc < 0)
		return rc;
	guid_format(lun_id, id);
	rc = committed ? ceph_table_find(pool, id, name) : ceph_table_get_new(pool, id, &row);
	if (rc == 0)
		rc = committed ? drop(pool, CEPH_LUN, id, name)
			       : drop(pool, CEPH_NEW, id, row.name);
	ceph_pool_unref(pool);
	return rc < 0 && rc != -ENOENT
		       ? ceph_explain(rc, "%s: the image of a LUN cannot be removed", place)
		       : 0;
}

static int
space_of(struct ceph_image *image, uint64_t *ret_used_bytes, uint64_t *ret_own_bytes)
{
	uint64_t size_bytes, used_bytes = 0, own_bytes = 0;
	int rc = rbd_get_size(image->image, &size_bytes);

	if (rc == 0 && size_bytes > SPACE_BYTES)
		rc = ERR_NOT_SUPPORTED;
	if (rc == 0)
		rc = ceph_image_space(image, 0, size_bytes, true, &used_bytes);
	if (rc == 0)
		rc = ceph_image_space(image, 0, size_bytes, false, &own_bytes);
	if (rc < 0)
		return rc;
	*ret_used_bytes = used_bytes;
	*ret_own_bytes = own_bytes;
	return 0;
}

int
ceph_volume_space(const char *place, const struct guid *lun_id, uint64_t *ret_used_bytes,
		  uint64_t *ret_own_bytes)
{
	struct ceph_image *image;
	struct ceph_pool *pool;
	int rc = ceph_pool_use(place, &pool);

	if (rc < 0)
		return rc;
	rc = ceph_image_get_lun(pool, lun_id, &image);
	if (rc == 0) {
		rc = space_of(image, ret_used_bytes, ret_own_bytes);
		ceph_image_put(image);
	}
	ceph_pool_unref(pool);
	return rc;
}

static int
check_image(struct ceph_pool *pool, const char *name, uint64_t size_bytes)
{
	struct ceph_image *image;
	uint64_t now_bytes = 0;
	int rc = ceph_image_get(pool, name, &image);

	if (rc == 0) {
		rc = rbd_get_size(image->image, &now_bytes);
		ceph_image_put(image);
	}
	if (rc == -ENOENT)
		return err_set(ERR_CORRUPT, "%s/%s cannot be found", pool->text, name);
	if (rc < 0)
		return ceph_explain(rc, "%s/%s cannot be opened", pool->text, name);
	if (now_bytes < size_bytes)
		return err_set(ERR_CORRUPT, "%s/%s is shorter than %" PRIu64 " bytes", pool->text,
			       name, size_bytes);
	return 0;
}

int
ceph_volume_check(const char *place, const struct guid *lun_id, uint64_t size_bytes,
		  bool uncommitted)
{
	char id[GUID_TEXT_SIZE], name[CEPH_KEY_MAX];
	struct ceph_new row;
	struct ceph_pool *pool;
	int rc = ceph_pool_use(place, &pool);

	if (rc < 0)
		return rc;
	rc = ceph_table_get(pool, CEPH_LUN, guid_format(lun_id, id), name);
	if (rc == -ENOENT && uncommitted) {
		rc = ceph_table_get_new(pool, id, &row);
		snprintf(name, sizeof(name), "%s", rc == 0 ? row.name : "");
	}
	if (rc == 0)
		rc = check_image(pool, name, size_bytes);
	else if (rc == -ENOENT)
		rc = err_set(ERR_CORRUPT, "%s has no image for the LUN %s", place, id);
	else
		rc = ceph_explain(rc, "%s: its table cannot be read", place);
	ceph_pool_unref(pool);
	return rc;
}
