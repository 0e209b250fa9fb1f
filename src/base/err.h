/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Errors.  A function that can fail returns an int: 0 or a count on success, a negative code on
 * failure.  The code is -errno for an error of the system, or an ERR_* code for an error that this
 * program finds.  Where the facts are known, err_set stores a text with the code.  The text is kept
 * per thread and is read once, by the surface that answers a user.
 */
#ifndef VDS_BASE_ERR_H
#define VDS_BASE_ERR_H

#include <stdbool.h>

#include "base/format.h"

enum err {
	ERR_OK = 0,
	ERR_FIRST_ = -20000,
#define ERR(name, text) ERR_##name,
#include "base/err.def"
#undef ERR
	ERR_END_
};

/*
 * Stores a text for this thread and returns `code`, so that one line does both: `return
 * err_set(ERR_BUSY, "…", …);`. The text is cut at 511 bytes.  Any thread.
 */
int err_set(int code, const char *fmt, ...) FORMAT_ARGS(2, 3);

/*
 * Returns the text for `code`: the text that err_set stored last on this thread if it was stored
 * for this code, else the general text of the code, else that of strerror.  Never NULL; valid until
 * the next err_* call on this thread.
 */
const char *err_text(int code);

/* Removes the text that err_set has stored for this thread. */
void err_clear(void);

/*
 * Returns the name of a code: "NOT_FOUND" for ERR_NOT_FOUND, "ENOMEM" for -ENOMEM, "UNKNOWN" for
 * anything else.  Static storage.
 */
const char *err_name(int code);

/*
 * Returns the ERR_* code with this name (as err_name returns it), or ERR_INTERNAL when no code has
 * the name.
 */
int err_from_name(const char *name);

#endif
