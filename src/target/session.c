/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A session: an I_T nexus and its LUN map, which is its target's view cut by the masks.  The map
 * changes only when a view with another struct for its target comes; a command just indexes a
 * table.
 *
 * A path that leaves the map ends its tasks that have not started, and stays in session->gone until
 * the last of those in scsi's hands has ended.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"
#include "target/target_int.h"

/* ---- Paths ---- */

static struct target_path *
path_new(struct target_session *session, const struct target_view_lun *lun)
{
	struct target_path *path = mem_calloc(1, sizeof(*path));

	if (path == NULL)
		return NULL;
	path->session = session;
	path->unit = target_unit_ref(lun->unit);
	path->number = lun->number;
	list_init(&path->collecting);
	list_init(&path->held_tasks);
	scsi_itl_init(&path->itl, &session->nexus, lun->unit->lu, 1u << SCSI_UA_POWER_ON);
	path->held = target_hold_covers(session->thread, path);
	return path;
}

static void
path_free(struct target_path *path)
{
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

struct map {
	struct target_path **paths, **table;
	size_t path_count, table_size;
	struct target_path **made; /* of paths: new ones, to free when the map is not used */
	size_t made_count;
};

static void
map_fini(struct map *map)
{
	for (size_t i = 0; i < map->made_count; i++)
		path_free(map->made[i]);
	mem_free(map->made);
	mem_free(map->paths);
	mem_free(map->table);
}

static int
map_init(struct map *map, const struct target_view_target *vt)
{
	size_t count = vt->lun_count;

	*map = (struct map){ .table_size = count > 0 ? vt->luns[count - 1].number + 1u : 0 };
	map->paths = mem_calloc(count, sizeof(*map->paths));
	map->made = mem_calloc(count, sizeof(*map->made));
	map->table = mem_calloc(map->table_size, sizeof(*map->table));
	return map->paths == NULL || map->made == NULL || map->table == NULL ? -ENOMEM : 0;
}

static int
map_add(struct map *map, struct target_session *session, const struct target_view_lun *lun)
{
	struct target_path *path = target_session_path(session, lun->number);

	if (path == NULL || path->unit != lun->unit) {
		path = path_new(session, lun);
		if (path == NULL)
			return -ENOMEM;
		map->made[map->made_count++] = path;
	}
	map->paths[map->path_count++] = path;
	map->table[lun->number] = path;
	return 0;
}

static int
map_fill(struct map *map, struct target_session *session, const struct target_view_target *vt)
{
	int r = map_init(map, vt);

	for (size_t i = 0; i < vt->lun_count && r == 0; i++)
		if (mask_admits(vt->luns[i].row->mask, session->initiator))
			r = map_add(map, session, &vt->luns[i]);
	return r;
}

/* Swap the maps, then let go of what is only in the old one (now in *map). */
static void
map_use(struct map *map, struct target_session *session)
{
	struct map old = {
		.paths = session->paths,
		.table = session->table,
		.path_count = session->path_count,
		.table_size = session->table_size,
	};

	session->paths = map->paths;
	session->table = map->table;
	session->path_count = map->path_count;
	session->table_size = map->table_size;
	mem_free(map->made);
	for (size_t i = 0; i < old.path_count; i++)
		if (target_session_path(session, old.paths[i]->number) != old.paths[i])
			path_drop(old.paths[i]);
	mem_free(old.paths);
	mem_free(old.table);
}

int
target_session_apply(struct target_session *session, struct target_view_target *vt)
{
	struct target_view_target *old_vt = session->vt;
	struct map map;

	session->vt = target_view_target_ref(vt); /* what new paths are covered by */
	int r = map_fill(&map, session, vt);

	if (r < 0) {
		map_fini(&map);
		session->vt = old_vt;
		target_view_target_unref(vt);
		return r;
	}
	bool changed = map.made_count > 0 || map.path_count != session->path_count;

	map_use(&map, session);
	target_view_target_unref(old_vt);
	if (changed)
		scsi_nexus_luns_changed(&session->nexus);
	return 0;
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

int
target_session_new(struct target_conn *conn, struct target_view_target *vt,
		   struct target_session **ret_session)
{
	struct target_session *session = mem_calloc(1, sizeof(*session));

	if (session == NULL)
		return -ENOMEM;
	session->conn = conn;
	session->thread = conn->thread;
	session->initiator = iscsi_conn_login(conn->iscsi)->initiator_name;
	session->id = conn->entry.session_id;
	session->vt = target_view_target_ref(vt);
	session->nexus = (struct scsi_nexus){
		.ops = &target_task_host_ops,
		.target_name = iscsi_conn_login(conn->iscsi)->target_name,
		.initiator_name = session->initiator,
		.portal_group_tag = conn->tpgt,
		.relative_port_id = conn->relative_port,
		.shard = (uint16_t)conn->thread->index,
	};
	memcpy(session->nexus.isid, iscsi_conn_login(conn->iscsi)->isid,
	       sizeof(session->nexus.isid));
	list_init(&session->gone);
	struct map map;
	int r = map_fill(&map, session, vt);

	if (r < 0) {
		map_fini(&map);
		target_view_target_unref(session->vt);
		mem_free(session);
		return r;
	}
	map_use(&map, session);
	list_append(&conn->thread->sessions, &session->node);
	*ret_session = session;
	return 0;
}

void
target_session_free(struct target_session *session)
{
	if (session == NULL)
		return;
	list_remove(&session->node);
	for (size_t i = 0; i < session->path_count; i++)
		path_free(session->paths[i]);
	for (struct list *node; (node = list_pop(&session->gone)) != NULL;)
		path_free(list_entry(node, struct target_path, node));
	target_view_target_unref(session->vt);
	mem_free(session->paths);
	mem_free(session->table);
	mem_free(session);
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
		 "MaxOutstandingR2T=%u",
		 digest_name(p->header_digest), digest_name(p->data_digest), yes_no(p->initial_r2t),
		 yes_no(p->immediate_data), p->max_recv_len, p->max_send_len, p->max_burst_len,
		 p->first_burst_len, p->max_outstanding_r2t);
}

static int
fill_row(struct row_live_session *row, const struct target_conn *conn)
{
	const struct iscsi_login *login = iscsi_conn_login(conn->iscsi);
	char text[512], isid[2 * ISCSI_ISID_SIZE + 1];

	row->id = conn->entry.session_id;
	row->target_id = conn->target_id;
	row->tag = conn->tpgt;
	row->tsih = conn->entry.tsih;
	row->created_ms = clock_utc_ms();
	for (unsigned i = 0; i < ISCSI_ISID_SIZE; i++)
		snprintf(isid + 2 * i, 3, "%02x", login->isid[i]);
	format_params(iscsi_conn_params(conn->iscsi), text, sizeof(text));
	int r = row_set_string(&row->initiator, login->initiator_name);

	if (r == 0 && str_is_text(login->initiator_alias, strlen(login->initiator_alias)))
		r = row_set_string(&row->initiator_alias, login->initiator_alias);
	if (r == 0)
		r = row_set_string(&row->initiator_address, conn->peer);
	if (r == 0)
		r = row_set_string(&row->portal_address, conn->local);
	if (r == 0)
		r = row_set_string(&row->isid, isid);
	return r == 0 ? row_set_string(&row->parameters, text) : r;
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
