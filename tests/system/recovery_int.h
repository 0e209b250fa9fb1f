/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Declarations that the parts of the program `recovery` share: recovery_session.c is an initiator
 * with every ErrorRecoveryLevel and up to four connections, recovery_initiator.c what it sends and
 * makes of the answers, recovery_wire.c is a connection of it, recovery_move.c brings tasks from
 * lost connections to others (level 2), recovery_proxy.c is what lies between it and vdsd and harms
 * PDUs, and recovery.c chooses the cases and counts what happened.
 */
#ifndef VDS_TESTS_RECOVERY_INT_H
#define VDS_TESTS_RECOVERY_INT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/mem.h"

#define CONNS_MAX   4u
#define SEGMENT     1024u /* MaxRecvDataSegmentLength of the initiator, and what it sends; × scale */
#define FIRST_BURST 2048u /* × scale */
#define SCALE_MAX   16u
#define DATA_MAX    (8192u * SCALE_MAX)
#define NO_TAG      UINT32_MAX
#define STATUSES    64u
#define DATA_INS    64u
#define STEPS       8u
#define IDLE_MS     25
#define LOST_MS     250   /* of silence, when something was harmed */
#define GIVE_UP_MS  20000 /* when nothing was, or with level 1 */
#define LOGINS_MAX  80u   /* for one connection */
#define IN_BYTES    (256u * 1024)
#define PDUS_MAX    160u /* of a connection in one direction */

enum fault {
	NONE,
	DROP,
	DELAY,    /* it and what is behind it */
	TWICE,    /* it comes two times */
	SWAP,     /* it comes behind the next one */
	BAD_DATA, /* a bit of the data segment is wrong */
	BAD_HEAD, /* a bit of the header is wrong */
	CUT,      /* the connection ends before it */
	CUT_IN,   /* the connection ends in the midst of it */
	FAULTS,
};
enum direction { TO_TARGET, TO_INITIATOR, DIRECTIONS };

/* What happened in all sessions of a worker. */
struct counts {
	/* logins: those of new sessions; joins: those of further and of replaced connections */
	unsigned cases, hits, logins, joins, data_snacks, status_snacks, r2t_snacks, data_acks,
		retries, rejects, repeated_r2ts, failed_commands, removals, moves;
};

/* Memory that a worker and its proxy share; the proxy uses it while a connection is open. */
struct shared {
	in_port_t port; /* of the proxy, in network byte order */
	/* the case: the worker sets this before it connects */
	bool header_digest, data_digest;
	enum fault fault;
	enum direction direction;
	unsigned cid; /* of the connection */
	unsigned
		index; /* which PDU of that direction, of all that come in this case with the CID */
	unsigned
		one_in; /* in a case with many faults: every n-th PDU or so has one; 0 = not such */
	uint32_t random;
	/* what the proxy saw in this case */
	unsigned seen[CONNS_MAX][DIRECTIONS];
	bool has_data[CONNS_MAX][DIRECTIONS][PDUS_MAX];
	bool hit;       /* the fault was made */
	bool hit_login; /* in the login, where no level is agreed on yet */
	uint8_t opcode; /* of the PDU that was hit */
	struct counts counts;
};

/* What the program was called for. */
extern struct sockaddr_in portal;
extern const char *target_name;
extern unsigned level, connections, scale;

/*
 * Returns the length of the PDU at the beginning of these bytes with its digests, or 0 when it is
 * not complete.
 */
size_t pdu_length(const uint8_t *bytes, size_t len, bool header_digest, bool data_digest);
uint32_t next_random(uint32_t *state);
uint64_t now_ms(void);
/* Writes all of it; returns false when the connection is lost. */
bool write_all(int fd, const uint8_t *bytes, size_t len);

/* Carries connections to the portal until it is killed.  listener: its socket. */
void proxy_run(struct shared *shared, int listener) __attribute__((noreturn));

enum kind { READ, WRITE, PING };

/* A command of a session. */
struct step {
	enum kind kind;
	unsigned part;
	uint32_t offset, len;
	uint32_t immediate; /* bytes of immediate data */
	bool old;           /* of what the session before wrote */
	bool unsolicited;
};

extern const struct step steps[STEPS];

struct conn;

struct cmd {
	const struct step *step;
	bool sent, responded, done;
	struct conn *conn; /* that it was sent through last */
	uint32_t itt, cmd_sn;
	uint32_t next_sn, exp_data_sn, r2t_next;
	uint32_t known_sn;        /* Data-In PDUs before this DataSN were sent to us */
	uint32_t ack_tag, ack_sn; /* a DataACK is owed when we have all before ack_sn; 0 = none */
	uint8_t status, key;
	bool have[DATA_INS];
	bool is_lost;      /* with its connection: it is to be moved when that is removed */
	unsigned requests; /* to move it, since it was lost, that are not answered */
	uint8_t data[DATA_MAX];
};

/* A connection of a session. */
struct conn {
	struct session *session;
	unsigned cid;
	int fd;      /* -1: none */
	bool in_use; /* it is logged in */
	bool broken;
	uint32_t exp_stat_sn, stat_max;
	/* of the responses from exp_stat_sn on: those that came, and whose they are */
	bool seen[STATUSES];
	struct cmd *seen_cmd[STATUSES];
	/* it was lost (level 2), and this one is asked to remove it; NULL: it is to be replaced */
	struct conn *remover;
	unsigned requests; /* to remove it */
	uint8_t in[IN_BYTES];
	size_t in_len;
};

struct session {
	struct shared *shared;
	unsigned worker;
	bool failed, over;
	uint16_t tsih; /* 0: there is no session */
	uint32_t cmd_sn, itt;
	struct cmd cmds[STEPS];
	unsigned logins, joins;
	unsigned losses;   /* of connections */
	unsigned progress; /* how often something new came */
	struct conn conns[CONNS_MAX];
};

/* ---- recovery_wire.c: a connection ---- */

/* Says on standard error what is wrong, and in which case. */
void fail(struct session *s, const char *what, uint32_t value);
/* Sends a PDU; lengths, ExpStatSN and digests are put in here. */
void pdu_send(struct conn *conn, uint8_t h[48], const void *data, uint32_t len);
/* Takes what is there.  Returns false when the connection is lost. */
bool receive(struct conn *conn);
/* Handles the PDUs that are complete (on_pdu). */
void take_pdus(struct conn *conn);
/*
 * What is slow is not lost: a slow machine is to make no difference in what is counted.  So the
 * patience ends early only where the proxy has harmed something.
 */
int patience_ms(const struct session *s);
/*
 * Connects to the proxy and logs in: the first connection of a session, or one that joins the
 * session or replaces that with its CID; then *ret_exp_cmd_sn is the CmdSN that the target expects.
 * Returns false when that came to nothing.
 */
bool open_connection(struct conn *conn, uint32_t *ret_exp_cmd_sn);
/* Tries that for a session that there is, until it has come to something or the session is lost. */
bool join_session(struct conn *conn, uint32_t *ret_exp_cmd_sn);
void close_connection(struct conn *conn);

/* ---- recovery_initiator.c ---- */

/* Handles a PDU whose header is right; good: so is its data. */
void on_pdu(struct conn *conn, const uint8_t *h, const uint8_t *data, uint32_t len, bool good);
/* Sends a command with the number that it has, again or for the first time. */
void command_put(struct conn *conn, struct cmd *c);
/* Sends an immediate request, a NOP-Out, whose answer says what the target has received. */
void probe(struct conn *conn);
/*
 * Returns true when a response with this StatSN is new, and notes it; c: whose it is, or NULL.
 * False:  it is to be ignored.
 */
bool take_number(struct conn *conn, uint32_t sn, struct cmd *c);
/* Sends a command as a new one. */
void command_send(struct conn *conn, struct cmd *c);
/* Requests once more whatever may be missing of the commands of this connection (level 1 and 2). */
void ask_for_everything(struct conn *conn);
/* A session writes other data than the one before, and remembers it for the next. */
void begin_generation(void);
void end_generation(void);

/* ---- recovery_session.c ---- */

/*
 * Runs one session through the proxy: reads what the session before wrote, writes other data, reads
 * it, and logs out; it comes back with new connections until all is done.  Returns the number of
 * sessions that took; or 0, when data was wrong or there came no end, with words on standard error.
 */
unsigned session_run(struct shared *shared, unsigned worker);

/* ---- recovery_move.c: what ErrorRecoveryLevel 2 adds ---- */

/* Begins to recover from the loss of a connection.  Returns false when the session is lost. */
bool connection_lost(struct conn *conn);
/* Handles the answer to a logout for recovery, and to a request to reassign a task. */
void on_removed(struct conn *conn, const uint8_t *h);
void on_moved(struct conn *conn, const uint8_t *h);
/* Requests once more what this connection was asked for by this file: nothing came for a while. */
void request_again(struct conn *conn);

#endif
