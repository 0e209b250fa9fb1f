/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Volumes in memory, of which several share a budget: what a pool in memory is made of.  A volume
 * takes its memory page by page at the first write, and no more than its budget has.  Any thread.
 *
 * A volume is a table of chunks, each of which is a mapping of its own, so that a volume grows
 * without moving its bytes.  Each chunk ends with a bit for each of its pages that is taken.  A page
 * without its bit reads as zeros, whatever the mapping holds.
 */
#include "blk/blk_int.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "base/err.h"
#include "base/mem.h"

#define PAGE_BYTES  4096ull
#define CHUNK_BYTES (64ull << 20)
#define WORD_BYTES  (64 * PAGE_BYTES)          /* whose bits share a word */
#define MAP_BYTES   (256ull << 20)             /* how far a MAP looks */
#define CHUNK_ROOM  (CHUNK_BYTES + PAGE_BYTES) /* with the bits of its pages */
#define CHUNKS_MAX  (BLK_RAM_VOLUME_MAX_BYTES / CHUNK_BYTES)
#define TABLE_BYTES (CHUNKS_MAX * sizeof(uint8_t *))

struct blk_ram_budget {
	atomic_uint refs;
	uint64_t limit_bytes;
	_Atomic uint64_t used_bytes;
};

struct blk_ram {
	atomic_uint refs;
	struct blk_ram_budget *budget; /* holds a reference */
	_Atomic uint64_t used_bytes;
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

/*
 * Takes a page that may be taken already.  The bytes are charged before the bit is set, so that
 * nobody writes to a page that is not paid for.
 */
static bool
take(struct blk_ram *ram, const struct ram_page *page)
{
	if (is_taken(page))
		return true;
	if (!charge(ram))
		return is_taken(page);
	if ((atomic_fetch_or(page->word, page->bit) & page->bit) != 0)
		give_back(ram, 1); /* somebody else was faster */
	return true;
}

/* Returns a page to the system.  It reads as zeros from the moment at which its bit is gone. */
static void
drop(struct blk_ram *ram, const struct ram_page *page)
{
	if ((atomic_fetch_and(page->word, ~page->bit) & page->bit) == 0)
		return;
	if (madvise(page->bytes, PAGE_BYTES, MADV_DONTNEED) < 0)
		memset(page->bytes, 0, PAGE_BYTES);
	give_back(ram, 1);
}

/* Returns to the system the 64 pages whose bits share a word, of which `page` is the first. */
static void
drop_word(struct blk_ram *ram, const struct ram_page *page)
{
	uint64_t before = atomic_exchange(page->word, 0);

	if (before == 0)
		return;
	if (madvise(page->bytes, WORD_BYTES, MADV_DONTNEED) < 0)
		memset(page->bytes, 0, WORD_BYTES);
	give_back(ram, (uint64_t)__builtin_popcountll(before));
}

/* Clears or drops what lies in one page or, at their beginning, in 64.  Returns how much that is. */
static uint64_t
clear_some(struct blk_ram *ram, uint64_t at, uint64_t left, bool keep_space)
{
	struct ram_page page = page_at(ram, at);
	uint64_t within = at % PAGE_BYTES, len = MIN(PAGE_BYTES - within, left);

	if (!keep_space && at % WORD_BYTES == 0 && left >= WORD_BYTES) {
		drop_word(ram, &page);
		return WORD_BYTES;
	}
	if (!keep_space && len == PAGE_BYTES)
		drop(ram, &page);
	else if (is_taken(&page))
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

static int
reserve(struct blk_ram *ram, uint64_t size_bytes)
{
	if (size_bytes > BLK_RAM_VOLUME_MAX_BYTES)
		return -EFBIG;
	while (ram->chunk_count * CHUNK_BYTES < size_bytes) {
		void *chunk = mmap(NULL, CHUNK_ROOM, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

		if (chunk == MAP_FAILED)
			return -errno;
		/* Large pages would take memory that is not counted.  Data stays out of dumps. */
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
			else if (take(ram, &page))
				memcpy(page.bytes + within, bytes, len);
			else
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

		if (!take(ram, &next))
			return -ENOSPC;
	}
	if (madvise(page.bytes, end - first, MADV_POPULATE_WRITE) == 0)
		return 0;
	return errno == EINVAL ? 0 : -errno; /* before Linux 5.14 it comes page by page */
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
	.close = ram_close,
	.resize = ram_resize,
	.allocate = ram_allocate,
	.verify = ram_verify,
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
