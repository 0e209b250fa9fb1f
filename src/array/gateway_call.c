/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Calls between gateways, through the cluster: a move of a LUN, requests that are passed to the
 * owner of a LUN, and whether commands of a LUN that was deleted have ended.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "array/gateway_int.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

#define PASS_MS    60000u /* longer than a drain and a commit take */
#define TRASH_MS   2000u
#define TEXT_SIZE  512u
/* The first byte of what one gateway sends to another. */
#define CALL_PING  'P'
#define CALL_MOVE  'M'
#define CALL_PASS  'R'
#define CALL_TRASH 'T'

/* ---- what others call for ---- */

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
	for (size_t i = 0; i < MIN(g->known_count, ARRAY_GATEWAY_CALLERS); i++)
		known = known || g->known[i] == from;
	pthread_mutex_unlock(&g->lock);
	return known;
}

/*
 * Returns whether the client that calls is a gateway: it has the lease of one.  A call needs only
 * the right to read the pool of the catalog, but to take a lease needs the right to write, so
 * others cannot have done that.  A client keeps its number for life; one that was fenced does not
 * call any more.
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
		g->known[g->known_count++ % ARRAY_GATEWAY_CALLERS] = from;
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

void
array_gateway_called(void *arg, void *call, uint64_t from, const void *payload, size_t bytes)
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

/* ---- what this one calls for ---- */

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

int
array_gateway_ask_move(struct array_member *member, const struct guid *owner,
		       const struct guid *lun_id, const struct guid *to)
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
		return array_gateway_pull(g);
	text += strlen(name);
	return err_set(err_from_name(name), "%s", *text == ' ' ? text + 1 : text);
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
