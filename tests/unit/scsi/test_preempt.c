/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PREEMPT and PREEMPT AND ABORT: who loses a registration, who hears of it, and whose tasks end.
 * SPC-5.
 */
#include "reserve_test.h"

static void
test_preempt_needs_a_registered_key(void **state)
{
	struct hosts *h = *state;

	join(h, A, KEY_A);
	assert_int_equal(OUT(h, C, PROUT_PREEMPT, .type = 1, .action_key = KEY_A), CONFLICT);
	assert_int_equal(OUT(h, A, PROUT_PREEMPT, .type = 1, .key = KEY_B, .action_key = KEY_A),
			 CONFLICT);
	/* a key that nobody has registered, and none at all */
	assert_int_equal(OUT(h, A, PROUT_PREEMPT, .type = 1, .key = KEY_A, .action_key = KEY_B),
			 CONFLICT);
	OUT(h, A, PROUT_PREEMPT, .type = 1, .key = KEY_A);
	assert_sense(&h->tt, SENSE_INVALID_PARAMETER);
	assert_keys(h, 1, KEYS(KEY_A));
}

static void
test_without_a_reservation_registrations_are_removed(void **state)
{
	struct hosts *h = *state;

	join(h, A, KEY_A);
	join(h, B, KEY_B);
	join(h, C, KEY_B);
	assert_int_equal(OUT(h, A, PROUT_PREEMPT, .type = 1, .key = KEY_A, .action_key = KEY_B),
			 GOOD);
	assert_keys(h, 4, KEYS(KEY_A));
	assert_reserved(h, 0, 0);
	assert_int_equal(attention(h, B), UA_REGISTRATIONS_PREEMPTED);
	assert_int_equal(attention(h, B), 0);
	assert_int_equal(attention(h, C), UA_REGISTRATIONS_PREEMPTED);
	assert_int_equal(attention(h, A), 0);
}

/* SPC-5: when registrations are removed, the one of the nexus that asks is no exception. */
static void
test_without_a_reservation_the_own_key_removes_the_own_registration(void **state)
{
	struct hosts *h = *state;

	join(h, A, KEY_A);
	join(h, B, KEY_A);
	assert_int_equal(OUT(h, A, PROUT_PREEMPT, .key = KEY_A, .action_key = KEY_A), GOOD);
	assert_keys(h, 3, NO_KEYS);
	assert_int_equal(attention(h, A), 0);
	assert_int_equal(attention(h, B), UA_REGISTRATIONS_PREEMPTED);
}

static void
test_the_reservation_is_preempted(void **state)
{
	static const uint8_t types[] = { 1, 3, 5, 6 };
	struct hosts *h = *state;

	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		for (size_t k = 0; k < ARRAY_LEN(types); k++) {
			join(h, A, KEY_A);
			join(h, B, KEY_B);
			join(h, C, KEY_C);
			hold(h, A, KEY_A, types[i]);
			assert_int_equal(OUT(h, B, PROUT_PREEMPT, .type = types[k], .key = KEY_B,
					     .action_key = KEY_A),
					 GOOD);
			assert_reserved(h, KEY_B, types[k]);
			assert_int_equal(attention(h, A), UA_REGISTRATIONS_PREEMPTED);
			assert_int_equal(attention(h, A), 0);
			assert_int_equal(attention(h, B), 0);
			assert_int_equal(attention(h, C),
					 types[i] != types[k] ? UA_RESERVATIONS_RELEASED : 0);
			assert_int_equal(OUT(h, B, PROUT_CLEAR, .key = KEY_B), GOOD);
			assert_int_equal(attention(h, C), UA_RESERVATIONS_PREEMPTED);
		}
}

static void
test_a_bad_type_preempts_no_reservation(void **state)
{
	struct hosts *h = *state;

	join(h, A, KEY_A);
	join(h, B, KEY_B);
	join(h, C, KEY_C);
	hold(h, A, KEY_A, SCSI_RESERVE_WE);
	OUT(h, B, PROUT_PREEMPT, .type = 2, .key = KEY_B, .action_key = KEY_A);
	assert_sense(&h->tt, SENSE_INVALID_FIELD);
	OUT(h, B, PROUT_PREEMPT, .scope = 1, .type = 1, .key = KEY_B, .action_key = KEY_A);
	assert_sense(&h->tt, SENSE_INVALID_FIELD);
	assert_int_equal(attention(h, A), 0);
	/* scope and type are ignored where only registrations are removed */
	assert_int_equal(OUT(h, B, PROUT_PREEMPT, .type = 2, .key = KEY_B, .action_key = KEY_C),
			 GOOD);
	assert_reserved(h, KEY_A, SCSI_RESERVE_WE);
	assert_int_equal(attention(h, C), UA_REGISTRATIONS_PREEMPTED);
	OUT(h, B, PROUT_PREEMPT, .type = 1, .key = KEY_B);
	assert_sense(&h->tt, SENSE_INVALID_PARAMETER);
}

static void
test_the_holder_preempts_itself_to_another_type(void **state)
{
	struct hosts *h = *state;

	join(h, A, KEY_A);
	join(h, B, KEY_A); /* two nexuses with one key */
	join(h, C, KEY_C);
	hold(h, A, KEY_A, SCSI_RESERVE_WE);
	assert_int_equal(OUT(h, A, PROUT_PREEMPT, .type = SCSI_RESERVE_EA, .key = KEY_A,
			     .action_key = KEY_A),
			 GOOD);
	assert_reserved(h, KEY_A, SCSI_RESERVE_EA);
	assert_keys(h, 4, KEYS(KEY_A, KEY_C));
	assert_int_equal(attention(h, B), UA_REGISTRATIONS_PREEMPTED);
	assert_int_equal(attention(h, C), UA_RESERVATIONS_RELEASED);
	assert_int_equal(attention(h, A), 0);
}

static void
test_all_registrants(void **state)
{
	struct hosts *h = *state;

	join(h, A, KEY_A);
	join(h, B, KEY_B);
	join(h, C, KEY_C);
	hold(h, A, KEY_A, SCSI_RESERVE_WE_AR);
	/* a key removes registrations, and the reservation stays with the others */
	assert_int_equal(OUT(h, B, PROUT_PREEMPT, .type = 3, .key = KEY_B, .action_key = KEY_A),
			 GOOD);
	assert_reserved(h, 0, SCSI_RESERVE_WE_AR);
	assert_int_equal(attention(h, A), UA_REGISTRATIONS_PREEMPTED);
	assert_int_equal(attention(h, C), 0);
	/* zero preempts all others and the reservation */
	assert_int_equal(OUT(h, B, PROUT_PREEMPT, .type = 3, .key = KEY_B), GOOD);
	assert_reserved(h, KEY_B, SCSI_RESERVE_EA);
	assert_keys(h, 5, KEYS(KEY_B));
	assert_int_equal(attention(h, C), UA_REGISTRATIONS_PREEMPTED);
	assert_int_equal(attention(h, B), 0);
}

/* ---- PREEMPT AND ABORT ---- */

static void
test_preempt_and_abort_ends_the_tasks_of_the_preempted_alone(void **state)
{
	struct hosts *h = *state;
	struct test_task tt;

	join(h, A, KEY_A);
	join(h, B, KEY_B);
	join(h, C, KEY_C);
	hold(h, A, KEY_A, SCSI_RESERVE_WE_RO);
	assert_int_equal(out_start(h, B, &tt,
				   &(struct out){ .action = PROUT_PREEMPT_AND_ABORT,
						  .type = SCSI_RESERVE_WE_RO,
						  .key = KEY_B,
						  .action_key = KEY_A }),
			 SCSI_PENDING);
	assert_true(tt.concerns(h->host[A].itl, tt.others_arg));
	assert_false(tt.concerns(h->host[B].itl, tt.others_arg));
	assert_false(tt.concerns(h->host[C].itl, tt.others_arg));
	assert_false(tt.concerns(h->host[D].itl, tt.others_arg));
	/* already fenced off, while its tasks still end */
	assert_int_equal(attention(h, A), UA_REGISTRATIONS_PREEMPTED);
	assert_int_equal(run(h, A, CDB(0x2a, 0, 0, 0, 0, 0, 0, 0, 0, 0), NO_OUT, 0), CONFLICT);
	assert_false(tt.done);
	tt.others_ended(tt.others_arg);
	assert_true(tt.done);
	assert_int_equal(tt.task.status, GOOD);
	test_task_fini(&tt);
	assert_reserved(h, KEY_B, SCSI_RESERVE_WE_RO);
}

/*
 * The next change waits for the tasks that end; when the waiting command is aborted, nobody minds.
 */
static void
test_changes_wait_for_their_turn(void **state)
{
	struct hosts *h = *state;
	struct test_task abort, second, third;

	join(h, A, KEY_A);
	join(h, B, KEY_B);
	assert_int_equal(out_start(h, A, &abort,
				   &(struct out){ .action = PROUT_PREEMPT_AND_ABORT,
						  .key = KEY_A,
						  .action_key = KEY_B }),
			 SCSI_PENDING);
	assert_int_equal(out_start(h, C, &second,
				   &(struct out){ .action = PROUT_REGISTER, .action_key = KEY_C }),
			 SCSI_PENDING);
	assert_int_equal(out_start(h, D, &third,
				   &(struct out){ .action = PROUT_REGISTER, .action_key = KEY_B }),
			 SCSI_PENDING);
	assert_int_equal(run(h, D, CDB(0x16, 0, 0, 0, 0, 0), NO_OUT, 0), CONFLICT);
	assert_int_equal(scsi_task_abort(&second.task), SCSI_DONE);
	test_task_fini(&second);
	assert_int_equal(third.resumes, 0);
	abort.others_ended(abort.others_arg);
	assert_int_equal(third.resumes, 1);
	/* aborted between its turn and the thread that takes it: the turn is passed on */
	assert_int_equal(scsi_task_abort(&third.task), SCSI_PENDING);
	scsi_task_resume(&third.task);
	assert_true(third.done);
	test_task_fini(&abort);
	test_task_fini(&third);
	assert_keys(h, 3, KEYS(KEY_A));
	join(h, C, KEY_C);
}

static void
test_preempt_and_abort_that_fails_prepares_nothing(void **state)
{
	struct hosts *h = *state;

	join(h, A, KEY_A);
	assert_int_equal(OUT(h, A, PROUT_PREEMPT_AND_ABORT, .key = KEY_A, .action_key = KEY_C),
			 CONFLICT);
	assert_false(h->tt.prepared);
	join(h, B, KEY_B);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, hosts_setup, hosts_teardown)
		T(test_preempt_needs_a_registered_key),
		T(test_without_a_reservation_registrations_are_removed),
		T(test_without_a_reservation_the_own_key_removes_the_own_registration),
		T(test_the_reservation_is_preempted),
		T(test_a_bad_type_preempts_no_reservation),
		T(test_the_holder_preempts_itself_to_another_type),
		T(test_all_registrants),
		T(test_preempt_and_abort_ends_the_tasks_of_the_preempted_alone),
		T(test_changes_wait_for_their_turn),
		T(test_preempt_and_abort_that_fails_prepares_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
