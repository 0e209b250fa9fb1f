/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Logins: who may log in to what, session reinstatement, and the one move of a connection to its
 * session's thread.
 *
 *	thread that accepted	LOGIN --last step--> claim in the registry
 *				claim --older session or connection--> WAITING --wake--> claim
 *				claim --entered--> MOVING: out of this loop
 *	reporter		MOVING: put the session's live row, so that the array knows it
 *				before it is answered
 *	session's thread	MOVING --adopt--> FULL: make the session, or join it; last
 *				response; or refuse
 *
 * A login with a TSIH adds a connection to its session, on the session's thread; when it has the
 * CID of one that is there, it takes that one's place.
 *
 * A login is let in when the target exists and the connection came through a portal of one of its
 * portal groups; otherwise it is "not found", so that a stranger learns nothing.  The target and
 * the initiator's host may restrict from which networks (0202, authorization failure).  An
 * initiator to which no LUN is unmasked is let in too and sees an empty list.  REPORT LUNS returns
 * the associated LUNs whose masks admit the initiator, even when there are none; a later unmasking
 * reaches the initiator by a unit attention, without another login.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cidr.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "model/host.h"
#include "model/port.h"
#include "model/redirect.h"
#include "target/target_int.h"

LOG_STRICT(refused, "login.refused");

/* ---- Where a login comes from ---- */

static bool
host_allows(const struct target_view *view, const char *initiator, const char *address)
{
	const struct row_host *host = state_host_of_initiator(view->state, initiator);

	return host == NULL || cidr_list_has(host->sources, address);
}

/* Returns whether logins to the target through the connection's portal are sent elsewhere. */
static bool
redirected(const struct target_view *view, const struct row_target *target,
	   const struct target_conn *conn, struct redirect *ret_redirect)
{
	return redirect_applies(view->state, target, conn->portal->row, ret_redirect);
}

/*
 * Returns whether this login is sent elsewhere.  Sessions that are not to move may have new
 * connections; those that are to move end with the connections that they have.
 */
static bool
sent_elsewhere(const struct target_view *view, const struct row_target *target,
	       const struct target_conn *conn, struct redirect *ret_redirect)
{
	return redirected(view, target, conn, ret_redirect) &&
	       (iscsi_conn_login(conn->iscsi)->tsih == 0 || ret_redirect->moves);
}

/*
 * RFC 7143 §11.13.5: a target may redirect a login before the initiator has proved itself, so the
 * initiator needs the secret of where it goes only.
 */
static void
redirect(struct target_conn *conn, const struct redirect *to, struct iscsi_login_reply *reply)
{
	memcpy(conn->redirect, to->endpoint, sizeof(conn->redirect));
	reply->status = to->permanent ? ISCSI_LOGIN_MOVED_PERMANENTLY
				      : ISCSI_LOGIN_MOVED_TEMPORARILY;
	reply->address = conn->redirect;
	reply->cause = to->permanent ? "the target has moved for good" : "the target has moved";
}

/* Returns why the connection may not log in to the target from where it comes, or NULL. */
static const char *
forbidden(const struct target_view *view, const struct row_target *target,
	  const struct target_conn *conn)
{
	if (!cidr_list_has(target->sources, conn->host))
		return "the target allows no logins from this address";
	if (!host_allows(view, iscsi_conn_login(conn->iscsi)->initiator_name, conn->host))
		return "the initiator's host allows no logins from this address";
	return NULL;
}

/* ---- Steps, as the engine asks ---- */

static const char no_session[] =
	"it names a session (TSIH) that is not this initiator's, or not of this portal group";
static const char too_many[] =
	"the session has as many connections as were agreed on (MaxConnections)";

static int
decide_first(struct target_conn *conn, const struct iscsi_login *login,
	     struct iscsi_login_reply *reply)
{
	struct target_thread *thread = conn->thread;
	struct redirect to;

	if (conn->portal->inside) {
		target_inside_first(conn, login, reply);
		return 0;
	}
	if (login->type == ISCSI_SESSION_DISCOVERY) {
		if (login->tsih != 0) {
			reply->status = ISCSI_LOGIN_NO_SESSION;
			reply->cause = "a discovery session has one connection";
		}
		reply->needs_chap = target_auth_needed(thread->view, NULL, login);
		reply->chap_kinds = thread->target->options.chap_kinds;
		return 0;
	}
	const struct row_target *target = target_view_find_target(thread->view, login->target_name);
	const struct row_portal_group *group =
		target != NULL ? target_view_find_group(thread->view, &target->id, conn->portal)
			       : NULL;

	if (group == NULL) {
		reply->status = ISCSI_LOGIN_NOT_FOUND;
		reply->cause = target == NULL ? "there is no such target"
					      : "the target has no portal group with this portal";
		return 0;
	}
	reply->cause = forbidden(thread->view, target, conn);
	if (reply->cause != NULL) {
		reply->status = ISCSI_LOGIN_FORBIDDEN;
		return 0;
	}
	if (sent_elsewhere(thread->view, target, conn, &to)) {
		redirect(conn, &to, reply);
		return 0;
	}
	if (login->tsih != 0)
		reply->status = target_registry_may_join(&thread->target->registry, login,
							 (uint16_t)group->tag);
	if (reply->status != ISCSI_LOGIN_OK) {
		reply->cause = reply->status == ISCSI_LOGIN_NO_SESSION ? no_session : too_many;
		return 0;
	}
	conn->target_id = target->id;
	conn->seen_sequence = state_position(thread->view->state)->sequence;
	conn->tpgt = (uint16_t)group->tag;
	conn->relative_port = (uint16_t)group->relative_port;
	reply->tpgt = conn->tpgt;
	reply->needs_chap = target_auth_needed(thread->view, target, login);
	reply->chap_kinds = thread->target->options.chap_kinds;
	reply->alias = target->alias != NULL && target->alias[0] != '\0' ? target->alias : NULL;
	return 0;
}

static int
decide_last(struct target_conn *conn, const struct iscsi_login *login,
	    struct iscsi_login_reply *reply)
{
	if (login->type == ISCSI_SESSION_NORMAL) {
		conn->wants_session = true;
		return 1;
	}
	reply->tsih = target_registry_next_tsih(&conn->thread->target->registry);
	return 0;
}

int
target_login_step(void *user, struct iscsi_conn *iscsi, enum iscsi_login_step step,
		  const struct iscsi_login *login, struct iscsi_login_reply *reply)
{
	(void)iscsi;
	switch (step) {
	case ISCSI_LOGIN_FIRST:
		return decide_first(user, login, reply);
	case ISCSI_LOGIN_CREDENTIALS:
		if (((struct target_conn *)user)->portal->inside)
			target_inside_credentials(user, login, reply);
		else
			target_auth_find(user, login, reply);
		return 0;
	case ISCSI_LOGIN_LAST:
		break;
	}
	return decide_last(user, login, reply);
}

void
target_login_refused(void *user, unsigned status, const char *cause)
{
	struct target_conn *conn = user;
	const struct iscsi_login *login = iscsi_conn_login(conn->iscsi);
	char initiator[2 * ISCSI_NAME_MAX], target[2 * ISCSI_NAME_MAX];

	conn->refused = true;
	if (status >> 8 == 1) { /* neither a failure nor a warning */
		log_info_from(conn->host, "login.redirected",
			      "peer=%s portal=%s initiator=%s target=%s status=%04x to=%s",
			      conn->peer, conn->local,
			      log_quote(login->initiator_name, initiator, sizeof(initiator)),
			      log_quote(login->target_name, target, sizeof(target)), status,
			      conn->redirect);
		return;
	}
	conn->failed = status == ISCSI_LOGIN_AUTH_FAILED;
	target_traffic_add(&target_conn_traffic(conn)->refused_logins, 1);
	if (conn->failed)
		target_traffic_add(&target_conn_traffic(conn)->failed_logins, 1);
	target_refusal_count(conn, status);
	log_strict(&refused, LOG_LEVEL_WARNING, conn->host,
		   "peer=%s portal=%s initiator=%s target=%s status=%04x cause=\"%s\"", conn->peer,
		   conn->local, log_quote(login->initiator_name, initiator, sizeof(initiator)),
		   log_quote(login->target_name, target, sizeof(target)), status, cause);
}

/* ---- On the session's thread ---- */

static void
refuse(struct target_conn *conn, uint16_t status, const char *cause)
{
	struct iscsi_login_reply reply = { .status = status, .cause = cause };

	iscsi_conn_login_done(conn->iscsi, &reply);
	target_conn_close(conn, ERR_CLOSED);
}

static void
log_begin(const struct target_conn *conn)
{
	const struct iscsi_login *login = iscsi_conn_login(conn->iscsi);
	char name[2 * ISCSI_NAME_MAX];

	log_info_from(conn->host, login->tsih == 0 ? "session.begin" : "connection.begin",
		      "peer=%s portal=%s initiator=%s target=%s tpgt=%u tsih=%u cid=%u thread=%u "
		      "luns=%zu",
		      conn->peer, conn->local, log_quote(login->initiator_name, name, sizeof(name)),
		      login->target_name, conn->tpgt, conn->session->shared->tsih, login->cid,
		      conn->thread->index, conn->session->path_count);
}

static uint16_t
make_session(struct target_conn *conn, const struct row_target *target, const char **ret_cause)
{
	struct target_session *session;

	*ret_cause = "out of memory";
	if (target_session_new(conn, target, &session) < 0)
		return ISCSI_LOGIN_NO_RESOURCES;
	conn->entry.session->nexus = session;
	target_session_add(session, conn);
	return 0;
}

static uint16_t
join_session(struct target_conn *conn, const char **ret_cause)
{
	struct target_registry_session *shared = conn->entry.session;

	*ret_cause = "the session ended during the login";
	if (shared->nexus == NULL || shared->nexus->broken || target_registry_is_ending(shared))
		return ISCSI_LOGIN_NO_SESSION;
	target_session_add(shared->nexus, conn);
	return 0;
}

/* The status to refuse the login with and the cause; or 0. */
static uint16_t
begin_session(struct target_conn *conn, const char **ret_cause)
{
	struct target_thread *thread = conn->thread;
	const struct iscsi_login *login = iscsi_conn_login(conn->iscsi);
	const struct row_target *target = target_view_find_target(thread->view, login->target_name);
	struct redirect to;

	*ret_cause = thread->stopping ? "the array stops" : "it was ended during its login";
	if (thread->stopping || conn->killed || thread->view->offline)
		return ISCSI_LOGIN_UNAVAILABLE;
	*ret_cause = "the target was changed during the login";
	/*
	 * another target of the same name is not the one that was asked for, and is in the live row
	 */
	if (target == NULL || !guid_equal(&target->id, &conn->target_id) ||
	    (!conn->portal->inside &&
	     target_view_find_group(thread->view, &target->id, conn->portal) == NULL))
		return ISCSI_LOGIN_NOT_FOUND;
	*ret_cause = "the gateway was replaced during the login";
	if (conn->portal->inside && !target_inside_lives(thread->view, login))
		return ISCSI_LOGIN_NOT_FOUND;
	if (conn->portal->inside) /* the other gateway has checked the rest */
		return make_session(conn, target, ret_cause);
	*ret_cause = forbidden(thread->view, target, conn);
	if (*ret_cause != NULL)
		return ISCSI_LOGIN_FORBIDDEN;
	*ret_cause = "the target was redirected during the login";
	if (sent_elsewhere(thread->view, target, conn, &to))
		return ISCSI_LOGIN_UNAVAILABLE;
	*ret_cause = "a CHAP secret was set during the login, and the initiator has not proved "
		     "itself";
	if (!login->authenticated && target_auth_needed(thread->view, target, login))
		return ISCSI_LOGIN_AUTH_FAILED;
	return login->tsih == 0 ? make_session(conn, target, ret_cause)
				: join_session(conn, ret_cause);
}

/*
 * Returns whether the thread has a view as young as the one in which the login found its target.
 * The publisher gives views to one thread after the other, so the thread that accepted the
 * connection may have had a view, even the first one, before this thread has it.
 */
static bool
has_seen(const struct target_thread *thread, const struct target_conn *conn)
{
	return thread->view != NULL &&
	       state_position(thread->view->state)->sequence >= conn->seen_sequence;
}

void
target_login_let_in(struct target_conn *conn)
{
	struct iscsi_login_reply reply = { .tsih = conn->entry.session->tsih };

	if (iscsi_conn_login(conn->iscsi)->tsih != 0)
		reply.session = conn->session->iscsi;
	if (iscsi_conn_login_done(conn->iscsi, &reply) < 0) {
		target_conn_close(conn, ERR_CLOSED);
		return;
	}
	conn->joined = true;
	conn->ends_alone = false;
	/* not before: a connection that joins a session has the session's level */
	conn->recovers = iscsi_conn_params(conn->iscsi)->error_recovery_level > 0;
	if (reply.session != NULL)
		target_sender_start(conn);
	target_conn_mark(conn);
}

static void
adopt(struct loop_msg *msg)
{
	struct target_conn *conn = container_of(msg, struct target_conn, move);

	if (!has_seen(conn->thread, conn)) { /* the view is on its way: once more behind it */
		loop_post(conn->thread->loop, &conn->move);
		return;
	}
	const char *cause = "the connection cannot be watched";

	list_append(&conn->thread->conns, &conn->node);
	conn->adopted = true;
	uint16_t status = target_conn_attach(conn) < 0 ? ISCSI_LOGIN_NO_RESOURCES
						       : begin_session(conn, &cause);

	if (status == 0) {
		iscsi_conn_set_budget(conn->iscsi, &conn->thread->target->session_budget);
		target_traffic_add(&target_conn_traffic(conn)->logins, 1);
		target_host_join(conn->session);
		log_begin(conn);
	}
	target_conn_watch(conn);
	conn->ends_alone = true; /* until it has joined the session */
	if (status != 0)
		refuse(conn, status, cause);
	else if (!target_barrier_begin(conn))
		target_login_let_in(conn);
	target_conn_mark(conn);
}

/* ---- On the reporter ---- */

static void
announce(struct work *work)
{
	struct target_conn *conn = container_of(work, struct target_conn, announce);

	if (conn->row != NULL)
		array_live_put(conn->thread->target->array, TAKE(conn->row));
	loop_post(conn->thread->loop, &conn->move);
}

/* ---- On the thread that accepted ---- */

static struct target_thread *
least_loaded(struct target *target)
{
	struct target_thread *best = &target->threads[0];

	for (unsigned i = 1; i < target->thread_count; i++)
		if (atomic_load(&target->threads[i].sessions_assigned) <
		    atomic_load(&best->sessions_assigned))
			best = &target->threads[i];
	return best;
}

static void
move_away(struct target_conn *conn)
{
	loop_timer_cancel(conn->thread->loop, &conn->timer);
	target_conn_detach(conn);
	list_remove(&conn->node);
	list_remove(&conn->dirty);
	conn->is_dirty = false;
	conn->blocked = conn->paused = false;
	target_conn_to(conn, TARGET_CONN_MOVES);
	if (iscsi_conn_login(conn->iscsi)->tsih == 0 && !conn->portal->inside)
		conn->row = target_session_row(conn);
	conn->thread = conn->entry.thread;
	conn->move.run = adopt;
	conn->announce.run = announce;
	workers_submit(conn->thread->target->reporter, &conn->announce);
}

/* False: it is another thread's from here on, and may be freed already. */
static bool
claim(struct target_conn *conn)
{
	switch (target_registry_enter(&conn->thread->target->registry, &conn->entry,
				      iscsi_conn_login(conn->iscsi), conn->tpgt)) {
	case REGISTRY_ENTERED:
		move_away(conn);
		return false;
	case REGISTRY_WAIT:
		target_conn_to(conn, TARGET_CONN_WAITS);
		break;
	case REGISTRY_CONTENDED:
		refuse(conn, ISCSI_LOGIN_NO_RESOURCES,
		       "another login waits for the end of the same session or connection");
		break;
	case REGISTRY_TOO_MANY:
		refuse(conn, ISCSI_LOGIN_TOO_MANY_CONNECTIONS, too_many);
		break;
	case REGISTRY_NO_SESSION:
		refuse(conn, ISCSI_LOGIN_NO_SESSION, no_session);
		break;
	case REGISTRY_FULL:
		refuse(conn, ISCSI_LOGIN_NO_RESOURCES,
		       "the sessions are used up, but for initiators that have one already");
		break;
	}
	return true;
}

bool
target_login_continue(struct target_conn *conn)
{
	const struct iscsi_login *login = iscsi_conn_login(conn->iscsi);
	struct target_registry_entry *entry = &conn->entry;

	conn->wants_session = false;
	target_stranger_remove(conn);
	entry->host = conn->host;
	entry->portal_id = &conn->portal->row->id;
	entry->cid = login->cid;
	entry->wake_thread = conn->thread;
	if (login->tsih == 0 &&
	    target_registry_session_new(&conn->thread->target->registry, entry, login, conn->tpgt,
					least_loaded(conn->thread->target)) < 0) {
		refuse(conn, ISCSI_LOGIN_NO_RESOURCES, "out of memory");
		return true;
	}
	if (entry->session != NULL && conn->portal->inside)
		target_inside_gateway(login, &entry->session->gateway_id);
	if (entry->session != NULL)
		entry->session->max_connections = iscsi_conn_params(conn->iscsi)->max_connections;
	return claim(conn);
}

void
target_login_wake(struct loop_msg *msg)
{
	struct target_conn *conn = container_of(msg, struct target_conn, entry.wake);

	if (conn->state == TARGET_CONN_WAITING && !conn->close_asked)
		claim(conn);
}

/*
 * Is only this connection meant, or its session?  A session that is not to end loses a connection
 * that is replaced, or whose portal goes away.
 */
static void
note_scope(struct target_conn *conn)
{
	const struct target_registry_session *session = conn->entry.session;

	conn->ends_alone = session != NULL && !target_registry_is_ending(session);
}

/*
 * On the session's thread; the connection may not have come yet: then conn->thread is still the
 * other thread's (move_away).
 */
void
target_login_kill(struct loop_msg *msg)
{
	struct target_conn *conn = container_of(msg, struct target_conn, entry.kill);

	target_registry_kill_taken(&conn->entry.thread->target->registry, &conn->entry);
	note_scope(conn);
	if (conn->retained && conn->ends_alone)
		target_recover_let_go(conn);
	else if (conn->adopted)
		target_conn_close(conn, ERR_CANCELLED);
	else
		conn->killed = true;
}

static void
drain_is_over(struct loop_timer *timer)
{
	struct target_conn *conn = container_of(timer, struct target_conn, drain_timer);

	note_scope(conn);
	target_conn_close(conn, ERR_OFFLINE);
}

/*
 * On the session's thread: ask the initiator to log out, and wait no longer than was said.  One
 * whose login still waits (barrier.c) cannot be asked, and loses nothing.
 */
static void
ask_to_log_out(struct target_conn *conn, uint32_t wait_ms)
{
	if (conn->barrier != NULL) {
		note_scope(conn);
		target_conn_close(conn, ERR_OFFLINE);
		return;
	}

	uint32_t wait_s = MIN((wait_ms + 999) / 1000, (uint32_t)UINT16_MAX);
	struct iscsi_async request = {
		.event = ISCSI_ASYNC_LOGOUT_REQUEST,
		.param3 = (uint16_t)wait_s,
	};

	iscsi_conn_async_message(conn->iscsi, &request);
	conn->drain_timer.fire = drain_is_over;
	loop_timer_set(conn->thread->loop, &conn->drain_timer, wait_ms * NS_PER_MS);
	target_conn_mark(conn);
}

void
target_login_drain(struct loop_msg *msg)
{
	struct target_conn *conn = container_of(msg, struct target_conn, entry.drain);
	uint32_t wait_ms = conn->entry.drain_ms;

	if (conn->retained) { /* there is nobody to ask */
		target_recover_give_up(conn);
		return;
	}
	if (!conn->adopted || conn->session == NULL || conn->close_asked) {
		conn->killed = true; /* a login that has not ended yet came too late */
		return;
	}
	log_info_from(conn->host, "session.drain", "peer=%s portal=%s wait_ms=%u", conn->peer,
		      conn->local, wait_ms);
	ask_to_log_out(conn, wait_ms);
}

static void
check_source(const struct target_session *session, struct target_conn *conn)
{
	const struct target_view *view = conn->thread->view;
	const struct row_target *target = state_find(view->state, ROW_TARGET, &session->target_id);
	const char *cause = target != NULL ? forbidden(view, target, conn) : NULL;
	char name[2 * ISCSI_NAME_MAX];
	struct redirect to;

	if (cause == NULL && target != NULL && redirected(view, target, conn, &to) && to.moves)
		cause = "the target was redirected, and its sessions are to move";
	if (cause == NULL && conn->forbidden) { /* the rule was taken back in time */
		conn->forbidden = false;
		loop_timer_cancel(conn->thread->loop, &conn->drain_timer);
	}
	if (cause == NULL || conn->forbidden || conn->close_asked)
		return;
	conn->forbidden = true;
	log_warning_from(conn->host, "session.forbidden",
			 "peer=%s initiator=%s target=%s cause=\"%s\"", conn->peer,
			 log_quote(session->initiator, name, sizeof(name)), target->iscsi_name,
			 cause);
	ask_to_log_out(conn, TARGET_FORBIDDEN_MS);
}

void
target_login_check_source(struct target_session *session)
{
	if (session->inside)
		return;
	list_for_each(node, &session->conns)
		check_source(session, list_entry(node, struct target_conn, session_node));
}

/* ---- SendTargets ---- */

/*
 * Returns whether a portal of another gateway may be named to initiators: only that gateway knows
 * whether it listens, so what the configuration says counts.
 */
static bool
is_elsewhere(const struct target_view *view, const struct row_portal *portal)
{
	const struct row_controller *gateway = portal_controller(view->state, portal);

	return !guid_is_zero(&portal->controller_id) && portal->status == STATUS_ONLINE &&
	       gateway != NULL && gateway->status == STATUS_ONLINE && gateway->instance != NULL &&
	       gateway->instance[0] != '\0';
}

/* Returns the portal if an initiator may be sent there, or NULL. */
static const struct row_portal *
shown_portal(const struct target_view *view, const struct guid *id)
{
	const struct target_portal *portal = target_view_find_portal(view, id);
	const struct row_portal *row;

	if (portal != NULL)
		return atomic_load(&portal->ready) ? portal->row : NULL;
	row = state_find(view->state, ROW_PORTAL, id);
	return row != NULL && is_elsewhere(view, row) ? row : NULL;
}

/* The portals of a group of the target that listen. */
static int
list_group(const struct target_view *view, const struct row_portal_group *group,
	   struct iscsi_targets *list)
{
	struct row_slice members = state_group_portals(view->state, &group->id);
	char address[ADDRESS_TEXT_SIZE];
	int rc = 0;

	for (size_t i = 0; i < members.count && rc == 0; i++) {
		const struct row_group_portal *member = members.rows[i];
		const struct row_portal *portal = shown_portal(view, &member->portal_id);

		if (portal == NULL)
			continue;
		target_portal_format(portal, address);
		rc = iscsi_targets_add_portal(list, address, (uint16_t)group->tag);
	}
	return rc;
}

static int
list_portals(const struct target_view *view, const struct row_target *target,
	     struct iscsi_targets *list)
{
	struct row_slice groups = state_target_groups(view->state, &target->id);
	int rc = 0;

	for (size_t i = 0; i < groups.count && rc == 0; i++)
		rc = list_group(view, groups.rows[i], list);
	return rc;
}

static bool
has_ready_portal(const struct target_view *view, const struct row_target *target)
{
	struct row_slice groups = state_target_groups(view->state, &target->id);

	for (size_t g = 0; g < groups.count; g++) {
		const struct row_portal_group *group = groups.rows[g];
		struct row_slice members = state_group_portals(view->state, &group->id);

		for (size_t i = 0; i < members.count; i++) {
			const struct row_group_portal *member = members.rows[i];

			if (shown_portal(view, &member->portal_id) != NULL)
				return true;
		}
	}
	return false;
}

/* A target of which the initiator sees a LUN, if there is a way to get there from the address. */
static int
list_target(const struct target_view *view, const char *name, const char *address,
	    struct iscsi_targets *list)
{
	const struct row_target *target = target_view_find_target(view, name);
	int rc;

	if (target == NULL || !cidr_list_has(target->sources, address) ||
	    !has_ready_portal(view, target))
		return 0;
	rc = iscsi_targets_add(list, target->iscsi_name);
	return rc == 0 ? list_portals(view, target, list) : rc;
}

/* The first of the names that is not NULL. */
static const char *
first_name(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return a != NULL ? a : b;
	return strcmp(a, b) < 0 ? a : b;
}

/* The first target behind `after` of which this host or this host group sees a LUN. */
static const char *
next_of_host(const struct target_view *view, const char *prefix, const struct guid *id,
	     const char *after)
{
	char entry[sizeof(MASK_HOST_GROUP) + GUID_TEXT_SIZE], text[GUID_TEXT_SIZE];

	snprintf(entry, sizeof(entry), "%s%s", prefix, guid_format(id, text));
	return target_shown_next(view->shown, entry, after);
}

/*
 * The first target behind `after` (NULL = of all) of which the initiator sees a LUN: by its name,
 * its host or a group of its host.
 */
static const char *
next_target(const struct target_view *view, const char *initiator, const char *after)
{
	const struct row_initiator *owned = state_initiator_by_name(view->state, initiator);
	const char *name = target_shown_next(view->shown, mask_is_host(initiator) ? "" : initiator,
					     after);
	struct row_slice groups;

	if (owned == NULL)
		return name;
	name = first_name(name, next_of_host(view, MASK_HOST, &owned->host_id, after));
	groups = state_host_groups(view->state, &owned->host_id);
	for (size_t i = 0; i < groups.count; i++)
		name = first_name(
			name,
			next_of_host(view, MASK_HOST_GROUP,
				     &((const struct row_host_member *)groups.rows[i])->group_id,
				     after));
	return name;
}

static bool
shows_host(const struct target_view *view, const char *prefix, const struct guid *id,
	   const char *target)
{
	char entry[sizeof(MASK_HOST_GROUP) + GUID_TEXT_SIZE], text[GUID_TEXT_SIZE];

	snprintf(entry, sizeof(entry), "%s%s", prefix, guid_format(id, text));
	return target_shown_has(view->shown, entry, target);
}

/* Returns true when the initiator sees a LUN of the target, as next_target finds it. */
static bool
sees_target(const struct target_view *view, const char *initiator, const char *target)
{
	const struct row_initiator *owned = state_initiator_by_name(view->state, initiator);
	struct row_slice groups;

	if (target_shown_has(view->shown, mask_is_host(initiator) ? "" : initiator, target))
		return true;
	if (owned == NULL)
		return false;
	if (shows_host(view, MASK_HOST, &owned->host_id, target))
		return true;
	groups = state_host_groups(view->state, &owned->host_id);
	for (size_t i = 0; i < groups.count; i++)
		if (shows_host(view, MASK_HOST_GROUP,
			       &((const struct row_host_member *)groups.rows[i])->group_id, target))
			return true;
	return false;
}

/* Targets looked at in one call; the engine calls again. */
#define TARGETS_AT_ONCE 64

static void
list_all(const struct target_view *view, const char *initiator, const char *address,
	 const char *after, struct iscsi_targets *list)
{
	const char *name = next_target(view, initiator, after);

	for (unsigned i = 0; name != NULL; i++) {
		const char *next;

		if (list_target(view, name, address, list) < 0)
			return;
		next = next_target(view, initiator, name);
		if (next != NULL && (iscsi_targets_full(list) || i + 1 == TARGETS_AT_ONCE)) {
			iscsi_targets_more(list, name);
			return;
		}
		name = next;
	}
}

void
target_login_send_targets(void *user, const char *name, const char *after,
			  struct iscsi_targets *list)
{
	struct target_conn *conn = user;
	const struct target_view *view = conn->thread->view;

	target_stranger_asked(conn);
	const char *initiator = iscsi_conn_login(conn->iscsi)->initiator_name;
	const struct row_target *target;

	if (conn->session == NULL && !host_allows(view, initiator, conn->host))
		return; /* it may not log in anywhere */
	if (name == NULL) {
		list_all(view, initiator, conn->host, after, list);
		return;
	}
	target = target_view_find_target(view, name);
	if (target == NULL)
		return;
	if (conn->session != NULL) { /* its own: it is using it */
		if (iscsi_targets_add(list, target->iscsi_name) == 0)
			list_portals(view, target, list);
	} else if (sees_target(view, initiator, target->iscsi_name)) {
		list_target(view, target->iscsi_name, conn->host, list);
	}
}
