/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The helpers that shim_vfs.h declares and describes. */
#include "shim_vfs.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>
#include <sqlite3.h>

#include "base/mem.h"

#define SECTOR_BYTES 512

/* Something held: a write, or (bytes NULL) a truncation to `offset`. */
struct held {
	struct held *next;
	sqlite3_int64 offset;
	int len;
	unsigned char *bytes;
};

struct shim_file {
	sqlite3_file base;
	struct shim_file *next; /* all open ones */
	bool holding;
	unsigned char *image; /* holding: the contents as SQLite sees them */
	sqlite3_int64 size, capacity;
	struct held *held, **tail;
	sqlite3_file *real; /* lies behind this struct */
};

static sqlite3_vfs shim, *real_vfs;
static struct shim_file *files;
static bool hold_new, fail_sticky, fail_full, failed;
static unsigned cut_in, fail_in;

static struct shim_file *
file_of(sqlite3_file *file)
{
	return (struct shim_file *)(void *)file;
}

/* ---- power cuts ---- */

static void
real_write(struct shim_file *f, const unsigned char *bytes, int len, sqlite3_int64 offset)
{
	if (len > 0 && f->real->pMethods->xWrite(f->real, bytes, len, offset) != SQLITE_OK)
		abort();
}

static void
apply(struct shim_file *f, const struct held *h)
{
	if (h->bytes == NULL)
		f->real->pMethods->xTruncate(f->real, h->offset);
	else
		real_write(f, h->bytes, h->len, h->offset);
}

/* Some of its sectors get through. */
static void
tear(struct shim_file *f, const struct held *h)
{
	for (int at = 0; h->bytes != NULL && at < h->len; at += SECTOR_BYTES)
		if (random() % 2 == 0)
			real_write(f, h->bytes + at,
				   h->len - at < SECTOR_BYTES ? h->len - at : SECTOR_BYTES,
				   h->offset + at);
}

static void
cut(void)
{
	for (struct shim_file *f = files; f != NULL; f = f->next) {
		for (const struct held *h = f->held; h != NULL; h = h->next) {
			switch (random() % 3) {
			case 0:
				apply(f, h);
				break;
			case 1:
				tear(f, h);
				break;
			default:
				break;
			}
		}
	}
	_exit(SHIM_CUT);
}

static void
maybe_cut(void)
{
	if (cut_in > 0 && --cut_in == 0)
		cut();
}

static unsigned writes;

unsigned
shim_writes(void)
{
	return writes;
}

static int
reserve(struct shim_file *f, sqlite3_int64 size)
{
	unsigned char *image;

	if (size <= f->capacity)
		return SQLITE_OK;
	image = realloc(f->image, (size_t)size * 2);
	if (image == NULL)
		return SQLITE_NOMEM;
	f->image = image;
	f->capacity = size * 2;
	return SQLITE_OK;
}

static int
hold(struct shim_file *f, const void *bytes, int len, sqlite3_int64 offset)
{
	struct held *h = calloc(1, sizeof(*h));

	if (h == NULL)
		return SQLITE_NOMEM;
	h->offset = offset;
	h->len = len;
	if (bytes != NULL) {
		h->bytes = malloc((size_t)len);
		if (h->bytes == NULL)
			return SQLITE_NOMEM;
		memcpy(h->bytes, bytes, (size_t)len);
	}
	*f->tail = h;
	f->tail = &h->next;
	return SQLITE_OK;
}

static void
settle(struct shim_file *f, bool write)
{
	struct held *next;

	for (struct held *h = f->held; h != NULL; h = next) {
		next = h->next;
		if (write)
			apply(f, h);
		free(h->bytes);
		free(h);
	}
	f->held = NULL;
	f->tail = &f->held;
}

/* ---- faults ---- */

static bool
fails(void)
{
	if (fail_in == 0)
		return false;
	if (fail_in > 1) {
		fail_in--;
		return false;
	}
	if (!fail_sticky)
		fail_in = 0;
	failed = true;
	return true;
}

/* ---- methods ---- */

static int
shim_close(sqlite3_file *file)
{
	struct shim_file *f = file_of(file), **p;

	/* What was not synced may still get there: the process goes on. */
	settle(f, true);
	free(f->image);
	for (p = &files; *p != NULL; p = &(*p)->next) {
		if (*p == f) {
			*p = f->next;
			break;
		}
	}
	return f->real->pMethods->xClose(f->real);
}

static int
shim_read(sqlite3_file *file, void *buf, int len, sqlite3_int64 offset)
{
	struct shim_file *f = file_of(file);
	sqlite3_int64 there;

	if (fails())
		return SQLITE_IOERR_READ;
	if (!f->holding)
		return f->real->pMethods->xRead(f->real, buf, len, offset);
	there = f->size > offset ? f->size - offset : 0;
	if (there >= len) {
		memcpy(buf, f->image + offset, (size_t)len);
		return SQLITE_OK;
	}
	if (there > 0)
		memcpy(buf, f->image + offset, (size_t)there);
	memset((char *)buf + there, 0, (size_t)(len - there));
	return SQLITE_IOERR_SHORT_READ;
}

static int
shim_write(sqlite3_file *file, const void *buf, int len, sqlite3_int64 offset)
{
	struct shim_file *f = file_of(file);

	writes++;
	if (fails())
		return fail_full ? SQLITE_FULL : SQLITE_IOERR_WRITE;
	if (!f->holding)
		return f->real->pMethods->xWrite(f->real, buf, len, offset);
	if (reserve(f, offset + len) != SQLITE_OK || hold(f, buf, len, offset) != SQLITE_OK)
		return SQLITE_NOMEM;
	if (offset > f->size)
		memset(f->image + f->size, 0, (size_t)(offset - f->size));
	memcpy(f->image + offset, buf, (size_t)len);
	if (offset + len > f->size)
		f->size = offset + len;
	maybe_cut();
	return SQLITE_OK;
}

static int
shim_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	struct shim_file *f = file_of(file);

	if (fails())
		return SQLITE_IOERR_TRUNCATE;
	if (!f->holding)
		return f->real->pMethods->xTruncate(f->real, size);
	if (hold(f, NULL, 0, size) != SQLITE_OK)
		return SQLITE_NOMEM;
	if (size < f->size)
		f->size = size;
	return SQLITE_OK;
}

static int
shim_sync(sqlite3_file *file, int flags)
{
	struct shim_file *f = file_of(file);

	if (fails())
		return SQLITE_IOERR_FSYNC;
	if (!f->holding)
		return f->real->pMethods->xSync(f->real, flags);
	maybe_cut();
	settle(f, true);
	return SQLITE_OK;
}

static int
shim_size(sqlite3_file *file, sqlite3_int64 *ret_size)
{
	struct shim_file *f = file_of(file);

	if (!f->holding)
		return f->real->pMethods->xFileSize(f->real, ret_size);
	*ret_size = f->size;
	return SQLITE_OK;
}

static int
shim_lock(sqlite3_file *file, int level)
{
	return file_of(file)->real->pMethods->xLock(file_of(file)->real, level);
}

static int
shim_unlock(sqlite3_file *file, int level)
{
	return file_of(file)->real->pMethods->xUnlock(file_of(file)->real, level);
}

static int
shim_check_lock(sqlite3_file *file, int *ret_locked)
{
	return file_of(file)->real->pMethods->xCheckReservedLock(file_of(file)->real, ret_locked);
}

static int
shim_control(sqlite3_file *file, int op, void *arg)
{
	if (op == SQLITE_FCNTL_SIZE_HINT || op == SQLITE_FCNTL_CHUNK_SIZE)
		return SQLITE_OK;
	return file_of(file)->real->pMethods->xFileControl(file_of(file)->real, op, arg);
}

static int
shim_sector(sqlite3_file *file)
{
	struct shim_file *f = file_of(file);

	return f->holding ? SECTOR_BYTES : f->real->pMethods->xSectorSize(f->real);
}

/* A file that can lose what is not synced promises nothing: neither atomic nor in order. */
static int
shim_traits(sqlite3_file *file)
{
	struct shim_file *f = file_of(file);

	return f->holding ? 0 : f->real->pMethods->xDeviceCharacteristics(f->real);
}

static const sqlite3_io_methods methods = {
	.iVersion = 1,
	.xClose = shim_close,
	.xRead = shim_read,
	.xWrite = shim_write,
	.xTruncate = shim_truncate,
	.xSync = shim_sync,
	.xFileSize = shim_size,
	.xLock = shim_lock,
	.xUnlock = shim_unlock,
	.xCheckReservedLock = shim_check_lock,
	.xFileControl = shim_control,
	.xSectorSize = shim_sector,
	.xDeviceCharacteristics = shim_traits,
};

static int
load_image(struct shim_file *f)
{
	int rc = f->real->pMethods->xFileSize(f->real, &f->size);

	if (rc != SQLITE_OK || f->size == 0)
		return rc;
	if (reserve(f, f->size) != SQLITE_OK)
		return SQLITE_NOMEM;
	return f->real->pMethods->xRead(f->real, f->image, (int)f->size, 0);
}

static int
shim_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *ret_flags)
{
	struct shim_file *f = file_of(file);
	int rc;

	(void)vfs;
	memset(f, 0, sizeof(*f));
	f->tail = &f->held;
	f->real = (sqlite3_file *)(f + 1);
	rc = real_vfs->xOpen(real_vfs, name, f->real, flags, ret_flags);
	if (rc != SQLITE_OK)
		return rc;
	f->holding = hold_new && name != NULL;
	f->next = files;
	files = f;
	f->base.pMethods = &methods;
	return f->holding ? load_image(f) : SQLITE_OK;
}

/* ---- control ---- */

void
shim_register(void)
{
	if (real_vfs == NULL) {
		real_vfs = sqlite3_vfs_find(NULL);
		shim = *real_vfs;
		shim.zName = SHIM_NAME;
		shim.szOsFile = (int)sizeof(struct shim_file) + real_vfs->szOsFile;
		shim.xOpen = shim_open;
	}
	sqlite3_vfs_register(&shim, 1);
}

void
shim_unregister(void)
{
	sqlite3_vfs_unregister(&shim);
	sqlite3_vfs_register(real_vfs, 1);
}

void
shim_hold(unsigned seed)
{
	srandom(seed);
	hold_new = true;
}

void
shim_cut_at(unsigned nth)
{
	cut_in = nth;
}

void
shim_fail_at(unsigned nth, bool sticky, bool full)
{
	fail_in = nth;
	fail_sticky = sticky;
	fail_full = full;
	failed = false;
}

void
shim_heal(void)
{
	fail_in = 0;
}

bool
shim_failed(void)
{
	return failed;
}

/* ---- memory ---- */

/* SQLite wants to know how large a block is: its size stands before it. */
#define HEAD_BYTES 16

static int
block_size(void *block)
{
	return block == NULL ? 0 : (int)*(size_t *)(void *)((char *)block - HEAD_BYTES);
}

static void *
with_head(void *block, int size)
{
	if (block == NULL)
		return NULL;
	*(size_t *)block = (size_t)size;
	return (char *)block + HEAD_BYTES;
}

static void *
memory_alloc(int size)
{
	return with_head(mem_alloc((size_t)size + HEAD_BYTES), size);
}

static void
memory_free(void *block)
{
	if (block != NULL)
		mem_free((char *)block - HEAD_BYTES);
}

static void *
memory_realloc(void *block, int size)
{
	return with_head(mem_realloc((char *)block - HEAD_BYTES, (size_t)size + HEAD_BYTES), size);
}

static int
memory_roundup(int size)
{
	return (size + 7) & ~7;
}

static int
memory_init(void *arg)
{
	(void)arg;
	return SQLITE_OK;
}

static void
memory_shutdown(void *arg)
{
	(void)arg;
}

void
shim_memory(void)
{
	static const sqlite3_mem_methods memory = {
		.xMalloc = memory_alloc,
		.xFree = memory_free,
		.xRealloc = memory_realloc,
		.xSize = block_size,
		.xRoundup = memory_roundup,
		.xInit = memory_init,
		.xShutdown = memory_shutdown,
	};

	if (sqlite3_config(SQLITE_CONFIG_MALLOC, &memory) != SQLITE_OK ||
	    sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0) != SQLITE_OK)
		abort();
	json_set_alloc_funcs(mem_alloc, mem_free);
}
