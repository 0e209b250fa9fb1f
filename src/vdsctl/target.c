/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The commands that create targets, change their aliases and send their logins elsewhere. */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "vdsctl/ctl_int.h"

/* Is it an iSCSI name?  In capitals too: "IQN." is not meant as an alias (RFC 7143 §4.2.7.1). */
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
	const char *iscsi_name = ctl->options[OPT_ISCSI_NAME];
	bool named = is_iscsi_name(ctl->args[0]);
	const struct verb_args args = {
		.iscsi_name = named ? ctl->args[0] : iscsi_name,
		.alias = named ? NULL : ctl->args[0],
		.with_group = ctl->options[OPT_NO_PORTALS] == NULL,
	};
	struct client_answer answer;
	int rc;

	if (ctl->args[0][0] == '\0')
		return err_set(ERR_INVALID, "the target's name is empty");
	if (named && iscsi_name != NULL)
		return err_set(ERR_INVALID, "NAME is an iSCSI name already");
	rc = ctl_client(ctl);
	if (rc == 0)
		rc = client_change(ctl->client, VERB_TARGET_CREATE, NULL, &args, &answer);
	return ctl_done(ctl, rc, &answer, "target %s created", ctl->args[0]);
}

int
ctl_run_target_alias(struct ctl *ctl)
{
	const struct verb_args args = { .alias = ctl->args[1] };
	struct client_answer answer;
	struct guid target;
	int rc = ctl_resolve(ctl, ROW_TARGET, ctl->args[0], &target);

	if (rc == 0)
		rc = client_change(ctl->client, VERB_TARGET_CHANGE, &target, &args, &answer);
	return ctl_done(ctl, rc, &answer, "target %s has the alias %s now", ctl->args[0],
			ctl->args[1]);
}

int
ctl_run_target_redirect(struct ctl *ctl)
{
	AUTO(strbuf_fini) struct strbuf text = { 0 };
	const char *where = ctl->args[1];
	bool none = str_equal(where, "none"), permanent = ctl->options[OPT_PERMANENT] != NULL,
	     moves = ctl->options[OPT_MOVE] != NULL;
	struct verb_args args = { 0 };
	struct client_answer answer;
	struct guid target;
	int rc;

	if (none && (permanent || moves))
		return err_set(ERR_INVALID, "--permanent and --move say how logins are sent to an "
					    "address, and none is no address");
	strbuf_addf(&text, "%s%s%s", none ? "" : where, permanent ? " permanent" : "",
		    moves ? " move" : "");
	if (text.failed)
		return -ENOMEM;
	args.redirect = text.text;
	rc = ctl_resolve(ctl, ROW_TARGET, ctl->args[0], &target);
	if (rc == 0)
		rc = client_change(ctl->client, VERB_TARGET_CHANGE, &target, &args, &answer);
	return none ? ctl_done(ctl, rc, &answer, "target %s serves logins itself", ctl->args[0])
		    : ctl_done(ctl, rc, &answer, "target %s sends logins to %s", ctl->args[0],
			       where);
}
