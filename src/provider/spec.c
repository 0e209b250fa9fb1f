/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How one array of the list is written: a URL, and behind it what counts for this array alone, with
 * blanks between them: "https://a:8443 fingerprint=AB:CD token-file=/etc/vds/a.token".  Pure.
 */
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "provider/provider_int.h"

bool
provider_spec_is_option(const char *word)
{
	size_t len = strspn(word, "abcdefghijklmnopqrstuvwxyz-");

	return len > 0 && word[len] == '=';
}

static int
option_take(const char *word, struct client_options *options)
{
	const struct {
		const char *name;
		const char **value;
	} known[] = { { "ca=", &options->ca },
		      { "fingerprint=", &options->fingerprint },
		      { "cert=", &options->cert },
		      { "key=", &options->key },
		      { "token-file=", &options->token_file } };

	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (!str_starts(word, known[i].name))
			continue;
		if (*known[i].value != NULL)
			return err_set(ERR_INVALID, "%s is given twice for %s", known[i].name,
				       options->url);
		*known[i].value = word + strlen(known[i].name);
		return 0;
	}
	return err_set(ERR_INVALID,
		       "%s, behind %s, is no option of an array: these are ca=, fingerprint=, "
		       "cert=, key= and token-file=",
		       word, options->url);
}

int
provider_spec_parse(char *spec, struct client_options *ret_options)
{
	char *rest = NULL;
	int rc = 0;

	*ret_options = (struct client_options){ .url = strtok_r(spec, " ", &rest) };
	for (char *word; rc == 0 && (word = strtok_r(NULL, " ", &rest)) != NULL;)
		rc = option_take(word, ret_options);
	return rc;
}
