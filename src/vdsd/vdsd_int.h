/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Inside vdsd: the options of the command line and of vdsd.conf, the log, the process, and how vdsd
 * says that it serves.  Everything here is called by the main thread.  vdsd(8), vdsd.conf(5).
 */
#ifndef VDS_VDSD_VDSD_INT_H
#define VDS_VDSD_VDSD_INT_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#define VDSD_DEFAULT_DIR    "/var/lib/vdsd"
#define VDSD_DEFAULT_SOCKET "/run/vdsd/vdsd.sock"
#define VDSD_DEFAULT_CONF   "/etc/vdsd.conf"

struct array;

enum vdsd_exit {
	VDSD_OK = 0,
	VDSD_FAILED = 1, /* vdsd did not start, or the check found an error */
	VDSD_USAGE = 2,
	VDSD_LOCKED = 3, /* another process uses the directory or the socket */
};

enum vdsd_action { VDSD_SERVE, VDSD_CHECK, VDSD_HELP, VDSD_VERSION_ONLY, VDSD_DEBUG_LIST };

/* All strings are owned (mem_free in vdsd_options_fini). */
struct vdsd_options {
	enum vdsd_action action;
	/* path of the configuration file; NULL = VDSD_DEFAULT_CONF if that file exists */
	char *conf;
	char *dir, *socket, *http, *inject, *ready_file;
	char *debug;     /* debug areas, joined by blanks; NULL = none */
	char *log_level; /* name of the log level; NULL = info */
	char *address;   /* address of the first portal of a new array */
	uint16_t port;
	bool listen_given;
	bool accept_loss;
	unsigned threads; /* 0 = one for each core */
	int ready_fd;     /* descriptor to write to when vdsd serves; -1 = none */
	/* bit n: vdsd_keys[n] was given on the command line; in the file */
	unsigned given, in_conf;
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
int vdsd_key_once(const struct vdsd_key *key, unsigned *given);
/*
 * Set the defaults of the options that neither the command line nor the file sets.  Returns 0 or
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
/*
 * Reads the command line and vdsd.conf again and applies their log level and debug areas; nothing
 * else of them is used. When they are not valid, the log stays as it is and says why.  Main thread.
 */
void vdsd_log_reload(int argc, char **argv);

/* ---- process.c ---- */

/*
 * Prepares the process: blocks the signals that vdsd_wait waits for in all threads to come, raises
 * limits, makes it not dumpable, sets the umask to 077.  Returns 0 or -errno.  Main thread, before
 * there are others.
 */
int vdsd_process_prepare(sigset_t *ret_signals);
/* Waits for one of the signals: SIGTERM, SIGINT or SIGHUP, which is returned. */
int vdsd_wait(const sigset_t *signals);

/* ---- ready.c ---- */

/*
 * Says in the ready file, on the ready descriptor and to the service manager that vdsd serves.
 * Returns 0 or -errno with a text.
 */
int vdsd_ready(const struct vdsd_options *options, struct array *array, uint16_t http_port);
/* Removes the ready file, and tells the service manager that vdsd stops. */
void vdsd_not_ready(const struct vdsd_options *options);

#endif
