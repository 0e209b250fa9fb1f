/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Copies a volume to another one while initiators use it, for jobs that move a LUN (move_run.c) or
 * copy it (clone.c):
 *
 *	paths drained: the tracking layer is laid over the LUN's device, and paths go on
 *	everything is copied, then what was noted meanwhile, until little is left
 *	paths drained: the rest is copied, so that both volumes are equal; the job does what it wants
 *	to do at that moment; paths go on
 *
 * A volume that nobody writes to, that of a snapshot, has no layer and is copied once.  Runs on a
 * worker.
 *
 * A pause of the job (job_pause.c) ends any of these calls with ERR_CANCELLED, with no path held.
 * The layer stays, and notes what is written.  Each call can be made again, and goes on where it
 * was: attach ends with a hold during which the layer is there and the data path knows it; copy
 * goes on at at_bytes; and what was taken from the notes but not copied is noted again.
 */
#include <errno.h>

#include "array/array_int.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"

#define BUF_BYTES      (1u << 20)
#define FLUSH_BYTES    (256ull << 20) /* of copied data, so that no flush has much to do */
#define REST_BYTES     (16ull << 20)  /* what may be left when commands have to wait */
#define ROUNDS         8              /* of copying what was noted, before commands have to wait */
#define HOLD_NS        (250 * NS_PER_MS) /* how long commands wait at first, at most */
#define HOLDS_DOUBLED  4                 /* then twice as long, four times */
#define PERCENT_COPIED 95

static int
progress(struct blk_progress *progress, uint64_t done_bytes, uint64_t total_bytes)
{
	struct array_job *job = container_of(progress, struct array_job, progress);

	(void)done_bytes;
	(void)total_bytes;
	return array_job_step(job, job->percent) < 0;
}

void
array_follow_init(struct array_follow *f, struct array_job *job, const struct guid *lun_id,
		  const char *fault)
{
	*f = (struct array_follow){
		.array = job->array,
		.job = job,
		.lun_id = lun_id,
		.fault = fault,
		.copier = { .buf_bytes = BUF_BYTES },
	};
	job->progress.step = progress;
}

void
array_follow_fini(struct array_follow *f)
{
	struct blk_dev *track = TAKE(f->track);

	/* I/O that hangs keeps its device */
	if (track == NULL || blk_drain(track, f->array->drain_timeout_ms) == 0)
		blk_dev_unref(track);
}

int
array_follow_fault(struct array_follow *f, const char *op)
{
	char id[GUID_TEXT_SIZE];

	return blk_fault_check(f->array->inject_dir, guid_format(&f->job->lun_id, id), op,
			       &f->job->progress);
}

/* ---- holding paths ---- */

static int
drain(struct array_follow *f)
{
	struct array_mapping paths = { .lun_id = *f->lun_id };
	int rc = array_runtime_quiesce(f->array, &paths, 1, &f->drain);

	if (rc < 0 || f->drain != NULL)
		return rc;
	f->leaves = true;
	return ERR_CANCELLED;
}

/*
 * Drains the LUN's paths.  A store that hangs is waited for, as long as the job is not cancelled,
 * or (insist) the array does not close.  Returns 0, or ERR_CANCELLED.
 */
static int
hold(struct array_follow *f, bool insist)
{
	struct array *array = f->array;
	int rc;

	f->alone = !array_runtime_is_there(array) && !atomic_load(&array->runtime_left);
	if (f->alone)
		return 0;
	do {
		rc = drain(f);
		if (atomic_load(&array->closing))
			f->leaves = f->leaves || rc < 0;
	} while (rc < 0 && !f->leaves && (insist || array_job_step(f->job, f->job->percent) == 0));
	return rc < 0 ? ERR_CANCELLED : 0;
}

static void
release(struct array_follow *f)
{
	array_runtime_resume(f->array, TAKE(f->drain));
}

/* ---- the tracking layer ---- */

/* A data path that came meanwhile may have the device of before in use: then once more. */
int
array_follow_attach(struct array_follow *f)
{
	int rc = 0;

	while (rc == 0 && !f->known) {
		rc = hold(f, false);
		if (rc < 0)
			return rc;
		if (!f->attached)
			rc = array_store_track(f->from, &f->track);
		if (rc == 0) {
			f->attached = true;
			f->copier.from = f->track->below;
			array_runtime_lun_device(f->array, f->lun_id);
		}
		release(f);
		f->known = rc == 0 && !(f->alone && array_runtime_is_there(f->array));
	}
	return rc;
}

void
array_follow_detach_held(struct array_follow *f)
{
	array_store_untrack(f->from, f->track);
	array_runtime_lun_device(f->array, f->lun_id);
	f->attached = false;
}

void
array_follow_detach(struct array_follow *f)
{
	if (!f->attached || f->leaves || hold(f, true) < 0)
		return;
	array_follow_detach_held(f);
	release(f);
}

/* ---- copying ---- */

static int
copy_error(struct array_follow *f, int rc)
{
	return array_store_file_error(f->copier.failed_to_write ? f->to : f->from, rc);
}

int
array_follow_flush(struct array_follow *f)
{
	int rc = blk_flush(f->copier.to);

	f->flushed_bytes = f->copier.copied_bytes;
	return rc == 0 ? 0 : array_store_file_error(f->to, rc);
}

static int
copy_range(struct array_follow *f, uint64_t at, uint64_t end, bool first)
{
	uint64_t size_bytes = f->job->to_bytes, done = 0;
	int rc = 0;

	for (; rc == 0 && at < end; at += done) {
		unsigned percent = first ? (unsigned)(at / (size_bytes / PERCENT_COPIED + 1))
					 : PERCENT_COPIED;

		rc = array_job_step(f->job, percent);
		if (rc == 0)
			rc = array_follow_fault(f, f->fault);
		if (rc == ERR_CANCELLED)
			return rc;
		if (rc < 0)
			return array_store_file_error(f->from, rc);
		rc = blk_copy_step(&f->copier, at, end - at, &done);
		if (rc < 0)
			return copy_error(f, rc);
		if (first)
			f->at_bytes = at + done;
		if (f->copier.copied_bytes - f->flushed_bytes >= FLUSH_BYTES)
			rc = array_follow_flush(f);
	}
	return rc;
}

/*
 * Copies what is noted, for that time.  What was taken but not copied is noted again.  Returns 0,
 * ARRAY_FOLLOW_AGAIN (something is left) or an error.
 */
static int
copy_noted(struct array_follow *f, uint64_t for_ns)
{
	uint64_t begun_ns = clock_mono_ns(), at = 0, len = 0;
	int rc = 0;

	while (rc == 0 && blk_track_take(f->track, at, &at, &len)) {
		rc = copy_range(f, at, at + len, false);
		if (rc < 0)
			blk_track_note(f->track, at, len);
		at += len;
		if (rc == 0 && clock_mono_ns() - begun_ns > for_ns)
			return blk_track_noted_bytes(f->track) > 0 ? ARRAY_FOLLOW_AGAIN : 0;
	}
	return rc;
}

int
array_follow_copy(struct array_follow *f)
{
	AUTO_FREE void *buf = mem_alloc(BUF_BYTES);
	int rc;

	if (buf == NULL)
		return -ENOMEM;
	f->copier.buf = buf;
	f->copier.to_is_empty = true;
	rc = copy_range(f, f->at_bytes, f->job->to_bytes, true);
	f->copier.to_is_empty = false;
	for (unsigned i = 0; rc == 0 && f->attached && i < ROUNDS; i++) {
		if (blk_track_noted_bytes(f->track) <= REST_BYTES)
			break;
		rc = copy_noted(f, UINT64_MAX);
	}
	return rc < 0 ? rc : array_follow_flush(f);
}

/* ---- the end ---- */

static int
end_held(struct array_follow *f, uint64_t for_ns, int (*end)(struct array_follow *f))
{
	uint64_t begun_ns = clock_mono_ns();
	int rc = hold(f, false);

	if (rc < 0)
		return rc;
	rc = copy_noted(f, for_ns);
	if (rc == 0)
		rc = end(f);
	release(f);
	f->held_ns += clock_mono_ns() - begun_ns;
	return rc;
}

/*
 * Copies the rest while commands wait, but not for long: when it is too much, commands go on for
 * the same time, and then wait twice as long.  The last times they wait again at once, so that
 * there is an end, however fast they write.
 */
int
array_follow_finish(struct array_follow *f, int (*end)(struct array_follow *f))
{
	AUTO_FREE void *buf = mem_alloc(BUF_BYTES);
	int rc = buf == NULL ? -ENOMEM : 0;

	f->copier.buf = buf;
	for (unsigned i = 0; rc >= 0; i++) {
		uint64_t for_ns = HOLD_NS << MIN(i, (unsigned)HOLDS_DOUBLED);

		rc = end_held(f, for_ns, end);
		if (rc != ARRAY_FOLLOW_AGAIN)
			return rc;
		if (i < 2 * HOLDS_DOUBLED)
			rc = copy_noted(f, for_ns);
	}
	return rc;
}
