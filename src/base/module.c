/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Loads the modules of vdsd.  The lock guards everything here; who has got a module needs no lock.
 */
#include "base/module.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "module_stamp.h"

#define CEPH_FILE    "vds-ceph.so"
#define CEPH_PACKAGE "vdsd-ceph"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct module_ceph_settings ceph_settings = { "/etc/ceph/ceph.conf", "vdsd", 10 };
static const struct module_ceph *ceph;
static bool ceph_tried;
static char ceph_why[400]; /* why there is no module */

void
module_ceph_set(const struct module_ceph_settings *settings)
{
	pthread_mutex_lock(&lock);
	ceph_settings = *settings;
	pthread_mutex_unlock(&lock);
}

/* Tests name a directory of their own, that of the build. */
static char *
path_of(const char *file)
{
	const char *dir = getenv("VDS_MODULE_DIR"); /* NOLINT: nobody sets variables */

	return str_printf("%s/%s", dir != NULL && dir[0] == '/' ? dir : MODULE_DIR, file);
}

/* Loads the module, or says in `why` why that cannot be done. */
static const struct module_ceph *
load(const char *path, char *why, size_t size)
{
	const struct module_ceph *table;
	void *module;

	if (access(path, F_OK) < 0) {
		snprintf(why, size,
			 "vdsd has no part for Ceph here (there is no %s): install the "
			 "package " CEPH_PACKAGE " and restart vdsd",
			 path);
		return NULL;
	}
	module = dlopen(path, RTLD_NOW | RTLD_LOCAL); /* stays, so that threads of libraries may */
	table = module != NULL ? dlsym(module, MODULE_CEPH_SYMBOL) : NULL;
	if (table == NULL) {
		const char *error = dlerror(); /* NOLINT: under the lock */

		snprintf(why, size,
			 "vdsd cannot load its part for Ceph: %s: install the package " CEPH_PACKAGE
			 " with the version of vdsd and restart vdsd",
			 error != NULL ? error : path);
	} else if (strcmp(table->stamp, MODULE_STAMP) != 0) {
		snprintf(why, size,
			 "%s belongs to another version of vdsd: install the package " CEPH_PACKAGE
			 " with the version of vdsd and restart vdsd",
			 path);
		table = NULL;
	}
	return table;
}

static void
try_ceph(void)
{
	AUTO_FREE char *path = path_of(CEPH_FILE);

	if (path == NULL)
		return; /* the next one may have memory */
	ceph_tried = true;
	ceph = load(path, ceph_why, sizeof(ceph_why));
	if (ceph == NULL) {
		log_error("module.missing", "reason=\"%s\"", ceph_why);
		return;
	}
	log_info("module.loaded", "path=%s", path);
	ceph->begin(&ceph_settings);
}

int
module_ceph_get(const struct module_ceph **ret_module)
{
	const struct module_ceph *module;

	pthread_mutex_lock(&lock);
	if (!ceph_tried)
		try_ceph();
	module = ceph;
	pthread_mutex_unlock(&lock);
	if (module == NULL)
		return err_set(ERR_NOT_SUPPORTED, "%s",
			       ceph_why[0] != '\0' ? ceph_why : "out of memory");
	*ret_module = module;
	return 0;
}

void
module_end(void)
{
	pthread_mutex_lock(&lock);
	if (ceph != NULL)
		ceph->end();
	ceph = NULL;
	pthread_mutex_unlock(&lock);
}
