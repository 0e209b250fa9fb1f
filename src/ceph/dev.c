/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A block device over an image of RBD.  librbd does the operations on threads of its own and calls
 * back on one of them; from there a message brings the result to the loop of the operation's queue.
 *
 *	submitted --image open--> with librbd --called back--> message --> complete
 *	submitted --first use, MAP--> on a worker --opened--> with librbd ...
 *
 * What the cluster has acknowledged is durable, since nothing is cached here; so a FLUSH has
 * nothing to do and a FUA write is a write.  An operation that the cluster does not answer in time
 * ends with ERR_TIMEOUT, and its initiator tries again: the device has not failed.  librados does
 * not send such an operation again, and an OSD does those of one client for one object in their
 * order, so that a later write is not undone by an earlier one that was late.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "blk/driver.h"
#include "ceph/ceph_int.h"

#define ZEROES_STEP  (1ull << 30)      /* of UNMAP and WRITE_ZEROES with librbd at a time */
#define MEASURE_STEP (64ull << 20)     /* of the space that is taken */
#define MEASURE_NS   (100 * NS_PER_MS) /* in one call of blk_tidy */
#define GRANULARITY  4096u             /* of UNMAP; as cluster.c says */

struct ceph_dev {
	struct blk_dev dev;
	char *place; /* owned */
	struct guid id;
	bool thick;
	struct work_lane lane;
	pthread_mutex_t lock;              /* opening */
	struct ceph_image *_Atomic image;  /* a reference; NULL = not open */
	uint64_t measured_bytes, at_bytes; /* blk_tidy: what was added up so far, and to where */
};

static struct ceph_dev *
dev_of(struct blk_dev *dev)
{
	return container_of(dev, struct ceph_dev, dev);
}

/*
 * A gateway that was fenced begins anew, and its LUNs go on at another one: no initiator may hear
 * that a LUN has failed.  Returns whether this vdsd is one; then nothing that is answered is sent
 * any more, or it says BUSY.
 */
static bool
is_refused_gateway(struct ceph_dev *d)
{
	struct ceph_image *image = atomic_load(&d->image);

	if (!ceph_cluster_is_bound())
		return false;
	if (image != NULL)
		ceph_cluster_lost(atomic_load(&image->pool->cluster));
	return true;
}

/* Returns the result of an operation from librbd's. */
static int
result_of(struct ceph_dev *d, int rc)
{
	if (rc >= 0)
		return 0;
	if (ceph_is_away(rc))
		return ERR_TIMEOUT;
	if (rc == -EDQUOT)
		return -ENOSPC;
	if (rc == -ESHUTDOWN && is_refused_gateway(d))
		return ERR_TIMEOUT;
	if (rc == -ESHUTDOWN) {
		blk_fail(&d->dev, rc,
			 "the cluster has this vdsd on its blocklist, since another one has taken "
			 "over");
		return ERR_FAILED;
	}
	return rc;
}

/* ---- opening ---- */

static int
open_image(struct ceph_dev *d, struct ceph_pool *pool)
{
	struct ceph_image *image;
	char reason[160], id[GUID_TEXT_SIZE];
	uint64_t size_bytes = 0;
	int rc = ceph_image_get_lun(pool, &d->id, &image);

	if (rc == 0)
		rc = rbd_get_size(image->image, &size_bytes);
	else
		image = NULL;
	if (rc == -ENOENT) {
		snprintf(reason, sizeof(reason), "%.60s has no image for the LUN %s", d->place,
			 guid_format(&d->id, id));
		blk_fail(&d->dev, rc, reason);
		rc = ERR_FAILED;
	} else if (rc == 0 && size_bytes < blk_size_bytes(&d->dev)) {
		snprintf(reason, sizeof(reason), "the image %s is shorter than the LUN",
			 image->name);
		blk_fail(&d->dev, -ESTALE, reason);
		rc = ERR_FAILED;
	}
	if (rc < 0) {
		ceph_image_put(image);
		return rc <= ERR_END_ ? rc : result_of(d, rc);
	}
	atomic_store(&d->image, image);
	return 0;
}

/*
 * Opens the image when it is not open.  Blocks.  Returns 0, ERR_TIMEOUT (the cluster does not
 * answer, or the pool is not ours yet), ERR_FAILED or -errno.
 */
static int
open_once(struct ceph_dev *d)
{
	struct ceph_pool *pool = NULL;
	int rc = 0;

	pthread_mutex_lock(&d->lock);
	if (atomic_load(&d->image) == NULL) {
		rc = ceph_pool_use(d->place, &pool);
		/* without the pool, the array says what is wrong with it */
		rc = rc < 0 ? ERR_TIMEOUT : open_image(d, pool);
		ceph_pool_unref(pool);
	}
	pthread_mutex_unlock(&d->lock);
	return rc;
}

/* ---- I/O ---- */

static void called_back(rbd_completion_t completion, void *arg);

/*
 * Before anybody learns of the result: a move of the LUN to another gateway waits for operations in
 * flight, and then asks whether all of them have really ended.
 */
static void
note_doubt(const struct blk_io *io, int rc)
{
	if (io->op != BLK_READ && ceph_is_away(rc))
		ceph_cluster_doubt();
}

/* Hands an operation, or the next part of it, to librbd.  Returns 0 or -errno. */
static int
begin(struct ceph_dev *d, struct blk_io *io, rbd_callback_t callback, rbd_completion_t *ret_c)
{
	rbd_image_t image = atomic_load_explicit(&d->image, memory_order_acquire)->image;
	rbd_completion_t completion;
	uint64_t at = io->offset_bytes + io->moved_bytes;
	uint64_t len = MIN(io->len_bytes - io->moved_bytes, ZEROES_STEP);
	bool keep = io->op == BLK_WRITE_ZEROES && (d->thick || (io->flags & BLK_MAY_UNMAP) == 0);
	int rc = rbd_aio_create_completion(io, callback, &completion);

	if (rc < 0)
		return rc;
	if (io->op == BLK_READ)
		rc = rbd_aio_readv(image, io->iov, (int)io->iov_count, at, completion);
	else if (io->op == BLK_WRITE)
		rc = rbd_aio_writev(image, io->iov, (int)io->iov_count, at, completion);
	else
		rc = rbd_aio_write_zeroes(image, at, len, completion,
					  keep ? RBD_WRITE_ZEROES_FLAG_THICK_PROVISION : 0, 0);
	if (rc < 0)
		rbd_aio_release(completion);
	else if (ret_c != NULL)
		*ret_c = completion;
	return rc;
}

/* Counts what was done.  Returns whether there is more of it to do. */
static bool
has_more(struct blk_io *io, int rc)
{
	if (rc < 0 || io->op == BLK_READ || io->op == BLK_WRITE)
		return false;
	io->moved_bytes += MIN(io->len_bytes - io->moved_bytes, ZEROES_STEP);
	return io->moved_bytes < io->len_bytes;
}

/* On the queue's thread. */
static void
came_back(struct loop_msg *msg)
{
	struct blk_io *io = container_of(msg, struct blk_io, msg);
	struct ceph_dev *d = dev_of(io->stack[io->depth - 1]);
	int rc = io->result;

	if (has_more(io, rc)) {
		rc = begin(d, io, called_back, NULL);
		if (rc == 0)
			return;
	}
	blk_queue_done(io->queue, io, result_of(d, rc));
}

/* On a thread of librbd. */
static void
called_back(rbd_completion_t completion, void *arg)
{
	struct blk_io *io = arg;
	ssize_t rc = rbd_aio_get_return_value(completion);

	rbd_aio_release(completion);
	io->result = rc < 0 ? (int)rc : 0;
	note_doubt(io, io->result);
	io->msg.run = came_back;
	loop_post(blk_queue_loop(io->queue), &io->msg);
}

/* Does an operation with the image open, and waits for it. */
static int
run_now(struct ceph_dev *d, struct blk_io *io)
{
	rbd_completion_t completion;
	int rc;

	do {
		rc = begin(d, io, NULL, &completion);
		if (rc < 0)
			break;
		rbd_aio_wait_for_complete(completion);
		rc = (int)MIN(rbd_aio_get_return_value(completion), (ssize_t)0);
		rbd_aio_release(completion);
		note_doubt(io, rc);
	} while (has_more(io, rc));
	return result_of(d, rc);
}

static int
run_map(struct ceph_dev *d, struct blk_io *io)
{
	int rc;

	if (d->thick) {
		io->extent = (struct blk_extent){ .len_bytes = io->len_bytes, .mapped = true };
		return 0;
	}
	rc = ceph_image_map(atomic_load(&d->image), io->offset_bytes, io->len_bytes, &io->extent);
	return result_of(d, rc);
}

/* On a worker, or with queue NULL on any thread. */
static int
dev_run_late(struct blk_dev *dev, struct blk_io *io)
{
	struct ceph_dev *d = dev_of(dev);
	int rc = open_once(d);

	if (rc < 0)
		return rc;
	if (io->op == BLK_MAP)
		return run_map(d, io);
	return io->queue != NULL ? BLK_LATE_GO_ON : run_now(d, io);
}

static void
dev_go_on(struct blk_dev *dev, struct blk_io *io)
{
	int rc = begin(dev_of(dev), io, called_back, NULL);

	if (rc < 0)
		blk_queue_done(io->queue, io, result_of(dev_of(dev), rc));
}

static enum blk_submitted
dev_submit(struct blk_dev *dev, struct blk_queue *queue, struct blk_io *io)
{
	struct ceph_dev *d = dev_of(dev);
	int rc;

	if (io->op == BLK_FLUSH || io->len_bytes == 0) {
		io->result = 0;
		return BLK_DONE;
	}
	if (queue == NULL) {
		io->result = dev_run_late(dev, io);
		return BLK_DONE;
	}
	if (io->op == BLK_MAP || atomic_load_explicit(&d->image, memory_order_acquire) == NULL) {
		io->lane = &d->lane;
		blk_queue_submit_late(queue, io);
		return BLK_PENDING;
	}
	/* First, as the answer may come before begin returns; so `io` is librbd's from then on. */
	blk_queue_wait(queue);
	rc = begin(d, io, called_back, NULL);
	if (__builtin_expect(rc < 0, false)) {
		io->result = rc;
		io->msg.run = came_back;
		loop_post(blk_queue_loop(queue), &io->msg);
	}
	return BLK_PENDING;
}

/* ---- everything else ---- */

static void
dev_close(struct blk_dev *dev)
{
	struct ceph_dev *d = dev_of(dev);

	ceph_image_put_later(atomic_load(&d->image));
	pthread_mutex_destroy(&d->lock);
	mem_free(d->place);
	mem_free(d);
}

static int
dev_resize(struct blk_dev *dev, uint64_t size_bytes)
{
	struct ceph_dev *d = dev_of(dev);
	int rc = open_once(d);

	if (rc < 0)
		return rc;
	rc = rbd_resize(atomic_load(&d->image)->image, size_bytes);
	if (ceph_is_away(rc))
		ceph_cluster_doubt();
	return rc < 0 ? ceph_explain(rc, "%s: the image cannot get another size", d->place) : 0;
}

static int
dev_allocate(struct blk_dev *dev, uint64_t offset_bytes, uint64_t len_bytes,
	     struct blk_progress *progress)
{
	(void)offset_bytes;
	(void)len_bytes;
	(void)progress;
	return err_set(ERR_NOT_SUPPORTED, "%s: LUNs on Ceph are thin: leave out --thick",
		       dev_of(dev)->place);
}

/*
 * Looks whether the LUN still has this image, and the image is there.  What the cluster does not
 * say in time is not known.
 */
static int
dev_verify(struct blk_dev *dev, char *reason, size_t size)
{
	struct ceph_dev *d = dev_of(dev);
	char id[GUID_TEXT_SIZE], name[CEPH_KEY_MAX], object[CEPH_KEY_MAX];
	struct ceph_image *image;
	uint64_t bytes;
	time_t when;
	int rc = open_once(d);

	if (rc == ERR_TIMEOUT)
		return 0;
	if (rc < 0) {
		int error = blk_failed(dev, reason, size);

		return error < 0 ? error : rc;
	}
	image = atomic_load(&d->image);
	if (ceph_pool_usable(image->pool) < 0)
		return 0;
	snprintf(object, sizeof(object), "rbd_id.%s", image->name);
	rc = ceph_table_get(image->pool, CEPH_LUN, guid_format(&d->id, id), name);
	if (rc == 0)
		rc = rados_stat(image->pool->io, object, &bytes, &when);
	if (rc == -ENOENT || (rc == 0 && !str_equal(name, image->name))) {
		snprintf(reason, size, "the image %s was removed or replaced", image->name);
		return -ENOENT;
	}
	rc = result_of(d, rc);
	if (rc == ERR_FAILED)
		return blk_failed(dev, reason, size);
	return 0;
}

/* Adds up the space that the image takes, a part in each call. */
static void
dev_tidy(struct blk_dev *dev)
{
	struct ceph_dev *d = dev_of(dev);
	struct ceph_image *image = atomic_load(&d->image);
	uint64_t end_ns = clock_mono_ns() + MEASURE_NS, size_bytes = blk_size_bytes(dev), bytes;

	if (image == NULL || ceph_pool_usable(image->pool) < 0)
		return;
	do {
		uint64_t left = size_bytes > d->at_bytes ? size_bytes - d->at_bytes : 0;
		uint64_t len = MIN(left, MEASURE_STEP);

		if (len > 0 && ceph_image_space(image, d->at_bytes, len, false, &bytes) < 0)
			return;
		d->measured_bytes += len > 0 ? bytes : 0;
		d->at_bytes += len;
		if (d->at_bytes >= size_bytes) {
			atomic_store(&dev->allocated_bytes, d->measured_bytes);
			d->at_bytes = d->measured_bytes = 0;
			return;
		}
	} while (clock_mono_ns() < end_ns);
}

static int
dev_stat(struct blk_dev *dev, struct blk_stat *ret_stat)
{
	uint64_t size_bytes = blk_size_bytes(dev), bytes = atomic_load(&dev->allocated_bytes);

	*ret_stat = (struct blk_stat){ size_bytes, bytes > 0 ? bytes : size_bytes };
	return 0;
}

/* No I/O is in flight.  The image is opened anew, with the connection that there is now. */
static int
dev_reopen(struct blk_dev *dev)
{
	struct ceph_dev *d = dev_of(dev);
	struct ceph_image *image;
	int rc;

	pthread_mutex_lock(&d->lock);
	image = atomic_exchange(&d->image, NULL);
	pthread_mutex_unlock(&d->lock);
	ceph_image_put(image);
	rc = open_once(d);
	return rc == ERR_FAILED ? -EIO : rc == ERR_TIMEOUT ? -ETIMEDOUT : rc;
}

static const struct blk_ops ops = {
	.name = "rbd",
	.submit = dev_submit,
	.close = dev_close,
	.resize = dev_resize,
	.allocate = dev_allocate,
	.verify = dev_verify,
	.tidy = dev_tidy,
	.reopen = dev_reopen,
	.stat = dev_stat,
	.run_late = dev_run_late,
	.go_on = dev_go_on,
};

int
ceph_dev_new(const char *place, const struct guid *lun_id, uint64_t size_bytes, bool thick,
	     struct blk_dev **ret_dev)
{
	struct ceph_dev *d = mem_calloc(1, sizeof(*d));
	char id[GUID_TEXT_SIZE];
	int rc;

	if (d == NULL)
		return -ENOMEM;
	d->id = *lun_id;
	d->thick = thick;
	pthread_mutex_init(&d->lock, NULL);
	d->place = str_dup(place);
	rc = d->place == NULL ? -ENOMEM
			      : blk_dev_init(&d->dev, &ops, guid_format(lun_id, id), size_bytes);
	if (rc < 0) {
		mem_free(d->dev.name);
		dev_close(&d->dev);
		return rc;
	}
	d->dev.can_unmap = !thick;
	d->dev.unmap_granularity_bytes = GRANULARITY;
	*ret_dev = &d->dev;
	return 0;
}
