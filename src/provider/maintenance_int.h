/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * IVdsMaintenance for the classes that offer it: a class has a member of this interface, and
 * PROVIDER_MAINTENANCE defines the methods and the table of it.  Private to src/provider.
 */
#ifndef VDS_PROVIDER_MAINTENANCE_INT_H
#define VDS_PROVIDER_MAINTENANCE_INT_H

#include "provider/provider_int.h"

enum provider_maintenance {
	PROVIDER_MAINTENANCE_START,
	PROVIDER_MAINTENANCE_STOP,
	PROVIDER_MAINTENANCE_PULSE
};

/*
 * Body of the three methods: an operation is a line in the array's log and a live row that every
 * program sees.  count: pulses.  Returns S_OK, S_FALSE (STOP, PULSE: the operation did not go on,
 * and nothing was done), E_INVALIDARG (no such operation), VDS_E_NOT_SUPPORTED (SpinDown, because
 * LUNs are on the disks; pulses of SpinUp), or as provider_change and provider_change_error.
 * (maintenance.c)
 */
HRESULT provider_maintain(struct com_object *object, enum provider_maintenance action,
			  VDS_MAINTENANCE_OPERATION operation, ULONG count);

/* Defines the methods and the table of the member `member` of struct `type`. */
#define PROVIDER_MAINTENANCE(type, member)                                                   \
	COM_THUNKS(type, IVdsMaintenance, member);                                           \
	static HRESULT STDMETHODCALLTYPE member##_start(IVdsMaintenance *self,               \
							VDS_MAINTENANCE_OPERATION operation) \
	{                                                                                    \
		return provider_maintain(&container_of(self, struct type, member)->com,      \
					 PROVIDER_MAINTENANCE_START, operation, 0);          \
	}                                                                                    \
	static HRESULT STDMETHODCALLTYPE member##_stop(IVdsMaintenance *self,                \
						       VDS_MAINTENANCE_OPERATION operation)  \
	{                                                                                    \
		return provider_maintain(&container_of(self, struct type, member)->com,      \
					 PROVIDER_MAINTENANCE_STOP, operation, 0);           \
	}                                                                                    \
	static HRESULT STDMETHODCALLTYPE member##_pulse(                                     \
		IVdsMaintenance *self, VDS_MAINTENANCE_OPERATION operation, ULONG count)     \
	{                                                                                    \
		return provider_maintain(&container_of(self, struct type, member)->com,      \
					 PROVIDER_MAINTENANCE_PULSE, operation, count);      \
	}                                                                                    \
	static const IVdsMaintenanceVtbl member##_vtable = {                                 \
		COM_UNKNOWN(member),                                                         \
		.StartMaintenance = member##_start,                                          \
		.StopMaintenance = member##_stop,                                            \
		.PulseMaintenance = member##_pulse,                                          \
	}

#endif
