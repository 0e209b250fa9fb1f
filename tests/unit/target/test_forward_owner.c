/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of what becomes of commands when a LUN gets another owner, or its owner is not reached:
 * some gateways, as few_gateways.h makes them.
 */
#include "few_gateways.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "target/target_int.h"

/* A planned move: commands wait at the old owner, and go to the new one. */
static void
test_a_move_loses_no_command(void **state)
{
	struct few_gateways *g = *state;
	struct iscsi_context *hosts[2] = { few_log_in(g, 0, HOST_1, 1),
					   few_log_in(g, 1, HOST_2, 2) };
	uint8_t out[512], in[512];

	for (unsigned round = 0; round < 4; round++) {
		unsigned from = round & 1, to = !from;
		struct pending waits[2];
		void *drain;

		few_quiesce(g, from, 0, &drain);
		for (unsigned i = 0; i < 2; i++) {
			host_start_write(&waits[i], hosts[i], 0, 8 * (i + 1),
					 (uint8_t)(16 * round + i));
			assert_false(host_wait(&waits[i], 20));
		}
		few_set_owner(g, 0, to, 2 + round);
		fake_commit(g->list[from].array);
		fake_commit(g->list[to].array);
		fake_ops(g->list[from].array)->resume(fake_runtime(g->list[from].array), drain);
		/* each nexus is told of it once: the write was not carried out */
		for (unsigned i = 0; i < 2; i++) {
			assert_true(host_wait(&waits[i], 10000));
			assert_int_equal(waits[i].status, UA_ACCESS);
			host_forget(&waits[i]);
		}
		for (unsigned i = 0; i < 2; i++) {
			memset(out, (int)(16 * round + i), sizeof(out));
			assert_int_equal(host_write(hosts[i], 0, 8 * (i + 1), out, 512), 0);
			assert_int_equal(host_read(hosts[!i], 0, 8 * (i + 1), in, 512), 0);
			assert_memory_equal(in, out, 512);
		}
	}
	host_logout(hosts[0]);
	host_logout(hosts[1]);
}

#define MOVES 40u

struct mover {
	struct few_gateways *g;
	pthread_t thread;
	atomic_bool done;
	bool failed;
};

static void *
move_often(void *arg)
{
	struct mover *m = arg;
	struct array_mapping mapping = { .lun_id = m->g->luns[0] };

	for (unsigned i = 0; i < MOVES && !m->failed; i++) {
		struct array *from = m->g->list[i & 1].array;
		void *drain = NULL;

		m->failed = fake_ops(from)->quiesce(fake_runtime(from), &mapping, 1, 10000,
						    &drain) != 0;
		if (m->failed)
			break;
		few_set_owner(m->g, 0, !(i & 1), 2 + i);
		fake_commit(from);
		fake_commit(m->g->list[!(i & 1)].array);
		fake_ops(from)->resume(fake_runtime(from), drain);
	}
	atomic_store(&m->done, true);
	return NULL;
}

/* A nexus is told of each move once. */
static void
write_and_read(struct iscsi_context *host, uint64_t lba, uint8_t seed)
{
	uint8_t out[512], in[512];
	unsigned told = 0;
	int rc;

	few_fill(out, sizeof(out), seed);
	while ((rc = host_write(host, 0, lba, out, 512)) == UA_ACCESS)
		assert_true(++told <= MOVES);
	assert_int_equal(rc, 0);
	while ((rc = host_read(host, 0, lba, in, 512)) == UA_ACCESS)
		assert_true(++told <= MOVES);
	assert_int_equal(rc, 0);
	assert_memory_equal(in, out, 512);
}

/* Through both gateways, while the LUN moves to and fro. */
static void
test_moves_under_verified_load(void **state)
{
	struct few_gateways *g = *state;
	struct iscsi_context *hosts[2] = { few_log_in(g, 0, HOST_1, 1),
					   few_log_in(g, 1, HOST_2, 2) };
	struct mover mover = { .g = g };

	assert_int_equal(pthread_create(&mover.thread, NULL, move_often, &mover), 0);
	for (unsigned i = 0; !atomic_load(&mover.done); i++)
		write_and_read(hosts[i & 1], 8 * (i & 1), (uint8_t)i);
	pthread_join(mover.thread, NULL);
	assert_false(mover.failed);
	host_logout(hosts[0]);
	host_logout(hosts[1]);
}

/* Nobody owns it: commands wait, and are answered BUSY in the end. */
static void
test_without_an_owner_commands_are_busy(void **state)
{
	struct few_gateways *g = *state;
	struct iscsi_context *host = few_log_in(g, 0, HOST_1, 1);
	struct guid nobody = fake_id(999);
	uint8_t in[512];

	few_tell_owner(g, 1, &nobody, 2);
	assert_int_equal(host_read(host, 1, 0, in, 512), 0x08);
	assert_int_equal(host_read(host, 0, 0, in, 512), 0);
	few_tell_owner(g, 1, &g->list[1].id, 3);
	assert_int_equal(host_read(host, 1, 0, in, 512), 0);
	host_logout(host);
}

/*
 * A gateway that was stopped, and replaced, wakes with its connections to owners: they have ended,
 * and it may not come back before it runs anew.
 */
static void
test_a_gateway_that_was_replaced_is_cut_off(void **state)
{
	struct few_gateways *g = *state;
	struct iscsi_context *host = few_log_in(g, 0, HOST_1, 1);
	uint8_t in[512];

	assert_int_equal(host_read(host, 1, 0, in, 512), 0);
	fake_gateway(g->list[1].array, &g->list[0].id, g->list[0].address, "");
	fake_commit(g->list[1].array);
	/* what is sent before the end of its link is seen may have been carried out */
	while (fake_suspected(g->list[0].array) == 0)
		assert_true(host_serve_for(host, 10));
	assert_int_equal(host_read(host, 1, 0, in, 512), 0x08);
	fake_gateway(g->list[1].array, &g->list[0].id, g->list[0].address, "another instance");
	fake_commit(g->list[1].array);
	/* it must not take itself for what has replaced it */
	assert_int_equal(host_read(host, 1, 0, in, 512), 0x08);
	fake_gateway(g->list[0].array, &g->list[0].id, g->list[0].address, "another instance");
	fake_commit(g->list[0].array);
	assert_int_equal(host_read(host, 1, 0, in, 512), UA_NEXUS_LOSS);
	assert_int_equal(host_read(host, 1, 0, in, 512), UA_ACCESS); /* a new nexus there */
	assert_int_equal(host_read(host, 1, 0, in, 512), 0);
	host_logout(host);
}

/* The owner dies under load: what may be repeated goes on at the one that takes over. */
static void
test_the_owner_dies(void **state)
{
	struct few_gateways *g = *state;
	struct iscsi_context *host = few_log_in(g, 0, HOST_1, 1);
	uint8_t out[512], in[512];
	struct pending waits;

	few_fill(out, sizeof(out), 7);
	assert_int_equal(host_write(host, 1, 0, out, 512), 0);
	few_stop(&g->list[1]);
	host_start_write(&waits, host, 1, 8, 0x55);
	assert_false(host_wait(&waits, 50));
	assert_true(fake_suspected(g->list[0].array) > 0);
	few_take_over(g);
	assert_true(host_wait(&waits, 10000));
	assert_int_equal(waits.status, UA_NEXUS_LOSS);
	host_forget(&waits);
	assert_int_equal(host_test_unit_ready(host, 1), UA_ACCESS);
	assert_int_equal(host_read(host, 1, 0, in, 512), 0);
	assert_memory_equal(in, out, 512);
	host_logout(host);
}

/* What may not be repeated ends when another gateway has taken the LUN over, not before. */
static void
test_a_command_that_may_not_be_repeated(void **state)
{
	struct few_gateways *g = *state;
	struct iscsi_context *host = few_log_in(g, 0, HOST_1, 1);
	struct pending waits;

	few_inject(g, "lun1.write", "hold");
	host_start_compare_and_write(&waits, host, 1, 0, 0, 0x77);
	assert_false(host_wait(&waits, 50));
	target_log_out(g->list[1].target, 100); /* its sessions end */
	assert_false(host_wait(&waits, 200));
	few_lift(g, "lun1.write");
	few_stop(&g->list[1]);
	few_take_over(g);
	assert_true(host_wait(&waits, 10000));
	assert_int_equal(waits.status, SENSE(0x0b, 0));
	host_forget(&waits);
	host_logout(host);
}

/* ---- What an owner may still do ---- */

/* ABORT TASK of a write whose connection to the owner broke waits until that one can do nothing. */
static void
test_abort_waits_for_what_the_owner_may_do(void **state)
{
	struct few_gateways *g = *state;
	static struct raw_pdu pdu;
	static struct raw raw;

	few_hold_at_owner(g, &raw, few_write_0, sizeof(few_write_0), 512);
	target_log_out(g->list[1].target, 100);
	while (fake_suspected(g->list[0].array) == 0)
		raw_quiet(&raw);
	uint32_t tmf = raw_tmf(&raw, 1, 2, 0xffffffff); /* ABORT TASK SET */

	raw_flush(&raw);
	raw_quiet(&raw);
	few_lift(g, "lun1.write");
	few_stop(&g->list[1]);
	few_take_over(g);
	raw_expect(&raw, &pdu, RAW_TMF_RESPONSE, tmf);
	assert_int_equal(pdu.bhs[2], 0);
	raw_close(&raw);
}

/* When that remains unknown, nothing is answered: the session ends. */
static void
end_unanswered(struct few_gateways *g, const uint8_t *cdb, size_t cdb_len, uint32_t len)
{
	static struct raw_pdu pdu;
	static struct raw raw;

	few_hold_at_owner(g, &raw, cdb, cdb_len, len);
	/* the first gateway cannot log in there again, which would end what the owner does */
	fake_gateway(g->list[0].array, &g->list[1].id, "nowhere", "an instance");
	fake_commit(g->list[0].array);
	target_log_out(g->list[1].target, 100);
	assert_false(raw_receive(&raw, &pdu, 10000)); /* its end */
	assert_true(fake_wait_sessions(g->list[0].array, 0));
	raw_close(&raw);
	few_lift(g, "lun1.write");
}

static void
test_what_remains_unknown_is_not_answered(void **state)
{
	static const uint8_t compare[16] = { 0x89, [13] = 1 };

	end_unanswered(*state, compare, sizeof(compare), 1024);
}

static void
test_a_write_that_remains_unknown_is_not_answered(void **state)
{
	end_unanswered(*state, few_write_0, sizeof(few_write_0), 512);
}

/*
 * A session lasts, for whoever logs in anew, until the owner has answered the aborts of its tasks.
 */
static void
test_the_end_of_a_session_waits_for_the_owner(void **state)
{
	struct few_gateways *g = *state;
	static uint8_t block[512] = { 0xbb };
	static struct raw raw;
	struct iscsi_context *other;

	few_raw(g, &raw, 1);
	few_inject(g, "lun1.write", "hold");
	raw_command_data(&raw, 1, RAW_SIMPLE, few_write_0, sizeof(few_write_0), block, 512);
	raw_flush(&raw);
	raw_quiet(&raw);
	other = few_log_in(g, 0, HOST_2, 2);
	fake_lease(g->list[1].array, false); /* it answers nothing */
	raw_close(&raw);
	for (unsigned i = 0; i < 10; i++) /* others are served meanwhile */
		assert_int_equal(host_test_unit_ready(other, 0), 0);
	host_logout(other);
	assert_true(fake_wait_sessions(g->list[0].array, 1));
	fake_lease(g->list[1].array, true);
	few_lift(g, "lun1.write");
	assert_true(fake_wait_sessions(g->list[0].array, 0));
}

/* ---- What an owner has in memory only ---- */

/*
 * The reservation is lost with a move, and its holder is told, through whichever gateway it comes.
 */
static void
test_a_lost_reserve_is_told(void **state)
{
	struct few_gateways *g = *state;
	static const uint8_t reserve[6] = { 0x16 };

	for (unsigned i = 0; i < 2; i++) {
		unsigned owner = i;
		struct iscsi_context *host = few_log_in(g, 0, HOST_1, 1 + i);
		struct pending waits;
		void *drain;

		assert_int_equal(host_command(host, (int)i, reserve, 6, NULL, 0, NULL, 0, NULL), 0);
		few_quiesce(g, owner, i, &drain);
		host_start_write(&waits, host, (int)i, 8, 0x33);
		assert_false(host_wait(&waits, 20));
		few_set_owner(g, i, !owner, 2);
		fake_commit(g->list[owner].array);
		fake_commit(g->list[!owner].array);
		fake_ops(g->list[owner].array)->resume(fake_runtime(g->list[owner].array), drain);
		assert_true(host_wait(&waits, 10000));
		assert_int_equal(waits.status, UA_NEXUS_LOSS);
		host_forget(&waits);
		assert_int_equal(host_test_unit_ready(host, (int)i), UA_ACCESS);
		assert_int_equal(host_test_unit_ready(host, (int)i), 0);
		host_logout(host);
	}
}

/* Moves LUN 1 from the second gateway to another one, while nothing comes for it. */
static void
move_quietly(struct few_gateways *g, unsigned to)
{
	struct array *from = g->list[1].array;
	void *drain;

	few_quiesce(g, 1, 1, &drain);
	few_set_owner(g, 1, to, 2);
	fake_commit(from); /* the owner is the first to know */
	few_commit(g);
	fake_ops(from)->resume(fake_runtime(from), drain);
}

/*
 * What was pending at the old owner is told as a loss, also when no command of the nexus came
 * during the move: through a gateway that becomes the owner, and one that then asks another one.
 */
static void
pending_is_told(struct few_gateways *g, unsigned to)
{
	struct iscsi_context *a = few_log_in(g, 0, HOST_1, 1), *b = few_log_in(g, 1, HOST_2, 2);

	assert_int_equal(host_tmf(b, 1, 5, NULL),
			 0); /* for `a`, too, its unit attention is pending */
	move_quietly(g, to);
	assert_int_equal(host_test_unit_ready(a, 1), UA_NEXUS_LOSS);
	assert_int_equal(host_test_unit_ready(a, 1), UA_ACCESS);
	assert_int_equal(host_test_unit_ready(a, 1), 0);
	host_logout(a);
	host_logout(b);
}

static void
test_what_was_pending_is_told_by_the_next_owner(void **state)
{
	pending_is_told(*state, 0);
}

static void
test_what_was_pending_is_told_through_a_third_gateway(void **state)
{
	pending_is_told(*state, 2);
}

/* A move of which nobody has lost anything is told as what it is, and the commands go on. */
static void
quiet_move(struct few_gateways *g, unsigned to)
{
	struct iscsi_context *a = few_log_in(g, 0, HOST_1, 1), *b = few_log_in(g, 1, HOST_2, 2);
	uint8_t block[512] = { 0x44 }, in[512];

	move_quietly(g, to);
	assert_int_equal(host_write(a, 1, 0, block, 512), UA_ACCESS);
	assert_int_equal(host_write(a, 1, 0, block, 512), 0);
	assert_int_equal(host_read(b, 1, 0, in, 512), UA_ACCESS);
	assert_int_equal(host_read(b, 1, 0, in, 512), 0);
	assert_memory_equal(in, block, 512);
	/* who was asked first is left alone from then on: its end takes nothing away */
	host_logout(b);
	few_stop(&g->list[1]);
	assert_int_equal(host_read(a, 1, 0, in, 512), 0);
	host_logout(a);
}

static void
test_a_quiet_move_loses_nothing(void **state)
{
	quiet_move(*state, 0);
}

static void
test_a_quiet_move_to_a_third_gateway_loses_nothing(void **state)
{
	quiet_move(*state, 2);
}

/* ---- Resets by others ---- */

/* Expects that nothing was answered, or carried out, of the writes that wait_and_reset has sent. */
static void
expect_aborted(struct few_gateways *g, struct raw *raw, unsigned attention)
{
	static const uint8_t ready[6] = { 0 };
	static struct raw_pdu pdu;
	uint8_t in[512];

	uint32_t itt = raw_command(raw, 1, RAW_SIMPLE, ready, sizeof(ready), 0, 0);

	raw_flush(raw);
	raw_expect(raw, &pdu, RAW_RESPONSE, itt); /* the first that is answered */
	assert_int_equal(raw_status(&pdu), attention);
	assert_false(raw_receive(raw, &pdu, 300)); /* longer than what waits is left alone */
	raw_close(raw);
	struct iscsi_context *host = few_log_in(g, 1, HOST_2, 9);

	assert_int_equal(host_read(host, 1, 0, in, 512), 0);
	assert_int_equal(in[0], 0);
	host_logout(host);
}

/*
 * Writes that wait at a gateway which does not reach their owner, when another initiator resets the
 * LUN through a gateway, do not reach the owner later: one whose data are here, one that is behind
 * it, and one whose data are still to come.
 */
static void
reset_what_waits(struct few_gateways *g, unsigned gateway, unsigned function)
{
	static const uint8_t block[512] = { 0xee };
	struct guid nobody = fake_id(999);
	static struct raw_pdu pdu;
	static struct raw raw;

	few_raw(g, &raw, 1);
	struct iscsi_context *other = few_log_in(g, gateway, HOST_2, 2);

	few_tell_owner(g, 1, &nobody, 2);
	raw_command_data(&raw, 1, RAW_SIMPLE, few_write_0, sizeof(few_write_0), block, 512);
	raw_command_data(&raw, 1, RAW_ORDERED, few_write_0, sizeof(few_write_0), block, 512);
	raw_command_data(&raw, 1, RAW_SIMPLE, few_write_0, sizeof(few_write_0), block, 512);
	uint32_t late = raw_command(&raw, 1, RAW_SIMPLE, few_write_0, sizeof(few_write_0), 512, 0);

	raw_flush(&raw);
	raw_expect(&raw, &pdu, RAW_R2T, late);
	assert_int_equal(host_tmf(other, 1, function, NULL), 0);
	few_tell_owner(g, 1, &g->list[1].id, 3);
	expect_aborted(g, &raw, UA_RESET);
	host_logout(other);
}

static void
test_a_reset_by_another_aborts_what_waits(void **state)
{
	reset_what_waits(*state, 1, 5);
}

static void
test_a_target_reset_by_another_aborts_what_waits(void **state)
{
	reset_what_waits(*state, 1, 6);
}

static void
test_a_reset_through_a_third_gateway_aborts_what_waits(void **state)
{
	reset_what_waits(*state, 2, 5);
}

struct follower {
	struct few_gateways *g;
	pthread_t thread;
	atomic_bool done;
};

static void *
follow_a_reset(void *arg)
{
	struct follower *f = arg;
	struct array *array = f->g->list[0].array;

	fake_ops(array)->lun_reset(fake_runtime(array), &f->g->luns[1]);
	atomic_store(&f->done, true);
	return NULL;
}

/*
 * What was sent to the owner may be in its socket still: the reset goes on when the owner has
 * answered that it is aborted.
 */
static void
test_a_reset_waits_for_the_aborts_of_what_was_sent(void **state)
{
	struct few_gateways *g = *state;
	struct follower follower = { .g = g };
	static struct raw raw;

	few_hold_at_owner(g, &raw, few_write_0, sizeof(few_write_0), 512);
	fake_lease(g->list[1].array, false); /* it reads and answers nothing */
	assert_int_equal(pthread_create(&follower.thread, NULL, follow_a_reset, &follower), 0);
	poll(NULL, 0, 100); /* nothing happens */
	assert_false(atomic_load(&follower.done));
	fake_lease(g->list[1].array, true);
	pthread_join(follower.thread, NULL);
	assert_int_equal(fake_suspected(g->list[0].array), 0); /* the owner has answered */
	few_lift(g, "lun1.write");
	raw_close(&raw);
}

/* Also at the owner itself, where commands wait until it has claimed the LUN. */
static void
test_a_reset_aborts_what_waits_for_a_claim(void **state)
{
	struct few_gateways *g = *state;
	static const uint8_t block[512] = { 0xee };
	static struct raw_pdu pdu;
	static struct raw raw, other;

	fake_claim(g->list[1].array, false);
	raw_login(&raw, g->list[1].port, HOST_1, NAME, 1, true);
	raw_login(&other, g->list[1].port, HOST_2, NAME, 2, true);
	for (unsigned i = 0; i < 3; i++)
		raw_command_data(&raw, 1, RAW_SIMPLE, few_write_0, sizeof(few_write_0), block, 512);
	raw_flush(&raw);
	raw_quiet(&raw);
	uint32_t tmf = raw_tmf(&other, 1, 5, 0xffffffff);

	raw_flush(&other);
	raw_expect(&other, &pdu, RAW_TMF_RESPONSE, tmf);
	assert_int_equal(pdu.bhs[2], 0);
	fake_claim(g->list[1].array, true);
	expect_aborted(g, &raw, UA_POWER_ON);
	raw_close(&other);
}

/* Waits, while the LUN gets its unit, until the store holds the write. */
static void
expect_held_at_the_store(struct raw *raw, uint32_t ready, uint32_t read)
{
	static struct raw_pdu pdu;

	raw_expect(raw, &pdu, RAW_RESPONSE, ready);
	assert_int_equal(raw_status(&pdu), UA_POWER_ON);
	raw_expect(raw, &pdu, RAW_DATA_IN, read);
}

/*
 * Other gateways take their time to hear of a reset.  The LUN can get its unit meanwhile, and what
 * is carried out then is older than the end of the reset.
 */
static void
test_a_reset_aborts_what_began_while_it_was_announced(void **state)
{
	struct few_gateways *g = *state;
	struct array *owner = g->list[1].array;
	static const uint8_t block[512] = { 0xee }, ready[6] = { 0 };
	static struct raw_pdu pdu;
	static struct raw raw, other;

	fake_claim(owner, false);
	raw_login(&raw, g->list[1].port, HOST_1, NAME, 1, true);
	raw_login(&other, g->list[1].port, HOST_2, NAME, 2, true);
	fake_let_resets_wait(owner, true);
	uint32_t tmf = raw_tmf(&other, 1, 5, 0xffffffff);

	raw_flush(&other);
	assert_true(fake_wait_resets(owner, 1));
	few_inject(g, "lun1.write", "hold");
	uint32_t first = raw_command(&raw, 1, RAW_SIMPLE, ready, sizeof(ready), 0, 0);

	raw_command_data(&raw, 1, RAW_SIMPLE, few_write_0, sizeof(few_write_0), block, 512);
	uint32_t read = raw_command(&raw, 1, RAW_SIMPLE, few_read_8, sizeof(few_read_8), 0, 512);

	raw_flush(&raw);
	fake_claim(owner, true);
	expect_held_at_the_store(&raw, first, read);
	fake_let_resets_wait(owner, false);
	raw_expect(&other, &pdu, RAW_TMF_RESPONSE, tmf);
	assert_int_equal(pdu.bhs[2], 0);
	few_lift(g, "lun1.write");
	uint32_t last = raw_command(&raw, 1, RAW_ORDERED, ready, sizeof(ready), 0, 0);

	raw_flush(&raw);
	raw_expect(&raw, &pdu, RAW_RESPONSE, last); /* nothing is answered of the write before it */
	assert_int_equal(raw_status(&pdu), UA_RESET);
	raw_close(&other);
	raw_close(&raw);
}

/*
 * A session that resets a LUN keeps what it has sent after the request, at whichever gateway it
 * waits.
 */
static void
test_a_reset_keeps_what_comes_after_it(void **state)
{
	struct few_gateways *g = *state;
	static const uint8_t before[512] = { 0xee }, after[512] = { 0x11 };
	struct guid nobody = fake_id(999);
	static struct raw_pdu pdu;
	static struct raw raw;

	few_raw(g, &raw, 1);
	few_tell_owner(g, 1, &nobody, 2);
	raw_command_data(&raw, 1, RAW_SIMPLE, few_write_0, sizeof(few_write_0), before, 512);
	uint32_t tmf = raw_tmf(&raw, 1, 5, 0xffffffff);
	uint32_t first = raw_command_data(&raw, 1, RAW_SIMPLE, few_write_0, sizeof(few_write_0),
					  before, 512);
	uint32_t second = raw_command_data(&raw, 1, RAW_SIMPLE, few_write_0, sizeof(few_write_0),
					   after, 512);

	raw_flush(&raw);
	raw_quiet(&raw);
	few_tell_owner(g, 1, &g->list[1].id, 3);
	raw_expect(&raw, &pdu, RAW_TMF_RESPONSE, tmf);
	assert_int_equal(pdu.bhs[2], 0);
	raw_expect(&raw, &pdu, RAW_RESPONSE, first);
	assert_int_equal(raw_status(&pdu), UA_RESET);
	raw_expect(&raw, &pdu, RAW_RESPONSE, second);
	assert_int_equal(raw_status(&pdu), 0);
	raw_close(&raw);
}

/* A reset waits, like a command, for an owner that is not reached. */
static void
test_a_reset_waits_for_the_owner(void **state)
{
	struct few_gateways *g = *state;
	struct guid nobody = fake_id(999);
	static struct raw_pdu pdu;
	static struct raw raw;

	few_raw(g, &raw, 1);
	few_tell_owner(g, 1, &nobody, 2);
	uint32_t tmf = raw_tmf(&raw, 1, 5, 0xffffffff);

	raw_flush(&raw);
	raw_quiet(&raw);
	few_tell_owner(g, 1, &g->list[1].id, 3);
	raw_expect(&raw, &pdu, RAW_TMF_RESPONSE, tmf);
	assert_int_equal(pdu.bhs[2], 0);
	raw_close(&raw);
}

/* I_T NEXUS RESET is answered when the owners have ended the nexus, not before. */
static void
test_a_nexus_reset_waits_for_the_owners(void **state)
{
	struct few_gateways *g = *state;
	const struct raw_who who = {
		.host = HOST_1, .target = NAME, .isid = 1, .protocol_level = 2
	};
	static struct raw_pdu pdu;
	static struct raw raw;

	memset(&raw, 0, sizeof(raw));
	assert_int_equal(raw_try_login(&raw, g->list[0].port, &who), 0);
	raw_ready(&raw, 1);
	fake_lease(g->list[1].array, false); /* it answers nothing */
	uint32_t tmf = raw_tmf(&raw, 0, 11, 0xffffffff);

	raw_flush(&raw);
	raw_quiet(&raw);
	fake_lease(g->list[1].array, true);
	raw_expect(&raw, &pdu, RAW_TMF_RESPONSE, tmf);
	assert_int_equal(pdu.bhs[2], 0);
	raw_close(&raw);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FEW_TEST(test_a_move_loses_no_command),
		FEW_TEST(test_moves_under_verified_load),
		FEW_TEST_IMPATIENT(test_without_an_owner_commands_are_busy),
		FEW_TEST_IMPATIENT(test_a_gateway_that_was_replaced_is_cut_off),
		FEW_TEST(test_the_owner_dies),
		FEW_TEST(test_a_command_that_may_not_be_repeated),
		FEW_TEST(test_abort_waits_for_what_the_owner_may_do),
		FEW_TEST_IMPATIENT(test_what_remains_unknown_is_not_answered),
		FEW_TEST_IMPATIENT(test_a_write_that_remains_unknown_is_not_answered),
		FEW_TEST(test_the_end_of_a_session_waits_for_the_owner),
		FEW_TEST(test_a_lost_reserve_is_told),
		FEW_TEST(test_what_was_pending_is_told_by_the_next_owner),
		FEW_TEST(test_what_was_pending_is_told_through_a_third_gateway),
		FEW_TEST(test_a_quiet_move_loses_nothing),
		FEW_TEST(test_a_quiet_move_to_a_third_gateway_loses_nothing),
		FEW_TEST(test_a_reset_by_another_aborts_what_waits),
		FEW_TEST(test_a_target_reset_by_another_aborts_what_waits),
		FEW_TEST(test_a_reset_through_a_third_gateway_aborts_what_waits),
		FEW_TEST(test_a_reset_waits_for_the_aborts_of_what_was_sent),
		FEW_TEST(test_a_reset_aborts_what_waits_for_a_claim),
		FEW_TEST(test_a_reset_aborts_what_began_while_it_was_announced),
		FEW_TEST(test_a_reset_keeps_what_comes_after_it),
		FEW_TEST(test_a_reset_waits_for_the_owner),
		FEW_TEST(test_a_nexus_reset_waits_for_the_owners),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
