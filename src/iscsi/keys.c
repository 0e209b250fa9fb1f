/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The negotiation table: every key of RFC 7143 §12 and §13, at which stage an initiator may send
 * it, and which rule decides the answer.  The text of a request is walked once for each enum pass.
 * A value that a key cannot have is answered with Reject, and the key keeps the value it had.
 *
 * Called by login.c and discovery.c, on the thread that has the connection.
 */
#include "iscsi/iscsi_int.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"

#define UNKNOWN_MAX 128u /* unknown keys that are answered in one negotiation */

static const char *const digest_choices[] = { "None", "CRC32C", NULL };
static const char *const reporting_choices[] = { "RFC3720", NULL };

#define PARAM(field)                                        \
	.width = sizeof(((struct iscsi_params *)0)->field), \
	.offset = offsetof(struct iscsi_params, field)
#define LOGIN_TEXT(field)                              \
	.offset = offsetof(struct iscsi_login, field), \
	.max = sizeof(((struct iscsi_login *)0)->field) - 1
#define IN_LOGIN (STAGE_SECURITY | STAGE_OPERATIONAL)
#define ALWAYS   (IN_LOGIN | STAGE_FULL)

/* clang-format off */
const struct iscsi_key iscsi_key_table[KEY_COUNT] = {
	{ .name = "AuthMethod",		.rule = KEY_AUTH, .stages = STAGE_SECURITY },
	{ .name = "CHAP_A",		.rule = KEY_CHAP, .stages = STAGE_SECURITY, .ours = CHAP_A },
	{ .name = "CHAP_C",		.rule = KEY_CHAP, .stages = STAGE_SECURITY, .ours = CHAP_C },
	{ .name = "CHAP_I",		.rule = KEY_CHAP, .stages = STAGE_SECURITY, .ours = CHAP_I },
	{ .name = "CHAP_N",		.rule = KEY_CHAP, .stages = STAGE_SECURITY, .ours = CHAP_N },
	{ .name = "CHAP_R",		.rule = KEY_CHAP, .stages = STAGE_SECURITY, .ours = CHAP_R },
	{ .name = "DataDigest",		.rule = KEY_LIST, .stages = STAGE_OPERATIONAL, PARAM(data_digest), .choices = digest_choices },
	{ .name = "DataPDUInOrder",	.rule = KEY_OR, .stages = STAGE_OPERATIONAL, .leading = true, .irrelevant = true, .ours = 1 },
	{ .name = "DataSequenceInOrder", .rule = KEY_OR, .stages = STAGE_OPERATIONAL, .leading = true, .irrelevant = true, .ours = 1 },
	{ .name = "DefaultTime2Retain",	.rule = KEY_MIN, .stages = STAGE_OPERATIONAL, .leading = true, .max = 3600, PARAM(time2retain_s) },
	{ .name = "DefaultTime2Wait",	.rule = KEY_MAX, .stages = STAGE_OPERATIONAL, .leading = true, .max = 3600, PARAM(time2wait_s) },
	{ .name = "ErrorRecoveryLevel",	.rule = KEY_RECOVERY_LEVEL, .stages = STAGE_OPERATIONAL, .leading = true, .max = 2, PARAM(error_recovery_level) },
	{ .name = "FirstBurstLength",	.rule = KEY_FIRST_BURST, .stages = STAGE_OPERATIONAL, .leading = true, .irrelevant = true, .min = 512, .max = 0xffffff, PARAM(first_burst_len) },
	{ .name = "HeaderDigest",	.rule = KEY_LIST, .stages = STAGE_OPERATIONAL, PARAM(header_digest), .choices = digest_choices },
	{ .name = "IFMarkInt",		.rule = KEY_REJECT, .stages = STAGE_OPERATIONAL },
	{ .name = "IFMarker",		.rule = KEY_NO, .stages = STAGE_OPERATIONAL },
	{ .name = "ImmediateData",	.rule = KEY_AND, .stages = STAGE_OPERATIONAL, .leading = true, .irrelevant = true, PARAM(immediate_data) },
	{ .name = "InitialR2T",		.rule = KEY_OR, .stages = STAGE_OPERATIONAL, .leading = true, .irrelevant = true, PARAM(initial_r2t) },
	{ .name = "InitiatorAlias",	.rule = KEY_DECLARED_TEXT, .stages = ALWAYS, LOGIN_TEXT(initiator_alias) },
	{ .name = "InitiatorName",	.rule = KEY_DECLARED_NAME, .stages = IN_LOGIN, LOGIN_TEXT(initiator_name) },
	{ .name = "MaxBurstLength",	.rule = KEY_MIN, .stages = STAGE_OPERATIONAL, .leading = true, .irrelevant = true, .min = 512, .max = 0xffffff, PARAM(max_burst_len) },
	{ .name = "MaxConnections",	.rule = KEY_MIN, .stages = STAGE_OPERATIONAL, .leading = true, .irrelevant = true, .min = 1, .max = 65535, PARAM(max_connections) },
	{ .name = "MaxOutstandingR2T",	.rule = KEY_R2TS, .stages = STAGE_OPERATIONAL, .leading = true, .irrelevant = true, .min = 1, .max = 65535, PARAM(max_outstanding_r2t) },
	{ .name = "MaxRecvDataSegmentLength", .rule = KEY_DECLARED_NUMBER, .stages = STAGE_OPERATIONAL | STAGE_FULL, .min = 512, .max = 0xffffff, PARAM(max_send_len) },
	{ .name = "OFMarkInt",		.rule = KEY_REJECT, .stages = STAGE_OPERATIONAL },
	{ .name = "OFMarker",		.rule = KEY_NO, .stages = STAGE_OPERATIONAL },
	{ .name = "SendTargets",	.rule = KEY_SEND_TARGETS, .stages = STAGE_FULL },
	{ .name = "SessionType",	.rule = KEY_SESSION_TYPE, .stages = IN_LOGIN },
	{ .name = "TargetAddress",	.rule = KEY_OURS, .stages = ALWAYS },
	{ .name = "TargetAlias",	.rule = KEY_OURS, .stages = ALWAYS },
	{ .name = "TargetName",		.rule = KEY_DECLARED_NAME, .stages = IN_LOGIN, LOGIN_TEXT(target_name) },
	{ .name = "TargetPortalGroupTag", .rule = KEY_OURS, .stages = ALWAYS },
	{ .name = "TaskReporting",	.rule = KEY_LIST, .stages = STAGE_OPERATIONAL, .leading = true, .irrelevant = true, .ours = 1, .choices = reporting_choices },
	{ .name = "iSCSIProtocolLevel",	.rule = KEY_MIN, .stages = STAGE_OPERATIONAL, .leading = true, .irrelevant = true, .max = 31, PARAM(protocol_level) },
};
/* clang-format on */

void
iscsi_keys_defaults(struct iscsi_params *agreed)
{
	*agreed = (struct iscsi_params){
		.max_recv_len = 8192,
		.max_send_len = 8192,
		.max_burst_len = 262144,
		.first_burst_len = 65536,
		.max_outstanding_r2t = 1,
		.max_connections = 1,
		.time2wait_s = 2,
		.time2retain_s = 20,
		.header_digest = ISCSI_DIGEST_NONE,
		.data_digest = ISCSI_DIGEST_NONE,
		.initial_r2t = true,
		.immediate_data = true,
		.protocol_level = 1,
	};
}

const struct iscsi_key *
iscsi_keys_find(const char *name)
{
	size_t low = 0, high = KEY_COUNT;

	while (low < high) {
		size_t mid = (low + high) / 2;
		int order = strcmp(name, iscsi_key_table[mid].name);

		if (order == 0)
			return &iscsi_key_table[mid];
		if (order < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return NULL;
}

/* --- our side's value, and what was agreed --------------------------------------------------- */

static uint32_t
ours(const struct iscsi_key *key, const struct iscsi_params *limits)
{
	const uint8_t *field = (const uint8_t *)limits + key->offset;
	uint32_t wide;
	uint16_t narrow;

	switch (key->width) {
	case 1:
		return *field;
	case 2:
		memcpy(&narrow, field, sizeof(narrow));
		return narrow;
	case 4:
		memcpy(&wide, field, sizeof(wide));
		return wide;
	default:
		return key->ours;
	}
}

static void
agree(const struct iscsi_key *key, struct iscsi_params *agreed, uint32_t value)
{
	uint8_t *field = (uint8_t *)agreed + key->offset;
	uint16_t narrow = (uint16_t)value;

	if (key->width == 1)
		*field = (uint8_t)value;
	else if (key->width == 2)
		memcpy(field, &narrow, sizeof(narrow));
	else if (key->width == 4)
		memcpy(field, &value, sizeof(value));
}

/*
 * --- rules: each appends its answer, and returns 0 or a negative code
 * ------------------------------
 */

struct offer {
	struct iscsi_conn *conn;
	struct iscsi_keys *keys;
	const struct iscsi_key *key;
	const char *value;
};

static int
refuse(struct iscsi_keys *keys, unsigned status, const char *cause)
{
	keys->cause = cause;
	keys->status = (uint16_t)status;
	return ERR_PROTOCOL;
}

static int
answer(const struct offer *o, const char *value)
{
	iscsi_text_put(&o->conn->text, o->key->name, value);
	return 0;
}

/* False: the value is no number, or not one that the key may have. */
static bool
parse_offer(const struct offer *o, uint32_t *ret_number)
{
	return iscsi_text_parse_number(o->value, ret_number) == 0 && *ret_number >= o->key->min &&
	       *ret_number <= o->key->max;
}

static int
rule_boolean(const struct offer *o)
{
	bool mine = ours(o->key, &o->conn->limits) != 0;
	bool theirs = strcmp(o->value, "Yes") == 0;
	bool result = o->key->rule == KEY_AND ? mine && theirs : mine || theirs;

	if (!theirs && strcmp(o->value, "No") != 0)
		return answer(o, "Reject");
	agree(o->key, &o->conn->params, result);
	return answer(o, result ? "Yes" : "No");
}

static int
answer_number(const struct offer *o, uint32_t result)
{
	agree(o->key, &o->conn->params, result);
	iscsi_text_put_number(&o->conn->text, o->key->name, result);
	return 0;
}

static int
rule_number(const struct offer *o)
{
	uint32_t mine = ours(o->key, &o->conn->limits), theirs;

	if (!parse_offer(o, &theirs))
		return answer(o, "Reject");
	return answer_number(o, o->key->rule == KEY_MAX ? MAX(mine, theirs) : MIN(mine, theirs));
}

/* RFC 7143 §13.14: FirstBurstLength MUST NOT exceed MaxBurstLength. */
static int
rule_first_burst(const struct offer *o)
{
	uint32_t mine = MIN(ours(o->key, &o->conn->limits), o->conn->params.max_burst_len), theirs;

	if (!parse_offer(o, &theirs))
		return answer(o, "Reject");
	return answer_number(o, MIN(mine, theirs));
}

/*
 * RFC 7143 §13.20 and, for discovery sessions, §7.4.1.  §13.19: with DataSequenceInOrder, which
 * this target insists on, error recovery allows one R2T at a time.  An initiator that offers both
 * leaves the choice to us, and several R2Ts help it with every large write.
 */
static int
rule_recovery_level(const struct offer *o)
{
	bool may = !o->conn->discovery && o->conn->params.max_outstanding_r2t == 1;
	uint32_t mine = may ? ours(o->key, &o->conn->limits) : 0, theirs;

	if (!parse_offer(o, &theirs))
		return answer(o, "Reject");
	return answer_number(o, MIN(mine, theirs));
}

static int
rule_r2ts(const struct offer *o)
{
	bool recovers = o->conn->params.error_recovery_level > 0;
	uint32_t mine = recovers ? 1 : ours(o->key, &o->conn->limits), theirs;

	if (!parse_offer(o, &theirs))
		return answer(o, "Reject");
	return answer_number(o, MIN(mine, theirs));
}

static bool
list_has(const char *list, const char *choice)
{
	while (true) {
		size_t len = strcspn(list, ",");

		if (strlen(choice) == len && memcmp(choice, list, len) == 0)
			return true;
		if (list[len] == '\0')
			return false;
		list += len + 1;
	}
}

/*
 * Who must prove itself is asked for CHAP, and who need not is not: there is no secret then.  RFC
 * 7143 §12.1.
 */
static int
rule_auth(const struct offer *o)
{
	struct iscsi_login_machine *l = &o->conn->login;
	const char *choice = o->keys->needs_chap ? "CHAP" : "None";

	if (!list_has(o->value, choice)) {
		o->keys->auth_refused = true;
		return answer(o, "Reject");
	}
	if (o->keys->needs_chap) {
		l->chap = mem_calloc(1, sizeof(*l->chap));
		if (l->chap == NULL)
			return -ENOMEM;
		iscsi_chap_init(l->chap, o->keys->chap_kinds);
	}
	return answer(o, choice);
}

static int
rule_chap(const struct offer *o)
{
	struct iscsi_chap *chap = o->conn->login.chap;
	int rc;

	if (chap == NULL)
		return refuse(o->keys, ISCSI_LOGIN_INITIATOR_ERROR,
			      "a key of CHAP came before AuthMethod=CHAP was agreed on");
	rc = iscsi_chap_take(chap, (enum iscsi_chap_key)o->key->ours, o->value);
	return rc == ERR_PROTOCOL ? refuse(o->keys, chap->status, chap->cause) : rc;
}

/* The first of the initiator's values that is in our set.  RFC 7143 §6.2.1. */
static int
rule_list(const struct offer *o)
{
	uint32_t set = ours(o->key, &o->conn->limits);
	const char *value = o->value;

	while (true) {
		size_t len = strcspn(value, ",");

		for (unsigned i = 0; o->key->choices[i] != NULL; i++) {
			const char *choice = o->key->choices[i];

			if ((set & 1u << i) == 0 || strlen(choice) != len ||
			    memcmp(choice, value, len) != 0)
				continue;
			agree(o->key, &o->conn->params, 1u << i);
			return answer(o, choice);
		}
		if (value[len] == '\0')
			break;
		value += len + 1;
	}
	return answer(o, "Reject");
}

static int
rule_declared_number(const struct offer *o)
{
	uint32_t theirs;

	if (!parse_offer(o, &theirs))
		return answer(o, "Reject");
	agree(o->key, &o->conn->params, MIN(theirs, o->conn->limits.max_send_len));
	return 0;
}

static int
rule_declared_text(const struct offer *o)
{
	size_t len = strlen(o->value);
	char *field = (char *)&o->conn->info + o->key->offset;

	/* An alias is for people: one that is no text is left out. */
	if (len <= o->key->max && str_is_text(o->value, len))
		memcpy(field, o->value, len + 1);
	return 0;
}

static const char renamed[] = "the names or the session type changed within the login";

static int
rule_declared_name(const struct offer *o)
{
	char *field = (char *)&o->conn->info + o->key->offset;
	bool initiator = field == o->conn->info.initiator_name;
	char name[ISCSI_NAME_MAX + 1];

	if (o->conn->login.decided)
		return refuse(o->keys, ISCSI_LOGIN_INITIATOR_ERROR, renamed);
	if (iscsi_text_parse_name(o->value, name) < 0)
		return refuse(o->keys,
			      initiator ? ISCSI_LOGIN_INITIATOR_ERROR : ISCSI_LOGIN_NOT_FOUND,
			      initiator ? "InitiatorName is no iSCSI name"
					: "TargetName is no iSCSI name");
	memcpy(field, name, strlen(name) + 1);
	*(initiator ? &o->keys->has_initiator : &o->keys->has_target) = true;
	return 0;
}

static int
rule_session_type(const struct offer *o)
{
	if (o->conn->login.decided)
		return refuse(o->keys, ISCSI_LOGIN_INITIATOR_ERROR, renamed);
	if (strcmp(o->value, "Discovery") == 0)
		o->conn->info.type = ISCSI_SESSION_DISCOVERY;
	else if (strcmp(o->value, "Normal") == 0)
		o->conn->info.type = ISCSI_SESSION_NORMAL;
	else
		return refuse(o->keys, ISCSI_LOGIN_SESSION_TYPE,
			      "SessionType is neither Normal nor Discovery");
	o->keys->has_type = true;
	return 0;
}

/* Which targets are asked for; answered when all pairs are read.  RFC 7143 Appendix C. */
static int
rule_send_targets(const struct offer *o)
{
	bool discovery = o->conn->discovery;
	char *which = o->keys->send_targets;

	if (strcmp(o->value, "All") == 0) {
		if (!discovery)
			return answer(o, "Reject");
		which[0] = '\0';
	} else if (o->value[0] == '\0') {
		if (discovery)
			return answer(o, "Reject");
		memcpy(which, o->conn->info.target_name, sizeof(o->conn->info.target_name));
	} else if (iscsi_text_parse_name(o->value, which) < 0 ||
		   (!discovery && strcmp(which, o->conn->info.target_name) != 0)) {
		return answer(o, "Reject");
	}
	o->keys->wants_targets = true;
	return 0;
}

static int
rule_no(const struct offer *o)
{
	return answer(o, "No");
}

static int
rule_reject(const struct offer *o)
{
	return answer(o, "Reject");
}

/* The text is walked once for each of these. */
enum pass {
	PASS_DECLARE,   /* names and the session type: they decide how the rest is answered */
	PASS_NEGOTIATE, /* most keys */
	PASS_DEPENDENT, /* keys whose result depends on the result of another key */
	PASS_COUNT,
};

/* In the order of enum iscsi_key_rule. */
static const struct {
	int (*apply)(const struct offer *o);
	enum pass pass;
	/* clang-format off */
} rules[] = {
	[KEY_AND] = { rule_boolean, PASS_NEGOTIATE },
	[KEY_OR] = { rule_boolean, PASS_NEGOTIATE },
	[KEY_MIN] = { rule_number, PASS_NEGOTIATE },
	[KEY_MAX] = { rule_number, PASS_NEGOTIATE },
	[KEY_FIRST_BURST] = { rule_first_burst, PASS_DEPENDENT },
	[KEY_RECOVERY_LEVEL] = { rule_recovery_level, PASS_DEPENDENT },
	[KEY_R2TS] = { rule_r2ts, PASS_NEGOTIATE },
	[KEY_LIST] = { rule_list, PASS_NEGOTIATE },
	[KEY_AUTH] = { rule_auth, PASS_NEGOTIATE },
	[KEY_CHAP] = { rule_chap, PASS_NEGOTIATE },
	[KEY_DECLARED_NUMBER] = { rule_declared_number, PASS_NEGOTIATE },
	[KEY_DECLARED_TEXT] = { rule_declared_text, PASS_DECLARE },
	[KEY_DECLARED_NAME] = { rule_declared_name, PASS_DECLARE },
	[KEY_SESSION_TYPE] = { rule_session_type, PASS_DECLARE },
	[KEY_SEND_TARGETS] = { rule_send_targets, PASS_NEGOTIATE },
	[KEY_OURS] = { rule_reject, PASS_NEGOTIATE },
	[KEY_NO] = { rule_no, PASS_NEGOTIATE },
	[KEY_REJECT] = { rule_reject, PASS_NEGOTIATE },
};
/* clang-format on */

static int
apply_known(const struct offer *o)
{
	if ((o->key->stages & o->keys->stage) == 0)
		return answer(o, "Reject");
	if (o->key->irrelevant && o->conn->info.type == ISCSI_SESSION_DISCOVERY)
		return answer(o, "Irrelevant");
	if (o->key->leading && o->conn->info.tsih != 0)
		return answer(o, "Irrelevant");
	return rules[o->key->rule].apply(o);
}

/*
 * Each key once: RFC 7143 §6.2.  In the full feature phase a key may come again in a new exchange.
 */
static int
note_seen(struct iscsi_keys *keys, const struct iscsi_key *key)
{
	uint64_t bit = 1ull << (key - iscsi_key_table);

	if ((keys->seen & bit) != 0)
		return refuse(keys, ISCSI_LOGIN_INITIATOR_ERROR, "a key came twice");
	keys->seen |= bit;
	return 0;
}

/*
 * A key that this file does not know.  It is answered once, however often it is offered; a text
 * with more than UNKNOWN_MAX answers in a row is refused, since each look for an earlier answer
 * walks the answer.
 */
static int
apply_unknown(const struct offer *o, const char *name)
{
	/* An answer to something that was never offered needs no answer. */
	if (strcmp(o->value, "NotUnderstood") == 0 || iscsi_text_has(&o->conn->text, name))
		return 0;
	if (o->keys->unknown >= UNKNOWN_MAX)
		return refuse(o->keys, ISCSI_LOGIN_INITIATOR_ERROR, "too many unknown keys");
	o->keys->unknown++;
	iscsi_text_put(&o->conn->text, name, "NotUnderstood");
	return 0;
}

static int
apply_pair(struct offer *o, const char *name, enum pass pass)
{
	int rc;

	o->key = iscsi_keys_find(name);
	if (o->key == NULL)
		return pass == PASS_NEGOTIATE ? apply_unknown(o, name) : 0;
	if (rules[o->key->rule].pass != pass)
		return 0;
	rc = note_seen(o->keys, o->key);
	return rc < 0 ? rc : apply_known(o);
}

int
iscsi_keys_apply(struct iscsi_conn *conn, struct iscsi_keys *keys, enum iscsi_key_part part)
{
	struct offer o = { .conn = conn, .keys = keys };
	enum pass first = part == KEYS_REST ? PASS_NEGOTIATE : PASS_DECLARE;
	enum pass end = part == KEYS_DECLARED ? PASS_NEGOTIATE : PASS_COUNT;

	for (enum pass pass = first; pass < end; pass++) {
		const char *name;
		size_t cursor = 0;
		int more;

		while ((more = iscsi_text_next(&conn->text, &cursor, &name, &o.value)) > 0) {
			int rc = apply_pair(&o, name, pass);

			if (rc < 0)
				return rc;
		}
		if (more < 0)
			return refuse(keys, ISCSI_LOGIN_INITIATOR_ERROR,
				      "the text holds something that is no key=value pair");
	}
	return conn->text.out.failed ? -ENOMEM : 0;
}
