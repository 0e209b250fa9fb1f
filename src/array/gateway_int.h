/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Private to gateway*.c, which join member_*.c, the protocol of gateways, with the array.
 */
#ifndef VDS_ARRAY_GATEWAY_INT_H
#define VDS_ARRAY_GATEWAY_INT_H

#include "array/array_int.h"
#include "array/member_int.h"
#include "base/workers.h"

#define ARRAY_GATEWAY_CALLERS 16u

struct array_gateways {
	struct array *array;
	struct array_member member;
	struct array_cluster_events events;
	void (*lost)(void *arg, const char *reason);
	void *lost_arg;
	pthread_t renewer, watcher, owner, balancer, asker;
	bool renews, watches, owns, balances; /* the threads run */
	atomic_bool asks;                     /* that of the asker */
	struct workers *callers;
	_Atomic uint64_t passed;
	_Atomic uint64_t ask_version; /* for the asker; 0 = nothing is asked */

	pthread_mutex_t lock; /* guards the fields below; taken last */
	pthread_cond_t wake;
	bool stops, renewer_stops, look_due, own_due, balance_due, ask_due;
	void (*serve)(void *arg, const void *request, size_t bytes, void **ret_reply,
		      size_t *ret_bytes);
	void *serve_arg;
	unsigned serving;
	uint64_t known[ARRAY_GATEWAY_CALLERS]; /* clients that are gateways */
	size_t known_count;                    /* ever noted */
};

/* ---- gateway.c ---- */

/*
 * Waits until the flag is set, at most ms.  Takes the flag.  Returns false when the threads stop.
 */
bool array_gateway_wait(struct array_gateways *g, bool *flag, const bool *stop, uint32_t ms);
/* Sets a flag, and wakes those that wait for it. */
void array_gateway_set(struct array_gateways *g, bool *flag);

/* ---- gateway_env.c ---- */

/* What member_*.c needs of the array.  Its argument is the struct array_gateways. */
extern const struct array_member_env array_gateway_env;

/* Takes over what other gateways have changed.  Returns 0 or an error of the store. */
int array_gateway_pull(struct array_gateways *g);
/* Says for whom this thread moves a LUN until array_gateway_move_end. */
void array_gateway_move_begin(const struct array_request *request, const struct guid *lun);
void array_gateway_move_end(void);

/* ---- gateway_call.c ---- */

/* The member's function for what other gateways call for: a thread of the cluster's library. */
void array_gateway_called(void *arg, void *call, uint64_t from, const void *payload, size_t bytes);
/*
 * Asks the owner of a LUN to move it to another gateway, and waits until it has.  Returns 0, what
 * the owner says, ERR_UNREACHABLE (no answer: it may have moved it) or -ENOMEM.
 */
int array_gateway_ask_move(struct array_member *member, const struct guid *owner,
			   const struct guid *lun_id, const struct guid *to);

#endif
