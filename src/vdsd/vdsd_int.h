/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Inside vdsd: the options of the command line and of vdsd.conf, the log, the process, and how vdsd
 * says that it serves.  Everything here is called by the main thread.  vdsd(8), vdsd.conf(5).
 */
#ifndef VDS_VDSD_VDSD_INT_H
#define VDS_VDSD_VDSD_INT_H

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#define VDSD_DEFAULT_DIR    "/var/lib/vdsd"
#define VDSD_DEFAULT_SOCKET "/run/vdsd/vdsd.sock"
#define VDSD_DEFAULT_CONF   "/etc/vds/vdsd.conf"
#define VDSD_FORMER_CONF    "/etc/vdsd.conf" /* where it was before there were packages */

#define VDSD_DEFAULT_CEPH_CONF "/etc/ceph/ceph.conf"
#define VDSD_DEFAULT_CEPH_USER "vdsd"
/* Initiators give a command 30 s or more, so that they see an error, and do not have to abort. */
#define VDSD_CEPH_TIMEOUT_S    10u

struct array;
struct array_options;
struct target;

enum vdsd_exit {
	VDSD_OK = 0,
	VDSD_FAILED = 1, /* vdsd did not start, or the check found an error */
	VDSD_USAGE = 2,
	VDSD_LOCKED = 3, /* another process uses the directory or the socket */
};

enum vdsd_action {
	VDSD_SERVE,
	VDSD_CHECK,
	VDSD_MAKE_CERTIFICATE,
	VDSD_RESTORE,
	VDSD_LIST_BACKUP,
	VDSD_HELP,
	VDSD_VERSION_ONLY,
	VDSD_DEBUG_LIST
};

#define VDSD_LIST_MAX 16

/* The values of an option that may be given several times. */
struct vdsd_list {
	char *items[VDSD_LIST_MAX]; /* owned */
	size_t count;
	bool complete; /* the command line has given them, so the file's do not count */
};

/* How many milliseconds make a command slow, unless somebody says otherwise. */
#define VDSD_SLOW_MS 1000u

enum vdsd_role { VDSD_ROLE_ADMIN, VDSD_ROLE_OPERATOR, VDSD_ROLE_READER, VDSD_ROLES };

/* All strings are owned (mem_free in vdsd_options_fini). */
struct vdsd_options {
	enum vdsd_action action;
	/* path of the configuration file; NULL = VDSD_DEFAULT_CONF if that file exists */
	char *conf;
	char *dir, *socket, *http, *inject, *ready_file;
	bool allow_faults;
	struct vdsd_list https, https_names; /* addresses; host names of this array */
	/* paths; NULL = not given */
	char *tls_cert, *tls_key, *tls_client_ca, *tls_client_crl;
	/* who has which role, as in vdsd.conf(5); NULL = the key is not given */
	char *roles[VDSD_ROLES];
	char *http_trust; /* role of programs over loopback TCP without a token; NULL = none */
	char *isns;       /* address of an iSNS server; NULL = none */
	char *congestion; /* as in target_options */
	char *debug;      /* debug areas, joined by blanks; NULL = none */
	char *log_level;  /* name of the log level; NULL = info */
	char *address;    /* address of the first portal of a new array */
	char *backup;     /* the file to restore or to list */
	uint16_t port;
	unsigned audit_keep_days; /* 0 = the default of the array */
	bool listen_given;
	bool accept_loss, force;
	unsigned threads; /* 0 = one for each core */
	bool map_given, map_refused;
	/* bit n allows enum digest_kind n for CHAP; 0 = the option is not given, each is allowed */
	unsigned chap_kinds;
	/* log commands that take so long; 0 = none; without slow_given VDSD_SLOW_MS */
	unsigned slow_ms;
	bool slow_given;
	char *gateway, *gateway_address;
	char *ceph_conf, *ceph_user;
	/* where a shared catalog is; NULL = the catalog is in `dir` */
	char *catalog_pool, *catalog_name;
	unsigned ceph_timeout_s; /* 0 = not given */
	int ready_fd;            /* descriptor to write to when vdsd serves; -1 = none */
	/* bit n: vdsd_keys[n] was given on the command line; in the file */
	uint64_t given, in_conf;
};

/* An option of the command line ("--dir") or a key of vdsd.conf ("dir"). */
struct vdsd_key {
	const char *name;
	char letter;       /* short option; '\0' = none */
	const char *value; /* name of its value; NULL = an option without a value */
	bool in_conf;
	int (*set)(struct vdsd_options *options, const char *value);
	const char *help;
};

extern const struct vdsd_key vdsd_keys[];
extern const size_t vdsd_key_count;

/* ---- options.c, conf.c ---- */

void vdsd_options_init(struct vdsd_options *options);
void vdsd_options_fini(struct vdsd_options *options);
/* Reads the command line.  Returns 0 or ERR_INVALID with a text. */
int vdsd_options_parse(struct vdsd_options *options, int argc, char **argv);
/*
 * Reads vdsd.conf and sets what the command line has left unset.  A missing file is an error only
 * when it was named.  Returns 0, ERR_INVALID or -errno with a text.
 */
int vdsd_conf_load(struct vdsd_options *options);
/* Reads one line of the file.  Returns 0 (also for comments) or ERR_INVALID with a text. */
int vdsd_conf_line(struct vdsd_options *options, char *line);
/*
 * Notes in *given that the key was given.  Returns 0, or ERR_INVALID the second time, unless the
 * key may be repeated.
 */
int vdsd_key_once(const struct vdsd_key *key, uint64_t *given);
/*
 * Sets the defaults of the options that neither the command line nor the file sets.  Returns 0 or
 * -errno with a text.
 */
int vdsd_options_finish(struct vdsd_options *options);
void vdsd_help(void);

/* ---- logging.c ---- */

/*
 * Returns true when there is a debug area of this name, or one below it ("iscsi"). "all" counts as
 * a name.
 */
bool vdsd_log_area_exists(const char *name);
/* Prints the names of all debug areas, sorted, one on each line. */
void vdsd_log_areas_print(void);
/*
 * Makes the log level and the debug areas what the options say, and switches all other areas off.
 */
void vdsd_log_apply(const struct vdsd_options *options);

/* ---- reload.c ---- */

struct http;
struct http_roles_text;

/* Fills *ret_text with the roles of the options, which are borrowed. */
void vdsd_roles_text(const struct vdsd_options *options, struct http_roles_text *ret_text);
/*
 * Reads the command line and vdsd.conf again and applies their log level, debug areas and roles;
 * nothing else of them is used.  When they are not valid, all stays as it is and the log says why.
 * Main thread.
 */
void vdsd_reload(int argc, char **argv, struct http *http);

/* ---- again.c ---- */

/* Notes how vdsd was called; the main thread, after the options are read. */
void vdsd_again_prepare(char **argv, struct vdsd_options *options);
/* The process is to end: vdsd_again ends it with this status from now on.  Any thread. */
void vdsd_again_end(enum vdsd_exit status);
/*
 * Ends the process at once and begins anew, without another answer to anybody: a gateway was
 * fenced.  Does not return.  Any thread.
 */
void vdsd_again(void *arg, const char *reason);

/* ---- member.c ---- */

/*
 * Sets in the options of the array what makes it one of several gateways on a Ceph cluster; pool,
 * name:  where its catalog is.  Returns 0, ERR_NOT_SUPPORTED (the module is not installed) or an
 * error of the cluster, with a text.  Before the catalog is opened.
 */
int vdsd_member_open(const char *pool, const char *name, struct array_options *options);
/* Drops that, after the array was closed. */
void vdsd_member_close(void);

/* ---- certificate.c ---- */

/*
 * Sets the paths of the certificate and the key that were not given, and looks whether the files
 * are there when the API is to be served over TLS.  Returns 0, ERR_INVALID (one of two paths is
 * missing, or there is no certificate) with a text that says how to get one, or -ENOMEM.
 */
int vdsd_certificate_prepare(struct vdsd_options *options);
/*
 * Makes a first certificate and its key for the names of --https-name and the addresses of --https;
 * without any, for the name of this host.  Prints where they are and the fingerprint.  Returns 0,
 * ERR_INVALID, -EEXIST (there is one already), -errno or -ENOMEM with a text.
 */
int vdsd_certificate_make(const struct vdsd_options *options);

/* ---- process.c ---- */

/*
 * Prepares the process: blocks the signals that vdsd_wait waits for in all threads to come, raises
 * limits, makes it not dumpable, sets the umask to 077.  Returns 0 or -errno.  Main thread, before
 * there are others.
 */
int vdsd_process_prepare(sigset_t *ret_signals);
/*
 * Waits for one of the signals: SIGTERM, SIGINT or SIGHUP, which is returned.  until_ns: returns 0
 * at this time of the monotonic clock; 0 = waits without a limit.
 */
int vdsd_wait(const sigset_t *signals, uint64_t until_ns);

/* ---- start.c ---- */

struct vdsd_start_guard {
	pthread_t thread;
	bool runs;
	int signal_fd, end_fd; /* end_fd: written to when the start is over */
	int signal_number;     /* the signal that came; 0 = none.  The thread, until it is joined */
};

/*
 * From now on SIGTERM and SIGINT, which all threads block, end the process within a second or so,
 * with status 0, unless vdsd_start_end is called by then.  Returns 0 or -errno with a text.
 */
int vdsd_start_guard(struct vdsd_start_guard *guard);
/*
 * Ends that, when vdsd has started, or has failed to and has cleaned up.  Returns the signal that
 * came meanwhile, or 0.
 */
int vdsd_start_end(struct vdsd_start_guard *guard);
/*
 * Ends the process with this status when it has not ended by itself after that time.  For gateways:
 * others take over from one that has not left, so nothing is lost.
 */
void vdsd_stop_within(unsigned ms, enum vdsd_exit status);

/* ---- ready.c ---- */

/*
 * Says in the ready file and on the ready descriptor that vdsd serves.  https: the addresses of
 * TLS, NULL after the last one.  Returns 0 or -errno with a text.
 */
int vdsd_ready(const struct vdsd_options *options, struct array *array, uint16_t http_port,
	       const char *const *https);
/* Removes the ready file. */
void vdsd_not_ready(const struct vdsd_options *options);

/* ---- supervise.c: the service manager ---- */

struct vdsd_supervisor {
	uint64_t interval_ns; /* between two signs of life; 0 = nobody waits for them */
	uint64_t next_ns;     /* when the next one is due; the monotonic clock */
	char status[160];     /* what was said last */
};

/*
 * Takes the socket of the API that the service manager has opened (vdsd.socket): *ret_fd is its
 * descriptor, or 0 when there is none, and options->socket becomes its path.  Returns 0,
 * ERR_INVALID (what was passed is not one listening unix socket, or the option `socket` names
 * another path) or -ENOMEM, with a text.  Called once, before other threads.
 */
int vdsd_supervisor_socket(struct vdsd_options *options, int *ret_fd);
/* Finds out whether the service manager waits for signs of life. */
void vdsd_supervisor_init(struct vdsd_supervisor *supervisor);
/* Tells the service manager that vdsd serves. */
void vdsd_supervisor_ready(struct vdsd_supervisor *supervisor, struct array *array);
/* Tells it that vdsd reads vdsd.conf again; vdsd_supervisor_ready follows. */
void vdsd_supervisor_reloading(void);
/* Tells it that vdsd stops. */
void vdsd_supervisor_stopping(void);
/*
 * Gives a sign of life, when one is due and the writer and each thread of the data path have run
 * since the last one.  Else logs who has not, and says nothing, so that the service manager
 * restarts vdsd when that goes on.
 */
void vdsd_supervisor_beat(struct vdsd_supervisor *supervisor, struct array *array,
			  struct target *target);

#endif
