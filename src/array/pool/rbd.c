/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The pool driver `rbd` as the array finds it.  The driver itself is in the module vds-ceph.so
 * (folder ceph).  Where that is not installed, the one of this file takes its place: it knows such
 * a pool by its place, and refuses all work with a text that says what to install.  The LUNs of the
 * pool fail.
 */
#include <errno.h>

#include "array/pool/driver.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/module.h"
#include "base/str.h"
#include "blk/blk.h"

#define PREFIX "rbd:"

static bool
rbd_takes(const char *place)
{
	return str_starts(place, PREFIX) && place[sizeof(PREFIX) - 1] != '\0';
}

/* Returns the error of the module that is missing; the text says why. */
static int
missing(void)
{
	const struct module_ceph *module;
	int rc = module_ceph_get(&module);

	return rc < 0 ? rc : ERR_INTERNAL;
}

static int
rbd_resolve(const char *place, char **ret_place)
{
	(void)place;
	(void)ret_place;
	return missing();
}

static int
rbd_open(const char *place, const struct guid *array_id, enum array_pool_mode mode,
	 struct array_pool **ret_pool)
{
	(void)place;
	(void)array_id;
	(void)mode;
	(void)ret_pool;
	return missing();
}

/* Nothing was written there by this process. */
static int
rbd_sync(const char *place)
{
	(void)place;
	return 0;
}

static char *
volume_name(const char *place, const struct guid *lun_id)
{
	char id[GUID_TEXT_SIZE];

	return str_printf("%s/" ARRAY_POOL_RBD_IMAGE "%s", place, guid_format(lun_id, id));
}

static int
volume_make(const char *place, const struct guid *lun_id, uint64_t size_bytes)
{
	(void)place;
	(void)lun_id;
	(void)size_bytes;
	return missing();
}

static int
volume_copy(const char *place, const struct guid *from_id, const struct guid *to_id,
	    uint64_t size_bytes, struct blk_progress *copy)
{
	(void)place;
	(void)from_id;
	(void)to_id;
	(void)size_bytes;
	(void)copy;
	return missing();
}

static int
volume_settle(const char *place, const struct guid *lun_id, bool committed)
{
	(void)place;
	(void)lun_id;
	(void)committed;
	return missing();
}

static int
volume_commit(const char *place, const struct guid *lun_id)
{
	(void)place;
	(void)lun_id;
	return missing();
}

static int
volume_open(const char *place, const struct guid *lun_id, uint64_t size_bytes, bool thick,
	    struct blk_file_seen *seen, struct blk_dev **ret_dev)
{
	char id[GUID_TEXT_SIZE];

	(void)place;
	(void)seen;
	return blk_ram_dev_new(NULL, "vdsd has no part for Ceph here: install vdsd-ceph",
			       guid_format(lun_id, id), size_bytes, thick, ret_dev);
}

static int
volume_check(const char *place, const struct guid *lun_id, uint64_t size_bytes, bool uncommitted)
{
	(void)place;
	(void)lun_id;
	(void)size_bytes;
	(void)uncommitted;
	return missing();
}

/* A pool never opens, so what works on open pools is missing here. */
static const struct array_pool_driver driver_missing = {
	.kind = "rbd",
	.is_shared = true,
	.takes = rbd_takes,
	.resolve = rbd_resolve,
	.open = rbd_open,
	.sync = rbd_sync,
	.volume_name = volume_name,
	.volume_make = volume_make,
	.volume_copy = volume_copy,
	.volume_settle = volume_settle,
	.volume_commit = volume_commit,
	.volume_remove = volume_settle,
	.volume_open = volume_open,
	.volume_check = volume_check,
	.volume_uncache = volume_commit,
};

const struct array_pool_driver *
array_pool_rbd_find(const char *place)
{
	const struct module_ceph *module = NULL;

	if (!rbd_takes(place))
		return NULL;
	if (module_ceph_get(&module) < 0)
		return &driver_missing;
	return module->pool;
}
