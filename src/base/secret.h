/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Files that hold secrets: private keys, tokens, passwords.  Such a file is refused when others
 * than its owner and its group may read it, so that a mistake with permissions is noticed at once.
 * Implemented by secret.c (Linux) and secret_win.c (Windows).  Any thread.
 */
#ifndef VDS_BASE_SECRET_H
#define VDS_BASE_SECRET_H

#include <stddef.h>

/*
 * Reads a whole file that holds a secret.  what: names the file in messages, "the key".  max_bytes:
 * a longer file is refused.  *ret_text ends with a NUL beyond ret_len bytes (secret_free).  Returns
 * 0; ERR_ACCESS (others may read or change the file); ERR_INVALID (the file is empty, too long, or
 * not a regular file); -errno; all with a text.  On Windows the permissions are not checked.
 */
int secret_read(const char *what, const char *path, size_t max_bytes, char **ret_text,
		size_t *ret_len);
/* Overwrites the secret and frees it.  Accepts NULL. */
void secret_free(char *text, size_t len);
/* Overwrites bytes that held a secret; no compiler leaves this out. */
void secret_wipe(void *bytes, size_t len);

#endif
