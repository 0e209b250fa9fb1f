/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Files that are read and written past the page cache (O_DIRECT): which files are, and how a READ
 * or WRITE is done that the file system does not take as it is, because its range or its buffers
 * are not aligned.  Such an operation goes through an aligned buffer, with blocking calls; a WRITE
 * that has a part of a block reads that block first, while gate.c keeps others from it.  Nothing of
 * a file that is direct goes through the page cache, except what the kernel itself puts there (the
 * edges of a hole that is punched), which it writes back before a direct operation meets it.  Any
 * thread.
 */
#include "blk/blk_int.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/mem.h"

#define BOUNCE_BYTES (256u * 1024)
/* Where a file system does not tell what it wants; no block of a disk is larger. */
#define SAFE_ALIGN   4096u
#define READ_TRIES   4u          /* of a block, until it is an error that a read is short */
#define DIOALIGN     0x00002000u /* STATX_DIOALIGN, Linux 6.1 */

/* Not in linux/magic.h of every system. */
#define MAGIC_RAMFS 0x858458f6
#define MAGIC_CIFS  0xff534d42
#define MAGIC_CEPH  0x00c36400
#define MAGIC_GFS2  0x01161970
#define MAGIC_OCFS2 0x7461636f

static struct blk_direct_pretence pretence;

void
blk_direct_pretend(const struct blk_direct_pretence *as)
{
	pretence = as != NULL ? *as : (struct blk_direct_pretence){ 0 };
}

/* ---- which files ---- */

/* What a file system is, for the default; NULL = it has a disk of this host. */
static const char *
no_disk(const struct statfs *sfs)
{
	switch ((unsigned)sfs->f_type) {
	case FUSE_SUPER_MAGIC:
		return "the pool is on FUSE, where another process has the files";
	case NFS_SUPER_MAGIC:
	case SMB_SUPER_MAGIC:
	case SMB2_SUPER_MAGIC:
	case MAGIC_CIFS:
	case MAGIC_CEPH:
	case AFS_SUPER_MAGIC:
	case V9FS_MAGIC:
		return "the pool is on a network file system";
	case MAGIC_GFS2:
	case MAGIC_OCFS2:
		return "the pool is on a file system that hosts share";
	case OVERLAYFS_SUPER_MAGIC:
		return "the pool is on an overlay";
	default:
		return NULL;
	}
}

/* Reads a number of a block device from sysfs.  Returns -1 when there is none. */
static int
queue_number(const struct statx *stx, const char *name)
{
	/* a partition has the queue of its disk */
	static const char *const places[] = { "queue", "../queue" };
	char path[160], text[16];
	int number = -1;

	for (size_t i = 0; i < ARRAY_LEN(places) && number < 0; i++) {
		snprintf(path, sizeof(path), "%s/sys/dev/block/%u:%u/%s/%s",
			 pretence.host != NULL ? pretence.host : "", stx->stx_dev_major,
			 stx->stx_dev_minor, places[i], name);
		int fd = open(path, O_RDONLY | O_CLOEXEC);

		if (fd < 0)
			continue;
		ssize_t len = read(fd, text, sizeof(text) - 1);

		close(fd);
		if (len > 0 && text[0] >= '0' && text[0] <= '9') {
			number = 0;
			for (ssize_t c = 0; c < len && text[c] >= '0' && text[c] <= '9'; c++)
				number = number * 10 + (text[c] - '0');
		}
	}
	return number;
}

/* Returns why a file is not direct by default: docs/design/performance.md has the figures. */
static const char *
default_page(const struct statfs *sfs, const struct statx *stx)
{
	const char *why = no_disk(sfs);
	int rotational = why == NULL ? queue_number(stx, "rotational") : -1;

	if (why != NULL)
		return why;
	if (rotational < 0)
		return "it is not known what kind of disk the pool is on";
	return rotational > 0 ? "the pool is on a disk that says that it rotates"
			      : "the disk does not rotate, and the page cache was no slower where "
				"that was measured";
}

static bool
is_power_of_two(uint32_t n)
{
	return n != 0 && (n & (n - 1)) == 0;
}

/*
 * What XFS says holds of files that share no blocks.  Of a reflinked one it does writes of parts of
 * its own blocks through the page cache, beside direct ones.
 */
static void
align_to_blocks(const struct statfs *sfs, struct blk_direct_choice *choice)
{
	long type = pretence.fs_type != 0 ? pretence.fs_type : (long)sfs->f_type;

	if (type == XFS_SUPER_MAGIC && is_power_of_two((uint32_t)sfs->f_bsize))
		choice->offset_align = MAX(choice->offset_align, (uint32_t)sfs->f_bsize);
}

/* Returns false when the file system says that the file cannot be direct. */
static bool
read_alignment(const struct statfs *sfs, const struct statx *stx, struct blk_direct_choice *choice)
{
	int block = queue_number(stx, "logical_block_size");

	choice->offset_align = choice->mem_align = SAFE_ALIGN;
	if (pretence.no_statx || (stx->stx_mask & DIOALIGN) == 0) {
		if (block > (int)SAFE_ALIGN && is_power_of_two((uint32_t)block))
			choice->offset_align = choice->mem_align = (uint32_t)block;
		align_to_blocks(sfs, choice);
		return choice->offset_align <= BOUNCE_BYTES / 4;
	}
#ifdef STATX_DIOALIGN
	if (!is_power_of_two(stx->stx_dio_offset_align) || !is_power_of_two(stx->stx_dio_mem_align))
		return false;
	choice->offset_align = stx->stx_dio_offset_align;
	choice->mem_align = stx->stx_dio_mem_align;
#endif
	align_to_blocks(sfs, choice);
	choice->offset_align = MAX(choice->offset_align, pretence.least_offset_align);
	choice->mem_align = MAX(choice->mem_align, pretence.least_mem_align);
	if (pretence.claimed_align != 0)
		choice->offset_align = choice->mem_align = pretence.claimed_align;
	return choice->offset_align <= BOUNCE_BYTES / 4;
}

void
blk_direct_choose(int fd, const char *path, enum blk_cache cache,
		  struct blk_direct_choice *ret_choice)
{
	struct blk_direct_choice choice = { 0 };
	struct statfs sfs;
	struct statx stx = { 0 };
	bool known = fd >= 0 ? fstatfs(fd, &sfs) == 0 : statfs(path, &sfs) == 0;

	known = known && statx(fd >= 0 ? fd : AT_FDCWD, fd >= 0 ? "" : path,
			       fd >= 0 ? AT_EMPTY_PATH : AT_SYMLINK_NOFOLLOW,
			       STATX_BASIC_STATS | DIOALIGN, &stx) == 0;
	if (!known)
		choice.why = "it is not known what the pool is on";
	else if (sfs.f_type == TMPFS_MAGIC || (unsigned)sfs.f_type == MAGIC_RAMFS)
		choice.why = "the pool is in memory";
	else if (cache == BLK_CACHE_PAGE)
		choice.why = "it is set so";
	else if (cache == BLK_CACHE_AUTO)
		choice.why = default_page(&sfs, &stx);
	if (choice.why == NULL && !read_alignment(&sfs, &stx, &choice))
		choice.why = "the file system cannot do without the page cache for this file";
	choice.direct = choice.why == NULL;
	if (choice.direct)
		choice.why = "it is set so";
	*ret_choice = choice;
}

/* Sets or clears O_DIRECT.  Returns 0 or -errno. */
static int
set_flag(int fd, bool direct)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0)
		return -errno;
	if (((flags & O_DIRECT) != 0) == direct)
		return 0;
	if (direct && pretence.refuse_open)
		return -EINVAL;
	return fcntl(fd, F_SETFL, direct ? flags | O_DIRECT : flags & ~O_DIRECT) < 0 ? -errno : 0;
}

void
blk_direct_open(struct blk_direct *direct, int fd, enum blk_cache cache)
{
	struct blk_direct_choice choice;

	atomic_store(&direct->on, false);
	blk_direct_choose(fd, NULL, cache, &choice);
	if (choice.direct && set_flag(fd, true) < 0) {
		choice.direct = false;
		choice.why = "the file system refuses O_DIRECT";
	}
	if (choice.direct) {
		direct->offset_align = choice.offset_align;
		direct->mem_align = choice.mem_align;
		direct->gate.block_bytes = choice.offset_align;
	} else {
		(void)set_flag(fd, false); /* the alignments stay: somebody may be reading them */
	}
	atomic_store(&direct->why, choice.why);
	atomic_store(&direct->gated, choice.direct);
	atomic_store(&direct->on, choice.direct);
}

/*
 * The file system has refused an operation that is aligned as it said: from now on the file goes
 * through the page cache, until it is opened anew.  Until then operations pass the gate as before,
 * since parts of blocks may be under way there; and while O_DIRECT is set everything is still
 * aligned.
 */
static void
give_up(struct blk_direct *direct, int fd)
{
	atomic_store(&direct->why, "the file system has refused a direct operation (EINVAL)");
	(void)set_flag(fd, false);
	atomic_store(&direct->on, false);
}

/* ---- operations ---- */

static bool
is_aligned(uint64_t value, uint32_t align)
{
	return (value & (align - 1)) == 0;
}

bool
blk_direct_range_fits(const struct blk_direct *direct, const struct blk_io *io)
{
	return is_aligned((io->base_bytes + io->offset_bytes) | io->len_bytes,
			  direct->offset_align);
}

bool
blk_direct_fits(struct blk_io *io)
{
	const struct blk_direct *direct = io->direct;
	unsigned count;
	const struct iovec *iov;

	if (!atomic_load_explicit(&direct->on, memory_order_relaxed))
		return true; /* the page cache takes everything */
	if (!blk_direct_range_fits(direct, io) ||
	    !is_aligned(io->moved_bytes, direct->offset_align))
		return false;
	iov = blk_io_rest(io, &count);
	for (unsigned i = 0; i < count; i++)
		if (!is_aligned((uintptr_t)iov[i].iov_base, direct->mem_align) ||
		    !is_aligned(iov[i].iov_len, direct->offset_align))
			return false;
	return true;
}

/* Copies between bytes and the buffers of io from its byte `skip` on. */
static void
copy_buffers(const struct blk_io *io, uint64_t skip, uint8_t *bytes, size_t len, bool to_buffers)
{
	for (unsigned i = 0; i < io->iov_count && len > 0; i++) {
		const struct iovec *iov = &io->iov[i];
		size_t part;

		if (skip >= iov->iov_len) {
			skip -= iov->iov_len;
			continue;
		}
		part = MIN(len, iov->iov_len - (size_t)skip);
		if (to_buffers)
			memcpy((uint8_t *)iov->iov_base + skip, bytes, part);
		else
			memcpy(bytes, (uint8_t *)iov->iov_base + skip, part);
		bytes += part;
		len -= part;
		skip = 0;
	}
}

/*
 * A part of a READ or WRITE that goes through a buffer: bytes [at, at + len) of the file, in whole
 * blocks [from, to).
 */
struct bounce {
	uint8_t *bytes;
	uint64_t at, from, to;
	size_t len;
};

static ssize_t
bounce_read(struct blk_io *io, const struct bounce *b)
{
	ssize_t n = pread(io->fd, b->bytes, (size_t)(b->to - b->from), (off_t)b->from);
	size_t before = (size_t)(b->at - b->from), got;

	if (n < 0)
		return -errno;
	if ((size_t)n <= before)
		return 0; /* the end of the file */
	got = MIN((size_t)n - before, b->len);
	copy_buffers(io, io->moved_bytes, b->bytes + before, got, true);
	return (ssize_t)got;
}

/* Reads of the block at `at` what can be had.  Returns how much that is, or -errno. */
static ssize_t
read_some(const struct blk_io *io, uint8_t *bytes, uint64_t at)
{
	size_t size = io->direct->offset_align;
	ssize_t n;

	if (pretence.most_read != 0)
		size = MIN(size, (size_t)pretence.most_read);
	do
		n = pread(io->fd, bytes, size, (off_t)at);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

/*
 * Reads the block at `at` of the file; what lies behind the end of the file is zeros.  A read may
 * end earlier, and what it leaves out is no zeros.  It may also have met a file that grows.
 */
static int
read_block(const struct blk_io *io, uint8_t *bytes, uint64_t at)
{
	size_t size = io->direct->offset_align;
	struct stat st;

	for (unsigned i = 0; i < READ_TRIES; i++) {
		ssize_t got = read_some(io, bytes, at);

		if (got < 0)
			return (int)got;
		if ((size_t)got == size)
			return 0;
		if (fstat(io->fd, &st) < 0)
			return -errno;
		if ((uint64_t)st.st_size <= at + (size_t)got) {
			memset(bytes + got, 0, size - (size_t)got);
			return 0;
		}
	}
	return -EIO;
}

/*
 * A write of the device's last block makes the file as long as that.  If another program has cut
 * the file, the lost data would read as zeros from then on, so such a write looks at the length.
 */
static int
check_end(const struct blk_io *io, const struct bounce *b)
{
	uint64_t size_bytes = blk_size_bytes(io->direct->dev);
	struct stat st;

	if (b->to < size_bytes)
		return 0;
	if (fstat(io->fd, &st) < 0)
		return -errno;
	/* the device may have been made smaller since */
	size_bytes = MIN(size_bytes, blk_size_bytes(io->direct->dev));
	return (uint64_t)st.st_size < size_bytes ? -EIO : 0;
}

static ssize_t
bounce_write(struct blk_io *io, const struct bounce *b)
{
	const uint32_t block = io->direct->offset_align;
	const size_t before = (size_t)(b->at - b->from), size = (size_t)(b->to - b->from);
	const struct iovec iov = { b->bytes, size };
	int rc = check_end(io, b);
	ssize_t n;

	if (rc == 0 && before > 0)
		rc = read_block(io, b->bytes, b->from);
	if (rc == 0 && b->at + b->len < b->to && (before == 0 || size > block))
		rc = read_block(io, b->bytes + size - block, b->to - block);
	if (rc < 0)
		return rc;
	copy_buffers(io, io->moved_bytes, b->bytes + before, b->len, false);
	n = (io->flags & BLK_FUA) != 0 ? blk_fd_write_durable(io->fd, &iov, 1, b->from)
				       : pwritev(io->fd, &iov, 1, (off_t)b->from);
	if (n < 0)
		return -errno;
	return (size_t)n <= before ? -EIO : (ssize_t)MIN((size_t)n - before, b->len);
}

/* Returns how many bytes were moved, 0 at the end of the file, or -errno. */
static ssize_t
bounce(struct blk_io *io)
{
	const uint64_t block = io->direct->offset_align;
	const uintptr_t mask = io->direct->mem_align - 1;
	AUTO_FREE uint8_t *room = mem_alloc(BOUNCE_BYTES + (size_t)mask);
	struct bounce b = { .at = io->base_bytes + io->offset_bytes + io->moved_bytes };

	if (room == NULL)
		return -ENOMEM;
	b.bytes = room + (-(uintptr_t)room & mask);
	b.from = b.at / block * block;
	b.len = (size_t)MIN(io->len_bytes - io->moved_bytes, BOUNCE_BYTES - (b.at - b.from));
	b.to = (b.at + b.len + block - 1) / block * block;
	return io->op == BLK_READ ? bounce_read(io, &b) : bounce_write(io, &b);
}

static ssize_t
straight(struct blk_io *io)
{
	ssize_t n = blk_fd_move_some(io);

	return n < 0 ? -errno : n;
}

int
blk_direct_run(struct blk_io *io)
{
	while (io->moved_bytes < io->len_bytes) {
		bool on = atomic_load(&io->direct->on);
		ssize_t n = blk_direct_fits(io) ? straight(io) : bounce(io);

		if (n == -EINTR)
			continue;
		if (n == -EINVAL && on) {
			give_up(io->direct, io->fd);
			continue;
		}
		if (n <= 0) /* 0: the file is shorter than the device */
			return n < 0 ? (int)n : -EIO;
		io->moved_bytes += (uint64_t)n;
	}
	return 0;
}
