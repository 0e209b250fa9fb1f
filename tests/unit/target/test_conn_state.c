/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of a connection's states and events, walked; and what must hold in each state.
 * target/conn_state.c.  And what a connection has after a task was moved to it: target/recover.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "target/target_int.h"

static unsigned
states_from(unsigned reached)
{
	unsigned before;

	do {
		before = reached;
		for (unsigned i = 0; i < TARGET_CONN_RULES; i++)
			if ((reached & 1u << target_conn_rules[i].state) != 0)
				reached |= 1u << target_conn_rules[i].next;
	} while (reached != before);
	return reached;
}

static void
test_every_state_is_reached_and_can_end(void **state)
{
	(void)state;
	assert_int_equal(states_from(1u << TARGET_CONN_LOGIN), (1u << TARGET_CONN_STATES) - 1);
	for (unsigned s = 0; s < TARGET_CONN_STATES; s++)
		assert_true((states_from(1u << s) & 1u << TARGET_CONN_GONE) != 0);
	for (unsigned i = 0; i < TARGET_CONN_RULES; i++)
		assert_int_not_equal(target_conn_rules[i].state, TARGET_CONN_GONE);
}

static void
test_every_event_has_one_meaning_in_a_state(void **state)
{
	unsigned events = 0;

	(void)state;
	for (unsigned i = 0; i < TARGET_CONN_RULES; i++) {
		events |= 1u << target_conn_rules[i].event;
		for (unsigned k = 0; k < i; k++)
			assert_false(target_conn_rules[k].state == target_conn_rules[i].state &&
				     target_conn_rules[k].event == target_conn_rules[i].event);
	}
	assert_int_equal(events, (1u << TARGET_CONN_EVENTS) - 1);
}

/* Nothing but a close ends a connection, and one that is between two threads cannot be closed. */
static void
test_only_a_close_leads_to_closing(void **state)
{
	(void)state;
	for (unsigned i = 0; i < TARGET_CONN_RULES; i++) {
		const struct target_conn_rule *rule = &target_conn_rules[i];

		assert_int_equal(rule->next == TARGET_CONN_CLOSING,
				 rule->event == TARGET_CONN_CLOSES);
		if (rule->event == TARGET_CONN_CLOSES)
			assert_int_not_equal(rule->state, TARGET_CONN_MOVING);
	}
}

/* A connection as it is in a state. */
static struct target_conn
sample(enum target_conn_state state)
{
	struct target_conn conn = { .state = state, .fd = 7 };

	if (state == TARGET_CONN_LOGIN)
		conn.stranger = STRANGER_LOGIN;
	if (state == TARGET_CONN_FULL)
		conn.adopted = true;
	if (state == TARGET_CONN_CLOSING || state == TARGET_CONN_GONE)
		conn.fd = -1;
	return conn;
}

static void
test_every_state_has_its_invariants(void **state)
{
	(void)state;
	for (enum target_conn_state s = 0; s < TARGET_CONN_STATES; s++) {
		struct target_conn conn = sample(s);

		assert_true(target_conn_is_sound(&conn));
		conn.fd = conn.fd < 0 ? 7 : -1;
		assert_false(target_conn_is_sound(&conn));
	}
	struct target_conn conn = sample(TARGET_CONN_WAITING);

	conn.stranger = STRANGER_LOGIN;
	assert_false(target_conn_is_sound(&conn));
	conn = sample(TARGET_CONN_FULL);
	conn.adopted = false;
	assert_false(target_conn_is_sound(&conn));
	conn.stranger = STRANGER_DISCOVERY;
	assert_true(target_conn_is_sound(&conn));
	conn = sample(TARGET_CONN_CLOSING);
	conn.in_loop = true;
	assert_false(target_conn_is_sound(&conn));
}

static void
test_an_event_goes_where_the_table_says(void **state)
{
	(void)state;
	for (unsigned i = 0; i < TARGET_CONN_RULES; i++) {
		const struct target_conn_rule *rule = &target_conn_rules[i];
		struct target_conn conn = sample(rule->next);

		conn.state = rule->state;
		target_conn_to(&conn, rule->event);
		assert_int_equal(conn.state, rule->next);
	}
}

/* A connection that holds buffers and makes no progress is ended when others need them. */
static void
test_a_connection_with_a_task_of_another_has_just_begun(void **state)
{
	static struct target_thread thread;
	static struct target_conn from, to;
	static struct target_task t;
	struct iscsi_task it = { .owner = &t };

	(void)state;
	list_init(&thread.dirty);
	assert_int_equal(loop_new(&thread.loop), 0);
	from.thread = to.thread = &thread;
	t.conn = &from;
	t.state = TARGET_TASK_COLLECTS;
	t.buf_bytes = 4096;
	from.buffered_bytes = target_buf_cost(t.buf_bytes);
	target_recover_task_moved(&to, &it);
	assert_ptr_equal(t.conn, &to);
	assert_int_equal(from.buffered_bytes, 0);
	assert_int_equal(to.buffered_bytes, target_buf_cost(t.buf_bytes));
	assert_int_equal(to.progress_ns, loop_now_ns(thread.loop));
	assert_int_not_equal(to.progress_ns, 0);
	loop_free(thread.loop);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_state_is_reached_and_can_end),
		cmocka_unit_test(test_every_event_has_one_meaning_in_a_state),
		cmocka_unit_test(test_only_a_close_leads_to_closing),
		cmocka_unit_test(test_every_state_has_its_invariants),
		cmocka_unit_test(test_an_event_goes_where_the_table_says),
		cmocka_unit_test(test_a_connection_with_a_task_of_another_has_just_begun),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
