/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Opens and closes a client, returns its views, and sends the requests that all calls are made of:
 * with one request id, again while the connection breaks, and waiting until the replica shows what
 * the answer names. Any thread may call it.
 */
#include "client/client.h"

#include <errno.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "client/client_int.h"

const struct client_tuning client_tuning_default = {
	.stale_ns = 5 * NS_PER_S,
	.backoff_max_ns = 500 * NS_PER_MS,
	.silence_ns = 3 * NS_PER_S,
	.retry_ns = 5 * NS_PER_S,
	.wait_ns = 10 * NS_PER_S,
	.call_ms = 60000,
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

void
client_close(struct client *client)
{
	if (client == NULL)
		return;
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
		client_replica_fini(&client->replica);
	client_transport_fini(&client->transport);
	pthread_cond_destroy(&client->left);
	pthread_mutex_destroy(&client->lock);
	mem_free(client);
}

int
client_open_tuned(const char *url, enum client_mode mode, const struct client_tuning *tuning,
		  struct client **ret_client)
{
	struct client *client = mem_calloc(1, sizeof(*client));
	int rc;

	if (client == NULL)
		return -ENOMEM;
	client->tuning = *tuning;
	client->mode = CLIENT_CALLS;
	pthread_mutex_init(&client->lock, NULL);
	pthread_cond_init(&client->left, NULL);
	rc = client_transport_init(&client->transport, url);
	if (rc == 0 && mode == CLIENT_REPLICA) {
		client->mode = mode;
		rc = client_replica_start(&client->replica, &client->transport, &client->tuning);
	}
	if (rc < 0) {
		char text[256];

		/* Closing may have errors of its own. */
		snprintf(text, sizeof(text), "%s", err_text(rc));
		client_close(client);
		return err_set(rc, "%s", text);
	}
	*ret_client = client;
	return 0;
}

int
client_open(const char *url, enum client_mode mode, struct client **ret_client)
{
	if (url == NULL)
		url = getenv("VDS_URL");
	if (url == NULL || *url == '\0')
		url = CLIENT_DEFAULT_URL;
	return client_open_tuned(url, mode, &client_tuning_default, ret_client);
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
		return err_set(ERR_NOT_SUPPORTED, "this client keeps no replica");
	rc = client_replica_trust(&client->replica);
	if (rc == 0)
		client_board_read(&client->replica.board, ret_view);
	return rc;
}

/* ---- calls ---- */

/* Returns true while a call that failed may be tried again. *until is set at the first failure. */
static bool
may_retry(const struct client *client, bool sent, uint64_t *until)
{
	uint64_t now = clock_mono_ns();

	/* A client that never reached the array does not wait for it. */
	if (!sent && !atomic_load_explicit(&client->transport.reached, memory_order_relaxed))
		return false;
	if (*until == 0)
		*until = now + client->tuning.retry_ns;
	return now < *until;
}

/* Makes one attempt. The refusal of an array that is stopping counts as if no array were there. */
static int
attempt(struct client *client, const struct client_request *request, struct client_reply *ret_reply,
	bool *ret_sent)
{
	int rc = client_transport_call(&client->transport, request, ret_reply, ret_sent);

	if (rc < 0 || ret_reply->status != 503 || client_reply_code(ret_reply) != ERR_CLOSED)
		return rc;
	strbuf_fini(&ret_reply->body);
	*ret_sent = false;
	return err_set(ERR_UNREACHABLE, "vdsd is stopping");
}

/*
 * Makes attempts, all with one request id, until an answer comes or the time is over. A change that
 * was sent and not answered may have happened or not; the text says so then.
 */
static int
attempts(struct client *client, const struct client_request *request,
	 struct client_reply *ret_reply)
{
	uint64_t until = 0, backoff_ns = 10 * NS_PER_MS;
	bool sent = false;
	int rc;

	for (;;) {
		bool now_sent;

		rc = attempt(client, request, ret_reply, &now_sent);
		sent = sent || now_sent;
		if (rc != ERR_UNREACHABLE || !may_retry(client, sent, &until))
			break;
		if (client_transport_pause(&client->transport, backoff_ns) < 0)
			return ERR_CLOSED;
		backoff_ns = MIN(backoff_ns * 2, 250 * NS_PER_MS);
	}
	if ((rc == ERR_UNREACHABLE || rc == ERR_TIMEOUT) && sent && request->id != NULL) {
		char id[GUID_TEXT_SIZE], why[256];

		snprintf(why, sizeof(why), "%s", err_text(rc));
		return err_set(rc, "%s; whether change %s was made is not known", why,
			       guid_format(request->id, id));
	}
	return rc;
}

/* Waits until the replica has the live rows that the answer names. An older array names none. */
static int
live_wait(struct client *client, const json_t *live)
{
	const json_t *boot = json_object_get(live, "boot");
	const json_t *version = json_object_get(live, "version");
	struct guid id;

	if (!json_is_string(boot) || !json_is_integer(version) ||
	    guid_parse(json_string_value(boot), &id) < 0)
		return 0;
	return client_replica_wait_live(&client->replica, &id,
					(uint64_t)json_integer_value(version));
}

/*
 * Waits until the replica shows what an answer names, so that a program reads its own changes: the
 * sequence in the answer to a change and in a list, and the version of the live rows in the answer
 * to a change.
 */
static int
answer_wait(struct client *client, const json_t *json)
{
	const json_t *sequence = json_object_get(json, "sequence");
	int rc = 0;

	if (client->mode != CLIENT_REPLICA)
		return 0;
	if (json_is_integer(sequence))
		rc = client_replica_wait(&client->replica, (uint64_t)json_integer_value(sequence));
	return rc == 0 ? live_wait(client, json_object_get(json, "live")) : rc;
}

static int
answer_take(struct client *client, const struct client_reply *reply, json_t **ret_json)
{
	json_t *json = NULL;
	int rc = client_reply_code(reply);

	if (rc == 0)
		rc = client_reply_json(reply, &json);
	if (rc == 0)
		rc = answer_wait(client, json);
	if (rc == 0 && ret_json != NULL)
		*ret_json = TAKE(json);
	json_decref(json);
	return rc;
}

static int
call(struct client *client, const char *method, const char *path, json_t *body,
     const struct guid *request_id, json_t **ret_json)
{
	AUTO(strbuf_fini) struct strbuf text = { 0 };
	struct client_request request = {
		.method = method,
		.path = path,
		.id = request_id,
		.timeout_ms = client->tuning.call_ms,
	};
	struct client_reply reply;
	int rc;

	if (body != NULL && client_json_text(body, &text) < 0)
		return -ENOMEM;
	request.body = text.text;
	rc = attempts(client, &request, &reply);
	if (rc < 0)
		return rc;
	rc = answer_take(client, &reply, ret_json);
	strbuf_fini(&reply.body);
	return rc;
}

int
client_call_with_id(struct client *client, const char *method, const char *path, json_t *body,
		    const struct guid *request_id, json_t **ret_json)
{
	int rc = client_enter(client);

	if (rc < 0)
		return rc;
	rc = call(client, method, path, body, request_id, ret_json);
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
position_get(struct client *client, const char *path, struct position *ret_position)
{
	json_t *json = NULL;
	int rc = client_call(client, "GET", path, NULL, &json);

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
	int rc = position_get(client, "/v1/sync", &at);

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
	int rc = position_get(client, "/v1/array", &at);

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
