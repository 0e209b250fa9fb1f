/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Request ids.  A second request with the id of an earlier one changes nothing and gets the answer
 * of the earlier one, also while that is still under way and also after a restart, since the
 * catalog keeps the answers of changes that were made.  A request that failed may be tried again
 * with its id.  The threads of the callers; requests_lock guards the table.
 *
 * A client may repeat at one gateway what it has begun at another.  The catalog takes one of the
 * two; the other one hears of it before it commits (array_request_is_foreign), fails, and gives the
 * answer of the first in the place of its error.  The first one may still wait for gateways that
 * lack the change, or may be dead; so whoever gives its answer waits for them, too, once.
 */
#include <errno.h>

#include "array/array_int.h"
#include "base/err.h"
#include "base/mem.h"

struct request_entry {
	struct list node; /* in requests_done, once done */
	struct guid id;
	bool done;
	bool elsewhere;             /* is under way here, and another gateway has made the change */
	bool unreached;             /* made by another gateway: some may lack the change */
	struct array_answer answer; /* when done, or elsewhere */
};

/* Keeps as many answers as the catalog does, and forgets the oldest one beyond that. */
static void
keep(struct array *array, struct request_entry *entry)
{
	entry->done = true;
	entry->answer.replayed = true;
	list_append(&array->requests_done, &entry->node);
	if (++array->requests_kept <= CATALOG_EVENTS_KEPT)
		return;
	entry = list_entry(list_pop(&array->requests_done), struct request_entry, node);
	guid_map_remove(&array->requests, &entry->id);
	mem_free(entry);
	array->requests_kept--;
}

static struct request_entry *
entry_new(struct array *array, const struct guid *id)
{
	AUTO_FREE struct request_entry *entry = mem_calloc(1, sizeof(*entry));

	if (entry == NULL)
		return NULL;
	entry->id = *id;
	if (guid_map_put(&array->requests, id, entry) < 0)
		return NULL;
	return TAKE(entry);
}

/*
 * A change may have changed live facts alone (the health of a LUN whose row is online already), or
 * live facts beside its rows: they are in the live state as it is now.
 */
static void
add_live(struct array *array, struct array_answer *answer)
{
	AUTO_STATE struct state *live = array_live(array);

	if (answer == NULL)
		return;
	answer->live_boot = state_position(live)->array_id;
	answer->live_version = state_position(live)->sequence;
}

/* Waits until no gateway serves a state without the change, which this gateway has. */
static void
reach(struct array *array, const struct guid *id)
{
	struct request_entry *entry;

	array_sharing_barrier(array);
	pthread_mutex_lock(&array->requests_lock);
	entry = guid_map_find(&array->requests, id);
	if (entry != NULL)
		entry->unreached = false;
	pthread_mutex_unlock(&array->requests_lock);
}

int
array_request_begin(struct array *array, const struct array_request *request,
		    struct array_answer *ret_answer)
{
	struct guid id = array_request_id(request);
	struct request_entry *entry;
	bool unreached = false;
	int rc = 0;

	if (guid_is_zero(&id))
		return 0;
	pthread_mutex_lock(&array->requests_lock);
	while ((entry = guid_map_find(&array->requests, &id)) != NULL && !entry->done)
		pthread_cond_wait(&array->request_done, &array->requests_lock);
	if (entry != NULL && ret_answer != NULL)
		*ret_answer = entry->answer;
	if (entry != NULL)
		unreached = entry->unreached;
	if (entry != NULL)
		rc = 1;
	else if (entry_new(array, &id) == NULL)
		rc = -ENOMEM;
	pthread_mutex_unlock(&array->requests_lock);
	if (unreached)
		reach(array, &id);
	if (rc == 1)
		add_live(array, ret_answer);
	if (rc == 1 && request->audit != NULL)
		request->audit->recorded = true; /* nothing is done */
	return rc;
}

/* The change is made, by another gateway.  The caller holds requests_lock.  Returns 0. */
static int
end_elsewhere(const struct array_request *request, struct request_entry *entry,
	      struct array_answer *ret_answer)
{
	entry->elsewhere = false;
	entry->unreached = true;
	entry->answer.replayed = true;
	if (ret_answer != NULL)
		*ret_answer = entry->answer;
	if (request->audit != NULL)
		request->audit->recorded = true; /* there */
	return 0;
}

int
array_request_end(struct array *array, const struct array_request *request, int rc,
		  const struct array_answer *answer, struct array_answer *ret_answer)
{
	struct guid id = array_request_id(request);
	struct request_entry *entry;
	bool unreached = false;

	if (rc == 0 && ret_answer != NULL)
		*ret_answer = *answer;
	if (!guid_is_zero(&id)) {
		pthread_mutex_lock(&array->requests_lock);
		entry = guid_map_find(&array->requests, &id);
		unreached = entry->elsewhere;
		if (entry->elsewhere)
			rc = end_elsewhere(request, entry, ret_answer);
		else if (rc == 0)
			entry->answer = *answer;
		if (rc == 0)
			keep(array, entry);
		else
			mem_free(guid_map_remove(&array->requests, &id));
		pthread_cond_broadcast(&array->request_done);
		pthread_mutex_unlock(&array->requests_lock);
	}
	if (unreached)
		reach(array, &id);
	if (rc == 0)
		add_live(array, ret_answer);
	return rc;
}

/* ---- what the catalog has ---- */

static struct array_answer
answer_of(const struct catalog_answer *stored)
{
	return (struct array_answer){
		.sequence = stored->sequence,
		.object_id = stored->object_id,
		.job_id = stored->job_id,
		.existed = stored->existed,
	};
}

static int
load_one(void *arg, const struct catalog_answer *stored)
{
	struct array *array = arg;
	struct request_entry *entry = entry_new(array, &stored->request_id);

	if (entry == NULL)
		return -ENOMEM;
	entry->answer = answer_of(stored);
	entry->unreached = array_is_shared(array);
	keep(array, entry);
	return 0;
}

int
array_request_foreign(struct array *array, const struct catalog_answer *stored)
{
	struct request_entry *entry;
	int rc = 0;

	pthread_mutex_lock(&array->requests_lock);
	entry = guid_map_find(&array->requests, &stored->request_id);
	if (entry == NULL) {
		rc = load_one(array, stored);
	} else if (!entry->done) {
		entry->elsewhere = true;
		entry->answer = answer_of(stored);
	}
	pthread_mutex_unlock(&array->requests_lock);
	return rc;
}

bool
array_request_is_foreign(struct array *array, const struct guid *id)
{
	const struct request_entry *entry;
	bool elsewhere;

	if (!array_is_shared(array) || guid_is_zero(id))
		return false;
	pthread_mutex_lock(&array->requests_lock);
	entry = guid_map_find(&array->requests, id);
	elsewhere = entry != NULL && entry->elsewhere;
	pthread_mutex_unlock(&array->requests_lock);
	return elsewhere;
}

static int
foreign_one(void *arg, const struct catalog_answer *stored)
{
	return array_request_foreign(arg, stored);
}

int
array_request_foreign_all(struct array *array)
{
	return catalog_answers(array->catalog, foreign_one, array);
}

/* Reads the answers that the catalog has.  Called before the array has other threads. */
int
array_request_load(struct array *array)
{
	return catalog_answers(array->catalog, load_one, array);
}

void
array_request_fini(struct array *array)
{
	struct list *node;

	while ((node = list_pop(&array->requests_done)) != NULL)
		mem_free(list_entry(node, struct request_entry, node));
	guid_map_fini(&array->requests);
}
