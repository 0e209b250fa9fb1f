/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Finds out who is behind a connection: the unix user (SO_PEERCRED) or, over TCP, the peer's
 * address.  The connection's thread.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
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

static int
unix_get(int fd, struct principal *p)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
		return -1;
	p->kind = PRINCIPAL_UNIX;
	p->uid = peer.uid;
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
