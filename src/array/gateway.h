/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A part of array.h, which says what all of its functions have in common: several gateways that
 * serve one array (docs/design/gateways.md).  On one machine every function here says that this
 * vdsd is alone, at the cost of one comparison.
 */
#ifndef VDS_ARRAY_GATEWAY_H
#define VDS_ARRAY_GATEWAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/guid.h"

struct array;
struct array_answer;
struct array_request;
struct state;
struct state_edit;

/*
 * Returns whether this gateway may answer initiators now.  The data path asks before a command
 * begins and before its answer is sent; when it says no, both wait: it may say yes again, or the
 * process begins anew.  Any thread; one load and the clock.
 */
bool array_lease_ok(const struct array *array);
/*
 * Notes that a connection to another gateway broke, or that the gateway does not answer; it is then
 * looked at once.  May be repeated while that lasts.  Any thread, those of the data path included;
 * never blocks longer than a lock.
 */
void array_gateway_suspect(struct array *array, const struct guid *controller);
/*
 * Returns whether this gateway owns the LUN in that state and has claimed it, so that its store may
 * be used.  Any thread; never blocks longer than a lock.
 */
bool array_lun_is_mine(struct array *array, const struct state *state, const struct guid *lun);
/*
 * Moves a LUN to another owner, which lives; zero = the one with the fewest LUNs.  Its commands
 * wait meanwhile, and go to the new owner.  Runs at the owner: elsewhere it asks the owner.
 * Further errors:  ERR_BUSY (I/O in flight does not end, an operation holds the LUN, or nobody runs
 * as that gateway), ERR_NOT_SUPPORTED (the array has no gateways), ERR_UNREACHABLE (the owner does
 * not answer).
 */
int array_lun_move_owner(struct array *array, const struct array_request *request,
			 const struct guid *lun, const struct guid *to,
			 struct array_answer *ret_answer);
/*
 * Asks all other gateways that live whether commands from before the deletion of a LUN in the trash
 * may still reach its volume.  Returns 0, or ERR_BUSY with a text: they may, or one does not
 * answer.
 */
int array_gateway_check_trash(struct array *array, const struct guid *lun);
/*
 * Fences the vdsd that runs as that gateway, waits for the end of its lease, and gives its LUNs to
 * others.  Returns 0, also when none runs, ERR_NOT_FOUND, ERR_INVALID (it is this one) or an error
 * of the cluster.
 */
int array_gateway_fence(struct array *array, const struct guid *controller);
/*
 * Gives the LUNs of this gateway to others, one after the other, before it stops; gets none from
 * then on.  Ends after timeout_ms in any case; the others take over what is left once it has
 * stopped.
 */
void array_gateway_retire(struct array *array, uint32_t timeout_ms);
/*
 * Notes, before array_close, that I/O has not returned though the data path has ended: the gateway
 * does not leave the others, so that they fence it before they use its LUNs.  Accepts NULL.
 */
void array_gateway_abandon(struct array *array);

struct array_gateway_counters {
	uint64_t takeovers; /* changes that gave the LUNs of a dead gateway to others, made here */
	uint64_t moves;     /* LUNs that were moved from here to others */
	uint64_t passed;    /* requests for LUNs that were passed to their owners */
	uint64_t claims;    /* LUNs whose store this one has claimed */
	uint64_t renewals; /* of its lease, and how often that was taken again after it had ended */
	uint64_t retakes;
};

/* Reads what this gateway has counted since it started.  Any thread. */
void array_gateway_counters(struct array *array, struct array_gateway_counters *ret_counters);

/* What the data path has forwarded to a gateway since it started. */
struct array_forward_counters {
	uint64_t commands;
	uint64_t errors; /* of them, those that the other gateway has not answered */
	uint64_t read_bytes, write_bytes;
	uint64_t links;  /* connections that were begun, one for a session */
	uint64_t broken; /* of them, those that ended with an error */
};

/* Reads them; zeros when nothing was forwarded to it.  Any thread. */
void array_forward_counters(struct array *array, const struct guid *controller,
			    struct array_forward_counters *ret_counters);

/* ---- requests that another gateway passes on ---- */

/*
 * Finds who must carry out a request for a LUN.  Returns true when that is another gateway, whose
 * controller's id is *ret_owner.  Any thread.
 */
bool array_lun_is_elsewhere(struct array *array, const struct guid *lun, struct guid *ret_owner);
/*
 * Has the owner of a LUN carry out a request, and waits for the reply (mem_free).  What the bytes
 * mean is up to the caller and to the function of array_gateway_serve there.  Returns 0,
 * ERR_UNREACHABLE (no answer: the request may have been carried out), ERR_LIMIT (too long) or
 * -ENOMEM.
 */
#define ARRAY_PASS_MAX (256u << 10)
int array_gateway_pass(struct array *array, const struct guid *owner, const void *request,
		       size_t bytes, void **ret_reply, size_t *ret_bytes);
/*
 * Has a function carry out requests that others pass to this gateway, on a thread that may block.
 * *ret_reply: mem_free; NULL = it could not be done.  NULL: nobody serves them any more, and none
 * is under way when this returns.
 */
void array_gateway_serve(struct array *array,
			 void (*serve)(void *arg, const void *request, size_t bytes,
				       void **ret_reply, size_t *ret_bytes),
			 void *arg);

#endif
