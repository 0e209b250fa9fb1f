/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Makes random edits and compares the state with a model that is so simple that it cannot be wrong:
 * a matrix of LUN numbers. After each edit the edited state, and the state that results from
 * sending the change as JSON and applying it, must agree with the matrix.
 */
#include <stdlib.h>

#include "fault.h"
#include "sample.h"
#include "wire/wire.h"

enum { LUNS = 60, TARGETS = 40, NONE = -1 };

struct model {
	bool luns[LUNS], targets[TARGETS];
	int numbers[LUNS][TARGETS];
	unsigned seed;
};

static unsigned
next_random(struct model *m, unsigned limit)
{
	m->seed = m->seed * 1103515245u + 12345u;
	return (m->seed >> 16) % limit;
}

static void
toggle_lun(struct model *m, struct state_edit *edit, unsigned l)
{
	struct guid lun = sample_id('l', l);

	if (!m->luns[l]) {
		sample_put(edit, sample_lun(l), NULL);
		m->luns[l] = true;
		return;
	}
	for (unsigned t = 0; t < TARGETS; t++) {
		struct guid target = sample_id('t', t);

		if (m->numbers[l][t] != NONE)
			assert_int_equal(state_edit_delete(edit, ROW_ASSOCIATION, &lun, &target),
					 0);
		m->numbers[l][t] = NONE;
	}
	assert_int_equal(state_edit_delete(edit, ROW_LUN, &lun, NULL), 0);
	m->luns[l] = false;
}

/* Gives the pair another LUN number that is free there, or dissociates it. */
static void
change_pair(struct model *m, struct state_edit *edit, unsigned l, unsigned t)
{
	struct guid lun = sample_id('l', l), target = sample_id('t', t);
	int number = (int)next_random(m, 2 * LUNS);

	if (!m->luns[l] || !m->targets[t])
		return;
	if (next_random(m, 3) == 0) {
		assert_int_equal(state_edit_delete(edit, ROW_ASSOCIATION, &lun, &target),
				 m->numbers[l][t] == NONE ? ERR_NOT_FOUND : 0);
		m->numbers[l][t] = NONE;
		return;
	}
	for (unsigned i = 0; i < LUNS; i++)
		if (m->numbers[i][t] == number)
			return;
	sample_put(edit, sample_association(l, t, (unsigned)number), NULL);
	m->numbers[l][t] = number;
}

static void
edit_randomly(struct model *m, struct state_edit *edit)
{
	unsigned steps = 1 + next_random(m, 30);

	while (steps-- > 0) {
		unsigned l = next_random(m, LUNS), t = next_random(m, TARGETS);

		if (next_random(m, 8) == 0)
			toggle_lun(m, edit, l);
		else
			change_pair(m, edit, l, t);
	}
}

static void
compare(const struct model *m, const struct state *state)
{
	for (unsigned l = 0; l < LUNS; l++) {
		struct guid lun = sample_id('l', l);
		struct row_slice targets = state_lun_targets(state, &lun);
		size_t seen = 0;

		assert_int_equal(state_find(state, ROW_LUN, &lun) != NULL, m->luns[l]);
		for (unsigned t = 0; t < TARGETS; t++) {
			const struct row_association *row = seen < targets.count
								    ? targets.rows[seen]
								    : NULL;
			struct guid target = sample_id('t', t);

			if (m->numbers[l][t] == NONE)
				continue;
			assert_non_null(row);
			assert_true(guid_equal(&row->target_id, &target));
			assert_int_equal(row->lun_number, m->numbers[l][t]);
			seen++;
		}
		assert_int_equal(seen, targets.count);
	}
	assert_int_equal(state_check(state), 0);
}

/* A change through the encoding. */
static struct change *
carried(const struct change *change)
{
	json_t *json = wire_change_encode(change);
	struct change *copy = NULL;

	assert_int_equal(wire_change_decode(json, &copy), 0);
	json_decref(json);
	return copy;
}

static struct state *
start(struct model *m)
{
	struct position at = sample_position();
	AUTO_STATE struct state *empty = state_new(&at);
	struct state_edit *edit = state_edit_new(empty);
	struct state *state = NULL;

	memset(m->numbers, 0xff, sizeof(m->numbers));
	sample_put(edit, sample_array(), sample_pool(1), NULL);
	for (unsigned t = 0; t < TARGETS; t++) {
		sample_put(edit, sample_target(t), NULL);
		m->targets[t] = true;
	}
	assert_int_equal(state_edit_load(edit, &state), 0);
	return state;
}

static void
test_random_edits_and_their_changes_agree_with_the_model(void **unused)
{
	(void)unused;
	for (unsigned seed = 1; seed <= 5; seed++) {
		struct model *m = calloc(1, sizeof(*m));
		struct state *state = start(m), *replica = state_ref(state);

		m->seed = seed;
		for (int round = 0; round < 150; round++) {
			struct state_edit *edit = state_edit_new(state);
			struct change *change, *copy;
			struct state *next, *applied = NULL;

			edit_randomly(m, edit);
			next = sample_next(edit, &change);
			copy = carried(change);
			assert_int_equal(state_apply(replica, copy, &applied), 0);
			state_unref(state);
			state_unref(replica);
			state = next;
			replica = applied;
			compare(m, state);
			compare(m, replica);
			assert_memory_equal(state_position(state), state_position(replica),
					    sizeof(struct position));
			change_unref(change);
			change_unref(copy);
		}
		state_unref(state);
		state_unref(replica);
		free(m);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_edits_and_their_changes_agree_with_the_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
