/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Notes: the VDS notifications that a change causes, before they are sent.  Private to notes.c and
 * core.c, which make notes, and advise.c, which sends them.
 */
#ifndef VDS_PROVIDER_NOTES_INT_H
#define VDS_PROVIDER_NOTES_INT_H

#include "provider/provider_int.h"

/*
 * What happened to an object.  When there are two notes about one object, the one with the smaller
 * value is kept.
 */
enum provider_note_event {
	PROVIDER_NOTE_ARRIVE,
	PROVIDER_NOTE_DEPART,
	PROVIDER_NOTE_REMOVED, /* it is still there, but cannot be used: controllers and ports */
	PROVIDER_NOTE_MODIFY
};

struct provider_note {
	/*
	 * ROW_ARRAY, _LUN, _TARGET, _PORTAL, _PORTAL_GROUP, _LIVE_DRIVE, _CONTROLLER or _LIVE_PORT
	 */
	enum row_family family;
	enum provider_note_event event;
	size_t order; /* number in the order in which the notes were found */
	struct guid id;
};

struct provider_notes {
	struct provider_note *items;
	size_t count, capacity;
};

void provider_notes_init(struct provider_notes *notes);
void provider_notes_fini(struct provider_notes *notes);
/* Adds one note.  Returns 0 or -ENOMEM. */
int provider_notes_add(struct provider_notes *notes, enum row_family family,
		       enum provider_note_event event, const struct guid *id);
/*
 * Collects the notes of `change`, one for each object; there may be none. before and after: the
 * views around the change. Returns 0 or -ENOMEM.
 */
int provider_notes_of_change(struct provider_notes *notes, const struct client_view *before,
			     const struct client_view *after, const struct change *change);
/*
 * Collects the notes of all differences between two views, for a replica that was loaded anew.
 * Returns 0 or -ENOMEM.
 */
int provider_notes_of_reload(struct provider_notes *notes, const struct client_view *before,
			     const struct client_view *after);
/* Writes a note as the struct that VDS sends. */
void provider_note_out(const struct provider_note *note, VDS_NOTIFICATION *out);

#endif
