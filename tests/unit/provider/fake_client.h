/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A client without an array: client.h over a state in memory that the test changes as it likes.
 * Typed changes do what the array would do to the rows, as far as the tests of com need it.
 *
 * client_open("fake:") gives it; it starts with the rows of sample_edit() and live rows of LUNs 1
 * and 2.
 */
#ifndef VDS_TESTS_FAKE_CLIENT_H
#define VDS_TESTS_FAKE_CLIENT_H

#include "../model/sample.h"
#include "client/client.h"

/* The one opened last; NULL when none is open. */
extern struct client *fake_client;
extern unsigned fake_open_count; /* clients that are open now */

/* client_view answers this; 0 = as usual. */
void fake_set_view_code(int code);
/* The next typed change answers this and changes nothing. */
void fake_fail_next(int code);
/* Typed changes that may be jobs become jobs, running until fake_end_job. */
void fake_hold_jobs(bool hold);
void fake_end_job(const struct guid *job, enum job_state state, const char *error);
unsigned fake_sync_count(void);
/* How many targets the last association named. */
size_t fake_asked_targets(void);
/* The array has deleted it; the replica learns of it by client_sync only. */
void fake_delete_at_sync(enum row_family family, const struct guid *id);
/* Borrowed. */
const struct state *fake_client_config(void);

/* One change of configuration: puts (NULL-terminated, consumed) and what a callback does besides.
 */
void fake_commit(const char *cause, void (*edit)(struct state_edit *edit, void *arg), void *arg);
void fake_put(void *row);
void fake_delete(enum row_family family, const struct guid *a, const struct guid *b);
/* One change of live rows. */
void fake_put_live(void *row);
/* The replica is loaded anew: this is the state now (consumed). */
void fake_reload(struct state *config);

#endif
