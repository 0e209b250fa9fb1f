/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Faults that an administrator injects into a LUN, for tests of what uses it
 * (docs/design/faults.md).  They are in no catalog: a restart ends them.
 *
 *	no set --the first fault--> set, with the layer over the LUN's device
 *	set --the last fault has ended--> no set, once the layer could be taken away
 *
 * The layer comes and goes with the LUN held and its paths drained, so that no command is lost.  A
 * fault that is added to a set, or removed from it, needs neither.  faults_lock makes it one at a
 * time; luns_lock guards the set in the LUN's entry.  Faults that end by themselves are found by
 * the verifier thread.  Any thread, but the writer and those of the data path.
 */
#include <errno.h>
#include <stdio.h>

#include "array/array_int.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"

/*
 * When a layer could not be taken away.  The attempt drains the LUN's paths and may take seconds,
 * in which its commands and the verifier wait: so later, the longer it took.
 */
#define AGAIN_MS    200
#define AGAIN_TIMES 20

/* ---- the set of a LUN ---- */

/* Returns the set with a reference for the caller, or NULL: the LUN has none. */
static struct blk_faults *
set_of(struct array *array, const struct guid *lun_id)
{
	struct array_lun_entry *entry;
	struct blk_faults *faults = NULL;

	pthread_mutex_lock(&array->luns_lock);
	entry = array_unit_find_locked(array, lun_id);
	if (entry != NULL && entry->faults != NULL)
		faults = blk_faults_ref(entry->faults);
	pthread_mutex_unlock(&array->luns_lock);
	return faults;
}

/* faults NULL: the LUN has none any more.  Returns false when the LUN was deleted. */
static bool
set_entry(struct array *array, const struct guid *lun_id, struct blk_faults *faults)
{
	struct array_lun_entry *entry;
	struct blk_faults *old = NULL;

	pthread_mutex_lock(&array->luns_lock);
	entry = array_unit_find_locked(array, lun_id);
	if (entry != NULL) {
		old = entry->faults;
		entry->faults = faults != NULL ? blk_faults_ref(faults) : NULL;
		array->fault_luns += (faults != NULL) - (old != NULL);
	}
	pthread_mutex_unlock(&array->luns_lock);
	blk_faults_unref(old);
	return entry != NULL;
}

/* Shows in the live row how many faults the LUN has. */
static void
show(struct array *array, const struct guid *lun_id, size_t count)
{
	struct array_lun_entry *entry;

	pthread_mutex_lock(&array->luns_lock);
	entry = array_unit_find_locked(array, lun_id);
	if (entry != NULL && entry->fault_count != count) {
		entry->fault_count = count;
		array_unit_show_locked(array, entry);
	}
	pthread_mutex_unlock(&array->luns_lock);
}

void
array_faults_forget_locked(struct array *array, struct array_lun_entry *entry)
{
	if (entry->faults == NULL)
		return;
	array->fault_luns--;
	(void)blk_faults_remove(entry->faults, 0);
	blk_faults_unref(TAKE(entry->faults));
}

/* ---- the layer ---- */

static int
relayer(struct array *array, struct array_store *store, struct blk_faults *faults)
{
	struct array_mapping paths = { .lun_id = store->lun_id };
	void *drain = NULL;
	int rc = array_runtime_quiesce(array, &paths, 1, &drain);

	if (rc < 0)
		return rc;
	array_store_manage(store);
	rc = array_store_set_faults(store, faults);
	array_store_unmanage(store);
	if (rc == 0) {
		(void)set_entry(array, &store->lun_id, faults);
		array_runtime_lun_device(array, &store->lun_id);
	}
	array_runtime_resume(array, drain);
	return rc;
}

/* Lays the layer of the set over the LUN's device, or (NULL) takes it away.  With faults_lock. */
static int
layer(struct array *array, const struct guid *lun_id, struct blk_faults *faults)
{
	int rc = array_operation_begin(array, lun_id, ASK_STATUS, OPERATION_STATUS, false);
	struct array_store *store;

	if (rc < 0)
		return rc;
	store = array_unit_store(array, lun_id);
	rc = relayer(array, store, faults);
	array_store_unref(store);
	array_operation_end(array, lun_id);
	return rc;
}

void
array_faults_follow(struct array *array, const struct guid *lun_id, struct array_store *store)
{
	struct blk_faults *faults = set_of(array, lun_id);
	char id[GUID_TEXT_SIZE];

	if (faults == NULL)
		return;
	if (array_store_set_faults(store, faults) < 0) {
		log_warning("lun.fault", "lun=%s lost=%zu reason=\"there is no memory for them\"",
			    guid_format(lun_id, id), blk_faults_remove(faults, 0));
		array_verify_wake(array);
	}
	blk_faults_unref(faults);
}

/* ---- telling ---- */

static void
tell(const struct row_lun *lun, const struct blk_fault *fault, const char *what)
{
	struct array_fault f;
	char blocks[64] = "all", error[64] = "", delay[32] = "";

	array_fault_format(fault, lun, &f);
	if (f.blocks != 0)
		snprintf(blocks, sizeof(blocks), "%llu-%llu", (unsigned long long)f.from_block,
			 (unsigned long long)(f.from_block + f.blocks - 1));
	if (f.error[0] != '\0')
		snprintf(error, sizeof(error), " error=%s", f.error);
	if (f.delay_ms != 0)
		snprintf(delay, sizeof(delay), " delay_ms=%llu", (unsigned long long)f.delay_ms);
	log_warning("lun.fault", "lun=\"%s\" fault=%u %s operation=%s blocks=%s%s%s%s struck=%llu",
		    ROW_LUN_CALLED(lun), f.id, what, f.operation, blocks, error, delay,
		    f.hangs ? " hang" : "", (unsigned long long)f.struck);
}

/* Counts what has ended by itself, and tells it.  Returns how many faults are left. */
static size_t
reap(struct array *array, const struct guid *lun_id, struct blk_faults *faults,
     uint64_t *ret_next_ns)
{
	AUTO_STATE struct state *state = array_state(array);
	const struct row_lun *lun = state_find(state, ROW_LUN, lun_id);
	AUTO_FREE struct blk_fault *ended = mem_calloc(BLK_FAULTS_MAX, sizeof(*ended));
	size_t left = 1, count;

	*ret_next_ns = clock_mono_ns() + AGAIN_MS * NS_PER_MS;
	if (ended == NULL)
		return left;
	count = blk_faults_reap(faults, ended, &left, ret_next_ns);
	for (size_t i = 0; lun != NULL && i < count; i++)
		tell(lun, &ended[i], "ended");
	show(array, lun_id, left);
	return left;
}

/* Reads, and sets, when to try again to take the layer away; 0 = it is not known to stay. */
static uint64_t
again_ns(struct array *array, const struct guid *lun_id, const uint64_t *set_ns)
{
	struct array_lun_entry *entry;
	uint64_t ns = 0;

	pthread_mutex_lock(&array->luns_lock);
	entry = array_unit_find_locked(array, lun_id);
	if (entry != NULL && set_ns != NULL)
		entry->faults_again_ns = *set_ns;
	if (entry != NULL)
		ns = entry->faults_again_ns;
	pthread_mutex_unlock(&array->luns_lock);
	return ns;
}

/*
 * Returns when to call again (UINT64_MAX: the layer is gone).  now: also when an attempt just
 * failed.
 */
static uint64_t
take_away(struct array *array, const struct guid *lun_id, bool now)
{
	uint64_t begin_ns = clock_mono_ns(), wait_ns, next_ns = again_ns(array, lun_id, NULL);

	if (!now && begin_ns < next_ns)
		return next_ns;
	next_ns = 0;
	if (layer(array, lun_id, NULL) < 0) {
		wait_ns = AGAIN_TIMES * (clock_mono_ns() - begin_ns);
		next_ns = clock_mono_ns() + MAX(wait_ns, AGAIN_MS * NS_PER_MS);
	}
	(void)again_ns(array, lun_id, &next_ns);
	return next_ns != 0 ? next_ns : UINT64_MAX;
}

/*
 * Brings a LUN in order whose faults may have ended.  Returns when to call again, in terms of
 * clock_mono_ns.  With faults_lock.
 */
static uint64_t
tidy(struct array *array, const struct guid *lun_id, bool now)
{
	struct blk_faults *faults = set_of(array, lun_id);
	uint64_t next_ns = UINT64_MAX;

	if (faults == NULL)
		return UINT64_MAX;
	if (reap(array, lun_id, faults, &next_ns) == 0)
		next_ns = take_away(array, lun_id, now);
	blk_faults_unref(faults);
	return next_ns;
}

/* The next LUN that has a set, from *cursor on. */
static bool
next_lun(struct array *array, size_t *cursor, struct guid *ret_id)
{
	struct array_lun_entry *entry;

	pthread_mutex_lock(&array->luns_lock);
	do
		entry = guid_map_next(&array->luns, cursor);
	while (entry != NULL && entry->faults == NULL);
	if (entry != NULL)
		*ret_id = entry->id;
	pthread_mutex_unlock(&array->luns_lock);
	return entry != NULL;
}

static bool
has_any(struct array *array)
{
	size_t count;

	pthread_mutex_lock(&array->luns_lock);
	count = array->fault_luns;
	pthread_mutex_unlock(&array->luns_lock);
	return count > 0;
}

uint64_t
array_faults_tidy(struct array *array)
{
	uint64_t next_ns = UINT64_MAX;
	struct guid id;

	if (!array->allow_faults || !has_any(array))
		return UINT64_MAX;
	pthread_mutex_lock(&array->faults_lock);
	for (size_t cursor = 0; next_lun(array, &cursor, &id);) {
		uint64_t at_ns = tidy(array, &id, false);

		next_ns = MIN(next_ns, at_ns);
	}
	pthread_mutex_unlock(&array->faults_lock);
	return next_ns;
}

void
array_faults_end(struct array *array)
{
	struct guid id;

	if (array == NULL)
		return;
	for (size_t cursor = 0; next_lun(array, &cursor, &id);) {
		struct blk_faults *faults = set_of(array, &id);

		if (faults != NULL)
			(void)blk_faults_remove(faults, 0);
		blk_faults_unref(faults);
	}
}

/* ---- what is asked for ---- */

static void
one_ended(void *arg)
{
	array_verify_wake(arg);
}

/* Returns the set of the LUN, or a new one with its layer, and what has ended is not in it. */
static int
set_to_fill(struct array *array, const struct guid *lun_id, struct blk_faults **ret_faults)
{
	struct blk_faults *faults = set_of(array, lun_id);
	uint64_t next_ns;
	int rc = 0;

	if (faults != NULL) {
		(void)reap(array, lun_id, faults, &next_ns);
	} else {
		faults = blk_faults_new(one_ended, array);
		rc = faults != NULL ? layer(array, lun_id, faults) : -ENOMEM;
	}
	if (rc < 0) {
		blk_faults_unref(faults);
		return rc;
	}
	*ret_faults = faults;
	return 0;
}

/* Draining for the layer may take seconds, so the time of the fault begins afterwards. */
static int
inject(struct array *array, const struct row_lun *lun, struct blk_fault *fault, uint64_t for_ms,
       uint32_t *ret_id)
{
	struct blk_faults *faults = NULL;
	uint64_t next_ns;
	int rc = set_to_fill(array, &lun->id, &faults);

	if (rc < 0)
		return rc;
	if (for_ms != 0)
		fault->ends_ns = clock_mono_ns() + for_ms * NS_PER_MS;
	rc = blk_faults_add(faults, fault, ret_id);
	if (rc == ERR_LIMIT)
		rc = err_set(rc,
			     "LUN \"%s\" has %u faults, which is the most: remove some with vdsctl "
			     "lun inject LUN --clear",
			     ROW_LUN_CALLED(lun), BLK_FAULTS_MAX);
	(void)reap(array, &lun->id, faults, &next_ns);
	blk_faults_unref(faults);
	return rc;
}

static int
check_allowed(struct array *array)
{
	return array->allow_faults
		       ? 0
		       : err_set(ERR_ACCESS,
				 "no faults are injected here: they are for tests, and vdsd must "
				 "have been started with the option --allow-faults");
}

static void
tell_change(const struct array_request *request, const struct row_lun *lun, const char *what,
	    uint32_t id)
{
	struct principal principal = array_request_principal(request);
	char who[PRINCIPAL_TEXT_SIZE], fault[24] = "all faults";

	if (id != 0)
		snprintf(fault, sizeof(fault), "fault %u", id);
	log_info("array.change", "lun \"%s\": %s %s by %s", ROW_LUN_CALLED(lun), fault, what,
		 principal_format(&principal, who));
}

int
array_lun_inject(struct array *array, const struct array_request *request,
		 const struct guid *lun_id, const struct array_fault *fault, uint32_t *ret_id,
		 struct array_answer *ret_answer)
{
	AUTO_STATE struct state *state = array_state(array);
	struct array_answer answer = { .sequence = state_position(state)->sequence,
				       .object_id = *lun_id };
	const struct row_lun *lun = NULL;
	struct blk_fault wanted = { 0 };
	int rc = check_allowed(array);

	if (rc == 0)
		rc = array_lun_find(state, lun_id, &lun);
	if (rc == 0)
		rc = array_fault_parse(fault, lun, &wanted);
	if (rc < 0)
		return rc;
	rc = array_request_begin(array, request, ret_answer);
	if (rc != 0)
		return MIN(rc, 0);
	pthread_mutex_lock(&array->faults_lock);
	rc = inject(array, lun, &wanted, fault->for_ms, ret_id);
	pthread_mutex_unlock(&array->faults_lock);
	rc = array_request_end(array, request, rc, &answer, ret_answer);
	if (rc < 0)
		return rc;
	array_verify_wake(array); /* it may have to end sooner than what the verifier waits for */
	wanted.id = *ret_id;
	tell(lun, &wanted, "injected");
	tell_change(request, lun, "injected", *ret_id);
	return 0;
}

int
array_lun_faults(struct array *array, const struct guid *lun_id, struct array_fault **ret_list)
{
	AUTO_STATE struct state *state = array_state(array);
	AUTO_FREE struct blk_fault *found = mem_calloc(BLK_FAULTS_MAX, sizeof(*found));
	const struct row_lun *lun = NULL;
	struct blk_faults *faults;
	struct array_fault *list;
	size_t count = 0;
	int rc = array_lun_find(state, lun_id, &lun);

	if (rc < 0)
		return rc;
	faults = set_of(array, lun_id);
	if (faults != NULL && found != NULL)
		count = blk_faults_list(faults, found);
	blk_faults_unref(faults);
	list = mem_calloc(count + 1, sizeof(*list));
	if (list == NULL || found == NULL) {
		mem_free(list);
		return -ENOMEM;
	}
	for (size_t i = 0; i < count; i++)
		array_fault_format(&found[i], lun, &list[i]);
	*ret_list = list;
	return (int)count;
}

/* Returns 0 or ERR_NOT_FOUND. */
static int
clear(struct array *array, const struct row_lun *lun, uint32_t id)
{
	struct blk_faults *faults = set_of(array, &lun->id);
	size_t removed = 0;

	if (faults != NULL)
		removed = blk_faults_remove(faults, id);
	blk_faults_unref(faults);
	if (id != 0 && removed == 0)
		return err_set(ERR_NOT_FOUND,
			       "LUN \"%s\" has no fault %u, or it has ended: vdsctl lun inject LUN",
			       ROW_LUN_CALLED(lun), id);
	pthread_mutex_lock(&array->faults_lock);
	(void)tidy(array, &lun->id, true);
	pthread_mutex_unlock(&array->faults_lock);
	array_verify_wake(array); /* in case the layer could not be taken away */
	return 0;
}

int
array_lun_faults_clear(struct array *array, const struct array_request *request,
		       const struct guid *lun_id, uint32_t id, struct array_answer *ret_answer)
{
	AUTO_STATE struct state *state = array_state(array);
	struct array_answer answer = { .sequence = state_position(state)->sequence,
				       .object_id = *lun_id };
	const struct row_lun *lun = NULL;
	int rc = array_request_begin(array, request, ret_answer);

	if (rc != 0)
		return MIN(rc, 0);
	rc = array_lun_find(state, lun_id, &lun);
	if (rc == 0)
		rc = clear(array, lun, id);
	rc = array_request_end(array, request, rc, &answer, ret_answer);
	if (rc == 0)
		tell_change(request, lun, "removed", id);
	return rc;
}
