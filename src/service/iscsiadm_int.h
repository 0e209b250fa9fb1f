/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The host's iSCSI initiator, open-iscsi.  Private to iscsiadm.c, initiator.c and adapter.c.  The
 * functions that return HRESULTs keep a text for VdsLastErrorMessage, and may wait for minutes.
 */
#ifndef VDS_SERVICE_ISCSIADM_INT_H
#define VDS_SERVICE_ISCSIADM_INT_H

#include "service/service_int.h"

#define SERVICE_ISCSI_NAME_SIZE 256 /* bytes of an iSCSI name and its NUL */

/* Returns whether the host has iscsiadm. */
bool service_iscsiadm_present(void);
/* Reads the iSCSI name of the host. Returns false when it has none. */
bool service_iscsi_name(char name[SERVICE_ISCSI_NAME_SIZE]);

struct service_login {
	char *target; /* iSCSI name */
	char *portal; /* "address:port" */
	VDS_ISCSI_LOGIN_TYPE type;
	bool header_digest, data_digest;
};

/*
 * Logs in to a target.  Returns S_OK, VDS_S_ISCSI_LOGIN_ALREAD_EXISTS (there is a session through
 * this portal), VDS_E_ISCSI_LOGIN_FAILED or E_OUTOFMEMORY.
 */
HRESULT service_iscsi_login(const struct service_login *login);
/*
 * Ends all sessions with a target.  Returns S_OK, VDS_E_ISCSI_SESSION_NOT_FOUND,
 * VDS_E_ISCSI_LOGOUT_FAILED, VDS_E_ISCSI_LOGOUT_INCOMPLETE (some are left) or E_OUTOFMEMORY.
 */
HRESULT service_iscsi_logout(const char *target);
/* Lets the host look for LUNs in all its sessions. Returns S_OK, E_FAIL or E_OUTOFMEMORY. */
HRESULT service_iscsi_rescan(void);

/*
 * Returns an interface of the host's initiator adapter (adapter.c).  Returns S_OK, E_OUTOFMEMORY or
 * VDS_E_OBJECT_NOT_FOUND (there is no open-iscsi).
 */
HRESULT service_adapter_give(struct service *service, REFIID riid, void **ppv);

#endif
