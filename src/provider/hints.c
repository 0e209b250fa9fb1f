/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Hints: translates VDS_HINTS and VDS_HINTS2 to the text of hints that a LUN keeps (model/hints.h)
 * and back, and has the bodies of the methods about them.  A hint is a wish; what the array does
 * with it is in docs/design/vds.md.  Any thread may call these functions.
 */
#include "provider/provider_int.h"

#include <string.h>

#include "base/mem.h"

/* Where a hint stands in the two structs; old_offset 0: only VDS_HINTS2 has it. */
struct place {
	enum hint hint;
	ULONGLONG mask; /* bit of ullHintMask; 0 = a number, of which 0 says nothing */
	size_t old_offset, offset;
};

#define MASK_OLD 0x1ffull  /* the bits of VDS_HINTS */
#define MASK_NEW 0xffffull /* the bits of VDS_HINTS2 */

#define BOTH(hint, mask, member)                                                             \
	{                                                                                    \
		HINT_##hint, mask, offsetof(VDS_HINTS, member), offsetof(VDS_HINTS2, member) \
	}
#define ONLY2(hint, mask, member)                                  \
	{                                                          \
		HINT_##hint, mask, 0, offsetof(VDS_HINTS2, member) \
	}

/* clang-format off */
static const struct place places[] = {
	BOTH(FCR, VDS_HINT_FASTCRASHRECOVERYREQUIRED, bFastCrashRecoveryRequired),
	BOTH(MSR, VDS_HINT_MOSTLYREADS, bMostlyReads),
	BOTH(OSR, VDS_HINT_OPTIMIZEFORSEQUENTIALREADS, bOptimizeForSequentialReads),
	BOTH(OSW, VDS_HINT_OPTIMIZEFORSEQUENTIALWRITES, bOptimizeForSequentialWrites),
	BOTH(RBV, VDS_HINT_READBACKVERIFYENABLED, bReadBackVerifyEnabled),
	BOTH(RMP, VDS_HINT_REMAPENABLED, bRemapEnabled),
	BOTH(WTC, VDS_HINT_WRITETHROUGHCACHINGENABLED, bWriteThroughCachingEnabled),
	BOTH(HWC, VDS_HINT_HARDWARECHECKSUMENABLED, bHardwareChecksumEnabled),
	BOTH(YNK, VDS_HINT_ISYANKABLE, bIsYankable),
	ONLY2(AHS, VDS_HINT_ALLOCATEHOTSPARE, bAllocateHotSpare),
	ONLY2(BUS, VDS_HINT_BUSTYPE, BusType),
	ONLY2(MRC, VDS_HINT_USEMIRROREDCACHE, bUseMirroredCache),
	ONLY2(RCE, VDS_HINT_READCACHINGENABLED, bReadCachingEnabled),
	ONLY2(WCE, VDS_HINT_WRITECACHINGENABLED, bWriteCachingEnabled),
	ONLY2(MSC, VDS_HINT_MEDIASCANENABLED, bMediaScanEnabled),
	ONLY2(CCE, VDS_HINT_CONSISTENCYCHECKENABLED, bConsistencyCheckEnabled),
	BOTH(ORS, 0, ulOptimalReadSize),
	BOTH(ORA, 0, ulOptimalReadAlignment),
	BOTH(OWS, 0, ulOptimalWriteSize),
	BOTH(OWA, 0, ulOptimalWriteAlignment),
	BOTH(MXD, 0, ulMaximumDriveCount),
	BOTH(STS, 0, ulStripeSize),
};
/* clang-format on */

/* Besides these there are two members of other types in both structs. */
_Static_assert(ARRAY_LEN(places) + 2 == HINT_COUNT, "every hint has its place");
_Static_assert(sizeof(BOOL) == 4 && sizeof(VDS_STORAGE_BUS_TYPE) == 4, "members take 4 bytes");

static void
hint_set(struct hints *hints, enum hint hint, bool given, uint64_t value)
{
	hints->given[hint] = given;
	hints->values[hint] = given ? value : 0;
}

/* Reads the members that both structs have at these places. */
static HRESULT
read_places(const void *from, bool is_old, ULONGLONG mask, struct hints *hints)
{
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		const struct place *place = &places[i];
		size_t offset = is_old ? place->old_offset : place->offset;
		ULONG value;

		if (offset == 0)
			continue;
		memcpy(&value, (const char *)from + offset, sizeof(value));
		if (hint_is_flag(place->hint))
			value = value != 0;
		if (place->hint == HINT_BUS && (mask & place->mask) != 0 && value > INT32_MAX)
			return com_fail(E_INVALIDARG, "BusType is not a bus type");
		hint_set(hints, place->hint,
			 place->mask != 0 ? (mask & place->mask) != 0 : value != 0, value);
	}
	return S_OK;
}

static HRESULT
read_numbers(ULONGLONG expected_size, SHORT rebuild_priority, struct hints *hints)
{
	if (rebuild_priority < 0 || rebuild_priority > 15)
		return com_fail(E_INVALIDARG, "sRebuildPriority is not from 0 to 15");
	hint_set(hints, HINT_MXS, expected_size != 0, expected_size);
	hint_set(hints, HINT_RBP, rebuild_priority != 0, (uint64_t)rebuild_priority);
	return S_OK;
}

static HRESULT
check_mask(ULONGLONG mask, ULONGLONG known)
{
	return (mask & ~known) == 0 ? S_OK
				    : com_fail(VDS_E_NOT_SUPPORTED,
					       "ullHintMask has bits that this structure has no "
					       "members for");
}

HRESULT
provider_hints_in(const VDS_HINTS *from, struct hints *hints)
{
	HRESULT hr;

	if (from == NULL)
		return S_OK;
	hr = check_mask(from->ullHintMask, MASK_OLD);
	if (SUCCEEDED(hr))
		hr = read_numbers(from->ullExpectedMaximumSize, from->sRebuildPriority, hints);
	return FAILED(hr) ? hr : read_places(from, true, from->ullHintMask, hints);
}

HRESULT
provider_hints2_in(const VDS_HINTS2 *from, struct hints *hints)
{
	HRESULT hr;

	if (from == NULL)
		return S_OK;
	hr = check_mask(from->ullHintMask, MASK_NEW);
	if (SUCCEEDED(hr))
		hr = read_numbers(from->ullExpectedMaximumSize, from->sRebuildPriority, hints);
	return FAILED(hr) ? hr : read_places(from, false, from->ullHintMask, hints);
}

/* Returns the mask of the hints that were written. */
static ULONGLONG
write_places(void *to, bool is_old, const struct hints *hints)
{
	ULONGLONG mask = 0;

	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		const struct place *place = &places[i];
		size_t offset = is_old ? place->old_offset : place->offset;
		ULONG value = (ULONG)hints->values[place->hint];

		if (offset == 0 || !hints->given[place->hint])
			continue;
		memcpy((char *)to + offset, &value, sizeof(value));
		mask |= place->mask;
	}
	return mask;
}

/* Reads a LUN's hints.  The array keeps them in canonical form, so a text that is not is none. */
static struct hints
hints_of(const struct row_lun *lun)
{
	struct hints hints = { 0 };

	if (lun->hints != NULL)
		(void)hints_parse(lun->hints, &hints);
	return hints;
}

HRESULT
provider_query_hints(struct com_object *lun, VDS_HINTS *ret_hints)
{
	AUTO_LOOK struct provider_look look = { 0 };
	struct hints hints;
	HRESULT hr = provider_enter(lun, PROVIDER_FAILED | PROVIDER_BUSY, &look,
				    COM_OUT(ret_hints, "pHints"));

	if (FAILED(hr))
		return hr;
	hints = hints_of(look.row);
	ret_hints->ullHintMask = write_places(ret_hints, true, &hints);
	ret_hints->ullExpectedMaximumSize = hints.values[HINT_MXS];
	ret_hints->sRebuildPriority = (SHORT)hints.values[HINT_RBP];
	return S_OK;
}

HRESULT
provider_query_hints2(struct com_object *lun, VDS_HINTS2 *ret_hints)
{
	AUTO_LOOK struct provider_look look = { 0 };
	struct hints hints;
	HRESULT hr = provider_enter(lun, PROVIDER_FAILED | PROVIDER_BUSY, &look,
				    COM_OUT(ret_hints, "pHints2"));

	if (FAILED(hr))
		return hr;
	hints = hints_of(look.row);
	ret_hints->ullHintMask = write_places(ret_hints, false, &hints);
	ret_hints->ullExpectedMaximumSize = hints.values[HINT_MXS];
	ret_hints->sRebuildPriority = (SHORT)hints.values[HINT_RBP];
	return S_OK;
}

static HRESULT
set_hints(struct com_object *lun, const struct hints *hints)
{
	AUTO_FREE char *text = NULL;
	struct client_answer answer;
	struct client *client;
	HRESULT hr = provider_change(lun, PROVIDER_FAILED | PROVIDER_BUSY, &client,
				     com_error(hints_format(hints, &text)));

	if (FAILED(hr))
		return hr;
	return provider_change_error(lun, client_lun_set_hints(client, &lun->id, text, &answer));
}

/* Keeps the hints for which VDS_HINTS has no members. */
HRESULT
provider_apply_hints(struct com_object *lun, const VDS_HINTS *wanted)
{
	AUTO_LOOK struct provider_look look = { 0 };
	struct hints hints = { 0 };
	HRESULT hr = wanted != NULL ? provider_hints_in(wanted, &hints)
				    : COM_NULL_ARGUMENT("pHints");

	hr = provider_enter(lun, PROVIDER_FAILED | PROVIDER_BUSY, &look, hr);
	if (FAILED(hr))
		return hr;
	hints = hints_of(look.row);
	hr = provider_hints_in(wanted, &hints);
	return FAILED(hr) ? hr : set_hints(lun, &hints);
}

HRESULT
provider_apply_hints2(struct com_object *lun, const VDS_HINTS2 *wanted)
{
	AUTO_LOOK struct provider_look look = { 0 };
	struct hints hints = { 0 };
	HRESULT hr = wanted != NULL ? provider_hints2_in(wanted, &hints)
				    : COM_NULL_ARGUMENT("pHints2");

	hr = provider_enter(lun, PROVIDER_FAILED | PROVIDER_BUSY, &look, hr);
	return FAILED(hr) ? hr : set_hints(lun, &hints);
}
