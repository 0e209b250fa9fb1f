/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tasks that have not started, and whose path is released, goes, or belongs to another gateway now:
 * they start, end, or are forwarded.  Everything runs on the thread of the path.
 */
#include "target/target_int.h"

static void
take_all(struct list *from, struct list *to)
{
	for (struct list *node; (node = list_pop(from)) != NULL;)
		list_append(to, node);
}

void
target_task_release_held(struct target_path *path)
{
	struct list todo;

	list_init(&todo);
	take_all(&path->held_tasks, &todo);
	for (struct list *node; (node = list_pop(&todo)) != NULL;) {
		struct target_task *t = list_entry(node, struct target_task, node);
		struct target_conn *conn = t->conn;

		scsi_task_recheck(&t->scsi);
		target_task_start_late(t);
		target_conn_mark(conn);
	}
}

static void
end_unstarted(struct list *node)
{
	struct target_task *t = list_entry(node, struct target_task, node);
	struct target_conn *conn = t->conn;

	t->state = TARGET_TASK_NEW;
	target_task_answer_no_unit(t);
	target_conn_mark(conn);
}

/*
 * Ends those tasks of a connection's list that came through the path; what remains keeps its order.
 */
static void
end_unstarted_of(struct list *list, const struct target_path *path)
{
	struct list others;

	list_init(&others);
	for (struct list *node; (node = list_pop(list)) != NULL;) {
		if (list_entry(node, struct target_task, node)->path == path)
			end_unstarted(node);
		else
			list_append(&others, node);
	}
	take_all(&others, list);
}

/*
 * A task whose turn comes during the loop is moved to conn->turns; it is ended when it would start
 * there.
 */
void
target_task_end_unstarted(struct target_path *path)
{
	struct list *lists[] = { &path->collecting, &path->held_tasks, &path->limited };

	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		for (struct list *node; (node = list_pop(lists[i])) != NULL;)
			end_unstarted(node);
	list_for_each(node, &path->session->conns) {
		struct target_conn *conn = list_entry(node, struct target_conn, session_node);

		end_unstarted_of(&conn->short_of_buffers, path);
		end_unstarted_of(&conn->later, path);
	}
	target_forward_end_unstarted(path);
}

/* ---- The LUN is another gateway's now ---- */

/* A task that has not started here: it forgets what src/scsi has made of it. */
static void
send_away(struct target_task *t)
{
	bool collects = t->state == TARGET_TASK_COLLECTS;

	list_remove(&t->node);
	target_limits_forgo(t);
	scsi_task_abort(&t->scsi);
	target_task_init_anew(t, NULL);
	t->state = TARGET_TASK_NEW;
	target_conn_mark(t->conn);
	target_forward_enter(t, collects);
}

static void
send_away_of(struct list *list, const struct target_path *path)
{
	struct list all;

	list_init(&all); /* what is sent away may come into the same list */
	take_all(list, &all);
	for (struct list *node; (node = list_pop(&all)) != NULL;) {
		struct target_task *t = list_entry(node, struct target_task, node);

		if (t->path == path && t->fwd == NULL)
			send_away(t);
		else
			list_append(list, node);
	}
}

void
target_task_send_away(struct target_path *path)
{
	send_away_of(&path->collecting, path);
	send_away_of(&path->held_tasks, path);
	send_away_of(&path->limited, path);
	list_for_each(node, &path->session->conns) {
		struct target_conn *conn = list_entry(node, struct target_conn, session_node);

		send_away_of(&conn->turns, path);
		send_away_of(&conn->short_of_buffers, path);
		send_away_of(&conn->later, path);
	}
}
