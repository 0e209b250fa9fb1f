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

/* Starts a fake array that serves the sample state and no live rows. */
struct fake *fake_start(void);
void fake_stop(struct fake *fake);
const char *fake_url(const struct fake *fake);
/*
 * Returns the times that the tests use: the replica is stale after a second, and everything else
 * takes milliseconds.
 */
struct client_tuning fake_tuning(void);

/* ---- changes that the fake array makes ---- */

/*
 * Makes a change: fake_edit begins an edit, and fake_commit consumes it, sends the change to all
 * streams and returns its sequence.
 */
struct state_edit *fake_edit(struct fake *fake);
uint64_t fake_commit(struct fake *fake, struct state_edit *edit);
/* Adds LUN number n; returns the sequence. */
uint64_t fake_add_lun(struct fake *fake, unsigned n);
/* Puts a live row, and sends it to all streams. */
void fake_live(struct fake *fake, void *row);
struct position fake_position(struct fake *fake);

/* ---- faults ---- */

enum fake_fault {
	FAKE_NONE,
	FAKE_SKIP,   /* the next change is not sent */
	FAKE_DIGEST, /* the next change is sent with another digest */
	FAKE_ROW,    /* the next change is sent without its last row, with the right digest */
	/*
	 * the next change is sent as text that is not JSON; a client that asks again receives it
	 * correctly
	 */
	FAKE_GARBAGE,
	FAKE_NONSENSE, /* the next change is sent as JSON that is no change */
};

void fake_fault(struct fake *fake, enum fake_fault fault);
/* Ends all streams. */
void fake_cut(struct fake *fake);
/* down true: closes all connections, and every new one. false: serves the same array again. */
void fake_down(struct fake *fake, bool down);
/* mute true: streams stay open but nothing is sent on them; calls are still answered. */
void fake_mute(struct fake *fake, bool mute);
/* Continues with the same rows in a new incarnation; ends all streams. */
void fake_restore(struct fake *fake);
/*
 * Goes back by so many changes without a new incarnation, as a careless restore would; ends all
 * streams.
 */
void fake_rewind(struct fake *fake);
/* Carries out the next n calls, but closes their connection instead of answering. */
void fake_break_calls(struct fake *fake, unsigned n);
/* hold true: calls are not answered until hold is set to false. */
void fake_hold_calls(struct fake *fake, bool hold);
/*
 * Serves a recording from now on: the text of a snapshot, and of the event stream that follows it.
 * The last heartbeat of the recording says which position its array has in the end.
 */
void fake_replay(struct fake *fake, const char *snapshot_path, const char *events_path);
/* Sets the version of the format that snapshot and hello name from now on; ends all streams. */
void fake_format(struct fake *fake, unsigned major, unsigned minor);
/*
 * Replaces the array by one of the next minor version, whose rows all have one more member.  Its
 * position is the same except for the digest.  Ends all streams.
 */
void fake_upgrade(struct fake *fake);
/* Answers the next call with this status and body instead. */
void fake_answer(struct fake *fake, int status, const char *body);
/* Forgets all events but the newest: a stream that would resume before them is answered 410. */
void fake_forget(struct fake *fake);

/* ---- what the fake array has received ---- */

struct fake_seen {
	char method[16], path[512], body[1024], id[64];
	unsigned calls; /* calls received in all */
	/* POST, PUT, PATCH and DELETE that were carried out, counted once for each request id */
	unsigned changes;
	char change_id[64];   /* the request id of the last of them */
	unsigned streams;     /* streams opened so far */
	unsigned connections; /* connections accepted so far */
};

void fake_seen(struct fake *fake, struct fake_seen *ret_seen);
/* Waits until so many streams have been opened. */
void fake_await_streams(struct fake *fake, unsigned count);
/* Waits until so many calls have been received. */
void fake_await_calls(struct fake *fake, unsigned count);

#endif
