/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A connection: its states, and the table that says which function handles which PDU in which
 * state.  RFC 7143 §8.  Called by the owner of the connection (iscsi.h), on the thread that has the
 * connection.
 *
 *	UP --first login request--> IN_LOGIN --last login response--> LOGGED_IN --logout, stop, error--> CLOSED
 *	LOGGED_IN --logout of one of several connections--> LEAVING --its tasks have ended, stop, error--> CLOSED
 *
 * Transition -> function: iscsi_login_on_request; iscsi_conn_established; iscsi_conn_stop and
 * iscsi_conn_fail; iscsi_control_on_logout; iscsi_tmf_await_logout.
 */
#include "iscsi/recover_int.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/probe.h"

#define QUEUE_DEPTH_DEFAULT     128
#define QUEUE_DEPTH_MAX         1024
#define IMMEDIATE_DEPTH_DEFAULT 16
#define IMMEDIATE_DEPTH_MAX     256
#define STASH_KEEP              16384u /* bytes of a stash that are kept when memory is tight */

LOG_AREA(pdu_log, "iscsi.pdu");

/* One row for each PDU that an initiator may send. */
static const struct op {
	int (*handle)(struct iscsi_conn *conn, const struct iscsi_pdu *pdu);
	uint8_t states; /* enum iscsi_conn_state, where it is allowed */
	bool discovery; /* also in a discovery session */
	bool numbered;  /* has a CmdSN: runs in its turn */
			/* clang-format off */
} op_table[OP_MASK + 1] = {
	[OP_NOP_OUT] = { iscsi_control_on_nop_out, CONN_LOGGED_IN, true, true },
	[OP_COMMAND] = { iscsi_task_on_command, CONN_LOGGED_IN, false, true },
	[OP_TMF] = { iscsi_tmf_on_request, CONN_LOGGED_IN, false, true },
	[OP_LOGIN] = { iscsi_login_on_request, CONN_UP | CONN_IN_LOGIN, true, false },
	[OP_TEXT] = { iscsi_discovery_on_text, CONN_LOGGED_IN, true, true },
	[OP_DATA_OUT] = { iscsi_data_on_out, CONN_LOGGED_IN, false, false },
	[OP_LOGOUT] = { iscsi_control_on_logout, CONN_LOGGED_IN, true, true },
	[OP_SNACK] = { iscsi_snack_on_request, CONN_LOGGED_IN, false, false },
};
/* clang-format on */

void
iscsi_params_default(struct iscsi_params *limits)
{
	*limits = (struct iscsi_params){
		.max_recv_len = 256 * 1024,
		.max_send_len = 256 * 1024,
		.max_burst_len = 1024 * 1024,
		.first_burst_len = 256 * 1024,
		.max_outstanding_r2t = 16,
		.max_connections = 16,
		.time2wait_s = 2,
		.time2retain_s = 20,
		.header_digest = ISCSI_DIGEST_NONE | ISCSI_DIGEST_CRC32C,
		.data_digest = ISCSI_DIGEST_NONE | ISCSI_DIGEST_CRC32C,
		.initial_r2t = false,
		.immediate_data = true,
		.error_recovery_level = 2,
		.protocol_level = 2,
	};
}

static bool
limits_ok(const struct iscsi_params *l)
{
	return l->max_recv_len >= 512 && l->max_recv_len <= 0xffffff && l->max_send_len >= 512 &&
	       l->max_send_len <= 0xffffff && l->max_burst_len >= 512 &&
	       l->max_burst_len <= 0xffffff && l->first_burst_len >= 512 &&
	       l->first_burst_len <= l->max_burst_len && l->max_outstanding_r2t >= 1 &&
	       l->max_connections >= 1 && l->time2wait_s <= 3600 && l->time2retain_s <= 3600 &&
	       l->header_digest >= 1 && l->header_digest <= 3 && l->data_digest >= 1 &&
	       l->data_digest <= 3 && l->error_recovery_level <= 2;
}

static int
conn_init(struct iscsi_conn *conn, const struct iscsi_conn_config *config,
	  const struct iscsi_params *limits)
{
	uint32_t depth = config->queue_depth != 0 ? config->queue_depth : QUEUE_DEPTH_DEFAULT;
	uint16_t immediate = config->immediate_depth != 0 ? config->immediate_depth
							  : IMMEDIATE_DEPTH_DEFAULT;
	struct iscsi_session *session;

	conn->ops = config->ops;
	conn->user = config->user;
	conn->state = CONN_UP;
	conn->immediate_depth = immediate;
	conn->limits = *limits;
	iscsi_keys_defaults(&conn->params);
	iscsi_login_init(&conn->login);
	conn->account.budget = config->budget;
	conn->account.free_bytes = ISCSI_ACCOUNT_FREE;
	iscsi_text_init(&conn->text, &conn->account);
	session = iscsi_session_new(depth, immediate, config->task_extra_bytes, config->budget);
	if (session == NULL)
		return -ENOMEM;
	iscsi_session_add(session, conn);
	iscsi_rx_init(&conn->rx, &conn->account);
	return iscsi_tx_init(&conn->tx);
}

int
iscsi_conn_new(const struct iscsi_conn_config *config, struct iscsi_conn **ret_conn)
{
	struct iscsi_params limits;
	struct iscsi_conn *conn;

	if (config->limits != NULL)
		limits = *config->limits;
	else
		iscsi_params_default(&limits);
	if (!limits_ok(&limits) || config->queue_depth > QUEUE_DEPTH_MAX ||
	    config->immediate_depth > IMMEDIATE_DEPTH_MAX || config->task_extra_bytes > 1024 * 1024)
		return ERR_INVALID;
	conn = mem_calloc(1, sizeof(*conn));
	if (conn == NULL)
		return -ENOMEM;
	int rc = conn_init(conn, config, &limits);

	if (rc < 0) {
		if (conn->session != NULL)
			iscsi_conn_free(conn);
		else
			mem_free(conn);
		return rc;
	}
	*ret_conn = conn;
	return 0;
}

/* Of a task that is free, the connection that it had last may be gone. */
static void
release_tasks(struct iscsi_conn *conn)
{
	const struct iscsi_task_pool *pool = &conn->session->pool;

	for (uint32_t i = 0; i < pool->chunks * TASK_CHUNK; i++) {
		struct iscsi_cmd *task = iscsi_task_at(pool, i);

		if (task->state != TASK_FREE && task->pub.conn == conn)
			iscsi_task_release(task);
	}
}

void
iscsi_conn_free(struct iscsi_conn *conn)
{
	if (conn == NULL)
		return;
	iscsi_conn_stop(conn);
	assert(iscsi_conn_tasks(conn) == 0);
	iscsi_login_fini(&conn->login);
	iscsi_tx_clear(conn);
	release_tasks(conn);
	iscsi_tx_clear(conn); /* answers to task management that waited for those */
	iscsi_recover_fini(conn);
	iscsi_tmf_free_all(conn);
	iscsi_session_remove(conn);
	iscsi_text_fini(&conn->text);
	iscsi_rx_fini(&conn->rx);
	iscsi_tx_fini(&conn->tx);
	assert(conn->account.bytes == 0);
	mem_free(conn);
}

/* --- input ----------------------------------------------------------------------------------- */

int
iscsi_conn_fail(struct iscsi_conn *conn, int rc)
{
	if (conn->error == 0)
		conn->error = rc;
	conn->state = CONN_CLOSED;
	log_debug(&pdu_log, "conn.end", "reason=%s", err_name(conn->error));
	return conn->error;
}

void
iscsi_conn_wake(struct iscsi_conn *conn)
{
	if (conn->ops->output != NULL)
		conn->ops->output(conn->user);
}

static int
drop_for(struct iscsi_conn *conn, const struct iscsi_pdu *pdu, enum iscsi_reject_reason reason)
{
	int rc = iscsi_control_reject(conn, pdu, reason);

	return rc < 0 ? rc : ERR_PROTOCOL;
}

/* A PDU that the state does not allow.  RFC 7143 §6.3, §11.13.5. */
static int
on_wrong_state(struct iscsi_conn *conn, const struct iscsi_pdu *pdu)
{
	switch (conn->state) {
	case CONN_IN_LOGIN:
		return iscsi_login_refuse(conn, ISCSI_LOGIN_INVALID_REQUEST,
					  "a PDU came that does not belong to a login");
	case CONN_LOGGED_IN:
		return drop_for(conn, pdu, REJECT_PROTOCOL);
	case CONN_LEAVING: /* what was under way when the logout came: nothing answers it */
		return 0;
	case CONN_UP:
	case CONN_CLOSED:
	case CONN_SUSPENDED:
		break;
	}
	return ERR_PROTOCOL;
}

/* The header of a PDU is complete, its data is not: may it come, and where does it go? */
static int
on_head(struct iscsi_conn *conn)
{
	const struct iscsi_pdu *pdu = &conn->rx.pdu;
	uint8_t opcode = iscsi_bhs_opcode(pdu->bhs);

	if (conn->state == CONN_UP && opcode != OP_LOGIN)
		return ERR_PROTOCOL;
	if (conn->login.pending_step >= 0)
		return ERR_PROTOCOL; /* it was to wait for our answer */
	if (pdu->data_len > iscsi_conn_max_recv(conn))
		return conn->state == CONN_LOGGED_IN ? drop_for(conn, pdu, REJECT_PROTOCOL)
						     : ERR_PROTOCOL;
	if (opcode == OP_DATA_OUT && conn->state == CONN_LOGGED_IN)
		return iscsi_data_out_head(conn, pdu);
	if (conn->state == CONN_LEAVING)
		iscsi_rx_discard(&conn->rx);
	return 0;
}

/* Its CmdSN was checked, or it has none. */
static int
dispatch(struct iscsi_conn *conn, const struct iscsi_pdu *pdu)
{
	const struct op *op = &op_table[iscsi_bhs_opcode(pdu->bhs)];

	if (conn->discovery && !op->discovery)
		return iscsi_control_reject(conn, pdu, REJECT_PROTOCOL);
	return op->handle(conn, pdu);
}

/* numbered: it has just taken its number. */
static int
dispatch_in_turn(struct iscsi_conn *conn, const struct iscsi_pdu *pdu, bool numbered)
{
	int rc;

	conn->session->in_turn = numbered;
	rc = dispatch(conn, pdu);
	conn->session->in_turn = false;
	return rc;
}

static int
run_one_held(struct iscsi_conn *conn, const struct iscsi_held *h)
{
	struct iscsi_pdu pdu = {
		.bhs = h->bytes,
		.ahs_len = h->ahs_len,
		.data = h->bytes + BHS_SIZE + h->ahs_len,
		.data_len = h->data_len,
	};

	return (conn->state & CONN_LOGGED_IN) == 0
		       ? 0
		       : dispatch_in_turn(conn, &pdu, !h->is_data && !h->is_immediate);
}

/* Connections that have stopped taking input because of what is held may take it again. */
static void
go_on(struct iscsi_session *s)
{
	s->stalled = false;
	list_for_each(node, &s->conns)
		iscsi_conn_wake(list_entry(node, struct iscsi_conn, session_node));
}

/*
 * What was held and is in turn now, whichever connection it came through.  rc: how what came
 * through `conn` just now ended; what others have sent runs also when this connection fails.
 */
static int
run_held(struct iscsi_conn *conn, int rc)
{
	struct iscsi_session *s = conn->session;
	struct iscsi_held *h;

	while ((h = iscsi_session_pop(s)) != NULL) {
		struct iscsi_conn *other = h->conn;

		if (other == conn) {
			if (rc == 0 && conn->error == 0)
				rc = run_one_held(conn, h);
		} else if (other != NULL) {
			int failed = run_one_held(other, h);

			if (failed < 0)
				iscsi_conn_fail(other, failed);
			iscsi_conn_wake(other);
		}
		iscsi_session_held_free(s, h);
	}
	if (s->stalled)
		go_on(s);
	return rc;
}

/*
 * With error recovery what is missing may be retried through this connection, which therefore goes
 * on reading; a command for which there is no room is rejected, and can be retried, too.
 */
static int
hold_ahead(struct iscsi_conn *conn, const struct iscsi_pdu *pdu, uint32_t cmd_sn)
{
	int rc = iscsi_session_hold(conn, pdu, cmd_sn, false);

	return rc == ERR_LIMIT && conn->recover.on
		       ? iscsi_control_reject(conn, pdu, REJECT_NO_RESOURCES)
		       : rc;
}

static int
run_numbered(struct iscsi_conn *conn, const struct iscsi_pdu *pdu)
{
	struct iscsi_session *s = conn->session;
	uint32_t cmd_sn = get_be32(pdu->bhs + AT_CMD_SN);
	int rc;

	switch (iscsi_session_place(s, cmd_sn)) {
	case SN_NEXT:
		s->exp_cmd_sn++;
		rc = dispatch_in_turn(conn, pdu, true);
		return list_empty(&s->held) ? rc : run_held(conn, rc);
	case SN_AHEAD:
		/* A discovery session keeps nothing for its peer: what was lost between ends it. */
		if (conn->discovery)
			return ERR_PROTOCOL;
		return hold_ahead(conn, pdu, cmd_sn);
	case SN_OUTSIDE:
		break;
	}
	return 0;
}

/* The data digest was wrong: RFC 7143 §7.8.  Only its header can be believed. */
static int
on_damaged(struct iscsi_conn *conn, const struct iscsi_pdu *pdu)
{
	int rc = conn->state == CONN_LEAVING ? 0
					     : iscsi_control_reject(conn, pdu, REJECT_DATA_DIGEST);

	if (rc == 0 && iscsi_bhs_opcode(pdu->bhs) == OP_DATA_OUT)
		iscsi_data_out_damaged(conn, pdu);
	return rc;
}

static void
note_exp_stat_sn(struct iscsi_conn *conn, uint32_t sn)
{
	/* It acknowledges what was sent, no more. */
	if (iscsi_sn_before(conn->tx.stat_sn, sn) || !iscsi_sn_before(conn->exp_stat_sn, sn))
		return;
	conn->exp_stat_sn = sn;
	if (conn->recover.on)
		iscsi_recover_acked(conn, sn);
	if (__builtin_expect(conn->session->fences > 0, false))
		iscsi_tmf_on_acknowledged(conn->session);
}

/*
 * Does this PDU take a number of the command window?  A NOP-Out that wants no answer never does:
 * "the I bit MUST be set to 1 and CmdSN is not advanced" (RFC 7143 §11.18.1), so one with I=0 is
 * treated as if it were immediate.
 */
static bool
takes_number(const struct op *op, const uint8_t *bhs)
{
	if (!op->numbered || iscsi_bhs_is_immediate(bhs))
		return false;
	return iscsi_bhs_opcode(bhs) != OP_NOP_OUT || get_be32(bhs + AT_ITT) != TAG_NONE;
}

static int
on_pdu(struct iscsi_conn *conn)
{
	const struct iscsi_pdu *pdu = &conn->rx.pdu;
	const struct op *op = &op_table[iscsi_bhs_opcode(pdu->bhs)];
	int rc;

	log_debug(&pdu_log, "pdu.in", "op=%s itt=%08x len=%u", iscsi_pdu_name(pdu->bhs[AT_OPCODE]),
		  (unsigned)get_be32(pdu->bhs + AT_ITT), (unsigned)pdu->data_len);
	PROBE2(pdu_in, conn, pdu->bhs);
	if (conn->rx.data_bad)
		return on_damaged(conn, pdu);
	if (op->handle == NULL)
		return conn->state == CONN_LOGGED_IN
			       ? iscsi_control_reject(conn, pdu, REJECT_NOT_SUPPORTED)
			       : on_wrong_state(conn, pdu);
	if ((op->states & conn->state) == 0)
		return on_wrong_state(conn, pdu);
	note_exp_stat_sn(conn, get_be32(pdu->bhs + AT_EXP_STAT_SN));
	if (takes_number(op, pdu->bhs))
		return run_numbered(conn, pdu);
	rc = dispatch(conn, pdu);
	/* An abort may have closed a gap. */
	return list_empty(&conn->session->held) ? rc : run_held(conn, rc);
}

/*
 * Tells the owner of the command that follows the present PDU, so that what it needs is on its way
 * while the present one runs.
 */
static void
look_ahead(struct iscsi_conn *conn, const uint8_t *next, size_t len)
{
	if (len >= BHS_SIZE && iscsi_bhs_opcode(next) == OP_COMMAND &&
	    conn->state == CONN_LOGGED_IN && !conn->discovery && conn->ops->soon != NULL)
		conn->ops->soon(conn->user, next + AT_LUN, next + AT_CDB);
}

static int
run(struct iscsi_conn *conn, const uint8_t *bytes, size_t len)
{
	while (conn->error == 0) {
		int event = iscsi_rx_step(&conn->rx, &bytes, &len);

		if (event == RX_MORE)
			return conn->error;
		if (event == RX_PDU)
			look_ahead(conn, bytes, len);
		if (event == RX_HEAD)
			event = on_head(conn);
		else if (event == RX_PDU)
			event = on_pdu(conn);
		if (event < 0)
			return iscsi_conn_fail(conn, event);
		if (conn->rx.state == RX_IN_HEADER && conn->rx.stash_size > STASH_KEEP &&
		    iscsi_account_is_tight(&conn->account))
			iscsi_rx_drop_stash(&conn->rx);
	}
	return conn->error;
}

int
iscsi_conn_input(struct iscsi_conn *conn, const void *bytes, size_t len_bytes)
{
	return run(conn, bytes, len_bytes);
}

int
iscsi_conn_rx_iov(struct iscsi_conn *conn, struct iovec *iov, int max)
{
	return conn->error < 0 ? 0 : iscsi_rx_iov(&conn->rx, iov, max);
}

int
iscsi_conn_rx_advance(struct iscsi_conn *conn, size_t len_bytes)
{
	if (conn->error == 0)
		iscsi_rx_advance(&conn->rx, len_bytes);
	return run(conn, (const uint8_t *)"", 0);
}

int
iscsi_conn_error(const struct iscsi_conn *conn)
{
	return conn->error;
}

size_t
iscsi_conn_rx_need(const struct iscsi_conn *conn)
{
	return iscsi_rx_need(&conn->rx);
}

bool
iscsi_conn_rx_in_pdu(const struct iscsi_conn *conn)
{
	return conn->rx.state != RX_IN_HEADER || conn->rx.have > 0;
}

bool
iscsi_conn_is_stranger(const struct iscsi_conn *conn)
{
	return (conn->state & (CONN_LOGGED_IN | CONN_LEAVING)) == 0 || conn->discovery;
}

uint32_t
iscsi_conn_max_recv(const struct iscsi_conn *conn)
{
	return iscsi_conn_is_stranger(conn) ? LOGIN_DATA_MAX
					    : MAX(conn->limits.max_recv_len, LOGIN_DATA_MAX);
}

/* A stranger gets one answer at a time: it has to take it before the next request is read. */
bool
iscsi_conn_wants_input(const struct iscsi_conn *conn)
{
	if (iscsi_conn_is_stranger(conn))
		return conn->error == 0 && !iscsi_conn_has_output(conn);
	if (__builtin_expect(conn->held > 0, false) && iscsi_session_stalls(conn))
		return false;
	return conn->error == 0 && conn->tx.msgs < TX_MSGS_SOFT &&
	       conn->tx.msg_bytes < TX_BYTES_SOFT;
}

/* --- login ----------------------------------------------------------------------------------- */

int
iscsi_conn_established(struct iscsi_conn *conn)
{
	bool header_digest = conn->params.header_digest == ISCSI_DIGEST_CRC32C;
	bool data_digest = conn->params.data_digest == ISCSI_DIGEST_CRC32C;

	conn->state = CONN_LOGGED_IN;
	conn->rx.header_digest = conn->tx.header_digest = header_digest;
	conn->rx.data_digest = conn->tx.data_digest = data_digest;
	if (conn->params.error_recovery_level > 0)
		iscsi_recover_start(conn);
	if (!conn->discovery) {
		int rc = iscsi_tx_grow(&conn->tx);

		if (rc < 0)
			return rc;
	}
	return conn->error;
}

int
iscsi_conn_login_done(struct iscsi_conn *conn, const struct iscsi_login_reply *reply)
{
	int rc;

	if (conn->error < 0)
		return conn->error;
	rc = iscsi_login_decided(conn, reply);
	return rc < 0 ? iscsi_conn_fail(conn, rc) : 0;
}

bool
iscsi_conn_login_pending(const struct iscsi_conn *conn)
{
	return conn->login.pending_step >= 0;
}

bool
iscsi_conn_is_established(const struct iscsi_conn *conn)
{
	return conn->state == CONN_LOGGED_IN;
}

const struct iscsi_login *
iscsi_conn_login(const struct iscsi_conn *conn)
{
	return &conn->info;
}

const struct iscsi_params *
iscsi_conn_params(const struct iscsi_conn *conn)
{
	return &conn->params;
}

struct iscsi_session *
iscsi_conn_session(const struct iscsi_conn *conn)
{
	return conn->session;
}

enum iscsi_logout
iscsi_conn_logged_out(const struct iscsi_conn *conn)
{
	return conn->logout;
}

uint32_t
iscsi_conn_new_ttt(struct iscsi_conn *conn)
{
	/* Apart from those of R2Ts, and never the reserved one. */
	return 0x80000000u | (conn->next_ttt++ & 0x3fffffffu);
}

bool
iscsi_conn_same_lun(const struct iscsi_conn *conn, const uint8_t *a, const uint8_t *b)
{
	return memcmp(a, b, 8) == 0 || (conn->ops->same_lun != NULL && conn->ops->same_lun(a, b));
}

/* --- the end --------------------------------------------------------------------------------- */

void
iscsi_conn_stop(struct iscsi_conn *conn)
{
	if (conn->error == 0)
		conn->error = ERR_CLOSED;
	conn->state = CONN_CLOSED;
	iscsi_session_forget_held(conn->session, conn);
	iscsi_task_abort_all(conn->session, conn, NULL, NULL);
	iscsi_conn_left(conn);
}

void
iscsi_conn_left(struct iscsi_conn *conn)
{
	if (conn->session->fences > 0) /* nothing waits for its acknowledgements any more */
		iscsi_tmf_on_acknowledged(conn->session);
	if (conn->session->stalled) /* what is missing may not come any more */
		go_on(conn->session);
}

unsigned
iscsi_conn_tasks(const struct iscsi_conn *conn)
{
	return conn->with_owner + conn->tmf_with_owner;
}

unsigned
iscsi_conn_abandoned(const struct iscsi_conn *conn)
{
	return conn->abandoned;
}
