/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Finds out who is behind a connection: the unix user (SO_PEERCRED) or, over TCP, the peer's
 * address; over TLS also the name in the client's certificate.  The connection's thread.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "http/http_int.h"

#define PASSWD_BYTES 2048
#define KEEP_NS      (60 * NS_PER_S)

void
http_names_init(struct http_names *names)
{
	*names = (struct http_names){ 0 };
	pthread_mutex_init(&names->lock, NULL);
}

void
http_names_fini(struct http_names *names)
{
	pthread_mutex_destroy(&names->lock);
}

static void
name_look_up(uid_t uid, char name[PRINCIPAL_NAME_SIZE])
{
	struct passwd entry, *found = NULL;
	char bytes[PASSWD_BYTES];

	name[0] = '\0';
	if (getpwuid_r(uid, &entry, bytes, sizeof(bytes), &found) == 0 && found != NULL &&
	    str_is_text(found->pw_name, strlen(found->pw_name)))
		snprintf(name, PRINCIPAL_NAME_SIZE, "%s", found->pw_name);
}

void
http_principal_name(struct http_names *names, struct principal *principal)
{
	uint64_t now = clock_mono_ns();
	bool known;

	if (principal->kind != PRINCIPAL_UNIX || principal->name[0] != '\0')
		return;
	pthread_mutex_lock(&names->lock);
	known = now < names->until_ns && names->uid == principal->uid;
	if (known)
		memcpy(principal->name, names->name, sizeof(principal->name));
	pthread_mutex_unlock(&names->lock);
	if (known)
		return;
	name_look_up(principal->uid, principal->name);
	pthread_mutex_lock(&names->lock);
	names->uid = principal->uid;
	names->until_ns = now + KEEP_NS;
	memcpy(names->name, principal->name, sizeof(names->name));
	pthread_mutex_unlock(&names->lock);
}

/*
 * Asks for the groups that the peer had when it connected, besides its primary one.  A kernel that
 * does not know them gives none.
 */
static void
groups_get(int fd, gid_t primary, struct http_peer *peer)
{
	socklen_t len = 0;
	uint32_t *groups;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &len) == 0 || errno != ERANGE)
		len = 0;
	groups = mem_calloc(len / sizeof(*groups) + 1, sizeof(*groups));
	if (groups == NULL)
		return; /* fewer roles, never more */
	if (len > 0 && getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) < 0)
		len = 0;
	peer->group_count = len / sizeof(*groups);
	groups[peer->group_count++] = primary;
	peer->groups = groups;
}

static int
unix_get(int fd, struct http_peer *ret_peer)
{
	struct principal *p = &ret_peer->principal;
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
		return -1;
	p->kind = PRINCIPAL_UNIX;
	p->uid = peer.uid;
	groups_get(fd, peer.gid, ret_peer);
	snprintf(p->from, sizeof(p->from), "pid %d", (int)peer.pid);
	return 0;
}

static int
tcp_get(int fd, struct principal *p)
{
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);
	char host[INET6_ADDRSTRLEN] = "";
	bool six;
	const void *bytes;

	if (getpeername(fd, (struct sockaddr *)&address, &len) < 0)
		return -1;
	six = address.ss_family == AF_INET6;
	bytes = six ? (const void *)&((const struct sockaddr_in6 *)(const void *)&address)
				->sin6_addr
		    : (const void *)&((const struct sockaddr_in *)(const void *)&address)->sin_addr;
	if (inet_ntop(address.ss_family, bytes, host, sizeof(host)) == NULL)
		return -1;
	p->kind = PRINCIPAL_TCP;
	/* the port is at the same place for both families */
	snprintf(p->from, sizeof(p->from), six ? "[%s]:%u" : "%s:%u", host,
		 ntohs(((const struct sockaddr_in *)(const void *)&address)->sin_port));
	return 0;
}

void
http_peer_get(int fd, bool tcp, struct http_peer *ret_peer)
{
	*ret_peer = (struct http_peer){ .principal = { .kind = PRINCIPAL_OTHER } };
	if (tcp)
		(void)tcp_get(fd, &ret_peer->principal);
	else
		(void)unix_get(fd, ret_peer);
}

void
http_principal_source(const struct principal *principal, char source[PRINCIPAL_FROM_SIZE])
{
	char *colon;

	if (principal->kind == PRINCIPAL_UNIX) {
		snprintf(source, PRINCIPAL_FROM_SIZE, "uid %u", principal->uid);
		return;
	}
	memcpy(source, principal->from, PRINCIPAL_FROM_SIZE);
	colon = strrchr(source, ':');
	if (colon != NULL)
		*colon = '\0';
}

void
http_principal_owner(const struct http_conn *conn, char owner[HTTP_OWNER_SIZE])
{
	const struct principal *p = &conn->principal;
	char source[PRINCIPAL_FROM_SIZE];

	if (p->kind == PRINCIPAL_TOKEN || p->kind == PRINCIPAL_CERTIFICATE) {
		snprintf(owner, HTTP_OWNER_SIZE, "%s %s",
			 p->kind == PRINCIPAL_TOKEN ? "token" : "certificate", p->name);
		return;
	}
	http_principal_source(p, source);
	snprintf(owner, HTTP_OWNER_SIZE, "%s", source);
}

void
http_principal_tls(const struct tls_conn *tls, struct principal *principal)
{
	char name[PRINCIPAL_NAME_SIZE], quoted[512];
	int rc = tls_conn_peer_name(tls, name, sizeof(name));

	principal->role = ROLE_NONE;
	principal->kind = PRINCIPAL_TLS;
	if (rc == 0) {
		principal->kind = PRINCIPAL_CERTIFICATE;
		memcpy(principal->name, name, sizeof(name));
	} else if (rc != ERR_NOT_FOUND) {
		log_info_from(principal->from, "http.client_certificate", "from=%s error=%s",
			      principal->from, log_quote(err_text(rc), quoted, sizeof(quoted)));
	}
}
