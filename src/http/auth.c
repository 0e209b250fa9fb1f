/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Decides who asks: the program with the token of the header Authorization (RFC 6750), the user
 * behind the unix socket, the holder of a certificate over TLS, or a program on this host that came
 * over loopback TCP.  Decided anew for each request, so that a token that is revoked and a role
 * that is taken away count at once.  The connection's thread.
 *
 * Wrong tokens cannot be guessed (256 bits), but they must not fill the log: one line a second says
 * how many there were.  Whoever sends more than WRONG_MAX in a second is answered 429; a good token
 * from the same place is served all the same.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "http/http_int.h"

#define WRONG_MAX 10

static const char no_token[] = "WWW-Authenticate: Bearer realm=\"vdsd\"\r\n";
static const char bad_token[] =
	"WWW-Authenticate: Bearer realm=\"vdsd\", error=\"invalid_token\"\r\n";
static const char too_many[] = "Retry-After: 1\r\n";

/* ---- wrong tokens ---- */

/* Returns the entry of a source: its own, or the one that was used longest ago. */
static struct http_wrong_source *
source_find(struct http_wrong *wrong, const char *source)
{
	struct http_wrong_source *oldest = &wrong->sources[0];

	for (size_t i = 0; i < ARRAY_LEN(wrong->sources); i++) {
		if (strcmp(wrong->sources[i].source, source) == 0)
			return &wrong->sources[i];
		if (wrong->sources[i].second < oldest->second)
			oldest = &wrong->sources[i];
	}
	snprintf(oldest->source, sizeof(oldest->source), "%s", source);
	oldest->second = 0;
	return oldest;
}

/* Counts a wrong token.  Returns how many the source has sent in this second. */
static unsigned
wrong_count(struct http_wrong *wrong, const struct principal *who, const char *reason)
{
	uint64_t second = clock_mono_ns() / NS_PER_S + 1;
	char source[PRINCIPAL_FROM_SIZE];
	struct http_wrong_source *entry;
	unsigned count, say = 0;

	http_principal_source(who, source);
	pthread_mutex_lock(&wrong->lock);
	entry = source_find(wrong, source);
	if (entry->second != second) {
		entry->second = second;
		entry->count = 0;
	}
	count = ++entry->count;
	wrong->unsaid++;
	if (wrong->said_second != second) {
		wrong->said_second = second;
		say = wrong->unsaid;
		wrong->unsaid = 0;
	}
	pthread_mutex_unlock(&wrong->lock);
	if (say > 0)
		log_warning("http.token", "wrong=%u from=\"%s\" reason=\"%s\"", say, source,
			    reason);
	return count;
}

bool
http_auth_may_record(struct http *http)
{
	struct http_wrong *wrong = &http->wrong;
	uint64_t second = clock_mono_ns() / NS_PER_S + 1;
	bool may;

	pthread_mutex_lock(&wrong->lock);
	if (wrong->recorded_second != second) {
		wrong->recorded_second = second;
		wrong->recorded = 0;
	}
	may = wrong->recorded++ < WRONG_MAX;
	pthread_mutex_unlock(&wrong->lock);
	return may;
}

/* ---- one request ---- */

/* Returns the text of the token in a header's value, or NULL (another scheme, or none). */
static const char *
bearer(const char *value)
{
	static const char scheme[] = "Bearer";
	size_t len = sizeof(scheme) - 1;

	if (strncasecmp(value, scheme, len) != 0 || value[len] != ' ')
		return NULL;
	value += len + strspn(value + len, " ");
	return *value != '\0' && value[strcspn(value, " \t,")] == '\0' ? value : NULL;
}

static int
refuse(struct http_conn *conn, const char *header, unsigned status, unsigned *ret_status)
{
	conn->header = header;
	*ret_status = status;
	return ERR_ACCESS;
}

static int
token_refused(struct http_conn *conn, const char *reason, unsigned *ret_status)
{
	unsigned count = wrong_count(&conn->http->wrong, &conn->peer.principal, reason);

	conn->said = true;
	if (count <= WRONG_MAX)
		return refuse(conn, bad_token, 401, ret_status);
	err_set(ERR_ACCESS,
		"more than %d wrong tokens came from here within a second: wait a "
		"second, and then send a token that is right",
		WRONG_MAX);
	return refuse(conn, too_many, 429, ret_status);
}

static int
token_take(struct http_conn *conn, const char *value, unsigned *ret_status)
{
	const char *secret = bearer(value);
	struct array_token token;
	int rc;

	if (secret == NULL) {
		err_set(ERR_ACCESS, "the header Authorization must be `Bearer TOKEN`");
		return refuse(conn, no_token, 401, ret_status);
	}
	rc = array_token_check(conn->http->array, secret, &token);
	if (rc == ERR_ACCESS) {
		char reason[256];

		snprintf(reason, sizeof(reason), "%.*s", (int)strcspn(err_text(rc), ":"),
			 err_text(rc));
		return token_refused(conn, reason, ret_status);
	}
	if (rc < 0)
		return rc;
	conn->token = token.id;
	conn->principal.kind = PRINCIPAL_TOKEN;
	conn->principal.role = token.role;
	memcpy(conn->principal.name, token.name, sizeof(token.name));
	return 0;
}

/*
 * Refuses the holder of a certificate that is not trusted any more.  A token does not help him: the
 * connection itself is not what it was.
 */
static int
certificate_check(struct http_conn *conn, unsigned *ret_status)
{
	AUTO_FREE char *why = NULL;
	int rc = http_certs_check(conn);

	if (rc != ERR_UNTRUSTED)
		return rc;
	why = str_dup(err_text(rc));
	err_set(ERR_ACCESS,
		"the certificate that this connection began with is not trusted any more: %s; "
		"connect again with another one, or with a token",
		why != NULL ? why : "it is not in force");
	return refuse(conn, NULL, 401, ret_status);
}

int
http_auth(struct http_conn *conn, unsigned *ret_status)
{
	const char *value = wire_http_header(&conn->request, "Authorization");
	int rc;

	conn->principal = conn->peer.principal;
	conn->token = (struct guid){ { 0 } };
	rc = certificate_check(conn, ret_status);
	if (rc < 0)
		return rc;
	if (value != NULL)
		return token_take(conn, value, ret_status);
	conn->principal.role = http_roles_find(conn->http, &conn->peer);
	if (conn->principal.role != ROLE_NONE ||
	    (conn->principal.kind != PRINCIPAL_TCP && conn->principal.kind != PRINCIPAL_TLS))
		return 0;
	err_set(ERR_ACCESS,
		"over TCP a token is needed: name the file that holds one in VDS_TOKEN_FILE, or "
		"send it as `Authorization: Bearer`; `vdsctl token create` makes one");
	return refuse(conn, no_token, 401, ret_status);
}

const char *
http_auth_lost(struct http_conn *conn)
{
	if (http_certs_check(conn) == ERR_UNTRUSTED)
		return "the client's certificate is not trusted any more";
	if (!guid_is_zero(&conn->token))
		return array_token_role(conn->http->array, &conn->token) >= ROLE_READER
			       ? NULL
			       : "the token was revoked or has expired";
	return http_roles_find(conn->http, &conn->peer) >= ROLE_READER ? NULL
								       : "the role was taken away";
}
