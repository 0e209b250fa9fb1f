/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Listeners, who are notified of what the replica learns.  The event thread walks the list with a
 * cursor and holds no lock while a listener runs.  Any thread may add or remove a listener: a
 * removal moves the cursor on, and waits until the listener that it removes has returned.
 */
#include "client/client_int.h"

void
client_listeners_init(struct client_replica *r)
{
	r->listeners = r->cursor = r->running = NULL;
	pthread_mutex_init(&r->listeners_lock, NULL);
	pthread_cond_init(&r->listener_left, NULL);
}

void
client_listeners_fini(struct client_replica *r)
{
	pthread_cond_destroy(&r->listener_left);
	pthread_mutex_destroy(&r->listeners_lock);
}

/* What a walk tells; after NULL: that contact was lost, or that it is back. */
struct news {
	const struct client_view *before, *after;
	const struct change *change;
	bool lost;
};

static void
tell(struct client_listener *listener, const struct news *news)
{
	if (news->after != NULL)
		listener->changed(listener, news->before, news->after, news->change);
	else if (listener->contact != NULL)
		listener->contact(listener, news->lost);
}

static void
walk(struct client_replica *r, const struct news *news)
{
	pthread_mutex_lock(&r->listeners_lock);
	r->cursor = r->listeners;
	while (r->cursor != NULL) {
		r->running = r->cursor;
		r->cursor = r->cursor->next;
		pthread_mutex_unlock(&r->listeners_lock);
		tell(r->running, news);
		pthread_mutex_lock(&r->listeners_lock);
		r->running = NULL;
		pthread_cond_broadcast(&r->listener_left);
	}
	pthread_mutex_unlock(&r->listeners_lock);
}

void
client_listeners_call(struct client_replica *r, const struct client_view *before,
		      const struct client_view *after, const struct change *change)
{
	const struct news news = { .before = before, .after = after, .change = change };

	walk(r, &news);
}

void
client_listeners_contact(struct client_replica *r, bool lost)
{
	const struct news news = { .lost = lost };

	walk(r, &news);
}

/* Adds the listener at the front, so that a walk under way does not meet it. */
void
client_listen(struct client *client, struct client_listener *listener)
{
	struct client_replica *r = &client->replica;

	if (client->mode != CLIENT_REPLICA)
		return;
	pthread_mutex_lock(&r->listeners_lock);
	listener->next = r->listeners;
	r->listeners = listener;
	pthread_mutex_unlock(&r->listeners_lock);
}

void
client_unlisten(struct client *client, struct client_listener *listener)
{
	struct client_replica *r = &client->replica;

	if (client->mode != CLIENT_REPLICA)
		return;
	pthread_mutex_lock(&r->listeners_lock);
	if (r->cursor == listener)
		r->cursor = listener->next;
	for (struct client_listener **at = &r->listeners; *at != NULL; at = &(*at)->next) {
		if (*at == listener) {
			*at = listener->next;
			break;
		}
	}
	while (r->running == listener && !client_replica_is_own_thread(r))
		pthread_cond_wait(&r->listener_left, &r->listeners_lock);
	pthread_mutex_unlock(&r->listeners_lock);
}
