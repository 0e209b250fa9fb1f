/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Declarations that the parts of the program `integrity` share. integrity_model.c knows what a
 * block may hold, integrity_wire.c is the iSCSI wire, and integrity.c chooses the commands and
 * judges their answers.
 */
#ifndef VDS_TESTS_INTEGRITY_INT_H
#define VDS_TESTS_INTEGRITY_INT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define LUNS_MAX     8
#define TARGETS_MAX  8
#define SESSIONS_MAX 16
#define PORTALS_MAX  4
#define DEPTH        8
#define IO_BYTES     (512u << 10)
#define IO_BLOCKS    (IO_BYTES / 512)
#define CHECK_BYTES  (64u << 10)
#define IN_BYTES     (1u << 20)
#define OUT_BYTES    (1u << 20) /* no new command while more than that waits to be sent */
#define COUNTERS     4          /* the last blocks of each LUN: COMPARE AND WRITE */
#define COUNTS_MAX   65536
#define ANY_LBA      UINT64_MAX /* in a block of WRITE SAME */
#define BUSY_THEN    UINT32_MAX

enum kind {
	READ,
	WRITE,
	WRITE_FUA,
	WRITE_VERIFY,
	SAME,
	ZERO,
	ZERO_NO_DATA,
	UNMAP,
	COUNT,
	COUNT_READ,
	SYNC
};
enum mode { IDLE, GO, STOP, CHECK, FILL };
enum { WON = 1, DOUBTED = 2 };

struct block {
	uint32_t acked, issued, zeroed; /* generations; zeroed: the last that was to leave zeros */
	uint32_t killed; /* the generation in doubt when what served it was killed; or 0 */
	bool busy;
};

struct counter {
	uint32_t known, tried, won; /* a value seen; the greatest tried, and won */
	bool unsure;                /* somebody else was faster: read it again */
	uint8_t fate[COUNTS_MAX];   /* of each value: WON, DOUBTED */
};

struct lun {
	unsigned number, block_bytes, blocks, thin; /* blocks: without the counters */
	int64_t answered_ms,
		gap_ms; /* the last answer with success; the longest time between two */
	struct block *map;
	struct counter counters[COUNTERS];
};

struct cmd {
	bool used;
	enum kind kind;
	struct lun *lun;
	uint32_t itt, lba, count, generation, len, got;
	uint32_t low[IO_BLOCKS], high[IO_BLOCKS]; /* acked and issued when the read was sent */
	uint8_t *data;
};

struct session {
	int id, fd;  /* -1: to be connected */
	bool in_use; /* logged in: commands, digests */
	bool header_digest, data_digest, initial_r2t, immediate;
	bool is_ghost;
	const char *target;
	unsigned home, portal, tries; /* of portals: where it belongs, where it is; failed logins */
	uint32_t cmd_sn, max_cmd_sn, stat_sn, tag, segment, first_burst, cursor;
	uint8_t *in, *out;
	size_t in_len, out_len, out_sent, out_size;
	struct cmd cmds[DEPTH];
};

extern struct lun luns[LUNS_MAX];
extern struct session *sessions;
extern struct sockaddr_in portals[PORTALS_MAX];
extern unsigned n_luns, n_sessions, n_targets, n_portals;
extern enum mode mode;
extern bool steady; /* no session is cut */
extern uint64_t seed;
extern unsigned long answered, checked, torn, mixed, cuts, wrong;

/* ---- integrity_model.c ---- */

/* The random numbers: all from the one seed.  random_init also makes the table of crc32c. */
void random_init(void);
uint32_t dice(uint32_t sides);
uint32_t crc32c(const uint8_t *p, size_t n);
void put32(uint8_t *p, uint32_t v);
uint32_t get32(const uint8_t *p);

/* Something that must not be: said on standard error and counted. */
__attribute__((format(printf, 2, 3))) void bad(const struct session *s, const char *format, ...);

void block_fill(uint8_t *p, const struct lun *lun, uint64_t lba, uint32_t gen);
/* Before a read is sent, and when all its data is there: each block against what it may hold. */
void read_begin(struct cmd *c);
void read_check(const struct session *s, const struct cmd *c);
/*
 * A write begins, unless one of its blocks is being written (false); cmd_end: what is not
 * acknowledged is in doubt.
 */
bool write_begin(struct cmd *c, uint32_t gen);
void cmd_end(struct cmd *c, bool acknowledged);
/* What was served was killed: what is in doubt now may have been written in part. */
void blocks_killed(void);

/* ---- integrity_wire.c ---- */

/* One PDU to what waits; lengths and ExpStatSN are put in here. */
void pdu_send(struct session *s, uint8_t header[48], const void *data, uint32_t len);
/* A part of a command's data in Data-Out PDUs of any length that the target takes. */
void data_send(struct session *s, const struct cmd *c, uint32_t ttt, uint32_t offset, uint32_t len);
void session_connect(struct session *s);
/* As a cable that is pulled: whatever has been sent so far, now and then with a reset. */
void session_cut(struct session *s);
void session_receive(struct session *s);
void session_flush(struct session *s); /* a part or all of what waits */

/* Drops the connection, as if it were lost. */
void session_lost(struct session *s);

/* ---- integrity_ghost.c ---- */

/*
 * Connections that sessions have left behind: how many are open, what they have sent since, and the
 * answers to what they had sent before.
 */
extern unsigned n_ghosts;
extern unsigned long haunted, ghost_answers;
struct pollfd;
unsigned ghosts_poll(struct pollfd *fds);
void ghosts_work(const struct pollfd *fds, unsigned count);
void ghosts_make(unsigned portal);
void ghosts_haunt(void);
/* An answer; false when the PDU is one for the session's ordinary code. */
bool ghost_pdu(struct session *s, const uint8_t *h);

/* ---- integrity.c ---- */

int64_t now_ms(void);

bool is_write(enum kind kind);
bool is_read(enum kind kind);
bool leaves_zeros(enum kind kind);
void on_status(struct session *s, struct cmd *c, uint8_t status, const uint8_t *sense,
	       uint32_t len);

#endif
