/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Inside the module vds-ceph.so: what its files share.  Everything blocks for as long as the
 * cluster takes, at most for the time limit of one operation unless a comment says otherwise; so no
 * thread of the data path may call it.
 */
#ifndef VDS_CEPH_CEPH_INT_H
#define VDS_CEPH_CEPH_INT_H

#include <pthread.h>
#include <rados/librados.h>
#include <rbd/librbd.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "array/pool/driver.h"
#include "base/format.h"
#include "base/guid.h"
#include "base/list.h"
#include "base/module.h"
#include "blk/blk.h"

struct array_cluster_ops;

/* ---- cluster.c: the connection to the cluster, which everything shares ---- */

struct ceph_cluster;

/* Keeps the settings.  The strings are borrowed. */
void ceph_cluster_begin(const struct module_ceph_settings *settings);
/* Drops the connection; who still has a reference keeps his. */
void ceph_cluster_end(void);
/*
 * Returns a reference to the connection in *ret_cluster, and connects first when there is none.
 * After a failure nobody tries again for a moment, so that those who wait for a cluster that is
 * away do not add up their waiting.  Returns 0 or an error with a text: -ETIMEDOUT or -ENOTCONN
 * (the cluster does not answer), -EACCES or -EPERM (the user or its key is wrong), -ENOENT (no
 * ceph.conf), -errno.
 */
int ceph_cluster_get(struct ceph_cluster **ret_cluster);
/* Drops a reference.  Accepts NULL. */
void ceph_cluster_put(struct ceph_cluster *cluster);
rados_t ceph_cluster_rados(const struct ceph_cluster *cluster);
/*
 * Notes that the cluster refuses this client (-ESHUTDOWN: it is on the blocklist): whoever asks for
 * the connection next gets a new one, which is another client to the cluster.  Any thread.
 */
void ceph_cluster_lost(struct ceph_cluster *cluster);
/*
 * From now on there is this one connection only: after the cluster has refused the client, who asks
 * for a connection gets -ESHUTDOWN, since a new client would get around the fence that other
 * gateways rely on.  lost is called then, on any thread.
 */
void ceph_cluster_bind(void (*lost)(void *arg), void *arg);
/*
 * Notes that a change of this client has ended without an answer of the cluster, so that it may
 * still be carried out at any time until the client is on the blocklist.  Any thread.
 */
void ceph_cluster_doubt(void);
/* Returns whether ceph_cluster_doubt was called since the process began. */
bool ceph_cluster_is_in_doubt(void);
/* Returns whether ceph_cluster_bind was called: this vdsd is one of the gateways of its array. */
bool ceph_cluster_is_bound(void);
/* Returns the time limit of one operation. */
unsigned ceph_cluster_timeout_s(void);
/*
 * Returns whether the error says that the cluster did not answer, so that nothing is known of what
 * was asked for, and that a later try may succeed.
 */
bool ceph_is_away(int error);

/* ---- omap.c: the store of a shared catalog ---- */

struct catalog_shared;
/*
 * Opens the object of a shared catalog, which need not exist.  Its operations end after the time
 * limit of one operation.  Returns 0, or an error with a text: there is no such pool, or those of
 * ceph_cluster_get.
 */
int ceph_omap_open(const char *pool, const char *object, struct catalog_shared *ret_shared);

/* ---- member.c: gateways ---- */

extern const struct array_cluster_ops ceph_member_ops;
/*
 * Makes what the functions of ceph_member_ops work on, and binds the connection to it.  pool, name:
 * where the array's catalog is.  lost: as for ceph_cluster_bind.  Returns 0 or an error with a
 * text.
 */
int ceph_member_new(const char *pool, const char *name, void (*lost)(void *arg), void *arg,
		    void **ret_member);
void ceph_member_free(void *member); /* accepts NULL */

/*
 * Returns the error as the array wants it, with a text that begins with what could not be done: an
 * error of ceph_is_away becomes ERR_TIMEOUT.
 */
int ceph_explain(int error, const char *fmt, ...) FORMAT_ARGS(2, 3);

/* ---- place.c: "rbd:POOL" or "rbd:POOL/NAMESPACE" ---- */

#define CEPH_NAME_MAX 100

struct ceph_place {
	char pool[CEPH_NAME_MAX + 1], nspace[CEPH_NAME_MAX + 1];
};
/* Takes a place apart.  Returns 0, or ERR_INVALID with a text. */
int ceph_place_parse(const char *text, struct ceph_place *ret_place);

/* ---- pool.c: the pools that are open ---- */

/* The object of a pool that says whose it is, and which image each LUN has (its omap). */
#define CEPH_MARKER "vds-pool"

enum ceph_pool_state {
	CEPH_POOL_AWAY, /* the cluster does not answer; what is known of the pool stays */
	CEPH_POOL_HELD, /* it is ours */
	CEPH_POOL_LOST  /* it cannot be used any more, until somebody opens it anew */
};

/*
 * A pool.  It lives as long as somebody has a reference: who opened it, devices with an image of
 * it, and those who work on it.
 */
struct ceph_pool {
	struct array_pool pool;
	char *text; /* the place; owned */
	struct ceph_place place;
	struct guid array_id;
	struct list node; /* in the list of open pools; pools' lock, as refs */
	unsigned refs;
	atomic_bool closed;
	/*
	 * Several gateways of one array use the pool together, each as `who`, and fence each other
	 * by their own rules.
	 */
	bool shared;
	char who[40]; /* the owner of the lock: this host, or this gateway */

	pthread_mutex_t work; /* held by whoever takes, renews or gives up the pool */
	int host_fd;          /* work: excludes other processes on this host; -1 = not */
	uint64_t renewed_ns;  /* work: when the lease began last; 0 = never held */
	uint64_t looked_ns;   /* work: when the space and the health were read */

	/* Set before the pool is first held, and then constant; NULL before. */
	struct ceph_cluster *_Atomic cluster;
	rados_ioctx_t io; /* valid when cluster is not NULL */

	int event_fd; /* becomes readable when the state has changed */

	pthread_mutex_t lock; /* guards what follows */
	enum ceph_pool_state state;
	int error;     /* of a state that is not HELD */
	char why[300]; /* as its text */
	struct array_pool_space space;
	bool space_is_known;
	char health[160]; /* what the cluster complains of; "" = of nothing */

	atomic_bool has_gone; /* images wait for their removal */
};

/* Returns a reference to the pool that is open at this place, or NULL. */
struct ceph_pool *ceph_pool_find(const char *place);
struct ceph_pool *ceph_pool_ref(struct ceph_pool *pool);
void ceph_pool_unref(struct ceph_pool *pool); /* accepts NULL */
/*
 * Returns 0 when the pool is ours and the cluster answers, else an error with a text.  Does not
 * block.
 */
int ceph_pool_usable(struct ceph_pool *pool);
/* As both: a pool that can be used, or an error.  The caller drops the reference. */
int ceph_pool_use(const char *place, struct ceph_pool **ret_pool);
/* Says what has become of the pool. */
void ceph_pool_set_state(struct ceph_pool *pool, enum ceph_pool_state state, int error,
			 const char *why);
bool ceph_pool_is_lost(struct ceph_pool *pool);
/* Calls fn for each open pool, without a lock.  fn has a reference meanwhile. */
void ceph_pool_each(void (*fn)(struct ceph_pool *pool));

extern const struct array_pool_driver ceph_pool_driver;

/* ---- rounds.c: threads that do something each so often ---- */

struct ceph_rounds {
	const char *name; /* of the thread */
	uint64_t each_ns; /* from the end of a round to the next one, if it is not woken */
	void (*run)(void);
	pthread_mutex_t lock; /* PTHREAD_MUTEX_INITIALIZER; guards what follows */
	pthread_cond_t wake;
	pthread_t thread;
	bool runs, stops, wanted;
};
/* Starts the thread, if it does not run.  Returns 0 or -errno. */
int ceph_rounds_start(struct ceph_rounds *rounds);
/*
 * Has a round begin soon, also when one is under way.  Any thread; never blocks longer than a lock.
 */
void ceph_rounds_wake(struct ceph_rounds *rounds);
/* Ends the thread after the round that is under way; it does not start again. */
void ceph_rounds_stop(struct ceph_rounds *rounds);

/* ---- hold.c: whose a pool is ---- */

/*
 * Takes the pool for its array: connects, reads or makes the marker, takes the lock, and shuts out
 * who had it before.  The caller holds work.  Returns 0, or as the driver's open.
 */
int ceph_hold_take(struct ceph_pool *pool, enum array_pool_mode mode);
/* Gives the pool back, as far as the cluster answers.  give_up: also removes the marker. */
void ceph_hold_drop(struct ceph_pool *pool, bool give_up);
/* Starts and ends the thread that renews locks and looks at the cluster. */
int ceph_hold_start(void);
void ceph_hold_stop(void);

/* ---- table.c: which image a LUN has ---- */

#define CEPH_KEY_MAX   256
#define CEPH_IMAGE_MAX 80

enum ceph_row {
	CEPH_LUN,   /* the committed volume of a LUN: its id -> the name of the image */
	CEPH_NEW,   /* a volume that is not committed, likewise, with its maker (struct ceph_new) */
	CEPH_GONE,  /* an image that is to be removed: its name -> "" */
	CEPH_HOLDER /* who has, or had, the pool: its name -> its address */
};

/* Something to change: a row is set, or with value NULL removed. */
struct ceph_change {
	enum ceph_row row;
	const char *name;
	const char *value;
};
/* Makes all changes or none; durable on return.  Returns 0 or -errno. */
int ceph_table_change(struct ceph_pool *pool, const struct ceph_change *changes, size_t count);
/* Reads a row.  value: of CEPH_KEY_MAX bytes.  Returns 0, -ENOENT or -errno. */
int ceph_table_get(struct ceph_pool *pool, enum ceph_row row, const char *name, char *ret_value);
struct ceph_table_entry {
	char name[CEPH_KEY_MAX], value[CEPH_KEY_MAX];
};
/* Lists the rows of a kind.  Returns how many or -errno.  The caller frees *ret_entries. */
int ceph_table_list(struct ceph_pool *pool, enum ceph_row row,
		    struct ceph_table_entry **ret_entries);

/* A row of CEPH_NEW: which image, and in a pool of several gateways who makes it. */
struct ceph_new {
	char value[CEPH_KEY_MAX];  /* of the row: "IMAGE" or "IMAGE MAKER" */
	char name[CEPH_IMAGE_MAX]; /* the image */
	char maker[CEPH_KEY_MAX];  /* the addresses of its client; "" = not noted */
};
/* Takes the value of such a row apart. */
void ceph_new_parse(const char *value, struct ceph_new *ret_row);
/* Reads such a row.  Returns 0, -ENOENT or -errno. */
int ceph_table_get_new(struct ceph_pool *pool, const char *id, struct ceph_new *ret_row);
/*
 * As ceph_table_change, if the LUN still has this row, and this image ("" = none; NULL =
 * whichever).  Returns -ECANCELED when it does not: somebody else has committed or dropped the
 * volume.  So a change that comes late does not replace an image that the LUN got meanwhile.
 */
int ceph_table_change_new(struct ceph_pool *pool, const char *id, const struct ceph_new *row,
			  const char *image, const struct ceph_change *changes, size_t count);
/*
 * Finds the image of a LUN that the catalog has.  Commits a volume whose maker has not come to
 * that:  it is gone, or is about to.  name: of CEPH_KEY_MAX bytes.  Returns 0, -ENOENT or -errno.
 */
int ceph_table_find(struct ceph_pool *pool, const char *id, char *ret_name);

/* ---- image.c: open images, each once in this process ---- */

/*
 * One handle for each image, whoever uses it: a snapshot made with another handle would be known to
 * the one of the device only after a notification.
 */
struct ceph_image {
	struct ceph_pool *pool; /* a reference */
	struct list node;
	unsigned refs;
	rbd_image_t image; /* NULL = it is being opened; only image.c sees that */
	char name[CEPH_IMAGE_MAX];
};
/*
 * Opens an image, or takes another reference.  Several images may be opened at the same time.
 * Returns 0 or -errno: -ENOENT (there is no such image).
 */
int ceph_image_get(struct ceph_pool *pool, const char *name, struct ceph_image **ret_image);
/* Drops a reference; the last one closes the image.  Accepts NULL. */
void ceph_image_put(struct ceph_image *image);
/* As ceph_image_put, but has the thread of gone.c close it, so that the caller does not block. */
void ceph_image_put_later(struct ceph_image *image);
/* Returns whether others than the caller have the image, at this moment. */
bool ceph_image_is_shared(const struct ceph_image *image);
/* Closes what ceph_image_put_later has left. */
void ceph_image_close_rest(void);
/* Opens the image of a committed volume.  Returns 0 or -errno. */
int ceph_image_get_lun(struct ceph_pool *pool, const struct guid *lun_id,
		       struct ceph_image **ret_image);
/*
 * Makes an image without other features than layering, which a snapshot shares space by.  Returns
 * 0,
 * -EEXIST or -errno.
 */
int ceph_image_make(struct ceph_pool *pool, const char *name, uint64_t size_bytes);
/*
 * Adds up the data of a range of the image.  parents: also what it shares with images that it was
 * made of.  Returns 0 or -errno.
 */
int ceph_image_space(struct ceph_image *image, uint64_t offset_bytes, uint64_t len_bytes,
		     bool parents, uint64_t *ret_bytes);
/* As BLK_MAP: describes the beginning of the range.  Returns 0 or -errno. */
int ceph_image_map(struct ceph_image *image, uint64_t offset_bytes, uint64_t len_bytes,
		   struct blk_extent *ret_extent);

/* ---- gone.c: images that are being removed ---- */

/* Has the thread look soon. */
void ceph_gone_wake(void);
/* Removes what can be removed.  Returns how many images are left, or -errno. */
int ceph_gone_remove(struct ceph_pool *pool);
int ceph_gone_start(void);
void ceph_gone_stop(void);

/* ---- volume.c: the driver's operations on volumes ---- */

char *ceph_volume_name(const char *place, const struct guid *lun_id);
int ceph_volume_make(const char *place, const struct guid *lun_id, uint64_t size_bytes);
int ceph_volume_clone(const char *place, const struct guid *from_id, const struct guid *to_id,
		      uint64_t size_bytes);
int ceph_volume_can_clone(const char *place);
int ceph_volume_copy(const char *place, const struct guid *from_id, const struct guid *to_id,
		     uint64_t size_bytes, struct blk_progress *copy);
int ceph_volume_space(const char *place, const struct guid *lun_id, uint64_t *ret_used_bytes,
		      uint64_t *ret_own_bytes);
int ceph_volume_commit(const char *place, const struct guid *lun_id);
int ceph_volume_remove(const char *place, const struct guid *lun_id, bool committed);
int ceph_volume_check(const char *place, const struct guid *lun_id, uint64_t size_bytes,
		      bool uncommitted);

/* ---- dev.c: a block device over an image ---- */

/* Makes the device of a committed volume.  Returns 0 or -ENOMEM. */
int ceph_dev_new(const char *place, const struct guid *lun_id, uint64_t size_bytes, bool thick,
		 struct blk_dev **ret_dev);

#endif
