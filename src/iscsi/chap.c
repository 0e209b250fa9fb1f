/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * CHAP: how an initiator proves who it is, and how the target does on request.  RFC 7143 §12.1.3
 * and §9.2.1, RFC 1994.
 *
 *	initiator			target
 *	CHAP_A=5,7		-->				AGREED -> CHALLENGED
 *				<--	CHAP_A=7 CHAP_I CHAP_C
 *	CHAP_N CHAP_R [CHAP_I CHAP_C] -->			CHALLENGED -> ASKING, the owner is
 *								asked for the credentials
 *				<--	[CHAP_N CHAP_R]		ASKING -> DONE
 *
 * Nothing here knows connections, sockets or the catalog: keys come in by iscsi_chap_take, a
 * request that is complete by iscsi_chap_step, the credentials by iscsi_chap_verify, and the
 * answers go into a text.  What no row of `expected` allows, and every value that the RFC does not
 * allow, ends the login; the status and the cause are then in struct iscsi_chap.
 *
 * The cause of a failure is for the log of the array.  The initiator learns only that it was not
 * authenticated, whether the name or the secret was wrong, and it takes the same time.
 */
#include "iscsi/iscsi_int.h"

#include <errno.h>
#include <string.h>

#include "base/digest.h"
#include "base/err.h"

/* --- the hashes ------------------------------------------------------------------------------ */

/* Numbers: IANA, "PPP Authentication Algorithms"; RFC 7143 §12.1.3. */
#define NUMBER_FIRST 5u
static const enum digest_kind kinds[] = { DIGEST_MD5, DIGEST_SHA1, DIGEST_SHA256, DIGEST_SHA3_256 };

_Static_assert(CHAP_DIGEST_MAX == DIGEST_MAX_BYTES, "a digest has room in a response");

/* Returns the length of a digest; 0 = we do not have this hash. */
static size_t
hash_size(uint32_t number)
{
	return number >= NUMBER_FIRST && number < NUMBER_FIRST + ARRAY_LEN(kinds)
		       ? digest_size(kinds[number - NUMBER_FIRST])
		       : 0;
}

int
iscsi_chap_digest(uint32_t hash, uint8_t id, const struct iscsi_secret *secret,
		  const uint8_t *challenge, size_t challenge_len, uint8_t digest[CHAP_DIGEST_MAX])
{
	struct digest_part parts[] = {
		{ &id, 1 },
		{ secret->bytes, secret->len },
		{ challenge, challenge_len },
	};

	return hash_size(hash) == 0 ? -ENOMEM
				    : digest_of_parts(kinds[hash - NUMBER_FIRST], parts,
						      ARRAY_LEN(parts), digest);
}

/* --- binary values: RFC 7143 §6.1, hex-constant and base64-constant -------------------------- */

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static int
parse_hex(const char *digits, uint8_t *bytes, size_t max)
{
	size_t len = strlen(digits);

	if (len == 0 || len % 2 != 0)
		return ERR_PARSE;
	if (len / 2 > max)
		return ERR_LIMIT;
	for (size_t i = 0; i < len; i += 2) {
		int high = hex_value(digits[i]), low = hex_value(digits[i + 1]);

		if (high < 0 || low < 0)
			return ERR_PARSE;
		bytes[i / 2] = (uint8_t)(high << 4 | low);
	}
	return (int)(len / 2);
}

static int
base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

/* RFC 4648 §4: whole groups of four, padded, and no bit is set that means nothing. */
static int
parse_base64(const char *text, uint8_t *bytes, size_t max)
{
	size_t len = strlen(text), digits = len, have = 0;
	uint32_t bits = 0;

	if (len == 0 || len % 4 != 0)
		return ERR_PARSE;
	while (digits > len - 2 && text[digits - 1] == '=')
		digits--;
	if (digits * 3 / 4 > max)
		return ERR_LIMIT;
	for (size_t i = 0; i < digits; i++) {
		int value = base64_value(text[i]);

		if (value < 0)
			return ERR_PARSE;
		bits = bits << 6 | (uint32_t)value;
		if (i % 4 != 0)
			bytes[have++] = (uint8_t)(bits >> (6 - 2 * (i % 4)));
	}
	bits &= digits % 4 == 2 ? 0x0fu : digits % 4 == 3 ? 0x03u : 0;
	return bits == 0 ? (int)have : ERR_PARSE;
}

int
iscsi_chap_parse_binary(const char *value, uint8_t *bytes, size_t max, bool *ret_base64)
{
	if (value[0] != '0')
		return ERR_PARSE;
	*ret_base64 = value[1] == 'b' || value[1] == 'B';
	if (*ret_base64)
		return parse_base64(value + 2, bytes, max);
	return value[1] == 'x' || value[1] == 'X' ? parse_hex(value + 2, bytes, max) : ERR_PARSE;
}

static char *
format_hex(const uint8_t *bytes, size_t len, char *at)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		*at++ = digits[bytes[i] >> 4];
		*at++ = digits[bytes[i] & 15];
	}
	return at;
}

static char *
format_base64(const uint8_t *bytes, size_t len, char *at)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				     "0123456789+/";

	for (size_t i = 0; i < len; i += 3) {
		uint32_t group = (uint32_t)bytes[i] << 16;

		group |= i + 1 < len ? (uint32_t)bytes[i + 1] << 8 : 0;
		group |= i + 2 < len ? bytes[i + 2] : 0;
		*at++ = digits[group >> 18];
		*at++ = digits[group >> 12 & 63];
		*at++ = i + 1 < len ? digits[group >> 6 & 63] : '=';
		*at++ = i + 2 < len ? digits[group & 63] : '=';
	}
	return at;
}

void
iscsi_chap_format_binary(const uint8_t *bytes, size_t len, bool base64,
			 char text[CHAP_BINARY_TEXT_SIZE])
{
	text[0] = '0';
	text[1] = base64 ? 'b' : 'x';
	*(base64 ? format_base64 : format_hex)(bytes, len, text + 2) = '\0';
}

/* --- keys ------------------------------------------------------------------------------------ */

static int
fail(struct iscsi_chap *chap, unsigned status, const char *cause)
{
	chap->status = (uint16_t)status;
	chap->cause = cause;
	return ERR_PROTOCOL;
}

#define BAD(chap, cause)    fail(chap, ISCSI_LOGIN_INITIATOR_ERROR, cause)
#define DENIED(chap, cause) fail(chap, ISCSI_LOGIN_AUTH_FAILED, cause)

static bool
is_allowed(const struct iscsi_chap *chap, uint32_t number)
{
	return chap->kinds == 0 || (chap->kinds & 1u << kinds[number - NUMBER_FIRST]) != 0;
}

/*
 * The strongest hash of the list that we have and that is allowed; what we do not know in it has no
 * effect.
 */
static int
take_hashes(struct iscsi_chap *chap, const char *value)
{
	while (true) {
		size_t len = strcspn(value, ",");
		char one[12] = "";
		uint32_t number;

		if (len < sizeof(one))
			memcpy(one, value, len);
		if (len == 0 || len >= sizeof(one) || iscsi_text_parse_number(one, &number) < 0)
			return BAD(chap, "CHAP_A is no list of numbers");
		if (hash_size(number) > 0 && !is_allowed(chap, number))
			chap->forbidden = true;
		else if (number > chap->hash && hash_size(number) > 0)
			chap->hash = number;
		if (value[len] == '\0')
			return 0;
		value += len + 1;
	}
}

static int
take_name(struct iscsi_chap *chap, const char *value)
{
	size_t len = strlen(value);

	if (len == 0 || len > ISCSI_CHAP_NAME_MAX || !str_is_text(value, len))
		return BAD(chap, "CHAP_N is empty, too long, or no text");
	memcpy(chap->name, value, len + 1);
	return 0;
}

static int
take_response(struct iscsi_chap *chap, const char *value)
{
	int len = iscsi_chap_parse_binary(value, chap->response, sizeof(chap->response),
					  &chap->base64);

	if (len < 0)
		return BAD(chap, len == ERR_LIMIT
					 ? "CHAP_R is longer than any digest"
					 : "CHAP_R is neither hexadecimal (0x) nor base64 (0b)");
	chap->response_len = (size_t)len;
	return 0;
}

static int
take_id(struct iscsi_chap *chap, const char *value)
{
	uint32_t number;

	if (iscsi_text_parse_number(value, &number) < 0 || number > UINT8_MAX)
		return BAD(chap, "CHAP_I is no number from 0 to 255");
	chap->peer_id = (uint8_t)number;
	return 0;
}

static int
take_challenge(struct iscsi_chap *chap, const char *value)
{
	int len = iscsi_chap_parse_binary(value, chap->peer_challenge, sizeof(chap->peer_challenge),
					  &chap->base64);

	if (len < 0)
		return BAD(chap, len == ERR_LIMIT
					 ? "CHAP_C is longer than 1,024 bytes"
					 : "CHAP_C is neither hexadecimal (0x) nor base64 (0b)");
	chap->peer_challenge_len = (size_t)len;
	return 0;
}

/* In the order of enum iscsi_chap_key. */
static int (*const takes[])(struct iscsi_chap *chap, const char *value) = {
	[CHAP_A] = take_hashes, [CHAP_C] = take_challenge, [CHAP_I] = take_id,
	[CHAP_N] = take_name,   [CHAP_R] = take_response,
};

#define KEY(k) (1u << (k))

/* Which keys a request brings in each state; nothing else is allowed. */
static const struct chap_expected {
	enum iscsi_chap_state state;
	unsigned keys;
	/* clang-format off */
} expected[] = {
	{ CHAP_AGREED,		KEY(CHAP_A) },
	{ CHAP_CHALLENGED,	KEY(CHAP_N) | KEY(CHAP_R) },
	{ CHAP_CHALLENGED,	KEY(CHAP_N) | KEY(CHAP_R) | KEY(CHAP_I) | KEY(CHAP_C) },
};
/* clang-format on */

void
iscsi_chap_init(struct iscsi_chap *chap, unsigned allowed)
{
	memset(chap, 0, sizeof(*chap));
	chap->kinds = allowed;
	chap->state = CHAP_AGREED;
	chap->fresh = true;
}

int
iscsi_chap_take(struct iscsi_chap *chap, enum iscsi_chap_key key, const char *value)
{
	unsigned allowed = 0;

	for (size_t i = 0; i < ARRAY_LEN(expected); i++)
		if (expected[i].state == chap->state)
			allowed |= expected[i].keys;
	if (chap->fresh || (allowed & KEY(key)) == 0)
		return BAD(chap, "a key of CHAP came out of its order");
	chap->keys |= KEY(key);
	return takes[key](chap, value);
}

/* --- steps ----------------------------------------------------------------------------------- */

static int
challenge(struct iscsi_chap *chap, struct iscsi_text *out)
{
	char text[CHAP_BINARY_TEXT_SIZE];

	chap->challenge_len = hash_size(chap->hash);
	if (chap->challenge_len == 0 && chap->forbidden)
		return DENIED(chap, "CHAP_A offers only hashes that chap-algorithms of vdsd does "
				    "not allow: let the initiator offer another "
				    "(node.session.auth.chap_algs), or allow one of them");
	if (chap->challenge_len == 0)
		return DENIED(chap,
			      "CHAP_A offers no hash that this array has: it has MD5 (5) "
			      "where that is allowed, SHA-1 (6), SHA-256 (7) and SHA3-256 (8)");
	if (digest_random(&chap->id, 1) < 0 ||
	    digest_random(chap->challenge, chap->challenge_len) < 0)
		return fail(chap, ISCSI_LOGIN_TARGET_ERROR, "there are no random numbers");
	iscsi_chap_format_binary(chap->challenge, chap->challenge_len, false, text);
	iscsi_text_put_number(out, "CHAP_A", chap->hash);
	iscsi_text_put_number(out, "CHAP_I", chap->id);
	iscsi_text_put(out, "CHAP_C", text);
	chap->state = CHAP_CHALLENGED;
	return 0;
}

int
iscsi_chap_step(struct iscsi_chap *chap, struct iscsi_text *out)
{
	unsigned keys = chap->keys;
	bool known = false;

	chap->keys = 0;
	if (chap->state == CHAP_DONE || chap->fresh) {
		chap->fresh = false; /* the answer to AuthMethod goes out first */
		return 0;
	}
	for (size_t i = 0; i < ARRAY_LEN(expected); i++)
		known = known || (expected[i].state == chap->state && expected[i].keys == keys);
	if (keys == 0)
		return BAD(chap, "the initiator agreed to CHAP and does not go on with it");
	if (!known)
		return BAD(chap, "keys of CHAP are missing: CHAP_N and CHAP_R come together, and "
				 "so do CHAP_I and CHAP_C");
	if (chap->state == CHAP_AGREED)
		return challenge(chap, out);
	chap->mutual = (keys & KEY(CHAP_C)) != 0;
	chap->state = CHAP_ASKING;
	return 0;
}

/* Whether the response is that of this secret; takes the same time whatever is wrong. */
static int
matches(const struct iscsi_chap *chap, const struct iscsi_secret *secret, bool *ret_matches)
{
	uint8_t digest[CHAP_DIGEST_MAX];
	int len = iscsi_chap_digest(chap->hash, chap->id, secret, chap->challenge,
				    chap->challenge_len, digest);

	if (len < 0)
		return len;
	*ret_matches = chap->response_len == (size_t)len &&
		       digest_equal(digest, chap->response, (size_t)len);
	return 0;
}

/* Answers the initiator's challenge. */
static int
prove(struct iscsi_chap *chap, const struct iscsi_credentials *credentials, struct iscsi_text *out)
{
	char text[CHAP_BINARY_TEXT_SIZE];
	uint8_t digest[CHAP_DIGEST_MAX];
	int len;

	if (credentials->target.len == 0)
		return DENIED(chap, "the initiator wants the target to prove itself, and the "
				    "target has no secret for that (mutual CHAP)");
	len = iscsi_chap_digest(chap->hash, chap->peer_id, &credentials->target,
				chap->peer_challenge, chap->peer_challenge_len, digest);
	if (len < 0)
		return len;
	iscsi_chap_format_binary(digest, (size_t)len, chap->base64, text);
	iscsi_text_put(out, "CHAP_N", credentials->target_name);
	iscsi_text_put(out, "CHAP_R", text);
	return 0;
}

/* RFC 7143 §9.2.1: the initiator must not send our own challenge back to us. */
static bool
is_reflected(const struct iscsi_chap *chap)
{
	return chap->mutual && chap->peer_challenge_len == chap->challenge_len &&
	       digest_equal(chap->peer_challenge, chap->challenge, chap->challenge_len);
}

int
iscsi_chap_verify(struct iscsi_chap *chap, const struct iscsi_credentials *credentials,
		  struct iscsi_text *out)
{
	static const struct iscsi_secret nobody = { (const uint8_t *)"nobody has this", 15 };
	bool good[2] = { false, false }, own = false;
	int rc = 0;

	for (unsigned i = 0; i < 2 && rc == 0; i++) {
		const struct iscsi_secret *secret = &credentials->initiator[i];

		rc = matches(chap, secret->len > 0 ? secret : &nobody, &good[i]);
		good[i] = good[i] && secret->len > 0;
	}
	if (rc == 0)
		rc = matches(chap, credentials->target.len > 0 ? &credentials->target : &nobody,
			     &own);
	if (rc < 0)
		return rc;
	if (is_reflected(chap))
		return DENIED(chap, "CHAP_C is the challenge of the target itself (reflection)");
	if (credentials->target.len > 0 && own)
		return DENIED(chap, "CHAP_R is the target's own answer: both directions must have "
				    "secrets of their own");
	if (credentials->initiator[0].len == 0)
		return DENIED(chap, "there is no CHAP secret for this name (CHAP_N)");
	if (!good[0] && !good[1])
		return DENIED(chap, "the CHAP secret is wrong");
	if (chap->mutual)
		rc = prove(chap, credentials, out);
	if (rc < 0)
		return rc;
	chap->state = CHAP_DONE;
	return 0;
}
