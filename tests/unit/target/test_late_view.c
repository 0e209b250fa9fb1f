/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A login that reaches its session's thread before the view in which it found its target.  The test
 * is linked so that the data path's calls of loop_post come here (--wrap).
 */
#include "target_test.h"

#include <pthread.h>

#include "base/loop.h"
#include "own_port.h"
#include "raw.h"

#define NAME_NEW "iqn.2026-11.org.example:new"

void __real_loop_post(struct loop *loop, struct loop_msg *msg);
void __wrap_loop_post(struct loop *loop, struct loop_msg *msg);

/* Guarded by lock. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool armed, publishing;
	pthread_t publisher;
	unsigned posts;    /* by the publisher */
	struct loop *late; /* of the thread that the publisher reaches last */
	bool moved;        /* a message came to this thread's loop before its view */
} gate = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

/* The publisher's second message waits until another thread has sent one to the same loop. */
void
__wrap_loop_post(struct loop *loop, struct loop_msg *msg)
{
	bool is_move;

	pthread_mutex_lock(&gate.lock);
	if (gate.armed && gate.publishing && pthread_equal(pthread_self(), gate.publisher) &&
	    ++gate.posts == 2) {
		gate.late = loop;
		pthread_cond_broadcast(&gate.changed);
		while (!gate.moved)
			pthread_cond_wait(&gate.changed, &gate.lock);
	}
	is_move = gate.late == loop && !pthread_equal(pthread_self(), gate.publisher);
	pthread_mutex_unlock(&gate.lock);
	__real_loop_post(loop, msg);
	if (!is_move)
		return;
	pthread_mutex_lock(&gate.lock);
	gate.moved = true;
	pthread_cond_broadcast(&gate.changed);
	pthread_mutex_unlock(&gate.lock);
}

static void *
publish(void *arg)
{
	struct env *env = arg;

	pthread_mutex_lock(&gate.lock);
	gate.publisher = pthread_self();
	gate.publishing = true;
	pthread_mutex_unlock(&gate.lock);
	fake_commit(env->array);
	return NULL;
}

/* Adds a portal that the first thread, which gets each view first, has.  Returns its port. */
static uint16_t
add_portal_of_first_thread(struct env *env, struct guid *ret_id)
{
	unsigned n = 30;
	uint16_t port = own_port(env->array);

	do
		*ret_id = fake_id(n++);
	while (guid_hash(ret_id) % 2 != 0);
	fake_portal(env->array, ret_id, "127.0.0.1", port);
	fake_group_portal(env->array, &env->group_a, ret_id);
	fake_commit(env->array);
	return port;
}

static void
test_a_login_waits_for_the_view_that_it_was_found_in(void **state)
{
	struct env *env = *state;
	struct guid target = fake_id(20), group = fake_id(21), portal;
	uint16_t port = add_portal_of_first_thread(env, &portal);
	struct raw_who who = { .host = HOST_2, .target = NAME_NEW, .isid = 2 };
	static struct raw first, second;
	pthread_t publisher;

	/* The first thread has a session, so that the next one is the other thread's. */
	raw_login(&first, port, HOST_1, NAME_A, 1, false);
	fake_target(env->array, &target, NAME_NEW);
	fake_group(env->array, &group, &target, 3);
	fake_group_portal(env->array, &group, &portal);
	pthread_mutex_lock(&gate.lock);
	gate.armed = true;
	pthread_mutex_unlock(&gate.lock);
	assert_int_equal(pthread_create(&publisher, NULL, publish, env), 0);
	pthread_mutex_lock(&gate.lock);
	while (gate.late == NULL)
		pthread_cond_wait(&gate.changed, &gate.lock);
	pthread_mutex_unlock(&gate.lock);
	assert_int_equal(raw_try_login(&second, port, &who), 0);
	pthread_join(publisher, NULL);
	pthread_mutex_lock(&gate.lock);
	assert_true(gate.moved);
	pthread_mutex_unlock(&gate.lock);
	raw_close(&second);
	raw_close(&first);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_a_login_waits_for_the_view_that_it_was_found_in, env_setup,
			env_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
