/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ceph-member CONF USER POOL LUNS-POOL: two gateways on a real cluster, by the functions of
 * src/ceph/member.c alone.  The child is the gateway A; the parent is B, which stops it, fences it,
 * and wakes it.  Ends with 0, or says what was not as it should be.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "array/cluster.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/guid.h"
#include "base/mem.h"
#include "ceph/ceph_int.h"

#define LEASE_MS 2000u
#define LUNS     50u /* claimed at the same time */
#define FENCED   42  /* exit status of a child that found itself fenced */

static const struct array_cluster_ops *const ops = &ceph_member_ops;
static const struct guid a_id = { { 0xa } }, b_id = { { 0xb } };
static volatile bool lost;

static void
want(int rc, int wanted, const char *what)
{
	if (rc == wanted)
		return;
	fprintf(stderr, "%s: %d (%s), not %d\n", what, rc, err_text(rc), wanted);
	exit(1);
}

static void
on_lost(void *arg)
{
	(void)arg;
	lost = true;
}

static void
on_called(void *arg, void *call, uint64_t from, const void *payload, size_t bytes)
{
	(void)from;
	void **member = arg;

	ops->answer(*member, call, payload, bytes); /* an echo */
}

/*
 * Claims LUNs at the same time.  Returns what becomes of each: for all of them it must be the same.
 */
static int
claim(void *member, const char *place, const struct guid *owner, uint64_t epoch)
{
	struct array_cluster_claim claims[LUNS];

	for (unsigned i = 0; i < LUNS; i++)
		claims[i] = (struct array_cluster_claim){ .place = place,
							  .lun_id = { { 0x1, (uint8_t)i } },
							  .epoch = epoch };
	ops->lun_claim(member, owner, claims, LUNS);
	for (unsigned i = 1; i < LUNS; i++)
		want(claims[i].rc, claims[0].rc, "a claim beside others");
	return claims[0].rc;
}

static void *
open_member(char **argv)
{
	static char conf[256], user[64];
	static struct module_ceph_settings settings = { .conf = conf,
							.user = user,
							.timeout_s = 10 };
	void *member = NULL;

	snprintf(conf, sizeof(conf), "%s", argv[1]);
	snprintf(user, sizeof(user), "%s", argv[2]);
	ceph_cluster_begin(&settings);
	want(ceph_member_new(argv[3], "array", on_lost, NULL, &member), 0, "open");
	return member;
}

/* The gateway A: renews until it is fenced. */
static int
run_a(char **argv, int out)
{
	void *member = open_member(argv);
	struct array_cluster_events events = { .called = on_called, .arg = &member };
	char *instance = NULL;
	int rc;

	want(ops->join(member, &a_id, LEASE_MS, &events, &instance), 0, "join");
	want(ops->lease_take(member), 0, "take");
	want(claim(member, argv[4], &a_id, 1), 0, "claim");
	if (write(out, instance, strlen(instance) + 1) < 0)
		return 1;
	for (;;) {
		const struct timespec pause = { .tv_nsec = 200 * NS_PER_MS };

		nanosleep(&pause, NULL);
		rc = ops->lease_renew(member);
		if (rc == -ENOENT) { /* it slept; the server may not know of the fence yet */
			bool fenced = false;

			want(ops->fenced(member, &fenced), 0, "fenced");
			rc = fenced ? -ESHUTDOWN : ops->lease_take(member);
		}
		if (rc == -ESHUTDOWN)
			break;
		want(rc, 0, "renew");
	}
	want(claim(member, argv[4], &a_id, 9), -ESHUTDOWN, "claim when fenced");
	want(lost, true, "told that it is lost");
	return FENCED;
}

static double
since_ms(uint64_t begin_ns)
{
	return (double)(clock_mono_ns() - begin_ns) / 1e6;
}

static void
wait_lease_end(void *member)
{
	bool held = true;

	while (held) {
		const struct timespec pause = { .tv_nsec = 50 * NS_PER_MS };

		nanosleep(&pause, NULL);
		want(ops->lease_of(member, &a_id, &held), 0, "lease of A");
	}
}

/* The gateway B. */
static void
run_b(char **argv, pid_t child, const char *instance)
{
	void *member = open_member(argv), *reply = NULL;
	struct array_cluster_events events = { .called = on_called, .arg = &member };
	char *own = NULL;
	size_t bytes = 0;
	bool held = false;
	uint64_t begin_ns;
	double called, fenced, ended;

	want(ops->join(member, &b_id, LEASE_MS, &events, &own), 0, "join");
	want(ops->lease_take(member), 0, "take");
	want(ops->lease_of(member, &a_id, &held), 0, "lease of A");
	want(held, true, "A has its lease");
	want(ops->call(member, &a_id, "hello", 5, 1000, &reply, &bytes), 0, "call");
	want(bytes == 5 && memcmp(reply, "hello", 5) == 0, true, "its answer");
	mem_free(reply);
	want(claim(member, argv[4], &b_id, 0), -ESTALE, "a smaller epoch");
	kill(child, SIGSTOP);
	begin_ns = clock_mono_ns();
	want(ops->call(member, &a_id, "hello", 5, 1000, &reply, &bytes), -ETIMEDOUT,
	     "call of one that is stopped");
	called = since_ms(begin_ns);
	want(ops->fence(member, instance), 0, "fence");
	fenced = since_ms(begin_ns);
	wait_lease_end(member);
	ended = since_ms(begin_ns);
	want(claim(member, argv[4], &b_id, 2), 0, "claim");
	printf("stopped; called %.0f ms, fenced %.0f ms, lease ended %.0f ms, claimed %.0f ms\n",
	       called, fenced, ended, since_ms(begin_ns));
	kill(child, SIGCONT);
	want(ops->lease_renew(member) == 0 || ops->lease_take(member) == 0, true, "own lease");
	ops->leave(member);
	want(ops->lease_of(member, &b_id, &held), 0, "own lease");
	want(held, false, "the lease that was given up");
	mem_free(own);
	ceph_member_free(member);
	ceph_cluster_end();
}

int
main(int argc, char **argv)
{
	char instance[512];
	int pipes[2], status = 0;
	pid_t child;

	if (argc != 5 || pipe(pipes) < 0)
		return 2;
	child = fork(); /* before there are threads of the cluster's library */
	if (child == 0)
		_exit(run_a(argv, pipes[1]));
	close(pipes[1]);
	if (read(pipes[0], instance, sizeof(instance)) <= 0)
		return 1;
	run_b(argv, child, instance);
	if (waitpid(child, &status, 0) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != FENCED) {
		fprintf(stderr, "the woken gateway has not found itself fenced: %x\n", status);
		return 1;
	}
	printf("the woken gateway found itself fenced\n");
	return 0;
}
