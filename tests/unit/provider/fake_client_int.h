/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the two files of the fake client share: fake_client.c has the replica, the array, LUNs,
 * targets and portals; fake_hardware.c has controllers, ports, portal groups and jobs.
 */
#ifndef VDS_TESTS_FAKE_CLIENT_INT_H
#define VDS_TESTS_FAKE_CLIENT_INT_H

#include "fake_client.h"

#include <pthread.h>

#include "base/mem.h"

struct client {
	struct client *next; /* in `clients` */
	char url[128];
	bool started, lost;
	unsigned calls;
	pthread_mutex_t lock; /* all below */
	pthread_cond_t job_ended;
	struct state *config, *live;
	struct client_listener *listeners;
	int view_code, fail_code;
	bool hold_jobs;
	unsigned syncs, made;
	size_t asked_targets;
	enum row_family late_family; /* of what fake_delete_at_sync named */
	struct guid late_id;
};

/* Returns the failure that the test asked for, once, with its text; else 0. */
int fake_take_failure(struct client *c);
/* Returns a copy of the row with this id, to be changed, or NULL: then *ret_code says why. */
void *fake_copy_of(struct client *c, enum row_family family, const struct guid *id, int *ret_code);

static inline void
fake_leave_array(int *unused)
{
	(void)unused;
	mem_fault_resume();
}

static inline int
fake_enter_array(void)
{
	mem_fault_pause();
	return 0;
}

/* What follows in the function stands for the array, where memory does not run out. */
#define IN_THE_ARRAY \
	__attribute__((unused)) int in_the_array_ AUTO(fake_leave_array) = fake_enter_array()

#endif
