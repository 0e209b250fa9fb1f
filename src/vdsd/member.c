/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Makes vdsd one of several gateways, when its catalog lies in a Ceph cluster: gets from the module
 * what the array needs of the cluster (array/cluster.h).  The main thread.
 */
#include "array/array.h"
#include "base/module.h"
#include "vdsd/vdsd_int.h"

static const struct module_ceph *module;
static void *member; /* of the module; NULL = vdsd is no gateway */

/* A thread of the cluster's library, or of the data path. */
static void
refused(void *arg)
{
	vdsd_again(arg, "the Ceph cluster refuses this client: other gateways have fenced it");
}

int
vdsd_member_open(const char *pool, const char *name, struct array_options *options)
{
	int rc = module_ceph_get(&module);

	if (rc == 0)
		rc = module->member_new(pool, name, refused, NULL, &member);
	if (rc < 0)
		return rc;
	options->cluster_ops = module->member_ops;
	options->cluster = member;
	options->lost = vdsd_again;
	return 0;
}

void
vdsd_member_close(void)
{
	if (member != NULL)
		module->member_free(member);
	member = NULL;
}
