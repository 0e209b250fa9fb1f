/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Commands of com_driver for the hardware of an array: its status, its controller and ports, the
 * caches and the names of LUNs.
 */
#include "com_driver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- subsystems ---- */

static HRESULT
say_subsystem(IUnknown *unknown)
{
	IVdsSubSystem *subsystem;
	VDS_SUB_SYSTEM_PROP prop;
	HRESULT hr = IUnknown_QueryInterface(unknown, &IID_IVdsSubSystem, (void **)&subsystem);

	if (FAILED(hr))
		return hr;
	memset(&prop, 0, sizeof(prop));
	hr = IVdsSubSystem_GetProperties(subsystem, &prop);
	IVdsSubSystem_Release(subsystem);
	if (FAILED(hr)) {
		com_say(" %s", VdsErrorText(hr));
		return S_OK;
	}
	com_say(" %d", (int)prop.status);
	CoTaskMemFree(prop.pwszFriendlyName);
	CoTaskMemFree(prop.pwszIdentification);
	return S_OK;
}

static HRESULT
on_subsystems(int argc, char **argv)
{
	IEnumVdsObject *list = NULL;
	IUnknown *unknown;
	ULONG fetched;
	HRESULT hr = IVdsHwProvider_QuerySubSystems(com_provider, &list);

	(void)argc;
	(void)argv;
	while (SUCCEEDED(hr) && IEnumVdsObject_Next(list, 1, &unknown, &fetched) == S_OK) {
		hr = say_subsystem(unknown);
		IUnknown_Release(unknown);
	}
	if (list != NULL)
		IEnumVdsObject_Release(list);
	return hr;
}

/* ---- the controller ---- */

static HRESULT
first_of(HRESULT hr, IEnumVdsObject *list, REFIID riid, void **ret)
{
	IUnknown *unknown;
	ULONG fetched;

	if (FAILED(hr))
		return hr;
	hr = IEnumVdsObject_Next(list, 1, &unknown, &fetched);
	IEnumVdsObject_Release(list);
	if (hr != S_OK)
		return FAILED(hr) ? hr : VDS_E_OBJECT_NOT_FOUND;
	hr = IUnknown_QueryInterface(unknown, riid, ret);
	IUnknown_Release(unknown);
	return hr;
}

static HRESULT
controller_get(REFIID riid, void **ret)
{
	IVdsSubSystem *subsystem;
	IEnumVdsObject *list = NULL;
	HRESULT hr = com_subsystem_get(&IID_IVdsSubSystem, (void **)&subsystem);

	if (FAILED(hr))
		return hr;
	hr = IVdsSubSystem_QueryControllers(subsystem, &list);
	IVdsSubSystem_Release(subsystem);
	return first_of(hr, list, riid, ret);
}

static HRESULT
controller_say(IVdsController *controller)
{
	VDS_CONTROLLER_PROP prop;
	IEnumVdsObject *list = NULL;
	HRESULT hr;

	memset(&prop, 0, sizeof(prop));
	hr = IVdsController_GetProperties(controller, &prop);
	if (FAILED(hr))
		return hr;
	com_say(" %s %d", prop.status == VDS_CS_ONLINE ? "online" : "offline", (int)prop.health);
	CoTaskMemFree(prop.pwszFriendlyName);
	CoTaskMemFree(prop.pwszIdentification);
	hr = IVdsController_QueryAssociatedLuns(controller, &list);
	return com_say_enum(hr, list);
}

static HRESULT
on_controller(int argc, char **argv)
{
	IVdsController *controller;
	HRESULT hr = controller_get(&IID_IVdsController, (void **)&controller);

	if (FAILED(hr))
		return hr;
	if (argc < 2)
		hr = controller_say(controller);
	else if (strcmp(argv[1], "online") == 0)
		hr = IVdsController_SetStatus(controller, VDS_CS_ONLINE);
	else if (strcmp(argv[1], "offline") == 0)
		hr = IVdsController_SetStatus(controller, VDS_CS_OFFLINE);
	else if (strcmp(argv[1], "flush") == 0)
		hr = IVdsController_FlushCache(controller);
	else if (strcmp(argv[1], "invalidate") == 0)
		hr = IVdsController_InvalidateCache(controller);
	else if (strcmp(argv[1], "reset") == 0)
		hr = IVdsController_Reset(controller);
	else
		hr = E_INVALIDARG;
	IVdsController_Release(controller);
	return hr;
}

/* ---- its first port ---- */

static HRESULT
port_say(IVdsControllerPort *port)
{
	VDS_PORT_PROP prop;
	IEnumVdsObject *list = NULL;
	HRESULT hr;

	memset(&prop, 0, sizeof(prop));
	hr = IVdsControllerPort_GetProperties(port, &prop);
	if (FAILED(hr))
		return hr;
	com_say(" %s", prop.status == VDS_PRS_ONLINE    ? "online"
		       : prop.status == VDS_PRS_OFFLINE ? "offline"
							: "other");
	CoTaskMemFree(prop.pwszFriendlyName);
	CoTaskMemFree(prop.pwszIdentification);
	hr = IVdsControllerPort_QueryAssociatedLuns(port, &list);
	return com_say_enum(hr, list);
}

static HRESULT
port_get(IVdsControllerPort **ret_port)
{
	IVdsControllerControllerPort *ports;
	IEnumVdsObject *list = NULL;
	HRESULT hr = controller_get(&IID_IVdsControllerControllerPort, (void **)&ports);

	if (FAILED(hr))
		return hr;
	hr = IVdsControllerControllerPort_QueryControllerPorts(ports, &list);
	IVdsControllerControllerPort_Release(ports);
	return first_of(hr, list, &IID_IVdsControllerPort, (void **)ret_port);
}

static HRESULT
on_port(int argc, char **argv)
{
	IVdsControllerPort *port;
	HRESULT hr = port_get(&port);

	if (FAILED(hr))
		return hr;
	if (argc < 2)
		hr = port_say(port);
	else if (strcmp(argv[1], "online") == 0)
		hr = IVdsControllerPort_SetStatus(port, VDS_PRS_ONLINE);
	else if (strcmp(argv[1], "offline") == 0)
		hr = IVdsControllerPort_SetStatus(port, VDS_PRS_OFFLINE);
	else if (strcmp(argv[1], "reset") == 0)
		hr = IVdsControllerPort_Reset(port);
	else
		hr = E_INVALIDARG;
	IVdsControllerPort_Release(port);
	return hr;
}

/* How many controllers and ports serve the LUN. */
static HRESULT
on_served_by(int argc, char **argv)
{
	IVdsLun *lun;
	IVdsLunControllerPorts *ports;
	IEnumVdsObject *lists[2] = { NULL, NULL };
	HRESULT hr = com_object_get(argv[1], VDS_OT_LUN, &IID_IVdsLun, (void **)&lun);

	(void)argc;
	if (FAILED(hr))
		return hr;
	hr = IVdsLun_QueryActiveControllers(lun, &lists[0]);
	if (SUCCEEDED(hr))
		hr = IVdsLun_QueryInterface(lun, &IID_IVdsLunControllerPorts, (void **)&ports);
	if (SUCCEEDED(hr)) {
		hr = IVdsLunControllerPorts_QueryActiveControllerPorts(ports, &lists[1]);
		IVdsLunControllerPorts_Release(ports);
	}
	IVdsLun_Release(lun);
	for (int i = 0; i < 2; i++) {
		IUnknown *one;
		ULONG fetched;
		unsigned count = 0;

		while (SUCCEEDED(hr) && IEnumVdsObject_Next(lists[i], 1, &one, &fetched) == S_OK) {
			IUnknown_Release(one);
			count++;
		}
		if (lists[i] != NULL)
			IEnumVdsObject_Release(lists[i]);
		com_say(" %u", count);
	}
	return hr;
}

/* ---- the write cache of a LUN ---- */

static HRESULT
on_write_cache(int argc, char **argv)
{
	const ULONG mask = VDS_LF_WRITE_CACHE_ENABLED | VDS_LF_WRITE_THROUGH_CACHING_ENABLED;
	IVdsLun *lun;
	VDS_LUN_PROP prop;
	HRESULT hr = com_object_get(argv[1], VDS_OT_LUN, &IID_IVdsLun, (void **)&lun);

	(void)argc;
	if (FAILED(hr))
		return hr;
	memset(&prop, 0, sizeof(prop));
	hr = IVdsLun_GetProperties(lun, &prop);
	IVdsLun_Release(lun);
	if (FAILED(hr))
		return hr;
	com_say(" %s", (prop.ulFlags & mask) == VDS_LF_WRITE_CACHE_ENABLED             ? "on"
		       : (prop.ulFlags & mask) == VDS_LF_WRITE_THROUGH_CACHING_ENABLED ? "off"
										       : "both");
	CoTaskMemFree(prop.pwszFriendlyName);
	CoTaskMemFree(prop.pwszIdentification);
	CoTaskMemFree(prop.pwszUnmaskingList);
	return S_OK;
}

/* Sets the hint, and says the mask and the value that QueryHints gives then. */
static HRESULT
on_hint_through(int argc, char **argv)
{
	IVdsLun *lun;
	VDS_HINTS hints;
	HRESULT hr = com_object_get(argv[1], VDS_OT_LUN, &IID_IVdsLun, (void **)&lun);

	(void)argc;
	if (FAILED(hr))
		return hr;
	memset(&hints, 0, sizeof(hints));
	hints.ullHintMask = VDS_HINT_WRITETHROUGHCACHINGENABLED;
	hints.bWriteThroughCachingEnabled = strcmp(argv[2], "1") == 0;
	hr = IVdsLun_ApplyHints(lun, &hints);
	if (SUCCEEDED(hr))
		hr = IVdsLun_QueryHints(lun, &hints);
	IVdsLun_Release(lun);
	if (FAILED(hr))
		return hr;
	com_say(" %llx %d", hints.ullHintMask, (int)hints.bWriteThroughCachingEnabled);
	return S_OK;
}

static HRESULT
on_name(int argc, char **argv)
{
	IVdsLunNaming *lun;
	HRESULT hr = com_object_get(argv[1], VDS_OT_LUN, &IID_IVdsLunNaming, (void **)&lun);

	(void)argc;
	if (FAILED(hr))
		return hr;
	hr = IVdsLunNaming_SetFriendlyName(lun, com_wide(argv[2]));
	IVdsLunNaming_Release(lun);
	return hr;
}

/* clang-format off */
const struct com_command com_hardware_commands[] = {
	{ "subsystems",		0, on_subsystems },	/* -> for each: its status, or the code */
	{ "controller",		0, on_controller },	/* [online|offline|flush|invalidate|reset] -> status health LUNs */
	{ "port",		0, on_port },		/* [online|offline|reset] -> status LUNs */
	{ "served-by",		1, on_served_by },	/* LUN -> number of controllers, of ports */
	{ "write-cache",	1, on_write_cache },	/* LUN -> on|off */
	{ "hint-through",	2, on_hint_through },	/* LUN 0|1 -> mask value */
	{ "name",		2, on_name },		/* LUN NAME */
	{ NULL,			0, NULL },
};
/* clang-format on */
