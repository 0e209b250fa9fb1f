/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * automagic: hints that are set once, and then used by `create lun automagic` and `automagic
 * apply`.  They live as long as the program.
 */
#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "vdsctl/diskraid/exec.h"

/* One hint: where VDS_HINTS keeps it. */
struct raid_hint {
	const char *name;
	enum raid_kind kind;  /* RAID_BOOL, RAID_SIZE or RAID_NUMBER */
	uint64_t mask;        /* its bit of ullHintMask; 0 = it has none, 0 is "not given" */
	size_t offset, width; /* of its member; width 0 = it is no member */
	const char *help;
};

#define MEMBER(m) offsetof(VDS_HINTS, m), sizeof(((VDS_HINTS *)NULL)->m)

/* In the order of automagic_set_params (commands.c). */
/* clang-format off */
static const struct raid_hint hint_list[] = {
	{ "FCR", RAID_BOOL, VDS_HINT_FASTCRASHRECOVERYREQUIRED, MEMBER(bFastCrashRecoveryRequired),
	  "fast recovery after a crash is required" },
	{ "FTL", RAID_BOOL, 0, 0, 0, "a fault tolerant layout" },
	{ "MSR", RAID_BOOL, VDS_HINT_MOSTLYREADS, MEMBER(bMostlyReads), "mostly reads" },
	{ "MXD", RAID_NUMBER, 0, MEMBER(ulMaximumDriveCount), "most drives that may be used" },
	{ "MXS", RAID_SIZE, 0, MEMBER(ullExpectedMaximumSize), "largest size that is expected" },
	{ "ORA", RAID_SIZE, 0, MEMBER(ulOptimalReadAlignment), "alignment of most reads" },
	{ "ORS", RAID_SIZE, 0, MEMBER(ulOptimalReadSize), "size of most reads" },
	{ "OSR", RAID_BOOL, VDS_HINT_OPTIMIZEFORSEQUENTIALREADS, MEMBER(bOptimizeForSequentialReads),
	  "mostly sequential reads" },
	{ "OSW", RAID_BOOL, VDS_HINT_OPTIMIZEFORSEQUENTIALWRITES,
	  MEMBER(bOptimizeForSequentialWrites), "mostly sequential writes" },
	{ "OWA", RAID_SIZE, 0, MEMBER(ulOptimalWriteAlignment), "alignment of most writes" },
	{ "OWS", RAID_SIZE, 0, MEMBER(ulOptimalWriteSize), "size of most writes" },
	{ "RBP", RAID_NUMBER, 0, MEMBER(sRebuildPriority), "priority of rebuilding, 0 to 15" },
	{ "RBV", RAID_BOOL, VDS_HINT_READBACKVERIFYENABLED, MEMBER(bReadBackVerifyEnabled),
	  "read back and compare each write" },
	{ "RMP", RAID_BOOL, VDS_HINT_REMAPENABLED, MEMBER(bRemapEnabled), "replace bad extents" },
	{ "STS", RAID_SIZE, 0, MEMBER(ulStripeSize), "size of a stripe" },
	{ "WTC", RAID_BOOL, VDS_HINT_WRITETHROUGHCACHINGENABLED, MEMBER(bWriteThroughCachingEnabled),
	  "the cache writes through" },
	{ "YNK", RAID_BOOL, VDS_HINT_ISYANKABLE, MEMBER(bIsYankable),
	  "the LUN may be disconnected without warning" },
};
/* clang-format on */

#define FTL 1 /* index in hint_list */

static void
value_row(const struct raid_hint *hint, uint64_t value, struct table *table)
{
	char size[32];

	table_add(table, hint->name);
	if (hint->kind == RAID_BOOL)
		table_add(table, value != 0 ? "true" : "false");
	else if (hint->kind == RAID_SIZE)
		table_add(table, raid_size_text(value, size, sizeof(size)));
	else
		table_addf(table, "%" PRIu64, value);
	table_add(table, hint->help);
}

/* Members are integers of 2, 4 or 8 bytes. */
static void
member_store(VDS_HINTS *hints, const struct raid_hint *hint, uint64_t value)
{
	char *member = (char *)hints + hint->offset;
	uint16_t two = (uint16_t)value;
	uint32_t four = (uint32_t)value;

	if (hint->width == sizeof(two))
		memcpy(member, &two, sizeof(two));
	else if (hint->width == sizeof(four))
		memcpy(member, &four, sizeof(four));
	else if (hint->width == sizeof(value))
		memcpy(member, &value, sizeof(value));
}

static uint64_t
member_load(const VDS_HINTS *hints, const struct raid_hint *hint)
{
	const char *member = (const char *)hints + hint->offset;
	uint16_t two = 0;
	uint32_t four = 0;
	uint64_t value = 0;

	if (hint->width == sizeof(two)) {
		memcpy(&two, member, sizeof(two));
		return two;
	}
	if (hint->width == sizeof(four)) {
		memcpy(&four, member, sizeof(four));
		return four;
	}
	memcpy(&value, member, hint->width);
	return value;
}

void
raid_hints_fill(const struct raid_hints *hints, VDS_HINTS *ret_hints, VDS_LUN_TYPE *ret_type)
{
	*ret_hints = (VDS_HINTS){ 0 };
	*ret_type = VDS_LT_DEFAULT;
	for (size_t i = 0; i < ARRAY_LEN(hint_list); i++) {
		if ((hints->given & 1u << i) == 0)
			continue;
		ret_hints->ullHintMask |= hint_list[i].mask;
		member_store(ret_hints, &hint_list[i], hints->values[i]);
		if (i == FTL)
			*ret_type = hints->values[i] != 0 ? VDS_LT_FAULT_TOLERANT
							  : VDS_LT_NON_FAULT_TOLERANT;
	}
}

void
raid_hints_rows(const VDS_HINTS *hints, struct table *table)
{
	for (size_t i = 0; i < ARRAY_LEN(hint_list); i++) {
		const struct raid_hint *hint = &hint_list[i];
		uint64_t value = member_load(hints, hint);

		if (hint->width == 0 || (hint->mask == 0 && value == 0) ||
		    (hint->mask != 0 && (hints->ullHintMask & hint->mask) == 0))
			continue;
		value_row(hint, value, table);
	}
}

enum raid_exit
raid_run_hints_show(struct raid *raid, const struct raid_args *args)
{
	AUTO_TABLE struct table *table = table_new("FLAG|VALUE|MEANING");

	(void)args;
	if (table == NULL)
		return raid_out_of_memory(raid);
	for (size_t i = 0; i < ARRAY_LEN(hint_list); i++) {
		if ((raid->hints.given & 1u << i) != 0) {
			value_row(&hint_list[i], raid->hints.values[i], table);
			continue;
		}
		table_add(table, hint_list[i].name);
		table_add(table, NULL);
		table_add(table, hint_list[i].help);
	}
	return table_print(table, raid->out) < 0 ? raid_out_of_memory(raid) : RAID_OK;
}

/* Which hints `clear` and `apply` name, all of them when none: bits in the order of hint_list. */
static uint32_t
named(const struct raid_args *args)
{
	uint32_t bits = 0;

	for (size_t i = 0; i < ARRAY_LEN(hint_list); i++)
		if (raid_arg(args, hint_list[i].name) != NULL)
			bits |= 1u << i;
	if (bits == 0 || raid_arg(args, "all") != NULL)
		return (1u << ARRAY_LEN(hint_list)) - 1;
	return bits;
}

/* Sets the hints that the line gives with a value. */
static void
hints_take(struct raid *raid, const struct raid_args *args)
{
	for (size_t i = 0; i < ARRAY_LEN(hint_list); i++) {
		const struct raid_value *value = raid_arg(args, hint_list[i].name);

		if (value == NULL || value->bare)
			continue;
		raid->hints.given |= 1u << i;
		raid->hints.values[i] = value->number;
	}
}

enum raid_exit
raid_run_hints_set(struct raid *raid, const struct raid_args *args)
{
	hints_take(raid, args);
	return RAID_OK;
}

enum raid_exit
raid_run_hints_clear(struct raid *raid, const struct raid_args *args)
{
	raid->hints.given &= ~named(args);
	return RAID_OK;
}

enum raid_exit
raid_run_hints_apply(struct raid *raid, const struct raid_args *args)
{
	AUTO_RELEASE IVdsLun *lun = NULL;
	struct raid_hints chosen;
	VDS_LUN_TYPE ignored;
	VDS_HINTS hints;
	enum raid_exit rc = RAID_QUERY(raid, raid->focus[RAID_LUN].unknown, IVdsLun, &lun);

	if (rc != RAID_OK)
		return rc;
	hints_take(raid, args);
	chosen = raid->hints;
	chosen.given &= named(args);
	raid_hints_fill(&chosen, &hints, &ignored);
	return raid_check(raid, "IVdsLun::ApplyHints", IVdsLun_ApplyHints(lun, &hints));
}
