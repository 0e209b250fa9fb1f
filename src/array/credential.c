/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sets and deletes CHAP secrets of targets, hosts and discovery sessions.  The rows say what
 * everybody may know; the secrets go into the catalog's own table and into the set that the data
 * path has (secrets.c).  No message and no log line names a secret.
 *
 * Callers: any thread except the writer; apply functions run on the writer thread.  Sources: RFC
 * 7143 §9.2.1; vdshwprv IVdsIscsiTarget::SetSharedSecret, RememberInitiatorSharedSecret.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "array/array_int.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/str.h"
#include "model/credential.h"

struct credential_change {
	struct array_task task;
	const struct array_credential_spec *spec;
	const char *user;
	char *initiator;                  /* normalised, owned; NULL = "" */
	struct guid made;                 /* the id of a new credential */
	struct guid id;                   /* of the credential: to delete, or as it was set */
	struct array_secret_entry *entry; /* a reference; NULL = the secret goes */
};

/* ---- checks ---- */

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int
parse_hex(const char *digits, uint8_t bytes[CREDENTIAL_SECRET_MAX], size_t *ret_len)
{
	size_t len = strlen(digits);

	if (len % 2 != 0 || len / 2 > CREDENTIAL_SECRET_MAX)
		return err_set(
			ERR_INVALID,
			"a secret in hexadecimal has two digits for each byte behind 0x, and "
			"at most %d bytes",
			CREDENTIAL_SECRET_MAX);
	for (size_t i = 0; i < len; i += 2) {
		int high = hex_value(digits[i]), low = hex_value(digits[i + 1]);

		if (high < 0 || low < 0)
			return err_set(ERR_INVALID, "the secret begins with 0x, but not only "
						    "hexadecimal digits follow");
		bytes[i / 2] = (uint8_t)(high << 4 | low);
	}
	*ret_len = len / 2;
	return 0;
}

int
array_credential_parse(const char *text, uint8_t bytes[CREDENTIAL_SECRET_MAX], size_t *ret_len)
{
	size_t len = strlen(text);

	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
		return parse_hex(text + 2, bytes, ret_len);
	if (len > CREDENTIAL_SECRET_MAX)
		return err_set(ERR_INVALID, "the secret has %zu bytes: at most %d are allowed", len,
			       CREDENTIAL_SECRET_MAX);
	memcpy(bytes, text, len); /* NOLINT(bugprone-not-null-terminated-result): it has no NUL */
	*ret_len = len;
	return 0;
}

static int
check_secret(const struct array_credential_spec *spec)
{
	if (spec->secret_len < CREDENTIAL_SECRET_MIN)
		return err_set(ERR_INVALID,
			       "the secret has %zu bytes: at least %d are needed, since a shorter "
			       "one can be guessed from one login that somebody records (RFC 7143 "
			       "§9.2.1)",
			       spec->secret_len, CREDENTIAL_SECRET_MIN);
	if (spec->secret_len > CREDENTIAL_SECRET_MAX)
		return err_set(ERR_INVALID, "the secret has %zu bytes: at most %d are allowed",
			       spec->secret_len, CREDENTIAL_SECRET_MAX);
	if (spec->keep_old_s > CREDENTIAL_KEEP_OLD_MAX_S)
		return err_set(ERR_INVALID,
			       "the old secret can stay valid for at most 31 days, not %" PRIu64
			       " seconds",
			       spec->keep_old_s);
	return 0;
}

static int
check_names(struct credential_change *c)
{
	const struct array_credential_spec *spec = c->spec;
	size_t len = strlen(c->user);

	if (len > CREDENTIAL_USER_MAX || !str_is_text(c->user, len))
		return err_set(
			ERR_INVALID,
			"the user name of a CHAP secret must be one line of UTF-8 text of at "
			"most %d bytes",
			CREDENTIAL_USER_MAX);
	if (guid_is_zero(&spec->owner_id) && spec->side == CREDENTIAL_TARGET && len == 0)
		return err_set(ERR_INVALID,
			       "the array's own secret for discovery needs a user name: initiators "
			       "are asked for the name that goes with it");
	if (spec->initiator == NULL || spec->initiator[0] == '\0')
		return 0;
	if (guid_is_zero(&spec->owner_id))
		return err_set(ERR_INVALID, "a secret for discovery is for every initiator: leave "
					    "the initiator away");
	return iscsi_name_normalize(spec->initiator, &c->initiator);
}

/* RFC 7143 §9.2.1: no secret may be configured for both directions. */
static int
check_direction(const struct array *array, const struct array_credential_spec *spec)
{
	enum credential_side other = spec->side == CREDENTIAL_INITIATOR ? CREDENTIAL_TARGET
									: CREDENTIAL_INITIATOR;

	if (!array_secrets_have(array->secrets, other, spec->secret, spec->secret_len))
		return 0;
	return err_set(ERR_INVALID,
		       "the same secret is set for the other direction: initiators and the array "
		       "must prove themselves by different secrets (RFC 7143 §9.2.1)");
}

static int
check_owner(const struct state *view, const struct guid *owner_id)
{
	return credential_owner_is_there(view, owner_id) ? 0
							 : array_name_no_such(ROW_TARGET, owner_id);
}

/* ---- the set of secrets: the writer thread ---- */

/*
 * Gives the data path the set with, or without, the secret; waits for memory, like a publication.
 */
static void
secrets_committed(struct array *array, struct array_task *task)
{
	struct credential_change *c = container_of(task, struct credential_change, task);

	array_secrets_replace(array, &c->id, c->entry);
}

void
array_secrets_replace(struct array *array, const struct guid *id, struct array_secret_entry *entry)
{
	const struct timespec pause = { .tv_nsec = 10 * NS_PER_MS };
	struct array_secrets *old = array->secrets, *set = NULL;

	while (array_secrets_with(old, id, entry, &set) < 0)
		nanosleep(&pause, NULL);
	array->secrets = set;
	array_runtime_secrets(array, set);
	array_secrets_unref(old);
}

/* A set that is filled from the catalog. */
struct secrets_load {
	struct array *array;
	const struct state *state;
	struct array_secrets *set; /* a reference */
};

static int
secret_load(void *arg, const struct catalog_secret *secret)
{
	struct secrets_load *load = arg;
	const struct row_credential *row = state_find(load->state, ROW_CREDENTIAL,
						      &secret->credential_id);
	struct array_secret_entry *entry;
	struct array_secrets *set;
	int rc;

	if (row == NULL)
		return err_set(ERR_CORRUPT, "the catalog has a CHAP secret without its credential");
	entry = array_secret_entry_new(load->array->vault, &row->id, row->side);
	if (entry == NULL)
		return -ENOMEM;
	array_secret_entry_set(entry, secret->bytes, secret->len);
	array_secret_entry_set_old(entry, secret->old_bytes, secret->old_len, row->old_until_ms);
	rc = array_secrets_with(load->set, &row->id, entry, &set);
	array_secret_entry_unref(entry);
	if (rc < 0)
		return rc;
	array_secrets_unref(load->set);
	load->set = set;
	return 0;
}

int
array_credential_load(struct array *array)
{
	struct secrets_load load = { array, array->state, NULL };
	int rc;

	array->vault = array_vault_new();
	rc = array->vault != NULL ? catalog_secrets(array->catalog, secret_load, &load) : -ENOMEM;
	if (rc == 0)
		rc = array_gateway_secret_load(array, &load.set);
	array->secrets = load.set;
	return rc;
}

/* Makes what was read the committed set. */
static void
secrets_take(struct array *array, struct array_secrets *set)
{
	struct array_secrets *old = array->secrets;

	array->secrets = set;
	array_runtime_secrets(array, set);
	array_secrets_unref(old);
}

int
array_credential_foreign(struct array *array, const struct state *state, const struct guid *id)
{
	struct secrets_load load = { array, state, NULL };
	int rc;

	/* one that is gone is dropped by array_credential_forget */
	load.set = array->secrets != NULL ? array_secrets_ref(array->secrets) : NULL;
	rc = catalog_secret_of(array->catalog, id, secret_load, &load);
	if (rc == 0)
		secrets_take(array, load.set);
	else
		array_secrets_unref(load.set);
	return rc;
}

int
array_credential_foreign_all(struct array *array, const struct state *state)
{
	struct secrets_load load = { array, state, NULL };
	int rc = catalog_secrets(array->catalog, secret_load, &load);

	if (rc == 0)
		rc = array_gateway_secret_load(array, &load.set);
	if (rc == 0)
		secrets_take(array, load.set);
	else
		array_secrets_unref(load.set);
	return rc;
}

/* ---- set ---- */

/* What the credential says from now on; the secret before goes into the entry while it is valid. */
static void
fill_times(struct array *array, struct credential_change *c, bool existed,
	   struct row_credential *row)
{
	struct array_secret now[2];

	row->set_ms = clock_utc_ms();
	row->old_until_ms = 0;
	if (!existed || c->spec->keep_old_s == 0 ||
	    array_secrets_find(array->secrets, &row->id, row->set_ms, now) == 0)
		return;
	row->old_until_ms = row->set_ms + (int64_t)c->spec->keep_old_s * 1000;
	array_secret_entry_set_old(c->entry, now[0].bytes, now[0].len, row->old_until_ms);
}

static int
put_secret(struct array *array, const struct credential_change *c, int64_t old_until_ms)
{
	struct array_secret both[2];
	struct catalog_secret secret = { .credential_id = c->id };

	array_secret_entry_get(c->entry, both);
	secret.bytes = both[0].bytes;
	secret.len = both[0].len;
	if (old_until_ms != 0) {
		secret.old_bytes = both[1].bytes;
		secret.old_len = both[1].len;
	}
	return catalog_secret_put(array->catalog, &secret);
}

static int
set_row(struct array *array, struct credential_change *c, struct row_credential *row, bool existed)
{
	row->owner_id = c->spec->owner_id;
	row->side = c->spec->side;
	if (row_set_string(&row->user, c->user) < 0 ||
	    row_set_string(&row->initiator, c->initiator != NULL ? c->initiator : "") < 0)
		return -ENOMEM;
	c->id = row->id;
	array_secret_entry_unref(TAKE(c->entry)); /* of an application to an older state */
	c->entry = array_secret_entry_new(array->vault, &row->id, row->side);
	if (c->entry == NULL)
		return -ENOMEM;
	array_secret_entry_set(c->entry, c->spec->secret, c->spec->secret_len);
	fill_times(array, c, existed, row);
	return 0;
}

static int
set_apply(struct array *array, struct array_task *task)
{
	struct credential_change *c = container_of(task, struct credential_change, task);
	const struct state *view = state_edit_view(task->edit);
	char none[] = "";
	const struct row_credential like = {
		.owner_id = c->spec->owner_id,
		.side = c->spec->side,
		.user = (char *)(uintptr_t)c->user,
		.initiator = c->initiator != NULL ? c->initiator : none,
	};
	const struct row_credential *same;
	AUTO_ROW struct row_credential *row = NULL;
	int rc = check_owner(view, &c->spec->owner_id);

	if (rc == 0)
		rc = check_direction(array, c->spec);
	if (rc < 0)
		return rc;
	same = credential_same(view, &like);
	row = same != NULL ? row_copy(same) : row_new(ROW_CREDENTIAL);
	if (row == NULL)
		return -ENOMEM;
	if (same == NULL)
		row->id = c->made;
	task->answer.existed = same != NULL;
	rc = set_row(array, c, row, same != NULL);
	task->answer.object_id = c->id;
	if (rc == 0)
		rc = put_secret(array, c, row->old_until_ms);
	return rc < 0 ? rc : state_edit_put(task->edit, TAKE(row));
}

int
array_credential_set(struct array *array, const struct array_request *request,
		     const struct array_credential_spec *spec, struct array_answer *ret_answer)
{
	struct credential_change c = {
		.task = { .apply = set_apply,
			  .committed = secrets_committed,
			  .cause = "credential.set",
			  .use = CATALOG_MAKES },
		.spec = spec,
		.user = spec->user != NULL ? spec->user : "",
	};
	int rc = check_secret(spec);

	if (rc == 0)
		rc = check_names(&c);
	guid_make(&c.made);
	/* so that no batch has two: each looks at the secrets as they are */
	pthread_mutex_lock(&array->credentials_lock);
	if (rc == 0)
		rc = array_change_run(array, request, &c.task, ret_answer);
	pthread_mutex_unlock(&array->credentials_lock);
	array_secret_entry_unref(c.entry);
	mem_free(c.initiator);
	return rc;
}

/* ---- delete ---- */

static int
delete_apply(struct array *array, struct array_task *task)
{
	struct credential_change *c = container_of(task, struct credential_change, task);

	(void)array;
	if (state_find(state_edit_view(task->edit), ROW_CREDENTIAL, &c->id) == NULL)
		return array_name_no_such(ROW_CREDENTIAL, &c->id);
	task->answer.object_id = c->id;
	return state_edit_delete(task->edit, ROW_CREDENTIAL, &c->id, NULL);
}

int
array_credential_delete(struct array *array, const struct array_request *request,
			const struct guid *id, struct array_answer *ret_answer)
{
	struct credential_change c = {
		.task = { .apply = delete_apply,
			  .cause = "credential.delete",
			  .use = CATALOG_FREES },
		.id = *id,
	};

	return array_change_run(array, request, &c.task, ret_answer);
}

int
array_credential_edit_remove_all(struct state_edit *edit, const struct guid *owner_id)
{
	struct row_slice slice;
	int rc = 0;

	while (rc == 0 &&
	       (slice = state_owner_credentials(state_edit_view(edit), owner_id)).count > 0) {
		struct guid id = ((const struct row_credential *)slice.rows[0])->id;

		rc = state_edit_delete(edit, ROW_CREDENTIAL, &id, NULL);
	}
	return rc;
}

void
array_credential_forget(struct array *array, const struct change *change)
{
	for (size_t i = 0; change != NULL && i < change->op_count; i++)
		if (change->ops[i].family == ROW_CREDENTIAL && change->ops[i].row == NULL)
			array_secrets_replace(array, &change->ops[i].key.a, NULL);
}
