/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of FORMAT UNIT and SANITIZE: what their CDBs and lists may say, what the medium holds
 * afterwards, what other commands are answered meanwhile and after a failure, and that all of it
 * survives a restart.
 */
#include "scsi_test.h"

#include <errno.h>
#include <stdlib.h>

#define SENSE_FORMATS       0x020404
#define SENSE_SANITIZES     0x02041b
#define SENSE_CORRUPT       0x033101
#define SENSE_NOT_SANITIZED 0x033103
#define SENSE_MEDIUM        0x062800
#define SENSE_NOT_KEPT      0x044400

enum { OVERWRITE = 0x01, ERASE = 0x02, EXIT = 0x1f, IMMED = 0x80, AUSE = 0x20 };

/* Starts a command and takes it to where it waits for the end of the job, or to its own end. */
static enum scsi_progress
begin(struct scsi_test *t, struct test_task *tt, const void *cdb, size_t cdb_len, const void *out,
      size_t out_len)
{
	enum scsi_progress progress;

	if (tt->task.nexus != NULL)
		test_task_fini(tt);
	test_task_init(tt, &t->nexus, &t->itl, cdb, cdb_len, out, out_len, 0);
	progress = test_start(tt);
	if (progress == SCSI_PENDING && tt->resumes == 1) {
		scsi_task_resume(&tt->task); /* the store has the record */
		progress = tt->done ? SCSI_DONE : SCSI_PENDING;
	}
	return progress;
}

static enum scsi_progress
begin_overwrite(struct scsi_test *t, struct test_task *tt, uint8_t flags, uint8_t count,
		const void *pattern, size_t len)
{
	uint8_t list[4 + 512] = { count }, cdb[10] = { 0x48, (uint8_t)(OVERWRITE | flags) };

	put_be16(list + 2, (uint16_t)len);
	memcpy(list + 4, pattern, len);
	put_be16(cdb + 7, (uint16_t)(4 + len));
	return begin(t, tt, cdb, sizeof(cdb), list, 4 + len);
}

/* Has the job done, after which the command that waits for it ends. */
static void
finish(struct scsi_test *t, struct test_task *tt)
{
	scsi_test_do_jobs(t);
	assert_int_equal(tt->resumes, 2);
	scsi_task_resume(&tt->task);
	assert_true(tt->done);
}

static bool
all_hold(struct scsi_test *t, const uint8_t *block)
{
	size_t size = scsi_lu_block_bytes(t->lu);
	uint8_t *medium = malloc(TEST_BLOCKS * size);
	bool equal = true;

	assert_non_null(medium);
	test_peek(t, 0, medium, TEST_BLOCKS);
	for (size_t i = 0; i < TEST_BLOCKS; i++)
		equal = equal && memcmp(medium + i * size, block, size) == 0;
	free(medium);
	return equal;
}

static const uint8_t zeros[4096];

/* ---- What is done ---- */

static void
test_overwrite_repeats_the_pattern_in_each_block(void **state)
{
	struct scsi_test *t = *state;
	size_t size = scsi_lu_block_bytes(t->lu);
	static uint8_t block[4096];
	uint8_t pattern[7] = { 1, 2, 3, 4, 5, 6, 7 };
	struct test_task tt = { 0 };

	for (size_t i = 0; i < size; i++)
		block[i] = pattern[i % sizeof(pattern)];
	test_fill(t, 0, 'a', TEST_BLOCKS);
	assert_int_equal(begin_overwrite(t, &tt, 0, 1, pattern, sizeof(pattern)), SCSI_PENDING);
	assert_int_equal(t->jobs, 1);
	finish(t, &tt);
	assert_int_equal(tt.task.status, SCSI_STATUS_GOOD);
	assert_true(all_hold(t, block));
	assert_int_equal(t->dev->count[BLK_FLUSH], 1);
	assert_string_equal(t->events, "bd");
	assert_null(t->store.job.data);
	test_task_fini(&tt);
}

/* The last pass writes the pattern itself, whatever their number; each ends on the medium. */
static void
test_overwrite_inverts_between_passes(void **state)
{
	struct scsi_test *t = *state;
	uint8_t pattern = 0x3c, seen[4], block[512];
	struct test_task tt = { 0 };

	memset(block, pattern, sizeof(block));
	for (unsigned count = 1; count <= 4; count++) {
		unsigned flushes = t->dev->count[BLK_FLUSH];

		begin_overwrite(t, &tt, 0, (uint8_t)(0x80 | count), &pattern, 1);
		for (unsigned pass = 0; pass < count; pass++) {
			while (t->lu->job.pass == pass && scsi_lu_do_job(t->lu) == SCSI_JOB_MORE)
				if (t->lu->job.pass == pass)
					test_peek(t, 0, block, 1);
			seen[pass] = block[0];
		}
		for (unsigned pass = 0; pass < count; pass++)
			assert_int_equal(seen[pass],
					 (count - pass) % 2 == 1 ? pattern : (uint8_t)~pattern);
		assert_int_equal(t->dev->count[BLK_FLUSH] - flushes, count);
		finish(t, &tt);
		assert_int_equal(tt.task.status, SCSI_STATUS_GOOD);
	}
	test_task_fini(&tt);
}

/* What takes space is written before it is given back; holes stay holes. */
static void
test_block_erase_overwrites_and_gives_back(void **state)
{
	struct scsi_test *t = *state;
	uint8_t cdb[10] = { 0x48, ERASE };
	struct test_task tt = { 0 };

	test_fill(t, 0, 'a', TEST_BLOCKS);
	assert_int_equal(begin(t, &tt, cdb, sizeof(cdb), NO_OUT), SCSI_PENDING);
	while (t->lu->job.pass == 0)
		assert_int_equal(scsi_lu_do_job(t->lu), SCSI_JOB_MORE);
	assert_true(t->dev->count[BLK_WRITE] > 0);
	assert_int_equal(t->dev->count[BLK_UNMAP], 0);
	assert_true(all_hold(t, zeros));
	finish(t, &tt);
	assert_int_equal(tt.task.status, SCSI_STATUS_GOOD);
	assert_true(t->dev->count[BLK_UNMAP] > 0);
	assert_true(all_hold(t, zeros));
	test_task_fini(&tt);
}

static void
test_format_gives_the_space_of_a_thin_unit_back(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };

	test_fill(t, 0, 'a', TEST_BLOCKS);
	assert_int_equal(begin(t, &tt, CDB(0x04, 0, 0, 0, 0, 0), NO_OUT), SCSI_PENDING);
	finish(t, &tt);
	assert_int_equal(tt.task.status, SCSI_STATUS_GOOD);
	assert_int_equal(t->dev->count[BLK_WRITE] + t->dev->count[BLK_WRITE_ZEROES], 0);
	assert_true(all_hold(t, zeros));
	test_task_fini(&tt);
}

static void
test_format_zeroes_a_thick_unit(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };

	test_fill(t, 0, 'a', TEST_BLOCKS);
	assert_int_equal(begin(t, &tt, CDB(0x04, 0, 0, 0, 0, 0), NO_OUT), SCSI_PENDING);
	finish(t, &tt);
	assert_int_equal(tt.task.status, SCSI_STATUS_GOOD);
	assert_true(t->dev->count[BLK_WRITE_ZEROES] > 0);
	assert_int_equal(t->dev->count[BLK_UNMAP], 0);
	assert_true(all_hold(t, zeros));
	test_task_fini(&tt);
}

/*
 * Short and long header, with IMMED and without, and a pattern; zeros as a pattern are no pattern.
 */
static void
test_format_writes_an_initialization_pattern(void **state)
{
	static const uint8_t lists[][16] = {
		{ 0, 0x88, 0, 0, 0, 1, 0, 2, 0xab, 0xcd },
		{ 0, 0x8a, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2, 0xab, 0xcd },
		{ 0, 0x88, 0, 0, 0, 1, 0, 2, 0, 0 },
		{ 0, 0x88, 0, 0, 0, 0, 0, 0 },
		{ 0, 0xf0, 0, 0 },
		{ 0, 0x00, 0, 0 },
	};
	static const size_t sizes[] = { 10, 14, 10, 8, 4, 4 };
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };
	uint8_t block[512];

	for (size_t i = 0; i < sizeof(block); i++)
		block[i] = i % 2 == 0 ? 0xab : 0xcd;
	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		bool immed = (lists[i][1] & 0x02) != 0;

		test_fill(t, 0, 'a', TEST_BLOCKS);
		/* what follows the list is not of it */
		assert_int_equal(begin(t, &tt, CDB(0x04, sizes[i] == 14 ? 0x30 : 0x10, 0, 0, 0, 0),
				       lists[i], sizes[i] + (i == 0)),
				 immed ? SCSI_DONE : SCSI_PENDING);
		assert_int_equal(tt.task.out_total_bytes, sizes[i]);
		if (immed)
			scsi_test_do_jobs(t);
		else
			finish(t, &tt);
		assert_int_equal(scsi_ua_take(&t->itl), immed ? SCSI_UA_MEDIUM : SCSI_UA_COUNT);
		assert_int_equal(tt.task.status, SCSI_STATUS_GOOD);
		assert_true(all_hold(t, i < 2 ? block : zeros));
	}
	test_task_fini(&tt);
}

/* ---- What is refused ---- */

static void
assert_refused(struct scsi_test *t, struct test_task *tt, const char *field, uint32_t sense)
{
	assert_sense(tt, sense);
	if (field != NULL)
		assert_memory_equal(tt->task.sense + 15, field, 3);
	assert_int_equal(t->store.saves, 0);
	assert_int_equal(t->jobs, 0);
	assert_int_equal(scsi_lu_state(t->lu), SCSI_LU_ONLINE);
}

static void
test_every_wrong_field_of_format_is_refused(void **state)
{
	static const struct {
		uint8_t byte1, byte4, len, list[16];
		uint32_t sense;
		const char *field;
	} wrong[] = {
		{ 0x40, 0, 0, { 0 }, SENSE_INVALID_FIELD, "\xcf\x00\x01" },
		{ 0x80, 0, 0, { 0 }, SENSE_INVALID_FIELD, "\xcf\x00\x01" },
		{ 0x00, 1, 0, { 0 }, SENSE_INVALID_FIELD, "\xc9\x00\x04" },
		{ 0x00, 3, 0, { 0 }, SENSE_INVALID_FIELD, "\xc9\x00\x04" },
		{ 0x10, 0, 3, { 0 }, SENSE_PARAMETER_LENGTH, NULL },
		{ 0x30, 0, 7, { 0 }, SENSE_PARAMETER_LENGTH, NULL },
		{ 0x10, 0, 4, { 1 }, SENSE_INVALID_PARAMETER, "\x8a\x00\x00" },
		{ 0x10, 0, 4, { 0, 0x40 }, SENSE_INVALID_PARAMETER, "\x8f\x00\x01" },
		{ 0x10, 0, 4, { 0, 0x20 }, SENSE_INVALID_PARAMETER, "\x8f\x00\x01" },
		{ 0x10, 0, 4, { 0, 0x10 }, SENSE_INVALID_PARAMETER, "\x8f\x00\x01" },
		{ 0x10, 0, 8, { 0, 0x08 }, SENSE_INVALID_PARAMETER, "\x8f\x00\x01" },
		{ 0x10, 0, 8, { 0, 0, 0, 4 }, SENSE_INVALID_PARAMETER, "\x80\x00\x02" },
		{ 0x30, 0, 8, { 0, 0, 0, 1 }, SENSE_INVALID_PARAMETER, "\x80\x00\x03" },
		{ 0x30, 0, 8, { 0, 0, 0, 0x10 }, SENSE_INVALID_PARAMETER, "\x80\x00\x03" },
		{ 0x30, 0, 8, { [7] = 8 }, SENSE_INVALID_PARAMETER, "\x80\x00\x04" },
		{ 0x10, 0, 4, { 0, 0x88 }, SENSE_PARAMETER_LENGTH, NULL },
		{ 0x10, 0, 7, { 0, 0x88 }, SENSE_PARAMETER_LENGTH, NULL },
		{ 0x10, 0, 8, { 0, 0x88, 0, 0, 0x20 }, SENSE_INVALID_PARAMETER, "\x8d\x00\x04" },
		{ 0x10, 0, 8, { 0, 0x88, [5] = 2 }, SENSE_INVALID_PARAMETER, "\x80\x00\x05" },
		{ 0x10, 0, 8, { 0, 0x88, [5] = 0x80 }, SENSE_INVALID_PARAMETER, "\x80\x00\x05" },
		{ 0x10, 0, 8, { 0, 0x88, [5] = 1 }, SENSE_INVALID_PARAMETER, "\x80\x00\x06" },
		{ 0x10, 0, 9, { 0, 0x88, [7] = 1 }, SENSE_INVALID_PARAMETER, "\x80\x00\x06" },
		{ 0x10,
		  0,
		  9,
		  { 0, 0x88, 0, 0, 0, 1, 2, 1 },
		  SENSE_INVALID_PARAMETER,
		  "\x80\x00\x06" },
		{ 0x10, 0, 9, { 0, 0x88, 0, 0, 0, 1, 0, 2 }, SENSE_PARAMETER_LENGTH, NULL },
	};
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		assert_int_equal(begin(t, &tt, CDB(0x04, wrong[i].byte1, 0, 0, wrong[i].byte4, 0),
				       wrong[i].list, wrong[i].len),
				 SCSI_DONE);
		assert_refused(t, &tt, wrong[i].field, wrong[i].sense);
	}
	test_task_fini(&tt);
}

static void
test_every_wrong_field_of_sanitize_is_refused(void **state)
{
	static const struct {
		uint8_t action, byte, value, out_bytes, list[6];
		uint32_t sense;
		const char *field;
	} wrong[] = {
		{ OVERWRITE, 1, 0x40, 5, { 1, 0, 0, 1 }, SENSE_INVALID_FIELD, "\xce\x00\x01" },
		{ OVERWRITE, 2, 1, 5, { 1, 0, 0, 1 }, SENSE_INVALID_FIELD, "\xc0\x00\x02" },
		{ OVERWRITE, 3, 1, 5, { 1, 0, 0, 1 }, SENSE_INVALID_FIELD, "\xc0\x00\x03" },
		{ OVERWRITE, 4, 1, 5, { 1, 0, 0, 1 }, SENSE_INVALID_FIELD, "\xc0\x00\x04" },
		{ OVERWRITE, 5, 1, 5, { 1, 0, 0, 1 }, SENSE_INVALID_FIELD, "\xc0\x00\x05" },
		{ OVERWRITE, 6, 1, 5, { 1, 0, 0, 1 }, SENSE_INVALID_FIELD, "\xc0\x00\x06" },
		{ OVERWRITE, 8, 0, 0, { 0 }, SENSE_INVALID_FIELD, "\xc0\x00\x07" },
		{ OVERWRITE, 8, 4, 4, { 1 }, SENSE_INVALID_FIELD, "\xc0\x00\x07" },
		{ OVERWRITE, 7, 8, 5, { 1 }, SENSE_INVALID_FIELD, "\xc0\x00\x07" },
		{ OVERWRITE, 8, 6, 5, { 1, 0, 0, 1 }, SENSE_PARAMETER_LENGTH, NULL },
		{ OVERWRITE, 8, 5, 5, { 0, 0, 0, 1 }, SENSE_INVALID_PARAMETER, "\x8c\x00\x00" },
		{ OVERWRITE, 8, 5, 5, { 0x21, 0, 0, 1 }, SENSE_INVALID_PARAMETER, "\x8e\x00\x00" },
		{ OVERWRITE, 8, 5, 5, { 0x41, 0, 0, 1 }, SENSE_INVALID_PARAMETER, "\x8e\x00\x00" },
		{ OVERWRITE, 8, 5, 5, { 1, 0, 0, 0 }, SENSE_INVALID_PARAMETER, "\x80\x00\x02" },
		{ OVERWRITE, 8, 5, 5, { 1, 0, 2, 1 }, SENSE_INVALID_PARAMETER, "\x80\x00\x02" },
		{ OVERWRITE, 8, 5, 5, { 1, 0, 0, 2 }, SENSE_PARAMETER_LENGTH, NULL },
		{ ERASE, 8, 1, 1, { 0 }, SENSE_INVALID_FIELD, "\xc0\x00\x07" },
		{ ERASE, 5, 0x80, 0, { 0 }, SENSE_INVALID_FIELD, "\xc0\x00\x05" },
		{ EXIT, 8, 1, 1, { 0 }, SENSE_INVALID_FIELD, "\xc0\x00\x07" },
		{ 0x03, 1, 0, 0, { 0 }, SENSE_INVALID_FIELD, "\xcc\x00\x01" }, /* CRYPTO */
		{ 0x00, 1, 0, 0, { 0 }, SENSE_INVALID_FIELD, "\xcc\x00\x01" },
	};
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		uint8_t cdb[10] = { 0x48, wrong[i].action, [8] = wrong[i].out_bytes };

		if (wrong[i].byte == 1)
			cdb[1] |= wrong[i].value;
		else
			cdb[wrong[i].byte] = wrong[i].value;
		assert_int_equal(begin(t, &tt, cdb, sizeof(cdb), wrong[i].list, wrong[i].out_bytes),
				 SCSI_DONE);
		assert_refused(t, &tt, wrong[i].field, wrong[i].sense);
	}
	test_task_fini(&tt);
}

static void
test_write_protection_and_no_store_are_respected(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };

	scsi_lu_set_read_only(t->lu, true);
	scsi_ua_take(&t->itl);
	begin_overwrite(t, &tt, 0, 1, "x", 1);
	assert_refused(t, &tt, NULL, 0x072700);
	begin(t, &tt, CDB(0x04, 0, 0, 0, 0, 0), NO_OUT);
	assert_refused(t, &tt, NULL, 0x072700);
	scsi_lu_set_read_only(t->lu, false);
	scsi_ua_take(&t->itl);
	t->lu->desc.store = NULL;
	begin_overwrite(t, &tt, 0, 1, "x", 1);
	assert_refused(t, &tt, NULL, SENSE_INVALID_OPCODE);
	begin(t, &tt, CDB(0x04, 0, 0, 0, 0, 0), NO_OUT);
	assert_refused(t, &tt, NULL, SENSE_INVALID_OPCODE);
	test_task_fini(&tt);
}

/* ---- Meanwhile ---- */

static bool
is_answered_always(const struct scsi_cmd *cmd)
{
	return (cmd->flags & CMD_ANY_STATE) != 0;
}

/* Checks what every command says while the unit is in a state, whose sense this is. */
static void
check_all(struct scsi_test *t, uint32_t sense, unsigned allowed)
{
	struct test_task tt = { 0 };

	for (size_t i = 0; i < scsi_cmd_count; i++) {
		const struct scsi_cmd *cmd = &scsi_cmds[i];
		uint8_t cdb[SCSI_CDB_BYTES];
		bool refused;

		test_cdb(cmd, cdb);
		test_task_init(&tt, &t->nexus, &t->itl, cdb, sizeof(cdb), NO_OUT, 64);
		if (!scsi_cmd_supported(cmd, &tt.task)) {
			test_task_fini(&tt);
			continue;
		}
		refused = scsi_task_parse(&tt.task) == SCSI_DONE &&
			  tt.task.status == SCSI_STATUS_CHECK_CONDITION &&
			  test_sense(&tt.task) == sense;
		if (refused == (is_answered_always(cmd) || (cmd->flags & allowed) != 0))
			fail_msg("opcode %02x/%x: refused %d", cmd->opcode, cmd->action, refused);
		test_task_fini(&tt);
	}
}

static void
check_request_sense(struct scsi_test *t, uint32_t sense, int progress)
{
	struct test_task tt = { 0 };

	assert_int_equal(test_run(t, &tt, CDB(0x03, 0, 0, 0, 18, 0), NO_OUT, 18), 0);
	assert_int_equal((uint32_t)tt.in[2] << 16 | (uint32_t)tt.in[12] << 8 | tt.in[13], sense);
	assert_int_equal(tt.in[15], progress >= 0 ? 0x80 : 0);
	if (progress >= 0)
		assert_int_equal(get_be16(tt.in + 16), progress);
	assert_int_equal(test_run(t, &tt, CDB(0x03, 1, 0, 0, 36, 0), NO_OUT, 36), 0);
	assert_int_equal((uint32_t)tt.in[1] << 16 | (uint32_t)tt.in[2] << 8 | tt.in[3], sense);
	assert_int_equal(tt.task.in_bytes, progress >= 0 ? 16 : 8);
	if (progress >= 0) {
		assert_memory_equal(tt.in + 8, "\x02\x06\x00\x00\x80", 5);
		assert_int_equal(get_be16(tt.in + 13), progress);
	}
	test_task_fini(&tt);
}

/* Of 1 MiB a step writes it all, so passes are what progress can be seen by. */
static void
test_other_commands_are_refused_with_the_progress(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 }, other = { 0 };

	assert_int_equal(begin_overwrite(t, &tt, IMMED, 4, "x", 1), SCSI_DONE);
	assert_int_equal(tt.task.status, SCSI_STATUS_GOOD);
	check_all(t, SENSE_SANITIZES, 0);
	check_request_sense(t, SENSE_SANITIZES, 0);
	while (t->lu->job.pass < 3)
		scsi_lu_do_job(t->lu);
	scsi_lu_do_job(t->lu);
	assert_true(atomic_load(&t->lu->job.progress) > 3 * 16384);
	check_request_sense(t, SENSE_SANITIZES, atomic_load(&t->lu->job.progress));
	test_run(t, &other, CDB(0x00, 0, 0, 0, 0, 0), NO_OUT, 0);
	assert_sense(&other, SENSE_SANITIZES);
	assert_int_equal(other.task.sense[15], 0x80);
	assert_int_equal(get_be16(other.task.sense + 16), atomic_load(&t->lu->job.progress));
	/* neither a reset nor an administrator who sets the LUN offline ends it */
	scsi_lu_reset(t->lu, &t->itl);
	scsi_lu_set_offline(t->lu, true);
	assert_int_equal(scsi_lu_state(t->lu), SCSI_LU_OFFLINE);
	scsi_lu_set_offline(t->lu, false);
	assert_int_equal(scsi_lu_state(t->lu), SCSI_LU_SANITIZES);
	scsi_test_do_jobs(t);
	assert_int_equal(scsi_lu_state(t->lu), SCSI_LU_ONLINE);
	test_task_fini(&other);
	test_task_fini(&tt);
}

static void
test_format_refuses_other_commands(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };

	assert_int_equal(begin(t, &tt, CDB(0x04, 0x10, 0, 0, 0, 0), "\x00\x02\x00\x00", 4),
			 SCSI_DONE);
	assert_int_equal(tt.task.status, SCSI_STATUS_GOOD);
	check_all(t, SENSE_FORMATS, 0);
	check_request_sense(t, SENSE_FORMATS, 0);
	scsi_test_do_jobs(t);
	assert_int_equal(scsi_lu_state(t->lu), SCSI_LU_ONLINE);
	test_task_fini(&tt);
}

/* A write that is under way is waited for; one that has waited for the range is refused. */
static void
test_a_job_begins_alone(void **state)
{
	struct scsi_test *t = *state;
	struct test_task before = { 0 }, job = { 0 }, after = { 0 };
	uint8_t write[10] = { 0x2a, [8] = 1 }, block[512] = { 1 };
	uint8_t cdb[10] = { 0x48, ERASE | IMMED };

	t->dev->hold = true;
	test_task_init(&before, &t->nexus, &t->itl, write, sizeof(write), block, 512, 0);
	assert_int_equal(test_start(&before), SCSI_PENDING);
	test_task_init(&job, &t->nexus, &t->itl, cdb, sizeof(cdb), NO_OUT, 0);
	assert_int_equal(test_start(&job), SCSI_PENDING);
	assert_int_equal(t->store.saves, 0);
	/* HEAD OF QUEUE has ended, as far as order goes, only when the command has */
	test_task_init(&after, &t->nexus, &t->itl, write, sizeof(write), block, 512, 0);
	assert_int_equal(test_start(&after), SCSI_PENDING);
	assert_true(after.waits);
	t->dev->hold = false;
	test_dev_complete(t->dev);
	assert_true(before.done);
	assert_int_equal(job.resumes, 1);
	scsi_task_resume(&job.task);
	assert_int_equal(t->store.saves, 1);
	scsi_task_resume(&job.task);
	assert_true(job.done);
	assert_int_equal(job.task.status, SCSI_STATUS_GOOD);
	assert_int_equal(test_take_turn(&after), SCSI_DONE);
	assert_sense(&after, SENSE_SANITIZES);
	scsi_test_do_jobs(t);
	test_task_fini(&before);
	test_task_fini(&job);
	test_task_fini(&after);
}

/* Without IMMED, too: whatever comes from the same nexus is answered at once. */
static void
test_who_waits_for_the_end_holds_nobody_up(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 }, other = { 0 };

	begin_overwrite(t, &tt, 0, 1, "x", 1);
	for (unsigned attr = SCSI_ATTR_SIMPLE; attr <= SCSI_ATTR_HEAD_OF_QUEUE; attr++) {
		test_task_init(&other, &t->nexus, &t->itl, CDB(0x00, 0, 0, 0, 0, 0), NO_OUT, 0);
		other.task.attr = (uint8_t)attr;
		assert_int_equal(test_start(&other), SCSI_DONE);
		assert_sense(&other, SENSE_SANITIZES);
		test_task_fini(&other);
	}
	/* REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS is carried out in any state */
	assert_int_equal(
		test_run(t, &other, CDB(0xa3, 0x0d, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0), NO_OUT, 4), 0);
	test_task_fini(&other);
	finish(t, &tt);
	test_task_fini(&tt);
}

/* A command of another nexus has waited for the range, and finds the unit busy. */
static void
test_who_has_waited_for_the_range_is_refused(void **state)
{
	struct scsi_test *t = *state;
	struct test_task job = { 0 }, other = { 0 };
	uint8_t write[10] = { 0x2a, [8] = 1 }, block[512] = { 1 }, medium[512];
	uint8_t cdb[10] = { 0x48, ERASE | IMMED };
	struct scsi_nexus nexus;
	struct scsi_itl itl;

	scsi_test_nexus(t, &nexus, &itl);
	t->store.hold = true;
	test_task_init(&job, &t->nexus, &t->itl, cdb, sizeof(cdb), NO_OUT, 0);
	assert_int_equal(test_start(&job), SCSI_PENDING);
	test_task_init(&other, &nexus, &itl, write, sizeof(write), block, 512, 0);
	assert_int_equal(test_start(&other), SCSI_PENDING);
	t->store.hold = false;
	test_store_complete(&t->store);
	scsi_task_resume(&job.task);
	assert_true(job.done);
	assert_int_equal(other.resumes, 1);
	scsi_task_resume(&other.task);
	assert_true(other.done);
	assert_sense(&other, SENSE_SANITIZES);
	scsi_test_do_jobs(t);
	test_peek(t, 0, medium, 1);
	assert_true(test_all(medium, 512, 0));
	test_task_fini(&job);
	test_task_fini(&other);
	scsi_itl_fini(&itl);
}

/* Who waited for it knows of it; the others are told that the medium may have changed. */
static void
test_the_others_are_told_of_the_end(void **state)
{
	struct scsi_test *t = *state;
	struct scsi_nexus nexus;
	struct test_task tt = { 0 };
	struct scsi_itl itl;

	scsi_test_nexus(t, &nexus, &itl);
	begin_overwrite(t, &tt, 0, 1, "x", 1);
	finish(t, &tt);
	assert_int_equal(scsi_ua_take(&t->itl), SCSI_UA_COUNT);
	assert_int_equal(scsi_ua_take(&itl), SCSI_UA_MEDIUM);
	begin_overwrite(t, &tt, IMMED, 1, "x", 1);
	scsi_test_do_jobs(t);
	assert_int_equal(scsi_ua_take(&t->itl), SCSI_UA_MEDIUM);
	assert_int_equal(scsi_ua_take(&itl), SCSI_UA_MEDIUM);
	test_task_fini(&tt);
	scsi_itl_fini(&itl);
}

/* ---- Aborts, restarts, failures ---- */

static void
test_an_abort_does_not_end_a_job(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };

	test_fill(t, 0, 'a', TEST_BLOCKS);
	begin_overwrite(t, &tt, 0, 1, "\0", 1);
	assert_int_equal(scsi_task_abort(&tt.task), SCSI_DONE);
	scsi_test_do_jobs(t);
	assert_int_equal(tt.resumes, 1);
	assert_true(all_hold(t, zeros));
	assert_int_equal(scsi_ua_take(&t->itl), SCSI_UA_MEDIUM);
	/* while the store is asked, the command cannot be taken back */
	t->store.hold = true;
	begin_overwrite(t, &tt, 0, 1, "\0", 1);
	assert_int_equal(scsi_task_abort(&tt.task), SCSI_PENDING);
	test_store_complete(&t->store);
	scsi_task_resume(&tt.task);
	assert_true(tt.done);
	assert_int_equal(scsi_lu_state(t->lu), SCSI_LU_SANITIZES);
	t->store.hold = false;
	scsi_test_do_jobs(t);
	assert_string_equal(t->events, "bdbd");
	test_task_fini(&tt);
}

static void
test_a_job_goes_on_after_a_restart(void **state)
{
	struct scsi_test *t = *state;
	static uint8_t block[4096];
	struct test_task tt = { 0 };

	memset(block, 'x', sizeof(block));
	test_fill(t, 0, 'a', TEST_BLOCKS);
	begin_overwrite(t, &tt, IMMED, 2, "x", 1);
	scsi_lu_do_job(t->lu);
	test_task_fini(&tt);
	test_fill(t, 0, 'a', TEST_BLOCKS); /* what was not durable is lost */
	scsi_test_restart(t);
	assert_int_equal(scsi_lu_state(t->lu), SCSI_LU_SANITIZES);
	assert_true(scsi_lu_has_job(t->lu));
	check_all(t, SENSE_SANITIZES, 0);
	scsi_test_do_jobs(t);
	assert_false(scsi_lu_has_job(t->lu));
	assert_true(all_hold(t, block));
	scsi_test_restart(t);
	assert_int_equal(scsi_lu_state(t->lu), SCSI_LU_ONLINE);
}

static void
fail_overwrite(struct scsi_test *t, struct test_task *tt, uint8_t flags)
{
	begin_overwrite(t, tt, flags, 1, "x", 1);
	t->dev->fail[BLK_WRITE] = -EIO;
	finish(t, tt);
	t->dev->fail[BLK_WRITE] = 0;
	assert_sense(tt, SENSE_NOT_SANITIZED);
}

/* AUSE 0: nothing but a SANITIZE that succeeds ends the failure, and none that need not succeed. */
static void
test_a_restricted_failure_stays_until_a_sanitize_succeeds(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };

	fail_overwrite(t, &tt, 0);
	check_all(t, SENSE_NOT_SANITIZED, CMD_NOT_SANITIZED);
	check_request_sense(t, SENSE_NOT_SANITIZED, -1);
	test_task_fini(&tt);
	scsi_test_restart(t);
	check_all(t, SENSE_NOT_SANITIZED, CMD_NOT_SANITIZED);
	begin(t, &tt, CDB(0x48, EXIT, 0, 0, 0, 0, 0, 0, 0, 0), NO_OUT);
	assert_sense(&tt, SENSE_INVALID_FIELD);
	begin_overwrite(t, &tt, AUSE, 1, "x", 1);
	assert_sense(&tt, SENSE_INVALID_FIELD);
	assert_memory_equal(tt.task.sense + 15, "\xcd\x00\x01", 3);
	fail_overwrite(t, &tt, 0);
	begin_overwrite(t, &tt, 0, 1, "x", 1);
	finish(t, &tt);
	assert_int_equal(tt.task.status, SCSI_STATUS_GOOD);
	assert_int_equal(scsi_lu_state(t->lu), SCSI_LU_ONLINE);
	assert_string_equal(t->events, "bfbfbd");
	test_task_fini(&tt);
}

static void
test_an_unrestricted_failure_can_be_left(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };

	fail_overwrite(t, &tt, AUSE);
	assert_int_equal(begin(t, &tt, CDB(0x48, EXIT, 0, 0, 0, 0, 0, 0, 0, 0), NO_OUT), SCSI_DONE);
	assert_int_equal(tt.task.status, SCSI_STATUS_GOOD);
	assert_int_equal(scsi_lu_state(t->lu), SCSI_LU_ONLINE);
	assert_string_equal(t->events, "bfl");
	test_task_fini(&tt);
	scsi_test_restart(t);
	assert_int_equal(scsi_lu_state(t->lu), SCSI_LU_ONLINE);
	/* where nothing has failed there is nothing to leave */
	assert_int_equal(begin(t, &tt, CDB(0x48, EXIT, 0, 0, 0, 0, 0, 0, 0, 0), NO_OUT), SCSI_DONE);
	assert_int_equal(tt.task.status, SCSI_STATUS_GOOD);
	test_task_fini(&tt);
}

static void
test_a_failed_format_leaves_the_medium_corrupt(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };

	begin(t, &tt, CDB(0x04, 0, 0, 0, 0, 0), NO_OUT);
	t->dev->fail[BLK_UNMAP] = -EIO;
	finish(t, &tt);
	t->dev->fail[BLK_UNMAP] = 0;
	assert_sense(&tt, SENSE_CORRUPT);
	check_all(t, SENSE_CORRUPT, CMD_CORRUPT);
	test_task_fini(&tt);
	scsi_test_restart(t);
	check_all(t, SENSE_CORRUPT, CMD_CORRUPT);
	begin(t, &tt, CDB(0x04, 0, 0, 0, 0, 0), NO_OUT);
	finish(t, &tt);
	assert_int_equal(tt.task.status, SCSI_STATUS_GOOD);
	assert_int_equal(scsi_lu_state(t->lu), SCSI_LU_ONLINE);
	test_task_fini(&tt);
}

/* The job may be over, or nearly so, before the command looks: it waits for the store to know. */
static void
test_a_job_that_is_faster_than_its_command(void **state)
{
	static const int errors[] = { 0, -EIO };
	struct scsi_test *t = *state;
	uint8_t cdb[10] = { 0x48, ERASE };
	struct test_task tt = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(errors); i++)
		for (unsigned known = 0; known < 2; known++) {
			test_task_init(&tt, &t->nexus, &t->itl, cdb, sizeof(cdb), NO_OUT, 0);
			assert_int_equal(test_start(&tt), SCSI_PENDING);
			t->dev->fail[BLK_UNMAP] = errors[i];
			t->store.hold = known == 0;
			scsi_test_do_jobs(t);
			scsi_task_resume(&tt.task);
			assert_int_equal(tt.done, known);
			if (known == 0) {
				test_store_complete(&t->store);
				scsi_task_resume(&tt.task);
			}
			assert_true(tt.done);
			t->store.hold = false;
			if (errors[i] == 0)
				assert_int_equal(tt.task.status, SCSI_STATUS_GOOD);
			else
				assert_sense(&tt, SENSE_NOT_SANITIZED);
			test_task_fini(&tt);
			scsi_ua_take(&t->itl);
		}
	t->dev->fail[BLK_UNMAP] = 0;
}

/* What the store cannot keep does not begin, and what it cannot forget is not over. */
static void
test_a_store_that_fails(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };

	test_fill(t, 0, 'a', TEST_BLOCKS);
	t->store.fail = -EIO;
	assert_int_equal(begin_overwrite(t, &tt, 0, 1, "x", 1), SCSI_DONE);
	assert_sense(&tt, SENSE_NOT_KEPT);
	assert_int_equal(scsi_lu_state(t->lu), SCSI_LU_ONLINE);
	assert_int_equal(scsi_lu_do_job(t->lu), SCSI_JOB_NONE);
	t->store.fail = -ENOMEM;
	assert_int_equal(begin_overwrite(t, &tt, 0, 1, "x", 1), SCSI_DONE);
	assert_int_equal(tt.task.status, SCSI_STATUS_BUSY);
	t->store.fail = 0;
	begin_overwrite(t, &tt, 0, 1, "x", 1);
	t->store.fail = -EIO;
	finish(t, &tt);
	assert_sense(&tt, SENSE_NOT_SANITIZED);
	test_task_fini(&tt);
	t->store.fail = 0;
	scsi_test_restart(t);
	assert_int_equal(scsi_lu_state(t->lu), SCSI_LU_SANITIZES);
	scsi_test_do_jobs(t);
	assert_int_equal(scsi_lu_state(t->lu), SCSI_LU_ONLINE);
}

/* A device that is stopped for a moment is waited for. */
static void
test_what_passes_over_is_tried_again(void **state)
{
	static const int errors[] = { ERR_OFFLINE, ERR_BUSY, -ENOMEM, -EMFILE, -EAGAIN };
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };

	begin_overwrite(t, &tt, 0, 1, "x", 1);
	for (size_t i = 0; i < ARRAY_LEN(errors); i++) {
		t->dev->fail[BLK_WRITE] = errors[i];
		assert_int_equal(scsi_lu_do_job(t->lu), SCSI_JOB_LATER);
	}
	t->dev->fail[BLK_WRITE] = 0;
	while (t->lu->job.done_bytes < TEST_BLOCKS * 512)
		assert_int_equal(scsi_lu_do_job(t->lu), SCSI_JOB_MORE);
	t->dev->fail[BLK_FLUSH] = ERR_OFFLINE;
	assert_int_equal(scsi_lu_do_job(t->lu), SCSI_JOB_LATER);
	t->dev->fail[BLK_FLUSH] = 0;
	finish(t, &tt);
	assert_int_equal(tt.task.status, SCSI_STATUS_GOOD);
	test_task_fini(&tt);
}

/* An administrator has gone back to a snapshot: what was erased before is there again. */
static void
test_other_data_are_erased_from_the_start(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };

	begin_overwrite(t, &tt, IMMED, 1, "\0", 1);
	assert_int_equal(scsi_lu_do_job(t->lu), SCSI_JOB_MORE);
	test_fill(t, 0, 'a', TEST_BLOCKS);
	scsi_lu_replaced(t->lu);
	scsi_test_do_jobs(t);
	assert_true(all_hold(t, zeros));
	assert_int_equal(scsi_ua_take(&t->itl), SCSI_UA_MEDIUM);
	test_task_fini(&tt);
}

/* While the unit was offline its file was lost, and an administrator has put another one there. */
static void
test_a_store_that_failed_and_is_back_is_erased_from_the_start(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };

	begin_overwrite(t, &tt, IMMED, 1, "\0", 1);
	assert_int_equal(scsi_lu_do_job(t->lu), SCSI_JOB_MORE);
	scsi_lu_set_offline(t->lu, true);
	test_fill(t, 0, 'a', TEST_BLOCKS);
	scsi_lu_recovered(t->lu);
	scsi_lu_set_offline(t->lu, false);
	scsi_test_do_jobs(t);
	assert_int_equal(scsi_lu_state(t->lu), SCSI_LU_ONLINE);
	assert_true(all_hold(t, zeros));
	test_task_fini(&tt);
}

/* The pool is not mounted yet when the program starts again. */
static void
test_a_store_that_is_not_there_at_the_start_is_waited_for(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };

	begin_overwrite(t, &tt, IMMED, 1, "\0", 1);
	test_task_fini(&tt);
	scsi_test_restart(t);
	test_fill(t, 0, 'a', TEST_BLOCKS);
	t->dev->fail[BLK_WRITE] = ERR_FAILED;
	assert_int_equal(scsi_lu_do_job(t->lu), SCSI_JOB_NONE);
	assert_int_equal(scsi_lu_state(t->lu), SCSI_LU_SANITIZES);
	t->dev->fail[BLK_WRITE] = 0;
	scsi_lu_recovered(t->lu);
	assert_int_equal(t->jobs, 2);
	assert_int_equal(scsi_lu_do_job(t->lu), SCSI_JOB_MORE);
	/* from then on a failure is one */
	t->dev->fail[BLK_FLUSH] = ERR_FAILED;
	scsi_test_do_jobs(t);
	t->dev->fail[BLK_FLUSH] = 0;
	assert_int_equal(scsi_lu_state(t->lu), SCSI_LU_NOT_SANITIZED);
}

/* Nobody is kept busy by a LUN that is offline. */
static void
test_an_offline_unit_does_nothing_until_it_is_back(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };

	begin_overwrite(t, &tt, IMMED, 1, "\0", 1);
	test_fill(t, 0, 'a', TEST_BLOCKS);
	scsi_lu_set_offline(t->lu, true);
	assert_int_equal(scsi_lu_do_job(t->lu), SCSI_JOB_NONE);
	assert_int_equal(t->jobs, 1);
	scsi_lu_set_offline(t->lu, false);
	assert_int_equal(t->jobs, 2);
	scsi_test_do_jobs(t);
	assert_true(all_hold(t, zeros));
	/* a unit that has no job asks for nothing */
	scsi_lu_set_offline(t->lu, true);
	scsi_lu_set_offline(t->lu, false);
	assert_int_equal(t->jobs, 2);
	test_task_fini(&tt);
}

static void
test_what_cannot_be_read_makes_no_unit(void **state)
{
	static const uint8_t records[][6] = {
		{ 0, 0, 0, 0, 1 }, { 4, 0, 0, 0, 1 }, { 1, 0, 0, 0, 0 }, { 2, 0, 0, 0, 1 }
	};
	struct scsi_test *t = *state;
	struct scsi_lu_desc desc = t->lu->desc;
	struct scsi_lu *lu;

	for (size_t i = 0; i < ARRAY_LEN(records); i++) {
		t->store.job = (struct scsi_kept){ 1, 5, malloc(5), false };
		assert_non_null(t->store.job.data);
		memcpy(t->store.job.data, records[i], 5);
		assert_int_equal(scsi_lu_new(&desc, &lu), ERR_VERSION);
		free(t->store.job.data);
	}
	t->store.job.data = NULL;
}

#define ON(setup, test) cmocka_unit_test_setup_teardown(test, setup, scsi_test_teardown)
#define THIN(test)      ON(scsi_test_setup, test)

int
main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		THIN(test_overwrite_repeats_the_pattern_in_each_block),
		ON(scsi_test_setup_4k, test_overwrite_repeats_the_pattern_in_each_block),
		ON(scsi_test_setup_thick, test_overwrite_repeats_the_pattern_in_each_block),
		THIN(test_overwrite_inverts_between_passes),
		THIN(test_block_erase_overwrites_and_gives_back),
		ON(scsi_test_setup_4k, test_block_erase_overwrites_and_gives_back),
		THIN(test_format_gives_the_space_of_a_thin_unit_back),
		ON(scsi_test_setup_4k, test_format_gives_the_space_of_a_thin_unit_back),
		ON(scsi_test_setup_thick, test_format_zeroes_a_thick_unit),
		THIN(test_format_writes_an_initialization_pattern),
		THIN(test_every_wrong_field_of_format_is_refused),
		THIN(test_every_wrong_field_of_sanitize_is_refused),
		THIN(test_write_protection_and_no_store_are_respected),
		THIN(test_other_commands_are_refused_with_the_progress),
		THIN(test_format_refuses_other_commands),
		THIN(test_a_job_begins_alone),
		THIN(test_who_waits_for_the_end_holds_nobody_up),
		THIN(test_who_has_waited_for_the_range_is_refused),
		THIN(test_the_others_are_told_of_the_end),
		THIN(test_an_abort_does_not_end_a_job),
		THIN(test_a_job_goes_on_after_a_restart),
		ON(scsi_test_setup_4k, test_a_job_goes_on_after_a_restart),
		THIN(test_a_restricted_failure_stays_until_a_sanitize_succeeds),
		THIN(test_an_unrestricted_failure_can_be_left),
		THIN(test_a_failed_format_leaves_the_medium_corrupt),
		THIN(test_a_job_that_is_faster_than_its_command),
		THIN(test_a_store_that_fails),
		THIN(test_what_passes_over_is_tried_again),
		THIN(test_other_data_are_erased_from_the_start),
		THIN(test_a_store_that_failed_and_is_back_is_erased_from_the_start),
		THIN(test_a_store_that_is_not_there_at_the_start_is_waited_for),
		THIN(test_an_offline_unit_does_nothing_until_it_is_back),
		THIN(test_what_cannot_be_read_makes_no_unit),
	};
	/* clang-format on */

	return cmocka_run_group_tests(tests, NULL, NULL);
}
