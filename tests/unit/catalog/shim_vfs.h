/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A VFS (file layer) over SQLite's own, for tests that cut the power or let I/O fail below the
 * catalog.  After shim_register SQLite uses it by default.
 *
 *   - power cuts: writes and truncations are held in memory until xSync; at the nth write or sync
 *     each of what is held is applied, dropped or torn, by chance, and the process exits with
 *     SHIM_CUT;
 *   - I/O errors: the nth operation fails, once or from there on.
 *
 * Used by one thread of one process; after a fork the child has a copy of its own.
 */
#ifndef VDS_TESTS_SHIM_VFS_H
#define VDS_TESTS_SHIM_VFS_H

#include <stdbool.h>

#define SHIM_CUT  77 /* exit status of a power cut */
#define SHIM_NAME "shim"

/*
 * Makes this VFS the default.  Nothing is held and nothing fails until one of the functions below
 * is called.
 */
void shim_register(void);
/* Makes SQLite's own VFS the default again. */
void shim_unregister(void);

/*
 * From now on hold writes in memory until they are synced.  Has no effect on files that were opened
 * before.
 */
void shim_hold(unsigned seed);
/* Cuts the power at the nth write or sync from now (1 = the next); 0 = never. */
void shim_cut_at(unsigned nth);

/*
 * Lets the nth read, writes, truncation or sync from now return an I/O error.  sticky: all later
 * ones fail too.  full: writes report a full disk instead.
 */
void shim_fail_at(unsigned nth, bool sticky, bool full);
/* Lets nothing fail any more. */
void shim_heal(void);
/* Returns true when an operation has failed since shim_fail_at. */
bool shim_failed(void);

/* Returns how many writes SQLite has made since the program began, failed ones included. */
unsigned shim_writes(void);

/*
 * Lets SQLite and jansson allocate through base/mem.h, so that mem_fault_at reaches them.  To be
 * called before SQLite is used.
 */
void shim_memory(void);

#endif
