/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Logins that have failed, by target and reason.  Only targets that exist have counters of their
 * own, so that nobody who invents names fills the memory; what failed at a target that is deleted
 * later goes on to count without its name.  Logins that fail take the lock, which is held for a few
 * steps; other logins and commands do not.
 */
#include <errno.h>

#include "base/mem.h"
#include "target/target_int.h"

void
target_refusals_init(struct target_refusals *refusals)
{
	pthread_mutex_init(&refusals->lock, NULL);
	guid_map_init(&refusals->targets);
}

void
target_refusals_fini(struct target_refusals *refusals)
{
	struct array_login_counters *counters;

	for (size_t i = 0; (counters = guid_map_next(&refusals->targets, &i)) != NULL;)
		mem_free(counters);
	guid_map_fini(&refusals->targets);
	pthread_mutex_destroy(&refusals->lock);
}

static enum array_login_failure
reason_of(unsigned status)
{
	switch (status) {
	case ISCSI_LOGIN_AUTH_FAILED:
		return ARRAY_LOGIN_AUTHENTICATION;
	case ISCSI_LOGIN_FORBIDDEN:
		return ARRAY_LOGIN_ADDRESS;
	case ISCSI_LOGIN_NOT_FOUND:
	case ISCSI_LOGIN_TARGET_REMOVED:
		return ARRAY_LOGIN_NO_TARGET;
	case ISCSI_LOGIN_NO_RESOURCES:
		return ARRAY_LOGIN_RESOURCES;
	case ISCSI_LOGIN_UNAVAILABLE:
		return ARRAY_LOGIN_UNAVAILABLE;
	default:
		return ARRAY_LOGIN_PROTOCOL;
	}
}

/* Returns the counters of a target, or those without a name when there is no memory. */
static struct array_login_counters *
counters_of(struct target_refusals *refusals, const struct guid *target_id)
{
	struct array_login_counters *counters;

	if (target_id == NULL)
		return &refusals->nameless;
	counters = guid_map_find(&refusals->targets, target_id);
	if (counters != NULL)
		return counters;
	counters = mem_calloc(1, sizeof(*counters));
	if (counters == NULL)
		return &refusals->nameless;
	counters->target_id = *target_id;
	if (guid_map_put(&refusals->targets, target_id, counters) < 0) {
		mem_free(counters);
		return &refusals->nameless;
	}
	return counters;
}

static void
count(struct target_conn *conn, enum array_login_failure reason)
{
	struct target_refusals *refusals = &conn->thread->target->refusals;
	const struct target_view *view = conn->thread->view;
	const char *name = iscsi_conn_login(conn->iscsi)->target_name;
	const struct row_target *target = view != NULL && name != NULL
						  ? target_view_find_target(view, name)
						  : NULL;

	pthread_mutex_lock(&refusals->lock);
	counters_of(refusals, target != NULL ? &target->id : NULL)->failures[reason]++;
	pthread_mutex_unlock(&refusals->lock);
}

void
target_refusal_count(struct target_conn *conn, unsigned status)
{
	count(conn, reason_of(status));
}

void
target_refusal_count_dropped(struct target_conn *conn)
{
	count(conn, ARRAY_LOGIN_DROPPED);
}

void
target_refusal_forget(struct target_refusals *refusals, const struct guid *target_id)
{
	struct array_login_counters *counters;

	pthread_mutex_lock(&refusals->lock);
	counters = guid_map_remove(&refusals->targets, target_id);
	for (unsigned i = 0; counters != NULL && i < ARRAY_LOGIN_FAILURES; i++)
		refusals->nameless.failures[i] += counters->failures[i];
	pthread_mutex_unlock(&refusals->lock);
	mem_free(counters);
}

int
target_refusals_sample(struct target_refusals *refusals, struct array_login_counters **ret_counters)
{
	const struct array_login_counters *of_target;
	struct array_login_counters *counters;
	size_t count = 1;

	pthread_mutex_lock(&refusals->lock);
	counters = mem_alloc((refusals->targets.count + 1) * sizeof(counters[0]));
	if (counters != NULL) {
		counters[0] = refusals->nameless;
		for (size_t i = 0; (of_target = guid_map_next(&refusals->targets, &i)) != NULL;)
			counters[count++] = *of_target;
	}
	pthread_mutex_unlock(&refusals->lock);
	if (counters == NULL)
		return -ENOMEM;
	*ret_counters = counters;
	return (int)count;
}
