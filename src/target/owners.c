/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What this gateway forwards to each other one, counted for metrics.  The counters of a gateway are
 * made with the first link to it and stay as long as the data path, so a link keeps their address.
 */
#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "target/target_int.h"

struct target_owner *
target_owner_get(struct target *target, const struct guid *controller_id)
{
	struct target_owners *owners = &target->owners;
	struct target_owner *owner = NULL;
	size_t count;

	pthread_mutex_lock(&owners->lock);
	count = atomic_load(&owners->count);
	for (size_t i = 0; owner == NULL && i < count; i++)
		if (guid_equal(&owners->list[i].controller_id, controller_id))
			owner = &owners->list[i];
	if (owner == NULL && count < ARRAY_LEN(owners->list)) {
		owner = &owners->list[count];
		owner->controller_id = *controller_id;
		atomic_store(&owners->count, count + 1);
	}
	pthread_mutex_unlock(&owners->lock);
	return owner != NULL ? owner : &owners->rest;
}

static void
add(_Atomic uint64_t *counter, uint64_t n)
{
	atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

void
target_owner_count(struct target_owner *owner, const struct iscsi_request *request)
{
	add(&owner->commands, 1);
	if (request->error != 0 || request->response != 0)
		add(&owner->errors, 1);
	add(&owner->read_bytes, request->received);
	if (request->writes && request->error == 0 && request->response == 0)
		add(&owner->write_bytes,
		    request->write_expected - MIN(request->residual, request->write_expected));
}

int
target_owner_counters(void *runtime, const struct guid *controller_id,
		      struct array_forward_counters *ret_counters)
{
	struct target *target = runtime;
	size_t count = atomic_load(&target->owners.count);

	for (size_t i = 0; i < count; i++) {
		const struct target_owner *owner = &target->owners.list[i];

		if (!guid_equal(&owner->controller_id, controller_id))
			continue;
		*ret_counters = (struct array_forward_counters){
			.commands = atomic_load(&owner->commands),
			.errors = atomic_load(&owner->errors),
			.read_bytes = atomic_load(&owner->read_bytes),
			.write_bytes = atomic_load(&owner->write_bytes),
			.links = atomic_load(&owner->links),
			.broken = atomic_load(&owner->broken),
		};
		return 0;
	}
	return ERR_NOT_FOUND;
}
