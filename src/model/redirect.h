/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where a target sends logins instead of serving them (RFC 7143 §11.13.5): the text in the row of
 * the target.  In canonical form it is "ADDRESS:PORT", then the words "permanent" and "move" where
 * they were given; "" = nowhere.  Pure functions, for any thread.
 */
#ifndef VDS_MODEL_REDIRECT_H
#define VDS_MODEL_REDIRECT_H

#include <stdbool.h>
#include <stdint.h>

#include "model/rows.h"
#include "model/state.h"

#define REDIRECT_ENDPOINT_SIZE 64 /* "[IPv6]:PORT" and the NUL */
#define REDIRECT_TEXT_SIZE     96 /* a canonical text and its NUL */

struct redirect {
	char endpoint[REDIRECT_ENDPOINT_SIZE]; /* as TargetAddress: "192.0.2.9:3260" */
	bool permanent; /* initiators may remember it (status 0102 instead of 0101) */
	bool moves;     /* sessions that are elsewhere are asked to log out, so that they move */
};

/* Reads a canonical text.  Returns false when there is no redirect.  text: NULL = "". */
bool redirect_parse(const char *text, struct redirect *ret_redirect);
/* Writes the canonical text of a redirect. */
void redirect_format(const struct redirect *redirect, char text[REDIRECT_TEXT_SIZE]);
/* Writes an address and a port as an endpoint; an IPv6 address gets brackets. */
void redirect_endpoint(const char *address, uint32_t port, char text[REDIRECT_ENDPOINT_SIZE]);
/* Returns the portal of this array at the endpoint, or NULL (it is another array's). */
const struct row_portal *redirect_portal(const struct state *state,
					 const struct redirect *redirect);
/* Returns whether the target is served at the portal. */
bool redirect_is_served(const struct state *state, const struct guid *target_id,
			const struct guid *portal_id);
/*
 * Returns whether a login to the target that came through the portal is redirected: the target has
 * a redirect, the portal is not where it leads, and where it leads is another array's or a portal
 * at which the target is served.  So no login is sent in a circle within the array.
 */
bool redirect_applies(const struct state *state, const struct row_target *target,
		      const struct row_portal *portal, struct redirect *ret_redirect);

#endif
