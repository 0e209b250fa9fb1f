/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Private to the folder catalog: a restore into a directory (restore.c) or into a catalog that
 * gateways share (restore_shared.c).  The catalog's thread.
 */
#ifndef VDS_CATALOG_RESTORE_INT_H
#define VDS_CATALOG_RESTORE_INT_H

#include "catalog/shared_int.h"

#define RESTORE_STAGE "restore.tmp"

struct catalog_restore {
	/*
	 * The directory, which is locked.  Its database is not open; of a shared catalog it is the
	 * working copy of what the store has, and empty when that cannot be read.
	 */
	struct catalog *at;
	struct catalog *staged; /* the backup, as a catalog of its own in RESTORE_STAGE */
	char *stage;            /* path of RESTORE_STAGE */
	char aside[32];         /* where the old files are kept; "" = there were none */
	bool done;
};

/*
 * Copies the backup into RESTORE_STAGE and opens it there: migrated, checked and a new incarnation,
 * later than `after`.  Returns as catalog_restore_begin.
 */
int catalog_restore_stage(struct catalog_restore *r, const char *file, uint64_t after);
/* Removes RESTORE_STAGE and what is in it, if it is there.  Returns 0 or -errno with a text. */
int catalog_restore_stage_remove(const struct catalog *at);
/* Makes the folder r->aside.  Returns 0, ERR_LIMIT or -errno with a text. */
int catalog_restore_aside_make(struct catalog_restore *r);
/* Writes the pages in use of a catalog to a new file, with mode 0600.  Returns 0 or an error. */
int catalog_restore_save(struct catalog *catalog, const char *path);
/* Moves a file within the directory; one that is missing is no error. */
int catalog_restore_move(const struct catalog *at, const char *from, const char *to);

/* restore_shared.c: puts the staged catalog in the place of the store's rows, as one commit. */
int catalog_restore_commit_shared(struct catalog_restore *r, const char **ret_aside);

#endif
