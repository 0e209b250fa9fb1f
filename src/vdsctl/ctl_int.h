/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Inside vdsctl: options.c turns the command line into a struct ctl (command, arguments, options);
 * the command's function then makes REST calls and prints.  Everything runs in one thread.
 */
#ifndef VDS_VDSCTL_CTL_INT_H
#define VDS_VDSCTL_CTL_INT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/str.h"
#include "base/table.h"
#include "client/client.h"
#include "model/rows.h"
#include "model/state.h"

/* Exit statuses: vdsctl(1). */
enum ctl_exit {
	CTL_OK = 0,
	CTL_FAILED = 1,
	CTL_USAGE = 2,
	CTL_NOT_FOUND = 3,
	CTL_BUSY = 4,
	CTL_UNREACHABLE = 5,
	CTL_CONFLICT = 6,
	CTL_NO_SPACE = 7,
	CTL_TIMEOUT = 8,
};

/* The exit status of `vdsctl plan`: any error is 1. */
enum ctl_plan {
	CTL_PLAN_SAME = 0,
	CTL_PLAN_FAILED = 1,
	CTL_PLAN_CHANGES = 2,
};

/* The exit status of `vdsctl health`, as monitoring systems read it. */
enum ctl_monitor {
	CTL_MONITOR_OK = 0,
	CTL_MONITOR_WARNING = 1,
	CTL_MONITOR_CRITICAL = 2,
	CTL_MONITOR_UNKNOWN = 3,
};

enum ctl_option_id {
	OPT_CONTEXT,
	OPT_URL, /* from here to OPT_TOKEN_FILE: what a context says */
	OPT_CA,
	OPT_FINGERPRINT,
	OPT_CERT,
	OPT_KEY,
	OPT_TOKEN_FILE,
	OPT_OUTPUT,
	OPT_QUIET,
	OPT_TIMEOUT,
	OPT_NO_WAIT,
	OPT_HELP,
	OPT_VERSION,
	OPT_GLOBAL_END, /* the options above may stand with every command */
	OPT_SIZE = OPT_GLOBAL_END,
	OPT_POOL,
	OPT_BLOCK_SIZE,
	OPT_THICK,
	OPT_REMOVABLE,
	OPT_CACHE,
	OPT_UNMASK,
	OPT_HOST,
	OPT_HOST_GROUP,
	OPT_TO,
	OPT_ADD,
	OPT_REMOVE,
	OPT_ISCSI_NAME,
	OPT_NO_PORTALS,
	OPT_INITIATOR,
	OPT_FROM,
	OPT_ALL_TARGETS,
	OPT_KEEP_GOING,
	OPT_FORCE,
	OPT_DRAIN,
	OPT_CLEAR,
	OPT_ROLE,
	OPT_EXPIRES,
	OPT_FILE,
	OPT_USER,
	OPT_MUTUAL,
	OPT_KEEP_OLD,
	OPT_STATE,
	OPT_PREFERRED,
	OPT_EXPLICIT,
	OPT_LOW,
	OPT_FULL,
	OPT_OVERCOMMIT,
	OPT_TRASH,
	OPT_TRASH_YIELDS,
	OPT_IOPS,
	OPT_BANDWIDTH,
	OPT_BURST,
	OPT_MIN_IOPS,
	OPT_MIN_BANDWIDTH,
	OPT_NOW,
	OPT_NAME,
	OPT_UNASSOCIATED,
	OPT_SINCE,
	OPT_OBJECT,
	OPT_WHO,
	OPT_LIMIT,
	OPT_INTERVAL,
	OPT_COUNT_OF,
	OPT_IDS,
	OPT_DELETE_LUNS,
	OPT_SHRINK_LUNS,
	OPT_REVISION,
	OPT_CHANGE,
	OPT_EVERY,
	OPT_AT,
	OPT_KEEP,
	OPT_ENABLED,
	OPT_COPY,
	OPT_SLOWER,
	OPT_FAILED,
	OPT_PERMANENT,
	OPT_MOVE,
	OPT_OWNER,
	OPT_COUNT
};

/* The bit of an option in ctl_command.options.  Global options have none. */
#define CTL_OPTION_BIT(id) (UINT64_C(1) << ((id)-OPT_GLOBAL_END))
_Static_assert(OPT_COUNT - OPT_GLOBAL_END <= 64, "each option of a command has a bit");

struct ctl_option {
	const char *name;  /* without the dashes */
	char letter;       /* the letter of the short option; '\0' = none */
	const char *value; /* name of its value, "SIZE"; NULL = an option without a value */
	const char *help;
};

extern const struct ctl_option ctl_options[OPT_COUNT];

/* ctl_command.max_args of a command without an upper limit. */
#define CTL_MANY      65535u
/* ctl_command.max_args of a command whose words another program reads, options too. */
#define CTL_ALL_WORDS 65534u

struct ctl;

struct ctl_command {
	const char *words; /* "lun create" */
	/*
	 * "NAME"; "" = none.  An option may stand in it, "{SIZE | --to SIZE}", and is then not
	 * listed beside it.
	 */
	const char *args;
	unsigned min_args, max_args;
	/* CTL_OPTION_BIT of the options that the command has beyond the global ones */
	uint64_t options;
	uint64_t required; /* those of `options` that must be given */
	/* the objects that the command is for, where many nouns share one function */
	enum row_family family;
	int (*run)(struct ctl *ctl); /* returns 0 or a negative code with its text set */
	const char *help;
};

extern const struct ctl_command ctl_commands[];
extern const size_t ctl_command_count;

struct ctl {
	/* NULL: only help is wanted, for `noun` or for all commands */
	const struct ctl_command *command;
	const char *noun;  /* set when a noun such as "lun" stands alone; else NULL */
	const char **args; /* the arguments; the texts belong to the command line */
	size_t arg_count;
	/* the values of options; NULL = not given, "" = given without a value */
	const char *options[OPT_COUNT];
	bool json, quiet, no_wait;
	int timeout_s; /* 0 = none */
	FILE *out;
	/* the user's contexts, once ctl_context_apply has read them; else NULL */
	json_t *contexts;
	const char *context;   /* the one that the options come from, in `contexts`; NULL = none */
	struct client *client; /* ctl_client opens it when it is first needed */
	enum ctl_monitor monitor_status; /* what ctl_run_health found */
	bool plan_changes;               /* ctl_run_plan found changes */
};

/* ---- options.c: the command line ---- */

/*
 * Reads a command line.  argv[0] is passed over; the texts are borrowed.
 * Returns 0 or ERR_INVALID with a text that says what is wrong; call ctl_fini afterwards in both
 * cases.
 */
int ctl_parse(struct ctl *ctl, int argc, char **argv);
void ctl_fini(struct ctl *ctl);
/*
 * Finds the command whose words stand at the beginning of `words`: the longest one; also under the
 * old form "list luns". Returns NULL when there is none.  *ret_used: how many words belong to it.
 */
const struct ctl_command *ctl_command_find(const char *const *words, size_t count,
					   size_t *ret_used);
/* Returns true when commands begin with this word ("lun"). */
bool ctl_is_noun(const char *word);
/*
 * Reads a size that a person typed.  `what` names it in messages: "--size", "SIZE".  A unit must be
 * given, because a plain number is more often meant as gigabytes than as bytes.
 * Returns 0 or ERR_INVALID (no size, no unit, zero, more than a LUN can have) with a text.
 */
int ctl_size_parse(const char *what, const char *text, uint64_t *ret_bytes);

/*
 * Reads a time span that a person typed: "90s", "45m", "12h", "30d" or "2w".  Returns 0 or
 * ERR_INVALID with a text.
 */
int ctl_duration_parse(const char *what, const char *text, uint64_t *ret_ms);

/* ---- help.c, complete.c, completion.c ---- */

/* Prints one command's help; NULL prints the list of all commands and the global options. */
void ctl_help(FILE *out, const struct ctl_command *command);
/* Prints the commands of one noun ("lun"). */
void ctl_help_noun(FILE *out, const char *noun);
/* Writes "usage: vdsctl lun create NAME --size SIZE [--pool POOL]…" without a newline. */
void ctl_usage(FILE *out, const struct ctl_command *command);
/*
 * `vdsctl __complete WORD…`: prints what the last word (it may be empty) can become, one on each
 * line.  The scripts of all shells call it.  Asks vdsd for names of objects; prints none when vdsd
 * cannot be reached.  Returns an exit status.
 */
int ctl_complete(FILE *out, int count, char **words);
int ctl_run_completion(struct ctl *ctl);

/* ---- suggest.c ---- */

/* The candidate that is most like a mistyped word. */
struct ctl_guess {
	const char *word; /* the word that was typed */
	size_t distance;  /* distance of `best` to it */
	char best[256];   /* the best candidate so far; "" = none is similar */
};

/* Begins a guess for a mistyped word; then call ctl_guess_try for each candidate. */
void ctl_guess_begin(struct ctl_guess *guess, const char *word);
void ctl_guess_try(struct ctl_guess *guess, const char *candidate);
/* Returns "; did you mean `create`?" in buf, or "". */
const char *ctl_guess_text(const struct ctl_guess *guess, char *buf, size_t size);

/* ---- exit.c ---- */

/* Returns the exit status for an error code that the command ended with. */
enum ctl_exit ctl_exit_status(const struct ctl *ctl, int code);
/*
 * Prints the error of `code` and, where there is something, what to do next: two lines for people,
 * or with -o json one object, {"error": {"code", "message", "next"}}.
 */
void ctl_error(FILE *err, const struct ctl *ctl, int code);

/* ---- context.c ---- */

/*
 * Sets the options that say where the array is and whom to trust to what the context says that the
 * command uses, if it uses one; what was given stays.  Does so once.  Returns 0; ERR_NOT_FOUND
 * (there is no such context), ERR_ACCESS, ERR_PARSE or -errno (the file of contexts).
 */
int ctl_context_apply(struct ctl *ctl);
/* Calls `each` for every context; for none when they cannot be read. */
void ctl_context_each(void (*each)(void *arg, const char *name), void *arg);

/* ---- call.c: around the typed calls of client.h ---- */

/*
 * Finds out what the options, the environment and the context say about where the array is and whom
 * to trust; valid as long as ctl.  Returns 0, or why the context cannot be used.
 */
int ctl_client_options(struct ctl *ctl, struct client_options *ret_options);
/* Opens ctl->client unless it is open.  Returns 0, or as client_open_with. */
int ctl_client(struct ctl *ctl);
/* Opens ctl->client, which is not open yet, with a replica.  Returns as client_open_with. */
int ctl_open_replica(struct ctl *ctl);
/* Calls client_ask or client_list with ctl->client, which is opened before. Returns their codes. */
int ctl_ask(struct ctl *ctl, enum verb_id verb, const struct guid *ids,
	    const struct verb_args *args, json_t **ret_json);
int ctl_list(struct ctl *ctl, enum verb_id verb, const struct verb_args *args, json_t **ret_items);
/*
 * Ends a command that made a change: `rc` and `answer` are what the typed call returned.  Waits for
 * the change's job unless --no-wait was given, then prints the answer (-o json) or the sentence
 * that fmt makes, without a full stop ("" prints nothing).  Returns 0, rc when that is negative, or
 * why the job failed.
 */
int ctl_done(struct ctl *ctl, int rc, const struct client_answer *answer, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/*
 * Waits until a job has ended, and shows its progress on a terminal.  Returns 0, ERR_CANCELLED (the
 * job was cancelled), the code that the job failed with, or why vdsd could not be asked.
 */
int ctl_job_wait(struct ctl *ctl, const struct guid *job);

/* The rows of the array as they are at one moment. */
struct ctl_view {
	struct state *config, *live;
};

/* Loads a view with one call.  Returns 0 or a code with its text set; ctl_view_fini afterwards. */
int ctl_view_load(struct ctl *ctl, struct ctl_view *ret_view);
void ctl_view_fini(struct ctl_view *view);
#define AUTO_CTL_VIEW __attribute__((cleanup(ctl_view_fini)))

/* ---- cells.c: values as a person reads them; borrowed from the view, or static ---- */

void ctl_cell_id(struct table *table, const struct guid *id);
void ctl_cell_size(struct table *table, uint64_t bytes);
void ctl_cell_time(struct table *table, int64_t utc_ms);
void ctl_cell_address(struct table *table, const struct row_portal *portal);
/* Writes "127.0.0.1:3260" or "[::1]:3260" to buf (80 bytes are enough) and returns it. */
char *ctl_address_text(const struct row_portal *portal, char *buf, size_t size);
/*
 * Returns the target's alias, or its iSCSI name when it has no alias; NULL when there is no such
 * target.
 */
const char *ctl_target_name(const struct ctl_view *view, const struct guid *id);
/*
 * Returns the LUN's name, or "#12", its number, when it has none, which is valid until the next
 * call; NULL when there is no such LUN.
 */
const char *ctl_lun_name(const struct ctl_view *view, const struct guid *id);
/*
 * Adds the cells of an object that is being maintained: its noun, its name, the operations, its id.
 */
void ctl_maintenance_row(struct table *table, const struct ctl_view *view, const void *row);
const char *ctl_status_name(enum row_status status);
/*
 * Returns "target NAME", "host NAME" or "discovery": whose secret it is.  Valid until the next
 * call.
 */
const char *ctl_credential_owner(const struct ctl_view *view, const struct row_credential *row);
/*
 * Returns "ok", "failed", "failing" or "unknown", or the operation that holds the LUN
 * ("extending"), or what an initiator has done with its medium ("formatting", "sanitize failed").
 */
const char *ctl_health_name(const struct ctl_view *view, const struct guid *id);
/* Returns "up", "down" or "unknown". */
const char *ctl_link_name(enum port_link link);
/*
 * Returns the name of the gateway that owns the LUN, "nobody", or "" where there are no gateways.
 */
const char *ctl_owner_name(const struct ctl_view *view, const struct guid *lun_id);
/* Returns "online", "offline", "draining" or "down". */
const char *ctl_gateway_state(const struct ctl_view *view, const struct row_controller *gateway);
/* Returns how many LUNs it owns; where there are no gateways, all. */
size_t ctl_gateway_luns(const struct ctl_view *view, const struct row_controller *gateway);
/*
 * Returns "yes", or "no" with the reason.  live may be NULL. The text is valid until the next call.
 */
const char *ctl_listens_text(const struct row_live_portal *live);
const char *ctl_job_kind_name(enum job_kind kind);
/* Returns the state of a job in a word; "paused" is one here. */
const char *ctl_job_state_name(const struct row_job *job);
const char *ctl_drive_kind_name(enum drive_kind kind);
const char *ctl_drive_bus_name(enum drive_bus bus); /* "" when it is not known */
/*
 * Write the names of the pools on a drive, or of the drives below a pool, with ", " between them;
 * "" when there are none.  A text that is too long is cut.  Return buf.
 */
const char *ctl_drive_pools_text(const struct ctl_view *view, const struct guid *drive, char *buf,
				 size_t size);
const char *ctl_pool_drives_text(const struct ctl_view *view, const struct guid *pool, char *buf,
				 size_t size);
size_t ctl_session_count(const struct ctl_view *view, const struct guid *target);
/*
 * Appends to `text` what the options --host and --host-group name, as entries of an unmasking list:
 * "host:NAME", joined by ';'.
 */
void ctl_hosts_add(const struct ctl *ctl, struct strbuf *text);
/*
 * Returns what --unmask, --host and --host-group say as an unmasking list in the API's form; the
 * caller frees it with mem_free.  NULL when out of memory.
 */
char *ctl_mask_option(const struct ctl *ctl);
/* The line of a schedule of snapshots in a list: schedule.c. */
void ctl_schedule_row(struct table *table, const struct ctl_view *view, const void *row);
/* Counts the hosts and host groups of a canonical unmasking list. */
size_t ctl_mask_hosts(const char *mask);
/* Counts the sessions of the host's initiators. */
size_t ctl_host_sessions(const struct ctl_view *view, const struct guid *host);

/* Adds a cell with the space that a LUN takes in its pool. */
void ctl_cell_used(struct table *table, const struct ctl_view *view, const struct guid *lun);
/* Returns how many LUNs a pool has; *ret_promised_bytes: the sum of their sizes. */
size_t ctl_pool_luns(const struct ctl_view *view, const struct guid *pool,
		     uint64_t *ret_promised_bytes);
/* Returns "ok", "low" or "full"; "unknown" when live is NULL. */
const char *ctl_space_text(const struct row_live_pool *live);

/*
 * From where initiators can reach a target through the portals of its groups that listen now: from
 * nowhere, from this host only, or from the network.
 */
enum ctl_reach { CTL_REACH_NONE, CTL_REACH_LOCAL, CTL_REACH_NETWORK };

enum ctl_reach ctl_target_reach(const struct ctl_view *view, const struct guid *target);

/* ---- resolve.c: names ---- */

/*
 * Finds the object that `text` names: its id; its name (targets: iSCSI name or alias; portals:
 * ADDRESS[:PORT]; portal groups: TARGET:TAG); or the beginning of its id (4 digits or more) when
 * only one object has it. Returns 0; ERR_NOT_FOUND or ERR_INVALID (several objects, an empty text)
 * with a text; or why vdsd could not be asked. ctl->client is open afterwards.
 */
int ctl_resolve(struct ctl *ctl, enum row_family family, const char *text, struct guid *ret_id);
/* The verbs that list, show and delete the objects of a family. */
struct ctl_verbs {
	enum verb_id list, get, delete; /* VERB_COUNT = there is none */
};

const struct ctl_verbs *ctl_verbs(enum row_family family);
/* Returns what a person calls an object of a family: "LUN", "portal group". */
const char *ctl_noun(enum row_family family);
/* Returns the word that the command line uses for the family: "lun", "group". */
const char *ctl_command_noun(enum row_family family);
/*
 * Splits "127.0.0.1:3260" or "[::1]".  *ret_port is -1 when none is given; *ret_host is new memory
 * (mem_free). Returns 0, ERR_INVALID with a text, or -ENOMEM.
 */
int ctl_address_split(const char *text, char **ret_host, int *ret_port);

/* ---- print.c ---- */

/* Prints a text and a newline; "-" for an empty text, control characters made visible. */
void ctl_text_print(const char *text, FILE *out);
/* Prints a line for each member of an object; sizes and times are made readable.  Returns 0. */
int ctl_object_print(const json_t *object, FILE *out);
int ctl_json_print(const json_t *json, FILE *out);
/* Prints a value as one line.  Returns 0 or -ENOMEM. */
int ctl_json_line_print(const json_t *json, FILE *out);

/* ---- the commands ---- */

int ctl_run_list(struct ctl *ctl);   /* list.c */
int ctl_run_delete(struct ctl *ctl); /* delete.c */
int ctl_run_show(struct ctl *ctl);   /* show.c */
/* Shows an object of the command's family.  Returns 0 or an error with a text. (show.c) */
int ctl_show_object(struct ctl *ctl, const struct guid *object);
int ctl_run_host_create(struct ctl *ctl); /* host.c */
int ctl_run_host_rename(struct ctl *ctl);
int ctl_run_host_add_name(struct ctl *ctl);
int ctl_run_host_remove_name(struct ctl *ctl);
int ctl_run_host_sources(struct ctl *ctl);
int ctl_run_target_sources(struct ctl *ctl);
int ctl_run_target_redirect(struct ctl *ctl);
int ctl_run_host_group_create(struct ctl *ctl);
int ctl_run_host_group_rename(struct ctl *ctl);
int ctl_run_host_group_add(struct ctl *ctl);
int ctl_run_host_group_remove(struct ctl *ctl);
int ctl_run_plan(struct ctl *ctl); /* plan.c */
int ctl_run_apply(struct ctl *ctl);
int ctl_run_undo(struct ctl *ctl);
int ctl_run_export(struct ctl *ctl);
int ctl_run_history(struct ctl *ctl);
int ctl_run_pool_create(struct ctl *ctl); /* pool.c */
int ctl_run_pool_rename(struct ctl *ctl);
/*
 * Reads an option that takes yes or no; *ret_flag is untouched when the option is not given.
 * Returns 0 or ERR_INVALID.
 */
int ctl_flag_read(const struct ctl *ctl, enum ctl_option_id id, struct verb_flag *ret_flag);
int ctl_run_pool_set(struct ctl *ctl);
int ctl_run_space_history(struct ctl *ctl); /* space_history.c */
int ctl_run_lun_restore(struct ctl *ctl);   /* trash.c */
int ctl_run_trash_empty(struct ctl *ctl);
int ctl_run_lun_adopt(struct ctl *ctl);
int ctl_run_lun_create(struct ctl *ctl); /* lun.c */
int ctl_run_lun_rename(struct ctl *ctl);
int ctl_run_lun_read_only(struct ctl *ctl);
int ctl_run_lun_read_write(struct ctl *ctl);
int ctl_run_lun_extend(struct ctl *ctl);
int ctl_run_lun_shrink(struct ctl *ctl);
int ctl_run_lun_unmask(struct ctl *ctl);
int ctl_run_lun_online(struct ctl *ctl);
int ctl_run_lun_offline(struct ctl *ctl);
int ctl_run_health(struct ctl *ctl);
int ctl_run_top(struct ctl *ctl);
int ctl_run_lun_set(struct ctl *ctl);
int ctl_run_host_set(struct ctl *ctl);
/*
 * Reads the options that set limits into the text of model/qos.h (QOS_TEXT_MAX bytes); "none"
 * becomes
 * 0.  *ret_change is NULL when none of them is given.  Returns 0, ERR_INVALID with a text, or
 * -ENOMEM.
 */
int ctl_qos_read(const struct ctl *ctl, char *text, const char **ret_change);
/* Appends limits for people: "500 commands/s and 100 MiB/s; keeps 100 commands/s". */
void ctl_qos_describe(const char *qos, struct strbuf *text);
int ctl_run_lun_stats(struct ctl *ctl);
int ctl_run_host_stats(struct ctl *ctl);
int ctl_run_lun_counters(struct ctl *ctl);
int ctl_run_lun_clone(struct ctl *ctl);
int ctl_run_lun_move(struct ctl *ctl);
int ctl_run_lun_rollback(struct ctl *ctl);
int ctl_run_snapshot_create(struct ctl *ctl);
int ctl_run_schedule_create(struct ctl *ctl); /* schedule.c */
int ctl_run_schedule_run(struct ctl *ctl);
int ctl_run_schedule_set(struct ctl *ctl);
int ctl_run_snapshot_rename(struct ctl *ctl);
int ctl_run_lun_reservations(struct ctl *ctl);
int ctl_run_lun_inject(struct ctl *ctl);   /* inject.c */
int ctl_run_drive_rescan(struct ctl *ctl); /* controller.c */
int ctl_run_gateway_add(struct ctl *ctl);
int ctl_run_gateway_set(struct ctl *ctl);
int ctl_run_gateway_drain(struct ctl *ctl);
int ctl_run_gateway_remove(struct ctl *ctl);
int ctl_run_gateway_undrain(struct ctl *ctl);
int ctl_run_lun_move_owner(struct ctl *ctl);
int ctl_run_controller_flush(struct ctl *ctl);
int ctl_run_controller_invalidate(struct ctl *ctl);
int ctl_run_controller_offline(struct ctl *ctl);
int ctl_run_controller_online(struct ctl *ctl);
int ctl_run_controller_reset(struct ctl *ctl);
int ctl_run_controller_show(struct ctl *ctl);
int ctl_run_port_counters(struct ctl *ctl);
int ctl_run_port_offline(struct ctl *ctl);
int ctl_run_port_online(struct ctl *ctl);
int ctl_run_port_reset(struct ctl *ctl);
int ctl_run_explain(struct ctl *ctl);
int ctl_run_maintain(struct ctl *ctl);      /* maintain.c */
int ctl_run_lun_associate(struct ctl *ctl); /* associate.c */
int ctl_run_lun_dissociate(struct ctl *ctl);
int ctl_run_lun_targets(struct ctl *ctl);
int ctl_run_target_luns(struct ctl *ctl);
int ctl_run_target_create(struct ctl *ctl); /* target.c */
int ctl_run_target_alias(struct ctl *ctl);
int ctl_run_target_secret(struct ctl *ctl); /* secret.c */
int ctl_run_host_secret(struct ctl *ctl);
int ctl_run_discovery_secret(struct ctl *ctl);
int ctl_run_portal_create(struct ctl *ctl); /* portal.c */
int ctl_run_portal_online(struct ctl *ctl);
int ctl_run_portal_offline(struct ctl *ctl);
int ctl_run_group_create(struct ctl *ctl);
int ctl_run_group_set(struct ctl *ctl);
int ctl_run_group_add(struct ctl *ctl);
int ctl_run_group_remove(struct ctl *ctl);
int ctl_run_job_cancel(struct ctl *ctl); /* array.c */
int ctl_run_job_pause(struct ctl *ctl);
int ctl_run_job_resume(struct ctl *ctl);
int ctl_run_job_wait(struct ctl *ctl);
int ctl_run_array_show(struct ctl *ctl);
int ctl_run_array_rename(struct ctl *ctl);
int ctl_run_array_iqn_prefix(struct ctl *ctl);
int ctl_run_sync(struct ctl *ctl);
int ctl_run_check(struct ctl *ctl);
int ctl_run_version(struct ctl *ctl);
int ctl_run_audit(struct ctl *ctl);        /* audit.c */
int ctl_run_token_create(struct ctl *ctl); /* token.c */
int ctl_run_token_list(struct ctl *ctl);
int ctl_run_token_revoke(struct ctl *ctl);
int ctl_run_context_add(struct ctl *ctl); /* context.c */
int ctl_run_context_list(struct ctl *ctl);
int ctl_run_context_remove(struct ctl *ctl);
int ctl_run_context_show(struct ctl *ctl);
int ctl_run_context_use(struct ctl *ctl);
int ctl_run_trace(struct ctl *ctl);    /* trace.c */
int ctl_run_watch(struct ctl *ctl);    /* watch.c */
int ctl_run_backup(struct ctl *ctl);   /* backup.c */
int ctl_run_batch(struct ctl *ctl);    /* batch.c */
int ctl_run_diskraid(struct ctl *ctl); /* program.c */

#endif
