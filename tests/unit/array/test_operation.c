/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests that the table of operations in the code is the table of docs/design/operations.md, cell
 * by cell, and that the calls obey it.
 */
#include "array_test.h"

#include "array/array_int.h"

static const struct {
	const char *name;
	enum lun_operation operation;
	/* clang-format off */
} held[] = {
	{ "none", OPERATION_NONE },	{ "create", OPERATION_CREATE },
	{ "extend", OPERATION_EXTEND }, { "associate", OPERATION_ASSOCIATE },
	{ "delete", OPERATION_DELETE }, { "status", OPERATION_STATUS },
	{ "shrink", OPERATION_SHRINK },
	{ "snapshot", OPERATION_SNAPSHOT },
	{ "rollback", OPERATION_ROLLBACK },
	{ "move", OPERATION_MOVE },
};
/* clang-format on */

static const struct {
	const char *name;
	enum array_ask ask;
} asked[] = {
	{ "rename", ASK_RENAME },       { "mask", ASK_MASK },     { "status", ASK_STATUS },
	{ "associate", ASK_ASSOCIATE }, { "extend", ASK_EXTEND }, { "delete", ASK_DELETE },
};

/* The text of the table's cell, trimmed. */
static char *
cell(const char *line, unsigned column, char buf[512])
{
	const char *at = line;
	size_t len;

	for (unsigned i = 0; i <= column; i++) {
		at = strchr(at, '|');
		assert_non_null(at);
		at++;
	}
	at += strspn(at, " ");
	len = strcspn(at, "|");
	while (len > 0 && at[len - 1] == ' ')
		len--;
	assert_true(len < 512);
	memcpy(buf, at, len);
	buf[len] = '\0';
	return buf;
}

/* The line whose first word is the operation that holds. */
static void
find_line(FILE *file, const char *name, char line[512])
{
	char buf[512];

	rewind(file);
	while (fgets(line, 512, file) != NULL)
		if (line[0] == '|' && strncmp(cell(line, 0, buf), name, strlen(name)) == 0)
			return;
	fail_msg("operations.md has no row for %s", name);
}

static void
test_table_is_the_documented_one(void **state)
{
	FILE *file = fopen(OPERATIONS_MD, "r");
	char header[512], line[512], buf[512];

	(void)state;
	assert_non_null(file);
	find_line(file, "held by", header);
	for (size_t h = 0; h < ARRAY_LEN(held); h++) {
		find_line(file, held[h].name, line);
		for (size_t i = 0; i < ARRAY_LEN(asked); i++) {
			bool yes;

			assert_string_equal(cell(header, (unsigned)i + 1, buf), asked[i].name);
			yes = strcmp(cell(line, (unsigned)i + 1, buf), "yes") == 0;
			assert_true(yes || strcmp(buf, "busy") == 0);
			if (array_operation_allows(held[h].operation, asked[i].ask) != yes)
				fail_msg("%s while %s: documented as %s", asked[i].name,
					 held[h].name, buf);
		}
	}
	fclose(file);
}

static int
ask_for(struct array *a, struct guid lun, enum array_ask ask, struct guid target)
{
	switch (ask) {
	case ASK_RENAME:
		return array_lun_rename(a, NULL, &lun, "renamed", false, NULL);
	case ASK_MASK:
		return array_lun_set_mask(a, NULL, &lun, "*", NULL);
	case ASK_STATUS:
		return array_lun_set_status(a, NULL, &lun, STATUS_ONLINE, NULL);
	case ASK_ASSOCIATE:
		return associate(a, lun, 1, target);
	case ASK_EXTEND:
		return array_lun_extend(a, NULL, &lun, 512, false, NULL);
	case ASK_DELETE:
		return array_lun_delete(a, NULL, &lun, true, NULL);
	case ASK_COUNT:
		break;
	}
	return ERR_INTERNAL;
}

/* Every cell by the calls themselves: each operation is held, each other asked for. */
static void
test_calls_meet_the_table(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid target = make_target(a, "t");

	for (size_t h = 0; h < ARRAY_LEN(held); h++) {
		for (size_t i = 0; i < ARRAY_LEN(asked); i++) {
			struct guid lun = make_lun(a, NULL);
			bool allowed = array_operation_allows(held[h].operation, asked[i].ask);

			if (held[h].operation != OPERATION_NONE)
				assert_ok(array_operation_begin(a, &lun, ASK_DELETE,
								held[h].operation, true));
			assert_true(wait_operation(a, lun, held[h].operation));
			assert_int_equal(ask_for(a, lun, asked[i].ask, target),
					 allowed ? 0 : ERR_BUSY);
			array_operation_end(a, &lun);
			if (asked[i].ask != ASK_DELETE || !allowed)
				assert_ok(array_lun_delete(a, NULL, &lun, true, NULL));
		}
	}
}

static void
test_hidden_hold_shows_nothing_but_excludes(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid lun = make_lun(a, "l");
	AUTO_STATE struct state *before = array_live(a), *after = NULL;

	assert_ok(array_operation_begin(a, &lun, ASK_EXTEND, OPERATION_EXTEND, false));
	after = array_live(a);
	assert_true(row_equal(state_find(before, ROW_LIVE_LUN, &lun),
			      state_find(after, ROW_LIVE_LUN, &lun)));
	assert_int_equal(array_lun_delete(a, NULL, &lun, true, NULL), ERR_BUSY);
	array_operation_end(a, &lun);
}

#define WITH_ARRAY(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table_is_the_documented_one),
		WITH_ARRAY(test_calls_meet_the_table),
		WITH_ARRAY(test_hidden_hold_shows_nothing_but_excludes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
