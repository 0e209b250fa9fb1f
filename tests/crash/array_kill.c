/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Test kill -9 during changes. A child process opens the array, makes random changes from several
 * threads, and tells the parent of each change that was answered: its sequence and the digest
 * after it. The parent kills the child at a random moment, opens the array itself, and checks that
 * every answered change is in the history with that digest, that the checker finds nothing, that
 * every LUN has its file, also those in the trash, that the files of others are gone, and that
 * nothing half made is left. Two LUNs, a thin and a thick one, only shrink and grow: what is kept
 * of them is never lost, and what was cut off never comes back. Then the next child continues from
 * there.
 *
 * usage: array_kill [ROUNDS [SEED]] (12)
 */
#include "array_test.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS 4

/* The LUNs that shrink and grow: KEPT is in every size, CUT is beyond the smaller size. */
#define SMALL_BYTES (64 * 1024)
#define LARGE_BYTES (256 * 1024)
#define RESIZED     2

static unsigned rounds = 12, seed = 1;
static struct guid resized[RESIZED]; /* thin, thick */
static const struct fixture *place;  /* of the files */

/* What the child tells: one write of a pipe, which is atomic. */
struct ack {
	uint64_t sequence;
	struct hash128 digest;
};

/* ---- the child ---- */

struct worker {
	struct array *array;
	unsigned number, seed;
	int ack_fd;
};

/*
 * The state right after a change cannot be had from outside, but the events say it: each listener
 * sees all of them.
 */
static void *
acknowledge(void *arg)
{
	struct worker *w = arg;
	struct array_listener *l = NULL;
	struct array_event event;

	if (array_listen(w->array, 0, 0, &l, NULL, NULL) < 0)
		_exit(5);
	while (array_listener_next(l, &event) == 0) {
		struct ack ack = { event.position.sequence, event.position.digest };

		if (event.kind == ARRAY_EVENT_CHANGE &&
		    write(w->ack_fd, &ack, sizeof(ack)) != sizeof(ack))
			_exit(6);
		change_unref(event.change);
	}
	return NULL;
}

static bool
may_fail(int rc)
{
	return rc == 0 || rc == ERR_BUSY || rc == ERR_NOT_FOUND || rc == ERR_LUNS_ASSOCIATED ||
	       rc == ERR_TOO_LATE;
}

/* Any row of a family, or a zero id. */
static struct guid
any(struct array *a, enum row_family family, unsigned *dice)
{
	AUTO_STATE struct state *now = array_state(a);
	size_t count = state_count(now, family);
	struct row_key key = { 0 };

	if (count > 0)
		row_key(state_at(now, family, (size_t)rand_r(dice) % count), &key);
	return key.a;
}

static bool
is_resized(const struct guid *lun)
{
	return guid_equal(lun, &resized[0]) || guid_equal(lun, &resized[1]);
}

static int
one_change(struct array *a, unsigned *dice)
{
	struct array_lun_spec spec = { .size_bytes = MIB, .thick = rand_r(dice) % 4 == 0 };
	struct guid lun = any(a, ROW_LUN, dice), target = any(a, ROW_TARGET, dice),
		    other = any(a, ROW_TARGET, dice);
	struct guid both[] = { target, other }, deleted = any(a, ROW_TRASHED_LUN, dice);
	const struct array_restore_spec back = { .unassociated = rand_r(dice) % 2 == 0 };

	if (is_resized(&lun))
		return 0;
	switch (rand_r(dice) % 11) {
	case 0:
	case 1:
		return array_lun_create(a, NULL, &spec, NULL);
	case 2:
		return array_lun_delete(a, NULL, &lun, true, NULL);
	case 8:
		return array_lun_delete_now(a, NULL, &lun, true, NULL);
	case 9:
		return array_trash_restore(a, NULL, &deleted, &back, NULL);
	case 10:
		return array_trash_empty(a, NULL, &deleted, NULL);
	case 3:
		return array_target_create(a, NULL, NULL, "", true, false, NULL);
	case 4:
		return array_target_delete(a, NULL, &target, NULL);
	case 5:
		return array_lun_extend(a, NULL, &lun, MIB, false, NULL);
	default:
		return array_lun_associate(a, NULL, &lun, both, (size_t)rand_r(dice) % 3, NULL);
	}
}

static uint64_t
size_of(struct array *array, const struct guid *lun)
{
	AUTO_STATE struct state *now = array_state(array);
	const struct row_lun *row = state_find(now, ROW_LUN, lun);

	return row != NULL ? row->size_bytes : 0;
}

/* Fills the file of a LUN from `from` to its end, as an initiator that writes everywhere. */
static bool
fill_from(const struct guid *lun, uint64_t from, uint64_t to, int byte)
{
	char path[256], block[1024];
	bool good = true;
	int fd;

	memset(block, byte, sizeof(block));
	lun_file(place, *lun, path);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	for (uint64_t at = from; fd >= 0 && at < to; at += sizeof(block))
		good = good && pwrite(fd, block, sizeof(block), (off_t)at) == sizeof(block);
	if (fd >= 0)
		close(fd);
	return fd >= 0 && good;
}

/* Are all bytes of that part of the LUN's file the same? */
static bool
is_filled(const struct guid *lun, uint64_t from, uint64_t to, int byte)
{
	char path[256], wanted[1024], block[1024];
	bool good = true;
	int fd;

	memset(wanted, byte, sizeof(wanted));
	lun_file(place, *lun, path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	for (uint64_t at = from; fd >= 0 && at < to; at += sizeof(block))
		good = good && pread(fd, block, sizeof(block), (off_t)at) == sizeof(block) &&
		       memcmp(block, wanted, sizeof(block)) == 0;
	if (fd >= 0)
		close(fd);
	return fd >= 0 && good;
}

static int
grow(struct array *array, const struct guid *lun)
{
	struct array_answer answer;
	int rc = array_lun_extend(array, NULL, lun, LARGE_BYTES - SMALL_BYTES, false, &answer);

	if (rc == 0 && !guid_is_zero(&answer.job_id) && !wait_job(array, answer.job_id, JOB_DONE))
		return ERR_TIMEOUT;
	return rc;
}

/* Shrinks and grows; what is beyond the smaller size is written and must be gone each time. */
static void *
resize(void *arg)
{
	struct worker *w = arg;
	const struct guid *lun = &resized[w->number];

	for (;;) {
		if (size_of(w->array, lun) == LARGE_BYTES) {
			if (!fill_from(lun, SMALL_BYTES, LARGE_BYTES, 'C'))
				_exit(7);
			if (array_lun_shrink(w->array, NULL, lun, SMALL_BYTES, 0, true, NULL) < 0)
				_exit(8);
		}
		if (grow(w->array, lun) < 0)
			_exit(9);
		if (!is_filled(lun, SMALL_BYTES, LARGE_BYTES, 0))
			_exit(10);
	}
	return NULL;
}

static void *
work(void *arg)
{
	struct worker *w = arg;
	unsigned dice = w->seed;

	for (;;)
		if (!may_fail(one_change(w->array, &dice)))
			_exit(3);
	return NULL;
}

static void
child(const struct array_options *options, unsigned round, int ack_fd)
{
	struct worker workers[THREADS + 1], resizers[RESIZED];
	struct array *array = NULL;
	pthread_t thread;

	if (array_open(options, &array) < 0)
		_exit(2);
	for (unsigned i = 0; i <= THREADS; i++) {
		workers[i] = (struct worker){ array, i, seed * 10000 + round * 100 + i, ack_fd };
		if (pthread_create(&thread, NULL, i == 0 ? acknowledge : work, &workers[i]) != 0)
			_exit(4);
	}
	for (unsigned i = 0; i < RESIZED; i++) {
		resizers[i] = (struct worker){ array, i, 0, ack_fd };
		if (pthread_create(&thread, NULL, resize, &resizers[i]) != 0)
			_exit(4);
	}
	pause();
	_exit(0);
}

/* Lets it work until it has acknowledged some changes and a random moment more; the acks so far. */
static size_t
run_child(const struct array_options *options, unsigned round, struct ack *acks, size_t max)
{
	struct pollfd readable;
	size_t count = 0, enough = 5 + (size_t)random() % 60;
	int ends[2], status;
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		child(options, round, ends[1]);
	close(ends[1]);
	readable = (struct pollfd){ .fd = ends[0], .events = POLLIN };
	while (count < enough && poll(&readable, 1, 60000) == 1 &&
	       read(ends[0], &acks[count], sizeof(acks[0])) == sizeof(acks[0]))
		count++;
	poll(NULL, 0, (int)(random() % 5));
	kill(pid, SIGKILL);
	while (count < max && read(ends[0], &acks[count], sizeof(acks[0])) == sizeof(acks[0]))
		count++;
	close(ends[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (!WIFSIGNALED(status))
		fail_msg("the child ended by itself with %d", WEXITSTATUS(status));
	assert_true(count >= enough && count < max);
	return count;
}

/* ---- after it ---- */

static void
assert_in_history(struct array *a, const struct ack *acks, size_t count)
{
	struct array_listener *l = NULL;
	struct array_event event;

	assert_ok(array_listen(a, 1, acks[0].sequence - 1, &l, NULL, NULL));
	for (size_t i = 0; i < count; i++) {
		do
			assert_ok(array_listener_next(l, &event));
		while (event.kind == ARRAY_EVENT_LIVE || event.kind == ARRAY_EVENT_HEARTBEAT);
		assert_int_equal(event.kind, ARRAY_EVENT_CHANGE);
		assert_int_equal(event.change->sequence, acks[i].sequence);
		assert_true(hash128_equal(&event.change->digest, &acks[i].digest));
		change_unref(event.change);
	}
	array_listener_free(l);
}

static size_t
count_files(const struct fixture *f)
{
	char path[128];
	struct dirent *d;
	size_t count = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/luns", f->array_dir);
	dir = opendir(path);
	assert_non_null(dir);
	while ((d = readdir(dir)) != NULL)
		count += d->d_name[0] != '.';
	closedir(dir);
	return count;
}

static bool
files_are_those_of_luns(struct array *array, const void *arg)
{
	return count_files(arg) == count_rows(array, ROW_LUN) + count_rows(array, ROW_TRASHED_LUN);
}

static bool
no_job_runs(struct array *array, const void *arg)
{
	AUTO_STATE struct state *now = array_state(array);

	(void)arg;
	for (size_t i = 0; i < state_count(now, ROW_JOB); i++)
		if (((const struct row_job *)state_at(now, ROW_JOB, i))->state == JOB_RUNNING)
			return false;
	return true;
}

/*
 * The size is the old or the new one, what is in both is there, and what was cut off does not come
 * back.  A LUN whose growth a job completes after the restart has grown by now.
 */
static void
assert_resized(struct fixture *f, const struct guid *lun)
{
	uint64_t size = size_of(f->array, lun);

	assert_true(size == SMALL_BYTES || size == LARGE_BYTES);
	assert_true(is_filled(lun, 0, SMALL_BYTES, 'K'));
	if (size == SMALL_BYTES) {
		assert_ok(grow(f->array, lun));
		assert_true(is_filled(lun, SMALL_BYTES, LARGE_BYTES, 0));
	}
	assert_true(is_filled(lun, 0, SMALL_BYTES, 'K'));
}

static void
assert_all_is_well(struct fixture *f)
{
	AUTO_STATE struct state *now = NULL;

	assert_ok(array_check(f->array));
	assert_true(wait_for(f->array, no_job_runs, NULL));
	assert_true(wait_for(f->array, files_are_those_of_luns, f));
	now = array_state(f->array);
	for (size_t i = 0; i < state_count(now, ROW_LUN); i++)
		assert_true(wait_health(f->array,
					((const struct row_lun *)state_at(now, ROW_LUN, i))->id,
					HEALTH_OK));
	for (unsigned i = 0; i < RESIZED; i++)
		assert_resized(f, &resized[i]);
	assert_ok(array_check(f->array));
}

static void
make_resized(struct array *array)
{
	for (unsigned i = 0; i < RESIZED; i++) {
		struct array_lun_spec spec = { .size_bytes = LARGE_BYTES, .thick = i == 1 };
		struct array_answer answer;

		assert_ok(array_lun_create(array, NULL, &spec, &answer));
		resized[i] = answer.object_id;
		if (!guid_is_zero(&answer.job_id))
			assert_true(wait_job(array, answer.job_id, JOB_DONE));
		assert_true(fill_from(&resized[i], 0, SMALL_BYTES, 'K'));
	}
}

/* From now on deleted LUNs go to the trash. */
static void
keep_deleted(struct array *array)
{
	AUTO_STATE struct state *now = array_state(array);
	struct guid pool = ((const struct row_pool *)state_at(now, ROW_POOL, 0))->id;

	assert_ok(array_pool_change(array, NULL, &pool,
				    &(struct array_pool_options){ .trash = "1w" }, NULL));
}

static void
test_every_answered_change_survives_kill_9(void **state)
{
	struct fixture *f = *state;
	static struct ack acks[100000];
	size_t all = 0;

	srandom(seed);
	make_target(f->array, "t");
	make_lun(f->array, "l");
	place = f;
	make_resized(f->array);
	keep_deleted(f->array);
	for (unsigned round = 0; round < rounds; round++) {
		size_t count;

		fixture_close(f);
		count = run_child(&f->options, round, acks, ARRAY_LEN(acks));
		fixture_open(f);
		assert_in_history(f->array, acks, count);
		assert_all_is_well(f);
		all += count;
	}
	print_message("# %u kills, %zu answered changes, all there\n", rounds, all);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_every_answered_change_survives_kill_9,
						fixture_setup, fixture_teardown),
	};

	if (argc > 1)
		rounds = (unsigned)strtoul(argv[1], NULL, 10);
	if (argc > 2)
		seed = (unsigned)strtoul(argv[2], NULL, 10);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
