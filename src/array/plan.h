/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A part of array.h, which says what all of its functions have in common: plans;
 * docs/design/plan.md.
 */
#ifndef VDS_ARRAY_PLAN_H
#define VDS_ARRAY_PLAN_H

#include "model/state.h"

struct array;
struct array_answer;
struct array_request;

enum array_plan_action { ARRAY_PLAN_CREATE, ARRAY_PLAN_CHANGE, ARRAY_PLAN_DELETE };

struct array_plan_step {
	enum array_plan_action action;
	enum row_family family;
	struct row_key key;
	char *text; /* `lun "vol1": extended from 1 GiB to 2 GiB`; owned; "" = another step says it */
	bool loses_data; /* data of a LUN are lost */
};

/* The difference between an array and a file. */
struct array_plan_report {
	char revision[48];             /* of the state that it was made for */
	struct state *before, *after;  /* owned references; without what the writer chooses */
	struct array_plan_step *steps; /* owned; 0 = nothing changes */
	size_t count;
	size_t deletes, shrinks; /* how many LUNs lose data */
	uint64_t undoes;         /* sequence of the change that is undone; 0 = of none */
	struct guid *jobs;       /* owned; those that array_plan_apply has begun */
	size_t job_count;
};

void array_plan_report_fini(struct array_plan_report *report);

struct array_plan_options {
	const char *revision; /* refuse when the array is at another; NULL = at any; borrowed */
	bool delete_luns, shrink_luns; /* LUNs may lose data */
};

/*
 * Computes what a file would change (docs/plan.schema.json; len bytes, borrowed).  Changes nothing.
 * The caller calls array_plan_report_fini.  Returns 0, ERR_INVALID, ERR_NOT_FOUND, ERR_NAME_IN_USE
 * or ERR_LIMIT (what is wrong with the file, with line and column), ERR_IN_USE, or -ENOMEM.
 */
int array_plan(struct array *array, const char *text, size_t len,
	       struct array_plan_report *ret_report);
/*
 * Makes the array as a file says, in one change, or changes nothing.  Thick LUNs are created and
 * grown by jobs; the answer names the first.  ret_report may be NULL.  Errors as array_plan, and:
 * ERR_IN_USE (data would be lost that the options do not give up), ERR_BUSY (the array is at
 * another revision, a LUN is held, or I/O in flight does not end), ERR_ACCESS (a step needs the
 * role of an administrator), ERR_NO_SPACE, ERR_FAILED, and those of array_pool_create.
 */
int array_plan_apply(struct array *array, const struct array_request *request, const char *text,
		     size_t len, const struct array_plan_options *options,
		     struct array_plan_report *ret_report, struct array_answer *ret_answer);
/*
 * Computes what undoing a change would do (sequence 0: the newest that somebody asked for and that
 * is not undone).  Changes nothing.  Returns 0, ERR_NOT_FOUND (no such change is kept in the audit
 * log), ERR_IN_USE (it cannot be undone; the text says why) or another error.
 */
int array_undo_plan(struct array *array, uint64_t sequence, struct array_plan_report *ret_report);
/* Undoes a change, in one change.  Errors of array_undo_plan and array_plan_apply. */
int array_undo(struct array *array, const struct array_request *request, uint64_t sequence,
	       const struct array_plan_options *options, struct array_plan_report *ret_report,
	       struct array_answer *ret_answer);

/* What array_export writes. */
struct array_export_options {
	enum row_family family; /* of the object: ROW_LUN, ROW_TARGET, ROW_HOST; ROW_ARRAY = all */
	struct guid id;
	bool ids; /* with the ids of all objects */
};

/*
 * Writes the configuration, or one object with what belongs to it, as a file for array_plan.  Has
 * no secrets.  The caller frees *ret_text with mem_free.  Returns 0, ERR_NOT_FOUND or -ENOMEM.  Any
 * thread.
 */
int array_export(struct array *array, const struct array_export_options *options, char **ret_text);

#endif
