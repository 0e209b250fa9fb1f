/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of rows: the table of families and fields, copying, comparing and hashing. */
#include <errno.h>
#include <jansson.h>

#include "fault.h"
#include "sample.h"
#include "model/fields.h"
#include "wire/wire.h"

static bool
overlap(const struct row_field *a, const struct row_field *b)
{
	return a->offset < b->offset + b->size_bytes && b->offset < a->offset + a->size_bytes;
}

/* What a row of which there are many takes: the C library adds eight bytes to each block. */
static void
test_rows_of_which_there_are_many_are_small(void **state)
{
	(void)state;
	assert_int_equal(sizeof(struct row_association), 64 - 8);
	assert_int_equal(sizeof(struct row_live_lun), 88 - 8);
	assert_int_equal(sizeof(struct row_lun), 136);
}

static void
test_every_family_is_described(void **state)
{
	(void)state;
	for (int f = 0; f < ROW_FAMILY_COUNT; f++) {
		const struct row_type *type = row_type(f);

		assert_non_null(type->name);
		assert_int_equal(row_family_find(type->name), f == ROW_OTHER ? ERR_NOT_FOUND : f);
		assert_true(type->key_fields == 1 || type->key_fields == 2);
		for (unsigned k = 0; k < type->key_fields; k++)
			assert_int_equal(type->fields[k].type, FIELD_GUID);
		for (size_t i = 0; i < type->field_count; i++) {
			assert_true(type->fields[i].offset >= offsetof(struct row, own));
			assert_true(type->fields[i].offset + type->fields[i].size_bytes <=
				    type->size_bytes);
			/* A member lies in the three free bytes of struct row, or behind it. */
			assert_true(type->fields[i].offset >= sizeof(struct row) ||
				    type->fields[i].offset + type->fields[i].size_bytes <=
					    offsetof(struct row, own) + 3);
			assert_int_equal(type->fields[i].type == FIELD_ENUM,
					 type->fields[i].names != NULL);
			for (size_t j = 0; j < i; j++) {
				assert_string_not_equal(type->fields[i].name, type->fields[j].name);
				assert_true(!overlap(&type->fields[i], &type->fields[j]));
			}
		}
	}
	assert_int_equal(row_family_find("luns"), ERR_NOT_FOUND);
}

static void
test_every_value_of_an_enumeration_has_a_name(void **state)
{
	(void)state;
	assert_int_equal(row_names_count(row_type(ROW_LUN)->fields[10].names), STATUS_OFFLINE + 1);
	assert_int_equal(row_names_count(row_type(ROW_JOB)->fields[1].names), JOB_OTHER + 1);
	assert_int_equal(row_names_count(row_type(ROW_JOB)->fields[3].names), JOB_CANCELLED + 1);
	assert_int_equal(row_names_count(row_type(ROW_LIVE_LUN)->fields[1].names),
			 HEALTH_FAILING + 1);
	assert_int_equal(row_names_count(row_type(ROW_LIVE_LUN)->fields[2].names),
			 OPERATION_MOVE + 1);
}

static void
test_a_copy_is_equal_and_its_own(void **state)
{
	AUTO_ROW struct row_lun *row = sample_lun(7), *copy = NULL;

	(void)state;
	assert_int_equal(row_seal(row), 0);
	copy = row_copy(row);
	assert_true(row_equal(row, copy));
	assert_int_equal(copy->row.hash.lo, 0);
	assert_ptr_not_equal(row->name, copy->name);
	copy->size_bytes++;
	assert_false(row_equal(row, copy));
	assert_int_equal(row_seal(copy), 0);
	assert_false(hash128_equal(&row->row.hash, &copy->row.hash));
}

static void
test_a_null_string_is_an_empty_one(void **state)
{
	AUTO_ROW struct row_target *a = sample_target(1), *b = sample_target(1);

	(void)state;
	mem_free(a->alias);
	a->alias = NULL;
	assert_int_equal(row_set_string(&b->alias, ""), 0);
	assert_true(row_equal(a, b));
	assert_int_equal(row_seal(a), 0);
	assert_int_equal(row_seal(b), 0);
	assert_true(hash128_equal(&a->row.hash, &b->row.hash));
	assert_string_equal(a->alias, "");
}

static void
test_rows_of_two_families_differ_in_hash(void **state)
{
	AUTO_ROW struct row_pool *pool = row_new(ROW_POOL);
	AUTO_ROW struct row_target *target = row_new(ROW_TARGET);

	(void)state;
	assert_int_equal(row_seal(pool), 0);
	assert_int_equal(row_seal(target), 0);
	assert_false(hash128_equal(&pool->row.hash, &target->row.hash));
	assert_false(row_equal(pool, target));
}

static void
test_the_hash_is_that_of_the_name_and_the_compact_json(void **state)
{
	AUTO_ROW struct row_live_session *row = row_new(ROW_LIVE_SESSION);
	AUTO(strbuf_fini) struct strbuf ours = { 0 };
	char *theirs;
	json_t *json;

	(void)state;
	row->id = sample_id('s', 1);
	row->created_ms = -5;
	row->tag = UINT32_MAX;
	assert_int_equal(row_set_string(&row->initiator, "a\"b\\c/\b\f\n\r\t\x01\x1f\x7f é 漢 😀"),
			 0);
	assert_int_equal(row_seal(row), 0);
	row_canonical(row, &ours);
	json = wire_row_encode(row);
	theirs = json_dumps(json, JSON_COMPACT);
	assert_int_equal(strncmp(ours.text, "live_session", 12), 0);
	assert_string_equal(ours.text + 12, theirs);
	free(theirs);
	json_decref(json);
}

static void
test_sealing_twice_changes_nothing(void **state)
{
	AUTO_ROW struct row_lun *row = sample_lun(1);
	struct hash128 first;

	(void)state;
	assert_int_equal(row_seal(row), 0);
	first = row->row.hash;
	assert_int_equal(row_seal(row), 0);
	assert_true(hash128_equal(&row->row.hash, &first));
}

static void
test_malformed_text_is_repaired_before_it_is_hashed(void **state)
{
	AUTO_ROW struct row_target *row = sample_target(1);

	(void)state;
	assert_int_equal(row_set_string(&row->alias, "a\xff\xc3\xa9\xe2\x82"), 0);
	assert_int_equal(row_seal(row), 0);
	assert_string_equal(row->alias, "a?\xc3\xa9??");
}

static void
test_a_key_orders_by_its_first_id_then_the_second(void **state)
{
	AUTO_ROW struct row_association *row = sample_association(1, 9, 4);
	AUTO_ROW struct row_lun *lun = sample_lun(1);
	struct row_key a, b = { .a = sample_id('l', 1), .b = sample_id('t', 10) };

	(void)state;
	row_key(row, &a);
	assert_true(guid_equal(&a.a, &row->lun_id) && guid_equal(&a.b, &row->target_id));
	assert_true(row_key_compare(&a, &b) < 0);
	assert_int_equal(row_key_compare(&a, &a), 0);
	row_key(lun, &b);
	assert_true(guid_is_zero(&b.b));
}

static void
test_out_of_memory_leaves_no_half_row(void **state)
{
	(void)state;
	WITH_EVERY_FAULT
	{
		AUTO_ROW struct row_target *row = row_new(ROW_TARGET);
		AUTO_ROW struct row_target *copy = NULL;
		int rc;

		if (row == NULL)
			continue;
		rc = row_set_string(&row->iscsi_name, "iqn.x");
		assert_string_equal(rc == 0 ? row->iscsi_name : "iqn.x", "iqn.x");
		copy = rc == 0 ? row_copy(row) : NULL;
		if (copy == NULL)
			continue;
		rc = row_seal(copy);
		assert_int_equal(rc, FAULT_HIT ? -ENOMEM : 0);
		assert_int_equal(row_is_sealed(copy), rc == 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows_of_which_there_are_many_are_small),
		cmocka_unit_test(test_every_family_is_described),
		cmocka_unit_test(test_every_value_of_an_enumeration_has_a_name),
		cmocka_unit_test(test_a_copy_is_equal_and_its_own),
		cmocka_unit_test(test_a_null_string_is_an_empty_one),
		cmocka_unit_test(test_rows_of_two_families_differ_in_hash),
		cmocka_unit_test(test_the_hash_is_that_of_the_name_and_the_compact_json),
		cmocka_unit_test(test_sealing_twice_changes_nothing),
		cmocka_unit_test(test_malformed_text_is_repaired_before_it_is_hashed),
		cmocka_unit_test(test_a_key_orders_by_its_first_id_then_the_second),
		cmocka_unit_test(test_out_of_memory_leaves_no_half_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
