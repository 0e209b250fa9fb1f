/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Certificate revocation lists (RFC 5280 §5 and §6.3): whose certificates a server refuses although
 * a CA has signed them.  Lists come from a file; nothing is fetched from the network.
 *
 * As soon as there is a list, every CA between a client's certificate and the root needs one that
 * is in force.  A list that has ended refuses every certificate of its CA: whoever keeps a new list
 * away from the array must not thereby keep a revoked certificate alive.
 */
#include <errno.h>

#include "base/err.h"
#include "base/mem.h"
#include "tls/tls_int.h"

#define NAME_SIZE 256

static const char what[] = "the revocation list of clients";

static void
crls_cleanup(STACK_OF(X509_CRL) * *crls)
{
	sk_X509_CRL_pop_free(*crls, X509_CRL_free);
}

static bool
is_of(X509_CRL *crl, const X509 *ca)
{
	return X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_subject_name(ca)) == 0;
}

/*
 * Checks the signature of a list that carries the name of one of our CAs.  Lists of other CAs are
 * those of intermediate CAs, whose certificates the clients send; libssl checks their signatures
 * when it meets them.
 */
static int
signature_check(X509_CRL *crl, int number, const char *path, const char *ca_path,
		const STACK_OF(X509) * cas)
{
	char name[NAME_SIZE];
	bool ours = false;

	for (int i = 0; i < sk_X509_num(cas); i++) {
		const X509 *ca = sk_X509_value(cas, i);

		if (!is_of(crl, ca))
			continue;
		ours = true;
		if (X509_CRL_verify(crl, X509_get0_pubkey(ca)) == 1)
			return 0;
	}
	ERR_clear_error();
	if (!ours)
		return 0;
	return err_set(ERR_INVALID,
		       "%s %s: list %d has the name of %s, but the CA of that name in %s has not "
		       "signed it",
		       what, path, number,
		       X509_NAME_oneline(X509_CRL_get_issuer(crl), name, sizeof(name)), ca_path);
}

/* Checks that each CA has a list: without one, libssl would refuse all of its certificates. */
static int
complete_check(const STACK_OF(X509_CRL) * crls, const char *path, const char *ca_path,
	       const STACK_OF(X509) * cas)
{
	for (int i = 0; i < sk_X509_num(cas); i++) {
		const X509 *ca = sk_X509_value(cas, i);
		char name[NAME_SIZE];
		bool found = false;

		for (int n = 0; n < sk_X509_CRL_num(crls) && !found; n++)
			found = is_of(sk_X509_CRL_value(crls, n), ca);
		if (!found)
			return err_set(
				ERR_INVALID,
				"%s %s has no list of the CA %s, which is in %s: add one, "
				"which may be empty (`openssl ca -gencrl`)",
				what, path,
				X509_NAME_oneline(X509_get_subject_name(ca), name, sizeof(name)),
				ca_path);
	}
	return 0;
}

int
tls_crl_use(SSL_CTX *ssl, const char *path, const char *ca_path, const STACK_OF(X509) * cas,
	    int64_t *ret_until)
{
	AUTO(crls_cleanup) STACK_OF(X509_CRL) *crls = NULL;
	X509_STORE *store = SSL_CTX_get_cert_store(ssl);
	int64_t until = INT64_MAX;
	int rc = tls_pem_crls(what, path, &crls);

	for (int i = 0; rc == 0 && i < sk_X509_CRL_num(crls); i++) {
		X509_CRL *crl = sk_X509_CRL_value(crls, i);
		const ASN1_TIME *next = X509_CRL_get0_nextUpdate(crl);

		rc = signature_check(crl, i + 1, path, ca_path, cas);
		if (rc == 0 && X509_STORE_add_crl(store, crl) != 1)
			rc = tls_fail(ERR_INVALID, "%s %s: list %d cannot be used", what, path,
				      i + 1);
		if (next != NULL)
			until = MIN(until, tls_time(next));
	}
	if (rc == 0)
		rc = complete_check(crls, path, ca_path, cas);
	if (rc == 0 &&
	    X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL) != 1)
		rc = -ENOMEM;
	if (rc == 0)
		*ret_until = until;
	return rc;
}
