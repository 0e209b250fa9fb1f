/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of what is printed: tables, sizes, addresses, names of values, and hints. */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "vdsctl/diskraid/exec.h"

static void
prints(struct table *table, const char *wanted)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_int_equal(table_print(table, out), 0);
	fclose(out);
	assert_string_equal(text, wanted);
	free(text);
	table_free(table);
}

static void
test_columns_are_aligned_by_display_width(void **state)
{
	struct table *table = table_new("NAME|>SIZE|ID");

	(void)state;
	if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
		skip();
	table_add(table, "漢字");
	table_add(table, "1");
	table_add(table, "x");
	table_add(table, "é");
	table_add(table, "10");
	table_add(table, "y");
	prints(table, "NAME  SIZE  ID\n漢字     1  x\né       10  y\n");
}

static void
test_text_from_others_moves_no_cursor(void **state)
{
	struct table *table = table_new("|");

	(void)state;
	table_add(table, "a\x1b[2J");
	table_add(table, NULL);
	prints(table, "a?[2J  -\n");
}

static void
test_sizes_are_never_rounded_up(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} sizes[] = { { 0, "0 B" },
		      { 1023, "1023 B" },
		      { 1024, "1 KB" },
		      { 1536, "1.50 KB" },
		      { (1ull << 30) - 1, "1023.99 MB" },
		      { 10ull << 30, "10 GB" },
		      { 1ull << 50, "1 PB" },
		      { UINT64_MAX, "16383.99 PB" } };
	char buf[32];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
		assert_string_equal(raid_size_text(sizes[i].bytes, buf, sizeof(buf)),
				    sizes[i].text);
}

static void
address_is(const VDS_IPADDRESS *address, const char *wanted)
{
	char buf[320];

	assert_string_equal(raid_address_text(address, buf, sizeof(buf)), wanted);
}

static void
test_addresses_are_written_as_people_do(void **state)
{
	VDS_IPADDRESS v4 = { .type = VDS_IPT_IPV4, .ipv4Address = 0xc0000201, .ulPort = 3260 };
	VDS_IPADDRESS v6 = { .type = VDS_IPT_IPV6, .ulPort = 3260 };
	VDS_IPADDRESS text = { .type = VDS_IPT_TEXT,
			       .wszTextAddress = u"array.example",
			       .ulPort = 1 };
	VDS_IPADDRESS none = { .type = VDS_IPT_EMPTY };

	(void)state;
	address_is(&v4, "192.0.2.1:3260");
	address_is(&v6, "[::]:3260");
	v6.ipv6Address[15] = 1;
	address_is(&v6, "[::1]:3260");
	v6.ipv6Address[0] = 0xfe;
	v6.ipv6Address[1] = 0x80;
	v6.ulIpv6ScopeId = 2;
	address_is(&v6, "[fe80::1%2]:3260");
	for (size_t i = 0; i < 16; i++)
		v6.ipv6Address[i] = (UCHAR)(i + 1);
	v6.ulIpv6ScopeId = 0;
	address_is(&v6, "[102:304:506:708:90a:b0c:d0e:f10]:3260");
	address_is(&text, "array.example:1");
	address_is(&none, "-");
}

/* A value that is not known is told as a number, not as another value. */
static void
test_values_have_names(void **state)
{
	(void)state;
	assert_string_equal(raid_status_text(VDS_LS_ONLINE), "online");
	assert_string_equal(raid_status_text(VDS_SSS_PARTIALLY_MANAGED), "partially managed");
	assert_string_equal(raid_status_text(77), "code 77");
	assert_string_equal(raid_health_text(VDS_H_DEGRADED), "degraded");
	assert_string_equal(raid_health_text((VDS_HEALTH)12), "code 12");
	assert_string_equal(raid_layout_text(VDS_LT_RAID61), "RAID 61");
	assert_string_equal(raid_layout_text(VDS_LT_SIMPLE), "simple");
	assert_string_equal(raid_layout_text(7), "code 7");
	assert_string_equal(raid_layout_text(-1), "code -1");
	assert_string_equal(raid_bus_text(VDSBusTypeNVMe), "NVMe");
	assert_string_equal(raid_transition_text(VDS_TS_RESTRIPING), "restriping");
}

static void
run(struct raid *raid, const char *line)
{
	bool noerr;

	if (raid_run_line(raid, line, strlen(line), &noerr) != RAID_OK)
		fail_msg("%s: %s", line, raid->error.text);
}

static void
test_hints_reach_their_members(void **state)
{
	char *text = NULL;
	size_t size = 0;
	struct raid raid = { .out = open_memstream(&text, &size), .err = stderr };
	VDS_LUN_TYPE type;
	VDS_HINTS hints;

	(void)state;
	raid_hints_fill(&raid.hints, &hints, &type);
	assert_int_equal(type, VDS_LT_DEFAULT);
	assert_int_equal(hints.ullHintMask, 0);
	run(&raid,
	    "automagic set FCR=true msr=FALSE MXD=3 MXS=1TB ORA=4KB ORS=64KB osr=true osw=true "
	    "OWA=512B OWS=1 RBP=15 RBV=true RMP=true STS=128KB WTC=true YNK=true");
	raid_hints_fill(&raid.hints, &hints, &type);
	assert_int_equal(type, VDS_LT_DEFAULT);
	assert_int_equal(hints.ullHintMask,
			 VDS_HINT_FASTCRASHRECOVERYREQUIRED | VDS_HINT_MOSTLYREADS |
				 VDS_HINT_OPTIMIZEFORSEQUENTIALREADS |
				 VDS_HINT_OPTIMIZEFORSEQUENTIALWRITES |
				 VDS_HINT_READBACKVERIFYENABLED | VDS_HINT_REMAPENABLED |
				 VDS_HINT_WRITETHROUGHCACHINGENABLED | VDS_HINT_ISYANKABLE);
	assert_true(hints.bFastCrashRecoveryRequired && !hints.bMostlyReads &&
		    hints.bOptimizeForSequentialReads && hints.bOptimizeForSequentialWrites &&
		    hints.bReadBackVerifyEnabled && hints.bRemapEnabled &&
		    hints.bWriteThroughCachingEnabled && hints.bIsYankable);
	assert_int_equal(hints.ulMaximumDriveCount, 3);
	assert_int_equal(hints.ullExpectedMaximumSize, 1ull << 40);
	assert_int_equal(hints.ulOptimalReadAlignment, 4096);
	assert_int_equal(hints.ulOptimalReadSize, 65536);
	assert_int_equal(hints.ulOptimalWriteAlignment, 512);
	assert_int_equal(hints.ulOptimalWriteSize, 1 << 20);
	assert_int_equal(hints.ulStripeSize, 131072);
	assert_int_equal(hints.sRebuildPriority, 15);
	assert_int_equal(hints.bHardwareChecksumEnabled, 0);
	run(&raid, "automagic set FTL=true");
	run(&raid, "automagic clear MXS RBP");
	raid_hints_fill(&raid.hints, &hints, &type);
	assert_int_equal(type, VDS_LT_FAULT_TOLERANT);
	assert_int_equal(hints.ullExpectedMaximumSize, 0);
	assert_int_equal(hints.sRebuildPriority, 0);
	run(&raid, "automagic set FTL=false");
	raid_hints_fill(&raid.hints, &hints, &type);
	assert_int_equal(type, VDS_LT_NON_FAULT_TOLERANT);
	run(&raid, "automagic clear all");
	assert_int_equal(raid.hints.given, 0);
	fclose(raid.out);
	free(text);
}

static void
test_ids_are_written_as_guids(void **state)
{
	const GUID id = { 0x01234567, 0x89ab, 0xcdef, { 1, 2, 3, 4, 5, 6, 7, 0xff } };
	char text[RAID_ID_SIZE];

	(void)state;
	assert_string_equal(raid_id_text(&id, text), "01234567-89ab-cdef-0102-0304050607ff");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_columns_are_aligned_by_display_width),
		cmocka_unit_test(test_text_from_others_moves_no_cursor),
		cmocka_unit_test(test_sizes_are_never_rounded_up),
		cmocka_unit_test(test_addresses_are_written_as_people_do),
		cmocka_unit_test(test_values_have_names),
		cmocka_unit_test(test_hints_reach_their_members),
		cmocka_unit_test(test_ids_are_written_as_guids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
