/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* iSCSI targets and their portal groups. */
#include "base/mem.h"
#include "vdsctl/diskraid/exec.h"

enum raid_exit
raid_run_create_target(struct raid *raid, const struct raid_args *args)
{
	const struct raid_value *iscsi_name = raid_arg(args, "iscsiname");
	AUTO_RELEASE IVdsSubSystemIscsi *subsystem = NULL;
	AUTO_STRING LPWSTR name = raid_string(raid_arg(args, "name")->text);
	AUTO_STRING LPWSTR iscsi = iscsi_name != NULL ? raid_string(iscsi_name->text) : NULL;
	VDS_ASYNC_OUTPUT out = { 0 };
	IVdsAsync *async = NULL;
	enum raid_exit rc = RAID_QUERY(raid, raid->focus[RAID_SUBSYSTEM].unknown,
				       IVdsSubSystemIscsi, &subsystem);
	HRESULT hr;

	if (rc != RAID_OK)
		return rc;
	if (name == NULL || (iscsi_name != NULL && iscsi == NULL))
		return raid_out_of_memory(raid);
	hr = IVdsSubSystemIscsi_CreateTarget(subsystem, iscsi, name, &async);
	rc = raid_wait(raid, "IVdsSubSystemIscsi::CreateTarget", hr, async, &out);
	return rc == RAID_OK ? raid_created(raid, RAID_TARGET, out.ct.pTargetUnk) : rc;
}

static enum raid_exit
target_in_focus(struct raid *raid, IVdsIscsiTarget **ret_target)
{
	return RAID_QUERY(raid, raid->focus[RAID_TARGET].unknown, IVdsIscsiTarget, ret_target);
}

enum raid_exit
raid_run_delete_target(struct raid *raid, const struct raid_args *args)
{
	AUTO_RELEASE IVdsIscsiTarget *target = NULL;
	IVdsAsync *async = NULL;
	enum raid_exit rc = target_in_focus(raid, &target);
	HRESULT hr;

	(void)args;
	if (rc != RAID_OK)
		return rc;
	hr = IVdsIscsiTarget_Delete(target, &async);
	rc = raid_wait(raid, "IVdsIscsiTarget::Delete", hr, async, NULL);
	if (rc == RAID_OK) {
		raid_focus_clear(raid->focus, RAID_TARGET);
		fprintf(raid->out, "The target was deleted.\n");
	}
	return rc;
}

enum raid_exit
raid_run_create_group(struct raid *raid, const struct raid_args *args)
{
	AUTO_RELEASE IVdsIscsiTarget *target = NULL;
	VDS_ASYNC_OUTPUT out = { 0 };
	IVdsAsync *async = NULL;
	enum raid_exit rc = target_in_focus(raid, &target);
	HRESULT hr;

	(void)args;
	if (rc != RAID_OK)
		return rc;
	hr = IVdsIscsiTarget_CreatePortalGroup(target, &async);
	rc = raid_wait(raid, "IVdsIscsiTarget::CreatePortalGroup", hr, async, &out);
	return rc == RAID_OK ? raid_created(raid, RAID_TPGROUP, out.cpg.pPortalGroupUnk) : rc;
}

static enum raid_exit
group_in_focus(struct raid *raid, IVdsIscsiPortalGroup **ret_group)
{
	return RAID_QUERY(raid, raid->focus[RAID_TPGROUP].unknown, IVdsIscsiPortalGroup, ret_group);
}

enum raid_exit
raid_run_delete_group(struct raid *raid, const struct raid_args *args)
{
	AUTO_RELEASE IVdsIscsiPortalGroup *group = NULL;
	IVdsAsync *async = NULL;
	enum raid_exit rc = group_in_focus(raid, &group);
	HRESULT hr;

	(void)args;
	if (rc != RAID_OK)
		return rc;
	hr = IVdsIscsiPortalGroup_Delete(group, &async);
	rc = raid_wait(raid, "IVdsIscsiPortalGroup::Delete", hr, async, NULL);
	if (rc == RAID_OK) {
		raid_focus_clear(raid->focus, RAID_TPGROUP);
		fprintf(raid->out, "The portal group was deleted.\n");
	}
	return rc;
}

enum raid_exit
raid_run_add_portal(struct raid *raid, const struct raid_args *args)
{
	AUTO_RELEASE IVdsIscsiPortalGroup *group = NULL;
	IVdsAsync *async = NULL;
	VDS_OBJECT_ID portal;
	enum raid_exit rc = group_in_focus(raid, &group);
	HRESULT hr;

	if (rc == RAID_OK)
		rc = raid_id_find(raid, RAID_TPORTAL, raid_arg(args, "tportal"), &portal);
	if (rc != RAID_OK)
		return rc;
	hr = IVdsIscsiPortalGroup_AddPortal(group, portal, &async);
	return raid_wait(raid, "IVdsIscsiPortalGroup::AddPortal", hr, async, NULL);
}

enum raid_exit
raid_run_remove_portal(struct raid *raid, const struct raid_args *args)
{
	AUTO_RELEASE IVdsIscsiPortalGroup *group = NULL;
	IVdsAsync *async = NULL;
	VDS_OBJECT_ID portal;
	enum raid_exit rc = group_in_focus(raid, &group);
	HRESULT hr;

	if (rc == RAID_OK)
		rc = raid_id_find(raid, RAID_TPORTAL, raid_arg(args, "tportal"), &portal);
	if (rc != RAID_OK)
		return rc;
	hr = IVdsIscsiPortalGroup_RemovePortal(group, portal, &async);
	return raid_wait(raid, "IVdsIscsiPortalGroup::RemovePortal", hr, async, NULL);
}
