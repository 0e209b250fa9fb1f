/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The pages that `vdsctl NOUN show` prints, and their parts. */
#ifndef VDS_VDSCTL_PAGE_INT_H
#define VDS_VDSCTL_PAGE_INT_H

#include "vdsctl/ctl_int.h"

/* ---- show.c: the parts of a page ---- */

/* Prints a label and its text, of 2047 bytes at most. */
void ctl_page_line(FILE *out, const char *label, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void ctl_page_line_size(FILE *out, const char *label, uint64_t bytes);
/* As ctl_page_line, when there is a text that is not empty. */
void ctl_page_line_known(FILE *out, const char *label, const char *text);
/* Prints the limits of a LUN, a host or a pool, when it has some. */
void ctl_page_line_qos(FILE *out, const char *qos);
void ctl_page_line_time(FILE *out, const char *label, int64_t utc_ms);
void ctl_page_line_id(FILE *out, const struct guid *id);
/*
 * Prints a table below its title, or "TITLE: none"; takes the table.  Returns 0, or -ENOMEM: there
 * is no table, or no memory to print it.
 */
int ctl_page_section(FILE *out, const char *title, struct table *table);

/* ---- the pages: each returns 0, or -ENOMEM ---- */

/* show_storage.c */
int ctl_page_lun(const struct ctl_view *view, const void *row, FILE *out);
int ctl_page_pool(const struct ctl_view *view, const void *row, FILE *out);
int ctl_page_drive(const struct ctl_view *view, const void *row, FILE *out);
int ctl_page_job(const struct ctl_view *view, const void *row, FILE *out);
int ctl_page_snapshot(const struct ctl_view *view, const void *row, FILE *out);
int ctl_page_schedule(const struct ctl_view *view, const void *row, FILE *out);

/* show_network.c */
int ctl_page_target(const struct ctl_view *view, const void *row, FILE *out);
int ctl_page_portal(const struct ctl_view *view, const void *row, FILE *out);
int ctl_page_group(const struct ctl_view *view, const void *row, FILE *out);
int ctl_page_controller(const struct ctl_view *view, const void *row, FILE *out);
int ctl_page_port(const struct ctl_view *view, const void *row, FILE *out);
int ctl_page_host(const struct ctl_view *view, const void *row, FILE *out);
int ctl_page_host_group(const struct ctl_view *view, const void *row, FILE *out);

#endif
