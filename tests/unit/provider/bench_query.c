/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Measures what a program of VDS pays for the question behind every rescan: QueryInterface for
 * IVdsLunIscsi, QueryAssociatedTargets, Next(4) and all releases, while it holds its objects.  Over
 * a real client with a replica of an array in the test: 1,000 and 100,000 LUNs with four targets
 * each, in one thread and in two, with one array in the list and with three.  In turn with it runs
 * a loop of as many allocations, locks and atomic operations as the query once made, with nothing
 * between them.
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "../client/fake.h"
#include "base/clock.h"
#include "fault.h"

#include <vds/libvds.h>

#include "com/com.h"

enum { TARGETS = 64, EACH = 4, RUNS = 7, ROUNDS = 400000 };

static IVdsHwProvider *provider;
static IVdsLun **luns;
static size_t lun_count;

static void
fill(struct fake *fake, unsigned count)
{
	struct state_edit *edit = fake_edit(fake);

	for (unsigned t = 0; t < TARGETS; t++)
		sample_put(edit, sample_target(1000 + t), NULL);
	for (unsigned l = 0; l < count; l++) {
		sample_put(edit, sample_lun(1000 + l), NULL);
		for (unsigned i = 0; i < EACH; i++)
			sample_put(edit,
				   sample_association(1000 + l, 1000 + (l + i * 7) % TARGETS, l),
				   NULL);
	}
	fake_commit(fake, edit);
}

/* Gives the array of the test another id, so that each URL has an array of its own. */
static void
rename_array(struct fake *fake, unsigned n)
{
	struct state_edit *edit = fake_edit(fake);
	struct row_array *row = sample_array();
	struct guid id = row->id;

	assert_int_equal(state_edit_delete(edit, ROW_ARRAY, &id, NULL), 0);
	row->id = sample_id('a', 10 + n);
	sample_put(edit, row, NULL);
	fake_commit(fake, edit);
}

/* Takes every object of an enumerator, each as an interface. */
static size_t
hold(IEnumVdsObject *list, const IID *iid, void **slots, size_t room)
{
	IUnknown *object;
	ULONG fetched;
	size_t count = 0;

	while (IEnumVdsObject_Next(list, 1, &object, &fetched) == S_OK) {
		if (count < room && SUCCEEDED(IUnknown_QueryInterface(object, iid, &slots[count])))
			count++;
		IUnknown_Release(object);
	}
	IEnumVdsObject_Release(list);
	return count;
}

static IVdsSubSystem *
first_subsystem(void)
{
	IEnumVdsObject *list = NULL;
	void *subsystem = NULL;

	assert_int_equal(IVdsHwProvider_QuerySubSystems(provider, &list), S_OK);
	assert_true(hold(list, &IID_IVdsSubSystem, &subsystem, 1) >= 1);
	return subsystem;
}

/* One round.  Returns how many targets there were. */
static ULONG
ask(IVdsLun *lun)
{
	IEnumVdsObject *list = NULL;
	IVdsLunIscsi *iscsi = NULL;
	IUnknown *targets[EACH];
	ULONG fetched = 0;

	if (IVdsLun_QueryInterface(lun, &IID_IVdsLunIscsi, (void **)&iscsi) != S_OK)
		return 0;
	if (IVdsLunIscsi_QueryAssociatedTargets(iscsi, &list) == S_OK) {
		IEnumVdsObject_Next(list, EACH, targets, &fetched);
		for (ULONG i = 0; i < fetched; i++)
			IUnknown_Release(targets[i]);
		IEnumVdsObject_Release(list);
	}
	IVdsLunIscsi_Release(iscsi);
	return fetched;
}

static void
query(unsigned seed, int rounds)
{
	size_t found = 0;

	for (int i = 0; i < rounds; i++) {
		seed = seed * 1103515245u + 12345u;
		found += ask(luns[(seed >> 4) % lun_count]);
	}
	if (found < (size_t)rounds * EACH * 98 / 100) /* the sample's own LUNs have fewer */
		fprintf(stderr, "only %zu targets\n", found);
}

/*
 * What one round does without thinking: two blocks of memory, and the atomic operations of eleven
 * references and six locks on lines that no other thread uses.
 */
static void
bare(unsigned seed, int rounds)
{
	pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	_Atomic unsigned refs[11];

	(void)seed;
	for (size_t i = 0; i < ARRAY_LEN(refs); i++)
		atomic_init(&refs[i], 1);
	for (int i = 0; i < rounds; i++) {
		void *volatile a = malloc(88 + EACH * 16);
		void *volatile b = malloc(72);

		for (size_t k = 0; k < ARRAY_LEN(refs); k++)
			atomic_fetch_add_explicit(&refs[k], 1, memory_order_relaxed);
		for (int k = 0; k < 6; k++) {
			pthread_mutex_lock(&lock);
			pthread_mutex_unlock(&lock);
		}
		for (size_t k = 0; k < ARRAY_LEN(refs); k++)
			atomic_fetch_sub_explicit(&refs[k], 1, memory_order_acq_rel);
		free(b);
		free(a);
	}
}

static uint64_t
time_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

static int
compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* What a round took, in nanoseconds: of processor time, and by the clock. */
struct cost {
	double cpu, clock;
};

struct worker {
	void (*body)(unsigned seed, int rounds);
	unsigned seed;
	pthread_barrier_t *start;
	uint64_t cpu_ns, clock_ns;
};

static void *
work(void *arg)
{
	struct worker *w = arg;

	w->body(w->seed, ROUNDS / 4); /* brings what it needs into its processor's caches */
	pthread_barrier_wait(w->start);
	w->cpu_ns = time_ns(CLOCK_THREAD_CPUTIME_ID);
	w->clock_ns = clock_mono_ns();
	w->body(w->seed, ROUNDS);
	w->cpu_ns = time_ns(CLOCK_THREAD_CPUTIME_ID) - w->cpu_ns;
	w->clock_ns = clock_mono_ns() - w->clock_ns;
	return NULL;
}

/* Lets each of the threads do its rounds, on a processor of its own. */
static struct cost
run(void (*body)(unsigned seed, int rounds), unsigned threads)
{
	struct worker workers[2];
	pthread_barrier_t start;
	struct cost cost = { 0, 0 };
	pthread_t ids[2];

	pthread_barrier_init(&start, NULL, threads);
	for (unsigned i = 0; i < threads; i++) {
		cpu_set_t own;

		workers[i] = (struct worker){ .body = body, .seed = i + 1, .start = &start };
		CPU_ZERO(&own);
		CPU_SET(i, &own);
		pthread_create(&ids[i], NULL, work, &workers[i]);
		pthread_setaffinity_np(ids[i], sizeof(own), &own);
	}
	for (unsigned i = 0; i < threads; i++) {
		pthread_join(ids[i], NULL);
		cost.cpu += (double)workers[i].cpu_ns / ROUNDS / threads;
		cost.clock = MAX(cost.clock, (double)workers[i].clock_ns / ROUNDS / threads);
	}
	pthread_barrier_destroy(&start);
	return cost;
}

static void
print_median(const char *what, double values[RUNS])
{
	qsort(values, RUNS, sizeof(values[0]), compare_doubles);
	printf("#   %-46s median %7.2f, %.2f to %.2f of %d runs\n", what, values[RUNS / 2],
	       values[0], values[RUNS - 1], RUNS);
}

/*
 * Two processors do twice the rounds of one, less what the threads cost each other.  By processor
 * time this does not depend on what else the machine does; by the clock it does, and the bare loop,
 * which takes turns with the query, shows how much.
 */
static void
measure(const char *what)
{
	double cost[RUNS], by_cpu[RUNS], by_clock[RUNS], bare_cost[RUNS], bare_by_cpu[RUNS],
		bare_by_clock[RUNS];

	for (int i = 0; i < RUNS; i++) {
		struct cost bare_one = run(bare, 1), one = run(query, 1);
		struct cost bare_two = run(bare, 2), two = run(query, 2);

		bare_cost[i] = bare_one.cpu;
		bare_by_cpu[i] = 2 * bare_one.cpu / bare_two.cpu;
		bare_by_clock[i] = bare_one.clock / bare_two.clock;
		cost[i] = one.cpu;
		by_cpu[i] = 2 * one.cpu / two.cpu;
		by_clock[i] = one.clock / two.clock;
	}
	printf("# %s\n", what);
	print_median("bare malloc and atomics: ns of processor time", bare_cost);
	print_median("query: ns of processor time", cost);
	print_median("two threads / one, by processor time", by_cpu);
	print_median("... of the bare loop", bare_by_cpu);
	print_median("two threads / one, by the clock", by_clock);
	print_median("... of the bare loop", bare_by_clock);
}

static void
measure_at(unsigned count, unsigned arrays)
{
	struct fake *fakes[3];
	char urls[512] = "", what[64];
	void *targets[TARGETS + 8];
	IVdsSubSystemIscsi *iscsi;
	IVdsSubSystem *subsystem;
	IEnumVdsObject *list;
	size_t target_count;
	LPWSTR wide;

	for (unsigned i = 0; i < arrays; i++) {
		fakes[i] = fake_start();
		rename_array(fakes[i], 1 + i);
		snprintf(urls + strlen(urls), sizeof(urls) - strlen(urls), "%s ",
			 fake_url(fakes[i]));
	}
	fill(fakes[0], count);
	assert_int_equal(VdsStringFromUtf8(urls, &wide), S_OK);
	assert_int_equal(VdsOpenHwProvider(wide, &IID_IVdsHwProvider, (void **)&provider), S_OK);
	CoTaskMemFree(wide);
	subsystem = first_subsystem();
	luns = calloc(count + 8, sizeof(IVdsLun *));
	assert_int_equal(IVdsSubSystem_QueryLuns(subsystem, &list), S_OK);
	lun_count = hold(list, &IID_IVdsLun, (void **)luns, count + 8);
	assert_true(lun_count >= count);
	assert_int_equal(
		IVdsSubSystem_QueryInterface(subsystem, &IID_IVdsSubSystemIscsi, (void **)&iscsi),
		S_OK);
	assert_int_equal(IVdsSubSystemIscsi_QueryTargets(iscsi, &list), S_OK);
	target_count = hold(list, &IID_IVdsIscsiTarget, targets, TARGETS + 8);
	snprintf(what, sizeof(what), "query, %u LUNs, %u array(s)", count, arrays);
	measure(what);
	for (size_t i = 0; i < target_count; i++)
		IUnknown_Release((IUnknown *)targets[i]);
	for (size_t i = 0; i < lun_count; i++)
		IVdsLun_Release(luns[i]);
	free(luns);
	IVdsSubSystemIscsi_Release(iscsi);
	IVdsSubSystem_Release(subsystem);
	IVdsHwProvider_Release(provider);
	for (unsigned i = 0; i < arrays; i++)
		fake_stop(fakes[i]);
}

int
main(void)
{
	measure_at(1000, 1);
	measure_at(1000, 3);
	measure_at(100000, 1);
	measure_at(100000, 3);
	return 0;
}
