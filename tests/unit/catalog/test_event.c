/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of the stored events and answers: they are in order, without gaps and bounded in number,
 * also across restarts.
 */
#include "catalog_test.h"

struct walk {
	uint64_t next; /* the sequence that must come */
	size_t count;
	struct state *state; /* follows when not NULL */
};

static int
follow(void *arg, uint64_t sequence, const char *text)
{
	struct walk *w = arg;
	struct change *change = NULL;
	struct state *next = NULL;

	assert_int_equal(sequence, w->next++);
	w->count++;
	if (w->state == NULL)
		return 0;
	assert_ok(catalog_event_decode(text, &change));
	assert_int_equal(change->sequence, sequence);
	assert_ok(state_apply(w->state, change, &next));
	change_unref(change);
	state_unref(w->state);
	w->state = next;
	return 0;
}

static void
test_events_lead_from_an_old_state_to_the_new_one(void **state)
{
	struct catalog_fixture *f = *state;
	struct walk w = { .next = 5 };

	for (unsigned n = 2; n < 5; n++)
		assert_ok(sample_commit(f->catalog, &f->state, n));
	w.state = state_ref(f->state);
	for (unsigned n = 5; n < 20; n++)
		assert_ok(sample_commit(f->catalog, &f->state, n));
	assert_ok(catalog_events(f->catalog, 4, follow, &w));
	assert_int_equal(w.count, 15);
	assert_same_state(w.state, f->state);
	state_unref(w.state);
}

static void
test_no_events_after_the_newest(void **state)
{
	struct catalog_fixture *f = *state;
	struct walk w = { .next = 2 };

	assert_ok(catalog_events(f->catalog, 1, follow, &w));
	assert_int_equal(w.count, 0);
}

static void
test_future_is_gone(void **state)
{
	struct catalog_fixture *f = *state;
	struct walk w = { .next = 3 };

	assert_int_equal(catalog_events(f->catalog, 2, follow, &w), ERR_GONE);
}

/* In one transaction, which is fast. */
static void
make_changes(struct catalog_fixture *f, unsigned first, unsigned last)
{
	assert_ok(catalog_begin(f->catalog));
	for (unsigned n = first; n <= last; n++)
		assert_ok(sample_change(f->catalog, &f->state, n));
	assert_ok(catalog_commit(f->catalog));
}

static void
test_old_events_are_pruned_but_enough_are_kept(void **state)
{
	struct catalog_fixture *f = *state;
	unsigned last = CATALOG_EVENTS_KEPT + 600;
	struct walk w = { .next = last - CATALOG_EVENTS_KEPT + 1 };
	int64_t kept = 0;

	make_changes(f, 2, last);
	assert_ok(catalog_query_int(f->catalog, "SELECT count(*) FROM event", &kept));
	assert_true(kept >= CATALOG_EVENTS_KEPT && kept < CATALOG_EVENTS_KEPT + 256);
	assert_ok(catalog_events(f->catalog, last - CATALOG_EVENTS_KEPT, follow, &w));
	assert_int_equal(w.count, CATALOG_EVENTS_KEPT);
	assert_int_equal(catalog_events(f->catalog, 1, follow, &w), ERR_GONE);
}

static int
count_answer(void *arg, const struct catalog_answer *answer)
{
	(void)answer;
	(*(size_t *)arg)++;
	return 0;
}

static int
compare_answer(void *arg, const struct catalog_answer *answer)
{
	const struct catalog_answer *want = arg;

	assert_true(guid_equal(&answer->request_id, &want->request_id));
	assert_true(guid_equal(&answer->object_id, &want->object_id));
	assert_true(guid_equal(&answer->job_id, &want->job_id));
	assert_int_equal(answer->sequence, want->sequence);
	assert_int_equal(answer->existed, want->existed);
	return 1;
}

static void
test_answer_comes_back_as_it_was_given(void **state)
{
	struct catalog_fixture *f = *state;
	struct catalog_answer answer = { .sequence = 1, .existed = true };

	guid_make(&answer.request_id);
	guid_make(&answer.object_id);
	guid_make(&answer.job_id);
	assert_ok(catalog_begin(f->catalog));
	assert_ok(catalog_answer_put(f->catalog, &answer));
	assert_ok(catalog_commit(f->catalog));
	assert_int_equal(catalog_answers(f->catalog, compare_answer, &answer), 1);
}

static void
test_answers_are_bounded(void **state)
{
	struct catalog_fixture *f = *state;
	struct catalog_answer answer = { .sequence = 1 };
	size_t count = 0;

	assert_ok(catalog_begin(f->catalog));
	for (unsigned i = 0; i < CATALOG_EVENTS_KEPT + 600; i++) {
		guid_make(&answer.request_id);
		assert_ok(catalog_answer_put(f->catalog, &answer));
	}
	assert_ok(catalog_commit(f->catalog));
	assert_ok(catalog_answers(f->catalog, count_answer, &count));
	assert_true(count >= CATALOG_EVENTS_KEPT && count < CATALOG_EVENTS_KEPT + 256);
}

#define WITH_CATALOG(test) cmocka_unit_test_setup_teardown(test, catalog_setup, catalog_teardown)

int
main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		WITH_CATALOG(test_events_lead_from_an_old_state_to_the_new_one),
		WITH_CATALOG(test_no_events_after_the_newest),
		WITH_CATALOG(test_future_is_gone),
		WITH_CATALOG(test_old_events_are_pruned_but_enough_are_kept),
		WITH_CATALOG(test_answer_comes_back_as_it_was_given),
		WITH_CATALOG(test_answers_are_bounded),
	};
	/* clang-format on */

	return cmocka_run_group_tests(tests, NULL, NULL);
}
