/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The class of drives, which are what the array's pools lie on (docs/design/drives.md).  The
 * operating system manages them: the array only says what they are.  Any thread may call the
 * methods.
 */
#include "provider/provider_int.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "provider/maintenance_int.h"

struct drive {
	struct com_object com;
	IVdsDrive drive;
	IVdsDrive2 drive2;
	IVdsMaintenance maintenance;
};

COM_THUNKS(drive, IVdsDrive, drive);
COM_THUNKS(drive, IVdsDrive2, drive2);
PROVIDER_MAINTENANCE(drive, maintenance);

#define OBJECT(self) (&container_of(self, struct drive, drive)->com)

/* ---- what it is ---- */

/* Vendor, model and serial number, as far as they are known. */
static int
identification_out(const struct row_live_drive *row, LPWSTR *ret_string)
{
	const char *const words[] = { row->vendor, row->model, row->serial };
	AUTO(strbuf_fini) struct strbuf text = { 0 };

	strbuf_init(&text);
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (words[i] != NULL && words[i][0] != '\0')
			strbuf_addf(&text, "%s%s", text.len > 0 ? " " : "", words[i]);
	return text.failed ? -ENOMEM : com_string_out(text.text, ret_string);
}

static HRESULT
strings_out(const struct row_live_drive *row, LPWSTR *ret_name, LPWSTR *ret_identification)
{
	int rc = com_string_out(row->name, ret_name);

	if (rc == 0)
		rc = identification_out(row, ret_identification);
	if (rc < 0) {
		CoTaskMemFree(*ret_name);
		*ret_name = NULL;
	}
	return com_error(rc);
}

static VDS_STORAGE_BUS_TYPE
bus_type(const struct row_live_drive *row)
{
	switch (row->bus) {
	case DRIVE_BUS_SCSI:
		return VDSBusTypeScsi;
	case DRIVE_BUS_ATA:
		return VDSBusTypeAta;
	case DRIVE_BUS_SATA:
		return VDSBusTypeSata;
	case DRIVE_BUS_SAS:
		return VDSBusTypeSas;
	case DRIVE_BUS_NVME:
		return VDSBusTypeNVMe;
	case DRIVE_BUS_USB:
		return VDSBusTypeUsb;
	case DRIVE_BUS_FIBRE:
		return VDSBusTypeFibre;
	case DRIVE_BUS_ISCSI:
		return VDSBusTypeiScsi;
	case DRIVE_BUS_MMC:
		return VDSBusTypeMmc;
	case DRIVE_BUS_VIRTUAL:
		return VDSBusTypeVirtual;
	case DRIVE_BUS_UNKNOWN:
		break;
	}
	return VDSBusTypeUnknown;
}

VDS_STORAGE_BUS_TYPE
provider_drive_bus(const struct row_live_drive *drive)
{
	return bus_type(drive);
}

static HRESULT STDMETHODCALLTYPE
drive_get_properties(IVdsDrive *self, VDS_DRIVE_PROP *prop)
{
	AUTO_LOOK struct provider_look look = { 0 };
	const struct row_live_drive *row;
	HRESULT hr = provider_enter(OBJECT(self), 0, &look, COM_OUT(prop, "pDriveProp"));

	if (FAILED(hr))
		return hr;
	row = look.row;
	hr = strings_out(row, &prop->pwszFriendlyName, &prop->pwszIdentification);
	if (FAILED(hr))
		return hr;
	com_guid_out(&row->id, &prop->id);
	prop->ullSize = row->size_bytes;
	prop->ulFlags = VDS_DRF_ASSIGNED; /* there is a drive only because a pool lies on it */
	prop->status = row->ready ? VDS_DRS_ONLINE : VDS_DRS_FAILED;
	prop->health = row->ready ? VDS_H_HEALTHY : VDS_H_FAILED;
	prop->sInternalBusNumber = 0;
	prop->sSlotNumber = (SHORT)row->slot;
	return S_OK;
}

static HRESULT STDMETHODCALLTYPE
drive_get_subsystem(IVdsDrive *self, IVdsSubSystem **ret_subsystem)
{
	return provider_give_subsystem(OBJECT(self), ret_subsystem);
}

static HRESULT STDMETHODCALLTYPE
drive_query_extents(IVdsDrive *self, VDS_DRIVE_EXTENT **ret_extents, LONG *ret_count)
{
	AUTO_LOOK struct provider_look look = { 0 };
	HRESULT hr = COM_OUT(ret_extents, "ppExtentArray");
	HRESULT also = COM_OUT(ret_count, "plNumberOfExtents");

	hr = provider_enter(OBJECT(self), PROVIDER_FAILED, &look, FAILED(hr) ? hr : also);
	if (FAILED(hr))
		return hr;
	return provider_drive_extents(&look.view, &OBJECT(self)->id, ret_extents, ret_count);
}

/* ---- changes ---- */

#define FLAGS                                                               \
	((ULONG)(VDS_DRF_HOTSPARE | VDS_DRF_ASSIGNED | VDS_DRF_UNASSIGNED | \
		 VDS_DRF_HOTSPARE_IN_USE | VDS_DRF_HOTSPARE_STANDBY))

static HRESULT
check_flags(ULONG flags)
{
	return (flags & ~FLAGS) == 0 ? S_OK : com_fail(E_INVALIDARG, "ulFlags has unknown flags");
}

/* A program may change only the flag of hot spares, and the array has none. */
static HRESULT
change_flags(struct com_object *object, ULONG flags)
{
	AUTO_LOOK struct provider_look look = { 0 };
	HRESULT hr = provider_enter(object, PROVIDER_FAILED, &look, check_flags(flags));

	if (FAILED(hr) || flags == 0)
		return hr;
	return com_fail(VDS_E_NOT_SUPPORTED,
			flags == VDS_DRF_HOTSPARE
				? "the array has no hot spares: the operating system's RAID (md) "
				  "keeps spare disks"
				: "a program may change only the flag VDS_DRF_HOTSPARE");
}

static HRESULT STDMETHODCALLTYPE
drive_set_flags(IVdsDrive *self, ULONG flags)
{
	return change_flags(OBJECT(self), flags);
}

static HRESULT STDMETHODCALLTYPE
drive_clear_flags(IVdsDrive *self, ULONG flags)
{
	return change_flags(OBJECT(self), flags);
}

static HRESULT STDMETHODCALLTYPE
drive_set_status(IVdsDrive *self, VDS_DRIVE_STATUS status)
{
	AUTO_LOOK struct provider_look look = { 0 };
	HRESULT hr = S_OK;

	switch (status) {
	case VDS_DRS_ONLINE:
	case VDS_DRS_NOT_READY:
	case VDS_DRS_OFFLINE:
	case VDS_DRS_FAILED:
	case VDS_DRS_REMOVED:
		break;
	case VDS_DRS_UNKNOWN:
	default:
		hr = com_fail(E_INVALIDARG, "status is not a VDS_DRIVE_STATUS that can be set");
	}
	hr = provider_enter(OBJECT(self), PROVIDER_FAILED, &look, hr);
	if (FAILED(hr) || status == VDS_DRS_ONLINE)
		return hr;
	return com_fail(VDS_E_NOT_SUPPORTED,
			"the operating system takes disks out of use, not the array");
}

static const IVdsDriveVtbl drive_vtable = {
	COM_UNKNOWN(drive),
	.GetProperties = drive_get_properties,
	.GetSubSystem = drive_get_subsystem,
	.QueryExtents = drive_query_extents,
	.SetFlags = drive_set_flags,
	.ClearFlags = drive_clear_flags,
	.SetStatus = drive_set_status,
};

/* ---- IVdsDrive2 ---- */

/* The host does not say how fast a disk rotates, only whether it does; a virtual one may lie. */
static ULONG
spindle_speed(const struct row_live_drive *row)
{
	bool still = row->kind == DRIVE_MEMORY ||
		     (row->kind == DRIVE_DISK && row->bus != DRIVE_BUS_VIRTUAL && !row->rotational);

	return still ? 1 : 0; /* VDS: 1 = does not rotate, 0 = not known */
}

static HRESULT STDMETHODCALLTYPE
drive2_get_properties2(IVdsDrive2 *self, VDS_DRIVE_PROP2 *prop)
{
	AUTO_LOOK struct provider_look look = { 0 };
	const struct row_live_drive *row;
	HRESULT hr = provider_enter(&container_of(self, struct drive, drive2)->com, 0, &look,
				    COM_OUT(prop, "pDriveProp2"));

	if (FAILED(hr))
		return hr;
	row = look.row;
	hr = strings_out(row, &prop->pwszFriendlyName, &prop->pwszIdentification);
	if (FAILED(hr))
		return hr;
	com_guid_out(&row->id, &prop->id);
	prop->ullSize = row->size_bytes;
	prop->ulFlags = VDS_DRF_ASSIGNED;
	prop->status = row->ready ? VDS_DRS_ONLINE : VDS_DRS_FAILED;
	prop->health = row->ready ? VDS_H_HEALTHY : VDS_H_FAILED;
	prop->sSlotNumber = (SHORT)row->slot;
	prop->ulEnclosureNumber = PROVIDER_NO_ENCLOSURE;
	prop->busType = bus_type(row);
	prop->ulSpindleSpeed = spindle_speed(row);
	return S_OK;
}

static const IVdsDrive2Vtbl drive2_vtable = {
	COM_UNKNOWN(drive2),
	.GetProperties2 = drive2_get_properties2,
};

/* clang-format off */
static const struct com_interface interfaces[] = {
	COM_INTERFACE(drive, IVdsDrive, drive),
	COM_INTERFACE(drive, IVdsDrive2, drive2),
	COM_INTERFACE(drive, IVdsMaintenance, maintenance),
};
/* clang-format on */

const struct com_class provider_drive_class = {
	.name = "drive",
	.kind = ROW_LIVE_DRIVE,
	.size_bytes = sizeof(struct drive),
	.interfaces = interfaces,
	.interface_count = ARRAY_LEN(interfaces),
};

/* ---- drives of the subsystem ---- */

HRESULT
provider_give_drive(struct com_object *subsystem, SHORT bus, SHORT slot, ULONG enclosure,
		    IVdsDrive **ret_drive)
{
	AUTO_LOOK struct provider_look look = { 0 };
	HRESULT hr = provider_enter(subsystem, PROVIDER_FAILED | PROVIDER_BUSY, &look,
				    COM_OUT(ret_drive, "ppDrive"));

	if (FAILED(hr))
		return hr;
	for (size_t i = 0; i < state_count(look.view.live, ROW_LIVE_DRIVE); i++) {
		const struct row_live_drive *row = state_at(look.view.live, ROW_LIVE_DRIVE, i);

		if (bus == 0 && slot > 0 && row->slot == (uint32_t)slot &&
		    enclosure == PROVIDER_NO_ENCLOSURE)
			return com_give(subsystem->space, &provider_drive_class, &row->id,
					&IID_IVdsDrive, (void **)ret_drive);
	}
	return com_fail(VDS_E_OBJECT_NOT_FOUND, "the array has no drive in this slot");
}

HRESULT
provider_replace_drive(struct com_object *subsystem, const VDS_OBJECT_ID *drive,
		       const VDS_OBJECT_ID *replacement)
{
	AUTO_LOOK struct provider_look look = { 0 };
	HRESULT hr = provider_enter(subsystem, PROVIDER_FAILED | PROVIDER_BUSY, &look, S_OK);
	const VDS_OBJECT_ID *const ids[] = { drive, replacement };

	if (FAILED(hr))
		return hr;
	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		struct guid id;

		com_guid_in(ids[i], &id);
		if (state_find(look.view.live, ROW_LIVE_DRIVE, &id) == NULL)
			return com_fail(VDS_E_OBJECT_NOT_FOUND,
					"the array has no drive with this id");
	}
	return com_fail(VDS_E_NOT_SUPPORTED,
			"the operating system replaces disks (`mdadm --replace`, `pvmove`), not "
			"the array");
}
