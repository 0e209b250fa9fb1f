/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Result codes of the Virtual Disk Service, and the codes of COM that its methods return.
 *
 * A VDS code has facility 4 (ITF): 0x8004xxxx for an error (VDS_E_*), 0x0004xxxx for a success with
 * additional information (VDS_S_*). Test with SUCCEEDED() and FAILED(), never with == S_OK. A
 * method may also return any Win32 error as HRESULT_FROM_WIN32(error).
 *
 * VDS_S_GPT_BOOT_MIRRORED_TO_MBR has the error bit set although it is a success: Microsoft
 * published it with this value.  VdsErrorText() of libvds.h returns the name of a code.
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
 * The request is valid, but the object or its provider does not have this feature, or does not
 * support this combination of arguments.
 */
#define VDS_E_NOT_SUPPORTED ((HRESULT)0x80042400)
/* The service or a provider could not start. */
#define VDS_E_INITIALIZED_FAILED ((HRESULT)0x80042401)
/* A method of the provider was called before IVdsProviderPrivate::OnLoad. */
#define VDS_E_INITIALIZE_NOT_CALLED ((HRESULT)0x80042402)
/* A provider with this id is already registered. */
#define VDS_E_ALREADY_REGISTERED ((HRESULT)0x80042403)
/* Another operation holds the object; try again later. */
#define VDS_E_ANOTHER_CALL_IN_PROGRESS ((HRESULT)0x80042404)
/* No object has the id that was passed. */
#define VDS_E_OBJECT_NOT_FOUND ((HRESULT)0x80042405)
/* The requested space on the disk cannot be used, or is in use already. */
#define VDS_E_INVALID_SPACE ((HRESULT)0x80042406)
/* The disk cannot hold another partition. */
#define VDS_E_PARTITION_LIMIT_REACHED ((HRESULT)0x80042407)
/* The extended partition still contains partitions. */
#define VDS_E_PARTITION_NOT_EMPTY ((HRESULT)0x80042408)
/* The asynchronous operation has not finished; QueryStatus reports this. */
#define VDS_E_OPERATION_PENDING ((HRESULT)0x80042409)
/* The operation is refused for a boot, system or pagefile volume and for the disk below it. */
#define VDS_E_OPERATION_DENIED ((HRESULT)0x8004240A)
/* The object was deleted while the caller still held a reference to it. */
#define VDS_E_OBJECT_DELETED ((HRESULT)0x8004240B)
/* The operation has passed the point up to which it can be cancelled. */
#define VDS_E_CANCEL_TOO_LATE ((HRESULT)0x8004240C)
/* The operation was cancelled by this call or an earlier one. */
#define VDS_E_OPERATION_CANCELED ((HRESULT)0x8004240D)
/* The file system cannot be extended. */
#define VDS_E_CANNOT_EXTEND ((HRESULT)0x8004240E)
/* There is not enough free space for the request. */
#define VDS_E_NOT_ENOUGH_SPACE ((HRESULT)0x8004240F)
/* There are not enough free drives for the request. */
#define VDS_E_NOT_ENOUGH_DRIVE ((HRESULT)0x80042410)
/* No Advise call returned the cookie that was passed to Unadvise. */
#define VDS_E_BAD_COOKIE ((HRESULT)0x80042411)
/* There is no medium in the removable drive. */
#define VDS_E_NO_MEDIA ((HRESULT)0x80042412)
/* The device is in use for something else. */
#define VDS_E_DEVICE_IN_USE ((HRESULT)0x80042413)
/* The disk still contains volumes or data. */
#define VDS_E_DISK_NOT_EMPTY ((HRESULT)0x80042414)
/* The operation has no meaning for this object in its present form. */
#define VDS_E_INVALID_OPERATION ((HRESULT)0x80042415)
/* The path that was passed does not exist. */
#define VDS_E_PATH_NOT_FOUND ((HRESULT)0x80042416)
/* The disk has no partition table. */
#define VDS_E_DISK_NOT_INITIALIZED ((HRESULT)0x80042417)
/* The disk already belongs to a pack. */
#define VDS_E_NOT_AN_UNALLOCATED_DISK ((HRESULT)0x80042418)
/* An error occurred from which the service cannot recover; the service must be stopped. */
#define VDS_E_UNRECOVERABLE_ERROR ((HRESULT)0x80042419)
/* The disk was cleaned, but a part of it could not be wiped. */
#define VDS_S_DISK_PARTIALLY_CLEANED ((HRESULT)0x0004241A)
/* The administration service of the Logical Disk Manager (LDM) cannot be reached. */
#define VDS_E_DMADMIN_SERVICE_CONNECTION_FAILED ((HRESULT)0x8004241B)
/* The provider could not start. */
#define VDS_E_PROVIDER_INITIALIZATION_FAILED ((HRESULT)0x8004241C)
/* The object exists already. */
#define VDS_E_OBJECT_EXISTS ((HRESULT)0x8004241D)
/* No disks were found on the computer. */
#define VDS_E_NO_DISKS_FOUND ((HRESULT)0x8004241E)
/*
 * The provider's copy of the state is damaged; IVdsHwProvider::Reenumerate and then Refresh repair
 * it.
 */
#define VDS_E_PROVIDER_CACHE_CORRUPT ((HRESULT)0x8004241F)
/* A call of the administration service of the Logical Disk Manager failed. */
#define VDS_E_DMADMIN_METHOD_CALL_FAILED ((HRESULT)0x80042420)
/* The operation succeeded, but errors occurred while the provider loaded its copy of the state. */
#define VDS_S_PROVIDER_ERROR_LOADING_CACHE ((HRESULT)0x00042421)
/* The device path of the volume cannot be found. */
#define VDS_E_PROVIDER_VOL_DEVICE_NAME_NOT_FOUND ((HRESULT)0x80042422)
/* The device of the volume could not be opened. */
#define VDS_E_PROVIDER_VOL_OPEN ((HRESULT)0x80042423)
/* The administration service of the Logical Disk Manager sent a damaged notification. */
#define VDS_E_DMADMIN_CORRUPT_NOTIFICATION ((HRESULT)0x80042424)
/* The operation does not support the file system of the volume. */
#define VDS_E_INCOMPATIBLE_FILE_SYSTEM ((HRESULT)0x80042425)
/* The operation does not support this kind of medium. */
#define VDS_E_INCOMPATIBLE_MEDIA ((HRESULT)0x80042426)
/* The caller is neither an administrator nor a backup operator. */
#define VDS_E_ACCESS_DENIED ((HRESULT)0x80042427)
/* The medium is write protected. */
#define VDS_E_MEDIA_WRITE_PROTECTED ((HRESULT)0x80042428)
/* The volume label is not valid. */
#define VDS_E_BAD_LABEL ((HRESULT)0x80042429)
/* The volume cannot be formatted with the quick format. */
#define VDS_E_CANT_QUICK_FORMAT ((HRESULT)0x8004242A)
/* An I/O error occurred while the volume was formatted. */
#define VDS_E_IO_ERROR ((HRESULT)0x8004242B)
/* The volume is smaller than the file system allows. */
#define VDS_E_VOLUME_TOO_SMALL ((HRESULT)0x8004242C)
/* The volume is larger than the file system allows. */
#define VDS_E_VOLUME_TOO_BIG ((HRESULT)0x8004242D)
/* The allocation unit size is smaller than the file system allows. */
#define VDS_E_CLUSTER_SIZE_TOO_SMALL ((HRESULT)0x8004242E)
/* The allocation unit size is larger than the file system allows. */
#define VDS_E_CLUSTER_SIZE_TOO_BIG ((HRESULT)0x8004242F)
/* The volume would have more clusters than a 32-bit number can count. */
#define VDS_E_CLUSTER_COUNT_BEYOND_32BITS ((HRESULT)0x80042430)
/* The object has failed and cannot serve the request. */
#define VDS_E_OBJECT_STATUS_FAILED ((HRESULT)0x80042431)
/* Some extents of the volume are missing. */
#define VDS_E_VOLUME_INCOMPLETE ((HRESULT)0x80042432)
/* The extent is smaller than the minimum size. */
#define VDS_E_EXTENT_SIZE_LESS_THAN_MIN ((HRESULT)0x80042433)
/* The operation succeeded, but the boot configuration could not be updated. */
#define VDS_S_UPDATE_BOOTFILE_FAILED ((HRESULT)0x00042434)
/* The operation succeeded, and the boot partition has another number now. */
#define VDS_S_BOOT_PARTITION_NUMBER_CHANGE ((HRESULT)0x00042436)
/* The migration would change the number of the boot partition. */
#define VDS_E_BOOT_PARTITION_NUMBER_CHANGE ((HRESULT)0x80042436)
/* The disk does not have enough free space. */
#define VDS_E_NO_FREE_SPACE ((HRESULT)0x80042437)
/* The disk has an active partition that is not the current system partition. */
#define VDS_E_ACTIVE_PARTITION ((HRESULT)0x80042438)
/* The data of the partition cannot be read. */
#define VDS_E_PARTITION_OF_UNKNOWN_TYPE ((HRESULT)0x80042439)
/* The disk has a partition of an unknown type. */
#define VDS_E_LEGACY_VOLUME_FORMAT ((HRESULT)0x8004243A)
/* A partition of another type lies between the GPT data partitions. */
#define VDS_E_NON_CONTIGUOUS_DATA_PARTITIONS ((HRESULT)0x8004243B)
/* A volume on the disk that is to be migrated could not be opened. */
#define VDS_E_MIGRATE_OPEN_VOLUME ((HRESULT)0x8004243C)
/* The volume is not online. */
#define VDS_E_VOLUME_NOT_ONLINE ((HRESULT)0x8004243D)
/* The volume is failing or has failed. */
#define VDS_E_VOLUME_NOT_HEALTHY ((HRESULT)0x8004243E)
/* The volume extends over more than one disk. */
#define VDS_E_VOLUME_SPANS_DISKS ((HRESULT)0x8004243F)
/* The operation needs contiguous free space on the disk. */
#define VDS_E_REQUIRES_CONTIGUOUS_DISK_SPACE ((HRESULT)0x80042440)
/* A provider returned malformed data to the service. */
#define VDS_E_BAD_PROVIDER_DATA ((HRESULT)0x80042441)
/* The provider could not complete the request. */
#define VDS_E_PROVIDER_FAILURE ((HRESULT)0x80042442)
/* The operation succeeded, but the volume could not be compressed. */
#define VDS_S_VOLUME_COMPRESS_FAILED ((HRESULT)0x00042443)
/* The pack is offline. */
#define VDS_E_PACK_OFFLINE ((HRESULT)0x80042444)
/* The volume is not mirrored. */
#define VDS_E_VOLUME_NOT_A_MIRROR ((HRESULT)0x80042445)
/* The volume has no extents. */
#define VDS_E_NO_EXTENTS_FOR_VOLUME ((HRESULT)0x80042446)
/* The provider's copy of the state does not contain the disk. */
#define VDS_E_DISK_NOT_LOADED_TO_CACHE ((HRESULT)0x80042447)
/* An internal error occurred; the event log has the details. */
#define VDS_E_INTERNAL_ERROR ((HRESULT)0x80042448)
/* The method is not supported for providers of this type. */
#define VDS_E_PROVIDER_TYPE_NOT_SUPPORTED ((HRESULT)0x8004244A)
/* The disk is not online. */
#define VDS_E_DISK_NOT_ONLINE ((HRESULT)0x8004244B)
/* The volume uses this disk already. */
#define VDS_E_DISK_IN_USE_BY_VOLUME ((HRESULT)0x8004244C)
/* The asynchronous operation is still running. */
#define VDS_S_IN_PROGRESS ((HRESULT)0x0004244D)
/* The object of the asynchronous operation could not be created. */
#define VDS_E_ASYNC_OBJECT_FAILURE ((HRESULT)0x8004244E)
/* No file system is mounted on the volume. */
#define VDS_E_VOLUME_NOT_MOUNTED ((HRESULT)0x8004244F)
/* There is no such pack. */
#define VDS_E_PACK_NOT_FOUND ((HRESULT)0x80042450)
/* Only some disks of a foreign pack were passed for the import. */
#define VDS_E_IMPORT_SET_INCOMPLETE ((HRESULT)0x80042451)
/* A disk of the source pack was not imported. */
#define VDS_E_DISK_NOT_IMPORTED ((HRESULT)0x80042452)
/* What is known about the object may be out of date. */
#define VDS_E_OBJECT_OUT_OF_SYNC ((HRESULT)0x80042453)
/* The disk is missing. */
#define VDS_E_MISSING_DISK ((HRESULT)0x80042454)
/* The provider's list of plug-and-play disks is damaged. */
#define VDS_E_DISK_PNP_REG_CORRUPT ((HRESULT)0x80042455)
/* The flag that enables remapping of blocks is not supported for this volume. */
#define VDS_E_LBN_REMAP_ENABLED_FLAG ((HRESULT)0x80042456)
/* The flag that withholds a drive letter is not supported for this volume. */
#define VDS_E_NO_DRIVELETTER_FLAG ((HRESULT)0x80042457)
/* Only certain GPT flags can be set so that they revert when the handle is closed. */
#define VDS_E_REVERT_ON_CLOSE ((HRESULT)0x80042458)
/* Flags that revert when the handle is closed are set already. */
#define VDS_E_REVERT_ON_CLOSE_SET ((HRESULT)0x80042459)
/* This code is not used; it stood for a GPT boot volume that is mirrored to an MBR disk. */
#define VDS_E_IA64_BOOT_MIRRORED_TO_MBR ((HRESULT)0x8004245A)
/* The operation succeeded, but the computer cannot boot from the second plex (an MBR disk). */
#define VDS_S_IA64_BOOT_MIRRORED_TO_MBR ((HRESULT)0x0004245A)
/* The operation succeeded, but the GPT attributes could not be read. */
#define VDS_S_UNABLE_TO_GET_GPT_ATTRIBUTES ((HRESULT)0x0004245B)
/* The volume is temporarily dismounted. */
#define VDS_E_VOLUME_TEMPORARILY_DISMOUNTED ((HRESULT)0x8004245C)
/* The volume is permanently dismounted. */
#define VDS_E_VOLUME_PERMANENTLY_DISMOUNTED ((HRESULT)0x8004245D)
/* The volume still has access paths. */
#define VDS_E_VOLUME_HAS_PATH ((HRESULT)0x8004245E)
/* The operation did not finish within its time limit. */
#define VDS_E_TIMEOUT ((HRESULT)0x8004245F)
/* The volume and its plex must be online and not healthy to be repaired. */
#define VDS_E_REPAIR_VOLUMESTATE ((HRESULT)0x80042460)
/* The administration service of the Logical Disk Manager did not answer in time. */
#define VDS_E_LDM_TIMEOUT ((HRESULT)0x80042461)
/* The flags to clear differ from those that were set to revert when the handle is closed. */
#define VDS_E_REVERT_ON_CLOSE_MISMATCH ((HRESULT)0x80042462)
/* The failure is temporary; try again. */
#define VDS_E_RETRY ((HRESULT)0x80042463)
/* An online pack exists already. */
#define VDS_E_ONLINE_PACK_EXISTS ((HRESULT)0x80042464)
/* The volume was extended, but its file system could not be extended. */
#define VDS_S_EXTEND_FILE_SYSTEM_FAILED ((HRESULT)0x00042465)
/* The file system could not be extended. */
#define VDS_E_EXTEND_FILE_SYSTEM_FAILED ((HRESULT)0x80042466)
/* The operation succeeded, but the computer cannot boot from the second plex (a GPT disk). */
#define VDS_S_MBR_BOOT_MIRRORED_TO_GPT ((HRESULT)0x00042467)
/* The request goes beyond the 2 TB that an MBR partition table can address. */
#define VDS_E_MAX_USABLE_MBR ((HRESULT)0x80042468)
/*
 * The operation succeeded, but the computer cannot boot from the second plex (an MBR disk).
 * FAILED() is true for this code, although its name says success.
 */
#define VDS_S_GPT_BOOT_MIRRORED_TO_MBR ((HRESULT)0x80042469)

/* ---- 2500h to 25FFh ---- */

/* No software provider is loaded. */
#define VDS_E_NO_SOFTWARE_PROVIDERS_LOADED ((HRESULT)0x80042500)
/* The disk is not missing. */
#define VDS_E_DISK_NOT_MISSING ((HRESULT)0x80042501)
/* The layout of the volume could not be read. */
#define VDS_E_NO_VOLUME_LAYOUT ((HRESULT)0x80042502)
/* The volume driver's data about the volume is damaged. */
#define VDS_E_CORRUPT_VOLUME_INFO ((HRESULT)0x80042503)
/* The enumerator is damaged. */
#define VDS_E_INVALID_ENUMERATOR ((HRESULT)0x80042504)
/* An internal error occurred in the volume driver. */
#define VDS_E_DRIVER_INTERNAL_ERROR ((HRESULT)0x80042505)
/* The name of the volume is not valid. */
#define VDS_E_VOLUME_INVALID_NAME ((HRESULT)0x80042507)
/* The operation succeeded, but the data is partial because a disk is missing. */
#define VDS_S_DISK_IS_MISSING ((HRESULT)0x00042508)
/* The data about the partitions is damaged. */
#define VDS_E_CORRUPT_PARTITION_INFO ((HRESULT)0x80042509)
/* The operation succeeded, but the partition data is unusual for a dynamic disk. */
#define VDS_S_NONCONFORMANT_PARTITION_INFO ((HRESULT)0x0004250A)
/* The data about the extents is damaged. */
#define VDS_E_CORRUPT_EXTENT_INFO ((HRESULT)0x8004250B)
/* An empty pack exists already; release that pack first. */
#define VDS_E_DUP_EMPTY_PACK_GUID ((HRESULT)0x8004250C)
/* The driver returned no name for the pack. */
#define VDS_E_DRIVER_NO_PACK_NAME ((HRESULT)0x8004250D)
/* The operation succeeded, but the check of the system partition failed. */
#define VDS_S_SYSTEM_PARTITION ((HRESULT)0x0004250E)
/* A plug-and-play notification is damaged. */
#define VDS_E_BAD_PNP_MESSAGE ((HRESULT)0x8004250F)
/* The expected notification that a disk arrived was not received. */
#define VDS_E_NO_PNP_DISK_ARRIVE ((HRESULT)0x80042510)
/* The expected notification that a volume arrived was not received. */
#define VDS_E_NO_PNP_VOLUME_ARRIVE ((HRESULT)0x80042511)
/* The expected notification that a disk was removed was not received. */
#define VDS_E_NO_PNP_DISK_REMOVE ((HRESULT)0x80042512)
/* The expected notification that a volume was removed was not received. */
#define VDS_E_NO_PNP_VOLUME_REMOVE ((HRESULT)0x80042513)
/* The provider is shutting down. */
#define VDS_E_PROVIDER_EXITING ((HRESULT)0x80042514)
/* The extent is larger than the free space of the disk. */
#define VDS_E_EXTENT_EXCEEDS_DISK_FREE_SPACE ((HRESULT)0x80042515)
/* The size of the plex member is not valid. */
#define VDS_E_MEMBER_SIZE_INVALID ((HRESULT)0x80042516)
/* The operation succeeded, but no notification of the volume's arrival was received. */
#define VDS_S_NO_NOTIFICATION ((HRESULT)0x00042517)
/* The operation succeeded with default ids for the plex and its members. */
#define VDS_S_DEFAULT_PLEX_MEMBER_IDS ((HRESULT)0x00042518)
/* The disk is corrupt, failing or offline. */
#define VDS_E_INVALID_DISK ((HRESULT)0x80042519)
/* The pack cannot be used for this operation. */
#define VDS_E_INVALID_PACK ((HRESULT)0x8004251A)
/* The disk still contains volumes. */
#define VDS_E_VOLUME_ON_DISK ((HRESULT)0x8004251B)
/* The driver refused a parameter as not valid. */
#define VDS_E_DRIVER_INVALID_PARAM ((HRESULT)0x8004251C)
/* The destination pack is not empty. */
#define VDS_E_TARGET_PACK_NOT_EMPTY ((HRESULT)0x8004251D)
/* The file system cannot be shrunk. */
#define VDS_E_CANNOT_SHRINK ((HRESULT)0x8004251E)
/* The disks belong to different packs. */
#define VDS_E_MULTIPLE_PACKS ((HRESULT)0x8004251F)
/* The pack is online; it must be offline for this operation. */
#define VDS_E_PACK_ONLINE ((HRESULT)0x80042520)
/* The number of plexes is zero. */
#define VDS_E_INVALID_PLEX_COUNT ((HRESULT)0x80042521)
/* The number of plex members is zero. */
#define VDS_E_INVALID_MEMBER_COUNT ((HRESULT)0x80042522)
/* The indexes of the plexes do not start at 0 or do not increase. */
#define VDS_E_INVALID_PLEX_ORDER ((HRESULT)0x80042523)
/* The indexes of the plex members do not start at 0 or do not increase. */
#define VDS_E_INVALID_MEMBER_ORDER ((HRESULT)0x80042524)
/*
 * The stripe size is not a power of two from 512 bytes to 1 MB, or is not zero where there are no
 * stripes.
 */
#define VDS_E_INVALID_STRIPE_SIZE ((HRESULT)0x80042525)
/* The number of disks is wrong for this operation. */
#define VDS_E_INVALID_DISK_COUNT ((HRESULT)0x80042526)
/* The number of extents is wrong for a disk. */
#define VDS_E_INVALID_EXTENT_COUNT ((HRESULT)0x80042527)
/* The source pack and the destination pack are the same. */
#define VDS_E_SOURCE_IS_TARGET_PACK ((HRESULT)0x80042528)
/* The volume would extend over more disks than are allowed. */
#define VDS_E_VOLUME_DISK_COUNT_MAX_EXCEEDED ((HRESULT)0x80042529)
/* The data of a notification from the driver is damaged. */
#define VDS_E_CORRUPT_NOTIFICATION_INFO ((HRESULT)0x8004252A)
/* The id of the plex is GUID_NULL. */
#define VDS_E_INVALID_PLEX_GUID ((HRESULT)0x8004252C)
/* The disks do not all belong to the same pack. */
#define VDS_E_DISK_NOT_FOUND_IN_PACK ((HRESULT)0x8004252D)
/* The same disk was passed twice. */
#define VDS_E_DUPLICATE_DISK ((HRESULT)0x8004252E)
/* The disk is the last valid disk of its pack. */
#define VDS_E_LAST_VALID_DISK ((HRESULT)0x8004252F)
/* The sector sizes of the disks differ or are not valid. */
#define VDS_E_INVALID_SECTOR_SIZE ((HRESULT)0x80042530)
/* The operation needs exactly one extent for each disk. */
#define VDS_E_ONE_EXTENT_PER_DISK ((HRESULT)0x80042531)
/* The stripe size and the sector size are both zero. */
#define VDS_E_INVALID_BLOCK_SIZE ((HRESULT)0x80042532)
/* The size of the plex is not valid. */
#define VDS_E_PLEX_SIZE_INVALID ((HRESULT)0x80042533)
/* The plex has no extents. */
#define VDS_E_NO_EXTENTS_FOR_PLEX ((HRESULT)0x80042534)
/* The type of the plex is not valid. */
#define VDS_E_INVALID_PLEX_TYPE ((HRESULT)0x80042535)
/* The block size of the plex is zero. */
#define VDS_E_INVALID_PLEX_BLOCK_SIZE ((HRESULT)0x80042536)
/* All disks that the operation needs are missing or have failed. */
#define VDS_E_NO_HEALTHY_DISKS ((HRESULT)0x80042537)
/* The database of the Logical Disk Manager is full. */
#define VDS_E_CONFIG_LIMIT ((HRESULT)0x80042538)
/* The configuration that is stored on the disk is damaged. */
#define VDS_E_DISK_CONFIGURATION_CORRUPTED ((HRESULT)0x80042539)
/* The configuration that is stored on the disk differs from the one in memory. */
#define VDS_E_DISK_CONFIGURATION_NOT_IN_SYNC ((HRESULT)0x8004253A)
/* The new configuration could not be written to all disks. */
#define VDS_E_DISK_CONFIGURATION_UPDATE_FAILED ((HRESULT)0x8004253B)
/* The disk is a dynamic disk already. */
#define VDS_E_DISK_DYNAMIC ((HRESULT)0x8004253C)
/* The driver's copy of the state does not contain the object. */
#define VDS_E_DRIVER_OBJECT_NOT_FOUND ((HRESULT)0x8004253D)
/* A partition does not begin or end at a cylinder boundary. */
#define VDS_E_PARTITION_NOT_CYLINDER_ALIGNED ((HRESULT)0x8004253E)
/* The partitions are smaller than the minimum size. */
#define VDS_E_DISK_LAYOUT_PARTITIONS_TOO_SMALL ((HRESULT)0x8004253F)
/* I/O to the disk fails. */
#define VDS_E_DISK_IO_FAILING ((HRESULT)0x80042540)
/* The operating system does not support dynamic disks. */
#define VDS_E_DYNAMIC_DISKS_NOT_SUPPORTED ((HRESULT)0x80042541)
/* The operating system does not support fault-tolerant disks. */
#define VDS_E_FAULT_TOLERANT_DISKS_NOT_SUPPORTED ((HRESULT)0x80042542)
/* The GPT attributes are not valid. */
#define VDS_E_GPT_ATTRIBUTES_INVALID ((HRESULT)0x80042543)
/* The plex member is healthy and needs no repair. */
#define VDS_E_MEMBER_IS_HEALTHY ((HRESULT)0x80042544)
/* The plex member is being rebuilt. */
#define VDS_E_MEMBER_REGENERATING ((HRESULT)0x80042545)
/* The name of the pack is not valid. */
#define VDS_E_PACK_NAME_INVALID ((HRESULT)0x80042546)
/* The plex is healthy and needs no repair. */
#define VDS_E_PLEX_IS_HEALTHY ((HRESULT)0x80042547)
/* The plex is the last healthy one of its volume and cannot be removed. */
#define VDS_E_PLEX_LAST_ACTIVE ((HRESULT)0x80042548)
/* The plex is missing. */
#define VDS_E_PLEX_MISSING ((HRESULT)0x80042549)
/* The plex member is missing. */
#define VDS_E_MEMBER_MISSING ((HRESULT)0x8004254A)
/* The plex is being rebuilt. */
#define VDS_E_PLEX_REGENERATING ((HRESULT)0x8004254B)
/* The layout of the disk was changed without the volume manager. */
#define VDS_E_UNEXPECTED_DISK_LAYOUT_CHANGE ((HRESULT)0x8004254D)
/* The length of the volume is not valid. */
#define VDS_E_INVALID_VOLUME_LENGTH ((HRESULT)0x8004254E)
/* The length of the volume is not a multiple of the sector size. */
#define VDS_E_VOLUME_LENGTH_NOT_SECTOR_SIZE_MULTIPLE ((HRESULT)0x8004254F)
/* The volume has no retained partition. */
#define VDS_E_VOLUME_NOT_RETAINED ((HRESULT)0x80042550)
/* The volume has a retained partition already. */
#define VDS_E_VOLUME_RETAINED ((HRESULT)0x80042551)
/* The alignment goes beyond the first cylinder. */
#define VDS_E_ALIGN_BEYOND_FIRST_CYLINDER ((HRESULT)0x80042553)
/* The alignment is not a multiple of the sector size. */
#define VDS_E_ALIGN_NOT_SECTOR_SIZE_MULTIPLE ((HRESULT)0x80042554)
/* The alignment must be zero for this type of partition. */
#define VDS_E_ALIGN_NOT_ZERO ((HRESULT)0x80042555)
/* The service's copy of the state is damaged. */
#define VDS_E_CACHE_CORRUPT ((HRESULT)0x80042556)
/* The volume flag cannot be cleared. */
#define VDS_E_CANNOT_CLEAR_VOLUME_FLAG ((HRESULT)0x80042557)
/* The disk is being cleaned. */
#define VDS_E_DISK_BEING_CLEANED ((HRESULT)0x80042558)
/* The partition style of the disk cannot be converted. */
#define VDS_E_DISK_NOT_CONVERTIBLE ((HRESULT)0x80042559)
/* The operation is not supported for removable media. */
#define VDS_E_DISK_REMOVEABLE ((HRESULT)0x8004255A)
/* The operation is not supported for a removable disk that is not empty. */
#define VDS_E_DISK_REMOVEABLE_NOT_EMPTY ((HRESULT)0x8004255B)
/* The drive letter is in use already. */
#define VDS_E_DRIVE_LETTER_NOT_FREE ((HRESULT)0x8004255C)
/* The provider cannot extend a volume over several disks. */
#define VDS_E_EXTEND_MULTIPLE_DISKS_NOT_SUPPORTED ((HRESULT)0x8004255D)
/* The drive letter is not valid. */
#define VDS_E_INVALID_DRIVE_LETTER ((HRESULT)0x8004255E)
/* The number of drive letters is not valid. */
#define VDS_E_INVALID_DRIVE_LETTER_COUNT ((HRESULT)0x8004255F)
/* The file system flag is not valid. */
#define VDS_E_INVALID_FS_FLAG ((HRESULT)0x80042560)
/* The file system type is not valid. */
#define VDS_E_INVALID_FS_TYPE ((HRESULT)0x80042561)
/* The object type is not valid for this method. */
#define VDS_E_INVALID_OBJECT_TYPE ((HRESULT)0x80042562)
/* The partition layout is not valid. */
#define VDS_E_INVALID_PARTITION_LAYOUT ((HRESULT)0x80042563)
/* The partition style is neither MBR nor GPT. */
#define VDS_E_INVALID_PARTITION_STYLE ((HRESULT)0x80042564)
/* The partition type is not valid for this operation. */
#define VDS_E_INVALID_PARTITION_TYPE ((HRESULT)0x80042565)
/* The class id of the provider to be registered is GUID_NULL. */
#define VDS_E_INVALID_PROVIDER_CLSID ((HRESULT)0x80042566)
/* The id of the provider to be registered is GUID_NULL. */
#define VDS_E_INVALID_PROVIDER_ID ((HRESULT)0x80042567)
/* The name of the provider to be registered is not valid. */
#define VDS_E_INVALID_PROVIDER_NAME ((HRESULT)0x80042568)
/* The type of the provider to be registered is not valid. */
#define VDS_E_INVALID_PROVIDER_TYPE ((HRESULT)0x80042569)
/* The version id of the provider to be registered is GUID_NULL. */
#define VDS_E_INVALID_PROVIDER_VERSION_GUID ((HRESULT)0x8004256A)
/* The version string of the provider to be registered is not valid. */
#define VDS_E_INVALID_PROVIDER_VERSION_STRING ((HRESULT)0x8004256B)
/* The mask that was passed to QueryProviders is not valid. */
#define VDS_E_INVALID_QUERY_PROVIDER_FLAG ((HRESULT)0x8004256C)
/* The service flag is not valid. */
#define VDS_E_INVALID_SERVICE_FLAG ((HRESULT)0x8004256D)
/* The volume flag is not valid. */
#define VDS_E_INVALID_VOLUME_FLAG ((HRESULT)0x8004256E)
/* The operation is supported only for OEM partitions. */
#define VDS_E_PARTITION_NOT_OEM ((HRESULT)0x8004256F)
/* The partition is protected; the operation needs the force flag. */
#define VDS_E_PARTITION_PROTECTED ((HRESULT)0x80042570)
/* The partition style differs from that of the disk. */
#define VDS_E_PARTITION_STYLE_MISMATCH ((HRESULT)0x80042571)
/* An internal error occurred in the provider. */
#define VDS_E_PROVIDER_INTERNAL_ERROR ((HRESULT)0x80042572)
/* The volume would be shrunk by less than the minimum amount. */
#define VDS_E_SHRINK_SIZE_LESS_THAN_MIN ((HRESULT)0x80042573)
/* The volume would be smaller than the minimum size after shrinking. */
#define VDS_E_SHRINK_SIZE_TOO_BIG ((HRESULT)0x80042574)
/* An error occurred from which the provider cannot recover; restart the service. */
#define VDS_E_UNRECOVERABLE_PROVIDER_ERROR ((HRESULT)0x80042575)
/* A hidden volume cannot have a mount point. */
#define VDS_E_VOLUME_HIDDEN ((HRESULT)0x80042576)
/* The flags were changed, but the volume could not be dismounted afterwards. */
#define VDS_S_DISMOUNT_FAILED ((HRESULT)0x00042577)
/* The flags were changed, but the volume could not be mounted again afterwards. */
#define VDS_S_REMOUNT_FAILED ((HRESULT)0x00042578)
/* The flag is set already, so it cannot be set to revert when the handle is closed. */
#define VDS_E_FLAG_ALREADY_SET ((HRESULT)0x80042579)
/* The operation succeeded, but no progress of the resynchronisation will be reported. */
#define VDS_S_RESYNC_NOTIFICATION_TASK_FAILED ((HRESULT)0x0004257A)
/* The volume that was passed is itself the object of the operation; pass another volume. */
#define VDS_E_DISTINCT_VOLUME ((HRESULT)0x8004257B)
/* The volumes do not belong to the same pack. */
#define VDS_E_VOLUME_NOT_FOUND_IN_PACK ((HRESULT)0x8004257C)
/* The partition is neither a primary nor a logical partition. */
#define VDS_E_PARTITION_NON_DATA ((HRESULT)0x8004257D)
/* The plex is the one from which the running system booted. */
#define VDS_E_CRITICAL_PLEX ((HRESULT)0x8004257E)
/* The volume is being resynchronised. */
#define VDS_E_VOLUME_SYNCHRONIZING ((HRESULT)0x8004257F)
/* The volume is being rebuilt. */
#define VDS_E_VOLUME_REGENERATING ((HRESULT)0x80042580)
/* The operation succeeded, but writes could not be held back for the shadow copy. */
#define VDS_S_VSS_FLUSH_AND_HOLD_WRITES ((HRESULT)0x00042581)
/* The operation succeeded, but writes held back for the shadow copy could not be released. */
#define VDS_S_VSS_RELEASE_WRITES ((HRESULT)0x00042582)
/* The operation succeeded, but the file system could not be locked. */
#define VDS_S_FS_LOCK ((HRESULT)0x00042583)
/* The volume is read-only. */
#define VDS_E_READONLY ((HRESULT)0x80042584)
/* The type of the volume is not valid for this operation. */
#define VDS_E_INVALID_VOLUME_TYPE ((HRESULT)0x80042585)
/* The boot disk failed while the pack was brought online. */
#define VDS_E_BAD_BOOT_DISK ((HRESULT)0x80042586)
/* The driver's log could not be updated on all disks. */
#define VDS_E_LOG_UPDATE ((HRESULT)0x80042587)
/* The operation is not supported for mirrored volumes. */
#define VDS_E_VOLUME_MIRRORED ((HRESULT)0x80042588)
/* The operation is supported only for simple and spanned volumes. */
#define VDS_E_VOLUME_SIMPLE_SPANNED ((HRESULT)0x80042589)
/* The pack has no valid copy of the log. */
#define VDS_E_NO_VALID_LOG_COPIES ((HRESULT)0x8004258A)
/* The operation succeeded, but the provider's copy of the state does not contain the plex yet. */
#define VDS_S_PLEX_NOT_LOADED_TO_CACHE ((HRESULT)0x0004258B)
/* The provider's copy of the state does not contain the plex yet. */
#define VDS_E_PLEX_NOT_LOADED_TO_CACHE ((HRESULT)0x8004258B)
/* The operation is not supported for Microsoft reserved partitions (MSR). */
#define VDS_E_PARTITION_MSR ((HRESULT)0x8004258C)
/* The operation is not supported for partitions of the Logical Disk Manager. */
#define VDS_E_PARTITION_LDM ((HRESULT)0x8004258D)
/* The operation succeeded, but boot entries must be changed by hand under WinPE. */
#define VDS_S_WINPE_BOOTENTRY ((HRESULT)0x0004258E)
/* The alignment is not a power of two. */
#define VDS_E_ALIGN_NOT_A_POWER_OF_TWO ((HRESULT)0x8004258F)
/* The alignment is zero. */
#define VDS_E_ALIGN_IS_ZERO ((HRESULT)0x80042590)
/* The volume is being defragmented or shrunk. */
#define VDS_E_SHRINK_IN_PROGRESS ((HRESULT)0x80042591)
/* BitLocker could not be removed from the volume. */
#define VDS_E_CANT_INVALIDATE_FVE ((HRESULT)0x80042592)
/* The default file system of the volume is not known. */
#define VDS_E_FS_NOT_DETERMINED ((HRESULT)0x80042593)
/* The disk is not offline. */
#define VDS_E_DISK_NOT_OFFLINE ((HRESULT)0x80042595)
/* The disk could not be brought online. */
#define VDS_E_FAILED_TO_ONLINE_DISK ((HRESULT)0x80042596)
/* The disk could not be taken offline. */
#define VDS_E_FAILED_TO_OFFLINE_DISK ((HRESULT)0x80042597)
/* The revision of the file system is not supported. */
#define VDS_E_BAD_REVISION_NUMBER ((HRESULT)0x80042598)
/* The user cancelled the shrinking. */
#define VDS_E_SHRINK_USER_CANCELLED ((HRESULT)0x80042599)
/* The volume may be corrupt; check the volume before shrinking it. */
#define VDS_E_SHRINK_DIRTY_VOLUME ((HRESULT)0x8004259A)

/* ---- 2700h to 27FFh ---- */

/* The operation succeeded, but the name was stored in a shortened form. */
#define VDS_S_NAME_TRUNCATED ((HRESULT)0x00042700)
/* Another object has this name already. */
#define VDS_E_NAME_NOT_UNIQUE ((HRESULT)0x80042701)
/* The operation succeeded, but the status of some paths could not be set. */
#define VDS_S_STATUSES_INCOMPLETELY_SET ((HRESULT)0x00042702)
/* The tunnel address could not be set on some portals. */
#define VDS_E_ADDRESSES_INCOMPLETELY_SET ((HRESULT)0x80042703)
/* The security settings could not be set on some portals. */
#define VDS_E_SECURITY_INCOMPLETELY_SET ((HRESULT)0x80042705)
/* The initiator cannot keep a secret for each target. */
#define VDS_E_TARGET_SPECIFIC_NOT_SUPPORTED ((HRESULT)0x80042706)
/* The target cannot keep a secret for each initiator. */
#define VDS_E_INITIATOR_SPECIFIC_NOT_SUPPORTED ((HRESULT)0x80042707)
/* The iSCSI login failed, so there is no session. */
#define VDS_E_ISCSI_LOGIN_FAILED ((HRESULT)0x80042708)
/* The iSCSI logout failed. */
#define VDS_E_ISCSI_LOGOUT_FAILED ((HRESULT)0x80042709)
/* No session belongs to the target and portals that were passed. */
#define VDS_E_ISCSI_SESSION_NOT_FOUND ((HRESULT)0x8004270A)
/* LUNs are still associated with the target; dissociate them before deleting the target. */
#define VDS_E_ASSOCIATED_LUNS_EXIST ((HRESULT)0x8004270B)
/* The portal group still contains portals; remove them before deleting the group. */
#define VDS_E_ASSOCIATED_PORTALS_EXIST ((HRESULT)0x8004270C)
/* The initiator is in no iSNS discovery domain. */
#define VDS_E_NO_DISCOVERY_DOMAIN ((HRESULT)0x8004270D)
/* The initiator is in more than one iSNS discovery domain. */
#define VDS_E_MULTIPLE_DISCOVERY_DOMAINS ((HRESULT)0x8004270E)
/* The path of the disk could not be found. */
#define VDS_E_NO_DISK_PATHNAME ((HRESULT)0x8004270F)
/* Some of the sessions could not be logged out. */
#define VDS_E_ISCSI_LOGOUT_INCOMPLETE ((HRESULT)0x80042710)
/* The path of the volume could not be found. */
#define VDS_E_NO_VOLUME_PATHNAME ((HRESULT)0x80042711)
/* The provider's copy of the state differs from that of the driver. */
#define VDS_E_PROVIDER_CACHE_OUTOFSYNC ((HRESULT)0x80042712)
/* The subsystem has no import target. */
#define VDS_E_NO_IMPORT_TARGET ((HRESULT)0x80042713)
/* Nothing was created or added, because the object exists already. */
#define VDS_S_ALREADY_EXISTS ((HRESULT)0x00042714)
/* The operation succeeded, but some properties could not be read. */
#define VDS_S_PROPERTIES_INCOMPLETE ((HRESULT)0x00042715)

/* ---- 2800h to 28FFh ---- */

/* There was no session to log out; the entry of the persistent login was removed. */
#define VDS_S_ISCSI_SESSION_NOT_FOUND_PERSISTENT_LOGIN_REMOVED ((HRESULT)0x00042800)
/* The operation succeeded, but the entry of the persistent login may remain. */
#define VDS_S_ISCSI_PERSISTENT_LOGIN_MAY_NOT_BE_REMOVED ((HRESULT)0x00042801)
/* The initiator is already logged in to the target. (Microsoft's header has this spelling.) */
#define VDS_S_ISCSI_LOGIN_ALREAD_EXISTS ((HRESULT)0x00042802)
/* The boot disk could not be found. */
#define VDS_E_UNABLE_TO_FIND_BOOT_DISK ((HRESULT)0x80042803)
/* The boot volume has more than one extent. */
#define VDS_E_INCORRECT_BOOT_VOLUME_EXTENT_INFO ((HRESULT)0x80042804)
/* The SAN policy could not be read. */
#define VDS_E_GET_SAN_POLICY ((HRESULT)0x80042805)
/* The SAN policy could not be written. */
#define VDS_E_SET_SAN_POLICY ((HRESULT)0x80042806)
/* The operation is not supported for the boot disk. */
#define VDS_E_BOOT_DISK ((HRESULT)0x80042807)
/* The operation succeeded, but a volume of the disk could not be mounted. */
#define VDS_S_DISK_MOUNT_FAILED ((HRESULT)0x00042808)
/* The operation succeeded, but a volume of the disk could not be dismounted. */
#define VDS_S_DISK_DISMOUNT_FAILED ((HRESULT)0x00042809)
/* The operation is not supported for a disk that is offline. */
#define VDS_E_DISK_IS_OFFLINE ((HRESULT)0x8004280A)
/* The operation is not supported for a read-only disk. */
#define VDS_E_DISK_IS_READ_ONLY ((HRESULT)0x8004280B)
/* The operation is not supported for a disk that holds a page file. */
#define VDS_E_PAGEFILE_DISK ((HRESULT)0x8004280C)
/* The operation is not supported for a disk that holds the hibernation file. */
#define VDS_E_HIBERNATION_FILE_DISK ((HRESULT)0x8004280D)
/* The operation is not supported for the disk to which crash dumps are written. */
#define VDS_E_CRASHDUMP_DISK ((HRESULT)0x8004280E)
/* The system disk could not be found. */
#define VDS_E_UNABLE_TO_FIND_SYSTEM_DISK ((HRESULT)0x8004280F)
/* The system volume has more than one extent. */
#define VDS_E_INCORRECT_SYSTEM_VOLUME_EXTENT_INFO ((HRESULT)0x80042810)
/* The operation is not supported for the system disk. */
#define VDS_E_SYSTEM_DISK ((HRESULT)0x80042811)
/* The volume cannot be shrunk because BitLocker has locked it. */
#define VDS_E_VOLUME_SHRINK_FVE_LOCKED ((HRESULT)0x80042812)
/* The volume cannot be shrunk because its BitLocker data is damaged. */
#define VDS_E_VOLUME_SHRINK_FVE_CORRUPT ((HRESULT)0x80042813)
/* The volume cannot be shrunk because a BitLocker recovery is pending. */
#define VDS_E_VOLUME_SHRINK_FVE_RECOVERY ((HRESULT)0x80042814)
/* The volume cannot be shrunk because its BitLocker state is not known. */
#define VDS_E_VOLUME_SHRINK_FVE ((HRESULT)0x80042815)
/* Shrinking the LUN would cut off volumes that hold data. */
#define VDS_E_SHRINK_OVER_DATA ((HRESULT)0x80042816)
/* The LUN is smaller than the amount by which it is to be shrunk. */
#define VDS_E_INVALID_SHRINK_SIZE ((HRESULT)0x80042817)
/* The LUN cannot be shrunk because its disk is missing. */
#define VDS_E_LUN_DISK_MISSING ((HRESULT)0x80042818)
/* The LUN cannot be shrunk because its disk has failed. */
#define VDS_E_LUN_DISK_FAILED ((HRESULT)0x80042819)
/* The LUN cannot be shrunk because its disk is not ready. */
#define VDS_E_LUN_DISK_NOT_READY ((HRESULT)0x8004281A)
/* The LUN cannot be shrunk because its disk has no medium. */
#define VDS_E_LUN_DISK_NO_MEDIA ((HRESULT)0x8004281B)
/* The LUN cannot be shrunk because it is not ready. */
#define VDS_E_LUN_NOT_READY ((HRESULT)0x8004281C)
/* The LUN cannot be shrunk because it is offline. */
#define VDS_E_LUN_OFFLINE ((HRESULT)0x8004281D)
/* The LUN cannot be shrunk because it has failed. */
#define VDS_E_LUN_FAILED ((HRESULT)0x8004281E)
/* The volume cannot be extended because BitLocker has locked it. */
#define VDS_E_VOLUME_EXTEND_FVE_LOCKED ((HRESULT)0x8004281F)
/* The volume cannot be extended because its BitLocker data is damaged. */
#define VDS_E_VOLUME_EXTEND_FVE_CORRUPT ((HRESULT)0x80042820)
/* The volume cannot be extended because a BitLocker recovery is pending. */
#define VDS_E_VOLUME_EXTEND_FVE_RECOVERY ((HRESULT)0x80042821)
/* The volume cannot be extended because its BitLocker state is not known. */
#define VDS_E_VOLUME_EXTEND_FVE ((HRESULT)0x80042822)
/* The sector size is zero, no power of two, or larger than the maximum. */
#define VDS_E_SECTOR_SIZE_ERROR ((HRESULT)0x80042823)

/* ---- 2900h to 29FFh ---- */

/* The initiator adapter at one end of the path is not known. */
#define VDS_E_INITIATOR_ADAPTER_NOT_FOUND ((HRESULT)0x80042900)
/* The target portal at one end of the path is not known. */
#define VDS_E_TARGET_PORTAL_NOT_FOUND ((HRESULT)0x80042901)
/* The provider returned a port path of a wrong type or without the properties of the HBA. */
#define VDS_E_INVALID_PORT_PATH ((HRESULT)0x80042902)
/* The provider returned an iSCSI target name that is not valid. */
#define VDS_E_INVALID_ISCSI_TARGET_NAME ((HRESULT)0x80042903)
/* The outer address of the IPsec tunnel could not be set. */
#define VDS_E_SET_TUNNEL_MODE_OUTER_ADDRESS ((HRESULT)0x80042904)
/* The IKE data could not be read. */
#define VDS_E_ISCSI_GET_IKE_INFO ((HRESULT)0x80042905)
/* The IKE data could not be written. */
#define VDS_E_ISCSI_SET_IKE_INFO ((HRESULT)0x80042906)
/* The provider returned NULL as the identification string of a subsystem. */
#define VDS_E_SUBSYSTEM_ID_IS_NULL ((HRESULT)0x80042907)
/* The node name of the initiator could not be read. */
#define VDS_E_ISCSI_INITIATOR_NODE_NAME ((HRESULT)0x80042908)
/* The preshared key of the group could not be set. */
#define VDS_E_ISCSI_GROUP_PRESHARE_KEY ((HRESULT)0x80042909)
/* The CHAP secret of the initiator could not be set. */
#define VDS_E_ISCSI_CHAP_SECRET ((HRESULT)0x8004290A)
/* An IP address is not valid. */
#define VDS_E_INVALID_IP_ADDRESS ((HRESULT)0x8004290B)
/* The computer must be restarted before anything else can be done. */
#define VDS_E_REBOOT_REQUIRED ((HRESULT)0x8004290C)
/* A volume GUID path is not accepted here. */
#define VDS_E_VOLUME_GUID_PATHNAME_NOT_ALLOWED ((HRESULT)0x8004290D)
/* The drive letter of a boot or pagefile volume cannot be changed. */
#define VDS_E_BOOT_PAGEFILE_DRIVE_LETTER ((HRESULT)0x8004290E)
/* The volume is critical for the system and cannot be deleted. */
#define VDS_E_DELETE_WITH_CRITICAL ((HRESULT)0x8004290F)
/* The disk contains a data volume; cleaning it needs the force flag. */
#define VDS_E_CLEAN_WITH_DATA ((HRESULT)0x80042910)
/* The disk contains an OEM volume; cleaning it needs the force flag. */
#define VDS_E_CLEAN_WITH_OEM ((HRESULT)0x80042911)
/* The disk contains a volume that is critical for the system and cannot be cleaned. */
#define VDS_E_CLEAN_WITH_CRITICAL ((HRESULT)0x80042912)
/* The volume is critical for the system and cannot be formatted. */
#define VDS_E_FORMAT_CRITICAL ((HRESULT)0x80042913)
/* The volume cannot be formatted with NTFS. */
#define VDS_E_NTFS_FORMAT_NOT_SUPPORTED ((HRESULT)0x80042914)
/* The volume cannot be formatted with FAT32. */
#define VDS_E_FAT32_FORMAT_NOT_SUPPORTED ((HRESULT)0x80042915)
/* The volume cannot be formatted with FAT. */
#define VDS_E_FAT_FORMAT_NOT_SUPPORTED ((HRESULT)0x80042916)
/* The volume cannot be formatted. */
#define VDS_E_FORMAT_NOT_SUPPORTED ((HRESULT)0x80042917)
/* The file system does not support compression. */
#define VDS_E_COMPRESSION_NOT_SUPPORTED ((HRESULT)0x80042918)
/* The object of the virtual disk has not been opened. */
#define VDS_E_VDISK_NOT_OPEN ((HRESULT)0x80042919)
/* The virtual disk is in a state that does not allow the operation. */
#define VDS_E_VDISK_INVALID_OP_STATE ((HRESULT)0x8004291A)
/* The provider returned a LUN path of a wrong type. */
#define VDS_E_INVALID_PATH ((HRESULT)0x8004291B)
/*
 * The provider returned an iSCSI LUN path of a wrong type or without data of the initiator portal.
 */
#define VDS_E_INVALID_ISCSI_PATH ((HRESULT)0x8004291C)
/* The LUN cannot be shrunk because it is not visible to the local server. */
#define VDS_E_SHRINK_LUN_NOT_UNMASKED ((HRESULT)0x8004291D)
/* The LUN cannot be shrunk because its disk is read-only. */
#define VDS_E_LUN_DISK_READ_ONLY ((HRESULT)0x8004291E)
/*
 * The operation on the LUN succeeded, but the status of its disk could not be refreshed; call
 * Refresh.
 */
#define VDS_E_LUN_UPDATE_DISK ((HRESULT)0x8004291F)
/* The LUN cannot be shrunk because its disk is a dynamic disk. */
#define VDS_E_LUN_DYNAMIC ((HRESULT)0x80042920)
/* The LUN cannot be shrunk because its disk is a dynamic disk that is offline. */
#define VDS_E_LUN_DYNAMIC_OFFLINE ((HRESULT)0x80042921)
/* The LUN cannot be shrunk because there would be no room for the backup GPT header. */
#define VDS_E_LUN_SHRINK_GPT_HEADER ((HRESULT)0x80042922)
/* The operating system does not support mirrored volumes. */
#define VDS_E_MIRROR_NOT_SUPPORTED ((HRESULT)0x80042923)
/* The operating system does not support RAID-5 volumes. */
#define VDS_E_RAID5_NOT_SUPPORTED ((HRESULT)0x80042924)
/* The disk is too small for a GPT partition table. */
#define VDS_E_DISK_NOT_CONVERTIBLE_SIZE ((HRESULT)0x80042925)
/* The volume cannot be taken offline. */
#define VDS_E_OFFLINE_NOT_SUPPORTED ((HRESULT)0x80042926)
/* The path of a virtual disk must be absolute. */
#define VDS_E_VDISK_PATHNAME_INVALID ((HRESULT)0x80042927)
/* The extended volume would have more clusters than the file system allows. */
#define VDS_E_EXTEND_TOO_MANY_CLUSTERS ((HRESULT)0x80042928)
/* The volume cannot be extended because its file system is not known. */
#define VDS_E_EXTEND_UNKNOWN_FILESYSTEM ((HRESULT)0x80042929)
/* The volume cannot be shrunk because its file system is not known. */
#define VDS_E_SHRINK_UNKNOWN_FILESYSTEM ((HRESULT)0x8004292A)
/* The virtual disk must be open for this operation. */
#define VDS_E_VD_DISK_NOT_OPEN ((HRESULT)0x8004292B)
/* The virtual disk is being expanded. */
#define VDS_E_VD_DISK_IS_EXPANDING ((HRESULT)0x8004292C)
/* The virtual disk is being compacted. */
#define VDS_E_VD_DISK_IS_COMPACTING ((HRESULT)0x8004292D)
/* The virtual disk is being merged. */
#define VDS_E_VD_DISK_IS_MERGING ((HRESULT)0x8004292E)
/* The virtual disk is attached. */
#define VDS_E_VD_IS_ATTACHED ((HRESULT)0x8004292F)
/* The virtual disk has been opened by another caller. */
#define VDS_E_VD_DISK_ALREADY_OPEN ((HRESULT)0x80042930)
/* The virtual disk is being expanded already. */
#define VDS_E_VD_DISK_ALREADY_EXPANDING ((HRESULT)0x80042931)
/* The virtual disk is being compacted already. */
#define VDS_E_VD_ALREADY_COMPACTING ((HRESULT)0x80042932)
/* The virtual disk is being merged already. */
#define VDS_E_VD_ALREADY_MERGING ((HRESULT)0x80042933)
/* The virtual disk is attached already. */
#define VDS_E_VD_ALREADY_ATTACHED ((HRESULT)0x80042934)
/* The virtual disk is detached already. */
#define VDS_E_VD_ALREADY_DETACHED ((HRESULT)0x80042935)
/* The virtual disk must be attached read-only for this operation. */
#define VDS_E_VD_NOT_ATTACHED_READONLY ((HRESULT)0x80042936)
/* The virtual disk is being attached. */
#define VDS_E_VD_IS_BEING_ATTACHED ((HRESULT)0x80042937)
/* The virtual disk is being detached. */
#define VDS_E_VD_IS_BEING_DETACHED ((HRESULT)0x80042938)

/* ---- 2A00h to 2AFFh ---- */

/* The drive belongs to no storage pool. */
#define VDS_E_NO_POOL ((HRESULT)0x80042A00)
/* There is no storage pool. */
#define VDS_E_NO_POOL_CREATED ((HRESULT)0x80042A01)
/* The clustered disk must be in maintenance mode for this operation. */
#define VDS_E_NO_MAINTENANCE_MODE ((HRESULT)0x80042A02)
/* The disk is clustered and must leave the cluster first. */
#define VDS_E_BLOCK_CLUSTERED ((HRESULT)0x80042A03)
/* The disk has security bands and cannot be converted. */
#define VDS_E_DISK_HAS_BANDS ((HRESULT)0x80042A04)
/* The state of the object does not allow the operation; refresh and try again. */
#define VDS_E_INVALID_STATE ((HRESULT)0x80042A05)
/* The volume cannot be formatted with ReFS. */
#define VDS_E_REFS_FORMAT_NOT_SUPPORTED ((HRESULT)0x80042A06)
/* The volume backs the boot volume and cannot be deleted. */
#define VDS_E_DELETE_WITH_BOOTBACKING ((HRESULT)0x80042A07)
/* The volume backs the boot volume and cannot be formatted. */
#define VDS_E_FORMAT_WITH_BOOTBACKING ((HRESULT)0x80042A08)
/* The disk backs the boot volume and cannot be cleaned. */
#define VDS_E_CLEAN_WITH_BOOTBACKING ((HRESULT)0x80042A09)

/* ---- 2B00h to 2BFFh ---- */

/* The amount to shrink or extend by is not aligned to the device. */
#define VDS_E_SHRINK_EXTEND_UNALIGNED ((HRESULT)0x80042B00)

/* ---- 4200h to 42FFh ---- */

/* The operation succeeded, but some access paths may remain. */
#define VDS_S_ACCESS_PATH_NOT_DELETED ((HRESULT)0x00044244)

#endif /* VDS_VDSERR_H */
