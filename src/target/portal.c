/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Portals: each has one listening socket in the loop of one thread, which accepts its connections
 * in turn with other strangers' input (stranger.c).  A portal whose address this host does not have
 * (yet), or whose port is taken, is not ready, and is tried again.  The publisher makes portals;
 * everything else runs on the portal's thread.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/guid.h"
#include "base/log.h"
#include "base/str.h"
#include "target/target_int.h"

#define LISTEN_BACKLOG 512

int
target_portal_new(struct target *target, const struct row_portal *row, bool inside,
		  struct target_portal **ret_portal)
{
	struct target_portal *portal = mem_calloc(1, sizeof(*portal));

	if (portal == NULL || target_traffic_get(target, row->address, &portal->traffic) < 0) {
		mem_free(portal);
		return -ENOMEM;
	}
	atomic_init(&portal->refs, 1);
	portal->row = row_ref(row);
	portal->inside = inside;
	portal->thread = &target->threads[guid_hash(&row->id) % target->thread_count];
	portal->lfd.fd = -1;
	*ret_portal = portal;
	return 0;
}

struct target_portal *
target_portal_ref(struct target_portal *portal)
{
	atomic_fetch_add_explicit(&portal->refs, 1, memory_order_relaxed);
	return portal;
}

void
target_portal_unref(struct target_portal *portal)
{
	if (portal == NULL ||
	    atomic_fetch_sub_explicit(&portal->refs, 1, memory_order_acq_rel) != 1)
		return;
	mem_free(portal->reason);
	row_unref(portal->row);
	mem_free(portal);
}

void
target_portal_format(const struct row_portal *row, char text[ADDRESS_TEXT_SIZE])
{
	const char *format = strchr(row->address, ':') != NULL ? "[%s]:%" PRIu32 : "%s:%" PRIu32;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(text, ADDRESS_TEXT_SIZE, format, row->address, row->port);
#pragma GCC diagnostic pop
}

int
target_portal_address(const char *text, uint16_t port, struct sockaddr_storage *ret,
		      socklen_t *ret_len)
{
	struct sockaddr_in *in = (struct sockaddr_in *)ret;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ret;

	memset(ret, 0, sizeof(*ret));
	if (inet_pton(AF_INET, text, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		*ret_len = sizeof(*in);
		return 0;
	}
	if (inet_pton(AF_INET6, text, &in6->sin6_addr) == 1) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(port);
		*ret_len = sizeof(*in6);
		return 0;
	}
	return -EINVAL;
}

/* A bound socket, or -errno.  reuse: also a port on which old connections linger. */
static int
bind_socket(const char *address, uint16_t port, bool reuse)
{
	struct sockaddr_storage sa;
	socklen_t len = 0;
	int one = 1, reuse_value = reuse;
	int rc = target_portal_address(address, port, &sa, &len);

	if (rc < 0)
		return rc;
	int fd = socket(sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &reuse_value, sizeof(reuse_value)) < 0 ||
	    (sa.ss_family == AF_INET6 &&
	     setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one)) < 0) ||
	    bind(fd, (struct sockaddr *)&sa, len) < 0) {
		rc = -errno;
		close(fd);
		return rc;
	}
	return fd;
}

/* Returns the first port that the system uses for outgoing connections; 0 = not known. */
static unsigned
ephemeral_begin(void)
{
	FILE *f = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");
	char line[32] = "";

	if (f == NULL)
		return 0;
	if (fgets(line, sizeof(line), f) == NULL)
		line[0] = '\0';
	fclose(f);
	return (unsigned)strtoul(line, NULL, 10);
}

/*
 * The port must not be one that the system uses for outgoing connections: after a restart of vdsd
 * an initiator on this host could have it.
 */
int
target_portal_pick_port(const char *address, uint16_t *ret_port)
{
	unsigned end = ephemeral_begin(), begin = end / 2;
	int rc = -EADDRINUSE;

	if (begin < 1024 || end > 65536) {
		begin = 10000;
		end = 32768;
	}
	for (unsigned tries = 0; tries < 200 && rc == -EADDRINUSE; tries++) {
		struct guid dice;

		guid_make(&dice);
		uint16_t port = (uint16_t)(begin + guid_hash(&dice) % (end - begin));
		int fd = bind_socket(address, port, false);

		rc = fd < 0 ? fd : 0;
		if (fd < 0)
			continue;
		close(fd);
		*ret_port = port;
	}
	return rc;
}

/* ---- Live row ---- */

static void
tell(struct target_portal *portal, bool ready, bool failed, const char *reason)
{
	struct row_live_portal *row = row_new(ROW_LIVE_PORTAL);
	char address[ADDRESS_TEXT_SIZE];

	target_portal_format(portal->row, address);
	if (ready)
		log_info("portal.ready", "address=%s", address);
	else
		log_warning("portal.not-ready", "address=%s reason=\"%s\"", address, reason);
	if (row == NULL)
		return;
	if (portal->inside) { /* no row of the configuration */
		row_unref(row);
		return;
	}
	row->id = portal->row->id;
	row->ready = ready;
	row->failed = failed;
	if (row_set_string(&row->reason, reason) < 0) {
		row_unref(row);
		return;
	}
	target_report_put(portal->thread->target, row);
}

/* Once for each reason, not for each attempt. */
static void
not_ready(struct target_portal *portal, bool failed, const char *reason)
{
	atomic_store(&portal->ready, false);
	if (portal->reason != NULL && strcmp(portal->reason, reason) == 0)
		return;
	mem_free(portal->reason);
	portal->reason = str_dup(reason);
	tell(portal, false, failed, reason);
}

/* ---- Listening ---- */

static void
retry_later(struct target_portal *portal)
{
	loop_timer_set(portal->thread->loop, &portal->retry,
		       portal->thread->target->options.portal_retry_ms * NS_PER_MS);
}

/* No descriptors or no memory: try again later. */
static void
accept_later(struct target_portal *portal, int error)
{
	log_warning_from(portal->row->address, "portal.accept", "error=%s", strerrorname_np(error));
	loop_fd_del(portal->thread->loop, &portal->lfd);
	portal->accepting = false;
	retry_later(portal);
}

/* New connections are strangers: one a turn. */
static void
accept_one(struct target_turn *turn)
{
	struct target_portal *portal = container_of(turn, struct target_portal, turn);
	int fd = accept4(portal->lfd.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd >= 0)
		target_conn_accept(portal->thread, portal, fd);
	else if (errno == EAGAIN)
		return; /* the next connection makes an event */
	else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
		accept_later(portal, errno);
		return;
	}
	target_stranger_turn(portal->thread, &portal->turn);
}

static void
connections_wait(struct loop_fd *lfd, uint32_t revents)
{
	struct target_portal *portal = container_of(lfd, struct target_portal, lfd);

	(void)revents;
	target_stranger_turn(portal->thread, &portal->turn);
}

static int
start_listening(struct target_portal *portal)
{
	int fd = bind_socket(portal->row->address, (uint16_t)portal->row->port, true);

	if (fd < 0)
		return fd;
	portal->lfd = (struct loop_fd){
		.fd = fd,
		.events = (uint32_t)EPOLLIN | (uint32_t)EPOLLET,
		.ready = connections_wait,
	};
	portal->turn.run = accept_one;
	int rc = listen(fd, LISTEN_BACKLOG) < 0 ? -errno
						: loop_fd_add(portal->thread->loop, &portal->lfd);

	if (rc < 0) {
		close(fd);
		portal->lfd.fd = -1;
		return rc;
	}
	portal->accepting = true;
	return 0;
}

static void
attempt(struct target_portal *portal)
{
	int rc = portal->lfd.fd >= 0 ? loop_fd_add(portal->thread->loop, &portal->lfd)
				     : start_listening(portal);

	if (rc < 0) {
		not_ready(portal, true, strerror(-rc));
		retry_later(portal);
		return;
	}
	portal->accepting = true;
	if (atomic_exchange(&portal->ready, true))
		return;
	mem_free(TAKE(portal->reason));
	tell(portal, true, false, "");
}

static void
retry(struct loop_timer *timer)
{
	attempt(container_of(timer, struct target_portal, retry));
}

void
target_portal_pause(struct target_portal *portal, const char *reason)
{
	target_portal_close(portal);
	not_ready(portal, false, reason);
}

void
target_portal_open(struct target_portal *portal, bool all_offline)
{
	if (all_offline || portal->row->status == STATUS_OFFLINE) {
		target_portal_pause(portal, all_offline ? "the controller is offline" : "offline");
		return;
	}
	if (portal->opened)
		return;
	portal->opened = true;
	portal->retry.fire = retry;
	attempt(portal);
}

void
target_portal_close(struct target_portal *portal)
{
	if (!portal->opened)
		return;
	portal->opened = false;
	loop_timer_cancel(portal->thread->loop, &portal->retry);
	list_remove(&portal->turn.node);
	if (portal->accepting)
		loop_fd_del(portal->thread->loop, &portal->lfd);
	portal->accepting = false;
	atomic_store(&portal->ready, false);
	if (portal->lfd.fd >= 0)
		close(portal->lfd.fd);
	portal->lfd.fd = -1;
}
