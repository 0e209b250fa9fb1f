/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fake_client_int.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "model/hints.h"

struct client *fake_client;
unsigned fake_open_count, fake_started_count;

static struct client *clients;
static char down_urls[256]; /* each with a blank behind it */
static pthread_mutex_t down_lock = PTHREAD_MUTEX_INITIALIZER;

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
fake_delete_live(enum row_family family, const struct guid *a, const struct guid *b)
{
	struct state_edit *e = state_edit_new(fake_client->live);

	assert_int_equal(state_edit_delete(e, family, a, b), 0);
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

static bool
is_down(const char *url)
{
	char word[128];
	bool down;

	assert_true(snprintf(word, sizeof(word), "%s ", url) < (int)sizeof(word));
	pthread_mutex_lock(&down_lock); /* the provider's watch asks on a thread of its own */
	down = !str_starts(url, "fake:") || strstr(down_urls, word) != NULL;
	pthread_mutex_unlock(&down_lock);
	return down;
}

void
fake_set_down(const char *url, bool down)
{
	char *at;

	pthread_mutex_lock(&down_lock);
	at = strstr(down_urls, url);
	if (down && at == NULL)
		snprintf(down_urls + strlen(down_urls), sizeof(down_urls) - strlen(down_urls),
			 "%s ", url);
	else if (!down && at != NULL)
		memmove(at, at + strlen(url) + 1, strlen(at + strlen(url) + 1) + 1);
	pthread_mutex_unlock(&down_lock);
}

struct client *
fake_client_of(const char *url)
{
	for (struct client *c = clients; c != NULL; c = c->next)
		if (strcmp(c->url, url) == 0)
			return c;
	return NULL;
}

/* The sample, for another array without anything but itself and one LUN of the same number. */
static struct state *
other_sample(unsigned n)
{
	struct position at = sample_position();
	struct state *empty, *state;
	struct state_edit *edit;
	struct row_array *row = sample_array();

	at.array_id = row->id = sample_id('a', n);
	empty = state_new(&at);
	edit = state_edit_new(empty);
	state_unref(empty);
	sample_put(edit, row, sample_pool(n), sample_lun(100 * n), NULL);
	state = sample_next(edit, NULL);
	return state;
}

static void *
fill(void *arg)
{
	struct client *c = arg;
	const char *digit = c->url + strlen("fake:");

	c->config = str_starts(c->url, "fake:") && *digit != '\0'
			    ? other_sample((unsigned)(*digit - '0'))
			    : sample_state();
	c->live = live_sample();
	return NULL;
}

char fake_options[256];

static void
options_note(const struct client_options *o)
{
	const char *const names[] = { "ca", "fingerprint", "cert", "key", "token-file" };
	const char *const values[] = { o->ca, o->fingerprint, o->cert, o->key, o->token_file };
	size_t len = 0;

	fake_options[0] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (values[i] != NULL)
			len += (size_t)snprintf(fake_options + len, sizeof(fake_options) - len,
						"%s%s=%s", len > 0 ? " " : "", names[i], values[i]);
}

int
client_new_with(const struct client_options *options, struct client **ret_client)
{
	const char *url = options->url;
	struct client *c;
	pthread_t thread;

	if (strchr(url, ':') == NULL)
		return err_set(ERR_INVALID, "%s is not a URL", url);
	c = mem_calloc(1, sizeof(*c));
	if (c == NULL)
		return -ENOMEM;
	snprintf(c->url, sizeof(c->url), "%s", url);
	options_note(options);
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->job_ended, NULL);
	/* The array's own memory is not what tests of com let run out, thread by thread. */
	assert_int_equal(pthread_create(&thread, NULL, fill, c), 0);
	pthread_join(thread, NULL);
	c->next = clients;
	clients = c;
	if (fake_client == NULL || !is_down(url))
		fake_client = c;
	fake_open_count++;
	*ret_client = c;
	return 0;
}

int
client_start(struct client *client)
{
	client->started = true;
	fake_started_count++;
	return 0;
}

int
client_ready(struct client *client)
{
	return is_down(client->url)
		       ? err_set(ERR_UNREACHABLE, "%s: connection refused", client->url)
		       : 0;
}

void
client_stop(struct client *client)
{
	fake_started_count -= client->started;
	client->started = false;
}

unsigned
client_calls_under_way(struct client *client)
{
	return client->calls;
}

void
fake_set_calls(struct client *client, unsigned calls)
{
	client->calls = calls;
}

void
client_close(struct client *client)
{
	if (client == NULL)
		return;
	client_stop(client);
	assert_null(client->listeners);
	for (struct client **at = &clients; *at != NULL; at = &(*at)->next) {
		if (*at == client) {
			*at = client->next;
			break;
		}
	}
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
fake_set_lost(struct client *client, bool lost)
{
	client->lost = lost;
	pthread_mutex_lock(&telling);
	for (struct client_listener *l = client->listeners; l != NULL; l = l->next)
		if (l->contact != NULL)
			l->contact(l, lost);
	pthread_mutex_unlock(&telling);
}

enum client_contact
client_contact(struct client *client)
{
	if (client->view_code != 0 || !client->started)
		return CLIENT_BROKEN;
	return client->lost ? CLIENT_LOST : CLIENT_TRUSTED;
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
	if (client->lost || !client->started)
		return err_set(ERR_CACHE_CORRUPT, "no contact with %s", client->url);
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

void (*fake_at_reenumerate)(void);

int
client_reenumerate(struct client *client)
{
	if (fake_at_reenumerate != NULL)
		fake_at_reenumerate();
	return client->lost ? err_set(ERR_UNREACHABLE, "%s: gone", client->url) : 0;
}

int
client_refresh(struct client *client)
{
	if (client->lost)
		return err_set(ERR_UNREACHABLE, "%s: gone", client->url);
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

int
fake_take_failure(struct client *c)
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

void *
fake_copy_of(struct client *c, enum row_family family, const struct guid *id, int *ret_code)
{
	const void *row = state_find(c->config, family, id);

	*ret_code = fake_take_failure(c);
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
	struct row_job *job = fake_copy_of(fake_client, ROW_JOB, id, &code);

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
	IN_THE_ARRAY;
	int code;
	struct row_array *row = fake_copy_of(client, ROW_ARRAY, &state_array(client->config)->id,
					     &code);

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
	IN_THE_ARRAY;
	struct row_lun *row;
	int code = fake_take_failure(client);

	if (code < 0)
		return code;
	row = sample_lun(1000 + ++client->made);
	row->size_bytes = spec->size_bytes;
	row->thin = !spec->thick;
	assert_true(spec->fits); /* COM promises only what is there */
	if (!guid_is_zero(&spec->pool_id))
		row->pool_id = spec->pool_id;
	assert_int_equal(row_set_string(&row->mask, spec->mask), 0);
	assert_int_equal(row_set_string(&row->hints, spec->hints), 0);
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
	IN_THE_ARRAY;
	struct state_edit *edit;
	int code = fake_take_failure(client);

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

static int
extend(struct client *client, const struct guid *lun, uint64_t add_bytes,
       struct client_answer *ret_answer)
{
	int code;
	struct row_lun *row = fake_copy_of(client, ROW_LUN, lun, &code);

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
client_lun_extend(struct client *client, const struct guid *lun, uint64_t add_bytes, bool fits,
		  struct client_answer *ret_answer)
{
	IN_THE_ARRAY;

	assert_true(fits); /* COM promises only what is there */
	return extend(client, lun, add_bytes, ret_answer);
}

int
client_lun_shrink(struct client *client, const struct guid *lun, uint64_t size_bytes,
		  uint64_t remove_bytes, bool force, struct client_answer *ret_answer)
{
	IN_THE_ARRAY;
	int code;
	struct row_lun *row = fake_copy_of(client, ROW_LUN, lun, &code);

	assert_true(force); /* as VDS shrinks: its service has asked whether the LUN is in use */
	assert_int_equal(size_bytes, 0);
	if (row == NULL)
		return code;
	if (remove_bytes >= row->size_bytes) {
		row_unref(row);
		return err_set(ERR_INVALID, "nothing would be left");
	}
	row->size_bytes -= remove_bytes;
	*ret_answer = (struct client_answer){ .object_id = *lun };
	fake_put(row);
	return 0;
}

int
client_lun_set_hints(struct client *client, const struct guid *lun, const char *hints,
		     struct client_answer *ret_answer)
{
	IN_THE_ARRAY;
	int code;
	struct row_lun *row = fake_copy_of(client, ROW_LUN, lun, &code);
	AUTO_FREE char *canonical = NULL;

	(void)ret_answer;
	if (row == NULL)
		return code;
	assert_int_equal(hints_normalize(hints, &canonical), 0);
	assert_int_equal(row_set_string(&row->hints, canonical), 0);
	fake_put(row);
	return 0;
}

int
client_lun_rename(struct client *client, const struct guid *lun, const char *name,
		  struct client_answer *ret_answer)
{
	IN_THE_ARRAY;
	int code;
	struct row_lun *row = fake_copy_of(client, ROW_LUN, lun, &code);

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
	IN_THE_ARRAY;
	int code;
	struct row_lun *row = fake_copy_of(client, ROW_LUN, lun, &code);

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
	IN_THE_ARRAY;
	int code;
	struct row_lun *row = fake_copy_of(client, ROW_LUN, lun, &code);

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
	IN_THE_ARRAY;
	struct state_edit *edit;
	int code = fake_take_failure(client);

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
client_lun_max_extend(struct client *client, const struct guid *lun, bool fits, uint64_t *ret_bytes)
{
	IN_THE_ARRAY;
	int code = fake_take_failure(client);

	(void)lun;
	assert_true(fits);
	*ret_bytes = 4096;
	return code;
}

int
client_max_lun_size(struct client *client, const struct guid *pool, bool thick, bool fits,
		    uint64_t *ret_bytes)
{
	IN_THE_ARRAY;
	int code = fake_take_failure(client);

	assert_true(fits);
	*ret_bytes = (uint64_t)(pool->bytes[3] + 1) << (thick ? 19 : 20); /* sample pools differ */
	return code;
}

int
client_target_create(struct client *client, const char *iscsi_name, const char *alias,
		     bool with_group, struct client_answer *ret_answer)
{
	IN_THE_ARRAY;
	struct row_target *row;
	int code = fake_take_failure(client);

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
	IN_THE_ARRAY;
	int code;
	struct row_target *row = fake_copy_of(client, ROW_TARGET, target, &code);

	(void)ret_answer;
	if (row == NULL)
		return code;
	assert_int_equal(row_set_string(&row->alias, alias), 0);
	fake_put(row);
	return 0;
}

int
client_credential_set(struct client *client, const struct guid *target, enum credential_side side,
		      const char *initiator, const char *secret, struct client_answer *ret_answer)
{
	IN_THE_ARRAY;
	int code;
	struct row_target *found = fake_copy_of(client, ROW_TARGET, target, &code);
	struct row_credential *row;

	(void)ret_answer;
	if (found == NULL)
		return code;
	row_unref(found);
	assert_true(strncmp(secret, "0x", 2) == 0 && strlen(secret) >= 26);
	row = row_new(ROW_CREDENTIAL);
	row->id = sample_id('x', initiator != NULL && initiator[0] != '\0' ? 2 : 1);
	row->id.bytes[8] = (uint8_t)side;
	row->owner_id = *target;
	row->side = side;
	assert_int_equal(row_set_string(&row->user, ""), 0);
	assert_int_equal(row_set_string(&row->initiator, initiator), 0);
	fake_put(row);
	return 0;
}

int
client_credential_delete(struct client *client, const struct guid *credential,
			 struct client_answer *ret_answer)
{
	IN_THE_ARRAY;
	int code = fake_take_failure(client);

	(void)ret_answer;
	if (code == 0)
		fake_delete(ROW_CREDENTIAL, credential, NULL);
	return code;
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
	IN_THE_ARRAY;
	struct state_edit *edit;
	int code = fake_take_failure(client);

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
	IN_THE_ARRAY;
	int code;
	struct row_portal *row = fake_copy_of(client, ROW_PORTAL, portal, &code);

	(void)ret_answer;
	if (row == NULL)
		return code;
	row->status = status;
	fake_put(row);
	return 0;
}
