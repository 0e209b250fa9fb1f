/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * SCSI commands as tasks: their pool, their tags, their states.  Called by conn.c, data.c, tmf.c
 * and the owner, on the thread that has the connection.
 *
 *	          command                      respond, finish, good, drop
 *	FREE ----------------> OWNER --------------------------------------> ENDING ---sent---> FREE
 *	                        |  ^                                           ^
 *	           accept_write |  | write_ready                               | F bit of the last sequence
 *	                        v  |                                           |
 *	                      COLLECT ---- respond, or a fault of the data --> DRAIN
 *
 * Transition -> function: command: iscsi_task_on_command; accept_write: iscsi_task_accept_write;
 * write_ready: data.c; ends: below and data.c; back to FREE: iscsi_task_release.  task_check
 * asserts what must hold in each state.
 *
 * Tasks live in chunks that are allocated when they are first needed and kept; the pool may hold
 * twice the window, since a place in the window is free when the last answer is queued, and the
 * task only when it was sent.
 */
#include "iscsi/recover_int.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/err.h"

void
iscsi_task_pool_init(struct iscsi_task_pool *pool, uint32_t limit, uint32_t extra_bytes,
		     struct iscsi_account *account)
{
	uint32_t bytes = (uint32_t)sizeof(struct iscsi_cmd);

	memset(pool, 0, sizeof(*pool));
	pool->account = account;
	bytes += -bytes & 15u;
	pool->task_bytes = bytes + extra_bytes + (-extra_bytes & 15u);
	pool->limit = limit;
}

void
iscsi_task_pool_widen(struct iscsi_task_pool *pool, uint32_t bytes)
{
	if (pool->wide_at != 0)
		return;
	assert(pool->chunks == 0);
	pool->wide_at = pool->task_bytes;
	pool->task_bytes += bytes + (-bytes & 15u);
}

/* What a chunk takes from the budget: the first one is every session's, and free. */
static size_t
chunk_cost(const struct iscsi_task_pool *pool, uint32_t chunk)
{
	return chunk == 0 ? 0 : (size_t)TASK_CHUNK * pool->task_bytes;
}

void
iscsi_task_pool_fini(struct iscsi_task_pool *pool)
{
	for (uint32_t i = 0; i < pool->chunks; i++) {
		mem_free(pool->chunk[i]);
		iscsi_account_give(pool->account, chunk_cost(pool, i));
	}
	mem_free(pool->bucket);
	pool->bucket = NULL;
	pool->chunks = 0;
	pool->free = NULL;
}

struct iscsi_cmd *
iscsi_task_at(const struct iscsi_task_pool *pool, uint32_t number)
{
	uint8_t *chunk = pool->chunk[number / TASK_CHUNK];

	return (struct iscsi_cmd *)(void *)(chunk +
					    (size_t)(number % TASK_CHUNK) * pool->task_bytes);
}

static int
pool_grow(struct iscsi_task_pool *pool)
{
	/* Tasks of stores that hang are not to take the places of those for other units. */
	if (pool->chunks == TASK_CHUNKS_MAX ||
	    pool->chunks * TASK_CHUNK >= pool->limit + pool->abandoned)
		return ERR_LIMIT;
	/*
	 * Sessions that keep many commands waiting leave the second half of the budget to the
	 * others.
	 */
	if (pool->chunks >= TASK_CHUNKS_FAIR && iscsi_account_is_tight(pool->account))
		return ERR_LIMIT;
	if (pool->bucket == NULL)
		pool->bucket = mem_calloc(TASK_BUCKETS, sizeof(struct iscsi_cmd *));
	if (pool->bucket == NULL)
		return -ENOMEM;
	int rc = iscsi_account_take(pool->account, chunk_cost(pool, pool->chunks));

	if (rc < 0)
		return rc;
	/* mem_alloc aligns to 16 as malloc does. */
	pool->chunk[pool->chunks] = mem_calloc(TASK_CHUNK, pool->task_bytes);
	if (pool->chunk[pool->chunks] == NULL) {
		iscsi_account_give(pool->account, chunk_cost(pool, pool->chunks));
		return -ENOMEM;
	}
	pool->chunks++;
	for (uint32_t i = TASK_CHUNK; i-- > 0;) {
		struct iscsi_cmd *task = iscsi_task_at(pool, (pool->chunks - 1) * TASK_CHUNK + i);

		task->number = (pool->chunks - 1) * TASK_CHUNK + i;
		task->pub.extra = (uint8_t *)task + sizeof(*task) + (-sizeof(*task) & 15u);
		task->next = pool->free;
		pool->free = task;
	}
	return 0;
}

static struct iscsi_cmd **
bucket_of(struct iscsi_task_pool *pool, uint32_t itt)
{
	return &pool->bucket[(itt ^ itt >> 16) % TASK_BUCKETS];
}

struct iscsi_cmd *
iscsi_task_find(const struct iscsi_task_pool *pool, uint32_t itt)
{
	struct iscsi_cmd *task;

	if (pool->bucket == NULL)
		return NULL;
	task = pool->bucket[(itt ^ itt >> 16) % TASK_BUCKETS];
	while (task != NULL && task->pub.itt != itt)
		task = task->next;
	return task;
}

static void
bucket_remove(struct iscsi_task_pool *pool, struct iscsi_cmd *task)
{
	struct iscsi_cmd **at = bucket_of(pool, task->pub.itt);

	while (*at != task)
		at = &(*at)->next;
	*at = task->next;
}

/* Invariants of a state, for tests and debug builds; cheap enough for all. */
static void
task_check(const struct iscsi_cmd *task)
{
	switch ((enum iscsi_task_state)task->state) {
	case TASK_FREE:
		assert(task->in_ring == 0 && !task->counted);
		break;
	case TASK_OWNER:
		assert(task->in_ring == 0 && task->r2t_sent == task->r2t_done);
		break;
	case TASK_COLLECT:
	case TASK_DRAIN:
		assert(task->in_ring == 0 && task->r2t_done <= task->r2t_sent);
		break;
	case TASK_ENDING:
		break;
	}
}

void
iscsi_task_to(struct iscsi_cmd *task, enum iscsi_task_state state)
{
	struct iscsi_conn *conn = task->pub.conn;

	if (task->state == TASK_OWNER)
		conn->with_owner--;
	task->state = (uint8_t)state;
	if (state == TASK_OWNER)
		conn->with_owner++;
	task_check(task);
}

static struct iscsi_cmd *
task_new(struct iscsi_conn *conn, int *ret_err)
{
	struct iscsi_task_pool *pool = &conn->session->pool;
	struct iscsi_cmd *task;

	if (pool->free == NULL) {
		*ret_err = pool_grow(pool);
		if (*ret_err < 0)
			return NULL;
	}
	task = pool->free;
	pool->free = task->next;
	return task;
}

void
iscsi_task_untag(struct iscsi_cmd *task)
{
	struct iscsi_conn *conn = task->pub.conn;

	if (task->counted)
		conn->session->in_use--;
	if (task->tagged)
		bucket_remove(&conn->session->pool, task);
	task->counted = task->tagged = false;
}

void
iscsi_task_release(struct iscsi_cmd *task)
{
	struct iscsi_conn *conn = task->pub.conn;
	struct iscsi_task_pool *pool = &conn->session->pool;

	list_remove(&task->item.node);
	iscsi_rx_forget(&conn->rx, task);
	iscsi_task_untag(task);
	if (conn->recover.on)
		iscsi_recover_task_end(task);
	if (task->abandoned) {
		pool->abandoned--;
		conn->abandoned--;
	} else if (task->pub.immediate) {
		pool->immediates--;
	}
	iscsi_task_to(task, TASK_FREE);
	if (task->owned)
		conn->ops->task_done(conn->user, &task->pub);
	mem_free(task->cdb_long);
	task->cdb_long = NULL;
	task->next = pool->free;
	pool->free = task;
	if (task->pub.aborted)
		iscsi_tmf_on_task_gone(conn->session, task);
}

/* --- a command arrives --- */

static void
task_reset(struct iscsi_cmd *task, struct iscsi_conn *conn, const uint8_t *bhs)
{
	struct iscsi_task *pub = &task->pub;
	uint32_t edtl = get_be32(bhs + AT_EDTL);

	pub->conn = conn;
	pub->owner = NULL;
	pub->cdb = task->cdb;
	pub->cdb_len = sizeof(task->cdb);
	pub->attr = bhs[AT_FLAGS] & FLAG_ATTR_MASK;
	pub->immediate = iscsi_bhs_is_immediate(bhs);
	pub->reads = (bhs[AT_FLAGS] & FLAG_READ) != 0;
	pub->writes = (bhs[AT_FLAGS] & FLAG_WRITE) != 0;
	pub->aborted = false;
	memcpy(pub->lun, bhs + AT_LUN, sizeof(pub->lun));
	pub->itt = get_be32(bhs + AT_ITT);
	pub->cmd_sn = get_be32(bhs + AT_CMD_SN);
	pub->write_expected = pub->writes ? edtl : 0;
	pub->read_expected = pub->reads && !pub->writes ? edtl : 0;
	memcpy(task->cdb, bhs + AT_CDB, sizeof(task->cdb));
	task->item.node.next = task->item.node.prev = NULL;
	task->owned = task->counted = task->tagged = task->unsolicited = false;
	task->in_command = task->accepted = task->status_in_data = task->abandoned = false;
	task->wr_want = task->wr_pos = task->wr_first_max = task->wr_sn = 0;
	task->r2t_base = task->r2t_sent = task->r2t_done = 0;
	task->rd_left = task->rd_pos = task->rd_burst = task->data_sn = task->data_ins =
		task->in_ring = 0;
	task->arrival = conn->session->pool.arrivals++;
	task->status = task->response = task->flags = 0;
	task->residual = task->bidi_residual = 0;
	task->sense_len = 0;
}

static int
task_take_ahs(struct iscsi_cmd *task, const struct iscsi_pdu *pdu)
{
	struct iscsi_ahs ahs;

	if (pdu->ahs_len == 0)
		return 0;
	if (iscsi_pdu_parse_ahs(pdu->bhs + BHS_SIZE, pdu->ahs_len, &ahs) < 0)
		return ERR_PROTOCOL;
	if (task->pub.reads && task->pub.writes)
		task->pub.read_expected = ahs.read_len;
	if (ahs.cdb_more == NULL)
		return 0;
	task->cdb_long = mem_alloc(sizeof(task->cdb) + ahs.cdb_more_len);
	if (task->cdb_long == NULL)
		return -ENOMEM;
	memcpy(task->cdb_long, task->cdb, sizeof(task->cdb));
	memcpy(task->cdb_long + sizeof(task->cdb), ahs.cdb_more, ahs.cdb_more_len);
	task->pub.cdb = task->cdb_long;
	task->pub.cdb_len = (uint16_t)(sizeof(task->cdb) + ahs.cdb_more_len);
	return 0;
}

/*
 * Data that came with the command: does it obey what was negotiated?  RFC 7143 §11.3.4, §13.11,
 * §13.14.
 */
static bool
immediate_data_ok(struct iscsi_cmd *task, const struct iscsi_params *params, bool final,
		  uint32_t len)
{
	struct iscsi_task *pub = &task->pub;

	task->unsolicited = !final && pub->writes && !params->initial_r2t;
	task->wr_first_max = MIN(params->first_burst_len, pub->write_expected);
	task->wr_pos = len;
	if (!final && pub->writes && params->initial_r2t)
		return false;
	return len == 0 || (params->immediate_data && len <= task->wr_first_max);
}

static void
task_hand_up(struct iscsi_conn *conn, struct iscsi_cmd *task, const struct iscsi_pdu *pdu)
{
	task->pub.data = pdu->data;
	task->pub.data_len = pdu->data_len;
	task->owned = true;
	task->in_command = true;
	iscsi_task_to(task, TASK_OWNER);
	conn->ops->command(conn->user, &task->pub);
	/* It may be gone by now, but its memory stays in the pool. */
	task->in_command = false;
	task->pub.data = NULL;
	task->pub.data_len = 0;
}

/* No place for it: TASK SET FULL.  Can only happen when the owner holds back output for long. */
static int
task_set_full(struct iscsi_conn *conn, const struct iscsi_pdu *pdu)
{
	int rc;
	struct iscsi_tx_msg *msg = iscsi_tx_msg_new(conn, OP_RESPONSE, get_be32(pdu->bhs + AT_ITT),
						    0, &rc);

	if (msg == NULL)
		return rc;
	msg->bhs[AT_STATUS] = 0x28;
	iscsi_tx_msg_send(conn, msg);
	return 0;
}

/*
 * RFC 7143 §11.3.1: "Setting both the W and the F bit to 0 is an error"; of the attributes, 5 to 7
 * are reserved.
 */
static bool
flags_ok(uint8_t flags)
{
	return (flags & (FLAG_FINAL | FLAG_WRITE)) != 0 &&
	       (flags & FLAG_ATTR_MASK) <= ISCSI_ATTR_ACA;
}

int
iscsi_task_on_command(struct iscsi_conn *conn, const struct iscsi_pdu *pdu)
{
	const uint8_t *bhs = pdu->bhs;
	struct iscsi_task_pool *pool = &conn->session->pool;
	uint32_t itt = get_be32(bhs + AT_ITT);
	struct iscsi_cmd *task, **bucket;
	int rc;

	if (itt == TAG_NONE || !flags_ok(bhs[AT_FLAGS]))
		return iscsi_control_reject(conn, pdu, REJECT_INVALID_FIELD);
	task = iscsi_task_find(pool, itt);
	if (task != NULL && !(conn->recover.on && iscsi_recover_retag(task)))
		return iscsi_control_reject(conn, pdu, REJECT_TASK_IN_PROGRESS);
	if (iscsi_bhs_is_immediate(bhs) && pool->immediates >= conn->immediate_depth)
		return iscsi_control_reject(conn, pdu, REJECT_TOO_MANY_IMMEDIATE);
	task = task_new(conn, &rc);
	if (task == NULL)
		return rc == ERR_LIMIT ? task_set_full(conn, pdu) : rc;
	task_reset(task, conn, bhs);
	rc = task_take_ahs(task, pdu);
	if (rc < 0) {
		task->next = pool->free;
		pool->free = task;
		return rc == ERR_PROTOCOL ? iscsi_control_reject(conn, pdu, REJECT_INVALID_FIELD)
					  : rc;
	}
	bucket = bucket_of(pool, itt);
	task->next = *bucket;
	*bucket = task;
	task->tagged = true;
	if (conn->recover.on)
		iscsi_recover_task_begin(task);
	if (task->pub.immediate) {
		pool->immediates++;
	} else {
		task->counted = true;
		conn->session->in_use++;
	}
	if (immediate_data_ok(task, &conn->params, (bhs[AT_FLAGS] & FLAG_FINAL) != 0,
			      pdu->data_len))
		task_hand_up(conn, task, pdu);
	else
		iscsi_data_fault(task, ISCSI_FAULT_UNEXPECTED_UNSOLICITED);
	return 0;
}

/* --- the owner's calls --- */

static uint32_t
clamp_u32(uint64_t value)
{
	return value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;
}

/* RFC 7143 §11.4.5: residual counts and their bits. */
static void
set_residual(struct iscsi_cmd *task, uint64_t length)
{
	uint32_t expected = task->pub.writes ? task->pub.write_expected : task->pub.read_expected;

	task->flags &= (uint8_t) ~(FLAG_OVERFLOW | FLAG_UNDERFLOW);
	task->residual = 0;
	if (length > expected) {
		task->flags |= FLAG_OVERFLOW;
		task->residual = clamp_u32(length - expected);
	} else if (length < expected) {
		task->flags |= FLAG_UNDERFLOW;
		task->residual = expected - (uint32_t)length;
	}
}

static void
set_bidi_residual(struct iscsi_cmd *task, uint64_t length)
{
	uint32_t expected = task->pub.read_expected;

	if (!task->pub.reads || !task->pub.writes)
		return;
	if (length > expected) {
		task->flags |= FLAG_BIDI_OVERFLOW;
		task->bidi_residual = clamp_u32(length - expected);
	} else if (length < expected) {
		task->flags |= FLAG_BIDI_UNDERFLOW;
		task->bidi_residual = expected - (uint32_t)length;
	}
}

/* The four ends begin so.  False: the task was aborted and is gone. */
static bool
task_is_wanted(struct iscsi_cmd *task)
{
	assert(task->state == TASK_OWNER || task->state == TASK_COLLECT);
	if (!task->pub.aborted)
		return true;
	iscsi_task_release(task);
	return false;
}

void
iscsi_task_good(struct iscsi_task *pub, uint64_t length)
{
	struct iscsi_cmd *task = iscsi_task_of(pub);

	if (!task_is_wanted(task))
		return;
	set_residual(task, length);
	if (pub->reads && pub->writes)
		set_bidi_residual(task, 0);
	iscsi_data_send_status(task);
}

void
iscsi_task_respond(struct iscsi_task *pub, const struct iscsi_result *result)
{
	struct iscsi_cmd *task = iscsi_task_of(pub);

	if (!task_is_wanted(task))
		return;
	assert(result->sense_len <= ISCSI_SENSE_MAX);
	task->status = result->status;
	task->response = result->target_failure ? 1 : 0;
	set_residual(task, result->length);
	set_bidi_residual(task, result->read_length);
	if (result->sense != NULL && result->sense_len > 0) {
		put_be16(task->sense, result->sense_len);
		memcpy(task->sense + 2, result->sense, result->sense_len);
		task->sense_len = 2u + result->sense_len;
	}
	iscsi_data_send_status(task);
}

void
iscsi_task_drop(struct iscsi_task *pub)
{
	struct iscsi_cmd *task = iscsi_task_of(pub);

	assert(task->state == TASK_OWNER);
	iscsi_task_release(task);
}

void
iscsi_task_abandon(struct iscsi_task *pub)
{
	struct iscsi_cmd *task = iscsi_task_of(pub);

	assert(task->state == TASK_OWNER && pub->aborted && !task->abandoned);
	task->abandoned = true;
	pub->conn->session->pool.abandoned++;
	pub->conn->abandoned++;
	if (pub->immediate)
		pub->conn->session->pool.immediates--;
	iscsi_task_untag(task);
	iscsi_tmf_on_task_gone(pub->conn->session, task);
}

void
iscsi_task_set_read_residual(struct iscsi_cmd *task, uint64_t length)
{
	if (task->pub.writes)
		set_bidi_residual(task, length);
	else
		set_residual(task, length);
}

/* --- abort ----------------------------------------------------------------------------------- */

bool
iscsi_task_abort(struct iscsi_cmd *task)
{
	struct iscsi_conn *conn = task->pub.conn;

	if (task->pub.aborted)
		return task->state == TASK_OWNER;
	switch ((enum iscsi_task_state)task->state) {
	case TASK_FREE:
	case TASK_ENDING:
		return false;
	case TASK_OWNER:
		task->pub.aborted = true;
		task->abort_seq = ++conn->session->pool.abort_seq;
		conn->ops->task_abort(conn->user, &task->pub);
		return true;
	case TASK_COLLECT:
	case TASK_DRAIN:
		iscsi_task_release(task);
		return false;
	}
	return false;
}

static bool
came_before(const struct iscsi_cmd *task, const struct iscsi_moment *moment)
{
	if (task->pub.immediate)
		return iscsi_sn_before(task->arrival, moment->arrivals);
	return iscsi_sn_before(task->pub.cmd_sn, moment->cmd_sn);
}

/* Which tasks an abort concerns. */
struct scope {
	const struct iscsi_conn *only; /* NULL = those of all connections */
	const uint8_t *lun;            /* NULL = those of all units */
	const struct iscsi_moment *before;
};

static bool
is_meant(const struct iscsi_cmd *task, const struct scope *scope)
{
	const struct iscsi_conn *conn = task->pub.conn;

	if (task->state == TASK_FREE || (scope->only != NULL && scope->only != conn))
		return false;
	if (scope->before != NULL && !came_before(task, scope->before))
		return false;
	return scope->lun == NULL || iscsi_conn_same_lun(conn, task->pub.lun, scope->lun);
}

/* Commands that came ahead of their turn: only their numbers count from now on. */
static void
void_held(struct iscsi_session *s, const struct scope *scope)
{
	list_for_each(node, &s->held) {
		struct iscsi_held *h = list_entry(node, struct iscsi_held, node);

		if (h->is_data || h->is_void || iscsi_bhs_opcode(h->bytes) != OP_COMMAND)
			continue;
		if (scope->only != NULL && scope->only != h->conn)
			continue;
		if ((scope->before == NULL || iscsi_sn_before(h->cmd_sn, scope->before->cmd_sn)) &&
		    (scope->lun == NULL ||
		     iscsi_conn_same_lun(h->conn, h->bytes + AT_LUN, scope->lun)))
			iscsi_session_void(h);
	}
}

unsigned
iscsi_task_abort_all(struct iscsi_session *s, const struct iscsi_conn *only, const uint8_t *lun,
		     const struct iscsi_moment *before)
{
	const struct scope scope = { .only = only, .lun = lun, .before = before };
	struct iscsi_task_pool *pool = &s->pool;
	unsigned with_owner = 0;

	void_held(s, &scope);
	for (uint32_t i = 0; i < pool->chunks * TASK_CHUNK; i++) {
		struct iscsi_cmd *task = iscsi_task_at(pool, i);

		if (is_meant(task, &scope))
			iscsi_task_abort(task);
	}
	/* Some came back while others were told. */
	for (uint32_t i = 0; i < pool->chunks * TASK_CHUNK; i++) {
		const struct iscsi_cmd *task = iscsi_task_at(pool, i);

		if (task->state == TASK_OWNER && task->pub.aborted && is_meant(task, &scope))
			with_owner++;
	}
	return with_owner;
}

unsigned
iscsi_session_abort_tasks(struct iscsi_session *session, const uint8_t *lun,
			  const struct iscsi_moment *before)
{
	return iscsi_task_abort_all(session, NULL, lun, before);
}
