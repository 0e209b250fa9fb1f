/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Images of RBD: one handle in this process for each that is open, and what is asked of them.
 * Blocks.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "ceph/ceph_int.h"

/*
 * How far a question for the extents looks: a list of snapshots is read for each object of 4 MiB.
 */
#define MAP_WINDOW (64ull << 20)

static pthread_mutex_t images_lock = PTHREAD_MUTEX_INITIALIZER; /* never held for long */
static pthread_cond_t opened = PTHREAD_COND_INITIALIZER;
static struct list images = { &images, &images };    /* also those that are being opened */
static struct list closing = { &closing, &closing }; /* nobody uses these any more */

static struct ceph_image *
find_locked(const struct ceph_pool *pool, const char *name)
{
	for (struct list *l = images.next; l != &images; l = l->next) {
		struct ceph_image *image = container_of(l, struct ceph_image, node);

		if (image->pool == pool && str_equal(image->name, name))
			return image;
	}
	return NULL;
}

/* Takes a reference to an image that is open, or waits until another thread has opened it. */
static struct ceph_image *
find_open_locked(const struct ceph_pool *pool, const char *name)
{
	struct ceph_image *found;

	while ((found = find_locked(pool, name)) != NULL && found->image == NULL)
		pthread_cond_wait(&opened, &images_lock);
	if (found != NULL)
		found->refs++;
	return found;
}

static struct ceph_image *
image_new(struct ceph_pool *pool, const char *name)
{
	struct ceph_image *image = mem_calloc(1, sizeof(*image));

	if (image == NULL)
		return NULL;
	snprintf(image->name, sizeof(image->name), "%s", name);
	image->pool = ceph_pool_ref(pool);
	image->refs = 1;
	return image;
}

/*
 * Opens an image that is in the list already, so that who wants the same one waits for the handle
 * and does not open another one.  Takes as long as the cluster takes; others are opened meanwhile.
 */
static int
open_new(struct ceph_image *image)
{
	rbd_image_t handle = NULL;
	int rc = rbd_open(image->pool->io, image->name, &handle, NULL);

	pthread_mutex_lock(&images_lock);
	if (rc == 0)
		image->image = handle;
	else
		list_remove(&image->node);
	pthread_cond_broadcast(&opened);
	pthread_mutex_unlock(&images_lock);
	if (rc < 0) {
		ceph_pool_unref(image->pool);
		mem_free(image);
	}
	return rc;
}

int
ceph_image_get(struct ceph_pool *pool, const char *name, struct ceph_image **ret_image)
{
	struct ceph_image *image;
	bool is_new = false;
	int rc = 0;

	pthread_mutex_lock(&images_lock);
	image = find_open_locked(pool, name);
	if (image == NULL) {
		image = image_new(pool, name);
		is_new = image != NULL;
		rc = is_new ? 0 : -ENOMEM;
	}
	if (is_new)
		list_append(&images, &image->node);
	pthread_mutex_unlock(&images_lock);
	if (is_new)
		rc = open_new(image);
	if (rc == 0)
		*ret_image = image;
	return rc;
}

/* Drops a reference.  Returns whether it was the last one; then nobody finds the image any more. */
static bool
put(struct ceph_image *image, struct list *to)
{
	bool last;

	pthread_mutex_lock(&images_lock);
	last = --image->refs == 0;
	if (last)
		list_remove(&image->node);
	if (last && to != NULL)
		list_append(to, &image->node);
	pthread_mutex_unlock(&images_lock);
	return last;
}

static void
close_image(struct ceph_image *image)
{
	(void)rbd_close(image->image);
	ceph_pool_unref(image->pool);
	mem_free(image);
}

void
ceph_image_put(struct ceph_image *image)
{
	if (image != NULL && put(image, NULL))
		close_image(image);
}

void
ceph_image_put_later(struct ceph_image *image)
{
	if (image != NULL && put(image, &closing))
		ceph_gone_wake();
}

bool
ceph_image_is_shared(const struct ceph_image *image)
{
	bool shared;

	pthread_mutex_lock(&images_lock);
	shared = image->refs > 1;
	pthread_mutex_unlock(&images_lock);
	return shared;
}

void
ceph_image_close_rest(void)
{
	struct list *node;

	do {
		pthread_mutex_lock(&images_lock);
		node = list_pop(&closing);
		pthread_mutex_unlock(&images_lock);
		if (node != NULL)
			close_image(container_of(node, struct ceph_image, node));
	} while (node != NULL);
}

int
ceph_image_get_lun(struct ceph_pool *pool, const struct guid *lun_id, struct ceph_image **ret_image)
{
	char id[GUID_TEXT_SIZE], name[CEPH_KEY_MAX];
	int rc = ceph_table_find(pool, guid_format(lun_id, id), name);

	return rc < 0 ? rc : ceph_image_get(pool, name, ret_image);
}

int
ceph_image_make(struct ceph_pool *pool, const char *name, uint64_t size_bytes)
{
	rbd_image_options_t options;
	int rc;

	rbd_image_options_create(&options);
	rc = rbd_image_options_set_uint64(options, RBD_IMAGE_OPTION_FEATURES, RBD_FEATURE_LAYERING);
	if (rc == 0)
		rc = rbd_create4(pool->io, name, size_bytes, options);
	rbd_image_options_destroy(options);
	return rc;
}

/* ---- extents ---- */

static int
add_up(uint64_t offset_bytes, size_t len_bytes, int exists, void *arg)
{
	uint64_t *bytes = arg;

	(void)offset_bytes;
	if (exists != 0)
		*bytes += len_bytes;
	return 0;
}

int
ceph_image_space(struct ceph_image *image, uint64_t offset_bytes, uint64_t len_bytes, bool parents,
		 uint64_t *ret_bytes)
{
	uint64_t bytes = 0;
	int rc = rbd_diff_iterate2(image->image, NULL, offset_bytes, len_bytes, parents, 0, add_up,
				   &bytes);

	if (rc < 0)
		return rc;
	*ret_bytes = bytes;
	return 0;
}

/* The first data of a range: begins at `first` and goes on to `end`. */
struct first {
	uint64_t first, end;
	bool found;
};

static int
find_first(uint64_t offset_bytes, size_t len_bytes, int exists, void *arg)
{
	struct first *first = arg;

	if (exists == 0)
		return 0;
	if (!first->found)
		first->first = first->end = offset_bytes;
	first->found = true;
	if (offset_bytes != first->end)
		return -ECANCELED; /* that is enough */
	first->end = offset_bytes + len_bytes;
	return 0;
}

int
ceph_image_map(struct ceph_image *image, uint64_t offset_bytes, uint64_t len_bytes,
	       struct blk_extent *ret_extent)
{
	uint64_t window = MIN(len_bytes, MAP_WINDOW);
	struct first first = { 0 };
	int rc = rbd_diff_iterate2(image->image, NULL, offset_bytes, window, 1, 0, find_first,
				   &first);

	if (rc < 0 && rc != -ECANCELED)
		return rc;
	if (!first.found)
		*ret_extent = (struct blk_extent){ .len_bytes = window, .mapped = false };
	else if (first.first > offset_bytes)
		*ret_extent = (struct blk_extent){ .len_bytes = first.first - offset_bytes,
						   .mapped = false };
	else
		*ret_extent = (struct blk_extent){ .len_bytes = first.end - offset_bytes,
						   .mapped = true };
	return 0;
}
