/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The token that a client sends with each request: the contents of the file that its options or
 * VDS_TOKEN_FILE name.  The file is read again when vdsd refuses the token, so that a program that
 * runs for long goes on when somebody has put a new token there.  Any thread.
 */
#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/system.h"
#include "client/client_int.h"

#define TOKEN_BYTES_MAX 1024

static void
token_free(char *token)
{
	secret_free(token, token != NULL ? strlen(token) : 0);
}

/* The one word in the file, in place: a line's end after it does no harm. */
static int
word_check(char *text, const char *path)
{
	size_t len = strlen(text);

	while (len > 0 && strchr(" \t\r\n", text[len - 1]) != NULL)
		text[--len] = '\0';
	for (size_t i = 0; i < len; i++)
		if (text[i] <= ' ' || text[i] > '~')
			len = 0;
	return len > 0 ? 0
		       : err_set(ERR_INVALID,
				 "the file %s holds no token: a token is one word, as `vdsctl "
				 "token create` prints it",
				 path);
}

static int
token_read(const char *path, char **ret_token)
{
	size_t len = 0;
	char *text = NULL;
	int rc = secret_read("the token", path, TOKEN_BYTES_MAX, &text, &len);

	if (rc == 0)
		rc = word_check(text, path);
	if (rc == 0) {
		*ret_token = str_dup(text);
		rc = *ret_token != NULL ? 0 : -ENOMEM;
	}
	secret_free(text, len);
	return rc;
}

int
client_token_init(struct client_transport *t, const char *given)
{
	const char *path = given != NULL ? given : system_setting("VDS_TOKEN_FILE");

	if (path == NULL || path[0] == '\0')
		return 0;
	t->token_file = str_dup(path);
	return t->token_file != NULL ? token_read(path, &t->token) : -ENOMEM;
}

void
client_token_fini(struct client_transport *t)
{
	token_free(t->token);
	mem_free(t->token_file);
}

int
client_token_header(struct client_transport *t, struct strbuf *text)
{
	pthread_mutex_lock(&t->lock);
	if (t->token != NULL)
		strbuf_addf(text, "Authorization: Bearer %s\r\n", t->token);
	pthread_mutex_unlock(&t->lock);
	return text->failed ? -ENOMEM : 0;
}

bool
client_token_renew(struct client_transport *t)
{
	char *token = NULL;
	bool changed;

	if (t->token_file == NULL || token_read(t->token_file, &token) < 0)
		return false;
	pthread_mutex_lock(&t->lock);
	changed = !str_equal(token, t->token);
	if (changed) {
		char *old = t->token;

		t->token = token;
		token = old;
	}
	pthread_mutex_unlock(&t->lock);
	token_free(token);
	return changed;
}
