/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of huge pages below volumes in memory: that they come and go, that bytes and the count of
 * what is used stay right, also while other threads write and unmap.  blk/ram.c; the rest of it is
 * in test_dev.c.
 */
#include "blk_test.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/clock.h"
#include "base/mem.h"

#define PAGE   4096u
#define REGION (2u * TEST_MIB)
#define SIZE   (4u * REGION)

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

/* Returns the bytes of this process that are in huge pages. */
static uint64_t
huge_bytes(void)
{
	FILE *f = fopen("/proc/self/smaps_rollup", "re");
	unsigned long long kib = 0;
	char line[256];

	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "AnonHugePages: %llu", &kib) == 1)
			break;
	if (f != NULL)
		fclose(f);
	return kib * 1024;
}

/* Returns whether the system makes huge pages for us. */
static bool
has_huge_pages(void)
{
	uint8_t *room = mmap(NULL, 2 * REGION, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			     -1, 0);
	uint64_t before = huge_bytes();

	assert_true(room != MAP_FAILED);
	uint8_t *region = room + (REGION - (uintptr_t)room % REGION) % REGION;

	madvise(region, REGION, MADV_HUGEPAGE);
	memset(region, 1, REGION);
	bool has = madvise(region, REGION, MADV_COLLAPSE) == 0 && huge_bytes() > before;

	munmap(room, 2 * REGION);
	if (!has)
		print_message("# only in part: this system makes no huge pages\n");
	return has;
}

struct volume {
	struct blk_ram_budget *budget;
	struct blk_dev *dev;
	uint64_t huge_before; /* that others had */
	bool has_huge;
	uint8_t *buf; /* SIZE bytes */
};

static struct volume
volume_make(uint64_t limit_bytes, bool thick)
{
	struct volume v = { .budget = blk_ram_budget_new(limit_bytes), .buf = malloc(SIZE) };
	struct blk_ram *ram;

	assert_non_null(v.budget);
	assert_non_null(v.buf);
	assert_int_equal(blk_ram_new(v.budget, SIZE, &ram), 0);
	assert_int_equal(blk_ram_dev_new(ram, "", "r", SIZE, thick, &v.dev), 0);
	blk_ram_unref(ram);
	v.has_huge = has_huge_pages();
	memset(v.buf, 7, SIZE);
	v.huge_before = huge_bytes();
	return v;
}

static void
volume_free(struct volume *v)
{
	blk_dev_unref(v->dev);
	assert_int_equal(blk_ram_budget_used_bytes(v->budget), 0);
	blk_ram_budget_unref(v->budget);
	free(v->buf);
}

static uint64_t
volume_huge(const struct volume *v)
{
	return huge_bytes() - v->huge_before;
}

static uint64_t
used(const struct volume *v)
{
	return blk_ram_budget_used_bytes(v->budget);
}

static int
unmap(const struct volume *v, uint64_t at, uint64_t len)
{
	return blk_test_range(NULL, v->dev, NULL, BLK_UNMAP, at, len);
}

/* Tidies up until so many bytes are in huge pages: each time is limited, and pauses follow. */
static void
tidy_until(const struct volume *v, uint64_t bytes)
{
	uint64_t end_ns = clock_mono_ns() + 60 * NS_PER_S;

	do
		blk_tidy(v->dev);
	while (v->has_huge && volume_huge(v) != bytes && clock_mono_ns() < end_ns);
	if (v->has_huge)
		assert_int_equal(volume_huge(v), bytes);
}

static void
test_only_full_regions_become_huge(void **state)
{
	struct volume v = volume_make(SIZE, false);

	(void)state;
	/* two regions, and all but one page of a third */
	assert_int_equal(blk_rw(v.dev, BLK_WRITE, 0, v.buf, 3 * REGION - PAGE), 0);
	assert_int_equal(volume_huge(&v), 0);
	tidy_until(&v, 2 * (uint64_t)REGION);
	assert_int_equal(used(&v), 3 * REGION - PAGE);
	/* the last page, of which one byte is written */
	assert_int_equal(blk_rw(v.dev, BLK_WRITE, 3 * REGION - 9, v.buf, 1), 0);
	tidy_until(&v, 3 * (uint64_t)REGION);
	assert_int_equal(used(&v), 3 * REGION);
	assert_int_equal(blk_rw(v.dev, BLK_READ, 0, v.buf, SIZE), 0);
	assert_true(blk_test_all(v.buf, 3 * REGION - PAGE, 7));
	assert_true(blk_test_all(v.buf + 3 * REGION - PAGE, PAGE - 9, 0));
	assert_int_equal(v.buf[3 * REGION - 9], 7);
	assert_true(blk_test_all(v.buf + 3 * REGION - 8, REGION + 8, 0));
	volume_free(&v);
}

static void
test_an_unmapped_page_leaves_no_huge_page(void **state)
{
	struct volume v = volume_make(SIZE, false);

	(void)state;
	assert_int_equal(blk_rw(v.dev, BLK_WRITE, 0, v.buf, 3 * REGION), 0);
	tidy_until(&v, 3 * (uint64_t)REGION);
	assert_int_equal(unmap(&v, REGION + 5 * PAGE, PAGE), 0);
	if (v.has_huge)
		assert_int_equal(volume_huge(&v), 2 * REGION);
	assert_int_equal(used(&v), 3 * REGION - PAGE);
	tidy_until(&v, 2 * (uint64_t)REGION);
	/* 64 pages at once, and a whole region */
	assert_int_equal(unmap(&v, 64 * PAGE, 64 * PAGE), 0);
	assert_int_equal(unmap(&v, 2 * REGION, REGION), 0);
	assert_int_equal(volume_huge(&v), 0);
	assert_int_equal(used(&v), 2 * REGION - 65 * PAGE);
	assert_int_equal(blk_rw(v.dev, BLK_READ, 0, v.buf, 3 * REGION), 0);
	assert_true(blk_test_all(v.buf, 64 * PAGE, 7));
	assert_true(blk_test_all(v.buf + 64 * PAGE, 64 * PAGE, 0));
	assert_true(blk_test_all(v.buf + 128 * PAGE, REGION - 123 * PAGE, 7));
	assert_true(blk_test_all(v.buf + REGION + 5 * PAGE, PAGE, 0));
	assert_true(blk_test_all(v.buf + REGION + 6 * PAGE, REGION - 6 * PAGE, 7));
	assert_true(blk_test_all(v.buf + 2 * REGION, REGION, 0));
	/* full again */
	assert_int_equal(blk_rw(v.dev, BLK_WRITE, REGION + 5 * PAGE, v.buf, PAGE), 0);
	tidy_until(&v, REGION);
	volume_free(&v);
}

static void
test_what_is_wanted_and_unmapped_does_not_become_huge(void **state)
{
	struct volume v = volume_make(SIZE, false);

	(void)state;
	assert_int_equal(blk_rw(v.dev, BLK_WRITE, 0, v.buf, REGION), 0);
	assert_int_equal(unmap(&v, 0, PAGE), 0);
	for (unsigned i = 0; i < 3; i++)
		blk_tidy(v.dev);
	assert_int_equal(volume_huge(&v), 0);
	assert_int_equal(used(&v), REGION - PAGE);
	volume_free(&v);
}

static void
test_a_prefetch_changes_nothing(void **state)
{
	struct volume v = volume_make(SIZE, false);

	(void)state;
	assert_int_equal(blk_rw(v.dev, BLK_WRITE, PAGE, v.buf, PAGE), 0);
	for (uint64_t at = 0; at <= SIZE + PAGE; at += PAGE / 2)
		blk_prefetch(v.dev, at, PAGE);
	blk_prefetch(v.dev, 0, UINT32_MAX);
	blk_prefetch(v.dev, UINT64_MAX, PAGE);
	assert_int_equal(used(&v), PAGE);
	assert_int_equal(blk_rw(v.dev, BLK_READ, 0, v.buf, 3 * PAGE), 0);
	assert_true(blk_test_all(v.buf, PAGE, 0));
	assert_true(blk_test_all(v.buf + PAGE, PAGE, 7));
	assert_true(blk_test_all(v.buf + 2 * PAGE, PAGE, 0));
	volume_free(&v);
}

static void
test_a_thick_volume_is_huge_from_the_start(void **state)
{
	struct volume v = volume_make(SIZE, true);

	(void)state;
	assert_int_equal(blk_allocate(v.dev, 0, SIZE, NULL), 0);
	assert_int_equal(used(&v), SIZE);
	if (v.has_huge)
		assert_int_equal(volume_huge(&v), SIZE);
	assert_int_equal(unmap(&v, PAGE, SIZE / 2), 0); /* keeps the space */
	assert_int_equal(used(&v), SIZE);
	if (v.has_huge)
		assert_int_equal(volume_huge(&v), SIZE);
	assert_int_equal(blk_resize(v.dev, REGION + PAGE), 0);
	assert_int_equal(used(&v), REGION + PAGE);
	if (v.has_huge)
		assert_int_equal(volume_huge(&v), REGION);
	volume_free(&v);
}

static void
test_a_thick_volume_that_does_not_fit_takes_nothing(void **state)
{
	struct volume v = volume_make(SIZE - PAGE, true);

	(void)state;
	assert_int_equal(blk_resize(v.dev, 0), 0);
	assert_int_equal(blk_allocate(v.dev, 0, SIZE, NULL), -ENOSPC);
	assert_int_equal(used(&v), 0);
	assert_int_equal(volume_huge(&v), 0);
	volume_free(&v);
}

/* ---- While others work ---- */

#define THREADS 3u
#define ROUNDS  400u

/*
 * Each thread has every third page of the first two regions: it writes it, reads it, unmaps it, and
 * reads zeros.  In every round all pages are there once, so that the regions become huge.
 */
struct writer {
	struct volume *v;
	pthread_barrier_t *barrier;
	unsigned index;
	unsigned wrong;
	uint8_t bytes[PAGE], back[PAGE];
};

static void
each_page(struct writer *w, unsigned round, bool write)
{
	static const uint8_t zeros[PAGE];

	for (uint64_t page = w->index; page < 2 * REGION / PAGE; page += THREADS) {
		memset(w->bytes, (int)(1 + (round + page) % 250), PAGE);
		if (write)
			w->wrong += blk_rw(w->v->dev, BLK_WRITE, page * PAGE, w->bytes, PAGE) != 0;
		w->wrong += blk_rw(w->v->dev, BLK_READ, page * PAGE, w->back, PAGE) != 0;
		w->wrong += memcmp(w->back, w->bytes, PAGE) != 0;
		if (write || page % 32 != w->index)
			continue;
		w->wrong += unmap(w->v, page * PAGE, PAGE) != 0;
		w->wrong += blk_rw(w->v->dev, BLK_READ, page * PAGE, w->back, PAGE) != 0;
		w->wrong += memcmp(w->back, zeros, PAGE) != 0;
	}
}

static void *
write_and_unmap(void *arg)
{
	struct writer *w = arg;

	for (unsigned round = 0; round < ROUNDS; round++) {
		each_page(w, round, true);
		pthread_barrier_wait(w->barrier);
		each_page(w, round, false);
		pthread_barrier_wait(w->barrier);
	}
	return NULL;
}

/* ---- A page that is written to and unmapped at one time ---- */

static struct volume *meanwhile; /* whose first page is unmapped in the midst of a copy */
static uint8_t *late;            /* the page of the copy's source at which that happens */

static void
on_fault(int signal_number, siginfo_t *info, void *unused)
{
	(void)unused;
	if ((uint8_t *)info->si_addr < late || (uint8_t *)info->si_addr >= late + PAGE)
		signal(signal_number, SIG_DFL); /* not ours: it happens again */
	else if (mprotect(late, PAGE, PROT_READ) == 0)
		(void)unmap(meanwhile, 0, PAGE);
}

/* The page is read: 0, or the bytes that the test has written. */
static uint8_t
read_byte(struct volume *v, uint64_t at)
{
	static uint8_t page[PAGE];

	assert_int_equal(blk_rw(v->dev, BLK_READ, 0, page, PAGE), 0);
	return page[at];
}

/* Whatever a page is afterwards, it stays so when a part of it is written. */
static void
test_bytes_of_a_page_that_was_dropped_do_not_come_back(void **state)
{
	struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO }, old;
	struct volume v = volume_make(SIZE, false);
	uint8_t *source = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			       -1, 0);
	uint8_t part[512] = { 0xbb };

	(void)state;
	assert_true(source != MAP_FAILED);
	memset(source, 0xaa, 2 * PAGE);
	meanwhile = &v;
	late = source + PAGE;
	assert_int_equal(mprotect(late, PAGE, PROT_NONE), 0);
	assert_int_equal(sigaction(SIGSEGV, &action, &old), 0);
	assert_int_equal(blk_rw(v.dev, BLK_WRITE, 0, source + PAGE / 2, PAGE), 0);
	assert_int_equal(sigaction(SIGSEGV, &old, NULL), 0);

	uint8_t before = read_byte(&v, PAGE - 1);

	assert_int_equal(blk_rw(v.dev, BLK_WRITE, 0, part, sizeof(part)), 0);
	assert_int_equal(read_byte(&v, PAGE - 1), before);
	assert_int_equal(read_byte(&v, 0), 0xbb);
	munmap(source, 2 * PAGE);
	volume_free(&v);
}

struct cleaner {
	struct volume *v;
	atomic_bool stop;
};

static void *
tidy_always(void *arg)
{
	struct cleaner *cleaner = arg;

	while (!atomic_load(&cleaner->stop))
		blk_tidy(cleaner->v->dev);
	return NULL;
}

static void
test_bytes_stay_right_while_pages_become_huge(void **state)
{
	struct volume v = volume_make(SIZE, false);
	struct cleaner cleaner = { .v = &v };
	static struct writer writers[THREADS];
	pthread_t threads[THREADS + 1];
	pthread_barrier_t barrier;

	(void)state;
	pthread_barrier_init(&barrier, NULL, THREADS);
	assert_int_equal(pthread_create(&threads[THREADS], NULL, tidy_always, &cleaner), 0);
	for (unsigned i = 0; i < THREADS; i++) {
		writers[i] = (struct writer){ .v = &v, .barrier = &barrier, .index = i };
		assert_int_equal(pthread_create(&threads[i], NULL, write_and_unmap, &writers[i]),
				 0);
	}
	for (unsigned i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(writers[i].wrong, 0);
	}
	atomic_store(&cleaner.stop, true);
	pthread_join(threads[THREADS], NULL);
	pthread_barrier_destroy(&barrier);
	/* all that they have left goes at once */
	assert_int_equal(unmap(&v, 0, SIZE), 0);
	assert_int_equal(used(&v), 0);
	assert_int_equal(volume_huge(&v), 0);
	volume_free(&v);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_only_full_regions_become_huge),
		cmocka_unit_test(test_an_unmapped_page_leaves_no_huge_page),
		cmocka_unit_test(test_what_is_wanted_and_unmapped_does_not_become_huge),
		cmocka_unit_test(test_a_prefetch_changes_nothing),
		cmocka_unit_test(test_a_thick_volume_is_huge_from_the_start),
		cmocka_unit_test(test_a_thick_volume_that_does_not_fit_takes_nothing),
		cmocka_unit_test(test_bytes_stay_right_while_pages_become_huge),
		cmocka_unit_test(test_bytes_of_a_page_that_was_dropped_do_not_come_back),
	};

	return cmocka_run_group_tests_name("blk ram", tests, NULL, NULL);
}
