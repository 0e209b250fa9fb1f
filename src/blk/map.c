/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Files in memory (tmpfs), mapped: what is read and written there needs no system call.  A mapping
 * only ever saves work: whatever it cannot do, or fails to do, the system calls of fdio.c do, and
 * their errors are the errors.  So the same is answered with and without it.
 *
 * To touch a hole through a mapping, also to read it, gives it a page.  A thin LUN that is read
 * would take its whole size, and a full file system has no page to give.  So a mapping has a bit
 * for each page that is known to have its space; the rest goes through system calls.  A bit may be
 * wrong in either direction without harm: a hole that is taken for a page reads as zeros and costs
 * its space, or faults when there is none.  Any thread.
 */
#include "blk/blk_int.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"

#define LEAST_BYTES  (64ull << 20) /* of a mapping */
#define LOOK_BYTES   (2ull << 20)  /* what one look covers */
#define LOOK_PAGES   (LOOK_BYTES / 4096)
/*
 * What all mappings may have together: a quarter of the addresses of a process, and a quarter of
 * the mappings that the kernel lets a process have (65,530; each file takes two).
 */
#define ALL_BYTES    (32ull << 40)
#define ALL_MAPPINGS 8192u

struct blk_map {
	uint8_t *bytes;
	uint64_t len_bytes; /* a power of two; may reach beyond the end of the file */
	unsigned page_shift;
	/* A mapping of its own: a bit for each page that has its space, then those of the looks. */
	void *bits;
	size_t bits_bytes;
	_Atomic uint64_t *known, *looked;
	/* That this one has replaced, and operations may still use; owned. */
	struct blk_map *before;
};

static atomic_bool refused;
static _Atomic uint64_t all_bytes;
static atomic_uint all_mappings;

void
blk_file_set_map(bool allow)
{
	atomic_store(&refused, !allow);
}

/* ---- Mapping ---- */

static uint64_t
round_up(uint64_t size_bytes)
{
	uint64_t len = LEAST_BYTES;

	while (len < size_bytes && len <= ALL_BYTES)
		len *= 2;
	return len;
}

static bool
map_file(struct blk_map *map, int fd, bool read_only)
{
	int access = read_only ? PROT_READ : PROT_READ | PROT_WRITE;
	void *bytes = mmap(NULL, (size_t)map->len_bytes, access, MAP_SHARED | MAP_NORESERVE, fd, 0);

	if (bytes == MAP_FAILED)
		return false;
	map->bytes = bytes;
	(void)madvise(bytes, (size_t)map->len_bytes, MADV_DONTDUMP);
	return true;
}

static bool
map_bits(struct blk_map *map)
{
	size_t words = (size_t)(map->len_bytes >> map->page_shift) / 64;
	size_t looks = (size_t)(map->len_bytes / LOOK_BYTES + 63) / 64;
	void *bits;

	map->bits_bytes = (words + looks) * sizeof(uint64_t);
	bits = mmap(NULL, map->bits_bytes, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (bits == MAP_FAILED)
		return false;
	map->bits = bits;
	map->known = bits;
	map->looked = map->known + words;
	return true;
}

struct blk_map *
blk_map_new(int fd, uint64_t size_bytes, bool read_only)
{
	struct blk_map *map;

	if (sizeof(void *) < 8 || atomic_load(&refused) || size_bytes > ALL_BYTES)
		return NULL;
	map = blk_guard_install() ? mem_calloc(1, sizeof(*map)) : NULL;
	if (map == NULL)
		return NULL;
	map->len_bytes = round_up(size_bytes);
	map->page_shift = (unsigned)__builtin_ctzl((unsigned long)sysconf(_SC_PAGESIZE));
	atomic_fetch_add(&all_mappings, 1);
	if (atomic_fetch_add(&all_bytes, map->len_bytes) + map->len_bytes <= ALL_BYTES &&
	    atomic_load(&all_mappings) <= ALL_MAPPINGS && map_bits(map) &&
	    map_file(map, fd, read_only))
		return map;
	blk_map_free(map);
	return NULL;
}

void
blk_map_free(struct blk_map *map)
{
	while (map != NULL) {
		struct blk_map *before = map->before;

		if (map->bytes != NULL)
			munmap(map->bytes, (size_t)map->len_bytes);
		if (map->bits != NULL)
			munmap(map->bits, map->bits_bytes);
		atomic_fetch_sub(&all_bytes, map->len_bytes);
		atomic_fetch_sub(&all_mappings, 1);
		mem_free(map);
		map = before;
	}
}

struct blk_map *
blk_map_grow(struct blk_map *map, int fd, uint64_t size_bytes, bool read_only)
{
	struct blk_map *larger;

	if (size_bytes <= map->len_bytes)
		return map;
	larger = blk_map_new(fd, size_bytes, read_only);
	if (larger == NULL)
		return map;
	larger->before = map;
	return larger;
}

unsigned
blk_map_count(void)
{
	return atomic_load(&all_mappings);
}

/* ---- Which pages have their space ---- */

/* Takes the pages from *page on whose bits share a word; returns false at the end. */
static bool
next_word(uint64_t *page, uint64_t end, uint64_t *ret_word, uint64_t *ret_mask)
{
	uint64_t first = *page % 64, count;

	if (*page >= end)
		return false;
	count = MIN(64 - first, end - *page);
	*ret_word = *page / 64;
	*ret_mask = (count == 64 ? UINT64_MAX : (UINT64_C(1) << count) - 1) << first;
	*page += count;
	return true;
}

static uint64_t
page_end(const struct blk_map *map, uint64_t end_bytes)
{
	uint64_t page_bytes = UINT64_C(1) << map->page_shift;

	return (MIN(end_bytes, map->len_bytes) + page_bytes - 1) >> map->page_shift;
}

void
blk_map_note(struct blk_map *map, uint64_t offset_bytes, uint64_t len_bytes)
{
	uint64_t page = offset_bytes >> map->page_shift, word, mask;
	uint64_t end = page_end(map, offset_bytes + len_bytes);

	while (next_word(&page, end, &word, &mask))
		if ((atomic_load_explicit(&map->known[word], memory_order_relaxed) & mask) != mask)
			atomic_fetch_or_explicit(&map->known[word], mask, memory_order_relaxed);
}

void
blk_map_forget(struct blk_map *map, uint64_t offset_bytes, uint64_t len_bytes)
{
	uint64_t page = offset_bytes >> map->page_shift, word, mask;
	uint64_t end = page_end(map, offset_bytes + len_bytes);

	while (next_word(&page, end, &word, &mask))
		if ((atomic_load_explicit(&map->known[word], memory_order_relaxed) & mask) != 0)
			atomic_fetch_and_explicit(&map->known[word], ~mask, memory_order_relaxed);
}

static bool
is_known(const struct blk_map *map, const struct blk_io *io)
{
	uint64_t page = io->offset_bytes >> map->page_shift, word, mask;
	uint64_t end = page_end(map, io->offset_bytes + io->len_bytes);

	while (next_word(&page, end, &word, &mask))
		if ((atomic_load_explicit(&map->known[word], memory_order_relaxed) & mask) != mask)
			return false;
	return true;
}

/*
 * Notes which pages of a part of the file are in memory.  Returns false when that is done already.
 */
static bool
look(struct blk_map *map, uint64_t part)
{
	_Atomic uint64_t *word = &map->looked[part / 64];
	uint64_t bit = UINT64_C(1) << part % 64, page_bytes = UINT64_C(1) << map->page_shift;
	uint64_t at = part * LOOK_BYTES;
	unsigned char there[LOOK_PAGES];

	if ((atomic_load_explicit(word, memory_order_relaxed) & bit) != 0)
		return false;
	atomic_fetch_or_explicit(word, bit, memory_order_relaxed);
	if (mincore(map->bytes + at, LOOK_BYTES, there) < 0)
		return false;
	for (uint64_t i = 0; i < LOOK_BYTES / page_bytes; i++)
		if ((there[i] & 1) != 0)
			blk_map_note(map, at + i * page_bytes, page_bytes);
	return true;
}

/* Looks at each part of the file that io touches once.  Returns whether all its pages are known. */
static bool
becomes_known(struct blk_map *map, const struct blk_io *io)
{
	uint64_t end = io->offset_bytes + io->len_bytes;
	bool looked = false;

	for (uint64_t part = io->offset_bytes / LOOK_BYTES; part * LOOK_BYTES < end; part++)
		looked = look(map, part) || looked;
	return looked && is_known(map, io);
}

void
blk_map_prefetch(const struct blk_map *map, uint64_t offset_bytes, uint32_t len_bytes)
{
	if (offset_bytes + len_bytes <= map->len_bytes)
		blk_fetch_lines(map->bytes + offset_bytes, len_bytes);
}

enum blk_mapped
blk_map_move(struct blk_map *map, const struct blk_io *io)
{
	if (io->offset_bytes + io->len_bytes > map->len_bytes)
		return BLK_MAPPED_NOT;
	if (!is_known(map, io) && !becomes_known(map, io))
		return BLK_MAPPED_NOT;
	if (blk_guard_copy(map->bytes + io->offset_bytes, io, (size_t)1 << map->page_shift))
		return BLK_MAPPED_MOVED;
	blk_map_forget(map, io->offset_bytes, io->len_bytes);
	return BLK_MAPPED_FAULT;
}
