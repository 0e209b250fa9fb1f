/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tells the request of a program from that of a web page of another site, by its headers.  Any
 * thread.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "http/http_int.h"

/* ---- loopback TCP ---- */

static bool
host_is_loopback(const char *host)
{
	static const char *const names[] = { "127.0.0.1", "localhost", "[::1]" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		size_t len = strlen(names[i]);

		if (strncmp(host, names[i], len) == 0 && (host[len] == '\0' || host[len] == ':'))
			return true;
	}
	return false;
}

/*
 * A browser on this host sends requests for any web page.  A foreign Host is a rebound name, and an
 * Origin that differs from the Host belongs to a page of another site.  Programs send no Origin.
 */
bool
http_origin_is_ours(const char *host, const char *origin)
{
	if (host == NULL || !host_is_loopback(host))
		return false;
	if (origin == NULL)
		return true;
	return str_starts(origin, "http://") && strcmp(origin + strlen("http://"), host) == 0;
}

/* ---- TLS ---- */

#define HOST_SIZE 256

/* "[::1]:8443" → "::1", "a.example.:80" → "a.example".  Returns false when it is no host. */
static bool
host_split(const char *text, char host[HOST_SIZE])
{
	bool brackets = text[0] == '[';
	size_t len = strcspn(text + brackets, brackets ? "]" : ":");
	const char *rest = text + brackets + len;

	if (brackets && *rest++ != ']')
		return false;
	if (len == 0 || len >= HOST_SIZE || (*rest != '\0' && *rest != ':') ||
	    (*rest == ':' && rest[1 + strspn(rest + 1, "0123456789")] != '\0'))
		return false;
	memcpy(host, text + brackets, len);
	host[len] = '\0';
	if (!brackets && len > 1 && host[len - 1] == '.')
		host[len - 1] = '\0';
	return true;
}

static bool
is_address(const char *host)
{
	unsigned char bytes[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, host, bytes) == 1 || inet_pton(AF_INET6, host, bytes) == 1;
}

/*
 * A page can let its own name lead to this array (DNS rebinding), and then it is of the same
 * origin.  It cannot do that with a numeric address, and a browser refuses our certificate for its
 * name unless the user insists.  This check is for the user who does.
 */
static bool
tls_host_is_ours(const struct http_certs *certs, const struct tls_context *context,
		 const char *text)
{
	char host[HOST_SIZE];

	if (!host_split(text, host))
		return false;
	if (is_address(host) || strcasecmp(host, "localhost") == 0 ||
	    tls_server_covers(context, host))
		return true;
	for (size_t i = 0; i < certs->name_count; i++)
		if (strcasecmp(certs->names[i], host) == 0)
			return true;
	return false;
}

bool
http_tls_origin_is_ours(const struct http_certs *certs, const struct tls_context *context,
			const char *host, const char *origin)
{
	if (host == NULL || !tls_host_is_ours(certs, context, host))
		return false;
	return origin == NULL || (str_starts(origin, "https://") &&
				  strcasecmp(origin + strlen("https://"), host) == 0);
}
