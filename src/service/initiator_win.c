/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The host's iSCSI initiator on Windows: none.  The adapters of VDS would be those of Microsoft's
 * initiator, of which this service knows nothing; so it answers as on a computer without an
 * initiator: no name, no adapters, and logins are not possible.  Any thread may call it.
 */
#include "service/iscsiadm_int.h"

bool
service_iscsiadm_present(void)
{
	return false;
}

bool
service_iscsi_name(char name[SERVICE_ISCSI_NAME_SIZE])
{
	name[0] = '\0';
	return false;
}

HRESULT
service_iscsi_rescan(void)
{
	return S_OK;
}

static HRESULT
not_found(void)
{
	return com_fail(VDS_E_OBJECT_NOT_FOUND, "the service knows no initiator on this computer");
}

HRESULT
service_adapter_give(struct service *service, REFIID riid, void **ppv)
{
	(void)service;
	(void)riid;
	*ppv = NULL;
	return not_found();
}

HRESULT
service_initiator_get(struct service *service, const VDS_OBJECT_ID *id, VDS_OBJECT_TYPE type,
		      IUnknown **ret_object)
{
	(void)service;
	(void)id;
	(void)type;
	(void)ret_object;
	return not_found();
}
