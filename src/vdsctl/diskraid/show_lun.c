/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* `list` and `detail` of LUNs and their plexes. */
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "vdsctl/diskraid/exec.h"

static const struct raid_flag lun_flags[] = {
	{ VDS_LF_LBN_REMAP_ENABLED, "remapping" },
	{ VDS_LF_READ_BACK_VERIFY_ENABLED, "read-back verify" },
	{ VDS_LF_WRITE_THROUGH_CACHING_ENABLED, "write-through" },
	{ VDS_LF_HARDWARE_CHECKSUM_ENABLED, "checksums" },
	{ VDS_LF_READ_CACHE_ENABLED, "read cache" },
	{ VDS_LF_WRITE_CACHE_ENABLED, "write cache" },
	{ VDS_LF_MEDIA_SCAN_ENABLED, "media scan" },
	{ VDS_LF_CONSISTENCY_CHECK_ENABLED, "consistency check" },
	{ VDS_LF_SNAPSHOT, "snapshot" },
	{ 0, NULL },
};

/* The strings in ret_prop are freed; *ret_mask is the unmasking list, which the caller frees. */
static enum raid_exit
lun_get(struct raid *raid, const struct raid_object *object, IVdsLun **ret_lun,
	VDS_LUN_PROP *ret_prop, char **ret_mask)
{
	enum raid_exit rc = RAID_QUERY(raid, object->unknown, IVdsLun, ret_lun);

	if (rc == RAID_OK)
		rc = raid_check(raid, "IVdsLun::GetProperties",
				IVdsLun_GetProperties(*ret_lun, ret_prop));
	*ret_mask = raid_take(ret_prop->pwszUnmaskingList);
	CoTaskMemFree(ret_prop->pwszFriendlyName);
	CoTaskMemFree(ret_prop->pwszIdentification);
	return rc;
}

static enum raid_exit
lun_row(struct raid *raid, const struct raid_object *object, struct table *table)
{
	AUTO_RELEASE IVdsLun *lun = NULL;
	VDS_LUN_PROP prop = { 0 };
	char *mask = NULL;
	enum raid_exit rc = lun_get(raid, object, &lun, &prop, &mask);
	char size[32];

	table_add(table, object->name);
	table_add(table, raid_size_text(prop.ullSize, size, sizeof(size)));
	table_add(table, raid_layout_text((int)prop.type));
	table_add(table, raid_status_text((int)prop.status));
	table_add(table, raid_health_text(prop.health));
	mem_free(mask);
	return rc;
}

/* One line for each host, so that long names stay readable. */
static void
mask_lines(const char *mask, struct table *table)
{
	const char *title = "Unmasked hosts";

	if (mask == NULL || mask[0] == '\0') {
		table_add(table, title);
		table_add(table, "none");
		return;
	}
	while (*mask != '\0') {
		size_t len = strcspn(mask, ";");

		table_addf(table, "%s", title);
		table_addf(table, "%.*s%s", (int)len, mask,
			   len == 1 && mask[0] == '*' ? " (all)" : "");
		title = "";
		mask += len;
		mask += *mask == ';';
	}
}

static void
lun_lines(const struct raid_object *object, const VDS_LUN_PROP *prop, struct table *table)
{
	AUTO_RELEASE IVdsLunNumber *numbered = NULL;
	ULONG number = 0;
	char size[32], id[RAID_ID_SIZE];

	table_add(table, "Name");
	table_add(table, object->name);
	table_add(table, "ID");
	table_add(table, raid_id_text(&prop->id, id));
	table_add(table, "Serial number");
	table_add(table, object->other_name);
	table_add(table, "Size");
	table_addf(table, "%s (%llu bytes)", raid_size_text(prop->ullSize, size, sizeof(size)),
		   (unsigned long long)prop->ullSize);
	table_add(table, "Layout");
	table_add(table, raid_layout_text((int)prop->type));
	table_add(table, "Status");
	table_add(table, raid_status_text((int)prop->status));
	table_add(table, "Health");
	table_add(table, raid_health_text(prop->health));
	table_add(table, "Transition");
	table_add(table, raid_transition_text(prop->TransitionState));
	table_add(table, "Flags");
	raid_table_flags(table, lun_flags, prop->ulFlags);
	table_add(table, "Rebuild priority");
	table_addf(table, "%d", prop->sRebuildPriority);
	if (SUCCEEDED(IUnknown_QueryInterface(object->unknown, &IID_IVdsLunNumber,
					      (void **)&numbered)) &&
	    SUCCEEDED(IVdsLunNumber_GetLunNumber(numbered, &number))) {
		table_add(table, "Number in the subsystem");
		table_addf(table, "%u", number);
	}
}

/* ---- the drives below it ---- */

/* Adds the drives of one plex to a set of ids. */
static HRESULT
drives_add(const struct raid_object *plex, VDS_OBJECT_ID **ids, size_t *count, size_t *capacity)
{
	AUTO_RELEASE IVdsLunPlex *found = NULL;
	VDS_DRIVE_EXTENT *extents = NULL;
	LONG extent_count = 0;
	HRESULT hr = IUnknown_QueryInterface(plex->unknown, &IID_IVdsLunPlex, (void **)&found);

	if (SUCCEEDED(hr))
		hr = IVdsLunPlex_QueryExtents(found, &extents, &extent_count);
	for (LONG i = 0; SUCCEEDED(hr) && extents != NULL && i < extent_count; i++) {
		size_t at = 0;

		while (at < *count && !raid_id_equal(&(*ids)[at], &extents[i].id))
			at++;
		if (at < *count)
			continue;
		if (mem_grow(ids, capacity, *count + 1, sizeof(**ids)) < 0)
			hr = E_OUTOFMEMORY;
		else
			(*ids)[(*count)++] = extents[i].id;
	}
	CoTaskMemFree(extents);
	return hr;
}

/*
 * Prints the rows of the subsystem's drives that are in a set; their indexes are those of `list`.
 */
static enum raid_exit
drives_print(struct raid *raid, const VDS_OBJECT_ID *ids, size_t count)
{
	struct raid_objects drives;
	enum raid_exit rc = raid_objects_load(raid, RAID_DRIVE, &drives);
	AUTO_TABLE struct table *table = table_new(">#|NAME|ID");
	char id[RAID_ID_SIZE];

	if (rc == RAID_OK && table == NULL)
		rc = raid_out_of_memory(raid);
	for (size_t i = 0; rc == RAID_OK && i < count; i++) {
		size_t at = raid_objects_index(&drives, &ids[i], 0);
		bool known = at < drives.count;

		if (known)
			table_addf(table, "%zu", at);
		else
			table_add(table, NULL);
		table_add(table, known ? drives.items[at].name : NULL);
		table_add(table, raid_id_text(&ids[i], id));
	}
	if (rc == RAID_OK)
		fprintf(raid->out, count > 0 ? "\nDrives:\n" : "\nDrives: none\n");
	if (rc == RAID_OK && count > 0 && table_print(table, raid->out) < 0)
		rc = raid_out_of_memory(raid);
	raid_objects_fini(&drives);
	return rc;
}

static enum raid_exit
show_drives(struct raid *raid, IVdsLun *lun)
{
	AUTO_FREE VDS_OBJECT_ID *ids = NULL;
	struct raid_objects plexes = { 0 };
	IEnumVdsObject *list = NULL;
	size_t count = 0, capacity = 0;
	HRESULT hr = IVdsLun_QueryPlexes(lun, &list);
	const char *method = "IVdsLun::QueryPlexes";
	enum raid_exit rc = RAID_OK;

	if (SUCCEEDED(hr))
		rc = raid_objects_read(raid, RAID_PLEX, method, hr, list, &plexes);
	for (size_t i = 0; rc == RAID_OK && SUCCEEDED(hr) && i < plexes.count; i++) {
		hr = drives_add(&plexes.items[i], &ids, &count, &capacity);
		method = "IVdsLunPlex::QueryExtents";
	}
	raid_objects_fini(&plexes);
	if (rc != RAID_OK)
		return rc;
	if (FAILED(hr)) {
		fprintf(raid->out, "\nDrives: not known: %s: %s\n", method, VdsErrorText(hr));
		return RAID_OK;
	}
	return drives_print(raid, ids, count);
}

/* ---- who serves it ---- */

static enum raid_exit
show_targets(struct raid *raid, const struct raid_object *object)
{
	AUTO_RELEASE IVdsLunIscsi *iscsi = NULL;
	IEnumVdsObject *list = NULL;
	HRESULT hr = IUnknown_QueryInterface(object->unknown, &IID_IVdsLunIscsi, (void **)&iscsi);

	if (SUCCEEDED(hr))
		hr = IVdsLunIscsi_QueryAssociatedTargets(iscsi, &list);
	return raid_show_associated(raid, RAID_TARGET, "Targets",
				    "IVdsLunIscsi::QueryAssociatedTargets", hr, list);
}

static enum raid_exit
show_controllers(struct raid *raid, const struct raid_object *object, IVdsLun *lun)
{
	AUTO_RELEASE IVdsLunControllerPorts *ported = NULL;
	IEnumVdsObject *list = NULL;
	HRESULT hr = IUnknown_QueryInterface(object->unknown, &IID_IVdsLunControllerPorts,
					     (void **)&ported);

	if (SUCCEEDED(hr)) {
		hr = IVdsLunControllerPorts_QueryActiveControllerPorts(ported, &list);
		return raid_show_associated(raid, RAID_PORT, "Ports",
					    "IVdsLunControllerPorts::QueryActiveControllerPorts",
					    hr, list);
	}
	hr = IVdsLun_QueryActiveControllers(lun, &list);
	return raid_show_associated(raid, RAID_CONTROLLER, "Controllers",
				    "IVdsLun::QueryActiveControllers", hr, list);
}

static enum raid_exit
show_hints(struct raid *raid, IVdsLun *lun)
{
	AUTO_TABLE struct table *table = table_new("||");
	VDS_HINTS hints = { 0 };
	HRESULT hr = IVdsLun_QueryHints(lun, &hints);

	if (table == NULL)
		return raid_out_of_memory(raid);
	if (FAILED(hr)) {
		fprintf(raid->out, "\nHints: not known: IVdsLun::QueryHints: %s\n",
			VdsErrorText(hr));
		return RAID_OK;
	}
	raid_hints_rows(&hints, table);
	fprintf(raid->out, "\nHints:%s\n", table_is_empty(table) ? " none" : "");
	return table_print(table, raid->out) < 0 ? raid_out_of_memory(raid) : RAID_OK;
}

static enum raid_exit
lun_detail(struct raid *raid, const struct raid_object *object, bool verbose)
{
	AUTO_TABLE struct table *table = table_new("|");
	AUTO_RELEASE IVdsLun *lun = NULL;
	AUTO_FREE char *mask = NULL;
	VDS_LUN_PROP prop = { 0 };
	IEnumVdsObject *list = NULL;
	enum raid_exit rc = lun_get(raid, object, &lun, &prop, &mask);
	HRESULT hr;

	if (rc != RAID_OK)
		return rc;
	if (table == NULL)
		return raid_out_of_memory(raid);
	lun_lines(object, &prop, table);
	mask_lines(mask, table);
	if (table_print(table, raid->out) < 0)
		return raid_out_of_memory(raid);
	rc = show_targets(raid, object);
	if (rc == RAID_OK)
		rc = show_drives(raid, lun);
	if (rc != RAID_OK || !verbose)
		return rc;
	hr = IVdsLun_QueryPlexes(lun, &list);
	rc = raid_show_associated(raid, RAID_PLEX, "Plexes", "IVdsLun::QueryPlexes", hr, list);
	if (rc == RAID_OK)
		rc = show_controllers(raid, object, lun);
	return rc == RAID_OK ? show_hints(raid, lun) : rc;
}

/* ---- plexes ---- */

static enum raid_exit
plex_row(struct raid *raid, const struct raid_object *object, struct table *table)
{
	AUTO_RELEASE IVdsLunPlex *plex = NULL;
	VDS_LUN_PLEX_PROP prop = { 0 };
	enum raid_exit rc = RAID_QUERY(raid, object->unknown, IVdsLunPlex, &plex);
	char size[32];

	if (rc == RAID_OK)
		rc = raid_check(raid, "IVdsLunPlex::GetProperties",
				IVdsLunPlex_GetProperties(plex, &prop));
	table_add(table, raid_size_text(prop.ullSize, size, sizeof(size)));
	table_add(table, raid_layout_text((int)prop.type));
	table_add(table, raid_status_text((int)prop.status));
	table_add(table, raid_health_text(prop.health));
	return rc;
}

const struct raid_show raid_show_lun = { "NAME|>SIZE|LAYOUT|STATUS|HEALTH", lun_row, lun_detail };
const struct raid_show raid_show_plex = { ">SIZE|LAYOUT|STATUS|HEALTH", plex_row, NULL };
