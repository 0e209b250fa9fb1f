/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The files of the web page, which the build has bundled (src/page/bundle) and made a part of the
 * program.  Constant data; any thread.  docs/design/page.md says how the page is built.
 */
#ifndef VDS_PAGE_PAGE_H
#define VDS_PAGE_PAGE_H

#include <stdbool.h>
#include <stddef.h>

struct page_file {
	const char *path;       /* below the root of the server: "/", "/page-1A2B3C4D.js" */
	const char *media_type; /* value of Content-Type */
	const char *etag;       /* value of ETag, with its quotes; other for other bytes */
	const unsigned char *bytes;
	size_t len;
	const unsigned char
		*gzip; /* the same, compressed; NULL = compressing makes it no smaller */
	size_t gzip_len;
	bool immutable; /* the path names the contents: other contents have another path */
};

extern const struct page_file page_files[];
/* How many there are; 0 = the program was built without the page. */
extern const size_t page_file_count;

#endif
