/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Private to the pool driver `dir`: what dir.c and dir_watch.c share.  The threads are those that
 * driver.h names.
 */
#ifndef VDS_ARRAY_POOL_DIR_INT_H
#define VDS_ARRAY_POOL_DIR_INT_H

#include "array/pool/driver.h"

#define ARRAY_DIR_MARKER ".vds-pool"

/*
 * Watches the directory that dir_fd has open.  path: for the log.  Returns a descriptor that
 * becomes readable when there is something for array_dir_watch_read, or -1 when the system cannot
 * watch the directory (a limit of inotify is reached), which is logged.  The caller closes it.
 */
int array_dir_watch_open(int dir_fd, const char *path);
/* Notifies the watcher of everything that has happened since the last call.  Does not wait. */
void array_dir_watch_read(int watch_fd, struct array_pool_watcher *watcher);

#endif
