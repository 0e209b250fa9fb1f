/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PERSISTENT RESERVE IN: what it shows of a unit's registrations and reservation.  On the task's
 * thread.  Source: SPC-5.
 */
#include <errno.h>
#include <string.h>

#include "base/bytes.h"
#include "base/mem.h"
#include "scsi/scsi_int.h"

enum {
	PRIN_READ_KEYS,
	PRIN_READ_RESERVATION,
	PRIN_REPORT_CAPABILITIES,
	PRIN_READ_FULL_STATUS,
};

#define HEAD_BYTES        8u
#define RESERVATION_BYTES 16u
#define STATUS_BYTES      24u /* of a full status descriptor, without its TransportID */

int
scsi_prin_parse(struct scsi_task *task)
{
	return scsi_expect_in(task, get_be16(task->cdb + 7));
}

static size_t
put_keys(const struct scsi_reservations *now, uint8_t *p)
{
	for (uint32_t i = 0; i < now->count; i++)
		put_be64(p + 8 * i, now->list[i].key);
	return 8 * (size_t)now->count;
}

/* The key of a reservation of all registrants is 0. */
static size_t
put_reservation(const struct scsi_reservations *now, uint8_t *p)
{
	if (now->type == SCSI_RESERVE_NONE)
		return 0;
	if (!scsi_reserve_type_is_all(now->type))
		put_be64(p, now->list[now->holder].key);
	p[13] = now->type; /* scope 0: the logical unit */
	return RESERVATION_BYTES;
}

/*
 * A registration that ALL_TG_PT made is one for each port (reserve_out.c), so ALL_TG_PT is 0 here
 * and the port is told.
 */
static size_t
put_status(const struct scsi_reservations *now, uint32_t i, uint8_t *p)
{
	const struct scsi_registration *r = &now->list[i];
	size_t id_bytes = scsi_transport_id_put(p + STATUS_BYTES, r->initiator, r->isid);

	put_be64(p, r->key);
	if (scsi_reservations_holds(now, (int)i)) {
		p[12] = 0x01; /* R_HOLDER */
		p[13] = now->type;
	}
	put_be16(p + 18, r->port);
	put_be32(p + 20, (uint32_t)id_bytes);
	return STATUS_BYTES + id_bytes;
}

static size_t
put_full_status(const struct scsi_reservations *now, uint8_t *p)
{
	size_t len = 0;

	for (uint32_t i = 0; i < now->count; i++)
		len += put_status(now, i, p + len);
	return len;
}

static int
capabilities(struct scsi_task *task, const struct scsi_reservations *now)
{
	bool kept = scsi_task_lu(task)->desc.store != NULL;
	uint8_t data[8] = { 0 };

	put_be16(data, sizeof(data));
	/* CRH, SIP_C, ATP_C; PTPL_C */
	data[2] = (uint8_t)(0x10 | 0x08 | 0x04 | (kept ? 0x01 : 0));
	/* TMV; ALLOW COMMANDS 011b, which is what access.c allows; PTPL_A */
	data[3] = (uint8_t)(0x80 | 0x30 | (now->persists ? 0x01 : 0));
	data[4] = 0xea; /* WR_EX_AR, EX_AC_RO, WR_EX_RO, EX_AC, WR_EX */
	data[5] = 0x01; /* EX_AC_AR */
	return scsi_give(task, data, sizeof(data), get_be16(task->cdb + 7));
}

static int
show(struct scsi_task *task, const struct scsi_reservations *now)
{
	uint8_t action = task->cdb[1] & 0x1f;
	AUTO_FREE uint8_t *data = NULL;
	size_t len = 0;

	if (action == PRIN_REPORT_CAPABILITIES)
		return capabilities(task, now);
	data = mem_calloc(1, HEAD_BYTES + RESERVATION_BYTES +
				     now->count * (size_t)(STATUS_BYTES + SCSI_TRANSPORT_ID_MAX));
	if (data == NULL)
		return scsi_status(task, SCSI_STATUS_BUSY);
	if (action == PRIN_READ_KEYS)
		len = put_keys(now, data + HEAD_BYTES);
	else if (action == PRIN_READ_RESERVATION)
		len = put_reservation(now, data + HEAD_BYTES);
	else
		len = put_full_status(now, data + HEAD_BYTES);
	put_be32(data, now->generation);
	put_be32(data + 4, (uint32_t)len);
	return scsi_give(task, data, HEAD_BYTES + len, get_be16(task->cdb + 7));
}

int
scsi_prin_execute(struct scsi_task *task)
{
	const struct scsi_reservations none = { .holder = SCSI_HOLDER_NONE };
	struct scsi_reservations *now;
	int rc;

	if (scsi_reserve_is_old(scsi_task_lu(task))) /* SPC-2: also from the nexus that has it */
		return scsi_status(task, SCSI_STATUS_RESERVATION_CONFLICT);
	now = scsi_reserve_now(scsi_task_lu(task));
	rc = show(task, now != NULL ? now : &none);
	scsi_reservations_unref(now);
	return rc;
}
