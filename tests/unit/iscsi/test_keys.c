/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The negotiation table, walked: every key of RFC 7143 §12 and §13, with every rule. */
#include "peer.h"

#include <stdio.h>
#include <stdlib.h>

#include "iscsi/iscsi_int.h"

/* What one offer is answered with, in an operational login request of this session type. */
struct walk {
	const char *key, *offer;
	const char *normal; /* the answer; NULL = none */
	const char *discovery;
	uint32_t agreed; /* in struct iscsi_params, where the key has a field there */
};

/* Our side: the defaults of iscsi_params_default, but small bursts. */
/* clang-format off */
static const struct walk walks[] = {
	/* key			offer		normal		discovery	agreed */
	{ "AuthMethod",		"None",		"Reject",	"Reject",	0 },	/* not in this stage */
	{ "CHAP_A",		"5",		"Reject",	"Reject",	0 },	/* test_chap.c */
	{ "CHAP_C",		"0x00",		"Reject",	"Reject",	0 },
	{ "CHAP_I",		"1",		"Reject",	"Reject",	0 },
	{ "CHAP_N",		"x",		"Reject",	"Reject",	0 },
	{ "CHAP_R",		"0x00",		"Reject",	"Reject",	0 },
	{ "DataDigest",		"None",		"None",		"None",		ISCSI_DIGEST_NONE },
	{ "DataDigest",		"CRC32C,None",	"CRC32C",	"CRC32C",	ISCSI_DIGEST_CRC32C },
	{ "DataDigest",		"Foo,None,CRC32C", "None",	"None",		ISCSI_DIGEST_NONE },
	{ "DataDigest",		"Foo",		"Reject",	"Reject",	ISCSI_DIGEST_NONE },
	{ "DataDigest",		"",		"Reject",	"Reject",	ISCSI_DIGEST_NONE },
	{ "DataPDUInOrder",	"Yes",		"Yes",		"Irrelevant",	0 },
	{ "DataPDUInOrder",	"No",		"Yes",		"Irrelevant",	0 },
	{ "DataPDUInOrder",	"maybe",	"Reject",	"Irrelevant",	0 },
	{ "DataSequenceInOrder", "Yes",		"Yes",		"Irrelevant",	0 },
	{ "DataSequenceInOrder", "No",		"Yes",		"Irrelevant",	0 },
	{ "DefaultTime2Retain",	"60",		"20",		"20",		20 },
	{ "DefaultTime2Retain",	"0",		"0",		"0",		0 },
	{ "DefaultTime2Retain",	"3601",		"Reject",	"Reject",	20 },
	{ "DefaultTime2Wait",	"0",		"2",		"2",		2 },
	{ "DefaultTime2Wait",	"5",		"5",		"5",		5 },
	{ "DefaultTime2Wait",	"3600",		"3600",		"3600",		3600 },
	{ "DefaultTime2Wait",	"3601",		"Reject",	"Reject",	2 },
	{ "ErrorRecoveryLevel",	"0",		"0",		"0",		0 },
	{ "ErrorRecoveryLevel",	"1",		"1",		"0",		1 },
	{ "ErrorRecoveryLevel",	"2",		"2",		"0",		2 },
	{ "ErrorRecoveryLevel",	"3",		"Reject",	"Reject",	0 },
	{ "FirstBurstLength",	"512",		"512",		"Irrelevant",	512 },
	{ "FirstBurstLength",	"16777215",	"262144",	"Irrelevant",	262144 },
	{ "FirstBurstLength",	"511",		"Reject",	"Irrelevant",	65536 },
	{ "FirstBurstLength",	"16777216",	"Reject",	"Irrelevant",	65536 },
	{ "HeaderDigest",	"CRC32C",	"CRC32C",	"CRC32C",	ISCSI_DIGEST_CRC32C },
	{ "HeaderDigest",	"None,CRC32C",	"None",		"None",		ISCSI_DIGEST_NONE },
	{ "IFMarkInt",		"2048~8192",	"Reject",	"Reject",	0 },
	{ "IFMarker",		"No",		"No",		"No",		0 },
	{ "IFMarker",		"Yes",		"No",		"No",		0 },
	{ "ImmediateData",	"Yes",		"Yes",		"Irrelevant",	true },
	{ "ImmediateData",	"No",		"No",		"Irrelevant",	false },
	{ "InitialR2T",		"Yes",		"Yes",		"Irrelevant",	true },
	{ "InitialR2T",		"No",		"No",		"Irrelevant",	false },
	{ "InitialR2T",		"no",		"Reject",	"Irrelevant",	true },
	{ "InitiatorAlias",	"some host",	NULL,		NULL,		0 },
	{ "InitiatorName",	"iqn.2024-01.test:b", NULL,	NULL,		0 },
	{ "MaxBurstLength",	"0x200",	"512",		"Irrelevant",	512 },
	{ "MaxBurstLength",	"16777215",	"1048576",	"Irrelevant",	1048576 },
	{ "MaxBurstLength",	"0",		"Reject",	"Irrelevant",	262144 },
	{ "MaxConnections",	"1",		"1",		"Irrelevant",	1 },
	{ "MaxConnections",	"4",		"4",		"Irrelevant",	4 },
	{ "MaxConnections",	"65535",	"16",		"Irrelevant",	16 },
	{ "MaxConnections",	"0",		"Reject",	"Irrelevant",	1 },
	{ "MaxOutstandingR2T",	"1",		"1",		"Irrelevant",	1 },
	{ "MaxOutstandingR2T",	"65535",	"16",		"Irrelevant",	16 },
	{ "MaxOutstandingR2T",	"65536",	"Reject",	"Irrelevant",	1 },
	{ "MaxRecvDataSegmentLength", "512",	"262144",	"8192",		512 },
	{ "MaxRecvDataSegmentLength", "16777215", "262144",	"8192",		262144 },
	{ "MaxRecvDataSegmentLength", "511",	"Reject",	"Reject",	8192 },
	{ "OFMarkInt",		"65535",	"Reject",	"Reject",	0 },
	{ "OFMarker",		"Yes",		"No",		"No",		0 },
	{ "SendTargets",	"All",		"Reject",	"Reject",	0 },	/* not in login */
	{ "SessionType",	NULL,		NULL,		NULL,		0 },	/* test_login.c */
	{ "TargetAddress",	"127.0.0.1",	"Reject",	"Reject",	0 },
	{ "TargetAlias",	"x",		"Reject",	"Reject",	0 },
	{ "TargetName",		"iqn.2024-01.test:c", NULL,	NULL,		0 },
	{ "TargetPortalGroupTag", "7",		"1",		"Reject",	0 },	/* ours is the answer */
	{ "TaskReporting",	"RFC3720",	"RFC3720",	"Irrelevant",	0 },
	{ "TaskReporting",	"FastAbort,RFC3720", "RFC3720",	"Irrelevant",	0 },
	{ "TaskReporting",	"FastAbort",	"Reject",	"Irrelevant",	0 },
	{ "iSCSIProtocolLevel",	"1",		"1",		"Irrelevant",	1 },
	{ "iSCSIProtocolLevel",	"2",		"2",		"Irrelevant",	2 },
	{ "iSCSIProtocolLevel",	"31",		"2",		"Irrelevant",	2 },
	{ "iSCSIProtocolLevel",	"0",		"0",		"Irrelevant",	0 },
	{ "iSCSIProtocolLevel",	"32",		"Reject",	"Irrelevant",	1 },
	{ "X-com.example.key",	"1",		"NotUnderstood", "NotUnderstood", 0 },
	{ "NoSuchKey",		"Yes",		"NotUnderstood", "NotUnderstood", 0 },
	{ "NoSuchKey",		"NotUnderstood", NULL,		NULL,		0 },
};
/* clang-format on */

static void
test_table_is_sorted(void **state)
{
	(void)state;
	for (unsigned i = 1; i < KEY_COUNT; i++)
		assert_true(strcmp(iscsi_key_table[i - 1].name, iscsi_key_table[i].name) < 0);
}

static void
test_every_key_is_found_and_walked(void **state)
{
	(void)state;
	for (unsigned i = 0; i < KEY_COUNT; i++) {
		bool walked = false;

		assert_ptr_equal(iscsi_keys_find(iscsi_key_table[i].name), &iscsi_key_table[i]);
		for (size_t w = 0; w < ARRAY_LEN(walks); w++)
			walked = walked || strcmp(walks[w].key, iscsi_key_table[i].name) == 0;
		if (!walked)
			fail_msg("no row of the walk tries %s", iscsi_key_table[i].name);
	}
	assert_null(iscsi_keys_find(""));
	assert_null(iscsi_keys_find("initialR2T"));
	assert_null(iscsi_keys_find("zzz"));
	assert_null(iscsi_keys_find("A"));
}

/*
 * The keys that the RFC names, so that none is forgotten.  §12, §13; iSCSIProtocolLevel: RFC 7144.
 */
static void
test_table_is_complete(void **state)
{
	static const char *const names[] = {
		"AuthMethod",
		"CHAP_A",
		"CHAP_I",
		"CHAP_C",
		"CHAP_N",
		"CHAP_R",
		"HeaderDigest",
		"DataDigest",
		"MaxConnections",
		"SendTargets",
		"TargetName",
		"InitiatorName",
		"TargetAlias",
		"InitiatorAlias",
		"TargetAddress",
		"TargetPortalGroupTag",
		"InitialR2T",
		"ImmediateData",
		"MaxRecvDataSegmentLength",
		"MaxBurstLength",
		"FirstBurstLength",
		"DefaultTime2Wait",
		"DefaultTime2Retain",
		"MaxOutstandingR2T",
		"DataPDUInOrder",
		"DataSequenceInOrder",
		"ErrorRecoveryLevel",
		"SessionType",
		"TaskReporting",
		"IFMarker",
		"OFMarker",
		"IFMarkInt",
		"OFMarkInt",
		"iSCSIProtocolLevel",
	};

	(void)state;
	assert_int_equal(ARRAY_LEN(names), KEY_COUNT);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_non_null(iscsi_keys_find(names[i]));
}

static uint32_t
field_of(const struct iscsi_key *key, const struct iscsi_params *params)
{
	const uint8_t *at = (const uint8_t *)params + key->offset;
	uint32_t wide = 0;

	memcpy(&wide, at, key->width);
	return wide;
}

/* The answer to a key in a response, or NULL. */
static const char *
answer_to(const struct got *got, const char *key)
{
	size_t len = strlen(key);

	for (size_t at = 0; at < got->data_len;) {
		const char *here = (const char *)got->data + at;

		if (strncmp(here, key, len) == 0 && here[len] == '=')
			return here + len + 1;
		at += strnlen(here, got->data_len - at) + 1;
	}
	return NULL;
}

static void
walk_row(const struct walk *w, bool discovery)
{
	const char *want = discovery ? w->discovery : w->normal;
	const struct iscsi_key *key = iscsi_keys_find(w->key);
	const char *answer;
	char text[512];
	struct got got;
	struct peer p;
	int len;

	peer_init(&p, NULL);
	len = snprintf(text, sizeof(text),
		       "InitiatorName=" PEER_INITIATOR "%cTargetName=" PEER_TARGET
		       "%cSessionType=%s%c%s=%s",
		       0, 0, discovery ? "Discovery" : "Normal", 0, w->key, w->offer);
	/* A name given as the row's key replaces the one before it. */
	if (strcmp(w->key, "InitiatorName") == 0)
		memcpy(text, "X-", 2);
	if (strcmp(w->key, "TargetName") == 0)
		memcpy(strchr(text, 0) + 1, "X-", 2);
	peer_login_request(&p, 0x04, text, (size_t)len + 1, &got);
	assert_int_equal(get_be16(got.bhs + AT_LOGIN_STATUS), 0);
	answer = answer_to(&got, w->key);
	if (want == NULL ? answer != NULL : answer == NULL || strcmp(answer, want) != 0)
		fail_msg("%s=%s in a %s session: %s, not %s", w->key, w->offer,
			 discovery ? "discovery" : "normal", answer != NULL ? answer : "(none)",
			 want != NULL ? want : "(none)");
	if (!discovery && key != NULL && key->width > 0 &&
	    field_of(key, iscsi_conn_params(p.conn)) != w->agreed)
		fail_msg("%s=%s: %u was agreed, not %u", w->key, w->offer,
			 (unsigned)field_of(key, iscsi_conn_params(p.conn)), (unsigned)w->agreed);
	peer_fini(&p);
}

static void
test_every_rule(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(walks); i++) {
		if (walks[i].offer == NULL)
			continue;
		walk_row(&walks[i], false);
		walk_row(&walks[i], true);
	}
}

#define TWO_NAMES "InitiatorName=" PEER_INITIATOR "%cTargetName=" PEER_TARGET

/* Each key may be negotiated once: RFC 7143 §6.2. */
static void
test_every_key_twice_is_refused(void **state)
{
	(void)state;
	for (unsigned i = 0; i < KEY_COUNT; i++) {
		char text[512];
		struct got got;
		struct peer p;
		int len;

		peer_init(&p, NULL);
		len = snprintf(text, sizeof(text), TWO_NAMES "%c%s=iqn.a:b%c%s=iqn.a:b", 0, 0,
			       iscsi_key_table[i].name, 0, iscsi_key_table[i].name);
		/* Session types are refused for their value: give a good one. */
		if (iscsi_key_table[i].rule == KEY_SESSION_TYPE)
			len = snprintf(text, sizeof(text),
				       TWO_NAMES "%cSessionType=Normal%cSessionType=Normal", 0, 0,
				       0);
		peer_login_request(&p, 0x04, text, (size_t)len + 1, &got);
		assert_int_equal(get_be16(got.bhs + AT_LOGIN_STATUS), ISCSI_LOGIN_INITIATOR_ERROR);
		assert_int_equal(p.error, ERR_CLOSED);
		peer_fini(&p);
	}
}

/* How often a response answers a key. */
static unsigned
answers_to(const struct got *got, const char *key)
{
	size_t len = strlen(key);
	unsigned count = 0;

	for (size_t at = 0; at < got->data_len;) {
		const char *here = (const char *)got->data + at;

		count += strncmp(here, key, len) == 0 && here[len] == '=';
		at += strnlen(here, got->data_len - at) + 1;
	}
	return count;
}

/*
 * Whatever is offered for whichever key, also a key that is unknown or ours: one answer, or none.
 */
static void
test_no_key_is_answered_twice(void **state)
{
	static const char *const values[] = { "511", "0", "Yes", "", "512", "None", "x" };
	static const char *const unknown[] = { "X-org.example.a", "NoSuchKey" };

	(void)state;
	for (size_t i = 0; i < KEY_COUNT + ARRAY_LEN(unknown); i++) {
		const char *key = i < KEY_COUNT ? iscsi_key_table[i].name : unknown[i - KEY_COUNT];

		for (size_t v = 0; v < ARRAY_LEN(values); v++) {
			char text[512];
			struct got got;
			struct peer p;
			int len;

			peer_init(&p, NULL);
			p.reply.alias = "disk";
			len = snprintf(text, sizeof(text),
				       "InitiatorName=" PEER_INITIATOR "%cTargetName=" PEER_TARGET
				       "%c%s=%s%cX-q=%s%cX-q=%s",
				       0, 0, key, values[v], 0, values[v], 0, values[v]);
			peer_login_request(&p, 0x04, text, (size_t)len + 1, &got);
			if (answers_to(&got, key) > 1 || answers_to(&got, "X-q") > 1)
				fail_msg("%s=%s is answered twice", key, values[v]);
			peer_fini(&p);
		}
	}
}

/* RFC 7143 §13.14, in whichever order the two keys come. */
static void
test_first_burst_is_never_above_the_burst(void **state)
{
	static const char names[] = "InitiatorName=" PEER_INITIATOR "\0TargetName=" PEER_TARGET;
	static const char *const bursts[][2] = {
		{ "MaxBurstLength=4096", "FirstBurstLength=65536" },
		{ "FirstBurstLength=65536", "MaxBurstLength=4096" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bursts); i++) {
		char text[512];
		size_t len = sizeof(names);
		struct got got;
		struct peer p;

		peer_init(&p, NULL);
		memcpy(text, names, sizeof(names));
		for (size_t k = 0; k < 2; k++)
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%s",
						bursts[i][k]) +
			       1;
		peer_login_request(&p, 0x04, text, len, &got);
		assert_string_equal(answer_to(&got, "FirstBurstLength"), "4096");
		assert_string_equal(answer_to(&got, "MaxBurstLength"), "4096");
		assert_int_equal(iscsi_conn_params(p.conn)->first_burst_len, 4096);
		peer_fini(&p);
	}
}

/*
 * RFC 7143 §13.19: with DataSequenceInOrder, ErrorRecoveryLevel above 0 takes MaxOutstandingR2T=1.
 * Of two offers in one request, as Windows makes them, the R2Ts win; of two requests the first.
 */
static void
test_recovery_takes_one_r2t_at_a_time(void **state)
{
	static const char names[] = "InitiatorName=" PEER_INITIATOR "\0TargetName=" PEER_TARGET;
	static const char both[] = "InitiatorName=" PEER_INITIATOR "\0TargetName=" PEER_TARGET
				   "\0MaxOutstandingR2T=8\0ErrorRecoveryLevel=1";
	static const char *const orders[][2] = {
		{ "MaxOutstandingR2T=8", "ErrorRecoveryLevel=2" },
		{ "ErrorRecoveryLevel=2", "MaxOutstandingR2T=8" },
	};
	struct got got;
	struct peer p;

	(void)state;
	peer_init(&p, NULL);
	peer_login_request(&p, 0x04, both, sizeof(both), &got);
	assert_true(peer_text_has(&got, "MaxOutstandingR2T=8"));
	assert_true(peer_text_has(&got, "ErrorRecoveryLevel=0"));
	peer_fini(&p);
	for (size_t i = 0; i < ARRAY_LEN(orders); i++) {
		peer_init(&p, NULL);
		peer_login_request(&p, 0x04, names, sizeof(names), &got);
		peer_login_request(&p, 0x04, orders[i][0], strlen(orders[i][0]) + 1, &got);
		peer_login_request(&p, 0x04, orders[i][1], strlen(orders[i][1]) + 1, &got);
		const struct iscsi_params *params = iscsi_conn_params(p.conn);

		assert_int_equal(params->error_recovery_level, 2 * i);
		assert_int_equal(params->max_outstanding_r2t, i == 0 ? 8 : 1);
		peer_fini(&p);
	}
}

/* A text of thousands of unknown keys costs no more than one that is refused. */
static void
test_many_unknown_keys_are_refused(void **state)
{
	static char text[8000];
	size_t len = (size_t)snprintf(text, sizeof(text), TWO_NAMES, 0) + 1;
	struct got got;
	struct peer p;

	(void)state;
	for (unsigned i = 0; i < 600; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "X-%u=1", i) + 1;
	peer_init(&p, NULL);
	peer_login_request(&p, 0x04, text, len, &got);
	assert_int_equal(get_be16(got.bhs + AT_LOGIN_STATUS), ISCSI_LOGIN_INITIATOR_ERROR);
	peer_fini(&p);
}

static void
test_defaults_hold_when_nothing_is_said(void **state)
{
	const struct iscsi_params *params;
	struct peer p;

	(void)state;
	peer_init(&p, NULL);
	peer_login(&p, "", 0);
	params = iscsi_conn_params(p.conn);
	assert_int_equal(params->max_send_len, 8192);
	assert_int_equal(params->max_recv_len, 262144); /* ours was declared */
	assert_int_equal(params->max_burst_len, 262144);
	assert_int_equal(params->first_burst_len, 65536);
	assert_int_equal(params->max_outstanding_r2t, 1);
	assert_int_equal(params->time2wait_s, 2);
	assert_int_equal(params->time2retain_s, 20);
	assert_int_equal(params->header_digest, ISCSI_DIGEST_NONE);
	assert_int_equal(params->data_digest, ISCSI_DIGEST_NONE);
	assert_true(params->initial_r2t);
	assert_true(params->immediate_data);
	assert_int_equal(params->error_recovery_level, 0);
	peer_fini(&p);
}

static void
test_limits_of_ours_are_kept(void **state)
{
	static const char text[] =
		"InitiatorName=iqn.a:b\0TargetName=iqn.a:c\0InitialR2T=No\0ImmediateData=Yes\0"
		"HeaderDigest=CRC32C\0DataDigest=None,CRC32C";
	struct iscsi_params limits;
	const struct iscsi_params *params;
	struct got got;
	struct peer p;

	(void)state;
	iscsi_params_default(&limits);
	limits.initial_r2t = true;
	limits.immediate_data = false;
	limits.header_digest = ISCSI_DIGEST_NONE;
	limits.data_digest = ISCSI_DIGEST_CRC32C;
	peer_init(&p, &limits);
	peer_login_request(&p, 0x87, text, sizeof(text), &got);
	params = iscsi_conn_params(p.conn);
	assert_true(params->initial_r2t);
	assert_false(params->immediate_data);
	assert_true(peer_text_has(&got, "HeaderDigest=Reject"));
	assert_int_equal(params->header_digest, ISCSI_DIGEST_NONE);
	assert_int_equal(params->data_digest, ISCSI_DIGEST_CRC32C);
	peer_fini(&p);
}

static void
test_limits_out_of_range_are_refused(void **state)
{
	struct iscsi_conn_ops none = { 0 };
	struct iscsi_params limits;
	struct iscsi_conn_config config = { .ops = &none, .limits = &limits };
	struct iscsi_conn *conn = NULL;

	(void)state;
	iscsi_params_default(&limits);
	limits.max_recv_len = 511;
	assert_int_equal(iscsi_conn_new(&config, &conn), ERR_INVALID);
	iscsi_params_default(&limits);
	limits.first_burst_len = limits.max_burst_len + 1;
	assert_int_equal(iscsi_conn_new(&config, &conn), ERR_INVALID);
	iscsi_params_default(&limits);
	config.queue_depth = 1025;
	assert_int_equal(iscsi_conn_new(&config, &conn), ERR_INVALID);
	assert_null(conn);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table_is_sorted),
		cmocka_unit_test(test_every_key_is_found_and_walked),
		cmocka_unit_test(test_table_is_complete),
		cmocka_unit_test(test_every_rule),
		cmocka_unit_test(test_every_key_twice_is_refused),
		cmocka_unit_test(test_no_key_is_answered_twice),
		cmocka_unit_test(test_first_burst_is_never_above_the_burst),
		cmocka_unit_test(test_recovery_takes_one_r2t_at_a_time),
		cmocka_unit_test(test_many_unknown_keys_are_refused),
		cmocka_unit_test(test_defaults_hold_when_nothing_is_said),
		cmocka_unit_test(test_limits_of_ours_are_kept),
		cmocka_unit_test(test_limits_out_of_range_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
