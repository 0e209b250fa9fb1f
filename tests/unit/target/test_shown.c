/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The index of which initiators see a LUN of which targets: target/shown.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "target/target_int.h"

#define TARGETS 24
#define LUNS    60

static void
name_target(unsigned n, char name[64])
{
	snprintf(name, 64, "iqn.2026-11.test:t%03u", n);
}

static void
change(struct target_shown_edit *edit, const char *before, const char *after, unsigned target)
{
	char name[64];

	name_target(target, name);
	assert_int_equal(target_shown_change(edit, before, after, name), 0);
}

/* The targets that an initiator sees, as "3 17 20 ". */
static void
list(const struct target_shown *root, const char *initiator, char text[256])
{
	const char *name = NULL;
	size_t len = 0;

	text[0] = '\0';
	while ((name = target_shown_next(root, initiator, name)) != NULL) {
		assert_true(target_shown_has(root, initiator, name));
		len += (size_t)snprintf(text + len, 256 - len, "%d ", atoi(strstr(name, ":t") + 2));
	}
}

static void
test_an_initiator_sees_what_names_it_and_what_admits_all(void **state)
{
	struct target_shown_edit edit = { 0 };
	char text[256];

	(void)state;
	change(&edit, "", "iqn.a;iqn.b", 7);
	change(&edit, "", "*", 5);
	change(&edit, "", "iqn.b", 5);
	change(&edit, "", "iqn.b", 2);
	list(edit.root, "iqn.a", text);
	assert_string_equal(text, "5 7 ");
	list(edit.root, "IQN.B", text);
	assert_string_equal(text, "2 5 7 ");
	list(edit.root, "iqn.c", text);
	assert_string_equal(text, "5 ");
	list(edit.root, "", text);
	assert_string_equal(text, "5 ");
	change(&edit, "*", "", 5);
	list(edit.root, "iqn.c", text);
	assert_string_equal(text, "");
	list(edit.root, "iqn.b", text);
	assert_string_equal(text, "2 5 7 ");
	assert_false(target_shown_has(edit.root, "iqn", "iqn.2026-11.test:t007"));
	target_shown_unref(edit.root);
}

/* Two LUNs show the same target to the same initiator: each must go before it is hidden. */
static void
test_every_lun_counts(void **state)
{
	struct target_shown_edit edit = { 0 };
	char text[256];

	(void)state;
	change(&edit, "", "iqn.a", 1);
	change(&edit, "", "iqn.a;iqn.b", 1);
	change(&edit, "iqn.a", "", 1);
	list(edit.root, "iqn.a", text);
	assert_string_equal(text, "1 ");
	change(&edit, "iqn.a;iqn.b", "iqn.b", 1);
	list(edit.root, "iqn.a", text);
	assert_string_equal(text, "");
	change(&edit, "iqn.b", "", 1);
	assert_null(edit.root);
}

/* ---- Against a model ---- */

static const char *const masks[] = { "", "*", "iqn.a", "iqn.a;iqn.b", "iqn.b;iqn.c", "iqn.c" };

static void
expect(const unsigned mask_of[TARGETS][LUNS], const char *initiator, char text[256])
{
	size_t len = 0;

	text[0] = '\0';
	for (unsigned t = 0; t < TARGETS; t++) {
		bool shown = false;

		for (unsigned l = 0; l < LUNS; l++)
			shown = shown || mask_admits(masks[mask_of[t][l]], initiator);
		if (shown)
			len += (size_t)snprintf(text + len, 256 - len, "%u ", t);
	}
}

static void
assert_as_model(const struct target_shown *root, const unsigned mask_of[TARGETS][LUNS])
{
	static const char *const initiators[] = { "iqn.a", "iqn.b", "iqn.c", "iqn.d" };
	char text[256], wanted[256];

	for (unsigned i = 0; i < ARRAY_LEN(initiators); i++) {
		list(root, initiators[i], text);
		expect(mask_of, initiators[i], wanted);
		assert_string_equal(text, wanted);
	}
}

static void
test_a_version_stays_as_it_was_while_the_next_is_made(void **state)
{
	static unsigned now[TARGETS][LUNS], before[TARGETS][LUNS];
	struct target_shown_edit edit = { 0 };
	unsigned seed = 5;

	(void)state;
	memset(now, 0, sizeof(now));
	for (unsigned round = 0; round < 300; round++) {
		struct target_shown *old = target_shown_ref(edit.root);

		memcpy(before, now, sizeof(now));
		for (unsigned i = 0; i < 5; i++) {
			unsigned t = (unsigned)rand_r(&seed) % TARGETS;
			unsigned l = (unsigned)rand_r(&seed) % (round < 200 ? LUNS : 2);
			unsigned mask = (unsigned)rand_r(&seed) % ARRAY_LEN(masks);

			change(&edit, masks[now[t][l]], masks[mask], t);
			now[t][l] = mask;
		}
		assert_as_model(edit.root, now);
		assert_as_model(old, before);
		target_shown_unref(old);
	}
	target_shown_unref(edit.root);
}

/* ---- Cost ---- */

static uint64_t
cost_of_a_change(unsigned size)
{
	struct target_shown_edit edit = { 0 };
	char mask[64];

	for (unsigned i = 0; i < size; i++) {
		snprintf(mask, sizeof(mask), "iqn.2026-11.test:host%u", i);
		change(&edit, "", mask, i % 1000);
	}
	struct target_shown *old = target_shown_ref(edit.root); /* everything is shared */

	edit.steps = 0;
	for (unsigned i = 0; i < 100; i++) {
		change(&edit, "", "iqn.new", i);
		change(&edit, "iqn.new", "", i);
	}
	target_shown_unref(edit.root);
	target_shown_unref(old);
	return edit.steps / 200;
}

static void
test_a_change_costs_a_logarithm(void **state)
{
	uint64_t small = cost_of_a_change(200), large = cost_of_a_change(20000);

	(void)state;
	assert_true(large < 100);
	assert_true(large < 4 * small);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_initiator_sees_what_names_it_and_what_admits_all),
		cmocka_unit_test(test_every_lun_counts),
		cmocka_unit_test(test_a_version_stays_as_it_was_while_the_next_is_made),
		cmocka_unit_test(test_a_change_costs_a_logarithm),
	};

	return cmocka_run_group_tests_name("target shown", tests, NULL, NULL);
}
