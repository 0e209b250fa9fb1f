/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The words that name logical units in SCSI INQUIRY data.  The target sends them to initiators, and
 * IVdsLun::GetIdentificationData must return exactly the same words, because a host matches its
 * disks by them.  They must never change, because initiators build persistent names from vendor and
 * serial number.
 */
#ifndef VDS_MODEL_IDENTITY_H
#define VDS_MODEL_IDENTITY_H

#define IDENTITY_VENDOR   "VDSLINUX"     /* T10 vendor identification, at most 8 characters */
#define IDENTITY_PRODUCT  "VIRTUAL-DISK" /* product identification, at most 16 characters */
#define IDENTITY_REVISION "0001"         /* product revision, at most 4 characters */

#endif
