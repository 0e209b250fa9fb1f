/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A copy of the catalog for the checker, so that a full check delays no change.  The thread that
 * owns the catalog copies a few pages at a time between its transactions.  SQLite also writes pages
 * that change meanwhile into the copy, so the finished copy equals the catalog at that moment,
 * damage included.  The copy is a temporary database of SQLite, which is on disk when it is large
 * and is removed when the connection closes.  catalog_copy_check may run on any thread.
 */
#include <assert.h>
#include <errno.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "catalog/catalog_int.h"

#define STEP_PAGES 128 /* of 4 KiB: half a millisecond */

struct catalog_copy {
	struct catalog *source; /* borrowed */
	struct catalog *copy;   /* without directory or lock, only its database */
	sqlite3_backup *backup; /* NULL once the copy is complete, or was ended */
};

void
catalog_copy_end(struct catalog_copy *copy)
{
	if (copy == NULL || copy->backup == NULL)
		return;
	sqlite3_backup_finish(TAKE(copy->backup));
	copy->source->copying = NULL;
}

void
catalog_copy_free(struct catalog_copy *copy)
{
	if (copy == NULL)
		return;
	catalog_copy_end(copy);
	if (copy->copy != NULL) {
		catalog_db_close(copy->copy);
		mem_free(copy->copy->dir);
		mem_free(copy->copy);
	}
	mem_free(copy);
}

static struct catalog *
empty_new(const struct catalog *source)
{
	struct catalog *catalog = mem_calloc(1, sizeof(*catalog));

	if (catalog == NULL)
		return NULL;
	catalog->look = true;
	catalog->dir_fd = catalog->lock_fd = catalog->mark_fd = catalog->reserve.fd = -1;
	catalog->dir = str_dup(source->dir);
	if (catalog->dir != NULL &&
	    sqlite3_open_v2("", &catalog->db,
			    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
				    SQLITE_OPEN_EXRESCODE,
			    NULL) == SQLITE_OK)
		return catalog;
	catalog_db_close(catalog);
	mem_free(catalog->dir);
	mem_free(catalog);
	return NULL;
}

int
catalog_copy_begin(struct catalog *source, struct catalog_copy **ret_copy)
{
	struct catalog_copy *copy;

	if (source->db == NULL)
		return err_set(-EIO, "%s/catalog.db: is not open", source->dir);
	assert(source->copying == NULL);
	copy = mem_calloc(1, sizeof(*copy));
	if (copy == NULL)
		return -ENOMEM;
	copy->source = source;
	copy->copy = empty_new(source);
	if (copy->copy != NULL)
		copy->backup = sqlite3_backup_init(copy->copy->db, "main", source->db, "main");
	if (copy->backup == NULL) {
		catalog_copy_free(copy);
		return -ENOMEM;
	}
	source->copying = copy;
	*ret_copy = copy;
	return 0;
}

int
catalog_copy_step(struct catalog_copy *copy)
{
	int rc;

	if (copy->backup == NULL)
		return err_set(-EIO, "%s/catalog.db was reopened during the check: check again",
			       copy->source->dir);
	rc = sqlite3_backup_step(copy->backup, STEP_PAGES);
	if (rc == SQLITE_OK)
		return 1;
	if (rc == SQLITE_DONE) {
		copy->source->copying = NULL;
		rc = sqlite3_backup_finish(TAKE(copy->backup));
	}
	if (rc != SQLITE_OK)
		return catalog_db_error(copy->copy, rc, "copy it for a check");
	rc = catalog_position_load(copy->copy);
	return rc < 0 ? rc : 0;
}

struct catalog *
catalog_copy_of(struct catalog_copy *copy)
{
	return copy->copy;
}

const struct position *
catalog_copy_position(const struct catalog_copy *copy)
{
	return &copy->copy->position;
}

int
catalog_copy_check(struct catalog_copy *copy)
{
	int rc = catalog_still_there(copy->source);

	if (rc == 0 && copy->source->lost > 0)
		rc = err_set(ERR_CORRUPT, "%s", copy->source->held);
	return rc < 0 ? rc : catalog_check_content(copy->copy);
}
