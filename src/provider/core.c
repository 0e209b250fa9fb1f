/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The core: what all objects of one provider share, namely the arrays and the sink of
 * notifications.  It is the space of these objects and is freed with the last of them. Any thread
 * may call it; the two functions of the listener run on the clients' event threads.
 *
 * The list of arrays: the URLs that the program gave to VdsOpenHwProvider, else those in $VDS_URL,
 * else those in the file $VDS_ARRAYS (/etc/vds/arrays), else the default URL.  URLs stand in words,
 * and their options behind them (spec.c); in the file a '#' begins a comment.  An array whose
 * options change is another place, with a client of its own.
 *
 * The life of a place:
 *
 *	not listed --the URL comes into the list--> listed --the array answers--> known
 *	known --the URL leaves the list--> not listed; known --unload--> listed
 *
 * A known array that does not answer stays known: its client counts as lost and tries to connect
 * until it is back.  A listed one that has not answered yet is looked for by the watch (watch.c).
 */
#include "provider/notes_int.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/str.h"
#include "base/system.h"

#define LIST_FILE "/etc/vds/arrays"
#define BLANKS    " \t\r\n"

/* ---- places ---- */

static struct provider_place *
known_from(struct provider_place *place)
{
	while (place != NULL && !atomic_load_explicit(&place->known, memory_order_acquire))
		place = atomic_load_explicit(&place->next, memory_order_acquire);
	return place;
}

struct provider_place *
provider_place_first(struct provider_core *core)
{
	return known_from(atomic_load_explicit(&core->places, memory_order_acquire));
}

struct provider_place *
provider_place_next(struct provider_place *place)
{
	return known_from(atomic_load_explicit(&place->next, memory_order_acquire));
}

/* Returns the id of the place's array by what was last known; zero when nothing is. */
static struct guid
array_id_of(const struct provider_place *place)
{
	AUTO_VIEW struct client_view view;
	const struct row_array *array = NULL;

	client_view_last(place->client, &view);
	if (view.config != NULL)
		array = state_array(view.config);
	return array != NULL ? array->id : (struct guid){ { 0 } };
}

struct provider_place *
provider_place_with(struct provider_core *core, enum row_family family, const struct guid *id)
{
	provider_for_each_place(place, core)
	{
		AUTO_VIEW struct client_view view;

		client_view_last(place->client, &view);
		if (view.config != NULL &&
		    state_find(provider_view_state(&view, family), family, id) != NULL)
			return place;
	}
	return NULL;
}

struct client *
provider_client_of(const struct com_object *object)
{
	struct provider_core *core = provider_core_of(object);
	struct provider_place *place = provider_place_of(object->space);

	if (!atomic_load_explicit(&core->loaded, memory_order_acquire))
		return NULL;
	if (place == NULL)
		place = provider_place_first(core);
	return place != NULL && atomic_load_explicit(&place->known, memory_order_acquire)
		       ? place->client
		       : NULL;
}

/* ---- what the clients tell ---- */

void
provider_core_notify(struct provider_core *core, const struct provider_notes *notes)
{
	pthread_mutex_lock(&core->sink_lock);
	if (core->advise != NULL && (notes == NULL || notes->count > 0))
		provider_advise_push(core->advise, notes);
	pthread_mutex_unlock(&core->sink_lock);
}

static bool
has_sink(struct provider_core *core)
{
	bool has;

	pthread_mutex_lock(&core->sink_lock);
	has = core->advise != NULL;
	pthread_mutex_unlock(&core->sink_lock);
	return has;
}

static void
on_change(struct client_listener *listener, const struct client_view *before,
	  const struct client_view *after, const struct change *change)
{
	struct provider_place *place = container_of(listener, struct provider_place, listener);
	struct provider_notes notes;
	int rc;

	provider_jobs_settle(place, after, change);
	if (!has_sink(place->core))
		return;
	provider_notes_init(&notes);
	if (change != NULL)
		rc = provider_notes_of_change(&notes, before, after, change);
	else
		rc = provider_notes_of_reload(&notes, before, after);
	provider_core_notify(place->core, rc == 0 ? &notes : NULL);
	provider_notes_fini(&notes);
}

/* Tells one event of the array itself. */
static void
tell_array(struct provider_place *place, const struct guid *id, enum provider_note_event event)
{
	struct provider_notes notes;
	int rc;

	provider_notes_init(&notes);
	rc = provider_notes_add(&notes, ROW_ARRAY, event, id);
	provider_core_notify(place->core, rc == 0 ? &notes : NULL);
	provider_notes_fini(&notes);
}

/* The subsystem's status changes: VDS_SSS_OFFLINE while the array is lost. */
static void
on_contact(struct client_listener *listener, bool lost)
{
	struct provider_place *place = container_of(listener, struct provider_place, listener);
	struct guid id = array_id_of(place);

	(void)lost;
	if (atomic_load_explicit(&place->known, memory_order_acquire))
		tell_array(place, &id, PROVIDER_NOTE_MODIFY);
}

/* ---- life ---- */

static void
place_free(struct provider_place *place)
{
	if (place->client != NULL)
		client_unlisten(place->client, &place->listener);
	client_close(place->client);
	com_space_fini(&place->space);
	pthread_mutex_destroy(&place->jobs_lock);
	mem_free(place->url);
	mem_free(place->spec);
	mem_free(place);
}

static void
core_free(struct com_space *space)
{
	struct provider_core *core = container_of(space, struct provider_core, space);
	struct provider_place *place = atomic_load(&core->places);

	provider_watch_fini(&core->watch);
	while (place != NULL) {
		struct provider_place *next = place->next;

		place_free(place);
		place = next;
	}
	provider_advise_free(core->advise);
	state_unref(core->nothing);
	com_space_fini(space);
	pthread_mutex_destroy(&core->sink_lock);
	pthread_mutex_destroy(&core->lock);
	mem_free(core->url);
	mem_free(core);
}

int
provider_core_new(struct provider_core **ret_core)
{
	const struct position nowhere = { .sequence = 0 };
	struct provider_core *core = mem_calloc(1, sizeof(*core));

	if (core == NULL)
		return -ENOMEM;
	core->nothing = state_new(&nowhere);
	if (core->nothing == NULL) {
		mem_free(core);
		return -ENOMEM;
	}
	com_debug_begin();
	com_space_init(&core->space, core_free);
	pthread_mutex_init(&core->lock, NULL);
	pthread_mutex_init(&core->sink_lock, NULL);
	provider_watch_init(&core->watch);
	*ret_core = core;
	return 0;
}

/* ---- the list of arrays; everything below is called under core->lock ---- */

/* Walks all places, known or not. */
#define for_all_places(place, core)                                                      \
	for (struct provider_place *place = atomic_load(&(core)->places); place != NULL; \
	     place = atomic_load(&place->next))

static int
place_client(struct provider_place *place)
{
	AUTO_FREE char *words = str_dup(place->spec);
	struct client_options options;
	int rc = words != NULL ? provider_spec_parse(words, &options) : -ENOMEM;

	if (rc == 0)
		rc = client_new_with(&options, &place->client);
	return rc;
}

/*
 * Adds a place at the end.  Returns 0; ERR_INVALID (the URL or its options), -ENOMEM, or another
 * code of client_new_with.
 */
static int
place_add(struct provider_core *core, const char *spec)
{
	struct provider_place *place = mem_calloc(1, sizeof(*place));
	struct provider_place *_Atomic *end = &core->places;
	int rc = -ENOMEM;

	if (place == NULL)
		return -ENOMEM;
	com_space_init_part(&place->space, &core->space);
	pthread_mutex_init(&place->jobs_lock, NULL);
	list_init(&place->jobs);
	place->core = core;
	place->listener.changed = on_change;
	place->listener.contact = on_contact;
	place->spec = str_dup(spec);
	place->url = str_ndup(spec, strcspn(spec, " "));
	if (place->spec != NULL && place->url != NULL)
		rc = place_client(place);
	if (rc < 0) {
		place->client = NULL;
		place_free(place);
		return rc;
	}
	client_listen(place->client, &place->listener);
	while (atomic_load(end) != NULL)
		end = &atomic_load(end)->next;
	atomic_store_explicit(end, place, memory_order_release);
	return 0;
}

static struct provider_place *
place_find(struct provider_core *core, const char *spec)
{
	for_all_places(place, core) if (strcmp(place->spec, spec) == 0) return place;
	return NULL;
}

/* Adds the words of the lines to the text, without comments. */
static void
lines_add(struct strbuf *text, const char *lines)
{
	while (*lines != '\0') {
		size_t len = strcspn(lines, "\n");

		strbuf_add_bytes(text, lines, MIN(len, strcspn(lines, "#")));
		strbuf_add(text, " ");
		lines += len + (lines[len] != '\0');
	}
}

/* Reads the file of the list.  Returns 0, -ENOENT (there is none), -errno or -ENOMEM. */
static int
file_read(const char *path, struct strbuf *text)
{
	AUTO(strbuf_fini) struct strbuf lines = { 0 };
	FILE *file = fopen(path, "rb");
	char block[1024];
	size_t len;
	int rc = 0;

	if (file == NULL)
		return -errno;
	while ((len = fread(block, 1, sizeof(block), file)) > 0)
		strbuf_add_bytes(&lines, block, len);
	if (ferror(file) != 0)
		rc = -EIO;
	fclose(file);
	if (rc == 0 && lines.text != NULL)
		lines_add(text, lines.text);
	return rc == 0 && (lines.failed || text->failed) ? -ENOMEM : rc;
}

/* Puts the URLs together, with blanks between them. */
static int
list_read(const struct provider_core *core, struct strbuf *text)
{
	const char *given = core->url != NULL ? core->url : system_setting("VDS_URL"),
		   *path = system_setting("VDS_ARRAYS");
	int rc;

	if (given != NULL && given[strspn(given, BLANKS)] != '\0') {
		strbuf_add(text, given);
		return text->failed ? -ENOMEM : 0;
	}
	rc = file_read(path != NULL ? path : LIST_FILE, text);
	if (rc == -ENOENT && path == NULL) {
		strbuf_add(text, CLIENT_DEFAULT_URL);
		return text->failed ? -ENOMEM : 0;
	}
	if (rc < 0 && rc != -ENOMEM)
		return err_set(ERR_INVALID, "%s: %s", path != NULL ? path : LIST_FILE,
			       strerror(-rc));
	return rc;
}

/* Adds the place of a URL with its options when it is new; `mark`: it is in the list. */
static int
spec_take(struct provider_core *core, const struct strbuf *spec, bool mark)
{
	struct provider_place *place;

	if (spec->failed)
		return -ENOMEM;
	if (spec->len == 0)
		return 0;
	place = place_find(core, spec->text);
	if (place == NULL)
		return place_add(core, spec->text);
	if (mark)
		atomic_store(&place->listed, true);
	return 0;
}

/* Takes the words, which are cut into pieces. */
static int
words_take(struct provider_core *core, char *words, bool mark)
{
	AUTO(strbuf_fini) struct strbuf spec = { 0 };
	char *rest = NULL;
	int rc = 0;

	for (char *word = strtok_r(words, BLANKS, &rest); rc == 0 && word != NULL;
	     word = strtok_r(NULL, BLANKS, &rest)) {
		if (!provider_spec_is_option(word)) {
			rc = spec_take(core, &spec, mark);
			strbuf_fini(&spec);
			strbuf_init(&spec);
		}
		strbuf_addf(&spec, "%s%s", spec.len > 0 ? " " : "", word);
	}
	return rc < 0 ? rc : spec_take(core, &spec, mark);
}

/*
 * Reads the list, and marks the places whose URLs are in it.  Returns 0; ERR_INVALID (the list; the
 * marks are as before) or -ENOMEM.
 */
static int
list_update(struct provider_core *core)
{
	AUTO(strbuf_fini) struct strbuf text = { 0 };
	int rc = list_read(core, &text);

	for (int pass = 0; rc == 0 && pass < 2; pass++) {
		AUTO_FREE char *words = str_dup(text.text != NULL ? text.text : "");

		if (words == NULL)
			return -ENOMEM;
		if (pass == 1)
			for_all_places(place, core) atomic_store(&place->listed, false);
		rc = words_take(core, words, pass == 1);
	}
	return rc;
}

/* ---- connecting ---- */

/* Returns whether another place has the same array: one array may have several URLs. */
static bool
is_known_elsewhere(struct provider_place *place, const struct guid *id)
{
	provider_for_each_place(other, place->core)
	{
		struct guid other_id = array_id_of(other);

		if (other != place && guid_equal(&other_id, id))
			return true;
	}
	return false;
}

/* Waits for a client that was started.  Returns 0, ERR_NAME_IN_USE (the same array) or why not. */
static int
place_await(struct provider_place *place, struct guid *ret_id)
{
	int rc = client_ready(place->client);

	if (rc == 0) {
		*ret_id = array_id_of(place);
		if (!is_known_elsewhere(place, ret_id)) {
			atomic_store_explicit(&place->known, true, memory_order_release);
			place->why = 0;
			return 0;
		}
		rc = err_set(
			ERR_NAME_IN_USE,
			"%s is an array that another URL names, too; the gateways of one array "
			"stand in one URL, with commas between them",
			place->url);
	}
	if (rc != place->why) /* the watch asks again and again */
		log_info("provider.no_array", "url=%s reason=\"%s\"", place->url, err_text(rc));
	place->why = rc;
	return rc;
}

static void
place_leave(struct provider_place *place)
{
	atomic_store_explicit(&place->known, false, memory_order_release);
	client_stop(place->client);
}

/* Returns true for a place whose array is looked for now. */
static bool
is_wanted(const struct provider_place *place)
{
	return atomic_load(&place->listed) && !atomic_load(&place->known);
}

/*
 * Connects to the arrays of the list that are not known yet, to all at the same time.  tell: the
 * sink learns of those that were found.  Returns 0; -ENOMEM or -errno (no thread); *ret_why is the
 * reason of the first array that was not found, whose text is set.
 */
static int
connect_all(struct provider_core *core, bool tell, int *ret_why)
{
	char text[256] = "";
	int rc = 0, why = 0;

	for_all_places(place, core)
	{
		if (rc == 0 && is_wanted(place))
			rc = client_start(place->client);
	}
	for_all_places(place, core)
	{
		struct guid id;
		int now;

		if (!is_wanted(place))
			continue;
		now = rc == 0 ? place_await(place, &id) : rc;
		if (now == 0) {
			if (tell)
				tell_array(place, &id, PROVIDER_NOTE_ARRIVE);
			continue;
		}
		if (why == 0)
			snprintf(text, sizeof(text), "%s", err_text(now));
		why = why == 0 ? now : why;
		if (now == -ENOMEM)
			rc = now;
		client_stop(place->client);
	}
	if (ret_why != NULL)
		*ret_why = why != 0 ? err_set(why, "%s", text) : 0;
	return rc;
}

static bool
is_any_wanted(struct provider_core *core)
{
	for_all_places(place, core) if (is_wanted(place)) return true;
	return false;
}

static void
watch_missing(struct provider_core *core)
{
	if (is_any_wanted(core))
		provider_watch_start(core);
}

bool
provider_core_look(struct provider_core *core)
{
	bool more = true;

	if (pthread_mutex_trylock(&core->lock) != 0)
		return true; /* who holds it looks, too, or ends this thread */
	if (!atomic_load(&core->loaded))
		more = false;
	else if (connect_all(core, true, NULL) == 0)
		more = is_any_wanted(core);
	pthread_mutex_unlock(&core->lock);
	return more;
}

static void
disconnect_all(struct provider_core *core)
{
	for_all_places(place, core) place_leave(place);
}

/* Lets the arrays go whose URLs have left the list. */
static void
disconnect_unlisted(struct provider_core *core)
{
	provider_for_each_place(place, core)
	{
		struct guid id = array_id_of(place);

		if (atomic_load(&place->listed))
			continue;
		place_leave(place);
		tell_array(place, &id, PROVIDER_NOTE_DEPART);
	}
}

static int
load(struct provider_core *core, const char *urls, bool wanted)
{
	char *copy = NULL;
	int rc, why = 0;

	if (urls != NULL && (copy = str_dup(urls)) == NULL)
		return -ENOMEM;
	mem_free(core->url);
	core->url = copy;
	rc = list_update(core);
	if (rc == 0)
		rc = connect_all(core, false, &why);
	if (rc == 0 && wanted && provider_place_first(core) == NULL)
		rc = why != 0 ? why : err_set(ERR_INVALID, "the list of arrays is empty");
	if (rc < 0) {
		disconnect_all(core);
		return rc;
	}
	atomic_store_explicit(&core->loaded, true, memory_order_release);
	watch_missing(core);
	return 0;
}

/* ---- load, reenumerate, refresh, unload ---- */

int
provider_core_load(struct provider_core *core, const char *urls, bool wanted)
{
	int rc = 0;

	pthread_mutex_lock(&core->lock);
	if (!atomic_load(&core->loaded))
		rc = load(core, urls, wanted);
	pthread_mutex_unlock(&core->lock);
	return rc;
}

/*
 * Asks the known arrays who they are.  That one does not answer is no failure: it is lost, or will
 * be.  But an array whose cache is corrupt cannot be cured without an answer.
 */
static int
identify_all(struct provider_core *core)
{
	int rc = 0;

	provider_for_each_place(place, core)
	{
		int now = client_reenumerate(place->client);

		if (now == -ENOMEM || (now < 0 && client_contact(place->client) == CLIENT_BROKEN))
			rc = rc == 0 ? now : rc;
	}
	return rc;
}

/* A list that is wrong changes nothing, but the arrays that are known are asked all the same. */
static int
reenumerate(struct provider_core *core)
{
	char text[256] = "";
	int listed = list_update(core), rc;

	if (listed == -ENOMEM)
		return listed;
	if (listed < 0)
		snprintf(text, sizeof(text), "%s", err_text(listed));
	disconnect_unlisted(core);
	rc = identify_all(core);
	if (rc == 0)
		rc = connect_all(core, true, NULL);
	watch_missing(core);
	return rc == 0 && listed < 0 ? err_set(listed, "%s", text) : rc;
}

int
provider_core_reenumerate(struct provider_core *core)
{
	int rc = ERR_CLOSED;

	pthread_mutex_lock(&core->lock);
	if (atomic_load(&core->loaded))
		rc = reenumerate(core);
	pthread_mutex_unlock(&core->lock);
	return rc;
}

int
provider_core_refresh(struct provider_core *core)
{
	char text[256] = "";
	int rc = 0;

	provider_for_each_place(place, core)
	{
		int now = client_refresh(place->client);

		if (now == 0 || rc != 0)
			continue;
		rc = now;
		snprintf(text, sizeof(text), "%s", err_text(now));
	}
	return rc == 0 ? 0 : err_set(rc, "%s", text);
}

static void
advise_swap(struct provider_core *core, struct provider_advise *advise)
{
	struct provider_advise *old;

	pthread_mutex_lock(&core->sink_lock);
	old = core->advise;
	core->advise = advise;
	pthread_mutex_unlock(&core->sink_lock);
	provider_advise_free(old); /* this waits for the sink, so it is not called under a lock */
}

int
provider_core_advise(struct provider_core *core, IVdsAdviseSink *sink)
{
	struct provider_advise *advise = NULL;
	int rc = 0;

	if (sink != NULL)
		rc = provider_advise_new(sink, &advise);
	if (rc == 0)
		advise_swap(core, advise);
	return rc;
}

static bool
is_busy(struct provider_core *core)
{
	provider_for_each_place(place,
				core) if (client_calls_under_way(place->client) > 0) return true;
	return false;
}

int
provider_core_unload(struct provider_core *core, bool force)
{
	bool busy = false;

	provider_watch_stop(&core->watch);
	/* Who holds the lock waits for an array, perhaps: so does Reenumerate. */
	if (force)
		pthread_mutex_lock(&core->lock);
	else if (pthread_mutex_trylock(&core->lock) != 0)
		return err_set(ERR_BUSY, "another call loads, unloads or reenumerates");
	busy = !force && is_busy(core);
	if (!busy) {
		atomic_store_explicit(&core->loaded, false, memory_order_release);
		disconnect_all(core);
	} else if (atomic_load(&core->loaded)) {
		watch_missing(core);
	}
	pthread_mutex_unlock(&core->lock);
	if (busy)
		return err_set(ERR_BUSY, "a call still waits for the array");
	advise_swap(core, NULL);
	return 0;
}
