/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Waits for a job to end: on the replica where the client has one, else by asking vdsd repeatedly.
 * Runs on the thread that waits.
 */
#include <errno.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "client/client_int.h"

#define LOOK_NS      (250 * NS_PER_MS) /* how soon a lost stream is noticed */
#define ASK_FIRST_NS (10 * NS_PER_MS)
#define ASK_MAX_NS   (500 * NS_PER_MS)

static uint64_t
deadline(int timeout_ms)
{
	return timeout_ms < 0 ? UINT64_MAX : clock_mono_ns() + (uint64_t)timeout_ms * NS_PER_MS;
}

/*
 * Looks whether a job has ended.  Returns 1 and a reference to its row when it has, 0, or
 * ERR_NOT_FOUND.
 */
static int
job_look(struct client *client, const struct guid *id, struct row_job **ret_job)
{
	AUTO_VIEW struct client_view view;
	const struct row_job *job;

	client_view_last(client, &view);
	job = state_find(view.config, ROW_JOB, id);
	if (job == NULL)
		return ERR_NOT_FOUND;
	if (job->state == JOB_RUNNING)
		return 0;
	*ret_job = row_ref(job);
	return 1;
}

static int
wait_on_replica(struct client *client, const struct guid *id, uint64_t until,
		struct row_job **ret_job)
{
	struct client_replica *r = &client->replica;
	int rc;

	for (;;) {
		uint64_t sequence, now;

		pthread_mutex_lock(&r->lock);
		sequence = r->position.sequence;
		rc = r->closing ? ERR_CLOSED : 0;
		pthread_mutex_unlock(&r->lock);
		if (rc == 0)
			rc = client_replica_trust(r);
		if (rc == 0)
			rc = job_look(client, id, ret_job);
		now = clock_mono_ns();
		if (rc == 0 && now >= until)
			rc = ERR_TIMEOUT;
		if (rc != 0)
			return rc > 0 ? 0 : rc;
		pthread_mutex_lock(&r->lock);
		if (r->position.sequence == sequence && !r->closing && r->state != REPLICA_BROKEN)
			thread_cond_wait(&r->moved, &r->lock, MIN(until, now + LOOK_NS));
		pthread_mutex_unlock(&r->lock);
	}
}

/* The row of an answer, which also has its live row merged in. */
static int
job_get(struct client *client, const struct guid *id, struct row_job **ret_job)
{
	char text[GUID_TEXT_SIZE];
	AUTO_FREE char *path = str_printf("/v1/jobs/%s", guid_format(id, text));
	json_t *json = NULL;
	void *row = NULL;
	int rc = path != NULL ? client_call(client, "GET", path, NULL, &json) : -ENOMEM;

	if (rc < 0)
		return rc;
	json_object_del(json, "live");
	rc = wire_row_decode(ROW_JOB, json, &row);
	json_decref(json);
	if (rc < 0)
		return rc == ERR_PARSE
			       ? err_set(ERR_PROTOCOL, "vdsd's answer is not a valid job: %s",
					 err_text(rc))
			       : rc;
	*ret_job = row;
	return 0;
}

static int
wait_by_asking(struct client *client, const struct guid *id, uint64_t until,
	       struct row_job **ret_job)
{
	uint64_t pause = ASK_FIRST_NS;

	for (;;) {
		struct row_job *job = NULL;
		int rc = job_get(client, id, &job);
		uint64_t now = clock_mono_ns();

		if (rc < 0)
			return rc;
		if (job->state != JOB_RUNNING) {
			*ret_job = job;
			return 0;
		}
		row_unref(job);
		if (now >= until)
			return ERR_TIMEOUT;
		rc = client_transport_pause(&client->transport, MIN(pause, until - now));
		if (rc < 0)
			return rc;
		pause = MIN(pause * 2, ASK_MAX_NS);
	}
}

int
client_job_wait(struct client *client, const struct guid *job, int timeout_ms,
		struct row_job **ret_job)
{
	int rc = client_enter(client);

	if (rc < 0)
		return rc;
	if (client->mode == CLIENT_REPLICA)
		rc = wait_on_replica(client, job, deadline(timeout_ms), ret_job);
	else
		rc = wait_by_asking(client, job, deadline(timeout_ms), ret_job);
	client_leave(client);
	return rc;
}
