/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the module vds-ceph.so exports: one table (base/module.h).
 */
#include "ceph/ceph_int.h"
#include "module_stamp.h"

static void
begin(const struct module_ceph_settings *settings)
{
	ceph_cluster_begin(settings);
}

static void
end(void)
{
	ceph_hold_stop();
	ceph_gone_stop();
	ceph_image_close_rest();
	ceph_cluster_end();
}

extern const struct module_ceph module_ceph_table __attribute__((visibility("default")));
const struct module_ceph module_ceph_table = {
	.stamp = MODULE_STAMP,
	.begin = begin,
	.end = end,
	.catalog_open = ceph_omap_open,
	.member_ops = &ceph_member_ops,
	.member_new = ceph_member_new,
	.member_free = ceph_member_free,
	.pool = &ceph_pool_driver,
};
