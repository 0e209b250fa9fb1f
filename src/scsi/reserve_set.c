/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sets of registrations: immutable once others can see them, and counted.  Any thread. */
#include <string.h>

#include "base/mem.h"
#include "scsi/scsi_int.h"

struct scsi_reservations *
scsi_reservations_new(size_t capacity)
{
	struct scsi_reservations *set = mem_calloc(1,
						   sizeof(*set) + capacity * sizeof(set->list[0]));

	if (set == NULL)
		return NULL;
	atomic_init(&set->refs, 1);
	set->holder = SCSI_HOLDER_NONE;
	return set;
}

struct scsi_reservations *
scsi_reservations_ref(struct scsi_reservations *set)
{
	if (set != NULL)
		atomic_fetch_add_explicit(&set->refs, 1, memory_order_relaxed);
	return set;
}

void
scsi_reservations_unref(struct scsi_reservations *set)
{
	if (set != NULL && atomic_fetch_sub_explicit(&set->refs, 1, memory_order_acq_rel) == 1)
		mem_free(set);
}

int
scsi_reservations_find(const struct scsi_reservations *set, const char *initiator,
		       const uint8_t isid[6], uint16_t port)
{
	for (uint32_t i = 0; set != NULL && i < set->count; i++) {
		const struct scsi_registration *r = &set->list[i];

		if (r->port == port && memcmp(r->isid, isid, sizeof(r->isid)) == 0 &&
		    strcmp(r->initiator, initiator) == 0)
			return (int)i;
	}
	return -1;
}

bool
scsi_reservations_holds(const struct scsi_reservations *set, int i)
{
	if (set == NULL || i < 0 || set->type == SCSI_RESERVE_NONE)
		return false;
	return scsi_reserve_type_is_all(set->type) || set->holder == (uint32_t)i;
}
