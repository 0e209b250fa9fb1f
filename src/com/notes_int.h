/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Notes: what a change means in VDS notifications, before they are sent. */
#ifndef VDS_COM_NOTES_INT_H
#define VDS_COM_NOTES_INT_H

#include "com/com_int.h"

/* In this order: of two notes about one object the first says more. */
enum com_note_event { COM_NOTE_ARRIVE, COM_NOTE_DEPART, COM_NOTE_MODIFY };

struct com_note {
	enum row_family family; /* ROW_ARRAY, _LUN, _TARGET, _PORTAL or _PORTAL_GROUP */
	enum com_note_event event;
	size_t order; /* as it was found */
	struct guid id;
};

struct com_notes {
	struct com_note *items;
	size_t count, capacity;
};

void com_notes_init(struct com_notes *notes);
void com_notes_fini(struct com_notes *notes);
/*
 * What listeners of VDS want to know of `change`, one note for each object; none is well possible.
 * 0 or -ENOMEM.
 */
int com_notes_of_change(struct com_notes *notes, const struct client_view *before,
			const struct client_view *after, const struct change *change);
/* The same for a replica that was loaded anew. */
int com_notes_of_reload(struct com_notes *notes, const struct client_view *before,
			const struct client_view *after);
void com_note_out(const struct com_note *note, VDS_NOTIFICATION *out);

#endif
