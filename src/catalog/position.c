/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The position of the catalog, and whether the catalog is the one that was last used in this
 * directory.  Only the catalog's thread.
 *
 * A restored backup does not know which sequences were used after it was made.  If they were used a
 * second time, replicas could take new changes for old ones.  So a mark beside the catalog stores
 * the array, the incarnation and the last committed sequence.  At open the catalog goes on in its
 * incarnation only if
 *	mark.array_id = catalog.array_id, mark.incarnation = catalog.incarnation,
 *	mark.sequence <= catalog.sequence
 * If the mark is ahead, acknowledged changes are missing (the log is damaged, or a backup was
 * restored): the catalog is held until an administrator accepts the loss, and then becomes a new
 * incarnation.  In the other cases (no mark, a mark of another array, or one of an earlier
 * incarnation) it becomes a new incarnation at once.  The mark is written after each commit without
 * a sync.  A power cut can leave an older mark, but never a newer one, so the mark never reports a
 * loss that did not happen; the digest finds a loss that the mark misses.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "catalog/shared_int.h"

#define MARK_FORMAT "vds-mark 1 %s %020" PRIu64 " %020" PRIu64 "\n"
#define MARK_SIZE   128

int
catalog_position_load(struct catalog *catalog)
{
	struct position at = { 0 };
	sqlite3_stmt *stmt;
	int step, rc = catalog_statement(catalog, STMT_POSITION_GET, &stmt);

	if (rc < 0)
		return rc;
	step = sqlite3_step(stmt);
	if (step == SQLITE_ROW) {
		const char *digest = (const char *)sqlite3_column_text(stmt, 3);

		rc = catalog_column_guid(stmt, 0, &at.array_id);
		at.incarnation = (uint64_t)sqlite3_column_int64(stmt, 1);
		at.sequence = (uint64_t)sqlite3_column_int64(stmt, 2);
		if (rc == 0 && (digest == NULL || hash128_parse(digest, &at.digest) < 0))
			rc = err_set(ERR_CORRUPT, "%s/catalog.db: the stored digest is damaged",
				     catalog->dir);
	} else if (step != SQLITE_DONE) {
		rc = catalog_db_error(catalog, step, "position");
	}
	sqlite3_reset(stmt);
	if (rc < 0)
		return rc;
	catalog->is_new = step == SQLITE_DONE;
	catalog->position = catalog->committed = at;
	return 0;
}

int
catalog_create(struct catalog *catalog, const struct guid *array_id)
{
	struct position at = { .array_id = *array_id, .incarnation = 1 };
	char digest[HASH128_TEXT_SIZE];
	sqlite3_stmt *stmt;
	int rc = catalog_statement(catalog, STMT_POSITION_CREATE, &stmt);

	if (rc < 0)
		return rc;
	catalog_bind_guid(stmt, 1, array_id);
	sqlite3_bind_text(stmt, 2, hash128_format(&at.digest, digest), -1, SQLITE_STATIC);
	rc = catalog_run(catalog, stmt, "create the position");
	if (rc == 0)
		catalog->position = at;
	return rc;
}

int
catalog_position_move(struct catalog *catalog, uint64_t sequence, const struct hash128 *digest)
{
	char text[HASH128_TEXT_SIZE];
	sqlite3_stmt *stmt;
	int rc = catalog_statement(catalog, STMT_POSITION_MOVE, &stmt);

	if (rc < 0)
		return rc;
	sqlite3_bind_int64(stmt, 1, (int64_t)sequence);
	sqlite3_bind_text(stmt, 2, hash128_format(digest, text), -1, SQLITE_STATIC);
	rc = catalog_run(catalog, stmt, "move the position");
	if (rc == 0) {
		catalog->position.sequence = sequence;
		catalog->position.digest = *digest;
	}
	return rc;
}

/* ---- the mark ---- */

static bool
mark_fd_read(int fd, struct catalog_mark *ret_mark)
{
	char text[MARK_SIZE + 1], id[GUID_TEXT_SIZE];
	ssize_t got = pread(fd, text, MARK_SIZE, 0);

	if (got <= 0)
		return false;
	text[got] = '\0';
	/* NOLINTNEXTLINE(cert-err34-c): a number that does not fit is one that no catalog has */
	return sscanf(text, "vds-mark 1 %36s %" SCNu64 " %" SCNu64, id, &ret_mark->incarnation,
		      &ret_mark->sequence) == 3 &&
	       guid_parse(id, &ret_mark->array_id) == 0;
}

static bool
mark_read(struct catalog *catalog, struct catalog_mark *ret_mark)
{
	return mark_fd_read(catalog->mark_fd, ret_mark);
}

uint64_t
catalog_mark_incarnation(int dir_fd)
{
	int fd = openat(dir_fd, "mark", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct catalog_mark mark = { 0 };
	bool known = fd >= 0 && mark_fd_read(fd, &mark);

	if (fd >= 0)
		close(fd);
	return known ? mark.incarnation : 0;
}

const struct position *
catalog_position(const struct catalog *catalog)
{
	return &catalog->committed;
}

/*
 * Writes the mark.  Failures are ignored: without the mark, the next start may take this catalog
 * for a restored one, which is safe.
 */
void
catalog_mark_write(struct catalog *catalog)
{
	const struct position *at = &catalog->committed;
	char text[MARK_SIZE], id[GUID_TEXT_SIZE];
	int len = snprintf(text, sizeof(text), MARK_FORMAT, guid_format(&at->array_id, id),
			   at->incarnation, at->sequence);

	if (pwrite(catalog->mark_fd, text, (size_t)len, 0) != len)
		log_warning("catalog.mark", "error=%s", strerror(errno));
}

static int
reincarnate(struct catalog *catalog, uint64_t floor)
{
	uint64_t least = MAX(catalog->position.incarnation, floor) + 1;
	uint64_t incarnation = MAX(least, (uint64_t)clock_utc_ms());
	sqlite3_stmt *stmt;
	int rc = catalog_statement(catalog, STMT_POSITION_REINCARNATE, &stmt);

	if (rc < 0)
		return rc;
	sqlite3_bind_int64(stmt, 1, (int64_t)incarnation);
	rc = catalog_run(catalog, stmt, "new incarnation");
	if (rc < 0)
		return rc;
	catalog->position.incarnation = catalog->committed.incarnation = incarnation;
	catalog->was_restored = true;
	log_warning("catalog.restored", "incarnation=%" PRIu64 " sequence=%" PRIu64, incarnation,
		    catalog->position.sequence);
	return 0;
}

/*
 * Returns how many acknowledged changes are in the mark but not in the catalog; UINT64_MAX =
 * unknown, because the mark is of a later incarnation.
 */
static uint64_t
lost_since(const struct catalog_mark *mark, const struct position *at)
{
	if (!guid_equal(&mark->array_id, &at->array_id) || mark->incarnation < at->incarnation)
		return 0;
	if (mark->incarnation > at->incarnation)
		return UINT64_MAX;
	return mark->sequence > at->sequence ? mark->sequence - at->sequence : 0;
}

/* Notes a loss and holds the catalog because of it. */
static void
hold_for_loss(struct catalog *catalog, const struct catalog_mark *mark)
{
	char count[32] = "an unknown number of";
	const char *newest = catalog->sharing != NULL ? catalog->sharing->store.name
						      : "catalog.db and catalog.db-wal";

	catalog->lost = lost_since(mark, &catalog->position);
	if (catalog->lost == 0)
		return;
	if (catalog->lost != UINT64_MAX)
		snprintf(count, sizeof(count), "%" PRIu64, catalog->lost);
	catalog_guard_hold(catalog,
			   "%s: %s acknowledged change%s missing from the catalog, which ends with "
			   "change %" PRIu64
			   ": put the newest %s back, or start vdsd with --accept-loss to go on "
			   "without them",
			   catalog->dir, count, catalog->lost == 1 ? " is" : "s are",
			   catalog->position.sequence, newest);
}

void
catalog_position_look(struct catalog *catalog)
{
	struct catalog_mark mark = { 0 };

	catalog->mark_fd = openat(catalog->dir_fd, "mark", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (catalog->mark_fd >= 0 && !catalog->is_new && mark_read(catalog, &mark))
		hold_for_loss(catalog, &mark);
}

/* Refuses a new catalog beside a mark that says that an array has made changes here. */
static int
refuse_forgotten(struct catalog *catalog)
{
	struct catalog_mark mark;

	if (!mark_read(catalog, &mark))
		return 0;
	return err_set(
		ERR_CORRUPT,
		"%s: catalog.db is empty, but an array has made %" PRIu64
		" changes there: put its catalog.db back, or remove mark to begin a new array",
		catalog->dir, mark.sequence);
}

int
catalog_position_settle(struct catalog *catalog)
{
	const struct position *at = &catalog->position;
	struct catalog_mark mark = { 0 };
	bool known;
	int rc;

	catalog->mark_fd = openat(catalog->dir_fd, "mark", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (catalog->mark_fd < 0)
		return err_set(-errno, "%s/mark: cannot open: %s", catalog->dir, strerror(errno));
	if (catalog->is_new)
		return refuse_forgotten(catalog);
	if (catalog->restored) {
		rc = reincarnate(catalog, catalog->restored_after);
		if (rc == 0)
			catalog_mark_write(catalog);
		return rc;
	}
	known = mark_read(catalog, &mark) && guid_equal(&mark.array_id, &at->array_id);
	if (known && mark.incarnation == at->incarnation && mark.sequence <= at->sequence)
		return 0;
	if (known && !catalog->accept_loss)
		hold_for_loss(catalog, &mark);
	if (catalog_held(catalog) != NULL)
		return 0;
	if (known && lost_since(&mark, at) > 0)
		log_warning("catalog.loss_accepted", "sequence=%" PRIu64 " was=%" PRIu64,
			    at->sequence, mark.sequence);
	rc = reincarnate(catalog, known ? mark.incarnation : 0);
	if (rc == 0)
		catalog_mark_write(catalog);
	return rc;
}

/* ---- a shared catalog ---- */

static int
reincarnate_shared(struct catalog *catalog, uint64_t floor)
{
	int rc = catalog_begin(catalog);

	if (rc == 0)
		rc = reincarnate(catalog, floor);
	if (rc == 0)
		rc = catalog_commit(catalog);
	catalog_rollback(catalog);
	return rc;
}

int
catalog_position_mark_shared(struct catalog *catalog, struct catalog_mark *ret_mark,
			     bool *ret_known)
{
	int flags = catalog->look ? O_RDONLY : O_RDWR | O_CREAT;

	*ret_known = false;
	catalog->mark_fd = openat(catalog->dir_fd, "mark", flags | O_CLOEXEC, 0600);
	if (catalog->mark_fd < 0)
		return catalog->look ? 0
				     : err_set(-errno, "%s/mark: cannot open: %s", catalog->dir,
					       strerror(errno));
	*ret_known = mark_read(catalog, ret_mark);
	return 0;
}

/*
 * Other gateways commit while this one is away, and one that is new has no mark.  So the catalog
 * may be ahead of the mark by any number, and there need not be a mark.  What remains is that the
 * store itself was put back to an older state, or is another one.
 */
int
catalog_position_settle_shared(struct catalog *catalog, const struct catalog_mark *mark, bool known)
{
	const struct position *at = &catalog->position;

	if (known && catalog->is_new)
		return err_set(ERR_CORRUPT,
			       "%s: a gateway that uses the catalog %s has made %" PRIu64
			       " changes, but there is no catalog of that name: is the name of the "
			       "pool right?  Remove mark to begin a new array",
			       catalog->dir, catalog->sharing->store.name, mark->sequence);
	if (known && !guid_equal(&mark->array_id, &at->array_id))
		return err_set(ERR_CORRUPT,
			       "%s belongs to a gateway of another array than that of %s: use "
			       "another --dir",
			       catalog->dir, catalog->sharing->store.name);
	if (!known || catalog->is_new)
		return 0;
	catalog->lost = lost_since(mark, at);
	if (catalog->lost == 0) {
		if (!catalog->look)
			catalog_mark_write(catalog);
		return 0;
	}
	if (catalog->accept_loss && !catalog->look) {
		int rc = catalog_shared_check_alone(catalog);

		if (rc < 0)
			return rc;
		catalog->lost = 0;
		log_warning("catalog.loss_accepted", "sequence=%" PRIu64 " was=%" PRIu64,
			    at->sequence, mark->sequence);
		return reincarnate_shared(catalog, mark->incarnation);
	}
	hold_for_loss(catalog, mark);
	return 0;
}
