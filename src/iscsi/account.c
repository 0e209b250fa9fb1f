/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Counts the memory that a connection holds on behalf of its peer (text, data segments that came in
 * parts, answers that wait to be sent) and that a session holds (PDUs ahead of their turn, task
 * structs).  So all connections together stay within a budget.
 *
 * The first ISCSI_ACCOUNT_FREE bytes of each connection are always granted.  A login or a discovery
 * needs no more, so peers that use up the budget cannot keep others from logging in.  Called by the
 * files of src/iscsi on the thread that has the connection; several threads share a budget.
 */
#include "iscsi/iscsi_int.h"

#include "base/err.h"

static size_t
excess(const struct iscsi_account *account, size_t bytes)
{
	return bytes > account->free_bytes ? bytes - account->free_bytes : 0;
}

static bool
budget_take(struct iscsi_budget *budget, size_t bytes)
{
	if (budget == NULL || bytes == 0)
		return true;
	if (atomic_fetch_add(&budget->used_bytes, bytes) + bytes <= budget->max_bytes)
		return true;
	atomic_fetch_sub(&budget->used_bytes, bytes);
	return false;
}

int
iscsi_account_take(struct iscsi_account *account, size_t bytes)
{
	size_t before = excess(account, account->bytes);
	size_t after = excess(account, account->bytes + bytes);

	if (!budget_take(account->budget, after - before))
		return ERR_LIMIT;
	account->bytes += bytes;
	return 0;
}

void
iscsi_account_give(struct iscsi_account *account, size_t bytes)
{
	size_t before = excess(account, account->bytes);
	size_t after = excess(account, account->bytes - bytes);

	account->bytes -= bytes;
	if (account->budget != NULL && before > after)
		atomic_fetch_sub(&account->budget->used_bytes, before - after);
}

bool
iscsi_account_is_tight(const struct iscsi_account *account)
{
	const struct iscsi_budget *budget = account->budget;

	return budget != NULL && atomic_load_explicit(&budget->used_bytes, memory_order_relaxed) >
					 budget->max_bytes / 2;
}

void
iscsi_account_move(struct iscsi_account *account, struct iscsi_budget *budget)
{
	size_t bytes = excess(account, account->bytes);

	/*
	 * What is held already moves even when the other budget is used up: it must be counted
	 * somewhere.
	 */
	if (account->budget != NULL)
		atomic_fetch_sub(&account->budget->used_bytes, bytes);
	if (budget != NULL)
		atomic_fetch_add(&budget->used_bytes, bytes);
	account->budget = budget;
}

void
iscsi_conn_set_budget(struct iscsi_conn *conn, struct iscsi_budget *budget)
{
	iscsi_account_move(&conn->account, budget);
	iscsi_account_move(&conn->session->account, budget);
}

size_t
iscsi_conn_memory(const struct iscsi_conn *conn)
{
	return conn->account.bytes + conn->session->account.bytes;
}
