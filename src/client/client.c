/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Opens and closes a client, returns its views, and sends the requests that all calls are made of:
 * with one request id, again while the connection breaks, and waiting until the replica shows what
 * the answer names. Any thread may call it.
 */
#include "client/client.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/system.h"
#include "client/client_int.h"

const struct client_tuning client_tuning_default = {
	.stale_ns = 5 * NS_PER_S,
	.backoff_max_ns = 500 * NS_PER_MS,
	.silence_ns = 3 * NS_PER_S,
	.retry_ns = 5 * NS_PER_S,
	.resolve_ns = 60 * NS_PER_S,
	.wait_ns = 10 * NS_PER_S,
	.call_ms = 60000,
	.look_ms = 10000,
};

/* ---- life ---- */

int
client_enter(struct client *client)
{
	int rc = 0;

	pthread_mutex_lock(&client->lock);
	if (client->closing)
		rc = ERR_CLOSED;
	else
		client->calls++;
	pthread_mutex_unlock(&client->lock);
	return rc;
}

void
client_leave(struct client *client)
{
	pthread_mutex_lock(&client->lock);
	client->calls--;
	pthread_cond_broadcast(&client->left);
	pthread_mutex_unlock(&client->lock);
}

unsigned
client_calls_under_way(struct client *client)
{
	unsigned calls;

	pthread_mutex_lock(&client->lock);
	calls = client->calls;
	pthread_mutex_unlock(&client->lock);
	return calls;
}

void
client_stop(struct client *client)
{
	pthread_mutex_lock(&client->lock);
	client->closing = true;
	pthread_mutex_unlock(&client->lock);
	if (client->mode == CLIENT_REPLICA)
		client_replica_close(&client->replica);
	client_transport_close(&client->transport);
	pthread_mutex_lock(&client->lock);
	while (client->calls > 0)
		pthread_cond_wait(&client->left, &client->lock);
	pthread_mutex_unlock(&client->lock);
	if (client->mode == CLIENT_REPLICA)
		client_replica_stop(&client->replica);
	client_transport_drain(&client->transport);
}

void
client_close(struct client *client)
{
	if (client == NULL)
		return;
	client_stop(client);
	if (client->mode == CLIENT_REPLICA)
		client_replica_fini(&client->replica);
	client_transport_fini(&client->transport);
	pthread_cond_destroy(&client->left);
	pthread_mutex_destroy(&client->lock);
	mem_free(client);
}

/* Closes the client, whose errors of its own must not hide the text of rc. */
static int
close_after(struct client *client, int rc)
{
	char text[512];

	snprintf(text, sizeof(text), "%s", err_text(rc));
	client_close(client);
	return err_set(rc, "%s", text);
}

/* Makes a client that is stopped. */
static int
new_tuned(const struct client_options *options, enum client_mode mode,
	  const struct client_tuning *tuning, struct client **ret_client)
{
	struct client *client = mem_calloc(1, sizeof(*client));
	int rc;

	if (client == NULL)
		return -ENOMEM;
	client->tuning = *tuning;
	client->mode = mode;
	client->closing = true;
	pthread_mutex_init(&client->lock, NULL);
	pthread_cond_init(&client->left, NULL);
	if (mode == CLIENT_REPLICA)
		client_replica_init(&client->replica, &client->transport, &client->tuning);
	rc = client_transport_init(&client->transport, options);
	if (rc < 0)
		return close_after(client, rc);
	*ret_client = client;
	return 0;
}

int
client_new(const char *url, struct client **ret_client)
{
	const struct client_options options = { .url = url };

	return client_new_with(&options, ret_client);
}

int
client_new_with(const struct client_options *options, struct client **ret_client)
{
	return new_tuned(options, CLIENT_REPLICA, &client_tuning_default, ret_client);
}

int
client_start(struct client *client)
{
	client_transport_reopen(&client->transport);
	pthread_mutex_lock(&client->lock);
	client->closing = false;
	pthread_mutex_unlock(&client->lock);
	return client->mode == CLIENT_REPLICA ? client_replica_start(&client->replica) : 0;
}

int
client_ready(struct client *client)
{
	return client->mode == CLIENT_REPLICA ? client_replica_ready(&client->replica) : 0;
}

static int
open_tuned(const struct client_options *options, enum client_mode mode,
	   const struct client_tuning *tuning, struct client **ret_client)
{
	struct client *client;
	int rc = new_tuned(options, mode, tuning, &client);

	if (rc < 0)
		return rc;
	rc = client_start(client);
	if (rc == 0)
		rc = client_ready(client);
	if (rc < 0)
		return close_after(client, rc);
	*ret_client = client;
	return 0;
}

int
client_open_tuned(const char *url, enum client_mode mode, const struct client_tuning *tuning,
		  struct client **ret_client)
{
	const struct client_options options = { .url = url };

	return open_tuned(&options, mode, tuning, ret_client);
}

int
client_open_with(const struct client_options *options, enum client_mode mode,
		 struct client **ret_client)
{
	AUTO_FREE char *first = NULL;
	struct client_options chosen = *options;

	if (chosen.url == NULL) {
		const char *url;

		/* It may name several arrays; programs that speak to one take the first. */
		url = system_setting("VDS_URL");
		url = url != NULL ? url + strspn(url, " \t\n") : "";
		first = str_ndup(url, strcspn(url, " \t\n"));
		if (first == NULL)
			return -ENOMEM;
		chosen.url = *first != '\0' ? first : CLIENT_DEFAULT_URL;
	}
	return open_tuned(&chosen, mode, &client_tuning_default, ret_client);
}

int
client_open(const char *url, enum client_mode mode, struct client **ret_client)
{
	const struct client_options options = { .url = url };

	return client_open_with(&options, mode, ret_client);
}

void
client_set_call_timeout(struct client *client, unsigned timeout_ms)
{
	client->tuning.call_ms = (long)timeout_ms;
}

/* ---- views ---- */

void
client_view_last(struct client *client, struct client_view *ret_view)
{
	*ret_view = (struct client_view){ NULL, NULL };
	if (client->mode == CLIENT_REPLICA)
		client_board_read(&client->replica.board, ret_view);
}

int
client_view(struct client *client, struct client_view *ret_view)
{
	int rc;

	if (client->mode != CLIENT_REPLICA)
		return err_set(ERR_NOT_SUPPORTED, "this client was opened without a replica");
	rc = client_replica_trust(&client->replica);
	if (rc < 0)
		return rc;
	client_board_read(&client->replica.board, ret_view);
	if (__builtin_expect(ret_view->config != NULL && ret_view->live != NULL, true))
		return 0;
	client_view_fini(ret_view); /* the client was stopped at this moment */
	return err_set(ERR_CACHE_CORRUPT, "the connection to the array was ended");
}

enum client_contact
client_contact(struct client *client)
{
	return client->mode == CLIENT_REPLICA ? client_replica_contact(&client->replica)
					      : CLIENT_BROKEN;
}

/* ---- calls ---- */

/* One call: its request, and what is known of it after some attempts. */
struct call {
	struct client *client;
	struct client_request request;
	bool sent;          /* the array may have received the request */
	unsigned unread;    /* answers that came and could not be read */
	uint64_t failed_ns; /* when the first attempt failed; 0 = none has */
	json_t *json;       /* the answer, once it has come; NULL when it was empty */
};

/* Answers that cannot be read are asked for again so often. */
#define UNREAD_MAX 8

static bool
is_unresolved_change(const struct call *call)
{
	return call->sent && call->request.id != NULL;
}

/*
 * Returns how long the call is tried again from its first failure on.  Who waits for the outcome of
 * a change has more patience.
 */
static uint64_t
patience_ns(const struct call *call)
{
	const struct client_tuning *tuning = &call->client->tuning;

	if (is_unresolved_change(call) && call->client->mode == CLIENT_REPLICA)
		return MAX(tuning->retry_ns, tuning->resolve_ns);
	return tuning->retry_ns;
}

/* Returns true when an attempt that ended with rc may be followed by another one. */
static bool
may_retry(struct call *call, int rc)
{
	struct client *client = call->client;
	uint64_t now = clock_mono_ns(), patience = patience_ns(call);

	if (call->failed_ns == 0)
		call->failed_ns = now;
	switch (rc) {
	case ERR_UNREACHABLE:
		/* A client that never reached the array does not wait for it. */
		if (!call->sent &&
		    !atomic_load_explicit(&client->transport.reached, memory_order_relaxed))
			return false;
		break;
	case ERR_TIMEOUT:
		if (client->transport.peer_count < 2 &&
		    (!is_unresolved_change(call) || client->mode != CLIENT_REPLICA))
			return false;
		break;
	case -ENOMEM:
	case ERR_PROTOCOL:
		return is_unresolved_change(call) && ++call->unread <= UNREAD_MAX;
	default:
		return false;
	}
	if (now - call->failed_ns >= patience)
		return false;
	if (call->request.timeout_ms > 0)
		call->request.timeout_ms = MIN(
			client->tuning.call_ms,
			(long)((patience - (now - call->failed_ns)) / NS_PER_MS) + 1);
	return true;
}

/*
 * Makes one attempt.  *ret_answered: the array has answered, and what this returns is its answer.
 * The refusal of an array that is stopping counts as if no array were there.
 */
static int
attempt(struct call *call, bool *ret_answered)
{
	struct client_reply reply;
	bool sent;
	int rc = client_transport_call(&call->client->transport, &call->request, &reply, &sent);

	*ret_answered = false;
	if (rc < 0) {
		call->sent = call->sent || sent;
		return rc;
	}
	rc = client_reply_code(&reply);
	if (rc == ERR_CLOSED && reply.status == 503) {
		rc = err_set(ERR_UNREACHABLE, "vdsd is stopping");
		client_transport_leave(&call->client->transport, reply.peer);
	} else if (rc == ERR_UNREACHABLE && reply.status == 503 &&
		   call->client->transport.peer_count > 1) {
		client_transport_leave(&call->client->transport, reply.peer); /* it has no lease */
	} else {
		call->sent = true;
		*ret_answered = rc < 0 && rc != -ENOMEM;
		if (rc == 0) {
			rc = client_reply_json(&reply, &call->json);
			*ret_answered = rc == 0;
		}
	}
	strbuf_fini(&reply.body);
	return rc;
}

/*
 * Makes attempts, all with one request id, until an answer comes or the time is over. A change that
 * was sent and not answered may have happened or not; the text says so then.
 */
static int
attempts(struct call *call)
{
	uint64_t backoff_ns = 10 * NS_PER_MS;
	char id[GUID_TEXT_SIZE], why[256];
	bool answered = false;
	int rc;

	for (;;) {
		rc = attempt(call, &answered);
		if (answered || rc == ERR_CLOSED || !may_retry(call, rc))
			break;
		if (client_transport_pause(&call->client->transport, backoff_ns) < 0) {
			rc = ERR_CLOSED;
			break;
		}
		backoff_ns = MIN(backoff_ns * 2, 250 * NS_PER_MS);
	}
	if (answered || !is_unresolved_change(call))
		return rc;
	snprintf(why, sizeof(why), "%s", err_text(rc));
	return err_set(rc, "%s; whether change %s was made is not known", why,
		       guid_format(call->request.id, id));
}

/* Waits until the replica has the live rows that the answer names. An older array names none. */
static int
live_wait(struct client *client, const json_t *live, const struct guid *before)
{
	const json_t *boot = json_object_get(live, "boot");
	const json_t *version = json_object_get(live, "version");
	struct guid id;

	if (!json_is_string(boot) || !json_is_integer(version) ||
	    guid_parse(json_string_value(boot), &id) < 0)
		return 0;
	return client_replica_wait_live(&client->replica, &id,
					(uint64_t)json_integer_value(version), before);
}

/*
 * Waits until the replica shows what an answer names, so that a program reads its own changes: the
 * sequence in the answer to a change and in a list, and the version of the live rows in the answer
 * to a change.  before: the boot of the live rows before the call.
 */
static int
answer_wait(struct client *client, const json_t *json, const struct guid *before)
{
	const json_t *sequence = json_object_get(json, "sequence");
	int rc = 0;

	if (client->mode != CLIENT_REPLICA)
		return 0;
	if (json_is_integer(sequence))
		rc = client_replica_wait(&client->replica, (uint64_t)json_integer_value(sequence));
	return rc == 0 ? live_wait(client, json_object_get(json, "live"), before) : rc;
}

static int
call_text(struct client *client, const char *method, const char *path, const char *body,
	  const struct guid *request_id, long timeout_ms, json_t **ret_json)
{
	struct call call = {
		.client = client,
		.request = { .method = method,
			     .path = path,
			     .body = body,
			     .id = request_id,
			     .timeout_ms = timeout_ms },
	};
	struct guid before = { { 0 } };
	int rc;

	if (client->mode == CLIENT_REPLICA)
		before = client_replica_boot(&client->replica);
	rc = attempts(&call);
	/*
	 * A change that was made stays made when the replica does not show it: whoever looks at the
	 * replica next learns there that it cannot be trusted.
	 */
	if (rc == 0) {
		int shown = answer_wait(client, call.json, &before);

		rc = request_id == NULL ? shown : 0;
	}
	if (rc == 0 && ret_json != NULL)
		*ret_json = TAKE(call.json);
	json_decref(call.json);
	return rc;
}

static int
call(struct client *client, const char *method, const char *path, json_t *body,
     const struct guid *request_id, long timeout_ms, json_t **ret_json)
{
	AUTO(strbuf_fini) struct strbuf text = { 0 };

	if (body != NULL && client_json_text(body, &text) < 0)
		return -ENOMEM;
	return call_text(client, method, path, text.text, request_id, timeout_ms, ret_json);
}

int
client_call_text(struct client *client, const char *method, const char *path, const char *body,
		 json_t **ret_json)
{
	int rc = client_enter(client);
	struct guid id;

	if (rc < 0)
		return rc;
	guid_make(&id);
	rc = call_text(client, method, path, body, &id, client->tuning.call_ms, ret_json);
	client_leave(client);
	return rc;
}

int
client_call_with_id(struct client *client, const char *method, const char *path, json_t *body,
		    const struct guid *request_id, json_t **ret_json)
{
	int rc = client_enter(client);

	if (rc < 0)
		return rc;
	rc = call(client, method, path, body, request_id, client->tuning.call_ms, ret_json);
	client_leave(client);
	return rc;
}

int
client_call(struct client *client, const char *method, const char *path, json_t *body,
	    json_t **ret_json)
{
	struct guid id;

	if (strcmp(method, "GET") == 0)
		return client_call_with_id(client, method, path, body, NULL, ret_json);
	guid_make(&id);
	return client_call_with_id(client, method, path, body, &id, ret_json);
}

/* ---- the replica's calls ---- */

/* Asks for something that has a position, and decodes that. */
static int
position_get(struct client *client, const char *path, long timeout_ms,
	     struct position *ret_position)
{
	json_t *json = NULL;
	int rc = client_enter(client);

	if (rc < 0)
		return rc;
	rc = call(client, "GET", path, NULL, NULL, timeout_ms, &json);
	client_leave(client);
	if (rc < 0)
		return rc;
	rc = wire_position_decode(json_object_get(json, "position"), ret_position);
	json_decref(json);
	return rc == ERR_PARSE ? err_set(ERR_PROTOCOL, "%s: %s", path, err_text(ERR_PARSE)) : rc;
}

int
client_sync(struct client *client)
{
	struct position at;
	int rc = position_get(client, "/v1/sync", client->tuning.call_ms, &at);

	if (rc < 0 || client->mode != CLIENT_REPLICA)
		return rc;
	rc = client_enter(client);
	if (rc < 0)
		return rc;
	rc = client_replica_wait(&client->replica, at.sequence);
	client_leave(client);
	return rc;
}

int
client_reenumerate(struct client *client)
{
	struct position at;
	int rc = position_get(client, "/v1/array", client->tuning.look_ms, &at);

	if (rc == 0 && client->mode == CLIENT_REPLICA)
		client_replica_identify(&client->replica, &at);
	return rc;
}

int
client_refresh(struct client *client)
{
	int rc;

	if (client->mode != CLIENT_REPLICA)
		return 0;
	rc = client_enter(client);
	if (rc < 0)
		return rc;
	rc = client_replica_refresh(&client->replica);
	client_leave(client);
	return rc;
}
