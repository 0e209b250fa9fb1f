/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The commands that create and rename pools. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "vdsctl/ctl_int.h"

/* vdsd wants an absolute path; a relative one is meant from the directory where vdsctl runs. */
int
ctl_run_pool_create(struct ctl *ctl)
{
	char *path = realpath(ctl->args[1], NULL); /* of libc's heap */
	struct client_answer answer;
	int rc;

	if (path == NULL)
		return err_set(-errno, "%s: %s", ctl->args[1], strerror(errno));
	rc = ctl_client(ctl);
	if (rc == 0)
		rc = client_pool_create(ctl->client, ctl->args[0], path, &answer);
	free(path);
	return ctl_done(ctl, rc, &answer, "pool %s created", ctl->args[0]);
}

int
ctl_run_pool_rename(struct ctl *ctl)
{
	struct client_answer answer;
	struct guid pool;
	int rc = ctl_resolve(ctl, ROW_POOL, ctl->args[0], &pool);

	if (rc == 0)
		rc = client_pool_rename(ctl->client, &pool, ctl->args[1], &answer);
	return ctl_done(ctl, rc, &answer, "pool %s renamed to %s", ctl->args[0], ctl->args[1]);
}
