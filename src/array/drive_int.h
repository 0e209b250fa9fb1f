/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Private to the folder array: what drive.c asks about this host.  host_disk.c answers it from
 * sysfs and from the table of mounts; nobody else includes this file.
 */
#ifndef VDS_ARRAY_DRIVE_INT_H
#define VDS_ARRAY_DRIVE_INT_H

#include "model/rows.h"

#define HOST_DISKS_MAX 32 /* disks below one file system; more are not looked at */
#define HOST_TEXT_SIZE 128

/* A drive below a file system.  Strings are printable ASCII, or a path in UTF-8 for `name`. */
struct array_host_disk {
	enum drive_kind kind;
	enum drive_bus bus;
	char name[256];
	char vendor[HOST_TEXT_SIZE], model[HOST_TEXT_SIZE], serial[HOST_TEXT_SIZE];
	char firmware[HOST_TEXT_SIZE], wwid[HOST_TEXT_SIZE];
	uint64_t size_bytes; /* 0 = not known, or it is the size of the file system */
	uint32_t block_bytes;
	bool rotational, removable;
	char reason[HOST_TEXT_SIZE]; /* why the host cannot use the drive; "" = it can */
	uint64_t taken_bytes;        /* bytes of it that the file system's device takes */
};

/* What a directory lies on. */
struct array_host_place {
	char device[24];       /* "8:1": the device of the file system, as the host numbers it */
	uint64_t device_bytes; /* 0 = not known: the file system has no block device */
	struct array_host_disk disks[HOST_DISKS_MAX];
	size_t count; /* at least 1 */
};

/*
 * Finds out what the directory lies on: the mount that contains it, its block device, and through
 * partitions, device mapper and md the whole disks.  A file system without a block device is one
 * drive of its own.  root: a directory that stands for / when sys and proc are read, "" = the
 * host's own.
 *
 * *ret_place is zeroed, or holds what this function has found a moment ago for another directory:
 * when both lie on the same block device, its disks are not looked at again.
 *
 * Reads files of the kernel only, never the file system that it tells about, so it does not block
 * when that hangs.  Returns 0, ERR_NOT_FOUND (no mount contains the directory, or its block device
 * is gone) or -errno (the table of mounts cannot be read).  Any thread.
 */
int array_host_find(const char *root, const char *directory, struct array_host_place *ret_place);
/*
 * As array_host_find, for what a block device is made of.  A regular file, which stands for one in
 * tests, counts as its directory.
 */
int array_host_find_device(const char *root, const char *path, struct array_host_place *ret_place);

#endif
