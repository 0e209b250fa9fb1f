/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Small things that each operating system does in its own way: random bytes, the names and texts of
 * its errors, settings, sorting with an argument, standard streams.  Implemented by system.c
 * (Linux) and system_win.c (Windows).  Any thread.
 */
#ifndef VDS_BASE_SYSTEM_H
#define VDS_BASE_SYSTEM_H

#include <stddef.h>

/* Fills a block with random bytes that nobody can guess.  Returns 0 or -errno. */
int system_random(void *ret_bytes, size_t size_bytes);

/* Returns the text of an errno value ("Connection refused"): `buf` or static storage. */
const char *system_error_text(int error, char *buf, size_t size);
/* Returns the name of an errno value ("ECONNREFUSED"), or NULL.  Static storage. */
const char *system_error_name(int error);

/*
 * Returns what the user or the administrator has set under this name ("VDS_URL"), or NULL: the
 * environment variable, which on Linux does not count in a program that has more rights than its
 * user; on Windows, without the variable, the text value of the same name in the registry's key
 * HKEY_LOCAL_MACHINE\SOFTWARE\vdsd, since a service gets no environment from its user.  Valid as
 * long as the environment does not change.
 */
const char *system_setting(const char *name);

/* Sorts as qsort does; `arg` is passed to every comparison. */
void system_sort(void *base, size_t count, size_t size_bytes,
		 int (*compare)(const void *a, const void *b, void *arg), void *arg);

/*
 * Keeps the numbers of standard input, output and error from every other file: a program that is
 * started with one of them closed would give its number to the next file or socket that it opens,
 * and print into that.  Reading from such a stream and writing to it fails, as with a closed one.
 * For the beginning of main(), before there is any other thread.
 */
void system_streams_keep(void);

#endif
