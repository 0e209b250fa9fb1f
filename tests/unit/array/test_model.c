/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Makes random changes and compares the array with a model that is so simple that a reader can see
 * that it is right: tables of LUNs, targets, portals and groups, and a matrix that says which LUN
 * is behind which target. Every answer and every state must be those of the model. The array is
 * closed and opened in between, and its checker must find nothing. A listener follows all changes
 * and must arrive at the same digest.
 *
 * usage: test_array_model [CHANGES [SEED]]
 */
#include "array_test.h"

#define LUNS    12
#define TARGETS 6
#define GROUPS  8
#define PORTALS 4

struct model {
	struct {
		bool there, offline;
		struct guid id;
		char name[16], mask[64];
		uint64_t size_bytes;
		int number[TARGETS]; /* behind that target; -1 = not */
	} luns[LUNS];
	struct {
		bool there;
		struct guid id;
		char alias[16];
	} targets[TARGETS];
	struct {
		bool there;
		struct guid id;
	} portals[PORTALS];
	struct {
		bool there, has[PORTALS];
		int target;
		struct guid id;
	} groups[GROUPS];
};

static unsigned changes = 1500, seed = 1;
static struct model model;

static unsigned
dice(unsigned sides)
{
	return (unsigned)random() % sides;
}

static struct guid
id_or_random(bool there, struct guid id)
{
	return there ? id : random_guid();
}

/* ---- LUNs ---- */

static int
find_name(const char *name)
{
	for (int i = 0; i < LUNS; i++)
		if (model.luns[i].there && strcmp(model.luns[i].name, name) == 0)
			return i;
	return -1;
}

static void
create_lun(struct array *a)
{
	struct array_lun_spec spec = { .size_bytes = (dice(8) + 1) * 65536 };
	struct array_answer answer;
	char name[16];
	unsigned l = dice(LUNS);
	int rc;

	snprintf(name, sizeof(name), "n%u", dice(LUNS));
	if (model.luns[l].there)
		return;
	spec.name = name;
	rc = array_lun_create(a, NULL, &spec, &answer);
	if (find_name(name) >= 0) {
		assert_int_equal(rc, ERR_NAME_IN_USE);
		return;
	}
	assert_ok(rc);
	memset(&model.luns[l], 0, sizeof(model.luns[l]));
	model.luns[l].there = true;
	model.luns[l].id = answer.object_id;
	model.luns[l].size_bytes = spec.size_bytes;
	memcpy(model.luns[l].name, name, sizeof(name));
	for (int t = 0; t < TARGETS; t++)
		model.luns[l].number[t] = -1;
}

static void
delete_lun(struct array *a)
{
	unsigned l = dice(LUNS);
	struct guid id = id_or_random(model.luns[l].there, model.luns[l].id);

	assert_int_equal(array_lun_delete(a, NULL, &id, true, NULL),
			 model.luns[l].there ? 0 : ERR_NOT_FOUND);
	model.luns[l].there = false;
}

static void
rename_lun(struct array *a)
{
	unsigned l = dice(LUNS);
	struct guid id = id_or_random(model.luns[l].there, model.luns[l].id);
	char name[16];
	int rc, other;

	snprintf(name, sizeof(name), "n%u", dice(LUNS));
	other = find_name(name);
	rc = array_lun_rename(a, NULL, &id, name, false, NULL);
	if (!model.luns[l].there) {
		assert_int_equal(rc, ERR_NOT_FOUND);
	} else if (other >= 0 && other != (int)l) {
		assert_int_equal(rc, ERR_NAME_IN_USE);
	} else {
		assert_ok(rc);
		memcpy(model.luns[l].name, name, sizeof(name));
	}
}

static void
change_lun(struct array *a)
{
	static const char *const masks[] = { "", "*", "iqn.2026-11.org.example:a",
					     "iqn.2026-11.org.example:b" };
	unsigned l = dice(LUNS), m = dice(ARRAY_LEN(masks));
	bool offline = dice(2) == 0;

	if (!model.luns[l].there)
		return;
	switch (dice(3)) {
	case 0:
		assert_ok(array_lun_set_mask(a, NULL, &model.luns[l].id, masks[m], NULL));
		snprintf(model.luns[l].mask, sizeof(model.luns[l].mask), "%s", masks[m]);
		break;
	case 1:
		assert_ok(array_lun_set_status(a, NULL, &model.luns[l].id,
					       offline ? STATUS_OFFLINE : STATUS_ONLINE, NULL));
		model.luns[l].offline = offline;
		break;
	default:
		assert_ok(array_lun_extend(a, NULL, &model.luns[l].id, 4096, false, NULL));
		model.luns[l].size_bytes += 4096;
	}
}

/*
 * The rule for numbers, as the contract has it: kept where the pair was there; new ones equal when
 * possible.
 */
static void
expect_numbers(struct array *a, unsigned l, const bool wanted[TARGETS])
{
	int kept = -1, lowest = 0, want;
	bool taken[2 * LUNS + 2] = { false };

	for (int t = 0; t < TARGETS; t++)
		if (!wanted[t])
			model.luns[l].number[t] = -1;
	for (int t = 0; t < TARGETS; t++)
		for (int other = 0; wanted[t] && model.luns[l].number[t] < 0 && other < LUNS;
		     other++)
			if (model.luns[other].there && model.luns[other].number[t] >= 0)
				taken[model.luns[other].number[t]] = true;
	while (taken[lowest])
		lowest++;
	/*
	 * Which of the kept numbers is preferred depends on the order of ids: any is right that is
	 * free.
	 */
	for (int t = 0; t < TARGETS; t++) {
		int n = number_of(a, model.luns[l].id, model.targets[t].id);

		if (!wanted[t]) {
			assert_true(!model.targets[t].there || n == -1);
			continue;
		}
		if (model.luns[l].number[t] >= 0) {
			assert_int_equal(n, model.luns[l].number[t]);
			continue;
		}
		if (kept < 0)
			kept = n;
		want = kept;
		assert_int_equal(n, want);
		assert_true(n >= 0 && n < (int)ARRAY_LEN(taken) && !taken[n]);
	}
	if (kept >= 0 && kept != lowest) {
		bool preferred = false;

		for (int t = 0; t < TARGETS; t++)
			preferred = preferred || model.luns[l].number[t] == kept;
		assert_true(preferred);
	}
	for (int t = 0; t < TARGETS; t++)
		if (wanted[t] && model.luns[l].number[t] < 0)
			model.luns[l].number[t] = kept;
}

static void
associate_lun(struct array *a)
{
	unsigned l = dice(LUNS);
	struct guid id = id_or_random(model.luns[l].there, model.luns[l].id), targets[TARGETS + 2];
	bool wanted[TARGETS] = { false }, unknown = false;
	size_t count = dice(TARGETS + 2);
	int rc;

	for (size_t i = 0; i < count; i++) {
		unsigned t = dice(TARGETS);

		targets[i] = id_or_random(model.targets[t].there, model.targets[t].id);
		unknown = unknown || !model.targets[t].there;
		wanted[t] = true;
	}
	rc = array_lun_associate(a, NULL, &id, count > 0 ? targets : NULL, count, NULL);
	if (!model.luns[l].there || unknown) {
		assert_int_equal(rc, ERR_NOT_FOUND);
		return;
	}
	assert_ok(rc);
	expect_numbers(a, l, wanted);
}

/* ---- targets, portals, groups ---- */

static void
create_target(struct array *a)
{
	unsigned t = dice(TARGETS);
	char alias[16];

	if (model.targets[t].there)
		return;
	snprintf(alias, sizeof(alias), "a%u", dice(100));
	model.targets[t].id = make_target(a, alias);
	memcpy(model.targets[t].alias, alias, sizeof(alias));
	model.targets[t].there = true;
	for (int l = 0; l < LUNS; l++)
		model.luns[l].number[t] = -1;
}

static void
delete_target(struct array *a)
{
	unsigned t = dice(TARGETS);
	struct guid id = id_or_random(model.targets[t].there, model.targets[t].id);
	bool used = false;
	int rc = array_target_delete(a, NULL, &id, NULL);

	for (int l = 0; l < LUNS; l++)
		used = used || (model.luns[l].there && model.luns[l].number[t] >= 0);
	if (!model.targets[t].there) {
		assert_int_equal(rc, ERR_NOT_FOUND);
		return;
	}
	assert_int_equal(rc, used ? ERR_LUNS_ASSOCIATED : 0);
	if (used)
		return;
	model.targets[t].there = false;
	for (int g = 0; g < GROUPS; g++)
		if (model.groups[g].there && model.groups[g].target == (int)t)
			model.groups[g].there = false;
}

static void
change_portal(struct array *a)
{
	unsigned p = dice(PORTALS);
	bool used = false;
	int rc;

	if (!model.portals[p].there) {
		model.portals[p].id = make_portal(a, "127.0.0.1", (uint16_t)(3260 + p));
		model.portals[p].there = true;
		return;
	}
	for (int g = 0; g < GROUPS; g++)
		used = used || (model.groups[g].there && model.groups[g].has[p]);
	rc = array_portal_delete(a, NULL, &model.portals[p].id, NULL);
	assert_int_equal(rc, used ? ERR_IN_USE : 0);
	model.portals[p].there = used;
}

static void
change_group(struct array *a)
{
	unsigned g = dice(GROUPS), t = dice(TARGETS);
	struct guid id = id_or_random(model.targets[t].there, model.targets[t].id);
	struct array_answer answer;
	int rc;

	if (model.groups[g].there) {
		assert_ok(array_group_delete(a, NULL, &model.groups[g].id, true, NULL));
		model.groups[g].there = false;
		return;
	}
	rc = array_group_create(a, NULL, &id, &answer);
	assert_int_equal(rc, model.targets[t].there ? 0 : ERR_NOT_FOUND);
	if (rc < 0)
		return;
	memset(&model.groups[g], 0, sizeof(model.groups[g]));
	model.groups[g].there = true;
	model.groups[g].target = (int)t;
	model.groups[g].id = answer.object_id;
}

static void
change_member(struct array *a)
{
	unsigned g = dice(GROUPS), p = dice(PORTALS);
	bool elsewhere = false;
	int rc;

	if (!model.groups[g].there || !model.portals[p].there)
		return;
	if (dice(2) == 0) {
		rc = array_group_remove_portal(a, NULL, &model.groups[g].id, &model.portals[p].id,
					       NULL);
		assert_int_equal(rc, model.groups[g].has[p] ? 0 : ERR_NOT_FOUND);
		model.groups[g].has[p] = false;
		return;
	}
	for (int other = 0; other < GROUPS; other++)
		elsewhere = elsewhere || (other != (int)g && model.groups[other].there &&
					  model.groups[other].has[p] &&
					  model.groups[other].target == model.groups[g].target);
	rc = array_group_add_portal(a, NULL, &model.groups[g].id, &model.portals[p].id, NULL);
	assert_int_equal(rc, elsewhere ? ERR_IN_USE : 0);
	model.groups[g].has[p] = !elsewhere;
}

/* ---- comparing ---- */

static void
compare_luns(const struct state *now)
{
	size_t luns = 0, paths = 0;

	for (int l = 0; l < LUNS; l++) {
		const struct row_lun *row;

		if (!model.luns[l].there)
			continue;
		luns++;
		row = state_find(now, ROW_LUN, &model.luns[l].id);
		assert_non_null(row);
		assert_string_equal(row->name, model.luns[l].name);
		assert_string_equal(row->mask, model.luns[l].mask);
		assert_int_equal(row->size_bytes, model.luns[l].size_bytes);
		assert_int_equal(row->status,
				 model.luns[l].offline ? STATUS_OFFLINE : STATUS_ONLINE);
		for (int t = 0; t < TARGETS; t++)
			paths += model.luns[l].number[t] >= 0;
	}
	assert_int_equal(state_count(now, ROW_LUN), luns);
	assert_int_equal(state_count(now, ROW_ASSOCIATION), paths);
}

static void
compare_others(const struct state *now)
{
	size_t targets = 0, portals = 0, groups = 0, members = 0;

	for (int t = 0; t < TARGETS; t++) {
		if (!model.targets[t].there)
			continue;
		targets++;
		assert_string_equal(((const struct row_target *)state_find(now, ROW_TARGET,
									   &model.targets[t].id))
					    ->alias,
				    model.targets[t].alias);
	}
	for (int p = 0; p < PORTALS; p++)
		portals += model.portals[p].there;
	for (int g = 0; g < GROUPS; g++)
		for (int p = -1; model.groups[g].there && p < PORTALS; p++)
			*(p < 0 ? &groups : &members) += p < 0 || model.groups[g].has[p];
	assert_int_equal(state_count(now, ROW_TARGET), targets);
	assert_int_equal(state_count(now, ROW_PORTAL), portals);
	assert_int_equal(state_count(now, ROW_PORTAL_GROUP), groups);
	assert_int_equal(state_count(now, ROW_GROUP_PORTAL), members);
}

/* Each pair both ways round: the inverse is the inverse. */
static void
compare_inverse(const struct state *now)
{
	for (int t = 0; t < TARGETS; t++) {
		struct row_slice luns;
		size_t behind = 0;

		if (!model.targets[t].there)
			continue;
		luns = state_target_luns(now, &model.targets[t].id);
		for (int l = 0; l < LUNS; l++) {
			const struct row_association *row = NULL;

			if (!model.luns[l].there || model.luns[l].number[t] < 0)
				continue;
			behind++;
			row = state_find_pair(now, ROW_ASSOCIATION, &model.luns[l].id,
					      &model.targets[t].id);
			assert_non_null(row);
			assert_int_equal(row->lun_number, model.luns[l].number[t]);
		}
		assert_int_equal(luns.count, behind);
	}
}

static void
compare(struct array *a)
{
	AUTO_STATE struct state *now = array_state(a);

	compare_luns(now);
	compare_others(now);
	compare_inverse(now);
}

/* ---- following ---- */

static void
follow(struct array_listener *l, struct state **mine, uint64_t until)
{
	while (state_position(*mine)->sequence < until) {
		struct array_event event;
		struct state *next = NULL;

		assert_ok(array_listener_next(l, &event));
		assert_int_not_equal(event.kind, ARRAY_EVENT_LOST);
		if (event.kind == ARRAY_EVENT_CHANGE) {
			assert_ok(state_apply(*mine, event.change, &next));
			state_unref(*mine);
			*mine = next;
		}
		change_unref(event.change);
	}
}

static void
step(struct array *a)
{
	static void (*const steps[])(struct array * a) = {
		create_lun,    create_lun,    delete_lun,    rename_lun,    change_lun,
		change_lun,    associate_lun, associate_lun, associate_lun, associate_lun,
		create_target, create_target, delete_target, change_portal, change_group,
		change_member, change_member,
	};

	steps[dice(ARRAY_LEN(steps))](a);
}

static void
test_random_changes_are_those_of_the_model(void **state)
{
	struct fixture *f = *state;
	struct array_listener *l = NULL;
	AUTO_STATE struct state *mine = NULL;

	srandom(seed);
	assert_ok(array_listen(f->array, 0, 0, &l, &mine, NULL));
	for (unsigned i = 1; i <= changes; i++) {
		step(f->array);
		compare(f->array);
		if (i % 250 != 0)
			continue;
		follow(l, &mine, sequence_of(f->array));
		assert_ok(array_check(f->array));
		array_listener_free(l);
		fixture_reopen(f);
		compare(f->array);
		assert_ok(
			array_listen(f->array, 1, state_position(mine)->sequence, &l, NULL, NULL));
	}
	follow(l, &mine, sequence_of(f->array));
	assert_ok(state_check(mine));
	array_listener_free(l);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_random_changes_are_those_of_the_model,
						fixture_setup, fixture_teardown),
	};

	if (argc > 1)
		changes = (unsigned)strtoul(argv[1], NULL, 10);
	if (argc > 2)
		seed = (unsigned)strtoul(argv[2], NULL, 10);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
