/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pools. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "vdsctl/ctl_int.h"

/* The daemon wants an absolute path: a relative one is meant from where vdsctl runs. */
int
ctl_run_pool_create(struct ctl *ctl)
{
	AUTO_FREE char *done = str_printf("pool %s created", ctl->args[0]);
	char *path = realpath(ctl->args[1], NULL); /* of libc's heap */
	json_t *body;

	if (path == NULL)
		return err_set(-errno, "%s: %s", ctl->args[1], strerror(errno));
	body = json_pack("{s:s, s:s}", "name", ctl->args[0], "path", path);
	free(path);
	if (done == NULL || body == NULL) {
		json_decref(body);
		return err_set(ERR_INVALID, "the name or the path is not UTF-8");
	}
	return ctl_change(ctl, "POST", body, "/v1/pools", done);
}

int
ctl_run_pool_rename(struct ctl *ctl)
{
	char path[64], id[GUID_TEXT_SIZE];
	struct guid pool;
	int rc = ctl_resolve(ctl, ROW_POOL, ctl->args[0], &pool);

	if (rc < 0)
		return rc;
	snprintf(path, sizeof(path), "/v1/pools/%s", guid_format(&pool, id));
	return ctl_change(ctl, "PATCH", json_pack("{s:s}", "name", ctl->args[1]), path, "renamed");
}
