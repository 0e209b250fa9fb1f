/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What concerns this host: its initiator, logins to targets, the import target and the paths to a
 * LUN.
 */
#include "base/mem.h"
#include "vdsctl/diskraid/exec.h"

enum raid_exit
raid_run_initiator(struct raid *raid, const struct raid_args *args)
{
	AUTO_RELEASE IVdsServiceIscsi *service = NULL;
	LPWSTR string = NULL;
	enum raid_exit rc = RAID_QUERY(raid, raid->service, IVdsServiceIscsi, &service);

	(void)args;
	if (rc == RAID_OK)
		rc = raid_check(raid, "IVdsServiceIscsi::GetInitiatorName",
				IVdsServiceIscsi_GetInitiatorName(service, &string));
	if (rc == RAID_OK) {
		AUTO_FREE char *name = raid_take(string);

		fprintf(raid->out, "%s\n", name != NULL && name[0] != '\0' ? name : "none");
	}
	return rc;
}

/* Finds the adapter that iadapter= names. */
static enum raid_exit
adapter_find(struct raid *raid, const struct raid_args *args, IVdsIscsiInitiatorAdapter **ret)
{
	struct raid_objects adapters;
	size_t at = 0;
	enum raid_exit rc = raid_objects_load(raid, RAID_IADAPTER, &adapters);

	if (rc == RAID_OK)
		rc = raid_objects_find(raid, &adapters, RAID_IADAPTER,
				       &raid_arg(args, "iadapter")->refs[0], &at);
	if (rc == RAID_OK)
		rc = RAID_QUERY(raid, adapters.items[at].unknown, IVdsIscsiInitiatorAdapter, ret);
	raid_objects_fini(&adapters);
	return rc;
}

/* Finds a portal of an adapter, which need not be the one in focus. */
static enum raid_exit
portal_find(struct raid *raid, IVdsIscsiInitiatorAdapter *adapter, const struct raid_value *value,
	    VDS_OBJECT_ID *ret_id)
{
	struct raid_objects portals = { 0 };
	IEnumVdsObject *list = NULL;
	size_t at = 0;
	enum raid_exit rc;
	HRESULT hr;

	*ret_id = GUID_NULL;
	if (value == NULL)
		return RAID_OK;
	hr = IVdsIscsiInitiatorAdapter_QueryInitiatorPortals(adapter, &list);
	rc = raid_objects_read(raid, RAID_IPORTAL,
			       "IVdsIscsiInitiatorAdapter::QueryInitiatorPortals", hr, list,
			       &portals);
	if (rc == RAID_OK)
		rc = raid_objects_find(raid, &portals, RAID_IPORTAL, &value->refs[0], &at);
	if (rc == RAID_OK)
		*ret_id = portals.items[at].id;
	raid_objects_fini(&portals);
	return rc;
}

enum raid_exit
raid_run_login(struct raid *raid, const struct raid_args *args)
{
	const struct raid_value *type = raid_arg(args, "type"), *chap = raid_arg(args, "chap");
	AUTO_RELEASE IVdsIscsiInitiatorAdapter *adapter = NULL;
	VDS_OBJECT_ID target_portal = GUID_NULL, initiator_portal = GUID_NULL;
	IVdsAsync *async = NULL;
	ULONG flags = 0;
	enum raid_exit rc = adapter_find(raid, args, &adapter);
	HRESULT hr;

	if (rc == RAID_OK)
		rc = raid_id_find(raid, RAID_TPORTAL, raid_arg(args, "tportal"), &target_portal);
	if (rc == RAID_OK)
		rc = portal_find(raid, adapter, raid_arg(args, "iportal"), &initiator_portal);
	if (rc != RAID_OK)
		return rc;
	if (raid_arg(args, "IPS") != NULL)
		flags |= VDS_ILF_REQUIRE_IPSEC;
	if (raid_arg(args, "EMP") != NULL)
		flags |= VDS_ILF_MULTIPATH_ENABLED;
	/* the choices stand in the order of the enumerations */
	hr = IVdsIscsiInitiatorAdapter_LoginToTarget(
		adapter, type != NULL ? (VDS_ISCSI_LOGIN_TYPE)type->number : VDS_ILT_MANUAL,
		raid->focus[RAID_TARGET].id, target_portal, initiator_portal, flags,
		raid_arg(args, "EHD") != NULL, raid_arg(args, "EDD") != NULL,
		chap != NULL ? (VDS_ISCSI_AUTH_TYPE)chap->number : VDS_IAT_NONE, &async);
	rc = raid_wait(raid, "IVdsIscsiInitiatorAdapter::LoginToTarget", hr, async, NULL);
	if (rc == RAID_OK)
		fprintf(raid->out, "This host is logged in to the target.\n");
	return rc;
}

enum raid_exit
raid_run_logout(struct raid *raid, const struct raid_args *args)
{
	AUTO_RELEASE IVdsIscsiInitiatorAdapter *adapter = NULL;
	IVdsAsync *async = NULL;
	enum raid_exit rc = adapter_find(raid, args, &adapter);
	HRESULT hr;

	if (rc != RAID_OK)
		return rc;
	hr = IVdsIscsiInitiatorAdapter_LogoutFromTarget(adapter, raid->focus[RAID_TARGET].id,
							&async);
	rc = raid_wait(raid, "IVdsIscsiInitiatorAdapter::LogoutFromTarget", hr, async, NULL);
	if (rc == RAID_OK)
		fprintf(raid->out, "This host is logged out of the target.\n");
	return rc;
}

/* The iSCSI name of the target in focus, for a method. */
static enum raid_exit
target_name(struct raid *raid, LPWSTR *ret_name)
{
	AUTO_RELEASE IVdsIscsiTarget *target = NULL;
	VDS_ISCSI_TARGET_PROP prop = { 0 };
	enum raid_exit rc = RAID_QUERY(raid, raid->focus[RAID_TARGET].unknown, IVdsIscsiTarget,
				       &target);

	if (rc == RAID_OK)
		rc = raid_check(raid, "IVdsIscsiTarget::GetProperties",
				IVdsIscsiTarget_GetProperties(target, &prop));
	CoTaskMemFree(prop.pwszFriendlyName);
	*ret_name = prop.pwszIscsiName;
	return rc;
}

enum raid_exit
raid_run_import_target(struct raid *raid, const struct raid_args *args)
{
	AUTO_RELEASE IVdsSubSystemImportTarget *subsystem = NULL;
	LPWSTR string = NULL;
	enum raid_exit rc = RAID_QUERY(raid, raid->focus[RAID_SUBSYSTEM].unknown,
				       IVdsSubSystemImportTarget, &subsystem);
	HRESULT hr;

	if (rc == RAID_OK && args->command->value == RAID_SET) {
		rc = target_name(raid, &string);
		if (rc == RAID_OK)
			rc = raid_check(
				raid, "IVdsSubSystemImportTarget::SetImportTarget",
				IVdsSubSystemImportTarget_SetImportTarget(subsystem, string));
		CoTaskMemFree(string);
		return rc;
	}
	if (rc != RAID_OK)
		return rc;
	hr = IVdsSubSystemImportTarget_GetImportTarget(subsystem, &string);
	if (hr != VDS_E_NO_IMPORT_TARGET) /* that is an answer, too */
		rc = raid_check(raid, "IVdsSubSystemImportTarget::GetImportTarget", hr);
	if (rc == RAID_OK) {
		AUTO_FREE char *name = raid_take(string);

		fprintf(raid->out, "%s\n", name != NULL && name[0] != '\0' ? name : "none");
	}
	return rc;
}

/* ---- the paths to a LUN ---- */

/* Turns path-primary and path-weight into what the method wants; paths are counted from 0. */
static enum raid_exit
policies_make(struct raid *raid, const struct raid_value *value, const VDS_PATH_INFO *paths,
	      LONG path_count, VDS_PATH_POLICY *policies)
{
	for (size_t i = 0; i < value->ref_count; i++) {
		const struct raid_ref *ref = &value->refs[i];

		if (paths == NULL || path_count < 0 || ref->index >= (ULONG)path_count)
			return raid_fail_at(raid, ref->column, "there is no path %u", ref->index);
		policies[i] = (VDS_PATH_POLICY){ .pathId = paths[ref->index].pathId,
						 .bPrimaryPath = ref->primary,
						 .ulWeight = ref->second };
	}
	return RAID_OK;
}

enum raid_exit
raid_run_lbpolicy(struct raid *raid, const struct raid_args *args)
{
	const struct raid_value *value = raid_arg(args, "paths");
	AUTO_RELEASE IVdsLunMpio *lun = NULL;
	AUTO_FREE VDS_PATH_POLICY *policies = NULL;
	AUTO_STRING VDS_PATH_INFO *paths = NULL;
	size_t count = value != NULL ? value->ref_count : 0;
	LONG path_count = 0;
	enum raid_exit rc = RAID_QUERY(raid, raid->focus[RAID_LUN].unknown, IVdsLunMpio, &lun);

	if (rc == RAID_OK)
		rc = raid_check(raid, "IVdsLunMpio::GetPathInfo",
				IVdsLunMpio_GetPathInfo(lun, &paths, &path_count));
	if (rc != RAID_OK)
		return rc;
	policies = mem_calloc(count + 1, sizeof(*policies));
	if (policies == NULL)
		return raid_out_of_memory(raid);
	if (value != NULL)
		rc = policies_make(raid, value, paths, path_count, policies);
	if (rc != RAID_OK)
		return rc;
	/* the choices stand in the order of the enumeration, which begins with 1 */
	return raid_check(raid, "IVdsLunMpio::SetLoadBalancePolicy",
			  IVdsLunMpio_SetLoadBalancePolicy(
				  lun,
				  (VDS_LOADBALANCE_POLICY_ENUM)(raid_arg(args, "type")->number + 1),
				  policies, (LONG)count));
}
