/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* name, online, offline and standby: what several nouns have in the same way. */
#include "base/mem.h"
#include "vdsctl/diskraid/exec.h"

enum raid_exit
raid_run_name(struct raid *raid, const struct raid_args *args)
{
	const struct raid_value *value = raid_arg(args, "s");
	AUTO_STRING LPWSTR name = raid_string(value != NULL ? value->text : "");
	enum raid_noun noun = args->command->noun;
	IUnknown *unknown = raid->focus[noun].unknown;
	AUTO_RELEASE IVdsSubSystemNaming *subsystem = NULL;
	AUTO_RELEASE IVdsLunNaming *lun = NULL;
	AUTO_RELEASE IVdsIscsiTarget *target = NULL;
	enum raid_exit rc;

	if (name == NULL)
		return raid_out_of_memory(raid);
	if (noun == RAID_SUBSYSTEM) {
		rc = RAID_QUERY(raid, unknown, IVdsSubSystemNaming, &subsystem);
		return rc != RAID_OK
			       ? rc
			       : raid_check(raid, "IVdsSubSystemNaming::SetFriendlyName",
					    IVdsSubSystemNaming_SetFriendlyName(subsystem, name));
	}
	if (noun == RAID_LUN) {
		rc = RAID_QUERY(raid, unknown, IVdsLunNaming, &lun);
		return rc != RAID_OK ? rc
				     : raid_check(raid, "IVdsLunNaming::SetFriendlyName",
						  IVdsLunNaming_SetFriendlyName(lun, name));
	}
	rc = RAID_QUERY(raid, unknown, IVdsIscsiTarget, &target);
	return rc != RAID_OK ? rc
			     : raid_check(raid, "IVdsIscsiTarget::SetFriendlyName",
					  IVdsIscsiTarget_SetFriendlyName(target, name));
}

/* The enumerations of the nouns have the same numbers for online and offline. */
#define SET_STATUS(function, noun, interface, status_type)                                       \
	static enum raid_exit function(struct raid *raid, bool online)                           \
	{                                                                                        \
		AUTO_RELEASE interface *found = NULL;                                            \
		enum raid_exit rc = RAID_QUERY(raid, raid->focus[noun].unknown, interface,       \
					       &found);                                          \
		if (rc != RAID_OK)                                                               \
			return rc;                                                               \
		return raid_check(                                                               \
			raid, #interface "::SetStatus",                                          \
			interface##_SetStatus(                                                   \
				found, (status_type)(online ? VDS_LS_ONLINE : VDS_LS_OFFLINE))); \
	}

/* clang-format off */
SET_STATUS(set_subsystem, RAID_SUBSYSTEM, IVdsSubSystem, VDS_SUB_SYSTEM_STATUS)
SET_STATUS(set_controller, RAID_CONTROLLER, IVdsController, VDS_CONTROLLER_STATUS)
SET_STATUS(set_drive, RAID_DRIVE, IVdsDrive, VDS_DRIVE_STATUS)
SET_STATUS(set_lun, RAID_LUN, IVdsLun, VDS_LUN_STATUS)
SET_STATUS(set_tportal, RAID_TPORTAL, IVdsIscsiPortal, VDS_ISCSI_PORTAL_STATUS)
/* clang-format on */

static enum raid_exit
set_hbaport(struct raid *raid, bool online)
{
	AUTO_RELEASE IVdsHbaPort *port = NULL;
	enum raid_exit rc = RAID_QUERY(raid, raid->focus[RAID_HBAPORT].unknown, IVdsHbaPort, &port);

	if (rc != RAID_OK)
		return rc;
	return raid_check(
		raid, "IVdsHbaPort::SetAllPathStatuses",
		IVdsHbaPort_SetAllPathStatuses(port, online ? VDS_MPS_ONLINE : VDS_MPS_STANDBY));
}

enum raid_exit
raid_run_status(struct raid *raid, const struct raid_args *args)
{
	bool online = args->command->value == RAID_ONLINE;

	switch (args->command->noun) {
	case RAID_SUBSYSTEM:
		return set_subsystem(raid, online);
	case RAID_CONTROLLER:
		return set_controller(raid, online);
	case RAID_DRIVE:
		return set_drive(raid, online);
	case RAID_LUN:
		return set_lun(raid, online);
	case RAID_TPORTAL:
		return set_tportal(raid, online);
	default:
		return set_hbaport(raid, online);
	}
}
