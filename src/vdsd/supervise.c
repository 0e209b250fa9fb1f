/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What vdsd and the service manager tell each other, by libsystemd: the socket that was opened for
 * the API (sd_listen_fds(3)), readiness and status (sd_notify(3)), and signs of life
 * (sd_watchdog_enabled(3)).  Without a service manager every function here does nothing.  The main
 * thread.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <systemd/sd-daemon.h>

#include "array/array.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "target/target.h"
#include "vdsd/vdsd_int.h"

/* So many signs of life fit in the time after which vdsd counts as dead. */
#define BEATS_IN_LIMIT 4

/* ---- the socket ---- */

int
vdsd_supervisor_socket(struct vdsd_options *options, int *ret_fd)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	socklen_t len = sizeof(address) - 1; /* the path ends with a NUL, whatever comes */
	int fd = SD_LISTEN_FDS_START;
	int count = sd_listen_fds(1);

	*ret_fd = 0;
	if (count < 0)
		return err_set(ERR_INVALID,
			       "LISTEN_PID and LISTEN_FDS are not those of a service "
			       "manager: %s",
			       strerror(-count));
	if (count == 0)
		return 0;
	if (count > 1 || sd_is_socket_unix(fd, SOCK_STREAM, 1, NULL, 0) <= 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &len) < 0 || address.sun_path[0] != '/')
		return err_set(
			ERR_INVALID,
			"the service manager passed %d socket%s: vdsd takes one that listens "
			"at a unix path, as in vdsd.socket",
			count, count > 1 ? "s" : "");
	if (options->socket != NULL && strcmp(options->socket, address.sun_path) != 0)
		return err_set(
			ERR_INVALID,
			"vdsd.socket listens at %s, but `socket` is %s: change ListenStream= "
			"(systemctl edit vdsd.socket), or disable vdsd.socket",
			address.sun_path, options->socket);
	if (options->socket == NULL)
		options->socket = str_dup(address.sun_path);
	if (options->socket == NULL)
		return -ENOMEM;
	*ret_fd = fd;
	return 0;
}

/* ---- what is said ---- */

void
vdsd_supervisor_init(struct vdsd_supervisor *supervisor)
{
	uint64_t limit_us = 0;

	memset(supervisor, 0, sizeof(*supervisor));
	if (sd_watchdog_enabled(1, &limit_us) > 0)
		supervisor->interval_ns = MAX(limit_us / BEATS_IN_LIMIT, (uint64_t)1) * 1000;
}

static size_t
portals_that_listen(const struct state *live)
{
	size_t count = 0;

	for (size_t i = 0; i < state_count(live, ROW_LIVE_PORTAL); i++)
		count +=
			((const struct row_live_portal *)state_at(live, ROW_LIVE_PORTAL, i))->ready;
	return count;
}

/* Writes what `systemctl status` shows.  Returns false when that is what it shows already. */
static bool
status_renew(struct vdsd_supervisor *supervisor, struct array *array)
{
	AUTO_STATE struct state *config = array_state(array);
	AUTO_STATE struct state *live = array_live(array);
	char text[sizeof(supervisor->status)];

	snprintf(text, sizeof(text), "%s: %zu LUNs, %zu of %zu portals listening, %zu sessions",
		 array_is_held(array)        ? "Held, serving nothing"
		 : array_is_read_only(array) ? "Read-only"
					     : "Serving",
		 state_count(config, ROW_LUN), portals_that_listen(live),
		 state_count(config, ROW_PORTAL), state_count(live, ROW_LIVE_SESSION));
	if (strcmp(text, supervisor->status) == 0)
		return false;
	memcpy(supervisor->status, text, sizeof(text));
	return true;
}

void
vdsd_supervisor_ready(struct vdsd_supervisor *supervisor, struct array *array)
{
	(void)status_renew(supervisor, array);
	sd_notifyf(0, "READY=1\nSTATUS=%s", supervisor->status);
	if (supervisor->interval_ns != 0)
		supervisor->next_ns = clock_mono_ns() + supervisor->interval_ns;
}

/* The time is what Type=notify-reload of later systemds compares. */
void
vdsd_supervisor_reloading(void)
{
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, clock_mono_ns() / 1000);
}

void
vdsd_supervisor_stopping(void)
{
	sd_notify(0, "STOPPING=1\nSTATUS=Stopping");
}

void
vdsd_supervisor_beat(struct vdsd_supervisor *supervisor, struct array *array, struct target *target)
{
	uint64_t now_ns = clock_mono_ns();
	bool writer, threads;

	if (supervisor->interval_ns == 0 || now_ns < supervisor->next_ns)
		return;
	supervisor->next_ns = now_ns + supervisor->interval_ns;
	writer = array_beat(array);
	threads = target_beat(target);
	if (writer && threads)
		sd_notify(0, "WATCHDOG=1");
	else
		log_warning("vdsd.no_sign_of_life", "writer=%s data_path=%s",
			    writer ? "runs" : "hangs", threads ? "runs" : "hangs");
	if (status_renew(supervisor, array))
		sd_notifyf(0, "STATUS=%s", supervisor->status);
}
