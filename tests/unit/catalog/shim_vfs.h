/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A VFS over SQLite's own, for tests of what the catalog survives.  Once registered it is the
 * default one.
 *
 *   - power cuts: writes and truncations are held in memory until xSync; at the nth write or sync
 *     each of what is held is applied, dropped or torn, by chance, and the process exits with
 *     SHIM_CUT;
 *   - I/O errors: the nth operation fails, once or from there on.
 *
 * One thread and one process; after a fork the child has a copy.
 */
#ifndef VDS_TESTS_SHIM_VFS_H
#define VDS_TESTS_SHIM_VFS_H

#include <stdbool.h>

#define SHIM_CUT  77 /* exit status of a power cut */
#define SHIM_NAME "shim"

/* Registers it as the default; nothing is held and nothing fails until one of the following. */
void shim_register(void);
/* SQLite's own is the default again. */
void shim_unregister(void);

/* From now on hold what is not synced.  Files that were opened before are not. */
void shim_hold(unsigned seed);
/* Cut the power at the nth write or sync from now (1 = the next); 0 = never. */
void shim_cut_at(unsigned nth);

/*
 * The nth read, write, truncation or sync from now gives an I/O error (with `full`: writes say the
 * disk is full).
 */
void shim_fail_at(unsigned nth, bool sticky, bool full);
/* No failures any more. */
void shim_heal(void);
/* Was one met since shim_fail_at? */
bool shim_failed(void);

/*
 * SQLite and jansson allocate through base/mem.h, so that mem_fault_at reaches them.  Before SQLite
 * is used.
 */
void shim_memory(void);

#endif
