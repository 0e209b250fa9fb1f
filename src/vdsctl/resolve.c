/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From what a person types to an id. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "vdsctl/ctl_int.h"

#define PREFIX_MIN 4

const char *
ctl_plural(enum row_family family)
{
	switch (family) {
	case ROW_PORTAL_GROUP:
		return "portal-groups";
	case ROW_LIVE_SESSION:
		return "sessions";
	default:
		return row_type(family)->plural;
	}
}

const char *
ctl_noun(enum row_family family)
{
	switch (family) {
	case ROW_LUN:
		return "LUN";
	case ROW_PORTAL_GROUP:
		return "portal group";
	case ROW_LIVE_SESSION:
		return "session";
	default:
		return row_type(family)->name;
	}
}

int
ctl_address_split(const char *text, char **ret_host, int *ret_port)
{
	const char *colon = strrchr(text, ':'), *end = text + strlen(text);
	bool bracketed = text[0] == '[';
	uint64_t port = 0;

	/* "::1" has colons of its own; with a port it needs brackets */
	if (bracketed) {
		end = strchr(text, ']');
		if (end == NULL || (end[1] != '\0' && end[1] != ':'))
			return err_set(ERR_INVALID, "%s is not ADDRESS[:PORT]", text);
		colon = end[1] == ':' ? end + 1 : NULL;
	} else if (colon != NULL && strchr(text, ':') == colon) {
		end = colon;
	} else {
		colon = NULL;
	}
	if (colon != NULL && (str_parse_u64(colon + 1, &port) < 0 || port > 65535))
		return err_set(ERR_INVALID, "%s is not a port", colon + 1);
	*ret_host = str_ndup(text + bracketed, (size_t)(end - text) - bracketed);
	*ret_port = colon != NULL ? (int)port : -1;
	return *ret_host != NULL ? 0 : -ENOMEM;
}

/* ---- candidates ---- */

/* What was found so far, of one family. */
struct match {
	enum row_family family;
	const char *text;
	struct guid id;
	size_t count;
};

static void
match_add(struct match *match, const json_t *item)
{
	struct guid id;
	const char *text = json_string_value(json_object_get(item, "id"));

	if (text == NULL || guid_parse(text, &id) < 0)
		return;
	match->id = id;
	match->count++;
}

static int
match_result(const struct match *match, struct guid *ret_id)
{
	const char *noun = ctl_noun(match->family);

	if (match->count == 0)
		return err_set(ERR_NOT_FOUND, "there is no %s `%s`; see `vdsctl list %s`", noun,
			       match->text,
			       match->family == ROW_PORTAL_GROUP ? "groups"
								 : ctl_plural(match->family));
	if (match->count > 1)
		return err_set(ERR_INVALID, "%zu %ss are called `%s`: give the id", match->count,
			       noun, match->text);
	*ret_id = match->id;
	return 0;
}

static bool
has_names(enum row_family family)
{
	return family == ROW_LUN || family == ROW_TARGET || family == ROW_POOL;
}

/* One round trip for the usual case. */
static int
match_name(struct ctl *ctl, struct match *match)
{
	AUTO_FREE char *escaped = ctl_escape(match->text);
	AUTO_FREE char *path = NULL;
	json_t *items = NULL;
	int rc;

	if (escaped == NULL)
		return -ENOMEM;
	path = str_printf("/v1/%s?name=%s", ctl_plural(match->family), escaped);
	if (path == NULL)
		return -ENOMEM;
	rc = ctl_list(ctl, path, &items);
	for (size_t i = 0; rc == 0 && i < json_array_size(items); i++)
		match_add(match, json_array_get(items, i));
	json_decref(items);
	return rc;
}

static bool
portal_is(const json_t *item, const char *text)
{
	AUTO_FREE char *host = NULL;
	int port = -1;
	const char *address = json_string_value(json_object_get(item, "address"));

	if (ctl_address_split(text, &host, &port) < 0 || !str_equal(address, host))
		return false;
	return port < 0 || port == json_integer_value(json_object_get(item, "port"));
}

static bool
is_id_prefix(const char *text)
{
	return strlen(text) >= PREFIX_MIN && strspn(text, "0123456789abcdef-") == strlen(text);
}

/* Portals by address, everything by the beginning of its id. */
static int
match_scan(struct ctl *ctl, struct match *match)
{
	char path[64];
	json_t *items = NULL;
	bool prefix = is_id_prefix(match->text);
	int rc;

	if (!prefix && match->family != ROW_PORTAL)
		return 0;
	snprintf(path, sizeof(path), "/v1/%s", ctl_plural(match->family));
	rc = ctl_list(ctl, path, &items);
	for (size_t i = 0; rc == 0 && i < json_array_size(items); i++) {
		const json_t *item = json_array_get(items, i);
		const char *id = json_string_value(json_object_get(item, "id"));

		if ((match->family == ROW_PORTAL && portal_is(item, match->text)) ||
		    (prefix && id != NULL && str_starts(id, match->text)))
			match_add(match, item);
	}
	json_decref(items);
	return rc;
}

/* "TARGET:TAG" */
static int
match_group(struct ctl *ctl, struct match *match)
{
	const char *colon = strrchr(match->text, ':');
	AUTO_FREE char *target = NULL;
	char path[128], id[GUID_TEXT_SIZE];
	json_t *items = NULL;
	struct guid target_id;
	uint64_t tag;
	int rc;

	if (colon == NULL || str_parse_u64(colon + 1, &tag) < 0)
		return 0;
	target = str_ndup(match->text, (size_t)(colon - match->text));
	if (target == NULL)
		return -ENOMEM;
	rc = ctl_resolve(ctl, ROW_TARGET, target, &target_id);
	if (rc < 0)
		return rc;
	snprintf(path, sizeof(path), "/v1/portal-groups?target_id=%s", guid_format(&target_id, id));
	rc = ctl_list(ctl, path, &items);
	for (size_t i = 0; rc == 0 && i < json_array_size(items); i++) {
		const json_t *item = json_array_get(items, i);

		if ((uint64_t)json_integer_value(json_object_get(item, "tag")) == tag)
			match_add(match, item);
	}
	json_decref(items);
	return rc;
}

int
ctl_resolve(struct ctl *ctl, enum row_family family, const char *text, struct guid *ret_id)
{
	struct match match = { .family = family, .text = text };
	int rc = 0;

	if (guid_parse(text, ret_id) == 0)
		return 0;
	if (text[0] == '\0')
		return err_set(ERR_INVALID, "a name is empty");
	if (has_names(family))
		rc = match_name(ctl, &match);
	if (rc == 0 && match.count == 0 && family == ROW_PORTAL_GROUP)
		rc = match_group(ctl, &match);
	if (rc == 0 && match.count == 0)
		rc = match_scan(ctl, &match);
	return rc < 0 ? rc : match_result(&match, ret_id);
}
