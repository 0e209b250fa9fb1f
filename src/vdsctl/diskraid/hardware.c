/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is done to the hardware: maintenance, caches, hot spares, and looking for what came or went.
 */
#include "base/mem.h"
#include "vdsctl/diskraid/exec.h"

enum raid_exit
raid_run_maintenance(struct raid *raid, const struct raid_args *args)
{
	/* in the order of the choices */
	static const VDS_MAINTENANCE_OPERATION operations[] = { SpinUp, SpinDown, BlinkLight,
								BeepAlarm, Ping };
	const struct raid_value *count = raid_arg(args, "count");
	VDS_MAINTENANCE_OPERATION operation = operations[raid_arg(args, "operation")->number];
	AUTO_RELEASE IVdsMaintenance *device = NULL;
	enum raid_exit rc = RAID_QUERY(raid, raid->focus[args->command->noun].unknown,
				       IVdsMaintenance, &device);

	if (rc == RAID_OK && count != NULL && (operation == SpinUp || operation == SpinDown))
		return raid_fail_at(raid, count->column, "spinup and spindown have no count");
	if (rc == RAID_OK)
		rc = raid_check(raid, "IVdsMaintenance::StartMaintenance",
				IVdsMaintenance_StartMaintenance(device, operation));
	if (rc == RAID_OK && count != NULL)
		rc = raid_check(
			raid, "IVdsMaintenance::PulseMaintenance",
			IVdsMaintenance_PulseMaintenance(device, operation, (ULONG)count->number));
	return rc;
}

enum raid_exit
raid_run_controller_call(struct raid *raid, const struct raid_args *args)
{
	AUTO_RELEASE IVdsController *controller = NULL;
	AUTO_RELEASE IVdsControllerPort *port = NULL;
	enum raid_exit rc;

	if (args->command->noun == RAID_PORT) {
		rc = RAID_QUERY(raid, raid->focus[RAID_PORT].unknown, IVdsControllerPort, &port);
		return rc != RAID_OK ? rc
				     : raid_check(raid, "IVdsControllerPort::Reset",
						  IVdsControllerPort_Reset(port));
	}
	rc = RAID_QUERY(raid, raid->focus[RAID_CONTROLLER].unknown, IVdsController, &controller);
	if (rc != RAID_OK)
		return rc;
	if (args->command->value == RAID_FLUSH)
		return raid_check(raid, "IVdsController::FlushCache",
				  IVdsController_FlushCache(controller));
	if (args->command->value == RAID_INVALIDATE)
		return raid_check(raid, "IVdsController::InvalidateCache",
				  IVdsController_InvalidateCache(controller));
	return raid_check(raid, "IVdsController::Reset", IVdsController_Reset(controller));
}

enum raid_exit
raid_run_reenumerate(struct raid *raid, const struct raid_args *args)
{
	AUTO_RELEASE IVdsHwProvider *provider = NULL;
	AUTO_RELEASE IVdsSubSystem *subsystem = NULL;
	enum raid_exit rc;

	if (args->command->noun == RAID_SUBSYSTEM) {
		rc = RAID_QUERY(raid, raid->focus[RAID_PROVIDER].unknown, IVdsHwProvider,
				&provider);
		return rc != RAID_OK ? rc
				     : raid_check(raid, "IVdsHwProvider::Reenumerate",
						  IVdsHwProvider_Reenumerate(provider));
	}
	rc = RAID_QUERY(raid, raid->focus[RAID_SUBSYSTEM].unknown, IVdsSubSystem, &subsystem);
	return rc != RAID_OK ? rc
			     : raid_check(raid, "IVdsSubSystem::Reenumerate",
					  IVdsSubSystem_Reenumerate(subsystem));
}

enum raid_exit
raid_run_refresh(struct raid *raid, const struct raid_args *args)
{
	AUTO_RELEASE IVdsHwProvider *provider = NULL;
	enum raid_exit rc = RAID_QUERY(raid, raid->focus[RAID_PROVIDER].unknown, IVdsHwProvider,
				       &provider);

	(void)args;
	return rc != RAID_OK ? rc
			     : raid_check(raid, "IVdsHwProvider::Refresh",
					  IVdsHwProvider_Refresh(provider));
}

enum raid_exit
raid_run_replace(struct raid *raid, const struct raid_args *args)
{
	AUTO_RELEASE IVdsSubSystem *subsystem = NULL;
	VDS_OBJECT_ID other;
	enum raid_exit rc = RAID_QUERY(raid, raid->focus[RAID_SUBSYSTEM].unknown, IVdsSubSystem,
				       &subsystem);

	if (rc == RAID_OK)
		rc = raid_id_find(raid, RAID_DRIVE, raid_arg(args, "drive"), &other);
	if (rc != RAID_OK)
		return rc;
	return raid_check(raid, "IVdsSubSystem::ReplaceDrive",
			  IVdsSubSystem_ReplaceDrive(subsystem, raid->focus[RAID_DRIVE].id, other));
}

enum raid_exit
raid_run_setflag(struct raid *raid, const struct raid_args *args)
{
	AUTO_RELEASE IVdsDrive *drive = NULL;
	enum raid_exit rc = RAID_QUERY(raid, raid->focus[RAID_DRIVE].unknown, IVdsDrive, &drive);

	if (rc != RAID_OK)
		return rc;
	if (raid_arg(args, "hotspare")->number != 0)
		return raid_check(raid, "IVdsDrive::SetFlags",
				  IVdsDrive_SetFlags(drive, VDS_DRF_HOTSPARE));
	return raid_check(raid, "IVdsDrive::ClearFlags",
			  IVdsDrive_ClearFlags(drive, VDS_DRF_HOTSPARE));
}
