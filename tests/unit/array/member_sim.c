/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "member_sim.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

#define MS NS_PER_MS

/* ---- chance and time ---- */

uint64_t
sim_chance(struct sim *sim, uint64_t below)
{
	sim->random ^= sim->random << 13;
	sim->random ^= sim->random >> 7;
	sim->random ^= sim->random << 17;
	return sim->random % below;
}

void
sim_broken(struct sim *sim, const char *format, ...)
{
	va_list args;
	int n;

	if (sim->broken[0] != '\0')
		return;
	n = snprintf(sim->broken, sizeof(sim->broken),
		     "at %llu ms: ", (unsigned long long)(sim->now_ns / MS));
	va_start(args, format);
	vsnprintf(sim->broken + n, sizeof(sim->broken) - (size_t)n, format, args);
	va_end(args);
	sim->over = true;
}

/* Hands over to the scheduler until the time has come. */
static void
wait_until(struct sim *sim, uint64_t wake_ns, bool network)
{
	struct sim_thread *self = sim->current;

	self->wake_ns = wake_ns;
	self->network = network;
	sim->current = NULL;
	pthread_cond_signal(&sim->back);
	while (sim->current != self)
		pthread_cond_wait(&self->go, &sim->lock);
}

void
sim_wait_ms(struct sim *sim, uint64_t least, uint64_t most)
{
	wait_until(sim, sim->now_ns + least * MS + sim_chance(sim, (most - least) * MS + 1), false);
}

/* When the thread can go on. */
static uint64_t
wakes_at(const struct sim *sim, const struct sim_thread *thread)
{
	const struct sim_vdsd *vdsd = thread->vdsd;

	if (vdsd == NULL || thread->network || vdsd->dead || sim->over)
		return thread->wake_ns;
	return MAX(thread->wake_ns, sim->stopped_until_ns[vdsd->who]);
}

static void *
thread_main(void *arg)
{
	struct sim_thread *self = arg;
	struct sim *sim = self->sim;

	pthread_mutex_lock(&sim->lock);
	while (sim->current != self)
		pthread_cond_wait(&self->go, &sim->lock);
	self->run(self);
	self->ended = true;
	sim->current = NULL;
	pthread_cond_signal(&sim->back);
	pthread_mutex_unlock(&sim->lock);
	return NULL;
}

static void
spawn(struct sim *sim, struct sim_vdsd *vdsd, void (*run)(struct sim_thread *thread))
{
	struct sim_thread *thread;

	if (sim->thread_count == SIM_THREADS)
		return;
	thread = calloc(1, sizeof(*thread));
	if (thread == NULL)
		abort();
	thread->sim = sim;
	thread->vdsd = vdsd;
	thread->run = run;
	thread->wake_ns = sim->now_ns;
	pthread_cond_init(&thread->go, NULL);
	sim->threads[sim->thread_count++] = thread;
	if (pthread_create(&thread->thread, NULL, thread_main, thread) != 0)
		abort();
}

/* ---- the cluster ---- */

static int
fenced(const struct sim *sim, const struct sim_vdsd *vdsd, unsigned map)
{
	unsigned at = sim->fenced_at[vdsd->client];

	return !sim->without_fence && at != 0 && at <= map ? -ESHUTDOWN : 0;
}

/* Sends a request.  Returns 0, or -ETIMEDOUT: it was lost. */
static int
requested(struct sim_vdsd *vdsd)
{
	struct sim *sim = vdsd->sim;

	sim_wait_ms(sim, 0, 2); /* until it is sent */
	if (vdsd->dead || sim->over)
		return -ESHUTDOWN;
	if (sim->cut_until_ns[vdsd->who] > sim->now_ns) {
		sim_wait_ms(sim, 2000, 2000);
		return -ETIMEDOUT;
	}
	return 0;
}

/* Waits while a request is under way: mostly fast, rarely slow. */
static void
under_way(struct sim *sim)
{
	wait_until(sim,
		   sim->now_ns +
			   (sim_chance(sim, 50) == 0 ? sim_chance(sim, 1500) : sim_chance(sim, 3)) *
				   MS,
		   true);
}

/*
 * Sends a request to an object; the caller makes its effect when 0 comes back, and then calls
 * answered.  -ETIMEDOUT: it was lost.
 */
static int
sent(struct sim_vdsd *vdsd, struct sim_object *object)
{
	struct sim *sim = vdsd->sim;
	int rc = requested(vdsd);

	if (rc < 0)
		return rc;
	under_way(sim);
	object->map = MAX(object->map, vdsd->map);
	return fenced(sim, vdsd, object->map);
}

/* Brings the answer back.  Returns 0, or -ETIMEDOUT: it was lost. */
static int
answered(struct sim_vdsd *vdsd)
{
	struct sim *sim = vdsd->sim;

	sim_wait_ms(sim, 0, 2);
	if (vdsd->dead || sim->over)
		return -ESHUTDOWN;
	if (sim->cut_until_ns[vdsd->who] > sim->now_ns) {
		sim_wait_ms(sim, 2000, 2000);
		return -ETIMEDOUT;
	}
	return 0;
}

static unsigned
sim_index_of(const struct guid *ids, unsigned count, const struct guid *id)
{
	for (unsigned i = 0; i < count; i++)
		if (guid_equal(&ids[i], id))
			return i;
	abort();
}

static int
op_join(void *cluster, const struct guid *gateway, uint32_t lease_ms,
	const struct array_cluster_events *events, char **ret_instance)
{
	struct sim_vdsd *vdsd = cluster;
	char text[16];
	int rc = sent(vdsd, &vdsd->sim->leases[vdsd->who]);

	(void)gateway;
	(void)lease_ms;
	if (rc < 0)
		return rc;
	vdsd->events = *events;
	vdsd->joined = true;
	snprintf(text, sizeof(text), "%u", vdsd->client);
	*ret_instance = str_dup(text);
	return answered(vdsd);
}

static int
op_lease_take(void *cluster)
{
	struct sim_vdsd *vdsd = cluster;
	struct sim *sim = vdsd->sim;
	int back, rc = sent(vdsd, &sim->leases[vdsd->who]);

	if (rc == 0 && sim->lease[vdsd->who].end_ns > sim->now_ns &&
	    sim->lease[vdsd->who].client != vdsd->client)
		rc = -EBUSY;
	if (rc == 0) {
		sim->lease[vdsd->who].client = vdsd->client;
		sim->lease[vdsd->who].end_ns = sim->now_ns + vdsd->member.lease_ms * MS;
	}
	back = answered(vdsd);
	return back < 0 ? back : rc;
}

static int
op_lease_renew(void *cluster)
{
	struct sim_vdsd *vdsd = cluster;
	struct sim *sim = vdsd->sim;
	int back, rc = sent(vdsd, &sim->leases[vdsd->who]);

	if (rc == 0 && (sim->lease[vdsd->who].end_ns <= sim->now_ns ||
			sim->lease[vdsd->who].client != vdsd->client))
		rc = -ENOENT;
	if (rc == 0)
		sim->lease[vdsd->who].end_ns = sim->now_ns + vdsd->member.lease_ms * MS;
	back = answered(vdsd);
	return back < 0 ? back : rc;
}

static int
op_lease_of(void *cluster, const struct guid *gateway, bool *ret_held)
{
	struct sim_vdsd *vdsd = cluster;
	struct sim *sim = vdsd->sim;
	unsigned who = sim_index_of(sim->ids, SIM_GATEWAYS, gateway);
	int rc = sent(vdsd, &sim->leases[who]);
	bool held = sim->lease[who].end_ns > sim->now_ns;

	if (rc == 0)
		rc = answered(vdsd);
	if (rc == 0)
		*ret_held = held && !sim->without_wait;
	return rc;
}

static int
op_lease_is_of(void *cluster, const struct guid *gateway, uint64_t client, bool *ret_is)
{
	struct sim_vdsd *vdsd = cluster;
	struct sim *sim = vdsd->sim;
	unsigned who = sim_index_of(sim->ids, SIM_GATEWAYS, gateway);
	int rc = sent(vdsd, &sim->leases[who]);
	bool is = sim->lease[who].end_ns > sim->now_ns && sim->lease[who].client == client;

	if (rc == 0)
		rc = answered(vdsd);
	if (rc == 0)
		*ret_is = is;
	return rc;
}

static bool
reachable(const struct sim *sim, unsigned who)
{
	const struct sim_vdsd *vdsd = sim->now[who];

	return vdsd != NULL && vdsd->joined && !vdsd->dead &&
	       sim->stopped_until_ns[who] <= sim->now_ns && sim->cut_until_ns[who] <= sim->now_ns &&
	       fenced(sim, vdsd, sim->leases[who].map) == 0;
}

static int
op_call(void *cluster, const struct guid *gateway, const void *payload, size_t bytes,
	uint32_t timeout_ms, void **ret_reply, size_t *ret_bytes)
{
	struct sim_vdsd *vdsd = cluster;
	struct sim *sim = vdsd->sim;
	unsigned who = sim_index_of(sim->ids, SIM_GATEWAYS, gateway);
	int rc = sent(vdsd, &sim->leases[who]);

	(void)payload;
	(void)bytes;
	if (rc < 0)
		return rc;
	if (!reachable(sim, who)) {
		sim_wait_ms(sim, timeout_ms, timeout_ms);
		return -ETIMEDOUT;
	}
	rc = answered(vdsd);
	if (rc == 0) {
		*ret_reply = mem_calloc(1, 1);
		*ret_bytes = 1;
	}
	return rc;
}

static int
mon_sent(struct sim_vdsd *vdsd)
{
	struct sim *sim = vdsd->sim;

	sim_wait_ms(sim, 0, 2);
	if (vdsd->dead || sim->over)
		return -ESHUTDOWN;
	if (MAX(sim->cut_until_ns[vdsd->who], sim->mon_cut_until_ns[vdsd->who]) > sim->now_ns) {
		sim_wait_ms(sim, 2000, 2000);
		return -ETIMEDOUT;
	}
	wait_until(sim, sim->now_ns + (20 + sim_chance(sim, 700)) * MS, true);
	return 0;
}

static int
op_fence(void *cluster, const char *instance)
{
	struct sim_vdsd *vdsd = cluster;
	struct sim *sim = vdsd->sim;
	unsigned client = (unsigned)atoi(instance), map;
	int rc = mon_sent(vdsd);

	if (rc < 0)
		return rc;
	if (fenced(sim, vdsd, sim->map) == 0 && sim->fenced_at[client] == 0)
		sim->fenced_at[client] = ++sim->map;
	map = sim->map;
	rc = answered(vdsd);
	if (rc < 0)
		return rc;
	vdsd->map = MAX(vdsd->map, map);
	return fenced(sim, vdsd, vdsd->map);
}

static int
op_fenced(void *cluster, bool *ret_fenced)
{
	struct sim_vdsd *vdsd = cluster;
	unsigned map;
	int rc = mon_sent(vdsd);

	if (rc < 0)
		return rc;
	map = vdsd->sim->map;
	rc = answered(vdsd);
	if (rc < 0)
		return rc;
	vdsd->map = MAX(vdsd->map, map);
	*ret_fenced = fenced(vdsd->sim, vdsd, vdsd->map) != 0;
	return 0;
}

/* Takes effect at the LUN's object. */
static int
claimed(struct sim_vdsd *vdsd, const struct array_cluster_claim *claim)
{
	struct sim *sim = vdsd->sim;
	unsigned lun = sim_index_of(sim->luns, SIM_LUNS, &claim->lun_id);
	int rc;

	sim->objects[lun].map = MAX(sim->objects[lun].map, vdsd->map);
	rc = fenced(sim, vdsd, sim->objects[lun].map);
	if (rc < 0)
		return rc;
	if (claim->epoch < sim->claimed[lun] && !sim->without_epoch)
		return -ESTALE;
	if (claim->epoch < sim->claimed[lun])
		sim_broken(sim, "LUN %u was claimed for epoch %llu after %llu", lun,
			   (unsigned long long)claim->epoch, (unsigned long long)sim->claimed[lun]);
	sim->claimed[lun] = claim->epoch;
	return 0;
}

/*
 * All are sent at once.  Each takes effect at a time of its own, and the answers are there when the
 * last one is.
 */
static void
op_lun_claim(void *cluster, const struct guid *owner, struct array_cluster_claim *claims,
	     size_t count)
{
	struct sim_vdsd *vdsd = cluster;
	struct sim *sim = vdsd->sim;
	size_t first = sim_chance(sim, count); /* in any order */
	int back;

	(void)owner;
	if (sim->clears && sim->now_ns < sim->calm_ns && sim_chance(sim, 3) == 0) {
		sim_stop_process(sim, vdsd->who, (10000 + sim_chance(sim, 10000)) * MS);
		sim_wait_ms(sim, 1, 1);
		sim->fenced_at[vdsd->client] = 0; /* somebody has cleared the list */
	}
	back = requested(vdsd);
	for (size_t i = 0; i < count; i++) {
		struct array_cluster_claim *claim = &claims[(first + i) % count];

		if (back == 0)
			under_way(sim);
		claim->rc = back == 0 ? claimed(vdsd, claim) : back;
	}
	back = back == 0 ? answered(vdsd) : 0;
	for (size_t i = 0; i < count && back < 0; i++)
		claims[i].rc = back;
}

static void
op_leave(void *cluster)
{
	struct sim_vdsd *vdsd = cluster;

	if (sent(vdsd, &vdsd->sim->leases[vdsd->who]) == 0 &&
	    vdsd->sim->lease[vdsd->who].client == vdsd->client)
		vdsd->sim->lease[vdsd->who].end_ns = 0;
}

static const struct array_cluster_ops ops = {
	.join = op_join,
	.lease_take = op_lease_take,
	.lease_renew = op_lease_renew,
	.lease_of = op_lease_of,
	.call = op_call,
	.lease_is_of = op_lease_is_of,
	.fence = op_fence,
	.fenced = op_fenced,
	.lun_claim = op_lun_claim,
	.leave = op_leave,
};

/* ---- the rest of a vdsd ---- */

static uint64_t
env_now(void *arg)
{
	struct sim_vdsd *vdsd = arg;
	struct sim *sim = vdsd->sim;

	return sim->now_ns + NS_PER_S +
	       (uint64_t)((int64_t)(sim->now_ns / 1000000) * sim->rate_ppm[vdsd->who]);
}

static int
env_sleep(void *arg, uint32_t ms)
{
	struct sim_vdsd *vdsd = arg;

	sim_wait_ms(vdsd->sim, ms, ms + 5);
	return vdsd->dead || vdsd->sim->over ? -ECANCELED : 0;
}

static struct state *
env_state(void *arg)
{
	return state_ref(((struct sim_vdsd *)arg)->state);
}

static void
adopt_state(struct sim_vdsd *vdsd, struct state *state)
{
	if (state_position(state)->sequence > state_position(vdsd->state)->sequence) {
		struct state *old = vdsd->state;

		vdsd->state = state_ref(state);
		state_unref(old);
	}
	for (unsigned lun = 0; lun < SIM_LUNS; lun++) {
		const struct row_lun_owner *row = state_lun_owner(vdsd->state,
								  &vdsd->sim->luns[lun]);

		if (row != NULL && !guid_equal(&row->controller_id, &vdsd->member.id))
			array_member_given(&vdsd->member, &row->id);
	}
}

/* Sends a request to the catalog, which a gateway may not reach though it reaches all else. */
static int
catalog_sent(struct sim_vdsd *vdsd)
{
	struct sim *sim = vdsd->sim;

	if (sim->catalog_cut_until_ns[vdsd->who] > sim->now_ns) {
		sim_wait_ms(sim, 2000, 2000);
		return -ETIMEDOUT;
	}
	return sent(vdsd, &sim->catalog);
}

static int
env_pull(void *arg)
{
	struct sim_vdsd *vdsd = arg;
	AUTO_STATE struct state *seen = NULL;
	uint64_t begin_ns = env_now(vdsd);
	int rc = catalog_sent(vdsd);

	if (rc < 0)
		return rc;
	seen = state_ref(vdsd->sim->truth);
	rc = answered(vdsd);
	if (rc < 0)
		return rc;
	adopt_state(vdsd, seen);
	array_member_seen(&vdsd->member, begin_ns);
	return 0;
}

static int
env_change(void *arg, const char *cause, int (*apply)(struct state_edit *edit, void *context),
	   void *context)
{
	struct sim_vdsd *vdsd = arg;
	struct sim *sim = vdsd->sim;
	const struct guid none = { { 0 } };

	for (;;) {
		AUTO_STATE struct state *base = state_ref(vdsd->state), *next = NULL;
		struct state_edit *edit = state_edit_new(base);
		struct change *change = NULL;
		bool conflict;
		int rc = apply(edit, context);

		if (rc < 0 || state_edit_is_empty(edit)) {
			state_edit_free(edit);
			return rc;
		}
		rc = state_edit_finish(edit, cause, &none, 0, &next, &change);
		change_unref(change);
		if (rc == 0)
			rc = catalog_sent(vdsd);
		if (rc < 0)
			return rc;
		conflict = state_position(sim->truth)->sequence != state_position(base)->sequence;
		if (!conflict) {
			struct state *old = sim->truth;

			sim->truth = state_ref(next);
			state_unref(old);
		}
		rc = answered(vdsd);
		if (rc == 0 && sim->now_ns < sim->calm_ns && sim_chance(sim, 30) == 0)
			rc = -ETIMEDOUT; /* the answer alone is lost */
		if (rc < 0)
			return rc == -ETIMEDOUT ? -EINPROGRESS : rc;
		if (!conflict) {
			adopt_state(vdsd, next);
			return 0;
		}
		rc = env_pull(vdsd);
		if (rc < 0)
			return rc;
	}
}

static int
env_drain(void *arg, const struct guid *lun_id, void **ret_drain)
{
	struct sim_vdsd *vdsd = arg;
	struct sim *sim = vdsd->sim;
	unsigned lun = sim_index_of(sim->luns, SIM_LUNS, lun_id);

	*ret_drain = NULL;
	for (unsigned tries = 0; tries < 100 && vdsd->in_flight[lun] > 0; tries++)
		sim_wait_ms(sim, 5, 20);
	if (vdsd->dead || sim->over)
		return -ESHUTDOWN;
	return vdsd->in_flight[lun] > 0 || sim_chance(sim, 10) == 0 ? ERR_BUSY : 0;
}

static void
env_resume(void *arg, const struct guid *lun_id, void *drain, bool moved)
{
	(void)arg;
	(void)lun_id;
	(void)drain;
	(void)moved;
}

static void
env_lost(void *arg, const char *reason)
{
	struct sim_vdsd *vdsd = arg;

	(void)reason;
	vdsd->dead = true;
	vdsd->sim->lost++;
}

const struct array_member_env sim_env = {
	.now_ns = env_now,
	.sleep_ms = env_sleep,
	.state = env_state,
	.pull = env_pull,
	.change = env_change,
	.drain = env_drain,
	.resume = env_resume,
	.lost = env_lost,
	.settle_ms = 3000,
};

/* ---- the threads of a vdsd ---- */

bool
sim_goes_on(const struct sim_thread *thread)
{
	return !thread->vdsd->dead && !thread->sim->over;
}

static void
run_renew(struct sim_thread *thread)
{
	struct array_member *member = &thread->vdsd->member;

	while (sim_goes_on(thread)) {
		array_member_renew(member);
		sim_wait_ms(thread->sim, member->lease_ms / 4, member->lease_ms / 4 + 10);
	}
}

static void
run_look(struct sim_thread *thread)
{
	while (sim_goes_on(thread)) {
		array_member_look(&thread->vdsd->member);
		sim_wait_ms(thread->sim, 900, 1100);
	}
}

static int
ask(struct array_member *member, const struct guid *owner, const struct guid *lun_id)
{
	struct sim_vdsd *vdsd = member->env_arg;
	struct sim_vdsd *other = vdsd->sim->now[sim_index_of(vdsd->sim->ids, SIM_GATEWAYS, owner)];
	struct sim_thread *self = vdsd->sim->current;
	int rc;

	if (other == NULL || !other->joined || other->dead)
		return -ETIMEDOUT;
	self->vdsd = other; /* a thread of that one */
	rc = array_member_move(&other->member, lun_id, &member->id);
	self->vdsd = vdsd;
	return rc;
}

static void
run_own(struct sim_thread *thread)
{
	while (sim_goes_on(thread)) {
		array_member_claim_all(&thread->vdsd->member);
		while (sim_goes_on(thread) && array_member_balance(&thread->vdsd->member, ask))
			array_member_claim_all(&thread->vdsd->member);
		sim_wait_ms(thread->sim, 50, 300);
	}
}

/* Somebody who moves LUNs, for no reason. */
static void
run_mover(struct sim_thread *thread)
{
	struct sim *sim = thread->sim;
	struct sim_vdsd *vdsd = thread->vdsd;

	while (sim_goes_on(thread)) {
		sim_wait_ms(sim, 100, sim->now_ns < sim->calm_ns ? 3000 : 60000);
		if (sim_goes_on(thread) && sim->now_ns < sim->calm_ns)
			(void)array_member_move(&vdsd->member,
						&sim->luns[sim_chance(sim, SIM_LUNS)],
						&sim->ids[sim_chance(sim, SIM_GATEWAYS)]);
	}
}

/* The epoch under which the vdsd may write the LUN now; 0 = it may not. */
static uint64_t
epoch_of(struct sim_vdsd *vdsd, unsigned lun)
{
	const struct array_member_lun *found;

	if (!array_member_lease_holds(&vdsd->member, env_now(vdsd)))
		return 0;
	found = guid_map_find(&vdsd->member.luns, &vdsd->sim->luns[lun]);
	return found != NULL && found->claim == CLAIM_HELD ? found->epoch : 0;
}

/* A write takes effect. */
static void
written(struct sim *sim, unsigned lun, uint64_t epoch)
{
	if (epoch < sim->written[lun])
		sim_broken(sim, "LUN %u was written by the owner of epoch %llu after that of %llu",
			   lun, (unsigned long long)epoch, (unsigned long long)sim->written[lun]);
	if (sim->last_write_ns[lun] != 0 &&
	    sim->now_ns - sim->last_write_ns[lun] > sim->longest_gap_ns)
		sim->longest_gap_ns = sim->now_ns - sim->last_write_ns[lun];
	sim->last_write_ns[lun] = sim->now_ns;
	sim->written[lun] = epoch;
	sim->writes++;
}

/* The data path: writes, and answers what needs no store. */
static void
run_data(struct sim_thread *thread)
{
	struct sim *sim = thread->sim;
	struct sim_vdsd *vdsd = thread->vdsd;

	while (sim_goes_on(thread)) {
		unsigned lun = (unsigned)sim_chance(sim, SIM_LUNS);
		uint64_t epoch = epoch_of(vdsd, lun);

		sim_check_served(vdsd);
		if (epoch != 0 && epoch < sim->served[lun])
			sim_broken(sim, "gateway %u answers for LUN %u of epoch %llu after %llu",
				   vdsd->who, lun, (unsigned long long)epoch,
				   (unsigned long long)sim->served[lun]);
		if (epoch != 0) {
			sim->answers++;
			sim->served[lun] = epoch;
		}
		if (epoch != 0 && !sim->clears) {
			int rc;

			vdsd->in_flight[lun]++; /* before anything else happens: a drain sees it */
			/* the worst moment: what comes next was allowed a moment ago */
			if (sim->now_ns < sim->calm_ns && sim_chance(sim, 300) == 0)
				sim_stop_process(sim, vdsd->who,
						 (3000 + sim_chance(sim, 9000)) * MS);
			rc = sent(vdsd, &sim->objects[lun]);
			if (rc == 0)
				written(sim, lun, epoch);
			else if (rc == -ESHUTDOWN)
				sim->refused++;
			(void)answered(vdsd);
			vdsd->in_flight[lun]--;
		}
		sim_wait_ms(sim, 0, 120);
	}
}

/* The main thread of a vdsd: begins, and begins anew when it was fenced. */
static void
run_main(struct sim_thread *thread)
{
	struct sim *sim = thread->sim;
	struct sim_vdsd *vdsd = thread->vdsd;
	const struct array_cluster_events none = { 0 };
	int rc = 0;

	do {
		if (rc < 0 && vdsd->member.instance != NULL)
			mem_free(TAKE(vdsd->member.instance));
		rc = array_member_join(&vdsd->member, &none);
	} while (rc < 0 && sim_goes_on(thread) && env_sleep(vdsd, 500) == 0);
	if (rc == 0) {
		spawn(sim, vdsd, run_renew);
		spawn(sim, vdsd, run_look);
		spawn(sim, vdsd, run_own);
		spawn(sim, vdsd, run_mover);
		spawn(sim, vdsd, run_data);
		spawn(sim, vdsd, sim_run_changes);
	}
	while (sim_goes_on(thread))
		sim_wait_ms(sim, 500, 1000);
	if (!sim->over && sim->now[vdsd->who] == vdsd) {
		sim_wait_ms(sim, 100, 3000);
		sim_start(sim, vdsd->who);
	}
}

void
sim_start(struct sim *sim, unsigned who)
{
	struct sim_vdsd *vdsd;

	if (sim->client_count == SIM_CLIENTS || sim->thread_count + 9 > SIM_THREADS) {
		sim->full = sim->over = true;
		return;
	}
	vdsd = calloc(1, sizeof(*vdsd));
	if (vdsd == NULL)
		abort();
	vdsd->sim = sim;
	vdsd->who = who;
	vdsd->client = sim->client_count++;
	vdsd->map = sim->map;
	vdsd->state = state_ref(sim->truth);
	array_member_init(&vdsd->member, 0, SIM_SEEN_MS);
	if (sim->without_seen)
		array_member_seen(&vdsd->member, UINT64_MAX / 2);
	vdsd->member.id = sim->ids[who];
	vdsd->member.ops = &ops;
	vdsd->member.cluster = vdsd;
	vdsd->member.env = &sim_env;
	vdsd->member.env_arg = vdsd;
	sim->vdsds[vdsd->client] = vdsd;
	sim->now[who] = vdsd;
	spawn(sim, vdsd, run_main);
}

void
sim_stop_process(struct sim *sim, unsigned who, uint64_t ns)
{
	sim->stopped_until_ns[who] = sim->now_ns + ns;
}

/* ---- faults ---- */

static void
run_faults(struct sim_thread *thread)
{
	struct sim *sim = thread->sim;

	while (!sim->over && sim->now_ns < sim->calm_ns) {
		unsigned who = (unsigned)sim_chance(sim, SIM_GATEWAYS);
		uint64_t ns = sim_chance(sim, 3) == 0 ? sim_chance(sim, 20000) * MS
						      : sim_chance(sim, 6000) * MS;

		switch (sim_chance(sim, 7)) {
		case 0:
		case 1:
			sim_stop_process(sim, who, ns);
			break;
		case 2:
			sim->cut_until_ns[who] = sim->now_ns + ns;
			break;
		case 3:
			sim->mon_cut_until_ns[who] = sim->now_ns + ns;
			break;
		case 4: /* killed; started again a while later */
			sim->now[who]->dead = true;
			sim->stopped_until_ns[who] = 0;
			break;
		case 6: /* it reaches its lease, but not the catalog */
			sim->catalog_cut_until_ns[who] = MIN(sim->now_ns + 3 * ns, sim->calm_ns);
			break;
		case 5: /* a connection breaks, perhaps for nothing */
			if (sim->now[(who + 1) % SIM_GATEWAYS]->joined)
				array_member_suspect(&sim->now[(who + 1) % SIM_GATEWAYS]->member,
						     &sim->ids[who]);
			break;
		}
		sim_wait_ms(sim, 500, 12000);
	}
}

/* ---- life ---- */

static void
make_rows(struct sim *sim)
{
	struct position at = { .incarnation = 1 };
	struct state *empty = state_new(&at);
	struct state_edit *edit = state_edit_new(empty);
	struct row_pool *pool = row_new(ROW_POOL);
	const struct guid none = { { 0 } };
	struct change *change = NULL;

	state_unref(empty);
	sim->pool.bytes[0] = 1;
	pool->id = sim->pool;
	row_set_string(&pool->name, "rbd");
	row_set_string(&pool->path, "rbd:vds");
	state_edit_put(edit, pool);
	for (unsigned i = 0; i < SIM_GATEWAYS; i++) {
		struct row_controller *row = row_new(ROW_CONTROLLER);

		sim->ids[i].bytes[0] = (uint8_t)(i + 2);
		row->id = sim->ids[i];
		row_set_string(&row->name, "gw");
		state_edit_put(edit, row);
	}
	for (unsigned i = 0; i < SIM_LUNS; i++) {
		struct row_lun *row = row_new(ROW_LUN);

		sim->luns[i].bytes[0] = (uint8_t)(i + 16);
		row->id = sim->luns[i];
		row->pool_id = sim->pool;
		state_edit_put(edit, row);
	}
	if (state_edit_finish(edit, "begin", &none, 0, &sim->truth, &change) < 0)
		abort();
	change_unref(change);
}

void
sim_init(struct sim *sim, uint64_t seed)
{
	memset(sim, 0, sizeof(*sim));
	sim->random = seed * 0x9e3779b97f4a7c15ull + 1;
	for (unsigned i = 0; i < 20; i++)
		(void)sim_chance(sim, 2);
	pthread_mutex_init(&sim->lock, NULL);
	pthread_cond_init(&sim->back, NULL);
	for (unsigned i = 0; i < SIM_GATEWAYS; i++)
		sim->rate_ppm[i] = (int)sim_chance(sim, 60000) - 30000;
	make_rows(sim);
}

static struct sim_thread *
next_thread(const struct sim *sim)
{
	struct sim_thread *next = NULL;

	for (size_t i = 0; i < sim->thread_count; i++) {
		struct sim_thread *thread = sim->threads[i];

		if (!thread->ended && (next == NULL || wakes_at(sim, thread) < wakes_at(sim, next)))
			next = thread;
	}
	return next;
}

/* When all is calm, each LUN is held by one gateway that may write it. */
static void
check_calm(struct sim *sim)
{
	for (unsigned lun = 0; lun < SIM_LUNS; lun++) {
		unsigned holders = 0;

		for (unsigned i = 0; i < SIM_GATEWAYS; i++)
			holders += sim->now[i] != NULL && !sim->now[i]->dead &&
				   epoch_of(sim->now[i], lun) != 0;
		if (holders != 1)
			sim_broken(sim, "LUN %u has %u gateways that serve it, after calm", lun,
				   holders);
	}
}

void
sim_run(struct sim *sim, uint64_t faults_ns, uint64_t calm_ns)
{
	struct sim_thread *thread;

	pthread_mutex_lock(&sim->lock);
	sim->calm_ns = faults_ns;
	sim->end_ns = faults_ns + calm_ns;
	for (unsigned i = 0; i < SIM_GATEWAYS; i++)
		sim_start(sim, i);
	spawn(sim, NULL, run_faults);
	while ((thread = next_thread(sim)) != NULL) {
		if (!sim->over && wakes_at(sim, thread) > sim->end_ns) {
			check_calm(sim);
			sim->over = true;
			continue;
		}
		sim->now_ns = MAX(sim->now_ns, wakes_at(sim, thread));
		sim->current = thread;
		pthread_cond_signal(&thread->go);
		while (sim->current != NULL)
			pthread_cond_wait(&sim->back, &sim->lock);
	}
	pthread_mutex_unlock(&sim->lock);
	for (size_t i = 0; i < sim->thread_count; i++)
		pthread_join(sim->threads[i]->thread, NULL);
}

void
sim_fini(struct sim *sim)
{
	for (size_t i = 0; i < sim->thread_count; i++) {
		pthread_cond_destroy(&sim->threads[i]->go);
		free(sim->threads[i]);
	}
	for (unsigned i = 0; i < sim->client_count; i++) {
		struct sim_vdsd *vdsd = sim->vdsds[i];

		sim->takeovers += vdsd->member.takeovers;
		sim->moves += vdsd->member.moves;
		array_member_fini(&vdsd->member);
		state_unref(vdsd->state);
		free(vdsd);
	}
	state_unref(sim->truth);
	pthread_mutex_destroy(&sim->lock);
	pthread_cond_destroy(&sim->back);
}
