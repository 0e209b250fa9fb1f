/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Notes: what a change means in VDS notifications, before they are sent. */
#ifndef VDS_PROVIDER_NOTES_INT_H
#define VDS_PROVIDER_NOTES_INT_H

#include "provider/provider_int.h"

/* In this order: of two notes about one object the first says more. */
enum provider_note_event { PROVIDER_NOTE_ARRIVE, PROVIDER_NOTE_DEPART, PROVIDER_NOTE_MODIFY };

struct provider_note {
	enum row_family family; /* ROW_ARRAY, _LUN, _TARGET, _PORTAL or _PORTAL_GROUP */
	enum provider_note_event event;
	size_t order; /* as it was found */
	struct guid id;
};

struct provider_notes {
	struct provider_note *items;
	size_t count, capacity;
};

void provider_notes_init(struct provider_notes *notes);
void provider_notes_fini(struct provider_notes *notes);
/*
 * What listeners of VDS want to know of `change`, one note for each object; none is well possible.
 * 0 or -ENOMEM.
 */
int provider_notes_of_change(struct provider_notes *notes, const struct client_view *before,
			     const struct client_view *after, const struct change *change);
/* The same for a replica that was loaded anew. */
int provider_notes_of_reload(struct provider_notes *notes, const struct client_view *before,
			     const struct client_view *after);
void provider_note_out(const struct provider_note *note, VDS_NOTIFICATION *out);

#endif
