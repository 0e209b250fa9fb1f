/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of asymmetric access: every command in every state of its path, REPORT and SET TARGET PORT
 * GROUPS, INQUIRY's TPGS, whom a changed state is told, and a path that ceases to be active.
 */
#include "scsi_test.h"

#include <errno.h>

#include "fault.h"

#define NOT_READY_STANDBY     0x02040b
#define NOT_READY_UNAVAILABLE 0x02040c
#define NOT_READY_OFFLINE     0x020412
#define SET_FAILED            0x04670a
#define UA_ACCESS             0x062a06

#define RTPG(format, allocation) 0xa3, (format) << 5 | 0x0a, 0, 0, 0, 0, 0, 0, 0, allocation, 0, 0
#define STPG(length)             0xa4, 0x0a, 0, 0, 0, 0, 0, 0, 0, length, 0, 0
#define TUR                      0, 0, 0, 0, 0, 0

/* ---- the array below: some groups, and a change that the test ends ---- */

static struct scsi_port_group groups[40];
static size_t group_count;
static struct scsi_task *asked; /* the task of ops->set_access */
static struct scsi_alua_set asked_sets[8];
static size_t asked_count;
static int refuse;
static uint64_t now_ns;

static uint64_t
host_now_ns(struct scsi_nexus *nexus)
{
	(void)nexus;
	return now_ns;
}

static size_t
host_port_groups(struct scsi_itl *itl, size_t first, struct scsi_port_group *copy, size_t capacity)
{
	(void)itl;
	for (size_t i = 0; i < capacity && first + i < group_count; i++)
		copy[i] = groups[first + i];
	return group_count;
}

static int
host_set_access(struct scsi_task *task, const struct scsi_alua_set *sets, size_t count)
{
	if (refuse < 0)
		return refuse;
	assert_in_range(count, 1, ARRAY_LEN(asked_sets));
	asked = task;
	asked_count = count;
	memcpy(asked_sets, sets, count * sizeof(sets[0]));
	return 0;
}

static struct scsi_host_ops ops;

static int
setup(void **state)
{
	struct scsi_test *t = scsi_test_new(512, true);

	ops = scsi_test_ops;
	ops.port_groups = host_port_groups;
	ops.set_access = host_set_access;
	ops.now_ns = host_now_ns;
	now_ns = 1000;
	t->nexus.ops = &ops;
	t->nexus.target_port_group = 7;
	groups[0] = (struct scsi_port_group){ .number = 7 };
	groups[1] = (struct scsi_port_group){ .number = 0x0102,
					      .access = SCSI_ALUA_STANDBY,
					      .cause = SCSI_ALUA_IMPLICIT,
					      .preferred = true,
					      .settable = true };
	group_count = 2;
	asked = NULL;
	refuse = 0;
	*state = t;
	return 0;
}

/* ---- states and commands ---- */

/* By SPC-5 and sbc; what is not here is refused in all three states. */
static const struct {
	uint8_t opcode, action;
	bool standby, unavailable, offline;
} carried_out[] = {
	{ 0x03, 0xff, true, true, true },   /* REQUEST SENSE */
	{ 0x12, 0xff, true, true, true },   /* INQUIRY */
	{ 0x15, 0xff, true, false, false }, /* MODE SELECT, SENSE */
	{ 0x1a, 0xff, true, false, false },
	{ 0x1c, 0xff, true, false, false }, /* RECEIVE DIAGNOSTIC RESULTS, SEND DIAGNOSTIC */
	{ 0x1d, 0xff, true, false, false },
	{ 0x25, 0xff, true, false, false }, /* READ CAPACITY(10) */
	{ 0x4c, 0xff, true, false, false }, /* LOG SELECT, SENSE */
	{ 0x4d, 0xff, true, false, false },
	{ 0x55, 0xff, true, false, false },
	{ 0x5a, 0xff, true, false, false },
	{ 0x5e, 0xff, true, false, false }, /* PERSISTENT RESERVE IN, OUT */
	{ 0x5f, 0xff, true, false, false },
	{ 0x9e, 0x10, true, false, false }, /* READ CAPACITY(16) */
	{ 0xa0, 0xff, true, true, true },   /* REPORT LUNS */
	{ 0xa3, 0x0a, true, true, true },   /* REPORT TARGET PORT GROUPS */
	{ 0xa3, 0x0c, true, false, false },
	{ 0xa3, 0x0d, true, false, false },
	{ 0xa4, 0x0a, true, true, false }, /* SET TARGET PORT GROUPS */
};

static bool
is_carried_out(const uint8_t *cdb, enum scsi_alua access)
{
	for (size_t i = 0; i < ARRAY_LEN(carried_out); i++)
		if (carried_out[i].opcode == cdb[0] &&
		    (carried_out[i].action == 0xff || carried_out[i].action == (cdb[1] & 0x1f)))
			return access == SCSI_ALUA_STANDBY       ? carried_out[i].standby
			       : access == SCSI_ALUA_UNAVAILABLE ? carried_out[i].unavailable
								 : carried_out[i].offline;
	return false;
}

static bool
is_access_sense(const struct scsi_task *task, uint32_t sense)
{
	return task->status == SCSI_STATUS_CHECK_CONDITION && test_sense(task) == sense;
}

static void
try_command(struct scsi_test *t, const uint8_t *cdb, uint32_t sense)
{
	struct test_task tt = { 0 };
	enum scsi_progress progress;
	bool refused;

	test_task_init(&tt, &t->nexus, &t->itl, cdb, SCSI_CDB_BYTES, NULL, 0, 0);
	progress = scsi_task_parse(&tt.task);
	refused = progress == SCSI_DONE && is_access_sense(&tt.task, sense);
	if (refused == is_carried_out(cdb, (enum scsi_alua)t->nexus.access))
		fail_msg("command %02x/%02x in state %x: refused=%d", cdb[0], cdb[1] & 0x1f,
			 t->nexus.access, refused);
	test_task_fini(&tt);
}

static void
test_every_command_in_every_state(void **state)
{
	static const struct {
		enum scsi_alua access;
		uint32_t sense;
	} states[] = {
		{ SCSI_ALUA_STANDBY, NOT_READY_STANDBY },
		{ SCSI_ALUA_UNAVAILABLE, NOT_READY_UNAVAILABLE },
		{ SCSI_ALUA_OFFLINE, NOT_READY_OFFLINE },
	};
	struct scsi_test *t = *state;

	for (size_t s = 0; s < ARRAY_LEN(states); s++)
		for (size_t i = 0; i < scsi_cmd_count; i++) {
			uint8_t cdb[SCSI_CDB_BYTES];

			test_cdb(&scsi_cmds[i], cdb);
			/* service actions without a row of their own: the mode of READ BUFFER */
			if (cdb[0] == 0x3b || cdb[0] == 0x3c)
				continue;
			t->nexus.access = (uint8_t)states[s].access;
			try_command(t, cdb, states[s].sense);
		}
}

static void
test_only_echo_buffers_are_carried_out_when_not_active(void **state)
{
	struct scsi_test *t = *state;

	for (unsigned opcode = 0x3b; opcode <= 0x3c; opcode++)
		for (unsigned mode = 0; mode < 32; mode++) {
			struct test_task tt = { 0 };
			bool echo = mode == 0x0a || (opcode == 0x3c && mode == 0x0b);

			test_task_init(&tt, &t->nexus, &t->itl, CDB(0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
				       NO_OUT, 0);
			tt.task.cdb[0] = (uint8_t)opcode;
			tt.task.cdb[1] = (uint8_t)mode;
			t->nexus.access = SCSI_ALUA_STANDBY;
			assert_int_equal(scsi_alua_allows(&tt.task), echo);
			t->nexus.access = SCSI_ALUA_UNAVAILABLE;
			assert_int_equal(scsi_alua_allows(&tt.task), echo);
			t->nexus.access = SCSI_ALUA_OFFLINE;
			assert_false(scsi_alua_allows(&tt.task));
			test_task_fini(&tt);
		}
}

static void
test_an_active_path_carries_everything_out(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };
	uint8_t block[512] = { 1 };

	t->nexus.access = SCSI_ALUA_NON_OPTIMIZED;
	assert_int_equal(test_run(t, &tt, CDB(TUR), NO_OUT, 0), 0);
	assert_int_equal(test_run(t, &tt, CDB(0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0), block, 512, 0), 0);
	test_task_fini(&tt);
}

static void
test_the_table_is_sorted_and_names_each_command_once(void **state)
{
	(void)state;
	for (size_t i = 1; i < scsi_alua_rule_count; i++) {
		const struct scsi_alua_rule *a = &scsi_alua_rules[i - 1], *b = &scsi_alua_rules[i];

		assert_true(a->opcode < b->opcode ||
			    (a->opcode == b->opcode && a->action < b->action &&
			     b->action != SCSI_ANY_ACTION));
		/* what is carried out offline is so elsewhere, and so on */
		assert_true((a->states & ALUA_IN_STANDBY) != 0);
		assert_true(!(a->states & ALUA_IN_OFFLINE) || (a->states & ALUA_IN_UNAVAILABLE));
	}
}

static void
test_request_sense_says_why_the_path_is_not_ready(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };

	t->nexus.access = SCSI_ALUA_STANDBY;
	assert_int_equal(test_run(t, &tt, CDB(0x03, 0, 0, 0, 252, 0), NO_OUT, 252), 0);
	assert_int_equal(tt.in[2], 0x02);
	assert_memory_equal(tt.in + 12, "\x04\x0b", 2);
	test_task_fini(&tt);
}

/* ---- a path that ceases to be active ---- */

#define WRITE 0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0

static void
change_access(struct scsi_test *t, enum scsi_alua access)
{
	scsi_nexus_set_access(&t->nexus, access);
	scsi_lu_raise(t->lu, SCSI_UA_ACCESS, NULL);
}

static void
assert_sense_of(struct scsi_test *t, const uint8_t *cdb, size_t cdb_len, uint32_t sense)
{
	static const uint8_t block[512] = { 1 };
	struct test_task tt = { 0 };
	size_t out_len = cdb[0] == 0x2a ? 512 : 0;
	uint8_t status = test_run(t, &tt, cdb, cdb_len, block, out_len, 0);

	assert_int_equal(status, sense != 0 ? SCSI_STATUS_CHECK_CONDITION : SCSI_STATUS_GOOD);
	assert_int_equal(sense != 0 ? test_sense(&tt.task) : 0, sense);
	test_task_fini(&tt);
}

static void
test_an_initiator_has_time_to_move_its_commands(void **state)
{
	struct scsi_test *t = *state;

	change_access(t, SCSI_ALUA_STANDBY);
	now_ns += 1000 * SCSI_ALUA_MOVE_NS; /* an idle initiator is not told */
	assert_sense_of(t, CDB(WRITE), UA_ACCESS);
	assert_sense_of(t, CDB(WRITE), 0);
	now_ns += SCSI_ALUA_MOVE_NS - 1;
	assert_sense_of(t, CDB(WRITE), 0);
	now_ns += 1;
	assert_sense_of(t, CDB(WRITE), NOT_READY_STANDBY);
	assert_int_equal(t->dev->count[BLK_WRITE], 2);
}

static void
test_a_path_says_at_once_that_it_is_not_active(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };

	change_access(t, SCSI_ALUA_UNAVAILABLE);
	assert_sense_of(t, CDB(TUR), UA_ACCESS);
	assert_sense_of(t, CDB(TUR), NOT_READY_UNAVAILABLE);
	assert_int_equal(test_run(t, &tt, CDB(0x03, 0, 0, 0, 252, 0), NO_OUT, 252), 0);
	assert_memory_equal(tt.in + 12, "\x04\x0c", 2);
	assert_sense_of(t, CDB(WRITE), 0);
	test_task_fini(&tt);
}

/* The unit attention may also be fetched by REQUEST SENSE. */
static void
test_the_time_begins_when_request_sense_tells_the_change(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };

	change_access(t, SCSI_ALUA_STANDBY);
	assert_int_equal(test_run(t, &tt, CDB(0x03, 0, 0, 0, 252, 0), NO_OUT, 252), 0);
	assert_memory_equal(tt.in + 12, "\x2a\x06", 2);
	assert_sense_of(t, CDB(WRITE), 0);
	now_ns += SCSI_ALUA_MOVE_NS;
	assert_sense_of(t, CDB(WRITE), NOT_READY_STANDBY);
	test_task_fini(&tt);
}

/* The nexus has the state before the array raises the unit attention at the units. */
static void
test_commands_between_the_change_and_its_announcement_are_carried_out(void **state)
{
	struct scsi_test *t = *state;

	scsi_nexus_set_access(&t->nexus, SCSI_ALUA_OFFLINE);
	assert_sense_of(t, CDB(WRITE), 0);
	scsi_lu_raise(t->lu, SCSI_UA_ACCESS, NULL);
	assert_sense_of(t, CDB(WRITE), UA_ACCESS);
	assert_sense_of(t, CDB(WRITE), 0);
}

static void
test_each_loss_of_the_active_state_gives_time_and_no_other_change(void **state)
{
	struct scsi_test *t = *state;

	change_access(t, SCSI_ALUA_STANDBY);
	assert_sense_of(t, CDB(TUR), UA_ACCESS);
	now_ns += SCSI_ALUA_MOVE_NS;
	change_access(t, SCSI_ALUA_OFFLINE);
	assert_sense_of(t, CDB(WRITE), UA_ACCESS);
	assert_sense_of(t, CDB(WRITE), NOT_READY_OFFLINE);
	change_access(t, SCSI_ALUA_OPTIMIZED);
	assert_sense_of(t, CDB(WRITE), UA_ACCESS);
	assert_sense_of(t, CDB(WRITE), 0);
	change_access(t, SCSI_ALUA_NON_OPTIMIZED);
	change_access(t, SCSI_ALUA_STANDBY);
	assert_sense_of(t, CDB(WRITE), UA_ACCESS);
	assert_sense_of(t, CDB(WRITE), 0);
	now_ns += SCSI_ALUA_MOVE_NS;
	assert_sense_of(t, CDB(WRITE), NOT_READY_STANDBY);
}

static void
test_who_comes_after_the_change_is_refused_at_once(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };
	uint8_t block[512] = { 1 };
	struct scsi_itl late;

	scsi_nexus_set_access(&t->nexus, SCSI_ALUA_STANDBY);
	scsi_itl_init(&late, &t->nexus, t->lu, 0);
	test_task_init(&tt, &t->nexus, &late, CDB(WRITE), block, 512, 0);
	assert_int_equal(test_start(&tt), SCSI_DONE);
	assert_sense(&tt, NOT_READY_STANDBY);
	test_task_fini(&tt);
	scsi_itl_fini(&late);
	/* its unit is made after the change, which it is told of with the others */
	scsi_nexus_set_access(&t->nexus, SCSI_ALUA_OPTIMIZED);
	scsi_itl_init(&late, &t->nexus, NULL, 0);
	scsi_nexus_set_access(&t->nexus, SCSI_ALUA_STANDBY);
	scsi_itl_attach(&late, t->lu, 0);
	test_task_init(&tt, &t->nexus, &late, CDB(WRITE), block, 512, 0);
	assert_int_equal(test_start(&tt), SCSI_DONE);
	assert_sense(&tt, NOT_READY_STANDBY);
	test_task_fini(&tt);
	scsi_itl_fini(&late);
}

/* Parses a WRITE, then lets the path be set standby while its data-out is awaited. */
static void
set_standby_under_a_write(struct scsi_test *t, struct test_task *tt)
{
	static const uint8_t block[512] = { 1 };

	test_task_init(tt, &t->nexus, &t->itl, CDB(WRITE), block, 512, 0);
	assert_int_equal(scsi_task_parse(&tt->task), SCSI_GO);
	change_access(t, SCSI_ALUA_STANDBY);
	assert_sense_of(t, CDB(TUR), UA_ACCESS);
	tt->task.out_iov = tt->out_iov;
	tt->out_iov[0].iov_len = tt->task.out_bytes = 512;
	tt->task.out_iov_count = 1;
}

static void
test_a_write_whose_path_is_set_standby_while_it_waits_is_carried_out(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };

	set_standby_under_a_write(t, &tt);
	assert_int_equal(scsi_task_execute(&tt.task), SCSI_DONE);
	assert_int_equal(tt.task.status, SCSI_STATUS_GOOD);
	assert_int_equal(t->dev->count[BLK_WRITE], 1);
	test_task_fini(&tt);
}

static void
test_a_write_that_waits_for_longer_than_the_time_is_refused(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };

	set_standby_under_a_write(t, &tt);
	now_ns += SCSI_ALUA_MOVE_NS;
	assert_int_equal(scsi_task_execute(&tt.task), SCSI_DONE);
	assert_sense(&tt, NOT_READY_STANDBY);
	assert_int_equal(t->dev->count[BLK_WRITE], 0);
	test_task_fini(&tt);
}

/* ---- what initiators are told ---- */

static void
test_inquiry_says_how_states_are_changed(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };

	assert_int_equal(test_run(t, &tt, CDB(0x12, 0, 0, 0, 96, 0), NO_OUT, 96), 0);
	assert_int_equal(tt.in[5] & 0xf0, 0x30);
	groups[1].settable = false;
	assert_int_equal(test_run(t, &tt, CDB(0x12, 0, 0, 0, 96, 0), NO_OUT, 96), 0);
	assert_int_equal(tt.in[5] & 0xf0, 0x10);
	t->nexus.target_port_group = 0;
	assert_int_equal(test_run(t, &tt, CDB(0x12, 0, 0, 0, 96, 0), NO_OUT, 96), 0);
	assert_int_equal(tt.in[5] & 0xf0, 0x00);
	test_task_fini(&tt);
}

static const uint8_t golden_groups[] = {
	0x00, 0x4f, 0x00, 0x07, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x07, /* group 7 */
	0x82, 0x4f, 0x01, 0x02, 0x00, 0x02, 0x00, 0x01, 0x00, 0x00, 0x01, 0x02, /* group 102h */
};

static void
test_report_has_golden_bytes_in_both_formats(void **state)
{
	struct test_task tt = { 0 };

	assert_int_equal(test_run(*state, &tt, CDB(RTPG(0, 255)), NO_OUT, 255), 0);
	assert_int_equal(tt.task.in_bytes, 4 + 24);
	assert_memory_equal(tt.in, "\x00\x00\x00\x18", 4);
	assert_memory_equal(tt.in + 4, golden_groups, 24);
	assert_int_equal(test_run(*state, &tt, CDB(RTPG(1, 255)), NO_OUT, 255), 0);
	assert_int_equal(tt.task.in_bytes, 8 + 24);
	assert_memory_equal(tt.in, "\x00\x00\x00\x1c\x10\x00\x00\x00", 8);
	assert_memory_equal(tt.in + 8, golden_groups, 24);
	test_task_fini(&tt);
}

static void
test_report_is_cut_but_says_its_whole_length(void **state)
{
	struct test_task tt = { 0 };

	for (unsigned allocation = 0; allocation <= 28; allocation += 2) {
		assert_int_equal(test_run(*state, &tt, CDB(RTPG(0, (uint8_t)allocation)), NO_OUT,
					  allocation),
				 0);
		assert_int_equal(tt.task.in_bytes, allocation);
		if (allocation >= 4)
			assert_int_equal(get_be32(tt.in), 24);
	}
	test_task_fini(&tt);
}

static void
test_report_of_another_format_is_refused(void **state)
{
	struct test_task tt = { 0 };

	for (unsigned format = 2; format < 8; format++) {
		test_run(*state, &tt, CDB(RTPG((uint8_t)format, 255)), NO_OUT, 255);
		assert_sense(&tt, SENSE_INVALID_FIELD);
		assert_memory_equal(tt.task.sense + 15, "\xcf\x00\x01", 3);
	}
	test_task_fini(&tt);
}

static void
test_report_of_many_groups_is_whole(void **state)
{
	struct test_task tt = { 0 };

	group_count = ARRAY_LEN(groups);
	for (size_t i = 0; i < group_count; i++)
		groups[i] = (struct scsi_port_group){ .number = (uint16_t)(100 + i) };
	groups[group_count - 1].settable = true;
	assert_int_equal(
		test_run(*state, &tt, CDB(0xa3, 0x0a, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0), NO_OUT, 512),
		0);
	assert_int_equal(tt.task.in_bytes, 4 + 12 * group_count);
	for (size_t i = 0; i < group_count; i++)
		assert_int_equal(get_be16(tt.in + 4 + 12 * i + 2), 100 + i);
	assert_int_equal(test_run(*state, &tt, CDB(0x12, 0, 0, 0, 96, 0), NO_OUT, 96), 0);
	assert_int_equal(tt.in[5] & 0xf0, 0x30);
	test_task_fini(&tt);
}

static void
test_report_survives_every_allocation_that_fails(void **state)
{
	struct test_task tt = { 0 };

	WITH_EVERY_FAULT
	{
		uint8_t status = test_run(*state, &tt, CDB(RTPG(0, 255)), NO_OUT, 255);

		assert_int_equal(status, FAULT_HIT ? SCSI_STATUS_BUSY : SCSI_STATUS_GOOD);
	}
	test_task_fini(&tt);
}

/* ---- SET TARGET PORT GROUPS ---- */

/* Without a group whose state may be set there is no such command: TPGS says so too. */
static void
test_set_is_no_command_where_initiators_may_not_set_states(void **state)
{
	struct test_task tt = { 0 };

	groups[1].settable = false;
	test_run(*state, &tt, CDB(STPG(0)), NO_OUT, 0);
	assert_sense(&tt, SENSE_INVALID_FIELD); /* the service action */
	assert_memory_equal(tt.task.sense + 15, "\xcc\x00\x01", 3);
	/* REPORT SUPPORTED OPERATION CODES of one command with a service action */
	test_run(*state, &tt, CDB(0xa3, 0x0c, 2, 0xa4, 0, 0x0a, 0, 0, 0, 64, 0, 0), NO_OUT, 64);
	assert_int_equal(tt.in[1] & 7, 1);
	groups[1].settable = true;
	test_run(*state, &tt, CDB(0xa3, 0x0c, 2, 0xa4, 0, 0x0a, 0, 0, 0, 64, 0, 0), NO_OUT, 64);
	assert_int_equal(tt.in[1] & 7, 3);
	test_task_fini(&tt);
}

static void
test_set_of_nothing_changes_nothing(void **state)
{
	static const uint8_t head[4];
	struct test_task tt = { 0 };

	assert_int_equal(test_run(*state, &tt, CDB(STPG(0)), NO_OUT, 0), 0);
	assert_int_equal(test_run(*state, &tt, CDB(STPG(4)), head, 4, 0), 0);
	assert_null(asked);
	test_task_fini(&tt);
}

static void
test_set_of_a_wrong_length_is_refused(void **state)
{
	static const uint8_t lengths[] = { 1, 3, 5, 7, 9, 11 };
	static const uint8_t list[16];
	struct test_task tt = { 0 };

	for (size_t i = 0; i < sizeof(lengths); i++) {
		test_run(*state, &tt, CDB(STPG(lengths[i])), list, lengths[i], 0);
		assert_sense(&tt, SENSE_INVALID_FIELD);
	}
	test_run(*state, &tt, CDB(0xa4, 0x0a, 0, 0, 0, 0, 0, 0, 0xff, 0, 0, 0), NO_OUT, 0);
	assert_sense(&tt, SENSE_INVALID_FIELD);
	test_run(*state, &tt, CDB(STPG(8)), list, 4, 0);
	assert_sense(&tt, SENSE_PARAMETER_LENGTH);
	assert_null(asked);
	test_task_fini(&tt);
}

static void
assert_set_refused(struct scsi_test *t, const uint8_t *list, uint8_t len, const char *pointer)
{
	struct test_task tt = { 0 };

	test_run(t, &tt, CDB(STPG(len)), list, len, 0);
	assert_sense(&tt, SENSE_INVALID_PARAMETER);
	assert_memory_equal(tt.task.sense + 15, pointer, 3);
	assert_null(asked);
	test_task_fini(&tt);
}

static void
test_set_of_what_cannot_be_is_refused_where_it_stands(void **state)
{
	struct scsi_test *t = *state;

	/* states that are none, or that nobody may set */
	for (unsigned s = 0; s < 16; s++)
		if (s > 3 && s != 0x0e)
			assert_set_refused(
				t, (const uint8_t[]){ 0, 0, 0, 0, (uint8_t)s, 0, 0x01, 0x02 }, 8,
				"\x8b\x00\x04");
	/* group 7 may not be set; there is no group 9; twice the same */
	assert_set_refused(t, (const uint8_t[]){ 0, 0, 0, 0, 0, 0, 0, 7 }, 8, "\x80\x00\x06");
	assert_set_refused(t, (const uint8_t[]){ 0, 0, 0, 0, 0, 0, 0, 9 }, 8, "\x80\x00\x06");
	assert_set_refused(t, (const uint8_t[]){ 0, 0, 0, 0, 0, 0, 1, 2, 1, 0, 1, 2 }, 12,
			   "\x80\x00\x0a");
}

static const uint8_t to_optimized[] = { 0, 0, 0, 0, 0, 0, 0x01, 0x02 };

/* Starts SET TARGET PORT GROUPS, which waits for the array then. */
static void
set_start(struct scsi_test *t, struct test_task *tt)
{
	test_task_init(tt, &t->nexus, &t->itl, CDB(STPG(8)), to_optimized, 8, 0);
	assert_int_equal(test_start(tt), SCSI_PENDING);
	assert_ptr_equal(asked, &tt->task);
	assert_int_equal(asked_count, 1);
	assert_int_equal(asked_sets[0].number, 0x0102);
	assert_int_equal(asked_sets[0].access, SCSI_ALUA_OPTIMIZED);
}

static void
test_set_is_told_to_all_nexuses_but_its_own(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 }, other = { 0 };
	struct scsi_nexus nexus;
	struct scsi_itl itl;

	scsi_test_nexus(t, &nexus, &itl);
	set_start(t, &tt);
	scsi_lu_raise(t->lu, SCSI_UA_ACCESS, NULL); /* the array publishes */
	/* a command of the same nexus that comes before the answer is not told either */
	assert_int_equal(test_run(t, &other, CDB(TUR), NO_OUT, 0), 0);
	scsi_alua_set_done(&tt.task, 0, true);
	assert_true(tt.done);
	assert_int_equal(tt.task.status, SCSI_STATUS_GOOD);
	assert_int_equal(test_run(t, &other, CDB(TUR), NO_OUT, 0), 0);
	test_task_fini(&other);
	test_task_init(&other, &nexus, &itl, CDB(TUR), NO_OUT, 0);
	assert_int_equal(test_start(&other), SCSI_DONE);
	assert_sense(&other, UA_ACCESS);
	test_task_fini(&other);
	test_task_fini(&tt);
	scsi_itl_fini(&itl);
}

/* It knows, and has had the time to move its commands before. */
static void
test_the_nexus_that_sets_its_own_state_standby_is_refused_at_once(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };

	set_start(t, &tt);
	change_access(t, SCSI_ALUA_STANDBY); /* the array publishes */
	scsi_alua_set_done(&tt.task, 0, true);
	assert_int_equal(tt.task.status, SCSI_STATUS_GOOD);
	assert_sense_of(t, CDB(WRITE), NOT_READY_STANDBY);
	test_task_fini(&tt);
}

/* What an administrator changes meanwhile is news for the nexus that asks, too. */
static void
test_a_change_of_somebody_else_during_a_set_is_told(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 }, other = { 0 };

	set_start(t, &tt);
	scsi_lu_raise(t->lu, SCSI_UA_ACCESS, NULL);
	scsi_lu_raise(t->lu, SCSI_UA_ACCESS, NULL);
	scsi_alua_set_done(&tt.task, 0, true);
	test_run(t, &other, CDB(TUR), NO_OUT, 0);
	assert_sense(&other, UA_ACCESS);
	assert_int_equal(test_run(t, &other, CDB(TUR), NO_OUT, 0), 0);
	test_task_fini(&other);
	test_task_fini(&tt);
}

static void
test_set_that_fails_says_so(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 }, other = { 0 };

	set_start(t, &tt);
	scsi_alua_set_done(&tt.task, ERR_READ_ONLY, false);
	assert_sense(&tt, SET_FAILED);
	test_task_fini(&tt);
	set_start(t, &tt);
	scsi_alua_set_done(&tt.task, ERR_BUSY, false);
	assert_int_equal(tt.task.status, SCSI_STATUS_BUSY);
	test_task_fini(&tt);
	refuse = -ENOMEM;
	assert_int_equal(test_run(t, &tt, CDB(STPG(8)), to_optimized, 8, 0), SCSI_STATUS_BUSY);
	assert_int_equal(test_run(t, &other, CDB(TUR), NO_OUT, 0), 0);
	test_task_fini(&other);
	test_task_fini(&tt);
}

static void
test_set_that_is_aborted_ends_when_the_array_answers(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 }, other = { 0 };

	set_start(t, &tt);
	assert_int_equal(scsi_task_abort(&tt.task), SCSI_PENDING);
	scsi_lu_raise(t->lu, SCSI_UA_ACCESS, NULL);
	scsi_alua_set_done(&tt.task, 0, true);
	assert_true(tt.done && tt.task.aborted);
	test_task_fini(&tt);
	assert_int_equal(test_run(t, &other, CDB(TUR), NO_OUT, 0), 0);
	test_task_fini(&other);
}

#define ON(name) cmocka_unit_test_setup_teardown(name, setup, scsi_test_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ON(test_every_command_in_every_state),
		ON(test_only_echo_buffers_are_carried_out_when_not_active),
		ON(test_an_active_path_carries_everything_out),
		cmocka_unit_test(test_the_table_is_sorted_and_names_each_command_once),
		ON(test_request_sense_says_why_the_path_is_not_ready),
		ON(test_an_initiator_has_time_to_move_its_commands),
		ON(test_a_path_says_at_once_that_it_is_not_active),
		ON(test_the_time_begins_when_request_sense_tells_the_change),
		ON(test_commands_between_the_change_and_its_announcement_are_carried_out),
		ON(test_each_loss_of_the_active_state_gives_time_and_no_other_change),
		ON(test_who_comes_after_the_change_is_refused_at_once),
		ON(test_a_write_whose_path_is_set_standby_while_it_waits_is_carried_out),
		ON(test_a_write_that_waits_for_longer_than_the_time_is_refused),
		ON(test_inquiry_says_how_states_are_changed),
		ON(test_report_has_golden_bytes_in_both_formats),
		ON(test_report_is_cut_but_says_its_whole_length),
		ON(test_report_of_another_format_is_refused),
		ON(test_report_of_many_groups_is_whole),
		ON(test_report_survives_every_allocation_that_fails),
		ON(test_set_is_no_command_where_initiators_may_not_set_states),
		ON(test_set_of_nothing_changes_nothing),
		ON(test_set_of_a_wrong_length_is_refused),
		ON(test_set_of_what_cannot_be_is_refused_where_it_stands),
		ON(test_set_is_told_to_all_nexuses_but_its_own),
		ON(test_the_nexus_that_sets_its_own_state_standby_is_refused_at_once),
		ON(test_a_change_of_somebody_else_during_a_set_is_told),
		ON(test_set_that_fails_says_so),
		ON(test_set_that_is_aborted_ends_when_the_array_answers),
	};

	return cmocka_run_group_tests_name("scsi access", tests, NULL, NULL);
}
