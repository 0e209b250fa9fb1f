/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of INQUIRY and its VPD pages, byte for byte (docs/design/identity.md). */
#include "scsi_test.h"

static const uint8_t golden_standard[74] = {
	0x00, 0x00, 0x06, 0x12,        69,   0x08, 0x10, 0x02, 'V',  'D',  'S',
	' ',  ' ',  ' ',  ' ',         ' ',  'V',  'i',  'r',  't',  'u',  'a',
	'l',  ' ',  'D',  'i',         's',  'k',  ' ',  ' ',  ' ',  ' ',  '0',
	'0',  '0',  '1',  [58] = 0x00, 0xa0, 0x09, 0x60, 0x04, 0x60, 0x04, 0xc0,
};

/* clang-format off */
static const uint8_t golden_unit[] = {
	0x01, 0x03, 0x00, 0x08, 0x31, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88,
	0x02, 0x01, 0x00, 0x10, 'V', 'D', 'S', ' ', ' ', ' ', ' ', ' ',
	'S', '1', '2', '3', '4', '5', '6', '7',
	0x01, 0x0a, 0x00, 0x12, 0x10, 0x00,
	0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0x4d, 0xef, 0x80, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
};

/* The form of LUNs that are made now. */
static const uint8_t golden_unit_naa[] = {
	0x01, 0x03, 0x00, 0x08, 0x31, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88,
	0x01, 0x0a, 0x00, 0x12, 0x10, 0x00,
	0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0x4d, 0xef, 0x80, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
};

static const uint8_t golden_port[] = {
	0x51, 0x94, 0x00, 0x04, 0x00, 0x00, 0x00, 0x07,
	0x53, 0x98, 0x00, 0x24,
	'i', 'q', 'n', '.', '2', '0', '2', '4', '-', '0', '1', '.',
	'e', 'x', 'a', 'm', 'p', 'l', 'e', ':', 'd', 'i', 's', 'k',
	',', 't', ',', '0', 'x', '0', '0', '0', '1', 0, 0, 0,
	0x53, 0xa8, 0x00, 0x1c,
	'i', 'q', 'n', '.', '2', '0', '2', '4', '-', '0', '1', '.',
	'e', 'x', 'a', 'm', 'p', 'l', 'e', ':', 'd', 'i', 's', 'k',
	0, 0, 0, 0,
};
/* clang-format on */

static void
test_standard_data_has_golden_bytes(void **state)
{
	struct test_task tt = { 0 };

	assert_int_equal(test_run(*state, &tt, CDB(0x12, 0, 0, 0, 255, 0), NO_OUT, 255), 0);
	assert_int_equal(tt.task.in_bytes, 74);
	assert_memory_equal(tt.in, golden_standard, 74);
	test_task_fini(&tt);
}

static void
test_identity_functions_give_the_same_bytes_and_count_what_does_not_fit(void **state)
{
	struct scsi_test *t = *state;
	const struct scsi_identity *id = scsi_lu_identity(t->lu);
	uint8_t buf[256];

	assert_int_equal(scsi_identity_inquiry(id, buf, sizeof(buf)), 74);
	assert_memory_equal(buf, golden_standard, 74);
	assert_int_equal(scsi_identity_designators(id, buf, sizeof(buf)), sizeof(golden_unit));
	assert_memory_equal(buf, golden_unit, sizeof(golden_unit));
	memset(buf, 0xaa, sizeof(buf));
	assert_int_equal(scsi_identity_designators(id, buf, 14), sizeof(golden_unit));
	assert_memory_equal(buf, golden_unit, 14);
	assert_int_equal(buf[14], 0xaa);
	assert_int_equal(scsi_identity_vpd80(id, buf, sizeof(buf)), 12);
	assert_memory_equal(buf, "\x00\x80\x00\x08S1234567", 12);
}

static void
test_form_without_t10_has_golden_bytes(void **state)
{
	struct scsi_test *t = *state;
	struct scsi_identity id = *scsi_lu_identity(t->lu);
	uint8_t buf[256];

	id.t10 = false;
	assert_int_equal(scsi_identity_designators(&id, buf, sizeof(buf)), sizeof(golden_unit_naa));
	assert_memory_equal(buf, golden_unit_naa, sizeof(golden_unit_naa));
}

static void
test_serial_page_has_golden_bytes(void **state)
{
	struct test_task tt = { 0 };

	assert_int_equal(test_run(*state, &tt, CDB(0x12, 1, 0x80, 0, 255, 0), NO_OUT, 255), 0);
	assert_int_equal(tt.task.in_bytes, 12);
	assert_memory_equal(tt.in, "\x00\x80\x00\x08S1234567", 12);
	test_task_fini(&tt);
}

static void
test_identification_page_has_golden_bytes(void **state)
{
	struct test_task tt = { 0 };

	assert_int_equal(test_run(*state, &tt, CDB(0x12, 1, 0x83, 2, 0, 0), NO_OUT, 512), 0);
	assert_int_equal(tt.task.in_bytes, 4 + sizeof(golden_unit) + sizeof(golden_port));
	assert_int_equal(get_be16(tt.in + 2), tt.task.in_bytes - 4);
	assert_memory_equal(tt.in + 4, golden_unit, sizeof(golden_unit));
	assert_memory_equal(tt.in + 4 + sizeof(golden_unit), golden_port, sizeof(golden_port));
	test_task_fini(&tt);
}

static void
test_port_group_designator_is_given_only_when_there_is_one(void **state)
{
	struct scsi_test *t = *state;
	uint8_t without[SCSI_DESIGNATORS_MAX], with[SCSI_DESIGNATORS_MAX];
	size_t len = scsi_identity_all_designators(scsi_lu_identity(t->lu), &t->nexus, without,
						   sizeof(without));

	t->nexus.target_port_group = 0x0102;
	assert_int_equal(scsi_identity_all_designators(scsi_lu_identity(t->lu), &t->nexus, with,
						       sizeof(with)),
			 len + 8);
	assert_memory_equal(with + sizeof(golden_unit) + 8, "\x51\x95\x00\x04\x00\x00\x01\x02", 8);
}

static void
test_longest_designators_fit(void **state)
{
	struct scsi_test *t = *state;
	struct scsi_identity id = *scsi_lu_identity(t->lu);
	struct scsi_nexus nexus = t->nexus;
	char name[224];
	uint8_t buf[SCSI_DESIGNATORS_MAX];

	memset(name, 'x', 223);
	name[223] = '\0';
	memset(id.serial, 'S', SCSI_SERIAL_BYTES);
	nexus.target_name = name;
	nexus.target_port_group = 1;
	assert_true(scsi_identity_all_designators(&id, &nexus, buf, sizeof(buf)) <=
		    SCSI_DESIGNATORS_MAX);
}

static void
test_small_pages_have_golden_bytes(void **state)
{
	static const uint8_t extended[64] = {
		0x00, 0x86, 0x00, 0x3c, [5] = 0x07, 0x01, [11] = 1, [13] = 36
	};
	static const uint8_t policy[8] = { 0x00, 0x87, 0x00, 0x04, 0x3f, 0xff, 0x00, 0x00 };
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };

	assert_int_equal(test_run(t, &tt, CDB(0x12, 1, 0x86, 0, 255, 0), NO_OUT, 255), 0);
	assert_int_equal(tt.task.in_bytes, sizeof(extended));
	assert_memory_equal(tt.in, extended, sizeof(extended));
	assert_int_equal(test_run(t, &tt, CDB(0x12, 1, 0x87, 0, 255, 0), NO_OUT, 255), 0);
	assert_int_equal(tt.task.in_bytes, sizeof(policy));
	assert_memory_equal(tt.in, policy, sizeof(policy));
	/* WABEREQ: only where there is BLOCK ERASE */
	assert_int_equal(test_run(t, &tt, CDB(0x12, 1, 0xb1, 0, 255, 0), NO_OUT, 255), 0);
	assert_int_equal(tt.in[7], 0x40);
	t->lu->desc.job = NULL;
	assert_int_equal(test_run(t, &tt, CDB(0x12, 1, 0xb1, 0, 255, 0), NO_OUT, 255), 0);
	assert_int_equal(tt.in[7], 0);
	test_task_fini(&tt);
}

/* Each target port of the unit by its relative identifier and its name, and no initiator port. */
static void
test_ports_page_has_golden_bytes(void **state)
{
	static const uint8_t page[] = {
		0x00, 0x88, 0x00, 104, 0,   0,   0,   7,   0,    0,    0,   0,   0,   0,   0,
		40,   0x53, 0x98, 0,   36,  'i', 'q', 'n', '.',  '2',  '0', '2', '4', '-', '0',
		'1',  '.',  'e',  'x', 'a', 'm', 'p', 'l', 'e',  ':',  'd', 'i', 's', 'k', '0',
		',',  't',  ',',  '0', 'x', '0', '0', '0', '1',  0,    0,   0,   0,   0,   8,
		0,    0,    0,    0,   0,   0,   0,   40,  0x53, 0x98, 0,   36,
	};
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };

	assert_int_equal(test_run(t, &tt, CDB(0x12, 1, 0x88, 1, 0, 0), NO_OUT, 256), 0);
	assert_int_equal(tt.task.in_bytes, 4 + 104);
	assert_memory_equal(tt.in, page, sizeof(page));
	/* as many as the page length can count; the answer is cut as any other is */
	t->port_count = 2000;
	t->ports[2] = 9;
	t->ports[3] = 10;
	assert_int_equal(test_run(t, &tt, CDB(0x12, 1, 0x88, 0xff, 0xff, 0), NO_OUT, 65535), 0);
	assert_true(get_be16(tt.in + 2) > 60000);
	assert_int_equal(tt.task.in_bytes, MIN(get_be16(tt.in + 2) + 4, 65535));
	test_task_fini(&tt);
}

static void
test_without_names_there_is_no_page_of_ports(void **state)
{
	struct scsi_test *t = *state;
	struct scsi_host_ops ops = scsi_test_ops;
	struct test_task tt = { 0 };

	ops.port_name = NULL;
	t->nexus.ops = &ops;
	test_run(t, &tt, CDB(0x12, 1, 0x88, 1, 0, 0), NO_OUT, 256);
	assert_sense(&tt, SENSE_INVALID_FIELD);
	assert_int_equal(test_run(t, &tt, CDB(0x12, 1, 0x00, 1, 0, 0), NO_OUT, 256), 0);
	assert_memory_equal(tt.in + 4, "\x00\x80\x83\x86\x87\x8f\xb0\xb1\xb2", 9);
	test_task_fini(&tt);
}

static void
test_each_listed_page_can_be_read_and_says_its_code(void **state)
{
	struct test_task list = { 0 }, tt = { 0 };

	assert_int_equal(test_run(*state, &list, CDB(0x12, 1, 0x00, 0, 255, 0), NO_OUT, 255), 0);
	assert_memory_equal(list.in + 4, "\x00\x80\x83\x86\x87\x88\x8f\xb0\xb1\xb2", 10);
	assert_int_equal(list.task.in_bytes, 14);
	for (unsigned i = 4; i < 14; i++) {
		assert_int_equal(
			test_run(*state, &tt, CDB(0x12, 1, list.in[i], 2, 0, 0), NO_OUT, 512), 0);
		assert_int_equal(tt.in[1], list.in[i]);
		assert_int_equal(tt.task.in_bytes, 4 + get_be16(tt.in + 2));
	}
	test_task_fini(&list);
	test_task_fini(&tt);
}

static void
test_unknown_page_is_an_invalid_field(void **state)
{
	struct test_task tt = { 0 };

	test_run(*state, &tt, CDB(0x12, 1, 0xb7, 0, 255, 0), NO_OUT, 255);
	assert_sense(&tt, SENSE_INVALID_FIELD);
	test_run(*state, &tt, CDB(0x12, 0, 1, 0, 255, 0), NO_OUT, 255);
	assert_sense(&tt, SENSE_INVALID_FIELD);
	assert_memory_equal(tt.task.sense + 15, "\xc0\x00\x02", 3);
	test_run(*state, &tt, CDB(0x12, 2, 0, 0, 255, 0), NO_OUT, 255);
	assert_sense(&tt, SENSE_INVALID_FIELD);
	test_task_fini(&tt);
}

static void
test_block_limits_are_those_that_are_kept(void **state)
{
	struct test_task tt = { 0 };

	assert_int_equal(test_run(*state, &tt, CDB(0x12, 1, 0xb0, 0, 255, 0), NO_OUT, 255), 0);
	assert_int_equal(get_be16(tt.in + 2), 0x3c);
	assert_int_equal(tt.in[5], 255);
	assert_int_equal(get_be16(tt.in + 6), 8);
	assert_int_equal(get_be32(tt.in + 8), (1 << 20) / 512);
	/* OPTIMAL TRANSFER LENGTH: never more than the maximum, a multiple of the granularity */
	assert_int_equal(get_be32(tt.in + 12), (512 << 10) / 512);
	assert_int_equal(get_be32(tt.in + 12) % get_be16(tt.in + 6), 0);
	assert_int_equal(get_be32(tt.in + 20), SCSI_MAX_UNMAP_BYTES / 512);
	assert_int_equal(get_be32(tt.in + 24), SCSI_MAX_UNMAP_DESCRIPTORS);
	assert_int_equal(get_be32(tt.in + 28), 8);
	assert_int_equal(get_be64(tt.in + 36), SCSI_MAX_WRITE_SAME_BYTES / 512);
	test_task_fini(&tt);
}

static void
test_thick_unit_offers_no_unmap(void **state)
{
	struct test_task tt = { 0 };

	assert_int_equal(test_run(*state, &tt, CDB(0x12, 1, 0xb0, 0, 255, 0), NO_OUT, 255), 0);
	assert_true(test_all(tt.in + 20, 16, 0));
	assert_int_equal(test_run(*state, &tt, CDB(0x12, 1, 0xb2, 0, 255, 0), NO_OUT, 255), 0);
	assert_true(test_all(tt.in + 4, 4, 0));
	assert_int_equal(test_run(*state, &tt, CDB(0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32),
				  NO_OUT, 32),
			 0);
	assert_int_equal(tt.in[14], 0);
	test_task_fini(&tt);
}

static void
test_without_a_unit_the_type_is_unknown(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt;

	test_task_init(&tt, &t->nexus, NULL, CDB(0x12, 0, 0, 0, 96, 0), NO_OUT, 96);
	tt.task.lun = 0;
	assert_int_equal(test_start(&tt), SCSI_DONE);
	assert_int_equal(tt.task.status, 0);
	assert_int_equal(tt.in[0], 0x3f);
	assert_int_equal(tt.task.in_bytes, 74);
	test_task_fini(&tt);
	test_task_init(&tt, &t->nexus, NULL, CDB(0x12, 1, 0, 0, 96, 0), NO_OUT, 96);
	tt.task.lun = 5;
	assert_int_equal(test_start(&tt), SCSI_DONE);
	assert_memory_equal(tt.in, "\x7f\x00\x00\x01\x00", 5);
	test_task_fini(&tt);
	test_task_init(&tt, &t->nexus, NULL, CDB(0x12, 1, 0x83, 0, 96, 0), NO_OUT, 96);
	assert_int_equal(test_start(&tt), SCSI_DONE);
	assert_sense(&tt, SENSE_INVALID_FIELD);
	test_task_fini(&tt);
}

static void
test_every_answer_is_cut_to_each_allocation_length(void **state)
{
	static const uint8_t page_codes[] = {
		0x00, 0x80, 0x83, 0x86, 0x87, 0x8f, 0xb0, 0xb1, 0xb2
	};
	struct test_task whole = { 0 }, tt = { 0 };

	for (unsigned i = 0; i < ARRAY_LEN(page_codes); i++) {
		test_run(*state, &whole, CDB(0x12, 1, page_codes[i], 1, 0, 0), NO_OUT, 256);
		for (unsigned len = 0; len <= whole.task.in_bytes; len++) {
			assert_int_equal(test_run(*state, &tt,
						  CDB(0x12, 1, page_codes[i], 0, (uint8_t)len, 0),
						  NO_OUT, 256),
					 0);
			assert_int_equal(tt.task.in_bytes, len & 0xff);
			if (tt.task.in_bytes > 0)
				assert_memory_equal(tt.in, whole.in, len & 0xff);
		}
	}
	test_task_fini(&whole);
	test_task_fini(&tt);
}

int
main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
#define ON(setup, test) cmocka_unit_test_setup_teardown(test, setup, scsi_test_teardown)
		ON(scsi_test_setup, test_standard_data_has_golden_bytes),
		ON(scsi_test_setup,
			test_identity_functions_give_the_same_bytes_and_count_what_does_not_fit),
		ON(scsi_test_setup, test_form_without_t10_has_golden_bytes),
		ON(scsi_test_setup, test_serial_page_has_golden_bytes),
		ON(scsi_test_setup, test_identification_page_has_golden_bytes),
		ON(scsi_test_setup, test_port_group_designator_is_given_only_when_there_is_one),
		ON(scsi_test_setup, test_longest_designators_fit),
		ON(scsi_test_setup, test_small_pages_have_golden_bytes),
		ON(scsi_test_setup, test_ports_page_has_golden_bytes),
		ON(scsi_test_setup, test_without_names_there_is_no_page_of_ports),
		ON(scsi_test_setup, test_each_listed_page_can_be_read_and_says_its_code),
		ON(scsi_test_setup, test_unknown_page_is_an_invalid_field),
		ON(scsi_test_setup, test_block_limits_are_those_that_are_kept),
		ON(scsi_test_setup_thick, test_thick_unit_offers_no_unmap),
		ON(scsi_test_setup, test_without_a_unit_the_type_is_unknown),
		ON(scsi_test_setup, test_every_answer_is_cut_to_each_allocation_length),
	};
	/* clang-format on */

	return cmocka_run_group_tests_name("scsi inquiry", tests, NULL, NULL);
}
