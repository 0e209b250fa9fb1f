/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writes values of VDS as people read them. */
#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "vdsctl/diskraid/exec.h"

/* A value that this program does not know; another provider may have it. */
static const char *
unknown_code(long value)
{
	static char text[32];

	snprintf(text, sizeof(text), "code %ld", value);
	return text;
}

/* All enumerations of a status use the same numbers for the same meanings. */
const char *
raid_status_text(int status)
{
	switch (status) {
	case 0:
		return "unknown";
	case VDS_LS_ONLINE:
		return "online";
	case VDS_LS_NOT_READY:
		return "not ready";
	case VDS_LS_OFFLINE:
		return "offline";
	case VDS_LS_FAILED:
		return "failed";
	case VDS_DRS_REMOVED:
		return "removed";
	case VDS_SSS_PARTIALLY_MANAGED:
		return "partially managed";
	default:
		return unknown_code(status);
	}
}

const char *
raid_health_text(VDS_HEALTH health)
{
	static const char *const texts[] = { "unknown",
					     "healthy",
					     "rebuilding",
					     "stale",
					     "failing",
					     "failing redundancy",
					     "failed redundancy",
					     "failed redundancy, failing",
					     "failed",
					     "replaced",
					     "failure expected",
					     "degraded" };

	return (unsigned)health < ARRAY_LEN(texts) ? texts[health] : unknown_code((long)health);
}

/* VDS_LUN_TYPE; VDS_LUN_PLEX_TYPE has the same numbers. */
const char *
raid_layout_text(int type)
{
	static const char *const texts[] = {
		"unknown",
		"default",
		"fault tolerant",
		"not fault tolerant",
		NULL,
		NULL,
		NULL,
		NULL,
		NULL,
		NULL,
		"simple",
		"span",
		"stripe",
		"mirror",
		"parity",
		"RAID 2",
		"RAID 3",
		"RAID 4",
		"RAID 5",
		"RAID 6",
		"RAID 01",
		"RAID 03",
		"RAID 05",
		"RAID 10",
		"RAID 15",
		"RAID 30",
		"RAID 50",
		"RAID 51",
		"RAID 53",
		"RAID 60",
		"RAID 61",
	};

	return (unsigned)type < ARRAY_LEN(texts) && texts[type] != NULL ? texts[type]
									: unknown_code(type);
}

const char *
raid_bus_text(VDS_STORAGE_BUS_TYPE bus)
{
	static const char *const texts[] = {
		"unknown",
		"SCSI",
		"ATAPI",
		"ATA",
		"IEEE 1394",
		"SSA",
		"Fibre Channel",
		"USB",
		"RAID",
		"iSCSI",
		"SAS",
		"SATA",
		"SD",
		"MMC",
		"virtual",
		"file",
		"Storage Spaces",
		"NVMe",
		"storage-class memory",
		"UFS",
	};

	return (unsigned)bus < ARRAY_LEN(texts) ? texts[bus] : unknown_code((long)bus);
}

const char *
raid_transition_text(VDS_TRANSITION_STATE state)
{
	static const char *const texts[] = { "unknown",   "stable",          "extending",
					     "shrinking", "being converted", "restriping" };

	return (unsigned)state < ARRAY_LEN(texts) ? texts[state] : unknown_code((long)state);
}

/* In the units of the language: what is printed can be typed, without the blank. */
char *
raid_size_text(uint64_t bytes, char *buf, size_t size)
{
	static const char *const units[] = { "B", "KB", "MB", "GB", "TB", "PB" };
	size_t unit = 0;
	uint64_t scale = 1;

	while (unit + 1 < ARRAY_LEN(units) && bytes / scale >= 1024) {
		scale *= 1024;
		unit++;
	}
	if (bytes % scale == 0)
		snprintf(buf, size, "%" PRIu64 " %s", bytes / scale, units[unit]);
	else /* cut, not rounded: never more than there is */
		snprintf(buf, size, "%" PRIu64 ".%02" PRIu64 " %s", bytes / scale,
			 (bytes % scale) / (scale / 1024) * 100 / 1024, units[unit]);
	return buf;
}

static void
ipv6_text(const UCHAR *bytes, ULONG scope, char *buf, size_t size)
{
	size_t used = 0, best = 0, best_len = 0;

	for (size_t i = 0; i < 8; i++) { /* the longest run of zeros becomes "::" (RFC 5952) */
		size_t len = 0;

		while (i + len < 8 && bytes[2 * (i + len)] == 0 && bytes[2 * (i + len) + 1] == 0)
			len++;
		if (len > best_len && len > 1) {
			best = i;
			best_len = len;
		}
	}
	buf[0] = '\0';
	for (size_t i = 0; i < 8 && used < size; i++) {
		if (best_len > 0 && i == best) {
			used += (size_t)snprintf(buf + used, size - used, "::");
			i += best_len - 1;
			continue;
		}
		used += (size_t)snprintf(buf + used, size - used, "%s%x",
					 used > 0 && buf[used - 1] != ':' ? ":" : "",
					 bytes[2 * i] << 8 | bytes[2 * i + 1]);
	}
	if (scope != 0 && used < size)
		snprintf(buf + used, size - used, "%%%u", scope);
}

char *
raid_address_text(const VDS_IPADDRESS *address, char *buf, size_t size)
{
	ULONG v4 = address->ipv4Address;
	char host[64];

	switch (address->type) {
	case VDS_IPT_IPV4:
		snprintf(buf, size, "%u.%u.%u.%u:%u", v4 >> 24, v4 >> 16 & 255, v4 >> 8 & 255,
			 v4 & 255, address->ulPort);
		break;
	case VDS_IPT_IPV6:
		ipv6_text(address->ipv6Address, address->ulIpv6ScopeId, host, sizeof(host));
		snprintf(buf, size, "[%s]:%u", host, address->ulPort);
		break;
	case VDS_IPT_TEXT: {
		WCHAR copy[257];
		char *text = NULL;

		memcpy(copy, address->wszTextAddress, sizeof(copy));
		copy[256] = 0;
		if (FAILED(VdsUtf8FromString(copy, &text)))
			text = NULL;
		snprintf(buf, size, "%s:%u", text != NULL ? text : "?", address->ulPort);
		CoTaskMemFree(text);
		break;
	}
	case VDS_IPT_EMPTY:
	default:
		snprintf(buf, size, "-");
		break;
	}
	return buf;
}

void
raid_table_flags(struct table *table, const struct raid_flag *flags, uint64_t value)
{
	struct strbuf text;
	const char *separator = "";

	strbuf_init(&text);
	for (; flags->name != NULL; flags++) {
		if ((value & flags->bit) == 0)
			continue;
		strbuf_addf(&text, "%s%s", separator, flags->name);
		separator = ", ";
	}
	table_add(table, text.text);
	strbuf_fini(&text);
}
