/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* `list` and `detail` of what this host has: HBA ports, initiator adapters and their portals. */
#include "base/mem.h"
#include "vdsctl/diskraid/exec.h"

static char *
wwn_text(const VDS_WWN *wwn, char *buf, size_t size)
{
	size_t used = 0;

	for (size_t i = 0; i < sizeof(wwn->rguchWwn) && used < size; i++)
		used += (size_t)snprintf(buf + used, size - used, "%02x", wwn->rguchWwn[i]);
	return buf;
}

static const char *
hba_status_text(VDS_HBAPORT_STATUS status)
{
	static const char *const texts[] = { "-",       "unknown",  "online",
					     "offline", "bypassed", "diagnostics",
					     "no link", "error",    "loopback" };

	return (unsigned)status < ARRAY_LEN(texts) ? texts[status] : "unknown";
}

static enum raid_exit
hba_get(struct raid *raid, const struct raid_object *object, VDS_HBAPORT_PROP *ret_prop)
{
	AUTO_RELEASE IVdsHbaPort *port = NULL;
	enum raid_exit rc = RAID_QUERY(raid, object->unknown, IVdsHbaPort, &port);

	if (rc == RAID_OK)
		rc = raid_check(raid, "IVdsHbaPort::GetProperties",
				IVdsHbaPort_GetProperties(port, ret_prop));
	return rc;
}

static enum raid_exit
hba_row(struct raid *raid, const struct raid_object *object, struct table *table)
{
	VDS_HBAPORT_PROP prop = { 0 };
	enum raid_exit rc = hba_get(raid, object, &prop);
	char wwn[17];

	table_add(table, wwn_text(&prop.wwnPort, wwn, sizeof(wwn)));
	table_add(table, wwn_text(&prop.wwnNode, wwn, sizeof(wwn)));
	table_add(table, hba_status_text(prop.status));
	return rc;
}

static enum raid_exit
hba_detail(struct raid *raid, const struct raid_object *object, bool verbose)
{
	static const struct raid_flag speeds[] = {
		{ VDS_HSF_1GBIT, "1 Gbit/s" },
		{ VDS_HSF_2GBIT, "2 Gbit/s" },
		{ VDS_HSF_4GBIT, "4 Gbit/s" },
		{ VDS_HSF_10GBIT, "10 Gbit/s" },
		{ VDS_HSF_NOT_NEGOTIATED, "not negotiated" },
		{ 0, NULL },
	};
	AUTO_TABLE struct table *table = table_new("|");
	VDS_HBAPORT_PROP prop = { 0 };
	enum raid_exit rc = hba_get(raid, object, &prop);
	char wwn[17], id[RAID_ID_SIZE];

	(void)verbose;
	if (rc != RAID_OK)
		return rc;
	if (table == NULL)
		return raid_out_of_memory(raid);
	table_add(table, "Port WWN");
	table_add(table, wwn_text(&prop.wwnPort, wwn, sizeof(wwn)));
	table_add(table, "Node WWN");
	table_add(table, wwn_text(&prop.wwnNode, wwn, sizeof(wwn)));
	table_add(table, "ID");
	table_add(table, raid_id_text(&object->id, id));
	table_add(table, "Status");
	table_add(table, hba_status_text(prop.status));
	table_add(table, "Speed");
	raid_table_flags(table, speeds, prop.ulPortSpeed);
	table_add(table, "Possible speeds");
	raid_table_flags(table, speeds, prop.ulSupportedPortSpeed);
	return table_print(table, raid->out) < 0 ? raid_out_of_memory(raid) : RAID_OK;
}

static enum raid_exit
name_row(struct raid *raid, const struct raid_object *object, struct table *table)
{
	(void)raid;
	table_add(table, object->name);
	return RAID_OK;
}

static enum raid_exit
adapter_detail(struct raid *raid, const struct raid_object *object, bool verbose)
{
	AUTO_RELEASE IVdsIscsiInitiatorAdapter *adapter = NULL;
	IEnumVdsObject *list = NULL;
	char id[RAID_ID_SIZE];
	enum raid_exit rc = RAID_QUERY(raid, object->unknown, IVdsIscsiInitiatorAdapter, &adapter);
	HRESULT hr;

	(void)verbose;
	if (rc != RAID_OK)
		return rc;
	fprintf(raid->out, "Name  %s\nID    %s\n", object->name != NULL ? object->name : "-",
		raid_id_text(&object->id, id));
	hr = IVdsIscsiInitiatorAdapter_QueryInitiatorPortals(adapter, &list);
	return raid_show_associated(raid, RAID_IPORTAL, "Initiator portals",
				    "IVdsIscsiInitiatorAdapter::QueryInitiatorPortals", hr, list);
}

static enum raid_exit
portal_detail(struct raid *raid, const struct raid_object *object, bool verbose)
{
	AUTO_RELEASE IVdsIscsiInitiatorPortal *portal = NULL;
	VDS_ISCSI_INITIATOR_PORTAL_PROP prop = { 0 };
	char id[RAID_ID_SIZE];
	enum raid_exit rc = RAID_QUERY(raid, object->unknown, IVdsIscsiInitiatorPortal, &portal);

	(void)verbose;
	if (rc == RAID_OK)
		rc = raid_check(raid, "IVdsIscsiInitiatorPortal::GetProperties",
				IVdsIscsiInitiatorPortal_GetProperties(portal, &prop));
	if (rc == RAID_OK)
		fprintf(raid->out, "Address  %s\nID       %s\nIndex    %u\n",
			object->name != NULL ? object->name : "-", raid_id_text(&prop.id, id),
			prop.ulPortIndex);
	return rc;
}

const struct raid_show raid_show_hbaport = { "PORT WWN|NODE WWN|STATUS", hba_row, hba_detail };
const struct raid_show raid_show_iadapter = { "NAME", name_row, adapter_detail };
const struct raid_show raid_show_iportal = { "ADDRESS", name_row, portal_detail };
