/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The commands that create and change pools. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "model/pool_options.h"
#include "model/qos.h"
#include "vdsctl/ctl_int.h"

/*
 * vdsd wants an absolute path; a relative one is meant from the directory where vdsctl runs.  All
 * else goes to vdsd as it is: vdsd may run on another computer, and knows what other places are.
 */
int
ctl_run_pool_create(struct ctl *ctl)
{
	bool is_relative = ctl->args[1][0] != '/' && strchr(ctl->args[1], ':') == NULL;
	/* of libc's heap */
	char *path = is_relative ? realpath(ctl->args[1], NULL) : strdup(ctl->args[1]);
	struct client_answer answer;
	int rc;

	if (path == NULL)
		return err_set(-errno, "%s: %s", ctl->args[1], strerror(errno));
	rc = ctl_client(ctl);
	if (rc == 0)
		rc = client_pool_create(ctl->client, ctl->args[0], path,
					ctl->options[OPT_FORCE] != NULL, &answer);
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

/*
 * Reads a threshold as people write it, "20%", "50G" or "default", into the text that the API
 * takes.  buf: holds that text, of POOL_OPTION_MAX bytes.  *ret_text is NULL when the option is not
 * given.
 */
static int
limit_read(const struct ctl *ctl, enum ctl_option_id id, char *buf, const char **ret_text)
{
	const char *text = ctl->options[id];
	char option[32];
	struct pool_limit limit = { .given = true };
	int rc = 0;

	if (text == NULL)
		return 0;
	snprintf(option, sizeof(option), "--%s", ctl_options[id].name);
	if (strcmp(text, "default") == 0)
		limit.given = false;
	else if (strchr(text, '%') != NULL)
		rc = pool_limit_parse(option, text, &limit);
	else
		rc = ctl_size_parse(option, text, &limit.value);
	if (rc < 0)
		return rc;
	pool_limit_format(&limit, buf);
	*ret_text = buf;
	return 0;
}

int
ctl_run_pool_set(struct ctl *ctl)
{
	struct client_pool_options options = { .overcommit = ctl->options[OPT_OVERCOMMIT],
					       .trash = ctl->options[OPT_TRASH] };
	char low[POOL_OPTION_MAX], full[POOL_OPTION_MAX], qos[QOS_TEXT_MAX];
	struct client_answer answer;
	struct guid pool;
	unsigned percent;
	int64_t keep_ms;
	int rc = limit_read(ctl, OPT_LOW, low, &options.low);

	if (rc == 0)
		rc = limit_read(ctl, OPT_FULL, full, &options.full);
	if (rc == 0 && options.overcommit != NULL)
		rc = pool_overcommit_parse(options.overcommit, &percent);
	if (rc == 0 && options.trash != NULL)
		rc = pool_trash_parse(options.trash, &keep_ms);
	if (rc == 0)
		rc = ctl_flag_read(ctl, OPT_TRASH_YIELDS, &options.trash_yields);
	if (rc == 0)
		rc = ctl_qos_read(ctl, qos, &options.qos);
	if (rc == 0 && options.low == NULL && options.full == NULL && options.overcommit == NULL &&
	    options.trash == NULL && !options.trash_yields.given && options.qos == NULL)
		rc = err_set(ERR_INVALID, "nothing is to be set: give --low, --full, --overcommit, "
					  "--trash, --trash-yields, --iops or --bandwidth");
	if (rc == 0)
		rc = ctl_resolve(ctl, ROW_POOL, ctl->args[0], &pool);
	if (rc == 0)
		rc = client_pool_set(ctl->client, &pool, &options, &answer);
	return ctl_done(ctl, rc, &answer, "pool %s is set", ctl->args[0]);
}
