/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An initiator: its life, what it receives, and the small requests (pings, logout).  RFC 7143.
 * Called by the owner, on the initiator's thread.
 *
 *	OFFERS, CHALLENGES, PROVES, OPERATIONAL	the login (initiator_login.c)
 *	OPERATIONAL --last response--> FULL	requests may be sent (initiator_task.c)
 *	any --iscsi_initiator_fail--> ENDED	input and output end; the owner calls stop
 *	any --iscsi_initiator_stop--> ENDED	and every request ends
 */
#include "iscsi/initiator_int.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/err.h"

/* Data of a PDU that is gathered before it is looked at: text, sense, what a Reject shows. */
#define GATHERED_MAX (64u * 1024)

/* ---- Life ---- */

void
iscsi_initiator_limits(struct iscsi_params *limits)
{
	*limits = (struct iscsi_params){
		.max_recv_len = 256 * 1024,
		.max_send_len = 0xffffff,
		.max_burst_len = 0xffffff,
		.first_burst_len = 0xffffff,
		.max_outstanding_r2t = 1,
		.max_connections = 1,
		.time2wait_s = 0,
		.time2retain_s = 0,
		.header_digest = ISCSI_DIGEST_NONE,
		.data_digest = ISCSI_DIGEST_NONE,
		.initial_r2t = false,
		.immediate_data = true,
		.protocol_level = 2,
	};
}

static bool
limits_are_valid(const struct iscsi_params *l)
{
	return l->max_recv_len >= 512 && l->max_recv_len <= 0xffffff && l->max_send_len >= 512 &&
	       l->max_burst_len >= 512 && l->max_burst_len <= 0xffffff &&
	       l->first_burst_len >= 512 && l->first_burst_len <= l->max_burst_len &&
	       l->header_digest >= 1 && l->header_digest <= 3 && l->data_digest >= 1 &&
	       l->data_digest <= 3;
}

/* Returns 0, or ERR_INVALID (there is no text, or it is too long). */
static int
take_text(char *to, size_t size, const char *text)
{
	size_t len = text != NULL ? strlen(text) : 0;

	if (len == 0 || len >= size)
		return ERR_INVALID;
	memcpy(to, text, len + 1);
	return 0;
}

static int
take_secret(struct iscsi_initiator_secret *to, const struct iscsi_secret *secret)
{
	if (secret->len > sizeof(to->bytes))
		return ERR_INVALID;
	if (secret->len > 0)
		memcpy(to->bytes, secret->bytes, secret->len);
	to->len = secret->len;
	return 0;
}

static int
take_config(struct iscsi_initiator *ini, const struct iscsi_initiator_config *config)
{
	int rc = take_text(ini->initiator_name, sizeof(ini->initiator_name),
			   config->initiator_name);

	if (rc == 0)
		rc = take_text(ini->target_name, sizeof(ini->target_name), config->target_name);
	if (rc == 0 && config->initiator_alias != NULL)
		rc = take_text(ini->initiator_alias, sizeof(ini->initiator_alias),
			       config->initiator_alias);
	if (rc == 0 && config->chap_name != NULL)
		rc = take_text(ini->chap_name, sizeof(ini->chap_name), config->chap_name);
	if (rc == 0)
		rc = take_secret(&ini->secret, &config->secret);
	if (rc == 0)
		rc = take_secret(&ini->target_secret, &config->target_secret);
	if (rc < 0 || (config->chap_name != NULL && ini->secret.len == 0) ||
	    !limits_are_valid(&ini->limits))
		return ERR_INVALID;
	ini->ops = config->ops;
	ini->user = config->user;
	memcpy(ini->isid, config->isid, ISCSI_ISID_SIZE);
	ini->cid = config->cid;
	return 0;
}

int
iscsi_initiator_new(const struct iscsi_initiator_config *config,
		    struct iscsi_initiator **ret_initiator)
{
	struct iscsi_initiator *ini = mem_calloc(1, sizeof(*ini));
	int rc;

	if (ini == NULL)
		return -ENOMEM;
	if (config->limits != NULL)
		ini->limits = *config->limits;
	else
		iscsi_initiator_limits(&ini->limits);
	iscsi_keys_defaults(&ini->params);
	ini->tpgt = -1;
	ini->cmd_sn = 1;
	list_init(&ini->waiting);
	list_init(&ini->bursts);
	list_init(&ini->active);
	list_init(&ini->ending);
	list_init(&ini->tmfs);
	list_init(&ini->tmfs_sent);
	iscsi_text_init(&ini->text, &ini->account);
	iscsi_rx_init(&ini->rx, &ini->account);
	rc = take_config(ini, config);
	if (rc == 0)
		rc = iscsi_initiator_login_begin(ini);
	if (rc < 0) {
		iscsi_initiator_free(ini);
		return rc;
	}
	*ret_initiator = ini;
	return 0;
}

void
iscsi_initiator_free(struct iscsi_initiator *ini)
{
	if (ini == NULL)
		return;
	assert(ini->requests == 0);
	iscsi_initiator_login_end(ini);
	iscsi_text_fini(&ini->text);
	iscsi_rx_fini(&ini->rx);
	mem_free(ini->places);
	mem_free(ini);
}

int
iscsi_initiator_fail(struct iscsi_initiator *ini, int reason)
{
	if (ini->error == 0) {
		ini->error = reason;
		ini->state = INITIATOR_ENDED;
	}
	return ini->error;
}

void
iscsi_initiator_stop(struct iscsi_initiator *ini, int reason)
{
	iscsi_initiator_fail(ini, reason);
	iscsi_rx_abandon(&ini->rx);
	ini->tx.count = 0;
	ini->tx.sent = 0;
	iscsi_initiator_login_end(ini);
	iscsi_initiator_end_all(ini, ini->error);
}

int
iscsi_initiator_error(const struct iscsi_initiator *ini)
{
	return ini->error;
}

bool
iscsi_initiator_is_ready(const struct iscsi_initiator *ini)
{
	return ini->state == INITIATOR_FULL;
}

const struct iscsi_params *
iscsi_initiator_params(const struct iscsi_initiator *ini)
{
	return &ini->params;
}

unsigned
iscsi_initiator_login_status(const struct iscsi_initiator *ini)
{
	return ini->login_status;
}

int
iscsi_initiator_tpgt(const struct iscsi_initiator *ini)
{
	return ini->tpgt;
}

unsigned
iscsi_initiator_requests(const struct iscsi_initiator *ini)
{
	return ini->requests;
}

int
iscsi_initiator_ping(struct iscsi_initiator *ini)
{
	if (ini->error < 0)
		return ini->error;
	if (ini->state != INITIATOR_FULL)
		return ERR_INVALID;
	if (ini->ping_due || ini->ping_sent)
		return ERR_BUSY;
	ini->ping_due = true;
	return 0;
}

int
iscsi_initiator_log_out(struct iscsi_initiator *ini)
{
	if (ini->error < 0)
		return ini->error;
	if (ini->state != INITIATOR_FULL)
		return ERR_INVALID;
	ini->logout_due = true;
	return 0;
}

/* ---- Numbers ---- */

/* RFC 7143 §4.2.2.1: an older window is ignored. */
static void
take_window(struct iscsi_initiator *ini, const uint8_t *bhs)
{
	uint32_t exp = get_be32(bhs + AT_EXP_CMD_SN), max = get_be32(bhs + AT_MAX_CMD_SN);

	if ((int32_t)(max + 1 - exp) >= 0 && (int32_t)(max - ini->max_cmd_sn) > 0)
		ini->max_cmd_sn = max;
}

/*
 * A status comes with the next StatSN; a gap would be a PDU that was lost, which is not recovered
 * from.  The first response of a login begins the count.
 */
static int
take_stat_sn(struct iscsi_initiator *ini, const uint8_t *bhs, bool uses_up)
{
	uint32_t sn = get_be32(bhs + AT_STAT_SN);

	if (!ini->has_stat_sn) {
		ini->has_stat_sn = true;
		ini->exp_stat_sn = sn;
	}
	if (sn != ini->exp_stat_sn)
		return ERR_PROTOCOL;
	if (uses_up)
		ini->exp_stat_sn++;
	return 0;
}

/* ---- Small PDUs ---- */

static int
on_nop_in(struct iscsi_initiator *ini, const struct iscsi_pdu *pdu)
{
	uint32_t ttt = get_be32(pdu->bhs + AT_TTT);
	struct iscsi_initiator_pong *pong;

	if (get_be32(pdu->bhs + AT_ITT) == INITIATOR_TAG_PING && ini->ping_sent) {
		ini->ping_sent = false;
		return 0;
	}
	if (get_be32(pdu->bhs + AT_ITT) != TAG_NONE)
		return ERR_PROTOCOL;
	if (ttt == TAG_NONE)
		return 0;
	if (ini->pong_count == ARRAY_LEN(ini->pongs))
		return ERR_PROTOCOL; /* it has not waited for the answers */
	pong = &ini->pongs[(ini->pong_first + ini->pong_count++) % ARRAY_LEN(ini->pongs)];
	pong->ttt = ttt;
	memcpy(pong->lun, pdu->bhs + AT_LUN, sizeof(pong->lun));
	return 0;
}

static int
on_logout(struct iscsi_initiator *ini, const struct iscsi_pdu *pdu)
{
	(void)ini;
	return get_be32(pdu->bhs + AT_ITT) == INITIATOR_TAG_LOGOUT ? ERR_CLOSED : ERR_PROTOCOL;
}

static int
on_async(struct iscsi_initiator *ini, const struct iscsi_pdu *pdu)
{
	const uint8_t *bhs = pdu->bhs;
	struct iscsi_async message = {
		.event = bhs[AT_ASYNC_EVENT],
		.vendor_code = bhs[AT_ASYNC_EVENT + 1],
		.param1 = get_be16(bhs + AT_ASYNC_EVENT + 2),
		.param2 = get_be16(bhs + AT_ASYNC_EVENT + 4),
		.param3 = get_be16(bhs + AT_ASYNC_EVENT + 6),
	};

	if (message.event == ISCSI_ASYNC_SCSI) {
		uint32_t len = pdu->data_len >= 2 ? get_be16(pdu->data) : 0;

		if (len > ISCSI_SENSE_MAX || len + 2 > pdu->data_len)
			return ERR_PROTOCOL;
		message.lun = bhs + AT_LUN;
		message.sense = pdu->data + 2;
		message.sense_len = (uint16_t)len;
	}
	ini->ops->async(ini->user, &message);
	return 0;
}

/* What was rejected is not known well enough to go on. */
static int
on_reject(struct iscsi_initiator *ini, const struct iscsi_pdu *pdu)
{
	(void)ini;
	(void)pdu;
	return ERR_PROTOCOL;
}

/* ---- Receiving ---- */

enum stat_sn_use { STAT_SN_NONE, STAT_SN_SHOWN, STAT_SN_USED, STAT_SN_WITH_STATUS, STAT_SN_TAG };

static const struct initiator_rule {
	enum iscsi_pdu_opcode opcode;
	bool in_login; /* allowed in the login, and only there */
	enum stat_sn_use stat_sn;
	int (*handle)(struct iscsi_initiator *ini, const struct iscsi_pdu *pdu);
	/* clang-format off */
} rules[] = {
	{ OP_LOGIN_RESPONSE,  true,  STAT_SN_USED,        iscsi_initiator_on_login },
	{ OP_RESPONSE,        false, STAT_SN_USED,        iscsi_initiator_on_response },
	{ OP_DATA_IN,         false, STAT_SN_WITH_STATUS, iscsi_initiator_on_data_in },
	{ OP_R2T,             false, STAT_SN_SHOWN,       iscsi_initiator_on_r2t },
	{ OP_TMF_RESPONSE,    false, STAT_SN_USED,        iscsi_initiator_on_tmf_response },
	{ OP_NOP_IN,          false, STAT_SN_TAG,         on_nop_in },
	{ OP_LOGOUT_RESPONSE, false, STAT_SN_USED,        on_logout },
	{ OP_ASYNC,           false, STAT_SN_USED,        on_async },
	{ OP_REJECT,          false, STAT_SN_USED,        on_reject },
};
/* clang-format on */

static const struct initiator_rule *
find_rule(const struct iscsi_initiator *ini, const uint8_t *bhs)
{
	bool login = ini->state < INITIATOR_FULL;

	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		if (rules[i].opcode == iscsi_bhs_opcode(bhs) && rules[i].in_login == login)
			return &rules[i];
	return NULL;
}

/* A target's requests for a sign of life show the next StatSN and do not use it up. */
static int
take_numbers(struct iscsi_initiator *ini, const struct initiator_rule *rule, const uint8_t *bhs)
{
	enum stat_sn_use use = rule->stat_sn;

	take_window(ini, bhs);
	if (use == STAT_SN_WITH_STATUS)
		use = (bhs[AT_FLAGS] & FLAG_STATUS) != 0 ? STAT_SN_USED : STAT_SN_NONE;
	if (use == STAT_SN_TAG)
		use = get_be32(bhs + AT_ITT) != TAG_NONE ? STAT_SN_USED : STAT_SN_SHOWN;
	return use == STAT_SN_NONE ? 0 : take_stat_sn(ini, bhs, use == STAT_SN_USED);
}

/* The lengths are checked before anything is allocated. */
static int
on_head(struct iscsi_initiator *ini, const struct iscsi_pdu *pdu)
{
	if (find_rule(ini, pdu->bhs) == NULL || pdu->ahs_len > 0)
		return ERR_PROTOCOL;
	if (iscsi_bhs_opcode(pdu->bhs) == OP_DATA_IN)
		return iscsi_initiator_head_data_in(ini, pdu);
	return pdu->data_len <= GATHERED_MAX ? 0 : ERR_PROTOCOL;
}

static int
on_pdu(struct iscsi_initiator *ini, const struct iscsi_pdu *pdu)
{
	const struct initiator_rule *rule = find_rule(ini, pdu->bhs);
	int rc;

	if (ini->rx.data_bad || rule == NULL)
		return ERR_PROTOCOL;
	rc = take_numbers(ini, rule, pdu->bhs);
	return rc < 0 ? rc : rule->handle(ini, pdu);
}

static int
receive(struct iscsi_initiator *ini, const uint8_t *bytes, size_t len)
{
	while (ini->error == 0) {
		int rc = iscsi_rx_step(&ini->rx, &bytes, &len);

		if (rc == RX_MORE)
			return 0;
		if (rc == RX_HEAD)
			rc = on_head(ini, &ini->rx.pdu);
		else if (rc == RX_PDU)
			rc = on_pdu(ini, &ini->rx.pdu);
		if (rc < 0)
			return rc;
	}
	return ini->error;
}

int
iscsi_initiator_input(struct iscsi_initiator *ini, const void *bytes, size_t len_bytes)
{
	int rc = receive(ini, bytes, len_bytes);

	return rc < 0 ? iscsi_initiator_fail(ini, rc) : 0;
}

int
iscsi_initiator_rx_iov(struct iscsi_initiator *ini, struct iovec *iov, int max)
{
	return ini->error < 0 ? 0 : iscsi_rx_iov(&ini->rx, iov, max);
}

int
iscsi_initiator_rx_advance(struct iscsi_initiator *ini, size_t len_bytes)
{
	static const uint8_t none;

	if (ini->error < 0)
		return ini->error;
	iscsi_rx_advance(&ini->rx, len_bytes);
	return iscsi_initiator_input(ini, &none, 0);
}
