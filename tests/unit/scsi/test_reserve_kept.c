/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * APTPL: what survives a restart, when it is kept, and what happens when it cannot be kept; and
 * that a service action that runs out of memory has changed nothing.
 */
#include "reserve_test.h"
#include "fault.h"

#include <errno.h>
#include <stdlib.h>

static void
join_aptpl(struct hosts *h, unsigned host, uint64_t key)
{
	assert_int_equal(OUT(h, host, PROUT_REGISTER, .action_key = key, .flags = APTPL), GOOD);
}

static void
test_with_aptpl_everything_survives(void **state)
{
	struct hosts *h = *state;

	join_aptpl(h, A, KEY_A);
	join_aptpl(h, B, KEY_B);
	hold(h, B, KEY_B, SCSI_RESERVE_EA_RO);
	hosts_restart(h);
	assert_int_equal(attention(h, C), 0);
	/* the very first write */
	assert_int_equal(run(h, C, CDB(0x2a, 0, 0, 0, 0, 0, 0, 0, 0, 0), NO_OUT, 0), CONFLICT);
	assert_keys(h, 0, KEYS(KEY_A, KEY_B));
	assert_reserved(h, KEY_B, SCSI_RESERVE_EA_RO);
	assert_int_equal(OUT(h, B, PROUT_RELEASE, .type = SCSI_RESERVE_EA_RO, .key = KEY_B), GOOD);
	hosts_restart(h);
	assert_reserved(h, 0, 0);
	assert_keys(h, 0, KEYS(KEY_A, KEY_B));
}

static void
test_without_aptpl_everything_is_gone(void **state)
{
	struct hosts *h = *state;

	join(h, A, KEY_A);
	hold(h, A, KEY_A, SCSI_RESERVE_WE);
	assert_int_equal(h->t->store.saves, 0);
	hosts_restart(h);
	assert_keys(h, 0, NO_KEYS);
	assert_reserved(h, 0, 0);
}

/* SPC-5: the APTPL bit of the last registration holds for the whole unit. */
static void
test_the_last_aptpl_decides(void **state)
{
	struct hosts *h = *state;

	join_aptpl(h, A, KEY_A);
	join(h, B, KEY_B);
	assert_null(h->t->store.kept.data); /* at once: not when it restarts */
	hosts_restart(h);
	assert_keys(h, 0, NO_KEYS);
	join(h, A, KEY_A);
	join_aptpl(h, B, KEY_B);
	hosts_restart(h);
	assert_keys(h, 0, KEYS(KEY_A, KEY_B));
}

/* Every service action that changes something is kept, one after the other. */
static void
test_every_service_action_is_kept(void **state)
{
	struct hosts *h = *state;
	uint8_t list[512] = { 0 };
	size_t id;

	join_aptpl(h, A, KEY_A);
	hosts_restart(h);
	assert_keys(h, 0, KEYS(KEY_A));
	assert_int_equal(OUT(h, B, PROUT_REGISTER_AND_IGNORE, .action_key = KEY_B, .flags = APTPL),
			 GOOD);
	hosts_restart(h);
	assert_keys(h, 0, KEYS(KEY_A, KEY_B));
	hold(h, A, KEY_A, SCSI_RESERVE_WE);
	hosts_restart(h);
	assert_reserved(h, KEY_A, SCSI_RESERVE_WE);
	put_be64(list, KEY_A);
	put_be64(list + 8, KEY_C);
	list[17] = 0x03; /* UNREG, APTPL */
	put_be16(list + 18, 7);
	id = scsi_transport_id_put(list + 24, h->host[C].name, h->host[C].nexus->isid);
	put_be32(list + 20, (uint32_t)id);
	assert_int_equal(out_list(h, A, PROUT_REGISTER_AND_MOVE, list, 24 + id), GOOD);
	hosts_restart(h);
	assert_reserved(h, KEY_C, SCSI_RESERVE_WE);
	assert_keys(h, 0, KEYS(KEY_B, KEY_C));
	assert_int_equal(OUT(h, B, PROUT_PREEMPT, .type = SCSI_RESERVE_EA_AR, .key = KEY_B,
			     .action_key = KEY_C),
			 GOOD);
	hosts_restart(h);
	assert_reserved(h, 0, SCSI_RESERVE_EA_AR);
	assert_keys(h, 0, KEYS(KEY_B));
	join_aptpl(h, C, KEY_C);
	assert_int_equal(OUT(h, C, PROUT_PREEMPT_AND_ABORT, .type = SCSI_RESERVE_WE, .key = KEY_C),
			 GOOD);
	hosts_restart(h);
	assert_reserved(h, KEY_C, SCSI_RESERVE_WE);
	assert_int_equal(OUT(h, C, PROUT_RELEASE, .type = SCSI_RESERVE_WE, .key = KEY_C), GOOD);
	hosts_restart(h);
	assert_reserved(h, 0, 0);
	assert_int_equal(OUT(h, C, PROUT_CLEAR, .key = KEY_C), GOOD);
	assert_null(h->t->store.kept.data);
	hosts_restart(h);
	assert_keys(h, 0, NO_KEYS);
}

static void
test_the_status_waits_for_the_store(void **state)
{
	struct hosts *h = *state;
	struct test_task tt;

	h->t->store.hold = true;
	assert_int_equal(out_start(h, A, &tt,
				   &(struct out){ .action = PROUT_REGISTER,
						  .action_key = KEY_A,
						  .flags = APTPL }),
			 SCSI_PENDING);
	assert_keys(h, 0, NO_KEYS); /* nobody sees it before it is kept */
	assert_int_equal(run(h, B, CDB(0x16, 0, 0, 0, 0, 0), NO_OUT, 0), SCSI_STATUS_BUSY);
	test_store_complete(&h->t->store);
	assert_int_equal(tt.resumes, 1);
	assert_false(tt.done);
	scsi_task_resume(&tt.task);
	assert_true(tt.done);
	assert_int_equal(tt.task.status, GOOD);
	assert_keys(h, 1, KEYS(KEY_A));
	test_task_fini(&tt);
}

static void
test_what_cannot_be_kept_has_not_happened(void **state)
{
	struct hosts *h = *state;

	join_aptpl(h, A, KEY_A);
	h->t->store.fail = ERR_READ_ONLY;
	OUT(h, B, PROUT_REGISTER, .action_key = KEY_B, .flags = APTPL);
	assert_sense(&h->tt, 0x044400);
	OUT(h, A, PROUT_PREEMPT_AND_ABORT, .key = KEY_A, .action_key = KEY_A);
	assert_sense(&h->tt, 0x044400);
	assert_keys(h, 1, KEYS(KEY_A));
	h->t->store.fail = 0;
	join_aptpl(h, B, KEY_B);
}

/* The command is aborted while the store works: the change goes on, and the turn is passed on. */
static void
test_an_abort_does_not_wait_for_the_store(void **state)
{
	struct hosts *h = *state;
	struct test_task tt, next;

	h->t->store.hold = true;
	out_start(h, A, &tt,
		  &(struct out){ .action = PROUT_REGISTER, .action_key = KEY_A, .flags = APTPL });
	assert_int_equal(scsi_task_abort(&tt.task), SCSI_DONE);
	test_task_fini(&tt);
	assert_int_equal(out_start(h, B, &next,
				   &(struct out){ .action = PROUT_REGISTER,
						  .action_key = KEY_B,
						  .flags = APTPL }),
			 SCSI_PENDING);
	h->t->store.hold = false;
	test_store_complete(&h->t->store);
	assert_int_equal(next.resumes, 1);
	scsi_task_resume(&next.task);
	assert_int_equal(next.task.status, GOOD);
	test_task_fini(&next);
	assert_keys(h, 2, KEYS(KEY_A, KEY_B));
}

static void
test_without_a_store_aptpl_is_refused(void **state)
{
	struct hosts *h = *state;

	h->t->lu->desc.store = NULL;
	OUT(h, A, PROUT_REGISTER, .action_key = KEY_A, .flags = APTPL);
	assert_sense(&h->tt, SENSE_INVALID_PARAMETER);
	run(h, A, CDB(0x5e, 2, 0, 0, 0, 0, 0, 0, 8, 0), NO_OUT, 8);
	assert_int_equal(h->tt.in[2] & 0x01, 0); /* PTPL_C */
	join(h, A, KEY_A);
}

/* ---- A program that takes the unit over ---- */

static void
test_what_passes_survives_a_take_over(void **state)
{
	struct hosts *h = *state;
	struct test_store *store = &h->t->store;
	struct scsi_reservations *set;
	uint32_t generation;

	store->store.keeps_passing = true;
	join(h, A, KEY_A);
	join(h, B, KEY_B);
	hold(h, B, KEY_B, SCSI_RESERVE_WE_RO);
	assert_true(store->kept.passing);
	hosts_restart(h);
	assert_keys(h, 2, KEYS(KEY_A, KEY_B));
	assert_reserved(h, KEY_B, SCSI_RESERVE_WE_RO);
	join_aptpl(h, C, KEY_C);
	assert_false(store->kept.passing);
	hosts_restart(h);
	assert_keys(h, 3, KEYS(KEY_A, KEY_B, KEY_C));
	assert_int_equal(OUT(h, C, PROUT_CLEAR, .key = KEY_C), GOOD);
	assert_true(store->kept.passing); /* nothing is left that a loss of power would spare */
	hosts_restart(h);
	assert_int_equal(scsi_lu_reservations(h->t->lu, &set), 0);
	generation = set->generation;
	scsi_reservations_unref(set);
	assert_int_equal(generation, 4);
}

/* ---- What the store has ---- */

static void
test_damaged_data_is_refused(void **state)
{
	struct hosts *h = *state;
	struct scsi_kept *kept = &h->t->store.kept;
	struct scsi_reservations *set = NULL;

	join_aptpl(h, A, KEY_A);
	join_aptpl(h, B, KEY_B);
	hold(h, B, KEY_B, SCSI_RESERVE_WE);
	assert_int_equal(scsi_reservations_decode(kept->version, kept->data, kept->bytes, &set), 0);
	assert_int_equal(set->holder, 1);
	scsi_reservations_unref(set);
	for (size_t len = 0; len < kept->bytes; len++)
		assert_int_equal(scsi_reservations_decode(kept->version, kept->data, len, &set),
				 ERR_CORRUPT);
	assert_int_equal(scsi_reservations_decode(kept->version + 2, kept->data, kept->bytes, &set),
			 ERR_VERSION);
	((uint8_t *)kept->data)[4] = 2; /* a holder that there is not */
	assert_int_equal(scsi_reservations_decode(kept->version, kept->data, kept->bytes, &set),
			 ERR_CORRUPT);
}

/* ---- Memory ---- */

/* Whatever fails, either all of it has happened or nothing. */
static void
with_every_fault(struct hosts *h, unsigned host, const struct out *request,
		 bool (*check)(struct hosts *h))
{
	WITH_EVERY_FAULT
	{
		uint8_t status = out(h, host, request);

		assert_int_equal(status, FAULT_HIT ? SCSI_STATUS_BUSY : GOOD);
		FAULT_OFF();
		assert_int_equal(check(h), status == GOOD);
		assert_null(h->t->store.held);
	}
}

static uint32_t
generation(struct hosts *h, uint32_t *ret_keys, uint8_t *ret_type)
{
	struct scsi_reservations *set;
	uint32_t generation;

	assert_int_equal(scsi_lu_reservations(h->t->lu, &set), 0);
	generation = set->generation;
	*ret_keys = set->count;
	*ret_type = set->type;
	scsi_reservations_unref(set);
	return generation;
}

#define CHECKER(name, expression)                           \
	static bool name(struct hosts *h)                   \
	{                                                   \
		uint32_t keys;                              \
		uint8_t type;                               \
		uint32_t now = generation(h, &keys, &type); \
		(void)now;                                  \
		return expression;                          \
	}
CHECKER(one_key, keys == 1)
CHECKER(two_keys, keys == 2)
CHECKER(six_keys, keys == 6)
CHECKER(is_reserved, type == SCSI_RESERVE_WE_RO)
CHECKER(is_free, type == SCSI_RESERVE_NONE)
CHECKER(is_cleared, keys == 0)

static void
test_no_memory(void **state)
{
	struct hosts *h = *state;

	with_every_fault(
		h, A,
		&(struct out){ .action = PROUT_REGISTER, .action_key = KEY_A, .flags = APTPL },
		one_key);
	with_every_fault(h, B,
			 &(struct out){ .action = PROUT_REGISTER_AND_IGNORE,
					.action_key = KEY_B,
					.flags = APTPL },
			 two_keys);
	with_every_fault(h, A, &(struct out){ .action = PROUT_RESERVE, .type = 5, .key = KEY_A },
			 is_reserved);
	with_every_fault(h, B,
			 &(struct out){ .action = PROUT_PREEMPT_AND_ABORT,
					.type = 5,
					.key = KEY_B,
					.action_key = KEY_A },
			 one_key);
	with_every_fault(h, B, &(struct out){ .action = PROUT_RELEASE, .type = 5, .key = KEY_B },
			 is_free);
	join_aptpl(h, C, KEY_C);
	with_every_fault(
		h, B, &(struct out){ .action = PROUT_PREEMPT, .key = KEY_B, .action_key = KEY_C },
		one_key);
	with_every_fault(h, B, &(struct out){ .action = PROUT_CLEAR, .key = KEY_B }, is_cleared);
}

static void
test_no_memory_for_lists(void **state)
{
	struct hosts *h = *state;
	uint8_t list[512] = { 0 };
	size_t id = scsi_transport_id_put(list + 28, "iqn.2024-01.example:far",
					  (const uint8_t[6]){ 1 });

	/* A and far through two ports, and C, of which both nexuses... is one */
	put_be64(list + 8, KEY_A);
	list[20] = SPEC_I_PT | ALL_TG_PT | APTPL;
	id += scsi_transport_id_put(list + 28 + id, h->host[C].name, (const uint8_t[6]){ 9 });
	put_be32(list + 24, (uint32_t)id);
	WITH_EVERY_FAULT
	{
		uint8_t status = out_list(h, A, PROUT_REGISTER, list, 28 + id);

		assert_int_equal(status, FAULT_HIT ? SCSI_STATUS_BUSY : GOOD);
		FAULT_OFF();
		assert_int_equal(six_keys(h), status == GOOD);
	}
	hold(h, A, KEY_A, SCSI_RESERVE_WE_RO);
	memset(list, 0, sizeof(list));
	put_be64(list, KEY_A);
	put_be64(list + 8, KEY_B);
	list[17] = APTPL;
	put_be16(list + 18, 8);
	id = scsi_transport_id_put(list + 24, h->host[B].name, h->host[B].nexus->isid);
	put_be32(list + 20, (uint32_t)id);
	WITH_EVERY_FAULT
	{
		uint8_t status = out_list(h, A, PROUT_REGISTER_AND_MOVE, list, 24 + id);

		assert_int_equal(status, FAULT_HIT ? SCSI_STATUS_BUSY : GOOD);
		FAULT_OFF();
		assert_int_equal(six_keys(h), status != GOOD);
	}
	assert_reserved(h, KEY_B, SCSI_RESERVE_WE_RO);
}

static void
test_no_memory_for_in_and_restart(void **state)
{
	struct hosts *h = *state;

	join_aptpl(h, A, KEY_A);
	for (uint8_t action = 0; action < 4; action++) {
		if (action == 2)
			continue; /* REPORT CAPABILITIES allocates nothing */
		WITH_EVERY_FAULT
		{
			uint8_t status = run(h, A, CDB(0x5e, action, 0, 0, 0, 0, 0, 1, 0, 0),
					     NO_OUT, 256);

			assert_int_equal(status, FAULT_HIT ? SCSI_STATUS_BUSY : GOOD);
		}
	}
	struct scsi_lu_desc desc = h->t->lu->desc;

	desc.released = NULL;
	WITH_EVERY_FAULT
	{
		struct scsi_lu *lu = NULL;
		int rc = scsi_lu_new(&desc, &lu);

		assert_int_equal(rc, FAULT_HIT ? -ENOMEM : 0);
		scsi_lu_unref(lu);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, hosts_setup, hosts_teardown)
		T(test_with_aptpl_everything_survives),
		T(test_without_aptpl_everything_is_gone),
		T(test_the_last_aptpl_decides),
		T(test_every_service_action_is_kept),
		T(test_the_status_waits_for_the_store),
		T(test_what_cannot_be_kept_has_not_happened),
		T(test_an_abort_does_not_wait_for_the_store),
		T(test_without_a_store_aptpl_is_refused),
		T(test_what_passes_survives_a_take_over),
		T(test_damaged_data_is_refused),
		T(test_no_memory),
		T(test_no_memory_for_lists),
		T(test_no_memory_for_in_and_restart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
