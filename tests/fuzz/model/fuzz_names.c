/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Fuzz target for unmasking lists and iSCSI names: bringing a canonical form into canonical form
 * must not change it.
 */
#include <assert.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "model/state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_FREE char *text = str_ndup((const char *)data, size);
	AUTO_FREE char *mask = NULL, *mask_again = NULL, *name = NULL, *name_again = NULL;

	if (mask_normalize(text, &mask) == 0) {
		assert(mask_normalize(mask, &mask_again) == 0 && strcmp(mask, mask_again) == 0);
		(void)mask_admits(mask, text);
	}
	if (iscsi_name_normalize(text, &name) == 0) {
		assert(iscsi_name_normalize(name, &name_again) == 0 &&
		       strcmp(name, name_again) == 0);
		assert(mask_admits(name, text));
	}
	return 0;
}
