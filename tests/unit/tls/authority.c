/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A certificate authority for tests. */
#include "authority.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

struct authority {
	X509 *cert;
	EVP_PKEY *key;
};

static long serial = 1;

static void
extension_add(X509 *cert, int nid, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	assert_non_null(extension);
	assert_int_equal(X509_add_ext(cert, extension, -1), 1);
	X509_EXTENSION_free(extension);
}

static void
name_add(X509 *cert, const char *name)
{
	if (name != NULL)
		assert_int_equal(X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN",
							    MBSTRING_UTF8,
							    (const unsigned char *)name, -1, -1, 0),
				 1);
}

static X509 *
make(const struct authority *ca, const struct authority_spec *spec, EVP_PKEY *key)
{
	X509 *cert = X509_new();
	bool self = ca == NULL || spec->self_signed;

	assert_non_null(cert);
	X509_set_version(cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), serial++);
	name_add(cert, spec->common_name);
	name_add(cert, spec->second_common_name);
	X509_gmtime_adj(X509_getm_notBefore(cert), spec->from_s != 0 ? spec->from_s : -3600);
	X509_gmtime_adj(X509_getm_notAfter(cert), spec->until_s != 0 ? spec->until_s : 86400);
	X509_set_issuer_name(cert, X509_get_subject_name(self ? cert : ca->cert));
	X509_set_pubkey(cert, key);
	extension_add(cert, NID_basic_constraints, spec->ca ? "critical,CA:TRUE" : "CA:FALSE");
	if (spec->names != NULL)
		extension_add(cert, NID_subject_alt_name, spec->names);
	assert_true(X509_sign(cert, self ? key : ca->key, spec->sha1 ? EVP_sha1() : EVP_sha256()) >
		    0);
	return cert;
}

struct authority *
authority_new(const char *name, struct authority *parent)
{
	const struct authority_spec spec = { .common_name = name, .ca = true };
	struct authority *ca = calloc(1, sizeof(*ca));

	assert_non_null(ca);
	ca->key = EVP_EC_gen("P-256");
	assert_non_null(ca->key);
	ca->cert = make(parent, &spec, ca->key);
	return ca;
}

void
authority_free(struct authority *ca)
{
	X509_free(ca->cert);
	EVP_PKEY_free(ca->key);
	free(ca);
}

void
authority_write(const struct authority *ca, const char *path, bool append)
{
	FILE *file = fopen(path, append ? "a" : "w");

	assert_non_null(file);
	assert_int_equal(PEM_write_X509(file, ca->cert), 1);
	fclose(file);
}

static void
revoked_add(X509_CRL *crl, const char *path, ASN1_TIME *when)
{
	FILE *file = fopen(path, "r");
	X509_REVOKED *entry = X509_REVOKED_new();
	X509 *cert;

	assert_non_null(file);
	cert = PEM_read_X509(file, NULL, NULL, NULL);
	fclose(file);
	assert_non_null(cert);
	assert_int_equal(X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(cert)), 1);
	assert_int_equal(X509_REVOKED_set_revocationDate(entry, when), 1);
	assert_int_equal(X509_CRL_add0_revoked(crl, entry), 1);
	X509_free(cert);
}

void
authority_revoke(const struct authority *ca, const char *path, bool append, const char *revoked,
		 long until_s)
{
	ASN1_TIME *since = X509_gmtime_adj(NULL, -3600);
	ASN1_TIME *until = X509_gmtime_adj(NULL, until_s != 0 ? until_s : 86400);
	X509_CRL *crl = X509_CRL_new();
	FILE *file;

	X509_CRL_set_version(crl, 1);
	X509_CRL_set_issuer_name(crl, X509_get_subject_name(ca->cert));
	X509_CRL_set1_lastUpdate(crl, since);
	X509_CRL_set1_nextUpdate(crl, until);
	if (revoked != NULL)
		revoked_add(crl, revoked, since);
	assert_true(X509_CRL_sign(crl, ca->key, EVP_sha256()) > 0);
	file = fopen(path, append ? "a" : "w");
	assert_non_null(file);
	assert_int_equal(PEM_write_X509_CRL(file, crl), 1);
	fclose(file);
	X509_CRL_free(crl);
	ASN1_TIME_free(since);
	ASN1_TIME_free(until);
}

static void
fingerprint_write(const X509 *cert, char *buf)
{
	unsigned char hash[32];
	unsigned len = 0;

	assert_int_equal(X509_digest(cert, EVP_sha256(), hash, &len), 1);
	for (unsigned i = 0; i < len; i++)
		sprintf(buf + 3 * i, "%02X%s", hash[i], i + 1 < len ? ":" : "");
}

void
authority_issue(struct authority *ca, const struct authority_spec *spec, const char *cert_path,
		const char *key_path, char *ret_fingerprint)
{
	EVP_PKEY *key = spec->rsa_bits != 0 ? EVP_RSA_gen(spec->rsa_bits) : EVP_EC_gen("P-256");
	X509 *cert = make(ca, spec, key);
	FILE *file;

	unlink(key_path);
	file = fopen(key_path, "w");
	assert_non_null(file);
	assert_int_equal(fchmod(fileno(file), 0600), 0);
	assert_int_equal(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL), 1);
	fclose(file);
	file = fopen(cert_path, "w");
	assert_non_null(file);
	assert_int_equal(PEM_write_X509(file, cert), 1);
	fclose(file);
	if (ret_fingerprint != NULL)
		fingerprint_write(cert, ret_fingerprint);
	X509_free(cert);
	EVP_PKEY_free(key);
}
