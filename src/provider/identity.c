/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who a LUN is, as VDS_LUN_INFORMATION: exactly what an initiator reads with INQUIRY and the VPD
 * pages 80h and 83h, designators of the logical unit only, of the types that VDS knows.  Source:
 * docs/design/identity.md, vdslun VDS_LUN_INFORMATION.
 */
#include "provider/provider_int.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/identity.h"

#define DESIGNATORS_MAX 3u
#define DESIGNATOR_MAX  128u
/*
 * A UUID (SPC-5).  VDS has no value for it in its enumeration, so no structure that we fill
 * contains one; but a host that reads page 83h may pass on what it finds there.
 */
#define TYPE_UUID       10

struct designator {
	VDS_STORAGE_IDENTIFIER_CODE_SET code_set;
	VDS_STORAGE_IDENTIFIER_TYPE type;
	ULONG size;
	unsigned char bytes[DESIGNATOR_MAX];
};

static void
make_naa(const struct row_lun *lun, struct designator *d)
{
	d->code_set = VDSStorageIdCodeSetBinary;
	d->type = VDSStorageIdTypeFCPHName;
	d->size = 8;
	for (size_t i = 0; i < d->size; i++) {
		char digits[3] = "00";

		if (lun->naa != NULL && strlen(lun->naa) == 16)
			memcpy(digits, lun->naa + 2 * i, 2);
		d->bytes[i] = (unsigned char)strtoul(digits, NULL, 16);
	}
}

static void
make_t10(const struct row_lun *lun, struct designator *d)
{
	d->code_set = VDSStorageIdCodeSetAscii;
	d->type = VDSStorageIdTypeVendorId;
	d->size = (ULONG)snprintf((char *)d->bytes, sizeof(d->bytes), "%-8.8s%.64s",
				  IDENTITY_VENDOR, lun->serial);
}

static void
make_uuid(const struct row_lun *lun, struct designator *d)
{
	d->code_set = VDSStorageIdCodeSetBinary;
	d->type = (VDS_STORAGE_IDENTIFIER_TYPE)TYPE_UUID;
	d->size = 18;
	d->bytes[0] = 0x10;
	d->bytes[1] = 0;
	memcpy(d->bytes + 2, lun->id.bytes, sizeof(lun->id.bytes));
}

/*
 * Makes those that a structure of VDS can hold, and the UUID at the end when it is asked for, in
 * the order of VPD page 83h.  Returns how many there are.
 */
static ULONG
make_designators(const struct row_lun *lun, bool with_uuid,
		 struct designator designators[DESIGNATORS_MAX])
{
	ULONG count = 0;

	make_naa(lun, &designators[count++]);
	if (lun->identity == LUN_IDENTITY_NAA_T10)
		make_t10(lun, &designators[count++]);
	if (with_uuid)
		make_uuid(lun, &designators[count++]);
	return count;
}

void
provider_lun_information_free(VDS_LUN_INFORMATION *info)
{
	VDS_STORAGE_DEVICE_ID_DESCRIPTOR *ids = &info->m_deviceIdDescriptor;

	for (ULONG i = 0; ids->m_rgIdentifiers != NULL && i < ids->m_cIdentifiers; i++)
		CoTaskMemFree(ids->m_rgIdentifiers[i].m_rgbIdentifier);
	CoTaskMemFree(ids->m_rgIdentifiers);
	CoTaskMemFree(info->m_szVendorId);
	CoTaskMemFree(info->m_szProductId);
	CoTaskMemFree(info->m_szProductRevision);
	CoTaskMemFree(info->m_szSerialNumber);
	memset(info, 0, sizeof(*info));
}

static int
add_designators(const struct row_lun *lun, VDS_STORAGE_DEVICE_ID_DESCRIPTOR *ids)
{
	struct designator designators[DESIGNATORS_MAX];
	VDS_STORAGE_IDENTIFIER *out = CoTaskMemAlloc(DESIGNATORS_MAX * sizeof(*out));
	int rc = 0;

	if (out == NULL)
		return -ENOMEM;
	memset(out, 0, DESIGNATORS_MAX * sizeof(*out));
	ids->m_version = 0;
	ids->m_rgIdentifiers = out;
	ids->m_cIdentifiers = make_designators(lun, false, designators);
	for (ULONG i = 0; rc == 0 && i < ids->m_cIdentifiers; i++) {
		out[i].m_CodeSet = designators[i].code_set;
		out[i].m_Type = designators[i].type;
		out[i].m_cbIdentifier = designators[i].size;
		rc = com_bytes_out(designators[i].bytes, designators[i].size,
				   &out[i].m_rgbIdentifier);
	}
	return rc;
}

static int
text_out(const char *text, unsigned char **ret_text)
{
	return com_bytes_out(text, strlen(text) + 1, ret_text);
}

int
provider_lun_information(const struct row_lun *lun, VDS_LUN_INFORMATION *ret_info)
{
	VDS_LUN_INFORMATION info = {
		.m_version = VER_VDS_LUN_INFORMATION,
		.m_DeviceType = 0x00, /* direct access block device */
		.m_bCommandQueueing = TRUE,
		.m_BusType = VDSBusTypeiScsi,
	};
	int rc = text_out(IDENTITY_VENDOR, &info.m_szVendorId);

	if (rc == 0)
		rc = text_out(IDENTITY_PRODUCT, &info.m_szProductId);
	if (rc == 0)
		rc = text_out(IDENTITY_REVISION, &info.m_szProductRevision);
	if (rc == 0)
		rc = text_out(lun->serial != NULL ? lun->serial : "", &info.m_szSerialNumber);
	if (rc == 0)
		rc = add_designators(lun, &info.m_deviceIdDescriptor);
	if (rc < 0)
		provider_lun_information_free(&info);
	*ret_info = info;
	return rc;
}

/* Trailing blanks do not count: INQUIRY pads with them. */
static bool
same_text(const char *a, const unsigned char *b)
{
	size_t len_a = strlen(a), len_b;

	if (b == NULL)
		return false;
	len_b = strlen((const char *)b);
	while (len_a > 0 && a[len_a - 1] == ' ')
		len_a--;
	while (len_b > 0 && b[len_b - 1] == ' ')
		len_b--;
	return len_a == len_b && memcmp(a, b, len_a) == 0;
}

static bool
has_designator(const VDS_STORAGE_DEVICE_ID_DESCRIPTOR *ids, const struct designator *d)
{
	for (ULONG i = 0; ids->m_rgIdentifiers != NULL && i < ids->m_cIdentifiers; i++) {
		const VDS_STORAGE_IDENTIFIER *id = &ids->m_rgIdentifiers[i];

		if (id->m_Type == d->type && id->m_cbIdentifier == d->size &&
		    id->m_rgbIdentifier != NULL &&
		    memcmp(id->m_rgbIdentifier, d->bytes, d->size) == 0)
			return true;
	}
	return false;
}

static bool
lun_matches(const struct row_lun *lun, const VDS_LUN_INFORMATION *info)
{
	struct designator designators[DESIGNATORS_MAX];
	ULONG count = make_designators(lun, true, designators);

	for (ULONG i = 0; i < count; i++)
		if (has_designator(&info->m_deviceIdDescriptor, &designators[i]))
			return true;
	return lun->serial != NULL && lun->serial[0] != '\0' &&
	       same_text(lun->serial, info->m_szSerialNumber) &&
	       same_text(IDENTITY_VENDOR, info->m_szVendorId) &&
	       same_text(IDENTITY_PRODUCT, info->m_szProductId);
}

/* The LUN with a serial number, of which `len` bytes count; blanks at the end do not. */
static const struct row_lun *
find_by_serial(const struct state *state, const char *text, size_t len)
{
	char serial[DESIGNATOR_MAX];

	while (len > 0 && text[len - 1] == ' ')
		len--;
	if (len == 0 || len >= sizeof(serial))
		return NULL;
	memcpy(serial, text, len);
	serial[len] = '\0';
	return state_lun_by_serial(state, serial);
}

/* The LUN that may have the designator. */
static const struct row_lun *
find_by_designator(const struct state *state, const VDS_STORAGE_IDENTIFIER *id)
{
	const unsigned char *bytes = id->m_rgbIdentifier;
	char naa[17];
	struct guid lun_id;

	if (bytes == NULL)
		return NULL;
	if (id->m_Type == VDSStorageIdTypeFCPHName && id->m_cbIdentifier == 8) {
		for (size_t i = 0; i < 8; i++)
			snprintf(naa + 2 * i, 3, "%02x", bytes[i]);
		return state_lun_by_naa(state, naa);
	}
	if (id->m_Type == (VDS_STORAGE_IDENTIFIER_TYPE)TYPE_UUID && id->m_cbIdentifier == 18) {
		memcpy(lun_id.bytes, bytes + 2, sizeof(lun_id.bytes));
		return state_find(state, ROW_LUN, &lun_id);
	}
	if (id->m_Type == VDSStorageIdTypeVendorId && id->m_cbIdentifier > 8)
		return find_by_serial(state, (const char *)bytes + 8, id->m_cbIdentifier - 8);
	return NULL;
}

const struct row_lun *
provider_lun_find(const struct state *state, const VDS_LUN_INFORMATION *info)
{
	const VDS_STORAGE_DEVICE_ID_DESCRIPTOR *ids = &info->m_deviceIdDescriptor;
	const char *serial = (const char *)info->m_szSerialNumber;
	const struct row_lun *lun;

	for (ULONG i = 0; ids->m_rgIdentifiers != NULL && i < ids->m_cIdentifiers; i++) {
		lun = find_by_designator(state, &ids->m_rgIdentifiers[i]);
		if (lun != NULL && lun_matches(lun, info))
			return lun;
	}
	lun = serial != NULL ? find_by_serial(state, serial, strlen(serial)) : NULL;
	return lun != NULL && lun_matches(lun, info) ? lun : NULL;
}
