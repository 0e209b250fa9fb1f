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
	int port = -1, rc;

	if (done == NULL)
		return -ENOMEM;
	rc = ctl_address_split(ctl->args[0], &host, &port);
	if (rc < 0)
		return rc;
	return ctl_change(
		ctl, "POST",
		json_pack("{s:s, s:i}", "address", host, "port", port >= 0 ? port : ISCSI_PORT),
		"/v1/portals", done);
}

static int
portal_status(struct ctl *ctl, const char *status)
{
	char path[64], id[GUID_TEXT_SIZE];
	struct guid portal;
	int rc = ctl_resolve(ctl, ROW_PORTAL, ctl->args[0], &portal);

	if (rc < 0)
		return rc;
	snprintf(path, sizeof(path), "/v1/portals/%s", guid_format(&portal, id));
	return ctl_change(ctl, "PATCH", json_pack("{s:s}", "status", status), path, status);
}

int
ctl_run_portal_online(struct ctl *ctl)
{
	return portal_status(ctl, "online");
}

int
ctl_run_portal_offline(struct ctl *ctl)
{
	return portal_status(ctl, "offline");
}

int
ctl_run_group_create(struct ctl *ctl)
{
	char id[GUID_TEXT_SIZE];
	struct guid target;
	int rc = ctl_resolve(ctl, ROW_TARGET, ctl->args[0], &target);

	if (rc < 0)
		return rc;
	return ctl_change(ctl, "POST", json_pack("{s:s}", "target_id", guid_format(&target, id)),
			  "/v1/portal-groups", "portal group created");
}

static int
member_change(struct ctl *ctl, const char *method, const char *done)
{
	char path[160], group_id[GUID_TEXT_SIZE], portal_id[GUID_TEXT_SIZE];
	struct guid group, portal;
	int rc = ctl_resolve(ctl, ROW_PORTAL_GROUP, ctl->args[0], &group);

	if (rc == 0)
		rc = ctl_resolve(ctl, ROW_PORTAL, ctl->args[1], &portal);
	if (rc < 0)
		return rc;
	snprintf(path, sizeof(path), "/v1/portal-groups/%s/portals/%s",
		 guid_format(&group, group_id), guid_format(&portal, portal_id));
	return ctl_change(ctl, method, NULL, path, done);
}

int
ctl_run_group_add(struct ctl *ctl)
{
	return member_change(ctl, "PUT", "added");
}

int
ctl_run_group_remove(struct ctl *ctl)
{
	return member_change(ctl, "DELETE", "removed");
}
