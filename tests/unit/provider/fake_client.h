/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A client without an array: client.h over a state in memory that the test changes as it likes.
 * Typed changes do what the array would do to the rows, as far as the tests of com need it.
 *
 * client_open("fake:") opens it.  The state at the start has the rows of sample_edit() and live
 * rows of LUNs 1 and 2.
 */
#ifndef VDS_TESTS_FAKE_CLIENT_H
#define VDS_TESTS_FAKE_CLIENT_H

#include "../model/sample.h"
#include "client/client.h"

/* The client that was opened last; NULL when none is open. */
extern struct client *fake_client;
extern unsigned fake_open_count; /* clients that are open now */

/* Let client_view return this code; 0 = work again. */
void fake_set_view_code(int code);
/* Let the next typed change return this code and change nothing. */
void fake_fail_next(int code);
/* Let typed changes that can be jobs become jobs, which run until fake_end_job. */
void fake_hold_jobs(bool hold);
void fake_end_job(const struct guid *job, enum job_state state, const char *error);
unsigned fake_sync_count(void);
/* Returns how many targets the last association named. */
size_t fake_asked_targets(void);
/* Let the array delete an object; the replica learns of that only in client_sync. */
void fake_delete_at_sync(enum row_family family, const struct guid *id);
/* Returns the configuration, borrowed. */
const struct state *fake_client_config(void);

/*
 * Make one change of configuration: call `edit` for an edit of the present state, and publish the
 * result.
 */
void fake_commit(const char *cause, void (*edit)(struct state_edit *edit, void *arg), void *arg);
void fake_put(void *row);
void fake_delete(enum row_family family, const struct guid *a, const struct guid *b);
/* Make one change of live rows. */
void fake_put_live(void *row);
/* Load the replica anew: `config`, which is consumed, is the state now. */
void fake_reload(struct state *config);

#endif
