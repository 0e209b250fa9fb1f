/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* `vdsctl export`: writes the configuration as a file for `vdsctl plan`. */
#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "vdsctl/ctl_int.h"

static int
collect(void *arg, const char *bytes, size_t len)
{
	struct strbuf *text = arg;

	strbuf_add_bytes(text, bytes, len);
	return text->failed ? -ENOMEM : 0;
}

/* The object that the arguments name: `lun vol1`. */
static int
object_find(struct ctl *ctl, struct verb_args *args)
{
	const struct {
		const char *noun;
		enum row_family family;
		struct guid *id;
	} kinds[] = {
		{ "lun", ROW_LUN, &args->lun_id },
		{ "target", ROW_TARGET, &args->target_id },
		{ "host", ROW_HOST, &args->object_id },
	};

	if (ctl->arg_count == 0)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (!str_equal(ctl->args[0], kinds[i].noun))
			continue;
		if (ctl->arg_count < 2)
			return err_set(ERR_INVALID, "which %s? `vdsctl export %s NAME`",
				       ctl->args[0], ctl->args[0]);
		return ctl_resolve(ctl, kinds[i].family, ctl->args[1], kinds[i].id);
	}
	return err_set(ERR_INVALID,
		       "%s cannot be exported alone: lun NAME, target NAME, host NAME, or nothing "
		       "for the whole array",
		       ctl->args[0]);
}

int
ctl_run_export(struct ctl *ctl)
{
	AUTO(strbuf_fini) struct strbuf text = { 0 };
	struct verb_args args = { .ids = ctl->options[OPT_IDS] != NULL };
	int rc = object_find(ctl, &args);

	if (rc == 0)
		rc = ctl_client(ctl);
	if (rc == 0)
		rc = client_download(ctl->client, VERB_EXPORT, &args, collect, &text);
	if (rc == 0)
		fputs(text.text, ctl->out);
	return rc;
}
