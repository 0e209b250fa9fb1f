/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Watches a pool's directory by inotify(7), so that a file that another program removes, replaces
 * or cuts is noticed at once, however many files there are.  The driver `dir` opens a watch with
 * the pool, and the verifier reads it.
 *
 * IN_MODIFY is not watched, since every write of a LUN would cause it.  A program that cuts a file
 * must open it for writing, and so IN_CLOSE_WRITE comes when that program is done; only truncate(2)
 * on a path causes IN_MODIFY alone.  The verifier's rounds find such a file.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "array/pool/dir_int.h"
#include "base/log.h"
#include "base/str.h"

#define OF_FILES     (IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB | IN_CLOSE_WRITE)
#define OF_DIRECTORY (IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)
/* What ends or overruns a watch; the system adds these to what was asked for. */
#define OF_WATCH     (IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED | IN_Q_OVERFLOW)

int
array_dir_watch_open(int dir_fd, const char *path)
{
	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	char name[32];

	snprintf(name, sizeof(name), "/proc/self/fd/%d", dir_fd);
	if (fd >= 0 && inotify_add_watch(fd, name, OF_FILES | OF_DIRECTORY) >= 0)
		return fd;
	log_warning("pool.not_watched",
		    "path=%s reason=\"%s: files that vanish are found by the verifier's rounds\"",
		    path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

static void
report(const struct inotify_event *event, struct array_pool_watcher *watcher)
{
	const char *name = event->len > 0 ? event->name : "";
	char id[GUID_TEXT_SIZE];
	struct guid lun_id;

	if ((event->mask & OF_WATCH) != 0 || strcmp(name, ARRAY_DIR_MARKER) == 0) {
		watcher->all(watcher);
		return;
	}
	if (strlen(name) != GUID_TEXT_SIZE - 1 + 4 ||
	    strcmp(name + GUID_TEXT_SIZE - 1, ".img") != 0)
		return;
	snprintf(id, sizeof(id), "%.36s", name);
	if (guid_parse(id, &lun_id) == 0)
		watcher->volume(watcher, &lun_id);
}

void
array_dir_watch_read(int watch_fd, struct array_pool_watcher *watcher)
{
	_Alignas(struct inotify_event) char buf[3072]; /* some 40 files */
	ssize_t n;

	while ((n = read(watch_fd, buf, sizeof(buf))) > 0) {
		const struct inotify_event *event;

		for (const char *at = buf; at < buf + n; at += sizeof(*event) + event->len) {
			event = (const struct inotify_event *)(const void *)at;
			report(event, watcher);
		}
	}
}
