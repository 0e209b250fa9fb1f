/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The reservations of a LUN for an administrator (functions of struct array_runtime_ops).  Any
 * thread of the array.
 */
#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "target/target_int.h"

/* Of a LUN that has no unit: what is kept.  Returns 0 with NULL when that is nothing. */
static int
read_kept(struct target *target, const struct guid *lun_id, struct scsi_reservations **ret_set)
{
	AUTO_FREE void *data = NULL;
	uint32_t version = 0;
	bool passing = false;
	size_t bytes = 0;
	int rc = array_kept(target->array, lun_id, SCSI_KEEP_RESERVATIONS, &version, &data, &bytes,
			    &passing);

	*ret_set = NULL;
	if (rc < 0)
		return rc == ERR_NOT_FOUND ? 0 : rc;
	rc = scsi_reservations_decode(version, data, bytes, ret_set);
	if (rc == 0 && passing)
		(*ret_set)->persists = false;
	return rc;
}

static bool
holds(const struct scsi_reservations *set, uint32_t i)
{
	return set->type == SCSI_RESERVE_WE_AR || set->type == SCSI_RESERVE_EA_AR ||
	       (set->type != SCSI_RESERVE_NONE && set->holder == i);
}

static int
describe(const struct scsi_reservations *set, struct array_reservations *ret)
{
	struct array_registration *list = mem_calloc(set->count + 1, sizeof(list[0]));

	_Static_assert(sizeof(list->initiator) == sizeof(set->list->initiator), "iSCSI names");
	if (list == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < set->count; i++) {
		list[i].key = set->list[i].key;
		memcpy(list[i].isid, set->list[i].isid, sizeof(list[i].isid));
		list[i].relative_port = set->list[i].port;
		memcpy(list[i].initiator, set->list[i].initiator, sizeof(list[i].initiator));
		list[i].holds = holds(set, i);
	}
	_Static_assert(sizeof(ret->reserved_by) == sizeof(set->reserved_by), "iSCSI names");
	*ret = (struct array_reservations){ .generation = set->generation,
					    .persists = set->persists,
					    .type = set->type,
					    .count = set->count,
					    .list = list };
	memcpy(ret->reserved_by, set->reserved_by, sizeof(ret->reserved_by));
	return 0;
}

int
target_reservation_list(void *runtime, const struct guid *lun_id, struct array_reservations *ret)
{
	struct target *target = runtime;
	struct target_unit *unit = target_unit_find(target, lun_id);
	struct scsi_reservations *set = NULL;
	int rc = unit != NULL ? scsi_lu_reservations(unit->lu, &set)
			      : read_kept(target, lun_id, &set);

	target_unit_unref(unit);
	if (rc == 0 && set != NULL)
		rc = describe(set, ret);
	scsi_reservations_unref(set);
	return rc;
}

int
target_reservation_clear(void *runtime, const struct guid *lun_id,
			 void (*done)(void *arg, int result), void *arg)
{
	struct target_unit *unit = target_unit_find(runtime, lun_id);
	int rc = unit != NULL ? scsi_lu_reservations_clear(unit->lu, done, arg) : ERR_NOT_FOUND;

	target_unit_unref(unit);
	return rc;
}
