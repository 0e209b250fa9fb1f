/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of the JSON encoding: what is encoded can be decoded again, and nothing else is accepted.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/mem.h"
#include "fault.h"
#include "sample.h"
#include "wire/wire.h"

static void
test_every_family_survives_the_encoding(void **unused)
{
	(void)unused;
	for (int f = 0; f < ROW_FAMILY_COUNT; f++) {
		AUTO_ROW struct row *row = row_new(f), *copy = NULL;
		void *decoded = NULL;
		json_t *json;

		if (f == ROW_OTHER)
			continue; /* its rows are what was sent */
		assert_int_equal(row_seal(row), 0);
		json = wire_row_encode(row);
		assert_int_equal(json_object_size(json), row_type(f)->field_count);
		assert_int_equal(wire_row_decode(f, json, &decoded), 0);
		copy = decoded;
		assert_true(row_equal(row, copy));
		assert_true(hash128_equal(&row->hash, &copy->hash));
		json_decref(json);
	}
}

static void
test_a_lun_looks_as_documented(void **unused)
{
	AUTO_ROW struct row_lun *row = sample_lun(1);
	json_t *json;
	char *text;

	(void)unused;
	assert_int_equal(row_seal(row), 0);
	json = wire_row_encode(row);
	text = json_dumps(json, JSON_COMPACT);
	assert_string_equal(
		text,
		"{\"id\":\"00000001-0000-0000-0000-00000000006c\",\"name\":\"lun1\",\"number\":1,"
		"\"pool_id\":\"00000001-0000-0000-0000-000000000070\",\"size_bytes\":1048576,"
		"\"block_bytes\":512,\"thin\":true,\"mask\":\"\",\"serial\":\"S00000001\","
		"\"naa\":\"3000000000000001\",\"status\":\"online\",\"created_ms\":0,\"identity\":"
		"\"naa-t10\",\"hints\":\"\",\"access\":\"read-write\",\"removable\":false,"
		"\"qos\":\"\",\"cache\":\"auto\"}");
	free(text);
	json_decref(json);
}

/*
 * The sample LUN with one member replaced (NULL: removed) is refused, and the text names the
 * member.
 */
static void
assert_refused(const char *member, json_t *value)
{
	AUTO_ROW struct row_lun *row = sample_lun(1);
	json_t *json = wire_row_encode(row);
	void *decoded = NULL;

	if (value != NULL)
		assert_int_equal(json_object_set_new(json, member, value), 0);
	else
		assert_int_equal(json_object_del(json, member), 0);
	assert_int_equal(wire_row_decode(ROW_LUN, json, &decoded), ERR_PARSE);
	assert_null(decoded);
	if (strstr(err_text(ERR_PARSE), member) == NULL &&
	    strstr(err_text(ERR_PARSE), "no fields") == NULL)
		fail_msg("'%s' does not name %s", err_text(ERR_PARSE), member);
	json_decref(json);
}

static void
test_a_row_is_decoded_strictly(void **unused)
{
	(void)unused;
	assert_refused("name", NULL);
	assert_refused("created_ms", NULL);
	assert_refused("name", json_integer(1));
	assert_refused("id", json_string("no id"));
	assert_refused("id", json_string("{00000001-0000-0000-0000-00000000006c}"));
	assert_refused("number", json_integer(-1));
	assert_refused("number", json_integer((json_int_t)1 << 32));
	assert_refused("number", json_real(1.0));
	assert_refused("size_bytes", json_integer(-1));
	assert_refused("thin", json_integer(1));
	assert_refused("status", json_null());
	assert_refused("name", json_stringn("a\0b", 3));
}

/*
 * The sample LUN with one member more, or another, as a later minor version may send it: it is
 * read, and goes out again as it came in, with the hash of what was sent.
 */
static void
assert_kept(const char *member, json_t *value, struct row_lun **ret_row)
{
	AUTO_ROW struct row_lun *row = sample_lun(1);
	AUTO(strbuf_fini) struct strbuf text = { 0 };
	json_t *json = wire_row_encode(row), *again;
	struct row_lun *decoded;
	struct hash128 hash;
	void *p = NULL;
	char *sent;

	assert_int_equal(json_object_set_new(json, member, value), 0);
	assert_int_equal(wire_row_decode(ROW_LUN, json, &p), 0);
	decoded = p;
	sent = json_dumps(json, JSON_COMPACT);
	strbuf_init(&text);
	strbuf_addf(&text, "lun%s", sent);
	assert_int_equal(hash128_of(text.text, text.len, &hash), 0);
	assert_true(hash128_equal(&decoded->row.hash, &hash));
	again = wire_row_encode(decoded);
	assert_true(json_equal(json, again));
	assert_string_equal(decoded->name, row->name);
	json_decref(again);
	json_decref(json);
	free(sent);
	*ret_row = decoded;
}

static void
test_what_a_later_version_adds_to_a_row_is_kept(void **unused)
{
	struct row_lun *row;

	(void)unused;
	assert_kept("extra", json_pack("{s:[i,n]}", "a", 1), &row);
	row_unref(row);
	assert_kept("status", json_string("asleep"), &row);
	assert_int_equal(row->status, STATUS_OFFLINE);
	row_unref(row);
}

/* A copy is for changing: it does not keep the text of what it was copied from. */
static void
test_a_copy_of_a_kept_row_has_a_text_of_its_own(void **unused)
{
	AUTO_ROW struct row_lun *plain = sample_lun(1);
	AUTO_ROW struct row_lun *copy = NULL;
	struct row_lun *row;

	(void)unused;
	assert_kept("extra", json_true(), &row);
	copy = row_copy(row);
	row_unref(row);
	assert_int_equal(row_seal(copy), 0);
	assert_int_equal(row_seal(plain), 0);
	assert_true(hash128_equal(&copy->row.hash, &plain->row.hash));
}

static void
test_the_format_is_read_and_another_major_version_refused(void **unused)
{
	json_t *none = json_object(), *ours = json_pack("{s:o}", "format", wire_format_encode());
	json_t *later = json_pack("{s:{s:i,s:i,s:b}}", "format", "major", 1, "minor", 99, "x", 1);
	json_t *other = json_pack("{s:{s:i,s:i}}", "format", "major", 2, "minor", 0);
	json_t *wrong = json_pack("{s:s}", "format", "1.1");
	struct wire_format format = { 0, 0 };

	(void)unused;
	assert_int_equal(wire_format_decode(none, &format), 0);
	assert_int_equal(format.major * 1000 + format.minor, 1000);
	assert_int_equal(wire_format_decode(ours, &format), 0);
	assert_int_equal(format.minor, WIRE_FORMAT_MINOR);
	assert_int_equal(wire_format_decode(later, &format), 0);
	assert_int_equal(format.minor, 99);
	assert_int_equal(wire_format_decode(other, &format), ERR_VERSION);
	assert_non_null(strstr(err_text(ERR_VERSION), "2.0"));
	assert_int_equal(wire_format_decode(wrong, &format), ERR_PARSE);
	json_decref(none);
	json_decref(ours);
	json_decref(later);
	json_decref(other);
	json_decref(wrong);
}

/*
 * No two words of the table mean the same, and what an unknown word reads as is in range: that of
 * the documentation.
 */
static void
test_every_enumeration_says_what_an_unknown_word_is(void **unused)
{
	static const struct {
		enum row_family family;
		const char *field, *word;
	} documented[] = {
		{ ROW_LUN, "status", "offline" },
		{ ROW_LUN, "identity", "naa" },
		{ ROW_LUN, "access", "read-only" },
		{ ROW_LUN, "cache", "auto" },
		{ ROW_PORTAL, "status", "offline" },
		{ ROW_PORTAL_GROUP, "access_state", "unavailable" },
		{ ROW_PORTAL_GROUP, "access_set_by", "nobody" },
		{ ROW_JOB, "kind", "other" },
		{ ROW_JOB, "state", "running" },
		{ ROW_CONTROLLER, "status", "offline" },
		{ ROW_CREDENTIAL, "side", "target" },
		{ ROW_TRASHED_LUN, "status", "offline" },
		{ ROW_TRASHED_LUN, "identity", "naa" },
		{ ROW_TRASHED_LUN, "access", "read-only" },
		{ ROW_TRASHED_LUN, "cache", "auto" },
		{ ROW_LIVE_LUN, "health", "unknown" },
		{ ROW_LIVE_LUN, "operation", "status" },
		{ ROW_LIVE_POOL, "space", "ok" },
		{ ROW_LIVE_DRIVE, "kind", "other" },
		{ ROW_LIVE_DRIVE, "bus", "unknown" },
		{ ROW_LIVE_PORT, "link", "unknown" },
		{ ROW_LIVE_LUN_JOB, "kind", "other" },
	};
	size_t found = 0;

	(void)unused;
	for (int f = 0; f < ROW_FAMILY_COUNT; f++) {
		for (size_t i = 0; i < row_type(f)->field_count; i++) {
			const struct row_field *field = &row_type(f)->fields[i];

			if (field->type != FIELD_ENUM)
				continue;
			assert_true(found < ARRAY_LEN(documented));
			assert_int_equal(documented[found].family, f);
			assert_string_equal(documented[found].field, field->name);
			assert_string_equal(field->names[field->unknown], documented[found++].word);
		}
	}
	assert_int_equal(found, ARRAY_LEN(documented));
}

/* The list of a family that is not known is found by the family's name. */
static void
test_a_plural_is_the_name_and_an_s(void **unused)
{
	(void)unused;
	for (int f = 0; f < ROW_FAMILY_COUNT; f++) {
		char plural[64];

		snprintf(plural, sizeof(plural), "%ss", row_type(f)->name);
		assert_string_equal(row_type(f)->plural, f == ROW_OTHER ? "" : plural);
		assert_int_equal(strncmp(row_type(f)->name, "live_", 5) == 0,
				 f >= ROW_CONFIG_COUNT);
	}
}

/* A change with rows of families that are not known goes out again as it came in. */
static void
test_a_change_of_unknown_families_survives(void **unused)
{
	static const char text[] =
		"{\"sequence\":1,\"digest\":\"00000000000000000000000000000000\",\"request\":null,"
		"\"time\":0,\"cause\":\"c\",\"put\":{\"crate\":[{\"id\":"
		"\"00000001-0000-0000-0000-000000000001\",\"n\":[1]}],\"tie\":[{\"a_id\":"
		"\"00000001-0000-0000-0000-000000000001\",\"b_id\":"
		"\"00000001-0000-0000-0000-000000000002\"}],\"live_x\":[1]},"
		"\"delete\":{\"crate\":[\"00000001-0000-0000-0000-000000000003\"],\"tie\":[["
		"\"00000001-0000-0000-0000-000000000001\","
		"\"00000001-0000-0000-0000-000000000003\"]]},\"x\":1}";
	json_t *json = json_loads(text, 0, NULL), *again;
	struct change *change = NULL;

	(void)unused;
	assert_int_equal(wire_change_decode(json, &change), 0);
	assert_int_equal(change->op_count, 4);
	again = wire_change_encode(change);
	json_object_del(json, "x"); /* not of a row: not kept */
	json_object_del(json_object_get(json, "put"), "live_x");
	assert_true(json_equal(json, again));
	json_decref(again);
	WITH_EVERY_FAULT
	{
		again = wire_change_encode(change);
		assert_int_equal(again == NULL, FAULT_HIT);
		json_decref(again);
	}
	change_unref(change);
	WITH_EVERY_FAULT
	{
		struct change *copy = NULL;
		int rc = wire_change_decode(json, &copy);

		assert_int_equal(rc, FAULT_HIT ? -ENOMEM : 0);
		change_unref(copy);
	}
	json_decref(json);
}

static void
test_a_position_survives_the_encoding(void **unused)
{
	struct position at = sample_position(), copy;
	json_t *json;

	(void)unused;
	at.sequence = 1ull << 53;
	at.digest = (struct hash128){ 0x0123456789abcdef, 0xfedcba9876543210 };
	json = wire_position_encode(&at);
	assert_int_equal(wire_position_decode(json, &copy), 0);
	assert_memory_equal(&at, &copy, sizeof(at));
	assert_string_equal(json_string_value(json_object_get(json, "digest")),
			    "fedcba98765432100123456789abcdef");
	json_object_set_new(json, "more", json_true());
	assert_int_equal(wire_position_decode(json, &copy), 0);
	json_object_del(json, "digest");
	assert_int_equal(wire_position_decode(json, &copy), ERR_PARSE);
	json_decref(json);
	assert_int_equal(wire_position_decode(NULL, &copy), ERR_PARSE);
}

static const struct principal sample_principal = {
	.kind = PRINCIPAL_UNIX, .role = ROLE_ADMIN, .uid = 1000, .name = "alice", .from = "pid 12"
};

static struct change *
sample_change(void)
{
	AUTO_STATE struct state *base = sample_state(), *next = NULL;
	struct state_edit *edit = state_edit_new(base);
	struct guid lun = sample_id('l', 1), target = sample_id('t', 3), portal = sample_id('o', 1);
	struct guid request = sample_id('r', 1);
	struct change *change;

	sample_put(edit, sample_lun(3), sample_association(1, 2, 0), NULL);
	assert_int_equal(state_edit_delete(edit, ROW_ASSOCIATION, &lun, &target), 0);
	assert_int_equal(state_edit_delete(edit, ROW_PORTAL, &portal, NULL), 0);
	assert_int_equal(state_edit_finish(edit, "test", &request, 1000, &next, &change), 0);
	assert_int_equal(change_set_principal(change, &sample_principal), 0);
	return change;
}

static void
test_a_change_survives_the_encoding(void **unused)
{
	struct change *change = sample_change(), *copy = NULL;
	json_t *json = wire_change_encode(change), *again;

	(void)unused;
	assert_int_equal(wire_change_decode(json, &copy), 0);
	assert_int_equal(copy->sequence, change->sequence);
	assert_int_equal(copy->utc_ms, 1000);
	assert_true(guid_equal(&copy->request_id, &change->request_id));
	assert_true(hash128_equal(&copy->digest, &change->digest));
	assert_int_equal(copy->op_count, 4);
	assert_memory_equal(copy->principal, &sample_principal, sizeof(sample_principal));
	again = wire_change_encode(copy);
	assert_true(json_equal(json, again));
	json_decref(again);
	json_decref(json);
	change_unref(change);
	change_unref(copy);
}

static void
test_a_change_that_is_not_well_formed_is_refused(void **unused)
{
	static const char *const wrong[] = {
		"[]",
		"{}",
		"{\"sequence\":-1}",
		"{\"sequence\":1,\"digest\":\"x\",\"request\":null,\"time\":0,\"cause\":\"c\","
		"\"put\":{},\"delete\":{}}",
		"{\"sequence\":1,\"digest\":\"00000000000000000000000000000000\",\"request\":1,"
		"\"time\":0,\"cause\":\"c\",\"put\":{},\"delete\":{}}",
		"{\"sequence\":1,\"digest\":\"00000000000000000000000000000000\",\"request\":null,"
		"\"time\":\"\",\"cause\":\"c\",\"put\":{},\"delete\":{}}",
		"{\"sequence\":1,\"digest\":\"00000000000000000000000000000000\",\"request\":null,"
		"\"time\":0,\"cause\":1,\"put\":{},\"delete\":{}}",
		"{\"sequence\":1,\"digest\":\"00000000000000000000000000000000\",\"request\":null,"
		"\"time\":0,\"cause\":\"c\",\"put\":[],\"delete\":{}}",
		"{\"sequence\":1,\"digest\":\"00000000000000000000000000000000\",\"request\":null,"
		"\"time\":0,\"cause\":\"c\",\"put\":{\"lun\":{}},\"delete\":{}}",
		"{\"sequence\":1,\"digest\":\"00000000000000000000000000000000\",\"request\":null,"
		"\"time\":0,\"cause\":\"c\",\"put\":{\"lun\":[{}]},\"delete\":{}}",
		"{\"sequence\":1,\"digest\":\"00000000000000000000000000000000\",\"request\":null,"
		"\"time\":0,\"cause\":\"c\",\"put\":{},\"delete\":{\"lun\":[1]}}",
		"{\"sequence\":1,\"digest\":\"00000000000000000000000000000000\",\"request\":null,"
		"\"time\":0,\"cause\":\"c\",\"put\":{},\"delete\":{\"association\":[[\"\"]]}}",
		"{\"sequence\":1,\"digest\":\"00000000000000000000000000000000\",\"request\":null,"
		"\"time\":0,\"cause\":\"c\",\"put\":{\"host\":[{}]},\"delete\":{}}",
		"{\"sequence\":1,\"digest\":\"00000000000000000000000000000000\",\"request\":null,"
		"\"time\":0,\"cause\":\"c\",\"put\":{},\"delete\":{\"host\":[\"\"]}}",
		"{\"sequence\":1,\"digest\":\"00000000000000000000000000000000\",\"request\":null,"
		"\"time\":0,\"cause\":\"c\",\"put\":{\"No{name\":[]},\"delete\":{}}",
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		struct change *change = NULL;
		json_t *json = json_loads(wrong[i], 0, NULL);

		assert_non_null(json);
		assert_int_equal(wire_change_decode(json, &change), ERR_PARSE);
		assert_null(change);
		json_decref(json);
	}
}

static void
test_a_state_survives_the_encoding(void **unused)
{
	AUTO_STATE struct state *state = sample_state(), *copy = NULL;
	json_t *json = wire_state_encode(state, ROW_ARRAY, ROW_CONFIG_COUNT);

	(void)unused;
	assert_int_equal(json_array_size(json_object_get(json, "targets")), 3);
	assert_int_equal(wire_state_decode(json, ROW_ARRAY, ROW_CONFIG_COUNT, &copy), 0);
	assert_memory_equal(state_position(copy), state_position(state), sizeof(struct position));
	assert_int_equal(state_check(copy), 0);
	json_decref(json);
}

static void
test_a_state_whose_digest_differs_is_corrupt(void **unused)
{
	AUTO_STATE struct state *state = sample_state(), *copy = NULL;
	json_t *json = wire_state_encode(state, ROW_ARRAY, ROW_CONFIG_COUNT);

	(void)unused;
	json_array_remove(json_object_get(json, "luns"), 0);
	assert_int_equal(wire_state_decode(json, ROW_ARRAY, ROW_CONFIG_COUNT, &copy), ERR_CORRUPT);
	assert_null(copy);
	json_object_del(json, "luns");
	assert_int_equal(wire_state_decode(json, ROW_ARRAY, ROW_CONFIG_COUNT, &copy), ERR_PARSE);
	json_decref(json);
}

static void
test_a_row_twice_in_a_state_is_refused(void **unused)
{
	AUTO_STATE struct state *state = sample_state(), *copy = NULL;
	json_t *json = wire_state_encode(state, ROW_ARRAY, ROW_CONFIG_COUNT);
	json_t *luns = json_object_get(json, "luns");

	(void)unused;
	json_array_append(luns, json_array_get(luns, 0));
	assert_int_equal(wire_state_decode(json, ROW_ARRAY, ROW_CONFIG_COUNT, &copy), ERR_PARSE);
	assert_null(copy);
	json_decref(json);
}

static void
assert_error_survives(int code)
{
	json_t *json;

	err_set(code, "because of %s", "\"this\"");
	json = wire_error_encode(code);
	err_clear();
	assert_int_equal(wire_error_decode(json), code);
	assert_string_equal(err_text(code), "because of \"this\"");
	json_decref(json);
}

static void
test_errors_survive_the_encoding(void **unused)
{
	(void)unused;
	for (int code = ERR_FIRST_ + 1; code < ERR_END_; code++)
		assert_error_survives(code);
	assert_error_survives(-ENOSPC);
	assert_error_survives(-ENOMEM);
}

static void
test_an_error_that_is_none_is_internal(void **unused)
{
	json_t *json = json_pack("{s:s}", "error", "no");

	(void)unused;
	assert_int_equal(wire_error_decode(json), ERR_INTERNAL);
	json_decref(json);
	json = json_pack("{s:{s:s,s:s}}", "error", "code", "FROM_THE_FUTURE", "message", "m");
	assert_int_equal(wire_error_decode(json), ERR_INTERNAL);
	assert_string_equal(err_text(ERR_INTERNAL), "FROM_THE_FUTURE: m");
	json_decref(json);
}

static void
test_a_cut_message_is_still_text(void **unused)
{
	json_t *json;

	(void)unused;
	err_set(ERR_BUSY, "a\xc3");
	json = wire_error_encode(ERR_BUSY);
	assert_non_null(json);
	assert_int_equal(wire_error_decode(json), ERR_BUSY);
	assert_string_equal(err_text(ERR_BUSY), "a?");
	json_decref(json);
}

/*
 * A principal of a later version is shown as far as it can be; one that makes no sense is as if it
 * were absent.
 */
static void
test_a_strange_principal_breaks_no_change(void **unused)
{
	static const char *const texts[] = {
		"{\"kind\":\"robot\",\"role\":\"auditor\",\"name\":\"ci\",\"uid\":\"x\"}",
		"{\"role\":\"admin\"}", "[]", "null", "7"
	};
	struct change *change = sample_change();

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		json_t *json = wire_change_encode(change);
		struct change *copy = NULL;
		char text[PRINCIPAL_TEXT_SIZE];

		json_object_set_new(json, "principal", json_loads(texts[i], JSON_DECODE_ANY, NULL));
		assert_int_equal(wire_change_decode(json, &copy), 0);
		assert_string_equal(principal_format(copy->principal, text),
				    i == 0 ? "ci" : "vdsd");
		if (i == 0)
			assert_int_equal(copy->principal->role, ROLE_NONE);
		change_unref(copy);
		json_decref(json);
	}
	change_unref(change);
}

/* jansson allocates through mem here: each of its failures too must come out as one. */
static void
test_encoding_out_of_memory_gives_nothing(void **unused)
{
	struct change *change = sample_change();
	AUTO_STATE struct state *state = sample_state();

	(void)unused;
	WITH_EVERY_FAULT
	{
		json_t *json = wire_change_encode(change);

		assert_int_equal(json == NULL, FAULT_HIT);
		json_decref(json);
	}
	WITH_EVERY_FAULT
	{
		json_t *json = wire_state_encode(state, ROW_ARRAY, ROW_CONFIG_COUNT);

		assert_int_equal(json == NULL, FAULT_HIT);
		json_decref(json);
	}
	change_unref(change);
}

static void
test_decoding_out_of_memory_gives_nothing(void **unused)
{
	struct change *change = sample_change();
	AUTO_STATE struct state *state = sample_state();
	json_t *json = wire_change_encode(change),
	       *all = wire_state_encode(state, ROW_ARRAY, ROW_CONFIG_COUNT);

	(void)unused;
	WITH_EVERY_FAULT
	{
		struct change *copy = NULL;
		int rc = wire_change_decode(json, &copy);

		assert_int_equal(rc, FAULT_HIT ? -ENOMEM : 0);
		assert_int_equal(copy != NULL, rc == 0);
		change_unref(copy);
	}
	WITH_EVERY_FAULT
	{
		AUTO_STATE struct state *copy = NULL;
		int rc = wire_state_decode(all, ROW_ARRAY, ROW_CONFIG_COUNT, &copy);

		assert_int_equal(rc, FAULT_HIT ? -ENOMEM : 0);
		assert_int_equal(copy != NULL, rc == 0);
	}
	json_decref(json);
	json_decref(all);
	change_unref(change);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_family_survives_the_encoding),
		cmocka_unit_test(test_a_lun_looks_as_documented),
		cmocka_unit_test(test_a_row_is_decoded_strictly),
		cmocka_unit_test(test_what_a_later_version_adds_to_a_row_is_kept),
		cmocka_unit_test(test_a_copy_of_a_kept_row_has_a_text_of_its_own),
		cmocka_unit_test(test_the_format_is_read_and_another_major_version_refused),
		cmocka_unit_test(test_every_enumeration_says_what_an_unknown_word_is),
		cmocka_unit_test(test_a_plural_is_the_name_and_an_s),
		cmocka_unit_test(test_a_change_of_unknown_families_survives),
		cmocka_unit_test(test_a_position_survives_the_encoding),
		cmocka_unit_test(test_a_change_survives_the_encoding),
		cmocka_unit_test(test_a_change_that_is_not_well_formed_is_refused),
		cmocka_unit_test(test_a_state_survives_the_encoding),
		cmocka_unit_test(test_a_state_whose_digest_differs_is_corrupt),
		cmocka_unit_test(test_a_row_twice_in_a_state_is_refused),
		cmocka_unit_test(test_errors_survive_the_encoding),
		cmocka_unit_test(test_an_error_that_is_none_is_internal),
		cmocka_unit_test(test_a_cut_message_is_still_text),
		cmocka_unit_test(test_a_strange_principal_breaks_no_change),
		cmocka_unit_test(test_encoding_out_of_memory_gives_nothing),
		cmocka_unit_test(test_decoding_out_of_memory_gives_nothing),
	};

	json_set_alloc_funcs(mem_alloc, mem_free);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
