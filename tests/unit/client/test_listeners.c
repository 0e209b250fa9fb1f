/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of those who wait for a replica: listeners hear of every change and of a lost array, and a
 * job is waited for on the event stream.
 */
#include "replica_test.h"

struct ear {
	struct client_listener listener;
	pthread_mutex_t lock;
	pthread_cond_t heard;
	struct client *client;
	unsigned changes, live, reloads;
	uint64_t last;
	bool wrong, leave;
	unsigned losses, returns;
};

static void
ear_contact(struct client_listener *listener, bool lost)
{
	struct ear *e = container_of(listener, struct ear, listener);

	pthread_mutex_lock(&e->lock);
	*(lost ? &e->losses : &e->returns) += 1;
	e->wrong |= (client_contact(e->client) == CLIENT_LOST) != lost;
	pthread_cond_broadcast(&e->heard);
	pthread_mutex_unlock(&e->lock);
}

static void
ear_hear(struct client_listener *listener, const struct client_view *before,
	 const struct client_view *after, const struct change *change)
{
	struct ear *e = container_of(listener, struct ear, listener);
	AUTO_VIEW struct client_view shown = { NULL, NULL };

	client_view_last(e->client, &shown);
	pthread_mutex_lock(&e->lock);
	/* The view shows it already, and one change follows the other. */
	e->wrong |= state_position(shown.config)->sequence <
		    state_position(after->config)->sequence;
	if (change == NULL) {
		e->reloads++;
	} else if (change->op_count > 0 &&
		   change->ops[0].family >= (enum row_family)ROW_CONFIG_COUNT) {
		e->live++;
	} else {
		e->wrong |= state_position(before->config)->sequence + 1 != change->sequence;
		e->wrong |= e->last != 0 && change->sequence != e->last + 1;
		e->last = change->sequence;
		e->changes++;
	}
	pthread_cond_broadcast(&e->heard);
	pthread_mutex_unlock(&e->lock);
	if (e->leave)
		client_unlisten(e->client, listener);
}

static void
ear_init(struct ear *e, struct client *client)
{
	*e = (struct ear){ .listener = { .changed = ear_hear, .contact = ear_contact },
			   .client = client };
	pthread_mutex_init(&e->lock, NULL);
	pthread_cond_init(&e->heard, NULL);
	client_listen(client, &e->listener);
}

static void
ear_await(struct ear *e, const unsigned *count, unsigned value)
{
	pthread_mutex_lock(&e->lock);
	while (*count < value)
		pthread_cond_wait(&e->heard, &e->lock);
	pthread_mutex_unlock(&e->lock);
}

static void
test_listeners_hear_that_the_array_is_lost_and_that_it_is_back(void **unused)
{
	struct ear ear;

	PAIR(p);
	await_state(p.client, REPLICA_FOLLOWING);
	ear_init(&ear, p.client);
	for (unsigned i = 1; i <= 2; i++) {
		fake_down(p.fake, true);
		ear_await(&ear, &ear.losses, i);
		assert_int_equal(ear.returns, i - 1);
		fake_down(p.fake, false);
		ear_await(&ear, &ear.returns, i);
	}
	assert_int_equal(ear.losses, 2);
	assert_false(ear.wrong);
	client_unlisten(p.client, &ear.listener);
}

static void
test_listeners_hear_every_change_in_order(void **unused)
{
	struct ear a, b;

	PAIR(p);
	await_state(p.client, REPLICA_FOLLOWING);
	ear_init(&a, p.client);
	ear_init(&b, p.client);
	for (unsigned i = 0; i < 30; i++)
		fake_add_lun(p.fake, 10 + i);
	ear_await(&a, &a.changes, 30);
	ear_await(&b, &b.changes, 30);
	fake_live(p.fake, sample_live_lun(1, HEALTH_OK));
	ear_await(&a, &a.live, 1);
	client_unlisten(p.client, &a.listener);
	assert_int_equal(client_refresh(p.client), 0);
	ear_await(&b, &b.reloads, 1);
	client_unlisten(p.client, &b.listener);
	assert_false(a.wrong || b.wrong);
	assert_int_equal(a.changes, 30);
}

static void
test_a_listener_may_leave_from_its_own_call(void **unused)
{
	struct ear a, b;

	PAIR(p);
	await_state(p.client, REPLICA_FOLLOWING);
	ear_init(&a, p.client);
	ear_init(&b, p.client);
	pthread_mutex_lock(&b.lock);
	b.leave = true;
	pthread_mutex_unlock(&b.lock);
	fake_add_lun(p.fake, 10);
	ear_await(&a, &a.changes, 1);
	fake_add_lun(p.fake, 11);
	ear_await(&a, &a.changes, 2);
	client_unlisten(p.client, &a.listener);
	assert_true(b.changes <= 1);
}

/* ---- jobs ---- */

static void
job_put(struct fake *fake, enum job_state state)
{
	struct state_edit *edit = fake_edit(fake);
	struct row_job *job = sample_job(1);

	job->state = state;
	job->ended_ms = state == JOB_RUNNING ? 0 : 5;
	sample_put(edit, job, NULL);
	fake_commit(fake, edit);
}

static void *
finish_job(void *arg)
{
	fake_await_calls(arg, 2); /* the snapshot, and the barrier of the test */
	job_put(arg, JOB_DONE);
	return NULL;
}

static void
test_a_job_is_waited_for_on_the_stream(void **unused)
{
	struct guid id = sample_id('j', 1), none = sample_id('j', 2);
	struct row_job *job = NULL;
	pthread_t thread;

	PAIR(p);
	job_put(p.fake, JOB_RUNNING);
	pthread_create(&thread, NULL, finish_job, p.fake);
	assert_int_equal(client_sync(p.client), 0);
	assert_int_equal(client_job_wait(p.client, &none, -1, &job), ERR_NOT_FOUND);
	assert_int_equal(client_job_wait(p.client, &id, -1, &job), 0);
	assert_int_equal(job->state, JOB_DONE);
	row_unref(job);
	pthread_join(thread, NULL);
}

static void
test_waiting_for_a_job_ends_with_the_time(void **unused)
{
	struct guid id = sample_id('j', 1);
	struct row_job *job = NULL;

	PAIR(p);
	job_put(p.fake, JOB_RUNNING);
	assert_int_equal(client_sync(p.client), 0);
	assert_int_equal(client_job_wait(p.client, &id, 0, &job), ERR_TIMEOUT);
	assert_int_equal(client_job_wait(p.client, &id, 20, &job), ERR_TIMEOUT);
	assert_null(job);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_listeners_hear_that_the_array_is_lost_and_that_it_is_back),
		cmocka_unit_test(test_listeners_hear_every_change_in_order),
		cmocka_unit_test(test_a_listener_may_leave_from_its_own_call),
		cmocka_unit_test(test_a_job_is_waited_for_on_the_stream),
		cmocka_unit_test(test_waiting_for_a_job_ends_with_the_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
