/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The focus: which object of each noun a command acts on.  A tree (raid_nouns) says which objects
 * contain which.  An object that gets the focus keeps what it belongs to in focus and takes the
 * focus from everything else in its tree, so two siblings never have it together.  The rules are
 * those that Microsoft's page about DiskRAID gives for `select`.
 */
#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "vdsctl/diskraid/exec.h"

void
raid_object_fini(struct raid_object *object)
{
	if (object->unknown != NULL)
		IUnknown_Release(object->unknown);
	mem_free(object->name);
	mem_free(object->other_name);
	*object = (struct raid_object){ 0 };
}

/* A subsystem belongs to a provider, although `list subsystems` needs no provider in focus. */
static enum raid_noun
above(enum raid_noun noun)
{
	return noun == RAID_SUBSYSTEM ? RAID_PROVIDER : raid_nouns[noun].parent;
}

/* HBA ports and initiator adapters are this host's two ways out: only one of them has the focus. */
static enum raid_noun
root_of(enum raid_noun noun)
{
	while (above(noun) != RAID_NONE)
		noun = above(noun);
	return noun == RAID_HBAPORT ? RAID_IADAPTER : noun;
}

static bool
is_below(enum raid_noun noun, enum raid_noun top)
{
	while (noun != RAID_NONE && noun != top)
		noun = above(noun);
	return noun == top;
}

void
raid_focus_set(struct raid_object *focus, enum raid_noun noun, struct raid_object *object)
{
	struct raid_object taken = *object;

	assert(noun != RAID_NONE && noun != RAID_PLEX);
	*object = (struct raid_object){ 0 };
	for (enum raid_noun other = RAID_NONE + 1; other < RAID_NOUN_COUNT; other++)
		if (root_of(other) == root_of(noun) && (other == noun || !is_below(noun, other)))
			raid_object_fini(&focus[other]);
	focus[noun] = taken;
}

void
raid_focus_clear(struct raid_object *focus, enum raid_noun noun)
{
	for (enum raid_noun other = RAID_NONE + 1; other < RAID_NOUN_COUNT; other++)
		if (is_below(other, noun))
			raid_object_fini(&focus[other]);
}

void
raid_focus_clear_all(struct raid_object *focus)
{
	for (enum raid_noun noun = RAID_NONE; noun < RAID_NOUN_COUNT; noun++)
		raid_object_fini(&focus[noun]);
}
