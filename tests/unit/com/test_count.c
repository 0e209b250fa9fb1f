/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * References that threads take and drop in cells of their own (src/com/count_int.h): the counts are
 * right, the last drop is noticed wherever the references were, and a thread that uses what another
 * one holds writes nothing that other threads write.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/slot.h"
#include "com/count_int.h"

enum { THREADS = 4, TURNS = 20000, IDS = 3 };

static _Atomic unsigned spaces, toys; /* that live */

struct toy {
	struct com_object com;
	IVdsAdviseSink sink;
};

COM_THUNKS(toy, IVdsAdviseSink, sink);

static const IVdsAdviseSinkVtbl sink_vtable = { COM_UNKNOWN(sink) };

static const struct com_interface interfaces[] = {
	{ &IID_IVdsAdviseSink, offsetof(struct toy, sink), &sink_vtable },
};

static void
toy_fini(struct com_object *object)
{
	assert_int_equal(object->count.shared, 0);
	atomic_fetch_sub(&toys, 1);
}

static const struct com_class toy_class = {
	.name = "toy",
	.size_bytes = sizeof(struct toy),
	.interfaces = interfaces,
	.interface_count = ARRAY_LEN(interfaces),
	.fini = toy_fini,
};

static void
space_free(struct com_space *space)
{
	com_space_fini(space);
	mem_free(space);
	atomic_fetch_sub(&spaces, 1);
}

static struct com_space *
space_new(void)
{
	struct com_space *space = mem_calloc(1, sizeof(*space));

	assert_non_null(space);
	com_space_init(space, space_free);
	atomic_fetch_add(&spaces, 1);
	return space;
}

static struct com_object *
toy_of(struct com_space *space, unsigned n)
{
	struct guid id = { { 1, (uint8_t)n } };
	struct com_object *object = com_space_object(space, &toy_class, &id);

	assert_non_null(object);
	return object;
}

static void
run(void *(*body)(void *), void *arg)
{
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, body, arg), 0);
	pthread_join(thread, NULL);
}

/* ---- counts ---- */

static void
test_one_thread_sees_exact_counts(void **unused)
{
	struct com_space *space = space_new();
	struct com_object *all[64];

	(void)unused;
	atomic_store(&toys, ARRAY_LEN(all));
	for (unsigned i = 0; i < ARRAY_LEN(all); i++)
		all[i] = toy_of(space, i);
	/* More references than the cell has entries: some move into the objects. */
	for (unsigned turn = 2; turn < 9; turn++)
		for (unsigned i = 0; i < ARRAY_LEN(all); i++)
			assert_int_equal(com_add_ref(all[i]), turn);
	for (unsigned turn = 8; turn > 0; turn--)
		for (unsigned i = 0; i < ARRAY_LEN(all); i++)
			assert_int_equal(com_release(all[i]), turn - 1);
	assert_int_equal(toys, 0);
	com_space_unref(space);
	assert_int_equal(spaces, 0);
}

static void *
add_three(void *object)
{
	for (int i = 0; i < 3; i++)
		com_add_ref(object);
	return NULL;
}

static void *
drop_two(void *object)
{
	assert_int_equal(com_release(object), 2);
	assert_int_equal(com_release(object), 1);
	return NULL;
}

static void
test_references_go_from_thread_to_thread(void **unused)
{
	struct com_space *space = space_new();
	struct com_object *toy;

	(void)unused;
	atomic_store(&toys, 1);
	toy = toy_of(space, 1);
	run(add_three, toy);
	assert_int_equal(com_add_ref(toy), 5); /* the thread has ended, so its references count */
	assert_int_equal(com_release(toy), 4);
	assert_int_equal(com_release(toy), 3);
	run(drop_two, toy);
	assert_int_equal(toys, 1);
	assert_int_equal(com_release(toy), 0);
	assert_int_equal(toys, 0);
	com_space_unref(space);
	assert_int_equal(spaces, 0);
}

static pthread_barrier_t gate;

static void *
add_one_and_wait(void *object)
{
	com_add_ref(object);
	pthread_barrier_wait(
		&gate); /* the other thread drops its reference, which is not the last */
	pthread_barrier_wait(&gate);
	assert_int_equal(com_release(object), 0);
	return NULL;
}

static void
test_the_last_reference_may_be_in_a_cell(void **unused)
{
	struct com_space *space = space_new();
	struct com_object *toy;
	pthread_t thread;

	(void)unused;
	atomic_store(&toys, 1);
	toy = toy_of(space, 1);
	pthread_barrier_init(&gate, NULL, 2);
	assert_int_equal(pthread_create(&thread, NULL, add_one_and_wait, toy), 0);
	pthread_barrier_wait(&gate);
	assert_int_equal(com_release(toy), 1);
	assert_int_equal(toys, 1);
	pthread_barrier_wait(&gate);
	pthread_join(thread, NULL);
	pthread_barrier_destroy(&gate);
	assert_int_equal(toys, 0);
	com_space_unref(space);
	assert_int_equal(spaces, 0);
}

/* ---- threads at the same time ---- */

static struct com_space *shared_space;

/* Returns an object, which this thread may have made. */
static struct com_object *
take(unsigned n)
{
	return toy_of(shared_space, n % IDS);
}

static void *
take_and_drop(void *arg)
{
	unsigned seed = (unsigned)(uintptr_t)arg;

	for (int i = 0; i < TURNS; i++) {
		struct com_object *toy = take(seed >> 8);

		assert_int_equal(toy->id.bytes[1], (seed >> 8) % IDS);
		if (seed & 1u << 20)
			com_add_ref(toy);
		if (seed & 1u << 20)
			assert_int_not_equal(com_release(toy), 0);
		com_release(toy);
		seed = seed * 1103515245u + 12345u;
	}
	return NULL;
}

static void
run_all(void *(*body)(void *))
{
	pthread_t threads[THREADS];

	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(
			pthread_create(&threads[i], NULL, body, (void *)(uintptr_t)(i + 1)), 0);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

/* Nobody holds the objects: they come and go all the time, and so do their places in the map. */
static void
test_objects_end_once_when_threads_race(void **unused)
{
	unsigned start = 1u << 31;

	(void)unused;
	shared_space = space_new();
	atomic_store(&toys, start);
	run_all(take_and_drop);
	assert_int_not_equal(toys, start);
	for (size_t i = 0; i < COM_SHARDS; i++)
		assert_int_equal(shared_space->maps[i].count, 0);
	com_space_unref(shared_space);
	assert_int_equal(spaces, 0); /* each object has dropped its reference to the space */
}

static IUnknown *_Atomic slots[8];

/* Puts references where other threads take them from, and drops those that it finds. */
static void *
hand_over(void *arg)
{
	unsigned seed = (unsigned)(uintptr_t)arg;

	for (int i = 0; i < TURNS; i++) {
		IUnknown *mine = com_unknown(take(seed >> 8));
		IUnknown *theirs = atomic_exchange(&slots[(seed >> 12) % ARRAY_LEN(slots)], mine);

		if (theirs != NULL)
			IUnknown_Release(theirs);
		seed = seed * 1103515245u + 12345u;
	}
	return NULL;
}

static void
test_references_may_be_dropped_by_other_threads(void **unused)
{
	(void)unused;
	shared_space = space_new();
	run_all(hand_over);
	for (size_t i = 0; i < ARRAY_LEN(slots); i++) {
		IUnknown *last = atomic_exchange(&slots[i], NULL);

		if (last != NULL)
			IUnknown_Release(last);
	}
	for (size_t i = 0; i < COM_SHARDS; i++)
		assert_int_equal(shared_space->maps[i].count, 0);
	com_space_unref(shared_space);
	assert_int_equal(spaces, 0);
}

/* ---- what a thread writes ---- */

static void *
use_held(void *arg)
{
	struct com_list *list;
	unsigned long before;

	(void)arg;
	com_release(take(0)); /* the first use of a slot takes locks */
	before = com_count_writes();
	for (int i = 0; i < 100; i++) {
		struct com_object *toy = take(1);
		IEnumVdsObject *all = NULL;
		IUnknown *unknown = NULL;
		ULONG fetched;

		list = com_list_new(shared_space, &toy_class, 1);
		list->ids[0] = toy->id;
		assert_int_equal(com_enum_new(list, &all), S_OK);
		assert_int_equal(IEnumVdsObject_Next(all, 1, &unknown, &fetched), S_OK);
		IEnumVdsObject_Release(all);
		IUnknown_Release(unknown);
		com_release(toy);
	}
	assert_int_equal(com_count_writes(), before);
	return NULL;
}

static void
test_who_uses_a_held_object_writes_nothing_shared(void **unused)
{
	struct com_object *held[IDS];

	(void)unused;
	shared_space = space_new();
	for (unsigned i = 0; i < IDS; i++)
		held[i] = take(i);
	run(use_held, NULL);
	for (unsigned i = 0; i < IDS; i++)
		com_release(held[i]);
	com_space_unref(shared_space);
	assert_int_equal(spaces, 0);
}

static void
test_an_ended_space_gives_no_reference(void **unused)
{
	struct com_space *space = space_new();

	(void)unused;
	assert_true(com_space_ref_unless_zero(space));
	com_space_unref(space);
	space->free = com_space_fini; /* the memory stays */
	com_space_unref(space);
	assert_false(com_space_ref_unless_zero(space));
	space_free(space);
	assert_int_equal(spaces, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_thread_sees_exact_counts),
		cmocka_unit_test(test_references_go_from_thread_to_thread),
		cmocka_unit_test(test_the_last_reference_may_be_in_a_cell),
		cmocka_unit_test(test_objects_end_once_when_threads_race),
		cmocka_unit_test(test_references_may_be_dropped_by_other_threads),
		cmocka_unit_test(test_who_uses_a_held_object_writes_nothing_shared),
		cmocka_unit_test(test_an_ended_space_gives_no_reference),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
