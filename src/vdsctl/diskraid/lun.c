/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* LUNs: create, delete, extend, shrink, recover, their plexes and who may use them. */
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "vdsctl/diskraid/exec.h"

static VDS_LUN_TYPE
layout_of(int value)
{
	switch (value) {
	case RAID_LAYOUT_STRIPE:
		return VDS_LT_STRIPE;
	case RAID_LAYOUT_PARITY:
		return VDS_LT_PARITY;
	case RAID_LAYOUT_MIRROR:
		return VDS_LT_MIRROR;
	default:
		return VDS_LT_SIMPLE;
	}
}

/* What `create lun` says, as the method wants it. */
struct creation {
	VDS_LUN_TYPE type;
	ULONGLONG size_bytes;
	VDS_OBJECT_ID *drives;
	size_t drive_count;
	VDS_HINTS hints;
	VDS_HINTS *hints_given; /* NULL = none */
};

static enum raid_exit
creation_read(struct raid *raid, const struct raid_args *args, IVdsSubSystem *subsystem,
	      struct creation *c)
{
	const struct raid_value *size = raid_arg(args, "size");
	bool automagic = args->command->value == RAID_LAYOUT_HINTS;
	const struct raid_value *stripe = automagic ? NULL : raid_arg(args, "stripesize");
	enum raid_exit rc = RAID_OK;

	c->type = layout_of(args->command->value);
	if (automagic) {
		raid_hints_fill(&raid->hints, &c->hints, &c->type);
		c->hints_given = raid->hints.given != 0 ? &c->hints : NULL;
	}
	if (stripe != NULL) {
		c->hints.ulStripeSize = (ULONG)stripe->number;
		c->hints_given = &c->hints;
	}
	if (!automagic)
		rc = raid_ids_find(raid, RAID_DRIVE, raid_arg(args, "drives"), &c->drives,
				   &c->drive_count);
	if (rc != RAID_OK || size != NULL) {
		c->size_bytes = size != NULL ? size->number : 0;
		return rc;
	}
	return raid_check(raid, "IVdsSubSystem::QueryMaxLunCreateSize",
			  IVdsSubSystem_QueryMaxLunCreateSize(subsystem, c->type, c->drives,
							      (LONG)c->drive_count, c->hints_given,
							      &c->size_bytes));
}

enum raid_exit
raid_run_create_lun(struct raid *raid, const struct raid_args *args)
{
	static WCHAR nobody[] = u"";
	AUTO_RELEASE IVdsSubSystem *subsystem = NULL;
	struct creation c = { 0 };
	VDS_ASYNC_OUTPUT out = { 0 };
	IVdsAsync *async = NULL;
	HRESULT hr;
	enum raid_exit rc = RAID_QUERY(raid, raid->focus[RAID_SUBSYSTEM].unknown, IVdsSubSystem,
				       &subsystem);

	if (rc == RAID_OK)
		rc = creation_read(raid, args, subsystem, &c);
	if (rc == RAID_OK) {
		hr = IVdsSubSystem_CreateLun(subsystem, c.type, c.size_bytes, c.drives,
					     (LONG)c.drive_count, nobody, c.hints_given, &async);
		rc = raid_wait(raid, "IVdsSubSystem::CreateLun", hr, async, &out);
	}
	mem_free(c.drives);
	return rc == RAID_OK ? raid_created(raid, RAID_LUN, out.cl.pLunUnk) : rc;
}

static enum raid_exit
lun_in_focus(struct raid *raid, IVdsLun **ret_lun)
{
	return RAID_QUERY(raid, raid->focus[RAID_LUN].unknown, IVdsLun, ret_lun);
}

/* ---- the disks that this host sees of the LUN ---- */

static void
information_fini(VDS_LUN_INFORMATION *info)
{
	VDS_STORAGE_IDENTIFIER *ids = info->m_deviceIdDescriptor.m_rgIdentifiers;

	CoTaskMemFree(info->m_szVendorId);
	CoTaskMemFree(info->m_szProductId);
	CoTaskMemFree(info->m_szProductRevision);
	CoTaskMemFree(info->m_szSerialNumber);
	for (ULONG i = 0; ids != NULL && i < info->m_deviceIdDescriptor.m_cIdentifiers; i++)
		CoTaskMemFree(ids[i].m_rgbIdentifier);
	CoTaskMemFree(ids);
	for (ULONG i = 0; info->m_rgInterconnects != NULL && i < info->m_cInterconnects; i++) {
		CoTaskMemFree(info->m_rgInterconnects[i].m_pbPort);
		CoTaskMemFree(info->m_rgInterconnects[i].m_pbAddress);
	}
	CoTaskMemFree(info->m_rgInterconnects);
}

enum raid_exit
raid_uninstall(struct raid *raid, IVdsLun *lun)
{
	AUTO_RELEASE IVdsServiceUninstallDisk *service = NULL;
	VDS_LUN_INFORMATION info = { 0 };
	VDS_OBJECT_ID disk;
	BOOLEAN reboot = FALSE;
	HRESULT hr, result = S_OK;
	enum raid_exit rc = RAID_QUERY(raid, raid->service, IVdsServiceUninstallDisk, &service);

	if (rc == RAID_OK)
		rc = raid_check(raid, "IVdsLun::GetIdentificationData",
				IVdsLun_GetIdentificationData(lun, &info));
	if (rc != RAID_OK)
		return rc;
	hr = IVdsServiceUninstallDisk_GetDiskIdFromLunInfo(service, &info, &disk);
	information_fini(&info);
	if (hr == VDS_E_OBJECT_NOT_FOUND) { /* this host has no disk of it */
		fprintf(raid->out, "This host has no disk of the LUN.\n");
		return RAID_OK;
	}
	rc = raid_check(raid, "IVdsServiceUninstallDisk::GetDiskIdFromLunInfo", hr);
	if (rc == RAID_OK)
		rc = raid_check(raid, "IVdsServiceUninstallDisk::UninstallDisks",
				IVdsServiceUninstallDisk_UninstallDisks(service, &disk, 1, FALSE,
									&reboot, &result));
	if (rc == RAID_OK)
		rc = raid_check(raid, "IVdsServiceUninstallDisk::UninstallDisks", result);
	return rc;
}

enum raid_exit
raid_run_delete_lun(struct raid *raid, const struct raid_args *args)
{
	AUTO_RELEASE IVdsLun *lun = NULL;
	enum raid_exit rc = lun_in_focus(raid, &lun);

	if (rc == RAID_OK && raid_arg(args, "uninstall") != NULL)
		rc = raid_uninstall(raid, lun);
	if (rc == RAID_OK)
		rc = raid_check(raid, "IVdsLun::Delete", IVdsLun_Delete(lun));
	if (rc == RAID_OK) {
		raid_focus_clear(raid->focus, RAID_LUN);
		fprintf(raid->out, "The LUN was deleted.\n");
	}
	return rc;
}

/* ---- size ---- */

static enum raid_exit
size_print(struct raid *raid, IVdsLun *lun)
{
	VDS_LUN_PROP prop = { 0 };
	char size[32];
	enum raid_exit rc = raid_check(raid, "IVdsLun::GetProperties",
				       IVdsLun_GetProperties(lun, &prop));

	if (rc == RAID_OK)
		fprintf(raid->out, "The LUN has %s now.\n",
			raid_size_text(prop.ullSize, size, sizeof(size)));
	CoTaskMemFree(prop.pwszFriendlyName);
	CoTaskMemFree(prop.pwszIdentification);
	CoTaskMemFree(prop.pwszUnmaskingList);
	return rc;
}

enum raid_exit
raid_run_extend(struct raid *raid, const struct raid_args *args)
{
	const struct raid_value *size = raid_arg(args, "size");
	AUTO_RELEASE IVdsLun *lun = NULL;
	AUTO_FREE VDS_OBJECT_ID *drives = NULL;
	ULONGLONG bytes = size != NULL ? size->number : 0;
	IVdsAsync *async = NULL;
	size_t count = 0;
	enum raid_exit rc = lun_in_focus(raid, &lun);
	HRESULT hr;

	if (rc == RAID_OK)
		rc = raid_ids_find(raid, RAID_DRIVE, raid_arg(args, "drives"), &drives, &count);
	if (rc == RAID_OK && size == NULL)
		rc = raid_check(raid, "IVdsLun::QueryMaxLunExtendSize",
				IVdsLun_QueryMaxLunExtendSize(lun, drives, (LONG)count, &bytes));
	if (rc != RAID_OK)
		return rc;
	hr = IVdsLun_Extend(lun, bytes, drives, (LONG)count, &async);
	rc = raid_wait(raid, "IVdsLun::Extend", hr, async, NULL);
	return rc == RAID_OK ? size_print(raid, lun) : rc;
}

enum raid_exit
raid_run_shrink(struct raid *raid, const struct raid_args *args)
{
	AUTO_RELEASE IVdsLun *lun = NULL;
	IVdsAsync *async = NULL;
	enum raid_exit rc = lun_in_focus(raid, &lun);
	HRESULT hr;

	if (rc != RAID_OK)
		return rc;
	hr = IVdsLun_Shrink(lun, raid_arg(args, "size")->number, &async);
	rc = raid_wait(raid, "IVdsLun::Shrink", hr, async, NULL);
	return rc == RAID_OK ? size_print(raid, lun) : rc;
}

enum raid_exit
raid_run_recover(struct raid *raid, const struct raid_args *args)
{
	AUTO_RELEASE IVdsLun *lun = NULL;
	IVdsAsync *async = NULL;
	enum raid_exit rc = lun_in_focus(raid, &lun);
	HRESULT hr;

	(void)args;
	if (rc != RAID_OK)
		return rc;
	hr = IVdsLun_Recover(lun, &async);
	return raid_wait(raid, "IVdsLun::Recover", hr, async, NULL);
}

/* ---- plexes ---- */

enum raid_exit
raid_run_add_plex(struct raid *raid, const struct raid_args *args)
{
	AUTO_RELEASE IVdsLun *lun = NULL;
	IVdsAsync *async = NULL;
	VDS_OBJECT_ID other;
	enum raid_exit rc = lun_in_focus(raid, &lun);
	HRESULT hr;

	if (rc == RAID_OK)
		rc = raid_id_find(raid, RAID_LUN, raid_arg(args, "lun"), &other);
	if (rc != RAID_OK)
		return rc;
	hr = IVdsLun_AddPlex(lun, other, &async);
	return raid_wait(raid, "IVdsLun::AddPlex", hr, async, NULL);
}

enum raid_exit
raid_run_break_plex(struct raid *raid, const struct raid_args *args)
{
	AUTO_RELEASE IVdsLun *lun = NULL;
	IVdsAsync *async = NULL;
	VDS_OBJECT_ID plex;
	enum raid_exit rc = lun_in_focus(raid, &lun);
	HRESULT hr;

	if (rc == RAID_OK)
		rc = raid_id_find(raid, RAID_PLEX, raid_arg(args, "plex"), &plex);
	if (rc != RAID_OK)
		return rc;
	hr = IVdsLun_RemovePlex(lun, plex, &async);
	return raid_wait(raid, "IVdsLun::RemovePlex", hr, async, NULL);
}

/* ---- the unmasking list ---- */

/* The new list: what the line says, behind the present list when it says `add`. */
static enum raid_exit
mask_combine(struct raid *raid, const struct raid_args *args, IVdsLun *lun, char **ret_mask)
{
	const struct raid_value *names = raid_arg(args, "wwn");
	AUTO_FREE char *present = NULL;
	VDS_LUN_PROP prop = { 0 };
	enum raid_exit rc;

	if (names == NULL)
		names = raid_arg(args, "initiator");
	if (names == NULL || raid_arg(args, "add") == NULL) {
		*ret_mask = str_dup(names != NULL                   ? names->text
				    : raid_arg(args, "all") != NULL ? "*"
								    : "");
		return *ret_mask != NULL ? RAID_OK : raid_out_of_memory(raid);
	}
	rc = raid_check(raid, "IVdsLun::GetProperties", IVdsLun_GetProperties(lun, &prop));
	present = raid_take(prop.pwszUnmaskingList);
	CoTaskMemFree(prop.pwszFriendlyName);
	CoTaskMemFree(prop.pwszIdentification);
	if (rc != RAID_OK)
		return rc;
	if (str_equal(present, "*")) /* everybody may use the LUN already */
		*ret_mask = str_dup("*");
	else if (present == NULL || present[0] == '\0')
		*ret_mask = str_dup(names->text);
	else
		*ret_mask = str_printf("%s;%s", present, names->text);
	return *ret_mask != NULL ? RAID_OK : raid_out_of_memory(raid);
}

enum raid_exit
raid_run_unmask(struct raid *raid, const struct raid_args *args)
{
	const struct raid_value *add = raid_arg(args, "add");
	AUTO_RELEASE IVdsLun *lun = NULL;
	AUTO_FREE char *mask = NULL;
	AUTO_STRING LPWSTR string = NULL;
	enum raid_exit rc;

	if (add != NULL && raid_arg(args, "wwn") == NULL && raid_arg(args, "initiator") == NULL)
		return raid_fail_at(raid, add->column,
				    "`add` goes with wwn= or initiator=, not with all or none");
	rc = lun_in_focus(raid, &lun);
	if (rc == RAID_OK)
		rc = mask_combine(raid, args, lun, &mask);
	if (rc == RAID_OK && raid_arg(args, "uninstall") != NULL)
		rc = raid_uninstall(raid, lun);
	if (rc != RAID_OK)
		return rc;
	string = raid_string(mask);
	if (string == NULL)
		return raid_out_of_memory(raid);
	rc = raid_check(raid, "IVdsLun::SetMask", IVdsLun_SetMask(lun, string));
	if (rc == RAID_OK)
		fprintf(raid->out, "The LUN is unmasked to: %s\n", mask[0] != '\0' ? mask : "none");
	return rc;
}
