/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Targets. */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "vdsctl/ctl_int.h"

/* In capitals too: what is meant by "IQN." is no alias (RFC 7143 §4.2.7.1). */
static bool
is_iscsi_name(const char *name)
{
	static const char *const forms[] = { "iqn.", "eui.", "naa." };

	for (size_t i = 0; i < ARRAY_LEN(forms); i++)
		if (strncasecmp(name, forms[i], strlen(forms[i])) == 0)
			return true;
	return false;
}

int
ctl_run_target_create(struct ctl *ctl)
{
	AUTO_FREE char *done = str_printf("target %s created", ctl->args[0]);
	const char *iscsi_name = ctl->options[OPT_ISCSI_NAME];
	bool named = is_iscsi_name(ctl->args[0]);
	json_t *body;

	if (done == NULL)
		return -ENOMEM;
	if (ctl->args[0][0] == '\0')
		return err_set(ERR_INVALID, "the target's name is empty");
	if (named && iscsi_name != NULL)
		return err_set(ERR_INVALID, "NAME is an iSCSI name already");
	body = json_pack("{s:s, s:b}", named ? "iscsi_name" : "alias", ctl->args[0], "with_group",
			 ctl->options[OPT_NO_PORTALS] == NULL);
	if (body == NULL)
		return err_set(ERR_INVALID, "the name is not UTF-8");
	if (iscsi_name != NULL)
		json_object_set_new(body, "iscsi_name", json_string(iscsi_name));
	return ctl_change(ctl, "POST", body, "/v1/targets", done);
}

int
ctl_run_target_alias(struct ctl *ctl)
{
	char path[64], id[GUID_TEXT_SIZE];
	struct guid target;
	int rc = ctl_resolve(ctl, ROW_TARGET, ctl->args[0], &target);

	if (rc < 0)
		return rc;
	snprintf(path, sizeof(path), "/v1/targets/%s", guid_format(&target, id));
	return ctl_change(ctl, "PATCH", json_pack("{s:s}", "alias", ctl->args[1]), path, "renamed");
}
