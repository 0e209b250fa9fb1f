/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The conflict table, cell by cell: every command that the unit knows is sent by a nexus in each
 * role under each type of reservation, and whether it conflicts is compared with what SPC-5 and
 * SBC-4 (for RESERVE: SPC-2) say of that command, which this test states once more and by itself.
 */
#include "reserve_test.h"

/*
 * One row of the standards' tables: six characters, one for each column, A = allowed, C = conflict.
 */
struct rule {
	uint8_t opcode;
	int action; /* -1 = any */
	uint8_t byte4, mask4;
	/*
	 * reserved by another; Write Exclusive; Exclusive Access; types for registrants:
	 * registered; not registered, Write Exclusive; not registered, Exclusive Access
	 */
	const char *columns;
};

#define ANY      -1
#define WHATEVER 0, 0

/* clang-format off */
static const struct rule rules[] = {
	{ 0x00, ANY,  WHATEVER,   "CAAAAA" }, /* TEST UNIT READY */
	{ 0x03, ANY,  WHATEVER,   "AAAAAA" }, /* REQUEST SENSE */
	{ 0x04, ANY,  WHATEVER,   "CCCACC" }, /* FORMAT UNIT */
	{ 0x08, ANY,  WHATEVER,   "CACAAC" }, /* READ(6) */
	{ 0x0a, ANY,  WHATEVER,   "CCCACC" }, /* WRITE(6) */
	{ 0x12, ANY,  WHATEVER,   "AAAAAA" }, /* INQUIRY */
	{ 0x15, ANY,  WHATEVER,   "CCCACC" }, /* MODE SELECT(6) */
	{ 0x1a, ANY,  WHATEVER,   "CACAAC" }, /* MODE SENSE(6) */
	{ 0x1b, ANY,  0x01, 0xf1, "AAAAAA" }, /* START STOP UNIT, START 1, POWER CONDITION 0 */
	{ 0x1b, ANY,  WHATEVER,   "CCCACC" }, /* START STOP UNIT, else */
	{ 0x1c, ANY,  WHATEVER,   "CACAAC" }, /* RECEIVE DIAGNOSTIC RESULTS */
	{ 0x1d, ANY,  WHATEVER,   "CCCACC" }, /* SEND DIAGNOSTIC */
	{ 0x1e, ANY,  0x00, 0x03, "AAAAAA" }, /* PREVENT ALLOW MEDIUM REMOVAL, PREVENT 0 */
	{ 0x1e, ANY,  WHATEVER,   "CCCACC" }, /* PREVENT ALLOW MEDIUM REMOVAL, else */
	{ 0x25, ANY,  WHATEVER,   "AAAAAA" }, /* READ CAPACITY(10) */
	{ 0x28, ANY,  WHATEVER,   "CACAAC" }, /* READ(10) */
	{ 0x2a, ANY,  WHATEVER,   "CCCACC" }, /* WRITE(10) */
	{ 0x2e, ANY,  WHATEVER,   "CCCACC" }, /* WRITE AND VERIFY(10) */
	{ 0x2f, ANY,  WHATEVER,   "CACAAC" }, /* VERIFY(10) */
	{ 0x34, ANY,  WHATEVER,   "CACAAC" }, /* PRE-FETCH(10) */
	{ 0x35, ANY,  WHATEVER,   "CCCACC" }, /* SYNCHRONIZE CACHE(10) */
	{ 0x37, ANY,  WHATEVER,   "CACAAC" }, /* READ DEFECT DATA(10) */
	{ 0x3b, ANY,  WHATEVER,   "CCCACC" }, /* WRITE BUFFER */
	{ 0x3c, ANY,  WHATEVER,   "CACAAC" }, /* READ BUFFER */
	{ 0x41, ANY,  WHATEVER,   "CCCACC" }, /* WRITE SAME(10) */
	{ 0x42, ANY,  WHATEVER,   "CCCACC" }, /* UNMAP */
	{ 0x48, ANY,  WHATEVER,   "CCCACC" }, /* SANITIZE */
	{ 0x4c, ANY,  WHATEVER,   "CCCACC" }, /* LOG SELECT */
	{ 0x4d, ANY,  WHATEVER,   "AAAAAA" }, /* LOG SENSE */
	{ 0x55, ANY,  WHATEVER,   "CCCACC" }, /* MODE SELECT(10) */
	{ 0x5a, ANY,  WHATEVER,   "CACAAC" }, /* MODE SENSE(10) */
	{ 0x7f, 0x09, WHATEVER,   "CACAAC" }, /* READ(32) */
	{ 0x7f, 0x0a, WHATEVER,   "CACAAC" }, /* VERIFY(32) */
	{ 0x7f, 0x0b, WHATEVER,   "CCCACC" }, /* WRITE(32) */
	{ 0x7f, 0x0c, WHATEVER,   "CCCACC" }, /* WRITE AND VERIFY(32) */
	{ 0x7f, 0x0d, WHATEVER,   "CCCACC" }, /* WRITE SAME(32) */
	{ 0x83, 0x10, WHATEVER,   "CACAAC" }, /* POPULATE TOKEN */
	{ 0x83, ANY,  WHATEVER,   "CCCACC" }, /* EXTENDED COPY, WRITE USING TOKEN, COPY OPERATION ABORT */
	{ 0x84, 0x03, WHATEVER,   "AAAAAA" }, /* RECEIVE COPY OPERATING PARAMETERS */
	{ 0x84, 0x05, WHATEVER,   "CAAAAA" }, /* RECEIVE COPY STATUS(LID4) */
	{ 0x84, 0x07, WHATEVER,   "CAAAAA" }, /* RECEIVE ROD TOKEN INFORMATION */
	{ 0x84, 0x08, WHATEVER,   "CAAAAA" }, /* REPORT ALL ROD TOKENS */
	{ 0x84, ANY,  WHATEVER,   "CCCACC" }, /* RECEIVE COPY STATUS, DATA, FAILURE DETAILS */
	{ 0x88, ANY,  WHATEVER,   "CACAAC" }, /* READ(16) */
	{ 0x89, ANY,  WHATEVER,   "CCCACC" }, /* COMPARE AND WRITE */
	{ 0x8a, ANY,  WHATEVER,   "CCCACC" }, /* WRITE(16) */
	{ 0x8b, ANY,  WHATEVER,   "CCCACC" }, /* ORWRITE(16) */
	{ 0x8e, ANY,  WHATEVER,   "CCCACC" }, /* WRITE AND VERIFY(16) */
	{ 0x8f, ANY,  WHATEVER,   "CACAAC" }, /* VERIFY(16) */
	{ 0x90, ANY,  WHATEVER,   "CACAAC" }, /* PRE-FETCH(16) */
	{ 0x91, ANY,  WHATEVER,   "CCCACC" }, /* SYNCHRONIZE CACHE(16) */
	{ 0x93, ANY,  WHATEVER,   "CCCACC" }, /* WRITE SAME(16) */
	{ 0x9c, ANY,  WHATEVER,   "CCCACC" }, /* WRITE ATOMIC(16) */
	{ 0x9e, 0x10, WHATEVER,   "AAAAAA" }, /* READ CAPACITY(16) */
	{ 0x9e, 0x12, WHATEVER,   "CACAAC" }, /* GET LBA STATUS */
	{ 0xa0, ANY,  WHATEVER,   "AAAAAA" }, /* REPORT LUNS */
	{ 0xa3, 0x05, WHATEVER,   "CAAAAA" }, /* REPORT IDENTIFYING INFORMATION */
	{ 0xa3, 0x0a, WHATEVER,   "CAAAAA" }, /* REPORT TARGET PORT GROUPS */
	{ 0xa3, 0x0c, WHATEVER,   "CACAAC" }, /* REPORT SUPPORTED OPERATION CODES */
	{ 0xa3, 0x0d, WHATEVER,   "CACAAC" }, /* REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS */
	{ 0xa3, 0x0f, WHATEVER,   "CAAAAA" }, /* REPORT TIMESTAMP */
	{ 0xa4, 0x06, WHATEVER,   "CCCACC" }, /* SET IDENTIFYING INFORMATION */
	{ 0xa4, 0x0a, WHATEVER,   "CCCACC" }, /* SET TARGET PORT GROUPS */
	{ 0xa4, 0x0f, WHATEVER,   "CCCACC" }, /* SET TIMESTAMP */
	{ 0xab, 0x01, WHATEVER,   "CAAAAA" }, /* READ MEDIA SERIAL NUMBER */
	{ 0xa8, ANY,  WHATEVER,   "CACAAC" }, /* READ(12) */
	{ 0xaa, ANY,  WHATEVER,   "CCCACC" }, /* WRITE(12) */
	{ 0xae, ANY,  WHATEVER,   "CCCACC" }, /* WRITE AND VERIFY(12) */
	{ 0xaf, ANY,  WHATEVER,   "CACAAC" }, /* VERIFY(12) */
	{ 0xb7, ANY,  WHATEVER,   "CACAAC" }, /* READ DEFECT DATA(12) */
	/* Those that manage reservations; PERSISTENT RESERVE OUT is in test_reserve.c. */
	{ 0x16, ANY,  WHATEVER,   "CCCACC" }, /* RESERVE(6): GOOD without effect for registrants */
	{ 0x17, ANY,  WHATEVER,   "ACCACC" }, /* RELEASE(6) */
	{ 0x56, ANY,  WHATEVER,   "CCCACC" }, /* RESERVE(10) */
	{ 0x57, ANY,  WHATEVER,   "ACCACC" }, /* RELEASE(10) */
	{ 0x5e, ANY,  WHATEVER,   "CAAAAA" }, /* PERSISTENT RESERVE IN */
};
/* clang-format on */

static const struct rule *
rule_for(const uint8_t *cdb, uint16_t action)
{
	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		if (rules[i].opcode == cdb[0] &&
		    (rules[i].action == ANY || rules[i].action == (int)action) &&
		    (cdb[4] & rules[i].mask4) == rules[i].byte4)
			return &rules[i];
	return NULL;
}

/* Which column of a rule the roles are; ' ' = always allowed. */
static char
column_of(const struct rule *rule, uint8_t type, bool registered)
{
	switch ((enum scsi_reserve_type)type) {
	case SCSI_RESERVE_WE:
		return rule->columns[1];
	case SCSI_RESERVE_EA:
		return rule->columns[2];
	case SCSI_RESERVE_WE_RO:
	case SCSI_RESERVE_WE_AR:
		return registered ? rule->columns[3] : rule->columns[4];
	case SCSI_RESERVE_EA_RO:
	case SCSI_RESERVE_EA_AR:
		return registered ? rule->columns[3] : rule->columns[5];
	case SCSI_RESERVE_NONE:
		break;
	}
	return 'A';
}

static void
send(struct hosts *h, unsigned host, const uint8_t *cdb, const struct scsi_cmd *cmd, char expected)
{
	uint8_t data[1024] = { 0 };
	bool conflict = run(h, host, cdb, cmd->cdb_bytes, data, sizeof(data), 1024) == CONFLICT;

	if (conflict != (expected == 'C'))
		fail_msg("opcode %02xh action %u byte 4 %02xh from host %u: %s, expected %c",
			 cdb[0], cmd->action, cdb[4], host, conflict ? "conflict" : "allowed",
			 expected);
}

/* Calls `send` for each command, and for the commands whose CDB decides with both kinds of CDB. */
static void
send_all(struct hosts *h, unsigned host, bool old, uint8_t type, bool registered, bool holder)
{
	for (size_t i = 0; i < scsi_cmd_count; i++) {
		const struct scsi_cmd *cmd = &scsi_cmds[i];
		unsigned variants = cmd->opcode == 0x1b ? 4 : cmd->opcode == 0x1e ? 2 : 1;

		if (cmd->opcode == 0x5f || cmd->opcode == 0x16 || cmd->opcode == 0x17 ||
		    cmd->opcode == 0x56 || cmd->opcode == 0x57)
			continue;
		for (unsigned v = 0; v < variants; v++) {
			static const uint8_t byte4[4] = { 0x00, 0x01, 0x11, 0x10 };
			uint8_t cdb[SCSI_CDB_BYTES];
			const struct rule *rule;

			test_cdb(cmd, cdb);
			if (variants > 1)
				cdb[4] = byte4[v];
			/* what would change all of the medium is refused for a reserved field */
			if (cmd->flags & CMD_JOB)
				cdb[cmd->opcode == 0x04 ? 4 : 2] = 1;
			rule = rule_for(cdb, cmd->action);
			if (rule == NULL)
				fail_msg("opcode %02xh has no rule in this test", cmd->opcode);
			send(h, host, cdb, cmd,
			     old      ? rule->columns[0]
			     : holder ? 'A'
				      : column_of(rule, type, registered));
		}
	}
}

static const uint8_t types[] = { SCSI_RESERVE_WE,    SCSI_RESERVE_EA,    SCSI_RESERVE_WE_RO,
				 SCSI_RESERVE_EA_RO, SCSI_RESERVE_WE_AR, SCSI_RESERVE_EA_AR };

/* A holds the reservation, B is registered, C is not. */
static void
test_every_cell_of_persistent_reservations(void **state)
{
	struct hosts *h = *state;

	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		join(h, A, KEY_A);
		join(h, B, KEY_B);
		hold(h, A, KEY_A, types[i]);
		send_all(h, A, false, types[i], true, true);
		send_all(h, B, false, types[i], true, types[i] >= SCSI_RESERVE_WE_AR);
		send_all(h, C, false, types[i], false, false);
		assert_int_equal(OUT(h, A, PROUT_CLEAR, .key = KEY_A), GOOD);
		assert_int_equal(attention(h, B), UA_RESERVATIONS_PREEMPTED);
		send_all(h, C, false, SCSI_RESERVE_NONE, false, false);
	}
}

/* Registered keys without a reservation hold nobody up. */
static void
test_registrations_alone_conflict_with_nothing(void **state)
{
	struct hosts *h = *state;

	join(h, A, KEY_A);
	send_all(h, A, false, SCSI_RESERVE_NONE, true, false);
	send_all(h, B, false, SCSI_RESERVE_NONE, false, false);
}

static void
send_old(struct hosts *h, unsigned host, const char *expected)
{
	static const uint8_t opcodes[4][10] = { { 0x17 }, { 0x57 }, { 0x16 }, { 0x56 } };

	for (size_t i = 0; i < 4; i++)
		assert_int_equal(run(h, host, opcodes[i], opcodes[i][0] < 0x20 ? 6 : 10, NO_OUT, 0),
				 expected[i] == 'C' ? CONFLICT : GOOD);
}

static void
test_every_cell_of_reserve(void **state)
{
	struct hosts *h = *state;

	assert_int_equal(run(h, A, CDB(0x16, 0, 0, 0, 0, 0), NO_OUT, 0), GOOD);
	send_all(h, B, true, 0, false, false);
	send_old(h, B, "AACC");
	for (size_t i = 0; i < scsi_cmd_count; i++)
		if (scsi_cmds[i].opcode == 0x5f)
			for (unsigned host = A; host <= B; host++)
				assert_int_equal(
					out(h, host,
					    &(struct out){ .action = (uint8_t)scsi_cmds[i].action,
							   .action_key = KEY_A }),
					CONFLICT);
	send_old(h, A, "AAAA");
	assert_int_equal(run(h, A, CDB(0x17, 0, 0, 0, 0, 0), NO_OUT, 0), GOOD);
	send_old(h, B, "AAAA");
	send_old(h, A, "AACC");
}

/* CRH, and SPC-2's conflict of RESERVE with registered keys. */
static void
test_reserve_and_release_beside_persistent_reservations(void **state)
{
	struct hosts *h = *state;

	join(h, A, KEY_A);
	send_old(h, A, "CCCC");
	send_old(h, C, "CCCC");
	join(h, B, KEY_B);
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		hold(h, A, KEY_A, types[i]);
		send_old(h, A, "AAAA");
		send_old(h, B, types[i] >= SCSI_RESERVE_WE_RO ? "AAAA" : "CCCC");
		send_old(h, C, "CCCC");
		assert_int_equal(OUT(h, A, PROUT_RELEASE, .type = types[i], .key = KEY_A), GOOD);
		(void)attention(h, B);
	}
	assert_int_equal(OUT(h, A, PROUT_CLEAR, .key = KEY_A), GOOD);
	(void)attention(h, B);
	send_old(h, C, "AAAA"); /* nothing of the earlier ones was kept */
}

static void
test_the_rules_of_this_test_name_only_commands_that_there_are(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
		bool known = false;

		scsi_cmd_find((const uint8_t[16]){ rules[i].opcode }, &known);
		assert_true(known);
		assert_int_equal(strlen(rules[i].columns), 6);
	}
}

static void
test_reserve_ends_with_its_nexus_a_reset_or_release(void **state)
{
	struct hosts *h = *state;

	assert_int_equal(run(h, B, CDB(0x56, 0, 0, 0, 0, 0, 0, 0, 0, 0), NO_OUT, 0), GOOD);
	assert_int_equal(attention(h, A), 0);
	assert_int_equal(h->tt.task.status, CONFLICT);
	scsi_lu_reset(h->t->lu, NULL);
	assert_int_equal(attention(h, A), 0x062903);
	assert_int_equal(run(h, A, CDB(0, 0, 0, 0, 0, 0), NO_OUT, 0), GOOD);
	assert_int_equal(attention(h, B), 0x062903);
	assert_int_equal(run(h, B, CDB(0x16, 0, 0, 0, 0, 0), NO_OUT, 0), GOOD);
	test_task_fini(&h->tt);
	scsi_itl_fini(h->host[B].itl);
	assert_int_equal(run(h, A, CDB(0, 0, 0, 0, 0, 0), NO_OUT, 0), GOOD);
	scsi_itl_init(h->host[B].itl, h->host[B].nexus, h->t->lu, 0);
}

static void
test_third_parties_and_extents_are_refused(void **state)
{
	static const uint8_t bad[][2] = { { 0x16, 0x10 }, { 0x16, 0x01 }, { 0x17, 0x10 },
					  { 0x17, 0x01 }, { 0x56, 0x10 }, { 0x56, 0x02 },
					  { 0x57, 0x01 }, { 0x57, 0x02 } };
	struct hosts *h = *state;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		run(h, A, CDB(bad[i][0], bad[i][1], 0, 0, 0, 0, 0, 0, 0, 0), NO_OUT, 0);
		assert_sense(&h->tt, SENSE_INVALID_FIELD);
	}
	assert_int_equal(attention(h, B), 0);
}

/* Parsed before the reservation, its data comes after: it must not write any more. */
static void
test_a_write_that_collects_data_meets_a_reservation_made_meanwhile(void **state)
{
	struct hosts *h = *state;
	struct test_task write;
	uint8_t block[512] = { 1 };

	test_task_init(&write, h->host[C].nexus, h->host[C].itl,
		       CDB(0x2a, 0, 0, 0, 0, 9, 0, 0, 1, 0), block, sizeof(block), 0);
	assert_int_equal(scsi_task_parse(&write.task), SCSI_GO);
	join(h, A, KEY_A);
	hold(h, A, KEY_A, SCSI_RESERVE_WE_RO);
	write.out_iov[0].iov_len = 512;
	write.task.out_iov = write.out_iov;
	write.task.out_iov_count = 1;
	write.task.out_bytes = 512;
	assert_int_equal(scsi_task_execute(&write.task), SCSI_DONE);
	assert_int_equal(write.task.status, CONFLICT);
	assert_int_equal(h->t->dev->count[BLK_WRITE], 0);
	test_task_fini(&write);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, hosts_setup, hosts_teardown)
		T(test_every_cell_of_persistent_reservations),
		T(test_registrations_alone_conflict_with_nothing),
		T(test_every_cell_of_reserve),
		T(test_reserve_and_release_beside_persistent_reservations),
		T(test_the_rules_of_this_test_name_only_commands_that_there_are),
		T(test_reserve_ends_with_its_nexus_a_reset_or_release),
		T(test_third_parties_and_extents_are_refused),
		T(test_a_write_that_collects_data_meets_a_reservation_made_meanwhile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
