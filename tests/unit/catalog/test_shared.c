/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Catalogs that share a store: what one commits the others take over; conflicts, lost answers,
 * loads while others commit, limits and damage.
 */
#include "catalog_test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "catalog/shared_int.h"
#include "shared_store.h"

/* A gateway: a catalog of its own, and the state that it should hold. */
struct gateway {
	char dir[80];
	struct catalog *catalog;
	struct state *state;
};

struct shared_fixture {
	struct catalog_fixture *f;
	struct shared_cluster *cluster;
	struct gateway a, b;
};

static void
gateway_open(struct shared_fixture *s, struct gateway *g)
{
	struct catalog_shared shared = shared_cluster_open(s->cluster);

	assert_ok(catalog_open_shared(g->dir, &shared, false, false, &g->catalog));
	if (!catalog_is_new(g->catalog))
		assert_ok(catalog_load(g->catalog, &g->state));
}

static void
gateway_close(struct gateway *g)
{
	catalog_close(TAKE(g->catalog));
	state_unref(TAKE(g->state));
}

static int
setup(void **state)
{
	struct shared_fixture *s = calloc(1, sizeof(*s));

	assert_int_equal(catalog_dir_setup((void **)&s->f), 0);
	s->cluster = shared_cluster_new();
	snprintf(s->a.dir, sizeof(s->a.dir), "%s/a", s->f->dir);
	snprintf(s->b.dir, sizeof(s->b.dir), "%s/b", s->f->dir);
	gateway_open(s, &s->a);
	assert_ok(sample_begin(s->a.catalog, &s->a.state));
	gateway_open(s, &s->b);
	*state = s;
	return 0;
}

static int
teardown(void **state)
{
	struct shared_fixture *s = *state;
	void *f = s->f;

	gateway_close(&s->a);
	gateway_close(&s->b);
	shared_cluster_free(s->cluster);
	catalog_dir_teardown(&f);
	free(s);
	return 0;
}

/* Takes over what others have done, as the array does. */
static void
follow(struct gateway *g, struct catalog_news *news)
{
	assert_ok(catalog_pull(g->catalog, news));
	if (news->gap) {
		state_unref(TAKE(g->state));
		assert_ok(catalog_load(g->catalog, &g->state));
		return;
	}
	for (size_t i = 0; i < news->change_count; i++) {
		struct state *next = NULL;

		assert_ok(state_apply(g->state, news->changes[i], &next));
		state_unref(g->state);
		g->state = next;
	}
}

static void
follow_only(struct gateway *g)
{
	struct catalog_news news = { 0 };

	follow(g, &news);
	catalog_news_fini(&news);
}

/*
 * The state that was followed, the one in the working copy and that of the other gateway are equal.
 */
static void
assert_alike(struct shared_fixture *s)
{
	struct gateway *both[] = { &s->a, &s->b };

	for (size_t i = 0; i < ARRAY_LEN(both); i++) {
		struct state *stored = NULL;

		assert_ok(catalog_check(both[i]->catalog));
		assert_ok(catalog_load(both[i]->catalog, &stored));
		assert_same_state(stored, s->a.state);
		assert_same_state(both[i]->state, s->a.state);
		state_unref(stored);
	}
}

static void
test_changes_reach_the_other_gateway(void **state)
{
	struct shared_fixture *s = *state;
	struct catalog_news news = { 0 };

	for (unsigned n = 2; n < 30; n++)
		assert_ok(sample_commit(s->a.catalog, &s->a.state, n));
	follow(&s->b, &news);
	assert_int_equal(news.change_count, 28);
	assert_false(news.reloaded);
	assert_false(news.gap);
	catalog_news_fini(&news);
	assert_alike(s);
	follow(&s->b, &news);
	assert_true(catalog_news_is_empty(&news));
}

static void
test_a_change_on_an_old_version_conflicts(void **state)
{
	struct shared_fixture *s = *state;
	uint64_t version;

	assert_ok(sample_commit(s->a.catalog, &s->a.state, 2));
	version = shared_cluster_version(s->cluster);
	assert_int_equal(sample_commit(s->b.catalog, &s->b.state, 3), CATALOG_CONFLICT);
	assert_int_equal(shared_cluster_version(s->cluster), version);
	follow_only(&s->b);
	assert_ok(sample_commit(s->b.catalog, &s->b.state, 3));
	follow_only(&s->a);
	assert_alike(s);
}

/* By turns, with every fault that leaves the outcome open at some of the commits. */
static void
test_lost_answers_lose_and_double_nothing(void **state)
{
	struct shared_fixture *s = *state;

	shared_cluster_random(s->cluster, 3);
	for (unsigned n = 2; n < 200; n++) {
		struct gateway *g = n % 3 == 0 ? &s->b : &s->a;
		uint64_t wanted = n;
		int rc;

		do {
			follow_only(g);
			if (state_position(g->state)->sequence >= wanted)
				break; /* the try whose outcome was not known */
			rc = sample_commit(g->catalog, &g->state, n);
			assert_true(rc == 0 || rc == CATALOG_CONFLICT || rc == ERR_TIMEOUT);
		} while (rc < 0);
		assert_int_equal(state_position(g->state)->sequence, wanted);
	}
	shared_cluster_random(s->cluster, 0);
	follow_only(&s->a);
	follow_only(&s->b);
	assert_alike(s);
}

/* Three times no answer: the outcome is not known, and the next pull knows it. */
static void
test_an_unknown_outcome_is_found_in_the_log(void **state)
{
	struct shared_fixture *s = *state;
	struct catalog_news news = { 0 };

	shared_cluster_fault(s->cluster, SHARED_FAULT_LATER, 3);
	assert_int_equal(sample_commit(s->a.catalog, &s->a.state, 2), ERR_TIMEOUT);
	assert_int_equal(state_position(s->a.state)->sequence, 1);
	follow(&s->a, &news);
	assert_int_equal(news.change_count, 1);
	catalog_news_fini(&news);
	assert_ok(sample_commit(s->a.catalog, &s->a.state, 3));
	follow_only(&s->b);
	assert_alike(s);
}

/* A full cluster is slow first: what it says then does not tell about the try before. */
static void
test_an_error_after_a_lost_answer_leaves_the_outcome_open(void **state)
{
	struct shared_fixture *s = *state;
	struct catalog_news news = { 0 };

	shared_cluster_fault(s->cluster, SHARED_FAULT_DONE, 1);
	shared_cluster_then(s->cluster, SHARED_FAULT_REFUSED, 2);
	assert_int_equal(sample_commit(s->a.catalog, &s->a.state, 2), ERR_TIMEOUT);
	follow(&s->a, &news);
	assert_int_equal(news.change_count, 1);
	assert_true(news.own);
	catalog_news_fini(&news);
	follow(&s->b, &news);
	assert_false(news.own);
	catalog_news_fini(&news);
	assert_alike(s);
}

/* Others have committed so often meanwhile that the log does not go back so far. */
static void
test_an_outcome_that_the_log_has_lost_stays_open(void **state)
{
	struct shared_fixture *s = *state;

	shared_cluster_fault(s->cluster, SHARED_FAULT_FORGOTTEN, 1);
	assert_int_equal(sample_commit(s->a.catalog, &s->a.state, 2), ERR_TIMEOUT);
	follow_only(&s->a);
	follow_only(&s->b);
	assert_int_equal(state_position(s->a.state)->sequence, 2);
	assert_alike(s);
}

static void
test_a_refused_commit_leaves_nothing(void **state)
{
	struct shared_fixture *s = *state;

	shared_cluster_fault(s->cluster, SHARED_FAULT_REFUSED, 1);
	assert_int_equal(sample_commit(s->a.catalog, &s->a.state, 2), -ENOSPC);
	assert_ok(sample_commit(s->a.catalog, &s->a.state, 2));
	follow_only(&s->b);
	assert_alike(s);
}

static void
test_a_savepoint_that_is_undone_is_not_committed(void **state)
{
	struct shared_fixture *s = *state;
	struct state *before = state_ref(s->a.state);

	assert_ok(catalog_begin(s->a.catalog));
	assert_ok(catalog_savepoint(s->a.catalog));
	assert_ok(sample_change(s->a.catalog, &s->a.state, 2));
	assert_ok(catalog_rollback_to(s->a.catalog));
	state_unref(s->a.state);
	s->a.state = before;
	assert_ok(catalog_savepoint(s->a.catalog));
	assert_ok(sample_change(s->a.catalog, &s->a.state, 3));
	assert_ok(catalog_release(s->a.catalog));
	assert_ok(catalog_commit(s->a.catalog));
	follow_only(&s->b);
	assert_alike(s);
}

/* ---- private tables ---- */

static void
put_private(struct gateway *g, unsigned n)
{
	const uint8_t data[3] = { 1, 2, (uint8_t)n };
	struct catalog_kept kept = { .kind = 7, .version = n, .data = data, .bytes = 3 };
	struct catalog_answer answer = { .sequence = 1, .existed = true };

	kept.lun_id.bytes[3] = 9;
	answer.request_id.bytes[0] = (uint8_t)n;
	answer.object_id.bytes[1] = (uint8_t)n;
	assert_ok(catalog_begin(g->catalog));
	assert_ok(catalog_kept_put(g->catalog, &kept));
	assert_ok(catalog_answer_put(g->catalog, &answer));
	assert_ok(catalog_counter_set(g->catalog, CATALOG_LUN_NUMBER, 2000000 + n));
	assert_ok(catalog_commit(g->catalog));
}

static void
test_private_tables_are_followed(void **state)
{
	struct shared_fixture *s = *state;
	struct catalog_news news = { 0 };
	uint64_t value = 0;

	put_private(&s->a, 5);
	follow(&s->b, &news);
	assert_int_equal(news.change_count, 0);
	assert_int_equal(news.tables, 1u << CATALOG_TABLE_KEPT | 1u << CATALOG_TABLE_ANSWER |
					      1u << CATALOG_TABLE_COUNTER);
	assert_int_equal(news.touched_count, 1);
	assert_int_equal(news.touched[0].table, CATALOG_TABLE_KEPT);
	assert_int_equal(news.touched[0].kind, 7);
	assert_int_equal(news.touched[0].a.bytes[3], 9);
	assert_false(news.touched[0].deleted);
	assert_int_equal(news.answer_count, 1);
	assert_int_equal(news.answers[0].request_id.bytes[0], 5);
	assert_int_equal(news.answers[0].object_id.bytes[1], 5);
	assert_true(news.answers[0].existed);
	catalog_news_fini(&news);
	assert_ok(catalog_counter_get(s->b.catalog, CATALOG_LUN_NUMBER, &value));
	assert_int_equal(value, 2000005);
}

/* ---- secrets ---- */

static void
put_secret(struct gateway *g, const char *text)
{
	struct state_edit *edit = state_edit_new(g->state);
	struct row_credential *row = row_new(ROW_CREDENTIAL);
	struct state *next = NULL;
	struct change *change = NULL;
	struct catalog_secret secret = { .bytes = (const uint8_t *)text, .len = strlen(text) };

	row->id.bytes[0] = 'c';
	row->owner_id = *state_position(g->state)->array_id.bytes != 0
				? state_position(g->state)->array_id
				: row->id;
	row->set_ms = (int64_t)strlen(text);
	assert_ok(row_set_string(&row->user, "u"));
	assert_ok(row_set_string(&row->initiator, ""));
	secret.credential_id = row->id;
	assert_ok(state_edit_put(edit, row));
	assert_ok(state_edit_finish(edit, "chap.set", NULL, 1, &next, &change));
	assert_ok(catalog_begin(g->catalog));
	assert_ok(catalog_apply(g->catalog, g->state, change));
	assert_ok(catalog_secret_put(g->catalog, &secret));
	assert_ok(catalog_commit(g->catalog));
	change_unref(change);
	state_unref(g->state);
	g->state = next;
}

static int
read_secret(void *arg, const struct catalog_secret *secret)
{
	snprintf(arg, 64, "%.*s", (int)secret->len, (const char *)secret->bytes);
	return 0;
}

/* The log does not have it, so a secret that was replaced is nowhere any more. */
static void
test_secrets_are_not_in_the_log(void **state)
{
	struct shared_fixture *s = *state;
	char text[64] = "";

	put_secret(&s->a, "first-secret-word");
	assert_true(shared_cluster_has(s->cluster, "r/", "first-secret", 12));
	assert_false(shared_cluster_has(s->cluster, "l/", "first-secret", 12));
	follow_only(&s->b);
	assert_ok(catalog_secrets(s->b.catalog, read_secret, text));
	assert_string_equal(text, "first-secret-word");
	put_secret(&s->a, "second-secret-is-longer");
	assert_false(shared_cluster_has(s->cluster, "", "first-secret", 12));
	follow_only(&s->b);
	assert_ok(catalog_secrets(s->b.catalog, read_secret, text));
	assert_string_equal(text, "second-secret-is-longer");
}

static void
test_gateways_have_one_secret(void **state)
{
	static const uint8_t word[CATALOG_GATEWAY_SECRET_BYTES] = "the-word-of-all-gateways";
	struct shared_fixture *s = *state;
	uint8_t got[sizeof(word)] = { 0 };

	assert_int_equal(catalog_gateway_secret_get(s->b.catalog, got), ERR_NOT_FOUND);
	assert_ok(catalog_begin(s->a.catalog));
	assert_ok(catalog_gateway_secret_put(s->a.catalog, word));
	assert_ok(catalog_commit(s->a.catalog));
	assert_true(shared_cluster_has(s->cluster, "r/", "the-word-of", 11));
	assert_false(shared_cluster_has(s->cluster, "l/", "the-word-of", 11));
	follow_only(&s->b);
	assert_ok(catalog_gateway_secret_get(s->b.catalog, got));
	assert_memory_equal(got, word, sizeof(word));
}

/* ---- loading ---- */

static void
test_behind_the_log_everything_is_loaded(void **state)
{
	struct shared_fixture *s = *state;
	struct catalog_news news = { 0 };

	for (unsigned n = 2; n < CATALOG_SHARED_LOG_KEPT + 10; n++)
		assert_ok(sample_commit(s->a.catalog, &s->a.state, n));
	assert_int_equal(shared_cluster_items(s->cluster, "l/"), CATALOG_SHARED_LOG_KEPT);
	follow(&s->b, &news);
	assert_true(news.reloaded);
	assert_false(news.gap);
	assert_int_equal(news.change_count, CATALOG_SHARED_LOG_KEPT + 8);
	catalog_news_fini(&news);
	assert_alike(s);
}

struct meanwhile {
	struct shared_fixture *s;
	bool delete;
};

/* Puts LUNs that are missing among the oldest ones, or deletes them again. */
static void
commit_meanwhile(void *arg)
{
	struct meanwhile *m = arg;

	for (unsigned n = 8; n < 40; n += 4)
		assert_ok(sample_commit(m->s->a.catalog, &m->s->a.state, m->delete ? n : n - 3));
}

/* The pages that were read are older than those that follow: the log makes them one version. */
static void
test_a_load_while_others_commit_is_of_one_version(void **state)
{
	struct shared_fixture *s = *state;
	struct meanwhile m = { s, false };

	for (unsigned n = 2; n < 40; n++)
		assert_ok(sample_commit(s->a.catalog, &s->a.state, n));
	for (unsigned items = 10; items < 130; items += 20) {
		gateway_close(&s->b);
		shared_cluster_during_read(s->cluster, items, commit_meanwhile, &m);
		gateway_open(s, &s->b);
		assert_alike(s);
		m.delete = !m.delete;
	}
}

static void
test_damage_in_the_log_is_healed_by_a_load(void **state)
{
	struct shared_fixture *s = *state;
	struct catalog_news news = { 0 };
	char key[32];

	assert_ok(sample_commit(s->a.catalog, &s->a.state, 2));
	snprintf(key, sizeof(key), "l/%020llu",
		 (unsigned long long)shared_cluster_version(s->cluster));
	shared_cluster_put(s->cluster, key, "nonsense", 8);
	follow(&s->b, &news);
	assert_true(news.reloaded);
	assert_int_equal(news.change_count, 1);
	catalog_news_fini(&news);
	assert_alike(s);
}

static void
test_a_damaged_row_is_refused(void **state)
{
	struct shared_fixture *s = *state;
	struct catalog_shared shared;
	struct catalog *c = NULL;

	gateway_close(&s->b);
	shared_cluster_put(s->cluster, "r/pool/70000000000000000000000000000001", "\1", 1);
	shared = shared_cluster_open(s->cluster);
	assert_int_equal(catalog_open_shared(s->b.dir, &shared, false, false, &c), ERR_CORRUPT);
}

static void
test_nothing_is_lost_while_the_store_is_away(void **state)
{
	struct shared_fixture *s = *state;
	struct catalog_news news = { 0 };

	assert_ok(sample_commit(s->a.catalog, &s->a.state, 2));
	shared_cluster_away(s->cluster, true);
	assert_int_equal(sample_commit(s->a.catalog, &s->a.state, 3), -ENOTCONN);
	assert_int_equal(catalog_pull(s->b.catalog, &news), -ENOTCONN);
	shared_cluster_away(s->cluster, false);
	assert_ok(sample_commit(s->a.catalog, &s->a.state, 3));
	follow_only(&s->b);
	assert_alike(s);
}

/* ---- a store that has gone back ---- */

/* The working copy has the state that the gateway knows, so that a backup of it is whole. */
static void
assert_holds_whole(struct gateway *g)
{
	struct catalog_news news = { 0 };
	struct catalog_copy *copy = NULL;
	int rc;

	assert_int_equal(catalog_pull(g->catalog, &news), ERR_CORRUPT);
	assert_non_null(catalog_held(g->catalog));
	assert_ok(catalog_copy_begin(g->catalog, &copy));
	while ((rc = catalog_copy_step(copy)) == 1)
		;
	assert_ok(rc);
	assert_ok(catalog_copy_check(copy));
	assert_int_equal(catalog_copy_position(copy)->sequence, state_position(g->state)->sequence);
	assert_true(hash128_equal(&catalog_copy_position(copy)->digest,
				  &state_position(g->state)->digest));
	catalog_copy_free(copy);
}

static void
test_who_holds_keeps_what_it_knows_when_the_store_is_gone(void **state)
{
	struct shared_fixture *s = *state;

	for (unsigned n = 2; n < 20; n++)
		assert_ok(sample_commit(s->a.catalog, &s->a.state, n));
	shared_cluster_remove(s->cluster);
	assert_holds_whole(&s->a);
	assert_holds_whole(&s->a);
}

static void
test_who_holds_keeps_what_it_knows_when_the_store_is_older(void **state)
{
	struct shared_fixture *s = *state;
	struct gateway c = { .catalog = NULL };

	for (unsigned n = 2; n < 20; n++)
		assert_ok(sample_commit(s->a.catalog, &s->a.state, n));
	shared_cluster_remove(s->cluster);
	snprintf(c.dir, sizeof(c.dir), "%s/c", s->f->dir);
	gateway_open(s, &c);
	assert_ok(sample_begin(c.catalog, &c.state)); /* it has the id of the array */
	assert_holds_whole(&s->a);
	gateway_close(&c);
}

/* As `vdsd --check` does, also beside a gateway that uses the directory. */
static int
look_from(struct shared_fixture *s, const char *dir)
{
	struct catalog_shared shared = shared_cluster_open(s->cluster);
	struct catalog *c = NULL;
	int rc = catalog_open_shared(dir, &shared, true, false, &c);

	if (rc == 0)
		rc = catalog_check(c);
	catalog_close(c);
	return rc;
}

static void
test_a_look_says_that_the_store_is_older(void **state)
{
	struct shared_fixture *s = *state;
	struct gateway c = { .catalog = NULL };

	assert_ok(sample_commit(s->a.catalog, &s->a.state, 2));
	assert_ok(look_from(s, s->a.dir));
	shared_cluster_remove(s->cluster);
	snprintf(c.dir, sizeof(c.dir), "%s/c", s->f->dir);
	gateway_open(s, &c);
	assert_ok(sample_begin(c.catalog, &c.state)); /* it has the id of the array */
	assert_int_equal(look_from(s, s->a.dir), ERR_CORRUPT);
	assert_non_null(strstr(err_text(ERR_CORRUPT), "1 acknowledged change is missing"));
	assert_ok(look_from(s, c.dir));
	gateway_close(&c);
}

/* The gateway of the directory moves the mark while the rows are read. */
static void
test_a_look_beside_a_gateway_that_commits_misses_nothing(void **state)
{
	struct shared_fixture *s = *state;
	struct meanwhile m = { s, false };

	for (unsigned n = 2; n < 40; n++)
		assert_ok(sample_commit(s->a.catalog, &s->a.state, n));
	for (unsigned items = 10; items < 130; items += 20) {
		shared_cluster_during_read(s->cluster, items, commit_meanwhile, &m);
		assert_ok(look_from(s, s->a.dir));
		m.delete = !m.delete;
	}
}

/* Its working copy was to be loaded anew, and lacks changes. */
static void
test_who_holds_a_copy_that_is_not_whole_makes_no_backup(void **state)
{
	struct shared_fixture *s = *state;
	struct catalog_news news = { 0 };
	struct catalog_copy *copy = NULL;
	int rc;

	s->a.catalog->sharing->stale = true;
	shared_cluster_remove(s->cluster);
	assert_int_equal(catalog_pull(s->a.catalog, &news), ERR_CORRUPT);
	assert_ok(catalog_copy_begin(s->a.catalog, &copy));
	while ((rc = catalog_copy_step(copy)) == 1)
		;
	assert_ok(rc);
	assert_int_equal(catalog_copy_check(copy), ERR_CORRUPT);
	catalog_copy_free(copy);
}

/* There was no memory for a database when it was loaded last. */
static void
test_a_load_without_a_database_of_before(void **state)
{
	struct shared_fixture *s = *state;

	assert_ok(sample_commit(s->a.catalog, &s->a.state, 2));
	s->b.catalog->sharing->stale = true;
	catalog_db_close(s->b.catalog);
	follow_only(&s->b);
	assert_alike(s);
}

/* ---- limits, formats, directories ---- */

static void
test_a_change_that_is_too_large_is_refused(void **state)
{
	struct shared_fixture *s = *state;
	struct gateway c = { .catalog = NULL };

	snprintf(c.dir, sizeof(c.dir), "%s/c", s->f->dir);
	shared_cluster_limits(s->cluster, 1000, 200000);
	gateway_open(s, &c);
	assert_int_equal(sample_commit(c.catalog, &c.state, 3), ERR_LIMIT);
	gateway_close(&c);
	shared_cluster_limits(s->cluster, 1 << 20, CATALOG_SHARED_LOG_KEPT + 6);
	gateway_open(s, &c);
	assert_int_equal(sample_commit(c.catalog, &c.state, 3), ERR_LIMIT);
	gateway_close(&c);
}

static void
test_a_newer_format_is_refused(void **state)
{
	struct shared_fixture *s = *state;
	struct catalog_news news = { 0 };
	struct catalog_shared shared;
	struct catalog *c = NULL;

	gateway_close(&s->b);
	shared_cluster_put(s->cluster, "format", "999", 3);
	shared = shared_cluster_open(s->cluster);
	assert_int_equal(catalog_open_shared(s->b.dir, &shared, false, false, &c), ERR_VERSION);
	assert_ok(catalog_pull(s->a.catalog, &news));
}

static void
nothing(void *arg)
{
	(void)arg;
}

/* An older format is brought up to date, once nobody is left who needs it. */
static void
test_an_older_format_waits_for_the_last_gateway(void **state)
{
	struct shared_fixture *s = *state;
	struct catalog_shared shared;
	struct catalog *c = NULL;
	char format[16];

	gateway_close(&s->b);
	snprintf(format, sizeof(format), "%u", catalog_migration_count - 1);
	shared_cluster_put(s->cluster, "format", format, strlen(format));
	assert_ok(catalog_watch(s->a.catalog, nothing, NULL));
	shared = shared_cluster_open(s->cluster);
	assert_int_equal(catalog_open_shared(s->b.dir, &shared, false, false, &c), ERR_VERSION);
	shared_cluster_put(s->cluster, "format", format, strlen(format));
	gateway_close(&s->a);
	gateway_open(s, &s->b);
	snprintf(format, sizeof(format), "%u", catalog_migration_count);
	assert_true(shared_cluster_has(s->cluster, "format", format, strlen(format)));
	assert_ok(sample_commit(s->b.catalog, &s->b.state, 2));
	gateway_open(s, &s->a);
	assert_alike(s);
}

/* What a migration has deleted does not come back with the next load. */
static void
test_an_upgrade_leaves_no_row_behind(void **state)
{
	struct shared_fixture *s = *state;

	gateway_close(&s->b);
	shared_cluster_put(s->cluster, "r/dropped/0", "x", 1);
	assert_ok(catalog_shared_upgrade(s->a.catalog));
	assert_int_equal(shared_cluster_items(s->cluster, "r/dropped/"), 0);
	gateway_open(s, &s->b);
	assert_alike(s);
}

/* So a catalog that is larger than one commit can get a newer format. */
static void
test_an_upgrade_writes_only_what_differs(void **state)
{
	struct shared_fixture *s = *state;
	struct catalog_shared *store = &s->a.catalog->sharing->store;
	const size_t most = store->commit_bytes_max;

	gateway_close(&s->b);
	for (unsigned i = 0; i < 20; i++)
		assert_ok(sample_commit(s->a.catalog, &s->a.state, 100 + i));
	assert_true(shared_cluster_bytes(s->cluster, "r/") > 2000);
	store->commit_bytes_max = 2000;
	assert_ok(catalog_shared_upgrade(s->a.catalog));
	store->commit_bytes_max = 20; /* even the new format is longer, with its entry of the log */
	assert_int_equal(catalog_shared_upgrade(s->a.catalog), ERR_LIMIT);
	assert_non_null(strstr(err_text(ERR_LIMIT), "cannot get format"));
	assert_non_null(strstr(err_text(ERR_LIMIT), "1 MiB"));
	store->commit_bytes_max = most;
	/* what does differ is written */
	shared_cluster_spoil(s->cluster, "r/");
	assert_ok(catalog_shared_upgrade(s->a.catalog));
	gateway_open(s, &s->b);
	assert_alike(s);
}

static void
test_a_directory_of_another_array_is_refused(void **state)
{
	struct shared_fixture *s = *state;
	struct shared_cluster *other = shared_cluster_new();
	struct catalog_shared shared = shared_cluster_open(other);
	struct catalog *c = NULL;

	gateway_close(&s->b);
	gateway_close(&s->a);
	assert_int_equal(catalog_open_shared(s->a.dir, &shared, false, false, &c), ERR_CORRUPT);
	shared_cluster_free(other);
	gateway_open(s, &s->a);
	gateway_open(s, &s->b);
	assert_alike(s);
}

static void
test_two_first_gateways_make_one_array(void **state)
{
	struct shared_fixture *s = *state;
	struct gateway c = { .catalog = NULL }, d = { .catalog = NULL };
	struct shared_cluster *own = s->cluster;

	s->cluster = shared_cluster_new();
	snprintf(c.dir, sizeof(c.dir), "%s/c", s->f->dir);
	snprintf(d.dir, sizeof(d.dir), "%s/d", s->f->dir);
	gateway_open(s, &c);
	gateway_open(s, &d);
	assert_true(catalog_is_new(c.catalog) && catalog_is_new(d.catalog));
	assert_ok(sample_begin(c.catalog, &c.state));
	assert_int_equal(sample_begin(d.catalog, &d.state), CATALOG_CONFLICT);
	state_unref(TAKE(d.state));
	follow_only(&d);
	assert_false(catalog_is_new(d.catalog));
	gateway_close(&c);
	gateway_close(&d);
	shared_cluster_free(s->cluster);
	s->cluster = own;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_changes_reach_the_other_gateway, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_a_change_on_an_old_version_conflicts, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_lost_answers_lose_and_double_nothing, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_an_unknown_outcome_is_found_in_the_log, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			test_an_error_after_a_lost_answer_leaves_the_outcome_open, setup, teardown),
		cmocka_unit_test_setup_teardown(test_an_outcome_that_the_log_has_lost_stays_open,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_refused_commit_leaves_nothing, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_a_savepoint_that_is_undone_is_not_committed,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_private_tables_are_followed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_secrets_are_not_in_the_log, setup, teardown),
		cmocka_unit_test_setup_teardown(test_gateways_have_one_secret, setup, teardown),
		cmocka_unit_test_setup_teardown(test_behind_the_log_everything_is_loaded, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_a_load_while_others_commit_is_of_one_version,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_damage_in_the_log_is_healed_by_a_load, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_a_damaged_row_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nothing_is_lost_while_the_store_is_away, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			test_who_holds_keeps_what_it_knows_when_the_store_is_gone, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_who_holds_keeps_what_it_knows_when_the_store_is_older, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			test_who_holds_a_copy_that_is_not_whole_makes_no_backup, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_load_without_a_database_of_before, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_a_look_says_that_the_store_is_older, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			test_a_look_beside_a_gateway_that_commits_misses_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_change_that_is_too_large_is_refused, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_a_newer_format_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_an_older_format_waits_for_the_last_gateway,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_an_upgrade_writes_only_what_differs, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_an_upgrade_leaves_no_row_behind, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_a_directory_of_another_array_is_refused, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_two_first_gateways_make_one_array, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
