/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files disk*.c ask of the device itself: opening it exclusively, looking for what it
 * holds, and reads, writes and syncs of its own structures.  All of it blocks.  A regular file can
 * stand for a device in tests (blk_disk_allow_files).
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "blk/blk_int.h"
#include "blk/disk_int.h"

#define PROBE_BYTES  (1u << 20)
#define DISCARD_STEP (1ull << 30)

int (*blk_disk_hook)(enum blk_disk_step step, int fd, const void *buf, size_t len, uint64_t at);
static atomic_bool files_allowed;

void
blk_disk_allow_files(bool allow)
{
	atomic_store(&files_allowed, allow);
}

static int
step(enum blk_disk_step which, int fd, const void *buf, size_t len, uint64_t at)
{
	return blk_disk_hook != NULL ? blk_disk_hook(which, fd, buf, len, at) : 0;
}

int
blk_disk_read(int fd, void *buf, size_t len, uint64_t at)
{
	uint8_t *to = buf;

	while (len > 0) {
		ssize_t n = pread(fd, to, len, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		to += n;
		at += (uint64_t)n;
		len -= (size_t)n;
	}
	return 0;
}

int
blk_disk_write(int fd, const void *buf, size_t len, uint64_t at, bool durable)
{
	const uint8_t *from = buf;
	int rc = step(durable ? DISK_WRITE_DURABLE : DISK_WRITE, fd, buf, len, at);

	while (rc == 0 && len > 0) {
		struct iovec iov = { (void *)(uintptr_t)from, len };
		ssize_t n = durable ? blk_fd_write_durable(fd, &iov, 1, at)
				    : pwritev(fd, &iov, 1, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		from += n;
		at += (uint64_t)n;
		len -= (size_t)n;
	}
	return rc;
}

int
blk_disk_zero(int fd, uint64_t at, uint64_t len)
{
	static const uint8_t zeros[64 * 1024];
	int rc = step(DISK_ZERO, fd, NULL, len, at);

	if (rc < 0)
		return rc;
	do
		rc = fallocate(fd, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, (off_t)at,
			       (off_t)len);
	while (rc < 0 && errno == EINTR);
	if (rc == 0)
		return 0;
	if (errno != EOPNOTSUPP && errno != ENOSYS && errno != EINVAL)
		return -errno;
	for (; len > 0; at += sizeof(zeros), len -= MIN(len, sizeof(zeros))) {
		rc = blk_disk_write(fd, zeros, (size_t)MIN(len, sizeof(zeros)), at, false);
		if (rc < 0)
			return rc;
	}
	return 0;
}

int
blk_disk_sync(int fd)
{
	int rc = step(DISK_SYNC, fd, NULL, 0, 0);

	return rc < 0 ? rc : fdatasync(fd) < 0 ? -errno : 0;
}

void
blk_disk_discard(int fd, uint64_t at, uint64_t len)
{
	struct stat st;
	bool file = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);

	while (len > 0 && step(DISK_DISCARD, fd, NULL, len, at) == 0) {
		uint64_t bytes = MIN(len, DISCARD_STEP), range[2] = { at, bytes };
		int rc = file ? fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)at,
					  (off_t)range[1])
			      : ioctl(fd, BLKDISCARD, range);

		if (rc < 0 && errno != EINTR)
			return;
		at += bytes;
		len -= bytes;
	}
}

int
blk_disk_size(int fd, uint64_t *ret_bytes)
{
	struct stat st;
	uint64_t bytes;

	if (fstat(fd, &st) < 0)
		return -errno;
	bytes = (uint64_t)st.st_size;
	if (S_ISBLK(st.st_mode) && ioctl(fd, BLKGETSIZE64, &bytes) < 0)
		return -errno;
	*ret_bytes = bytes;
	return 0;
}

/* ---- opening ---- */

/* The text says who may open the device, and how vdsd becomes one of them. */
static int
no_access(const char *path)
{
	char buf[512], group_name[64] = "?";
	struct group group, *found = NULL;
	struct stat st;

	if (stat(path, &st) < 0)
		return err_set(ERR_ACCESS, "%s: %s", path, strerror(EACCES));
	if (getgrgid_r(st.st_gid, &group, buf, sizeof(buf), &found) == 0 && found != NULL)
		snprintf(group_name, sizeof(group_name), "%.63s", found->gr_name);
	return err_set(ERR_ACCESS,
		       "vdsd may not write to %s (group %s, mode %03o): give the device to its "
		       "user by a udev rule, such as ENV{ID_SERIAL}==\"...\", OWNER=\"vdsd\", and "
		       "allow it in the unit (DeviceAllow=): see BLOCK DEVICES in vdsd(8)",
		       path, group_name, (unsigned)st.st_mode & 0777);
}

static int
cannot_open(const char *path, int error)
{
	if (error == EACCES || error == EPERM)
		return no_access(path);
	if (error == EBUSY)
		return err_set(ERR_LOCKED,
			       "%s is in use: it is mounted, swap, part of LVM, RAID or device "
			       "mapper, or another process or pool has it",
			       path);
	if (error == EROFS)
		return err_set(-EROFS, "%s is a read-only device", path);
	return err_set(error == ENOENT || error == ENOTDIR ? ERR_INVALID : -error, "%s: %s", path,
		       strerror(error));
}

static int
check_kind(int fd, const char *path)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISBLK(st.st_mode))
		return 0;
	if (!S_ISREG(st.st_mode) || !atomic_load(&files_allowed))
		return err_set(ERR_INVALID, "%s is not a block device", path);
	return flock(fd, LOCK_EX | LOCK_NB) < 0 ? cannot_open(path, EBUSY) : 0;
}

int
blk_disk_claim(const char *path)
{
	/* Without O_CREAT, O_EXCL is for block devices: nobody else, such as a mount, has it so. */
	int fd = open(path, O_RDWR | O_EXCL | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int rc;

	if (fd < 0)
		return cannot_open(path, errno);
	rc = check_kind(fd, path);
	if (rc < 0) {
		close(fd);
		return rc;
	}
	return fd;
}

/* ---- what is on it ---- */

struct signature {
	const char *what;
	uint32_t at; /* from the beginning; FROM_END: from the end of the disk */
	const char *magic;
	size_t len;
};

#define FROM_END 0x80000000u
#define SIGNATURE(what, at, magic)                 \
	{                                          \
		what, at, magic, sizeof(magic) - 1 \
	}

/* clang-format off */
static const struct signature signatures[] = {
	SIGNATURE("a pool of an array", 0, "VDSPOOL\0"),
	SIGNATURE("a LUKS volume", 0, "LUKS\xba\xbe"),
	SIGNATURE("a physical volume of LVM", 512, "LABELONE"),
	SIGNATURE("an XFS file system", 0, "XFSB"),
	SIGNATURE("an ext2, ext3 or ext4 file system", 1024 + 56, "\x53\xef"),
	SIGNATURE("a btrfs file system", 65536 + 64, "_BHRfS_M"),
	SIGNATURE("a bcachefs or bcache device", 4096 + 24, "\xc6\x85\x73\xf6\x4e\x1a\x45\xca"),
	SIGNATURE("a member of a RAID (md)", 4096, "\xfc\x4e\x2b\xa9"),
	SIGNATURE("a member of a RAID (md)", 0, "\xfc\x4e\x2b\xa9"),
	SIGNATURE("a member of a RAID (md)", FROM_END | 8192, "\xfc\x4e\x2b\xa9"),
	SIGNATURE("a member of a RAID (md)", FROM_END | 65536, "\xfc\x4e\x2b\xa9"),
	SIGNATURE("swap space", 4096 - 10, "SWAPSPACE2"),
	SIGNATURE("an NTFS file system", 3, "NTFS    "),
	SIGNATURE("an ISO 9660 file system", 32769, "CD001"),
	SIGNATURE("a partition table (GPT)", 512, "EFI PART"),
	SIGNATURE("a partition table (GPT)", 4096, "EFI PART"),
	SIGNATURE("a partition table (GPT)", FROM_END | 512, "EFI PART"),
	SIGNATURE("a partition table (MBR) or a boot sector", 510, "\x55\xaa"),
};
/* clang-format on */

static const char *
name_it(const uint8_t *head, const uint8_t *tail)
{
	for (size_t i = 0; i < ARRAY_LEN(signatures); i++) {
		const struct signature *s = &signatures[i];
		uint32_t at = s->at & ~FROM_END;
		const uint8_t *bytes = (s->at & FROM_END) != 0 ? tail + PROBE_BYTES - at
							       : head + at;

		if (memcmp(bytes, s->magic, s->len) == 0)
			return s->what;
	}
	return "data";
}

static bool
is_zero(const uint8_t *bytes, size_t len)
{
	return bytes[0] == 0 && memcmp(bytes, bytes + 1, len - 1) == 0;
}

int
blk_disk_probe(int fd, const char *path, uint64_t size_bytes)
{
	AUTO_FREE uint8_t *head = mem_alloc(PROBE_BYTES);
	AUTO_FREE uint8_t *tail = mem_alloc(PROBE_BYTES);
	uint64_t end = size_bytes / BLK_DISK_PAGE * BLK_DISK_PAGE;
	int rc = head == NULL || tail == NULL ? -ENOMEM : blk_disk_read(fd, head, PROBE_BYTES, 0);

	if (rc == 0)
		rc = blk_disk_read(fd, tail, PROBE_BYTES, end - PROBE_BYTES);
	if (rc == -ENOMEM)
		return rc;
	if (rc < 0)
		return err_set(rc, "%s cannot be read: %s", path, strerror(-rc));
	if (is_zero(head, PROBE_BYTES) && is_zero(tail, PROBE_BYTES))
		return 0;
	return err_set(ERR_IN_USE,
		       "%s holds %s: clear it (wipefs -a, blkdiscard -z), or give --force, which "
		       "destroys what it holds",
		       path, name_it(head, tail));
}
