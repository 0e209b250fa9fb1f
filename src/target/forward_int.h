/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A part of target_int.h, which says what threads and locks there are: commands of LUNs that
 * another gateway owns (docs/design/gateways.md).  Where an array has no gateways, nothing here is
 * reached.
 */
#ifndef VDS_TARGET_FORWARD_INT_H
#define VDS_TARGET_FORWARD_INT_H

#include "base/digest.h"
#include "iscsi/initiator.h"
#include "model/credential.h"
#include "target/task_int.h"

struct target_conn;
struct target_delta;
struct target_path;
struct target_session;
struct target_thread;

/* ---- forward.c: the commands ---- */

/* How long a command waits for an owner that carries it out; then it is answered BUSY. */
#define TARGET_FORWARD_WAIT_MS   15000u
/*
 * How long the end of a session waits for what an owner, that is not reached, may still do for it:
 * a take-over takes less, and initiators wait longer for a login.
 */
#define TARGET_FORWARD_END_MS    10000u
/* Data of a forwarded command in each direction: the longest transfer of a unit. */
#define TARGET_FORWARD_BYTES_MAX SCSI_MAX_TRANSFER_BYTES

enum target_whose {
	TARGET_OWN,    /* this gateway carries out the LUN's commands; always without gateways */
	TARGET_OTHERS, /* another gateway does */
	TARGET_NOBODYS,
};

enum target_forward_state {
	FORWARD_COLLECTS, /* its data-out is being received, or it waits for buffers */
	FORWARD_READY,    /* in path->forwards, and maybe in thread->parked: it may be sent */
	FORWARD_SENT,     /* the owner has it: its request is with link->ini */
	/*
	 * it is to be given up (`verdict`), but what the old owner may still do for it must be over
	 * first: in thread->parked
	 */
	FORWARD_SETTLES,
};

/* How a command ends that is given up. */
enum target_verdict {
	VERDICT_NONE,
	VERDICT_ABORTED_COMMAND,
	VERDICT_BUSY,
	VERDICT_NO_UNIT,
	VERDICT_DROP,
};

/* What a task has while another gateway carries it out. */
struct target_forward {
	struct iscsi_request request;
	struct iscsi_request_tmf abort;
	bool aborting;        /* `abort` is with link->ini */
	uint64_t reset_round; /* for which of the thread's resets it is aborted; 0 = for none */
	/* it was sent over a connection that broke, and is not sent again: the owner may have it */
	bool unsettled;
	struct target_task *task;
	struct target_link *link; /* set while the request is with its engine */
	struct guid owner_id;     /* who had the request last */
	enum target_forward_state state;
	enum target_verdict verdict;
	uint64_t arrival;       /* a number of the thread: the order of its commands */
	uint64_t since_ns;      /* since when it waits for an owner, or settles; 0 = it does not */
	struct list order_node; /* links it into path->forwards until it is sent */
	struct list node;       /* links it into thread->parked, or thread->spare_forwards */
};

/* Takes a command of a path that has no unit because the LUN is not, or not yet, this gateway's. */
void target_forward_command(struct target_task *t);
/*
 * Takes a task that had come to this gateway's own unit and has not started.  collects: its
 * data-out is still being received.
 */
void target_forward_enter(struct target_task *t, bool collects);
/* Goes on with a forwarded task: its data-out is here, its turn has come, or buffers came back. */
void target_forward_start(struct target_task *t);
/* Forgets what a task has here, which is not with an owner. */
void target_forward_release(struct target_task *t);
/* The request of a task has come back from its owner: the function done of the engine. */
void target_forward_done(void *user, struct iscsi_request *request);
/* Looks each 100 ms, from now on, as long as something waits for an owner. */
void target_forward_watch(struct target_thread *thread);
/* Looks again at all that waits for an owner on the thread. */
void target_forward_retry(struct target_thread *thread);
/* Has a task wait for an owner, in the order of arrival, so that tasks go on in that order. */
void target_forward_park(struct target_forward *fwd);
/* Has a command that was sent wait for an owner again. */
void target_forward_send_again(struct target_forward *fwd);
/* A task ends without having been sent: what waited for its turn behind it goes on by itself. */
void target_forward_forgo_turn(struct target_forward *fwd);
/* Returns whether the task has waited for an owner, or settled, for so long. */
bool target_forward_has_waited(const struct target_forward *fwd, uint64_t ms);
/* Frees what the thread keeps for tasks to come. */
void target_forward_fini(struct target_thread *thread);

/* ---- forward_end.c: commands that are given up ---- */

/* The task is aborted.  It is dropped when the owner has ended it. */
void target_forward_abort(struct target_task *t);
/* The function tmf_done of the engine. */
void target_forward_tmf_done(void *user, struct iscsi_request_tmf *tmf);
/* Ends the tasks of a path that has gone which no owner has. */
void target_forward_end_unstarted(struct target_path *path);
/* The task is over, whatever it is answered: nobody else works on it. */
void target_forward_conclude(struct target_task *t);
/*
 * Gives up a task that no owner has, or that one may have still: then it is answered when that is
 * over.
 */
void target_forward_give_up(struct target_forward *fwd, enum target_verdict verdict);
/* The connection broke under a task: it is sent again, or given up. */
void target_forward_lost(struct target_forward *fwd);
/* Ends a task that SETTLES if what the owner may still do for it is over. */
void target_forward_settle(struct target_forward *fwd);

/* ---- forward_owner.c: who owns a LUN ---- */

/* Returns whose the LUN is in the thread's view; *ret_owner: the controller of TARGET_OTHERS. */
enum target_whose target_forward_whose(const struct target_thread *thread,
				       const struct guid *lun_id,
				       const struct row_controller **ret_owner);
/* Gives the paths of LUNs that have another owner now their new way.  The thread, with its view. */
void target_forward_sync(struct target_thread *thread, const struct target_delta *delta);

/* ---- task.c: what forwarded tasks share with others ---- */

enum target_buffers { TARGET_BUFFERS_TAKEN, TARGET_BUFFERS_LATER, TARGET_BUFFERS_REFUSED };
/*
 * Takes buffers for in_bytes of data-in.  LATER: the task is in a list until it is started again;
 * REFUSED: there are none for it.
 */
enum target_buffers target_task_take_in_buffers(struct target_task *t, uint32_t in_bytes);
/* Takes buffers for out_bytes of data-out; returns the number of pieces, or a negative code. */
int target_task_take_out_buffers(struct target_task *t, uint32_t out_bytes);
/* Answers a task, which leaves its path, with a SCSI status without sense. */
void target_task_answer(struct target_task *t, uint8_t status);
/* Answers with CHECK CONDITION. */
void target_task_answer_sense(struct target_task *t, uint8_t key, uint8_t asc, uint8_t ascq);
/* Ends a task whose path has gone. */
void target_task_answer_no_unit(struct target_task *t);
/* Has the task leave its path, which may be freed by this. */
void target_task_leave(struct target_task *t);
/*
 * Forgets what src/scsi has made of a task that has not started, and begins it anew.  itl may be
 * NULL.
 */
void target_task_init_anew(struct target_task *t, struct scsi_itl *itl);
/* Carries out a task here that was to be forwarded, whose path has its unit now. */
void target_task_run_here(struct target_task *t);

/* ---- forward_tmf.c: task management ---- */

/*
 * Has the owners of those of the paths that are not this gateway's carry out a function on them,
 * and calls done with the answer of the last that has not simply carried it out, or
 * ISCSI_TMF_COMPLETE.  Returns false, and calls nothing, when none of the paths is another's.
 */
bool target_forward_tmf(struct target_conn *conn, struct iscsi_tmf *tmf,
			struct target_path *const *paths, size_t count, uint8_t function,
			void (*done)(struct target_conn *conn, struct iscsi_tmf *tmf,
				     unsigned response));
/*
 * Has every gateway that the session has a link to end the nexus there, and calls done when they
 * have answered; the links stay.  Returns false, and calls nothing, when there are none.
 */
bool target_forward_reset_nexus(struct target_conn *conn, struct iscsi_tmf *tmf,
				void (*done)(struct target_conn *conn, struct iscsi_tmf *tmf,
					     unsigned response));
/* A function that was sent to an owner was answered. */
void target_forward_tmf_answered(struct iscsi_request_tmf *tmf);
/* Looks again at the functions that wait for an owner. */
void target_forward_tmf_retry(struct target_thread *thread);

/*
 * Returns whether the session has asked another gateway for a reset of the LUN, and has no answer
 * yet.
 */
bool target_forward_resets(const struct target_session *session, const struct guid *lun_id);

/* ---- announce.c: resets, as other gateways hear of them ---- */

/* The caller sets thread, done and arg. */
struct target_announcement {
	struct target_thread *thread; /* of the session that asks */
	/* Called on that thread; result is 0, or why the others were not told. */
	void (*done)(void *arg, int result);
	void *arg;
	atomic_uint left; /* LUNs of which the others do not know yet */
	atomic_int result;
	struct loop_msg msg;
};

/*
 * Has all other gateways abort what they have of commands of these LUNs, which this one owns, and
 * calls done then: on one machine at once, from inside this call.  The thread.
 */
void target_announce(struct target_announcement *a, const struct guid *luns, size_t count);
/* The function lun_reset of struct array_runtime_ops. */
void target_announce_take(void *runtime, const struct guid *lun_id);
/* ABORT TASK is sent to the owner of a task, and is answered, or its connection has ended. */
void target_announce_asked(struct target_thread *thread, struct target_forward *fwd);
void target_announce_answered(struct target_thread *thread, struct target_forward *fwd);

/* ---- link.c: a connection to another gateway ---- */

/* The connection of a session to the owner of some of its LUNs.  On the session's thread. */
struct target_link {
	struct target_session *session;
	struct list node; /* links it into session->links */
	struct guid controller_id;
	struct target_owner *owner; /* its counters */
	struct iscsi_initiator *ini;
	int fd;
	struct loop_fd lfd;
	bool in_loop, connected, blocked;
	bool broken;       /* it is to be ended */
	bool watched;      /* `timer` is set: it is not ready, or has requests */
	struct list dirty; /* links it into thread->dirty_links: to be sent, or ended */
	struct loop_timer timer;
	uint64_t began_ns, heard_ns, pinged_ns;
};

/*
 * Returns the session's link to a gateway, which is begun if need be; it may be used when
 * target_link_is_ready.  Returns NULL when there is none at the moment.
 */
struct target_link *target_link_get(struct target_session *session,
				    const struct row_controller *owner);
/* Returns the link that the session has to a gateway, or NULL. */
struct target_link *target_link_find(const struct target_session *session,
				     const struct guid *controller);
bool target_link_is_ready(const struct target_link *link);
/* Has the link send what its engine has, at the end of the round. */
void target_link_mark(struct target_link *link);
/* Sends what the engine of the link has, or ends the link when it is broken. */
void target_link_settle(struct target_link *link);
/* Settles all marked links of the thread; returns whether there were any. */
bool target_link_settle_all(struct target_thread *thread);
/* Ends the links of a session: every request of theirs comes back. */
void target_link_end_all(struct target_session *session, int reason);
/*
 * The session ends: so do its links without requests.  Where the owner still has some, its answers
 * to ABORT TASK are waited for, as long as they come: until then it may carry them out.
 */
void target_link_end_idle(struct target_session *session, int reason);
/* The thread has the lease again: its links send what waited for that. */
void target_link_unmute(struct target_thread *thread);
/* Ends the links of the thread's sessions to gateways that do not run any more. */
void target_link_sync(struct target_thread *thread);

/* ---- inside.c: the listener for other gateways ---- */

/* A login of another gateway, as its InitiatorAlias says. */
struct target_inside {
	struct guid controller_id; /* the gateway */
	uint16_t tag;              /* the portal group through which the initiator came */
	bool known;                /* the nexus was in use before */
	uint64_t instance;         /* target_inside_instance of what runs as the gateway */
};

#define TARGET_INSIDE_ALIAS_SIZE 96
/* Returns a hash of the instance that a row has; 0 = none runs as that gateway. */
uint64_t target_inside_instance(const struct row_controller *row);
void target_inside_format(const struct target_inside *inside, char text[TARGET_INSIDE_ALIAS_SIZE]);
/* Returns 0 or ERR_PARSE. */
int target_inside_parse(const char *text, struct target_inside *ret_inside);

/* The secrets with which a gateway proves itself to another one, and that one to it. */
struct target_inside_secrets {
	uint8_t initiator[DIGEST_MAX_BYTES], target[DIGEST_MAX_BYTES];
	size_t len;
};
/* CHAP_N of both. */
#define TARGET_INSIDE_NAME "vds-gateway"
/* Returns 0, ERR_NOT_FOUND (the array has no secret for its gateways) or -ENOMEM. */
int target_inside_secrets(const struct target_view *view, struct target_inside_secrets *ret);
/* Splits the address of a controller: "192.0.2.1:3261", "[::1]:3261".  Returns 0 or ERR_PARSE. */
int target_inside_address(const char *text, char host[ADDRESS_TEXT_SIZE], uint16_t *ret_port);
/* The steps of the login of a gateway. */
void target_inside_first(struct target_conn *conn, const struct iscsi_login *login,
			 struct iscsi_login_reply *reply);
/* Whether the gateway that logs in is one that runs, as the rows say. */
bool target_inside_lives(const struct target_view *view, const struct iscsi_login *login);
/* Finds the gateway that logs in; *ret_id is untouched when the login does not name one. */
void target_inside_gateway(const struct iscsi_login *login, struct guid *ret_id);
/* Notes in a new session which gateway it is of.  Returns 0, ERR_NOT_FOUND or -ENOMEM. */
int target_inside_note(struct target_session *session, const struct iscsi_login *login);
/*
 * Ends the thread's sessions of gateways that do not run any more, or run anew.  One that was
 * stopped, and replaced, has its connections still: what it sends when it wakes, the data of writes
 * that have begun, must not be written over what came later by another way.
 */
void target_inside_sync(struct target_thread *thread);
void target_inside_credentials(struct target_conn *conn, const struct iscsi_login *login,
			       struct iscsi_login_reply *reply);

#endif
