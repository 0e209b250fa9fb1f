/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A fake array in the process of the test. It speaks just enough HTTP over a unix socket for a
 * client, and a test can make it commit every fault that an event stream can have. It has states
 * and changes of its own and carries out each request id once.
 */
#ifndef VDS_TESTS_FAKE_H
#define VDS_TESTS_FAKE_H

#include "client/client_int.h"
#include "sample.h"

struct fake;

/* Serving; the sample state, no live rows. */
struct fake *fake_start(void);
void fake_stop(struct fake *fake);
const char *fake_url(const struct fake *fake);
/* The times that the tests use: stale after a second, everything else in milliseconds. */
struct client_tuning fake_tuning(void);

/* ---- the array's own doings ---- */

/* A change: consumes the edit of fake_edit, sends it to the streams, gives the sequence. */
struct state_edit *fake_edit(struct fake *fake);
uint64_t fake_commit(struct fake *fake, struct state_edit *edit);
/* One LUN more, numbered n. */
uint64_t fake_add_lun(struct fake *fake, unsigned n);
/* One live row more or other. */
void fake_live(struct fake *fake, void *row);
struct position fake_position(struct fake *fake);

/* ---- faults ---- */

enum fake_fault {
	FAKE_NONE,
	FAKE_SKIP,   /* the next change is not sent */
	FAKE_DIGEST, /* the next change is sent with another digest */
	FAKE_ROW,    /* the next change is sent without its last row, with the right digest */
	/* the next change is sent as text that is not JSON; whoever asks again gets it whole */
	FAKE_GARBAGE,
	FAKE_NONSENSE, /* the next change is sent as JSON that is no change */
};

void fake_fault(struct fake *fake, enum fake_fault fault);
/* Ends all streams. */
void fake_cut(struct fake *fake);
/* Down: connections are closed as they come, and all that there are.  Up again: the same array. */
void fake_down(struct fake *fake, bool down);
/* Streams stay open but say nothing; calls are still answered. */
void fake_mute(struct fake *fake, bool mute);
/* The same rows in a new incarnation; streams are cut. */
void fake_restore(struct fake *fake);
/*
 * Back by that many changes without a new incarnation, as a careless restore would; streams are
 * cut.
 */
void fake_rewind(struct fake *fake);
/* The next n calls are done, and their connection closed instead of an answer. */
void fake_break_calls(struct fake *fake, unsigned n);
/* Calls wait before they are answered until it is lifted. */
void fake_hold_calls(struct fake *fake, bool hold);
/*
 * Serves a recording from now on: the text of a snapshot, and of the event stream that follows it.
 * The recording's last heartbeat says where its array stands in the end.
 */
void fake_replay(struct fake *fake, const char *snapshot_path, const char *events_path);
/* The version of the format that hello and snapshot name from now on; streams are cut. */
void fake_format(struct fake *fake, unsigned major, unsigned minor);
/*
 * The array is replaced by one of the next minor version, whose rows all have one more member: the
 * same position but for the digest; streams are cut.
 */
void fake_upgrade(struct fake *fake);
/* What the next call is answered instead: status and body. */
void fake_answer(struct fake *fake, int status, const char *body);
/* Events older than the newest are forgotten: a resume from before is 410. */
void fake_forget(struct fake *fake);

/* ---- what was seen ---- */

struct fake_seen {
	char method[16], path[512], body[1024], id[64];
	unsigned calls;   /* that came, all in all */
	unsigned changes; /* POST, PUT, PATCH, DELETE that were done, once for each request id */
	unsigned streams; /* opened so far */
	unsigned connections; /* accepted so far */
};

void fake_seen(struct fake *fake, struct fake_seen *ret_seen);
/* Until that many streams have been opened. */
void fake_await_streams(struct fake *fake, unsigned count);
/* Until that many calls have come. */
void fake_await_calls(struct fake *fake, unsigned count);

#endif
