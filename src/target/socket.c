/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How the system is to treat a connection's socket: how long it may wait, how much it may take from
 * us, and how it controls congestion.
 *
 * Where an initiator is on this host, nothing on the way can be congested, and what is to avoid it
 * only costs: BBR, which many systems choose for all connections, paces what it sends by timers,
 * and a quarter of the time of large reads went into them.  "reno" has no timer of its own, and
 * every kernel has it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "target/target_int.h"

#define SEND_TIMEOUT_MS  30000u /* a peer that takes no bytes for so long is gone */
/*
 * Bytes that the system takes from us beyond those that the peer lets it send.  Without a limit, it
 * takes up to 32 MiB for each peer that does not read; from some hundred peers on that is more than
 * it grants to TCP in all (net.ipv4.tcp_mem), and then it makes the buffers of every connection
 * small.
 */
#define UNSENT_MAX_BYTES (512 * 1024)

#define LOCAL_CONGESTION "reno"
#define NAME_SIZE        16 /* of an algorithm, with its NUL: TCP_CA_NAME_MAX */
#define PROC_IPV4        "/proc/sys/net/ipv4/"

/* ---- Congestion control ---- */

static const struct in6_addr *
mapped_of(const struct sockaddr_storage *sa, struct in6_addr *mapped)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)sa;

	if (sa->ss_family == AF_INET6)
		return &((const struct sockaddr_in6 *)sa)->sin6_addr;
	memset(mapped, 0, sizeof(*mapped));
	mapped->s6_addr[10] = mapped->s6_addr[11] = 0xff;
	memcpy(&mapped->s6_addr[12], &in->sin_addr, sizeof(in->sin_addr));
	return mapped;
}

bool
target_socket_is_here(const struct sockaddr_storage *peer, const struct sockaddr_storage *own)
{
	struct in6_addr room[2];
	const struct in6_addr *a = mapped_of(peer, &room[0]), *b = mapped_of(own, &room[1]);

	return IN6_IS_ADDR_LOOPBACK(a) || (IN6_IS_ADDR_V4MAPPED(a) && a->s6_addr[12] == 127) ||
	       memcmp(a, b, sizeof(*a)) == 0;
}

/* Returns 0 or -errno. */
static int
congestion_set(int fd, const char *name)
{
	return setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, (socklen_t)strlen(name)) == 0
		       ? 0
		       : -errno;
}

/* Reads the names that the system lists in a file of PROC_IPV4; "?" when it does not say. */
static void
names_read(const char *path, char *names, int size)
{
	FILE *f = fopen(path, "re");

	if (f == NULL || fgets(names, size, f) == NULL)
		snprintf(names, (size_t)size, "?");
	if (f != NULL)
		fclose(f);
	names[strcspn(names, "\n")] = '\0';
}

static int
explain(const char *name, int rc)
{
	char names[256];

	if (rc == -EPERM) {
		names_read(PROC_IPV4 "tcp_allowed_congestion_control", names, sizeof(names));
		return err_set(rc,
			       "congestion: the system does not let vdsd use %s, only %s; "
			       "net.ipv4.tcp_allowed_congestion_control names those that it may",
			       name, names);
	}
	names_read(PROC_IPV4 "tcp_available_congestion_control", names, sizeof(names));
	return err_set(rc == -ENOENT ? ERR_INVALID : rc,
		       "congestion: the system has no congestion control %s, only %s; another one "
		       "may need a module, such as tcp_cubic",
		       name, names);
}

int
target_congestion_check(const char *name)
{
	if (name == NULL || strcmp(name, TARGET_CONGESTION_SYSTEM) == 0)
		return 0;
	if (name[0] == '\0' || strlen(name) >= NAME_SIZE)
		return err_set(
			ERR_INVALID,
			"congestion takes the name of an algorithm of the system, of at most "
			"%d characters, or " TARGET_CONGESTION_SYSTEM,
			NAME_SIZE - 1);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 && errno == EAFNOSUPPORT)
		fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_set(-errno, "congestion: no socket: %s", strerror(errno));
	int rc = congestion_set(fd, name);

	close(fd);
	return rc < 0 ? explain(name, rc) : 0;
}

/* Where the system refuses, the connection keeps the system's own choice, which works as well. */
static void
choose_congestion(int fd, const char *wanted, bool here)
{
	if (wanted == NULL)
		wanted = here ? LOCAL_CONGESTION : TARGET_CONGESTION_SYSTEM;
	if (strcmp(wanted, TARGET_CONGESTION_SYSTEM) != 0)
		(void)congestion_set(fd, wanted);
}

/* ---- All of it ---- */

static void
format_sockaddr(const struct sockaddr_storage *sa, char text[ADDRESS_TEXT_SIZE],
		char host[ADDRESS_TEXT_SIZE])
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)sa;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)sa;

	if (sa->ss_family == AF_INET6) {
		inet_ntop(AF_INET6, &in6->sin6_addr, host, ADDRESS_TEXT_SIZE);
		snprintf(text, ADDRESS_TEXT_SIZE, "[%s]:%u", host, ntohs(in6->sin6_port));
	} else {
		inet_ntop(AF_INET, &in->sin_addr, host, ADDRESS_TEXT_SIZE);
		snprintf(text, ADDRESS_TEXT_SIZE, "%s:%u", host, ntohs(in->sin_port));
	}
}

void
target_socket_set_up(struct target_conn *conn)
{
	struct sockaddr_storage peer, own;
	socklen_t peer_len = sizeof(peer), own_len = sizeof(own);
	int one = 1, unsent = UNSENT_MAX_BYTES;
	unsigned timeout_ms = SEND_TIMEOUT_MS;
	char unused[ADDRESS_TEXT_SIZE];

	setsockopt(conn->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(conn->fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof(unsent));
	setsockopt(conn->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms, sizeof(timeout_ms));
	bool has_peer = getpeername(conn->fd, (struct sockaddr *)&peer, &peer_len) == 0;
	bool has_own = getsockname(conn->fd, (struct sockaddr *)&own, &own_len) == 0;

	if (has_peer)
		format_sockaddr(&peer, conn->peer, conn->host);
	if (has_own)
		format_sockaddr(&own, conn->local, unused);
	choose_congestion(conn->fd, conn->thread->target->options.congestion,
			  has_peer && has_own && target_socket_is_here(&peer, &own));
}
