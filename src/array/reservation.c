/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The reservations that clusters hold on a LUN, as an administrator sees and clears them.  The data
 * path has them; of a LUN that no initiator has used since vdsd started it reads what the catalog
 * keeps.
 */
#include <errno.h>
#include <semaphore.h>
#include <string.h>

#include "array/array_int.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"

void
array_reservations_fini(struct array_reservations *reservations)
{
	mem_free(TAKE(reservations->list));
	reservations->count = 0;
}

int
array_lun_reservations(struct array *array, const struct guid *lun, struct array_reservations *ret)
{
	AUTO_STATE struct state *state = array_state(array);
	int rc = 0;

	if (state_find(state, ROW_LUN, lun) == NULL)
		return array_name_no_such(ROW_LUN, lun);
	memset(ret, 0, sizeof(*ret));
	pthread_rwlock_rdlock(&array->runtime_lock);
	if (array->runtime_ops != NULL && array->runtime_ops->lun_reservations != NULL)
		rc = array->runtime_ops->lun_reservations(array->runtime, lun, ret);
	pthread_rwlock_unlock(&array->runtime_lock);
	if (rc == ERR_CORRUPT || rc == ERR_VERSION)
		return err_set(rc, "what the catalog keeps of the LUN's persistent reservations "
				   "cannot be read, so its commands are answered BUSY; vdsctl lun "
				   "reservations LUN --clear removes it");
	return rc;
}

int
array_reservation_check_move(struct array *array, const struct guid *lun)
{
	AUTO_STATE struct state *state = array_state(array);
	const struct row_lun *row = state_find(state, ROW_LUN, lun);
	struct array_reservations now;
	int rc = 0;

	/* what cannot be read is kept, and goes with the LUN */
	if (row == NULL || array_lun_reservations(array, lun, &now) < 0)
		return 0;
	if (now.reserved_by[0] != '\0')
		rc = err_set(
			ERR_BUSY,
			"the initiator %s holds LUN %s by RESERVE, which it would lose: have it "
			"send RELEASE or log out, or `vdsctl lun reservations %s --clear`, and try "
			"again",
			now.reserved_by, ROW_LUN_CALLED(row), ROW_LUN_CALLED(row));
	array_reservations_fini(&now);
	return rc;
}

/* ---- clearing ---- */

struct array_clearing {
	sem_t done;
	int result;
};

static void
cleared(void *arg, int result)
{
	struct array_clearing *clearing = arg;

	clearing->result = result;
	sem_post(&clearing->done);
}

static int
wait_for(struct array_clearing *clearing)
{
	while (sem_wait(&clearing->done) != 0)
		; /* a signal */
	return clearing->result;
}

/*
 * Clears what the data path has.  Returns ERR_NOT_FOUND when it has no unit.  The lock is not held
 * while the writer commits, since the writer may want it.
 */
static int
clear_unit(struct array *array, const struct guid *lun, struct array_clearing *clearing)
{
	int rc = ERR_NOT_FOUND;

	pthread_rwlock_rdlock(&array->runtime_lock);
	if (array->runtime_ops != NULL && array->runtime_ops->lun_reservations_clear != NULL)
		rc = array->runtime_ops->lun_reservations_clear(array->runtime, lun, cleared,
								clearing);
	pthread_rwlock_unlock(&array->runtime_lock);
	return rc == 0 ? wait_for(clearing) : rc;
}

/*
 * A unit may be made from what is kept just before that is gone, so the data path is asked again.
 */
static int
clear_kept(struct array *array, const struct guid *lun, struct array_clearing *clearing)
{
	struct array_keep keep = {
		.lun_id = *lun, .kind = ARRAY_KEEP_RESERVATIONS, .done = cleared, .arg = clearing
	};
	int rc = array_keep(array, &keep);

	if (rc == 0)
		rc = wait_for(clearing);
	if (rc == 0)
		rc = clear_unit(array, lun, clearing);
	return rc == ERR_NOT_FOUND ? 0 : rc;
}

int
array_lun_reservations_clear(struct array *array, const struct array_request *request,
			     const struct guid *lun)
{
	AUTO_STATE struct state *state = array_state(array);
	const struct row_lun *row = state_find(state, ROW_LUN, lun);
	struct principal principal = array_request_principal(request);
	char who[PRINCIPAL_TEXT_SIZE];
	struct array_clearing clearing;
	int rc;

	if (row == NULL)
		return array_name_no_such(ROW_LUN, lun);
	sem_init(&clearing.done, 0, 0);
	rc = clear_unit(array, lun, &clearing);
	if (rc == ERR_NOT_FOUND)
		rc = clear_kept(array, lun, &clearing);
	sem_destroy(&clearing.done);
	if (rc == 0)
		log_info("array.change", "lun \"%s\": reservations cleared by %s",
			 ROW_LUN_CALLED(row), principal_format(&principal, who));
	else if (rc == ERR_READ_ONLY)
		err_set(rc, "the array is read-only: the reservations of LUN %s stay",
			ROW_LUN_CALLED(row));
	return rc;
}
