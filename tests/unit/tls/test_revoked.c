/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of revocation lists, and of clients' certificates that are verified again after the
 * handshake.
 */
#include "base/clock.h"
#include "pair.h"

struct trial {
	struct place *p;
	char ca_path[96], crl[96], cert[96], key[96]; /* of the clients' CA and of one client */
	struct authority *ca;
};

static const struct authority_spec alice = { .common_name = "alice" };

static int
trial_setup(void **state)
{
	struct trial *t = calloc(1, sizeof(*t));
	void *place;

	assert_non_null(t);
	place_setup(&place);
	t->p = place;
	place_path(t->p, "clients.pem", t->ca_path);
	place_path(t->p, "clients.crl", t->crl);
	place_path(t->p, "alice.pem", t->cert);
	place_path(t->p, "alice.key", t->key);
	t->ca = authority_new("Clients' CA", NULL);
	authority_write(t->ca, t->ca_path, false);
	authority_issue(t->ca, &alice, t->cert, t->key, NULL);
	*state = t;
	return 0;
}

static int
trial_teardown(void **state)
{
	struct trial *t = *state;
	void *place = t->p;

	authority_free(t->ca);
	place_teardown(&place);
	free(t);
	return 0;
}

static int
server_try(const struct trial *t, struct tls_context **ret_context)
{
	const struct tls_server_files files = {
		.cert = t->p->cert, .key = t->p->key, .client_ca = t->ca_path, .client_crl = t->crl
	};

	return tls_server_new(&files, ret_context);
}

static struct tls_context *
server_with_list(const struct trial *t)
{
	struct tls_context *context = NULL;
	int rc = server_try(t, &context);

	if (rc < 0)
		fail_msg("%s", err_text(rc));
	return context;
}

static void
list_refused(const struct trial *t, int code, const char *words)
{
	struct tls_context *context;
	int rc = server_try(t, &context);

	if (rc != code || strstr(err_text(rc), words) == NULL)
		fail_msg("%d, wanted %d with `%s`: %s", rc, code, words, err_text(rc));
}

/* Lets alice shake hands; returns the server's code and, when it is 0, what she has shown. */
static int
shake(const struct trial *t, struct tls_context *server, struct tls_peer **ret_peer)
{
	const struct tls_client_options options = { .ca = t->p->ca_path,
						    .cert = t->cert,
						    .key = t->key };
	struct tls_context *client = client_of(&options);
	struct pair *pair = calloc(1, sizeof(*pair));
	int server_rc, client_rc;

	pair_init(pair, server, client, "a.example");
	pair_shake(pair, &server_rc, &client_rc);
	if (server_rc == 0)
		assert_int_equal(tls_conn_peer(pair->server.conn, ret_peer), 0);
	pair_fini(pair);
	free(pair);
	tls_context_unref(client);
	return server_rc;
}

/* Lets alice in by a list that does not name her. */
static struct tls_peer *
alice_enter(const struct trial *t)
{
	struct tls_context *server;
	struct tls_peer *peer = NULL;

	authority_revoke(t->ca, t->crl, false, NULL, 0);
	server = server_with_list(t);
	assert_int_equal(shake(t, server, &peer), 0);
	assert_non_null(peer);
	assert_int_equal(tls_peer_check(peer, server), 0);
	tls_context_unref(server);
	return peer;
}

/* A server with today's files must say this of her certificate, in the handshake and later. */
static void
alice_is_refused(const struct trial *t, const struct tls_peer *peer, const char *words)
{
	struct tls_context *server = server_with_list(t);
	struct tls_peer *other = NULL;

	assert_int_equal(tls_peer_check(peer, server), ERR_UNTRUSTED);
	if (strstr(err_text(ERR_UNTRUSTED), words) == NULL)
		fail_msg("`%s` not in `%s`", words, err_text(ERR_UNTRUSTED));
	assert_int_equal(shake(t, server, &other), ERR_PROTOCOL);
	if (strstr(err_text(ERR_PROTOCOL), words) == NULL)
		fail_msg("`%s` not in `%s`", words, err_text(ERR_PROTOCOL));
	assert_null(other);
	tls_context_unref(server);
}

static void
test_a_revoked_certificate_is_refused(void **state)
{
	struct trial *t = *state;
	struct tls_peer *peer = alice_enter(t);

	authority_revoke(t->ca, t->crl, false, t->cert, 0);
	alice_is_refused(t, peer, "revoked");
	tls_peer_free(peer);
}

static void
test_another_ca_ends_the_trust(void **state)
{
	struct trial *t = *state;
	struct tls_peer *peer = alice_enter(t);
	struct authority *other = authority_new("Other CA", NULL);

	authority_write(other, t->ca_path, false);
	authority_revoke(other, t->crl, false, NULL, 0);
	alice_is_refused(t, peer, "issuer certificate");
	authority_write(t->ca, t->ca_path, true); /* both */
	authority_revoke(t->ca, t->crl, true, NULL, 0);
	{
		struct tls_context *server = server_with_list(t);

		assert_int_equal(tls_peer_check(peer, server), 0);
		tls_context_unref(server);
	}
	authority_free(other);
	tls_peer_free(peer);
}

/* RFC 5280 §6.3.3: a list that has ended says nothing of what was revoked since. */
static void
test_a_list_that_has_ended_lets_nobody_in(void **state)
{
	struct trial *t = *state;
	struct tls_peer *peer = alice_enter(t);
	struct tls_context *server;

	authority_revoke(t->ca, t->crl, false, NULL, -60);
	alice_is_refused(t, peer, "expired");
	server = server_with_list(t);
	assert_true(tls_server_crl_until(server) < clock_utc_ms() / 1000);
	assert_true(tls_peer_until(peer, server) == tls_server_crl_until(server));
	tls_context_unref(server);
	tls_peer_free(peer);
}

static void
test_a_revoked_intermediate_ca_takes_its_clients_along(void **state)
{
	struct trial *t = *state;
	struct authority *middle = authority_new("Middle CA", t->ca);
	struct tls_peer *peer = NULL;
	struct tls_context *server;
	char middle_path[96];

	place_path(t->p, "middle.pem", middle_path);
	authority_write(middle, middle_path, false);
	authority_issue(middle, &alice, t->cert, t->key, NULL);
	authority_write(middle, t->cert, true);
	authority_revoke(t->ca, t->crl, false, NULL, 0);
	server = server_with_list(t);
	assert_int_equal(shake(t, server, &peer), ERR_PROTOCOL); /* no list of the middle one */
	assert_non_null(strstr(err_text(ERR_PROTOCOL), "unable to get certificate CRL"));
	tls_context_unref(server);
	authority_revoke(middle, t->crl, true, NULL, 0);
	server = server_with_list(t);
	assert_int_equal(shake(t, server, &peer), 0);
	tls_context_unref(server);
	authority_revoke(t->ca, t->crl, false, middle_path, 0);
	authority_revoke(middle, t->crl, true, NULL, 0);
	alice_is_refused(t, peer, "revoked");
	tls_peer_free(peer);
	authority_free(middle);
}

static void
test_a_client_without_a_certificate_has_nothing_to_check(void **state)
{
	struct trial *t = *state;
	const struct tls_client_options options = { .ca = t->p->ca_path };
	struct tls_context *server = server_of(t->p, t->ca_path), *client = client_of(&options);
	struct pair *pair = calloc(1, sizeof(*pair));
	struct tls_peer *peer = (struct tls_peer *)(uintptr_t)1;
	int server_rc, client_rc;

	pair_init(pair, server, client, "a.example");
	pair_shake(pair, &server_rc, &client_rc);
	assert_int_equal(server_rc, 0);
	assert_int_equal(tls_conn_peer(pair->server.conn, &peer), 0);
	assert_null(peer);
	tls_peer_free(peer);
	assert_true(tls_server_crl_until(server) == INT64_MAX);
	pair_fini(pair);
	free(pair);
	tls_context_unref(server);
	tls_context_unref(client);
}

/* ---- the file ---- */

static void
test_what_is_wrong_with_the_list_is_said(void **state)
{
	struct trial *t = *state;
	struct authority *other = authority_new("Other CA", NULL);
	struct authority *same_name = authority_new("Clients' CA", NULL);
	FILE *file;

	list_refused(t, -ENOENT, "clients.crl");
	authority_write(t->ca, t->crl, false); /* a certificate */
	list_refused(t, ERR_INVALID, "BEGIN X509 CRL");
	file = fopen(t->crl, "w");
	fputs("-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n", file);
	fclose(file);
	list_refused(t, ERR_INVALID, "list 1 cannot be read");
	authority_revoke(other, t->crl, false, NULL, 0);
	list_refused(t, ERR_INVALID, "no list of the CA /CN=Clients' CA");
	authority_revoke(same_name, t->crl, true, NULL, 0);
	list_refused(t, ERR_INVALID, "list 2 has the name of /CN=Clients' CA, but");
	authority_free(other);
	authority_free(same_name);
}

static void
test_every_allocation_may_fail(void **state)
{
	struct trial *t = *state;
	struct tls_peer *peer = alice_enter(t);

	tls_peer_free(peer);
	WITH_EVERY_FAULT
	{
		struct tls_context *context = NULL;
		int rc = server_try(t, &context);

		assert_int_equal(rc, FAULT_HIT ? -ENOMEM : 0);
		tls_context_unref(context);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, trial_setup, trial_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_revoked_certificate_is_refused),
		TEST(test_another_ca_ends_the_trust),
		TEST(test_a_list_that_has_ended_lets_nobody_in),
		TEST(test_a_revoked_intermediate_ca_takes_its_clients_along),
		TEST(test_a_client_without_a_certificate_has_nothing_to_check),
		TEST(test_what_is_wrong_with_the_list_is_said),
		TEST(test_every_allocation_may_fail),
	};

	return cmocka_run_group_tests_name("tls-revoked", tests, NULL, NULL);
}
