/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Trouble: commands that failed in a LUN's store, while the LUN goes on.  A data-path thread only
 * counts (array_trouble_note); the verifier thread says it: one log line for each LUN and cause,
 * the LUN's health is FAILING with the reason, and an event tells of that.
 *
 *	noted --verifier--> told, at most every 10 s for each LUN
 *	out of space, nothing new for 60 s --verifier--> healthy again
 *	anything --array_trouble_clear (the LUN is set online)--> healthy again
 *	array_lun_hangs(true) --> told at once --array_lun_hangs(false)--> what it was before
 *
 * A store that has failed for good is not trouble but FAILED (array/unit.c).
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "array/array_int.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

#define TELL_AGAIN_NS   (10 * NS_PER_S)
#define SPACE_HEALED_NS (60 * NS_PER_S)
#define REASON_SIZE     256u

static const char *const cause_names[TROUBLE_CAUSES] = { "medium", "space" };

/* Returns the record of the store, or NULL: no command has failed, or there was no memory. */
static struct array_trouble *
trouble_of(struct array_store *store)
{
	return atomic_load_explicit(&store->trouble, memory_order_acquire);
}

/* As trouble_of, but makes the record when there is none. */
static struct array_trouble *
trouble_get(struct array_store *store)
{
	struct array_trouble *trouble = trouble_of(store), *made;

	if (trouble != NULL)
		return trouble;
	made = mem_calloc(1, sizeof(*made));
	if (made == NULL)
		return NULL;
	made->store = store;
	if (atomic_compare_exchange_strong(&store->trouble, &trouble, made))
		return made;
	mem_free(made);
	return trouble;
}

void
array_trouble_note(struct array_store *store, int error, const char *reason)
{
	struct array *array = store->array;
	struct array_trouble *trouble = trouble_get(store);
	enum array_trouble_kind cause = error == -ENOSPC || error == -EDQUOT ? TROUBLE_SPACE
									     : TROUBLE_MEDIUM;
	bool wake;

	if (trouble == NULL)
		return; /* without memory this one is not counted */
	atomic_fetch_add(&trouble->causes[cause].count, 1);
	if (atomic_exchange(&trouble->causes[cause].noted, true))
		return;
	pthread_mutex_lock(&array->trouble_lock);
	mem_free(trouble->causes[cause].text);
	trouble->causes[cause].text = str_dup(reason);
	wake = !trouble->listed;
	if (wake)
		list_append(&array->troubled, &trouble->node);
	trouble->listed = true;
	pthread_mutex_unlock(&array->trouble_lock);
	if (wake)
		array_verify_wake(array);
}

void
array_trouble_forget(struct array_store *store)
{
	struct array_trouble *trouble = trouble_of(store);

	if (trouble == NULL)
		return;
	pthread_mutex_lock(&store->array->trouble_lock);
	list_remove(&trouble->node);
	pthread_mutex_unlock(&store->array->trouble_lock);
	for (unsigned i = 0; i < TROUBLE_CAUSES; i++)
		mem_free(trouble->causes[i].text);
	atomic_store(&store->trouble, NULL);
	mem_free(trouble);
}

static void
format_failed(const struct array_trouble_cause *cause, char *text, size_t size)
{
	snprintf(text, size, "%" PRIu64 " commands failed in the store: %s",
		 cause->told - cause->cleared, cause->text != NULL ? cause->text : "");
}

/* Why the LUN is failing, as it was told; "" = it is not.  With trouble_lock. */
static void
format_reason(const struct array_trouble *trouble, char *text, size_t size)
{
	text[0] = '\0';
	for (unsigned i = 0; i < TROUBLE_CAUSES; i++)
		if (trouble->causes[i].told != trouble->causes[i].cleared)
			format_failed(&trouble->causes[i], text, size);
	if (trouble->hangs)
		snprintf(text, size, "aborted I/O does not come back from the store");
}

void
array_lun_hangs(struct array *array, const struct guid *lun, bool hangs)
{
	struct array_store *store = array_unit_store(array, lun);
	struct array_trouble *trouble = store != NULL ? trouble_get(store) : NULL;
	char text[REASON_SIZE];

	if (trouble == NULL) {
		array_store_unref(store);
		return;
	}
	pthread_mutex_lock(&array->trouble_lock);
	trouble->hangs = hangs;
	format_reason(trouble, text, sizeof(text));
	pthread_mutex_unlock(&array->trouble_lock);
	array_unit_set_failing(array, lun, text[0] != '\0' ? text : NULL);
	array_store_unref(store);
}

bool
array_trouble_hangs(struct array_store *store)
{
	struct array_trouble *trouble = trouble_of(store);
	bool hangs;

	if (trouble == NULL)
		return false;
	pthread_mutex_lock(&store->array->trouble_lock);
	hangs = trouble->hangs;
	pthread_mutex_unlock(&store->array->trouble_lock);
	return hangs;
}

void
array_trouble_clear(struct array *array, struct array_store *store)
{
	struct array_trouble *trouble = trouble_of(store);
	char text[REASON_SIZE];

	if (trouble == NULL)
		return;
	pthread_mutex_lock(&array->trouble_lock);
	for (unsigned i = 0; i < TROUBLE_CAUSES; i++) {
		struct array_trouble_cause *cause = &trouble->causes[i];

		cause->told = cause->cleared = atomic_load(&cause->count);
		atomic_store(&cause->noted, false);
	}
	format_reason(trouble, text, sizeof(text));
	pthread_mutex_unlock(&array->trouble_lock);
	array_unit_set_failing(array, &store->lun_id, text[0] != '\0' ? text : NULL);
}

uint64_t
array_trouble_count(struct array_store *store, enum array_trouble_kind cause)
{
	struct array_trouble *trouble = trouble_of(store);

	return trouble != NULL ? atomic_load(&trouble->causes[cause].count) : 0;
}

/* ---- What the verifier says ---- */

/* Of one LUN, gathered under the lock and told without it. */
struct told {
	struct guid lun_id;
	bool heals;
	bool any;
	char text[REASON_SIZE];
};

static void
tell_cause(struct told *told, struct array_trouble_cause *cause, const char *name)
{
	uint64_t count, new;
	const char *text = cause->text != NULL ? cause->text : "";
	char id[GUID_TEXT_SIZE], quoted[320];

	if (!atomic_exchange(&cause->noted, false))
		return;
	count = atomic_load(&cause->count);
	new = count - cause->told;
	cause->told = count;
	told->any = true;
	log_warning("lun.errors", "lun=%s cause=%s count=%" PRIu64 " total=%" PRIu64 " first=%s",
		    guid_format(&told->lun_id, id), name, new, count,
		    log_quote(text, quoted, sizeof(quoted)));
}

/* Of a store whose time has come.  True: look at it again at trouble->next_ns. */
static bool
look(struct array_trouble *trouble, uint64_t now_ns, struct told *told)
{
	const struct array_trouble_cause *medium = &trouble->causes[TROUBLE_MEDIUM];

	*told = (struct told){ .lun_id = trouble->store->lun_id };
	for (unsigned i = 0; i < TROUBLE_CAUSES; i++)
		tell_cause(told, &trouble->causes[i], cause_names[i]);
	if (told->any) {
		format_reason(trouble, told->text, sizeof(told->text));
		trouble->next_ns = now_ns + TELL_AGAIN_NS;
		trouble->quiet_ns = now_ns + SPACE_HEALED_NS;
		return true;
	}
	if (medium->told != medium->cleared)
		return false; /* an administrator looks at it */
	if (now_ns < trouble->quiet_ns) {
		trouble->next_ns = now_ns + TELL_AGAIN_NS;
		return true;
	}
	trouble->causes[TROUBLE_SPACE].cleared = trouble->causes[TROUBLE_SPACE].told;
	told->heals = !trouble->hangs;
	return false;
}

/* The next store that is due, out of the list or with a later time; false: none.  The earliest
 * time of the others goes to *next_ns. */
static bool
take_due(struct array *array, uint64_t now_ns, struct told *told, uint64_t *next_ns)
{
	bool found = false;

	pthread_mutex_lock(&array->trouble_lock);
	list_for_each_safe(node, &array->troubled) {
		struct array_trouble *trouble = list_entry(node, struct array_trouble, node);

		if (trouble->next_ns > now_ns) {
			*next_ns = MIN(*next_ns, trouble->next_ns);
			continue;
		}
		found = true;
		if (look(trouble, now_ns, told)) {
			*next_ns = MIN(*next_ns, trouble->next_ns);
			break;
		}
		list_remove(node);
		trouble->listed = false;
		break;
	}
	pthread_mutex_unlock(&array->trouble_lock);
	return found;
}

uint64_t
array_trouble_tell(struct array *array)
{
	uint64_t now_ns = clock_mono_ns(), next_ns = UINT64_MAX;
	char id[GUID_TEXT_SIZE];
	struct told told;

	while (take_due(array, now_ns, &told, &next_ns)) {
		if (told.any)
			array_unit_set_failing(array, &told.lun_id, told.text);
		if (!told.heals)
			continue;
		log_info("lun.healthy", "lun=%s reason=\"no command has failed for %u s\"",
			 guid_format(&told.lun_id, id), (unsigned)(SPACE_HEALED_NS / NS_PER_S));
		array_unit_set_failing(array, &told.lun_id, NULL);
	}
	return next_ns;
}
