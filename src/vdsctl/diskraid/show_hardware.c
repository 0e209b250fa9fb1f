/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* `list` and `detail` of controllers, their ports and drives. */
#include "base/mem.h"
#include "vdsctl/diskraid/exec.h"

static const struct raid_flag drive_flags[] = {
	{ VDS_DRF_HOTSPARE, "hot spare" },
	{ VDS_DRF_ASSIGNED, "assigned" },
	{ VDS_DRF_UNASSIGNED, "unassigned" },
	{ VDS_DRF_HOTSPARE_IN_USE, "hot spare in use" },
	{ VDS_DRF_HOTSPARE_STANDBY, "hot spare in standby" },
	{ 0, NULL },
};

/* The first lines of every `detail` here. */
static void
lines_begin(const struct raid_object *object, int status, struct table *table)
{
	char id[RAID_ID_SIZE];

	table_add(table, "Name");
	table_add(table, object->name);
	table_add(table, "ID");
	table_add(table, raid_id_text(&object->id, id));
	table_add(table, "Identification");
	table_add(table, object->other_name);
	table_add(table, "Status");
	table_add(table, raid_status_text(status));
}

static enum raid_exit
controller_get(struct raid *raid, const struct raid_object *object, IVdsController **ret_controller,
	       VDS_CONTROLLER_PROP *ret_prop)
{
	enum raid_exit rc = RAID_QUERY(raid, object->unknown, IVdsController, ret_controller);

	if (rc == RAID_OK)
		rc = raid_check(raid, "IVdsController::GetProperties",
				IVdsController_GetProperties(*ret_controller, ret_prop));
	CoTaskMemFree(ret_prop->pwszFriendlyName);
	CoTaskMemFree(ret_prop->pwszIdentification);
	return rc;
}

static enum raid_exit
controller_row(struct raid *raid, const struct raid_object *object, struct table *table)
{
	AUTO_RELEASE IVdsController *controller = NULL;
	VDS_CONTROLLER_PROP prop = { 0 };
	enum raid_exit rc = controller_get(raid, object, &controller, &prop);

	table_add(table, object->name);
	table_addf(table, "%d", prop.sNumberOfPorts);
	table_add(table, raid_status_text((int)prop.status));
	table_add(table, raid_health_text(prop.health));
	return rc;
}

static enum raid_exit
controller_detail(struct raid *raid, const struct raid_object *object, bool verbose)
{
	AUTO_TABLE struct table *table = table_new("|");
	AUTO_RELEASE IVdsController *controller = NULL;
	AUTO_RELEASE IVdsControllerControllerPort *ported = NULL;
	VDS_CONTROLLER_PROP prop = { 0 };
	IEnumVdsObject *list = NULL;
	enum raid_exit rc = controller_get(raid, object, &controller, &prop);
	HRESULT hr;

	if (rc != RAID_OK)
		return rc;
	if (table == NULL)
		return raid_out_of_memory(raid);
	lines_begin(object, (int)prop.status, table);
	table_add(table, "Health");
	table_add(table, raid_health_text(prop.health));
	table_add(table, "Ports");
	table_addf(table, "%d", prop.sNumberOfPorts);
	if (table_print(table, raid->out) < 0)
		return raid_out_of_memory(raid);
	hr = IVdsController_QueryAssociatedLuns(controller, &list);
	rc = raid_show_associated(raid, RAID_LUN, "LUNs", "IVdsController::QueryAssociatedLuns", hr,
				  list);
	if (rc != RAID_OK || !verbose)
		return rc;
	list = NULL;
	hr = IUnknown_QueryInterface(object->unknown, &IID_IVdsControllerControllerPort,
				     (void **)&ported);
	if (SUCCEEDED(hr))
		hr = IVdsControllerControllerPort_QueryControllerPorts(ported, &list);
	return raid_show_associated(raid, RAID_PORT, "Ports",
				    "IVdsControllerControllerPort::QueryControllerPorts", hr, list);
}

static enum raid_exit
port_get(struct raid *raid, const struct raid_object *object, IVdsControllerPort **ret_port,
	 VDS_PORT_PROP *ret_prop)
{
	enum raid_exit rc = RAID_QUERY(raid, object->unknown, IVdsControllerPort, ret_port);

	if (rc == RAID_OK)
		rc = raid_check(raid, "IVdsControllerPort::GetProperties",
				IVdsControllerPort_GetProperties(*ret_port, ret_prop));
	CoTaskMemFree(ret_prop->pwszFriendlyName);
	CoTaskMemFree(ret_prop->pwszIdentification);
	return rc;
}

static enum raid_exit
port_row(struct raid *raid, const struct raid_object *object, struct table *table)
{
	AUTO_RELEASE IVdsControllerPort *port = NULL;
	VDS_PORT_PROP prop = { 0 };
	enum raid_exit rc = port_get(raid, object, &port, &prop);

	table_add(table, object->name);
	table_add(table, object->other_name);
	table_add(table, raid_status_text((int)prop.status));
	return rc;
}

static enum raid_exit
port_detail(struct raid *raid, const struct raid_object *object, bool verbose)
{
	AUTO_TABLE struct table *table = table_new("|");
	AUTO_RELEASE IVdsControllerPort *port = NULL;
	VDS_PORT_PROP prop = { 0 };
	IEnumVdsObject *list = NULL;
	enum raid_exit rc = port_get(raid, object, &port, &prop);
	HRESULT hr;

	(void)verbose;
	if (rc != RAID_OK)
		return rc;
	if (table == NULL)
		return raid_out_of_memory(raid);
	lines_begin(object, (int)prop.status, table);
	if (table_print(table, raid->out) < 0)
		return raid_out_of_memory(raid);
	hr = IVdsControllerPort_QueryAssociatedLuns(port, &list);
	return raid_show_associated(raid, RAID_LUN, "LUNs",
				    "IVdsControllerPort::QueryAssociatedLuns", hr, list);
}

static enum raid_exit
drive_get(struct raid *raid, const struct raid_object *object, IVdsDrive **ret_drive,
	  VDS_DRIVE_PROP *ret_prop)
{
	enum raid_exit rc = RAID_QUERY(raid, object->unknown, IVdsDrive, ret_drive);

	if (rc == RAID_OK)
		rc = raid_check(raid, "IVdsDrive::GetProperties",
				IVdsDrive_GetProperties(*ret_drive, ret_prop));
	CoTaskMemFree(ret_prop->pwszFriendlyName);
	CoTaskMemFree(ret_prop->pwszIdentification);
	return rc;
}

static enum raid_exit
drive_row(struct raid *raid, const struct raid_object *object, struct table *table)
{
	AUTO_RELEASE IVdsDrive *drive = NULL;
	VDS_DRIVE_PROP prop = { 0 };
	enum raid_exit rc = drive_get(raid, object, &drive, &prop);
	char size[32];

	table_add(table, object->name);
	table_addf(table, "%d:%d", prop.sInternalBusNumber, prop.sSlotNumber);
	table_add(table, raid_size_text(prop.ullSize, size, sizeof(size)));
	table_add(table, raid_status_text((int)prop.status));
	table_add(table, raid_health_text(prop.health));
	raid_table_flags(table, drive_flags, prop.ulFlags);
	return rc;
}

/* The lines that only IVdsDrive2 knows. */
static void
drive_lines2(const struct raid_object *object, struct table *table)
{
	AUTO_RELEASE IVdsDrive2 *drive = NULL;
	VDS_DRIVE_PROP2 prop = { 0 };

	if (FAILED(IUnknown_QueryInterface(object->unknown, &IID_IVdsDrive2, (void **)&drive)) ||
	    FAILED(IVdsDrive2_GetProperties2(drive, &prop)))
		return;
	table_add(table, "Bus");
	table_add(table, raid_bus_text(prop.busType));
	table_add(table, "Rotation");
	if (prop.ulSpindleSpeed == 0)
		table_add(table, "unknown");
	else if (prop.ulSpindleSpeed == 1)
		table_add(table, "none");
	else
		table_addf(table, "%u/min", prop.ulSpindleSpeed);
	table_add(table, "Enclosure");
	if (prop.ulEnclosureNumber == UINT32_MAX)
		table_add(table, "unknown");
	else
		table_addf(table, "%u", prop.ulEnclosureNumber);
	CoTaskMemFree(prop.pwszFriendlyName);
	CoTaskMemFree(prop.pwszIdentification);
}

/* Who uses which part of the drive. */
static enum raid_exit
drive_extents(struct raid *raid, IVdsDrive *drive)
{
	AUTO_TABLE struct table *table = table_new(">SIZE|USED|LUN");
	VDS_DRIVE_EXTENT *extents = NULL;
	LONG count = 0;
	HRESULT hr = IVdsDrive_QueryExtents(drive, &extents, &count);
	enum raid_exit rc = RAID_OK;
	char size[32], id[RAID_ID_SIZE];

	if (FAILED(hr)) {
		fprintf(raid->out, "\nExtents: not known: IVdsDrive::QueryExtents: %s\n",
			VdsErrorText(hr));
		return RAID_OK;
	}
	count = extents != NULL ? count : 0;
	for (LONG i = 0; table != NULL && i < count; i++) {
		table_add(table, raid_size_text(extents[i].ullSize, size, sizeof(size)));
		table_add(table, extents[i].bUsed ? "yes" : "no");
		table_add(table, extents[i].bUsed ? raid_id_text(&extents[i].LunId, id) : NULL);
	}
	CoTaskMemFree(extents);
	fprintf(raid->out, count > 0 ? "\nExtents:\n" : "\nExtents: none\n");
	if (table == NULL || (count > 0 && table_print(table, raid->out) < 0))
		rc = raid_out_of_memory(raid);
	return rc;
}

static enum raid_exit
drive_detail(struct raid *raid, const struct raid_object *object, bool verbose)
{
	AUTO_TABLE struct table *table = table_new("|");
	AUTO_RELEASE IVdsDrive *drive = NULL;
	VDS_DRIVE_PROP prop = { 0 };
	enum raid_exit rc = drive_get(raid, object, &drive, &prop);
	char size[32];

	if (rc != RAID_OK)
		return rc;
	if (table == NULL)
		return raid_out_of_memory(raid);
	lines_begin(object, (int)prop.status, table);
	table_add(table, "Health");
	table_add(table, raid_health_text(prop.health));
	table_add(table, "Size");
	table_add(table, raid_size_text(prop.ullSize, size, sizeof(size)));
	table_add(table, "Bus:slot");
	table_addf(table, "%d:%d", prop.sInternalBusNumber, prop.sSlotNumber);
	table_add(table, "Flags");
	raid_table_flags(table, drive_flags, prop.ulFlags);
	drive_lines2(object, table);
	if (table_print(table, raid->out) < 0)
		return raid_out_of_memory(raid);
	return verbose ? drive_extents(raid, drive) : RAID_OK;
}

const struct raid_show raid_show_controller = { "NAME|>PORTS|STATUS|HEALTH", controller_row,
						controller_detail };
const struct raid_show raid_show_port = { "NAME|IDENTIFICATION|STATUS", port_row, port_detail };
const struct raid_show raid_show_drive = { "NAME|BUS:SLOT|>SIZE|STATUS|HEALTH|FLAGS", drive_row,
					   drive_detail };
