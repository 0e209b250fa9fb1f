/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of initiators that log in through one gateway while what they have sent through another one
 * is under way: two gateways, as few_gateways.h makes them.
 */
#include "few_gateways.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "target/target_int.h"

static const uint8_t read_0[10] = { 0x28, [8] = 1 };

/* Sends a write to LUN 1, which its store holds, and returns when the owner has it: its ITT. */
static uint32_t
begin_write(struct few_gateways *g, struct raw *raw, unsigned gateway)
{
	static uint8_t block[512] = { 0xaa };
	static struct raw_pdu pdu;
	uint32_t write, read;

	memset(raw, 0, sizeof(*raw));
	raw_login(raw, g->list[gateway].port, HOST_1, NAME, 7, true);
	raw_ready(raw, 1);
	few_inject(g, "lun1.write", "hold");
	write = raw_command_data(raw, 1, RAW_SIMPLE, few_write_0, sizeof(few_write_0), block, 512);
	read = raw_command(raw, 1, RAW_SIMPLE, few_read_8, sizeof(few_read_8), 0, 512);
	raw_flush(raw);
	raw_expect(raw, &pdu, RAW_DATA_IN, read);
	return write;
}

/*
 * The initiator logs in through another gateway, with the same ISID.  Its write there must not
 * reach the medium before the one of before, which hangs in the store: it is answered BUSY.
 */
static void
go_on_through(struct few_gateways *g, unsigned gateway)
{
	static uint8_t block[512] = { 0xbb };
	static struct raw_pdu pdu;
	static struct raw raw;

	memset(&raw, 0, sizeof(raw));
	raw_login(&raw, g->list[gateway].port, HOST_1, NAME, 7, true);
	raw_ready(&raw, 1);
	uint32_t write = raw_command_data(&raw, 1, RAW_SIMPLE, few_write_0, sizeof(few_write_0),
					  block, 512);

	raw_flush(&raw);
	raw_expect(&raw, &pdu, RAW_RESPONSE, write);
	assert_int_equal(raw_status(&pdu), SCSI_STATUS_BUSY);
	few_lift(g, "lun1.write");
	do {
		write = raw_command_data(&raw, 1, RAW_SIMPLE, few_write_0, sizeof(few_write_0),
					 block, 512);
		raw_flush(&raw);
		raw_expect(&raw, &pdu, RAW_RESPONSE, write);
	} while (raw_status(&pdu) == SCSI_STATUS_BUSY);
	assert_int_equal(raw_status(&pdu), 0);
	uint32_t read = raw_command(&raw, 1, RAW_SIMPLE, read_0, sizeof(read_0), 0, 512);

	raw_flush(&raw);
	raw_expect(&raw, &pdu, RAW_DATA_IN, read);
	assert_int_equal(pdu.data[0], 0xbb);
	raw_close(&raw);
}

/* The gateway through which a write has come to its owner is dead: its sockets say nothing. */
static void
test_a_login_at_the_owner_ends_what_a_dead_gateway_sent(void **state)
{
	struct few_gateways *g = *state;
	static struct raw raw;

	few_set_owner(g, 0, 1, 2);
	few_commit(g);
	begin_write(g, &raw, 0);
	fake_lease(g->list[0].array, false);
	go_on_through(g, 1);
	fake_lease(g->list[0].array, true);
	raw_close(&raw);
}

/* The initiator goes on through a gateway that is not the owner; it has left its session there. */
static void
test_a_login_elsewhere_ends_what_the_owner_has(void **state)
{
	struct few_gateways *g = *state;
	static struct raw raw;

	begin_write(g, &raw, 1);
	go_on_through(g, 0);
	raw_close(&raw);
}

struct waiting_login {
	struct raw raw;
	uint16_t port;
	unsigned status;
	atomic_bool done;
};

static void *
log_in_later(void *arg)
{
	struct waiting_login *login = arg;
	const struct raw_who who = { .host = HOST_1, .target = NAME, .isid = 7 };

	login->status = raw_try_login(&login->raw, login->port, &who);
	atomic_store(&login->done, true);
	return NULL;
}

/* RFC 7143 §10.1.1: one ISID may be used for several portal groups at a time. */
static void
test_two_sessions_with_one_isid_go_on(void **state)
{
	struct few_gateways *g = *state;
	static struct raw first;
	static struct waiting_login second;
	static struct raw_pdu pdu;
	uint32_t write = begin_write(g, &first, 0);
	pthread_t thread;

	memset(&second, 0, sizeof(second));
	second.port = g->list[1].port;
	assert_int_equal(pthread_create(&thread, NULL, log_in_later, &second), 0);
	raw_expect(&first, &pdu, RAW_NOP_IN, 0xffffffff); /* is it still there? */
	raw_pong(&first, &pdu);
	raw_flush(&first);
	pthread_join(thread, NULL);
	assert_int_equal(second.status, 0);
	raw_ready(&second.raw, 1);
	few_lift(g, "lun1.write");
	raw_expect(&first, &pdu, RAW_RESPONSE, write);
	assert_int_equal(raw_status(&pdu), 0);
	raw_ready(&first, 1);
	raw_close(&first);
	raw_close(&second.raw);
}

/* The connection that was asked is replaced before it answers: the one that came is asked. */
static void
test_the_connection_that_is_asked_is_replaced(void **state)
{
	struct few_gateways *g = *state;
	static struct raw first, again;
	static struct waiting_login second;
	static struct raw_pdu pdu;
	pthread_t thread;

	begin_write(g, &first, 1);
	memset(&second, 0, sizeof(second));
	second.port = g->list[0].port;
	assert_int_equal(pthread_create(&thread, NULL, log_in_later, &second), 0);
	raw_expect(&first, &pdu, RAW_NOP_IN, 0xffffffff); /* nothing answers it */
	const struct raw_who who = {
		.host = HOST_1, .target = NAME, .isid = 7, .tsih = first.tsih
	};

	memset(&again, 0, sizeof(again));
	assert_int_equal(raw_try_login(&again, g->list[1].port, &who), 0);
	pthread_join(thread, NULL);
	assert_int_equal(second.status, 0);
	assert_int_equal(fake_suspected(g->list[0].array), 0); /* the owner has answered in time */
	few_lift(g, "lun1.write");
	raw_ready(&second.raw, 1);
	raw_close(&first);
	raw_close(&again);
	raw_close(&second.raw);
}

/* An owner that hangs may have something of the initiator: a login waits until it was replaced. */
static void
test_a_login_waits_until_an_owner_was_replaced(void **state)
{
	struct few_gateways *g = *state;
	static struct waiting_login login;
	pthread_t thread;

	memset(&login, 0, sizeof(login));
	login.port = g->list[0].port;
	fake_lease(g->list[1].array, false);
	assert_int_equal(pthread_create(&thread, NULL, log_in_later, &login), 0);
	assert_true(fake_wait_sessions(g->list[0].array, 1));
	poll(NULL, 0, 100); /* nothing happens */
	assert_false(atomic_load(&login.done));
	few_take_over(g);
	pthread_join(thread, NULL);
	assert_int_equal(login.status, 0);
	raw_ready(&login.raw, 1);
	raw_close(&login.raw);
	fake_lease(g->list[1].array, true);
}

/* A login that still waits cannot be asked to log out: it is ended at once. */
static void
test_a_login_that_waits_is_drained(void **state)
{
	struct few_gateways *g = *state;
	struct few_gateway *gw = &g->list[0];
	const struct raw_who who = { .host = HOST_1, .target = NAME, .isid = 7 };
	static struct raw_pdu pdu;
	static struct raw raw;

	memset(&raw, 0, sizeof(raw));
	fake_lease(g->list[1].array, false); /* the login waits for this gateway */
	raw_begin_login(&raw, gw->port, &who);
	assert_true(fake_wait_sessions(gw->array, 1));
	fake_ops(gw->array)->drain_portal(fake_runtime(gw->array), &gw->portal_id, 600000);
	assert_true(fake_wait_sessions(gw->array, 0));
	assert_false(raw_receive(&raw, &pdu, 10000)); /* its end */
	raw_close(&raw);
	fake_lease(g->list[1].array, true);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FEW_TEST_QUICK(test_a_login_at_the_owner_ends_what_a_dead_gateway_sent),
		FEW_TEST_QUICK(test_a_login_elsewhere_ends_what_the_owner_has),
		FEW_TEST(test_two_sessions_with_one_isid_go_on),
		FEW_TEST(test_the_connection_that_is_asked_is_replaced),
		FEW_TEST(test_a_login_waits_until_an_owner_was_replaced),
		FEW_TEST(test_a_login_that_waits_is_drained),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
