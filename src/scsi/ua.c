/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Unit attentions.  A unit only counts how often each was raised; each nexus remembers the counts
 * that it has seen and finds the difference when a command comes.  So raising needs no list of
 * nexuses, and any thread may do it; what concerns an itl runs on its nexus' thread.  What concerns
 * one nexus alone is posted to its itl (reserve.c, which has a list of them).
 */
#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "scsi/scsi_int.h"

void
scsi_lu_raise(struct scsi_lu *lu, enum scsi_ua ua, struct scsi_itl *by)
{
	atomic_fetch_add_explicit(&lu->ua_raised[ua], 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&lu->ua_sequence, 1, memory_order_release);
	if (by != NULL)
		by->ua_seen[ua]++;
	/* the unit has another medium, or its device came back: its blocks may be others */
	if (ua == SCSI_UA_MEDIUM || ua == SCSI_UA_CAPACITY)
		scsi_tokens_cancel(lu);
}

void
scsi_ua_see(struct scsi_itl *itl, enum scsi_ua ua)
{
	itl->ua_seen[ua] = atomic_load_explicit(&itl->lu->ua_raised[ua], memory_order_relaxed);
	itl->pending &= ~(1u << ua);
}

void
scsi_ua_post(struct scsi_itl *itl, enum scsi_ua ua)
{
	atomic_fetch_or_explicit(&itl->ua_posted, 1u << ua, memory_order_relaxed);
	atomic_fetch_add_explicit(&itl->lu->ua_sequence, 1, memory_order_release);
}

void
scsi_nexus_luns_changed(struct scsi_nexus *nexus)
{
	nexus->luns_changed++;
}

void
scsi_itl_init(struct scsi_itl *itl, struct scsi_nexus *nexus, struct scsi_lu *lu, uint32_t pending)
{
	memset(itl, 0, sizeof(*itl));
	itl->nexus = nexus;
	itl->luns_changed = nexus->luns_changed;
	itl->access_losses = nexus->access_losses;
	itl->pending = pending;
	list_init(&itl->dormant);
	list_init(&itl->copies);
	atomic_init(&itl->ua_posted, 0);
	if (lu == NULL)
		return;
	itl->lu = scsi_lu_ref(lu);
	itl->ua_sequence = atomic_load_explicit(&lu->ua_sequence, memory_order_acquire);
	for (unsigned i = 0; i < SCSI_UA_COUNT; i++)
		itl->ua_seen[i] = atomic_load_explicit(&lu->ua_raised[i], memory_order_relaxed);
	scsi_reserve_join(itl);
}

/* Its counts of what it has seen are those with which a unit begins: 0. */
void
scsi_itl_attach(struct scsi_itl *itl, struct scsi_lu *lu, uint32_t pending)
{
	assert(itl->lu == NULL);
	itl->lu = scsi_lu_ref(lu);
	itl->access_losses = itl->nexus->access_losses; /* it has no command to move */
	itl->pending |= pending;
	scsi_reserve_join(itl);
}

void
scsi_itl_fini(struct scsi_itl *itl)
{
	assert(itl->enabled == 0 && list_empty(&itl->dormant));
	scsi_copy_forget_all(itl);
	scsi_reserve_part(itl);
	scsi_medium_allow(itl);
	mem_free(TAKE(itl->buffers));
	scsi_lu_unref(itl->lu);
	itl->lu = NULL;
}

void
scsi_itl_lose_nexus(struct scsi_itl *itl)
{
	scsi_reserve_part(itl);
	scsi_reserve_join(itl);
	scsi_medium_allow(itl);
	scsi_ua_post(itl, SCSI_UA_NEXUS_LOSS);
}

unsigned
scsi_itl_peek(struct scsi_itl *itl, uint8_t ret_sense[3])
{
	struct scsi_condition cond;

	if (itl->lu == NULL ? itl->pending == 0 : !scsi_ua_collect(itl))
		return 0;
	cond = scsi_condition_attention((enum scsi_ua)__builtin_ctz(itl->pending));
	ret_sense[0] = cond.key;
	ret_sense[1] = cond.asc;
	ret_sense[2] = cond.ascq;
	return (unsigned)__builtin_popcount(itl->pending);
}

bool
scsi_itl_is_more_than_access(struct scsi_itl *itl)
{
	if (itl->lu == NULL)
		return (itl->pending & ~(1u << SCSI_UA_ACCESS)) != 0;
	(void)scsi_ua_collect(itl);
	return (itl->pending & ~(1u << SCSI_UA_ACCESS)) != 0 || scsi_reserve_is_held_by(itl);
}

bool
scsi_ua_collect(struct scsi_itl *itl)
{
	struct scsi_nexus *nexus = itl->nexus;

	itl->ua_sequence = atomic_load_explicit(&itl->lu->ua_sequence, memory_order_acquire);
	for (unsigned i = 0; i < SCSI_UA_COUNT; i++) {
		uint32_t raised = atomic_load_explicit(&itl->lu->ua_raised[i],
						       memory_order_relaxed);

		/* scsi_alua_set_done finds out which of these are not for this nexus */
		if (i == SCSI_UA_ACCESS && itl->access_sets > 0)
			continue;
		if (raised != itl->ua_seen[i])
			itl->pending |= 1u << i;
		itl->ua_seen[i] = raised;
	}
	itl->pending |= atomic_exchange_explicit(&itl->ua_posted, 0, memory_order_relaxed);
	/* A REPORT LUNS since the change has told this nexus already. */
	if (itl->luns_changed != nexus->luns_changed && nexus->luns_reported != nexus->luns_changed)
		itl->pending |= 1u << SCSI_UA_REPORTED_LUNS;
	else if (nexus->luns_reported == nexus->luns_changed && nexus->luns_changed != 0)
		itl->pending &= ~(1u << SCSI_UA_REPORTED_LUNS);
	itl->luns_changed = nexus->luns_changed;
	return itl->pending != 0;
}

/*
 * POWER ON clears the other unit attentions of a reset that are pending: an initiator needs to hear
 * of one event only once.  SAM-6.
 */
enum scsi_ua
scsi_ua_take(struct scsi_itl *itl)
{
	unsigned ua;

	scsi_ua_collect(itl);
	if (itl->pending == 0)
		return SCSI_UA_COUNT;
	ua = (unsigned)__builtin_ctz(itl->pending);
	itl->pending &= ~(1u << ua);
	if (ua == SCSI_UA_POWER_ON)
		itl->pending &= ~(1u << SCSI_UA_LU_RESET | 1u << SCSI_UA_NEXUS_LOSS);
	else if (ua == SCSI_UA_ACCESS)
		scsi_alua_told(itl);
	return (enum scsi_ua)ua;
}
