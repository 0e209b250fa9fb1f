/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The login of an initiator, in as few requests as RFC 7143 §6.3 and §12.1.3 allow: four with CHAP,
 * one without.  Called by initiator.c, on the initiator's thread.
 *
 *	OFFERS		InitiatorName … AuthMethod=CHAP		-> AuthMethod=CHAP
 *	CHALLENGES	CHAP_A					-> CHAP_A CHAP_I CHAP_C
 *	PROVES		CHAP_N CHAP_R [CHAP_I CHAP_C], T	-> [CHAP_N CHAP_R], T
 *	OPERATIONAL	lengths, digests …, T			-> the same, T
 *
 * An initiator without a secret begins in OPERATIONAL, with its name in the same request.
 */
#include "iscsi/initiator_int.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/err.h"

#define CSG_SECURITY    0x00u
#define CSG_OPERATIONAL 0x04u
#define NSG_OPERATIONAL 0x01u
#define NSG_FULL        0x03u

/* What an initiator answers to a text that comes in parts, or without the T bit, at most. */
#define LOGIN_REQUESTS_MAX 32u

/* ---- Requests ---- */

/* Has the text that was put into ini->text.out sent.  Returns 0, -ENOMEM, or ERR_PROTOCOL. */
static int
request(struct iscsi_initiator *ini, unsigned flags)
{
	if (ini->text.out.failed)
		return -ENOMEM;
	if (++ini->login_requests > LOGIN_REQUESTS_MAX)
		return ERR_PROTOCOL;
	ini->login_flags = (uint8_t)flags;
	ini->login_due = true;
	return 0;
}

static void
put_names(struct iscsi_initiator *ini)
{
	struct iscsi_text *out = &ini->text;

	iscsi_text_put(out, "InitiatorName", ini->initiator_name);
	if (ini->initiator_alias[0] != '\0')
		iscsi_text_put(out, "InitiatorAlias", ini->initiator_alias);
	iscsi_text_put(out, "TargetName", ini->target_name);
	iscsi_text_put(out, "SessionType", "Normal");
}

static void
put_bool(struct iscsi_text *out, const char *key, bool value)
{
	iscsi_text_put(out, key, value ? "Yes" : "No");
}

static void
put_digest(struct iscsi_text *out, const char *key, unsigned set)
{
	iscsi_text_put(out, key,
		       set == ISCSI_DIGEST_CRC32C ? "CRC32C"
		       : set == ISCSI_DIGEST_NONE ? "None"
						  : "CRC32C,None");
}

static int
ask_operational(struct iscsi_initiator *ini)
{
	const struct iscsi_params *l = &ini->limits;
	struct iscsi_text *out = &ini->text;

	put_digest(out, "HeaderDigest", l->header_digest);
	put_digest(out, "DataDigest", l->data_digest);
	put_bool(out, "InitialR2T", l->initial_r2t);
	put_bool(out, "ImmediateData", l->immediate_data);
	iscsi_text_put_number(out, "MaxRecvDataSegmentLength", l->max_recv_len);
	iscsi_text_put_number(out, "MaxBurstLength", l->max_burst_len);
	iscsi_text_put_number(out, "FirstBurstLength", l->first_burst_len);
	iscsi_text_put_number(out, "MaxOutstandingR2T", 1);
	iscsi_text_put_number(out, "MaxConnections", 1);
	iscsi_text_put_number(out, "ErrorRecoveryLevel", 0);
	iscsi_text_put_number(out, "DefaultTime2Wait", l->time2wait_s);
	iscsi_text_put_number(out, "DefaultTime2Retain", l->time2retain_s);
	if (l->protocol_level > 1)
		iscsi_text_put_number(out, "iSCSIProtocolLevel", l->protocol_level);
	ini->state = INITIATOR_OPERATIONAL;
	return request(ini, FLAG_FINAL | CSG_OPERATIONAL | NSG_FULL);
}

int
iscsi_initiator_login_begin(struct iscsi_initiator *ini)
{
	put_names(ini);
	if (ini->chap_name[0] == '\0')
		return ask_operational(ini);
	iscsi_text_put(&ini->text, "AuthMethod", "CHAP");
	ini->state = INITIATOR_OFFERS;
	return request(ini, CSG_SECURITY);
}

void
iscsi_initiator_login_end(struct iscsi_initiator *ini)
{
	explicit_bzero(&ini->secret, sizeof(ini->secret));
	explicit_bzero(&ini->target_secret, sizeof(ini->target_secret));
	explicit_bzero(ini->challenge, sizeof(ini->challenge));
	iscsi_text_clear_in(&ini->text);
	iscsi_text_clear_out(&ini->text);
	ini->login_due = false;
}

/* ---- The keys of a response ---- */

/*
 * Returns the first value of a key in the target's text, or NULL.  The text is walked to its end,
 * which leaves it as it was.
 */
static const char *
find_key(struct iscsi_initiator *ini, const char *key)
{
	const char *name, *value, *found = NULL;
	size_t at = 0;

	while (iscsi_text_next(&ini->text, &at, &name, &value) == 1)
		if (found == NULL && strcmp(name, key) == 0)
			found = value;
	return found;
}

/* Answers that mean that the key was not negotiated: what holds without it stays. */
static bool
is_no_value(const char *value)
{
	return value == NULL || strcmp(value, "Irrelevant") == 0 || strcmp(value, "Reject") == 0 ||
	       strcmp(value, "NotUnderstood") == 0;
}

/* A number within its range; *number stays when the target did not negotiate the key. */
static int
take_number(struct iscsi_initiator *ini, const char *key, uint32_t min, uint32_t max,
	    uint32_t *number)
{
	const char *value = find_key(ini, key);
	uint32_t n;

	if (is_no_value(value))
		return 0;
	if (iscsi_text_parse_number(value, &n) < 0 || n < min || n > max)
		return ERR_PROTOCOL;
	*number = n;
	return 0;
}

static int
take_bool(struct iscsi_initiator *ini, const char *key, bool *flag)
{
	const char *value = find_key(ini, key);

	if (is_no_value(value))
		return 0;
	if (strcmp(value, "Yes") != 0 && strcmp(value, "No") != 0)
		return ERR_PROTOCOL;
	*flag = value[0] == 'Y';
	return 0;
}

/* The target takes one of those that were offered. */
static int
take_digest(struct iscsi_initiator *ini, const char *key, unsigned offered, uint8_t *digest)
{
	const char *value = find_key(ini, key);
	unsigned taken;

	if (is_no_value(value))
		taken = ISCSI_DIGEST_NONE;
	else if (strcmp(value, "CRC32C") == 0)
		taken = ISCSI_DIGEST_CRC32C;
	else
		taken = strcmp(value, "None") == 0 ? ISCSI_DIGEST_NONE : 0;
	if ((taken & offered) == 0)
		return ERR_PROTOCOL;
	*digest = (uint8_t)taken;
	return 0;
}

static int
take_tpgt(struct iscsi_initiator *ini)
{
	uint32_t tag = 0;
	int rc = take_number(ini, "TargetPortalGroupTag", 0, UINT16_MAX, &tag);

	if (rc == 0 && !is_no_value(find_key(ini, "TargetPortalGroupTag")))
		ini->tpgt = (int)tag;
	return rc;
}

static int
take_params(struct iscsi_initiator *ini)
{
	struct iscsi_params *p = &ini->params;
	const struct iscsi_params *l = &ini->limits;
	uint32_t level = 1;
	int rc = take_number(ini, "MaxRecvDataSegmentLength", 512, 0xffffff, &p->max_send_len);

	if (rc == 0)
		rc = take_number(ini, "MaxBurstLength", 512, l->max_burst_len, &p->max_burst_len);
	if (rc == 0)
		rc = take_number(ini, "FirstBurstLength", 512, l->first_burst_len,
				 &p->first_burst_len);
	if (rc == 0)
		rc = take_number(ini, "iSCSIProtocolLevel", 0, MAX(l->protocol_level, 1u), &level);
	if (rc == 0)
		rc = take_bool(ini, "InitialR2T", &p->initial_r2t);
	if (rc == 0)
		rc = take_bool(ini, "ImmediateData", &p->immediate_data);
	if (rc == 0)
		rc = take_digest(ini, "HeaderDigest", l->header_digest, &p->header_digest);
	if (rc == 0)
		rc = take_digest(ini, "DataDigest", l->data_digest, &p->data_digest);
	if (rc < 0)
		return rc;
	p->max_send_len = MIN(p->max_send_len, l->max_send_len);
	p->max_recv_len = l->max_recv_len;
	p->first_burst_len = MIN(p->first_burst_len, p->max_burst_len);
	p->protocol_level = (uint8_t)level;
	p->initial_r2t = p->initial_r2t || l->initial_r2t;
	p->immediate_data = p->immediate_data && l->immediate_data;
	return 0;
}

/* ---- CHAP ---- */

/* The strongest first; MD5 is not offered.  Numbers: chap.c. */
static const struct {
	uint32_t number;
	enum digest_kind kind;
} hashes[] = { { 8, DIGEST_SHA3_256 }, { 7, DIGEST_SHA256 }, { 6, DIGEST_SHA1 } };

static int
offer_hashes(struct iscsi_initiator *ini)
{
	char list[32] = "";
	size_t len = 0;

	for (size_t i = 0; i < ARRAY_LEN(hashes); i++)
		if (digest_size(hashes[i].kind) > 0)
			len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%u",
						len > 0 ? "," : "", hashes[i].number);
	iscsi_text_put(&ini->text, "CHAP_A", list);
	ini->state = INITIATOR_CHALLENGES;
	return request(ini, CSG_SECURITY);
}

static size_t
hash_size(uint32_t number)
{
	for (size_t i = 0; i < ARRAY_LEN(hashes); i++)
		if (hashes[i].number == number)
			return digest_size(hashes[i].kind);
	return 0;
}

/* Asks the target to prove itself, too. */
static int
challenge(struct iscsi_initiator *ini)
{
	size_t len = hash_size(ini->chap_hash);
	char text[CHAP_BINARY_TEXT_SIZE];

	if (digest_random(&ini->challenge_id, 1) < 0 || digest_random(ini->challenge, len) < 0)
		return -EIO;
	iscsi_chap_format_binary(ini->challenge, len, false, text);
	iscsi_text_put_number(&ini->text, "CHAP_I", ini->challenge_id);
	iscsi_text_put(&ini->text, "CHAP_C", text);
	return 0;
}

static int
prove(struct iscsi_initiator *ini)
{
	struct iscsi_secret secret = { ini->secret.bytes, ini->secret.len };
	uint8_t theirs[CHAP_BINARY_MAX], digest[CHAP_DIGEST_MAX];
	char text[CHAP_BINARY_TEXT_SIZE];
	const char *value = find_key(ini, "CHAP_C");
	uint32_t id = UINT32_MAX;
	bool base64;
	int len = value != NULL ? iscsi_chap_parse_binary(value, theirs, sizeof(theirs), &base64)
				: ERR_PROTOCOL;

	ini->chap_hash = 0;
	if (len <= 0 || take_number(ini, "CHAP_I", 0, UINT8_MAX, &id) < 0 || id > UINT8_MAX ||
	    take_number(ini, "CHAP_A", 0, UINT8_MAX, &ini->chap_hash) < 0 ||
	    hash_size(ini->chap_hash) == 0)
		return ERR_PROTOCOL;
	len = iscsi_chap_digest(ini->chap_hash, (uint8_t)id, &secret, theirs, (size_t)len, digest);
	if (len < 0)
		return len;
	iscsi_chap_format_binary(digest, (size_t)len, false, text);
	iscsi_text_put(&ini->text, "CHAP_N", ini->chap_name);
	iscsi_text_put(&ini->text, "CHAP_R", text);
	int rc = ini->target_secret.len > 0 ? challenge(ini) : 0;

	if (rc < 0)
		return rc;
	ini->state = INITIATOR_PROVES;
	return request(ini, FLAG_FINAL | CSG_SECURITY | NSG_OPERATIONAL);
}

/* Returns 0, ERR_ACCESS (the target has not proved itself) or -ENOMEM. */
static int
verify(struct iscsi_initiator *ini)
{
	struct iscsi_secret secret = { ini->target_secret.bytes, ini->target_secret.len };
	uint8_t theirs[CHAP_DIGEST_MAX], digest[CHAP_DIGEST_MAX];
	const char *value;
	bool base64;
	int len, have;

	if (ini->target_secret.len == 0)
		return 0;
	len = iscsi_chap_digest(ini->chap_hash, ini->challenge_id, &secret, ini->challenge,
				hash_size(ini->chap_hash), digest);
	if (len < 0)
		return len;
	value = find_key(ini, "CHAP_R");
	have = value != NULL ? iscsi_chap_parse_binary(value, theirs, sizeof(theirs), &base64) : 0;
	return have == len && digest_equal(theirs, digest, (size_t)len) ? 0 : ERR_ACCESS;
}

/* ---- Responses ---- */

static unsigned
csg(const struct iscsi_initiator *ini)
{
	return ini->login_flags & 0x0cu;
}

/*
 * What a response means that is complete; `moves`: the target enters the stage that was asked for.
 */
static int
go_on(struct iscsi_initiator *ini, bool moves)
{
	const char *value;
	int rc = take_tpgt(ini);

	if (rc < 0)
		return rc;
	switch (ini->state) {
	case INITIATOR_OFFERS:
		value = find_key(ini, "AuthMethod");
		return value != NULL && strcmp(value, "CHAP") == 0 ? offer_hashes(ini) : ERR_ACCESS;
	case INITIATOR_CHALLENGES:
		return prove(ini);
	case INITIATOR_PROVES:
		rc = moves ? verify(ini) : ERR_PROTOCOL;
		return rc < 0 ? rc : ask_operational(ini);
	case INITIATOR_OPERATIONAL:
		rc = take_params(ini);
		if (rc < 0 || moves)
			return rc;
		return request(ini,
			       FLAG_FINAL | CSG_OPERATIONAL | NSG_FULL); /* it wants more time */
	case INITIATOR_FULL:
	case INITIATOR_ENDED:
		break;
	}
	return ERR_PROTOCOL;
}

static int
finish(struct iscsi_initiator *ini, const uint8_t *bhs)
{
	ini->tsih = get_be16(bhs + AT_TSIH);
	if (ini->tsih == 0)
		return ERR_PROTOCOL;
	iscsi_initiator_login_end(ini);
	ini->state = INITIATOR_FULL;
	ini->rx.header_digest = ini->params.header_digest == ISCSI_DIGEST_CRC32C;
	ini->rx.data_digest = ini->params.data_digest == ISCSI_DIGEST_CRC32C;
	ini->ops->ready(ini->user);
	return 0;
}

/* The stage bits are those of the request: T only where it was asked for, with the same stages. */
static int
check(const struct iscsi_initiator *ini, const uint8_t *bhs)
{
	uint8_t flags = bhs[AT_FLAGS];
	bool moves = (flags & FLAG_FINAL) != 0;

	/* an answer to a request that was not sent as a whole refers to nothing */
	if (ini->login_due || ini->tx.count > 0)
		return ERR_PROTOCOL;
	if (get_be32(bhs + AT_ITT) != INITIATOR_TAG_LOGIN ||
	    memcmp(bhs + AT_ISID, ini->isid, ISCSI_ISID_SIZE) != 0)
		return ERR_PROTOCOL;
	if (get_be16(bhs + AT_LOGIN_STATUS) != ISCSI_LOGIN_OK)
		return 0;
	if ((flags & 0x0c) != csg(ini) || (moves && (flags & FLAG_CONTINUE) != 0))
		return ERR_PROTOCOL;
	if (moves &&
	    ((ini->login_flags & FLAG_FINAL) == 0 || (flags & 3u) != (ini->login_flags & 3u)))
		return ERR_PROTOCOL;
	return 0;
}

/* A pair that cannot be read would end a search in it early. */
static int
check_text(struct iscsi_initiator *ini)
{
	const char *name, *value;
	size_t at = 0;
	int rc;

	do
		rc = iscsi_text_next(&ini->text, &at, &name, &value);
	while (rc == 1);
	return rc;
}

int
iscsi_initiator_on_login(struct iscsi_initiator *ini, const struct iscsi_pdu *pdu)
{
	const uint8_t *bhs = pdu->bhs;
	bool moves = (bhs[AT_FLAGS] & FLAG_FINAL) != 0;
	int rc = check(ini, bhs);

	if (rc < 0)
		return rc;
	ini->login_status = get_be16(bhs + AT_LOGIN_STATUS);
	if (ini->login_status != ISCSI_LOGIN_OK)
		return ERR_ACCESS;
	iscsi_text_clear_out(&ini->text);
	rc = iscsi_text_add(&ini->text, pdu->data, pdu->data_len);
	if (rc < 0)
		return rc == ERR_LIMIT ? ERR_PROTOCOL : rc;
	if ((bhs[AT_FLAGS] & FLAG_CONTINUE) != 0)
		return request(ini, csg(ini)); /* the rest of its text */
	rc = check_text(ini);
	if (rc == 0)
		rc = go_on(ini, moves);
	if (rc < 0)
		return rc;
	iscsi_text_clear_in(&ini->text);
	return ini->state == INITIATOR_OPERATIONAL && moves && !ini->login_due ? finish(ini, bhs)
									       : 0;
}
