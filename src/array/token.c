/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tokens: with one of them a program asks in its own name and with a role of its own, over TCP or
 * over the unix socket.  The catalog has only hashes; the text of a token is returned once, by
 * array_token_create.  A token is 256 random bits, so its hash needs neither salt nor stretching.
 *
 * The list in memory is what the catalog has committed.  The writer thread changes it, under
 * tokens_lock; threads of requests look tokens up.
 */
#include <errno.h>
#include <string.h>

#include <openssl/crypto.h>

#include "array/array_int.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/system.h"

#define SECRET_BYTES 32
#define PREFIX       "vds_"
#define TOKENS_MAX   1000

struct token {
	struct list node; /* tokens_lock */
	struct array_token about;
	uint8_t hash[SHA256_BYTES];
};

/* ---- the list ---- */

/* Returns the token of this id, or NULL.  The caller holds tokens_lock. */
static struct token *
find(struct array *array, const struct guid *id)
{
	list_for_each(node, &array->tokens) {
		struct token *token = list_entry(node, struct token, node);

		if (guid_equal(&token->about.id, id))
			return token;
	}
	return NULL;
}

static bool
has_expired(const struct token *token)
{
	return token->about.expires_ms != 0 && token->about.expires_ms <= clock_utc_ms();
}

/*
 * Compares with every token, and each time all bytes, so that the time tells nothing of a hash.
 * The caller holds tokens_lock.
 */
static struct token *
find_hash(struct array *array, const uint8_t hash[SHA256_BYTES])
{
	struct token *found = NULL;

	list_for_each(node, &array->tokens) {
		struct token *token = list_entry(node, struct token, node);

		if (CRYPTO_memcmp(token->hash, hash, SHA256_BYTES) == 0)
			found = token;
	}
	return found;
}

int
array_token_check(struct array *array, const char *secret, struct array_token *ret_token)
{
	uint8_t hash[SHA256_BYTES];
	struct token *token;
	int rc = sha256_of(secret, strlen(secret), hash);

	if (rc < 0)
		return rc;
	pthread_mutex_lock(&array->tokens_lock);
	token = find_hash(array, hash);
	if (token == NULL) {
		rc = err_set(ERR_ACCESS, "the token is unknown or was revoked: `vdsctl token "
					 "create` makes a new one");
	} else if (has_expired(token)) {
		rc = err_set(ERR_ACCESS,
			     "the token %s has expired: `vdsctl token create` makes a new one",
			     token->about.name);
	} else {
		token->about.used_ms = clock_utc_ms();
		*ret_token = token->about;
	}
	pthread_mutex_unlock(&array->tokens_lock);
	return rc;
}

enum principal_role
array_token_role(struct array *array, const struct guid *id)
{
	enum principal_role role = ROLE_NONE;
	struct token *token;

	pthread_mutex_lock(&array->tokens_lock);
	token = find(array, id);
	if (token != NULL && !has_expired(token))
		role = token->about.role;
	pthread_mutex_unlock(&array->tokens_lock);
	return role;
}

int
array_tokens(struct array *array, struct array_token **ret_tokens, size_t *ret_count)
{
	struct array_token *tokens;
	size_t count = 0;

	pthread_mutex_lock(&array->tokens_lock);
	tokens = mem_calloc(array->token_count + 1, sizeof(*tokens));
	if (tokens != NULL)
		list_for_each(node, &array->tokens)
			tokens[count++] = list_entry(node, struct token, node)->about;
	pthread_mutex_unlock(&array->tokens_lock);
	if (tokens == NULL)
		return -ENOMEM;
	*ret_tokens = tokens;
	*ret_count = count;
	return 0;
}

/* ---- create ---- */

struct token_change {
	struct array_task task;
	struct token *token; /* owned until it is in the list */
	struct guid id;
	char said[PRINCIPAL_NAME_SIZE + 64]; /* for the logs */
};

/* A name stands in logs and on command lines, so it is one word. */
static int
name_check(const char *name)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789._@-";
	size_t len = strlen(name);

	if (len == 0 || len >= PRINCIPAL_NAME_SIZE || strspn(name, allowed) != len ||
	    name[0] == '-')
		return err_set(ERR_INVALID,
			       "the name of a token must be 1 to %d letters, digits, dots, dashes, "
			       "underscores or @, and not begin with a dash",
			       PRINCIPAL_NAME_SIZE - 1);
	return 0;
}

/* Writes a new token: "vds_" and 256 random bits in the alphabet of RFC 4648 §5. */
static int
secret_make(char ret_secret[ARRAY_TOKEN_SIZE])
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				     "0123456789-_";
	uint8_t bytes[SECRET_BYTES + 1] = { 0 };
	char *out = ret_secret + sizeof(PREFIX) - 1;
	int rc = system_random(bytes, SECRET_BYTES);

	_Static_assert(ARRAY_TOKEN_SIZE == sizeof(PREFIX) + (SECRET_BYTES * 8 + 5) / 6,
		       "the token fits");
	if (rc < 0)
		return err_set(rc, "the system has no random bytes");
	memcpy(ret_secret, PREFIX, sizeof(PREFIX) - 1);
	for (size_t bit = 0; bit < (size_t)SECRET_BYTES * 8; bit += 6) {
		unsigned two = (unsigned)bytes[bit / 8] << 8 | bytes[bit / 8 + 1];

		*out++ = digits[two >> (10 - bit % 8) & 63];
	}
	*out = '\0';
	OPENSSL_cleanse(bytes, sizeof(bytes));
	return 0;
}

/* A token is no row, so that changelog.c does not see it. */
static void
said_log(const struct array_request *request, const char *said)
{
	struct principal who = array_request_principal(request);
	char text[PRINCIPAL_TEXT_SIZE];

	log_info("array.change", "%s by %s", said, principal_format(&who, text));
}

static int
create_apply(struct array *array, struct array_task *task)
{
	struct token_change *c = container_of(task, struct token_change, task);
	const struct array_token *about = &c->token->about;
	struct catalog_token row = {
		.id = about->id,
		.name = about->name,
		.creator = about->creator,
		.role = about->role,
		.created_ms = about->created_ms,
		.expires_ms = about->expires_ms,
	};

	if (array->token_count >= TOKENS_MAX)
		return err_set(ERR_LIMIT, "there are %d tokens already: revoke some first",
			       TOKENS_MAX);
	memcpy(row.hash, c->token->hash, sizeof(row.hash));
	snprintf(c->said, sizeof(c->said), "token %s: created with the role %s%s", about->name,
		 principal_role_name(about->role), about->expires_ms != 0 ? ", which expires" : "");
	task->said = c->said;
	task->answer.object_id = about->id;
	return catalog_token_put(array->catalog, &row);
}

static void
create_published(struct array *array, struct array_task *task)
{
	struct token_change *c = container_of(task, struct token_change, task);

	pthread_mutex_lock(&array->tokens_lock);
	list_append(&array->tokens, &TAKE(c->token)->node);
	array->token_count++;
	pthread_mutex_unlock(&array->tokens_lock);
}

static struct token *
token_new(const struct array_request *request, const char *name, enum principal_role role,
	  int64_t expires_ms)
{
	struct principal who = array_request_principal(request);
	struct token *token = mem_calloc(1, sizeof(*token));

	if (token == NULL)
		return NULL;
	guid_make(&token->about.id);
	snprintf(token->about.name, sizeof(token->about.name), "%s", name);
	principal_format(&who, token->about.creator);
	token->about.role = role;
	token->about.created_ms = clock_utc_ms();
	token->about.expires_ms = expires_ms;
	return token;
}

static int
create(struct array *array, const struct array_request *request, struct token_change *c,
       char ret_secret[ARRAY_TOKEN_SIZE], struct array_answer *ret_answer)
{
	char secret[ARRAY_TOKEN_SIZE];
	int rc = secret_make(secret);

	if (rc == 0)
		rc = sha256_of(secret, strlen(secret), c->token->hash);
	if (rc == 0)
		rc = array_change_run(array, request, &c->task, ret_answer);
	if (rc == 0)
		memcpy(ret_secret, secret, sizeof(secret));
	if (rc == 0 && ret_answer->replayed) /* nobody has the first one's text any more */
		ret_secret[0] = '\0';
	OPENSSL_cleanse(secret, sizeof(secret));
	return rc;
}

int
array_token_create(struct array *array, const struct array_request *request, const char *name,
		   enum principal_role role, int64_t expires_ms, char ret_secret[ARRAY_TOKEN_SIZE],
		   struct array_answer *ret_answer)
{
	struct token_change c = {
		.task = { .apply = create_apply,
			  .published = create_published,
			  .cause = "token.create",
			  .use = CATALOG_MAKES },
	};
	int rc = name_check(name);

	if (rc == 0 && expires_ms != 0 && expires_ms <= clock_utc_ms())
		rc = err_set(ERR_INVALID, "a token cannot expire in the past");
	if (rc < 0)
		return rc;
	c.token = token_new(request, name, role, expires_ms);
	if (c.token == NULL)
		return -ENOMEM;
	rc = create(array, request, &c, ret_secret, ret_answer);
	if (rc == 0 && !ret_answer->replayed)
		said_log(request, c.said);
	mem_free(c.token);
	return rc;
}

/* ---- revoke ---- */

static int
revoke_apply(struct array *array, struct array_task *task)
{
	struct token_change *c = container_of(task, struct token_change, task);
	char text[GUID_TEXT_SIZE];
	struct token *token = find(array, &c->id); /* the list is changed by this thread */
	int rc = catalog_token_delete(array->catalog, &c->id);

	snprintf(c->said, sizeof(c->said), "token %s: revoked",
		 token != NULL ? token->about.name : "");
	task->said = c->said;
	task->answer.object_id = c->id;
	return rc == ERR_NOT_FOUND ? err_set(rc, "there is no token %s", guid_format(&c->id, text))
				   : rc;
}

static void
revoke_published(struct array *array, struct array_task *task)
{
	struct token_change *c = container_of(task, struct token_change, task);

	pthread_mutex_lock(&array->tokens_lock);
	c->token = find(array, &c->id);
	if (c->token != NULL) {
		list_remove(&c->token->node);
		array->token_count--;
	}
	pthread_mutex_unlock(&array->tokens_lock);
	array_event_wake(array);
}

int
array_token_revoke(struct array *array, const struct array_request *request, const struct guid *id,
		   struct array_answer *ret_answer)
{
	struct token_change c = {
		.task = { .apply = revoke_apply,
			  .published = revoke_published,
			  .cause = "token.revoke",
			  .use = CATALOG_FREES },
		.id = *id,
	};
	int rc = array_change_run(array, request, &c.task, ret_answer);

	if (rc == 0 && !ret_answer->replayed)
		said_log(request, c.said);
	mem_free(c.token);
	return rc;
}

/* ---- life ---- */

/* A list that is filled from the catalog. */
struct loading {
	struct list tokens;
	size_t count;
};

static int
load_one(void *arg, const struct catalog_token *stored)
{
	struct loading *loading = arg;
	struct token *token = mem_calloc(1, sizeof(*token));

	if (token == NULL)
		return -ENOMEM;
	token->about = (struct array_token){
		.id = stored->id,
		.role = stored->role,
		.created_ms = stored->created_ms,
		.expires_ms = stored->expires_ms,
	};
	snprintf(token->about.name, sizeof(token->about.name), "%s", stored->name);
	snprintf(token->about.creator, sizeof(token->about.creator), "%s", stored->creator);
	memcpy(token->hash, stored->hash, sizeof(token->hash));
	list_append(&loading->tokens, &token->node);
	loading->count++;
	return 0;
}

static void
list_free(struct list *tokens)
{
	struct list *node;

	while ((node = list_pop(tokens)) != NULL)
		mem_free(list_entry(node, struct token, node));
}

/* Moves the tokens of one list to the other.  The caller holds tokens_lock. */
static void
list_move(struct list *from, struct list *to)
{
	struct list *node;

	while ((node = list_pop(from)) != NULL)
		list_append(to, node);
}

int
array_token_load(struct array *array)
{
	struct loading loading = { .count = 0 };
	struct list old;
	int rc;

	list_init(&loading.tokens);
	list_init(&old);
	rc = catalog_tokens(array->catalog, load_one, &loading);
	if (rc < 0) {
		list_free(&loading.tokens);
		return rc;
	}
	pthread_mutex_lock(&array->tokens_lock);
	list_move(&array->tokens, &old);
	list_move(&loading.tokens, &array->tokens);
	array->token_count = loading.count;
	pthread_mutex_unlock(&array->tokens_lock);
	list_free(&old);
	return 0;
}

int
array_token_foreign(struct array *array, const struct guid *id)
{
	struct loading loading = { .count = 0 };
	struct token *old;
	int rc;

	list_init(&loading.tokens);
	rc = catalog_token_of(array->catalog, id, load_one, &loading);
	if (rc < 0)
		return rc;
	pthread_mutex_lock(&array->tokens_lock);
	old = find(array, id);
	if (old != NULL) {
		list_remove(&old->node);
		array->token_count--;
	}
	list_move(&loading.tokens, &array->tokens);
	array->token_count += loading.count;
	pthread_mutex_unlock(&array->tokens_lock);
	mem_free(old);
	return 0;
}

void
array_token_fini(struct array *array)
{
	list_free(&array->tokens);
}
