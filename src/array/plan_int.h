/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Private to the files plan_*.c of the folder array: how a file becomes a change, and how that is
 * applied (docs/design/plan.md).  Prototypes are grouped by the file that defines them.  The thread
 * that asks for a plan, except where a comment names the writer thread.
 */
#ifndef VDS_ARRAY_PLAN_INT_H
#define VDS_ARRAY_PLAN_INT_H

#include <jansson.h>

#include "array/array_int.h"
#include "model/qos.h"
#include "model/redirect.h"
#include "base/str.h"

#define ARRAY_PLAN_TEXT_MAX (64u << 20) /* bytes of a file */

/* ---- plan_text.c: the text, and places in it ---- */

struct array_plan_text {
	const char *text; /* borrowed */
	size_t len;
	json_t *json; /* owned; NULL until it is read */
};

/*
 * A place in the text: a member or an element of what is at `up` (NULL = the whole).  On the stack
 * of whoever is there.
 */
struct array_plan_at {
	const struct array_plan_at *up;
	const char *member; /* NULL = an element */
	size_t index;
	bool is_name; /* the member's name is meant, not its value */
};

/*
 * Parses the text.  Returns 0, ERR_INVALID (it is no JSON, too large or empty; the text of the
 * error has line and column, and no piece of the file) or -ENOMEM.  The caller calls
 * array_plan_text_fini.
 */
int array_plan_text_read(struct array_plan_text *text);
void array_plan_text_fini(struct array_plan_text *text);
/* Finds line and column of a place, from 1. */
void array_plan_locate(const struct array_plan_text *text, const struct array_plan_at *at,
		       unsigned *ret_line, unsigned *ret_column);
/* Sets the error text `line L, column C, luns[3].size: …`.  Returns the code. */
int array_plan_fail(const struct array_plan_text *text, const struct array_plan_at *at, int code,
		    const char *format, ...) FORMAT_ARGS(4, 5);
/* Puts the place before the text of an error that a check has set.  Returns the error. */
int array_plan_explain(const struct array_plan_text *text, const struct array_plan_at *at, int rc);

/* ---- plan_schema.c ---- */

/* docs/plan.schema.json, and the keywords that it may use, ended by NULL. */
extern const char array_plan_schema_text[];
extern const size_t array_plan_schema_len;
extern const char *const array_plan_keywords[];

/* Returns the schema; static; NULL = memory is out. */
const json_t *array_plan_schema(void);
/* Checks a text that was read.  Returns 0, ERR_INVALID with a text, or -ENOMEM. */
int array_plan_schema_check(const struct array_plan_text *text);

/* ---- the plan ---- */

/* A thick LUN that a job grows. */
struct array_plan_grow {
	struct guid lun_id;
	uint64_t from_bytes, to_bytes;
};

/* A list of keys. */
struct array_plan_keys {
	struct row_key *keys; /* owned */
	size_t count, capacity;
	bool sorted; /* array_plan_keys_have finds a key fast */
};

/*
 * A change that is not made yet.  The rows of `change` are complete but for what the writer
 * chooses: the numbers of new LUNs, the relative ports of new_groups, the numbers of `chosen`,
 * since when schedules whose set_ms is 0 run at their times.
 */
struct array_plan {
	struct array_plan_text text;
	struct state *before, *after; /* one reference each; after is before when nothing changes */
	struct change *change;        /* one reference; NULL = no row changes */
	struct array_plan_keys chosen;      /* associations whose numbers are chosen */
	struct array_plan_keys new_groups;  /* portal groups whose relative ports are chosen */
	struct array_plan_keys new_secrets; /* credentials that get random secrets */
	struct array_plan_grow *grows;      /* owned */
	size_t grow_count, grow_capacity;
	uint64_t undoes; /* sequence of the change that this undoes; 0 = of none */
};

void array_plan_fini(struct array_plan *plan);
int array_plan_keys_add(struct array_plan_keys *keys, const struct guid *a, const struct guid *b);
void array_plan_keys_sort(struct array_plan_keys *keys);
bool array_plan_keys_have(const struct array_plan_keys *keys, const struct row_key *key);
/*
 * Ends an edit as the plan's change, and checks the invariants of what would result.  Consumes the
 * edit.  Returns 0, ERR_INVALID (an invariant would be broken; the text says which) or -ENOMEM.
 */
int array_plan_finish(struct array_plan *plan, struct state_edit *edit);

/* ---- plan_build.c and its neighbours: from the file to rows ---- */

enum array_plan_section {
	PLAN_POOLS,
	PLAN_PORTALS,
	PLAN_HOSTS,
	PLAN_HOST_GROUPS,
	PLAN_LUNS,
	PLAN_TARGETS,
	PLAN_SCHEDULES,
	PLAN_SECTIONS
};

/* An object that the file names. */
struct array_plan_entry {
	const json_t *json;
	struct array_plan_at list, at; /* at.up is &list */
	struct guid id;
	const void *row; /* the object in `before`; NULL = it is new */
	bool absent;
};

struct array_plan_entries {
	struct array_plan_entry *list; /* owned */
	size_t count;
	bool given;
};

struct array_plan_build {
	struct array *array;
	struct array_plan *plan;
	struct state_edit *edit;
	bool whole; /* what the file does not have is deleted */
	struct array_plan_entries sections[PLAN_SECTIONS];
	struct guid_map claimed; /* struct array_plan_entry, by the object's id */
	bool *ports;             /* owned; relative ports that groups have, once they are needed */
	uint32_t next_port;
};

/*
 * Makes the plan that leads from the state `before` to what the file says.  plan->text is read and
 * checked by the schema.  Returns 0, ERR_INVALID, ERR_NOT_FOUND, ERR_NAME_IN_USE, ERR_LIMIT or
 * ERR_IN_USE with a text that names the place, or -ENOMEM.
 */
int array_plan_build(struct array *array, struct array_plan *plan);

/* Values of members.  NULL or false when the object does not have the member. */
const char *array_plan_string(const struct array_plan_entry *entry, const char *name);
bool array_plan_bool(const struct array_plan_entry *entry, const char *name, bool *ret_value);
const json_t *array_plan_list(const struct array_plan_entry *entry, const char *name);
static inline struct array_plan_at
array_plan_member(const struct array_plan_entry *entry, const char *name)
{
	return (struct array_plan_at){ .up = &entry->at, .member = name };
}
static inline const struct state *
array_plan_view(const struct array_plan_build *b)
{
	return state_edit_view(b->edit);
}
/* Sets the error text with the place of a member of an entry.  Returns the code. */
#define ARRAY_PLAN_FAIL(b, entry, member_, code, ...)                                             \
	array_plan_fail(&(b)->plan->text,                                                         \
			&(struct array_plan_at){ .up = &(entry)->at, .member = (member_) }, code, \
			__VA_ARGS__)
/* Sets the field to the networks in the member `sources`, if there is one. */
int array_plan_sources(struct array_plan_build *b, const struct array_plan_entry *entry,
		       char **field);
/*
 * Sets the field to the limits in the member `qos`, if there is one; what it does not name is none.
 */
int array_plan_qos(struct array_plan_build *b, const struct array_plan_entry *entry,
		   enum qos_owner owner, char **field);
/* Checks what the LUNs keep of their pools, when the file says something of limits. */
int array_plan_check_qos(struct array_plan_build *b);
/* Joins the texts of a list with ';', each of which must not have one. */
int array_plan_join(struct array_plan_build *b, const struct array_plan_entry *entry,
		    const char *name, char **ret_text);

/* plan_find.c: which object an entry is. */

/* Fills the sections and finds their objects.  Returns as array_plan_build. */
int array_plan_claim(struct array_plan_build *b);
/*
 * Reads "ADDRESS[:PORT]", with brackets around an IPv6 address.  Returns 0 with the canonical
 * address, or ERR_INVALID with a text.
 */
int array_plan_endpoint_read(const char *text, char ret_address[64], uint32_t *ret_port);
/* redirect.c: brings the text of a redirect into canonical form ("" = none); ERR_INVALID. */
int array_redirect_normalize(const char *text, char ret_text[REDIRECT_TEXT_SIZE]);
/* Returns ERR_INVALID with a text when the target's redirect leads to where nobody serves it. */
int array_redirect_check(const struct state *view, const struct row_target *target);
/*
 * Finds the controller that portals have which the file says are of this gateway; NULL = it says
 * nothing: this vdsd's.  Zero in an array without gateways.  Returns 0, or ERR_NOT_FOUND.
 */
int array_plan_gateway(const struct array_plan_build *b, const char *name, struct guid *ret_id);
/*
 * Finds the portal of "ADDRESS:PORT" or "GATEWAY/ADDRESS:PORT" in a state; NULL = there is none.
 * Returns 0, ERR_INVALID (it is none of these), ERR_NOT_FOUND (no such gateway) or -ENOMEM.
 */
int array_plan_endpoint(const struct array_plan_build *b, const struct state *view,
			const char *text, const struct row_portal **ret_portal);
/*
 * Finds a LUN of the edit by its name or its id.  at: the text's place.  Returns 0, ERR_NOT_FOUND
 * or ERR_INVALID (several have the name), with a text that names the place.
 */
int array_plan_lun_find(struct array_plan_build *b, const struct array_plan_at *at,
			const char *text, struct guid *ret_id);
/* Brings an address into its canonical form.  Returns 0 or ERR_INVALID with a text. */
int array_plan_address(const char *text, char ret_text[64]);

/* plan_delete.c */

/* Deletes what the file says is absent, or does not have though it says everything. */
int array_plan_delete_all(struct array_plan_build *b);
/* Deletes a LUN with its associations.  Returns 0 or an error of the edit. */
int array_plan_delete_lun(struct array_plan_build *b, const struct guid *lun_id);
/* Deletes a portal group with its members. */
int array_plan_delete_group(struct array_plan_build *b, const struct guid *group_id);

/*
 * plan_objects.c: pools, portals, hosts, host groups; plan_targets.c; plan_luns.c; plan_chap.c;
 * plan_schedules.c
 */

int array_plan_put_array(struct array_plan_build *b);
int array_plan_put_pools(struct array_plan_build *b);
int array_plan_put_portals(struct array_plan_build *b);
int array_plan_put_hosts(struct array_plan_build *b);
int array_plan_put_host_groups(struct array_plan_build *b);
int array_plan_put_targets(struct array_plan_build *b);
int array_plan_put_luns(struct array_plan_build *b);
int array_plan_put_associations(struct array_plan_build *b);
int array_plan_put_chap(struct array_plan_build *b);
int array_plan_put_schedules(struct array_plan_build *b);

/* ---- plan_undo.c ---- */

/*
 * Makes the plan that undoes change plan->undoes (0: the newest that somebody asked for and that is
 * not undone), and sets that to its sequence.  Returns 0, ERR_NOT_FOUND (no such change is kept),
 * ERR_IN_USE (it cannot be undone; the text says why), an error of the catalog or -ENOMEM.
 */
int array_plan_undo(struct array *array, struct array_plan *plan);

/* ---- plan_steps.c ---- */

/*
 * Describes the plan in steps; the caller calls array_plan_report_fini.  Returns 0 or -ENOMEM.
 */
int array_plan_describe(struct array *array, const struct array_plan *plan,
			struct array_plan_report *ret_report);
/* Returns whether a step of the plan needs the role of an administrator; *ret_op: the first. */
bool array_plan_needs_admin(const struct array_plan *plan, const struct change_op **ret_op);

/* ---- plan_work.c: what is done beside the rows ---- */

/* What a LUN needs beside its row. */
struct array_plan_lun {
	struct guid id;
	const struct row_lun *before, *after; /* of the plan's states; NULL = there is none */
	enum lun_operation operation;         /* that holds it; OPERATION_NONE = none */
	enum array_ask ask;
	bool held, added, grown, stopped, queued;
	bool managed;              /* its cache changes: array_store_manage was called */
	uint64_t grow_bytes;       /* of a thick LUN, by a job; 0 = it does not grow so */
	struct array_store *store; /* a reference */
	struct array_job *job;     /* owned until it is queued */
	struct guid job_id;        /* zero = it has none */
};

struct array_plan_work {
	struct array *array;
	const struct array_plan *plan;
	struct array_plan_lun *luns; /* owned */
	size_t lun_count;
	struct guid_map by_id;        /* the luns */
	struct array_plan_keys pools; /* that were added */
	void *drain;
};

/* Returns what is noted of a LUN, or NULL. */
struct array_plan_lun *array_plan_work_find(const struct array_plan_work *work,
					    const struct guid *id);
/*
 * Does what must be there before the commit: holds LUNs, makes pools and files, grows files, drains
 * paths, stops stores.  Returns 0 or an error; the caller calls array_plan_work_undo after an
 * error, and array_plan_work_fini always.
 */
int array_plan_work_prepare(struct array_plan_work *work);
/* Takes everything back that prepare has done.  rc: why; keeps its text. */
void array_plan_work_undo(struct array_plan_work *work, int rc);
/* What is left after the commit: cuts shrunk files, ends drains and holds. */
void array_plan_work_end(struct array_plan_work *work);
void array_plan_work_fini(struct array_plan_work *work);
/* The hooks of the writer's task, on the writer thread. */
void array_plan_work_committed(struct array_plan_work *work);
void array_plan_work_published(struct array_plan_work *work);

/* plan_paths.c: quiesces the paths that the plan takes away.  Errors as array_runtime_quiesce. */
int array_plan_drain(struct array *array, const struct array_plan *plan, void **ret_drain);

/* ---- plan_rows.c: the rows, on the writer thread ---- */

struct array_plan_secret {
	struct guid id;
	struct array_secret_entry *entry; /* a reference */
};

struct array_plan_rows {
	const struct array_plan *plan;
	const struct array_plan_work *work;
	struct array_plan_secret *secrets; /* owned: those that were made */
	size_t secret_count;
};

/*
 * Puts the plan's rows into the edit, with the catalog's notes.  The edit is of the state that the
 * plan was made for.  Returns 0 or an error.
 */
int array_plan_rows_apply(struct array *array, struct array_plan_rows *rows,
			  struct state_edit *edit);
/* Drops the secrets that were made, before another apply and at the end. */
void array_plan_rows_fini(struct array_plan_rows *rows);

#endif
