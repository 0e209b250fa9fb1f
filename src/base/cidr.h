/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lists of networks in CIDR notation ("10.0.0.0/8;fd00::/8"), IPv4 and IPv6, and whether an address
 * is in one of them.  Pure functions, for any thread.  RFC 4632, RFC 4291 §2.3, RFC 5952.
 */
#ifndef VDS_BASE_CIDR_H
#define VDS_BASE_CIDR_H

#include <stdbool.h>

#define CIDR_LIST_MAX 4096 /* bytes of a list */

/*
 * Brings a list into its canonical form: networks joined by ';', sorted as texts, each once.  In
 * what is given, blanks and commas separate, too; an address without a prefix length is that one
 * host; "any" alone and "" stand for every address, whose canonical form is "".  Returns 0 with a
 * text that the caller frees (mem_free); ERR_INVALID (a text is no network, an address has bits
 * beyond its prefix, or the list is longer than CIDR_LIST_MAX; the text says which); -ENOMEM.
 */
int cidr_list_normalize(const char *text, char **ret_list);
/*
 * Returns whether a canonical list has the numeric address; NULL and "" have every address.  An
 * IPv4 address that is mapped into IPv6 (::ffff:192.0.2.1) counts as the IPv4 address.  A text that
 * is no address is in no list but the empty one.  Allocates nothing.
 */
bool cidr_list_has(const char *list, const char *address);

#endif
