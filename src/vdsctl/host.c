/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The commands on hosts and host groups: create, rename, and who belongs to them. */
#include <errno.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "vdsctl/ctl_int.h"

/* The words from `first` on as one list in the API's form: names joined by ';'. */
static char *
names_join(const struct ctl *ctl, size_t first)
{
	struct strbuf list;

	strbuf_init(&list);
	for (size_t i = first; i < ctl->arg_count; i++) {
		strbuf_add(&list, i > first ? ";" : "");
		strbuf_add(&list, ctl->args[i]);
	}
	/* a comma is in no iSCSI name: take it for a separator too */
	for (char *p = list.text; p != NULL && *p != '\0'; p++)
		if (*p == ',')
			*p = ';';
	return strbuf_take(&list);
}

/* Makes the array of the ids of the hosts named from the second argument on (mem_free). */
static int
hosts_resolve(struct ctl *ctl, struct guid **ret_ids)
{
	AUTO_FREE struct guid *ids = mem_calloc(ctl->arg_count, sizeof(*ids));
	int rc = ids != NULL ? 0 : -ENOMEM;

	for (size_t i = 1; i < ctl->arg_count && rc == 0; i++)
		rc = ctl_resolve(ctl, ROW_HOST, ctl->args[i], &ids[i - 1]);
	if (rc == 0)
		*ret_ids = TAKE(ids);
	return rc;
}

/* ---- hosts ---- */

int
ctl_run_host_create(struct ctl *ctl)
{
	AUTO_FREE char *initiators = names_join(ctl, 1);
	const struct verb_args args = { .name = ctl->args[0], .initiators = initiators };
	struct client_answer answer;
	int rc = initiators != NULL ? ctl_client(ctl) : -ENOMEM;

	if (rc == 0)
		rc = client_change(ctl->client, VERB_HOST_CREATE, NULL, &args, &answer);
	return ctl_done(ctl, rc, &answer, "host %s created", ctl->args[0]);
}

/* Changes the host or the host group (`family`) of the first argument. */
static int
change(struct ctl *ctl, enum row_family family, const struct verb_args *args, const char *done,
       const char *what)
{
	enum verb_id verb = family == ROW_HOST ? VERB_HOST_CHANGE : VERB_HOST_GROUP_CHANGE;
	struct client_answer answer;
	struct guid id;
	int rc = ctl_resolve(ctl, family, ctl->args[0], &id);

	if (rc == 0)
		rc = client_change(ctl->client, verb, &id, args, &answer);
	return ctl_done(ctl, rc, &answer, "%s %s %s%s", ctl_noun(family), ctl->args[0], done, what);
}

int
ctl_run_host_rename(struct ctl *ctl)
{
	const struct verb_args args = { .name = ctl->args[1] };

	return change(ctl, ROW_HOST, &args, "renamed to ", ctl->args[1]);
}

int
ctl_run_host_add_name(struct ctl *ctl)
{
	AUTO_FREE char *initiators = names_join(ctl, 1);
	const struct verb_args args = { .initiators_add = initiators };

	return initiators == NULL ? -ENOMEM
				  : change(ctl, ROW_HOST, &args, "has the initiator ", initiators);
}

int
ctl_run_host_remove_name(struct ctl *ctl)
{
	AUTO_FREE char *initiators = names_join(ctl, 1);
	const struct verb_args args = { .initiators_remove = initiators };

	return initiators == NULL
		       ? -ENOMEM
		       : change(ctl, ROW_HOST, &args, "no longer has the initiator ", initiators);
}

static int
set_sources(struct ctl *ctl, enum row_family family, enum verb_id verb)
{
	AUTO(strbuf_fini) struct strbuf list = { 0 };
	struct verb_args args = { 0 };
	struct client_answer answer;
	struct guid id;
	int rc;

	for (size_t i = 1; i < ctl->arg_count; i++) {
		strbuf_add(&list, i > 1 ? "," : "");
		strbuf_add(&list, ctl->args[i]);
	}
	if (list.failed)
		return -ENOMEM;
	args.sources = list.text;
	rc = ctl_resolve(ctl, family, ctl->args[0], &id);
	if (rc == 0)
		rc = client_change(ctl->client, verb, &id, &args, &answer);
	return ctl_done(ctl, rc, &answer, "%s %s: logins are allowed from %s", ctl_noun(family),
			ctl->args[0], str_equal(list.text, "any") ? "everywhere" : list.text);
}

int
ctl_run_host_sources(struct ctl *ctl)
{
	return set_sources(ctl, ROW_HOST, VERB_HOST_CHANGE);
}

int
ctl_run_target_sources(struct ctl *ctl)
{
	return set_sources(ctl, ROW_TARGET, VERB_TARGET_CHANGE);
}

/* ---- host groups ---- */

int
ctl_run_host_group_create(struct ctl *ctl)
{
	AUTO_FREE struct guid *hosts = NULL;
	struct verb_args args = { .name = ctl->args[0] };
	struct client_answer answer;
	int rc = ctl_client(ctl);

	if (rc == 0)
		rc = hosts_resolve(ctl, &hosts);
	args.hosts = (struct verb_guids){ hosts, ctl->arg_count - 1, true };
	if (rc == 0)
		rc = client_change(ctl->client, VERB_HOST_GROUP_CREATE, NULL, &args, &answer);
	return ctl_done(ctl, rc, &answer, "host group %s created", ctl->args[0]);
}

int
ctl_run_host_group_rename(struct ctl *ctl)
{
	const struct verb_args args = { .name = ctl->args[1] };

	return change(ctl, ROW_HOST_GROUP, &args, "renamed to ", ctl->args[1]);
}

int
ctl_run_host_group_add(struct ctl *ctl)
{
	AUTO_FREE struct guid *hosts = NULL;
	struct verb_args args = { 0 };
	int rc = hosts_resolve(ctl, &hosts);

	args.add = (struct verb_guids){ hosts, ctl->arg_count - 1, true };
	return rc < 0 ? rc : change(ctl, ROW_HOST_GROUP, &args, "has these hosts, too", "");
}

int
ctl_run_host_group_remove(struct ctl *ctl)
{
	AUTO_FREE struct guid *hosts = NULL;
	struct verb_args args = { 0 };
	int rc = hosts_resolve(ctl, &hosts);

	args.remove = (struct verb_guids){ hosts, ctl->arg_count - 1, true };
	return rc < 0 ? rc : change(ctl, ROW_HOST_GROUP, &args, "no longer has these hosts", "");
}
