/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The options of vdsd: one table serves the command line, vdsd.conf and the help.  Called by main
 * before there are other threads, and again by the main thread on SIGHUP.
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "model/principal.h"
#include "vdsd/vdsd_int.h"

#define THREADS_MAX    64
#define AUDIT_DAYS_MAX 3650
#define KEYS_MAX       64
#define SLOW_MAX_MS    3600000u
#define CEPH_MAX_S     600u

/* ---- setters: each keeps what was set before, so that the command line wins over the file ---- */

static int
text_set(char **field, const char *value)
{
	if (*field != NULL)
		return 0;
	*field = str_dup(value);
	return *field != NULL ? 0 : -ENOMEM;
}

/* Absolute, because the directory may become another one and other programs read it in logs. */
static int
path_set(char **field, const char *value)
{
	char *here;

	if (*field != NULL)
		return 0;
	if (value[0] == '\0')
		return err_set(ERR_INVALID, "the path is empty");
	if (value[0] == '/')
		return text_set(field, value);
	here = getcwd(NULL, 0); /* of libc's heap */
	if (here == NULL)
		return -errno;
	*field = str_printf("%s/%s", here, value);
	free(here);
	return *field != NULL ? 0 : -ENOMEM;
}

static int
dir_set(struct vdsd_options *options, const char *value)
{
	return path_set(&options->dir, value);
}

static int
socket_set(struct vdsd_options *options, const char *value)
{
	return path_set(&options->socket, value);
}

static int
http_set(struct vdsd_options *options, const char *value)
{
	return text_set(&options->http, value);
}

/* What the command line has given, the file does not add to. */
static int
list_add(struct vdsd_list *list, const char *name, const char *value)
{
	if (list->complete)
		return 0;
	if (value[0] == '\0')
		return err_set(ERR_INVALID, "the value of %s is empty", name);
	if (list->count == VDSD_LIST_MAX)
		return err_set(ERR_INVALID, "%s is given more than %d times", name, VDSD_LIST_MAX);
	list->items[list->count] = str_dup(value);
	if (list->items[list->count] == NULL)
		return -ENOMEM;
	list->count++;
	return 0;
}

static int
https_set(struct vdsd_options *options, const char *value)
{
	return list_add(&options->https, "https", value);
}

static int
https_name_set(struct vdsd_options *options, const char *value)
{
	return list_add(&options->https_names, "https-name", value);
}

static int
isns_set(struct vdsd_options *options, const char *value)
{
	return text_set(&options->isns, value);
}

static int
tls_cert_set(struct vdsd_options *options, const char *value)
{
	return path_set(&options->tls_cert, value);
}

static int
tls_key_set(struct vdsd_options *options, const char *value)
{
	return path_set(&options->tls_key, value);
}

static int
tls_client_ca_set(struct vdsd_options *options, const char *value)
{
	return path_set(&options->tls_client_ca, value);
}

static int
tls_client_crl_set(struct vdsd_options *options, const char *value)
{
	return path_set(&options->tls_client_crl, value);
}

static int
http_trust_set(struct vdsd_options *options, const char *value)
{
	if (strcmp(value, "none") != 0 && principal_role_parse(value) == ROLE_NONE)
		return err_set(ERR_INVALID,
			       "http-trust takes none, reader, operator or admin, not %s", value);
	return text_set(&options->http_trust, value);
}

static int
audit_keep_set(struct vdsd_options *options, const char *value)
{
	size_t len = strlen(value);
	char digits[8] = "";
	uint64_t days = 0;

	if (options->audit_keep_days != 0)
		return 0;
	if (len > 1 && len <= sizeof(digits) && value[len - 1] == 'd')
		memcpy(digits, value, len - 1);
	if (str_parse_u64(digits, &days) < 0 || days == 0 || days > AUDIT_DAYS_MAX)
		return err_set(ERR_INVALID,
			       "audit-keep takes a number of days from 1d to %dd, not %s",
			       AUDIT_DAYS_MAX, value);
	options->audit_keep_days = (unsigned)days;
	return 0;
}

static int
admin_set(struct vdsd_options *options, const char *value)
{
	return text_set(&options->roles[VDSD_ROLE_ADMIN], value);
}

static int
operator_set(struct vdsd_options *options, const char *value)
{
	return text_set(&options->roles[VDSD_ROLE_OPERATOR], value);
}

static int
reader_set(struct vdsd_options *options, const char *value)
{
	return text_set(&options->roles[VDSD_ROLE_READER], value);
}

static int
allow_faults_set(struct vdsd_options *options, const char *value)
{
	(void)value;
	options->allow_faults = true;
	return 0;
}

static int
inject_set(struct vdsd_options *options, const char *value)
{
	return path_set(&options->inject, value);
}

static int
ready_file_set(struct vdsd_options *options, const char *value)
{
	return path_set(&options->ready_file, value);
}

static int
conf_set(struct vdsd_options *options, const char *value)
{
	return path_set(&options->conf, value);
}

static int
ready_fd_set(struct vdsd_options *options, const char *value)
{
	uint64_t fd;

	if (str_parse_u64(value, &fd) < 0 || fd > INT_MAX)
		return err_set(ERR_INVALID, "--ready-fd takes the number of a descriptor");
	options->ready_fd = (int)fd;
	return 0;
}

static int
threads_set(struct vdsd_options *options, const char *value)
{
	uint64_t threads;

	if (options->threads != 0)
		return 0;
	if (str_parse_u64(value, &threads) < 0 || threads == 0 || threads > THREADS_MAX)
		return err_set(ERR_INVALID, "threads must be a number from 1 to %d", THREADS_MAX);
	options->threads = (unsigned)threads;
	return 0;
}

static int
map_set(struct vdsd_options *options, const char *value)
{
	if (!str_equal(value, "yes") && !str_equal(value, "no"))
		return err_set(ERR_INVALID, "map takes yes or no, not %s", value);
	if (options->map_given)
		return 0;
	options->map_given = true;
	options->map_refused = str_equal(value, "no");
	return 0;
}

static int
chap_algorithms_set(struct vdsd_options *options, const char *value)
{
	unsigned kinds;
	int rc = digest_kinds_parse(value, &kinds);

	if (rc < 0) {
		AUTO_FREE char *why = str_dup(err_text(rc));

		return err_set(rc, "chap-algorithms: %s", why != NULL ? why : "wrong value");
	}
	if (options->chap_kinds == 0)
		options->chap_kinds = kinds;
	return 0;
}

static int
congestion_set(struct vdsd_options *options, const char *value)
{
	return text_set(&options->congestion, value);
}

static int
slow_ms_set(struct vdsd_options *options, const char *value)
{
	uint64_t slow_ms = 0;

	if (options->slow_given)
		return 0;
	if (!str_equal(value, "none") &&
	    (str_parse_u64(value, &slow_ms) < 0 || slow_ms == 0 || slow_ms > SLOW_MAX_MS))
		return err_set(ERR_INVALID,
			       "slow-ms takes a number of milliseconds from 1 to %u, or none",
			       SLOW_MAX_MS);
	options->slow_given = true;
	options->slow_ms = (unsigned)slow_ms;
	return 0;
}

/* rados:POOL/NAME */
static int
catalog_set(struct vdsd_options *options, const char *value)
{
	const char *pool = str_starts(value, "rados:") ? value + strlen("rados:") : "";
	const char *slash = strchr(pool, '/');

	if (options->catalog_pool != NULL)
		return 0;
	if (slash == NULL || slash == pool || slash[1] == '\0' ||
	    !str_is_text(value, strlen(value)))
		return err_set(
			ERR_INVALID,
			"catalog takes the place of a shared catalog, rados:POOL/NAME, not %s",
			value);
	options->catalog_pool = str_ndup(pool, (size_t)(slash - pool));
	options->catalog_name = str_dup(slash + 1);
	return options->catalog_pool == NULL || options->catalog_name == NULL ? -ENOMEM : 0;
}

static int
gateway_set(struct vdsd_options *options, const char *value)
{
	if (value[0] == '\0' || !str_is_text(value, strlen(value)))
		return err_set(ERR_INVALID, "gateway takes the name of a gateway");
	return text_set(&options->gateway, value);
}

static int
gateway_address_set(struct vdsd_options *options, const char *value)
{
	if (strchr(value, ':') == NULL)
		return err_set(ERR_INVALID, "gateway-address takes ADDRESS:PORT, not %s", value);
	return text_set(&options->gateway_address, value);
}

static int
ceph_conf_set(struct vdsd_options *options, const char *value)
{
	return path_set(&options->ceph_conf, value);
}

static int
ceph_user_set(struct vdsd_options *options, const char *value)
{
	if (value[0] == '\0' || str_starts(value, "client."))
		return err_set(ERR_INVALID, "ceph-user takes a name without `client.`, such as "
					    "vdsd");
	return text_set(&options->ceph_user, value);
}

static int
ceph_timeout_set(struct vdsd_options *options, const char *value)
{
	uint64_t seconds;

	if (options->ceph_timeout_s != 0)
		return 0;
	if (str_parse_u64(value, &seconds) < 0 || seconds == 0 || seconds > CEPH_MAX_S)
		return err_set(ERR_INVALID,
			       "ceph-timeout takes a number of seconds from 1 to %u, not %s",
			       CEPH_MAX_S, value);
	options->ceph_timeout_s = (unsigned)seconds;
	return 0;
}

/* "127.0.0.1:3260", "[::1]:0", or "none" */
static int
listen_set(struct vdsd_options *options, const char *value)
{
	const char *colon = strrchr(value, ':');
	size_t len = colon != NULL ? (size_t)(colon - value) : 0;
	uint64_t port;

	if (options->listen_given)
		return 0;
	options->listen_given = true;
	if (str_equal(value, "none"))
		return 0;
	if (len == 0 || str_parse_u64(colon + 1, &port) < 0 || port > 65535)
		return err_set(
			ERR_INVALID,
			"listen takes ADDRESS:PORT (with port 0, vdsd chooses a free one) or none");
	if (value[0] == '[' && value[len - 1] == ']') {
		value++;
		len -= 2;
	} else if (memchr(value, ':', len) != NULL) {
		return err_set(ERR_INVALID, "an IPv6 address needs brackets: [::1]:PORT");
	}
	options->port = (uint16_t)port;
	options->address = str_ndup(value, len);
	return options->address != NULL ? 0 : -ENOMEM;
}

/* Areas add up: those of the command line, then those of the file. */
static int
debug_set(struct vdsd_options *options, const char *value)
{
	char *areas;

	if (str_equal(value, "list")) {
		options->action = VDSD_DEBUG_LIST;
		return 0;
	}
	if (!vdsd_log_area_exists(value))
		return err_set(ERR_INVALID,
			       "there is no debug area %s; `vdsd --debug list` lists them", value);
	areas = options->debug != NULL ? str_printf("%s %s", options->debug, value)
				       : str_dup(value);
	if (areas == NULL)
		return -ENOMEM;
	mem_free(options->debug);
	options->debug = areas;
	return 0;
}

static int
log_level_set(struct vdsd_options *options, const char *value)
{
	enum log_level level;

	if (log_level_parse(value, &level) < 0 || level == LOG_LEVEL_DEBUG)
		return err_set(ERR_INVALID,
			       "log-level takes error, warning or info, not %s; for more, "
			       "see `vdsd --debug list`",
			       value);
	return text_set(&options->log_level, value);
}

static int
check_set(struct vdsd_options *options, const char *value)
{
	(void)value;
	options->action = VDSD_CHECK;
	return 0;
}

static int
make_certificate_set(struct vdsd_options *options, const char *value)
{
	(void)value;
	options->action = VDSD_MAKE_CERTIFICATE;
	return 0;
}

static int
restore_set(struct vdsd_options *options, const char *value)
{
	options->action = VDSD_RESTORE;
	return path_set(&options->backup, value);
}

static int
list_backup_set(struct vdsd_options *options, const char *value)
{
	options->action = VDSD_LIST_BACKUP;
	return path_set(&options->backup, value);
}

static int
force_set(struct vdsd_options *options, const char *value)
{
	(void)value;
	options->force = true;
	return 0;
}

static int
accept_loss_set(struct vdsd_options *options, const char *value)
{
	(void)value;
	options->accept_loss = true;
	return 0;
}

static int
help_set(struct vdsd_options *options, const char *value)
{
	(void)value;
	options->action = VDSD_HELP;
	return 0;
}

static int
version_set(struct vdsd_options *options, const char *value)
{
	(void)value;
	options->action = VDSD_VERSION_ONLY;
	return 0;
}

/* clang-format off */
const struct vdsd_key vdsd_keys[] = {
	/* name, letter, value, in vdsd.conf, setter, help */
	{ "conf", 'c', "FILE", false, conf_set,
	  "read this instead of " VDSD_DEFAULT_CONF },
	{ "dir", 'd', "DIRECTORY", true, dir_set,
	  "the array; made when missing (" VDSD_DEFAULT_DIR ")" },
	{ "socket", 's', "PATH", true, socket_set,
	  "the API's socket (" VDSD_DEFAULT_SOCKET ")" },
	{ "listen", 'l', "ADDRESS:PORT", true, listen_set,
	  "first portal of a new array, or none (127.0.0.1:3260)" },
	{ "http", 0, "ADDRESS:PORT", true, http_set,
	  "serve the API over TCP too; loopback only" },
	{ "https", 0, "ADDRESS:PORT", true, https_set,
	  "serve the API over TLS too; may be repeated" },
	{ "https-name", 0, "HOST", true, https_name_set,
	  "a name of this host beside those in the certificate; may be repeated" },
	{ "isns", 0, "ADDRESS[:PORT]", true, isns_set,
	  "register targets and portals with this iSNS server (port 3205)" },
	{ "tls-cert", 0, "FILE", true, tls_cert_set,
	  "certificate with its chain, PEM (DIRECTORY/tls-cert.pem)" },
	{ "tls-key", 0, "FILE", true, tls_key_set,
	  "its private key, PEM (DIRECTORY/tls-key.pem)" },
	{ "tls-client-ca", 0, "FILE", true, tls_client_ca_set,
	  "know clients by certificates that these CAs have signed" },
	{ "tls-client-crl", 0, "FILE", true, tls_client_crl_set,
	  "refuse those of them that these revocation lists name" },
	{ "make-certificate", 0, NULL, false, make_certificate_set,
	  "make a first, self-signed certificate and exit" },
	{ "http-trust", 0, "ROLE", true, http_trust_set,
	  "role of programs that come over --http without a token (none)" },
	{ "audit-keep", 0, "DAYS", true, audit_keep_set,
	  "how long the audit log keeps its records (90d)" },
	{ "admin", 0, "USERS", true, admin_set,
	  "users and %groups that may do everything over the socket" },
	{ "operator", 0, "USERS", true, operator_set,
	  "users and %groups that may make and change LUNs" },
	{ "reader", 0, "USERS", true, reader_set,
	  "users and %groups that may only look" },
	{ "threads", 't', "N", true, threads_set,
	  "data path threads (one for each core)" },
	{ "map", 0, "YES|NO", true, map_set,
	  "map the files of LUNs that lie in memory, on tmpfs (yes)" },
	{ "congestion", 0, "NAME", true, congestion_set,
	  "congestion control of connections, such as cubic, or system" },
	{ "chap-algorithms", 0, "NAMES", true, chap_algorithms_set,
	  "hashes by which initiators may prove who they are (md5,sha1,sha256,sha3-256)" },
	{ "slow-ms", 0, "N", true, slow_ms_set,
	  "log commands that take so many milliseconds (1000), or none" },
	{ "catalog", 0, "rados:POOL/NAME", true, catalog_set,
	  "an object of a Ceph cluster, in the place of catalog.db, for several gateways" },
	{ "gateway", 0, "NAME", true, gateway_set,
	  "as which of several gateways this vdsd serves a shared catalog" },
	{ "gateway-address", 0, "ADDRESS:PORT", true, gateway_address_set,
	  "where other gateways reach it; the first one of an array needs it" },
	{ "ceph-conf", 0, "FILE", true, ceph_conf_set,
	  "the Ceph cluster of pools such as rbd:luns (" VDSD_DEFAULT_CEPH_CONF ")" },
	{ "ceph-user", 0, "NAME", true, ceph_user_set,
	  "who vdsd is to Ceph (" VDSD_DEFAULT_CEPH_USER ", which means client.vdsd)" },
	{ "ceph-timeout", 0, "SECONDS", true, ceph_timeout_set,
	  "how long an operation of Ceph may take (10)" },
	{ "ready-file", 0, "PATH", false, ready_file_set,
	  "write this file when serving" },
	{ "ready-fd", 0, "N", false, ready_fd_set,
	  "write to this descriptor when serving, close it" },
	{ "inject", 0, "DIRECTORY", false, inject_set,
	  "for tests: faults below LUNs, from files there" },
	{ "allow-faults", 0, NULL, false, allow_faults_set,
	  "for tests: let administrators inject faults into LUNs (vdsctl lun inject)" },
	{ "log-level", 0, "LEVEL", true, log_level_set,
	  "log only error, or warning and above, or info (default)" },
	{ "debug", 'D', "AREA", true, debug_set,
	  "log more of an area: iscsi, http.request, all; `list` lists them" },
	{ "check", 0, NULL, false, check_set,
	  "check the array in the directory and exit; it must not be served" },
	{ "accept-loss", 0, NULL, false, accept_loss_set,
	  "go on though changes are missing from the catalog" },
	{ "restore", 0, "FILE", false, restore_set,
	  "put a backup of `vdsctl backup` into the directory and exit" },
	{ "force", 0, NULL, false, force_set,
	  "--restore: also where there is an array; keeps its catalog" },
	{ "list-backup", 0, "FILE", false, list_backup_set,
	  "check a backup, list what it holds, and exit" },
	{ "help", 'h', NULL, false, help_set,
	  "show this" },
	{ "version", 'V', NULL, false, version_set,
	  "show the version" },
};
/* clang-format on */
const size_t vdsd_key_count = ARRAY_LEN(vdsd_keys);

void
vdsd_help(void)
{
	printf("usage: vdsd [OPTION…]\n\nServes a storage array over iSCSI.\n\n");
	for (size_t i = 0; i < vdsd_key_count; i++) {
		const struct vdsd_key *key = &vdsd_keys[i];
		char left[64];

		snprintf(left, sizeof(left), "%c%c%s --%s%s%s", key->letter ? '-' : ' ',
			 key->letter ? key->letter : ' ', key->letter ? "," : " ", key->name,
			 key->value ? " " : "", key->value ? key->value : "");
		printf("  %-28s %s\n", left, key->help);
	}
	printf("\nvdsd(8) tells more; vdsctl(1) manages the array.\n");
}

int
vdsd_key_once(const struct vdsd_key *key, uint64_t *given)
{
	uint64_t bit = UINT64_C(1) << (key - vdsd_keys);

	if ((*given & bit) != 0 && key->value != NULL && key->set != debug_set &&
	    key->set != https_set && key->set != https_name_set)
		return err_set(ERR_INVALID, "%s is given twice", key->name);
	*given |= bit;
	return 0;
}

/* ---- the command line ---- */

/* getopt_long's form of the table.  Its value for a key is 256 + index. */
static void
getopt_tables(struct option longs[KEYS_MAX], char letters[2 * KEYS_MAX + 2])
{
	size_t at = 0;

	_Static_assert(ARRAY_LEN(vdsd_keys) < KEYS_MAX, "the tables hold all keys");
	_Static_assert(KEYS_MAX <= 64, "a key is a bit of `given`");
	letters[at++] = ':';
	for (size_t i = 0; i < vdsd_key_count; i++) {
		const struct vdsd_key *key = &vdsd_keys[i];

		longs[i] = (struct option){ key->name,
					    key->value != NULL ? required_argument : no_argument,
					    NULL, 256 + (int)i };
		if (key->letter == '\0')
			continue;
		letters[at++] = key->letter;
		if (key->value != NULL)
			letters[at++] = ':';
	}
	longs[vdsd_key_count] = (struct option){ NULL, 0, NULL, 0 };
	letters[at] = '\0';
}

static const struct vdsd_key *
key_of(int code)
{
	if (code >= 256)
		return &vdsd_keys[code - 256];
	for (size_t i = 0; i < vdsd_key_count; i++)
		if (vdsd_keys[i].letter == code)
			return &vdsd_keys[i];
	return NULL;
}

int
vdsd_options_parse(struct vdsd_options *options, int argc, char **argv)
{
	struct option longs[KEYS_MAX];
	char letters[2 * KEYS_MAX + 2];
	int code;

	getopt_tables(longs, letters);
	opterr = 0;
	optind = 0;
	while ((code = getopt_long(argc, argv, letters, longs, NULL)) !=
	       -1) { /* NOLINT: one thread so far */
		int rc;

		if (code == ':')
			return err_set(ERR_INVALID, "%s needs a value", argv[optind - 1]);
		if (code == '?')
			return err_set(ERR_INVALID, "there is no option %s", argv[optind - 1]);
		rc = vdsd_key_once(key_of(code), &options->given);
		if (rc == 0)
			rc = key_of(code)->set(options, optarg);
		if (rc < 0)
			return rc;
	}
	if (optind < argc)
		return err_set(ERR_INVALID, "unexpected argument %s: vdsd takes only options",
			       argv[optind]);
	return 0;
}

/* ---- life ---- */

void
vdsd_options_init(struct vdsd_options *options)
{
	memset(options, 0, sizeof(*options));
	options->ready_fd = -1;
}

int
vdsd_options_finish(struct vdsd_options *options)
{
	int rc = 0;

	if (options->force && options->action != VDSD_RESTORE)
		return err_set(ERR_INVALID, "--force belongs to --restore FILE");
	if (options->dir == NULL)
		rc = dir_set(options, VDSD_DEFAULT_DIR);
	if (rc == 0 && options->socket == NULL)
		rc = socket_set(options, VDSD_DEFAULT_SOCKET);
	if (rc == 0 && !options->listen_given)
		rc = listen_set(options, "127.0.0.1:3260");
	if (rc == 0)
		rc = ceph_conf_set(options, VDSD_DEFAULT_CEPH_CONF);
	if (rc == 0)
		rc = ceph_user_set(options, VDSD_DEFAULT_CEPH_USER);
	if (options->ceph_timeout_s == 0)
		options->ceph_timeout_s = VDSD_CEPH_TIMEOUT_S;
	return rc;
}

static void
list_fini(struct vdsd_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		mem_free(list->items[i]);
}

void
vdsd_options_fini(struct vdsd_options *options)
{
	mem_free(options->conf);
	mem_free(options->dir);
	mem_free(options->socket);
	mem_free(options->http);
	list_fini(&options->https);
	list_fini(&options->https_names);
	mem_free(options->tls_cert);
	mem_free(options->tls_key);
	mem_free(options->tls_client_ca);
	mem_free(options->isns);
	mem_free(options->gateway);
	mem_free(options->gateway_address);
	mem_free(options->ceph_conf);
	mem_free(options->ceph_user);
	mem_free(options->catalog_pool);
	mem_free(options->catalog_name);
	mem_free(options->congestion);
	mem_free(options->tls_client_crl);
	mem_free(options->http_trust);
	for (size_t i = 0; i < VDSD_ROLES; i++)
		mem_free(options->roles[i]);
	mem_free(options->inject);
	mem_free(options->backup);
	mem_free(options->debug);
	mem_free(options->log_level);
	mem_free(options->ready_file);
	mem_free(options->address);
}
