/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Modules: shared objects with parts of vdsd that need libraries which most hosts do not have.  A
 * module is loaded when something names what it has, and stays.  It calls the functions of vdsd
 * that src/vdsd/exported.list names, and exports one table.  There is one module, vds-ceph.so
 * (folder ceph).
 */
#ifndef VDS_BASE_MODULE_H
#define VDS_BASE_MODULE_H

struct array_cluster_ops;
struct array_pool_driver;
struct catalog_shared;

/* How the module reaches its cluster; all strings are borrowed, and outlive the module's use. */
struct module_ceph_settings {
	const char *conf;   /* path of ceph.conf */
	const char *user;   /* "vdsd" means client.vdsd */
	unsigned timeout_s; /* how long one operation of the cluster may take */
};

/* The table of vds-ceph.so: its symbol `module_ceph_table`. */
struct module_ceph {
	/* MODULE_STAMP of the build: the two sides have the same structs */
	const char *stamp;
	/* Called once, before everything else.  Does not connect. */
	void (*begin)(const struct module_ceph_settings *settings);
	/* Closes connections.  Called once, when no pool and no device is left. */
	void (*end)(void);
	/* the pool driver `rbd` */
	const struct array_pool_driver *pool;
	/*
	 * Opens the store of a shared catalog (catalog/shared.h).  Returns 0 or an error with a
	 * text.
	 */
	int (*catalog_open)(const char *pool, const char *object,
			    struct catalog_shared *ret_shared);
	/*
	 * What gateways need of the cluster (array/cluster.h), and what its functions work on.
	 * pool, name: where the array's catalog is.  lost: called on any thread when the cluster
	 * refuses this client; from then on nothing of the module reaches the cluster.  Returns 0
	 * or an error with a text.
	 */
	const struct array_cluster_ops *member_ops;
	int (*member_new)(const char *pool, const char *name, void (*lost)(void *arg), void *arg,
			  void **ret_member);
	void (*member_free)(void *member);
};
#define MODULE_CEPH_SYMBOL "module_ceph_table"

/*
 * Says how the module is to reach its cluster.  The main thread, before module_ceph_get.  Without a
 * call there are defaults.
 */
void module_ceph_set(const struct module_ceph_settings *settings);
/*
 * Loads the module at the first call; a module that cannot be loaded is not tried again.  Returns
 * 0, or ERR_NOT_SUPPORTED with a text that says what to install.  Any thread except those of the
 * data path; blocks for some 100 ms the first time.
 */
int module_ceph_get(const struct module_ceph **ret_module);
/* Ends the use of the modules that were loaded.  The main thread; no other one uses them then. */
void module_end(void);

#endif
