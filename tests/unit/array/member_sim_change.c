/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Changes of the configuration, and their answers: see member_sim.h. */
#include <stdio.h>

#include "base/clock.h"
#include "member_sim.h"

#define OLD_BARRIER_NS (5 * NS_PER_S)

static int
rename_pool(struct state_edit *edit, void *context)
{
	struct sim *sim = context;
	struct row_pool *row = row_copy(state_find(state_edit_view(edit), ROW_POOL, &sim->pool));
	char name[32];

	snprintf(name, sizeof(name), "pool-%llu", (unsigned long long)++sim->changes);
	row_set_string(&row->name, name);
	return state_edit_put(edit, row);
}

/* Returns whether a gateway watches the catalog, so that it is notified. */
static bool
watches(const struct sim *sim, unsigned who)
{
	const struct sim_vdsd *vdsd = sim->now[who];

	return vdsd != NULL && vdsd->joined && !vdsd->dead &&
	       sim->stopped_until_ns[who] <= sim->now_ns && sim->cut_until_ns[who] <= sim->now_ns &&
	       sim->catalog_cut_until_ns[who] <= sim->now_ns;
}

/*
 * Notifies the others.  Those that have the change acknowledge it.  Returns whether none of those
 * that watch lacks it.
 */
static bool
notify(struct sim_vdsd *vdsd, uint64_t sequence)
{
	struct sim *sim = vdsd->sim;
	uint64_t clients[SIM_GATEWAYS];
	size_t count = 0;
	bool all = true;

	for (unsigned i = 0; i < SIM_GATEWAYS; i++) {
		if (sim->now[i] == vdsd || !watches(sim, i))
			continue;
		if (state_position(sim->now[i]->state)->sequence >= sequence)
			clients[count++] = sim->now[i]->client;
		else
			all = false;
	}
	array_member_acknowledged(&vdsd->member, clients, count, sequence);
	return all;
}

/* Returns whether the change may be answered. */
static bool
is_reached(struct sim_vdsd *vdsd, uint64_t sequence, uint64_t committed_ns)
{
	struct sim *sim = vdsd->sim;
	bool all = notify(vdsd, sequence);

	if (sim->with_old_barrier)
		return all || sim_env.now_ns(vdsd) > committed_ns + OLD_BARRIER_NS;
	if (array_member_all_have(&vdsd->member, vdsd->state, sequence, committed_ns))
		return true;
	array_member_ask_others(&vdsd->member, sequence);
	return array_member_all_have(&vdsd->member, vdsd->state, sequence, committed_ns);
}

void
sim_run_changes(struct sim_thread *thread)
{
	struct sim *sim = thread->sim;
	struct sim_vdsd *vdsd = thread->vdsd;

	while (sim_goes_on(thread)) {
		uint64_t sequence, committed_ns;

		sim_wait_ms(sim, 100, 5000);
		if (!sim_goes_on(thread) || sim_env.change(vdsd, "test", rename_pool, sim) < 0)
			continue;
		sequence = state_position(vdsd->state)->sequence;
		committed_ns = sim_env.now_ns(vdsd);
		sim_wait_ms(sim, 0, 5);
		while (sim_goes_on(thread) && !is_reached(vdsd, sequence, committed_ns))
			sim_wait_ms(sim, 100, 2300);
		if (sim_goes_on(thread) && sequence > sim->answered)
			sim->answered = sequence;
	}
}

void
sim_check_served(struct sim_vdsd *vdsd)
{
	struct sim *sim = vdsd->sim;
	uint64_t sequence = state_position(vdsd->state)->sequence;

	/* without_wait: the locks of others are not read as they are, on which answers rely, too */
	if (sequence < sim->answered && !sim->without_wait &&
	    array_member_lease_holds(&vdsd->member, sim_env.now_ns(vdsd)))
		sim_broken(sim, "gateway %u serves the state of change %llu, and %llu is answered",
			   vdsd->who, (unsigned long long)sequence,
			   (unsigned long long)sim->answered);
}
