/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * IVdsMaintenance: signs by which a person finds an object.  The array keeps which operations go on
 * (array/maintenance.c).  Any thread may call it.
 */
#include "provider/maintenance_int.h"

#include "base/err.h"

/* Returns the array's name for an operation, or NULL when the value is not one of the type's. */
static const char *
name_of(VDS_MAINTENANCE_OPERATION operation)
{
	switch (operation) {
	case BlinkLight:
		return "blink";
	case BeepAlarm:
		return "beep";
	case SpinDown:
		return "spin-down";
	case SpinUp:
		return "spin-up";
	case Ping:
		return "ping";
	}
	return NULL;
}

static HRESULT
check(const char *name, enum provider_maintenance action, VDS_MAINTENANCE_OPERATION operation)
{
	if (name == NULL)
		return com_fail(E_INVALIDARG, "operation is not a VDS_MAINTENANCE_OPERATION");
	if (operation == SpinDown)
		return com_fail(VDS_E_NOT_SUPPORTED,
				"the array does not stop disks, because LUNs are on them");
	if (operation == SpinUp && action == PROVIDER_MAINTENANCE_PULSE)
		return com_fail(VDS_E_NOT_SUPPORTED, "spinning up has no pulses");
	return S_OK;
}

HRESULT
provider_maintain(struct com_object *object, enum provider_maintenance action,
		  VDS_MAINTENANCE_OPERATION operation, ULONG count)
{
	static const char *const actions[] = { "start", "stop", "pulse" };
	const char *name = name_of(operation);
	struct client_answer answer = { 0 };
	struct client *client;
	HRESULT hr;
	int rc;

	hr = provider_change(object, PROVIDER_FAILED | PROVIDER_BUSY, &client,
			     name != NULL ? S_OK : check(name, action, operation));
	if (SUCCEEDED(hr))
		hr = check(name, action, operation);
	if (FAILED(hr))
		return hr;
	rc = client_maintain(client, &object->id, name, actions[action], count, &answer);
	hr = provider_change_error(object, rc);
	if (hr == VDS_E_OBJECT_NOT_FOUND) /* the object is there, so the verb is not */
		return com_fail(VDS_E_NOT_SUPPORTED,
				"this vdsd is too old for operations of maintenance");
	if (SUCCEEDED(hr) && action != PROVIDER_MAINTENANCE_START && !answer.existed)
		return S_FALSE;
	return hr;
}
