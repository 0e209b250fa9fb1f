/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Inside vdsctl: the command line becomes a struct ctl (command, arguments, options), the command's
 * function makes REST calls and prints.  One thread.
 */
#ifndef VDS_VDSCTL_CTL_INT_H
#define VDS_VDSCTL_CTL_INT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

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

enum ctl_option_id {
	OPT_URL,
	OPT_OUTPUT,
	OPT_QUIET,
	OPT_TIMEOUT,
	OPT_NO_WAIT,
	OPT_HELP,
	OPT_VERSION,
	OPT_GLOBAL_END, /* those above go with every command */
	OPT_SIZE = OPT_GLOBAL_END,
	OPT_POOL,
	OPT_BLOCK_SIZE,
	OPT_THICK,
	OPT_UNMASK,
	OPT_TO,
	OPT_ADD,
	OPT_REMOVE,
	OPT_ISCSI_NAME,
	OPT_NO_PORTALS,
	OPT_INITIATOR,
	OPT_COUNT
};

struct ctl_option {
	const char *name;  /* without the dashes */
	char letter;       /* '\0' = none */
	const char *value; /* what it takes, "SIZE"; NULL = a flag */
	const char *help;
};

extern const struct ctl_option ctl_options[OPT_COUNT];

#define CTL_MANY 65535u

struct ctl;

struct ctl_command {
	const char *words; /* "lun create" */
	const char *args;  /* "NAME"; "" = none */
	unsigned min_args, max_args;
	uint32_t options;            /* bits of enum ctl_option_id beyond the global ones */
	enum row_family family;      /* for those that many nouns share */
	int (*run)(struct ctl *ctl); /* 0 or a negative code with its text set */
	const char *help;
};

extern const struct ctl_command ctl_commands[];
extern const size_t ctl_command_count;

struct ctl {
	const struct ctl_command *command;
	const char **args; /* borrowed texts */
	size_t arg_count;
	const char *options[OPT_COUNT]; /* NULL = not given; a flag: "" */
	bool json, quiet, no_wait;
	int timeout_s; /* 0 = none */
	FILE *out;
	struct client *client; /* opened by ctl_client when first needed */
};

/* ---- options.c: the command line ---- */

/* 0 or ERR_INVALID with a text; ctl_fini afterwards either way. */
int ctl_parse(struct ctl *ctl, int argc, char **argv);
void ctl_fini(struct ctl *ctl);
/* The command whose words these are, the longest; NULL.  *ret_used: how many words it has. */
const struct ctl_command *ctl_command_find(const char *const *words, size_t count,
					   size_t *ret_used);
/* help.c */
void ctl_help(FILE *out, const struct ctl_command *command); /* NULL = all */
void ctl_completion(FILE *out);
int ctl_run_completion(struct ctl *ctl);

/* ---- exit.c ---- */

enum ctl_exit ctl_exit_status(int code);
/* "vdsctl: what happened", and a line with what to do next where there is something. */
void ctl_error(FILE *err, const struct ctl *ctl, int code);

/* ---- call.c: around the typed calls of client.h ---- */

/* Opens ctl->client unless it is open.  Returns 0, or as client_open. */
int ctl_client(struct ctl *ctl);
/* client_ask and client_list with ctl's client, which is opened first. */
int ctl_ask(struct ctl *ctl, enum verb_id verb, const struct guid *ids,
	    const struct verb_args *args, json_t **ret_json);
int ctl_list(struct ctl *ctl, enum verb_id verb, const struct verb_args *args, json_t **ret_items);
/*
 * Ends a command that made a change: `rc` and `answer` are what the typed call returned.  Waits for the change's job
 * unless --no-wait was given, then prints the answer (-o json) or the sentence `done` (NULL = nothing).  Returns 0, rc
 * when that is negative, or why the job failed.
 */
int ctl_done(struct ctl *ctl, int rc, const struct client_answer *answer, const char *done);
/*
 * Waits with progress on a terminal.  0, ERR_CANCELLED, ERR_TIMEOUT, or what the job failed with.
 */
int ctl_job_wait(struct ctl *ctl, const struct guid *job);

/* What the array is, of one moment. */
struct ctl_view {
	struct state *config, *live;
};

int ctl_view_load(struct ctl *ctl, struct ctl_view *ret_view);
void ctl_view_fini(struct ctl_view *view);
#define AUTO_CTL_VIEW __attribute__((cleanup(ctl_view_fini)))

/* ---- resolve.c: names ---- */

/*
 * The object that `text` names: its id, its name (targets: iSCSI name or alias; portals:
 * ADDRESS[:PORT]; portal groups: TARGET:TAG), or the beginning of its id (4 digits or more) when it
 * is the only one.  ctl->client is open afterwards.  0; ERR_NOT_FOUND or ERR_INVALID (several) with a text.
 */
int ctl_resolve(struct ctl *ctl, enum row_family family, const char *text, struct guid *ret_id);
/* The verbs that list, show and delete the objects of a family. */
struct ctl_verbs {
	enum verb_id list, get, delete; /* VERB_COUNT = there is none */
};

const struct ctl_verbs *ctl_verbs(enum row_family family);
/* What a person calls it: "LUN". */
const char *ctl_noun(enum row_family family);
/*
 * "127.0.0.1:3260", "[::1]"; -1 in *ret_port when none is given.  New memory in *ret_host.  0,
 * ERR_INVALID, -ENOMEM.
 */
int ctl_address_split(const char *text, char **ret_host, int *ret_port);

/* ---- table.c: what people read ---- */

struct ctl_table;

struct ctl_column {
	const char *title;
	bool right; /* numbers */
};

struct ctl_table *ctl_table_new(const struct ctl_column *columns,
				size_t count); /* NULL when out of memory */
void ctl_table_free(struct ctl_table *table);
/* The next cell, in the order of columns and rows; copied, control characters made visible. */
void ctl_table_add(struct ctl_table *table, const char *text);
void ctl_table_addf(struct ctl_table *table, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* 0 or -ENOMEM when a cell was lost. */
int ctl_table_print(const struct ctl_table *table, FILE *out);
/* One line for each member of an object; sizes and times are made readable. */
int ctl_object_print(const json_t *object, FILE *out);
int ctl_json_print(const json_t *json, FILE *out);

/* ---- the commands ---- */

int ctl_run_list(struct ctl *ctl); /* list.c */
int ctl_run_show(struct ctl *ctl);
int ctl_run_delete(struct ctl *ctl);
int ctl_run_pool_create(struct ctl *ctl); /* pool.c */
int ctl_run_pool_rename(struct ctl *ctl);
int ctl_run_lun_create(struct ctl *ctl); /* lun.c */
int ctl_run_lun_rename(struct ctl *ctl);
int ctl_run_lun_extend(struct ctl *ctl);
int ctl_run_lun_unmask(struct ctl *ctl);
int ctl_run_lun_online(struct ctl *ctl);
int ctl_run_lun_offline(struct ctl *ctl);
int ctl_run_lun_counters(struct ctl *ctl);
int ctl_run_explain(struct ctl *ctl);
int ctl_run_lun_associate(struct ctl *ctl); /* associate.c */
int ctl_run_lun_dissociate(struct ctl *ctl);
int ctl_run_lun_targets(struct ctl *ctl);
int ctl_run_target_luns(struct ctl *ctl);
int ctl_run_target_create(struct ctl *ctl); /* target.c */
int ctl_run_target_alias(struct ctl *ctl);
int ctl_run_portal_create(struct ctl *ctl); /* portal.c */
int ctl_run_portal_online(struct ctl *ctl);
int ctl_run_portal_offline(struct ctl *ctl);
int ctl_run_group_create(struct ctl *ctl);
int ctl_run_group_add(struct ctl *ctl);
int ctl_run_group_remove(struct ctl *ctl);
int ctl_run_job_cancel(struct ctl *ctl); /* array.c */
int ctl_run_job_wait(struct ctl *ctl);
int ctl_run_array_show(struct ctl *ctl);
int ctl_run_array_rename(struct ctl *ctl);
int ctl_run_array_iqn_prefix(struct ctl *ctl);
int ctl_run_sync(struct ctl *ctl);
int ctl_run_check(struct ctl *ctl);
int ctl_run_version(struct ctl *ctl);
int ctl_run_watch(struct ctl *ctl); /* watch.c */

#endif
