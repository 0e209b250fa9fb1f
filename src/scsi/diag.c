/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * SEND DIAGNOSTIC and RECEIVE DIAGNOSTIC RESULTS: self-tests, of which the log page 10h tells, and
 * the one diagnostic page that there is, the list of pages.  task.c calls the functions of the two
 * commands through the table in cmd.c, on the task's thread.  Source: SPC-5 (self-test operations).
 *
 *	default, short	reads some places of the medium, from its first to its last block
 *	extended	reads all of the medium; in the background only, since other initiators go on
 *			using the unit
 *
 * A test in the background is done by whom the owner of the unit lends for jobs (job.c), while
 * there is no job; commands are carried out meanwhile.  What was tested is known until the unit is
 * made again.
 */
#include <errno.h>
#include <string.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/mem.h"
#include "scsi/scsi_int.h"

enum {
	/* byte 1 of the CDB */
	PF = 0x10,
	SELFTEST = 0x04,
	/* SELF-TEST CODE */
	CODE_DEFAULT = 0,
	CODE_BACKGROUND_SHORT = 1,
	CODE_BACKGROUND_EXTENDED = 2,
	CODE_ABORT = 4,
	CODE_FOREGROUND_SHORT = 5,
	/* SELF-TEST RESULTS */
	RESULT_PASSED = 0x0,
	RESULT_FIRST_FAILED = 0x5, /* the first segment; there is one */
	RESULT_RUNS = 0xf,
	SHORT_PLACES = 16, /* that a short test reads */
	SHORT_BYTES = 64 << 10,
	EXTENDED_BYTES = 1 << 20, /* of one step */
	RESULT_BYTES = 20,
};

/* ---- The results ---- */

static uint16_t
hours_of(const struct scsi_lu *lu)
{
	uint64_t hours = (clock_mono_ns() - lu->made_ns) / NS_PER_S / 3600;

	return (uint16_t)MIN(hours, (uint64_t)UINT16_MAX);
}

/* With the mutex.  lba UINT64_MAX: nothing has failed. */
static void
note(struct scsi_lu *lu, uint8_t code, uint8_t result, uint64_t lba, int error)
{
	struct scsi_self_test *test = &lu->test;

	memmove(test->results + 1, test->results, sizeof(test->results) - sizeof(test->results[0]));
	test->results[0] = (struct scsi_test_result){ .code = code,
						      .result = result,
						      .hours = hours_of(lu),
						      .lba = lba,
						      .medium = error == -EIO };
	test->count = MIN(test->count + 1, SCSI_TEST_RESULTS);
}

static void
put_result(const struct scsi_test_result *r, uint8_t *p)
{
	p[0] = (uint8_t)(r->code << 5 | r->result);
	p[1] = r->result == RESULT_FIRST_FAILED;
	put_be16(p + 2, r->hours);
	put_be64(p + 4, r->lba);
	if (r->result != RESULT_FIRST_FAILED)
		return;
	p[12] = r->medium ? 0x3 : 0x4; /* UNRECOVERED READ ERROR, INTERNAL TARGET FAILURE */
	p[13] = r->medium ? 0x11 : 0x44;
}

size_t
scsi_self_test_log(struct scsi_lu *lu, unsigned first, uint8_t *p)
{
	struct scsi_self_test *test = &lu->test;
	size_t len = 0;

	pthread_mutex_lock(&test->mutex);
	for (unsigned i = 0; i < SCSI_TEST_RESULTS; i++) {
		struct scsi_test_result running = { .code = test->code,
						    .result = RESULT_RUNS,
						    .lba = UINT64_MAX };
		unsigned at = i - (test->code != 0);

		if (i + 1 < first)
			continue;
		memset(p + len, 0, RESULT_BYTES);
		put_be16(p + len, (uint16_t)(i + 1));
		p[len + 2] = 0x03; /* binary format list parameter */
		p[len + 3] = RESULT_BYTES - 4;
		if (i == 0 && test->code != 0)
			put_result(&running, p + len + 4);
		else if (at < test->count)
			put_result(&test->results[at], p + len + 4);
		len += RESULT_BYTES;
	}
	pthread_mutex_unlock(&test->mutex);
	return len;
}

void
scsi_self_test_init(struct scsi_self_test *test)
{
	pthread_mutex_init(&test->mutex, NULL);
}

void
scsi_self_test_fini(struct scsi_self_test *test)
{
	mem_free(test->buf);
	pthread_mutex_destroy(&test->mutex);
}

bool
scsi_self_test_runs(struct scsi_lu *lu, uint16_t *ret_progress)
{
	bool runs;

	pthread_mutex_lock(&lu->test.mutex);
	runs = lu->test.code != 0;
	*ret_progress = lu->test.progress;
	pthread_mutex_unlock(&lu->test.mutex);
	return runs;
}

bool
scsi_self_test_abort(struct scsi_lu *lu, enum scsi_test_end how)
{
	struct scsi_self_test *test = &lu->test;
	uint8_t code;

	pthread_mutex_lock(&test->mutex);
	code = test->code;
	test->code = 0;
	if (code != 0)
		note(lu, code, (uint8_t)how, UINT64_MAX, 0);
	pthread_mutex_unlock(&test->mutex);
	return code != 0;
}

/* ---- Steps ---- */

/* Where the i-th of the places that a short test reads begins, and how long it is. */
static uint64_t
place(const struct scsi_lu *lu, unsigned i, uint64_t *ret_len)
{
	uint64_t total = scsi_lu_capacity_blocks(lu) << lu->block_shift, len, at;

	len = MIN(total, (uint64_t)SHORT_BYTES);
	at = i + 1 == SHORT_PLACES ? total - len : (total - len) / (SHORT_PLACES - 1) * i;
	*ret_len = len;
	return at >> lu->block_shift << lu->block_shift;
}

/* What the next step reads; false: nothing is left. */
static bool
next_place(const struct scsi_lu *lu, uint8_t code, uint64_t done, uint64_t *ret_at,
	   uint64_t *ret_len)
{
	uint64_t total = scsi_lu_capacity_blocks(lu) << lu->block_shift;

	if (code == CODE_BACKGROUND_EXTENDED) {
		uint64_t left = done < total ? total - done : 0;

		*ret_at = done;
		*ret_len = MIN(left, (uint64_t)EXTENDED_BYTES);
		return left > 0;
	}
	*ret_at = place(lu, (unsigned)done, ret_len);
	return done < SHORT_PLACES;
}

/* Notes how the step has ended, unless the test was aborted meanwhile.  len 0: nothing was left. */
static void
step_done(struct scsi_lu *lu, uint64_t at, uint64_t len, int error)
{
	struct scsi_self_test *test = &lu->test;
	uint64_t total = scsi_lu_capacity_blocks(lu) << lu->block_shift;
	bool extended, on;

	pthread_mutex_lock(&test->mutex);
	extended = test->code == CODE_BACKGROUND_EXTENDED;
	on = test->code != 0 && test->began == test->number;
	if (on && error < 0) {
		note(lu, test->code, RESULT_FIRST_FAILED, at >> lu->block_shift, error);
		test->code = 0;
	} else if (on && len == 0) {
		note(lu, test->code, RESULT_PASSED, UINT64_MAX, 0);
		test->code = 0;
	} else if (on) {
		test->done += extended ? len : 1;
		test->progress = (uint16_t)(extended ? test->done / (total / 65536 + 1)
						     : test->done * (65536 / SHORT_PLACES) - 1);
	}
	pthread_mutex_unlock(&test->mutex);
}

enum scsi_job_progress
scsi_self_test_step(struct scsi_lu *lu)
{
	struct scsi_self_test *test = &lu->test;
	struct iovec iov;
	struct blk_io io = { .op = BLK_READ, .iov = &iov, .iov_count = 1 };
	uint64_t done;
	uint8_t code;

	pthread_mutex_lock(&test->mutex);
	code = test->code;
	test->began = test->number;
	done = test->done;
	pthread_mutex_unlock(&test->mutex);
	if (code == 0) {
		mem_free(TAKE(test->buf));
		return SCSI_JOB_NONE;
	}
	if (!next_place(lu, code, done, &io.offset_bytes, &io.len_bytes)) {
		step_done(lu, 0, 0, 0);
		return SCSI_JOB_MORE; /* the buffer goes */
	}
	if (test->buf == NULL)
		test->buf = mem_alloc(EXTENDED_BYTES);
	if (test->buf == NULL)
		return SCSI_JOB_LATER;
	iov = (struct iovec){ test->buf, (size_t)io.len_bytes };
	blk_submit(scsi_lu_device(lu), NULL, &io);
	if (io.result < 0 && scsi_job_passes_over(io.result))
		return SCSI_JOB_LATER;
	step_done(lu, io.offset_bytes, io.len_bytes, io.result);
	return SCSI_JOB_MORE;
}

/* A guess: what one step reads takes 10 ms. */
uint64_t
scsi_self_test_seconds(const struct scsi_lu *lu)
{
	uint64_t total = scsi_lu_capacity_blocks(lu) << lu->block_shift;

	return total / EXTENDED_BYTES / 100 + 1;
}

/* ---- SEND DIAGNOSTIC ---- */

static unsigned
code_of(const struct scsi_task *task)
{
	return task->cdb[1] >> 5;
}

static bool
is_background(unsigned code)
{
	return code == CODE_BACKGROUND_SHORT || code == CODE_BACKGROUND_EXTENDED;
}

/* Which self-tests there are.  SCSI_GO or SCSI_DONE. */
static int
check_code(struct scsi_task *task)
{
	unsigned code = code_of(task);
	bool jobs = scsi_task_lu(task)->desc.job != NULL;

	if (task->cdb[1] & SELFTEST)
		return code == CODE_DEFAULT ? SCSI_GO : scsi_sense_invalid_field(task, 1, 7);
	if (code == CODE_DEFAULT || code == CODE_FOREGROUND_SHORT ||
	    (jobs && (is_background(code) || code == CODE_ABORT)))
		return SCSI_GO;
	return scsi_sense_invalid_field(task, 1, 7);
}

int
scsi_send_diagnostic_parse(struct scsi_task *task)
{
	uint32_t len = get_be16(task->cdb + 3);
	bool tests = code_of(task) != CODE_DEFAULT || (task->cdb[1] & SELFTEST) != 0;

	if (check_code(task) == SCSI_DONE)
		return SCSI_DONE;
	if (len == 0)
		return scsi_expect_none(task);
	if (tests)
		return scsi_sense_invalid_field(task, 3, -1);
	if (!(task->cdb[1] & PF))
		return scsi_sense_invalid_field(task, 1, 4);
	if (len < 4)
		return scsi_sense_parameter_length(task);
	return scsi_expect_parameters(task, MIN(len, 4u));
}

/* The list of pages asks for nothing more than RECEIVE DIAGNOSTIC RESULTS does. */
static int
take_page(struct scsi_task *task)
{
	uint8_t head[4];

	scsi_out_copy(task, 0, head, sizeof(head));
	if (head[0] != 0)
		return scsi_sense_invalid_parameter(task, 0, -1);
	return get_be16(head + 2) != 0 ? scsi_sense_invalid_parameter(task, 2, -1)
				       : scsi_good(task);
}

static int
begin_background(struct scsi_task *task)
{
	struct scsi_lu *lu = scsi_task_lu(task);
	struct scsi_self_test *test = &lu->test;
	bool runs;

	pthread_mutex_lock(&test->mutex);
	runs = test->code != 0;
	if (!runs) {
		test->code = (uint8_t)code_of(task);
		test->number++;
		test->done = 0;
		test->progress = 0;
	}
	pthread_mutex_unlock(&test->mutex);
	if (runs)
		return scsi_sense_self_test_runs(task);
	lu->desc.job(lu->desc.arg);
	return scsi_good(task);
}

static int foreground_step(struct scsi_task *task);

static int
foreground_next(struct scsi_task *task)
{
	struct scsi_work *work = task->work;
	struct scsi_lu *lu = scsi_task_lu(task);
	uint64_t len, at = place(lu, (unsigned)work->index, &len);

	task->lba = at >> lu->block_shift;
	work->iov[0] = (struct iovec){ work->buf, (size_t)len };
	return scsi_io(task, BLK_READ, 0, at, len, work->iov, 1, foreground_step);
}

/* The default self-test leaves no result. */
static void
note_foreground(struct scsi_task *task, uint8_t result, uint64_t lba)
{
	struct scsi_lu *lu = scsi_task_lu(task);

	if (code_of(task) != CODE_FOREGROUND_SHORT)
		return;
	pthread_mutex_lock(&lu->test.mutex);
	note(lu, CODE_FOREGROUND_SHORT, result, lba, task->io.result);
	pthread_mutex_unlock(&lu->test.mutex);
}

static int
foreground_step(struct scsi_task *task)
{
	if (task->io.result < 0 && scsi_job_passes_over(task->io.result))
		return scsi_status(task, SCSI_STATUS_BUSY);
	if (task->io.result < 0) {
		note_foreground(task, RESULT_FIRST_FAILED, task->lba);
		return scsi_sense_self_test_failed(task);
	}
	if (++task->work->index < SHORT_PLACES)
		return foreground_next(task);
	note_foreground(task, RESULT_PASSED, UINT64_MAX);
	return scsi_good(task);
}

int
scsi_send_diagnostic_execute(struct scsi_task *task)
{
	struct scsi_lu *lu = scsi_task_lu(task);
	unsigned code = code_of(task);
	uint16_t progress;

	if (task->out_bytes > 0)
		return take_page(task);
	if (is_background(code))
		return begin_background(task);
	if (code == CODE_ABORT)
		return scsi_self_test_abort(lu, SCSI_TEST_ABORTED)
			       ? scsi_good(task)
			       : scsi_sense_invalid_field(task, 1, 7);
	if (code == CODE_DEFAULT && !(task->cdb[1] & SELFTEST))
		return scsi_good(task);
	if (scsi_self_test_runs(lu, &progress))
		return scsi_sense_self_test_runs(task);
	if (scsi_work_new(task, SHORT_BYTES, 1) < 0)
		return SCSI_DONE;
	return foreground_next(task);
}

/* ---- RECEIVE DIAGNOSTIC RESULTS ---- */

int
scsi_diagnostic_results_parse(struct scsi_task *task)
{
	if ((task->cdb[1] & 0x01) && task->cdb[2] != 0) /* PCV */
		return scsi_sense_invalid_field(task, 2, -1);
	return scsi_expect_in(task, get_be16(task->cdb + 3));
}

/* Supported Diagnostic Pages: this one. */
int
scsi_diagnostic_results_execute(struct scsi_task *task)
{
	static const uint8_t page[5] = { 0x00, 0, 0, 1, 0x00 };

	return scsi_give(task, page, sizeof(page), get_be16(task->cdb + 3));
}
