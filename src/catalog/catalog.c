/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Opens and closes a catalog (its directory, the lock, the database) and runs its transactions.
 * The lock is one of flock, which ends with the process, so a crash leaves no lock behind.  Called
 * by the array: the opening thread, later the writer thread.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "catalog/shared_int.h"

#ifndef CIFS_SUPER_MAGIC
#define CIFS_SUPER_MAGIC 0xff534d42u
#endif
#ifndef SMB2_SUPER_MAGIC
#define SMB2_SUPER_MAGIC 0xfe534d42u
#endif

/* The mark of a directory that was just made must not vanish with its entry in the parent. */
static int
make_dir(const char *dir)
{
	AUTO_FREE char *parent = str_printf("%s/..", dir);
	int fd, rc;

	if (parent == NULL)
		return -ENOMEM;
	if (mkdir(dir, 0700) < 0)
		return errno == EEXIST ? 0
				       : err_set(-errno, "%s: cannot make the directory: %s", dir,
						 strerror(errno));
	fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_set(-errno, "%s: cannot open: %s", parent, strerror(errno));
	rc = fsync(fd) < 0 ? err_set(-errno, "%s: cannot sync: %s", parent, strerror(errno)) : 0;
	close(fd);
	return rc;
}

/* SQLite's locks and fsync are not to be trusted on network file systems. */
int
catalog_refuse_network(int fd, const char *path)
{
	struct statfs fs;
	unsigned type;

	if (fstatfs(fd, &fs) < 0)
		return err_set(-errno, "%s: cannot find out the type of its file system: %s", path,
			       strerror(errno));
	type = (unsigned)fs.f_type;
	if (type == NFS_SUPER_MAGIC || type == SMB_SUPER_MAGIC || type == CIFS_SUPER_MAGIC ||
	    type == SMB2_SUPER_MAGIC)
		return err_set(ERR_NOT_SUPPORTED,
			       "%s is on a network file system; it must be on a local one", path);
	return 0;
}

/* Warns about a directory to which others may write, since they could replace its files. */
static void
warn_of_mode(const struct catalog *catalog)
{
	struct stat st;

	if (fstat(catalog->dir_fd, &st) == 0 && (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		log_warning("catalog.writable",
			    "dir=%s mode=%03o reason=\"others may write to the directory: `chmod "
			    "go-w` it\"",
			    catalog->dir, (unsigned)st.st_mode & 0777);
}

static int
lock_dir(struct catalog *catalog)
{
	catalog->lock_fd = openat(catalog->dir_fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (catalog->lock_fd < 0)
		return err_set(-errno, "%s/lock: cannot open: %s", catalog->dir, strerror(errno));
	if (flock(catalog->lock_fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (errno == EWOULDBLOCK)
		return err_set(ERR_LOCKED, "%s: another process has this array open", catalog->dir);
	return err_set(-errno, "%s/lock: cannot lock: %s", catalog->dir, strerror(errno));
}

static int
dir_open(struct catalog *catalog)
{
	int rc = catalog->look ? 0 : make_dir(catalog->dir);

	if (rc < 0)
		return rc;
	catalog->dir_fd = open(catalog->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (catalog->dir_fd < 0)
		return err_set(-errno, "%s: cannot open: %s", catalog->dir, strerror(errno));
	rc = catalog_refuse_network(catalog->dir_fd, catalog->dir);
	if (catalog->look && catalog->sharing != NULL)
		return rc; /* what is looked at is not in the directory */
	return rc < 0 ? rc : lock_dir(catalog);
}

/* A log that a crash left may hold any secret. */
static void
suspect_log(struct catalog *catalog)
{
	struct stat st;

	catalog->secret_in_log = fstatat(catalog->dir_fd, "catalog.db-wal", &st,
					 AT_SYMLINK_NOFOLLOW) == 0 &&
				 st.st_size > 0;
}

static int
open_all(struct catalog *catalog)
{
	int rc = dir_open(catalog);

	if (rc == 0)
		rc = catalog_restore_finish(catalog);
	if (rc == 0)
		rc = catalog_guard_missing(catalog);
	if (rc == 0)
		warn_of_mode(catalog);
	if (rc == 0)
		catalog_reserve_open(catalog);
	if (rc == 0)
		suspect_log(catalog);
	if (rc == 0)
		rc = catalog->look ? catalog_db_look(catalog, catalog_migration_count)
				   : catalog_db_open(catalog, catalog_migrations,
						     catalog_migration_count);
	if (rc == 0)
		rc = catalog_schema_check(catalog);
	if (rc == 0)
		rc = catalog_position_load(catalog);
	if (rc == 0 && catalog->look)
		catalog_position_look(catalog);
	if (rc < 0 || catalog->look)
		return rc;
	rc = catalog_position_settle(catalog);
	if (rc == 0 && catalog_held(catalog) != NULL)
		return catalog_guard_hold_database(catalog);
	catalog_guard_remember(catalog);
	if (rc == 0)
		(void)catalog_secret_scrub(catalog); /* a full disk: the next change tries again */
	if (rc == 0)
		catalog_reserve_renew(catalog);
	if (rc == 0)
		catalog_reserve_settle(catalog);
	return rc;
}

/* What is to be set before the catalog is opened: members of struct catalog. */
struct catalog_manner {
	bool look, accept_loss, restored;
	uint64_t restored_after;
	struct catalog_sharing *sharing; /* consumed */
};

static int
open_as(const char *dir, const struct catalog_manner *like, int (*how)(struct catalog *catalog),
	struct catalog **ret_catalog)
{
	struct catalog *catalog = mem_calloc(1, sizeof(*catalog));
	int rc;

	if (catalog == NULL) {
		catalog_sharing_free(like->sharing);
		return -ENOMEM;
	}
	catalog->sharing = like->sharing;
	catalog->look = like->look;
	catalog->accept_loss = like->accept_loss;
	catalog->restored = like->restored;
	catalog->restored_after = like->restored_after;
	catalog->dir_fd = catalog->lock_fd = catalog->mark_fd = catalog->reserve.fd = -1;
	catalog->dir = str_dup(dir);
	rc = catalog->dir == NULL ? -ENOMEM : how(catalog);
	if (rc < 0) {
		catalog_close(catalog);
		return rc;
	}
	*ret_catalog = catalog;
	return 0;
}

int
catalog_open(const char *dir, struct catalog **ret_catalog)
{
	return open_as(dir, &(struct catalog_manner){ .look = false }, open_all, ret_catalog);
}

int
catalog_open_accepting_loss(const char *dir, struct catalog **ret_catalog)
{
	return open_as(dir, &(struct catalog_manner){ .accept_loss = true }, open_all, ret_catalog);
}

int
catalog_look(const char *dir, struct catalog **ret_catalog)
{
	return open_as(dir, &(struct catalog_manner){ .look = true }, open_all, ret_catalog);
}

int
catalog_open_restored(const char *dir, uint64_t after, struct catalog **ret_catalog)
{
	return open_as(dir, &(struct catalog_manner){ .restored = true, .restored_after = after },
		       open_all, ret_catalog);
}

int
catalog_dir_open(const char *dir, struct catalog **ret_catalog)
{
	return open_as(dir, &(struct catalog_manner){ .look = false }, dir_open, ret_catalog);
}

static int
open_shared(struct catalog *catalog)
{
	int rc = dir_open(catalog);

	if (rc == 0)
		warn_of_mode(catalog);
	return rc < 0 ? rc : catalog_shared_open_all(catalog);
}

int
catalog_open_shared(const char *dir, const struct catalog_shared *shared, bool look,
		    bool accept_loss, struct catalog **ret_catalog)
{
	struct catalog_sharing *sharing = mem_calloc(1, sizeof(*sharing));
	struct catalog_manner like = { .look = look, .accept_loss = accept_loss };

	if (sharing == NULL) {
		shared->ops->close(shared->store);
		return -ENOMEM;
	}
	sharing->store = *shared;
	like.sharing = sharing;
	return open_as(dir, &like, open_shared, ret_catalog);
}

/* SQLite makes a log to look into when there is none. */
static void
drop_empty_log(struct catalog *catalog)
{
	struct stat st;

	if (fstatat(catalog->dir_fd, "catalog.db-wal", &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    st.st_size == 0)
		(void)unlinkat(catalog->dir_fd, "catalog.db-wal", 0);
}

void
catalog_close(struct catalog *catalog)
{
	if (catalog == NULL)
		return;
	catalog_rollback(catalog);
	catalog_db_close(catalog);
	if (catalog->look && catalog->lock_fd >= 0 && catalog->sharing == NULL)
		drop_empty_log(catalog);
	catalog_reserve_close(catalog);
	if (catalog->mark_fd >= 0)
		close(catalog->mark_fd);
	if (catalog->lock_fd >= 0)
		close(catalog->lock_fd); /* last: it guards the others */
	if (catalog->dir_fd >= 0)
		close(catalog->dir_fd);
	catalog_sharing_free(catalog->sharing);
	mem_free(catalog->dir);
	mem_free(catalog);
}

int
catalog_reopen(struct catalog *catalog)
{
	int rc;

	if (catalog->sharing != NULL)
		return catalog_shared_reopen(catalog);
	catalog->in_transaction = catalog->in_savepoint = false;
	rc = catalog_still_there(catalog);
	catalog_guard_forget_log(catalog); /* SQLite removes it when it closes the database */
	catalog_db_close(catalog);
	if (rc < 0)
		return rc;
	rc = catalog_db_open(catalog, catalog_migrations, catalog_migration_count);
	catalog->reserve.saving = false;
	catalog->secret_in_log = true; /* perhaps, if closing has left the log */
	catalog_guard_remember(catalog);
	return rc < 0 ? rc : catalog_position_load(catalog);
}

bool
catalog_is_new(const struct catalog *catalog)
{
	return catalog->is_new;
}

bool
catalog_was_restored(const struct catalog *catalog)
{
	return catalog->was_restored;
}

/* ---- transactions ---- */

static int
run(struct catalog *catalog, enum catalog_statement which, const char *what)
{
	sqlite3_stmt *stmt;
	int rc = catalog_statement(catalog, which, &stmt);

	return rc < 0 ? rc : catalog_run(catalog, stmt, what);
}

int
catalog_begin(struct catalog *catalog)
{
	int rc = catalog_held(catalog) != NULL ? err_set(ERR_READ_ONLY, "%s", catalog->held)
					       : catalog_still_there(catalog);

	if (rc == 0 && catalog->sharing != NULL)
		rc = catalog_shared_begin(catalog);
	if (rc == 0)
		rc = run(catalog, STMT_BEGIN, "begin");
	if (rc == 0)
		catalog->in_transaction = true;
	return rc;
}

int
catalog_commit(struct catalog *catalog)
{
	int rc = catalog->sharing != NULL ? catalog_shared_commit(catalog) : 0;

	if (rc < 0)
		return rc;
	rc = run(catalog, STMT_COMMIT, "commit");
	if (rc < 0)
		return catalog->sharing != NULL ? catalog_shared_commit_failed(catalog, rc) : rc;
	catalog->in_transaction = catalog->in_savepoint = false;
	if (catalog->sharing != NULL)
		catalog_shared_record_clear(catalog);
	catalog->secret_in_log |= catalog->secret_outdated;
	catalog->secret_outdated = false;
	catalog->committed = catalog->position;
	catalog->is_new = guid_is_zero(&catalog->position.array_id);
	catalog_mark_write(catalog);
	catalog_reserve_settle(catalog);
	catalog_guard_remember(catalog); /* the log is made by the first commit */
	return 0;
}

void
catalog_rollback(struct catalog *catalog)
{
	if (catalog->db == NULL || !catalog->in_transaction)
		return;
	/* An I/O error may have rolled it back already. */
	if (!sqlite3_get_autocommit(catalog->db))
		(void)run(catalog, STMT_ROLLBACK, "roll back");
	catalog->in_transaction = catalog->in_savepoint = false;
	catalog->position = catalog->committed;
	if (catalog->sharing != NULL)
		catalog_shared_record_clear(catalog);
}

int
catalog_savepoint(struct catalog *catalog)
{
	int rc = run(catalog, STMT_SAVEPOINT, "savepoint");

	if (rc < 0)
		return rc;
	if (catalog->sharing != NULL)
		catalog_shared_savepoint(catalog);
	catalog->at_savepoint = catalog->position;
	catalog->in_savepoint = true;
	return 0;
}

int
catalog_release(struct catalog *catalog)
{
	int rc = run(catalog, STMT_RELEASE, "release the savepoint");

	if (rc == 0)
		catalog->in_savepoint = false;
	return rc;
}

int
catalog_rollback_to(struct catalog *catalog)
{
	int rc = run(catalog, STMT_ROLLBACK_TO, "roll back to the savepoint");

	if (rc < 0)
		return rc;
	if (catalog->sharing != NULL)
		catalog_shared_rollback_to(catalog);
	catalog->position = catalog->at_savepoint;
	return catalog_release(catalog);
}

int
catalog_load(struct catalog *catalog, struct state **ret_state)
{
	AUTO_STATE struct state *state = NULL;
	struct state_edit *edit = state_edit_new_load(&catalog->position);
	int rc;

	if (edit == NULL)
		return -ENOMEM;
	rc = catalog_rows_load(catalog, edit);
	if (rc < 0) {
		state_edit_free(edit);
		return rc;
	}
	rc = state_edit_load(edit, &state);
	if (rc < 0)
		return rc;
	if (!hash128_equal(&state_position(state)->digest, &catalog->position.digest))
		return err_set(ERR_CORRUPT,
			       "%s: the rows in catalog.db do not match their stored digest",
			       catalog->dir);
	*ret_state = TAKE(state);
	return 0;
}

static const struct row *
row_before(const struct state *before, const struct change_op *op)
{
	const struct row_key *key = &op->key;

	return row_type(op->family)->key_fields > 1
		       ? state_find_pair(before, op->family, &key->a, &key->b)
		       : state_find(before, op->family, &key->a);
}

/*
 * Does the change give the row a unique value that another row of the same change may have until
 * then?  LUN numbers and names of pools and of schedules may be exchanged.
 */
static bool
may_exchange(const struct row *old, const struct row *row)
{
	const struct row_association *a = (const void *)old, *b = (const void *)row;
	const struct row_pool *p = (const void *)old, *q = (const void *)row;
	const struct row_snapshot_schedule *s = (const void *)old, *t = (const void *)row;

	if (old == NULL || row == NULL)
		return false;
	return (old->family == ROW_ASSOCIATION && a->lun_number != b->lun_number) ||
	       (old->family == ROW_POOL && strcmp(p->name, q->name) != 0) ||
	       (old->family == ROW_SNAPSHOT_SCHEDULE && strcmp(s->name, t->name) != 0);
}

/*
 * LUNs refer to a pool and a run to its schedule, so these get other names for a moment; nothing
 * refers to an association.
 */
static int
put_aside(struct catalog *catalog, const struct row *old, const struct change_op *op)
{
	AUTO_ROW struct row *aside = NULL;
	char id[GUID_TEXT_SIZE], **name;

	if (op->family == ROW_ASSOCIATION)
		return catalog_row_delete(catalog, op->family, &op->key);
	aside = row_copy(old);
	if (aside == NULL)
		return -ENOMEM;
	name = op->family == ROW_POOL ? &((struct row_pool *)(void *)aside)->name
				      : &((struct row_snapshot_schedule *)(void *)aside)->name;
	if (row_set_string(name, guid_format(&op->key.a, id)) < 0)
		return -ENOMEM;
	return catalog_row_update(catalog, old, aside);
}

static int
put(struct catalog *catalog, const struct state *before, const struct change_op *op)
{
	const struct row *old = row_before(before, op);

	if (op->family == ROW_ASSOCIATION && may_exchange(old, op->row))
		old = NULL;
	return old != NULL ? catalog_row_update(catalog, old, op->row)
			   : catalog_row_put(catalog, op->row);
}

/* Deletions go children first, puts parents first: foreign keys hold after each step. */
int
catalog_apply(struct catalog *catalog, const struct state *before, const struct change *change)
{
	int rc = 0;

	if (change->sequence != catalog->position.sequence + 1)
		return err_set(ERR_INTERNAL, "change %llu cannot follow change %llu",
			       (unsigned long long)change->sequence,
			       (unsigned long long)catalog->position.sequence);
	for (int family = ROW_STORED_COUNT - 1; family >= 0; family--)
		for (size_t i = 0; rc == 0 && i < change->op_count; i++)
			if ((int)change->ops[i].family == family && change->ops[i].row == NULL)
				rc = catalog_row_delete(catalog, change->ops[i].family,
							&change->ops[i].key);
	for (size_t i = 0; rc == 0 && i < change->op_count; i++) {
		const struct row *old = row_before(before, &change->ops[i]);

		if (may_exchange(old, change->ops[i].row))
			rc = put_aside(catalog, old, &change->ops[i]);
	}
	for (int family = 0; family < ROW_STORED_COUNT; family++)
		for (size_t i = 0; rc == 0 && i < change->op_count; i++)
			if ((int)change->ops[i].family == family && change->ops[i].row != NULL)
				rc = put(catalog, before, &change->ops[i]);
	if (rc == 0)
		rc = catalog_event_put(catalog, change);
	return rc < 0 ? rc : catalog_position_move(catalog, change->sequence, &change->digest);
}
