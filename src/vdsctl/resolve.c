/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Finds the object that a person's text names: by its name, its address, or the beginning of its
 * id.  Called by the commands; asks vdsd.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "vdsctl/ctl_int.h"

#define PREFIX_MIN 4

const struct ctl_verbs *
ctl_verbs(enum row_family family)
{
	/* clang-format off */
	static const struct ctl_verbs verbs[ROW_FAMILY_COUNT] = {
		[ROW_ARRAY] = { VERB_COUNT, VERB_ARRAY_GET, VERB_COUNT },
		[ROW_POOL] = { VERB_POOL_LIST, VERB_POOL_GET, VERB_POOL_DELETE },
		[ROW_LUN] = { VERB_LUN_LIST, VERB_LUN_GET, VERB_LUN_DELETE },
		[ROW_TARGET] = { VERB_TARGET_LIST, VERB_TARGET_GET, VERB_TARGET_DELETE },
		[ROW_PORTAL] = { VERB_PORTAL_LIST, VERB_PORTAL_GET, VERB_PORTAL_DELETE },
		[ROW_PORTAL_GROUP] = { VERB_GROUP_LIST, VERB_GROUP_GET, VERB_GROUP_DELETE },
		[ROW_ASSOCIATION] = { VERB_ASSOCIATION_LIST, VERB_COUNT, VERB_COUNT },
		[ROW_JOB] = { VERB_JOB_LIST, VERB_JOB_GET, VERB_COUNT },
		[ROW_CONTROLLER] = { VERB_CONTROLLER_LIST, VERB_CONTROLLER_GET, VERB_COUNT },
		[ROW_HOST] = { VERB_HOST_LIST, VERB_HOST_GET, VERB_HOST_DELETE },
		[ROW_HOST_GROUP] = { VERB_HOST_GROUP_LIST, VERB_HOST_GROUP_GET,
				     VERB_HOST_GROUP_DELETE },
		[ROW_CREDENTIAL] = { VERB_CREDENTIAL_LIST, VERB_CREDENTIAL_GET, VERB_CREDENTIAL_DELETE },
		[ROW_TRASHED_LUN] = { VERB_TRASH_LIST, VERB_TRASH_GET, VERB_TRASH_EMPTY },
		[ROW_SNAPSHOT_SCHEDULE] = { VERB_SCHEDULE_LIST, VERB_SCHEDULE_GET, VERB_SCHEDULE_DELETE },
		[ROW_SNAPSHOT] = { VERB_SNAPSHOT_LIST, VERB_SNAPSHOT_GET, VERB_SNAPSHOT_DELETE },
		[ROW_LIVE_PORT] = { VERB_PORT_LIST, VERB_PORT_GET, VERB_COUNT },
		[ROW_LIVE_DRIVE] = { VERB_DRIVE_LIST, VERB_DRIVE_GET, VERB_COUNT },
		[ROW_LIVE_SESSION] = { VERB_SESSION_LIST, VERB_COUNT, VERB_SESSION_END },
		[ROW_LIVE_MAINTENANCE] = { VERB_MAINTENANCE_LIST, VERB_COUNT, VERB_COUNT },
	};
	/* clang-format on */

	return &verbs[family];
}

const char *
ctl_noun(enum row_family family)
{
	return row_noun(family);
}

const char *
ctl_command_noun(enum row_family family)
{
	switch (family) {
	case ROW_PORTAL_GROUP:
		return "group";
	case ROW_HOST_GROUP:
		return "host-group";
	case ROW_CREDENTIAL:
		return "secret";
	case ROW_TRASHED_LUN:
		return "trash";
	case ROW_SNAPSHOT_SCHEDULE:
		return "snapshot schedule";
	case ROW_LIVE_DRIVE:
		return "drive";
	case ROW_LIVE_PORT:
		return "port";
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

static bool
has_names(enum row_family family)
{
	return family == ROW_LUN || family == ROW_TARGET || family == ROW_POOL ||
	       family == ROW_LIVE_DRIVE || family == ROW_CONTROLLER || family == ROW_LIVE_PORT ||
	       family == ROW_HOST || family == ROW_HOST_GROUP || family == ROW_TRASHED_LUN ||
	       family == ROW_SNAPSHOT || family == ROW_SNAPSHOT_SCHEDULE;
}

/* The names that are alike, of the first thousand objects: enough for a hint. */
static void
match_guess(struct ctl *ctl, const struct match *match, struct ctl_guess *guess)
{
	static const char *const members[] = { "name", "alias", "iscsi_name" };
	const struct verb_args args = { .limit = VERB_LIMIT_MAX };
	json_t *page = NULL;
	const json_t *items;

	ctl_guess_begin(guess, match->text);
	if (!has_names(match->family) ||
	    ctl_ask(ctl, ctl_verbs(match->family)->list, NULL, &args, &page) < 0)
		return;
	items = json_object_get(page, "items");
	for (size_t i = 0; i < json_array_size(items); i++) {
		for (size_t j = 0; j < ARRAY_LEN(members); j++) {
			const char *name = json_string_value(
				json_object_get(json_array_get(items, i), members[j]));

			if (name != NULL)
				ctl_guess_try(guess, name);
		}
	}
	json_decref(page);
}

static int
match_result(struct ctl *ctl, const struct match *match, struct guid *ret_id)
{
	const char *noun = ctl_noun(match->family);
	struct ctl_guess guess;
	char hint[300];

	if (match->count == 1) {
		*ret_id = match->id;
		return 0;
	}
	if (match->count > 1)
		return err_set(ERR_INVALID,
			       "%zu %ss are called `%s`: give the id, which `vdsctl %s list` shows",
			       match->count, noun, match->text, ctl_command_noun(match->family));
	match_guess(ctl, match, &guess);
	if (guess.best[0] != '\0')
		return err_set(ERR_NOT_FOUND, "there is no %s `%s`%s", noun, match->text,
			       ctl_guess_text(&guess, hint, sizeof(hint)));
	return err_set(ERR_NOT_FOUND, "there is no %s `%s`; `vdsctl %s list` shows what there is",
		       noun, match->text, ctl_command_noun(match->family));
}

/* One round trip for the usual case. */
static int
match_name(struct ctl *ctl, struct match *match)
{
	const struct verb_args args = { .name = match->text };
	json_t *items = NULL;
	int rc = ctl_list(ctl, ctl_verbs(match->family)->list, &args, &items);

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

/* "#12": a LUN by its number in the array, as lists show one that has no name. */
static bool
lun_is(const json_t *item, const char *text)
{
	uint64_t number;

	return text[0] == '#' && str_parse_u64(text + 1, &number) == 0 &&
	       (uint64_t)json_integer_value(json_object_get(item, "number")) == number;
}

/* Portals by address, LUNs by number, everything by the beginning of its id. */
static int
match_scan(struct ctl *ctl, struct match *match)
{
	json_t *items = NULL;
	bool prefix = is_id_prefix(match->text);
	int rc;

	if (!prefix && match->family != ROW_PORTAL &&
	    !(match->family == ROW_LUN && match->text[0] == '#'))
		return 0;
	rc = ctl_list(ctl, ctl_verbs(match->family)->list, NULL, &items);
	for (size_t i = 0; rc == 0 && i < json_array_size(items); i++) {
		const json_t *item = json_array_get(items, i);
		const char *id = json_string_value(json_object_get(item, "id"));

		if ((match->family == ROW_PORTAL && portal_is(item, match->text)) ||
		    (match->family == ROW_LUN && lun_is(item, match->text)) ||
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
	struct verb_args args = { 0 };
	json_t *items = NULL;
	uint64_t tag;
	int rc;

	if (colon == NULL || str_parse_u64(colon + 1, &tag) < 0)
		return 0;
	target = str_ndup(match->text, (size_t)(colon - match->text));
	if (target == NULL)
		return -ENOMEM;
	rc = ctl_resolve(ctl, ROW_TARGET, target, &args.target_id);
	if (rc < 0)
		return rc;
	rc = ctl_list(ctl, VERB_GROUP_LIST, &args, &items);
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
		return ctl_client(ctl);
	if (text[0] == '\0')
		return err_set(ERR_INVALID, "the name of the %s is empty", ctl_noun(family));
	if (has_names(family))
		rc = match_name(ctl, &match);
	if (rc == 0 && match.count == 0 && family == ROW_PORTAL_GROUP)
		rc = match_group(ctl, &match);
	if (rc == 0 && match.count == 0)
		rc = match_scan(ctl, &match);
	return rc < 0 ? rc : match_result(ctl, &match, ret_id);
}
