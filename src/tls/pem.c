/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PEM files: certificates with their chain, revocation lists, and private keys. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/pem.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/secret.h"
#include "tls/tls_int.h"

static void
bio_cleanup(BIO **bio)
{
	BIO_free(*bio);
}

static void
certs_cleanup(STACK_OF(X509) * *certs)
{
	sk_X509_pop_free(*certs, X509_free);
}

static void
crls_cleanup(STACK_OF(X509_CRL) * *crls)
{
	sk_X509_CRL_pop_free(*crls, X509_CRL_free);
}

static void
key_cleanup(EVP_PKEY **key)
{
	EVP_PKEY_free(*key);
}

/* No passphrase is ever asked for: libssl would ask the terminal. */
static int
no_passphrase(char *buf, int size, int writing, void *arg)
{
	bool *encrypted = arg;

	(void)buf;
	(void)size;
	(void)writing;
	if (encrypted != NULL)
		*encrypted = true;
	return -1;
}

/* Opens a file of certificates, which is no secret.  Returns 0, ERR_INVALID or -errno. */
static int
file_open(const char *what, const char *path, BIO **ret_bio)
{
	struct stat st;
	BIO *bio;

	ERR_clear_error();
	if (stat(path, &st) < 0)
		return err_set(-errno, "cannot read %s %s: %s", what, path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return err_set(ERR_INVALID, "%s %s is not a regular file", what, path);
	if (st.st_size > (off_t)TLS_FILE_MAX)
		return err_set(ERR_INVALID, "%s %s is longer than 1 MiB", what, path);
	errno = 0;
	bio = BIO_new_file(path, "re");
	if (bio == NULL)
		return errno != 0 ? err_set(-errno, "cannot read %s %s: %s", what, path,
					    strerror(errno))
				  : -ENOMEM;
	*ret_bio = bio;
	return 0;
}

/* Returns true when the last reading has failed only because the file has no more PEM blocks. */
static bool
is_end(void)
{
	unsigned long error = ERR_peek_last_error();

	return ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
}

int
tls_pem_certificates(const char *what, const char *path, STACK_OF(X509) * *ret_certs)
{
	AUTO(bio_cleanup) BIO *bio = NULL;
	AUTO(certs_cleanup) STACK_OF(X509) *certs = sk_X509_new_null();
	int rc = certs != NULL ? file_open(what, path, &bio) : -ENOMEM;
	X509 *cert;

	if (rc < 0)
		return rc;
	while ((cert = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL)) != NULL) {
		if (sk_X509_push(certs, cert) == 0) {
			X509_free(cert);
			return -ENOMEM;
		}
	}
	if (!is_end())
		return tls_fail(ERR_INVALID, "%s %s: certificate %d cannot be read", what, path,
				sk_X509_num(certs) + 1);
	ERR_clear_error();
	if (sk_X509_num(certs) == 0)
		return err_set(ERR_INVALID,
			       "%s %s has no certificate: it must be a PEM file with "
			       "-----BEGIN CERTIFICATE-----",
			       what, path);
	*ret_certs = TAKE(certs);
	return 0;
}

int
tls_pem_crls(const char *what, const char *path, STACK_OF(X509_CRL) * *ret_crls)
{
	AUTO(bio_cleanup) BIO *bio = NULL;
	AUTO(crls_cleanup) STACK_OF(X509_CRL) *crls = sk_X509_CRL_new_null();
	int rc = crls != NULL ? file_open(what, path, &bio) : -ENOMEM;
	X509_CRL *crl;

	if (rc < 0)
		return rc;
	while ((crl = PEM_read_bio_X509_CRL(bio, NULL, no_passphrase, NULL)) != NULL) {
		if (sk_X509_CRL_push(crls, crl) == 0) {
			X509_CRL_free(crl);
			return -ENOMEM;
		}
	}
	if (!is_end())
		return tls_fail(ERR_INVALID, "%s %s: list %d cannot be read", what, path,
				sk_X509_CRL_num(crls) + 1);
	ERR_clear_error();
	if (sk_X509_CRL_num(crls) == 0)
		return err_set(ERR_INVALID,
			       "%s %s has no list: it must be a PEM file with -----BEGIN X509 "
			       "CRL-----; `openssl crl -inform DER` converts others",
			       what, path);
	*ret_crls = TAKE(crls);
	return 0;
}

/* ---- a certificate with its key ---- */

static int
key_read(const char *path, EVP_PKEY **ret_key)
{
	AUTO(bio_cleanup) BIO *bio = NULL;
	bool encrypted = false;
	char *text = NULL;
	size_t len = 0;
	EVP_PKEY *key;
	int rc = secret_read("the key", path, TLS_FILE_MAX, &text, &len);

	if (rc < 0)
		return rc;
	ERR_clear_error();
	bio = BIO_new_mem_buf(text, (int)len);
	key = bio != NULL ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, &encrypted) : NULL;
	secret_free(text, len);
	if (bio == NULL)
		return -ENOMEM;
	if (key == NULL && encrypted)
		return err_set(ERR_INVALID,
			       "the key %s is encrypted, and nobody is there to type its "
			       "passphrase: `openssl pkey -in %s -out NEW` writes it without",
			       path, path);
	if (key == NULL)
		return tls_fail(ERR_INVALID,
				"%s has no private key: it must be a PEM file with -----BEGIN "
				"PRIVATE KEY-----",
				path);
	*ret_key = key;
	return 0;
}

/* RFC 5246 §7.4.2: each certificate certifies the one before it. */
static int
chain_check(const char *path, STACK_OF(X509) * certs)
{
	for (int i = 1; i < sk_X509_num(certs); i++)
		if (X509_check_issued(sk_X509_value(certs, i), sk_X509_value(certs, i - 1)) !=
		    X509_V_OK)
			return err_set(
				ERR_INVALID,
				"the certificate %s: certificate %d of the file did not sign "
				"certificate %d; the own one comes first, and after each "
				"one the CA that signed it",
				path, i + 1, i);
	return 0;
}

/* Removes the own certificate from the stack and returns the rest as its chain. */
static int
certs_use(SSL_CTX *ssl, const char *path, STACK_OF(X509) * certs)
{
	X509 *own = sk_X509_shift(certs);
	int ok = SSL_CTX_use_certificate(ssl, own);

	X509_free(own);
	if (ok != 1)
		return tls_fail(ERR_INVALID, "the certificate %s cannot be used", path);
	if (SSL_CTX_set1_chain(ssl, certs) != 1)
		return tls_fail(ERR_INVALID, "the chain in the certificate %s cannot be used",
				path);
	return 0;
}

int
tls_pem_use(SSL_CTX *ssl, const char *cert_path, const char *key_path)
{
	AUTO(certs_cleanup) STACK_OF(X509) *certs = NULL;
	AUTO(key_cleanup) EVP_PKEY *key = NULL;
	int rc = tls_pem_certificates("the certificate", cert_path, &certs);

	if (rc == 0)
		rc = chain_check(cert_path, certs);
	if (rc == 0)
		rc = key_read(key_path, &key);
	if (rc < 0)
		return rc;
	if (X509_check_private_key(sk_X509_value(certs, 0), key) != 1) {
		ERR_clear_error();
		return err_set(ERR_INVALID, "the key %s does not belong to the certificate %s",
			       key_path, cert_path);
	}
	rc = certs_use(ssl, cert_path, certs);
	if (rc == 0 && SSL_CTX_use_PrivateKey(ssl, key) != 1)
		rc = tls_fail(ERR_INVALID, "the key %s cannot be used", key_path);
	return rc;
}
