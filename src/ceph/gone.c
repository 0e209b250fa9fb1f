/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Images that are being removed.  The LUN of such an image is gone already, and a row of the table
 * says that the image shall be, too (table.c).  A thread removes it: that takes long for a large
 * one, and an image of which clones exist stays until the last one of these is removed; Ceph keeps
 * its snapshots in a trash of its own until then.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "ceph/ceph_int.h"

#define AGAIN_NS  (30 * NS_PER_S) /* when an image could not be removed */
#define SNAPS_MAX 64

static atomic_bool stopping;

/*
 * Removes the snapshots by which clones were made, as far as a crash has left them.  Those that
 * have clones go to Ceph's trash, and end with the last clone.
 */
static int
remove_snapshots(struct ceph_image *image)
{
	rbd_snap_info_t snaps[SNAPS_MAX];
	int max = SNAPS_MAX, rc = 0;
	int count = rbd_snap_list(image->image, snaps, &max);

	for (int i = 0; rc == 0 && i < count; i++) {
		rbd_snap_namespace_type_t type;

		if (rbd_snap_get_namespace_type(image->image, snaps[i].id, &type) == 0 &&
		    type == RBD_SNAP_NAMESPACE_TYPE_USER)
			rc = rbd_snap_remove(image->image, snaps[i].name);
	}
	if (count >= 0)
		rbd_snap_list_end(snaps);
	return count < 0 && count != -ERANGE ? count : rc;
}

/* Stops the removal when vdsd ends; it begins anew with the next start. */
static int
go_on(uint64_t done, uint64_t total, void *arg)
{
	(void)done;
	(void)total;
	(void)arg;
	return atomic_load(&stopping) ? -ECANCELED : 0;
}

/* Returns 0, -EBUSY or -ENOTEMPTY (there are users or clones still), or -errno. */
static int
remove_image(struct ceph_pool *pool, const char *name)
{
	struct ceph_image *image = NULL;
	int rc = ceph_image_get(pool, name, &image);

	if (rc == 0) {
		bool used = ceph_image_is_shared(image); /* a device has it, for a moment */

		if (!used)
			rc = remove_snapshots(image);
		ceph_image_put(image);
		if (used)
			return -EBUSY;
	}
	if (rc == 0 || rc == -ENOENT) /* an image that was made or removed by half */
		rc = rbd_remove_with_progress(pool->io, name, go_on, NULL);
	if (rc == 0 || rc == -ENOENT) {
		const struct ceph_change change = { CEPH_GONE, name, NULL };

		rc = ceph_table_change(pool, &change, 1);
	}
	return rc;
}

int
ceph_gone_remove(struct ceph_pool *pool)
{
	struct ceph_table_entry *entries = NULL;
	int count, left = 0;

	atomic_store(&pool->has_gone, false); /* what comes from now on is seen the next time */
	count = ceph_table_list(pool, CEPH_GONE, &entries);
	for (int i = 0; i < count && !atomic_load(&stopping); i++) {
		int rc = remove_image(pool, entries[i].name);

		left += rc < 0;
		if (rc == 0)
			log_info("ceph.removed", "pool=%s image=%s", pool->text, entries[i].name);
		else if (rc != -EBUSY && rc != -ENOTEMPTY && !ceph_is_away(rc))
			log_warning("ceph.not_removed", "pool=%s image=%s error=\"%s\"", pool->text,
				    entries[i].name, strerror(-rc));
		if (ceph_is_away(rc)) /* and the others would wait as long */
			break;
	}
	mem_free(entries);
	if (count < 0 || left > 0 || atomic_load(&stopping))
		atomic_store(&pool->has_gone, true);
	return count < 0 ? count : left;
}

static void
work_on(struct ceph_pool *pool)
{
	int before = 0, left;

	if (!atomic_load(&pool->has_gone) || ceph_pool_usable(pool) < 0)
		return;
	/* The end of a clone lets the image go that it was made of. */
	for (left = ceph_gone_remove(pool); left > 0 && left != before;) {
		before = left;
		left = ceph_gone_remove(pool);
	}
}

static void
work(void)
{
	ceph_image_close_rest();
	ceph_pool_each(work_on);
}

static struct ceph_rounds rounds = {
	.name = "ceph-gone",
	.each_ns = AGAIN_NS,
	.run = work,
	.wanted = true, /* the first round at once */
	.lock = PTHREAD_MUTEX_INITIALIZER,
};

void
ceph_gone_wake(void)
{
	ceph_rounds_wake(&rounds);
}

int
ceph_gone_start(void)
{
	return ceph_rounds_start(&rounds);
}

void
ceph_gone_stop(void)
{
	atomic_store(&stopping, true);
	ceph_rounds_stop(&rounds);
}
