/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A client without an array: client.h over a state in memory that the test changes as it likes.
 * Typed changes do what the array would do to the rows, as far as the tests of com need it.
 *
 * client_new_with("fake:") makes it.  The state at its first start has the rows of sample_edit()
 * and live rows of LUNs 1 and 2.  "fake:2" … "fake:9" are other arrays, whose ids are
 * sample_id('a', 2) and so on; any other URL is one where nobody answers.  An array keeps its state
 * while its client is stopped.
 */
#ifndef VDS_TESTS_FAKE_CLIENT_H
#define VDS_TESTS_FAKE_CLIENT_H

#include "../model/sample.h"
#include "client/client.h"

/* The client that was made last, on which the functions below work; NULL when there is none. */
extern struct client *fake_client;
extern char fake_options[256]; /* of that one: "ca=… fingerprint=…", in the order of the struct */
extern unsigned fake_open_count;    /* clients that exist now */
extern unsigned fake_started_count; /* of them, those that are started: with a connection */

/* Returns the client of an array, or NULL. */
struct client *fake_client_of(const char *url);
/* Lets nobody answer at this URL from the next start on, or again somebody. */
void fake_set_down(const char *url, bool down);
/* The array is lost: views fail, and the last one stays known; its listeners hear of it. */
void fake_set_lost(struct client *client, bool lost);
/* Says how many calls wait for the array. */
void fake_set_calls(struct client *client, unsigned calls);

/* What controllers, ports and maintenance were asked for, since the test set it to zero. */
extern struct fake_asked {
	unsigned rescans, flushes, invalidations, controller_resets, port_resets, port_status,
		maintenances;
	struct guid object; /* of the last maintenance, and what was asked: "pulse blink 3" */
	char text[48];
	bool goes_on; /* the one operation of maintenance goes on */
} fake_asked;

/* Called by client_reenumerate; NULL = nothing. */
extern void (*fake_at_reenumerate)(void);
/* Lets client_view return this code; 0 = work again. */
void fake_set_view_code(int code);
/* Lets the next typed change return this code and change nothing. */
void fake_fail_next(int code);
/* Lets typed changes that can be jobs become jobs, which run until fake_end_job. */
void fake_hold_jobs(bool hold);
void fake_end_job(const struct guid *job, enum job_state state, const char *error);
unsigned fake_sync_count(void);
/* Returns how many targets the last association named. */
size_t fake_asked_targets(void);
/* Lets the array delete an object; the replica learns of that only in client_sync. */
void fake_delete_at_sync(enum row_family family, const struct guid *id);
/* Returns the configuration, borrowed. */
const struct state *fake_client_config(void);

/*
 * Makes one change of configuration: calls `edit` for an edit of the present state, and publishes
 * the result.
 */
void fake_commit(const char *cause, void (*edit)(struct state_edit *edit, void *arg), void *arg);
void fake_put(void *row);
void fake_delete(enum row_family family, const struct guid *a, const struct guid *b);
/* Makes one change of live rows. */
void fake_put_live(void *row);
void fake_delete_live(enum row_family family, const struct guid *a, const struct guid *b);
/* Loads the replica anew: `config`, which is consumed, is the state now. */
void fake_reload(struct state *config);

#endif
