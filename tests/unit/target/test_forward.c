/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of commands that go to the LUN's owner: some gateways, as few_gateways.h makes them.  LUN 0
 * is the first one's, LUN 1 the second one's, so each test looks at a LUN from both sides.
 */
#include "few_gateways.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "target/target_int.h"

/* ---- Commands ---- */

/* What is written through one gateway is read through the other, for LUNs of both. */
static void
test_both_gateways_show_the_same(void **state)
{
	static const uint32_t lens[] = { 512, 4096, 65536, 1 << 20, 3 << 20 };
	struct few_gateways *g = *state;
	struct iscsi_context *hosts[2] = { few_log_in(g, 0, HOST_1, 1),
					   few_log_in(g, 1, HOST_2, 2) };
	uint8_t *out = malloc(3 << 20), *in = malloc(3 << 20);

	for (unsigned i = 0; i < 2 * FEW_LUNS * 5; i++) {
		unsigned writer = i & 1, lun = i >> 1 & 1;
		uint32_t len = lens[i / 4];

		few_fill(out, len, (uint8_t)i);
		assert_int_equal(host_write(hosts[writer], (int)lun, 16, out, len), 0);
		memset(in, 0, len);
		assert_int_equal(host_read(hosts[!writer], (int)lun, 16, in, len), 0);
		assert_memory_equal(in, out, len);
	}
	free(out);
	free(in);
	host_logout(hosts[0]);
	host_logout(hosts[1]);
}

/* Answers other than GOOD, residuals, and what INQUIRY says are those of the owner. */
static void
test_answers_are_those_of_the_owner(void **state)
{
	struct few_gateways *g = *state;
	static const uint8_t inquiry[16] = { 0x12, 0, 0, 0, 96 }, none[16] = { 0xff };
	static const uint8_t capacity[16] = { 0x9e, 0x10, [13] = 32 };
	uint8_t direct[255], forwarded[255];

	for (unsigned lun = 0; lun < FEW_LUNS; lun++) {
		int lens[2][2];
		uint32_t missing[2];

		for (unsigned i = 0; i < 2; i++) {
			struct iscsi_context *host = few_log_in(g, i, HOST_1, 1 + i);
			uint8_t *to = i == lun ? direct : forwarded;

			memset(to, 0, sizeof(direct));
			assert_int_equal(
				host_command(host, (int)lun, none, 16, NULL, 0, NULL, 0, NULL),
				SENSE(5, 0x2000));
			assert_int_equal(host_command(host, (int)lun, inquiry, 6, NULL, 0, to, 200,
						      &lens[i][0]),
					 0);
			assert_int_equal(host_command(host, (int)lun, capacity, 16, NULL, 0,
						      to + 100, 100, &lens[i][1]),
					 0);
			assert_int_equal(host_read(host, (int)lun, FEW_LUN_BYTES / 512, to, 512),
					 SENSE(5, 0x2100));
			missing[i] = host_read_missing(host, (int)lun, 0, 1024);
			host_logout(host);
		}
		assert_int_equal(lens[0][0], lens[1][0]);
		assert_int_equal(lens[0][1], lens[1][1]);
		assert_int_equal(missing[0], missing[1]);
		assert_memory_equal(direct, forwarded, sizeof(direct));
	}
}

static void
test_report_luns_and_unknown_units_are_local(void **state)
{
	struct few_gateways *g = *state;
	struct iscsi_context *host = few_log_in(g, 0, HOST_1, 1);
	uint16_t luns[4];

	assert_int_equal(host_report_luns(host, luns, 4), 2);
	assert_int_equal(host_test_unit_ready(host, 7), NO_SUCH_UNIT);
	host_logout(host);
}

/* The sessions of the other gateway are not shown as sessions of initiators. */
static void
test_sessions_of_gateways_are_not_listed(void **state)
{
	struct few_gateways *g = *state;
	struct iscsi_context *host = few_log_in(g, 0, HOST_1, 1);

	assert_true(fake_wait_sessions(g->list[0].array, 1));
	assert_int_equal(fake_sessions(g->list[1].array), 0);
	host_logout(host);
	assert_true(fake_wait_sessions(g->list[0].array, 0));
}

#define COMINGS 20

struct comings {
	struct few_gateways *g;
	atomic_bool over;
};

/* An initiator whose commands the first gateway sends to the second one, again and again. */
static void *
come_and_go(void *arg)
{
	struct comings *c = arg;

	for (unsigned i = 0; i < COMINGS; i++) {
		struct iscsi_context *host = few_log_in(c->g, 0, HOST_1, 1 + i);

		assert_int_equal(host_test_unit_ready(host, 1), 0);
		host_logout(host);
	}
	atomic_store_explicit(&c->over, true, memory_order_relaxed);
	return NULL;
}

/*
 * Portals are changed while connections of another gateway begin and end.  These read what kind of
 * portal theirs is, so the publisher may not write that again (ThreadSanitizer sees it).
 */
static void
test_portals_change_while_another_gateway_comes_and_goes(void **state)
{
	struct comings c = { .g = *state };
	struct array *second = c.g->list[1].array;
	struct guid id = fake_id(30);
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, come_and_go, &c), 0);
	for (bool there = false; !atomic_load_explicit(&c.over, memory_order_relaxed);
	     there = !there) {
		if (there)
			fake_delete(second, ROW_PORTAL, &id);
		else
			fake_portal(second, &id, "127.0.0.1", 0);
		fake_commit(second);
	}
	assert_int_equal(pthread_join(thread, NULL), 0);
}

/* ---- Who may use the inner listener ---- */

static void
test_initiators_may_not_log_in_at_the_inner_listener(void **state)
{
	struct few_gateways *g = *state;
	struct initiator_options options = { 0 };

	assert_null(initiator_login(g->list[0].address, HOST_1, NAME, 1, NULL));
	assert_int_equal(host_login_status(), 0x0202);
	assert_false(initiator_may_discover(g->list[0].address, HOST_1, &options));
}

/* ---- Reservations, resets ---- */

static int
reserve_out(struct iscsi_context *host, int lun, uint8_t action, uint8_t type, uint64_t key,
	    uint64_t new_key)
{
	uint8_t cdb[16] = { 0x5f, action, type, [8] = 24 }, list[24] = { 0 };

	for (unsigned i = 0; i < 8; i++) {
		list[i] = (uint8_t)(key >> 8 * (7 - i));
		list[8 + i] = (uint8_t)(new_key >> 8 * (7 - i));
	}
	return host_command(host, lun, cdb, 10, list, sizeof(list), NULL, 0, NULL);
}

/* fence_scsi: register, reserve (5: Write Exclusive - Registrants Only), preempt and abort. */
static void
test_fencing_through_both_gateways(void **state)
{
	struct few_gateways *g = *state;
	uint8_t block[512] = { 1 };

	for (int lun = 0; lun < (int)FEW_LUNS; lun++) {
		struct iscsi_context *a = few_log_in(g, 0, HOST_1, 1),
				     *b = few_log_in(g, 1, HOST_2, 2);
		struct iscsi_context *c = few_log_in(g, 0, HOST_2, 3);

		assert_int_equal(reserve_out(a, lun, 0x06, 0, 0, 0xa), 0);
		assert_int_equal(reserve_out(b, lun, 0x06, 0, 0, 0xb), 0);
		assert_int_equal(reserve_out(a, lun, 0x01, 5, 0xa, 0), 0);
		assert_int_equal(host_write(a, lun, 0, block, 512), 0);
		assert_int_equal(host_write(b, lun, 0, block, 512), 0);
		assert_int_equal(host_write(c, lun, 0, block, 512), 0x18);
		assert_int_equal(reserve_out(b, lun, 0x05, 5, 0xb, 0xa), 0);
		assert_int_equal(host_write(a, lun, 0, block, 512), SENSE(6, 0x2a05));
		assert_int_equal(host_write(a, lun, 0, block, 512), 0x18);
		assert_int_equal(host_write(b, lun, 0, block, 512), 0);
		assert_int_equal(reserve_out(b, lun, 0x03, 0, 0xb, 0), 0);
		host_logout(a);
		host_logout(b);
		host_logout(c);
	}
}

static void
test_reset_through_the_other_gateway(void **state)
{
	struct few_gateways *g = *state;
	struct iscsi_context *a = few_log_in(g, 0, HOST_1, 1), *b = few_log_in(g, 1, HOST_2, 2);

	for (int lun = 0; lun < (int)FEW_LUNS; lun++) {
		assert_int_equal(host_tmf(a, lun, 5, NULL), 0);
		assert_int_equal(host_test_unit_ready(a, lun), UA_RESET);
		assert_int_equal(host_test_unit_ready(b, lun), UA_RESET);
		assert_int_equal(host_test_unit_ready(a, lun), 0);
		assert_int_equal(host_test_unit_ready(b, lun), 0);
	}
	assert_int_equal(host_tmf(b, 0, 6, NULL), 0); /* TARGET WARM RESET */
	for (int lun = 0; lun < (int)FEW_LUNS; lun++) {
		assert_int_equal(host_test_unit_ready(a, lun), UA_RESET);
		assert_int_equal(host_test_unit_ready(b, lun), UA_RESET);
	}
	host_logout(a);
	host_logout(b);
}

/* ---- ALUA ---- */

static uint8_t
reported_state(struct iscsi_context *host, int lun, unsigned group)
{
	static const uint8_t cdb[16] = { 0xa3, 0x0a, [9] = 255 };
	uint8_t list[255] = { 0 };
	int len;

	assert_int_equal(host_command(host, lun, cdb, 12, NULL, 0, list, sizeof(list), &len), 0);
	for (int at = 4; at + 8 <= len; at += 8 + 4 * list[at + 7])
		if (list[at + 3] == group)
			return list[at] & 0x0f;
	return 0xff;
}

/* Of each LUN the paths through its owner are optimized, whoever is asked. */
static void
test_only_paths_through_the_owner_are_optimized(void **state)
{
	struct few_gateways *g = *state;

	for (unsigned i = 0; i < 2; i++) {
		struct iscsi_context *host = few_log_in(g, i, HOST_1, 1 + i);

		for (unsigned lun = 0; lun < FEW_LUNS; lun++)
			for (unsigned group = 1; group <= 2; group++)
				assert_int_equal(reported_state(host, (int)lun, group),
						 lun + 1 == group ? 0 : 1);
		host_logout(host);
	}
}

/*
 * A write that the owner's store holds is aborted there, and nothing of it comes after the answer.
 */
static void
test_abort_of_a_command_that_the_owner_has(void **state)
{
	struct few_gateways *g = *state;
	static uint8_t block[512] = { 0xaa };
	static struct raw_pdu pdu;
	static struct raw raw;

	few_hold_at_owner(g, &raw, few_write_0, sizeof(few_write_0), 512);
	uint32_t tmf = raw_tmf(&raw, 1, 2, 0xffffffff); /* ABORT TASK SET */

	raw_flush(&raw);
	raw_expect(&raw, &pdu, RAW_TMF_RESPONSE, tmf);
	assert_int_equal(pdu.bhs[2], 0);
	/* the store still holds it: its unit keeps its medium from others until it is back */
	raw_command_data(&raw, 1, RAW_SIMPLE, few_write_0, sizeof(few_write_0), block, 512);
	raw_flush(&raw);
	raw_expect(&raw, &pdu, RAW_RESPONSE, 0);
	assert_int_equal(raw_status(&pdu), 0x08);
	few_lift(g, "lun1.write");
	raw_ready(&raw, 1);
	raw_close(&raw);
}

/* Sessions that end while the owner works for them leave nothing behind, and come again. */
static void
test_sessions_that_end_with_commands_at_the_owner(void **state)
{
	struct few_gateways *g = *state;
	static uint8_t block[512] = { 0xbb };
	static struct raw raw;

	for (unsigned round = 0; round < 3; round++) {
		few_inject(g, "lun1.write", "hold");
		memset(&raw, 0, sizeof(raw));
		few_lift(g, "lun1.write");
		raw_login(&raw, g->list[0].port, HOST_1, NAME, 1, true);
		raw_ready(&raw, 1);
		few_inject(g, "lun1.write", "hold");
		for (unsigned i = 0; i < 20; i++)
			raw_command_data(&raw, 1, RAW_SIMPLE, few_write_0, sizeof(few_write_0),
					 block, 512);
		raw_flush(&raw);
		raw_close(&raw);
		assert_true(fake_wait_sessions(g->list[0].array, 0));
		few_lift(g, "lun1.write");
	}
	struct iscsi_context *host = few_log_in(g, 0, HOST_1, 1);

	host_logout(host);
}

/* ORDERED commands stay behind what came before them, and before what comes after them. */
static void
test_order_is_that_of_arrival(void **state)
{
	struct few_gateways *g = *state;
	static uint8_t blocks[3][512] = { { 1 }, { 2 }, { 3 } };
	static struct raw_pdu r2t, pdu;
	static struct raw raw;

	few_raw(g, &raw, 1);
	/* the data of the first comes last */
	uint32_t first = raw_command(&raw, 1, RAW_SIMPLE, few_write_0, sizeof(few_write_0), 512, 0);

	raw_flush(&raw);
	raw_expect(&raw, &r2t, RAW_R2T, first);
	uint32_t second = raw_command_data(&raw, 1, RAW_ORDERED, few_write_0, sizeof(few_write_0),
					   blocks[1], 512);
	uint32_t third = raw_command_data(&raw, 1, RAW_SIMPLE, few_write_0, sizeof(few_write_0),
					  blocks[2], 512);

	raw_flush(&raw);
	raw_quiet(&raw);
	raw_data_out(&raw, 1, &r2t, blocks[0]);
	raw_flush(&raw);
	raw_expect(&raw, &pdu, RAW_RESPONSE, first);
	raw_expect(&raw, &pdu, RAW_RESPONSE, second);
	raw_expect(&raw, &pdu, RAW_RESPONSE, third);
	raw_close(&raw);
	struct iscsi_context *host = few_log_in(g, 1, HOST_2, 2);
	uint8_t in[512];

	assert_int_equal(host_read(host, 1, 0, in, 512), 0);
	assert_memory_equal(in, blocks[2], 512);
	host_logout(host);
}

/*
 * What came behind an ORDERED command that waits for an owner goes on when that does, or is given
 * up.
 */
static void
test_behind_an_ordered_command_that_waits(void **state)
{
	struct few_gateways *g = *state;
	static const uint8_t ready[6] = { 0 };
	struct guid nobody = fake_id(999);
	static struct raw_pdu pdu;
	static struct raw raw;

	few_raw(g, &raw, 1);
	for (unsigned i = 0; i < 2; i++) {
		few_tell_owner(g, 1, &nobody, 2 + 2 * i);
		uint32_t first = raw_command(&raw, 1, RAW_ORDERED, ready, sizeof(ready), 0, 0);
		uint32_t second = raw_command(&raw, 1, RAW_SIMPLE, ready, sizeof(ready), 0, 0);

		raw_flush(&raw);
		raw_quiet(&raw);
		if (i == 0) {
			few_tell_owner(g, 1, &g->list[1].id, 3);
		}
		raw_expect(&raw, &pdu, RAW_RESPONSE, first);
		raw_expect(&raw, &pdu, RAW_RESPONSE, second);
	}
	raw_close(&raw);
}

/*
 * Without its lease a gateway starts nothing and answers nothing, and goes on when it has it again.
 */
static void
test_without_its_lease_a_gateway_is_silent(void **state)
{
	struct few_gateways *g = *state;
	struct iscsi_context *hosts[2] = { few_log_in(g, 0, HOST_1, 1),
					   few_log_in(g, 1, HOST_2, 2) };
	struct pending waits[2];
	uint8_t in[512];

	fake_lease(g->list[0].array, false);
	host_start_write(&waits[0], hosts[0], 0, 0, 0x11);
	host_start_write(&waits[1], hosts[1], 0, 8, 0x22); /* through the other one */
	assert_false(host_wait(&waits[0], 60));
	assert_false(host_wait(&waits[1], 60));
	fake_lease(g->list[0].array, true);
	for (unsigned i = 0; i < 2; i++) {
		assert_true(host_wait(&waits[i], 10000));
		assert_int_equal(waits[i].status, 0);
		host_forget(&waits[i]);
	}
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(host_read(hosts[!i], 0, 8 * i, in, 512), 0);
		assert_int_equal(in[0], 0x11 * (i + 1));
	}
	host_logout(hosts[0]);
	host_logout(hosts[1]);
}

/* A command that waits here for an owner is not sent while this gateway has no lease. */
static void
test_without_its_lease_a_gateway_sends_nothing_on(void **state)
{
	struct few_gateways *g = *state;
	struct iscsi_context *hosts[2] = { few_log_in(g, 0, HOST_1, 1),
					   few_log_in(g, 1, HOST_2, 2) };
	struct guid nobody = fake_id(999);
	uint8_t block[512] = { 0x22 }, in[512];
	struct pending waits;

	few_tell_owner(g, 1, &nobody, 2);
	host_start_write(&waits, hosts[0], 1, 8, 0x11);
	assert_false(host_wait(&waits, 50));
	fake_lease(g->list[0].array, false);
	few_tell_owner(g, 1, &g->list[1].id, 3);
	assert_false(host_wait(&waits, 100));
	/* it has come by the other way meanwhile, and more after it */
	assert_int_equal(host_read(hosts[1], 1, 8, in, 512), 0);
	assert_int_equal(in[0], 0);
	assert_int_equal(host_write(hosts[1], 1, 16, block, 512), 0);
	fake_lease(g->list[0].array, true);
	assert_true(host_wait(&waits, 10000));
	assert_int_equal(waits.status, 0);
	host_forget(&waits);
	host_logout(hosts[0]);
	host_logout(hosts[1]);
}

static void
put_cscd(struct few_gateways *g, uint8_t *p, const struct guid *lun)
{
	struct scsi_identity id;

	target_unit_identity(&id, state_find(fake_state(g->list[0].array), ROW_LUN, lun));
	p[0] = 0xe4;
	p[4] = 0x01;
	p[5] = 0x03;
	p[7] = 8;
	memcpy(p + 8, id.naa, 8);
	p[30] = 512 >> 8;
}

/* EXTENDED COPY does not make a unit of a LUN that another gateway owns. */
static void
test_a_copy_opens_no_lun_of_others(void **state)
{
	struct few_gateways *g = *state;
	uint8_t list[16 + 64 + 28] = { 0, 0x18, [3] = 64, [11] = 28 }, *segment = list + 80;
	const uint8_t cdb[16] = { 0x83, [13] = sizeof(list) };
	static struct raw_pdu pdu;
	static struct raw raw;

	few_raw(g, &raw, 0);
	put_cscd(g, list + 16, &g->luns[0]);
	put_cscd(g, list + 48, &g->luns[1]);
	segment[0] = 0x02;
	segment[3] = 24;
	segment[7] = 1;
	segment[11] = 8;
	raw_command_data(&raw, 0, RAW_SIMPLE, cdb, sizeof(cdb), list, sizeof(list));
	raw_flush(&raw);
	raw_expect(&raw, &pdu, RAW_RESPONSE, 0);
	assert_int_not_equal(raw_status(&pdu), 0);
	raw_close(&raw);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FEW_TEST(test_both_gateways_show_the_same),
		FEW_TEST(test_answers_are_those_of_the_owner),
		FEW_TEST(test_report_luns_and_unknown_units_are_local),
		FEW_TEST(test_sessions_of_gateways_are_not_listed),
		FEW_TEST(test_portals_change_while_another_gateway_comes_and_goes),
		FEW_TEST(test_initiators_may_not_log_in_at_the_inner_listener),
		FEW_TEST(test_fencing_through_both_gateways),
		FEW_TEST(test_reset_through_the_other_gateway),
		FEW_TEST(test_only_paths_through_the_owner_are_optimized),
		FEW_TEST(test_abort_of_a_command_that_the_owner_has),
		FEW_TEST(test_sessions_that_end_with_commands_at_the_owner),
		FEW_TEST(test_order_is_that_of_arrival),
		FEW_TEST_IMPATIENT(test_behind_an_ordered_command_that_waits),
		FEW_TEST(test_without_its_lease_a_gateway_is_silent),
		FEW_TEST(test_without_its_lease_a_gateway_sends_nothing_on),
		FEW_TEST(test_a_copy_opens_no_lun_of_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
