/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A set of registrations as the store has it (store.h, SCSI_KEEP_RESERVATIONS):
 *
 *	4	PRGENERATION; in version 2 only
 *	1	type of the reservation; 0 = none
 *	4	index of the holder; FFFFFFFFh = none, or all registrants
 *	4	number of registrations, and for each of them:
 *	8	  key
 *	6	  ISID
 *	2	  relative target port identifier
 *	1 + n	  length of the initiator's name, and the name
 *
 * Numbers are big endian.  Version 1 is for the next start of the program, after which PRGENERATION
 * begins at 0, as SPC-5 wants after power on.  Version 2 is for a program that takes the unit over
 * while its initiators go on.
 */
#include <errno.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/mem.h"
#include "scsi/scsi_int.h"

#define HEAD_BYTES  9u
#define ENTRY_BYTES 17u
#define WHOLE_BYTES 4u

int
scsi_reservations_encode(const struct scsi_reservations *set, uint32_t version, void **ret_data,
			 size_t *ret_bytes)
{
	uint8_t *data = mem_alloc(WHOLE_BYTES + HEAD_BYTES +
				  set->count * (size_t)(ENTRY_BYTES + SCSI_INITIATOR_BYTES));
	uint8_t *p = data;

	if (data == NULL)
		return -ENOMEM;
	if (version == RESERVE_CODE_WHOLE) {
		put_be32(p, set->generation);
		p += WHOLE_BYTES;
	}
	*p = set->type;
	put_be32(p + 1, set->holder);
	put_be32(p + 5, set->count);
	p += HEAD_BYTES;
	for (uint32_t i = 0; i < set->count; i++) {
		const struct scsi_registration *r = &set->list[i];
		size_t len = strlen(r->initiator);

		put_be64(p, r->key);
		memcpy(p + 8, r->isid, sizeof(r->isid));
		put_be16(p + 14, r->port);
		p[16] = (uint8_t)len;
		memcpy(p + ENTRY_BYTES, r->initiator, len);
		p += ENTRY_BYTES + len;
	}
	*ret_data = data;
	*ret_bytes = (size_t)(p - data);
	return 0;
}

/* Reads one registration.  Returns its size, or 0. */
static size_t
decode_one(const uint8_t *p, size_t left, struct scsi_registration *r)
{
	size_t len = left >= ENTRY_BYTES ? p[16] : 0;

	if (len == 0 || len >= sizeof(r->initiator) || left < ENTRY_BYTES + len ||
	    memchr(p + ENTRY_BYTES, '\0', len) != NULL)
		return 0;
	r->key = get_be64(p);
	memcpy(r->isid, p + 8, sizeof(r->isid));
	r->port = get_be16(p + 14);
	memcpy(r->initiator, p + ENTRY_BYTES, len);
	r->initiator[len] = '\0';
	return r->key != 0 ? ENTRY_BYTES + len : 0;
}

static bool
is_sound(const struct scsi_reservations *set)
{
	if (set->type == SCSI_RESERVE_NONE || scsi_reserve_type_is_all(set->type))
		return set->holder == SCSI_HOLDER_NONE && (set->type == 0 || set->count > 0);
	return scsi_reserve_type_is_valid(set->type) && set->holder < set->count;
}

/* Fills a set with room for set->count registrations.  Returns 0 or ERR_CORRUPT. */
static int
decode_all(const uint8_t *p, size_t left, struct scsi_reservations *set)
{
	for (uint32_t i = 0; i < set->count; i++) {
		size_t size = decode_one(p, left, &set->list[i]);

		if (size == 0)
			return ERR_CORRUPT;
		p += size;
		left -= size;
	}
	return left == 0 && is_sound(set) ? 0 : ERR_CORRUPT;
}

int
scsi_reservations_decode(uint32_t version, const void *data, size_t bytes,
			 struct scsi_reservations **ret_set)
{
	size_t skip = version == RESERVE_CODE_WHOLE ? WHOLE_BYTES : 0;
	const uint8_t *p = data;
	struct scsi_reservations *set;
	uint32_t count;

	if (version != RESERVE_CODE_VERSION && version != RESERVE_CODE_WHOLE)
		return ERR_VERSION;
	if (bytes < skip + HEAD_BYTES)
		return ERR_CORRUPT;
	p += skip;
	bytes -= skip;
	count = get_be32(p + 5);
	if (count > SCSI_REGISTRATIONS_MAX)
		return ERR_CORRUPT;
	set = scsi_reservations_new(count);
	if (set == NULL)
		return -ENOMEM;
	set->generation = skip > 0 ? get_be32(data) : 0;
	set->persists = true;
	set->type = p[0];
	set->holder = get_be32(p + 1);
	set->count = count;
	int rc = decode_all(p + HEAD_BYTES, bytes - HEAD_BYTES, set);

	if (rc < 0) {
		scsi_reservations_unref(set);
		return rc;
	}
	*ret_set = set;
	return 0;
}
