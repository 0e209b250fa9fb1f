/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Fuzz target for HTTP requests. The first line of the input is the request's target (path and
 * query), the rest is the body. Every verb whose path matches checks them by its own
 * specification; no handler is called.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "http/http_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
try_verb(const struct verb *verb, const char *query, const json_t *body)
{
	struct verb_args args = { 0 };
	char *copy = query != NULL ? strdup(query) : NULL;

	if (http_spec_query(verb->query, copy, &args) == 0)
		http_spec_body(verb->body, body, &args);
	http_args_fini(&args);
	free(copy);
}

static void
try_target(char *target, const json_t *body)
{
	char *query = strchr(target, '?');

	if (query != NULL)
		*query++ = '\0';
	if (http_unescape(target, false) < 0)
		return;
	for (size_t i = 0; i < VERB_COUNT; i++) {
		enum verb_id verb = VERB_COUNT;
		struct guid ids[2];
		char allow[64];

		/* with the path as it is, then as if it were this verb's */
		if (http_route_find(verb_table[i].method, target, &verb, ids, allow,
				    sizeof(allow)) == 0)
			try_verb(&verb_table[verb], query, body);
		try_verb(&verb_table[i], query, body);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = memchr(data, '\n', size);
	size_t target_len = end != NULL ? (size_t)(end - data) : size;
	char *target = malloc(target_len + 1);
	json_t *body = NULL;

	if (target == NULL)
		return 0;
	memcpy(target, data, target_len);
	target[target_len] = '\0';
	if (end != NULL)
		body = json_loadb((const char *)end + 1, size - target_len - 1,
				  JSON_REJECT_DUPLICATES, NULL);
	try_target(target, body);
	json_decref(body);
	free(target);
	return 0;
}
