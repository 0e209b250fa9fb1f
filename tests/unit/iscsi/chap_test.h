/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the tests of CHAP share: a login up to each of its steps. */
#ifndef VDS_TEST_CHAP_H
#define VDS_TEST_CHAP_H

#include "iscsi/iscsi_int.h"
#include "peer.h"

#define T              FLAG_FINAL
#define SECURITY       0x00
#define OPERATIONAL    0x04
#define TO_OPERATIONAL 1
#define TO_FULL        3

#define NAMES                        "InitiatorName=" PEER_INITIATOR "\0TargetName=" PEER_TARGET
#define PEER_CHALLENGE               "0x00112233445566778899aabbccddeeff"
#define REQUEST(p, flags, text, got) peer_login_request(p, flags, text, sizeof(text), got)

#define SECRET(text)                                      \
	{                                                 \
		(const uint8_t *)(text), sizeof(text) - 1 \
	}

extern const struct iscsi_secret chap_theirs, chap_before, chap_our_own;

/* One login: what the target has sent, and where the initiator is. */
struct chap_login {
	struct peer p;
	struct got got;
	uint32_t hash;
	uint8_t id;
	uint8_t challenge[CHAP_BINARY_MAX];
	size_t challenge_len;
};

/* How a response is to be. */
struct chap_response {
	const struct iscsi_secret *secret;
	const char *name;
	bool base64;
	const char *more; /* further pairs, each behind a blank; NULL = none */
	bool stay;        /* in the security stage */
};

/* The status of the last answer. */
unsigned chap_status(const struct chap_login *l);
/* The value of a key in the last answer; NULL = it has none. */
const char *chap_value(const struct chap_login *l, const char *key);

/* Begins a login in which the target wants CHAP, with these kinds of hashes (0 = all). */
void chap_begin_allowing(struct chap_login *l, unsigned kinds);
void chap_begin(struct chap_login *l);
void chap_send(struct chap_login *l, uint8_t flags, const struct strbuf *text);
/* Offers hashes, and notes the challenge. */
void chap_offer(struct chap_login *l, const char *hashes);
void chap_respond(struct chap_login *l, const struct chap_response *r);

/* How the login has ended; these end the peer, too. */
void chap_expect_refused(struct chap_login *l, unsigned status);
void chap_expect_in(struct chap_login *l, bool mutual);

#endif
