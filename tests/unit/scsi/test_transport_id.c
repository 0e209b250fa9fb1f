/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* TransportIDs of iSCSI initiators, SPC-5. */
#include "scsi_test.h"

static const uint8_t isid[6] = { 0x80, 0x12, 0x34, 0x56, 0x78, 0x9a };

static void
test_the_bytes_of_an_initiator_port(void **state)
{
	static const char text[] = "iqn.2024-01.example:host,i,0x80123456789a";
	uint8_t buf[SCSI_TRANSPORT_ID_MAX];
	size_t size = scsi_transport_id_put(buf, "iqn.2024-01.example:host", isid);

	(void)state;
	assert_int_equal(size, 4 + 44); /* 41 characters, an end, padding */
	assert_int_equal(buf[0], 0x45);
	assert_int_equal(buf[1], 0);
	assert_int_equal(get_be16(buf + 2), 44);
	assert_memory_equal(buf + 4, text, sizeof(text));
	assert_true(test_all(buf + 4 + sizeof(text), 44 - sizeof(text), 0));
}

static void
test_what_is_written_is_read_for_every_length_of_a_name(void **state)
{
	char name[SCSI_INITIATOR_BYTES] = "iqn.";

	(void)state;
	for (size_t len = 4; len < sizeof(name); len++) {
		struct scsi_initiator_port port;
		uint8_t buf[SCSI_TRANSPORT_ID_MAX];
		size_t size;

		memset(name + 4, 'x', len - 4);
		name[len] = '\0';
		size = scsi_transport_id_put(buf, name, isid);
		assert_true(size % 4 == 0 && size >= 24 && size <= sizeof(buf));
		assert_int_equal(scsi_transport_id_get(buf, size, &port), size);
		assert_string_equal(port.initiator, name);
		assert_memory_equal(port.isid, isid, 6);
		assert_false(port.any_port);
		assert_int_equal(scsi_transport_id_get(buf, size - 1, &port), ERR_INVALID);
	}
}

/* Lays a TransportID out, padded to a multiple of 4 and at least 20 bytes; returns its size. */
static size_t
lay_out(uint8_t *buf, uint8_t format, const char *text)
{
	size_t len = MAX((strlen(text) + 4) & ~(size_t)3, (size_t)20);

	memset(buf, 0, 4 + len);
	buf[0] = format;
	put_be16(buf + 2, (uint16_t)len);
	memcpy(buf + 4, text, strlen(text));
	return 4 + len;
}

static void
test_a_device_name_and_capitals_are_accepted(void **state)
{
	struct scsi_initiator_port port;
	uint8_t buf[300];

	(void)state;
	assert_true(scsi_transport_id_get(buf, lay_out(buf, 0x05, "IQN.2024-01.Example:H"), &port) >
		    0);
	assert_string_equal(port.initiator, "iqn.2024-01.example:h");
	assert_true(port.any_port);
	assert_true(scsi_transport_id_get(
			    buf, lay_out(buf, 0x45, "iqn.2024-01.example:h,i,0x80123456789A"),
			    &port) > 0);
	assert_memory_equal(port.isid, isid, 6);
}

static void
test_others_are_refused(void **state)
{
	/* clang-format off */
	static const struct { uint8_t format; const char *text; } bad[] = {
		{ 0x00, "iqn.2024-01.example:host" },                    /* Fibre Channel */
		{ 0x85, "iqn.2024-01.example:host" },                    /* a format of the future */
		{ 0x45, "iqn.2024-01.example:host" },                    /* no ISID */
		{ 0x45, "iqn.2024-01.example:host,i,0x80123456789" },    /* a short one */
		{ 0x45, "iqn.2024-01.example:host,i,0x80123456789ab" },  /* a long one */
		{ 0x45, "iqn.2024-01.example:host,i,0x8012345678zz" },
		{ 0x45, ",i,0x80123456789a" },
		{ 0x45, "hostname,i,0x80123456789a" },
		{ 0x05, "" },
	};
	/* clang-format on */
	struct scsi_initiator_port port;
	uint8_t buf[300];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(
			scsi_transport_id_get(buf, lay_out(buf, bad[i].format, bad[i].text), &port),
			ERR_INVALID);
	for (size_t len = 0; len < 24; len++)
		assert_int_equal(scsi_transport_id_get(buf, len, &port), ERR_INVALID);
	/* a length that is no multiple of 4, or below 20; text without an end */
	lay_out(buf, 0x05, "iqn.2024-01.example:host");
	put_be16(buf + 2, 27);
	assert_int_equal(scsi_transport_id_get(buf, sizeof(buf), &port), ERR_INVALID);
	put_be16(buf + 2, 16);
	assert_int_equal(scsi_transport_id_get(buf, sizeof(buf), &port), ERR_INVALID);
	put_be16(buf + 2, 24);
	assert_int_equal(scsi_transport_id_get(buf, sizeof(buf), &port), ERR_INVALID);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_bytes_of_an_initiator_port),
		cmocka_unit_test(test_what_is_written_is_read_for_every_length_of_a_name),
		cmocka_unit_test(test_a_device_name_and_capitals_are_accepted),
		cmocka_unit_test(test_others_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
