/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The requests of an initiator: commands with their data and their answers, and task management.
 * RFC 7143 §11.4 to §11.8.  Called by initiator.c and by the owner, on the initiator's thread.
 *
 *	WAITS	--sent (initiator_tx.c)--> ACTIVE, or SENDS while data follows
 *	SENDS	--all of the burst is sent--> ACTIVE, or ENDS when the answer has come already
 *	ACTIVE	--R2T--> SENDS
 *	ACTIVE	--answer, or cancelled--> done, or ENDS while the ring refers to its buffers
 *	ENDS	--the ring no longer does--> done
 *	any	--the connection ends--> done
 */
#include "iscsi/initiator_int.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/err.h"

/* ---- Tags ---- */

/* Finds a free place, from the first one that may be free.  Returns -ENOMEM or ERR_LIMIT. */
static int
place_find(struct iscsi_initiator *ini, size_t *ret_at)
{
	size_t at = ini->place_hint;

	while (at < ini->place_count &&
	       (ini->places[at].request != NULL || ini->places[at].tmf != NULL))
		at++;
	if (at == ini->place_count) {
		if (at == ISCSI_INITIATOR_REQUESTS_MAX)
			return ERR_LIMIT;
		if (mem_grow(&ini->places, &ini->place_capacity, at + 1, sizeof(ini->places[0])) <
		    0)
			return -ENOMEM;
		ini->places[at] = (struct iscsi_initiator_place){ 0 };
		ini->place_count++;
	}
	ini->place_hint = at + 1;
	*ret_at = at;
	return 0;
}

/* Takes a place for a request or a function, which gets a tag.  Returns the codes of place_find. */
static int
place_take(struct iscsi_initiator *ini, struct iscsi_request *request,
	   struct iscsi_request_tmf *tmf, uint16_t *ret_place, uint32_t *ret_itt)
{
	size_t at;
	int rc = place_find(ini, &at);

	if (rc < 0)
		return rc;
	ini->places[at].request = request;
	ini->places[at].tmf = tmf;
	ini->places[at].generation++;
	ini->requests++;
	*ret_place = (uint16_t)(at + 1);
	*ret_itt = (uint32_t)ini->places[at].generation << 16 | (uint32_t)at;
	return 0;
}

static void
place_free(struct iscsi_initiator *ini, uint16_t *place)
{
	size_t at = *place - 1u;

	assert(*place > 0 && at < ini->place_count);
	ini->places[at].request = NULL;
	ini->places[at].tmf = NULL;
	ini->place_hint = MIN(ini->place_hint, at);
	ini->requests--;
	*place = 0;
}

/* Returns the place of a tag, or NULL when nothing has the tag. */
static const struct iscsi_initiator_place *
place_of(const struct iscsi_initiator *ini, uint32_t itt)
{
	uint32_t at = itt & 0xffff;

	return at < ini->place_count && ini->places[at].generation == itt >> 16 ? &ini->places[at]
										: NULL;
}

/* A request that the target may answer, or NULL. */
static struct iscsi_request *
find_request(const struct iscsi_initiator *ini, uint32_t itt)
{
	const struct iscsi_initiator_place *place = place_of(ini, itt);
	struct iscsi_request *r = place != NULL ? place->request : NULL;

	return r != NULL && !r->answered &&
			       (r->state == REQUEST_ACTIVE || r->state == REQUEST_SENDS)
		       ? r
		       : NULL;
}

/* ---- Commands ---- */

static void
done(struct iscsi_initiator *ini, struct iscsi_request *r)
{
	list_remove(&r->node);
	r->state = REQUEST_NEW;
	place_free(ini, &r->place);
	ini->ops->done(ini->user, r);
}

/*
 * Has a request end that was answered, or is to end with `error`: now, or when its data was sent.
 */
static void
end(struct iscsi_initiator *ini, struct iscsi_request *r, int error)
{
	r->answered = true;
	r->error = error;
	if (r->state == REQUEST_SENDS && error == 0)
		return; /* the target waits for the rest of its unsolicited data */
	if (r->slots == 0) {
		done(ini, r);
		return;
	}
	list_remove(&r->node);
	r->state = REQUEST_ENDS;
	list_append(&ini->ending, &r->node);
}

void
iscsi_initiator_slot_sent(struct iscsi_initiator *ini, struct iscsi_request *r)
{
	assert(r->slots > 0);
	r->slots--;
	if (r->slots == 0 && r->state == REQUEST_ENDS)
		done(ini, r);
}

static bool
is_valid(const struct iscsi_request *r)
{
	return r->cdb_len > 0 && r->cdb_len <= ISCSI_REQUEST_CDB_MAX &&
	       (r->reads || r->read_expected == 0) && (r->writes || r->write_expected == 0);
}

int
iscsi_initiator_send(struct iscsi_initiator *ini, struct iscsi_request *r)
{
	int rc;

	if (ini->error < 0)
		return ini->error;
	if (ini->state != INITIATOR_FULL || !is_valid(r))
		return ERR_INVALID;
	rc = place_take(ini, r, NULL, &r->place, &r->itt);
	if (rc < 0)
		return rc;
	r->error = 0;
	r->sent = r->answered = false;
	r->response = r->status = 0;
	r->received = r->residual = r->read_residual = 0;
	r->residual_kind = r->read_residual_kind = ISCSI_RESIDUAL_NONE;
	r->sense_len = 0;
	r->in_sn = r->slots = 0;
	r->out_at = r->out_end = 0;
	iscsi_iov_cursor_set(&r->in_cursor, r->in, r->in_count);
	iscsi_iov_cursor_set(&r->out_cursor, r->out, r->out_count);
	r->state = REQUEST_WAITS;
	r->node = (struct list){ 0 };
	list_append(&ini->waiting, &r->node);
	return 0;
}

static uint8_t
residual_kind(uint8_t flags, unsigned overflow, unsigned underflow)
{
	if ((flags & overflow) != 0)
		return ISCSI_RESIDUAL_OVERFLOW;
	return (flags & underflow) != 0 ? ISCSI_RESIDUAL_UNDERFLOW : ISCSI_RESIDUAL_NONE;
}

static void
take_residual(struct iscsi_request *r, const uint8_t *bhs)
{
	r->residual_kind = residual_kind(bhs[AT_FLAGS], FLAG_OVERFLOW, FLAG_UNDERFLOW);
	r->residual = r->residual_kind != ISCSI_RESIDUAL_NONE ? get_be32(bhs + AT_RESIDUAL) : 0;
}

/* RFC 7143 §11.4.7: two bytes of length, the sense data, and what the vendor likes. */
static int
take_sense(struct iscsi_request *r, const struct iscsi_pdu *pdu)
{
	uint32_t len = pdu->data_len >= 2 ? get_be16(pdu->data) : 0;

	if (pdu->data_len == 1 || len > pdu->data_len || (len > 0 && len + 2 > pdu->data_len))
		return ERR_PROTOCOL;
	r->sense_len = (uint16_t)MIN(len, (uint32_t)ISCSI_SENSE_MAX);
	if (r->sense_len > 0)
		memcpy(r->sense, pdu->data + 2, r->sense_len);
	return 0;
}

int
iscsi_initiator_on_response(struct iscsi_initiator *ini, const struct iscsi_pdu *pdu)
{
	const uint8_t *bhs = pdu->bhs;
	struct iscsi_request *r = find_request(ini, get_be32(bhs + AT_ITT));

	if (r == NULL || take_sense(r, pdu) < 0)
		return ERR_PROTOCOL;
	if (bhs[AT_RESPONSE] == 0 && r->reads && !r->writes &&
	    get_be32(bhs + AT_DATA_SN) != r->in_sn)
		return ERR_PROTOCOL; /* ExpDataSN: data was lost */
	r->response = bhs[AT_RESPONSE];
	r->status = bhs[AT_STATUS];
	take_residual(r, bhs);
	if (r->reads && r->writes) {
		r->read_residual_kind = residual_kind(bhs[AT_FLAGS], FLAG_BIDI_OVERFLOW,
						      FLAG_BIDI_UNDERFLOW);
		r->read_residual = get_be32(bhs + AT_BIDI_RESIDUAL);
	}
	end(ini, r, 0);
	return 0;
}

/* ---- Data ---- */

/* A Data-In that does not belong where it says ends the connection: DataPDUInOrder is Yes. */
int
iscsi_initiator_head_data_in(struct iscsi_initiator *ini, const struct iscsi_pdu *pdu)
{
	struct iscsi_request *r = find_request(ini, get_be32(pdu->bhs + AT_ITT));

	if (r == NULL || !r->reads || get_be32(pdu->bhs + AT_DATA_SN) != r->in_sn ||
	    get_be32(pdu->bhs + AT_OFFSET) != r->received ||
	    pdu->data_len > r->read_expected - r->received ||
	    pdu->data_len > ini->params.max_recv_len)
		return ERR_PROTOCOL;
	iscsi_rx_to_task(&ini->rx, NULL, &r->in_cursor, pdu->data_len);
	return 0;
}

int
iscsi_initiator_on_data_in(struct iscsi_initiator *ini, const struct iscsi_pdu *pdu)
{
	const uint8_t *bhs = pdu->bhs;
	struct iscsi_request *r = find_request(ini, get_be32(bhs + AT_ITT));

	if (r == NULL)
		return ERR_PROTOCOL;
	r->in_sn++;
	r->received += pdu->data_len;
	if ((bhs[AT_FLAGS] & FLAG_STATUS) == 0)
		return 0;
	r->status = bhs[AT_STATUS];
	take_residual(r, bhs);
	end(ini, r, 0);
	return 0;
}

int
iscsi_initiator_on_r2t(struct iscsi_initiator *ini, const struct iscsi_pdu *pdu)
{
	const uint8_t *bhs = pdu->bhs;
	struct iscsi_request *r = find_request(ini, get_be32(bhs + AT_ITT));
	uint32_t len = get_be32(bhs + AT_DESIRED_LEN);

	/* MaxOutstandingR2T is 1, and data is asked for in its order */
	if (r == NULL || !r->writes || r->state != REQUEST_ACTIVE || len == 0 ||
	    len > ini->params.max_burst_len || get_be32(bhs + AT_OFFSET) != r->out_at ||
	    len > r->write_expected - r->out_at || get_be32(bhs + AT_TTT) == TAG_NONE)
		return ERR_PROTOCOL;
	r->ttt = get_be32(bhs + AT_TTT);
	r->out_end = r->out_at + len;
	r->data_sn = 0;
	list_remove(&r->node);
	r->state = REQUEST_SENDS;
	list_append(&ini->bursts, &r->node);
	return 0;
}

/* ---- Task management ---- */

static void
tmf_end(struct iscsi_initiator *ini, struct iscsi_request_tmf *tmf, int error)
{
	list_remove(&tmf->node);
	if (tmf->place > 0)
		place_free(ini, &tmf->place);
	tmf->error = error;
	ini->ops->tmf_done(ini->user, tmf);
}

int
iscsi_initiator_tmf(struct iscsi_initiator *ini, struct iscsi_request_tmf *tmf)
{
	struct iscsi_request *r = tmf->request;
	int rc;

	if (ini->error < 0)
		return ini->error;
	if (ini->state != INITIATOR_FULL)
		return ERR_INVALID;
	tmf->node = (struct list){ 0 };
	tmf->error = 0;
	tmf->response = ISCSI_TMF_COMPLETE;
	memset(tmf->info, 0, sizeof(tmf->info));
	tmf->place = 0;
	tmf->ref_itt = TAG_NONE;
	tmf->ref_sn = 0;
	if (r != NULL && r->state == REQUEST_WAITS) {
		end(ini, r, ERR_CANCELLED);
		tmf_end(ini, tmf, 0);
		return 0;
	}
	rc = place_take(ini, NULL, tmf, &tmf->place, &tmf->itt);
	if (rc < 0)
		return rc;
	if (r != NULL) {
		tmf->ref_itt = r->itt;
		tmf->ref_sn = r->cmd_sn;
	}
	list_append(&ini->tmfs, &tmf->node);
	return 0;
}

static bool
same_lun(const struct iscsi_request *r, const uint8_t *lun)
{
	return memcmp(r->lun, lun, sizeof(r->lun)) == 0;
}

/* Has the function, which the target has carried out, ended this request? */
static bool
has_ended(const struct iscsi_request_tmf *tmf, const struct iscsi_request *r)
{
	if ((int32_t)(r->sequence - tmf->sequence) > 0)
		return false;
	switch (tmf->function) {
	case ISCSI_TMF_ABORT_TASK:
		return r->itt == tmf->ref_itt;
	case ISCSI_TMF_ABORT_TASK_SET:
	case ISCSI_TMF_CLEAR_TASK_SET:
	case ISCSI_TMF_LU_RESET:
		return same_lun(r, tmf->lun);
	case ISCSI_TMF_TARGET_WARM_RESET:
	case ISCSI_TMF_TARGET_COLD_RESET:
	case ISCSI_TMF_NEXUS_RESET:
		return true;
	default:
		return false;
	}
}

/* ops->done may send, but not end, other requests: the list is walked anew after each. */
static void
cancel_in(struct iscsi_initiator *ini, struct list *list, const struct iscsi_request_tmf *tmf)
{
	bool found;

	do {
		found = false;
		list_for_each(node, list) {
			struct iscsi_request *r = list_entry(node, struct iscsi_request, node);

			if (r->answered || !has_ended(tmf, r))
				continue;
			end(ini, r, ERR_CANCELLED);
			found = true;
			break;
		}
	} while (found);
}

static bool
was_carried_out(const struct iscsi_request_tmf *tmf)
{
	return tmf->response == ISCSI_TMF_COMPLETE ||
	       (tmf->function == ISCSI_TMF_ABORT_TASK && tmf->response == ISCSI_TMF_NO_TASK);
}

int
iscsi_initiator_on_tmf_response(struct iscsi_initiator *ini, const struct iscsi_pdu *pdu)
{
	const struct iscsi_initiator_place *place = place_of(ini, get_be32(pdu->bhs + AT_ITT));
	struct iscsi_request_tmf *tmf = place != NULL ? place->tmf : NULL;

	if (tmf == NULL || pdu->data_len > 0)
		return ERR_PROTOCOL;
	list_for_each(node, &ini->tmfs)
		if (node == &tmf->node)
			return ERR_PROTOCOL; /* it was not sent yet */
	tmf->response = pdu->bhs[AT_RESPONSE];
	memcpy(tmf->info, pdu->bhs + AT_TMF_INFO, sizeof(tmf->info));
	if (was_carried_out(tmf)) {
		cancel_in(ini, &ini->bursts, tmf);
		cancel_in(ini, &ini->active, tmf);
	}
	tmf_end(ini, tmf, 0);
	return 0;
}

/* ---- The end of the connection ---- */

static void
end_list(struct iscsi_initiator *ini, struct list *list, int reason)
{
	for (struct list *node; (node = list_first(list)) != NULL;) {
		struct iscsi_request *r = list_entry(node, struct iscsi_request, node);

		r->slots = 0;
		if (!r->answered)
			r->error = reason;
		done(ini, r);
	}
}

void
iscsi_initiator_end_all(struct iscsi_initiator *ini, int reason)
{
	struct list *requests[] = { &ini->ending, &ini->bursts, &ini->active, &ini->waiting };
	struct list *tmfs[] = { &ini->tmfs, &ini->tmfs_sent };

	for (size_t i = 0; i < ARRAY_LEN(requests); i++)
		end_list(ini, requests[i], reason);
	for (size_t i = 0; i < ARRAY_LEN(tmfs); i++)
		for (struct list *node; (node = list_first(tmfs[i])) != NULL;)
			tmf_end(ini, list_entry(node, struct iscsi_request_tmf, node), reason);
}
