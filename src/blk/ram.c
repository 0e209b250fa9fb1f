/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Volumes in memory, of which several share a budget: what a pool in memory is made of.  A volume
 * takes its memory page by page at the first write, and no more than its budget has.  Any thread.
 *
 * A volume is a table of chunks, each of which is a mapping of its own, so that a volume grows
 * without moving its bytes.  Each chunk ends with a bit for each of its pages that is taken.  A
 * page without its bit reads as zeros, whatever the mapping holds.
 *
 * Pages are small, because a huge one would take memory that is not counted.  When all 512 pages of
 * a region of 2 MiB are taken, the tidy of a device (never the data path) makes them one huge page;
 * when one of them is dropped, the huge page is split again.  What a region is, is in a number
 * behind the chunk's bits:
 *
 *	n (0 …)     small pages, of which n threads drop some right now
 *	  + WANTED  all pages were taken: to be made a huge page
 *	BUSY        one thread is making, or splitting, a huge page
 *	HUGE        one huge page, if the system had one
 */
#include "blk/blk_int.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"

#define PAGE_BYTES   4096ull
#define CHUNK_BYTES  (64ull << 20)
#define WORD_BYTES   (64 * PAGE_BYTES)              /* whose bits share a word */
#define MAP_BYTES    (256ull << 20)                 /* how far a MAP looks */
#define REGION_BYTES (2ull << 20)                   /* of a huge page */
#define BITS_BYTES   (CHUNK_BYTES / PAGE_BYTES / 8) /* of a chunk; the states of regions follow */
#define CHUNK_ROOM   (CHUNK_BYTES + PAGE_BYTES)     /* with them */
#define CHUNKS_MAX   (BLK_RAM_VOLUME_MAX_BYTES / CHUNK_BYTES)
#define TABLE_BYTES  (CHUNKS_MAX * sizeof(uint8_t *))

#define REGION_HUGE    (1u << 31)
#define REGION_BUSY    (1u << 30)
#define REGION_WANTED  (1u << 29)
/* A tidy takes not much longer than that, and all those of a pool a quarter of the time. */
#define HUGE_MOST_NS   (150 * NS_PER_MS)
#define HUGE_SHARE     4
#define HUGE_RUN_BYTES (16 * REGION_BYTES)
#define COLLAPSE_TRIES 4 /* EAGAIN: some page was in use for a moment */

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25 /* Linux 6.1 */
#endif

_Static_assert(BITS_BYTES + CHUNK_BYTES / REGION_BYTES * sizeof(uint32_t) <= PAGE_BYTES,
	       "a page holds the bits and the states");

struct blk_ram_budget {
	atomic_uint refs;
	uint64_t limit_bytes;
	_Atomic uint64_t used_bytes;
	_Atomic uint64_t rest_until_ns; /* no huge pages are made before */
};

struct blk_ram {
	atomic_uint refs;
	struct blk_ram_budget *budget; /* holds a reference */
	_Atomic uint64_t used_bytes;
	_Atomic uint32_t wanted; /* number of regions that are WANTED */
	/* Set before the size of a device lets anybody at them; not changed before the end. */
	uint8_t **chunks; /* a mapping of TABLE_BYTES */
	uint64_t chunk_count;
};

struct ram_dev {
	struct blk_dev dev;
	struct blk_ram *ram; /* holds a reference; NULL = the volume is not there */
	const char *why;     /* why not */
	bool thick;
};

/* ---- Budgets ---- */

struct blk_ram_budget *
blk_ram_budget_new(uint64_t limit_bytes)
{
	struct blk_ram_budget *budget = mem_calloc(1, sizeof(*budget));

	if (budget == NULL)
		return NULL;
	atomic_init(&budget->refs, 1);
	budget->limit_bytes = limit_bytes;
	return budget;
}

static void
budget_unref(struct blk_ram_budget *budget)
{
	if (atomic_fetch_sub(&budget->refs, 1) == 1)
		mem_free(budget);
}

void
blk_ram_budget_unref(struct blk_ram_budget *budget)
{
	if (budget != NULL)
		budget_unref(budget);
}

uint64_t
blk_ram_budget_used_bytes(const struct blk_ram_budget *budget)
{
	return atomic_load(&budget->used_bytes);
}

static bool
charge(struct blk_ram *ram)
{
	struct blk_ram_budget *budget = ram->budget;
	uint64_t before = atomic_fetch_add(&budget->used_bytes, PAGE_BYTES);

	if (before + PAGE_BYTES > budget->limit_bytes) {
		atomic_fetch_sub(&budget->used_bytes, PAGE_BYTES);
		return false;
	}
	atomic_fetch_add(&ram->used_bytes, PAGE_BYTES);
	return true;
}

static void
give_back(struct blk_ram *ram, uint64_t pages)
{
	atomic_fetch_sub(&ram->budget->used_bytes, pages * PAGE_BYTES);
	atomic_fetch_sub(&ram->used_bytes, pages * PAGE_BYTES);
}

/* ---- Pages ---- */

/* Where a page is: its bytes, and the word and the bit that say whether it is taken. */
struct ram_page {
	uint8_t *bytes;
	_Atomic uint64_t *word;
	uint64_t bit;
};

static struct ram_page
page_at(const struct blk_ram *ram, uint64_t offset_bytes)
{
	uint8_t *chunk = ram->chunks[offset_bytes / CHUNK_BYTES];
	uint64_t index = offset_bytes % CHUNK_BYTES / PAGE_BYTES;
	_Atomic uint64_t *words = (void *)(chunk + CHUNK_BYTES);

	return (struct ram_page){ chunk + index * PAGE_BYTES, &words[index / 64],
				  1ull << index % 64 };
}

static bool
is_taken(const struct ram_page *page)
{
	return (atomic_load_explicit(page->word, memory_order_acquire) & page->bit) != 0;
}

static void want_huge(struct blk_ram *ram, uint64_t offset_bytes);

/*
 * Takes the page at an offset, which may be taken already.  The bytes are charged before the bit is
 * set, so that nobody writes to a page that is not paid for.
 */
static bool
take(struct blk_ram *ram, uint64_t at, const struct ram_page *page)
{
	if (is_taken(page))
		return true;
	if (!charge(ram))
		return is_taken(page);
	uint64_t before = atomic_fetch_or(page->word, page->bit);

	if ((before & page->bit) != 0)
		give_back(ram, 1); /* somebody else was faster */
	else if ((before | page->bit) == UINT64_MAX)
		want_huge(ram, at);
	return true;
}

/* ---- Huge pages ---- */

static _Atomic uint32_t *
region_at(const struct blk_ram *ram, uint64_t offset_bytes)
{
	uint8_t *chunk = ram->chunks[offset_bytes / CHUNK_BYTES];
	_Atomic uint32_t *regions = (void *)(chunk + CHUNK_BYTES + BITS_BYTES);

	return &regions[offset_bytes % CHUNK_BYTES / REGION_BYTES];
}

static bool
region_is_full(const struct blk_ram *ram, uint64_t offset_bytes)
{
	struct ram_page first = page_at(ram, offset_bytes / REGION_BYTES * REGION_BYTES);
	uint64_t all = UINT64_MAX;

	for (unsigned i = 0; i < REGION_BYTES / WORD_BYTES; i++)
		all &= atomic_load(&first.word[i]);
	return all == UINT64_MAX;
}

/* The last page of a region was taken: whoever looks after the volume makes it a huge page. */
static void
want_huge(struct blk_ram *ram, uint64_t offset_bytes)
{
	uint32_t small = 0;

	if (region_is_full(ram, offset_bytes) &&
	    atomic_compare_exchange_strong(region_at(ram, offset_bytes), &small, REGION_WANTED))
		atomic_fetch_add(&ram->wanted, 1);
}

/*
 * Makes huge pages of full regions that follow each other.  The advice is taken back at once: a
 * page that is huge stays so, and khugepaged never looks at the regions.  Where the system has no
 * huge page for us, the pages stay small.
 */
static void
make_huge(uint8_t *bytes, uint64_t len_bytes)
{
	if (madvise(bytes, len_bytes, MADV_HUGEPAGE) < 0)
		return;
	(void)madvise(bytes, len_bytes, MADV_POPULATE_WRITE); /* what nobody has touched yet */
	for (unsigned tries = 0; tries < COLLAPSE_TRIES; tries++)
		if (madvise(bytes, len_bytes, MADV_COLLAPSE) == 0 || errno != EAGAIN)
			break;
	(void)madvise(bytes, len_bytes, MADV_NOHUGEPAGE);
}

/* Returns whether the region is wanted and full, and the caller's from now on. */
static bool
collapse_begin(struct blk_ram *ram, uint64_t at)
{
	_Atomic uint32_t *region = region_at(ram, at);
	uint32_t state = REGION_WANTED;

	if (!atomic_compare_exchange_strong(region, &state, REGION_BUSY)) {
		/* Somebody drops pages of it: it will be wanted again when it is full again. */
		if ((atomic_fetch_and(region, ~REGION_WANTED) & REGION_WANTED) != 0)
			atomic_fetch_sub(&ram->wanted, 1);
		return false;
	}
	atomic_fetch_sub(&ram->wanted, 1);
	if (region_is_full(ram, at))
		return true;
	atomic_store(region, 0);
	want_huge(ram, at); /* it may have become full in between */
	return false;
}

/*
 * Makes huge pages of what is wanted from there on, several at once, since each call of the system
 * waits for all processors.  Returns where it has ended.
 */
static uint64_t
collapse_run(struct blk_ram *ram, uint64_t begin, uint64_t end)
{
	uint64_t left = MIN(CHUNK_BYTES - begin % CHUNK_BYTES, HUGE_RUN_BYTES);
	uint64_t at = begin;

	end = MIN(end, begin + left);
	while (at < end && collapse_begin(ram, at))
		at += REGION_BYTES;
	if (at == begin)
		return begin + REGION_BYTES;
	make_huge(page_at(ram, begin).bytes, at - begin);
	for (uint64_t done = begin; done < at; done += REGION_BYTES)
		atomic_store(region_at(ram, done), REGION_HUGE);
	return at;
}

/* Makes huge pages of the regions between two bounds for which they are wanted, until the time. */
static void
collapse_wanted(struct blk_ram *ram, uint64_t begin, uint64_t end, uint64_t until_ns)
{
	for (uint64_t at = begin; at < end && atomic_load(&ram->wanted) > 0;) {
		if ((atomic_load(region_at(ram, at)) & REGION_WANTED) == 0)
			at += REGION_BYTES;
		else if (clock_mono_ns() < until_ns)
			at = collapse_run(ram, at, end);
		else
			break;
	}
}

/*
 * Begins to drop pages of a region, which does not become a huge page until drop_end.  If it is
 * one, it is split at the given page (NULL = all of it is dropped), or else the system would keep
 * the memory of that page until it is short.  Returns false when another thread is doing such a
 * thing:  then the page is kept.  Nobody ever waits.
 */
static bool
drop_begin(_Atomic uint32_t *region, uint8_t *page)
{
	uint32_t state = atomic_load(region), next;

	do {
		if ((state & REGION_BUSY) != 0)
			return false;
		next = (state & REGION_HUGE) != 0 ? REGION_BUSY : state + 1;
	} while (!atomic_compare_exchange_weak(region, &state, next));
	if (next != REGION_BUSY)
		return true;
	if (page != NULL)
		(void)madvise(page, PAGE_BYTES, MADV_FREE);
	atomic_store(region, 1);
	return true;
}

static void
drop_end(struct blk_ram *ram, uint64_t at)
{
	if (atomic_fetch_sub(region_at(ram, at), 1) == 1)
		want_huge(ram, at); /* others may have filled it in between */
}

/* ---- Giving back ---- */

static uint64_t
untake(_Atomic uint64_t *word, uint64_t bits)
{
	return (uint64_t)__builtin_popcountll(atomic_fetch_and(word, ~bits) & bits);
}

/*
 * Returns pages to the system: one, the 64 whose bits share a word, or a region.  They read as
 * zeros from the moment at which their bits are gone.  Returns false when they are to be kept.
 */
static bool
drop(struct blk_ram *ram, uint64_t at, uint64_t span)
{
	_Atomic uint32_t *region = region_at(ram, at);
	struct ram_page page = page_at(ram, at);
	uint64_t dropped = 0;

	if (!drop_begin(region, span < REGION_BYTES ? page.bytes : NULL))
		return false;
	if (span == PAGE_BYTES)
		dropped = untake(page.word, page.bit);
	for (uint64_t i = 0; i < span / WORD_BYTES; i++)
		dropped += untake(&page.word[i], UINT64_MAX);
	if (dropped > 0 && madvise(page.bytes, span, MADV_DONTNEED) < 0)
		memset(page.bytes, 0, span);
	drop_end(ram, at);
	give_back(ram, dropped);
	return true;
}

/* Returns how much from there on can be dropped at once; 0 = no whole page. */
static uint64_t
droppable(uint64_t at, uint64_t left)
{
	static const uint64_t spans[] = { REGION_BYTES, WORD_BYTES, PAGE_BYTES };

	for (size_t i = 0; i < ARRAY_LEN(spans); i++)
		if (at % spans[i] == 0 && left >= spans[i])
			return spans[i];
	return 0;
}

/* Clears or drops what lies at the beginning of the range.  Returns how much that is. */
static uint64_t
clear_some(struct blk_ram *ram, uint64_t at, uint64_t left, bool keep_space)
{
	uint64_t within = at % PAGE_BYTES, len = MIN(PAGE_BYTES - within, left);
	uint64_t span = keep_space ? 0 : droppable(at, left);
	struct ram_page page = page_at(ram, at);

	if (span > 0 && drop(ram, at, span))
		return span;
	if (is_taken(&page))
		memset(page.bytes + within, 0, len);
	return len;
}

/*
 * Makes the range read as zeros.  Whole pages are given back unless the space is kept; parts of
 * pages are cleared.
 */
static void
clear(struct blk_ram *ram, uint64_t offset_bytes, uint64_t len_bytes, bool keep_space)
{
	uint64_t end = offset_bytes + len_bytes;

	for (uint64_t at = offset_bytes; at < end;)
		at += clear_some(ram, at, end - at, keep_space);
}

/* ---- Volumes ---- */

/* Returns a new mapping that begins at a multiple of REGION_BYTES; NULL with errno. */
static uint8_t *
map_aligned(uint64_t len_bytes)
{
	uint8_t *raw = mmap(NULL, len_bytes + REGION_BYTES, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	uint64_t before, behind;

	if (raw == MAP_FAILED)
		return NULL;
	before = (REGION_BYTES - (uintptr_t)raw % REGION_BYTES) % REGION_BYTES;
	behind = REGION_BYTES - before;
	if (before > 0)
		munmap(raw, before);
	munmap(raw + before + len_bytes, behind);
	return raw + before;
}

static int
reserve(struct blk_ram *ram, uint64_t size_bytes)
{
	if (size_bytes > BLK_RAM_VOLUME_MAX_BYTES)
		return -EFBIG;
	while (ram->chunk_count * CHUNK_BYTES < size_bytes) {
		uint8_t *chunk = map_aligned(CHUNK_ROOM);

		if (chunk == NULL)
			return -errno;
		/* Huge pages come as described above only.  Data stays out of dumps. */
		(void)madvise(chunk, CHUNK_ROOM, MADV_NOHUGEPAGE);
		(void)madvise(chunk, CHUNK_ROOM, MADV_DONTDUMP);
		ram->chunks[ram->chunk_count++] = chunk;
	}
	return 0;
}

int
blk_ram_new(struct blk_ram_budget *budget, uint64_t size_bytes, struct blk_ram **ret_ram)
{
	struct blk_ram *ram = mem_calloc(1, sizeof(*ram));
	void *table;
	int rc;

	if (ram == NULL)
		return -ENOMEM;
	table = mmap(NULL, TABLE_BYTES, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (table == MAP_FAILED) {
		mem_free(ram);
		return -ENOMEM;
	}
	atomic_init(&ram->refs, 1);
	ram->chunks = table;
	atomic_fetch_add(&budget->refs, 1);
	ram->budget = budget;
	rc = reserve(ram, size_bytes);
	if (rc < 0) {
		blk_ram_unref(ram);
		return rc;
	}
	*ret_ram = ram;
	return 0;
}

struct blk_ram *
blk_ram_ref(struct blk_ram *ram)
{
	atomic_fetch_add(&ram->refs, 1);
	return ram;
}

void
blk_ram_unref(struct blk_ram *ram)
{
	if (ram == NULL || atomic_fetch_sub(&ram->refs, 1) != 1)
		return;
	for (uint64_t i = 0; i < ram->chunk_count; i++)
		munmap(ram->chunks[i], CHUNK_ROOM);
	munmap(ram->chunks, TABLE_BYTES);
	atomic_fetch_sub(&ram->budget->used_bytes, atomic_load(&ram->used_bytes));
	budget_unref(ram->budget);
	mem_free(ram);
}

/* ---- Devices ---- */

static struct ram_dev *
ram_of(struct blk_dev *dev)
{
	return container_of(dev, struct ram_dev, dev);
}

static void
read_page(const struct ram_page *page, uint64_t within, void *to, size_t len)
{
	if (is_taken(page))
		memcpy(to, page->bytes + within, len);
	else
		memset(to, 0, len);
}

/*
 * Returns false when there is no page to be had.  A page that was dropped while it was written to
 * is written to once more.  Else the bytes would lie in a page that reads as zeros, and come back
 * with the next write to a part of it.
 */
static bool
write_page(struct blk_ram *ram, uint64_t at, const struct ram_page *page, const void *from,
	   size_t len)
{
	uint8_t *to = page->bytes + at % PAGE_BYTES;

	for (bool again = false;; again = true) {
		if (!take(ram, at, page)) {
			if (again) /* what is in no page must be zeros when it is one again */
				memset(to, 0, len);
			return false;
		}
		memcpy(to, from, len);
		/* the look comes after the bytes; the sanitizer knows no fences */
#ifndef __SANITIZE_THREAD__
		atomic_thread_fence(memory_order_seq_cst);
#endif
		if (is_taken(page))
			return true;
	}
}

/* Returns 0, or -ENOSPC; what comes before the page that was not to be had is written. */
static int
move(struct blk_ram *ram, const struct blk_io *io)
{
	uint64_t at = io->offset_bytes;

	for (unsigned i = 0; i < io->iov_count; i++) {
		uint8_t *bytes = io->iov[i].iov_base;

		for (size_t left = io->iov[i].iov_len, len; left > 0; left -= len) {
			uint64_t within = at % PAGE_BYTES;
			struct ram_page page = page_at(ram, at);

			len = MIN((size_t)(PAGE_BYTES - within), left);
			if (io->op == BLK_READ)
				read_page(&page, within, bytes, len);
			else if (!write_page(ram, at, &page, bytes, len))
				return -ENOSPC;
			bytes += len;
			at += len;
		}
	}
	return 0;
}

static void
map(const struct blk_ram *ram, struct blk_io *io)
{
	uint64_t at = io->offset_bytes, end = at + MIN(io->len_bytes, MAP_BYTES);
	struct ram_page page = page_at(ram, at);
	bool taken = is_taken(&page);

	do {
		at = (at / PAGE_BYTES + 1) * PAGE_BYTES;
		if (at >= end)
			break;
		page = page_at(ram, at);
	} while (is_taken(&page) == taken);
	at = MIN(at, end);
	io->extent = (struct blk_extent){ at - io->offset_bytes, taken };
}

static enum blk_submitted
ram_submit(struct blk_dev *dev, struct blk_queue *queue, struct blk_io *io)
{
	struct ram_dev *r = ram_of(dev);

	(void)queue;
	io->result = 0;
	if (r->ram == NULL) {
		blk_fail(dev, -ENODATA, r->why);
		io->result = ERR_FAILED;
		return BLK_DONE;
	}
	switch (io->op) {
	case BLK_READ:
	case BLK_WRITE:
		io->result = move(r->ram, io);
		break;
	case BLK_UNMAP:
		clear(r->ram, io->offset_bytes, io->len_bytes, r->thick);
		break;
	case BLK_WRITE_ZEROES:
		clear(r->ram, io->offset_bytes, io->len_bytes,
		      r->thick || (io->flags & BLK_MAY_UNMAP) == 0);
		break;
	case BLK_MAP:
		map(r->ram, io);
		break;
	case BLK_FLUSH:
	case BLK_OPS_:
		break;
	}
	return BLK_DONE;
}

static void
ram_prefetch(struct blk_dev *dev, uint64_t offset_bytes, uint32_t len_bytes)
{
	uint64_t within = offset_bytes % PAGE_BYTES;

	if (ram_of(dev)->ram == NULL)
		return;
	struct ram_page page = page_at(ram_of(dev)->ram, offset_bytes);

	if (is_taken(&page))
		blk_fetch_lines(page.bytes + within, MIN(len_bytes, PAGE_BYTES - within));
}

static void
ram_close(struct blk_dev *dev)
{
	blk_ram_unref(ram_of(dev)->ram);
	mem_free(ram_of(dev));
}

/* Gives back what lies behind the first size_bytes. */
static void
cut(struct blk_ram *ram, uint64_t size_bytes)
{
	uint64_t end = ram->chunk_count * CHUNK_BYTES;

	if (end > size_bytes)
		clear(ram, size_bytes, end - size_bytes, false);
}

static int
ram_resize(struct blk_dev *dev, uint64_t size_bytes)
{
	struct ram_dev *r = ram_of(dev);
	int rc = r->ram == NULL ? -ENODATA : reserve(r->ram, size_bytes);

	if (rc == 0 && size_bytes <= blk_size_bytes(dev))
		cut(r->ram, size_bytes);
	return rc;
}

/* Takes the pages of a range, and has the system find the memory now rather than at a write. */
static int
take_all(struct blk_ram *ram, uint64_t offset_bytes, uint64_t len_bytes)
{
	uint64_t first = offset_bytes / PAGE_BYTES * PAGE_BYTES, end = offset_bytes + len_bytes;
	struct ram_page page = page_at(ram, first);

	for (uint64_t at = first; at < end; at += PAGE_BYTES) {
		struct ram_page next = page_at(ram, at);

		if (!take(ram, at, &next))
			return -ENOSPC;
	}
	collapse_wanted(ram, first / REGION_BYTES * REGION_BYTES, end, UINT64_MAX);
	if (madvise(page.bytes, end - first, MADV_POPULATE_WRITE) == 0)
		return 0;
	/* before Linux 5.14, or where no advice is taken, it comes page by page */
	return errno == EINVAL || errno == ENOSYS || errno == EPERM ? 0 : -errno;
}

static int
ram_allocate(struct blk_dev *dev, uint64_t offset_bytes, uint64_t len_bytes,
	     struct blk_progress *progress)
{
	struct blk_ram *ram = ram_of(dev)->ram;
	uint64_t done = 0;
	int rc = ram == NULL ? -ENODATA : reserve(ram, offset_bytes + len_bytes);

	while (rc == 0 && done < len_bytes) {
		uint64_t at = offset_bytes + done;
		uint64_t step = MIN(len_bytes - done, CHUNK_BYTES - at % CHUNK_BYTES);

		rc = take_all(ram, at, step);
		done += step;
		if (rc == 0 && progress != NULL && progress->step(progress, done, len_bytes) != 0)
			rc = ERR_CANCELLED;
	}
	if (rc < 0 && ram != NULL)
		cut(ram, blk_size_bytes(dev));
	return rc;
}

/*
 * Makes huge pages that are wanted, with the time and the pauses that a pool's volumes have
 * together.
 */
static void
ram_tidy(struct blk_dev *dev)
{
	struct blk_ram *ram = ram_of(dev)->ram;
	uint64_t now_ns;

	if (ram == NULL || atomic_load(&ram->wanted) == 0)
		return;
	now_ns = clock_mono_ns();
	if (now_ns < atomic_load(&ram->budget->rest_until_ns))
		return;
	collapse_wanted(ram, 0, ram->chunk_count * CHUNK_BYTES, now_ns + HUGE_MOST_NS);
	atomic_store(&ram->budget->rest_until_ns, now_ns + HUGE_SHARE * (clock_mono_ns() - now_ns));
}

static int
ram_verify(struct blk_dev *dev, char *reason, size_t size)
{
	struct ram_dev *r = ram_of(dev);

	if (r->ram != NULL) {
		atomic_store(&dev->allocated_bytes, atomic_load(&r->ram->used_bytes));
		return 0;
	}
	snprintf(reason, size, "%s", r->why);
	return -ENODATA;
}

static int
ram_stat(struct blk_dev *dev, struct blk_stat *ret_stat)
{
	struct blk_ram *ram = ram_of(dev)->ram;

	if (ram == NULL)
		return -ENODATA;
	*ret_stat = (struct blk_stat){ blk_size_bytes(dev), atomic_load(&ram->used_bytes) };
	return 0;
}

static const struct blk_ops ram_ops = {
	.name = "ram",
	.submit = ram_submit,
	.prefetch = ram_prefetch,
	.close = ram_close,
	.resize = ram_resize,
	.allocate = ram_allocate,
	.verify = ram_verify,
	.tidy = ram_tidy,
	.stat = ram_stat,
};

int
blk_ram_dev_new(struct blk_ram *ram, const char *why, const char *name, uint64_t size_bytes,
		bool thick, struct blk_dev **ret_dev)
{
	struct ram_dev *r = mem_calloc(1, sizeof(*r));

	if (r == NULL || blk_dev_init(&r->dev, &ram_ops, name, size_bytes) < 0) {
		mem_free(r);
		return -ENOMEM;
	}
	if (ram != NULL && ram->chunk_count * CHUNK_BYTES >= size_bytes)
		r->ram = blk_ram_ref(ram);
	r->why = why;
	r->thick = thick;
	r->dev.can_unmap = true;
	atomic_init(&r->dev.on_the_spot, true);
	r->dev.unmap_granularity_bytes = PAGE_BYTES;
	*ret_dev = &r->dev;
	return 0;
}
