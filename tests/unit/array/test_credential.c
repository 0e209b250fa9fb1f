/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of CHAP secrets in the array: what is refused, what replaces what, what the data path gets,
 * and what is there after a restart.  Source: RFC 7143 §9.2.1.
 */
#include "array_test.h"

#include "array/array_int.h"
#include "base/str.h"
#include "fault.h"

#define SECRET_1 "first secret of all"
#define SECRET_2 "another secret, longer"
#define SECRET_3 "the target's own secret"

static struct array_credential_spec
spec(struct guid owner, enum credential_side side, const char *user, const char *secret)
{
	return (struct array_credential_spec){
		.owner_id = owner,
		.side = side,
		.user = user,
		.secret = (const uint8_t *)secret,
		.secret_len = strlen(secret),
	};
}

static struct guid
set(struct array *a, struct guid owner, const char *user, const char *secret)
{
	struct array_credential_spec s = spec(owner, CREDENTIAL_INITIATOR, user, secret);
	struct array_answer answer;

	assert_ok(array_credential_set(a, NULL, &s, &answer));
	return answer.object_id;
}

/* How many of the two secrets are valid at that time. */
static unsigned
valid(struct array *a, struct guid id, int64_t after_ms, const char *first, const char *second)
{
	AUTO_STATE struct state *state = array_state(a);
	const struct row_credential *row = state_find(state, ROW_CREDENTIAL, &id);
	struct array_secret found[2];
	unsigned count;

	assert_non_null(row);
	assert_ok(array_sync(a, &(struct position){ 0 }));
	count = array_secrets_find(a->secrets, &id, row->set_ms + after_ms, found);
	for (unsigned i = 0; i < count; i++) {
		const char *wanted = i == 0 ? first : second;

		assert_int_equal(found[i].len, strlen(wanted));
		assert_memory_equal(found[i].bytes, wanted, found[i].len);
	}
	return count;
}

static void
test_a_secret_is_there_and_stays(void **state)
{
	struct fixture *f = *state;
	struct guid target = make_target(f->array, "web");
	struct guid id = set(f->array, target, "alice", SECRET_1);

	assert_int_equal(valid(f->array, id, 0, SECRET_1, NULL), 1);
	fixture_reopen(f);
	assert_int_equal(valid(f->array, id, 0, SECRET_1, NULL), 1);
	assert_int_equal(count_rows(f->array, ROW_CREDENTIAL), 1);
}

static void
test_setting_again_replaces(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid target = make_target(a, "web");
	struct guid alice = set(a, target, "alice", SECRET_1);
	struct guid bob = set(a, target, "bob", SECRET_1);
	struct guid again = set(a, target, "alice", SECRET_2);

	assert_true(guid_equal(&alice, &again));
	assert_false(guid_equal(&alice, &bob));
	assert_int_equal(count_rows(a, ROW_CREDENTIAL), 2);
	assert_int_equal(valid(a, alice, 0, SECRET_2, NULL), 1);
	assert_int_equal(valid(a, bob, 0, SECRET_1, NULL), 1);
}

static void
test_the_old_secret_stays_valid_for_a_time(void **state)
{
	struct fixture *f = *state;
	struct guid target = make_target(f->array, "web");
	struct guid id = set(f->array, target, "alice", SECRET_1);
	struct array_credential_spec s = spec(target, CREDENTIAL_INITIATOR, "alice", SECRET_2);

	s.keep_old_s = 60;
	assert_ok(array_credential_set(f->array, NULL, &s, NULL));
	for (int round = 0; round < 2; round++) {
		assert_int_equal(valid(f->array, id, 59999, SECRET_2, SECRET_1), 2);
		assert_int_equal(valid(f->array, id, 60000, SECRET_2, NULL), 1);
		fixture_reopen(f);
	}
	/* a third one: the first is gone, the second is the old one */
	s.secret = (const uint8_t *)"third secret of all";
	s.secret_len = strlen("third secret of all");
	assert_ok(array_credential_set(f->array, NULL, &s, NULL));
	assert_int_equal(valid(f->array, id, 0, "third secret of all", SECRET_2), 2);
}

static void
test_a_deleted_secret_is_gone(void **state)
{
	struct fixture *f = *state;
	struct guid target = make_target(f->array, "web");
	struct guid id = set(f->array, target, "alice", SECRET_1);
	struct array_secret found[2];

	assert_ok(array_credential_delete(f->array, NULL, &id, NULL));
	assert_ok(array_sync(f->array, &(struct position){ 0 }));
	assert_int_equal(array_secrets_find(f->array->secrets, &id, 0, found), 0);
	assert_int_equal(array_credential_delete(f->array, NULL, &id, NULL), ERR_NOT_FOUND);
	fixture_reopen(f);
	assert_int_equal(array_secrets_find(f->array->secrets, &id, 0, found), 0);
}

static void
test_secrets_go_with_their_target(void **state)
{
	struct fixture *f = *state;
	struct guid target = make_target(f->array, "web"), other = make_target(f->array, "db");
	struct guid id = set(f->array, target, "alice", SECRET_1);
	struct guid stays = set(f->array, other, "alice", SECRET_1);
	struct array_secret found[2];

	assert_ok(array_target_delete(f->array, NULL, &target, NULL));
	assert_int_equal(count_rows(f->array, ROW_CREDENTIAL), 1);
	assert_int_equal(valid(f->array, stays, 0, SECRET_1, NULL), 1);
	assert_int_equal(array_secrets_find(f->array->secrets, &id, 0, found), 0);
}

static void
refused(struct array *a, struct array_credential_spec s, const char *why)
{
	uint64_t before = sequence_of(a);
	char secret[32] = "";

	assert_int_equal(array_credential_set(a, NULL, &s, NULL), ERR_INVALID);
	if (strstr(err_text(ERR_INVALID), why) == NULL)
		fail_msg("`%s` does not say `%s`", err_text(ERR_INVALID), why);
	memcpy(secret, s.secret, MIN(s.secret_len, sizeof(secret) - 1));
	if (secret[0] != '\0')
		assert_null(strstr(err_text(ERR_INVALID), secret));
	assert_int_equal(sequence_of(a), before);
}

static void
test_what_is_refused(void **state)
{
	static const uint8_t zeros[300];
	struct array *a = ((struct fixture *)*state)->array;
	struct guid target = make_target(a, "web"), nobody = random_guid();
	struct array_credential_spec s = spec(target, CREDENTIAL_INITIATOR, "", "eleven byte");

	refused(a, s, "at least 12");
	s.secret = zeros;
	s.secret_len = 256;
	refused(a, s, "at most 255");
	s = spec(target, CREDENTIAL_INITIATOR, "two\nlines", SECRET_1);
	refused(a, s, "one line");
	s = spec(target, CREDENTIAL_INITIATOR, "", SECRET_1);
	s.initiator = "no name";
	refused(a, s, "");
	s.initiator = NULL;
	s.keep_old_s = 31 * 24 * 3600 + 1;
	refused(a, s, "31 days");
	s = spec((struct guid){ { 0 } }, CREDENTIAL_TARGET, "", SECRET_1);
	refused(a, s, "user name");
	s = spec((struct guid){ { 0 } }, CREDENTIAL_INITIATOR, "", SECRET_1);
	s.initiator = "iqn.2026-11.test:a";
	refused(a, s, "every initiator");
	s = spec(nobody, CREDENTIAL_INITIATOR, "", SECRET_1);
	assert_int_equal(array_credential_set(a, NULL, &s, NULL), ERR_NOT_FOUND);
	assert_int_equal(count_rows(a, ROW_CREDENTIAL), 0);
}

static void
test_a_secret_is_for_one_direction(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid web = make_target(a, "web"), db = make_target(a, "db");
	struct array_credential_spec own = spec(db, CREDENTIAL_TARGET, "", SECRET_1);

	set(a, web, "alice", SECRET_1);
	refused(a, own, "other direction");
	own = spec(web, CREDENTIAL_TARGET, "", SECRET_3);
	assert_ok(array_credential_set(a, NULL, &own, NULL));
	refused(a, spec((struct guid){ { 0 } }, CREDENTIAL_INITIATOR, "", SECRET_3),
		"other direction");
}

static void
test_who_needs_which_secret(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid web = make_target(a, "web"), db = make_target(a, "db");
	struct guid every = set(a, web, "", SECRET_1), alice = set(a, web, "alice", SECRET_1);
	struct array_credential_spec one = spec(web, CREDENTIAL_INITIATOR, "", SECRET_2);
	struct array_answer answer;

	one.initiator = "IQN.2026-11.Test:A";
	assert_ok(array_credential_set(a, NULL, &one, &answer));
	AUTO_STATE struct state *now = array_state(a);

	assert_true(credential_needed(now, &web, "iqn.2026-11.test:a"));
	assert_false(credential_needed(now, &db, "iqn.2026-11.test:a"));
	assert_false(credential_needed(now, NULL, "iqn.2026-11.test:a"));
	const struct row_credential *found = credential_find(now, &web, "iqn.2026-11.test:a", "x");

	assert_true(guid_equal(&found->id, &answer.object_id));
	found = credential_find(now, &web, "iqn.2026-11.test:b", "alice");
	assert_true(guid_equal(&found->id, &alice));
	found = credential_find(now, &web, "iqn.2026-11.test:b", "bob");
	assert_true(guid_equal(&found->id, &every));
	assert_null(credential_mutual(now, &web, "iqn.2026-11.test:b"));
}

static void
test_texts_and_hexadecimal(void **state)
{
	static const uint8_t wanted[] = { 0xab, 0x00, 0xff };
	uint8_t bytes[CREDENTIAL_SECRET_MAX];
	char text[600];
	size_t len;

	(void)state;
	assert_int_equal(array_credential_parse("0xAb00fF", bytes, &len), 0);
	assert_int_equal(len, 3);
	assert_memory_equal(bytes, wanted, 3);
	assert_int_equal(array_credential_parse("a text", bytes, &len), 0);
	assert_int_equal(len, 6);
	assert_int_equal(array_credential_parse("0xabc", bytes, &len), ERR_INVALID);
	assert_int_equal(array_credential_parse("0xzz", bytes, &len), ERR_INVALID);
	snprintf(text, sizeof(text), "%0256d", 0);
	assert_int_equal(array_credential_parse(text, bytes, &len), ERR_INVALID);
	snprintf(text, sizeof(text), "0x%0512d", 0);
	assert_int_equal(array_credential_parse(text, bytes, &len), ERR_INVALID);
}

static bool
text_has(const char *text, const char *word)
{
	return text != NULL && strstr(text, word) != NULL;
}

static int
event_has_no_secret(void *arg, uint64_t sequence, const char *text)
{
	(void)arg;
	(void)sequence;
	assert_false(text_has(text, SECRET_1));
	assert_false(text_has(text, "6669727374207365637265")); /* in hexadecimal */
	return 0;
}

static void
test_no_event_has_the_secret(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;

	set(a, make_target(a, "web"), "alice", SECRET_1);
	assert_ok(array_sync(a, &(struct position){ 0 }));
	assert_int_equal(catalog_events(a->catalog, 0, event_has_no_secret, NULL), 0);
}

/* ---- sets ---- */

static void
test_sets_share_and_do_not_change(void **state)
{
	struct array_vault *vault = array_vault_new();
	static struct array_secrets *sets[1001];
	static struct guid ids[1000];
	struct array_secret found[2];

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(ids); i++) {
		struct array_secret_entry *entry;
		char text[32];

		guid_make(&ids[i]);
		entry = array_secret_entry_new(vault, &ids[i], CREDENTIAL_INITIATOR);
		snprintf(text, sizeof(text), "secret number %u", i);
		array_secret_entry_set(entry, (const uint8_t *)text, strlen(text));
		assert_ok(array_secrets_with(sets[i], &ids[i], entry, &sets[i + 1]));
		array_secret_entry_unref(entry);
	}
	assert_int_equal(array_secrets_find(sets[500], &ids[499], 0, found), 1);
	assert_memory_equal(found[0].bytes, "secret number 499", found[0].len);
	assert_int_equal(array_secrets_find(sets[500], &ids[500], 0, found), 0);
	assert_true(array_secrets_have(sets[1000], CREDENTIAL_INITIATOR,
				       (const uint8_t *)"secret number 7", 15));
	assert_false(array_secrets_have(sets[1000], CREDENTIAL_TARGET,
					(const uint8_t *)"secret number 7", 15));
	for (unsigned i = 0; i < ARRAY_LEN(sets); i++)
		array_secrets_unref(sets[i]);
	array_vault_free(vault);
}

/* A call without memory changes nothing, and the next one works. */
static void
test_every_allocation_may_fail(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid target = make_target(a, "web");
	unsigned rounds = 0;

	WITH_EVERY_FAULT
	{
		char user[16];
		struct array_credential_spec s;
		uint64_t before = sequence_of(a);
		int rc;

		snprintf(user, sizeof(user), "user%u", rounds++);
		s = spec(target, CREDENTIAL_INITIATOR, user, SECRET_1);
		rc = array_credential_set(a, NULL, &s, NULL);
		FAULT_OFF();
		assert_true(rc == 0 || rc == -ENOMEM);
		assert_int_equal(sequence_of(a), before + (rc == 0));
	}
}

#define WITH_ARRAY(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_ARRAY(test_a_secret_is_there_and_stays),
		WITH_ARRAY(test_setting_again_replaces),
		WITH_ARRAY(test_the_old_secret_stays_valid_for_a_time),
		WITH_ARRAY(test_a_deleted_secret_is_gone),
		WITH_ARRAY(test_secrets_go_with_their_target),
		WITH_ARRAY(test_what_is_refused),
		WITH_ARRAY(test_a_secret_is_for_one_direction),
		WITH_ARRAY(test_who_needs_which_secret),
		cmocka_unit_test(test_texts_and_hexadecimal),
		WITH_ARRAY(test_no_event_has_the_secret),
		cmocka_unit_test(test_sets_share_and_do_not_change),
		WITH_ARRAY(test_every_allocation_may_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
