/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of what a refused CDB is answered: INVALID FIELD IN CDB with the field in the sense-key
 * specific bytes (SPC-5, field pointer sense-key specific information), and what a table of fields
 * that are out of range wants of each.
 */
#include "scsi_test.h"

/* What the sense-key specific bytes say: SKSV, C/D, and with BPV the bit. */
struct pointer {
	bool valid, in_cdb, has_bit;
	unsigned byte, bit;
};

static struct pointer
pointer_of(const struct scsi_task *task)
{
	const uint8_t *p = task->sense + 15;

	return (struct pointer){ (p[0] & 0x80) != 0, (p[0] & 0x40) != 0, (p[0] & 0x08) != 0,
				 get_be16(p + 1), p[0] & 0x07u };
}

static bool
is_action(const struct scsi_cmd *cmd, unsigned bit)
{
	if (cmd->opcode == SCSI_LONG_CDB)
		return bit / 8 == 7 || bit / 8 == 8 || bit / 8 == 9;
	return bit / 8 == 1 && cmd->action != SCSI_NO_ACTION && bit % 8 < 5;
}

/* Sends the command with one bit changed; returns whether that is an INVALID FIELD IN CDB. */
static bool
is_refused(struct scsi_test *t, const struct scsi_cmd *cmd, unsigned bit, struct pointer *ret)
{
	struct test_task tt = { 0 };
	uint8_t cdb[SCSI_CDB_BYTES];
	bool refused;

	test_cdb(cmd, cdb);
	if (bit != 0)
		cdb[bit / 8] ^= (uint8_t)(1u << bit % 8);
	test_task_init(&tt, &t->nexus, &t->itl, cdb, sizeof(cdb), NO_OUT, 64);
	refused = scsi_task_parse(&tt.task) == SCSI_DONE &&
		  tt.task.status == SCSI_STATUS_CHECK_CONDITION &&
		  test_sense(&tt.task) == SENSE_INVALID_FIELD;
	if (refused)
		*ret = pointer_of(&tt.task);
	test_task_fini(&tt);
	return refused;
}

/*
 * A field of several bytes is named by its first byte; the bit of a pointer is the field's highest.
 */
static bool
names(const struct scsi_cmd *cmd, const struct pointer *p, unsigned bit)
{
	if (!p->valid || !p->in_cdb)
		return false;
	/* SEND DIAGNOSTIC: a parameter list has no format without PF */
	if (cmd->opcode == 0x1d && bit / 8 >= 3 && p->byte == 1 && p->bit == 4)
		return true;
	if (p->byte > bit / 8)
		return false;
	for (unsigned byte = p->byte; byte < bit / 8; byte++)
		if (cmd->usage[byte + 1] == 0)
			return false;
	return p->byte < bit / 8 || !p->has_bit || p->bit >= bit % 8;
}

/* For each bit of each CDB: if it makes the CDB wrong, the sense data name its field. */
static void
test_a_refusal_names_the_field(void **state)
{
	struct scsi_test *t = *state;
	unsigned refused = 0, wrong_names = 0;

	scsi_test_alua(t);
	for (size_t i = 0; i < scsi_cmd_count; i++) {
		const struct scsi_cmd *cmd = &scsi_cmds[i];
		struct pointer before = { 0 }, p = { 0 };
		bool already = is_refused(t, cmd, 0, &before);

		if (already && (!before.valid || !before.in_cdb))
			fail_msg("opcode %02x/%x: no field", cmd->opcode, cmd->action);
		for (unsigned bit = 8; bit < cmd->cdb_bytes * 8u; bit++) {
			if (is_action(cmd, bit) || !(cmd->usage[bit / 8] & 1u << bit % 8) ||
			    !is_refused(t, cmd, bit, &p) ||
			    (already && memcmp(&p, &before, sizeof(p)) == 0))
				continue;
			refused++;
			wrong_names += !names(cmd, &p, bit);
			if (!names(cmd, &p, bit))
				print_error(
					"opcode %02x/%x, byte %u, bit %u: byte %u, bit %u named\n",
					cmd->opcode, cmd->action, bit / 8, bit % 8, p.byte,
					p.has_bit ? p.bit : 8);
		}
	}
	assert_int_equal(wrong_names, 0);
	assert_true(refused > 300);
}

/* ---- Fields out of range ---- */

#define F(byte)       0xc0, 0x00, byte
#define FB(byte, bit) (uint8_t)(0xc8 | (bit)), 0x00, byte

static const struct {
	uint8_t cdb[16];
	uint8_t pointer[3];
	const char *what;
} wrong[] = {
	{ { 0x00, 0, 0, 0, 0, 0x04 }, { FB(5, 2) }, "NACA" },
	{ { 0x12, 0x02, 0, 0, 64 }, { FB(1, 1) }, "INQUIRY, CMDDT" },
	{ { 0x12, 0x00, 0x80, 0, 64 }, { F(2) }, "INQUIRY, PAGE CODE without EVPD" },
	{ { 0x12, 0x01, 0x8a, 0, 64 }, { F(2) }, "INQUIRY, power condition page" },
	{ { 0x12, 0x01, 0xb3, 0, 64 }, { F(2) }, "INQUIRY, referrals page" },
	{ { 0x1a, 0, 0x1a, 0, 64 }, { FB(2, 5) }, "MODE SENSE(6), power condition page" },
	{ { 0x1a, 0, 0x0a, 0x7e, 64 }, { F(3) }, "MODE SENSE(6), SUBPAGE CODE" },
	{ { 0x5a, 0, 0x2e, 0, 0, 0, 0, 0, 64 }, { FB(2, 5) }, "MODE SENSE(10), PAGE CODE" },
	{ { 0x1b, 0, 0, 0, 0x20 }, { FB(4, 7) }, "START STOP UNIT, IDLE" },
	{ { 0x1b, 0, 0, 0, 0x30 }, { FB(4, 7) }, "START STOP UNIT, STANDBY" },
	{ { 0x1b, 0, 0, 0, 0xa0 }, { FB(4, 7) }, "START STOP UNIT, FORCE_IDLE_0" },
	{ { 0x1b, 0, 0, 0, 0xb0 }, { FB(4, 7) }, "START STOP UNIT, FORCE_STANDBY_0" },
	{ { 0x1b, 0, 0, 0x01, 0x10 }, { FB(3, 3) }, "START STOP UNIT, POWER CONDITION MODIFIER" },
	{ { 0x1b, 0, 0, 0, 0x00 }, { FB(4, 0) }, "START STOP UNIT, START 0 of a fixed medium" },
	{ { 0x1e, 0, 0, 0, 0x02 }, { FB(4, 1) }, "PREVENT ALLOW MEDIUM REMOVAL, PREVENT 10b" },
	{ { 0x28, 0x20, 0, 0, 0, 0, 0, 0, 1 }, { FB(1, 7) }, "READ(10), RDPROTECT" },
	{ { 0x2a, 0xe0, 0, 0, 0, 0, 0, 0, 1 }, { FB(1, 7) }, "WRITE(10), WRPROTECT" },
	{ { 0x28, 0, 0, 0, 0, 0, 0, 0xff, 0xff }, { F(7) }, "READ(10), TRANSFER LENGTH" },
	{ { 0xa8, 0, 0, 0, 0, 0, 0, 1, 0, 0 }, { F(6) }, "READ(12), TRANSFER LENGTH" },
	{ { 0x88, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0 }, { F(10) }, "READ(16), TRANSFER LENGTH" },
	{ { 0x2f, 0x04, 0, 0, 0, 0, 0, 0, 1 }, { FB(1, 2) }, "VERIFY(10), BYTCHK 10b" },
	{ { 0x41, 0x10, 0, 0, 0, 0, 0, 0, 1 }, { FB(1, 4) }, "WRITE SAME(10), ANCHOR" },
	{ { 0x93, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 },
	  { FB(1, 4) },
	  "WRITE SAME(16), ANCHOR" },
	{ { 0x42, 0x01, 0, 0, 0, 0, 0, 0, 24 }, { FB(1, 0) }, "UNMAP, ANCHOR" },
	{ { 0x9c, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1 },
	  { F(10) },
	  "WRITE ATOMIC(16), BOUNDARY" },
	{ { 0x9c, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2 }, { F(12) }, "WRITE ATOMIC(16), LENGTH" },
	{ { 0x48, 0x03 }, { FB(1, 4) }, "SANITIZE, CRYPTOGRAPHIC ERASE" },
	{ { 0x48, 0x82, 0, 0, 0, 0, 0, 0, 1 }, { F(7) }, "SANITIZE, BLOCK ERASE with a list" },
	{ { 0x4d, 0, 0x02, 0, 0, 0, 0, 0, 64 }, { FB(2, 7) }, "LOG SENSE, PC" },
	{ { 0x4d, 0, 0x4d, 0, 0, 0, 0, 0, 64 }, { FB(2, 5) }, "LOG SENSE, temperature page" },
	{ { 0x4d, 0, 0x4e, 0, 0, 0, 0, 0, 64 }, { FB(2, 5) }, "LOG SENSE, start-stop page" },
	{ { 0x4d, 0, 0x42, 0x01, 0, 0, 0, 0, 64 }, { F(3) }, "LOG SENSE, SUBPAGE CODE" },
	{ { 0x4d, 0x01, 0x42, 0, 0, 0, 0, 0, 64 }, { FB(1, 0) }, "LOG SENSE, SP" },
	{ { 0x5e, 0x1e, 0, 0, 0, 0, 0, 0, 8 }, { FB(1, 4) }, "PERSISTENT RESERVE IN, action" },
	{ { 0x9e, 0x1e }, { FB(1, 4) }, "SERVICE ACTION IN(16), action" },
	{ { 0xa0, 0, 0x03, 0, 0, 0, 0, 0, 0, 64 }, { F(2) }, "REPORT LUNS, SELECT REPORT" },
	{ { 0xa3, 0x0c, 0x04, 0, 0, 0, 0, 0, 0, 64 }, { FB(2, 2) }, "REPORT … OPCODES, OPTIONS" },
	{ { 0xa3, 0x0d, 0, 0, 0, 0, 0, 0, 0, 3 },
	  { F(6) },
	  "REPORT … FUNCTIONS, ALLOCATION LENGTH" },
};

/*
 * SBC-4 and SPC-5: each of these is a CHECK CONDITION, INVALID FIELD IN CDB, that names its field.
 */
static void
test_each_field_out_of_range_is_named(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };
	unsigned others = 0;

	scsi_lu_set_capacity(t->lu, 1 << 20); /* more than one command may move */
	test_run(t, &tt, CDB(0x00), NO_OUT, 0);
	assert_sense(&tt, 0x062a09);
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		test_run(t, &tt, wrong[i].cdb, sizeof(wrong[i].cdb), NO_OUT, 64);
		if (tt.task.status != SCSI_STATUS_CHECK_CONDITION ||
		    test_sense(&tt.task) != SENSE_INVALID_FIELD ||
		    memcmp(tt.task.sense + 15, wrong[i].pointer, 3) != 0) {
			others++;
			print_error("%s: status %02x, sense %06x, %02x %02x %02x\n", wrong[i].what,
				    tt.task.status, test_sense(&tt.task), tt.task.sense[15],
				    tt.task.sense[16], tt.task.sense[17]);
		}
	}
	assert_int_equal(others, 0);
	test_task_fini(&tt);
}

/* WRITE LONG and READ LONG would break blocks on purpose, and no store here can do that. */
static void
test_what_there_is_not_is_an_invalid_opcode(void **state)
{
	static const uint8_t opcodes[] = { 0x3e, 0x3f, 0x85, 0x94, 0x95, 0x9b, 0xa1, 0xa2, 0xb5 };
	struct test_task tt = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(opcodes); i++) {
		test_run(*state, &tt, CDB(opcodes[i]), NO_OUT, 64);
		assert_sense(&tt, SENSE_INVALID_OPCODE);
	}
	/* WRITE LONG(16) and READ LONG(16); ORWRITE(32) and WRITE ATOMIC(32) */
	test_run(*state, &tt, CDB(0x9f, 0x11), NO_OUT, 64);
	assert_sense(&tt, SENSE_INVALID_OPCODE);
	test_run(*state, &tt, CDB(0x9e, 0x11), NO_OUT, 64);
	assert_sense(&tt, SENSE_INVALID_FIELD);
	for (uint8_t action = 0x0e; action <= 0x0f; action++) {
		uint8_t cdb[32] = { 0x7f, [7] = 24, [9] = action };

		test_run(*state, &tt, cdb, sizeof(cdb), NO_OUT, 64);
		assert_sense(&tt, SENSE_INVALID_FIELD);
		assert_memory_equal(tt.task.sense + 15, "\xc0\x00\x08", 3);
	}
	test_task_fini(&tt);
}

#define ON(setup, test) cmocka_unit_test_setup_teardown(test, setup, scsi_test_teardown)
#define THIN(test)      ON(scsi_test_setup, test)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		THIN(test_a_refusal_names_the_field),
		ON(scsi_test_setup_thick, test_a_refusal_names_the_field),
		THIN(test_each_field_out_of_range_is_named),
		THIN(test_what_there_is_not_is_an_invalid_opcode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
