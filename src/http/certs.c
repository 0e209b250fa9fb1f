/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The certificate of TLS, and its replacement while vdsd runs.  A thread looks at the files twice
 * in a second, so that what renews certificates need not know of vdsd; SIGHUP does the same at
 * once.  Connections that stand keep the context with which they began, but the certificates that
 * their clients have shown are verified again by the new one.  Files that are not valid (the
 * certificate is new, and the key not yet) leave the old context in use.
 *
 * The files are looked at instead of watched with inotify, because they may be links through
 * several directories, or on a file system of another machine.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/thread.h"
#include "http/http_int.h"

#define LOOK_MS 500
#define HOUR_S  3600
#define DAY_S   86400
#define WARN_S  (14 * DAY_S) /* a certificate that ends so soon is announced, once in a day */

/* ---- what is in use ---- */

struct tls_context *
http_certs_get(struct http_certs *certs)
{
	struct tls_context *context;

	pthread_mutex_lock(&certs->lock);
	context = tls_context_ref(certs->context);
	pthread_mutex_unlock(&certs->lock);
	return context;
}

static void
context_set(struct http_certs *certs, struct tls_context *context)
{
	struct tls_context *before;

	pthread_mutex_lock(&certs->lock);
	before = certs->context;
	certs->context = context;
	pthread_mutex_unlock(&certs->lock);
	tls_context_unref(before);
}

/* ---- what the files look like ---- */

static int64_t
time_ns(const struct timespec *time)
{
	return (int64_t)time->tv_sec * (int64_t)NS_PER_S + time->tv_nsec;
}

static bool
stamp_equal(const struct http_tls_stamp *a, const struct http_tls_stamp *b)
{
	for (size_t i = 0; i < ARRAY_LEN(a->files); i++)
		if (a->files[i].device != b->files[i].device ||
		    a->files[i].inode != b->files[i].inode ||
		    a->files[i].size != b->files[i].size ||
		    a->files[i].changed_ns[0] != b->files[i].changed_ns[0] ||
		    a->files[i].changed_ns[1] != b->files[i].changed_ns[1] ||
		    a->files[i].error != b->files[i].error)
			return false;
	return true;
}

static struct http_tls_stamp
stamp_get(const struct http_certs *certs)
{
	const char *const paths[] = { certs->cert, certs->key, certs->client_ca,
				      certs->client_crl };
	struct http_tls_stamp stamp;

	memset(&stamp, 0, sizeof(stamp)); /* stamps are compared as bytes */
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		struct stat st;

		if (paths[i] == NULL)
			continue;
		if (stat(paths[i], &st) < 0) {
			stamp.files[i].error = errno;
			continue;
		}
		stamp.files[i].device = (uint64_t)st.st_dev;
		stamp.files[i].inode = (uint64_t)st.st_ino;
		stamp.files[i].size = (uint64_t)st.st_size;
		stamp.files[i].changed_ns[0] = time_ns(&st.st_mtim);
		stamp.files[i].changed_ns[1] = time_ns(&st.st_ctim);
	}
	return stamp;
}

/* ---- loading ---- */

/*
 * Says once in a day that a revocation list has ended, or does within an hour: lists are made every
 * day or every week, so an earlier warning would never be silent.
 */
static void
crl_end_warn(struct http_certs *certs, const struct tls_context *context)
{
	int64_t until_s = tls_server_crl_until(context), now_s = clock_utc_ms() / 1000;
	uint64_t now_ns = clock_mono_ns();
	char until[CLOCK_TEXT_SIZE];

	if (until_s == INT64_MAX || until_s - now_s > HOUR_S ||
	    (certs->crl_warned_ns != 0 && now_ns - certs->crl_warned_ns < DAY_S * NS_PER_S))
		return;
	certs->crl_warned_ns = now_ns;
	log_warning("http.revocation_ends",
		    "until=%s file=\"%s\" error=\"certificates of clients are refused from then "
		    "on, until there is a new list\"",
		    clock_format_utc(until_s * 1000, until), certs->client_crl);
}

/* Says once in a day that the certificate ends soon, or has ended; and so of revocation lists. */
static void
end_warn(struct http_certs *certs)
{
	struct tls_context *context = http_certs_get(certs);
	const struct tls_certificate *info = tls_server_certificate(context);
	int64_t now_s = clock_utc_ms() / 1000, left_s = info->not_after - now_s;
	uint64_t now_ns = clock_mono_ns();
	char until[CLOCK_TEXT_SIZE];

	if (left_s < WARN_S &&
	    (certs->warned_ns == 0 || now_ns - certs->warned_ns > DAY_S * NS_PER_S)) {
		certs->warned_ns = now_ns;
		log_warning("http.certificate_ends", "until=%s file=\"%s\" days=%" PRId64,
			    clock_format_utc(info->not_after * 1000, until), certs->cert,
			    left_s / DAY_S);
	}
	crl_end_warn(certs, context);
	tls_context_unref(context);
}

/* Reads the files.  The old context stays when they are not valid.  loading. */
static int
load(struct http_certs *certs)
{
	const struct tls_server_files files = { certs->cert, certs->key, certs->client_ca,
						certs->client_crl };
	const struct tls_certificate *info;
	struct tls_context *context;
	char until[CLOCK_TEXT_SIZE];
	int rc;

	certs->stamp = stamp_get(certs); /* before reading: what changes meanwhile is seen later */
	rc = tls_server_new(&files, &context);
	if (rc < 0)
		return rc;
	info = tls_server_certificate(context);
	log_info("http.certificate", "fingerprint=%s names=\"%s\" until=%s file=\"%s\"",
		 info->fingerprint, info->names, clock_format_utc(info->not_after * 1000, until),
		 certs->cert);
	context_set(certs, context);
	certs->warned_ns = certs->crl_warned_ns = 0;
	end_warn(certs);
	return 0;
}

static void
distrust(struct http *http, bool expired_only)
{
	struct tls_context *context = http_certs_get(&http->certs);

	http_conns_distrust(http, context, expired_only);
	tls_context_unref(context);
}

static void
reload(struct http *http)
{
	int rc = load(&http->certs);
	char quoted[600];

	if (rc < 0)
		log_error("http.certificate_kept", "error=%s",
			  log_quote(err_text(rc), quoted, sizeof(quoted)));
	else
		distrust(http, false);
}

void
http_tls_reload(struct http *http)
{
	if (!http->certs.watches)
		return;
	pthread_mutex_lock(&http->certs.loading);
	reload(http);
	pthread_mutex_unlock(&http->certs.loading);
}

static void *
watcher_main(void *arg)
{
	struct http *http = arg;
	struct http_certs *certs = &http->certs;
	struct pollfd wake = { .fd = http->wake_fd, .events = POLLIN };

	while (!atomic_load(&http->stopping)) {
		struct http_tls_stamp stamp;

		if (poll(&wake, 1, LOOK_MS) > 0)
			continue;
		pthread_mutex_lock(&certs->loading);
		stamp = stamp_get(certs);
		if (!stamp_equal(&stamp, &certs->stamp))
			reload(http);
		else
			distrust(http, true);
		end_warn(certs);
		pthread_mutex_unlock(&certs->loading);
	}
	return NULL;
}

/* ---- the certificates of clients ---- */

int
http_certs_check(struct http_conn *conn)
{
	struct tls_context *context;
	int rc;

	if (conn->tls_peer == NULL)
		return 0;
	context = http_certs_get(&conn->http->certs);
	if (context == conn->trusted_by &&
	    clock_utc_ms() / 1000 < tls_peer_until(conn->tls_peer, context)) {
		tls_context_unref(context);
		return 0;
	}
	rc = tls_peer_check(conn->tls_peer, context);
	if (rc < 0) {
		tls_context_unref(context);
		return rc;
	}
	tls_context_unref(conn->trusted_by);
	conn->trusted_by = context;
	return 0;
}

/* ---- life ---- */

static int
names_copy(struct http_certs *certs, const struct http_tls_options *options)
{
	certs->names = mem_calloc(options->name_count + 1, sizeof(*certs->names));
	if (certs->names == NULL)
		return -ENOMEM;
	for (; certs->name_count < options->name_count; certs->name_count++) {
		certs->names[certs->name_count] = str_dup(options->names[certs->name_count]);
		if (certs->names[certs->name_count] == NULL)
			return -ENOMEM;
	}
	return 0;
}

static int
paths_copy(struct http_certs *certs, const struct tls_server_files *files)
{
	certs->cert = str_dup(files->cert);
	certs->key = str_dup(files->key);
	certs->client_ca = files->client_ca != NULL ? str_dup(files->client_ca) : NULL;
	certs->client_crl = files->client_crl != NULL ? str_dup(files->client_crl) : NULL;
	return certs->cert != NULL && certs->key != NULL &&
			       (certs->client_ca != NULL || files->client_ca == NULL) &&
			       (certs->client_crl != NULL || files->client_crl == NULL)
		       ? 0
		       : -ENOMEM;
}

int
http_certs_open(struct http *http, const struct http_tls_options *options)
{
	struct http_certs *certs = &http->certs;
	int rc = names_copy(certs, options);

	if (rc == 0)
		rc = paths_copy(certs, &options->files);
	if (rc == 0)
		rc = load(certs);
	if (rc == 0)
		rc = thread_start(&certs->watcher, "http-certs", watcher_main, http);
	certs->watches = rc == 0;
	return rc;
}

void
http_certs_close(struct http *http)
{
	struct http_certs *certs = &http->certs;

	if (certs->watches)
		pthread_join(certs->watcher, NULL);
	tls_context_unref(certs->context);
	for (size_t i = 0; i < certs->name_count; i++)
		mem_free(certs->names[i]);
	mem_free(certs->names);
	mem_free(certs->cert);
	mem_free(certs->key);
	mem_free(certs->client_ca);
	mem_free(certs->client_crl);
}
