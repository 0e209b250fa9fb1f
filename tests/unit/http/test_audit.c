/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The audit log over the API: every verb that changes something leaves exactly one record, whether
 * it was done, has failed or was refused; what a record says; pages and filters.
 */
#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "fixture.h"

static bool done[VERB_COUNT]; /* verbs that have succeeded */

/* Returns the records after `number`, the newest first; the caller drops the reference. */
static json_t *
records(struct fixture *fx, const char *query)
{
	char target[256];
	json_t *json, *items;

	snprintf(target, sizeof(target), "/v1/audit?%s", query);
	json = call(fx, 200, "GET", target, NULL);
	items = json_incref(json_object_get(json, "items"));
	json_decref(json);
	return items;
}

static json_int_t
newest(struct fixture *fx)
{
	json_t *items = records(fx, "limit=1");
	json_int_t number = number_of(json_array_get(items, 0), "number");

	json_decref(items);
	return number;
}

/* The one record since `before`, which must have this outcome. */
static void
one_record(struct fixture *fx, json_int_t before, enum verb_id verb, const char *outcome)
{
	json_t *items = records(fx, "limit=10"), *record = json_array_get(items, 0);

	if (number_of(record, "number") != before + 1)
		fail_msg("%s: %d records", verb_table[verb].operation,
			 (int)(number_of(record, "number") - before));
	assert_string_equal(text_of(record, "verb"), verb_table[verb].operation);
	if (strcmp(text_of(record, "outcome"), outcome) != 0)
		fail_msg("%s: outcome %s, wanted %s: %s", verb_table[verb].operation,
			 text_of(record, "outcome"), outcome, text_of(record, "text"));
	assert_true(json_string_length(json_object_get(record, "text")) > 0);
	assert_string_equal(text_of(json_object_get(record, "principal"), "kind"), "unix");
	json_decref(items);
}

static uint64_t
sequence(struct fixture *fx)
{
	struct state *config = array_state(fx->http.array);
	uint64_t now = state_position(config)->sequence;

	state_unref(config);
	return now;
}

/*
 * A request that has changed rows has their values in its record: what was made has none before,
 * what was deleted none after, and of what was changed there are those members that differ.
 */
static void
values_are_recorded(struct fixture *fx, enum verb_id verb, uint64_t sequence_before)
{
	json_t *items = records(fx, "limit=1"), *record = json_array_get(items, 0), *row;
	json_t *rows = json_object_get(record, "changes");
	size_t i;

	if ((sequence(fx) != sequence_before) != (json_array_size(rows) > 0))
		fail_msg("%s: sequence %llu after %llu, but %zu rows are recorded",
			 verb_table[verb].operation, (unsigned long long)sequence(fx),
			 (unsigned long long)sequence_before, json_array_size(rows));
	json_array_foreach(rows, i, row)
	{
		const json_t *was = json_object_get(row, "before");
		const json_t *is = json_object_get(row, "after");

		if (json_is_object(was) && json_is_object(is))
			assert_int_equal(json_object_size(was), json_object_size(is));
		else
			assert_true(json_is_object(was) != json_is_object(is));
	}
	json_decref(items);
}

/* Makes a request that must be done, and looks at its record; returns the id in the answer. */
static const char *
change(struct fixture *fx, enum verb_id verb, const char *target, const char *body)
{
	static char id[GUID_TEXT_SIZE];
	json_int_t before = newest(fx);
	uint64_t sequence_before = sequence(fx);
	struct http_reply reply = call_with_id(fx, verb_table[verb].method, target, body, NULL);

	if (reply.status >= 300)
		fail_msg("%s: %s", verb_table[verb].operation, json_dumps(reply.json, 0));
	snprintf(id, sizeof(id), "%s", text_of(reply.json, "id"));
	http_reply_fini(&reply);
	one_record(fx, before, verb, "OK");
	values_are_recorded(fx, verb, sequence_before);
	done[verb] = true;
	return id;
}

/* Adopts a file into a pool of its own. */
static void
adopt(struct fixture *fx)
{
	char file[96], body[256], path[256];
	int fd;

	snprintf(file, sizeof(file), "%s/pool3", fx->dir);
	assert_int_equal(mkdir(file, 0700), 0);
	snprintf(body, sizeof(body), "{\"name\":\"p3\",\"path\":\"%s\"}", file);
	snprintf(path, sizeof(path), "/v1/pools/%s/adopt",
		 change(fx, VERB_POOL_CREATE, "/v1/pools", body));
	snprintf(file, sizeof(file), "%s/pool3/raw", fx->dir);
	fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 4096), 0);
	close(fd);
	snprintf(body, sizeof(body), "{\"path\":\"%s\"}", file);
	change(fx, VERB_POOL_ADOPT, path, body);
}

static void
objects_change(struct fixture *fx, char path[256], size_t size)
{
	char lun[GUID_TEXT_SIZE], target[GUID_TEXT_SIZE], body[256], dir[96];

	(void)size;
	snprintf(dir, sizeof(dir), "%s/pool2", fx->dir);
	assert_int_equal(mkdir(dir, 0700), 0);
	change(fx, VERB_ARRAY_CHANGE, "/v1/array", "{\"name\":\"a\"}");
	snprintf(body, sizeof(body), "{\"name\":\"p\",\"path\":\"%s\"}", dir);
	snprintf(path, 256, "/v1/pools/%s", change(fx, VERB_POOL_CREATE, "/v1/pools", body));
	change(fx, VERB_POOL_CHANGE, path, "{\"name\":\"q\"}");
	change(fx, VERB_POOL_DELETE, path, NULL);
	adopt(fx);
	strcpy(lun, change(fx, VERB_LUN_CREATE, "/v1/luns",
			   "{\"name\":\"vol1\",\"size_bytes\":1048576}"));
	strcpy(target, change(fx, VERB_TARGET_CREATE, "/v1/targets", "{\"alias\":\"t\"}"));
	snprintf(path, 256, "/v1/luns/%s", lun);
	change(fx, VERB_LUN_CHANGE, path, "{\"mask\":\"*\"}");
	change(fx, VERB_LUN_CHANGE, path, "{\"status\":\"offline\"}");
	change(fx, VERB_LUN_CHANGE, path, "{\"status\":\"online\"}");
	snprintf(path, 256, "/v1/luns/%s/extend", lun);
	change(fx, VERB_LUN_EXTEND, path, "{\"add_bytes\":1048576}");
	snprintf(path, 256, "/v1/luns/%s/shrink", lun);
	change(fx, VERB_LUN_SHRINK, path, "{\"size_bytes\":1048576,\"force\":true}");
	snprintf(path, 256, "/v1/luns/%s/targets", lun);
	snprintf(body, sizeof(body), "{\"targets\":[\"%s\"]}", target);
	change(fx, VERB_LUN_ASSOCIATE, path, body);
	change(fx, VERB_LUN_ASSOCIATE, path, body); /* no effect */
	snprintf(body, sizeof(body), "{\"remove\":[\"%s\"]}", target);
	change(fx, VERB_LUN_TARGETS_CHANGE, path, body);
	snprintf(body, sizeof(body),
		 "{\"object_id\":\"%s\",\"operation\":\"blink\",\"action\":\"start\"}", lun);
	change(fx, VERB_MAINTENANCE_ASK, "/v1/maintenance", body);
	snprintf(path, 256, "/v1/luns/%s/reservations", lun);
	change(fx, VERB_LUN_RESERVATIONS_CLEAR, path, NULL);
	snprintf(path, 256, "/v1/luns/%s/faults", lun);
	change(fx, VERB_LUN_INJECT, path, "{\"operation\":\"read\",\"error\":\"busy\"}");
	change(fx, VERB_LUN_FAULTS_CLEAR, path, NULL);
	snprintf(path, 256, "/v1/luns/%s", lun);
	change(fx, VERB_LUN_DELETE, path, NULL);
	snprintf(path, 256, "/v1/targets/%s", target);
	change(fx, VERB_TARGET_CHANGE, path, "{\"alias\":\"u\"}");
	change(fx, VERB_TARGET_DELETE, path, NULL);
}

static void
network_change(struct fixture *fx, char path[256])
{
	char portal[GUID_TEXT_SIZE], group[GUID_TEXT_SIZE], target[GUID_TEXT_SIZE], body[128];
	json_t *json = call(fx, 200, "GET", "/v1/controllers", NULL);
	char controller[GUID_TEXT_SIZE];

	strcpy(controller, text_of(json_array_get(json_object_get(json, "items"), 0), "id"));
	json_decref(json);
	strcpy(portal, change(fx, VERB_PORTAL_CREATE, "/v1/portals",
			      "{\"address\":\"127.0.0.1\",\"port\":3999}"));
	strcpy(target, change(fx, VERB_TARGET_CREATE, "/v1/targets", "{}"));
	snprintf(body, sizeof(body), "{\"target_id\":\"%s\"}", target);
	strcpy(group, change(fx, VERB_GROUP_CREATE, "/v1/portal-groups", body));
	snprintf(path, 256, "/v1/portal-groups/%s/portals/%s", group, portal);
	change(fx, VERB_GROUP_ADD_PORTAL, path, NULL);
	change(fx, VERB_GROUP_REMOVE_PORTAL, path, NULL);
	snprintf(path, 256, "/v1/portal-groups/%s", group);
	change(fx, VERB_GROUP_CHANGE, path, "{\"preferred\":true}");
	change(fx, VERB_GROUP_DELETE, path, NULL);
	snprintf(path, 256, "/v1/portals/%s", portal);
	change(fx, VERB_PORTAL_CHANGE, path, "{\"status\":\"offline\"}");
	change(fx, VERB_PORTAL_DELETE, path, NULL);
	snprintf(path, 256, "/v1/controllers/%s", controller);
	change(fx, VERB_CONTROLLER_CHANGE, path, "{\"status\":\"offline\"}");
	snprintf(path, 256, "/v1/controllers/%s/flush", controller);
	change(fx, VERB_CONTROLLER_FLUSH, path, NULL);
	snprintf(path, 256, "/v1/controllers/%s/invalidate", controller);
	change(fx, VERB_CONTROLLER_INVALIDATE, path, NULL);
	snprintf(path, 256, "/v1/controllers/%s/reset", controller);
	change(fx, VERB_CONTROLLER_RESET, path, "{}");
	snprintf(path, 256, "/v1/tokens/%s",
		 change(fx, VERB_TOKEN_CREATE, "/v1/tokens",
			"{\"name\":\"ci\",\"role\":\"reader\"}"));
	change(fx, VERB_TOKEN_REVOKE, path, NULL);
}

static void
hosts_change(struct fixture *fx, char path[256])
{
	snprintf(path, 256, "/v1/hosts/%s",
		 change(fx, VERB_HOST_CREATE, "/v1/hosts", "{\"name\":\"h\"}"));
	change(fx, VERB_HOST_CHANGE, path, "{\"initiators\":\"iqn.2026-11.org.example:h\"}");
	change(fx, VERB_HOST_DELETE, path, NULL);
	snprintf(path, 256, "/v1/host-groups/%s",
		 change(fx, VERB_HOST_GROUP_CREATE, "/v1/host-groups", "{\"name\":\"g\"}"));
	change(fx, VERB_HOST_GROUP_CHANGE, path, "{\"name\":\"k\"}");
	change(fx, VERB_HOST_GROUP_DELETE, path, NULL);
}

static void
secrets_change(struct fixture *fx, char path[256])
{
	snprintf(path, 256, "/v1/credentials/%s",
		 change(fx, VERB_CREDENTIAL_SET, "/v1/credentials",
			"{\"side\":\"initiator\",\"user\":\"u\",\"discovery\":true,\"secret\":"
			"\"open-sesame-open-sesame\"}"));
	change(fx, VERB_CREDENTIAL_DELETE, path, NULL);
}

static void
plans_change(struct fixture *fx)
{
	change(fx, VERB_APPLY, "/v1/apply", "{\"format\":1,\"hosts\":[{\"name\":\"planned\"}]}");
	change(fx, VERB_UNDO, "/v1/undo", "{}");
}

static void
trash_changes(struct fixture *fx, char path[256])
{
	json_t *pools = call(fx, 200, "GET", "/v1/pools", NULL);
	char lun[GUID_TEXT_SIZE], pool[256];

	snprintf(pool, sizeof(pool), "/v1/pools/%s",
		 text_of(json_array_get(json_object_get(pools, "items"), 0), "id"));
	json_decref(pools);
	change(fx, VERB_POOL_CHANGE, pool, "{\"trash\":\"1d\"}");
	strcpy(lun, change(fx, VERB_LUN_CREATE, "/v1/luns",
			   "{\"name\":\"kept\",\"size_bytes\":1048576}"));
	snprintf(path, 256, "/v1/luns/%s", lun);
	change(fx, VERB_LUN_DELETE, path, NULL);
	snprintf(path, 256, "/v1/trash/%s/restore", lun);
	change(fx, VERB_TRASH_RESTORE, path, "{}");
	snprintf(path, 256, "/v1/luns/%s", lun);
	change(fx, VERB_LUN_DELETE, path, NULL);
	snprintf(path, 256, "/v1/trash/%s", lun);
	change(fx, VERB_TRASH_EMPTY, path, NULL);
	change(fx, VERB_POOL_CHANGE, pool, "{\"trash\":\"none\"}");
}

static void
schedule_changes(struct fixture *fx, char *path)
{
	char lun[GUID_TEXT_SIZE], body[256];

	strcpy(lun, change(fx, VERB_LUN_CREATE, "/v1/luns",
			   "{\"name\":\"scheduled\",\"size_bytes\":1048576}"));
	snprintf(body, sizeof(body),
		 "{\"name\":\"auto\",\"luns\":[\"%s\"],\"every\":\"1d\",\"keep\":\"7\"}", lun);
	snprintf(path, 256, "/v1/snapshot-schedules/%s",
		 change(fx, VERB_SCHEDULE_CREATE, "/v1/snapshot-schedules", body));
	change(fx, VERB_SCHEDULE_CHANGE, path, "{\"enabled\":false}");
	change(fx, VERB_SCHEDULE_DELETE, path, NULL);
	snprintf(path, 256, "/v1/luns/%s", lun);
	change(fx, VERB_LUN_DELETE, path, NULL);
}

/* ---- jobs: nothing but the request may leave a record, so each job waits in a fault ---- */

static void
hold(const struct fixture *fx, const char *op, bool held)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/inject/all.%s", fx->dir, op);
	if (!held) {
		assert_int_equal(unlink(path), 0);
		return;
	}
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "hold", 4), 4);
	close(fd);
}

/* Waits until the array's jobs have ended, and left their records. */
static void
jobs_end(struct fixture *fx)
{
	bool running = true;

	while (running) {
		json_t *jobs = call(fx, 200, "GET", "/v1/jobs", NULL), *job;
		size_t i;

		running = false;
		json_array_foreach(json_object_get(jobs, "items"), i, job)
			running |= strcmp(text_of(job, "state"), "running") == 0;
		json_decref(jobs);
		sched_yield();
	}
}

/* Returns the id of the job that runs. */
static const char *
job_that_runs(struct fixture *fx)
{
	static char id[GUID_TEXT_SIZE];
	json_t *jobs = call(fx, 200, "GET", "/v1/jobs", NULL), *job;
	size_t i;

	id[0] = '\0';
	json_array_foreach(json_object_get(jobs, "items"), i,
			   job) if (strcmp(text_of(job, "state"), "running") == 0)
		snprintf(id, sizeof(id), "%s", text_of(job, "id"));
	json_decref(jobs);
	assert_true(id[0] != '\0');
	return id;
}

/*
 * A job that grows a thick LUN: it waits where it allocates, and, cancelled, where it gives back.
 */
static void
job_changes(struct fixture *fx, char path[256])
{
	char lun[GUID_TEXT_SIZE], job[GUID_TEXT_SIZE];

	hold(fx, "allocate", true);
	hold(fx, "resize", true);
	strcpy(lun, change(fx, VERB_LUN_CREATE, "/v1/luns",
			   "{\"name\":\"thick\",\"size_bytes\":1048576,\"thick\":true}"));
	hold(fx, "allocate", false);
	jobs_end(fx);
	hold(fx, "allocate", true);
	snprintf(path, 256, "/v1/luns/%s/extend", lun);
	change(fx, VERB_LUN_EXTEND, path, "{\"add_bytes\":1048576}");
	strcpy(job, job_that_runs(fx));
	snprintf(path, 256, "/v1/jobs/%s/pause", job);
	change(fx, VERB_JOB_PAUSE, path, NULL);
	change(fx, VERB_JOB_PAUSE, path, NULL); /* no effect */
	snprintf(path, 256, "/v1/jobs/%s/resume", job);
	change(fx, VERB_JOB_RESUME, path, NULL);
	snprintf(path, 256, "/v1/jobs/%s/cancel", job);
	change(fx, VERB_JOB_CANCEL, path, NULL);
	hold(fx, "resize", false);
	hold(fx, "allocate", false);
	jobs_end(fx);
	snprintf(path, 256, "/v1/luns/%s", lun);
	change(fx, VERB_LUN_DELETE, path, NULL);
}

static void
move_changes(struct fixture *fx, char path[256])
{
	char lun[GUID_TEXT_SIZE], pool[GUID_TEXT_SIZE], body[320];

	strcpy(lun, change(fx, VERB_LUN_CREATE, "/v1/luns",
			   "{\"name\":\"moves\",\"size_bytes\":1048576}"));
	snprintf(path, 256, "%s/pool4", fx->dir);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(body, sizeof(body), "{\"name\":\"p4\",\"path\":\"%s\"}", path);
	strcpy(pool, change(fx, VERB_POOL_CREATE, "/v1/pools", body));
	hold(fx, "move", true);
	snprintf(path, 256, "/v1/luns/%s/move", lun);
	snprintf(body, sizeof(body), "{\"pool_id\":\"%s\"}", pool);
	change(fx, VERB_LUN_MOVE, path, body);
	hold(fx, "move", false);
	jobs_end(fx);
}

/* ---- sessions and ports ---- */

static void
publish(void *runtime, const struct state *state, const struct change *change)
{
	(void)runtime;
	(void)state;
	(void)change;
}

static int
end_session(void *runtime, const struct guid *session_id)
{
	(void)runtime;
	(void)session_id;
	return 0;
}

/* The data path has a session, whose end is nothing but a request. */
static void
session_changes(struct fixture *fx, char path[256])
{
	static const struct array_runtime_ops ops = {
		.publish = publish,
		.end_session = end_session,
	};

	assert_int_equal(array_runtime_register(fx->http.array, &ops, fx), 0);
	snprintf(path, 256, "/v1/sessions/%s", "00000000-0000-4000-8000-000000000002");
	change(fx, VERB_SESSION_END, path, NULL);
	array_runtime_unregister(fx->http.array);
}

static void
port_changes(struct fixture *fx, char path[256])
{
	json_t *ports = call(fx, 200, "GET", "/v1/ports", NULL);
	char port[GUID_TEXT_SIZE];

	strcpy(port, text_of(json_array_get(json_object_get(ports, "items"), 0), "id"));
	json_decref(ports);
	snprintf(path, 256, "/v1/ports/%s", port);
	change(fx, VERB_PORT_CHANGE, path, "{\"status\":\"offline\"}");
	change(fx, VERB_PORT_CHANGE, path, "{\"status\":\"online\"}");
	snprintf(path, 256, "/v1/ports/%s/reset", port);
	change(fx, VERB_PORT_RESET, path, "{}");
}

/*
 * These need what this array does not have: a pool whose volumes can share space, or a catalog that
 * gateways share.  That their refusals are recorded is tested below, as for every verb.
 */
static bool
needs_more(enum verb_id verb)
{
	static const enum verb_id verbs[] = {
		VERB_LUN_CLONE,       VERB_LUN_ROLLBACK,    VERB_SNAPSHOT_CREATE,
		VERB_SNAPSHOT_CHANGE, VERB_SNAPSHOT_DELETE, VERB_SNAPSHOT_CLONE,
		VERB_SCHEDULE_RUN,    VERB_CONTROLLER_ADD,  VERB_CONTROLLER_REMOVE,
		VERB_LUN_MOVE_OWNER,
	};

	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		if (verbs[i] == verb)
			return true;
	return false;
}

static void
test_what_is_done_leaves_one_record(void **state)
{
	struct fixture *fx = *state;
	char path[256];

	objects_change(fx, path, sizeof(path));
	network_change(fx, path);
	hosts_change(fx, path);
	secrets_change(fx, path);
	plans_change(fx);
	trash_changes(fx, path);
	schedule_changes(fx, path);
	job_changes(fx, path);
	move_changes(fx, path);
	session_changes(fx, path);
	port_changes(fx, path);
	for (int v = 0; v < VERB_COUNT; v++)
		if (verb_is_change(v) && !done[v] && !needs_more(v))
			fail_msg("nobody has tried %s", verb_table[v].operation);
}

/* A path with ids that no object has. */
static void
path_make(const struct verb *verb, char *path, size_t size)
{
	size_t len = 0;

	for (const char *p = verb->path; *p != '\0' && len + GUID_TEXT_SIZE < size; p++) {
		if (*p == '{') {
			len += (size_t)snprintf(path + len, size - len,
						"00000000-0000-4000-8000-000000000001");
			p = strchr(p, '}');
		} else {
			path[len++] = *p;
		}
	}
	path[len] = '\0';
}

static void
test_what_fails_or_is_refused_leaves_one_record(void **state)
{
	struct fixture *fx = *state;

	for (int pass = 0; pass < 2; pass++) {
		for (int v = 0; v < VERB_COUNT; v++) {
			json_int_t before = newest(fx);
			struct http_request request = {
				.method = verb_table[v].method,
				.body = "{\"what\":\"a secret\"}",
				.body_len = 19,
				.principal = { .kind = PRINCIPAL_UNIX,
					       .role = pass == 0 ? ROLE_ADMIN : ROLE_NONE },
			};
			struct http_reply reply;
			char path[256];

			path_make(&verb_table[v], path, sizeof(path));
			request.target = path;
			http_dispatch(&fx->http, &request, &reply);
			http_reply_fini(&reply);
			if (verb_is_change(v))
				one_record(fx, before, v, pass == 0 ? "INVALID" : "ACCESS");
			else
				assert_int_equal(newest(fx), before);
		}
	}
}

static void
test_a_record_says_who_what_and_the_values(void **state)
{
	struct fixture *fx = *state;
	json_t *items, *record, *rows;
	char id[GUID_TEXT_SIZE], query[128], path[128];

	make(fx, "/v1/luns", "{\"name\":\"vol1\",\"size_bytes\":1048576}", id);
	snprintf(path, sizeof(path), "/v1/luns/%s/extend", id);
	json_decref(call(fx, 200, "POST", path, "{\"add_bytes\":1048576}"));
	snprintf(query, sizeof(query), "object=%s", id);
	items = records(fx, query);
	assert_int_equal(json_array_size(items), 2);
	record = json_array_get(items, 0);
	assert_string_equal(text_of(record, "object"), "lun \"vol1\"");
	assert_string_equal(text_of(record, "object_id"), id);
	assert_string_equal(text_of(record, "cause"), "lun.extend");
	assert_non_null(strstr(text_of(record, "text"), "from 1 MiB to 2 MiB"));
	assert_int_equal(number_of(json_object_get(record, "principal"), "uid"), 1000);
	rows = json_array_get(json_object_get(record, "changes"), 0);
	assert_int_equal(number_of(json_object_get(rows, "before"), "size_bytes"), 1048576);
	assert_int_equal(number_of(json_object_get(rows, "after"), "size_bytes"), 2097152);
	assert_int_equal(json_object_size(json_object_get(rows, "after")), 1);
	json_decref(items);
	items = records(fx, "object=vol1");
	assert_int_equal(json_array_size(items), 2);
	json_decref(items);
	items = records(fx, "object=vol");
	assert_int_equal(json_array_size(items), 0);
	json_decref(items);
	items = records(fx, "who=1000");
	assert_int_equal(json_array_size(items), 2);
	json_decref(items);
	items = records(fx, "who=vdsd");
	assert_true(json_array_size(items) > 0);
	json_decref(items);
	items = records(fx, "since_ms=253402300799999");
	assert_int_equal(json_array_size(items), 0);
	json_decref(items);
}

static void
test_a_repeated_request_leaves_no_second_record(void **state)
{
	static const char id[] = "11111111-2222-4333-8444-555555555555";
	struct fixture *fx = *state;
	struct http_reply reply = call_with_id(fx, "POST", "/v1/targets", "{}", id);
	json_int_t before = newest(fx);

	http_reply_fini(&reply);
	reply = call_with_id(fx, "POST", "/v1/targets", "{}", id);
	http_reply_fini(&reply);
	assert_int_equal(newest(fx), before);
}

static void
test_pages_join_without_a_gap(void **state)
{
	struct fixture *fx = *state;
	json_int_t last, next = 0;
	size_t count = 0;

	for (int i = 0; i < 7; i++)
		json_decref(call(fx, 201, "POST", "/v1/targets", "{}"));
	last = newest(fx) + 1;
	do {
		char target[64] = "/v1/audit?limit=3";
		json_t *json, *record;
		size_t i;

		if (next != 0)
			snprintf(target, sizeof(target), "/v1/audit?limit=3&before=%d", (int)next);
		json = call(fx, 200, "GET", target, NULL);
		json_array_foreach(json_object_get(json, "items"), i, record)
		{
			assert_int_equal(number_of(record, "number"), last - 1);
			last--;
			count++;
		}
		next = number_of(json, "next");
		json_decref(json);
	} while (next != 0);
	assert_true(count >= 8);
	assert_int_equal(last, 1);
	call_fails(fx, 400, "INVALID", "GET", "/v1/audit?limit=1001", NULL);
	call_fails(fx, 400, "INVALID", "GET", "/v1/audit?since_ms=x", NULL);
}

/* What a body holds that cannot be read is nobody's business. */
static void
test_a_broken_body_is_not_quoted(void **state)
{
	struct fixture *fx = *state;
	json_t *items;

	json_decref(call(fx, 400, "POST", "/v1/tokens", "{\"name\": hunter2}"));
	items = records(fx, "limit=1");
	assert_null(strstr(text_of(json_array_get(items, 0), "text"), "hunter2"));
	json_decref(items);
}

/* Fails the test when a record has the text in any of its members. */
static void
never_recorded(struct fixture *fx, const char *text)
{
	json_t *items = records(fx, "limit=1000"), *record;
	size_t i;

	assert_true(json_array_size(items) > 0);
	json_array_foreach(items, i, record)
	{
		char *all = json_dumps(record, 0);

		assert_non_null(all);
		if (strstr(all, text) != NULL)
			fail_msg("a record has the secret: %s", all);
		free(all);
	}
	json_decref(items);
}

#define SECRET     "open-sesame-open-sesame"
#define SECRET_HEX "6f70656e2d736573616d65"

/* Whether the secret was set, was replaced, or was refused. */
static void
test_a_chap_secret_is_never_recorded(void **state)
{
	static const char body[] = "{\"side\":\"initiator\",\"user\":\"u\",\"discovery\":true,"
				   "\"secret\":\"" SECRET "\"}";
	static const char *const wrong[] = {
		"{\"side\":\"" SECRET "\",\"secret\":\"" SECRET "\",\"discovery\":true}",
		"{\"side\":\"target\",\"secret\":[\"" SECRET "\"],\"discovery\":true}",
		"{\"side\":\"target\",\"secret\":\"" SECRET "\",\"secrets\":\"" SECRET "\"}",
		"{\"secret\":\"" SECRET "\", " SECRET,
		"{\"side\":\"initiator\",\"secret\":\"" SECRET "\",\"owner_id\":\"" SECRET "\"}",
		"\"" SECRET "\"",
	};
	struct fixture *fx = *state;
	char id[GUID_TEXT_SIZE], path[96];

	make(fx, "/v1/credentials", body, id);
	json_decref(call(fx, 200, "POST", "/v1/credentials", body)); /* replaced by itself */
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		json_decref(call(fx, 400, "POST", "/v1/credentials", wrong[i]));
	snprintf(path, sizeof(path), "/v1/credentials/%s", id);
	json_decref(call(fx, 200, "DELETE", path, NULL));
	never_recorded(fx, SECRET);
	never_recorded(fx, SECRET_HEX);
}

/* Every change has its record, and the checker says so when one is missing. */
static void
test_the_checker_misses_no_record(void **state)
{
	struct fixture *fx = *state;
	json_t *json;

	json_decref(call(fx, 201, "POST", "/v1/targets", "{}"));
	json = call(fx, 200, "POST", "/v1/check", NULL);
	assert_true(json_is_true(json_object_get(json, "clean")));
	json_decref(json);
}

#define AUDIT_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		AUDIT_TEST(test_what_is_done_leaves_one_record),
		AUDIT_TEST(test_what_fails_or_is_refused_leaves_one_record),
		AUDIT_TEST(test_a_record_says_who_what_and_the_values),
		AUDIT_TEST(test_a_repeated_request_leaves_no_second_record),
		AUDIT_TEST(test_pages_join_without_a_gap),
		AUDIT_TEST(test_a_broken_body_is_not_quoted),
		AUDIT_TEST(test_a_chap_secret_is_never_recorded),
		AUDIT_TEST(test_the_checker_misses_no_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
