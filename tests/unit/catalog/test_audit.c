/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of how long the audit log keeps its records: by their age, by their number, and fewer while
 * space is short; the newest one stays in any case.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "catalog_test.h"

#define DAY_MS INT64_C(86400000)

/* Puts a record of a request that has changed no row, made so many days ago. */
static void
put(struct catalog *catalog, int days_ago)
{
	const struct audit_record record = { .utc_ms = clock_utc_ms() - days_ago * DAY_MS,
					     .principal = { .kind = PRINCIPAL_UNIX, .uid = 1000 },
					     .verb = "lunCreate",
					     .cause = "",
					     .object = "",
					     .outcome = "ACCESS",
					     .text = "refused" };

	assert_ok(catalog_begin(catalog));
	assert_ok(catalog_audit_put(catalog, &record, NULL, NULL));
	assert_ok(catalog_commit(catalog));
}

/* Puts many records of this moment at once. */
static void
put_many(struct catalog *catalog, int count)
{
	char sql[512];

	snprintf(sql, sizeof(sql),
		 "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) "
		 "INSERT INTO audit (utc_ms, principal, verb, cause, object, object_id, sequence, "
		 "outcome, text, changes) SELECT %" PRId64
		 ", '', 'lunCreate', '', '', zeroblob(16), 0, 'ACCESS', 'refused', '[]' FROM n",
		 count, clock_utc_ms());
	assert_int_equal(sqlite3_exec(catalog->db, sql, NULL, NULL, NULL), SQLITE_OK);
}

static int
prune(struct catalog *catalog)
{
	int rc;

	assert_ok(catalog_begin(catalog));
	rc = catalog_audit_prune(catalog);
	assert_ok(catalog_commit(catalog));
	return rc;
}

static int64_t
value(struct catalog *catalog, const char *sql)
{
	int64_t found = -1;

	assert_ok(catalog_query_int(catalog, sql, &found));
	return found;
}

static int64_t
kept(struct catalog *catalog)
{
	return value(catalog, "SELECT count(*) FROM audit");
}

static void
test_old_records_go(void **state)
{
	struct catalog *catalog = ((struct catalog_fixture *)*state)->catalog;

	for (int days = 10; days > 0; days--)
		put(catalog, days);
	assert_int_equal(kept(catalog), 10); /* nobody has said how long */
	catalog_audit_keep(catalog, 4 * DAY_MS + DAY_MS / 2);
	assert_ok(prune(catalog));
	assert_int_equal(kept(catalog), 4);
	assert_int_equal(value(catalog, "SELECT min(number) FROM audit"), 7);
	assert_ok(prune(catalog));
	assert_int_equal(kept(catalog), 4);
}

/* So that the log of an array where much happens does not wait for the hourly look. */
static void
test_each_record_takes_two_old_ones_away(void **state)
{
	struct catalog *catalog = ((struct catalog_fixture *)*state)->catalog;

	for (int i = 0; i < 6; i++)
		put(catalog, 30);
	catalog_audit_keep(catalog, DAY_MS);
	put(catalog, 0);
	assert_int_equal(kept(catalog), 5);
	put(catalog, 0);
	assert_int_equal(kept(catalog), 4);
	put(catalog, 0);
	put(catalog, 0);
	assert_int_equal(kept(catalog), 4); /* those of today stay */
}

/*
 * Its number is the one after which the next is counted; a clock that was wrong must not reset it.
 */
static void
test_the_newest_record_stays(void **state)
{
	struct catalog *catalog = ((struct catalog_fixture *)*state)->catalog;

	catalog_audit_keep(catalog, DAY_MS);
	for (int i = 0; i < 5; i++)
		put(catalog, 30);
	assert_ok(prune(catalog));
	assert_int_equal(kept(catalog), 1);
	put(catalog, 0);
	assert_int_equal(value(catalog, "SELECT max(number) FROM audit"), 6);
}

static void
test_too_many_records_are_not_kept(void **state)
{
	struct catalog *catalog = ((struct catalog_fixture *)*state)->catalog;

	put_many(catalog, CATALOG_AUDIT_KEPT);
	put(catalog, 0);
	assert_int_equal(kept(catalog), CATALOG_AUDIT_KEPT);
	put_many(catalog, CATALOG_AUDIT_PRUNE + 500);
	assert_ok(prune(catalog));
	assert_int_equal(kept(catalog), CATALOG_AUDIT_KEPT + 500);
	assert_ok(prune(catalog));
	assert_int_equal(kept(catalog), CATALOG_AUDIT_KEPT);
	assert_int_equal(value(catalog, "SELECT max(number) FROM audit"),
			 CATALOG_AUDIT_KEPT + 1 + CATALOG_AUDIT_PRUNE + 500);
}

/* When the disk is full, the log gives its space to changes, two records for each new one. */
static void
test_fewer_are_kept_while_space_is_short(void **state)
{
	struct catalog *catalog = ((struct catalog_fixture *)*state)->catalog;
	const int more = CATALOG_EVENTS_KEPT_FULL + 100;

	put_many(catalog, more);
	put(catalog, 0);
	assert_int_equal(kept(catalog), more + 1);
	atomic_store(&catalog->reserve.wanted, true);
	put(catalog, 0);
	assert_int_equal(kept(catalog), more);
	assert_ok(prune(catalog));
	assert_int_equal(kept(catalog), CATALOG_EVENTS_KEPT_FULL);
	atomic_store(&catalog->reserve.wanted, false);
}

#define AUDIT_TEST(name) cmocka_unit_test_setup_teardown(name, catalog_setup, catalog_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		AUDIT_TEST(test_old_records_go),
		AUDIT_TEST(test_each_record_takes_two_old_ones_away),
		AUDIT_TEST(test_the_newest_record_stays),
		AUDIT_TEST(test_too_many_records_are_not_kept),
		AUDIT_TEST(test_fewer_are_kept_while_space_is_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
