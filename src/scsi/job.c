/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a unit does beside its commands: FORMAT UNIT and SANITIZE, which change all of the medium.
 * The commands themselves are in format.c.  A job is a record of a few bytes, which the unit's
 * store keeps from before the first block is touched until the last one is durable: so a job goes
 * on after a crash, from its beginning, and its failure is not forgotten.
 *
 *	nothing --command: the record is kept--> runs --all passes are durable: the record goes--> nothing
 *	runs --the device fails: the record says so--> failed --the next job is kept--> runs
 *	failed --SANITIZE, EXIT FAILURE MODE: the record goes--> nothing
 *
 * The owner of the unit lends a thread that may block (scsi_lu_do_job); each call does one step.
 * Meanwhile lu->away says what the unit is busy with, and task.c refuses commands because of that.
 * A command that begins a job has the range lock of the whole unit until then, so no other command
 * is under way when the first block is changed, and there is one job at a time.
 *
 * Source: SBC-4 (FORMAT UNIT; sanitize operations).
 */
#include <errno.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/mem.h"
#include "scsi/scsi_int.h"
#include "scsi/store.h"

enum {
	RECORD_VERSION = 1,
	JOB_BUFFER_BYTES = 1 << 20,
	JOB_IOVECS = 4, /* of the buffer in one write */
};

static unsigned
away_of(const uint8_t *record)
{
	if (record[JOB_RECORD_KIND] == SCSI_JOB_FORMAT)
		return record[JOB_RECORD_FAILED] ? AWAY_CORRUPT : AWAY_FORMATS;
	return record[JOB_RECORD_FAILED] ? AWAY_NOT_SANITIZED : AWAY_SANITIZES;
}

static void
set_away(struct scsi_lu *lu, unsigned bits)
{
	unsigned before = atomic_load(&lu->away);

	while (!atomic_compare_exchange_weak(&lu->away, &before, (before & ~AWAY_JOB) | bits))
		;
}

static void
tell(const struct scsi_lu *lu, uint8_t kind, enum scsi_job_event event)
{
	if (lu->desc.job_event != NULL)
		lu->desc.job_event(lu->desc.arg, (enum scsi_job_kind)kind, event);
}

/* ---- The record ---- */

static bool
record_is_valid(const struct scsi_lu *lu, const struct scsi_kept *kept)
{
	const uint8_t *record = kept->data;

	return kept->version == RECORD_VERSION && kept->bytes >= JOB_RECORD_PATTERN &&
	       kept->bytes <= JOB_RECORD_PATTERN + lu->desc.block_bytes &&
	       record[JOB_RECORD_KIND] >= SCSI_JOB_FORMAT &&
	       record[JOB_RECORD_KIND] <= SCSI_JOB_ERASE && record[JOB_RECORD_PASSES] > 0 &&
	       (record[JOB_RECORD_KIND] != SCSI_JOB_OVERWRITE || kept->bytes > JOB_RECORD_PATTERN);
}

int
scsi_job_load(struct scsi_lu *lu)
{
	const struct scsi_store *store = lu->desc.store;
	struct scsi_kept kept;
	int rc = store == NULL ? ERR_NOT_FOUND : store->load(store->arg, SCSI_KEEP_JOB, &kept);

	if (rc < 0)
		return rc == ERR_NOT_FOUND ? 0 : rc;
	if (!record_is_valid(lu, &kept)) {
		mem_free(kept.data);
		return err_set(ERR_VERSION,
			       "the logical unit was being formatted or sanitized, and "
			       "what is kept of that cannot be read");
	}
	lu->job.record = kept.data;
	lu->job.record_bytes = kept.bytes;
	lu->job.untried = true;
	set_away(lu, away_of(lu->job.record));
	return 0;
}

void
scsi_job_init(struct scsi_job *job)
{
	pthread_mutex_init(&job->mutex, NULL);
}

void
scsi_job_fini(struct scsi_job *job)
{
	mem_free(job->record);
	mem_free(job->next);
	mem_free(job->buf);
	pthread_mutex_destroy(&job->mutex);
}

bool
scsi_lu_has_job(const struct scsi_lu *lu)
{
	return (atomic_load(&lu->away) & (AWAY_FORMATS | AWAY_SANITIZES)) != 0;
}

bool
scsi_lu_look_at_job(struct scsi_lu *lu, struct scsi_job_look *ret_look)
{
	struct scsi_job *job = &lu->job;
	bool there;

	pthread_mutex_lock(&job->mutex);
	there = job->record != NULL;
	if (there)
		*ret_look = (struct scsi_job_look){
			.kind = (enum scsi_job_kind)job->record[JOB_RECORD_KIND],
			.failed = job->record[JOB_RECORD_FAILED] != 0,
			.progress = atomic_load(&job->progress),
		};
	pthread_mutex_unlock(&job->mutex);
	return there;
}

void
scsi_job_go_on(struct scsi_lu *lu)
{
	uint16_t progress;

	if (lu->desc.job != NULL && (scsi_lu_has_job(lu) || scsi_self_test_runs(lu, &progress)))
		lu->desc.job(lu->desc.arg);
}

bool
scsi_job_is_possible(const struct scsi_lu *lu)
{
	return lu->desc.job != NULL && lu->desc.store != NULL;
}

bool
scsi_job_may_exit(struct scsi_lu *lu)
{
	bool may;

	pthread_mutex_lock(&lu->job.mutex);
	may = lu->job.record == NULL || lu->job.record[JOB_RECORD_AUSE] != 0;
	pthread_mutex_unlock(&lu->job.mutex);
	return may;
}

/* ---- A command begins a job, or has a failure forgotten ---- */

static int
result_of(struct scsi_task *task, int error)
{
	if (error == 0)
		return scsi_good(task);
	return scsi_sense_state(task, scsi_lu_state(scsi_task_lu(task)));
}

/*
 * The step after the job has ended for the command that has waited for it.  This nexus knows that
 * the medium has other contents; the others are told.
 */
static int
ended(struct scsi_task *task)
{
	if (task->work->error == 0)
		scsi_lu_raise(scsi_task_lu(task), SCSI_UA_MEDIUM, task->itl);
	return result_of(task, task->work->error);
}

/*
 * Waits for the end of the job, unless it has ended already.  The unit refuses commands by now,
 * also those of this nexus: they are not held up behind this one.
 */
static int
await_end(struct scsi_task *task)
{
	struct scsi_job *job = &scsi_task_lu(task)->job;
	bool waits;

	task->step = ended;
	pthread_mutex_lock(&job->mutex);
	waits = job->record != NULL && (!job->record[JOB_RECORD_FAILED] || job->ends);
	if (waits)
		job->waiter = task;
	else
		task->work->error = job->result;
	pthread_mutex_unlock(&job->mutex);
	scsi_range_end(task->range.lock, task);
	scsi_order_leave(task);
	if (waits)
		return SCSI_PENDING;
	/* all were told, since nobody waited yet; this nexus knows by the answer */
	if (task->work->error == 0)
		scsi_ua_see(task->itl, SCSI_UA_MEDIUM);
	return result_of(task, task->work->error);
}

/* The step after the store has the record, or has not. */
static int
begun(struct scsi_task *task)
{
	int result = scsi_task_lu(task)->job.kept;

	if (result == -ENOMEM)
		return scsi_status(task, SCSI_STATUS_BUSY);
	if (result != 0)
		return scsi_sense_not_kept(task);
	return task->work->index != 0 ? scsi_good(task) : await_end(task);
}

/*
 * The store has answered.  Any thread.  From here on the job goes its way, also when the command
 * was aborted meanwhile.
 */
static void
record_kept(struct scsi_save *save, int result)
{
	struct scsi_lu *lu = container_of(save, struct scsi_lu, job.save);
	struct scsi_job *job = &lu->job;
	struct scsi_task *task = job->beginner;
	uint8_t *old = NULL, kind = 0, left = 0;
	bool begins;

	pthread_mutex_lock(&job->mutex);
	job->kept = result;
	begins = result == 0 && job->next != NULL;
	if (result == 0) {
		old = job->record;
		job->record = TAKE(job->next);
		job->record_bytes = job->next_bytes;
		job->pass = 0;
		job->done_bytes = 0;
		job->untried = false;
		atomic_store(&job->anew, false);
		atomic_store(&job->progress, 0);
		set_away(lu, begins ? away_of(job->record) : 0);
		kind = begins ? job->record[JOB_RECORD_KIND] : 0;
		left = old != NULL ? old[JOB_RECORD_KIND] : 0;
	}
	pthread_mutex_unlock(&job->mutex);
	mem_free(old);
	if (begins) {
		scsi_self_test_abort(lu, SCSI_TEST_ENDED);
		scsi_tokens_cancel(lu);
		tell(lu, kind, SCSI_JOB_BEGINS);
		lu->desc.job(lu->desc.arg);
	} else if (left != 0) {
		tell(lu, left, SCSI_JOB_LEFT);
	}
	task->nexus->ops->resume(task);
	scsi_lu_unref(lu);
}

int
scsi_job_begin(struct scsi_task *task, const uint8_t *record, size_t bytes, bool immediately)
{
	struct scsi_lu *lu = scsi_task_lu(task);
	struct scsi_job *job = &lu->job;

	mem_free(TAKE(job->next)); /* of a command that the store has refused */
	if (bytes > 0) {
		job->next = mem_dup(record, bytes);
		if (job->next == NULL)
			return scsi_status(task, SCSI_STATUS_BUSY);
	}
	job->next_bytes = bytes;
	job->beginner = task;
	job->save = (struct scsi_save){ .kind = SCSI_KEEP_JOB,
					.version = RECORD_VERSION,
					.data = job->next,
					.bytes = bytes,
					.done = record_kept };
	task->work->index = immediately;
	task->step = begun;
	scsi_lu_ref(lu);
	lu->desc.store->save(lu->desc.store->arg, &job->save);
	return SCSI_PENDING;
}

bool
scsi_job_cancel(struct scsi_task *task)
{
	struct scsi_job *job = &scsi_task_lu(task)->job;
	bool waited;

	pthread_mutex_lock(&job->mutex);
	waited = job->waiter == task;
	if (waited)
		job->waiter = NULL;
	pthread_mutex_unlock(&job->mutex);
	return waited;
}

/* What the job has written may be lost with the failure, or be in another file. */
void
scsi_lu_recovered(struct scsi_lu *lu)
{
	atomic_store(&lu->job.anew, true);
	scsi_lu_raise(lu, SCSI_UA_CAPACITY, NULL);
	scsi_job_go_on(lu);
}

void
scsi_lu_replaced(struct scsi_lu *lu)
{
	atomic_store(&lu->job.anew, true);
	scsi_lu_raise(lu, SCSI_UA_MEDIUM, NULL);
}

/* ---- The end ---- */

/* The store knows of the end.  Any thread. */
static void
end_kept(struct scsi_save *save, int result)
{
	struct scsi_lu *lu = container_of(save, struct scsi_lu, job.save);
	struct scsi_job *job = &lu->job;
	struct scsi_task *waiter;
	uint8_t *record = job->record;
	bool failed;

	pthread_mutex_lock(&job->mutex);
	/*
	 * When the store still has the record of a job that is done, the next start does it again,
	 * so nothing may be written meanwhile: the job has failed.
	 */
	if (result != 0 && !record[JOB_RECORD_FAILED]) {
		record[JOB_RECORD_FAILED] = 1;
		job->result = result;
	}
	failed = record[JOB_RECORD_FAILED] != 0;
	waiter = TAKE(job->waiter);
	/* The attention comes before the unit is ready, so that each host gets it first. */
	if (waiter == NULL && !failed)
		scsi_lu_raise(lu, SCSI_UA_MEDIUM, NULL);
	set_away(lu, failed ? away_of(record) : 0);
	if (!failed)
		job->record = NULL;
	job->ends = false;
	if (waiter != NULL)
		waiter->work->error = job->result;
	pthread_mutex_unlock(&job->mutex);
	tell(lu, record[JOB_RECORD_KIND], failed ? SCSI_JOB_FAILED : SCSI_JOB_DONE);
	if (!failed)
		mem_free(record);
	if (waiter != NULL)
		waiter->nexus->ops->resume(waiter);
	scsi_lu_unref(lu);
}

static enum scsi_job_progress
end(struct scsi_lu *lu, int result)
{
	struct scsi_job *job = &lu->job;

	pthread_mutex_lock(&job->mutex);
	job->ends = true;
	job->result = result;
	if (result != 0)
		job->record[JOB_RECORD_FAILED] = 1;
	pthread_mutex_unlock(&job->mutex);
	mem_free(TAKE(job->buf));
	job->save = (struct scsi_save){ .kind = SCSI_KEEP_JOB,
					.version = RECORD_VERSION,
					.data = result != 0 ? job->record : NULL,
					.bytes = result != 0 ? job->record_bytes : 0,
					.done = end_kept };
	scsi_lu_ref(lu);
	lu->desc.store->save(lu->desc.store->arg, &job->save);
	return SCSI_JOB_NONE;
}

/* ---- Steps ---- */

bool
scsi_job_passes_over(int error)
{
	switch (error) {
	case -ENOMEM:
	case -EAGAIN:
	case -EBUSY:
	case -EINTR:
	case -EMFILE:
	case -ENFILE:
	case ERR_OFFLINE:
	case ERR_BUSY:
	case ERR_LOCKED:
		return true;
	default:
		return false;
	}
}

static int
do_io(struct scsi_lu *lu, struct blk_io *io, enum blk_op op, unsigned flags, uint64_t len_bytes)
{
	io->op = op;
	io->flags = flags;
	io->offset_bytes = op == BLK_FLUSH ? 0 : lu->job.done_bytes;
	io->len_bytes = len_bytes;
	blk_submit(scsi_lu_device(lu), NULL, io);
	return io->result;
}

/* Which byte is written to a place whose offset in its block is `at`. */
static uint8_t
pattern_at(const struct scsi_job *job, size_t at)
{
	size_t len = job->record_bytes - JOB_RECORD_PATTERN;
	unsigned last = job->record[JOB_RECORD_PASSES] - 1u;
	bool inverted = job->record[JOB_RECORD_INVERT] && ((last - job->pass) & 1) != 0;
	uint8_t byte = len != 0 ? job->record[JOB_RECORD_PATTERN + at % len] : 0;

	return inverted ? (uint8_t)~byte : byte;
}

/* At the start of each pass.  Each block begins with the first byte of the pattern. */
static int
fill(const struct scsi_lu *lu, struct scsi_job *job)
{
	if (job->buf == NULL)
		job->buf = mem_alloc(JOB_BUFFER_BYTES);
	else if (job->done_bytes != 0)
		return 0;
	if (job->buf == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < lu->desc.block_bytes; i++)
		job->buf[i] = pattern_at(job, i);
	for (size_t done = lu->desc.block_bytes; done < JOB_BUFFER_BYTES;
	     done += lu->desc.block_bytes)
		memcpy(job->buf + done, job->buf, lu->desc.block_bytes);
	return 0;
}

/* Writes from the buffer; *len_bytes is how much to write, and how much was. */
static int
write_buffer(struct scsi_lu *lu, uint64_t *len_bytes)
{
	struct scsi_job *job = &lu->job;
	struct iovec iov[JOB_IOVECS];
	struct blk_io io = { .iov = iov };
	uint64_t len = 0;
	int rc = fill(lu, job);

	if (rc < 0)
		return rc;
	for (; io.iov_count < JOB_IOVECS && len < *len_bytes; io.iov_count++) {
		size_t part = (size_t)MIN(*len_bytes - len, (uint64_t)JOB_BUFFER_BYTES);

		iov[io.iov_count] = (struct iovec){ job->buf, part };
		len += part;
	}
	*len_bytes = len;
	job->written_bytes = (uint32_t)len;
	return do_io(lu, &io, BLK_WRITE, 0, len);
}

static int
discard(struct scsi_lu *lu, uint64_t *len_bytes)
{
	struct blk_io io = { 0 };

	*len_bytes = MIN(*len_bytes, (uint64_t)SCSI_ZEROES_BYTES);
	return do_io(lu, &io, lu->unmaps ? BLK_UNMAP : BLK_WRITE_ZEROES, 0, *len_bytes);
}

/* Overwrites what takes space with zeros; what takes none holds nothing. */
static int
wipe(struct scsi_lu *lu, uint64_t *len_bytes)
{
	struct blk_io io = { 0 };
	uint64_t mask = lu->desc.block_bytes - 1u, left = *len_bytes;
	int rc = do_io(lu, &io, BLK_MAP, 0, left);

	if (rc < 0)
		return rc;
	if (!io.extent.mapped && io.extent.len_bytes > mask) {
		*len_bytes = io.extent.len_bytes & ~mask;
		return 0;
	}
	/* a block of which only a part is a hole counts as used */
	*len_bytes = MIN((io.extent.len_bytes + mask) & ~mask, left);
	return write_buffer(lu, len_bytes);
}

static int
change(struct scsi_lu *lu, uint64_t *len_bytes)
{
	const struct scsi_job *job = &lu->job;
	bool has_pattern = job->record_bytes > JOB_RECORD_PATTERN;

	switch ((enum scsi_job_kind)job->record[JOB_RECORD_KIND]) {
	case SCSI_JOB_FORMAT:
		return has_pattern ? write_buffer(lu, len_bytes) : discard(lu, len_bytes);
	case SCSI_JOB_OVERWRITE:
		return write_buffer(lu, len_bytes);
	case SCSI_JOB_ERASE:
		return job->pass == 0 ? wipe(lu, len_bytes) : discard(lu, len_bytes);
	}
	return -EINVAL;
}

static void
note_progress(struct scsi_job *job, uint64_t total_bytes)
{
	uint64_t part = job->done_bytes / (total_bytes / 65536 + 1); /* below 65536 */

	atomic_store(&job->progress,
		     (uint16_t)((job->pass * 65536ull + part) / job->record[JOB_RECORD_PASSES]));
}

/*
 * A step has failed.  A unit whose store is not there when the program starts (its pool is not
 * mounted yet) has a job to do when it is: until then the job rests.
 */
static enum scsi_job_progress
step_failed(struct scsi_lu *lu, int error)
{
	if (scsi_job_passes_over(error))
		return SCSI_JOB_LATER;
	return lu->job.untried && error == ERR_FAILED ? SCSI_JOB_NONE : end(lu, error);
}

/* The end of a pass: what it has written must be on the medium before the next one. */
static enum scsi_job_progress
end_pass(struct scsi_lu *lu)
{
	struct scsi_job *job = &lu->job;
	struct blk_io io = { 0 };
	int rc = do_io(lu, &io, BLK_FLUSH, 0, 0);

	if (rc < 0)
		return step_failed(lu, rc);
	if (job->pass + 1u == job->record[JOB_RECORD_PASSES])
		return end(lu, 0);
	job->pass++;
	job->done_bytes = 0;
	return SCSI_JOB_MORE;
}

static bool
runs(struct scsi_job *job)
{
	bool yes;

	pthread_mutex_lock(&job->mutex);
	yes = job->record != NULL && !job->record[JOB_RECORD_FAILED] && !job->ends;
	pthread_mutex_unlock(&job->mutex);
	return yes;
}

uint32_t
scsi_lu_job_written(const struct scsi_lu *lu)
{
	return lu->job.written_bytes;
}

/* While a job runs, nobody but its runner touches the record and what follows it. */
enum scsi_job_progress
scsi_lu_do_job(struct scsi_lu *lu)
{
	struct scsi_job *job = &lu->job;
	uint64_t total = scsi_lu_capacity_blocks(lu) << lu->block_shift, len;
	int rc;

	job->written_bytes = 0;
	/* the owner is asked again when the unit comes back (scsi_lu_set_offline) */
	if (atomic_load(&lu->away) & AWAY_OFFLINE)
		return SCSI_JOB_NONE;
	if (!runs(job))
		return scsi_self_test_step(lu);
	if (atomic_exchange(&job->anew, false)) {
		job->pass = 0;
		job->done_bytes = 0;
	}
	if (job->done_bytes >= total)
		return end_pass(lu);
	len = total - job->done_bytes;
	rc = change(lu, &len);
	if (rc < 0)
		return step_failed(lu, rc);
	job->untried = false;
	job->done_bytes += len;
	note_progress(job, total);
	return SCSI_JOB_MORE;
}
