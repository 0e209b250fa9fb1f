/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* `list` and `detail` of providers and subsystems. */
#include "base/mem.h"
#include "base/str.h"
#include "vdsctl/diskraid/exec.h"

static const struct raid_flag provider_flags[] = {
	{ VDS_PF_INTERNAL_HARDWARE_PROVIDER, "internal" },
	{ VDS_PF_DYNAMIC, "dynamic disks" },
	{ 0, NULL },
};

static const struct raid_flag version_flags[] = {
	{ VDS_VSF_1_0, "1.0" }, { VDS_VSF_1_1, "1.1" }, { VDS_VSF_2_0, "2.0" },
	{ VDS_VSF_2_1, "2.1" }, { VDS_VSF_3_0, "3.0" }, { 0, NULL },
};

static const struct raid_flag interconnect_flags[] = {
	{ VDS_ITF_PCI_RAID, "PCI RAID" },
	{ VDS_ITF_FIBRE_CHANNEL, "Fibre Channel" },
	{ VDS_ITF_ISCSI, "iSCSI" },
	{ VDS_ITF_SAS, "SAS" },
	{ 0, NULL },
};

static const struct raid_flag subsystem_flags[] = {
	{ VDS_SF_LUN_MASKING_CAPABLE, "masking" },
	{ VDS_SF_LUN_PLEXING_CAPABLE, "plexes" },
	{ VDS_SF_LUN_REMAPPING_CAPABLE, "remapping" },
	{ VDS_SF_DRIVE_EXTENT_CAPABLE, "parts of drives" },
	{ VDS_SF_HARDWARE_CHECKSUM_CAPABLE, "checksums" },
	{ VDS_SF_RADIUS_CAPABLE, "RADIUS" },
	{ VDS_SF_READ_BACK_VERIFY_CAPABLE, "read-back verify" },
	{ VDS_SF_WRITE_THROUGH_CACHING_CAPABLE, "write-through" },
	{ VDS_SF_SUPPORTS_FAULT_TOLERANT_LUNS, "fault tolerant LUNs" },
	{ VDS_SF_SUPPORTS_NON_FAULT_TOLERANT_LUNS, "non-fault tolerant LUNs" },
	{ VDS_SF_SUPPORTS_SIMPLE_LUNS, "simple LUNs" },
	{ VDS_SF_SUPPORTS_SPAN_LUNS, "span LUNs" },
	{ VDS_SF_SUPPORTS_STRIPE_LUNS, "stripe LUNs" },
	{ VDS_SF_SUPPORTS_MIRROR_LUNS, "mirror LUNs" },
	{ VDS_SF_SUPPORTS_PARITY_LUNS, "parity LUNs" },
	{ VDS_SF_SUPPORTS_AUTH_CHAP, "CHAP" },
	{ VDS_SF_SUPPORTS_AUTH_MUTUAL_CHAP, "mutual CHAP" },
	{ VDS_SF_SUPPORTS_SIMPLE_TARGET_CONFIG, "a target for each LUN" },
	{ VDS_SF_SUPPORTS_LUN_NUMBER, "LUN numbers" },
	{ VDS_SF_SUPPORTS_MIRRORED_CACHE, "mirrored cache" },
	{ VDS_SF_READ_CACHING_CAPABLE, "read cache" },
	{ VDS_SF_WRITE_CACHING_CAPABLE, "write cache" },
	{ VDS_SF_MEDIA_SCAN_CAPABLE, "media scan" },
	{ VDS_SF_CONSISTENCY_CHECK_CAPABLE, "consistency check" },
	{ 0, NULL },
};

static const char *
interconnect_text(VDS_HWPROVIDER_TYPE type)
{
	static const char *const texts[] = { "unknown", "PCI RAID", "Fibre Channel",
					     "iSCSI",   "SAS",      "hybrid" };

	return (unsigned)type < ARRAY_LEN(texts) ? texts[type] : "unknown";
}

static enum raid_exit
provider_row(struct raid *raid, const struct raid_object *object, struct table *table)
{
	AUTO_RELEASE IVdsHwProviderType *typed = NULL;
	VDS_HWPROVIDER_TYPE type = VDS_HWT_UNKNOWN;

	(void)raid;
	if (SUCCEEDED(IUnknown_QueryInterface(object->unknown, &IID_IVdsHwProviderType,
					      (void **)&typed)) &&
	    FAILED(IVdsHwProviderType_GetProviderType(typed, &type)))
		type = VDS_HWT_UNKNOWN;
	table_add(table, object->name);
	table_add(table, object->other_name);
	table_add(table, interconnect_text(type));
	return RAID_OK;
}

static enum raid_exit
provider_lines(struct raid *raid, const struct raid_object *object, struct table *table)
{
	AUTO_RELEASE IVdsProvider *provider = NULL;
	AUTO_RELEASE IVdsProviderSupport *support = NULL;
	VDS_PROVIDER_PROP prop = { 0 };
	ULONG versions = 0;
	char id[RAID_ID_SIZE];
	enum raid_exit rc = RAID_QUERY(raid, object->unknown, IVdsProvider, &provider);

	if (rc == RAID_OK)
		rc = raid_check(raid, "IVdsProvider::GetProperties",
				IVdsProvider_GetProperties(provider, &prop));
	if (rc != RAID_OK)
		return rc;
	AUTO_FREE char *name = raid_take(prop.pwszName);
	AUTO_FREE char *version = raid_take(prop.pwszVersion);
	table_add(table, "Name");
	table_add(table, name);
	table_add(table, "ID");
	table_add(table, raid_id_text(&prop.id, id));
	table_add(table, "Version");
	table_add(table, version);
	table_add(table, "Version ID");
	table_add(table, raid_id_text(&prop.guidVersionId, id));
	table_add(table, "Flags");
	raid_table_flags(table, provider_flags, prop.ulFlags);
	if (SUCCEEDED(IUnknown_QueryInterface(object->unknown, &IID_IVdsProviderSupport,
					      (void **)&support)) &&
	    SUCCEEDED(IVdsProviderSupport_GetVersionSupport(support, &versions))) {
		table_add(table, "VDS versions");
		raid_table_flags(table, version_flags, versions);
	}
	return RAID_OK;
}

static enum raid_exit
provider_detail(struct raid *raid, const struct raid_object *object, bool verbose)
{
	AUTO_TABLE struct table *table = table_new("|");
	AUTO_RELEASE IVdsHwProvider *provider = NULL;
	IEnumVdsObject *list = NULL;
	enum raid_exit rc;
	HRESULT hr;

	(void)verbose;
	if (table == NULL)
		return raid_out_of_memory(raid);
	rc = provider_lines(raid, object, table);
	if (rc == RAID_OK && table_print(table, raid->out) < 0)
		rc = raid_out_of_memory(raid);
	if (rc == RAID_OK)
		rc = RAID_QUERY(raid, object->unknown, IVdsHwProvider, &provider);
	if (rc != RAID_OK)
		return rc;
	hr = IVdsHwProvider_QuerySubSystems(provider, &list);
	return raid_show_associated(raid, RAID_SUBSYSTEM, "Subsystems",
				    "IVdsHwProvider::QuerySubSystems", hr, list);
}

static enum raid_exit
subsystem_get(struct raid *raid, const struct raid_object *object, IVdsSubSystem **ret_subsystem,
	      VDS_SUB_SYSTEM_PROP *ret_prop)
{
	enum raid_exit rc = RAID_QUERY(raid, object->unknown, IVdsSubSystem, ret_subsystem);

	if (rc == RAID_OK)
		rc = raid_check(raid, "IVdsSubSystem::GetProperties",
				IVdsSubSystem_GetProperties(*ret_subsystem, ret_prop));
	return rc;
}

static enum raid_exit
subsystem_row(struct raid *raid, const struct raid_object *object, struct table *table)
{
	AUTO_RELEASE IVdsSubSystem *subsystem = NULL;
	VDS_SUB_SYSTEM_PROP prop = { 0 };
	enum raid_exit rc = subsystem_get(raid, object, &subsystem, &prop);

	table_add(table, object->name);
	table_add(table, object->other_name);
	table_add(table, raid_status_text((int)prop.status));
	table_add(table, raid_health_text(prop.health));
	CoTaskMemFree(prop.pwszFriendlyName);
	CoTaskMemFree(prop.pwszIdentification);
	return rc;
}

static void
subsystem_lines(const struct raid_object *object, const VDS_SUB_SYSTEM_PROP *prop,
		struct table *table)
{
	AUTO_RELEASE IVdsSubSystemInterconnect *interconnect = NULL;
	ULONG kinds = 0;
	char id[RAID_ID_SIZE];

	table_add(table, "Name");
	table_add(table, object->name);
	table_add(table, "ID");
	table_add(table, raid_id_text(&prop->id, id));
	table_add(table, "Serial number");
	table_add(table, object->other_name);
	table_add(table, "Status");
	table_add(table, raid_status_text((int)prop->status));
	table_add(table, "Health");
	table_add(table, raid_health_text(prop->health));
	table_add(table, "Capabilities");
	raid_table_flags(table, subsystem_flags, prop->ulFlags);
	table_add(table, "Buses to drives");
	table_addf(table, "%d of %d slots", prop->sNumberOfInternalBuses,
		   prop->sMaxNumberOfSlotsEachBus);
	table_add(table, "Controllers at most");
	table_addf(table, "%d", prop->sMaxNumberOfControllers);
	table_add(table, "Rebuild priority");
	table_addf(table, "%d", prop->sRebuildPriority);
	if (SUCCEEDED(IUnknown_QueryInterface(object->unknown, &IID_IVdsSubSystemInterconnect,
					      (void **)&interconnect)) &&
	    SUCCEEDED(IVdsSubSystemInterconnect_GetSupportedInterconnects(interconnect, &kinds))) {
		table_add(table, "Interconnects");
		raid_table_flags(table, interconnect_flags, kinds);
	}
}

/* What a subsystem contains; verbose only, because `list` shows it as well. */
static enum raid_exit
subsystem_contents(struct raid *raid, const struct raid_object *object, IVdsSubSystem *subsystem)
{
	AUTO_RELEASE IVdsSubSystemIscsi *iscsi = NULL;
	IEnumVdsObject *list = NULL;
	enum raid_exit rc;
	HRESULT hr;

	hr = IVdsSubSystem_QueryControllers(subsystem, &list);
	rc = raid_show_associated(raid, RAID_CONTROLLER, "Controllers",
				  "IVdsSubSystem::QueryControllers", hr, list);
	if (rc != RAID_OK)
		return rc;
	list = NULL;
	hr = IVdsSubSystem_QueryDrives(subsystem, &list);
	rc = raid_show_associated(raid, RAID_DRIVE, "Drives", "IVdsSubSystem::QueryDrives", hr,
				  list);
	if (rc != RAID_OK)
		return rc;
	list = NULL;
	hr = IVdsSubSystem_QueryLuns(subsystem, &list);
	rc = raid_show_associated(raid, RAID_LUN, "LUNs", "IVdsSubSystem::QueryLuns", hr, list);
	if (rc != RAID_OK || FAILED(IUnknown_QueryInterface(
				     object->unknown, &IID_IVdsSubSystemIscsi, (void **)&iscsi)))
		return rc;
	list = NULL;
	hr = IVdsSubSystemIscsi_QueryTargets(iscsi, &list);
	return raid_show_associated(raid, RAID_TARGET, "Targets",
				    "IVdsSubSystemIscsi::QueryTargets", hr, list);
}

static enum raid_exit
subsystem_detail(struct raid *raid, const struct raid_object *object, bool verbose)
{
	AUTO_TABLE struct table *table = table_new("|");
	AUTO_RELEASE IVdsSubSystem *subsystem = NULL;
	VDS_SUB_SYSTEM_PROP prop = { 0 };
	enum raid_exit rc = subsystem_get(raid, object, &subsystem, &prop);

	if (rc != RAID_OK)
		return rc;
	CoTaskMemFree(prop.pwszFriendlyName);
	CoTaskMemFree(prop.pwszIdentification);
	if (table == NULL)
		return raid_out_of_memory(raid);
	subsystem_lines(object, &prop, table);
	if (table_print(table, raid->out) < 0)
		return raid_out_of_memory(raid);
	return verbose ? subsystem_contents(raid, object, subsystem) : RAID_OK;
}

const struct raid_show raid_show_provider = { "NAME|VERSION|TYPE", provider_row, provider_detail };
const struct raid_show raid_show_subsystem = { "NAME|SERIAL|STATUS|HEALTH", subsystem_row,
					       subsystem_detail };
