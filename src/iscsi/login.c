/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Login: from the first request to the full feature phase.  RFC 7143 §6.3, §11.12, §11.13.
 *
 *	START --first request, owner says yes--> SECURITY | OPERATIONAL	  (the stage the initiator begins with)
 *	SECURITY --T, NSG=1--> OPERATIONAL	SECURITY, OPERATIONAL --T, NSG=3, owner says yes--> FULL
 *
 * Transition -> function: first: on_first, after_first; in a stage: on_security, on_operational; to
 * the next: answer; to FULL: finish.  Whatever no row of `rules` allows is refused with a status,
 * and the connection is closed.
 *
 * An initiator that must prove itself (the owner says so at the first step) leaves SECURITY only
 * when CHAP is done: may_leave.  chap.c has the steps of CHAP.
 *
 * The owner may decide later at each step where it is asked (pending_step); until then the
 * initiator waits.  Called by conn.c and by the owner, on the thread that has the connection.
 */
#include "iscsi/iscsi_int.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"

#define LOGIN_REQUESTS_MAX 1024u
#define NSG_FULL           3u

LOG_AREA(login_log, "iscsi.login");

void
iscsi_login_init(struct iscsi_login_machine *l)
{
	memset(l, 0, sizeof(*l));
	l->pending_step = -1;
}

void
iscsi_login_fini(struct iscsi_login_machine *l)
{
	if (l->chap != NULL)
		explicit_bzero(l->chap, sizeof(*l->chap));
	mem_free(l->chap);
	l->chap = NULL;
}

static unsigned
csg(uint8_t flags)
{
	return flags >> 2 & 3u;
}

static unsigned
nsg(uint8_t flags)
{
	return flags & 3u;
}

/* --- responses ------------------------------------------------------------------------------- */

/* flags: T, C, CSG, NSG of the response.  Takes data_len bytes of the answer. */
static int
respond(struct iscsi_conn *conn, uint8_t flags, unsigned status, uint32_t data_len)
{
	struct iscsi_login_machine *l = &conn->login;
	struct iscsi_text *text = &conn->text;
	int rc;
	struct iscsi_tx_msg *msg = iscsi_tx_msg_new(conn, OP_LOGIN_RESPONSE, l->itt, data_len, &rc);

	if (msg == NULL)
		return rc;
	msg->bhs[AT_FLAGS] = flags;
	memcpy(msg->bhs + AT_ISID, conn->info.isid, ISCSI_ISID_SIZE);
	put_be16(msg->bhs + AT_TSIH, l->tsih);
	put_be16(msg->bhs + AT_LOGIN_STATUS, (uint16_t)status);
	if (data_len > 0)
		memcpy(msg->data, text->out.text + text->out_sent, data_len);
	text->out_sent += data_len;
	if (iscsi_text_out_left(text) == 0)
		iscsi_text_clear_out(text);
	iscsi_tx_msg_send(conn, msg);
	return 0;
}

int
iscsi_login_refuse(struct iscsi_conn *conn, unsigned status, const char *cause)
{
	uint32_t len = (uint32_t)MIN(iscsi_text_out_left(&conn->text), (size_t)LOGIN_DATA_MAX);
	bool moved = status >> 8 == 1;
	int rc = respond(conn, (uint8_t)(conn->login.flags & 0x0c), status, moved ? len : 0);

	log_debug(&login_log, "login.refuse", "status=%04x cause=\"%s\"", status, cause);
	if (conn->ops->refused != NULL)
		conn->ops->refused(conn->user, status, cause);
	return rc < 0 ? rc : ERR_CLOSED;
}

static int
refuse_error(struct iscsi_conn *conn, int rc)
{
	if (rc == ERR_PROTOCOL)
		return iscsi_login_refuse(conn, conn->login.keys.status, conn->login.keys.cause);
	if (rc == ERR_LIMIT)
		return iscsi_login_refuse(conn, ISCSI_LOGIN_INITIATOR_ERROR,
					  "the text is longer than 64 KiB");
	return rc;
}

static int
refuse_chap(struct iscsi_conn *conn, int rc)
{
	const struct iscsi_chap *chap = conn->login.chap;

	return rc == ERR_PROTOCOL ? iscsi_login_refuse(conn, chap->status, chap->cause) : rc;
}

/* --- the owner decides ----------------------------------------------------------------------- */

static int after_first(struct iscsi_conn *conn);
static int answer(struct iscsi_conn *conn);
static int apply(struct iscsi_conn *conn, enum iscsi_key_stage stage, enum iscsi_key_part part);

static int
ask(struct iscsi_conn *conn, enum iscsi_login_step step)
{
	struct iscsi_login_reply reply = { 0 };

	if (conn->ops->login(conn->user, conn, step, &conn->info, &reply) != 0) {
		conn->login.pending_step = (int)step;
		return 0;
	}
	conn->login.pending_step = (int)step;
	return iscsi_login_decided(conn, &reply);
}

/* Whoever must prove itself has done so. */
static bool
may_leave(const struct iscsi_conn *conn)
{
	return !conn->login.keys.needs_chap || conn->info.authenticated;
}

static int
refuse_as_told(struct iscsi_conn *conn, const struct iscsi_login_reply *reply)
{
	iscsi_text_clear_out(&conn->text);
	if (reply->status >> 8 == 1 && reply->address != NULL)
		iscsi_text_put(&conn->text, "TargetAddress", reply->address);
	return iscsi_login_refuse(conn, reply->status,
				  reply->cause != NULL ? reply->cause : "the target refused");
}

/* The last response ends login; what comes behind it obeys what was agreed. */
static int
finish(struct iscsi_conn *conn, const struct iscsi_login_reply *reply)
{
	struct iscsi_login_machine *l = &conn->login;
	uint8_t flags = (uint8_t)(FLAG_FINAL | (l->flags & 0x0c) | NSG_FULL);
	int rc;

	assert(may_leave(conn));
	if (reply->session != NULL)
		iscsi_session_join(reply->session, conn);
	else if (conn->info.tsih != 0)
		return iscsi_login_refuse(conn, ISCSI_LOGIN_NO_SESSION, "the session has ended");
	else
		conn->session->params = conn->params;
	l->tsih = reply->tsih;
	rc = respond(conn, flags, ISCSI_LOGIN_OK, (uint32_t)iscsi_text_out_left(&conn->text));
	if (rc < 0)
		return rc;
	l->state = LOGIN_FULL;
	iscsi_login_fini(l);
	return iscsi_conn_established(conn);
}

/*
 * Only a target may declare these keys.  An initiator that sent one of them gets the target's
 * declaration as its only answer, instead of Reject and a declaration.
 */
static void
declare_target(struct iscsi_conn *conn, const struct iscsi_login_reply *reply)
{
	struct iscsi_text *text = &conn->text;

	iscsi_text_take_out(text, "TargetPortalGroupTag");
	iscsi_text_put_number(text, "TargetPortalGroupTag", reply->tpgt);
	if (reply->alias == NULL)
		return;
	iscsi_text_take_out(text, "TargetAlias");
	iscsi_text_put(text, "TargetAlias", reply->alias);
}

/*
 * The owner knows the target and the initiator: what the first request has to negotiate can be
 * answered.
 */
static int
go_on_first(struct iscsi_conn *conn, const struct iscsi_login_reply *reply)
{
	struct iscsi_login_machine *l = &conn->login;
	int rc;

	l->decided = true;
	l->keys.needs_chap = reply->needs_chap;
	l->keys.chap_kinds = reply->chap_kinds;
	rc = apply(conn, csg(l->flags) == 0 ? STAGE_SECURITY : STAGE_OPERATIONAL, KEYS_REST);
	if (rc < 0)
		return refuse_error(conn, rc);
	if (conn->info.type == ISCSI_SESSION_NORMAL)
		declare_target(conn, reply);
	return after_first(conn);
}

static int
go_on_credentials(struct iscsi_conn *conn, const struct iscsi_login_reply *reply)
{
	struct iscsi_chap *chap = conn->login.chap;
	int rc = iscsi_chap_verify(chap, &reply->credentials, &conn->text);

	if (rc < 0)
		return refuse_chap(conn, rc);
	conn->info.authenticated = true;
	conn->info.mutual = chap->mutual;
	return answer(conn);
}

int
iscsi_login_decided(struct iscsi_conn *conn, const struct iscsi_login_reply *reply)
{
	struct iscsi_login_machine *l = &conn->login;
	int step = l->pending_step;

	assert(step >= 0);
	l->pending_step = -1;
	if (reply->status != ISCSI_LOGIN_OK)
		return refuse_as_told(conn, reply);
	if (step == ISCSI_LOGIN_CREDENTIALS)
		return go_on_credentials(conn, reply);
	return step == ISCSI_LOGIN_LAST ? finish(conn, reply) : go_on_first(conn, reply);
}

/* --- stages ---------------------------------------------------------------------------------- */

/*
 * Sends the answer or its next part. After the last part the login enters the stage that the
 * initiator asked for.
 */
static int
answer(struct iscsi_conn *conn)
{
	struct iscsi_login_machine *l = &conn->login;
	uint8_t stage = l->flags & 0x0c;
	size_t left = iscsi_text_out_left(&conn->text);

	if (conn->text.out.failed)
		return -ENOMEM;
	if (left > LOGIN_DATA_MAX)
		return respond(conn, stage | FLAG_CONTINUE, ISCSI_LOGIN_OK, LOGIN_DATA_MAX);
	if ((l->flags & FLAG_FINAL) == 0 || !may_leave(conn))
		return respond(conn, stage, ISCSI_LOGIN_OK, (uint32_t)left);
	if (nsg(l->flags) == NSG_FULL)
		return ask(conn, ISCSI_LOGIN_LAST);
	l->state = LOGIN_OPERATIONAL;
	return respond(conn, (uint8_t)(FLAG_FINAL | stage | nsg(l->flags)), ISCSI_LOGIN_OK,
		       (uint32_t)left);
}

static int
apply(struct iscsi_conn *conn, enum iscsi_key_stage stage, enum iscsi_key_part part)
{
	int rc;

	conn->login.keys.stage = (uint8_t)stage;
	rc = iscsi_keys_apply(conn, &conn->login.keys, part);
	if (part != KEYS_DECLARED)
		iscsi_text_clear_in(&conn->text);
	return rc;
}

static const char no_chap[] = "the initiator must prove itself by CHAP, and does not offer that";

/* After the keys of a request: the next step of CHAP, and what the initiator did not offer. */
static int
security_done(struct iscsi_conn *conn)
{
	struct iscsi_login_machine *l = &conn->login;
	int rc;

	if (l->keys.auth_refused)
		return iscsi_login_refuse(
			conn, ISCSI_LOGIN_AUTH_FAILED,
			l->keys.needs_chap ? no_chap
					   : "the initiator wants to authenticate itself, and the "
					     "array has no "
					     "CHAP secret for it: AuthMethod has to offer None");
	if (l->chap == NULL && !may_leave(conn) && (l->flags & FLAG_FINAL) != 0)
		return iscsi_login_refuse(conn, ISCSI_LOGIN_AUTH_FAILED, no_chap);
	if (l->chap == NULL)
		return answer(conn);
	rc = iscsi_chap_step(l->chap, &conn->text);
	if (rc < 0)
		return refuse_chap(conn, rc);
	if (l->chap->state != CHAP_ASKING)
		return answer(conn);
	memcpy(conn->info.chap_name, l->chap->name, sizeof(conn->info.chap_name));
	return ask(conn, ISCSI_LOGIN_CREDENTIALS);
}

static int
operational_done(struct iscsi_conn *conn)
{
	struct iscsi_login_machine *l = &conn->login;

	/*
	 * After Reject for an impossible value of the initiator's, the declaration has to wait for
	 * the next response.
	 */
	if (!l->declared && !iscsi_text_has(&conn->text, "MaxRecvDataSegmentLength")) {
		conn->params.max_recv_len = conn->discovery ? LOGIN_DATA_MAX
							    : conn->limits.max_recv_len;
		iscsi_text_put_number(&conn->text, "MaxRecvDataSegmentLength",
				      conn->params.max_recv_len);
		l->declared = true;
	}
	return answer(conn);
}

static int
on_security(struct iscsi_conn *conn)
{
	int rc = apply(conn, STAGE_SECURITY, KEYS_ALL);

	return rc < 0 ? refuse_error(conn, rc) : security_done(conn);
}

static int
on_operational(struct iscsi_conn *conn)
{
	int rc = apply(conn, STAGE_OPERATIONAL, KEYS_ALL);

	return rc < 0 ? refuse_error(conn, rc) : operational_done(conn);
}

/* RFC 7143 §6.3.1: the leading request names who and what. */
static int
on_first(struct iscsi_conn *conn)
{
	struct iscsi_login_machine *l = &conn->login;
	int rc = apply(conn, csg(l->flags) == 0 ? STAGE_SECURITY : STAGE_OPERATIONAL,
		       KEYS_DECLARED);

	if (rc < 0)
		return refuse_error(conn, rc);
	if (!l->keys.has_initiator)
		return iscsi_login_refuse(conn, ISCSI_LOGIN_MISSING_PARAMETER,
					  "InitiatorName is missing");
	if (conn->info.type == ISCSI_SESSION_NORMAL && !l->keys.has_target)
		return iscsi_login_refuse(conn, ISCSI_LOGIN_MISSING_PARAMETER,
					  "TargetName is missing");
	conn->discovery = conn->info.type == ISCSI_SESSION_DISCOVERY;
	return ask(conn, ISCSI_LOGIN_FIRST);
}

static int
after_first(struct iscsi_conn *conn)
{
	bool security = csg(conn->login.flags) == 0;

	if (!security && !may_leave(conn)) /* RFC 7143 §6.3.2 */
		return iscsi_login_refuse(conn, ISCSI_LOGIN_AUTH_FAILED, no_chap);
	conn->login.state = security ? LOGIN_SECURITY : LOGIN_OPERATIONAL;
	return security ? security_done(conn) : operational_done(conn);
}

/* --- requests -------------------------------------------------------------------------------- */

static const struct login_rule {
	enum iscsi_login_state state;
	uint8_t csg;
	int (*handle)(struct iscsi_conn *conn);
	/* clang-format off */
} rules[] = {
	/* state           CSG  handler          RFC 7143 */
	{ LOGIN_START,       0, on_first       }, /* §6.3.1 */
	{ LOGIN_START,       1, on_first       }, /* §6.3.1 */
	{ LOGIN_SECURITY,    0, on_security    }, /* §6.3.2 */
	{ LOGIN_OPERATIONAL, 1, on_operational }, /* §6.3.3 */
};
/* clang-format on */

static const struct login_rule *
find_rule(enum iscsi_login_state state, unsigned stage)
{
	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		if (rules[i].state == state && rules[i].csg == stage)
			return &rules[i];
	return NULL;
}

static void
begin(struct iscsi_conn *conn, const uint8_t *bhs)
{
	conn->state = CONN_IN_LOGIN;
	memcpy(conn->info.isid, bhs + AT_ISID, ISCSI_ISID_SIZE);
	conn->info.tsih = get_be16(bhs + AT_TSIH);
	conn->info.cid = get_be16(bhs + AT_CID);
	conn->login.tsih = conn->info.tsih;
	if (conn->info.tsih == 0)
		iscsi_session_start(conn->session, get_be32(bhs + AT_CMD_SN));
	else
		iscsi_session_stand_in(conn->session, get_be32(bhs + AT_CMD_SN));
}

/* The stage bits: T with a later stage that exists.  RFC 7143 §11.12.3. */
static bool
stages_ok(uint8_t flags)
{
	if ((flags & FLAG_FINAL) == 0)
		return true;
	return (flags & FLAG_CONTINUE) == 0 && nsg(flags) > csg(flags) && nsg(flags) != 2;
}

/* Returns a status, and unless it is ISCSI_LOGIN_OK the cause. */
static unsigned
check_request(struct iscsi_conn *conn, const uint8_t *bhs, const char **ret_cause)
{
	struct iscsi_login_machine *l = &conn->login;

	*ret_cause = "the initiator does not speak version 0 of iSCSI"; /* Version-min */
	if (bhs[AT_STATUS] > 0)
		return ISCSI_LOGIN_BAD_VERSION;
	*ret_cause = "the task tag is the reserved one"; /* RFC 7143 §11.2.1.8 */
	if (get_be32(bhs + AT_ITT) == TAG_NONE)
		return ISCSI_LOGIN_INITIATOR_ERROR;
	*ret_cause = "ISID, TSIH or CID changed within the login";
	if (memcmp(bhs + AT_ISID, conn->info.isid, ISCSI_ISID_SIZE) != 0 ||
	    get_be16(bhs + AT_TSIH) != conn->info.tsih || get_be16(bhs + AT_CID) != conn->info.cid)
		return ISCSI_LOGIN_INITIATOR_ERROR;
	*ret_cause = "the stage bits are not allowed here";
	if (!stages_ok(bhs[AT_FLAGS]) || find_rule(l->state, csg(bhs[AT_FLAGS])) == NULL)
		return ISCSI_LOGIN_INITIATOR_ERROR;
	*ret_cause = "the login takes too many requests";
	return ++l->requests > LOGIN_REQUESTS_MAX ? ISCSI_LOGIN_INITIATOR_ERROR : ISCSI_LOGIN_OK;
}

int
iscsi_login_on_request(struct iscsi_conn *conn, const struct iscsi_pdu *pdu)
{
	struct iscsi_login_machine *l = &conn->login;
	enum iscsi_login_state before = l->state;
	const char *cause;
	unsigned status;
	int rc;

	if (conn->state == CONN_UP)
		begin(conn, pdu->bhs);
	l->itt = get_be32(pdu->bhs + AT_ITT);
	l->flags = pdu->bhs[AT_FLAGS];
	status = check_request(conn, pdu->bhs, &cause);
	if (status != ISCSI_LOGIN_OK)
		return iscsi_login_refuse(conn, status, cause);
	rc = iscsi_text_add(&conn->text, pdu->data, pdu->data_len);
	if (rc < 0)
		return refuse_error(conn, rc);
	if ((l->flags & FLAG_CONTINUE) != 0)
		return respond(conn, l->flags & 0x0c, ISCSI_LOGIN_OK, 0);
	if (iscsi_text_out_left(&conn->text) > 0)
		/* It fetches the rest of our answer. */
		return conn->text.in_len > 0
			       ? iscsi_login_refuse(conn, ISCSI_LOGIN_INITIATOR_ERROR,
						    "text came while the target still answers")
			       : answer(conn);
	rc = find_rule(l->state, csg(l->flags))->handle(conn);
	log_debug(&login_log, "login.step", "state=%d next=%d flags=%02x rc=%d", before, l->state,
		  l->flags, rc);
	return rc;
}
