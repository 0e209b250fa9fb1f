/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a target sends logins: the text in its row, and whether it concerns a login. */
#include "model/redirect.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"

static const char permanent_word[] = "permanent", move_word[] = "move";

bool
redirect_parse(const char *text, struct redirect *ret_redirect)
{
	struct redirect redirect = { 0 };
	size_t len = text != NULL ? strcspn(text, " ") : 0;

	if (len == 0 || len >= sizeof(redirect.endpoint))
		return false;
	memcpy(redirect.endpoint, text, len);
	redirect.permanent = strstr(text + len, permanent_word) != NULL;
	redirect.moves = strstr(text + len, move_word) != NULL;
	*ret_redirect = redirect;
	return true;
}

void
redirect_format(const struct redirect *redirect, char text[REDIRECT_TEXT_SIZE])
{
	snprintf(text, REDIRECT_TEXT_SIZE, "%s%s%s%s%s", redirect->endpoint,
		 redirect->permanent ? " " : "", redirect->permanent ? permanent_word : "",
		 redirect->moves ? " " : "", redirect->moves ? move_word : "");
}

void
redirect_endpoint(const char *address, uint32_t port, char text[REDIRECT_ENDPOINT_SIZE])
{
	bool six = strchr(address, ':') != NULL;

	snprintf(text, REDIRECT_ENDPOINT_SIZE, "%s%.48s%s:%u", six ? "[" : "", address,
		 six ? "]" : "", (unsigned)port);
}

static bool
is_at(const struct row_portal *portal, const struct redirect *redirect)
{
	char endpoint[REDIRECT_ENDPOINT_SIZE];

	redirect_endpoint(portal->address, portal->port, endpoint);
	return str_equal(endpoint, redirect->endpoint);
}

const struct row_portal *
redirect_portal(const struct state *state, const struct redirect *redirect)
{
	for (size_t i = 0; i < state_count(state, ROW_PORTAL); i++) {
		const struct row_portal *portal = state_at(state, ROW_PORTAL, i);

		if (is_at(portal, redirect))
			return portal;
	}
	return NULL;
}

bool
redirect_is_served(const struct state *state, const struct guid *target_id,
		   const struct guid *portal_id)
{
	struct row_slice groups = state_portal_groups(state, portal_id);

	for (size_t i = 0; i < groups.count; i++) {
		const struct row_group_portal *member = groups.rows[i];
		const struct row_portal_group *group = state_find(state, ROW_PORTAL_GROUP,
								  &member->group_id);

		if (group != NULL && guid_equal(&group->target_id, target_id))
			return true;
	}
	return false;
}

bool
redirect_applies(const struct state *state, const struct row_target *target,
		 const struct row_portal *portal, struct redirect *ret_redirect)
{
	const struct row_portal *there;
	struct redirect redirect;

	if (!redirect_parse(target->redirect, &redirect) || is_at(portal, &redirect))
		return false;
	there = redirect_portal(state, &redirect);
	if (there != NULL && !redirect_is_served(state, &target->id, &there->id))
		return false;
	*ret_redirect = redirect;
	return true;
}
