/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A pool of threads for work that blocks.  The caller owns the memory of an item until the item has
 * run; queuing an item allocates nothing.
 */
#ifndef VDS_BASE_WORKERS_H
#define VDS_BASE_WORKERS_H

struct workers;

struct work {
	struct work *next;
	/* called on a worker thread; the function may free the item or queue it again */
	void (*run)(struct work *work);
};

/*
 * Start a pool of threads.  name: at most 15 bytes, the name of each thread.  Returns 0 or -errno.
 */
int workers_new(unsigned threads, const char *name, struct workers **ret_workers);
/* Run everything that is queued, then end the threads and wait for them.  Accepts NULL. */
void workers_free(struct workers *workers);
/* Queue an item; items start in the order in which they were queued.  Any thread; never blocks. */
void workers_submit(struct workers *workers, struct work *work);

#endif
