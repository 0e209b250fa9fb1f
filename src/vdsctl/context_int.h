/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the two files of contexts share: context_file.c keeps them, context.c uses them. */
#ifndef VDS_VDSCTL_CONTEXT_INT_H
#define VDS_VDSCTL_CONTEXT_INT_H

#include <jansson.h>

/* The members of a context in the file, in the order of lists; the first one must be there. */
#define CTL_CONTEXT_MEMBERS 6
extern const char *const ctl_context_members[CTL_CONTEXT_MEMBERS];

/*
 * Reads the user's contexts: {"use": NAME, "contexts": {…}}, checked; without contexts when there
 * is no file.  *ret_root is a new reference.  Returns 0; ERR_ACCESS (others may read or change the
 * file), ERR_PARSE or -errno, with a text.
 */
int ctl_context_read(json_t **ret_root);
/*
 * Reads the contexts, lets `change` change them, and writes them when it has returned 0, while no
 * other vdsctl does the same.  Returns its code, or those of ctl_context_read.
 */
int ctl_context_change(int (*change)(json_t *root, void *arg), void *arg);

#endif
