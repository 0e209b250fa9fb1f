/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The board, where readers find the newest view: one copy of the view's references for each shard.
 * The event thread publishes; any thread reads.
 */
#include "base/mem.h"
#include "client/client_int.h"

void
client_board_init(struct client_board *board)
{
	for (int i = 0; i < CLIENT_BOARD_SHARDS; i++) {
		board->shards[i].view = (struct client_view){ NULL, NULL };
		pthread_mutex_init(&board->shards[i].lock, NULL);
	}
}

void
client_board_fini(struct client_board *board)
{
	for (int i = 0; i < CLIENT_BOARD_SHARDS; i++) {
		client_view_fini(&board->shards[i].view);
		pthread_mutex_destroy(&board->shards[i].lock);
	}
}

/* Returns a state for one shard; when memory is out, the shard shares the counter of the others. */
static struct state *
state_for_shard(const struct state *state)
{
	struct state *alias = state_alias(state);

	return alias != NULL ? alias : state_ref(state);
}

/* Puts `now` into *slot and returns what was there.  NULL leaves the slot as it is. */
static struct state *
swap(struct state **slot, struct state *now)
{
	struct state *before = *slot;

	if (now == NULL)
		return NULL;
	*slot = now;
	return before;
}

void
client_board_publish(struct client_board *board, const struct state *config,
		     const struct state *live)
{
	for (int i = 0; i < CLIENT_BOARD_SHARDS; i++) {
		struct client_board_shard *shard = &board->shards[i];
		struct client_view now = {
			config != NULL ? state_for_shard(config) : NULL,
			live != NULL ? state_for_shard(live) : NULL,
		};
		struct client_view before;

		pthread_mutex_lock(&shard->lock);
		before.config = swap(&shard->view.config, now.config);
		before.live = swap(&shard->view.live, now.live);
		pthread_mutex_unlock(&shard->lock);
		client_view_fini(&before);
	}
}

/* Threads' stacks, and so their ids, lie far apart: the middle bits tell them apart. */
static unsigned
shard_of_thread(void)
{
	uint64_t id = (uint64_t)(uintptr_t)pthread_self();

	return (unsigned)((id * 0x9e3779b97f4a7c15ull) >> 61);
}

_Static_assert(CLIENT_BOARD_SHARDS == 8, "shard_of_thread gives three bits");

void
client_board_read(struct client_board *board, struct client_view *ret_view)
{
	struct client_board_shard *shard = &board->shards[shard_of_thread()];

	pthread_mutex_lock(&shard->lock);
	ret_view->config = shard->view.config != NULL ? state_ref(shard->view.config) : NULL;
	ret_view->live = shard->view.live != NULL ? state_ref(shard->view.live) : NULL;
	pthread_mutex_unlock(&shard->lock);
}

void
client_view_fini(struct client_view *view)
{
	state_unref(view->config);
	state_unref(view->live);
	*view = (struct client_view){ NULL, NULL };
}
