/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Several gateways and the cluster that they share, in one process and on a clock that only the
 * simulation moves: struct array_cluster_ops and struct array_member_env in memory.  Threads run
 * one at a time, in the order of the times at which they wake, so a seed gives the same run each
 * time.
 *
 * A request is sent (not while its gateway is stopped), takes effect at the server (also when its
 * gateway is stopped or killed by then), and its answer comes back (not while stopped).  An object
 * of the cluster refuses a fenced client as soon as the object has seen the map that fences it, as
 * an OSD does: with a request of a client that has that map.
 *
 * member_sim_change.c has changes of the configuration, which are answered, and looks whether any
 * gateway serves a state without them afterwards.
 */
#ifndef MEMBER_SIM_H
#define MEMBER_SIM_H

#include <pthread.h>

#include "array/member_int.h"

#define SIM_GATEWAYS 3u
#define SIM_LUNS     6u
#define SIM_THREADS  640u
#define SIM_SEEN_MS  8000u
#define SIM_CLIENTS  256u

struct sim;

/* A vdsd, from its start to its end: a client of the cluster. */
struct sim_vdsd {
	struct sim *sim;
	unsigned who; /* 0 … SIM_GATEWAYS-1 */
	unsigned client;
	unsigned map; /* the newest map that the client has */
	bool joined, dead;
	struct state *state;          /* what it knows of the catalog */
	unsigned in_flight[SIM_LUNS]; /* writes */
	struct array_member member;
	struct array_cluster_events events;
};

struct sim_object {
	unsigned map; /* the newest map that the object has seen */
};

struct sim_thread {
	struct sim *sim;
	struct sim_vdsd *vdsd; /* NULL: the one that makes faults */
	void (*run)(struct sim_thread *thread);
	uint64_t wake_ns;
	bool network; /* wakes also while its gateway is stopped */
	bool runs, ended;
	pthread_t thread;
	pthread_cond_t go;
};

struct sim {
	uint64_t random;
	uint64_t now_ns, end_ns, calm_ns; /* calm_ns: no faults from then on */
	bool over, full;
	char broken[256]; /* the first invariant that was broken; "" = none */
	/* what is taken out, to see that the simulation finds it */
	bool without_fence, without_epoch, without_wait, without_seen;
	bool with_old_barrier; /* an answer waits for those that watch, 5 s at most */
	bool clears; /* fences are taken back while a client sleeps before a claim; no writes */

	pthread_mutex_t lock;
	pthread_cond_t back;
	struct sim_thread *current;
	struct sim_thread *threads[SIM_THREADS];
	size_t thread_count;

	struct sim_vdsd *vdsds[SIM_CLIENTS];
	unsigned client_count;

	/* by gateway */
	struct sim_vdsd *now[SIM_GATEWAYS]; /* NULL = none runs */
	uint64_t stopped_until_ns[SIM_GATEWAYS], cut_until_ns[SIM_GATEWAYS];
	uint64_t mon_cut_until_ns[SIM_GATEWAYS], catalog_cut_until_ns[SIM_GATEWAYS];
	int rate_ppm[SIM_GATEWAYS]; /* how much faster its clock goes */
	struct guid ids[SIM_GATEWAYS], luns[SIM_LUNS], pool;

	/* the cluster */
	unsigned map;
	unsigned fenced_at[SIM_CLIENTS]; /* map; 0 = not fenced */
	struct sim_object catalog, leases[SIM_GATEWAYS], objects[SIM_LUNS];
	struct state *truth;
	struct {
		unsigned client;
		uint64_t end_ns;
	} lease[SIM_GATEWAYS];
	uint64_t claimed[SIM_LUNS], written[SIM_LUNS], served[SIM_LUNS];
	uint64_t answered; /* the sequence of the newest change that was answered */
	uint64_t writes, refused, answers, takeovers, moves, lost, changes;
	uint64_t last_write_ns[SIM_LUNS], longest_gap_ns;
};

/* Makes a simulation; runs it until end_ns and tells in sim->broken what went wrong. */
void sim_init(struct sim *sim, uint64_t seed);
void sim_run(struct sim *sim, uint64_t faults_ns, uint64_t calm_ns);
void sim_fini(struct sim *sim);
/* Starts a vdsd as a gateway. */
void sim_start(struct sim *sim, unsigned who);
void sim_stop_process(struct sim *sim, unsigned who, uint64_t ns);

/* ---- for member_sim_change.c ---- */

extern const struct array_member_env sim_env;

uint64_t sim_chance(struct sim *sim, uint64_t below);
void sim_wait_ms(struct sim *sim, uint64_t least, uint64_t most);
__attribute__((format(printf, 2, 3))) void sim_broken(struct sim *sim, const char *format, ...);
bool sim_goes_on(const struct sim_thread *thread);
/* A thread of a vdsd that makes changes. */
void sim_run_changes(struct sim_thread *thread);
/* Checks that a vdsd that answers an initiator now has all changes that were answered. */
void sim_check_served(struct sim_vdsd *vdsd);

#endif
