/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fake_client.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "base/str.h"

struct client {
	pthread_mutex_t lock; /* all below */
	pthread_cond_t job_ended;
	struct state *config, *live;
	struct client_listener *listeners;
	int view_code, fail_code;
	bool hold_jobs;
	unsigned syncs, made;
	size_t asked_targets;
	enum row_family late_family; /* of what fake_delete_at_sync named */
	struct guid late_id;
};

struct client *fake_client;
unsigned fake_open_count;

/* ---- the state ---- */

static struct state *
live_sample(void)
{
	struct position at = { .array_id = sample_id('b', 1) };
	struct state *empty = state_new(&at), *live;
	struct state_edit *edit = state_edit_new(empty);

	state_unref(empty);
	sample_put(edit, sample_live_lun(1, HEALTH_OK), sample_live_lun(2, HEALTH_OK), NULL);
	live = sample_next(edit, NULL);
	return live;
}

/*
 * Held while listeners run: client_unlisten waits for it.  Outlives the client, which a listener
 * may end.
 */
static pthread_mutex_t telling = PTHREAD_MUTEX_INITIALIZER;

static void
tell(struct client *c, const struct client_view *before, const struct client_view *after,
     const struct change *change)
{
	pthread_mutex_lock(&telling);
	for (struct client_listener *l = c->listeners; l != NULL; l = l->next)
		l->changed(l, before, after, change);
	pthread_mutex_unlock(&telling);
}

/* Takes the new state's reference. */
static void
publish(struct client *c, struct state **slot, struct state *next, struct change *change)
{
	struct client_view before = { c->config, c->live }, after;
	struct state *old;

	pthread_mutex_lock(&c->lock);
	old = *slot;
	*slot = next;
	after = (struct client_view){ c->config, c->live };
	pthread_mutex_unlock(&c->lock);
	tell(c, &before, &after, change);
	state_unref(old);
	change_unref(change);
}

static void
finish(struct client *c, struct state **slot, struct state_edit *edit, const char *cause)
{
	struct change *change = NULL;
	struct state *next = NULL;

	assert_int_equal(state_edit_finish(edit, cause, NULL, 1000, &next, &change), 0);
	publish(c, slot, next, change);
}

void
fake_commit(const char *cause, void (*edit)(struct state_edit *edit, void *arg), void *arg)
{
	struct state_edit *e = state_edit_new(fake_client->config);

	edit(e, arg);
	finish(fake_client, &fake_client->config, e, cause);
}

static void
put_row(struct state_edit *edit, void *row)
{
	assert_int_equal(state_edit_put(edit, row), 0);
}

void
fake_put(void *row)
{
	fake_commit("test", put_row, row);
}

void
fake_delete(enum row_family family, const struct guid *a, const struct guid *b)
{
	struct state_edit *e = state_edit_new(fake_client->config);

	assert_int_equal(state_edit_delete(e, family, a, b), 0);
	finish(fake_client, &fake_client->config, e, "test");
}

size_t
fake_asked_targets(void)
{
	return fake_client->asked_targets;
}

void
fake_delete_at_sync(enum row_family family, const struct guid *id)
{
	fake_client->late_family = family;
	fake_client->late_id = *id;
}

void
fake_put_live(void *row)
{
	struct state_edit *e = state_edit_new(fake_client->live);

	put_row(e, row);
	finish(fake_client, &fake_client->live, e, "live");
}

void
fake_reload(struct state *config)
{
	publish(fake_client, &fake_client->config, config, NULL);
}

void
fake_set_view_code(int code)
{
	fake_client->view_code = code;
}

void
fake_fail_next(int code)
{
	fake_client->fail_code = code;
}

void
fake_hold_jobs(bool hold)
{
	fake_client->hold_jobs = hold;
}

unsigned
fake_sync_count(void)
{
	return fake_client->syncs;
}

const struct state *
fake_client_config(void)
{
	return fake_client->config;
}

/* ---- client.h: the replica ---- */

int
client_open(const char *url, enum client_mode mode, struct client **ret_client)
{
	struct client *c;

	assert_int_equal(mode, CLIENT_REPLICA);
	if (url != NULL && !str_starts(url, "fake:"))
		return err_set(ERR_UNREACHABLE, "%s: connection refused", url);
	c = mem_calloc(1, sizeof(*c));
	if (c == NULL)
		return -ENOMEM;
	mem_fault_at(0); /* the array's own memory is not what tests of com let run out */
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->job_ended, NULL);
	c->config = sample_state();
	c->live = live_sample();
	fake_client = c;
	fake_open_count++;
	*ret_client = c;
	return 0;
}

void
client_close(struct client *client)
{
	if (client == NULL)
		return;
	assert_null(client->listeners);
	state_unref(client->config);
	state_unref(client->live);
	pthread_cond_destroy(&client->job_ended);
	pthread_mutex_destroy(&client->lock);
	if (fake_client == client)
		fake_client = NULL;
	fake_open_count--;
	mem_free(client);
}

void
client_view_last(struct client *client, struct client_view *ret_view)
{
	pthread_mutex_lock(&client->lock);
	ret_view->config = state_ref(client->config);
	ret_view->live = state_ref(client->live);
	pthread_mutex_unlock(&client->lock);
}

int
client_view(struct client *client, struct client_view *ret_view)
{
	if (client->view_code != 0)
		return client->view_code;
	client_view_last(client, ret_view);
	return 0;
}

void
client_view_fini(struct client_view *view)
{
	state_unref(view->config);
	state_unref(view->live);
}

int
client_sync(struct client *client)
{
	client->syncs++;
	if (!guid_is_zero(&client->late_id)) {
		struct guid id = client->late_id;

		client->late_id = (struct guid){ { 0 } };
		fake_delete(client->late_family, &id, NULL);
	}
	return client->view_code;
}

int
client_reenumerate(struct client *client)
{
	(void)client;
	return 0;
}

int
client_refresh(struct client *client)
{
	client->view_code = 0;
	return 0;
}

void
client_listen(struct client *client, struct client_listener *listener)
{
	pthread_mutex_lock(&client->lock);
	listener->next = client->listeners;
	client->listeners = listener;
	pthread_mutex_unlock(&client->lock);
}

void
client_unlisten(struct client *client, struct client_listener *listener)
{
	struct client_listener **at = &client->listeners;

	pthread_mutex_lock(&telling);
	pthread_mutex_lock(&client->lock);
	while (*at != listener)
		at = &(*at)->next;
	*at = listener->next;
	pthread_mutex_unlock(&client->lock);
	pthread_mutex_unlock(&telling);
}

/* ---- client.h: changes ---- */

/* The answer that the test asked for, once. */
static int
take_failure(struct client *c)
{
	int code = c->fail_code;

	c->fail_code = 0;
	return code != 0 ? err_set(code, "the test wants it so") : 0;
}

static struct guid
next_id(struct client *c, char kind)
{
	return sample_id(kind, 1000 + ++c->made);
}

/* A row to change, found by id, or NULL: then *ret_code says why. */
static void *
copy_of(struct client *c, enum row_family family, const struct guid *id, int *ret_code)
{
	const void *row = state_find(c->config, family, id);

	*ret_code = take_failure(c);
	if (*ret_code < 0)
		return NULL;
	if (row == NULL)
		*ret_code = err_set(ERR_NOT_FOUND, "no such %s", row_type(family)->name);
	return row != NULL ? row_copy(row) : NULL;
}

static void
start_job(struct client *c, enum job_kind kind, const struct guid *lun,
	  struct client_answer *ret_answer)
{
	struct row_job *job = row_new(ROW_JOB);

	job->id = next_id(c, 'j');
	job->kind = kind;
	job->lun_id = *lun;
	job->state = JOB_RUNNING;
	ret_answer->job_id = job->id;
	fake_put(job);
}

void
fake_end_job(const struct guid *id, enum job_state state, const char *error)
{
	int code;
	struct row_job *job = copy_of(fake_client, ROW_JOB, id, &code);

	assert_non_null(job);
	job->state = state;
	assert_int_equal(row_set_string(&job->error, error), 0);
	fake_put(job);
	pthread_mutex_lock(&fake_client->lock);
	pthread_cond_broadcast(&fake_client->job_ended);
	pthread_mutex_unlock(&fake_client->lock);
}

int
client_array_rename(struct client *client, const char *name, struct client_answer *ret_answer)
{
	int code;
	struct row_array *row = copy_of(client, ROW_ARRAY, &state_array(client->config)->id, &code);

	(void)ret_answer;
	if (row == NULL)
		return code;
	assert_int_equal(row_set_string(&row->name, name), 0);
	fake_put(row);
	return 0;
}

int
client_lun_create(struct client *client, const struct client_lun_spec *spec,
		  struct client_answer *ret_answer)
{
	struct row_lun *row;
	int code = take_failure(client);

	if (code < 0)
		return code;
	row = sample_lun(1000 + ++client->made);
	row->size_bytes = spec->size_bytes;
	assert_int_equal(row_set_string(&row->mask, spec->mask), 0);
	*ret_answer = (struct client_answer){ .object_id = row->id };
	fake_put(row);
	if (client->hold_jobs)
		start_job(client, JOB_CREATE_LUN, &ret_answer->object_id, ret_answer);
	return 0;
}

static void
delete_associations(struct state_edit *edit, const struct guid *lun)
{
	struct row_slice slice = state_lun_targets(state_edit_view(edit), lun);

	while (slice.count > 0) {
		const struct row_association *row = slice.rows[0];
		struct guid target = row->target_id;

		assert_int_equal(state_edit_delete(edit, ROW_ASSOCIATION, lun, &target), 0);
		slice = state_lun_targets(state_edit_view(edit), lun);
	}
}

int
client_lun_delete(struct client *client, const struct guid *lun, bool force,
		  struct client_answer *ret_answer)
{
	struct state_edit *edit;
	int code = take_failure(client);

	assert_true(force); /* VDS deletes a LUN that is associated */
	(void)ret_answer;
	if (code < 0)
		return code;
	if (state_find(client->config, ROW_LUN, lun) == NULL)
		return err_set(ERR_NOT_FOUND, "no such LUN");
	edit = state_edit_new(client->config);
	delete_associations(edit, lun);
	assert_int_equal(state_edit_delete(edit, ROW_LUN, lun, NULL), 0);
	finish(client, &client->config, edit, "lun.delete");
	return 0;
}

int
client_lun_extend(struct client *client, const struct guid *lun, uint64_t add_bytes,
		  struct client_answer *ret_answer)
{
	int code;
	struct row_lun *row = copy_of(client, ROW_LUN, lun, &code);

	if (row == NULL)
		return code;
	if (add_bytes > (1ull << 53) - row->size_bytes) {
		row_unref(row);
		return err_set(ERR_NO_SPACE, "a LUN has at most 2^53 bytes");
	}
	row->size_bytes += add_bytes;
	*ret_answer = (struct client_answer){ .object_id = *lun };
	fake_put(row);
	if (client->hold_jobs)
		start_job(client, JOB_EXTEND_LUN, lun, ret_answer);
	return 0;
}

int
client_lun_rename(struct client *client, const struct guid *lun, const char *name,
		  struct client_answer *ret_answer)
{
	int code;
	struct row_lun *row = copy_of(client, ROW_LUN, lun, &code);

	(void)ret_answer;
	if (row == NULL)
		return code;
	assert_int_equal(row_set_string(&row->name, name), 0);
	fake_put(row);
	return 0;
}

int
client_lun_set_mask(struct client *client, const struct guid *lun, const char *mask,
		    struct client_answer *ret_answer)
{
	int code;
	struct row_lun *row = copy_of(client, ROW_LUN, lun, &code);

	(void)ret_answer;
	if (row == NULL)
		return code;
	assert_int_equal(row_set_string(&row->mask, mask), 0);
	fake_put(row);
	return 0;
}

int
client_lun_set_status(struct client *client, const struct guid *lun, enum row_status status,
		      struct client_answer *ret_answer)
{
	int code;
	struct row_lun *row = copy_of(client, ROW_LUN, lun, &code);

	(void)ret_answer;
	if (row == NULL)
		return code;
	row->status = status;
	fake_put(row);
	return 0;
}

static int
check_targets(const struct state *state, const struct guid *targets, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (state_find(state, ROW_TARGET, &targets[i]) == NULL)
			return err_set(ERR_NOT_FOUND, "no such target");
	}
	return 0;
}

int
client_lun_associate(struct client *client, const struct guid *lun, const struct guid *targets,
		     size_t count, struct client_answer *ret_answer)
{
	struct state_edit *edit;
	int code = take_failure(client);

	(void)ret_answer;
	client->asked_targets = count;
	if (code == 0 && state_find(client->config, ROW_LUN, lun) == NULL)
		code = err_set(ERR_NOT_FOUND, "no such LUN");
	if (code == 0)
		code = check_targets(client->config, targets, count);
	if (code < 0)
		return code;
	edit = state_edit_new(client->config);
	delete_associations(edit, lun);
	for (size_t i = 0; i < count; i++) {
		struct row_association *row = row_new(ROW_ASSOCIATION);

		row->lun_id = *lun;
		row->target_id = targets[i];
		row->lun_number = 7;
		put_row(edit, row);
	}
	finish(client, &client->config, edit, "lun.associate");
	return 0;
}

int
client_lun_max_extend(struct client *client, const struct guid *lun, uint64_t *ret_bytes)
{
	int code = take_failure(client);

	(void)lun;
	*ret_bytes = 4096;
	return code;
}

int
client_max_lun_size(struct client *client, const struct guid *pool, bool thick, uint64_t *ret_bytes)
{
	int code = take_failure(client);

	(void)pool;
	(void)thick;
	*ret_bytes = 1 << 20;
	return code;
}

int
client_target_create(struct client *client, const char *iscsi_name, const char *alias,
		     bool with_group, struct client_answer *ret_answer)
{
	struct row_target *row;
	int code = take_failure(client);

	assert_false(with_group);
	if (code < 0)
		return code;
	if (iscsi_name != NULL && state_target_by_name(client->config, iscsi_name) != NULL)
		return err_set(ERR_NAME_IN_USE, "target %s exists already", iscsi_name);
	row = sample_target(1000 + ++client->made);
	if (iscsi_name != NULL)
		assert_int_equal(row_set_string(&row->iscsi_name, iscsi_name), 0);
	assert_int_equal(row_set_string(&row->alias, alias), 0);
	*ret_answer = (struct client_answer){ .object_id = row->id };
	fake_put(row);
	return 0;
}

int
client_target_set_alias(struct client *client, const struct guid *target, const char *alias,
			struct client_answer *ret_answer)
{
	int code;
	struct row_target *row = copy_of(client, ROW_TARGET, target, &code);

	(void)ret_answer;
	if (row == NULL)
		return code;
	assert_int_equal(row_set_string(&row->alias, alias), 0);
	fake_put(row);
	return 0;
}

static void
delete_groups(struct state_edit *edit, const struct guid *target)
{
	struct row_slice groups = state_target_groups(state_edit_view(edit), target);

	while (groups.count > 0) {
		const struct row_portal_group *group = groups.rows[0];
		struct guid id = group->id;
		struct row_slice members = state_group_portals(state_edit_view(edit), &id);

		while (members.count > 0) {
			const struct row_group_portal *member = members.rows[0];
			struct guid portal = member->portal_id;

			assert_int_equal(state_edit_delete(edit, ROW_GROUP_PORTAL, &id, &portal),
					 0);
			members = state_group_portals(state_edit_view(edit), &id);
		}
		assert_int_equal(state_edit_delete(edit, ROW_PORTAL_GROUP, &id, NULL), 0);
		groups = state_target_groups(state_edit_view(edit), target);
	}
}

int
client_target_delete(struct client *client, const struct guid *target,
		     struct client_answer *ret_answer)
{
	struct state_edit *edit;
	int code = take_failure(client);

	if (code < 0)
		return code;
	if (state_target_luns(client->config, target).count > 0)
		return err_set(ERR_LUNS_ASSOCIATED, "LUNs are associated with the target");
	edit = state_edit_new(client->config);
	delete_groups(edit, target);
	assert_int_equal(state_edit_delete(edit, ROW_TARGET, target, NULL), 0);
	finish(client, &client->config, edit, "target.delete");
	*ret_answer = (struct client_answer){ .object_id = *target };
	return 0;
}

int
client_portal_set_status(struct client *client, const struct guid *portal, enum row_status status,
			 struct client_answer *ret_answer)
{
	int code;
	struct row_portal *row = copy_of(client, ROW_PORTAL, portal, &code);

	(void)ret_answer;
	if (row == NULL)
		return code;
	row->status = status;
	fake_put(row);
	return 0;
}

int
client_group_create(struct client *client, const struct guid *target,
		    struct client_answer *ret_answer)
{
	struct row_portal_group *row;
	int code = take_failure(client);

	if (code < 0)
		return code;
	row = sample_group(1000 + ++client->made, 1);
	row->target_id = *target;
	*ret_answer = (struct client_answer){ .object_id = row->id };
	fake_put(row);
	return 0;
}

int
client_group_delete(struct client *client, const struct guid *group,
		    struct client_answer *ret_answer)
{
	int code = take_failure(client);

	if (code < 0)
		return code;
	if (state_group_portals(client->config, group).count > 0)
		return err_set(ERR_PORTALS_ASSOCIATED, "portals are in the portal group");
	fake_delete(ROW_PORTAL_GROUP, group, NULL);
	*ret_answer = (struct client_answer){ .object_id = *group };
	return 0;
}

int
client_group_add_portal(struct client *client, const struct guid *group, const struct guid *portal,
			struct client_answer *ret_answer)
{
	struct row_group_portal *row;
	int code = take_failure(client);

	*ret_answer = (struct client_answer){ .object_id = *group };
	if (code < 0)
		return code;
	if (state_find(client->config, ROW_PORTAL, portal) == NULL)
		return err_set(ERR_NOT_FOUND, "no such portal");
	ret_answer->existed = state_find_pair(client->config, ROW_GROUP_PORTAL, group, portal) !=
			      NULL;
	if (ret_answer->existed)
		return 0;
	row = row_new(ROW_GROUP_PORTAL);
	row->group_id = *group;
	row->portal_id = *portal;
	fake_put(row);
	return 0;
}

int
client_group_remove_portal(struct client *client, const struct guid *group,
			   const struct guid *portal, struct client_answer *ret_answer)
{
	int code = take_failure(client);

	*ret_answer = (struct client_answer){ .object_id = *group };
	if (code < 0)
		return code;
	if (state_find_pair(client->config, ROW_GROUP_PORTAL, group, portal) == NULL)
		return err_set(ERR_NOT_FOUND, "the portal is not in the group");
	fake_delete(ROW_GROUP_PORTAL, group, portal);
	return 0;
}

int
client_job_cancel(struct client *client, const struct guid *id, struct client_answer *ret_answer)
{
	const struct row_job *job = state_find(client->config, ROW_JOB, id);

	(void)ret_answer;
	assert_non_null(job);
	if (job->state == JOB_CANCELLED)
		return err_set(ERR_CANCELLED, "it was cancelled already");
	if (job->state != JOB_RUNNING)
		return err_set(ERR_TOO_LATE, "it has ended");
	fake_end_job(id, JOB_CANCELLED, "CANCELLED");
	return 0;
}

int
client_job_wait(struct client *client, const struct guid *id, int timeout_ms,
		struct row_job **ret_job)
{
	const struct row_job *job;

	assert_true(timeout_ms < 0);
	pthread_mutex_lock(&client->lock);
	job = state_find(client->config, ROW_JOB, id);
	while (job != NULL && job->state == JOB_RUNNING) {
		pthread_cond_wait(&client->job_ended, &client->lock);
		job = state_find(client->config, ROW_JOB, id);
	}
	*ret_job = job != NULL ? row_ref(job) : NULL;
	pthread_mutex_unlock(&client->lock);
	return job != NULL ? 0 : err_set(ERR_NOT_FOUND, "no such job");
}
