/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The words that name our logical units in SCSI INQUIRY.  Both sides need them: the target tells
 * them to initiators, and IVdsLun::GetIdentificationData must say exactly the same (a host matches
 * its disks by them).  Never changed: initiators build persistent names from vendor and serial
 * number.
 */
#ifndef VDS_MODEL_IDENTITY_H
#define VDS_MODEL_IDENTITY_H

#define IDENTITY_VENDOR   "VDSLINUX"     /* T10 vendor identification, at most 8 characters */
#define IDENTITY_PRODUCT  "VIRTUAL-DISK" /* at most 16 */
#define IDENTITY_REVISION "0001"         /* at most 4 */

#endif
