/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Fuzz target for the URL of an array and for fingerprints of certificates: the first line of the
 * input is the URL, the rest is the list of fingerprints.  What is taken must be usable.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "client/client_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *
text_of(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	if (text == NULL)
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

static void
peer_check(const struct client_peer *peer)
{
	if (peer->name == NULL || peer->name[0] == '\0')
		abort();
	if (peer->socket_path == NULL && peer->port == 0)
		abort();
	if ((peer->tls == NULL) != (peer->host == NULL))
		abort();
	if (peer->host != NULL &&
	    (peer->host[0] == '\0' || strpbrk(peer->name, " \t\r\n/@?#") != NULL))
		abort(); /* the name becomes a header */
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = memchr(data, '\n', size);
	size_t url_len = end != NULL ? (size_t)(end - data) : size;
	char *url = text_of(data, url_len);
	char *fingerprint = end != NULL ? text_of(end + 1, size - url_len - 1) : NULL;
	const struct client_options options = { .url = url, .fingerprint = fingerprint };
	struct client_peer *peers;
	size_t count;

	if (client_peers_init(&options, &peers, &count) == 0)
		for (size_t i = 0; i < count; i++)
			peer_check(&peers[i]);
	client_peers_fini(peers, count);
	free(url);
	free(fingerprint);
	return 0;
}
