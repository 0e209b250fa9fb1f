/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Result codes of the Virtual Disk Service, and the codes of COM that its methods return.
 *
 * A VDS code has facility 4 (ITF): 0x8004xxxx for an error (VDS_E_*), 0x0004xxxx for a success with
 * additional information (VDS_S_*). Test with SUCCEEDED() and FAILED(), never with == S_OK. A
 * method may also return any Win32 error as HRESULT_FROM_WIN32(error).
 *
 * VDS_S_GPT_BOOT_MIRRORED_TO_MBR has the error bit set although it is a success: Microsoft
 * published it with this value.  VdsErrorText() of libvds.h gives the name of a code.
 */
#ifndef VDS_VDSERR_H
#define VDS_VDSERR_H

#include "vdstypes.h"

#ifndef _WIN32

#define MAKE_HRESULT(sev, fac, code) \
	((HRESULT)(((uint32_t)(sev) << 31) | ((uint32_t)(fac) << 16) | (uint32_t)(code)))
#define HRESULT_CODE(hr) ((hr) & 0xffff)
#define HRESULT_FACILITY(hr) (((hr) >> 16) & 0x1fff)
#define HRESULT_SEVERITY(hr) (((uint32_t)(hr) >> 31) & 0x1)
#define SEVERITY_SUCCESS 0
#define SEVERITY_ERROR 1
#define FACILITY_NULL 0
#define FACILITY_ITF 4
#define FACILITY_WIN32 7

/*
 * Convert a Win32 error to an HRESULT: 0 becomes S_OK, and a value that already is an HRESULT does
 * not change.
 */
#define HRESULT_FROM_WIN32(error)         \
	((HRESULT)(error) <= 0            \
		 ? (HRESULT)(error)       \
		 : (HRESULT)(((uint32_t)(error) & 0xffff) | 0x80070000u))

/* ---- Win32 errors that appear in results ---- */

#define ERROR_SUCCESS 0L
#define ERROR_FILE_NOT_FOUND 2L
#define ERROR_NOT_SUPPORTED 50L
#define ERROR_BUSY 170L
#define ERROR_ALREADY_EXISTS 183L
#define ERROR_SERVICE_DISABLED 1058L
#define ERROR_NOT_FOUND 1168L
#define ERROR_TIMEOUT 1460L

/* ---- COM ---- */

#define E_NOTIMPL ((HRESULT)0x80004001)
#define E_NOINTERFACE ((HRESULT)0x80004002)
#define E_POINTER ((HRESULT)0x80004003)
#define E_ABORT ((HRESULT)0x80004004)
#define E_FAIL ((HRESULT)0x80004005)
#define E_UNEXPECTED ((HRESULT)0x8000FFFF)
#define E_ACCESSDENIED ((HRESULT)0x80070005)
#define E_HANDLE ((HRESULT)0x80070006)
#define E_OUTOFMEMORY ((HRESULT)0x8007000E)
#define E_INVALIDARG ((HRESULT)0x80070057)
#define CLASS_E_NOAGGREGATION ((HRESULT)0x80040110)
#define CLASS_E_CLASSNOTAVAILABLE ((HRESULT)0x80040111)
#define REGDB_E_CLASSNOTREG ((HRESULT)0x80040154)
#define CO_E_NOTINITIALIZED ((HRESULT)0x800401F0)
#define RPC_E_CHANGED_MODE ((HRESULT)0x80010106)
#define RPC_E_DISCONNECTED ((HRESULT)0x80010108)

#endif /* !_WIN32 */

/* ---- 2400h to 24FFh ---- */

/*
 * Feature or argument combination not offered by this object/provider (valid request,
 * unimplemented capability)
 */
#define VDS_E_NOT_SUPPORTED ((HRESULT)0x80042400)
/* Start-up of the service or of a provider failed */
#define VDS_E_INITIALIZED_FAILED ((HRESULT)0x80042401)
/* Provider was used before its OnLoad initialisation ran */
#define VDS_E_INITIALIZE_NOT_CALLED ((HRESULT)0x80042402)
/* A provider with this id is registered already */
#define VDS_E_ALREADY_REGISTERED ((HRESULT)0x80042403)
/* Object is still busy with an earlier call; retry later */
#define VDS_E_ANOTHER_CALL_IN_PROGRESS ((HRESULT)0x80042404)
/* No object carries the id that was passed */
#define VDS_E_OBJECT_NOT_FOUND ((HRESULT)0x80042405)
/* Requested space is unusable or taken */
#define VDS_E_INVALID_SPACE ((HRESULT)0x80042406)
/* Disk cannot hold another partition */
#define VDS_E_PARTITION_LIMIT_REACHED ((HRESULT)0x80042407)
/* Extended partition still contains partitions */
#define VDS_E_PARTITION_NOT_EMPTY ((HRESULT)0x80042408)
/* Asynchronous work has not finished (reported through QueryStatus) */
#define VDS_E_OPERATION_PENDING ((HRESULT)0x80042409)
/* Refused on a boot/system/pagefile volume or its disk */
#define VDS_E_OPERATION_DENIED ((HRESULT)0x8004240A)
/* Caller holds a reference to an object that no longer exists */
#define VDS_E_OBJECT_DELETED ((HRESULT)0x8004240B)
/* Work has passed the point where it can be cancelled */
#define VDS_E_CANCEL_TOO_LATE ((HRESULT)0x8004240C)
/* Work was cancelled (or had been already) */
#define VDS_E_OPERATION_CANCELED ((HRESULT)0x8004240D)
/* File system refuses to grow */
#define VDS_E_CANNOT_EXTEND ((HRESULT)0x8004240E)
/* Too little usable capacity */
#define VDS_E_NOT_ENOUGH_SPACE ((HRESULT)0x8004240F)
/* Too few free drives */
#define VDS_E_NOT_ENOUGH_DRIVE ((HRESULT)0x80042410)
/* Unknown advise cookie */
#define VDS_E_BAD_COOKIE ((HRESULT)0x80042411)
/* Removable drive is empty */
#define VDS_E_NO_MEDIA ((HRESULT)0x80042412)
/* Device busy with other use */
#define VDS_E_DEVICE_IN_USE ((HRESULT)0x80042413)
/* Disk still carries content */
#define VDS_E_DISK_NOT_EMPTY ((HRESULT)0x80042414)
/* Operation makes no sense for this object in its current form */
#define VDS_E_INVALID_OPERATION ((HRESULT)0x80042415)
/* No such path */
#define VDS_E_PATH_NOT_FOUND ((HRESULT)0x80042416)
/* Disk lacks a partition table */
#define VDS_E_DISK_NOT_INITIALIZED ((HRESULT)0x80042417)
/* Disk belongs to a pack already */
#define VDS_E_NOT_AN_UNALLOCATED_DISK ((HRESULT)0x80042418)
/* Fatal; service has to stop */
#define VDS_E_UNRECOVERABLE_ERROR ((HRESULT)0x80042419)
/* The operation succeeded, but the wipe was incomplete */
#define VDS_S_DISK_PARTIALLY_CLEANED ((HRESULT)0x0004241A)
/* LDM admin service unreachable */
#define VDS_E_DMADMIN_SERVICE_CONNECTION_FAILED ((HRESULT)0x8004241B)
/* Provider start-up failed */
#define VDS_E_PROVIDER_INITIALIZATION_FAILED ((HRESULT)0x8004241C)
/* Object is present already */
#define VDS_E_OBJECT_EXISTS ((HRESULT)0x8004241D)
/* Target computer shows no disks */
#define VDS_E_NO_DISKS_FOUND ((HRESULT)0x8004241E)
/* Provider's cached view is damaged; cure is provider Reenumerate then Refresh */
#define VDS_E_PROVIDER_CACHE_CORRUPT ((HRESULT)0x8004241F)
/* LDM admin service call failed */
#define VDS_E_DMADMIN_METHOD_CALL_FAILED ((HRESULT)0x80042420)
/* The operation succeeded, but errors occurred while the provider's cache was filled */
#define VDS_S_PROVIDER_ERROR_LOADING_CACHE ((HRESULT)0x00042421)
/* Device-form volume path unavailable */
#define VDS_E_PROVIDER_VOL_DEVICE_NAME_NOT_FOUND ((HRESULT)0x80042422)
/* Volume device would not open */
#define VDS_E_PROVIDER_VOL_OPEN ((HRESULT)0x80042423)
/* Garbled notification from LDM admin service */
#define VDS_E_DMADMIN_CORRUPT_NOTIFICATION ((HRESULT)0x80042424)
/* File system does not suit the operation */
#define VDS_E_INCOMPATIBLE_FILE_SYSTEM ((HRESULT)0x80042425)
/* Media does not suit the operation */
#define VDS_E_INCOMPATIBLE_MEDIA ((HRESULT)0x80042426)
/* Caller lacks Administrators/Backup Operators rights */
#define VDS_E_ACCESS_DENIED ((HRESULT)0x80042427)
/* Media is write protected */
#define VDS_E_MEDIA_WRITE_PROTECTED ((HRESULT)0x80042428)
/* Illegal volume label */
#define VDS_E_BAD_LABEL ((HRESULT)0x80042429)
/* Quick format impossible */
#define VDS_E_CANT_QUICK_FORMAT ((HRESULT)0x8004242A)
/* I/O failure (format path) */
#define VDS_E_IO_ERROR ((HRESULT)0x8004242B)
/* Volume below minimum size */
#define VDS_E_VOLUME_TOO_SMALL ((HRESULT)0x8004242C)
/* Volume above maximum size */
#define VDS_E_VOLUME_TOO_BIG ((HRESULT)0x8004242D)
/* Allocation unit too small */
#define VDS_E_CLUSTER_SIZE_TOO_SMALL ((HRESULT)0x8004242E)
/* Allocation unit too large */
#define VDS_E_CLUSTER_SIZE_TOO_BIG ((HRESULT)0x8004242F)
/* Cluster count overflows 32 bits */
#define VDS_E_CLUSTER_COUNT_BEYOND_32BITS ((HRESULT)0x80042430)
/* Object is in failed status and cannot serve the request */
#define VDS_E_OBJECT_STATUS_FAILED ((HRESULT)0x80042431)
/* Some extents of the volume are missing */
#define VDS_E_VOLUME_INCOMPLETE ((HRESULT)0x80042432)
/* Extent below minimum */
#define VDS_E_EXTENT_SIZE_LESS_THAN_MIN ((HRESULT)0x80042433)
/* The operation succeeded, but the boot configuration was not updated */
#define VDS_S_UPDATE_BOOTFILE_FAILED ((HRESULT)0x00042434)
/* The operation succeeded, and the boot partition gets another number */
#define VDS_S_BOOT_PARTITION_NUMBER_CHANGE ((HRESULT)0x00042436)
/* Migration would renumber the boot partition */
#define VDS_E_BOOT_PARTITION_NUMBER_CHANGE ((HRESULT)0x80042436)
/* Disk has too little free space */
#define VDS_E_NO_FREE_SPACE ((HRESULT)0x80042437)
/* Disk holds a foreign active partition */
#define VDS_E_ACTIVE_PARTITION ((HRESULT)0x80042438)
/* Partition data unreadable */
#define VDS_E_PARTITION_OF_UNKNOWN_TYPE ((HRESULT)0x80042439)
/* Partition of unknown type present */
#define VDS_E_LEGACY_VOLUME_FORMAT ((HRESULT)0x8004243A)
/* GPT data partitions are split by another partition type */
#define VDS_E_NON_CONTIGUOUS_DATA_PARTITIONS ((HRESULT)0x8004243B)
/* Volume on migrating disk would not open */
#define VDS_E_MIGRATE_OPEN_VOLUME ((HRESULT)0x8004243C)
/* Volume offline */
#define VDS_E_VOLUME_NOT_ONLINE ((HRESULT)0x8004243D)
/* Volume failing/failed */
#define VDS_E_VOLUME_NOT_HEALTHY ((HRESULT)0x8004243E)
/* Volume lies on several disks */
#define VDS_E_VOLUME_SPANS_DISKS ((HRESULT)0x8004243F)
/* Contiguous space needed */
#define VDS_E_REQUIRES_CONTIGUOUS_DISK_SPACE ((HRESULT)0x80042440)
/* Service got malformed data from a provider */
#define VDS_E_BAD_PROVIDER_DATA ((HRESULT)0x80042441)
/* Provider could not finish the request */
#define VDS_E_PROVIDER_FAILURE ((HRESULT)0x80042442)
/* The operation succeeded, except for the compression */
#define VDS_S_VOLUME_COMPRESS_FAILED ((HRESULT)0x00042443)
/* Pack offline */
#define VDS_E_PACK_OFFLINE ((HRESULT)0x80042444)
/* Volume is not mirrored */
#define VDS_E_VOLUME_NOT_A_MIRROR ((HRESULT)0x80042445)
/* Volume has no extents */
#define VDS_E_NO_EXTENTS_FOR_VOLUME ((HRESULT)0x80042446)
/* Disk missing from the cache */
#define VDS_E_DISK_NOT_LOADED_TO_CACHE ((HRESULT)0x80042447)
/* Internal failure; the event log has details */
#define VDS_E_INTERNAL_ERROR ((HRESULT)0x80042448)
/* Call not meant for this provider type */
#define VDS_E_PROVIDER_TYPE_NOT_SUPPORTED ((HRESULT)0x8004244A)
/* Disk is offline */
#define VDS_E_DISK_NOT_ONLINE ((HRESULT)0x8004244B)
/* Volume uses that disk already */
#define VDS_E_DISK_IN_USE_BY_VOLUME ((HRESULT)0x8004244C)
/* The asynchronous operation is still running */
#define VDS_S_IN_PROGRESS ((HRESULT)0x0004244D)
/* Async object could not be set up */
#define VDS_E_ASYNC_OBJECT_FAILURE ((HRESULT)0x8004244E)
/* No file system mounted */
#define VDS_E_VOLUME_NOT_MOUNTED ((HRESULT)0x8004244F)
/* Pack unknown */
#define VDS_E_PACK_NOT_FOUND ((HRESULT)0x80042450)
/* Only part of a foreign pack was offered for import */
#define VDS_E_IMPORT_SET_INCOMPLETE ((HRESULT)0x80042451)
/* One disk of the source pack was left out */
#define VDS_E_DISK_NOT_IMPORTED ((HRESULT)0x80042452)
/* Cached facts about the object may be stale */
#define VDS_E_OBJECT_OUT_OF_SYNC ((HRESULT)0x80042453)
/* Disk is missing */
#define VDS_E_MISSING_DISK ((HRESULT)0x80042454)
/* Provider's PnP disk list is damaged */
#define VDS_E_DISK_PNP_REG_CORRUPT ((HRESULT)0x80042455)
/* Remap volume flag unsupported */
#define VDS_E_LBN_REMAP_ENABLED_FLAG ((HRESULT)0x80042456)
/* No-drive-letter volume flag unsupported */
#define VDS_E_NO_DRIVELETTER_FLAG ((HRESULT)0x80042457)
/* Revert-on-close allowed only with certain GPT flags */
#define VDS_E_REVERT_ON_CLOSE ((HRESULT)0x80042458)
/* Revert-on-close already in force */
#define VDS_E_REVERT_ON_CLOSE_SET ((HRESULT)0x80042459)
/* Unused: GPT boot mirrored onto MBR */
#define VDS_E_IA64_BOOT_MIRRORED_TO_MBR ((HRESULT)0x8004245A)
/* The operation succeeded, but the computer cannot boot from the second plex (an MBR disk) */
#define VDS_S_IA64_BOOT_MIRRORED_TO_MBR ((HRESULT)0x0004245A)
/* The operation succeeded, but the GPT attributes could not be read */
#define VDS_S_UNABLE_TO_GET_GPT_ATTRIBUTES ((HRESULT)0x0004245B)
/* Volume dismounted for now */
#define VDS_E_VOLUME_TEMPORARILY_DISMOUNTED ((HRESULT)0x8004245C)
/* Volume dismounted permanently */
#define VDS_E_VOLUME_PERMANENTLY_DISMOUNTED ((HRESULT)0x8004245D)
/* Volume still has access paths */
#define VDS_E_VOLUME_HAS_PATH ((HRESULT)0x8004245E)
/* Wait limit exceeded */
#define VDS_E_TIMEOUT ((HRESULT)0x8004245F)
/* Repair needs volume and plex online and unhealthy */
#define VDS_E_REPAIR_VOLUMESTATE ((HRESULT)0x80042460)
/* LDM admin service timed out */
#define VDS_E_LDM_TIMEOUT ((HRESULT)0x80042461)
/* Flags to clear differ from those set revert-on-close */
#define VDS_E_REVERT_ON_CLOSE_MISMATCH ((HRESULT)0x80042462)
/* Transient failure, try again */
#define VDS_E_RETRY ((HRESULT)0x80042463)
/* An online pack exists already */
#define VDS_E_ONLINE_PACK_EXISTS ((HRESULT)0x80042464)
/* The volume was extended, but its file system was not */
#define VDS_S_EXTEND_FILE_SYSTEM_FAILED ((HRESULT)0x00042465)
/* File system growth failed */
#define VDS_E_EXTEND_FILE_SYSTEM_FAILED ((HRESULT)0x80042466)
/* The operation succeeded, but the computer cannot boot from the second plex (a GPT disk) */
#define VDS_S_MBR_BOOT_MIRRORED_TO_GPT ((HRESULT)0x00042467)
/* Beyond the 2 TB MBR limit */
#define VDS_E_MAX_USABLE_MBR ((HRESULT)0x80042468)
/* Named success but has the failure bit: second plex (MBR) will not boot */
#define VDS_S_GPT_BOOT_MIRRORED_TO_MBR ((HRESULT)0x80042469)

/* ---- 2500h to 25FFh ---- */

/* No software provider is loaded */
#define VDS_E_NO_SOFTWARE_PROVIDERS_LOADED ((HRESULT)0x80042500)
/* Disk is present, not missing */
#define VDS_E_DISK_NOT_MISSING ((HRESULT)0x80042501)
/* Volume layout unreadable */
#define VDS_E_NO_VOLUME_LAYOUT ((HRESULT)0x80042502)
/* Volume driver data damaged */
#define VDS_E_CORRUPT_VOLUME_INFO ((HRESULT)0x80042503)
/* Enumerator damaged */
#define VDS_E_INVALID_ENUMERATOR ((HRESULT)0x80042504)
/* Volume driver internal failure */
#define VDS_E_DRIVER_INTERNAL_ERROR ((HRESULT)0x80042505)
/* Bad volume name */
#define VDS_E_VOLUME_INVALID_NAME ((HRESULT)0x80042507)
/* The operation succeeded, but the data is partial because a disk is missing */
#define VDS_S_DISK_IS_MISSING ((HRESULT)0x00042508)
/* Partition data damaged */
#define VDS_E_CORRUPT_PARTITION_INFO ((HRESULT)0x80042509)
/* The operation succeeded, but the partition data is unusual for a dynamic disk */
#define VDS_S_NONCONFORMANT_PARTITION_INFO ((HRESULT)0x0004250A)
/* Extent data damaged */
#define VDS_E_CORRUPT_EXTENT_INFO ((HRESULT)0x8004250B)
/* An empty pack exists; release it first */
#define VDS_E_DUP_EMPTY_PACK_GUID ((HRESULT)0x8004250C)
/* Driver gave no pack name */
#define VDS_E_DRIVER_NO_PACK_NAME ((HRESULT)0x8004250D)
/* The operation succeeded, but the check of the system partition failed */
#define VDS_S_SYSTEM_PARTITION ((HRESULT)0x0004250E)
/* Garbled PnP notification */
#define VDS_E_BAD_PNP_MESSAGE ((HRESULT)0x8004250F)
/* Expected disk arrival never came */
#define VDS_E_NO_PNP_DISK_ARRIVE ((HRESULT)0x80042510)
/* Expected volume arrival never came */
#define VDS_E_NO_PNP_VOLUME_ARRIVE ((HRESULT)0x80042511)
/* Expected disk removal never came */
#define VDS_E_NO_PNP_DISK_REMOVE ((HRESULT)0x80042512)
/* Expected volume removal never came */
#define VDS_E_NO_PNP_VOLUME_REMOVE ((HRESULT)0x80042513)
/* Provider is shutting down */
#define VDS_E_PROVIDER_EXITING ((HRESULT)0x80042514)
/* Extent larger than free space */
#define VDS_E_EXTENT_EXCEEDS_DISK_FREE_SPACE ((HRESULT)0x80042515)
/* Bad plex member size */
#define VDS_E_MEMBER_SIZE_INVALID ((HRESULT)0x80042516)
/* The operation succeeded, but no notification of the volume's arrival was received */
#define VDS_S_NO_NOTIFICATION ((HRESULT)0x00042517)
/* The operation succeeded; default member and plex ids were assumed */
#define VDS_S_DEFAULT_PLEX_MEMBER_IDS ((HRESULT)0x00042518)
/* Disk is corrupt, failing or offline */
#define VDS_E_INVALID_DISK ((HRESULT)0x80042519)
/* Pack not usable for this */
#define VDS_E_INVALID_PACK ((HRESULT)0x8004251A)
/* Disk carries volumes */
#define VDS_E_VOLUME_ON_DISK ((HRESULT)0x8004251B)
/* Driver rejected a parameter */
#define VDS_E_DRIVER_INVALID_PARAM ((HRESULT)0x8004251C)
/* Destination pack is not empty */
#define VDS_E_TARGET_PACK_NOT_EMPTY ((HRESULT)0x8004251D)
/* File system refuses to shrink */
#define VDS_E_CANNOT_SHRINK ((HRESULT)0x8004251E)
/* Disks come from different packs */
#define VDS_E_MULTIPLE_PACKS ((HRESULT)0x8004251F)
/* Pack must be offline first */
#define VDS_E_PACK_ONLINE ((HRESULT)0x80042520)
/* Plex count is zero */
#define VDS_E_INVALID_PLEX_COUNT ((HRESULT)0x80042521)
/* Member count is zero */
#define VDS_E_INVALID_MEMBER_COUNT ((HRESULT)0x80042522)
/* Plex indexes must start at 0 and increase */
#define VDS_E_INVALID_PLEX_ORDER ((HRESULT)0x80042523)
/* Member indexes must start at 0 and increase */
#define VDS_E_INVALID_MEMBER_ORDER ((HRESULT)0x80042524)
/* Stripe size not a power of two within 512 B..1 MB, or non-zero where none applies */
#define VDS_E_INVALID_STRIPE_SIZE ((HRESULT)0x80042525)
/* Wrong number of disks */
#define VDS_E_INVALID_DISK_COUNT ((HRESULT)0x80042526)
/* Wrong number of extents for a disk */
#define VDS_E_INVALID_EXTENT_COUNT ((HRESULT)0x80042527)
/* Source and destination pack are the same */
#define VDS_E_SOURCE_IS_TARGET_PACK ((HRESULT)0x80042528)
/* Too many disks for one volume */
#define VDS_E_VOLUME_DISK_COUNT_MAX_EXCEEDED ((HRESULT)0x80042529)
/* Driver notification data damaged */
#define VDS_E_CORRUPT_NOTIFICATION_INFO ((HRESULT)0x8004252A)
/* Plex id is the null GUID */
#define VDS_E_INVALID_PLEX_GUID ((HRESULT)0x8004252C)
/* Disks are not from one pack */
#define VDS_E_DISK_NOT_FOUND_IN_PACK ((HRESULT)0x8004252D)
/* Same disk listed twice */
#define VDS_E_DUPLICATE_DISK ((HRESULT)0x8004252E)
/* Pack has only one valid disk left */
#define VDS_E_LAST_VALID_DISK ((HRESULT)0x8004252F)
/* Sector sizes differ or are invalid */
#define VDS_E_INVALID_SECTOR_SIZE ((HRESULT)0x80042530)
/* Exactly one extent per disk expected */
#define VDS_E_ONE_EXTENT_PER_DISK ((HRESULT)0x80042531)
/* Stripe and sector size are both zero */
#define VDS_E_INVALID_BLOCK_SIZE ((HRESULT)0x80042532)
/* Bad plex size */
#define VDS_E_PLEX_SIZE_INVALID ((HRESULT)0x80042533)
/* Plex has no extents */
#define VDS_E_NO_EXTENTS_FOR_PLEX ((HRESULT)0x80042534)
/* Bad plex type */
#define VDS_E_INVALID_PLEX_TYPE ((HRESULT)0x80042535)
/* Plex block size is zero */
#define VDS_E_INVALID_PLEX_BLOCK_SIZE ((HRESULT)0x80042536)
/* Every disk involved is missing or failed */
#define VDS_E_NO_HEALTHY_DISKS ((HRESULT)0x80042537)
/* LDM database full */
#define VDS_E_CONFIG_LIMIT ((HRESULT)0x80042538)
/* On-disk configuration damaged */
#define VDS_E_DISK_CONFIGURATION_CORRUPTED ((HRESULT)0x80042539)
/* On-disk and in-memory configuration differ */
#define VDS_E_DISK_CONFIGURATION_NOT_IN_SYNC ((HRESULT)0x8004253A)
/* New configuration not written to some disk */
#define VDS_E_DISK_CONFIGURATION_UPDATE_FAILED ((HRESULT)0x8004253B)
/* Disk is dynamic already */
#define VDS_E_DISK_DYNAMIC ((HRESULT)0x8004253C)
/* Driver cache lacks the object */
#define VDS_E_DRIVER_OBJECT_NOT_FOUND ((HRESULT)0x8004253D)
/* Partitions off cylinder boundary */
#define VDS_E_PARTITION_NOT_CYLINDER_ALIGNED ((HRESULT)0x8004253E)
/* Partitions below minimum size */
#define VDS_E_DISK_LAYOUT_PARTITIONS_TOO_SMALL ((HRESULT)0x8004253F)
/* Disk I/O is failing */
#define VDS_E_DISK_IO_FAILING ((HRESULT)0x80042540)
/* System cannot use dynamic disks */
#define VDS_E_DYNAMIC_DISKS_NOT_SUPPORTED ((HRESULT)0x80042541)
/* System cannot use fault-tolerant disks */
#define VDS_E_FAULT_TOLERANT_DISKS_NOT_SUPPORTED ((HRESULT)0x80042542)
/* Bad GPT attributes */
#define VDS_E_GPT_ATTRIBUTES_INVALID ((HRESULT)0x80042543)
/* Member needs no repair */
#define VDS_E_MEMBER_IS_HEALTHY ((HRESULT)0x80042544)
/* Member is being rebuilt */
#define VDS_E_MEMBER_REGENERATING ((HRESULT)0x80042545)
/* The name of the pack is not valid */
#define VDS_E_PACK_NAME_INVALID ((HRESULT)0x80042546)
/* Plex needs no repair */
#define VDS_E_PLEX_IS_HEALTHY ((HRESULT)0x80042547)
/* Last healthy plex must stay */
#define VDS_E_PLEX_LAST_ACTIVE ((HRESULT)0x80042548)
/* Plex missing */
#define VDS_E_PLEX_MISSING ((HRESULT)0x80042549)
/* Member missing */
#define VDS_E_MEMBER_MISSING ((HRESULT)0x8004254A)
/* Plex is being rebuilt */
#define VDS_E_PLEX_REGENERATING ((HRESULT)0x8004254B)
/* Layout changed behind the volume manager */
#define VDS_E_UNEXPECTED_DISK_LAYOUT_CHANGE ((HRESULT)0x8004254D)
/* Bad volume length */
#define VDS_E_INVALID_VOLUME_LENGTH ((HRESULT)0x8004254E)
/* Volume length not whole sectors */
#define VDS_E_VOLUME_LENGTH_NOT_SECTOR_SIZE_MULTIPLE ((HRESULT)0x8004254F)
/* Volume has no retained partition */
#define VDS_E_VOLUME_NOT_RETAINED ((HRESULT)0x80042550)
/* Volume has a retained partition already */
#define VDS_E_VOLUME_RETAINED ((HRESULT)0x80042551)
/* Alignment beyond first cylinder */
#define VDS_E_ALIGN_BEYOND_FIRST_CYLINDER ((HRESULT)0x80042553)
/* Alignment not whole sectors */
#define VDS_E_ALIGN_NOT_SECTOR_SIZE_MULTIPLE ((HRESULT)0x80042554)
/* Partition type demands zero alignment */
#define VDS_E_ALIGN_NOT_ZERO ((HRESULT)0x80042555)
/* Service cache damaged */
#define VDS_E_CACHE_CORRUPT ((HRESULT)0x80042556)
/* Flag cannot be cleared */
#define VDS_E_CANNOT_CLEAR_VOLUME_FLAG ((HRESULT)0x80042557)
/* Disk is being wiped */
#define VDS_E_DISK_BEING_CLEANED ((HRESULT)0x80042558)
/* Disk style cannot be converted */
#define VDS_E_DISK_NOT_CONVERTIBLE ((HRESULT)0x80042559)
/* Not for removable media */
#define VDS_E_DISK_REMOVEABLE ((HRESULT)0x8004255A)
/* Not for a non-empty removable disk */
#define VDS_E_DISK_REMOVEABLE_NOT_EMPTY ((HRESULT)0x8004255B)
/* Drive letter taken */
#define VDS_E_DRIVE_LETTER_NOT_FREE ((HRESULT)0x8004255C)
/* Provider cannot extend over several disks */
#define VDS_E_EXTEND_MULTIPLE_DISKS_NOT_SUPPORTED ((HRESULT)0x8004255D)
/* The drive letter is not valid */
#define VDS_E_INVALID_DRIVE_LETTER ((HRESULT)0x8004255E)
/* The number of drive letters is not valid */
#define VDS_E_INVALID_DRIVE_LETTER_COUNT ((HRESULT)0x8004255F)
/* Bad file system flag */
#define VDS_E_INVALID_FS_FLAG ((HRESULT)0x80042560)
/* Bad file system type */
#define VDS_E_INVALID_FS_TYPE ((HRESULT)0x80042561)
/* Object type not acceptable here */
#define VDS_E_INVALID_OBJECT_TYPE ((HRESULT)0x80042562)
/* Bad partition layout */
#define VDS_E_INVALID_PARTITION_LAYOUT ((HRESULT)0x80042563)
/* Style is neither MBR nor GPT */
#define VDS_E_INVALID_PARTITION_STYLE ((HRESULT)0x80042564)
/* Bad partition type for this operation */
#define VDS_E_INVALID_PARTITION_TYPE ((HRESULT)0x80042565)
/* Provider CLSID is the null GUID (registration) */
#define VDS_E_INVALID_PROVIDER_CLSID ((HRESULT)0x80042566)
/* Provider id is the null GUID (registration) */
#define VDS_E_INVALID_PROVIDER_ID ((HRESULT)0x80042567)
/* Bad provider name (registration) */
#define VDS_E_INVALID_PROVIDER_NAME ((HRESULT)0x80042568)
/* Bad provider type (registration) */
#define VDS_E_INVALID_PROVIDER_TYPE ((HRESULT)0x80042569)
/* Provider version id is the null GUID (registration) */
#define VDS_E_INVALID_PROVIDER_VERSION_GUID ((HRESULT)0x8004256A)
/* Bad provider version string (registration) */
#define VDS_E_INVALID_PROVIDER_VERSION_STRING ((HRESULT)0x8004256B)
/* The mask passed to QueryProviders is not valid */
#define VDS_E_INVALID_QUERY_PROVIDER_FLAG ((HRESULT)0x8004256C)
/* Bad service flag */
#define VDS_E_INVALID_SERVICE_FLAG ((HRESULT)0x8004256D)
/* Bad volume flag */
#define VDS_E_INVALID_VOLUME_FLAG ((HRESULT)0x8004256E)
/* Only OEM partitions qualify */
#define VDS_E_PARTITION_NOT_OEM ((HRESULT)0x8004256F)
/* Protected partition needs the force flag */
#define VDS_E_PARTITION_PROTECTED ((HRESULT)0x80042570)
/* Style differs from that of the disk */
#define VDS_E_PARTITION_STYLE_MISMATCH ((HRESULT)0x80042571)
/* Provider internal failure */
#define VDS_E_PROVIDER_INTERNAL_ERROR ((HRESULT)0x80042572)
/* Shrink amount below minimum */
#define VDS_E_SHRINK_SIZE_LESS_THAN_MIN ((HRESULT)0x80042573)
/* Shrink would leave too small a volume */
#define VDS_E_SHRINK_SIZE_TOO_BIG ((HRESULT)0x80042574)
/* Fatal provider failure; service restart needed */
#define VDS_E_UNRECOVERABLE_PROVIDER_ERROR ((HRESULT)0x80042575)
/* Hidden volume cannot get a mount point */
#define VDS_E_VOLUME_HIDDEN ((HRESULT)0x80042576)
/* The operation succeeded, but the dismount after the change of flags failed */
#define VDS_S_DISMOUNT_FAILED ((HRESULT)0x00042577)
/* The operation succeeded, but the mount after the change of flags failed */
#define VDS_S_REMOUNT_FAILED ((HRESULT)0x00042578)
/* Flag set already, cannot become revert-on-close */
#define VDS_E_FLAG_ALREADY_SET ((HRESULT)0x80042579)
/* The operation succeeded, but no progress of the resynchronisation will be reported */
#define VDS_S_RESYNC_NOTIFICATION_TASK_FAILED ((HRESULT)0x0004257A)
/* The volume that was passed is itself the object of the operation */
#define VDS_E_DISTINCT_VOLUME ((HRESULT)0x8004257B)
/* Volumes are not from one pack */
#define VDS_E_VOLUME_NOT_FOUND_IN_PACK ((HRESULT)0x8004257C)
/* Partition is neither primary nor logical */
#define VDS_E_PARTITION_NON_DATA ((HRESULT)0x8004257D)
/* Plex is the running system/boot plex */
#define VDS_E_CRITICAL_PLEX ((HRESULT)0x8004257E)
/* Volume is resynchronising */
#define VDS_E_VOLUME_SYNCHRONIZING ((HRESULT)0x8004257F)
/* Volume is regenerating */
#define VDS_E_VOLUME_REGENERATING ((HRESULT)0x80042580)
/* The operation succeeded, but writes could not be held for the shadow copy */
#define VDS_S_VSS_FLUSH_AND_HOLD_WRITES ((HRESULT)0x00042581)
/* The operation succeeded, but writes that were held for the shadow copy could not be released */
#define VDS_S_VSS_RELEASE_WRITES ((HRESULT)0x00042582)
/* The operation succeeded, but the file system could not be locked */
#define VDS_S_FS_LOCK ((HRESULT)0x00042583)
/* Volume is read-only */
#define VDS_E_READONLY ((HRESULT)0x80042584)
/* Bad volume type for this operation */
#define VDS_E_INVALID_VOLUME_TYPE ((HRESULT)0x80042585)
/* Boot disk failed while onlining the pack */
#define VDS_E_BAD_BOOT_DISK ((HRESULT)0x80042586)
/* Driver log not updated on some disk */
#define VDS_E_LOG_UPDATE ((HRESULT)0x80042587)
/* Not for mirrored volumes */
#define VDS_E_VOLUME_MIRRORED ((HRESULT)0x80042588)
/* Only for simple or spanned volumes */
#define VDS_E_VOLUME_SIMPLE_SPANNED ((HRESULT)0x80042589)
/* Pack has no valid log */
#define VDS_E_NO_VALID_LOG_COPIES ((HRESULT)0x8004258A)
/* The operation succeeded; the plex appears in the cache later */
#define VDS_S_PLEX_NOT_LOADED_TO_CACHE ((HRESULT)0x0004258B)
/* Plex not in provider cache yet */
#define VDS_E_PLEX_NOT_LOADED_TO_CACHE ((HRESULT)0x8004258B)
/* Not for MSR partitions */
#define VDS_E_PARTITION_MSR ((HRESULT)0x8004258C)
/* Not for LDM partitions */
#define VDS_E_PARTITION_LDM ((HRESULT)0x8004258D)
/* The operation succeeded, but boot entries must be changed by hand under WinPE */
#define VDS_S_WINPE_BOOTENTRY ((HRESULT)0x0004258E)
/* Alignment must be a power of two */
#define VDS_E_ALIGN_NOT_A_POWER_OF_TWO ((HRESULT)0x8004258F)
/* Alignment is zero */
#define VDS_E_ALIGN_IS_ZERO ((HRESULT)0x80042590)
/* A defrag or shrink is running */
#define VDS_E_SHRINK_IN_PROGRESS ((HRESULT)0x80042591)
/* BitLocker could not be removed */
#define VDS_E_CANT_INVALIDATE_FVE ((HRESULT)0x80042592)
/* No default file system known */
#define VDS_E_FS_NOT_DETERMINED ((HRESULT)0x80042593)
/* Disk is online already */
#define VDS_E_DISK_NOT_OFFLINE ((HRESULT)0x80042595)
/* Disk would not go online */
#define VDS_E_FAILED_TO_ONLINE_DISK ((HRESULT)0x80042596)
/* Disk would not go offline */
#define VDS_E_FAILED_TO_OFFLINE_DISK ((HRESULT)0x80042597)
/* File system revision unsupported */
#define VDS_E_BAD_REVISION_NUMBER ((HRESULT)0x80042598)
/* User cancelled the shrink */
#define VDS_E_SHRINK_USER_CANCELLED ((HRESULT)0x80042599)
/* Volume may be corrupt; check it before shrinking */
#define VDS_E_SHRINK_DIRTY_VOLUME ((HRESULT)0x8004259A)

/* ---- 2700h to 27FFh ---- */

/* Name stored in shortened form */
#define VDS_S_NAME_TRUNCATED ((HRESULT)0x00042700)
/* Name is used by another object */
#define VDS_E_NAME_NOT_UNIQUE ((HRESULT)0x80042701)
/* Some path statuses were not set, not fatal */
#define VDS_S_STATUSES_INCOMPLETELY_SET ((HRESULT)0x00042702)
/* Tunnel address missing on some portal */
#define VDS_E_ADDRESSES_INCOMPLETELY_SET ((HRESULT)0x80042703)
/* Security settings missing on some portal */
#define VDS_E_SECURITY_INCOMPLETELY_SET ((HRESULT)0x80042705)
/* Initiator cannot keep a secret per target */
#define VDS_E_TARGET_SPECIFIC_NOT_SUPPORTED ((HRESULT)0x80042706)
/* Target cannot keep a secret per initiator */
#define VDS_E_INITIATOR_SPECIFIC_NOT_SUPPORTED ((HRESULT)0x80042707)
/* iSCSI session could not be opened */
#define VDS_E_ISCSI_LOGIN_FAILED ((HRESULT)0x80042708)
/* iSCSI logout failed */
#define VDS_E_ISCSI_LOGOUT_FAILED ((HRESULT)0x80042709)
/* No session matches target/portals given */
#define VDS_E_ISCSI_SESSION_NOT_FOUND ((HRESULT)0x8004270A)
/* Target still has LUNs; dissociate them before deleting it */
#define VDS_E_ASSOCIATED_LUNS_EXIST ((HRESULT)0x8004270B)
/* Portal group still has portals; remove them before deleting it */
#define VDS_E_ASSOCIATED_PORTALS_EXIST ((HRESULT)0x8004270C)
/* Initiator is in no iSNS discovery domain */
#define VDS_E_NO_DISCOVERY_DOMAIN ((HRESULT)0x8004270D)
/* Initiator is in several iSNS discovery domains */
#define VDS_E_MULTIPLE_DISCOVERY_DOMAINS ((HRESULT)0x8004270E)
/* Disk path unavailable */
#define VDS_E_NO_DISK_PATHNAME ((HRESULT)0x8004270F)
/* Some sessions stayed logged in */
#define VDS_E_ISCSI_LOGOUT_INCOMPLETE ((HRESULT)0x80042710)
/* Volume path unavailable */
#define VDS_E_NO_VOLUME_PATHNAME ((HRESULT)0x80042711)
/* Provider cache disagrees with the driver */
#define VDS_E_PROVIDER_CACHE_OUTOFSYNC ((HRESULT)0x80042712)
/* Subsystem has no import target configured */
#define VDS_E_NO_IMPORT_TARGET ((HRESULT)0x80042713)
/* Nothing created or added because it exists already */
#define VDS_S_ALREADY_EXISTS ((HRESULT)0x00042714)
/* The operation succeeded, but some properties could not be read */
#define VDS_S_PROPERTIES_INCOMPLETE ((HRESULT)0x00042715)

/* ---- 2800h to 28FFh ---- */

/* No live session, persistent login entry removed */
#define VDS_S_ISCSI_SESSION_NOT_FOUND_PERSISTENT_LOGIN_REMOVED ((HRESULT)0x00042800)
/* The operation succeeded, but the entry of a persistent login may remain */
#define VDS_S_ISCSI_PERSISTENT_LOGIN_MAY_NOT_BE_REMOVED ((HRESULT)0x00042801)
/* Already logged in to that target (the name is misspelt everywhere) */
#define VDS_S_ISCSI_LOGIN_ALREAD_EXISTS ((HRESULT)0x00042802)
/* Boot disk lookup failed */
#define VDS_E_UNABLE_TO_FIND_BOOT_DISK ((HRESULT)0x80042803)
/* Boot volume reports several extents */
#define VDS_E_INCORRECT_BOOT_VOLUME_EXTENT_INFO ((HRESULT)0x80042804)
/* Reading SAN policy failed */
#define VDS_E_GET_SAN_POLICY ((HRESULT)0x80042805)
/* Writing SAN policy failed */
#define VDS_E_SET_SAN_POLICY ((HRESULT)0x80042806)
/* Not for the boot disk */
#define VDS_E_BOOT_DISK ((HRESULT)0x80042807)
/* The operation succeeded, but a volume of the disk could not be mounted */
#define VDS_S_DISK_MOUNT_FAILED ((HRESULT)0x00042808)
/* The operation succeeded, but a volume of the disk could not be dismounted */
#define VDS_S_DISK_DISMOUNT_FAILED ((HRESULT)0x00042809)
/* Not for an offline disk */
#define VDS_E_DISK_IS_OFFLINE ((HRESULT)0x8004280A)
/* Not for a read-only disk */
#define VDS_E_DISK_IS_READ_ONLY ((HRESULT)0x8004280B)
/* Not for a pagefile disk */
#define VDS_E_PAGEFILE_DISK ((HRESULT)0x8004280C)
/* Not for a hibernation-file disk */
#define VDS_E_HIBERNATION_FILE_DISK ((HRESULT)0x8004280D)
/* Refused on the disk for crash dumps */
#define VDS_E_CRASHDUMP_DISK ((HRESULT)0x8004280E)
/* System disk lookup failed */
#define VDS_E_UNABLE_TO_FIND_SYSTEM_DISK ((HRESULT)0x8004280F)
/* System volume reports several extents */
#define VDS_E_INCORRECT_SYSTEM_VOLUME_EXTENT_INFO ((HRESULT)0x80042810)
/* Not for the system disk */
#define VDS_E_SYSTEM_DISK ((HRESULT)0x80042811)
/* Shrink: BitLocker volume locked */
#define VDS_E_VOLUME_SHRINK_FVE_LOCKED ((HRESULT)0x80042812)
/* Shrink: BitLocker volume in error */
#define VDS_E_VOLUME_SHRINK_FVE_CORRUPT ((HRESULT)0x80042813)
/* Shrink: BitLocker recovery pending */
#define VDS_E_VOLUME_SHRINK_FVE_RECOVERY ((HRESULT)0x80042814)
/* Shrink: BitLocker state undeterminable */
#define VDS_E_VOLUME_SHRINK_FVE ((HRESULT)0x80042815)
/* LUN shrink would cut off volumes with data */
#define VDS_E_SHRINK_OVER_DATA ((HRESULT)0x80042816)
/* LUN shrink amount exceeds the LUN */
#define VDS_E_INVALID_SHRINK_SIZE ((HRESULT)0x80042817)
/* LUN shrink: its disk is missing */
#define VDS_E_LUN_DISK_MISSING ((HRESULT)0x80042818)
/* LUN shrink: its disk failed */
#define VDS_E_LUN_DISK_FAILED ((HRESULT)0x80042819)
/* LUN shrink: its disk is not ready */
#define VDS_E_LUN_DISK_NOT_READY ((HRESULT)0x8004281A)
/* LUN shrink: its disk has no media */
#define VDS_E_LUN_DISK_NO_MEDIA ((HRESULT)0x8004281B)
/* LUN shrink: LUN not ready */
#define VDS_E_LUN_NOT_READY ((HRESULT)0x8004281C)
/* LUN shrink: LUN offline */
#define VDS_E_LUN_OFFLINE ((HRESULT)0x8004281D)
/* LUN shrink: LUN failed */
#define VDS_E_LUN_FAILED ((HRESULT)0x8004281E)
/* Extend: BitLocker volume locked */
#define VDS_E_VOLUME_EXTEND_FVE_LOCKED ((HRESULT)0x8004281F)
/* Extend: BitLocker volume in error */
#define VDS_E_VOLUME_EXTEND_FVE_CORRUPT ((HRESULT)0x80042820)
/* Extend: BitLocker recovery pending */
#define VDS_E_VOLUME_EXTEND_FVE_RECOVERY ((HRESULT)0x80042821)
/* Extend: BitLocker state undeterminable */
#define VDS_E_VOLUME_EXTEND_FVE ((HRESULT)0x80042822)
/* Sector size must be a non-zero power of two below the maximum */
#define VDS_E_SECTOR_SIZE_ERROR ((HRESULT)0x80042823)

/* ---- 2900h to 29FFh ---- */

/* Initiator adapter (path end point) unknown */
#define VDS_E_INITIATOR_ADAPTER_NOT_FOUND ((HRESULT)0x80042900)
/* Target portal (path end point) unknown */
#define VDS_E_TARGET_PORTAL_NOT_FOUND ((HRESULT)0x80042901)
/* Provider returned a bad port path: wrong type or missing HBA properties */
#define VDS_E_INVALID_PORT_PATH ((HRESULT)0x80042902)
/* Provider returned an invalid iSCSI target name */
#define VDS_E_INVALID_ISCSI_TARGET_NAME ((HRESULT)0x80042903)
/* Setting the IPsec tunnel outer address failed */
#define VDS_E_SET_TUNNEL_MODE_OUTER_ADDRESS ((HRESULT)0x80042904)
/* Reading IKE data failed */
#define VDS_E_ISCSI_GET_IKE_INFO ((HRESULT)0x80042905)
/* Writing IKE data failed */
#define VDS_E_ISCSI_SET_IKE_INFO ((HRESULT)0x80042906)
/* Provider returned a NULL subsystem identification string */
#define VDS_E_SUBSYSTEM_ID_IS_NULL ((HRESULT)0x80042907)
/* Initiator node name unavailable */
#define VDS_E_ISCSI_INITIATOR_NODE_NAME ((HRESULT)0x80042908)
/* Setting the group preshared key failed */
#define VDS_E_ISCSI_GROUP_PRESHARE_KEY ((HRESULT)0x80042909)
/* Setting the initiator CHAP secret failed */
#define VDS_E_ISCSI_CHAP_SECRET ((HRESULT)0x8004290A)
/* Invalid IP address met */
#define VDS_E_INVALID_IP_ADDRESS ((HRESULT)0x8004290B)
/* Reboot before doing anything else */
#define VDS_E_REBOOT_REQUIRED ((HRESULT)0x8004290C)
/* Volume GUID path not accepted here */
#define VDS_E_VOLUME_GUID_PATHNAME_NOT_ALLOWED ((HRESULT)0x8004290D)
/* Drive letter of boot/pagefile volume is fixed */
#define VDS_E_BOOT_PAGEFILE_DRIVE_LETTER ((HRESULT)0x8004290E)
/* Delete refused on a critical volume */
#define VDS_E_DELETE_WITH_CRITICAL ((HRESULT)0x8004290F)
/* Clean needs force: data volume present */
#define VDS_E_CLEAN_WITH_DATA ((HRESULT)0x80042910)
/* Clean needs force: OEM volume present */
#define VDS_E_CLEAN_WITH_OEM ((HRESULT)0x80042911)
/* Clean refused: critical volume on disk */
#define VDS_E_CLEAN_WITH_CRITICAL ((HRESULT)0x80042912)
/* Format refused on a critical volume */
#define VDS_E_FORMAT_CRITICAL ((HRESULT)0x80042913)
/* NTFS not possible here */
#define VDS_E_NTFS_FORMAT_NOT_SUPPORTED ((HRESULT)0x80042914)
/* FAT32 not possible here */
#define VDS_E_FAT32_FORMAT_NOT_SUPPORTED ((HRESULT)0x80042915)
/* FAT not possible here */
#define VDS_E_FAT_FORMAT_NOT_SUPPORTED ((HRESULT)0x80042916)
/* Volume cannot be formatted */
#define VDS_E_FORMAT_NOT_SUPPORTED ((HRESULT)0x80042917)
/* File system has no compression */
#define VDS_E_COMPRESSION_NOT_SUPPORTED ((HRESULT)0x80042918)
/* Virtual disk object not opened */
#define VDS_E_VDISK_NOT_OPEN ((HRESULT)0x80042919)
/* Virtual disk in the wrong state */
#define VDS_E_VDISK_INVALID_OP_STATE ((HRESULT)0x8004291A)
/* Provider returned a LUN path of a wrong type */
#define VDS_E_INVALID_PATH ((HRESULT)0x8004291B)
/* Provider returned a bad iSCSI LUN path: wrong type or missing initiator portal data */
#define VDS_E_INVALID_ISCSI_PATH ((HRESULT)0x8004291C)
/* LUN shrink: LUN not visible to the local server */
#define VDS_E_SHRINK_LUN_NOT_UNMASKED ((HRESULT)0x8004291D)
/* LUN shrink: its disk is read-only */
#define VDS_E_LUN_DISK_READ_ONLY ((HRESULT)0x8004291E)
/* LUN operation done, disk status refresh failed; call Refresh */
#define VDS_E_LUN_UPDATE_DISK ((HRESULT)0x8004291F)
/* LUN shrink: its disk is dynamic */
#define VDS_E_LUN_DYNAMIC ((HRESULT)0x80042920)
/* LUN shrink: its disk is dynamic and offline */
#define VDS_E_LUN_DYNAMIC_OFFLINE ((HRESULT)0x80042921)
/* LUN shrink: no room for the backup GPT header */
#define VDS_E_LUN_SHRINK_GPT_HEADER ((HRESULT)0x80042922)
/* OS cannot do mirrored volumes */
#define VDS_E_MIRROR_NOT_SUPPORTED ((HRESULT)0x80042923)
/* OS cannot do RAID-5 volumes */
#define VDS_E_RAID5_NOT_SUPPORTED ((HRESULT)0x80042924)
/* Disk too small for GPT */
#define VDS_E_DISK_NOT_CONVERTIBLE_SIZE ((HRESULT)0x80042925)
/* Volume cannot be taken offline */
#define VDS_E_OFFLINE_NOT_SUPPORTED ((HRESULT)0x80042926)
/* Virtual disk path must be absolute */
#define VDS_E_VDISK_PATHNAME_INVALID ((HRESULT)0x80042927)
/* Extend would exceed the cluster limit */
#define VDS_E_EXTEND_TOO_MANY_CLUSTERS ((HRESULT)0x80042928)
/* Extend: unknown file system */
#define VDS_E_EXTEND_UNKNOWN_FILESYSTEM ((HRESULT)0x80042929)
/* Shrink: unknown file system */
#define VDS_E_SHRINK_UNKNOWN_FILESYSTEM ((HRESULT)0x8004292A)
/* Virtual disk must be open */
#define VDS_E_VD_DISK_NOT_OPEN ((HRESULT)0x8004292B)
/* Virtual disk busy expanding */
#define VDS_E_VD_DISK_IS_EXPANDING ((HRESULT)0x8004292C)
/* Virtual disk busy compacting */
#define VDS_E_VD_DISK_IS_COMPACTING ((HRESULT)0x8004292D)
/* Virtual disk busy merging */
#define VDS_E_VD_DISK_IS_MERGING ((HRESULT)0x8004292E)
/* Virtual disk is attached */
#define VDS_E_VD_IS_ATTACHED ((HRESULT)0x8004292F)
/* Virtual disk open elsewhere */
#define VDS_E_VD_DISK_ALREADY_OPEN ((HRESULT)0x80042930)
/* Expand already running */
#define VDS_E_VD_DISK_ALREADY_EXPANDING ((HRESULT)0x80042931)
/* Compact already running */
#define VDS_E_VD_ALREADY_COMPACTING ((HRESULT)0x80042932)
/* Merge already running */
#define VDS_E_VD_ALREADY_MERGING ((HRESULT)0x80042933)
/* Attached already */
#define VDS_E_VD_ALREADY_ATTACHED ((HRESULT)0x80042934)
/* Detached already */
#define VDS_E_VD_ALREADY_DETACHED ((HRESULT)0x80042935)
/* Must be attached read-only */
#define VDS_E_VD_NOT_ATTACHED_READONLY ((HRESULT)0x80042936)
/* Attach under way */
#define VDS_E_VD_IS_BEING_ATTACHED ((HRESULT)0x80042937)
/* Detach under way */
#define VDS_E_VD_IS_BEING_DETACHED ((HRESULT)0x80042938)

/* ---- 2A00h to 2AFFh ---- */

/* Drive belongs to no storage pool */
#define VDS_E_NO_POOL ((HRESULT)0x80042A00)
/* No storage pool exists */
#define VDS_E_NO_POOL_CREATED ((HRESULT)0x80042A01)
/* Clustered disk must be in maintenance mode */
#define VDS_E_NO_MAINTENANCE_MODE ((HRESULT)0x80042A02)
/* Clustered disk must leave the cluster first */
#define VDS_E_BLOCK_CLUSTERED ((HRESULT)0x80042A03)
/* Conversion refused: security bands on the disk */
#define VDS_E_DISK_HAS_BANDS ((HRESULT)0x80042A04)
/* Object state forbids the operation; refresh and retry */
#define VDS_E_INVALID_STATE ((HRESULT)0x80042A05)
/* ReFS not possible here */
#define VDS_E_REFS_FORMAT_NOT_SUPPORTED ((HRESULT)0x80042A06)
/* Delete refused: volume backs the boot volume */
#define VDS_E_DELETE_WITH_BOOTBACKING ((HRESULT)0x80042A07)
/* Format refused: volume backs the boot volume */
#define VDS_E_FORMAT_WITH_BOOTBACKING ((HRESULT)0x80042A08)
/* Clean refused: disk backs the boot volume */
#define VDS_E_CLEAN_WITH_BOOTBACKING ((HRESULT)0x80042A09)

/* ---- 2B00h to 2BFFh ---- */

/* Shrink/extend amount not aligned to the device */
#define VDS_E_SHRINK_EXTEND_UNALIGNED ((HRESULT)0x80042B00)

/* ---- 4200h to 42FFh ---- */

/* The operation succeeded, but some access paths may remain */
#define VDS_S_ACCESS_PATH_NOT_DELETED ((HRESULT)0x00044244)

#endif /* VDS_VDSERR_H */
