/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Joins member_*.c, the protocol of gateways, with the array: its threads, its changes, its stores,
 * and calls between gateways.
 *
 *	renewer		renews the lease, and does nothing else
 *	watcher		looks at the others, takes over
 *	owner		claims LUNs
 *	balancer	gives LUNs away while it drains, asks others for its share
 *	callers		answer what other gateways call for and what may block
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array/array_int.h"
#include "array/member_int.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/workers.h"

#define CALLERS       4u
#define KNOWN_CALLERS 16u
#define LOOK_MS       500u
#define OWN_MS        250u
#define PASS_MS       60000u /* longer than a drain and a commit take */
#define TEXT_SIZE     512u
/* The first byte of what one gateway sends to another. */
#define CALL_PING     'P'
#define CALL_MOVE     'M'
#define CALL_PASS     'R'
#define CALL_TRASH    'T'
#define TRASH_MS      2000u

struct array_gateways {
	struct array *array;
	struct array_member member;
	struct array_cluster_events events;
	void (*lost)(void *arg, const char *reason);
	void *lost_arg;
	pthread_t renewer, watcher, owner, balancer;
	bool renews, watches, owns, balances; /* the threads run */
	struct workers *callers;
	_Atomic uint64_t passed;

	pthread_mutex_t lock; /* guards the fields below; taken last */
	pthread_cond_t wake;
	bool stops, renewer_stops, look_due, own_due, balance_due;
	void (*serve)(void *arg, const void *request, size_t bytes, void **ret_reply,
		      size_t *ret_bytes);
	void *serve_arg;
	unsigned serving;
	uint64_t known[KNOWN_CALLERS]; /* clients that are gateways */
	size_t known_count;            /* ever noted */
};

/* The move that this thread makes: who asks (NULL = the array itself), the drain of its paths, the LUN. */
static _Thread_local const struct array_request *move_request;
static _Thread_local void *move_drain;
static _Thread_local const struct guid *move_lun;

/* The clock goes on while the machine sleeps, and while the process is stopped. */
static uint64_t
boot_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

bool
array_lease_ok(const struct array *array)
{
	return array->gateways == NULL ||
	       array_member_lease_holds(&array->gateways->member, boot_ns());
}

bool
array_gateway_holds(struct array *array, const struct guid *lun_id)
{
	return array->gateways == NULL || array_member_holds(&array->gateways->member, lun_id);
}

bool
array_lun_is_mine(struct array *array, const struct state *state, const struct guid *lun)
{
	const struct row_lun_owner *row;

	if (array->gateways == NULL)
		return true;
	row = state_lun_owner(state, lun);
	return row != NULL && guid_equal(&row->controller_id, &array->controller_id) &&
	       array_gateway_holds(array, lun);
}

/* ---- waiting ---- */

/* Waits until the flag is set, at most ms.  Takes the flag.  Returns false when the threads stop. */
static bool
wait_for(struct array_gateways *g, bool *flag, const bool *stop, uint32_t ms)
{
	uint64_t until_ns = clock_mono_ns() + ms * NS_PER_MS;
	const struct timespec until = { .tv_sec = (time_t)(until_ns / NS_PER_S),
					.tv_nsec = (long)(until_ns % NS_PER_S) };
	bool goes_on;

	pthread_mutex_lock(&g->lock);
	while (!*stop && !*flag && clock_mono_ns() < until_ns)
		pthread_cond_timedwait(&g->wake, &g->lock, &until);
	*flag = false;
	goes_on = !*stop;
	pthread_mutex_unlock(&g->lock);
	return goes_on;
}

static void
set(struct array_gateways *g, bool *flag)
{
	pthread_mutex_lock(&g->lock);
	*flag = true;
	pthread_cond_broadcast(&g->wake);
	pthread_mutex_unlock(&g->lock);
}

/* Has the threads look which LUNs are this gateway's. */
static void
owners_changed(struct array_gateways *g)
{
	pthread_mutex_lock(&g->lock);
	g->own_due = g->balance_due = true;
	pthread_cond_broadcast(&g->wake);
	pthread_mutex_unlock(&g->lock);
}

void
array_gateway_suspect(struct array *array, const struct guid *controller)
{
	struct array_gateways *g = array->gateways;

	if (g == NULL)
		return;
	array_member_suspect(&g->member, controller);
	set(g, &g->look_due);
}

void
array_gateway_changed(struct array *array, const struct change *change)
{
	struct array_gateways *g = array->gateways;
	bool owners = false;

	if (g == NULL)
		return;
	for (size_t i = 0; i < change->op_count; i++)
		owners = owners || change->ops[i].family == ROW_LUN_OWNER ||
			 change->ops[i].family == ROW_CONTROLLER;
	if (owners)
		owners_changed(g);
}

/* ---- what member_*.c needs of the array ---- */

static uint64_t
env_now(void *arg)
{
	(void)arg;
	return boot_ns();
}

static int
env_sleep(void *arg, uint32_t ms)
{
	struct array_gateways *g = arg;
	bool never = false;

	return wait_for(g, &never, &g->stops, ms) ? 0 : -ECANCELED;
}

static struct state *
env_state(void *arg)
{
	return array_state(((struct array_gateways *)arg)->array);
}

static int
pull_run(struct array *array, struct array_task *task)
{
	(void)task;
	return array_is_shared(array) ? array_sharing_pull(array) : 0;
}

static int
env_pull(void *arg)
{
	struct array_task task = { .run = pull_run };

	return array_writer_submit(((struct array_gateways *)arg)->array, &task);
}

struct change_task {
	struct array_task task;
	int (*apply)(struct state_edit *edit, void *context);
	void *context;
	void *drain; /* of a move; NULL = none */
};

static int
change_apply(struct array *array, struct array_task *task)
{
	struct change_task *c = container_of(task, struct change_task, task);

	(void)array;
	return c->apply(task->edit, c->context);
}

/*
 * The commands go to the new owner now.  The answer comes later, since it waits until all gateways,
 * also one that is dead and not fenced yet, have taken the change.
 */
static void
change_published(struct array *array, struct array_task *task)
{
	struct change_task *c = container_of(task, struct change_task, task);

	array_runtime_resume(array, TAKE(c->drain));
}

static int
env_change(void *arg, const char *cause, int (*apply)(struct state_edit *edit, void *context),
	   void *context)
{
	struct array_gateways *g = arg;
	struct change_task c = {
		.task = { .apply = change_apply,
			  .published = change_published,
			  .cause = cause,
			  .use = CATALOG_FREES,
			  .request_id = array_request_id(move_request),
			  .principal = array_request_principal(move_request),
			  .audit = array_request_audit(move_request),
			  .answer.object_id = move_lun != NULL ? *move_lun
							       : (struct guid){ { 0 } } },
		.apply = apply,
		.context = context,
		.drain = move_drain,
	};
	int rc = array_writer_submit(g->array, &c.task);

	move_drain = c.drain;

	return rc < 0 && !array_writer_outcome_is_known(rc) ? -EINPROGRESS : rc;
}

static int
env_drain(void *arg, const struct guid *lun_id, void **ret_drain)
{
	struct array_gateways *g = arg;
	struct array *array = g->array;
	const struct array_mapping every = { .lun_id = *lun_id };
	struct array_store *store;
	int rc = array_operation_begin(array, lun_id, ASK_STATUS, OPERATION_STATUS, false);

	*ret_drain = NULL;
	if (rc < 0)
		return rc;
	store = array_unit_store(array, lun_id);
	rc = store == NULL ? array_name_no_such(ROW_LUN, lun_id)
			   : array_runtime_quiesce(array, &every, 1, ret_drain);
	if (rc == 0)
		rc = array_lun_stop_store(array, store);
	array_store_unref(store);
	if (rc < 0) {
		array_runtime_resume(array, TAKE(*ret_drain));
		array_operation_end(array, lun_id);
	}
	move_drain = TAKE(*ret_drain);
	return rc;
}

static void
env_resume(void *arg, const struct guid *lun_id, void *drain, bool moved)
{
	struct array_gateways *g = arg;
	AUTO_STATE struct state *state = array_state(g->array);
	const struct row_lun *lun = state_find(state, ROW_LUN, lun_id);

	(void)drain;
	if (!moved && lun != NULL)
		array_lun_status_committed(g->array, lun_id, lun->status);
	array_runtime_resume(g->array, TAKE(move_drain));
	array_operation_end(g->array, lun_id);
	set(g, &g->own_due); /* the LUN may have come back meanwhile */
}

static void
env_lost(void *arg, const char *reason)
{
	struct array_gateways *g = arg;

	log_error("gateway.lost", "reason=\"%s\"", reason);
	if (g->lost != NULL)
		g->lost(g->lost_arg, reason);
}

/* Jobs of the LUN, which another gateway has begun, go on here. */
static void
env_claimed(void *arg, const struct guid *lun_id)
{
	(void)lun_id;
	array_verify_wake(((struct array_gateways *)arg)->array);
}

static int
env_power_on(void *arg)
{
	struct array_gateways *g = arg;

	return array_kept_end_passing(g->array);
}

static const struct array_member_env env = {
	.now_ns = env_now,
	.sleep_ms = env_sleep,
	.state = env_state,
	.pull = env_pull,
	.change = env_change,
	.drain = env_drain,
	.resume = env_resume,
	.lost = env_lost,
	.power_on = env_power_on,
	.claimed = env_claimed,
};

/* ---- calls ---- */

struct called {
	struct work work;
	struct array_gateways *g;
	void *call;
	uint64_t from; /* the client that calls */
	size_t bytes;
	char payload[];
};

/* The code's name, a blank, and the text: numbers differ between builds. */
static void
answer_code(struct array_gateways *g, void *call, int rc)
{
	char text[TEXT_SIZE];

	snprintf(text, sizeof(text), "%s %s", rc < 0 ? err_name(rc) : "OK",
		 rc < 0 ? err_text(rc) : "");
	g->member.ops->answer(g->member.cluster, call, text, strlen(text));
}

static void
answer_move(struct array_gateways *g, void *call, const char *payload, size_t bytes)
{
	char lun_text[GUID_TEXT_SIZE] = "", to_text[GUID_TEXT_SIZE] = "";
	struct guid lun, to;
	int rc = ERR_PARSE;

	if (bytes == 2 * (GUID_TEXT_SIZE - 1)) {
		memcpy(lun_text, payload, GUID_TEXT_SIZE - 1);
		memcpy(to_text, payload + GUID_TEXT_SIZE - 1, GUID_TEXT_SIZE - 1);
		rc = guid_parse(lun_text, &lun);
		if (rc == 0)
			rc = guid_parse(to_text, &to);
	}
	if (rc == 0)
		rc = array_member_move(&g->member, &lun, &to);
	answer_code(g, call, rc);
}

static void
answer_pass(struct array_gateways *g, void *call, const char *payload, size_t bytes)
{
	AUTO_FREE void *reply = NULL;
	size_t reply_bytes = 0;
	bool serves;

	pthread_mutex_lock(&g->lock);
	serves = g->serve != NULL;
	g->serving += serves;
	pthread_mutex_unlock(&g->lock);
	if (serves)
		g->serve(g->serve_arg, payload, bytes, &reply, &reply_bytes);
	g->member.ops->answer(g->member.cluster, call, reply, reply_bytes);
	pthread_mutex_lock(&g->lock);
	g->serving -= serves;
	pthread_cond_broadcast(&g->wake);
	pthread_mutex_unlock(&g->lock);
}

static bool
is_known(struct array_gateways *g, uint64_t from)
{
	bool known = false;

	pthread_mutex_lock(&g->lock);
	for (size_t i = 0; i < MIN(g->known_count, KNOWN_CALLERS); i++)
		known = known || g->known[i] == from;
	pthread_mutex_unlock(&g->lock);
	return known;
}

/*
 * Returns whether the client that calls is a gateway: it has the lease of one.  A call needs only the
 * right to read the pool of the catalog, but to take a lease needs the right to write, so others cannot
 * have done that.  A client keeps its number for life; one that was fenced does not call any more.
 */
static bool
is_gateway(struct array_gateways *g, uint64_t from)
{
	AUTO_STATE struct state *state = array_state(g->array);
	bool is = is_known(g, from);

	for (size_t i = 0; !is && i < state_count(state, ROW_CONTROLLER); i++) {
		const struct row_controller *row = state_at(state, ROW_CONTROLLER, i);

		if (g->member.ops->lease_is_of(g->member.cluster, &row->id, from, &is) < 0)
			is = false;
		if (!is)
			continue;
		pthread_mutex_lock(&g->lock);
		g->known[g->known_count++ % KNOWN_CALLERS] = from;
		pthread_mutex_unlock(&g->lock);
	}
	if (!is)
		log_warning("gateway.stranger",
			    "client=%llu reason=\"it is no gateway, and asks this one to do "
			    "something\"",
			    (unsigned long long)from);
	return is;
}

/* Whether commands of a LUN that was deleted here may still reach its volume. */
static void
answer_trash(struct array_gateways *g, void *call, const char *payload, size_t bytes)
{
	char text[GUID_TEXT_SIZE] = "";
	struct guid lun;

	if (bytes == GUID_TEXT_SIZE - 1)
		memcpy(text, payload, bytes);
	if (guid_parse(text, &lun) < 0)
		g->member.ops->answer(g->member.cluster, call, NULL, 0);
	else
		g->member.ops->answer(g->member.cluster, call,
				      array_trash_in_flight(g->array, &lun) ? "Y" : "N", 1);
}

static void
called_run(struct work *work)
{
	struct called *called = container_of(work, struct called, work);
	struct array_gateways *g = called->g;

	err_clear();
	if (!is_gateway(g, called->from))
		g->member.ops->answer(g->member.cluster, called->call, NULL, 0);
	else if (called->bytes > 0 && called->payload[0] == CALL_MOVE)
		answer_move(g, called->call, called->payload + 1, called->bytes - 1);
	else if (called->bytes > 0 && called->payload[0] == CALL_PASS)
		answer_pass(g, called->call, called->payload + 1, called->bytes - 1);
	else if (called->bytes > 0 && called->payload[0] == CALL_TRASH)
		answer_trash(g, called->call, called->payload + 1, called->bytes - 1);
	else
		g->member.ops->answer(g->member.cluster, called->call, NULL, 0);
	mem_free(called);
}

/* A thread of the cluster's library. */
static void
on_called(void *arg, void *call, uint64_t from, const void *payload, size_t bytes)
{
	struct array_gateways *g = arg;
	struct called *called;

	if (bytes == 1 && *(const char *)payload == CALL_PING) {
		g->member.ops->answer(g->member.cluster, call, "P", 1);
		return;
	}
	called = mem_calloc(1, sizeof(*called) + bytes);
	if (called == NULL) {
		g->member.ops->answer(g->member.cluster, call, NULL, 0);
		return;
	}
	called->work.run = called_run;
	called->g = g;
	called->call = call;
	called->from = from;
	called->bytes = bytes;
	memcpy(called->payload, payload, bytes);
	workers_submit(g->callers, &called->work);
}

/* Calls a gateway.  An answer without bytes means that it could not do what was asked. */
static int
call(struct array_gateways *g, const struct guid *controller, char kind, const void *payload,
     size_t bytes, void **ret_reply, size_t *ret_bytes)
{
	AUTO_FREE char *message = mem_calloc(1, bytes + 1);
	int rc;

	if (message == NULL)
		return -ENOMEM;
	message[0] = kind;
	memcpy(message + 1, payload, bytes);
	rc = g->member.ops->call(g->member.cluster, controller, message, bytes + 1, PASS_MS,
				 ret_reply, ret_bytes);
	if (rc == 0 && *ret_bytes == 0) {
		mem_free(TAKE(*ret_reply));
		rc = -EIO;
	}
	if (rc < 0)
		array_gateway_suspect(g->array, controller);
	return rc == -ENOMEM || rc == 0
		       ? rc
		       : err_set(ERR_UNREACHABLE,
				 "the gateway that owns the LUN does not answer; it may still have "
				 "done it: look, and try again in some seconds");
}

static int
ask_move(struct array_member *member, const struct guid *owner, const struct guid *lun_id,
	 const struct guid *to)
{
	struct array_gateways *g = container_of(member, struct array_gateways, member);
	char payload[2 * GUID_TEXT_SIZE], name[64] = "";
	AUTO_FREE void *reply = NULL;
	size_t bytes = 0;
	const char *text;
	int rc;

	guid_format(lun_id, payload);
	guid_format(to, payload + GUID_TEXT_SIZE - 1);
	rc = call(g, owner, CALL_MOVE, payload, 2 * (GUID_TEXT_SIZE - 1), &reply, &bytes);
	if (rc < 0)
		return rc;
	text = reply; /* ends with a NUL */
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(text, " "), text);
	if (str_equal(name, "OK"))
		return env_pull(g);
	text += strlen(name);
	return err_set(err_from_name(name), "%s", *text == ' ' ? text + 1 : text);
}

/* For the balance: a LUN is to come here. */
static int
ask_here(struct array_member *member, const struct guid *owner, const struct guid *lun_id)
{
	return ask_move(member, owner, lun_id, &member->id);
}

static int
check_trash_at(struct array_gateways *g, const struct row_controller *row, const char *lun)
{
	char payload[GUID_TEXT_SIZE + 1] = { CALL_TRASH };
	AUTO_FREE void *reply = NULL;
	size_t bytes = 0;
	int rc;

	memcpy(payload + 1, lun, GUID_TEXT_SIZE);
	rc = g->member.ops->call(g->member.cluster, &row->id, payload, GUID_TEXT_SIZE, TRASH_MS,
				 &reply, &bytes);
	if (rc == 0 && bytes == 1 && *(const char *)reply == 'N')
		return 0;
	if (rc == 0 && bytes == 1)
		return err_set(ERR_BUSY,
			       "commands from before the deletion of the LUN have not ended at the "
			       "gateway %s: repair the cluster, or stop vdsd there, and try again",
			       row->name);
	return err_set(ERR_BUSY,
		       "the gateway %s does not say whether its commands from before the deletion "
		       "of the LUN have ended: try again in some seconds",
		       row->name);
}

int
array_gateway_check_trash(struct array *array, const struct guid *lun)
{
	AUTO_STATE struct state *state = NULL;
	char text[GUID_TEXT_SIZE];
	int rc = 0;

	if (array->gateways == NULL)
		return 0;
	state = array_state(array);
	guid_format(lun, text);
	for (size_t i = 0; rc == 0 && i < state_count(state, ROW_CONTROLLER); i++) {
		const struct row_controller *row = state_at(state, ROW_CONTROLLER, i);

		if (array_member_lives(row) && !guid_equal(&row->id, &array->controller_id))
			rc = check_trash_at(array->gateways, row, text);
	}
	return rc;
}

bool
array_lun_is_elsewhere(struct array *array, const struct guid *lun, struct guid *ret_owner)
{
	AUTO_STATE struct state *state = NULL;
	const struct row_lun_owner *row;

	if (array->gateways == NULL)
		return false;
	state = array_state(array);
	row = state_lun_owner(state, lun);
	if (row == NULL || guid_equal(&row->controller_id, &array->controller_id))
		return false;
	*ret_owner = row->controller_id;
	return true;
}

int
array_gateway_pass(struct array *array, const struct guid *owner, const void *request, size_t bytes,
		   void **ret_reply, size_t *ret_bytes)
{
	if (bytes > ARRAY_PASS_MAX)
		return err_set(ERR_LIMIT, "a request of more than 256 KiB is not passed to the "
					  "gateway that owns the LUN: ask that gateway");
	atomic_fetch_add(&array->gateways->passed, 1);
	return call(array->gateways, owner, CALL_PASS, request, bytes, ret_reply, ret_bytes);
}

void
array_gateway_serve(struct array *array,
		    void (*serve)(void *arg, const void *request, size_t bytes, void **ret_reply,
				  size_t *ret_bytes),
		    void *arg)
{
	struct array_gateways *g = array->gateways;

	if (g == NULL)
		return;
	pthread_mutex_lock(&g->lock);
	g->serve = serve;
	g->serve_arg = arg;
	while (serve == NULL && g->serving > 0)
		pthread_cond_wait(&g->wake, &g->lock);
	pthread_mutex_unlock(&g->lock);
}

/* ---- moves and fences that somebody asks for ---- */

static int
move_here(struct array *array, const struct array_request *request, const struct guid *lun,
	  const struct guid *to, struct array_answer *ret_answer)
{
	struct array_answer answer = { .object_id = *lun };
	int rc = array_request_begin(array, request, ret_answer);

	if (rc != 0)
		return MIN(rc, 0);
	move_request = request;
	move_lun = lun;
	rc = array_member_move(&array->gateways->member, lun, to);
	move_request = NULL;
	move_lun = NULL;
	if (rc == 0) {
		AUTO_STATE struct state *state = array_state(array);

		answer.sequence = state_position(state)->sequence;
	}
	return array_request_end(array, request, rc, &answer, ret_answer);
}

int
array_lun_move_owner(struct array *array, const struct array_request *request,
		     const struct guid *lun, const struct guid *to, struct array_answer *ret_answer)
{
	struct guid owner;
	int rc;

	if (array->gateways == NULL)
		return err_set(ERR_NOT_SUPPORTED, "the array is served by one machine: its LUNs "
						  "have no other owner");
	if (!array_lun_is_elsewhere(array, lun, &owner))
		return move_here(array, request, lun, to, ret_answer);
	rc = ask_move(&array->gateways->member, &owner, lun, to);
	if (rc == 0 && ret_answer != NULL) {
		AUTO_STATE struct state *state = array_state(array);

		*ret_answer = (struct array_answer){ .object_id = *lun,
						     .sequence = state_position(state)->sequence };
	}
	return rc;
}

int
array_gateway_fence(struct array *array, const struct guid *controller)
{
	AUTO_STATE struct state *state = array_state(array);

	if (state_find(state, ROW_CONTROLLER, controller) == NULL)
		return array_name_no_such(ROW_CONTROLLER, controller);
	if (array->gateways == NULL)
		return err_set(ERR_NOT_SUPPORTED, "the array is served by one machine");
	if (guid_equal(controller, &array->controller_id))
		return err_set(ERR_INVALID, "this vdsd runs as that gateway: ask another one");
	return array_member_take_over(&array->gateways->member, controller);
}

void
array_gateway_counters(struct array *array, struct array_gateway_counters *ret_counters)
{
	struct array_gateways *g = array->gateways;

	memset(ret_counters, 0, sizeof(*ret_counters));
	if (g == NULL)
		return;
	ret_counters->takeovers = atomic_load(&g->member.takeovers);
	ret_counters->moves = atomic_load(&g->member.moves);
	ret_counters->passed = atomic_load(&g->passed);
}

int
array_owner_edit_add(struct array *array, struct state_edit *edit, const struct guid *lun_id,
		     bool own)
{
	struct array_member_loads loads;
	const struct array_member_load *best = NULL;

	if (array->gateways == NULL)
		return 0;
	array_member_loads(state_edit_view(edit), NULL, &loads);
	if (!own)
		best = array_member_loads_take(&loads);
	return array_member_edit_own(edit, lun_id,
				     best != NULL ? &best->id : &array->controller_id);
}

/* ---- threads ---- */

static void *
renewer(void *arg)
{
	struct array_gateways *g = arg;
	bool never = false;

	pthread_setname_np(pthread_self(), "lease");
	while (wait_for(g, &never, &g->renewer_stops, g->member.lease_ms / 4))
		array_member_renew(&g->member);
	return NULL;
}

static void *
watcher(void *arg)
{
	struct array_gateways *g = arg;

	pthread_setname_np(pthread_self(), "gateways");
	while (wait_for(g, &g->look_due, &g->stops, LOOK_MS))
		array_member_look(&g->member);
	return NULL;
}

static void *
owner(void *arg)
{
	struct array_gateways *g = arg;

	pthread_setname_np(pthread_self(), "owner");
	do
		array_member_claim_all(&g->member);
	while (wait_for(g, &g->own_due, &g->stops, OWN_MS));
	return NULL;
}

/* Apart from the owner: it waits for other gateways, while LUNs that have come here wait for their claim. */
static void *
balancer(void *arg)
{
	struct array_gateways *g = arg;

	pthread_setname_np(pthread_self(), "balance");
	do {
		if (array_member_balance(&g->member, ask_here))
			set(g, &g->balance_due);
	} while (wait_for(g, &g->balance_due, &g->stops, OWN_MS));
	return NULL;
}

static int
start_threads(struct array_gateways *g)
{
	int rc = -pthread_create(&g->renewer, NULL, renewer, g);

	g->renews = rc == 0;
	if (rc == 0)
		rc = -pthread_create(&g->watcher, NULL, watcher, g);
	g->watches = g->renews && rc == 0;
	if (rc == 0)
		rc = -pthread_create(&g->owner, NULL, owner, g);
	g->owns = g->watches && rc == 0;
	if (rc == 0)
		rc = -pthread_create(&g->balancer, NULL, balancer, g);
	g->balances = g->owns && rc == 0;
	return rc;
}

int
array_gateway_new(struct array *array, const struct array_options *options)
{
	struct array_gateways *g;
	pthread_condattr_t attr;

	if (options->cluster_ops == NULL || options->look)
		return 0;
	g = mem_calloc(1, sizeof(*g));
	if (g == NULL)
		return -ENOMEM;
	g->array = array;
	g->lost = options->lost;
	g->lost_arg = options->lost_arg;
	g->events = (struct array_cluster_events){ .called = on_called, .arg = g };
	pthread_mutex_init(&g->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&g->wake, &attr);
	pthread_condattr_destroy(&attr);
	array_member_init(&g->member, options->lease_ms);
	g->member.ops = options->cluster_ops;
	g->member.cluster = options->cluster;
	g->member.env = &env;
	g->member.env_arg = g;
	array->gateways = g;
	return 0;
}

int
array_gateway_start(struct array *array)
{
	struct array_gateways *g = array->gateways;
	int rc;

	if (g == NULL)
		return 0;
	g->member.id = array->controller_id;
	rc = workers_new(CALLERS, "calls", &g->callers);
	if (rc == 0)
		rc = array_member_join(&g->member, &g->events);
	return rc < 0 ? rc : start_threads(g);
}

void
array_gateway_retire(struct array *array, uint32_t timeout_ms)
{
	struct array_gateways *g = array != NULL ? array->gateways : NULL;
	uint64_t until_ns = clock_mono_ns() + timeout_ms * NS_PER_MS;
	size_t left = 1;

	if (g == NULL || !g->owns)
		return;
	atomic_store(&g->member.retires, true);
	while (left > 0 && clock_mono_ns() < until_ns && !atomic_load(&g->member.is_lost)) {
		AUTO_STATE struct state *state = array_state(array);
		struct array_member_loads others;

		array_member_loads(state, &array->controller_id, &others);
		left = others.count > 0 ? state_controller_lun_count(state, &array->controller_id)
					: 0;
		/* who must be fenced gives nothing away, nor does one without the cluster */
		if (array_member_in_doubt(&g->member) || array_sharing_is_away(array))
			break;
		set(g, &g->balance_due);
		if (left > 0 && env_sleep(g, 50) < 0)
			return;
	}
	log_info("gateway.retire", "luns_left=%zu", left);
}

void
array_gateway_abandon(struct array *array)
{
	if (array != NULL && array->gateways != NULL)
		atomic_store(&array->gateways->member.abandons, true);
}

void
array_gateway_stop_looking(struct array *array)
{
	struct array_gateways *g = array->gateways;

	if (g == NULL)
		return;
	set(g, &g->stops);
	if (g->watches)
		pthread_join(g->watcher, NULL);
	if (g->owns)
		pthread_join(g->owner, NULL);
	if (g->balances)
		pthread_join(g->balancer, NULL);
	g->watches = g->owns = g->balances = false;
}

void
array_gateway_stop(struct array *array)
{
	struct array_gateways *g = array->gateways;

	if (g == NULL)
		return;
	array_gateway_stop_looking(array);
	set(g, &g->renewer_stops); /* it would take the lease again */
	if (g->renews)
		pthread_join(g->renewer, NULL);
	g->renews = false;
	/* without the catalog nothing can be noted in it: the others see by the lease that it is gone */
	if (array_sharing_is_away(array))
		atomic_store(&g->member.abandons, true);
	array_member_leave(&g->member);
	workers_free(TAKE(g->callers));
}

void
array_gateway_fini(struct array *array)
{
	struct array_gateways *g = TAKE(array->gateways);

	if (g == NULL)
		return;
	array_member_fini(&g->member);
	pthread_mutex_destroy(&g->lock);
	pthread_cond_destroy(&g->wake);
	mem_free(g);
}
