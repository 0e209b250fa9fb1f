/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The store in memory keeps what catalog/shared.h says of a store. */
#include "catalog_test.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <time.h>

#include "shared_store.h"

static void
woken(void *arg)
{
	(void)arg;
}

static struct catalog_shared
open_watching(struct shared_cluster *cluster, uint64_t client)
{
	struct catalog_shared shared = shared_cluster_open_as(cluster, client);

	assert_ok(shared.ops->watch(shared.store, woken, NULL));
	return shared;
}

/* A call of `done` that takes its time. */
struct slow {
	sem_t begun, go;
	atomic_bool ended;
};

static void
done_slowly(void *arg, int rc, const uint64_t *clients, size_t count)
{
	struct slow *slow = arg;

	(void)rc;
	(void)clients;
	(void)count;
	sem_post(&slow->begun);
	while (sem_wait(&slow->go) != 0)
		;
	/* so that one who does not wait is seen; nothing depends on how long this is */
	nanosleep(&(struct timespec){ .tv_nsec = 50000000 }, NULL);
	atomic_store(&slow->ended, true);
}

static void *
acknowledge(void *arg)
{
	struct catalog_shared *shared = arg;

	shared->ops->acknowledge(shared->store, 1);
	return NULL;
}

/* What `done` refers to may go when `close` has returned. */
static void
test_close_waits_for_a_call_of_done(void **state)
{
	struct shared_cluster *cluster = shared_cluster_new();
	struct catalog_shared a = open_watching(cluster, 1), b = open_watching(cluster, 2);
	struct slow slow = { .ended = false };
	pthread_t thread;
	bool ended;

	(void)state;
	sem_init(&slow.begun, 0, 0);
	sem_init(&slow.go, 0, 0);
	assert_ok(a.ops->notify(a.store, 1, 1000, done_slowly, &slow));
	assert_int_equal(pthread_create(&thread, NULL, acknowledge, &b), 0);
	while (sem_wait(&slow.begun) != 0)
		;
	sem_post(&slow.go);
	a.ops->close(a.store);
	ended = atomic_load(&slow.ended);
	pthread_join(thread, NULL);
	assert_true(ended);
	b.ops->close(b.store);
	shared_cluster_free(cluster);
	sem_destroy(&slow.begun);
	sem_destroy(&slow.go);
}

struct outcome {
	unsigned calls;
	int rc;
	uint64_t clients[4];
	size_t count;
};

static void
done(void *arg, int rc, const uint64_t *clients, size_t count)
{
	struct outcome *outcome = arg;

	assert_true(count <= 4);
	outcome->calls++;
	outcome->rc = rc;
	outcome->count = count;
	for (size_t i = 0; i < count; i++)
		outcome->clients[i] = clients[i];
}

static void
test_who_was_notified_of_more_has_not_acknowledged_less(void **state)
{
	struct shared_cluster *cluster = shared_cluster_new();
	struct catalog_shared a = open_watching(cluster, 1), b = open_watching(cluster, 2),
			      c = open_watching(cluster, 3);
	struct outcome of_a = { .calls = 0 }, of_b = { .calls = 0 };

	(void)state;
	assert_ok(a.ops->notify(a.store, 5, 1000, done, &of_a));
	assert_ok(b.ops->notify(b.store, 7, 1000, done, &of_b));
	b.ops->acknowledge(b.store, 7);
	assert_int_equal(of_a.calls, 0); /* the third one has acknowledged nothing */
	c.ops->acknowledge(c.store, 5);
	assert_int_equal(of_a.calls, 1);
	assert_ok(of_a.rc);
	assert_int_equal(of_a.count, 2);
	a.ops->acknowledge(a.store, 7);
	assert_int_equal(of_b.calls, 0);
	c.ops->acknowledge(c.store, 7);
	assert_int_equal(of_b.calls, 1);
	assert_int_equal(of_b.count, 2);
	a.ops->close(a.store);
	b.ops->close(b.store);
	c.ops->close(c.store);
	shared_cluster_free(cluster);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_close_waits_for_a_call_of_done),
		cmocka_unit_test(test_who_was_notified_of_more_has_not_acknowledged_less),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
