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
 * Starts a pool of threads.  name: at most 15 bytes, the name of each thread.  Returns 0 or -errno.
 */
int workers_new(unsigned threads, const char *name, struct workers **ret_workers);
/* Runs everything that is queued, then ends the threads and waits for them.  Accepts NULL. */
void workers_free(struct workers *workers);
/* Queues an item; items start in the order in which they were queued.  Any thread; never blocks. */
void workers_submit(struct workers *workers, struct work *work);

/*
 * Items that share a resource on which each of them may hang, such as a file.  A lane limits how
 * many threads they can hold, so that the threads that are left serve the others.  Zero-initialise
 * it; the pool's lock guards it.
 */
struct work_lane {
	unsigned running; /* items handed to the pool that have not left the lane */
	unsigned extra;   /* of these, how many leave without another one in their place */
	struct work *first, **last; /* items that wait for one of those to leave */
};
/*
 * Queues an item of a lane.  limit: how many items of the lane may be with the pool at the same
 * time; the others wait in the lane, in the order in which they were queued.  The item's function
 * calls workers_lane_leave when it can no longer hang.  Any thread; never blocks.
 */
void workers_lane_submit(struct workers *workers, struct work_lane *lane, unsigned limit,
			 struct work *work);
/*
 * Hands an item to the pool at once if it still waits in the lane, however many of the lane are
 * there:  it has little to do now.  Any thread; never blocks.
 */
void workers_lane_hurry(struct workers *workers, struct work_lane *lane, struct work *work);
/*
 * Hands the next waiting item of the lane to the pool.  Called once by each item, from its
 * function, while the lane still exists.
 */
void workers_lane_leave(struct workers *workers, struct work_lane *lane);

#endif
