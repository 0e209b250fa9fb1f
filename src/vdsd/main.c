/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The program vdsd: opens the array, starts the data path, then the API; says that it is ready;
 * waits for a signal; stops in the reverse order.  Main thread.  vdsd(8) is its manual.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "array/array.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/module.h"
#include "base/str.h"
#include "base/system.h"
#include "blk/blk.h"
#include "catalog/catalog.h"
#include "catalog/shared.h"
#include "http/http.h"
#include "isns/isns.h"
#include "target/target.h"
#include "vdsd/vdsd_int.h"

#define STOP_TIMEOUT_MS 5000
/*
 * How long initiators may take to log out when vdsd stops.  Linux and libiscsi do so at once; one
 * that does not is told that its session ends, and logs in again when vdsd is back.
 */
#define STOP_LOGOUT_MS  2000

/* How long a gateway that stops may take to give its LUNs to others, one after the other. */
#define STOP_RETIRE_MS 20000

/* How long the whole stop of a gateway may take, and what follows when initiators are gone. */
#define STOP_LIMIT_MS 40000u
#define STOP_REST_MS  10000u

/* The parts that run; NULL = not started. */
struct daemon {
	struct array *array;
	struct target *target;
	struct http *http;
	struct isns *isns;
};

static enum vdsd_exit
exit_of(int code)
{
	if (code == 0)
		return VDSD_OK;
	if (code == ERR_INVALID)
		return VDSD_USAGE;
	return code == ERR_LOCKED ? VDSD_LOCKED : VDSD_FAILED;
}

/* Opens the store of a shared catalog, if the options name one. */
static int
store_open(const struct vdsd_options *options, struct catalog_shared *ret_store)
{
	const struct module_ceph *module = NULL;
	int rc = module_ceph_get(&module);

	return rc < 0 ? rc
		      : module->catalog_open(options->catalog_pool, options->catalog_name,
					     ret_store);
}

/* Says where the cluster is, in case that something is in it. */
static void
ceph_prepare(const struct vdsd_options *options)
{
	const struct module_ceph_settings ceph = {
		.conf = options->ceph_conf,
		.user = options->ceph_user,
		.timeout_s = options->ceph_timeout_s,
	};

	module_ceph_set(&ceph);
}

static int
array_start(const struct vdsd_options *options, bool look, struct array **ret_array)
{
	struct array_options array_options = {
		.dir = options->dir,
		.inject_dir = options->inject,
		.default_address = options->address,
		.default_port = options->port,
		.look = look,
		.accept_loss = options->accept_loss,
		.allow_faults = options->allow_faults,
		.audit_keep_ms = (int64_t)options->audit_keep_days * 24 * 3600 * 1000,
		.gateway = look ? NULL : options->gateway,
		.gateway_address = options->gateway_address,
	};

	struct catalog_shared store;
	int rc = 0;

	ceph_prepare(options);
	if ((options->gateway != NULL) != (options->catalog_pool != NULL) && !look)
		return err_set(ERR_INVALID, "--gateway NAME and --catalog rados:POOL/NAME belong "
					    "together: for an array that several vdsd serve, give "
					    "both");
	if (options->catalog_pool != NULL && !look)
		rc = vdsd_member_open(options->catalog_pool, options->catalog_name, &array_options);
	if (rc == 0 && options->catalog_pool != NULL)
		rc = store_open(options, &store);
	if (rc < 0)
		return rc;
	if (options->catalog_pool != NULL)
		array_options.shared = &store;
	return array_open(&array_options, ret_array);
}

static int
daemon_start(struct daemon *daemon, const struct vdsd_options *options, int socket_fd)
{
	struct target_options target_options;
	struct http_options http_options;
	int rc;

	rc = target_congestion_check(options->congestion);
	if (rc < 0)
		return rc;
	blk_file_set_map(!options->map_refused);
	rc = array_start(options, false, &daemon->array);
	if (rc < 0)
		return rc;
	target_options_default(&target_options);
	target_options.threads = options->threads;
	target_options.congestion = options->congestion;
	target_options.chap_kinds = options->chap_kinds;
	target_options.slow_ms = options->slow_given ? options->slow_ms : VDSD_SLOW_MS;
	rc = target_new(&target_options, daemon->array, &daemon->target);
	if (rc < 0)
		return rc;
	http_options = (struct http_options){
		.array = daemon->array,
		.socket_path = socket_fd == 0 ? options->socket : NULL,
		.socket_fd = socket_fd,
		.listen = options->http,
		.tls = { .listen = (const char *const *)options->https.items,
			 .listen_count = options->https.count,
			 .names = (const char *const *)options->https_names.items,
			 .name_count = options->https_names.count,
			 .files = { options->tls_cert, options->tls_key, options->tls_client_ca,
				    options->tls_client_crl } },
	};
	vdsd_roles_text(options, &http_options.roles);
	rc = http_start(&http_options, &daemon->http);
	if (rc == 0 && options->isns != NULL)
		rc = isns_start(daemon->array, options->isns, &daemon->isns);
	return rc;
}

static void
daemon_stop(struct daemon *daemon, enum vdsd_exit status)
{
	bool is_gateway = daemon->array != NULL && array_is_shared(daemon->array);

	if (is_gateway)
		vdsd_stop_within(STOP_LIMIT_MS, status);
	isns_stop(daemon->isns);
	array_gateway_retire(daemon->array, STOP_RETIRE_MS);
	http_stop(daemon->http);
	array_faults_end(daemon->array); /* what they hold would keep the data path */
	target_log_out(daemon->target, STOP_LOGOUT_MS);
	if (!target_free(daemon->target, STOP_TIMEOUT_MS))
		array_gateway_abandon(daemon->array);
	if (is_gateway)
		vdsd_stop_within(STOP_REST_MS, status);
	array_close(daemon->array);
	vdsd_member_close();
	module_end();
}

/*
 * Waits for SIGTERM or SIGINT, which is returned.  SIGHUP reads the configuration again, and the
 * certificate of TLS.
 */
static int
serve_until_signal(const struct daemon *daemon, const sigset_t *signals, int argc, char **argv)
{
	struct vdsd_supervisor supervisor;

	vdsd_supervisor_init(&supervisor);
	vdsd_supervisor_ready(&supervisor, daemon->array);
	for (;;) {
		int signal_number = vdsd_wait(signals, supervisor.next_ns);

		if (signal_number == SIGHUP) {
			vdsd_supervisor_reloading();
			vdsd_reload(argc, argv, daemon->http);
			http_tls_reload(daemon->http);
			vdsd_supervisor_ready(&supervisor, daemon->array);
		} else if (signal_number == 0) {
			vdsd_supervisor_beat(&supervisor, daemon->array, daemon->target);
		} else {
			vdsd_supervisor_stopping();
			return signal_number;
		}
	}
}

static int
ready(const struct vdsd_options *options, const struct daemon *daemon)
{
	const char *https[VDSD_LIST_MAX + 1] = { NULL };

	for (size_t i = 0; i < VDSD_LIST_MAX; i++)
		https[i] = http_tls_address(daemon->http, i);
	return vdsd_ready(options, daemon->array, http_tcp_port(daemon->http), https);
}

/* Serves in the foreground: a service manager or a shell puts vdsd where it belongs. */
static int
serve(const struct vdsd_options *options, int socket_fd, int argc, char **argv)
{
	struct vdsd_start_guard guard = { .signal_fd = -1, .end_fd = -1 };
	struct daemon daemon = { NULL, NULL, NULL, NULL };
	sigset_t signals;
	int stopped = 0, rc = vdsd_process_prepare(&signals);

	if (rc == 0)
		rc = catalog_memory_protect();
	http_memory_protect();
	if (rc == 0)
		rc = log_start(); /* no thread ever waits for whoever reads the log */
	if (rc == 0)
		rc = vdsd_start_guard(&guard);
	if (rc == 0)
		rc = daemon_start(&daemon, options, socket_fd);
	if (rc == 0)
		rc = ready(options, &daemon);
	if (rc == 0) {
		log_info("vdsd.ready", "version=%s dir=%s socket=%s threads=%u", VDS_VERSION,
			 options->dir, options->socket, target_thread_count(daemon.target));
		stopped = vdsd_start_end(&guard);
		if (stopped == 0)
			stopped = serve_until_signal(&daemon, &signals, argc, argv);
		vdsd_again_end(VDSD_OK);
		log_info("vdsd.stop", "signal=%d", stopped);
		vdsd_not_ready(options);
	} else {
		vdsd_again_end(exit_of(rc));
		log_error("vdsd.start", "code=%s error=\"%s\"", err_name(rc), err_text(rc));
	}
	daemon_stop(&daemon, exit_of(rc));
	(void)vdsd_start_end(&guard);
	log_stop();
	return rc;
}

/*
 * Checks an array that is not served, or one that gateways serve.  Nothing is made or changed: a
 * directory without a catalog is an error here.  *ret_notes: what breaks no invariant (mem_free).
 */
static int
check_array(const struct vdsd_options *options, char **ret_notes)
{
	AUTO_FREE char *path = str_printf("%s/catalog.db", options->dir);
	struct array *array = NULL;
	int rc;

	if (path == NULL)
		return -ENOMEM;
	if (options->catalog_pool == NULL && access(path, F_OK) < 0)
		return err_set(-errno, "there is no array: %s", strerror(errno));
	rc = array_start(options, true, &array);
	if (rc == 0)
		rc = array_check(array);
	if (rc == 0)
		rc = array_notes(array, ret_notes);
	array_close(array);
	module_end();
	return rc;
}

static int
check(const struct vdsd_options *options)
{
	AUTO_FREE char *notes = NULL;
	int rc = check_array(options, &notes);

	if (rc == 0)
		printf("clean\n%s", notes);
	else
		fprintf(stderr, "vdsd: %s: %s\n", options->dir, err_text(rc));
	return rc;
}

/* The module stays loaded: the check that follows uses it, and ends it. */
static int
restore_shared(const struct vdsd_options *options, char **ret_text)
{
	struct array_options array_options = { .dir = options->dir };
	struct catalog_shared store;
	int rc;

	ceph_prepare(options);
	rc = vdsd_member_open(options->catalog_pool, options->catalog_name, &array_options);
	if (rc == 0)
		rc = store_open(options, &store);
	array_options.shared = &store;
	if (rc == 0)
		rc = array_restore_shared(&array_options, options->backup, options->force,
					  ret_text);
	vdsd_member_close();
	return rc;
}

/*
 * Puts a backup into the directory, or into the catalog that gateways share.  Then says what the
 * check finds there: LUNs whose files are elsewhere or gone are no reason to undo the restore.
 */
static int
restore(const struct vdsd_options *options)
{
	AUTO_FREE char *text = NULL, *notes = NULL;
	bool shared = options->catalog_pool != NULL;
	int rc;

	log_set_level(LOG_LEVEL_ERROR); /* what the log would say is printed */
	rc = shared ? restore_shared(options, &text)
		    : array_restore(options->dir, options->backup, options->force, &text);
	if (rc < 0) {
		fprintf(stderr, "vdsd: %s\n", err_text(rc));
		module_end();
		return rc;
	}
	if (shared)
		printf("restored into rados:%s/%s\n%s", options->catalog_pool,
		       options->catalog_name, text);
	else
		printf("restored into %s\n%s", options->dir, text);
	rc = check_array(options, &notes);
	if (rc == 0)
		printf("clean\n%s", notes);
	else
		printf("not all is well: %s\n", err_text(rc));
	printf("when vdsd starts, its log names files of no LUN (pool.unknown_file)\n");
	return 0;
}

static int
list_backup(const struct vdsd_options *options)
{
	AUTO_FREE char *text = NULL;
	int rc;

	log_set_level(LOG_LEVEL_ERROR);
	rc = array_list_backup(options->backup, &text);

	if (rc == 0)
		printf("%s", text);
	else
		fprintf(stderr, "vdsd: %s\n", err_text(rc));
	return rc;
}

static int
run(const struct vdsd_options *options, int socket_fd, int argc, char **argv)
{
	switch (options->action) {
	case VDSD_HELP:
		vdsd_help();
		return 0;
	case VDSD_VERSION_ONLY:
		printf("vdsd %s\n", VDS_VERSION);
		return 0;
	case VDSD_DEBUG_LIST:
		vdsd_log_areas_print();
		return 0;
	case VDSD_CHECK:
		return check(options);
	case VDSD_MAKE_CERTIFICATE:
		return vdsd_certificate_make(options);
	case VDSD_RESTORE:
		umask(077);
		return restore(options);
	case VDSD_LIST_BACKUP:
		umask(077);
		return list_backup(options);
	case VDSD_SERVE:
		break;
	}
	return serve(options, socket_fd, argc, argv);
}

int
main(int argc, char **argv)
{
	struct vdsd_options options;
	int rc, socket_fd = 0;

	system_streams_keep();
	vdsd_options_init(&options);
	rc = vdsd_options_parse(&options, argc, argv);
	if (rc == 0 && options.action != VDSD_HELP && options.action != VDSD_VERSION_ONLY)
		rc = vdsd_conf_load(&options);
	if (rc == 0 && options.action == VDSD_SERVE)
		rc = vdsd_supervisor_socket(&options, &socket_fd);
	vdsd_again_prepare(argv, &options);
	if (rc == 0)
		rc = vdsd_options_finish(&options);
	if (rc == 0)
		rc = vdsd_certificate_prepare(&options);
	if (rc == 0)
		vdsd_log_apply(&options);
	if (rc < 0)
		fprintf(stderr, "vdsd: %s\nvdsd: `vdsd --help` explains it\n", err_text(rc));
	else
		rc = run(&options, socket_fd, argc, argv);
	vdsd_options_fini(&options);
	return (int)exit_of(rc);
}
