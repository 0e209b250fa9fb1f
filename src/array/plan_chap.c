/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The CHAP settings of a plan: for whom there are secrets.  A setting that the array does not have
 * gets a random secret when the plan is applied, which nobody knows: logins are refused until the
 * secret is set.  The thread that asks.
 */
#include <errno.h>
#include <string.h>

#include "array/plan_int.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "model/credential.h"

struct setting {
	enum credential_side side;
	const char *user;
	char *initiator; /* canonical; owned */
};

static int
read_setting(struct array_plan_build *b, const struct array_plan_entry *entry,
	     const struct guid *owner_id, struct setting *ret_setting)
{
	const char *user = array_plan_string(entry, "user");
	const char *initiator = array_plan_string(entry, "initiator");
	struct array_plan_at at = array_plan_member(entry, "initiator");
	int rc = 0;

	ret_setting->side = strcmp(array_plan_string(entry, "side"), "target") == 0
				    ? CREDENTIAL_TARGET
				    : CREDENTIAL_INITIATOR;
	ret_setting->user = user != NULL ? user : "";
	if (strlen(ret_setting->user) > CREDENTIAL_USER_MAX ||
	    !str_is_text(ret_setting->user, strlen(ret_setting->user)))
		return ARRAY_PLAN_FAIL(b, entry, "user", ERR_INVALID,
				       "the user name must be one line of UTF-8 text of at most "
				       "%d bytes",
				       CREDENTIAL_USER_MAX);
	if (initiator != NULL && initiator[0] != '\0' && guid_is_zero(owner_id))
		return array_plan_fail(&b->plan->text, &at, ERR_INVALID,
				       "a secret for discovery is for every initiator: leave the "
				       "initiator away");
	if (guid_is_zero(owner_id) && ret_setting->side == CREDENTIAL_TARGET &&
	    ret_setting->user[0] == '\0')
		return array_plan_fail(&b->plan->text, &entry->at, ERR_INVALID,
				       "the array's own secret for discovery needs \"user\"");
	if (initiator != NULL && initiator[0] != '\0')
		rc = iscsi_name_normalize(initiator, &ret_setting->initiator);
	else
		ret_setting->initiator = str_dup("");
	if (rc == 0 && ret_setting->initiator == NULL)
		rc = -ENOMEM;
	return rc < 0 ? array_plan_explain(&b->plan->text, &at, rc) : 0;
}

static int
put_setting(struct array_plan_build *b, const struct guid *owner_id, const struct setting *setting,
	    struct array_plan_keys *named)
{
	const struct row_credential like = {
		.owner_id = *owner_id,
		.side = setting->side,
		.user = (char *)(uintptr_t)setting->user,
		.initiator = setting->initiator,
	};
	const struct row_credential *same = credential_same(array_plan_view(b), &like);
	AUTO_ROW struct row_credential *row = same != NULL ? row_copy(same)
							   : row_new(ROW_CREDENTIAL);

	if (row == NULL)
		return -ENOMEM;
	if (same == NULL) {
		guid_make(&row->id);
		row->owner_id = *owner_id;
		row->side = setting->side;
		row->set_ms = clock_utc_ms();
		if (row_set_string(&row->initiator, setting->initiator) < 0 ||
		    array_plan_keys_add(&b->plan->new_secrets, &row->id, NULL) < 0)
			return -ENOMEM;
	}
	if (row_set_string(&row->user, setting->user) < 0 ||
	    array_plan_keys_add(named, &row->id, NULL) < 0)
		return -ENOMEM;
	return state_edit_put(b->edit, TAKE(row));
}

static int
drop_others(struct array_plan_build *b, const struct guid *owner_id,
	    const struct array_plan_keys *named)
{
	struct row_slice slice;
	size_t kept = 0;
	int rc = 0;

	while (rc == 0 &&
	       (slice = state_owner_credentials(array_plan_view(b), owner_id)).count > kept) {
		struct row_key key;

		row_key(slice.rows[kept], &key);
		key.b = (struct guid){ { 0 } };
		if (array_plan_keys_have(named, &key))
			kept++;
		else
			rc = state_edit_delete(b->edit, ROW_CREDENTIAL, &key.a, NULL);
	}
	return rc;
}

/* list: the owner's settings, all of them; what is at `at`. */
static int
put_list(struct array_plan_build *b, const struct guid *owner_id, const json_t *list,
	 const struct array_plan_at *at)
{
	struct array_plan_keys named = { 0 };
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < json_array_size(list); i++) {
		const struct array_plan_entry entry = {
			.json = json_array_get(list, i),
			.at = { .up = at, .index = i },
		};
		struct setting setting = { 0 };
		size_t before = named.count;

		rc = read_setting(b, &entry, owner_id, &setting);
		if (rc == 0)
			rc = put_setting(b, owner_id, &setting, &named);
		for (size_t n = 0; rc == 0 && n < before; n++)
			if (row_key_compare(&named.keys[n], &named.keys[before]) == 0)
				rc = array_plan_fail(&b->plan->text, &entry.at, ERR_INVALID,
						     "this setting is named twice");
		mem_free(setting.initiator);
	}
	if (rc == 0)
		rc = drop_others(b, owner_id, &named);
	mem_free(named.keys);
	return rc;
}

static int
put_section(struct array_plan_build *b, enum array_plan_section section)
{
	const struct array_plan_entries *entries = &b->sections[section];
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < entries->count; i++) {
		const struct array_plan_entry *entry = &entries->list[i];
		const json_t *list = array_plan_list(entry, "chap");
		struct array_plan_at at = array_plan_member(entry, "chap");

		if (list != NULL && !entry->absent)
			rc = put_list(b, &entry->id, list, &at);
	}
	return rc;
}

int
array_plan_put_chap(struct array_plan_build *b)
{
	const struct array_plan_at at = { .member = "discovery_chap" };
	const json_t *discovery = json_object_get(b->plan->text.json, at.member);
	int rc = put_section(b, PLAN_HOSTS);

	if (rc == 0)
		rc = put_section(b, PLAN_TARGETS);
	return rc < 0 || discovery == NULL ? rc
					   : put_list(b, &credential_discovery, discovery, &at);
}
