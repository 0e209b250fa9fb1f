/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Says "I serve" in a file that appears whole and on a descriptor, so that who waits for one of
 * them need not poll.  supervise.c tells the service manager.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "array/array.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "model/port.h"
#include "vdsd/vdsd_int.h"

/* ---- the text ---- */

/* Paths in JSON: what must be escaped is. */
static void
json_text_add(struct strbuf *b, const char *text)
{
	strbuf_add(b, "\"");
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			strbuf_addf(b, "\\%c", *text);
		else if ((unsigned char)*text < 0x20)
			strbuf_addf(b, "\\u%04x", (unsigned)(unsigned char)*text);
		else
			strbuf_add_bytes(b, text, 1);
	}
	strbuf_add(b, "\"");
}

/* Portals that listen now. */
static void
portals_add(struct strbuf *b, struct array *array)
{
	AUTO_STATE struct state *config = array_state(array);
	AUTO_STATE struct state *live = array_live(array);
	bool first = true;

	for (size_t i = 0; i < state_count(config, ROW_PORTAL); i++) {
		const struct row_portal *portal = state_at(config, ROW_PORTAL, i);
		const struct row_live_portal *state = state_find(live, ROW_LIVE_PORTAL,
								 &portal->id);

		if (state == NULL || !state->ready)
			continue;
		strbuf_add(b, first ? "{\"address\":" : ",{\"address\":");
		json_text_add(b, portal->address);
		strbuf_addf(b, ",\"port\":%u}", portal->port);
		first = false;
	}
}

#define PORTALS_WAIT_NS (5 * NS_PER_S)
#define PORTALS_LOOK_NS NS_PER_MS

/* Has every portal said whether it listens? */
static bool
portals_known(struct array *array)
{
	AUTO_STATE struct state *config = array_state(array);
	AUTO_STATE struct state *live = array_live(array);

	if (array_is_held(array))
		return true;
	for (size_t i = 0; i < state_count(config, ROW_PORTAL); i++) {
		const struct row_portal *portal = state_at(config, ROW_PORTAL, i);

		if (portal->status == STATUS_ONLINE &&
		    controller_has_portal(array_controller_id(array), portal) &&
		    state_find(live, ROW_LIVE_PORTAL, &portal->id) == NULL)
			return false;
	}
	return true;
}

/*
 * The data path's threads open the portals and tell the array of it in their own time, some
 * microseconds after they were started; who waits for us wants to find them named.  One that says
 * nothing does not keep us from serving.
 */
static void
portals_wait(struct array *array)
{
	const struct timespec look = { .tv_nsec = PORTALS_LOOK_NS };
	uint64_t end_ns = clock_mono_ns() + PORTALS_WAIT_NS;

	while (!portals_known(array) && clock_mono_ns() < end_ns)
		nanosleep(&look, NULL);
}

/*
 * {"pid":…,"socket":"…","http":port|null,"https":["ADDRESS:PORT",…],"portals":[…]} and a newline;
 * NULL when out of memory.
 */
static char *
ready_text(const struct vdsd_options *options, struct array *array, uint16_t http_port,
	   const char *const *https)
{
	struct strbuf b;

	strbuf_init(&b);
	strbuf_addf(&b, "{\"pid\":%d,\"socket\":", (int)getpid());
	json_text_add(&b, options->socket);
	if (http_port != 0)
		strbuf_addf(&b, ",\"http\":%u", http_port);
	else
		strbuf_add(&b, ",\"http\":null");
	strbuf_add(&b, ",\"https\":[");
	for (size_t i = 0; https[i] != NULL; i++) {
		strbuf_add(&b, i > 0 ? "," : "");
		json_text_add(&b, https[i]);
	}
	strbuf_add(&b, "],\"portals\":[");
	portals_add(&b, array);
	strbuf_add(&b, "]}\n");
	return strbuf_take(&b);
}

/* ---- where it goes ---- */

static int
write_all(int fd, const char *text)
{
	size_t left = strlen(text);

	while (left > 0) {
		ssize_t n = write(fd, text, left);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			text += n;
			left -= (size_t)n;
		}
	}
	return 0;
}

static int
file_write(const char *path, const char *text)
{
	AUTO_FREE char *temporary = str_printf("%s.%d", path, (int)getpid());
	int fd, rc;

	if (temporary == NULL)
		return -ENOMEM;
	/*
	 * what an earlier process of our number left; somebody else's file or link is not written
	 * through
	 */
	unlink(temporary);
	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return err_set(-errno, "cannot write %s: %s", path, strerror(errno));
	rc = write_all(fd, text);
	close(fd);
	if (rc == 0 && rename(temporary, path) < 0)
		rc = -errno;
	if (rc < 0) {
		unlink(temporary);
		return err_set(rc, "cannot write %s: %s", path, strerror(-rc));
	}
	return 0;
}

int
vdsd_ready(const struct vdsd_options *options, struct array *array, uint16_t http_port,
	   const char *const *https)
{
	AUTO_FREE char *text = NULL;
	int rc = 0;

	portals_wait(array);
	text = ready_text(options, array, http_port, https);
	if (text == NULL)
		return -ENOMEM;
	if (options->ready_file != NULL)
		rc = file_write(options->ready_file, text);
	if (rc == 0 && options->ready_fd >= 0) {
		rc = write_all(options->ready_fd, text);
		if (rc < 0)
			return err_set(rc, "cannot write to descriptor %d: %s", options->ready_fd,
				       strerror(-rc));
		close(options->ready_fd);
	}
	return rc;
}

void
vdsd_not_ready(const struct vdsd_options *options)
{
	if (options->ready_file != NULL)
		unlink(options->ready_file);
}
