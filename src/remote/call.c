/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Calls: what a proxy does when a method of it is called, what is done with a call that comes, and
 * the first and the last message of a connection.
 */
#include "remote/remote_int.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define ENUM_CHUNK 4096u /* objects that one call of IEnumVdsObject::Next asks for */

/* ---- the caller's side ---- */

static HRESULT
fail(const struct remote *remote, HRESULT hr, const struct remote_method *method)
{
	const char *why = hr == REMOTE_DIED   ? "the provider's process ended during the call"
			  : hr == REMOTE_GONE ? "the provider's process has ended"
			  : hr == REMOTE_LATE ? "the provider did not answer in time"
			  : hr == REMOTE_GARBAGE
				  ? "what the provider's process answered makes no sense"
			  : hr == E_INVALIDARG ? "an argument is too long for another process"
					       : "out of memory";
	char text[REMOTE_TEXT_MAX];

	snprintf(text, sizeof(text), "%s: %s", method->name, why);
	remote->ops->set_text(text);
	return hr;
}

/* Reads the head of an answer and the text of a failure.  Returns the result, or REMOTE_GARBAGE. */
static HRESULT
get_result(struct remote_in *in)
{
	struct remote_answer_head head;
	char text[REMOTE_TEXT_MAX];

	if (!remote_get(in, &head, sizeof(head)))
		return REMOTE_GARBAGE;
	if (head.text_size >= sizeof(text) || !remote_get(in, text, head.text_size)) {
		in->rc = in->rc < 0 ? in->rc : -EPROTO;
		return REMOTE_GARBAGE;
	}
	text[head.text_size] = '\0';
	if (head.text_size > 0)
		in->remote->ops->set_text(text);
	return (HRESULT)head.result;
}

static HRESULT
take_result(struct remote *remote, const struct remote_message *answer,
	    const struct remote_method *method, const union remote_value *args)
{
	struct remote_in in;
	HRESULT hr;
	bool good;
	int rc;

	remote_in_init(&in, remote, answer);
	in.strict = true;
	hr = get_result(&in);
	good = remote_get_out(&in, method, args);
	rc = in.rc;
	remote_in_fini(&in, good);
	if (good)
		return hr;
	if (rc != -ENOMEM && remote->ops->bad != NULL)
		remote->ops->bad(remote->arg, method->name);
	return fail(remote, rc == -ENOMEM ? E_OUTOFMEMORY : REMOTE_GARBAGE, method);
}

static HRESULT
invoke(void *self, const struct remote_method *method, const union remote_value *args,
       bool (*waits)(void *arg), void *arg)
{
	struct remote_proxy *proxy = remote_slot_of(self)->proxy;
	struct remote *remote = proxy->remote;
	const struct remote_call_head head = {
		.object = proxy->id,
		.interface = method->interface,
		.method = method->number,
	};
	struct remote_out out = { .remote = remote };
	struct remote_message *answer;
	HRESULT hr;

	remote_clear_out(method, args);
	remote_put(&out, &head, sizeof(head));
	remote_put_in(&out, method, args);
	hr = remote_ask(remote, &out, waits, arg, &answer);
	remote_out_fini(&out);
	if (FAILED(hr))
		return fail(remote, hr, method);
	hr = take_result(remote, answer, method, args);
	remote_message_free(answer);
	return hr;
}

/* The receiver frees the arrays that are given to it, and the proxy is the receiver here. */
static void
free_given(const struct remote_method *method, const union remote_value *args)
{
	for (size_t i = 0; i < method->param_count; i++) {
		if (method->params[i].given)
			CoTaskMemFree(args[i].pointer);
	}
}

HRESULT
remote_invoke(void *self, const struct remote_method *method, const union remote_value *args)
{
	HRESULT hr = invoke(self, method, args, NULL, NULL);

	free_given(method, args);
	return hr;
}

/* ---- methods whose proxies do more ---- */

static const struct remote_method *
method_of(const void *self, size_t number)
{
	const struct remote_slot *slot = self;

	return &remote_interfaces[slot->interface].methods[number];
}

enum { ENUM_NEXT };
enum { ASYNC_CANCEL, ASYNC_WAIT, ASYNC_QUERY_STATUS };

/* Asks for the objects in parts, so that no message grows beyond bounds. */
HRESULT STDMETHODCALLTYPE
remote_enum_next(IEnumVdsObject *self, ULONG celt, IUnknown **objects, ULONG *ret_fetched)
{
	ULONG total = 0, fetched = 0;
	HRESULT hr;

	do {
		const ULONG part = MIN(celt - total, ENUM_CHUNK);
		const union remote_value args[] = {
			{ .number = part },
			{ .pointer = objects != NULL ? objects + total : NULL },
			{ .pointer = &fetched },
		};

		hr = remote_invoke(self, method_of(self, ENUM_NEXT), args);
		if (FAILED(hr))
			break;
		total += fetched;
	} while (hr == S_OK && total < celt);
	for (ULONG i = 0; FAILED(hr) && i < total; i++) {
		IUnknown_Release(objects[i]);
		objects[i] = NULL;
	}
	if (ret_fetched != NULL)
		*ret_fetched = FAILED(hr) ? 0 : total;
	return hr;
}

struct wait {
	IVdsAsync *self;
	bool ended; /* QueryStatus has said once that the operation has ended */
};

/*
 * An operation may take hours, so Wait has no deadline of its own: it goes on for as long as the
 * operation's QueryStatus answers, and says that the operation goes on.
 */
static bool
goes_on(void *arg)
{
	struct wait *wait = arg;
	HRESULT result = S_OK;
	ULONG percent;
	bool ended_before = wait->ended;

	if (FAILED(IVdsAsync_QueryStatus(wait->self, &result, &percent)))
		return false;
	wait->ended = result != (HRESULT)VDS_E_OPERATION_PENDING;
	return !wait->ended || !ended_before;
}

HRESULT STDMETHODCALLTYPE
remote_async_wait(IVdsAsync *self, HRESULT *ret_result, VDS_ASYNC_OUTPUT *out)
{
	const union remote_value args[] = { { .pointer = ret_result }, { .pointer = out } };
	struct wait wait = { .self = self };

	return invoke(self, method_of(self, ASYNC_WAIT), args, goes_on, &wait);
}

/* ---- the object's side ---- */

static void
answer(struct remote *remote, uint64_t call, HRESULT hr, const char *text,
       const struct remote_method *method, const union remote_value *args)
{
	struct remote_answer_head head = {
		.result = (uint32_t)hr,
		.text_size = text != NULL ? (uint32_t)strnlen(text, REMOTE_TEXT_MAX - 1) : 0,
	};
	struct remote_out out = { .remote = remote };
	int rc;

	remote_put(&out, &head, sizeof(head));
	remote_put(&out, text, head.text_size);
	if (method != NULL)
		remote_put_out(&out, method, args, hr);
	rc = remote_send(remote, REMOTE_ANSWER, call, &out);
	remote_out_fini(&out);
	if (rc == 0 || rc == -EPIPE)
		return;
	if (method == NULL) /* not even a short answer can be sent */
		remote_break(remote);
	else
		answer(remote, call, rc == -ENOMEM ? E_OUTOFMEMORY : REMOTE_GARBAGE,
		       "what the method returned cannot be sent to another process", NULL, NULL);
}

/* Calls the method and answers. */
static void
carry_out(struct remote *remote, uint64_t call, void *object, const struct remote_method *method,
	  struct remote_in *in, const union remote_value *args)
{
	const char *text = NULL;
	HRESULT hr;

	for (size_t i = 0; i < method->param_count; i++) {
		if (method->params[i].given)
			remote_in_give(in, args[i].pointer);
	}
	if (remote->ops->before_call != NULL)
		remote->ops->before_call();
	hr = method->call(object, args);
	if (FAILED(hr) && remote->ops->text != NULL)
		text = remote->ops->text();
	answer(remote, call, hr, text, method, args);
	if (SUCCEEDED(hr))
		remote_free_out(method, args);
}

/* Returns the method that a call names, and its object, which is held then; or NULL. */
static const struct remote_method *
find_method(struct remote *remote, const struct remote_call_head *head,
	    struct remote_export **ret_export)
{
	*ret_export = NULL;
	if (head->interface >= remote_interface_count ||
	    head->method >= remote_interfaces[head->interface].method_count)
		return NULL;
	*ret_export = remote_hold(remote, head->object);
	if (*ret_export == NULL)
		return NULL;
	if (remote_export_interface(*ret_export, head->interface) != NULL)
		return &remote_interfaces[head->interface].methods[head->method];
	remote_unhold(remote, *ret_export);
	*ret_export = NULL;
	return NULL;
}

void
remote_serve(struct remote *remote, const struct remote_message *message)
{
	union remote_value args[REMOTE_PARAMS_MAX] = { { 0 } };
	const struct remote_method *method = NULL;
	struct remote_export *export = NULL;
	struct remote_call_head head;
	struct remote_in in;

	remote_in_init(&in, remote, message);
	if (remote_get(&in, &head, sizeof(head)))
		method = find_method(remote, &head, &export);
	if (method != NULL)
		remote_get_in(&in, method, args);
	if (method != NULL && in.rc == 0)
		carry_out(remote, message->head.call,
			  remote_export_interface(export, head.interface), method, &in, args);
	else
		answer(remote, message->head.call, in.rc == -ENOMEM ? E_OUTOFMEMORY : E_UNEXPECTED,
		       "the call names no method of an object", NULL, NULL);
	remote_in_fini(&in, false);
	if (export != NULL)
		remote_unhold(remote, export);
}

/* ---- the first and the last message ---- */

int
remote_send_started(struct remote *remote)
{
	struct remote_out out = { .remote = remote };
	int rc;

	remote_put(&out, remote_tables_id, sizeof(remote_tables_id));
	rc = remote_send(remote, REMOTE_STARTED, 0, &out);
	remote_out_fini(&out);
	return rc;
}

int
remote_send_provider(struct remote *remote, IUnknown *object, const char *error)
{
	struct remote_out out = { .remote = remote };
	int rc;

	remote_put_object(&out, object, REMOTE_UNKNOWN);
	if (object == NULL)
		remote_put(&out, error, strnlen(error, REMOTE_TEXT_MAX - 1));
	rc = remote_send(remote, REMOTE_PROVIDER, 0, &out);
	remote_out_fini(&out);
	return rc;
}

int
remote_send_goodbye(struct remote *remote)
{
	struct remote_out out = { .remote = remote };

	return remote_send(remote, REMOTE_GOODBYE, 0, &out);
}

/* Reads a message that must be of a kind. */
static int
read_kind(struct remote *remote, uint64_t deadline_ns, enum remote_message_kind kind,
	  struct remote_message **ret_message)
{
	int rc = remote_read(remote, deadline_ns, ret_message);

	if (rc == 0 && (*ret_message)->head.kind != kind) {
		remote_message_free(*ret_message);
		rc = -EPROTO;
	}
	return rc;
}

int
remote_read_started(struct remote *remote, uint64_t deadline_ns)
{
	char id[sizeof(remote_tables_id)];
	struct remote_message *message;
	struct remote_in in;
	int rc = read_kind(remote, deadline_ns, REMOTE_STARTED, &message);

	if (rc < 0)
		return rc;
	remote_in_init(&in, remote, message);
	if (!remote_get(&in, id, sizeof(id)) || memcmp(id, remote_tables_id, sizeof(id)) != 0)
		rc = -EPROTO;
	remote_in_fini(&in, false);
	remote_message_free(message);
	return rc;
}

int
remote_read_provider(struct remote *remote, uint64_t deadline_ns, IUnknown **ret_object,
		     char *error, size_t size)
{
	struct remote_message *message;
	struct remote_in in;
	size_t length;
	int rc = read_kind(remote, deadline_ns, REMOTE_PROVIDER, &message);

	*ret_object = NULL;
	error[0] = '\0';
	if (rc < 0)
		return rc;
	remote_in_init(&in, remote, message);
	*ret_object = remote_get_object(&in, REMOTE_UNKNOWN);
	length = MIN((size_t)(in.end - in.at), size - 1);
	if (*ret_object == NULL && remote_get(&in, error, length))
		error[length] = '\0';
	rc = in.rc;
	remote_in_fini(&in, rc == 0);
	remote_message_free(message);
	return rc;
}
