/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Creates a LUN and a target, gives the target a portal group with every portal of the array,
 * unmasks the LUN to one initiator and associates it with the target: after this the initiator that
 * is named can log in and use the LUN.
 *
 *	cc associate.c $(pkg-config --cflags --libs libvds) -o associate
 *	./associate SIZE_BYTES INITIATOR_IQN [URL]
 */
#define _POSIX_C_SOURCE 200809L /* setenv */

#include <stdio.h>
#include <stdlib.h>

#include <vds/libvds.h>

static void
check(const char *what, HRESULT hr)
{
	if (SUCCEEDED(hr))
		return;
	fprintf(stderr, "%s: %s: %s\n", what, VdsErrorText(hr), VdsLastErrorMessage());
	exit(1);
}

/* Text of the command line as a string for an interface; CoTaskMemFree. */
static LPWSTR
string_of(const char *text)
{
	LPWSTR string = NULL;

	check("VdsStringFromUtf8", VdsStringFromUtf8(text, &string));
	return string;
}

/*
 * Waits for an operation and checks its two results: whether waiting worked, and whether the
 * operation did.
 */
static void
wait_for(const char *what, IVdsAsync *async, VDS_ASYNC_OUTPUT *out)
{
	HRESULT result = E_UNEXPECTED;

	check("IVdsAsync::Wait", IVdsAsync_Wait(async, &result, out));
	check(what, result);
	IVdsAsync_Release(async);
}

static IVdsSubSystem *
first_subsystem(IVdsHwProvider *provider)
{
	IEnumVdsObject *list = NULL;
	IVdsSubSystem *subsystem = NULL;
	IUnknown *unknown = NULL;
	ULONG fetched = 0;

	check("QuerySubSystems", IVdsHwProvider_QuerySubSystems(provider, &list));
	if (IEnumVdsObject_Next(list, 1, &unknown, &fetched) != S_OK) {
		fprintf(stderr, "there is no subsystem\n");
		exit(1);
	}
	check("QueryInterface",
	      IUnknown_QueryInterface(unknown, &IID_IVdsSubSystem, (void **)&subsystem));
	IUnknown_Release(unknown);
	IEnumVdsObject_Release(list);
	return subsystem;
}

static IVdsLun *
create_lun(IVdsSubSystem *subsystem, ULONGLONG size, WCHAR *initiator)
{
	IVdsAsync *async = NULL;
	IVdsLun *lun = NULL;
	VDS_ASYNC_OUTPUT out;

	check("CreateLun", IVdsSubSystem_CreateLun(subsystem, VDS_LT_DEFAULT, size, NULL, 0,
						   initiator, NULL, &async));
	wait_for("CreateLun", async, &out);
	check("QueryInterface",
	      IUnknown_QueryInterface(out.cl.pLunUnk, &IID_IVdsLun, (void **)&lun));
	IUnknown_Release(out.cl.pLunUnk);
	return lun;
}

static IVdsIscsiTarget *
create_target(IVdsSubSystemIscsi *subsystem)
{
	WCHAR alias[] = u"made by an example";
	IVdsIscsiTarget *target = NULL;
	IVdsAsync *async = NULL;
	VDS_ASYNC_OUTPUT out;

	/* Without a name the array makes one. */
	check("CreateTarget", IVdsSubSystemIscsi_CreateTarget(subsystem, NULL, alias, &async));
	wait_for("CreateTarget", async, &out);
	check("QueryInterface",
	      IUnknown_QueryInterface(out.ct.pTargetUnk, &IID_IVdsIscsiTarget, (void **)&target));
	IUnknown_Release(out.ct.pTargetUnk);
	return target;
}

static IVdsIscsiPortalGroup *
create_group(IVdsIscsiTarget *target)
{
	IVdsIscsiPortalGroup *group = NULL;
	IVdsAsync *async = NULL;
	VDS_ASYNC_OUTPUT out;

	check("CreatePortalGroup", IVdsIscsiTarget_CreatePortalGroup(target, &async));
	wait_for("CreatePortalGroup", async, &out);
	check("QueryInterface",
	      IUnknown_QueryInterface(out.cpg.pPortalGroupUnk, &IID_IVdsIscsiPortalGroup,
				      (void **)&group));
	IUnknown_Release(out.cpg.pPortalGroupUnk);
	return group;
}

/* Initiators reach a target through the portals of its groups; a new target has neither. */
static void
add_all_portals(IVdsSubSystemIscsi *subsystem, IVdsIscsiPortalGroup *group)
{
	IEnumVdsObject *portals = NULL;
	IUnknown *unknown = NULL;
	ULONG fetched = 0;

	check("QueryPortals", IVdsSubSystemIscsi_QueryPortals(subsystem, &portals));
	while (IEnumVdsObject_Next(portals, 1, &unknown, &fetched) == S_OK) {
		IVdsIscsiPortal *portal = NULL;
		VDS_ISCSI_PORTAL_PROP prop;
		IVdsAsync *async = NULL;
		VDS_ASYNC_OUTPUT out;

		check("QueryInterface",
		      IUnknown_QueryInterface(unknown, &IID_IVdsIscsiPortal, (void **)&portal));
		check("IVdsIscsiPortal::GetProperties",
		      IVdsIscsiPortal_GetProperties(portal, &prop));
		check("AddPortal", IVdsIscsiPortalGroup_AddPortal(group, prop.id, &async));
		wait_for("AddPortal", async, &out);
		IVdsIscsiPortal_Release(portal);
		IUnknown_Release(unknown);
	}
	IEnumVdsObject_Release(portals);
}

/* The array is the complete new set of targets: what is left out would be dissociated. */
static void
associate(IVdsLun *lun, IVdsIscsiTarget *target)
{
	IVdsLunIscsi *iscsi = NULL;
	VDS_ISCSI_TARGET_PROP prop;
	char *name = NULL;

	check("IVdsIscsiTarget::GetProperties", IVdsIscsiTarget_GetProperties(target, &prop));
	check("QueryInterface", IVdsLun_QueryInterface(lun, &IID_IVdsLunIscsi, (void **)&iscsi));
	check("AssociateTargets", IVdsLunIscsi_AssociateTargets(iscsi, &prop.id, 1));
	check("VdsUtf8FromString", VdsUtf8FromString(prop.pwszIscsiName, &name));
	printf("The LUN is accessible through %s\n", name);
	CoTaskMemFree(name);
	CoTaskMemFree(prop.pwszIscsiName);
	CoTaskMemFree(prop.pwszFriendlyName);
	IVdsLunIscsi_Release(iscsi);
}

int
main(int argc, char **argv)
{
	IVdsHwProvider *provider = NULL;
	IVdsSubSystemIscsi *iscsi = NULL;
	IVdsIscsiPortalGroup *group;
	IVdsSubSystem *subsystem;
	IVdsIscsiTarget *target;
	LPWSTR mask;
	IVdsLun *lun;

	if (argc < 3 || argc > 4) {
		fprintf(stderr, "usage: associate SIZE_BYTES INITIATOR_IQN [URL]\n");
		return 2;
	}
	if (argc == 4)
		setenv("VDS_URL", argv[3], 1);
	check("VdsOpenHwProvider",
	      VdsOpenHwProvider(NULL, &IID_IVdsHwProvider, (void **)&provider));
	subsystem = first_subsystem(provider);
	check("QueryInterface",
	      IVdsSubSystem_QueryInterface(subsystem, &IID_IVdsSubSystemIscsi, (void **)&iscsi));
	mask = string_of(argv[2]);
	lun = create_lun(subsystem, strtoull(argv[1], NULL, 0), mask);
	CoTaskMemFree(mask);
	target = create_target(iscsi);
	group = create_group(target);
	add_all_portals(iscsi, group);
	associate(lun, target);
	IVdsIscsiPortalGroup_Release(group);
	IVdsIscsiTarget_Release(target);
	IVdsLun_Release(lun);
	IVdsSubSystemIscsi_Release(iscsi);
	IVdsSubSystem_Release(subsystem);
	IVdsHwProvider_Release(provider);
	return 0;
}
