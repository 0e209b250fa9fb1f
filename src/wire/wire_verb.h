/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Requests by the table of verbs: the path, query and body that a verb and its arguments make.  For
 * the client; the server reads what these functions write (http/spec.c).  Any thread.
 */
#ifndef VDS_WIRE_WIRE_VERB_H
#define VDS_WIRE_WIRE_VERB_H

#include <jansson.h>

#include "model/verbs.h"

/*
 * Makes the request's target: the path with `ids` in its placeholders (NULL when it has none), and
 * the query with every argument that is given, percent-encoded.  Returns 0 and new memory
 * (mem_free), ERR_INVALID (a text is not one line of UTF-8) or -ENOMEM.
 */
int wire_verb_target(enum verb_id id, const struct guid *ids, const struct verb_args *args,
		     char **ret_target);
/*
 * Makes the request's body: required members, and optional ones that are given.  *ret_body is NULL
 * for a verb without one.  args may be NULL for such a verb.  Returns 0, ERR_INVALID (a text is not
 * one line of UTF-8, a number is above what the member allows; the text names the member) or
 * -ENOMEM.
 */
int wire_verb_body(enum verb_id id, const struct verb_args *args, json_t **ret_body);

#endif
