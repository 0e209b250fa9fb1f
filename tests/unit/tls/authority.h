/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A certificate authority for tests: makes keys and certificates at run time, so that no key lies
 * in the tree and no certificate expires.  One thread.
 */
#ifndef VDS_TESTS_AUTHORITY_H
#define VDS_TESTS_AUTHORITY_H

#include <stdbool.h>
#include <stddef.h>

struct authority; /* a CA, with its key */

/* What a certificate says.  Zero = the usual: valid from an hour ago, for a day, P-256, SHA-256. */
struct authority_spec {
	const char *common_name; /* NULL = none */
	const char *names;       /* "DNS:a.example,IP:127.0.0.1"; NULL = none */
	long from_s, until_s;    /* relative to now */
	unsigned rsa_bits;       /* a key of RSA instead */
	bool sha1;
	bool self_signed; /* the CA does not sign it */
	bool ca;          /* it may sign others */
	const char *second_common_name;
};

/* Makes a self-signed CA; parent: the CA that signs it instead, or NULL. */
struct authority *authority_new(const char *name, struct authority *parent);
void authority_free(struct authority *ca);
/* Writes the CA's certificate; append: behind what the file has. */
void authority_write(const struct authority *ca, const char *path, bool append);
/*
 * Writes the CA's revocation list; append: behind what the file has.  revoked: the file of a
 * certificate that the list names, or NULL.  until_s: when the next list comes, relative to now; 0
 * = in a day.
 */
void authority_revoke(const struct authority *ca, const char *path, bool append,
		      const char *revoked, long until_s);
/*
 * Makes a certificate and its key, and writes both (key: mode 0600).  The fingerprint goes to
 * ret_fingerprint (96 bytes; may be NULL).
 */
void authority_issue(struct authority *ca, const struct authority_spec *spec, const char *cert_path,
		     const char *key_path, char *ret_fingerprint);

#endif
