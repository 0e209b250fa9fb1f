/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The board, where readers find the newest view: one copy of the view's references for each shard.
 * The event thread publishes; any thread reads.
 */
#include <string.h>

#include "base/mem.h"
#include "base/slot.h"
#include "client/client_int.h"

void
client_board_init(struct client_board *board)
{
	memset(board, 0, sizeof(*board));
}

void
client_board_fini(struct client_board *board)
{
	for (int i = 0; i < CLIENT_BOARD_SHARDS; i++) {
		client_view_fini(&board->shards[i].view);
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

		spin_lock(&shard->lock);
		before.config = swap(&shard->view.config, now.config);
		before.live = swap(&shard->view.live, now.live);
		spin_unlock(&shard->lock);
		client_view_fini(&before);
	}
}

void
client_board_clear(struct client_board *board)
{
	for (int i = 0; i < CLIENT_BOARD_SHARDS; i++) {
		struct client_board_shard *shard = &board->shards[i];
		struct client_view before;

		spin_lock(&shard->lock);
		before = shard->view;
		shard->view = (struct client_view){ NULL, NULL };
		spin_unlock(&shard->lock);
		client_view_fini(&before);
	}
}

void
client_board_read(struct client_board *board, struct client_view *ret_view)
{
	struct client_board_shard *shard = &board->shards[slot_of_thread() % CLIENT_BOARD_SHARDS];

	spin_lock(&shard->lock);
	ret_view->config = shard->view.config != NULL ? state_ref(shard->view.config) : NULL;
	ret_view->live = shard->view.live != NULL ? state_ref(shard->view.live) : NULL;
	spin_unlock(&shard->lock);
}

void
client_view_fini(struct client_view *view)
{
	state_unref(view->config);
	state_unref(view->live);
	*view = (struct client_view){ NULL, NULL };
}
