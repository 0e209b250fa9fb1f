/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The command `lun reservations`: shows what clusters hold on a LUN, or clears it. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/err.h"
#include "base/table.h"
#include "vdsctl/ctl_int.h"

static const char *
text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text != NULL ? text : "";
}

static int
registrations_print(struct ctl *ctl, const json_t *list)
{
	static const char columns[] = "INITIATOR|ISID|TARGET|KEY|HOLDS";
	struct table *table = table_new(columns);
	int rc;

	if (table == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *r = json_array_get(list, i);

		table_add(table, text_of(r, "initiator"));
		table_add(table, text_of(r, "isid"));
		table_add(table, text_of(r, "target"));
		table_add(table, text_of(r, "key"));
		table_add(table, json_is_true(json_object_get(r, "holds")) ? "yes" : "");
	}
	rc = table_print(table, ctl->out);
	table_free(table);
	return rc;
}

static int
reservations_print(struct ctl *ctl, const json_t *json)
{
	const json_t *list = json_object_get(json, "registrations");

	fprintf(ctl->out, "%s: %s", ctl->args[0], text_of(json, "reservation"));
	if (json_is_true(json_object_get(json, "reserve")))
		fprintf(ctl->out, "; reserved with RESERVE");
	if (json_array_size(list) > 0)
		fprintf(ctl->out, "; %s",
			json_is_true(json_object_get(json, "persistent"))
				? "kept when vdsd restarts"
				: "gone when vdsd restarts");
	fprintf(ctl->out, "\n");
	return json_array_size(list) > 0 ? registrations_print(ctl, list) : 0;
}

int
ctl_run_lun_reservations(struct ctl *ctl)
{
	json_t *json = NULL;
	struct guid lun;
	int rc = ctl_resolve(ctl, ROW_LUN, ctl->args[0], &lun);

	if (rc == 0 && ctl->options[OPT_CLEAR] != NULL) {
		struct client_answer answer;

		rc = client_change(ctl->client, VERB_LUN_RESERVATIONS_CLEAR, &lun, NULL, &answer);
		return ctl_done(ctl, rc, &answer, "%s", "");
	}
	if (rc == 0)
		rc = ctl_ask(ctl, VERB_LUN_RESERVATIONS, &lun, NULL, &json);
	if (rc == 0)
		rc = ctl->json ? ctl_json_print(json, ctl->out) : reservations_print(ctl, json);
	json_decref(json);
	return rc;
}
