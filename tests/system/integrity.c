/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An initiator that trusts nothing: several sessions, through several targets, write blocks that
 * say which LUN, which block and which generation they are, read them back, and know for each block
 * what it may hold.  It has a wire of its own (RFC 7143), because libiscsi knows no data digest and
 * sends its PDUs whole.  One thread, one event loop.
 *
 *	integrity SEED SESSIONS TARGET,TARGET,… NUMBER:BLOCK_BYTES:BLOCKS:THIN…
 *
 * Commands on standard input, one answer line each, "ok …" or "error …" (what was wrong is on
 * standard error):
 *
 *	portal ADDRESS:PORT…	where the targets are (from now on: after a restart it is another port).  With
 *				several, each session belongs to one, and goes to the next while its own does
 *				not work.  When nothing is under way, all connections are made anew.
 *	go			work until told to stop
 *	answered		how many commands have been answered with success
 *	stop			wait for what is on its way
 *	check			read everything, through each target
 *	fill			write everything
 *	cuts			cut no connection from now on, or do so again
 *	killed			what serves the LUNs was killed, and they lie in memory, into which it may
 *				have copied a part of a block
 *	ghosts PORTAL		the sessions at that portal (its number) leave their connections open, with all
 *				that is under way there, and go on elsewhere.  Nothing may be done there any more.
 *	haunt			each of these connections sends reads and TEST UNIT READY, none of which may
 *				succeed, and what else comes of them is counted
 *	errors KEY/ASCQ,…	the sense data with which commands may fail from now on, in hexadecimal;
 *				without any: none, as at the start
 *
 * What a block may hold: the generation that was acknowledged last, or one that was sent since.
 * Only one command at a time writes a block.  A write whose connection was lost is in doubt: the
 * block is left alone until its session has logged in again (which ends the old one), and may from
 * then on hold either, always the same.  So may one whose write has failed.  After "killed" such a
 * block may also have some bytes of the one and the others of the other, and no byte of anything
 * else; but not a counter, since COMPARE AND WRITE is done or not.  It may log in at
 * another portal: then whoever serves that one has to see to it that nothing comes late.
 *
 * The answers say how long no command of a LUN was answered with success, at most, since "go"
 * (gap_ms) and now (idle_ms), how many sessions are not at home (away), and of the connections left
 * behind how many are open (ghosts), what they have sent since (haunted), and the answers to what
 * they had sent before (ghost_answers).
 */
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "integrity_int.h"

struct lun luns[LUNS_MAX];
struct session *sessions;
struct sockaddr_in portals[PORTALS_MAX];
unsigned n_luns, n_sessions, n_targets, n_portals;
enum mode mode;
bool steady;
static uint32_t generation;
uint64_t seed;
unsigned long answered, checked, torn, mixed, cuts, wrong;
static unsigned long refused, busy,
	failed;                  /* with BUSY and its like; BUSY; with errors that may be */
static char errors_allowed[128]; /* each between two commas */

int64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- Commands ---- */

bool
is_write(enum kind kind)
{
	return kind >= WRITE && kind <= UNMAP;
}

bool
is_read(enum kind kind)
{
	return kind == READ || kind == COUNT_READ;
}

bool
leaves_zeros(enum kind kind)
{
	return kind >= ZERO && kind <= UNMAP;
}

/* opcode and byte 1 of the CDB, indexed by kind */
/* clang-format off */
static const uint8_t cdbs[][2] = {
	[READ] = { 0x88, 0 }, [WRITE] = { 0x8a, 0 }, [WRITE_FUA] = { 0x8a, 8 }, [WRITE_VERIFY] = { 0x8e, 0 },
	[SAME] = { 0x93, 0 }, [ZERO] = { 0x93, 0 }, [ZERO_NO_DATA] = { 0x93, 1 }, [UNMAP] = { 0x42, 0 },
	[COUNT] = { 0x89, 0 }, [COUNT_READ] = { 0x88, 0 }, [SYNC] = { 0x91, 0 },
};
/* clang-format on */

/* The data of a command that has been chosen, if it sends any. */
static void
data_make(struct cmd *c)
{
	const struct lun *lun = c->lun;
	uint32_t size = lun->block_bytes, value;

	if (c->kind >= WRITE && c->kind <= WRITE_VERIFY) {
		for (uint32_t i = 0; i < c->count; i++)
			block_fill(c->data + (size_t)i * size, lun, c->lba + i, c->generation);
		c->len = c->count * size;
	} else if (c->kind == SAME) {
		block_fill(c->data, lun, ANY_LBA, c->generation);
		c->len = size;
	} else if (c->kind == ZERO) {
		memset(c->data, 0, size);
		c->len = size;
	} else if (c->kind == UNMAP) {
		memset(c->data, 0, 24);
		c->data[1] = 22;
		c->data[3] = 16;
		put32(c->data + 12, c->lba);
		put32(c->data + 16, c->count);
		c->len = 24;
	} else if (c->kind == COUNT) {
		value = c->generation - 1;
		memset(c->data, 0, size);
		if (value != 0)
			block_fill(c->data, lun, c->lba, value);
		block_fill(c->data + size, lun, c->lba, value + 1);
		c->len = 2 * size;
	}
}

static void
cdb_make(const struct cmd *c, uint8_t *cdb)
{
	cdb[0] = cdbs[c->kind][0];
	cdb[1] = cdbs[c->kind][1];
	if ((c->kind == ZERO || c->kind == ZERO_NO_DATA) && c->lun->thin && c->generation % 2 == 0)
		cdb[1] |= 8; /* UNMAP */
	if (c->kind == UNMAP) {
		cdb[8] = 24;
		return;
	}
	put32(cdb + 6, c->lba);
	put32(cdb + 10, c->count);
	if (c->kind == COUNT) {
		put32(cdb + 10, 0);
		cdb[13] = 1;
	}
}

/* The command, with as much of its data unasked as was agreed and as the dice like. */
static void
cmd_send(struct session *s, struct cmd *c)
{
	uint8_t h[48] = { 0x01, dice(50) == 0 ? 0x82 : 0x81 }; /* ORDERED, SIMPLE */
	bool reads = is_read(c->kind);
	uint32_t burst = c->len < s->first_burst ? c->len : s->first_burst, immediate = 0,
		 unasked = 0;

	c->itt = s->tag++ * DEPTH + (uint32_t)(c - s->cmds);
	c->got = 0;
	c->used = true;
	h[9] = (uint8_t)c->lun->number;
	put32(h + 16, c->itt);
	put32(h + 20, c->len);
	put32(h + 24, s->cmd_sn++);
	cdb_make(c, h + 32);
	if (reads && c->len > 0)
		h[1] |= 0x40;
	if (!reads && c->len > 0) {
		h[1] |= 0x20;
		if (s->immediate && dice(8) != 0)
			immediate = burst < s->segment ? burst : s->segment;
		if (immediate > 0 && dice(8) == 0)
			immediate = dice(immediate);
		if (!s->initial_r2t && immediate < burst && dice(4) != 0)
			unasked = burst - immediate;
		if (unasked > 0)
			h[1] &= 0x7f;
	}
	pdu_send(s, h, c->data, reads ? 0 : immediate);
	data_send(s, c, UINT32_MAX, immediate, unasked);
}

static void
read_send(struct session *s, struct cmd *c)
{
	read_begin(c);
	c->len = c->count * c->lun->block_bytes;
	cmd_send(s, c);
}

static void
count_send(struct session *s, struct cmd *c)
{
	uint32_t which = dice(COUNTERS);
	struct counter *counter = &c->lun->counters[which];

	c->lba = c->lun->blocks + which;
	c->count = 1;
	if (c->kind == COUNT_READ || counter->unsure || counter->known + 1 >= COUNTS_MAX) {
		c->kind = COUNT_READ;
		read_send(s, c);
		return;
	}
	c->generation = counter->known + 1;
	if (c->generation > counter->tried)
		counter->tried = c->generation;
	data_make(c);
	cmd_send(s, c);
}

static enum kind
kind_choose(const struct lun *lun)
{
	static const enum kind often[] = { WRITE, WRITE, WRITE,        WRITE_FUA, WRITE_VERIFY,
					   SAME,  ZERO,  ZERO_NO_DATA, UNMAP };
	enum kind kind;

	if (dice(2) == 0)
		return dice(32) == 0 ? SYNC : dice(32) == 0 ? COUNT_READ : READ;
	if (dice(8) == 0)
		return COUNT;
	kind = dice(2) == 0 ? WRITE : often[dice(ARRAY_LEN(often))];
	return kind == UNMAP && !lun->thin ? ZERO : kind;
}

static void
cmd_start(struct session *s, struct cmd *c)
{
	uint32_t most;

	c->lun = &luns[dice(n_luns)];
	c->kind = kind_choose(c->lun);
	most = (dice(12) == 0 ? IO_BYTES : dice(3) == 0 ? 65536 : 8192) / c->lun->block_bytes;
	c->count = 1 + dice(most);
	c->lba = dice(c->lun->blocks - c->count + 1);
	c->len = 0;
	if (c->kind == COUNT || c->kind == COUNT_READ)
		count_send(s, c);
	else if (c->kind == READ)
		read_send(s, c);
	else if (!is_write(c->kind) || write_begin(c, ++generation)) {
		data_make(c);
		cmd_send(s, c);
	}
}

/* The next part of everything, to be read or written; false when there is none. */
static bool
check_next(struct session *s, struct cmd *c)
{
	uint32_t at = s->cursor;

	if (s->id >= (int)(mode == FILL ? 1 : n_targets * n_portals))
		return false;
	for (unsigned i = 0; i < n_luns; i++) {
		uint32_t all = luns[i].blocks + (mode == FILL ? 0 : COUNTERS),
			 step = CHECK_BYTES / luns[i].block_bytes;
		uint32_t parts = (all + step - 1) / step;

		if (at < parts) {
			c->lun = &luns[i];
			c->kind = mode == FILL ? WRITE : READ;
			c->lba = at * step;
			c->count = all - c->lba < step ? all - c->lba : step;
			if (mode == FILL && !write_begin(c, ++generation))
				return false; /* another one's doubt ends first */
			s->cursor++;
			data_make(c);
			c->kind == READ ? read_send(s, c) : cmd_send(s, c);
			return true;
		}
		at -= parts;
	}
	return false;
}

static void
session_fill(struct session *s)
{
	for (unsigned i = 0; i < DEPTH && s->in_use; i++) {
		if (s->cmds[i].used || (int32_t)(s->max_cmd_sn - s->cmd_sn) < 0)
			continue;
		if (mode == GO && s->out_len < OUT_BYTES)
			cmd_start(s, &s->cmds[i]);
		else if ((mode == CHECK || mode == FILL) && s->out_len < OUT_BYTES &&
			 !check_next(s, &s->cmds[i]))
			return;
	}
}

/* ---- Answers ---- */

static bool
is_allowed(unsigned key, const uint8_t *sense)
{
	char text[16];

	if (key == 0)
		return false;
	snprintf(text, sizeof(text), ",%x/%02x%02x,", key, sense[14], sense[15]);
	return strstr(errors_allowed, text) != NULL;
}

void
on_status(struct session *s, struct cmd *c, uint8_t status, const uint8_t *sense, uint32_t len)
{
	unsigned key = status == 2 && len >= 16 ? sense[4] & 15 : 0;

	if (status == 0) {
		int64_t now = now_ms(), gap = now - c->lun->answered_ms;

		answered++;
		c->lun->gap_ms = gap > c->lun->gap_ms ? gap : c->lun->gap_ms;
		c->lun->answered_ms = now;
		if (c->kind == COUNT &&
		    c->lun->counters[c->lba - c->lun->blocks].fate[c->generation] & WON)
			bad(s, "LUN %u counter: %u was won twice", c->lun->number, c->generation);
		if (is_read(c->kind))
			read_check(s, c);
	} else {
		s->cursor = 0; /* a check begins again */
		if (c->kind == COUNT && key == 0xe) {
			c->kind = SYNC; /* nothing was done */
			c->lun->counters[c->lba - c->lun->blocks].unsure = true;
		} else if (is_allowed(key, sense)) {
			failed++;
		} else if (status == 8 || status == 0x28 || key == 6) {
			refused++;
			busy += status == 8;
		} else {
			bad(s,
			    "LUN %u opcode %02x block %u count %u: status %02x sense %x/%02x%02x",
			    c->lun->number, cdbs[c->kind][0], c->lba, c->count, status, key,
			    key != 0 ? sense[14] : 0, key != 0 ? sense[15] : 0);
		}
	}
	cmd_end(c, status == 0);
}

/* ---- What we are told ---- */

static bool
all_quiet(void)
{
	for (unsigned i = 0; i < n_sessions; i++) {
		if (!sessions[i].in_use)
			return false;
		for (unsigned k = 0; k < DEPTH; k++) {
			if (sessions[i].cmds[k].used)
				return false;
		}
	}
	return true;
}

static void
answer(void)
{
	int64_t gap_ms = 0, idle_ms = 0, idle;
	unsigned away = 0;

	for (unsigned i = 0; i < n_luns; i++) {
		idle = mode == GO ? now_ms() - luns[i].answered_ms : 0;
		idle_ms = idle > idle_ms ? idle : idle_ms;
		gap_ms = luns[i].gap_ms > gap_ms ? luns[i].gap_ms : gap_ms;
	}
	for (unsigned i = 0; i < n_sessions; i++)
		away += !sessions[i].in_use || sessions[i].portal != sessions[i].home;
	printf("%s answered=%lu checked=%lu torn=%lu mixed=%lu cuts=%lu refused=%lu busy=%lu "
	       "failed=%lu "
	       "wrong=%lu gap_ms=%jd idle_ms=%jd away=%u ghosts=%u haunted=%lu ghost_answers=%lu\n",
	       wrong == 0 ? "ok" : "error", answered, checked, torn, mixed, cuts, refused, busy,
	       failed, wrong, (intmax_t)gap_ms, (intmax_t)idle_ms, away, n_ghosts, haunted,
	       ghost_answers);
	fflush(stdout);
}

static void
portals_set(const char *words)
{
	char address[64];
	unsigned port;
	int used;

	for (n_portals = 0; n_portals < PORTALS_MAX &&
			    sscanf(words, " %63[0-9.]:%u%n", address, &port, &used) == 2;
	     words += used) {
		struct sockaddr_in *to = &portals[n_portals++];

		to->sin_family = AF_INET;
		to->sin_port = htons((uint16_t)port);
		inet_pton(AF_INET, address, &to->sin_addr);
	}
	for (unsigned i = 0; i < n_sessions; i++) {
		sessions[i].home = n_portals > 0 ? i / n_targets % n_portals : 0;
		sessions[i].tries = 0;
		if (mode == IDLE && sessions[i].fd >= 0)
			session_lost(&sessions[i]);
	}
}

/* One line; false when there is no more. */
static bool
told(void)
{
	char line[128], allowed[101];
	unsigned number;

	if (fgets(line, sizeof(line), stdin) == NULL)
		return false;
	if (strncmp(line, "portal ", 7) == 0) {
		portals_set(line + 7);
	} else if (sscanf(line, "ghosts %u", &number) == 1) {
		ghosts_make(number);
	} else if (strcmp(line, "cuts\n") == 0) {
		steady = !steady;
	} else if (strcmp(line, "killed\n") == 0) {
		blocks_killed();
	} else if (strcmp(line, "haunt\n") == 0) {
		ghosts_haunt();
	} else if (sscanf(line, "errors %100[0-9a-f/,]", allowed) == 1) {
		snprintf(errors_allowed, sizeof(errors_allowed), ",%s,", allowed);
	} else if (strcmp(line, "errors\n") == 0) {
		errors_allowed[0] = '\0';
	} else if (strcmp(line, "go\n") == 0) {
		for (unsigned i = 0; mode != GO && i < n_luns; i++) {
			luns[i].answered_ms = now_ms();
			luns[i].gap_ms = 0;
		}
		mode = GO;
	} else if (strcmp(line, "stop\n") == 0 || strcmp(line, "check\n") == 0 ||
		   strcmp(line, "fill\n") == 0) {
		mode = line[0] == 's' ? STOP : line[0] == 'c' ? CHECK : FILL;
		for (unsigned i = 0; i < n_sessions; i++)
			sessions[i].cursor = 0;
		return true; /* is answered when it is done */
	}
	answer();
	return true;
}

static bool
round_trip(void)
{
	struct pollfd fds[2 * SESSIONS_MAX + 1] = { { .fd = STDIN_FILENO, .events = POLLIN } };
	bool waiting = true;
	unsigned ghosts;

	for (unsigned i = 0; i < n_sessions; i++) {
		struct session *s = &sessions[i];

		if (s->fd < 0 && n_portals > 0)
			session_connect(s);
		session_fill(s);
		waiting = waiting && s->fd >= 0;
		fds[i + 1] = (struct pollfd){ s->fd, POLLIN | (s->out_len > 0 ? POLLOUT : 0), 0 };
	}
	if (mode != IDLE && mode != GO && all_quiet()) {
		mode = IDLE;
		answer();
	}
	ghosts = ghosts_poll(fds + n_sessions + 1);
	poll(fds, n_sessions + 1 + ghosts, waiting ? -1 : 5);
	ghosts_work(fds + n_sessions + 1, ghosts);
	for (unsigned i = 0; i < n_sessions; i++) {
		if (sessions[i].fd >= 0 && fds[i + 1].revents & ~POLLOUT)
			session_receive(&sessions[i]);
		if (sessions[i].fd >= 0 && sessions[i].out_len > 0)
			session_flush(&sessions[i]);
	}
	return fds[0].revents == 0 || told();
}

static void
luns_init(char **argv, unsigned n)
{
	for (n_luns = 0; n_luns < n && n_luns < LUNS_MAX; n_luns++) {
		struct lun *lun = &luns[n_luns];

		if (sscanf(argv[n_luns], "%u:%u:%u:%u", &lun->number, &lun->block_bytes,
			   &lun->blocks, &lun->thin) != 4)
			exit(2);
		lun->blocks -= COUNTERS;
		lun->map = calloc(lun->blocks, sizeof(*lun->map));
	}
}

static void
sessions_init(char *targets)
{
	const char *names[TARGETS_MAX] = { NULL };
	char *rest = NULL;

	for (char *word = strtok_r(targets, ",", &rest); word != NULL && n_targets < TARGETS_MAX;
	     word = strtok_r(NULL, ",", &rest))
		names[n_targets++] = word;
	sessions = calloc(n_sessions, sizeof(*sessions));
	for (unsigned i = 0; i < n_sessions; i++) {
		struct session *s = &sessions[i];

		s->id = (int)i;
		s->fd = -1;
		s->target = names[i % n_targets];
		s->in = malloc(IN_BYTES);
		for (unsigned k = 0; k < DEPTH; k++)
			s->cmds[k].data = malloc(IO_BYTES);
	}
}

int
main(int argc, char **argv)
{
	if (argc < 5)
		return 2;
	seed = strtoull(argv[1], NULL, 10);
	random_init();
	n_sessions = (unsigned)strtoul(argv[2], NULL, 10);
	if (n_sessions > SESSIONS_MAX)
		return 2;
	sessions_init(argv[3]);
	luns_init(argv + 4, (unsigned)argc - 4);
	setvbuf(stdin, NULL, _IONBF, 0);
	while (round_trip())
		;
	return 0;
}
