/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A part of array.h, which says what all of its functions have in common: the audit log and tokens.
 */
#ifndef VDS_ARRAY_ADMIN_H
#define VDS_ARRAY_ADMIN_H

#include "model/audit.h"

struct array;
struct array_answer;
struct array_request;

/* ---- the audit log ---- */

/*
 * Records a request that has committed no change: code 0 (it was done) or why it was not, with a
 * text.  Returns 0 or an error of the catalog.
 */
int array_audit_put(struct array *array, const struct array_request *request, int code,
		    const char *text);

struct array_audit_query {
	uint64_t before;    /* only records with a smaller number; 0 = all */
	int64_t since_ms;   /* only records that are not older; UTC */
	const char *object; /* an id or the name of an object; NULL = of all */
	const char *who;    /* the name of a user, a token or a certificate; NULL = of all */
	size_t limit;
};

/*
 * Lists records, the newest first.  *ret_records is one block that the caller frees with
 * array_audit_free.  Returns 0 or an error.
 */
int array_audit_list(struct array *array, const struct array_audit_query *query,
		     struct audit_record **ret_records, size_t *ret_count);
void array_audit_free(struct audit_record *records, size_t count);

/* ---- tokens ---- */

#define ARRAY_TOKEN_SIZE 48 /* bytes of a token's text, with its NUL */

struct array_token {
	struct guid id;
	char name[PRINCIPAL_NAME_SIZE];
	char creator[PRINCIPAL_TEXT_SIZE]; /* who created it, for people */
	enum principal_role role;
	int64_t created_ms, expires_ms; /* UTC; expires_ms 0 = never */
	int64_t used_ms;                /* the last use since vdsd started; 0 = none */
};

/*
 * Creates a token.  name: one word.  expires_ms: UTC, or 0 = never.  ret_secret: the token's text,
 * which is returned only here; "" when the answer repeats an earlier one.  The caller overwrites it
 * after use.  Further errors: ERR_NAME_IN_USE.
 */
int array_token_create(struct array *array, const struct array_request *request, const char *name,
		       enum principal_role role, int64_t expires_ms,
		       char ret_secret[ARRAY_TOKEN_SIZE], struct array_answer *ret_answer);
/*
 * Revokes a token: when this returns, array_token_check and array_token_role refuse it, and every
 * wait of array_listener_next has ended.
 */
int array_token_revoke(struct array *array, const struct array_request *request,
		       const struct guid *id, struct array_answer *ret_answer);
/*
 * Finds the token whose secret text is `secret`, and notes its use.  Takes the same time for every
 * wrong text.
 * Returns 0, ERR_ACCESS (it is unknown, revoked or expired) or -ENOMEM.  Any thread; never blocks
 * longer than a lock.
 */
int array_token_check(struct array *array, const char *secret, struct array_token *ret_token);
/*
 * Returns the role of a token, or ROLE_NONE when the token was revoked or has expired.  Any thread;
 * never blocks longer than a lock.
 */
enum principal_role array_token_role(struct array *array, const struct guid *id);
/*
 * Lists the tokens, those that have expired too.  Returns 0 or -ENOMEM; the caller frees
 * *ret_tokens with mem_free.  Any thread.
 */
int array_tokens(struct array *array, struct array_token **ret_tokens, size_t *ret_count);

#endif
