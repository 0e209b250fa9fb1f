/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `vdsctl token`: tokens for programs that ask over TCP or with a role of their own.  A token is
 * printed once, by the command that creates it, and is never an argument of a command, where other
 * users could see it.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "vdsctl/ctl_int.h"

static const char *
text_of(const json_t *json, const char *member)
{
	const char *text = json_string_value(json_object_get(json, member));

	return text != NULL ? text : "";
}

static int64_t
number_of(const json_t *json, const char *member)
{
	return json_integer_value(json_object_get(json, member));
}

/* ---- create ---- */

static int
create_args(const struct ctl *ctl, struct verb_args *ret_args)
{
	const char *expires = ctl->options[OPT_EXPIRES];
	uint64_t ms = 0;
	int rc = 0;

	*ret_args = (struct verb_args){ .name = ctl->args[0], .role = ctl->options[OPT_ROLE] };
	if (principal_role_parse(ret_args->role) == ROLE_NONE)
		return err_set(ERR_INVALID, "--role takes reader, operator or admin, not %s",
			       ret_args->role);
	if (expires != NULL)
		rc = ctl_duration_parse("--expires", expires, &ms);
	if (ms != 0)
		ret_args->expires_ms = (uint64_t)clock_utc_ms() + ms;
	return rc;
}

int
ctl_run_token_create(struct ctl *ctl)
{
	struct verb_args args;
	json_t *json = NULL;
	const char *token;
	int rc = create_args(ctl, &args);

	if (rc == 0)
		rc = ctl_ask(ctl, VERB_TOKEN_CREATE, NULL, &args, &json);
	if (rc < 0)
		return rc;
	token = text_of(json, "token");
	if (token[0] == '\0')
		rc = err_set(ERR_PROTOCOL,
			     "the token %s was created, but the answer with it was lost: `vdsctl "
			     "token revoke %s`, and create it again",
			     ctl->args[0], ctl->args[0]);
	else if (ctl->json)
		rc = ctl_json_print(json, ctl->out);
	else
		fprintf(ctl->out, "%s\n", token);
	if (rc == 0 && !ctl->json && !ctl->quiet && isatty(STDOUT_FILENO))
		fprintf(stderr, "Keep it in a file of mode 0600 that VDS_TOKEN_FILE names: it "
				"is not shown again.\n");
	json_decref(json);
	return rc;
}

/* ---- list ---- */

static int
tokens_get(struct ctl *ctl, json_t **ret_json)
{
	json_t *json = NULL;
	int rc = ctl_ask(ctl, VERB_TOKEN_LIST, NULL, NULL, &json);

	if (rc == 0 && !json_is_array(json_object_get(json, "items"))) {
		json_decref(json);
		return err_set(ERR_PROTOCOL, "vdsd's answer is not a list");
	}
	if (rc == 0)
		*ret_json = json;
	return rc;
}

static void
row_add(struct table *table, const json_t *token)
{
	int64_t expires_ms = number_of(token, "expires_ms"), used_ms = number_of(token, "used_ms");

	table_add(table, text_of(token, "name"));
	table_add(table, text_of(token, "role"));
	if (expires_ms == 0)
		table_add(table, "never");
	else if (expires_ms <= clock_utc_ms())
		table_add(table, "expired");
	else
		ctl_cell_time(table, expires_ms);
	if (used_ms == 0)
		table_add(table, NULL);
	else
		ctl_cell_time(table, used_ms);
	ctl_cell_time(table, number_of(token, "created_ms"));
	table_add(table, text_of(token, "creator"));
	table_add(table, text_of(token, "id"));
}

int
ctl_run_token_list(struct ctl *ctl)
{
	AUTO_TABLE struct table *table = table_new("NAME|ROLE|EXPIRES|LAST USED|CREATED|BY|ID");
	json_t *json = NULL;
	const json_t *items;
	int rc = table != NULL ? tokens_get(ctl, &json) : -ENOMEM;

	if (rc < 0)
		return rc;
	items = json_object_get(json, "items");
	for (size_t i = 0; i < json_array_size(items); i++)
		row_add(table, json_array_get(items, i));
	rc = ctl->json ? ctl_json_print(json_object_get(json, "items"), ctl->out)
		       : table_print(table, ctl->out);
	json_decref(json);
	return rc;
}

/* ---- revoke ---- */

/* A token is named by its name or by its id. */
static int
token_find(struct ctl *ctl, const char *name, struct guid *ret_id)
{
	json_t *json = NULL, *token;
	bool found = false;
	size_t i;
	int rc = tokens_get(ctl, &json);

	if (rc < 0)
		return rc;
	json_array_foreach(json_object_get(json, "items"), i,
			   token) if (str_equal(text_of(token, "name"), name) ||
				      str_equal(text_of(token, "id"), name))
		found = guid_parse(text_of(token, "id"), ret_id) == 0;
	json_decref(json);
	return found ? 0
		     : err_set(ERR_NOT_FOUND,
			       "there is no token %s; `vdsctl token list` lists them", name);
}

int
ctl_run_token_revoke(struct ctl *ctl)
{
	struct client_answer answer = { 0 };
	struct guid id;
	int rc = token_find(ctl, ctl->args[0], &id);

	if (rc == 0)
		rc = client_change(ctl->client, VERB_TOKEN_REVOKE, &id, NULL, &answer);
	return ctl_done(ctl, rc, &answer, "token %s revoked", ctl->args[0]);
}
