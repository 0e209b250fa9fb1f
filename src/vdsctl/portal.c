/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Portals and portal groups. */
#include <errno.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "vdsctl/ctl_int.h"

#define ISCSI_PORT 3260 /* RFC 7143 §3.2.1: registered for iSCSI */

int
ctl_run_portal_create(struct ctl *ctl)
{
	AUTO_FREE char *done = str_printf("portal %s created", ctl->args[0]);
	AUTO_FREE char *host = NULL;
	struct client_answer answer;
	int port = -1, rc;

	if (done == NULL)
		return -ENOMEM;
	rc = ctl_address_split(ctl->args[0], &host, &port);
	if (rc == 0)
		rc = ctl_client(ctl);
	if (rc == 0)
		rc = client_portal_create(ctl->client, host,
					  (uint16_t)(port >= 0 ? port : ISCSI_PORT), &answer);
	return ctl_done(ctl, rc, &answer, done);
}

static int
portal_status(struct ctl *ctl, enum row_status status, const char *done)
{
	struct client_answer answer;
	struct guid portal;
	int rc = ctl_resolve(ctl, ROW_PORTAL, ctl->args[0], &portal);

	if (rc == 0)
		rc = client_portal_set_status(ctl->client, &portal, status, &answer);
	return ctl_done(ctl, rc, &answer, done);
}

int
ctl_run_portal_online(struct ctl *ctl)
{
	return portal_status(ctl, STATUS_ONLINE, "online");
}

int
ctl_run_portal_offline(struct ctl *ctl)
{
	return portal_status(ctl, STATUS_OFFLINE, "offline");
}

int
ctl_run_group_create(struct ctl *ctl)
{
	struct client_answer answer;
	struct guid target;
	int rc = ctl_resolve(ctl, ROW_TARGET, ctl->args[0], &target);

	if (rc == 0)
		rc = client_group_create(ctl->client, &target, &answer);
	return ctl_done(ctl, rc, &answer, "portal group created");
}

/* The group and the portal that the two arguments name. */
static int
members_resolve(struct ctl *ctl, struct guid *ret_group, struct guid *ret_portal)
{
	int rc = ctl_resolve(ctl, ROW_PORTAL_GROUP, ctl->args[0], ret_group);

	return rc < 0 ? rc : ctl_resolve(ctl, ROW_PORTAL, ctl->args[1], ret_portal);
}

int
ctl_run_group_add(struct ctl *ctl)
{
	struct client_answer answer;
	struct guid group, portal;
	int rc = members_resolve(ctl, &group, &portal);

	if (rc == 0)
		rc = client_group_add_portal(ctl->client, &group, &portal, &answer);
	return ctl_done(ctl, rc, &answer, "added");
}

int
ctl_run_group_remove(struct ctl *ctl)
{
	struct client_answer answer;
	struct guid group, portal;
	int rc = members_resolve(ctl, &group, &portal);

	if (rc == 0)
		rc = client_group_remove_portal(ctl->client, &group, &portal, &answer);
	return ctl_done(ctl, rc, &answer, "removed");
}
