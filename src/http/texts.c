/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The cache of the JSON texts of the latest changes.  Every stream sends every change; the first
 * stream that needs a change encodes it, and the others use its text.  A slot keeps a reference to
 * its change, so that the pointer identifies the change.  Any thread; a lock guards the slots.
 */
#include <stddef.h>
#include <string.h>

#include "base/mem.h"
#include "http/http_int.h"

void
http_texts_init(struct http_texts *texts)
{
	memset(texts->slots, 0, sizeof(texts->slots));
	pthread_mutex_init(&texts->lock, NULL);
}

void
http_texts_fini(struct http_texts *texts)
{
	for (size_t i = 0; i < HTTP_TEXT_SLOTS; i++)
		http_text_unref(texts->slots[i]);
	pthread_mutex_destroy(&texts->lock);
}

static struct http_text *
text_new(const struct change *change)
{
	AUTO(strbuf_fini) struct strbuf encoded = { 0 };
	struct http_text *text;

	strbuf_init(&encoded);
	wire_change_text(change, &encoded);
	text = encoded.failed ? NULL : mem_alloc(sizeof(*text) + encoded.len + 1);
	if (text == NULL)
		return NULL;
	memcpy(text->text, encoded.text, encoded.len + 1);
	text->len = encoded.len;
	atomic_init(&text->refs, 1);
	text->change = change_ref(change);
	return text;
}

static struct http_text *
text_ref(struct http_text *text)
{
	atomic_fetch_add_explicit(&text->refs, 1, memory_order_relaxed);
	return text;
}

void
http_text_unref(struct http_text *text)
{
	if (text == NULL || atomic_fetch_sub_explicit(&text->refs, 1, memory_order_acq_rel) > 1)
		return;
	change_unref(text->change);
	mem_free(text);
}

/*
 * Changes of configuration and of live rows have separate sequences, so each kind has half of the
 * slots.
 */
static size_t
slot_of(const struct change *change)
{
	bool live = change->op_count > 0 && change->ops[0].family >= ROW_CONFIG_COUNT;

	return change->sequence % (HTTP_TEXT_SLOTS / 2) + (live ? HTTP_TEXT_SLOTS / 2 : 0);
}

struct http_text *
http_texts_get(struct http_texts *texts, const struct change *change)
{
	struct http_text **slot = &texts->slots[slot_of(change)];
	struct http_text *text = NULL, *old = NULL;

	pthread_mutex_lock(&texts->lock);
	if (*slot != NULL && (*slot)->change == change)
		text = text_ref(*slot);
	pthread_mutex_unlock(&texts->lock);
	if (text != NULL)
		return text;
	/* not under the lock: two may encode the same change, which is only slower */
	text = text_new(change);
	if (text == NULL)
		return NULL;
	pthread_mutex_lock(&texts->lock);
	/* a stream that lags must not push out what the others are about to need */
	if (*slot == NULL || (*slot)->change->sequence < change->sequence) {
		old = *slot;
		*slot = text_ref(text);
	}
	pthread_mutex_unlock(&texts->lock);
	http_text_unref(old);
	return text;
}
