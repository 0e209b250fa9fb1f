/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs sessions with one ErrorRecoveryLevel through a proxy that harms them:
 *
 *	recovery PORT TARGET LEVEL CONNECTIONS SCALE WORKERS ROUNDS SHARE SEED
 *
 * When ROUNDS is 0, a session is recorded, and there is one session for each of its PDUs and each
 * fault, or for each SHARE-th of these cases; else so many sessions of each worker with many faults
 * each.  LUN 0 of the target has 64 KiB × SCALE for each worker.  The last line says what happened,
 * "ok WORD=COUNT …"; the program fails when data was wrong, a session came to no end, or the
 * recovery was not that of the level: with level 1, only a cut connection and a wrong header take a
 * new session, and with level 2 none does, once the first connection is logged in.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "recovery_int.h"

#define WORKERS_MAX 64

struct sockaddr_in portal;
const char *target_name;

unsigned level, connections, scale;

static unsigned workers, rounds, share;
static uint32_t seed;

size_t
pdu_length(const uint8_t *bytes, size_t len, bool header_digest, bool data_digest)
{
	size_t need = 48, data;

	if (len < 48)
		return 0;
	data = get_be24(bytes + 5);
	need += bytes[4] * 4u + (header_digest ? 4 : 0);
	if (data > 0)
		need += ((data + 3) & ~(size_t)3) + (data_digest ? 4 : 0);
	return need <= len ? need : 0;
}

uint32_t
next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

uint64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

bool
write_all(int fd, const uint8_t *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		bytes += n;
		len -= (size_t)n;
	}
	return true;
}

/* ---- Cases ---- */

static void
begin(struct shared *s)
{
	s->hit = s->hit_login = false;
	s->opcode = 0;
	memset(s->seen, 0, sizeof(s->seen));
}

/* May a session that was harmed so be followed by a second one? */
static bool
may_be_lost(const struct shared *s)
{
	if (level == 2) /* before its first login has ended there is none */
		return s->hit_login && s->cid == 0;
	return level == 0 || s->hit_login || s->fault == BAD_HEAD || s->fault == CUT ||
	       s->fault == CUT_IN;
}

static bool
one_case(struct shared *s, unsigned worker)
{
	begin(s);
	unsigned failed = s->counts.failed_commands, logins = session_run(s, worker);

	s->counts.cases++;
	s->counts.hits += s->hit;
	if (logins == 0)
		return false;
	if ((s->one_in > 0 && level < 2) || may_be_lost(s))
		return true;
	if (logins == 1 && (s->counts.failed_commands == failed || s->one_in > 0))
		return true;
	fprintf(stderr,
		"recovery: worker %u: %u sessions, %u commands failed; fault %d in direction %d of "
		"connection %u at PDU %u, opcode %02x\n",
		worker, logins, s->counts.failed_commands - failed, (int)s->fault,
		(int)s->direction, s->cid, s->index, s->opcode);
	return false;
}

/* Is this case among those that this worker tries? */
static bool
is_mine(unsigned number, unsigned worker)
{
	/* not each share-th: what recurs in the list would always be left out, or always be in */
	uint64_t drawn = (number + seed) * 0x9e3779b97f4a7c15u >> 33;

	return drawn % share == 0 && number % workers == worker;
}

/* Every fault at every PDU of what was recorded of a connection in one direction. */
static bool
every_case_of(struct shared *s, unsigned worker, unsigned recorded, const bool *has_data,
	      unsigned *number)
{
	for (unsigned i = 0; i < MIN(recorded, PDUS_MAX); i++) {
		for (unsigned f = NONE + 1; f < FAULTS; f++) {
			if ((f == BAD_DATA && !has_data[i]) || !is_mine((*number)++, worker))
				continue;
			s->fault = (enum fault)f;
			s->index = i;
			if (!one_case(s, worker))
				return false;
		}
	}
	return true;
}

static bool
every_case(struct shared *s, unsigned worker)
{
	unsigned number = 0, recorded[CONNS_MAX][DIRECTIONS];
	static bool has_data[CONNS_MAX][DIRECTIONS][PDUS_MAX];

	s->header_digest = s->data_digest = true;
	s->fault = NONE;
	for (int i = 0; i < 2; i++) /* the first one meets the unit attention and the like */
		if (!one_case(s, worker))
			return false;
	memcpy(recorded, s->seen, sizeof(recorded));
	memcpy(has_data, s->has_data, sizeof(has_data));
	for (s->cid = 0; s->cid < connections; s->cid++) {
		for (unsigned d = 0; d < DIRECTIONS; d++) {
			s->direction = (enum direction)d;
			if (!every_case_of(s, worker, recorded[s->cid][d], has_data[s->cid][d],
					   &number))
				return false;
		}
	}
	return true;
}

static bool
many_faults(struct shared *s, unsigned worker)
{
	s->random = seed + worker * 7919u + 1;
	s->fault = NONE;
	for (unsigned i = 0; i < rounds; i++) {
		s->one_in = 8 + i % 5 * 8;
		s->header_digest = i % 4 != 0;
		s->data_digest = i % 4 < 2;
		if (!one_case(s, worker))
			return false;
	}
	return true;
}

/* ---- Processes ---- */

static int
listen_somewhere(struct shared *s)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0 || listen(fd, 8) != 0 ||
	    getsockname(fd, (struct sockaddr *)&at, &len) != 0)
		exit(2);
	s->port = at.sin_port;
	return fd;
}

static pid_t
start_proxy(struct shared *s)
{
	int listener = listen_somewhere(s);
	pid_t pid = fork();

	if (pid < 0)
		exit(2);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		proxy_run(s, listener);
	}
	close(listener);
	return pid;
}

static int
work(struct shared *s, unsigned worker)
{
	pid_t proxy = start_proxy(s);
	bool ok = rounds > 0 ? many_faults(s, worker) : every_case(s, worker);

	kill(proxy, SIGKILL);
	waitpid(proxy, NULL, 0);
	return ok ? 0 : 1;
}

static void
print(const struct shared *all)
{
	struct counts sum = { 0 };

	for (unsigned i = 0; i < workers; i++) {
		const struct counts *c = &all[i].counts;

		sum.cases += c->cases;
		sum.hits += c->hits;
		sum.logins += c->logins;
		sum.joins += c->joins;
		sum.removals += c->removals;
		sum.moves += c->moves;
		sum.data_snacks += c->data_snacks;
		sum.status_snacks += c->status_snacks;
		sum.r2t_snacks += c->r2t_snacks;
		sum.data_acks += c->data_acks;
		sum.retries += c->retries;
		sum.rejects += c->rejects;
		sum.repeated_r2ts += c->repeated_r2ts;
		sum.failed_commands += c->failed_commands;
	}
	printf("ok cases=%u hits=%u logins=%u joins=%u removals=%u moves=%u data_snacks=%u "
	       "status_snacks=%u r2t_snacks=%u "
	       "data_acks=%u retries=%u rejects=%u repeated_r2ts=%u failed_commands=%u\n",
	       sum.cases, sum.hits, sum.logins, sum.joins, sum.removals, sum.moves, sum.data_snacks,
	       sum.status_snacks, sum.r2t_snacks, sum.data_acks, sum.retries, sum.rejects,
	       sum.repeated_r2ts, sum.failed_commands);
}

static unsigned
number(const char *text)
{
	return (unsigned)strtoul(text, NULL, 10);
}

int
main(int argc, char **argv)
{
	struct shared *all;
	int bad = 0;

	if (argc != 10)
		return 2;
	portal.sin_family = AF_INET;
	portal.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	portal.sin_port = htons((uint16_t)number(argv[1]));
	target_name = argv[2];
	level = number(argv[3]);
	connections = number(argv[4]);
	scale = number(argv[5]);
	workers = number(argv[6]);
	rounds = number(argv[7]);
	share = number(argv[8]);
	seed = number(argv[9]);
	if (level > 2 || connections < 1 || connections > CONNS_MAX || scale < 1 ||
	    scale > SCALE_MAX || workers < 1 || workers > WORKERS_MAX || share < 1)
		return 2;
	all = mmap(NULL, workers * sizeof(*all), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		   -1, 0);
	if (all == MAP_FAILED)
		return 2;
	for (unsigned i = 0; i < workers; i++) {
		pid_t pid = fork();

		if (pid < 0)
			return 2;
		if (pid == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			exit(work(&all[i], i));
		}
	}
	for (unsigned i = 0; i < workers; i++) {
		int status;

		if (wait(&status) < 0 || status != 0)
			bad++;
	}
	print(all);
	return bad == 0 ? 0 : 1;
}
