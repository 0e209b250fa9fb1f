/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Walks an array as a VDS application does: provider, subsystems, LUNs, and for each LUN the iSCSI
 * targets through which it is accessible (IVdsLunIscsi::QueryAssociatedTargets).
 *
 *	cc walk.c $(pkg-config --cflags --libs libvds) -o walk && ./walk [URL]
 */
#define _POSIX_C_SOURCE 200809L /* setenv */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vds/libvds.h>

static void
fail(const char *what, HRESULT hr)
{
	fprintf(stderr, "%s: %s: %s\n", what, VdsErrorText(hr), VdsLastErrorMessage());
	exit(1);
}

/* Prints a string of an interface, which is UTF-16, as the terminal wants it. */
static void
print_string(const WCHAR *string)
{
	char *text = NULL;
	HRESULT hr = VdsUtf8FromString(string, &text);

	if (FAILED(hr))
		fail("VdsUtf8FromString", hr);
	fputs(text, stdout);
	CoTaskMemFree(text);
}

/* The next object of an enumerator through one of its interfaces, or NULL at the end. */
static void *
next(IEnumVdsObject *list, REFIID riid)
{
	IUnknown *unknown = NULL;
	void *object = NULL;
	ULONG fetched = 0;
	HRESULT hr = IEnumVdsObject_Next(list, 1, &unknown, &fetched);

	if (FAILED(hr))
		fail("Next", hr);
	if (hr == S_FALSE)
		return NULL;
	hr = IUnknown_QueryInterface(unknown, riid, &object);
	IUnknown_Release(unknown);
	if (FAILED(hr))
		fail("QueryInterface", hr);
	return object;
}

static void
show_target(IVdsIscsiTarget *target)
{
	VDS_ISCSI_TARGET_PROP prop;
	HRESULT hr = IVdsIscsiTarget_GetProperties(target, &prop);

	if (hr == VDS_E_OBJECT_DELETED)
		return; /* it was deleted since the enumerator was made */
	if (FAILED(hr))
		fail("IVdsIscsiTarget::GetProperties", hr);
	printf("      target ");
	print_string(prop.pwszIscsiName);
	if (prop.pwszFriendlyName != NULL && prop.pwszFriendlyName[0] != 0) {
		printf(" (");
		print_string(prop.pwszFriendlyName);
		printf(")");
	}
	printf("\n");
	CoTaskMemFree(prop.pwszIscsiName);
	CoTaskMemFree(prop.pwszFriendlyName);
}

static void
show_targets_of(IVdsLun *lun)
{
	IVdsLunIscsi *iscsi = NULL;
	IVdsIscsiTarget *target;
	IEnumVdsObject *targets = NULL;
	HRESULT hr = IVdsLun_QueryInterface(lun, &IID_IVdsLunIscsi, (void **)&iscsi);

	if (FAILED(hr))
		fail("QueryInterface(IVdsLunIscsi)", hr);
	hr = IVdsLunIscsi_QueryAssociatedTargets(iscsi, &targets);
	IVdsLunIscsi_Release(iscsi);
	if (FAILED(hr)) {
		/* A failed or a busy LUN says so; the others are still worth a look. */
		printf("      %s: %s\n", VdsErrorText(hr), VdsLastErrorMessage());
		return;
	}
	while ((target = next(targets, &IID_IVdsIscsiTarget)) != NULL) {
		show_target(target);
		IVdsIscsiTarget_Release(target);
	}
	IEnumVdsObject_Release(targets);
}

static void
show_lun(IVdsLun *lun)
{
	VDS_LUN_PROP prop;
	HRESULT hr = IVdsLun_GetProperties(lun, &prop);

	if (hr == VDS_E_OBJECT_DELETED)
		return;
	if (FAILED(hr))
		fail("IVdsLun::GetProperties", hr);
	printf("   LUN ");
	print_string(prop.pwszFriendlyName);
	printf(", %llu bytes, %s, unmasked to \"", prop.ullSize,
	       prop.status == VDS_LS_ONLINE ? "online" : "not online");
	print_string(prop.pwszUnmaskingList);
	printf("\"\n");
	CoTaskMemFree(prop.pwszFriendlyName);
	CoTaskMemFree(prop.pwszIdentification);
	CoTaskMemFree(prop.pwszUnmaskingList);
	show_targets_of(lun);
}

static void
show_subsystem(IVdsSubSystem *subsystem)
{
	VDS_SUB_SYSTEM_PROP prop;
	IEnumVdsObject *luns = NULL;
	IVdsLun *lun;
	HRESULT hr = IVdsSubSystem_GetProperties(subsystem, &prop);

	if (FAILED(hr))
		fail("IVdsSubSystem::GetProperties", hr);
	printf("Subsystem ");
	print_string(prop.pwszFriendlyName);
	printf(", serial ");
	print_string(prop.pwszIdentification);
	printf("\n");
	CoTaskMemFree(prop.pwszFriendlyName);
	CoTaskMemFree(prop.pwszIdentification);
	hr = IVdsSubSystem_QueryLuns(subsystem, &luns);
	if (FAILED(hr))
		fail("IVdsSubSystem::QueryLuns", hr);
	while ((lun = next(luns, &IID_IVdsLun)) != NULL) {
		show_lun(lun);
		IVdsLun_Release(lun);
	}
	IEnumVdsObject_Release(luns);
}

int
main(int argc, char **argv)
{
	IVdsHwProvider *provider = NULL;
	IEnumVdsObject *subsystems = NULL;
	IVdsSubSystem *subsystem;
	HRESULT hr;

	if (argc == 2)
		setenv("VDS_URL", argv[1], 1);
	hr = VdsOpenHwProvider(NULL, &IID_IVdsHwProvider, (void **)&provider);
	if (FAILED(hr))
		fail("VdsOpenHwProvider", hr);
	hr = IVdsHwProvider_QuerySubSystems(provider, &subsystems);
	if (FAILED(hr))
		fail("IVdsHwProvider::QuerySubSystems", hr);
	while ((subsystem = next(subsystems, &IID_IVdsSubSystem)) != NULL) {
		show_subsystem(subsystem);
		IVdsSubSystem_Release(subsystem);
	}
	IEnumVdsObject_Release(subsystems);
	IVdsHwProvider_Release(provider);
	return 0;
}
