/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reads the URL of an array: a unix socket, a port of this host, or any host over TLS; or several,
 * of the gateways of one array.
 */
#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/system.h"
#include "client/client_int.h"

#define HTTPS_PORT      443 /* RFC 9110 §4.2.2 */
#define HOST_NAME_BYTES 253

/* "8443", "8443/".  Returns false when it is no port. */
static bool
port_parse(const char *digits, uint16_t *ret_port)
{
	size_t len = strspn(digits, "0123456789");
	unsigned port = 0;

	if (len == 0 || len > 5 || digits[len + strspn(digits + len, "/")] != '\0')
		return false;
	for (size_t d = 0; d < len; d++)
		port = port * 10 + (unsigned)(digits[d] - '0');
	*ret_port = (uint16_t)port;
	return port != 0 && port <= UINT16_MAX;
}

/* The text without slashes at its end. */
static char *
name_of(const char *text)
{
	size_t len = strlen(text);

	while (len > 0 && text[len - 1] == '/')
		len--;
	return str_ndup(text, len);
}

/* ---- http: this host only ---- */

static int
http_parse(const char *rest, struct client_peer *peer)
{
	static const struct {
		const char *prefix;
		bool six, either;
	} hosts[] = {
		{ "127.0.0.1:", false, false },
		{ "[::1]:", true, false },
		{ "localhost:", false, true },
	};

	for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
		if (!str_starts(rest, hosts[i].prefix))
			continue;
		if (!port_parse(rest + strlen(hosts[i].prefix), &peer->port))
			break;
		peer->six = hosts[i].six;
		peer->either = hosts[i].either;
		peer->name = name_of(rest);
		return peer->name != NULL ? 0 : -ENOMEM;
	}
	return ERR_INVALID;
}

/* ---- https ---- */

static bool
is_host_name(const char *name, size_t len)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";

	if (len == 0 || len > HOST_NAME_BYTES || name[0] == '-' || name[0] == '.')
		return false;
	for (size_t i = 0; i < len; i++)
		if (strchr(letters, name[i]) == NULL)
			return false;
	return true;
}

/* "array.example:8443", "192.0.2.10", "[2001:db8::1]:8443/" */
static int
https_parse(const char *rest, struct client_peer *peer)
{
	bool brackets = rest[0] == '[';
	const char *host = rest + brackets, *after;
	size_t len = strcspn(host, brackets ? "]" : ":/");

	after = host + len + (brackets && host[len] == ']');
	if (brackets ? len == 0 || host[len] != ']' ||
			       strspn(host, "0123456789abcdefABCDEF:.") != len
		     : !is_host_name(host, len))
		return ERR_INVALID;
	peer->port = HTTPS_PORT;
	if (*after == ':' ? !port_parse(after + 1, &peer->port) : after[strspn(after, "/")] != '\0')
		return ERR_INVALID;
	peer->host = str_ndup(host, len);
	peer->name = name_of(rest);
	return peer->host != NULL && peer->name != NULL ? 0 : -ENOMEM;
}

/* What was not given is what the environment says. */
static const char *
setting(const char *given, const char *name)
{
	const char *value = given != NULL ? given : system_setting(name);

	return value != NULL && value[0] != '\0' ? value : NULL;
}

static bool
is_given(const char *option)
{
	return option != NULL && option[0] != '\0';
}

static int
tls_prepare(const struct client_options *options, struct client_peer *peer)
{
	struct tls_client_options tls = {
		.ca = setting(options->ca, "VDS_CA"),
		.fingerprints = setting(options->fingerprint, "VDS_FINGERPRINT"),
		.cert = setting(options->cert, "VDS_CERT"),
		.key = setting(options->key, "VDS_KEY"),
	};

	/* what was given for this client counts before what the environment says for all */
	if (is_given(options->ca) && options->fingerprint == NULL)
		tls.fingerprints = NULL;
	return tls_client_new(&tls, &peer->tls);
}

/* An option that cannot have an effect is a mistake. */
static int
tls_refuse(const struct client_options *options)
{
	/* of several gateways one may be on this host */
	if (strstr(options->url, "https://") != NULL)
		return 0;
	if (!is_given(options->ca) && !is_given(options->fingerprint) && !is_given(options->cert) &&
	    !is_given(options->key))
		return 0;
	return err_set(
		ERR_INVALID,
		"--ca, --fingerprint, --cert and --key are for https://host:port, and the URL "
		"is %s",
		options->url);
}

/* ---- all ---- */

static int
peer_init(struct client_peer *peer, const char *url, const struct client_options *options)
{
	int rc = ERR_INVALID;

	if (str_starts(url, "unix:/")) {
		peer->socket_path = str_dup(url + strlen("unix:"));
		peer->name = str_dup("localhost");
		return peer->socket_path != NULL && peer->name != NULL ? tls_refuse(options)
								       : -ENOMEM;
	}
	if (str_starts(url, "http://"))
		rc = http_parse(url + strlen("http://"), peer);
	else if (str_starts(url, "https://"))
		rc = https_parse(url + strlen("https://"), peer);
	if (rc == 0)
		rc = peer->host != NULL ? tls_prepare(options, peer) : tls_refuse(options);
	else if (rc == ERR_INVALID)
		rc = err_set(ERR_INVALID,
			     "%s is not a URL of vdsd: write unix:/path, http://127.0.0.1:port or "
			     "https://host:port, or several of one array with commas between them",
			     url);
	return rc;
}

/*
 * Returns how long the first URL of a list is.  The path of a socket may have commas, so only one
 * before the beginning of a URL ends it.
 */
static size_t
first_len(const char *urls)
{
	static const char *const begins[] = { "unix:", "http:", "https:" };

	for (size_t at = 0;; at++) {
		at += strcspn(urls + at, ",");
		if (urls[at] == '\0')
			return at;
		for (size_t i = 0; i < ARRAY_LEN(begins); i++)
			if (str_starts(urls + at + 1, begins[i]))
				return at;
	}
}

static size_t
url_count(const char *urls)
{
	size_t count = 1;

	for (urls += first_len(urls); *urls != '\0'; urls += first_len(urls)) {
		count++;
		urls++;
	}
	return count;
}

int
client_peers_init(const struct client_options *options, struct client_peer **ret_peers,
		  size_t *ret_count)
{
	size_t count = url_count(options->url);
	const char *at = options->url;
	int rc = 0;

	*ret_peers = NULL;
	*ret_count = 0;
	if (count > CLIENT_PEERS_MAX)
		return err_set(ERR_INVALID,
			       "an array has at most %d gateways, and the URL names %zu",
			       CLIENT_PEERS_MAX, count);
	*ret_peers = mem_calloc(count, sizeof(**ret_peers));
	if (*ret_peers == NULL)
		return -ENOMEM;
	*ret_count = count;
	for (size_t i = 0; rc == 0 && i < count; i++) {
		AUTO_FREE char *url = str_ndup(at, first_len(at));

		rc = url != NULL ? peer_init(&(*ret_peers)[i], url, options) : -ENOMEM;
		at += first_len(at) + 1;
	}
	return rc;
}

void
client_peers_fini(struct client_peer *peers, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		mem_free(peers[i].socket_path);
		mem_free(peers[i].name);
		mem_free(peers[i].host);
		tls_context_unref(peers[i].tls);
	}
	mem_free(peers);
}
