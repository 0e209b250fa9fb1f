/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The memory of SQLite in a process that keeps secrets: the catalog has CHAP secrets, so pages of
 * the database in memory have them, and the statements that read and write them.
 *
 * 1. The cache of pages lies in memory that is in no core file.
 * 2. What SQLite gives back is overwritten.
 *
 * Called once, by the program, before the first catalog is opened.  Tests that replace SQLite's
 * memory themselves do without.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/secret.h"
#include "catalog/catalog_int.h"

#define PAGE_BYTES 4096u
/* the cache of a catalog (db.c), and some for a copy that is checked */
#define PAGES      ((8u << 20) / PAGE_BYTES + 256u)

static sqlite3_mem_methods real;

static void *
wiping_alloc(int size)
{
	return real.xMalloc(size);
}

static void
wiping_free(void *block)
{
	if (block == NULL)
		return;
	secret_wipe(block, (size_t)real.xSize(block));
	real.xFree(block);
}

/* The C library could leave the old block behind. */
static void *
wiping_realloc(void *block, int size)
{
	void *other = real.xMalloc(size);

	if (other == NULL)
		return NULL;
	memcpy(other, block, (size_t)MIN(size, real.xSize(block)));
	wiping_free(block);
	return other;
}

/*
 * The pages are taken from address space that costs memory only where it is used.  SQLite takes
 * pages beyond them from its other memory.
 */
static int
give_pages(void)
{
	int header = 0, size;
	void *pages;

	if (sqlite3_config(SQLITE_CONFIG_PCACHE_HDRSZ, &header) != SQLITE_OK)
		return ERR_INTERNAL;
	size = (int)((PAGE_BYTES + (unsigned)header + 7u) & ~7u);
	pages = mmap(NULL, (size_t)size * PAGES, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (pages == MAP_FAILED)
		return -errno;
	madvise(pages, (size_t)size * PAGES, MADV_DONTDUMP);
	return sqlite3_config(SQLITE_CONFIG_PAGECACHE, pages, size, (int)PAGES) == SQLITE_OK
		       ? 0
		       : ERR_INTERNAL;
}

int
catalog_memory_protect(void)
{
	sqlite3_mem_methods mine;
	int rc;

	if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real) != SQLITE_OK)
		return err_set(ERR_INTERNAL, "SQLite is in use already: its memory cannot be "
					     "protected");
	mine = real;
	mine.xMalloc = wiping_alloc;
	mine.xFree = wiping_free;
	mine.xRealloc = wiping_realloc;
	rc = give_pages();
	/* the small blocks that a connection keeps for itself would not be overwritten */
	if (rc == 0 && (sqlite3_config(SQLITE_CONFIG_MALLOC, &mine) != SQLITE_OK ||
			sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0) != SQLITE_OK))
		rc = ERR_INTERNAL;
	return rc < 0 ? err_set(rc, "the memory of SQLite cannot be protected") : 0;
}
