/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A VDS program that does what the lines on its standard input say, for tests that drive it beside
 * other clients. Built against the installed headers of libvds only.
 *
 * Each line is a command and its arguments, "-" stands for an empty one.  Each answer is one line:
 * the name of the result code, then values.  Commands: see the table at the end, and those at the
 * ends of com_hardware.c and com_operation.c.
 */
#include "com_driver.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARGS_MAX COM_ARGS_MAX

IVdsHwProvider *com_provider;
static IVdsProviderPrivate *objects;
/* Objects held on purpose, so that a test can ask them after their deletion. */
static IUnknown *held[1000];
static IEnumVdsObject *held_enum;

struct text {
	char chars[65536];
	size_t len;
};

static struct text values;

void
com_say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	values.len += (size_t)vsnprintf(values.chars + values.len,
					sizeof(values.chars) - values.len, fmt, ap);
	va_end(ap);
}

bool
com_guid_read(const char *text, GUID *ret)
{
	unsigned b[8], d1, d2, d3;

	if (sscanf(text, "%8x-%4x-%4x-%2x%2x-%2x%2x%2x%2x%2x%2x", &d1, &d2, &d3, &b[0], &b[1],
		   &b[2], &b[3], &b[4], &b[5], &b[6], &b[7]) != 11)
		return false;
	ret->Data1 = d1;
	ret->Data2 = (uint16_t)d2;
	ret->Data3 = (uint16_t)d3;
	for (int i = 0; i < 8; i++)
		ret->Data4[i] = (uint8_t)b[i];
	return true;
}

void
com_say_guid(const GUID *g)
{
	com_say(" %08x-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x", g->Data1, g->Data2, g->Data3,
		g->Data4[0], g->Data4[1], g->Data4[2], g->Data4[3], g->Data4[4], g->Data4[5],
		g->Data4[6], g->Data4[7]);
}

WCHAR *
com_wide(const char *text)
{
	static WCHAR buffers[4][4096];
	static unsigned next;
	WCHAR *out = buffers[next++ % 4];
	size_t i = 0;

	if (strcmp(text, "-") != 0)
		for (; text[i] != '\0' && i < 4095; i++)
			out[i] = (WCHAR)(unsigned char)text[i];
	out[i] = 0;
	return out;
}

static void
say_wide(const WCHAR *text)
{
	com_say(" ");
	if (text == NULL || *text == 0)
		com_say("-");
	for (; text != NULL && *text != 0; text++)
		com_say("%c", *text < 128 ? (char)*text : '?');
}

HRESULT
com_object_get(const char *arg, VDS_OBJECT_TYPE type, REFIID riid, void **ret)
{
	IUnknown *unknown = NULL;
	GUID id;
	HRESULT hr;

	*ret = NULL;
	if (arg[0] == '#') {
		unsigned long slot = strtoul(arg + 1, NULL, 10);

		if (slot >= 1000 || held[slot] == NULL)
			return E_INVALIDARG;
		return IUnknown_QueryInterface(held[slot], riid, ret);
	}
	if (!com_guid_read(arg, &id))
		return E_INVALIDARG;
	hr = IVdsProviderPrivate_GetObject(objects, id, type, &unknown);
	if (FAILED(hr))
		return hr;
	hr = IUnknown_QueryInterface(unknown, riid, ret);
	IUnknown_Release(unknown);
	return hr;
}

HRESULT
com_id_of(IUnknown *unknown, GUID *ret)
{
	IVdsLun *lun;
	IVdsIscsiTarget *target;
	IVdsIscsiPortal *portal;
	IVdsIscsiPortalGroup *group;
	HRESULT hr = E_NOINTERFACE;

	if (SUCCEEDED(IUnknown_QueryInterface(unknown, &IID_IVdsLun, (void **)&lun))) {
		VDS_LUN_PROP prop = { 0 };

		hr = IVdsLun_GetProperties(lun, &prop);
		if (SUCCEEDED(hr)) {
			*ret = prop.id;
			CoTaskMemFree(prop.pwszFriendlyName);
			CoTaskMemFree(prop.pwszIdentification);
			CoTaskMemFree(prop.pwszUnmaskingList);
		}
		IVdsLun_Release(lun);
	} else if (SUCCEEDED(IUnknown_QueryInterface(unknown, &IID_IVdsIscsiTarget,
						     (void **)&target))) {
		VDS_ISCSI_TARGET_PROP prop = { 0 };

		hr = IVdsIscsiTarget_GetProperties(target, &prop);
		if (SUCCEEDED(hr)) {
			*ret = prop.id;
			CoTaskMemFree(prop.pwszIscsiName);
			CoTaskMemFree(prop.pwszFriendlyName);
		}
		IVdsIscsiTarget_Release(target);
	} else if (SUCCEEDED(IUnknown_QueryInterface(unknown, &IID_IVdsIscsiPortal,
						     (void **)&portal))) {
		VDS_ISCSI_PORTAL_PROP prop = { 0 };

		hr = IVdsIscsiPortal_GetProperties(portal, &prop);
		*ret = prop.id;
		IVdsIscsiPortal_Release(portal);
	} else if (SUCCEEDED(IUnknown_QueryInterface(unknown, &IID_IVdsIscsiPortalGroup,
						     (void **)&group))) {
		VDS_ISCSI_PORTALGROUP_PROP prop = { 0 };

		hr = IVdsIscsiPortalGroup_GetProperties(group, &prop);
		*ret = prop.id;
		IVdsIscsiPortalGroup_Release(group);
	}
	return hr;
}

/* Says the ids of what is left in the enumerator: "deleted" for those that say so. */
static HRESULT
say_rest(IEnumVdsObject *enumerator)
{
	IUnknown *unknown;
	ULONG fetched;
	HRESULT hr;

	while ((hr = IEnumVdsObject_Next(enumerator, 1, &unknown, &fetched)) == S_OK) {
		GUID id;
		HRESULT id_hr = com_id_of(unknown, &id);

		if (SUCCEEDED(id_hr))
			com_say_guid(&id);
		else
			com_say(" %s",
				id_hr == VDS_E_OBJECT_DELETED ? "deleted" : VdsErrorText(id_hr));
		IUnknown_Release(unknown);
	}
	return hr == S_FALSE && fetched == 0 ? S_OK : E_UNEXPECTED;
}

HRESULT
com_say_enum(HRESULT hr, IEnumVdsObject *enumerator)
{
	if (FAILED(hr))
		return enumerator == NULL ? hr : E_UNEXPECTED;
	if (enumerator == NULL)
		return E_UNEXPECTED;
	hr = say_rest(enumerator);
	IEnumVdsObject_Release(enumerator);
	return hr;
}

HRESULT
com_subsystem_get(REFIID riid, void **ret)
{
	IEnumVdsObject *subsystems;
	IUnknown *unknown;
	ULONG fetched;
	HRESULT hr = IVdsHwProvider_QuerySubSystems(com_provider, &subsystems);

	if (FAILED(hr))
		return hr;
	hr = IEnumVdsObject_Next(subsystems, 1, &unknown, &fetched);
	IEnumVdsObject_Release(subsystems);
	if (hr != S_OK)
		return FAILED(hr) ? hr : VDS_E_OBJECT_NOT_FOUND;
	hr = IUnknown_QueryInterface(unknown, riid, ret);
	IUnknown_Release(unknown);
	return hr;
}

HRESULT
com_async_end(HRESULT hr, IVdsAsync *async)
{
	VDS_ASYNC_OUTPUT out;
	HRESULT result;
	GUID id;

	if (FAILED(hr))
		return hr;
	if (async == NULL)
		return E_UNEXPECTED;
	memset(&out, 0, sizeof(out));
	hr = IVdsAsync_Wait(async, &result, &out);
	IVdsAsync_Release(async);
	if (FAILED(hr) || FAILED(result))
		return FAILED(hr) ? hr : result;
	if (out.type == VDS_ASYNCOUT_CREATELUN || out.type == VDS_ASYNCOUT_CREATETARGET ||
	    out.type == VDS_ASYNCOUT_CREATEPORTALGROUP) {
		IUnknown *made = out.cl.pLunUnk;

		if (made == NULL)
			return E_UNEXPECTED;
		hr = com_id_of(made, &id);
		if (SUCCEEDED(hr))
			com_say_guid(&id);
		IUnknown_Release(made);
	}
	return hr;
}

static HRESULT
on_open(int argc, char **argv)
{
	HRESULT hr = VdsOpenHwProvider(com_wide(argv[1]), &IID_IVdsHwProvider,
				       (void **)&com_provider);

	(void)argc;
	if (SUCCEEDED(hr))
		hr = IVdsHwProvider_QueryInterface(com_provider, &IID_IVdsProviderPrivate,
						   (void **)&objects);
	return hr;
}

static HRESULT
on_luns(int argc, char **argv)
{
	IVdsSubSystem *subsystem;
	IEnumVdsObject *list = NULL;
	HRESULT hr = com_subsystem_get(&IID_IVdsSubSystem, (void **)&subsystem);

	(void)argc;
	(void)argv;
	if (FAILED(hr))
		return hr;
	hr = IVdsSubSystem_QueryLuns(subsystem, &list);
	hr = com_say_enum(hr, list);
	IVdsSubSystem_Release(subsystem);
	return hr;
}

static HRESULT
on_targets(int argc, char **argv)
{
	IVdsSubSystemIscsi *subsystem;
	IEnumVdsObject *list = NULL;
	HRESULT hr = com_subsystem_get(&IID_IVdsSubSystemIscsi, (void **)&subsystem);

	(void)argc;
	if (FAILED(hr))
		return hr;
	if (strcmp(argv[0], "targets") == 0)
		hr = IVdsSubSystemIscsi_QueryTargets(subsystem, &list);
	else
		hr = IVdsSubSystemIscsi_QueryPortals(subsystem, &list);
	hr = com_say_enum(hr, list);
	IVdsSubSystemIscsi_Release(subsystem);
	return hr;
}

static HRESULT
on_targets_of(int argc, char **argv)
{
	IVdsLunIscsi *lun;
	IEnumVdsObject *list = NULL;
	HRESULT hr = com_object_get(argv[1], VDS_OT_LUN, &IID_IVdsLunIscsi, (void **)&lun);

	(void)argc;
	if (FAILED(hr))
		return hr;
	hr = IVdsLunIscsi_QueryAssociatedTargets(lun, &list);
	hr = com_say_enum(hr, list);
	IVdsLunIscsi_Release(lun);
	return hr;
}

static HRESULT
on_luns_of(int argc, char **argv)
{
	IVdsIscsiTarget *target;
	IEnumVdsObject *list = NULL;
	HRESULT hr = com_object_get(argv[1], VDS_OT_TARGET, &IID_IVdsIscsiTarget, (void **)&target);

	(void)argc;
	if (FAILED(hr))
		return hr;
	hr = IVdsIscsiTarget_QueryAssociatedLuns(target, &list);
	hr = com_say_enum(hr, list);
	IVdsIscsiTarget_Release(target);
	return hr;
}

static HRESULT
on_associate(int argc, char **argv)
{
	VDS_OBJECT_ID ids[ARGS_MAX];
	IVdsLunIscsi *lun;
	HRESULT hr = com_object_get(argv[1], VDS_OT_LUN, &IID_IVdsLunIscsi, (void **)&lun);

	if (FAILED(hr))
		return hr;
	for (int i = 2; i < argc; i++)
		if (!com_guid_read(argv[i], &ids[i - 2]))
			hr = E_INVALIDARG;
	if (SUCCEEDED(hr))
		hr = IVdsLunIscsi_AssociateTargets(lun, argc > 2 ? ids : NULL, argc - 2);
	IVdsLunIscsi_Release(lun);
	return hr;
}

/* associate-raw LUN COUNT [null]: arguments that are wrong on purpose */
static HRESULT
on_associate_raw(int argc, char **argv)
{
	VDS_OBJECT_ID none;
	IVdsLunIscsi *lun;
	HRESULT hr = com_object_get(argv[1], VDS_OT_LUN, &IID_IVdsLunIscsi, (void **)&lun);

	memset(&none, 0, sizeof(none));
	if (FAILED(hr))
		return hr;
	hr = IVdsLunIscsi_AssociateTargets(lun, argc > 3 ? NULL : &none,
					   (LONG)strtol(argv[2], NULL, 10));
	IVdsLunIscsi_Release(lun);
	return hr;
}

static HRESULT
on_null_out(int argc, char **argv)
{
	IVdsLunIscsi *lun;
	HRESULT hr = com_object_get(argv[1], VDS_OT_LUN, &IID_IVdsLunIscsi, (void **)&lun);

	(void)argc;
	if (FAILED(hr))
		return hr;
	hr = IVdsLunIscsi_QueryAssociatedTargets(lun, NULL);
	IVdsLunIscsi_Release(lun);
	return hr;
}

static HRESULT
on_mask(int argc, char **argv)
{
	IVdsLun *lun;
	HRESULT hr = com_object_get(argv[1], VDS_OT_LUN, &IID_IVdsLun, (void **)&lun);

	(void)argc;
	if (FAILED(hr))
		return hr;
	hr = IVdsLun_SetMask(lun, com_wide(argv[2]));
	IVdsLun_Release(lun);
	return hr;
}

static HRESULT
on_create_lun(int argc, char **argv)
{
	IVdsSubSystem *subsystem;
	IVdsAsync *async = NULL;
	HRESULT hr = com_subsystem_get(&IID_IVdsSubSystem, (void **)&subsystem);

	(void)argc;
	if (FAILED(hr))
		return hr;
	hr = IVdsSubSystem_CreateLun(subsystem, VDS_LT_DEFAULT, strtoull(argv[1], NULL, 10), NULL,
				     0, com_wide(argv[2]), NULL, &async);
	IVdsSubSystem_Release(subsystem);
	return com_async_end(hr, async);
}

static HRESULT
on_delete_lun(int argc, char **argv)
{
	IVdsLun *lun;
	HRESULT hr = com_object_get(argv[1], VDS_OT_LUN, &IID_IVdsLun, (void **)&lun);

	(void)argc;
	if (FAILED(hr))
		return hr;
	hr = IVdsLun_Delete(lun);
	IVdsLun_Release(lun);
	return hr;
}

static HRESULT
on_extend(int argc, char **argv)
{
	IVdsLun *lun;
	IVdsAsync *async = NULL;
	HRESULT hr = com_object_get(argv[1], VDS_OT_LUN, &IID_IVdsLun, (void **)&lun);

	if (FAILED(hr))
		return hr;
	hr = IVdsLun_Extend(lun, strtoull(argv[2], NULL, 10), NULL, 0, &async);
	IVdsLun_Release(lun);
	if (argc > 3 && SUCCEEDED(hr)) { /* "nowait" */
		IVdsAsync_Release(async);
		return hr;
	}
	return com_async_end(hr, async);
}

static HRESULT
on_online(int argc, char **argv)
{
	IVdsLun *lun;
	HRESULT hr = com_object_get(argv[1], VDS_OT_LUN, &IID_IVdsLun, (void **)&lun);

	(void)argc;
	if (FAILED(hr))
		return hr;
	hr = IVdsLun_SetStatus(lun,
			       strcmp(argv[0], "online") == 0 ? VDS_LS_ONLINE : VDS_LS_OFFLINE);
	IVdsLun_Release(lun);
	return hr;
}

/* size, unmasking list and serial number */
static HRESULT
on_lun(int argc, char **argv)
{
	IVdsLun *lun;
	VDS_LUN_PROP prop = { 0 };
	VDS_LUN_INFORMATION info;
	HRESULT hr = com_object_get(argv[1], VDS_OT_LUN, &IID_IVdsLun, (void **)&lun);

	(void)argc;
	if (FAILED(hr))
		return hr;
	hr = IVdsLun_GetProperties(lun, &prop);
	if (SUCCEEDED(hr)) {
		com_say(" %llu", prop.ullSize);
		say_wide(prop.pwszUnmaskingList);
		CoTaskMemFree(prop.pwszFriendlyName);
		CoTaskMemFree(prop.pwszIdentification);
		CoTaskMemFree(prop.pwszUnmaskingList);
		memset(&info, 0, sizeof(info));
		hr = IVdsLun_GetIdentificationData(lun, &info);
	}
	if (SUCCEEDED(hr)) {
		com_say(" %s", (const char *)info.m_szSerialNumber);
		for (ULONG i = 0; i < info.m_deviceIdDescriptor.m_cIdentifiers; i++)
			CoTaskMemFree(info.m_deviceIdDescriptor.m_rgIdentifiers[i].m_rgbIdentifier);
		CoTaskMemFree(info.m_deviceIdDescriptor.m_rgIdentifiers);
		CoTaskMemFree(info.m_szVendorId);
		CoTaskMemFree(info.m_szProductId);
		CoTaskMemFree(info.m_szProductRevision);
		CoTaskMemFree(info.m_szSerialNumber);
	}
	IVdsLun_Release(lun);
	return hr;
}

static HRESULT
on_create_target(int argc, char **argv)
{
	IVdsSubSystemIscsi *subsystem;
	IVdsAsync *async = NULL;
	HRESULT hr = com_subsystem_get(&IID_IVdsSubSystemIscsi, (void **)&subsystem);

	(void)argc;
	if (FAILED(hr))
		return hr;
	hr = IVdsSubSystemIscsi_CreateTarget(subsystem, com_wide(argv[1]), com_wide(argv[2]),
					     &async);
	IVdsSubSystemIscsi_Release(subsystem);
	return com_async_end(hr, async);
}

static HRESULT
on_delete_target(int argc, char **argv)
{
	IVdsIscsiTarget *target;
	IVdsAsync *async = NULL;
	HRESULT hr = com_object_get(argv[1], VDS_OT_TARGET, &IID_IVdsIscsiTarget, (void **)&target);

	(void)argc;
	if (FAILED(hr))
		return hr;
	hr = IVdsIscsiTarget_Delete(target, &async);
	IVdsIscsiTarget_Release(target);
	return com_async_end(hr, async);
}

static HRESULT
on_create_group(int argc, char **argv)
{
	IVdsIscsiTarget *target;
	IVdsAsync *async = NULL;
	HRESULT hr = com_object_get(argv[1], VDS_OT_TARGET, &IID_IVdsIscsiTarget, (void **)&target);

	(void)argc;
	if (FAILED(hr))
		return hr;
	hr = IVdsIscsiTarget_CreatePortalGroup(target, &async);
	IVdsIscsiTarget_Release(target);
	return com_async_end(hr, async);
}

static HRESULT
on_add_portal(int argc, char **argv)
{
	IVdsIscsiPortalGroup *group;
	IVdsAsync *async = NULL;
	VDS_OBJECT_ID portal;
	HRESULT hr = com_object_get(argv[1], VDS_OT_PORTAL_GROUP, &IID_IVdsIscsiPortalGroup,
				    (void **)&group);

	(void)argc;
	if (FAILED(hr))
		return hr;
	if (com_guid_read(argv[2], &portal))
		hr = IVdsIscsiPortalGroup_AddPortal(group, portal, &async);
	else
		hr = E_INVALIDARG;
	IVdsIscsiPortalGroup_Release(group);
	return com_async_end(hr, async);
}

/*
 * The IUnknown pointers of a target by its three ways: GetObject, QueryTargets,
 * QueryAssociatedTargets.
 */
static HRESULT
on_same(int argc, char **argv)
{
	IUnknown *by_id = NULL, *one;
	IVdsSubSystemIscsi *subsystem = NULL;
	IVdsLunIscsi *lun = NULL;
	IEnumVdsObject *all = NULL, *associated = NULL;
	ULONG fetched;
	unsigned same = 0;
	HRESULT hr = com_object_get(argv[2], VDS_OT_TARGET, &IID_IUnknown, (void **)&by_id);

	(void)argc;
	if (SUCCEEDED(hr))
		hr = com_subsystem_get(&IID_IVdsSubSystemIscsi, (void **)&subsystem);
	if (SUCCEEDED(hr))
		hr = IVdsSubSystemIscsi_QueryTargets(subsystem, &all);
	if (SUCCEEDED(hr))
		hr = com_object_get(argv[1], VDS_OT_LUN, &IID_IVdsLunIscsi, (void **)&lun);
	if (SUCCEEDED(hr))
		hr = IVdsLunIscsi_QueryAssociatedTargets(lun, &associated);
	while (SUCCEEDED(hr) && IEnumVdsObject_Next(all, 1, &one, &fetched) == S_OK) {
		same += one == by_id;
		IUnknown_Release(one);
	}
	while (SUCCEEDED(hr) && IEnumVdsObject_Next(associated, 1, &one, &fetched) == S_OK) {
		same += one == by_id;
		IUnknown_Release(one);
	}
	com_say(" %u", same);
	if (associated != NULL)
		IEnumVdsObject_Release(associated);
	if (all != NULL)
		IEnumVdsObject_Release(all);
	if (lun != NULL)
		IVdsLunIscsi_Release(lun);
	if (subsystem != NULL)
		IVdsSubSystemIscsi_Release(subsystem);
	if (by_id != NULL)
		IUnknown_Release(by_id);
	return hr;
}

/* hold SLOT lun|target ID */
static HRESULT
on_hold(int argc, char **argv)
{
	unsigned long slot = strtoul(argv[1], NULL, 10);

	(void)argc;
	if (slot >= 1000)
		return E_INVALIDARG;
	if (held[slot] != NULL)
		IUnknown_Release(held[slot]);
	held[slot] = NULL;
	return com_object_get(argv[3], strcmp(argv[2], "lun") == 0 ? VDS_OT_LUN : VDS_OT_TARGET,
			      &IID_IUnknown, (void **)&held[slot]);
}

/* Keeps a snapshot of a LUN's targets; say-held reads it. */
static HRESULT
on_hold_enum(int argc, char **argv)
{
	IVdsLunIscsi *lun;
	HRESULT hr = com_object_get(argv[1], VDS_OT_LUN, &IID_IVdsLunIscsi, (void **)&lun);

	(void)argc;
	if (FAILED(hr))
		return hr;
	if (held_enum != NULL)
		IEnumVdsObject_Release(held_enum);
	hr = IVdsLunIscsi_QueryAssociatedTargets(lun, &held_enum);
	IVdsLunIscsi_Release(lun);
	return hr;
}

static HRESULT
on_say_held(int argc, char **argv)
{
	HRESULT hr = IEnumVdsObject_Reset(held_enum);

	(void)argc;
	(void)argv;
	return FAILED(hr) ? hr : say_rest(held_enum);
}

static HRESULT
on_provider(int argc, char **argv)
{
	(void)argc;
	if (strcmp(argv[0], "sync") == 0)
		return VdsSync((IUnknown *)com_provider);
	return strcmp(argv[0], "refresh") == 0 ? IVdsHwProvider_Refresh(com_provider)
					       : IVdsHwProvider_Reenumerate(com_provider);
}

/* clang-format off */
static const struct com_command commands[] = {
	{ "open",		1, on_open },		/* URL */
	{ "luns",		0, on_luns },		/* -> ids */
	{ "targets",		0, on_targets },	/* -> ids */
	{ "portals",		0, on_targets },	/* -> ids */
	{ "targets-of",		1, on_targets_of },	/* LUN -> ids */
	{ "luns-of",		1, on_luns_of },	/* TARGET -> ids */
	{ "associate",		1, on_associate },	/* LUN TARGET… */
	{ "associate-raw",	2, on_associate_raw },	/* LUN COUNT [null] */
	{ "null-out",		1, on_null_out },	/* LUN: QueryAssociatedTargets(NULL) */
	{ "mask",		2, on_mask },		/* LUN LIST */
	{ "create-lun",		2, on_create_lun },	/* BYTES LIST -> id */
	{ "delete-lun",		1, on_delete_lun },	/* LUN */
	{ "extend",		2, on_extend },		/* LUN BYTES [nowait] */
	{ "online",		1, on_online },		/* LUN */
	{ "offline",		1, on_online },		/* LUN */
	{ "lun",		1, on_lun },		/* LUN -> bytes mask serial */
	{ "create-target",	2, on_create_target },	/* NAME ALIAS -> id */
	{ "delete-target",	1, on_delete_target },	/* TARGET */
	{ "create-group",	1, on_create_group },	/* TARGET -> id */
	{ "add-portal",		2, on_add_portal },	/* GROUP PORTAL */
	{ "same",		2, on_same },		/* LUN TARGET -> how often the same object (2) */
	{ "hold",		3, on_hold },		/* SLOT lun|target ID; then #SLOT names it */
	{ "hold-enum",		1, on_hold_enum },	/* LUN */
	{ "say-held",		0, on_say_held },	/* -> ids, "deleted" for those that are */
	{ "sync",		0, on_provider },
	{ "reenumerate",	0, on_provider },
	{ "refresh",		0, on_provider },
	{ NULL,			0, NULL },
};
/* clang-format on */

static const struct com_command *const tables[] = {
	commands,
	com_hardware_commands,
	com_operation_commands,
};

static const struct com_command *
command_find(const char *name)
{
	for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]); t++)
		for (const struct com_command *c = tables[t]; c->name != NULL; c++)
			if (strcmp(c->name, name) == 0)
				return c;
	return NULL;
}

static HRESULT
run_line(char *line)
{
	char *argv[ARGS_MAX + 2];
	int argc = 0;
	char *rest = NULL;
	const struct com_command *command;

	for (char *word = strtok_r(line, " \n", &rest); word != NULL && argc < ARGS_MAX;
	     word = strtok_r(NULL, " \n", &rest))
		argv[argc++] = word;
	argv[argc] = NULL;
	command = argc > 0 ? command_find(argv[0]) : NULL;
	if (command == NULL)
		return E_NOTIMPL;
	if (argc - 1 < command->args || (com_provider == NULL && command->run != on_open))
		return E_INVALIDARG;
	return command->run(argc, argv);
}

static void
release_all(void)
{
	com_operations_release();
	for (size_t i = 0; i < sizeof(held) / sizeof(held[0]); i++)
		if (held[i] != NULL)
			IUnknown_Release(held[i]);
	if (held_enum != NULL)
		IEnumVdsObject_Release(held_enum);
	if (objects != NULL)
		IVdsProviderPrivate_Release(objects);
	if (com_provider != NULL)
		IVdsHwProvider_Release(com_provider);
}

int
main(void)
{
	static char line[16384];

	while (fgets(line, sizeof(line), stdin) != NULL) {
		HRESULT hr;

		values.len = 0;
		values.chars[0] = '\0';
		hr = run_line(line);
		printf("%s%s%s%s\n", VdsErrorText(hr), values.chars, FAILED(hr) ? " # " : "",
		       FAILED(hr) ? VdsLastErrorMessage() : "");
		fflush(stdout);
	}
	release_all();
	return 0;
}
