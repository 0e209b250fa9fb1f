/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Contexts: names for arrays, and for how they are reached.  `vdsctl context` keeps them, and every
 * command that speaks to an array asks here which one is meant.  A context holds names of files
 * with tokens and keys, never what is in them.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/system.h"
#include "base/table.h"
#include "vdsctl/context_int.h"
#include "vdsctl/ctl_int.h"

#define NAME_MAX_BYTES 63
#define NONE           "none" /* what `context use` takes for no context */

/* The options whose values are the members of a context, in the same order. */
static const enum ctl_option_id member_options[CTL_CONTEXT_MEMBERS] = {
	OPT_URL, OPT_CA, OPT_FINGERPRINT, OPT_CERT, OPT_KEY, OPT_TOKEN_FILE
};

static const char *
text_of(const json_t *json, const char *member)
{
	return json_string_value(json_object_get(json, member));
}

static const char *
setting_of(const char *name)
{
	const char *value = system_setting(name);

	return value != NULL && value[0] != '\0' ? value : NULL;
}

static json_t *
find(const json_t *root, const char *name)
{
	return json_object_get(json_object_get(root, "contexts"), name);
}

static int
not_found(const json_t *root, const char *name)
{
	struct ctl_guess guess;
	char hint[300];
	json_t *contexts = json_object_get(root, "contexts");

	ctl_guess_begin(&guess, name);
	for (void *at = json_object_iter(contexts); at != NULL;
	     at = json_object_iter_next(contexts, at))
		ctl_guess_try(&guess, json_object_iter_key(at));
	return err_set(ERR_NOT_FOUND, "there is no context %s%s", name,
		       guess.best[0] != '\0' ? ctl_guess_text(&guess, hint, sizeof(hint))
					     : "; `vdsctl context list` lists them");
}

/* ---- which one a command uses ---- */

/* Returns the name of the context that the command uses, or NULL. */
static const char *
chosen(const struct ctl *ctl, const json_t *root)
{
	const char *named = setting_of("VDS_CONTEXT");

	if (ctl->context != NULL)
		return ctl->context;
	if (ctl->options[OPT_CONTEXT] != NULL)
		return ctl->options[OPT_CONTEXT];
	if (ctl->options[OPT_URL] != NULL || setting_of("VDS_URL") != NULL)
		return NULL;
	return named != NULL ? named : text_of(root, "use");
}

/* Of what belongs together, nothing comes from the context when a part was given. */
static void
pair_keep(struct ctl *ctl, enum ctl_option_id one, enum ctl_option_id other)
{
	if (ctl->options[one] != NULL && ctl->options[other] == NULL)
		ctl->options[other] = "";
	else if (ctl->options[other] != NULL && ctl->options[one] == NULL)
		ctl->options[one] = "";
}

/*
 * A context stands for itself: what it does not say is not taken from the environment, where the
 * token of another array may be.
 */
static void
options_fill(struct ctl *ctl, const json_t *context)
{
	pair_keep(ctl, OPT_CA, OPT_FINGERPRINT);
	pair_keep(ctl, OPT_CERT, OPT_KEY);
	for (size_t i = 0; i < CTL_CONTEXT_MEMBERS; i++) {
		const char *value = text_of(context, ctl_context_members[i]);

		if (ctl->options[member_options[i]] == NULL)
			ctl->options[member_options[i]] = value != NULL ? value : "";
	}
}

int
ctl_context_apply(struct ctl *ctl)
{
	const bool given = ctl->options[OPT_URL] != NULL || ctl->contexts != NULL;
	const char *name;
	json_t *root;
	int rc;

	if (given || (ctl->options[OPT_CONTEXT] == NULL && setting_of("VDS_URL") != NULL))
		return 0;
	rc = ctl_context_read(&root);
	if (rc < 0)
		return rc;
	ctl->contexts = root; /* the options point into it */
	name = chosen(ctl, root);
	if (name == NULL)
		return 0;
	if (find(root, name) == NULL)
		return not_found(root, name);
	options_fill(ctl, find(root, name));
	ctl->context = name;
	return 0;
}

/* ---- add ---- */

static int
name_check(const char *name)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
	size_t len = strlen(name);

	if (len == 0 || len > NAME_MAX_BYTES || strspn(name, letters) != len || name[0] == '-' ||
	    name[0] == '.' || strcmp(name, NONE) == 0)
		return err_set(ERR_INVALID,
			       "a context's name has 1 to %d of the characters A-Z a-z 0-9 . _ -, "
			       "begins with no point or dash, and is not \"" NONE "\": %s",
			       NAME_MAX_BYTES, name);
	return 0;
}

/* Names of files count from the directory where the context is made, wherever it is used. */
static json_t *
member_json(enum ctl_option_id id, const char *value)
{
	char here[2048];
	AUTO_FREE char *path = NULL;

	if (id == OPT_URL || id == OPT_FINGERPRINT || value[0] == '/' || value[0] == '\0')
		return json_string(value);
	if (getcwd(here, sizeof(here)) == NULL)
		return NULL;
	path = str_printf("%s/%s", here, value);
	return path != NULL ? json_string(path) : NULL;
}

static int
context_make(const struct ctl *ctl, json_t **ret_context)
{
	json_t *context = json_object();

	for (size_t i = 0; context != NULL && i < CTL_CONTEXT_MEMBERS; i++) {
		const char *value = ctl->options[member_options[i]];
		json_t *json = value != NULL ? member_json(member_options[i], value) : NULL;

		if (value == NULL)
			continue;
		if (json != NULL && json_object_set_new(context, ctl_context_members[i], json) == 0)
			continue;
		json_decref(context);
		return err_set(ERR_INVALID, "--%s cannot be kept: %s is no text in UTF-8",
			       ctl_options[member_options[i]].name, value);
	}
	*ret_context = context;
	return context != NULL ? 0 : -ENOMEM;
}

/* Opens a client, which says nothing to the array yet, but reads the URL and the files. */
static int
context_try(const json_t *context)
{
	const char *value[CTL_CONTEXT_MEMBERS];
	struct client *client = NULL;
	int rc;

	for (size_t i = 0; i < CTL_CONTEXT_MEMBERS; i++) {
		value[i] = text_of(context, ctl_context_members[i]);
		value[i] = value[i] != NULL ? value[i] : "";
	}
	if (str_starts(value[0], "unix:") && value[0][strlen("unix:")] != '/')
		return err_set(ERR_INVALID,
			       "--url %s: a context needs the whole path of the socket", value[0]);
	rc = client_open_with(&(struct client_options){ .url = value[0],
							.ca = value[1],
							.fingerprint = value[2],
							.cert = value[3],
							.key = value[4],
							.token_file = value[5] },
			      CLIENT_CALLS, &client);
	client_close(client);
	return rc;
}

struct addition {
	const char *name;
	json_t *context;
};

static int
add(json_t *root, void *arg)
{
	const struct addition *addition = arg;

	if (find(root, addition->name) != NULL)
		return err_set(ERR_NAME_IN_USE,
			       "there is a context %s already; `vdsctl context remove %s` removes "
			       "it",
			       addition->name, addition->name);
	return json_object_set(json_object_get(root, "contexts"), addition->name,
			       addition->context) == 0
		       ? 0
		       : -ENOMEM;
}

int
ctl_run_context_add(struct ctl *ctl)
{
	struct addition addition = { ctl->args[0], NULL };
	int rc = name_check(addition.name);

	if (rc == 0 && ctl->options[OPT_URL] == NULL)
		rc = err_set(ERR_INVALID, "--url URL is missing: where the array is");
	if (rc == 0)
		rc = context_make(ctl, &addition.context);
	if (rc == 0)
		rc = context_try(addition.context);
	if (rc == 0)
		rc = ctl_context_change(add, &addition);
	json_decref(addition.context);
	if (rc == 0 && !ctl->quiet)
		fprintf(ctl->out,
			"context %s added; `vdsctl context use %s` makes it the usual one\n",
			addition.name, addition.name);
	return rc;
}

/* ---- use, remove ---- */

static int
use(json_t *root, void *arg)
{
	const char *name = arg;

	if (strcmp(name, NONE) == 0) {
		(void)json_object_del(root, "use"); /* it may not be there */
		return 0;
	}
	if (find(root, name) == NULL)
		return not_found(root, name);
	return json_object_set_new(root, "use", json_string(name)) == 0 ? 0 : -ENOMEM;
}

int
ctl_run_context_use(struct ctl *ctl)
{
	const char *name = ctl->args[0];
	int rc = ctl_context_change(use, (void *)(uintptr_t)name); /* it is only read */

	if (rc < 0 || ctl->quiet)
		return rc;
	if (strcmp(name, NONE) == 0)
		fprintf(ctl->out, "no context is in use\n");
	else
		fprintf(ctl->out, "context %s is in use%s\n", name,
			setting_of("VDS_URL") != NULL       ? ", but VDS_URL is set and counts"
			: setting_of("VDS_CONTEXT") != NULL ? ", but VDS_CONTEXT is set and counts"
							    : "");
	return 0;
}

static int
remove_one(json_t *root, void *arg)
{
	const char *name = arg;

	if (find(root, name) == NULL)
		return not_found(root, name);
	if (str_equal(text_of(root, "use"), name))
		(void)json_object_del(root, "use");
	(void)json_object_del(json_object_get(root, "contexts"), name);
	return 0;
}

int
ctl_run_context_remove(struct ctl *ctl)
{
	int rc = ctl_context_change(remove_one, (void *)(uintptr_t)ctl->args[0]);

	if (rc == 0 && !ctl->quiet)
		fprintf(ctl->out, "context %s removed\n", ctl->args[0]);
	return rc;
}

/* ---- list, show ---- */

/* A context as it is printed: with its name, and whether commands use it here and now. */
static json_t *
printed(const struct ctl *ctl, const json_t *root, const char *name)
{
	json_t *json = json_pack("{s:s, s:b}", "name", name, "in_use",
				 str_equal(chosen(ctl, root), name));

	if (json != NULL)
		(void)json_object_update(json, find(root, name));
	return json;
}

static void
row_add(struct table *table, const json_t *context)
{
	const char *ca = text_of(context, "ca"), *cert = text_of(context, "cert");

	table_add(table, text_of(context, "name"));
	table_add(table, json_is_true(json_object_get(context, "in_use")) ? "yes" : NULL);
	table_add(table, text_of(context, "url"));
	table_add(table, text_of(context, "fingerprint") != NULL ? "fingerprint" : ca);
	table_add(table, text_of(context, "token_file"));
	table_add(table, cert);
}

int
ctl_run_context_list(struct ctl *ctl)
{
	AUTO_TABLE struct table *table = table_new("NAME|IN USE|URL|TRUSTS|TOKEN FILE|CERTIFICATE");
	json_t *root = NULL, *list = json_array(), *context;
	const char *name;
	int rc = table != NULL && list != NULL ? ctl_context_read(&root) : -ENOMEM;

	if (rc == 0)
		json_object_foreach(
			json_object_get(root, "contexts"), name,
			context) if (json_array_append_new(list, printed(ctl, root, name)) < 0)
			rc = -ENOMEM;
	for (size_t i = 0; i < json_array_size(list); i++)
		row_add(table, json_array_get(list, i));
	if (rc == 0)
		rc = ctl->json ? ctl_json_print(list, ctl->out) : table_print(table, ctl->out);
	json_decref(list);
	json_decref(root);
	return rc;
}

/* Without a name: the one that commands use. */
int
ctl_run_context_show(struct ctl *ctl)
{
	json_t *root = NULL, *json = NULL;
	const char *name = NULL;
	int rc = ctl_context_read(&root);

	if (rc == 0)
		name = ctl->arg_count > 0 ? ctl->args[0] : chosen(ctl, root);
	if (rc == 0 && name == NULL)
		rc = err_set(ERR_NOT_FOUND, "no context is in use%s",
			     setting_of("VDS_URL") != NULL ? ": VDS_URL says where the array is"
							   : "");
	else if (rc == 0 && find(root, name) == NULL)
		rc = not_found(root, name);
	if (rc == 0)
		json = printed(ctl, root, name);
	if (rc == 0 && json == NULL)
		rc = -ENOMEM;
	if (rc == 0)
		rc = ctl->json ? ctl_json_print(json, ctl->out) : ctl_object_print(json, ctl->out);
	json_decref(json);
	json_decref(root);
	return rc;
}

void
ctl_context_each(void (*each)(void *arg, const char *name), void *arg)
{
	json_t *root = NULL, *contexts;

	if (ctl_context_read(&root) == 0) {
		contexts = json_object_get(root, "contexts");
		for (void *at = json_object_iter(contexts); at != NULL;
		     at = json_object_iter_next(contexts, at))
			each(arg, json_object_iter_key(at));
	}
	json_decref(root);
}
