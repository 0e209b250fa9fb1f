/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Maintenance: signs by which a person in front of the machine, or of its log, finds an object.
 * This array has no lamps and no sounders of its own, so an operation is a line in the log and a
 * live row that every program sees.  An operation goes on until somebody stops it, or gives it a
 * number of pulses; the array makes these at once, as one line with their number, and then stops.
 * Nothing is stored: vdsd begins without maintenance.  Callers: any thread except those of the data
 * path.
 */
#include <errno.h>
#include <string.h>

#include "array/array_int.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"

/* The operations, sorted by name; the index is the bit in a set. */
static const char *const operations[] = { "beep", "blink", "ping", "spin-up" };

/* ---- what can be maintained ---- */

static const enum row_family families[] = {
	ROW_ARRAY, ROW_CONTROLLER, ROW_LIVE_PORT, ROW_LIVE_DRIVE, ROW_LUN,
};

/*
 * Finds the family of an object that can be maintained.  Returns 0, or ERR_NOT_FOUND with a text.
 */
static int
find_object(struct array *array, const struct guid *id, enum row_family *ret_family)
{
	AUTO_STATE struct state *config = array_state(array);
	AUTO_STATE struct state *live = array_live(array);
	char text[GUID_TEXT_SIZE];

	for (size_t i = 0; i < ARRAY_LEN(families); i++) {
		const struct state *state = families[i] < ROW_CONFIG_COUNT ? config : live;

		if (state_find(state, families[i], id) != NULL) {
			*ret_family = families[i];
			return 0;
		}
	}
	return err_set(ERR_NOT_FOUND,
		       "there is no array, controller, port, drive or LUN with the id %s",
		       guid_format(id, text));
}

/* ---- sets of operations ---- */

static int
operation_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(operations); i++)
		if (strcmp(operations[i], name) == 0)
			return (int)i;
	return strcmp(name, "spin-down") == 0
		       ? err_set(ERR_NOT_SUPPORTED,
				 "the array does not stop disks, because LUNs are on them")
		       : err_set(ERR_INVALID,
				 "an operation of maintenance is one of beep, blink, ping, "
				 "spin-up and spin-down");
}

static unsigned
set_parse(const char *text)
{
	unsigned set = 0;

	for (size_t i = 0; i < ARRAY_LEN(operations); i++)
		if (text != NULL && strstr(text, operations[i]) != NULL)
			set |= 1u << i;
	return set;
}

static int
set_format(unsigned set, char **ret_text)
{
	struct strbuf text;

	strbuf_init(&text);
	for (size_t i = 0; i < ARRAY_LEN(operations); i++) {
		if ((set & 1u << i) == 0)
			continue;
		strbuf_add(&text, text.len > 0 ? " " : "");
		strbuf_add(&text, operations[i]);
	}
	*ret_text = strbuf_take(&text);
	return *ret_text != NULL ? 0 : -ENOMEM;
}

static unsigned
set_of(struct array *array, const struct guid *id)
{
	AUTO_STATE struct state *live = array_live(array);
	const struct row_live_maintenance *row = state_find(live, ROW_LIVE_MAINTENANCE, id);

	return row != NULL ? set_parse(row->operations) : 0;
}

/* Shows which operations go on.  Returns 0 or -ENOMEM (nothing has changed). */
static int
set_show(struct array *array, const struct guid *id, enum row_family family, unsigned set)
{
	AUTO_ROW struct row_live_maintenance *row = NULL;
	AUTO_FREE char *text = NULL;

	if (set == 0) {
		array_live_delete(array, ROW_LIVE_MAINTENANCE, id);
		return 0;
	}
	row = row_new(ROW_LIVE_MAINTENANCE);
	if (row == NULL || set_format(set, &text) < 0)
		return -ENOMEM;
	row->id = *id;
	if (row_set_string(&row->kind, row_type(family)->name) < 0 ||
	    row_set_string(&row->operations, text) < 0)
		return -ENOMEM;
	array_live_put(array, TAKE(row));
	return 0;
}

/* ---- the operations ---- */

static void
log_action(const struct array_maintenance *ask, enum row_family family, const char *action)
{
	char id[GUID_TEXT_SIZE];

	if (ask->action == ARRAY_MAINTENANCE_PULSE)
		log_info("maintenance.pulse", "object=%s id=%s operation=%s count=%llu",
			 row_noun(family), guid_format(&ask->object_id, id), ask->operation,
			 (unsigned long long)ask->count);
	else
		log_info("maintenance", "object=%s id=%s operation=%s action=%s", row_noun(family),
			 guid_format(&ask->object_id, id), ask->operation, action);
}

/* Under maintenance_lock, so that the set is read, changed and shown as one step. */
static int
act(struct array *array, const struct array_maintenance *ask, enum row_family family, unsigned bit,
    bool *ret_was_running)
{
	unsigned set = set_of(array, &ask->object_id);
	bool start = ask->action == ARRAY_MAINTENANCE_START;
	int rc = 0;

	*ret_was_running = (set & bit) != 0;
	if (start || *ret_was_running)
		log_action(ask, family, start ? "start" : "stop");
	if (start != *ret_was_running)
		rc = set_show(array, &ask->object_id, family, start ? set | bit : set & ~bit);
	return rc;
}

int
array_maintain(struct array *array, const struct array_maintenance *ask, bool *ret_was_running)
{
	enum row_family family = ROW_FAMILY_COUNT;
	int bit = operation_find(ask->operation);
	int rc = bit < 0 ? bit : find_object(array, &ask->object_id, &family);

	if (rc == 0 && ask->action == ARRAY_MAINTENANCE_PULSE &&
	    strcmp(ask->operation, "spin-up") == 0)
		rc = err_set(ERR_NOT_SUPPORTED, "spinning up has no pulses: start or stop it");
	if (rc < 0)
		return rc;
	pthread_mutex_lock(&array->maintenance_lock);
	rc = act(array, ask, family, 1u << bit, ret_was_running);
	pthread_mutex_unlock(&array->maintenance_lock);
	return rc;
}
