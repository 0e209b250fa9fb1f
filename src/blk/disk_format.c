/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is on a disk besides the volumes: reading and writing the header, the table in its two slots
 * and the bits of ready chunks, and making an empty disk.  The callers hold blk_disk.lock, or are
 * the only ones that know the disk.
 */
#include <endian.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/crc32c.h"
#include "base/err.h"
#include "blk/disk_int.h"

#define VERSION 1u

/* The first page of a disk.  All numbers are little-endian. */
struct disk_header {
	char magic[8];
	uint32_t version, chunk_bytes;
	struct guid owner;
	uint32_t chunks;
	uint32_t checksum; /* CRC32C of the page with this as 0 */
	uint64_t first_bytes;
};

static const char magic[8] = "VDSPOOL";

static void
table_free_cleanup(void *pointer_to_table)
{
	blk_disk_table_free(*(struct blk_disk_table **)pointer_to_table);
}
#define AUTO_TABLE AUTO(table_free_cleanup)

/* ---- the header ---- */

static uint32_t
header_checksum(const uint8_t *page)
{
	uint8_t copy[BLK_DISK_PAGE / 8]; /* what follows is zero */

	memcpy(copy, page, sizeof(copy));
	memset(copy + offsetof(struct disk_header, checksum), 0, sizeof(uint32_t));
	return crc32c_final(crc32c_update(CRC32C_INIT, copy, sizeof(copy)));
}

int
blk_disk_divide(struct blk_disk *disk, uint64_t size_bytes)
{
	uint64_t chunks = size_bytes / BLK_DISK_CHUNK;
	uint64_t bits = (chunks / 8 + BLK_DISK_CHUNK) / BLK_DISK_CHUNK * BLK_DISK_CHUNK;

	if (size_bytes < BLK_DISK_BYTES_MIN || chunks > BLK_DISK_CHUNKS_MAX)
		return err_set(ERR_INVALID, "%s: a pool needs a device of 16 MiB to 1 PiB",
			       disk->path);
	disk->first_bytes = BLK_DISK_READY_AT + bits;
	disk->chunks = blk_disk_chunks_on(disk, size_bytes);
	return 0;
}

/* Where the bits of ready chunks have room for. */
static size_t
ready_bytes(const struct blk_disk *disk)
{
	return (size_t)(disk->first_bytes - BLK_DISK_READY_AT);
}

uint32_t
blk_disk_chunks_on(const struct blk_disk *disk, uint64_t size_bytes)
{
	uint64_t not_used = disk->first_bytes + BLK_DISK_END_BYTES;
	uint64_t fit = size_bytes > not_used ? (size_bytes - not_used) / BLK_DISK_CHUNK : 0;

	fit = MIN(fit, (uint64_t)ready_bytes(disk) * 8);
	return (uint32_t)MIN(fit, (uint64_t)BLK_DISK_CHUNKS_MAX);
}

int
blk_disk_clear_end(const struct blk_disk *disk, uint64_t size_bytes)
{
	uint64_t end = size_bytes / BLK_DISK_PAGE * BLK_DISK_PAGE - BLK_DISK_END_BYTES;
	int rc = blk_disk_zero(disk->fd, end, BLK_DISK_END_BYTES);

	return rc < 0 ? rc : blk_disk_sync(disk->fd);
}

static int
header_write(const struct blk_disk *disk)
{
	AUTO_FREE uint8_t *page = mem_calloc(1, BLK_DISK_PAGE);
	struct disk_header header = {
		.version = htole32(VERSION),
		.chunk_bytes = htole32(BLK_DISK_CHUNK),
		.owner = disk->owner,
		.chunks = htole32(disk->chunks),
		.first_bytes = htole64(disk->first_bytes),
	};
	int rc;

	if (page == NULL)
		return -ENOMEM;
	memcpy(header.magic, magic, sizeof(magic));
	memcpy(page, &header, sizeof(header));
	header.checksum = htole32(header_checksum(page));
	memcpy(page, &header, sizeof(header));
	rc = blk_disk_write(disk->fd, page, BLK_DISK_PAGE, 0, false);
	return rc < 0 ? rc : blk_disk_sync(disk->fd);
}

/* Data may lie in what is not used at the end, if an earlier version has left it there. */
static int
check_size(const struct blk_disk *disk, uint64_t size_bytes)
{
	if (disk->first_bytes > size_bytes ||
	    disk->chunks > (size_bytes - disk->first_bytes) / BLK_DISK_CHUNK)
		return err_set(ERR_CORRUPT, "%s has become smaller than the pool on it",
			       disk->path);
	return 0;
}

int
blk_disk_header_read(struct blk_disk *disk, uint64_t size_bytes)
{
	AUTO_FREE uint8_t *page = mem_alloc(BLK_DISK_PAGE);
	struct disk_header header;
	int rc = page == NULL ? -ENOMEM : blk_disk_read(disk->fd, page, BLK_DISK_PAGE, 0);

	if (rc == -ENOMEM)
		return rc;
	if (rc < 0)
		return err_set(rc, "%s cannot be read: %s", disk->path, strerror(-rc));
	memcpy(&header, page, sizeof(header));
	if (memcmp(header.magic, magic, sizeof(magic)) != 0)
		return err_set(ERR_NOT_FOUND,
			       "%s holds no pool: it is another device than before, "
			       "or something has overwritten it",
			       disk->path);
	if (le32toh(header.checksum) != header_checksum(page))
		return err_set(ERR_CORRUPT, "the header of the pool on %s is damaged", disk->path);
	if (le32toh(header.version) != VERSION || le32toh(header.chunk_bytes) != BLK_DISK_CHUNK)
		return err_set(
			ERR_VERSION,
			"%s: a newer version of vdsd has written this pool: use that version",
			disk->path);
	if (!guid_equal(&header.owner, &disk->owner))
		return err_set(ERR_IN_USE,
			       "%s is a pool of another array: remove it there, or create the pool "
			       "with --force, which destroys what it holds",
			       disk->path);
	disk->chunks = le32toh(header.chunks);
	disk->first_bytes = le64toh(header.first_bytes);
	if (disk->chunks == 0 || disk->chunks > BLK_DISK_CHUNKS_MAX ||
	    disk->first_bytes < BLK_DISK_READY_AT + disk->chunks / 8 ||
	    disk->first_bytes > BLK_DISK_READY_AT + BLK_DISK_CHUNKS_MAX / 8 + BLK_DISK_CHUNK ||
	    disk->first_bytes % BLK_DISK_CHUNK != 0)
		return err_set(ERR_CORRUPT, "the header of the pool on %s is damaged", disk->path);
	return check_size(disk, size_bytes);
}

bool
blk_disk_has_header(const uint8_t *page)
{
	return memcmp(page, magic, sizeof(magic)) == 0;
}

/* ---- the table ---- */

static uint64_t
slot_at(uint64_t generation)
{
	return BLK_DISK_SLOT_AT + generation % 2 * BLK_DISK_SLOT_BYTES;
}

int
blk_disk_table_put(struct blk_disk *disk, struct blk_disk_table *table)
{
	size_t bytes = blk_disk_table_bytes(table);
	AUTO_FREE uint8_t *buf = NULL;
	int rc;

	if (bytes > BLK_DISK_SLOT_BYTES)
		return err_set(ERR_LIMIT,
			       "the pool on %s has too many LUNs, or they lie in too many pieces: "
			       "use another pool",
			       disk->path);
	buf = mem_calloc(1, bytes);
	if (buf == NULL)
		return -ENOMEM;
	table->generation = disk->table->generation + 1;
	blk_disk_table_encode(table, buf);
	rc = blk_disk_write(disk->fd, buf, bytes, slot_at(table->generation), false);
	if (rc == 0)
		rc = blk_disk_sync(disk->fd);
	if (rc < 0) {
		disk->broken = true;
		return err_set(rc, "%s: the table of the pool cannot be written: %s", disk->path,
			       strerror(-rc));
	}
	blk_disk_table_free(disk->table);
	disk->table = table;
	disk->chunks = table->chunks;
	return 0;
}

static int
slot_read(const struct blk_disk *disk, uint64_t parity, uint8_t *buf,
	  struct blk_disk_table **ret_table)
{
	int rc = blk_disk_read(disk->fd, buf, BLK_DISK_SLOT_BYTES, slot_at(parity));

	return rc < 0 ? rc
		      : blk_disk_table_decode(buf, BLK_DISK_SLOT_BYTES, disk->chunks, ret_table);
}

int
blk_disk_table_get(struct blk_disk *disk, uint64_t size_bytes)
{
	AUTO_FREE uint8_t *buf = mem_alloc(BLK_DISK_SLOT_BYTES);
	AUTO_TABLE struct blk_disk_table *even = NULL;
	AUTO_TABLE struct blk_disk_table *odd = NULL;
	int rc = buf == NULL ? -ENOMEM : slot_read(disk, 0, buf, &even);

	if (rc == 0 || rc == ERR_CORRUPT)
		rc = slot_read(disk, 1, buf, &odd);
	if (rc < 0 && rc != ERR_CORRUPT)
		return rc == -ENOMEM
			       ? rc
			       : err_set(rc, "%s cannot be read: %s", disk->path, strerror(-rc));
	if (even == NULL && odd == NULL)
		return err_set(
			ERR_CORRUPT,
			"both tables of the pool on %s are damaged, or vdsd ended while it "
			"made the pool: to begin anew create it with --force, which destroys "
			"what it holds",
			disk->path);
	blk_disk_table_free(disk->table);
	disk->table = odd == NULL || (even != NULL && even->generation > odd->generation)
			      ? TAKE(even)
			      : TAKE(odd);
	disk->chunks = disk->table->chunks;
	return check_size(disk, size_bytes);
}

int
blk_disk_ready_get(struct blk_disk *disk)
{
	int rc;

	if (disk->ready == NULL)
		disk->ready = mem_calloc(1, ready_bytes(disk));
	if (disk->ready == NULL)
		return -ENOMEM;
	rc = blk_disk_read(disk->fd, (void *)(uintptr_t)disk->ready, ready_bytes(disk),
			   BLK_DISK_READY_AT);
	return rc < 0 && rc != -ENOMEM
		       ? err_set(rc, "%s cannot be read: %s", disk->path, strerror(-rc))
		       : rc;
}

int
blk_disk_format(struct blk_disk *disk, uint64_t size_bytes)
{
	AUTO_TABLE struct blk_disk_table *table = NULL;
	int rc = blk_disk_divide(disk, size_bytes);

	if (rc < 0)
		return rc;
	table = blk_disk_table_copy(NULL, disk->chunks);
	blk_disk_table_free(TAKE(disk->table));
	disk->table = blk_disk_table_copy(NULL, disk->chunks);
	if (table == NULL || disk->table == NULL)
		return -ENOMEM;
	rc = blk_disk_zero(disk->fd, 0, disk->first_bytes);
	if (rc == 0)
		rc = blk_disk_clear_end(disk, size_bytes);
	if (rc == 0)
		rc = header_write(disk);
	if (rc < 0 && rc != -ENOMEM)
		return err_set(rc, "%s cannot be written: %s", disk->path, strerror(-rc));
	if (rc == 0)
		rc = blk_disk_table_put(disk, table);
	if (rc == 0)
		(void)TAKE(table);
	return rc;
}
