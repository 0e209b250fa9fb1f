/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Makes a first certificate, self-signed, so that an administrator can begin without a CA: clients
 * then trust its fingerprint.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/pem.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "tls/tls_int.h"

#define VALID_DAYS  3650
#define SERIAL_BITS 127

static void
cert_cleanup(X509 **cert)
{
	X509_free(*cert);
}

static void
key_cleanup(EVP_PKEY **key)
{
	EVP_PKEY_free(*key);
}

/* ---- the certificate ---- */

/* Letters, digits, hyphens and dots (RFC 1123 §2.1), or a numeric address. */
static bool
is_host(const char *name)
{
	size_t len = strlen(name);

	if (tls_is_address(name))
		return true;
	return len > 0 && len <= TLS_HOST_MAX && name[0] != '-' && name[0] != '.' &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.") ==
		       len;
}

/* "DNS:array.example,IP:192.0.2.10" */
static int
names_text(const char *const *names, size_t count, struct strbuf *text)
{
	for (size_t i = 0; i < count; i++) {
		if (!is_host(names[i]))
			return err_set(ERR_INVALID,
				       "%s is neither a host name nor a numeric address", names[i]);
		strbuf_addf(text, "%s%s:%s", i > 0 ? "," : "",
			    tls_is_address(names[i]) ? "IP" : "DNS", names[i]);
	}
	return text->failed ? -ENOMEM : 0;
}

static bool
extension_add(X509 *cert, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *extension;
	bool added;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, cert, cert, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	added = extension != NULL && X509_add_ext(cert, extension, -1) == 1;
	X509_EXTENSION_free(extension);
	return added;
}

static bool
serial_set(X509 *cert)
{
	BIGNUM *serial = BN_new();
	bool set = serial != NULL &&
		   BN_rand(serial, SERIAL_BITS, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
		   BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(cert)) != NULL;

	BN_free(serial);
	return set;
}

/* The common name holds at most 64 bytes (RFC 5280 appendix A); clients read the other names. */
static bool
subject_set(X509 *cert, const char *name)
{
	char common[65];
	X509_NAME *subject = X509_get_subject_name(cert);

	snprintf(common, sizeof(common), "%s", name);
	return X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
					  (const unsigned char *)common, -1, -1, 0) == 1 &&
	       X509_set_issuer_name(cert, subject) == 1;
}

static bool
cert_fill(X509 *cert, EVP_PKEY *key, const char *name, const char *names)
{
	return X509_set_version(cert, 2) == 1 && serial_set(cert) && subject_set(cert, name) &&
	       X509_gmtime_adj(X509_getm_notBefore(cert), 0) != NULL &&
	       X509_time_adj_ex(X509_getm_notAfter(cert), VALID_DAYS, 0, NULL) != NULL &&
	       X509_set_pubkey(cert, key) == 1 &&
	       extension_add(cert, NID_basic_constraints, "critical,CA:FALSE") &&
	       extension_add(cert, NID_key_usage, "critical,digitalSignature") &&
	       extension_add(cert, NID_ext_key_usage, "serverAuth") &&
	       extension_add(cert, NID_subject_key_identifier, "hash") &&
	       extension_add(cert, NID_subject_alt_name, names) &&
	       X509_sign(cert, key, EVP_sha256()) > 0;
}

/* ---- the files ---- */

static int
file_create(const char *path, mode_t mode, FILE **ret_file)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
	FILE *file;

	if (fd < 0)
		return err_set(-errno, "cannot make %s: %s%s", path, strerror(errno),
			       errno == EEXIST ? "; remove it, or name another file" : "");
	file = fchmod(fd, mode) == 0 ? fdopen(fd, "w") : NULL;
	if (file == NULL) {
		close(fd);
		unlink(path);
		return -ENOMEM;
	}
	*ret_file = file;
	return 0;
}

/* Takes file.  Makes it durable; removes it when it was not written. */
static int
file_end(FILE *file, const char *path, bool written)
{
	int rc = 0;

	if (!written || fflush(file) != 0 || fsync(fileno(file)) < 0)
		rc = errno != 0 ? -errno : -EIO;
	fclose(file);
	if (rc < 0) {
		unlink(path);
		return err_set(rc, "cannot write %s: %s", path, strerror(-rc));
	}
	return 0;
}

static int
files_write(X509 *cert, EVP_PKEY *key, const char *cert_path, const char *key_path)
{
	FILE *file;
	int rc = file_create(key_path, 0600, &file);

	if (rc < 0)
		return rc;
	errno = 0;
	rc = file_end(file, key_path, PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL));
	if (rc < 0)
		return rc;
	rc = file_create(cert_path, 0644, &file);
	if (rc == 0) {
		errno = 0;
		rc = file_end(file, cert_path, PEM_write_X509(file, cert));
	}
	if (rc < 0)
		unlink(key_path);
	return rc;
}

int
tls_certificate_make(const char *const *names, size_t count, const char *cert_path,
		     const char *key_path, char ret_fingerprint[TLS_FINGERPRINT_SIZE])
{
	AUTO(strbuf_fini) struct strbuf text = { 0 };
	AUTO(key_cleanup) EVP_PKEY *key = NULL;
	AUTO(cert_cleanup) X509 *cert = NULL;
	unsigned char hash[TLS_HASH_BYTES];
	int rc = names_text(names, count, &text);

	if (rc < 0)
		return rc;
	ERR_clear_error();
	key = EVP_EC_gen("P-256");
	cert = X509_new();
	if (key == NULL || cert == NULL)
		return -ENOMEM;
	if (!cert_fill(cert, key, names[0], text.text))
		return tls_fail(ERR_INVALID, "the certificate for %s cannot be made", names[0]);
	rc = tls_hash(cert, hash);
	if (rc == 0)
		rc = files_write(cert, key, cert_path, key_path);
	if (rc == 0)
		tls_hash_format(hash, ret_fingerprint);
	return rc;
}
