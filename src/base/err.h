/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Errors.  Functions return int: 0 or a count on success, negative on failure: -errno for what the
 * system said, ERR_* for what we mean.  Where the facts are known a text goes with the code; it is
 * kept per thread and read once, by the surface that answers.
 */
#ifndef VDS_BASE_ERR_H
#define VDS_BASE_ERR_H

#include <stdbool.h>

enum err {
	ERR_OK = 0,
	ERR_FIRST_ = -20000,
#define ERR(name, text) ERR_##name,
#include "base/err.def"
#undef ERR
	ERR_END_
};

/*
 * Remember a text for this thread and return `code`, so that `return err_set(ERR_BUSY, "…", …);`
 * says both.  The text is cut at 511 bytes.  Any thread.
 */
int err_set(int code, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/*
 * The text for `code`: what err_set said last on this thread if it was for this code, else the
 * code's own text, else strerror.  Never NULL; valid until the next err_* call on this thread.
 */
const char *err_text(int code);

/* Forget the text that this thread has remembered. */
void err_clear(void);

/*
 * "NOT_FOUND" for ERR_NOT_FOUND, "ENOMEM" for -ENOMEM, "UNKNOWN" for anything else.  Static
 * storage.
 */
const char *err_name(int code);

/*
 * Returns the ERR_* code with this name (as err_name returns it), or ERR_INTERNAL when no code has
 * the name.
 */
int err_from_name(const char *name);

#endif
