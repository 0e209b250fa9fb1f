/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of whom a client trusts, and what it says when it does not; and of clients' certificates.
 */
#include "pair.h"

/* Shakes hands; returns what the client has found. */
static int
shake(struct place *p, const struct tls_client_options *options, const char *host)
{
	struct tls_context *server = server_of(p, NULL), *client = client_of(options);
	struct pair *pair = calloc(1, sizeof(*pair));
	int server_rc, client_rc;

	pair_init(pair, server, client, host);
	pair_shake(pair, &server_rc, &client_rc);
	if (client_rc < 0)
		assert_true(server_rc < 0);
	pair_fini(pair);
	free(pair);
	tls_context_unref(server);
	tls_context_unref(client);
	return client_rc;
}

/* The client must refuse the server, with these words in its text. */
static void
refused(struct place *p, const struct tls_client_options *options, const char *host,
	const char *words)
{
	int rc = shake(p, options, host);

	assert_int_equal(rc, ERR_UNTRUSTED);
	if (strstr(err_text(rc), words) == NULL)
		fail_msg("`%s` not in `%s`", words, err_text(rc));
}

static void
test_a_ca_vouches_for_names_and_addresses(void **state)
{
	struct place *p = *state;
	const struct tls_client_options options = { .ca = p->ca_path };

	assert_int_equal(shake(p, &options, "a.example"), 0);
	assert_int_equal(shake(p, &options, "A.Example"), 0);
	assert_int_equal(shake(p, &options, "127.0.0.1"), 0);
	assert_int_equal(shake(p, &options, "::1"), 0);
	assert_int_equal(shake(p, &options, "0:0:0:0:0:0:0:1"), 0);
}

static void
test_another_name_is_refused(void **state)
{
	struct place *p = *state;
	const struct tls_client_options options = { .ca = p->ca_path };

	refused(p, &options, "b.example", "is for a.example, 127.0.0.1, ::1 and not for b.example");
	refused(p, &options, "127.0.0.2", "not for 127.0.0.2");
	/* the common name counts only where there are no other names (RFC 6125 §6.4.4) */
	refused(p, &options, "array", "not for array");
}

static void
test_a_wildcard_stands_for_one_label(void **state)
{
	struct place *p = *state;
	const struct tls_client_options options = { .ca = p->ca_path };
	const struct authority_spec spec = { .names = "DNS:*.example.com,DNS:x*.example.org" };

	place_issue(p, &spec);
	assert_int_equal(shake(p, &options, "a.example.com"), 0);
	refused(p, &options, "a.b.example.com", "not for");
	refused(p, &options, "example.com", "not for");
	refused(p, &options, "xa.example.org", "not for");
}

static void
test_an_expired_certificate_is_refused(void **state)
{
	struct place *p = *state;
	const struct tls_client_options options = { .ca = p->ca_path };
	struct authority_spec spec = place_usual;

	spec.from_s = -7200;
	spec.until_s = -3600;
	place_issue(p, &spec);
	refused(p, &options, "a.example", "has expired");
	spec.from_s = 3600;
	spec.until_s = 7200;
	place_issue(p, &spec);
	refused(p, &options, "a.example", "valid only from");
}

static void
test_an_unknown_ca_is_refused_with_the_fingerprint(void **state)
{
	struct place *p = *state;
	struct authority *other = authority_new("Other CA", NULL);
	const struct tls_client_options options = { .ca = p->ca_path };
	char words[256];

	authority_issue(other, &place_usual, p->cert, p->key, p->fingerprint);
	snprintf(words, sizeof(words), "fingerprint %s", p->fingerprint);
	refused(p, &options, "a.example", words);
	refused(p, &options, "a.example", "none of the CAs that --ca (VDS_CA) names has signed");
	authority_free(other);
}

static void
test_the_system_does_not_know_our_ca(void **state)
{
	const struct tls_client_options options = { .ca = NULL };

	refused(*state, &options, "a.example", "no CA that this computer trusts");
}

static void
test_a_self_signed_certificate_is_refused(void **state)
{
	struct place *p = *state;
	const struct tls_client_options options = { .ca = p->ca_path };
	struct authority_spec spec = place_usual;

	spec.self_signed = true;
	place_issue(p, &spec);
	refused(p, &options, "a.example", "--fingerprint");
}

static void
test_a_self_signed_certificate_can_be_its_own_ca(void **state)
{
	struct place *p = *state;
	const struct tls_client_options options = { .ca = p->cert };
	struct authority_spec spec = place_usual;

	spec.self_signed = true;
	place_issue(p, &spec);
	assert_int_equal(shake(p, &options, "a.example"), 0);
	refused(p, &options, "b.example", "not for b.example");
}

static void
test_a_fingerprint_trusts_exactly_one_certificate(void **state)
{
	struct place *p = *state;
	struct tls_client_options options = { .fingerprints = p->fingerprint };
	char other[TLS_FINGERPRINT_SIZE];
	struct authority_spec spec = place_usual;

	assert_int_equal(shake(p, &options, "whatever.example"), 0);
	strcpy(other, p->fingerprint);
	options.fingerprints = other;
	spec.self_signed = true;
	place_issue(p, &spec);
	refused(p, &options, "a.example", "another fingerprint");
	refused(p, &options, "a.example", p->fingerprint);
}

static void
test_fingerprints_are_read_in_all_forms(void **state)
{
	struct place *p = *state;
	char plain[65], list[512];
	struct tls_client_options options = { .fingerprints = plain };
	size_t n = 0;

	for (const char *at = p->fingerprint; *at != '\0'; at++)
		if (*at != ':')
			plain[n++] = (char)(*at >= 'A' ? *at | 0x20 : *at);
	plain[n] = '\0';
	assert_int_equal(shake(p, &options, "x"), 0);
	options.fingerprints = list;
	snprintf(list, sizeof(list), "SHA256:%s", p->fingerprint);
	assert_int_equal(shake(p, &options, "x"), 0);
	snprintf(list, sizeof(list), "%064d, %s", 0, p->fingerprint);
	assert_int_equal(shake(p, &options, "x"), 0);
	snprintf(list, sizeof(list), "%064d", 0);
	refused(p, &options, "x", "another fingerprint");
}

static void
test_what_is_no_fingerprint_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		" ",
		"abc",
		"AB:CD",
		"zz",
		"0000000000000000000000000000000000000000000000000000000000000000f",
		"0:00000000000000000000000000000000000000000000000000000000000000f",
		"000000000000000000000000000000000000000000000000000000000000000g",
		"000000000000000000000000000000000000000000000000000000000000000\xc3",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		const struct tls_client_options options = { .fingerprints = texts[i] };
		struct tls_context *context;

		assert_int_equal(tls_client_new(&options, &context), ERR_INVALID);
		assert_non_null(strstr(err_text(ERR_INVALID), "fingerprint"));
	}
}

static void
test_a_chain_is_sent_and_verified(void **state)
{
	struct place *p = *state;
	struct authority *middle = authority_new("Middle CA", p->ca);
	const struct tls_client_options options = { .ca = p->ca_path };

	authority_issue(middle, &place_usual, p->cert, p->key, p->fingerprint);
	refused(p, &options, "a.example", "has signed"); /* the intermediate one is missing */
	authority_write(middle, p->cert, true);
	assert_int_equal(shake(p, &options, "a.example"), 0);
	authority_free(middle);
}

/* ---- clients' certificates ---- */

/* Shakes hands with a client that shows this certificate; returns the code of its name. */
static int
client_name(struct place *p, struct authority *ca, const struct authority_spec *spec, char name[64])
{
	char cert[96], key[96];
	struct tls_client_options options = { .ca = p->ca_path, .cert = cert, .key = key };
	struct tls_context *server = server_of(p, p->ca_path), *client;
	struct pair *pair = calloc(1, sizeof(*pair));
	int server_rc, client_rc, rc;

	place_path(p, "client.pem", cert);
	place_path(p, "client.key", key);
	if (spec != NULL)
		authority_issue(ca, spec, cert, key, NULL);
	else
		options.cert = options.key = NULL;
	client = client_of(&options);
	pair_init(pair, server, client, "a.example");
	pair_shake(pair, &server_rc, &client_rc);
	assert_int_equal(client_rc, 0); /* in TLS 1.3 a client learns of a refusal later */
	rc = server_rc < 0 ? server_rc : tls_conn_peer_name(pair->server.conn, name, 64);
	pair_fini(pair);
	free(pair);
	tls_context_unref(server);
	tls_context_unref(client);
	return rc;
}

static void
test_a_client_is_named_by_its_certificate(void **state)
{
	struct place *p = *state;
	const struct authority_spec common = { .common_name = "alice", .names = "DNS:x" };
	const struct authority_spec mail = { .names = "email:bob@example.com" };
	const struct authority_spec uri = { .names = "URI:spiffe://example/carol" };
	char name[64];

	assert_int_equal(client_name(p, p->ca, &common, name), 0);
	assert_string_equal(name, "alice");
	assert_int_equal(client_name(p, p->ca, &mail, name), 0);
	assert_string_equal(name, "bob@example.com");
	assert_int_equal(client_name(p, p->ca, &uri, name), 0);
	assert_string_equal(name, "spiffe://example/carol");
}

static void
test_a_client_without_a_certificate_has_no_name(void **state)
{
	struct place *p = *state;
	char name[64] = "untouched";

	assert_int_equal(client_name(p, p->ca, NULL, name), ERR_NOT_FOUND);
	assert_string_equal(name, "untouched");
}

static void
test_ambiguous_and_odd_names_are_no_names(void **state)
{
	struct place *p = *state;
	const struct authority_spec two = { .common_name = "alice", .second_common_name = "root" };
	const struct authority_spec none = { .names = NULL };
	const struct authority_spec control = { .common_name = "ali\nce" };
	const struct authority_spec lengthy = {
		.common_name = "a234567890123456789012345678901234567890123456789012345678901234"
	};
	char name[64];

	assert_int_equal(client_name(p, p->ca, &two, name), ERR_INVALID);
	assert_int_equal(client_name(p, p->ca, &none, name), ERR_INVALID);
	assert_int_equal(client_name(p, p->ca, &control, name), ERR_INVALID);
	assert_int_equal(client_name(p, p->ca, &lengthy, name), ERR_INVALID);
}

static void
test_a_certificate_of_another_ca_ends_the_handshake(void **state)
{
	struct place *p = *state;
	struct authority *other = authority_new("Other CA", NULL);
	const struct authority_spec spec = { .common_name = "alice" };
	struct authority_spec expired = spec;
	char name[64];

	assert_int_equal(client_name(p, other, &spec, name), ERR_PROTOCOL);
	expired.from_s = -7200;
	expired.until_s = -3600;
	assert_int_equal(client_name(p, p->ca, &expired, name), ERR_PROTOCOL);
	authority_free(other);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_ca_vouches_for_names_and_addresses),
		TEST(test_another_name_is_refused),
		TEST(test_a_wildcard_stands_for_one_label),
		TEST(test_an_expired_certificate_is_refused),
		TEST(test_an_unknown_ca_is_refused_with_the_fingerprint),
		TEST(test_the_system_does_not_know_our_ca),
		TEST(test_a_self_signed_certificate_is_refused),
		TEST(test_a_self_signed_certificate_can_be_its_own_ca),
		TEST(test_a_fingerprint_trusts_exactly_one_certificate),
		TEST(test_fingerprints_are_read_in_all_forms),
		TEST(test_what_is_no_fingerprint_is_refused),
		TEST(test_a_chain_is_sent_and_verified),
		TEST(test_a_client_is_named_by_its_certificate),
		TEST(test_a_client_without_a_certificate_has_no_name),
		TEST(test_ambiguous_and_odd_names_are_no_names),
		TEST(test_a_certificate_of_another_ca_ends_the_handshake),
	};

	return cmocka_run_group_tests_name("tls-trust", tests, NULL, NULL);
}
