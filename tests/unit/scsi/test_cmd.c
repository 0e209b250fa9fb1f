/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of the command table, and of the commands that report commands, LUNs, sense data and unit
 * attentions.
 */
#include "scsi_test.h"

#include <errno.h>
#include <stdlib.h>

#define MAINTENANCE_IN_RSOC(options, opcode, action) \
	0xa3, 0x0c, options, opcode, 0, action, 0, 0, 0xff, 0xff, 0, 0

static void
test_table_is_sorted_without_doubles(void **state)
{
	(void)state;
	for (size_t i = 1; i < scsi_cmd_count; i++) {
		const struct scsi_cmd *a = &scsi_cmds[i - 1], *b = &scsi_cmds[i];

		assert_true(a->opcode < b->opcode ||
			    (a->opcode == b->opcode && a->action < b->action));
		if (a->opcode == b->opcode)
			assert_true(a->action != SCSI_NO_ACTION && b->action != SCSI_NO_ACTION);
	}
}

static void
test_every_row_is_complete_and_found(void **state)
{
	static const uint8_t group_bytes[8] = { 6, 10, 10, 32, 16, 12, 0, 0 };
	uint8_t cdb[SCSI_CDB_BYTES];

	(void)state;
	for (size_t i = 0; i < scsi_cmd_count; i++) {
		const struct scsi_cmd *cmd = &scsi_cmds[i];
		bool known = false;

		test_cdb(cmd, cdb);
		assert_ptr_equal(scsi_cmd_find(cdb, &known), cmd);
		assert_true(known);
		assert_non_null(cmd->parse);
		assert_non_null(cmd->execute);
		assert_int_equal(cmd->cdb_bytes, group_bytes[cmd->opcode >> 5]);
		assert_true(!(cmd->flags & CMD_ATOMIC) || (cmd->flags & CMD_RANGE));
	}
}

static void
test_usage_data_is_the_opcode_the_action_and_only_the_cdb(void **state)
{
	(void)state;
	for (size_t i = 0; i < scsi_cmd_count; i++) {
		const struct scsi_cmd *cmd = &scsi_cmds[i];

		assert_int_equal(cmd->usage[0], cmd->opcode);
		if (cmd->opcode == SCSI_LONG_CDB)
			assert_int_equal(get_be16(cmd->usage + 8), cmd->action);
		else if (cmd->action != SCSI_NO_ACTION)
			assert_int_equal(cmd->usage[1] & 0x1f, cmd->action);
		assert_true(
			test_all(cmd->usage + cmd->cdb_bytes, SCSI_CDB_BYTES - cmd->cdb_bytes, 0));
		assert_int_equal(cmd->usage[cmd->opcode == SCSI_LONG_CDB ? 1 : cmd->cdb_bytes - 1],
				 0x04);
	}
}

static bool
is_action(const struct scsi_cmd *cmd, unsigned bit)
{
	if (cmd->opcode == SCSI_LONG_CDB)
		return bit / 8 == 8 || bit / 8 == 9;
	return bit / 8 == 1 && cmd->action != SCSI_NO_ACTION && bit % 8 < 5;
}

/* What the usage data calls unused has no influence on what parse says. */
static void
test_bits_outside_the_usage_data_are_not_looked_at(void **state)
{
	struct scsi_test *t = *state;

	for (size_t i = 0; i < scsi_cmd_count; i++) {
		const struct scsi_cmd *cmd = &scsi_cmds[i];

		for (unsigned bit = 8; bit < cmd->cdb_bytes * 8u; bit++) {
			uint8_t cdb[SCSI_CDB_BYTES];
			struct test_task plain, with;

			if (cmd->usage[bit / 8] & 1u << bit % 8 || is_action(cmd, bit))
				continue;
			test_cdb(cmd, cdb);
			test_task_init(&plain, &t->nexus, &t->itl, cdb, sizeof(cdb), NO_OUT, 64);
			cdb[bit / 8] |= (uint8_t)(1u << bit % 8);
			test_task_init(&with, &t->nexus, &t->itl, cdb, sizeof(cdb), NO_OUT, 64);
			assert_int_equal(scsi_task_parse(&plain.task), scsi_task_parse(&with.task));
			assert_int_equal(test_sense(&plain.task), test_sense(&with.task));
			assert_int_equal(plain.task.in_needed_bytes, with.task.in_needed_bytes);
			assert_int_equal(plain.task.lba, with.task.lba);
			assert_int_equal(plain.task.count_blocks, with.task.count_blocks);
			test_task_fini(&plain);
			test_task_fini(&with);
		}
	}
}

static void
test_every_other_opcode_is_invalid(void **state)
{
	struct test_task tt = { 0 };

	for (unsigned opcode = 0; opcode < 256; opcode++) {
		bool known = false;

		scsi_cmd_find((const uint8_t[16]){ (uint8_t)opcode, 0x1e }, &known);
		if (known)
			continue;
		test_run(*state, &tt, CDB((uint8_t)opcode), NO_OUT, 64);
		assert_sense(&tt, SENSE_INVALID_OPCODE);
	}
	test_run(*state, &tt, CDB(0x9e, 0x1e), NO_OUT, 64);
	assert_sense(&tt, SENSE_INVALID_FIELD);
	test_task_fini(&tt);
}

static void
test_naca_is_refused(void **state)
{
	struct test_task tt = { 0 };

	test_run(*state, &tt, CDB(0x00, 0, 0, 0, 0, 0x04), NO_OUT, 0);
	assert_sense(&tt, SENSE_INVALID_FIELD);
	test_task_fini(&tt);
}

static void
test_all_commands_are_reported(void **state)
{
	struct test_task tt = { 0 };

	scsi_test_alua(*state);
	assert_int_equal(test_run(*state, &tt, CDB(MAINTENANCE_IN_RSOC(0, 0, 0)), NO_OUT, 65535),
			 0);
	assert_int_equal(get_be32(tt.in), scsi_cmd_count * 8);
	assert_int_equal(tt.task.in_bytes, 4 + scsi_cmd_count * 8);
	for (size_t i = 0; i < scsi_cmd_count; i++) {
		const uint8_t *p = tt.in + 4 + 8 * i;
		bool actions = scsi_cmds[i].action != SCSI_NO_ACTION;

		assert_int_equal(p[0], scsi_cmds[i].opcode);
		assert_int_equal(get_be16(p + 2), actions ? scsi_cmds[i].action : 0);
		assert_int_equal(p[5], actions);
		assert_int_equal(get_be16(p + 6), scsi_cmds[i].cdb_bytes);
	}
	test_task_fini(&tt);
}

static void
test_timeout_descriptors_are_given_when_asked_for(void **state)
{
	struct test_task tt = { 0 };

	scsi_test_alua(*state);
	assert_int_equal(test_run(*state, &tt, CDB(MAINTENANCE_IN_RSOC(0x80, 0, 0)), NO_OUT, 65535),
			 0);
	assert_int_equal(get_be32(tt.in), scsi_cmd_count * 20);
	assert_int_equal(tt.in[4 + 5], 0x02);
	assert_int_equal(get_be16(tt.in + 12), 0x0a);
	assert_int_equal(
		test_run(*state, &tt, CDB(MAINTENANCE_IN_RSOC(0x81, 0x28, 0)), NO_OUT, 65535), 0);
	assert_int_equal(tt.in[1], 0x83);
	assert_int_equal(tt.task.in_bytes, 4 + 10 + 12);
	test_task_fini(&tt);
}

static void
test_each_command_can_be_asked_for_alone(void **state)
{
	struct test_task tt = { 0 };

	scsi_test_alua(*state);
	for (size_t i = 0; i < scsi_cmd_count; i++) {
		const struct scsi_cmd *cmd = &scsi_cmds[i];
		bool actions = cmd->action != SCSI_NO_ACTION;
		uint8_t action = actions ? (uint8_t)cmd->action : 0;

		test_run(*state, &tt,
			 CDB(MAINTENANCE_IN_RSOC(actions ? 2 : 1, cmd->opcode, action)), NO_OUT,
			 65535);
		assert_int_equal(tt.task.status, 0);
		assert_int_equal(tt.in[1], 3);
		assert_int_equal(get_be16(tt.in + 2), cmd->cdb_bytes);
		assert_memory_equal(tt.in + 4, cmd->usage, cmd->cdb_bytes);
		test_run(*state, &tt, CDB(MAINTENANCE_IN_RSOC(3, cmd->opcode, action)), NO_OUT,
			 65535);
		assert_int_equal(tt.in[1], 3);
		test_run(*state, &tt,
			 CDB(MAINTENANCE_IN_RSOC(actions ? 1 : 2, cmd->opcode, action)), NO_OUT,
			 65535);
		assert_sense(&tt, SENSE_INVALID_FIELD);
	}
	test_task_fini(&tt);
}

static void
test_an_unknown_command_is_reported_as_not_supported(void **state)
{
	struct test_task tt = { 0 };

	assert_int_equal(test_run(*state, &tt, CDB(MAINTENANCE_IN_RSOC(1, 0x5d, 0)), NO_OUT, 65535),
			 0);
	assert_memory_equal(tt.in, "\x00\x01\x00\x00", 4);
	assert_int_equal(
		test_run(*state, &tt, CDB(MAINTENANCE_IN_RSOC(3, 0x9e, 0x1e)), NO_OUT, 65535), 0);
	assert_int_equal(tt.in[1], 1);
	test_run(*state, &tt, CDB(MAINTENANCE_IN_RSOC(4, 0, 0)), NO_OUT, 65535);
	assert_sense(&tt, SENSE_INVALID_FIELD);
	test_task_fini(&tt);
}

static void
test_thick_unit_neither_reports_nor_knows_unmap(void **state)
{
	struct test_task tt = { 0 };

	scsi_test_alua(*state);
	assert_int_equal(test_run(*state, &tt, CDB(MAINTENANCE_IN_RSOC(0, 0, 0)), NO_OUT, 65535),
			 0);
	assert_int_equal(get_be32(tt.in), (scsi_cmd_count - 2) * 8);
	test_run(*state, &tt, CDB(0x42, 0, 0, 0, 0, 0, 0, 0, 24, 0), "012345678901234567890123", 24,
		 0);
	assert_sense(&tt, SENSE_INVALID_OPCODE);
	/* SANITIZE is there, but not with BLOCK ERASE */
	test_run(*state, &tt, CDB(0x48, 0x02, 0, 0, 0, 0, 0, 0, 0, 0), NO_OUT, 0);
	assert_sense(&tt, SENSE_INVALID_FIELD);
	assert_memory_equal(tt.task.sense + 15, "\xcc\x00\x01", 3);
	test_task_fini(&tt);
}

static void
test_task_management_functions_are_reported(void **state)
{
	struct test_task tt = { 0 };

	assert_int_equal(
		test_run(*state, &tt, CDB(0xa3, 0x0d, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0), NO_OUT, 4), 0);
	assert_memory_equal(tt.in, "\xd8\x00\x00\x00", 4);
	assert_int_equal(test_run(*state, &tt, CDB(0xa3, 0x0d, 0x80, 0, 0, 0, 0, 0, 0, 255, 0, 0),
				  NO_OUT, 255),
			 0);
	assert_int_equal(tt.task.in_bytes, 16);
	test_run(*state, &tt, CDB(0xa3, 0x0d, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0), NO_OUT, 4);
	assert_sense(&tt, SENSE_INVALID_FIELD);
	test_task_fini(&tt);
}

/* ---- LUNs ---- */

static void
test_lun_fields_survive_both_ways(void **state)
{
	uint8_t field[8];

	(void)state;
	for (unsigned lun = 0; lun <= SCSI_LUN_MAX; lun++) {
		scsi_lun_encode((uint16_t)lun, field);
		assert_int_equal(field[0] >> 6, lun < 256 ? 0 : 1);
		assert_int_equal(scsi_lun_decode(field), lun);
	}
	assert_int_equal(scsi_lun_decode((const uint8_t[8]){ 0x40, 5 }), 5);
	assert_int_equal(scsi_lun_decode((const uint8_t[8]){ 0x01, 5 }), ERR_NOT_FOUND);
	assert_int_equal(scsi_lun_decode((const uint8_t[8]){ 0x00, 5, 1 }), ERR_NOT_FOUND);
	assert_int_equal(scsi_lun_decode((const uint8_t[8]){ 0xc1, 1 }), ERR_NOT_FOUND);
}

static void
test_report_luns_lists_what_the_host_has(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };

	for (unsigned i = 0; i < 300; i++)
		t->luns[i] = (uint16_t)(i * 3);
	t->lun_count = 300;
	assert_int_equal(
		test_run(t, &tt, CDB(0xa0, 0, 0, 0, 0, 0, 0, 0, 0x40, 0, 0, 0), NO_OUT, 0x4000), 0);
	assert_int_equal(tt.task.in_bytes, 8 + 8 * 300);
	assert_int_equal(get_be32(tt.in), 8 * 300);
	for (unsigned i = 0; i < 300; i++)
		assert_int_equal(scsi_lun_decode(tt.in + 8 + 8 * i), i * 3);
	/* Cut in the middle of an entry; the length field stays. */
	assert_int_equal(test_run(t, &tt, CDB(0xa0, 0, 2, 0, 0, 0, 0, 0, 0, 20, 0, 0), NO_OUT, 20),
			 0);
	assert_int_equal(tt.task.in_bytes, 20);
	assert_int_equal(get_be32(tt.in), 8 * 300);
	test_task_fini(&tt);
}

static void
test_report_luns_without_any_is_an_empty_list(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt;

	t->lun_count = 0;
	test_task_init(&tt, &t->nexus, NULL, CDB(0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 64, 0, 0), NO_OUT,
		       64);
	assert_int_equal(test_start(&tt), SCSI_DONE);
	assert_int_equal(tt.task.status, 0);
	assert_int_equal(tt.task.in_bytes, 8);
	assert_true(test_all(tt.in, 8, 0));
	test_task_fini(&tt);
}

static void
test_report_luns_selections(void **state)
{
	struct test_task tt = { 0 };

	assert_int_equal(
		test_run(*state, &tt, CDB(0xa0, 0, 1, 0, 0, 0, 0, 0, 0, 16, 0, 0), NO_OUT, 16), 0);
	assert_int_equal(tt.task.in_bytes, 8);
	test_run(*state, &tt, CDB(0xa0, 0, 3, 0, 0, 0, 0, 0, 0, 16, 0, 0), NO_OUT, 16);
	assert_sense(&tt, SENSE_INVALID_FIELD);
	test_run(*state, &tt, CDB(0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 15, 0, 0), NO_OUT, 16);
	assert_sense(&tt, SENSE_INVALID_FIELD);
	test_task_fini(&tt);
}

static void
test_without_a_unit_only_three_commands_answer(void **state)
{
	struct scsi_test *t = *state;

	for (size_t i = 0; i < scsi_cmd_count; i++) {
		const struct scsi_cmd *cmd = &scsi_cmds[i];
		uint8_t cdb[16] = { cmd->opcode,
				    cmd->action == SCSI_NO_ACTION ? 0 : (uint8_t)cmd->action };
		struct test_task tt;

		if (cmd->opcode == 0xa0)
			cdb[9] = 16;
		test_task_init(&tt, &t->nexus, NULL, cdb, sizeof(cdb), NO_OUT, 64);
		assert_int_equal(test_start(&tt), SCSI_DONE);
		if (cmd->opcode == 0x12 || cmd->opcode == 0x03 || cmd->opcode == 0xa0)
			assert_int_equal(tt.task.status, 0);
		else
			assert_sense(&tt, SENSE_INVALID_UNIT);
		test_task_fini(&tt);
	}
}

/* ---- Sense and unit attentions ---- */

static void
test_request_sense_has_nothing_to_say(void **state)
{
	struct test_task tt = { 0 };
	static const uint8_t fixed[18] = { 0x70, 0, 0, 0, 0, 0, 0, 10 };

	assert_int_equal(test_run(*state, &tt, CDB(0x03, 0, 0, 0, 252, 0), NO_OUT, 252), 0);
	assert_int_equal(tt.task.in_bytes, 18);
	assert_memory_equal(tt.in, fixed, 18);
	assert_int_equal(test_run(*state, &tt, CDB(0x03, 1, 0, 0, 252, 0), NO_OUT, 252), 0);
	assert_int_equal(tt.task.in_bytes, 8);
	assert_int_equal(tt.in[0], 0x72);
	test_task_fini(&tt);
}

static void
test_request_sense_without_a_unit_says_so_as_data(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt;

	test_task_init(&tt, &t->nexus, NULL, CDB(0x03, 0, 0, 0, 18, 0), NO_OUT, 18);
	assert_int_equal(test_start(&tt), SCSI_DONE);
	assert_int_equal(tt.task.status, 0);
	assert_int_equal(tt.in[2], 5);
	assert_int_equal(tt.in[12], 0x25);
	test_task_fini(&tt);
}

static void
test_attentions_come_once_each_in_order_of_precedence(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };

	scsi_lu_raise(t->lu, SCSI_UA_MODE, NULL);
	scsi_lu_set_capacity(t->lu, TEST_BLOCKS);
	scsi_nexus_luns_changed(&t->nexus);
	t->itl.pending |= 1u << SCSI_UA_POWER_ON;
	t->itl.pending |= 1u << SCSI_UA_NEXUS_LOSS;
	test_run(t, &tt, CDB(0x00), NO_OUT, 0);
	assert_sense(&tt, 0x062900);
	test_run(t, &tt, CDB(0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0), NO_OUT, 512);
	assert_sense(&tt, 0x063f0e);
	test_run(t, &tt, CDB(0x00), NO_OUT, 0);
	assert_sense(&tt, 0x062a09);
	test_run(t, &tt, CDB(0xff), NO_OUT, 0);
	assert_sense(&tt, 0x062a01);
	assert_int_equal(test_run(t, &tt, CDB(0x00), NO_OUT, 0), 0);
	test_task_fini(&tt);
}

static void
test_inquiry_report_luns_and_request_sense_pass_attentions(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };

	t->itl.pending |= 1u << SCSI_UA_CAPACITY;
	assert_int_equal(test_run(t, &tt, CDB(0x12, 0, 0, 0, 96, 0), NO_OUT, 96), 0);
	assert_int_equal(test_run(t, &tt, CDB(0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0), NO_OUT, 16),
			 0);
	assert_int_equal(test_run(t, &tt, CDB(0x03, 0, 0, 0, 18, 0), NO_OUT, 18), 0);
	assert_int_equal(tt.in[2], 6);
	assert_memory_equal(tt.in + 12, "\x2a\x09", 2);
	assert_int_equal(test_run(t, &tt, CDB(0x00), NO_OUT, 0), 0);
	test_task_fini(&tt);
}

static void
test_report_luns_takes_the_attention_off_all_units_of_the_nexus(void **state)
{
	struct scsi_test *t = *state;
	struct scsi_itl second;
	struct test_task tt = { 0 };

	scsi_itl_init(&second, &t->nexus, t->lu, 0);
	scsi_nexus_luns_changed(&t->nexus);
	assert_true(scsi_ua_pending(&second)); /* noticed, not yet reported */
	assert_int_equal(test_run(t, &tt, CDB(0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0), NO_OUT, 16),
			 0);
	assert_int_equal(test_run(t, &tt, CDB(0x00), NO_OUT, 0), 0);
	assert_false(scsi_ua_pending(&second));
	scsi_nexus_luns_changed(&t->nexus);
	assert_true(scsi_ua_pending(&second));
	scsi_itl_fini(&second);
	test_task_fini(&tt);
}

static void
test_a_raise_reaches_every_nexus_but_its_cause(void **state)
{
	struct scsi_test *t = *state;
	struct scsi_nexus nexus;
	struct scsi_itl other;

	scsi_test_nexus(t, &nexus, &other);
	scsi_lu_raise(t->lu, SCSI_UA_MODE, &t->itl);
	assert_false(scsi_ua_pending(&t->itl));
	assert_true(scsi_ua_pending(&other));
	assert_int_equal(scsi_ua_take(&other), SCSI_UA_MODE);
	assert_int_equal(scsi_ua_take(&other), SCSI_UA_COUNT);
	scsi_itl_fini(&other);
}

static void
test_extend_is_seen_at_once(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };

	assert_int_equal(blk_resize(&t->dev->dev, (TEST_BLOCKS + 64) * 512), 0);
	scsi_lu_set_capacity(t->lu, TEST_BLOCKS + 64);
	test_run(t, &tt, CDB(0x00), NO_OUT, 0);
	assert_sense(&tt, 0x062a09);
	assert_int_equal(test_run(t, &tt, CDB(0x25), NO_OUT, 8), 0);
	assert_int_equal(get_be32(tt.in), TEST_BLOCKS + 63);
	assert_int_equal(test_run(t, &tt, CDB(0x28, 0, 0, 0, 8, 63, 0, 0, 1, 0), NO_OUT, 512), 0);
	test_task_fini(&tt);
}

static void
test_states_other_than_online_are_told_in_sense(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };

	scsi_lu_set_offline(t->lu, true);
	test_run(t, &tt, CDB(0x00), NO_OUT, 0);
	assert_sense(&tt, 0x020403);
	assert_int_equal(test_run(t, &tt, CDB(0x12, 0, 0, 0, 96, 0), NO_OUT, 96), 0);
	/* what is offline stays so whatever becomes of its device */
	blk_fail(&t->dev->dev, -EIO, "test");
	assert_int_equal(scsi_lu_state(t->lu), SCSI_LU_OFFLINE);
	scsi_lu_set_offline(t->lu, false);
	test_run(t, &tt, CDB(0x00), NO_OUT, 0);
	assert_sense(&tt, 0x062a09);
	test_run(t, &tt, CDB(0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0), NO_OUT, 512);
	assert_sense(&tt, 0x044400);
	assert_int_equal(test_run(t, &tt, CDB(0x03, 0, 0, 0, 18, 0), NO_OUT, 18), 0);
	assert_int_equal(tt.in[2], 4);
	assert_int_equal(blk_reopen(&t->dev->dev), 0);
	assert_int_equal(test_run(t, &tt, CDB(0x00), NO_OUT, 0), 0);
	test_task_fini(&tt);
}

static void
test_no_room_for_data_in_is_busy(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt;

	test_task_init(&tt, &t->nexus, &t->itl, CDB(0x12, 0, 0, 0, 96, 0), NO_OUT, 96);
	tt.no_memory = true;
	assert_int_equal(test_start(&tt), SCSI_DONE);
	assert_int_equal(tt.task.status, SCSI_STATUS_BUSY);
	test_task_fini(&tt);
}

/* The commands that need memory of their own say BUSY without it; the others do not ask. */
static void
test_no_memory_is_busy(void **state)
{
	struct scsi_test *t = *state;
	unsigned busy = 0;
	uint8_t out[1024] = { 0 };

	for (size_t i = 0; i < scsi_cmd_count; i++) {
		const struct scsi_cmd *cmd = &scsi_cmds[i];
		uint8_t cdb[16] = { cmd->opcode };
		struct test_task tt;

		cdb[1] = cmd->action != SCSI_NO_ACTION ? (uint8_t)cmd->action
			 : cmd->opcode == 0x15         ? 0x10
						       : 0;
		cdb[cmd->cdb_bytes == 16  ? 13
		    : cmd->cdb_bytes == 6 ? 4
					  : 8] = cmd->opcode == 0x42 ? 24 : 1;
		if (cmd->opcode == 0x15 || cmd->opcode == 0xa0)
			cdb[cmd->opcode == 0x15 ? 4 : 9] = 16;
		test_task_init(&tt, &t->nexus, &t->itl, cdb, sizeof(cdb), out,
			       cmd->opcode == 0x89 ? 1024 : 512, 512);
		mem_fault_at(1);
		assert_int_equal(test_start(&tt), SCSI_DONE);
		assert_true(!mem_fault_hit() || tt.task.status == SCSI_STATUS_BUSY);
		busy += tt.task.status == SCSI_STATUS_BUSY;
		mem_fault_at(0);
		test_task_fini(&tt);
	}
	assert_true(busy >= 10);
}

static void
test_a_unit_without_memory_is_none(void **state)
{
	struct scsi_test *t = *state;
	struct scsi_lu_desc desc;
	struct scsi_lu *lu = NULL;

	scsi_test_desc(&desc, &t->dev->dev, 512, true);
	mem_fault_at(1);
	assert_int_equal(scsi_lu_new(&desc, &lu), -ENOMEM);
	assert_null(lu);
}

static void
test_descriptions_that_cannot_be_are_refused(void **state)
{
	struct scsi_test *t = *state;
	struct scsi_lu_desc good, bad;
	struct scsi_lu *lu = NULL;

	scsi_test_desc(&good, &t->dev->dev, 512, true);
	bad = good, bad.block_bytes = 1024;
	assert_int_equal(scsi_lu_new(&bad, &lu), ERR_INVALID);
	bad = good, bad.capacity_blocks = 0;
	assert_int_equal(scsi_lu_new(&bad, &lu), ERR_INVALID);
	bad = good, bad.identity.naa[0] = 0x51;
	assert_int_equal(scsi_lu_new(&bad, &lu), ERR_INVALID);
	bad = good, bad.identity.serial[0] = '\0';
	assert_int_equal(scsi_lu_new(&bad, &lu), ERR_INVALID);
	assert_null(lu);
}

static void
test_start_stop_refuses_what_there_is_not(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };

	assert_int_equal(test_run(t, &tt, CDB(0x1b, 0, 0, 0, 1, 0), NO_OUT, 0), 0);
	/* STOP would stop the unit for other initiators too */
	test_run(t, &tt, CDB(0x1b, 0, 0, 0, 0, 0), NO_OUT, 0);
	assert_sense(&tt, SENSE_INVALID_FIELD);
	assert_int_equal(t->dev->count[BLK_FLUSH], 0);
	test_run(t, &tt, CDB(0x1b, 0, 0, 0, 2, 0), NO_OUT, 0);
	assert_sense(&tt, SENSE_INVALID_FIELD);
	test_run(t, &tt, CDB(0x1b, 0, 0, 0, 0x30, 0), NO_OUT, 0);
	assert_sense(&tt, SENSE_INVALID_FIELD);
	assert_int_equal(test_run(t, &tt, CDB(0x1e, 0, 0, 0, 1, 0), NO_OUT, 0), 0);
	test_task_fini(&tt);
}

int
main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table_is_sorted_without_doubles),
		cmocka_unit_test(test_every_row_is_complete_and_found),
		cmocka_unit_test(test_usage_data_is_the_opcode_the_action_and_only_the_cdb),
		cmocka_unit_test(test_lun_fields_survive_both_ways),
#define ON(setup, test) cmocka_unit_test_setup_teardown(test, setup, scsi_test_teardown)
		ON(scsi_test_setup, test_bits_outside_the_usage_data_are_not_looked_at),
		ON(scsi_test_setup, test_every_other_opcode_is_invalid),
		ON(scsi_test_setup, test_naca_is_refused),
		ON(scsi_test_setup, test_all_commands_are_reported),
		ON(scsi_test_setup, test_timeout_descriptors_are_given_when_asked_for),
		ON(scsi_test_setup, test_each_command_can_be_asked_for_alone),
		ON(scsi_test_setup, test_an_unknown_command_is_reported_as_not_supported),
		ON(scsi_test_setup_thick, test_thick_unit_neither_reports_nor_knows_unmap),
		ON(scsi_test_setup, test_task_management_functions_are_reported),
		ON(scsi_test_setup, test_report_luns_lists_what_the_host_has),
		ON(scsi_test_setup, test_report_luns_without_any_is_an_empty_list),
		ON(scsi_test_setup, test_report_luns_selections),
		ON(scsi_test_setup, test_without_a_unit_only_three_commands_answer),
		ON(scsi_test_setup, test_request_sense_has_nothing_to_say),
		ON(scsi_test_setup, test_request_sense_without_a_unit_says_so_as_data),
		ON(scsi_test_setup, test_attentions_come_once_each_in_order_of_precedence),
		ON(scsi_test_setup, test_inquiry_report_luns_and_request_sense_pass_attentions),
		ON(scsi_test_setup,
			test_report_luns_takes_the_attention_off_all_units_of_the_nexus),
		ON(scsi_test_setup, test_a_raise_reaches_every_nexus_but_its_cause),
		ON(scsi_test_setup, test_extend_is_seen_at_once),
		ON(scsi_test_setup, test_states_other_than_online_are_told_in_sense),
		ON(scsi_test_setup, test_no_room_for_data_in_is_busy),
		ON(scsi_test_setup, test_no_memory_is_busy),
		ON(scsi_test_setup, test_a_unit_without_memory_is_none),
		ON(scsi_test_setup, test_descriptions_that_cannot_be_are_refused),
		ON(scsi_test_setup, test_start_stop_refuses_what_there_is_not),
	};
	/* clang-format on */

	return cmocka_run_group_tests_name("scsi commands", tests, NULL, NULL);
}
