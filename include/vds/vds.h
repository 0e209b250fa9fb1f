/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The Virtual Disk Service: interfaces, structures, enumerations and constants.
 *
 * Made from idl/vds.idl by tools/gen-vds-header: change that file, not this one.
 *
 * Codes that many methods return, with the same causes each time:
 *
 *	E_INVALIDARG			a pointer is NULL that must not be, or an argument is outside its
 *					type; what [out] parameters point to is cleared first
 *	E_OUTOFMEMORY			there is no memory
 *	VDS_E_INITIALIZE_NOT_CALLED	the provider is not loaded (IVdsProviderPrivate::OnLoad)
 *	VDS_E_PROVIDER_CACHE_CORRUPT	the array cannot be reached, or what is known of it cannot be
 *					trusted: IVdsHwProvider::Reenumerate and then Refresh cure it
 *	VDS_E_OBJECT_DELETED		the object was deleted; its methods but those of IUnknown answer this
 *	VDS_E_OBJECT_STATUS_FAILED	the object has failed; a LUN: its store cannot be used
 *	VDS_E_ANOTHER_CALL_IN_PROGRESS	an operation holds the object; try again later
 *
 * They are looked for in this order.  After any failure nothing has changed.
 */
#ifndef VDS_VDS_H
#define VDS_VDS_H

#include "vdstypes.h"

/* Forward declarations */

#ifndef __IVdsAdviseSink_FWD_DEFINED__
#define __IVdsAdviseSink_FWD_DEFINED__
typedef struct IVdsAdviseSink IVdsAdviseSink;
#ifdef __cplusplus
struct IVdsAdviseSink;
#endif /* __cplusplus */
#endif

#ifndef __IEnumVdsObject_FWD_DEFINED__
#define __IEnumVdsObject_FWD_DEFINED__
typedef struct IEnumVdsObject IEnumVdsObject;
#ifdef __cplusplus
struct IEnumVdsObject;
#endif /* __cplusplus */
#endif

#ifndef __IVdsAsync_FWD_DEFINED__
#define __IVdsAsync_FWD_DEFINED__
typedef struct IVdsAsync IVdsAsync;
#ifdef __cplusplus
struct IVdsAsync;
#endif /* __cplusplus */
#endif

#ifndef __IVdsProvider_FWD_DEFINED__
#define __IVdsProvider_FWD_DEFINED__
typedef struct IVdsProvider IVdsProvider;
#ifdef __cplusplus
struct IVdsProvider;
#endif /* __cplusplus */
#endif

#ifndef __IVdsProviderSupport_FWD_DEFINED__
#define __IVdsProviderSupport_FWD_DEFINED__
typedef struct IVdsProviderSupport IVdsProviderSupport;
#ifdef __cplusplus
struct IVdsProviderSupport;
#endif /* __cplusplus */
#endif

#ifndef __IVdsProviderPrivate_FWD_DEFINED__
#define __IVdsProviderPrivate_FWD_DEFINED__
typedef struct IVdsProviderPrivate IVdsProviderPrivate;
#ifdef __cplusplus
struct IVdsProviderPrivate;
#endif /* __cplusplus */
#endif

#ifndef __IVdsAdmin_FWD_DEFINED__
#define __IVdsAdmin_FWD_DEFINED__
typedef struct IVdsAdmin IVdsAdmin;
#ifdef __cplusplus
struct IVdsAdmin;
#endif /* __cplusplus */
#endif

#ifndef __IVdsHwProviderPrivate_FWD_DEFINED__
#define __IVdsHwProviderPrivate_FWD_DEFINED__
typedef struct IVdsHwProviderPrivate IVdsHwProviderPrivate;
#ifdef __cplusplus
struct IVdsHwProviderPrivate;
#endif /* __cplusplus */
#endif

#ifndef __IVdsHwProvider_FWD_DEFINED__
#define __IVdsHwProvider_FWD_DEFINED__
typedef struct IVdsHwProvider IVdsHwProvider;
#ifdef __cplusplus
struct IVdsHwProvider;
#endif /* __cplusplus */
#endif

#ifndef __IVdsHwProviderType_FWD_DEFINED__
#define __IVdsHwProviderType_FWD_DEFINED__
typedef struct IVdsHwProviderType IVdsHwProviderType;
#ifdef __cplusplus
struct IVdsHwProviderType;
#endif /* __cplusplus */
#endif

#ifndef __IVdsHwProviderType2_FWD_DEFINED__
#define __IVdsHwProviderType2_FWD_DEFINED__
typedef struct IVdsHwProviderType2 IVdsHwProviderType2;
#ifdef __cplusplus
struct IVdsHwProviderType2;
#endif /* __cplusplus */
#endif

#ifndef __IVdsHwProviderPrivateMpio_FWD_DEFINED__
#define __IVdsHwProviderPrivateMpio_FWD_DEFINED__
typedef struct IVdsHwProviderPrivateMpio IVdsHwProviderPrivateMpio;
#ifdef __cplusplus
struct IVdsHwProviderPrivateMpio;
#endif /* __cplusplus */
#endif

#ifndef __IVdsHbaPort_FWD_DEFINED__
#define __IVdsHbaPort_FWD_DEFINED__
typedef struct IVdsHbaPort IVdsHbaPort;
#ifdef __cplusplus
struct IVdsHbaPort;
#endif /* __cplusplus */
#endif

#ifndef __IVdsIscsiInitiatorAdapter_FWD_DEFINED__
#define __IVdsIscsiInitiatorAdapter_FWD_DEFINED__
typedef struct IVdsIscsiInitiatorAdapter IVdsIscsiInitiatorAdapter;
#ifdef __cplusplus
struct IVdsIscsiInitiatorAdapter;
#endif /* __cplusplus */
#endif

#ifndef __IVdsIscsiInitiatorPortal_FWD_DEFINED__
#define __IVdsIscsiInitiatorPortal_FWD_DEFINED__
typedef struct IVdsIscsiInitiatorPortal IVdsIscsiInitiatorPortal;
#ifdef __cplusplus
struct IVdsIscsiInitiatorPortal;
#endif /* __cplusplus */
#endif

#ifndef __IVdsSubSystem_FWD_DEFINED__
#define __IVdsSubSystem_FWD_DEFINED__
typedef struct IVdsSubSystem IVdsSubSystem;
#ifdef __cplusplus
struct IVdsSubSystem;
#endif /* __cplusplus */
#endif

#ifndef __IVdsSubSystem2_FWD_DEFINED__
#define __IVdsSubSystem2_FWD_DEFINED__
typedef struct IVdsSubSystem2 IVdsSubSystem2;
#ifdef __cplusplus
struct IVdsSubSystem2;
#endif /* __cplusplus */
#endif

#ifndef __IVdsSubSystemNaming_FWD_DEFINED__
#define __IVdsSubSystemNaming_FWD_DEFINED__
typedef struct IVdsSubSystemNaming IVdsSubSystemNaming;
#ifdef __cplusplus
struct IVdsSubSystemNaming;
#endif /* __cplusplus */
#endif

#ifndef __IVdsSubSystemIscsi_FWD_DEFINED__
#define __IVdsSubSystemIscsi_FWD_DEFINED__
typedef struct IVdsSubSystemIscsi IVdsSubSystemIscsi;
#ifdef __cplusplus
struct IVdsSubSystemIscsi;
#endif /* __cplusplus */
#endif

#ifndef __IVdsSubSystemInterconnect_FWD_DEFINED__
#define __IVdsSubSystemInterconnect_FWD_DEFINED__
typedef struct IVdsSubSystemInterconnect IVdsSubSystemInterconnect;
#ifdef __cplusplus
struct IVdsSubSystemInterconnect;
#endif /* __cplusplus */
#endif

#ifndef __IVdsSubSystemImportTarget_FWD_DEFINED__
#define __IVdsSubSystemImportTarget_FWD_DEFINED__
typedef struct IVdsSubSystemImportTarget IVdsSubSystemImportTarget;
#ifdef __cplusplus
struct IVdsSubSystemImportTarget;
#endif /* __cplusplus */
#endif

#ifndef __IVdsControllerPort_FWD_DEFINED__
#define __IVdsControllerPort_FWD_DEFINED__
typedef struct IVdsControllerPort IVdsControllerPort;
#ifdef __cplusplus
struct IVdsControllerPort;
#endif /* __cplusplus */
#endif

#ifndef __IVdsController_FWD_DEFINED__
#define __IVdsController_FWD_DEFINED__
typedef struct IVdsController IVdsController;
#ifdef __cplusplus
struct IVdsController;
#endif /* __cplusplus */
#endif

#ifndef __IVdsControllerControllerPort_FWD_DEFINED__
#define __IVdsControllerControllerPort_FWD_DEFINED__
typedef struct IVdsControllerControllerPort IVdsControllerControllerPort;
#ifdef __cplusplus
struct IVdsControllerControllerPort;
#endif /* __cplusplus */
#endif

#ifndef __IVdsDrive_FWD_DEFINED__
#define __IVdsDrive_FWD_DEFINED__
typedef struct IVdsDrive IVdsDrive;
#ifdef __cplusplus
struct IVdsDrive;
#endif /* __cplusplus */
#endif

#ifndef __IVdsDrive2_FWD_DEFINED__
#define __IVdsDrive2_FWD_DEFINED__
typedef struct IVdsDrive2 IVdsDrive2;
#ifdef __cplusplus
struct IVdsDrive2;
#endif /* __cplusplus */
#endif

#ifndef __IVdsLun_FWD_DEFINED__
#define __IVdsLun_FWD_DEFINED__
typedef struct IVdsLun IVdsLun;
#ifdef __cplusplus
struct IVdsLun;
#endif /* __cplusplus */
#endif

#ifndef __IVdsLun2_FWD_DEFINED__
#define __IVdsLun2_FWD_DEFINED__
typedef struct IVdsLun2 IVdsLun2;
#ifdef __cplusplus
struct IVdsLun2;
#endif /* __cplusplus */
#endif

#ifndef __IVdsLunNaming_FWD_DEFINED__
#define __IVdsLunNaming_FWD_DEFINED__
typedef struct IVdsLunNaming IVdsLunNaming;
#ifdef __cplusplus
struct IVdsLunNaming;
#endif /* __cplusplus */
#endif

#ifndef __IVdsLunNumber_FWD_DEFINED__
#define __IVdsLunNumber_FWD_DEFINED__
typedef struct IVdsLunNumber IVdsLunNumber;
#ifdef __cplusplus
struct IVdsLunNumber;
#endif /* __cplusplus */
#endif

#ifndef __IVdsLunControllerPorts_FWD_DEFINED__
#define __IVdsLunControllerPorts_FWD_DEFINED__
typedef struct IVdsLunControllerPorts IVdsLunControllerPorts;
#ifdef __cplusplus
struct IVdsLunControllerPorts;
#endif /* __cplusplus */
#endif

#ifndef __IVdsLunMpio_FWD_DEFINED__
#define __IVdsLunMpio_FWD_DEFINED__
typedef struct IVdsLunMpio IVdsLunMpio;
#ifdef __cplusplus
struct IVdsLunMpio;
#endif /* __cplusplus */
#endif

#ifndef __IVdsLunIscsi_FWD_DEFINED__
#define __IVdsLunIscsi_FWD_DEFINED__
typedef struct IVdsLunIscsi IVdsLunIscsi;
#ifdef __cplusplus
struct IVdsLunIscsi;
#endif /* __cplusplus */
#endif

#ifndef __IVdsLunPlex_FWD_DEFINED__
#define __IVdsLunPlex_FWD_DEFINED__
typedef struct IVdsLunPlex IVdsLunPlex;
#ifdef __cplusplus
struct IVdsLunPlex;
#endif /* __cplusplus */
#endif

#ifndef __IVdsIscsiPortal_FWD_DEFINED__
#define __IVdsIscsiPortal_FWD_DEFINED__
typedef struct IVdsIscsiPortal IVdsIscsiPortal;
#ifdef __cplusplus
struct IVdsIscsiPortal;
#endif /* __cplusplus */
#endif

#ifndef __IVdsIscsiTarget_FWD_DEFINED__
#define __IVdsIscsiTarget_FWD_DEFINED__
typedef struct IVdsIscsiTarget IVdsIscsiTarget;
#ifdef __cplusplus
struct IVdsIscsiTarget;
#endif /* __cplusplus */
#endif

#ifndef __IVdsIscsiPortalGroup_FWD_DEFINED__
#define __IVdsIscsiPortalGroup_FWD_DEFINED__
typedef struct IVdsIscsiPortalGroup IVdsIscsiPortalGroup;
#ifdef __cplusplus
struct IVdsIscsiPortalGroup;
#endif /* __cplusplus */
#endif

#ifndef __IVdsIscsiPortalLocal_FWD_DEFINED__
#define __IVdsIscsiPortalLocal_FWD_DEFINED__
typedef struct IVdsIscsiPortalLocal IVdsIscsiPortalLocal;
#ifdef __cplusplus
struct IVdsIscsiPortalLocal;
#endif /* __cplusplus */
#endif

#ifndef __IVdsHwProviderStoragePools_FWD_DEFINED__
#define __IVdsHwProviderStoragePools_FWD_DEFINED__
typedef struct IVdsHwProviderStoragePools IVdsHwProviderStoragePools;
#ifdef __cplusplus
struct IVdsHwProviderStoragePools;
#endif /* __cplusplus */
#endif

#ifndef __IVdsStoragePool_FWD_DEFINED__
#define __IVdsStoragePool_FWD_DEFINED__
typedef struct IVdsStoragePool IVdsStoragePool;
#ifdef __cplusplus
struct IVdsStoragePool;
#endif /* __cplusplus */
#endif

#ifndef __IVdsMaintenance_FWD_DEFINED__
#define __IVdsMaintenance_FWD_DEFINED__
typedef struct IVdsMaintenance IVdsMaintenance;
#ifdef __cplusplus
struct IVdsMaintenance;
#endif /* __cplusplus */
#endif

#ifndef __IVdsSwProvider_FWD_DEFINED__
#define __IVdsSwProvider_FWD_DEFINED__
typedef struct IVdsSwProvider IVdsSwProvider;
#ifdef __cplusplus
struct IVdsSwProvider;
#endif /* __cplusplus */
#endif

#ifndef __IVdsPack_FWD_DEFINED__
#define __IVdsPack_FWD_DEFINED__
typedef struct IVdsPack IVdsPack;
#ifdef __cplusplus
struct IVdsPack;
#endif /* __cplusplus */
#endif

#ifndef __IVdsPack2_FWD_DEFINED__
#define __IVdsPack2_FWD_DEFINED__
typedef struct IVdsPack2 IVdsPack2;
#ifdef __cplusplus
struct IVdsPack2;
#endif /* __cplusplus */
#endif

#ifndef __IVdsDisk_FWD_DEFINED__
#define __IVdsDisk_FWD_DEFINED__
typedef struct IVdsDisk IVdsDisk;
#ifdef __cplusplus
struct IVdsDisk;
#endif /* __cplusplus */
#endif

#ifndef __IVdsDisk2_FWD_DEFINED__
#define __IVdsDisk2_FWD_DEFINED__
typedef struct IVdsDisk2 IVdsDisk2;
#ifdef __cplusplus
struct IVdsDisk2;
#endif /* __cplusplus */
#endif

#ifndef __IVdsDiskOnline_FWD_DEFINED__
#define __IVdsDiskOnline_FWD_DEFINED__
typedef struct IVdsDiskOnline IVdsDiskOnline;
#ifdef __cplusplus
struct IVdsDiskOnline;
#endif /* __cplusplus */
#endif

#ifndef __IVdsAdvancedDisk_FWD_DEFINED__
#define __IVdsAdvancedDisk_FWD_DEFINED__
typedef struct IVdsAdvancedDisk IVdsAdvancedDisk;
#ifdef __cplusplus
struct IVdsAdvancedDisk;
#endif /* __cplusplus */
#endif

#ifndef __IVdsAdvancedDisk2_FWD_DEFINED__
#define __IVdsAdvancedDisk2_FWD_DEFINED__
typedef struct IVdsAdvancedDisk2 IVdsAdvancedDisk2;
#ifdef __cplusplus
struct IVdsAdvancedDisk2;
#endif /* __cplusplus */
#endif

#ifndef __IVdsAdvancedDisk3_FWD_DEFINED__
#define __IVdsAdvancedDisk3_FWD_DEFINED__
typedef struct IVdsAdvancedDisk3 IVdsAdvancedDisk3;
#ifdef __cplusplus
struct IVdsAdvancedDisk3;
#endif /* __cplusplus */
#endif

#ifndef __IVdsCreatePartitionEx_FWD_DEFINED__
#define __IVdsCreatePartitionEx_FWD_DEFINED__
typedef struct IVdsCreatePartitionEx IVdsCreatePartitionEx;
#ifdef __cplusplus
struct IVdsCreatePartitionEx;
#endif /* __cplusplus */
#endif

#ifndef __IVdsRemovable_FWD_DEFINED__
#define __IVdsRemovable_FWD_DEFINED__
typedef struct IVdsRemovable IVdsRemovable;
#ifdef __cplusplus
struct IVdsRemovable;
#endif /* __cplusplus */
#endif

#ifndef __IVdsVolume_FWD_DEFINED__
#define __IVdsVolume_FWD_DEFINED__
typedef struct IVdsVolume IVdsVolume;
#ifdef __cplusplus
struct IVdsVolume;
#endif /* __cplusplus */
#endif

#ifndef __IVdsVolume2_FWD_DEFINED__
#define __IVdsVolume2_FWD_DEFINED__
typedef struct IVdsVolume2 IVdsVolume2;
#ifdef __cplusplus
struct IVdsVolume2;
#endif /* __cplusplus */
#endif

#ifndef __IVdsVolumeOnline_FWD_DEFINED__
#define __IVdsVolumeOnline_FWD_DEFINED__
typedef struct IVdsVolumeOnline IVdsVolumeOnline;
#ifdef __cplusplus
struct IVdsVolumeOnline;
#endif /* __cplusplus */
#endif

#ifndef __IVdsVolumePlex_FWD_DEFINED__
#define __IVdsVolumePlex_FWD_DEFINED__
typedef struct IVdsVolumePlex IVdsVolumePlex;
#ifdef __cplusplus
struct IVdsVolumePlex;
#endif /* __cplusplus */
#endif

#ifndef __IVdsDisk3_FWD_DEFINED__
#define __IVdsDisk3_FWD_DEFINED__
typedef struct IVdsDisk3 IVdsDisk3;
#ifdef __cplusplus
struct IVdsDisk3;
#endif /* __cplusplus */
#endif

#ifndef __IVdsDiskPartitionMF_FWD_DEFINED__
#define __IVdsDiskPartitionMF_FWD_DEFINED__
typedef struct IVdsDiskPartitionMF IVdsDiskPartitionMF;
#ifdef __cplusplus
struct IVdsDiskPartitionMF;
#endif /* __cplusplus */
#endif

#ifndef __IVdsVolumeMF_FWD_DEFINED__
#define __IVdsVolumeMF_FWD_DEFINED__
typedef struct IVdsVolumeMF IVdsVolumeMF;
#ifdef __cplusplus
struct IVdsVolumeMF;
#endif /* __cplusplus */
#endif

#ifndef __IVdsVolumeMF2_FWD_DEFINED__
#define __IVdsVolumeMF2_FWD_DEFINED__
typedef struct IVdsVolumeMF2 IVdsVolumeMF2;
#ifdef __cplusplus
struct IVdsVolumeMF2;
#endif /* __cplusplus */
#endif

#ifndef __IVdsVolumeShrink_FWD_DEFINED__
#define __IVdsVolumeShrink_FWD_DEFINED__
typedef struct IVdsVolumeShrink IVdsVolumeShrink;
#ifdef __cplusplus
struct IVdsVolumeShrink;
#endif /* __cplusplus */
#endif

#ifndef __IVdsVolumeMF3_FWD_DEFINED__
#define __IVdsVolumeMF3_FWD_DEFINED__
typedef struct IVdsVolumeMF3 IVdsVolumeMF3;
#ifdef __cplusplus
struct IVdsVolumeMF3;
#endif /* __cplusplus */
#endif

#ifndef __IVdsDiskPartitionMF2_FWD_DEFINED__
#define __IVdsDiskPartitionMF2_FWD_DEFINED__
typedef struct IVdsDiskPartitionMF2 IVdsDiskPartitionMF2;
#ifdef __cplusplus
struct IVdsDiskPartitionMF2;
#endif /* __cplusplus */
#endif

#ifndef __IVdsVdProvider_FWD_DEFINED__
#define __IVdsVdProvider_FWD_DEFINED__
typedef struct IVdsVdProvider IVdsVdProvider;
#ifdef __cplusplus
struct IVdsVdProvider;
#endif /* __cplusplus */
#endif

#ifndef __IVdsVDisk_FWD_DEFINED__
#define __IVdsVDisk_FWD_DEFINED__
typedef struct IVdsVDisk IVdsVDisk;
#ifdef __cplusplus
struct IVdsVDisk;
#endif /* __cplusplus */
#endif

#ifndef __IVdsOpenVDisk_FWD_DEFINED__
#define __IVdsOpenVDisk_FWD_DEFINED__
typedef struct IVdsOpenVDisk IVdsOpenVDisk;
#ifdef __cplusplus
struct IVdsOpenVDisk;
#endif /* __cplusplus */
#endif

#ifndef __IVdsServiceLoader_FWD_DEFINED__
#define __IVdsServiceLoader_FWD_DEFINED__
typedef struct IVdsServiceLoader IVdsServiceLoader;
#ifdef __cplusplus
struct IVdsServiceLoader;
#endif /* __cplusplus */
#endif

#ifndef __IVdsService_FWD_DEFINED__
#define __IVdsService_FWD_DEFINED__
typedef struct IVdsService IVdsService;
#ifdef __cplusplus
struct IVdsService;
#endif /* __cplusplus */
#endif

#ifndef __IVdsServiceUninstallDisk_FWD_DEFINED__
#define __IVdsServiceUninstallDisk_FWD_DEFINED__
typedef struct IVdsServiceUninstallDisk IVdsServiceUninstallDisk;
#ifdef __cplusplus
struct IVdsServiceUninstallDisk;
#endif /* __cplusplus */
#endif

#ifndef __IVdsServiceHba_FWD_DEFINED__
#define __IVdsServiceHba_FWD_DEFINED__
typedef struct IVdsServiceHba IVdsServiceHba;
#ifdef __cplusplus
struct IVdsServiceHba;
#endif /* __cplusplus */
#endif

#ifndef __IVdsServiceIscsi_FWD_DEFINED__
#define __IVdsServiceIscsi_FWD_DEFINED__
typedef struct IVdsServiceIscsi IVdsServiceIscsi;
#ifdef __cplusplus
struct IVdsServiceIscsi;
#endif /* __cplusplus */
#endif

#ifndef __IVdsServiceInitialization_FWD_DEFINED__
#define __IVdsServiceInitialization_FWD_DEFINED__
typedef struct IVdsServiceInitialization IVdsServiceInitialization;
#ifdef __cplusplus
struct IVdsServiceInitialization;
#endif /* __cplusplus */
#endif

#ifndef __IVdsServiceSAN_FWD_DEFINED__
#define __IVdsServiceSAN_FWD_DEFINED__
typedef struct IVdsServiceSAN IVdsServiceSAN;
#ifdef __cplusplus
struct IVdsServiceSAN;
#endif /* __cplusplus */
#endif

#ifndef __IVdsServiceSw_FWD_DEFINED__
#define __IVdsServiceSw_FWD_DEFINED__
typedef struct IVdsServiceSw IVdsServiceSw;
#ifdef __cplusplus
struct IVdsServiceSw;
#endif /* __cplusplus */
#endif

#ifndef __VdsLoader_FWD_DEFINED__
#define __VdsLoader_FWD_DEFINED__
#ifdef __cplusplus
typedef class VdsLoader VdsLoader;
#else
typedef struct VdsLoader VdsLoader;
#endif /* defined __cplusplus */
#endif /* defined __VdsLoader_FWD_DEFINED__ */

#ifndef __VdsService_FWD_DEFINED__
#define __VdsService_FWD_DEFINED__
#ifdef __cplusplus
typedef class VdsService VdsService;
#else
typedef struct VdsService VdsService;
#endif /* defined __cplusplus */
#endif /* defined __VdsService_FWD_DEFINED__ */

#ifdef __cplusplus
extern "C" {
#endif

#ifndef __IEnumVdsObject_FWD_DEFINED__
#define __IEnumVdsObject_FWD_DEFINED__
typedef struct IEnumVdsObject IEnumVdsObject;
#ifdef __cplusplus
struct IEnumVdsObject;
#endif /* __cplusplus */
#endif

#ifndef __IVdsAsync_FWD_DEFINED__
#define __IVdsAsync_FWD_DEFINED__
typedef struct IVdsAsync IVdsAsync;
#ifdef __cplusplus
struct IVdsAsync;
#endif /* __cplusplus */
#endif

#ifndef __IVdsAdviseSink_FWD_DEFINED__
#define __IVdsAdviseSink_FWD_DEFINED__
typedef struct IVdsAdviseSink IVdsAdviseSink;
#ifdef __cplusplus
struct IVdsAdviseSink;
#endif /* __cplusplus */
#endif

#ifndef __IVdsProvider_FWD_DEFINED__
#define __IVdsProvider_FWD_DEFINED__
typedef struct IVdsProvider IVdsProvider;
#ifdef __cplusplus
struct IVdsProvider;
#endif /* __cplusplus */
#endif

#ifndef __IVdsProviderSupport_FWD_DEFINED__
#define __IVdsProviderSupport_FWD_DEFINED__
typedef struct IVdsProviderSupport IVdsProviderSupport;
#ifdef __cplusplus
struct IVdsProviderSupport;
#endif /* __cplusplus */
#endif

#ifndef __IVdsProviderPrivate_FWD_DEFINED__
#define __IVdsProviderPrivate_FWD_DEFINED__
typedef struct IVdsProviderPrivate IVdsProviderPrivate;
#ifdef __cplusplus
struct IVdsProviderPrivate;
#endif /* __cplusplus */
#endif

#ifndef __IVdsAdmin_FWD_DEFINED__
#define __IVdsAdmin_FWD_DEFINED__
typedef struct IVdsAdmin IVdsAdmin;
#ifdef __cplusplus
struct IVdsAdmin;
#endif /* __cplusplus */
#endif

#ifndef __IVdsHwProviderPrivate_FWD_DEFINED__
#define __IVdsHwProviderPrivate_FWD_DEFINED__
typedef struct IVdsHwProviderPrivate IVdsHwProviderPrivate;
#ifdef __cplusplus
struct IVdsHwProviderPrivate;
#endif /* __cplusplus */
#endif

#ifndef __IVdsHwProviderPrivateMpio_FWD_DEFINED__
#define __IVdsHwProviderPrivateMpio_FWD_DEFINED__
typedef struct IVdsHwProviderPrivateMpio IVdsHwProviderPrivateMpio;
#ifdef __cplusplus
struct IVdsHwProviderPrivateMpio;
#endif /* __cplusplus */
#endif

#ifndef __IVdsHwProvider_FWD_DEFINED__
#define __IVdsHwProvider_FWD_DEFINED__
typedef struct IVdsHwProvider IVdsHwProvider;
#ifdef __cplusplus
struct IVdsHwProvider;
#endif /* __cplusplus */
#endif

#ifndef __IVdsHwProviderType_FWD_DEFINED__
#define __IVdsHwProviderType_FWD_DEFINED__
typedef struct IVdsHwProviderType IVdsHwProviderType;
#ifdef __cplusplus
struct IVdsHwProviderType;
#endif /* __cplusplus */
#endif

#ifndef __IVdsHwProviderType2_FWD_DEFINED__
#define __IVdsHwProviderType2_FWD_DEFINED__
typedef struct IVdsHwProviderType2 IVdsHwProviderType2;
#ifdef __cplusplus
struct IVdsHwProviderType2;
#endif /* __cplusplus */
#endif

#ifndef __IVdsHwProviderStoragePools_FWD_DEFINED__
#define __IVdsHwProviderStoragePools_FWD_DEFINED__
typedef struct IVdsHwProviderStoragePools IVdsHwProviderStoragePools;
#ifdef __cplusplus
struct IVdsHwProviderStoragePools;
#endif /* __cplusplus */
#endif

#ifndef __IVdsSubSystem_FWD_DEFINED__
#define __IVdsSubSystem_FWD_DEFINED__
typedef struct IVdsSubSystem IVdsSubSystem;
#ifdef __cplusplus
struct IVdsSubSystem;
#endif /* __cplusplus */
#endif

#ifndef __IVdsSubSystem2_FWD_DEFINED__
#define __IVdsSubSystem2_FWD_DEFINED__
typedef struct IVdsSubSystem2 IVdsSubSystem2;
#ifdef __cplusplus
struct IVdsSubSystem2;
#endif /* __cplusplus */
#endif

#ifndef __IVdsSubSystemNaming_FWD_DEFINED__
#define __IVdsSubSystemNaming_FWD_DEFINED__
typedef struct IVdsSubSystemNaming IVdsSubSystemNaming;
#ifdef __cplusplus
struct IVdsSubSystemNaming;
#endif /* __cplusplus */
#endif

#ifndef __IVdsSubSystemIscsi_FWD_DEFINED__
#define __IVdsSubSystemIscsi_FWD_DEFINED__
typedef struct IVdsSubSystemIscsi IVdsSubSystemIscsi;
#ifdef __cplusplus
struct IVdsSubSystemIscsi;
#endif /* __cplusplus */
#endif

#ifndef __IVdsSubSystemInterconnect_FWD_DEFINED__
#define __IVdsSubSystemInterconnect_FWD_DEFINED__
typedef struct IVdsSubSystemInterconnect IVdsSubSystemInterconnect;
#ifdef __cplusplus
struct IVdsSubSystemInterconnect;
#endif /* __cplusplus */
#endif

#ifndef __IVdsControllerPort_FWD_DEFINED__
#define __IVdsControllerPort_FWD_DEFINED__
typedef struct IVdsControllerPort IVdsControllerPort;
#ifdef __cplusplus
struct IVdsControllerPort;
#endif /* __cplusplus */
#endif

#ifndef __IVdsController_FWD_DEFINED__
#define __IVdsController_FWD_DEFINED__
typedef struct IVdsController IVdsController;
#ifdef __cplusplus
struct IVdsController;
#endif /* __cplusplus */
#endif

#ifndef __IVdsControllerControllerPort_FWD_DEFINED__
#define __IVdsControllerControllerPort_FWD_DEFINED__
typedef struct IVdsControllerControllerPort IVdsControllerControllerPort;
#ifdef __cplusplus
struct IVdsControllerControllerPort;
#endif /* __cplusplus */
#endif

#ifndef __IVdsDrive_FWD_DEFINED__
#define __IVdsDrive_FWD_DEFINED__
typedef struct IVdsDrive IVdsDrive;
#ifdef __cplusplus
struct IVdsDrive;
#endif /* __cplusplus */
#endif

#ifndef __IVdsDrive2_FWD_DEFINED__
#define __IVdsDrive2_FWD_DEFINED__
typedef struct IVdsDrive2 IVdsDrive2;
#ifdef __cplusplus
struct IVdsDrive2;
#endif /* __cplusplus */
#endif

#ifndef __IVdsLun_FWD_DEFINED__
#define __IVdsLun_FWD_DEFINED__
typedef struct IVdsLun IVdsLun;
#ifdef __cplusplus
struct IVdsLun;
#endif /* __cplusplus */
#endif

#ifndef __IVdsLun2_FWD_DEFINED__
#define __IVdsLun2_FWD_DEFINED__
typedef struct IVdsLun2 IVdsLun2;
#ifdef __cplusplus
struct IVdsLun2;
#endif /* __cplusplus */
#endif

#ifndef __IVdsLunNaming_FWD_DEFINED__
#define __IVdsLunNaming_FWD_DEFINED__
typedef struct IVdsLunNaming IVdsLunNaming;
#ifdef __cplusplus
struct IVdsLunNaming;
#endif /* __cplusplus */
#endif

#ifndef __IVdsLunNumber_FWD_DEFINED__
#define __IVdsLunNumber_FWD_DEFINED__
typedef struct IVdsLunNumber IVdsLunNumber;
#ifdef __cplusplus
struct IVdsLunNumber;
#endif /* __cplusplus */
#endif

#ifndef __IVdsLunControllerPorts_FWD_DEFINED__
#define __IVdsLunControllerPorts_FWD_DEFINED__
typedef struct IVdsLunControllerPorts IVdsLunControllerPorts;
#ifdef __cplusplus
struct IVdsLunControllerPorts;
#endif /* __cplusplus */
#endif

#ifndef __IVdsLunMpio_FWD_DEFINED__
#define __IVdsLunMpio_FWD_DEFINED__
typedef struct IVdsLunMpio IVdsLunMpio;
#ifdef __cplusplus
struct IVdsLunMpio;
#endif /* __cplusplus */
#endif

#ifndef __IVdsLunIscsi_FWD_DEFINED__
#define __IVdsLunIscsi_FWD_DEFINED__
typedef struct IVdsLunIscsi IVdsLunIscsi;
#ifdef __cplusplus
struct IVdsLunIscsi;
#endif /* __cplusplus */
#endif

#ifndef __IVdsLunPlex_FWD_DEFINED__
#define __IVdsLunPlex_FWD_DEFINED__
typedef struct IVdsLunPlex IVdsLunPlex;
#ifdef __cplusplus
struct IVdsLunPlex;
#endif /* __cplusplus */
#endif

#ifndef __IVdsIscsiPortal_FWD_DEFINED__
#define __IVdsIscsiPortal_FWD_DEFINED__
typedef struct IVdsIscsiPortal IVdsIscsiPortal;
#ifdef __cplusplus
struct IVdsIscsiPortal;
#endif /* __cplusplus */
#endif

#ifndef __IVdsIscsiTarget_FWD_DEFINED__
#define __IVdsIscsiTarget_FWD_DEFINED__
typedef struct IVdsIscsiTarget IVdsIscsiTarget;
#ifdef __cplusplus
struct IVdsIscsiTarget;
#endif /* __cplusplus */
#endif

#ifndef __IVdsIscsiPortalGroup_FWD_DEFINED__
#define __IVdsIscsiPortalGroup_FWD_DEFINED__
typedef struct IVdsIscsiPortalGroup IVdsIscsiPortalGroup;
#ifdef __cplusplus
struct IVdsIscsiPortalGroup;
#endif /* __cplusplus */
#endif

#ifndef __IVdsStoragePool_FWD_DEFINED__
#define __IVdsStoragePool_FWD_DEFINED__
typedef struct IVdsStoragePool IVdsStoragePool;
#ifdef __cplusplus
struct IVdsStoragePool;
#endif /* __cplusplus */
#endif

#ifndef __IVdsMaintenance_FWD_DEFINED__
#define __IVdsMaintenance_FWD_DEFINED__
typedef struct IVdsMaintenance IVdsMaintenance;
#ifdef __cplusplus
struct IVdsMaintenance;
#endif /* __cplusplus */
#endif

#ifndef __IVdsSwProvider_FWD_DEFINED__
#define __IVdsSwProvider_FWD_DEFINED__
typedef struct IVdsSwProvider IVdsSwProvider;
#ifdef __cplusplus
struct IVdsSwProvider;
#endif /* __cplusplus */
#endif

#ifndef __IVdsPack_FWD_DEFINED__
#define __IVdsPack_FWD_DEFINED__
typedef struct IVdsPack IVdsPack;
#ifdef __cplusplus
struct IVdsPack;
#endif /* __cplusplus */
#endif

#ifndef __IVdsPack2_FWD_DEFINED__
#define __IVdsPack2_FWD_DEFINED__
typedef struct IVdsPack2 IVdsPack2;
#ifdef __cplusplus
struct IVdsPack2;
#endif /* __cplusplus */
#endif

#ifndef __IVdsDisk_FWD_DEFINED__
#define __IVdsDisk_FWD_DEFINED__
typedef struct IVdsDisk IVdsDisk;
#ifdef __cplusplus
struct IVdsDisk;
#endif /* __cplusplus */
#endif

#ifndef __IVdsDisk2_FWD_DEFINED__
#define __IVdsDisk2_FWD_DEFINED__
typedef struct IVdsDisk2 IVdsDisk2;
#ifdef __cplusplus
struct IVdsDisk2;
#endif /* __cplusplus */
#endif

#ifndef __IVdsDiskOnline_FWD_DEFINED__
#define __IVdsDiskOnline_FWD_DEFINED__
typedef struct IVdsDiskOnline IVdsDiskOnline;
#ifdef __cplusplus
struct IVdsDiskOnline;
#endif /* __cplusplus */
#endif

#ifndef __IVdsAdvancedDisk_FWD_DEFINED__
#define __IVdsAdvancedDisk_FWD_DEFINED__
typedef struct IVdsAdvancedDisk IVdsAdvancedDisk;
#ifdef __cplusplus
struct IVdsAdvancedDisk;
#endif /* __cplusplus */
#endif

#ifndef __IVdsAdvancedDisk2_FWD_DEFINED__
#define __IVdsAdvancedDisk2_FWD_DEFINED__
typedef struct IVdsAdvancedDisk2 IVdsAdvancedDisk2;
#ifdef __cplusplus
struct IVdsAdvancedDisk2;
#endif /* __cplusplus */
#endif

#ifndef __IVdsAdvancedDisk3_FWD_DEFINED__
#define __IVdsAdvancedDisk3_FWD_DEFINED__
typedef struct IVdsAdvancedDisk3 IVdsAdvancedDisk3;
#ifdef __cplusplus
struct IVdsAdvancedDisk3;
#endif /* __cplusplus */
#endif

#ifndef __IVdsCreatePartitionEx_FWD_DEFINED__
#define __IVdsCreatePartitionEx_FWD_DEFINED__
typedef struct IVdsCreatePartitionEx IVdsCreatePartitionEx;
#ifdef __cplusplus
struct IVdsCreatePartitionEx;
#endif /* __cplusplus */
#endif

#ifndef __IVdsRemovable_FWD_DEFINED__
#define __IVdsRemovable_FWD_DEFINED__
typedef struct IVdsRemovable IVdsRemovable;
#ifdef __cplusplus
struct IVdsRemovable;
#endif /* __cplusplus */
#endif

#ifndef __IVdsVolume_FWD_DEFINED__
#define __IVdsVolume_FWD_DEFINED__
typedef struct IVdsVolume IVdsVolume;
#ifdef __cplusplus
struct IVdsVolume;
#endif /* __cplusplus */
#endif

#ifndef __IVdsVolume2_FWD_DEFINED__
#define __IVdsVolume2_FWD_DEFINED__
typedef struct IVdsVolume2 IVdsVolume2;
#ifdef __cplusplus
struct IVdsVolume2;
#endif /* __cplusplus */
#endif

#ifndef __IVdsVolumeOnline_FWD_DEFINED__
#define __IVdsVolumeOnline_FWD_DEFINED__
typedef struct IVdsVolumeOnline IVdsVolumeOnline;
#ifdef __cplusplus
struct IVdsVolumeOnline;
#endif /* __cplusplus */
#endif

#ifndef __IVdsVolumePlex_FWD_DEFINED__
#define __IVdsVolumePlex_FWD_DEFINED__
typedef struct IVdsVolumePlex IVdsVolumePlex;
#ifdef __cplusplus
struct IVdsVolumePlex;
#endif /* __cplusplus */
#endif

#ifndef __IVdsDisk3_FWD_DEFINED__
#define __IVdsDisk3_FWD_DEFINED__
typedef struct IVdsDisk3 IVdsDisk3;
#ifdef __cplusplus
struct IVdsDisk3;
#endif /* __cplusplus */
#endif

#ifndef __IVdsVdProvider_FWD_DEFINED__
#define __IVdsVdProvider_FWD_DEFINED__
typedef struct IVdsVdProvider IVdsVdProvider;
#ifdef __cplusplus
struct IVdsVdProvider;
#endif /* __cplusplus */
#endif

#ifndef __IVdsVDisk_FWD_DEFINED__
#define __IVdsVDisk_FWD_DEFINED__
typedef struct IVdsVDisk IVdsVDisk;
#ifdef __cplusplus
struct IVdsVDisk;
#endif /* __cplusplus */
#endif

#ifndef __IVdsOpenVDisk_FWD_DEFINED__
#define __IVdsOpenVDisk_FWD_DEFINED__
typedef struct IVdsOpenVDisk IVdsOpenVDisk;
#ifdef __cplusplus
struct IVdsOpenVDisk;
#endif /* __cplusplus */
#endif

#ifndef __IVdsServiceLoader_FWD_DEFINED__
#define __IVdsServiceLoader_FWD_DEFINED__
typedef struct IVdsServiceLoader IVdsServiceLoader;
#ifdef __cplusplus
struct IVdsServiceLoader;
#endif /* __cplusplus */
#endif

#ifndef __IVdsService_FWD_DEFINED__
#define __IVdsService_FWD_DEFINED__
typedef struct IVdsService IVdsService;
#ifdef __cplusplus
struct IVdsService;
#endif /* __cplusplus */
#endif

#ifndef __IVdsServiceUninstallDisk_FWD_DEFINED__
#define __IVdsServiceUninstallDisk_FWD_DEFINED__
typedef struct IVdsServiceUninstallDisk IVdsServiceUninstallDisk;
#ifdef __cplusplus
struct IVdsServiceUninstallDisk;
#endif /* __cplusplus */
#endif

#ifndef __IVdsServiceHba_FWD_DEFINED__
#define __IVdsServiceHba_FWD_DEFINED__
typedef struct IVdsServiceHba IVdsServiceHba;
#ifdef __cplusplus
struct IVdsServiceHba;
#endif /* __cplusplus */
#endif

#ifndef __IVdsServiceIscsi_FWD_DEFINED__
#define __IVdsServiceIscsi_FWD_DEFINED__
typedef struct IVdsServiceIscsi IVdsServiceIscsi;
#ifdef __cplusplus
struct IVdsServiceIscsi;
#endif /* __cplusplus */
#endif

#ifndef __IVdsServiceInitialization_FWD_DEFINED__
#define __IVdsServiceInitialization_FWD_DEFINED__
typedef struct IVdsServiceInitialization IVdsServiceInitialization;
#ifdef __cplusplus
struct IVdsServiceInitialization;
#endif /* __cplusplus */
#endif

#ifndef __IVdsHbaPort_FWD_DEFINED__
#define __IVdsHbaPort_FWD_DEFINED__
typedef struct IVdsHbaPort IVdsHbaPort;
#ifdef __cplusplus
struct IVdsHbaPort;
#endif /* __cplusplus */
#endif

#ifndef __IVdsIscsiInitiatorAdapter_FWD_DEFINED__
#define __IVdsIscsiInitiatorAdapter_FWD_DEFINED__
typedef struct IVdsIscsiInitiatorAdapter IVdsIscsiInitiatorAdapter;
#ifdef __cplusplus
struct IVdsIscsiInitiatorAdapter;
#endif /* __cplusplus */
#endif

#ifndef __IVdsIscsiInitiatorPortal_FWD_DEFINED__
#define __IVdsIscsiInitiatorPortal_FWD_DEFINED__
typedef struct IVdsIscsiInitiatorPortal IVdsIscsiInitiatorPortal;
#ifdef __cplusplus
struct IVdsIscsiInitiatorPortal;
#endif /* __cplusplus */
#endif

#ifndef __IVdsDiskPartitionMF_FWD_DEFINED__
#define __IVdsDiskPartitionMF_FWD_DEFINED__
typedef struct IVdsDiskPartitionMF IVdsDiskPartitionMF;
#ifdef __cplusplus
struct IVdsDiskPartitionMF;
#endif /* __cplusplus */
#endif

#ifndef __IVdsVolumeMF_FWD_DEFINED__
#define __IVdsVolumeMF_FWD_DEFINED__
typedef struct IVdsVolumeMF IVdsVolumeMF;
#ifdef __cplusplus
struct IVdsVolumeMF;
#endif /* __cplusplus */
#endif

#ifndef __IVdsVolumeMF2_FWD_DEFINED__
#define __IVdsVolumeMF2_FWD_DEFINED__
typedef struct IVdsVolumeMF2 IVdsVolumeMF2;
#ifdef __cplusplus
struct IVdsVolumeMF2;
#endif /* __cplusplus */
#endif

#ifndef __IVdsVolumeShrink_FWD_DEFINED__
#define __IVdsVolumeShrink_FWD_DEFINED__
typedef struct IVdsVolumeShrink IVdsVolumeShrink;
#ifdef __cplusplus
struct IVdsVolumeShrink;
#endif /* __cplusplus */
#endif

#ifndef __IVdsSubSystemImportTarget_FWD_DEFINED__
#define __IVdsSubSystemImportTarget_FWD_DEFINED__
typedef struct IVdsSubSystemImportTarget IVdsSubSystemImportTarget;
#ifdef __cplusplus
struct IVdsSubSystemImportTarget;
#endif /* __cplusplus */
#endif

#ifndef __IVdsIscsiPortalLocal_FWD_DEFINED__
#define __IVdsIscsiPortalLocal_FWD_DEFINED__
typedef struct IVdsIscsiPortalLocal IVdsIscsiPortalLocal;
#ifdef __cplusplus
struct IVdsIscsiPortalLocal;
#endif /* __cplusplus */
#endif

#ifndef __IVdsServiceSAN_FWD_DEFINED__
#define __IVdsServiceSAN_FWD_DEFINED__
typedef struct IVdsServiceSAN IVdsServiceSAN;
#ifdef __cplusplus
struct IVdsServiceSAN;
#endif /* __cplusplus */
#endif

#ifndef __IVdsVolumeMF3_FWD_DEFINED__
#define __IVdsVolumeMF3_FWD_DEFINED__
typedef struct IVdsVolumeMF3 IVdsVolumeMF3;
#ifdef __cplusplus
struct IVdsVolumeMF3;
#endif /* __cplusplus */
#endif

#ifndef __IVdsDiskPartitionMF2_FWD_DEFINED__
#define __IVdsDiskPartitionMF2_FWD_DEFINED__
typedef struct IVdsDiskPartitionMF2 IVdsDiskPartitionMF2;
#ifdef __cplusplus
struct IVdsDiskPartitionMF2;
#endif /* __cplusplus */
#endif

#ifndef __IVdsServiceSw_FWD_DEFINED__
#define __IVdsServiceSw_FWD_DEFINED__
typedef struct IVdsServiceSw IVdsServiceSw;
#ifdef __cplusplus
struct IVdsServiceSw;
#endif /* __cplusplus */
#endif

/* How the bytes of a designator are to be read (SPC: code set). */
typedef enum _VDS_STORAGE_IDENTIFIER_CODE_SET {
    VDSStorageIdCodeSetReserved = 0,
    VDSStorageIdCodeSetBinary = 1,
    VDSStorageIdCodeSetAscii = 2,
    VDSStorageIdCodeSetUtf8 = 3
} VDS_STORAGE_IDENTIFIER_CODE_SET;
/* What kind of name a designator is (SPC: designator type). */
typedef enum _VDS_STORAGE_IDENTIFIER_TYPE {
    VDSStorageIdTypeVendorSpecific = 0,
    VDSStorageIdTypeVendorId = 1,
    VDSStorageIdTypeEUI64 = 2,
    VDSStorageIdTypeFCPHName = 3,
    VDSStorageIdTypePortRelative = 4,
    VDSStorageIdTypeTargetPortGroup = 5,
    VDSStorageIdTypeLogicalUnitGroup = 6,
    VDSStorageIdTypeMD5LogicalUnitIdentifier = 7,
    VDSStorageIdTypeScsiNameString = 8
} VDS_STORAGE_IDENTIFIER_TYPE;
/* The bus by which a host reaches a disk. */
typedef enum _VDS_STORAGE_BUS_TYPE {
    VDSBusTypeUnknown = 0,
    VDSBusTypeScsi = 1,
    VDSBusTypeAtapi = 2,
    VDSBusTypeAta = 3,
    VDSBusType1394 = 4,
    VDSBusTypeSsa = 5,
    VDSBusTypeFibre = 6,
    VDSBusTypeUsb = 7,
    VDSBusTypeRAID = 8,
    VDSBusTypeiScsi = 9,
    VDSBusTypeSas = 10,
    VDSBusTypeSata = 11,
    VDSBusTypeSd = 12,
    VDSBusTypeMmc = 13,
    VDSBusTypeMax = 14,
    VDSBusTypeVirtual = 14,
    VDSBusTypeFileBackedVirtual = 15,
    VDSBusTypeSpaces = 16,
    VDSBusTypeNVMe = 17,
    VDSBusTypeScm = 18,
    VDSBusTypeUfs = 19,
    VDSBusTypeMaxReserved = 127
} VDS_STORAGE_BUS_TYPE;
/* What kind of address a VDS_INTERCONNECT holds. */
typedef enum _VDS_INTERCONNECT_ADDRESS_TYPE {
    VDS_IA_UNKNOWN = 0,
    VDS_IA_FCFS = 1,
    VDS_IA_FCPH = 2,
    VDS_IA_FCPH3 = 3,
    VDS_IA_MAC = 4,
    VDS_IA_SCSI = 5
} VDS_INTERCONNECT_ADDRESS_TYPE;
#define VER_VDS_LUN_INFORMATION (1) /* m_version value */

/* One designator from the VPD page 83h of a LUN. */
typedef struct _VDS_STORAGE_IDENTIFIER {
    VDS_STORAGE_IDENTIFIER_CODE_SET m_CodeSet; /* how the bytes are to be read */
    VDS_STORAGE_IDENTIFIER_TYPE m_Type; /* what kind of name the bytes are */
    ULONG m_cbIdentifier; /* length of m_rgbIdentifier in bytes */
    BYTE *m_rgbIdentifier; /* the bytes of the designator */
} VDS_STORAGE_IDENTIFIER;
/* The designators from the VPD page 83h of a LUN. */
typedef struct _VDS_STORAGE_DEVICE_ID_DESCRIPTOR {
    ULONG m_version; /* version of this structure */
    ULONG m_cIdentifiers; /* number of elements of m_rgIdentifiers */
    /* the designators, in the order of the page */
    VDS_STORAGE_IDENTIFIER *m_rgIdentifiers;
} VDS_STORAGE_DEVICE_ID_DESCRIPTOR;
/* One address by which a LUN is reached. */
typedef struct _VDS_INTERCONNECT {
    VDS_INTERCONNECT_ADDRESS_TYPE m_addressType; /* what kind of address this is */
    ULONG m_cbPort; /* length of m_pbPort in bytes */
    BYTE *m_pbPort; /* the port by which the address is reached */
    ULONG m_cbAddress; /* length of m_pbAddress in bytes */
    BYTE *m_pbAddress; /* the address */
} VDS_INTERCONNECT;
/*
 * Identifies a LUN by what SCSI INQUIRY and the VPD pages 80h and 83h report. VSS uses the same
 * structure.
 */
typedef struct _VDS_LUN_INFORMATION {
    ULONG m_version; /* VER_VDS_LUN_INFORMATION (1) */
    BYTE m_DeviceType; /* SCSI peripheral device type; 0 = disk */
    BYTE m_DeviceTypeModifier; /* SCSI device type modifier; 0 = none */
    BOOL m_bCommandQueueing; /* TRUE when the LUN takes several commands at one time */
    VDS_STORAGE_BUS_TYPE m_BusType; /* the bus that the driver reports; comparisons ignore it */
    unsigned char *m_szVendorId; /* vendor from INQUIRY, ASCII; NULL = none */
    /* product from INQUIRY, ASCII; NULL = none */
    unsigned char *m_szProductId;
    /* revision of the product from INQUIRY, ASCII; NULL = none */
    unsigned char *m_szProductRevision;
    /* serial number from the VPD page 80h, ASCII; NULL = none */
    unsigned char *m_szSerialNumber;
    /*
     * MBR disk: the first 32 bits hold its signature, the rest is zero. GPT disk: its GUID.
     * Zero when the disk has neither or when this is not known.
     */
    GUID m_diskSignature;
    /* the designators of the logical unit from the VPD page 83h */
    VDS_STORAGE_DEVICE_ID_DESCRIPTOR m_deviceIdDescriptor;
    ULONG m_cInterconnects; /* number of elements of m_rgInterconnects; may be 0 */
    /* addresses by which the LUN is reached */
    VDS_INTERCONNECT *m_rgInterconnects;
} VDS_LUN_INFORMATION;
/* GUID naming a VDS object; stable only for the life of a VDS session except for provider ids */
typedef GUID VDS_OBJECT_ID;
/* The class of a VDS object. */
typedef enum _VDS_OBJECT_TYPE {
    VDS_OT_UNKNOWN = 0,
    VDS_OT_PROVIDER = 1,
    VDS_OT_PACK = 10,
    VDS_OT_VOLUME = 11,
    VDS_OT_VOLUME_PLEX = 12,
    VDS_OT_DISK = 13,
    VDS_OT_SUB_SYSTEM = 30,
    VDS_OT_CONTROLLER = 31,
    VDS_OT_DRIVE = 32,
    VDS_OT_LUN = 33,
    VDS_OT_LUN_PLEX = 34,
    VDS_OT_PORT = 35,
    VDS_OT_PORTAL = 36,
    VDS_OT_TARGET = 37,
    VDS_OT_PORTAL_GROUP = 38,
    VDS_OT_STORAGE_POOL = 39,
    VDS_OT_HBAPORT = 90,
    VDS_OT_INIT_ADAPTER = 91,
    VDS_OT_INIT_PORTAL = 92,
    VDS_OT_ASYNC = 100,
    VDS_OT_ENUM = 101,
    VDS_OT_VDISK = 200,
    VDS_OT_OPEN_VDISK = 201
} VDS_OBJECT_TYPE;
/* Which members of VDS_IPADDRESS hold the address. */
typedef enum VDS_IPADDRESS_TYPE {
    VDS_IPT_TEXT = 0,
    VDS_IPT_IPV4 = 1,
    VDS_IPT_IPV6 = 2,
    VDS_IPT_EMPTY = 3
} VDS_IPADDRESS_TYPE;
/* The health of an object. Each kind of object uses only some of these values. */
typedef enum _VDS_HEALTH {
    VDS_H_UNKNOWN = 0,
    VDS_H_HEALTHY = 1,
    VDS_H_REBUILDING = 2,
    VDS_H_STALE = 3,
    VDS_H_FAILING = 4,
    VDS_H_FAILING_REDUNDANCY = 5,
    VDS_H_FAILED_REDUNDANCY = 6,
    VDS_H_FAILED_REDUNDANCY_FAILING = 7,
    VDS_H_FAILED = 8,
    VDS_H_REPLACED = 9,
    VDS_H_PENDING_FAILURE = 10,
    VDS_H_DEGRADED = 11
} VDS_HEALTH;
/* Whether the configuration of an object is being changed. */
typedef enum _VDS_TRANSITION_STATE {
    VDS_TS_UNKNOWN = 0,
    VDS_TS_STABLE = 1,
    VDS_TS_EXTENDING = 2,
    VDS_TS_SHRINKING = 3,
    VDS_TS_RECONFIGING = 4,
    VDS_TS_RESTRIPING = 5
} VDS_TRANSITION_STATE;
/* The file system on a volume. */
typedef enum _VDS_FILE_SYSTEM_TYPE {
    VDS_FST_UNKNOWN = 0,
    VDS_FST_RAW = 1,
    VDS_FST_FAT = 2,
    VDS_FST_FAT32 = 3,
    VDS_FST_NTFS = 4,
    VDS_FST_CDFS = 5,
    VDS_FST_UDF = 6,
    VDS_FST_EXFAT = 7,
    VDS_FST_CSVFS = 8,
    VDS_FST_REFS = 9
} VDS_FILE_SYSTEM_TYPE;
/* By which kind of interconnect the LUNs of a hardware provider are reached. */
typedef enum _VDS_HWPROVIDER_TYPE {
    VDS_HWT_UNKNOWN = 0,
    VDS_HWT_PCI_RAID = 1,
    VDS_HWT_FIBRE_CHANNEL = 2,
    VDS_HWT_ISCSI = 3,
    VDS_HWT_SAS = 4,
    VDS_HWT_HYBRID = 5
} VDS_HWPROVIDER_TYPE;
/* The RAID level of a storage pool. */
typedef enum _VDS_RAID_TYPE {
    VDS_RT_UNKNOWN = 0,
    VDS_RT_RAID0 = 10,
    VDS_RT_RAID1 = 11,
    VDS_RT_RAID2 = 12,
    VDS_RT_RAID3 = 13,
    VDS_RT_RAID4 = 14,
    VDS_RT_RAID5 = 15,
    VDS_RT_RAID6 = 16,
    VDS_RT_RAID01 = 17,
    VDS_RT_RAID03 = 18,
    VDS_RT_RAID05 = 19,
    VDS_RT_RAID10 = 20,
    VDS_RT_RAID15 = 21,
    VDS_RT_RAID30 = 22,
    VDS_RT_RAID50 = 23,
    VDS_RT_RAID51 = 24,
    VDS_RT_RAID53 = 25,
    VDS_RT_RAID60 = 26,
    VDS_RT_RAID61 = 27
} VDS_RAID_TYPE;
/* The World Wide Name of a Fibre Channel or SAS port or node. */
typedef struct _VDS_WWN {
    UCHAR rguchWwn[8]; /* the most significant byte is first */
} VDS_WWN;
/* An IP address and a TCP port. */
typedef struct _VDS_IPADDRESS {
    VDS_IPADDRESS_TYPE type; /* which members hold the address */
    /* The address as a number: the first octet is in bits 24-31, the last in bits 0-7. */
    ULONG ipv4Address;
    UCHAR ipv6Address[16]; /* the address in network byte order */
    ULONG ulIpv6FlowInfo; /* IPv6 flow information; 0 = none */
    ULONG ulIpv6ScopeId; /* IPv6 scope id (for link-local addresses); 0 = none */
    WCHAR wszTextAddress[257]; /* a DNS name, or an IPv4 or IPv6 address as text */
    ULONG ulPort; /* TCP port; with the types TEXT, IPV4 and IPV6 */
} VDS_IPADDRESS;
/* What a program must do after VDS_NF_SERVICE_OUT_OF_SYNC. */
typedef enum _VDS_RECOVER_ACTION {
    VDS_RA_UNKNOWN = 0,
    VDS_RA_REFRESH = 1,
    VDS_RA_RESTART = 2
} VDS_RECOVER_ACTION;
/* The kind of object that a notification is about; selects the member of the union. */
typedef enum _VDS_NOTIFICATION_TARGET_TYPE {
    VDS_NTT_UNKNOWN = 0,
    VDS_NTT_PACK = 10,
    VDS_NTT_VOLUME = 11,
    VDS_NTT_DISK = 13,
    VDS_NTT_PARTITION = 60,
    VDS_NTT_DRIVE_LETTER = 61,
    VDS_NTT_FILE_SYSTEM = 62,
    VDS_NTT_MOUNT_POINT = 63,
    VDS_NTT_SUB_SYSTEM = 30,
    VDS_NTT_CONTROLLER = 31,
    VDS_NTT_DRIVE = 32,
    VDS_NTT_LUN = 33,
    VDS_NTT_PORT = 35,
    VDS_NTT_PORTAL = 36,
    VDS_NTT_TARGET = 37,
    VDS_NTT_PORTAL_GROUP = 38,
    VDS_NTT_SERVICE = 200
} VDS_NOTIFICATION_TARGET_TYPE;
#define VDS_NF_PACK_ARRIVE (1)

#define VDS_NF_PACK_DEPART (2)

#define VDS_NF_PACK_MODIFY (3)

#define VDS_NF_VOLUME_ARRIVE (4)

#define VDS_NF_VOLUME_DEPART (5)

#define VDS_NF_VOLUME_MODIFY (6)

#define VDS_NF_VOLUME_REBUILDING_PROGRESS (7)

#define VDS_NF_DISK_ARRIVE (8)

#define VDS_NF_DISK_DEPART (9)

#define VDS_NF_DISK_MODIFY (10)

#define VDS_NF_PARTITION_ARRIVE (11)

#define VDS_NF_PARTITION_DEPART (12)

#define VDS_NF_PARTITION_MODIFY (13)

#define VDS_NF_SUB_SYSTEM_ARRIVE (101) /* a subsystem was connected */

#define VDS_NF_SUB_SYSTEM_DEPART (102) /* a subsystem was disconnected */

#define VDS_NF_CONTROLLER_ARRIVE (103) /* a controller was added */

#define VDS_NF_CONTROLLER_DEPART (104) /* a controller was unplugged */

#define VDS_NF_DRIVE_ARRIVE (105) /* a drive was added */

#define VDS_NF_DRIVE_DEPART (106) /* a drive was unplugged */

#define VDS_NF_DRIVE_MODIFY (107) /* a property or an extent of a drive changed */

#define VDS_NF_LUN_ARRIVE (108) /* a LUN was created */

#define VDS_NF_LUN_DEPART (109) /* a LUN was deleted */

#define VDS_NF_LUN_MODIFY (110) /* a property or the set of plexes of a LUN changed */

#define VDS_NF_PORT_ARRIVE (121) /* a controller port was added */

#define VDS_NF_PORT_DEPART (122) /* a controller port was removed */

#define VDS_NF_PORTAL_ARRIVE (123) /* an iSCSI portal was created */

#define VDS_NF_PORTAL_DEPART (124) /* an iSCSI portal was removed */

#define VDS_NF_PORTAL_MODIFY (125) /* a property of an iSCSI portal changed */

#define VDS_NF_TARGET_ARRIVE (126) /* an iSCSI target was created */

#define VDS_NF_TARGET_DEPART (127) /* an iSCSI target was deleted */

#define VDS_NF_TARGET_MODIFY (128) /* a property of an iSCSI target changed */

#define VDS_NF_PORTAL_GROUP_ARRIVE (129) /* a portal group was created */

#define VDS_NF_PORTAL_GROUP_DEPART (130) /* a portal group was deleted */

#define VDS_NF_PORTAL_GROUP_MODIFY (131) /* a portal group changed */

#define VDS_NF_SUB_SYSTEM_MODIFY (151) /* a member of VDS_SUB_SYSTEM_PROP changed */

#define VDS_NF_DRIVE_LETTER_FREE (201)

#define VDS_NF_DRIVE_LETTER_ASSIGN (202)

#define VDS_NF_FILE_SYSTEM_MODIFY (203)

#define VDS_NF_FILE_SYSTEM_FORMAT_PROGRESS (204)

#define VDS_NF_MOUNT_POINTS_CHANGE (205)

#define VDS_NF_FILE_SYSTEM_SHRINKING_PROGRESS (206)

/* what is known may be wrong; VDS_RECOVER_ACTION says what to do */
#define VDS_NF_SERVICE_OUT_OF_SYNC (301)

#define VDS_NF_CONTROLLER_MODIFY (350) /* a property of a controller changed (VDS 3.0) */

/* a controller is present but cannot be used (VDS 3.0) */
#define VDS_NF_CONTROLLER_REMOVED (351)

#define VDS_NF_PORT_MODIFY (352) /* a property of a controller port changed (VDS 3.0) */

/* a controller port is present but cannot be used (VDS 3.0) */
#define VDS_NF_PORT_REMOVED (353)

#define VDS_NF_DRIVE_REMOVED (354) /* a drive has left its RAID group or pool (VDS 3.0) */

/* A change of a pack. Software providers send it. */
typedef struct _VDS_PACK_NOTIFICATION {
    ULONG ulEvent; /* VDS_NF_PACK_* */
    VDS_OBJECT_ID packId; /* the pack */
} VDS_PACK_NOTIFICATION;
/* A change of a disk. Software providers send it. */
typedef struct _VDS_DISK_NOTIFICATION {
    ULONG ulEvent; /* VDS_NF_DISK_* */
    VDS_OBJECT_ID diskId; /* the disk */
} VDS_DISK_NOTIFICATION;
/* A change of a volume. Software providers send it. */
typedef struct _VDS_VOLUME_NOTIFICATION {
    ULONG ulEvent; /* VDS_NF_VOLUME_* */
    VDS_OBJECT_ID volumeId; /* the volume */
    VDS_OBJECT_ID plexId; /* the plex that is being rebuilt; else GUID_NULL */
    ULONG ulPercentCompleted; /* progress of the rebuild, 0 to 100 */
} VDS_VOLUME_NOTIFICATION;
/* A change of a partition. Software providers send it. */
typedef struct _VDS_PARTITION_NOTIFICATION {
    ULONG ulEvent; /* VDS_NF_PARTITION_* */
    VDS_OBJECT_ID diskId; /* the disk of the partition */
    ULONGLONG ullOffset; /* where the partition begins, in bytes */
} VDS_PARTITION_NOTIFICATION;
/* The service or libvds has lost notifications. */
typedef struct _VDS_SERVICE_NOTIFICATION {
    ULONG ulEvent; /* VDS_NF_SERVICE_OUT_OF_SYNC */
    VDS_RECOVER_ACTION action; /* what the program must do */
} VDS_SERVICE_NOTIFICATION;
/* A drive letter was assigned or became free. The VDS service sends it. */
typedef struct _VDS_DRIVE_LETTER_NOTIFICATION {
    ULONG ulEvent; /* VDS_NF_DRIVE_LETTER_* */
    WCHAR wcLetter; /* the drive letter */
    VDS_OBJECT_ID volumeId; /* the volume of the drive letter */
} VDS_DRIVE_LETTER_NOTIFICATION;
/* A change of a file system. The VDS service sends it. */
typedef struct _VDS_FILE_SYSTEM_NOTIFICATION {
    ULONG ulEvent; /* VDS_NF_FILE_SYSTEM_* */
    VDS_OBJECT_ID volumeId; /* the volume of the file system */
    DWORD dwPercentCompleted; /* progress of formatting or shrinking, 0 to 100 */
} VDS_FILE_SYSTEM_NOTIFICATION;
/* The mount points of a volume changed. The VDS service sends it. */
typedef struct _VDS_MOUNT_POINT_NOTIFICATION {
    ULONG ulEvent; /* VDS_NF_MOUNT_POINTS_CHANGE */
    VDS_OBJECT_ID volumeId; /* the volume */
} VDS_MOUNT_POINT_NOTIFICATION;
/* A change of a subsystem. */
typedef struct _VDS_SUB_SYSTEM_NOTIFICATION {
    ULONG ulEvent; /* VDS_NF_SUB_SYSTEM_* */
    VDS_OBJECT_ID subSystemId; /* the subsystem */
} VDS_SUB_SYSTEM_NOTIFICATION;
/* A change of a controller. */
typedef struct _VDS_CONTROLLER_NOTIFICATION {
    ULONG ulEvent; /* VDS_NF_CONTROLLER_* */
    VDS_OBJECT_ID controllerId; /* the controller */
} VDS_CONTROLLER_NOTIFICATION;
/* A change of a drive. */
typedef struct _VDS_DRIVE_NOTIFICATION {
    ULONG ulEvent; /* VDS_NF_DRIVE_* */
    VDS_OBJECT_ID driveId; /* the drive */
} VDS_DRIVE_NOTIFICATION;
/* A change of a LUN. */
typedef struct _VDS_LUN_NOTIFICATION {
    ULONG ulEvent; /* VDS_NF_LUN_* */
    VDS_OBJECT_ID LunId; /* the LUN */
} VDS_LUN_NOTIFICATION;
/* A change of a controller port. */
typedef struct _VDS_PORT_NOTIFICATION {
    ULONG ulEvent; /* VDS_NF_PORT_* */
    VDS_OBJECT_ID portId; /* the controller port */
} VDS_PORT_NOTIFICATION;
/* A change of an iSCSI portal. */
typedef struct _VDS_PORTAL_NOTIFICATION {
    ULONG ulEvent; /* VDS_NF_PORTAL_* */
    VDS_OBJECT_ID portalId; /* the portal */
} VDS_PORTAL_NOTIFICATION;
/* A change of an iSCSI target. */
typedef struct _VDS_TARGET_NOTIFICATION {
    ULONG ulEvent; /* VDS_NF_TARGET_* */
    VDS_OBJECT_ID targetId; /* the target */
} VDS_TARGET_NOTIFICATION;
/* A change of a portal group. */
typedef struct _VDS_PORTAL_GROUP_NOTIFICATION {
    ULONG ulEvent; /* VDS_NF_PORTAL_GROUP_* */
    VDS_OBJECT_ID portalGroupId; /* the portal group */
} VDS_PORTAL_GROUP_NOTIFICATION;
/* One change, as IVdsAdviseSink::OnNotify receives it. The notification has ids, not objects. */
typedef struct _VDS_NOTIFICATION {
    VDS_NOTIFICATION_TARGET_TYPE objectType; /* which member of the union is valid */
    union {
        VDS_PACK_NOTIFICATION Pack;
        VDS_DISK_NOTIFICATION Disk;
        VDS_VOLUME_NOTIFICATION Volume;
        VDS_PARTITION_NOTIFICATION Partition;
        VDS_DRIVE_LETTER_NOTIFICATION Letter;
        VDS_FILE_SYSTEM_NOTIFICATION FileSystem;
        VDS_MOUNT_POINT_NOTIFICATION MountPoint;
        VDS_SUB_SYSTEM_NOTIFICATION SubSystem;
        VDS_CONTROLLER_NOTIFICATION Controller;
        VDS_DRIVE_NOTIFICATION Drive;
        VDS_LUN_NOTIFICATION Lun;
        VDS_PORT_NOTIFICATION Port;
        VDS_PORTAL_NOTIFICATION Portal;
        VDS_TARGET_NOTIFICATION Target;
        VDS_PORTAL_GROUP_NOTIFICATION PortalGroup;
        VDS_SERVICE_NOTIFICATION Service;
    };
} VDS_NOTIFICATION;
/*****************************************************************************
 * IVdsAdviseSink interface
 *
 * Callback (sink) object. By service (for providers); application (for service). VDS 1.0.
 */
#ifndef __IVdsAdviseSink_INTERFACE_DEFINED__
#define __IVdsAdviseSink_INTERFACE_DEFINED__

DEFINE_GUID(IID_IVdsAdviseSink, 0x8326cd1d, 0xcf59, 0x4936, 0xb7,0x86, 0x5e,0xfc,0x08,0x79,0x8e,0x25);
#if defined(__cplusplus) && !defined(CINTERFACE)
MIDL_INTERFACE("8326cd1d-cf59-4936-b786-5efc08798e25")
IVdsAdviseSink : public IUnknown
{
    /*
     * Called by the provider to deliver 1 to 100 notifications at once. What one action caused
     * comes in one call, if it fits. The notifications carry ids, not objects: after a DEPART
     * the object is gone. The receiver owns pNotificationArray and frees it with CoTaskMemFree,
     * although it is an [in] parameter.
     * The program implements this method. It must not call Refresh of the provider from here,
     * since that causes notifications.
     * libvds: calls it on a thread of its own that holds no lock, so it may call everything,
     * also Refresh, which notifies only of differences. A sink that falls behind by 65,536
     * notifications loses some and gets VDS_NF_SERVICE_OUT_OF_SYNC. A sink that returns that its
     * process is gone (RPC_E_DISCONNECTED and its like) is released and gets nothing any more;
     * another result has no effect.
     *
     * Returns S_OK, S_FALSE (the receiver is not ready, or has lost notifications).
     */
    virtual HRESULT STDMETHODCALLTYPE OnNotify(
        LONG lNumberOfNotifications,
        VDS_NOTIFICATION *pNotificationArray) = 0;

};
#ifdef __CRT_UUID_DECL
__CRT_UUID_DECL(IVdsAdviseSink, 0x8326cd1d, 0xcf59, 0x4936, 0xb7,0x86, 0x5e,0xfc,0x08,0x79,0x8e,0x25)
#endif
#else
typedef struct IVdsAdviseSinkVtbl {
    BEGIN_INTERFACE

    /*** IUnknown methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryInterface)(
        IVdsAdviseSink *This,
        const IID *riid,
        void **ppvObject);

    ULONG (STDMETHODCALLTYPE *AddRef)(
        IVdsAdviseSink *This);

    ULONG (STDMETHODCALLTYPE *Release)(
        IVdsAdviseSink *This);

    /*** IVdsAdviseSink methods ***/
    HRESULT (STDMETHODCALLTYPE *OnNotify)(
        IVdsAdviseSink *This,
        LONG lNumberOfNotifications,
        VDS_NOTIFICATION *pNotificationArray);

    END_INTERFACE
} IVdsAdviseSinkVtbl;

struct IVdsAdviseSink {
    CONST_VTBL IVdsAdviseSinkVtbl* lpVtbl;
};

#ifdef COBJMACROS
#ifndef WIDL_C_INLINE_WRAPPERS
/*** IUnknown methods ***/
#define IVdsAdviseSink_QueryInterface(This,riid,ppvObject) (This)->lpVtbl->QueryInterface(This,riid,ppvObject)
#define IVdsAdviseSink_AddRef(This) (This)->lpVtbl->AddRef(This)
#define IVdsAdviseSink_Release(This) (This)->lpVtbl->Release(This)
/*** IVdsAdviseSink methods ***/
#define IVdsAdviseSink_OnNotify(This,lNumberOfNotifications,pNotificationArray) (This)->lpVtbl->OnNotify(This,lNumberOfNotifications,pNotificationArray)
#else
/*** IUnknown methods ***/
static FORCEINLINE HRESULT IVdsAdviseSink_QueryInterface(IVdsAdviseSink* This,const IID *riid,void **ppvObject) {
    return This->lpVtbl->QueryInterface(This,riid,ppvObject);
}
static FORCEINLINE ULONG IVdsAdviseSink_AddRef(IVdsAdviseSink* This) {
    return This->lpVtbl->AddRef(This);
}
static FORCEINLINE ULONG IVdsAdviseSink_Release(IVdsAdviseSink* This) {
    return This->lpVtbl->Release(This);
}
/*** IVdsAdviseSink methods ***/
/*
 * Called by the provider to deliver 1 to 100 notifications at once. What one action caused
 * comes in one call, if it fits. The notifications carry ids, not objects: after a DEPART
 * the object is gone. The receiver owns pNotificationArray and frees it with CoTaskMemFree,
 * although it is an [in] parameter.
 * The program implements this method. It must not call Refresh of the provider from here,
 * since that causes notifications.
 * libvds: calls it on a thread of its own that holds no lock, so it may call everything,
 * also Refresh, which notifies only of differences. A sink that falls behind by 65,536
 * notifications loses some and gets VDS_NF_SERVICE_OUT_OF_SYNC. A sink that returns that its
 * process is gone (RPC_E_DISCONNECTED and its like) is released and gets nothing any more;
 * another result has no effect.
 *
 * Returns S_OK, S_FALSE (the receiver is not ready, or has lost notifications).
 */
static FORCEINLINE HRESULT IVdsAdviseSink_OnNotify(IVdsAdviseSink* This,LONG lNumberOfNotifications,VDS_NOTIFICATION *pNotificationArray) {
    return This->lpVtbl->OnNotify(This,lNumberOfNotifications,pNotificationArray);
}
#endif
#endif

#endif

#endif  /* __IVdsAdviseSink_INTERFACE_DEFINED__ */

/*
 * The operation that an IVdsAsync stands for; selects the member of the union in VDS_ASYNC_OUTPUT.
 * Operations that are not listed with a member have no output.
 */
typedef enum _VDS_ASYNC_OUTPUT_TYPE {
    VDS_ASYNCOUT_UNKNOWN = 0,
    VDS_ASYNCOUT_CREATEVOLUME = 1,
    VDS_ASYNCOUT_EXTENDVOLUME = 2,
    VDS_ASYNCOUT_SHRINKVOLUME = 3,
    VDS_ASYNCOUT_ADDVOLUMEPLEX = 4,
    VDS_ASYNCOUT_BREAKVOLUMEPLEX = 5,
    VDS_ASYNCOUT_REMOVEVOLUMEPLEX = 6,
    VDS_ASYNCOUT_REPAIRVOLUMEPLEX = 7,
    VDS_ASYNCOUT_RECOVERPACK = 8,
    VDS_ASYNCOUT_REPLACEDISK = 9,
    VDS_ASYNCOUT_CREATEPARTITION = 10,
    VDS_ASYNCOUT_CLEAN = 11,
    VDS_ASYNCOUT_CREATELUN = 50,
    VDS_ASYNCOUT_ADDLUNPLEX = 52,
    VDS_ASYNCOUT_REMOVELUNPLEX = 53,
    VDS_ASYNCOUT_EXTENDLUN = 54,
    VDS_ASYNCOUT_SHRINKLUN = 55,
    VDS_ASYNCOUT_RECOVERLUN = 56,
    VDS_ASYNCOUT_LOGINTOTARGET = 60,
    VDS_ASYNCOUT_LOGOUTFROMTARGET = 61,
    VDS_ASYNCOUT_CREATETARGET = 62,
    VDS_ASYNCOUT_CREATEPORTALGROUP = 63,
    VDS_ASYNCOUT_DELETETARGET = 64,
    VDS_ASYNCOUT_ADDPORTAL = 65,
    VDS_ASYNCOUT_REMOVEPORTAL = 66,
    VDS_ASYNCOUT_DELETEPORTALGROUP = 67,
    VDS_ASYNCOUT_FORMAT = 101,
    VDS_ASYNCOUT_CREATE_VDISK = 200,
    VDS_ASYNCOUT_ATTACH_VDISK = 201,
    VDS_ASYNCOUT_COMPACT_VDISK = 202,
    VDS_ASYNCOUT_MERGE_VDISK = 203,
    VDS_ASYNCOUT_EXPAND_VDISK = 204
} VDS_ASYNC_OUTPUT_TYPE;
/* What creating a partition returns. */
typedef struct _VDS_ASYNC_OUTPUT_CP {
    ULONGLONG ullOffset; /* where the partition begins, in bytes */
    VDS_OBJECT_ID volumeId; /* the volume on the partition */
} VDS_ASYNC_OUTPUT_CP;
/* What creating a volume returns. */
typedef struct _VDS_ASYNC_OUTPUT_CV {
    IUnknown *pVolumeUnk; /* the new volume, with one reference that the caller releases */
} VDS_ASYNC_OUTPUT_CV;
/* What breaking off a plex of a volume returns. */
typedef struct _VDS_ASYNC_OUTPUT_BVP {
    IUnknown *pVolumeUnk; /* the new volume, with one reference that the caller releases */
} VDS_ASYNC_OUTPUT_BVP;
/* What shrinking a volume returns. */
typedef struct _VDS_ASYNC_OUTPUT_SV {
    ULONGLONG ullReclaimedBytes; /* by how many bytes the volume was shrunk */
} VDS_ASYNC_OUTPUT_SV;
/* What creating a LUN returns. */
typedef struct _VDS_ASYNC_OUTPUT_CL {
    IUnknown *pLunUnk; /* the new LUN, with one reference that the caller releases */
} VDS_ASYNC_OUTPUT_CL;
/* What creating an iSCSI target returns. */
typedef struct _VDS_ASYNC_OUTPUT_CT {
    IUnknown *pTargetUnk; /* the new target, with one reference that the caller releases */
} VDS_ASYNC_OUTPUT_CT;
/* What creating a portal group returns. */
typedef struct _VDS_ASYNC_OUTPUT_CPG {
    IUnknown *pPortalGroupUnk; /* the new group, with one reference that the caller releases */
} VDS_ASYNC_OUTPUT_CPG;
/* What creating a virtual disk returns. */
typedef struct _VDS_ASYNC_OUTPUT_CVD {
    IUnknown *pVDiskUnk; /* the new virtual disk, with one reference that the caller releases */
} VDS_ASYNC_OUTPUT_CVD;
/*
 * What IVdsAsync::Wait returns when the operation has succeeded. Only the member that type selects
 * is valid; an object in it has one reference that the caller releases.
 */
typedef struct _VDS_ASYNC_OUTPUT {
    VDS_ASYNC_OUTPUT_TYPE type; /* the operation */
    union {
        VDS_ASYNC_OUTPUT_CP cp;
        VDS_ASYNC_OUTPUT_CV cv;
        VDS_ASYNC_OUTPUT_BVP bvp;
        VDS_ASYNC_OUTPUT_SV sv;
        VDS_ASYNC_OUTPUT_CL cl;
        VDS_ASYNC_OUTPUT_CT ct;
        VDS_ASYNC_OUTPUT_CPG cpg;
        VDS_ASYNC_OUTPUT_CVD cvd;
    };
} VDS_ASYNC_OUTPUT;
/*****************************************************************************
 * IEnumVdsObject interface
 *
 * Enumeration object. By provider and service. VDS 1.0.
 */
#ifndef __IEnumVdsObject_INTERFACE_DEFINED__
#define __IEnumVdsObject_INTERFACE_DEFINED__

DEFINE_GUID(IID_IEnumVdsObject, 0x118610b7, 0x8d94, 0x4030, 0xb5,0xb8, 0x50,0x08,0x89,0x78,0x8e,0x4e);
#if defined(__cplusplus) && !defined(CINTERFACE)
MIDL_INTERFACE("118610b7-8d94-4030-b5b8-500889788e4e")
IEnumVdsObject : public IUnknown
{
    /*
     * Hands out the next objects of the list and moves the cursor behind them. ppObjectArray is
     * an array of celt places that the caller provides; each of the first *pcFetched places
     * gets the IUnknown of an object, with one reference that the caller releases. pcFetched
     * must not be NULL, also when celt is 1. The list is a snapshot: an object that was deleted
     * meanwhile is still handed out, and its methods return VDS_E_OBJECT_DELETED.
     * libvds: celt 0 returns S_OK and no object; several threads may share one enumerator, and
     * each element goes to one of them.
     *
     * Returns S_OK, S_FALSE (there were fewer, or none).
     */
    virtual HRESULT STDMETHODCALLTYPE Next(
        ULONG celt,
        IUnknown **ppObjectArray,
        ULONG *pcFetched) = 0;

    /*
     * Moves the cursor over celt objects without handing them out. When fewer are left, the
     * cursor stands at the end afterwards.
     *
     * Returns S_OK, S_FALSE (there were fewer).
     */
    virtual HRESULT STDMETHODCALLTYPE Skip(
        ULONG celt) = 0;

    /*
     * Moves the cursor to the first object again. The list stays the snapshot that it was: to
     * see changes, query again.
     *
     * Returns S_OK.
     */
    virtual HRESULT STDMETHODCALLTYPE Reset(
        ) = 0;

    /*
     * Makes a second enumerator over the same list, with the cursor where this one is. From
     * then on the two move independently. *ppEnum has one reference that the caller releases.
     *
     * Returns S_OK.
     */
    virtual HRESULT STDMETHODCALLTYPE Clone(
        IEnumVdsObject **ppEnum) = 0;

};
#ifdef __CRT_UUID_DECL
__CRT_UUID_DECL(IEnumVdsObject, 0x118610b7, 0x8d94, 0x4030, 0xb5,0xb8, 0x50,0x08,0x89,0x78,0x8e,0x4e)
#endif
#else
typedef struct IEnumVdsObjectVtbl {
    BEGIN_INTERFACE

    /*** IUnknown methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryInterface)(
        IEnumVdsObject *This,
        const IID *riid,
        void **ppvObject);

    ULONG (STDMETHODCALLTYPE *AddRef)(
        IEnumVdsObject *This);

    ULONG (STDMETHODCALLTYPE *Release)(
        IEnumVdsObject *This);

    /*** IEnumVdsObject methods ***/
    HRESULT (STDMETHODCALLTYPE *Next)(
        IEnumVdsObject *This,
        ULONG celt,
        IUnknown **ppObjectArray,
        ULONG *pcFetched);

    HRESULT (STDMETHODCALLTYPE *Skip)(
        IEnumVdsObject *This,
        ULONG celt);

    HRESULT (STDMETHODCALLTYPE *Reset)(
        IEnumVdsObject *This);

    HRESULT (STDMETHODCALLTYPE *Clone)(
        IEnumVdsObject *This,
        IEnumVdsObject **ppEnum);

    END_INTERFACE
} IEnumVdsObjectVtbl;

struct IEnumVdsObject {
    CONST_VTBL IEnumVdsObjectVtbl* lpVtbl;
};

#ifdef COBJMACROS
#ifndef WIDL_C_INLINE_WRAPPERS
/*** IUnknown methods ***/
#define IEnumVdsObject_QueryInterface(This,riid,ppvObject) (This)->lpVtbl->QueryInterface(This,riid,ppvObject)
#define IEnumVdsObject_AddRef(This) (This)->lpVtbl->AddRef(This)
#define IEnumVdsObject_Release(This) (This)->lpVtbl->Release(This)
/*** IEnumVdsObject methods ***/
#define IEnumVdsObject_Next(This,celt,ppObjectArray,pcFetched) (This)->lpVtbl->Next(This,celt,ppObjectArray,pcFetched)
#define IEnumVdsObject_Skip(This,celt) (This)->lpVtbl->Skip(This,celt)
#define IEnumVdsObject_Reset(This) (This)->lpVtbl->Reset(This)
#define IEnumVdsObject_Clone(This,ppEnum) (This)->lpVtbl->Clone(This,ppEnum)
#else
/*** IUnknown methods ***/
static FORCEINLINE HRESULT IEnumVdsObject_QueryInterface(IEnumVdsObject* This,const IID *riid,void **ppvObject) {
    return This->lpVtbl->QueryInterface(This,riid,ppvObject);
}
static FORCEINLINE ULONG IEnumVdsObject_AddRef(IEnumVdsObject* This) {
    return This->lpVtbl->AddRef(This);
}
static FORCEINLINE ULONG IEnumVdsObject_Release(IEnumVdsObject* This) {
    return This->lpVtbl->Release(This);
}
/*** IEnumVdsObject methods ***/
/*
 * Hands out the next objects of the list and moves the cursor behind them. ppObjectArray is
 * an array of celt places that the caller provides; each of the first *pcFetched places
 * gets the IUnknown of an object, with one reference that the caller releases. pcFetched
 * must not be NULL, also when celt is 1. The list is a snapshot: an object that was deleted
 * meanwhile is still handed out, and its methods return VDS_E_OBJECT_DELETED.
 * libvds: celt 0 returns S_OK and no object; several threads may share one enumerator, and
 * each element goes to one of them.
 *
 * Returns S_OK, S_FALSE (there were fewer, or none).
 */
static FORCEINLINE HRESULT IEnumVdsObject_Next(IEnumVdsObject* This,ULONG celt,IUnknown **ppObjectArray,ULONG *pcFetched) {
    return This->lpVtbl->Next(This,celt,ppObjectArray,pcFetched);
}
/*
 * Moves the cursor over celt objects without handing them out. When fewer are left, the
 * cursor stands at the end afterwards.
 *
 * Returns S_OK, S_FALSE (there were fewer).
 */
static FORCEINLINE HRESULT IEnumVdsObject_Skip(IEnumVdsObject* This,ULONG celt) {
    return This->lpVtbl->Skip(This,celt);
}
/*
 * Moves the cursor to the first object again. The list stays the snapshot that it was: to
 * see changes, query again.
 *
 * Returns S_OK.
 */
static FORCEINLINE HRESULT IEnumVdsObject_Reset(IEnumVdsObject* This) {
    return This->lpVtbl->Reset(This);
}
/*
 * Makes a second enumerator over the same list, with the cursor where this one is. From
 * then on the two move independently. *ppEnum has one reference that the caller releases.
 *
 * Returns S_OK.
 */
static FORCEINLINE HRESULT IEnumVdsObject_Clone(IEnumVdsObject* This,IEnumVdsObject **ppEnum) {
    return This->lpVtbl->Clone(This,ppEnum);
}
#endif
#endif

#endif

#endif  /* __IEnumVdsObject_INTERFACE_DEFINED__ */

/*****************************************************************************
 * IVdsAsync interface
 *
 * Async object. By provider and service. VDS 1.0.
 */
#ifndef __IVdsAsync_INTERFACE_DEFINED__
#define __IVdsAsync_INTERFACE_DEFINED__

DEFINE_GUID(IID_IVdsAsync, 0xd5d23b6d, 0x5a55, 0x4492, 0x98,0x89, 0x39,0x7a,0x3c,0x2d,0x2d,0xbc);
#if defined(__cplusplus) && !defined(CINTERFACE)
MIDL_INTERFACE("d5d23b6d-5a55-4492-9889-397a3c2d2dbc")
IVdsAsync : public IUnknown
{
    /*
     * Asks the array to stop the operation. When that succeeds, the operation ends with
     * VDS_E_OPERATION_CANCELED and changes nothing; when it is refused, the operation goes on
     * as if nothing had been asked.
     * libvds: creating and extending a thick LUN can be cancelled while space is being
     * allocated. Returns when the operation has stopped.
     *
     * Returns S_OK, VDS_E_NOT_SUPPORTED (it cannot be cancelled), VDS_E_OPERATION_CANCELED (it
     * was cancelled already), VDS_E_CANCEL_TOO_LATE (it can no longer be stopped),
     * VDS_E_ACCESS_DENIED (the caller may not do this).
     */
    virtual HRESULT STDMETHODCALLTYPE Cancel(
        ) = 0;

    /*
     * Waits until the operation has ended and reports two results: the returned HRESULT says
     * whether waiting worked, *pHrResult whether the operation did. Test both. pAsyncOut->type
     * names the operation; for VDS_ASYNCOUT_CREATELUN, _CREATETARGET and _CREATEPORTALGROUP
     * pAsyncOut holds the IUnknown of the new object with one reference for the caller, when
     * both results are successes, else NULL. Neither pointer may be NULL.
     * libvds: waits as long as the operation takes, and may be called again.
     *
     * Returns S_OK.
     */
    virtual HRESULT STDMETHODCALLTYPE Wait(
        HRESULT *pHrResult,
        VDS_ASYNC_OUTPUT *pAsyncOut) = 0;

    /*
     * Reports how the operation stands without waiting. *pHrResult is VDS_E_OPERATION_PENDING
     * while it runs, then its result. *pulPercentCompleted is 0 to 99 while it runs and 100
     * afterwards; 0 also when the progress is not known.
     * libvds: returns S_OK also while the operation runs. The object keeps the outcome, also when
     * the array has forgotten the operation after a day; VDS_E_OBJECT_NOT_FOUND when there was no
     * contact with the array all that time. On failure *pHrResult is the same code and
     * *pulPercentCompleted 0.
     *
     * Returns S_OK, VDS_E_OPERATION_PENDING (it still runs).
     */
    virtual HRESULT STDMETHODCALLTYPE QueryStatus(
        HRESULT *pHrResult,
        ULONG *pulPercentCompleted) = 0;

};
#ifdef __CRT_UUID_DECL
__CRT_UUID_DECL(IVdsAsync, 0xd5d23b6d, 0x5a55, 0x4492, 0x98,0x89, 0x39,0x7a,0x3c,0x2d,0x2d,0xbc)
#endif
#else
typedef struct IVdsAsyncVtbl {
    BEGIN_INTERFACE

    /*** IUnknown methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryInterface)(
        IVdsAsync *This,
        const IID *riid,
        void **ppvObject);

    ULONG (STDMETHODCALLTYPE *AddRef)(
        IVdsAsync *This);

    ULONG (STDMETHODCALLTYPE *Release)(
        IVdsAsync *This);

    /*** IVdsAsync methods ***/
    HRESULT (STDMETHODCALLTYPE *Cancel)(
        IVdsAsync *This);

    HRESULT (STDMETHODCALLTYPE *Wait)(
        IVdsAsync *This,
        HRESULT *pHrResult,
        VDS_ASYNC_OUTPUT *pAsyncOut);

    HRESULT (STDMETHODCALLTYPE *QueryStatus)(
        IVdsAsync *This,
        HRESULT *pHrResult,
        ULONG *pulPercentCompleted);

    END_INTERFACE
} IVdsAsyncVtbl;

struct IVdsAsync {
    CONST_VTBL IVdsAsyncVtbl* lpVtbl;
};

#ifdef COBJMACROS
#ifndef WIDL_C_INLINE_WRAPPERS
/*** IUnknown methods ***/
#define IVdsAsync_QueryInterface(This,riid,ppvObject) (This)->lpVtbl->QueryInterface(This,riid,ppvObject)
#define IVdsAsync_AddRef(This) (This)->lpVtbl->AddRef(This)
#define IVdsAsync_Release(This) (This)->lpVtbl->Release(This)
/*** IVdsAsync methods ***/
#define IVdsAsync_Cancel(This) (This)->lpVtbl->Cancel(This)
#define IVdsAsync_Wait(This,pHrResult,pAsyncOut) (This)->lpVtbl->Wait(This,pHrResult,pAsyncOut)
#define IVdsAsync_QueryStatus(This,pHrResult,pulPercentCompleted) (This)->lpVtbl->QueryStatus(This,pHrResult,pulPercentCompleted)
#else
/*** IUnknown methods ***/
static FORCEINLINE HRESULT IVdsAsync_QueryInterface(IVdsAsync* This,const IID *riid,void **ppvObject) {
    return This->lpVtbl->QueryInterface(This,riid,ppvObject);
}
static FORCEINLINE ULONG IVdsAsync_AddRef(IVdsAsync* This) {
    return This->lpVtbl->AddRef(This);
}
static FORCEINLINE ULONG IVdsAsync_Release(IVdsAsync* This) {
    return This->lpVtbl->Release(This);
}
/*** IVdsAsync methods ***/
/*
 * Asks the array to stop the operation. When that succeeds, the operation ends with
 * VDS_E_OPERATION_CANCELED and changes nothing; when it is refused, the operation goes on
 * as if nothing had been asked.
 * libvds: creating and extending a thick LUN can be cancelled while space is being
 * allocated. Returns when the operation has stopped.
 *
 * Returns S_OK, VDS_E_NOT_SUPPORTED (it cannot be cancelled), VDS_E_OPERATION_CANCELED (it
 * was cancelled already), VDS_E_CANCEL_TOO_LATE (it can no longer be stopped),
 * VDS_E_ACCESS_DENIED (the caller may not do this).
 */
static FORCEINLINE HRESULT IVdsAsync_Cancel(IVdsAsync* This) {
    return This->lpVtbl->Cancel(This);
}
/*
 * Waits until the operation has ended and reports two results: the returned HRESULT says
 * whether waiting worked, *pHrResult whether the operation did. Test both. pAsyncOut->type
 * names the operation; for VDS_ASYNCOUT_CREATELUN, _CREATETARGET and _CREATEPORTALGROUP
 * pAsyncOut holds the IUnknown of the new object with one reference for the caller, when
 * both results are successes, else NULL. Neither pointer may be NULL.
 * libvds: waits as long as the operation takes, and may be called again.
 *
 * Returns S_OK.
 */
static FORCEINLINE HRESULT IVdsAsync_Wait(IVdsAsync* This,HRESULT *pHrResult,VDS_ASYNC_OUTPUT *pAsyncOut) {
    return This->lpVtbl->Wait(This,pHrResult,pAsyncOut);
}
/*
 * Reports how the operation stands without waiting. *pHrResult is VDS_E_OPERATION_PENDING
 * while it runs, then its result. *pulPercentCompleted is 0 to 99 while it runs and 100
 * afterwards; 0 also when the progress is not known.
 * libvds: returns S_OK also while the operation runs. The object keeps the outcome, also when
 * the array has forgotten the operation after a day; VDS_E_OBJECT_NOT_FOUND when there was no
 * contact with the array all that time. On failure *pHrResult is the same code and
 * *pulPercentCompleted 0.
 *
 * Returns S_OK, VDS_E_OPERATION_PENDING (it still runs).
 */
static FORCEINLINE HRESULT IVdsAsync_QueryStatus(IVdsAsync* This,HRESULT *pHrResult,ULONG *pulPercentCompleted) {
    return This->lpVtbl->QueryStatus(This,pHrResult,pulPercentCompleted);
}
#endif
#endif

#endif

#endif  /* __IVdsAsync_INTERFACE_DEFINED__ */

/* The kind of a provider. */
typedef enum _VDS_PROVIDER_TYPE {
    VDS_PT_UNKNOWN = 0,
    VDS_PT_SOFTWARE = 1,
    VDS_PT_HARDWARE = 2,
    VDS_PT_VIRTUALDISK = 3,
    VDS_PT_MAX = 4
} VDS_PROVIDER_TYPE;
/* Bits of VDS_PROVIDER_PROP.ulFlags. */
typedef enum _VDS_PROVIDER_FLAG {
    VDS_PF_DYNAMIC = 0x1,
    VDS_PF_INTERNAL_HARDWARE_PROVIDER = 0x2,
    VDS_PF_ONE_DISK_ONLY_PER_PACK = 0x4,
    VDS_PF_ONE_PACK_ONLINE_ONLY = 0x8,
    VDS_PF_VOLUME_SPACE_MUST_BE_CONTIGUOUS = 0x10,
    VDS_PF_SUPPORT_DYNAMIC = -2147483647 - 1,
    VDS_PF_SUPPORT_FAULT_TOLERANT = 0x40000000,
    VDS_PF_SUPPORT_DYNAMIC_1394 = 0x20000000,
    VDS_PF_SUPPORT_MIRROR = 0x20,
    VDS_PF_SUPPORT_RAID5 = 0x40
} VDS_PROVIDER_FLAG;
/* Bits for the versions of VDS that a provider supports. */
typedef enum _VDS_VERSION_SUPPORT_FLAG {
    VDS_VSF_1_0 = 0x1,
    VDS_VSF_1_1 = 0x2,
    VDS_VSF_2_0 = 0x4,
    VDS_VSF_2_1 = 0x8,
    VDS_VSF_3_0 = 0x10
} VDS_VERSION_SUPPORT_FLAG;
/* Properties of a provider. The caller frees the strings with CoTaskMemFree. */
typedef struct _VDS_PROVIDER_PROP {
    VDS_OBJECT_ID id; /* the id of the provider; never changes */
    LPWSTR pwszName; /* the name of the provider */
    GUID guidVersionId; /* a GUID that each version of the provider has for itself */
    LPWSTR pwszVersion; /* version, by convention "major.minor" */
    VDS_PROVIDER_TYPE type; /* VDS_PT_HARDWARE for a hardware provider */
    ULONG ulFlags; /* bits of VDS_PROVIDER_FLAG */
    /* bit n: stripes of 2^n bytes are possible (software providers only) */
    ULONG ulStripeSizeFlags;
    SHORT sRebuildPriority; /* 0 to 15 (software providers only) */
} VDS_PROVIDER_PROP;
/*****************************************************************************
 * IVdsProvider interface
 *
 * Provider. By provider and service. VDS 1.0.
 */
#ifndef __IVdsProvider_INTERFACE_DEFINED__
#define __IVdsProvider_INTERFACE_DEFINED__

DEFINE_GUID(IID_IVdsProvider, 0x10c5e575, 0x7984, 0x4e81, 0xa5,0x6b, 0x43,0x1f,0x5f,0x92,0xae,0x42);
#if defined(__cplusplus) && !defined(CINTERFACE)
MIDL_INTERFACE("10c5e575-7984-4e81-a56b-431f5f92ae42")
IVdsProvider : public IUnknown
{
    /*
     * Fills the properties of the provider: its id, name, version and type. id and
     * guidVersionId are the only ids of VDS that are permanent. The caller frees
     * pwszName and pwszVersion with CoTaskMemFree.
     * libvds: type is VDS_PT_HARDWARE; needs no connection.
     *
     * Returns S_OK, VDS_S_PROPERTIES_INCOMPLETE (some members could not be filled and are 0).
     */
    virtual HRESULT STDMETHODCALLTYPE GetProperties(
        VDS_PROVIDER_PROP *pProviderProp) = 0;

};
#ifdef __CRT_UUID_DECL
__CRT_UUID_DECL(IVdsProvider, 0x10c5e575, 0x7984, 0x4e81, 0xa5,0x6b, 0x43,0x1f,0x5f,0x92,0xae,0x42)
#endif
#else
typedef struct IVdsProviderVtbl {
    BEGIN_INTERFACE

    /*** IUnknown methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryInterface)(
        IVdsProvider *This,
        const IID *riid,
        void **ppvObject);

    ULONG (STDMETHODCALLTYPE *AddRef)(
        IVdsProvider *This);

    ULONG (STDMETHODCALLTYPE *Release)(
        IVdsProvider *This);

    /*** IVdsProvider methods ***/
    HRESULT (STDMETHODCALLTYPE *GetProperties)(
        IVdsProvider *This,
        VDS_PROVIDER_PROP *pProviderProp);

    END_INTERFACE
} IVdsProviderVtbl;

struct IVdsProvider {
    CONST_VTBL IVdsProviderVtbl* lpVtbl;
};

#ifdef COBJMACROS
#ifndef WIDL_C_INLINE_WRAPPERS
/*** IUnknown methods ***/
#define IVdsProvider_QueryInterface(This,riid,ppvObject) (This)->lpVtbl->QueryInterface(This,riid,ppvObject)
#define IVdsProvider_AddRef(This) (This)->lpVtbl->AddRef(This)
#define IVdsProvider_Release(This) (This)->lpVtbl->Release(This)
/*** IVdsProvider methods ***/
#define IVdsProvider_GetProperties(This,pProviderProp) (This)->lpVtbl->GetProperties(This,pProviderProp)
#else
/*** IUnknown methods ***/
static FORCEINLINE HRESULT IVdsProvider_QueryInterface(IVdsProvider* This,const IID *riid,void **ppvObject) {
    return This->lpVtbl->QueryInterface(This,riid,ppvObject);
}
static FORCEINLINE ULONG IVdsProvider_AddRef(IVdsProvider* This) {
    return This->lpVtbl->AddRef(This);
}
static FORCEINLINE ULONG IVdsProvider_Release(IVdsProvider* This) {
    return This->lpVtbl->Release(This);
}
/*** IVdsProvider methods ***/
/*
 * Fills the properties of the provider: its id, name, version and type. id and
 * guidVersionId are the only ids of VDS that are permanent. The caller frees
 * pwszName and pwszVersion with CoTaskMemFree.
 * libvds: type is VDS_PT_HARDWARE; needs no connection.
 *
 * Returns S_OK, VDS_S_PROPERTIES_INCOMPLETE (some members could not be filled and are 0).
 */
static FORCEINLINE HRESULT IVdsProvider_GetProperties(IVdsProvider* This,VDS_PROVIDER_PROP *pProviderProp) {
    return This->lpVtbl->GetProperties(This,pProviderProp);
}
#endif
#endif

#endif

#endif  /* __IVdsProvider_INTERFACE_DEFINED__ */

/*****************************************************************************
 * IVdsProviderSupport interface
 *
 * Provider. By provider (optional) and service. VDS 1.1.
 */
#ifndef __IVdsProviderSupport_INTERFACE_DEFINED__
#define __IVdsProviderSupport_INTERFACE_DEFINED__

DEFINE_GUID(IID_IVdsProviderSupport, 0x1732be13, 0xe8f9, 0x4a03, 0xbf,0xbc, 0x5f,0x61,0x6a,0xa6,0x6c,0xe1);
#if defined(__cplusplus) && !defined(CINTERFACE)
MIDL_INTERFACE("1732be13-e8f9-4a03-bfbc-5f616aa66ce1")
IVdsProviderSupport : public IUnknown
{
    /*
     * Reports which versions of the VDS interfaces the provider implements, as a mask of VDS_VSF_*
     * flags.
     * libvds: VDS_VSF_1_0, VDS_VSF_1_1 and VDS_VSF_3_0; needs no connection.
     *
     * Returns S_OK.
     */
    virtual HRESULT STDMETHODCALLTYPE GetVersionSupport(
        ULONG *ulVersionSupport) = 0;

};
#ifdef __CRT_UUID_DECL
__CRT_UUID_DECL(IVdsProviderSupport, 0x1732be13, 0xe8f9, 0x4a03, 0xbf,0xbc, 0x5f,0x61,0x6a,0xa6,0x6c,0xe1)
#endif
#else
typedef struct IVdsProviderSupportVtbl {
    BEGIN_INTERFACE

    /*** IUnknown methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryInterface)(
        IVdsProviderSupport *This,
        const IID *riid,
        void **ppvObject);

    ULONG (STDMETHODCALLTYPE *AddRef)(
        IVdsProviderSupport *This);

    ULONG (STDMETHODCALLTYPE *Release)(
        IVdsProviderSupport *This);

    /*** IVdsProviderSupport methods ***/
    HRESULT (STDMETHODCALLTYPE *GetVersionSupport)(
        IVdsProviderSupport *This,
        ULONG *ulVersionSupport);

    END_INTERFACE
} IVdsProviderSupportVtbl;

struct IVdsProviderSupport {
    CONST_VTBL IVdsProviderSupportVtbl* lpVtbl;
};

#ifdef COBJMACROS
#ifndef WIDL_C_INLINE_WRAPPERS
/*** IUnknown methods ***/
#define IVdsProviderSupport_QueryInterface(This,riid,ppvObject) (This)->lpVtbl->QueryInterface(This,riid,ppvObject)
#define IVdsProviderSupport_AddRef(This) (This)->lpVtbl->AddRef(This)
#define IVdsProviderSupport_Release(This) (This)->lpVtbl->Release(This)
/*** IVdsProviderSupport methods ***/
#define IVdsProviderSupport_GetVersionSupport(This,ulVersionSupport) (This)->lpVtbl->GetVersionSupport(This,ulVersionSupport)
#else
/*** IUnknown methods ***/
static FORCEINLINE HRESULT IVdsProviderSupport_QueryInterface(IVdsProviderSupport* This,const IID *riid,void **ppvObject) {
    return This->lpVtbl->QueryInterface(This,riid,ppvObject);
}
static FORCEINLINE ULONG IVdsProviderSupport_AddRef(IVdsProviderSupport* This) {
    return This->lpVtbl->AddRef(This);
}
static FORCEINLINE ULONG IVdsProviderSupport_Release(IVdsProviderSupport* This) {
    return This->lpVtbl->Release(This);
}
/*** IVdsProviderSupport methods ***/
/*
 * Reports which versions of the VDS interfaces the provider implements, as a mask of VDS_VSF_*
 * flags.
 * libvds: VDS_VSF_1_0, VDS_VSF_1_1 and VDS_VSF_3_0; needs no connection.
 *
 * Returns S_OK.
 */
static FORCEINLINE HRESULT IVdsProviderSupport_GetVersionSupport(IVdsProviderSupport* This,ULONG *ulVersionSupport) {
    return This->lpVtbl->GetVersionSupport(This,ulVersionSupport);
}
#endif
#endif

#endif

#endif  /* __IVdsProviderSupport_INTERFACE_DEFINED__ */

/*****************************************************************************
 * IVdsProviderPrivate interface
 *
 * Provider. By provider only, hidden from applications. VDS 1.0.
 */
#ifndef __IVdsProviderPrivate_INTERFACE_DEFINED__
#define __IVdsProviderPrivate_INTERFACE_DEFINED__

DEFINE_GUID(IID_IVdsProviderPrivate, 0x11f3cd41, 0xb7e8, 0x48ff, 0x94,0x72, 0x9d,0xff,0x01,0x8a,0xa2,0x92);
#if defined(__cplusplus) && !defined(CINTERFACE)
MIDL_INTERFACE("11f3cd41-b7e8-48ff-9472-9dff018aa292")
IVdsProviderPrivate : public IUnknown
{
    /*
     * Finds an object of this provider by its id and its type, for example an id from a
     * notification. The same object is found as long as it lives. *ppObjectUnk has one
     * reference that the caller releases.
     * libvds: knows every type of object of a hardware provider, in all arrays; an id of another
     * type counts as not found.
     *
     * Returns S_OK, VDS_E_OBJECT_NOT_FOUND (there is no object of that type with that id).
     */
    virtual HRESULT STDMETHODCALLTYPE GetObject(
        VDS_OBJECT_ID ObjectId,
        VDS_OBJECT_TYPE type,
        IUnknown **ppObjectUnk) = 0;

    /*
     * Connects the provider before anything else is asked of it, and names the object that gets
     * its notifications. pwszMachineName is reserved. pCallbackObject offers IVdsAdviseSink;
     * the provider holds a reference to that until OnUnload. After a failure OnUnload must not
     * be called.
     * libvds: connects to every array of the list ($VDS_URL, else the file /etc/vds/arrays). An
     * array that does not answer is left out, and Reenumerate looks for it again.
     * pCallbackObject may be NULL; a second call replaces the sink. VdsOpenHwProvider has loaded
     * the provider already.
     *
     * Returns S_OK, VDS_E_INITIALIZED_FAILED (the list of arrays cannot be read, or the sink
     * offers no IVdsAdviseSink).
     */
    virtual HRESULT STDMETHODCALLTYPE OnLoad(
        LPWSTR pwszMachineName,
        IUnknown *pCallbackObject) = 0;

    /*
     * Ends the work of the provider before it is released; no notification is sent when it has
     * returned S_OK. bForceUnload says that the caller will not ask again.
     * libvds: ends the connections; methods that need an array return
     * VDS_E_INITIALIZE_NOT_CALLED afterwards. S_FALSE while a call waits for an array; with
     * bForceUnload such a call ends with VDS_E_PROVIDER_CACHE_CORRUPT.
     *
     * Returns S_OK, S_FALSE (not now, ask again).
     */
    virtual HRESULT STDMETHODCALLTYPE OnUnload(
        BOOL bForceUnload) = 0;

};
#ifdef __CRT_UUID_DECL
__CRT_UUID_DECL(IVdsProviderPrivate, 0x11f3cd41, 0xb7e8, 0x48ff, 0x94,0x72, 0x9d,0xff,0x01,0x8a,0xa2,0x92)
#endif
#else
typedef struct IVdsProviderPrivateVtbl {
    BEGIN_INTERFACE

    /*** IUnknown methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryInterface)(
        IVdsProviderPrivate *This,
        const IID *riid,
        void **ppvObject);

    ULONG (STDMETHODCALLTYPE *AddRef)(
        IVdsProviderPrivate *This);

    ULONG (STDMETHODCALLTYPE *Release)(
        IVdsProviderPrivate *This);

    /*** IVdsProviderPrivate methods ***/
    HRESULT (STDMETHODCALLTYPE *GetObject)(
        IVdsProviderPrivate *This,
        VDS_OBJECT_ID ObjectId,
        VDS_OBJECT_TYPE type,
        IUnknown **ppObjectUnk);

    HRESULT (STDMETHODCALLTYPE *OnLoad)(
        IVdsProviderPrivate *This,
        LPWSTR pwszMachineName,
        IUnknown *pCallbackObject);

    HRESULT (STDMETHODCALLTYPE *OnUnload)(
        IVdsProviderPrivate *This,
        BOOL bForceUnload);

    END_INTERFACE
} IVdsProviderPrivateVtbl;

struct IVdsProviderPrivate {
    CONST_VTBL IVdsProviderPrivateVtbl* lpVtbl;
};

#ifdef COBJMACROS
#ifndef WIDL_C_INLINE_WRAPPERS
/*** IUnknown methods ***/
#define IVdsProviderPrivate_QueryInterface(This,riid,ppvObject) (This)->lpVtbl->QueryInterface(This,riid,ppvObject)
#define IVdsProviderPrivate_AddRef(This) (This)->lpVtbl->AddRef(This)
#define IVdsProviderPrivate_Release(This) (This)->lpVtbl->Release(This)
/*** IVdsProviderPrivate methods ***/
#define IVdsProviderPrivate_GetObject(This,ObjectId,type,ppObjectUnk) (This)->lpVtbl->GetObject(This,ObjectId,type,ppObjectUnk)
#define IVdsProviderPrivate_OnLoad(This,pwszMachineName,pCallbackObject) (This)->lpVtbl->OnLoad(This,pwszMachineName,pCallbackObject)
#define IVdsProviderPrivate_OnUnload(This,bForceUnload) (This)->lpVtbl->OnUnload(This,bForceUnload)
#else
/*** IUnknown methods ***/
static FORCEINLINE HRESULT IVdsProviderPrivate_QueryInterface(IVdsProviderPrivate* This,const IID *riid,void **ppvObject) {
    return This->lpVtbl->QueryInterface(This,riid,ppvObject);
}
static FORCEINLINE ULONG IVdsProviderPrivate_AddRef(IVdsProviderPrivate* This) {
    return This->lpVtbl->AddRef(This);
}
static FORCEINLINE ULONG IVdsProviderPrivate_Release(IVdsProviderPrivate* This) {
    return This->lpVtbl->Release(This);
}
/*** IVdsProviderPrivate methods ***/
/*
 * Finds an object of this provider by its id and its type, for example an id from a
 * notification. The same object is found as long as it lives. *ppObjectUnk has one
 * reference that the caller releases.
 * libvds: knows every type of object of a hardware provider, in all arrays; an id of another
 * type counts as not found.
 *
 * Returns S_OK, VDS_E_OBJECT_NOT_FOUND (there is no object of that type with that id).
 */
static FORCEINLINE HRESULT IVdsProviderPrivate_GetObject(IVdsProviderPrivate* This,VDS_OBJECT_ID ObjectId,VDS_OBJECT_TYPE type,IUnknown **ppObjectUnk) {
    return This->lpVtbl->GetObject(This,ObjectId,type,ppObjectUnk);
}
/*
 * Connects the provider before anything else is asked of it, and names the object that gets
 * its notifications. pwszMachineName is reserved. pCallbackObject offers IVdsAdviseSink;
 * the provider holds a reference to that until OnUnload. After a failure OnUnload must not
 * be called.
 * libvds: connects to every array of the list ($VDS_URL, else the file /etc/vds/arrays). An
 * array that does not answer is left out, and Reenumerate looks for it again.
 * pCallbackObject may be NULL; a second call replaces the sink. VdsOpenHwProvider has loaded
 * the provider already.
 *
 * Returns S_OK, VDS_E_INITIALIZED_FAILED (the list of arrays cannot be read, or the sink
 * offers no IVdsAdviseSink).
 */
static FORCEINLINE HRESULT IVdsProviderPrivate_OnLoad(IVdsProviderPrivate* This,LPWSTR pwszMachineName,IUnknown *pCallbackObject) {
    return This->lpVtbl->OnLoad(This,pwszMachineName,pCallbackObject);
}
/*
 * Ends the work of the provider before it is released; no notification is sent when it has
 * returned S_OK. bForceUnload says that the caller will not ask again.
 * libvds: ends the connections; methods that need an array return
 * VDS_E_INITIALIZE_NOT_CALLED afterwards. S_FALSE while a call waits for an array; with
 * bForceUnload such a call ends with VDS_E_PROVIDER_CACHE_CORRUPT.
 *
 * Returns S_OK, S_FALSE (not now, ask again).
 */
static FORCEINLINE HRESULT IVdsProviderPrivate_OnUnload(IVdsProviderPrivate* This,BOOL bForceUnload) {
    return This->lpVtbl->OnUnload(This,bForceUnload);
}
#endif
#endif

#endif

#endif  /* __IVdsProviderPrivate_INTERFACE_DEFINED__ */

/*****************************************************************************
 * IVdsAdmin interface
 *
 * Service. By service only (called by provider setup). VDS 1.0.
 */
#ifndef __IVdsAdmin_INTERFACE_DEFINED__
#define __IVdsAdmin_INTERFACE_DEFINED__

DEFINE_GUID(IID_IVdsAdmin, 0xd188e97d, 0x85aa, 0x4d33, 0xab,0xc6, 0x26,0x29,0x9a,0x10,0xff,0xc1);
#if defined(__cplusplus) && !defined(CINTERFACE)
MIDL_INTERFACE("d188e97d-85aa-4d33-abc6-26299a10ffc1")
IVdsAdmin : public IUnknown
{
    /*
     * Makes a provider known to the VDS service, so that it is loaded when the service starts.
     * Called by a setup program of Windows. pwszName has at most 200 characters, pwszVersion
     * 16, pwszMachineName 15 (NULL: this computer). Only one version of a provider can be
     * registered.
     *
     * Returns S_OK, VDS_E_ALREADY_REGISTERED (a provider with this id is registered already).
     */
    virtual HRESULT STDMETHODCALLTYPE RegisterProvider(
        VDS_OBJECT_ID providerId,
        CLSID providerClsid,
        LPWSTR pwszName,
        VDS_PROVIDER_TYPE type,
        LPWSTR pwszMachineName,
        LPWSTR pwszVersion,
        GUID guidVersionId) = 0;

    /*
     * Takes back what RegisterProvider did.
     *
     * Returns S_OK.
     */
    virtual HRESULT STDMETHODCALLTYPE UnregisterProvider(
        VDS_OBJECT_ID providerId) = 0;

};
#ifdef __CRT_UUID_DECL
__CRT_UUID_DECL(IVdsAdmin, 0xd188e97d, 0x85aa, 0x4d33, 0xab,0xc6, 0x26,0x29,0x9a,0x10,0xff,0xc1)
#endif
#else
typedef struct IVdsAdminVtbl {
    BEGIN_INTERFACE

    /*** IUnknown methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryInterface)(
        IVdsAdmin *This,
        const IID *riid,
        void **ppvObject);

    ULONG (STDMETHODCALLTYPE *AddRef)(
        IVdsAdmin *This);

    ULONG (STDMETHODCALLTYPE *Release)(
        IVdsAdmin *This);

    /*** IVdsAdmin methods ***/
    HRESULT (STDMETHODCALLTYPE *RegisterProvider)(
        IVdsAdmin *This,
        VDS_OBJECT_ID providerId,
        CLSID providerClsid,
        LPWSTR pwszName,
        VDS_PROVIDER_TYPE type,
        LPWSTR pwszMachineName,
        LPWSTR pwszVersion,
        GUID guidVersionId);

    HRESULT (STDMETHODCALLTYPE *UnregisterProvider)(
        IVdsAdmin *This,
        VDS_OBJECT_ID providerId);

    END_INTERFACE
} IVdsAdminVtbl;

struct IVdsAdmin {
    CONST_VTBL IVdsAdminVtbl* lpVtbl;
};

#ifdef COBJMACROS
#ifndef WIDL_C_INLINE_WRAPPERS
/*** IUnknown methods ***/
#define IVdsAdmin_QueryInterface(This,riid,ppvObject) (This)->lpVtbl->QueryInterface(This,riid,ppvObject)
#define IVdsAdmin_AddRef(This) (This)->lpVtbl->AddRef(This)
#define IVdsAdmin_Release(This) (This)->lpVtbl->Release(This)
/*** IVdsAdmin methods ***/
#define IVdsAdmin_RegisterProvider(This,providerId,providerClsid,pwszName,type,pwszMachineName,pwszVersion,guidVersionId) (This)->lpVtbl->RegisterProvider(This,providerId,providerClsid,pwszName,type,pwszMachineName,pwszVersion,guidVersionId)
#define IVdsAdmin_UnregisterProvider(This,providerId) (This)->lpVtbl->UnregisterProvider(This,providerId)
#else
/*** IUnknown methods ***/
static FORCEINLINE HRESULT IVdsAdmin_QueryInterface(IVdsAdmin* This,const IID *riid,void **ppvObject) {
    return This->lpVtbl->QueryInterface(This,riid,ppvObject);
}
static FORCEINLINE ULONG IVdsAdmin_AddRef(IVdsAdmin* This) {
    return This->lpVtbl->AddRef(This);
}
static FORCEINLINE ULONG IVdsAdmin_Release(IVdsAdmin* This) {
    return This->lpVtbl->Release(This);
}
/*** IVdsAdmin methods ***/
/*
 * Makes a provider known to the VDS service, so that it is loaded when the service starts.
 * Called by a setup program of Windows. pwszName has at most 200 characters, pwszVersion
 * 16, pwszMachineName 15 (NULL: this computer). Only one version of a provider can be
 * registered.
 *
 * Returns S_OK, VDS_E_ALREADY_REGISTERED (a provider with this id is registered already).
 */
static FORCEINLINE HRESULT IVdsAdmin_RegisterProvider(IVdsAdmin* This,VDS_OBJECT_ID providerId,CLSID providerClsid,LPWSTR pwszName,VDS_PROVIDER_TYPE type,LPWSTR pwszMachineName,LPWSTR pwszVersion,GUID guidVersionId) {
    return This->lpVtbl->RegisterProvider(This,providerId,providerClsid,pwszName,type,pwszMachineName,pwszVersion,guidVersionId);
}
/*
 * Takes back what RegisterProvider did.
 *
 * Returns S_OK.
 */
static FORCEINLINE HRESULT IVdsAdmin_UnregisterProvider(IVdsAdmin* This,VDS_OBJECT_ID providerId) {
    return This->lpVtbl->UnregisterProvider(This,providerId);
}
#endif
#endif

#endif

#endif  /* __IVdsAdmin_INTERFACE_DEFINED__ */

/*****************************************************************************
 * IVdsHwProviderPrivate interface
 *
 * Hardware provider. By provider only, hidden from applications. VDS 1.0.
 */
#ifndef __IVdsHwProviderPrivate_INTERFACE_DEFINED__
#define __IVdsHwProviderPrivate_INTERFACE_DEFINED__

DEFINE_GUID(IID_IVdsHwProviderPrivate, 0x98f17bf3, 0x9f33, 0x4f12, 0x87,0x14, 0x8b,0x40,0x75,0x09,0x2c,0x2e);
#if defined(__cplusplus) && !defined(CINTERFACE)
MIDL_INTERFACE("98f17bf3-9f33-4f12-8714-8b4075092c2e")
IVdsHwProviderPrivate : public IUnknown
{
    /*
     * Tells whether a disk that a host sees is a LUN of this provider, and which.
     * pVdsLunInformation is what INQUIRY and the VPD pages 80h and 83h of the disk say;
     * pwszDevicePath is its path on the host. *pLunId is the id of the LUN, or GUID_NULL with
     * S_FALSE.
     * libvds: compares the NAA or UUID designator, else vendor, product and serial number;
     * ignores the path.
     *
     * Returns S_OK (it is), S_FALSE (it is not).
     */
    virtual HRESULT STDMETHODCALLTYPE QueryIfCreatedLun(
        LPWSTR pwszDevicePath,
        VDS_LUN_INFORMATION *pVdsLunInformation,
        VDS_OBJECT_ID *pLunId) = 0;

};
#ifdef __CRT_UUID_DECL
__CRT_UUID_DECL(IVdsHwProviderPrivate, 0x98f17bf3, 0x9f33, 0x4f12, 0x87,0x14, 0x8b,0x40,0x75,0x09,0x2c,0x2e)
#endif
#else
typedef struct IVdsHwProviderPrivateVtbl {
    BEGIN_INTERFACE

    /*** IUnknown methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryInterface)(
        IVdsHwProviderPrivate *This,
        const IID *riid,
        void **ppvObject);

    ULONG (STDMETHODCALLTYPE *AddRef)(
        IVdsHwProviderPrivate *This);

    ULONG (STDMETHODCALLTYPE *Release)(
        IVdsHwProviderPrivate *This);

    /*** IVdsHwProviderPrivate methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryIfCreatedLun)(
        IVdsHwProviderPrivate *This,
        LPWSTR pwszDevicePath,
        VDS_LUN_INFORMATION *pVdsLunInformation,
        VDS_OBJECT_ID *pLunId);

    END_INTERFACE
} IVdsHwProviderPrivateVtbl;

struct IVdsHwProviderPrivate {
    CONST_VTBL IVdsHwProviderPrivateVtbl* lpVtbl;
};

#ifdef COBJMACROS
#ifndef WIDL_C_INLINE_WRAPPERS
/*** IUnknown methods ***/
#define IVdsHwProviderPrivate_QueryInterface(This,riid,ppvObject) (This)->lpVtbl->QueryInterface(This,riid,ppvObject)
#define IVdsHwProviderPrivate_AddRef(This) (This)->lpVtbl->AddRef(This)
#define IVdsHwProviderPrivate_Release(This) (This)->lpVtbl->Release(This)
/*** IVdsHwProviderPrivate methods ***/
#define IVdsHwProviderPrivate_QueryIfCreatedLun(This,pwszDevicePath,pVdsLunInformation,pLunId) (This)->lpVtbl->QueryIfCreatedLun(This,pwszDevicePath,pVdsLunInformation,pLunId)
#else
/*** IUnknown methods ***/
static FORCEINLINE HRESULT IVdsHwProviderPrivate_QueryInterface(IVdsHwProviderPrivate* This,const IID *riid,void **ppvObject) {
    return This->lpVtbl->QueryInterface(This,riid,ppvObject);
}
static FORCEINLINE ULONG IVdsHwProviderPrivate_AddRef(IVdsHwProviderPrivate* This) {
    return This->lpVtbl->AddRef(This);
}
static FORCEINLINE ULONG IVdsHwProviderPrivate_Release(IVdsHwProviderPrivate* This) {
    return This->lpVtbl->Release(This);
}
/*** IVdsHwProviderPrivate methods ***/
/*
 * Tells whether a disk that a host sees is a LUN of this provider, and which.
 * pVdsLunInformation is what INQUIRY and the VPD pages 80h and 83h of the disk say;
 * pwszDevicePath is its path on the host. *pLunId is the id of the LUN, or GUID_NULL with
 * S_FALSE.
 * libvds: compares the NAA or UUID designator, else vendor, product and serial number;
 * ignores the path.
 *
 * Returns S_OK (it is), S_FALSE (it is not).
 */
static FORCEINLINE HRESULT IVdsHwProviderPrivate_QueryIfCreatedLun(IVdsHwProviderPrivate* This,LPWSTR pwszDevicePath,VDS_LUN_INFORMATION *pVdsLunInformation,VDS_OBJECT_ID *pLunId) {
    return This->lpVtbl->QueryIfCreatedLun(This,pwszDevicePath,pVdsLunInformation,pLunId);
}
#endif
#endif

#endif

#endif  /* __IVdsHwProviderPrivate_INTERFACE_DEFINED__ */

/*****************************************************************************
 * IVdsHwProvider interface
 *
 * Hardware provider. By provider and service. VDS 1.0.
 */
#ifndef __IVdsHwProvider_INTERFACE_DEFINED__
#define __IVdsHwProvider_INTERFACE_DEFINED__

DEFINE_GUID(IID_IVdsHwProvider, 0xd99bdaae, 0xb13a, 0x4178, 0x9f,0xdb, 0xe2,0x7f,0x16,0xb4,0x60,0x3e);
#if defined(__cplusplus) && !defined(CINTERFACE)
MIDL_INTERFACE("d99bdaae-b13a-4178-9fdb-e27f16b4603e")
IVdsHwProvider : public IUnknown
{
    /*
     * Enumerates the subsystems, that is the storage arrays, that the provider manages. Answers
     * from the cache without asking the array.
     * libvds: one subsystem for each array of the list that was found; one that is lost stays
     * and says VDS_SSS_OFFLINE in its properties.
     *
     * Returns S_OK; VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_STATUS_FAILED,
     * VDS_E_ANOTHER_CALL_IN_PROGRESS, VDS_E_INITIALIZE_NOT_CALLED as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE QuerySubSystems(
        IEnumVdsObject **ppEnum) = 0;

    /*
     * Looks for subsystems that came or went. It does not read the known ones again: Refresh
     * does that. The two calls in this order cure VDS_E_PROVIDER_CACHE_CORRUPT.
     * libvds: reads the list of arrays again, connects to those that have come, lets those go
     * whose URL has left the list, and notifies of both. Asks the others who they are; that one
     * does not answer is no failure, unless its cache is corrupt. VDS_E_OBJECT_STATUS_FAILED says
     * that the list cannot be read.
     *
     * Returns S_OK; VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_STATUS_FAILED,
     * VDS_E_ANOTHER_CALL_IN_PROGRESS, VDS_E_INITIALIZE_NOT_CALLED as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE Reenumerate(
        ) = 0;

    /*
     * Reads everything about the known subsystems and their objects again. Sends notifications
     * for each difference to what was known. Needed only when the cache is wrong, since changes
     * arrive by themselves.
     * libvds: loads a snapshot of each array. After a gap, a wrong digest or a restored
     * backup it works only when Reenumerate was called before.
     *
     * Returns S_OK; VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_STATUS_FAILED,
     * VDS_E_ANOTHER_CALL_IN_PROGRESS, VDS_E_INITIALIZE_NOT_CALLED as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE Refresh(
        ) = 0;

};
#ifdef __CRT_UUID_DECL
__CRT_UUID_DECL(IVdsHwProvider, 0xd99bdaae, 0xb13a, 0x4178, 0x9f,0xdb, 0xe2,0x7f,0x16,0xb4,0x60,0x3e)
#endif
#else
typedef struct IVdsHwProviderVtbl {
    BEGIN_INTERFACE

    /*** IUnknown methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryInterface)(
        IVdsHwProvider *This,
        const IID *riid,
        void **ppvObject);

    ULONG (STDMETHODCALLTYPE *AddRef)(
        IVdsHwProvider *This);

    ULONG (STDMETHODCALLTYPE *Release)(
        IVdsHwProvider *This);

    /*** IVdsHwProvider methods ***/
    HRESULT (STDMETHODCALLTYPE *QuerySubSystems)(
        IVdsHwProvider *This,
        IEnumVdsObject **ppEnum);

    HRESULT (STDMETHODCALLTYPE *Reenumerate)(
        IVdsHwProvider *This);

    HRESULT (STDMETHODCALLTYPE *Refresh)(
        IVdsHwProvider *This);

    END_INTERFACE
} IVdsHwProviderVtbl;

struct IVdsHwProvider {
    CONST_VTBL IVdsHwProviderVtbl* lpVtbl;
};

#ifdef COBJMACROS
#ifndef WIDL_C_INLINE_WRAPPERS
/*** IUnknown methods ***/
#define IVdsHwProvider_QueryInterface(This,riid,ppvObject) (This)->lpVtbl->QueryInterface(This,riid,ppvObject)
#define IVdsHwProvider_AddRef(This) (This)->lpVtbl->AddRef(This)
#define IVdsHwProvider_Release(This) (This)->lpVtbl->Release(This)
/*** IVdsHwProvider methods ***/
#define IVdsHwProvider_QuerySubSystems(This,ppEnum) (This)->lpVtbl->QuerySubSystems(This,ppEnum)
#define IVdsHwProvider_Reenumerate(This) (This)->lpVtbl->Reenumerate(This)
#define IVdsHwProvider_Refresh(This) (This)->lpVtbl->Refresh(This)
#else
/*** IUnknown methods ***/
static FORCEINLINE HRESULT IVdsHwProvider_QueryInterface(IVdsHwProvider* This,const IID *riid,void **ppvObject) {
    return This->lpVtbl->QueryInterface(This,riid,ppvObject);
}
static FORCEINLINE ULONG IVdsHwProvider_AddRef(IVdsHwProvider* This) {
    return This->lpVtbl->AddRef(This);
}
static FORCEINLINE ULONG IVdsHwProvider_Release(IVdsHwProvider* This) {
    return This->lpVtbl->Release(This);
}
/*** IVdsHwProvider methods ***/
/*
 * Enumerates the subsystems, that is the storage arrays, that the provider manages. Answers
 * from the cache without asking the array.
 * libvds: one subsystem for each array of the list that was found; one that is lost stays
 * and says VDS_SSS_OFFLINE in its properties.
 *
 * Returns S_OK; VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_STATUS_FAILED,
 * VDS_E_ANOTHER_CALL_IN_PROGRESS, VDS_E_INITIALIZE_NOT_CALLED as many methods do.
 */
static FORCEINLINE HRESULT IVdsHwProvider_QuerySubSystems(IVdsHwProvider* This,IEnumVdsObject **ppEnum) {
    return This->lpVtbl->QuerySubSystems(This,ppEnum);
}
/*
 * Looks for subsystems that came or went. It does not read the known ones again: Refresh
 * does that. The two calls in this order cure VDS_E_PROVIDER_CACHE_CORRUPT.
 * libvds: reads the list of arrays again, connects to those that have come, lets those go
 * whose URL has left the list, and notifies of both. Asks the others who they are; that one
 * does not answer is no failure, unless its cache is corrupt. VDS_E_OBJECT_STATUS_FAILED says
 * that the list cannot be read.
 *
 * Returns S_OK; VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_STATUS_FAILED,
 * VDS_E_ANOTHER_CALL_IN_PROGRESS, VDS_E_INITIALIZE_NOT_CALLED as many methods do.
 */
static FORCEINLINE HRESULT IVdsHwProvider_Reenumerate(IVdsHwProvider* This) {
    return This->lpVtbl->Reenumerate(This);
}
/*
 * Reads everything about the known subsystems and their objects again. Sends notifications
 * for each difference to what was known. Needed only when the cache is wrong, since changes
 * arrive by themselves.
 * libvds: loads a snapshot of each array. After a gap, a wrong digest or a restored
 * backup it works only when Reenumerate was called before.
 *
 * Returns S_OK; VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_STATUS_FAILED,
 * VDS_E_ANOTHER_CALL_IN_PROGRESS, VDS_E_INITIALIZE_NOT_CALLED as many methods do.
 */
static FORCEINLINE HRESULT IVdsHwProvider_Refresh(IVdsHwProvider* This) {
    return This->lpVtbl->Refresh(This);
}
#endif
#endif

#endif

#endif  /* __IVdsHwProvider_INTERFACE_DEFINED__ */

/*****************************************************************************
 * IVdsHwProviderType interface
 *
 * Hardware provider. By provider (optional) and service. VDS 1.1.
 */
#ifndef __IVdsHwProviderType_INTERFACE_DEFINED__
#define __IVdsHwProviderType_INTERFACE_DEFINED__

DEFINE_GUID(IID_IVdsHwProviderType, 0x3e0f5166, 0x542d, 0x4fc6, 0x94,0x7a, 0x01,0x21,0x74,0x24,0x0b,0x7e);
#if defined(__cplusplus) && !defined(CINTERFACE)
MIDL_INTERFACE("3e0f5166-542d-4fc6-947a-012174240b7e")
IVdsHwProviderType : public IUnknown
{
    /*
     * Reports by which kind of interconnect the provider's LUNs are reached.
     * libvds: VDS_HWT_ISCSI; needs no connection.
     *
     * Returns S_OK.
     */
    virtual HRESULT STDMETHODCALLTYPE GetProviderType(
        VDS_HWPROVIDER_TYPE *pType) = 0;

};
#ifdef __CRT_UUID_DECL
__CRT_UUID_DECL(IVdsHwProviderType, 0x3e0f5166, 0x542d, 0x4fc6, 0x94,0x7a, 0x01,0x21,0x74,0x24,0x0b,0x7e)
#endif
#else
typedef struct IVdsHwProviderTypeVtbl {
    BEGIN_INTERFACE

    /*** IUnknown methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryInterface)(
        IVdsHwProviderType *This,
        const IID *riid,
        void **ppvObject);

    ULONG (STDMETHODCALLTYPE *AddRef)(
        IVdsHwProviderType *This);

    ULONG (STDMETHODCALLTYPE *Release)(
        IVdsHwProviderType *This);

    /*** IVdsHwProviderType methods ***/
    HRESULT (STDMETHODCALLTYPE *GetProviderType)(
        IVdsHwProviderType *This,
        VDS_HWPROVIDER_TYPE *pType);

    END_INTERFACE
} IVdsHwProviderTypeVtbl;

struct IVdsHwProviderType {
    CONST_VTBL IVdsHwProviderTypeVtbl* lpVtbl;
};

#ifdef COBJMACROS
#ifndef WIDL_C_INLINE_WRAPPERS
/*** IUnknown methods ***/
#define IVdsHwProviderType_QueryInterface(This,riid,ppvObject) (This)->lpVtbl->QueryInterface(This,riid,ppvObject)
#define IVdsHwProviderType_AddRef(This) (This)->lpVtbl->AddRef(This)
#define IVdsHwProviderType_Release(This) (This)->lpVtbl->Release(This)
/*** IVdsHwProviderType methods ***/
#define IVdsHwProviderType_GetProviderType(This,pType) (This)->lpVtbl->GetProviderType(This,pType)
#else
/*** IUnknown methods ***/
static FORCEINLINE HRESULT IVdsHwProviderType_QueryInterface(IVdsHwProviderType* This,const IID *riid,void **ppvObject) {
    return This->lpVtbl->QueryInterface(This,riid,ppvObject);
}
static FORCEINLINE ULONG IVdsHwProviderType_AddRef(IVdsHwProviderType* This) {
    return This->lpVtbl->AddRef(This);
}
static FORCEINLINE ULONG IVdsHwProviderType_Release(IVdsHwProviderType* This) {
    return This->lpVtbl->Release(This);
}
/*** IVdsHwProviderType methods ***/
/*
 * Reports by which kind of interconnect the provider's LUNs are reached.
 * libvds: VDS_HWT_ISCSI; needs no connection.
 *
 * Returns S_OK.
 */
static FORCEINLINE HRESULT IVdsHwProviderType_GetProviderType(IVdsHwProviderType* This,VDS_HWPROVIDER_TYPE *pType) {
    return This->lpVtbl->GetProviderType(This,pType);
}
#endif
#endif

#endif

#endif  /* __IVdsHwProviderType_INTERFACE_DEFINED__ */

/*****************************************************************************
 * IVdsHwProviderType2 interface
 *
 * Hardware provider. By nobody; declared only. VDS 3.0.
 */
#ifndef __IVdsHwProviderType2_INTERFACE_DEFINED__
#define __IVdsHwProviderType2_INTERFACE_DEFINED__

DEFINE_GUID(IID_IVdsHwProviderType2, 0x8190236f, 0xc4d0, 0x4e81, 0x80,0x11, 0xd6,0x95,0x12,0xfc,0xc9,0x84);
#if defined(__cplusplus) && !defined(CINTERFACE)
MIDL_INTERFACE("8190236f-c4d0-4e81-8011-d69512fcc984")
IVdsHwProviderType2 : public IUnknown
{
    /*
     * Reports the same as IVdsHwProviderType::GetProviderType, for types that older programs do
     * not know. No provider is known to implement it.
     * libvds has no such interface.
     *
     * Returns S_OK.
     */
    virtual HRESULT STDMETHODCALLTYPE GetProviderType2(
        VDS_HWPROVIDER_TYPE *pType) = 0;

};
#ifdef __CRT_UUID_DECL
__CRT_UUID_DECL(IVdsHwProviderType2, 0x8190236f, 0xc4d0, 0x4e81, 0x80,0x11, 0xd6,0x95,0x12,0xfc,0xc9,0x84)
#endif
#else
typedef struct IVdsHwProviderType2Vtbl {
    BEGIN_INTERFACE

    /*** IUnknown methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryInterface)(
        IVdsHwProviderType2 *This,
        const IID *riid,
        void **ppvObject);

    ULONG (STDMETHODCALLTYPE *AddRef)(
        IVdsHwProviderType2 *This);

    ULONG (STDMETHODCALLTYPE *Release)(
        IVdsHwProviderType2 *This);

    /*** IVdsHwProviderType2 methods ***/
    HRESULT (STDMETHODCALLTYPE *GetProviderType2)(
        IVdsHwProviderType2 *This,
        VDS_HWPROVIDER_TYPE *pType);

    END_INTERFACE
} IVdsHwProviderType2Vtbl;

struct IVdsHwProviderType2 {
    CONST_VTBL IVdsHwProviderType2Vtbl* lpVtbl;
};

#ifdef COBJMACROS
#ifndef WIDL_C_INLINE_WRAPPERS
/*** IUnknown methods ***/
#define IVdsHwProviderType2_QueryInterface(This,riid,ppvObject) (This)->lpVtbl->QueryInterface(This,riid,ppvObject)
#define IVdsHwProviderType2_AddRef(This) (This)->lpVtbl->AddRef(This)
#define IVdsHwProviderType2_Release(This) (This)->lpVtbl->Release(This)
/*** IVdsHwProviderType2 methods ***/
#define IVdsHwProviderType2_GetProviderType2(This,pType) (This)->lpVtbl->GetProviderType2(This,pType)
#else
/*** IUnknown methods ***/
static FORCEINLINE HRESULT IVdsHwProviderType2_QueryInterface(IVdsHwProviderType2* This,const IID *riid,void **ppvObject) {
    return This->lpVtbl->QueryInterface(This,riid,ppvObject);
}
static FORCEINLINE ULONG IVdsHwProviderType2_AddRef(IVdsHwProviderType2* This) {
    return This->lpVtbl->AddRef(This);
}
static FORCEINLINE ULONG IVdsHwProviderType2_Release(IVdsHwProviderType2* This) {
    return This->lpVtbl->Release(This);
}
/*** IVdsHwProviderType2 methods ***/
/*
 * Reports the same as IVdsHwProviderType::GetProviderType, for types that older programs do
 * not know. No provider is known to implement it.
 * libvds has no such interface.
 *
 * Returns S_OK.
 */
static FORCEINLINE HRESULT IVdsHwProviderType2_GetProviderType2(IVdsHwProviderType2* This,VDS_HWPROVIDER_TYPE *pType) {
    return This->lpVtbl->GetProviderType2(This,pType);
}
#endif
#endif

#endif

#endif  /* __IVdsHwProviderType2_INTERFACE_DEFINED__ */

/* How long a login of an initiator to a target is kept. */
typedef enum _VDS_ISCSI_LOGIN_TYPE {
    VDS_ILT_MANUAL = 0,
    VDS_ILT_PERSISTENT = 1,
    VDS_ILT_BOOT = 2
} VDS_ISCSI_LOGIN_TYPE;
/* Who proves its identity at the login. */
typedef enum _VDS_ISCSI_AUTH_TYPE {
    VDS_IAT_NONE = 0,
    VDS_IAT_CHAP = 1,
    VDS_IAT_MUTUAL_CHAP = 2
} VDS_ISCSI_AUTH_TYPE;
/* Reserved: the methods that use these bits are not supported. */
typedef enum _VDS_ISCSI_IPSEC_FLAG {
    VDS_IIF_VALID = 0x1,
    VDS_IIF_IKE = 0x2,
    VDS_IIF_MAIN_MODE = 0x4,
    VDS_IIF_AGGRESSIVE_MODE = 0x8,
    VDS_IIF_PFS_ENABLE = 0x10,
    VDS_IIF_TRANSPORT_MODE_PREFERRED = 0x20,
    VDS_IIF_TUNNEL_MODE_PREFERRED = 0x40
} VDS_ISCSI_IPSEC_FLAG;
/* Bits that an iSCSI login takes. */
typedef enum _VDS_ISCSI_LOGIN_FLAG {
    VDS_ILF_REQUIRE_IPSEC = 0x1,
    VDS_ILF_MULTIPATH_ENABLED = 0x2
} VDS_ISCSI_LOGIN_FLAG;
/* Reserved: the methods that use this structure are not supported. */
typedef struct _VDS_ISCSI_IPSEC_KEY {
    UCHAR *pKey; /* the bytes of the key */
    ULONG ulKeySize; /* length of pKey in bytes */
} VDS_ISCSI_IPSEC_KEY;
/* A CHAP secret. */
typedef struct _VDS_ISCSI_SHARED_SECRET {
    /*
     * The bytes of the secret, without a terminating NUL. NULL with size 0 removes the secret.
     */
    UCHAR *pSharedSecret;
    ULONG ulSharedSecretSize; /* length of the secret in bytes: 12 to 16, or 0 */
} VDS_ISCSI_SHARED_SECRET;
/* The kind of a port of a Fibre Channel host bus adapter. */
typedef enum _VDS_HBAPORT_TYPE {
    VDS_HPT_UNKNOWN = 1,
    VDS_HPT_OTHER = 2,
    VDS_HPT_NOTPRESENT = 3,
    VDS_HPT_NPORT = 5,
    VDS_HPT_NLPORT = 6,
    VDS_HPT_FLPORT = 7,
    VDS_HPT_FPORT = 8,
    VDS_HPT_EPORT = 9,
    VDS_HPT_GPORT = 10,
    VDS_HPT_LPORT = 20,
    VDS_HPT_PTP = 21
} VDS_HBAPORT_TYPE;
/* The status of a port of a host bus adapter. */
typedef enum _VDS_HBAPORT_STATUS {
    VDS_HPS_UNKNOWN = 1,
    VDS_HPS_ONLINE = 2,
    VDS_HPS_OFFLINE = 3,
    VDS_HPS_BYPASSED = 4,
    VDS_HPS_DIAGNOSTICS = 5,
    VDS_HPS_LINKDOWN = 6,
    VDS_HPS_ERROR = 7,
    VDS_HPS_LOOPBACK = 8
} VDS_HBAPORT_STATUS;
/* Bits for the speeds of a port of a host bus adapter. */
typedef enum _VDS_HBAPORT_SPEED_FLAG {
    VDS_HSF_UNKNOWN = 0x0,
    VDS_HSF_1GBIT = 0x1,
    VDS_HSF_2GBIT = 0x2,
    VDS_HSF_10GBIT = 0x4,
    VDS_HSF_4GBIT = 0x8,
    VDS_HSF_NOT_NEGOTIATED = 0x8000
} VDS_HBAPORT_SPEED_FLAG;
/* The status of a path from the host to a LUN. */
typedef enum _VDS_PATH_STATUS {
    VDS_MPS_UNKNOWN = 0,
    VDS_MPS_ONLINE = 1,
    VDS_MPS_FAILED = 5,
    VDS_MPS_STANDBY = 7
} VDS_PATH_STATUS;
/* How the host chooses among the paths to a LUN. */
typedef enum _VDS_LOADBALANCE_POLICY_ENUM {
    VDS_LBP_UNKNOWN = 0,
    VDS_LBP_FAILOVER = 1,
    VDS_LBP_ROUND_ROBIN = 2,
    VDS_LBP_ROUND_ROBIN_WITH_SUBSET = 3,
    VDS_LBP_DYN_LEAST_QUEUE_DEPTH = 4,
    VDS_LBP_WEIGHTED_PATHS = 5,
    VDS_LBP_LEAST_BLOCKS = 6,
    VDS_LBP_VENDOR_SPECIFIC = 7
} VDS_LOADBALANCE_POLICY_ENUM;
/* Bits for the load balance policies that a LUN supports. */
typedef enum _VDS_PROVIDER_LBSUPPORT_FLAG {
    VDS_LBF_FAILOVER = 0x1,
    VDS_LBF_ROUND_ROBIN = 0x2,
    VDS_LBF_ROUND_ROBIN_WITH_SUBSET = 0x4,
    VDS_LBF_DYN_LEAST_QUEUE_DEPTH = 0x8,
    VDS_LBF_WEIGHTED_PATHS = 0x10,
    VDS_LBF_LEAST_BLOCKS = 0x20,
    VDS_LBF_VENDOR_SPECIFIC = 0x40
} VDS_PROVIDER_LBSUPPORT_FLAG;
/* The id of a path from the host to a LUN. */
typedef struct _VDS_PATH_ID {
    ULONGLONG ullSourceId; /* the provider or driver that manages the path */
    ULONGLONG ullPathId; /* the path */
} VDS_PATH_ID;
/* Properties of a port of a host bus adapter. */
typedef struct _VDS_HBAPORT_PROP {
    VDS_OBJECT_ID id; /* set by the service; a provider leaves GUID_NULL */
    VDS_WWN wwnNode; /* World Wide Name of the node */
    VDS_WWN wwnPort; /* World Wide Name of the port */
    VDS_HBAPORT_TYPE type;
    VDS_HBAPORT_STATUS status;
    ULONG ulPortSpeed; /* the present speed, a bit of VDS_HBAPORT_SPEED_FLAG */
    ULONG ulSupportedPortSpeed; /* possible speeds, bits of VDS_HBAPORT_SPEED_FLAG */
} VDS_HBAPORT_PROP;
/* Properties of an iSCSI initiator adapter of the host. */
typedef struct _VDS_ISCSI_INITIATOR_ADAPTER_PROP {
    VDS_OBJECT_ID id; /* the id of the adapter */
    LPWSTR pwszName; /* the name of the adapter */
} VDS_ISCSI_INITIATOR_ADAPTER_PROP;
/* Properties of a portal of an iSCSI initiator adapter. */
typedef struct _VDS_ISCSI_INITIATOR_PORTAL_PROP {
    VDS_OBJECT_ID id; /* the id of the portal */
    VDS_IPADDRESS address; /* the IP address from which the portal connects */
    ULONG ulPortIndex; /* number that the initiator service has assigned to the portal */
} VDS_ISCSI_INITIATOR_PORTAL_PROP;
/* One path from the host to a LUN. */
typedef struct _VDS_PATH_INFO {
    VDS_PATH_ID pathId; /* the id of the path */
    /*
     * Selects the members of the three unions. Fibre Channel and SAS: controllerPortId,
     * hbaPortId and pHbaPortProp; iSCSI: targetPortalId, initiatorAdapterId and
     * pInitiatorPortalIpAddr.
     */
    VDS_HWPROVIDER_TYPE type;
    VDS_PATH_STATUS status; /* the status of the path */
    union {
        VDS_OBJECT_ID controllerPortId;
        VDS_OBJECT_ID targetPortalId;
    };
    union {
        VDS_OBJECT_ID hbaPortId;
        VDS_OBJECT_ID initiatorAdapterId;
    };
    union {
        VDS_HBAPORT_PROP *pHbaPortProp;
        VDS_IPADDRESS *pInitiatorPortalIpAddr;
    };
} VDS_PATH_INFO;
/* What the load balance policy says about one path. */
typedef struct _VDS_PATH_POLICY {
    VDS_PATH_ID pathId; /* the id of the path */
    BOOL bPrimaryPath; /* TRUE when the path is used as long as it works */
    ULONG ulWeight; /* weight of the path with VDS_LBP_WEIGHTED_PATHS */
} VDS_PATH_POLICY;
/*****************************************************************************
 * IVdsHwProviderPrivateMpio interface
 *
 * Hardware provider. By provider only, optional, non-iSCSI MPIO providers. VDS 1.1.
 */
#ifndef __IVdsHwProviderPrivateMpio_INTERFACE_DEFINED__
#define __IVdsHwProviderPrivateMpio_INTERFACE_DEFINED__

DEFINE_GUID(IID_IVdsHwProviderPrivateMpio, 0x310a7715, 0xac2b, 0x4c6f, 0x98,0x27, 0x3d,0x74,0x2f,0x35,0x16,0x76);
#if defined(__cplusplus) && !defined(CINTERFACE)
MIDL_INTERFACE("310a7715-ac2b-4c6f-9827-3d742f351676")
IVdsHwProviderPrivateMpio : public IUnknown
{
    /*
     * Sets the status of all paths that leave one port of a host bus adapter. Of hbaPortProp
     * only wwnNode and wwnPort count. For multipath providers other than iSCSI.
     * libvds has no such interface.
     *
     * Returns S_OK, VDS_S_STATUSES_INCOMPLETELY_SET (not all could be set).
     */
    virtual HRESULT STDMETHODCALLTYPE SetAllPathStatusesFromHbaPort(
        VDS_HBAPORT_PROP hbaPortProp,
        VDS_PATH_STATUS status) = 0;

};
#ifdef __CRT_UUID_DECL
__CRT_UUID_DECL(IVdsHwProviderPrivateMpio, 0x310a7715, 0xac2b, 0x4c6f, 0x98,0x27, 0x3d,0x74,0x2f,0x35,0x16,0x76)
#endif
#else
typedef struct IVdsHwProviderPrivateMpioVtbl {
    BEGIN_INTERFACE

    /*** IUnknown methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryInterface)(
        IVdsHwProviderPrivateMpio *This,
        const IID *riid,
        void **ppvObject);

    ULONG (STDMETHODCALLTYPE *AddRef)(
        IVdsHwProviderPrivateMpio *This);

    ULONG (STDMETHODCALLTYPE *Release)(
        IVdsHwProviderPrivateMpio *This);

    /*** IVdsHwProviderPrivateMpio methods ***/
    HRESULT (STDMETHODCALLTYPE *SetAllPathStatusesFromHbaPort)(
        IVdsHwProviderPrivateMpio *This,
        VDS_HBAPORT_PROP hbaPortProp,
        VDS_PATH_STATUS status);

    END_INTERFACE
} IVdsHwProviderPrivateMpioVtbl;

struct IVdsHwProviderPrivateMpio {
    CONST_VTBL IVdsHwProviderPrivateMpioVtbl* lpVtbl;
};

#ifdef COBJMACROS
#ifndef WIDL_C_INLINE_WRAPPERS
/*** IUnknown methods ***/
#define IVdsHwProviderPrivateMpio_QueryInterface(This,riid,ppvObject) (This)->lpVtbl->QueryInterface(This,riid,ppvObject)
#define IVdsHwProviderPrivateMpio_AddRef(This) (This)->lpVtbl->AddRef(This)
#define IVdsHwProviderPrivateMpio_Release(This) (This)->lpVtbl->Release(This)
/*** IVdsHwProviderPrivateMpio methods ***/
#define IVdsHwProviderPrivateMpio_SetAllPathStatusesFromHbaPort(This,hbaPortProp,status) (This)->lpVtbl->SetAllPathStatusesFromHbaPort(This,hbaPortProp,status)
#else
/*** IUnknown methods ***/
static FORCEINLINE HRESULT IVdsHwProviderPrivateMpio_QueryInterface(IVdsHwProviderPrivateMpio* This,const IID *riid,void **ppvObject) {
    return This->lpVtbl->QueryInterface(This,riid,ppvObject);
}
static FORCEINLINE ULONG IVdsHwProviderPrivateMpio_AddRef(IVdsHwProviderPrivateMpio* This) {
    return This->lpVtbl->AddRef(This);
}
static FORCEINLINE ULONG IVdsHwProviderPrivateMpio_Release(IVdsHwProviderPrivateMpio* This) {
    return This->lpVtbl->Release(This);
}
/*** IVdsHwProviderPrivateMpio methods ***/
/*
 * Sets the status of all paths that leave one port of a host bus adapter. Of hbaPortProp
 * only wwnNode and wwnPort count. For multipath providers other than iSCSI.
 * libvds has no such interface.
 *
 * Returns S_OK, VDS_S_STATUSES_INCOMPLETELY_SET (not all could be set).
 */
static FORCEINLINE HRESULT IVdsHwProviderPrivateMpio_SetAllPathStatusesFromHbaPort(IVdsHwProviderPrivateMpio* This,VDS_HBAPORT_PROP hbaPortProp,VDS_PATH_STATUS status) {
    return This->lpVtbl->SetAllPathStatusesFromHbaPort(This,hbaPortProp,status);
}
#endif
#endif

#endif

#endif  /* __IVdsHwProviderPrivateMpio_INTERFACE_DEFINED__ */

/*****************************************************************************
 * IVdsHbaPort interface
 *
 * HBA port. By service. VDS 1.1.
 */
#ifndef __IVdsHbaPort_INTERFACE_DEFINED__
#define __IVdsHbaPort_INTERFACE_DEFINED__

DEFINE_GUID(IID_IVdsHbaPort, 0x2abd757f, 0x2851, 0x4997, 0x9a,0x13, 0x47,0xd2,0xa8,0x85,0xd6,0xca);
#if defined(__cplusplus) && !defined(CINTERFACE)
MIDL_INTERFACE("2abd757f-2851-4997-9a13-47d2a885d6ca")
IVdsHbaPort : public IUnknown
{
    /*
     * Fills the properties of the port of a host bus adapter.
     * libvds has no such object: there is no support for Fibre Channel.
     *
     * Returns S_OK, VDS_S_PROPERTIES_INCOMPLETE (some members could not be filled and are 0),
     * E_POINTER (the output pointer is NULL).
     */
    virtual HRESULT STDMETHODCALLTYPE GetProperties(
        VDS_HBAPORT_PROP *pHbaPortProp) = 0;

    /*
     * Sets the status of all paths that leave the port.
     * libvds has no such object: there is no support for Fibre Channel.
     *
     * Returns S_OK, VDS_S_STATUSES_INCOMPLETELY_SET (not all could be set).
     */
    virtual HRESULT STDMETHODCALLTYPE SetAllPathStatuses(
        VDS_PATH_STATUS status) = 0;

};
#ifdef __CRT_UUID_DECL
__CRT_UUID_DECL(IVdsHbaPort, 0x2abd757f, 0x2851, 0x4997, 0x9a,0x13, 0x47,0xd2,0xa8,0x85,0xd6,0xca)
#endif
#else
typedef struct IVdsHbaPortVtbl {
    BEGIN_INTERFACE

    /*** IUnknown methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryInterface)(
        IVdsHbaPort *This,
        const IID *riid,
        void **ppvObject);

    ULONG (STDMETHODCALLTYPE *AddRef)(
        IVdsHbaPort *This);

    ULONG (STDMETHODCALLTYPE *Release)(
        IVdsHbaPort *This);

    /*** IVdsHbaPort methods ***/
    HRESULT (STDMETHODCALLTYPE *GetProperties)(
        IVdsHbaPort *This,
        VDS_HBAPORT_PROP *pHbaPortProp);

    HRESULT (STDMETHODCALLTYPE *SetAllPathStatuses)(
        IVdsHbaPort *This,
        VDS_PATH_STATUS status);

    END_INTERFACE
} IVdsHbaPortVtbl;

struct IVdsHbaPort {
    CONST_VTBL IVdsHbaPortVtbl* lpVtbl;
};

#ifdef COBJMACROS
#ifndef WIDL_C_INLINE_WRAPPERS
/*** IUnknown methods ***/
#define IVdsHbaPort_QueryInterface(This,riid,ppvObject) (This)->lpVtbl->QueryInterface(This,riid,ppvObject)
#define IVdsHbaPort_AddRef(This) (This)->lpVtbl->AddRef(This)
#define IVdsHbaPort_Release(This) (This)->lpVtbl->Release(This)
/*** IVdsHbaPort methods ***/
#define IVdsHbaPort_GetProperties(This,pHbaPortProp) (This)->lpVtbl->GetProperties(This,pHbaPortProp)
#define IVdsHbaPort_SetAllPathStatuses(This,status) (This)->lpVtbl->SetAllPathStatuses(This,status)
#else
/*** IUnknown methods ***/
static FORCEINLINE HRESULT IVdsHbaPort_QueryInterface(IVdsHbaPort* This,const IID *riid,void **ppvObject) {
    return This->lpVtbl->QueryInterface(This,riid,ppvObject);
}
static FORCEINLINE ULONG IVdsHbaPort_AddRef(IVdsHbaPort* This) {
    return This->lpVtbl->AddRef(This);
}
static FORCEINLINE ULONG IVdsHbaPort_Release(IVdsHbaPort* This) {
    return This->lpVtbl->Release(This);
}
/*** IVdsHbaPort methods ***/
/*
 * Fills the properties of the port of a host bus adapter.
 * libvds has no such object: there is no support for Fibre Channel.
 *
 * Returns S_OK, VDS_S_PROPERTIES_INCOMPLETE (some members could not be filled and are 0),
 * E_POINTER (the output pointer is NULL).
 */
static FORCEINLINE HRESULT IVdsHbaPort_GetProperties(IVdsHbaPort* This,VDS_HBAPORT_PROP *pHbaPortProp) {
    return This->lpVtbl->GetProperties(This,pHbaPortProp);
}
/*
 * Sets the status of all paths that leave the port.
 * libvds has no such object: there is no support for Fibre Channel.
 *
 * Returns S_OK, VDS_S_STATUSES_INCOMPLETELY_SET (not all could be set).
 */
static FORCEINLINE HRESULT IVdsHbaPort_SetAllPathStatuses(IVdsHbaPort* This,VDS_PATH_STATUS status) {
    return This->lpVtbl->SetAllPathStatuses(This,status);
}
#endif
#endif

#endif

#endif  /* __IVdsHbaPort_INTERFACE_DEFINED__ */

/*****************************************************************************
 * IVdsIscsiInitiatorAdapter interface
 *
 * Initiator adapter. By service. VDS 1.1.
 */
#ifndef __IVdsIscsiInitiatorAdapter_INTERFACE_DEFINED__
#define __IVdsIscsiInitiatorAdapter_INTERFACE_DEFINED__

DEFINE_GUID(IID_IVdsIscsiInitiatorAdapter, 0xb07fedd4, 0x1682, 0x4440, 0x91,0x89, 0xa3,0x9b,0x55,0x19,0x4d,0xc5);
#if defined(__cplusplus) && !defined(CINTERFACE)
MIDL_INTERFACE("b07fedd4-1682-4440-9189-a39b55194dc5")
IVdsIscsiInitiatorAdapter : public IUnknown
{
    /*
     * Fills the properties of the initiator adapter. The caller frees its strings with
     * CoTaskMemFree.
     * libvds: the name is "open-iscsi".
     *
     * Returns S_OK, VDS_S_PROPERTIES_INCOMPLETE (some members could not be filled and are 0).
     */
    virtual HRESULT STDMETHODCALLTYPE GetProperties(
        VDS_ISCSI_INITIATOR_ADAPTER_PROP *pInitiatorAdapterProp) = 0;

    /*
     * Enumerates the portals of the initiator adapter.
     * libvds: one portal for each address of the host's interfaces that are up.
     *
     * Returns S_OK.
     */
    virtual HRESULT STDMETHODCALLTYPE QueryInitiatorPortals(
        IEnumVdsObject **ppEnum) = 0;

    /*
     * Logs in to a target. GUID_NULL for a portal lets the initiator choose. *ppAsync has one
     * reference that the caller releases; its output type is VDS_ASYNCOUT_LOGINTOTARGET.
     * libvds: lets iscsiadm log in; the outcome is in *ppAsync.
     *
     * Returns S_OK, VDS_E_ISCSI_LOGIN_FAILED (there is no session).
     */
    virtual HRESULT STDMETHODCALLTYPE LoginToTarget(
        VDS_ISCSI_LOGIN_TYPE loginType,
        VDS_OBJECT_ID targetId,
        VDS_OBJECT_ID targetPortalId,
        VDS_OBJECT_ID initiatorPortalId,
        ULONG ulLoginFlags,
        BOOL bHeaderDigest,
        BOOL bDataDigest,
        VDS_ISCSI_AUTH_TYPE authType,
        IVdsAsync **ppAsync) = 0;

    /*
     * Ends all sessions with a target. *ppAsync has one reference that the caller releases; its
     * output type is VDS_ASYNCOUT_LOGOUTFROMTARGET.
     * libvds: lets iscsiadm log out; the outcome is in *ppAsync.
     *
     * Returns S_OK, VDS_E_ISCSI_LOGOUT_FAILED (the sessions stay),
     * VDS_E_ISCSI_SESSION_NOT_FOUND (there is no session), VDS_E_ISCSI_LOGOUT_INCOMPLETE (some
     * sessions are left).
     */
    virtual HRESULT STDMETHODCALLTYPE LogoutFromTarget(
        VDS_OBJECT_ID targetId,
        IVdsAsync **ppAsync) = 0;

};
#ifdef __CRT_UUID_DECL
__CRT_UUID_DECL(IVdsIscsiInitiatorAdapter, 0xb07fedd4, 0x1682, 0x4440, 0x91,0x89, 0xa3,0x9b,0x55,0x19,0x4d,0xc5)
#endif
#else
typedef struct IVdsIscsiInitiatorAdapterVtbl {
    BEGIN_INTERFACE

    /*** IUnknown methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryInterface)(
        IVdsIscsiInitiatorAdapter *This,
        const IID *riid,
        void **ppvObject);

    ULONG (STDMETHODCALLTYPE *AddRef)(
        IVdsIscsiInitiatorAdapter *This);

    ULONG (STDMETHODCALLTYPE *Release)(
        IVdsIscsiInitiatorAdapter *This);

    /*** IVdsIscsiInitiatorAdapter methods ***/
    HRESULT (STDMETHODCALLTYPE *GetProperties)(
        IVdsIscsiInitiatorAdapter *This,
        VDS_ISCSI_INITIATOR_ADAPTER_PROP *pInitiatorAdapterProp);

    HRESULT (STDMETHODCALLTYPE *QueryInitiatorPortals)(
        IVdsIscsiInitiatorAdapter *This,
        IEnumVdsObject **ppEnum);

    HRESULT (STDMETHODCALLTYPE *LoginToTarget)(
        IVdsIscsiInitiatorAdapter *This,
        VDS_ISCSI_LOGIN_TYPE loginType,
        VDS_OBJECT_ID targetId,
        VDS_OBJECT_ID targetPortalId,
        VDS_OBJECT_ID initiatorPortalId,
        ULONG ulLoginFlags,
        BOOL bHeaderDigest,
        BOOL bDataDigest,
        VDS_ISCSI_AUTH_TYPE authType,
        IVdsAsync **ppAsync);

    HRESULT (STDMETHODCALLTYPE *LogoutFromTarget)(
        IVdsIscsiInitiatorAdapter *This,
        VDS_OBJECT_ID targetId,
        IVdsAsync **ppAsync);

    END_INTERFACE
} IVdsIscsiInitiatorAdapterVtbl;

struct IVdsIscsiInitiatorAdapter {
    CONST_VTBL IVdsIscsiInitiatorAdapterVtbl* lpVtbl;
};

#ifdef COBJMACROS
#ifndef WIDL_C_INLINE_WRAPPERS
/*** IUnknown methods ***/
#define IVdsIscsiInitiatorAdapter_QueryInterface(This,riid,ppvObject) (This)->lpVtbl->QueryInterface(This,riid,ppvObject)
#define IVdsIscsiInitiatorAdapter_AddRef(This) (This)->lpVtbl->AddRef(This)
#define IVdsIscsiInitiatorAdapter_Release(This) (This)->lpVtbl->Release(This)
/*** IVdsIscsiInitiatorAdapter methods ***/
#define IVdsIscsiInitiatorAdapter_GetProperties(This,pInitiatorAdapterProp) (This)->lpVtbl->GetProperties(This,pInitiatorAdapterProp)
#define IVdsIscsiInitiatorAdapter_QueryInitiatorPortals(This,ppEnum) (This)->lpVtbl->QueryInitiatorPortals(This,ppEnum)
#define IVdsIscsiInitiatorAdapter_LoginToTarget(This,loginType,targetId,targetPortalId,initiatorPortalId,ulLoginFlags,bHeaderDigest,bDataDigest,authType,ppAsync) (This)->lpVtbl->LoginToTarget(This,loginType,targetId,targetPortalId,initiatorPortalId,ulLoginFlags,bHeaderDigest,bDataDigest,authType,ppAsync)
#define IVdsIscsiInitiatorAdapter_LogoutFromTarget(This,targetId,ppAsync) (This)->lpVtbl->LogoutFromTarget(This,targetId,ppAsync)
#else
/*** IUnknown methods ***/
static FORCEINLINE HRESULT IVdsIscsiInitiatorAdapter_QueryInterface(IVdsIscsiInitiatorAdapter* This,const IID *riid,void **ppvObject) {
    return This->lpVtbl->QueryInterface(This,riid,ppvObject);
}
static FORCEINLINE ULONG IVdsIscsiInitiatorAdapter_AddRef(IVdsIscsiInitiatorAdapter* This) {
    return This->lpVtbl->AddRef(This);
}
static FORCEINLINE ULONG IVdsIscsiInitiatorAdapter_Release(IVdsIscsiInitiatorAdapter* This) {
    return This->lpVtbl->Release(This);
}
/*** IVdsIscsiInitiatorAdapter methods ***/
/*
 * Fills the properties of the initiator adapter. The caller frees its strings with
 * CoTaskMemFree.
 * libvds: the name is "open-iscsi".
 *
 * Returns S_OK, VDS_S_PROPERTIES_INCOMPLETE (some members could not be filled and are 0).
 */
static FORCEINLINE HRESULT IVdsIscsiInitiatorAdapter_GetProperties(IVdsIscsiInitiatorAdapter* This,VDS_ISCSI_INITIATOR_ADAPTER_PROP *pInitiatorAdapterProp) {
    return This->lpVtbl->GetProperties(This,pInitiatorAdapterProp);
}
/*
 * Enumerates the portals of the initiator adapter.
 * libvds: one portal for each address of the host's interfaces that are up.
 *
 * Returns S_OK.
 */
static FORCEINLINE HRESULT IVdsIscsiInitiatorAdapter_QueryInitiatorPortals(IVdsIscsiInitiatorAdapter* This,IEnumVdsObject **ppEnum) {
    return This->lpVtbl->QueryInitiatorPortals(This,ppEnum);
}
/*
 * Logs in to a target. GUID_NULL for a portal lets the initiator choose. *ppAsync has one
 * reference that the caller releases; its output type is VDS_ASYNCOUT_LOGINTOTARGET.
 * libvds: lets iscsiadm log in; the outcome is in *ppAsync.
 *
 * Returns S_OK, VDS_E_ISCSI_LOGIN_FAILED (there is no session).
 */
static FORCEINLINE HRESULT IVdsIscsiInitiatorAdapter_LoginToTarget(IVdsIscsiInitiatorAdapter* This,VDS_ISCSI_LOGIN_TYPE loginType,VDS_OBJECT_ID targetId,VDS_OBJECT_ID targetPortalId,VDS_OBJECT_ID initiatorPortalId,ULONG ulLoginFlags,BOOL bHeaderDigest,BOOL bDataDigest,VDS_ISCSI_AUTH_TYPE authType,IVdsAsync **ppAsync) {
    return This->lpVtbl->LoginToTarget(This,loginType,targetId,targetPortalId,initiatorPortalId,ulLoginFlags,bHeaderDigest,bDataDigest,authType,ppAsync);
}
/*
 * Ends all sessions with a target. *ppAsync has one reference that the caller releases; its
 * output type is VDS_ASYNCOUT_LOGOUTFROMTARGET.
 * libvds: lets iscsiadm log out; the outcome is in *ppAsync.
 *
 * Returns S_OK, VDS_E_ISCSI_LOGOUT_FAILED (the sessions stay),
 * VDS_E_ISCSI_SESSION_NOT_FOUND (there is no session), VDS_E_ISCSI_LOGOUT_INCOMPLETE (some
 * sessions are left).
 */
static FORCEINLINE HRESULT IVdsIscsiInitiatorAdapter_LogoutFromTarget(IVdsIscsiInitiatorAdapter* This,VDS_OBJECT_ID targetId,IVdsAsync **ppAsync) {
    return This->lpVtbl->LogoutFromTarget(This,targetId,ppAsync);
}
#endif
#endif

#endif

#endif  /* __IVdsIscsiInitiatorAdapter_INTERFACE_DEFINED__ */

/*****************************************************************************
 * IVdsIscsiInitiatorPortal interface
 *
 * Initiator portal. By service. VDS 1.1.
 */
#ifndef __IVdsIscsiInitiatorPortal_INTERFACE_DEFINED__
#define __IVdsIscsiInitiatorPortal_INTERFACE_DEFINED__

DEFINE_GUID(IID_IVdsIscsiInitiatorPortal, 0x38a0a9ab, 0x7cc8, 0x4693, 0xac,0x07, 0x1f,0x28,0xbd,0x03,0xc3,0xda);
#if defined(__cplusplus) && !defined(CINTERFACE)
MIDL_INTERFACE("38a0a9ab-7cc8-4693-ac07-1f28bd03c3da")
IVdsIscsiInitiatorPortal : public IUnknown
{
    /*
     * Fills the properties of the initiator portal.
     *
     * Returns S_OK, VDS_S_PROPERTIES_INCOMPLETE (some members could not be filled and are 0).
     */
    virtual HRESULT STDMETHODCALLTYPE GetProperties(
        VDS_ISCSI_INITIATOR_PORTAL_PROP *pInitiatorPortalProp) = 0;

    /*
     * Returns the initiator adapter that the portal belongs to, with one reference that the
     * caller releases.
     *
     * Returns S_OK.
     */
    virtual HRESULT STDMETHODCALLTYPE GetInitiatorAdapter(
        IVdsIscsiInitiatorAdapter **ppInitiatorAdapter) = 0;

    /*
     * Reserved: VDS never defined what it does.
     *
     * Returns VDS_E_NOT_SUPPORTED (always).
     */
    virtual HRESULT STDMETHODCALLTYPE SetIpsecTunnelAddress(
        VDS_IPADDRESS *pTunnelAddress,
        VDS_IPADDRESS *pDestinationAddress) = 0;

    /*
     * Reserved: VDS never defined what it does.
     *
     * Returns VDS_E_NOT_SUPPORTED (always).
     */
    virtual HRESULT STDMETHODCALLTYPE GetIpsecSecurity(
        VDS_OBJECT_ID targetPortalId,
        ULONGLONG *pullSecurityFlags) = 0;

    /*
     * Reserved: VDS never defined what it does.
     *
     * Returns VDS_E_NOT_SUPPORTED (always).
     */
    virtual HRESULT STDMETHODCALLTYPE SetIpsecSecurity(
        VDS_OBJECT_ID targetPortalId,
        ULONGLONG ullSecurityFlags,
        VDS_ISCSI_IPSEC_KEY *pIpsecKey) = 0;

};
#ifdef __CRT_UUID_DECL
__CRT_UUID_DECL(IVdsIscsiInitiatorPortal, 0x38a0a9ab, 0x7cc8, 0x4693, 0xac,0x07, 0x1f,0x28,0xbd,0x03,0xc3,0xda)
#endif
#else
typedef struct IVdsIscsiInitiatorPortalVtbl {
    BEGIN_INTERFACE

    /*** IUnknown methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryInterface)(
        IVdsIscsiInitiatorPortal *This,
        const IID *riid,
        void **ppvObject);

    ULONG (STDMETHODCALLTYPE *AddRef)(
        IVdsIscsiInitiatorPortal *This);

    ULONG (STDMETHODCALLTYPE *Release)(
        IVdsIscsiInitiatorPortal *This);

    /*** IVdsIscsiInitiatorPortal methods ***/
    HRESULT (STDMETHODCALLTYPE *GetProperties)(
        IVdsIscsiInitiatorPortal *This,
        VDS_ISCSI_INITIATOR_PORTAL_PROP *pInitiatorPortalProp);

    HRESULT (STDMETHODCALLTYPE *GetInitiatorAdapter)(
        IVdsIscsiInitiatorPortal *This,
        IVdsIscsiInitiatorAdapter **ppInitiatorAdapter);

    HRESULT (STDMETHODCALLTYPE *SetIpsecTunnelAddress)(
        IVdsIscsiInitiatorPortal *This,
        VDS_IPADDRESS *pTunnelAddress,
        VDS_IPADDRESS *pDestinationAddress);

    HRESULT (STDMETHODCALLTYPE *GetIpsecSecurity)(
        IVdsIscsiInitiatorPortal *This,
        VDS_OBJECT_ID targetPortalId,
        ULONGLONG *pullSecurityFlags);

    HRESULT (STDMETHODCALLTYPE *SetIpsecSecurity)(
        IVdsIscsiInitiatorPortal *This,
        VDS_OBJECT_ID targetPortalId,
        ULONGLONG ullSecurityFlags,
        VDS_ISCSI_IPSEC_KEY *pIpsecKey);

    END_INTERFACE
} IVdsIscsiInitiatorPortalVtbl;

struct IVdsIscsiInitiatorPortal {
    CONST_VTBL IVdsIscsiInitiatorPortalVtbl* lpVtbl;
};

#ifdef COBJMACROS
#ifndef WIDL_C_INLINE_WRAPPERS
/*** IUnknown methods ***/
#define IVdsIscsiInitiatorPortal_QueryInterface(This,riid,ppvObject) (This)->lpVtbl->QueryInterface(This,riid,ppvObject)
#define IVdsIscsiInitiatorPortal_AddRef(This) (This)->lpVtbl->AddRef(This)
#define IVdsIscsiInitiatorPortal_Release(This) (This)->lpVtbl->Release(This)
/*** IVdsIscsiInitiatorPortal methods ***/
#define IVdsIscsiInitiatorPortal_GetProperties(This,pInitiatorPortalProp) (This)->lpVtbl->GetProperties(This,pInitiatorPortalProp)
#define IVdsIscsiInitiatorPortal_GetInitiatorAdapter(This,ppInitiatorAdapter) (This)->lpVtbl->GetInitiatorAdapter(This,ppInitiatorAdapter)
#define IVdsIscsiInitiatorPortal_SetIpsecTunnelAddress(This,pTunnelAddress,pDestinationAddress) (This)->lpVtbl->SetIpsecTunnelAddress(This,pTunnelAddress,pDestinationAddress)
#define IVdsIscsiInitiatorPortal_GetIpsecSecurity(This,targetPortalId,pullSecurityFlags) (This)->lpVtbl->GetIpsecSecurity(This,targetPortalId,pullSecurityFlags)
#define IVdsIscsiInitiatorPortal_SetIpsecSecurity(This,targetPortalId,ullSecurityFlags,pIpsecKey) (This)->lpVtbl->SetIpsecSecurity(This,targetPortalId,ullSecurityFlags,pIpsecKey)
#else
/*** IUnknown methods ***/
static FORCEINLINE HRESULT IVdsIscsiInitiatorPortal_QueryInterface(IVdsIscsiInitiatorPortal* This,const IID *riid,void **ppvObject) {
    return This->lpVtbl->QueryInterface(This,riid,ppvObject);
}
static FORCEINLINE ULONG IVdsIscsiInitiatorPortal_AddRef(IVdsIscsiInitiatorPortal* This) {
    return This->lpVtbl->AddRef(This);
}
static FORCEINLINE ULONG IVdsIscsiInitiatorPortal_Release(IVdsIscsiInitiatorPortal* This) {
    return This->lpVtbl->Release(This);
}
/*** IVdsIscsiInitiatorPortal methods ***/
/*
 * Fills the properties of the initiator portal.
 *
 * Returns S_OK, VDS_S_PROPERTIES_INCOMPLETE (some members could not be filled and are 0).
 */
static FORCEINLINE HRESULT IVdsIscsiInitiatorPortal_GetProperties(IVdsIscsiInitiatorPortal* This,VDS_ISCSI_INITIATOR_PORTAL_PROP *pInitiatorPortalProp) {
    return This->lpVtbl->GetProperties(This,pInitiatorPortalProp);
}
/*
 * Returns the initiator adapter that the portal belongs to, with one reference that the
 * caller releases.
 *
 * Returns S_OK.
 */
static FORCEINLINE HRESULT IVdsIscsiInitiatorPortal_GetInitiatorAdapter(IVdsIscsiInitiatorPortal* This,IVdsIscsiInitiatorAdapter **ppInitiatorAdapter) {
    return This->lpVtbl->GetInitiatorAdapter(This,ppInitiatorAdapter);
}
/*
 * Reserved: VDS never defined what it does.
 *
 * Returns VDS_E_NOT_SUPPORTED (always).
 */
static FORCEINLINE HRESULT IVdsIscsiInitiatorPortal_SetIpsecTunnelAddress(IVdsIscsiInitiatorPortal* This,VDS_IPADDRESS *pTunnelAddress,VDS_IPADDRESS *pDestinationAddress) {
    return This->lpVtbl->SetIpsecTunnelAddress(This,pTunnelAddress,pDestinationAddress);
}
/*
 * Reserved: VDS never defined what it does.
 *
 * Returns VDS_E_NOT_SUPPORTED (always).
 */
static FORCEINLINE HRESULT IVdsIscsiInitiatorPortal_GetIpsecSecurity(IVdsIscsiInitiatorPortal* This,VDS_OBJECT_ID targetPortalId,ULONGLONG *pullSecurityFlags) {
    return This->lpVtbl->GetIpsecSecurity(This,targetPortalId,pullSecurityFlags);
}
/*
 * Reserved: VDS never defined what it does.
 *
 * Returns VDS_E_NOT_SUPPORTED (always).
 */
static FORCEINLINE HRESULT IVdsIscsiInitiatorPortal_SetIpsecSecurity(IVdsIscsiInitiatorPortal* This,VDS_OBJECT_ID targetPortalId,ULONGLONG ullSecurityFlags,VDS_ISCSI_IPSEC_KEY *pIpsecKey) {
    return This->lpVtbl->SetIpsecSecurity(This,targetPortalId,ullSecurityFlags,pIpsecKey);
}
#endif
#endif

#endif

#endif  /* __IVdsIscsiInitiatorPortal_INTERFACE_DEFINED__ */

#define VDS_HINT_FASTCRASHRECOVERYREQUIRED (0x1)

#define VDS_HINT_MOSTLYREADS (0x2)

#define VDS_HINT_OPTIMIZEFORSEQUENTIALREADS (0x4)

#define VDS_HINT_OPTIMIZEFORSEQUENTIALWRITES (0x8)

#define VDS_HINT_READBACKVERIFYENABLED (0x10)

#define VDS_HINT_REMAPENABLED (0x20)

#define VDS_HINT_WRITETHROUGHCACHINGENABLED (0x40)

#define VDS_HINT_HARDWARECHECKSUMENABLED (0x80)

#define VDS_HINT_ISYANKABLE (0x100)

#define VDS_HINT_ALLOCATEHOTSPARE (0x200)

#define VDS_HINT_BUSTYPE (0x400)

#define VDS_HINT_USEMIRROREDCACHE (0x800)

#define VDS_HINT_READCACHINGENABLED (0x1000)

#define VDS_HINT_WRITECACHINGENABLED (0x2000)

#define VDS_HINT_MEDIASCANENABLED (0x4000)

#define VDS_HINT_CONSISTENCYCHECKENABLED (0x8000)

#define VDS_REBUILD_PRIORITY_MIN (0)

#define VDS_REBUILD_PRIORITY_MAX (16) /* one more than the largest priority */

/* How a program will use a LUN. An array may ignore hints, as libvds does. */
typedef struct _VDS_HINTS {
    ULONGLONG ullHintMask; /* which of the BOOL members are valid: bits VDS_HINT_* */
    ULONGLONG ullExpectedMaximumSize; /* the size to which the LUN may grow, in bytes */
    ULONG ulOptimalReadSize; /* size of most reads, in bytes */
    ULONG ulOptimalReadAlignment; /* alignment of most reads, in bytes */
    ULONG ulOptimalWriteSize; /* size of most writes, in bytes */
    ULONG ulOptimalWriteAlignment; /* alignment of most writes, in bytes */
    ULONG ulMaximumDriveCount; /* how many drives the LUN may use; 0 = any number */
    ULONG ulStripeSize; /* in bytes; 0 = the array chooses */
    BOOL bFastCrashRecoveryRequired; /* recovery after a crash must be fast */
    BOOL bMostlyReads; /* most accesses will be reads */
    BOOL bOptimizeForSequentialReads; /* most reads will be sequential */
    BOOL bOptimizeForSequentialWrites; /* most writes will be sequential */
    BOOL bRemapEnabled; /* bad extents are to be replaced automatically */
    BOOL bReadBackVerifyEnabled; /* each write is to be read back and compared */
    BOOL bWriteThroughCachingEnabled; /* a write is to be on the drives before it is answered */
    BOOL bHardwareChecksumEnabled; /* the array is to protect data by checksums */
    BOOL bIsYankable; /* the LUN may be disconnected without warning */
    SHORT sRebuildPriority; /* 0 (lowest) to 15 */
} VDS_HINTS;
/* The hints of VDS 3.0: those of VDS_HINTS and some more. */
typedef struct _VDS_HINTS2 {
    /* which of the BOOL members and BusType are valid: bits VDS_HINT_* */
    ULONGLONG ullHintMask;
    ULONGLONG ullExpectedMaximumSize; /* the size to which the LUN may grow, in bytes */
    ULONG ulOptimalReadSize; /* size of most reads, in bytes */
    ULONG ulOptimalReadAlignment; /* alignment of most reads, in bytes */
    ULONG ulOptimalWriteSize; /* size of most writes, in bytes */
    ULONG ulOptimalWriteAlignment; /* alignment of most writes, in bytes */
    ULONG ulMaximumDriveCount; /* how many drives the LUN may use; 0 = any number */
    ULONG ulStripeSize; /* in bytes; 0 = the array chooses */
    ULONG ulReserved1;
    ULONG ulReserved2;
    ULONG ulReserved3;
    BOOL bFastCrashRecoveryRequired; /* recovery after a crash must be fast */
    BOOL bMostlyReads; /* most accesses will be reads */
    BOOL bOptimizeForSequentialReads; /* most reads will be sequential */
    BOOL bOptimizeForSequentialWrites; /* most writes will be sequential */
    BOOL bRemapEnabled; /* bad extents are to be replaced automatically */
    BOOL bReadBackVerifyEnabled; /* each write is to be read back and compared */
    BOOL bWriteThroughCachingEnabled; /* a write is to be on the drives before it is answered */
    BOOL bHardwareChecksumEnabled; /* the array is to protect data by checksums */
    BOOL bIsYankable; /* the LUN may be disconnected without warning */
    BOOL bAllocateHotSpare; /* the array is to keep a hot spare for the LUN */
    BOOL bUseMirroredCache; /* the cache is to be mirrored */
    BOOL bReadCachingEnabled; /* reads are to be cached */
    BOOL bWriteCachingEnabled; /* writes are to be cached */
    BOOL bMediaScanEnabled; /* the array is to look for bad sectors in the background */
    BOOL bConsistencyCheckEnabled; /* the array is to check redundant data in the background */
    VDS_STORAGE_BUS_TYPE BusType; /* the bus by which the LUN is to be reached */
    BOOL bReserved1;
    BOOL bReserved2;
    BOOL bReserved3;
    SHORT sRebuildPriority; /* 0 (lowest) to 15 */
} VDS_HINTS2;
/* The status of a subsystem. */
typedef enum _VDS_SUB_SYSTEM_STATUS {
    VDS_SSS_UNKNOWN = 0,
    VDS_SSS_ONLINE = 1,
    VDS_SSS_NOT_READY = 2,
    VDS_SSS_OFFLINE = 4,
    VDS_SSS_FAILED = 5,
    VDS_SSS_PARTIALLY_MANAGED = 9
} VDS_SUB_SYSTEM_STATUS;
/* Bits of VDS_SUB_SYSTEM_PROP.ulFlags: what the subsystem can do. */
typedef enum _VDS_SUB_SYSTEM_FLAG {
    VDS_SF_LUN_MASKING_CAPABLE = 0x1,
    VDS_SF_LUN_PLEXING_CAPABLE = 0x2,
    VDS_SF_LUN_REMAPPING_CAPABLE = 0x4,
    VDS_SF_DRIVE_EXTENT_CAPABLE = 0x8,
    VDS_SF_HARDWARE_CHECKSUM_CAPABLE = 0x10,
    VDS_SF_RADIUS_CAPABLE = 0x20,
    VDS_SF_READ_BACK_VERIFY_CAPABLE = 0x40,
    VDS_SF_WRITE_THROUGH_CACHING_CAPABLE = 0x80,
    VDS_SF_SUPPORTS_FAULT_TOLERANT_LUNS = 0x200,
    VDS_SF_SUPPORTS_NON_FAULT_TOLERANT_LUNS = 0x400,
    VDS_SF_SUPPORTS_SIMPLE_LUNS = 0x800,
    VDS_SF_SUPPORTS_SPAN_LUNS = 0x1000,
    VDS_SF_SUPPORTS_STRIPE_LUNS = 0x2000,
    VDS_SF_SUPPORTS_MIRROR_LUNS = 0x4000,
    VDS_SF_SUPPORTS_PARITY_LUNS = 0x8000,
    VDS_SF_SUPPORTS_AUTH_CHAP = 0x10000,
    VDS_SF_SUPPORTS_AUTH_MUTUAL_CHAP = 0x20000,
    VDS_SF_SUPPORTS_SIMPLE_TARGET_CONFIG = 0x40000,
    VDS_SF_SUPPORTS_LUN_NUMBER = 0x80000,
    VDS_SF_SUPPORTS_MIRRORED_CACHE = 0x100000,
    VDS_SF_READ_CACHING_CAPABLE = 0x200000,
    VDS_SF_WRITE_CACHING_CAPABLE = 0x400000,
    VDS_SF_MEDIA_SCAN_CAPABLE = 0x800000,
    VDS_SF_CONSISTENCY_CHECK_CAPABLE = 0x1000000
} VDS_SUB_SYSTEM_FLAG;
/* Bits of VDS_SUB_SYSTEM_PROP2.ulSupportedRaidTypeFlags: the RAID levels that LUNs can have. */
typedef enum _VDS_SUB_SYSTEM_SUPPORTED_RAID_TYPE_FLAG {
    VDS_SF_SUPPORTS_RAID2_LUNS = 0x1,
    VDS_SF_SUPPORTS_RAID3_LUNS = 0x2,
    VDS_SF_SUPPORTS_RAID4_LUNS = 0x4,
    VDS_SF_SUPPORTS_RAID5_LUNS = 0x8,
    VDS_SF_SUPPORTS_RAID6_LUNS = 0x10,
    VDS_SF_SUPPORTS_RAID01_LUNS = 0x20,
    VDS_SF_SUPPORTS_RAID03_LUNS = 0x40,
    VDS_SF_SUPPORTS_RAID05_LUNS = 0x80,
    VDS_SF_SUPPORTS_RAID10_LUNS = 0x100,
    VDS_SF_SUPPORTS_RAID15_LUNS = 0x200,
    VDS_SF_SUPPORTS_RAID30_LUNS = 0x400,
    VDS_SF_SUPPORTS_RAID50_LUNS = 0x800,
    VDS_SF_SUPPORTS_RAID51_LUNS = 0x1000,
    VDS_SF_SUPPORTS_RAID53_LUNS = 0x2000,
    VDS_SF_SUPPORTS_RAID60_LUNS = 0x4000,
    VDS_SF_SUPPORTS_RAID61_LUNS = 0x8000
} VDS_SUB_SYSTEM_SUPPORTED_RAID_TYPE_FLAG;
/* Bits for the interconnects by which a subsystem is reached. */
typedef enum _VDS_INTERCONNECT_FLAG {
    VDS_ITF_PCI_RAID = 0x1,
    VDS_ITF_FIBRE_CHANNEL = 0x2,
    VDS_ITF_ISCSI = 0x4,
    VDS_ITF_SAS = 0x8
} VDS_INTERCONNECT_FLAG;
/*
 * The layout of a LUN. The first three values are only passed to methods: with them the array
 * chooses the layout and changes it when it wants.
 */
typedef enum _VDS_LUN_TYPE {
    VDS_LT_UNKNOWN = 0,
    VDS_LT_DEFAULT = 1,
    VDS_LT_FAULT_TOLERANT = 2,
    VDS_LT_NON_FAULT_TOLERANT = 3,
    VDS_LT_SIMPLE = 10,
    VDS_LT_SPAN = 11,
    VDS_LT_STRIPE = 12,
    VDS_LT_MIRROR = 13,
    VDS_LT_PARITY = 14,
    VDS_LT_RAID2 = 15,
    VDS_LT_RAID3 = 16,
    VDS_LT_RAID4 = 17,
    VDS_LT_RAID5 = 18,
    VDS_LT_RAID6 = 19,
    VDS_LT_RAID01 = 20,
    VDS_LT_RAID03 = 21,
    VDS_LT_RAID05 = 22,
    VDS_LT_RAID10 = 23,
    VDS_LT_RAID15 = 24,
    VDS_LT_RAID30 = 25,
    VDS_LT_RAID50 = 26,
    VDS_LT_RAID51 = 27,
    VDS_LT_RAID53 = 28,
    VDS_LT_RAID60 = 29,
    VDS_LT_RAID61 = 30
} VDS_LUN_TYPE;
/*
 * Properties of a subsystem, that is a storage array. The caller frees the strings with
 * CoTaskMemFree.
 */
typedef struct _VDS_SUB_SYSTEM_PROP {
    VDS_OBJECT_ID id; /* the id of the subsystem */
    LPWSTR pwszFriendlyName; /* a name for people, often vendor and model */
    /* serial number or another text that identifies the array; never NULL */
    LPWSTR pwszIdentification;
    ULONG ulFlags; /* bits of VDS_SUB_SYSTEM_FLAG */
    ULONG ulStripeSizeFlags; /* bit n: stripes of 2^n bytes are possible; 0 = no stripes */
    VDS_SUB_SYSTEM_STATUS status; /* the status of the subsystem */
    VDS_HEALTH health; /* VDS_H_UNKNOWN, _HEALTHY, _FAILED or _DEGRADED */
    SHORT sNumberOfInternalBuses; /* number of buses to the drives */
    SHORT sMaxNumberOfSlotsEachBus; /* number of drive slots on each bus */
    SHORT sMaxNumberOfControllers; /* number of controllers that the array can have */
    SHORT sRebuildPriority; /* 0 (lowest) to 15 */
} VDS_SUB_SYSTEM_PROP;
/* Properties of a subsystem since VDS 3.0. The caller frees the strings with CoTaskMemFree. */
typedef struct _VDS_SUB_SYSTEM_PROP2 {
    VDS_OBJECT_ID id; /* the id of the subsystem */
    LPWSTR pwszFriendlyName; /* a name for people, often vendor and model */
    /* serial number or another text that identifies the array; never NULL */
    LPWSTR pwszIdentification;
    ULONG ulFlags; /* bits of VDS_SUB_SYSTEM_FLAG */
    ULONG ulStripeSizeFlags; /* bit n: stripes of 2^n bytes are possible; 0 = no stripes */
    /* bits of VDS_SUB_SYSTEM_SUPPORTED_RAID_TYPE_FLAG; 0 = none */
    ULONG ulSupportedRaidTypeFlags;
    VDS_SUB_SYSTEM_STATUS status; /* the status of the subsystem */
    VDS_HEALTH health; /* VDS_H_UNKNOWN, _HEALTHY, _FAILED or _DEGRADED */
    SHORT sNumberOfInternalBuses; /* number of buses to the drives */
    SHORT sMaxNumberOfSlotsEachBus; /* number of drive slots on each bus */
    SHORT sMaxNumberOfControllers; /* number of controllers that the array can have */
    SHORT sRebuildPriority; /* 0 (lowest) to 15 */
    ULONG ulNumberOfEnclosures; /* number of enclosures with drives; 0 = not reported */
} VDS_SUB_SYSTEM_PROP2;
/*****************************************************************************
 * IVdsSubSystem interface
 *
 * Subsystem. By provider and service. VDS 1.0.
 */
#ifndef __IVdsSubSystem_INTERFACE_DEFINED__
#define __IVdsSubSystem_INTERFACE_DEFINED__

DEFINE_GUID(IID_IVdsSubSystem, 0x6fcee2d3, 0x6d90, 0x4f91, 0x80,0xe2, 0xa5,0xc7,0xca,0xac,0xa9,0xd8);
#if defined(__cplusplus) && !defined(CINTERFACE)
MIDL_INTERFACE("6fcee2d3-6d90-4f91-80e2-a5c7caaca9d8")
IVdsSubSystem : public IUnknown
{
    /*
     * Fills the properties of the subsystem: id, names, flags (what it can do: VDS_SF_*),
     * status and health. The caller frees pwszFriendlyName and pwszIdentification with
     * CoTaskMemFree.
     * libvds: health is VDS_H_DEGRADED and status VDS_SSS_PARTIALLY_MANAGED while a LUN has
     * failed or a pool is not ready. There is one bus with the slots 0 to
     * sMaxNumberOfSlotsEachBus - 1, of which GetDrive knows those with drives, and one controller.
     *
     * Returns S_OK, VDS_S_PROPERTIES_INCOMPLETE (some members could not be filled and are 0);
     * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE GetProperties(
        VDS_SUB_SYSTEM_PROP *pSubSystemProp) = 0;

    /*
     * Returns the provider that the subsystem belongs to, with one reference that the caller
     * releases.
     *
     * Returns S_OK; VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE GetProvider(
        IVdsProvider **ppProvider) = 0;

    /*
     * Enumerates the controllers of the subsystem.
     * libvds: one, the data path of the host on which vdsd runs.
     *
     * Returns S_OK; VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED,
     * VDS_E_OBJECT_STATUS_FAILED, VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE QueryControllers(
        IEnumVdsObject **ppEnum) = 0;

    /*
     * Enumerates all LUNs of the subsystem. Masking has no effect on this: LUNs that no host
     * may use are in it, too. *ppEnum has one reference that the caller releases.
     *
     * Returns S_OK; VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED,
     * VDS_E_OBJECT_STATUS_FAILED, VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE QueryLuns(
        IEnumVdsObject **ppEnum) = 0;

    /*
     * Enumerates the drives of the subsystem.
     * libvds: always an empty enumeration; what is below a pool is not the array's business.
     *
     * Returns S_OK; VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED,
     * VDS_E_OBJECT_STATUS_FAILED, VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE QueryDrives(
        IEnumVdsObject **ppEnum) = 0;

    /*
     * Finds a drive by the numbers of its bus and its slot. *ppDrive has one reference that the
     * caller releases.
     * libvds: the bus is 0, and the slots are numbered from 1; VDS_E_OBJECT_NOT_FOUND for others.
     *
     * Returns S_OK; VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED,
     * VDS_E_OBJECT_STATUS_FAILED, VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE GetDrive(
        SHORT sBusNumber,
        SHORT sSlotNumber,
        IVdsDrive **ppDrive) = 0;

    /*
     * Looks for drives that came or went inside the subsystem. May take long. Drives that stay
     * keep their ids.
     * libvds: the array looks for the disks below its pools; QueryDrives shows what it found.
     *
     * Returns S_OK; VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED,
     * VDS_E_OBJECT_STATUS_FAILED, VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE Reenumerate(
        ) = 0;

    /*
     * Puts the controllers of one array online and those of the other offline. Every controller
     * of the subsystem must be in exactly one of them. The caller keeps the arrays.
     * libvds: as IVdsController::SetStatus.
     *
     * Returns S_OK, VDS_E_OBJECT_NOT_FOUND (there is no object with such an id), E_INVALIDARG
     * (a controller is in none or in both of the arrays); VDS_E_PROVIDER_CACHE_CORRUPT,
     * VDS_E_OBJECT_DELETED, VDS_E_OBJECT_STATUS_FAILED, VDS_E_ANOTHER_CALL_IN_PROGRESS as many
     * methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE SetControllerStatus(
        VDS_OBJECT_ID *pOnlineControllerIdArray,
        LONG lNumberOfOnlineControllers,
        VDS_OBJECT_ID *pOfflineControllerIdArray,
        LONG lNumberOfOfflineControllers) = 0;

    /*
     * Creates a LUN of ullSizeInBytes bytes; the array may round the size up: ask GetProperties
     * of the LUN. type is an automatic type (VDS_LT_DEFAULT, _FAULT_TOLERANT,
     * _NON_FAULT_TOLERANT) or a concrete one. pDriveIdArray names the drives to use in this
     * order; NULL with lNumberOfDrives 0 lets the array choose. pwszUnmaskingList says who may
     * use the LUN: "*" all hosts, "" none, else names of initiators with ";" between them; it
     * must not be NULL. pHints may be NULL; the array may ignore hints. The caller keeps all
     * parameters. *ppAsync has one reference that the caller releases; its output type is
     * VDS_ASYNCOUT_CREATELUN, and Wait returns the LUN. The LUN reads as zeros, so no partition
     * of an older one shows up. Notification: VDS_NF_LUN_ARRIVE.
     * libvds: type is VDS_LT_DEFAULT, _SIMPLE or _NON_FAULT_TOLERANT. The LUN keeps the hints;
     * bOptimizeForSequentialReads and bOptimizeForSequentialWrites make it thick, other LUNs
     * are thin. VDS_E_NOT_ENOUGH_SPACE when it is larger than what is free in its pool, also
     * when it is thin. VDS_E_NOT_SUPPORTED for a bit of ullHintMask without a member. The
     * drives choose the pool: the one that lies on all of them and on no other; of several, the
     * one with most free space. VDS_E_NOT_ENOUGH_DRIVE when the pool lies on more drives,
     * VDS_E_NOT_SUPPORTED when no pool lies on all of them. The LUN is not associated with any
     * target yet.
     *
     * Returns S_OK, VDS_E_OBJECT_NOT_FOUND (there is no object with such an id),
     * VDS_E_NOT_SUPPORTED (the array does not offer this), VDS_E_NOT_ENOUGH_SPACE (there is not
     * enough space), VDS_E_NOT_ENOUGH_DRIVE (there are not enough drives), E_INVALIDARG (type
     * is not a VDS_LUN_TYPE); VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED,
     * VDS_E_OBJECT_STATUS_FAILED, VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE CreateLun(
        VDS_LUN_TYPE type,
        ULONGLONG ullSizeInBytes,
        VDS_OBJECT_ID *pDriveIdArray,
        LONG lNumberOfDrives,
        LPWSTR pwszUnmaskingList,
        VDS_HINTS *pHints,
        IVdsAsync **ppAsync) = 0;

    /*
     * Lets one drive take the place of another. Notifications: VDS_NF_DRIVE_MODIFY,
     * VDS_NF_LUN_MODIFY.
     * libvds: VDS_E_NOT_SUPPORTED, since the operating system replaces disks.
     *
     * Returns S_OK, VDS_E_OBJECT_NOT_FOUND (there is no object with such an id),
     * VDS_E_NOT_SUPPORTED (the array does not offer this); VDS_E_PROVIDER_CACHE_CORRUPT,
     * VDS_E_OBJECT_DELETED, VDS_E_OBJECT_STATUS_FAILED, VDS_E_ANOTHER_CALL_IN_PROGRESS as many
     * methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE ReplaceDrive(
        VDS_OBJECT_ID DriveToBeReplaced,
        VDS_OBJECT_ID ReplacementDrive) = 0;

    /*
     * Changes the status of the subsystem. Notification: VDS_NF_SUB_SYSTEM_MODIFY.
     * libvds: VDS_SSS_ONLINE has no effect, other values are not supported.
     *
     * Returns S_OK, VDS_E_NOT_SUPPORTED (the array does not offer this), E_INVALIDARG (status
     * is VDS_SSS_UNKNOWN); VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED,
     * VDS_E_OBJECT_STATUS_FAILED, VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE SetStatus(
        VDS_SUB_SYSTEM_STATUS status) = 0;

    /*
     * Reports how large a LUN could be, in bytes, for this type and these drives (NULL and 0:
     * any). Nothing is reserved: another program may take the space meanwhile.
     * libvds: what is free in the pool, so that CreateLun accepts it; for a thick LUN (pHints,
     * which may be NULL) in one piece. The drives choose the pool as for CreateLun; 0 when it
     * lies on more drives.
     *
     * Returns S_OK, VDS_E_OBJECT_NOT_FOUND (there is no object with such an id),
     * VDS_E_NOT_SUPPORTED (the array does not offer this); VDS_E_PROVIDER_CACHE_CORRUPT,
     * VDS_E_OBJECT_DELETED, VDS_E_OBJECT_STATUS_FAILED, VDS_E_ANOTHER_CALL_IN_PROGRESS as many
     * methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE QueryMaxLunCreateSize(
        VDS_LUN_TYPE type,
        VDS_OBJECT_ID *pDriveIdArray,
        LONG lNumberOfDrives,
        VDS_HINTS *pHints,
        ULONGLONG *pullMaxLunSize) = 0;

};
#ifdef __CRT_UUID_DECL
__CRT_UUID_DECL(IVdsSubSystem, 0x6fcee2d3, 0x6d90, 0x4f91, 0x80,0xe2, 0xa5,0xc7,0xca,0xac,0xa9,0xd8)
#endif
#else
typedef struct IVdsSubSystemVtbl {
    BEGIN_INTERFACE

    /*** IUnknown methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryInterface)(
        IVdsSubSystem *This,
        const IID *riid,
        void **ppvObject);

    ULONG (STDMETHODCALLTYPE *AddRef)(
        IVdsSubSystem *This);

    ULONG (STDMETHODCALLTYPE *Release)(
        IVdsSubSystem *This);

    /*** IVdsSubSystem methods ***/
    HRESULT (STDMETHODCALLTYPE *GetProperties)(
        IVdsSubSystem *This,
        VDS_SUB_SYSTEM_PROP *pSubSystemProp);

    HRESULT (STDMETHODCALLTYPE *GetProvider)(
        IVdsSubSystem *This,
        IVdsProvider **ppProvider);

    HRESULT (STDMETHODCALLTYPE *QueryControllers)(
        IVdsSubSystem *This,
        IEnumVdsObject **ppEnum);

    HRESULT (STDMETHODCALLTYPE *QueryLuns)(
        IVdsSubSystem *This,
        IEnumVdsObject **ppEnum);

    HRESULT (STDMETHODCALLTYPE *QueryDrives)(
        IVdsSubSystem *This,
        IEnumVdsObject **ppEnum);

    HRESULT (STDMETHODCALLTYPE *GetDrive)(
        IVdsSubSystem *This,
        SHORT sBusNumber,
        SHORT sSlotNumber,
        IVdsDrive **ppDrive);

    HRESULT (STDMETHODCALLTYPE *Reenumerate)(
        IVdsSubSystem *This);

    HRESULT (STDMETHODCALLTYPE *SetControllerStatus)(
        IVdsSubSystem *This,
        VDS_OBJECT_ID *pOnlineControllerIdArray,
        LONG lNumberOfOnlineControllers,
        VDS_OBJECT_ID *pOfflineControllerIdArray,
        LONG lNumberOfOfflineControllers);

    HRESULT (STDMETHODCALLTYPE *CreateLun)(
        IVdsSubSystem *This,
        VDS_LUN_TYPE type,
        ULONGLONG ullSizeInBytes,
        VDS_OBJECT_ID *pDriveIdArray,
        LONG lNumberOfDrives,
        LPWSTR pwszUnmaskingList,
        VDS_HINTS *pHints,
        IVdsAsync **ppAsync);

    HRESULT (STDMETHODCALLTYPE *ReplaceDrive)(
        IVdsSubSystem *This,
        VDS_OBJECT_ID DriveToBeReplaced,
        VDS_OBJECT_ID ReplacementDrive);

    HRESULT (STDMETHODCALLTYPE *SetStatus)(
        IVdsSubSystem *This,
        VDS_SUB_SYSTEM_STATUS status);

    HRESULT (STDMETHODCALLTYPE *QueryMaxLunCreateSize)(
        IVdsSubSystem *This,
        VDS_LUN_TYPE type,
        VDS_OBJECT_ID *pDriveIdArray,
        LONG lNumberOfDrives,
        VDS_HINTS *pHints,
        ULONGLONG *pullMaxLunSize);

    END_INTERFACE
} IVdsSubSystemVtbl;

struct IVdsSubSystem {
    CONST_VTBL IVdsSubSystemVtbl* lpVtbl;
};

#ifdef COBJMACROS
#ifndef WIDL_C_INLINE_WRAPPERS
/*** IUnknown methods ***/
#define IVdsSubSystem_QueryInterface(This,riid,ppvObject) (This)->lpVtbl->QueryInterface(This,riid,ppvObject)
#define IVdsSubSystem_AddRef(This) (This)->lpVtbl->AddRef(This)
#define IVdsSubSystem_Release(This) (This)->lpVtbl->Release(This)
/*** IVdsSubSystem methods ***/
#define IVdsSubSystem_GetProperties(This,pSubSystemProp) (This)->lpVtbl->GetProperties(This,pSubSystemProp)
#define IVdsSubSystem_GetProvider(This,ppProvider) (This)->lpVtbl->GetProvider(This,ppProvider)
#define IVdsSubSystem_QueryControllers(This,ppEnum) (This)->lpVtbl->QueryControllers(This,ppEnum)
#define IVdsSubSystem_QueryLuns(This,ppEnum) (This)->lpVtbl->QueryLuns(This,ppEnum)
#define IVdsSubSystem_QueryDrives(This,ppEnum) (This)->lpVtbl->QueryDrives(This,ppEnum)
#define IVdsSubSystem_GetDrive(This,sBusNumber,sSlotNumber,ppDrive) (This)->lpVtbl->GetDrive(This,sBusNumber,sSlotNumber,ppDrive)
#define IVdsSubSystem_Reenumerate(This) (This)->lpVtbl->Reenumerate(This)
#define IVdsSubSystem_SetControllerStatus(This,pOnlineControllerIdArray,lNumberOfOnlineControllers,pOfflineControllerIdArray,lNumberOfOfflineControllers) (This)->lpVtbl->SetControllerStatus(This,pOnlineControllerIdArray,lNumberOfOnlineControllers,pOfflineControllerIdArray,lNumberOfOfflineControllers)
#define IVdsSubSystem_CreateLun(This,type,ullSizeInBytes,pDriveIdArray,lNumberOfDrives,pwszUnmaskingList,pHints,ppAsync) (This)->lpVtbl->CreateLun(This,type,ullSizeInBytes,pDriveIdArray,lNumberOfDrives,pwszUnmaskingList,pHints,ppAsync)
#define IVdsSubSystem_ReplaceDrive(This,DriveToBeReplaced,ReplacementDrive) (This)->lpVtbl->ReplaceDrive(This,DriveToBeReplaced,ReplacementDrive)
#define IVdsSubSystem_SetStatus(This,status) (This)->lpVtbl->SetStatus(This,status)
#define IVdsSubSystem_QueryMaxLunCreateSize(This,type,pDriveIdArray,lNumberOfDrives,pHints,pullMaxLunSize) (This)->lpVtbl->QueryMaxLunCreateSize(This,type,pDriveIdArray,lNumberOfDrives,pHints,pullMaxLunSize)
#else
/*** IUnknown methods ***/
static FORCEINLINE HRESULT IVdsSubSystem_QueryInterface(IVdsSubSystem* This,const IID *riid,void **ppvObject) {
    return This->lpVtbl->QueryInterface(This,riid,ppvObject);
}
static FORCEINLINE ULONG IVdsSubSystem_AddRef(IVdsSubSystem* This) {
    return This->lpVtbl->AddRef(This);
}
static FORCEINLINE ULONG IVdsSubSystem_Release(IVdsSubSystem* This) {
    return This->lpVtbl->Release(This);
}
/*** IVdsSubSystem methods ***/
/*
 * Fills the properties of the subsystem: id, names, flags (what it can do: VDS_SF_*),
 * status and health. The caller frees pwszFriendlyName and pwszIdentification with
 * CoTaskMemFree.
 * libvds: health is VDS_H_DEGRADED and status VDS_SSS_PARTIALLY_MANAGED while a LUN has
 * failed or a pool is not ready. There is one bus with the slots 0 to
 * sMaxNumberOfSlotsEachBus - 1, of which GetDrive knows those with drives, and one controller.
 *
 * Returns S_OK, VDS_S_PROPERTIES_INCOMPLETE (some members could not be filled and are 0);
 * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED as many methods do.
 */
static FORCEINLINE HRESULT IVdsSubSystem_GetProperties(IVdsSubSystem* This,VDS_SUB_SYSTEM_PROP *pSubSystemProp) {
    return This->lpVtbl->GetProperties(This,pSubSystemProp);
}
/*
 * Returns the provider that the subsystem belongs to, with one reference that the caller
 * releases.
 *
 * Returns S_OK; VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED as many methods do.
 */
static FORCEINLINE HRESULT IVdsSubSystem_GetProvider(IVdsSubSystem* This,IVdsProvider **ppProvider) {
    return This->lpVtbl->GetProvider(This,ppProvider);
}
/*
 * Enumerates the controllers of the subsystem.
 * libvds: one, the data path of the host on which vdsd runs.
 *
 * Returns S_OK; VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED,
 * VDS_E_OBJECT_STATUS_FAILED, VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
 */
static FORCEINLINE HRESULT IVdsSubSystem_QueryControllers(IVdsSubSystem* This,IEnumVdsObject **ppEnum) {
    return This->lpVtbl->QueryControllers(This,ppEnum);
}
/*
 * Enumerates all LUNs of the subsystem. Masking has no effect on this: LUNs that no host
 * may use are in it, too. *ppEnum has one reference that the caller releases.
 *
 * Returns S_OK; VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED,
 * VDS_E_OBJECT_STATUS_FAILED, VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
 */
static FORCEINLINE HRESULT IVdsSubSystem_QueryLuns(IVdsSubSystem* This,IEnumVdsObject **ppEnum) {
    return This->lpVtbl->QueryLuns(This,ppEnum);
}
/*
 * Enumerates the drives of the subsystem.
 * libvds: always an empty enumeration; what is below a pool is not the array's business.
 *
 * Returns S_OK; VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED,
 * VDS_E_OBJECT_STATUS_FAILED, VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
 */
static FORCEINLINE HRESULT IVdsSubSystem_QueryDrives(IVdsSubSystem* This,IEnumVdsObject **ppEnum) {
    return This->lpVtbl->QueryDrives(This,ppEnum);
}
/*
 * Finds a drive by the numbers of its bus and its slot. *ppDrive has one reference that the
 * caller releases.
 * libvds: the bus is 0, and the slots are numbered from 1; VDS_E_OBJECT_NOT_FOUND for others.
 *
 * Returns S_OK; VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED,
 * VDS_E_OBJECT_STATUS_FAILED, VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
 */
static FORCEINLINE HRESULT IVdsSubSystem_GetDrive(IVdsSubSystem* This,SHORT sBusNumber,SHORT sSlotNumber,IVdsDrive **ppDrive) {
    return This->lpVtbl->GetDrive(This,sBusNumber,sSlotNumber,ppDrive);
}
/*
 * Looks for drives that came or went inside the subsystem. May take long. Drives that stay
 * keep their ids.
 * libvds: the array looks for the disks below its pools; QueryDrives shows what it found.
 *
 * Returns S_OK; VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED,
 * VDS_E_OBJECT_STATUS_FAILED, VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
 */
static FORCEINLINE HRESULT IVdsSubSystem_Reenumerate(IVdsSubSystem* This) {
    return This->lpVtbl->Reenumerate(This);
}
/*
 * Puts the controllers of one array online and those of the other offline. Every controller
 * of the subsystem must be in exactly one of them. The caller keeps the arrays.
 * libvds: as IVdsController::SetStatus.
 *
 * Returns S_OK, VDS_E_OBJECT_NOT_FOUND (there is no object with such an id), E_INVALIDARG
 * (a controller is in none or in both of the arrays); VDS_E_PROVIDER_CACHE_CORRUPT,
 * VDS_E_OBJECT_DELETED, VDS_E_OBJECT_STATUS_FAILED, VDS_E_ANOTHER_CALL_IN_PROGRESS as many
 * methods do.
 */
static FORCEINLINE HRESULT IVdsSubSystem_SetControllerStatus(IVdsSubSystem* This,VDS_OBJECT_ID *pOnlineControllerIdArray,LONG lNumberOfOnlineControllers,VDS_OBJECT_ID *pOfflineControllerIdArray,LONG lNumberOfOfflineControllers) {
    return This->lpVtbl->SetControllerStatus(This,pOnlineControllerIdArray,lNumberOfOnlineControllers,pOfflineControllerIdArray,lNumberOfOfflineControllers);
}
/*
 * Creates a LUN of ullSizeInBytes bytes; the array may round the size up: ask GetProperties
 * of the LUN. type is an automatic type (VDS_LT_DEFAULT, _FAULT_TOLERANT,
 * _NON_FAULT_TOLERANT) or a concrete one. pDriveIdArray names the drives to use in this
 * order; NULL with lNumberOfDrives 0 lets the array choose. pwszUnmaskingList says who may
 * use the LUN: "*" all hosts, "" none, else names of initiators with ";" between them; it
 * must not be NULL. pHints may be NULL; the array may ignore hints. The caller keeps all
 * parameters. *ppAsync has one reference that the caller releases; its output type is
 * VDS_ASYNCOUT_CREATELUN, and Wait returns the LUN. The LUN reads as zeros, so no partition
 * of an older one shows up. Notification: VDS_NF_LUN_ARRIVE.
 * libvds: type is VDS_LT_DEFAULT, _SIMPLE or _NON_FAULT_TOLERANT. The LUN keeps the hints;
 * bOptimizeForSequentialReads and bOptimizeForSequentialWrites make it thick, other LUNs
 * are thin. VDS_E_NOT_ENOUGH_SPACE when it is larger than what is free in its pool, also
 * when it is thin. VDS_E_NOT_SUPPORTED for a bit of ullHintMask without a member. The
 * drives choose the pool: the one that lies on all of them and on no other; of several, the
 * one with most free space. VDS_E_NOT_ENOUGH_DRIVE when the pool lies on more drives,
 * VDS_E_NOT_SUPPORTED when no pool lies on all of them. The LUN is not associated with any
 * target yet.
 *
 * Returns S_OK, VDS_E_OBJECT_NOT_FOUND (there is no object with such an id),
 * VDS_E_NOT_SUPPORTED (the array does not offer this), VDS_E_NOT_ENOUGH_SPACE (there is not
 * enough space), VDS_E_NOT_ENOUGH_DRIVE (there are not enough drives), E_INVALIDARG (type
 * is not a VDS_LUN_TYPE); VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED,
 * VDS_E_OBJECT_STATUS_FAILED, VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
 */
static FORCEINLINE HRESULT IVdsSubSystem_CreateLun(IVdsSubSystem* This,VDS_LUN_TYPE type,ULONGLONG ullSizeInBytes,VDS_OBJECT_ID *pDriveIdArray,LONG lNumberOfDrives,LPWSTR pwszUnmaskingList,VDS_HINTS *pHints,IVdsAsync **ppAsync) {
    return This->lpVtbl->CreateLun(This,type,ullSizeInBytes,pDriveIdArray,lNumberOfDrives,pwszUnmaskingList,pHints,ppAsync);
}
/*
 * Lets one drive take the place of another. Notifications: VDS_NF_DRIVE_MODIFY,
 * VDS_NF_LUN_MODIFY.
 * libvds: VDS_E_NOT_SUPPORTED, since the operating system replaces disks.
 *
 * Returns S_OK, VDS_E_OBJECT_NOT_FOUND (there is no object with such an id),
 * VDS_E_NOT_SUPPORTED (the array does not offer this); VDS_E_PROVIDER_CACHE_CORRUPT,
 * VDS_E_OBJECT_DELETED, VDS_E_OBJECT_STATUS_FAILED, VDS_E_ANOTHER_CALL_IN_PROGRESS as many
 * methods do.
 */
static FORCEINLINE HRESULT IVdsSubSystem_ReplaceDrive(IVdsSubSystem* This,VDS_OBJECT_ID DriveToBeReplaced,VDS_OBJECT_ID ReplacementDrive) {
    return This->lpVtbl->ReplaceDrive(This,DriveToBeReplaced,ReplacementDrive);
}
/*
 * Changes the status of the subsystem. Notification: VDS_NF_SUB_SYSTEM_MODIFY.
 * libvds: VDS_SSS_ONLINE has no effect, other values are not supported.
 *
 * Returns S_OK, VDS_E_NOT_SUPPORTED (the array does not offer this), E_INVALIDARG (status
 * is VDS_SSS_UNKNOWN); VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED,
 * VDS_E_OBJECT_STATUS_FAILED, VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
 */
static FORCEINLINE HRESULT IVdsSubSystem_SetStatus(IVdsSubSystem* This,VDS_SUB_SYSTEM_STATUS status) {
    return This->lpVtbl->SetStatus(This,status);
}
/*
 * Reports how large a LUN could be, in bytes, for this type and these drives (NULL and 0:
 * any). Nothing is reserved: another program may take the space meanwhile.
 * libvds: what is free in the pool, so that CreateLun accepts it; for a thick LUN (pHints,
 * which may be NULL) in one piece. The drives choose the pool as for CreateLun; 0 when it
 * lies on more drives.
 *
 * Returns S_OK, VDS_E_OBJECT_NOT_FOUND (there is no object with such an id),
 * VDS_E_NOT_SUPPORTED (the array does not offer this); VDS_E_PROVIDER_CACHE_CORRUPT,
 * VDS_E_OBJECT_DELETED, VDS_E_OBJECT_STATUS_FAILED, VDS_E_ANOTHER_CALL_IN_PROGRESS as many
 * methods do.
 */
static FORCEINLINE HRESULT IVdsSubSystem_QueryMaxLunCreateSize(IVdsSubSystem* This,VDS_LUN_TYPE type,VDS_OBJECT_ID *pDriveIdArray,LONG lNumberOfDrives,VDS_HINTS *pHints,ULONGLONG *pullMaxLunSize) {
    return This->lpVtbl->QueryMaxLunCreateSize(This,type,pDriveIdArray,lNumberOfDrives,pHints,pullMaxLunSize);
}
#endif
#endif

#endif

#endif  /* __IVdsSubSystem_INTERFACE_DEFINED__ */

/*****************************************************************************
 * IVdsSubSystem2 interface
 *
 * Subsystem. By provider (optional) and service. VDS 3.0.
 */
#ifndef __IVdsSubSystem2_INTERFACE_DEFINED__
#define __IVdsSubSystem2_INTERFACE_DEFINED__

DEFINE_GUID(IID_IVdsSubSystem2, 0xbe666735, 0x7800, 0x4a77, 0x9d,0x9c, 0x40,0xf8,0x5b,0x87,0xe2,0x92);
#if defined(__cplusplus) && !defined(CINTERFACE)
MIDL_INTERFACE("be666735-7800-4a77-9d9c-40f85b87e292")
IVdsSubSystem2 : public IUnknown
{
    /*
     * Fills the properties of the subsystem as IVdsSubSystem::GetProperties does, and the
     * supported RAID types and the number of enclosures.
     * libvds: no RAID types, and 0 enclosures.
     *
     * Returns S_OK, VDS_S_PROPERTIES_INCOMPLETE (some members could not be filled and are 0);
     * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE GetProperties2(
        VDS_SUB_SYSTEM_PROP2 *pSubSystemProp2) = 0;

    /*
     * Finds a drive by the numbers of its bus, its slot and its enclosure.
     * libvds: every enclosure is right, since the array knows none.
     *
     * Returns S_OK; VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED,
     * VDS_E_OBJECT_STATUS_FAILED, VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE GetDrive2(
        SHORT sBusNumber,
        SHORT sSlotNumber,
        ULONG ulEnclosureNumber,
        IVdsDrive **ppDrive) = 0;

    /*
     * Creates a LUN as IVdsSubSystem::CreateLun does, with the hints of VDS_HINTS2.
     *
     * Returns S_OK, VDS_E_OBJECT_NOT_FOUND (there is no object with such an id),
     * VDS_E_NOT_SUPPORTED (the array does not offer this), VDS_E_NOT_ENOUGH_SPACE (there is not
     * enough space), VDS_E_NOT_ENOUGH_DRIVE (there are not enough drives), E_INVALIDARG (type
     * is not a VDS_LUN_TYPE); VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED,
     * VDS_E_OBJECT_STATUS_FAILED, VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE CreateLun2(
        VDS_LUN_TYPE type,
        ULONGLONG ullSizeInBytes,
        VDS_OBJECT_ID *pDriveIdArray,
        LONG lNumberOfDrives,
        LPWSTR pwszUnmaskingList,
        VDS_HINTS2 *pHints2,
        IVdsAsync **ppAsync) = 0;

    /*
     * Reports how large a LUN could be, as IVdsSubSystem::QueryMaxLunCreateSize does, with the
     * hints of VDS_HINTS2.
     *
     * Returns S_OK, VDS_E_OBJECT_NOT_FOUND (there is no object with such an id),
     * VDS_E_NOT_SUPPORTED (the array does not offer this); VDS_E_PROVIDER_CACHE_CORRUPT,
     * VDS_E_OBJECT_DELETED, VDS_E_OBJECT_STATUS_FAILED, VDS_E_ANOTHER_CALL_IN_PROGRESS as many
     * methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE QueryMaxLunCreateSize2(
        VDS_LUN_TYPE type,
        VDS_OBJECT_ID *pDriveIdArray,
        LONG lNumberOfDrives,
        VDS_HINTS2 *pHints2,
        ULONGLONG *pullMaxLunSize) = 0;

};
#ifdef __CRT_UUID_DECL
__CRT_UUID_DECL(IVdsSubSystem2, 0xbe666735, 0x7800, 0x4a77, 0x9d,0x9c, 0x40,0xf8,0x5b,0x87,0xe2,0x92)
#endif
#else
typedef struct IVdsSubSystem2Vtbl {
    BEGIN_INTERFACE

    /*** IUnknown methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryInterface)(
        IVdsSubSystem2 *This,
        const IID *riid,
        void **ppvObject);

    ULONG (STDMETHODCALLTYPE *AddRef)(
        IVdsSubSystem2 *This);

    ULONG (STDMETHODCALLTYPE *Release)(
        IVdsSubSystem2 *This);

    /*** IVdsSubSystem2 methods ***/
    HRESULT (STDMETHODCALLTYPE *GetProperties2)(
        IVdsSubSystem2 *This,
        VDS_SUB_SYSTEM_PROP2 *pSubSystemProp2);

    HRESULT (STDMETHODCALLTYPE *GetDrive2)(
        IVdsSubSystem2 *This,
        SHORT sBusNumber,
        SHORT sSlotNumber,
        ULONG ulEnclosureNumber,
        IVdsDrive **ppDrive);

    HRESULT (STDMETHODCALLTYPE *CreateLun2)(
        IVdsSubSystem2 *This,
        VDS_LUN_TYPE type,
        ULONGLONG ullSizeInBytes,
        VDS_OBJECT_ID *pDriveIdArray,
        LONG lNumberOfDrives,
        LPWSTR pwszUnmaskingList,
        VDS_HINTS2 *pHints2,
        IVdsAsync **ppAsync);

    HRESULT (STDMETHODCALLTYPE *QueryMaxLunCreateSize2)(
        IVdsSubSystem2 *This,
        VDS_LUN_TYPE type,
        VDS_OBJECT_ID *pDriveIdArray,
        LONG lNumberOfDrives,
        VDS_HINTS2 *pHints2,
        ULONGLONG *pullMaxLunSize);

    END_INTERFACE
} IVdsSubSystem2Vtbl;

struct IVdsSubSystem2 {
    CONST_VTBL IVdsSubSystem2Vtbl* lpVtbl;
};

#ifdef COBJMACROS
#ifndef WIDL_C_INLINE_WRAPPERS
/*** IUnknown methods ***/
#define IVdsSubSystem2_QueryInterface(This,riid,ppvObject) (This)->lpVtbl->QueryInterface(This,riid,ppvObject)
#define IVdsSubSystem2_AddRef(This) (This)->lpVtbl->AddRef(This)
#define IVdsSubSystem2_Release(This) (This)->lpVtbl->Release(This)
/*** IVdsSubSystem2 methods ***/
#define IVdsSubSystem2_GetProperties2(This,pSubSystemProp2) (This)->lpVtbl->GetProperties2(This,pSubSystemProp2)
#define IVdsSubSystem2_GetDrive2(This,sBusNumber,sSlotNumber,ulEnclosureNumber,ppDrive) (This)->lpVtbl->GetDrive2(This,sBusNumber,sSlotNumber,ulEnclosureNumber,ppDrive)
#define IVdsSubSystem2_CreateLun2(This,type,ullSizeInBytes,pDriveIdArray,lNumberOfDrives,pwszUnmaskingList,pHints2,ppAsync) (This)->lpVtbl->CreateLun2(This,type,ullSizeInBytes,pDriveIdArray,lNumberOfDrives,pwszUnmaskingList,pHints2,ppAsync)
#define IVdsSubSystem2_QueryMaxLunCreateSize2(This,type,pDriveIdArray,lNumberOfDrives,pHints2,pullMaxLunSize) (This)->lpVtbl->QueryMaxLunCreateSize2(This,type,pDriveIdArray,lNumberOfDrives,pHints2,pullMaxLunSize)
#else
/*** IUnknown methods ***/
static FORCEINLINE HRESULT IVdsSubSystem2_QueryInterface(IVdsSubSystem2* This,const IID *riid,void **ppvObject) {
    return This->lpVtbl->QueryInterface(This,riid,ppvObject);
}
static FORCEINLINE ULONG IVdsSubSystem2_AddRef(IVdsSubSystem2* This) {
    return This->lpVtbl->AddRef(This);
}
static FORCEINLINE ULONG IVdsSubSystem2_Release(IVdsSubSystem2* This) {
    return This->lpVtbl->Release(This);
}
/*** IVdsSubSystem2 methods ***/
/*
 * Fills the properties of the subsystem as IVdsSubSystem::GetProperties does, and the
 * supported RAID types and the number of enclosures.
 * libvds: no RAID types, and 0 enclosures.
 *
 * Returns S_OK, VDS_S_PROPERTIES_INCOMPLETE (some members could not be filled and are 0);
 * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED as many methods do.
 */
static FORCEINLINE HRESULT IVdsSubSystem2_GetProperties2(IVdsSubSystem2* This,VDS_SUB_SYSTEM_PROP2 *pSubSystemProp2) {
    return This->lpVtbl->GetProperties2(This,pSubSystemProp2);
}
/*
 * Finds a drive by the numbers of its bus, its slot and its enclosure.
 * libvds: every enclosure is right, since the array knows none.
 *
 * Returns S_OK; VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED,
 * VDS_E_OBJECT_STATUS_FAILED, VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
 */
static FORCEINLINE HRESULT IVdsSubSystem2_GetDrive2(IVdsSubSystem2* This,SHORT sBusNumber,SHORT sSlotNumber,ULONG ulEnclosureNumber,IVdsDrive **ppDrive) {
    return This->lpVtbl->GetDrive2(This,sBusNumber,sSlotNumber,ulEnclosureNumber,ppDrive);
}
/*
 * Creates a LUN as IVdsSubSystem::CreateLun does, with the hints of VDS_HINTS2.
 *
 * Returns S_OK, VDS_E_OBJECT_NOT_FOUND (there is no object with such an id),
 * VDS_E_NOT_SUPPORTED (the array does not offer this), VDS_E_NOT_ENOUGH_SPACE (there is not
 * enough space), VDS_E_NOT_ENOUGH_DRIVE (there are not enough drives), E_INVALIDARG (type
 * is not a VDS_LUN_TYPE); VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED,
 * VDS_E_OBJECT_STATUS_FAILED, VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
 */
static FORCEINLINE HRESULT IVdsSubSystem2_CreateLun2(IVdsSubSystem2* This,VDS_LUN_TYPE type,ULONGLONG ullSizeInBytes,VDS_OBJECT_ID *pDriveIdArray,LONG lNumberOfDrives,LPWSTR pwszUnmaskingList,VDS_HINTS2 *pHints2,IVdsAsync **ppAsync) {
    return This->lpVtbl->CreateLun2(This,type,ullSizeInBytes,pDriveIdArray,lNumberOfDrives,pwszUnmaskingList,pHints2,ppAsync);
}
/*
 * Reports how large a LUN could be, as IVdsSubSystem::QueryMaxLunCreateSize does, with the
 * hints of VDS_HINTS2.
 *
 * Returns S_OK, VDS_E_OBJECT_NOT_FOUND (there is no object with such an id),
 * VDS_E_NOT_SUPPORTED (the array does not offer this); VDS_E_PROVIDER_CACHE_CORRUPT,
 * VDS_E_OBJECT_DELETED, VDS_E_OBJECT_STATUS_FAILED, VDS_E_ANOTHER_CALL_IN_PROGRESS as many
 * methods do.
 */
static FORCEINLINE HRESULT IVdsSubSystem2_QueryMaxLunCreateSize2(IVdsSubSystem2* This,VDS_LUN_TYPE type,VDS_OBJECT_ID *pDriveIdArray,LONG lNumberOfDrives,VDS_HINTS2 *pHints2,ULONGLONG *pullMaxLunSize) {
    return This->lpVtbl->QueryMaxLunCreateSize2(This,type,pDriveIdArray,lNumberOfDrives,pHints2,pullMaxLunSize);
}
#endif
#endif

#endif

#endif  /* __IVdsSubSystem2_INTERFACE_DEFINED__ */

/*****************************************************************************
 * IVdsSubSystemNaming interface
 *
 * Subsystem. By provider (optional) and service. VDS 1.1.
 */
#ifndef __IVdsSubSystemNaming_INTERFACE_DEFINED__
#define __IVdsSubSystemNaming_INTERFACE_DEFINED__

DEFINE_GUID(IID_IVdsSubSystemNaming, 0x0d70faa3, 0x9cd4, 0x4900, 0xaa,0x20, 0x69,0x81,0xb6,0xaa,0xfc,0x75);
#if defined(__cplusplus) && !defined(CINTERFACE)
MIDL_INTERFACE("0d70faa3-9cd4-4900-aa20-6981b6aafc75")
IVdsSubSystemNaming : public IUnknown
{
    /*
     * Renames the subsystem. The caller keeps the name. Notification:
     * VDS_NF_SUB_SYSTEM_MODIFY.
     * libvds: a name has at most 63 UTF-16 units; a longer one is cut between characters, and "" removes
     * the name.
     *
     * Returns S_OK, VDS_S_NAME_TRUNCATED (the name was too long and was cut),
     * VDS_E_NOT_SUPPORTED (the array does not offer this); VDS_E_PROVIDER_CACHE_CORRUPT,
     * VDS_E_OBJECT_DELETED, VDS_E_OBJECT_STATUS_FAILED, VDS_E_ANOTHER_CALL_IN_PROGRESS as many
     * methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE SetFriendlyName(
        LPWSTR pwszFriendlyName) = 0;

};
#ifdef __CRT_UUID_DECL
__CRT_UUID_DECL(IVdsSubSystemNaming, 0x0d70faa3, 0x9cd4, 0x4900, 0xaa,0x20, 0x69,0x81,0xb6,0xaa,0xfc,0x75)
#endif
#else
typedef struct IVdsSubSystemNamingVtbl {
    BEGIN_INTERFACE

    /*** IUnknown methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryInterface)(
        IVdsSubSystemNaming *This,
        const IID *riid,
        void **ppvObject);

    ULONG (STDMETHODCALLTYPE *AddRef)(
        IVdsSubSystemNaming *This);

    ULONG (STDMETHODCALLTYPE *Release)(
        IVdsSubSystemNaming *This);

    /*** IVdsSubSystemNaming methods ***/
    HRESULT (STDMETHODCALLTYPE *SetFriendlyName)(
        IVdsSubSystemNaming *This,
        LPWSTR pwszFriendlyName);

    END_INTERFACE
} IVdsSubSystemNamingVtbl;

struct IVdsSubSystemNaming {
    CONST_VTBL IVdsSubSystemNamingVtbl* lpVtbl;
};

#ifdef COBJMACROS
#ifndef WIDL_C_INLINE_WRAPPERS
/*** IUnknown methods ***/
#define IVdsSubSystemNaming_QueryInterface(This,riid,ppvObject) (This)->lpVtbl->QueryInterface(This,riid,ppvObject)
#define IVdsSubSystemNaming_AddRef(This) (This)->lpVtbl->AddRef(This)
#define IVdsSubSystemNaming_Release(This) (This)->lpVtbl->Release(This)
/*** IVdsSubSystemNaming methods ***/
#define IVdsSubSystemNaming_SetFriendlyName(This,pwszFriendlyName) (This)->lpVtbl->SetFriendlyName(This,pwszFriendlyName)
#else
/*** IUnknown methods ***/
static FORCEINLINE HRESULT IVdsSubSystemNaming_QueryInterface(IVdsSubSystemNaming* This,const IID *riid,void **ppvObject) {
    return This->lpVtbl->QueryInterface(This,riid,ppvObject);
}
static FORCEINLINE ULONG IVdsSubSystemNaming_AddRef(IVdsSubSystemNaming* This) {
    return This->lpVtbl->AddRef(This);
}
static FORCEINLINE ULONG IVdsSubSystemNaming_Release(IVdsSubSystemNaming* This) {
    return This->lpVtbl->Release(This);
}
/*** IVdsSubSystemNaming methods ***/
/*
 * Renames the subsystem. The caller keeps the name. Notification:
 * VDS_NF_SUB_SYSTEM_MODIFY.
 * libvds: a name has at most 63 UTF-16 units; a longer one is cut between characters, and "" removes
 * the name.
 *
 * Returns S_OK, VDS_S_NAME_TRUNCATED (the name was too long and was cut),
 * VDS_E_NOT_SUPPORTED (the array does not offer this); VDS_E_PROVIDER_CACHE_CORRUPT,
 * VDS_E_OBJECT_DELETED, VDS_E_OBJECT_STATUS_FAILED, VDS_E_ANOTHER_CALL_IN_PROGRESS as many
 * methods do.
 */
static FORCEINLINE HRESULT IVdsSubSystemNaming_SetFriendlyName(IVdsSubSystemNaming* This,LPWSTR pwszFriendlyName) {
    return This->lpVtbl->SetFriendlyName(This,pwszFriendlyName);
}
#endif
#endif

#endif

#endif  /* __IVdsSubSystemNaming_INTERFACE_DEFINED__ */

/*****************************************************************************
 * IVdsSubSystemIscsi interface
 *
 * Subsystem. By iSCSI provider and service. VDS 1.1.
 */
#ifndef __IVdsSubSystemIscsi_INTERFACE_DEFINED__
#define __IVdsSubSystemIscsi_INTERFACE_DEFINED__

DEFINE_GUID(IID_IVdsSubSystemIscsi, 0x0027346f, 0x40d0, 0x4b45, 0x8c,0xec, 0x59,0x06,0xdc,0x03,0x80,0xc8);
#if defined(__cplusplus) && !defined(CINTERFACE)
MIDL_INTERFACE("0027346f-40d0-4b45-8cec-5906dc0380c8")
IVdsSubSystemIscsi : public IUnknown
{
    /*
     * Enumerates all iSCSI targets of the subsystem. *ppEnum has one reference that the caller
     * releases.
     *
     * Returns S_OK; VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED,
     * VDS_E_OBJECT_STATUS_FAILED, VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE QueryTargets(
        IEnumVdsObject **ppEnum) = 0;

    /*
     * Enumerates the iSCSI portals of the subsystem: the addresses and ports through which its
     * targets can be reached. Portals belong to the subsystem; VDS does not create or delete
     * them.
     * libvds: vdsctl(1) does.
     *
     * Returns S_OK; VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED,
     * VDS_E_OBJECT_STATUS_FAILED, VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE QueryPortals(
        IEnumVdsObject **ppEnum) = 0;

    /*
     * Creates an iSCSI target. pwszIscsiName NULL or "" lets the array make the name; else no
     * other target of any array in sight may have it. pwszFriendlyName is the alias; "" is none, NULL is refused.
     * The caller keeps both.
     * *ppAsync has one reference that the caller releases; its output type is
     * VDS_ASYNCOUT_CREATETARGET, and Wait returns the target. A new target has no LUNs and no
     * portal groups: initiators reach it once a portal group of it has a portal. Notification:
     * VDS_NF_TARGET_ARRIVE.
     *
     * Returns S_OK, VDS_E_NOT_SUPPORTED (the subsystem makes its targets itself),
     * VDS_E_NAME_NOT_UNIQUE (another target has the name); VDS_E_PROVIDER_CACHE_CORRUPT,
     * VDS_E_OBJECT_DELETED, VDS_E_OBJECT_STATUS_FAILED, VDS_E_ANOTHER_CALL_IN_PROGRESS as many
     * methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE CreateTarget(
        LPWSTR pwszIscsiName,
        LPWSTR pwszFriendlyName,
        IVdsAsync **ppAsync) = 0;

    /*
     * Reserved: VDS never defined what it does.
     *
     * Returns VDS_E_NOT_SUPPORTED (always).
     */
    virtual HRESULT STDMETHODCALLTYPE SetIpsecGroupPresharedKey(
        VDS_ISCSI_IPSEC_KEY *pIpsecKey) = 0;

};
#ifdef __CRT_UUID_DECL
__CRT_UUID_DECL(IVdsSubSystemIscsi, 0x0027346f, 0x40d0, 0x4b45, 0x8c,0xec, 0x59,0x06,0xdc,0x03,0x80,0xc8)
#endif
#else
typedef struct IVdsSubSystemIscsiVtbl {
    BEGIN_INTERFACE

    /*** IUnknown methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryInterface)(
        IVdsSubSystemIscsi *This,
        const IID *riid,
        void **ppvObject);

    ULONG (STDMETHODCALLTYPE *AddRef)(
        IVdsSubSystemIscsi *This);

    ULONG (STDMETHODCALLTYPE *Release)(
        IVdsSubSystemIscsi *This);

    /*** IVdsSubSystemIscsi methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryTargets)(
        IVdsSubSystemIscsi *This,
        IEnumVdsObject **ppEnum);

    HRESULT (STDMETHODCALLTYPE *QueryPortals)(
        IVdsSubSystemIscsi *This,
        IEnumVdsObject **ppEnum);

    HRESULT (STDMETHODCALLTYPE *CreateTarget)(
        IVdsSubSystemIscsi *This,
        LPWSTR pwszIscsiName,
        LPWSTR pwszFriendlyName,
        IVdsAsync **ppAsync);

    HRESULT (STDMETHODCALLTYPE *SetIpsecGroupPresharedKey)(
        IVdsSubSystemIscsi *This,
        VDS_ISCSI_IPSEC_KEY *pIpsecKey);

    END_INTERFACE
} IVdsSubSystemIscsiVtbl;

struct IVdsSubSystemIscsi {
    CONST_VTBL IVdsSubSystemIscsiVtbl* lpVtbl;
};

#ifdef COBJMACROS
#ifndef WIDL_C_INLINE_WRAPPERS
/*** IUnknown methods ***/
#define IVdsSubSystemIscsi_QueryInterface(This,riid,ppvObject) (This)->lpVtbl->QueryInterface(This,riid,ppvObject)
#define IVdsSubSystemIscsi_AddRef(This) (This)->lpVtbl->AddRef(This)
#define IVdsSubSystemIscsi_Release(This) (This)->lpVtbl->Release(This)
/*** IVdsSubSystemIscsi methods ***/
#define IVdsSubSystemIscsi_QueryTargets(This,ppEnum) (This)->lpVtbl->QueryTargets(This,ppEnum)
#define IVdsSubSystemIscsi_QueryPortals(This,ppEnum) (This)->lpVtbl->QueryPortals(This,ppEnum)
#define IVdsSubSystemIscsi_CreateTarget(This,pwszIscsiName,pwszFriendlyName,ppAsync) (This)->lpVtbl->CreateTarget(This,pwszIscsiName,pwszFriendlyName,ppAsync)
#define IVdsSubSystemIscsi_SetIpsecGroupPresharedKey(This,pIpsecKey) (This)->lpVtbl->SetIpsecGroupPresharedKey(This,pIpsecKey)
#else
/*** IUnknown methods ***/
static FORCEINLINE HRESULT IVdsSubSystemIscsi_QueryInterface(IVdsSubSystemIscsi* This,const IID *riid,void **ppvObject) {
    return This->lpVtbl->QueryInterface(This,riid,ppvObject);
}
static FORCEINLINE ULONG IVdsSubSystemIscsi_AddRef(IVdsSubSystemIscsi* This) {
    return This->lpVtbl->AddRef(This);
}
static FORCEINLINE ULONG IVdsSubSystemIscsi_Release(IVdsSubSystemIscsi* This) {
    return This->lpVtbl->Release(This);
}
/*** IVdsSubSystemIscsi methods ***/
/*
 * Enumerates all iSCSI targets of the subsystem. *ppEnum has one reference that the caller
 * releases.
 *
 * Returns S_OK; VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED,
 * VDS_E_OBJECT_STATUS_FAILED, VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
 */
static FORCEINLINE HRESULT IVdsSubSystemIscsi_QueryTargets(IVdsSubSystemIscsi* This,IEnumVdsObject **ppEnum) {
    return This->lpVtbl->QueryTargets(This,ppEnum);
}
/*
 * Enumerates the iSCSI portals of the subsystem: the addresses and ports through which its
 * targets can be reached. Portals belong to the subsystem; VDS does not create or delete
 * them.
 * libvds: vdsctl(1) does.
 *
 * Returns S_OK; VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED,
 * VDS_E_OBJECT_STATUS_FAILED, VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
 */
static FORCEINLINE HRESULT IVdsSubSystemIscsi_QueryPortals(IVdsSubSystemIscsi* This,IEnumVdsObject **ppEnum) {
    return This->lpVtbl->QueryPortals(This,ppEnum);
}
/*
 * Creates an iSCSI target. pwszIscsiName NULL or "" lets the array make the name; else no
 * other target of any array in sight may have it. pwszFriendlyName is the alias; "" is none, NULL is refused.
 * The caller keeps both.
 * *ppAsync has one reference that the caller releases; its output type is
 * VDS_ASYNCOUT_CREATETARGET, and Wait returns the target. A new target has no LUNs and no
 * portal groups: initiators reach it once a portal group of it has a portal. Notification:
 * VDS_NF_TARGET_ARRIVE.
 *
 * Returns S_OK, VDS_E_NOT_SUPPORTED (the subsystem makes its targets itself),
 * VDS_E_NAME_NOT_UNIQUE (another target has the name); VDS_E_PROVIDER_CACHE_CORRUPT,
 * VDS_E_OBJECT_DELETED, VDS_E_OBJECT_STATUS_FAILED, VDS_E_ANOTHER_CALL_IN_PROGRESS as many
 * methods do.
 */
static FORCEINLINE HRESULT IVdsSubSystemIscsi_CreateTarget(IVdsSubSystemIscsi* This,LPWSTR pwszIscsiName,LPWSTR pwszFriendlyName,IVdsAsync **ppAsync) {
    return This->lpVtbl->CreateTarget(This,pwszIscsiName,pwszFriendlyName,ppAsync);
}
/*
 * Reserved: VDS never defined what it does.
 *
 * Returns VDS_E_NOT_SUPPORTED (always).
 */
static FORCEINLINE HRESULT IVdsSubSystemIscsi_SetIpsecGroupPresharedKey(IVdsSubSystemIscsi* This,VDS_ISCSI_IPSEC_KEY *pIpsecKey) {
    return This->lpVtbl->SetIpsecGroupPresharedKey(This,pIpsecKey);
}
#endif
#endif

#endif

#endif  /* __IVdsSubSystemIscsi_INTERFACE_DEFINED__ */

/*****************************************************************************
 * IVdsSubSystemInterconnect interface
 *
 * Subsystem. By provider (optional) and service. VDS 3.0.
 */
#ifndef __IVdsSubSystemInterconnect_INTERFACE_DEFINED__
#define __IVdsSubSystemInterconnect_INTERFACE_DEFINED__

DEFINE_GUID(IID_IVdsSubSystemInterconnect, 0x9e6fa560, 0xc141, 0x477b, 0x83,0xba, 0x0b,0x6c,0x38,0xf7,0xfe,0xbf);
#if defined(__cplusplus) && !defined(CINTERFACE)
MIDL_INTERFACE("9e6fa560-c141-477b-83ba-0b6c38f7febf")
IVdsSubSystemInterconnect : public IUnknown
{
    /*
     * Reports by which interconnects the subsystem can be reached, as a mask of VDS_ITF_* flags.
     * libvds: VDS_ITF_ISCSI.
     *
     * Returns S_OK.
     */
    virtual HRESULT STDMETHODCALLTYPE GetSupportedInterconnects(
        ULONG *pulSupportedInterconnectsFlag) = 0;

};
#ifdef __CRT_UUID_DECL
__CRT_UUID_DECL(IVdsSubSystemInterconnect, 0x9e6fa560, 0xc141, 0x477b, 0x83,0xba, 0x0b,0x6c,0x38,0xf7,0xfe,0xbf)
#endif
#else
typedef struct IVdsSubSystemInterconnectVtbl {
    BEGIN_INTERFACE

    /*** IUnknown methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryInterface)(
        IVdsSubSystemInterconnect *This,
        const IID *riid,
        void **ppvObject);

    ULONG (STDMETHODCALLTYPE *AddRef)(
        IVdsSubSystemInterconnect *This);

    ULONG (STDMETHODCALLTYPE *Release)(
        IVdsSubSystemInterconnect *This);

    /*** IVdsSubSystemInterconnect methods ***/
    HRESULT (STDMETHODCALLTYPE *GetSupportedInterconnects)(
        IVdsSubSystemInterconnect *This,
        ULONG *pulSupportedInterconnectsFlag);

    END_INTERFACE
} IVdsSubSystemInterconnectVtbl;

struct IVdsSubSystemInterconnect {
    CONST_VTBL IVdsSubSystemInterconnectVtbl* lpVtbl;
};

#ifdef COBJMACROS
#ifndef WIDL_C_INLINE_WRAPPERS
/*** IUnknown methods ***/
#define IVdsSubSystemInterconnect_QueryInterface(This,riid,ppvObject) (This)->lpVtbl->QueryInterface(This,riid,ppvObject)
#define IVdsSubSystemInterconnect_AddRef(This) (This)->lpVtbl->AddRef(This)
#define IVdsSubSystemInterconnect_Release(This) (This)->lpVtbl->Release(This)
/*** IVdsSubSystemInterconnect methods ***/
#define IVdsSubSystemInterconnect_GetSupportedInterconnects(This,pulSupportedInterconnectsFlag) (This)->lpVtbl->GetSupportedInterconnects(This,pulSupportedInterconnectsFlag)
#else
/*** IUnknown methods ***/
static FORCEINLINE HRESULT IVdsSubSystemInterconnect_QueryInterface(IVdsSubSystemInterconnect* This,const IID *riid,void **ppvObject) {
    return This->lpVtbl->QueryInterface(This,riid,ppvObject);
}
static FORCEINLINE ULONG IVdsSubSystemInterconnect_AddRef(IVdsSubSystemInterconnect* This) {
    return This->lpVtbl->AddRef(This);
}
static FORCEINLINE ULONG IVdsSubSystemInterconnect_Release(IVdsSubSystemInterconnect* This) {
    return This->lpVtbl->Release(This);
}
/*** IVdsSubSystemInterconnect methods ***/
/*
 * Reports by which interconnects the subsystem can be reached, as a mask of VDS_ITF_* flags.
 * libvds: VDS_ITF_ISCSI.
 *
 * Returns S_OK.
 */
static FORCEINLINE HRESULT IVdsSubSystemInterconnect_GetSupportedInterconnects(IVdsSubSystemInterconnect* This,ULONG *pulSupportedInterconnectsFlag) {
    return This->lpVtbl->GetSupportedInterconnects(This,pulSupportedInterconnectsFlag);
}
#endif
#endif

#endif

#endif  /* __IVdsSubSystemInterconnect_INTERFACE_DEFINED__ */

/*****************************************************************************
 * IVdsSubSystemImportTarget interface
 *
 * Subsystem. By service only. VDS 1.1.
 */
#ifndef __IVdsSubSystemImportTarget_INTERFACE_DEFINED__
#define __IVdsSubSystemImportTarget_INTERFACE_DEFINED__

DEFINE_GUID(IID_IVdsSubSystemImportTarget, 0x83bfb87f, 0x43fb, 0x4903, 0xba,0xa6, 0x12,0x7f,0x01,0x02,0x9e,0xec);
#if defined(__cplusplus) && !defined(CINTERFACE)
MIDL_INTERFACE("83bfb87f-43fb-4903-baa6-127f01029eec")
IVdsSubSystemImportTarget : public IUnknown
{
    /*
     * Reports the iSCSI name of the target with which shadow copies are associated when they are
     * imported on this computer. The caller frees *ppwszIscsiName with CoTaskMemFree. A method
     * of the service, which keeps the name for each subsystem.
     * libvds has no such interface.
     *
     * Returns S_OK, VDS_E_NOT_SUPPORTED (the array does not offer this), VDS_E_NO_IMPORT_TARGET
     * (there is none); VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE GetImportTarget(
        LPWSTR *ppwszIscsiName) = 0;

    /*
     * Sets the name that GetImportTarget says; NULL takes it back.
     * libvds has no such interface.
     *
     * Returns S_OK, VDS_E_NOT_SUPPORTED (the array does not offer this);
     * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE SetImportTarget(
        LPWSTR pwszIscsiName) = 0;

};
#ifdef __CRT_UUID_DECL
__CRT_UUID_DECL(IVdsSubSystemImportTarget, 0x83bfb87f, 0x43fb, 0x4903, 0xba,0xa6, 0x12,0x7f,0x01,0x02,0x9e,0xec)
#endif
#else
typedef struct IVdsSubSystemImportTargetVtbl {
    BEGIN_INTERFACE

    /*** IUnknown methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryInterface)(
        IVdsSubSystemImportTarget *This,
        const IID *riid,
        void **ppvObject);

    ULONG (STDMETHODCALLTYPE *AddRef)(
        IVdsSubSystemImportTarget *This);

    ULONG (STDMETHODCALLTYPE *Release)(
        IVdsSubSystemImportTarget *This);

    /*** IVdsSubSystemImportTarget methods ***/
    HRESULT (STDMETHODCALLTYPE *GetImportTarget)(
        IVdsSubSystemImportTarget *This,
        LPWSTR *ppwszIscsiName);

    HRESULT (STDMETHODCALLTYPE *SetImportTarget)(
        IVdsSubSystemImportTarget *This,
        LPWSTR pwszIscsiName);

    END_INTERFACE
} IVdsSubSystemImportTargetVtbl;

struct IVdsSubSystemImportTarget {
    CONST_VTBL IVdsSubSystemImportTargetVtbl* lpVtbl;
};

#ifdef COBJMACROS
#ifndef WIDL_C_INLINE_WRAPPERS
/*** IUnknown methods ***/
#define IVdsSubSystemImportTarget_QueryInterface(This,riid,ppvObject) (This)->lpVtbl->QueryInterface(This,riid,ppvObject)
#define IVdsSubSystemImportTarget_AddRef(This) (This)->lpVtbl->AddRef(This)
#define IVdsSubSystemImportTarget_Release(This) (This)->lpVtbl->Release(This)
/*** IVdsSubSystemImportTarget methods ***/
#define IVdsSubSystemImportTarget_GetImportTarget(This,ppwszIscsiName) (This)->lpVtbl->GetImportTarget(This,ppwszIscsiName)
#define IVdsSubSystemImportTarget_SetImportTarget(This,pwszIscsiName) (This)->lpVtbl->SetImportTarget(This,pwszIscsiName)
#else
/*** IUnknown methods ***/
static FORCEINLINE HRESULT IVdsSubSystemImportTarget_QueryInterface(IVdsSubSystemImportTarget* This,const IID *riid,void **ppvObject) {
    return This->lpVtbl->QueryInterface(This,riid,ppvObject);
}
static FORCEINLINE ULONG IVdsSubSystemImportTarget_AddRef(IVdsSubSystemImportTarget* This) {
    return This->lpVtbl->AddRef(This);
}
static FORCEINLINE ULONG IVdsSubSystemImportTarget_Release(IVdsSubSystemImportTarget* This) {
    return This->lpVtbl->Release(This);
}
/*** IVdsSubSystemImportTarget methods ***/
/*
 * Reports the iSCSI name of the target with which shadow copies are associated when they are
 * imported on this computer. The caller frees *ppwszIscsiName with CoTaskMemFree. A method
 * of the service, which keeps the name for each subsystem.
 * libvds has no such interface.
 *
 * Returns S_OK, VDS_E_NOT_SUPPORTED (the array does not offer this), VDS_E_NO_IMPORT_TARGET
 * (there is none); VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED as many methods do.
 */
static FORCEINLINE HRESULT IVdsSubSystemImportTarget_GetImportTarget(IVdsSubSystemImportTarget* This,LPWSTR *ppwszIscsiName) {
    return This->lpVtbl->GetImportTarget(This,ppwszIscsiName);
}
/*
 * Sets the name that GetImportTarget says; NULL takes it back.
 * libvds has no such interface.
 *
 * Returns S_OK, VDS_E_NOT_SUPPORTED (the array does not offer this);
 * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED as many methods do.
 */
static FORCEINLINE HRESULT IVdsSubSystemImportTarget_SetImportTarget(IVdsSubSystemImportTarget* This,LPWSTR pwszIscsiName) {
    return This->lpVtbl->SetImportTarget(This,pwszIscsiName);
}
#endif
#endif

#endif

#endif  /* __IVdsSubSystemImportTarget_INTERFACE_DEFINED__ */

/* The status of a controller. */
typedef enum _VDS_CONTROLLER_STATUS {
    VDS_CS_UNKNOWN = 0,
    VDS_CS_ONLINE = 1,
    VDS_CS_NOT_READY = 2,
    VDS_CS_OFFLINE = 4,
    VDS_CS_FAILED = 5,
    VDS_CS_REMOVED = 8
} VDS_CONTROLLER_STATUS;
/* The status of a controller port. */
typedef enum _VDS_PORT_STATUS {
    VDS_PRS_UNKNOWN = 0,
    VDS_PRS_ONLINE = 1,
    VDS_PRS_NOT_READY = 2,
    VDS_PRS_OFFLINE = 4,
    VDS_PRS_FAILED = 5,
    VDS_PRS_REMOVED = 8
} VDS_PORT_STATUS;
/* Properties of a controller. The caller frees the strings with CoTaskMemFree. */
typedef struct _VDS_CONTROLLER_PROP {
    VDS_OBJECT_ID id; /* the id of the controller */
    LPWSTR pwszFriendlyName; /* a name for people */
    /* a text that identifies the controller, such as its serial number */
    LPWSTR pwszIdentification;
    VDS_CONTROLLER_STATUS status; /* the status of the controller */
    VDS_HEALTH health; /* VDS_H_UNKNOWN, _HEALTHY, _FAILED, _REPLACED or _DEGRADED */
    SHORT sNumberOfPorts; /* number of ports, which are numbered from 0 */
} VDS_CONTROLLER_PROP;
/* Properties of a controller port. The caller frees the strings with CoTaskMemFree. */
typedef struct _VDS_PORT_PROP {
    VDS_OBJECT_ID id; /* the id of the port */
    LPWSTR pwszFriendlyName; /* a name for people */
    /* a text that identifies the port; Fibre Channel: WWN of 16 hexadecimal digits */
    LPWSTR pwszIdentification;
    VDS_PORT_STATUS status; /* the status of the port */
} VDS_PORT_PROP;
/*****************************************************************************
 * IVdsControllerPort interface
 *
 * Controller port. By provider and service (mandatory for Fibre Channel). VDS 1.1.
 */
#ifndef __IVdsControllerPort_INTERFACE_DEFINED__
#define __IVdsControllerPort_INTERFACE_DEFINED__

DEFINE_GUID(IID_IVdsControllerPort, 0x18691d0d, 0x4e7f, 0x43e8, 0x92,0xe4, 0xcf,0x44,0xbe,0xee,0xd1,0x1c);
#if defined(__cplusplus) && !defined(CINTERFACE)
MIDL_INTERFACE("18691d0d-4e7f-43e8-92e4-cf44beeed11c")
IVdsControllerPort : public IUnknown
{
    /*
     * Fills the properties of the port. The caller frees its strings with CoTaskMemFree.
     * libvds: a port is a network interface that has the address of a portal. Its names are the
     * interface's name and hardware address. VDS_PRS_OFFLINE while all its portals or its
     * controller are offline, VDS_PRS_NOT_READY while it has no link.
     *
     * Returns S_OK, VDS_S_PROPERTIES_INCOMPLETE (some members could not be filled and are 0);
     * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE GetProperties(
        VDS_PORT_PROP *pPortProp) = 0;

    /*
     * Returns the controller that the port belongs to, with one reference that the caller
     * releases.
     *
     * Returns S_OK; VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE GetController(
        IVdsController **ppController) = 0;

    /*
     * Enumerates the LUNs for which this port is active.
     * libvds: LUNs of which a target has a portal group with a portal of this port that is
     * online; none while the controller is offline.
     *
     * Returns S_OK, VDS_E_NOT_SUPPORTED (the array does not offer this);
     * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED, VDS_E_OBJECT_STATUS_FAILED,
     * VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE QueryAssociatedLuns(
        IEnumVdsObject **ppEnum) = 0;

    /*
     * Initialises the port again.
     * libvds: asks the initiators to log out, ends the sessions that are left after 2 s, and
     * opens the listeners of the port's portals again. Returns when that is done.
     *
     * Returns S_OK, VDS_E_NOT_SUPPORTED (the array does not offer this);
     * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED, VDS_E_ANOTHER_CALL_IN_PROGRESS as
     * many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE Reset(
        ) = 0;

    /*
     * Changes the status of the port.
     * libvds: VDS_PRS_ONLINE and VDS_PRS_OFFLINE set the status of all portals of the port, and
     * OFFLINE ends its sessions. Other values are VDS_E_NOT_SUPPORTED.
     *
     * Returns S_OK, VDS_E_NOT_SUPPORTED (the array does not offer this), E_INVALIDARG (status
     * is VDS_PRS_UNKNOWN); VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED,
     * VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE SetStatus(
        VDS_PORT_STATUS status) = 0;

};
#ifdef __CRT_UUID_DECL
__CRT_UUID_DECL(IVdsControllerPort, 0x18691d0d, 0x4e7f, 0x43e8, 0x92,0xe4, 0xcf,0x44,0xbe,0xee,0xd1,0x1c)
#endif
#else
typedef struct IVdsControllerPortVtbl {
    BEGIN_INTERFACE

    /*** IUnknown methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryInterface)(
        IVdsControllerPort *This,
        const IID *riid,
        void **ppvObject);

    ULONG (STDMETHODCALLTYPE *AddRef)(
        IVdsControllerPort *This);

    ULONG (STDMETHODCALLTYPE *Release)(
        IVdsControllerPort *This);

    /*** IVdsControllerPort methods ***/
    HRESULT (STDMETHODCALLTYPE *GetProperties)(
        IVdsControllerPort *This,
        VDS_PORT_PROP *pPortProp);

    HRESULT (STDMETHODCALLTYPE *GetController)(
        IVdsControllerPort *This,
        IVdsController **ppController);

    HRESULT (STDMETHODCALLTYPE *QueryAssociatedLuns)(
        IVdsControllerPort *This,
        IEnumVdsObject **ppEnum);

    HRESULT (STDMETHODCALLTYPE *Reset)(
        IVdsControllerPort *This);

    HRESULT (STDMETHODCALLTYPE *SetStatus)(
        IVdsControllerPort *This,
        VDS_PORT_STATUS status);

    END_INTERFACE
} IVdsControllerPortVtbl;

struct IVdsControllerPort {
    CONST_VTBL IVdsControllerPortVtbl* lpVtbl;
};

#ifdef COBJMACROS
#ifndef WIDL_C_INLINE_WRAPPERS
/*** IUnknown methods ***/
#define IVdsControllerPort_QueryInterface(This,riid,ppvObject) (This)->lpVtbl->QueryInterface(This,riid,ppvObject)
#define IVdsControllerPort_AddRef(This) (This)->lpVtbl->AddRef(This)
#define IVdsControllerPort_Release(This) (This)->lpVtbl->Release(This)
/*** IVdsControllerPort methods ***/
#define IVdsControllerPort_GetProperties(This,pPortProp) (This)->lpVtbl->GetProperties(This,pPortProp)
#define IVdsControllerPort_GetController(This,ppController) (This)->lpVtbl->GetController(This,ppController)
#define IVdsControllerPort_QueryAssociatedLuns(This,ppEnum) (This)->lpVtbl->QueryAssociatedLuns(This,ppEnum)
#define IVdsControllerPort_Reset(This) (This)->lpVtbl->Reset(This)
#define IVdsControllerPort_SetStatus(This,status) (This)->lpVtbl->SetStatus(This,status)
#else
/*** IUnknown methods ***/
static FORCEINLINE HRESULT IVdsControllerPort_QueryInterface(IVdsControllerPort* This,const IID *riid,void **ppvObject) {
    return This->lpVtbl->QueryInterface(This,riid,ppvObject);
}
static FORCEINLINE ULONG IVdsControllerPort_AddRef(IVdsControllerPort* This) {
    return This->lpVtbl->AddRef(This);
}
static FORCEINLINE ULONG IVdsControllerPort_Release(IVdsControllerPort* This) {
    return This->lpVtbl->Release(This);
}
/*** IVdsControllerPort methods ***/
/*
 * Fills the properties of the port. The caller frees its strings with CoTaskMemFree.
 * libvds: a port is a network interface that has the address of a portal. Its names are the
 * interface's name and hardware address. VDS_PRS_OFFLINE while all its portals or its
 * controller are offline, VDS_PRS_NOT_READY while it has no link.
 *
 * Returns S_OK, VDS_S_PROPERTIES_INCOMPLETE (some members could not be filled and are 0);
 * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED as many methods do.
 */
static FORCEINLINE HRESULT IVdsControllerPort_GetProperties(IVdsControllerPort* This,VDS_PORT_PROP *pPortProp) {
    return This->lpVtbl->GetProperties(This,pPortProp);
}
/*
 * Returns the controller that the port belongs to, with one reference that the caller
 * releases.
 *
 * Returns S_OK; VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED as many methods do.
 */
static FORCEINLINE HRESULT IVdsControllerPort_GetController(IVdsControllerPort* This,IVdsController **ppController) {
    return This->lpVtbl->GetController(This,ppController);
}
/*
 * Enumerates the LUNs for which this port is active.
 * libvds: LUNs of which a target has a portal group with a portal of this port that is
 * online; none while the controller is offline.
 *
 * Returns S_OK, VDS_E_NOT_SUPPORTED (the array does not offer this);
 * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED, VDS_E_OBJECT_STATUS_FAILED,
 * VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
 */
static FORCEINLINE HRESULT IVdsControllerPort_QueryAssociatedLuns(IVdsControllerPort* This,IEnumVdsObject **ppEnum) {
    return This->lpVtbl->QueryAssociatedLuns(This,ppEnum);
}
/*
 * Initialises the port again.
 * libvds: asks the initiators to log out, ends the sessions that are left after 2 s, and
 * opens the listeners of the port's portals again. Returns when that is done.
 *
 * Returns S_OK, VDS_E_NOT_SUPPORTED (the array does not offer this);
 * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED, VDS_E_ANOTHER_CALL_IN_PROGRESS as
 * many methods do.
 */
static FORCEINLINE HRESULT IVdsControllerPort_Reset(IVdsControllerPort* This) {
    return This->lpVtbl->Reset(This);
}
/*
 * Changes the status of the port.
 * libvds: VDS_PRS_ONLINE and VDS_PRS_OFFLINE set the status of all portals of the port, and
 * OFFLINE ends its sessions. Other values are VDS_E_NOT_SUPPORTED.
 *
 * Returns S_OK, VDS_E_NOT_SUPPORTED (the array does not offer this), E_INVALIDARG (status
 * is VDS_PRS_UNKNOWN); VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED,
 * VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
 */
static FORCEINLINE HRESULT IVdsControllerPort_SetStatus(IVdsControllerPort* This,VDS_PORT_STATUS status) {
    return This->lpVtbl->SetStatus(This,status);
}
#endif
#endif

#endif

#endif  /* __IVdsControllerPort_INTERFACE_DEFINED__ */

/*****************************************************************************
 * IVdsController interface
 *
 * Controller. By provider and service. VDS 1.0.
 */
#ifndef __IVdsController_INTERFACE_DEFINED__
#define __IVdsController_INTERFACE_DEFINED__

DEFINE_GUID(IID_IVdsController, 0xcb53d96e, 0xdffb, 0x474a, 0xa0,0x78, 0x79,0x0d,0x1e,0x2b,0xc0,0x82);
#if defined(__cplusplus) && !defined(CINTERFACE)
MIDL_INTERFACE("cb53d96e-dffb-474a-a078-790d1e2bc082")
IVdsController : public IUnknown
{
    /*
     * Fills the properties of the controller. The caller frees its strings with CoTaskMemFree.
     * libvds: the names are that of the host and the serial number of the array. VDS_H_DEGRADED
     * while a port has no link or a portal that should listen does not.
     *
     * Returns S_OK, VDS_S_PROPERTIES_INCOMPLETE (some members could not be filled and are 0);
     * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE GetProperties(
        VDS_CONTROLLER_PROP *pControllerProp) = 0;

    /*
     * Returns the subsystem that the controller belongs to, with one reference that the caller
     * releases.
     *
     * Returns S_OK; VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE GetSubSystem(
        IVdsSubSystem **ppSubSystem) = 0;

    /*
     * Fills the properties of the port with this number, from 0. Newer programs use the port's
     * object.
     * libvds: in the order of QueryControllerPorts; E_INVALIDARG when there is no such port.
     *
     * Returns S_OK, VDS_E_NOT_SUPPORTED (the array does not offer this);
     * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE GetPortProperties(
        SHORT sPortNumber,
        VDS_PORT_PROP *pPortProp) = 0;

    /*
     * Writes the data in the controller's cache to the drives.
     * libvds: everything that initiators were told is written is durable on return, but for
     * LUNs that have failed; VDS_E_OBJECT_STATUS_FAILED when the store of a LUN fails in it.
     *
     * Returns S_OK, VDS_E_NOT_SUPPORTED (the array does not offer this);
     * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED, VDS_E_OBJECT_STATUS_FAILED,
     * VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE FlushCache(
        ) = 0;

    /*
     * Throws the data in the controller's cache away: data not written yet are lost.
     * libvds: first does what FlushCache does, so that no data is lost; it ends as that does.
     *
     * Returns S_OK, VDS_E_NOT_SUPPORTED (the array does not offer this);
     * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED, VDS_E_ANOTHER_CALL_IN_PROGRESS as
     * many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE InvalidateCache(
        ) = 0;

    /*
     * Initialises the controller again and throws its cache away.
     * libvds: asks the initiators to log out, ends the sessions that are left after 2 s, opens
     * the listeners again, and does what InvalidateCache does. No data is lost.
     *
     * Returns S_OK, VDS_E_NOT_SUPPORTED (the array does not offer this);
     * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED, VDS_E_ANOTHER_CALL_IN_PROGRESS as
     * many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE Reset(
        ) = 0;

    /*
     * Enumerates the LUNs for which this controller is active.
     * libvds: LUNs of which a target has a portal group with a portal that is online; none
     * while the controller is offline.
     *
     * Returns S_OK, VDS_E_NOT_SUPPORTED (the array does not offer this);
     * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED, VDS_E_OBJECT_STATUS_FAILED as many
     * methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE QueryAssociatedLuns(
        IEnumVdsObject **ppEnum) = 0;

    /*
     * Changes the status of the controller.
     * libvds: VDS_CS_OFFLINE ends all sessions, and no portal listens until VDS_CS_ONLINE, also
     * after a restart of vdsd. Other values are VDS_E_NOT_SUPPORTED.
     *
     * Returns S_OK, VDS_E_NOT_SUPPORTED (the array does not offer this), E_INVALIDARG (status
     * is VDS_CS_UNKNOWN); VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED,
     * VDS_E_OBJECT_STATUS_FAILED, VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE SetStatus(
        VDS_CONTROLLER_STATUS status) = 0;

};
#ifdef __CRT_UUID_DECL
__CRT_UUID_DECL(IVdsController, 0xcb53d96e, 0xdffb, 0x474a, 0xa0,0x78, 0x79,0x0d,0x1e,0x2b,0xc0,0x82)
#endif
#else
typedef struct IVdsControllerVtbl {
    BEGIN_INTERFACE

    /*** IUnknown methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryInterface)(
        IVdsController *This,
        const IID *riid,
        void **ppvObject);

    ULONG (STDMETHODCALLTYPE *AddRef)(
        IVdsController *This);

    ULONG (STDMETHODCALLTYPE *Release)(
        IVdsController *This);

    /*** IVdsController methods ***/
    HRESULT (STDMETHODCALLTYPE *GetProperties)(
        IVdsController *This,
        VDS_CONTROLLER_PROP *pControllerProp);

    HRESULT (STDMETHODCALLTYPE *GetSubSystem)(
        IVdsController *This,
        IVdsSubSystem **ppSubSystem);

    HRESULT (STDMETHODCALLTYPE *GetPortProperties)(
        IVdsController *This,
        SHORT sPortNumber,
        VDS_PORT_PROP *pPortProp);

    HRESULT (STDMETHODCALLTYPE *FlushCache)(
        IVdsController *This);

    HRESULT (STDMETHODCALLTYPE *InvalidateCache)(
        IVdsController *This);

    HRESULT (STDMETHODCALLTYPE *Reset)(
        IVdsController *This);

    HRESULT (STDMETHODCALLTYPE *QueryAssociatedLuns)(
        IVdsController *This,
        IEnumVdsObject **ppEnum);

    HRESULT (STDMETHODCALLTYPE *SetStatus)(
        IVdsController *This,
        VDS_CONTROLLER_STATUS status);

    END_INTERFACE
} IVdsControllerVtbl;

struct IVdsController {
    CONST_VTBL IVdsControllerVtbl* lpVtbl;
};

#ifdef COBJMACROS
#ifndef WIDL_C_INLINE_WRAPPERS
/*** IUnknown methods ***/
#define IVdsController_QueryInterface(This,riid,ppvObject) (This)->lpVtbl->QueryInterface(This,riid,ppvObject)
#define IVdsController_AddRef(This) (This)->lpVtbl->AddRef(This)
#define IVdsController_Release(This) (This)->lpVtbl->Release(This)
/*** IVdsController methods ***/
#define IVdsController_GetProperties(This,pControllerProp) (This)->lpVtbl->GetProperties(This,pControllerProp)
#define IVdsController_GetSubSystem(This,ppSubSystem) (This)->lpVtbl->GetSubSystem(This,ppSubSystem)
#define IVdsController_GetPortProperties(This,sPortNumber,pPortProp) (This)->lpVtbl->GetPortProperties(This,sPortNumber,pPortProp)
#define IVdsController_FlushCache(This) (This)->lpVtbl->FlushCache(This)
#define IVdsController_InvalidateCache(This) (This)->lpVtbl->InvalidateCache(This)
#define IVdsController_Reset(This) (This)->lpVtbl->Reset(This)
#define IVdsController_QueryAssociatedLuns(This,ppEnum) (This)->lpVtbl->QueryAssociatedLuns(This,ppEnum)
#define IVdsController_SetStatus(This,status) (This)->lpVtbl->SetStatus(This,status)
#else
/*** IUnknown methods ***/
static FORCEINLINE HRESULT IVdsController_QueryInterface(IVdsController* This,const IID *riid,void **ppvObject) {
    return This->lpVtbl->QueryInterface(This,riid,ppvObject);
}
static FORCEINLINE ULONG IVdsController_AddRef(IVdsController* This) {
    return This->lpVtbl->AddRef(This);
}
static FORCEINLINE ULONG IVdsController_Release(IVdsController* This) {
    return This->lpVtbl->Release(This);
}
/*** IVdsController methods ***/
/*
 * Fills the properties of the controller. The caller frees its strings with CoTaskMemFree.
 * libvds: the names are that of the host and the serial number of the array. VDS_H_DEGRADED
 * while a port has no link or a portal that should listen does not.
 *
 * Returns S_OK, VDS_S_PROPERTIES_INCOMPLETE (some members could not be filled and are 0);
 * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED as many methods do.
 */
static FORCEINLINE HRESULT IVdsController_GetProperties(IVdsController* This,VDS_CONTROLLER_PROP *pControllerProp) {
    return This->lpVtbl->GetProperties(This,pControllerProp);
}
/*
 * Returns the subsystem that the controller belongs to, with one reference that the caller
 * releases.
 *
 * Returns S_OK; VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED as many methods do.
 */
static FORCEINLINE HRESULT IVdsController_GetSubSystem(IVdsController* This,IVdsSubSystem **ppSubSystem) {
    return This->lpVtbl->GetSubSystem(This,ppSubSystem);
}
/*
 * Fills the properties of the port with this number, from 0. Newer programs use the port's
 * object.
 * libvds: in the order of QueryControllerPorts; E_INVALIDARG when there is no such port.
 *
 * Returns S_OK, VDS_E_NOT_SUPPORTED (the array does not offer this);
 * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED as many methods do.
 */
static FORCEINLINE HRESULT IVdsController_GetPortProperties(IVdsController* This,SHORT sPortNumber,VDS_PORT_PROP *pPortProp) {
    return This->lpVtbl->GetPortProperties(This,sPortNumber,pPortProp);
}
/*
 * Writes the data in the controller's cache to the drives.
 * libvds: everything that initiators were told is written is durable on return, but for
 * LUNs that have failed; VDS_E_OBJECT_STATUS_FAILED when the store of a LUN fails in it.
 *
 * Returns S_OK, VDS_E_NOT_SUPPORTED (the array does not offer this);
 * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED, VDS_E_OBJECT_STATUS_FAILED,
 * VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
 */
static FORCEINLINE HRESULT IVdsController_FlushCache(IVdsController* This) {
    return This->lpVtbl->FlushCache(This);
}
/*
 * Throws the data in the controller's cache away: data not written yet are lost.
 * libvds: first does what FlushCache does, so that no data is lost; it ends as that does.
 *
 * Returns S_OK, VDS_E_NOT_SUPPORTED (the array does not offer this);
 * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED, VDS_E_ANOTHER_CALL_IN_PROGRESS as
 * many methods do.
 */
static FORCEINLINE HRESULT IVdsController_InvalidateCache(IVdsController* This) {
    return This->lpVtbl->InvalidateCache(This);
}
/*
 * Initialises the controller again and throws its cache away.
 * libvds: asks the initiators to log out, ends the sessions that are left after 2 s, opens
 * the listeners again, and does what InvalidateCache does. No data is lost.
 *
 * Returns S_OK, VDS_E_NOT_SUPPORTED (the array does not offer this);
 * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED, VDS_E_ANOTHER_CALL_IN_PROGRESS as
 * many methods do.
 */
static FORCEINLINE HRESULT IVdsController_Reset(IVdsController* This) {
    return This->lpVtbl->Reset(This);
}
/*
 * Enumerates the LUNs for which this controller is active.
 * libvds: LUNs of which a target has a portal group with a portal that is online; none
 * while the controller is offline.
 *
 * Returns S_OK, VDS_E_NOT_SUPPORTED (the array does not offer this);
 * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED, VDS_E_OBJECT_STATUS_FAILED as many
 * methods do.
 */
static FORCEINLINE HRESULT IVdsController_QueryAssociatedLuns(IVdsController* This,IEnumVdsObject **ppEnum) {
    return This->lpVtbl->QueryAssociatedLuns(This,ppEnum);
}
/*
 * Changes the status of the controller.
 * libvds: VDS_CS_OFFLINE ends all sessions, and no portal listens until VDS_CS_ONLINE, also
 * after a restart of vdsd. Other values are VDS_E_NOT_SUPPORTED.
 *
 * Returns S_OK, VDS_E_NOT_SUPPORTED (the array does not offer this), E_INVALIDARG (status
 * is VDS_CS_UNKNOWN); VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED,
 * VDS_E_OBJECT_STATUS_FAILED, VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
 */
static FORCEINLINE HRESULT IVdsController_SetStatus(IVdsController* This,VDS_CONTROLLER_STATUS status) {
    return This->lpVtbl->SetStatus(This,status);
}
#endif
#endif

#endif

#endif  /* __IVdsController_INTERFACE_DEFINED__ */

/*****************************************************************************
 * IVdsControllerControllerPort interface
 *
 * Controller. By provider and service (mandatory for Fibre Channel). VDS 1.1.
 */
#ifndef __IVdsControllerControllerPort_INTERFACE_DEFINED__
#define __IVdsControllerControllerPort_INTERFACE_DEFINED__

DEFINE_GUID(IID_IVdsControllerControllerPort, 0xca5d735f, 0x6bae, 0x42c0, 0xb3,0x0e, 0xf2,0x66,0x60,0x45,0xce,0x71);
#if defined(__cplusplus) && !defined(CINTERFACE)
MIDL_INTERFACE("ca5d735f-6bae-42c0-b30e-f2666045ce71")
IVdsControllerControllerPort : public IUnknown
{
    /*
     * Enumerates the ports of the controller.
     * libvds: the network interfaces that have the address of a portal.
     *
     * Returns S_OK, VDS_E_NOT_SUPPORTED (the array does not offer this);
     * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED, VDS_E_OBJECT_STATUS_FAILED,
     * VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE QueryControllerPorts(
        IEnumVdsObject **ppEnum) = 0;

};
#ifdef __CRT_UUID_DECL
__CRT_UUID_DECL(IVdsControllerControllerPort, 0xca5d735f, 0x6bae, 0x42c0, 0xb3,0x0e, 0xf2,0x66,0x60,0x45,0xce,0x71)
#endif
#else
typedef struct IVdsControllerControllerPortVtbl {
    BEGIN_INTERFACE

    /*** IUnknown methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryInterface)(
        IVdsControllerControllerPort *This,
        const IID *riid,
        void **ppvObject);

    ULONG (STDMETHODCALLTYPE *AddRef)(
        IVdsControllerControllerPort *This);

    ULONG (STDMETHODCALLTYPE *Release)(
        IVdsControllerControllerPort *This);

    /*** IVdsControllerControllerPort methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryControllerPorts)(
        IVdsControllerControllerPort *This,
        IEnumVdsObject **ppEnum);

    END_INTERFACE
} IVdsControllerControllerPortVtbl;

struct IVdsControllerControllerPort {
    CONST_VTBL IVdsControllerControllerPortVtbl* lpVtbl;
};

#ifdef COBJMACROS
#ifndef WIDL_C_INLINE_WRAPPERS
/*** IUnknown methods ***/
#define IVdsControllerControllerPort_QueryInterface(This,riid,ppvObject) (This)->lpVtbl->QueryInterface(This,riid,ppvObject)
#define IVdsControllerControllerPort_AddRef(This) (This)->lpVtbl->AddRef(This)
#define IVdsControllerControllerPort_Release(This) (This)->lpVtbl->Release(This)
/*** IVdsControllerControllerPort methods ***/
#define IVdsControllerControllerPort_QueryControllerPorts(This,ppEnum) (This)->lpVtbl->QueryControllerPorts(This,ppEnum)
#else
/*** IUnknown methods ***/
static FORCEINLINE HRESULT IVdsControllerControllerPort_QueryInterface(IVdsControllerControllerPort* This,const IID *riid,void **ppvObject) {
    return This->lpVtbl->QueryInterface(This,riid,ppvObject);
}
static FORCEINLINE ULONG IVdsControllerControllerPort_AddRef(IVdsControllerControllerPort* This) {
    return This->lpVtbl->AddRef(This);
}
static FORCEINLINE ULONG IVdsControllerControllerPort_Release(IVdsControllerControllerPort* This) {
    return This->lpVtbl->Release(This);
}
/*** IVdsControllerControllerPort methods ***/
/*
 * Enumerates the ports of the controller.
 * libvds: the network interfaces that have the address of a portal.
 *
 * Returns S_OK, VDS_E_NOT_SUPPORTED (the array does not offer this);
 * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED, VDS_E_OBJECT_STATUS_FAILED,
 * VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
 */
static FORCEINLINE HRESULT IVdsControllerControllerPort_QueryControllerPorts(IVdsControllerControllerPort* This,IEnumVdsObject **ppEnum) {
    return This->lpVtbl->QueryControllerPorts(This,ppEnum);
}
#endif
#endif

#endif

#endif  /* __IVdsControllerControllerPort_INTERFACE_DEFINED__ */

/* The status of a drive. */
typedef enum _VDS_DRIVE_STATUS {
    VDS_DRS_UNKNOWN = 0,
    VDS_DRS_ONLINE = 1,
    VDS_DRS_NOT_READY = 2,
    VDS_DRS_OFFLINE = 4,
    VDS_DRS_FAILED = 5,
    VDS_DRS_REMOVED = 8
} VDS_DRIVE_STATUS;
/* Bits of VDS_DRIVE_PROP.ulFlags. */
typedef enum _VDS_DRIVE_FLAG {
    VDS_DRF_HOTSPARE = 0x1,
    VDS_DRF_ASSIGNED = 0x2,
    VDS_DRF_UNASSIGNED = 0x4,
    VDS_DRF_HOTSPARE_IN_USE = 0x8,
    VDS_DRF_HOTSPARE_STANDBY = 0x10
} VDS_DRIVE_FLAG;
/* Properties of a drive. The caller frees the strings with CoTaskMemFree. */
typedef struct _VDS_DRIVE_PROP {
    VDS_OBJECT_ID id; /* the id of the drive */
    ULONGLONG ullSize; /* in bytes */
    LPWSTR pwszFriendlyName; /* a name for people, often vendor and model */
    /* a text that identifies the drive, such as its serial number */
    LPWSTR pwszIdentification;
    ULONG ulFlags; /* bits of VDS_DRIVE_FLAG */
    VDS_DRIVE_STATUS status; /* the status of the drive */
    VDS_HEALTH health; /* VDS_H_UNKNOWN, _HEALTHY, _FAILED, _REPLACED or _PENDING_FAILURE */
    SHORT sInternalBusNumber; /* number of the bus, unique in the subsystem */
    SHORT sSlotNumber; /* number of the slot, unique on the bus */
} VDS_DRIVE_PROP;
/* Properties of a drive since VDS 3.0. The caller frees the strings with CoTaskMemFree. */
typedef struct _VDS_DRIVE_PROP2 {
    VDS_OBJECT_ID id; /* the id of the drive */
    ULONGLONG ullSize; /* in bytes */
    LPWSTR pwszFriendlyName; /* a name for people, often vendor and model */
    /* a text that identifies the drive, such as its serial number */
    LPWSTR pwszIdentification;
    ULONG ulFlags; /* bits of VDS_DRIVE_FLAG */
    VDS_DRIVE_STATUS status; /* the status of the drive */
    VDS_HEALTH health; /* VDS_H_UNKNOWN, _HEALTHY, _FAILED, _REPLACED or _PENDING_FAILURE */
    SHORT sInternalBusNumber; /* number of the bus, unique in the subsystem */
    SHORT sSlotNumber; /* number of the slot, unique on the bus */
    ULONG ulEnclosureNumber; /* number of the enclosure; FFFFFFFFh = not known */
    VDS_STORAGE_BUS_TYPE busType; /* the bus of the drive; 0 = not known */
    ULONG ulSpindleSpeed; /* rotations in a minute; 0 = not known, 1 = nothing rotates */
} VDS_DRIVE_PROP2;
/* A part of a drive. */
typedef struct _VDS_DRIVE_EXTENT {
    VDS_OBJECT_ID id; /* the drive */
    VDS_OBJECT_ID LunId; /* the LUN that uses the extent; GUID_NULL when bUsed is FALSE */
    ULONGLONG ullSize; /* in bytes */
    BOOL bUsed; /* TRUE when a LUN uses the extent */
} VDS_DRIVE_EXTENT;
/*****************************************************************************
 * IVdsDrive interface
 *
 * Drive. By provider and service. VDS 1.0.
 */
#ifndef __IVdsDrive_INTERFACE_DEFINED__
#define __IVdsDrive_INTERFACE_DEFINED__

DEFINE_GUID(IID_IVdsDrive, 0xff24efa4, 0xaade, 0x4b6b, 0x89,0x8b, 0xea,0xa6,0xa2,0x08,0x87,0xc7);
#if defined(__cplusplus) && !defined(CINTERFACE)
MIDL_INTERFACE("ff24efa4-aade-4b6b-898b-eaa6a20887c7")
IVdsDrive : public IUnknown
{
    /*
     * Fills the properties of the drive. The caller frees its strings with CoTaskMemFree.
     * libvds: a drive is what pools lie on: a whole disk of the array's host, or a file system
     * without one. pwszIdentification is vendor, model and serial number; the bus is 0, and the
     * slot is a number from 1. ulFlags is VDS_DRF_ASSIGNED. A drive that the host cannot use is
     * VDS_DRS_FAILED.
     *
     * Returns S_OK, VDS_S_PROPERTIES_INCOMPLETE (some members could not be filled and are 0);
     * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE GetProperties(
        VDS_DRIVE_PROP *pDriveProp) = 0;

    /*
     * Returns the subsystem that the drive belongs to, with one reference that the caller
     * releases.
     *
     * Returns S_OK; VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE GetSubSystem(
        IVdsSubSystem **ppSubSystem) = 0;

    /*
     * Lists the used and the free extents of the drive. The caller frees *ppExtentArray with
     * CoTaskMemFree; for a drive without extents they are NULL and 0.
     * libvds: a used extent for each LUN whose pool lies on the drive, also of 0 bytes while
     * the LUN takes no space, and a free extent for the free space of each file system on it.
     * VDS_E_OBJECT_STATUS_FAILED, as for the methods below, when the host cannot use the drive.
     *
     * Returns S_OK, VDS_E_NOT_SUPPORTED (the array does not offer this);
     * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED, VDS_E_OBJECT_STATUS_FAILED,
     * VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE QueryExtents(
        VDS_DRIVE_EXTENT **ppExtentArray,
        LONG *plNumberOfExtents) = 0;

    /*
     * Sets flags of the drive; a program may set only VDS_DRF_HOTSPARE.
     * libvds: no flags are S_OK; a flag of VDS_DRIVE_FLAG is VDS_E_NOT_SUPPORTED, since the
     * operating system's RAID keeps spare disks; another one is E_INVALIDARG.
     *
     * Returns S_OK, VDS_E_NOT_SUPPORTED (the array does not offer this);
     * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED, VDS_E_OBJECT_STATUS_FAILED,
     * VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE SetFlags(
        ULONG ulFlags) = 0;

    /*
     * Clears flags of the drive; a program may clear only VDS_DRF_HOTSPARE.
     * libvds: as SetFlags.
     *
     * Returns S_OK, VDS_E_NOT_SUPPORTED (the array does not offer this);
     * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED, VDS_E_OBJECT_STATUS_FAILED,
     * VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE ClearFlags(
        ULONG ulFlags) = 0;

    /*
     * Changes the status of the drive.
     * libvds: VDS_DRS_ONLINE is S_OK; the others are VDS_E_NOT_SUPPORTED, since the operating
     * system takes disks out of use.
     *
     * Returns S_OK, VDS_E_NOT_SUPPORTED (the array does not offer this), E_INVALIDARG (status
     * is VDS_DRS_UNKNOWN); VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED,
     * VDS_E_OBJECT_STATUS_FAILED, VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE SetStatus(
        VDS_DRIVE_STATUS status) = 0;

};
#ifdef __CRT_UUID_DECL
__CRT_UUID_DECL(IVdsDrive, 0xff24efa4, 0xaade, 0x4b6b, 0x89,0x8b, 0xea,0xa6,0xa2,0x08,0x87,0xc7)
#endif
#else
typedef struct IVdsDriveVtbl {
    BEGIN_INTERFACE

    /*** IUnknown methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryInterface)(
        IVdsDrive *This,
        const IID *riid,
        void **ppvObject);

    ULONG (STDMETHODCALLTYPE *AddRef)(
        IVdsDrive *This);

    ULONG (STDMETHODCALLTYPE *Release)(
        IVdsDrive *This);

    /*** IVdsDrive methods ***/
    HRESULT (STDMETHODCALLTYPE *GetProperties)(
        IVdsDrive *This,
        VDS_DRIVE_PROP *pDriveProp);

    HRESULT (STDMETHODCALLTYPE *GetSubSystem)(
        IVdsDrive *This,
        IVdsSubSystem **ppSubSystem);

    HRESULT (STDMETHODCALLTYPE *QueryExtents)(
        IVdsDrive *This,
        VDS_DRIVE_EXTENT **ppExtentArray,
        LONG *plNumberOfExtents);

    HRESULT (STDMETHODCALLTYPE *SetFlags)(
        IVdsDrive *This,
        ULONG ulFlags);

    HRESULT (STDMETHODCALLTYPE *ClearFlags)(
        IVdsDrive *This,
        ULONG ulFlags);

    HRESULT (STDMETHODCALLTYPE *SetStatus)(
        IVdsDrive *This,
        VDS_DRIVE_STATUS status);

    END_INTERFACE
} IVdsDriveVtbl;

struct IVdsDrive {
    CONST_VTBL IVdsDriveVtbl* lpVtbl;
};

#ifdef COBJMACROS
#ifndef WIDL_C_INLINE_WRAPPERS
/*** IUnknown methods ***/
#define IVdsDrive_QueryInterface(This,riid,ppvObject) (This)->lpVtbl->QueryInterface(This,riid,ppvObject)
#define IVdsDrive_AddRef(This) (This)->lpVtbl->AddRef(This)
#define IVdsDrive_Release(This) (This)->lpVtbl->Release(This)
/*** IVdsDrive methods ***/
#define IVdsDrive_GetProperties(This,pDriveProp) (This)->lpVtbl->GetProperties(This,pDriveProp)
#define IVdsDrive_GetSubSystem(This,ppSubSystem) (This)->lpVtbl->GetSubSystem(This,ppSubSystem)
#define IVdsDrive_QueryExtents(This,ppExtentArray,plNumberOfExtents) (This)->lpVtbl->QueryExtents(This,ppExtentArray,plNumberOfExtents)
#define IVdsDrive_SetFlags(This,ulFlags) (This)->lpVtbl->SetFlags(This,ulFlags)
#define IVdsDrive_ClearFlags(This,ulFlags) (This)->lpVtbl->ClearFlags(This,ulFlags)
#define IVdsDrive_SetStatus(This,status) (This)->lpVtbl->SetStatus(This,status)
#else
/*** IUnknown methods ***/
static FORCEINLINE HRESULT IVdsDrive_QueryInterface(IVdsDrive* This,const IID *riid,void **ppvObject) {
    return This->lpVtbl->QueryInterface(This,riid,ppvObject);
}
static FORCEINLINE ULONG IVdsDrive_AddRef(IVdsDrive* This) {
    return This->lpVtbl->AddRef(This);
}
static FORCEINLINE ULONG IVdsDrive_Release(IVdsDrive* This) {
    return This->lpVtbl->Release(This);
}
/*** IVdsDrive methods ***/
/*
 * Fills the properties of the drive. The caller frees its strings with CoTaskMemFree.
 * libvds: a drive is what pools lie on: a whole disk of the array's host, or a file system
 * without one. pwszIdentification is vendor, model and serial number; the bus is 0, and the
 * slot is a number from 1. ulFlags is VDS_DRF_ASSIGNED. A drive that the host cannot use is
 * VDS_DRS_FAILED.
 *
 * Returns S_OK, VDS_S_PROPERTIES_INCOMPLETE (some members could not be filled and are 0);
 * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED as many methods do.
 */
static FORCEINLINE HRESULT IVdsDrive_GetProperties(IVdsDrive* This,VDS_DRIVE_PROP *pDriveProp) {
    return This->lpVtbl->GetProperties(This,pDriveProp);
}
/*
 * Returns the subsystem that the drive belongs to, with one reference that the caller
 * releases.
 *
 * Returns S_OK; VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED as many methods do.
 */
static FORCEINLINE HRESULT IVdsDrive_GetSubSystem(IVdsDrive* This,IVdsSubSystem **ppSubSystem) {
    return This->lpVtbl->GetSubSystem(This,ppSubSystem);
}
/*
 * Lists the used and the free extents of the drive. The caller frees *ppExtentArray with
 * CoTaskMemFree; for a drive without extents they are NULL and 0.
 * libvds: a used extent for each LUN whose pool lies on the drive, also of 0 bytes while
 * the LUN takes no space, and a free extent for the free space of each file system on it.
 * VDS_E_OBJECT_STATUS_FAILED, as for the methods below, when the host cannot use the drive.
 *
 * Returns S_OK, VDS_E_NOT_SUPPORTED (the array does not offer this);
 * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED, VDS_E_OBJECT_STATUS_FAILED,
 * VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
 */
static FORCEINLINE HRESULT IVdsDrive_QueryExtents(IVdsDrive* This,VDS_DRIVE_EXTENT **ppExtentArray,LONG *plNumberOfExtents) {
    return This->lpVtbl->QueryExtents(This,ppExtentArray,plNumberOfExtents);
}
/*
 * Sets flags of the drive; a program may set only VDS_DRF_HOTSPARE.
 * libvds: no flags are S_OK; a flag of VDS_DRIVE_FLAG is VDS_E_NOT_SUPPORTED, since the
 * operating system's RAID keeps spare disks; another one is E_INVALIDARG.
 *
 * Returns S_OK, VDS_E_NOT_SUPPORTED (the array does not offer this);
 * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED, VDS_E_OBJECT_STATUS_FAILED,
 * VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
 */
static FORCEINLINE HRESULT IVdsDrive_SetFlags(IVdsDrive* This,ULONG ulFlags) {
    return This->lpVtbl->SetFlags(This,ulFlags);
}
/*
 * Clears flags of the drive; a program may clear only VDS_DRF_HOTSPARE.
 * libvds: as SetFlags.
 *
 * Returns S_OK, VDS_E_NOT_SUPPORTED (the array does not offer this);
 * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED, VDS_E_OBJECT_STATUS_FAILED,
 * VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
 */
static FORCEINLINE HRESULT IVdsDrive_ClearFlags(IVdsDrive* This,ULONG ulFlags) {
    return This->lpVtbl->ClearFlags(This,ulFlags);
}
/*
 * Changes the status of the drive.
 * libvds: VDS_DRS_ONLINE is S_OK; the others are VDS_E_NOT_SUPPORTED, since the operating
 * system takes disks out of use.
 *
 * Returns S_OK, VDS_E_NOT_SUPPORTED (the array does not offer this), E_INVALIDARG (status
 * is VDS_DRS_UNKNOWN); VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED,
 * VDS_E_OBJECT_STATUS_FAILED, VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
 */
static FORCEINLINE HRESULT IVdsDrive_SetStatus(IVdsDrive* This,VDS_DRIVE_STATUS status) {
    return This->lpVtbl->SetStatus(This,status);
}
#endif
#endif

#endif

#endif  /* __IVdsDrive_INTERFACE_DEFINED__ */

/*****************************************************************************
 * IVdsDrive2 interface
 *
 * Drive. By provider (optional) and service. VDS 3.0.
 */
#ifndef __IVdsDrive2_INTERFACE_DEFINED__
#define __IVdsDrive2_INTERFACE_DEFINED__

DEFINE_GUID(IID_IVdsDrive2, 0x60b5a730, 0xaddf, 0x4436, 0x8c,0xa7, 0x57,0x69,0xe2,0xd1,0xff,0xa4);
#if defined(__cplusplus) && !defined(CINTERFACE)
MIDL_INTERFACE("60b5a730-addf-4436-8ca7-5769e2d1ffa4")
IVdsDrive2 : public IUnknown
{
    /*
     * Fills the properties of the drive, with enclosure, bus type and speed of rotation.
     * libvds: the enclosure is 0xffffffff, not known. The speed is 1 for a drive that does not
     * rotate, else 0, not known.
     *
     * Returns S_OK.
     */
    virtual HRESULT STDMETHODCALLTYPE GetProperties2(
        VDS_DRIVE_PROP2 *pDriveProp2) = 0;

};
#ifdef __CRT_UUID_DECL
__CRT_UUID_DECL(IVdsDrive2, 0x60b5a730, 0xaddf, 0x4436, 0x8c,0xa7, 0x57,0x69,0xe2,0xd1,0xff,0xa4)
#endif
#else
typedef struct IVdsDrive2Vtbl {
    BEGIN_INTERFACE

    /*** IUnknown methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryInterface)(
        IVdsDrive2 *This,
        const IID *riid,
        void **ppvObject);

    ULONG (STDMETHODCALLTYPE *AddRef)(
        IVdsDrive2 *This);

    ULONG (STDMETHODCALLTYPE *Release)(
        IVdsDrive2 *This);

    /*** IVdsDrive2 methods ***/
    HRESULT (STDMETHODCALLTYPE *GetProperties2)(
        IVdsDrive2 *This,
        VDS_DRIVE_PROP2 *pDriveProp2);

    END_INTERFACE
} IVdsDrive2Vtbl;

struct IVdsDrive2 {
    CONST_VTBL IVdsDrive2Vtbl* lpVtbl;
};

#ifdef COBJMACROS
#ifndef WIDL_C_INLINE_WRAPPERS
/*** IUnknown methods ***/
#define IVdsDrive2_QueryInterface(This,riid,ppvObject) (This)->lpVtbl->QueryInterface(This,riid,ppvObject)
#define IVdsDrive2_AddRef(This) (This)->lpVtbl->AddRef(This)
#define IVdsDrive2_Release(This) (This)->lpVtbl->Release(This)
/*** IVdsDrive2 methods ***/
#define IVdsDrive2_GetProperties2(This,pDriveProp2) (This)->lpVtbl->GetProperties2(This,pDriveProp2)
#else
/*** IUnknown methods ***/
static FORCEINLINE HRESULT IVdsDrive2_QueryInterface(IVdsDrive2* This,const IID *riid,void **ppvObject) {
    return This->lpVtbl->QueryInterface(This,riid,ppvObject);
}
static FORCEINLINE ULONG IVdsDrive2_AddRef(IVdsDrive2* This) {
    return This->lpVtbl->AddRef(This);
}
static FORCEINLINE ULONG IVdsDrive2_Release(IVdsDrive2* This) {
    return This->lpVtbl->Release(This);
}
/*** IVdsDrive2 methods ***/
/*
 * Fills the properties of the drive, with enclosure, bus type and speed of rotation.
 * libvds: the enclosure is 0xffffffff, not known. The speed is 1 for a drive that does not
 * rotate, else 0, not known.
 *
 * Returns S_OK.
 */
static FORCEINLINE HRESULT IVdsDrive2_GetProperties2(IVdsDrive2* This,VDS_DRIVE_PROP2 *pDriveProp2) {
    return This->lpVtbl->GetProperties2(This,pDriveProp2);
}
#endif
#endif

#endif

#endif  /* __IVdsDrive2_INTERFACE_DEFINED__ */

/* The status of a LUN. */
typedef enum _VDS_LUN_STATUS {
    VDS_LS_UNKNOWN = 0,
    VDS_LS_ONLINE = 1,
    VDS_LS_NOT_READY = 2,
    VDS_LS_OFFLINE = 4,
    VDS_LS_FAILED = 5
} VDS_LUN_STATUS;
/* Bits of VDS_LUN_PROP.ulFlags. */
typedef enum _VDS_LUN_FLAG {
    VDS_LF_LBN_REMAP_ENABLED = 0x1,
    VDS_LF_READ_BACK_VERIFY_ENABLED = 0x2,
    VDS_LF_WRITE_THROUGH_CACHING_ENABLED = 0x4,
    VDS_LF_HARDWARE_CHECKSUM_ENABLED = 0x8,
    VDS_LF_READ_CACHE_ENABLED = 0x10,
    VDS_LF_WRITE_CACHE_ENABLED = 0x20,
    VDS_LF_MEDIA_SCAN_ENABLED = 0x40,
    VDS_LF_CONSISTENCY_CHECK_ENABLED = 0x80,
    VDS_LF_SNAPSHOT = 0x100
} VDS_LUN_FLAG;
/* The layout of a plex of a LUN. */
typedef enum _VDS_LUN_PLEX_TYPE {
    VDS_LPT_UNKNOWN = 0,
    VDS_LPT_SIMPLE = 10,
    VDS_LPT_SPAN = 11,
    VDS_LPT_STRIPE = 12,
    VDS_LPT_PARITY = 14,
    VDS_LPT_RAID2 = 15,
    VDS_LPT_RAID3 = 16,
    VDS_LPT_RAID4 = 17,
    VDS_LPT_RAID5 = 18,
    VDS_LPT_RAID6 = 19,
    VDS_LPT_RAID03 = 21,
    VDS_LPT_RAID05 = 22,
    VDS_LPT_RAID10 = 23,
    VDS_LPT_RAID15 = 24,
    VDS_LPT_RAID30 = 25,
    VDS_LPT_RAID50 = 26,
    VDS_LPT_RAID53 = 28,
    VDS_LPT_RAID60 = 29
} VDS_LUN_PLEX_TYPE;
/* The status of a plex of a LUN. */
typedef enum _VDS_LUN_PLEX_STATUS {
    VDS_LPS_UNKNOWN = 0,
    VDS_LPS_ONLINE = 1,
    VDS_LPS_NOT_READY = 2,
    VDS_LPS_OFFLINE = 4,
    VDS_LPS_FAILED = 5
} VDS_LUN_PLEX_STATUS;
/* Bits of VDS_LUN_PLEX_PROP.ulFlags. */
typedef enum _VDS_LUN_PLEX_FLAG {
    VDS_LPF_LBN_REMAP_ENABLED = 0x1
} VDS_LUN_PLEX_FLAG;
/* Properties of a LUN. The caller frees the three strings with CoTaskMemFree. */
typedef struct _VDS_LUN_PROP {
    VDS_OBJECT_ID id; /* the id of the LUN */
    ULONGLONG ullSize; /* in bytes */
    LPWSTR pwszFriendlyName; /* a name for people */
    /* a text that identifies the LUN (libvds: its serial number) */
    LPWSTR pwszIdentification;
    /*
     * Who may use the LUN: "*" = every initiator, "" = none, else the iSCSI names or WWNs of
     * initiators, separated by semicolons. Other providers return NULL for a LUN that has no
     * mask.
     */
    LPWSTR pwszUnmaskingList;
    ULONG ulFlags; /* bits of VDS_LUN_FLAG */
    VDS_LUN_TYPE type; /* the layout; never one of the three values that are only passed */
    VDS_LUN_STATUS status; /* the status of the LUN */
    /*
     * VDS_H_UNKNOWN, _HEALTHY, _REBUILDING, _FAILING, _FAILING_REDUNDANCY, _FAILED_REDUNDANCY,
     * _FAILED_REDUNDANCY_FAILING or _FAILED
     */
    VDS_HEALTH health;
    /* whether the LUN is being extended, shrunk or changed */
    VDS_TRANSITION_STATE TransitionState;
    SHORT sRebuildPriority; /* 0 (lowest) to 15 */
} VDS_LUN_PROP;
/* Properties of a plex of a LUN. */
typedef struct _VDS_LUN_PLEX_PROP {
    VDS_OBJECT_ID id; /* the id of the plex */
    ULONGLONG ullSize; /* in bytes; at least the size of the LUN */
    VDS_LUN_PLEX_TYPE type; /* the layout of the plex */
    VDS_LUN_PLEX_STATUS status; /* the status of the plex */
    VDS_HEALTH health; /* the health of the plex */
    /* whether the plex is being extended, shrunk or changed */
    VDS_TRANSITION_STATE TransitionState;
    ULONG ulFlags; /* bits of VDS_LUN_PLEX_FLAG */
    ULONG ulStripeSize; /* in bytes; 0 = the plex has no stripes */
    SHORT sRebuildPriority; /* 0 (lowest) to 15 */
} VDS_LUN_PLEX_PROP;
/*****************************************************************************
 * IVdsLun interface
 *
 * LUN. By provider and service. VDS 1.0.
 */
#ifndef __IVdsLun_INTERFACE_DEFINED__
#define __IVdsLun_INTERFACE_DEFINED__

DEFINE_GUID(IID_IVdsLun, 0x3540a9c7, 0xe60f, 0x4111, 0xa8,0x40, 0x8b,0xba,0x6c,0x2c,0x83,0xd8);
#if defined(__cplusplus) && !defined(CINTERFACE)
MIDL_INTERFACE("3540a9c7-e60f-4111-a840-8bba6c2c83d8")
IVdsLun : public IUnknown
{
    /*
     * Fills the properties of the LUN: id, size in bytes, type, status, health, names and
     * unmasking list. The caller frees pwszFriendlyName, pwszIdentification and
     * pwszUnmaskingList with CoTaskMemFree. Never busy: an operation that holds the LUN shows
     * as VDS_LS_NOT_READY or VDS_TS_EXTENDING.
     *
     * Returns S_OK, VDS_S_PROPERTIES_INCOMPLETE (some members could not be filled and are 0);
     * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE GetProperties(
        VDS_LUN_PROP *pLunProp) = 0;

    /*
     * Returns the subsystem that the LUN belongs to, with one reference that the caller releases.
     *
     * Returns S_OK; VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE GetSubSystem(
        IVdsSubSystem **ppSubSystem) = 0;

    /*
     * Fills what identifies the LUN on a host: what INQUIRY and the VPD pages 80h and 83h say
     * to an initiator. Programs compare it with the disks of a host. The caller frees every
     * string, every m_rgbIdentifier and m_rgIdentifiers with CoTaskMemFree.
     * libvds: m_DeviceType is 0, m_BusType is VDSBusTypeiScsi, and there are no interconnect
     * addresses. The UUID of page 83h is left out: VDS has no type for it.
     *
     * Returns S_OK; VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED,
     * VDS_E_OBJECT_STATUS_FAILED, VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE GetIdentificationData(
        VDS_LUN_INFORMATION *pLunInfo) = 0;

    /*
     * Enumerates the controllers through which the LUN is served.
     * libvds: the controller, when a target of the LUN has a portal group with a portal that is
     * online, and the controller is online.
     *
     * Returns S_OK; VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED,
     * VDS_E_OBJECT_STATUS_FAILED, VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE QueryActiveControllers(
        IEnumVdsObject **ppEnum) = 0;

    /*
     * Makes the LUN larger by ullNumberOfBytesToAdd bytes, which the array may round. The
     * drives are as in IVdsSubSystem::CreateLun. When there is not enough space, nothing
     * changes. The new space reads as zeros; a host sees it after a rescan, which is the
     * program's business. *ppAsync has one reference that the caller releases; its output type
     * is VDS_ASYNCOUT_EXTENDLUN. Notification: VDS_NF_LUN_MODIFY.
     * libvds: done within the call, unless the LUN is thick. One of the drives must be a drive
     * of the LUN's pool, else VDS_E_NOT_SUPPORTED.
     *
     * Returns S_OK, VDS_E_OBJECT_NOT_FOUND (there is no object with such an id),
     * VDS_E_NOT_SUPPORTED (the array does not offer this), VDS_E_NOT_ENOUGH_SPACE (there is not
     * enough space), VDS_E_NOT_ENOUGH_DRIVE (there are not enough drives);
     * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED, VDS_E_OBJECT_STATUS_FAILED,
     * VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE Extend(
        ULONGLONG ullNumberOfBytesToAdd,
        VDS_OBJECT_ID *pDriveIdArray,
        LONG lNumberOfDrives,
        IVdsAsync **ppAsync) = 0;

    /*
     * Cuts ullNumberOfBytesToRemove bytes off the end of the LUN; their data are lost. *ppAsync
     * has one reference that the caller releases; its output type is VDS_ASYNCOUT_SHRINKLUN.
     * libvds: done within the call, also while initiators use the LUN, since the service has
     * looked for partitions before; vdsctl(1) asks for --force then. What was cut off reads as
     * zeros when the LUN is extended again. E_INVALIDARG when nothing would be cut off, or
     * nothing would be left.
     *
     * Returns S_OK; VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED,
     * VDS_E_OBJECT_STATUS_FAILED, VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE Shrink(
        ULONGLONG ullNumberOfBytesToRemove,
        IVdsAsync **ppAsync) = 0;

    /*
     * Enumerates the plexes of the LUN, of which there is at least one.
     * libvds: one, of the simple type.
     *
     * Returns S_OK.
     */
    virtual HRESULT STDMETHODCALLTYPE QueryPlexes(
        IEnumVdsObject **ppEnum) = 0;

    /*
     * Makes another LUN a mirror of this one. The other LUN must not be smaller; its data and
     * its identity are lost. *ppAsync has one reference that the caller releases; its output
     * type is VDS_ASYNCOUT_ADDLUNPLEX.
     * libvds: VDS_E_INVALID_OPERATION, since a LUN has one plex.
     *
     * Returns S_OK, VDS_E_OBJECT_NOT_FOUND (there is no object with such an id),
     * VDS_E_INVALID_OPERATION (the other LUN is smaller, or is this one);
     * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED, VDS_E_OBJECT_STATUS_FAILED,
     * VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE AddPlex(
        VDS_OBJECT_ID lunId,
        IVdsAsync **ppAsync) = 0;

    /*
     * Removes one of several plexes of the LUN and frees its space. *ppAsync has one reference
     * that the caller releases; its output type is VDS_ASYNCOUT_REMOVELUNPLEX.
     * libvds: VDS_E_OBJECT_NOT_FOUND also for the only plex, which cannot be removed.
     *
     * Returns S_OK, VDS_E_OBJECT_NOT_FOUND (the LUN has no such plex);
     * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED, VDS_E_OBJECT_STATUS_FAILED,
     * VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE RemovePlex(
        VDS_OBJECT_ID plexId,
        IVdsAsync **ppAsync) = 0;

    /*
     * Starts the repair of a fault tolerant LUN. *ppAsync has one reference that the caller
     * releases; its output type is VDS_ASYNCOUT_RECOVERLUN.
     * libvds: VDS_E_INVALID_OPERATION.
     *
     * Returns S_OK, VDS_E_INVALID_OPERATION (the LUN is not fault tolerant);
     * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED, VDS_E_OBJECT_STATUS_FAILED,
     * VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE Recover(
        IVdsAsync **ppAsync) = 0;

    /*
     * Replaces the unmasking list: it says which hosts may use the LUN. "*" means every
     * initiator, "" none; else names of initiators with ";" between them. The list is complete:
     * who is not in it has no access from then on. Names may come twice. The string stays the
     * caller's. A host notices the change after a rescan, which is the program's business.
     * Notification: VDS_NF_LUN_MODIFY.
     * libvds: entries are iSCSI names of initiators. When the method returns, no command of a
     * host that was taken out has any effect any more.
     *
     * Returns S_OK; VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED,
     * VDS_E_OBJECT_STATUS_FAILED, VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE SetMask(
        LPWSTR pwszUnmaskingList) = 0;

    /*
     * Deletes the LUN, its associations and its data. Objects of it that a program holds stay
     * valid, and their methods return VDS_E_OBJECT_DELETED. Notification: VDS_NF_LUN_DEPART.
     * libvds: a LUN that has failed can be deleted. Running commands of initiators end before
     * the method returns.
     *
     * Returns S_OK; VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED,
     * VDS_E_OBJECT_STATUS_FAILED, VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE Delete(
        ) = 0;

    /*
     * Reports through which controllers the LUN is served and through which it is not. Every
     * controller must be in exactly one of the arrays, which the caller keeps.
     * libvds: what is so already is S_OK. Anything else is VDS_E_NOT_SUPPORTED, since the
     * portals of the LUN's targets decide.
     *
     * Returns S_OK, VDS_E_OBJECT_NOT_FOUND (there is no object with such an id),
     * VDS_E_NOT_SUPPORTED (the array does not offer this), E_INVALIDARG (a controller is in
     * none or in both of the arrays); VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED,
     * VDS_E_OBJECT_STATUS_FAILED, VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE AssociateControllers(
        VDS_OBJECT_ID *pActiveControllerIdArray,
        LONG lNumberOfActiveControllers,
        VDS_OBJECT_ID *pInactiveControllerIdArray,
        LONG lNumberOfInactiveControllers) = 0;

    /*
     * Reports the hints that are in force for the LUN.
     * libvds: the hints as they were set, with their masks, whether or not they have an effect.
     *
     * Returns S_OK, VDS_E_NOT_SUPPORTED (the array does not offer this);
     * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED, VDS_E_OBJECT_STATUS_FAILED,
     * VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE QueryHints(
        VDS_HINTS *pHints) = 0;

    /*
     * Sets hints for the LUN and all its plexes.
     * libvds: replaces all hints but those for which only VDS_HINTS2 has members.
     * bWriteThroughCachingEnabled turns the write cache off. VDS_E_NOT_SUPPORTED for a bit of
     * ullHintMask without a member.
     *
     * Returns S_OK, VDS_E_NOT_SUPPORTED (the array does not offer this);
     * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED, VDS_E_OBJECT_STATUS_FAILED,
     * VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE ApplyHints(
        VDS_HINTS *pHints) = 0;

    /*
     * Puts the LUN online or offline (VDS_LS_ONLINE, VDS_LS_OFFLINE). Notification:
     * VDS_NF_LUN_MODIFY.
     * libvds: offline refuses I/O and returns when the commands in flight have ended; when they
     * do not end, it returns VDS_E_ANOTHER_CALL_IN_PROGRESS and the LUN stays online. Online
     * also opens the store of a LUN that has failed again.
     *
     * Returns S_OK, E_INVALIDARG (status is VDS_LS_UNKNOWN); VDS_E_PROVIDER_CACHE_CORRUPT,
     * VDS_E_OBJECT_DELETED, VDS_E_OBJECT_STATUS_FAILED, VDS_E_ANOTHER_CALL_IN_PROGRESS as many
     * methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE SetStatus(
        VDS_LUN_STATUS status) = 0;

    /*
     * Reports by how many bytes the LUN could grow with these drives (NULL and 0: any). Nothing is
     * reserved.
     * libvds: what is free in the LUN's pool, also for a thin LUN.
     *
     * Returns S_OK, VDS_E_OBJECT_NOT_FOUND (there is no object with such an id),
     * VDS_E_NOT_SUPPORTED (the array does not offer this); VDS_E_PROVIDER_CACHE_CORRUPT,
     * VDS_E_OBJECT_DELETED, VDS_E_OBJECT_STATUS_FAILED, VDS_E_ANOTHER_CALL_IN_PROGRESS as many
     * methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE QueryMaxLunExtendSize(
        VDS_OBJECT_ID *pDriveIdArray,
        LONG lNumberOfDrives,
        ULONGLONG *pullMaxBytesToBeAdded) = 0;

};
#ifdef __CRT_UUID_DECL
__CRT_UUID_DECL(IVdsLun, 0x3540a9c7, 0xe60f, 0x4111, 0xa8,0x40, 0x8b,0xba,0x6c,0x2c,0x83,0xd8)
#endif
#else
typedef struct IVdsLunVtbl {
    BEGIN_INTERFACE

    /*** IUnknown methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryInterface)(
        IVdsLun *This,
        const IID *riid,
        void **ppvObject);

    ULONG (STDMETHODCALLTYPE *AddRef)(
        IVdsLun *This);

    ULONG (STDMETHODCALLTYPE *Release)(
        IVdsLun *This);

    /*** IVdsLun methods ***/
    HRESULT (STDMETHODCALLTYPE *GetProperties)(
        IVdsLun *This,
        VDS_LUN_PROP *pLunProp);

    HRESULT (STDMETHODCALLTYPE *GetSubSystem)(
        IVdsLun *This,
        IVdsSubSystem **ppSubSystem);

    HRESULT (STDMETHODCALLTYPE *GetIdentificationData)(
        IVdsLun *This,
        VDS_LUN_INFORMATION *pLunInfo);

    HRESULT (STDMETHODCALLTYPE *QueryActiveControllers)(
        IVdsLun *This,
        IEnumVdsObject **ppEnum);

    HRESULT (STDMETHODCALLTYPE *Extend)(
        IVdsLun *This,
        ULONGLONG ullNumberOfBytesToAdd,
        VDS_OBJECT_ID *pDriveIdArray,
        LONG lNumberOfDrives,
        IVdsAsync **ppAsync);

    HRESULT (STDMETHODCALLTYPE *Shrink)(
        IVdsLun *This,
        ULONGLONG ullNumberOfBytesToRemove,
        IVdsAsync **ppAsync);

    HRESULT (STDMETHODCALLTYPE *QueryPlexes)(
        IVdsLun *This,
        IEnumVdsObject **ppEnum);

    HRESULT (STDMETHODCALLTYPE *AddPlex)(
        IVdsLun *This,
        VDS_OBJECT_ID lunId,
        IVdsAsync **ppAsync);

    HRESULT (STDMETHODCALLTYPE *RemovePlex)(
        IVdsLun *This,
        VDS_OBJECT_ID plexId,
        IVdsAsync **ppAsync);

    HRESULT (STDMETHODCALLTYPE *Recover)(
        IVdsLun *This,
        IVdsAsync **ppAsync);

    HRESULT (STDMETHODCALLTYPE *SetMask)(
        IVdsLun *This,
        LPWSTR pwszUnmaskingList);

    HRESULT (STDMETHODCALLTYPE *Delete)(
        IVdsLun *This);

    HRESULT (STDMETHODCALLTYPE *AssociateControllers)(
        IVdsLun *This,
        VDS_OBJECT_ID *pActiveControllerIdArray,
        LONG lNumberOfActiveControllers,
        VDS_OBJECT_ID *pInactiveControllerIdArray,
        LONG lNumberOfInactiveControllers);

    HRESULT (STDMETHODCALLTYPE *QueryHints)(
        IVdsLun *This,
        VDS_HINTS *pHints);

    HRESULT (STDMETHODCALLTYPE *ApplyHints)(
        IVdsLun *This,
        VDS_HINTS *pHints);

    HRESULT (STDMETHODCALLTYPE *SetStatus)(
        IVdsLun *This,
        VDS_LUN_STATUS status);

    HRESULT (STDMETHODCALLTYPE *QueryMaxLunExtendSize)(
        IVdsLun *This,
        VDS_OBJECT_ID *pDriveIdArray,
        LONG lNumberOfDrives,
        ULONGLONG *pullMaxBytesToBeAdded);

    END_INTERFACE
} IVdsLunVtbl;

struct IVdsLun {
    CONST_VTBL IVdsLunVtbl* lpVtbl;
};

#ifdef COBJMACROS
#ifndef WIDL_C_INLINE_WRAPPERS
/*** IUnknown methods ***/
#define IVdsLun_QueryInterface(This,riid,ppvObject) (This)->lpVtbl->QueryInterface(This,riid,ppvObject)
#define IVdsLun_AddRef(This) (This)->lpVtbl->AddRef(This)
#define IVdsLun_Release(This) (This)->lpVtbl->Release(This)
/*** IVdsLun methods ***/
#define IVdsLun_GetProperties(This,pLunProp) (This)->lpVtbl->GetProperties(This,pLunProp)
#define IVdsLun_GetSubSystem(This,ppSubSystem) (This)->lpVtbl->GetSubSystem(This,ppSubSystem)
#define IVdsLun_GetIdentificationData(This,pLunInfo) (This)->lpVtbl->GetIdentificationData(This,pLunInfo)
#define IVdsLun_QueryActiveControllers(This,ppEnum) (This)->lpVtbl->QueryActiveControllers(This,ppEnum)
#define IVdsLun_Extend(This,ullNumberOfBytesToAdd,pDriveIdArray,lNumberOfDrives,ppAsync) (This)->lpVtbl->Extend(This,ullNumberOfBytesToAdd,pDriveIdArray,lNumberOfDrives,ppAsync)
#define IVdsLun_Shrink(This,ullNumberOfBytesToRemove,ppAsync) (This)->lpVtbl->Shrink(This,ullNumberOfBytesToRemove,ppAsync)
#define IVdsLun_QueryPlexes(This,ppEnum) (This)->lpVtbl->QueryPlexes(This,ppEnum)
#define IVdsLun_AddPlex(This,lunId,ppAsync) (This)->lpVtbl->AddPlex(This,lunId,ppAsync)
#define IVdsLun_RemovePlex(This,plexId,ppAsync) (This)->lpVtbl->RemovePlex(This,plexId,ppAsync)
#define IVdsLun_Recover(This,ppAsync) (This)->lpVtbl->Recover(This,ppAsync)
#define IVdsLun_SetMask(This,pwszUnmaskingList) (This)->lpVtbl->SetMask(This,pwszUnmaskingList)
#define IVdsLun_Delete(This) (This)->lpVtbl->Delete(This)
#define IVdsLun_AssociateControllers(This,pActiveControllerIdArray,lNumberOfActiveControllers,pInactiveControllerIdArray,lNumberOfInactiveControllers) (This)->lpVtbl->AssociateControllers(This,pActiveControllerIdArray,lNumberOfActiveControllers,pInactiveControllerIdArray,lNumberOfInactiveControllers)
#define IVdsLun_QueryHints(This,pHints) (This)->lpVtbl->QueryHints(This,pHints)
#define IVdsLun_ApplyHints(This,pHints) (This)->lpVtbl->ApplyHints(This,pHints)
#define IVdsLun_SetStatus(This,status) (This)->lpVtbl->SetStatus(This,status)
#define IVdsLun_QueryMaxLunExtendSize(This,pDriveIdArray,lNumberOfDrives,pullMaxBytesToBeAdded) (This)->lpVtbl->QueryMaxLunExtendSize(This,pDriveIdArray,lNumberOfDrives,pullMaxBytesToBeAdded)
#else
/*** IUnknown methods ***/
static FORCEINLINE HRESULT IVdsLun_QueryInterface(IVdsLun* This,const IID *riid,void **ppvObject) {
    return This->lpVtbl->QueryInterface(This,riid,ppvObject);
}
static FORCEINLINE ULONG IVdsLun_AddRef(IVdsLun* This) {
    return This->lpVtbl->AddRef(This);
}
static FORCEINLINE ULONG IVdsLun_Release(IVdsLun* This) {
    return This->lpVtbl->Release(This);
}
/*** IVdsLun methods ***/
/*
 * Fills the properties of the LUN: id, size in bytes, type, status, health, names and
 * unmasking list. The caller frees pwszFriendlyName, pwszIdentification and
 * pwszUnmaskingList with CoTaskMemFree. Never busy: an operation that holds the LUN shows
 * as VDS_LS_NOT_READY or VDS_TS_EXTENDING.
 *
 * Returns S_OK, VDS_S_PROPERTIES_INCOMPLETE (some members could not be filled and are 0);
 * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED as many methods do.
 */
static FORCEINLINE HRESULT IVdsLun_GetProperties(IVdsLun* This,VDS_LUN_PROP *pLunProp) {
    return This->lpVtbl->GetProperties(This,pLunProp);
}
/*
 * Returns the subsystem that the LUN belongs to, with one reference that the caller releases.
 *
 * Returns S_OK; VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED as many methods do.
 */
static FORCEINLINE HRESULT IVdsLun_GetSubSystem(IVdsLun* This,IVdsSubSystem **ppSubSystem) {
    return This->lpVtbl->GetSubSystem(This,ppSubSystem);
}
/*
 * Fills what identifies the LUN on a host: what INQUIRY and the VPD pages 80h and 83h say
 * to an initiator. Programs compare it with the disks of a host. The caller frees every
 * string, every m_rgbIdentifier and m_rgIdentifiers with CoTaskMemFree.
 * libvds: m_DeviceType is 0, m_BusType is VDSBusTypeiScsi, and there are no interconnect
 * addresses. The UUID of page 83h is left out: VDS has no type for it.
 *
 * Returns S_OK; VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED,
 * VDS_E_OBJECT_STATUS_FAILED, VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
 */
static FORCEINLINE HRESULT IVdsLun_GetIdentificationData(IVdsLun* This,VDS_LUN_INFORMATION *pLunInfo) {
    return This->lpVtbl->GetIdentificationData(This,pLunInfo);
}
/*
 * Enumerates the controllers through which the LUN is served.
 * libvds: the controller, when a target of the LUN has a portal group with a portal that is
 * online, and the controller is online.
 *
 * Returns S_OK; VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED,
 * VDS_E_OBJECT_STATUS_FAILED, VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
 */
static FORCEINLINE HRESULT IVdsLun_QueryActiveControllers(IVdsLun* This,IEnumVdsObject **ppEnum) {
    return This->lpVtbl->QueryActiveControllers(This,ppEnum);
}
/*
 * Makes the LUN larger by ullNumberOfBytesToAdd bytes, which the array may round. The
 * drives are as in IVdsSubSystem::CreateLun. When there is not enough space, nothing
 * changes. The new space reads as zeros; a host sees it after a rescan, which is the
 * program's business. *ppAsync has one reference that the caller releases; its output type
 * is VDS_ASYNCOUT_EXTENDLUN. Notification: VDS_NF_LUN_MODIFY.
 * libvds: done within the call, unless the LUN is thick. One of the drives must be a drive
 * of the LUN's pool, else VDS_E_NOT_SUPPORTED.
 *
 * Returns S_OK, VDS_E_OBJECT_NOT_FOUND (there is no object with such an id),
 * VDS_E_NOT_SUPPORTED (the array does not offer this), VDS_E_NOT_ENOUGH_SPACE (there is not
 * enough space), VDS_E_NOT_ENOUGH_DRIVE (there are not enough drives);
 * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED, VDS_E_OBJECT_STATUS_FAILED,
 * VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
 */
static FORCEINLINE HRESULT IVdsLun_Extend(IVdsLun* This,ULONGLONG ullNumberOfBytesToAdd,VDS_OBJECT_ID *pDriveIdArray,LONG lNumberOfDrives,IVdsAsync **ppAsync) {
    return This->lpVtbl->Extend(This,ullNumberOfBytesToAdd,pDriveIdArray,lNumberOfDrives,ppAsync);
}
/*
 * Cuts ullNumberOfBytesToRemove bytes off the end of the LUN; their data are lost. *ppAsync
 * has one reference that the caller releases; its output type is VDS_ASYNCOUT_SHRINKLUN.
 * libvds: done within the call, also while initiators use the LUN, since the service has
 * looked for partitions before; vdsctl(1) asks for --force then. What was cut off reads as
 * zeros when the LUN is extended again. E_INVALIDARG when nothing would be cut off, or
 * nothing would be left.
 *
 * Returns S_OK; VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED,
 * VDS_E_OBJECT_STATUS_FAILED, VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
 */
static FORCEINLINE HRESULT IVdsLun_Shrink(IVdsLun* This,ULONGLONG ullNumberOfBytesToRemove,IVdsAsync **ppAsync) {
    return This->lpVtbl->Shrink(This,ullNumberOfBytesToRemove,ppAsync);
}
/*
 * Enumerates the plexes of the LUN, of which there is at least one.
 * libvds: one, of the simple type.
 *
 * Returns S_OK.
 */
static FORCEINLINE HRESULT IVdsLun_QueryPlexes(IVdsLun* This,IEnumVdsObject **ppEnum) {
    return This->lpVtbl->QueryPlexes(This,ppEnum);
}
/*
 * Makes another LUN a mirror of this one. The other LUN must not be smaller; its data and
 * its identity are lost. *ppAsync has one reference that the caller releases; its output
 * type is VDS_ASYNCOUT_ADDLUNPLEX.
 * libvds: VDS_E_INVALID_OPERATION, since a LUN has one plex.
 *
 * Returns S_OK, VDS_E_OBJECT_NOT_FOUND (there is no object with such an id),
 * VDS_E_INVALID_OPERATION (the other LUN is smaller, or is this one);
 * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED, VDS_E_OBJECT_STATUS_FAILED,
 * VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
 */
static FORCEINLINE HRESULT IVdsLun_AddPlex(IVdsLun* This,VDS_OBJECT_ID lunId,IVdsAsync **ppAsync) {
    return This->lpVtbl->AddPlex(This,lunId,ppAsync);
}
/*
 * Removes one of several plexes of the LUN and frees its space. *ppAsync has one reference
 * that the caller releases; its output type is VDS_ASYNCOUT_REMOVELUNPLEX.
 * libvds: VDS_E_OBJECT_NOT_FOUND also for the only plex, which cannot be removed.
 *
 * Returns S_OK, VDS_E_OBJECT_NOT_FOUND (the LUN has no such plex);
 * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED, VDS_E_OBJECT_STATUS_FAILED,
 * VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
 */
static FORCEINLINE HRESULT IVdsLun_RemovePlex(IVdsLun* This,VDS_OBJECT_ID plexId,IVdsAsync **ppAsync) {
    return This->lpVtbl->RemovePlex(This,plexId,ppAsync);
}
/*
 * Starts the repair of a fault tolerant LUN. *ppAsync has one reference that the caller
 * releases; its output type is VDS_ASYNCOUT_RECOVERLUN.
 * libvds: VDS_E_INVALID_OPERATION.
 *
 * Returns S_OK, VDS_E_INVALID_OPERATION (the LUN is not fault tolerant);
 * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED, VDS_E_OBJECT_STATUS_FAILED,
 * VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
 */
static FORCEINLINE HRESULT IVdsLun_Recover(IVdsLun* This,IVdsAsync **ppAsync) {
    return This->lpVtbl->Recover(This,ppAsync);
}
/*
 * Replaces the unmasking list: it says which hosts may use the LUN. "*" means every
 * initiator, "" none; else names of initiators with ";" between them. The list is complete:
 * who is not in it has no access from then on. Names may come twice. The string stays the
 * caller's. A host notices the change after a rescan, which is the program's business.
 * Notification: VDS_NF_LUN_MODIFY.
 * libvds: entries are iSCSI names of initiators. When the method returns, no command of a
 * host that was taken out has any effect any more.
 *
 * Returns S_OK; VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED,
 * VDS_E_OBJECT_STATUS_FAILED, VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
 */
static FORCEINLINE HRESULT IVdsLun_SetMask(IVdsLun* This,LPWSTR pwszUnmaskingList) {
    return This->lpVtbl->SetMask(This,pwszUnmaskingList);
}
/*
 * Deletes the LUN, its associations and its data. Objects of it that a program holds stay
 * valid, and their methods return VDS_E_OBJECT_DELETED. Notification: VDS_NF_LUN_DEPART.
 * libvds: a LUN that has failed can be deleted. Running commands of initiators end before
 * the method returns.
 *
 * Returns S_OK; VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED,
 * VDS_E_OBJECT_STATUS_FAILED, VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
 */
static FORCEINLINE HRESULT IVdsLun_Delete(IVdsLun* This) {
    return This->lpVtbl->Delete(This);
}
/*
 * Reports through which controllers the LUN is served and through which it is not. Every
 * controller must be in exactly one of the arrays, which the caller keeps.
 * libvds: what is so already is S_OK. Anything else is VDS_E_NOT_SUPPORTED, since the
 * portals of the LUN's targets decide.
 *
 * Returns S_OK, VDS_E_OBJECT_NOT_FOUND (there is no object with such an id),
 * VDS_E_NOT_SUPPORTED (the array does not offer this), E_INVALIDARG (a controller is in
 * none or in both of the arrays); VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED,
 * VDS_E_OBJECT_STATUS_FAILED, VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
 */
static FORCEINLINE HRESULT IVdsLun_AssociateControllers(IVdsLun* This,VDS_OBJECT_ID *pActiveControllerIdArray,LONG lNumberOfActiveControllers,VDS_OBJECT_ID *pInactiveControllerIdArray,LONG lNumberOfInactiveControllers) {
    return This->lpVtbl->AssociateControllers(This,pActiveControllerIdArray,lNumberOfActiveControllers,pInactiveControllerIdArray,lNumberOfInactiveControllers);
}
/*
 * Reports the hints that are in force for the LUN.
 * libvds: the hints as they were set, with their masks, whether or not they have an effect.
 *
 * Returns S_OK, VDS_E_NOT_SUPPORTED (the array does not offer this);
 * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED, VDS_E_OBJECT_STATUS_FAILED,
 * VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
 */
static FORCEINLINE HRESULT IVdsLun_QueryHints(IVdsLun* This,VDS_HINTS *pHints) {
    return This->lpVtbl->QueryHints(This,pHints);
}
/*
 * Sets hints for the LUN and all its plexes.
 * libvds: replaces all hints but those for which only VDS_HINTS2 has members.
 * bWriteThroughCachingEnabled turns the write cache off. VDS_E_NOT_SUPPORTED for a bit of
 * ullHintMask without a member.
 *
 * Returns S_OK, VDS_E_NOT_SUPPORTED (the array does not offer this);
 * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED, VDS_E_OBJECT_STATUS_FAILED,
 * VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
 */
static FORCEINLINE HRESULT IVdsLun_ApplyHints(IVdsLun* This,VDS_HINTS *pHints) {
    return This->lpVtbl->ApplyHints(This,pHints);
}
/*
 * Puts the LUN online or offline (VDS_LS_ONLINE, VDS_LS_OFFLINE). Notification:
 * VDS_NF_LUN_MODIFY.
 * libvds: offline refuses I/O and returns when the commands in flight have ended; when they
 * do not end, it returns VDS_E_ANOTHER_CALL_IN_PROGRESS and the LUN stays online. Online
 * also opens the store of a LUN that has failed again.
 *
 * Returns S_OK, E_INVALIDARG (status is VDS_LS_UNKNOWN); VDS_E_PROVIDER_CACHE_CORRUPT,
 * VDS_E_OBJECT_DELETED, VDS_E_OBJECT_STATUS_FAILED, VDS_E_ANOTHER_CALL_IN_PROGRESS as many
 * methods do.
 */
static FORCEINLINE HRESULT IVdsLun_SetStatus(IVdsLun* This,VDS_LUN_STATUS status) {
    return This->lpVtbl->SetStatus(This,status);
}
/*
 * Reports by how many bytes the LUN could grow with these drives (NULL and 0: any). Nothing is
 * reserved.
 * libvds: what is free in the LUN's pool, also for a thin LUN.
 *
 * Returns S_OK, VDS_E_OBJECT_NOT_FOUND (there is no object with such an id),
 * VDS_E_NOT_SUPPORTED (the array does not offer this); VDS_E_PROVIDER_CACHE_CORRUPT,
 * VDS_E_OBJECT_DELETED, VDS_E_OBJECT_STATUS_FAILED, VDS_E_ANOTHER_CALL_IN_PROGRESS as many
 * methods do.
 */
static FORCEINLINE HRESULT IVdsLun_QueryMaxLunExtendSize(IVdsLun* This,VDS_OBJECT_ID *pDriveIdArray,LONG lNumberOfDrives,ULONGLONG *pullMaxBytesToBeAdded) {
    return This->lpVtbl->QueryMaxLunExtendSize(This,pDriveIdArray,lNumberOfDrives,pullMaxBytesToBeAdded);
}
#endif
#endif

#endif

#endif  /* __IVdsLun_INTERFACE_DEFINED__ */

/*****************************************************************************
 * IVdsLun2 interface
 *
 * LUN. By provider (optional) and service. VDS 3.0.
 */
#ifndef __IVdsLun2_INTERFACE_DEFINED__
#define __IVdsLun2_INTERFACE_DEFINED__

DEFINE_GUID(IID_IVdsLun2, 0xe5b3a735, 0x9efb, 0x499a, 0x80,0x71, 0x43,0x94,0xd9,0xee,0x6f,0xcb);
#if defined(__cplusplus) && !defined(CINTERFACE)
MIDL_INTERFACE("e5b3a735-9efb-499a-8071-4394d9ee6fcb")
IVdsLun2 : public IUnknown
{
    /*
     * Reports the hints that are in force for the LUN, as VDS_HINTS2.
     * libvds: the hints as they were set, with their masks, whether or not they have an effect.
     *
     * Returns S_OK, VDS_E_NOT_SUPPORTED (the array does not offer this);
     * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED, VDS_E_OBJECT_STATUS_FAILED,
     * VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE QueryHints2(
        VDS_HINTS2 *pHints2) = 0;

    /*
     * Sets hints for the LUN and all its plexes, as VDS_HINTS2.
     * libvds: replaces all hints. Of them bWriteThroughCachingEnabled and bWriteCachingEnabled
     * have an effect: they turn the write cache off or on.
     *
     * Returns S_OK, VDS_E_NOT_SUPPORTED (the array does not offer this);
     * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED, VDS_E_OBJECT_STATUS_FAILED,
     * VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE ApplyHints2(
        VDS_HINTS2 *pHints2) = 0;

};
#ifdef __CRT_UUID_DECL
__CRT_UUID_DECL(IVdsLun2, 0xe5b3a735, 0x9efb, 0x499a, 0x80,0x71, 0x43,0x94,0xd9,0xee,0x6f,0xcb)
#endif
#else
typedef struct IVdsLun2Vtbl {
    BEGIN_INTERFACE

    /*** IUnknown methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryInterface)(
        IVdsLun2 *This,
        const IID *riid,
        void **ppvObject);

    ULONG (STDMETHODCALLTYPE *AddRef)(
        IVdsLun2 *This);

    ULONG (STDMETHODCALLTYPE *Release)(
        IVdsLun2 *This);

    /*** IVdsLun2 methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryHints2)(
        IVdsLun2 *This,
        VDS_HINTS2 *pHints2);

    HRESULT (STDMETHODCALLTYPE *ApplyHints2)(
        IVdsLun2 *This,
        VDS_HINTS2 *pHints2);

    END_INTERFACE
} IVdsLun2Vtbl;

struct IVdsLun2 {
    CONST_VTBL IVdsLun2Vtbl* lpVtbl;
};

#ifdef COBJMACROS
#ifndef WIDL_C_INLINE_WRAPPERS
/*** IUnknown methods ***/
#define IVdsLun2_QueryInterface(This,riid,ppvObject) (This)->lpVtbl->QueryInterface(This,riid,ppvObject)
#define IVdsLun2_AddRef(This) (This)->lpVtbl->AddRef(This)
#define IVdsLun2_Release(This) (This)->lpVtbl->Release(This)
/*** IVdsLun2 methods ***/
#define IVdsLun2_QueryHints2(This,pHints2) (This)->lpVtbl->QueryHints2(This,pHints2)
#define IVdsLun2_ApplyHints2(This,pHints2) (This)->lpVtbl->ApplyHints2(This,pHints2)
#else
/*** IUnknown methods ***/
static FORCEINLINE HRESULT IVdsLun2_QueryInterface(IVdsLun2* This,const IID *riid,void **ppvObject) {
    return This->lpVtbl->QueryInterface(This,riid,ppvObject);
}
static FORCEINLINE ULONG IVdsLun2_AddRef(IVdsLun2* This) {
    return This->lpVtbl->AddRef(This);
}
static FORCEINLINE ULONG IVdsLun2_Release(IVdsLun2* This) {
    return This->lpVtbl->Release(This);
}
/*** IVdsLun2 methods ***/
/*
 * Reports the hints that are in force for the LUN, as VDS_HINTS2.
 * libvds: the hints as they were set, with their masks, whether or not they have an effect.
 *
 * Returns S_OK, VDS_E_NOT_SUPPORTED (the array does not offer this);
 * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED, VDS_E_OBJECT_STATUS_FAILED,
 * VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
 */
static FORCEINLINE HRESULT IVdsLun2_QueryHints2(IVdsLun2* This,VDS_HINTS2 *pHints2) {
    return This->lpVtbl->QueryHints2(This,pHints2);
}
/*
 * Sets hints for the LUN and all its plexes, as VDS_HINTS2.
 * libvds: replaces all hints. Of them bWriteThroughCachingEnabled and bWriteCachingEnabled
 * have an effect: they turn the write cache off or on.
 *
 * Returns S_OK, VDS_E_NOT_SUPPORTED (the array does not offer this);
 * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED, VDS_E_OBJECT_STATUS_FAILED,
 * VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
 */
static FORCEINLINE HRESULT IVdsLun2_ApplyHints2(IVdsLun2* This,VDS_HINTS2 *pHints2) {
    return This->lpVtbl->ApplyHints2(This,pHints2);
}
#endif
#endif

#endif

#endif  /* __IVdsLun2_INTERFACE_DEFINED__ */

/*****************************************************************************
 * IVdsLunNaming interface
 *
 * LUN. By provider (optional) and service. VDS 1.1.
 */
#ifndef __IVdsLunNaming_INTERFACE_DEFINED__
#define __IVdsLunNaming_INTERFACE_DEFINED__

DEFINE_GUID(IID_IVdsLunNaming, 0x907504cb, 0x6b4e, 0x4d88, 0xa3,0x4d, 0x17,0xba,0x66,0x1f,0xbb,0x06);
#if defined(__cplusplus) && !defined(CINTERFACE)
MIDL_INTERFACE("907504cb-6b4e-4d88-a34d-17ba661fbb06")
IVdsLunNaming : public IUnknown
{
    /*
     * Renames the LUN. The caller keeps the name. Notification: VDS_NF_LUN_MODIFY.
     * libvds: a name has at most 63 UTF-16 units; a longer one is cut between characters, and "" removes
     * the name. No
     * two LUNs have the same.
     *
     * Returns S_OK, VDS_S_NAME_TRUNCATED (the name was too long and was cut),
     * VDS_E_NOT_SUPPORTED (the array does not offer this); VDS_E_PROVIDER_CACHE_CORRUPT,
     * VDS_E_OBJECT_DELETED, VDS_E_OBJECT_STATUS_FAILED, VDS_E_ANOTHER_CALL_IN_PROGRESS as many
     * methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE SetFriendlyName(
        LPWSTR pwszFriendlyName) = 0;

};
#ifdef __CRT_UUID_DECL
__CRT_UUID_DECL(IVdsLunNaming, 0x907504cb, 0x6b4e, 0x4d88, 0xa3,0x4d, 0x17,0xba,0x66,0x1f,0xbb,0x06)
#endif
#else
typedef struct IVdsLunNamingVtbl {
    BEGIN_INTERFACE

    /*** IUnknown methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryInterface)(
        IVdsLunNaming *This,
        const IID *riid,
        void **ppvObject);

    ULONG (STDMETHODCALLTYPE *AddRef)(
        IVdsLunNaming *This);

    ULONG (STDMETHODCALLTYPE *Release)(
        IVdsLunNaming *This);

    /*** IVdsLunNaming methods ***/
    HRESULT (STDMETHODCALLTYPE *SetFriendlyName)(
        IVdsLunNaming *This,
        LPWSTR pwszFriendlyName);

    END_INTERFACE
} IVdsLunNamingVtbl;

struct IVdsLunNaming {
    CONST_VTBL IVdsLunNamingVtbl* lpVtbl;
};

#ifdef COBJMACROS
#ifndef WIDL_C_INLINE_WRAPPERS
/*** IUnknown methods ***/
#define IVdsLunNaming_QueryInterface(This,riid,ppvObject) (This)->lpVtbl->QueryInterface(This,riid,ppvObject)
#define IVdsLunNaming_AddRef(This) (This)->lpVtbl->AddRef(This)
#define IVdsLunNaming_Release(This) (This)->lpVtbl->Release(This)
/*** IVdsLunNaming methods ***/
#define IVdsLunNaming_SetFriendlyName(This,pwszFriendlyName) (This)->lpVtbl->SetFriendlyName(This,pwszFriendlyName)
#else
/*** IUnknown methods ***/
static FORCEINLINE HRESULT IVdsLunNaming_QueryInterface(IVdsLunNaming* This,const IID *riid,void **ppvObject) {
    return This->lpVtbl->QueryInterface(This,riid,ppvObject);
}
static FORCEINLINE ULONG IVdsLunNaming_AddRef(IVdsLunNaming* This) {
    return This->lpVtbl->AddRef(This);
}
static FORCEINLINE ULONG IVdsLunNaming_Release(IVdsLunNaming* This) {
    return This->lpVtbl->Release(This);
}
/*** IVdsLunNaming methods ***/
/*
 * Renames the LUN. The caller keeps the name. Notification: VDS_NF_LUN_MODIFY.
 * libvds: a name has at most 63 UTF-16 units; a longer one is cut between characters, and "" removes
 * the name. No
 * two LUNs have the same.
 *
 * Returns S_OK, VDS_S_NAME_TRUNCATED (the name was too long and was cut),
 * VDS_E_NOT_SUPPORTED (the array does not offer this); VDS_E_PROVIDER_CACHE_CORRUPT,
 * VDS_E_OBJECT_DELETED, VDS_E_OBJECT_STATUS_FAILED, VDS_E_ANOTHER_CALL_IN_PROGRESS as many
 * methods do.
 */
static FORCEINLINE HRESULT IVdsLunNaming_SetFriendlyName(IVdsLunNaming* This,LPWSTR pwszFriendlyName) {
    return This->lpVtbl->SetFriendlyName(This,pwszFriendlyName);
}
#endif
#endif

#endif

#endif  /* __IVdsLunNaming_INTERFACE_DEFINED__ */

/*****************************************************************************
 * IVdsLunNumber interface
 *
 * LUN. By provider (optional) and service. VDS 3.0.
 */
#ifndef __IVdsLunNumber_INTERFACE_DEFINED__
#define __IVdsLunNumber_INTERFACE_DEFINED__

DEFINE_GUID(IID_IVdsLunNumber, 0xd3f95e46, 0x54b3, 0x41f9, 0xb6,0x78, 0x0f,0x18,0x71,0x44,0x3a,0x08);
#if defined(__cplusplus) && !defined(CINTERFACE)
MIDL_INTERFACE("d3f95e46-54b3-41f9-b678-0f1871443a08")
IVdsLunNumber : public IUnknown
{
    /*
     * Reports the number that the LUN has within the subsystem. It is not the LUN number that an
     * initiator sees.
     * libvds: the number never changes, and no other LUN ever gets it.
     *
     * Returns S_OK.
     */
    virtual HRESULT STDMETHODCALLTYPE GetLunNumber(
        ULONG *pulLunNumber) = 0;

};
#ifdef __CRT_UUID_DECL
__CRT_UUID_DECL(IVdsLunNumber, 0xd3f95e46, 0x54b3, 0x41f9, 0xb6,0x78, 0x0f,0x18,0x71,0x44,0x3a,0x08)
#endif
#else
typedef struct IVdsLunNumberVtbl {
    BEGIN_INTERFACE

    /*** IUnknown methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryInterface)(
        IVdsLunNumber *This,
        const IID *riid,
        void **ppvObject);

    ULONG (STDMETHODCALLTYPE *AddRef)(
        IVdsLunNumber *This);

    ULONG (STDMETHODCALLTYPE *Release)(
        IVdsLunNumber *This);

    /*** IVdsLunNumber methods ***/
    HRESULT (STDMETHODCALLTYPE *GetLunNumber)(
        IVdsLunNumber *This,
        ULONG *pulLunNumber);

    END_INTERFACE
} IVdsLunNumberVtbl;

struct IVdsLunNumber {
    CONST_VTBL IVdsLunNumberVtbl* lpVtbl;
};

#ifdef COBJMACROS
#ifndef WIDL_C_INLINE_WRAPPERS
/*** IUnknown methods ***/
#define IVdsLunNumber_QueryInterface(This,riid,ppvObject) (This)->lpVtbl->QueryInterface(This,riid,ppvObject)
#define IVdsLunNumber_AddRef(This) (This)->lpVtbl->AddRef(This)
#define IVdsLunNumber_Release(This) (This)->lpVtbl->Release(This)
/*** IVdsLunNumber methods ***/
#define IVdsLunNumber_GetLunNumber(This,pulLunNumber) (This)->lpVtbl->GetLunNumber(This,pulLunNumber)
#else
/*** IUnknown methods ***/
static FORCEINLINE HRESULT IVdsLunNumber_QueryInterface(IVdsLunNumber* This,const IID *riid,void **ppvObject) {
    return This->lpVtbl->QueryInterface(This,riid,ppvObject);
}
static FORCEINLINE ULONG IVdsLunNumber_AddRef(IVdsLunNumber* This) {
    return This->lpVtbl->AddRef(This);
}
static FORCEINLINE ULONG IVdsLunNumber_Release(IVdsLunNumber* This) {
    return This->lpVtbl->Release(This);
}
/*** IVdsLunNumber methods ***/
/*
 * Reports the number that the LUN has within the subsystem. It is not the LUN number that an
 * initiator sees.
 * libvds: the number never changes, and no other LUN ever gets it.
 *
 * Returns S_OK.
 */
static FORCEINLINE HRESULT IVdsLunNumber_GetLunNumber(IVdsLunNumber* This,ULONG *pulLunNumber) {
    return This->lpVtbl->GetLunNumber(This,pulLunNumber);
}
#endif
#endif

#endif

#endif  /* __IVdsLunNumber_INTERFACE_DEFINED__ */

/*****************************************************************************
 * IVdsLunControllerPorts interface
 *
 * LUN. By provider and service (mandatory for Fibre Channel). VDS 1.1.
 */
#ifndef __IVdsLunControllerPorts_INTERFACE_DEFINED__
#define __IVdsLunControllerPorts_INTERFACE_DEFINED__

DEFINE_GUID(IID_IVdsLunControllerPorts, 0x451fe266, 0xda6d, 0x406a, 0xbb,0x60, 0x82,0xe5,0x34,0xf8,0x5a,0xeb);
#if defined(__cplusplus) && !defined(CINTERFACE)
MIDL_INTERFACE("451fe266-da6d-406a-bb60-82e534f85aeb")
IVdsLunControllerPorts : public IUnknown
{
    /*
     * Reports through which ports of controllers the LUN is served and through which it is not.
     * Every port must be in exactly one of the arrays.
     * libvds: as IVdsLun::AssociateControllers.
     *
     * Returns S_OK, VDS_E_OBJECT_NOT_FOUND (there is no object with such an id),
     * VDS_E_NOT_SUPPORTED (the array does not offer this); VDS_E_PROVIDER_CACHE_CORRUPT,
     * VDS_E_OBJECT_DELETED, VDS_E_OBJECT_STATUS_FAILED, VDS_E_ANOTHER_CALL_IN_PROGRESS as many
     * methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE AssociateControllerPorts(
        VDS_OBJECT_ID *pActiveControllerPortIdArray,
        LONG lNumberOfActiveControllerPorts,
        VDS_OBJECT_ID *pInactiveControllerPortIdArray,
        LONG lNumberOfInactiveControllerPorts) = 0;

    /*
     * Enumerates the ports of controllers through which the LUN is served.
     * libvds: the ports that have a portal that is online in a portal group of a target of the
     * LUN; none while the controller is offline.
     *
     * Returns S_OK; VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED,
     * VDS_E_OBJECT_STATUS_FAILED, VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE QueryActiveControllerPorts(
        IEnumVdsObject **ppEnum) = 0;

};
#ifdef __CRT_UUID_DECL
__CRT_UUID_DECL(IVdsLunControllerPorts, 0x451fe266, 0xda6d, 0x406a, 0xbb,0x60, 0x82,0xe5,0x34,0xf8,0x5a,0xeb)
#endif
#else
typedef struct IVdsLunControllerPortsVtbl {
    BEGIN_INTERFACE

    /*** IUnknown methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryInterface)(
        IVdsLunControllerPorts *This,
        const IID *riid,
        void **ppvObject);

    ULONG (STDMETHODCALLTYPE *AddRef)(
        IVdsLunControllerPorts *This);

    ULONG (STDMETHODCALLTYPE *Release)(
        IVdsLunControllerPorts *This);

    /*** IVdsLunControllerPorts methods ***/
    HRESULT (STDMETHODCALLTYPE *AssociateControllerPorts)(
        IVdsLunControllerPorts *This,
        VDS_OBJECT_ID *pActiveControllerPortIdArray,
        LONG lNumberOfActiveControllerPorts,
        VDS_OBJECT_ID *pInactiveControllerPortIdArray,
        LONG lNumberOfInactiveControllerPorts);

    HRESULT (STDMETHODCALLTYPE *QueryActiveControllerPorts)(
        IVdsLunControllerPorts *This,
        IEnumVdsObject **ppEnum);

    END_INTERFACE
} IVdsLunControllerPortsVtbl;

struct IVdsLunControllerPorts {
    CONST_VTBL IVdsLunControllerPortsVtbl* lpVtbl;
};

#ifdef COBJMACROS
#ifndef WIDL_C_INLINE_WRAPPERS
/*** IUnknown methods ***/
#define IVdsLunControllerPorts_QueryInterface(This,riid,ppvObject) (This)->lpVtbl->QueryInterface(This,riid,ppvObject)
#define IVdsLunControllerPorts_AddRef(This) (This)->lpVtbl->AddRef(This)
#define IVdsLunControllerPorts_Release(This) (This)->lpVtbl->Release(This)
/*** IVdsLunControllerPorts methods ***/
#define IVdsLunControllerPorts_AssociateControllerPorts(This,pActiveControllerPortIdArray,lNumberOfActiveControllerPorts,pInactiveControllerPortIdArray,lNumberOfInactiveControllerPorts) (This)->lpVtbl->AssociateControllerPorts(This,pActiveControllerPortIdArray,lNumberOfActiveControllerPorts,pInactiveControllerPortIdArray,lNumberOfInactiveControllerPorts)
#define IVdsLunControllerPorts_QueryActiveControllerPorts(This,ppEnum) (This)->lpVtbl->QueryActiveControllerPorts(This,ppEnum)
#else
/*** IUnknown methods ***/
static FORCEINLINE HRESULT IVdsLunControllerPorts_QueryInterface(IVdsLunControllerPorts* This,const IID *riid,void **ppvObject) {
    return This->lpVtbl->QueryInterface(This,riid,ppvObject);
}
static FORCEINLINE ULONG IVdsLunControllerPorts_AddRef(IVdsLunControllerPorts* This) {
    return This->lpVtbl->AddRef(This);
}
static FORCEINLINE ULONG IVdsLunControllerPorts_Release(IVdsLunControllerPorts* This) {
    return This->lpVtbl->Release(This);
}
/*** IVdsLunControllerPorts methods ***/
/*
 * Reports through which ports of controllers the LUN is served and through which it is not.
 * Every port must be in exactly one of the arrays.
 * libvds: as IVdsLun::AssociateControllers.
 *
 * Returns S_OK, VDS_E_OBJECT_NOT_FOUND (there is no object with such an id),
 * VDS_E_NOT_SUPPORTED (the array does not offer this); VDS_E_PROVIDER_CACHE_CORRUPT,
 * VDS_E_OBJECT_DELETED, VDS_E_OBJECT_STATUS_FAILED, VDS_E_ANOTHER_CALL_IN_PROGRESS as many
 * methods do.
 */
static FORCEINLINE HRESULT IVdsLunControllerPorts_AssociateControllerPorts(IVdsLunControllerPorts* This,VDS_OBJECT_ID *pActiveControllerPortIdArray,LONG lNumberOfActiveControllerPorts,VDS_OBJECT_ID *pInactiveControllerPortIdArray,LONG lNumberOfInactiveControllerPorts) {
    return This->lpVtbl->AssociateControllerPorts(This,pActiveControllerPortIdArray,lNumberOfActiveControllerPorts,pInactiveControllerPortIdArray,lNumberOfInactiveControllerPorts);
}
/*
 * Enumerates the ports of controllers through which the LUN is served.
 * libvds: the ports that have a portal that is online in a portal group of a target of the
 * LUN; none while the controller is offline.
 *
 * Returns S_OK; VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED,
 * VDS_E_OBJECT_STATUS_FAILED, VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
 */
static FORCEINLINE HRESULT IVdsLunControllerPorts_QueryActiveControllerPorts(IVdsLunControllerPorts* This,IEnumVdsObject **ppEnum) {
    return This->lpVtbl->QueryActiveControllerPorts(This,ppEnum);
}
#endif
#endif

#endif

#endif  /* __IVdsLunControllerPorts_INTERFACE_DEFINED__ */

/*****************************************************************************
 * IVdsLunMpio interface
 *
 * LUN. By non-iSCSI MPIO provider and service; an iSCSI provider must not expose it. VDS 1.1.
 */
#ifndef __IVdsLunMpio_INTERFACE_DEFINED__
#define __IVdsLunMpio_INTERFACE_DEFINED__

DEFINE_GUID(IID_IVdsLunMpio, 0x7c5fbae3, 0x333a, 0x48a1, 0xa9,0x82, 0x33,0xc1,0x57,0x88,0xcd,0xe3);
#if defined(__cplusplus) && !defined(CINTERFACE)
MIDL_INTERFACE("7c5fbae3-333a-48a1-a982-33c15788cde3")
IVdsLunMpio : public IUnknown
{
    /*
     * Lists the paths from this host to the LUN. The caller frees *ppPaths with CoTaskMemFree;
     * no paths are NULL and 0.
     * libvds has no such interface: VDS wants that iSCSI providers do not implement it.
     *
     * Returns S_OK; VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED,
     * VDS_E_OBJECT_STATUS_FAILED, VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE GetPathInfo(
        VDS_PATH_INFO **ppPaths,
        LONG *plNumberOfPaths) = 0;

    /*
     * Reports how commands are spread over the paths, and the settings of each path. The caller
     * frees *ppPaths with CoTaskMemFree.
     * libvds has no such interface: VDS wants that iSCSI providers do not implement it.
     *
     * Returns S_OK; VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED,
     * VDS_E_OBJECT_STATUS_FAILED, VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE GetLoadBalancePolicy(
        VDS_LOADBALANCE_POLICY_ENUM *pPolicy,
        VDS_PATH_POLICY **ppPaths,
        LONG *plNumberOfPaths) = 0;

    /*
     * Sets how commands are spread over the paths. The caller keeps the array.
     * libvds has no such interface: VDS wants that iSCSI providers do not implement it.
     *
     * Returns S_OK; VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED,
     * VDS_E_OBJECT_STATUS_FAILED, VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE SetLoadBalancePolicy(
        VDS_LOADBALANCE_POLICY_ENUM policy,
        VDS_PATH_POLICY *pPaths,
        LONG lNumberOfPaths) = 0;

    /*
     * Reports which policies can be set, as a mask of VDS_LBF_* flags.
     * libvds has no such interface: VDS wants that iSCSI providers do not implement it.
     *
     * Returns S_OK.
     */
    virtual HRESULT STDMETHODCALLTYPE GetSupportedLbPolicies(
        ULONG *pulLbFlags) = 0;

};
#ifdef __CRT_UUID_DECL
__CRT_UUID_DECL(IVdsLunMpio, 0x7c5fbae3, 0x333a, 0x48a1, 0xa9,0x82, 0x33,0xc1,0x57,0x88,0xcd,0xe3)
#endif
#else
typedef struct IVdsLunMpioVtbl {
    BEGIN_INTERFACE

    /*** IUnknown methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryInterface)(
        IVdsLunMpio *This,
        const IID *riid,
        void **ppvObject);

    ULONG (STDMETHODCALLTYPE *AddRef)(
        IVdsLunMpio *This);

    ULONG (STDMETHODCALLTYPE *Release)(
        IVdsLunMpio *This);

    /*** IVdsLunMpio methods ***/
    HRESULT (STDMETHODCALLTYPE *GetPathInfo)(
        IVdsLunMpio *This,
        VDS_PATH_INFO **ppPaths,
        LONG *plNumberOfPaths);

    HRESULT (STDMETHODCALLTYPE *GetLoadBalancePolicy)(
        IVdsLunMpio *This,
        VDS_LOADBALANCE_POLICY_ENUM *pPolicy,
        VDS_PATH_POLICY **ppPaths,
        LONG *plNumberOfPaths);

    HRESULT (STDMETHODCALLTYPE *SetLoadBalancePolicy)(
        IVdsLunMpio *This,
        VDS_LOADBALANCE_POLICY_ENUM policy,
        VDS_PATH_POLICY *pPaths,
        LONG lNumberOfPaths);

    HRESULT (STDMETHODCALLTYPE *GetSupportedLbPolicies)(
        IVdsLunMpio *This,
        ULONG *pulLbFlags);

    END_INTERFACE
} IVdsLunMpioVtbl;

struct IVdsLunMpio {
    CONST_VTBL IVdsLunMpioVtbl* lpVtbl;
};

#ifdef COBJMACROS
#ifndef WIDL_C_INLINE_WRAPPERS
/*** IUnknown methods ***/
#define IVdsLunMpio_QueryInterface(This,riid,ppvObject) (This)->lpVtbl->QueryInterface(This,riid,ppvObject)
#define IVdsLunMpio_AddRef(This) (This)->lpVtbl->AddRef(This)
#define IVdsLunMpio_Release(This) (This)->lpVtbl->Release(This)
/*** IVdsLunMpio methods ***/
#define IVdsLunMpio_GetPathInfo(This,ppPaths,plNumberOfPaths) (This)->lpVtbl->GetPathInfo(This,ppPaths,plNumberOfPaths)
#define IVdsLunMpio_GetLoadBalancePolicy(This,pPolicy,ppPaths,plNumberOfPaths) (This)->lpVtbl->GetLoadBalancePolicy(This,pPolicy,ppPaths,plNumberOfPaths)
#define IVdsLunMpio_SetLoadBalancePolicy(This,policy,pPaths,lNumberOfPaths) (This)->lpVtbl->SetLoadBalancePolicy(This,policy,pPaths,lNumberOfPaths)
#define IVdsLunMpio_GetSupportedLbPolicies(This,pulLbFlags) (This)->lpVtbl->GetSupportedLbPolicies(This,pulLbFlags)
#else
/*** IUnknown methods ***/
static FORCEINLINE HRESULT IVdsLunMpio_QueryInterface(IVdsLunMpio* This,const IID *riid,void **ppvObject) {
    return This->lpVtbl->QueryInterface(This,riid,ppvObject);
}
static FORCEINLINE ULONG IVdsLunMpio_AddRef(IVdsLunMpio* This) {
    return This->lpVtbl->AddRef(This);
}
static FORCEINLINE ULONG IVdsLunMpio_Release(IVdsLunMpio* This) {
    return This->lpVtbl->Release(This);
}
/*** IVdsLunMpio methods ***/
/*
 * Lists the paths from this host to the LUN. The caller frees *ppPaths with CoTaskMemFree;
 * no paths are NULL and 0.
 * libvds has no such interface: VDS wants that iSCSI providers do not implement it.
 *
 * Returns S_OK; VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED,
 * VDS_E_OBJECT_STATUS_FAILED, VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
 */
static FORCEINLINE HRESULT IVdsLunMpio_GetPathInfo(IVdsLunMpio* This,VDS_PATH_INFO **ppPaths,LONG *plNumberOfPaths) {
    return This->lpVtbl->GetPathInfo(This,ppPaths,plNumberOfPaths);
}
/*
 * Reports how commands are spread over the paths, and the settings of each path. The caller
 * frees *ppPaths with CoTaskMemFree.
 * libvds has no such interface: VDS wants that iSCSI providers do not implement it.
 *
 * Returns S_OK; VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED,
 * VDS_E_OBJECT_STATUS_FAILED, VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
 */
static FORCEINLINE HRESULT IVdsLunMpio_GetLoadBalancePolicy(IVdsLunMpio* This,VDS_LOADBALANCE_POLICY_ENUM *pPolicy,VDS_PATH_POLICY **ppPaths,LONG *plNumberOfPaths) {
    return This->lpVtbl->GetLoadBalancePolicy(This,pPolicy,ppPaths,plNumberOfPaths);
}
/*
 * Sets how commands are spread over the paths. The caller keeps the array.
 * libvds has no such interface: VDS wants that iSCSI providers do not implement it.
 *
 * Returns S_OK; VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED,
 * VDS_E_OBJECT_STATUS_FAILED, VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
 */
static FORCEINLINE HRESULT IVdsLunMpio_SetLoadBalancePolicy(IVdsLunMpio* This,VDS_LOADBALANCE_POLICY_ENUM policy,VDS_PATH_POLICY *pPaths,LONG lNumberOfPaths) {
    return This->lpVtbl->SetLoadBalancePolicy(This,policy,pPaths,lNumberOfPaths);
}
/*
 * Reports which policies can be set, as a mask of VDS_LBF_* flags.
 * libvds has no such interface: VDS wants that iSCSI providers do not implement it.
 *
 * Returns S_OK.
 */
static FORCEINLINE HRESULT IVdsLunMpio_GetSupportedLbPolicies(IVdsLunMpio* This,ULONG *pulLbFlags) {
    return This->lpVtbl->GetSupportedLbPolicies(This,pulLbFlags);
}
#endif
#endif

#endif

#endif  /* __IVdsLunMpio_INTERFACE_DEFINED__ */

/*****************************************************************************
 * IVdsLunIscsi interface
 *
 * LUN. By iSCSI provider and service. VDS 1.1.
 */
#ifndef __IVdsLunIscsi_INTERFACE_DEFINED__
#define __IVdsLunIscsi_INTERFACE_DEFINED__

DEFINE_GUID(IID_IVdsLunIscsi, 0x0d7c1e64, 0xb59b, 0x45ae, 0xb8,0x6a, 0x2c,0x2c,0xc6,0xa4,0x20,0x67);
#if defined(__cplusplus) && !defined(CINTERFACE)
MIDL_INTERFACE("0d7c1e64-b59b-45ae-b86a-2c2cc6a42067")
IVdsLunIscsi : public IUnknown
{
    /*
     * Makes the LUN accessible through exactly these targets. The array is the complete new
     * set: targets that are to stay must be in it, and those that are left out are dissociated.
     * NULL with lNumberOfTargets 0 dissociates the LUN from all. An id that comes twice counts
     * once. When one id is unknown, nothing changes. The caller keeps the array. Which
     * initiators may use the LUN is another matter: see IVdsLun::SetMask. Hosts notice the
     * change after a rescan.
     * libvds: any number of targets. The LUN gets the same LUN number behind all of them where
     * possible. When the method returns, an initiator that logs in sees the new set, nothing
     * that came through a removed path has any effect any more, and sessions have a unit
     * attention. It returns VDS_E_ANOTHER_CALL_IN_PROGRESS and changes nothing when commands on
     * a path that goes away do not end. Notifications: VDS_NF_LUN_MODIFY, VDS_NF_TARGET_MODIFY.
     *
     * Returns S_OK, VDS_E_OBJECT_NOT_FOUND (there is no object with such an id),
     * VDS_E_NOT_SUPPORTED (the array does not offer this); VDS_E_PROVIDER_CACHE_CORRUPT,
     * VDS_E_OBJECT_DELETED, VDS_E_OBJECT_STATUS_FAILED, VDS_E_ANOTHER_CALL_IN_PROGRESS as many
     * methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE AssociateTargets(
        VDS_OBJECT_ID *pTargetIdArray,
        LONG lNumberOfTargets) = 0;

    /*
     * Enumerates the targets with which the LUN is associated, through which it is accessible:
     * an empty enumeration when there is none, never NULL with success. It is the inverse of
     * IVdsIscsiTarget::QueryAssociatedLuns. Masking, sessions and an offline status have no
     * effect on it. *ppEnum has one reference that the caller releases; the list is a snapshot.
     * libvds: answers from memory. A program sees what its own calls did. A target is listed
     * also when no portal of its groups listens; `vdsctl explain` says so.
     * VDS_E_ANOTHER_CALL_IN_PROGRESS only while the LUN is being created or deleted, or while
     * the commands on a path that goes away are ending.
     *
     * Returns S_OK; VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED,
     * VDS_E_OBJECT_STATUS_FAILED, VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE QueryAssociatedTargets(
        IEnumVdsObject **ppEnum) = 0;

};
#ifdef __CRT_UUID_DECL
__CRT_UUID_DECL(IVdsLunIscsi, 0x0d7c1e64, 0xb59b, 0x45ae, 0xb8,0x6a, 0x2c,0x2c,0xc6,0xa4,0x20,0x67)
#endif
#else
typedef struct IVdsLunIscsiVtbl {
    BEGIN_INTERFACE

    /*** IUnknown methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryInterface)(
        IVdsLunIscsi *This,
        const IID *riid,
        void **ppvObject);

    ULONG (STDMETHODCALLTYPE *AddRef)(
        IVdsLunIscsi *This);

    ULONG (STDMETHODCALLTYPE *Release)(
        IVdsLunIscsi *This);

    /*** IVdsLunIscsi methods ***/
    HRESULT (STDMETHODCALLTYPE *AssociateTargets)(
        IVdsLunIscsi *This,
        VDS_OBJECT_ID *pTargetIdArray,
        LONG lNumberOfTargets);

    HRESULT (STDMETHODCALLTYPE *QueryAssociatedTargets)(
        IVdsLunIscsi *This,
        IEnumVdsObject **ppEnum);

    END_INTERFACE
} IVdsLunIscsiVtbl;

struct IVdsLunIscsi {
    CONST_VTBL IVdsLunIscsiVtbl* lpVtbl;
};

#ifdef COBJMACROS
#ifndef WIDL_C_INLINE_WRAPPERS
/*** IUnknown methods ***/
#define IVdsLunIscsi_QueryInterface(This,riid,ppvObject) (This)->lpVtbl->QueryInterface(This,riid,ppvObject)
#define IVdsLunIscsi_AddRef(This) (This)->lpVtbl->AddRef(This)
#define IVdsLunIscsi_Release(This) (This)->lpVtbl->Release(This)
/*** IVdsLunIscsi methods ***/
#define IVdsLunIscsi_AssociateTargets(This,pTargetIdArray,lNumberOfTargets) (This)->lpVtbl->AssociateTargets(This,pTargetIdArray,lNumberOfTargets)
#define IVdsLunIscsi_QueryAssociatedTargets(This,ppEnum) (This)->lpVtbl->QueryAssociatedTargets(This,ppEnum)
#else
/*** IUnknown methods ***/
static FORCEINLINE HRESULT IVdsLunIscsi_QueryInterface(IVdsLunIscsi* This,const IID *riid,void **ppvObject) {
    return This->lpVtbl->QueryInterface(This,riid,ppvObject);
}
static FORCEINLINE ULONG IVdsLunIscsi_AddRef(IVdsLunIscsi* This) {
    return This->lpVtbl->AddRef(This);
}
static FORCEINLINE ULONG IVdsLunIscsi_Release(IVdsLunIscsi* This) {
    return This->lpVtbl->Release(This);
}
/*** IVdsLunIscsi methods ***/
/*
 * Makes the LUN accessible through exactly these targets. The array is the complete new
 * set: targets that are to stay must be in it, and those that are left out are dissociated.
 * NULL with lNumberOfTargets 0 dissociates the LUN from all. An id that comes twice counts
 * once. When one id is unknown, nothing changes. The caller keeps the array. Which
 * initiators may use the LUN is another matter: see IVdsLun::SetMask. Hosts notice the
 * change after a rescan.
 * libvds: any number of targets. The LUN gets the same LUN number behind all of them where
 * possible. When the method returns, an initiator that logs in sees the new set, nothing
 * that came through a removed path has any effect any more, and sessions have a unit
 * attention. It returns VDS_E_ANOTHER_CALL_IN_PROGRESS and changes nothing when commands on
 * a path that goes away do not end. Notifications: VDS_NF_LUN_MODIFY, VDS_NF_TARGET_MODIFY.
 *
 * Returns S_OK, VDS_E_OBJECT_NOT_FOUND (there is no object with such an id),
 * VDS_E_NOT_SUPPORTED (the array does not offer this); VDS_E_PROVIDER_CACHE_CORRUPT,
 * VDS_E_OBJECT_DELETED, VDS_E_OBJECT_STATUS_FAILED, VDS_E_ANOTHER_CALL_IN_PROGRESS as many
 * methods do.
 */
static FORCEINLINE HRESULT IVdsLunIscsi_AssociateTargets(IVdsLunIscsi* This,VDS_OBJECT_ID *pTargetIdArray,LONG lNumberOfTargets) {
    return This->lpVtbl->AssociateTargets(This,pTargetIdArray,lNumberOfTargets);
}
/*
 * Enumerates the targets with which the LUN is associated, through which it is accessible:
 * an empty enumeration when there is none, never NULL with success. It is the inverse of
 * IVdsIscsiTarget::QueryAssociatedLuns. Masking, sessions and an offline status have no
 * effect on it. *ppEnum has one reference that the caller releases; the list is a snapshot.
 * libvds: answers from memory. A program sees what its own calls did. A target is listed
 * also when no portal of its groups listens; `vdsctl explain` says so.
 * VDS_E_ANOTHER_CALL_IN_PROGRESS only while the LUN is being created or deleted, or while
 * the commands on a path that goes away are ending.
 *
 * Returns S_OK; VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED,
 * VDS_E_OBJECT_STATUS_FAILED, VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
 */
static FORCEINLINE HRESULT IVdsLunIscsi_QueryAssociatedTargets(IVdsLunIscsi* This,IEnumVdsObject **ppEnum) {
    return This->lpVtbl->QueryAssociatedTargets(This,ppEnum);
}
#endif
#endif

#endif

#endif  /* __IVdsLunIscsi_INTERFACE_DEFINED__ */

/*****************************************************************************
 * IVdsLunPlex interface
 *
 * LUN plex. By provider and service. VDS 1.0.
 */
#ifndef __IVdsLunPlex_INTERFACE_DEFINED__
#define __IVdsLunPlex_INTERFACE_DEFINED__

DEFINE_GUID(IID_IVdsLunPlex, 0x0ee1a790, 0x5d2e, 0x4abb, 0x8c,0x99, 0xc4,0x81,0xe8,0xbe,0x21,0x38);
#if defined(__cplusplus) && !defined(CINTERFACE)
MIDL_INTERFACE("0ee1a790-5d2e-4abb-8c99-c481e8be2138")
IVdsLunPlex : public IUnknown
{
    /*
     * Fills the properties of the plex.
     * libvds: type is VDS_LPT_SIMPLE; size, status, health and transition state are the LUN's.
     *
     * Returns S_OK, VDS_S_PROPERTIES_INCOMPLETE (some members could not be filled and are 0);
     * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE GetProperties(
        VDS_LUN_PLEX_PROP *pPlexProp) = 0;

    /*
     * Returns the LUN that the plex belongs to, with one reference that the caller releases.
     *
     * Returns S_OK; VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE GetLun(
        IVdsLun **ppLun) = 0;

    /*
     * Lists the extents of drives that make the plex. The caller frees *ppExtentArray with
     * CoTaskMemFree.
     * libvds: an extent on each drive of the LUN's pool, with the bytes that the LUN takes of it
     * (some seconds old).
     *
     * Returns S_OK; VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED,
     * VDS_E_OBJECT_STATUS_FAILED, VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE QueryExtents(
        VDS_DRIVE_EXTENT **ppExtentArray,
        LONG *plNumberOfExtents) = 0;

    /*
     * Reports the hints that are in force for the plex.
     * libvds: the hints of the LUN.
     *
     * Returns S_OK, VDS_E_NOT_SUPPORTED (the array does not offer this);
     * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED, VDS_E_OBJECT_STATUS_FAILED,
     * VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE QueryHints(
        VDS_HINTS *pHints) = 0;

    /*
     * Sets hints for this plex only.
     * libvds: VDS_E_NOT_SUPPORTED, since hints belong to the LUN.
     *
     * Returns S_OK, VDS_E_NOT_SUPPORTED (the array does not offer this);
     * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED, VDS_E_OBJECT_STATUS_FAILED,
     * VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE ApplyHints(
        VDS_HINTS *pHints) = 0;

};
#ifdef __CRT_UUID_DECL
__CRT_UUID_DECL(IVdsLunPlex, 0x0ee1a790, 0x5d2e, 0x4abb, 0x8c,0x99, 0xc4,0x81,0xe8,0xbe,0x21,0x38)
#endif
#else
typedef struct IVdsLunPlexVtbl {
    BEGIN_INTERFACE

    /*** IUnknown methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryInterface)(
        IVdsLunPlex *This,
        const IID *riid,
        void **ppvObject);

    ULONG (STDMETHODCALLTYPE *AddRef)(
        IVdsLunPlex *This);

    ULONG (STDMETHODCALLTYPE *Release)(
        IVdsLunPlex *This);

    /*** IVdsLunPlex methods ***/
    HRESULT (STDMETHODCALLTYPE *GetProperties)(
        IVdsLunPlex *This,
        VDS_LUN_PLEX_PROP *pPlexProp);

    HRESULT (STDMETHODCALLTYPE *GetLun)(
        IVdsLunPlex *This,
        IVdsLun **ppLun);

    HRESULT (STDMETHODCALLTYPE *QueryExtents)(
        IVdsLunPlex *This,
        VDS_DRIVE_EXTENT **ppExtentArray,
        LONG *plNumberOfExtents);

    HRESULT (STDMETHODCALLTYPE *QueryHints)(
        IVdsLunPlex *This,
        VDS_HINTS *pHints);

    HRESULT (STDMETHODCALLTYPE *ApplyHints)(
        IVdsLunPlex *This,
        VDS_HINTS *pHints);

    END_INTERFACE
} IVdsLunPlexVtbl;

struct IVdsLunPlex {
    CONST_VTBL IVdsLunPlexVtbl* lpVtbl;
};

#ifdef COBJMACROS
#ifndef WIDL_C_INLINE_WRAPPERS
/*** IUnknown methods ***/
#define IVdsLunPlex_QueryInterface(This,riid,ppvObject) (This)->lpVtbl->QueryInterface(This,riid,ppvObject)
#define IVdsLunPlex_AddRef(This) (This)->lpVtbl->AddRef(This)
#define IVdsLunPlex_Release(This) (This)->lpVtbl->Release(This)
/*** IVdsLunPlex methods ***/
#define IVdsLunPlex_GetProperties(This,pPlexProp) (This)->lpVtbl->GetProperties(This,pPlexProp)
#define IVdsLunPlex_GetLun(This,ppLun) (This)->lpVtbl->GetLun(This,ppLun)
#define IVdsLunPlex_QueryExtents(This,ppExtentArray,plNumberOfExtents) (This)->lpVtbl->QueryExtents(This,ppExtentArray,plNumberOfExtents)
#define IVdsLunPlex_QueryHints(This,pHints) (This)->lpVtbl->QueryHints(This,pHints)
#define IVdsLunPlex_ApplyHints(This,pHints) (This)->lpVtbl->ApplyHints(This,pHints)
#else
/*** IUnknown methods ***/
static FORCEINLINE HRESULT IVdsLunPlex_QueryInterface(IVdsLunPlex* This,const IID *riid,void **ppvObject) {
    return This->lpVtbl->QueryInterface(This,riid,ppvObject);
}
static FORCEINLINE ULONG IVdsLunPlex_AddRef(IVdsLunPlex* This) {
    return This->lpVtbl->AddRef(This);
}
static FORCEINLINE ULONG IVdsLunPlex_Release(IVdsLunPlex* This) {
    return This->lpVtbl->Release(This);
}
/*** IVdsLunPlex methods ***/
/*
 * Fills the properties of the plex.
 * libvds: type is VDS_LPT_SIMPLE; size, status, health and transition state are the LUN's.
 *
 * Returns S_OK, VDS_S_PROPERTIES_INCOMPLETE (some members could not be filled and are 0);
 * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED as many methods do.
 */
static FORCEINLINE HRESULT IVdsLunPlex_GetProperties(IVdsLunPlex* This,VDS_LUN_PLEX_PROP *pPlexProp) {
    return This->lpVtbl->GetProperties(This,pPlexProp);
}
/*
 * Returns the LUN that the plex belongs to, with one reference that the caller releases.
 *
 * Returns S_OK; VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED as many methods do.
 */
static FORCEINLINE HRESULT IVdsLunPlex_GetLun(IVdsLunPlex* This,IVdsLun **ppLun) {
    return This->lpVtbl->GetLun(This,ppLun);
}
/*
 * Lists the extents of drives that make the plex. The caller frees *ppExtentArray with
 * CoTaskMemFree.
 * libvds: an extent on each drive of the LUN's pool, with the bytes that the LUN takes of it
 * (some seconds old).
 *
 * Returns S_OK; VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED,
 * VDS_E_OBJECT_STATUS_FAILED, VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
 */
static FORCEINLINE HRESULT IVdsLunPlex_QueryExtents(IVdsLunPlex* This,VDS_DRIVE_EXTENT **ppExtentArray,LONG *plNumberOfExtents) {
    return This->lpVtbl->QueryExtents(This,ppExtentArray,plNumberOfExtents);
}
/*
 * Reports the hints that are in force for the plex.
 * libvds: the hints of the LUN.
 *
 * Returns S_OK, VDS_E_NOT_SUPPORTED (the array does not offer this);
 * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED, VDS_E_OBJECT_STATUS_FAILED,
 * VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
 */
static FORCEINLINE HRESULT IVdsLunPlex_QueryHints(IVdsLunPlex* This,VDS_HINTS *pHints) {
    return This->lpVtbl->QueryHints(This,pHints);
}
/*
 * Sets hints for this plex only.
 * libvds: VDS_E_NOT_SUPPORTED, since hints belong to the LUN.
 *
 * Returns S_OK, VDS_E_NOT_SUPPORTED (the array does not offer this);
 * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED, VDS_E_OBJECT_STATUS_FAILED,
 * VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
 */
static FORCEINLINE HRESULT IVdsLunPlex_ApplyHints(IVdsLunPlex* This,VDS_HINTS *pHints) {
    return This->lpVtbl->ApplyHints(This,pHints);
}
#endif
#endif

#endif

#endif  /* __IVdsLunPlex_INTERFACE_DEFINED__ */

/* The Target Portal Group Tag of iSCSI (RFC 7143): unique in its target. */
typedef USHORT VDS_ISCSI_PORTALGROUP_TAG;
/* The status of an iSCSI portal. */
typedef enum _VDS_ISCSI_PORTAL_STATUS {
    VDS_IPS_UNKNOWN = 0,
    VDS_IPS_ONLINE = 1,
    VDS_IPS_NOT_READY = 2,
    VDS_IPS_OFFLINE = 4,
    VDS_IPS_FAILED = 5
} VDS_ISCSI_PORTAL_STATUS;
/* Properties of an iSCSI portal of the subsystem. */
typedef struct _VDS_ISCSI_PORTAL_PROP {
    VDS_OBJECT_ID id; /* the id of the portal */
    VDS_IPADDRESS address; /* the IP address and the TCP port at which it listens */
    VDS_ISCSI_PORTAL_STATUS status; /* the status of the portal */
} VDS_ISCSI_PORTAL_PROP;
/* Properties of an iSCSI target. The caller frees the two strings with CoTaskMemFree. */
typedef struct _VDS_ISCSI_TARGET_PROP {
    VDS_OBJECT_ID id; /* the id of the target */
    /*
     * The iSCSI name (iqn., eui. or naa.). The VDS service refuses a name that is not valid
     * with VDS_E_INVALID_ISCSI_TARGET_NAME.
     */
    LPWSTR pwszIscsiName;
    LPWSTR pwszFriendlyName; /* the iSCSI alias, a name for people */
    BOOL bChapEnabled; /* TRUE when initiators must authenticate by CHAP */
} VDS_ISCSI_TARGET_PROP;
/* Properties of a portal group of an iSCSI target. */
typedef struct _VDS_ISCSI_PORTALGROUP_PROP {
    VDS_OBJECT_ID id; /* the id of the portal group */
    VDS_ISCSI_PORTALGROUP_TAG tag; /* the tag that the provider chose, unique in the target */
} VDS_ISCSI_PORTALGROUP_PROP;
/*****************************************************************************
 * IVdsIscsiPortal interface
 *
 * iSCSI portal. By iSCSI provider and service. VDS 1.1.
 */
#ifndef __IVdsIscsiPortal_INTERFACE_DEFINED__
#define __IVdsIscsiPortal_INTERFACE_DEFINED__

DEFINE_GUID(IID_IVdsIscsiPortal, 0x7fa1499d, 0xec85, 0x4a8a, 0xa4,0x7b, 0xff,0x69,0x20,0x1f,0xcd,0x34);
#if defined(__cplusplus) && !defined(CINTERFACE)
MIDL_INTERFACE("7fa1499d-ec85-4a8a-a47b-ff69201fcd34")
IVdsIscsiPortal : public IUnknown
{
    /*
     * Fills the properties of the portal: id, address, port and status. Nothing in them has to
     * be freed.
     * libvds: VDS_IPS_FAILED while the address cannot be listened on, VDS_IPS_NOT_READY while
     * that is not tried.
     *
     * Returns S_OK, VDS_S_PROPERTIES_INCOMPLETE (some members could not be filled and are 0);
     * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE GetProperties(
        VDS_ISCSI_PORTAL_PROP *pPortalProp) = 0;

    /*
     * Returns the subsystem that the portal belongs to, with one reference that the caller
     * releases.
     *
     * Returns S_OK; VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE GetSubSystem(
        IVdsSubSystem **ppSubSystem) = 0;

    /*
     * Enumerates the portal groups that contain this portal, over all targets: at most one for
     * each target.
     *
     * Returns S_OK; VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED,
     * VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE QueryAssociatedPortalGroups(
        IEnumVdsObject **ppEnum) = 0;

    /*
     * Puts the portal online or offline (VDS_IPS_ONLINE, VDS_IPS_OFFLINE). Notification:
     * VDS_NF_PORTAL_MODIFY.
     *
     * Returns S_OK, VDS_E_NOT_SUPPORTED (the array does not offer this);
     * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED, VDS_E_ANOTHER_CALL_IN_PROGRESS as
     * many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE SetStatus(
        VDS_ISCSI_PORTAL_STATUS status) = 0;

    /*
     * Reserved: VDS never defined what it does.
     *
     * Returns VDS_E_NOT_SUPPORTED (always).
     */
    virtual HRESULT STDMETHODCALLTYPE SetIpsecTunnelAddress(
        VDS_IPADDRESS *pTunnelAddress,
        VDS_IPADDRESS *pDestinationAddress) = 0;

    /*
     * Reserved: VDS never defined what it does.
     *
     * Returns VDS_E_NOT_SUPPORTED (always).
     */
    virtual HRESULT STDMETHODCALLTYPE GetIpsecSecurity(
        VDS_IPADDRESS *pInitiatorPortalAddress,
        ULONGLONG *pullSecurityFlags) = 0;

    /*
     * Reserved: VDS never defined what it does.
     *
     * Returns VDS_E_NOT_SUPPORTED (always).
     */
    virtual HRESULT STDMETHODCALLTYPE SetIpsecSecurity(
        VDS_IPADDRESS *pInitiatorPortalAddress,
        ULONGLONG ullSecurityFlags,
        VDS_ISCSI_IPSEC_KEY *pIpsecKey) = 0;

};
#ifdef __CRT_UUID_DECL
__CRT_UUID_DECL(IVdsIscsiPortal, 0x7fa1499d, 0xec85, 0x4a8a, 0xa4,0x7b, 0xff,0x69,0x20,0x1f,0xcd,0x34)
#endif
#else
typedef struct IVdsIscsiPortalVtbl {
    BEGIN_INTERFACE

    /*** IUnknown methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryInterface)(
        IVdsIscsiPortal *This,
        const IID *riid,
        void **ppvObject);

    ULONG (STDMETHODCALLTYPE *AddRef)(
        IVdsIscsiPortal *This);

    ULONG (STDMETHODCALLTYPE *Release)(
        IVdsIscsiPortal *This);

    /*** IVdsIscsiPortal methods ***/
    HRESULT (STDMETHODCALLTYPE *GetProperties)(
        IVdsIscsiPortal *This,
        VDS_ISCSI_PORTAL_PROP *pPortalProp);

    HRESULT (STDMETHODCALLTYPE *GetSubSystem)(
        IVdsIscsiPortal *This,
        IVdsSubSystem **ppSubSystem);

    HRESULT (STDMETHODCALLTYPE *QueryAssociatedPortalGroups)(
        IVdsIscsiPortal *This,
        IEnumVdsObject **ppEnum);

    HRESULT (STDMETHODCALLTYPE *SetStatus)(
        IVdsIscsiPortal *This,
        VDS_ISCSI_PORTAL_STATUS status);

    HRESULT (STDMETHODCALLTYPE *SetIpsecTunnelAddress)(
        IVdsIscsiPortal *This,
        VDS_IPADDRESS *pTunnelAddress,
        VDS_IPADDRESS *pDestinationAddress);

    HRESULT (STDMETHODCALLTYPE *GetIpsecSecurity)(
        IVdsIscsiPortal *This,
        VDS_IPADDRESS *pInitiatorPortalAddress,
        ULONGLONG *pullSecurityFlags);

    HRESULT (STDMETHODCALLTYPE *SetIpsecSecurity)(
        IVdsIscsiPortal *This,
        VDS_IPADDRESS *pInitiatorPortalAddress,
        ULONGLONG ullSecurityFlags,
        VDS_ISCSI_IPSEC_KEY *pIpsecKey);

    END_INTERFACE
} IVdsIscsiPortalVtbl;

struct IVdsIscsiPortal {
    CONST_VTBL IVdsIscsiPortalVtbl* lpVtbl;
};

#ifdef COBJMACROS
#ifndef WIDL_C_INLINE_WRAPPERS
/*** IUnknown methods ***/
#define IVdsIscsiPortal_QueryInterface(This,riid,ppvObject) (This)->lpVtbl->QueryInterface(This,riid,ppvObject)
#define IVdsIscsiPortal_AddRef(This) (This)->lpVtbl->AddRef(This)
#define IVdsIscsiPortal_Release(This) (This)->lpVtbl->Release(This)
/*** IVdsIscsiPortal methods ***/
#define IVdsIscsiPortal_GetProperties(This,pPortalProp) (This)->lpVtbl->GetProperties(This,pPortalProp)
#define IVdsIscsiPortal_GetSubSystem(This,ppSubSystem) (This)->lpVtbl->GetSubSystem(This,ppSubSystem)
#define IVdsIscsiPortal_QueryAssociatedPortalGroups(This,ppEnum) (This)->lpVtbl->QueryAssociatedPortalGroups(This,ppEnum)
#define IVdsIscsiPortal_SetStatus(This,status) (This)->lpVtbl->SetStatus(This,status)
#define IVdsIscsiPortal_SetIpsecTunnelAddress(This,pTunnelAddress,pDestinationAddress) (This)->lpVtbl->SetIpsecTunnelAddress(This,pTunnelAddress,pDestinationAddress)
#define IVdsIscsiPortal_GetIpsecSecurity(This,pInitiatorPortalAddress,pullSecurityFlags) (This)->lpVtbl->GetIpsecSecurity(This,pInitiatorPortalAddress,pullSecurityFlags)
#define IVdsIscsiPortal_SetIpsecSecurity(This,pInitiatorPortalAddress,ullSecurityFlags,pIpsecKey) (This)->lpVtbl->SetIpsecSecurity(This,pInitiatorPortalAddress,ullSecurityFlags,pIpsecKey)
#else
/*** IUnknown methods ***/
static FORCEINLINE HRESULT IVdsIscsiPortal_QueryInterface(IVdsIscsiPortal* This,const IID *riid,void **ppvObject) {
    return This->lpVtbl->QueryInterface(This,riid,ppvObject);
}
static FORCEINLINE ULONG IVdsIscsiPortal_AddRef(IVdsIscsiPortal* This) {
    return This->lpVtbl->AddRef(This);
}
static FORCEINLINE ULONG IVdsIscsiPortal_Release(IVdsIscsiPortal* This) {
    return This->lpVtbl->Release(This);
}
/*** IVdsIscsiPortal methods ***/
/*
 * Fills the properties of the portal: id, address, port and status. Nothing in them has to
 * be freed.
 * libvds: VDS_IPS_FAILED while the address cannot be listened on, VDS_IPS_NOT_READY while
 * that is not tried.
 *
 * Returns S_OK, VDS_S_PROPERTIES_INCOMPLETE (some members could not be filled and are 0);
 * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED as many methods do.
 */
static FORCEINLINE HRESULT IVdsIscsiPortal_GetProperties(IVdsIscsiPortal* This,VDS_ISCSI_PORTAL_PROP *pPortalProp) {
    return This->lpVtbl->GetProperties(This,pPortalProp);
}
/*
 * Returns the subsystem that the portal belongs to, with one reference that the caller
 * releases.
 *
 * Returns S_OK; VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED as many methods do.
 */
static FORCEINLINE HRESULT IVdsIscsiPortal_GetSubSystem(IVdsIscsiPortal* This,IVdsSubSystem **ppSubSystem) {
    return This->lpVtbl->GetSubSystem(This,ppSubSystem);
}
/*
 * Enumerates the portal groups that contain this portal, over all targets: at most one for
 * each target.
 *
 * Returns S_OK; VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED,
 * VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
 */
static FORCEINLINE HRESULT IVdsIscsiPortal_QueryAssociatedPortalGroups(IVdsIscsiPortal* This,IEnumVdsObject **ppEnum) {
    return This->lpVtbl->QueryAssociatedPortalGroups(This,ppEnum);
}
/*
 * Puts the portal online or offline (VDS_IPS_ONLINE, VDS_IPS_OFFLINE). Notification:
 * VDS_NF_PORTAL_MODIFY.
 *
 * Returns S_OK, VDS_E_NOT_SUPPORTED (the array does not offer this);
 * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED, VDS_E_ANOTHER_CALL_IN_PROGRESS as
 * many methods do.
 */
static FORCEINLINE HRESULT IVdsIscsiPortal_SetStatus(IVdsIscsiPortal* This,VDS_ISCSI_PORTAL_STATUS status) {
    return This->lpVtbl->SetStatus(This,status);
}
/*
 * Reserved: VDS never defined what it does.
 *
 * Returns VDS_E_NOT_SUPPORTED (always).
 */
static FORCEINLINE HRESULT IVdsIscsiPortal_SetIpsecTunnelAddress(IVdsIscsiPortal* This,VDS_IPADDRESS *pTunnelAddress,VDS_IPADDRESS *pDestinationAddress) {
    return This->lpVtbl->SetIpsecTunnelAddress(This,pTunnelAddress,pDestinationAddress);
}
/*
 * Reserved: VDS never defined what it does.
 *
 * Returns VDS_E_NOT_SUPPORTED (always).
 */
static FORCEINLINE HRESULT IVdsIscsiPortal_GetIpsecSecurity(IVdsIscsiPortal* This,VDS_IPADDRESS *pInitiatorPortalAddress,ULONGLONG *pullSecurityFlags) {
    return This->lpVtbl->GetIpsecSecurity(This,pInitiatorPortalAddress,pullSecurityFlags);
}
/*
 * Reserved: VDS never defined what it does.
 *
 * Returns VDS_E_NOT_SUPPORTED (always).
 */
static FORCEINLINE HRESULT IVdsIscsiPortal_SetIpsecSecurity(IVdsIscsiPortal* This,VDS_IPADDRESS *pInitiatorPortalAddress,ULONGLONG ullSecurityFlags,VDS_ISCSI_IPSEC_KEY *pIpsecKey) {
    return This->lpVtbl->SetIpsecSecurity(This,pInitiatorPortalAddress,ullSecurityFlags,pIpsecKey);
}
#endif
#endif

#endif

#endif  /* __IVdsIscsiPortal_INTERFACE_DEFINED__ */

/*****************************************************************************
 * IVdsIscsiTarget interface
 *
 * iSCSI target. By iSCSI provider and service. VDS 1.1.
 */
#ifndef __IVdsIscsiTarget_INTERFACE_DEFINED__
#define __IVdsIscsiTarget_INTERFACE_DEFINED__

DEFINE_GUID(IID_IVdsIscsiTarget, 0xaa8f5055, 0x83e5, 0x4bcc, 0xaa,0x73, 0x19,0x85,0x1a,0x36,0xa8,0x49);
#if defined(__cplusplus) && !defined(CINTERFACE)
MIDL_INTERFACE("aa8f5055-83e5-4bcc-aa73-19851a36a849")
IVdsIscsiTarget : public IUnknown
{
    /*
     * Fills the properties of the target: id, iSCSI name, alias, and whether CHAP is demanded.
     * The caller frees pwszIscsiName and pwszFriendlyName with CoTaskMemFree.
     *
     * Returns S_OK, VDS_S_PROPERTIES_INCOMPLETE (some members could not be filled and are 0);
     * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE GetProperties(
        VDS_ISCSI_TARGET_PROP *pTargetProp) = 0;

    /*
     * Returns the subsystem that the target belongs to, with one reference that the caller
     * releases.
     *
     * Returns S_OK; VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE GetSubSystem(
        IVdsSubSystem **ppSubSystem) = 0;

    /*
     * Enumerates the portal groups of the target. *ppEnum has one reference that the caller
     * releases.
     *
     * Returns S_OK; VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED,
     * VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE QueryPortalGroups(
        IEnumVdsObject **ppEnum) = 0;

    /*
     * Enumerates the LUNs that are associated with the target, masked or not. It is the inverse
     * of IVdsLunIscsi::QueryAssociatedTargets; associations are made from the LUN's side only.
     * *ppEnum has one reference that the caller releases.
     * libvds: in the order of the LUN numbers that initiators see.
     *
     * Returns S_OK; VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED,
     * VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE QueryAssociatedLuns(
        IEnumVdsObject **ppEnum) = 0;

    /*
     * Creates an empty portal group in the target; the array chooses its tag. *ppAsync has one
     * reference that the caller releases; its output type is VDS_ASYNCOUT_CREATEPORTALGROUP,
     * and Wait returns the group. Notification: VDS_NF_PORTAL_GROUP_ARRIVE.
     *
     * Returns S_OK, VDS_S_ALREADY_EXISTS (the target cannot have another; Wait returns one that
     * it has); VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED,
     * VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE CreatePortalGroup(
        IVdsAsync **ppAsync) = 0;

    /*
     * Deletes the target and its portal groups. No LUN may be associated with it. *ppAsync has
     * one reference that the caller releases; its output type is VDS_ASYNCOUT_DELETETARGET.
     * Notifications: VDS_NF_PORTAL_GROUP_DEPART, VDS_NF_TARGET_DEPART.
     * libvds: sessions of initiators are ended.
     *
     * Returns S_OK, VDS_E_ASSOCIATED_LUNS_EXIST (LUNs are still associated);
     * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED, VDS_E_ANOTHER_CALL_IN_PROGRESS as
     * many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE Delete(
        IVdsAsync **ppAsync) = 0;

    /*
     * Sets the alias of the target. The caller keeps the name. Notification:
     * VDS_NF_TARGET_MODIFY.
     * libvds: an alias has at most 63 UTF-16 units; a longer one is cut between characters, and ""
     * removes it.
     *
     * Returns S_OK, VDS_S_NAME_TRUNCATED (the name was too long and was cut),
     * VDS_E_NOT_SUPPORTED (the array does not offer this); VDS_E_PROVIDER_CACHE_CORRUPT,
     * VDS_E_OBJECT_DELETED, VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE SetFriendlyName(
        LPWSTR pwszFriendlyName) = 0;

    /*
     * Sets the secret by which initiators prove who they are (CHAP). pwszInitiatorName NULL
     * sets it for all that have none of their own. A secret has 12 to 16 bytes; a secret of 0
     * bytes removes it. The caller keeps the secret.
     * libvds: E_INVALIDARG for a secret of another size; else VDS_E_NOT_SUPPORTED, since the
     * subsystem's flags do not offer CHAP yet, or VDS_E_INITIATOR_SPECIFIC_NOT_SUPPORTED when
     * pwszInitiatorName is not NULL.
     *
     * Returns S_OK, VDS_E_NOT_SUPPORTED (the array does not offer this),
     * VDS_E_INITIATOR_SPECIFIC_NOT_SUPPORTED (the target has one secret for all initiators);
     * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE SetSharedSecret(
        VDS_ISCSI_SHARED_SECRET *pTargetSharedSecret,
        LPWSTR pwszInitiatorName) = 0;

    /*
     * Sets the secret by which the target proves to this initiator who it is (mutual CHAP).
     * pwszInitiatorName must not be NULL.
     * libvds: as SetSharedSecret; VDS_E_NOT_SUPPORTED.
     *
     * Returns S_OK, VDS_E_NOT_SUPPORTED (the array does not offer this);
     * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE RememberInitiatorSharedSecret(
        LPWSTR pwszInitiatorName,
        VDS_ISCSI_SHARED_SECRET *pInitiatorSharedSecret) = 0;

    /*
     * Lists the iSCSI names of the initiators that are logged in to the target now, each once.
     * The caller frees each string and *pppwszInitiatorList with CoTaskMemFree; nobody is NULL
     * and 0.
     *
     * Returns S_OK; VDS_E_ANOTHER_CALL_IN_PROGRESS, VDS_E_PROVIDER_CACHE_CORRUPT,
     * VDS_E_OBJECT_DELETED as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE GetConnectedInitiators(
        LPWSTR **pppwszInitiatorList,
        LONG *plNumberOfInitiators) = 0;

};
#ifdef __CRT_UUID_DECL
__CRT_UUID_DECL(IVdsIscsiTarget, 0xaa8f5055, 0x83e5, 0x4bcc, 0xaa,0x73, 0x19,0x85,0x1a,0x36,0xa8,0x49)
#endif
#else
typedef struct IVdsIscsiTargetVtbl {
    BEGIN_INTERFACE

    /*** IUnknown methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryInterface)(
        IVdsIscsiTarget *This,
        const IID *riid,
        void **ppvObject);

    ULONG (STDMETHODCALLTYPE *AddRef)(
        IVdsIscsiTarget *This);

    ULONG (STDMETHODCALLTYPE *Release)(
        IVdsIscsiTarget *This);

    /*** IVdsIscsiTarget methods ***/
    HRESULT (STDMETHODCALLTYPE *GetProperties)(
        IVdsIscsiTarget *This,
        VDS_ISCSI_TARGET_PROP *pTargetProp);

    HRESULT (STDMETHODCALLTYPE *GetSubSystem)(
        IVdsIscsiTarget *This,
        IVdsSubSystem **ppSubSystem);

    HRESULT (STDMETHODCALLTYPE *QueryPortalGroups)(
        IVdsIscsiTarget *This,
        IEnumVdsObject **ppEnum);

    HRESULT (STDMETHODCALLTYPE *QueryAssociatedLuns)(
        IVdsIscsiTarget *This,
        IEnumVdsObject **ppEnum);

    HRESULT (STDMETHODCALLTYPE *CreatePortalGroup)(
        IVdsIscsiTarget *This,
        IVdsAsync **ppAsync);

    HRESULT (STDMETHODCALLTYPE *Delete)(
        IVdsIscsiTarget *This,
        IVdsAsync **ppAsync);

    HRESULT (STDMETHODCALLTYPE *SetFriendlyName)(
        IVdsIscsiTarget *This,
        LPWSTR pwszFriendlyName);

    HRESULT (STDMETHODCALLTYPE *SetSharedSecret)(
        IVdsIscsiTarget *This,
        VDS_ISCSI_SHARED_SECRET *pTargetSharedSecret,
        LPWSTR pwszInitiatorName);

    HRESULT (STDMETHODCALLTYPE *RememberInitiatorSharedSecret)(
        IVdsIscsiTarget *This,
        LPWSTR pwszInitiatorName,
        VDS_ISCSI_SHARED_SECRET *pInitiatorSharedSecret);

    HRESULT (STDMETHODCALLTYPE *GetConnectedInitiators)(
        IVdsIscsiTarget *This,
        LPWSTR **pppwszInitiatorList,
        LONG *plNumberOfInitiators);

    END_INTERFACE
} IVdsIscsiTargetVtbl;

struct IVdsIscsiTarget {
    CONST_VTBL IVdsIscsiTargetVtbl* lpVtbl;
};

#ifdef COBJMACROS
#ifndef WIDL_C_INLINE_WRAPPERS
/*** IUnknown methods ***/
#define IVdsIscsiTarget_QueryInterface(This,riid,ppvObject) (This)->lpVtbl->QueryInterface(This,riid,ppvObject)
#define IVdsIscsiTarget_AddRef(This) (This)->lpVtbl->AddRef(This)
#define IVdsIscsiTarget_Release(This) (This)->lpVtbl->Release(This)
/*** IVdsIscsiTarget methods ***/
#define IVdsIscsiTarget_GetProperties(This,pTargetProp) (This)->lpVtbl->GetProperties(This,pTargetProp)
#define IVdsIscsiTarget_GetSubSystem(This,ppSubSystem) (This)->lpVtbl->GetSubSystem(This,ppSubSystem)
#define IVdsIscsiTarget_QueryPortalGroups(This,ppEnum) (This)->lpVtbl->QueryPortalGroups(This,ppEnum)
#define IVdsIscsiTarget_QueryAssociatedLuns(This,ppEnum) (This)->lpVtbl->QueryAssociatedLuns(This,ppEnum)
#define IVdsIscsiTarget_CreatePortalGroup(This,ppAsync) (This)->lpVtbl->CreatePortalGroup(This,ppAsync)
#define IVdsIscsiTarget_Delete(This,ppAsync) (This)->lpVtbl->Delete(This,ppAsync)
#define IVdsIscsiTarget_SetFriendlyName(This,pwszFriendlyName) (This)->lpVtbl->SetFriendlyName(This,pwszFriendlyName)
#define IVdsIscsiTarget_SetSharedSecret(This,pTargetSharedSecret,pwszInitiatorName) (This)->lpVtbl->SetSharedSecret(This,pTargetSharedSecret,pwszInitiatorName)
#define IVdsIscsiTarget_RememberInitiatorSharedSecret(This,pwszInitiatorName,pInitiatorSharedSecret) (This)->lpVtbl->RememberInitiatorSharedSecret(This,pwszInitiatorName,pInitiatorSharedSecret)
#define IVdsIscsiTarget_GetConnectedInitiators(This,pppwszInitiatorList,plNumberOfInitiators) (This)->lpVtbl->GetConnectedInitiators(This,pppwszInitiatorList,plNumberOfInitiators)
#else
/*** IUnknown methods ***/
static FORCEINLINE HRESULT IVdsIscsiTarget_QueryInterface(IVdsIscsiTarget* This,const IID *riid,void **ppvObject) {
    return This->lpVtbl->QueryInterface(This,riid,ppvObject);
}
static FORCEINLINE ULONG IVdsIscsiTarget_AddRef(IVdsIscsiTarget* This) {
    return This->lpVtbl->AddRef(This);
}
static FORCEINLINE ULONG IVdsIscsiTarget_Release(IVdsIscsiTarget* This) {
    return This->lpVtbl->Release(This);
}
/*** IVdsIscsiTarget methods ***/
/*
 * Fills the properties of the target: id, iSCSI name, alias, and whether CHAP is demanded.
 * The caller frees pwszIscsiName and pwszFriendlyName with CoTaskMemFree.
 *
 * Returns S_OK, VDS_S_PROPERTIES_INCOMPLETE (some members could not be filled and are 0);
 * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED as many methods do.
 */
static FORCEINLINE HRESULT IVdsIscsiTarget_GetProperties(IVdsIscsiTarget* This,VDS_ISCSI_TARGET_PROP *pTargetProp) {
    return This->lpVtbl->GetProperties(This,pTargetProp);
}
/*
 * Returns the subsystem that the target belongs to, with one reference that the caller
 * releases.
 *
 * Returns S_OK; VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED as many methods do.
 */
static FORCEINLINE HRESULT IVdsIscsiTarget_GetSubSystem(IVdsIscsiTarget* This,IVdsSubSystem **ppSubSystem) {
    return This->lpVtbl->GetSubSystem(This,ppSubSystem);
}
/*
 * Enumerates the portal groups of the target. *ppEnum has one reference that the caller
 * releases.
 *
 * Returns S_OK; VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED,
 * VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
 */
static FORCEINLINE HRESULT IVdsIscsiTarget_QueryPortalGroups(IVdsIscsiTarget* This,IEnumVdsObject **ppEnum) {
    return This->lpVtbl->QueryPortalGroups(This,ppEnum);
}
/*
 * Enumerates the LUNs that are associated with the target, masked or not. It is the inverse
 * of IVdsLunIscsi::QueryAssociatedTargets; associations are made from the LUN's side only.
 * *ppEnum has one reference that the caller releases.
 * libvds: in the order of the LUN numbers that initiators see.
 *
 * Returns S_OK; VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED,
 * VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
 */
static FORCEINLINE HRESULT IVdsIscsiTarget_QueryAssociatedLuns(IVdsIscsiTarget* This,IEnumVdsObject **ppEnum) {
    return This->lpVtbl->QueryAssociatedLuns(This,ppEnum);
}
/*
 * Creates an empty portal group in the target; the array chooses its tag. *ppAsync has one
 * reference that the caller releases; its output type is VDS_ASYNCOUT_CREATEPORTALGROUP,
 * and Wait returns the group. Notification: VDS_NF_PORTAL_GROUP_ARRIVE.
 *
 * Returns S_OK, VDS_S_ALREADY_EXISTS (the target cannot have another; Wait returns one that
 * it has); VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED,
 * VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
 */
static FORCEINLINE HRESULT IVdsIscsiTarget_CreatePortalGroup(IVdsIscsiTarget* This,IVdsAsync **ppAsync) {
    return This->lpVtbl->CreatePortalGroup(This,ppAsync);
}
/*
 * Deletes the target and its portal groups. No LUN may be associated with it. *ppAsync has
 * one reference that the caller releases; its output type is VDS_ASYNCOUT_DELETETARGET.
 * Notifications: VDS_NF_PORTAL_GROUP_DEPART, VDS_NF_TARGET_DEPART.
 * libvds: sessions of initiators are ended.
 *
 * Returns S_OK, VDS_E_ASSOCIATED_LUNS_EXIST (LUNs are still associated);
 * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED, VDS_E_ANOTHER_CALL_IN_PROGRESS as
 * many methods do.
 */
static FORCEINLINE HRESULT IVdsIscsiTarget_Delete(IVdsIscsiTarget* This,IVdsAsync **ppAsync) {
    return This->lpVtbl->Delete(This,ppAsync);
}
/*
 * Sets the alias of the target. The caller keeps the name. Notification:
 * VDS_NF_TARGET_MODIFY.
 * libvds: an alias has at most 63 UTF-16 units; a longer one is cut between characters, and ""
 * removes it.
 *
 * Returns S_OK, VDS_S_NAME_TRUNCATED (the name was too long and was cut),
 * VDS_E_NOT_SUPPORTED (the array does not offer this); VDS_E_PROVIDER_CACHE_CORRUPT,
 * VDS_E_OBJECT_DELETED, VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
 */
static FORCEINLINE HRESULT IVdsIscsiTarget_SetFriendlyName(IVdsIscsiTarget* This,LPWSTR pwszFriendlyName) {
    return This->lpVtbl->SetFriendlyName(This,pwszFriendlyName);
}
/*
 * Sets the secret by which initiators prove who they are (CHAP). pwszInitiatorName NULL
 * sets it for all that have none of their own. A secret has 12 to 16 bytes; a secret of 0
 * bytes removes it. The caller keeps the secret.
 * libvds: E_INVALIDARG for a secret of another size; else VDS_E_NOT_SUPPORTED, since the
 * subsystem's flags do not offer CHAP yet, or VDS_E_INITIATOR_SPECIFIC_NOT_SUPPORTED when
 * pwszInitiatorName is not NULL.
 *
 * Returns S_OK, VDS_E_NOT_SUPPORTED (the array does not offer this),
 * VDS_E_INITIATOR_SPECIFIC_NOT_SUPPORTED (the target has one secret for all initiators);
 * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED as many methods do.
 */
static FORCEINLINE HRESULT IVdsIscsiTarget_SetSharedSecret(IVdsIscsiTarget* This,VDS_ISCSI_SHARED_SECRET *pTargetSharedSecret,LPWSTR pwszInitiatorName) {
    return This->lpVtbl->SetSharedSecret(This,pTargetSharedSecret,pwszInitiatorName);
}
/*
 * Sets the secret by which the target proves to this initiator who it is (mutual CHAP).
 * pwszInitiatorName must not be NULL.
 * libvds: as SetSharedSecret; VDS_E_NOT_SUPPORTED.
 *
 * Returns S_OK, VDS_E_NOT_SUPPORTED (the array does not offer this);
 * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED as many methods do.
 */
static FORCEINLINE HRESULT IVdsIscsiTarget_RememberInitiatorSharedSecret(IVdsIscsiTarget* This,LPWSTR pwszInitiatorName,VDS_ISCSI_SHARED_SECRET *pInitiatorSharedSecret) {
    return This->lpVtbl->RememberInitiatorSharedSecret(This,pwszInitiatorName,pInitiatorSharedSecret);
}
/*
 * Lists the iSCSI names of the initiators that are logged in to the target now, each once.
 * The caller frees each string and *pppwszInitiatorList with CoTaskMemFree; nobody is NULL
 * and 0.
 *
 * Returns S_OK; VDS_E_ANOTHER_CALL_IN_PROGRESS, VDS_E_PROVIDER_CACHE_CORRUPT,
 * VDS_E_OBJECT_DELETED as many methods do.
 */
static FORCEINLINE HRESULT IVdsIscsiTarget_GetConnectedInitiators(IVdsIscsiTarget* This,LPWSTR **pppwszInitiatorList,LONG *plNumberOfInitiators) {
    return This->lpVtbl->GetConnectedInitiators(This,pppwszInitiatorList,plNumberOfInitiators);
}
#endif
#endif

#endif

#endif  /* __IVdsIscsiTarget_INTERFACE_DEFINED__ */

/*****************************************************************************
 * IVdsIscsiPortalGroup interface
 *
 * iSCSI portal group. By iSCSI provider and service. VDS 1.1.
 */
#ifndef __IVdsIscsiPortalGroup_INTERFACE_DEFINED__
#define __IVdsIscsiPortalGroup_INTERFACE_DEFINED__

DEFINE_GUID(IID_IVdsIscsiPortalGroup, 0xfef5f89d, 0xa3dd, 0x4b36, 0xbf,0x28, 0xe7,0xdd,0xe0,0x45,0xc5,0x93);
#if defined(__cplusplus) && !defined(CINTERFACE)
MIDL_INTERFACE("fef5f89d-a3dd-4b36-bf28-e7dde045c593")
IVdsIscsiPortalGroup : public IUnknown
{
    /*
     * Fills the properties of the portal group: its id and its tag.
     *
     * Returns S_OK, VDS_S_PROPERTIES_INCOMPLETE (some members could not be filled and are 0);
     * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE GetProperties(
        VDS_ISCSI_PORTALGROUP_PROP *pPortalGroupProp) = 0;

    /*
     * Returns the target that the group belongs to, with one reference that the caller releases.
     *
     * Returns S_OK; VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE GetTarget(
        IVdsIscsiTarget **ppTarget) = 0;

    /*
     * Enumerates the portals in the group. *ppEnum has one reference that the caller releases.
     *
     * Returns S_OK; VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED,
     * VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE QueryAssociatedPortals(
        IEnumVdsObject **ppEnum) = 0;

    /*
     * Adds a portal to the group, so that the target can be reached through it. A portal is in
     * at most one group of a target. *ppAsync has one reference that the caller releases; its
     * output type is VDS_ASYNCOUT_ADDPORTAL. Notification: VDS_NF_PORTAL_GROUP_MODIFY.
     * libvds: VDS_S_ALREADY_EXISTS when the portal is in the group already,
     * VDS_E_OBJECT_NOT_FOUND also when it is in another group of the target.
     *
     * Returns S_OK, VDS_E_OBJECT_NOT_FOUND (there is no such portal);
     * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED, VDS_E_ANOTHER_CALL_IN_PROGRESS as
     * many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE AddPortal(
        VDS_OBJECT_ID portalId,
        IVdsAsync **ppAsync) = 0;

    /*
     * Removes a portal from the group. *ppAsync has one reference that the caller releases; its
     * output type is VDS_ASYNCOUT_REMOVEPORTAL. Notification: VDS_NF_PORTAL_GROUP_MODIFY.
     *
     * Returns S_OK, VDS_E_OBJECT_NOT_FOUND (there is no such portal);
     * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED, VDS_E_ANOTHER_CALL_IN_PROGRESS as
     * many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE RemovePortal(
        VDS_OBJECT_ID portalId,
        IVdsAsync **ppAsync) = 0;

    /*
     * Deletes the group, which must be empty. *ppAsync has one reference that the caller
     * releases; its output type is VDS_ASYNCOUT_DELETEPORTALGROUP. Notification:
     * VDS_NF_PORTAL_GROUP_DEPART.
     *
     * Returns S_OK, VDS_E_ASSOCIATED_PORTALS_EXIST (the group still has portals);
     * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED, VDS_E_ANOTHER_CALL_IN_PROGRESS as
     * many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE Delete(
        IVdsAsync **ppAsync) = 0;

};
#ifdef __CRT_UUID_DECL
__CRT_UUID_DECL(IVdsIscsiPortalGroup, 0xfef5f89d, 0xa3dd, 0x4b36, 0xbf,0x28, 0xe7,0xdd,0xe0,0x45,0xc5,0x93)
#endif
#else
typedef struct IVdsIscsiPortalGroupVtbl {
    BEGIN_INTERFACE

    /*** IUnknown methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryInterface)(
        IVdsIscsiPortalGroup *This,
        const IID *riid,
        void **ppvObject);

    ULONG (STDMETHODCALLTYPE *AddRef)(
        IVdsIscsiPortalGroup *This);

    ULONG (STDMETHODCALLTYPE *Release)(
        IVdsIscsiPortalGroup *This);

    /*** IVdsIscsiPortalGroup methods ***/
    HRESULT (STDMETHODCALLTYPE *GetProperties)(
        IVdsIscsiPortalGroup *This,
        VDS_ISCSI_PORTALGROUP_PROP *pPortalGroupProp);

    HRESULT (STDMETHODCALLTYPE *GetTarget)(
        IVdsIscsiPortalGroup *This,
        IVdsIscsiTarget **ppTarget);

    HRESULT (STDMETHODCALLTYPE *QueryAssociatedPortals)(
        IVdsIscsiPortalGroup *This,
        IEnumVdsObject **ppEnum);

    HRESULT (STDMETHODCALLTYPE *AddPortal)(
        IVdsIscsiPortalGroup *This,
        VDS_OBJECT_ID portalId,
        IVdsAsync **ppAsync);

    HRESULT (STDMETHODCALLTYPE *RemovePortal)(
        IVdsIscsiPortalGroup *This,
        VDS_OBJECT_ID portalId,
        IVdsAsync **ppAsync);

    HRESULT (STDMETHODCALLTYPE *Delete)(
        IVdsIscsiPortalGroup *This,
        IVdsAsync **ppAsync);

    END_INTERFACE
} IVdsIscsiPortalGroupVtbl;

struct IVdsIscsiPortalGroup {
    CONST_VTBL IVdsIscsiPortalGroupVtbl* lpVtbl;
};

#ifdef COBJMACROS
#ifndef WIDL_C_INLINE_WRAPPERS
/*** IUnknown methods ***/
#define IVdsIscsiPortalGroup_QueryInterface(This,riid,ppvObject) (This)->lpVtbl->QueryInterface(This,riid,ppvObject)
#define IVdsIscsiPortalGroup_AddRef(This) (This)->lpVtbl->AddRef(This)
#define IVdsIscsiPortalGroup_Release(This) (This)->lpVtbl->Release(This)
/*** IVdsIscsiPortalGroup methods ***/
#define IVdsIscsiPortalGroup_GetProperties(This,pPortalGroupProp) (This)->lpVtbl->GetProperties(This,pPortalGroupProp)
#define IVdsIscsiPortalGroup_GetTarget(This,ppTarget) (This)->lpVtbl->GetTarget(This,ppTarget)
#define IVdsIscsiPortalGroup_QueryAssociatedPortals(This,ppEnum) (This)->lpVtbl->QueryAssociatedPortals(This,ppEnum)
#define IVdsIscsiPortalGroup_AddPortal(This,portalId,ppAsync) (This)->lpVtbl->AddPortal(This,portalId,ppAsync)
#define IVdsIscsiPortalGroup_RemovePortal(This,portalId,ppAsync) (This)->lpVtbl->RemovePortal(This,portalId,ppAsync)
#define IVdsIscsiPortalGroup_Delete(This,ppAsync) (This)->lpVtbl->Delete(This,ppAsync)
#else
/*** IUnknown methods ***/
static FORCEINLINE HRESULT IVdsIscsiPortalGroup_QueryInterface(IVdsIscsiPortalGroup* This,const IID *riid,void **ppvObject) {
    return This->lpVtbl->QueryInterface(This,riid,ppvObject);
}
static FORCEINLINE ULONG IVdsIscsiPortalGroup_AddRef(IVdsIscsiPortalGroup* This) {
    return This->lpVtbl->AddRef(This);
}
static FORCEINLINE ULONG IVdsIscsiPortalGroup_Release(IVdsIscsiPortalGroup* This) {
    return This->lpVtbl->Release(This);
}
/*** IVdsIscsiPortalGroup methods ***/
/*
 * Fills the properties of the portal group: its id and its tag.
 *
 * Returns S_OK, VDS_S_PROPERTIES_INCOMPLETE (some members could not be filled and are 0);
 * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED as many methods do.
 */
static FORCEINLINE HRESULT IVdsIscsiPortalGroup_GetProperties(IVdsIscsiPortalGroup* This,VDS_ISCSI_PORTALGROUP_PROP *pPortalGroupProp) {
    return This->lpVtbl->GetProperties(This,pPortalGroupProp);
}
/*
 * Returns the target that the group belongs to, with one reference that the caller releases.
 *
 * Returns S_OK; VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED as many methods do.
 */
static FORCEINLINE HRESULT IVdsIscsiPortalGroup_GetTarget(IVdsIscsiPortalGroup* This,IVdsIscsiTarget **ppTarget) {
    return This->lpVtbl->GetTarget(This,ppTarget);
}
/*
 * Enumerates the portals in the group. *ppEnum has one reference that the caller releases.
 *
 * Returns S_OK; VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED,
 * VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
 */
static FORCEINLINE HRESULT IVdsIscsiPortalGroup_QueryAssociatedPortals(IVdsIscsiPortalGroup* This,IEnumVdsObject **ppEnum) {
    return This->lpVtbl->QueryAssociatedPortals(This,ppEnum);
}
/*
 * Adds a portal to the group, so that the target can be reached through it. A portal is in
 * at most one group of a target. *ppAsync has one reference that the caller releases; its
 * output type is VDS_ASYNCOUT_ADDPORTAL. Notification: VDS_NF_PORTAL_GROUP_MODIFY.
 * libvds: VDS_S_ALREADY_EXISTS when the portal is in the group already,
 * VDS_E_OBJECT_NOT_FOUND also when it is in another group of the target.
 *
 * Returns S_OK, VDS_E_OBJECT_NOT_FOUND (there is no such portal);
 * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED, VDS_E_ANOTHER_CALL_IN_PROGRESS as
 * many methods do.
 */
static FORCEINLINE HRESULT IVdsIscsiPortalGroup_AddPortal(IVdsIscsiPortalGroup* This,VDS_OBJECT_ID portalId,IVdsAsync **ppAsync) {
    return This->lpVtbl->AddPortal(This,portalId,ppAsync);
}
/*
 * Removes a portal from the group. *ppAsync has one reference that the caller releases; its
 * output type is VDS_ASYNCOUT_REMOVEPORTAL. Notification: VDS_NF_PORTAL_GROUP_MODIFY.
 *
 * Returns S_OK, VDS_E_OBJECT_NOT_FOUND (there is no such portal);
 * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED, VDS_E_ANOTHER_CALL_IN_PROGRESS as
 * many methods do.
 */
static FORCEINLINE HRESULT IVdsIscsiPortalGroup_RemovePortal(IVdsIscsiPortalGroup* This,VDS_OBJECT_ID portalId,IVdsAsync **ppAsync) {
    return This->lpVtbl->RemovePortal(This,portalId,ppAsync);
}
/*
 * Deletes the group, which must be empty. *ppAsync has one reference that the caller
 * releases; its output type is VDS_ASYNCOUT_DELETEPORTALGROUP. Notification:
 * VDS_NF_PORTAL_GROUP_DEPART.
 *
 * Returns S_OK, VDS_E_ASSOCIATED_PORTALS_EXIST (the group still has portals);
 * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED, VDS_E_ANOTHER_CALL_IN_PROGRESS as
 * many methods do.
 */
static FORCEINLINE HRESULT IVdsIscsiPortalGroup_Delete(IVdsIscsiPortalGroup* This,IVdsAsync **ppAsync) {
    return This->lpVtbl->Delete(This,ppAsync);
}
#endif
#endif

#endif

#endif  /* __IVdsIscsiPortalGroup_INTERFACE_DEFINED__ */

/*****************************************************************************
 * IVdsIscsiPortalLocal interface
 *
 * iSCSI portal. By service only. VDS 1.1.
 */
#ifndef __IVdsIscsiPortalLocal_INTERFACE_DEFINED__
#define __IVdsIscsiPortalLocal_INTERFACE_DEFINED__

DEFINE_GUID(IID_IVdsIscsiPortalLocal, 0xad837c28, 0x52c1, 0x421d, 0xbf,0x04, 0xfa,0xe7,0xda,0x66,0x53,0x96);
#if defined(__cplusplus) && !defined(CINTERFACE)
MIDL_INTERFACE("ad837c28-52c1-421d-bf04-fae7da665396")
IVdsIscsiPortalLocal : public IUnknown
{
    /*
     * Reserved: VDS never defined what it does.
     *
     * Returns VDS_E_NOT_SUPPORTED (always).
     */
    virtual HRESULT STDMETHODCALLTYPE SetIpsecSecurityLocal(
        ULONGLONG ullSecurityFlags,
        VDS_ISCSI_IPSEC_KEY *pIpsecKey) = 0;

};
#ifdef __CRT_UUID_DECL
__CRT_UUID_DECL(IVdsIscsiPortalLocal, 0xad837c28, 0x52c1, 0x421d, 0xbf,0x04, 0xfa,0xe7,0xda,0x66,0x53,0x96)
#endif
#else
typedef struct IVdsIscsiPortalLocalVtbl {
    BEGIN_INTERFACE

    /*** IUnknown methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryInterface)(
        IVdsIscsiPortalLocal *This,
        const IID *riid,
        void **ppvObject);

    ULONG (STDMETHODCALLTYPE *AddRef)(
        IVdsIscsiPortalLocal *This);

    ULONG (STDMETHODCALLTYPE *Release)(
        IVdsIscsiPortalLocal *This);

    /*** IVdsIscsiPortalLocal methods ***/
    HRESULT (STDMETHODCALLTYPE *SetIpsecSecurityLocal)(
        IVdsIscsiPortalLocal *This,
        ULONGLONG ullSecurityFlags,
        VDS_ISCSI_IPSEC_KEY *pIpsecKey);

    END_INTERFACE
} IVdsIscsiPortalLocalVtbl;

struct IVdsIscsiPortalLocal {
    CONST_VTBL IVdsIscsiPortalLocalVtbl* lpVtbl;
};

#ifdef COBJMACROS
#ifndef WIDL_C_INLINE_WRAPPERS
/*** IUnknown methods ***/
#define IVdsIscsiPortalLocal_QueryInterface(This,riid,ppvObject) (This)->lpVtbl->QueryInterface(This,riid,ppvObject)
#define IVdsIscsiPortalLocal_AddRef(This) (This)->lpVtbl->AddRef(This)
#define IVdsIscsiPortalLocal_Release(This) (This)->lpVtbl->Release(This)
/*** IVdsIscsiPortalLocal methods ***/
#define IVdsIscsiPortalLocal_SetIpsecSecurityLocal(This,ullSecurityFlags,pIpsecKey) (This)->lpVtbl->SetIpsecSecurityLocal(This,ullSecurityFlags,pIpsecKey)
#else
/*** IUnknown methods ***/
static FORCEINLINE HRESULT IVdsIscsiPortalLocal_QueryInterface(IVdsIscsiPortalLocal* This,const IID *riid,void **ppvObject) {
    return This->lpVtbl->QueryInterface(This,riid,ppvObject);
}
static FORCEINLINE ULONG IVdsIscsiPortalLocal_AddRef(IVdsIscsiPortalLocal* This) {
    return This->lpVtbl->AddRef(This);
}
static FORCEINLINE ULONG IVdsIscsiPortalLocal_Release(IVdsIscsiPortalLocal* This) {
    return This->lpVtbl->Release(This);
}
/*** IVdsIscsiPortalLocal methods ***/
/*
 * Reserved: VDS never defined what it does.
 *
 * Returns VDS_E_NOT_SUPPORTED (always).
 */
static FORCEINLINE HRESULT IVdsIscsiPortalLocal_SetIpsecSecurityLocal(IVdsIscsiPortalLocal* This,ULONGLONG ullSecurityFlags,VDS_ISCSI_IPSEC_KEY *pIpsecKey) {
    return This->lpVtbl->SetIpsecSecurityLocal(This,ullSecurityFlags,pIpsecKey);
}
#endif
#endif

#endif

#endif  /* __IVdsIscsiPortalLocal_INTERFACE_DEFINED__ */

/* The status of a storage pool. */
typedef enum _VDS_STORAGE_POOL_STATUS {
    VDS_SPS_UNKNOWN = 0,
    VDS_SPS_ONLINE = 1,
    VDS_SPS_NOT_READY = 2,
    VDS_SPS_OFFLINE = 4
} VDS_STORAGE_POOL_STATUS;
/* Whether a storage pool is made of drives or of another pool. */
typedef enum _VDS_STORAGE_POOL_TYPE {
    VDS_SPT_UNKNOWN = 0x0,
    VDS_SPT_PRIMORDIAL = 0x1,
    VDS_SPT_CONCRETE = 0x2
} VDS_STORAGE_POOL_TYPE;
#define VDS_POOL_ATTRIB_RAIDTYPE (0x1)

#define VDS_POOL_ATTRIB_BUSTYPE (0x2)

#define VDS_POOL_ATTRIB_ALLOW_SPINDOWN (0x4)

#define VDS_POOL_ATTRIB_THIN_PROVISION (0x8)

#define VDS_POOL_ATTRIB_NO_SINGLE_POF (0x10)

#define VDS_POOL_ATTRIB_DATA_RDNCY_MAX (0x20)

#define VDS_POOL_ATTRIB_DATA_RDNCY_MIN (0x40)

#define VDS_POOL_ATTRIB_DATA_RDNCY_DEF (0x80)

#define VDS_POOL_ATTRIB_PKG_RDNCY_MAX (0x100)

#define VDS_POOL_ATTRIB_PKG_RDNCY_MIN (0x200)

#define VDS_POOL_ATTRIB_PKG_RDNCY_DEF (0x400)

#define VDS_POOL_ATTRIB_STRIPE_SIZE (0x800)

#define VDS_POOL_ATTRIB_STRIPE_SIZE_MAX (0x1000)

#define VDS_POOL_ATTRIB_STRIPE_SIZE_MIN (0x2000)

#define VDS_POOL_ATTRIB_STRIPE_SIZE_DEF (0x4000)

#define VDS_POOL_ATTRIB_NUM_CLMNS (0x8000)

#define VDS_POOL_ATTRIB_NUM_CLMNS_MAX (0x10000)

#define VDS_POOL_ATTRIB_NUM_CLMNS_MIN (0x20000)

#define VDS_POOL_ATTRIB_NUM_CLMNS_DEF (0x40000)

#define VDS_POOL_ATTRIB_DATA_AVL_HINT (0x80000)

#define VDS_POOL_ATTRIB_ACCS_RNDM_HINT (0x100000)

#define VDS_POOL_ATTRIB_ACCS_DIR_HINT (0x200000)

#define VDS_POOL_ATTRIB_ACCS_SIZE_HINT (0x400000)

#define VDS_POOL_ATTRIB_ACCS_LTNCY_HINT (0x800000)

#define VDS_POOL_ATTRIB_ACCS_BDW_WT_HINT (0x1000000)

#define VDS_POOL_ATTRIB_STOR_COST_HINT (0x2000000)

#define VDS_POOL_ATTRIB_STOR_EFFCY_HINT (0x4000000)

#define VDS_POOL_ATTRIB_CUSTOM_ATTRIB (0x8000000)

/* An attribute of a storage pool that the vendor defines. */
typedef struct _VDS_POOL_CUSTOM_ATTRIBUTES {
    LPWSTR pwszName; /* the name of the attribute */
    LPWSTR pwszValue; /* its value */
} VDS_POOL_CUSTOM_ATTRIBUTES;
/* What a storage pool offers, or what is asked of one. */
typedef struct _VDS_POOL_ATTRIBUTES {
    ULONGLONG ullAttributeMask; /* which members are valid: bits VDS_POOL_ATTRIB_* */
    VDS_RAID_TYPE raidType; /* the RAID level */
    VDS_STORAGE_BUS_TYPE busType; /* the bus of the drives */
    /* a text for people: what the pool is meant for */
    LPWSTR pwszIntendedUsage;
    BOOL bSpinDown; /* TRUE when drives may be spun down */
    /* TRUE when space is allocated only when it is written; VDS_SPT_CONCRETE only */
    BOOL bIsThinProvisioned;
    ULONGLONG ullProvisionedSpace; /* in bytes; thin: at least ullTotalConsumedSpace */
    BOOL bNoSinglePointOfFailure; /* TRUE when no single failure makes the data unavailable */
    ULONG ulDataRedundancyMax; /* largest number of complete copies of the data */
    ULONG ulDataRedundancyMin; /* smallest number of complete copies of the data */
    ULONG ulDataRedundancyDefault; /* number of complete copies where none is asked for */
    /* largest number of drives that may fail without loss of data */
    ULONG ulPackageRedundancyMax;
    /* smallest number of drives that may fail without loss of data */
    ULONG ulPackageRedundancyMin;
    ULONG ulPackageRedundancyDefault; /* such a number where none is asked for */
    ULONG ulStripeSize; /* in bytes */
    ULONG ulStripeSizeMax; /* in bytes */
    ULONG ulStripeSizeMin; /* in bytes */
    ULONG ulDefaultStripeSize; /* in bytes */
    ULONG ulNumberOfColumns; /* number of drives over which stripes are spread */
    ULONG ulNumberOfColumnsMax;
    ULONG ulNumberOfColumnsMin;
    ULONG ulDefaultNumberofColumns;
    ULONG ulDataAvailabilityHint;
    ULONG ulAccessRandomnessHint;
    ULONG ulAccessDirectionHint;
    ULONG ulAccessSizeHint;
    ULONG ulAccessLatencyHint;
    ULONG ulAccessBandwidthWeightHint;
    ULONG ulStorageCostHint;
    ULONG ulStorageEfficiencyHint;
    ULONG ulNumOfCustomAttributes; /* number of elements of pPoolCustomAttributes */
    /* attributes that the vendor defines */
    VDS_POOL_CUSTOM_ATTRIBUTES *pPoolCustomAttributes;
    BOOL bReserved1;
    BOOL bReserved2;
    ULONG ulReserved1;
    ULONG ulReserved2;
    ULONGLONG ullReserved1;
    ULONGLONG ullReserved2;
} VDS_POOL_ATTRIBUTES;
/* Properties of a storage pool. The caller frees the strings with CoTaskMemFree. */
typedef struct _VDS_STORAGE_POOL_PROP {
    VDS_OBJECT_ID id; /* the id of the pool */
    VDS_STORAGE_POOL_STATUS status; /* the status of the pool */
    VDS_HEALTH health; /* VDS_H_UNKNOWN, _HEALTHY or _DEGRADED */
    VDS_STORAGE_POOL_TYPE type; /* whether the pool is made of drives or of another pool */
    LPWSTR pwszName; /* the name of the pool */
    LPWSTR pwszDescription; /* a text for people */
    ULONGLONG ullTotalConsumedSpace; /* physical space that the pool takes, in bytes */
    /* space for LUNs and pools, allocated and free together, in bytes */
    ULONGLONG ullTotalManagedSpace;
    ULONGLONG ullRemainingFreeSpace; /* the most that can still be allocated, in bytes */
} VDS_STORAGE_POOL_PROP;
/* A part of a drive that belongs to a storage pool. */
typedef struct _VDS_STORAGE_POOL_DRIVE_EXTENT {
    VDS_OBJECT_ID id; /* the drive */
    ULONGLONG ullSize; /* in bytes */
    BOOL bUsed; /* TRUE when the extent is allocated */
} VDS_STORAGE_POOL_DRIVE_EXTENT;
/*****************************************************************************
 * IVdsHwProviderStoragePools interface
 *
 * Hardware provider. By provider (optional) and service. VDS 3.0.
 */
#ifndef __IVdsHwProviderStoragePools_INTERFACE_DEFINED__
#define __IVdsHwProviderStoragePools_INTERFACE_DEFINED__

DEFINE_GUID(IID_IVdsHwProviderStoragePools, 0xd5b5937a, 0xf188, 0x4c79, 0xb8,0x6c, 0x11,0xc9,0x20,0xad,0x11,0xb8);
#if defined(__cplusplus) && !defined(CINTERFACE)
MIDL_INTERFACE("d5b5937a-f188-4c79-b86c-11c920ad11b8")
IVdsHwProviderStoragePools : public IUnknown
{
    /*
     * Enumerates the storage pools that match. ulFlags 0 means all types, ullRemainingFreeSpace
     * 0 any free space, pPoolAttributes NULL any attributes; of those named in the attributes'
     * mask each must match. No match is an empty enumeration.
     * libvds: every pool is VDS_SPT_CONCRETE. E_INVALIDARG for a flag of no
     * VDS_STORAGE_POOL_TYPE, and for a bit of the mask that VDS does not define. Pools of an
     * array that is out of reach are left out, unless no array answers.
     *
     * Returns S_OK.
     */
    virtual HRESULT STDMETHODCALLTYPE QueryStoragePools(
        ULONG ulFlags,
        ULONGLONG ullRemainingFreeSpace,
        VDS_POOL_ATTRIBUTES *pPoolAttributes,
        IEnumVdsObject **ppEnum) = 0;

    /*
     * Creates a LUN in a storage pool. StoragePoolId must name one. The other parameters, the
     * asynchronous object and the codes are those of IVdsSubSystem::CreateLun. The first and
     * the last megabyte of the LUN read as zeros before any host sees it.
     * libvds: a LUN is thin, unless the hints optimise it for sequential reads or writes. An id
     * of no pool is E_INVALIDARG.
     *
     * Returns S_OK, E_INVALIDARG (type is not a VDS_LUN_TYPE).
     */
    virtual HRESULT STDMETHODCALLTYPE CreateLunInStoragePool(
        VDS_LUN_TYPE type,
        ULONGLONG ullSizeInBytes,
        VDS_OBJECT_ID StoragePoolId,
        LPWSTR pwszUnmaskingList,
        VDS_HINTS2 *pHints2,
        IVdsAsync **ppAsync) = 0;

    /*
     * Reports how large a LUN of this type could be in the pool. pullMaxLunSize is in bytes.
     * libvds: an id of no pool is E_INVALIDARG.
     *
     * Returns S_OK.
     */
    virtual HRESULT STDMETHODCALLTYPE QueryMaxLunCreateSizeInStoragePool(
        VDS_LUN_TYPE type,
        VDS_OBJECT_ID StoragePoolId,
        VDS_HINTS2 *pHints2,
        ULONGLONG *pullMaxLunSize) = 0;

};
#ifdef __CRT_UUID_DECL
__CRT_UUID_DECL(IVdsHwProviderStoragePools, 0xd5b5937a, 0xf188, 0x4c79, 0xb8,0x6c, 0x11,0xc9,0x20,0xad,0x11,0xb8)
#endif
#else
typedef struct IVdsHwProviderStoragePoolsVtbl {
    BEGIN_INTERFACE

    /*** IUnknown methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryInterface)(
        IVdsHwProviderStoragePools *This,
        const IID *riid,
        void **ppvObject);

    ULONG (STDMETHODCALLTYPE *AddRef)(
        IVdsHwProviderStoragePools *This);

    ULONG (STDMETHODCALLTYPE *Release)(
        IVdsHwProviderStoragePools *This);

    /*** IVdsHwProviderStoragePools methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryStoragePools)(
        IVdsHwProviderStoragePools *This,
        ULONG ulFlags,
        ULONGLONG ullRemainingFreeSpace,
        VDS_POOL_ATTRIBUTES *pPoolAttributes,
        IEnumVdsObject **ppEnum);

    HRESULT (STDMETHODCALLTYPE *CreateLunInStoragePool)(
        IVdsHwProviderStoragePools *This,
        VDS_LUN_TYPE type,
        ULONGLONG ullSizeInBytes,
        VDS_OBJECT_ID StoragePoolId,
        LPWSTR pwszUnmaskingList,
        VDS_HINTS2 *pHints2,
        IVdsAsync **ppAsync);

    HRESULT (STDMETHODCALLTYPE *QueryMaxLunCreateSizeInStoragePool)(
        IVdsHwProviderStoragePools *This,
        VDS_LUN_TYPE type,
        VDS_OBJECT_ID StoragePoolId,
        VDS_HINTS2 *pHints2,
        ULONGLONG *pullMaxLunSize);

    END_INTERFACE
} IVdsHwProviderStoragePoolsVtbl;

struct IVdsHwProviderStoragePools {
    CONST_VTBL IVdsHwProviderStoragePoolsVtbl* lpVtbl;
};

#ifdef COBJMACROS
#ifndef WIDL_C_INLINE_WRAPPERS
/*** IUnknown methods ***/
#define IVdsHwProviderStoragePools_QueryInterface(This,riid,ppvObject) (This)->lpVtbl->QueryInterface(This,riid,ppvObject)
#define IVdsHwProviderStoragePools_AddRef(This) (This)->lpVtbl->AddRef(This)
#define IVdsHwProviderStoragePools_Release(This) (This)->lpVtbl->Release(This)
/*** IVdsHwProviderStoragePools methods ***/
#define IVdsHwProviderStoragePools_QueryStoragePools(This,ulFlags,ullRemainingFreeSpace,pPoolAttributes,ppEnum) (This)->lpVtbl->QueryStoragePools(This,ulFlags,ullRemainingFreeSpace,pPoolAttributes,ppEnum)
#define IVdsHwProviderStoragePools_CreateLunInStoragePool(This,type,ullSizeInBytes,StoragePoolId,pwszUnmaskingList,pHints2,ppAsync) (This)->lpVtbl->CreateLunInStoragePool(This,type,ullSizeInBytes,StoragePoolId,pwszUnmaskingList,pHints2,ppAsync)
#define IVdsHwProviderStoragePools_QueryMaxLunCreateSizeInStoragePool(This,type,StoragePoolId,pHints2,pullMaxLunSize) (This)->lpVtbl->QueryMaxLunCreateSizeInStoragePool(This,type,StoragePoolId,pHints2,pullMaxLunSize)
#else
/*** IUnknown methods ***/
static FORCEINLINE HRESULT IVdsHwProviderStoragePools_QueryInterface(IVdsHwProviderStoragePools* This,const IID *riid,void **ppvObject) {
    return This->lpVtbl->QueryInterface(This,riid,ppvObject);
}
static FORCEINLINE ULONG IVdsHwProviderStoragePools_AddRef(IVdsHwProviderStoragePools* This) {
    return This->lpVtbl->AddRef(This);
}
static FORCEINLINE ULONG IVdsHwProviderStoragePools_Release(IVdsHwProviderStoragePools* This) {
    return This->lpVtbl->Release(This);
}
/*** IVdsHwProviderStoragePools methods ***/
/*
 * Enumerates the storage pools that match. ulFlags 0 means all types, ullRemainingFreeSpace
 * 0 any free space, pPoolAttributes NULL any attributes; of those named in the attributes'
 * mask each must match. No match is an empty enumeration.
 * libvds: every pool is VDS_SPT_CONCRETE. E_INVALIDARG for a flag of no
 * VDS_STORAGE_POOL_TYPE, and for a bit of the mask that VDS does not define. Pools of an
 * array that is out of reach are left out, unless no array answers.
 *
 * Returns S_OK.
 */
static FORCEINLINE HRESULT IVdsHwProviderStoragePools_QueryStoragePools(IVdsHwProviderStoragePools* This,ULONG ulFlags,ULONGLONG ullRemainingFreeSpace,VDS_POOL_ATTRIBUTES *pPoolAttributes,IEnumVdsObject **ppEnum) {
    return This->lpVtbl->QueryStoragePools(This,ulFlags,ullRemainingFreeSpace,pPoolAttributes,ppEnum);
}
/*
 * Creates a LUN in a storage pool. StoragePoolId must name one. The other parameters, the
 * asynchronous object and the codes are those of IVdsSubSystem::CreateLun. The first and
 * the last megabyte of the LUN read as zeros before any host sees it.
 * libvds: a LUN is thin, unless the hints optimise it for sequential reads or writes. An id
 * of no pool is E_INVALIDARG.
 *
 * Returns S_OK, E_INVALIDARG (type is not a VDS_LUN_TYPE).
 */
static FORCEINLINE HRESULT IVdsHwProviderStoragePools_CreateLunInStoragePool(IVdsHwProviderStoragePools* This,VDS_LUN_TYPE type,ULONGLONG ullSizeInBytes,VDS_OBJECT_ID StoragePoolId,LPWSTR pwszUnmaskingList,VDS_HINTS2 *pHints2,IVdsAsync **ppAsync) {
    return This->lpVtbl->CreateLunInStoragePool(This,type,ullSizeInBytes,StoragePoolId,pwszUnmaskingList,pHints2,ppAsync);
}
/*
 * Reports how large a LUN of this type could be in the pool. pullMaxLunSize is in bytes.
 * libvds: an id of no pool is E_INVALIDARG.
 *
 * Returns S_OK.
 */
static FORCEINLINE HRESULT IVdsHwProviderStoragePools_QueryMaxLunCreateSizeInStoragePool(IVdsHwProviderStoragePools* This,VDS_LUN_TYPE type,VDS_OBJECT_ID StoragePoolId,VDS_HINTS2 *pHints2,ULONGLONG *pullMaxLunSize) {
    return This->lpVtbl->QueryMaxLunCreateSizeInStoragePool(This,type,StoragePoolId,pHints2,pullMaxLunSize);
}
#endif
#endif

#endif

#endif  /* __IVdsHwProviderStoragePools_INTERFACE_DEFINED__ */

/*****************************************************************************
 * IVdsStoragePool interface
 *
 * Storage pool. By provider (optional) and service. VDS 3.0.
 */
#ifndef __IVdsStoragePool_INTERFACE_DEFINED__
#define __IVdsStoragePool_INTERFACE_DEFINED__

DEFINE_GUID(IID_IVdsStoragePool, 0x932ca8cf, 0x0eb3, 0x4ba8, 0x96,0x20, 0x22,0x66,0x5d,0x7f,0x84,0x50);
#if defined(__cplusplus) && !defined(CINTERFACE)
MIDL_INTERFACE("932ca8cf-0eb3-4ba8-9620-22665d7f8450")
IVdsStoragePool : public IUnknown
{
    /*
     * Returns the provider that the pool belongs to, with one reference that the caller releases.
     *
     * Returns S_OK.
     */
    virtual HRESULT STDMETHODCALLTYPE GetProvider(
        IVdsProvider **ppProvider) = 0;

    /*
     * Fills the properties of the pool, among them the managed, the consumed and the remaining
     * bytes.
     * libvds: a pool is a directory; pwszDescription names it and its drives. A pool that cannot
     * be used is VDS_SPS_NOT_READY and VDS_H_DEGRADED. The consumed bytes are those of all its
     * drives, with the copies that a mirror keeps.
     *
     * Returns S_OK.
     */
    virtual HRESULT STDMETHODCALLTYPE GetProperties(
        VDS_STORAGE_POOL_PROP *pStoragePoolProp) = 0;

    /*
     * Fills the attributes of the pool; the mask in them says which ones count.
     * libvds: bus, thin provisioning, the number of complete copies as far as it is known, no
     * spin-down, and a single point of failure (the host).
     *
     * Returns S_OK.
     */
    virtual HRESULT STDMETHODCALLTYPE GetAttributes(
        VDS_POOL_ATTRIBUTES *pStoragePoolAttributes) = 0;

    /*
     * Lists the extents of drives that the pool uses. The caller frees *ppExtentArray with
     * CoTaskMemFree.
     * libvds: for each drive one extent for what LUNs take and one for what is free.
     *
     * Returns S_OK.
     */
    virtual HRESULT STDMETHODCALLTYPE QueryDriveExtents(
        VDS_STORAGE_POOL_DRIVE_EXTENT **ppExtentArray,
        LONG *plNumberOfExtents) = 0;

    /*
     * Enumerates the LUNs in the pool.
     *
     * Returns S_OK.
     */
    virtual HRESULT STDMETHODCALLTYPE QueryAllocatedLuns(
        IEnumVdsObject **ppEnum) = 0;

    /*
     * Enumerates the pools within the pool.
     * libvds: none.
     *
     * Returns S_OK.
     */
    virtual HRESULT STDMETHODCALLTYPE QueryAllocatedStoragePools(
        IEnumVdsObject **ppEnum) = 0;

};
#ifdef __CRT_UUID_DECL
__CRT_UUID_DECL(IVdsStoragePool, 0x932ca8cf, 0x0eb3, 0x4ba8, 0x96,0x20, 0x22,0x66,0x5d,0x7f,0x84,0x50)
#endif
#else
typedef struct IVdsStoragePoolVtbl {
    BEGIN_INTERFACE

    /*** IUnknown methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryInterface)(
        IVdsStoragePool *This,
        const IID *riid,
        void **ppvObject);

    ULONG (STDMETHODCALLTYPE *AddRef)(
        IVdsStoragePool *This);

    ULONG (STDMETHODCALLTYPE *Release)(
        IVdsStoragePool *This);

    /*** IVdsStoragePool methods ***/
    HRESULT (STDMETHODCALLTYPE *GetProvider)(
        IVdsStoragePool *This,
        IVdsProvider **ppProvider);

    HRESULT (STDMETHODCALLTYPE *GetProperties)(
        IVdsStoragePool *This,
        VDS_STORAGE_POOL_PROP *pStoragePoolProp);

    HRESULT (STDMETHODCALLTYPE *GetAttributes)(
        IVdsStoragePool *This,
        VDS_POOL_ATTRIBUTES *pStoragePoolAttributes);

    HRESULT (STDMETHODCALLTYPE *QueryDriveExtents)(
        IVdsStoragePool *This,
        VDS_STORAGE_POOL_DRIVE_EXTENT **ppExtentArray,
        LONG *plNumberOfExtents);

    HRESULT (STDMETHODCALLTYPE *QueryAllocatedLuns)(
        IVdsStoragePool *This,
        IEnumVdsObject **ppEnum);

    HRESULT (STDMETHODCALLTYPE *QueryAllocatedStoragePools)(
        IVdsStoragePool *This,
        IEnumVdsObject **ppEnum);

    END_INTERFACE
} IVdsStoragePoolVtbl;

struct IVdsStoragePool {
    CONST_VTBL IVdsStoragePoolVtbl* lpVtbl;
};

#ifdef COBJMACROS
#ifndef WIDL_C_INLINE_WRAPPERS
/*** IUnknown methods ***/
#define IVdsStoragePool_QueryInterface(This,riid,ppvObject) (This)->lpVtbl->QueryInterface(This,riid,ppvObject)
#define IVdsStoragePool_AddRef(This) (This)->lpVtbl->AddRef(This)
#define IVdsStoragePool_Release(This) (This)->lpVtbl->Release(This)
/*** IVdsStoragePool methods ***/
#define IVdsStoragePool_GetProvider(This,ppProvider) (This)->lpVtbl->GetProvider(This,ppProvider)
#define IVdsStoragePool_GetProperties(This,pStoragePoolProp) (This)->lpVtbl->GetProperties(This,pStoragePoolProp)
#define IVdsStoragePool_GetAttributes(This,pStoragePoolAttributes) (This)->lpVtbl->GetAttributes(This,pStoragePoolAttributes)
#define IVdsStoragePool_QueryDriveExtents(This,ppExtentArray,plNumberOfExtents) (This)->lpVtbl->QueryDriveExtents(This,ppExtentArray,plNumberOfExtents)
#define IVdsStoragePool_QueryAllocatedLuns(This,ppEnum) (This)->lpVtbl->QueryAllocatedLuns(This,ppEnum)
#define IVdsStoragePool_QueryAllocatedStoragePools(This,ppEnum) (This)->lpVtbl->QueryAllocatedStoragePools(This,ppEnum)
#else
/*** IUnknown methods ***/
static FORCEINLINE HRESULT IVdsStoragePool_QueryInterface(IVdsStoragePool* This,const IID *riid,void **ppvObject) {
    return This->lpVtbl->QueryInterface(This,riid,ppvObject);
}
static FORCEINLINE ULONG IVdsStoragePool_AddRef(IVdsStoragePool* This) {
    return This->lpVtbl->AddRef(This);
}
static FORCEINLINE ULONG IVdsStoragePool_Release(IVdsStoragePool* This) {
    return This->lpVtbl->Release(This);
}
/*** IVdsStoragePool methods ***/
/*
 * Returns the provider that the pool belongs to, with one reference that the caller releases.
 *
 * Returns S_OK.
 */
static FORCEINLINE HRESULT IVdsStoragePool_GetProvider(IVdsStoragePool* This,IVdsProvider **ppProvider) {
    return This->lpVtbl->GetProvider(This,ppProvider);
}
/*
 * Fills the properties of the pool, among them the managed, the consumed and the remaining
 * bytes.
 * libvds: a pool is a directory; pwszDescription names it and its drives. A pool that cannot
 * be used is VDS_SPS_NOT_READY and VDS_H_DEGRADED. The consumed bytes are those of all its
 * drives, with the copies that a mirror keeps.
 *
 * Returns S_OK.
 */
static FORCEINLINE HRESULT IVdsStoragePool_GetProperties(IVdsStoragePool* This,VDS_STORAGE_POOL_PROP *pStoragePoolProp) {
    return This->lpVtbl->GetProperties(This,pStoragePoolProp);
}
/*
 * Fills the attributes of the pool; the mask in them says which ones count.
 * libvds: bus, thin provisioning, the number of complete copies as far as it is known, no
 * spin-down, and a single point of failure (the host).
 *
 * Returns S_OK.
 */
static FORCEINLINE HRESULT IVdsStoragePool_GetAttributes(IVdsStoragePool* This,VDS_POOL_ATTRIBUTES *pStoragePoolAttributes) {
    return This->lpVtbl->GetAttributes(This,pStoragePoolAttributes);
}
/*
 * Lists the extents of drives that the pool uses. The caller frees *ppExtentArray with
 * CoTaskMemFree.
 * libvds: for each drive one extent for what LUNs take and one for what is free.
 *
 * Returns S_OK.
 */
static FORCEINLINE HRESULT IVdsStoragePool_QueryDriveExtents(IVdsStoragePool* This,VDS_STORAGE_POOL_DRIVE_EXTENT **ppExtentArray,LONG *plNumberOfExtents) {
    return This->lpVtbl->QueryDriveExtents(This,ppExtentArray,plNumberOfExtents);
}
/*
 * Enumerates the LUNs in the pool.
 *
 * Returns S_OK.
 */
static FORCEINLINE HRESULT IVdsStoragePool_QueryAllocatedLuns(IVdsStoragePool* This,IEnumVdsObject **ppEnum) {
    return This->lpVtbl->QueryAllocatedLuns(This,ppEnum);
}
/*
 * Enumerates the pools within the pool.
 * libvds: none.
 *
 * Returns S_OK.
 */
static FORCEINLINE HRESULT IVdsStoragePool_QueryAllocatedStoragePools(IVdsStoragePool* This,IEnumVdsObject **ppEnum) {
    return This->lpVtbl->QueryAllocatedStoragePools(This,ppEnum);
}
#endif
#endif

#endif

#endif  /* __IVdsStoragePool_INTERFACE_DEFINED__ */

/* What IVdsMaintenance can make a drive, controller or enclosure do. */
typedef enum _VDS_MAINTENANCE_OPERATION {
    BlinkLight = 1,
    BeepAlarm = 2,
    SpinDown = 3,
    SpinUp = 4,
    Ping = 5
} VDS_MAINTENANCE_OPERATION;
/*****************************************************************************
 * IVdsMaintenance interface
 *
 * 
 * Subsystem, controller, drive, LUN; in libvds also a controller port. By provider (optional) and
 * service. VDS 1.0.

 */
#ifndef __IVdsMaintenance_INTERFACE_DEFINED__
#define __IVdsMaintenance_INTERFACE_DEFINED__

DEFINE_GUID(IID_IVdsMaintenance, 0xdaebeef3, 0x8523, 0x47ed, 0xa2,0xb9, 0x05,0xce,0xcc,0xe2,0xa1,0xae);
#if defined(__cplusplus) && !defined(CINTERFACE)
MIDL_INTERFACE("daebeef3-8523-47ed-a2b9-05cecce2a1ae")
IVdsMaintenance : public IUnknown
{
    /*
     * Starts to blink, beep, spin or ping, until StopMaintenance.
     * libvds: a line in the log of vdsd, and a row that every program sees while the operation
     * goes on. SpinDown is VDS_E_NOT_SUPPORTED, and another value than those of the type is
     * E_INVALIDARG, in all three methods.
     *
     * Returns S_OK, VDS_E_NOT_SUPPORTED (the array does not offer this);
     * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED, VDS_E_OBJECT_STATUS_FAILED,
     * VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE StartMaintenance(
        VDS_MAINTENANCE_OPERATION operation) = 0;

    /*
     * Stops a maintenance operation; has no effect on one that does not run.
     *
     * Returns S_OK, S_FALSE (it was not running), VDS_E_NOT_SUPPORTED (the array does not offer
     * this); VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED, VDS_E_OBJECT_STATUS_FAILED,
     * VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE StopMaintenance(
        VDS_MAINTENANCE_OPERATION operation) = 0;

    /*
     * Lets a maintenance operation that runs go on for ulCount more pulses and stop then.
     * libvds: the pulses are one line in the log, and the operation ends at once.
     *
     * Returns S_OK, S_FALSE (it was not running), VDS_E_NOT_SUPPORTED (the array does not offer
     * this); VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED, VDS_E_OBJECT_STATUS_FAILED,
     * VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE PulseMaintenance(
        VDS_MAINTENANCE_OPERATION operation,
        ULONG ulCount) = 0;

};
#ifdef __CRT_UUID_DECL
__CRT_UUID_DECL(IVdsMaintenance, 0xdaebeef3, 0x8523, 0x47ed, 0xa2,0xb9, 0x05,0xce,0xcc,0xe2,0xa1,0xae)
#endif
#else
typedef struct IVdsMaintenanceVtbl {
    BEGIN_INTERFACE

    /*** IUnknown methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryInterface)(
        IVdsMaintenance *This,
        const IID *riid,
        void **ppvObject);

    ULONG (STDMETHODCALLTYPE *AddRef)(
        IVdsMaintenance *This);

    ULONG (STDMETHODCALLTYPE *Release)(
        IVdsMaintenance *This);

    /*** IVdsMaintenance methods ***/
    HRESULT (STDMETHODCALLTYPE *StartMaintenance)(
        IVdsMaintenance *This,
        VDS_MAINTENANCE_OPERATION operation);

    HRESULT (STDMETHODCALLTYPE *StopMaintenance)(
        IVdsMaintenance *This,
        VDS_MAINTENANCE_OPERATION operation);

    HRESULT (STDMETHODCALLTYPE *PulseMaintenance)(
        IVdsMaintenance *This,
        VDS_MAINTENANCE_OPERATION operation,
        ULONG ulCount);

    END_INTERFACE
} IVdsMaintenanceVtbl;

struct IVdsMaintenance {
    CONST_VTBL IVdsMaintenanceVtbl* lpVtbl;
};

#ifdef COBJMACROS
#ifndef WIDL_C_INLINE_WRAPPERS
/*** IUnknown methods ***/
#define IVdsMaintenance_QueryInterface(This,riid,ppvObject) (This)->lpVtbl->QueryInterface(This,riid,ppvObject)
#define IVdsMaintenance_AddRef(This) (This)->lpVtbl->AddRef(This)
#define IVdsMaintenance_Release(This) (This)->lpVtbl->Release(This)
/*** IVdsMaintenance methods ***/
#define IVdsMaintenance_StartMaintenance(This,operation) (This)->lpVtbl->StartMaintenance(This,operation)
#define IVdsMaintenance_StopMaintenance(This,operation) (This)->lpVtbl->StopMaintenance(This,operation)
#define IVdsMaintenance_PulseMaintenance(This,operation,ulCount) (This)->lpVtbl->PulseMaintenance(This,operation,ulCount)
#else
/*** IUnknown methods ***/
static FORCEINLINE HRESULT IVdsMaintenance_QueryInterface(IVdsMaintenance* This,const IID *riid,void **ppvObject) {
    return This->lpVtbl->QueryInterface(This,riid,ppvObject);
}
static FORCEINLINE ULONG IVdsMaintenance_AddRef(IVdsMaintenance* This) {
    return This->lpVtbl->AddRef(This);
}
static FORCEINLINE ULONG IVdsMaintenance_Release(IVdsMaintenance* This) {
    return This->lpVtbl->Release(This);
}
/*** IVdsMaintenance methods ***/
/*
 * Starts to blink, beep, spin or ping, until StopMaintenance.
 * libvds: a line in the log of vdsd, and a row that every program sees while the operation
 * goes on. SpinDown is VDS_E_NOT_SUPPORTED, and another value than those of the type is
 * E_INVALIDARG, in all three methods.
 *
 * Returns S_OK, VDS_E_NOT_SUPPORTED (the array does not offer this);
 * VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED, VDS_E_OBJECT_STATUS_FAILED,
 * VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
 */
static FORCEINLINE HRESULT IVdsMaintenance_StartMaintenance(IVdsMaintenance* This,VDS_MAINTENANCE_OPERATION operation) {
    return This->lpVtbl->StartMaintenance(This,operation);
}
/*
 * Stops a maintenance operation; has no effect on one that does not run.
 *
 * Returns S_OK, S_FALSE (it was not running), VDS_E_NOT_SUPPORTED (the array does not offer
 * this); VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED, VDS_E_OBJECT_STATUS_FAILED,
 * VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
 */
static FORCEINLINE HRESULT IVdsMaintenance_StopMaintenance(IVdsMaintenance* This,VDS_MAINTENANCE_OPERATION operation) {
    return This->lpVtbl->StopMaintenance(This,operation);
}
/*
 * Lets a maintenance operation that runs go on for ulCount more pulses and stop then.
 * libvds: the pulses are one line in the log, and the operation ends at once.
 *
 * Returns S_OK, S_FALSE (it was not running), VDS_E_NOT_SUPPORTED (the array does not offer
 * this); VDS_E_PROVIDER_CACHE_CORRUPT, VDS_E_OBJECT_DELETED, VDS_E_OBJECT_STATUS_FAILED,
 * VDS_E_ANOTHER_CALL_IN_PROGRESS as many methods do.
 */
static FORCEINLINE HRESULT IVdsMaintenance_PulseMaintenance(IVdsMaintenance* This,VDS_MAINTENANCE_OPERATION operation,ULONG ulCount) {
    return This->lpVtbl->PulseMaintenance(This,operation,ulCount);
}
#endif
#endif

#endif

#endif  /* __IVdsMaintenance_INTERFACE_DEFINED__ */

/* The status of a pack (software providers). */
typedef enum _VDS_PACK_STATUS {
    VDS_PS_UNKNOWN = 0,
    VDS_PS_ONLINE = 1,
    VDS_PS_OFFLINE = 4
} VDS_PACK_STATUS;
/* Bits of VDS_PACK_PROP.ulFlags (software providers). */
typedef enum _VDS_PACK_FLAG {
    VDS_PKF_FOREIGN = 0x1,
    VDS_PKF_NOQUORUM = 0x2,
    VDS_PKF_POLICY = 0x4,
    VDS_PKF_CORRUPTED = 0x8,
    VDS_PKF_ONLINE_ERROR = 0x10
} VDS_PACK_FLAG;
/* The status of a disk that the host sees (software providers). */
typedef enum _VDS_DISK_STATUS {
    VDS_DS_UNKNOWN = 0,
    VDS_DS_ONLINE = 1,
    VDS_DS_NOT_READY = 2,
    VDS_DS_NO_MEDIA = 3,
    VDS_DS_FAILED = 5,
    VDS_DS_MISSING = 6,
    VDS_DS_OFFLINE = 4
} VDS_DISK_STATUS;
/* The kind of partition table on a disk. */
typedef enum _VDS_PARTITION_STYLE {
    VDS_PST_UNKNOWN = 0,
    VDS_PST_MBR = 1,
    VDS_PST_GPT = 2
} VDS_PARTITION_STYLE;
/* Bits of VDS_DISK_PROP.ulFlags (software providers). */
typedef enum _VDS_DISK_FLAG {
    VDS_DF_AUDIO_CD = 0x1,
    VDS_DF_HOTSPARE = 0x2,
    VDS_DF_RESERVE_CAPABLE = 0x4,
    VDS_DF_MASKED = 0x8,
    VDS_DF_STYLE_CONVERTIBLE = 0x10,
    VDS_DF_CLUSTERED = 0x20,
    VDS_DF_READ_ONLY = 0x40,
    VDS_DF_SYSTEM_DISK = 0x80,
    VDS_DF_BOOT_DISK = 0x100,
    VDS_DF_PAGEFILE_DISK = 0x200,
    VDS_DF_HIBERNATIONFILE_DISK = 0x400,
    VDS_DF_CRASHDUMP_DISK = 0x800,
    VDS_DF_HAS_ARC_PATH = 0x1000,
    VDS_DF_DYNAMIC = 0x2000,
    VDS_DF_BOOT_FROM_DISK = 0x4000,
    VDS_DF_CURRENT_READ_ONLY = 0x8000,
    VDS_DF_REFS_NOT_SUPPORTED = 0x10000
} VDS_DISK_FLAG;
/* Bits of VDS_PARTITION_PROP.ulFlags (software providers). */
typedef enum _VDS_PARTITION_FLAG {
    VDS_PTF_SYSTEM = 0x1
} VDS_PARTITION_FLAG;
/* How a host shares a disk with other hosts. */
typedef enum _VDS_LUN_RESERVE_MODE {
    VDS_LRM_NONE = 0,
    VDS_LRM_EXCLUSIVE_RW = 1,
    VDS_LRM_EXCLUSIVE_RO = 2,
    VDS_LRM_SHARED_RO = 3,
    VDS_LRM_SHARED_RW = 4
} VDS_LUN_RESERVE_MODE;
/* The status of a volume (software providers). */
typedef enum _VDS_VOLUME_STATUS {
    VDS_VS_UNKNOWN = 0,
    VDS_VS_ONLINE = 1,
    VDS_VS_NO_MEDIA = 3,
    VDS_VS_FAILED = 5,
    VDS_VS_OFFLINE = 4
} VDS_VOLUME_STATUS;
/* The layout of a volume (software providers). */
typedef enum _VDS_VOLUME_TYPE {
    VDS_VT_UNKNOWN = 0,
    VDS_VT_SIMPLE = 10,
    VDS_VT_SPAN = 11,
    VDS_VT_STRIPE = 12,
    VDS_VT_MIRROR = 13,
    VDS_VT_PARITY = 14
} VDS_VOLUME_TYPE;
/* Bits of VDS_VOLUME_PROP.ulFlags (software providers). */
typedef enum _VDS_VOLUME_FLAG {
    VDS_VF_SYSTEM_VOLUME = 0x1,
    VDS_VF_BOOT_VOLUME = 0x2,
    VDS_VF_ACTIVE = 0x4,
    VDS_VF_READONLY = 0x8,
    VDS_VF_HIDDEN = 0x10,
    VDS_VF_CAN_EXTEND = 0x20,
    VDS_VF_CAN_SHRINK = 0x40,
    VDS_VF_PAGEFILE = 0x80,
    VDS_VF_HIBERNATION = 0x100,
    VDS_VF_CRASHDUMP = 0x200,
    VDS_VF_INSTALLABLE = 0x400,
    VDS_VF_LBN_REMAP_ENABLED = 0x800,
    VDS_VF_FORMATTING = 0x1000,
    VDS_VF_NOT_FORMATTABLE = 0x2000,
    VDS_VF_NTFS_NOT_SUPPORTED = 0x4000,
    VDS_VF_FAT32_NOT_SUPPORTED = 0x8000,
    VDS_VF_FAT_NOT_SUPPORTED = 0x10000,
    VDS_VF_NO_DEFAULT_DRIVE_LETTER = 0x20000,
    VDS_VF_PERMANENTLY_DISMOUNTED = 0x40000,
    VDS_VF_PERMANENT_DISMOUNT_SUPPORTED = 0x80000,
    VDS_VF_SHADOW_COPY = 0x100000,
    VDS_VF_FVE_ENABLED = 0x200000,
    VDS_VF_DIRTY = 0x400000,
    VDS_VF_REFS_NOT_SUPPORTED = 0x800000,
    VDS_VF_BACKS_BOOT_VOLUME = 0x1000000,
    VDS_VF_BACKED_BY_WIM_IMAGE = 0x2000000
} VDS_VOLUME_FLAG;
/* The layout of a plex of a volume (software providers). */
typedef enum _VDS_VOLUME_PLEX_TYPE {
    VDS_VPT_UNKNOWN = 0,
    VDS_VPT_SIMPLE = 10,
    VDS_VPT_SPAN = 11,
    VDS_VPT_STRIPE = 12,
    VDS_VPT_PARITY = 14
} VDS_VOLUME_PLEX_TYPE;
/* The status of a plex of a volume (software providers). */
typedef enum _VDS_VOLUME_PLEX_STATUS {
    VDS_VPS_UNKNOWN = 0,
    VDS_VPS_ONLINE = 1,
    VDS_VPS_NO_MEDIA = 3,
    VDS_VPS_FAILED = 5
} VDS_VOLUME_PLEX_STATUS;
/* What an extent of a disk is used for (software providers). */
typedef enum _VDS_DISK_EXTENT_TYPE {
    VDS_DET_UNKNOWN = 0,
    VDS_DET_FREE = 1,
    VDS_DET_DATA = 2,
    VDS_DET_OEM = 3,
    VDS_DET_ESP = 4,
    VDS_DET_MSR = 5,
    VDS_DET_LDM = 6,
    VDS_DET_CLUSTER = 7,
    VDS_DET_UNUSABLE = 32767
} VDS_DISK_EXTENT_TYPE;
/* Why the host has taken a disk offline. */
typedef enum _VDS_DISK_OFFLINE_REASON {
    VDSDiskOfflineReasonNone = 0,
    VDSDiskOfflineReasonPolicy = 1,
    VDSDiskOfflineReasonRedundantPath = 2,
    VDSDiskOfflineReasonSnapshot = 3,
    VDSDiskOfflineReasonCollision = 4,
    VDSDiskOfflineReasonResourceExhaustion = 5,
    VDSDiskOfflineReasonWriteFailure = 6,
    VDSDiskOfflineReasonDIScan = 7,
    VDSDiskOfflineReasonLostDataPersistence = 8
} VDS_DISK_OFFLINE_REASON;
/* The kind of partition table on a disk, with the values of the Windows kernel. */
typedef enum tag_VDS_PARTITION_STYLE {
    VDS_PARTITION_STYLE_MBR = 0,
    VDS_PARTITION_STYLE_GPT = 1,
    VDS_PARTITION_STYLE_RAW = 2
} __VDS_PARTITION_STYLE;
#define GPT_PARTITION_NAME_LENGTH (36)

/* Properties of a pack (software providers). */
typedef struct _VDS_PACK_PROP {
    VDS_OBJECT_ID id;
    LPWSTR pwszName;
    VDS_PACK_STATUS status;
    ULONG ulFlags;
} VDS_PACK_PROP;
/* Properties of a disk that the host sees (software providers). Sizes are in bytes. */
typedef struct _VDS_DISK_PROP {
    VDS_OBJECT_ID id;
    VDS_DISK_STATUS status;
    VDS_LUN_RESERVE_MODE ReserveMode;
    VDS_HEALTH health;
    DWORD dwDeviceType;
    DWORD dwMediaType;
    ULONGLONG ullSize;
    ULONG ulBytesPerSector;
    ULONG ulSectorsPerTrack;
    ULONG ulTracksPerCylinder;
    ULONG ulFlags;
    VDS_STORAGE_BUS_TYPE BusType;
    VDS_PARTITION_STYLE PartitionStyle;
    union {
        DWORD dwSignature;
        GUID DiskGuid;
    };
    LPWSTR pwszDiskAddress;
    LPWSTR pwszName;
    LPWSTR pwszFriendlyName;
    LPWSTR pwszAdaptorName;
    LPWSTR pwszDevicePath;
} VDS_DISK_PROP;
/* Properties of a disk since VDS 3.0 (software providers). Sizes are in bytes. */
typedef struct _VDS_DISK_PROP2 {
    VDS_OBJECT_ID id;
    VDS_DISK_STATUS status;
    VDS_DISK_OFFLINE_REASON OfflineReason;
    VDS_LUN_RESERVE_MODE ReserveMode;
    VDS_HEALTH health;
    DWORD dwDeviceType;
    DWORD dwMediaType;
    ULONGLONG ullSize;
    ULONG ulBytesPerSector;
    ULONG ulSectorsPerTrack;
    ULONG ulTracksPerCylinder;
    ULONG ulFlags;
    VDS_STORAGE_BUS_TYPE BusType;
    VDS_PARTITION_STYLE PartitionStyle;
    union {
        DWORD dwSignature;
        GUID DiskGuid;
    };
    LPWSTR pwszDiskAddress;
    LPWSTR pwszName;
    LPWSTR pwszFriendlyName;
    LPWSTR pwszAdaptorName;
    LPWSTR pwszDevicePath;
    LPWSTR pwszLocationPath;
} VDS_DISK_PROP2;
/* Properties of a disk as IVdsAdvancedDisk3 returns them. Sizes are in bytes. */
typedef struct _VDS_ADVANCEDDISK_PROP {
    LPWSTR pwszId;
    LPWSTR pwszPathname;
    LPWSTR pwszLocation;
    LPWSTR pwszFriendlyName;
    LPWSTR pswzIdentifier;
    USHORT usIdentifierFormat;
    ULONG ulNumber;
    LPWSTR pwszSerialNumber;
    LPWSTR pwszFirmwareVersion;
    LPWSTR pwszManufacturer;
    LPWSTR pwszModel;
    ULONGLONG ullTotalSize;
    ULONGLONG ullAllocatedSize;
    ULONG ulLogicalSectorSize;
    ULONG ulPhysicalSectorSize;
    ULONG ulPartitionCount;
    VDS_DISK_STATUS status;
    VDS_HEALTH health;
    VDS_STORAGE_BUS_TYPE BusType;
    VDS_PARTITION_STYLE PartitionStyle;
    union {
        DWORD dwSignature;
        GUID DiskGuid;
    };
    ULONG ulFlags;
    DWORD dwDeviceType;
} VDS_ADVANCEDDISK_PROP;
/* Properties of a volume (software providers). The size is in bytes. */
typedef struct _VDS_VOLUME_PROP {
    VDS_OBJECT_ID id;
    VDS_VOLUME_TYPE type;
    VDS_VOLUME_STATUS status;
    VDS_HEALTH health;
    VDS_TRANSITION_STATE TransitionState;
    ULONGLONG ullSize;
    ULONG ulFlags;
    VDS_FILE_SYSTEM_TYPE RecommendedFileSystemType;
    LPWSTR pwszName;
} VDS_VOLUME_PROP;
/* Properties of a volume since VDS 3.0 (software providers). The size is in bytes. */
typedef struct _VDS_VOLUME_PROP2 {
    VDS_OBJECT_ID id;
    VDS_VOLUME_TYPE type;
    VDS_VOLUME_STATUS status;
    VDS_HEALTH health;
    VDS_TRANSITION_STATE TransitionState;
    ULONGLONG ullSize;
    ULONG ulFlags;
    VDS_FILE_SYSTEM_TYPE RecommendedFileSystemType;
    ULONG cbUniqueId;
    LPWSTR pwszName;
    BYTE *pUniqueId;
} VDS_VOLUME_PROP2;
/* Properties of a plex of a volume (software providers). Sizes are in bytes. */
typedef struct _VDS_VOLUME_PLEX_PROP {
    VDS_OBJECT_ID id;
    VDS_VOLUME_PLEX_TYPE type;
    VDS_VOLUME_PLEX_STATUS status;
    VDS_HEALTH health;
    VDS_TRANSITION_STATE TransitionState;
    ULONGLONG ullSize;
    ULONG ulStripeSize;
    ULONG ulNumberOfMembers;
} VDS_VOLUME_PLEX_PROP;
/* A part of a disk (software providers). Offset and size are in bytes. */
typedef struct _VDS_DISK_EXTENT {
    VDS_OBJECT_ID diskId;
    VDS_DISK_EXTENT_TYPE type;
    ULONGLONG ullOffset;
    ULONGLONG ullSize;
    VDS_OBJECT_ID volumeId;
    VDS_OBJECT_ID plexId;
    ULONG memberIdx;
} VDS_DISK_EXTENT;
/* A free part of a disk (software providers). Offset and size are in bytes. */
typedef struct _VDS_DISK_FREE_EXTENT {
    VDS_OBJECT_ID diskId;
    ULONGLONG ullOffset;
    ULONGLONG ullSize;
} VDS_DISK_FREE_EXTENT;
/* A disk and how much of it an operation on a volume may use, in bytes. */
typedef struct _VDS_INPUT_DISK {
    VDS_OBJECT_ID diskId;
    ULONGLONG ullSize;
    VDS_OBJECT_ID plexId;
    ULONG memberIdx;
} VDS_INPUT_DISK;
/* What the GPT says about a partition. */
typedef struct _VDS_PARTITION_INFO_GPT {
    GUID partitionType;
    GUID partitionId;
    ULONGLONG attributes;
    WCHAR name[36];
} VDS_PARTITION_INFO_GPT;
/* What the MBR says about a partition. */
typedef struct _VDS_PARTITION_INFO_MBR {
    BYTE partitionType;
    BOOLEAN bootIndicator;
    BOOLEAN recognizedPartition;
    DWORD hiddenSectors;
} VDS_PARTITION_INFO_MBR;
/* Properties of a partition. Offset and size are in bytes. */
typedef struct _VDS_PARTITION_PROP {
    VDS_PARTITION_STYLE PartitionStyle;
    ULONG ulFlags;
    ULONG ulPartitionNumber;
    ULONGLONG ullOffset;
    ULONGLONG ullSize;
    union {
        VDS_PARTITION_INFO_MBR Mbr;
        VDS_PARTITION_INFO_GPT Gpt;
    };
} VDS_PARTITION_PROP;
/* A partition as the Windows kernel describes it. Offset and length are in bytes. */
typedef struct _VDS_PARTITION_INFORMATION_EX {
    __VDS_PARTITION_STYLE dwPartitionStyle;
    ULONGLONG ullStartingOffset;
    ULONGLONG ullPartitionLength;
    DWORD dwPartitionNumber;
    BOOLEAN bRewritePartition;
    union {
        VDS_PARTITION_INFO_MBR Mbr;
        VDS_PARTITION_INFO_GPT Gpt;
    };
} VDS_PARTITION_INFORMATION_EX;
/* How an MBR partition is to be created. */
typedef struct _CREATE_PARTITION_PARAMETERS_MBR {
    BYTE partitionType;
    BOOLEAN bootIndicator;
} CREATE_PARTITION_PARAMETERS_MBR;
/* How a GPT partition is to be created. */
typedef struct _CREATE_PARTITION_PARAMETERS_GPT {
    GUID partitionType;
    GUID partitionId;
    ULONGLONG attributes;
    WCHAR name[36];
} CREATE_PARTITION_PARAMETERS_GPT;
/* How a partition is to be created; style selects the member of the union. */
typedef struct _CREATE_PARTITION_PARAMETERS {
    VDS_PARTITION_STYLE style;
    union {
        CREATE_PARTITION_PARAMETERS_MBR MbrPartInfo;
        CREATE_PARTITION_PARAMETERS_GPT GptPartInfo;
    };
} CREATE_PARTITION_PARAMETERS;
/* New attributes of an MBR partition. */
typedef struct _CHANGE_ATTRIBUTES_PARAMETERS_MBR {
    BOOLEAN bootIndicator;
} CHANGE_ATTRIBUTES_PARAMETERS_MBR;
/* New attributes of a GPT partition. */
typedef struct _CHANGE_ATTRIBUTES_PARAMETERS_GPT {
    ULONGLONG attributes;
} CHANGE_ATTRIBUTES_PARAMETERS_GPT;
/* New attributes of a partition; style selects the member of the union. */
typedef struct _CHANGE_ATTRIBUTES_PARAMETERS {
    VDS_PARTITION_STYLE style;
    union {
        CHANGE_ATTRIBUTES_PARAMETERS_MBR MbrPartInfo;
        CHANGE_ATTRIBUTES_PARAMETERS_GPT GptPartInfo;
    };
} CHANGE_ATTRIBUTES_PARAMETERS;
/* The new type of an MBR partition. */
typedef struct _CHANGE_PARTITION_TYPE_PARAMETERS_MBR {
    BYTE partitionType;
} CHANGE_PARTITION_TYPE_PARAMETERS_MBR;
/* The new type of a GPT partition. */
typedef struct _CHANGE_PARTITION_TYPE_PARAMETERS_GPT {
    GUID partitionType;
} CHANGE_PARTITION_TYPE_PARAMETERS_GPT;
/* The new type of a partition; style selects the member of the union. */
typedef struct _CHANGE_PARTITION_TYPE_PARAMETERS {
    VDS_PARTITION_STYLE style;
    union {
        CHANGE_PARTITION_TYPE_PARAMETERS_MBR MbrPartInfo;
        CHANGE_PARTITION_TYPE_PARAMETERS_GPT GptPartInfo;
    };
} CHANGE_PARTITION_TYPE_PARAMETERS;
/*****************************************************************************
 * IVdsSwProvider interface
 *
 * Software provider. By software provider/service. VDS 1.0.
 */
#ifndef __IVdsSwProvider_INTERFACE_DEFINED__
#define __IVdsSwProvider_INTERFACE_DEFINED__

DEFINE_GUID(IID_IVdsSwProvider, 0x9aa58360, 0xce33, 0x4f92, 0xb6,0x58, 0xed,0x24,0xb1,0x44,0x25,0xb8);
#if defined(__cplusplus) && !defined(CINTERFACE)
MIDL_INTERFACE("9aa58360-ce33-4f92-b658-ed24b14425b8")
IVdsSwProvider : public IUnknown
{
    virtual HRESULT STDMETHODCALLTYPE QueryPacks(
        IEnumVdsObject **ppEnum) = 0;

    virtual HRESULT STDMETHODCALLTYPE CreatePack(
        IVdsPack **ppPack) = 0;

};
#ifdef __CRT_UUID_DECL
__CRT_UUID_DECL(IVdsSwProvider, 0x9aa58360, 0xce33, 0x4f92, 0xb6,0x58, 0xed,0x24,0xb1,0x44,0x25,0xb8)
#endif
#else
typedef struct IVdsSwProviderVtbl {
    BEGIN_INTERFACE

    /*** IUnknown methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryInterface)(
        IVdsSwProvider *This,
        const IID *riid,
        void **ppvObject);

    ULONG (STDMETHODCALLTYPE *AddRef)(
        IVdsSwProvider *This);

    ULONG (STDMETHODCALLTYPE *Release)(
        IVdsSwProvider *This);

    /*** IVdsSwProvider methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryPacks)(
        IVdsSwProvider *This,
        IEnumVdsObject **ppEnum);

    HRESULT (STDMETHODCALLTYPE *CreatePack)(
        IVdsSwProvider *This,
        IVdsPack **ppPack);

    END_INTERFACE
} IVdsSwProviderVtbl;

struct IVdsSwProvider {
    CONST_VTBL IVdsSwProviderVtbl* lpVtbl;
};

#ifdef COBJMACROS
#ifndef WIDL_C_INLINE_WRAPPERS
/*** IUnknown methods ***/
#define IVdsSwProvider_QueryInterface(This,riid,ppvObject) (This)->lpVtbl->QueryInterface(This,riid,ppvObject)
#define IVdsSwProvider_AddRef(This) (This)->lpVtbl->AddRef(This)
#define IVdsSwProvider_Release(This) (This)->lpVtbl->Release(This)
/*** IVdsSwProvider methods ***/
#define IVdsSwProvider_QueryPacks(This,ppEnum) (This)->lpVtbl->QueryPacks(This,ppEnum)
#define IVdsSwProvider_CreatePack(This,ppPack) (This)->lpVtbl->CreatePack(This,ppPack)
#else
/*** IUnknown methods ***/
static FORCEINLINE HRESULT IVdsSwProvider_QueryInterface(IVdsSwProvider* This,const IID *riid,void **ppvObject) {
    return This->lpVtbl->QueryInterface(This,riid,ppvObject);
}
static FORCEINLINE ULONG IVdsSwProvider_AddRef(IVdsSwProvider* This) {
    return This->lpVtbl->AddRef(This);
}
static FORCEINLINE ULONG IVdsSwProvider_Release(IVdsSwProvider* This) {
    return This->lpVtbl->Release(This);
}
/*** IVdsSwProvider methods ***/
static FORCEINLINE HRESULT IVdsSwProvider_QueryPacks(IVdsSwProvider* This,IEnumVdsObject **ppEnum) {
    return This->lpVtbl->QueryPacks(This,ppEnum);
}
static FORCEINLINE HRESULT IVdsSwProvider_CreatePack(IVdsSwProvider* This,IVdsPack **ppPack) {
    return This->lpVtbl->CreatePack(This,ppPack);
}
#endif
#endif

#endif

#endif  /* __IVdsSwProvider_INTERFACE_DEFINED__ */

/*****************************************************************************
 * IVdsPack interface
 *
 * Pack. By software provider/service. VDS 1.0.
 */
#ifndef __IVdsPack_INTERFACE_DEFINED__
#define __IVdsPack_INTERFACE_DEFINED__

DEFINE_GUID(IID_IVdsPack, 0x3b69d7f5, 0x9d94, 0x4648, 0x91,0xca, 0x79,0x93,0x9b,0xa2,0x63,0xbf);
#if defined(__cplusplus) && !defined(CINTERFACE)
MIDL_INTERFACE("3b69d7f5-9d94-4648-91ca-79939ba263bf")
IVdsPack : public IUnknown
{
    virtual HRESULT STDMETHODCALLTYPE GetProperties(
        VDS_PACK_PROP *pPackProp) = 0;

    virtual HRESULT STDMETHODCALLTYPE GetProvider(
        IVdsProvider **ppProvider) = 0;

    virtual HRESULT STDMETHODCALLTYPE QueryVolumes(
        IEnumVdsObject **ppEnum) = 0;

    virtual HRESULT STDMETHODCALLTYPE QueryDisks(
        IEnumVdsObject **ppEnum) = 0;

    virtual HRESULT STDMETHODCALLTYPE CreateVolume(
        VDS_VOLUME_TYPE type,
        VDS_INPUT_DISK *pInputDiskArray,
        LONG lNumberOfDisks,
        ULONG ulStripeSize,
        IVdsAsync **ppAsync) = 0;

    virtual HRESULT STDMETHODCALLTYPE AddDisk(
        VDS_OBJECT_ID DiskId,
        VDS_PARTITION_STYLE PartitionStyle,
        BOOL bAsHotSpare) = 0;

    virtual HRESULT STDMETHODCALLTYPE MigrateDisks(
        VDS_OBJECT_ID *pDiskArray,
        LONG lNumberOfDisks,
        VDS_OBJECT_ID TargetPack,
        BOOL bForce,
        BOOL bQueryOnly,
        HRESULT *pResults,
        BOOL *pbRebootNeeded) = 0;

    virtual HRESULT STDMETHODCALLTYPE ReplaceDisk(
        VDS_OBJECT_ID OldDiskId,
        VDS_OBJECT_ID NewDiskId,
        IVdsAsync **ppAsync) = 0;

    virtual HRESULT STDMETHODCALLTYPE RemoveMissingDisk(
        VDS_OBJECT_ID DiskId) = 0;

    virtual HRESULT STDMETHODCALLTYPE Recover(
        IVdsAsync **ppAsync) = 0;

};
#ifdef __CRT_UUID_DECL
__CRT_UUID_DECL(IVdsPack, 0x3b69d7f5, 0x9d94, 0x4648, 0x91,0xca, 0x79,0x93,0x9b,0xa2,0x63,0xbf)
#endif
#else
typedef struct IVdsPackVtbl {
    BEGIN_INTERFACE

    /*** IUnknown methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryInterface)(
        IVdsPack *This,
        const IID *riid,
        void **ppvObject);

    ULONG (STDMETHODCALLTYPE *AddRef)(
        IVdsPack *This);

    ULONG (STDMETHODCALLTYPE *Release)(
        IVdsPack *This);

    /*** IVdsPack methods ***/
    HRESULT (STDMETHODCALLTYPE *GetProperties)(
        IVdsPack *This,
        VDS_PACK_PROP *pPackProp);

    HRESULT (STDMETHODCALLTYPE *GetProvider)(
        IVdsPack *This,
        IVdsProvider **ppProvider);

    HRESULT (STDMETHODCALLTYPE *QueryVolumes)(
        IVdsPack *This,
        IEnumVdsObject **ppEnum);

    HRESULT (STDMETHODCALLTYPE *QueryDisks)(
        IVdsPack *This,
        IEnumVdsObject **ppEnum);

    HRESULT (STDMETHODCALLTYPE *CreateVolume)(
        IVdsPack *This,
        VDS_VOLUME_TYPE type,
        VDS_INPUT_DISK *pInputDiskArray,
        LONG lNumberOfDisks,
        ULONG ulStripeSize,
        IVdsAsync **ppAsync);

    HRESULT (STDMETHODCALLTYPE *AddDisk)(
        IVdsPack *This,
        VDS_OBJECT_ID DiskId,
        VDS_PARTITION_STYLE PartitionStyle,
        BOOL bAsHotSpare);

    HRESULT (STDMETHODCALLTYPE *MigrateDisks)(
        IVdsPack *This,
        VDS_OBJECT_ID *pDiskArray,
        LONG lNumberOfDisks,
        VDS_OBJECT_ID TargetPack,
        BOOL bForce,
        BOOL bQueryOnly,
        HRESULT *pResults,
        BOOL *pbRebootNeeded);

    HRESULT (STDMETHODCALLTYPE *ReplaceDisk)(
        IVdsPack *This,
        VDS_OBJECT_ID OldDiskId,
        VDS_OBJECT_ID NewDiskId,
        IVdsAsync **ppAsync);

    HRESULT (STDMETHODCALLTYPE *RemoveMissingDisk)(
        IVdsPack *This,
        VDS_OBJECT_ID DiskId);

    HRESULT (STDMETHODCALLTYPE *Recover)(
        IVdsPack *This,
        IVdsAsync **ppAsync);

    END_INTERFACE
} IVdsPackVtbl;

struct IVdsPack {
    CONST_VTBL IVdsPackVtbl* lpVtbl;
};

#ifdef COBJMACROS
#ifndef WIDL_C_INLINE_WRAPPERS
/*** IUnknown methods ***/
#define IVdsPack_QueryInterface(This,riid,ppvObject) (This)->lpVtbl->QueryInterface(This,riid,ppvObject)
#define IVdsPack_AddRef(This) (This)->lpVtbl->AddRef(This)
#define IVdsPack_Release(This) (This)->lpVtbl->Release(This)
/*** IVdsPack methods ***/
#define IVdsPack_GetProperties(This,pPackProp) (This)->lpVtbl->GetProperties(This,pPackProp)
#define IVdsPack_GetProvider(This,ppProvider) (This)->lpVtbl->GetProvider(This,ppProvider)
#define IVdsPack_QueryVolumes(This,ppEnum) (This)->lpVtbl->QueryVolumes(This,ppEnum)
#define IVdsPack_QueryDisks(This,ppEnum) (This)->lpVtbl->QueryDisks(This,ppEnum)
#define IVdsPack_CreateVolume(This,type,pInputDiskArray,lNumberOfDisks,ulStripeSize,ppAsync) (This)->lpVtbl->CreateVolume(This,type,pInputDiskArray,lNumberOfDisks,ulStripeSize,ppAsync)
#define IVdsPack_AddDisk(This,DiskId,PartitionStyle,bAsHotSpare) (This)->lpVtbl->AddDisk(This,DiskId,PartitionStyle,bAsHotSpare)
#define IVdsPack_MigrateDisks(This,pDiskArray,lNumberOfDisks,TargetPack,bForce,bQueryOnly,pResults,pbRebootNeeded) (This)->lpVtbl->MigrateDisks(This,pDiskArray,lNumberOfDisks,TargetPack,bForce,bQueryOnly,pResults,pbRebootNeeded)
#define IVdsPack_ReplaceDisk(This,OldDiskId,NewDiskId,ppAsync) (This)->lpVtbl->ReplaceDisk(This,OldDiskId,NewDiskId,ppAsync)
#define IVdsPack_RemoveMissingDisk(This,DiskId) (This)->lpVtbl->RemoveMissingDisk(This,DiskId)
#define IVdsPack_Recover(This,ppAsync) (This)->lpVtbl->Recover(This,ppAsync)
#else
/*** IUnknown methods ***/
static FORCEINLINE HRESULT IVdsPack_QueryInterface(IVdsPack* This,const IID *riid,void **ppvObject) {
    return This->lpVtbl->QueryInterface(This,riid,ppvObject);
}
static FORCEINLINE ULONG IVdsPack_AddRef(IVdsPack* This) {
    return This->lpVtbl->AddRef(This);
}
static FORCEINLINE ULONG IVdsPack_Release(IVdsPack* This) {
    return This->lpVtbl->Release(This);
}
/*** IVdsPack methods ***/
static FORCEINLINE HRESULT IVdsPack_GetProperties(IVdsPack* This,VDS_PACK_PROP *pPackProp) {
    return This->lpVtbl->GetProperties(This,pPackProp);
}
static FORCEINLINE HRESULT IVdsPack_GetProvider(IVdsPack* This,IVdsProvider **ppProvider) {
    return This->lpVtbl->GetProvider(This,ppProvider);
}
static FORCEINLINE HRESULT IVdsPack_QueryVolumes(IVdsPack* This,IEnumVdsObject **ppEnum) {
    return This->lpVtbl->QueryVolumes(This,ppEnum);
}
static FORCEINLINE HRESULT IVdsPack_QueryDisks(IVdsPack* This,IEnumVdsObject **ppEnum) {
    return This->lpVtbl->QueryDisks(This,ppEnum);
}
static FORCEINLINE HRESULT IVdsPack_CreateVolume(IVdsPack* This,VDS_VOLUME_TYPE type,VDS_INPUT_DISK *pInputDiskArray,LONG lNumberOfDisks,ULONG ulStripeSize,IVdsAsync **ppAsync) {
    return This->lpVtbl->CreateVolume(This,type,pInputDiskArray,lNumberOfDisks,ulStripeSize,ppAsync);
}
static FORCEINLINE HRESULT IVdsPack_AddDisk(IVdsPack* This,VDS_OBJECT_ID DiskId,VDS_PARTITION_STYLE PartitionStyle,BOOL bAsHotSpare) {
    return This->lpVtbl->AddDisk(This,DiskId,PartitionStyle,bAsHotSpare);
}
static FORCEINLINE HRESULT IVdsPack_MigrateDisks(IVdsPack* This,VDS_OBJECT_ID *pDiskArray,LONG lNumberOfDisks,VDS_OBJECT_ID TargetPack,BOOL bForce,BOOL bQueryOnly,HRESULT *pResults,BOOL *pbRebootNeeded) {
    return This->lpVtbl->MigrateDisks(This,pDiskArray,lNumberOfDisks,TargetPack,bForce,bQueryOnly,pResults,pbRebootNeeded);
}
static FORCEINLINE HRESULT IVdsPack_ReplaceDisk(IVdsPack* This,VDS_OBJECT_ID OldDiskId,VDS_OBJECT_ID NewDiskId,IVdsAsync **ppAsync) {
    return This->lpVtbl->ReplaceDisk(This,OldDiskId,NewDiskId,ppAsync);
}
static FORCEINLINE HRESULT IVdsPack_RemoveMissingDisk(IVdsPack* This,VDS_OBJECT_ID DiskId) {
    return This->lpVtbl->RemoveMissingDisk(This,DiskId);
}
static FORCEINLINE HRESULT IVdsPack_Recover(IVdsPack* This,IVdsAsync **ppAsync) {
    return This->lpVtbl->Recover(This,ppAsync);
}
#endif
#endif

#endif

#endif  /* __IVdsPack_INTERFACE_DEFINED__ */

/*****************************************************************************
 * IVdsPack2 interface
 *
 * Pack. By software provider/service. VDS 2.0/2.1.
 */
#ifndef __IVdsPack2_INTERFACE_DEFINED__
#define __IVdsPack2_INTERFACE_DEFINED__

DEFINE_GUID(IID_IVdsPack2, 0x13b50bff, 0x290a, 0x47dd, 0x85,0x58, 0xb7,0xc5,0x8d,0xb1,0xa7,0x1a);
#if defined(__cplusplus) && !defined(CINTERFACE)
MIDL_INTERFACE("13b50bff-290a-47dd-8558-b7c58db1a71a")
IVdsPack2 : public IUnknown
{
    virtual HRESULT STDMETHODCALLTYPE CreateVolume2(
        VDS_VOLUME_TYPE type,
        VDS_INPUT_DISK *pInputDiskArray,
        LONG lNumberOfDisks,
        ULONG ulStripeSize,
        ULONG ulAlign,
        IVdsAsync **ppAsync) = 0;

};
#ifdef __CRT_UUID_DECL
__CRT_UUID_DECL(IVdsPack2, 0x13b50bff, 0x290a, 0x47dd, 0x85,0x58, 0xb7,0xc5,0x8d,0xb1,0xa7,0x1a)
#endif
#else
typedef struct IVdsPack2Vtbl {
    BEGIN_INTERFACE

    /*** IUnknown methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryInterface)(
        IVdsPack2 *This,
        const IID *riid,
        void **ppvObject);

    ULONG (STDMETHODCALLTYPE *AddRef)(
        IVdsPack2 *This);

    ULONG (STDMETHODCALLTYPE *Release)(
        IVdsPack2 *This);

    /*** IVdsPack2 methods ***/
    HRESULT (STDMETHODCALLTYPE *CreateVolume2)(
        IVdsPack2 *This,
        VDS_VOLUME_TYPE type,
        VDS_INPUT_DISK *pInputDiskArray,
        LONG lNumberOfDisks,
        ULONG ulStripeSize,
        ULONG ulAlign,
        IVdsAsync **ppAsync);

    END_INTERFACE
} IVdsPack2Vtbl;

struct IVdsPack2 {
    CONST_VTBL IVdsPack2Vtbl* lpVtbl;
};

#ifdef COBJMACROS
#ifndef WIDL_C_INLINE_WRAPPERS
/*** IUnknown methods ***/
#define IVdsPack2_QueryInterface(This,riid,ppvObject) (This)->lpVtbl->QueryInterface(This,riid,ppvObject)
#define IVdsPack2_AddRef(This) (This)->lpVtbl->AddRef(This)
#define IVdsPack2_Release(This) (This)->lpVtbl->Release(This)
/*** IVdsPack2 methods ***/
#define IVdsPack2_CreateVolume2(This,type,pInputDiskArray,lNumberOfDisks,ulStripeSize,ulAlign,ppAsync) (This)->lpVtbl->CreateVolume2(This,type,pInputDiskArray,lNumberOfDisks,ulStripeSize,ulAlign,ppAsync)
#else
/*** IUnknown methods ***/
static FORCEINLINE HRESULT IVdsPack2_QueryInterface(IVdsPack2* This,const IID *riid,void **ppvObject) {
    return This->lpVtbl->QueryInterface(This,riid,ppvObject);
}
static FORCEINLINE ULONG IVdsPack2_AddRef(IVdsPack2* This) {
    return This->lpVtbl->AddRef(This);
}
static FORCEINLINE ULONG IVdsPack2_Release(IVdsPack2* This) {
    return This->lpVtbl->Release(This);
}
/*** IVdsPack2 methods ***/
static FORCEINLINE HRESULT IVdsPack2_CreateVolume2(IVdsPack2* This,VDS_VOLUME_TYPE type,VDS_INPUT_DISK *pInputDiskArray,LONG lNumberOfDisks,ULONG ulStripeSize,ULONG ulAlign,IVdsAsync **ppAsync) {
    return This->lpVtbl->CreateVolume2(This,type,pInputDiskArray,lNumberOfDisks,ulStripeSize,ulAlign,ppAsync);
}
#endif
#endif

#endif

#endif  /* __IVdsPack2_INTERFACE_DEFINED__ */

/*****************************************************************************
 * IVdsDisk interface
 *
 * Disk. By software provider/service. VDS 1.0.
 */
#ifndef __IVdsDisk_INTERFACE_DEFINED__
#define __IVdsDisk_INTERFACE_DEFINED__

DEFINE_GUID(IID_IVdsDisk, 0x07e5c822, 0xf00c, 0x47a1, 0x8f,0xce, 0xb2,0x44,0xda,0x56,0xfd,0x06);
#if defined(__cplusplus) && !defined(CINTERFACE)
MIDL_INTERFACE("07e5c822-f00c-47a1-8fce-b244da56fd06")
IVdsDisk : public IUnknown
{
    virtual HRESULT STDMETHODCALLTYPE GetProperties(
        VDS_DISK_PROP *pDiskProperties) = 0;

    virtual HRESULT STDMETHODCALLTYPE GetPack(
        IVdsPack **ppPack) = 0;

    virtual HRESULT STDMETHODCALLTYPE GetIdentificationData(
        VDS_LUN_INFORMATION *pLunInfo) = 0;

    virtual HRESULT STDMETHODCALLTYPE QueryExtents(
        VDS_DISK_EXTENT **ppExtentArray,
        LONG *plNumberOfExtents) = 0;

    virtual HRESULT STDMETHODCALLTYPE ConvertStyle(
        VDS_PARTITION_STYLE NewStyle) = 0;

    virtual HRESULT STDMETHODCALLTYPE SetFlags(
        ULONG ulFlags) = 0;

    virtual HRESULT STDMETHODCALLTYPE ClearFlags(
        ULONG ulFlags) = 0;

};
#ifdef __CRT_UUID_DECL
__CRT_UUID_DECL(IVdsDisk, 0x07e5c822, 0xf00c, 0x47a1, 0x8f,0xce, 0xb2,0x44,0xda,0x56,0xfd,0x06)
#endif
#else
typedef struct IVdsDiskVtbl {
    BEGIN_INTERFACE

    /*** IUnknown methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryInterface)(
        IVdsDisk *This,
        const IID *riid,
        void **ppvObject);

    ULONG (STDMETHODCALLTYPE *AddRef)(
        IVdsDisk *This);

    ULONG (STDMETHODCALLTYPE *Release)(
        IVdsDisk *This);

    /*** IVdsDisk methods ***/
    HRESULT (STDMETHODCALLTYPE *GetProperties)(
        IVdsDisk *This,
        VDS_DISK_PROP *pDiskProperties);

    HRESULT (STDMETHODCALLTYPE *GetPack)(
        IVdsDisk *This,
        IVdsPack **ppPack);

    HRESULT (STDMETHODCALLTYPE *GetIdentificationData)(
        IVdsDisk *This,
        VDS_LUN_INFORMATION *pLunInfo);

    HRESULT (STDMETHODCALLTYPE *QueryExtents)(
        IVdsDisk *This,
        VDS_DISK_EXTENT **ppExtentArray,
        LONG *plNumberOfExtents);

    HRESULT (STDMETHODCALLTYPE *ConvertStyle)(
        IVdsDisk *This,
        VDS_PARTITION_STYLE NewStyle);

    HRESULT (STDMETHODCALLTYPE *SetFlags)(
        IVdsDisk *This,
        ULONG ulFlags);

    HRESULT (STDMETHODCALLTYPE *ClearFlags)(
        IVdsDisk *This,
        ULONG ulFlags);

    END_INTERFACE
} IVdsDiskVtbl;

struct IVdsDisk {
    CONST_VTBL IVdsDiskVtbl* lpVtbl;
};

#ifdef COBJMACROS
#ifndef WIDL_C_INLINE_WRAPPERS
/*** IUnknown methods ***/
#define IVdsDisk_QueryInterface(This,riid,ppvObject) (This)->lpVtbl->QueryInterface(This,riid,ppvObject)
#define IVdsDisk_AddRef(This) (This)->lpVtbl->AddRef(This)
#define IVdsDisk_Release(This) (This)->lpVtbl->Release(This)
/*** IVdsDisk methods ***/
#define IVdsDisk_GetProperties(This,pDiskProperties) (This)->lpVtbl->GetProperties(This,pDiskProperties)
#define IVdsDisk_GetPack(This,ppPack) (This)->lpVtbl->GetPack(This,ppPack)
#define IVdsDisk_GetIdentificationData(This,pLunInfo) (This)->lpVtbl->GetIdentificationData(This,pLunInfo)
#define IVdsDisk_QueryExtents(This,ppExtentArray,plNumberOfExtents) (This)->lpVtbl->QueryExtents(This,ppExtentArray,plNumberOfExtents)
#define IVdsDisk_ConvertStyle(This,NewStyle) (This)->lpVtbl->ConvertStyle(This,NewStyle)
#define IVdsDisk_SetFlags(This,ulFlags) (This)->lpVtbl->SetFlags(This,ulFlags)
#define IVdsDisk_ClearFlags(This,ulFlags) (This)->lpVtbl->ClearFlags(This,ulFlags)
#else
/*** IUnknown methods ***/
static FORCEINLINE HRESULT IVdsDisk_QueryInterface(IVdsDisk* This,const IID *riid,void **ppvObject) {
    return This->lpVtbl->QueryInterface(This,riid,ppvObject);
}
static FORCEINLINE ULONG IVdsDisk_AddRef(IVdsDisk* This) {
    return This->lpVtbl->AddRef(This);
}
static FORCEINLINE ULONG IVdsDisk_Release(IVdsDisk* This) {
    return This->lpVtbl->Release(This);
}
/*** IVdsDisk methods ***/
static FORCEINLINE HRESULT IVdsDisk_GetProperties(IVdsDisk* This,VDS_DISK_PROP *pDiskProperties) {
    return This->lpVtbl->GetProperties(This,pDiskProperties);
}
static FORCEINLINE HRESULT IVdsDisk_GetPack(IVdsDisk* This,IVdsPack **ppPack) {
    return This->lpVtbl->GetPack(This,ppPack);
}
static FORCEINLINE HRESULT IVdsDisk_GetIdentificationData(IVdsDisk* This,VDS_LUN_INFORMATION *pLunInfo) {
    return This->lpVtbl->GetIdentificationData(This,pLunInfo);
}
static FORCEINLINE HRESULT IVdsDisk_QueryExtents(IVdsDisk* This,VDS_DISK_EXTENT **ppExtentArray,LONG *plNumberOfExtents) {
    return This->lpVtbl->QueryExtents(This,ppExtentArray,plNumberOfExtents);
}
static FORCEINLINE HRESULT IVdsDisk_ConvertStyle(IVdsDisk* This,VDS_PARTITION_STYLE NewStyle) {
    return This->lpVtbl->ConvertStyle(This,NewStyle);
}
static FORCEINLINE HRESULT IVdsDisk_SetFlags(IVdsDisk* This,ULONG ulFlags) {
    return This->lpVtbl->SetFlags(This,ulFlags);
}
static FORCEINLINE HRESULT IVdsDisk_ClearFlags(IVdsDisk* This,ULONG ulFlags) {
    return This->lpVtbl->ClearFlags(This,ulFlags);
}
#endif
#endif

#endif

#endif  /* __IVdsDisk_INTERFACE_DEFINED__ */

/*****************************************************************************
 * IVdsDisk2 interface
 *
 * Disk. By software provider/service. VDS 2.0/2.1.
 */
#ifndef __IVdsDisk2_INTERFACE_DEFINED__
#define __IVdsDisk2_INTERFACE_DEFINED__

DEFINE_GUID(IID_IVdsDisk2, 0x40f73c8b, 0x687d, 0x4a13, 0x8d,0x96, 0x3d,0x7f,0x2e,0x68,0x39,0x36);
#if defined(__cplusplus) && !defined(CINTERFACE)
MIDL_INTERFACE("40f73c8b-687d-4a13-8d96-3d7f2e683936")
IVdsDisk2 : public IUnknown
{
    virtual HRESULT STDMETHODCALLTYPE SetSANMode(
        BOOL bEnable) = 0;

};
#ifdef __CRT_UUID_DECL
__CRT_UUID_DECL(IVdsDisk2, 0x40f73c8b, 0x687d, 0x4a13, 0x8d,0x96, 0x3d,0x7f,0x2e,0x68,0x39,0x36)
#endif
#else
typedef struct IVdsDisk2Vtbl {
    BEGIN_INTERFACE

    /*** IUnknown methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryInterface)(
        IVdsDisk2 *This,
        const IID *riid,
        void **ppvObject);

    ULONG (STDMETHODCALLTYPE *AddRef)(
        IVdsDisk2 *This);

    ULONG (STDMETHODCALLTYPE *Release)(
        IVdsDisk2 *This);

    /*** IVdsDisk2 methods ***/
    HRESULT (STDMETHODCALLTYPE *SetSANMode)(
        IVdsDisk2 *This,
        BOOL bEnable);

    END_INTERFACE
} IVdsDisk2Vtbl;

struct IVdsDisk2 {
    CONST_VTBL IVdsDisk2Vtbl* lpVtbl;
};

#ifdef COBJMACROS
#ifndef WIDL_C_INLINE_WRAPPERS
/*** IUnknown methods ***/
#define IVdsDisk2_QueryInterface(This,riid,ppvObject) (This)->lpVtbl->QueryInterface(This,riid,ppvObject)
#define IVdsDisk2_AddRef(This) (This)->lpVtbl->AddRef(This)
#define IVdsDisk2_Release(This) (This)->lpVtbl->Release(This)
/*** IVdsDisk2 methods ***/
#define IVdsDisk2_SetSANMode(This,bEnable) (This)->lpVtbl->SetSANMode(This,bEnable)
#else
/*** IUnknown methods ***/
static FORCEINLINE HRESULT IVdsDisk2_QueryInterface(IVdsDisk2* This,const IID *riid,void **ppvObject) {
    return This->lpVtbl->QueryInterface(This,riid,ppvObject);
}
static FORCEINLINE ULONG IVdsDisk2_AddRef(IVdsDisk2* This) {
    return This->lpVtbl->AddRef(This);
}
static FORCEINLINE ULONG IVdsDisk2_Release(IVdsDisk2* This) {
    return This->lpVtbl->Release(This);
}
/*** IVdsDisk2 methods ***/
static FORCEINLINE HRESULT IVdsDisk2_SetSANMode(IVdsDisk2* This,BOOL bEnable) {
    return This->lpVtbl->SetSANMode(This,bEnable);
}
#endif
#endif

#endif

#endif  /* __IVdsDisk2_INTERFACE_DEFINED__ */

/*****************************************************************************
 * IVdsDiskOnline interface
 *
 * Disk. By software provider/service. VDS 2.0/2.1.
 */
#ifndef __IVdsDiskOnline_INTERFACE_DEFINED__
#define __IVdsDiskOnline_INTERFACE_DEFINED__

DEFINE_GUID(IID_IVdsDiskOnline, 0x90681b1d, 0x6a7f, 0x48e8, 0x90,0x61, 0x31,0xb7,0xaa,0x12,0x53,0x22);
#if defined(__cplusplus) && !defined(CINTERFACE)
MIDL_INTERFACE("90681b1d-6a7f-48e8-9061-31b7aa125322")
IVdsDiskOnline : public IUnknown
{
    virtual HRESULT STDMETHODCALLTYPE Online(
        ) = 0;

    virtual HRESULT STDMETHODCALLTYPE Offline(
        ) = 0;

};
#ifdef __CRT_UUID_DECL
__CRT_UUID_DECL(IVdsDiskOnline, 0x90681b1d, 0x6a7f, 0x48e8, 0x90,0x61, 0x31,0xb7,0xaa,0x12,0x53,0x22)
#endif
#else
typedef struct IVdsDiskOnlineVtbl {
    BEGIN_INTERFACE

    /*** IUnknown methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryInterface)(
        IVdsDiskOnline *This,
        const IID *riid,
        void **ppvObject);

    ULONG (STDMETHODCALLTYPE *AddRef)(
        IVdsDiskOnline *This);

    ULONG (STDMETHODCALLTYPE *Release)(
        IVdsDiskOnline *This);

    /*** IVdsDiskOnline methods ***/
    HRESULT (STDMETHODCALLTYPE *Online)(
        IVdsDiskOnline *This);

    HRESULT (STDMETHODCALLTYPE *Offline)(
        IVdsDiskOnline *This);

    END_INTERFACE
} IVdsDiskOnlineVtbl;

struct IVdsDiskOnline {
    CONST_VTBL IVdsDiskOnlineVtbl* lpVtbl;
};

#ifdef COBJMACROS
#ifndef WIDL_C_INLINE_WRAPPERS
/*** IUnknown methods ***/
#define IVdsDiskOnline_QueryInterface(This,riid,ppvObject) (This)->lpVtbl->QueryInterface(This,riid,ppvObject)
#define IVdsDiskOnline_AddRef(This) (This)->lpVtbl->AddRef(This)
#define IVdsDiskOnline_Release(This) (This)->lpVtbl->Release(This)
/*** IVdsDiskOnline methods ***/
#define IVdsDiskOnline_Online(This) (This)->lpVtbl->Online(This)
#define IVdsDiskOnline_Offline(This) (This)->lpVtbl->Offline(This)
#else
/*** IUnknown methods ***/
static FORCEINLINE HRESULT IVdsDiskOnline_QueryInterface(IVdsDiskOnline* This,const IID *riid,void **ppvObject) {
    return This->lpVtbl->QueryInterface(This,riid,ppvObject);
}
static FORCEINLINE ULONG IVdsDiskOnline_AddRef(IVdsDiskOnline* This) {
    return This->lpVtbl->AddRef(This);
}
static FORCEINLINE ULONG IVdsDiskOnline_Release(IVdsDiskOnline* This) {
    return This->lpVtbl->Release(This);
}
/*** IVdsDiskOnline methods ***/
static FORCEINLINE HRESULT IVdsDiskOnline_Online(IVdsDiskOnline* This) {
    return This->lpVtbl->Online(This);
}
static FORCEINLINE HRESULT IVdsDiskOnline_Offline(IVdsDiskOnline* This) {
    return This->lpVtbl->Offline(This);
}
#endif
#endif

#endif

#endif  /* __IVdsDiskOnline_INTERFACE_DEFINED__ */

/*****************************************************************************
 * IVdsAdvancedDisk interface
 *
 * Disk. By software provider/service. VDS 1.0.
 */
#ifndef __IVdsAdvancedDisk_INTERFACE_DEFINED__
#define __IVdsAdvancedDisk_INTERFACE_DEFINED__

DEFINE_GUID(IID_IVdsAdvancedDisk, 0x6e6f6b40, 0x977c, 0x4069, 0xbd,0xdd, 0xac,0x71,0x00,0x59,0xf8,0xc0);
#if defined(__cplusplus) && !defined(CINTERFACE)
MIDL_INTERFACE("6e6f6b40-977c-4069-bddd-ac710059f8c0")
IVdsAdvancedDisk : public IUnknown
{
    virtual HRESULT STDMETHODCALLTYPE GetPartitionProperties(
        ULONGLONG ullOffset,
        VDS_PARTITION_PROP *pPartitionProp) = 0;

    virtual HRESULT STDMETHODCALLTYPE QueryPartitions(
        VDS_PARTITION_PROP **ppPartitionPropArray,
        LONG *plNumberOfPartitions) = 0;

    virtual HRESULT STDMETHODCALLTYPE CreatePartition(
        ULONGLONG ullOffset,
        ULONGLONG ullSize,
        CREATE_PARTITION_PARAMETERS *para,
        IVdsAsync **ppAsync) = 0;

    virtual HRESULT STDMETHODCALLTYPE DeletePartition(
        ULONGLONG ullOffset,
        BOOL bForce,
        BOOL bForceProtected) = 0;

    virtual HRESULT STDMETHODCALLTYPE ChangeAttributes(
        ULONGLONG ullOffset,
        CHANGE_ATTRIBUTES_PARAMETERS *para) = 0;

    virtual HRESULT STDMETHODCALLTYPE AssignDriveLetter(
        ULONGLONG ullOffset,
        WCHAR wcLetter) = 0;

    virtual HRESULT STDMETHODCALLTYPE DeleteDriveLetter(
        ULONGLONG ullOffset,
        WCHAR wcLetter) = 0;

    virtual HRESULT STDMETHODCALLTYPE GetDriveLetter(
        ULONGLONG ullOffset,
        WCHAR *pwcLetter) = 0;

    virtual HRESULT STDMETHODCALLTYPE FormatPartition(
        ULONGLONG ullOffset,
        VDS_FILE_SYSTEM_TYPE type,
        LPWSTR pwszLabel,
        DWORD dwUnitAllocationSize,
        BOOL bForce,
        BOOL bQuickFormat,
        BOOL bEnableCompression,
        IVdsAsync **ppAsync) = 0;

    virtual HRESULT STDMETHODCALLTYPE Clean(
        BOOL bForce,
        BOOL bForceOEM,
        BOOL bFullClean,
        IVdsAsync **ppAsync) = 0;

};
#ifdef __CRT_UUID_DECL
__CRT_UUID_DECL(IVdsAdvancedDisk, 0x6e6f6b40, 0x977c, 0x4069, 0xbd,0xdd, 0xac,0x71,0x00,0x59,0xf8,0xc0)
#endif
#else
typedef struct IVdsAdvancedDiskVtbl {
    BEGIN_INTERFACE

    /*** IUnknown methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryInterface)(
        IVdsAdvancedDisk *This,
        const IID *riid,
        void **ppvObject);

    ULONG (STDMETHODCALLTYPE *AddRef)(
        IVdsAdvancedDisk *This);

    ULONG (STDMETHODCALLTYPE *Release)(
        IVdsAdvancedDisk *This);

    /*** IVdsAdvancedDisk methods ***/
    HRESULT (STDMETHODCALLTYPE *GetPartitionProperties)(
        IVdsAdvancedDisk *This,
        ULONGLONG ullOffset,
        VDS_PARTITION_PROP *pPartitionProp);

    HRESULT (STDMETHODCALLTYPE *QueryPartitions)(
        IVdsAdvancedDisk *This,
        VDS_PARTITION_PROP **ppPartitionPropArray,
        LONG *plNumberOfPartitions);

    HRESULT (STDMETHODCALLTYPE *CreatePartition)(
        IVdsAdvancedDisk *This,
        ULONGLONG ullOffset,
        ULONGLONG ullSize,
        CREATE_PARTITION_PARAMETERS *para,
        IVdsAsync **ppAsync);

    HRESULT (STDMETHODCALLTYPE *DeletePartition)(
        IVdsAdvancedDisk *This,
        ULONGLONG ullOffset,
        BOOL bForce,
        BOOL bForceProtected);

    HRESULT (STDMETHODCALLTYPE *ChangeAttributes)(
        IVdsAdvancedDisk *This,
        ULONGLONG ullOffset,
        CHANGE_ATTRIBUTES_PARAMETERS *para);

    HRESULT (STDMETHODCALLTYPE *AssignDriveLetter)(
        IVdsAdvancedDisk *This,
        ULONGLONG ullOffset,
        WCHAR wcLetter);

    HRESULT (STDMETHODCALLTYPE *DeleteDriveLetter)(
        IVdsAdvancedDisk *This,
        ULONGLONG ullOffset,
        WCHAR wcLetter);

    HRESULT (STDMETHODCALLTYPE *GetDriveLetter)(
        IVdsAdvancedDisk *This,
        ULONGLONG ullOffset,
        WCHAR *pwcLetter);

    HRESULT (STDMETHODCALLTYPE *FormatPartition)(
        IVdsAdvancedDisk *This,
        ULONGLONG ullOffset,
        VDS_FILE_SYSTEM_TYPE type,
        LPWSTR pwszLabel,
        DWORD dwUnitAllocationSize,
        BOOL bForce,
        BOOL bQuickFormat,
        BOOL bEnableCompression,
        IVdsAsync **ppAsync);

    HRESULT (STDMETHODCALLTYPE *Clean)(
        IVdsAdvancedDisk *This,
        BOOL bForce,
        BOOL bForceOEM,
        BOOL bFullClean,
        IVdsAsync **ppAsync);

    END_INTERFACE
} IVdsAdvancedDiskVtbl;

struct IVdsAdvancedDisk {
    CONST_VTBL IVdsAdvancedDiskVtbl* lpVtbl;
};

#ifdef COBJMACROS
#ifndef WIDL_C_INLINE_WRAPPERS
/*** IUnknown methods ***/
#define IVdsAdvancedDisk_QueryInterface(This,riid,ppvObject) (This)->lpVtbl->QueryInterface(This,riid,ppvObject)
#define IVdsAdvancedDisk_AddRef(This) (This)->lpVtbl->AddRef(This)
#define IVdsAdvancedDisk_Release(This) (This)->lpVtbl->Release(This)
/*** IVdsAdvancedDisk methods ***/
#define IVdsAdvancedDisk_GetPartitionProperties(This,ullOffset,pPartitionProp) (This)->lpVtbl->GetPartitionProperties(This,ullOffset,pPartitionProp)
#define IVdsAdvancedDisk_QueryPartitions(This,ppPartitionPropArray,plNumberOfPartitions) (This)->lpVtbl->QueryPartitions(This,ppPartitionPropArray,plNumberOfPartitions)
#define IVdsAdvancedDisk_CreatePartition(This,ullOffset,ullSize,para,ppAsync) (This)->lpVtbl->CreatePartition(This,ullOffset,ullSize,para,ppAsync)
#define IVdsAdvancedDisk_DeletePartition(This,ullOffset,bForce,bForceProtected) (This)->lpVtbl->DeletePartition(This,ullOffset,bForce,bForceProtected)
#define IVdsAdvancedDisk_ChangeAttributes(This,ullOffset,para) (This)->lpVtbl->ChangeAttributes(This,ullOffset,para)
#define IVdsAdvancedDisk_AssignDriveLetter(This,ullOffset,wcLetter) (This)->lpVtbl->AssignDriveLetter(This,ullOffset,wcLetter)
#define IVdsAdvancedDisk_DeleteDriveLetter(This,ullOffset,wcLetter) (This)->lpVtbl->DeleteDriveLetter(This,ullOffset,wcLetter)
#define IVdsAdvancedDisk_GetDriveLetter(This,ullOffset,pwcLetter) (This)->lpVtbl->GetDriveLetter(This,ullOffset,pwcLetter)
#define IVdsAdvancedDisk_FormatPartition(This,ullOffset,type,pwszLabel,dwUnitAllocationSize,bForce,bQuickFormat,bEnableCompression,ppAsync) (This)->lpVtbl->FormatPartition(This,ullOffset,type,pwszLabel,dwUnitAllocationSize,bForce,bQuickFormat,bEnableCompression,ppAsync)
#define IVdsAdvancedDisk_Clean(This,bForce,bForceOEM,bFullClean,ppAsync) (This)->lpVtbl->Clean(This,bForce,bForceOEM,bFullClean,ppAsync)
#else
/*** IUnknown methods ***/
static FORCEINLINE HRESULT IVdsAdvancedDisk_QueryInterface(IVdsAdvancedDisk* This,const IID *riid,void **ppvObject) {
    return This->lpVtbl->QueryInterface(This,riid,ppvObject);
}
static FORCEINLINE ULONG IVdsAdvancedDisk_AddRef(IVdsAdvancedDisk* This) {
    return This->lpVtbl->AddRef(This);
}
static FORCEINLINE ULONG IVdsAdvancedDisk_Release(IVdsAdvancedDisk* This) {
    return This->lpVtbl->Release(This);
}
/*** IVdsAdvancedDisk methods ***/
static FORCEINLINE HRESULT IVdsAdvancedDisk_GetPartitionProperties(IVdsAdvancedDisk* This,ULONGLONG ullOffset,VDS_PARTITION_PROP *pPartitionProp) {
    return This->lpVtbl->GetPartitionProperties(This,ullOffset,pPartitionProp);
}
static FORCEINLINE HRESULT IVdsAdvancedDisk_QueryPartitions(IVdsAdvancedDisk* This,VDS_PARTITION_PROP **ppPartitionPropArray,LONG *plNumberOfPartitions) {
    return This->lpVtbl->QueryPartitions(This,ppPartitionPropArray,plNumberOfPartitions);
}
static FORCEINLINE HRESULT IVdsAdvancedDisk_CreatePartition(IVdsAdvancedDisk* This,ULONGLONG ullOffset,ULONGLONG ullSize,CREATE_PARTITION_PARAMETERS *para,IVdsAsync **ppAsync) {
    return This->lpVtbl->CreatePartition(This,ullOffset,ullSize,para,ppAsync);
}
static FORCEINLINE HRESULT IVdsAdvancedDisk_DeletePartition(IVdsAdvancedDisk* This,ULONGLONG ullOffset,BOOL bForce,BOOL bForceProtected) {
    return This->lpVtbl->DeletePartition(This,ullOffset,bForce,bForceProtected);
}
static FORCEINLINE HRESULT IVdsAdvancedDisk_ChangeAttributes(IVdsAdvancedDisk* This,ULONGLONG ullOffset,CHANGE_ATTRIBUTES_PARAMETERS *para) {
    return This->lpVtbl->ChangeAttributes(This,ullOffset,para);
}
static FORCEINLINE HRESULT IVdsAdvancedDisk_AssignDriveLetter(IVdsAdvancedDisk* This,ULONGLONG ullOffset,WCHAR wcLetter) {
    return This->lpVtbl->AssignDriveLetter(This,ullOffset,wcLetter);
}
static FORCEINLINE HRESULT IVdsAdvancedDisk_DeleteDriveLetter(IVdsAdvancedDisk* This,ULONGLONG ullOffset,WCHAR wcLetter) {
    return This->lpVtbl->DeleteDriveLetter(This,ullOffset,wcLetter);
}
static FORCEINLINE HRESULT IVdsAdvancedDisk_GetDriveLetter(IVdsAdvancedDisk* This,ULONGLONG ullOffset,WCHAR *pwcLetter) {
    return This->lpVtbl->GetDriveLetter(This,ullOffset,pwcLetter);
}
static FORCEINLINE HRESULT IVdsAdvancedDisk_FormatPartition(IVdsAdvancedDisk* This,ULONGLONG ullOffset,VDS_FILE_SYSTEM_TYPE type,LPWSTR pwszLabel,DWORD dwUnitAllocationSize,BOOL bForce,BOOL bQuickFormat,BOOL bEnableCompression,IVdsAsync **ppAsync) {
    return This->lpVtbl->FormatPartition(This,ullOffset,type,pwszLabel,dwUnitAllocationSize,bForce,bQuickFormat,bEnableCompression,ppAsync);
}
static FORCEINLINE HRESULT IVdsAdvancedDisk_Clean(IVdsAdvancedDisk* This,BOOL bForce,BOOL bForceOEM,BOOL bFullClean,IVdsAsync **ppAsync) {
    return This->lpVtbl->Clean(This,bForce,bForceOEM,bFullClean,ppAsync);
}
#endif
#endif

#endif

#endif  /* __IVdsAdvancedDisk_INTERFACE_DEFINED__ */

/*****************************************************************************
 * IVdsAdvancedDisk2 interface
 *
 * Disk. By software provider/service. VDS 2.0/2.1.
 */
#ifndef __IVdsAdvancedDisk2_INTERFACE_DEFINED__
#define __IVdsAdvancedDisk2_INTERFACE_DEFINED__

DEFINE_GUID(IID_IVdsAdvancedDisk2, 0x9723f420, 0x9355, 0x42de, 0xab,0x66, 0xe3,0x1b,0xb1,0x5b,0xee,0xac);
#if defined(__cplusplus) && !defined(CINTERFACE)
MIDL_INTERFACE("9723f420-9355-42de-ab66-e31bb15beeac")
IVdsAdvancedDisk2 : public IUnknown
{
    virtual HRESULT STDMETHODCALLTYPE ChangePartitionType(
        ULONGLONG ullOffset,
        BOOL bForce,
        CHANGE_PARTITION_TYPE_PARAMETERS *para) = 0;

};
#ifdef __CRT_UUID_DECL
__CRT_UUID_DECL(IVdsAdvancedDisk2, 0x9723f420, 0x9355, 0x42de, 0xab,0x66, 0xe3,0x1b,0xb1,0x5b,0xee,0xac)
#endif
#else
typedef struct IVdsAdvancedDisk2Vtbl {
    BEGIN_INTERFACE

    /*** IUnknown methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryInterface)(
        IVdsAdvancedDisk2 *This,
        const IID *riid,
        void **ppvObject);

    ULONG (STDMETHODCALLTYPE *AddRef)(
        IVdsAdvancedDisk2 *This);

    ULONG (STDMETHODCALLTYPE *Release)(
        IVdsAdvancedDisk2 *This);

    /*** IVdsAdvancedDisk2 methods ***/
    HRESULT (STDMETHODCALLTYPE *ChangePartitionType)(
        IVdsAdvancedDisk2 *This,
        ULONGLONG ullOffset,
        BOOL bForce,
        CHANGE_PARTITION_TYPE_PARAMETERS *para);

    END_INTERFACE
} IVdsAdvancedDisk2Vtbl;

struct IVdsAdvancedDisk2 {
    CONST_VTBL IVdsAdvancedDisk2Vtbl* lpVtbl;
};

#ifdef COBJMACROS
#ifndef WIDL_C_INLINE_WRAPPERS
/*** IUnknown methods ***/
#define IVdsAdvancedDisk2_QueryInterface(This,riid,ppvObject) (This)->lpVtbl->QueryInterface(This,riid,ppvObject)
#define IVdsAdvancedDisk2_AddRef(This) (This)->lpVtbl->AddRef(This)
#define IVdsAdvancedDisk2_Release(This) (This)->lpVtbl->Release(This)
/*** IVdsAdvancedDisk2 methods ***/
#define IVdsAdvancedDisk2_ChangePartitionType(This,ullOffset,bForce,para) (This)->lpVtbl->ChangePartitionType(This,ullOffset,bForce,para)
#else
/*** IUnknown methods ***/
static FORCEINLINE HRESULT IVdsAdvancedDisk2_QueryInterface(IVdsAdvancedDisk2* This,const IID *riid,void **ppvObject) {
    return This->lpVtbl->QueryInterface(This,riid,ppvObject);
}
static FORCEINLINE ULONG IVdsAdvancedDisk2_AddRef(IVdsAdvancedDisk2* This) {
    return This->lpVtbl->AddRef(This);
}
static FORCEINLINE ULONG IVdsAdvancedDisk2_Release(IVdsAdvancedDisk2* This) {
    return This->lpVtbl->Release(This);
}
/*** IVdsAdvancedDisk2 methods ***/
static FORCEINLINE HRESULT IVdsAdvancedDisk2_ChangePartitionType(IVdsAdvancedDisk2* This,ULONGLONG ullOffset,BOOL bForce,CHANGE_PARTITION_TYPE_PARAMETERS *para) {
    return This->lpVtbl->ChangePartitionType(This,ullOffset,bForce,para);
}
#endif
#endif

#endif

#endif  /* __IVdsAdvancedDisk2_INTERFACE_DEFINED__ */

/*****************************************************************************
 * IVdsAdvancedDisk3 interface
 *
 * Disk. By software provider/service.
 */
#ifndef __IVdsAdvancedDisk3_INTERFACE_DEFINED__
#define __IVdsAdvancedDisk3_INTERFACE_DEFINED__

DEFINE_GUID(IID_IVdsAdvancedDisk3, 0x3858c0d5, 0x0f35, 0x4bf5, 0x97,0x14, 0x69,0x87,0x49,0x63,0xbc,0x36);
#if defined(__cplusplus) && !defined(CINTERFACE)
MIDL_INTERFACE("3858c0d5-0f35-4bf5-9714-69874963bc36")
IVdsAdvancedDisk3 : public IUnknown
{
    virtual HRESULT STDMETHODCALLTYPE GetProperties(
        VDS_ADVANCEDDISK_PROP *pAdvDiskProp) = 0;

    virtual HRESULT STDMETHODCALLTYPE GetUniqueId(
        LPWSTR *ppwszId) = 0;

};
#ifdef __CRT_UUID_DECL
__CRT_UUID_DECL(IVdsAdvancedDisk3, 0x3858c0d5, 0x0f35, 0x4bf5, 0x97,0x14, 0x69,0x87,0x49,0x63,0xbc,0x36)
#endif
#else
typedef struct IVdsAdvancedDisk3Vtbl {
    BEGIN_INTERFACE

    /*** IUnknown methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryInterface)(
        IVdsAdvancedDisk3 *This,
        const IID *riid,
        void **ppvObject);

    ULONG (STDMETHODCALLTYPE *AddRef)(
        IVdsAdvancedDisk3 *This);

    ULONG (STDMETHODCALLTYPE *Release)(
        IVdsAdvancedDisk3 *This);

    /*** IVdsAdvancedDisk3 methods ***/
    HRESULT (STDMETHODCALLTYPE *GetProperties)(
        IVdsAdvancedDisk3 *This,
        VDS_ADVANCEDDISK_PROP *pAdvDiskProp);

    HRESULT (STDMETHODCALLTYPE *GetUniqueId)(
        IVdsAdvancedDisk3 *This,
        LPWSTR *ppwszId);

    END_INTERFACE
} IVdsAdvancedDisk3Vtbl;

struct IVdsAdvancedDisk3 {
    CONST_VTBL IVdsAdvancedDisk3Vtbl* lpVtbl;
};

#ifdef COBJMACROS
#ifndef WIDL_C_INLINE_WRAPPERS
/*** IUnknown methods ***/
#define IVdsAdvancedDisk3_QueryInterface(This,riid,ppvObject) (This)->lpVtbl->QueryInterface(This,riid,ppvObject)
#define IVdsAdvancedDisk3_AddRef(This) (This)->lpVtbl->AddRef(This)
#define IVdsAdvancedDisk3_Release(This) (This)->lpVtbl->Release(This)
/*** IVdsAdvancedDisk3 methods ***/
#define IVdsAdvancedDisk3_GetProperties(This,pAdvDiskProp) (This)->lpVtbl->GetProperties(This,pAdvDiskProp)
#define IVdsAdvancedDisk3_GetUniqueId(This,ppwszId) (This)->lpVtbl->GetUniqueId(This,ppwszId)
#else
/*** IUnknown methods ***/
static FORCEINLINE HRESULT IVdsAdvancedDisk3_QueryInterface(IVdsAdvancedDisk3* This,const IID *riid,void **ppvObject) {
    return This->lpVtbl->QueryInterface(This,riid,ppvObject);
}
static FORCEINLINE ULONG IVdsAdvancedDisk3_AddRef(IVdsAdvancedDisk3* This) {
    return This->lpVtbl->AddRef(This);
}
static FORCEINLINE ULONG IVdsAdvancedDisk3_Release(IVdsAdvancedDisk3* This) {
    return This->lpVtbl->Release(This);
}
/*** IVdsAdvancedDisk3 methods ***/
static FORCEINLINE HRESULT IVdsAdvancedDisk3_GetProperties(IVdsAdvancedDisk3* This,VDS_ADVANCEDDISK_PROP *pAdvDiskProp) {
    return This->lpVtbl->GetProperties(This,pAdvDiskProp);
}
static FORCEINLINE HRESULT IVdsAdvancedDisk3_GetUniqueId(IVdsAdvancedDisk3* This,LPWSTR *ppwszId) {
    return This->lpVtbl->GetUniqueId(This,ppwszId);
}
#endif
#endif

#endif

#endif  /* __IVdsAdvancedDisk3_INTERFACE_DEFINED__ */

/*****************************************************************************
 * IVdsCreatePartitionEx interface
 *
 * Disk. By software provider/service. VDS 1.1.
 */
#ifndef __IVdsCreatePartitionEx_INTERFACE_DEFINED__
#define __IVdsCreatePartitionEx_INTERFACE_DEFINED__

DEFINE_GUID(IID_IVdsCreatePartitionEx, 0x9882f547, 0xcfc3, 0x420b, 0x97,0x50, 0x00,0xdf,0xbe,0xc5,0x06,0x62);
#if defined(__cplusplus) && !defined(CINTERFACE)
MIDL_INTERFACE("9882f547-cfc3-420b-9750-00dfbec50662")
IVdsCreatePartitionEx : public IUnknown
{
    virtual HRESULT STDMETHODCALLTYPE CreatePartitionEx(
        ULONGLONG ullOffset,
        ULONGLONG ullSize,
        ULONG ulAlign,
        CREATE_PARTITION_PARAMETERS *para,
        IVdsAsync **ppAsync) = 0;

};
#ifdef __CRT_UUID_DECL
__CRT_UUID_DECL(IVdsCreatePartitionEx, 0x9882f547, 0xcfc3, 0x420b, 0x97,0x50, 0x00,0xdf,0xbe,0xc5,0x06,0x62)
#endif
#else
typedef struct IVdsCreatePartitionExVtbl {
    BEGIN_INTERFACE

    /*** IUnknown methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryInterface)(
        IVdsCreatePartitionEx *This,
        const IID *riid,
        void **ppvObject);

    ULONG (STDMETHODCALLTYPE *AddRef)(
        IVdsCreatePartitionEx *This);

    ULONG (STDMETHODCALLTYPE *Release)(
        IVdsCreatePartitionEx *This);

    /*** IVdsCreatePartitionEx methods ***/
    HRESULT (STDMETHODCALLTYPE *CreatePartitionEx)(
        IVdsCreatePartitionEx *This,
        ULONGLONG ullOffset,
        ULONGLONG ullSize,
        ULONG ulAlign,
        CREATE_PARTITION_PARAMETERS *para,
        IVdsAsync **ppAsync);

    END_INTERFACE
} IVdsCreatePartitionExVtbl;

struct IVdsCreatePartitionEx {
    CONST_VTBL IVdsCreatePartitionExVtbl* lpVtbl;
};

#ifdef COBJMACROS
#ifndef WIDL_C_INLINE_WRAPPERS
/*** IUnknown methods ***/
#define IVdsCreatePartitionEx_QueryInterface(This,riid,ppvObject) (This)->lpVtbl->QueryInterface(This,riid,ppvObject)
#define IVdsCreatePartitionEx_AddRef(This) (This)->lpVtbl->AddRef(This)
#define IVdsCreatePartitionEx_Release(This) (This)->lpVtbl->Release(This)
/*** IVdsCreatePartitionEx methods ***/
#define IVdsCreatePartitionEx_CreatePartitionEx(This,ullOffset,ullSize,ulAlign,para,ppAsync) (This)->lpVtbl->CreatePartitionEx(This,ullOffset,ullSize,ulAlign,para,ppAsync)
#else
/*** IUnknown methods ***/
static FORCEINLINE HRESULT IVdsCreatePartitionEx_QueryInterface(IVdsCreatePartitionEx* This,const IID *riid,void **ppvObject) {
    return This->lpVtbl->QueryInterface(This,riid,ppvObject);
}
static FORCEINLINE ULONG IVdsCreatePartitionEx_AddRef(IVdsCreatePartitionEx* This) {
    return This->lpVtbl->AddRef(This);
}
static FORCEINLINE ULONG IVdsCreatePartitionEx_Release(IVdsCreatePartitionEx* This) {
    return This->lpVtbl->Release(This);
}
/*** IVdsCreatePartitionEx methods ***/
static FORCEINLINE HRESULT IVdsCreatePartitionEx_CreatePartitionEx(IVdsCreatePartitionEx* This,ULONGLONG ullOffset,ULONGLONG ullSize,ULONG ulAlign,CREATE_PARTITION_PARAMETERS *para,IVdsAsync **ppAsync) {
    return This->lpVtbl->CreatePartitionEx(This,ullOffset,ullSize,ulAlign,para,ppAsync);
}
#endif
#endif

#endif

#endif  /* __IVdsCreatePartitionEx_INTERFACE_DEFINED__ */

/*****************************************************************************
 * IVdsRemovable interface
 *
 * Disk. By software provider/service. VDS 1.0.
 */
#ifndef __IVdsRemovable_INTERFACE_DEFINED__
#define __IVdsRemovable_INTERFACE_DEFINED__

DEFINE_GUID(IID_IVdsRemovable, 0x0316560b, 0x5db4, 0x4ed9, 0xbb,0xb5, 0x21,0x34,0x36,0xdd,0xc0,0xd9);
#if defined(__cplusplus) && !defined(CINTERFACE)
MIDL_INTERFACE("0316560b-5db4-4ed9-bbb5-213436ddc0d9")
IVdsRemovable : public IUnknown
{
    virtual HRESULT STDMETHODCALLTYPE QueryMedia(
        ) = 0;

    virtual HRESULT STDMETHODCALLTYPE Eject(
        ) = 0;

};
#ifdef __CRT_UUID_DECL
__CRT_UUID_DECL(IVdsRemovable, 0x0316560b, 0x5db4, 0x4ed9, 0xbb,0xb5, 0x21,0x34,0x36,0xdd,0xc0,0xd9)
#endif
#else
typedef struct IVdsRemovableVtbl {
    BEGIN_INTERFACE

    /*** IUnknown methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryInterface)(
        IVdsRemovable *This,
        const IID *riid,
        void **ppvObject);

    ULONG (STDMETHODCALLTYPE *AddRef)(
        IVdsRemovable *This);

    ULONG (STDMETHODCALLTYPE *Release)(
        IVdsRemovable *This);

    /*** IVdsRemovable methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryMedia)(
        IVdsRemovable *This);

    HRESULT (STDMETHODCALLTYPE *Eject)(
        IVdsRemovable *This);

    END_INTERFACE
} IVdsRemovableVtbl;

struct IVdsRemovable {
    CONST_VTBL IVdsRemovableVtbl* lpVtbl;
};

#ifdef COBJMACROS
#ifndef WIDL_C_INLINE_WRAPPERS
/*** IUnknown methods ***/
#define IVdsRemovable_QueryInterface(This,riid,ppvObject) (This)->lpVtbl->QueryInterface(This,riid,ppvObject)
#define IVdsRemovable_AddRef(This) (This)->lpVtbl->AddRef(This)
#define IVdsRemovable_Release(This) (This)->lpVtbl->Release(This)
/*** IVdsRemovable methods ***/
#define IVdsRemovable_QueryMedia(This) (This)->lpVtbl->QueryMedia(This)
#define IVdsRemovable_Eject(This) (This)->lpVtbl->Eject(This)
#else
/*** IUnknown methods ***/
static FORCEINLINE HRESULT IVdsRemovable_QueryInterface(IVdsRemovable* This,const IID *riid,void **ppvObject) {
    return This->lpVtbl->QueryInterface(This,riid,ppvObject);
}
static FORCEINLINE ULONG IVdsRemovable_AddRef(IVdsRemovable* This) {
    return This->lpVtbl->AddRef(This);
}
static FORCEINLINE ULONG IVdsRemovable_Release(IVdsRemovable* This) {
    return This->lpVtbl->Release(This);
}
/*** IVdsRemovable methods ***/
static FORCEINLINE HRESULT IVdsRemovable_QueryMedia(IVdsRemovable* This) {
    return This->lpVtbl->QueryMedia(This);
}
static FORCEINLINE HRESULT IVdsRemovable_Eject(IVdsRemovable* This) {
    return This->lpVtbl->Eject(This);
}
#endif
#endif

#endif

#endif  /* __IVdsRemovable_INTERFACE_DEFINED__ */

/*****************************************************************************
 * IVdsVolume interface
 *
 * Volume. By software provider/service. VDS 1.0.
 */
#ifndef __IVdsVolume_INTERFACE_DEFINED__
#define __IVdsVolume_INTERFACE_DEFINED__

DEFINE_GUID(IID_IVdsVolume, 0x88306bb2, 0xe71f, 0x478c, 0x86,0xa2, 0x79,0xda,0x20,0x0a,0x0f,0x11);
#if defined(__cplusplus) && !defined(CINTERFACE)
MIDL_INTERFACE("88306bb2-e71f-478c-86a2-79da200a0f11")
IVdsVolume : public IUnknown
{
    virtual HRESULT STDMETHODCALLTYPE GetProperties(
        VDS_VOLUME_PROP *pVolumeProperties) = 0;

    virtual HRESULT STDMETHODCALLTYPE GetPack(
        IVdsPack **ppPack) = 0;

    virtual HRESULT STDMETHODCALLTYPE QueryPlexes(
        IEnumVdsObject **ppEnum) = 0;

    virtual HRESULT STDMETHODCALLTYPE Extend(
        VDS_INPUT_DISK *pInputDiskArray,
        LONG lNumberOfDisks,
        IVdsAsync **ppAsync) = 0;

    virtual HRESULT STDMETHODCALLTYPE Shrink(
        ULONGLONG ullNumberOfBytesToRemove,
        IVdsAsync **ppAsync) = 0;

    virtual HRESULT STDMETHODCALLTYPE AddPlex(
        VDS_OBJECT_ID VolumeId,
        IVdsAsync **ppAsync) = 0;

    virtual HRESULT STDMETHODCALLTYPE BreakPlex(
        VDS_OBJECT_ID plexId,
        IVdsAsync **ppAsync) = 0;

    virtual HRESULT STDMETHODCALLTYPE RemovePlex(
        VDS_OBJECT_ID plexId,
        IVdsAsync **ppAsync) = 0;

    virtual HRESULT STDMETHODCALLTYPE Delete(
        BOOL bForce) = 0;

    virtual HRESULT STDMETHODCALLTYPE SetFlags(
        ULONG ulFlags,
        BOOL bRevertOnClose) = 0;

    virtual HRESULT STDMETHODCALLTYPE ClearFlags(
        ULONG ulFlags) = 0;

};
#ifdef __CRT_UUID_DECL
__CRT_UUID_DECL(IVdsVolume, 0x88306bb2, 0xe71f, 0x478c, 0x86,0xa2, 0x79,0xda,0x20,0x0a,0x0f,0x11)
#endif
#else
typedef struct IVdsVolumeVtbl {
    BEGIN_INTERFACE

    /*** IUnknown methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryInterface)(
        IVdsVolume *This,
        const IID *riid,
        void **ppvObject);

    ULONG (STDMETHODCALLTYPE *AddRef)(
        IVdsVolume *This);

    ULONG (STDMETHODCALLTYPE *Release)(
        IVdsVolume *This);

    /*** IVdsVolume methods ***/
    HRESULT (STDMETHODCALLTYPE *GetProperties)(
        IVdsVolume *This,
        VDS_VOLUME_PROP *pVolumeProperties);

    HRESULT (STDMETHODCALLTYPE *GetPack)(
        IVdsVolume *This,
        IVdsPack **ppPack);

    HRESULT (STDMETHODCALLTYPE *QueryPlexes)(
        IVdsVolume *This,
        IEnumVdsObject **ppEnum);

    HRESULT (STDMETHODCALLTYPE *Extend)(
        IVdsVolume *This,
        VDS_INPUT_DISK *pInputDiskArray,
        LONG lNumberOfDisks,
        IVdsAsync **ppAsync);

    HRESULT (STDMETHODCALLTYPE *Shrink)(
        IVdsVolume *This,
        ULONGLONG ullNumberOfBytesToRemove,
        IVdsAsync **ppAsync);

    HRESULT (STDMETHODCALLTYPE *AddPlex)(
        IVdsVolume *This,
        VDS_OBJECT_ID VolumeId,
        IVdsAsync **ppAsync);

    HRESULT (STDMETHODCALLTYPE *BreakPlex)(
        IVdsVolume *This,
        VDS_OBJECT_ID plexId,
        IVdsAsync **ppAsync);

    HRESULT (STDMETHODCALLTYPE *RemovePlex)(
        IVdsVolume *This,
        VDS_OBJECT_ID plexId,
        IVdsAsync **ppAsync);

    HRESULT (STDMETHODCALLTYPE *Delete)(
        IVdsVolume *This,
        BOOL bForce);

    HRESULT (STDMETHODCALLTYPE *SetFlags)(
        IVdsVolume *This,
        ULONG ulFlags,
        BOOL bRevertOnClose);

    HRESULT (STDMETHODCALLTYPE *ClearFlags)(
        IVdsVolume *This,
        ULONG ulFlags);

    END_INTERFACE
} IVdsVolumeVtbl;

struct IVdsVolume {
    CONST_VTBL IVdsVolumeVtbl* lpVtbl;
};

#ifdef COBJMACROS
#ifndef WIDL_C_INLINE_WRAPPERS
/*** IUnknown methods ***/
#define IVdsVolume_QueryInterface(This,riid,ppvObject) (This)->lpVtbl->QueryInterface(This,riid,ppvObject)
#define IVdsVolume_AddRef(This) (This)->lpVtbl->AddRef(This)
#define IVdsVolume_Release(This) (This)->lpVtbl->Release(This)
/*** IVdsVolume methods ***/
#define IVdsVolume_GetProperties(This,pVolumeProperties) (This)->lpVtbl->GetProperties(This,pVolumeProperties)
#define IVdsVolume_GetPack(This,ppPack) (This)->lpVtbl->GetPack(This,ppPack)
#define IVdsVolume_QueryPlexes(This,ppEnum) (This)->lpVtbl->QueryPlexes(This,ppEnum)
#define IVdsVolume_Extend(This,pInputDiskArray,lNumberOfDisks,ppAsync) (This)->lpVtbl->Extend(This,pInputDiskArray,lNumberOfDisks,ppAsync)
#define IVdsVolume_Shrink(This,ullNumberOfBytesToRemove,ppAsync) (This)->lpVtbl->Shrink(This,ullNumberOfBytesToRemove,ppAsync)
#define IVdsVolume_AddPlex(This,VolumeId,ppAsync) (This)->lpVtbl->AddPlex(This,VolumeId,ppAsync)
#define IVdsVolume_BreakPlex(This,plexId,ppAsync) (This)->lpVtbl->BreakPlex(This,plexId,ppAsync)
#define IVdsVolume_RemovePlex(This,plexId,ppAsync) (This)->lpVtbl->RemovePlex(This,plexId,ppAsync)
#define IVdsVolume_Delete(This,bForce) (This)->lpVtbl->Delete(This,bForce)
#define IVdsVolume_SetFlags(This,ulFlags,bRevertOnClose) (This)->lpVtbl->SetFlags(This,ulFlags,bRevertOnClose)
#define IVdsVolume_ClearFlags(This,ulFlags) (This)->lpVtbl->ClearFlags(This,ulFlags)
#else
/*** IUnknown methods ***/
static FORCEINLINE HRESULT IVdsVolume_QueryInterface(IVdsVolume* This,const IID *riid,void **ppvObject) {
    return This->lpVtbl->QueryInterface(This,riid,ppvObject);
}
static FORCEINLINE ULONG IVdsVolume_AddRef(IVdsVolume* This) {
    return This->lpVtbl->AddRef(This);
}
static FORCEINLINE ULONG IVdsVolume_Release(IVdsVolume* This) {
    return This->lpVtbl->Release(This);
}
/*** IVdsVolume methods ***/
static FORCEINLINE HRESULT IVdsVolume_GetProperties(IVdsVolume* This,VDS_VOLUME_PROP *pVolumeProperties) {
    return This->lpVtbl->GetProperties(This,pVolumeProperties);
}
static FORCEINLINE HRESULT IVdsVolume_GetPack(IVdsVolume* This,IVdsPack **ppPack) {
    return This->lpVtbl->GetPack(This,ppPack);
}
static FORCEINLINE HRESULT IVdsVolume_QueryPlexes(IVdsVolume* This,IEnumVdsObject **ppEnum) {
    return This->lpVtbl->QueryPlexes(This,ppEnum);
}
static FORCEINLINE HRESULT IVdsVolume_Extend(IVdsVolume* This,VDS_INPUT_DISK *pInputDiskArray,LONG lNumberOfDisks,IVdsAsync **ppAsync) {
    return This->lpVtbl->Extend(This,pInputDiskArray,lNumberOfDisks,ppAsync);
}
static FORCEINLINE HRESULT IVdsVolume_Shrink(IVdsVolume* This,ULONGLONG ullNumberOfBytesToRemove,IVdsAsync **ppAsync) {
    return This->lpVtbl->Shrink(This,ullNumberOfBytesToRemove,ppAsync);
}
static FORCEINLINE HRESULT IVdsVolume_AddPlex(IVdsVolume* This,VDS_OBJECT_ID VolumeId,IVdsAsync **ppAsync) {
    return This->lpVtbl->AddPlex(This,VolumeId,ppAsync);
}
static FORCEINLINE HRESULT IVdsVolume_BreakPlex(IVdsVolume* This,VDS_OBJECT_ID plexId,IVdsAsync **ppAsync) {
    return This->lpVtbl->BreakPlex(This,plexId,ppAsync);
}
static FORCEINLINE HRESULT IVdsVolume_RemovePlex(IVdsVolume* This,VDS_OBJECT_ID plexId,IVdsAsync **ppAsync) {
    return This->lpVtbl->RemovePlex(This,plexId,ppAsync);
}
static FORCEINLINE HRESULT IVdsVolume_Delete(IVdsVolume* This,BOOL bForce) {
    return This->lpVtbl->Delete(This,bForce);
}
static FORCEINLINE HRESULT IVdsVolume_SetFlags(IVdsVolume* This,ULONG ulFlags,BOOL bRevertOnClose) {
    return This->lpVtbl->SetFlags(This,ulFlags,bRevertOnClose);
}
static FORCEINLINE HRESULT IVdsVolume_ClearFlags(IVdsVolume* This,ULONG ulFlags) {
    return This->lpVtbl->ClearFlags(This,ulFlags);
}
#endif
#endif

#endif

#endif  /* __IVdsVolume_INTERFACE_DEFINED__ */

/*****************************************************************************
 * IVdsVolume2 interface
 *
 * Volume. By software provider/service. VDS 3.0.
 */
#ifndef __IVdsVolume2_INTERFACE_DEFINED__
#define __IVdsVolume2_INTERFACE_DEFINED__

DEFINE_GUID(IID_IVdsVolume2, 0x72ae6713, 0xdcbb, 0x4a03, 0xb3,0x6b, 0x37,0x1f,0x6a,0xc6,0xb5,0x3d);
#if defined(__cplusplus) && !defined(CINTERFACE)
MIDL_INTERFACE("72ae6713-dcbb-4a03-b36b-371f6ac6b53d")
IVdsVolume2 : public IUnknown
{
    virtual HRESULT STDMETHODCALLTYPE GetProperties2(
        VDS_VOLUME_PROP2 *pVolumeProperties) = 0;

};
#ifdef __CRT_UUID_DECL
__CRT_UUID_DECL(IVdsVolume2, 0x72ae6713, 0xdcbb, 0x4a03, 0xb3,0x6b, 0x37,0x1f,0x6a,0xc6,0xb5,0x3d)
#endif
#else
typedef struct IVdsVolume2Vtbl {
    BEGIN_INTERFACE

    /*** IUnknown methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryInterface)(
        IVdsVolume2 *This,
        const IID *riid,
        void **ppvObject);

    ULONG (STDMETHODCALLTYPE *AddRef)(
        IVdsVolume2 *This);

    ULONG (STDMETHODCALLTYPE *Release)(
        IVdsVolume2 *This);

    /*** IVdsVolume2 methods ***/
    HRESULT (STDMETHODCALLTYPE *GetProperties2)(
        IVdsVolume2 *This,
        VDS_VOLUME_PROP2 *pVolumeProperties);

    END_INTERFACE
} IVdsVolume2Vtbl;

struct IVdsVolume2 {
    CONST_VTBL IVdsVolume2Vtbl* lpVtbl;
};

#ifdef COBJMACROS
#ifndef WIDL_C_INLINE_WRAPPERS
/*** IUnknown methods ***/
#define IVdsVolume2_QueryInterface(This,riid,ppvObject) (This)->lpVtbl->QueryInterface(This,riid,ppvObject)
#define IVdsVolume2_AddRef(This) (This)->lpVtbl->AddRef(This)
#define IVdsVolume2_Release(This) (This)->lpVtbl->Release(This)
/*** IVdsVolume2 methods ***/
#define IVdsVolume2_GetProperties2(This,pVolumeProperties) (This)->lpVtbl->GetProperties2(This,pVolumeProperties)
#else
/*** IUnknown methods ***/
static FORCEINLINE HRESULT IVdsVolume2_QueryInterface(IVdsVolume2* This,const IID *riid,void **ppvObject) {
    return This->lpVtbl->QueryInterface(This,riid,ppvObject);
}
static FORCEINLINE ULONG IVdsVolume2_AddRef(IVdsVolume2* This) {
    return This->lpVtbl->AddRef(This);
}
static FORCEINLINE ULONG IVdsVolume2_Release(IVdsVolume2* This) {
    return This->lpVtbl->Release(This);
}
/*** IVdsVolume2 methods ***/
static FORCEINLINE HRESULT IVdsVolume2_GetProperties2(IVdsVolume2* This,VDS_VOLUME_PROP2 *pVolumeProperties) {
    return This->lpVtbl->GetProperties2(This,pVolumeProperties);
}
#endif
#endif

#endif

#endif  /* __IVdsVolume2_INTERFACE_DEFINED__ */

/*****************************************************************************
 * IVdsVolumeOnline interface
 *
 * Volume. By software provider/service. VDS 2.0/2.1.
 */
#ifndef __IVdsVolumeOnline_INTERFACE_DEFINED__
#define __IVdsVolumeOnline_INTERFACE_DEFINED__

DEFINE_GUID(IID_IVdsVolumeOnline, 0x1be2275a, 0xb315, 0x4f70, 0x9e,0x44, 0x87,0x9b,0x3a,0x2a,0x53,0xf2);
#if defined(__cplusplus) && !defined(CINTERFACE)
MIDL_INTERFACE("1be2275a-b315-4f70-9e44-879b3a2a53f2")
IVdsVolumeOnline : public IUnknown
{
    virtual HRESULT STDMETHODCALLTYPE Online(
        ) = 0;

};
#ifdef __CRT_UUID_DECL
__CRT_UUID_DECL(IVdsVolumeOnline, 0x1be2275a, 0xb315, 0x4f70, 0x9e,0x44, 0x87,0x9b,0x3a,0x2a,0x53,0xf2)
#endif
#else
typedef struct IVdsVolumeOnlineVtbl {
    BEGIN_INTERFACE

    /*** IUnknown methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryInterface)(
        IVdsVolumeOnline *This,
        const IID *riid,
        void **ppvObject);

    ULONG (STDMETHODCALLTYPE *AddRef)(
        IVdsVolumeOnline *This);

    ULONG (STDMETHODCALLTYPE *Release)(
        IVdsVolumeOnline *This);

    /*** IVdsVolumeOnline methods ***/
    HRESULT (STDMETHODCALLTYPE *Online)(
        IVdsVolumeOnline *This);

    END_INTERFACE
} IVdsVolumeOnlineVtbl;

struct IVdsVolumeOnline {
    CONST_VTBL IVdsVolumeOnlineVtbl* lpVtbl;
};

#ifdef COBJMACROS
#ifndef WIDL_C_INLINE_WRAPPERS
/*** IUnknown methods ***/
#define IVdsVolumeOnline_QueryInterface(This,riid,ppvObject) (This)->lpVtbl->QueryInterface(This,riid,ppvObject)
#define IVdsVolumeOnline_AddRef(This) (This)->lpVtbl->AddRef(This)
#define IVdsVolumeOnline_Release(This) (This)->lpVtbl->Release(This)
/*** IVdsVolumeOnline methods ***/
#define IVdsVolumeOnline_Online(This) (This)->lpVtbl->Online(This)
#else
/*** IUnknown methods ***/
static FORCEINLINE HRESULT IVdsVolumeOnline_QueryInterface(IVdsVolumeOnline* This,const IID *riid,void **ppvObject) {
    return This->lpVtbl->QueryInterface(This,riid,ppvObject);
}
static FORCEINLINE ULONG IVdsVolumeOnline_AddRef(IVdsVolumeOnline* This) {
    return This->lpVtbl->AddRef(This);
}
static FORCEINLINE ULONG IVdsVolumeOnline_Release(IVdsVolumeOnline* This) {
    return This->lpVtbl->Release(This);
}
/*** IVdsVolumeOnline methods ***/
static FORCEINLINE HRESULT IVdsVolumeOnline_Online(IVdsVolumeOnline* This) {
    return This->lpVtbl->Online(This);
}
#endif
#endif

#endif

#endif  /* __IVdsVolumeOnline_INTERFACE_DEFINED__ */

/*****************************************************************************
 * IVdsVolumePlex interface
 *
 * Volume plex. By software provider/service. VDS 1.0.
 */
#ifndef __IVdsVolumePlex_INTERFACE_DEFINED__
#define __IVdsVolumePlex_INTERFACE_DEFINED__

DEFINE_GUID(IID_IVdsVolumePlex, 0x4daa0135, 0xe1d1, 0x40f1, 0xaa,0xa5, 0x3c,0xc1,0xe5,0x32,0x21,0xc3);
#if defined(__cplusplus) && !defined(CINTERFACE)
MIDL_INTERFACE("4daa0135-e1d1-40f1-aaa5-3cc1e53221c3")
IVdsVolumePlex : public IUnknown
{
    virtual HRESULT STDMETHODCALLTYPE GetProperties(
        VDS_VOLUME_PLEX_PROP *pPlexProperties) = 0;

    virtual HRESULT STDMETHODCALLTYPE GetVolume(
        IVdsVolume **ppVolume) = 0;

    virtual HRESULT STDMETHODCALLTYPE QueryExtents(
        VDS_DISK_EXTENT **ppExtentArray,
        LONG *plNumberOfExtents) = 0;

    virtual HRESULT STDMETHODCALLTYPE Repair(
        VDS_INPUT_DISK *pInputDiskArray,
        LONG lNumberOfDisks,
        IVdsAsync **ppAsync) = 0;

};
#ifdef __CRT_UUID_DECL
__CRT_UUID_DECL(IVdsVolumePlex, 0x4daa0135, 0xe1d1, 0x40f1, 0xaa,0xa5, 0x3c,0xc1,0xe5,0x32,0x21,0xc3)
#endif
#else
typedef struct IVdsVolumePlexVtbl {
    BEGIN_INTERFACE

    /*** IUnknown methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryInterface)(
        IVdsVolumePlex *This,
        const IID *riid,
        void **ppvObject);

    ULONG (STDMETHODCALLTYPE *AddRef)(
        IVdsVolumePlex *This);

    ULONG (STDMETHODCALLTYPE *Release)(
        IVdsVolumePlex *This);

    /*** IVdsVolumePlex methods ***/
    HRESULT (STDMETHODCALLTYPE *GetProperties)(
        IVdsVolumePlex *This,
        VDS_VOLUME_PLEX_PROP *pPlexProperties);

    HRESULT (STDMETHODCALLTYPE *GetVolume)(
        IVdsVolumePlex *This,
        IVdsVolume **ppVolume);

    HRESULT (STDMETHODCALLTYPE *QueryExtents)(
        IVdsVolumePlex *This,
        VDS_DISK_EXTENT **ppExtentArray,
        LONG *plNumberOfExtents);

    HRESULT (STDMETHODCALLTYPE *Repair)(
        IVdsVolumePlex *This,
        VDS_INPUT_DISK *pInputDiskArray,
        LONG lNumberOfDisks,
        IVdsAsync **ppAsync);

    END_INTERFACE
} IVdsVolumePlexVtbl;

struct IVdsVolumePlex {
    CONST_VTBL IVdsVolumePlexVtbl* lpVtbl;
};

#ifdef COBJMACROS
#ifndef WIDL_C_INLINE_WRAPPERS
/*** IUnknown methods ***/
#define IVdsVolumePlex_QueryInterface(This,riid,ppvObject) (This)->lpVtbl->QueryInterface(This,riid,ppvObject)
#define IVdsVolumePlex_AddRef(This) (This)->lpVtbl->AddRef(This)
#define IVdsVolumePlex_Release(This) (This)->lpVtbl->Release(This)
/*** IVdsVolumePlex methods ***/
#define IVdsVolumePlex_GetProperties(This,pPlexProperties) (This)->lpVtbl->GetProperties(This,pPlexProperties)
#define IVdsVolumePlex_GetVolume(This,ppVolume) (This)->lpVtbl->GetVolume(This,ppVolume)
#define IVdsVolumePlex_QueryExtents(This,ppExtentArray,plNumberOfExtents) (This)->lpVtbl->QueryExtents(This,ppExtentArray,plNumberOfExtents)
#define IVdsVolumePlex_Repair(This,pInputDiskArray,lNumberOfDisks,ppAsync) (This)->lpVtbl->Repair(This,pInputDiskArray,lNumberOfDisks,ppAsync)
#else
/*** IUnknown methods ***/
static FORCEINLINE HRESULT IVdsVolumePlex_QueryInterface(IVdsVolumePlex* This,const IID *riid,void **ppvObject) {
    return This->lpVtbl->QueryInterface(This,riid,ppvObject);
}
static FORCEINLINE ULONG IVdsVolumePlex_AddRef(IVdsVolumePlex* This) {
    return This->lpVtbl->AddRef(This);
}
static FORCEINLINE ULONG IVdsVolumePlex_Release(IVdsVolumePlex* This) {
    return This->lpVtbl->Release(This);
}
/*** IVdsVolumePlex methods ***/
static FORCEINLINE HRESULT IVdsVolumePlex_GetProperties(IVdsVolumePlex* This,VDS_VOLUME_PLEX_PROP *pPlexProperties) {
    return This->lpVtbl->GetProperties(This,pPlexProperties);
}
static FORCEINLINE HRESULT IVdsVolumePlex_GetVolume(IVdsVolumePlex* This,IVdsVolume **ppVolume) {
    return This->lpVtbl->GetVolume(This,ppVolume);
}
static FORCEINLINE HRESULT IVdsVolumePlex_QueryExtents(IVdsVolumePlex* This,VDS_DISK_EXTENT **ppExtentArray,LONG *plNumberOfExtents) {
    return This->lpVtbl->QueryExtents(This,ppExtentArray,plNumberOfExtents);
}
static FORCEINLINE HRESULT IVdsVolumePlex_Repair(IVdsVolumePlex* This,VDS_INPUT_DISK *pInputDiskArray,LONG lNumberOfDisks,IVdsAsync **ppAsync) {
    return This->lpVtbl->Repair(This,pInputDiskArray,lNumberOfDisks,ppAsync);
}
#endif
#endif

#endif

#endif  /* __IVdsVolumePlex_INTERFACE_DEFINED__ */

/*****************************************************************************
 * IVdsDisk3 interface
 *
 * Disk. By software provider/service. VDS 3.0.
 */
#ifndef __IVdsDisk3_INTERFACE_DEFINED__
#define __IVdsDisk3_INTERFACE_DEFINED__

DEFINE_GUID(IID_IVdsDisk3, 0x8f4b2f5d, 0xec15, 0x4357, 0x99,0x2f, 0x47,0x3e,0xf1,0x09,0x75,0xb9);
#if defined(__cplusplus) && !defined(CINTERFACE)
MIDL_INTERFACE("8f4b2f5d-ec15-4357-992f-473ef10975b9")
IVdsDisk3 : public IUnknown
{
    virtual HRESULT STDMETHODCALLTYPE GetProperties2(
        VDS_DISK_PROP2 *pDiskProperties) = 0;

    virtual HRESULT STDMETHODCALLTYPE QueryFreeExtents(
        ULONG ulAlign,
        VDS_DISK_FREE_EXTENT **ppFreeExtentArray,
        LONG *plNumberOfFreeExtents) = 0;

};
#ifdef __CRT_UUID_DECL
__CRT_UUID_DECL(IVdsDisk3, 0x8f4b2f5d, 0xec15, 0x4357, 0x99,0x2f, 0x47,0x3e,0xf1,0x09,0x75,0xb9)
#endif
#else
typedef struct IVdsDisk3Vtbl {
    BEGIN_INTERFACE

    /*** IUnknown methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryInterface)(
        IVdsDisk3 *This,
        const IID *riid,
        void **ppvObject);

    ULONG (STDMETHODCALLTYPE *AddRef)(
        IVdsDisk3 *This);

    ULONG (STDMETHODCALLTYPE *Release)(
        IVdsDisk3 *This);

    /*** IVdsDisk3 methods ***/
    HRESULT (STDMETHODCALLTYPE *GetProperties2)(
        IVdsDisk3 *This,
        VDS_DISK_PROP2 *pDiskProperties);

    HRESULT (STDMETHODCALLTYPE *QueryFreeExtents)(
        IVdsDisk3 *This,
        ULONG ulAlign,
        VDS_DISK_FREE_EXTENT **ppFreeExtentArray,
        LONG *plNumberOfFreeExtents);

    END_INTERFACE
} IVdsDisk3Vtbl;

struct IVdsDisk3 {
    CONST_VTBL IVdsDisk3Vtbl* lpVtbl;
};

#ifdef COBJMACROS
#ifndef WIDL_C_INLINE_WRAPPERS
/*** IUnknown methods ***/
#define IVdsDisk3_QueryInterface(This,riid,ppvObject) (This)->lpVtbl->QueryInterface(This,riid,ppvObject)
#define IVdsDisk3_AddRef(This) (This)->lpVtbl->AddRef(This)
#define IVdsDisk3_Release(This) (This)->lpVtbl->Release(This)
/*** IVdsDisk3 methods ***/
#define IVdsDisk3_GetProperties2(This,pDiskProperties) (This)->lpVtbl->GetProperties2(This,pDiskProperties)
#define IVdsDisk3_QueryFreeExtents(This,ulAlign,ppFreeExtentArray,plNumberOfFreeExtents) (This)->lpVtbl->QueryFreeExtents(This,ulAlign,ppFreeExtentArray,plNumberOfFreeExtents)
#else
/*** IUnknown methods ***/
static FORCEINLINE HRESULT IVdsDisk3_QueryInterface(IVdsDisk3* This,const IID *riid,void **ppvObject) {
    return This->lpVtbl->QueryInterface(This,riid,ppvObject);
}
static FORCEINLINE ULONG IVdsDisk3_AddRef(IVdsDisk3* This) {
    return This->lpVtbl->AddRef(This);
}
static FORCEINLINE ULONG IVdsDisk3_Release(IVdsDisk3* This) {
    return This->lpVtbl->Release(This);
}
/*** IVdsDisk3 methods ***/
static FORCEINLINE HRESULT IVdsDisk3_GetProperties2(IVdsDisk3* This,VDS_DISK_PROP2 *pDiskProperties) {
    return This->lpVtbl->GetProperties2(This,pDiskProperties);
}
static FORCEINLINE HRESULT IVdsDisk3_QueryFreeExtents(IVdsDisk3* This,ULONG ulAlign,VDS_DISK_FREE_EXTENT **ppFreeExtentArray,LONG *plNumberOfFreeExtents) {
    return This->lpVtbl->QueryFreeExtents(This,ulAlign,ppFreeExtentArray,plNumberOfFreeExtents);
}
#endif
#endif

#endif

#endif  /* __IVdsDisk3_INTERFACE_DEFINED__ */

/* Bits of VDS_DRIVE_LETTER_PROP.ulFlags. */
typedef enum _VDS_DRIVE_LETTER_FLAG {
    VDS_DLF_NON_PERSISTENT = 0x1
} VDS_DRIVE_LETTER_FLAG;
/* Bits of VDS_FILE_SYSTEM_TYPE_PROP.ulFlags: what a file system can do. */
typedef enum _VDS_FILE_SYSTEM_FLAG {
    VDS_FSF_SUPPORT_FORMAT = 0x1,
    VDS_FSF_SUPPORT_QUICK_FORMAT = 0x2,
    VDS_FSF_SUPPORT_COMPRESS = 0x4,
    VDS_FSF_SUPPORT_SPECIFY_LABEL = 0x8,
    VDS_FSF_SUPPORT_MOUNT_POINT = 0x10,
    VDS_FSF_SUPPORT_REMOVABLE_MEDIA = 0x20,
    VDS_FSF_SUPPORT_EXTEND = 0x40,
    VDS_FSF_ALLOCATION_UNIT_512 = 0x10000,
    VDS_FSF_ALLOCATION_UNIT_1K = 0x20000,
    VDS_FSF_ALLOCATION_UNIT_2K = 0x40000,
    VDS_FSF_ALLOCATION_UNIT_4K = 0x80000,
    VDS_FSF_ALLOCATION_UNIT_8K = 0x100000,
    VDS_FSF_ALLOCATION_UNIT_16K = 0x200000,
    VDS_FSF_ALLOCATION_UNIT_32K = 0x400000,
    VDS_FSF_ALLOCATION_UNIT_64K = 0x800000,
    VDS_FSF_ALLOCATION_UNIT_128K = 0x1000000,
    VDS_FSF_ALLOCATION_UNIT_256K = 0x2000000
} VDS_FILE_SYSTEM_FLAG;
/* Bits of VDS_FILE_SYSTEM_FORMAT_SUPPORT_PROP.ulFlags. */
typedef enum _VDS_FILE_SYSTEM_FORMAT_SUPPORT_FLAG {
    VDS_FSS_DEFAULT = 0x1,
    VDS_FSS_PREVIOUS_REVISION = 0x2,
    VDS_FSS_RECOMMENDED = 0x4
} VDS_FILE_SYSTEM_FORMAT_SUPPORT_FLAG;
/* Bits of VDS_FILE_SYSTEM_PROP.ulFlags. */
typedef enum _VDS_FILE_SYSTEM_PROP_FLAG {
    VDS_FPF_COMPRESSED = 0x1
} VDS_FILE_SYSTEM_PROP_FLAG;
/* Bits that formatting a volume takes. */
typedef enum _VDS_FORMAT_OPTION_FLAGS {
    VDS_FSOF_NONE = 0x0,
    VDS_FSOF_FORCE = 0x1,
    VDS_FSOF_QUICK = 0x2,
    VDS_FSOF_COMPRESSION = 0x4,
    VDS_FSOF_DUPLICATE_METADATA = 0x8
} VDS_FORMAT_OPTION_FLAGS;
#define MAX_FS_NAME_SIZE (8)

#define MAX_FS_FORMAT_SUPPORT_NAME_SIZE (32)

#define MAX_FS_ALLOWED_CLUSTER_SIZES_SIZE (32)

/* A mount point of a volume. */
typedef struct VDS_REPARSE_POINT_PROP {
    VDS_OBJECT_ID SourceVolumeId;
    LPWSTR pwszPath;
} VDS_REPARSE_POINT_PROP;
/* A drive letter and the volume that has it. */
typedef struct _VDS_DRIVE_LETTER_PROP {
    WCHAR wcLetter;
    VDS_OBJECT_ID volumeId;
    ULONG ulFlags;
    BOOL bUsed;
} VDS_DRIVE_LETTER_PROP;
/* What a kind of file system can do. */
typedef struct _VDS_FILE_SYSTEM_TYPE_PROP {
    VDS_FILE_SYSTEM_TYPE type;
    WCHAR wszName[8];
    ULONG ulFlags;
    ULONG ulCompressionFlags;
    ULONG ulMaxLableLength;
    LPWSTR pwszIllegalLabelCharSet;
} VDS_FILE_SYSTEM_TYPE_PROP;
/* How a volume can be formatted. Allocation units are in bytes. */
typedef struct _VDS_FILE_SYSTEM_FORMAT_SUPPORT_PROP {
    ULONG ulFlags;
    USHORT usRevision;
    ULONG ulDefaultUnitAllocationSize;
    ULONG rgulAllowedUnitAllocationSizes[32];
    WCHAR wszName[32];
} VDS_FILE_SYSTEM_FORMAT_SUPPORT_PROP;
/* The file system on a volume. ulAllocationUnitSize is in bytes. */
typedef struct _VDS_FILE_SYSTEM_PROP {
    VDS_FILE_SYSTEM_TYPE type;
    VDS_OBJECT_ID volumeId;
    ULONG ulFlags;
    ULONGLONG ullTotalAllocationUnits;
    ULONGLONG ullAvailableAllocationUnits;
    ULONG ulAllocationUnitSize;
    LPWSTR pwszLabel;
} VDS_FILE_SYSTEM_PROP;
/*****************************************************************************
 * IVdsDiskPartitionMF interface
 *
 * Disk. By software provider/service. VDS 2.0/2.1.
 */
#ifndef __IVdsDiskPartitionMF_INTERFACE_DEFINED__
#define __IVdsDiskPartitionMF_INTERFACE_DEFINED__

DEFINE_GUID(IID_IVdsDiskPartitionMF, 0x538684e0, 0xba3d, 0x4bc0, 0xac,0xa9, 0x16,0x4a,0xff,0x85,0xc2,0xa9);
#if defined(__cplusplus) && !defined(CINTERFACE)
MIDL_INTERFACE("538684e0-ba3d-4bc0-aca9-164aff85c2a9")
IVdsDiskPartitionMF : public IUnknown
{
    virtual HRESULT STDMETHODCALLTYPE GetPartitionFileSystemProperties(
        ULONGLONG ullOffset,
        VDS_FILE_SYSTEM_PROP *pFileSystemProp) = 0;

    virtual HRESULT STDMETHODCALLTYPE GetPartitionFileSystemTypeName(
        ULONGLONG ullOffset,
        LPWSTR *ppwszFileSystemTypeName) = 0;

    virtual HRESULT STDMETHODCALLTYPE QueryPartitionFileSystemFormatSupport(
        ULONGLONG ullOffset,
        VDS_FILE_SYSTEM_FORMAT_SUPPORT_PROP **ppFileSystemSupportProps,
        LONG *plNumberOfFileSystems) = 0;

    virtual HRESULT STDMETHODCALLTYPE FormatPartitionEx(
        ULONGLONG ullOffset,
        LPWSTR pwszFileSystemTypeName,
        USHORT usFileSystemRevision,
        ULONG ulDesiredUnitAllocationSize,
        LPWSTR pwszLabel,
        BOOL bForce,
        BOOL bQuickFormat,
        BOOL bEnableCompression,
        IVdsAsync **ppAsync) = 0;

};
#ifdef __CRT_UUID_DECL
__CRT_UUID_DECL(IVdsDiskPartitionMF, 0x538684e0, 0xba3d, 0x4bc0, 0xac,0xa9, 0x16,0x4a,0xff,0x85,0xc2,0xa9)
#endif
#else
typedef struct IVdsDiskPartitionMFVtbl {
    BEGIN_INTERFACE

    /*** IUnknown methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryInterface)(
        IVdsDiskPartitionMF *This,
        const IID *riid,
        void **ppvObject);

    ULONG (STDMETHODCALLTYPE *AddRef)(
        IVdsDiskPartitionMF *This);

    ULONG (STDMETHODCALLTYPE *Release)(
        IVdsDiskPartitionMF *This);

    /*** IVdsDiskPartitionMF methods ***/
    HRESULT (STDMETHODCALLTYPE *GetPartitionFileSystemProperties)(
        IVdsDiskPartitionMF *This,
        ULONGLONG ullOffset,
        VDS_FILE_SYSTEM_PROP *pFileSystemProp);

    HRESULT (STDMETHODCALLTYPE *GetPartitionFileSystemTypeName)(
        IVdsDiskPartitionMF *This,
        ULONGLONG ullOffset,
        LPWSTR *ppwszFileSystemTypeName);

    HRESULT (STDMETHODCALLTYPE *QueryPartitionFileSystemFormatSupport)(
        IVdsDiskPartitionMF *This,
        ULONGLONG ullOffset,
        VDS_FILE_SYSTEM_FORMAT_SUPPORT_PROP **ppFileSystemSupportProps,
        LONG *plNumberOfFileSystems);

    HRESULT (STDMETHODCALLTYPE *FormatPartitionEx)(
        IVdsDiskPartitionMF *This,
        ULONGLONG ullOffset,
        LPWSTR pwszFileSystemTypeName,
        USHORT usFileSystemRevision,
        ULONG ulDesiredUnitAllocationSize,
        LPWSTR pwszLabel,
        BOOL bForce,
        BOOL bQuickFormat,
        BOOL bEnableCompression,
        IVdsAsync **ppAsync);

    END_INTERFACE
} IVdsDiskPartitionMFVtbl;

struct IVdsDiskPartitionMF {
    CONST_VTBL IVdsDiskPartitionMFVtbl* lpVtbl;
};

#ifdef COBJMACROS
#ifndef WIDL_C_INLINE_WRAPPERS
/*** IUnknown methods ***/
#define IVdsDiskPartitionMF_QueryInterface(This,riid,ppvObject) (This)->lpVtbl->QueryInterface(This,riid,ppvObject)
#define IVdsDiskPartitionMF_AddRef(This) (This)->lpVtbl->AddRef(This)
#define IVdsDiskPartitionMF_Release(This) (This)->lpVtbl->Release(This)
/*** IVdsDiskPartitionMF methods ***/
#define IVdsDiskPartitionMF_GetPartitionFileSystemProperties(This,ullOffset,pFileSystemProp) (This)->lpVtbl->GetPartitionFileSystemProperties(This,ullOffset,pFileSystemProp)
#define IVdsDiskPartitionMF_GetPartitionFileSystemTypeName(This,ullOffset,ppwszFileSystemTypeName) (This)->lpVtbl->GetPartitionFileSystemTypeName(This,ullOffset,ppwszFileSystemTypeName)
#define IVdsDiskPartitionMF_QueryPartitionFileSystemFormatSupport(This,ullOffset,ppFileSystemSupportProps,plNumberOfFileSystems) (This)->lpVtbl->QueryPartitionFileSystemFormatSupport(This,ullOffset,ppFileSystemSupportProps,plNumberOfFileSystems)
#define IVdsDiskPartitionMF_FormatPartitionEx(This,ullOffset,pwszFileSystemTypeName,usFileSystemRevision,ulDesiredUnitAllocationSize,pwszLabel,bForce,bQuickFormat,bEnableCompression,ppAsync) (This)->lpVtbl->FormatPartitionEx(This,ullOffset,pwszFileSystemTypeName,usFileSystemRevision,ulDesiredUnitAllocationSize,pwszLabel,bForce,bQuickFormat,bEnableCompression,ppAsync)
#else
/*** IUnknown methods ***/
static FORCEINLINE HRESULT IVdsDiskPartitionMF_QueryInterface(IVdsDiskPartitionMF* This,const IID *riid,void **ppvObject) {
    return This->lpVtbl->QueryInterface(This,riid,ppvObject);
}
static FORCEINLINE ULONG IVdsDiskPartitionMF_AddRef(IVdsDiskPartitionMF* This) {
    return This->lpVtbl->AddRef(This);
}
static FORCEINLINE ULONG IVdsDiskPartitionMF_Release(IVdsDiskPartitionMF* This) {
    return This->lpVtbl->Release(This);
}
/*** IVdsDiskPartitionMF methods ***/
static FORCEINLINE HRESULT IVdsDiskPartitionMF_GetPartitionFileSystemProperties(IVdsDiskPartitionMF* This,ULONGLONG ullOffset,VDS_FILE_SYSTEM_PROP *pFileSystemProp) {
    return This->lpVtbl->GetPartitionFileSystemProperties(This,ullOffset,pFileSystemProp);
}
static FORCEINLINE HRESULT IVdsDiskPartitionMF_GetPartitionFileSystemTypeName(IVdsDiskPartitionMF* This,ULONGLONG ullOffset,LPWSTR *ppwszFileSystemTypeName) {
    return This->lpVtbl->GetPartitionFileSystemTypeName(This,ullOffset,ppwszFileSystemTypeName);
}
static FORCEINLINE HRESULT IVdsDiskPartitionMF_QueryPartitionFileSystemFormatSupport(IVdsDiskPartitionMF* This,ULONGLONG ullOffset,VDS_FILE_SYSTEM_FORMAT_SUPPORT_PROP **ppFileSystemSupportProps,LONG *plNumberOfFileSystems) {
    return This->lpVtbl->QueryPartitionFileSystemFormatSupport(This,ullOffset,ppFileSystemSupportProps,plNumberOfFileSystems);
}
static FORCEINLINE HRESULT IVdsDiskPartitionMF_FormatPartitionEx(IVdsDiskPartitionMF* This,ULONGLONG ullOffset,LPWSTR pwszFileSystemTypeName,USHORT usFileSystemRevision,ULONG ulDesiredUnitAllocationSize,LPWSTR pwszLabel,BOOL bForce,BOOL bQuickFormat,BOOL bEnableCompression,IVdsAsync **ppAsync) {
    return This->lpVtbl->FormatPartitionEx(This,ullOffset,pwszFileSystemTypeName,usFileSystemRevision,ulDesiredUnitAllocationSize,pwszLabel,bForce,bQuickFormat,bEnableCompression,ppAsync);
}
#endif
#endif

#endif

#endif  /* __IVdsDiskPartitionMF_INTERFACE_DEFINED__ */

/*****************************************************************************
 * IVdsVolumeMF interface
 *
 * Volume. By software provider/service. VDS 1.0.
 */
#ifndef __IVdsVolumeMF_INTERFACE_DEFINED__
#define __IVdsVolumeMF_INTERFACE_DEFINED__

DEFINE_GUID(IID_IVdsVolumeMF, 0xee2d5ded, 0x6236, 0x4169, 0x93,0x1d, 0xb9,0x77,0x8c,0xe0,0x3d,0xc6);
#if defined(__cplusplus) && !defined(CINTERFACE)
MIDL_INTERFACE("ee2d5ded-6236-4169-931d-b9778ce03dc6")
IVdsVolumeMF : public IUnknown
{
    virtual HRESULT STDMETHODCALLTYPE GetFileSystemProperties(
        VDS_FILE_SYSTEM_PROP *pFileSystemProp) = 0;

    virtual HRESULT STDMETHODCALLTYPE Format(
        VDS_FILE_SYSTEM_TYPE type,
        LPWSTR pwszLabel,
        DWORD dwUnitAllocationSize,
        BOOL bForce,
        BOOL bQuickFormat,
        BOOL bEnableCompression,
        IVdsAsync **ppAsync) = 0;

    virtual HRESULT STDMETHODCALLTYPE AddAccessPath(
        LPWSTR pwszPath) = 0;

    virtual HRESULT STDMETHODCALLTYPE QueryAccessPaths(
        LPWSTR **pwszPathArray,
        LONG *plNumberOfAccessPaths) = 0;

    virtual HRESULT STDMETHODCALLTYPE QueryReparsePoints(
        VDS_REPARSE_POINT_PROP **ppReparsePointProps,
        LONG *plNumberOfReparsePointProps) = 0;

    virtual HRESULT STDMETHODCALLTYPE DeleteAccessPath(
        LPWSTR pwszPath,
        BOOL bForce) = 0;

    virtual HRESULT STDMETHODCALLTYPE Mount(
        ) = 0;

    virtual HRESULT STDMETHODCALLTYPE Dismount(
        BOOL bForce,
        BOOL bPermanent) = 0;

    virtual HRESULT STDMETHODCALLTYPE SetFileSystemFlags(
        ULONG ulFlags) = 0;

    virtual HRESULT STDMETHODCALLTYPE ClearFileSystemFlags(
        ULONG ulFlags) = 0;

};
#ifdef __CRT_UUID_DECL
__CRT_UUID_DECL(IVdsVolumeMF, 0xee2d5ded, 0x6236, 0x4169, 0x93,0x1d, 0xb9,0x77,0x8c,0xe0,0x3d,0xc6)
#endif
#else
typedef struct IVdsVolumeMFVtbl {
    BEGIN_INTERFACE

    /*** IUnknown methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryInterface)(
        IVdsVolumeMF *This,
        const IID *riid,
        void **ppvObject);

    ULONG (STDMETHODCALLTYPE *AddRef)(
        IVdsVolumeMF *This);

    ULONG (STDMETHODCALLTYPE *Release)(
        IVdsVolumeMF *This);

    /*** IVdsVolumeMF methods ***/
    HRESULT (STDMETHODCALLTYPE *GetFileSystemProperties)(
        IVdsVolumeMF *This,
        VDS_FILE_SYSTEM_PROP *pFileSystemProp);

    HRESULT (STDMETHODCALLTYPE *Format)(
        IVdsVolumeMF *This,
        VDS_FILE_SYSTEM_TYPE type,
        LPWSTR pwszLabel,
        DWORD dwUnitAllocationSize,
        BOOL bForce,
        BOOL bQuickFormat,
        BOOL bEnableCompression,
        IVdsAsync **ppAsync);

    HRESULT (STDMETHODCALLTYPE *AddAccessPath)(
        IVdsVolumeMF *This,
        LPWSTR pwszPath);

    HRESULT (STDMETHODCALLTYPE *QueryAccessPaths)(
        IVdsVolumeMF *This,
        LPWSTR **pwszPathArray,
        LONG *plNumberOfAccessPaths);

    HRESULT (STDMETHODCALLTYPE *QueryReparsePoints)(
        IVdsVolumeMF *This,
        VDS_REPARSE_POINT_PROP **ppReparsePointProps,
        LONG *plNumberOfReparsePointProps);

    HRESULT (STDMETHODCALLTYPE *DeleteAccessPath)(
        IVdsVolumeMF *This,
        LPWSTR pwszPath,
        BOOL bForce);

    HRESULT (STDMETHODCALLTYPE *Mount)(
        IVdsVolumeMF *This);

    HRESULT (STDMETHODCALLTYPE *Dismount)(
        IVdsVolumeMF *This,
        BOOL bForce,
        BOOL bPermanent);

    HRESULT (STDMETHODCALLTYPE *SetFileSystemFlags)(
        IVdsVolumeMF *This,
        ULONG ulFlags);

    HRESULT (STDMETHODCALLTYPE *ClearFileSystemFlags)(
        IVdsVolumeMF *This,
        ULONG ulFlags);

    END_INTERFACE
} IVdsVolumeMFVtbl;

struct IVdsVolumeMF {
    CONST_VTBL IVdsVolumeMFVtbl* lpVtbl;
};

#ifdef COBJMACROS
#ifndef WIDL_C_INLINE_WRAPPERS
/*** IUnknown methods ***/
#define IVdsVolumeMF_QueryInterface(This,riid,ppvObject) (This)->lpVtbl->QueryInterface(This,riid,ppvObject)
#define IVdsVolumeMF_AddRef(This) (This)->lpVtbl->AddRef(This)
#define IVdsVolumeMF_Release(This) (This)->lpVtbl->Release(This)
/*** IVdsVolumeMF methods ***/
#define IVdsVolumeMF_GetFileSystemProperties(This,pFileSystemProp) (This)->lpVtbl->GetFileSystemProperties(This,pFileSystemProp)
#define IVdsVolumeMF_Format(This,type,pwszLabel,dwUnitAllocationSize,bForce,bQuickFormat,bEnableCompression,ppAsync) (This)->lpVtbl->Format(This,type,pwszLabel,dwUnitAllocationSize,bForce,bQuickFormat,bEnableCompression,ppAsync)
#define IVdsVolumeMF_AddAccessPath(This,pwszPath) (This)->lpVtbl->AddAccessPath(This,pwszPath)
#define IVdsVolumeMF_QueryAccessPaths(This,pwszPathArray,plNumberOfAccessPaths) (This)->lpVtbl->QueryAccessPaths(This,pwszPathArray,plNumberOfAccessPaths)
#define IVdsVolumeMF_QueryReparsePoints(This,ppReparsePointProps,plNumberOfReparsePointProps) (This)->lpVtbl->QueryReparsePoints(This,ppReparsePointProps,plNumberOfReparsePointProps)
#define IVdsVolumeMF_DeleteAccessPath(This,pwszPath,bForce) (This)->lpVtbl->DeleteAccessPath(This,pwszPath,bForce)
#define IVdsVolumeMF_Mount(This) (This)->lpVtbl->Mount(This)
#define IVdsVolumeMF_Dismount(This,bForce,bPermanent) (This)->lpVtbl->Dismount(This,bForce,bPermanent)
#define IVdsVolumeMF_SetFileSystemFlags(This,ulFlags) (This)->lpVtbl->SetFileSystemFlags(This,ulFlags)
#define IVdsVolumeMF_ClearFileSystemFlags(This,ulFlags) (This)->lpVtbl->ClearFileSystemFlags(This,ulFlags)
#else
/*** IUnknown methods ***/
static FORCEINLINE HRESULT IVdsVolumeMF_QueryInterface(IVdsVolumeMF* This,const IID *riid,void **ppvObject) {
    return This->lpVtbl->QueryInterface(This,riid,ppvObject);
}
static FORCEINLINE ULONG IVdsVolumeMF_AddRef(IVdsVolumeMF* This) {
    return This->lpVtbl->AddRef(This);
}
static FORCEINLINE ULONG IVdsVolumeMF_Release(IVdsVolumeMF* This) {
    return This->lpVtbl->Release(This);
}
/*** IVdsVolumeMF methods ***/
static FORCEINLINE HRESULT IVdsVolumeMF_GetFileSystemProperties(IVdsVolumeMF* This,VDS_FILE_SYSTEM_PROP *pFileSystemProp) {
    return This->lpVtbl->GetFileSystemProperties(This,pFileSystemProp);
}
static FORCEINLINE HRESULT IVdsVolumeMF_Format(IVdsVolumeMF* This,VDS_FILE_SYSTEM_TYPE type,LPWSTR pwszLabel,DWORD dwUnitAllocationSize,BOOL bForce,BOOL bQuickFormat,BOOL bEnableCompression,IVdsAsync **ppAsync) {
    return This->lpVtbl->Format(This,type,pwszLabel,dwUnitAllocationSize,bForce,bQuickFormat,bEnableCompression,ppAsync);
}
static FORCEINLINE HRESULT IVdsVolumeMF_AddAccessPath(IVdsVolumeMF* This,LPWSTR pwszPath) {
    return This->lpVtbl->AddAccessPath(This,pwszPath);
}
static FORCEINLINE HRESULT IVdsVolumeMF_QueryAccessPaths(IVdsVolumeMF* This,LPWSTR **pwszPathArray,LONG *plNumberOfAccessPaths) {
    return This->lpVtbl->QueryAccessPaths(This,pwszPathArray,plNumberOfAccessPaths);
}
static FORCEINLINE HRESULT IVdsVolumeMF_QueryReparsePoints(IVdsVolumeMF* This,VDS_REPARSE_POINT_PROP **ppReparsePointProps,LONG *plNumberOfReparsePointProps) {
    return This->lpVtbl->QueryReparsePoints(This,ppReparsePointProps,plNumberOfReparsePointProps);
}
static FORCEINLINE HRESULT IVdsVolumeMF_DeleteAccessPath(IVdsVolumeMF* This,LPWSTR pwszPath,BOOL bForce) {
    return This->lpVtbl->DeleteAccessPath(This,pwszPath,bForce);
}
static FORCEINLINE HRESULT IVdsVolumeMF_Mount(IVdsVolumeMF* This) {
    return This->lpVtbl->Mount(This);
}
static FORCEINLINE HRESULT IVdsVolumeMF_Dismount(IVdsVolumeMF* This,BOOL bForce,BOOL bPermanent) {
    return This->lpVtbl->Dismount(This,bForce,bPermanent);
}
static FORCEINLINE HRESULT IVdsVolumeMF_SetFileSystemFlags(IVdsVolumeMF* This,ULONG ulFlags) {
    return This->lpVtbl->SetFileSystemFlags(This,ulFlags);
}
static FORCEINLINE HRESULT IVdsVolumeMF_ClearFileSystemFlags(IVdsVolumeMF* This,ULONG ulFlags) {
    return This->lpVtbl->ClearFileSystemFlags(This,ulFlags);
}
#endif
#endif

#endif

#endif  /* __IVdsVolumeMF_INTERFACE_DEFINED__ */

/*****************************************************************************
 * IVdsVolumeMF2 interface
 *
 * Volume. By software provider/service. VDS 2.0/2.1.
 */
#ifndef __IVdsVolumeMF2_INTERFACE_DEFINED__
#define __IVdsVolumeMF2_INTERFACE_DEFINED__

DEFINE_GUID(IID_IVdsVolumeMF2, 0x4dbcee9a, 0x6343, 0x4651, 0xb8,0x5f, 0x5e,0x75,0xd7,0x4d,0x98,0x3c);
#if defined(__cplusplus) && !defined(CINTERFACE)
MIDL_INTERFACE("4dbcee9a-6343-4651-b85f-5e75d74d983c")
IVdsVolumeMF2 : public IUnknown
{
    virtual HRESULT STDMETHODCALLTYPE GetFileSystemTypeName(
        LPWSTR *ppwszFileSystemTypeName) = 0;

    virtual HRESULT STDMETHODCALLTYPE QueryFileSystemFormatSupport(
        VDS_FILE_SYSTEM_FORMAT_SUPPORT_PROP **ppFileSystemSupportProps,
        LONG *plNumberOfFileSystems) = 0;

    virtual HRESULT STDMETHODCALLTYPE FormatEx(
        LPWSTR pwszFileSystemTypeName,
        USHORT usFileSystemRevision,
        ULONG ulDesiredUnitAllocationSize,
        LPWSTR pwszLabel,
        BOOL bForce,
        BOOL bQuickFormat,
        BOOL bEnableCompression,
        IVdsAsync **ppAsync) = 0;

};
#ifdef __CRT_UUID_DECL
__CRT_UUID_DECL(IVdsVolumeMF2, 0x4dbcee9a, 0x6343, 0x4651, 0xb8,0x5f, 0x5e,0x75,0xd7,0x4d,0x98,0x3c)
#endif
#else
typedef struct IVdsVolumeMF2Vtbl {
    BEGIN_INTERFACE

    /*** IUnknown methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryInterface)(
        IVdsVolumeMF2 *This,
        const IID *riid,
        void **ppvObject);

    ULONG (STDMETHODCALLTYPE *AddRef)(
        IVdsVolumeMF2 *This);

    ULONG (STDMETHODCALLTYPE *Release)(
        IVdsVolumeMF2 *This);

    /*** IVdsVolumeMF2 methods ***/
    HRESULT (STDMETHODCALLTYPE *GetFileSystemTypeName)(
        IVdsVolumeMF2 *This,
        LPWSTR *ppwszFileSystemTypeName);

    HRESULT (STDMETHODCALLTYPE *QueryFileSystemFormatSupport)(
        IVdsVolumeMF2 *This,
        VDS_FILE_SYSTEM_FORMAT_SUPPORT_PROP **ppFileSystemSupportProps,
        LONG *plNumberOfFileSystems);

    HRESULT (STDMETHODCALLTYPE *FormatEx)(
        IVdsVolumeMF2 *This,
        LPWSTR pwszFileSystemTypeName,
        USHORT usFileSystemRevision,
        ULONG ulDesiredUnitAllocationSize,
        LPWSTR pwszLabel,
        BOOL bForce,
        BOOL bQuickFormat,
        BOOL bEnableCompression,
        IVdsAsync **ppAsync);

    END_INTERFACE
} IVdsVolumeMF2Vtbl;

struct IVdsVolumeMF2 {
    CONST_VTBL IVdsVolumeMF2Vtbl* lpVtbl;
};

#ifdef COBJMACROS
#ifndef WIDL_C_INLINE_WRAPPERS
/*** IUnknown methods ***/
#define IVdsVolumeMF2_QueryInterface(This,riid,ppvObject) (This)->lpVtbl->QueryInterface(This,riid,ppvObject)
#define IVdsVolumeMF2_AddRef(This) (This)->lpVtbl->AddRef(This)
#define IVdsVolumeMF2_Release(This) (This)->lpVtbl->Release(This)
/*** IVdsVolumeMF2 methods ***/
#define IVdsVolumeMF2_GetFileSystemTypeName(This,ppwszFileSystemTypeName) (This)->lpVtbl->GetFileSystemTypeName(This,ppwszFileSystemTypeName)
#define IVdsVolumeMF2_QueryFileSystemFormatSupport(This,ppFileSystemSupportProps,plNumberOfFileSystems) (This)->lpVtbl->QueryFileSystemFormatSupport(This,ppFileSystemSupportProps,plNumberOfFileSystems)
#define IVdsVolumeMF2_FormatEx(This,pwszFileSystemTypeName,usFileSystemRevision,ulDesiredUnitAllocationSize,pwszLabel,bForce,bQuickFormat,bEnableCompression,ppAsync) (This)->lpVtbl->FormatEx(This,pwszFileSystemTypeName,usFileSystemRevision,ulDesiredUnitAllocationSize,pwszLabel,bForce,bQuickFormat,bEnableCompression,ppAsync)
#else
/*** IUnknown methods ***/
static FORCEINLINE HRESULT IVdsVolumeMF2_QueryInterface(IVdsVolumeMF2* This,const IID *riid,void **ppvObject) {
    return This->lpVtbl->QueryInterface(This,riid,ppvObject);
}
static FORCEINLINE ULONG IVdsVolumeMF2_AddRef(IVdsVolumeMF2* This) {
    return This->lpVtbl->AddRef(This);
}
static FORCEINLINE ULONG IVdsVolumeMF2_Release(IVdsVolumeMF2* This) {
    return This->lpVtbl->Release(This);
}
/*** IVdsVolumeMF2 methods ***/
static FORCEINLINE HRESULT IVdsVolumeMF2_GetFileSystemTypeName(IVdsVolumeMF2* This,LPWSTR *ppwszFileSystemTypeName) {
    return This->lpVtbl->GetFileSystemTypeName(This,ppwszFileSystemTypeName);
}
static FORCEINLINE HRESULT IVdsVolumeMF2_QueryFileSystemFormatSupport(IVdsVolumeMF2* This,VDS_FILE_SYSTEM_FORMAT_SUPPORT_PROP **ppFileSystemSupportProps,LONG *plNumberOfFileSystems) {
    return This->lpVtbl->QueryFileSystemFormatSupport(This,ppFileSystemSupportProps,plNumberOfFileSystems);
}
static FORCEINLINE HRESULT IVdsVolumeMF2_FormatEx(IVdsVolumeMF2* This,LPWSTR pwszFileSystemTypeName,USHORT usFileSystemRevision,ULONG ulDesiredUnitAllocationSize,LPWSTR pwszLabel,BOOL bForce,BOOL bQuickFormat,BOOL bEnableCompression,IVdsAsync **ppAsync) {
    return This->lpVtbl->FormatEx(This,pwszFileSystemTypeName,usFileSystemRevision,ulDesiredUnitAllocationSize,pwszLabel,bForce,bQuickFormat,bEnableCompression,ppAsync);
}
#endif
#endif

#endif

#endif  /* __IVdsVolumeMF2_INTERFACE_DEFINED__ */

/*****************************************************************************
 * IVdsVolumeShrink interface
 *
 * Volume. By software provider/service. VDS 2.0/2.1.
 */
#ifndef __IVdsVolumeShrink_INTERFACE_DEFINED__
#define __IVdsVolumeShrink_INTERFACE_DEFINED__

DEFINE_GUID(IID_IVdsVolumeShrink, 0xd68168c9, 0x82a2, 0x4f85, 0xb6,0xe9, 0x74,0x70,0x7c,0x49,0xa5,0x8f);
#if defined(__cplusplus) && !defined(CINTERFACE)
MIDL_INTERFACE("d68168c9-82a2-4f85-b6e9-74707c49a58f")
IVdsVolumeShrink : public IUnknown
{
    virtual HRESULT STDMETHODCALLTYPE QueryMaxReclaimableBytes(
        ULONGLONG *pullMaxNumberOfReclaimableBytes) = 0;

    virtual HRESULT STDMETHODCALLTYPE Shrink(
        ULONGLONG ullDesiredNumberOfReclaimableBytes,
        ULONGLONG ullMinNumberOfReclaimableBytes,
        IVdsAsync **ppAsync) = 0;

};
#ifdef __CRT_UUID_DECL
__CRT_UUID_DECL(IVdsVolumeShrink, 0xd68168c9, 0x82a2, 0x4f85, 0xb6,0xe9, 0x74,0x70,0x7c,0x49,0xa5,0x8f)
#endif
#else
typedef struct IVdsVolumeShrinkVtbl {
    BEGIN_INTERFACE

    /*** IUnknown methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryInterface)(
        IVdsVolumeShrink *This,
        const IID *riid,
        void **ppvObject);

    ULONG (STDMETHODCALLTYPE *AddRef)(
        IVdsVolumeShrink *This);

    ULONG (STDMETHODCALLTYPE *Release)(
        IVdsVolumeShrink *This);

    /*** IVdsVolumeShrink methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryMaxReclaimableBytes)(
        IVdsVolumeShrink *This,
        ULONGLONG *pullMaxNumberOfReclaimableBytes);

    HRESULT (STDMETHODCALLTYPE *Shrink)(
        IVdsVolumeShrink *This,
        ULONGLONG ullDesiredNumberOfReclaimableBytes,
        ULONGLONG ullMinNumberOfReclaimableBytes,
        IVdsAsync **ppAsync);

    END_INTERFACE
} IVdsVolumeShrinkVtbl;

struct IVdsVolumeShrink {
    CONST_VTBL IVdsVolumeShrinkVtbl* lpVtbl;
};

#ifdef COBJMACROS
#ifndef WIDL_C_INLINE_WRAPPERS
/*** IUnknown methods ***/
#define IVdsVolumeShrink_QueryInterface(This,riid,ppvObject) (This)->lpVtbl->QueryInterface(This,riid,ppvObject)
#define IVdsVolumeShrink_AddRef(This) (This)->lpVtbl->AddRef(This)
#define IVdsVolumeShrink_Release(This) (This)->lpVtbl->Release(This)
/*** IVdsVolumeShrink methods ***/
#define IVdsVolumeShrink_QueryMaxReclaimableBytes(This,pullMaxNumberOfReclaimableBytes) (This)->lpVtbl->QueryMaxReclaimableBytes(This,pullMaxNumberOfReclaimableBytes)
#define IVdsVolumeShrink_Shrink(This,ullDesiredNumberOfReclaimableBytes,ullMinNumberOfReclaimableBytes,ppAsync) (This)->lpVtbl->Shrink(This,ullDesiredNumberOfReclaimableBytes,ullMinNumberOfReclaimableBytes,ppAsync)
#else
/*** IUnknown methods ***/
static FORCEINLINE HRESULT IVdsVolumeShrink_QueryInterface(IVdsVolumeShrink* This,const IID *riid,void **ppvObject) {
    return This->lpVtbl->QueryInterface(This,riid,ppvObject);
}
static FORCEINLINE ULONG IVdsVolumeShrink_AddRef(IVdsVolumeShrink* This) {
    return This->lpVtbl->AddRef(This);
}
static FORCEINLINE ULONG IVdsVolumeShrink_Release(IVdsVolumeShrink* This) {
    return This->lpVtbl->Release(This);
}
/*** IVdsVolumeShrink methods ***/
static FORCEINLINE HRESULT IVdsVolumeShrink_QueryMaxReclaimableBytes(IVdsVolumeShrink* This,ULONGLONG *pullMaxNumberOfReclaimableBytes) {
    return This->lpVtbl->QueryMaxReclaimableBytes(This,pullMaxNumberOfReclaimableBytes);
}
static FORCEINLINE HRESULT IVdsVolumeShrink_Shrink(IVdsVolumeShrink* This,ULONGLONG ullDesiredNumberOfReclaimableBytes,ULONGLONG ullMinNumberOfReclaimableBytes,IVdsAsync **ppAsync) {
    return This->lpVtbl->Shrink(This,ullDesiredNumberOfReclaimableBytes,ullMinNumberOfReclaimableBytes,ppAsync);
}
#endif
#endif

#endif

#endif  /* __IVdsVolumeShrink_INTERFACE_DEFINED__ */

/*****************************************************************************
 * IVdsVolumeMF3 interface
 *
 * Volume. By software provider/service. VDS 3.0.
 */
#ifndef __IVdsVolumeMF3_INTERFACE_DEFINED__
#define __IVdsVolumeMF3_INTERFACE_DEFINED__

DEFINE_GUID(IID_IVdsVolumeMF3, 0x6788faf9, 0x214e, 0x4b85, 0xba,0x59, 0x26,0x69,0x53,0x61,0x6e,0x09);
#if defined(__cplusplus) && !defined(CINTERFACE)
MIDL_INTERFACE("6788faf9-214e-4b85-ba59-266953616e09")
IVdsVolumeMF3 : public IUnknown
{
    virtual HRESULT STDMETHODCALLTYPE QueryVolumeGuidPathnames(
        LPWSTR **pwszPathArray,
        ULONG *pulNumberOfPaths) = 0;

    virtual HRESULT STDMETHODCALLTYPE FormatEx2(
        LPWSTR pwszFileSystemTypeName,
        USHORT usFileSystemRevision,
        ULONG ulDesiredUnitAllocationSize,
        LPWSTR pwszLabel,
        DWORD Options,
        IVdsAsync **ppAsync) = 0;

    virtual HRESULT STDMETHODCALLTYPE OfflineVolume(
        ) = 0;

};
#ifdef __CRT_UUID_DECL
__CRT_UUID_DECL(IVdsVolumeMF3, 0x6788faf9, 0x214e, 0x4b85, 0xba,0x59, 0x26,0x69,0x53,0x61,0x6e,0x09)
#endif
#else
typedef struct IVdsVolumeMF3Vtbl {
    BEGIN_INTERFACE

    /*** IUnknown methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryInterface)(
        IVdsVolumeMF3 *This,
        const IID *riid,
        void **ppvObject);

    ULONG (STDMETHODCALLTYPE *AddRef)(
        IVdsVolumeMF3 *This);

    ULONG (STDMETHODCALLTYPE *Release)(
        IVdsVolumeMF3 *This);

    /*** IVdsVolumeMF3 methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryVolumeGuidPathnames)(
        IVdsVolumeMF3 *This,
        LPWSTR **pwszPathArray,
        ULONG *pulNumberOfPaths);

    HRESULT (STDMETHODCALLTYPE *FormatEx2)(
        IVdsVolumeMF3 *This,
        LPWSTR pwszFileSystemTypeName,
        USHORT usFileSystemRevision,
        ULONG ulDesiredUnitAllocationSize,
        LPWSTR pwszLabel,
        DWORD Options,
        IVdsAsync **ppAsync);

    HRESULT (STDMETHODCALLTYPE *OfflineVolume)(
        IVdsVolumeMF3 *This);

    END_INTERFACE
} IVdsVolumeMF3Vtbl;

struct IVdsVolumeMF3 {
    CONST_VTBL IVdsVolumeMF3Vtbl* lpVtbl;
};

#ifdef COBJMACROS
#ifndef WIDL_C_INLINE_WRAPPERS
/*** IUnknown methods ***/
#define IVdsVolumeMF3_QueryInterface(This,riid,ppvObject) (This)->lpVtbl->QueryInterface(This,riid,ppvObject)
#define IVdsVolumeMF3_AddRef(This) (This)->lpVtbl->AddRef(This)
#define IVdsVolumeMF3_Release(This) (This)->lpVtbl->Release(This)
/*** IVdsVolumeMF3 methods ***/
#define IVdsVolumeMF3_QueryVolumeGuidPathnames(This,pwszPathArray,pulNumberOfPaths) (This)->lpVtbl->QueryVolumeGuidPathnames(This,pwszPathArray,pulNumberOfPaths)
#define IVdsVolumeMF3_FormatEx2(This,pwszFileSystemTypeName,usFileSystemRevision,ulDesiredUnitAllocationSize,pwszLabel,Options,ppAsync) (This)->lpVtbl->FormatEx2(This,pwszFileSystemTypeName,usFileSystemRevision,ulDesiredUnitAllocationSize,pwszLabel,Options,ppAsync)
#define IVdsVolumeMF3_OfflineVolume(This) (This)->lpVtbl->OfflineVolume(This)
#else
/*** IUnknown methods ***/
static FORCEINLINE HRESULT IVdsVolumeMF3_QueryInterface(IVdsVolumeMF3* This,const IID *riid,void **ppvObject) {
    return This->lpVtbl->QueryInterface(This,riid,ppvObject);
}
static FORCEINLINE ULONG IVdsVolumeMF3_AddRef(IVdsVolumeMF3* This) {
    return This->lpVtbl->AddRef(This);
}
static FORCEINLINE ULONG IVdsVolumeMF3_Release(IVdsVolumeMF3* This) {
    return This->lpVtbl->Release(This);
}
/*** IVdsVolumeMF3 methods ***/
static FORCEINLINE HRESULT IVdsVolumeMF3_QueryVolumeGuidPathnames(IVdsVolumeMF3* This,LPWSTR **pwszPathArray,ULONG *pulNumberOfPaths) {
    return This->lpVtbl->QueryVolumeGuidPathnames(This,pwszPathArray,pulNumberOfPaths);
}
static FORCEINLINE HRESULT IVdsVolumeMF3_FormatEx2(IVdsVolumeMF3* This,LPWSTR pwszFileSystemTypeName,USHORT usFileSystemRevision,ULONG ulDesiredUnitAllocationSize,LPWSTR pwszLabel,DWORD Options,IVdsAsync **ppAsync) {
    return This->lpVtbl->FormatEx2(This,pwszFileSystemTypeName,usFileSystemRevision,ulDesiredUnitAllocationSize,pwszLabel,Options,ppAsync);
}
static FORCEINLINE HRESULT IVdsVolumeMF3_OfflineVolume(IVdsVolumeMF3* This) {
    return This->lpVtbl->OfflineVolume(This);
}
#endif
#endif

#endif

#endif  /* __IVdsVolumeMF3_INTERFACE_DEFINED__ */

/*****************************************************************************
 * IVdsDiskPartitionMF2 interface
 *
 * Disk. By software provider/service. VDS 3.0.
 */
#ifndef __IVdsDiskPartitionMF2_INTERFACE_DEFINED__
#define __IVdsDiskPartitionMF2_INTERFACE_DEFINED__

DEFINE_GUID(IID_IVdsDiskPartitionMF2, 0x9cbe50ca, 0xf2d2, 0x4bf4, 0xac,0xe1, 0x96,0x89,0x6b,0x72,0x96,0x25);
#if defined(__cplusplus) && !defined(CINTERFACE)
MIDL_INTERFACE("9cbe50ca-f2d2-4bf4-ace1-96896b729625")
IVdsDiskPartitionMF2 : public IUnknown
{
    virtual HRESULT STDMETHODCALLTYPE FormatPartitionEx2(
        ULONGLONG ullOffset,
        LPWSTR pwszFileSystemTypeName,
        USHORT usFileSystemRevision,
        ULONG ulDesiredUnitAllocationSize,
        LPWSTR pwszLabel,
        DWORD Options,
        IVdsAsync **ppAsync) = 0;

};
#ifdef __CRT_UUID_DECL
__CRT_UUID_DECL(IVdsDiskPartitionMF2, 0x9cbe50ca, 0xf2d2, 0x4bf4, 0xac,0xe1, 0x96,0x89,0x6b,0x72,0x96,0x25)
#endif
#else
typedef struct IVdsDiskPartitionMF2Vtbl {
    BEGIN_INTERFACE

    /*** IUnknown methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryInterface)(
        IVdsDiskPartitionMF2 *This,
        const IID *riid,
        void **ppvObject);

    ULONG (STDMETHODCALLTYPE *AddRef)(
        IVdsDiskPartitionMF2 *This);

    ULONG (STDMETHODCALLTYPE *Release)(
        IVdsDiskPartitionMF2 *This);

    /*** IVdsDiskPartitionMF2 methods ***/
    HRESULT (STDMETHODCALLTYPE *FormatPartitionEx2)(
        IVdsDiskPartitionMF2 *This,
        ULONGLONG ullOffset,
        LPWSTR pwszFileSystemTypeName,
        USHORT usFileSystemRevision,
        ULONG ulDesiredUnitAllocationSize,
        LPWSTR pwszLabel,
        DWORD Options,
        IVdsAsync **ppAsync);

    END_INTERFACE
} IVdsDiskPartitionMF2Vtbl;

struct IVdsDiskPartitionMF2 {
    CONST_VTBL IVdsDiskPartitionMF2Vtbl* lpVtbl;
};

#ifdef COBJMACROS
#ifndef WIDL_C_INLINE_WRAPPERS
/*** IUnknown methods ***/
#define IVdsDiskPartitionMF2_QueryInterface(This,riid,ppvObject) (This)->lpVtbl->QueryInterface(This,riid,ppvObject)
#define IVdsDiskPartitionMF2_AddRef(This) (This)->lpVtbl->AddRef(This)
#define IVdsDiskPartitionMF2_Release(This) (This)->lpVtbl->Release(This)
/*** IVdsDiskPartitionMF2 methods ***/
#define IVdsDiskPartitionMF2_FormatPartitionEx2(This,ullOffset,pwszFileSystemTypeName,usFileSystemRevision,ulDesiredUnitAllocationSize,pwszLabel,Options,ppAsync) (This)->lpVtbl->FormatPartitionEx2(This,ullOffset,pwszFileSystemTypeName,usFileSystemRevision,ulDesiredUnitAllocationSize,pwszLabel,Options,ppAsync)
#else
/*** IUnknown methods ***/
static FORCEINLINE HRESULT IVdsDiskPartitionMF2_QueryInterface(IVdsDiskPartitionMF2* This,const IID *riid,void **ppvObject) {
    return This->lpVtbl->QueryInterface(This,riid,ppvObject);
}
static FORCEINLINE ULONG IVdsDiskPartitionMF2_AddRef(IVdsDiskPartitionMF2* This) {
    return This->lpVtbl->AddRef(This);
}
static FORCEINLINE ULONG IVdsDiskPartitionMF2_Release(IVdsDiskPartitionMF2* This) {
    return This->lpVtbl->Release(This);
}
/*** IVdsDiskPartitionMF2 methods ***/
static FORCEINLINE HRESULT IVdsDiskPartitionMF2_FormatPartitionEx2(IVdsDiskPartitionMF2* This,ULONGLONG ullOffset,LPWSTR pwszFileSystemTypeName,USHORT usFileSystemRevision,ULONG ulDesiredUnitAllocationSize,LPWSTR pwszLabel,DWORD Options,IVdsAsync **ppAsync) {
    return This->lpVtbl->FormatPartitionEx2(This,ullOffset,pwszFileSystemTypeName,usFileSystemRevision,ulDesiredUnitAllocationSize,pwszLabel,Options,ppAsync);
}
#endif
#endif

#endif

#endif  /* __IVdsDiskPartitionMF2_INTERFACE_DEFINED__ */

#ifdef _WIN32
#include <virtdisk.h>
#else
/* Bits for what an opened virtual disk may be used for. */
typedef enum _VIRTUAL_DISK_ACCESS_MASK {
    VIRTUAL_DISK_ACCESS_NONE = 0x0,
    VIRTUAL_DISK_ACCESS_ATTACH_RO = 0x10000,
    VIRTUAL_DISK_ACCESS_ATTACH_RW = 0x20000,
    VIRTUAL_DISK_ACCESS_DETACH = 0x40000,
    VIRTUAL_DISK_ACCESS_GET_INFO = 0x80000,
    VIRTUAL_DISK_ACCESS_CREATE = 0x100000,
    VIRTUAL_DISK_ACCESS_METAOPS = 0x200000,
    VIRTUAL_DISK_ACCESS_READ = 0xd0000,
    VIRTUAL_DISK_ACCESS_ALL = 0x3f0000,
    VIRTUAL_DISK_ACCESS_WRITABLE = 0x320000
} VIRTUAL_DISK_ACCESS_MASK;
/* Bits that creating a virtual disk takes. */
typedef enum _CREATE_VIRTUAL_DISK_FLAG {
    CREATE_VIRTUAL_DISK_FLAG_NONE = 0x0,
    CREATE_VIRTUAL_DISK_FLAG_FULL_PHYSICAL_ALLOCATION = 0x1
} CREATE_VIRTUAL_DISK_FLAG;
/* Bits that opening a virtual disk takes. */
typedef enum _OPEN_VIRTUAL_DISK_FLAG {
    OPEN_VIRTUAL_DISK_FLAG_NONE = 0x0,
    OPEN_VIRTUAL_DISK_FLAG_NO_PARENTS = 0x1,
    OPEN_VIRTUAL_DISK_FLAG_BLANK_FILE = 0x2,
    OPEN_VIRTUAL_DISK_FLAG_BOOT_DRIVE = 0x4
} OPEN_VIRTUAL_DISK_FLAG;
/* Bits that attaching a virtual disk takes. */
typedef enum _ATTACH_VIRTUAL_DISK_FLAG {
    ATTACH_VIRTUAL_DISK_FLAG_NONE = 0x0,
    ATTACH_VIRTUAL_DISK_FLAG_READ_ONLY = 0x1,
    ATTACH_VIRTUAL_DISK_FLAG_NO_DRIVE_LETTER = 0x2,
    ATTACH_VIRTUAL_DISK_FLAG_PERMANENT_LIFETIME = 0x4,
    ATTACH_VIRTUAL_DISK_FLAG_NO_LOCAL_HOST = 0x8
} ATTACH_VIRTUAL_DISK_FLAG;
/* Bits that detaching a virtual disk takes. */
typedef enum _DETACH_VIRTUAL_DISK_FLAG {
    DETACH_VIRTUAL_DISK_FLAG_NONE = 0x0
} DETACH_VIRTUAL_DISK_FLAG;
/* Bits that compacting a virtual disk takes. */
typedef enum _COMPACT_VIRTUAL_DISK_FLAG {
    COMPACT_VIRTUAL_DISK_FLAG_NONE = 0x0
} COMPACT_VIRTUAL_DISK_FLAG;
/* Bits that merging virtual disks takes. */
typedef enum _MERGE_VIRTUAL_DISK_FLAG {
    MERGE_VIRTUAL_DISK_FLAG_NONE = 0x0
} MERGE_VIRTUAL_DISK_FLAG;
/* Bits that expanding a virtual disk takes. */
typedef enum _EXPAND_VIRTUAL_DISK_FLAG {
    EXPAND_VIRTUAL_DISK_FLAG_NONE = 0x0
} EXPAND_VIRTUAL_DISK_FLAG;
/* Bits of VDS_VDISK_PROPERTIES.DiskFlag. */
typedef enum _DEPENDENT_DISK_FLAG {
    DEPENDENT_DISK_FLAG_NONE = 0x0,
    DEPENDENT_DISK_FLAG_MULT_BACKING_FILES = 0x1,
    DEPENDENT_DISK_FLAG_FULLY_ALLOCATED = 0x2,
    DEPENDENT_DISK_FLAG_READ_ONLY = 0x4,
    DEPENDENT_DISK_FLAG_REMOTE = 0x8,
    DEPENDENT_DISK_FLAG_SYSTEM_VOLUME = 0x10,
    DEPENDENT_DISK_FLAG_SYSTEM_VOLUME_PARENT = 0x20,
    DEPENDENT_DISK_FLAG_REMOVABLE = 0x40,
    DEPENDENT_DISK_FLAG_NO_DRIVE_LETTER = 0x80,
    DEPENDENT_DISK_FLAG_PARENT = 0x100,
    DEPENDENT_DISK_FLAG_NO_HOST_DISK = 0x200,
    DEPENDENT_DISK_FLAG_PERMANENT_LIFETIME = 0x400
} DEPENDENT_DISK_FLAG;
/* The kind of a virtual disk and the vendor that defines it. */
typedef struct _VIRTUAL_STORAGE_TYPE {
    ULONG DeviceId;
    GUID VendorId;
} VIRTUAL_STORAGE_TYPE;
typedef struct _VIRTUAL_STORAGE_TYPE *PVIRTUAL_STORAGE_TYPE;
#endif
/* The state of a virtual disk. */
typedef enum _VDS_VDISK_STATE {
    VDS_VST_UNKNOWN = 0,
    VDS_VST_ADDED = 1,
    VDS_VST_OPEN = 2,
    VDS_VST_ATTACH_PENDING = 3,
    VDS_VST_ATTACHED_NOT_OPEN = 4,
    VDS_VST_ATTACHED = 5,
    VDS_VST_DETACH_PENDING = 6,
    VDS_VST_COMPACTING = 7,
    VDS_VST_MERGING = 8,
    VDS_VST_EXPANDING = 9,
    VDS_VST_DELETED = 10,
    VDS_VST_MAX = 11
} VDS_VDISK_STATE;
#define VDS_ATTACH_VIRTUAL_DISK_FLAG_USE_FILE_ACL (0x1)

/* How a virtual disk is to be created. Sizes are in bytes. */
typedef struct _VDS_CREATE_VDISK_PARAMETERS {
    GUID UniqueId;
    ULONGLONG MaximumSize;
    ULONG BlockSizeInBytes;
    ULONG SectorSizeInBytes;
    LPWSTR pParentPath;
    LPWSTR pSourcePath;
} VDS_CREATE_VDISK_PARAMETERS;
typedef struct _VDS_CREATE_VDISK_PARAMETERS *PVDS_CREATE_VDISK_PARAMETERS;
/* Properties of a virtual disk. Sizes are in bytes. */
typedef struct _VDS_VDISK_PROPERTIES {
    VDS_OBJECT_ID Id;
    VDS_VDISK_STATE State;
    VIRTUAL_STORAGE_TYPE VirtualDeviceType;
    ULONGLONG VirtualSize;
    ULONGLONG PhysicalSize;
    LPWSTR pPath;
    LPWSTR pDeviceName;
    DEPENDENT_DISK_FLAG DiskFlag;
    BOOL bIsChild;
    LPWSTR pParentPath;
} VDS_VDISK_PROPERTIES;
typedef struct _VDS_VDISK_PROPERTIES *PVDS_VDISK_PROPERTIES;
/*****************************************************************************
 * IVdsVdProvider interface
 *
 * Virtual disk provider. By software provider/service. VDS 3.0.
 */
#ifndef __IVdsVdProvider_INTERFACE_DEFINED__
#define __IVdsVdProvider_INTERFACE_DEFINED__

DEFINE_GUID(IID_IVdsVdProvider, 0xb481498c, 0x8354, 0x45f9, 0x84,0xa0, 0x0b,0xdd,0x28,0x32,0xa9,0x1f);
#if defined(__cplusplus) && !defined(CINTERFACE)
MIDL_INTERFACE("b481498c-8354-45f9-84a0-0bdd2832a91f")
IVdsVdProvider : public IUnknown
{
    virtual HRESULT STDMETHODCALLTYPE QueryVDisks(
        IEnumVdsObject **ppEnum) = 0;

    virtual HRESULT STDMETHODCALLTYPE CreateVDisk(
        PVIRTUAL_STORAGE_TYPE VirtualDeviceType,
        LPWSTR pPath,
        LPWSTR pStringSecurityDescriptor,
        CREATE_VIRTUAL_DISK_FLAG Flags,
        ULONG ProviderSpecificFlags,
        ULONG Reserved,
        PVDS_CREATE_VDISK_PARAMETERS pCreateDiskParameters,
        IVdsAsync **ppAsync) = 0;

    virtual HRESULT STDMETHODCALLTYPE AddVDisk(
        PVIRTUAL_STORAGE_TYPE VirtualDeviceType,
        LPWSTR pPath,
        IVdsVDisk **ppVDisk) = 0;

    virtual HRESULT STDMETHODCALLTYPE GetDiskFromVDisk(
        IVdsVDisk *pVDisk,
        IVdsDisk **ppDisk) = 0;

    virtual HRESULT STDMETHODCALLTYPE GetVDiskFromDisk(
        IVdsDisk *pDisk,
        IVdsVDisk **ppVDisk) = 0;

};
#ifdef __CRT_UUID_DECL
__CRT_UUID_DECL(IVdsVdProvider, 0xb481498c, 0x8354, 0x45f9, 0x84,0xa0, 0x0b,0xdd,0x28,0x32,0xa9,0x1f)
#endif
#else
typedef struct IVdsVdProviderVtbl {
    BEGIN_INTERFACE

    /*** IUnknown methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryInterface)(
        IVdsVdProvider *This,
        const IID *riid,
        void **ppvObject);

    ULONG (STDMETHODCALLTYPE *AddRef)(
        IVdsVdProvider *This);

    ULONG (STDMETHODCALLTYPE *Release)(
        IVdsVdProvider *This);

    /*** IVdsVdProvider methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryVDisks)(
        IVdsVdProvider *This,
        IEnumVdsObject **ppEnum);

    HRESULT (STDMETHODCALLTYPE *CreateVDisk)(
        IVdsVdProvider *This,
        PVIRTUAL_STORAGE_TYPE VirtualDeviceType,
        LPWSTR pPath,
        LPWSTR pStringSecurityDescriptor,
        CREATE_VIRTUAL_DISK_FLAG Flags,
        ULONG ProviderSpecificFlags,
        ULONG Reserved,
        PVDS_CREATE_VDISK_PARAMETERS pCreateDiskParameters,
        IVdsAsync **ppAsync);

    HRESULT (STDMETHODCALLTYPE *AddVDisk)(
        IVdsVdProvider *This,
        PVIRTUAL_STORAGE_TYPE VirtualDeviceType,
        LPWSTR pPath,
        IVdsVDisk **ppVDisk);

    HRESULT (STDMETHODCALLTYPE *GetDiskFromVDisk)(
        IVdsVdProvider *This,
        IVdsVDisk *pVDisk,
        IVdsDisk **ppDisk);

    HRESULT (STDMETHODCALLTYPE *GetVDiskFromDisk)(
        IVdsVdProvider *This,
        IVdsDisk *pDisk,
        IVdsVDisk **ppVDisk);

    END_INTERFACE
} IVdsVdProviderVtbl;

struct IVdsVdProvider {
    CONST_VTBL IVdsVdProviderVtbl* lpVtbl;
};

#ifdef COBJMACROS
#ifndef WIDL_C_INLINE_WRAPPERS
/*** IUnknown methods ***/
#define IVdsVdProvider_QueryInterface(This,riid,ppvObject) (This)->lpVtbl->QueryInterface(This,riid,ppvObject)
#define IVdsVdProvider_AddRef(This) (This)->lpVtbl->AddRef(This)
#define IVdsVdProvider_Release(This) (This)->lpVtbl->Release(This)
/*** IVdsVdProvider methods ***/
#define IVdsVdProvider_QueryVDisks(This,ppEnum) (This)->lpVtbl->QueryVDisks(This,ppEnum)
#define IVdsVdProvider_CreateVDisk(This,VirtualDeviceType,pPath,pStringSecurityDescriptor,Flags,ProviderSpecificFlags,Reserved,pCreateDiskParameters,ppAsync) (This)->lpVtbl->CreateVDisk(This,VirtualDeviceType,pPath,pStringSecurityDescriptor,Flags,ProviderSpecificFlags,Reserved,pCreateDiskParameters,ppAsync)
#define IVdsVdProvider_AddVDisk(This,VirtualDeviceType,pPath,ppVDisk) (This)->lpVtbl->AddVDisk(This,VirtualDeviceType,pPath,ppVDisk)
#define IVdsVdProvider_GetDiskFromVDisk(This,pVDisk,ppDisk) (This)->lpVtbl->GetDiskFromVDisk(This,pVDisk,ppDisk)
#define IVdsVdProvider_GetVDiskFromDisk(This,pDisk,ppVDisk) (This)->lpVtbl->GetVDiskFromDisk(This,pDisk,ppVDisk)
#else
/*** IUnknown methods ***/
static FORCEINLINE HRESULT IVdsVdProvider_QueryInterface(IVdsVdProvider* This,const IID *riid,void **ppvObject) {
    return This->lpVtbl->QueryInterface(This,riid,ppvObject);
}
static FORCEINLINE ULONG IVdsVdProvider_AddRef(IVdsVdProvider* This) {
    return This->lpVtbl->AddRef(This);
}
static FORCEINLINE ULONG IVdsVdProvider_Release(IVdsVdProvider* This) {
    return This->lpVtbl->Release(This);
}
/*** IVdsVdProvider methods ***/
static FORCEINLINE HRESULT IVdsVdProvider_QueryVDisks(IVdsVdProvider* This,IEnumVdsObject **ppEnum) {
    return This->lpVtbl->QueryVDisks(This,ppEnum);
}
static FORCEINLINE HRESULT IVdsVdProvider_CreateVDisk(IVdsVdProvider* This,PVIRTUAL_STORAGE_TYPE VirtualDeviceType,LPWSTR pPath,LPWSTR pStringSecurityDescriptor,CREATE_VIRTUAL_DISK_FLAG Flags,ULONG ProviderSpecificFlags,ULONG Reserved,PVDS_CREATE_VDISK_PARAMETERS pCreateDiskParameters,IVdsAsync **ppAsync) {
    return This->lpVtbl->CreateVDisk(This,VirtualDeviceType,pPath,pStringSecurityDescriptor,Flags,ProviderSpecificFlags,Reserved,pCreateDiskParameters,ppAsync);
}
static FORCEINLINE HRESULT IVdsVdProvider_AddVDisk(IVdsVdProvider* This,PVIRTUAL_STORAGE_TYPE VirtualDeviceType,LPWSTR pPath,IVdsVDisk **ppVDisk) {
    return This->lpVtbl->AddVDisk(This,VirtualDeviceType,pPath,ppVDisk);
}
static FORCEINLINE HRESULT IVdsVdProvider_GetDiskFromVDisk(IVdsVdProvider* This,IVdsVDisk *pVDisk,IVdsDisk **ppDisk) {
    return This->lpVtbl->GetDiskFromVDisk(This,pVDisk,ppDisk);
}
static FORCEINLINE HRESULT IVdsVdProvider_GetVDiskFromDisk(IVdsVdProvider* This,IVdsDisk *pDisk,IVdsVDisk **ppVDisk) {
    return This->lpVtbl->GetVDiskFromDisk(This,pDisk,ppVDisk);
}
#endif
#endif

#endif

#endif  /* __IVdsVdProvider_INTERFACE_DEFINED__ */

/*****************************************************************************
 * IVdsVDisk interface
 *
 * Virtual disk. By software provider/service. VDS 3.0.
 */
#ifndef __IVdsVDisk_INTERFACE_DEFINED__
#define __IVdsVDisk_INTERFACE_DEFINED__

DEFINE_GUID(IID_IVdsVDisk, 0x1e062b84, 0xe5e6, 0x4b4b, 0x8a,0x25, 0x67,0xb8,0x1e,0x8f,0x13,0xe8);
#if defined(__cplusplus) && !defined(CINTERFACE)
MIDL_INTERFACE("1e062b84-e5e6-4b4b-8a25-67b81e8f13e8")
IVdsVDisk : public IUnknown
{
    virtual HRESULT STDMETHODCALLTYPE Open(
        VIRTUAL_DISK_ACCESS_MASK AccessMask,
        OPEN_VIRTUAL_DISK_FLAG Flags,
        ULONG ReadWriteDepth,
        IVdsOpenVDisk **ppOpenVDisk) = 0;

    virtual HRESULT STDMETHODCALLTYPE GetProperties(
        PVDS_VDISK_PROPERTIES pDiskProperties) = 0;

    virtual HRESULT STDMETHODCALLTYPE GetHostVolume(
        IVdsVolume **ppVolume) = 0;

    virtual HRESULT STDMETHODCALLTYPE GetDeviceName(
        LPWSTR *ppDeviceName) = 0;

};
#ifdef __CRT_UUID_DECL
__CRT_UUID_DECL(IVdsVDisk, 0x1e062b84, 0xe5e6, 0x4b4b, 0x8a,0x25, 0x67,0xb8,0x1e,0x8f,0x13,0xe8)
#endif
#else
typedef struct IVdsVDiskVtbl {
    BEGIN_INTERFACE

    /*** IUnknown methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryInterface)(
        IVdsVDisk *This,
        const IID *riid,
        void **ppvObject);

    ULONG (STDMETHODCALLTYPE *AddRef)(
        IVdsVDisk *This);

    ULONG (STDMETHODCALLTYPE *Release)(
        IVdsVDisk *This);

    /*** IVdsVDisk methods ***/
    HRESULT (STDMETHODCALLTYPE *Open)(
        IVdsVDisk *This,
        VIRTUAL_DISK_ACCESS_MASK AccessMask,
        OPEN_VIRTUAL_DISK_FLAG Flags,
        ULONG ReadWriteDepth,
        IVdsOpenVDisk **ppOpenVDisk);

    HRESULT (STDMETHODCALLTYPE *GetProperties)(
        IVdsVDisk *This,
        PVDS_VDISK_PROPERTIES pDiskProperties);

    HRESULT (STDMETHODCALLTYPE *GetHostVolume)(
        IVdsVDisk *This,
        IVdsVolume **ppVolume);

    HRESULT (STDMETHODCALLTYPE *GetDeviceName)(
        IVdsVDisk *This,
        LPWSTR *ppDeviceName);

    END_INTERFACE
} IVdsVDiskVtbl;

struct IVdsVDisk {
    CONST_VTBL IVdsVDiskVtbl* lpVtbl;
};

#ifdef COBJMACROS
#ifndef WIDL_C_INLINE_WRAPPERS
/*** IUnknown methods ***/
#define IVdsVDisk_QueryInterface(This,riid,ppvObject) (This)->lpVtbl->QueryInterface(This,riid,ppvObject)
#define IVdsVDisk_AddRef(This) (This)->lpVtbl->AddRef(This)
#define IVdsVDisk_Release(This) (This)->lpVtbl->Release(This)
/*** IVdsVDisk methods ***/
#define IVdsVDisk_Open(This,AccessMask,Flags,ReadWriteDepth,ppOpenVDisk) (This)->lpVtbl->Open(This,AccessMask,Flags,ReadWriteDepth,ppOpenVDisk)
#define IVdsVDisk_GetProperties(This,pDiskProperties) (This)->lpVtbl->GetProperties(This,pDiskProperties)
#define IVdsVDisk_GetHostVolume(This,ppVolume) (This)->lpVtbl->GetHostVolume(This,ppVolume)
#define IVdsVDisk_GetDeviceName(This,ppDeviceName) (This)->lpVtbl->GetDeviceName(This,ppDeviceName)
#else
/*** IUnknown methods ***/
static FORCEINLINE HRESULT IVdsVDisk_QueryInterface(IVdsVDisk* This,const IID *riid,void **ppvObject) {
    return This->lpVtbl->QueryInterface(This,riid,ppvObject);
}
static FORCEINLINE ULONG IVdsVDisk_AddRef(IVdsVDisk* This) {
    return This->lpVtbl->AddRef(This);
}
static FORCEINLINE ULONG IVdsVDisk_Release(IVdsVDisk* This) {
    return This->lpVtbl->Release(This);
}
/*** IVdsVDisk methods ***/
static FORCEINLINE HRESULT IVdsVDisk_Open(IVdsVDisk* This,VIRTUAL_DISK_ACCESS_MASK AccessMask,OPEN_VIRTUAL_DISK_FLAG Flags,ULONG ReadWriteDepth,IVdsOpenVDisk **ppOpenVDisk) {
    return This->lpVtbl->Open(This,AccessMask,Flags,ReadWriteDepth,ppOpenVDisk);
}
static FORCEINLINE HRESULT IVdsVDisk_GetProperties(IVdsVDisk* This,PVDS_VDISK_PROPERTIES pDiskProperties) {
    return This->lpVtbl->GetProperties(This,pDiskProperties);
}
static FORCEINLINE HRESULT IVdsVDisk_GetHostVolume(IVdsVDisk* This,IVdsVolume **ppVolume) {
    return This->lpVtbl->GetHostVolume(This,ppVolume);
}
static FORCEINLINE HRESULT IVdsVDisk_GetDeviceName(IVdsVDisk* This,LPWSTR *ppDeviceName) {
    return This->lpVtbl->GetDeviceName(This,ppDeviceName);
}
#endif
#endif

#endif

#endif  /* __IVdsVDisk_INTERFACE_DEFINED__ */

/*****************************************************************************
 * IVdsOpenVDisk interface
 *
 * Open virtual disk. By software provider/service. VDS 3.0.
 */
#ifndef __IVdsOpenVDisk_INTERFACE_DEFINED__
#define __IVdsOpenVDisk_INTERFACE_DEFINED__

DEFINE_GUID(IID_IVdsOpenVDisk, 0x75c8f324, 0xf715, 0x4fe3, 0xa2,0x8e, 0xf9,0x01,0x1b,0x61,0xa4,0xa1);
#if defined(__cplusplus) && !defined(CINTERFACE)
MIDL_INTERFACE("75c8f324-f715-4fe3-a28e-f9011b61a4a1")
IVdsOpenVDisk : public IUnknown
{
    virtual HRESULT STDMETHODCALLTYPE Attach(
        LPWSTR pStringSecurityDescriptor,
        ATTACH_VIRTUAL_DISK_FLAG Flags,
        ULONG ProviderSpecificFlags,
        ULONG TimeoutInMs,
        IVdsAsync **ppAsync) = 0;

    virtual HRESULT STDMETHODCALLTYPE Detach(
        DETACH_VIRTUAL_DISK_FLAG Flags,
        ULONG ProviderSpecificFlags) = 0;

    virtual HRESULT STDMETHODCALLTYPE DetachAndDelete(
        DETACH_VIRTUAL_DISK_FLAG Flags,
        ULONG ProviderSpecificFlags) = 0;

    virtual HRESULT STDMETHODCALLTYPE Compact(
        COMPACT_VIRTUAL_DISK_FLAG Flags,
        ULONG Reserved,
        IVdsAsync **ppAsync) = 0;

    virtual HRESULT STDMETHODCALLTYPE Merge(
        MERGE_VIRTUAL_DISK_FLAG Flags,
        ULONG MergeDepth,
        IVdsAsync **ppAsync) = 0;

    virtual HRESULT STDMETHODCALLTYPE Expand(
        EXPAND_VIRTUAL_DISK_FLAG Flags,
        ULONGLONG NewSize,
        IVdsAsync **ppAsync) = 0;

};
#ifdef __CRT_UUID_DECL
__CRT_UUID_DECL(IVdsOpenVDisk, 0x75c8f324, 0xf715, 0x4fe3, 0xa2,0x8e, 0xf9,0x01,0x1b,0x61,0xa4,0xa1)
#endif
#else
typedef struct IVdsOpenVDiskVtbl {
    BEGIN_INTERFACE

    /*** IUnknown methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryInterface)(
        IVdsOpenVDisk *This,
        const IID *riid,
        void **ppvObject);

    ULONG (STDMETHODCALLTYPE *AddRef)(
        IVdsOpenVDisk *This);

    ULONG (STDMETHODCALLTYPE *Release)(
        IVdsOpenVDisk *This);

    /*** IVdsOpenVDisk methods ***/
    HRESULT (STDMETHODCALLTYPE *Attach)(
        IVdsOpenVDisk *This,
        LPWSTR pStringSecurityDescriptor,
        ATTACH_VIRTUAL_DISK_FLAG Flags,
        ULONG ProviderSpecificFlags,
        ULONG TimeoutInMs,
        IVdsAsync **ppAsync);

    HRESULT (STDMETHODCALLTYPE *Detach)(
        IVdsOpenVDisk *This,
        DETACH_VIRTUAL_DISK_FLAG Flags,
        ULONG ProviderSpecificFlags);

    HRESULT (STDMETHODCALLTYPE *DetachAndDelete)(
        IVdsOpenVDisk *This,
        DETACH_VIRTUAL_DISK_FLAG Flags,
        ULONG ProviderSpecificFlags);

    HRESULT (STDMETHODCALLTYPE *Compact)(
        IVdsOpenVDisk *This,
        COMPACT_VIRTUAL_DISK_FLAG Flags,
        ULONG Reserved,
        IVdsAsync **ppAsync);

    HRESULT (STDMETHODCALLTYPE *Merge)(
        IVdsOpenVDisk *This,
        MERGE_VIRTUAL_DISK_FLAG Flags,
        ULONG MergeDepth,
        IVdsAsync **ppAsync);

    HRESULT (STDMETHODCALLTYPE *Expand)(
        IVdsOpenVDisk *This,
        EXPAND_VIRTUAL_DISK_FLAG Flags,
        ULONGLONG NewSize,
        IVdsAsync **ppAsync);

    END_INTERFACE
} IVdsOpenVDiskVtbl;

struct IVdsOpenVDisk {
    CONST_VTBL IVdsOpenVDiskVtbl* lpVtbl;
};

#ifdef COBJMACROS
#ifndef WIDL_C_INLINE_WRAPPERS
/*** IUnknown methods ***/
#define IVdsOpenVDisk_QueryInterface(This,riid,ppvObject) (This)->lpVtbl->QueryInterface(This,riid,ppvObject)
#define IVdsOpenVDisk_AddRef(This) (This)->lpVtbl->AddRef(This)
#define IVdsOpenVDisk_Release(This) (This)->lpVtbl->Release(This)
/*** IVdsOpenVDisk methods ***/
#define IVdsOpenVDisk_Attach(This,pStringSecurityDescriptor,Flags,ProviderSpecificFlags,TimeoutInMs,ppAsync) (This)->lpVtbl->Attach(This,pStringSecurityDescriptor,Flags,ProviderSpecificFlags,TimeoutInMs,ppAsync)
#define IVdsOpenVDisk_Detach(This,Flags,ProviderSpecificFlags) (This)->lpVtbl->Detach(This,Flags,ProviderSpecificFlags)
#define IVdsOpenVDisk_DetachAndDelete(This,Flags,ProviderSpecificFlags) (This)->lpVtbl->DetachAndDelete(This,Flags,ProviderSpecificFlags)
#define IVdsOpenVDisk_Compact(This,Flags,Reserved,ppAsync) (This)->lpVtbl->Compact(This,Flags,Reserved,ppAsync)
#define IVdsOpenVDisk_Merge(This,Flags,MergeDepth,ppAsync) (This)->lpVtbl->Merge(This,Flags,MergeDepth,ppAsync)
#define IVdsOpenVDisk_Expand(This,Flags,NewSize,ppAsync) (This)->lpVtbl->Expand(This,Flags,NewSize,ppAsync)
#else
/*** IUnknown methods ***/
static FORCEINLINE HRESULT IVdsOpenVDisk_QueryInterface(IVdsOpenVDisk* This,const IID *riid,void **ppvObject) {
    return This->lpVtbl->QueryInterface(This,riid,ppvObject);
}
static FORCEINLINE ULONG IVdsOpenVDisk_AddRef(IVdsOpenVDisk* This) {
    return This->lpVtbl->AddRef(This);
}
static FORCEINLINE ULONG IVdsOpenVDisk_Release(IVdsOpenVDisk* This) {
    return This->lpVtbl->Release(This);
}
/*** IVdsOpenVDisk methods ***/
static FORCEINLINE HRESULT IVdsOpenVDisk_Attach(IVdsOpenVDisk* This,LPWSTR pStringSecurityDescriptor,ATTACH_VIRTUAL_DISK_FLAG Flags,ULONG ProviderSpecificFlags,ULONG TimeoutInMs,IVdsAsync **ppAsync) {
    return This->lpVtbl->Attach(This,pStringSecurityDescriptor,Flags,ProviderSpecificFlags,TimeoutInMs,ppAsync);
}
static FORCEINLINE HRESULT IVdsOpenVDisk_Detach(IVdsOpenVDisk* This,DETACH_VIRTUAL_DISK_FLAG Flags,ULONG ProviderSpecificFlags) {
    return This->lpVtbl->Detach(This,Flags,ProviderSpecificFlags);
}
static FORCEINLINE HRESULT IVdsOpenVDisk_DetachAndDelete(IVdsOpenVDisk* This,DETACH_VIRTUAL_DISK_FLAG Flags,ULONG ProviderSpecificFlags) {
    return This->lpVtbl->DetachAndDelete(This,Flags,ProviderSpecificFlags);
}
static FORCEINLINE HRESULT IVdsOpenVDisk_Compact(IVdsOpenVDisk* This,COMPACT_VIRTUAL_DISK_FLAG Flags,ULONG Reserved,IVdsAsync **ppAsync) {
    return This->lpVtbl->Compact(This,Flags,Reserved,ppAsync);
}
static FORCEINLINE HRESULT IVdsOpenVDisk_Merge(IVdsOpenVDisk* This,MERGE_VIRTUAL_DISK_FLAG Flags,ULONG MergeDepth,IVdsAsync **ppAsync) {
    return This->lpVtbl->Merge(This,Flags,MergeDepth,ppAsync);
}
static FORCEINLINE HRESULT IVdsOpenVDisk_Expand(IVdsOpenVDisk* This,EXPAND_VIRTUAL_DISK_FLAG Flags,ULONGLONG NewSize,IVdsAsync **ppAsync) {
    return This->lpVtbl->Expand(This,Flags,NewSize,ppAsync);
}
#endif
#endif

#endif

#endif  /* __IVdsOpenVDisk_INTERFACE_DEFINED__ */

/* Bits of VDS_SERVICE_PROP.ulFlags: what the VDS service can do. */
typedef enum _VDS_SERVICE_FLAG {
    VDS_SVF_SUPPORT_DYNAMIC = 0x1,
    VDS_SVF_SUPPORT_FAULT_TOLERANT = 0x2,
    VDS_SVF_SUPPORT_GPT = 0x4,
    VDS_SVF_SUPPORT_DYNAMIC_1394 = 0x8,
    VDS_SVF_CLUSTER_SERVICE_CONFIGURED = 0x10,
    VDS_SVF_AUTO_MOUNT_OFF = 0x20,
    VDS_SVF_OS_UNINSTALL_VALID = 0x40,
    VDS_SVF_EFI = 0x80,
    VDS_SVF_SUPPORT_MIRROR = 0x100,
    VDS_SVF_SUPPORT_RAID5 = 0x200,
    VDS_SVF_SUPPORT_REFS = 0x400
} VDS_SERVICE_FLAG;
/* Whether the host brings new disks online. */
typedef enum _VDS_SAN_POLICY {
    VDS_SP_UNKNOWN = 0,
    VDS_SP_ONLINE = 1,
    VDS_SP_OFFLINE_SHARED = 2,
    VDS_SP_OFFLINE = 3,
    VDS_SP_OFFLINE_INTERNAL = 4,
    VDS_SP_MAX = 5
} VDS_SAN_POLICY;
/* Bits for the kinds of providers that IVdsService::QueryProviders lists. */
typedef enum _VDS_QUERY_PROVIDER_FLAG {
    VDS_QUERY_SOFTWARE_PROVIDERS = 0x1,
    VDS_QUERY_HARDWARE_PROVIDERS = 0x2,
    VDS_QUERY_VIRTUALDISK_PROVIDERS = 0x4
} VDS_QUERY_PROVIDER_FLAG;
/* Properties of the VDS service. */
typedef struct _VDS_SERVICE_PROP {
    LPWSTR pwszVersion;
    ULONG ulFlags;
} VDS_SERVICE_PROP;
/*****************************************************************************
 * IVdsServiceLoader interface
 *
 * Service loader. By service. VDS 1.0.
 */
#ifndef __IVdsServiceLoader_INTERFACE_DEFINED__
#define __IVdsServiceLoader_INTERFACE_DEFINED__

DEFINE_GUID(IID_IVdsServiceLoader, 0xe0393303, 0x90d4, 0x4a97, 0xab,0x71, 0xe9,0xb6,0x71,0xee,0x27,0x29);
#if defined(__cplusplus) && !defined(CINTERFACE)
MIDL_INTERFACE("e0393303-90d4-4a97-ab71-e9b671ee2729")
IVdsServiceLoader : public IUnknown
{
    /*
     * Starts the VDS service and returns its object, with one reference that the caller releases.
     * pwszMachineName NULL is this computer. WaitForServiceReady is called next.
     * libvds: the service runs in the program's own process; E_INVALIDARG for a machine.
     *
     * Returns S_OK.
     */
    virtual HRESULT STDMETHODCALLTYPE LoadService(
        LPWSTR pwszMachineName,
        IVdsService **ppService) = 0;

};
#ifdef __CRT_UUID_DECL
__CRT_UUID_DECL(IVdsServiceLoader, 0xe0393303, 0x90d4, 0x4a97, 0xab,0x71, 0xe9,0xb6,0x71,0xee,0x27,0x29)
#endif
#else
typedef struct IVdsServiceLoaderVtbl {
    BEGIN_INTERFACE

    /*** IUnknown methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryInterface)(
        IVdsServiceLoader *This,
        const IID *riid,
        void **ppvObject);

    ULONG (STDMETHODCALLTYPE *AddRef)(
        IVdsServiceLoader *This);

    ULONG (STDMETHODCALLTYPE *Release)(
        IVdsServiceLoader *This);

    /*** IVdsServiceLoader methods ***/
    HRESULT (STDMETHODCALLTYPE *LoadService)(
        IVdsServiceLoader *This,
        LPWSTR pwszMachineName,
        IVdsService **ppService);

    END_INTERFACE
} IVdsServiceLoaderVtbl;

struct IVdsServiceLoader {
    CONST_VTBL IVdsServiceLoaderVtbl* lpVtbl;
};

#ifdef COBJMACROS
#ifndef WIDL_C_INLINE_WRAPPERS
/*** IUnknown methods ***/
#define IVdsServiceLoader_QueryInterface(This,riid,ppvObject) (This)->lpVtbl->QueryInterface(This,riid,ppvObject)
#define IVdsServiceLoader_AddRef(This) (This)->lpVtbl->AddRef(This)
#define IVdsServiceLoader_Release(This) (This)->lpVtbl->Release(This)
/*** IVdsServiceLoader methods ***/
#define IVdsServiceLoader_LoadService(This,pwszMachineName,ppService) (This)->lpVtbl->LoadService(This,pwszMachineName,ppService)
#else
/*** IUnknown methods ***/
static FORCEINLINE HRESULT IVdsServiceLoader_QueryInterface(IVdsServiceLoader* This,const IID *riid,void **ppvObject) {
    return This->lpVtbl->QueryInterface(This,riid,ppvObject);
}
static FORCEINLINE ULONG IVdsServiceLoader_AddRef(IVdsServiceLoader* This) {
    return This->lpVtbl->AddRef(This);
}
static FORCEINLINE ULONG IVdsServiceLoader_Release(IVdsServiceLoader* This) {
    return This->lpVtbl->Release(This);
}
/*** IVdsServiceLoader methods ***/
/*
 * Starts the VDS service and returns its object, with one reference that the caller releases.
 * pwszMachineName NULL is this computer. WaitForServiceReady is called next.
 * libvds: the service runs in the program's own process; E_INVALIDARG for a machine.
 *
 * Returns S_OK.
 */
static FORCEINLINE HRESULT IVdsServiceLoader_LoadService(IVdsServiceLoader* This,LPWSTR pwszMachineName,IVdsService **ppService) {
    return This->lpVtbl->LoadService(This,pwszMachineName,ppService);
}
#endif
#endif

#endif

#endif  /* __IVdsServiceLoader_INTERFACE_DEFINED__ */

/*****************************************************************************
 * IVdsService interface
 *
 * Service. By service. VDS 1.0.
 */
#ifndef __IVdsService_INTERFACE_DEFINED__
#define __IVdsService_INTERFACE_DEFINED__

DEFINE_GUID(IID_IVdsService, 0x0818a8ef, 0x9ba9, 0x40d8, 0xa6,0xf9, 0xe2,0x28,0x33,0xcc,0x77,0x1e);
#if defined(__cplusplus) && !defined(CINTERFACE)
MIDL_INTERFACE("0818a8ef-9ba9-40d8-a6f9-e22833cc771e")
IVdsService : public IUnknown
{
    /*
     * Reports whether the service is ready, without waiting.
     *
     * Returns S_OK, S_FALSE (not yet), VDS_E_INITIALIZED_FAILED (the service failed to start).
     */
    virtual HRESULT STDMETHODCALLTYPE IsServiceReady(
        ) = 0;

    /*
     * Waits until the service is ready or has failed to start.
     * libvds: at most 30 s ($VDS_LOAD_TIMEOUT); a provider that has not loaded then is left out.
     *
     * Returns S_OK, VDS_E_INITIALIZED_FAILED (the service failed to start).
     */
    virtual HRESULT STDMETHODCALLTYPE WaitForServiceReady(
        ) = 0;

    /*
     * Fills the properties of the service. The caller frees its strings with CoTaskMemFree.
     * libvds: the version of the library; of the flags only VDS_SVF_AUTO_MOUNT_OFF.
     *
     * Returns S_OK, VDS_S_PROPERTIES_INCOMPLETE (some members could not be filled and are 0).
     */
    virtual HRESULT STDMETHODCALLTYPE GetProperties(
        VDS_SERVICE_PROP *pServiceProp) = 0;

    /*
     * Enumerates the providers of the kinds in masks (VDS_QUERY_*).
     * libvds: E_INVALIDARG for no or unknown bits.
     *
     * Returns S_OK, VDS_E_INITIALIZED_FAILED (the service failed to start).
     */
    virtual HRESULT STDMETHODCALLTYPE QueryProviders(
        DWORD masks,
        IEnumVdsObject **ppEnum) = 0;

    /*
     * Reserved.
     * libvds: E_NOTIMPL is what VDS documents; no other method returns it.
     *
     * Returns E_NOTIMPL (always).
     */
    virtual HRESULT STDMETHODCALLTYPE QueryMaskedDisks(
        IEnumVdsObject **ppEnum) = 0;

    /*
     * Enumerates the disks of the host that are in no pack.
     * libvds: disks are objects of software providers; the list is empty.
     *
     * Returns S_OK, VDS_E_INITIALIZED_FAILED (the service failed to start).
     */
    virtual HRESULT STDMETHODCALLTYPE QueryUnallocatedDisks(
        IEnumVdsObject **ppEnum) = 0;

    /*
     * Finds an object of any provider by its id and its type. *ppObjectUnk has one reference
     * that the caller releases.
     * libvds: asks one provider after the other; E_INVALIDARG for a type without ids, and
     * VDS_E_PROVIDER_CACHE_CORRUPT when it may be an object of an array that is out of reach.
     *
     * Returns S_OK, VDS_E_OBJECT_NOT_FOUND (there is no object of that type with that id),
     * VDS_E_INITIALIZED_FAILED (the service failed to start).
     */
    virtual HRESULT STDMETHODCALLTYPE GetObject(
        VDS_OBJECT_ID ObjectId,
        VDS_OBJECT_TYPE type,
        IUnknown **ppObjectUnk) = 0;

    /*
     * Lists drive letters of the host, from wcFirstLetter on.
     * libvds: Linux has none: every letter is unused.
     *
     * Returns S_OK, VDS_E_INITIALIZED_FAILED (the service failed to start).
     */
    virtual HRESULT STDMETHODCALLTYPE QueryDriveLetters(
        WCHAR wcFirstLetter,
        DWORD count,
        VDS_DRIVE_LETTER_PROP *pDriveLetterPropArray) = 0;

    /*
     * Lists the file systems that the host knows. The caller frees the array with
     * CoTaskMemFree.
     * libvds: formats no volumes: there are none.
     *
     * Returns S_OK, VDS_E_INITIALIZED_FAILED (the service failed to start).
     */
    virtual HRESULT STDMETHODCALLTYPE QueryFileSystemTypes(
        VDS_FILE_SYSTEM_TYPE_PROP **ppFileSystemTypeProps,
        LONG *plNumberOfFileSystems) = 0;

    /*
     * Lets the host scan its buses for disks. Returns at once; the scan goes on.
     * libvds: rescans the sessions of the host's iSCSI initiator, when there is one.
     *
     * Returns S_OK, VDS_E_INITIALIZED_FAILED (the service failed to start).
     */
    virtual HRESULT STDMETHODCALLTYPE Reenumerate(
        ) = 0;

    /*
     * Compares all that the service knows with drivers and providers. Must not be called from
     * OnNotify.
     * libvds: Reenumerate and Refresh of every hardware provider.
     *
     * Returns S_OK, S_FALSE (it failed on the way), VDS_E_INITIALIZED_FAILED (the service
     * failed to start).
     */
    virtual HRESULT STDMETHODCALLTYPE Refresh(
        ) = 0;

    /*
     * Removes mount points of volumes that are gone.
     * libvds: such mount points cannot exist on Linux.
     *
     * Returns S_OK, VDS_E_INITIALIZED_FAILED (the service failed to start).
     */
    virtual HRESULT STDMETHODCALLTYPE CleanupObsoleteMountPoints(
        ) = 0;

    /*
     * Registers a sink for notifications. *pdwCookie names the registration for Unadvise.
     * libvds: each sink has a queue and a thread of its own.
     *
     * Returns S_OK, VDS_E_INITIALIZED_FAILED (the service failed to start).
     */
    virtual HRESULT STDMETHODCALLTYPE Advise(
        IVdsAdviseSink *pSink,
        DWORD *pdwCookie) = 0;

    /*
     * Ends a registration. Waits until notifications that are on their way have been delivered.
     * libvds: within OnNotify it returns at once and drops what is queued.
     *
     * Returns S_OK, VDS_E_BAD_COOKIE (there is no such registration), VDS_E_INITIALIZED_FAILED
     * (the service failed to start).
     */
    virtual HRESULT STDMETHODCALLTYPE Unadvise(
        DWORD dwCookie) = 0;

    /*
     * Restarts the host.
     * libvds: always refused with VDS_E_ACCESS_DENIED.
     *
     * Returns S_OK, VDS_E_INITIALIZED_FAILED (the service failed to start).
     */
    virtual HRESULT STDMETHODCALLTYPE Reboot(
        ) = 0;

    /*
     * Sets flags of the service (VDS_SVF_*).
     * libvds: only VDS_SVF_AUTO_MOUNT_OFF; VDS_E_NOT_SUPPORTED for the others.
     *
     * Returns S_OK, VDS_E_INITIALIZED_FAILED (the service failed to start).
     */
    virtual HRESULT STDMETHODCALLTYPE SetFlags(
        ULONG ulFlags) = 0;

    /*
     * Clears flags of the service.
     * libvds: as SetFlags.
     *
     * Returns S_OK, VDS_E_INITIALIZED_FAILED (the service failed to start).
     */
    virtual HRESULT STDMETHODCALLTYPE ClearFlags(
        ULONG ulFlags) = 0;

};
#ifdef __CRT_UUID_DECL
__CRT_UUID_DECL(IVdsService, 0x0818a8ef, 0x9ba9, 0x40d8, 0xa6,0xf9, 0xe2,0x28,0x33,0xcc,0x77,0x1e)
#endif
#else
typedef struct IVdsServiceVtbl {
    BEGIN_INTERFACE

    /*** IUnknown methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryInterface)(
        IVdsService *This,
        const IID *riid,
        void **ppvObject);

    ULONG (STDMETHODCALLTYPE *AddRef)(
        IVdsService *This);

    ULONG (STDMETHODCALLTYPE *Release)(
        IVdsService *This);

    /*** IVdsService methods ***/
    HRESULT (STDMETHODCALLTYPE *IsServiceReady)(
        IVdsService *This);

    HRESULT (STDMETHODCALLTYPE *WaitForServiceReady)(
        IVdsService *This);

    HRESULT (STDMETHODCALLTYPE *GetProperties)(
        IVdsService *This,
        VDS_SERVICE_PROP *pServiceProp);

    HRESULT (STDMETHODCALLTYPE *QueryProviders)(
        IVdsService *This,
        DWORD masks,
        IEnumVdsObject **ppEnum);

    HRESULT (STDMETHODCALLTYPE *QueryMaskedDisks)(
        IVdsService *This,
        IEnumVdsObject **ppEnum);

    HRESULT (STDMETHODCALLTYPE *QueryUnallocatedDisks)(
        IVdsService *This,
        IEnumVdsObject **ppEnum);

    HRESULT (STDMETHODCALLTYPE *GetObject)(
        IVdsService *This,
        VDS_OBJECT_ID ObjectId,
        VDS_OBJECT_TYPE type,
        IUnknown **ppObjectUnk);

    HRESULT (STDMETHODCALLTYPE *QueryDriveLetters)(
        IVdsService *This,
        WCHAR wcFirstLetter,
        DWORD count,
        VDS_DRIVE_LETTER_PROP *pDriveLetterPropArray);

    HRESULT (STDMETHODCALLTYPE *QueryFileSystemTypes)(
        IVdsService *This,
        VDS_FILE_SYSTEM_TYPE_PROP **ppFileSystemTypeProps,
        LONG *plNumberOfFileSystems);

    HRESULT (STDMETHODCALLTYPE *Reenumerate)(
        IVdsService *This);

    HRESULT (STDMETHODCALLTYPE *Refresh)(
        IVdsService *This);

    HRESULT (STDMETHODCALLTYPE *CleanupObsoleteMountPoints)(
        IVdsService *This);

    HRESULT (STDMETHODCALLTYPE *Advise)(
        IVdsService *This,
        IVdsAdviseSink *pSink,
        DWORD *pdwCookie);

    HRESULT (STDMETHODCALLTYPE *Unadvise)(
        IVdsService *This,
        DWORD dwCookie);

    HRESULT (STDMETHODCALLTYPE *Reboot)(
        IVdsService *This);

    HRESULT (STDMETHODCALLTYPE *SetFlags)(
        IVdsService *This,
        ULONG ulFlags);

    HRESULT (STDMETHODCALLTYPE *ClearFlags)(
        IVdsService *This,
        ULONG ulFlags);

    END_INTERFACE
} IVdsServiceVtbl;

struct IVdsService {
    CONST_VTBL IVdsServiceVtbl* lpVtbl;
};

#ifdef COBJMACROS
#ifndef WIDL_C_INLINE_WRAPPERS
/*** IUnknown methods ***/
#define IVdsService_QueryInterface(This,riid,ppvObject) (This)->lpVtbl->QueryInterface(This,riid,ppvObject)
#define IVdsService_AddRef(This) (This)->lpVtbl->AddRef(This)
#define IVdsService_Release(This) (This)->lpVtbl->Release(This)
/*** IVdsService methods ***/
#define IVdsService_IsServiceReady(This) (This)->lpVtbl->IsServiceReady(This)
#define IVdsService_WaitForServiceReady(This) (This)->lpVtbl->WaitForServiceReady(This)
#define IVdsService_GetProperties(This,pServiceProp) (This)->lpVtbl->GetProperties(This,pServiceProp)
#define IVdsService_QueryProviders(This,masks,ppEnum) (This)->lpVtbl->QueryProviders(This,masks,ppEnum)
#define IVdsService_QueryMaskedDisks(This,ppEnum) (This)->lpVtbl->QueryMaskedDisks(This,ppEnum)
#define IVdsService_QueryUnallocatedDisks(This,ppEnum) (This)->lpVtbl->QueryUnallocatedDisks(This,ppEnum)
#define IVdsService_GetObject(This,ObjectId,type,ppObjectUnk) (This)->lpVtbl->GetObject(This,ObjectId,type,ppObjectUnk)
#define IVdsService_QueryDriveLetters(This,wcFirstLetter,count,pDriveLetterPropArray) (This)->lpVtbl->QueryDriveLetters(This,wcFirstLetter,count,pDriveLetterPropArray)
#define IVdsService_QueryFileSystemTypes(This,ppFileSystemTypeProps,plNumberOfFileSystems) (This)->lpVtbl->QueryFileSystemTypes(This,ppFileSystemTypeProps,plNumberOfFileSystems)
#define IVdsService_Reenumerate(This) (This)->lpVtbl->Reenumerate(This)
#define IVdsService_Refresh(This) (This)->lpVtbl->Refresh(This)
#define IVdsService_CleanupObsoleteMountPoints(This) (This)->lpVtbl->CleanupObsoleteMountPoints(This)
#define IVdsService_Advise(This,pSink,pdwCookie) (This)->lpVtbl->Advise(This,pSink,pdwCookie)
#define IVdsService_Unadvise(This,dwCookie) (This)->lpVtbl->Unadvise(This,dwCookie)
#define IVdsService_Reboot(This) (This)->lpVtbl->Reboot(This)
#define IVdsService_SetFlags(This,ulFlags) (This)->lpVtbl->SetFlags(This,ulFlags)
#define IVdsService_ClearFlags(This,ulFlags) (This)->lpVtbl->ClearFlags(This,ulFlags)
#else
/*** IUnknown methods ***/
static FORCEINLINE HRESULT IVdsService_QueryInterface(IVdsService* This,const IID *riid,void **ppvObject) {
    return This->lpVtbl->QueryInterface(This,riid,ppvObject);
}
static FORCEINLINE ULONG IVdsService_AddRef(IVdsService* This) {
    return This->lpVtbl->AddRef(This);
}
static FORCEINLINE ULONG IVdsService_Release(IVdsService* This) {
    return This->lpVtbl->Release(This);
}
/*** IVdsService methods ***/
/*
 * Reports whether the service is ready, without waiting.
 *
 * Returns S_OK, S_FALSE (not yet), VDS_E_INITIALIZED_FAILED (the service failed to start).
 */
static FORCEINLINE HRESULT IVdsService_IsServiceReady(IVdsService* This) {
    return This->lpVtbl->IsServiceReady(This);
}
/*
 * Waits until the service is ready or has failed to start.
 * libvds: at most 30 s ($VDS_LOAD_TIMEOUT); a provider that has not loaded then is left out.
 *
 * Returns S_OK, VDS_E_INITIALIZED_FAILED (the service failed to start).
 */
static FORCEINLINE HRESULT IVdsService_WaitForServiceReady(IVdsService* This) {
    return This->lpVtbl->WaitForServiceReady(This);
}
/*
 * Fills the properties of the service. The caller frees its strings with CoTaskMemFree.
 * libvds: the version of the library; of the flags only VDS_SVF_AUTO_MOUNT_OFF.
 *
 * Returns S_OK, VDS_S_PROPERTIES_INCOMPLETE (some members could not be filled and are 0).
 */
static FORCEINLINE HRESULT IVdsService_GetProperties(IVdsService* This,VDS_SERVICE_PROP *pServiceProp) {
    return This->lpVtbl->GetProperties(This,pServiceProp);
}
/*
 * Enumerates the providers of the kinds in masks (VDS_QUERY_*).
 * libvds: E_INVALIDARG for no or unknown bits.
 *
 * Returns S_OK, VDS_E_INITIALIZED_FAILED (the service failed to start).
 */
static FORCEINLINE HRESULT IVdsService_QueryProviders(IVdsService* This,DWORD masks,IEnumVdsObject **ppEnum) {
    return This->lpVtbl->QueryProviders(This,masks,ppEnum);
}
/*
 * Reserved.
 * libvds: E_NOTIMPL is what VDS documents; no other method returns it.
 *
 * Returns E_NOTIMPL (always).
 */
static FORCEINLINE HRESULT IVdsService_QueryMaskedDisks(IVdsService* This,IEnumVdsObject **ppEnum) {
    return This->lpVtbl->QueryMaskedDisks(This,ppEnum);
}
/*
 * Enumerates the disks of the host that are in no pack.
 * libvds: disks are objects of software providers; the list is empty.
 *
 * Returns S_OK, VDS_E_INITIALIZED_FAILED (the service failed to start).
 */
static FORCEINLINE HRESULT IVdsService_QueryUnallocatedDisks(IVdsService* This,IEnumVdsObject **ppEnum) {
    return This->lpVtbl->QueryUnallocatedDisks(This,ppEnum);
}
/*
 * Finds an object of any provider by its id and its type. *ppObjectUnk has one reference
 * that the caller releases.
 * libvds: asks one provider after the other; E_INVALIDARG for a type without ids, and
 * VDS_E_PROVIDER_CACHE_CORRUPT when it may be an object of an array that is out of reach.
 *
 * Returns S_OK, VDS_E_OBJECT_NOT_FOUND (there is no object of that type with that id),
 * VDS_E_INITIALIZED_FAILED (the service failed to start).
 */
static FORCEINLINE HRESULT IVdsService_GetObject(IVdsService* This,VDS_OBJECT_ID ObjectId,VDS_OBJECT_TYPE type,IUnknown **ppObjectUnk) {
    return This->lpVtbl->GetObject(This,ObjectId,type,ppObjectUnk);
}
/*
 * Lists drive letters of the host, from wcFirstLetter on.
 * libvds: Linux has none: every letter is unused.
 *
 * Returns S_OK, VDS_E_INITIALIZED_FAILED (the service failed to start).
 */
static FORCEINLINE HRESULT IVdsService_QueryDriveLetters(IVdsService* This,WCHAR wcFirstLetter,DWORD count,VDS_DRIVE_LETTER_PROP *pDriveLetterPropArray) {
    return This->lpVtbl->QueryDriveLetters(This,wcFirstLetter,count,pDriveLetterPropArray);
}
/*
 * Lists the file systems that the host knows. The caller frees the array with
 * CoTaskMemFree.
 * libvds: formats no volumes: there are none.
 *
 * Returns S_OK, VDS_E_INITIALIZED_FAILED (the service failed to start).
 */
static FORCEINLINE HRESULT IVdsService_QueryFileSystemTypes(IVdsService* This,VDS_FILE_SYSTEM_TYPE_PROP **ppFileSystemTypeProps,LONG *plNumberOfFileSystems) {
    return This->lpVtbl->QueryFileSystemTypes(This,ppFileSystemTypeProps,plNumberOfFileSystems);
}
/*
 * Lets the host scan its buses for disks. Returns at once; the scan goes on.
 * libvds: rescans the sessions of the host's iSCSI initiator, when there is one.
 *
 * Returns S_OK, VDS_E_INITIALIZED_FAILED (the service failed to start).
 */
static FORCEINLINE HRESULT IVdsService_Reenumerate(IVdsService* This) {
    return This->lpVtbl->Reenumerate(This);
}
/*
 * Compares all that the service knows with drivers and providers. Must not be called from
 * OnNotify.
 * libvds: Reenumerate and Refresh of every hardware provider.
 *
 * Returns S_OK, S_FALSE (it failed on the way), VDS_E_INITIALIZED_FAILED (the service
 * failed to start).
 */
static FORCEINLINE HRESULT IVdsService_Refresh(IVdsService* This) {
    return This->lpVtbl->Refresh(This);
}
/*
 * Removes mount points of volumes that are gone.
 * libvds: such mount points cannot exist on Linux.
 *
 * Returns S_OK, VDS_E_INITIALIZED_FAILED (the service failed to start).
 */
static FORCEINLINE HRESULT IVdsService_CleanupObsoleteMountPoints(IVdsService* This) {
    return This->lpVtbl->CleanupObsoleteMountPoints(This);
}
/*
 * Registers a sink for notifications. *pdwCookie names the registration for Unadvise.
 * libvds: each sink has a queue and a thread of its own.
 *
 * Returns S_OK, VDS_E_INITIALIZED_FAILED (the service failed to start).
 */
static FORCEINLINE HRESULT IVdsService_Advise(IVdsService* This,IVdsAdviseSink *pSink,DWORD *pdwCookie) {
    return This->lpVtbl->Advise(This,pSink,pdwCookie);
}
/*
 * Ends a registration. Waits until notifications that are on their way have been delivered.
 * libvds: within OnNotify it returns at once and drops what is queued.
 *
 * Returns S_OK, VDS_E_BAD_COOKIE (there is no such registration), VDS_E_INITIALIZED_FAILED
 * (the service failed to start).
 */
static FORCEINLINE HRESULT IVdsService_Unadvise(IVdsService* This,DWORD dwCookie) {
    return This->lpVtbl->Unadvise(This,dwCookie);
}
/*
 * Restarts the host.
 * libvds: always refused with VDS_E_ACCESS_DENIED.
 *
 * Returns S_OK, VDS_E_INITIALIZED_FAILED (the service failed to start).
 */
static FORCEINLINE HRESULT IVdsService_Reboot(IVdsService* This) {
    return This->lpVtbl->Reboot(This);
}
/*
 * Sets flags of the service (VDS_SVF_*).
 * libvds: only VDS_SVF_AUTO_MOUNT_OFF; VDS_E_NOT_SUPPORTED for the others.
 *
 * Returns S_OK, VDS_E_INITIALIZED_FAILED (the service failed to start).
 */
static FORCEINLINE HRESULT IVdsService_SetFlags(IVdsService* This,ULONG ulFlags) {
    return This->lpVtbl->SetFlags(This,ulFlags);
}
/*
 * Clears flags of the service.
 * libvds: as SetFlags.
 *
 * Returns S_OK, VDS_E_INITIALIZED_FAILED (the service failed to start).
 */
static FORCEINLINE HRESULT IVdsService_ClearFlags(IVdsService* This,ULONG ulFlags) {
    return This->lpVtbl->ClearFlags(This,ulFlags);
}
#endif
#endif

#endif

#endif  /* __IVdsService_INTERFACE_DEFINED__ */

/*****************************************************************************
 * IVdsServiceUninstallDisk interface
 *
 * Service. By service. VDS 1.1.
 */
#ifndef __IVdsServiceUninstallDisk_INTERFACE_DEFINED__
#define __IVdsServiceUninstallDisk_INTERFACE_DEFINED__

DEFINE_GUID(IID_IVdsServiceUninstallDisk, 0xb6b22da8, 0xf903, 0x4be7, 0xb4,0x92, 0xc0,0x9d,0x87,0x5a,0xc9,0xda);
#if defined(__cplusplus) && !defined(CINTERFACE)
MIDL_INTERFACE("b6b22da8-f903-4be7-b492-c09d875ac9da")
IVdsServiceUninstallDisk : public IUnknown
{
    /*
     * Finds the disk of this host that a LUN is. Used before the LUN is masked or deleted.
     * libvds: no software provider has such a disk: VDS_E_OBJECT_NOT_FOUND.
     *
     * Returns S_OK, VDS_E_NO_DISK_PATHNAME (the disk has no path), VDS_E_OBJECT_NOT_FOUND
     * (there is no object with such an id).
     */
    virtual HRESULT STDMETHODCALLTYPE GetDiskIdFromLunInfo(
        VDS_LUN_INFORMATION *pLunInfo,
        VDS_OBJECT_ID *pDiskId) = 0;

    /*
     * Removes disks and their volumes from the host. pResults has a result for each disk.
     * libvds: no software provider has such disks: VDS_E_OBJECT_NOT_FOUND.
     *
     * Returns S_OK, S_FALSE (look at the results), VDS_S_UNABLE_TO_GET_GPT_ATTRIBUTES (done,
     * but the attributes of the GPT could not be read), VDS_E_INTERNAL_ERROR (see the event
     * log), VDS_E_MISSING_DISK (the disk is missing), VDS_E_NO_DISK_PATHNAME (the disk has no
     * path), VDS_E_NO_VOLUME_PATHNAME (a volume has no path), VDS_E_OBJECT_NOT_FOUND (there is
     * no object with such an id), VDS_E_PROVIDER_CACHE_OUTOFSYNC (the cache is not what the
     * driver says); VDS_E_OBJECT_DELETED as many methods do.
     */
    virtual HRESULT STDMETHODCALLTYPE UninstallDisks(
        VDS_OBJECT_ID *pDiskIdArray,
        ULONG ulCount,
        BOOLEAN bForce,
        BOOLEAN *pbReboot,
        HRESULT *pResults) = 0;

};
#ifdef __CRT_UUID_DECL
__CRT_UUID_DECL(IVdsServiceUninstallDisk, 0xb6b22da8, 0xf903, 0x4be7, 0xb4,0x92, 0xc0,0x9d,0x87,0x5a,0xc9,0xda)
#endif
#else
typedef struct IVdsServiceUninstallDiskVtbl {
    BEGIN_INTERFACE

    /*** IUnknown methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryInterface)(
        IVdsServiceUninstallDisk *This,
        const IID *riid,
        void **ppvObject);

    ULONG (STDMETHODCALLTYPE *AddRef)(
        IVdsServiceUninstallDisk *This);

    ULONG (STDMETHODCALLTYPE *Release)(
        IVdsServiceUninstallDisk *This);

    /*** IVdsServiceUninstallDisk methods ***/
    HRESULT (STDMETHODCALLTYPE *GetDiskIdFromLunInfo)(
        IVdsServiceUninstallDisk *This,
        VDS_LUN_INFORMATION *pLunInfo,
        VDS_OBJECT_ID *pDiskId);

    HRESULT (STDMETHODCALLTYPE *UninstallDisks)(
        IVdsServiceUninstallDisk *This,
        VDS_OBJECT_ID *pDiskIdArray,
        ULONG ulCount,
        BOOLEAN bForce,
        BOOLEAN *pbReboot,
        HRESULT *pResults);

    END_INTERFACE
} IVdsServiceUninstallDiskVtbl;

struct IVdsServiceUninstallDisk {
    CONST_VTBL IVdsServiceUninstallDiskVtbl* lpVtbl;
};

#ifdef COBJMACROS
#ifndef WIDL_C_INLINE_WRAPPERS
/*** IUnknown methods ***/
#define IVdsServiceUninstallDisk_QueryInterface(This,riid,ppvObject) (This)->lpVtbl->QueryInterface(This,riid,ppvObject)
#define IVdsServiceUninstallDisk_AddRef(This) (This)->lpVtbl->AddRef(This)
#define IVdsServiceUninstallDisk_Release(This) (This)->lpVtbl->Release(This)
/*** IVdsServiceUninstallDisk methods ***/
#define IVdsServiceUninstallDisk_GetDiskIdFromLunInfo(This,pLunInfo,pDiskId) (This)->lpVtbl->GetDiskIdFromLunInfo(This,pLunInfo,pDiskId)
#define IVdsServiceUninstallDisk_UninstallDisks(This,pDiskIdArray,ulCount,bForce,pbReboot,pResults) (This)->lpVtbl->UninstallDisks(This,pDiskIdArray,ulCount,bForce,pbReboot,pResults)
#else
/*** IUnknown methods ***/
static FORCEINLINE HRESULT IVdsServiceUninstallDisk_QueryInterface(IVdsServiceUninstallDisk* This,const IID *riid,void **ppvObject) {
    return This->lpVtbl->QueryInterface(This,riid,ppvObject);
}
static FORCEINLINE ULONG IVdsServiceUninstallDisk_AddRef(IVdsServiceUninstallDisk* This) {
    return This->lpVtbl->AddRef(This);
}
static FORCEINLINE ULONG IVdsServiceUninstallDisk_Release(IVdsServiceUninstallDisk* This) {
    return This->lpVtbl->Release(This);
}
/*** IVdsServiceUninstallDisk methods ***/
/*
 * Finds the disk of this host that a LUN is. Used before the LUN is masked or deleted.
 * libvds: no software provider has such a disk: VDS_E_OBJECT_NOT_FOUND.
 *
 * Returns S_OK, VDS_E_NO_DISK_PATHNAME (the disk has no path), VDS_E_OBJECT_NOT_FOUND
 * (there is no object with such an id).
 */
static FORCEINLINE HRESULT IVdsServiceUninstallDisk_GetDiskIdFromLunInfo(IVdsServiceUninstallDisk* This,VDS_LUN_INFORMATION *pLunInfo,VDS_OBJECT_ID *pDiskId) {
    return This->lpVtbl->GetDiskIdFromLunInfo(This,pLunInfo,pDiskId);
}
/*
 * Removes disks and their volumes from the host. pResults has a result for each disk.
 * libvds: no software provider has such disks: VDS_E_OBJECT_NOT_FOUND.
 *
 * Returns S_OK, S_FALSE (look at the results), VDS_S_UNABLE_TO_GET_GPT_ATTRIBUTES (done,
 * but the attributes of the GPT could not be read), VDS_E_INTERNAL_ERROR (see the event
 * log), VDS_E_MISSING_DISK (the disk is missing), VDS_E_NO_DISK_PATHNAME (the disk has no
 * path), VDS_E_NO_VOLUME_PATHNAME (a volume has no path), VDS_E_OBJECT_NOT_FOUND (there is
 * no object with such an id), VDS_E_PROVIDER_CACHE_OUTOFSYNC (the cache is not what the
 * driver says); VDS_E_OBJECT_DELETED as many methods do.
 */
static FORCEINLINE HRESULT IVdsServiceUninstallDisk_UninstallDisks(IVdsServiceUninstallDisk* This,VDS_OBJECT_ID *pDiskIdArray,ULONG ulCount,BOOLEAN bForce,BOOLEAN *pbReboot,HRESULT *pResults) {
    return This->lpVtbl->UninstallDisks(This,pDiskIdArray,ulCount,bForce,pbReboot,pResults);
}
#endif
#endif

#endif

#endif  /* __IVdsServiceUninstallDisk_INTERFACE_DEFINED__ */

/*****************************************************************************
 * IVdsServiceHba interface
 *
 * Service. By service. VDS 1.1.
 */
#ifndef __IVdsServiceHba_INTERFACE_DEFINED__
#define __IVdsServiceHba_INTERFACE_DEFINED__

DEFINE_GUID(IID_IVdsServiceHba, 0x0ac13689, 0x3134, 0x47c6, 0xa1,0x7c, 0x46,0x69,0x21,0x68,0x01,0xbe);
#if defined(__cplusplus) && !defined(CINTERFACE)
MIDL_INTERFACE("0ac13689-3134-47c6-a17c-4669216801be")
IVdsServiceHba : public IUnknown
{
    /*
     * Enumerates the ports of the host bus adapters of this host.
     * libvds: an empty list; there is no support for Fibre Channel.
     *
     * Returns S_OK, VDS_E_INITIALIZED_FAILED (the service failed to start).
     */
    virtual HRESULT STDMETHODCALLTYPE QueryHbaPorts(
        IEnumVdsObject **ppEnum) = 0;

};
#ifdef __CRT_UUID_DECL
__CRT_UUID_DECL(IVdsServiceHba, 0x0ac13689, 0x3134, 0x47c6, 0xa1,0x7c, 0x46,0x69,0x21,0x68,0x01,0xbe)
#endif
#else
typedef struct IVdsServiceHbaVtbl {
    BEGIN_INTERFACE

    /*** IUnknown methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryInterface)(
        IVdsServiceHba *This,
        const IID *riid,
        void **ppvObject);

    ULONG (STDMETHODCALLTYPE *AddRef)(
        IVdsServiceHba *This);

    ULONG (STDMETHODCALLTYPE *Release)(
        IVdsServiceHba *This);

    /*** IVdsServiceHba methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryHbaPorts)(
        IVdsServiceHba *This,
        IEnumVdsObject **ppEnum);

    END_INTERFACE
} IVdsServiceHbaVtbl;

struct IVdsServiceHba {
    CONST_VTBL IVdsServiceHbaVtbl* lpVtbl;
};

#ifdef COBJMACROS
#ifndef WIDL_C_INLINE_WRAPPERS
/*** IUnknown methods ***/
#define IVdsServiceHba_QueryInterface(This,riid,ppvObject) (This)->lpVtbl->QueryInterface(This,riid,ppvObject)
#define IVdsServiceHba_AddRef(This) (This)->lpVtbl->AddRef(This)
#define IVdsServiceHba_Release(This) (This)->lpVtbl->Release(This)
/*** IVdsServiceHba methods ***/
#define IVdsServiceHba_QueryHbaPorts(This,ppEnum) (This)->lpVtbl->QueryHbaPorts(This,ppEnum)
#else
/*** IUnknown methods ***/
static FORCEINLINE HRESULT IVdsServiceHba_QueryInterface(IVdsServiceHba* This,const IID *riid,void **ppvObject) {
    return This->lpVtbl->QueryInterface(This,riid,ppvObject);
}
static FORCEINLINE ULONG IVdsServiceHba_AddRef(IVdsServiceHba* This) {
    return This->lpVtbl->AddRef(This);
}
static FORCEINLINE ULONG IVdsServiceHba_Release(IVdsServiceHba* This) {
    return This->lpVtbl->Release(This);
}
/*** IVdsServiceHba methods ***/
/*
 * Enumerates the ports of the host bus adapters of this host.
 * libvds: an empty list; there is no support for Fibre Channel.
 *
 * Returns S_OK, VDS_E_INITIALIZED_FAILED (the service failed to start).
 */
static FORCEINLINE HRESULT IVdsServiceHba_QueryHbaPorts(IVdsServiceHba* This,IEnumVdsObject **ppEnum) {
    return This->lpVtbl->QueryHbaPorts(This,ppEnum);
}
#endif
#endif

#endif

#endif  /* __IVdsServiceHba_INTERFACE_DEFINED__ */

/*****************************************************************************
 * IVdsServiceIscsi interface
 *
 * Service. By service. VDS 1.1.
 */
#ifndef __IVdsServiceIscsi_INTERFACE_DEFINED__
#define __IVdsServiceIscsi_INTERFACE_DEFINED__

DEFINE_GUID(IID_IVdsServiceIscsi, 0x14fbe036, 0x3ed7, 0x4e10, 0x90,0xe9, 0xa5,0xff,0x99,0x1a,0xff,0x01);
#if defined(__cplusplus) && !defined(CINTERFACE)
MIDL_INTERFACE("14fbe036-3ed7-4e10-90e9-a5ff991aff01")
IVdsServiceIscsi : public IUnknown
{
    /*
     * Reports the iSCSI name of this host. The caller frees *ppwszIscsiName with CoTaskMemFree.
     * libvds: what open-iscsi's file says; "" without it.
     *
     * Returns S_OK, E_POINTER (the output pointer is NULL).
     */
    virtual HRESULT STDMETHODCALLTYPE GetInitiatorName(
        LPWSTR *ppwszIscsiName) = 0;

    /*
     * Enumerates the initiator adapters of this host.
     * libvds: one adapter, the host's open-iscsi; none without it.
     *
     * Returns S_OK, E_POINTER (the output pointer is NULL).
     */
    virtual HRESULT STDMETHODCALLTYPE QueryInitiatorAdapters(
        IEnumVdsObject **ppEnum) = 0;

    /*
     * Reserved: VDS never defined what it does.
     *
     * Returns VDS_E_NOT_SUPPORTED (always).
     */
    virtual HRESULT STDMETHODCALLTYPE SetIpsecGroupPresharedKey(
        VDS_ISCSI_IPSEC_KEY *pIpsecKey) = 0;

    /*
     * Reserved: VDS never defined what it does.
     *
     * Returns VDS_E_NOT_SUPPORTED (always).
     */
    virtual HRESULT STDMETHODCALLTYPE SetAllIpsecTunnelAddresses(
        VDS_IPADDRESS *pTunnelAddress,
        VDS_IPADDRESS *pDestinationAddress) = 0;

    /*
     * Reserved: VDS never defined what it does.
     *
     * Returns VDS_E_NOT_SUPPORTED (always).
     */
    virtual HRESULT STDMETHODCALLTYPE SetAllIpsecSecurity(
        VDS_OBJECT_ID targetPortalId,
        ULONGLONG ullSecurityFlags,
        VDS_ISCSI_IPSEC_KEY *pIpsecKey) = 0;

    /*
     * Sets the secret with which this host checks that targets are who they say (mutual CHAP).
     * targetId GUID_NULL means all targets.
     * libvds: VDS_E_NOT_SUPPORTED; arrays of vdsd have no CHAP yet.
     *
     * Returns S_OK, VDS_E_INITIALIZED_FAILED (the service failed to start),
     * VDS_E_TARGET_SPECIFIC_NOT_SUPPORTED (the initiator has one secret for all targets).
     */
    virtual HRESULT STDMETHODCALLTYPE SetInitiatorSharedSecret(
        VDS_ISCSI_SHARED_SECRET *pInitiatorSharedSecret,
        VDS_OBJECT_ID targetId) = 0;

    /*
     * Tells this host the CHAP secret of a target. targetId is required.
     * libvds: VDS_E_NOT_SUPPORTED; arrays of vdsd have no CHAP yet.
     *
     * Returns S_OK, VDS_E_INITIALIZED_FAILED (the service failed to start).
     */
    virtual HRESULT STDMETHODCALLTYPE RememberTargetSharedSecret(
        VDS_OBJECT_ID targetId,
        VDS_ISCSI_SHARED_SECRET *pTargetSharedSecret) = 0;

};
#ifdef __CRT_UUID_DECL
__CRT_UUID_DECL(IVdsServiceIscsi, 0x14fbe036, 0x3ed7, 0x4e10, 0x90,0xe9, 0xa5,0xff,0x99,0x1a,0xff,0x01)
#endif
#else
typedef struct IVdsServiceIscsiVtbl {
    BEGIN_INTERFACE

    /*** IUnknown methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryInterface)(
        IVdsServiceIscsi *This,
        const IID *riid,
        void **ppvObject);

    ULONG (STDMETHODCALLTYPE *AddRef)(
        IVdsServiceIscsi *This);

    ULONG (STDMETHODCALLTYPE *Release)(
        IVdsServiceIscsi *This);

    /*** IVdsServiceIscsi methods ***/
    HRESULT (STDMETHODCALLTYPE *GetInitiatorName)(
        IVdsServiceIscsi *This,
        LPWSTR *ppwszIscsiName);

    HRESULT (STDMETHODCALLTYPE *QueryInitiatorAdapters)(
        IVdsServiceIscsi *This,
        IEnumVdsObject **ppEnum);

    HRESULT (STDMETHODCALLTYPE *SetIpsecGroupPresharedKey)(
        IVdsServiceIscsi *This,
        VDS_ISCSI_IPSEC_KEY *pIpsecKey);

    HRESULT (STDMETHODCALLTYPE *SetAllIpsecTunnelAddresses)(
        IVdsServiceIscsi *This,
        VDS_IPADDRESS *pTunnelAddress,
        VDS_IPADDRESS *pDestinationAddress);

    HRESULT (STDMETHODCALLTYPE *SetAllIpsecSecurity)(
        IVdsServiceIscsi *This,
        VDS_OBJECT_ID targetPortalId,
        ULONGLONG ullSecurityFlags,
        VDS_ISCSI_IPSEC_KEY *pIpsecKey);

    HRESULT (STDMETHODCALLTYPE *SetInitiatorSharedSecret)(
        IVdsServiceIscsi *This,
        VDS_ISCSI_SHARED_SECRET *pInitiatorSharedSecret,
        VDS_OBJECT_ID targetId);

    HRESULT (STDMETHODCALLTYPE *RememberTargetSharedSecret)(
        IVdsServiceIscsi *This,
        VDS_OBJECT_ID targetId,
        VDS_ISCSI_SHARED_SECRET *pTargetSharedSecret);

    END_INTERFACE
} IVdsServiceIscsiVtbl;

struct IVdsServiceIscsi {
    CONST_VTBL IVdsServiceIscsiVtbl* lpVtbl;
};

#ifdef COBJMACROS
#ifndef WIDL_C_INLINE_WRAPPERS
/*** IUnknown methods ***/
#define IVdsServiceIscsi_QueryInterface(This,riid,ppvObject) (This)->lpVtbl->QueryInterface(This,riid,ppvObject)
#define IVdsServiceIscsi_AddRef(This) (This)->lpVtbl->AddRef(This)
#define IVdsServiceIscsi_Release(This) (This)->lpVtbl->Release(This)
/*** IVdsServiceIscsi methods ***/
#define IVdsServiceIscsi_GetInitiatorName(This,ppwszIscsiName) (This)->lpVtbl->GetInitiatorName(This,ppwszIscsiName)
#define IVdsServiceIscsi_QueryInitiatorAdapters(This,ppEnum) (This)->lpVtbl->QueryInitiatorAdapters(This,ppEnum)
#define IVdsServiceIscsi_SetIpsecGroupPresharedKey(This,pIpsecKey) (This)->lpVtbl->SetIpsecGroupPresharedKey(This,pIpsecKey)
#define IVdsServiceIscsi_SetAllIpsecTunnelAddresses(This,pTunnelAddress,pDestinationAddress) (This)->lpVtbl->SetAllIpsecTunnelAddresses(This,pTunnelAddress,pDestinationAddress)
#define IVdsServiceIscsi_SetAllIpsecSecurity(This,targetPortalId,ullSecurityFlags,pIpsecKey) (This)->lpVtbl->SetAllIpsecSecurity(This,targetPortalId,ullSecurityFlags,pIpsecKey)
#define IVdsServiceIscsi_SetInitiatorSharedSecret(This,pInitiatorSharedSecret,targetId) (This)->lpVtbl->SetInitiatorSharedSecret(This,pInitiatorSharedSecret,targetId)
#define IVdsServiceIscsi_RememberTargetSharedSecret(This,targetId,pTargetSharedSecret) (This)->lpVtbl->RememberTargetSharedSecret(This,targetId,pTargetSharedSecret)
#else
/*** IUnknown methods ***/
static FORCEINLINE HRESULT IVdsServiceIscsi_QueryInterface(IVdsServiceIscsi* This,const IID *riid,void **ppvObject) {
    return This->lpVtbl->QueryInterface(This,riid,ppvObject);
}
static FORCEINLINE ULONG IVdsServiceIscsi_AddRef(IVdsServiceIscsi* This) {
    return This->lpVtbl->AddRef(This);
}
static FORCEINLINE ULONG IVdsServiceIscsi_Release(IVdsServiceIscsi* This) {
    return This->lpVtbl->Release(This);
}
/*** IVdsServiceIscsi methods ***/
/*
 * Reports the iSCSI name of this host. The caller frees *ppwszIscsiName with CoTaskMemFree.
 * libvds: what open-iscsi's file says; "" without it.
 *
 * Returns S_OK, E_POINTER (the output pointer is NULL).
 */
static FORCEINLINE HRESULT IVdsServiceIscsi_GetInitiatorName(IVdsServiceIscsi* This,LPWSTR *ppwszIscsiName) {
    return This->lpVtbl->GetInitiatorName(This,ppwszIscsiName);
}
/*
 * Enumerates the initiator adapters of this host.
 * libvds: one adapter, the host's open-iscsi; none without it.
 *
 * Returns S_OK, E_POINTER (the output pointer is NULL).
 */
static FORCEINLINE HRESULT IVdsServiceIscsi_QueryInitiatorAdapters(IVdsServiceIscsi* This,IEnumVdsObject **ppEnum) {
    return This->lpVtbl->QueryInitiatorAdapters(This,ppEnum);
}
/*
 * Reserved: VDS never defined what it does.
 *
 * Returns VDS_E_NOT_SUPPORTED (always).
 */
static FORCEINLINE HRESULT IVdsServiceIscsi_SetIpsecGroupPresharedKey(IVdsServiceIscsi* This,VDS_ISCSI_IPSEC_KEY *pIpsecKey) {
    return This->lpVtbl->SetIpsecGroupPresharedKey(This,pIpsecKey);
}
/*
 * Reserved: VDS never defined what it does.
 *
 * Returns VDS_E_NOT_SUPPORTED (always).
 */
static FORCEINLINE HRESULT IVdsServiceIscsi_SetAllIpsecTunnelAddresses(IVdsServiceIscsi* This,VDS_IPADDRESS *pTunnelAddress,VDS_IPADDRESS *pDestinationAddress) {
    return This->lpVtbl->SetAllIpsecTunnelAddresses(This,pTunnelAddress,pDestinationAddress);
}
/*
 * Reserved: VDS never defined what it does.
 *
 * Returns VDS_E_NOT_SUPPORTED (always).
 */
static FORCEINLINE HRESULT IVdsServiceIscsi_SetAllIpsecSecurity(IVdsServiceIscsi* This,VDS_OBJECT_ID targetPortalId,ULONGLONG ullSecurityFlags,VDS_ISCSI_IPSEC_KEY *pIpsecKey) {
    return This->lpVtbl->SetAllIpsecSecurity(This,targetPortalId,ullSecurityFlags,pIpsecKey);
}
/*
 * Sets the secret with which this host checks that targets are who they say (mutual CHAP).
 * targetId GUID_NULL means all targets.
 * libvds: VDS_E_NOT_SUPPORTED; arrays of vdsd have no CHAP yet.
 *
 * Returns S_OK, VDS_E_INITIALIZED_FAILED (the service failed to start),
 * VDS_E_TARGET_SPECIFIC_NOT_SUPPORTED (the initiator has one secret for all targets).
 */
static FORCEINLINE HRESULT IVdsServiceIscsi_SetInitiatorSharedSecret(IVdsServiceIscsi* This,VDS_ISCSI_SHARED_SECRET *pInitiatorSharedSecret,VDS_OBJECT_ID targetId) {
    return This->lpVtbl->SetInitiatorSharedSecret(This,pInitiatorSharedSecret,targetId);
}
/*
 * Tells this host the CHAP secret of a target. targetId is required.
 * libvds: VDS_E_NOT_SUPPORTED; arrays of vdsd have no CHAP yet.
 *
 * Returns S_OK, VDS_E_INITIALIZED_FAILED (the service failed to start).
 */
static FORCEINLINE HRESULT IVdsServiceIscsi_RememberTargetSharedSecret(IVdsServiceIscsi* This,VDS_OBJECT_ID targetId,VDS_ISCSI_SHARED_SECRET *pTargetSharedSecret) {
    return This->lpVtbl->RememberTargetSharedSecret(This,targetId,pTargetSharedSecret);
}
#endif
#endif

#endif

#endif  /* __IVdsServiceIscsi_INTERFACE_DEFINED__ */

/*****************************************************************************
 * IVdsServiceInitialization interface
 *
 * Service. By service (used by the loader only).
 */
#ifndef __IVdsServiceInitialization_INTERFACE_DEFINED__
#define __IVdsServiceInitialization_INTERFACE_DEFINED__

DEFINE_GUID(IID_IVdsServiceInitialization, 0x4afc3636, 0xdb01, 0x4052, 0x80,0xc3, 0x03,0xbb,0xcb,0x8d,0x3c,0x69);
#if defined(__cplusplus) && !defined(CINTERFACE)
MIDL_INTERFACE("4afc3636-db01-4052-80c3-03bbcb8d3c69")
IVdsServiceInitialization : public IUnknown
{
    /*
     * Initialises the service; called by the loader.
     * libvds: E_INVALIDARG for a machine; nothing when it was called before.
     *
     * Returns S_OK.
     */
    virtual HRESULT STDMETHODCALLTYPE Initialize(
        LPWSTR pwszMachineName) = 0;

};
#ifdef __CRT_UUID_DECL
__CRT_UUID_DECL(IVdsServiceInitialization, 0x4afc3636, 0xdb01, 0x4052, 0x80,0xc3, 0x03,0xbb,0xcb,0x8d,0x3c,0x69)
#endif
#else
typedef struct IVdsServiceInitializationVtbl {
    BEGIN_INTERFACE

    /*** IUnknown methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryInterface)(
        IVdsServiceInitialization *This,
        const IID *riid,
        void **ppvObject);

    ULONG (STDMETHODCALLTYPE *AddRef)(
        IVdsServiceInitialization *This);

    ULONG (STDMETHODCALLTYPE *Release)(
        IVdsServiceInitialization *This);

    /*** IVdsServiceInitialization methods ***/
    HRESULT (STDMETHODCALLTYPE *Initialize)(
        IVdsServiceInitialization *This,
        LPWSTR pwszMachineName);

    END_INTERFACE
} IVdsServiceInitializationVtbl;

struct IVdsServiceInitialization {
    CONST_VTBL IVdsServiceInitializationVtbl* lpVtbl;
};

#ifdef COBJMACROS
#ifndef WIDL_C_INLINE_WRAPPERS
/*** IUnknown methods ***/
#define IVdsServiceInitialization_QueryInterface(This,riid,ppvObject) (This)->lpVtbl->QueryInterface(This,riid,ppvObject)
#define IVdsServiceInitialization_AddRef(This) (This)->lpVtbl->AddRef(This)
#define IVdsServiceInitialization_Release(This) (This)->lpVtbl->Release(This)
/*** IVdsServiceInitialization methods ***/
#define IVdsServiceInitialization_Initialize(This,pwszMachineName) (This)->lpVtbl->Initialize(This,pwszMachineName)
#else
/*** IUnknown methods ***/
static FORCEINLINE HRESULT IVdsServiceInitialization_QueryInterface(IVdsServiceInitialization* This,const IID *riid,void **ppvObject) {
    return This->lpVtbl->QueryInterface(This,riid,ppvObject);
}
static FORCEINLINE ULONG IVdsServiceInitialization_AddRef(IVdsServiceInitialization* This) {
    return This->lpVtbl->AddRef(This);
}
static FORCEINLINE ULONG IVdsServiceInitialization_Release(IVdsServiceInitialization* This) {
    return This->lpVtbl->Release(This);
}
/*** IVdsServiceInitialization methods ***/
/*
 * Initialises the service; called by the loader.
 * libvds: E_INVALIDARG for a machine; nothing when it was called before.
 *
 * Returns S_OK.
 */
static FORCEINLINE HRESULT IVdsServiceInitialization_Initialize(IVdsServiceInitialization* This,LPWSTR pwszMachineName) {
    return This->lpVtbl->Initialize(This,pwszMachineName);
}
#endif
#endif

#endif

#endif  /* __IVdsServiceInitialization_INTERFACE_DEFINED__ */

/*****************************************************************************
 * IVdsServiceSAN interface
 *
 * Service. By service. VDS 2.0/2.1.
 */
#ifndef __IVdsServiceSAN_INTERFACE_DEFINED__
#define __IVdsServiceSAN_INTERFACE_DEFINED__

DEFINE_GUID(IID_IVdsServiceSAN, 0xfc5d23e8, 0xa88b, 0x41a5, 0x8d,0xe0, 0x2d,0x2f,0x73,0xc5,0xa6,0x30);
#if defined(__cplusplus) && !defined(CINTERFACE)
MIDL_INTERFACE("fc5d23e8-a88b-41a5-8de0-2d2f73c5a630")
IVdsServiceSAN : public IUnknown
{
    /*
     * Reports what the host does with new disks.
     * libvds: VDS_SP_ONLINE, which is what Linux does.
     *
     * Returns S_OK.
     */
    virtual HRESULT STDMETHODCALLTYPE GetSANPolicy(
        VDS_SAN_POLICY *pSanPolicy) = 0;

    /*
     * Sets what the host does with new disks.
     * libvds: VDS_E_NOT_SUPPORTED for another policy than VDS_SP_ONLINE.
     *
     * Returns S_OK.
     */
    virtual HRESULT STDMETHODCALLTYPE SetSANPolicy(
        VDS_SAN_POLICY SanPolicy) = 0;

};
#ifdef __CRT_UUID_DECL
__CRT_UUID_DECL(IVdsServiceSAN, 0xfc5d23e8, 0xa88b, 0x41a5, 0x8d,0xe0, 0x2d,0x2f,0x73,0xc5,0xa6,0x30)
#endif
#else
typedef struct IVdsServiceSANVtbl {
    BEGIN_INTERFACE

    /*** IUnknown methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryInterface)(
        IVdsServiceSAN *This,
        const IID *riid,
        void **ppvObject);

    ULONG (STDMETHODCALLTYPE *AddRef)(
        IVdsServiceSAN *This);

    ULONG (STDMETHODCALLTYPE *Release)(
        IVdsServiceSAN *This);

    /*** IVdsServiceSAN methods ***/
    HRESULT (STDMETHODCALLTYPE *GetSANPolicy)(
        IVdsServiceSAN *This,
        VDS_SAN_POLICY *pSanPolicy);

    HRESULT (STDMETHODCALLTYPE *SetSANPolicy)(
        IVdsServiceSAN *This,
        VDS_SAN_POLICY SanPolicy);

    END_INTERFACE
} IVdsServiceSANVtbl;

struct IVdsServiceSAN {
    CONST_VTBL IVdsServiceSANVtbl* lpVtbl;
};

#ifdef COBJMACROS
#ifndef WIDL_C_INLINE_WRAPPERS
/*** IUnknown methods ***/
#define IVdsServiceSAN_QueryInterface(This,riid,ppvObject) (This)->lpVtbl->QueryInterface(This,riid,ppvObject)
#define IVdsServiceSAN_AddRef(This) (This)->lpVtbl->AddRef(This)
#define IVdsServiceSAN_Release(This) (This)->lpVtbl->Release(This)
/*** IVdsServiceSAN methods ***/
#define IVdsServiceSAN_GetSANPolicy(This,pSanPolicy) (This)->lpVtbl->GetSANPolicy(This,pSanPolicy)
#define IVdsServiceSAN_SetSANPolicy(This,SanPolicy) (This)->lpVtbl->SetSANPolicy(This,SanPolicy)
#else
/*** IUnknown methods ***/
static FORCEINLINE HRESULT IVdsServiceSAN_QueryInterface(IVdsServiceSAN* This,const IID *riid,void **ppvObject) {
    return This->lpVtbl->QueryInterface(This,riid,ppvObject);
}
static FORCEINLINE ULONG IVdsServiceSAN_AddRef(IVdsServiceSAN* This) {
    return This->lpVtbl->AddRef(This);
}
static FORCEINLINE ULONG IVdsServiceSAN_Release(IVdsServiceSAN* This) {
    return This->lpVtbl->Release(This);
}
/*** IVdsServiceSAN methods ***/
/*
 * Reports what the host does with new disks.
 * libvds: VDS_SP_ONLINE, which is what Linux does.
 *
 * Returns S_OK.
 */
static FORCEINLINE HRESULT IVdsServiceSAN_GetSANPolicy(IVdsServiceSAN* This,VDS_SAN_POLICY *pSanPolicy) {
    return This->lpVtbl->GetSANPolicy(This,pSanPolicy);
}
/*
 * Sets what the host does with new disks.
 * libvds: VDS_E_NOT_SUPPORTED for another policy than VDS_SP_ONLINE.
 *
 * Returns S_OK.
 */
static FORCEINLINE HRESULT IVdsServiceSAN_SetSANPolicy(IVdsServiceSAN* This,VDS_SAN_POLICY SanPolicy) {
    return This->lpVtbl->SetSANPolicy(This,SanPolicy);
}
#endif
#endif

#endif

#endif  /* __IVdsServiceSAN_INTERFACE_DEFINED__ */

/*****************************************************************************
 * IVdsServiceSw interface
 *
 * Service. By service.
 */
#ifndef __IVdsServiceSw_INTERFACE_DEFINED__
#define __IVdsServiceSw_INTERFACE_DEFINED__

DEFINE_GUID(IID_IVdsServiceSw, 0x15fc031c, 0x0652, 0x4306, 0xb2,0xc3, 0xf5,0x58,0xb8,0xf8,0x37,0xe2);
#if defined(__cplusplus) && !defined(CINTERFACE)
MIDL_INTERFACE("15fc031c-0652-4306-b2c3-f558b8f837e2")
IVdsServiceSw : public IUnknown
{
    /*
     * Finds a disk of the host by its device path.
     * libvds: no software provider has such a disk: VDS_E_OBJECT_NOT_FOUND.
     *
     * Returns S_OK.
     */
    virtual HRESULT STDMETHODCALLTYPE GetDiskObject(
        LPCWSTR pwszDeviceID,
        IUnknown **ppDiskUnk) = 0;

};
#ifdef __CRT_UUID_DECL
__CRT_UUID_DECL(IVdsServiceSw, 0x15fc031c, 0x0652, 0x4306, 0xb2,0xc3, 0xf5,0x58,0xb8,0xf8,0x37,0xe2)
#endif
#else
typedef struct IVdsServiceSwVtbl {
    BEGIN_INTERFACE

    /*** IUnknown methods ***/
    HRESULT (STDMETHODCALLTYPE *QueryInterface)(
        IVdsServiceSw *This,
        const IID *riid,
        void **ppvObject);

    ULONG (STDMETHODCALLTYPE *AddRef)(
        IVdsServiceSw *This);

    ULONG (STDMETHODCALLTYPE *Release)(
        IVdsServiceSw *This);

    /*** IVdsServiceSw methods ***/
    HRESULT (STDMETHODCALLTYPE *GetDiskObject)(
        IVdsServiceSw *This,
        LPCWSTR pwszDeviceID,
        IUnknown **ppDiskUnk);

    END_INTERFACE
} IVdsServiceSwVtbl;

struct IVdsServiceSw {
    CONST_VTBL IVdsServiceSwVtbl* lpVtbl;
};

#ifdef COBJMACROS
#ifndef WIDL_C_INLINE_WRAPPERS
/*** IUnknown methods ***/
#define IVdsServiceSw_QueryInterface(This,riid,ppvObject) (This)->lpVtbl->QueryInterface(This,riid,ppvObject)
#define IVdsServiceSw_AddRef(This) (This)->lpVtbl->AddRef(This)
#define IVdsServiceSw_Release(This) (This)->lpVtbl->Release(This)
/*** IVdsServiceSw methods ***/
#define IVdsServiceSw_GetDiskObject(This,pwszDeviceID,ppDiskUnk) (This)->lpVtbl->GetDiskObject(This,pwszDeviceID,ppDiskUnk)
#else
/*** IUnknown methods ***/
static FORCEINLINE HRESULT IVdsServiceSw_QueryInterface(IVdsServiceSw* This,const IID *riid,void **ppvObject) {
    return This->lpVtbl->QueryInterface(This,riid,ppvObject);
}
static FORCEINLINE ULONG IVdsServiceSw_AddRef(IVdsServiceSw* This) {
    return This->lpVtbl->AddRef(This);
}
static FORCEINLINE ULONG IVdsServiceSw_Release(IVdsServiceSw* This) {
    return This->lpVtbl->Release(This);
}
/*** IVdsServiceSw methods ***/
/*
 * Finds a disk of the host by its device path.
 * libvds: no software provider has such a disk: VDS_E_OBJECT_NOT_FOUND.
 *
 * Returns S_OK.
 */
static FORCEINLINE HRESULT IVdsServiceSw_GetDiskObject(IVdsServiceSw* This,LPCWSTR pwszDeviceID,IUnknown **ppDiskUnk) {
    return This->lpVtbl->GetDiskObject(This,pwszDeviceID,ppDiskUnk);
}
#endif
#endif

#endif

#endif  /* __IVdsServiceSw_INTERFACE_DEFINED__ */

/*****************************************************************************
 * VdsLoader coclass
 */

DEFINE_GUID(CLSID_VdsLoader, 0x9c38ed61, 0xd565, 0x4728, 0xae,0xee, 0xc8,0x09,0x52,0xf0,0xec,0xde);

#ifdef __cplusplus
class DECLSPEC_UUID("9c38ed61-d565-4728-aeee-c80952f0ecde") VdsLoader;
#ifdef __CRT_UUID_DECL
__CRT_UUID_DECL(VdsLoader, 0x9c38ed61, 0xd565, 0x4728, 0xae,0xee, 0xc8,0x09,0x52,0xf0,0xec,0xde)
#endif
#endif

/*****************************************************************************
 * VdsService coclass
 */

DEFINE_GUID(CLSID_VdsService, 0x7d1933cb, 0x86f6, 0x4a98, 0x86,0x28, 0x01,0xbe,0x94,0xc9,0xa5,0x75);

#ifdef __cplusplus
class DECLSPEC_UUID("7d1933cb-86f6-4a98-8628-01be94c9a575") VdsService;
#ifdef __CRT_UUID_DECL
__CRT_UUID_DECL(VdsService, 0x7d1933cb, 0x86f6, 0x4a98, 0x86,0x28, 0x01,0xbe,0x94,0xc9,0xa5,0x75)
#endif
#endif

/* Begin additional prototypes for all interfaces */

/* End additional prototypes */

#ifdef __cplusplus
}
#endif

#endif /* VDS_VDS_H */
