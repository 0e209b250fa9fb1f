/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of the encoding as text: it is byte by byte that of the JSON values, and it is read back
 * from pieces of any size.
 */
#include <errno.h>
#include <stdlib.h>

#include "fault.h"
#include "sample.h"
#include "wire/wire.h"

static void
assert_same_text(json_t *json, const struct strbuf *text)
{
	char *expected = json_dumps(json, JSON_COMPACT);

	assert_non_null(expected);
	assert_false(text->failed);
	assert_string_equal(text->text, expected);
	free(expected);
	json_decref(json);
}

static void
test_a_row_s_text_is_its_json(void **unused)
{
	struct row_lun *odd = sample_lun(7);
	struct row *rows[] = { sample_array(),      sample_pool(1),
			       sample_lun(1),       sample_target(1),
			       sample_portal(1),    sample_group(1, 1),
			       sample_member(1, 1), sample_association(1, 2, 3),
			       sample_job(1),       sample_live_lun(1, HEALTH_FAILED),
			       (struct row *)odd };

	(void)unused;
	sample_text(&odd->name, "a \"b\" \\ \b\f\n\r\t \x01 \xc3\xa4 %u", 1);
	odd->created_ms = -5;
	odd->size_bytes = UINT64_C(1) << 53;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(strbuf_fini) struct strbuf text = { 0 };
		AUTO_ROW struct row *copy = NULL;
		void *read = NULL;

		strbuf_init(&text);
		assert_int_equal(row_seal(rows[i]), 0);
		wire_row_text(rows[i], &text);
		assert_int_equal(wire_row_read(rows[i]->family, text.text, text.len, &read), 0);
		copy = read;
		assert_true(row_equal(rows[i], copy));
		assert_true(hash128_equal(&rows[i]->hash, &copy->hash));
		assert_int_equal(copy->is_as_sent, 0);
		assert_same_text(wire_row_encode(rows[i]), &text);
		row_unref(rows[i]);
	}
}

/* Texts that are not as this version writes them read as wire_row_decode reads them. */
static void
test_odd_texts_are_read_as_their_json(void **unused)
{
	static const char *const texts[] = {
		"{\"id\":\"0000000A-0000-0000-0000-00000000006c\",\"health\":\"ok\","
		"\"operation\":\"none\",\"reason\":\"\"}",
		"{\"id\":\"0000000a-0000-0000-0000-00000000006c\",\"health\":\"ok\","
		"\"operation\":\"none\",\"reason\":\"\\u0041\"}",
		"{ \"id\":\"0000000a-0000-0000-0000-00000000006c\",\"health\":\"ok\","
		"\"operation\":\"none\",\"reason\":\"\"}",
		"{\"health\":\"ok\",\"id\":\"0000000a-0000-0000-0000-00000000006c\","
		"\"operation\":\"none\",\"reason\":\"\"}",
		"{\"id\":\"0000000a-0000-0000-0000-00000000006c\",\"health\":\"weak\","
		"\"operation\":\"none\",\"reason\":\"\"}",
		"{\"id\":\"0000000a-0000-0000-0000-00000000006c\",\"health\":\"ok\","
		"\"operation\":\"none\",\"reason\":\"\",\"more\":1}",
		"{\"id\":\"0000000a-0000-0000-0000-00000000006c\",\"health\":\"ok\","
		"\"operation\":\"none\"}",
		"{\"id\":\"0000000a-0000-0000-0000-00000000006c\",\"health\":\"ok\"",
		"{\"id\":7}",
		"[]",
		"",
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		json_t *json = json_loads(texts[i], 0, NULL);
		AUTO_ROW struct row *read = NULL, *decoded = NULL;
		void *a = NULL, *b = NULL;
		int rc = wire_row_read(ROW_LIVE_LUN, texts[i], strlen(texts[i]), &a);

		read = a;
		if (json == NULL) {
			assert_int_equal(rc, ERR_PARSE);
			continue;
		}
		assert_int_equal(rc, wire_row_decode(ROW_LIVE_LUN, json, &b));
		decoded = b;
		json_decref(json);
		if (rc == 0)
			assert_true(hash128_equal(&read->hash, &decoded->hash));
	}
}

static void
test_numbers_are_read_only_as_they_are_written(void **unused)
{
	static const struct {
		const char *size;
		int rc;
	} cases[] = {
		{ "0", 0 },
		{ "9223372036854775807", 0 },
		{ "9223372036854775808", ERR_PARSE },
		{ "99999999999999999999", ERR_PARSE },
		{ "-1", ERR_PARSE },
		{ "01", ERR_PARSE },
		{ "1.5", ERR_PARSE },
		{ "", ERR_PARSE },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char text[256];
		void *row = NULL;

		snprintf(text, sizeof(text),
			 "{\"id\":\"0000000a-0000-0000-0000-00000000006c\",\"capacity_bytes\":%s,"
			 "\"free_bytes\":1,\"ready\":true,\"reason\":\"\"}",
			 cases[i].size);
		assert_int_equal(wire_row_read(ROW_LIVE_POOL, text, strlen(text), &row),
				 cases[i].rc);
		row_unref(row);
	}
}

/* What leads from one sample state to another: puts and deletions of several families. */
static struct change *
sample_change(void)
{
	AUTO_STATE struct state *state = sample_state(), *next = NULL;
	struct state_edit *edit = state_edit_new(state);
	struct guid lun = sample_id('l', 1), target = sample_id('t', 3);
	struct change *change;

	sample_put(edit, sample_lun(3), sample_association(2, 2, 5), sample_target(9), NULL);
	assert_int_equal(state_edit_delete(edit, ROW_ASSOCIATION, &lun, &target), 0);
	assert_int_equal(state_edit_delete(edit, ROW_TARGET, &target, NULL), 0);
	next = sample_next(edit, &change);
	return change;
}

static void
test_a_change_s_text_is_its_json(void **unused)
{
	const struct principal who = { .kind = PRINCIPAL_UNIX, .role = ROLE_ADMIN, .name = "root" };
	struct change *change = sample_change();
	AUTO(strbuf_fini) struct strbuf text = { 0 };

	(void)unused;
	strbuf_init(&text);
	wire_change_text(change, &text);
	assert_same_text(wire_change_encode(change), &text);
	text.len = 0;
	change->request_id = sample_id('r', 1);
	wire_change_text(change, &text);
	assert_same_text(wire_change_encode(change), &text);
	text.len = 0;
	assert_int_equal(change_set_principal(change, &who), 0);
	wire_change_text(change, &text);
	assert_same_text(wire_change_encode(change), &text);
	change_unref(change);
}

/* ---- snapshots ---- */

static struct state *
sample_live(void)
{
	struct position at = { .array_id = sample_id('b', 1), .sequence = 4 };
	AUTO_STATE struct state *empty = state_new(&at);
	struct state_edit *edit = state_edit_new(empty);
	struct state *live = NULL;

	sample_put(edit, sample_live_lun(1, HEALTH_OK), sample_live_lun(2, HEALTH_FAILED), NULL);
	assert_int_equal(state_edit_load(edit, &live), 0);
	return live;
}

/* The snapshot in pieces of at least `least` bytes; no piece is much longer. */
static void
snapshot_text(size_t least, struct strbuf *out)
{
	AUTO_STATE struct state *config = sample_state(), *live = sample_live();
	struct wire_snapshot_writer *writer = wire_snapshot_writer_new(config, live);
	bool more = true;

	while (more) {
		size_t before = out->len;

		more = wire_snapshot_write(writer, least, out);
		assert_true(out->len - before < least + 512);
	}
	wire_snapshot_writer_free(writer);
}

static void
test_a_snapshot_s_text_is_its_json(void **unused)
{
	AUTO_STATE struct state *config = sample_state(), *live = sample_live();

	(void)unused;
	for (size_t least = 1; least < 2000; least += 333) {
		AUTO(strbuf_fini) struct strbuf text = { 0 };

		strbuf_init(&text);
		snapshot_text(least, &text);
		assert_same_text(wire_snapshot_encode(config, live), &text);
	}
}

/* Reads a text, cut into pieces of `piece` bytes. */
static int
read_pieces(const char *text, size_t len, size_t piece, struct state **ret_config,
	    struct state **ret_live)
{
	struct wire_snapshot_reader *reader = wire_snapshot_reader_new();
	struct wire_format format;
	int rc = reader == NULL ? -ENOMEM : 0;

	for (size_t at = 0; rc == 0 && at < len; at += piece)
		rc = wire_snapshot_read(reader, text + at, MIN(piece, len - at));
	if (rc == 0)
		rc = wire_snapshot_read_end(reader, &format, ret_config, ret_live);
	wire_snapshot_reader_free(reader);
	return rc;
}

static int
read_text(const char *text)
{
	AUTO_STATE struct state *config = NULL, *live = NULL;

	return read_pieces(text, strlen(text), 5, &config, &live);
}

static void
test_a_snapshot_is_read_from_pieces_of_any_size(void **unused)
{
	AUTO_STATE struct state *here = sample_state(), *here_live = sample_live();
	AUTO(strbuf_fini) struct strbuf text = { 0 };

	(void)unused;
	strbuf_init(&text);
	snapshot_text(4096, &text);
	for (size_t piece = 1; piece <= text.len; piece = piece < 40 ? piece + 1 : piece * 2) {
		AUTO_STATE struct state *config = NULL, *live = NULL;

		assert_int_equal(read_pieces(text.text, text.len, piece, &config, &live), 0);
		assert_memory_equal(state_position(config), state_position(here),
				    sizeof(struct position));
		assert_memory_equal(state_position(live), state_position(here_live),
				    sizeof(struct position));
		for (int f = 0; f < ROW_CONFIG_COUNT; f++)
			assert_int_equal(state_count(config, f), state_count(here, f));
		assert_int_equal(state_count(live, ROW_LIVE_LUN), 2);
		assert_int_equal(state_check(config), 0);
		assert_int_equal(state_ailing(live), 1);
	}
	/* Cut off anywhere, it is refused. */
	for (size_t len = 0; len < text.len; len += 7) {
		AUTO_STATE struct state *config = NULL, *live = NULL;

		assert_int_equal(read_pieces(text.text, len, 11, &config, &live), ERR_PARSE);
	}
}

/* The snapshot as JSON, changed by a test, as text with or without indentation. */
static int
read_changed(void (*change)(json_t *snapshot), size_t flags)
{
	AUTO_STATE struct state *config = sample_state(), *live = sample_live();
	json_t *json = wire_snapshot_encode(config, live);
	char *text;
	int rc;

	change(json);
	text = json_dumps(json, flags);
	rc = read_text(text);
	free(text);
	json_decref(json);
	return rc;
}

static void
add_nothing(json_t *snapshot)
{
	(void)snapshot;
}

/* Members in another order: the positions come last. */
static void
turn_round(json_t *snapshot)
{
	static const char *const members[] = { "config", "live", "format" };

	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		json_t *json = json_incref(json_object_get(snapshot, members[i]));
		json_t *position = json_incref(json_object_get(json, "position"));

		json_object_del(snapshot, members[i]);
		if (position != NULL) {
			json_object_del(json, "position");
			json_object_set_new(json, "position", position);
		}
		json_object_set_new(snapshot, members[i], json);
	}
}

static void
add_unknown(json_t *snapshot)
{
	json_t *config = json_object_get(snapshot, "config"),
	       *live = json_object_get(snapshot, "live");

	json_object_set_new(snapshot, "more", json_pack("{s:[i,{s:s}]}", "a", 1, "b", "]}\"\\"));
	json_object_set_new(config, "word", json_string("x\"]}"));
	json_object_set_new(config, "number", json_real(-1.5e3));
	json_object_set_new(live, "live_things", json_pack("[{s:s}, i, n]", "id", "x", 7));
}

static void
lose_a_list(json_t *snapshot)
{
	json_object_del(json_object_get(snapshot, "config"), "luns");
}

static void
lose_a_row(json_t *snapshot)
{
	json_array_remove(json_object_get(json_object_get(snapshot, "config"), "luns"), 0);
}

static void
double_a_row(json_t *snapshot)
{
	json_t *luns = json_object_get(json_object_get(snapshot, "config"), "luns");

	json_array_append(luns, json_array_get(luns, 0));
}

static void
lose_a_position(json_t *snapshot)
{
	json_object_del(json_object_get(snapshot, "live"), "position");
}

static void
spoil_a_list(json_t *snapshot)
{
	json_object_set_new(json_object_get(snapshot, "config"), "luns", json_object());
}

static void
change_the_version(json_t *snapshot)
{
	json_object_set_new(json_object_get(snapshot, "format"), "major", json_integer(2));
}

static void
test_what_a_snapshot_may_and_may_not_be(void **unused)
{
	(void)unused;
	assert_int_equal(read_changed(add_nothing, JSON_INDENT(2)), 0);
	assert_int_equal(read_changed(turn_round, 0), 0);
	assert_int_equal(read_changed(add_unknown, JSON_INDENT(1)), 0);
	assert_int_equal(read_changed(add_unknown, JSON_COMPACT), 0);
	assert_int_equal(read_changed(lose_a_list, 0), ERR_PARSE);
	assert_int_equal(read_changed(lose_a_row, 0), ERR_CORRUPT);
	assert_int_equal(read_changed(double_a_row, 0), ERR_PARSE);
	assert_int_equal(read_changed(lose_a_position, 0), ERR_PARSE);
	assert_int_equal(read_changed(spoil_a_list, 0), ERR_PARSE);
	assert_int_equal(read_changed(change_the_version, 0), ERR_VERSION);
	for (size_t i = 0; i < 8; i++) {
		static const char *const texts[] = {
			"",
			"[]",
			"{]",
			"{\"config\":{\"luns\":[,]}}",
			"x",
			"{\"config\"",
			"{\"config\":}",
			"{,\"config\":{}}",
		};

		assert_int_equal(read_text(texts[i]), ERR_PARSE);
	}
}

static void
test_a_snapshot_out_of_memory_gives_nothing(void **unused)
{
	AUTO(strbuf_fini) struct strbuf text = { 0 };

	(void)unused;
	strbuf_init(&text);
	snapshot_text(4096, &text);
	WITH_EVERY_FAULT
	{
		AUTO_STATE struct state *config = NULL, *live = NULL;
		int rc = read_pieces(text.text, text.len, 64, &config, &live);

		/* jansson may take a failed allocation for a token that is invalid */
		if (FAULT_HIT)
			assert_true(rc == -ENOMEM || rc == ERR_PARSE);
		else
			assert_int_equal(rc, 0);
		assert_int_equal(config != NULL, rc == 0);
	}
	WITH_EVERY_FAULT
	{
		AUTO(strbuf_fini) struct strbuf again = { 0 };
		struct change *change;

		FAULT_OFF();
		change = sample_change();
		strbuf_init(&again);
		mem_fault_at(fault_walk.round);
		wire_change_text(change, &again);
		assert_int_equal(again.failed, mem_fault_hit() != 0);
		fault_walk.hit = mem_fault_hit() != 0;
		mem_fault_at(0);
		change_unref(change);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_row_s_text_is_its_json),
		cmocka_unit_test(test_odd_texts_are_read_as_their_json),
		cmocka_unit_test(test_numbers_are_read_only_as_they_are_written),
		cmocka_unit_test(test_a_change_s_text_is_its_json),
		cmocka_unit_test(test_a_snapshot_s_text_is_its_json),
		cmocka_unit_test(test_a_snapshot_is_read_from_pieces_of_any_size),
		cmocka_unit_test(test_what_a_snapshot_may_and_may_not_be),
		cmocka_unit_test(test_a_snapshot_out_of_memory_gives_nothing),
	};

	json_set_alloc_funcs(mem_alloc, mem_free);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
