/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of a disk: which of its chunks belong to which volume.  A table is changed by changing
 * a copy, which is written to the disk as a whole and then takes the place of the old one; so the
 * functions here need no undo.  No I/O, no locks.
 *
 * On the disk all numbers are little-endian:
 *
 *	8  "VDSTABLE"    8  generation   4  bytes that follow the checksum   4  volumes
 *	4  CRC32C of everything but these four bytes     4  chunks of the disk
 *	for each volume: 16 id, 8 size, 4 flags (1 = committed), 4 extents; for each extent: 4 at, 4
 *	count
 */
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "base/crc32c.h"
#include "base/err.h"
#include "base/mem.h"
#include "blk/disk_int.h"

#define HEAD_BYTES   32u
#define VOLUME_BYTES 32u
#define EXTENT_BYTES 8u
#define COMMITTED    1u

static const char magic[8] = "VDSTABLE";

void
blk_disk_table_free(struct blk_disk_table *table)
{
	if (table == NULL)
		return;
	mem_free(table->volumes);
	mem_free(table->extents);
	mem_free(table);
}

static void
free_cleanup(void *pointer_to_table)
{
	blk_disk_table_free(*(struct blk_disk_table **)pointer_to_table);
}

static int
room_for(struct blk_disk_table *table, size_t volumes, size_t extents)
{
	int rc = mem_grow(&table->volumes, &table->volume_capacity, table->volume_count + volumes,
			  sizeof(table->volumes[0]));

	return rc < 0 ? rc
		      : mem_grow(&table->extents, &table->extent_capacity,
				 table->extent_count + extents, sizeof(table->extents[0]));
}

static int
copy_all(const struct blk_disk_table *table, struct blk_disk_table *copy)
{
	if (room_for(copy, table->volume_count + 1, table->extent_count + 1) < 0)
		return -ENOMEM;
	if (table->volume_count > 0)
		memcpy(copy->volumes, table->volumes,
		       table->volume_count * sizeof(table->volumes[0]));
	if (table->extent_count > 0)
		memcpy(copy->extents, table->extents,
		       table->extent_count * sizeof(table->extents[0]));
	copy->generation = table->generation;
	copy->volume_count = table->volume_count;
	copy->extent_count = table->extent_count;
	return 0;
}

struct blk_disk_table *
blk_disk_table_copy(const struct blk_disk_table *table, uint32_t chunks)
{
	struct blk_disk_table *copy = mem_calloc(1, sizeof(*copy));

	if (copy == NULL)
		return NULL;
	copy->chunks = chunks;
	if (table != NULL && copy_all(table, copy) < 0) {
		blk_disk_table_free(copy);
		return NULL;
	}
	return copy;
}

struct blk_disk_volume *
blk_disk_table_find(const struct blk_disk_table *table, const struct guid *id, bool committed)
{
	for (size_t i = 0; i < table->volume_count; i++)
		if (table->volumes[i].committed == committed &&
		    guid_equal(&table->volumes[i].id, id))
			return &table->volumes[i];
	return NULL;
}

uint32_t
blk_disk_table_chunks(const struct blk_disk_table *table, const struct blk_disk_volume *volume)
{
	uint32_t chunks = 0;

	for (uint32_t i = 0; i < volume->count; i++)
		chunks += table->extents[volume->first + i].count;
	return chunks;
}

int
blk_disk_table_add(struct blk_disk_table *table, const struct guid *id, uint64_t size_bytes)
{
	int rc = room_for(table, 1, 0);

	if (rc < 0)
		return rc;
	table->volumes[table->volume_count++] = (struct blk_disk_volume){
		.id = *id, .size_bytes = size_bytes, .first = (uint32_t)table->extent_count
	};
	return 0;
}

/* Takes extents out of the middle of the table's. */
static void
take_out(struct blk_disk_table *table, uint32_t first, uint32_t count)
{
	if (count == 0)
		return;
	memmove(table->extents + first, table->extents + first + count,
		(table->extent_count - first - count) * sizeof(table->extents[0]));
	table->extent_count -= count;
	for (size_t i = 0; i < table->volume_count; i++)
		if (table->volumes[i].first >= first + count)
			table->volumes[i].first -= count;
		else if (table->volumes[i].first > first) /* it has no extents */
			table->volumes[i].first = first;
}

void
blk_disk_table_drop(struct blk_disk_table *table, struct blk_disk_volume *volume)
{
	size_t at = (size_t)(volume - table->volumes);

	take_out(table, volume->first, volume->count);
	memmove(volume, volume + 1, (table->volume_count - at - 1) * sizeof(*volume));
	table->volume_count--;
}

void
blk_disk_table_cut(struct blk_disk_table *table, struct blk_disk_volume *volume, uint32_t chunks)
{
	uint32_t kept = 0, i = 0;

	for (; i < volume->count && kept < chunks; i++) {
		struct blk_disk_extent *extent = &table->extents[volume->first + i];

		extent->count = MIN(extent->count, chunks - kept);
		kept += extent->count;
	}
	take_out(table, volume->first + i, volume->count - i);
	volume->count = i;
}

/* ---- free chunks ---- */

static bool
bit_is_set(const uint8_t *bits, uint32_t at)
{
	return (bits[at / 8] & (1u << (at % 8))) != 0;
}

void
blk_disk_bits(uint8_t *bits, uint32_t at, uint32_t count, bool set)
{
	for (; count > 0; at++, count--)
		if (set)
			bits[at / 8] = (uint8_t)(bits[at / 8] | (1u << (at % 8)));
		else
			bits[at / 8] = (uint8_t)(bits[at / 8] & ~(1u << (at % 8)));
}

/* Finds the next run of free chunks, `from` or later; its count is 0 when there is none. */
static struct blk_disk_extent
next_free(const struct blk_disk_table *table, const uint8_t *used, uint32_t from)
{
	struct blk_disk_extent run = { from, 0 };

	while (run.at < table->chunks && bit_is_set(used, run.at))
		run.at += run.at % 8 == 0 && used[run.at / 8] == 0xff ? 8 : 1;
	while (run.at + run.count < table->chunks && !bit_is_set(used, run.at + run.count))
		run.count++;
	return run.at < table->chunks ? run : (struct blk_disk_extent){ 0, 0 };
}

/* Chooses the smallest run of free chunks that has `need`, or else the largest one. */
static struct blk_disk_extent
choose(const struct blk_disk_table *table, const uint8_t *used, uint32_t need)
{
	struct blk_disk_extent best = { 0, 0 }, run = { 0, 0 };

	while ((run = next_free(table, used, run.at + run.count)).count > 0) {
		bool fits = run.count >= need;

		if (best.count < need ? run.count > best.count : fits && run.count < best.count)
			best = run;
	}
	best.count = MIN(best.count, need);
	return best;
}

/* The chunks that follow the volume's last one, if they are free: it then needs no extent more. */
static struct blk_disk_extent
choose_next(const struct blk_disk_table *table, const uint8_t *used,
	    const struct blk_disk_volume *volume, uint32_t need)
{
	struct blk_disk_extent run = { 0, 0 };

	if (volume->count == 0)
		return choose(table, used, need);
	run = table->extents[volume->first + volume->count - 1];
	run.at += run.count;
	run.count = 0;
	while (run.count < need && run.at + run.count < table->chunks &&
	       !bit_is_set(used, run.at + run.count))
		run.count++;
	return run.count > 0 ? run : choose(table, used, need);
}

/* Moves the volume, with its extents, to the end of the table, where it can be added to. */
static struct blk_disk_volume *
move_to_end(struct blk_disk_table *table, struct blk_disk_volume *volume)
{
	struct blk_disk_volume copy = *volume;
	size_t count = table->extent_count;

	if (copy.first + copy.count == count)
		return volume;
	memcpy(table->extents + count, table->extents + copy.first,
	       copy.count * sizeof(table->extents[0]));
	table->extent_count += copy.count;
	blk_disk_table_drop(table, volume);
	copy.first = (uint32_t)(table->extent_count - copy.count);
	table->volumes[table->volume_count++] = copy;
	return &table->volumes[table->volume_count - 1];
}

static int
append(struct blk_disk_table *table, struct blk_disk_volume *volume, struct blk_disk_extent run)
{
	struct blk_disk_extent *last = volume->count > 0
					       ? &table->extents[volume->first + volume->count - 1]
					       : NULL;

	if (last != NULL && last->at + last->count == run.at) {
		last->count += run.count;
		return 0;
	}
	if (room_for(table, 0, 1) < 0)
		return -ENOMEM;
	table->extents[table->extent_count++] = run;
	volume->count++;
	return 0;
}

int
blk_disk_table_extend(struct blk_disk_table *table, const struct guid *id, bool committed,
		      uint32_t chunks, uint8_t *used)
{
	struct blk_disk_volume *volume = blk_disk_table_find(table, id, committed);
	uint32_t have = blk_disk_table_chunks(table, volume);

	if (have >= chunks)
		return 0;
	if (room_for(table, 1, volume->count + 1) < 0)
		return -ENOMEM;
	volume = move_to_end(table, blk_disk_table_find(table, id, committed));
	while (have < chunks) {
		struct blk_disk_extent run = choose_next(table, used, volume, chunks - have);
		int rc = run.count > 0 ? append(table, volume, run) : -ENOSPC;

		if (rc < 0)
			return rc;
		blk_disk_bits(used, run.at, run.count, true);
		have += run.count;
	}
	return 0;
}

bool
blk_disk_table_mark(const struct blk_disk_table *table, uint8_t *used)
{
	for (size_t i = 0; i < table->extent_count; i++) {
		struct blk_disk_extent run = table->extents[i];

		for (uint32_t k = 0; k < run.count; k++)
			if (bit_is_set(used, run.at + k))
				return false;
			else
				blk_disk_bits(used, run.at + k, 1, true);
	}
	return true;
}

/* ---- on the disk ---- */

static void
put32(uint8_t *at, uint32_t value)
{
	value = htole32(value);
	memcpy(at, &value, sizeof(value));
}

static void
put64(uint8_t *at, uint64_t value)
{
	value = htole64(value);
	memcpy(at, &value, sizeof(value));
}

static uint32_t
get32(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return le32toh(value);
}

static uint64_t
get64(const uint8_t *at)
{
	uint64_t value;

	memcpy(&value, at, sizeof(value));
	return le64toh(value);
}

static uint32_t
checksum(const uint8_t *buf, size_t bytes)
{
	uint32_t state = crc32c_update(CRC32C_INIT, buf, 24);

	return crc32c_final(crc32c_update(state, buf + 28, bytes - 28));
}

size_t
blk_disk_table_bytes(const struct blk_disk_table *table)
{
	size_t bytes = HEAD_BYTES + table->volume_count * VOLUME_BYTES +
		       table->extent_count * EXTENT_BYTES;

	return (bytes + BLK_DISK_PAGE - 1) / BLK_DISK_PAGE * BLK_DISK_PAGE;
}

void
blk_disk_table_encode(const struct blk_disk_table *table, uint8_t *buf)
{
	uint8_t *at = buf + HEAD_BYTES;

	for (size_t i = 0; i < table->volume_count; i++) {
		const struct blk_disk_volume *volume = &table->volumes[i];

		memcpy(at, volume->id.bytes, sizeof(volume->id.bytes));
		put64(at + 16, volume->size_bytes);
		put32(at + 24, volume->committed ? COMMITTED : 0);
		put32(at + 28, volume->count);
		at += VOLUME_BYTES;
		for (uint32_t k = 0; k < volume->count; k++, at += EXTENT_BYTES) {
			put32(at, table->extents[volume->first + k].at);
			put32(at + 4, table->extents[volume->first + k].count);
		}
	}
	memcpy(buf, magic, sizeof(magic));
	put64(buf + 8, table->generation);
	put32(buf + 16, (uint32_t)(at - buf - HEAD_BYTES));
	put32(buf + 20, (uint32_t)table->volume_count);
	put32(buf + 28, table->chunks);
	put32(buf + 24, checksum(buf, (size_t)(at - buf)));
}

/* Reads a volume.  Returns how many bytes it has, or an error. */
static int
decode_volume(struct blk_disk_table *table, const uint8_t *at, size_t left)
{
	struct guid id;
	uint32_t count, flags;

	if (left < VOLUME_BYTES)
		return ERR_CORRUPT;
	memcpy(id.bytes, at, sizeof(id.bytes));
	flags = get32(at + 24);
	count = get32(at + 28);
	if ((flags & ~COMMITTED) != 0 || count > (left - VOLUME_BYTES) / EXTENT_BYTES ||
	    blk_disk_table_find(table, &id, flags == COMMITTED) != NULL)
		return ERR_CORRUPT;
	if (blk_disk_table_add(table, &id, get64(at + 16)) < 0 || room_for(table, 0, count) < 0)
		return -ENOMEM;
	table->volumes[table->volume_count - 1].committed = flags == COMMITTED;
	table->volumes[table->volume_count - 1].count = count;
	at += VOLUME_BYTES;
	for (uint32_t k = 0; k < count; k++, at += EXTENT_BYTES) {
		struct blk_disk_extent run = { get32(at), get32(at + 4) };

		if (run.count == 0 || run.at >= table->chunks || run.count > table->chunks - run.at)
			return ERR_CORRUPT;
		table->extents[table->extent_count++] = run;
	}
	return (int)(VOLUME_BYTES + count * EXTENT_BYTES);
}

int
blk_disk_table_decode(const uint8_t *buf, size_t size, uint32_t chunks,
		      struct blk_disk_table **ret_table)
{
	AUTO(free_cleanup) struct blk_disk_table *table = NULL;
	AUTO_FREE uint8_t *used = NULL;
	size_t bytes = size >= HEAD_BYTES ? get32(buf + 16) : 0, done = 0;
	int rc;

	if (size < HEAD_BYTES || memcmp(buf, magic, sizeof(magic)) != 0 ||
	    bytes > size - HEAD_BYTES || get32(buf + 24) != checksum(buf, HEAD_BYTES + bytes))
		return ERR_CORRUPT;
	chunks = get32(buf + 28) != 0 ? get32(buf + 28) : chunks;
	if (chunks > BLK_DISK_CHUNKS_MAX)
		return ERR_CORRUPT;
	table = blk_disk_table_copy(NULL, chunks);
	used = mem_calloc(chunks / 8 + 1, 1);
	if (table == NULL || used == NULL)
		return -ENOMEM;
	table->generation = get64(buf + 8);
	for (uint32_t i = get32(buf + 20); i > 0; i--) {
		rc = decode_volume(table, buf + HEAD_BYTES + done, bytes - done);
		if (rc < 0)
			return rc;
		done += (size_t)rc;
	}
	if (done != bytes || !blk_disk_table_mark(table, used))
		return ERR_CORRUPT;
	*ret_table = TAKE(table);
	return 0;
}
