/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of removable media (START STOP UNIT, PREVENT ALLOW MEDIUM REMOVAL), and of what an
 * administrator decides while a unit is in use: read-only, offline.
 */
#include "scsi_test.h"

#include <errno.h>

#define SENSE_NO_MEDIUM         0x023a00
#define SENSE_REMOVAL_PREVENTED 0x055302
#define SENSE_MEDIUM_CHANGED    0x062800
#define SENSE_MODE_CHANGED      0x062a01
#define SENSE_WRITE_PROTECTED   0x072700

#define PREVENT_CDB(prevent) CDB(0x1e, 0, 0, 0, prevent, 0)
#define START_CDB(flags)     CDB(0x1b, 0, 0, 0, flags, 0)
#define TUR_CDB              CDB(0x00, 0, 0, 0, 0, 0)

enum { EJECT = 2, LOAD = 3, STOP = 0, EJECT_NO_FLUSH = 6 };

static int
setup_removable(void **state)
{
	struct scsi_test *t = scsi_test_new(512, true);

	t->lu->desc.removable = true;
	*state = t;
	return 0;
}

/* Runs a command through any nexus of the unit. */
static uint8_t
run_on(struct test_task *tt, struct scsi_itl *itl, const void *cdb, size_t len)
{
	if (tt->task.nexus != NULL)
		test_task_fini(tt);
	test_task_init(tt, itl->nexus, itl, cdb, len, NO_OUT, 64);
	assert_int_equal(test_start(tt), SCSI_DONE);
	return tt->task.status;
}

static void
test_removable_unit_says_so(void **state)
{
	struct test_task tt = { 0 };

	assert_int_equal(test_run(*state, &tt, CDB(0x12, 0, 0, 0, 96, 0), NO_OUT, 96), 0);
	assert_int_equal(tt.in[1], 0x80);
	test_task_fini(&tt);
}

/* Every command of the table, with a CDB that is right as far as zeros are. */
static void
test_without_a_medium_each_command_does_as_its_flags_say(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };

	assert_int_equal(test_run(t, &tt, START_CDB(EJECT), NO_OUT, 0), 0);
	assert_int_equal(t->dev->count[BLK_FLUSH], 1);
	for (size_t i = 0; i < scsi_cmd_count; i++) {
		const struct scsi_cmd *cmd = &scsi_cmds[i];
		uint8_t cdb[SCSI_CDB_BYTES];
		bool refused;

		test_cdb(cmd, cdb);
		test_task_fini(&tt);
		test_task_init(&tt, &t->nexus, &t->itl, cdb, sizeof(cdb), NO_OUT, 64);
		refused = test_start(&tt) == SCSI_DONE &&
			  tt.task.status == SCSI_STATUS_CHECK_CONDITION &&
			  test_sense(&tt.task) == SENSE_NO_MEDIUM;
		if (tt.resumes == 1)
			scsi_task_resume(&tt.task); /* the store has answered */
		if (refused == ((cmd->flags & (CMD_NO_MEDIUM | CMD_ANY_STATE)) != 0))
			fail_msg("opcode %02x: status %02x", cmd->opcode, tt.task.status);
	}
	assert_int_equal(test_run(t, &tt, CDB(0x03, 0, 0, 0, 18, 0), NO_OUT, 18), 0);
	assert_int_equal(tt.in[2], 0x02);
	assert_int_equal(tt.in[12], 0x3a);
	test_task_fini(&tt);
}

/* Every POWER CONDITION: the unit is always active, and has no timers; nothing happens. */
static void
test_power_conditions_are_refused_but_for_those_that_change_nothing(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };

	for (unsigned power = 1; power < 16; power++)
		for (unsigned flags = 0; flags < 4; flags++) {
			test_run(t, &tt, CDB(0x1b, 0, 0, 0, (uint8_t)(power << 4 | flags), 0),
				 NO_OUT, 0);
			if (power == 0x1 || power == 0x7) {
				assert_int_equal(tt.task.status, 0);
				continue;
			}
			assert_sense(&tt, SENSE_INVALID_FIELD);
			assert_memory_equal(tt.task.sense + 15, "\xcf\x00\x04", 3);
		}
	test_run(t, &tt, CDB(0x1b, 0, 0, 1, 0x10, 0), NO_OUT, 0); /* with a modifier */
	assert_sense(&tt, SENSE_INVALID_FIELD);
	assert_memory_equal(tt.task.sense + 15, "\xcb\x00\x03", 3);
	assert_int_equal(scsi_lu_state(t->lu), SCSI_LU_ONLINE);
	assert_int_equal(t->dev->count[BLK_FLUSH], 0);
	test_task_fini(&tt);
}

static void
test_loading_tells_the_others(void **state)
{
	struct scsi_test *t = *state;
	struct scsi_nexus nexus;
	struct scsi_itl other;
	struct test_task tt = { 0 };

	scsi_test_nexus(t, &nexus, &other);
	assert_int_equal(test_run(t, &tt, START_CDB(LOAD), NO_OUT, 0), 0);
	assert_int_equal(run_on(&tt, &other, TUR_CDB), 0);
	assert_int_equal(test_run(t, &tt, START_CDB(EJECT), NO_OUT, 0), 0);
	assert_int_equal(test_run(t, &tt, START_CDB(EJECT), NO_OUT, 0), 0);
	run_on(&tt, &other, TUR_CDB);
	assert_sense(&tt, SENSE_NO_MEDIUM);
	assert_int_equal(test_run(t, &tt, START_CDB(LOAD), NO_OUT, 0), 0);
	assert_int_equal(test_run(t, &tt, TUR_CDB, NO_OUT, 0), 0);
	run_on(&tt, &other, TUR_CDB);
	assert_sense(&tt, SENSE_MEDIUM_CHANGED);
	assert_int_equal(run_on(&tt, &other, TUR_CDB), 0);
	test_task_fini(&tt);
	scsi_itl_fini(&other);
}

static void
test_stop_writes_the_cache_and_the_unit_stays_ready(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };

	assert_int_equal(test_run(t, &tt, START_CDB(STOP), NO_OUT, 0), 0);
	assert_int_equal(t->dev->count[BLK_FLUSH], 1);
	assert_int_equal(test_run(t, &tt, TUR_CDB, NO_OUT, 0), 0);
	assert_int_equal(test_run(t, &tt, START_CDB(EJECT_NO_FLUSH), NO_OUT, 0), 0);
	assert_int_equal(t->dev->count[BLK_FLUSH], 1);
	test_task_fini(&tt);
}

static void
test_a_medium_that_cannot_be_flushed_is_not_ejected(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };

	t->dev->fail[BLK_FLUSH] = -EIO;
	assert_int_equal(test_run(t, &tt, START_CDB(EJECT), NO_OUT, 0),
			 SCSI_STATUS_CHECK_CONDITION);
	assert_int_not_equal(scsi_lu_state(t->lu), SCSI_LU_NO_MEDIUM);
	test_task_fini(&tt);
}

static void
test_each_nexus_prevents_for_itself(void **state)
{
	struct scsi_test *t = *state;
	struct scsi_nexus nexus;
	struct scsi_itl other;
	struct test_task tt = { 0 };

	scsi_test_nexus(t, &nexus, &other);
	assert_int_equal(test_run(t, &tt, PREVENT_CDB(1), NO_OUT, 0), 0);
	assert_int_equal(test_run(t, &tt, PREVENT_CDB(1), NO_OUT, 0), 0);
	assert_int_equal(run_on(&tt, &other, PREVENT_CDB(1)), 0);
	assert_int_equal(test_run(t, &tt, PREVENT_CDB(0), NO_OUT, 0), 0);
	assert_int_equal(test_run(t, &tt, PREVENT_CDB(0), NO_OUT, 0), 0);
	test_run(t, &tt, START_CDB(EJECT), NO_OUT, 0);
	assert_sense(&tt, SENSE_REMOVAL_PREVENTED);
	assert_int_equal(test_run(t, &tt, TUR_CDB, NO_OUT, 0), 0);
	/* the session of the other ends */
	scsi_itl_fini(&other);
	assert_int_equal(test_run(t, &tt, START_CDB(EJECT), NO_OUT, 0), 0);
	test_run(t, &tt, PREVENT_CDB(2), NO_OUT, 0);
	assert_sense(&tt, SENSE_INVALID_FIELD);
	test_task_fini(&tt);
}

static void
test_a_reset_allows_the_removal_once(void **state)
{
	struct scsi_test *t = *state;
	struct scsi_nexus nexus;
	struct scsi_itl other;
	struct test_task tt = { 0 };

	scsi_test_nexus(t, &nexus, &other);
	assert_int_equal(run_on(&tt, &other, PREVENT_CDB(1)), 0);
	scsi_lu_reset(t->lu, &t->itl);
	assert_int_equal(test_run(t, &tt, PREVENT_CDB(1), NO_OUT, 0), 0);
	/* what the other had prevented before the reset is over, and does not count twice */
	scsi_medium_allow(&other);
	test_run(t, &tt, START_CDB(EJECT), NO_OUT, 0);
	assert_sense(&tt, SENSE_REMOVAL_PREVENTED);
	assert_int_equal(test_run(t, &tt, PREVENT_CDB(0), NO_OUT, 0), 0);
	assert_int_equal(test_run(t, &tt, START_CDB(EJECT), NO_OUT, 0), 0);
	test_task_fini(&tt);
	scsi_itl_fini(&other);
}

static void
test_an_administrator_loads_the_medium_by_setting_the_lun_online(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };

	assert_int_equal(test_run(t, &tt, START_CDB(EJECT), NO_OUT, 0), 0);
	scsi_lu_set_offline(t->lu, false);
	assert_int_equal(scsi_lu_state(t->lu), SCSI_LU_NO_MEDIUM);
	scsi_lu_set_offline(t->lu, true);
	assert_int_equal(scsi_lu_state(t->lu), SCSI_LU_OFFLINE);
	scsi_lu_set_offline(t->lu, false);
	assert_int_equal(scsi_lu_state(t->lu), SCSI_LU_ONLINE);
	test_task_fini(&tt);
}

static void
test_a_fixed_medium_is_neither_ejected_nor_kept(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };

	assert_int_equal(test_run(t, &tt, PREVENT_CDB(1), NO_OUT, 0), 0);
	assert_int_equal((uint32_t)atomic_load(&t->lu->preventers), 0);
	test_run(t, &tt, START_CDB(EJECT), NO_OUT, 0);
	assert_sense(&tt, SENSE_INVALID_FIELD);
	test_task_fini(&tt);
}

static void
test_a_unit_becomes_read_only_and_writable_under_its_users(void **state)
{
	struct scsi_test *t = *state;
	static const uint8_t out[512];
	struct test_task tt = { 0 };

	scsi_lu_set_read_only(t->lu, true);
	test_run(t, &tt, TUR_CDB, NO_OUT, 0);
	assert_sense(&tt, SENSE_MODE_CHANGED);
	test_run(t, &tt, CDB(0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0), out, 512, 0);
	assert_sense(&tt, SENSE_WRITE_PROTECTED);
	assert_int_equal(test_run(t, &tt, CDB(0x1a, 0, 0x3f, 0, 255, 0), NO_OUT, 255), 0);
	assert_int_equal(tt.in[2] & 0x80, 0x80);
	scsi_lu_set_read_only(t->lu, true);
	assert_int_equal(test_run(t, &tt, TUR_CDB, NO_OUT, 0), 0);
	scsi_lu_set_read_only(t->lu, false);
	test_run(t, &tt, TUR_CDB, NO_OUT, 0);
	assert_sense(&tt, SENSE_MODE_CHANGED);
	assert_int_equal(test_run(t, &tt, CDB(0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0), out, 512, 0), 0);
	test_task_fini(&tt);
}

int
main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
#define ON(setup, test) cmocka_unit_test_setup_teardown(test, setup, scsi_test_teardown)
		ON(setup_removable, test_removable_unit_says_so),
		ON(setup_removable, test_without_a_medium_each_command_does_as_its_flags_say),
		ON(setup_removable,
			test_power_conditions_are_refused_but_for_those_that_change_nothing),
		ON(scsi_test_setup,
			test_power_conditions_are_refused_but_for_those_that_change_nothing),
		ON(setup_removable, test_loading_tells_the_others),
		ON(setup_removable, test_stop_writes_the_cache_and_the_unit_stays_ready),
		ON(setup_removable, test_a_medium_that_cannot_be_flushed_is_not_ejected),
		ON(setup_removable, test_each_nexus_prevents_for_itself),
		ON(setup_removable, test_a_reset_allows_the_removal_once),
		ON(setup_removable,
			test_an_administrator_loads_the_medium_by_setting_the_lun_online),
		ON(scsi_test_setup, test_a_fixed_medium_is_neither_ejected_nor_kept),
		ON(scsi_test_setup, test_a_unit_becomes_read_only_and_writable_under_its_users),
	};
	/* clang-format on */

	return cmocka_run_group_tests_name("scsi medium", tests, NULL, NULL);
}
