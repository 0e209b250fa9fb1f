/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What stands for the page in a program that was built without it. */
#include "page/page.h"

const struct page_file page_files[] = { { 0 } };
const size_t page_file_count = 0;
