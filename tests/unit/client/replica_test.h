/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the tests of a client with a replica share: a pair of an array and its client. */
#ifndef VDS_TESTS_REPLICA_TEST_H
#define VDS_TESTS_REPLICA_TEST_H

#include "fault.h"

#include "fake.h"

struct pair {
	struct fake *fake;
	struct client *client;
};

static inline void
pair_open(struct pair *p)
{
	struct client_tuning tuning = fake_tuning();

	p->fake = fake_start();
	assert_int_equal(client_open_tuned(fake_url(p->fake), CLIENT_REPLICA, &tuning, &p->client),
			 0);
}

static inline void
pair_fini(struct pair *p)
{
	client_close(p->client);
	fake_stop(p->fake);
}

#define PAIR(p)                                         \
	AUTO(pair_fini) struct pair p = { NULL, NULL }; \
	(void)unused;                                   \
	pair_open(&p)

/* Until the replica is in that state; a test that waits in vain is ended by the harness. */
static inline void
await_state(struct client *client, enum client_replica_state state)
{
	struct client_replica *r = &client->replica;

	pthread_mutex_lock(&r->lock);
	while (r->state != state)
		pthread_cond_wait(&r->moved, &r->lock);
	pthread_mutex_unlock(&r->lock);
}

/* The replica is exactly where the array is. */
static inline void
assert_same(struct pair *p)
{
	AUTO_VIEW struct client_view view = { NULL, NULL };
	struct position at = fake_position(p->fake);

	assert_int_equal(client_view(p->client, &view), 0);
	assert_memory_equal(state_position(view.config), &at, sizeof(at));
	assert_int_equal(state_check(view.config), 0);
}

#endif
