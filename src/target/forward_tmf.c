/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Task management for LUNs that another gateway owns: the owner carries the function out, for each
 * LUN one, and the initiator gets one answer.  ABORT TASK and the functions on task sets need
 * nothing here, since each of their tasks is aborted at its owner (target_forward_abort).
 * Everything runs on the thread of the session.
 */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "target/target_int.h"

/* Functions on several LUNs, or at several gateways, of one request. */
struct forward_functions {
	struct target_conn *conn;
	struct iscsi_tmf *tmf;
	void (*done)(struct target_conn *conn, struct iscsi_tmf *tmf, unsigned response);
	unsigned left; /* not answered; plus one until all were sent */
	unsigned response;
	size_t count;
	struct forward_function {
		struct iscsi_request_tmf tmf; /* its owner is this struct */
		struct forward_functions *all;
		struct guid lun_id;
		uint64_t since_ns;        /* since when it waits for an owner */
		struct list node;         /* links it into thread->parked_functions */
		struct list session_node; /* links it into session->functions until its answer */
	} list[];
};

static struct forward_functions *
functions_new(struct target_conn *conn, struct iscsi_tmf *tmf, size_t max,
	      void (*done)(struct target_conn *conn, struct iscsi_tmf *tmf, unsigned response))
{
	struct forward_functions *all = mem_calloc(1, sizeof(*all) + max * sizeof(all->list[0]));

	if (all == NULL)
		return NULL;
	all->conn = conn;
	all->tmf = tmf;
	all->done = done;
	all->left = 1;
	return all;
}

static struct forward_function *
add(struct forward_functions *all, uint8_t function)
{
	struct forward_function *f = &all->list[all->count++];

	all->left++;
	f->all = all;
	f->tmf.owner = f;
	f->tmf.function = function;
	list_append(&all->conn->session->functions, &f->session_node);
	return f;
}

bool
target_forward_resets(const struct target_session *session, const struct guid *lun_id)
{
	list_for_each(node, &session->functions) {
		const struct forward_function *f = list_entry(node, struct forward_function,
							      session_node);

		if (f->tmf.function == ISCSI_TMF_LU_RESET && guid_equal(&f->lun_id, lun_id))
			return true;
	}
	return false;
}

static void
one_done(struct forward_functions *all, unsigned response)
{
	if (response != ISCSI_TMF_COMPLETE)
		all->response = response;
	if (--all->left > 0)
		return;
	struct target_conn *conn = all->conn;

	all->done(conn, all->tmf, all->response);
	target_conn_mark(conn);
	mem_free(all);
}

static void
answered(struct forward_function *f, unsigned response)
{
	list_remove(&f->session_node);
	one_done(f->all, response);
}

/* ---- Functions on LUNs ---- */

static void
wait_for_owner(struct forward_function *f)
{
	const struct target_conn *conn = f->all->conn;
	struct target_thread *thread = conn->thread;
	uint64_t now_ns = loop_now_ns(thread->loop);

	if (f->since_ns == 0)
		f->since_ns = now_ns;
	if (conn->state == TARGET_CONN_CLOSING || conn->session->broken ||
	    now_ns - f->since_ns >= thread->target->options.forward_wait_ms * NS_PER_MS) {
		answered(f, ISCSI_TMF_REJECTED);
		return;
	}
	target_forward_watch(thread);
	list_append(&thread->parked_functions, &f->node);
}

/*
 * A function needs a link that is ready, like a command: an owner may still have tasks of a link
 * that broke, which the login of the next one ends.
 */
static void
send_one(struct forward_function *f)
{
	struct target_session *session = f->all->conn->session;
	const struct row_controller *owner;
	struct target_link *link = NULL;
	enum target_whose whose = target_forward_whose(session->thread, &f->lun_id, &owner);

	if (whose == TARGET_OWN) { /* since then; whoever asked looks again */
		answered(f, ISCSI_TMF_REJECTED);
		return;
	}
	if (whose == TARGET_OTHERS && !session->broken)
		link = target_link_get(session, owner);
	if (link == NULL || !target_link_is_ready(link) ||
	    iscsi_initiator_tmf(link->ini, &f->tmf) < 0)
		wait_for_owner(f);
	else
		target_link_mark(link);
}

void
target_forward_tmf_answered(struct iscsi_request_tmf *tmf)
{
	struct forward_function *f = tmf->owner;

	memcpy(f->all->tmf->info, tmf->info, sizeof(f->all->tmf->info));
	if (tmf->function == ISCSI_TMF_NEXUS_RESET) /* a link that broke has ended it, too */
		answered(f, tmf->error == 0 ? tmf->response : (unsigned)ISCSI_TMF_COMPLETE);
	else if (tmf->error != 0 || tmf->response == ISCSI_TMF_NO_LUN)
		wait_for_owner(f); /* it was not the owner, or may have it carried out twice */
	else
		answered(f, tmf->response);
}

void
target_forward_tmf_retry(struct target_thread *thread)
{
	struct list todo;

	list_init(&todo);
	for (struct list *node; (node = list_pop(&thread->parked_functions)) != NULL;)
		list_append(&todo, node);
	for (struct list *node; (node = list_pop(&todo)) != NULL;)
		send_one(list_entry(node, struct forward_function, node));
}

bool
target_forward_tmf(struct target_conn *conn, struct iscsi_tmf *tmf,
		   struct target_path *const *paths, size_t count, uint8_t function,
		   void (*done)(struct target_conn *conn, struct iscsi_tmf *tmf, unsigned response))
{
	struct forward_functions *all;
	size_t others = 0;

	for (size_t i = 0; i < count; i++)
		others += !paths[i]->own;
	if (others == 0)
		return false;
	if (conn->session->inside) { /* the gateway that asks looks for the owner anew */
		done(conn, tmf, ISCSI_TMF_NO_LUN);
		return true;
	}
	all = functions_new(conn, tmf, others, done);
	if (all == NULL) {
		done(conn, tmf, ISCSI_TMF_REJECTED);
		return true;
	}
	for (size_t i = 0; i < count; i++) {
		struct forward_function *f;

		if (paths[i]->own)
			continue;
		f = add(all, function);
		f->lun_id = paths[i]->lun_id;
		scsi_lun_encode(paths[i]->number, f->tmf.lun);
		send_one(f);
	}
	one_done(all, ISCSI_TMF_COMPLETE);
	return true;
}

/* ---- I_T NEXUS RESET ---- */

bool
target_forward_reset_nexus(struct target_conn *conn, struct iscsi_tmf *tmf,
			   void (*done)(struct target_conn *conn, struct iscsi_tmf *tmf,
					unsigned response))
{
	struct forward_functions *all;
	size_t count = 0;

	list_for_each(node, &conn->session->links)
		count += target_link_is_ready(list_entry(node, struct target_link, node));
	if (count == 0)
		return false;
	all = functions_new(conn, tmf, count, done);
	if (all == NULL) {
		done(conn, tmf, ISCSI_TMF_REJECTED);
		return true;
	}
	list_for_each(node, &conn->session->links) {
		struct target_link *link = list_entry(node, struct target_link, node);

		if (!target_link_is_ready(link))
			continue;
		struct forward_function *f = add(all, ISCSI_TMF_NEXUS_RESET);

		if (iscsi_initiator_tmf(link->ini, &f->tmf) < 0) {
			link->broken = true; /* what cannot be asked for ends with the link */
			answered(f, ISCSI_TMF_COMPLETE);
		}
		target_link_mark(link);
	}
	one_done(all, ISCSI_TMF_COMPLETE);
	return true;
}
