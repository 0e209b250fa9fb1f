/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Fuzz target for lists of networks: a canonical list is in canonical form, and has the address of
 * each of its networks.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/cidr.h"
#include "base/mem.h"
#include "base/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
try_networks(const char *list)
{
	while (*list != '\0') {
		AUTO_FREE char *address = str_ndup(list, strcspn(list, "/;"));

		assert(address == NULL || cidr_list_has(list, address));
		list += strcspn(list, ";");
		list += *list == ';';
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_FREE char *text = str_ndup((const char *)data, size);
	AUTO_FREE char *list = NULL, *again = NULL;

	if (text == NULL)
		return 0;
	(void)cidr_list_has(text, "192.0.2.1");
	(void)cidr_list_has("10.0.0.0/8;fd00::/8", text);
	if (cidr_list_normalize(text, &list) < 0)
		return 0;
	assert(cidr_list_normalize(list, &again) == 0 && strcmp(list, again) == 0);
	try_networks(list);
	return 0;
}
