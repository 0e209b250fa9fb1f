/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The way into VDS, as every program takes it: COM, the loader, the service, its hardware
 * providers.  Our own provider connects to the array that $VDS_URL names.
 */
#include <vds/vdscom.h>

#include "base/mem.h"
#include "vdsctl/diskraid/exec.h"

static enum raid_exit
service_load(struct raid *raid)
{
	AUTO_RELEASE IVdsServiceLoader *loader = NULL;
	enum raid_exit rc = raid_check(raid, "CoCreateInstance",
				       CoCreateInstance(&CLSID_VdsLoader, NULL, CLSCTX_LOCAL_SERVER,
							&IID_IVdsServiceLoader, (void **)&loader));

	if (rc == RAID_OK)
		rc = raid_check(raid, "IVdsServiceLoader::LoadService",
				IVdsServiceLoader_LoadService(loader, NULL, &raid->service));
	if (rc == RAID_OK)
		rc = raid_check(raid, "IVdsService::WaitForServiceReady",
				IVdsService_WaitForServiceReady(raid->service));
	return rc;
}

enum raid_exit
raid_enter(struct raid *raid)
{
	IEnumVdsObject *list = NULL;
	enum raid_exit rc = raid_check(raid, "CoInitializeEx",
				       CoInitializeEx(NULL, COINIT_MULTITHREADED));
	HRESULT hr;

	if (rc != RAID_OK)
		return rc;
	raid->entered = true;
	rc = service_load(raid);
	if (rc != RAID_OK)
		return rc;
	hr = IVdsService_QueryProviders(raid->service, VDS_QUERY_HARDWARE_PROVIDERS, &list);
	rc = raid_objects_read(raid, RAID_PROVIDER, "IVdsService::QueryProviders", hr, list,
			       &raid->providers);
	if (rc == RAID_OK && raid->providers.count == 0)
		rc = raid_fail(raid, RAID_SERVICE,
			       "the service has no hardware provider that could be loaded; is vdsd "
			       "running, and is --url or $VDS_URL its address?");
	return rc;
}

void
raid_leave(struct raid *raid)
{
	raid_focus_clear_all(raid->focus);
	raid_objects_fini(&raid->providers);
	if (raid->service != NULL)
		IVdsService_Release(raid->service);
	raid->service = NULL;
	if (raid->entered)
		CoUninitialize();
	raid->entered = false;
}
