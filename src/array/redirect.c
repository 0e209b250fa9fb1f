/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sets where a target sends logins.  Callers: any thread except the writer; apply functions run on
 * the writer thread.  Source: RFC 7143 §11.13.5.
 */
#include <errno.h>
#include <string.h>

#include "array/array_int.h"
#include "array/plan_int.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "model/redirect.h"

#define WORDS_MAX 128

static int
take_word(struct redirect *redirect, const char *word)
{
	bool *flag = str_equal(word, "permanent") ? &redirect->permanent
		     : str_equal(word, "move")    ? &redirect->moves
						  : NULL;

	if (flag == NULL)
		return err_set(ERR_INVALID,
			       "\"%.40s\" is no word of a redirect: behind ADDRESS:PORT may stand "
			       "permanent and move",
			       word);
	*flag = true;
	return 0;
}

static int
take_endpoint(struct redirect *redirect, const char *text)
{
	char address[64];
	uint32_t port;
	int rc;

	if (strchr(text, ',') != NULL)
		return err_set(ERR_INVALID,
			       "%.80s has a portal group tag, which a redirect cannot name (RFC "
			       "7143 §13.8): write ADDRESS or ADDRESS:PORT",
			       text);
	/* an IPv6 address alone needs no brackets */
	if (text[0] != '[' && strchr(text, ':') != strrchr(text, ':')) {
		rc = array_plan_address(text, address);
		port = 3260;
	} else {
		rc = array_plan_endpoint_read(text, address, &port);
	}
	if (rc < 0)
		return rc;
	if (str_equal(address, "0.0.0.0") || str_equal(address, "::"))
		return err_set(ERR_INVALID, "%s is no address that an initiator can log in to",
			       address);
	redirect_endpoint(address, port, redirect->endpoint);
	return 0;
}

int
array_redirect_normalize(const char *text, char ret_text[REDIRECT_TEXT_SIZE])
{
	struct redirect redirect = { 0 };
	char words[WORDS_MAX], *next = NULL;
	int rc = 0;

	ret_text[0] = '\0';
	if (text[0] == '\0' || str_equal(text, "none"))
		return 0;
	if (strlen(text) >= sizeof(words))
		return err_set(ERR_INVALID, "a redirect is ADDRESS:PORT and at most two words");
	memcpy(words, text, strlen(text) + 1);
	for (char *word = strtok_r(words, " ", &next); rc == 0 && word != NULL;
	     word = strtok_r(NULL, " ", &next))
		rc = redirect.endpoint[0] == '\0' ? take_endpoint(&redirect, word)
						  : take_word(&redirect, word);
	if (rc == 0 && redirect.endpoint[0] == '\0')
		rc = err_set(ERR_INVALID, "a redirect begins with ADDRESS:PORT");
	if (rc == 0)
		redirect_format(&redirect, ret_text);
	return rc;
}

int
array_redirect_check(const struct state *view, const struct row_target *target)
{
	const struct row_portal *there;
	struct redirect redirect;

	if (!redirect_parse(target->redirect, &redirect))
		return 0;
	there = redirect_portal(view, &redirect);
	if (there == NULL || redirect_is_served(view, &target->id, &there->id))
		return 0;
	return err_set(ERR_INVALID,
		       "%s is a portal of this array at which target %s is not served, so logins "
		       "would find nothing there: put the portal into a group of the target first "
		       "(vdsctl group add)",
		       redirect.endpoint, target->iscsi_name);
}

struct redirect_change {
	struct array_task task;
	struct guid id;
	char text[REDIRECT_TEXT_SIZE];
};

static int
redirect_apply(struct array *array, struct array_task *task)
{
	struct redirect_change *c = container_of(task, struct redirect_change, task);
	const struct state *view = state_edit_view(task->edit);
	const struct row_target *target = state_find(view, ROW_TARGET, &c->id);
	AUTO_ROW struct row_target *row = NULL;
	int rc;

	(void)array;
	if (target == NULL)
		return array_name_no_such(ROW_TARGET, &c->id);
	row = row_copy(target);
	if (row == NULL || row_set_string(&row->redirect, c->text) < 0)
		return -ENOMEM;
	rc = array_redirect_check(view, row);
	task->answer.object_id = c->id;
	return rc < 0 ? rc : state_edit_put(task->edit, TAKE(row));
}

int
array_target_set_redirect(struct array *array, const struct array_request *request,
			  const struct guid *target, const char *redirect,
			  struct array_answer *ret_answer)
{
	struct redirect_change c = {
		.task = { .apply = redirect_apply, .cause = "target.redirect" },
		.id = *target,
	};
	int rc = array_redirect_normalize(redirect, c.text);

	return rc < 0 ? rc : array_change_run(array, request, &c.task, ret_answer);
}
