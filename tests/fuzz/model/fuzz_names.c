/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Fuzz target for unmasking lists, lists of a host's names, and iSCSI names: bringing a canonical
 * form into canonical form must not change it, and without hosts a list stands for itself.
 */
#include <assert.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "model/host.h"
#include "model/state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* In a state without hosts. */
static void
try_hosts(const char *text, const char *mask)
{
	static const struct position at;
	AUTO_STATE struct state *state = state_new(&at);
	AUTO_FREE char *resolved = NULL, *flat = NULL;
	AUTO(strbuf_fini) struct strbuf described = { 0 };
	struct host_names names = { 0 };

	if (host_names_parse(text, &names) == 0)
		for (size_t i = 0; i < names.count; i++)
			assert(host_names_have(&names, names.names[i]));
	host_names_fini(&names);
	if (state == NULL || host_mask_resolve(state, text, &resolved) < 0 || mask == NULL)
		return;
	assert(host_mask_flatten(state, mask, &flat) == 0 && strcmp(flat, mask) == 0);
	host_mask_describe(state, mask, &described);
	assert(strcmp(described.text != NULL ? described.text : "", mask) == 0);
	(void)host_mask_admits(state, mask, text);
}

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
	try_hosts(text, mask);
	return 0;
}
