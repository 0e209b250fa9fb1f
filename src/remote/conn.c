/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The connection: messages over a socket, and the calls that wait for answers.  Any thread sends
 * and never waits to do so; one thread at a time reads.
 *
 * Locks: out_lock, calls_lock and objects_lock are leaves.
 */
#include "remote/remote_int.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/thread.h"

#define BUFFER_SIZE   65536u
#define REST_MAX      (64u << 20) /* bytes that the other end may leave unread */
/* Calls that were given up: so many threads hang in the other process that it is taken for hung. */
#define ABANDONED_MAX 32u

/* ---- life ---- */

struct remote *
remote_new(int fd, const struct remote_ops *ops, void *arg)
{
	struct remote *remote = mem_calloc(1, sizeof(*remote));
	uint8_t *buffer = mem_alloc(BUFFER_SIZE);
	int wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	if (remote == NULL || buffer == NULL || wake_fd < 0) {
		if (wake_fd >= 0)
			close(wake_fd);
		mem_free(buffer);
		mem_free(remote);
		close(fd);
		return NULL;
	}
	atomic_init(&remote->refs, 1);
	remote->fd = fd;
	remote->wake_fd = wake_fd;
	remote->ops = ops;
	remote->arg = arg;
	remote->buffer = buffer;
	pthread_mutex_init(&remote->out_lock, NULL);
	pthread_mutex_init(&remote->calls_lock, NULL);
	pthread_mutex_init(&remote->objects_lock, NULL);
	pthread_cond_init(&remote->left, NULL);
	list_init(&remote->calls);
	guid_map_init(&remote->exports);
	guid_map_init(&remote->identities);
	guid_map_init(&remote->proxies);
	return remote;
}

struct remote *
remote_ref(struct remote *remote)
{
	atomic_fetch_add_explicit(&remote->refs, 1, memory_order_relaxed);
	return remote;
}

void
remote_unref(struct remote *remote)
{
	if (remote == NULL ||
	    atomic_fetch_sub_explicit(&remote->refs, 1, memory_order_acq_rel) != 1)
		return;
	remote_drop_objects(remote);
	close(remote->fd);
	close(remote->wake_fd);
	guid_map_fini(&remote->exports);
	guid_map_fini(&remote->identities);
	guid_map_fini(&remote->proxies);
	mem_free(remote->rest);
	mem_free(remote->partial);
	mem_free(remote->buffer);
	pthread_cond_destroy(&remote->left);
	pthread_mutex_destroy(&remote->objects_lock);
	pthread_mutex_destroy(&remote->calls_lock);
	pthread_mutex_destroy(&remote->out_lock);
	mem_free(remote);
}

void
remote_set_timeout(struct remote *remote, unsigned timeout_ms)
{
	atomic_store_explicit(&remote->timeout_ms, timeout_ms, memory_order_relaxed);
}

static bool
is_broken(struct remote *remote)
{
	return atomic_load_explicit(&remote->broken, memory_order_acquire);
}

void
remote_break(struct remote *remote)
{
	if (atomic_exchange_explicit(&remote->broken, true, memory_order_acq_rel))
		return;
	shutdown(remote->fd, SHUT_RDWR);
	pthread_mutex_lock(&remote->calls_lock);
	list_for_each(node, &remote->calls) {
		struct remote_pending *pending = list_entry(node, struct remote_pending, node);

		pending->ended = true;
		pthread_cond_signal(&pending->done);
	}
	pthread_mutex_unlock(&remote->calls_lock);
	remote_drop_objects(remote);
}

/* ---- writing ---- */

/* Wakes the thread that reads, which then also writes, or learns that it is interrupted. */
static void
wake_reader(struct remote *remote)
{
	const uint64_t one = 1;

	(void)!write(remote->wake_fd, &one, sizeof(one)); /* fails only when it is woken already */
}

void
remote_interrupt(struct remote *remote)
{
	atomic_store_explicit(&remote->interrupted, true, memory_order_release);
	wake_reader(remote);
}

/* Keeps what the socket did not take.  Called under out_lock.  Returns 0, -ENOMEM or -EPIPE. */
static int
keep_rest(struct remote *remote, const struct iovec *parts, size_t count, size_t sent)
{
	size_t size = 0;

	for (size_t i = 0; i < count; i++)
		size += parts[i].iov_len;
	size -= sent;
	if (size == 0)
		return 0;
	if (remote->rest_size - remote->rest_at + size > REST_MAX)
		return -EPIPE;
	if (mem_grow(&remote->rest, &remote->rest_capacity, remote->rest_size + size, 1) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		const size_t skip = MIN(sent, parts[i].iov_len);
		const size_t left = parts[i].iov_len - skip;

		if (left > 0)
			memcpy(remote->rest + remote->rest_size,
			       (const uint8_t *)parts[i].iov_base + skip, left);
		remote->rest_size += left;
		sent -= skip;
	}
	return 0;
}

/* Sends the parts in one piece, or keeps what is left of them.  Called under out_lock. */
static int
send_parts(struct remote *remote, struct iovec *parts, size_t count)
{
	const struct msghdr message = { .msg_iov = parts, .msg_iovlen = count };
	const bool was_empty = remote->rest_at == remote->rest_size;
	ssize_t sent = 0;
	int rc;

	if (was_empty) {
		sent = sendmsg(remote->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (sent < 0 && errno != EAGAIN && errno != EINTR)
			return -EPIPE;
		sent = sent < 0 ? 0 : sent;
	}
	rc = keep_rest(remote, parts, count, (size_t)sent);
	if (rc < 0 && sent > 0)
		rc = -EPIPE; /* half a message was sent: nothing can follow it */
	if (rc == 0 && was_empty && remote->rest_at < remote->rest_size)
		wake_reader(remote);
	return rc;
}

int
remote_send(struct remote *remote, enum remote_message_kind kind, uint64_t call,
	    struct remote_out *out)
{
	struct remote_head head = { .kind = (uint16_t)kind, .call = call };
	const size_t objects_size = out->object_count * sizeof(out->objects[0]);
	struct iovec parts[] = {
		{ &head, sizeof(head) },
		{ out->objects, objects_size },
		{ out->bytes, out->size },
	};
	int rc = out->rc;

	if (rc == 0 && sizeof(head) + objects_size + out->size > REMOTE_MESSAGE_MAX)
		rc = -EMSGSIZE;
	head.size_bytes = (uint32_t)(sizeof(head) + objects_size + out->size);
	head.object_count = (uint16_t)out->object_count;
	pthread_mutex_lock(&remote->out_lock);
	if (rc == 0)
		rc = is_broken(remote) ? -EPIPE : send_parts(remote, parts, ARRAY_LEN(parts));
	pthread_mutex_unlock(&remote->out_lock);
	if (rc == 0)
		out->object_count = 0; /* they are the receiver's now */
	else if (rc == -EPIPE &&
		 !is_broken(remote)) /* it ended, or reads nothing: the reader ends it */
		shutdown(remote->fd, SHUT_RDWR);
	return rc;
}

/* Sends what is left, as far as the socket takes it. */
static void
send_rest(struct remote *remote)
{
	ssize_t sent;

	pthread_mutex_lock(&remote->out_lock);
	sent = send(remote->fd, remote->rest + remote->rest_at, remote->rest_size - remote->rest_at,
		    MSG_DONTWAIT | MSG_NOSIGNAL);
	if (sent > 0)
		remote->rest_at += (size_t)sent;
	if (remote->rest_at == remote->rest_size)
		remote->rest_at = remote->rest_size = 0;
	pthread_mutex_unlock(&remote->out_lock);
}

static bool
has_rest(struct remote *remote)
{
	bool has;

	pthread_mutex_lock(&remote->out_lock);
	has = remote->rest_at < remote->rest_size;
	pthread_mutex_unlock(&remote->out_lock);
	return has;
}

/* ---- reading ---- */

static int
timeout_until(uint64_t deadline_ns)
{
	const uint64_t now = clock_mono_ns();

	if (deadline_ns == 0)
		return -1;
	if (now >= deadline_ns)
		return 0;
	return (int)MIN((deadline_ns - now) / NS_PER_MS + 1, (uint64_t)60000);
}

/* Waits until the socket has something to read, and sends what is left meanwhile. */
static int
wait_readable(struct remote *remote, uint64_t deadline_ns)
{
	uint64_t count;

	for (;;) {
		const short wanted = has_rest(remote) ? POLLIN | POLLOUT : POLLIN;
		struct pollfd fds[] = {
			{ .fd = remote->fd, .events = wanted },
			{ .fd = remote->wake_fd, .events = POLLIN },
		};
		int n = poll(fds, ARRAY_LEN(fds), timeout_until(deadline_ns));

		if (n == 0 && deadline_ns != 0 && clock_mono_ns() >= deadline_ns)
			return -ETIMEDOUT;
		if (n < 0 && errno != EINTR)
			return -ECONNRESET;
		if (n <= 0)
			continue;
		if ((fds[1].revents & POLLIN) != 0)
			(void)!read(remote->wake_fd, &count, sizeof(count));
		if (atomic_exchange_explicit(&remote->interrupted, false, memory_order_acq_rel))
			return -EINTR;
		if ((fds[0].revents & POLLOUT) != 0)
			send_rest(remote);
		if ((fds[0].revents & (POLLIN | POLLHUP | POLLERR)) != 0)
			return 0;
	}
}

/* Begins a message whose head is in the buffer.  Returns 0, -ENOMEM or -EPROTO. */
static int
begin_message(struct remote *remote)
{
	struct remote_message *message;
	struct remote_head head;

	memcpy(&head, remote->buffer + remote->buffer_at, sizeof(head));
	if (head.kind >= REMOTE_KINDS || head.size_bytes > REMOTE_MESSAGE_MAX ||
	    head.size_bytes < sizeof(head) + head.object_count * sizeof(struct remote_wire_object))
		return -EPROTO;
	message = mem_alloc(sizeof(*message) + head.size_bytes - sizeof(head));
	if (message == NULL)
		return -ENOMEM;
	message->head = head;
	message->filled = 0;
	remote->partial = message;
	remote->buffer_at += sizeof(head);
	return 0;
}

/* Moves bytes from the buffer into the message.  Returns whether it is complete. */
static bool
fill_message(struct remote *remote)
{
	struct remote_message *message = remote->partial;
	const size_t missing = message->head.size_bytes - sizeof(message->head) - message->filled;
	const size_t size = MIN(missing, remote->buffer_size - remote->buffer_at);

	memcpy(message->bytes + message->filled, remote->buffer + remote->buffer_at, size);
	message->filled += size;
	remote->buffer_at += size;
	return size == missing;
}

/* Reads what is there into the buffer.  Returns 0, -ETIMEDOUT, -EINTR or -ECONNRESET. */
static int
fill_buffer(struct remote *remote, uint64_t deadline_ns)
{
	const size_t left = remote->buffer_size - remote->buffer_at;
	ssize_t n;
	int rc;

	memmove(remote->buffer, remote->buffer + remote->buffer_at, left);
	remote->buffer_at = 0;
	remote->buffer_size = left;
	rc = wait_readable(remote, deadline_ns);
	if (rc < 0)
		return rc;
	n = recv(remote->fd, remote->buffer + left, BUFFER_SIZE - left, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0)
		return -ECONNRESET;
	remote->buffer_size += (size_t)n;
	return 0;
}

static void
say_bad(struct remote *remote, const char *what)
{
	if (remote->ops->bad != NULL)
		remote->ops->bad(remote->arg, what);
}

int
remote_read(struct remote *remote, uint64_t deadline_ns, struct remote_message **ret_message)
{
	int rc = is_broken(remote) ? -ECONNRESET : 0;

	while (rc == 0) {
		if (remote->partial == NULL &&
		    remote->buffer_size - remote->buffer_at >= sizeof(struct remote_head)) {
			rc = begin_message(remote);
			if (rc == -EPROTO)
				say_bad(remote, "what came is no message");
		}
		if (rc == 0 && remote->partial != NULL && fill_message(remote)) {
			*ret_message = remote->partial;
			remote->partial = NULL;
			return 0;
		}
		if (rc == 0)
			rc = fill_buffer(remote, deadline_ns);
	}
	*ret_message = NULL;
	return rc == -EPROTO ? -ECONNRESET : rc;
}

void
remote_message_free(struct remote_message *message)
{
	mem_free(message);
}

bool
remote_is_call(const struct remote_message *message)
{
	return message->head.kind == REMOTE_CALL || message->head.kind == REMOTE_RELEASE;
}

bool
remote_is_goodbye(const struct remote_message *message)
{
	return message->head.kind == REMOTE_GOODBYE;
}

/* ---- calls that wait ---- */

static struct remote_pending *
find_pending(struct remote *remote, uint64_t id)
{
	list_for_each(node, &remote->calls) {
		struct remote_pending *pending = list_entry(node, struct remote_pending, node);

		if (pending->id == id && !pending->ended)
			return pending;
	}
	return NULL;
}

/* Drops the objects of an answer for which nobody waits any more. */
static void
discard(struct remote *remote, struct remote_message *message)
{
	struct remote_in in;

	remote_in_init(&in, remote, message);
	remote_in_fini(&in, false);
	remote_message_free(message);
}

static void
take_answer(struct remote *remote, struct remote_message *message)
{
	struct remote_pending *pending;

	pthread_mutex_lock(&remote->calls_lock);
	pending = find_pending(remote, message->head.call);
	if (pending != NULL) {
		pending->answer = message;
		pending->ended = true;
		pthread_cond_signal(&pending->done);
	} else if (remote->abandoned > 0) {
		remote->abandoned--;
	}
	pthread_mutex_unlock(&remote->calls_lock);
	if (pending == NULL)
		discard(remote, message);
}

static void
take_release(struct remote *remote, const struct remote_message *message)
{
	struct remote_release release;
	struct remote_in in;
	bool good;

	remote_in_init(&in, remote, message);
	good = remote_get(&in, &release, sizeof(release));
	remote_in_fini(&in, false);
	if (good)
		remote_released(remote, release.object, release.count);
	else
		say_bad(remote, "a release is no release");
}

void
remote_handle(struct remote *remote, struct remote_message *message)
{
	switch (message->head.kind) {
	case REMOTE_ANSWER:
		take_answer(remote, message);
		return;
	case REMOTE_CALL:
		remote_serve(remote, message);
		break;
	case REMOTE_RELEASE:
		take_release(remote, message);
		break;
	default:
		say_bad(remote, "a message came out of order");
		remote_break(remote);
	}
	remote_message_free(message);
}

static _Thread_local uint64_t thread_deadline_ns;

void
remote_limit_thread(uint64_t deadline_ns)
{
	thread_deadline_ns = deadline_ns;
}

/* Returns when a call that begins now, or goes on now, is given up; 0 = never. */
static uint64_t
deadline_of(struct remote *remote)
{
	const unsigned timeout_ms = atomic_load_explicit(&remote->timeout_ms, memory_order_relaxed);
	const uint64_t deadline_ns = clock_mono_ns() + timeout_ms * NS_PER_MS;

	if (timeout_ms == 0)
		return thread_deadline_ns;
	return thread_deadline_ns != 0 ? MIN(thread_deadline_ns, deadline_ns) : deadline_ns;
}

/* Waits for a call's end or for a time.  Called under calls_lock. */
static void
wait_until(struct remote *remote, struct remote_pending *pending, uint64_t deadline_ns)
{
	int rc = 0;

	while (!pending->ended && rc != ETIMEDOUT) {
		if (deadline_ns == 0)
			pthread_cond_wait(&pending->done, &remote->calls_lock);
		else
			rc = thread_cond_wait(&pending->done, &remote->calls_lock, deadline_ns);
	}
}

/* Puts a call among those that wait.  Returns false when there will be no answer. */
static bool
begin_call(struct remote *remote, struct remote_pending *pending)
{
	bool alive;

	thread_cond_init(&pending->done);
	pthread_mutex_lock(&remote->calls_lock);
	alive = !is_broken(remote);
	pending->id = ++remote->last_call;
	list_append(&remote->calls, &pending->node);
	pthread_mutex_unlock(&remote->calls_lock);
	return alive;
}

/* Waits for the answer, with calls_lock free while waits() is called. */
static void
wait_for_answer(struct remote *remote, struct remote_pending *pending, bool (*waits)(void *arg),
		void *arg)
{
	bool more = true;

	pthread_mutex_lock(&remote->calls_lock);
	while (!pending->ended && more) {
		wait_until(remote, pending, deadline_of(remote));
		if (pending->ended || waits == NULL)
			break;
		pthread_mutex_unlock(&remote->calls_lock);
		more = waits(arg);
		pthread_mutex_lock(&remote->calls_lock);
	}
	pthread_mutex_unlock(&remote->calls_lock);
}

HRESULT
remote_ask(struct remote *remote, struct remote_out *out, bool (*waits)(void *arg), void *arg,
	   struct remote_message **ret_answer)
{
	struct remote_pending pending = { .id = 0 };
	bool alive = begin_call(remote, &pending);
	bool late;
	int rc;

	rc = alive ? remote_send(remote, REMOTE_CALL, pending.id, out) : -ENOTCONN;
	if (rc == 0)
		wait_for_answer(remote, &pending, waits, arg);
	pthread_mutex_lock(&remote->calls_lock);
	late = rc == 0 && !pending.ended;
	if (late && ++remote->abandoned >= ABANDONED_MAX)
		shutdown(remote->fd, SHUT_RDWR); /* the reader ends the connection */
	list_remove(&pending.node);
	pthread_mutex_unlock(&remote->calls_lock);
	pthread_cond_destroy(&pending.done);
	*ret_answer = pending.answer;
	if (pending.answer != NULL)
		return S_OK;
	if (rc == -ENOMEM)
		return E_OUTOFMEMORY;
	if (rc == -EMSGSIZE || rc == -EPROTO)
		return E_INVALIDARG;
	if (late)
		return REMOTE_LATE;
	return rc == 0 ? REMOTE_DIED : REMOTE_GONE;
}
