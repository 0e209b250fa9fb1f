/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Private to the files disk*.c: what a disk that is divided into volumes keeps, on the device and
 * in memory.  docs/design/pools.md describes the format and why it survives a crash at any moment.
 *
 *	0          header: whose disk it is, and how it is divided
 *	1 MiB      table, slot 0; 2 MiB: slot 1.  The valid one with the higher generation counts
 *	3 MiB      one bit for each chunk: whether it was made ready (zeroed) for its volume
 *	first      chunks of 1 MiB, which belong to volumes or are free
 *	the end    1 MiB or more that is never used, so that nothing in a volume is taken for a
 *	           structure of the disk (a second partition table, RAID metadata)
 *
 * Locks: disks_lock (disk.c), then blk_disk.lock, then blk_disk.ready_lock.
 */
#ifndef VDS_BLK_DISK_INT_H
#define VDS_BLK_DISK_INT_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/guid.h"
#include "base/list.h"
#include "blk/blk.h"

#define BLK_DISK_PAGE       4096u
#define BLK_DISK_SLOT_AT    (1ull << 20)
#define BLK_DISK_SLOT_BYTES (1u << 20)
#define BLK_DISK_READY_AT   (3ull << 20)
#define BLK_DISK_END_BYTES  (1ull << 20)
#define BLK_DISK_BYTES_MIN  (16ull << 20)
#define BLK_DISK_CHUNKS_MAX (1u << 30)

/* ---- disk_table.c: which chunks belong to which volume; no I/O, no locks ---- */

struct blk_disk_extent {
	uint32_t at, count; /* chunks */
};

struct blk_disk_volume {
	struct guid id;
	uint64_t size_bytes;
	bool committed;
	uint32_t first, count; /* of the table's extents, in the order of the volume's bytes */
};

struct blk_disk_table {
	uint64_t generation;
	uint32_t chunks; /* of the disk */
	struct blk_disk_volume *volumes;
	size_t volume_count, volume_capacity;
	struct blk_disk_extent *extents;
	size_t extent_count, extent_capacity;
};

/* Frees the table and what it has.  Accepts NULL. */
void blk_disk_table_free(struct blk_disk_table *table);
/* Returns a copy, or NULL: memory is out.  The copy of NULL is an empty table. */
struct blk_disk_table *blk_disk_table_copy(const struct blk_disk_table *table, uint32_t chunks);
/* Returns the volume of this id, or NULL; it is valid until the table is changed. */
struct blk_disk_volume *blk_disk_table_find(const struct blk_disk_table *table,
					    const struct guid *id, bool committed);
/* Returns how many chunks the volume has. */
uint32_t blk_disk_table_chunks(const struct blk_disk_table *table,
			       const struct blk_disk_volume *volume);
/* Adds a volume without chunks, uncommitted.  Returns 0 or -ENOMEM. */
int blk_disk_table_add(struct blk_disk_table *table, const struct guid *id, uint64_t size_bytes);
/* Removes a volume. */
void blk_disk_table_drop(struct blk_disk_table *table, struct blk_disk_volume *volume);
/* Takes chunks off the end of a volume until it has `chunks` or less. */
void blk_disk_table_cut(struct blk_disk_table *table, struct blk_disk_volume *volume,
			uint32_t chunks);
/*
 * Gives the volume more chunks until it has `chunks`.  used: a bit for each chunk of the disk that
 * may not be taken; gets the bits of what was taken.  The volume's place in the table changes.
 * Returns 0, -ENOSPC or -ENOMEM; on an error the table is to be thrown away.
 */
int blk_disk_table_extend(struct blk_disk_table *table, const struct guid *id, bool committed,
			  uint32_t chunks, uint8_t *used);
/* Sets the bits of all chunks that belong to volumes.  Returns false: two have the same chunk. */
bool blk_disk_table_mark(const struct blk_disk_table *table, uint8_t *used);
/* Sets or clears bits. */
void blk_disk_bits(uint8_t *bits, uint32_t at, uint32_t count, bool set);
/* Returns how many bytes the table has in its slot, more than BLK_DISK_SLOT_BYTES: too many. */
size_t blk_disk_table_bytes(const struct blk_disk_table *table);
/* Writes the table, with its checksum, to a buffer of blk_disk_table_bytes bytes of zeros. */
void blk_disk_table_encode(const struct blk_disk_table *table, uint8_t *buf);
/*
 * Reads a table.  chunks: of the disk, when the table does not say.  Returns 0, ERR_CORRUPT (this
 * is no whole table, or contradicts itself) or -ENOMEM.  The caller frees *ret_table.
 */
int blk_disk_table_decode(const uint8_t *buf, size_t size, uint32_t chunks,
			  struct blk_disk_table **ret_table);

/* ---- disk.c ---- */

struct blk_disk {
	/* disks_lock: */
	struct list node; /* in the list of disks, while it is at its path */
	unsigned refs;
	bool open; /* somebody has opened it with blk_disk_open */
	/* constant: */
	char *path;
	struct guid owner;
	int fd;               /* exclusive */
	uint64_t first_bytes; /* where chunk 0 is */
	bool whole;           /* BLK_DISK_WHOLE: no header, an empty table, all chunks are ready */
	uint64_t whole_bytes; /* of the device */
	/* a bit for each chunk that the disk can ever have; set under ready_lock */
	_Atomic uint8_t *ready;
	pthread_mutex_t lock; /* the table, in memory and on the disk, and maps */
	struct blk_disk_table *table;
	uint32_t chunks; /* as in the table; `lock`, once the disk is open */
	bool broken;     /* what is on the disk is not known: the table must be read anew */
	struct list maps;
	pthread_mutex_t ready_lock; /* writing to the bits on the disk */
	atomic_bool gone;           /* another disk, or none, is at the path */
};

/* Returns the disk that is open at the path with a reference for the caller, or NULL. */
struct blk_disk *blk_disk_find(const char *path);
void blk_disk_ref(struct blk_disk *disk);
void blk_disk_unref(struct blk_disk *disk); /* accepts NULL */

/*
 * ---- disk_format.c: the caller holds blk_disk.lock, or is the only one that knows the disk ----
 */

/* Decides how a disk of this size is divided.  Returns 0 or ERR_INVALID with a text. */
int blk_disk_divide(struct blk_disk *disk, uint64_t size_bytes);
/*
 * Reads the header.  Returns 0, ERR_NOT_FOUND (there is none), ERR_IN_USE, ERR_VERSION,
 * ERR_CORRUPT, all with a text, or -errno.
 */
int blk_disk_header_read(struct blk_disk *disk, uint64_t size_bytes);
/* Returns how many chunks the disk can have on a device of this size, with its header and bits. */
uint32_t blk_disk_chunks_on(const struct blk_disk *disk, uint64_t size_bytes);
/*
 * Zeros, durably, what is never used at the end of a device of this size.  Returns 0 or -errno.
 */
int blk_disk_clear_end(const struct blk_disk *disk, uint64_t size_bytes);
/* Returns whether the first page of a disk has the header of a pool. */
bool blk_disk_has_header(const uint8_t *page);
/*
 * Makes an empty pool of the disk.  The header comes first: it says whose the disk is.  Returns 0,
 * ERR_INVALID (the disk is too small) or -errno, with a text.
 */
int blk_disk_format(struct blk_disk *disk, uint64_t size_bytes);
/*
 * Reads the table that counts: a slot that is not whole was being written in a crash.  Returns 0,
 * ERR_CORRUPT (no slot is whole, or a device of this size is too small) or -errno, with a text.
 */
int blk_disk_table_get(struct blk_disk *disk, uint64_t size_bytes);
/* Reads the bits of ready chunks.  Returns 0 or -errno, with a text. */
int blk_disk_ready_get(struct blk_disk *disk);
/*
 * Writes a table and makes it the one that counts.  On success the disk owns it.  After an error of
 * the device the disk is broken: which of the tables counts is found out when it is opened again.
 * Returns 0, ERR_LIMIT or -errno, with a text.  The caller holds disk->lock.
 */
int blk_disk_table_put(struct blk_disk *disk, struct blk_disk_table *table);

/* ---- disk_volume.c ---- */

/*
 * Where the bytes of a volume are.  While it exists, its chunks are given to no other volume, even
 * when the table has them free.
 */
struct blk_disk_segment {
	uint32_t from, at, count; /* chunks: of the volume, of the disk */
};

struct blk_disk_map {
	struct list node;          /* blk_disk.maps; blk_disk.lock */
	struct blk_disk *disk;     /* holds a reference */
	struct blk_disk_map *next; /* for the owner */
	uint64_t size_bytes;       /* of the volume, in the table */
	uint32_t chunks;
	size_t count;
	struct blk_disk_segment segments[];
};

/*
 * Finds where a volume is.  Returns 0, -ENODEV (no disk is open at the path), -ENOENT (no such
 * volume) or -ENOMEM.  The caller frees *ret_map with blk_disk_map_free.
 */
int blk_disk_map_get(const char *path, const struct guid *id, bool committed,
		     struct blk_disk_map **ret_map);
void blk_disk_map_free(struct blk_disk_map *map); /* accepts NULL */
/*
 * Changes the chunks of the volume that map shows: keeps at most keep_bytes of what it has, makes
 * it large enough for want_bytes, and notes size_bytes as its size.  New chunks read as zeros.
 * Durable on return.  Returns 0, -ENOSPC, ERR_LIMIT or another error; then nothing has changed.  On
 * success
 * *ret_map is the new map.
 */
int blk_disk_refit(const struct blk_disk_map *map, const struct guid *id, uint64_t keep_bytes,
		   uint64_t want_bytes, uint64_t size_bytes, struct blk_disk_map **ret_map);
static inline bool
blk_disk_is_ready(const struct blk_disk *disk, uint32_t chunk)
{
	return (atomic_load_explicit(&disk->ready[chunk / 8], memory_order_acquire) &
		(1u << (chunk % 8))) != 0;
}
/*
 * Makes chunks of the disk ready: zeros that are not are written, and then their bits, both durable
 * on return.  Returns 0 or -errno.  Blocks.
 */
int blk_disk_make_ready(struct blk_disk *disk, uint32_t chunk, uint32_t count);
/*
 * Makes chunks of a volume read as zeros, durably: their bits are cleared, and the disk is told
 * that they are unused.  Returns 0, or -errno; then they hold what they held.  Blocks.
 */
int blk_disk_forget(struct blk_disk *disk, uint32_t chunk, uint32_t count);
static inline uint64_t
blk_disk_place(const struct blk_disk *disk, uint32_t chunk)
{
	return disk->first_bytes + (uint64_t)chunk * BLK_DISK_CHUNK;
}

/* ---- disk_run.c ---- */

struct blk_disk_piece {
	uint64_t at, len; /* bytes: on the disk, how many lie there one after the other */
	uint32_t chunk;   /* of the disk */
	bool ready;       /* all of its chunks are, or none is */
};

/* Returns the segment of a chunk of the volume. */
const struct blk_disk_segment *blk_disk_segment_of(const struct blk_disk_map *map, uint32_t chunk);
/*
 * Finds the largest piece at the beginning of a range that lies together and is ready, or is not.
 */
struct blk_disk_piece blk_disk_piece_at(const struct blk_disk_map *map, uint64_t offset,
					uint64_t len);
/*
 * Reads from or writes to a volume without a queue.  fd: a descriptor of the disk.  op: READ,
 * WRITE, WRITE_ZEROES or UNMAP; the range lies within the map; io->moved_bytes of it are done
 * already.  Returns 0 or -errno.
 */
int blk_disk_run(const struct blk_disk_map *map, int fd, struct blk_io *io);

/* ---- disk_io.c: the device itself ---- */

/*
 * For tests: called before each step that changes a disk.  Returns 0, or -errno that the step then
 * returns; may end the process.
 */
enum blk_disk_step { DISK_WRITE, DISK_WRITE_DURABLE, DISK_ZERO, DISK_SYNC, DISK_DISCARD };
extern int (*blk_disk_hook)(enum blk_disk_step step, int fd, const void *buf, size_t len,
			    uint64_t at);
/* Return 0 or -errno.  len, at: multiples of BLK_DISK_PAGE. */
int blk_disk_read(int fd, void *buf, size_t len, uint64_t at);
int blk_disk_write(int fd, const void *buf, size_t len, uint64_t at, bool durable);
int blk_disk_zero(int fd, uint64_t at, uint64_t len);
int blk_disk_sync(int fd);
/* Gives the space back, if the disk can. */
void blk_disk_discard(int fd, uint64_t at, uint64_t len);
/* Reads how large the disk is.  Returns 0 or -errno. */
int blk_disk_size(int fd, uint64_t *ret_bytes);
/*
 * Opens a disk exclusively.  Returns the descriptor, or an error with a text: ERR_LOCKED (somebody
 * uses it), ERR_INVALID (not a block device), ERR_ACCESS, -errno.
 */
int blk_disk_claim(const char *path);
/*
 * Looks whether the beginning and the end of a disk hold anything.  Returns 0 (only zeros),
 * ERR_IN_USE with a text that says what was found, or -errno.
 */
int blk_disk_probe(int fd, const char *path, uint64_t size_bytes);

#endif
