/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A pool of threads for work that blocks.  The item is the caller's memory; nothing is allocated
 * per item.
 */
#ifndef VDS_BASE_WORKERS_H
#define VDS_BASE_WORKERS_H

struct workers;

struct work {
	struct work *next;
	/* on a worker thread; the item may be freed or queued again in it */
	void (*run)(struct work *work);
};

/* name: up to 15 bytes, the threads' name.  0 or -errno. */
int workers_new(unsigned threads, const char *name, struct workers **ret_workers);
/* Finishes everything queued, then joins the threads.  Accepts NULL. */
void workers_free(struct workers *workers);
/* Any thread; first in, first out.  Never blocks. */
void workers_submit(struct workers *workers, struct work *work);

#endif
