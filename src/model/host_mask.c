/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Unmasking lists that have hosts and host groups: what they mean in a state.  Lists are canonical
 * unless a function says otherwise.  Any thread.
 */
#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "model/host.h"
#include "model/name_int.h"

/* An entry of a list: a name, or a host or host group by its id. */
struct mask_entry {
	const char *text; /* in the list, not ended */
	size_t len;
	enum row_family family; /* ROW_HOST, ROW_HOST_GROUP, or ROW_INITIATOR: a name */
	struct guid id;         /* of the host or the group */
};

/* In any case, as mask_normalize takes it. */
static bool
starts(const char *text, size_t len, const char *prefix)
{
	size_t at = 0;

	while (at < len && prefix[at] != '\0' && name_lower(text[at]) == prefix[at])
		at++;
	return prefix[at] == '\0';
}

static size_t
prefix_len(const struct mask_entry *entry)
{
	return entry->family == ROW_HOST         ? strlen(MASK_HOST)
	       : entry->family == ROW_HOST_GROUP ? strlen(MASK_HOST_GROUP)
						 : 0;
}

/* What stands behind the prefix is the id of a host; ret_entry->id is zero when it is none. */
static void
read_id(struct mask_entry *entry)
{
	char text[GUID_TEXT_SIZE];
	size_t skip = prefix_len(entry), len = entry->len - skip;

	entry->id = (struct guid){ { 0 } };
	if (skip == 0 || len != GUID_TEXT_SIZE - 1)
		return;
	memcpy(text, entry->text + skip, len);
	text[len] = '\0';
	if (guid_parse(text, &entry->id) < 0)
		entry->id = (struct guid){ { 0 } };
}

/* Finds the next entry and moves *rest on.  Returns false at the end. */
static bool
entry_next(const char **rest, struct mask_entry *ret_entry)
{
	const char *text = *rest;
	struct mask_entry entry = { .family = ROW_INITIATOR };

	if (text == NULL)
		return false;
	entry.len = strcspn(text, ";");
	*rest = text[entry.len] == ';' ? text + entry.len + 1 : NULL;
	while (entry.len > 0 && *text == ' ') {
		text++;
		entry.len--;
	}
	while (entry.len > 0 && text[entry.len - 1] == ' ')
		entry.len--;
	entry.text = text;
	if (starts(text, entry.len, MASK_HOST))
		entry.family = ROW_HOST;
	else if (starts(text, entry.len, MASK_HOST_GROUP))
		entry.family = ROW_HOST_GROUP;
	read_id(&entry);
	*ret_entry = entry;
	return true;
}

/* A cheap look at a list, which may be long and has no host for most LUNs. */
static bool
may_have_hosts(const char *mask)
{
	return mask != NULL && strstr(mask, "host") != NULL;
}

static bool
entry_has(const struct state *state, const struct mask_entry *entry, const struct guid *host_id)
{
	switch (entry->family) {
	case ROW_HOST:
		return guid_equal(&entry->id, host_id);
	case ROW_HOST_GROUP:
		return state_find_pair(state, ROW_HOST_MEMBER, &entry->id, host_id) != NULL;
	default:
		return false;
	}
}

bool
host_mask_admits(const struct state *state, const char *mask, const char *initiator)
{
	const struct row_initiator *owned;
	struct mask_entry entry;

	if (mask_admits(mask, initiator))
		return true;
	if (!may_have_hosts(mask))
		return false;
	owned = state_initiator_by_name(state, initiator);
	while (owned != NULL && entry_next(&mask, &entry))
		if (entry_has(state, &entry, &owned->host_id))
			return true;
	return false;
}

bool
host_mask_next(const char **rest, struct guid *ret_id, enum row_family *ret_family)
{
	struct mask_entry entry;

	if (!may_have_hosts(*rest)) {
		*rest = NULL;
		return false;
	}
	while (entry_next(rest, &entry)) {
		if (entry.family == ROW_INITIATOR || guid_is_zero(&entry.id))
			continue;
		*ret_id = entry.id;
		*ret_family = entry.family;
		return true;
	}
	return false;
}

bool
host_mask_has(const char *mask, const char *prefix, const struct guid *id)
{
	enum row_family family = strcmp(prefix, MASK_HOST_GROUP) == 0 ? ROW_HOST_GROUP : ROW_HOST;
	struct mask_entry entry;

	while (may_have_hosts(mask) && entry_next(&mask, &entry))
		if (entry.family == family && guid_equal(&entry.id, id))
			return true;
	return false;
}

/* ---- other forms ---- */

static void
add_host(const struct state *state, const struct guid *host_id, struct strbuf *out)
{
	struct row_slice names = state_host_initiators(state, host_id);

	for (size_t i = 0; i < names.count; i++)
		strbuf_addf(out, "%s;", ((const struct row_initiator *)names.rows[i])->iscsi_name);
}

static void
add_names(const struct state *state, const struct mask_entry *entry, struct strbuf *out)
{
	struct row_slice members;

	switch (entry->family) {
	case ROW_HOST:
		add_host(state, &entry->id, out);
		break;
	case ROW_HOST_GROUP:
		members = state_group_hosts(state, &entry->id);
		for (size_t i = 0; i < members.count; i++)
			add_host(state, &((const struct row_host_member *)members.rows[i])->host_id,
				 out);
		break;
	default:
		strbuf_add_bytes(out, entry->text, entry->len);
		strbuf_add(out, ";");
	}
}

int
host_mask_flatten(const struct state *state, const char *mask, char **ret_list)
{
	AUTO(strbuf_fini) struct strbuf out = { 0 };
	AUTO_FREE char *copy = NULL;
	struct mask_entry entry;

	if (!may_have_hosts(mask)) {
		copy = str_dup(mask != NULL ? mask : "");
		if (copy == NULL)
			return -ENOMEM;
		*ret_list = TAKE(copy);
		return 0;
	}
	strbuf_init(&out);
	while (entry_next(&mask, &entry))
		add_names(state, &entry, &out);
	if (out.failed)
		return -ENOMEM;
	return mask_sort(out.text != NULL ? out.text : "", ret_list);
}

/* Returns the id of the host or the group that the entry names; ERR_NOT_FOUND with a text. */
static int
find_named(const struct state *state, const struct mask_entry *entry, struct guid *ret_id)
{
	size_t skip = prefix_len(entry);
	AUTO_FREE char *name = str_ndup(entry->text + skip, entry->len - skip);
	const struct row_host_group *group;
	const struct row_host *host;

	if (name == NULL)
		return -ENOMEM;
	if (!guid_is_zero(&entry->id) && state_find(state, entry->family, &entry->id) != NULL) {
		*ret_id = entry->id;
		return 0;
	}
	host = entry->family == ROW_HOST ? state_host_by_name(state, name) : NULL;
	group = entry->family == ROW_HOST_GROUP ? state_host_group_by_name(state, name) : NULL;
	if (host == NULL && group == NULL)
		return err_set(ERR_NOT_FOUND, "there is no %s `%s`; `vdsctl %s list` shows them",
			       row_noun(entry->family), name,
			       entry->family == ROW_HOST ? "host" : "host-group");
	*ret_id = host != NULL ? host->id : group->id;
	return 0;
}

int
host_mask_resolve(const struct state *state, const char *text, char **ret_text)
{
	AUTO(strbuf_fini) struct strbuf out = { 0 };
	struct mask_entry entry;
	char *resolved;

	strbuf_init(&out);
	while (entry_next(&text, &entry)) {
		char id_text[GUID_TEXT_SIZE];
		struct guid id;
		int rc;

		strbuf_add(&out, out.len > 0 ? ";" : "");
		if (entry.family == ROW_INITIATOR) {
			strbuf_add_bytes(&out, entry.text, entry.len);
			continue;
		}
		rc = find_named(state, &entry, &id);
		if (rc < 0)
			return rc;
		strbuf_addf(&out, "%s%s", entry.family == ROW_HOST ? MASK_HOST : MASK_HOST_GROUP,
			    guid_format(&id, id_text));
	}
	resolved = strbuf_take(&out);
	if (resolved == NULL)
		return -ENOMEM;
	*ret_text = resolved;
	return 0;
}

void
host_mask_describe(const struct state *state, const char *mask, struct strbuf *out)
{
	struct mask_entry entry;
	const char *separator = "";

	while (entry_next(&mask, &entry)) {
		const struct row_host *host = entry.family == ROW_HOST
						      ? state_find(state, ROW_HOST, &entry.id)
						      : NULL;
		const struct row_host_group *group = entry.family == ROW_HOST_GROUP
							     ? state_find(state, ROW_HOST_GROUP,
									  &entry.id)
							     : NULL;

		strbuf_add(out, separator);
		if (host != NULL)
			strbuf_addf(out, MASK_HOST "%s", host->name);
		else if (group != NULL)
			strbuf_addf(out, MASK_HOST_GROUP "%s", group->name);
		else
			strbuf_add_bytes(out, entry.text, entry.len);
		separator = ";";
	}
}
