/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Opens the listening sockets: unix, loopback TCP, and TCP at any address for TLS.  vdsd's main
 * thread.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "http/http_int.h"

#define SOCKET_MODE 0660
#define BACKLOG     128

/* Returns whether a process answers on the socket. */
static bool
socket_is_alive(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool alive;

	if (fd < 0)
		return false;
	alive = connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0;
	close(fd);
	return alive;
}

/*
 * Removes the socket that an earlier run has left.  Leaves alone everything except a socket on
 * which no process answers.
 */
static int
stale_remove(const struct sockaddr_un *address)
{
	struct stat st;

	if (lstat(address->sun_path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return err_set(-EEXIST,
			       "%s exists and is not a socket: remove it, or choose another path",
			       address->sun_path);
	if (socket_is_alive(address))
		return err_set(ERR_LOCKED, "another process answers on the socket %s",
			       address->sun_path);
	return unlink(address->sun_path) < 0 ? -errno : 0;
}

/*
 * Sets the mode before the name exists, so that the mode is never wider (the umask can only make it
 * narrower).
 */
static int
unix_bind(int fd, const struct sockaddr_un *address)
{
	if (fchmod(fd, SOCKET_MODE) < 0 ||
	    bind(fd, (const struct sockaddr *)address, sizeof(*address)) < 0)
		return err_set(-errno, "cannot make the socket %s: %s", address->sun_path,
			       strerror(errno));
	if (chmod(address->sun_path, SOCKET_MODE) < 0 || listen(fd, BACKLOG) < 0) {
		int rc = -errno;

		unlink(address->sun_path);
		return rc;
	}
	return 0;
}

int
http_listen_unix(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd, rc;

	if (strlen(path) >= sizeof(address.sun_path))
		return err_set(ERR_INVALID, "the path of the socket is longer than %zu bytes: %s",
			       sizeof(address.sun_path) - 1, path);
	memcpy(address.sun_path, path, strlen(path) + 1);
	rc = stale_remove(&address);
	if (rc < 0)
		return rc;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	rc = unix_bind(fd, &address);
	if (rc < 0) {
		close(fd);
		return rc;
	}
	return fd;
}

/* ---- TCP ---- */

/* "127.0.0.1:80" or "[::1]:80" → host and port, in place. */
static int
where_split(char *where, char **ret_host, char **ret_port)
{
	char *colon = strrchr(where, ':');
	size_t len;

	if (colon == NULL || colon == where)
		return err_set(ERR_INVALID, "%s is not ADDRESS:PORT, such as 127.0.0.1:8080",
			       where);
	len = (size_t)(colon - where);
	if (where[0] == '[' && where[len - 1] == ']') {
		where[len - 1] = '\0';
		where++;
	} else if (memchr(where, ':', len) != NULL) {
		return err_set(ERR_INVALID, "an IPv6 address must be in brackets: [::1]:PORT");
	}
	*colon = '\0';
	*ret_host = where;
	*ret_port = colon + 1;
	return 0;
}

static bool
is_loopback(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const void *)address;

		return ntohl(in->sin_addr.s_addr) >> 24 == 127;
	}
	return address->sa_family == AF_INET6 &&
	       IN6_IS_ADDR_LOOPBACK(
		       &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr);
}

static int
tcp_bind(const struct addrinfo *info, uint16_t *ret_port)
{
	struct sockaddr_storage bound;
	socklen_t len = sizeof(bound);
	int one = 1, rc;
	int fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	/* [::] is IPv6 alone, so that it can stand beside 0.0.0.0 */
	if (info->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0 ||
	    bind(fd, info->ai_addr, info->ai_addrlen) < 0 || listen(fd, BACKLOG) < 0 ||
	    getsockname(fd, (struct sockaddr *)&bound, &len) < 0) {
		rc = -errno;
		close(fd);
		return rc;
	}
	/* the port is at the same place for both families */
	*ret_port = ntohs(((const struct sockaddr_in *)(const void *)&bound)->sin_port);
	return fd;
}

/* Parses "127.0.0.1:80".  The caller frees *ret_info (freeaddrinfo) and *ret_copy. */
static int
where_parse(const char *where, struct addrinfo **ret_info, char **ret_copy, char **ret_host)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
				  .ai_socktype = SOCK_STREAM };
	AUTO_FREE char *copy = str_dup(where);
	char *host = NULL, *port = NULL;
	int rc;

	if (copy == NULL)
		return -ENOMEM;
	rc = where_split(copy, &host, &port);
	if (rc < 0)
		return rc;
	if (getaddrinfo(host, port, &hints, ret_info) != 0)
		return err_set(ERR_INVALID,
			       "%s is not a numeric ADDRESS:PORT, such as 127.0.0.1:8080", where);
	*ret_host = host;
	*ret_copy = TAKE(copy);
	return 0;
}

int
http_listen_tcp(const char *where, uint16_t *ret_port)
{
	AUTO_FREE char *copy = NULL;
	struct addrinfo *info;
	char *host;
	int rc = where_parse(where, &info, &copy, &host);

	if (rc < 0)
		return rc;
	if (is_loopback(info->ai_addr)) {
		rc = tcp_bind(info, ret_port);
		if (rc < 0)
			rc = err_set(rc, "cannot listen on %s: %s", where, strerror(-rc));
	} else {
		rc = err_set(ERR_NOT_SUPPORTED,
			     "%s is not a loopback address: beyond this host the API is served "
			     "with TLS only: --https %s",
			     where, where);
	}
	freeaddrinfo(info);
	return rc;
}

int
http_listen_tls(const char *where, char ret_address[64])
{
	AUTO_FREE char *copy = NULL;
	struct addrinfo *info;
	uint16_t port = 0;
	char *host;
	int rc = where_parse(where, &info, &copy, &host);

	if (rc < 0)
		return rc;
	rc = tcp_bind(info, &port);
	if (rc < 0)
		rc = err_set(rc, "cannot listen on %s: %s", where, strerror(-rc));
	else
		snprintf(ret_address, 64, info->ai_family == AF_INET6 ? "[%s]:%u" : "%s:%u", host,
			 port);
	freeaddrinfo(info);
	return rc;
}
