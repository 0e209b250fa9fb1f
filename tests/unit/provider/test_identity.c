/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What IVdsLun::GetIdentificationData says is what an initiator reads: src/provider and src/scsi,
 * which may not include each other, against one another (docs/design/identity.md).
 */
#include "provider_test.h"

#include "scsi/scsi.h"
#include "model/identity.h"

static struct row_lun *
lun_row(void)
{
	struct row_lun *row = sample_lun(7);

	row->id = (struct guid){ { 0x6a, 0x12, 0x34, 0x56, 0x78, 0x9a, 0x4b, 0xcd, 0x8e, 0xf0, 1, 2,
				   3, 4, 5, 6 } };
	assert_int_equal(row_set_string(&row->naa, "3fedcba987654321"), 0);
	assert_int_equal(row_set_string(&row->serial, "0123456789abcdef"), 0);
	return row;
}

static struct scsi_identity
identity_of(const struct row_lun *row)
{
	struct scsi_identity id = {
		.guid = row->id,
		.naa = { 0x3f, 0xed, 0xcb, 0xa9, 0x87, 0x65, 0x43, 0x21 },
		.vendor = IDENTITY_VENDOR,
		.product = IDENTITY_PRODUCT,
		.revision = IDENTITY_REVISION,
		.t10 = row->identity == LUN_IDENTITY_NAA_T10,
	};

	snprintf(id.serial, sizeof(id.serial), "%s", row->serial);
	return id;
}

static void
assert_designators_agree(const struct row_lun *row, ULONG count)
{
	struct scsi_identity id = identity_of(row);
	uint8_t page[512];
	size_t len = scsi_identity_designators(&id, page, sizeof(page)), at = 0;
	VDS_LUN_INFORMATION info;

	assert_int_equal(provider_lun_information(row, &info), 0);
	assert_int_equal(info.m_deviceIdDescriptor.m_cIdentifiers, count);
	for (ULONG i = 0; i < count; i++) {
		const VDS_STORAGE_IDENTIFIER *have = &info.m_deviceIdDescriptor.m_rgIdentifiers[i];

		assert_true(at + 4 <= len);
		assert_int_equal(have->m_CodeSet, page[at] & 0x0f);
		assert_int_equal(have->m_Type, page[at + 1] & 0x0f);
		assert_int_equal(have->m_cbIdentifier, page[at + 3]);
		assert_memory_equal(have->m_rgbIdentifier, page + at + 4, have->m_cbIdentifier);
		at += 4 + (size_t)page[at + 3];
	}
	/* what is left on the wire is of a type that VDS has no value for: the UUID */
	assert_true(at + 4 < len);
	assert_int_equal(page[at + 1] & 0x0f, 10);
	assert_int_equal(at + 4 + page[at + 3], len);
	provider_lun_information_free(&info);
}

static void
test_designators_are_those_of_vpd_83(void **state)
{
	struct row_lun *row = lun_row();

	(void)state;
	row->identity = LUN_IDENTITY_NAA_T10;
	assert_designators_agree(row, 2);
	row->identity = LUN_IDENTITY_NAA;
	assert_designators_agree(row, 1);
	row_unref(row);
}

static void
assert_padded(const unsigned char *text, const uint8_t *field, size_t width)
{
	size_t len = strlen((const char *)text);

	assert_true(len <= width);
	assert_memory_equal(text, field, len);
	for (size_t i = len; i < width; i++)
		assert_int_equal(field[i], ' ');
}

static void
test_strings_are_those_of_inquiry_and_vpd_80(void **state)
{
	struct row_lun *row = lun_row();
	struct scsi_identity id = identity_of(row);
	VDS_LUN_INFORMATION info;
	uint8_t data[128];

	(void)state;
	assert_int_equal(provider_lun_information(row, &info), 0);
	assert_int_equal(scsi_identity_inquiry(&id, data, sizeof(data)), 74);
	assert_int_equal(info.m_DeviceType, data[0]);
	assert_int_equal(info.m_bCommandQueueing, (data[7] & 0x02) != 0);
	assert_padded(info.m_szVendorId, data + 8, 8);
	assert_padded(info.m_szProductId, data + 16, 16);
	assert_padded(info.m_szProductRevision, data + 32, 4);
	assert_int_equal(scsi_identity_vpd80(&id, data, sizeof(data)),
			 4 + strlen((char *)info.m_szSerialNumber));
	assert_memory_equal(info.m_szSerialNumber, data + 4, data[3]);
	provider_lun_information_free(&info);
	row_unref(row);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_designators_are_those_of_vpd_83),
		cmocka_unit_test(test_strings_are_those_of_inquiry_and_vpd_80),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
