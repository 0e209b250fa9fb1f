/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where the certificate of TLS is, and a first one for administrators who have none yet.  Main
 * thread, before there are others.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "tls/tls.h"
#include "vdsd/vdsd_int.h"

#define NAMES_MAX (2 * VDSD_LIST_MAX + 1)

/* ---- where it is ---- */

static int
paths_default(struct vdsd_options *options)
{
	if ((options->tls_cert == NULL) != (options->tls_key == NULL))
		return err_set(ERR_INVALID,
			       "a certificate needs its key, and a key its certificate: give both "
			       "--tls-cert and --tls-key");
	if (options->tls_client_crl != NULL && options->tls_client_ca == NULL)
		return err_set(ERR_INVALID,
			       "--tls-client-crl revokes certificates of clients, but without "
			       "--tls-client-ca clients are asked for none: give that, too");
	if (options->tls_cert != NULL)
		return 0;
	options->tls_cert = str_printf("%s/tls-cert.pem", options->dir);
	options->tls_key = str_printf("%s/tls-key.pem", options->dir);
	return options->tls_cert != NULL && options->tls_key != NULL ? 0 : -ENOMEM;
}

int
vdsd_certificate_prepare(struct vdsd_options *options)
{
	int rc = paths_default(options);

	if (rc < 0 || options->action != VDSD_SERVE || options->https.count == 0)
		return rc;
	if (access(options->tls_cert, F_OK) < 0 && errno == ENOENT)
		return err_set(ERR_INVALID,
			       "--https needs a certificate, and there is no %s: give --tls-cert "
			       "and --tls-key, or let `vdsd --make-certificate` make a first one",
			       options->tls_cert);
	return 0;
}

/* ---- a first one ---- */

/*
 * Copies the address of "192.0.2.10:8443" or "[::1]:8443" without the port.  Returns false for one
 * that stands for all addresses, and for what is none.
 */
static bool
address_of(const char *where, char host[INET6_ADDRSTRLEN])
{
	unsigned char bytes[sizeof(struct in6_addr)] = { 0 };
	static const unsigned char any[sizeof(bytes)] = { 0 };
	const char *colon = strrchr(where, ':');
	bool brackets = where[0] == '[';
	size_t len = colon != NULL ? (size_t)(colon - where) : 0;

	if (len < 3 || len - 2 * brackets >= INET6_ADDRSTRLEN)
		return false;
	len -= 2 * brackets;
	memcpy(host, where + brackets, len);
	host[len] = '\0';
	return inet_pton(brackets ? AF_INET6 : AF_INET, host, bytes) == 1 &&
	       memcmp(bytes, any, sizeof(bytes)) != 0;
}

/* The names in the order in which they were given. */
struct vdsd_names {
	const char *items[NAMES_MAX];
	size_t count;
	char addresses[VDSD_LIST_MAX][INET6_ADDRSTRLEN];
	char host[256];
};

static int
names_get(const struct vdsd_options *options, struct vdsd_names *names)
{
	for (size_t i = 0; i < options->https_names.count; i++)
		names->items[names->count++] = options->https_names.items[i];
	for (size_t i = 0; i < options->https.count; i++)
		if (address_of(options->https.items[i], names->addresses[i]))
			names->items[names->count++] = names->addresses[i];
	if (names->count > 0)
		return 0;
	if (gethostname(names->host, sizeof(names->host) - 1) < 0)
		return -errno;
	names->items[names->count++] = names->host;
	return 0;
}

int
vdsd_certificate_make(const struct vdsd_options *options)
{
	AUTO_FREE struct vdsd_names *names = mem_calloc(1, sizeof(*names));
	char fingerprint[TLS_FINGERPRINT_SIZE];
	int rc = names != NULL ? names_get(options, names) : -ENOMEM;

	/* the array's directory may not be there yet: then it is made as the array makes it */
	if (rc == 0 && str_starts(options->tls_cert, options->dir) &&
	    mkdir(options->dir, 0700) < 0 && errno != EEXIST)
		rc = err_set(-errno, "cannot make the directory %s: %s", options->dir,
			     strerror(errno));
	if (rc == 0)
		rc = tls_certificate_make(names->items, names->count, options->tls_cert,
					  options->tls_key, fingerprint);
	if (rc < 0) {
		fprintf(stderr, "vdsd: %s\n", err_text(rc));
		return rc;
	}
	printf("certificate  %s\nkey          %s\nnames        ", options->tls_cert,
	       options->tls_key);
	for (size_t i = 0; i < names->count; i++)
		printf("%s%s", i > 0 ? ", " : "", names->items[i]);
	printf("\nfingerprint  %s\n", fingerprint);
	return 0;
}
