/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who is behind a connection: the unix user by SO_PEERCRED, or the peer's address over TCP.  Called by the thread of the
 * connection.  Looking up the user's name may ask the host's name services, and so may take as long as they do.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "http/http_int.h"

#define PASSWD_BYTES 2048

static void
user_name(uid_t uid, char name[PRINCIPAL_NAME_SIZE])
{
	struct passwd entry, *found = NULL;
	char bytes[PASSWD_BYTES];

	if (getpwuid_r(uid, &entry, bytes, sizeof(bytes), &found) == 0 && found != NULL &&
	    str_is_text(found->pw_name, strlen(found->pw_name)))
		snprintf(name, PRINCIPAL_NAME_SIZE, "%s", found->pw_name);
}

static int
unix_get(int fd, struct principal *p)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
		return -1;
	p->kind = PRINCIPAL_UNIX;
	p->uid = peer.uid;
	user_name(peer.uid, p->name);
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
http_principal_get(int fd, bool tcp, struct principal *ret_principal)
{
	struct principal principal = { .role = ROLE_NONE };

	if ((tcp ? tcp_get(fd, &principal) : unix_get(fd, &principal)) == 0)
		principal.role = ROLE_ADMIN;
	*ret_principal = principal;
}
