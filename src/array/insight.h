/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A part of array.h, which says what all of its functions have in common: health, figures,
 * reservations, and why an initiator sees a LUN or does not.
 */
#ifndef VDS_ARRAY_INSIGHT_H
#define VDS_ARRAY_INSIGHT_H

#include "base/histogram.h"
#include "model/state.h"

struct array;
struct array_answer;
struct array_lun_counters;
struct array_request;
struct array_reservations;
struct array_sampler;
struct array_trace_place;
struct array_trace_record;

/* How an array is: the worst of its problems. */
enum array_health_level { ARRAY_OK, ARRAY_WARNING, ARRAY_CRITICAL };

struct array_problem {
	enum array_health_level level; /* not ARRAY_OK */
	enum row_family family;        /* of the object that it concerns */
	struct guid id;
	char *text;       /* what is wrong; owned */
	const char *hint; /* what to do */
};

struct array_health {
	enum array_health_level level;
	size_t count;
	struct array_problem *problems;
};

/*
 * Collects what is wrong with the array now.  Returns 0 or -ENOMEM; on success the caller calls
 * array_health_fini.  Takes time in proportion to the number of LUNs.  Any thread.
 */
int array_health(struct array *array, struct array_health *ret_health);
void array_health_fini(struct array_health *health);
/*
 * Notes for array_health why the iSNS server cannot be used; NULL = nothing is wrong with it.  The
 * text is copied.  Any thread.
 */
void array_isns_report(struct array *array, const char *trouble);
/*
 * Returns a copy of what array_isns_report has noted, which the caller frees, or NULL: nothing is
 * wrong, or memory is out.  Any thread.
 */
char *array_isns_trouble(struct array *array);
/* Returns "ok", "warning" or "critical". */
const char *array_health_name(enum array_health_level level);
/*
 * Reports all that the data path has counted.  Returns 0 or -ENOMEM; reports nothing when there is
 * no data path.  Any thread; the sampler is called on it.
 */
int array_sample(struct array *array, const struct array_sampler *sampler);
/*
 * Has the data path note the commands of initiators, and reports those that were noted
 * (array_runtime_ops.trace).  Returns 0, ERR_NOT_SUPPORTED (there is no data path) or -ENOMEM.  Any
 * thread; `record` is called on it.
 */
int array_trace(struct array *array, struct array_trace_place *place,
		void (*record)(void *arg, const struct array_trace_record *record), void *arg,
		uint64_t *ret_lost);

/* What the writer has committed to the catalog since vdsd started. */
struct array_catalog_counters {
	uint64_t commits, failed_commits; /* transactions; one has all changes that wait together */
	uint64_t changes, rows;           /* in these: changes, and rows that they put or deleted */
	uint64_t revision;                /* sequence of the last change that is on disk */
	struct histogram_total commit;    /* how long a COMMIT took, with its sync */
	uint64_t database_bytes, log_bytes; /* sizes of catalog.db and of its write-ahead log */
};

/*
 * Reads what the writer has counted.  Takes no lock; the sizes come from the file system and are 0
 * when it does not say.  Any thread.
 */
void array_catalog_counters(struct array *array, struct array_catalog_counters *ret_counters);
/* Reads the I/O counters of a LUN.  Returns 0 or ERR_NOT_FOUND (no such LUN). */
int array_lun_counters(struct array *array, const struct guid *lun,
		       struct array_lun_counters *ret_counters);
/*
 * Reads what is registered and reserved of a LUN.  The caller frees *ret with
 * array_reservations_fini.  Further errors: ERR_CORRUPT, ERR_VERSION (what is kept cannot be read).
 */
int array_lun_reservations(struct array *array, const struct guid *lun,
			   struct array_reservations *ret);
void array_reservations_fini(struct array_reservations *reservations);
/*
 * Returns ERR_BUSY, with a text that names the initiator, when one holds the LUN by RESERVE: that
 * is nowhere but in the memory of the LUN's owner, so a move would lose it.
 */
int array_reservation_check_move(struct array *array, const struct guid *lun);
/*
 * Removes every registration and the reservation of a LUN.  Initiators that had registered get the
 * unit attention RESERVATIONS PREEMPTED.  Durable on return.
 */
int array_lun_reservations_clear(struct array *array, const struct array_request *request,
				 const struct guid *lun);

/* ---- faults for tests of what uses a LUN (docs/design/faults.md) ---- */

struct array_fault {
	/* out: of this LUN, from 1; used again once the LUN has had no fault */
	uint32_t id;
	/* "read", "write", "flush", "unmap" or "any" (NULL); borrowed; static text in answers */
	const char *operation;
	char error[16]; /* "medium-error", …, or "KEY/ASC/ASCQ" (fault_words.c); "" = no error */
	uint64_t from_block, blocks; /* the LUN's; only commands that touch them; blocks 0 = all */
	uint64_t delay_ms;           /* before the command goes on; 0 = none */
	bool hangs;                  /* the command goes on when the fault ends */
	uint64_t count;              /* commands that it strikes; 0 = no limit */
	uint32_t ppm;                /* how many of a million, by chance; 0 = each */
	uint64_t for_ms; /* ends by itself after that time; out: what is left of it; 0 = does not */
	uint64_t struck; /* out: commands so far */
};

/*
 * Injects a fault into a LUN; it strikes from now on what initiators send, until it ends or vdsd is
 * restarted.  A request that was made before injects nothing, and leaves *ret_id.  Further errors:
 * ERR_ACCESS (array_options.allow_faults is not set), ERR_INVALID, ERR_LIMIT, ERR_BUSY (the LUN has
 * no fault yet, and another operation holds it or its commands do not end).
 */
int array_lun_inject(struct array *array, const struct array_request *request,
		     const struct guid *lun, const struct array_fault *fault, uint32_t *ret_id,
		     struct array_answer *ret_answer);
/*
 * Lists the faults of a LUN that have not ended.  Returns how many; the caller frees *ret_list
 * (mem_free).
 */
int array_lun_faults(struct array *array, const struct guid *lun, struct array_fault **ret_list);
/*
 * Ends a fault of a LUN, or all of them (id 0): what it holds goes on.  A request that was made
 * before ends nothing.  Further errors: ERR_NOT_FOUND (no such fault, or it has ended).
 */
int array_lun_faults_clear(struct array *array, const struct array_request *request,
			   const struct guid *lun, uint32_t id, struct array_answer *ret_answer);
/*
 * Ends all faults of all LUNs, before the data path ends.  Nobody may inject meanwhile or
 * afterwards.  Accepts NULL.
 */
void array_faults_end(struct array *array);

/* Result of one step on the path from an initiator to a LUN. */
enum array_explain_outcome { ARRAY_EXPLAIN_OK, ARRAY_EXPLAIN_FAILED };

struct array_explain_step {
	const char *
		/*
		 * One of "initiator", "target", "portal", "reach", "access", "owner" (of
		 * gateways), "login", "redirect", "mask", "status", "health"; each once at
		 * most.
		 */
		name;
	enum array_explain_outcome outcome;
	char *text; /* one sentence without a full stop; owned */
};

#define ARRAY_EXPLAIN_STEPS_MAX 10

struct array_explanation {
	bool visible;     /* every step is OK: the initiator can use the LUN */
	const char *code; /* names the first obstacle ("MASKED", …: explain.c); NULL = none */
	const struct array_explain_step
		*obstacle; /* the step of the first obstacle, in steps; NULL = none */
	/* what to do about the obstacle, a command if possible; owned; NULL without an obstacle */
	char *hint;
	/* the steps that could be examined */
	struct array_explain_step steps[ARRAY_EXPLAIN_STEPS_MAX];
	size_t step_count;
};

/*
 * Follows the path of an initiator to a LUN step by step: is the initiator's name valid, is the LUN
 * behind a target, does a portal of such a target listen, can the initiator reach that portal, does
 * the portal group let I/O through, is the initiator logged in, is the LUN unmasked to it, online
 * and sound?  from: the numeric address of the initiator; NULL = the address of its session.  An
 * initiator without a session is taken to be on another host, so it cannot reach a portal on a
 * loopback address.  Returns 0, ERR_NOT_FOUND (no such LUN), ERR_INVALID (`from` is not an address)
 * or -ENOMEM.  On success the caller calls array_explanation_fini.
 */
int array_explain(struct array *array, const struct guid *lun, const char *initiator,
		  const char *from, struct array_explanation *ret_explanation);
void array_explanation_fini(struct array_explanation *explanation);

#endif
