/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Test power cuts. A child process commits changes on a VFS that holds back what is not synced. At
 * the nth write or sync each of the writes that are held back is applied, dropped or torn, and the
 * child exits. Then the catalog is opened again: it must be consistent, have every commit that the
 * child acknowledged, and have at most the one commit that had been begun.
 *
 * Two controls show that the test can fail: with synchronous=OFF commits are lost or the file is
 * damaged; with NORMAL (in WAL mode) the database stays consistent but loses acknowledged commits,
 * which is why the catalog uses FULL.
 *
 * usage: catalog_crash [SEEDS [CHANGES]]: the number of seeds for each cut point and way of
 * checkpointing, and of changes in a run (8). Without arguments: one seed for every third cut
 * point.
 */
#include "catalog_test.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shim_vfs.h"

#define DONE 0 /* the child met no cut */

static unsigned seeds = 1, changes = 8;
static unsigned stride = 3; /* from one cut point to the next; the controls leave out more */

/*
 * Checkpoint after every commit, or hardly ever: both ways have their own order of writes and
 * syncs.
 */
static const unsigned checkpoint_pages[] = { 8, 1000 };

/* What a series of cuts came to. */
struct outcome {
	unsigned cuts, lost, noticed, damaged;
};

/* ---- the child ---- */

/* Tells the parent of each commit; never returns. */
static void
child(const char *dir, const char *synchronous, unsigned seed, unsigned cut_at, int ack_fd)
{
	struct catalog *catalog = NULL;
	struct state *state = NULL;
	char pragma[64];
	unsigned n = 1;

	shim_register();
	shim_hold(seed);
	snprintf(pragma, sizeof(pragma), "PRAGMA synchronous = %s; PRAGMA wal_autocheckpoint = %u",
		 synchronous, checkpoint_pages[seed % ARRAY_LEN(checkpoint_pages)]);
	if (catalog_open(dir, &catalog) < 0 || catalog_exec(catalog, pragma) < 0)
		_exit(2);
	shim_cut_at(cut_at);
	do {
		if ((n == 1 ? sample_begin(catalog, &state) : sample_commit(catalog, &state, n)) <
		    0)
			_exit(3);
		if (write(ack_fd, &n, sizeof(n)) != sizeof(n))
			_exit(4);
	} while (n++ < changes);
	_exit(DONE);
}

/* Runs one; the last change that was acknowledged, and whether there was a cut. */
static unsigned
run_child(const char *dir, const char *synchronous, unsigned seed, unsigned cut_at, bool *ret_cut)
{
	unsigned acked = 0, n;
	int ends[2], status;
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		close(ends[0]);
		child(dir, synchronous, seed, cut_at, ends[1]);
	}
	close(ends[1]);
	while (read(ends[0], &n, sizeof(n)) == sizeof(n))
		acked = n;
	close(ends[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_true(WEXITSTATUS(status) == SHIM_CUT || WEXITSTATUS(status) == DONE);
	*ret_cut = WEXITSTATUS(status) == SHIM_CUT;
	return acked;
}

/* ---- after the cut ---- */

static bool
is_sound(struct catalog *catalog, unsigned n)
{
	struct hash128 wanted;
	struct state *state = NULL;
	bool sound;

	if (catalog_check(catalog) < 0)
		return false;
	if (n == 0)
		return catalog_is_new(catalog);
	wanted = sample_digest(n);
	sound = catalog_load(catalog, &state) == 0 &&
		hash128_equal(&state_position(state)->digest, &wanted);
	state_unref(state);
	return sound;
}

static bool
is_empty_without_its_mark(const char *dir)
{
	struct catalog *catalog = NULL;
	char path[128];
	bool empty;

	snprintf(path, sizeof(path), "%s/mark", dir);
	if (unlink(path) < 0 || catalog_open(dir, &catalog) < 0)
		return false;
	empty = is_sound(catalog, 0);
	catalog_close(catalog);
	return empty;
}

static void
judge(const char *dir, unsigned acked, struct outcome *outcome)
{
	struct catalog *catalog = NULL;
	unsigned n;

	outcome->cuts++;
	if (catalog_open(dir, &catalog) < 0) {
		/* Everything is lost, and the mark beside the catalog knows it. */
		if (acked == 0 || !is_empty_without_its_mark(dir))
			outcome->damaged++;
		else {
			outcome->noticed++;
			outcome->lost++;
		}
		return;
	}
	n = (unsigned)catalog->position.sequence;
	if (catalog_held(catalog) != NULL) {
		/* It says that it has lost something; what is left must be sound all the same. */
		outcome->noticed++;
		catalog_close(catalog);
		catalog = NULL;
		if (catalog_open_accepting_loss(dir, &catalog) < 0) {
			outcome->damaged++;
			return;
		}
	}
	if (!is_sound(catalog, n) || n > acked + 1)
		outcome->damaged++;
	else if (n < acked)
		outcome->lost++;
	catalog_close(catalog);
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

/* False when the run went through without a cut. */
static bool
cut_once(const char *synchronous, unsigned seed, unsigned cut_at, struct outcome *outcome)
{
	char dir[64];
	unsigned acked;
	bool cut;

	/*
	 * In memory where there is such a place: what counts is what the child synced, not the disk
	 * below.
	 */
	snprintf(dir, sizeof(dir), "%s/vds-crash-XXXXXX",
		 access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	assert_non_null(mkdtemp(dir));
	acked = run_child(dir, synchronous, seed, cut_at, &cut);
	if (cut)
		judge(dir, acked, outcome);
	else
		assert_int_equal(acked, changes);
	nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	return cut;
}

static struct outcome
cut_everywhere(const char *synchronous, unsigned step)
{
	struct outcome outcome = { 0 };
	bool any = true;

	for (unsigned at = 1; any; at += step) {
		any = false;
		for (unsigned seed = 0; seed < seeds * ARRAY_LEN(checkpoint_pages); seed++)
			any = cut_once(synchronous, at * 1000 + seed, at, &outcome) || any;
	}
	print_message("# synchronous=%s: %u cuts, %u lost acknowledged commits, %u damaged\n",
		      synchronous, outcome.cuts, outcome.lost, outcome.damaged);
	assert_true(outcome.cuts > changes);
	return outcome;
}

/* ---- tests ---- */

static void
test_no_acknowledged_commit_is_lost_and_nothing_is_damaged(void **state)
{
	struct outcome outcome = cut_everywhere("FULL", stride);

	(void)state;
	assert_int_equal(outcome.lost, 0);
	assert_int_equal(outcome.noticed, 0);
	assert_int_equal(outcome.damaged, 0);
}

static void
test_control_without_syncs_fails(void **state)
{
	struct outcome outcome = cut_everywhere("OFF", 3 * stride);

	(void)state;
	assert_true(outcome.lost + outcome.damaged > 0);
}

static void
test_control_with_normal_syncs_loses_commits(void **state)
{
	struct outcome outcome = cut_everywhere("NORMAL", 3 * stride);

	(void)state;
	assert_true(outcome.lost > 0);
	assert_int_equal(outcome.noticed, outcome.lost);
	assert_int_equal(outcome.damaged, 0);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_acknowledged_commit_is_lost_and_nothing_is_damaged),
		cmocka_unit_test(test_control_without_syncs_fails),
		cmocka_unit_test(test_control_with_normal_syncs_loses_commits),
	};

	if (argc > 1) {
		seeds = (unsigned)strtoul(argv[1], NULL, 10);
		stride = 1;
	}
	if (argc > 2)
		changes = (unsigned)strtoul(argv[2], NULL, 10);
	if (seeds == 0 || changes < 2) {
		fprintf(stderr, "usage: %s [SEEDS [CHANGES]]\n", argv[0]);
		return 2;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
