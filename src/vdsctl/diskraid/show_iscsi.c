/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* `list` and `detail` of targets, their portal groups and the portals of a subsystem. */
#include "base/mem.h"
#include "vdsctl/diskraid/exec.h"

static enum raid_exit
target_get(struct raid *raid, const struct raid_object *object, IVdsIscsiTarget **ret_target,
	   VDS_ISCSI_TARGET_PROP *ret_prop)
{
	enum raid_exit rc = RAID_QUERY(raid, object->unknown, IVdsIscsiTarget, ret_target);

	if (rc == RAID_OK)
		rc = raid_check(raid, "IVdsIscsiTarget::GetProperties",
				IVdsIscsiTarget_GetProperties(*ret_target, ret_prop));
	CoTaskMemFree(ret_prop->pwszFriendlyName);
	CoTaskMemFree(ret_prop->pwszIscsiName);
	return rc;
}

static enum raid_exit
target_row(struct raid *raid, const struct raid_object *object, struct table *table)
{
	AUTO_RELEASE IVdsIscsiTarget *target = NULL;
	VDS_ISCSI_TARGET_PROP prop = { 0 };
	enum raid_exit rc = target_get(raid, object, &target, &prop);

	table_add(table, object->name);
	table_add(table, object->other_name);
	table_add(table, prop.bChapEnabled ? "yes" : "no");
	return rc;
}

static enum raid_exit
show_initiators(struct raid *raid, IVdsIscsiTarget *target)
{
	LPWSTR *names = NULL;
	LONG count = 0;
	HRESULT hr = IVdsIscsiTarget_GetConnectedInitiators(target, &names, &count);

	if (FAILED(hr)) {
		fprintf(raid->out,
			"\nInitiators: not known: IVdsIscsiTarget::GetConnectedInitiators: %s\n",
			VdsErrorText(hr));
		return RAID_OK;
	}
	count = names != NULL ? count : 0;
	fprintf(raid->out, count > 0 ? "\nInitiators that are logged in:\n"
				     : "\nInitiators that are logged in: none\n");
	for (LONG i = 0; i < count; i++) {
		AUTO_FREE char *name = raid_take(names[i]);

		fprintf(raid->out, "%s\n", name != NULL ? name : "?");
	}
	CoTaskMemFree(names);
	return RAID_OK;
}

static enum raid_exit
target_detail(struct raid *raid, const struct raid_object *object, bool verbose)
{
	AUTO_TABLE struct table *table = table_new("|");
	AUTO_RELEASE IVdsIscsiTarget *target = NULL;
	VDS_ISCSI_TARGET_PROP prop = { 0 };
	IEnumVdsObject *list = NULL;
	enum raid_exit rc = target_get(raid, object, &target, &prop);
	char id[RAID_ID_SIZE];
	HRESULT hr;

	if (rc != RAID_OK)
		return rc;
	if (table == NULL)
		return raid_out_of_memory(raid);
	table_add(table, "Name");
	table_add(table, object->name);
	table_add(table, "ID");
	table_add(table, raid_id_text(&prop.id, id));
	table_add(table, "iSCSI name");
	table_add(table, object->other_name);
	table_add(table, "CHAP");
	table_add(table, prop.bChapEnabled ? "yes" : "no");
	if (table_print(table, raid->out) < 0)
		return raid_out_of_memory(raid);
	hr = IVdsIscsiTarget_QueryAssociatedLuns(target, &list);
	rc = raid_show_associated(raid, RAID_LUN, "LUNs", "IVdsIscsiTarget::QueryAssociatedLuns",
				  hr, list);
	if (rc != RAID_OK)
		return rc;
	list = NULL;
	hr = IVdsIscsiTarget_QueryPortalGroups(target, &list);
	rc = raid_show_associated(raid, RAID_TPGROUP, "Portal groups",
				  "IVdsIscsiTarget::QueryPortalGroups", hr, list);
	return rc == RAID_OK && verbose ? show_initiators(raid, target) : rc;
}

static enum raid_exit
group_get(struct raid *raid, const struct raid_object *object, IVdsIscsiPortalGroup **ret_group,
	  VDS_ISCSI_PORTALGROUP_PROP *ret_prop)
{
	enum raid_exit rc = RAID_QUERY(raid, object->unknown, IVdsIscsiPortalGroup, ret_group);

	if (rc == RAID_OK)
		rc = raid_check(raid, "IVdsIscsiPortalGroup::GetProperties",
				IVdsIscsiPortalGroup_GetProperties(*ret_group, ret_prop));
	return rc;
}

static enum raid_exit
group_row(struct raid *raid, const struct raid_object *object, struct table *table)
{
	AUTO_RELEASE IVdsIscsiPortalGroup *group = NULL;
	VDS_ISCSI_PORTALGROUP_PROP prop = { 0 };
	enum raid_exit rc = group_get(raid, object, &group, &prop);

	table_addf(table, "%u", prop.tag);
	return rc;
}

static enum raid_exit
group_detail(struct raid *raid, const struct raid_object *object, bool verbose)
{
	AUTO_TABLE struct table *table = table_new("|");
	AUTO_RELEASE IVdsIscsiPortalGroup *group = NULL;
	VDS_ISCSI_PORTALGROUP_PROP prop = { 0 };
	IEnumVdsObject *list = NULL;
	enum raid_exit rc = group_get(raid, object, &group, &prop);
	char id[RAID_ID_SIZE];
	HRESULT hr;

	(void)verbose;
	if (rc != RAID_OK)
		return rc;
	if (table == NULL)
		return raid_out_of_memory(raid);
	table_add(table, "Tag");
	table_addf(table, "%u", prop.tag);
	table_add(table, "ID");
	table_add(table, raid_id_text(&prop.id, id));
	if (table_print(table, raid->out) < 0)
		return raid_out_of_memory(raid);
	hr = IVdsIscsiPortalGroup_QueryAssociatedPortals(group, &list);
	return raid_show_associated(raid, RAID_TPORTAL, "Target portals",
				    "IVdsIscsiPortalGroup::QueryAssociatedPortals", hr, list);
}

static enum raid_exit
portal_get(struct raid *raid, const struct raid_object *object, IVdsIscsiPortal **ret_portal,
	   VDS_ISCSI_PORTAL_PROP *ret_prop)
{
	enum raid_exit rc = RAID_QUERY(raid, object->unknown, IVdsIscsiPortal, ret_portal);

	if (rc == RAID_OK)
		rc = raid_check(raid, "IVdsIscsiPortal::GetProperties",
				IVdsIscsiPortal_GetProperties(*ret_portal, ret_prop));
	return rc;
}

static enum raid_exit
portal_row(struct raid *raid, const struct raid_object *object, struct table *table)
{
	AUTO_RELEASE IVdsIscsiPortal *portal = NULL;
	VDS_ISCSI_PORTAL_PROP prop = { 0 };
	enum raid_exit rc = portal_get(raid, object, &portal, &prop);

	table_add(table, object->name);
	table_add(table, raid_status_text((int)prop.status));
	return rc;
}

static enum raid_exit
portal_detail(struct raid *raid, const struct raid_object *object, bool verbose)
{
	AUTO_TABLE struct table *table = table_new("|");
	AUTO_RELEASE IVdsIscsiPortal *portal = NULL;
	VDS_ISCSI_PORTAL_PROP prop = { 0 };
	IEnumVdsObject *list = NULL;
	enum raid_exit rc = portal_get(raid, object, &portal, &prop);
	char id[RAID_ID_SIZE];
	HRESULT hr;

	(void)verbose;
	if (rc != RAID_OK)
		return rc;
	if (table == NULL)
		return raid_out_of_memory(raid);
	table_add(table, "Address");
	table_add(table, object->name);
	table_add(table, "ID");
	table_add(table, raid_id_text(&prop.id, id));
	table_add(table, "Status");
	table_add(table, raid_status_text((int)prop.status));
	if (table_print(table, raid->out) < 0)
		return raid_out_of_memory(raid);
	hr = IVdsIscsiPortal_QueryAssociatedPortalGroups(portal, &list);
	return raid_show_associated(raid, RAID_TPGROUP, "Portal groups",
				    "IVdsIscsiPortal::QueryAssociatedPortalGroups", hr, list);
}

const struct raid_show raid_show_target = { "NAME|ISCSI NAME|CHAP", target_row, target_detail };
const struct raid_show raid_show_tpgroup = { ">TAG", group_row, group_detail };
const struct raid_show raid_show_tportal = { "ADDRESS|STATUS", portal_row, portal_detail };
