/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A session: an I_T nexus and its LUN map.  The map has the LUNs of the target whose masks admit
 * the initiator or its host.  A publication names the places (LUN numbers) of the map that must be
 * looked at again; a command only indexes a table.  A path gets its unit with its first command,
 * because an initiator may see many LUNs and use few.  Everything runs on the one thread of the
 * session's connections.
 *
 * A path that leaves the map ends its tasks that have not started.  It stays in session->gone until
 * the last task that src/scsi executes has ended.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"
#include "model/host.h"
#include "target/target_int.h"

/* ---- Paths ---- */

/* Consumes the reference to the unit.  A drain may have begun before the path had its unit. */
static void
enter_unit(struct target_path *path, struct target_unit *unit)
{
	struct target_thread *thread = path->session->thread;

	path->unit = unit;
	list_append(&unit->shares[thread->index].paths, &path->unit_node);
	path->held = target_hold_covers(thread, path);
}

static struct target_path *
path_new(struct target_session *session, const struct row_lun *lun, uint16_t number)
{
	struct target_unit *unit = target_unit_find(session->thread->target, &lun->id);
	struct target_path *path = mem_calloc(1, sizeof(*path));
	const struct row_controller *owner;

	if (path == NULL) {
		target_unit_unref(unit);
		return NULL;
	}
	path->session = session;
	path->own = target_forward_whose(session->thread, &lun->id, &owner) == TARGET_OWN;
	path->lun_id = lun->id;
	path->first_bytes = lun->size_bytes;
	path->first_offline = lun->status == STATUS_OFFLINE;
	path->number = number;
	list_init(&path->collecting);
	list_init(&path->held_tasks);
	list_init(&path->limited);
	path->limit_timer.fire = target_limits_due;
	list_init(&path->others);
	list_init(&path->forwards);
	if (!path->own) { /* what is left of the time when it was this gateway's */
		target_unit_unref(unit);
		unit = NULL;
	}
	/* a nexus that was in use at another gateway goes on here */
	scsi_itl_init(
		&path->itl, &session->nexus, unit != NULL ? unit->lu : NULL,
		1u << (session->inside && session->known ? SCSI_UA_ACCESS : SCSI_UA_POWER_ON));
	if (unit != NULL)
		enter_unit(path, unit);
	return path;
}

/*
 * The unit was made after the path.  What was raised since is pending (scsi_itl_attach); what there
 * was no unit to raise for is found out here.
 */
static void
take_unit(struct target_path *path, struct target_unit *unit)
{
	const struct scsi_lu *lu = unit->lu;
	uint64_t bytes = scsi_lu_capacity_blocks(lu) * scsi_lu_block_bytes(lu);
	bool changed = bytes != path->first_bytes ||
		       (path->first_offline && scsi_lu_state(lu) != SCSI_LU_OFFLINE);

	scsi_itl_attach(&path->itl, unit->lu, changed ? 1u << SCSI_UA_CAPACITY : 0);
	enter_unit(path, unit);
}

int
target_session_open_path(struct target_path *path)
{
	struct target_thread *thread = path->session->thread;
	const struct row_lun *row = state_find(thread->view->state, ROW_LUN, &path->lun_id);
	struct target_unit *unit;
	int rc;

	if (path->unit != NULL)
		return 0;
	if (!path->own) /* the store may be open still, for its owner of before */
		return ERR_BUSY;
	rc = row != NULL ? target_unit_get(thread->target, thread->view->state, row, &unit)
			 : ERR_NOT_FOUND;

	if (rc == 0)
		take_unit(path, unit);
	return rc;
}

void
target_session_join_unit(struct target_path *path)
{
	struct target_unit *unit = path->unit == NULL && path->own
					   ? target_unit_find(path->session->thread->target,
							      &path->lun_id)
					   : NULL;

	if (unit != NULL)
		take_unit(path, unit);
}

/*
 * Whoever moves a LUN has drained its paths before.  When something runs nevertheless, it must not
 * be answered.
 */
void
target_session_leave_unit(struct target_path *path)
{
	struct target_unit *unit = path->unit;

	path->nexus_lost = scsi_itl_is_more_than_access(&path->itl);
	if (unit == NULL)
		return;
	if (path->inflight > 0) {
		target_session_close(path->session, ERR_OFFLINE);
		return;
	}
	target_meter_flush(path->session->thread);
	path->tasks++;
	path->unit = NULL;
	path->held = false;
	path->resets = 0; /* of that unit */
	target_task_send_away(path);
	path->tasks--;
	list_remove(&path->unit_node);
	scsi_itl_fini(&path->itl);
	scsi_itl_init(&path->itl, &path->session->nexus, NULL, 1u << SCSI_UA_ACCESS);
	target_unit_unref(unit);
}

void
target_session_mark(const struct target_session *session)
{
	list_for_each(node, &session->conns)
		target_conn_mark(list_entry(node, struct target_conn, session_node));
}

static void
path_free(struct target_path *path)
{
	target_meter_flush(path->session->thread);
	loop_timer_cancel(path->session->thread->loop, &path->limit_timer);
	list_remove(&path->unit_node);
	scsi_itl_fini(&path->itl);
	target_unit_unref(path->unit);
	mem_free(path);
}

void
target_session_path_idle(struct target_path *path)
{
	if (!path->gone || path->tasks > 0)
		return;
	list_remove(&path->node);
	path_free(path);
}

/* Out of the map. */
static void
path_drop(struct target_path *path)
{
	path->gone = true;
	path->held = false;
	path->tasks++; /* keeps it while its tasks end */
	list_append(&path->session->gone, &path->node);
	target_task_end_unstarted(path);
	path->tasks--;
	target_session_path_idle(path);
}

/* ---- The map ---- */

#define TABLE_STEP 64u

/* Room for this number, and for one path more. */
static int
map_grow(struct target_session *session, uint16_t number)
{
	size_t size = ((size_t)number / TABLE_STEP + 1) * TABLE_STEP;
	struct target_path **table;

	if (mem_grow(&session->paths, &session->path_capacity, session->path_count + 1,
		     sizeof(session->paths[0])) < 0)
		return -ENOMEM;
	if (size <= session->table_size)
		return 0;
	table = mem_calloc(size, sizeof(table[0]));
	if (table == NULL)
		return -ENOMEM;
	if (session->table_size > 0)
		memcpy(table, session->table, session->table_size * sizeof(table[0]));
	mem_free(session->table);
	session->table = table;
	session->table_size = size;
	return 0;
}

/* Where in paths this number is, or would be. */
static size_t
map_index(const struct target_session *session, uint16_t number)
{
	size_t low = 0, high = session->path_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (session->paths[middle]->number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int
map_add(struct target_session *session, const struct row_lun *lun, uint16_t number)
{
	struct target_path *path;
	size_t at;

	if (map_grow(session, number) < 0)
		return -ENOMEM;
	path = path_new(session, lun, number);
	if (path == NULL)
		return -ENOMEM;
	at = map_index(session, number);
	memmove(&session->paths[at + 1], &session->paths[at],
		(session->path_count - at) * sizeof(session->paths[0]));
	session->paths[at] = path;
	session->path_count++;
	session->table[number] = path;
	return 0;
}

static void
map_remove(struct target_session *session, struct target_path *path)
{
	size_t at = map_index(session, path->number);

	session->path_count--;
	memmove(&session->paths[at], &session->paths[at + 1],
		(session->path_count - at) * sizeof(session->paths[0]));
	session->table[path->number] = NULL;
	path_drop(path);
}

/* Looks again at what is at a number.  lun: the LUN that is there now; NULL = none. */
static int
apply_one(struct target_session *session, uint16_t number, const struct row_lun *lun,
	  bool *ret_changed)
{
	struct target_path *path = target_session_path(session, number);
	bool wanted = lun != NULL &&
		      host_mask_admits(session->thread->view->state, lun->mask, session->initiator);

	if (wanted ? path != NULL && guid_equal(&path->lun_id, &lun->id) : path == NULL)
		return 0;
	*ret_changed = true;
	if (path != NULL)
		map_remove(session, path);
	return wanted ? map_add(session, lun, number) : 0;
}

int
target_session_apply(struct target_session *session, const struct target_place *places,
		     size_t count)
{
	bool changed = false;
	int rc = 0;

	for (size_t i = 0; i < count && rc == 0; i++)
		rc = apply_one(session, places[i].number, places[i].lun, &changed);
	if (changed)
		scsi_nexus_luns_changed(&session->nexus);
	return rc;
}

int
target_session_look(struct target_session *session, uint64_t *steps)
{
	const struct state *state = session->thread->view->state;
	struct row_slice slice = state_target_luns(state, &session->target_id);
	bool changed = false;
	int rc = 0;

	for (size_t i = 0; i < slice.count && rc == 0; i++) {
		const struct row_association *row = slice.rows[i];

		rc = apply_one(session, (uint16_t)row->lun_number,
			       state_find(state, ROW_LUN, &row->lun_id), &changed);
	}
	*steps += slice.count;
	if (changed)
		scsi_nexus_luns_changed(&session->nexus);
	return rc;
}

/* The map of a login: the target's LUNs cut by their masks. */
static int
map_fill(struct target_session *session)
{
	const struct state *state = session->thread->view->state;
	struct row_slice slice = state_target_luns(state, &session->target_id);
	int rc = 0;

	for (size_t i = 0; i < slice.count && rc == 0; i++) {
		const struct row_association *row = slice.rows[i];
		const struct row_lun *lun = state_find(state, ROW_LUN, &row->lun_id);

		if (host_mask_admits(state, lun->mask, session->initiator))
			rc = map_add(session, lun, (uint16_t)row->lun_number);
	}
	return rc;
}

size_t
target_session_luns(struct scsi_nexus *nexus, size_t first, uint16_t *luns, size_t capacity)
{
	const struct target_session *session = container_of(nexus, struct target_session, nexus);

	for (size_t i = 0; i < capacity && first + i < session->path_count; i++)
		luns[i] = session->paths[first + i]->number;
	return session->path_count;
}

/* ---- Life ---- */

/* Joins the set of a key's sessions on this thread.  Returns 0 or -ENOMEM. */
static int
set_join(struct guid_map *map, const struct guid *key, struct list *node,
	 struct target_session_set **ret_set)
{
	struct target_session_set *set = guid_map_find(map, key);

	if (set == NULL) {
		set = mem_calloc(1, sizeof(*set));
		if (set == NULL)
			return -ENOMEM;
		set->key = *key;
		list_init(&set->sessions);
		if (guid_map_put(map, &set->key, set) < 0) {
			mem_free(set);
			return -ENOMEM;
		}
	}
	*ret_set = set;
	list_append(&set->sessions, node);
	return 0;
}

static void
set_leave(struct guid_map *map, struct target_session_set *set, struct list *node)
{
	if (set == NULL)
		return;
	list_remove(node);
	if (!list_empty(&set->sessions))
		return;
	guid_map_remove(map, &set->key);
	mem_free(set);
}

/*
 * The key of an initiator's name: names with the same key share a set, and the few sessions of
 * another name are looked at for nothing.
 */
static struct guid
initiator_key(const char *name)
{
	uint64_t a = 14695981039346656037ull, b = 0x9e3779b97f4a7c15ull; /* FNV-1a, twice */
	struct guid key;

	for (; *name != '\0'; name++) {
		uint8_t c = (uint8_t)(*name >= 'A' && *name <= 'Z' ? *name + 32 : *name);

		a = (a ^ c) * 1099511628211ull;
		b = (b ^ c) * 1099511628211ull;
	}
	memcpy(key.bytes, &a, sizeof(a));
	memcpy(key.bytes + sizeof(a), &b, sizeof(b));
	return key;
}

struct list *
target_session_of_initiator(struct target_thread *thread, const char *name)
{
	struct guid key = initiator_key(name);
	struct target_session_set *set = guid_map_find(&thread->by_initiator, &key);

	return set != NULL ? &set->sessions : NULL;
}

static int
sets_join(struct target_session *session)
{
	struct target_thread *thread = session->thread;
	struct guid key = initiator_key(session->initiator);
	int rc = set_join(&thread->by_target, &session->target_id, &session->set_node,
			  &session->set);

	return rc < 0 ? rc
		      : set_join(&thread->by_initiator, &key, &session->name_node,
				 &session->name_set);
}

static void
session_free(struct target_session *session)
{
	target_link_end_all(session, ERR_CLOSED);
	list_remove(&session->node);
	set_leave(&session->thread->by_target, session->set, &session->set_node);
	set_leave(&session->thread->by_initiator, session->name_set, &session->name_node);
	for (size_t i = 0; i < session->path_count; i++)
		path_free(session->paths[i]);
	for (struct list *node; (node = list_pop(&session->gone)) != NULL;)
		path_free(list_entry(node, struct target_path, node));
	iscsi_session_unref(session->iscsi);
	mem_free(session->gateway_instance);
	mem_free(session->paths);
	mem_free(session->table);
	mem_free(session);
}

int
target_session_new(struct target_conn *conn, const struct row_target *target,
		   struct target_session **ret_session)
{
	const struct iscsi_login *login = iscsi_conn_login(conn->iscsi);
	struct target_session *session = mem_calloc(1, sizeof(*session));
	int rc;

	if (session == NULL)
		return -ENOMEM;
	list_init(&session->conns);
	list_init(&session->links);
	list_init(&session->functions);
	session->inside = conn->portal->inside;
	session->known = conn->known;
	session->iscsi = iscsi_session_ref(iscsi_conn_session(conn->iscsi));
	session->shared = conn->entry.session;
	session->thread = conn->thread;
	session->initiator = session->shared->initiator;
	session->id = session->shared->id;
	session->target_id = target->id;
	session->nexus = (struct scsi_nexus){
		.ops = &target_task_host_ops,
		.target_name = session->shared->target,
		.initiator_name = session->initiator,
		.portal_group_tag = conn->tpgt,
		.relative_port_id = conn->relative_port,
		.target_port_group = conn->relative_port,
		.shard = (uint16_t)conn->thread->index,
		.has_queries = iscsi_conn_params(conn->iscsi)->protocol_level >= 2,
	};
	session->nexus.access = (uint8_t)target_access_of(session);
	memcpy(session->nexus.isid, login->isid, sizeof(session->nexus.isid));
	list_init(&session->gone);
	list_append(&conn->thread->sessions, &session->node);
	rc = sets_join(session);
	if (rc == 0 && session->inside)
		rc = target_inside_note(session, login);
	if (rc == 0)
		rc = map_fill(session);
	if (rc < 0) {
		session_free(session);
		return rc;
	}
	*ret_session = session;
	return 0;
}

void
target_session_add(struct target_session *session, struct target_conn *conn)
{
	conn->session = session;
	list_append(&session->conns, &conn->session_node);
}

static void
free_when_over(struct target_session *session)
{
	struct target_registry_session *shared = session->shared;

	if (!session->ended || !list_empty(&session->conns))
		return;
	session_free(session);
	target_registry_session_free(shared);
}

void
target_session_remove(struct target_conn *conn)
{
	struct target_session *session = conn->session;

	conn->session = NULL;
	if (session == NULL)
		return;
	list_remove(&conn->session_node);
	free_when_over(session);
}

/* Connections whose I/O hangs in the store may be there still. */
void
target_session_gone(struct loop_msg *msg)
{
	struct target_registry_session *shared = container_of(msg, struct target_registry_session,
							      gone);
	struct target *target = shared->thread->target;

	if (shared->nexus != NULL) {
		shared->nexus->ended = true;
		free_when_over(shared->nexus);
	} else {
		target_registry_session_free(shared);
	}
	target_conn_count_down(target);
}

void
target_session_close(struct target_session *session, int reason)
{
	session->broken = true;
	target_registry_end(session->shared);
	target_link_end_idle(session, reason < 0 ? reason : ERR_CLOSED);
	list_for_each(node, &session->conns)
		target_conn_close(list_entry(node, struct target_conn, session_node), reason);
}

bool
target_session_has_other(const struct target_conn *conn)
{
	list_for_each(node, &conn->session->conns) {
		const struct target_conn *other = list_entry(node, struct target_conn,
							     session_node);

		if (other != conn && !other->close_asked)
			return true;
	}
	return false;
}

/* ---- The live row ---- */

static const char *
yes_no(bool b)
{
	return b ? "Yes" : "No";
}

static const char *
digest_name(uint8_t digest)
{
	return digest == ISCSI_DIGEST_CRC32C ? "CRC32C" : "None";
}

/* Under the names of RFC 7143 §13. */
static void
format_params(const struct iscsi_params *p, char *text, size_t size)
{
	snprintf(text, size,
		 "HeaderDigest=%s,DataDigest=%s,InitialR2T=%s,ImmediateData=%s,"
		 "MaxRecvDataSegmentLength=%u,"
		 "InitiatorMaxRecvDataSegmentLength=%u,MaxBurstLength=%u,FirstBurstLength=%u,"
		 "MaxOutstandingR2T=%u,MaxConnections=%u",
		 digest_name(p->header_digest), digest_name(p->data_digest), yes_no(p->initial_r2t),
		 yes_no(p->immediate_data), p->max_recv_len, p->max_send_len, p->max_burst_len,
		 p->first_burst_len, p->max_outstanding_r2t, p->max_connections);
}

static int
fill_row(struct row_live_session *row, const struct target_conn *conn)
{
	const struct iscsi_login *login = iscsi_conn_login(conn->iscsi);
	char text[512], isid[2 * ISCSI_ISID_SIZE + 1];

	row->id = conn->entry.session->id;
	row->target_id = conn->target_id;
	row->tag = conn->tpgt;
	row->tsih = conn->entry.session->tsih;
	row->created_ms = clock_utc_ms();
	for (unsigned i = 0; i < ISCSI_ISID_SIZE; i++)
		snprintf(isid + 2 * i, 3, "%02x", login->isid[i]);
	format_params(iscsi_conn_params(conn->iscsi), text, sizeof(text));
	int rc = row_set_string(&row->initiator, login->initiator_name);

	if (rc == 0 && str_is_text(login->initiator_alias, strlen(login->initiator_alias)))
		rc = row_set_string(&row->initiator_alias, login->initiator_alias);
	if (rc == 0)
		rc = row_set_string(&row->initiator_address, conn->peer);
	if (rc == 0)
		rc = row_set_string(&row->portal_address, conn->local);
	if (rc == 0)
		rc = row_set_string(&row->isid, isid);
	return rc == 0 ? row_set_string(&row->parameters, text) : rc;
}

struct row_live_session *
target_session_row(const struct target_conn *conn)
{
	struct row_live_session *row = row_new(ROW_LIVE_SESSION);

	if (row != NULL && fill_row(row, conn) < 0) {
		row_unref(row);
		return NULL;
	}
	return row;
}
