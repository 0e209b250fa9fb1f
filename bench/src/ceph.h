/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What programs that measure a Ceph cluster begin with. */
#ifndef BENCH_CEPH_H
#define BENCH_CEPH_H

#include <errno.h>
#include <rados/librados.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Returns rc, or ends the program when that is an error. */
static inline int
must(int rc, const char *what)
{
	if (rc >= 0)
		return rc;
	fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what, strerror(-rc));
	exit(1);
}

/* Connects to the cluster that CEPH_CONF names, as the user that CEPH_USER names. */
static inline void
ceph_open(rados_t *rados, rados_ioctx_t *ioctx, const char *pool)
{
	const char *user = getenv("CEPH_USER");

	must(rados_create(rados, user ? user : "vdsd"), "rados_create");
	must(rados_conf_read_file(*rados, NULL), "ceph.conf (see CEPH_CONF)");
	rados_conf_set(*rados, "rbd_cache", "false");
	must(rados_connect(*rados), "connect");
	must(rados_ioctx_create(*rados, pool, ioctx), pool);
}

static inline void
ceph_close(rados_t rados, rados_ioctx_t ioctx)
{
	rados_ioctx_destroy(ioctx);
	rados_shutdown(rados);
}

#endif
