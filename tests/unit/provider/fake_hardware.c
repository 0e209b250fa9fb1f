/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fake_client_int.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"

/* ---- controllers, ports, maintenance ---- */

struct fake_asked fake_asked;

int
client_controller_set_status(struct client *client, const struct guid *controller,
			     enum row_status status, struct client_answer *ret_answer)
{
	int code;
	struct row_controller *row = fake_copy_of(client, ROW_CONTROLLER, controller, &code);

	(void)ret_answer;
	if (row == NULL)
		return code;
	row->status = status;
	fake_put(row);
	return 0;
}

int
client_lun_move_owner(struct client *client, const struct guid *lun, const struct guid *controller,
		      struct client_answer *ret_answer)
{
	int code;
	struct row_lun_owner *row = fake_copy_of(client, ROW_LUN_OWNER, lun, &code);

	(void)ret_answer;
	if (row == NULL)
		return code;
	row->controller_id = *controller;
	row->epoch++;
	fake_put(row);
	return 0;
}

/* Notes that a call was made, and returns the failure that the test wants. */
static int
asked(struct client *client, unsigned *count)
{
	int code = fake_take_failure(client);

	*count += code == 0;
	return code;
}

int
client_drive_rescan(struct client *client, struct client_answer *ret_answer)
{
	(void)ret_answer;
	return asked(client, &fake_asked.rescans);
}

int
client_controller_flush(struct client *client, const struct guid *controller,
			struct client_answer *ret_answer)
{
	(void)controller;
	(void)ret_answer;
	return asked(client, &fake_asked.flushes);
}

int
client_controller_invalidate(struct client *client, const struct guid *controller,
			     struct client_answer *ret_answer)
{
	(void)controller;
	(void)ret_answer;
	return asked(client, &fake_asked.invalidations);
}

int
client_controller_reset(struct client *client, const struct guid *controller, uint64_t drain_ms,
			struct client_answer *ret_answer)
{
	(void)controller;
	(void)drain_ms;
	(void)ret_answer;
	return asked(client, &fake_asked.controller_resets);
}

/* Sets every portal of the test's state, which are all at one port. */
int
client_port_set_status(struct client *client, const struct guid *port, enum row_status status,
		       struct client_answer *ret_answer)
{
	int code = asked(client, &fake_asked.port_status);

	(void)port;
	(void)ret_answer;
	for (size_t i = 0; code == 0 && i < state_count(client->config, ROW_PORTAL); i++) {
		struct row_portal *row = row_copy(state_at(client->config, ROW_PORTAL, i));

		row->status = status;
		fake_put(row);
	}
	return code;
}

int
client_port_reset(struct client *client, const struct guid *port, uint64_t drain_ms,
		  struct client_answer *ret_answer)
{
	(void)port;
	(void)drain_ms;
	(void)ret_answer;
	return asked(client, &fake_asked.port_resets);
}

int
client_maintain(struct client *client, const struct guid *object, const char *operation,
		const char *action, uint64_t count, struct client_answer *ret_answer)
{
	int code = asked(client, &fake_asked.maintenances);

	if (code < 0)
		return code;
	fake_asked.object = *object;
	snprintf(fake_asked.text, sizeof(fake_asked.text), "%s %s %u", action, operation,
		 (unsigned)count);
	ret_answer->existed = fake_asked.goes_on;
	fake_asked.goes_on = strcmp(action, "start") == 0;
	return 0;
}

int
client_group_create(struct client *client, const struct guid *target,
		    struct client_answer *ret_answer)
{
	IN_THE_ARRAY;
	struct row_portal_group *row;
	int code = fake_take_failure(client);

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
	IN_THE_ARRAY;
	int code = fake_take_failure(client);

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
	IN_THE_ARRAY;
	struct row_group_portal *row;
	int code = fake_take_failure(client);

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
	IN_THE_ARRAY;
	int code = fake_take_failure(client);

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
	IN_THE_ARRAY;
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
	IN_THE_ARRAY;
	(void)timeout_ms; /* the tests end the jobs that they wait for */
	const struct row_job *job;

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
